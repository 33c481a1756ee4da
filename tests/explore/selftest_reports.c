/* SPDX-License-Identifier: MIT */
/* One scenario for each thing the explorer reports, and for what it must not report. */
#include <stdatomic.h>
#include <stddef.h>

#include "explore.h"
#include "selftest.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define SEQ_CST memory_order_seq_cst

static _Atomic int wants[2], locks[2], work, sleeping, woken, ready;
static int critical, ghost, input, value;
static int *volatile nowhere;
static _Atomic unsigned cells[64];

static void setup(void)
{
    for (int i = 0; i < 2; i++) {
        atomic_init(&wants[i], 0);
        atomic_init(&locks[i], 0);
    }
    for (int i = 0; i < 64; i++)
        atomic_init(&cells[i], 0);
    atomic_init(&work, 0);
    atomic_init(&sleeping, 0);
    atomic_init(&woken, 0);
    atomic_init(&ready, 0);
    critical = ghost = value = 0;
    input = (int)explore_rand(200);
}

/* ---- mutual exclusion and wake-ups by store, fence, load ------------------------------------ */

#define DEKKER(name, self, fence)                                 \
    static void name##_##self(void)                               \
    {                                                             \
        atomic_store_explicit(&wants[self], 1, RELAXED);          \
        fence;                                                    \
        if (atomic_load_explicit(&wants[1 - self], RELAXED) == 0) \
            critical++;                                           \
    }
DEKKER(dekker_bare, 0, (void)0)
DEKKER(dekker_bare, 1, (void)0)
DEKKER(dekker_fenced, 0, atomic_thread_fence(SEQ_CST))
DEKKER(dekker_fenced, 1, atomic_thread_fence(SEQ_CST))

#define WAKEUP(name, fence)                               \
    static void name##_producer(void)                     \
    {                                                     \
        atomic_store_explicit(&work, 1, RELAXED);         \
        fence;                                            \
        if (atomic_load_explicit(&sleeping, RELAXED))     \
            atomic_store_explicit(&woken, 1, RELAXED);    \
    }                                                     \
    static void name##_consumer(void)                     \
    {                                                     \
        atomic_store_explicit(&sleeping, 1, RELAXED);     \
        fence;                                            \
        if (atomic_load_explicit(&work, RELAXED))         \
            atomic_store_explicit(&sleeping, 0, RELAXED); \
    }
WAKEUP(wakeup_bare, (void)0)
WAKEUP(wakeup_fenced, atomic_thread_fence(SEQ_CST))

static void wakeup_final(void)
{
    if (atomic_load(&sleeping) && !atomic_load(&woken))
        explore_fail("lost wake-up");
}

/* ---- waiting -------------------------------------------------------------------------------- */

static bool is_free(void *lock)
{
    return atomic_load_explicit((_Atomic int *)lock, RELAXED) == 0;
}

static void lock(int index)
{
    while (atomic_exchange_explicit(&locks[index], 1, ACQUIRE))
        explore_yield_until(is_free, &locks[index]);
}

static void unlock(int index)
{
    atomic_store_explicit(&locks[index], 0, RELEASE);
}

static void lock_both(int first, int second)
{
    lock(first);
    lock(second);
    critical++;
    unlock(second);
    unlock(first);
}

static void lock_01(void)
{
    lock_both(0, 1);
}
static void lock_10(void)
{
    lock_both(1, 0);
}

static void lock_final(void)
{
    explore_check(critical == 3);
}

static void get_ready(void)
{
    value = 1;
    atomic_store_explicit(&ready, 1, RELEASE);
}

static void wait_relaxing(void)
{
    while (!atomic_load_explicit(&ready, ACQUIRE))
        explore_relax();
    explore_check(value == 1);
}

static void wait_polling(void)
{
    while (!atomic_load_explicit(&ready, ACQUIRE))
        continue;
    explore_check(value == 1);
}

static void do_nothing(void)
{
    explore_step();
}

/* ---- failing in other ways ------------------------------------------------------------------ */

static void crash(void)
{
    *nowhere = 1;
}

static void final_fails(void)
{
    explore_fail("final says no");
}

static void check_input(void)
{
    explore_check(input != 77);
}

static void touch_quietly(void)
{
    explore_quiet_begin();
    ghost++;
    explore_quiet_end();
    explore_step();
}

static void quiet_final(void)
{
    explore_check(ghost == 2);
}

static void forget_state(void)
{
    static int runs;
    explore_quiet_begin();
    int odd = ++runs & 1;
    explore_quiet_end();
    if (odd)
        explore_step();
}

/* ---- a large one, for measuring: about 300 steps on 64 atomics ------------------------------ */

static void large(void)
{
    unsigned at = (unsigned)explore_self() * 7;

    for (unsigned i = 0; i < 25; i++) {
        at = (at * 5 + 3) % 64;
        unsigned old = atomic_load_explicit(&cells[at], ACQUIRE);
        atomic_compare_exchange_strong_explicit(&cells[at], &old, old + 1, memory_order_acq_rel,
                                                RELAXED);
        atomic_fetch_or_explicit(&cells[(at + 1) % 64], 1u << explore_self(), RELEASE);
        if (i % 4 == 0)
            atomic_thread_fence(SEQ_CST);
        atomic_load_explicit(&cells[(at + 2) % 64], RELAXED);
    }
}

/* ---- what is retired is used ----------------------------------------------------------------- */

/* cells[0]: 1 is in use, 0 is retired. */
static bool is_in_use(uint64_t old, uint64_t next)
{
    return old != 0 || next == 1;
}

static void watched_setup(void)
{
    setup();
    explore_watch(&cells[0], is_in_use, "retired");
    atomic_init(&cells[0], 1);
}

static void retire(void)
{
    atomic_store_explicit(&cells[0], 0, RELAXED);
}

static void use_unchecked(void)
{
    if (atomic_load_explicit(&cells[0], RELAXED) == 1)
        atomic_store_explicit(&cells[0], 2, RELAXED);
}

static void use_checked(void)
{
    unsigned expected = 1;

    atomic_compare_exchange_strong_explicit(&cells[0], &expected, 2, RELAXED, RELAXED);
}

/* ---- the scenarios -------------------------------------------------------------------------- */

#define CLEAN(id, label, text, check, count, ...)                          \
    const struct explore_scenario selftest_##id = {.name = label,          \
                                                   .shows = text,          \
                                                   .actors = count,        \
                                                   .setup = setup,         \
                                                   .actor = {__VA_ARGS__}, \
                                                   .final = check}
#define FINDS(id, label, message, within, text, check, count, ...)         \
    const struct explore_scenario selftest_##id = {.name = label,          \
                                                   .shows = text,          \
                                                   .actors = count,        \
                                                   .setup = setup,         \
                                                   .actor = {__VA_ARGS__}, \
                                                   .final = check,         \
                                                   .max_steps = 2000,      \
                                                   .expect = message,      \
                                                   .expect_within = within}

FINDS(dekker_bare, "dekker-bare", "data race", 500, "flags without fences do not exclude", NULL, 2,
      dekker_bare_0, dekker_bare_1);
CLEAN(dekker_fenced, "dekker-fenced", "flags with seq_cst fences exclude", NULL, 2, dekker_fenced_0,
      dekker_fenced_1);
FINDS(wakeup_bare, "wakeup-bare", "lost wake-up", 500, "without fences a wake-up is lost",
      wakeup_final, 2, wakeup_bare_producer, wakeup_bare_consumer);
CLEAN(wakeup_fenced, "wakeup-fenced", "with seq_cst fences no wake-up is lost", wakeup_final, 2,
      wakeup_fenced_producer, wakeup_fenced_consumer);
FINDS(deadlock, "deadlock", "deadlock", 500, "two locks taken in both orders deadlock", NULL, 2,
      lock_01, lock_10);
CLEAN(lock_order, "lock-order", "two locks taken in one order do not", lock_final, 3, lock_01,
      lock_01, lock_01);
CLEAN(relax, "relax", "waiting by explore_relax() ends when the store was made", NULL, 3,
      wait_relaxing, get_ready, wait_relaxing);
FINDS(relax_deadlock, "relax-deadlock", "deadlock", 5, "nobody ever stores", NULL, 3, wait_relaxing,
      wait_relaxing, do_nothing);
CLEAN(poll, "poll", "schedules are fair: bare polling ends too", NULL, 2, wait_polling, get_ready);
FINDS(livelock, "livelock", "livelock", 5, "polling for what never comes is a livelock", NULL, 2,
      wait_polling, do_nothing);
FINDS(crash, "crash", "crash: signal 11", 5, "a crash is a failure like any other", NULL, 2, crash,
      do_nothing);
FINDS(final_fails, "final-fails", "final says no", 1, "final() can fail a schedule", final_fails, 1,
      do_nothing);
FINDS(random_input, "random-input", "check failed", 20000, "explore_rand() reaches every value",
      NULL, 1, check_input);
CLEAN(quiet, "quiet", "quiet sections are neither scheduled nor checked", quiet_final, 2,
      touch_quietly, touch_quietly);
FINDS(not_deterministic, "not-deterministic", "not deterministic", 1,
      "state that setup() forgets is noticed", NULL, 2, forget_state, do_nothing);
const struct explore_scenario selftest_watch = {.name = "watch",
                                                .shows = "a retired location is written",
                                                .actors = 2,
                                                .setup = watched_setup,
                                                .actor = {use_unchecked, retire},
                                                .expect = "retired: 0 becomes 0x2",
                                                .expect_within = 500};
const struct explore_scenario selftest_watch_clean = {.name = "watch-clean",
                                                      .shows = "one that is looked at is not",
                                                      .actors = 2,
                                                      .setup = watched_setup,
                                                      .actor = {use_checked, retire}};
CLEAN(large, "large", "300 steps on 64 atomics, for measuring", NULL, 3, large, large, large);
