/* SPDX-License-Identifier: MIT */
/*
 * The gate: holding vCPUs out of the guest while something is read or changed exactly.
 *
 * It blocks for one guest exit and never fails. A vCPU that handles a trap is out of the guest
 * already, so two vCPUs that do this to each other do not wait for each other.
 */
#ifndef LVGIC_DELIVER_GATE_H
#define LVGIC_DELIVER_GATE_H

#include "deliver/effects.h"
#include "irq/vm.h"

/* The vCPUs that one thread holds. */
struct gate {
    uint64_t held[MAX_VCPUS / 64];
};

static inline bool gate_closed(const struct lvgic_vcpu *vcpu)
{
    /* Ordered after the publication of the mode by that fence. Acquire: a gate that was raised and
     * lowered since gate_wait_open() is open again here, and what was done behind it is seen. */
    return atomic_load_explicit(&vcpu->gate, memory_order_acquire) != 0;
}

/* vCPU thread, out of the guest: wait until nobody holds it. */
void gate_wait_open(struct lvgic_vcpu *vcpu);

/* Hold a vCPU, without waiting for it; and let it go. */
void gate_raise(struct lvgic_vcpu *vcpu);
void gate_lower(struct lvgic_vcpu *vcpu);

/* Wait until a vCPU that is held is out of the guest. */
void gate_wait_out(struct lvgic_vcpu *vcpu);

void gate_init(struct gate *gate);
void gate_release(struct lvgic_vm *vm, struct gate *gate);

/* Keep vCPU `index` out of the guest until gate_release(); waits until it is out. */
void gate_hold(struct lvgic_vm *vm, struct gate *gate, uint32_t index);

/* The word of an interrupt while it is in no list register, its holder kept out if it was in one.
 * May wait: effects that were collected have been carried out before, somebody may wait for them.
 * Every other vCPU may still take it into one: who wants to change it as well looks again. */
uint64_t gate_exact_word(struct lvgic_vm *vm, struct irq *irq, struct gate *gate);

/* The private lock of a VM, the only one there is: whoever has it, and holds a vCPU, may work on
 * what is private to that vCPU's thread. It is taken after the waiting is done and held for a few
 * loads and stores, in which nobody is waited for or called. While another has it, relax is called
 * with vCPU `on`. */
void gate_lock_private(struct lvgic_vm *vm, struct lvgic_vcpu *on);
void gate_unlock_private(struct lvgic_vm *vm);

#endif
