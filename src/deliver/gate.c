/* SPDX-License-Identifier: MIT */
#include "deliver/gate.h"

#include "deliver/run.h"

static void relax(struct lvgic_vcpu *vcpu)
{
    struct lvgic_vm *vm = vcpu->vm;

    if (vm->host->relax)
        vm->host->relax(vm->host_ctx, LVGIC_VCPU(vcpu->index));
}

void gate_wait_open(struct lvgic_vcpu *vcpu)
{
    /* Relaxed: gate_closed() looks again, after the publication, and acquires. */
    while (atomic_load_explicit(&vcpu->gate, memory_order_relaxed))
        relax(vcpu);
}

void gate_raise(struct lvgic_vcpu *vcpu)
{
    struct effects effects;

    /* Relaxed is enough: the kick's fence orders it before the look at the mode, and the vCPU's
     * fence orders its publication before its look at the gate. One of the two sees the other. */
    atomic_fetch_add_explicit(&vcpu->gate, 1, memory_order_relaxed);
    effects_init(&effects);
    effects_kick(vcpu->vm, &effects, vcpu->index);
    effects_run(vcpu->vm, &effects);
}

void gate_lower(struct lvgic_vcpu *vcpu)
{
    uint32_t holders = atomic_load_explicit(&vcpu->gate, memory_order_relaxed);

    /* One lvgic_resume() too many changes nothing. Release: see gate_closed(). */
    while (holders &&
           !atomic_compare_exchange_weak_explicit(&vcpu->gate, &holders, holders - 1,
                                                  memory_order_release, memory_order_relaxed))
        ;
}

void gate_wait_out(struct lvgic_vcpu *vcpu)
{
    while (vcpu_holds(vcpu))
        relax(vcpu);
}

void gate_init(struct gate *gate)
{
    *gate = (struct gate){.held = {0}};
}

void gate_release(struct lvgic_vm *vm, struct gate *gate)
{
    unsigned bit;

    for (uint32_t i = 0; i < ARRAY_LEN(gate->held); i++)
        while (bits_take_first(&gate->held[i], &bit))
            gate_lower(&vm->vcpus[i * 64 + bit]);
}

void gate_hold(struct lvgic_vm *vm, struct gate *gate, uint32_t index)
{
    if (!(gate->held[index / 64] & BIT64(index % 64))) {
        gate->held[index / 64] |= BIT64(index % 64);
        gate_raise(&vm->vcpus[index]);
    }
    gate_wait_out(&vm->vcpus[index]);
}

uint64_t gate_exact_word(struct lvgic_vm *vm, struct irq *irq, struct gate *gate)
{
    for (;;) {
        /* Acquire: the caller acts upon what it reads without a compare-and-swap. */
        uint64_t w = atomic_load_explicit(&irq->word, memory_order_acquire);

        if (!(w & IRQ_INLR))
            return w;

        gate_hold(vm, gate, irq_holder(w));
    }
}

void gate_lock_private(struct lvgic_vm *vm, struct lvgic_vcpu *on)
{
    /* Acquire: what the one before did is seen. */
    while (atomic_exchange_explicit(&vm->private_lock, 1, memory_order_acquire))
        relax(on);
}

void gate_unlock_private(struct lvgic_vm *vm)
{
    /* Release: see gate_lock_private(). */
    atomic_store_explicit(&vm->private_lock, 0, memory_order_release);
}
