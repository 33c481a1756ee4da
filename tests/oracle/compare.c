/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <string.h>

static unsigned long counts[64], cut;

static const struct known_table *known(enum machine machine)
{
    return machine == MACHINE_GICV2 ? &known_gicv2 : &known_gicv3;
}

/* Of ICC_CTLR_EL1 only what says how interrupts behave: CBPR, EOImode, PRIbits. The rest is about
 * features. */
static uint64_t normal(const struct op *op, uint64_t value)
{
    if (op->kind == OP_ICC_READ && op->reg == SYSREG_ICC_CTLR_EL1)
        return value & 0x703;
    if (op->kind == OP_READ && op->target == TARGET_GICD && op->reg == GICD_TYPER)
        return value & 0x400; /* GICD_TYPER.SecurityExtn */
    if (op->kind == OP_READ && op->target < ORACLE_CPUS && op->reg == 0)
        return value & ~UINT64_C(2); /* GICR_CTLR.CES */
    return value;
}

unsigned compare_results(const struct op *op, const struct result *ours,
                         const struct result *theirs)
{
    unsigned what = 0;

    if (op->kind == OP_RESET)
        return 0;
    what |= normal(op, ours->value) != normal(op, theirs->value) ? DIFFERS_VALUE : 0;
    what |= memcmp(ours->hppir, theirs->hppir, sizeof ours->hppir) ? DIFFERS_HPPIR : 0;
    what |= ours->rpr != theirs->rpr ? DIFFERS_RPR : 0;
    what |= ours->lines != theirs->lines ? DIFFERS_LINES : 0;
    what |= ours->undef != theirs->undef ? DIFFERS_UNDEF : 0;
    return what;
}

static void walk_step(struct walk *walk, struct ours *before, const struct op *op,
                      const struct result *result)
{
    unsigned *depth = &walk->depth[op->cpu], intid;

    if (op_acknowledges(op)) {
        intid = op_intid(op, result->value);
        if (intid < WALK_INTIDS && *depth < WALK_DEPTH) {
            walk->stack[op->cpu][*depth].intid = intid;
            walk->stack[op->cpu][(*depth)++].group1 = ours_info(before, op->cpu, intid).group1;
        }
    } else if (op_completes(op) && op_intid(op, op->value) < 1020) {
        *depth -= *depth > 0;
    }
}

/* The id of what left the state open, in operations up to and with `at`; -1 if nothing did. */
static int left_open(const struct sequence *seq, unsigned at)
{
    const struct known_table *table = known(seq->machine);
    static struct ours before;
    struct walk walk = {.depth = {0}};

    for (unsigned i = 0; i <= at; i++) {
        const struct op *op = &seq->ops[i];

        ours_replay(&before, seq, i);
        ours_end(&before);
        for (unsigned k = 0; k < table->nr; k++)
            if (table->rows[k].leaves_open && table->rows[k].leaves_open(&before, op, &walk))
                return (int)k;
        walk_step(&walk, &before, op, &seq->ours[i]);
    }
    return -1;
}

/* The library's state after the first operations of the sequence that is looked at: the last two
 * that were asked for, since differences often come one after the other. 0: none yet. */
static struct ours states[2];
static unsigned states_nr[2];

static struct ours *state_after(const struct sequence *seq, unsigned nr)
{
    unsigned i = states_nr[0] < states_nr[1] ? 0 : 1;

    if (states_nr[!i] == nr)
        return &states[!i];
    ours_replay(&states[i], seq, nr);
    ours_end(&states[i]);
    states_nr[i] = nr;
    return &states[i];
}

enum verdict { UNKNOWN, KNOWN, KNOWN_DIVERGED };

static enum verdict judge(const struct sequence *seq, unsigned at, struct difference *difference,
                          bool count)
{
    const struct known_table *table = known(seq->machine);
    unsigned left = difference->what, explained;
    bool diverged = false;

    difference->before = state_after(seq, at);
    difference->after = state_after(seq, at + 1);
    for (unsigned i = 0; i < table->nr && left; i++) {
        if (!table->rows[i].explains)
            continue;
        explained = table->rows[i].explains(difference);
        counts[i] += (explained & left) && count;
        diverged = diverged || (explained & DIVERGED);
        left &= ~explained;
    }
    if (left) {
        int open = left_open(seq, at);

        if (open < 0)
            return UNKNOWN;
        counts[open] += count;
        diverged = true;
    }
    cut += diverged && count;
    return diverged ? KNOWN_DIVERGED : KNOWN;
}

bool compare_sequence(const struct sequence *seq, const struct result *theirs, bool count,
                      unsigned *at)
{
    states_nr[0] = states_nr[1] = 0;
    for (unsigned i = 0; i < seq->nr; i++) {
        struct difference difference = {
            .seq = seq,
            .op = &seq->ops[i],
            .ours = &seq->ours[i],
            .theirs = &theirs[i],
            .what = compare_results(&seq->ops[i], &seq->ours[i], &theirs[i]),
        };
        enum verdict verdict;

        if (!difference.what)
            continue;
        verdict = judge(seq, i, &difference, count);
        *at = i;
        if (verdict != KNOWN)
            return verdict == KNOWN_DIVERGED;
    }
    *at = seq->nr;
    return true;
}

void compare_summary(enum machine machine)
{
    const struct known_table *table = known(machine);

    for (unsigned i = 0; i < table->nr; i++)
        printf("%8lu times %-5s %s\n", counts[i], table->rows[i].id, table->rows[i].what);
    printf("%8lu sequences looked at only up to a known difference\n", cut);
}
