/* SPDX-License-Identifier: MIT */
/*
 * Reading and changing what a list register may know better. The word is exact unless the interrupt
 * is in a list register of a vCPU that is in the guest: then that vCPU is held out until it has
 * folded. A request left in the word would not do for the active state: if the guest completed and
 * acknowledged again before the fold, it would hit the later activation.
 */
#ifndef LVGIC_MMIO_ACTIVE_H
#define LVGIC_MMIO_ACTIVE_H

#include "irq/vm.h"
#include "mmio/fields.h"

/* The words of these interrupts, each while it is in no list register. */
void active_read_words(const struct fields *fields, uint64_t *words);

/* Set or clear (by the fields' op) the active state of those whose value is 1. */
void active_write(const struct fields *fields, const uint64_t *values);

/* Clear the active state of one interrupt, wherever it is active (ICC_DIR_EL1). */
void active_clear(struct lvgic_vcpu *vcpu, uint32_t slot);

/* Apply to one interrupt an event that is refused while it is in a list register. */
void active_change(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_event event);

#endif
