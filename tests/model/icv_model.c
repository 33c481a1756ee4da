/* SPDX-License-Identifier: MIT */
/* The ICV_* registers and the outputs to the PE. */
#include "icv_model.h"

#define SPURIOUS 1023
#define IS_AN_NMI 1022 /* FEAT_GICv3_NMI: acknowledge it by ICV_NMIAR1_EL1 */
#define FIRST_SPECIAL 1020
#define FIRST_LPI 8192

static bool is_special(uint32_t intid)
{
    return intid >= FIRST_SPECIAL && intid <= SPURIOUS;
}

/* ---- Priorities (4.8) ---- */

/* Active priorities have one level for each value of the implemented priority bits. */
unsigned model_levels(const struct icv_model *m)
{
    return 1u << m->pri_bits;
}

static unsigned levels_per_priority(const struct icv_model *m)
{
    return 256 / model_levels(m);
}

/* The bits of a priority that decide about preemption (4.8.5, ICV_BPR0_EL1, ICV_BPR1_EL1): with
 * binary point 0 of group 0 they are [7:1], with 6 it is [7], with 7 there are none. Group 1 has
 * its own, one higher for the same bits, or with CBPR = 1 that of group 0. */
static unsigned group_priority(const struct icv_model *m, unsigned priority, bool group1)
{
    unsigned low_bits = group1 && !m->cbpr ? m->bpr[1] : m->bpr[0] + 1;
    unsigned unit = 1;

    while (low_bits--)
        unit *= 2;
    return priority / unit * unit;
}

bool model_level_active(const struct icv_model *m, unsigned level, bool group1)
{
    return level < model_levels(m) && m->active[group1][level];
}

/* The highest level that is active in either group, or -1. */
static int running_level(const struct icv_model *m)
{
    for (unsigned level = 0; level < model_levels(m); level++)
        if (m->active[0][level] || m->active[1][level])
            return (int)level;
    return -1;
}

/* The NMI field is RES0 for group 0 and without the feature. */
static bool is_nmi(const struct icv_model *m, const struct model_lr *lr)
{
    return m->has_nmi && lr->group1 && lr->nmi;
}

uint64_t model_rpr(const struct icv_model *m)
{
    int level = running_level(m);

    if (m->has_nmi && m->nmi_active)
        return UINT64_C(1) << 63; /* and priority 0 */
    return level < 0 ? 0xff : (unsigned)level * levels_per_priority(m);
}

/* ---- Which interrupt is next, and is it signalled (4.8.6, 11.1.1) ---- */

/* An NMI has superpriority: it is before all that are none, and its own priority field is RES0 and
 * counts as 0 (12.4 ICH_LR<n>_EL2.Priority), so all NMIs are equal. Of equals the architecture lets
 * the implementation choose: of NMIs the one with the better field, of others the one in the first
 * register. */
static bool is_before(const struct icv_model *m, const struct model_lr *a, const struct model_lr *b)
{
    if (is_nmi(m, a) != is_nmi(m, b))
        return is_nmi(m, a);
    return a->priority < b->priority;
}

/* Pending and active is not pending: it cannot be acknowledged before it is deactivated. */
int model_highest_pending(const struct icv_model *m)
{
    int best = -1;

    for (unsigned i = 0; i < m->nr; i++) {
        const struct model_lr *lr = &m->lr[i];

        if (!lr->pending || lr->active)
            continue;
        if (!m->enabled[lr->group1])
            continue;
        if (best < 0 || is_before(m, lr, &m->lr[best]))
            best = (int)i;
    }
    return best;
}

/* The running priority is compared in the bits that the pending interrupt's group has for
 * preemption. */
bool model_would_signal(const struct icv_model *m, unsigned priority, bool group1, bool nmi)
{
    int running = running_level(m);

    if (!m->enabled[group1])
        return false;
    if (m->has_nmi && nmi && group1)
        return !m->nmi_active; /* ICV_PMR_EL1 does not mask it, and only an NMI holds it off */
    if (priority >= m->pmr)
        return false;
    if (m->has_nmi && m->nmi_active)
        return false;
    if (running < 0)
        return true;
    return group_priority(m, priority, group1) <
           group_priority(m, (unsigned)running * levels_per_priority(m), group1);
}

static bool is_signalled(const struct icv_model *m, const struct model_lr *lr)
{
    return m->en && model_would_signal(m, lr->priority, lr->group1, is_nmi(m, lr));
}

int model_signalled(const struct icv_model *m)
{
    int i = model_highest_pending(m);

    if (i < 0 || !is_signalled(m, &m->lr[i]))
        return -1;
    return m->lr[i].group1;
}

/* ICV_HPPIR<n>_EL1: 1023 is its only special INTID, so an NMI's INTID is told like any other's. */
uint32_t model_hppir(const struct icv_model *m, bool group1)
{
    int i = model_highest_pending(m);

    return i < 0 || m->lr[i].group1 != group1 ? SPURIOUS : m->lr[i].vintid;
}

/* ---- Acknowledge ---- */

static uint32_t activate(struct icv_model *m, struct model_lr *lr)
{
    if (is_nmi(m, lr)) {
        m->nmi_active = true;
    } else {
        unsigned priority = group_priority(m, lr->priority, lr->group1);
        m->active[lr->group1][priority / levels_per_priority(m)] = true;
    }
    lr->pending = false;
    lr->active = true;
    return lr->vintid;
}

uint32_t model_iar(struct icv_model *m, bool group1)
{
    int i = model_highest_pending(m);

    if (i < 0 || m->lr[i].group1 != group1 || !is_signalled(m, &m->lr[i]))
        return SPURIOUS;
    if (is_nmi(m, &m->lr[i]) && m->sctlr_nmi)
        return IS_AN_NMI;
    return activate(m, &m->lr[i]);
}

uint32_t model_nmiar(struct icv_model *m)
{
    int i = model_highest_pending(m);

    if (i < 0 || !is_nmi(m, &m->lr[i]) || !is_signalled(m, &m->lr[i]))
        return SPURIOUS;
    return activate(m, &m->lr[i]);
}

/* ---- Complete ---- */

/* Two registers with one INTID are UNPREDICTABLE: the first. */
static struct model_lr *find_active(struct icv_model *m, uint32_t intid)
{
    for (unsigned i = 0; i < m->nr; i++)
        if (m->lr[i].active && m->lr[i].vintid == intid)
            return &m->lr[i];
    return 0;
}

static struct model_effect deactivate(struct model_lr *lr)
{
    struct model_effect effect = {.phys_deactivate = lr->hw};

    if (lr->hw)
        effect.pintid = lr->physical;
    lr->active = false;
    return effect;
}

static void count(struct icv_model *m)
{
    m->eoi_count = (m->eoi_count + 1) % 32;
}

struct dropped {
    bool any;
    bool nmi;
    unsigned priority;
};

/* The highest active priority is dropped, whichever group is written. That one level is active in
 * both groups cannot be reached by acknowledging: then group 0's. */
static struct dropped drop_priority(struct icv_model *m)
{
    struct dropped dropped = {.any = false};
    int level = running_level(m);

    if (m->has_nmi && m->nmi_active) {
        m->nmi_active = false;
        dropped.any = dropped.nmi = true;
    } else if (level >= 0) {
        m->active[m->active[0][level] ? 0 : 1][level] = false;
        dropped.any = true;
        dropped.priority = (unsigned)level * levels_per_priority(m);
    }
    return dropped;
}

/* Was what is dropped set by acknowledging this interrupt? */
static bool matches(const struct icv_model *m, const struct model_lr *lr,
                    const struct dropped *dropped)
{
    if (dropped->nmi || is_nmi(m, lr))
        return dropped->nmi && is_nmi(m, lr);
    return group_priority(m, lr->priority, lr->group1) == dropped->priority;
}

struct model_effect model_eoir(struct icv_model *m, bool group1, uint32_t intid, bool lenient)
{
    struct model_effect nothing = {.phys_deactivate = false};
    struct dropped dropped;
    struct model_lr *lr;

    if (is_special(intid))
        return nothing;
    dropped = drop_priority(m);
    if (!dropped.any)
        return nothing;
    if (m->eoi_mode && intid < FIRST_LPI) /* nobody will write ICV_DIR_EL1 for an LPI */
        return nothing;
    lr = find_active(m, intid);
    if (lr && lr->group1 == group1 && (lenient || matches(m, lr, &dropped)))
        return deactivate(lr);
    if (!lr && intid < FIRST_LPI)
        count(m);
    return nothing;
}

/* With EOImode 0 the write is UNPREDICTABLE: ignored. It does not touch priorities. */
struct model_effect model_dir(struct icv_model *m, uint32_t intid)
{
    struct model_effect nothing = {.phys_deactivate = false};
    struct model_lr *lr;

    if (!m->eoi_mode || is_special(intid))
        return nothing;
    lr = find_active(m, intid);
    if (lr)
        return deactivate(lr);
    if (intid < FIRST_LPI)
        count(m);
    return nothing;
}

/* ---- Configuration ---- */

unsigned model_read_bpr(const struct icv_model *m, bool group1)
{
    if (group1 && m->cbpr)
        return m->bpr[0] < 7 ? m->bpr[0] + 1 : 7;
    return m->bpr[group1];
}

/* The least binary point leaves as many bits for preemption as there are. */
void model_write_bpr(struct icv_model *m, bool group1, uint64_t value)
{
    unsigned least = (group1 ? 8 : 7) - m->pri_bits;
    unsigned point = value & 7;

    if (group1 && m->cbpr)
        return;
    m->bpr[group1] = point < least ? least : point;
}

void model_write_pmr(struct icv_model *m, uint64_t value)
{
    unsigned priority = value & 0xff;

    m->pmr = priority / levels_per_priority(m) * levels_per_priority(m);
}

/* CBPR, EOImode, PRIbits; INTIDs of 16 bits, a valid Aff3. The ranges belong to the whole GIC. */
uint64_t model_read_ctlr(const struct icv_model *m)
{
    return (m->cbpr ? 1u : 0u) | (m->eoi_mode ? 2u : 0u) | (m->pri_bits - 1) << 8 | 1u << 15;
}

void model_write_ctlr(struct icv_model *m, uint64_t value)
{
    m->cbpr = value & 1;
    m->eoi_mode = value & 2;
}
