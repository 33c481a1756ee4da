/* SPDX-License-Identifier: MIT */
/*
 * Where a schedule's choices come from.
 *
 * PCT (probabilistic concurrency testing): every actor gets a random priority, the highest one that
 * can run runs, and at depth-1 random steps the running actor drops below all others. It finds a
 * bug that needs d ordering constraints with probability at least 1/(n * k^(d-1)).
 *
 * DFS has a file of its own.
 */
#include "runtime.h"

#include <string.h>

static enum strategy_kind kind;
static int actor_count;
static uint64_t random_state;

/* Chance of skipping one more store of a load's history, out of 256. */
static uint32_t stale_chance;

static int priority[MAX_ACTORS];
static int lowest_priority;
static uint32_t change_steps[MAX_DEPTH];
static int changes, next_change;

static const struct script *script;
static size_t cursor[DEV_KINDS][MAX_ACTORS + 1];

/* ---- random numbers ------------------------------------------------------------------------- */

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(((random_state >> 32) * n) >> 32);
}

/* ---- PCT ------------------------------------------------------------------------------------ */

static void pct_begin(const struct plan *plan)
{
    int depth = plan->depth > 0 ? plan->depth : 1 + (int)random_below(MAX_DEPTH);
    uint32_t length = plan->length > 1 ? plan->length : 2;

    for (int i = 0; i < actor_count; i++)
        priority[i] = i + 1;
    for (int i = actor_count - 1; i > 0; i--) {
        int other = (int)random_below((uint32_t)i + 1);
        int swap = priority[i];
        priority[i] = priority[other];
        priority[other] = swap;
    }
    lowest_priority = 0;
    next_change = 0;
    changes = (depth > MAX_DEPTH ? MAX_DEPTH : depth) - 1;
    for (int i = 0; i < changes; i++) {
        uint32_t step = 1 + random_below(length);
        int at = i;
        while (at > 0 && change_steps[at - 1] > step) {
            change_steps[at] = change_steps[at - 1];
            at--;
        }
        change_steps[at] = step;
    }
}

static int pct_pick(unsigned runnable)
{
    for (;;) {
        int best = -1;
        for (int i = 0; i < actor_count; i++) {
            if ((runnable & (1u << i)) != 0 && (best < 0 || priority[i] > priority[best]))
                best = i;
        }
        if (next_change == changes || rt.steps < change_steps[next_change])
            return best;
        priority[best] = lowest_priority--;
        next_change++;
    }
}

static bool any_above(int actor, unsigned others)
{
    for (; others != 0; others &= others - 1) {
        if (priority[__builtin_ctz(others)] > priority[actor])
            return true;
    }
    return false;
}

/* ---- scripts -------------------------------------------------------------------------------- */

/* Positions are asked for in increasing order, so each list is walked once. */
static const struct deviation *script_find(enum deviation_kind wanted, int actor, uint32_t position)
{
    size_t *at = &cursor[wanted][actor + 1];

    for (; *at < script->count; ++*at) {
        const struct deviation *item = &script->items[*at];
        if (item->kind == wanted && item->actor == actor && item->position >= position)
            return item;
    }
    return NULL;
}

static const struct deviation *script_here(enum deviation_kind wanted)
{
    uint32_t position = rt.current < 0 ? 0 : runtime_own_step();
    const struct deviation *item = script_find(wanted, rt.current, position);

    return item && item->position == position ? item : NULL;
}

/* ---- the interface -------------------------------------------------------------------------- */

void strategy_begin(const struct plan *plan, int actors)
{
    static const uint8_t stale_chances[] = {0, 32, 85, 128};

    kind = plan->strategy;
    actor_count = actors;
    random_state = hash_mix(plan->seed, 0) | 1;
    stale_chance = stale_chances[random_below(4)];
    switch (kind) {
    case STRATEGY_PCT:
        pct_begin(plan);
        break;
    case STRATEGY_DFS:
        dfs_begin(plan);
        break;
    case STRATEGY_SCRIPT:
        script = plan->script;
        memset(cursor, 0, sizeof cursor);
        break;
    default:
        break;
    }
}

int strategy_default(unsigned runnable, int current, bool can_stay)
{
    if (can_stay && current >= 0 && (runnable & (1u << current)) != 0)
        return current;
    return __builtin_ctz(runnable);
}

int strategy_pick(unsigned runnable, int current, bool can_stay)
{
    switch (kind) {
    case STRATEGY_PCT:
        return pct_pick(runnable);
    case STRATEGY_RANDOM: {
        uint32_t skip = random_below((uint32_t)__builtin_popcount(runnable));
        while (skip-- > 0)
            runnable &= runnable - 1;
        return __builtin_ctz(runnable);
    }
    case STRATEGY_DFS:
        return dfs_pick(runnable, current, can_stay);
    default: {
        const struct deviation *item = script_here(DEV_SWITCH);
        if (item && item->value < MAX_ACTORS && (runnable & (1u << item->value)) != 0)
            return (int)item->value;
        return strategy_default(runnable, current, can_stay);
    }
    }
}

void strategy_demote(int actor)
{
    if (kind == STRATEGY_PCT)
        priority[actor] = lowest_priority--;
}

uint32_t strategy_next_event(int actor, unsigned waiting)
{
    switch (kind) {
    case STRATEGY_PCT:
        /* One of a lower priority may wait on: that it can run changes nothing. */
        if (any_above(actor, waiting))
            return 0;
        return next_change < changes ? change_steps[next_change] : UINT32_MAX;
    case STRATEGY_SCRIPT: {
        const struct deviation *item = script_find(DEV_SWITCH, actor, runtime_own_step() + 1);
        return item ? rt.step_base + item->position : UINT32_MAX;
    }
    case STRATEGY_DFS:
        return dfs_may_preempt() || waiting != 0 ? 0 : UINT32_MAX;
    default:
        return 0;
    }
}

unsigned strategy_stale(unsigned available)
{
    unsigned skipped = 0;

    switch (kind) {
    case STRATEGY_DFS:
        skipped = dfs_stale(available);
        break;
    case STRATEGY_SCRIPT: {
        const struct deviation *item = script_here(DEV_STALE);
        if (item)
            skipped = item->value < available ? item->value : available;
        break;
    }
    default:
        while (skipped < available && random_below(256) < stale_chance)
            skipped++;
        break;
    }
    if (skipped > 0) {
        script_add(&rt.taken, (struct deviation){.kind = DEV_STALE,
                                                 .actor = (int8_t)rt.current,
                                                 .position = runtime_own_step(),
                                                 .value = skipped});
    }
    return skipped;
}

bool strategy_spurious(void)
{
    bool fails;

    switch (kind) {
    case STRATEGY_SCRIPT:
        fails = script_here(DEV_SPURIOUS) != NULL;
        break;
    case STRATEGY_DFS:
        fails = dfs_stale(1) != 0;
        break;
    default:
        fails = random_below(256) < stale_chance / 4;
        break;
    }
    if (fails) {
        script_add(&rt.taken, (struct deviation){.kind = DEV_SPURIOUS,
                                                 .actor = (int8_t)rt.current,
                                                 .position = runtime_own_step(),
                                                 .value = 1});
    }
    return fails;
}

uint32_t strategy_rand(uint32_t n, uint32_t ordinal)
{
    if (kind == STRATEGY_SCRIPT) {
        const struct deviation *item = script_find(DEV_RAND, rt.current, ordinal);
        return item && item->position == ordinal ? item->value % n : 0;
    }
    uint32_t value = random_below(n);
    return kind == STRATEGY_DFS ? dfs_rand(n, value) : value;
}
