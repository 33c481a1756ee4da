/* SPDX-License-Identifier: MIT */
/* The differences that are known, each as narrow as it can be said. differences.md explains them.
 */
#include "compare.h"

#include "arch/lr.h"

#define NR_INTIDS WALK_INTIDS
#define NONE 0x100u

/* GICD_CTLR and the CPU interface's enables, of a VM whose vCPUs are all out. */
static bool group_on(struct ours *ours, unsigned cpu, bool group1, bool cpu_interface_too)
{
    struct lvgic_access access = {.offset = 0, .size = 4};
    uint64_t vmcr = lvgic_vcpu_lrs(ours->vcpu[cpu])->vmcr;

    lvgic_dist_access(ours->vm, NULL, &access);
    if (!(access.value & (group1 ? 2 : 1)))
        return false;
    return !cpu_interface_too || (vmcr & (group1 ? VMCR_VENG1 : VMCR_VENG0));
}

/* The priority with which an interrupt could be presented to the CPU, or NONE. */
static unsigned candidate(struct ours *ours, unsigned cpu, unsigned intid, bool enabled_groups)
{
    struct lvgic_irq_info info = ours_info(ours, cpu, intid);

    if (!info.pending || info.active || !info.enabled || info.target != cpu ||
        !group_on(ours, cpu, info.group1, enabled_groups))
        return NONE;
    return info.priority;
}

static unsigned best(struct ours *ours, unsigned cpu, bool enabled_groups)
{
    unsigned least = NONE;

    for (unsigned intid = 0; intid < NR_INTIDS; intid++) {
        unsigned priority = candidate(ours, cpu, intid, enabled_groups);

        least = priority < least ? priority : least;
    }
    return least;
}

static bool is_acknowledge(const struct op *op)
{
    return op->kind == OP_ICC_READ &&
           (op->reg == SYSREG_ICC_IAR0_EL1 || op->reg == SYSREG_ICC_IAR1_EL1);
}

static bool is_hppir(const struct op *op)
{
    return op->kind == OP_ICC_READ &&
           (op->reg == SYSREG_ICC_HPPIR0_EL1 || op->reg == SYSREG_ICC_HPPIR1_EL1);
}

static bool is_completion(const struct op *op)
{
    return op->kind == OP_ICC_WRITE &&
           (op->reg == SYSREG_ICC_EOIR0_EL1 || op->reg == SYSREG_ICC_EOIR1_EL1);
}

static unsigned presented(const struct result *result)
{
    return result->hppir[0] < 1020 ? result->hppir[0] : result->hppir[1];
}

/* Is this one of several pending interrupts with the best priority? */
static bool ties(struct ours *ours, unsigned cpu, unsigned intid)
{
    return intid < NR_INTIDS && candidate(ours, cpu, intid, true) == best(ours, cpu, true);
}

static unsigned equal_priorities(const struct difference *d)
{
    unsigned cpu = d->op->cpu, ours = presented(d->ours), theirs = presented(d->theirs);

    if (is_acknowledge(d->op) && (d->what & DIFFERS_VALUE)) {
        ours = (unsigned)d->ours->value;
        theirs = (unsigned)d->theirs->value;
        /* Of two groups: one side finds that the other group's is first. */
        if ((ours == 1023 || ties(d->before, cpu, ours)) &&
            (theirs == 1023 || ties(d->before, cpu, theirs)) && ours != theirs &&
            best(d->before, cpu, true) != NONE) {
            unsigned other = 0;

            for (unsigned intid = 0; intid < NR_INTIDS; intid++)
                other += ties(d->before, cpu, intid);
            return other > 1 ? d->what | DIVERGED : 0;
        }
        return 0;
    }
    if (ours == theirs || !ties(d->after, cpu, ours) || !ties(d->after, cpu, theirs))
        return 0;
    return DIFFERS_HPPIR | DIFFERS_LINES | (is_hppir(d->op) ? DIFFERS_VALUE : 0);
}

/* The best pending interrupt is of a group that the CPU interface has disabled. */
static bool masked(struct ours *ours, unsigned cpu)
{
    unsigned all = best(ours, cpu, false);

    return all != NONE && all <= best(ours, cpu, true) &&
           (!group_on(ours, cpu, false, true) || !group_on(ours, cpu, true, true));
}

static unsigned disabled_group_masks(const struct difference *d)
{
    unsigned cpu = d->op->cpu;
    bool nothing = presented(d->theirs) == 1023 && !d->theirs->lines;

    if (is_acknowledge(d->op) && (d->what & DIFFERS_VALUE))
        return d->theirs->value == 1023 && masked(d->before, cpu) ? d->what | DIVERGED : 0;
    if (!nothing || !masked(d->after, cpu))
        return 0;
    return DIFFERS_HPPIR | DIFFERS_LINES |
           (is_hppir(d->op) && d->theirs->value == 1023 ? DIFFERS_VALUE : 0);
}

static bool configures(struct ours *before, const struct op *op, const struct walk *walk)
{
    bool gicd = op->target == TARGET_GICD;
    unsigned base = gicd ? ICFGR : 0x10000 + ICFGR, first = (op->reg - base) * 4;

    (void)walk;
    if (op->kind != OP_WRITE || op->reg < base || op->reg >= base + NR_INTIDS / 4 || op->size != 4)
        return false;
    for (unsigned i = 0; i < 16; i++) {
        unsigned cpu = gicd ? 0 : op->target;
        struct lvgic_irq_info info = ours_info(before, cpu, first + i);
        bool wire = before->line[first + i < 32 ? cpu : 0][(first + i) % 64];

        if (first + i >= 16 && info.edge != (op->value >> (2 * i + 1) & 1) &&
            (info.pending || wire))
            return true;
    }
    return false;
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

    if (!is_completion(op) || (op->value >= 1020 && op->value <= 1023))
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
    if (!is_completion(op) || op->value >= NR_INTIDS ||
        (lvgic_vcpu_lrs(before->vcpu[op->cpu])->vmcr & VMCR_VEOIM))
        return false;
    info = ours_info(before, op->cpu, (unsigned)op->value);
    return info.active && info.holder != op->cpu;
}

/* Not with one security state, where all accesses are the same. */
static unsigned waker_not_secure(const struct difference *d)
{
    bool waker = d->op->kind == OP_READ && d->op->target != TARGET_GICD && d->op->reg == GICR_WAKER;

    return d->before->security && waker && !d->op->secure && d->ours->value == 0
               ? d->what & DIFFERS_VALUE
               : 0;
}

const struct known known_differences[] = {
    {"D1", "which of several pending interrupts of equal priority comes first", equal_priorities,
     NULL},
    {"D2", "a pending interrupt of a group that the CPU interface disabled masks others in QEMU",
     disabled_group_masks, NULL},
    {"D3", "the pending state after a change between edge and level", NULL, configures},
    {"D4", "SGIs with a range selector, which neither offers", NULL, range_selector},
    {"D5", "completion of another interrupt than the last acknowledged, or by the other group",
     NULL, out_of_order},
    {"D6", "completion of an SPI that was deactivated by register and is active on another CPU",
     NULL, taken_elsewhere},
    {"D7", "GICR_WAKER read by a Non-secure access", waker_not_secure, NULL},
};
const unsigned nr_known_differences = ARRAY_LEN(known_differences);
