/* SPDX-License-Identifier: MIT */
/* Encodings of the virtualization registers that struct lvgic_lrs holds (IHI 0069H, 12.4). */
#ifndef LVGIC_ARCH_LR_H
#define LVGIC_ARCH_LR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"

/* ICH_LR<n>_EL2 (12.4) */
#define LR_PENDING BIT64(62)
#define LR_ACTIVE BIT64(63)
#define LR_STATE (LR_PENDING | LR_ACTIVE)
#define LR_HW BIT64(61)
#define LR_GROUP1 BIT64(60)
#define LR_NMI BIT64(59) /* with FEAT_GICv3_NMI, of group 1: has superpriority */
#define LR_EOI BIT64(41) /* when HW = 0: a maintenance interrupt on deactivation */

static inline uint32_t lr_vintid(uint64_t lr)
{
    return (uint32_t)bits_get(lr, 31, 0);
}

/* With SRE = 0 the vINTID of an SGI has its source CPU in [12:10], as GICC_IAR returns it. */
#define VINTID_SOURCE_HI 12
#define VINTID_SOURCE_LO 10

static inline uint32_t lr_pintid(uint64_t lr)
{
    return (uint32_t)bits_get(lr, 44, 32);
}

static inline uint8_t lr_priority(uint64_t lr)
{
    return (uint8_t)bits_get(lr, 55, 48);
}

/* What ICH_ELRSR_EL2 says of a register: it holds nothing, and no deactivation waits to be told. A
 * register that went from active to invalid with EOI = 1 keeps its maintenance interrupt asserted
 * until it is written, so it is not empty. */
static inline bool lr_is_empty(uint64_t lr)
{
    return !(lr & LR_STATE) && ((lr & LR_HW) || !(lr & LR_EOI));
}

/* ICH_AP1R0_EL2 (12.4): an NMI is active. No other bit is set for it. */
#define AP1R0_NMI BIT64(63)

/* ICV_RPR_EL1 (12.3): the running priority is an NMI's. */
#define RPR_NMI BIT64(63)

/* ICH_HCR_EL2 (12.4) */
#define HCR_EN BIT64(0)
#define HCR_UIE BIT64(1)      /* at most one register is valid */
#define HCR_LRENPIE BIT64(2)  /* EOIcount is not zero */
#define HCR_NPIE BIT64(3)     /* no register is (only) pending */
#define HCR_VGRP0EIE BIT64(4) /* group 0 is enabled */
#define HCR_VGRP0DIE BIT64(5) /* group 0 is disabled */
#define HCR_VGRP1EIE BIT64(6)
#define HCR_VGRP1DIE BIT64(7)
#define HCR_TC BIT64(10)   /* trap the registers common to both groups */
#define HCR_TDIR BIT64(14) /* trap ICC_DIR_EL1 */
#define HCR_EOICOUNT_HI 31
#define HCR_EOICOUNT_LO 27
#define HCR_EOICOUNT MASK64(HCR_EOICOUNT_HI, HCR_EOICOUNT_LO)

/* ICH_MISR_EL2 (12.4): the same order as the enables, EOI at bit 0 */
#define MISR_EOI BIT64(0)
#define MISR_U BIT64(1)
#define MISR_LRENP BIT64(2)
#define MISR_NP BIT64(3)
#define MISR_VGRP0E BIT64(4)
#define MISR_VGRP0D BIT64(5)
#define MISR_VGRP1E BIT64(6)
#define MISR_VGRP1D BIT64(7)

/* ICH_VMCR_EL2 (12.4) */
#define VMCR_VENG0 BIT64(0)
#define VMCR_VENG1 BIT64(1)
#define VMCR_VACKCTL BIT64(2)
#define VMCR_VFIQEN BIT64(3)
#define VMCR_VCBPR BIT64(4)
#define VMCR_VEOIM BIT64(9)
#define VMCR_VBPR1_HI 20
#define VMCR_VBPR1_LO 18
#define VMCR_VBPR0_HI 23
#define VMCR_VBPR0_LO 21
#define VMCR_VPMR_HI 31
#define VMCR_VPMR_LO 24

/* GICC_CTLR (IHI 0048B 4.4.1) has these where ICH_VMCR_EL2 has them. */
#define GICC_CTLR_BITS \
    (VMCR_VENG0 | VMCR_VENG1 | VMCR_VACKCTL | VMCR_VFIQEN | VMCR_VCBPR | VMCR_VEOIM)

static inline uint64_t vmcr_group_enable(bool group1)
{
    return group1 ? VMCR_VENG1 : VMCR_VENG0;
}

#endif
