/* SPDX-License-Identifier: MIT */
/* What any thread does to an interrupt, and how the vCPU concerned hears of it. */
#ifndef LVGIC_DELIVER_EVENT_H
#define LVGIC_DELIVER_EVENT_H

#include "deliver/effects.h"
#include "irq/vm.h"

/* Apply an event to the interrupt behind a slot of `vcpu`, and tell whoever has to act on it. Not
 * done if the slot is not mapped in generation `gen` (always 0 but for LPIs). Any thread, any
 * context. */
struct irq_change deliver_event(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t gen,
                                enum irq_event event, uint32_t arg, struct effects *effects);

/* The same for generation 0 with its own effects, carried out at once. */
struct irq_change deliver_event_now(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_event event,
                                    uint32_t arg);

/* Tell vCPU `target` of a VM that this slot may want delivery there. Idempotent and never believed.
 * Kicks nobody. */
void deliver_hint(struct lvgic_vcpu *target, uint32_t slot);

/* The vCPU looks again at what is outside its hints; kicks nobody. */
void deliver_attention(struct lvgic_vcpu *vcpu);

/* State outside the words (group enables) has changed: every vCPU looks again. The state must have
 * been stored before. */
void deliver_attention_all(struct lvgic_vm *vm);

/* Generate SGI `intid` for one target, if the target has it in group 1 (or 0). */
void deliver_sgi(struct lvgic_vcpu *target, uint32_t intid, bool group1, struct effects *effects);

#endif
