/* SPDX-License-Identifier: MIT */
/*
 * The vCPU's own memory of the slots that may want delivery, by priority.
 *
 * Other threads leave hints in news_slots/news_groups. The vCPU moves them here, sorted by the
 * priority that the word has now, and finds the best in constant time. A bit stays while the
 * interrupt waits (no free register, its group is disabled), so that waiting never looks like news.
 * Everything here is private to the vCPU's thread: no atomics.
 */
#ifndef LVGIC_DELIVER_WAITING_H
#define LVGIC_DELIVER_WAITING_H

#include "irq/vm.h"

/* What to do about a slot that was visited. */
enum visit {
    VISIT_KEEP, /* it goes on waiting */
    VISIT_IDLE, /* the same, and such a visit need not look at it again until it was added anew */
    VISIT_DROP, /* it is taken care of */
    VISIT_STOP, /* it goes on waiting, and so does the rest */
};

typedef enum visit (*waiting_visit)(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w, void *arg);

/* Remember a slot whose word is `w`. */
void waiting_add(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w);

/* Is there a hint that has not been moved here? */
bool waiting_has_news(const struct lvgic_vcpu *vcpu);

/* Move all hints here. */
void waiting_take_news(struct lvgic_vcpu *vcpu);

/* Visit the slots that want this vCPU, best priority first, lower slots first within one; forgets
 * those that do not any more. Leaves out the rows in *idle, and puts those there of which all
 * visits were idle: so many that wait for something else do not cost each entry. */
void waiting_scan(struct lvgic_vcpu *vcpu, waiting_visit visit, void *arg, struct rows *idle);

/* Before a scan: if GICD_CTLR's or VMCR's group enables have changed, what was shut may be open. */
void waiting_under(struct lvgic_vcpu *vcpu, uint32_t gicd_ctlr);

/* Is this slot remembered here, or hinted at? For invariant checks. */
bool waiting_knows(const struct lvgic_vcpu *vcpu, uint32_t slot);

#endif
