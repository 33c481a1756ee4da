/* SPDX-License-Identifier: MIT */
/*
 * One vCPU, or all of them, out of the guest, and the private lock taken: what is private to their
 * threads may be read and changed. Between begin and end nobody is waited for or called.
 */
#ifndef LVGIC_STATE_HOLD_H
#define LVGIC_STATE_HOLD_H

#include "deliver/gate.h"
#include "irq/vm.h"

static inline void hold_begin(struct lvgic_vcpu *vcpu)
{
    gate_raise(vcpu);
    gate_wait_out(vcpu);
    gate_lock_private(vcpu->vm, vcpu);
}

static inline void hold_end(struct lvgic_vcpu *vcpu)
{
    gate_unlock_private(vcpu->vm);
    gate_lower(vcpu);
}

static inline void hold_all_begin(struct lvgic_vm *vm)
{
    /* All before the first is waited for: they leave the guest at the same time. */
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_raise(&vm->vcpus[i]);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_wait_out(&vm->vcpus[i]);
    gate_lock_private(vm, &vm->vcpus[0]);
}

static inline void hold_all_end(struct lvgic_vm *vm)
{
    gate_unlock_private(vm);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_lower(&vm->vcpus[i]);
}

#endif
