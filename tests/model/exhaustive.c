/* SPDX-License-Identifier: MIT */
/*
 * Every state that one interrupt can get into, compared with the architecture.
 *
 *     exhaustive              all variants
 *     exhaustive --mutant N   the same with deliberate defect N: must fail
 *     exhaustive --mutants    all defects, each of which must be found
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore.h"
#include "mutants.h"

/* The small ones first: most defects are found there. */
static const struct variant variants[] = {
    {.name = "LPI", .lpi = true, .edge = true},
    {.name = "SGI of GICv2, with sources", .sgi = true, .edge = true},
    {.name = "level-sensitive SPI"},
    {.name = "edge-triggered SPI", .edge = true},
    {.name = "mapped to a level-sensitive physical interrupt", .hw = true},
    {.name = "mapped to an edge-triggered physical interrupt",
     .hw = true,
     .physical_edge = true,
     .edge = true},
};

#define NR_VARIANTS (sizeof(variants) / sizeof(variants[0]))

static void print_counts(const struct result *r)
{
    const struct event *events;
    unsigned count = system_events(&events);
    char name[80];

    for (unsigned e = 0; e < count; e++) {
        if (!r->happened[e])
            continue;
        system_event_name(&events[e], name, sizeof(name));
        printf("    %-44s %10llu\n", name, (unsigned long long)r->happened[e]);
    }
}

static int run_all(void)
{
    const struct options options = {false, false};
    struct result sum = {0};
    unsigned failures = 0;

    for (unsigned v = 0; v < NR_VARIANTS; v++) {
        struct result r = explore(&variants[v], &options);
        printf("%s: %u states, %llu transitions, %u disagreements\n", variants[v].name,
               (unsigned)r.states, (unsigned long long)r.transitions, r.nr_failures);
        failures += r.nr_failures ? 1u : 0u;
        sum.states += r.states;
        sum.transitions += r.transitions;
        for (unsigned e = 0; e < MAX_EVENTS; e++)
            sum.happened[e] += r.happened[e];
    }
    printf("all: %u states, %llu transitions, of which:\n", (unsigned)sum.states,
           (unsigned long long)sum.transitions);
    print_counts(&sum);
    printf("%u passed, %u failed\n", (unsigned)NR_VARIANTS - failures, failures);
    return failures ? 1 : 0;
}

/* Variants are searched one after the other until one of them notices. */
static bool found(enum mutant m)
{
    const struct options options = {true, true};
    uint32_t states = 0;

    mutant = m;
    for (unsigned v = 0; v < NR_VARIANTS; v++) {
        struct result r = explore(&variants[v], &options);
        states += r.states;
        if (r.nr_failures) {
            printf("mutant %2d, %s: found after %u states (%s: %s)\n", (int)m, mutant_text(m),
                   (unsigned)states, variants[v].name, r.failures[0].why);
            return true;
        }
    }
    if (m)
        printf("mutant %2d, %s: NOT FOUND in ", (int)m, mutant_text(m));
    printf("%u states%s\n", (unsigned)states, m ? "" : " agree without a defect");
    return false;
}

static int run_mutants(void)
{
    unsigned passed = 0, failed = 0;

    /* Only a check that holds without a defect says anything about one. */
    if (found(MUTANT_NONE)) {
        printf("the check fails without a defect: no defect can be told from that\n");
        printf("0 passed, 1 failed\n");
        return 1;
    }
    for (int m = 1; m < NR_MUTANTS; m++)
        *(found((enum mutant)m) ? &passed : &failed) += 1;
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--mutants"))
        return run_mutants();
    if (argc == 3 && !strcmp(argv[1], "--mutant")) {
        int m = atoi(argv[2]);
        if (m > 0 && m < NR_MUTANTS) {
            mutant = (enum mutant)m;
            printf("with mutant %d: %s\n", m, mutant_text(mutant));
            return run_all();
        }
    } else if (argc == 1) {
        return run_all();
    }
    fprintf(stderr, "usage: exhaustive [--mutants | --mutant 1..%d]\n", NR_MUTANTS - 1);
    return 2;
}
