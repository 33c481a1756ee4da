/* SPDX-License-Identifier: MIT */
/*
 * Breadth-first search over all states that can be reached from reset. The order is fixed, so the
 * first path to a failure is a shortest one, and the same every time.
 */
#ifndef LVGIC_TESTS_MODEL_EXPLORE_H
#define LVGIC_TESTS_MODEL_EXPLORE_H

#include "system.h"

#define MAX_FAILURES 16

struct result {
    uint32_t states;
    uint64_t transitions;
    uint64_t happened[MAX_EVENTS]; /* by event number */
    unsigned nr_failures;          /* with distinct messages, or after distinct events */
    struct {
        const char *why;
        const struct event *event;
    } failures[MAX_FAILURES];
};

struct options {
    bool quiet;      /* print no paths */
    bool stop_early; /* stop at the first failure */
};

struct result explore(const struct variant *v, const struct options *options);

#endif
