/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <string.h>

#include "mutants.h"

/* ------------------------------------------------------------------ the owner --------------- */

static bool arch_offer_step(struct arch_irq *a, const void *arg, unsigned choice)
{
    if (choice)
        return false;
    arch_offer(a, *(const uint8_t *)arg);
    return true;
}

static enum outcome list(struct system *s, uint32_t me, const char **why)
{
    struct irq_listing how = {0};

    if (s->listed || !irq_wanted(s->word) || irq_effective(s->word) != me)
        return NOT_NOW;
    uint64_t after = tested_list(s->word, me, &how);
    *why = check_listing(s, after, me, &how);
    if (*why)
        return FAILED;
    s->word = after;
    s->how = how;
    s->listed = true;
    s->listed_on = (uint8_t)me;
    s->lr_pending = how.pending;
    s->lr_active = how.active;
    s->lr_source = s->arch.common.sgi ? (uint8_t)irq_source(after) : 0;
    if (how.pending)
        belief_apply(&s->arch, arch_offer_step, &s->lr_source);
    return DONE;
}

struct fold_effects {
    bool line, ended, looked;
    bool active;    /* the word says so */
    bool refilled;  /* a mapped interrupt's liar said that it is pending, as it was filled */
    uint8_t source; /* that was in the register */
};

/* A register that lies: the interrupt may count as acknowledged or not, and as active or not, as
 * the implementation likes, but nothing becomes pending by it, and no LPI active. */
static bool arch_believe(struct arch_irq *a, const void *arg, unsigned choice)
{
    const struct fold_effects *f = arg;

    if ((choice & 1 && !a->takeable) || (choice & 2 && !f->refilled) || choice > 3)
        return false;
    if (choice & 1)
        a->edge_latch = a->soft_latch = a->source[f->source] = false;
    if (choice & 2)
        a->wire = true;
    a->active_on = a->active && f->active ? a->active_on : 0;
    a->active_source = f->active ? f->source : 0;
    a->active = f->active && !a->lpi;
    return true;
}

static bool arch_fold_step(struct arch_irq *a, const void *arg, unsigned choice)
{
    const struct fold_effects *f = arg;

    arch_withdraw(a);
    return arch_physical(a, f->line, f->ended, f->looked, choice);
}

/* What the real host does right after the fold, as `found` says. */
static struct fold_effects carry_out(struct system *s, const struct irq_folded *found)
{
    struct fold_effects f = {s->phys.line, found->phys_deactivate, found->sample, false, false,
                             s->lr_source};

    if (found->phys_deactivate)
        s->phys.active = false;
    if (found->sample && !s->phys.line) {
        if (s->word & IRQ_MAPPED)
            s->word = tested_apply(s->word, IRQ_EV_LINE_LOW, 0);
        s->phys.active = false;
        f.ended = true;
    }
    return f;
}

static enum outcome fold(struct system *s, bool pending, bool active, bool hostile,
                         const char **why)
{
    struct irq_folded found = {0};
    uint64_t after = tested_fold(s->word, &s->how, pending, active, &found);

    *why = check_fold(s, after, &found, hostile);
    if (*why)
        return FAILED;
    s->word = after;
    struct fold_effects f = carry_out(s, &found);
    f.active = after & IRQ_ACT;
    f.refilled = hostile && pending && s->how.pending && s->arch.common.hw;
    if (hostile) {
        /* The hardware would have deactivated what it says is inactive. */
        if (s->how.hw && !f.active && !irq_pending(s->word)) {
            s->phys.active = false;
            f.ended = true;
        }
        belief_apply(&s->arch, arch_believe, &f);
        if (s->arch.common.active)
            s->arch.common.active_on = s->listed_on;
    }
    belief_apply(&s->arch, arch_fold_step, &f);
    s->listed = s->lr_pending = s->lr_active = s->news = false;
    s->acknowledged = s->deactivated = false;
    s->listed_on = s->lr_source = 0;
    memset(&s->how, 0, sizeof(s->how));
    if (!s->arch.common.mapped)
        s->freed = true;
    return DONE;
}

/* Only what cannot come about from what was filled in, whatever the guest does. */
static bool hardware_can_return(const struct system *s, bool pending, bool active)
{
    if (s->arch.common.lpi)
        return !active;
    if (s->how.pending && s->how.active)
        return true;
    return !pending || (s->how.pending && !active);
}

/* ------------------------------------------------------------------ the guest --------------- */

static bool arch_acknowledge_step(struct arch_irq *a, const void *arg, unsigned choice)
{
    return arch_acknowledge(a, *(const uint16_t *)arg, choice);
}

/* The CPU interface signals pending interrupts that are not active as well (4.1). */
static enum outcome acknowledge(struct system *s)
{
    uint16_t pe = s->listed_on;

    if (!s->listed || !s->lr_pending || s->lr_active)
        return NOT_NOW;
    belief_apply(&s->arch, arch_acknowledge_step, &pe);
    s->lr_pending = false;
    s->lr_active = !s->arch.common.lpi;
    s->acknowledged = true;
    return DONE;
}

static bool arch_deactivate_step(struct arch_irq *a, const void *arg, unsigned choice)
{
    if (choice)
        return false;
    arch_deactivate(a);
    /* 11.2.1: with HW = 1 the physical interrupt is deactivated, and what it forwarded is over. */
    if (*(const bool *)arg)
        a->wire = false;
    return true;
}

static enum outcome deactivate(struct system *s)
{
    if (!s->listed || !s->lr_active)
        return NOT_NOW;
    belief_apply(&s->arch, arch_deactivate_step, &s->how.hw);
    s->lr_active = false;
    if (s->how.hw)
        s->phys.active = false;
    s->deactivated = true;
    s->acknowledged = false;
    return DONE;
}

/* ------------------------------------------------------------------ physical ---------------- */

static enum outcome physical(struct system *s, const struct variant *v, enum kind kind)
{
    static const struct event forward = {.kind = EVENT_WORD, .word_event = IRQ_EV_LINE_HIGH};
    bool pending = v->physical_edge ? s->phys.latch : s->phys.line;

    if (kind == EVENT_FORWARD) {
        /* The physical Distributor does not signal an interrupt that is active. */
        if (!s->arch.common.hw || !pending || s->phys.active)
            return NOT_NOW;
        s->phys.latch = false;
        s->phys.active = true;
        system_apply(s, &forward);
        return DONE;
    }
    if (!v->hw || s->phys.line == (kind == EVENT_PHYS_RISE))
        return NOT_NOW;
    s->phys.line = kind == EVENT_PHYS_RISE;
    if (s->phys.line && v->physical_edge)
        s->phys.latch = true;
    return DONE;
}

static enum outcome remap(struct system *s, const struct variant *v)
{
    if (!s->freed)
        return NOT_NOW;
    *s = system_reset(v, s->gen ^ 1);
    return DONE;
}

static enum outcome happen(struct system *s, const struct variant *v, const struct event *e,
                           const char **why)
{
    static const struct event clear_active = {.kind = EVENT_WORD,
                                              .word_event = IRQ_EV_CLEAR_ACTIVE};

    switch (e->kind) {
    case EVENT_WORD:
        return system_event(s, v, e);
    case EVENT_PUT:
    case EVENT_MOVE:
        return system_put(s, v, e, why);
    case EVENT_LIST:
        return list(s, e->arg, why);
    case EVENT_ACK:
        return acknowledge(s);
    case EVENT_DEACTIVATE:
        return deactivate(s);
    case EVENT_FOLD:
        return s->listed ? fold(s, s->lr_pending, s->lr_active, false, why) : NOT_NOW;
    case EVENT_HOSTILE:
        /* A liar does not look at what the guest really did. */
        if (!s->listed || s->acknowledged || s->deactivated ||
            hardware_can_return(s, e->arg & 1, e->arg & 2))
            return NOT_NOW;
        return fold(s, e->arg & 1, e->arg & 2, true, why);
    case EVENT_REPLAY:
        if (!irq_replayable(s->word, s->arch.common.sgi ? s->arch.common.active_source : s->gen,
                            e->arg))
            return NOT_NOW;
        system_apply(s, &clear_active);
        return DONE;
    case EVENT_REMAP:
        return remap(s, v);
    default:
        return physical(s, v, e->kind);
    }
}

enum outcome system_step(struct system *s, const struct variant *v, const struct event *e,
                         const char **why)
{
    enum outcome outcome = happen(s, v, e, why);

    if (outcome == DONE) {
        *why = system_check(s);
        if (*why)
            return FAILED;
    }
    return outcome;
}
