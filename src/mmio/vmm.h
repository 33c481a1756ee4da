/* SPDX-License-Identifier: MIT */
/*
 * Where a VMM's accesses to the frames, by device attribute, differ from the guest's (enum reg_vmm,
 * arch/registers.h): what they write is state, and no event that a device or a physical interrupt
 * would notice.
 */
#ifndef LVGIC_MMIO_VMM_H
#define LVGIC_MMIO_VMM_H

#include "mmio/fields.h"

/* The value of a bit of ISPENDR or ICPENDR, of a word that is in no list register. */
bool vmm_pending(const struct fields *fields, uint64_t w);

/* Write these fields; false if a VMM writes them as the guest does. */
bool vmm_writes_fields(const struct fields *fields, const uint64_t *values);

/* Write a part of one interrupt's state as it is; waits for one guest exit at most. */
void vmm_put(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part, bool value);

/* The route of an SPI was written: if it is active, it is so where it is routed to now. */
void vmm_follow_route(struct lvgic_vcpu *vcpu, uint32_t slot);

/* GICD_IIDR becomes this: all interrupts get the group that revision 1 gives them. */
void vmm_set_iidr(struct lvgic_vm *vm, uint32_t iidr);

/* What the guest acknowledged may have changed on this vCPU, or on all: see overflow_complete(). */
void vmm_acks_missing(struct lvgic_vcpu *vcpu);
void vmm_acks_missing_all(struct lvgic_vm *vm);

#endif
