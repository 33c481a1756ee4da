/* SPDX-License-Identifier: MIT */
/*
 * What must hold between the implementation and the architecture, after every event.
 */
#include "system.h"

#include "mutants.h"

static bool may(const struct arch_irq *a, const void *arg)
{
    (void)arg;
    return arch_may_be_pending(a);
}

static bool must(const struct arch_irq *a, const void *arg)
{
    (void)arg;
    return arch_must_be_pending(a);
}

/* Would software that reads GICD_ISPENDR<n> be right to see `*pending`? */
static bool reads_as(const struct arch_irq *a, const void *pending)
{
    return *(const bool *)pending ? arch_may_be_pending(a) : !arch_must_be_pending(a);
}

/* The same of GICD_SPENDSGIR<n>. */
static bool reads_sources(const struct arch_irq *a, const void *sources)
{
    return *(const uint32_t *)sources == arch_sources(a);
}

/* While the physical interrupt is not active, the physical Distributor still has what its line says
 * and will have it forwarded: having heard of it already is allowed, but not required. */
static bool not_heard(struct arch_irq *a, const void *arg, unsigned choice)
{
    (void)arg;
    if (choice > (a->wire ? 1u : 0u))
        return false;
    if (choice == 1)
        a->wire = false;
    return true;
}

/* What is in the word alone, whether or not a list register holds the rest. */
static const char *check_fields(const struct system *s)
{
    const struct arch_irq *a = &s->arch.common;
    uint64_t w = s->word;

    if (a->mapped != !!(w & IRQ_MAPPED))
        return "mapped: the word disagrees";
    if (a->enabled != !!(w & IRQ_EN))
        return "enabled: the word disagrees";
    if (a->edge != !!(w & IRQ_EDGE))
        return "configuration: the word disagrees";
    if (a->group1 != !!(w & IRQ_GRP1))
        return "group: the word disagrees";
    if (a->modifier != !!(w & IRQ_MOD))
        return "group modifier: the word disagrees";
    if (a->nmi != !!(w & IRQ_NMI))
        return "non-maskable: the word disagrees";
    if (a->priority != irq_prio(w))
        return "priority: the word disagrees";
    if (a->target != irq_target(w))
        return "target: the word disagrees";
    if (a->notify != !!(w & IRQ_NOTIFY))
        return "notify: the word disagrees";
    if (a->hw != !!(w & IRQ_HW))
        return "hardware-mapped: the word disagrees";
    if (a->lpi != !!(w & IRQ_NOACT))
        return "no active state: the word disagrees";
    if (a->sgi != !!(w & IRQ_SRC))
        return "pending for each source: the word disagrees";
    if (w & IRQ_IRM)
        return "a bit came up that no event sets";
    if (irq_gen(w) != s->gen)
        return "the generation changed within a map life";
    return NULL;
}

static const char *check_holder(const struct system *s)
{
    const struct arch_irq *a = &s->arch.common;
    uint64_t w = s->word;
    uint32_t life = a->sgi ? a->active_source : s->gen;

    if (a->sgi && s->listed && irq_source(w) != s->lr_source)
        return "another source than the register's";
    if (s->listed != !!(w & IRQ_INLR))
        return s->listed ? "in a list register, but INLR is clear" : "INLR, but in no register";
    if ((w & IRQ_ACT) && (w & IRQ_INLR))
        return "two holders: ACT and INLR";
    if ((w & IRQ_INLR) && irq_holder(w) != s->listed_on)
        return "HOLDER is not the vCPU whose register holds it";
    if ((w & IRQ_ACT) && irq_holder(w) >= NR_VCPUS)
        return "active, and HOLDER is no vCPU";
    if ((w & IRQ_CLRP) && !(w & IRQ_INLR))
        return "CLRP outside a list register";
    if ((w & IRQ_NOACT) && (w & IRQ_ACT))
        return "an LPI is active";
    if (irq_unheld(w) != s->freed)
        return s->freed ? "unmapped and in no register, but still held" : "given up while held";
    if (!(w & IRQ_MAPPED) && (irq_wanted(w) || irq_deliverable(w)))
        return "unmapped, but wanted";
    for (uint32_t me = 0; me < NR_VCPUS; me++) {
        bool may_clear = !s->listed && a->active && a->active_on == me;
        if (irq_replayable(w, life, me) != may_clear)
            return "irq_replayable: the active state is elsewhere";
        if (irq_replayable(w, life ^ 1u, me))
            return "irq_replayable: believes another generation or source";
    }
    return NULL;
}

/* In no register: everything can be read, and must be exact. */
static const char *check_outside(struct system *s)
{
    const struct arch_irq *a = &s->arch.common;
    uint64_t w = s->word;
    bool pending = irq_pending(w);

    if (!a->mapped)
        return NULL;
    if (a->active != !!(w & IRQ_ACT))
        return a->active ? "active, but the word says inactive"
                         : "inactive, but the word says active";
    if (a->active && a->active_on != irq_holder(w))
        return "active on another vCPU than HOLDER";
    if (a->hw && !s->phys.active)
        belief_apply(&s->arch, not_heard, NULL);
    if (!belief_observe(&s->arch, reads_as, &pending))
        return pending ? "not pending, but the word says pending"
                       : "pending, but the word says not pending";
    uint32_t sources = irq_sources(w);

    if (a->sgi && !belief_observe(&s->arch, reads_sources, &sources))
        return "pending for other sources than the word says";
    if (irq_wanted(w) != (a->active || (a->enabled && pending)))
        return "irq_wanted disagrees";
    if (irq_deliverable(w) != (!a->active && a->enabled && pending))
        return "irq_deliverable disagrees";
    if (irq_wanted(w) && irq_effective(w) != (a->active ? a->active_on : a->target))
        return "irq_effective disagrees";
    if (s->phys.active && !pending && !a->active)
        return "the physical interrupt is active for ever: neither pending nor active here";
    return NULL;
}

/* In a register of a vCPU whose guest may be running: nothing is lost, and where the guest's next
 * step depends on the owner, the owner will hear of it. */
static const char *check_inside(const struct system *s)
{
    const struct arch_irq *a = &s->arch.common;
    uint64_t w = s->word;
    bool empty = !s->lr_pending && !s->lr_active;

    if (a->active != s->lr_active)
        return "active state in the register and in the architecture differ";
    if (!a->mapped)
        return NULL;
    if (tested_apply(w, IRQ_EV_SET_ACTIVE, s->listed_on ^ 1u) != w ||
        tested_apply(w, IRQ_EV_CLEAR_ACTIVE, 0) != w)
        return "an active-state write acted while in a list register";
    if (!a->hw && belief_all(&s->arch, must, NULL) && !s->lr_pending && !irq_pending(w))
        return "pending, but neither in the register nor in the word";
    if (!empty || s->news || s->how.eoi)
        return NULL;
    if (a->enabled && a->target != ARCH_NOBODY && belief_all(&s->arch, must, NULL))
        return "completed and pending again, but nobody tells the owner (no EOI, no news)";
    if (a->hw && s->deactivated && s->phys.active && !s->how.hw)
        return "completed, the physical interrupt is active, and nobody tells the owner";
    return NULL;
}

const char *system_check(struct system *s)
{
    const char *why = check_fields(s);

    if (!why)
        why = check_holder(s);
    if (!why)
        why = s->listed ? check_inside(s) : check_outside(s);
    return why;
}

/* Fields that listing and folding have no business with. */
#define UNTOUCHED                                                                                \
    (IRQ_EN | IRQ_EDGE | IRQ_GRP1 | IRQ_NMI | IRQ_MAPPED | IRQ_NOACT | IRQ_NOTIFY | IRQ_HW |     \
     IRQ_IRM | IRQ_MSGL | UINT64_C(0xff) << IRQ_PRIO_SHIFT | IRQ_VCPU_MASK << IRQ_TARGET_SHIFT | \
     IRQ_MOD | IRQ_SRC)

/* Nor with the generation, unless sources are there in its place. */
static bool touched(const struct system *before, uint64_t after)
{
    uint64_t gen = before->arch.common.sgi ? 0 : UINT64_C(0xff) << IRQ_GEN_SHIFT;

    return (before->word ^ after) & (UNTOUCHED | gen);
}

/* One source goes into the register, the lowest (the library's choice), and no other goes away. An
 * active one stays what it was. */
static const char *check_sources(const struct system *before, uint64_t after,
                                 const struct irq_listing *how)
{
    uint32_t was = irq_sources(before->word), left = irq_sources(after);

    if (how->active && irq_source(after) != before->arch.common.active_source)
        return "listed as active for another source";
    if (how->pending && how->active)
        return "pending and active, though the register names one source";
    if (was != (left | (how->pending ? 1u << irq_source(after) : 0)))
        return "listing lost a source, or made one up";
    if (how->pending && (was & ((2u << irq_source(after)) - 1)) != 1u << irq_source(after))
        return "not the lowest source";
    return NULL;
}

const char *check_listing(const struct system *before, uint64_t after, uint32_t me,
                          const struct irq_listing *how)
{
    const struct arch_irq *a = &before->arch.common;

    if (touched(before, after))
        return "listing changed a field that is not its own";
    if (!(after & IRQ_INLR) || irq_holder(after) != me || (after & (IRQ_ACT | IRQ_CLRP)))
        return "listed, but the word does not say so";
    if (how->active != a->active)
        return "listed with another active state";
    if (how->pending && !(a->enabled && belief_any(&before->arch, may, NULL)))
        return "offered as pending though disabled or not pending";
    if (!how->active && !how->pending)
        return "an empty list register";
    if (how->hw && !a->hw)
        return "HW = 1 for an interrupt that is not hardware-mapped";
    if (how->hw && how->pending && how->active)
        return "HW = 1 with pending and active: not allowed (ICH_LR<n>_EL2.State)";
    if (how->hw && how->eoi)
        return "HW = 1 and EOI = 1: the EOI bit is part of pINTID then";
    if (a->notify && !a->edge && !how->hw && !how->eoi)
        return "the embedder wants to hear of the deactivation, but EOI = 0";
    return a->sgi ? check_sources(before, after, how) : NULL;
}

const char *check_fold(const struct system *before, uint64_t after, const struct irq_folded *found,
                       bool hostile)
{
    if (touched(before, after))
        return "folding changed a field that is not its own";
    if (after & (IRQ_INLR | IRQ_CLRP))
        return "folded, but INLR or CLRP is still set";
    if ((found->sample || found->phys_deactivate) && !before->arch.common.hw)
        return "a physical effect for an interrupt that is not hardware-mapped";
    if (found->phys_deactivate && (after & IRQ_ACT))
        return "the physical interrupt is deactivated while this one is active";
    if (hostile)
        return NULL;
    if (found->acknowledged != (before->acknowledged && before->lr_active))
        return "acknowledged: the fold reports something else";
    if (found->deactivated != before->deactivated)
        return "deactivated: the fold reports something else";
    return NULL;
}
