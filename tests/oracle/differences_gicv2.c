/* SPDX-License-Identifier: MIT */
/* The known differences from QEMU's GICv2, each as narrow as it can be said. differences.md
 * explains them. */
#include "arch/lr.h"
#include "compare.h"
#include "pending.h"

#define INTID_GROUP1 1022u
#define INTID_SPURIOUS 1023u

static uint64_t vmcr(struct ours *ours, const struct op *op)
{
    return lvgic_vcpu_lrs(ours->vcpu[op->cpu])->vmcr;
}

static unsigned running(struct ours *ours, const struct op *op)
{
    uint64_t active = lvgic_vcpu_lrs(ours->vcpu[op->cpu])->ap0r[0];

    return active ? bits_first(active) * 8 : 0x100;
}

/* What may differ when another interrupt is presented: everything, if it was acknowledged. */
static unsigned presentation(const struct difference *d)
{
    if (op_acknowledges(d->op))
        return d->what | DIVERGED;
    return DIFFERS_HPPIR | DIFFERS_LINES |
           (op_is_gicc(d->op, GICC_REG_HPPIR, false) ? DIFFERS_VALUE : 0);
}

/* The state in which the interrupt was chosen that differs. */
static struct ours *state(const struct difference *d)
{
    bool chosen = op_acknowledges(d->op) && (d->what & DIFFERS_VALUE);

    return chosen ? d->before : d->after;
}

static unsigned equal_priorities(const struct difference *d)
{
    return pending_nr_best(state(d), d->op->cpu) > 1 ? presentation(d) : 0;
}

/* The best pending interrupt is of a group that is disabled. */
static unsigned disabled_group(const struct difference *d)
{
    unsigned all = pending_best(state(d), d->op->cpu, PENDING_ANY);

    return all != PENDING_NONE && all <= pending_best(state(d), d->op->cpu, PENDING_SIGNALLED) &&
                   (!pending_group_on(state(d), d->op->cpu, false, PENDING_SIGNALLED) ||
                    !pending_group_on(state(d), d->op->cpu, true, PENDING_SIGNALLED))
               ? presentation(d)
               : 0;
}

static unsigned masked_hppir(const struct difference *d)
{
    uint64_t pmr = bits_get(vmcr(d->after, d->op), VMCR_VPMR_HI, VMCR_VPMR_LO);

    if (d->theirs->hppir[0] != INTID_SPURIOUS ||
        pending_best(d->after, d->op->cpu, PENDING_SIGNALLED) < pmr)
        return 0;
    return presentation(d) & (DIFFERS_HPPIR | DIFFERS_VALUE);
}

/* Nothing is acknowledged either way. */
static unsigned hidden_not_signalled(const struct difference *d)
{
    return op_acknowledges(d->op) && d->ours->value == INTID_SPURIOUS &&
                   d->theirs->value == INTID_GROUP1 && !d->ours->lines
               ? DIFFERS_VALUE
               : 0;
}

/* By its own binary point it cannot preempt, but its whole priority is higher than the running one,
 * from which another binary point was taken. */
static unsigned other_binary_point(const struct difference *d)
{
    unsigned best = pending_best(state(d), d->op->cpu, PENDING_SIGNALLED);

    if (best >= running(state(d), d->op))
        return 0;
    if (op_acknowledges(d->op) && (d->what & DIFFERS_VALUE))
        return d->ours->value == INTID_SPURIOUS ? d->what | DIVERGED : 0;
    return !d->ours->lines && d->theirs->lines ? DIFFERS_LINES : 0;
}

/* The SPIs of a word that ISACTIVER has activated so far. */
static uint64_t activated(const struct difference *d, unsigned word)
{
    uint64_t set = 0;

    for (const struct op *op = d->seq->ops; op < d->op; op++)
        if (op->kind == OP_WRITE && op->target == TARGET_GICD2 && op->reg == ISACTIVER + 4 * word)
            set |= op->value;
    return set;
}

/* EOIR and DIR leave it active, as reads show it. */
static unsigned active_for_others(const struct difference *d)
{
    unsigned word = d->op->reg / 4 % 32;
    uint64_t more = d->theirs->value & ~d->ours->value;

    if (d->op->kind != OP_READ || d->op->target != TARGET_GICD2 || word == 0 ||
        (d->op->reg != ISACTIVER + 4 * word && d->op->reg != ICACTIVER + 4 * word))
        return 0;
    return (d->ours->value & ~d->theirs->value) || (more & ~activated(d, word)) ? 0 : DIFFERS_VALUE;
}

/* Completion of anything but what the CPU acknowledged last. */
static bool out_of_order(struct ours *before, const struct op *op, const struct walk *walk)
{
    unsigned depth = walk->depth[op->cpu], intid = op_intid(op, op->value);

    if (!op_completes(op) || intid >= 1020)
        return false;
    if (depth == 0) /* nothing happens when no priority is active */
        return running(before, op) < 0x100;
    return walk->stack[op->cpu][depth - 1].intid != intid;
}

static bool other_group(struct ours *before, const struct op *op, const struct walk *walk)
{
    unsigned depth = walk->depth[op->cpu], intid = op_intid(op, op->value);

    return op_completes(op) && depth > 0 && walk->stack[op->cpu][depth - 1].intid == intid &&
           walk->stack[op->cpu][depth - 1].group1 != ours_info(before, op->cpu, intid).group1;
}

static const struct known rows[] = {
    {"E1", "which of several pending interrupts of equal priority comes first", equal_priorities,
     NULL},
    {"E2", "an interrupt of a disabled group, which QEMU acknowledges and which masks others",
     disabled_group, NULL},
    {"E3", "HPPIR of an interrupt that PMR masks", masked_hppir, NULL},
    {"E4", "IAR, AckCtl 0: an interrupt of group 1 that is not signalled", hidden_not_signalled,
     NULL},
    {"E5", "preemption with another binary point than the running priority's", other_binary_point,
     NULL},
    {"E6", "an SPI that ISACTIVER has activated and that was deactivated by EOIR or DIR",
     active_for_others, NULL},
    {"E7", "the pending state after a change between edge and level", NULL, pending_configures},
    {"E8", "completion of another interrupt than the last acknowledged", NULL, out_of_order},
    {"E9", "completion of an interrupt whose group was changed while it was active", NULL,
     other_group},
};
const struct known_table known_gicv2 = {rows, ARRAY_LEN(rows)};
