/* SPDX-License-Identifier: MIT */
/*
 * Random states and random accesses, by the virtual CPU interface in software (src/cpuif) and by a
 * model of it (icv_model.h). After every step all that can be seen is compared.
 *
 *     icv_compare [--seeds N] [--seed S]   N sequences; the first of seed S, the next of S + 1, ...
 *     icv_compare --open [...]             also what is known to differ, which fails
 *     icv_compare --mutant M [...]         the same with deliberate defect M: must fail
 *     icv_compare --mutants [...]          all defects, each of which must be found
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "icv_model.h"
#include "icv_mutants.h"
#include "icv_state.h"

#define MAX_STEPS 24
#define MAX_TAKEN 8

/* Name, how often of 100. */
#define ACTIONS(X)       \
    X(IAR0, 10)          \
    X(IAR1, 20)          \
    X(NMIAR1, NMI_SHARE) \
    X(EOIR0, 8)          \
    X(EOIR1, 14)         \
    X(DIR, 12)           \
    X(PMR, 4)            \
    X(BPR0, 3)           \
    X(BPR1, 3)           \
    X(CTLR, 3)           \
    X(IGRPEN, 4)         \
    X(RESET, 1)          \
    X(ICH_READ, 4)       \
    X(ICH_WRITE_LR, 10)  \
    X(ICH_WRITE, 4)

#ifdef ICV_COMPARE_NMI
#define NMI_SHARE 8
#else
#define NMI_SHARE 0
#endif

enum action {
#define ACTION_ENUM(name, share) ACTION_##name,
    ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
        NR_ACTIONS
};

static const struct {
    const char *name;
    unsigned share;
} actions[NR_ACTIONS] = {
#define ACTION_ROW(name, share) {#name, share},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

struct step {
    enum action action;
    uint64_t argument;
    uint64_t theirs, ours; /* results */
};

/* What happened, so that a comparison of nothing does not pass. */
#define HAPPENINGS(X)                             \
    X(acknowledged, "acknowledges")               \
    X(lpis, "of LPIs")                            \
    X(preempted, "that preempted")                \
    X(masked, "that found what is not signalled") \
    X(completed, "completions that deactivated")  \
    X(counted, "completions counted")             \
    X(dropped, "priorities dropped")              \
    X(physical, "physical deactivations")         \
    X(conditions, "maintenance conditions seen")

struct happenings {
#define HAPPENING(name, what) uint64_t name;
    HAPPENINGS(HAPPENING)
#undef HAPPENING
};

struct sequence {
    struct random random;
    struct palette palette;
    struct lvgic_lrs start, lrs;
    struct icv_model model;
    struct {
        uint32_t intid;
        bool group1;
    } taken[MAX_TAKEN];
    unsigned nr_taken;
    struct step steps[MAX_STEPS];
    unsigned nr_steps;
    char why[160];
    struct happenings *happened;
};

static bool same(struct sequence *s, const char *what, uint64_t theirs, uint64_t ours)
{
    if (theirs == ours)
        return true;
    snprintf(s->why, sizeof(s->why), "%s: src/cpuif %#" PRIx64 ", model %#" PRIx64, what, theirs,
             ours);
    return false;
}

static bool open; /* also what is known to be done otherwise */

/* ---- What can be seen -------------------------------------------------------------------------
 */

static bool same_registers(struct sequence *s)
{
    struct lvgic_lrs ours = s->lrs;
    char name[16];
    bool ok = true;

    /* What is no register must be what it was, but a register that is written is then used. */
    ours.nr = s->start.nr;
    ours.pri_bits = s->start.pri_bits;
    ours.hw = s->start.hw;
    memcpy(ours.lr, s->start.lr, sizeof(ours.lr));
    memcpy(ours.ap0r, s->start.ap0r, sizeof(ours.ap0r));
    memcpy(ours.ap1r, s->start.ap1r, sizeof(ours.ap1r));
    model_store(&s->model, &ours);
    for (unsigned i = 0; i < s->lrs.nr; i++)
        ok &= !(s->lrs.lr[i] >> 62) || (s->lrs.used >> i & 1);
    ok &= !(s->lrs.used >> s->lrs.nr);
    if (!same(s, "used registers", ok, true))
        return false;
    if (!memcmp(&ours, &s->lrs, sizeof(ours)))
        return true;
    for (unsigned i = 0; i < LVGIC_MAX_LRS && ok; i++) {
        snprintf(name, sizeof(name), "LR%u", i);
        ok = same(s, name, s->lrs.lr[i], ours.lr[i]);
    }
    for (unsigned i = 0; i < 4 && ok; i++) {
        snprintf(name, sizeof(name), "AP0R%u, AP1R%u", i, i);
        ok = same(s, name, s->lrs.ap0r[i], ours.ap0r[i]) &&
             same(s, name, s->lrs.ap1r[i], ours.ap1r[i]);
    }
    return ok && same(s, "HCR", s->lrs.hcr, ours.hcr) && same(s, "VMCR", s->lrs.vmcr, ours.vmcr) &&
           same(s, "ELRSR", s->lrs.elrsr, ours.elrsr) && same(s, "another member", 1, 0);
}

/* A level that could have been set by this priority, with some binary point. */
static bool is_level_of(const struct icv_model *m, unsigned priority, unsigned level)
{
    unsigned of = priority / (256 / model_levels(m));

    for (unsigned unit = 1; unit <= model_levels(m); unit *= 2)
        if (level == of / unit * unit)
            return true;
    return false;
}

static bool same_levels(struct sequence *s, uint8_t priority, bool group1)
{
    const struct icv_model *m = &s->model;
    int level = icv_level_of(&s->lrs, priority, group1);
    unsigned probe = random_below(&s->random, model_levels(m));
    bool any = false;

    for (unsigned l = 0; l < model_levels(m); l++)
        any |= model_level_active(m, l, group1) && is_level_of(m, priority, l);
    return same(s, "level of: any", level >= 0, any) &&
           same(s, "level of: an active one of it",
                level < 0 || (model_level_active(m, (unsigned)level, group1) &&
                              is_level_of(m, priority, (unsigned)level)),
                true) &&
           same(s, "level is active", icv_level_is_active(&s->lrs, probe, group1),
                model_level_active(m, probe, group1));
}

static bool same_view(struct sequence *s)
{
    const struct icv_model *m = &s->model;
    const struct lvgic_lrs *lrs = &s->lrs;
    uint8_t priority = s->palette.priority[random_below(&s->random, NR_STATE_PRIORITIES)] &
                       (uint8_t)(0xff << (8 - lrs->pri_bits));
    bool group1 = random_chance(&s->random, 50);
    bool nmi = NMI_SHARE && random_chance(&s->random, 30);

    s->happened->conditions += model_misr(m) != 0;
    return same(s, "highest pending", (uint64_t)tested_highest_pending(lrs),
                (uint64_t)model_highest_pending(m)) &&
           same(s, "signalled", (uint64_t)tested_signalled(lrs), (uint64_t)model_signalled(m)) &&
           same(s, group1 ? "would signal, group 1" : "would signal, group 0",
                tested_would_signal(lrs, priority, group1, nmi),
                model_would_signal(m, priority, group1, nmi)) &&
           same(s, "HPPIR0", tested_hppir(lrs, false), model_hppir(m, false)) &&
           same(s, "HPPIR1", tested_hppir(lrs, true), model_hppir(m, true)) &&
           same(s, "RPR", tested_rpr(lrs), model_rpr(m)) && same(s, "PMR", icv_pmr(lrs), m->pmr) &&
           same(s, "BPR0", tested_bpr(lrs, false), model_read_bpr(m, false)) &&
           same(s, "BPR1", tested_bpr(lrs, true), model_read_bpr(m, true)) &&
           same(s, "CTLR", icv_ctlr(lrs), model_read_ctlr(m)) &&
           same(s, "MISR", tested_misr(lrs), model_misr(m)) &&
           same(s, "number of APRs", icv_nr_aprs(lrs), model_levels(m) / 32) &&
           (random_below(&s->random, 4) || same_levels(s, priority, group1)) && same_registers(s);
}

/* ---- What is done ------------------------------------------------------------------------------
 */

static void took(struct sequence *s, uint32_t intid, bool group1, bool preempted)
{
    if (intid >= 1020 && intid <= 1023) {
        s->happened->masked += model_highest_pending(&s->model) >= 0;
        return;
    }
    s->happened->acknowledged++;
    s->happened->lpis += intid >= 8192;
    s->happened->preempted += preempted;
    if (s->nr_taken < MAX_TAKEN) {
        s->taken[s->nr_taken].intid = intid;
        s->taken[s->nr_taken++].group1 = group1;
    }
}

static uint64_t effect_value(bool phys_deactivate, uint32_t pintid)
{
    return phys_deactivate ? UINT64_C(1) << 32 | pintid : 0;
}

/* An INTID to complete: mostly one that was taken, the latest first; or any. */
static uint32_t to_complete(struct sequence *s, bool *group1)
{
    struct random *r = &s->random;

    if (s->nr_taken && random_chance(r, 70)) {
        unsigned last = s->nr_taken - 1;
        if (random_chance(r, 90))
            *group1 = s->taken[last].group1;
        s->nr_taken = last;
        return s->taken[last].intid;
    }
    if (random_chance(r, 10))
        return 1019 + random_below(r, 6);
    if (random_chance(r, 10))
        return s->palette.intid[random_below(r, NR_STATE_INTIDS)];
    return (uint32_t)s->lrs.lr[random_below(r, s->lrs.nr)];
}

static void complete(struct sequence *s, struct step *step)
{
    bool group1 = step->action == ACTION_EOIR1;
    uint32_t intid = to_complete(s, &group1);
    struct icv_model before = s->model;
    struct model_effect ours;
    struct icv_effect theirs;

    if (step->action == ACTION_DIR) {
        ours = model_dir(&s->model, intid);
        theirs = tested_dir(&s->lrs, intid);
    } else {
        step->action = group1 ? ACTION_EOIR1 : ACTION_EOIR0;
        theirs = tested_eoir(&s->lrs, group1, intid);
        ours = model_eoir(&s->model, group1, intid, false);
        if (!same_registers(s)) { /* the other of two right answers? */
            s->model = before;
            ours = model_eoir(&s->model, group1, intid, true);
        }
    }
    step->argument = intid;
    step->ours = effect_value(ours.phys_deactivate, ours.pintid);
    step->theirs = effect_value(theirs.phys_deactivate, theirs.pintid);
    s->happened->counted += before.eoi_count != s->model.eoi_count;
    s->happened->dropped += model_rpr(&before) != model_rpr(&s->model);
    s->happened->completed += !!memcmp(before.lr, s->model.lr, sizeof(before.lr));
    s->happened->physical += ours.phys_deactivate;
}

/* CRm and op2 of a register that exists for some number of registers and priority bits. */
static uint32_t any_ich(struct random *r)
{
    static const uint8_t op2_of_11[] = {0, 1, 2, 3, 5, 7};

    switch (random_below(r, 4)) {
    case 0:
        return 8 * (8 + random_below(r, 2)) + random_below(r, 4);
    case 1:
        return 8 * (12 + random_below(r, 2)) + random_below(r, 8);
    default:
        return 8 * 11 + op2_of_11[random_below(r, sizeof(op2_of_11))];
    }
}

static void access_ich(struct sequence *s, struct step *step, uint32_t reg, bool write,
                       uint64_t value)
{
    uint64_t theirs = value, ours = 0;
    uint32_t encoding = LVGIC_SYSREG(3, 4, 12, reg / 8, reg % 8);
    bool done = tested_ich(&s->lrs, encoding, write, &theirs) == LVGIC_SYSREG_DONE;

    step->argument = write ? value : encoding;
    if (!open && reg == 8 * 11 + 2 && !s->model.en) /* ICH_MISR_EL2 */
        return;
    if (write) {
        step->ours = model_ich_write(&s->model, reg / 8, reg % 8, value);
        step->theirs = done;
    } else {
        step->ours = model_ich_read(&s->model, reg / 8, reg % 8, &ours) ? ours : ~UINT64_C(0);
        step->theirs = done ? theirs : ~UINT64_C(0);
    }
}

/* List registers are written with what a hypervisor could want there; the others with anything but
 * values that cannot be read back (see state_random). */
static void write_ich(struct sequence *s, struct step *step)
{
    struct random *r = &s->random;
    uint32_t reg = any_ich(r);
    uint64_t value = random_next(r);

    if (step->action == ACTION_ICH_WRITE_LR || reg >= 8 * 12) {
        unsigned n = random_below(r, random_chance(r, 95) ? s->lrs.nr : LVGIC_MAX_LRS);
        reg = 8 * 12 + n;
        value = state_lr(r, &s->palette, &s->lrs);
        if (open) /* priority bits that are not implemented */
            value |= (uint64_t)random_below(r, 8) << 48;
    } else if (reg / 8 < 11) {
        value = random_chance(r, 50) ? 0 : UINT64_C(1) << random_below(r, 32);
    }
    if (reg == 8 * 11 + 7 && !s->palette.split)
        value &= ~(UINT64_C(1) << 9);
    if (reg == 8 * 11 + 7 && !open) /* VAckCtl */
        value &= ~UINT64_C(4);
    access_ich(s, step, reg, true, value);
}

static void acknowledge(struct sequence *s, struct step *step)
{
    bool group1 = step->action != ACTION_IAR0, running = model_rpr(&s->model) != 0xff;
    struct icv_model before = s->model;

    step->theirs =
        step->action == ACTION_NMIAR1 ? tested_nmiar(&s->lrs) : tested_iar(&s->lrs, group1);
    for (int lpi_active = 0; lpi_active < 2; lpi_active++) { /* two right answers */
        s->model = before;
        step->ours = step->action == ACTION_NMIAR1 ? model_nmiar(&s->model, lpi_active)
                                                   : model_iar(&s->model, group1, lpi_active);
        if (same_registers(s))
            break;
    }
    took(s, (uint32_t)step->ours, group1, running);
}

static void reset(struct sequence *s)
{
    struct icv_model *m = &s->model;

    icv_reset(&s->lrs);
    m->enabled[0] = m->enabled[1] = false;
    m->pmr = 0;
    m->cbpr = m->eoi_mode = false;
    model_write_bpr(m, false, 0);
    model_write_bpr(m, true, 0);
    memset(m->active, 0, sizeof(m->active));
    m->nmi_active = false;
}

static void configure(struct sequence *s, struct step *step)
{
    struct random *r = &s->random;
    uint64_t value = random_chance(r, 50) ? random_below(r, 8) : random_next(r);

    step->argument = value;
    switch (step->action) {
    case ACTION_PMR:
        step->argument = random_chance(r, 50) ? value : 0xff;
        icv_set_pmr(&s->lrs, step->argument);
        model_write_pmr(&s->model, step->argument);
        break;
    case ACTION_BPR0:
    case ACTION_BPR1:
        icv_set_bpr(&s->lrs, step->action == ACTION_BPR1, value);
        model_write_bpr(&s->model, step->action == ACTION_BPR1, value);
        break;
    case ACTION_CTLR:
        value = step->argument = s->palette.split ? value : value & ~UINT64_C(2);
        icv_set_ctlr(&s->lrs, value);
        model_write_ctlr(&s->model, value);
        break;
    case ACTION_IGRPEN: /* of both groups, which has no function of its own */
        s->model.enabled[0] = value & 1;
        s->model.enabled[1] = value & 6;
        s->lrs.vmcr = (s->lrs.vmcr & ~UINT64_C(3)) | (value & 1) | (value & 6 ? 2 : 0);
        break;
    default:
        reset(s);
        break;
    }
}

static void act(struct sequence *s, struct step *step)
{
    switch (step->action) {
    case ACTION_IAR0:
    case ACTION_IAR1:
    case ACTION_NMIAR1:
        acknowledge(s, step);
        break;
    case ACTION_EOIR0:
    case ACTION_EOIR1:
    case ACTION_DIR:
        complete(s, step);
        break;
    case ACTION_ICH_READ:
        access_ich(s, step, any_ich(&s->random), false, 0);
        break;
    case ACTION_ICH_WRITE:
    case ACTION_ICH_WRITE_LR:
        write_ich(s, step);
        break;
    default:
        configure(s, step);
        break;
    }
}

static enum action any_action(struct random *r)
{
    unsigned sum = 0, at;

    for (unsigned a = 0; a < NR_ACTIONS; a++)
        sum += actions[a].share;
    at = random_below(r, sum);
    for (unsigned a = 0;; a++) {
        if (at < actions[a].share)
            return (enum action)a;
        at -= actions[a].share;
    }
}

/* Often what a guest would do: take what is signalled, complete what was taken. */
static enum action sensible_action(struct sequence *s)
{
    int group = model_signalled(&s->model);

    if (group >= 0 && random_chance(&s->random, 40))
        return group ? ACTION_IAR1 : ACTION_IAR0;
    if (s->nr_taken && random_chance(&s->random, 25))
        return s->model.eoi_mode && random_chance(&s->random, 50) ? ACTION_DIR : ACTION_EOIR0;
    return any_action(&s->random);
}

/* ---- Sequences ---- */

static bool run(struct sequence *s, uint64_t seed, struct happenings *happened)
{
    s->random.state = seed;
    s->happened = happened;
    s->nr_taken = s->nr_steps = 0;
    state_palette(&s->random, &s->palette, open);
    state_random(&s->random, &s->palette, &s->start);
    s->lrs = s->start;
    model_load(&s->model, &s->start);
    if (!same_view(s))
        return false;
    while (s->nr_steps < MAX_STEPS && random_below(&s->random, 12)) {
        struct step *step = &s->steps[s->nr_steps++];

        *step = (struct step){.action = sensible_action(s)};
        act(s, step);
        if (!same(s, actions[step->action].name, step->theirs, step->ours) || !same_view(s))
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
               actions[s->steps[i].action].name, s->steps[i].argument, s->steps[i].theirs,
               s->steps[i].ours);
    print_state("last, src/cpuif", &s->lrs);
}

/* How many sequences disagree; `stop` at the first. */
static unsigned compare(uint64_t seed, uint64_t seeds, bool stop, uint64_t *tried,
                        struct happenings *happened)
{
    static struct sequence s;
    unsigned failures = 0;

    for (*tried = 0; *tried < seeds; ++*tried) {
        if (run(&s, seed + *tried, happened))
            continue;
        failures++;
        if (stop)
            break;
        print_failure(&s, seed + *tried);
        if (failures == 3)
            break;
    }
    return failures;
}

static int run_all(uint64_t seed, uint64_t seeds)
{
    struct happenings happened = {0};
    uint64_t tried;
    unsigned failures = compare(seed, seeds, false, &tried, &happened);
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
        if (compare(seed, seeds, true, &tried, &happened)) {
            printf("mutant %2d, %s: found by sequence %" PRIu64 "\n", m,
                   icv_mutant_text(icv_mutant), tried + 1);
            passed++;
        } else {
            printf("mutant %2d, %s: NOT FOUND\n", m, icv_mutant_text(icv_mutant));
            failed++;
        }
    }
    icv_mutant = ICV_MUTANT_NONE;
    if (compare(seed, seeds, true, &tried, &happened)) { /* then the others say nothing */
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
        } else if (!strcmp(argv[i], "--open")) {
            open = true;
        } else if (!strcmp(argv[i], "--seed") && more) {
            seed = strtoull(argv[++i], 0, 0);
        } else if (!strcmp(argv[i], "--seeds") && more) {
            seeds = strtoull(argv[++i], 0, 0);
        } else if (!strcmp(argv[i], "--mutant") && more && atoi(argv[i + 1]) > 0 &&
                   atoi(argv[i + 1]) < NR_ICV_MUTANTS) {
            icv_mutant = (enum icv_mutant)atoi(argv[++i]);
        } else {
            fprintf(
                stderr,
                "usage: icv_compare [--open] [--mutants | --mutant 1..%d] [--seeds N] [--seed S]\n",
                NR_ICV_MUTANTS - 1);
            return 2;
        }
    }
    return mutants ? run_mutants(seed, seeds) : run_all(seed, seeds);
}
