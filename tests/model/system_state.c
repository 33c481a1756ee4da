/* SPDX-License-Identifier: MIT */
/*
 * A state after reset, and packed into 128 bits.
 */
#include "system.h"

#include <assert.h>
#include <string.h>

static const uint8_t priorities[2] = {RESET_PRIORITY, OTHER_PRIORITY};
static const uint16_t targets[3] = {0, 1, ARCH_NOBODY};

static uint64_t reset_word(const struct variant *v, uint8_t gen)
{
    uint64_t w = IRQ_MAPPED | (uint64_t)priorities[0] << IRQ_PRIO_SHIFT;

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

struct system system_reset(const struct variant *v, uint8_t gen)
{
    struct arch_irq a = {0};
    struct system s = {0};

    a.mapped = true;
    a.lpi = v->lpi;
    a.edge = v->edge;
    a.hw = v->hw;
    a.sgi = v->sgi;
    a.priority = priorities[0];
    s.word = reset_word(v, gen);
    s.gen = gen;
    s.arch = belief_start(&a);
    return s;
}

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
    put(&key.b, &at, 1, a->priority == priorities[1]);
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
    a->priority = priorities[get(key.b, &at, 1)];
    a->target = targets[get(key.b, &at, 2)];
    s->listed_on = (uint8_t)get(key.b, &at, 1);
    s->gen = (uint8_t)get(key.b, &at, 1);
    a->sgi = v->sgi;
    a->active_source = (uint8_t)get(key.b, &at, 2);
    a->offered_source = (uint8_t)get(key.b, &at, 2);
    s->lr_source = (uint8_t)get(key.b, &at, 2);
}
