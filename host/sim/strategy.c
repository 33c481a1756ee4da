/* SPDX-License-Identifier: MIT */
/*
 * Where a schedule's choices come from.
 *
 * PCT (probabilistic concurrency testing): every actor gets a random priority, the highest one that
 * can run runs, and at depth-1 random steps the running actor drops below all others. It finds a
 * bug that needs d ordering constraints with probability at least 1/(n * k^(d-1)).
 *
 * DFS enumerates all schedules with at most a given number of preemptions, and with at most the
 * same number of stale loads and spurious failures together.
 */
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

enum { DFS_MAX_NODES = 1 << 16, DFS_MAX_STALE = 3, DFS_MAX_RAND = 255 };

static enum strategy_kind kind;
static int actor_count;
static uint64_t random_state;

/* Chance of skipping one more store of a load's history, out of 256. */
static uint32_t stale_chance;

static int priority[MAX_ACTORS];
static int lowest_priority;
static uint32_t change_steps[MAX_DEPTH];
static int changes, next_change;

static struct {
    uint8_t options, taken;
} nodes[DFS_MAX_NODES];
static size_t node_count; /* nodes on the current path */
static size_t node_depth; /* how many of them this schedule has passed */
static int preemptions_left, stale_left;

static const struct script *script;
static size_t cursor[DEV_KINDS][MAX_ACTORS + 1];

/* ---- random numbers ------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(((random_state >> 32) * n) >> 32);
}

/* ---- DFS ------------------------------------------------------------------------------------ */

static uint32_t dfs_choose(uint32_t options)
{
    if (options <= 1)
        return 0;
    if (node_depth == DFS_MAX_NODES)
        runtime_fail("too many choices in one schedule for the DFS strategy");
    if (node_depth == node_count) {
        nodes[node_count].options = (uint8_t)options;
        nodes[node_count].taken = 0;
        node_count++;
    }
    return nodes[node_depth++].taken;
}

void strategy_dfs_reset(void)
{
    node_count = 0;
}

bool strategy_dfs_advance(void)
{
    while (node_count > 0) {
        if (nodes[node_count - 1].taken + 1 < nodes[node_count - 1].options) {
            nodes[node_count - 1].taken++;
            return true;
        }
        node_count--;
    }
    return false;
}

static int dfs_pick(unsigned runnable, int current, bool can_stay)
{
    int options[MAX_ACTORS] = {0};
    uint32_t count = 0;
    bool preempting = can_stay && current >= 0 && (runnable & (1u << current)) != 0;

    if (preempting) {
        options[count++] = current;
        if (preemptions_left == 0)
            return current;
    }
    for (int i = 0; i < actor_count; i++) {
        if ((runnable & (1u << i)) != 0 && !(preempting && i == current))
            options[count++] = i;
    }
    int next = options[dfs_choose(count)];
    if (preempting && next != current)
        preemptions_left--;
    return next;
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
    random_state = mix(plan->seed) | 1;
    stale_chance = stale_chances[random_below(4)];
    switch (kind) {
    case STRATEGY_PCT:
        pct_begin(plan);
        break;
    case STRATEGY_DFS:
        node_depth = 0;
        preemptions_left = plan->depth;
        stale_left = plan->depth;
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

uint32_t strategy_next_event(int actor)
{
    switch (kind) {
    case STRATEGY_PCT:
        return next_change < changes ? change_steps[next_change] : UINT32_MAX;
    case STRATEGY_SCRIPT: {
        const struct deviation *item = script_find(DEV_SWITCH, actor, runtime_own_step() + 1);
        return item ? rt.step_base + item->position : UINT32_MAX;
    }
    case STRATEGY_DFS:
        return preemptions_left == 0 ? UINT32_MAX : 0;
    default:
        return 0;
    }
}

unsigned strategy_stale(unsigned available)
{
    unsigned skipped = 0;

    switch (kind) {
    case STRATEGY_DFS:
        if (stale_left == 0)
            return 0;
        skipped = dfs_choose(available < DFS_MAX_STALE ? available + 1 : DFS_MAX_STALE + 1);
        if (skipped > 0)
            stale_left--;
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
        fails = stale_left > 0 && dfs_choose(2) != 0;
        if (fails)
            stale_left--;
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
    if (kind == STRATEGY_DFS && n <= DFS_MAX_RAND)
        return dfs_choose(n);
    return random_below(n);
}
