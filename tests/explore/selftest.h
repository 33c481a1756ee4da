/* SPDX-License-Identifier: MIT */
/* The self-test scenarios that are not in selftest.c. */
#ifndef EXPLORE_SELFTEST_H
#define EXPLORE_SELFTEST_H

#include "explore.h"

#define SELFTEST_REPORTS(X) \
    X(dekker_bare)          \
    X(dekker_fenced)        \
    X(wakeup_bare)          \
    X(wakeup_fenced)        \
    X(deadlock)             \
    X(lock_order)           \
    X(relax)                \
    X(relax_deadlock)       \
    X(poll)                 \
    X(livelock)             \
    X(crash)                \
    X(final_fails)          \
    X(random_input)         \
    X(quiet)                \
    X(not_deterministic)    \
    X(watch)                \
    X(watch_clean)          \
    X(large)

#define SELFTEST_VGIC(X)      \
    X(vgic_unchanged)         \
    X(vgic_edge_unchanged)    \
    X(vgic_no_producer_fence) \
    X(vgic_no_entry_fence)    \
    X(vgic_relaxed_hint)      \
    X(vgic_relaxed_take)      \
    X(vgic_skipped_update)

#define SELFTEST_DECLARE(name) extern const struct explore_scenario selftest_##name;
SELFTEST_REPORTS(SELFTEST_DECLARE)
SELFTEST_VGIC(SELFTEST_DECLARE)

#endif
