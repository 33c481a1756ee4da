/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "campaign.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    CALIBRATION_RUNS = 24,
    DETERMINISM_RUNS = 8,
    MINIMISE_RUNS = 4000,
    DFS_DEFAULT_BOUND = 2,
    /* What a schedule takes outside the actors, in steps. */
    EFFORT_OUTSIDE = 200,
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

uint32_t campaign_calibrate(const struct explore_scenario *scenario)
{
    uint64_t steps = 0;

    for (int i = 0; i < CALIBRATION_RUNS; i++) {
        struct plan plan = {.strategy = STRATEGY_RANDOM, .seed = 1000 + (uint64_t)i};
        struct outcome outcome;
        runtime_run(scenario, &plan, &outcome);
        steps += outcome.steps;
    }
    /* Schedules differ in length; a little above the mean reaches the end of most of them. */
    return (uint32_t)(steps * 5 / (4 * CALIBRATION_RUNS)) + 2;
}

/*
 * Replaying needs scenarios that depend on nothing but their schedule. Running a schedule twice and
 * comparing everything that happened finds state that setup() forgets, time, and random numbers.
 */
static void same_twice(const struct explore_scenario *scenario, const struct plan *plan,
                       struct outcome *outcome)
{
    struct plan observed = *plan;
    struct outcome first;

    observed.observe = true;
    runtime_run(scenario, &observed, &first);
    runtime_run(scenario, &observed, outcome);
    if (first.hash == outcome->hash && first.steps == outcome->steps &&
        first.failed == outcome->failed)
        return;
    outcome->failed = true;
    snprintf(outcome->message, sizeof outcome->message,
             "not deterministic: the same schedule took another course when run again");
}

struct pace {
    const struct explore_scenario *scenario;
    const struct campaign_options *options;
    struct campaign_result *result;
    double started, reported;
};

/* Called after every schedule; true when a bound is reached. */
static bool out_of_budget(struct pace *pace)
{
    const struct campaign_options *options = pace->options;
    struct campaign_result *result = pace->result;

    if (options->schedules && result->schedules >= options->schedules)
        return true;
    if (options->effort && result->steps + EFFORT_OUTSIDE * result->schedules >= options->effort)
        return true;
    if (result->schedules % 64 != 0)
        return false;
    double time = now();
    if (options->progress && time - pace->reported >= 2) {
        pace->reported = time;
        printf("\r%s: %lu schedules, %.0f/s ", pace->scenario->name, result->schedules,
               (double)result->schedules / (time - pace->started));
        fflush(stdout);
    }
    return options->seconds > 0 && time - pace->started >= options->seconds;
}

static void run_checked(struct pace *pace)
{
    struct campaign_result *result = pace->result;

    if (result->schedules++ < DETERMINISM_RUNS)
        same_twice(pace->scenario, &result->plan, &result->last);
    else
        runtime_run(pace->scenario, &result->plan, &result->last);
    result->steps += result->last.steps;
    result->fingerprint = hash_mix(result->fingerprint, result->last.hash);
}

/* Bounds one after the other: a failure needs few preemptions, and comes with the fewest. */
static void run_dfs(struct pace *pace, int bound)
{
    const struct campaign_options *options = pace->options;
    struct campaign_result *result = pace->result;

    result->exhausted = -1;
    for (int depth = bound == DFS_ALL ? DFS_ALL : 0; depth <= bound; depth++) {
        result->plan =
            (struct plan){.strategy = STRATEGY_DFS,
                          .seed = options->seed,
                          .depth = depth,
                          .unreduced = options->unreduced || pace->scenario->hidden_state,
                          .observe = options->observe};
        result->classes = 0;
        dfs_reset();
        do {
            run_checked(pace);
            if (result->last.failed)
                return;
            result->classes += !result->last.cut_off && dfs_new_class();
            if (out_of_budget(pace))
                return;
        } while (dfs_advance());
        result->exhausted = depth;
    }
}

static void run_random(struct pace *pace)
{
    const struct campaign_options *options = pace->options;
    struct campaign_result *result = pace->result;

    result->plan = (struct plan){.strategy = options->strategy,
                                 .depth = options->depth < 0 ? 0 : options->depth,
                                 .length = campaign_calibrate(pace->scenario),
                                 .observe = options->observe};
    do {
        /* Spread the numbers, so that nearby starting seeds do not share schedules. */
        result->plan.seed = (options->seed + 1) * 0x9e3779b97f4a7c15u + result->schedules;
        run_checked(pace);
    } while (!result->last.failed && !out_of_budget(pace));
}

void campaign_run(const struct explore_scenario *scenario, const struct campaign_options *options,
                  struct campaign_result *result)
{
    struct pace pace = {.scenario = scenario, .options = options, .result = result};

    memset(result, 0, sizeof *result);
    pace.started = pace.reported = now();
    if (options->strategy == STRATEGY_DFS)
        run_dfs(&pace, options->depth < 0 ? DFS_DEFAULT_BOUND : options->depth);
    else
        run_random(&pace);
    result->seconds = now() - pace.started;
    if (options->progress)
        printf("\r\033[K");
}

/* Messages name actors and values that may change; what comes before the colon is the kind. */
static bool same_failure(const char *a, const char *b)
{
    if (strncmp(a, "check failed", 12) == 0)
        return strcmp(a, b) == 0;
    size_t length = strcspn(a, ":");
    return strncmp(a, b, length) == 0 && (b[length] == a[length]);
}

unsigned campaign_minimise(const struct explore_scenario *scenario, uint64_t seed,
                           const char *message, struct script *script)
{
    static struct script candidate, best;
    unsigned runs = 0;
    bool smaller = true;

    script_copy(&best, script);
    for (size_t chunk = (best.count + 1) / 2; chunk >= 1 && runs < MINIMISE_RUNS;) {
        smaller = false;
        for (size_t at = 0; at < best.count && runs < MINIMISE_RUNS;) {
            struct outcome outcome;
            candidate.count = 0;
            for (size_t i = 0; i < best.count; i++) {
                /* The random numbers are the scenario's input: leave them as they are. */
                if (i < at || i >= at + chunk || best.items[i].kind == DEV_RAND)
                    script_add(&candidate, best.items[i]);
            }
            if (candidate.count == best.count) {
                at += chunk;
                continue;
            }
            struct plan plan = {.strategy = STRATEGY_SCRIPT, .seed = seed, .script = &candidate};
            runtime_run(scenario, &plan, &outcome);
            runs++;
            /* What was really taken leaves out items that no longer applied. */
            if (outcome.failed && same_failure(message, outcome.message) &&
                rt.taken.count < best.count) {
                script_copy(&best, &rt.taken);
                smaller = true;
            } else {
                at += chunk;
            }
        }
        if (chunk > 1)
            chunk = (chunk + 1) / 2;
        else if (!smaller)
            break;
    }
    script_copy(script, &best);
    return runs;
}
