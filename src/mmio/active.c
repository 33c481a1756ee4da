/* SPDX-License-Identifier: MIT */
#include "mmio/active.h"

#include "deliver/dir.h"
#include "deliver/event.h"
#include "deliver/gate.h"

void active_read_words(const struct fields *fields, uint64_t *words)
{
    struct lvgic_vcpu *vcpu = fields->vcpu;
    struct gate gate;

    /* One gate for all, so that no vCPU has to come out more than once. */
    gate_init(&gate);
    for (uint32_t i = 0; i < fields->nr; i++)
        if (fields->slots[i] != INTID_NONE)
            words[i] = gate_exact_word(vcpu->vm, vcpu_irq(vcpu, fields->slots[i]), &gate);
    gate_release(vcpu->vm, &gate);
}

/* Applies an event that is refused while INLR, until it was applied out of every list register.
 * Each round that fails holds one vCPU more, so there are at most as many rounds as vCPUs. */
static void change_exactly(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t require,
                           enum irq_event event, struct gate *gate, struct effects *effects)
{
    struct irq *irq = vcpu_irq(vcpu, slot);
    struct irq_change change;

    if (event == IRQ_EV_SET_ACTIVE)
        dir_announce_active(vcpu, slot, gate);
    do {
        uint64_t w = gate_exact_word(vcpu->vm, irq, gate);
        /* Made active, it is so on the vCPU that it is routed to, or, if to nobody, on any. */
        uint32_t on = irq_target(w) == IRQ_NOBODY ? vcpu->index : irq_target(w);

        change = deliver_event_if(vcpu, slot, require, event, on, effects);
    } while (change.done && (change.old & IRQ_INLR));
    if (change.done && event == IRQ_EV_CLEAR_ACTIVE && (change.old & IRQ_ACT) &&
        !(change.new &IRQ_EDGE) && (change.new &IRQ_NOTIFY))
        effects_act(effects, vcpu, slot, ACT_NOTIFY);
}

void active_write(const struct fields *fields, const uint64_t *values)
{
    enum irq_event event =
        fields->op == REG_OP_ACTIVE_SET ? IRQ_EV_SET_ACTIVE : IRQ_EV_CLEAR_ACTIVE;
    struct lvgic_vcpu *vcpu = fields->vcpu;
    struct effects effects;
    struct gate gate;

    gate_init(&gate);
    effects_init(&effects);
    for (uint32_t i = 0; i < fields->nr; i++)
        if (fields->slots[i] != INTID_NONE && values[i])
            change_exactly(vcpu, fields->slots[i], fields->require[i], event, &gate, &effects);
    gate_release(vcpu->vm, &gate);
    effects_run(vcpu->vm, &effects);
}

void active_change(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_event event)
{
    struct effects effects;
    struct gate gate;

    gate_init(&gate);
    effects_init(&effects);
    change_exactly(vcpu, slot, 0, event, &gate, &effects);
    gate_release(vcpu->vm, &gate);
    effects_run(vcpu->vm, &effects);
}

void active_clear(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    active_change(vcpu, slot, IRQ_EV_CLEAR_ACTIVE);
}
