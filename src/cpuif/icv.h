/* SPDX-License-Identifier: MIT */
/*
 * The virtual CPU interface as the architecture defines it (ICV_*, IHI 0069H chapters 4, 11 and
 * 12.3), run in software over struct lvgic_lrs. It is to the engine what the hardware is: it
 * acknowledges and completes what is in the list registers, counts completions of what is not, and
 * reports maintenance conditions. It knows no VM and calls nobody.
 *
 * GICv2's (GICV_*, IHI 0048B chapter 5) is the same but for one array of active priorities for both
 * groups, and a vINTID that names an SGI's source CPU in [12:10] (arch/lr.h).
 */
#ifndef LVGIC_CPUIF_ICV_H
#define LVGIC_CPUIF_ICV_H

#include <stdbool.h>
#include <stdint.h>

#include "lvgic/lrs.h"

/* What a completion did beside the registers: a physical interrupt to deactivate (LR.HW). */
struct icv_effect {
    bool phys_deactivate;
    uint32_t pintid;
};

/* Would an interrupt of this priority and group be signalled: its group enabled, its priority
 * higher than PMR and than the running priority by the group's binary point (4.8.2, 4.8.6)? An NMI
 * has superpriority: only its group and another active NMI hold it back (4.9). */
bool icv_would_signal(const struct lvgic_lrs *lrs, uint8_t priority, bool group1, bool nmi);

/* The register that holds the highest-priority pending interrupt of an enabled group, or -1. */
int icv_highest_pending(const struct lvgic_lrs *lrs);

/* Is that interrupt signalled to the PE, and by which group? -1: no; else 0 (FIQ) or 1 (IRQ). */
int icv_signalled(const struct lvgic_lrs *lrs);

/* The register that holds the active interrupt with this vINTID, or -1. */
int icv_find_active(const struct lvgic_lrs *lrs, uint32_t intid);

/* Has this list register an NMI: LR.NMI, which only group 1 has, and only with FEAT_GICv3_NMI? */
bool icv_is_nmi(const struct lvgic_lrs *lrs, uint64_t lr);

/* ICV_IAR0/1: acknowledge. Returns the INTID, or 1023; or 1022 without acknowledging, if it is an
 * NMI and the PE has SCTLR_EL1.NMI set, so that it uses ICV_NMIAR1. */
uint32_t icv_acknowledge(struct lvgic_lrs *lrs, bool group1);

/* ICV_NMIAR1: acknowledge, if the highest-priority one is an NMI; else 1023. */
uint32_t icv_acknowledge_nmi(struct lvgic_lrs *lrs);

/* ICV_HPPIR0/1. */
uint32_t icv_highest_pending_intid(const struct lvgic_lrs *lrs, bool group1);

/* ICV_EOIR0/1: priority drop, and with EOImode 0 deactivation. */
struct icv_effect icv_end_of_interrupt(struct lvgic_lrs *lrs, uint32_t intid, bool group1);

/* ICV_DIR with EOImode 1: deactivation. */
struct icv_effect icv_deactivate(struct lvgic_lrs *lrs, uint32_t intid);

/* ICV_RPR: the running priority, 0xff when idle, 0 and bit 63 when it is an NMI's. */
uint64_t icv_running_priority(const struct lvgic_lrs *lrs);

/* An NMI's active priority level: above all others, which are 0 to 127. */
#define ICV_LEVEL_NMI 255u

/* The active priority level that acknowledging the interrupt of a list register has set, or -1 if
 * the guest has dropped it. The binary point may have been changed since. */
int icv_level_of(const struct lvgic_lrs *lrs, uint64_t lr);
bool icv_level_is_active(const struct lvgic_lrs *lrs, unsigned level, bool group1);

/* ICV_BPR0/1, ICV_PMR, ICV_CTLR and group enables, which live in VMCR. */
uint8_t icv_bpr(const struct lvgic_lrs *lrs, bool group1);
void icv_set_bpr(struct lvgic_lrs *lrs, bool group1, uint64_t value);

/* The binary point itself, whatever CBPR lets the guest write. */
void icv_store_bpr(struct lvgic_lrs *lrs, bool group1, uint64_t value);
uint8_t icv_pmr(const struct lvgic_lrs *lrs);
void icv_set_pmr(struct lvgic_lrs *lrs, uint64_t value);
uint64_t icv_ctlr(const struct lvgic_lrs *lrs);
void icv_set_ctlr(struct lvgic_lrs *lrs, uint64_t value);

/* Active priorities registers that exist: 1, 2 or 4 of each group. */
unsigned icv_nr_aprs(const struct lvgic_lrs *lrs);

/* Reset values (12.3): group enables 0, PMR 0, BPRs at their minimum. */
void icv_reset(struct lvgic_lrs *lrs);

/* ICH_MISR_EL2: the maintenance conditions that hold and are enabled in HCR. */
uint32_t icv_misr(const struct lvgic_lrs *lrs);

#endif
