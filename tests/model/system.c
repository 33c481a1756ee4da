/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <assert.h>
#include <string.h>

#include "mutants.h"

static uint64_t reset_word(const struct variant *v, uint8_t gen)
{
    uint64_t w = IRQ_MAPPED | (uint64_t)system_priorities[0] << IRQ_PRIO_SHIFT;

    w |= (uint64_t)gen << IRQ_GEN_SHIFT;
    if (v->edge)
        w |= IRQ_EDGE;
    if (v->lpi)
        w |= IRQ_NOACT;
    if (v->hw)
        w |= IRQ_HW;
    if (v->sgi)
        w |= IRQ_SRC;
    return w;
}

struct system system_reset(const struct variant *v)
{
    struct arch_irq a = {0};
    struct system s = {0};

    a.mapped = true;
    a.lpi = v->lpi;
    a.edge = v->edge;
    a.hw = v->hw;
    a.sgi = v->sgi;
    a.priority = system_priorities[0];
    s.word = reset_word(v, 0);
    s.arch = belief_start(&a);
    return s;
}

/* ------------------------------------------------------------------ any thread -------------- */

/* Causes, and the register writes that act on them: a function of the architecture's each. */
static void (*const rules[IRQ_NR_EVENTS])(struct arch_irq *) = {
    [IRQ_EV_PULSE] = arch_pulse,
    [IRQ_EV_LINE_HIGH] = arch_wire_high,
    [IRQ_EV_LINE_LOW] = arch_wire_low,
    [IRQ_EV_MSG_HIGH] = arch_message_high,
    [IRQ_EV_MSG_LOW] = arch_message_low,
    [IRQ_EV_SET_PENDING] = arch_set_pending,
    [IRQ_EV_CLEAR_PENDING] = arch_clear_pending,
    [IRQ_EV_CLEAR_ACTIVE] = arch_clear_active,
    [IRQ_EV_UNMAP] = arch_unmap,
};

/* Registers that hold what was last written to them. */
static void store(struct arch_irq *a, const struct event *e)
{
    switch (e->word_event) {
    case IRQ_EV_ENABLE:
    case IRQ_EV_DISABLE:
        a->enabled = e->word_event == IRQ_EV_ENABLE;
        break;
    case IRQ_EV_GROUP0:
    case IRQ_EV_GROUP1:
        a->group1 = e->word_event == IRQ_EV_GROUP1;
        break;
    case IRQ_EV_MOD_ON:
    case IRQ_EV_MOD_OFF:
        a->modifier = e->word_event == IRQ_EV_MOD_ON;
        break;
    case IRQ_EV_NMI_ON:
    case IRQ_EV_NMI_OFF:
        a->nmi = e->word_event == IRQ_EV_NMI_ON;
        break;
    case IRQ_EV_PRIORITY:
        a->priority = (uint8_t)e->arg;
        break;
    case IRQ_EV_TARGET:
        a->target = (uint16_t)e->arg;
        break;
    case IRQ_EV_NOTIFY_ON:
    case IRQ_EV_NOTIFY_OFF:
        a->notify = e->word_event == IRQ_EV_NOTIFY_ON;
        break;
    case IRQ_EV_HW_ON:
    case IRQ_EV_HW_OFF:
        a->hw = e->word_event == IRQ_EV_HW_ON;
        break;
    default:
        assert(false && "an event without a rule");
    }
}

static bool arch_word_event(struct arch_irq *a, const void *arg, unsigned choice)
{
    const struct event *e = arg;

    if (e->word_event == IRQ_EV_CONFIG_EDGE || e->word_event == IRQ_EV_CONFIG_LEVEL)
        return arch_configure(a, e->word_event == IRQ_EV_CONFIG_EDGE, choice);
    if (choice)
        return false;
    if (e->word_event == IRQ_EV_SET_ACTIVE)
        arch_set_active(a, (uint16_t)e->arg);
    else if (e->word_event == IRQ_EV_SOURCES_SET)
        arch_send(a, e->arg);
    else if (e->word_event == IRQ_EV_SOURCES_CLEAR)
        arch_clear_sources(a, e->arg);
    else if (rules[e->word_event])
        rules[e->word_event](a);
    else
        store(a, e);
    return true;
}

/* An SGI has neither a wire nor a configuration nor a route, and is pending by its sources alone.
 * Its group and priority are passive data, enumerated in other variants. */
static bool is_for_sgi(enum irq_event e)
{
    return e == IRQ_EV_SOURCES_SET || e == IRQ_EV_SOURCES_CLEAR || e == IRQ_EV_ENABLE ||
           e == IRQ_EV_DISABLE || e == IRQ_EV_SET_ACTIVE || e == IRQ_EV_CLEAR_ACTIVE;
}

/* Which events make sense for this kind of interrupt at all, and in this state. */
static bool word_event_possible(const struct system *s, const struct variant *v,
                                const struct event *e)
{
    bool quiet = !s->listed && !s->arch.common.active && !irq_pending(s->word) && !s->phys.active;
    /* Data that no rule looks at: the modifier and the NMI property are enumerated while the other
     * such fields are as after reset, and those while these are. */
    const struct arch_irq *a = &s->arch.common;
    bool plain =
        a->priority == system_priorities[0] && a->target == system_targets[0] && !a->notify;
    bool marked = a->modifier || a->nmi;

    if (!s->arch.common.mapped)
        return false;
    if (v->sgi && !is_for_sgi(e->word_event))
        return false;
    switch (e->word_event) {
    case IRQ_EV_SOURCES_SET:
    case IRQ_EV_SOURCES_CLEAR:
        return v->sgi;
    case IRQ_EV_PULSE:
        return !v->hw;
    case IRQ_EV_GROUP0:
    case IRQ_EV_GROUP1:
        return !v->hw; /* passive data, enumerated in the variants that are not mapped */
    case IRQ_EV_PRIORITY:
        return !v->hw && !marked;
    case IRQ_EV_TARGET:
    case IRQ_EV_NOTIFY_ON:
    case IRQ_EV_NOTIFY_OFF:
        return !marked;
    case IRQ_EV_MOD_ON:
    case IRQ_EV_MOD_OFF:
    case IRQ_EV_NMI_ON:
    case IRQ_EV_NMI_OFF:
        return !v->hw && !v->lpi && plain;
    case IRQ_EV_LINE_HIGH:
    case IRQ_EV_LINE_LOW:
        return !v->hw && !v->lpi; /* a mapped interrupt's wire is the physical interrupt */
    case IRQ_EV_MSG_HIGH:
    case IRQ_EV_MSG_LOW:
    case IRQ_EV_CONFIG_EDGE:
    case IRQ_EV_CONFIG_LEVEL:
        return !v->lpi;
    case IRQ_EV_SET_ACTIVE:
    case IRQ_EV_CLEAR_ACTIVE:
        return !s->listed; /* the gate: their callers wait for the fold */
    case IRQ_EV_HW_ON:
    case IRQ_EV_HW_OFF:
        return v->hw && quiet;
    case IRQ_EV_UNMAP:
        return v->lpi;
    default:
        return true;
    }
}

static bool arch_physical_end(struct arch_irq *a, const void *arg, unsigned choice)
{
    return arch_physical(a, *(const bool *)arg, true, false, choice);
}

/* irq_apply() has no effects, so this is its callers' part: when a write deactivates a
 * hardware-mapped interrupt, or leaves it neither pending nor active nor in a register, nobody is
 * left who would deactivate the physical interrupt. Whoever made the write takes back what was
 * forwarded, and then asks the host to deactivate: in this order, or a new forward could be lost.
 */
static void release_physical(struct system *s, bool deactivated)
{
    bool owned = s->listed || (s->word & IRQ_ACT) || irq_pending(s->word);

    if (!s->arch.common.hw || (!deactivated && (owned || !s->phys.active)))
        return;
    s->word = tested_apply(s->word, IRQ_EV_LINE_LOW, 0);
    s->phys.active = false;
    belief_apply(&s->arch, arch_physical_end, &s->phys.line);
}

static void apply(struct system *s, const struct event *e)
{
    bool was_active = s->arch.common.active;

    s->word = tested_apply(s->word, e->word_event, e->arg);
    belief_apply(&s->arch, arch_word_event, e);
    s->news = s->listed;
    release_physical(s, e->word_event == IRQ_EV_CLEAR_ACTIVE && was_active);
    if (e->word_event == IRQ_EV_UNMAP && !s->listed)
        s->freed = true;
}

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
    static const struct event forward = {EVENT_WORD, IRQ_EV_LINE_HIGH, 0};
    bool pending = v->physical_edge ? s->phys.latch : s->phys.line;

    if (kind == EVENT_FORWARD) {
        /* The physical Distributor does not signal an interrupt that is active. */
        if (!s->arch.common.hw || !pending || s->phys.active)
            return NOT_NOW;
        s->phys.latch = false;
        s->phys.active = true;
        apply(s, &forward);
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
    uint8_t gen = s->gen ^ 1;

    if (!s->freed)
        return NOT_NOW;
    *s = system_reset(v);
    s->gen = gen;
    s->word = reset_word(v, gen);
    return DONE;
}

static enum outcome happen(struct system *s, const struct variant *v, const struct event *e,
                           const char **why)
{
    static const struct event clear_active = {EVENT_WORD, IRQ_EV_CLEAR_ACTIVE, 0};

    switch (e->kind) {
    case EVENT_WORD:
        if (!word_event_possible(s, v, e))
            return NOT_NOW;
        apply(s, e);
        return DONE;
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
        apply(s, &clear_active);
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
