/* SPDX-License-Identifier: MIT */
/* The names of the generated scenarios (matrix.c). */
#ifndef EXPLORE_MATRIX_H
#define EXPLORE_MATRIX_H

#include "explore.h"

/* Operation a with each one from a given one on. */
#define FROM_gate(X, P, p, a) X(P, p, a, gate)
#define FROM_snapshot(X, P, p, a) X(P, p, a, snapshot) FROM_gate(X, P, p, a)
#define FROM_tables(X, P, p, a) X(P, p, a, tables) FROM_snapshot(X, P, p, a)
#define FROM_movall(X, P, p, a) X(P, p, a, movall) FROM_tables(X, P, p, a)
#define FROM_lpioff(X, P, p, a) X(P, p, a, lpioff) FROM_movall(X, P, p, a)
#define FROM_unmap(X, P, p, a) X(P, p, a, unmap) FROM_lpioff(X, P, p, a)
#define FROM_message(X, P, p, a) X(P, p, a, message) FROM_unmap(X, P, p, a)
#define FROM_retarget(X, P, p, a) X(P, p, a, retarget) FROM_message(X, P, p, a)
#define FROM_deactivate(X, P, p, a) X(P, p, a, deactivate) FROM_retarget(X, P, p, a)
#define FROM_clear(X, P, p, a) X(P, p, a, clear) FROM_deactivate(X, P, p, a)
#define FROM_close(X, P, p, a) X(P, p, a, close) FROM_clear(X, P, p, a)
#define FROM_disable(X, P, p, a) X(P, p, a, disable) FROM_close(X, P, p, a)
#define FROM_enable(X, P, p, a) X(P, p, a, enable) FROM_disable(X, P, p, a)
#define FROM_down(X, P, p, a) X(P, p, a, down) FROM_enable(X, P, p, a)
#define FROM_up(X, P, p, a) X(P, p, a, up) FROM_down(X, P, p, a)
#define FROM_inject(X, P, p, a) X(P, p, a, inject) FROM_up(X, P, p, a)

/* All pairs and triples of one operation and one phase, and of one phase, and all. */
#define MATRIX_OF(PAIR, TRIPLE, P, p, a) PAIR(P, p, a) FROM_##a(TRIPLE, P, p, a)
#define MATRIX_PHASE(PAIR, TRIPLE, P, p)      \
    MATRIX_OF(PAIR, TRIPLE, P, p, inject)     \
    MATRIX_OF(PAIR, TRIPLE, P, p, up)         \
    MATRIX_OF(PAIR, TRIPLE, P, p, down)       \
    MATRIX_OF(PAIR, TRIPLE, P, p, enable)     \
    MATRIX_OF(PAIR, TRIPLE, P, p, disable)    \
    MATRIX_OF(PAIR, TRIPLE, P, p, close)      \
    MATRIX_OF(PAIR, TRIPLE, P, p, clear)      \
    MATRIX_OF(PAIR, TRIPLE, P, p, deactivate) \
    MATRIX_OF(PAIR, TRIPLE, P, p, retarget)   \
    MATRIX_OF(PAIR, TRIPLE, P, p, message)    \
    MATRIX_OF(PAIR, TRIPLE, P, p, unmap)      \
    MATRIX_OF(PAIR, TRIPLE, P, p, lpioff)     \
    MATRIX_OF(PAIR, TRIPLE, P, p, movall)     \
    MATRIX_OF(PAIR, TRIPLE, P, p, tables)     \
    MATRIX_OF(PAIR, TRIPLE, P, p, snapshot)   \
    MATRIX_OF(PAIR, TRIPLE, P, p, gate)
#define MATRIX(PAIR, TRIPLE)                             \
    MATRIX_PHASE(PAIR, TRIPLE, PHASE_ENTER, enter)       \
    MATRIX_PHASE(PAIR, TRIPLE, PHASE_EXIT, exit)         \
    MATRIX_PHASE(PAIR, TRIPLE, PHASE_OVERFLOW, overflow) \
    MATRIX_PHASE(PAIR, TRIPLE, PHASE_BLOCKED, blocked)   \
    MATRIX_PHASE(PAIR, TRIPLE, PHASE_SPLIT, split)

#define MATRIX_DECLARE_PAIR(P, p, a) extern const struct explore_scenario pair_##a##_##p;
#define MATRIX_DECLARE_TRIPLE(P, p, a, b) \
    extern const struct explore_scenario triple_##a##_##b##_##p;
MATRIX(MATRIX_DECLARE_PAIR, MATRIX_DECLARE_TRIPLE)

#define MATRIX_PAIR(P, p, a) &pair_##a##_##p,
#define MATRIX_TRIPLE(P, p, a, b) &triple_##a##_##b##_##p,
#define MATRIX_SCENARIOS MATRIX(MATRIX_PAIR, MATRIX_TRIPLE)

#endif
