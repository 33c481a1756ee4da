/* SPDX-License-Identifier: MIT */
/* Entering and leaving the guest: the vCPU thread's side of delivery. */
#ifndef LVGIC_DELIVER_RUN_H
#define LVGIC_DELIVER_RUN_H

#include "deliver/effects.h"
#include "irq/vm.h"

/* Publish "in guest" and fill the list registers. Waits while the gate is closed. */
void deliver_enter(struct lvgic_vcpu *vcpu);

/* Fold what came back in vcpu->lrs, replay counted deactivations, and be out of the guest. */
void deliver_exit(struct lvgic_vcpu *vcpu);

/* Fill the list registers (list.c). Nothing is in a list register before. */
void deliver_fill(struct lvgic_vcpu *vcpu);

/* Fold all list registers in use (fold.c): afterwards the vCPU holds no interrupt. */
void deliver_fold(struct lvgic_vcpu *vcpu, struct effects *effects);

/* Deactivate the interrupt behind a slot on behalf of vCPU `vcpu`, on which it is active outside a
 * list register in this life (irq_life()), and tell those concerned. False if it is not (any more).
 */
bool deliver_deactivate(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t life,
                        struct effects *effects);

/* Would an interrupt be signalled now (the WFI wake-up condition)? Only while out of the guest. */
bool deliver_has_interrupt(struct lvgic_vcpu *vcpu);

/* vCPU thread, out of the guest: what is private to the vCPU is its own until deliver_work_end().
 * Waits while the gate is closed. In between it must wait for nobody. Begin returns whether the
 * vCPU is asleep, and with that it is so again after the end, which wakes it if it has to be. */
bool deliver_work_begin(struct lvgic_vcpu *vcpu);
void deliver_work_end(struct lvgic_vcpu *vcpu, bool asleep);

/* vCPU thread: does the guest complete in two steps (EOImode 1)? */
bool deliver_eoimode(struct lvgic_vcpu *vcpu);

/* Publish "asleep". False if there is something to wake up for already. */
bool deliver_block(struct lvgic_vcpu *vcpu);

/* Where the vCPU is. Acquire: who sees it out of the guest sees what its folds did. */
static inline uint32_t vcpu_mode(const struct lvgic_vcpu *vcpu)
{
    return atomic_load_explicit(&vcpu->mode, memory_order_acquire);
}

/* Must those who need its private state, or an interrupt that it has, wait for it? */
static inline bool vcpu_holds(const struct lvgic_vcpu *vcpu)
{
    uint32_t mode = vcpu_mode(vcpu);

    return mode == VCPU_IN || mode == VCPU_FOLDING || mode == VCPU_WORKING;
}

/* A vCPU that was told of a change and has not come out of the guest since may still take an
 * interrupt that is disabled by now. */
static inline bool vcpu_change_outstanding(const struct lvgic_vcpu *vcpu)
{
    /* Relaxed: that the notice was taken is all that is asked. The run since then knows of the
     * change, and what the one before did is ordered by the words that it folded. */
    return atomic_load_explicit(&vcpu->attention, memory_order_relaxed) && vcpu_holds(vcpu);
}

#endif
