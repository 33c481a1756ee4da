/* SPDX-License-Identifier: MIT */
/*
 * The overflow stack: interrupts that the guest acknowledged and that are active outside the list
 * registers, in the order of acknowledgement.
 *
 * The hardware counts (EOIcount) each completion of an interrupt that is in no list register, and
 * does not say which. Completions under EOImode 0 come last-acknowledged-first, so the count takes
 * entries off the top. It counts acknowledgements, not survivors: an entry whose interrupt was
 * deactivated by other means in the meantime still uses up one count. Private to the vCPU's thread.
 */
#ifndef LVGIC_DELIVER_OVERFLOW_H
#define LVGIC_DELIVER_OVERFLOW_H

#include "deliver/effects.h"
#include "irq/vm.h"

/* The interrupt of *listing goes into a list register: its entry, if it has one, moves there. */
void overflow_take(struct lvgic_vcpu *vcpu, struct listing *listing);

/* It comes out of a list register, active: back to its place in the order. */
void overflow_put(struct lvgic_vcpu *vcpu, const struct listing *listing);

/* The interrupt of *listing was acknowledged in the last run and seems to hold its priority level
 * still. Only one can: while it does, none of the same level is acknowledged. So if another one has
 * an entry for that level, one of them has been dropped (EOImode 1) and is to be forgotten. It is
 * the other one, whose entry goes, if that was acknowledged in an earlier run. Those of one run
 * (ack_seq from `run` on) were all pending when it began, and are looked at from the lowest
 * priority on, which came last: then it is this one, and false is returned. */
bool overflow_claim(struct lvgic_vcpu *vcpu, const struct listing *listing, uint64_t run);

/* The entry of this slot and life (irq_life()), or NULL. */
const struct overflow_entry *overflow_find(const struct lvgic_vcpu *vcpu, uint32_t slot,
                                           uint8_t life);

/* Forget entries whose priority has been dropped without a count (EOImode 1, or the guest wrote its
 * active priorities): no completion will come for them. */
void overflow_prune(struct lvgic_vcpu *vcpu);

/* A VMM has written active state, priorities or active priorities, which say what the guest
 * acknowledged but not in which order: enter what is active here and has a level active that no
 * entry stands for, in the order of the levels. */
void overflow_complete(struct lvgic_vcpu *vcpu);

static inline void overflow_settle(struct lvgic_vcpu *vcpu)
{
    /* Relaxed: what was acknowledged can be written before the vCPU runs only. */
    if (atomic_load_explicit(&vcpu->acks_missing, memory_order_relaxed))
        overflow_complete(vcpu);
}

/* The hardware counted `count` completions. */
void overflow_replay(struct lvgic_vcpu *vcpu, uint32_t count, struct effects *effects);

#endif
