/* SPDX-License-Identifier: MIT */
/* What the files of the explorer's runtime share. Scenario files include explore.h only. */
#ifndef EXPLORE_RUNTIME_H
#define EXPLORE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explore.h"

enum {
    MAX_ACTORS = EXPLORE_MAX_ACTORS,
    DEFAULT_MAX_STEPS = 20000,
    MAX_STEPS_LIMIT = 30000, /* time stamps of the memory model are 16 bits wide */
    MAX_DEPTH = 5,           /* of PCT */
    MESSAGE_SIZE = 320,
};

/* ---- deviations: the explicit form of a schedule ------------------------------------------- */

/*
 * The default schedule lets an actor run until it blocks, then runs the lowest-numbered actor that
 * can run; loads return the newest value, weak compare-exchanges do not fail spuriously, and
 * explore_rand() returns 0. Any schedule is the list of its deviations from that. Positions count
 * in the actor's own steps, so that removing one deviation moves the others as little as possible.
 */
enum deviation_kind { DEV_SWITCH, DEV_STALE, DEV_SPURIOUS, DEV_RAND, DEV_KINDS };

struct deviation {
    uint8_t kind;
    int8_t actor;      /* -1: outside the actors */
    uint32_t position; /* the actor's own step; for DEV_RAND the number of its earlier calls */
    uint32_t value;    /* next actor, number of stores skipped, or the random number */
};

struct script {
    struct deviation *items;
    size_t count;
    size_t capacity;
};

void script_add(struct script *script, struct deviation item);
void script_copy(struct script *to, const struct script *from);
void script_print(const struct script *script);
bool script_parse(struct script *script, const char *text);

/* ---- strategies ----------------------------------------------------------------------------- */

enum strategy_kind { STRATEGY_PCT, STRATEGY_RANDOM, STRATEGY_DFS, STRATEGY_SCRIPT };

struct plan {
    enum strategy_kind strategy;
    uint64_t seed;
    int depth;                   /* PCT: 1..5, 0 = taken from the seed; DFS: preemption bound */
    bool unreduced;              /* DFS: also what only repeats another schedule */
    uint32_t length;             /* PCT: expected number of steps */
    const struct script *script; /* for STRATEGY_SCRIPT */
    bool observe;                /* record events and their hash */
};

void strategy_begin(const struct plan *plan, int actors);
int strategy_pick(unsigned runnable, int current, bool can_stay);
void strategy_demote(int actor);
unsigned strategy_stale(unsigned available);
bool strategy_spurious(void);
uint32_t strategy_rand(uint32_t n, uint32_t ordinal);
/* The first step after now at which the strategy may want to switch away from the actor; those that
 * wait, one bit each, may become runnable at any step. An earlier step stands for the next one. */
uint32_t strategy_next_event(int actor, unsigned waiting);
int strategy_default(unsigned runnable, int current, bool can_stay);

enum {
    DFS_MAX_BOUND = 3,
    DFS_ALL = DFS_MAX_BOUND + 1, /* as a bound: none */
};

void dfs_begin(const struct plan *plan);
int dfs_pick(unsigned runnable, int current, bool can_stay);
bool dfs_may_preempt(void);
unsigned dfs_stale(unsigned available);
uint32_t dfs_rand(uint32_t n, uint32_t otherwise);
/* Before the first schedule; moving on to the next one, false when all were tried. */
void dfs_reset(void);
bool dfs_advance(void);
/* Whether no schedule that came to its end was the same but for the order of independent steps. */
bool dfs_new_class(void);

/* ---- the running schedule ------------------------------------------------------------------- */

struct outcome {
    bool failed;
    bool cut_off; /* it would only have repeated another one */
    char message[MESSAGE_SIZE];
    uint32_t steps;
    uint64_t hash; /* only if observed */
};

struct runtime {
    /* Read on every access: keep together. */
    uintptr_t stack_low;  /* the range of addresses that are not worth a scheduling point */
    uintptr_t stack_size; /* outside the actors this covers all addresses */
    uint32_t steps;
    uint32_t next_event; /* the step at which the slow path is due */
    int self;            /* running actor, -1 outside and in quiet sections */
    bool observe;
    bool ordering;         /* order.c is told of every step */
    bool quiet;            /* the same in a quiet section, where accesses are direct */
    bool only_sync_points; /* plain accesses are checked but are not scheduling points */
    bool skipped;          /* a plain access since the last scheduling point was none */
    const void *pc;        /* the access being made, for messages */
    const uint32_t *clock; /* the running actor's vector clock */

    int current; /* running actor even in quiet sections, -1 outside */
    int actors;
    uint32_t max_steps;
    uint32_t write_epoch; /* counts writes and returns of actors, for explore_relax() */
    uint32_t step_base;   /* own step of the running actor = steps - step_base */
    struct script taken;  /* the deviations of this schedule so far */
};

extern struct runtime rt;

void runtime_init(void);
void runtime_run(const struct explore_scenario *scenario, const struct plan *plan,
                 struct outcome *outcome);
void runtime_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void runtime_reschedule(void);
/* Ends the schedule, which is not a failure. Only in actors. */
void runtime_cut_off(void) __attribute__((noreturn));

/* For signal handlers: whether a schedule runs, and leaving it as failed. */
bool runtime_in_schedule(void);
unsigned long runtime_schedules(void);
void runtime_abandon(const char *message) __attribute__((noreturn));
void crash_init(void);

/* An access in a quiet section of a schedule whose steps order.c is told of. */
void runtime_quiet_access(uintptr_t address, size_t size, bool write);

static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    uint64_t x = hash * 0x9e3779b97f4a7c15u + value + 1;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint32_t runtime_own_step(void)
{
    return rt.steps - rt.step_base;
}

/* A scheduling point: everything before it has happened, what follows has not. */
static inline void runtime_point(void)
{
    if (++rt.steps >= rt.next_event)
        runtime_reschedule();
}

/* ---- memory as the machine sees it ------------------------------------------------------------
 */

enum rmw_operation { RMW_EXCHANGE, RMW_ADD, RMW_SUB, RMW_AND, RMW_OR, RMW_XOR, RMW_NAND };

static inline uint64_t memory_mask(unsigned size)
{
    return UINT64_MAX >> (64 - 8 * size);
}

uint64_t memory_read_raw(uintptr_t address, unsigned size);
void memory_write_raw(uintptr_t address, unsigned size, uint64_t value);
uint64_t memory_apply(enum rmw_operation operation, uint64_t old, uint64_t operand);

/* ---- weak memory ---------------------------------------------------------------------------- */

typedef uint32_t clock_value;

void memory_begin(void);
/* Makes every store visible to the actor, as time would. */
void memory_refresh(int actor);
/* The vector clock of an actor, one entry for each actor. */
const clock_value *memory_clock(int actor);

uint64_t memory_load(uintptr_t address, unsigned size, int order);
void memory_store(uintptr_t address, unsigned size, uint64_t value, int order);
uint64_t memory_rmw(uintptr_t address, unsigned size, enum rmw_operation operation,
                    uint64_t operand, int order);
bool memory_compare_exchange(uintptr_t address, unsigned size, uint64_t *expected, uint64_t desired,
                             int order, int failure_order, bool weak);
void memory_fence(int order);

/* ---- data races ----------------------------------------------------------------------------- */

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_ATOMIC_READ, ACCESS_ATOMIC_WRITE };

void race_begin(void);
void race_access(uintptr_t address, size_t size, enum access_kind kind);

/* ---- trace and symbols ---------------------------------------------------------------------- */

enum event_kind {
    EVENT_READ,
    EVENT_WRITE,
    EVENT_LOAD,
    EVENT_STORE,
    EVENT_RMW,
    EVENT_CAS,
    EVENT_CAS_FAILED,
    EVENT_FENCE,
    EVENT_WAIT,
    EVENT_RELAX,
    EVENT_STEP,
    EVENT_RAND,
    EVENT_RETURN,
};

void trace_begin(void);
/* The value of a plain write is filled in later: the hook runs before the write does. */
void trace_event(enum event_kind kind, uintptr_t address, unsigned size, int order, uint64_t old,
                 uint64_t value, unsigned stale);
void trace_finish_write(void);
uint64_t trace_hash(void);
void trace_print(size_t last);
void trace_print_runs(void);

/* ---- the past of a schedule, but for the order of independent steps ------------------------- */

void order_begin(void);
/* A step of the running actor that is no access, and what it learnt by it. */
void order_step(enum event_kind kind, uint64_t cause);
/* An atomic access or fence, and the store that it reads or replaces. Returns what it is known by.
 */
uint64_t order_atomic(enum event_kind kind, uintptr_t address, unsigned size, uint64_t store,
                      int order);
/* Plain and quiet accesses; called before they are made. */
void order_read(uintptr_t address, size_t size);
void order_write(uintptr_t address, size_t size);
/* The actor sees all stores: it depends on everything that has happened. */
void order_refresh(int actor);
uint64_t order_state(void);

/* ---- preempted actors that need not run yet (DFS) -------------------------------------------- */

enum { FOOTPRINT_PARTS = 6 };

/* What one step accesses. */
struct footprint {
    uint8_t count;
    bool complex; /* more than that, or it waits, returns or draws a number */
    struct {
        uintptr_t address;
        uint32_t size;
        bool write;
    } parts[FOOTPRINT_PARTS];
};

void sleep_begin(void);
/* The actors that sleep, one bit each. */
unsigned sleep_actors(void);
/* The running actor goes on: its step's footprint is added to this one. NULL: to none. */
void sleep_record(struct footprint *footprint);
/* The actor was preempted before a step of this footprint. */
void sleep_put(int actor, struct footprint *footprint);
/* The running actor's accesses; something that is none. */
void sleep_access(uintptr_t address, size_t size, bool write);
void sleep_complex(void);
void sleep_wake_all(void);

/* Writes "symbol+offset", or the number if there is no symbol. Returns buffer. */
const char *symbol_name(uintptr_t address, char *buffer, size_t size);
const char *symbol_function(uintptr_t address, char *buffer, size_t size);

#endif
