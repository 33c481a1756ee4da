/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "icv_sequence.h"

bool same(struct sequence *s, const char *what, uint64_t theirs, uint64_t ours)
{
    if (theirs == ours)
        return true;
    snprintf(s->why, sizeof(s->why), "%s: src/cpuif %#" PRIx64 ", model %#" PRIx64, what, theirs,
             ours);
    return false;
}

bool same_registers(struct sequence *s)
{
    struct lvgic_lrs ours = s->lrs;
    char name[16];
    bool ok = true;

    /* What is no register must be what it was, but a register that is written is then used. */
    ours.nr = s->start.nr;
    ours.pri_bits = s->start.pri_bits;
    ours.hw = s->start.hw;
    memcpy(ours.lr, s->start.lr, sizeof(ours.lr));
    memcpy(ours.ap0r, s->start.ap0r, sizeof(ours.ap0r));
    memcpy(ours.ap1r, s->start.ap1r, sizeof(ours.ap1r));
    model_store(&s->model, &ours);
    for (unsigned i = 0; i < s->lrs.nr; i++)
        ok &= !(s->lrs.lr[i] >> 62) || (s->lrs.used >> i & 1);
    ok &= !(s->lrs.used >> s->lrs.nr);
    if (!same(s, "used registers", ok, true))
        return false;
    if (!memcmp(&ours, &s->lrs, sizeof(ours)))
        return true;
    for (unsigned i = 0; i < LVGIC_MAX_LRS && ok; i++) {
        snprintf(name, sizeof(name), "LR%u", i);
        ok = same(s, name, s->lrs.lr[i], ours.lr[i]);
    }
    for (unsigned i = 0; i < 4 && ok; i++) {
        snprintf(name, sizeof(name), "AP0R%u, AP1R%u", i, i);
        ok = same(s, name, s->lrs.ap0r[i], ours.ap0r[i]) &&
             same(s, name, s->lrs.ap1r[i], ours.ap1r[i]);
    }
    return ok && same(s, "HCR", s->lrs.hcr, ours.hcr) && same(s, "VMCR", s->lrs.vmcr, ours.vmcr) &&
           same(s, "ELRSR", s->lrs.elrsr, ours.elrsr) && same(s, "another member", 1, 0);
}

/* A level that could have been set by this priority, with some binary point. */
static bool is_level_of(const struct icv_model *m, unsigned priority, unsigned level)
{
    unsigned of = priority / (256 / model_levels(m));

    for (unsigned unit = 1; unit <= model_levels(m); unit *= 2)
        if (level == of / unit * unit)
            return true;
    return false;
}

static bool same_levels(struct sequence *s, uint8_t priority, bool group1, bool nmi)
{
    const struct icv_model *m = &s->model;
    uint64_t lr = (uint64_t)priority << 48 | (uint64_t)group1 << 60 | (uint64_t)nmi << 59;
    int level = icv_level_of(&s->lrs, lr);
    unsigned probe = random_below(&s->random, model_levels(m));
    bool any = false;

    if (m->has_nmi && group1 && nmi)
        return same(s, "level of an NMI", (uint64_t)level,
                    m->nmi_active ? ICV_LEVEL_NMI : ~UINT64_C(0));
    for (unsigned l = 0; l < model_levels(m); l++)
        any |= model_level_active(m, l, group1) && is_level_of(m, priority, l);
    return same(s, "level of: any", level >= 0, any) &&
           same(s, "level of: an active one of it",
                level < 0 || (model_level_active(m, (unsigned)level, group1) &&
                              is_level_of(m, priority, (unsigned)level)),
                true) &&
           same(s, "level is active", icv_level_is_active(&s->lrs, probe, group1),
                model_level_active(m, probe, group1)) &&
           same(s, "NMI is active", icv_level_is_active(&s->lrs, ICV_LEVEL_NMI, true),
                m->nmi_active);
}

bool same_view(struct sequence *s)
{
    const struct icv_model *m = &s->model;
    const struct lvgic_lrs *lrs = &s->lrs;
    uint8_t priority = s->palette.priority[random_below(&s->random, NR_STATE_PRIORITIES)] &
                       (uint8_t)(0xff << (8 - lrs->pri_bits));
    bool group1 = random_chance(&s->random, 50);
    bool nmi = group1 && m->has_nmi && random_chance(&s->random, 30); /* no others exist */

    s->happened->conditions += model_misr(m) != 0;
    return same(s, "highest pending", (uint64_t)tested_highest_pending(lrs),
                (uint64_t)model_highest_pending(m)) &&
           same(s, "signalled", (uint64_t)tested_signalled(lrs), (uint64_t)model_signalled(m)) &&
           same(s, group1 ? "would signal, group 1" : "would signal, group 0",
                tested_would_signal(lrs, priority, group1, nmi),
                model_would_signal(m, priority, group1, nmi)) &&
           same(s, "HPPIR0", tested_hppir(lrs, false), model_hppir(m, false)) &&
           same(s, "HPPIR1", tested_hppir(lrs, true), model_hppir(m, true)) &&
           same(s, "RPR", tested_rpr(lrs), model_rpr(m)) && same(s, "PMR", icv_pmr(lrs), m->pmr) &&
           same(s, "BPR0", tested_bpr(lrs, false), model_read_bpr(m, false)) &&
           same(s, "BPR1", tested_bpr(lrs, true), model_read_bpr(m, true)) &&
           same(s, "CTLR", icv_ctlr(lrs), model_read_ctlr(m)) &&
           same(s, "MISR", tested_misr(lrs), model_misr(m)) &&
           same(s, "number of APRs", icv_nr_aprs(lrs), model_levels(m) / 32) &&
           (random_below(&s->random, 4) || same_levels(s, priority, group1, nmi)) &&
           same_registers(s);
}
