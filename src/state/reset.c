/* SPDX-License-Identifier: MIT */
#include "state/reset.h"

#include "cpuif/icv.h"
#include "deliver/dir.h"
#include "deliver/event.h"
#include "deliver/lpi.h"
#include "deliver/one_of_n.h"
#include "state/hold.h"

static bool reset_step(uint64_t old, void *arg, uint64_t *new)
{
    uint64_t reset = *(const uint64_t *)arg;
    /* What the device drives stays. A forwarded physical interrupt is given back: if its line is
     * high still it will be forwarded again. */
    uint64_t wire = old & IRQ_HW ? 0 : old & IRQ_LINE;

    *new = reset | wire | (old & IRQ_OF_HOST);
    return true;
}

/* Those of which the physical interrupt is to be given back are marked. */
static void reset_privates(struct lvgic_vcpu *vcpu, uint64_t *freed)
{
    for (uint32_t slot = 0; slot < vcpu->vm->nr_private; slot++) {
        uint64_t reset = vm_reset_word(vcpu->vm, slot, vcpu->index);
        struct irq_change change = irq_change(vcpu_irq(vcpu, slot), reset_step, &reset);

        if (irq_frees_physical(change.old, change.new))
            freed[slot / 64] |= BIT64(slot % 64);
    }
}

/* When nothing is held any more. */
static void give_back(struct lvgic_vcpu *vcpu, const uint64_t *freed)
{
    struct effects effects;

    effects_init(&effects);
    for (uint32_t slot = 0; slot < vcpu->vm->nr_private; slot++) {
        if (freed[slot / 64] & BIT64(slot % 64))
            effects_act(&effects, vcpu, slot, ACT_DEACTIVATE);
        effects_run(vcpu->vm, &effects);
    }
}

static void reset_lpis(struct lvgic_vcpu *vcpu)
{
    if (!vcpu->vm->lpis.nr)
        return;
    deliver_lpi_take(vcpu->vm);
    deliver_lpi_off(vcpu);
    /* Relaxed: values for their own sake. */
    atomic_store_explicit(&vcpu->lpis.propbaser, 0, memory_order_relaxed);
    atomic_store_explicit(&vcpu->lpis.pendbaser, PENDBASER_PTZ, memory_order_relaxed);
    deliver_lpi_give(vcpu->vm);
}

void reset_vcpu(struct lvgic_vcpu *vcpu)
{
    uint64_t freed[(NR_PRIVATE + MAX_EPPIS + 63) / 64] = {0};
    struct effects effects;

    reset_lpis(vcpu);
    gate_raise(vcpu);
    gate_wait_out(vcpu);
    reset_privates(vcpu, freed);
    /* Relaxed: values for their own sake; one_of_n_changed() has the fence. */
    atomic_store_explicit(&vcpu->waker, 1, memory_order_relaxed);
    atomic_store_explicit(&vcpu->dpg, 0, memory_order_relaxed);
    atomic_store_explicit(&vcpu->nsacr, 0, memory_order_relaxed);
    atomic_store_explicit(&vcpu->statusr, 0, memory_order_relaxed);
    atomic_store_explicit(&vcpu->acks_missing, 0, memory_order_relaxed);

    gate_lock_private(vcpu->vm, vcpu);
    icv_reset(&vcpu->lrs);
    vcpu->overflow_depth = 0;
    dir_note_eoimode(vcpu);
    gate_unlock_private(vcpu->vm);

    gate_lower(vcpu);
    give_back(vcpu, freed);
    one_of_n_changed(vcpu->vm);
    effects_init(&effects);
    deliver_attention(vcpu);
    effects_kick(vcpu->vm, &effects, vcpu->index);
    effects_run(vcpu->vm, &effects);
}
