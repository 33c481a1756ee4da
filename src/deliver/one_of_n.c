/* SPDX-License-Identifier: MIT */
#include "deliver/one_of_n.h"

#include "deliver/event.h"

bool one_of_n_routed(const struct lvgic_vm *vm, uint32_t slot)
{
    if (!vm->one_of_n || slot_is_private(vm, slot) || slot >= vm->nr_wired)
        return false;
    /* Relaxed: who changes the route chooses a target afterwards. */
    return atomic_load_explicit(vm_route(vm, slot), memory_order_relaxed) & ROUTE_ONE_OF_N;
}

static uint32_t dpg_bit(const struct lvgic_vm *vm, uint64_t w)
{
    if (w & IRQ_GRP1)
        return DPG_GROUP1;
    return (w & IRQ_MOD) && !(vm_gicd_ctlr(vm) & CTLR_DS) ? DPG_GROUP1S : DPG_GROUP0;
}

static bool participates(const struct lvgic_vcpu *vcpu, uint64_t w)
{
    uint32_t opted_out = atomic_load_explicit(&vcpu->dpg, memory_order_relaxed);

    /* Relaxed: ordered by the fences of choose and changed. */
    return !atomic_load_explicit(&vcpu->waker, memory_order_relaxed) &&
           !(opted_out & dpg_bit(vcpu->vm, w));
}

/* The target that it has, if that participates; else the next in the order of vCPUs. */
static uint32_t pick(const struct lvgic_vm *vm, uint64_t w)
{
    uint32_t start = irq_target(w) == IRQ_NOBODY ? 0 : irq_target(w);

    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        uint32_t candidate = (start + i) % vm->nr_vcpus;

        if (participates(&vm->vcpus[candidate], w))
            return candidate;
    }
    return IRQ_NOBODY;
}

void one_of_n_choose(struct lvgic_vm *vm, uint32_t slot, bool news, struct effects *effects)
{
    struct lvgic_vcpu *any = &vm->vcpus[0];
    struct irq *irq = vcpu_irq(any, slot);

    /* Each round after the first answers a change of participation that came in between, so the
     * number of rounds is bounded by those. */
    for (;;) {
        uint64_t w = irq_load(irq);
        uint32_t target = pick(vm, w);

        if (target != irq_target(w)) {
            deliver_event(any, slot, 0, IRQ_EV_TARGET, target, effects);
        } else if (news && target != IRQ_NOBODY) {
            deliver_hint(&vm->vcpus[target], slot);
            effects_kick(vm, effects, target);
        }
        /* Either this sees that the chosen one stopped participating, or one_of_n_changed(), which
         * has a fence too, sees that it was chosen. */
        atomic_thread_fence(memory_order_seq_cst);
        if (target == IRQ_NOBODY ? pick(vm, w) == IRQ_NOBODY : participates(&vm->vcpus[target], w))
            return;
    }
}

void one_of_n_changed(struct lvgic_vm *vm)
{
    struct effects effects;

    if (!vm->one_of_n)
        return;
    effects_init(&effects);
    /* The other half of one_of_n_choose()'s fence. */
    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t slot = vm->nr_private; slot < vm->nr_wired; slot++)
        if (one_of_n_routed(vm, slot))
            one_of_n_choose(vm, slot, false, &effects);
    effects_run(vm, &effects);
}
