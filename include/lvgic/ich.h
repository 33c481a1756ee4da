/* SPDX-License-Identifier: MIT */
/*
 * Loader of struct lvgic_lrs for hosts that run at EL2 with the GICv3 virtualization system
 * registers (ICH_*_EL2, IHI 0069H 12.4). AArch64 only. Call with interrupts masked, on the physical
 * CPU that runs the vCPU.
 */
#ifndef LVGIC_ICH_H
#define LVGIC_ICH_H

#include <lvgic/lrs.h>

#pragma GCC visibility push(default)

/* How many list registers this CPU has, how many priority bits the library can use (as many as are
 * implemented both for priorities and for preemption, at most 7), and whether ICC_DIR_EL1 can be
 * trapped on its own (ICH_VTR_EL2). */
struct lvgic_ich_caps {
    uint8_t nr_lrs;
    uint8_t pri_bits;
    _Bool dir_trap;
};
struct lvgic_ich_caps lvgic_ich_caps(void);

/* Take over this physical CPU's interface for the vCPU of `lrs`, or give it up. Attach when a vCPU
 * is first run on a physical CPU, and again after detach; detach when another vCPU is to run there,
 * and before lvgic_vcpu_block(), because a maintenance interrupt that nobody is going to answer
 * would keep the CPU awake. Outside of lvgic_vcpu_enter() and lvgic_vcpu_exit(). Neither reads or
 * changes the guest's registers in `lrs`: those belong to whoever holds the vCPU then. */
void lvgic_ich_attach(struct lvgic_lrs *lrs);
void lvgic_ich_detach(struct lvgic_lrs *lrs);

/* After lvgic_vcpu_enter(): writes the registers whose value changes, and no others. */
void lvgic_ich_load(struct lvgic_lrs *lrs);

/* Before lvgic_vcpu_exit(): reads the registers in use that are not empty, VMCR, the active
 * priorities, and EOIcount when something waits for it. A maintenance interrupt stays asserted
 * until the next load or detach: keep it masked until then. */
void lvgic_ich_save(struct lvgic_lrs *lrs);

#pragma GCC visibility pop

#endif
