/* SPDX-License-Identifier: MIT */
/*
 * What any thread does to the interrupt: events, and parts of its state that a VMM writes.
 */
#include "system.h"

#include <assert.h>

#include "mutants.h"

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
    bool plain = a->priority == RESET_PRIORITY && a->target == 0 && !a->notify;
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
    if (!s->arch.common.hw || (!deactivated && (irq_owns_physical(s->word) || !s->phys.active)))
        return;
    s->word = tested_apply(s->word, IRQ_EV_LINE_LOW, 0);
    s->phys.active = false;
    belief_apply(&s->arch, arch_physical_end, &s->phys.line);
}

void system_apply(struct system *s, const struct event *e)
{
    bool was_active = s->arch.common.active;

    s->word = tested_apply(s->word, e->word_event, e->arg);
    belief_apply(&s->arch, arch_word_event, e);
    s->news = s->listed;
    release_physical(s, e->word_event == IRQ_EV_CLEAR_ACTIVE && was_active);
    if (e->word_event == IRQ_EV_UNMAP && !s->listed)
        s->freed = true;
}

enum outcome system_event(struct system *s, const struct variant *v, const struct event *e)
{
    if (!word_event_possible(s, v, e))
        return NOT_NOW;
    system_apply(s, e);
    return DONE;
}

/* ------------------------------------------------------------------ a VMM ------------------- */

static bool arch_put_step(struct arch_irq *a, const void *arg, unsigned choice)
{
    const struct event *e = arg;

    if (e->kind == EVENT_PUT && e->part == IRQ_PART_EDGE)
        return arch_put_edge(a, e->value, choice);
    if (choice)
        return false;
    if (e->kind == EVENT_MOVE)
        arch_move(a, (uint16_t)e->arg);
    else if (e->part == IRQ_PART_LATCH)
        arch_put_latch(a, e->value);
    else if (e->part == IRQ_PART_LINE)
        arch_put_wire(a, e->value);
    else
        arch_put_active(a, e->value, (uint16_t)e->arg);
    return true;
}

/* An SGI of GICv2 is pending by other registers; it has neither wire nor trigger nor route to
 * write, as an LPI. A mapped interrupt's wire is written while it is one. */
static bool put_possible(const struct system *s, const struct variant *v, const struct event *e)
{
    bool active = e->kind == EVENT_PUT && e->part == IRQ_PART_ACTIVE;
    bool latch = e->kind == EVENT_PUT && e->part == IRQ_PART_LATCH;

    if (!s->arch.common.mapped)
        return false;
    if (v->sgi || v->lpi)
        return active || (latch && v->lpi);
    if (e->kind == EVENT_MOVE)
        return true;
    return e->part != IRQ_PART_LINE || s->arch.common.hw == v->hw;
}

/* What a list register holds is not there to be written: the VMM comes back after the fold. */
static bool waits_for_fold(const struct system *s, const struct event *e)
{
    return s->listed && (e->kind == EVENT_MOVE || e->part != IRQ_PART_EDGE);
}

enum outcome system_put(struct system *s, const struct variant *v, const struct event *e,
                        const char **why)
{
    uint64_t before = s->word;
    uint64_t after = e->kind == EVENT_MOVE ? tested_move(before, e->arg)
                                           : tested_put(before, e->part, e->value, e->arg);

    if (!put_possible(s, v, e))
        return NOT_NOW;
    if (waits_for_fold(s, e)) {
        *why = "a VMM's write acted on what is in a list register";
        return after == before ? DONE : FAILED;
    }
    s->word = after;
    s->news = s->news || (s->listed && after != before);
    belief_apply(&s->arch, arch_put_step, e);
    /* State has no effect on the physical interrupt: the host brings it in line (state.h). */
    if (s->arch.common.hw && !s->listed)
        s->phys.active = irq_owns_physical(s->word);
    return DONE;
}
