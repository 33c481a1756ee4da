/* SPDX-License-Identifier: MIT */
/* Folding: what the list registers say becomes the interrupts' state again. */
#include "arch/lr.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/event.h"
#include "deliver/overflow.h"
#include "deliver/run.h"
#include "deliver/waiting.h"

struct fold_step {
    const struct irq_listing *how;
    bool pending;
    bool active;
    struct irq_folded found;
};

static bool fold_step(uint64_t old, void *arg, uint64_t *new)
{
    struct fold_step *step = arg;

    *new = irq_fold(old, step->how, step->pending, step->active, &step->found);
    return true;
}

/* Somebody has to look at the interrupt next: this vCPU, or the one it was retargeted to while it
 * was in the register. */
static void hand_on(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w, struct effects *effects)
{
    uint32_t eff = irq_effective(w);

    if (irq_unheld(w)) {
        vm_release_slot(vcpu->vm, slot);
    } else if (irq_wanted(w) && eff == vcpu->index) {
        waiting_add(vcpu, slot, w);
    } else if (irq_wanted(w) && eff != IRQ_NOBODY) {
        deliver_hint(&vcpu->vm->vcpus[eff], slot);
        effects_kick(vcpu->vm, effects, eff);
    }
}

static uint32_t acts_of(uint64_t w, const struct irq_folded *found)
{
    uint32_t what = 0;

    if (found->deactivated && !(w & IRQ_EDGE) && (w & IRQ_NOTIFY))
        what |= ACT_NOTIFY;
    if (found->sample)
        what |= ACT_SAMPLE;
    if (found->phys_deactivate)
        what |= ACT_DEACTIVATE;
    return what;
}

/* Returns whether the guest acknowledged it in this run and has it active still. */
static bool fold_one(struct lvgic_vcpu *vcpu, unsigned reg, struct effects *effects)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;
    const struct listing *listing = &vcpu->listed[reg];
    bool empty = lrs->elrsr & 1u << reg;
    struct fold_step step = {
        .how = &listing->how,
        .pending = !empty && (lrs->lr[reg] & LR_PENDING),
        .active = !empty && (lrs->lr[reg] & LR_ACTIVE),
    };
    /* The slot is the one that was put there: nothing else that the register says is believed. */
    struct irq_change change = irq_change(vcpu_irq(vcpu, listing->slot), fold_step, &step);

    vm_trace_holder(vcpu->vm, listing->slot, change.new, IRQ_INLR);
    hand_on(vcpu, listing->slot, change.new, effects);
    effects_act(effects, vcpu, listing->slot, acts_of(change.new, &step.found));
    if ((change.new &IRQ_ACT) && !step.found.acknowledged && listing->remembered)
        overflow_put(vcpu, listing);
    return step.found.acknowledged;
}

/* Does an interrupt that is handled now have to have been acknowledged before the other? */
static bool came_before(const struct lvgic_lrs *lrs, uint64_t lr, uint64_t other)
{
    if (icv_is_nmi(lrs, lr) != icv_is_nmi(lrs, other))
        return icv_is_nmi(lrs, other);
    return lr_priority(lr) > lr_priority(other);
}

/* The interrupts acknowledged in this run, in the order of acknowledgement: each preempted those of
 * lower priority (higher value), so the best priority comes last. With EOImode 1 the guest may have
 * dropped the priority of some already: no count will come for those. */
static void remember_acknowledged(struct lvgic_vcpu *vcpu, uint32_t regs)
{
    const uint64_t *lrs = vcpu->lrs.lr;
    uint64_t run = vcpu->next_ack_seq;

    while (regs) {
        unsigned first = bits_first(regs), reg;
        uint64_t rest = regs;

        while (bits_take_first(&rest, &reg))
            if (came_before(&vcpu->lrs, lrs[reg], lrs[first]))
                first = reg;
        regs &= ~(1u << first);

        struct listing *listing = &vcpu->listed[first];

        listing->ack_priority = lr_priority(lrs[first]);
        listing->ack_group1 = lrs[first] & LR_GROUP1;

        int level = icv_level_of(&vcpu->lrs, lrs[first]);

        if (level < 0)
            continue;
        listing->ack_level = (uint8_t)level;
        if (!overflow_claim(vcpu, listing, run))
            continue;
        listing->ack_seq = vcpu->next_ack_seq++;
        overflow_put(vcpu, listing);
    }
}

void deliver_fold(struct lvgic_vcpu *vcpu, struct effects *effects)
{
    uint64_t used = vcpu->lrs.used;
    uint32_t acknowledged = 0;
    unsigned reg;

    vcpu->stats.folded += bits_count(used);
    while (bits_take_first(&used, &reg))
        if (fold_one(vcpu, reg, effects))
            acknowledged |= 1u << reg;
    remember_acknowledged(vcpu, acknowledged);
    overflow_prune(vcpu);
    vcpu->lrs.used = 0;
}

struct deactivate_step {
    uint32_t me;
    uint32_t life;
};

static bool deactivate_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct deactivate_step *step = arg;

    /* Re-checked in the compare-and-swap: the position was remembered across a guest run, and
     * anything may have happened to the interrupt since. */
    if (!irq_replayable(old, step->life, step->me))
        return false;
    *new = irq_apply(old, IRQ_EV_CLEAR_ACTIVE, 0);
    return true;
}

bool deliver_deactivate(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t life,
                        struct effects *effects)
{
    struct deactivate_step step = {.me = vcpu->index, .life = life};
    struct irq_change change = irq_change(vcpu_irq(vcpu, slot), deactivate_step, &step);

    if (!change.done)
        return false;

    struct irq_folded found = {.deactivated = true,
                               .phys_deactivate = irq_frees_physical(change.old, change.new)};

    hand_on(vcpu, slot, change.new, effects);
    effects_act(effects, vcpu, slot, acts_of(change.new, &found));
    return true;
}
