/* SPDX-License-Identifier: MIT */
#include "belief.h"

#include <assert.h>
#include <stdio.h>

/* Of an SGI the low bits are its sources instead. */
enum { WIRE = 1, EDGE_LATCH = 2, SOFT_LATCH = 4, MESSAGE = 8, COMBINATIONS = 16 };

static struct arch_irq with_causes(const struct belief *b, unsigned causes)
{
    struct arch_irq a = b->common;

    if (a.sgi) {
        for (unsigned i = 0; i < ARCH_SOURCES; i++)
            a.source[i] = causes >> i & 1;
        return a;
    }
    a.wire = causes & WIRE;
    a.edge_latch = causes & EDGE_LATCH;
    a.soft_latch = causes & SOFT_LATCH;
    a.message = causes & MESSAGE;
    return a;
}

static unsigned take_causes(struct arch_irq *a)
{
    if (a->sgi) {
        unsigned sources = arch_sources(a);

        for (unsigned i = 0; i < ARCH_SOURCES; i++)
            a->source[i] = false;
        return sources;
    }

    unsigned causes = (a->wire ? WIRE : 0u) | (a->edge_latch ? EDGE_LATCH : 0u) |
                      (a->soft_latch ? SOFT_LATCH : 0u) | (a->message ? MESSAGE : 0u);

    a->wire = a->edge_latch = a->soft_latch = a->message = false;
    return causes;
}

static bool same(const struct arch_irq *a, const struct arch_irq *b)
{
    return a->mapped == b->mapped && a->lpi == b->lpi && a->active == b->active &&
           a->active_on == b->active_on && a->enabled == b->enabled && a->edge == b->edge &&
           a->group1 == b->group1 && a->modifier == b->modifier && a->nmi == b->nmi &&
           a->priority == b->priority && a->target == b->target && a->notify == b->notify &&
           a->hw == b->hw && a->takeable == b->takeable && a->merged == b->merged &&
           a->sgi == b->sgi && a->active_source == b->active_source &&
           a->offered_source == b->offered_source;
}

struct belief belief_start(const struct arch_irq *a)
{
    struct belief b = {*a, 0};

    b.open = (uint16_t)(1u << take_causes(&b.common));
    return b;
}

void belief_apply(struct belief *b, belief_step *step, const void *arg)
{
    struct belief next = {0};

    for (unsigned causes = 0; causes < COMBINATIONS; causes++) {
        if (!(b->open >> causes & 1))
            continue;
        for (unsigned choice = 0;; choice++) {
            struct arch_irq a = with_causes(b, causes);
            if (!step(&a, arg, choice)) {
                /* Choices may have holes, but there are never more than four. */
                if (choice >= 3)
                    break;
                continue;
            }
            unsigned after = take_causes(&a);
            assert(!next.open || same(&next.common, &a));
            next.common = a;
            next.open |= (uint16_t)(1u << after);
        }
    }
    assert(next.open);
    *b = next;
}

static uint16_t agreeing(const struct belief *b, belief_test *test, const void *arg)
{
    uint16_t agree = 0;

    for (unsigned causes = 0; causes < COMBINATIONS; causes++) {
        struct arch_irq a = with_causes(b, causes);
        if ((b->open >> causes & 1) && test(&a, arg))
            agree |= (uint16_t)(1u << causes);
    }
    return agree;
}

bool belief_observe(struct belief *b, belief_test *test, const void *arg)
{
    uint16_t agree = agreeing(b, test, arg);

    if (!agree)
        return false;
    b->open = agree;
    return true;
}

bool belief_all(const struct belief *b, belief_test *test, const void *arg)
{
    return agreeing(b, test, arg) == b->open;
}

bool belief_any(const struct belief *b, belief_test *test, const void *arg)
{
    return agreeing(b, test, arg) != 0;
}

void belief_describe(const struct belief *b, char *text, size_t size)
{
    size_t at = 0;

    text[0] = 0;
    for (unsigned causes = 0; causes < COMBINATIONS; causes++) {
        if (!(b->open >> causes & 1) || at >= size)
            continue;
        at += (size_t)snprintf(text + at, size - at, "%s%s%s%s%s%s", at ? " or " : "",
                               causes ? "" : "0", causes & WIRE ? "w" : "",
                               causes & EDGE_LATCH ? "e" : "", causes & SOFT_LATCH ? "s" : "",
                               causes & MESSAGE ? "m" : "");
    }
}
