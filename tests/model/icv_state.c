/* SPDX-License-Identifier: MIT */
#include "icv_state.h"

#include <string.h>

#include "arch/intid.h"
#include "arch/lr.h"

/* splitmix64: every seed is a good one. */
uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned random_below(struct random *r, unsigned n)
{
    return (unsigned)((random_next(r) >> 32) * n >> 32);
}

bool random_chance(struct random *r, unsigned percent)
{
    return random_below(r, 100) < percent;
}

static uint32_t random_intid(struct random *r, bool lpis)
{
    switch (random_below(r, 8)) {
    case 0:
        return random_below(r, NR_SGIS);
    case 1:
        return NR_SGIS + random_below(r, NR_PRIVATE - NR_SGIS);
    case 2:
        return FIRST_EPPI + random_below(r, MAX_EPPIS);
    case 3:
        return FIRST_ESPI + random_below(r, MAX_ESPIS);
    case 4:
        if (!lpis)
            return FIRST_SPI;
        return FIRST_LPI + random_below(r, random_chance(r, 50) ? 4 : 0xe000);
    default:
        return FIRST_SPI + random_below(r, MAX_SPIS);
    }
}

static bool has_intid(const struct palette *p, unsigned n, uint32_t intid)
{
    for (unsigned i = 0; i < n; i++)
        if (p->intid[i] == intid)
            return true;
    return false;
}

void state_palette(struct random *r, struct palette *p)
{
    bool lpis = random_chance(r, 50);

    for (unsigned i = 0; i < NR_STATE_PRIORITIES; i++)
        p->priority[i] = (uint8_t)random_next(r);
    if (random_chance(r, 50)) /* two that differ in few bits */
        p->priority[1] = p->priority[0] ^ (uint8_t)(8u << random_below(r, 3));
    for (unsigned i = 0; i < NR_STATE_INTIDS; i++)
        do
            p->intid[i] = random_intid(r, lpis);
        while (has_intid(p, i, p->intid[i]));
    p->wild = random_chance(r, 15);
}

static uint8_t priority(struct random *r, const struct palette *p, const struct lvgic_lrs *lrs)
{
    uint8_t value = random_chance(r, 90) ? p->priority[random_below(r, NR_STATE_PRIORITIES)]
                                         : (uint8_t)random_next(r);

    return value & (uint8_t)(0xff << (8 - lrs->pri_bits));
}

static bool is_listed(const struct lvgic_lrs *lrs, uint32_t intid)
{
    for (unsigned i = 0; i < lrs->nr; i++)
        if ((lrs->lr[i] & LR_STATE) && lr_vintid(lrs->lr[i]) == intid)
            return true;
    return false;
}

uint64_t state_lr(struct random *r, const struct palette *p, const struct lvgic_lrs *lrs)
{
    uint32_t intid;
    uint64_t lr;

    do
        intid = p->intid[random_below(r, NR_STATE_INTIDS)];
    while (!p->wild && is_listed(lrs, intid));
    lr = intid | (uint64_t)priority(r, p, lrs) << 48;
    lr |= random_chance(r, 60) ? LR_GROUP1 : 0;
    lr |= random_chance(r, 55) ? LR_PENDING : 0;
    lr |= random_chance(r, 40) && (intid < FIRST_LPI || p->wild) ? LR_ACTIVE : 0;
    lr |= random_chance(r, 20) && (lrs->nmi || p->wild) ? LR_NMI : 0;
    if (random_chance(r, 30) && intid >= NR_SGIS && intid < FIRST_LPI) {
        lr |= LR_HW | (uint64_t)(NR_SGIS + random_below(r, FIRST_SPECIAL - NR_SGIS)) << 32;
        if ((lr & LR_STATE) == LR_STATE && !p->wild)
            lr &= ~LR_PENDING;
    } else if (random_chance(r, 30)) {
        lr |= LR_EOI;
    }
    return lr;
}

static uint64_t random_vmcr(struct random *r, const struct palette *p, const struct lvgic_lrs *lrs)
{
    unsigned least = 7u - lrs->pri_bits;
    unsigned bpr0 = least + random_below(r, random_chance(r, 50) ? 2 : 8 - least);
    unsigned bpr1 = least + 1 + random_below(r, random_chance(r, 50) ? 2 : 7 - least);
    uint64_t pmr = random_chance(r, 70) ? 0xff : priority(r, p, lrs);
    uint64_t vmcr = VMCR_VFIQEN;

    vmcr |= random_chance(r, 80) ? VMCR_VENG0 : 0;
    vmcr |= random_chance(r, 90) ? VMCR_VENG1 : 0;
    vmcr |= random_chance(r, 25) ? VMCR_VCBPR : 0;
    vmcr |= random_chance(r, 35) ? VMCR_VEOIM : 0;
    vmcr = bits_put(vmcr, VMCR_VPMR_HI, VMCR_VPMR_LO, pmr & (0xffu << (8 - lrs->pri_bits)));
    vmcr = bits_put(vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO, bpr0);
    return bits_put(vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO, bpr1);
}

static void set_level(struct lvgic_lrs *lrs, unsigned level, bool group1)
{
    (group1 ? lrs->ap1r : lrs->ap0r)[level / 32] |= BIT64(level % 32);
}

/* A stack of active priorities: each level in one group only. Some are those of active interrupts,
 * cut at the least binary point, so that completions match; others are nobody's, as when their
 * interrupt is not in a register. */
static void random_active(struct random *r, const struct palette *p, struct lvgic_lrs *lrs)
{
    uint8_t seen[128] = {0};

    for (unsigned i = 0; i < lrs->nr; i++) {
        unsigned level = lr_priority(lrs->lr[i]) >> (8 - lrs->pri_bits);

        if (!(lrs->lr[i] & LR_ACTIVE) || seen[level]++ || random_chance(r, 20))
            continue;
        if (lrs->nmi && (lrs->lr[i] & LR_GROUP1) && (lrs->lr[i] & LR_NMI)) {
            lrs->ap1r[0] |= AP1R0_NMI;
            continue;
        }
        set_level(lrs, level, lrs->lr[i] & LR_GROUP1);
    }
    for (unsigned i = random_below(r, 3); i > 0; i--) {
        unsigned level = priority(r, p, lrs) >> (8 - lrs->pri_bits);

        if (!seen[level]++ || p->wild)
            set_level(lrs, level, random_chance(r, 60));
    }
}

void state_random(struct random *r, const struct palette *p, struct lvgic_lrs *lrs)
{
    memset(lrs, 0, sizeof(*lrs));
    lrs->nr = (uint8_t)(1 + random_below(r, random_chance(r, 60) ? 4 : 16));
    lrs->pri_bits = (uint8_t)(5 + random_below(r, 3));
    lrs->nmi = random_chance(r, 75);
    lrs->sctlr_nmi = random_chance(r, 60);
    for (unsigned i = 0; i < lrs->nr; i++) {
        lrs->lr[i] = state_lr(r, p, lrs);
        lrs->elrsr |= lr_is_empty(lrs->lr[i]) ? 1u << i : 0;
        lrs->used |= !lr_is_empty(lrs->lr[i]) || random_chance(r, 50) ? 1u << i : 0;
    }
    for (unsigned i = lrs->nr; i < LVGIC_MAX_LRS; i++) /* do not exist */
        lrs->lr[i] = random_chance(r, 50) ? 0 : LR_PENDING | LR_GROUP1 | i;
    lrs->vmcr = random_vmcr(r, p, lrs);
    lrs->hcr = random_next(r) & (HCR_EOICOUNT | MASK64(14, 10) | MASK64(7, 1));
    lrs->hcr |= random_chance(r, 95) ? HCR_EN : 0;
    if (random_chance(r, 60))
        random_active(r, p, lrs);
}
