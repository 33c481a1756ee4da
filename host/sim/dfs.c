/* SPDX-License-Identifier: MIT */
/*
 * Depth first search: all schedules with at most a given number of preemptions, and with at most
 * the same number of stale loads and spurious failures together, or simply all.
 *
 * Reduction: a schedule that comes to a choice where another one was before, with the same past but
 * for the order of independent steps (order.c), the same actor running, and no more preemptions and
 * stale loads left, can only repeat what that one did, and is cut off. README.md has the argument.
 */
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_NODES = 1 << 16,
    MAX_STALE = 3,
    MAX_RAND = 255,
    BUDGETS = DFS_MAX_BOUND + 1,
    MIN_VISITED = 1 << 12,
    MAX_VISITED = 1 << 24, /* above that, schedules are repeated rather than remembered */
};

static struct node {
    uint8_t options, taken;
    struct footprint stay; /* of the running actor's next step, if it may go on */
} nodes[MAX_NODES];
static size_t node_count; /* nodes on the current path */
static size_t node_depth; /* how many of them this schedule has passed */
static bool unbounded, reduce;
static int preemptions_left, stale_left;

/* An open hash table: what was visited, and one bit for each pair of budgets it was visited with.
 */
static uint64_t *visited_keys;
static uint16_t *visited_budgets;
static size_t visited_size, visited_count;

/* ---- what was visited ----------------------------------------------------------------------- */

static size_t visited_at(uint64_t key)
{
    size_t at = key & (visited_size - 1);

    while (visited_budgets[at] != 0 && visited_keys[at] != key)
        at = (at + 1) & (visited_size - 1);
    return at;
}

static void visited_resize(size_t size)
{
    uint64_t *keys = visited_keys;
    uint16_t *budgets = visited_budgets;
    size_t old_size = visited_size;

    visited_size = size;
    visited_keys = calloc(size, sizeof *visited_keys);
    visited_budgets = calloc(size, sizeof *visited_budgets);
    if (!visited_keys || !visited_budgets)
        runtime_fail("explorer: out of memory");
    for (size_t i = 0; i < old_size; i++) {
        if (budgets[i] != 0) {
            size_t at = visited_at(keys[i]);
            visited_keys[at] = keys[i];
            visited_budgets[at] = budgets[i];
        }
    }
    free(keys);
    free(budgets);
}

/* Whether this was visited with these budgets or larger ones; it is now. */
static bool visited(uint64_t key, int preemptions, int stale)
{
    size_t at = visited_at(key);

    if (visited_budgets[at] & 1u << (preemptions * BUDGETS + stale))
        return true;
    if (visited_budgets[at] == 0) {
        if (4 * visited_count >= 3 * visited_size) {
            if (visited_size == MAX_VISITED)
                return false;
            visited_resize(2 * visited_size);
            at = visited_at(key);
        }
        visited_count++;
        visited_keys[at] = key;
    }
    for (int p = 0; p <= preemptions; p++) {
        for (int s = 0; s <= stale; s++)
            visited_budgets[at] |= (uint16_t)(1u << (p * BUDGETS + s));
    }
    return false;
}

/* ---- the path ------------------------------------------------------------------------------- */

uint32_t dfs_choose(uint32_t options)
{
    if (options <= 1)
        return 0;
    if (node_depth == MAX_NODES)
        runtime_fail("too many choices in one schedule for the DFS strategy");
    if (node_depth == node_count) {
        nodes[node_count].options = (uint8_t)options;
        nodes[node_count].taken = 0;
        nodes[node_count].stay.count = 0;
        nodes[node_count].stay.complex = false;
        node_count++;
    }
    return nodes[node_depth++].taken;
}

void dfs_reset(void)
{
    node_count = 0;
    visited_count = 0;
    free(visited_keys);
    free(visited_budgets);
    visited_keys = NULL;
    visited_budgets = NULL;
    visited_size = 0;
    visited_resize(MIN_VISITED);
}

bool dfs_advance(void)
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

bool dfs_new_class(void)
{
    return !visited(hash_mix(order_state(), UINT64_MAX), DFS_MAX_BOUND, DFS_MAX_BOUND);
}

void dfs_begin(const struct plan *plan)
{
    node_depth = 0;
    unbounded = plan->depth == DFS_ALL;
    reduce = !plan->unreduced;
    preemptions_left = stale_left = unbounded ? DFS_MAX_BOUND : plan->depth;
    sleep_begin();
}

bool dfs_may_preempt(void)
{
    return unbounded || preemptions_left > 0;
}

/*
 * Without a bound it does not matter who runs, except that an actor which has to give way is not
 * offered again at once.
 */
static bool been_here(int current, bool can_stay)
{
    uint64_t who = unbounded && can_stay ? 0 : (uint64_t)(current + 1) << 1 | can_stay;

    return visited(hash_mix(order_state(), who), preemptions_left, stale_left);
}

int dfs_pick(unsigned runnable, int current, bool can_stay)
{
    int options[MAX_ACTORS];
    uint32_t count = 0;
    bool preempting = can_stay && current >= 0 && (runnable & (1u << current)) != 0;

    sleep_record(NULL);
    if (reduce)
        runnable &= ~sleep_actors();
    if (runnable == 0)
        runtime_cut_off();
    if (preempting) {
        if (!dfs_may_preempt())
            return current;
        options[count++] = current;
    }
    for (int i = 0; i < rt.actors; i++) {
        if ((runnable & (1u << i)) != 0 && !(preempting && i == current))
            options[count++] = i;
    }
    bool fresh = count > 1 && node_depth == node_count;
    if (reduce && fresh && current >= 0 && been_here(current, can_stay))
        runtime_cut_off();
    struct node *node = &nodes[node_depth];
    int next = options[dfs_choose(count)];
    if (!preempting || count == 1)
        return next;
    if (next == current) {
        sleep_record(&node->stay);
    } else {
        sleep_put(current, &node->stay);
        if (!unbounded)
            preemptions_left--;
    }
    return next;
}

unsigned dfs_stale(unsigned available)
{
    unsigned limit = unbounded || available < MAX_STALE ? available : MAX_STALE;
    unsigned skipped = stale_left > 0 ? dfs_choose(limit + 1) : 0;

    if (skipped > 0 && !unbounded)
        stale_left--;
    return skipped;
}

uint32_t dfs_rand(uint32_t n, uint32_t otherwise)
{
    return n <= MAX_RAND ? dfs_choose(n) : otherwise;
}
