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

/* The same for generation 0, and only to an interrupt that has the flags in `require`: decided in
 * the same step, so that who may not change an interrupt cannot do it while it changes hands. */
struct irq_change deliver_event_if(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t require,
                                   enum irq_event event, uint32_t arg, struct effects *effects);

/* The same for generation 0 with its own effects, carried out at once. */
struct irq_change deliver_event_now(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_event event,
                                    uint32_t arg);

/* Tell vCPU `target` of a VM that this slot may want delivery there. Idempotent and never believed.
 * Kicks nobody. */
void deliver_hint(struct lvgic_vcpu *target, uint32_t slot);

/* A VMM writes a part of an interrupt's state as it is; `on`: the vCPU on which it becomes active.
 * Not changed, but for its trigger, while it is in a list register: change.old says so. */
struct irq_change deliver_put(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part,
                              bool value, uint32_t on, struct effects *effects);

/* If it is active outside of the list registers, it is so on vCPU `to` from now on. */
struct irq_change deliver_move(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t to,
                               struct effects *effects);

/* An interrupt's word has become `w`, and somebody holds it still: tell whoever has to look at it.
 * `choose`: if it goes to one of several vCPUs, now is the time to choose. */
void deliver_look(struct lvgic_vm *vm, uint32_t slot, uint64_t w, bool choose,
                  struct effects *effects);

/* The vCPU looks again at what is outside its hints; kicks nobody. */
void deliver_attention(struct lvgic_vcpu *vcpu);

/* State outside the words (group enables) has changed: every vCPU looks again. The state must have
 * been stored before. */
void deliver_attention_all(struct lvgic_vm *vm);

/* Which SGIs a write generates: those of group 1, of group 0, or of Secure group 1 (ICC_SGI1R_EL1,
 * ICC_SGI0R_EL1, and ICC_ASGI1R_EL1 of Non-secure software). */
enum sgi_group { SGI_GROUP1, SGI_GROUP0, SGI_GROUP1S };

/* Generate SGI `intid` for one target, if the target has it in that group. */
void deliver_sgi(struct lvgic_vcpu *target, uint32_t intid, enum sgi_group group,
                 struct effects *effects);

#endif
