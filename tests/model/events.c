/* SPDX-License-Identifier: MIT */
/*
 * The list of all events, with their arguments, and their names in print.
 */
#include "system.h"

#include <stdio.h>

static const struct {
    const char *name;
    bool has_arg;
} word_events[IRQ_NR_EVENTS] = {
#define WORD_EVENT(name, has_arg, what, section) {#name, has_arg},
    IRQ_EVENTS(WORD_EVENT)
#undef WORD_EVENT
};

static struct event all[MAX_EVENTS];
static unsigned count;

static void add(enum kind kind, enum irq_event word_event, uint32_t arg)
{
    all[count++] = (struct event){.kind = kind, .word_event = word_event, .arg = arg};
}

static void add_word_event(enum irq_event e)
{
    switch (e) {
    case IRQ_EV_SET_ACTIVE:
        add(EVENT_WORD, e, 0);
        add(EVENT_WORD, e, 1);
        break;
    case IRQ_EV_SOURCES_SET:
    case IRQ_EV_SOURCES_CLEAR:
        for (uint32_t sources = 1; sources < 1u << ARCH_SOURCES; sources++)
            add(EVENT_WORD, e, sources);
        break;
    case IRQ_EV_PRIORITY:
        add(EVENT_WORD, e, RESET_PRIORITY);
        add(EVENT_WORD, e, OTHER_PRIORITY);
        break;
    case IRQ_EV_TARGET:
        add(EVENT_WORD, e, 0);
        add(EVENT_WORD, e, 1);
        add(EVENT_WORD, e, IRQ_NOBODY);
        break;
    default:
        add(EVENT_WORD, e, 0);
    }
}

static void add_put(enum irq_part part, bool value, uint32_t vcpu)
{
    all[count++] = (struct event){.kind = EVENT_PUT, .part = part, .value = value, .arg = vcpu};
}

static void add_puts(void)
{
    for (int value = 0; value < 2; value++) {
        add_put(IRQ_PART_LATCH, value, 0);
        add_put(IRQ_PART_LINE, value, 0);
        add_put(IRQ_PART_EDGE, value, 0);
        add_put(IRQ_PART_ACTIVE, value, 0);
    }
    add_put(IRQ_PART_ACTIVE, true, 1);
}

unsigned system_events(const struct event **events)
{
    if (!count) {
        for (int e = 0; e < IRQ_NR_EVENTS; e++)
            add_word_event((enum irq_event)e);
        for (uint32_t v = 0; v < NR_VCPUS; v++) {
            add(EVENT_LIST, 0, v);
            add(EVENT_REPLAY, 0, v);
            add(EVENT_MOVE, 0, v);
        }
        add_puts();
        for (uint32_t value = 0; value < 4; value++)
            add(EVENT_HOSTILE, 0, value);
        add(EVENT_ACK, 0, 0);
        add(EVENT_DEACTIVATE, 0, 0);
        add(EVENT_FOLD, 0, 0);
        add(EVENT_REMAP, 0, 0);
        add(EVENT_PHYS_RISE, 0, 0);
        add(EVENT_PHYS_FALL, 0, 0);
        add(EVENT_FORWARD, 0, 0);
    }
    *events = all;
    return count;
}

void system_event_name(const struct event *e, char *text, size_t size)
{
    static const char *const names[NR_EVENT_KINDS] = {
        [EVENT_MOVE] = "VMM moves the active one to vCPU",
        [EVENT_LIST] = "list on vCPU",
        [EVENT_REPLAY] = "EOIcount replay on vCPU",
        [EVENT_HOSTILE] = "hostile fold",
        [EVENT_ACK] = "guest acknowledges",
        [EVENT_DEACTIVATE] = "guest deactivates",
        [EVENT_FOLD] = "fold",
        [EVENT_REMAP] = "map anew",
        [EVENT_PHYS_RISE] = "physical line rises",
        [EVENT_PHYS_FALL] = "physical line falls",
        [EVENT_FORWARD] = "physical interrupt is forwarded (LINE_HIGH)"};

    static const char *const parts[] = {[IRQ_PART_LATCH] = "latch",
                                        [IRQ_PART_ACTIVE] = "active on vCPU",
                                        [IRQ_PART_LINE] = "line",
                                        [IRQ_PART_EDGE] = "edge"};

    if (e->kind == EVENT_PUT && e->part == IRQ_PART_ACTIVE)
        snprintf(text, size, "VMM puts %s %u = %d", parts[e->part], (unsigned)e->arg, e->value);
    else if (e->kind == EVENT_PUT)
        snprintf(text, size, "VMM puts %s = %d", parts[e->part], e->value);
    else if (e->kind == EVENT_HOSTILE)
        snprintf(text, size, "hostile fold (%s%s)", e->arg & 1 ? "P" : "-", e->arg & 2 ? "A" : "-");
    else if (e->kind == EVENT_LIST || e->kind == EVENT_REPLAY || e->kind == EVENT_MOVE)
        snprintf(text, size, "%s %u", names[e->kind], (unsigned)e->arg);
    else if (e->kind != EVENT_WORD)
        snprintf(text, size, "%s", names[e->kind]);
    else if (!word_events[e->word_event].has_arg)
        snprintf(text, size, "%s", word_events[e->word_event].name);
    else
        snprintf(text, size, "%s(0x%x)", word_events[e->word_event].name, (unsigned)e->arg);
}

/* Appends the names of the word's flags that are set. */
static void put_flags(uint64_t w, char *text, size_t size)
{
    static const char *const names[] = {
#define FLAG_NAME(name, bit, meaning) [bit] = #name,
        IRQ_WORD_FLAGS(FLAG_NAME)
#undef FLAG_NAME
    };
    size_t at = 0;

    text[0] = 0;
    for (unsigned bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++)
        if (names[bit] && (w >> bit & 1) && at < size)
            at += (size_t)snprintf(text + at, size - at, "%s ", names[bit]);
}

void system_describe(const struct system *s, char *text, size_t size)
{
    char flags[200];
    char lr[80] = "";
    char phys[80] = "";
    char causes[120];

    put_flags(s->word, flags, sizeof(flags));
    if (s->listed)
        snprintf(lr, sizeof(lr), "| LR%u %s%s filled %s%s%s%s%s ", (unsigned)s->listed_on,
                 s->lr_pending ? "P" : "-", s->lr_active ? "A" : "-", s->how.pending ? "P" : "-",
                 s->how.active ? "A" : "-", s->how.soft ? " soft" : "", s->how.hw ? " hw" : "",
                 s->how.eoi ? " eoi" : "");
    if (s->word & IRQ_HW)
        snprintf(phys, sizeof(phys), "| phys%s%s%s ", s->phys.line ? " high" : " low",
                 s->phys.latch ? " latched" : "", s->phys.active ? " active" : "");
    belief_describe(&s->arch, causes, sizeof(causes));
    snprintf(text, size, "%s%s%s| arch: %scauses %s", flags, lr, phys,
             s->arch.common.active ? "active, " : "", causes);
}
