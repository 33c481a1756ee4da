/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include "arch/lr.h"

bool pending_group_on(struct ours *ours, unsigned cpu, bool group1, enum pending_groups groups)
{
    struct lvgic_access access = {.offset = 0, .size = 4};
    uint64_t vmcr = lvgic_vcpu_lrs(ours->vcpu[cpu])->vmcr;

    lvgic_dist_access(ours->vm, NULL, &access);
    if (groups >= PENDING_FORWARDED && !(access.value & (group1 ? 2 : 1)))
        return false;
    return groups < PENDING_SIGNALLED || (vmcr & (group1 ? VMCR_VENG1 : VMCR_VENG0));
}

unsigned pending_candidate(struct ours *ours, unsigned cpu, unsigned intid,
                           enum pending_groups groups)
{
    struct lvgic_irq_info info = ours_info(ours, cpu, intid);

    if (!info.pending || info.active || !info.enabled || info.target != cpu ||
        !pending_group_on(ours, cpu, info.group1, groups))
        return PENDING_NONE;
    return info.priority;
}

unsigned pending_best(struct ours *ours, unsigned cpu, enum pending_groups groups)
{
    unsigned least = PENDING_NONE;

    for (unsigned intid = 0; intid < WALK_INTIDS; intid++) {
        unsigned priority = pending_candidate(ours, cpu, intid, groups);

        least = priority < least ? priority : least;
    }
    return least;
}

bool pending_ties(struct ours *ours, unsigned cpu, unsigned intid)
{
    return intid < WALK_INTIDS && pending_candidate(ours, cpu, intid, PENDING_SIGNALLED) ==
                                      pending_best(ours, cpu, PENDING_SIGNALLED);
}

unsigned pending_nr_best(struct ours *ours, unsigned cpu)
{
    unsigned best = pending_best(ours, cpu, PENDING_SIGNALLED), nr = 0;

    for (unsigned intid = 0; intid < WALK_INTIDS && best != PENDING_NONE; intid++)
        nr += pending_candidate(ours, cpu, intid, PENDING_SIGNALLED) == best;
    return nr;
}

bool pending_configures(struct ours *before, const struct op *op, const struct walk *walk)
{
    bool gicr = op->target < ORACLE_CPUS;
    unsigned base = gicr ? 0x10000 + ICFGR : ICFGR, first = (op->reg - base) * 4;
    unsigned cpu = gicr ? op->target : op->cpu;

    (void)walk;
    if (op->kind != OP_WRITE || op->target == TARGET_GICC || op->size != 4 || op->reg < base ||
        op->reg >= base + WALK_INTIDS / 4)
        return false;
    for (unsigned i = 0; i < 16; i++) {
        struct lvgic_irq_info info = ours_info(before, cpu, first + i);
        bool wire = before->line[first + i < 32 ? cpu : 0][(first + i) % 64];

        if (first + i >= 16 && info.edge != (op->value >> (2 * i + 1) & 1) &&
            (info.pending || wire))
            return true;
    }
    return false;
}
