/* SPDX-License-Identifier: MIT */
/*
 * The virtual CPU interface as the architecture describes it (IHI 0069H chapters 4, 11 and 12.2 to
 * 12.4), written from that and from nothing else: one member per fact, explicit searches, no packed
 * words. It is what src/cpuif is compared with, so it shares no code and no encodings with it.
 *
 * Where the architecture leaves an outcome open, the function says which one it takes.
 */
#ifndef LVGIC_TESTS_ICV_MODEL_H
#define LVGIC_TESTS_ICV_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lvgic/lrs.h"

#define MODEL_MAX_LEVELS 128 /* preemption levels with seven bits */

struct model_lr {
    bool pending;
    bool active;
    bool hw;
    bool group1;
    bool nmi; /* the field, whether or not it means anything */
    uint8_t priority;
    uint16_t
        physical; /* bits [44:32]: the physical INTID, or, with HW = 0, EOI and reserved bits */
    uint32_t vintid;
};

struct icv_model {
    unsigned nr;
    unsigned pri_bits;
    bool has_nmi;   /* FEAT_GICv3_NMI */
    bool sctlr_nmi; /* SCTLR_EL1.NMI of the PE */
    struct model_lr lr[16];

    /* Priorities that are active, of group 0 and group 1, level 0 first. */
    bool active[2][MODEL_MAX_LEVELS];
    bool nmi_active;

    /* ICH_VMCR_EL2 */
    bool enabled[2];
    bool ack_ctl, fiq_en; /* no meaning with system registers */
    bool cbpr;
    bool eoi_mode;
    unsigned bpr[2];
    unsigned pmr;

    /* ICH_HCR_EL2 */
    bool en;
    bool uie, lrenpie, npie;
    bool enable_ie[2], disable_ie[2]; /* VGrp<n>EIE and VGrp<n>DIE */
    uint32_t traps;                   /* bits [14:10] */
    unsigned eoi_count;
};

struct model_effect {
    bool phys_deactivate;
    uint32_t pintid;
};

/* From and to the architected registers in the struct; other members are left alone. */
void model_load(struct icv_model *m, const struct lvgic_lrs *lrs);
void model_store(const struct icv_model *m, struct lvgic_lrs *lrs);

/* What the guest sees: ICV_* (12.2, 12.3). An LPI in a list register is active between acknowledge
 * and completion, which a physical one never is; and the completion deactivates it whatever EOImode
 * says (VirtualWriteEOIR0 and 1 of the pseudocode). */
uint32_t model_iar(struct icv_model *m, bool group1);
uint32_t model_nmiar(struct icv_model *m);
uint32_t model_hppir(const struct icv_model *m, bool group1);
uint64_t model_rpr(const struct icv_model *m);
struct model_effect model_dir(struct icv_model *m, uint32_t intid);
unsigned model_read_bpr(const struct icv_model *m, bool group1);
void model_write_bpr(struct icv_model *m, bool group1, uint64_t value);
void model_write_pmr(struct icv_model *m, uint64_t value);
uint64_t model_read_ctlr(const struct icv_model *m);
void model_write_ctlr(struct icv_model *m, uint64_t value);

/* A write to ICV_EOIR<n>_EL1 that is not the completion of the last acknowledge is UNPREDICTABLE
 * (12.3), and whether one that drops no priority is counted is CONSTRAINED UNPREDICTABLE (12.4
 * ICH_HCR_EL2.EOIcount). Here one that drops nothing does nothing, and one to the other group's
 * register deactivates nothing. One for an interrupt of another priority than what it drops
 * deactivates it if `lenient`, and else does not. */
struct model_effect model_eoir(struct icv_model *m, bool group1, uint32_t intid, bool lenient);

/* What the PE sees: the register of the highest-priority pending interrupt of an enabled group, or
 * -1; whether one like this would be signalled by an interface that is on; and the output: -1, 0
 * (FIQ) or 1 (IRQ). */
int model_highest_pending(const struct icv_model *m);
bool model_would_signal(const struct icv_model *m, unsigned priority, bool group1, bool nmi);
int model_signalled(const struct icv_model *m);

/* The level that the guest's acknowledging this priority sets with the binary point as it is. */
unsigned model_levels(const struct icv_model *m);
bool model_level_active(const struct icv_model *m, unsigned level, bool group1);

/* What the hypervisor sees: ICH_*_EL2 (12.4), by encoding below op0 = 3, op1 = 4, CRn = 12. False:
 * UNDEFINED. */
bool model_ich_read(const struct icv_model *m, unsigned crm, unsigned op2, uint64_t *value);
bool model_ich_write(struct icv_model *m, unsigned crm, unsigned op2, uint64_t value);

uint32_t model_misr(const struct icv_model *m);

#endif
