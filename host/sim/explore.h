/* SPDX-License-Identifier: MIT */
/*
 * Schedule explorer: the interface a scenario file uses.
 *
 * A scenario is a small concurrent program of 1 to 32 actors. The explorer runs it many times.
 * Each run (a "schedule") is one interleaving of the actors' memory accesses, together with one
 * choice of which value every weakly ordered atomic load returns. A schedule is a pure function of
 * a 64-bit seed, so a failure can always be run again.
 *
 * Scenario files and the code under test are compiled with -fsanitize=thread; the explorer stands
 * in for that sanitizer's run-time library. Nothing in the code under test has to be annotated.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#define EXPLORE_MAX_ACTORS 32

struct explore_scenario {
    const char *name;  /* unique, no spaces or commas */
    const char *shows; /* one sentence: what holds if this scenario passes */
    int actors;        /* 1..EXPLORE_MAX_ACTORS */

    /*
     * setup() runs before every schedule and must bring all memory the scenario uses back to the
     * same state. final() runs after the last actor has returned. Both run outside the actors:
     * their accesses are direct, with no scheduling and no checks. Either may be NULL.
     */
    void (*setup)(void);
    void (*actor[EXPLORE_MAX_ACTORS])(void);
    void (*final)(void);

    /* The actors share state that is not instrumented, so DFS cannot know which schedules only
     * repeat another, and leaves none out. */
    bool hidden_state;

    unsigned max_steps; /* steps after which a schedule counts as a livelock; 0: 20000 */

    /*
     * For known-answer scenarios. NULL: every schedule must be clean. Otherwise the scenario passes
     * only if some schedule fails with a message that contains this text, within expect_within
     * schedules (0: within the bound given on the command line).
     */
    const char *expect;
    unsigned long expect_within;
};

/* Supplied by the scenario files, ends with NULL. */
extern const struct explore_scenario *const explore_scenarios[];

/* Fails the current schedule. Does not return, in an actor or in setup()/final(). */
void explore_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define EXPLORE_TEXT_(x) #x
#define EXPLORE_TEXT(x) EXPLORE_TEXT_(x)
#define explore_check(condition) \
    ((condition)                 \
         ? (void)0               \
         : explore_fail("check failed: %s (%s)", #condition, __FILE__ ":" EXPLORE_TEXT(__LINE__)))

/* A number in [0, n), n >= 1, that is part of the schedule. Usable in setup() and in actors. */
uint32_t explore_rand(uint32_t n);

/* The index of the running actor, or -1 in setup(), final() and predicates. */
int explore_self(void);

/*
 * Blocks the calling actor until the predicate holds. The predicate reads memory directly (it sees
 * the newest value of an atomic) and must not write. Another actor that can run always gets to run
 * first, even if the predicate holds already, so a loop around this call cannot starve the others.
 * If every actor that has not returned waits for a predicate that is false, that is a deadlock.
 *
 * Waiting this way orders nothing: what the actor reads afterwards must be published by the code
 * under test, as it must be with a real wait loop.
 */
void explore_yield_until(bool (*predicate)(void *), void *argument);

/*
 * For wait loops whose condition the callee does not know, such as a "relax" callback. Blocks the
 * calling actor until another actor has written something or has returned. If nobody else can run,
 * the actor continues once with every store made visible to it (stores do become visible in finite
 * time); if it then comes back without anybody having written, that is a deadlock.
 */
void explore_relax(void);

/*
 * In setup(), for this schedule: each atomic write of the location by an actor must lead from one
 * value to one that is allowed after it, or the schedule fails, with `what` in its message. For
 * what has been retired and must not be used any more. Up to EXPLORE_MAX_WATCHES locations.
 */
#define EXPLORE_MAX_WATCHES 8
void explore_watch(const void *location, bool (*allowed)(uint64_t old, uint64_t value),
                   const char *what);

/* An explicit scheduling point, for steps that touch no memory. */
void explore_step(void);

/*
 * Between these two calls the actor's accesses are direct: no scheduling point, no race check, and
 * atomics read the newest value. For ghost state and oracles that must not disturb the schedule.
 * Must not be nested, and no other function of this header except explore_fail/explore_check may
 * be called in between.
 */
void explore_quiet_begin(void);
void explore_quiet_end(void);

#endif
