/* SPDX-License-Identifier: MIT */
/*
 * Reading and changing what a list register may know better. The word is exact unless the interrupt
 * is in a list register of a vCPU that is in the guest: then that vCPU is held out until it has
 * folded. A request left in the word would not do for the active state: if the guest completed and
 * acknowledged again before the fold, it would hit the later activation.
 */
#include "deliver/event.h"
#include "deliver/gate.h"
#include "mmio/mmio.h"

uint64_t mmio_exact_word(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    struct irq *irq = vcpu_irq(vcpu, slot);
    struct gate gate;
    uint64_t w = irq_load(irq);

    if (!(w & IRQ_INLR))
        return w;
    gate_init(&gate);
    w = gate_exact_word(vcpu->vm, irq, &gate);
    gate_release(vcpu->vm, &gate);
    return w;
}

/* Applies an event that is refused while INLR, until it was applied out of every list register.
 * Each round that fails holds one vCPU more, so there are at most as many rounds as vCPUs. */
static struct irq_change change_exactly(struct lvgic_vcpu *vcpu, uint32_t slot,
                                        enum irq_event event, uint32_t arg, struct effects *effects)
{
    struct irq *irq = vcpu_irq(vcpu, slot);
    struct irq_change change;
    struct gate gate;

    gate_init(&gate);
    do {
        gate_exact_word(vcpu->vm, irq, &gate);
        change = deliver_event(vcpu, slot, 0, event, arg, effects);
    } while (change.done && (change.old & IRQ_INLR));
    gate_release(vcpu->vm, &gate);
    return change;
}

void mmio_set_active(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    struct effects effects;
    uint32_t target = irq_target(irq_load(vcpu_irq(vcpu, slot)));

    effects_init(&effects);
    /* It is active on the vCPU that it is routed to, or, if routed to nobody, on any. */
    change_exactly(vcpu, slot, IRQ_EV_SET_ACTIVE, target == IRQ_NOBODY ? vcpu->index : target,
                   &effects);
    effects_run(vcpu->vm, &effects);
}

void mmio_clear_active(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    struct effects effects;

    effects_init(&effects);
    struct irq_change change = change_exactly(vcpu, slot, IRQ_EV_CLEAR_ACTIVE, 0, &effects);

    if (change.done && (change.old & IRQ_ACT) && !(change.new &IRQ_EDGE) &&
        (change.new &IRQ_NOTIFY))
        effects_act(&effects, vcpu, slot, ACT_NOTIFY);
    effects_run(vcpu->vm, &effects);
}
