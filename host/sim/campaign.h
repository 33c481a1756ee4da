/* SPDX-License-Identifier: MIT */
/* Many schedules of one scenario, and what to do with one that failed. */
#ifndef EXPLORE_CAMPAIGN_H
#define EXPLORE_CAMPAIGN_H

#include "runtime.h"

struct campaign_options {
    enum strategy_kind strategy;
    int depth; /* -1: the strategy's default */
    bool unreduced;
    uint64_t seed;
    unsigned long schedules; /* 0: no bound */
    double seconds;          /* 0: no bound */
    uint64_t effort;         /* 0: no bound; about a time, but the same on every machine */
    bool progress;
    bool observe; /* for the fingerprint */
};

struct campaign_result {
    unsigned long schedules; /* up to and including the failing one */
    unsigned long steps;
    uint64_t fingerprint; /* of all that happened, if that was asked for */
    double seconds;
    int exhausted;         /* DFS: the bound within which every schedule was tried, -1: none */
    unsigned long classes; /* DFS: of schedules that differ by more than independent steps' order */
    struct outcome last;   /* of the failing schedule, if there is one */
    struct plan plan;      /* of the failing schedule */
};

/* PCT's idea of how long a schedule of this scenario is; the same on every call. */
uint32_t campaign_calibrate(const struct explore_scenario *scenario);

void campaign_run(const struct explore_scenario *scenario, const struct campaign_options *options,
                  struct campaign_result *result);

/*
 * Drops deviations from a failing schedule as long as it still fails in the same way. The script
 * must be one that fails with the given message. Returns how many schedules that took.
 */
unsigned campaign_minimise(const struct explore_scenario *scenario, uint64_t seed,
                           const char *message, struct script *script);

#endif
