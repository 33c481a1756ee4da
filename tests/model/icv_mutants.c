/* SPDX-License-Identifier: MIT */
#include "icv_mutants.h"

#include "arch/lr.h"

#define FIRST_LPI_INTID 8192u

enum icv_mutant icv_mutant;

const char *icv_mutant_text(enum icv_mutant m)
{
    static const char *const text[NR_ICV_MUTANTS] = {"no defect",
#define ICV_MUTANT_TEXT(name, what) what,
                                                     ICV_MUTANTS(ICV_MUTANT_TEXT)
#undef ICV_MUTANT_TEXT
    };

    return text[m];
}

static bool is(enum icv_mutant m)
{
    return icv_mutant == m;
}

static bool is_pending_active(uint64_t lr)
{
    return (lr & LR_STATE) == LR_STATE;
}

static uint64_t raise(uint64_t vmcr, unsigned hi, unsigned lo, uint64_t by)
{
    uint64_t most = bits_get(~UINT64_C(0), hi, lo), value = bits_get(vmcr, hi, lo) + by;

    return bits_put(vmcr, hi, lo, value > most ? most : value);
}

/* The configuration as the defect has it. */
static void disguise(struct lvgic_lrs *lrs)
{
    if (is(ICV_MUTANT_BPR1_HIGH))
        lrs->vmcr = raise(lrs->vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO, 1);
    if (is(ICV_MUTANT_BPR0_HIGH))
        lrs->vmcr = raise(lrs->vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO, 1);
    if (is(ICV_MUTANT_NO_CBPR))
        lrs->vmcr &= ~VMCR_VCBPR;
    if (is(ICV_MUTANT_PMR_INCLUSIVE))
        lrs->vmcr = raise(lrs->vmcr, VMCR_VPMR_HI, VMCR_VPMR_LO, 1);
    if (is(ICV_MUTANT_NO_EN))
        lrs->hcr |= HCR_EN;
    for (unsigned i = 0; i < LVGIC_MAX_LRS; i++) {
        if (is(ICV_MUTANT_NMI_MASKED) && lr_priority(lrs->lr[i]) >= icv_pmr(lrs))
            lrs->lr[i] &= ~LR_NMI;
        if (is(ICV_MUTANT_NMI_GROUP0) && (lrs->lr[i] & LR_NMI))
            lrs->lr[i] |= LR_GROUP1;
        if (is(ICV_MUTANT_NMIAR_ALL))
            lrs->lr[i] |= LR_NMI;
    }
    if (is(ICV_MUTANT_NMI_NESTS))
        lrs->ap1r[0] &= ~AP1R0_NMI;
    if (is(ICV_MUTANT_NMI_IAR))
        lrs->sctlr_nmi = 0;
    if (is(ICV_MUTANT_NMI_UNASKED))
        lrs->nmi = 1;
}

static struct lvgic_lrs disguised(const struct lvgic_lrs *lrs)
{
    struct lvgic_lrs copy = *lrs;

    disguise(&copy);
    return copy;
}

/* What was done in disguise stays, the disguise does not. */
static void undisguise(struct lvgic_lrs *lrs, const struct lvgic_lrs *before)
{
    struct lvgic_lrs was = disguised(before);

    for (unsigned i = 0; i < LVGIC_MAX_LRS; i++)
        lrs->lr[i] ^= before->lr[i] ^ was.lr[i];
    lrs->ap1r[0] ^= before->ap1r[0] ^ was.ap1r[0];
    lrs->hcr ^= before->hcr ^ was.hcr;
    lrs->vmcr ^= before->vmcr ^ was.vmcr;
    lrs->nmi ^= before->nmi ^ was.nmi;
    lrs->sctlr_nmi ^= before->sctlr_nmi ^ was.sctlr_nmi;
}

static void spoil_acknowledged(struct lvgic_lrs *lrs, const struct lvgic_lrs *before,
                               uint32_t intid)
{
    for (unsigned i = 0; i < LVGIC_MAX_LRS; i++)
        if (is(ICV_MUTANT_LPI_GONE) && intid >= FIRST_LPI_INTID && lrs->lr[i] != before->lr[i])
            lrs->lr[i] &= ~LR_ACTIVE;
    for (unsigned n = 1; n < 4 && is(ICV_MUTANT_ONE_APR); n++) {
        lrs->ap1r[0] |= lrs->ap1r[n] & ~before->ap1r[n];
        lrs->ap1r[n] &= before->ap1r[n];
    }
    if (is(ICV_MUTANT_NMI_LEVEL) && ((lrs->ap1r[0] ^ before->ap1r[0]) & AP1R0_NMI))
        lrs->ap1r[0] ^= AP1R0_NMI | 1;
}

uint32_t tested_iar(struct lvgic_lrs *lrs, bool group1)
{
    struct lvgic_lrs before = *lrs;
    uint32_t intid;

    disguise(lrs);
    intid = icv_acknowledge(lrs, group1);
    undisguise(lrs, &before);
    spoil_acknowledged(lrs, &before, intid);
    return intid;
}

uint32_t tested_nmiar(struct lvgic_lrs *lrs)
{
    struct lvgic_lrs before = *lrs;
    uint32_t intid;

    disguise(lrs);
    intid = icv_acknowledge_nmi(lrs);
    undisguise(lrs, &before);
    spoil_acknowledged(lrs, &before, intid);
    return intid;
}

uint32_t tested_hppir(const struct lvgic_lrs *lrs, bool group1)
{
    struct lvgic_lrs copy = disguised(lrs);

    if (is(ICV_MUTANT_HPPIR_MASKED) && icv_signalled(lrs) != (int)group1)
        return 1023;
    return icv_highest_pending_intid(&copy, group1);
}

uint64_t tested_rpr(const struct lvgic_lrs *lrs)
{
    uint64_t rpr = icv_running_priority(lrs);

    if (is(ICV_MUTANT_RPR_BINARY_POINT) && rpr != 0xff)
        return rpr & ~UINT64_C(0) << icv_bpr(lrs, true);
    if (is(ICV_MUTANT_NMI_RPR))
        return rpr & 0xff;
    return rpr;
}

static void spoil_dropped(struct lvgic_lrs *lrs, const struct lvgic_lrs *before, bool group1)
{
    for (unsigned n = 0; n < 4; n++) {
        uint64_t dropped0 = before->ap0r[n] & ~lrs->ap0r[n];
        uint64_t dropped1 = before->ap1r[n] & ~lrs->ap1r[n];

        if (is(ICV_MUTANT_DROP_OWN_GROUP))
            *(group1 ? &lrs->ap0r[n] : &lrs->ap1r[n]) |= group1 ? dropped0 : dropped1;
        if (is(ICV_MUTANT_DROP_BOTH_GROUPS))
            lrs->ap1r[n] &= ~dropped0;
    }
}

static void spoil_deactivated(struct lvgic_lrs *lrs, uint32_t intid)
{
    for (unsigned i = 0; i < lrs->nr; i++)
        if (lr_vintid(lrs->lr[i]) == intid)
            lrs->lr[i] &= ~LR_ACTIVE;
}

struct icv_effect tested_eoir(struct lvgic_lrs *lrs, bool group1, uint32_t intid)
{
    struct lvgic_lrs before = *lrs;
    struct icv_effect effect, late;

    disguise(lrs);
    effect = icv_end_of_interrupt(lrs, intid, group1);
    undisguise(lrs, &before);
    if (is(ICV_MUTANT_EOI_OTHER_GROUP) && !(lrs->vmcr & VMCR_VEOIM))
        spoil_deactivated(lrs, intid);
    if (is(ICV_MUTANT_EOI_UNDROPPED) && icv_running_priority(&before) == 0xff)
        lrs->hcr = raise(lrs->hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, 1);
    spoil_dropped(lrs, &before, group1);
    if (is(ICV_MUTANT_EOI_MODE_LATE)) {
        late = icv_deactivate(lrs, intid);
        effect = late.phys_deactivate ? late : effect;
    }
    if (is(ICV_MUTANT_LPI_COUNTED) && intid >= FIRST_LPI_INTID)
        lrs->hcr = raise(lrs->hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, 1);
    if (is(ICV_MUTANT_COUNT_STICKS) && !(lrs->hcr & HCR_EOICOUNT))
        lrs->hcr |= before.hcr & HCR_EOICOUNT;
    if (is(ICV_MUTANT_STALE_ELRSR))
        lrs->elrsr = before.elrsr;
    if (is(ICV_MUTANT_HW_FORGOTTEN))
        effect.phys_deactivate = false;
    return effect;
}

struct icv_effect tested_dir(struct lvgic_lrs *lrs, uint32_t intid)
{
    uint64_t vmcr = lrs->vmcr;
    struct icv_effect effect;

    if (is(ICV_MUTANT_DIR_ALWAYS))
        lrs->vmcr |= VMCR_VEOIM;
    effect = icv_deactivate(lrs, intid);
    if (is(ICV_MUTANT_DIR_DROPS))
        (void)icv_end_of_interrupt(lrs, intid, true);
    lrs->vmcr = vmcr;
    return effect;
}

unsigned tested_bpr(const struct lvgic_lrs *lrs, bool group1)
{
    unsigned bpr = icv_bpr(lrs, group1);

    if (is(ICV_MUTANT_CBPR_WRAPS) && group1 && (lrs->vmcr & VMCR_VCBPR))
        return (icv_bpr(lrs, false) + 1u) & 7;
    return bpr;
}

int tested_highest_pending(const struct lvgic_lrs *lrs)
{
    struct lvgic_lrs copy = disguised(lrs);
    int best;

    for (unsigned i = 0; i < lrs->nr; i++)
        if (is(ICV_MUTANT_PENDING_ACTIVE_NEXT) && is_pending_active(lrs->lr[i]))
            copy.lr[i] &= ~LR_ACTIVE;
    best = icv_highest_pending(&copy);
    for (unsigned i = 0; i < lrs->nr && best >= 0 && is(ICV_MUTANT_LAST_OF_EQUALS); i++)
        if (!((lrs->lr[i] ^ lrs->lr[best]) & (LR_STATE | LR_GROUP1 | MASK64(55, 48))))
            best = (int)i;
    return best;
}

/* Is the priority, cut at the binary point, above the running priority as it is? */
static bool uncut(const struct lvgic_lrs *lrs, uint8_t priority, bool group1)
{
    uint64_t cut = ~UINT64_C(0) << (icv_bpr(lrs, group1) + !group1);

    return (lrs->vmcr & vmcr_group_enable(group1)) && priority < icv_pmr(lrs) &&
           (priority & cut) < icv_running_priority(lrs);
}

bool tested_would_signal(const struct lvgic_lrs *lrs, uint8_t priority, bool group1, bool nmi)
{
    struct lvgic_lrs copy = disguised(lrs);

    if (is(ICV_MUTANT_RUNNING_UNCUT) && uncut(lrs, priority, group1))
        return true;
    return icv_would_signal(&copy, priority, group1, nmi);
}

int tested_signalled(const struct lvgic_lrs *lrs)
{
    struct lvgic_lrs copy = disguised(lrs);

    return icv_signalled(&copy);
}

uint32_t tested_misr(const struct lvgic_lrs *lrs)
{
    struct lvgic_lrs copy = disguised(lrs);
    uint32_t misr;

    for (unsigned i = 0; i < lrs->nr; i++)
        if (is(ICV_MUTANT_NP_PENDING_ACTIVE) && is_pending_active(lrs->lr[i]))
            copy.lr[i] &= ~LR_ACTIVE;
    misr = icv_misr(&copy);
    for (unsigned i = 0; i < lrs->nr; i++)
        if (is(ICV_MUTANT_U_NONE) && (lrs->lr[i] & LR_STATE))
            misr &= ~(uint32_t)MISR_U;
    if (is(ICV_MUTANT_GRP1D_GRP0) && (lrs->hcr & HCR_VGRP1DIE)) {
        misr &= ~(uint32_t)MISR_VGRP1D;
        misr |= lrs->vmcr & VMCR_VENG0 ? 0 : (uint32_t)MISR_VGRP1D;
    }
    return misr;
}

enum lvgic_sysreg_result tested_ich(struct lvgic_lrs *lrs, uint32_t encoding, bool write,
                                    uint64_t *value)
{
    uint64_t written = *value;
    enum lvgic_sysreg_result result = lvgic_lrs_access(lrs, encoding, write, value);
    bool done = result == LVGIC_SYSREG_DONE;

    if (is(ICV_MUTANT_VMCR_NO_LEAST) && done && write && encoding == LVGIC_SYSREG(3, 4, 12, 11, 7))
        lrs->vmcr = bits_put(lrs->vmcr, VMCR_VBPR0_HI, VMCR_VBPR1_LO, bits_get(written, 23, 18));
    if (is(ICV_MUTANT_LR_NO_EOI) && done && write && encoding == LVGIC_SYSREG(3, 4, 12, 12, 0))
        lrs->lr[0] &= ~LR_EOI;
    if (is(ICV_MUTANT_VTR_ONE_MORE) && done && encoding == LVGIC_SYSREG(3, 4, 12, 11, 1))
        *value += 1;
    return result;
}
