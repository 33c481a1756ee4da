/* SPDX-License-Identifier: MIT */
/*
 * Can a history be explained? (Wing and Gong, "Testing and verifying concurrent objects", 1993.)
 * A history is what operations were seen to do, and when each began and ended. It is explained by
 * an order of them that agrees with these times (what ended before another began comes first), in
 * which the GIC of ghost.h does the same. A depth-first search, which remembers what it has tried:
 * the set of operations done and the state that they led to.
 */
#ifndef SIM_LINEAR_H
#define SIM_LINEAR_H

#include <stddef.h>

#include "ghost.h"

enum { LINEAR_MAX_OPS = 192 };

struct linear_report {
    unsigned order[LINEAR_MAX_OPS]; /* positions, in the order that explains most of them */
    unsigned explained;             /* how many these are */
};

/* True if the `n` operations, sorted by the time at which they began, are explained. */
bool linear_check(const struct ghost_gic *gic, const struct ghost *initial,
                  const struct ghost_op *ops, unsigned n, struct linear_report *report);

/* "vCPU 0 (actor 2) acknowledges 32", as written to `text`, which is returned. */
const char *linear_describe(const struct ghost_gic *gic, const struct ghost_op *op, char *text,
                            size_t size);

/* The history, the order that explains most of it, and the operations that can come next and do
 * not fit; to standard output. */
void linear_print(const struct ghost_gic *gic, const struct ghost_op *ops, unsigned n,
                  const struct linear_report *report);

/* The operation that has to be explained next and cannot be: of those that are left the one that
 * ended first. */
const struct ghost_op *linear_culprit(const struct ghost_op *ops, unsigned n,
                                      const struct linear_report *report);

#endif
