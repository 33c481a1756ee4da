/* SPDX-License-Identifier: MIT */
/*
 * What every trapped access to a CPU interface begins and ends with, by system register or in
 * memory. Between enter and exit the list registers are there to be worked on. At other times
 * everything is folded, and the access has its turn with them filled, or with the gate's leave.
 */
#ifndef LVGIC_MMIO_TURN_H
#define LVGIC_MMIO_TURN_H

#include "cpuif/icv.h"
#include "irq/vm.h"

struct cpuif_turn {
    bool inside;   /* between enter and exit */
    bool borrowed; /* entered for this access */
    bool own;      /* at work on private state, which the gate guards */
    bool asleep;   /* and it was blocked before */
};

/* `needs_lrs`: the access works on list registers; `own`: on other state of this vCPU's own. */
struct cpuif_turn cpuif_begin(struct lvgic_vcpu *vcpu, bool needs_lrs, bool own);

/* Inside, what the hardware would do by itself while the guest runs is done at once: a maintenance
 * interrupt when a condition holds, and a kick need not be waited for either. */
void cpuif_end(struct lvgic_vcpu *vcpu, struct cpuif_turn turn, struct icv_effect effect);

#endif
