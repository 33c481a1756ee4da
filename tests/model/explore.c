/* SPDX-License-Identifier: MIT */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    const struct variant *variant;
    const struct options *options;
    struct result result;

    /* States in the order found, and how: the state before, and the event's number. */
    struct key *keys;
    uint32_t *parent;
    uint8_t *via;
    uint32_t capacity;

    uint32_t *table; /* open addressing; index + 1, 0 = free */
    uint32_t mask;
};

static void *grown(void *old, size_t count, size_t size)
{
    void *p = realloc(old, count * size);

    if (!p) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return p;
}

static uint32_t hash(struct key key)
{
    uint64_t h = key.a * UINT64_C(0x9e3779b97f4a7c15) ^ key.b;

    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(h >> 32);
}

static uint32_t *find(struct search *f, struct key key)
{
    for (uint32_t at = hash(key) & f->mask;; at = (at + 1) & f->mask) {
        uint32_t *slot = &f->table[at];
        if (!*slot)
            return slot;
        const struct key *known = &f->keys[*slot - 1];
        if (known->a == key.a && known->b == key.b)
            return slot;
    }
}

static void grow(struct search *f)
{
    f->capacity = f->capacity ? f->capacity * 2 : 1u << 16;
    f->keys = grown(f->keys, f->capacity, sizeof(*f->keys));
    f->parent = grown(f->parent, f->capacity, sizeof(*f->parent));
    f->via = grown(f->via, f->capacity, sizeof(*f->via));
    f->mask = f->capacity * 2 - 1;
    f->table = grown(f->table, (size_t)f->mask + 1, sizeof(*f->table));
    memset(f->table, 0, ((size_t)f->mask + 1) * sizeof(*f->table));
    for (uint32_t i = 0; i < f->result.states; i++)
        *find(f, f->keys[i]) = i + 1;
}

static void add(struct search *f, const struct system *s, uint32_t parent, unsigned via)
{
    struct key key = system_pack(s);
    uint32_t *slot = find(f, key);

    if (*slot)
        return;
    if (f->result.states == f->capacity) {
        grow(f);
        slot = find(f, key);
    }
    uint32_t i = f->result.states++;
    *slot = i + 1;
    f->keys[i] = key;
    f->parent[i] = parent;
    f->via[i] = (uint8_t)via;
}

/* Prints the events from reset to state `i`, each with the state after it. */
static void print_path(const struct search *f, uint32_t i)
{
    const struct event *events;
    uint32_t path[256];
    unsigned length = 0;
    char name[80], text[600];

    system_events(&events);
    for (; i && length < 256; i = f->parent[i])
        path[length++] = i;
    while (length--) {
        struct system s;
        system_unpack(f->keys[path[length]], f->variant, &s);
        system_event_name(&events[f->via[path[length]]], name, sizeof(name));
        system_describe(&s, text, sizeof(text));
        printf("    %-40s %s\n", name, text);
    }
}

static void failed(struct search *f, uint32_t parent, const struct event *e,
                   const struct system *after, const char *why)
{
    struct result *r = &f->result;
    char name[80], text[600];

    for (unsigned i = 0; i < r->nr_failures; i++)
        if (r->failures[i].event == e && !strcmp(r->failures[i].why, why))
            return;
    if (r->nr_failures == MAX_FAILURES)
        return;
    r->failures[r->nr_failures].event = e;
    r->failures[r->nr_failures++].why = why;
    if (f->options->quiet)
        return;
    printf("FAILED (%s): %s\n", f->variant->name, why);
    print_path(f, parent);
    system_event_name(e, name, sizeof(name));
    system_describe(after, text, sizeof(text));
    printf("  > %-40s %s\n", name, text);
}

static void expand(struct search *f, uint32_t i)
{
    const struct event *events;
    unsigned count = system_events(&events);
    struct system before;

    system_unpack(f->keys[i], f->variant, &before);
    for (unsigned e = 0; e < count; e++) {
        struct system s = before;
        const char *why = NULL;
        enum outcome outcome = system_step(&s, f->variant, &events[e], &why);
        if (outcome == NOT_NOW)
            continue;
        f->result.transitions++;
        f->result.happened[e]++;
        if (outcome == FAILED)
            failed(f, i, &events[e], &s, why);
        else
            add(f, &s, i, e);
    }
}

struct result explore(const struct variant *v, const struct options *options)
{
    struct search f = {0};
    struct system reset = system_reset(v, 0);

    f.variant = v;
    f.options = options;
    grow(&f);
    add(&f, &reset, 0, 0);
    for (uint32_t i = 0; i < f.result.states; i++) {
        if (options->stop_early && f.result.nr_failures)
            break;
        expand(&f, i);
    }
    free(f.keys);
    free(f.parent);
    free(f.via);
    free(f.table);
    return f.result;
}
