/* SPDX-License-Identifier: MIT */
/*
 * struct lvgic_lrs: one vCPU's list registers as a plain struct of architectural values.
 *
 * The delivery engine fills it in lvgic_vcpu_enter() and reads it back in lvgic_vcpu_exit().
 * Between the two belongs a loader: <lvgic/ich.h> for the ICH_* system registers, <lvgic/gich.h>
 * for GICv2's GICH_* frame, the software CPU interface (lvgic_vcpu_sysreg(), lvgic_gicc_access())
 * for hosts that trap the guest's ICC_* or GICC_* accesses, or a host's own (a shared page, a
 * microkernel's vCPU state). Field encodings are those of ICH_LR<n>_EL2,
 * ICH_HCR_EL2, ICH_VMCR_EL2, ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2 and ICH_ELRSR_EL2 (IHI 0069H, 12.4).
 */
#ifndef LVGIC_LRS_H
#define LVGIC_LRS_H

#include <stdint.h>

#define LVGIC_MAX_LRS 16

struct lvgic_lrs {
    uint64_t lr[LVGIC_MAX_LRS]; /* ICH_LR<n>_EL2; vINTID[12:10] of a GICv2 SGI: its source CPU */
    uint64_t hcr;               /* ICH_HCR_EL2; EOIcount comes back in bits [31:27] */
    uint64_t vmcr;              /* ICH_VMCR_EL2: the guest's PMR, BPR, EOImode, group enables */
    uint64_t ap0r[4];           /* ICH_AP0R<n>_EL2; with GICv2 GICH_APR, of both groups */
    uint64_t ap1r[4];           /* ICH_AP1R<n>_EL2; bit 63 of the first: an active NMI */
    uint32_t elrsr;             /* ICH_ELRSR_EL2: bit n = register n is empty */
    uint32_t used;              /* bit n = the engine filled register n for this run */
    uint8_t nr;                 /* number of registers that may be used, 1 to 16 */
    uint8_t pri_bits;           /* priority bits, and preemption bits, 5 to 7 */
    uint8_t nmi;                /* FEAT_GICv3_NMI: LR<n>.NMI and AP1R0.NMI exist */
    uint8_t sctlr_nmi;          /* software CPU interface: the PE's SCTLR_EL1.NMI */
    uint8_t gicv2;              /* 1: the guest sees GICv2's CPU interface (ICH: SRE = 0) */

    /* What a loader that caches knows the hardware to hold, so that only values that change are
     * written. Belongs to the loader; the engine never looks at it. */
    struct {
        uint64_t lr[LVGIC_MAX_LRS];
        uint64_t hcr;
        uint64_t vmcr;
        uint64_t ap0r[4];
        uint64_t ap1r[4];
        uint8_t stale;   /* VMCR and the active priorities are to be written whatever they were */
        uint32_t writes; /* list registers written since initialisation: a figure for tests */
        uint32_t reads;  /* list registers read since initialisation */
    } hw;
};

#endif
