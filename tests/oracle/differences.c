/* SPDX-License-Identifier: MIT */
/* The differences that are known, each as narrow as it can be said. differences.md explains them.
 */
#include "arch/lr.h"
#include "compare.h"
#include "pending.h"

static bool is_hppir(const struct op *op)
{
    return op->kind == OP_ICC_READ &&
           (op->reg == SYSREG_ICC_HPPIR0_EL1 || op->reg == SYSREG_ICC_HPPIR1_EL1);
}

static unsigned presented(const struct result *result)
{
    return result->hppir[0] < 1020 ? result->hppir[0] : result->hppir[1];
}

static unsigned equal_priorities(const struct difference *d)
{
    unsigned cpu = d->op->cpu, ours = presented(d->ours), theirs = presented(d->theirs);

    if (op_acknowledges(d->op) && (d->what & DIFFERS_VALUE)) {
        ours = (unsigned)d->ours->value;
        theirs = (unsigned)d->theirs->value;
        /* Of two groups: one side finds that the other group's is first. */
        if ((ours == 1023 || pending_ties(d->before, cpu, ours)) &&
            (theirs == 1023 || pending_ties(d->before, cpu, theirs)) && ours != theirs &&
            pending_best(d->before, cpu, PENDING_SIGNALLED) != PENDING_NONE) {
            return pending_nr_best(d->before, cpu) > 1 ? d->what | DIVERGED : 0;
        }
        return 0;
    }
    if (ours == theirs || !pending_ties(d->after, cpu, ours) ||
        !pending_ties(d->after, cpu, theirs))
        return 0;
    return DIFFERS_HPPIR | DIFFERS_LINES | (is_hppir(d->op) ? DIFFERS_VALUE : 0);
}

/* The best pending interrupt is of a group that the CPU interface has disabled. */
static bool masked(struct ours *ours, unsigned cpu)
{
    unsigned all = pending_best(ours, cpu, PENDING_FORWARDED);

    return all != PENDING_NONE && all <= pending_best(ours, cpu, PENDING_SIGNALLED) &&
           (!pending_group_on(ours, cpu, false, PENDING_SIGNALLED) ||
            !pending_group_on(ours, cpu, true, PENDING_SIGNALLED));
}

static unsigned disabled_group_masks(const struct difference *d)
{
    unsigned cpu = d->op->cpu;
    bool nothing = presented(d->theirs) == 1023 && !d->theirs->lines;

    if (op_acknowledges(d->op) && (d->what & DIFFERS_VALUE))
        return d->theirs->value == 1023 && masked(d->before, cpu) ? d->what | DIVERGED : 0;
    if (!nothing || !masked(d->after, cpu))
        return 0;
    return DIFFERS_HPPIR | DIFFERS_LINES |
           (is_hppir(d->op) && d->theirs->value == 1023 ? DIFFERS_VALUE : 0);
}

static bool range_selector(struct ours *before, const struct op *op, const struct walk *walk)
{
    (void)before, (void)walk;
    return op->kind == OP_ICC_WRITE &&
           (op->reg == SYSREG_ICC_SGI1R_EL1 || op->reg == SYSREG_ICC_SGI0R_EL1 ||
            op->reg == SYSREG_ICC_ASGI1R_EL1) &&
           (op->value >> 44 & 0xf);
}

/* Completion of anything but what this CPU acknowledged last, by the same group's register. */
static bool out_of_order(struct ours *before, const struct op *op, const struct walk *walk)
{
    unsigned depth = walk->depth[op->cpu];
    bool group1 = op->reg == SYSREG_ICC_EOIR1_EL1;

    if (!op_completes(op) || (op->value >= 1020 && op->value <= 1023))
        return false;
    if (depth == 0) /* nothing happens when no priority is active */
        return lvgic_vcpu_lrs(before->vcpu[op->cpu])->ap0r[0] ||
               lvgic_vcpu_lrs(before->vcpu[op->cpu])->ap1r[0];
    return walk->stack[op->cpu][depth - 1].intid != op->value ||
           walk->stack[op->cpu][depth - 1].group1 != group1;
}

/* It was deactivated by register since, and somebody else has taken it. */
static bool taken_elsewhere(struct ours *before, const struct op *op, const struct walk *walk)
{
    struct lvgic_irq_info info;

    (void)walk;
    if (!op_completes(op) || op->value >= WALK_INTIDS ||
        (lvgic_vcpu_lrs(before->vcpu[op->cpu])->vmcr & VMCR_VEOIM))
        return false;
    info = ours_info(before, op->cpu, (unsigned)op->value);
    return info.active && info.holder != op->cpu;
}

/* Not with one security state, where all accesses are the same. */
static unsigned waker_not_secure(const struct difference *d)
{
    bool waker = d->op->kind == OP_READ && d->op->target != TARGET_GICD && d->op->reg == GICR_WAKER;

    return d->before->machine == MACHINE_SECURE && waker && !d->op->secure && d->ours->value == 0
               ? d->what & DIFFERS_VALUE
               : 0;
}

static const struct known rows[] = {
    {"D1", "which of several pending interrupts of equal priority comes first", equal_priorities,
     NULL},
    {"D2", "a pending interrupt of a group that the CPU interface disabled masks others in QEMU",
     disabled_group_masks, NULL},
    {"D3", "the pending state after a change between edge and level", NULL, pending_configures},
    {"D4", "SGIs with a range selector, which neither offers", NULL, range_selector},
    {"D5", "completion of another interrupt than the last acknowledged, or by the other group",
     NULL, out_of_order},
    {"D6", "completion of an SPI that was deactivated by register and is active on another CPU",
     NULL, taken_elsewhere},
    {"D7", "GICR_WAKER read by a Non-secure access", waker_not_secure, NULL},
};
const struct known_table known_gicv3 = {rows, ARRAY_LEN(rows)};
