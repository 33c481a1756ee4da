/* SPDX-License-Identifier: MIT */
/*
 * Tests of the depth first search's reduction: it must leave out nothing but repetitions.
 *
 *  - programs of which one can say how many classes of schedules they have;
 *  - random programs: with and without reduction, within every bound, the same final states and the
 *    same number of classes;
 *  - the explorer's known answers: each is found within the same bound with and without reduction.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "campaign.h"
#include "explore.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define ACQ_REL memory_order_acq_rel
#define SEQ_CST memory_order_seq_cst

enum { PROGRAMS = 80, MAX_OPERATIONS = 5, VARIABLES = 2, MAX_STATES = 4096, ENOUGH = 30000 };

static unsigned passed, failed;

static void report(bool good, const char *name, const char *what)
{
    good ? passed++ : failed++;
    if (!good)
        printf("FAIL %s: %s\n", name, what);
}

static void search(const struct explore_scenario *scenario, int depth, bool unreduced,
                   unsigned long schedules, struct campaign_result *result)
{
    struct campaign_options options = {
        .strategy = STRATEGY_DFS, .depth = depth, .unreduced = unreduced, .schedules = schedules};
    campaign_run(scenario, &options, result);
}

/* ---- programs --------------------------------------------------------------------------------
 */

enum operation {
    LOAD_RELAXED,
    LOAD_ACQUIRE,
    LOAD_SEQ_CST,
    STORE_RELAXED,
    STORE_RELEASE,
    STORE_SEQ_CST,
    ADD,
    SWAP_IF_ZERO,
    FENCE,
    QUIET_WRITE,
    QUIET_READ,
    OWN_WRITE,
    RELAX,
    OPERATIONS,
    NOTHING,
};

static struct {
    uint8_t operation, variable;
} program[EXPLORE_MAX_ACTORS][MAX_OPERATIONS];

static _Atomic uint32_t variables[VARIABLES];
static uint32_t ghost, learnt[EXPLORE_MAX_ACTORS], own[EXPLORE_MAX_ACTORS];

static void prepare(void)
{
    for (int i = 0; i < VARIABLES; i++)
        atomic_init(&variables[i], 0);
    ghost = 0;
    memset(learnt, 0, sizeof learnt);
    memset(own, 0, sizeof own);
}

/* What an actor knows changes with all that it reads, and it writes what it knows. */
static uint32_t perform(enum operation operation, _Atomic uint32_t *variable, uint32_t knows)
{
    uint32_t zero = 0, value = 0;

    switch (operation) {
    case LOAD_RELAXED:
        return knows * 7 + atomic_load_explicit(variable, RELAXED);
    case LOAD_ACQUIRE:
        return knows * 7 + atomic_load_explicit(variable, ACQUIRE);
    case LOAD_SEQ_CST:
        return knows * 7 + atomic_load_explicit(variable, SEQ_CST);
    case STORE_RELAXED:
        atomic_store_explicit(variable, knows + 1, RELAXED);
        break;
    case STORE_RELEASE:
        atomic_store_explicit(variable, knows + 1, RELEASE);
        break;
    case STORE_SEQ_CST:
        atomic_store_explicit(variable, knows + 1, SEQ_CST);
        break;
    case ADD:
        return knows * 7 + atomic_fetch_add_explicit(variable, 3, ACQ_REL);
    case SWAP_IF_ZERO:
        atomic_compare_exchange_strong_explicit(variable, &zero, knows + 1, ACQ_REL, RELAXED);
        return knows * 7 + zero;
    case FENCE:
        atomic_thread_fence(SEQ_CST);
        break;
    case QUIET_WRITE:
        explore_quiet_begin();
        ghost = ghost * 5 + knows + 1;
        explore_quiet_end();
        break;
    case QUIET_READ:
        explore_quiet_begin();
        value = atomic_load(variable) + ghost;
        explore_quiet_end();
        return knows * 7 + value;
    case OWN_WRITE:
        own[explore_self()]++;
        break;
    case RELAX:
        explore_relax();
        break;
    default:
        break;
    }
    return knows;
}

/* The test's own bookkeeping is no part of the program. */
#define UNSEEN __attribute__((noinline, no_sanitize("thread")))

UNSEEN static enum operation operation_at(int actor, int i)
{
    return (enum operation)program[actor][i].operation;
}

UNSEEN static _Atomic uint32_t *variable_at(int actor, int i)
{
    return &variables[program[actor][i].variable];
}

UNSEEN static void keep(int actor, uint32_t knows)
{
    learnt[actor] = knows;
}

static void run_program(void)
{
    int self = explore_self();
    uint32_t knows = (uint32_t)self;

    for (int i = 0; i < MAX_OPERATIONS; i++)
        knows = perform(operation_at(self, i), variable_at(self, i), knows);
    keep(self, knows);
}

/* ---- final states ---------------------------------------------------------------------------- */

struct states {
    size_t count;
    uint64_t items[MAX_STATES];
};

static struct states *states_now;

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29);
}

static bool has_state(const struct states *states, uint64_t state)
{
    for (size_t i = 0; i < states->count; i++) {
        if (states->items[i] == state)
            return true;
    }
    return false;
}

static bool has_all(const struct states *states, const struct states *others)
{
    for (size_t i = 0; i < others->count; i++) {
        if (!has_state(states, others->items[i]))
            return false;
    }
    return true;
}

static void note_state(void)
{
    uint64_t state = mix(0, ghost);

    for (int i = 0; i < VARIABLES; i++)
        state = mix(state, atomic_load(&variables[i]));
    for (int i = 0; i < EXPLORE_MAX_ACTORS; i++)
        state = mix(state, learnt[i]);
    if (has_state(states_now, state))
        return;
    explore_check(states_now->count < MAX_STATES);
    states_now->items[states_now->count++] = state;
}

static void collect(const struct explore_scenario *scenario, int depth, bool unreduced,
                    bool only_sync_points, struct states *states, struct campaign_result *result)
{
    states->count = 0;
    states_now = states;
    rt.only_sync_points = only_sync_points;
    search(scenario, depth, unreduced, 0, result);
    rt.only_sync_points = false;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static uint64_t random_state = 20261120;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static unsigned long whole_runs, reduced_runs;

/* Two actors with five operations, or three with three. */
static void random_program(unsigned number)
{
    static struct states whole, reduced, at_sync_points;
    char name[32];
    struct explore_scenario scenario = {
        .name = name, .actors = number % 2 ? 2 : 3, .setup = prepare, .final = note_state};
    int length = number % 2 ? 5 : 3;

    memset(program, NOTHING, sizeof program);
    for (int i = 0; i < scenario.actors; i++) {
        scenario.actor[i] = run_program;
        for (int k = 0; k < length; k++) {
            program[i][k].operation = (uint8_t)below(OPERATIONS);
            program[i][k].variable = (uint8_t)below(VARIABLES);
        }
    }
    for (int depth = 0; depth <= DFS_ALL; depth++) {
        struct campaign_result a, b, c;
        snprintf(name, sizeof name, "program %u, bound %d", number, depth);
        collect(&scenario, depth, true, false, &whole, &a);
        collect(&scenario, depth, false, false, &reduced, &b);
        collect(&scenario, depth, false, true, &at_sync_points, &c);
        whole_runs += a.schedules;
        reduced_runs += b.schedules;
        report(a.last.failed == b.last.failed, name, "only one of the searches fails");
        if (a.last.failed)
            return;
        report(whole.count == reduced.count && has_all(&reduced, &whole), name,
               "the reduction changes the final states");
        /* It may have more: explore_relax() notices plain writes earlier. */
        report(has_all(&at_sync_points, &whole), name, "--sync-points loses final states");
        report(a.classes == b.classes, name, "the reduction changes the number of classes");
        report(b.schedules <= a.schedules, name, "reduced, but longer");
    }
}

struct known {
    const char *name;
    int actors;
    unsigned long classes;
    uint8_t operations[4][MAX_OPERATIONS]; /* NOTHING is 0 here */
    uint8_t variables[4][MAX_OPERATIONS];
};

#define OP(x) ((x) + 1)

static const struct known knowns[] = {
    {"one actor", 1, 1, {{OP(ADD), OP(ADD)}}, {{0}}},
    {"two that write different locations",
     2,
     1,
     {{OP(STORE_RELAXED), OP(STORE_RELAXED)}, {OP(STORE_RELAXED), OP(STORE_RELAXED)}},
     {{0, 0}, {1, 1}}},
    {"four that touch only their own",
     4,
     1,
     {{OP(OWN_WRITE), OP(OWN_WRITE)}, {OP(OWN_WRITE)}, {OP(OWN_WRITE)}, {OP(OWN_WRITE)}},
     {{0}}},
    {"three that only read",
     3,
     1,
     {{OP(LOAD_ACQUIRE)}, {OP(LOAD_ACQUIRE)}, {OP(LOAD_RELAXED)}},
     {{0}}},
    {"two that write the same", 2, 2, {{OP(STORE_RELAXED)}, {OP(STORE_RELAXED)}}, {{0}}},
    {"three that add", 3, 6, {{OP(ADD)}, {OP(ADD)}, {OP(ADD)}}, {{0}}},
    {"four that add", 4, 24, {{OP(ADD)}, {OP(ADD)}, {OP(ADD)}, {OP(ADD)}}, {{0}}},
    {"two that add twice", 2, 6, {{OP(ADD), OP(ADD)}, {OP(ADD), OP(ADD)}}, {{0}}},
    {"a writer and a reader", 2, 2, {{OP(STORE_RELAXED)}, {OP(LOAD_RELAXED)}}, {{0}}},
    {"a writer and two readers",
     3,
     4,
     {{OP(STORE_RELAXED)}, {OP(LOAD_RELAXED)}, {OP(LOAD_RELAXED)}},
     {{0}}},
    {"store buffering",
     2,
     4,
     {{OP(STORE_RELAXED), OP(LOAD_RELAXED)}, {OP(STORE_RELAXED), OP(LOAD_RELAXED)}},
     {{0, 1}, {1, 0}}},
    {"message passing, relaxed",
     2,
     4,
     {{OP(STORE_RELAXED), OP(STORE_RELAXED)}, {OP(LOAD_RELAXED), OP(LOAD_RELAXED)}},
     {{0, 1}, {1, 0}}},
    {"message passing, release and acquire",
     2,
     3,
     {{OP(STORE_RELAXED), OP(STORE_RELEASE)}, {OP(LOAD_ACQUIRE), OP(LOAD_RELAXED)}},
     {{0, 1}, {1, 0}}},
    {"independent reads of independent writes",
     4,
     16,
     {{OP(STORE_RELEASE)},
      {OP(STORE_RELEASE)},
      {OP(LOAD_ACQUIRE), OP(LOAD_ACQUIRE)},
      {OP(LOAD_ACQUIRE), OP(LOAD_ACQUIRE)}},
     {{0}, {1}, {0, 1}, {1, 0}}},
    {"a reader of two stores, in order",
     2,
     6,
     {{OP(STORE_RELAXED), OP(STORE_RELAXED)}, {OP(LOAD_RELAXED), OP(LOAD_RELAXED)}},
     {{0}}},
    {"three quiet sections",
     3,
     6,
     {{OP(QUIET_WRITE)}, {OP(QUIET_WRITE)}, {OP(QUIET_WRITE)}},
     {{0}}},
    {"three fences", 3, 6, {{OP(FENCE)}, {OP(FENCE)}, {OP(FENCE)}}, {{0}}},
};

static void known_classes(const struct known *known)
{
    static struct states states;
    struct explore_scenario scenario = {
        .name = known->name, .actors = known->actors, .setup = prepare, .final = note_state};
    char what[64];

    memset(program, NOTHING, sizeof program);
    for (int i = 0; i < known->actors; i++) {
        scenario.actor[i] = run_program;
        for (int k = 0; k < MAX_OPERATIONS; k++) {
            program[i][k].variable = known->variables[i][k];
            if (known->operations[i][k] != 0)
                program[i][k].operation = (uint8_t)(known->operations[i][k] - 1);
        }
    }
    for (int whole = 0; whole < 2; whole++) {
        struct campaign_result result;
        collect(&scenario, DFS_ALL, whole != 0, false, &states, &result);
        snprintf(what, sizeof what, "%lu classes, not %lu", result.classes, known->classes);
        report(result.exhausted == DFS_ALL && result.classes == known->classes, known->name, what);
    }
}

/* Of the scenarios of selftest*.c, those that are small enough. */
static void known_answer(const struct explore_scenario *scenario)
{
    struct campaign_result whole, reduced;

    search(scenario, DFS_MAX_BOUND, true, ENOUGH, &whole);
    if (!whole.last.failed && whole.exhausted < 0)
        return;
    search(scenario, whole.last.failed ? DFS_MAX_BOUND : whole.exhausted, false, 0, &reduced);
    report(whole.last.failed == reduced.last.failed, scenario->name, "only found in one way");
    report(!whole.last.failed || whole.plan.depth == reduced.plan.depth, scenario->name,
           "found with another number of preemptions");
    report(reduced.schedules <= whole.schedules, scenario->name, "reduced, but longer");
}

int main(void)
{
    runtime_init();
    for (size_t i = 0; i < sizeof knowns / sizeof *knowns; i++)
        known_classes(&knowns[i]);
    for (unsigned i = 0; i < PROGRAMS; i++)
        random_program(i);
    for (int i = 0; explore_scenarios[i]; i++)
        known_answer(explore_scenarios[i]);
    printf("random programs: %lu schedules, %lu with reduction\n", whole_runs, reduced_runs);
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
