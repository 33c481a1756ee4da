/* SPDX-License-Identifier: MIT */
#include "cpuif/icv.h"

#include "arch/intid.h"
#include "arch/lr.h"
#include "base/bits.h"

#define PRIORITY_IDLE 0xffu

static unsigned priority_shift(const struct lvgic_lrs *lrs)
{
    return 8u - lrs->pri_bits;
}

static uint8_t min_bpr(const struct lvgic_lrs *lrs, bool group1)
{
    return (uint8_t)(priority_shift(lrs) - (group1 ? 0 : 1));
}

unsigned icv_nr_aprs(const struct lvgic_lrs *lrs)
{
    return 1u << (lrs->pri_bits - 5);
}

uint8_t icv_bpr(const struct lvgic_lrs *lrs, bool group1)
{
    uint8_t bpr0 = (uint8_t)bits_get(lrs->vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO);

    if (!group1)
        return bpr0;
    if ((lrs->vmcr & VMCR_VCBPR) && !lrs->gicv2)
        return (uint8_t)(bpr0 < 7 ? bpr0 + 1 : 7);
    return (uint8_t)bits_get(lrs->vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO);
}

void icv_store_bpr(struct lvgic_lrs *lrs, bool group1, uint64_t value)
{
    uint64_t least = min_bpr(lrs, group1);

    value = (value & 7) < least ? least : value & 7;
    if (group1)
        lrs->vmcr = bits_put(lrs->vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO, value);
    else
        lrs->vmcr = bits_put(lrs->vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO, value);
}

void icv_set_bpr(struct lvgic_lrs *lrs, bool group1, uint64_t value)
{
    /* With a common binary point writes of group 1's are ignored, but not those of GICC_ABPR. */
    if (!group1 || !(lrs->vmcr & VMCR_VCBPR) || lrs->gicv2)
        icv_store_bpr(lrs, group1, value);
}

/* The part of a priority that decides about preemption (table 4-x of 4.8.3): group 0 splits below
 * bit BPR0 + 1, group 1 below bit BPR1. */
static uint8_t group_priority(const struct lvgic_lrs *lrs, uint8_t priority, bool group1)
{
    unsigned split =
        group1 && !(lrs->vmcr & VMCR_VCBPR) ? icv_bpr(lrs, true) : icv_bpr(lrs, false) + 1u;

    return (uint8_t)(priority & (0xffu << split));
}

bool icv_is_nmi(const struct lvgic_lrs *lrs, uint64_t lr)
{
    return lrs->nmi && (lr & LR_NMI) && (lr & LR_GROUP1);
}

static bool nmi_is_active(const struct lvgic_lrs *lrs)
{
    return lrs->ap1r[0] & AP1R0_NMI;
}

/* Index of the highest active priority level below an NMI's, or -1. */
static int highest_active(const struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < icv_nr_aprs(lrs); i++) {
        uint32_t active = (uint32_t)(lrs->ap0r[i] | lrs->ap1r[i]);

        if (active)
            return (int)(i * 32 + bits_first(active));
    }
    return -1;
}

bool icv_level_is_active(const struct lvgic_lrs *lrs, unsigned level, bool group1)
{
    /* GICv2 has one array for both groups. */
    const uint64_t *apr = group1 && !lrs->gicv2 ? lrs->ap1r : lrs->ap0r;

    return level == ICV_LEVEL_NMI ? nmi_is_active(lrs) : !!(apr[level / 32] & BIT64(level % 32));
}

int icv_level_of(const struct lvgic_lrs *lrs, uint64_t lr)
{
    bool group1 = lr & LR_GROUP1;
    uint8_t priority = lr_priority(lr);
    unsigned level = group_priority(lrs, priority, group1) >> priority_shift(lrs);

    if (icv_is_nmi(lrs, lr))
        return nmi_is_active(lrs) ? (int)ICV_LEVEL_NMI : -1;
    if (icv_level_is_active(lrs, level, group1))
        return (int)level;
    /* Acknowledged with another binary point: each clears some low bits of the priority. */
    for (unsigned split = 0; split <= 8; split++) {
        level = (priority & (0xffu << split) & 0xff) >> priority_shift(lrs);
        if (icv_level_is_active(lrs, level, group1))
            return (int)level;
    }
    return -1;
}

static uint8_t running_priority(const struct lvgic_lrs *lrs)
{
    int level = highest_active(lrs);

    return (uint8_t)(level < 0 ? PRIORITY_IDLE : (unsigned)level << priority_shift(lrs));
}

uint64_t icv_running_priority(const struct lvgic_lrs *lrs)
{
    return nmi_is_active(lrs) ? RPR_NMI : running_priority(lrs);
}

bool icv_would_signal(const struct lvgic_lrs *lrs, uint8_t priority, bool group1, bool nmi)
{
    if (!(lrs->vmcr & vmcr_group_enable(group1)) || nmi_is_active(lrs))
        return false;
    if (nmi)
        return true;
    if (priority >= icv_pmr(lrs))
        return false;
    if (highest_active(lrs) < 0)
        return true;
    return group_priority(lrs, priority, group1) <
           group_priority(lrs, running_priority(lrs), group1);
}

/* Is the interrupt of one list register ahead of another's? */
static bool is_ahead(const struct lvgic_lrs *lrs, uint64_t lr, uint64_t other)
{
    if (icv_is_nmi(lrs, lr) != icv_is_nmi(lrs, other))
        return icv_is_nmi(lrs, lr);
    return lr_priority(lr) < lr_priority(other);
}

int icv_highest_pending(const struct lvgic_lrs *lrs)
{
    uint64_t used = lrs->used;
    unsigned reg;
    int best = -1;

    while (bits_take_first(&used, &reg)) {
        uint64_t lr = lrs->lr[reg];

        if ((lr & LR_STATE) != LR_PENDING || !(lrs->vmcr & vmcr_group_enable(lr & LR_GROUP1)))
            continue;
        if (best < 0 || is_ahead(lrs, lr, lrs->lr[best]))
            best = (int)reg;
    }
    return best;
}

int icv_signalled(const struct lvgic_lrs *lrs)
{
    int reg = lrs->hcr & HCR_EN ? icv_highest_pending(lrs) : -1;

    if (reg < 0)
        return -1;

    uint64_t lr = lrs->lr[reg];
    bool group1 = lr & LR_GROUP1;

    return icv_would_signal(lrs, lr_priority(lr), group1, icv_is_nmi(lrs, lr)) ? group1 : -1;
}

uint32_t icv_highest_pending_intid(const struct lvgic_lrs *lrs, bool group1)
{
    int reg = icv_highest_pending(lrs);

    if (reg < 0 || !(lrs->lr[reg] & LR_GROUP1) == group1)
        return INTID_SPURIOUS;
    return lr_vintid(lrs->lr[reg]);
}

/* The engine and the hardware loader keep ELRSR; here it follows each change of a register. */
static void set_lr(struct lvgic_lrs *lrs, unsigned reg, uint64_t lr)
{
    lrs->lr[reg] = lr;
    lrs->elrsr &= ~(1u << reg);
    if (lr_is_empty(lr))
        lrs->elrsr |= 1u << reg;
}

/* The highest-priority pending interrupt becomes active, and its priority the running one. */
static uint32_t take(struct lvgic_lrs *lrs)
{
    unsigned reg = (unsigned)icv_highest_pending(lrs);
    uint64_t lr = lrs->lr[reg];
    bool group1 = lr & LR_GROUP1;
    unsigned level = group_priority(lrs, lr_priority(lr), group1) >> priority_shift(lrs);
    uint64_t *apr = group1 && !lrs->gicv2 ? lrs->ap1r : lrs->ap0r;

    if (icv_is_nmi(lrs, lr))
        lrs->ap1r[0] |= AP1R0_NMI;
    else
        apr[level / 32] |= BIT64(level % 32);
    set_lr(lrs, reg, (lr & ~LR_PENDING) | LR_ACTIVE);
    return lr_vintid(lr);
}

uint32_t icv_acknowledge(struct lvgic_lrs *lrs, bool group1)
{
    if (icv_signalled(lrs) != group1)
        return INTID_SPURIOUS;
    if (lrs->sctlr_nmi && icv_is_nmi(lrs, lrs->lr[icv_highest_pending(lrs)]))
        return INTID_NMI;
    return take(lrs);
}

uint32_t icv_acknowledge_nmi(struct lvgic_lrs *lrs)
{
    if (icv_signalled(lrs) != 1 || !icv_is_nmi(lrs, lrs->lr[icv_highest_pending(lrs)]))
        return INTID_SPURIOUS;
    return take(lrs);
}

int icv_find_active(const struct lvgic_lrs *lrs, uint32_t intid)
{
    uint64_t used = lrs->used;
    unsigned reg;

    while (bits_take_first(&used, &reg))
        if ((lrs->lr[reg] & LR_ACTIVE) && lr_vintid(lrs->lr[reg]) == intid)
            return (int)reg;
    return -1;
}

static struct icv_effect deactivate(struct lvgic_lrs *lrs, uint32_t intid, int reg)
{
    struct icv_effect effect = {.phys_deactivate = false};

    if (reg >= 0) {
        uint64_t lr = lrs->lr[reg];

        set_lr(lrs, (unsigned)reg, lr & ~LR_ACTIVE);
        effect.phys_deactivate = lr & LR_HW;
        effect.pintid = lr_pintid(lr);
    } else if (intid < FIRST_LPI) {
        /* It is in no list register: the engine is told how many (5 bits), and knows which. */
        uint64_t count = bits_get(lrs->hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO);

        lrs->hcr = bits_put(lrs->hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, count + 1);
    }
    return effect;
}

struct icv_effect icv_end_of_interrupt(struct lvgic_lrs *lrs, uint32_t intid, bool group1)
{
    int level = highest_active(lrs), reg = icv_find_active(lrs, intid);
    struct icv_effect nothing = {.phys_deactivate = false};

    /* Special INTIDs have not been acknowledged; without an active priority nothing has. */
    if (intid_is_special(intid) || (level < 0 && !nmi_is_active(lrs)))
        return nothing;
    /* Priority drop: of the highest active priority, whichever group it is in. */
    if (nmi_is_active(lrs))
        lrs->ap1r[0] &= ~AP1R0_NMI;
    else if (lrs->ap0r[level / 32] & BIT64(level % 32))
        lrs->ap0r[level / 32] &= ~BIT64(level % 32);
    else
        lrs->ap1r[level / 32] &= ~BIT64(level % 32);
    /* An LPI has no active state that is left for DIR. */
    if ((lrs->vmcr & VMCR_VEOIM) && intid < FIRST_LPI)
        return nothing;
    /* Completion through the other group's register does not deactivate. */
    if (reg >= 0 && !(lrs->lr[reg] & LR_GROUP1) == group1)
        return nothing;
    return deactivate(lrs, intid, reg);
}

struct icv_effect icv_deactivate(struct lvgic_lrs *lrs, uint32_t intid)
{
    struct icv_effect nothing = {.phys_deactivate = false};

    if (!(lrs->vmcr & VMCR_VEOIM) || intid_is_special(intid))
        return nothing;
    return deactivate(lrs, intid, icv_find_active(lrs, intid));
}

uint8_t icv_pmr(const struct lvgic_lrs *lrs)
{
    return (uint8_t)bits_get(lrs->vmcr, VMCR_VPMR_HI, VMCR_VPMR_LO);
}

void icv_set_pmr(struct lvgic_lrs *lrs, uint64_t value)
{
    /* Bits of priorities that are not implemented are RAZ/WI. */
    lrs->vmcr = bits_put(lrs->vmcr, VMCR_VPMR_HI, VMCR_VPMR_LO,
                         value & 0xff & (0xffu << priority_shift(lrs)));
}

/* ICV_CTLR_EL1 (12.3): CBPR, EOImode, PRIbits, IDbits = 16 bits, A3V. */
uint64_t icv_ctlr(const struct lvgic_lrs *lrs)
{
    return (lrs->vmcr & VMCR_VCBPR ? BIT64(0) : 0) | (lrs->vmcr & VMCR_VEOIM ? BIT64(1) : 0) |
           (uint64_t)(lrs->pri_bits - 1) << 8 | BIT64(15);
}

void icv_set_ctlr(struct lvgic_lrs *lrs, uint64_t value)
{
    lrs->vmcr &= ~(VMCR_VCBPR | VMCR_VEOIM);
    lrs->vmcr |= (value & BIT64(0) ? VMCR_VCBPR : 0) | (value & BIT64(1) ? VMCR_VEOIM : 0);
}

void icv_reset(struct lvgic_lrs *lrs)
{
    lrs->vmcr = lrs->gicv2 ? 0 : VMCR_VFIQEN; /* RES1 with system registers */
    icv_set_bpr(lrs, false, 0);
    icv_set_bpr(lrs, true, 0);
    for (unsigned i = 0; i < ARRAY_LEN(lrs->ap0r); i++)
        lrs->ap0r[i] = lrs->ap1r[i] = 0;
}

uint32_t icv_misr(const struct lvgic_lrs *lrs)
{
    unsigned valid = 0, pending = 0;
    uint64_t misr = 0;

    for (unsigned i = 0; i < lrs->nr; i++) {
        valid += !!(lrs->lr[i] & LR_STATE);
        /* Pending and active does not count as pending. */
        pending += (lrs->lr[i] & LR_STATE) == LR_PENDING;
        if (!(lrs->lr[i] & LR_STATE) && !lr_is_empty(lrs->lr[i]))
            misr |= MISR_EOI;
    }
    misr |= (lrs->hcr & HCR_UIE) && valid <= 1 ? MISR_U : 0;
    misr |= (lrs->hcr & HCR_LRENPIE) && (lrs->hcr & HCR_EOICOUNT) ? MISR_LRENP : 0;
    misr |= (lrs->hcr & HCR_NPIE) && !pending ? MISR_NP : 0;
    misr |= (lrs->hcr & HCR_VGRP0EIE) && (lrs->vmcr & VMCR_VENG0) ? MISR_VGRP0E : 0;
    misr |= (lrs->hcr & HCR_VGRP0DIE) && !(lrs->vmcr & VMCR_VENG0) ? MISR_VGRP0D : 0;
    misr |= (lrs->hcr & HCR_VGRP1EIE) && (lrs->vmcr & VMCR_VENG1) ? MISR_VGRP1E : 0;
    misr |= (lrs->hcr & HCR_VGRP1DIE) && !(lrs->vmcr & VMCR_VENG1) ? MISR_VGRP1D : 0;
    return (uint32_t)misr;
}
