/* SPDX-License-Identifier: MIT */
#include "mmio/vmm.h"

#include "deliver/dir.h"
#include "deliver/event.h"
#include "deliver/gate.h"
#include "mmio/dist2.h"

bool vmm_pending(const struct fields *fields, uint64_t w)
{
    if (fields->vcpu->vm->gicv2)
        return irq_pending(w);
    return fields->op == REG_OP_PENDING_SET && irq_latched(w);
}

/* Like the guest's exact writes (active.c), but of a part of the state and without effects on
 * devices. The rounds are bounded in the same way: each that fails holds one vCPU more. */
static void put_exactly(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part, bool value,
                        struct gate *gate, struct effects *effects)
{
    struct irq *irq = vcpu_irq(vcpu, slot);
    struct irq_change change;

    if (part == IRQ_PART_EDGE) { /* in the word, wherever the rest is */
        deliver_put(vcpu, slot, part, value, 0, effects);
        return;
    }
    if (part == IRQ_PART_ACTIVE && value)
        dir_announce_active(vcpu, slot, gate);
    do {
        uint64_t w = gate_exact_word(vcpu->vm, irq, gate);
        uint32_t on = irq_target(w) == IRQ_NOBODY ? vcpu->index : irq_target(w);

        change = deliver_put(vcpu, slot, part, value, on, effects);
    } while (change.done && (change.old & IRQ_INLR));
}

void vmm_put(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part, bool value)
{
    struct effects effects;
    struct gate gate;

    gate_init(&gate);
    effects_init(&effects);
    put_exactly(vcpu, slot, part, value, &gate, &effects);
    gate_release(vcpu->vm, &gate);
    effects_run(vcpu->vm, &effects);
}

/* Writes one part of those whose field is 1 (`both`: and of those whose field is 0). */
static void put_fields(const struct fields *fields, const uint64_t *values, enum irq_part part,
                       bool value, bool both)
{
    struct lvgic_vcpu *vcpu = fields->vcpu;
    struct effects effects;
    struct gate gate;

    gate_init(&gate);
    effects_init(&effects);
    for (uint32_t i = 0; i < fields->nr; i++) {
        uint32_t slot = fields->slots[i];

        if (slot != INTID_NONE && (values[i] || both) && !dist2_ignores(vcpu, slot, fields->op))
            put_exactly(vcpu, slot, part, both ? !!values[i] : value, &gate, &effects);
    }
    gate_release(vcpu->vm, &gate);
    effects_run(vcpu->vm, &effects);
}

static void put_configs(const struct fields *fields, const uint64_t *values)
{
    for (uint32_t i = 0; i < fields->nr; i++)
        if (fields->slots[i] != INTID_NONE && !slot_is_sgi(fields->slots[i]))
            vmm_put(fields->vcpu, fields->slots[i], IRQ_PART_EDGE, values[i] & 2);
}

bool vmm_writes_fields(const struct fields *fields, const uint64_t *values)
{
    bool gicv2 = fields->vcpu->vm->gicv2;

    switch (fields->op) {
    case REG_OP_PENDING_SET:
        put_fields(fields, values, IRQ_PART_LATCH, true, !gicv2);
        return true;
    case REG_OP_PENDING_CLEAR:
        if (gicv2)
            put_fields(fields, values, IRQ_PART_LATCH, false, false);
        return true;
    case REG_OP_ACTIVE_SET:
    case REG_OP_ACTIVE_CLEAR:
        put_fields(fields, values, IRQ_PART_ACTIVE, fields->op == REG_OP_ACTIVE_SET, false);
        return true;
    case REG_OP_CONFIG:
        put_configs(fields, values);
        return true;
    default:
        return false;
    }
}

void vmm_follow_route(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    struct lvgic_vm *vm = vcpu->vm;
    struct irq *irq = vcpu_irq(vcpu, slot);
    struct effects effects;
    struct gate gate;
    uint64_t w;

    gate_init(&gate);
    effects_init(&effects);
    w = gate_exact_word(vm, irq, &gate);
    if ((w & IRQ_ACT) && irq_target(w) != IRQ_NOBODY) {
        dir_announce_home(vm, irq_target(w));
        deliver_move(vcpu, slot, irq_target(w), &effects);
    }
    gate_release(vm, &gate);
    effects_run(vm, &effects);
}

/* Every interrupt has the group that revision 1 gives it. */
static void fix_groups(struct lvgic_vm *vm)
{
    enum irq_event event = vm->gicv2 ? IRQ_EV_GROUP0 : IRQ_EV_GROUP1;

    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        for (uint32_t slot = 0; slot < vm->nr_private; slot++)
            deliver_event_now(&vm->vcpus[v], slot, event, 0);
    for (uint32_t slot = vm->nr_private; slot < vm->nr_wired; slot++)
        deliver_event_now(&vm->vcpus[0], slot, event, 0);
}

void vmm_set_iidr(struct lvgic_vm *vm, uint32_t iidr)
{
    /* Relaxed: who writes a group at the same time cannot know which comes first. */
    atomic_store_explicit(&vm->iidr, iidr, memory_order_relaxed);
    if (vm_groups_fixed(vm))
        fix_groups(vm);
}

void vmm_acks_missing(struct lvgic_vcpu *vcpu)
{
    /* Relaxed: what was acknowledged can be written before the vCPU runs only; later, the next
     * entry is soon enough. */
    atomic_store_explicit(&vcpu->acks_missing, 1, memory_order_relaxed);
}

void vmm_acks_missing_all(struct lvgic_vm *vm)
{
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        vmm_acks_missing(&vm->vcpus[v]);
}
