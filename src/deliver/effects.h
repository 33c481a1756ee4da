/* SPDX-License-Identifier: MIT */
/*
 * What has to be done outside once state has changed: kicks, notifications, physical deactivations.
 *
 * They are collected while words change and carried out afterwards, with nothing held and nothing
 * half-done, so that every callback may call the library again. They are carried out before anybody
 * waits: a vCPU that is waited for may be one that is still to be kicked.
 */
#ifndef LVGIC_DELIVER_EFFECTS_H
#define LVGIC_DELIVER_EFFECTS_H

#include "irq/vm.h"

/* A fold yields at most one act for each list register and each counted deactivation (a 5-bit
 * counter); a 32-bit register of one-bit fields two for each of its interrupts. */
#define MAX_ACTS 64
#define MAX_KICKS 48

enum {
    ACT_NOTIFY = 1,     /* host->deactivated */
    ACT_SAMPLE = 2,     /* look at the physical line; if low, take the forwarded interrupt back */
    ACT_DEACTIVATE = 4, /* host->phys_deactivate */
};

struct effects {
    uint32_t nr_kicks;
    uint32_t nr_acts;
    uint16_t kicks[MAX_KICKS]; /* vCPU indices */
    struct {
        uint32_t slot;
        uint16_t vcpu;
        uint16_t what;
    } acts[MAX_ACTS];
};

static inline void effects_init(struct effects *effects)
{
    /* The arrays are not cleared: an injection must not pay for them. */
    effects->nr_kicks = 0;
    effects->nr_acts = 0;
}

/* Vcpu has something new to look at. Once per burst is enough. May carry out what is collected when
 * there is no more room; the caller holds nothing. */
void effects_kick(struct lvgic_vm *vm, struct effects *effects, uint32_t vcpu);

/* Callers make at most MAX_ACTS of these before effects_run(). */
void effects_act(struct effects *effects, const struct lvgic_vcpu *vcpu, uint32_t slot,
                 uint32_t what);

/* Carry everything out. Afterwards the collection is empty. */
void effects_run(struct lvgic_vm *vm, struct effects *effects);

#endif
