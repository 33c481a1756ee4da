/* SPDX-License-Identifier: MIT */
/*
 * Random states and random accesses, by the virtual CPU interface in software (src/cpuif) and by a
 * model of it (icv_model.h). After every step all that can be seen is compared.
 *
 *     icv_compare [--seeds N] [--seed S]   N sequences; the first of seed S, the next of S + 1, ...
 *     icv_compare --mutant M [...]         the same with deliberate defect M: must fail
 *     icv_compare --mutants [...]          all defects, each of which must be found
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "icv_sequence.h"

static bool run(struct sequence *s, uint64_t seed, struct happenings *happened)
{
    s->random.state = seed;
    s->happened = happened;
    s->nr_taken = s->nr_steps = 0;
    state_palette(&s->random, &s->palette);
    state_random(&s->random, &s->palette, &s->start);
    s->lrs = s->start;
    model_load(&s->model, &s->start);
    if (!same_view(s))
        return false;
    while (s->nr_steps < MAX_STEPS && random_below(&s->random, 12)) {
        struct step *step = &s->steps[s->nr_steps++];

        sequence_act(s, step);
        if (!same(s, action_name(step->action), step->theirs, step->ours) || !same_view(s))
            return false;
    }
    return true;
}

static void print_state(const char *title, const struct lvgic_lrs *lrs)
{
    printf("  %s: hcr %08" PRIx64 " vmcr %08" PRIx64 " elrsr %04x\n", title, lrs->hcr, lrs->vmcr,
           lrs->elrsr);
    for (unsigned i = 0; i < 4; i++)
        if (lrs->ap0r[i] || lrs->ap1r[i])
            printf("    ap0r%u %08" PRIx64 "  ap1r%u %016" PRIx64 "\n", i, lrs->ap0r[i], i,
                   lrs->ap1r[i]);
    for (unsigned i = 0; i < lrs->nr; i++)
        printf("    lr%-2u  %016" PRIx64 "\n", i, lrs->lr[i]);
}

static void print_failure(const struct sequence *s, uint64_t seed)
{
    printf("seed %" PRIu64 ", %s: %u registers, %u priority bits, %s\n", seed,
           s->palette.wild ? "wild" : "tame", s->start.nr, s->start.pri_bits, s->why);
    print_state("first", &s->start);
    for (unsigned i = 0; i < s->nr_steps; i++)
        printf("  %-12s %#" PRIx64 ": src/cpuif %#" PRIx64 ", model %#" PRIx64 "\n",
               action_name(s->steps[i].action), s->steps[i].argument, s->steps[i].theirs,
               s->steps[i].ours);
    print_state("last, src/cpuif", &s->lrs);
}

/* How many sequences disagree, up to `most`. */
static unsigned compare(uint64_t seed, uint64_t seeds, unsigned most, bool print, uint64_t *tried,
                        struct happenings *happened)
{
    static struct sequence s;
    unsigned failures = 0;

    for (*tried = 0; *tried < seeds; ++*tried) {
        if (run(&s, seed + *tried, happened))
            continue;
        if (print)
            print_failure(&s, seed + *tried);
        if (++failures == most)
            break;
    }
    return failures;
}

static int run_all(uint64_t seed, uint64_t seeds)
{
    struct happenings happened = {0};
    uint64_t tried;
    unsigned failures = compare(seed, seeds, 3, true, &tried, &happened);
    bool nothing = false;

#define PRINT_HAPPENING(name, what)                        \
    printf("    %12" PRIu64 " %s\n", happened.name, what); \
    nothing |= !happened.name;
    HAPPENINGS(PRINT_HAPPENING)
#undef PRINT_HAPPENING
    if (nothing && seeds >= 1000) {
        printf("something never happened: that was not compared\n");
        failures++;
    }
    printf("%" PRIu64 " sequences, %u failed\n", tried, failures);
    return failures ? 1 : 0;
}

static int run_mutants(uint64_t seed, uint64_t seeds)
{
    unsigned passed = 0, failed = 0;
    struct happenings happened;
    uint64_t tried;

    for (int m = 1; m < NR_ICV_MUTANTS; m++) {
        icv_mutant = (enum icv_mutant)m;
        if (compare(seed, seeds, 1, false, &tried, &happened)) {
            printf("mutant %2d, %s: found by sequence %" PRIu64 "\n", m,
                   icv_mutant_text(icv_mutant), tried + 1);
            passed++;
        } else {
            printf("mutant %2d, %s: NOT FOUND\n", m, icv_mutant_text(icv_mutant));
            failed++;
        }
    }
    icv_mutant = ICV_MUTANT_NONE;
    if (compare(seed, seeds, 1, false, &tried, &happened)) { /* then the others say nothing */
        printf("the comparison fails without a defect\n");
        failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, seeds = 300000;
    bool mutants = false;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;

        if (!strcmp(argv[i], "--mutants")) {
            mutants = true;
        } else if (!strcmp(argv[i], "--seed") && more) {
            seed = strtoull(argv[++i], 0, 0);
        } else if (!strcmp(argv[i], "--seeds") && more) {
            seeds = strtoull(argv[++i], 0, 0);
        } else if (!strcmp(argv[i], "--mutant") && more && atoi(argv[i + 1]) > 0 &&
                   atoi(argv[i + 1]) < NR_ICV_MUTANTS) {
            icv_mutant = (enum icv_mutant)atoi(argv[++i]);
        } else {
            fprintf(stderr,
                    "usage: icv_compare [--mutants | --mutant 1..%d] [--seeds N] [--seed S]\n",
                    NR_ICV_MUTANTS - 1);
            return 2;
        }
    }
    return mutants ? run_mutants(seed, seeds) : run_all(seed, seeds);
}
