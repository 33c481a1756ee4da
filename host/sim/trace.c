/* SPDX-License-Identifier: MIT */
/* What happened in a schedule: recorded while it runs, printed when it is over. */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>

struct event {
    int8_t actor;
    uint8_t kind;
    uint8_t order;
    uint32_t step;
    uint32_t size;
    unsigned stale;
    uintptr_t address;
    uintptr_t pc;
    uint64_t old;
    uint64_t value;
};

/* At most three events per step: a wait, the end of it, and the access itself. */
enum { MAX_EVENTS = 3 * MAX_STEPS_LIMIT };

static struct event *events;
static size_t event_count;
static bool write_pending;
static uint64_t hash;

static const char *const kind_names[] = {"read", "write",      "load",  "store", "rmw",
                                         "cas",  "cas-failed", "fence", "wait",  "relax",
                                         "step", "rand",       "return"};
static const char *const order_names[] = {"relaxed", "consume", "acquire", "release",
                                          "acq_rel", "seq_cst", "?",       "?"};

void trace_begin(void)
{
    if (!events)
        events = calloc(MAX_EVENTS, sizeof *events);
    event_count = 0;
    write_pending = false;
    hash = 0xcbf29ce484222325u;
}

static void hash_add(uint64_t value)
{
    hash = (hash ^ value) * 0x100000001b3u;
    hash ^= hash >> 29;
}

static uint64_t read_value(uintptr_t address, unsigned size)
{
    return size == 1 || size == 2 || size == 4 || size == 8 ? memory_read_raw(address, size) : 0;
}

/* The last plain write is done once anything else happens (unless it crashed). */
void trace_finish_write(void)
{
    if (!write_pending)
        return;
    struct event *event = &events[event_count - 1];
    event->value = read_value(event->address, event->size);
    write_pending = false;
}

void trace_event(enum event_kind kind, uintptr_t address, unsigned size, int order, uint64_t old,
                 uint64_t value, unsigned stale)
{
    trace_finish_write();
    /*
     * Addresses and pointer-sized values may differ between two processes; everything else that
     * happens must be the same whenever the same schedule is run.
     */
    hash_add((uint64_t)(rt.current + 1) | (uint64_t)kind << 8 | (uint64_t)size << 16 |
             (uint64_t)order << 48);
    if (size < 8)
        hash_add(value);
    if (!events || event_count == MAX_EVENTS)
        return;
    struct event *event = &events[event_count++];
    *event = (struct event){.actor = (int8_t)rt.current,
                            .kind = (uint8_t)kind,
                            .order = (uint8_t)order,
                            .step = rt.steps,
                            .size = size,
                            .stale = stale,
                            .address = address,
                            .pc = (uintptr_t)rt.pc,
                            .old = old,
                            .value = value};
    if (kind == EVENT_READ)
        event->old = event->value = read_value(address, size);
    write_pending = kind == EVENT_WRITE;
}

uint64_t trace_hash(void)
{
    return hash;
}

static void print_event(const struct event *event)
{
    char symbol[128], function[128];

    printf("  %5u  actor %d  %-10s", event->step, event->actor, kind_names[event->kind]);
    if (event->kind == EVENT_FENCE) {
        printf(" %s", order_names[event->order]);
    } else if (event->address != 0) {
        printf(" %s:%u", symbol_name(event->address, symbol, sizeof symbol), event->size * 8);
        if (event->kind != EVENT_READ && event->kind != EVENT_WRITE)
            printf(" %s", order_names[event->order]);
        if (event->kind == EVENT_RMW || event->kind == EVENT_CAS)
            printf(" %#lx ->", (unsigned long)event->old);
        printf(" %#lx", (unsigned long)event->value);
        if (event->kind == EVENT_CAS_FAILED)
            printf(" (found %#lx)", (unsigned long)event->old);
        if (event->stale > 0)
            printf(" (stale: %u newer store%s)", event->stale, event->stale == 1 ? "" : "s");
    }
    if (event->kind != EVENT_STEP && event->kind != EVENT_RETURN && event->pc != 0)
        printf("  in %s", symbol_function(event->pc, function, sizeof function));
    putchar('\n');
}

void trace_print(size_t last)
{
    size_t first = event_count > last ? event_count - last : 0;

    if (first > 0)
        printf("  ... %zu earlier events not shown\n", first);
    for (size_t i = first; i < event_count; i++)
        print_event(&events[i]);
}

void trace_print_runs(void)
{
    printf("  schedule (actor x events):");
    for (size_t i = 0; i < event_count;) {
        size_t end = i;
        while (end < event_count && events[end].actor == events[i].actor)
            end++;
        printf(" %dx%zu", events[i].actor, end - i);
        i = end;
    }
    putchar('\n');
}
