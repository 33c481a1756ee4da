/* SPDX-License-Identifier: MIT */
/* Runs one schedule: actors as fibers, waiting, failing. */
#include "runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fiber.h"

enum {
    STACK_SIZE = 256 * 1024,
    /*
     * At every so manieth of its own steps an actor gives way if another one can run. That makes
     * every schedule fair in the long run, so that a loop that waits for another actor by polling
     * is not mistaken for a livelock. By then it also sees all stores, as it would in time.
     */
    FAIR_RUN = 1000,
};

enum actor_state { ACTOR_READY, ACTOR_WAITING, ACTOR_RELAXING, ACTOR_DONE };

struct actor {
    struct fiber fiber;
    char *stack;
    enum actor_state state;
    bool (*predicate)(void *);
    void *argument;
    uint32_t relaxed_at;   /* write epoch when explore_relax() was called */
    uint32_t refreshed_at; /* write epoch when all stores were last made visible */
    uint32_t own_steps;    /* valid while the actor does not run */
    uint32_t rand_calls;
};

struct runtime rt;

static struct actor actors[MAX_ACTORS];
static struct fiber main_fiber;
static const struct explore_scenario *scenario_running;
static unsigned
    waiting_actors; /* those in a state that can turn runnable by itself, one bit each */
static uint32_t outside_rand_calls;
static struct outcome *outcome_now;
static jmp_buf escape; /* out of setup(), final() and crashes */
static unsigned long schedules_run;

/* ---- failing -------------------------------------------------------------------------------- */

static void make_accesses_direct(void)
{
    rt.self = -1;
    rt.stack_low = 0;
    rt.stack_size = UINTPTR_MAX;
    rt.quiet = false;
}

static void leave_actor_mode(void)
{
    make_accesses_direct();
    rt.current = -1;
}

static void enter_actor_mode(int index)
{
    rt.self = index;
    rt.current = index;
    rt.clock = memory_clock(index);
    rt.stack_low = (uintptr_t)actors[index].stack;
    rt.stack_size = STACK_SIZE;
    rt.quiet = false;
}

static void fail_with(const char *format, va_list arguments) __attribute__((noreturn));

static void fail_with(const char *format, va_list arguments)
{
    int failing = rt.current;

    if (!outcome_now) {
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        exit(2);
    }
    if (rt.observe)
        trace_finish_write();
    leave_actor_mode();
    outcome_now->failed = true;
    vsnprintf(outcome_now->message, sizeof outcome_now->message, format, arguments);
    if (failing >= 0)
        fiber_switch(&actors[failing].fiber, &main_fiber);
    longjmp(escape, 1);
}

void runtime_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_with(format, arguments);
}

void explore_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_with(format, arguments);
}

void runtime_cut_off(void)
{
    int self = rt.current;

    leave_actor_mode();
    outcome_now->cut_off = true;
    fiber_switch(&actors[self].fiber, &main_fiber);
    abort(); /* nobody comes back */
}

bool runtime_in_schedule(void)
{
    return outcome_now != NULL;
}

unsigned long runtime_schedules(void)
{
    return schedules_run;
}

void runtime_abandon(const char *message)
{
    leave_actor_mode();
    outcome_now->failed = true;
    snprintf(outcome_now->message, sizeof outcome_now->message, "%s", message);
    longjmp(escape, 1);
}

/* ---- switching ------------------------------------------------------------------------------ */

static bool actor_can_run(int index)
{
    struct actor *actor = &actors[index];

    switch (actor->state) {
    case ACTOR_READY:
        return true;
    case ACTOR_RELAXING:
        return actor->relaxed_at != rt.write_epoch;
    case ACTOR_WAITING: {
        /* The predicate may be instrumented code: its accesses must not be scheduling points. */
        int current = rt.current;
        leave_actor_mode();
        bool holds = actor->predicate(actor->argument);
        enter_actor_mode(current);
        return holds;
    }
    default:
        return false;
    }
}

static unsigned runnable_actors(int except)
{
    unsigned runnable = 0;

    for (int i = 0; i < rt.actors; i++) {
        if (i != except && actor_can_run(i))
            runnable |= 1u << i;
    }
    return runnable;
}

static void set_current(int index)
{
    struct actor *actor = &actors[index];
    bool waited = actor->state != ACTOR_READY;

    if (waited) {
        actor->state = ACTOR_READY;
        waiting_actors &= ~(1u << index);
    }
    enter_actor_mode(index);
    if (waited && rt.ordering)
        order_step(EVENT_WAIT, 1);
    rt.step_base = rt.steps - actor->own_steps;
}

/* Decides when the fast path of runtime_point() has to give way to the slow one. */
static void set_next_event(void)
{
    uint32_t next = rt.steps + FAIR_RUN - runtime_own_step() % FAIR_RUN;
    uint32_t wanted = strategy_next_event(rt.current, waiting_actors);

    if (wanted < next)
        next = wanted;
    if (rt.max_steps < next)
        next = rt.max_steps;
    rt.next_event = next;
}

static void check_step_limit(void)
{
    if (rt.steps >= rt.max_steps)
        runtime_fail("livelock: not finished after %u steps", rt.steps);
}

static int decide(unsigned runnable, int current, bool can_stay)
{
    int next = strategy_pick(runnable, current, can_stay);

    if (next != strategy_default(runnable, current, can_stay)) {
        script_add(&rt.taken, (struct deviation){.kind = DEV_SWITCH,
                                                 .actor = (int8_t)current,
                                                 .position = current < 0 ? 0 : runtime_own_step(),
                                                 .value = (uint32_t)next});
    }
    return next;
}

static void switch_to(int next)
{
    int previous = rt.current;

    if (next != previous) {
        actors[previous].own_steps = runtime_own_step();
        set_current(next);
        set_next_event();
        fiber_switch(&actors[previous].fiber, &actors[next].fiber);
    } else {
        actors[next].own_steps = runtime_own_step();
        if (actors[next].state != ACTOR_READY)
            set_current(next);
        set_next_event();
    }
}

void runtime_reschedule(void)
{
    check_step_limit();
    unsigned runnable = runnable_actors(-1);
    bool can_stay = true;

    if (runtime_own_step() % FAIR_RUN == 0) {
        unsigned others = runnable & ~(1u << rt.current);
        strategy_demote(rt.current);
        memory_refresh(rt.current);
        if (others != 0) {
            runnable = others;
            can_stay = false;
        }
    }
    switch_to(decide(runnable, rt.current, can_stay));
}

static void fail_deadlock(void)
{
    char who[64] = "";

    for (int i = 0; i < rt.actors; i++) {
        if (actors[i].state != ACTOR_DONE)
            snprintf(who + strlen(who), sizeof who - strlen(who), " %d", i);
    }
    runtime_fail("deadlock: nothing can run, waiting actors:%s", who);
}

/* The actors that called explore_relax() and have not yet seen all stores made since. */
static unsigned refresh_relaxing(void)
{
    for (int i = 0; i < rt.actors; i++) {
        struct actor *actor = &actors[i];
        if (actor->state == ACTOR_RELAXING && actor->refreshed_at != rt.write_epoch) {
            actor->refreshed_at = rt.write_epoch;
            memory_refresh(i);
            return 1u << i;
        }
    }
    return 0;
}

/* Gives up the processor: others first, then the actor itself if what it waits for holds. */
static void pass_on(void)
{
    int self = rt.current;

    rt.steps++;
    check_step_limit();
    strategy_demote(self);
    unsigned runnable = runnable_actors(self);
    if (runnable == 0 && actor_can_run(self))
        runnable = 1u << self;
    if (runnable == 0)
        runnable = refresh_relaxing();
    if (runnable == 0)
        fail_deadlock();
    switch_to(decide(runnable, self, false));
}

static void actor_main(void)
{
    int self = rt.current;

    if (rt.ordering)
        order_step(EVENT_STEP, 0);
    scenario_running->actor[self]();
    rt.steps++;
    rt.write_epoch++;
    actors[self].state = ACTOR_DONE;
    if (rt.ordering)
        order_step(EVENT_RETURN, 0);
    if (rt.observe)
        trace_event(EVENT_RETURN, 0, 0, 0, 0, 0, 0);
    unsigned runnable = runnable_actors(self);
    if (runnable == 0)
        runnable = refresh_relaxing();
    if (runnable == 0) {
        if (waiting_actors != 0)
            fail_deadlock();
        leave_actor_mode();
        fiber_switch(&actors[self].fiber, &main_fiber);
    }
    switch_to(decide(runnable, self, false));
    abort(); /* nobody switches to an actor that has returned */
}

static void run_actors(void)
{
    for (int i = 0; i < rt.actors; i++) {
        struct actor *actor = &actors[i];
        if (!actor->stack)
            actor->stack = fiber_stack_alloc(STACK_SIZE);
        fiber_start(&actor->fiber, actor->stack, STACK_SIZE, actor_main);
        actor->state = ACTOR_READY;
        actor->own_steps = 0;
        actor->rand_calls = 0;
        actor->relaxed_at = 0;
        actor->refreshed_at = 0;
    }
    set_current(decide(UINT32_MAX >> (32 - rt.actors), -1, false));
    set_next_event();
    fiber_switch(&main_fiber, &actors[rt.current].fiber);
}

void runtime_init(void)
{
    leave_actor_mode();
    crash_init();
}

void runtime_run(const struct explore_scenario *scenario, const struct plan *plan,
                 struct outcome *outcome)
{
    outcome->failed = false;
    outcome->cut_off = false;
    scenario_running = scenario;
    schedules_run++;
    rt.steps = 0;
    rt.actors = scenario->actors;
    rt.observe = plan->observe;
    rt.ordering = plan->strategy == STRATEGY_DFS;
    rt.max_steps = scenario->max_steps ? scenario->max_steps : DEFAULT_MAX_STEPS;
    if (rt.max_steps > MAX_STEPS_LIMIT)
        rt.max_steps = MAX_STEPS_LIMIT;
    rt.write_epoch = 1;
    rt.taken.count = 0;
    rt.pc = NULL;
    rt.skipped = false;
    waiting_actors = 0;
    outside_rand_calls = 0;
    strategy_begin(plan, scenario->actors);
    memory_begin();
    race_begin();
    if (rt.ordering)
        order_begin();
    if (plan->observe)
        trace_begin();

    outcome_now = outcome;
    if (setjmp(escape) == 0) {
        if (scenario->setup)
            scenario->setup();
        run_actors();
        if (rt.observe)
            trace_finish_write();
        if (!outcome->failed && !outcome->cut_off && scenario->final)
            scenario->final();
    }
    outcome_now = NULL;
    outcome->steps = rt.steps;
    outcome->hash = plan->observe ? trace_hash() : 0;
}

/* ---- what scenarios call -------------------------------------------------------------------- */

int explore_self(void)
{
    return rt.self;
}

uint32_t explore_rand(uint32_t n)
{
    uint32_t *calls = rt.current < 0 ? &outside_rand_calls : &actors[rt.current].rand_calls;
    uint32_t value = n > 1 ? strategy_rand(n, *calls) : 0;

    if (value != 0) {
        script_add(&rt.taken, (struct deviation){.kind = DEV_RAND,
                                                 .actor = (int8_t)rt.current,
                                                 .position = *calls,
                                                 .value = value});
    }
    ++*calls;
    if (rt.ordering)
        order_step(EVENT_RAND, value);
    return value;
}

void explore_step(void)
{
    if (rt.self < 0)
        return;
    runtime_point();
    if (rt.ordering)
        order_step(EVENT_STEP, 0);
    if (rt.observe)
        trace_event(EVENT_STEP, 0, 0, 0, 0, 0, 0);
}

void explore_yield_until(bool (*predicate)(void *), void *argument)
{
    if (rt.self < 0) {
        if (!predicate(argument))
            runtime_fail("explore_yield_until() outside the actors would wait forever");
        return;
    }
    struct actor *self = &actors[rt.self];
    self->predicate = predicate;
    self->argument = argument;
    self->state = ACTOR_WAITING;
    waiting_actors |= 1u << rt.self;
    rt.pc = __builtin_return_address(0);
    if (rt.ordering)
        order_step(EVENT_WAIT, 0);
    if (rt.observe)
        trace_event(EVENT_WAIT, 0, 0, 0, 0, 0, 0);
    pass_on();
}

void explore_relax(void)
{
    if (rt.self < 0)
        return;
    struct actor *self = &actors[rt.self];
    self->relaxed_at = rt.write_epoch;
    self->state = ACTOR_RELAXING;
    waiting_actors |= 1u << rt.self;
    rt.pc = __builtin_return_address(0);
    if (rt.ordering)
        order_step(EVENT_RELAX, rt.write_epoch);
    if (rt.observe)
        trace_event(EVENT_RELAX, 0, 0, 0, 0, 0, 0);
    pass_on();
}

/*
 * Where plain accesses are no scheduling points, this is one after them: whoever came between would
 * not be noticed by the accesses, but by the section.
 */
void explore_quiet_begin(void)
{
    if (rt.skipped && rt.self >= 0) {
        runtime_point();
        rt.skipped = false;
    }
    make_accesses_direct();
    rt.quiet = rt.ordering && rt.current >= 0;
}

void runtime_quiet_access(uintptr_t address, size_t size, bool write)
{
    if (address - (uintptr_t)actors[rt.current].stack >= STACK_SIZE)
        (write ? order_write : order_read)(address, size);
}

void explore_quiet_end(void)
{
    if (rt.current >= 0)
        enter_actor_mode(rt.current);
}
