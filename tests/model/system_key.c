/* SPDX-License-Identifier: MIT */
/* A state in 128 bits, and back. */
#include "system.h"

#include <assert.h>
#include <string.h>

const uint8_t system_priorities[2] = {0xa0, 0x20};
const uint16_t system_targets[3] = {0, 1, ARCH_NOBODY};

static void put(uint64_t *bits, unsigned *at, unsigned width, unsigned value)
{
    assert(!(value >> width));
    *bits |= (uint64_t)value << *at;
    *at += width;
}

static unsigned get(uint64_t bits, unsigned *at, unsigned width)
{
    unsigned value = (unsigned)(bits >> *at) & ((1u << width) - 1);

    *at += width;
    return value;
}

struct key system_pack(const struct system *s)
{
    const struct arch_irq *a = &s->arch.common;
    struct key key = {s->word, 0};
    unsigned at = 0;
    const bool flags[] = {
        a->mapped,       a->active,      a->enabled,  a->edge,      a->group1,     a->notify,
        a->hw,           a->takeable,    a->merged,   s->listed,    s->lr_pending, s->lr_active,
        s->how.pending,  s->how.active,  s->how.soft, s->how.hw,    s->how.eoi,    s->news,
        s->acknowledged, s->deactivated, s->freed,    s->phys.line, s->phys.latch, s->phys.active,
        a->modifier,     a->nmi};

    put(&key.b, &at, 16, s->arch.open);
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        put(&key.b, &at, 1, flags[i]);
    put(&key.b, &at, 1, a->active_on);
    put(&key.b, &at, 1, a->priority == system_priorities[1]);
    put(&key.b, &at, 2, a->target == ARCH_NOBODY ? 2 : a->target);
    put(&key.b, &at, 1, s->listed_on);
    put(&key.b, &at, 1, s->gen);
    put(&key.b, &at, 2, a->active_source);
    put(&key.b, &at, 2, a->offered_source);
    put(&key.b, &at, 2, s->lr_source);
    return key;
}

void system_unpack(struct key key, const struct variant *v, struct system *s)
{
    struct arch_irq *a = &s->arch.common;
    unsigned at = 0;

    memset(s, 0, sizeof(*s));
    bool *const flags[] = {&a->mapped,      &a->active,     &a->enabled,      &a->edge,
                           &a->group1,      &a->notify,     &a->hw,           &a->takeable,
                           &a->merged,      &s->listed,     &s->lr_pending,   &s->lr_active,
                           &s->how.pending, &s->how.active, &s->how.soft,     &s->how.hw,
                           &s->how.eoi,     &s->news,       &s->acknowledged, &s->deactivated,
                           &s->freed,       &s->phys.line,  &s->phys.latch,   &s->phys.active,
                           &a->modifier,    &a->nmi};

    s->word = key.a;
    a->lpi = v->lpi;
    s->arch.open = (uint16_t)get(key.b, &at, 16);
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        *flags[i] = get(key.b, &at, 1);
    a->active_on = (uint16_t)get(key.b, &at, 1);
    a->priority = system_priorities[get(key.b, &at, 1)];
    a->target = system_targets[get(key.b, &at, 2)];
    s->listed_on = (uint8_t)get(key.b, &at, 1);
    s->gen = (uint8_t)get(key.b, &at, 1);
    a->sgi = v->sgi;
    a->active_source = (uint8_t)get(key.b, &at, 2);
    a->offered_source = (uint8_t)get(key.b, &at, 2);
    s->lr_source = (uint8_t)get(key.b, &at, 2);
}
