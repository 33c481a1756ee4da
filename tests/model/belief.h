/* SPDX-License-Identifier: MIT */
/*
 * All states that the architecture allows at one moment. Causes of pending may be open (a coalesced
 * edge, an UNKNOWN pending state); everything else is the same in all of them. An observation
 * removes the states that contradict it; when none is left, the implementation is wrong.
 */
#ifndef LVGIC_TESTS_BELIEF_H
#define LVGIC_TESTS_BELIEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch_irq.h"

struct belief {
    struct arch_irq common; /* the causes of pending in here are zero: they are in `open` */
    uint16_t open;          /* bit n: the combination n of the four causes is possible */
};

/* One event for one state: returns false when `choice` does not exist. */
typedef bool belief_step(struct arch_irq *a, const void *arg, unsigned choice);
/* Does the state agree with what was seen? */
typedef bool belief_test(const struct arch_irq *a, const void *arg);

struct belief belief_start(const struct arch_irq *a);
void belief_apply(struct belief *b, belief_step *step, const void *arg);
/* Keeps the states that agree; returns false, changing nothing, when there is none. */
bool belief_observe(struct belief *b, belief_test *test, const void *arg);
bool belief_all(const struct belief *b, belief_test *test, const void *arg);
bool belief_any(const struct belief *b, belief_test *test, const void *arg);

/* The combinations of causes that are possible: w = wire, e = edge latch, s = soft latch, m =
 * message, 0 = none of them. */
void belief_describe(const struct belief *b, char *text, size_t size);

#endif
