/* SPDX-License-Identifier: MIT */
/*
 * Loader of struct lvgic_lrs for hosts that run at EL2 (or in Hyp mode) on a GICv2 with the
 * virtualization extensions: the virtual interface control registers (GICH_*, IHI 0048B 5.3).
 * `gich` is where the frame is mapped, as device memory; the host is little-endian. The frame is
 * banked: call with interrupts masked, on the physical CPU that runs the vCPU.
 *
 * The guest's GICC page 0 is then the physical GICV's, in its stage 2. Its GICC_DIR, in page 1, has
 * to trap and go to lvgic_gicc_access(): there is no trap bit for it.
 */
#ifndef LVGIC_GICH_H
#define LVGIC_GICH_H

#include <lvgic/lrs.h>

#pragma GCC visibility push(default)

/* How many list registers each CPU has, as far as the library can use them, and how many priority
 * bits (GICH_VTR): 5, as the architecture has it. */
struct lvgic_gich_caps {
    uint8_t nr_lrs;
    uint8_t pri_bits;
};
struct lvgic_gich_caps lvgic_gich_caps(volatile void *gich);

/* Take over this physical CPU's interface for the vCPU of `lrs`, or give it up; see
 * lvgic_ich_attach() in ich.h. */
void lvgic_gich_attach(volatile void *gich, struct lvgic_lrs *lrs);
void lvgic_gich_detach(volatile void *gich, struct lvgic_lrs *lrs);

/* After lvgic_vcpu_enter(): writes the registers whose value changes, and no others. */
void lvgic_gich_load(volatile void *gich, struct lvgic_lrs *lrs);

/* Before lvgic_vcpu_exit(): reads the registers in use that are not empty, VMCR, the active
 * priorities, and EOICount when something waits for it. A maintenance interrupt stays asserted
 * until the next load or detach: keep it masked until then. */
void lvgic_gich_save(volatile void *gich, struct lvgic_lrs *lrs);

#pragma GCC visibility pop

#endif
