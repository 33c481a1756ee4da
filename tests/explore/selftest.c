/* SPDX-License-Identifier: MIT */
/*
 * Scenarios that test the explorer itself: classic litmus tests of the memory model, and one for
 * each thing it reports. Every one says whether it must be clean or what must be found.
 */
#include <stdatomic.h>
#include <stddef.h>

#include "explore.h"
#include "selftest.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define ACQ_REL memory_order_acq_rel
#define SEQ_CST memory_order_seq_cst

static _Atomic int x, y, flag;
static _Atomic unsigned counter;
static int data, result[EXPLORE_MAX_ACTORS], done;
static struct {
    uint8_t a, b;
    uint16_t c;
    uint32_t d;
    uint64_t e;
} packed;

static void setup(void)
{
    atomic_init(&x, 0);
    atomic_init(&y, 0);
    atomic_init(&flag, 0);
    atomic_init(&counter, 0);
    data = 0;
    done = 0;
    packed.a = packed.b = 0;
    packed.c = 0;
    packed.d = 0;
    packed.e = 0;
    for (int i = 0; i < EXPLORE_MAX_ACTORS; i++)
        result[i] = 0;
}

/* Results are written by their own actor only and read in final(). */
static void keep(int value)
{
    result[explore_self()] = value;
}

static bool is_done(void *unused)
{
    (void)unused;
    return done != 0;
}

static void set_done(void)
{
    explore_quiet_begin();
    done = 1;
    explore_quiet_end();
}

/* ---- store buffering ------------------------------------------------------------------------ */

#define STORE_BUFFERING(name, store_order, fence, load_order) \
    static void name##_0(void)                                \
    {                                                         \
        atomic_store_explicit(&x, 1, store_order);            \
        fence;                                                \
        keep(atomic_load_explicit(&y, load_order));           \
    }                                                         \
    static void name##_1(void)                                \
    {                                                         \
        atomic_store_explicit(&y, 1, store_order);            \
        fence;                                                \
        keep(atomic_load_explicit(&x, load_order));           \
    }

STORE_BUFFERING(sb_relaxed, RELAXED, (void)0, RELAXED)
STORE_BUFFERING(sb_acq_rel, RELEASE, atomic_thread_fence(ACQ_REL), ACQUIRE)
STORE_BUFFERING(sb_fence, RELAXED, atomic_thread_fence(SEQ_CST), RELAXED)
STORE_BUFFERING(sb_seq_cst, SEQ_CST, (void)0, SEQ_CST)

STORE_BUFFERING(sb_mixed, SEQ_CST, (void)0, RELAXED)

/* Read-modify-writes on both sides do not help either, unless they are seq_cst. */
#define EXCHANGE_BUFFERING(name, order)                                       \
    static void name##_0(void)                                                \
    {                                                                         \
        atomic_exchange_explicit(&x, 1, order);                               \
        keep(atomic_load_explicit(&y, order == SEQ_CST ? SEQ_CST : ACQUIRE)); \
    }                                                                         \
    static void name##_1(void)                                                \
    {                                                                         \
        atomic_exchange_explicit(&y, 1, order);                               \
        keep(atomic_load_explicit(&x, order == SEQ_CST ? SEQ_CST : ACQUIRE)); \
    }
EXCHANGE_BUFFERING(sb_rmw, ACQ_REL)
EXCHANGE_BUFFERING(sb_rmw_seq_cst, SEQ_CST)

static void sb_final(void)
{
    if (result[0] == 0 && result[1] == 0)
        explore_fail("store buffering");
}

/* ---- message passing ------------------------------------------------------------------------ */

#define MESSAGE_PASSING(name, fence0, store_order, load_order, fence1) \
    static void name##_0(void)                                         \
    {                                                                  \
        atomic_store_explicit(&x, 1, RELAXED);                         \
        fence0;                                                        \
        atomic_store_explicit(&flag, 1, store_order);                  \
    }                                                                  \
    static void name##_1(void)                                         \
    {                                                                  \
        if (atomic_load_explicit(&flag, load_order)) {                 \
            fence1;                                                    \
            if (atomic_load_explicit(&x, RELAXED) == 0)                \
                explore_fail("message passed before its contents");    \
        }                                                              \
    }

MESSAGE_PASSING(mp_relaxed, (void)0, RELAXED, RELAXED, (void)0)
MESSAGE_PASSING(mp_acquire_only, (void)0, RELAXED, ACQUIRE, (void)0)
MESSAGE_PASSING(mp_release_only, (void)0, RELEASE, RELAXED, (void)0)
MESSAGE_PASSING(mp_release, (void)0, RELEASE, ACQUIRE, (void)0)
MESSAGE_PASSING(mp_fences, atomic_thread_fence(RELEASE), RELAXED, RELAXED,
                atomic_thread_fence(ACQUIRE))
MESSAGE_PASSING(mp_half_fence, atomic_thread_fence(RELEASE), RELAXED, RELAXED, (void)0)

/* ---- stale loads and coherence -------------------------------------------------------------- */

static void stale_0(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
    set_done();
}

static void stale_1(void)
{
    explore_yield_until(is_done, NULL);
    explore_check(atomic_load_explicit(&x, RELAXED) == 1);
}

static void coherence_0(void)
{
    for (int i = 1; i <= 100; i++)
        atomic_store_explicit(&x, i, RELAXED);
}

static void coherence_1(void)
{
    int last = 0;

    for (int i = 0; i < 20; i++) {
        int now = atomic_load_explicit(&x, RELAXED);
        explore_check(now >= last);
        last = now;
    }
}

/* Independent reads of independent writes. */
static void iriw_x(void)
{
    atomic_store_explicit(&x, 1, RELEASE);
}
static void iriw_y(void)
{
    atomic_store_explicit(&y, 1, RELEASE);
}
#define IRIW_READER(name, first, second, order)       \
    static void name(void)                            \
    {                                                 \
        int a = atomic_load_explicit(&first, order);  \
        int b = atomic_load_explicit(&second, order); \
        keep(a == 1 && b == 0);                       \
    }
IRIW_READER(iriw_acquire_xy, x, y, ACQUIRE)
IRIW_READER(iriw_acquire_yx, y, x, ACQUIRE)
IRIW_READER(iriw_seq_cst_xy, x, y, SEQ_CST)
IRIW_READER(iriw_seq_cst_yx, y, x, SEQ_CST)

static void iriw_final(void)
{
    if (result[2] && result[3])
        explore_fail("readers disagree");
}

/* Causality: a message may be passed on by a third actor. */
static void causality_0(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
    atomic_store_explicit(&flag, 1, RELEASE);
}
static void causality_1(void)
{
    if (atomic_load_explicit(&flag, ACQUIRE))
        atomic_store_explicit(&y, 1, RELEASE);
}
static void causality_1_relaxed(void)
{
    if (atomic_load_explicit(&flag, RELAXED))
        atomic_store_explicit(&y, 1, RELEASE);
}
static void causality_2(void)
{
    if (atomic_load_explicit(&y, ACQUIRE) && !atomic_load_explicit(&x, RELAXED))
        explore_fail("effect before its cause");
}

/* ---- release sequences, data races ---------------------------------------------------------- */

static void publish(void)
{
    data = 1;
    atomic_store_explicit(&flag, 1, RELEASE);
}

static void publish_by_fence(void)
{
    data = 1;
    atomic_thread_fence(RELEASE);
    atomic_store_explicit(&flag, 1, RELAXED);
}

static void consume(void)
{
    if (atomic_load_explicit(&flag, ACQUIRE) == 1)
        explore_check(data == 1);
}

static void consume_by_fence(void)
{
    if (atomic_load_explicit(&flag, RELAXED) == 1) {
        atomic_thread_fence(ACQUIRE);
        explore_check(data == 1);
    }
}

static void consume_relaxed(void)
{
    if (atomic_load_explicit(&flag, RELAXED) == 1)
        explore_check(data == 1);
}

static void pass_by_rmw(void)
{
    int expected = 1;
    atomic_compare_exchange_strong_explicit(&flag, &expected, 2, RELAXED, RELAXED);
}

static void pass_by_store(void)
{
    if (atomic_load_explicit(&flag, RELAXED) == 1)
        atomic_store_explicit(&flag, 2, RELAXED);
}

static void consume_passed(void)
{
    if (atomic_load_explicit(&flag, ACQUIRE) == 2)
        explore_check(data == 1);
}

static void add_plain(void)
{
    data++;
}

static void set_x_plainly(void)
{
    *(int *)&x = 1;
}

static void load_x(void)
{
    keep(atomic_load_explicit(&x, RELAXED));
}

static void init_then_publish(void)
{
    *(int *)&x = 5;
    atomic_store_explicit(&flag, 1, RELEASE);
}

static void load_published_x(void)
{
    if (atomic_load_explicit(&flag, ACQUIRE))
        explore_check(atomic_load_explicit(&x, RELAXED) == 5);
}

static void packed_a(void)
{
    packed.a++;
    packed.c++;
    packed.e++;
}
static void packed_b(void)
{
    packed.b++;
    packed.d++;
}
static void packed_overlap(void)
{
    *(volatile uint16_t *)(void *)&packed = 7;
}

/* ---- updates -------------------------------------------------------------------------------- */

static void add_by_load_store(void)
{
    atomic_store_explicit(&counter, atomic_load_explicit(&counter, RELAXED) + 1, RELAXED);
}

static void add_by_cas(void)
{
    unsigned old = atomic_load_explicit(&counter, RELAXED);

    while (!atomic_compare_exchange_weak_explicit(&counter, &old, old + 1, RELAXED, RELAXED))
        continue;
}

static void add_by_rmw(void)
{
    atomic_fetch_add_explicit(&counter, 1, RELAXED);
}

static void expect_three(void)
{
    if (atomic_load(&counter) != 3)
        explore_fail("lost update");
}

static void expect_all(void)
{
    explore_check(atomic_load(&counter) == EXPLORE_MAX_ACTORS);
}

static void weak_once(void)
{
    unsigned old = 0;

    explore_check(atomic_compare_exchange_weak(&counter, &old, 1));
}

static void all_sizes(void)
{
    static _Atomic uint8_t a8;
    static _Atomic uint16_t a16;
    static _Atomic uint32_t a32;
    static _Atomic uint64_t a64;
#define EXERCISE(object, type)                                                                  \
    do {                                                                                        \
        type top = (type) ~(type)0, old = 1;                                                    \
        atomic_store(&object, top);                                                             \
        explore_check(atomic_fetch_add(&object, 2) == top && atomic_load(&object) == 1);        \
        explore_check(atomic_fetch_sub(&object, 2) == 1 && atomic_load(&object) == top);        \
        explore_check(atomic_fetch_and(&object, 6) == top && atomic_load(&object) == 6);        \
        explore_check(atomic_fetch_or(&object, 9) == 6 && atomic_load(&object) == 15);          \
        explore_check(atomic_fetch_xor(&object, 5) == 15 && atomic_exchange(&object, 3) == 10); \
        explore_check(__atomic_fetch_nand((type *)&object, 1, __ATOMIC_RELAXED) == 3);          \
        explore_check(atomic_load(&object) == (type) ~(type)1);                                 \
        explore_check(!atomic_compare_exchange_strong(&object, &old, 4));                       \
        explore_check(old == (type) ~(type)1);                                                  \
        explore_check(atomic_compare_exchange_strong(&object, &old, 4));                        \
        explore_check(atomic_load(&object) == 4);                                               \
    } while (0)
    EXERCISE(a8, uint8_t);
    EXERCISE(a16, uint16_t);
    EXERCISE(a32, uint32_t);
    EXERCISE(a64, uint64_t);
}

/* ---- the table ------------------------------------------------------------------------------ */

#define CLEAN(label, text, check, count, ...)                                                  \
    &(const struct explore_scenario)                                                           \
    {                                                                                          \
        .name = label, .shows = text, .actors = count, .setup = setup, .actor = {__VA_ARGS__}, \
        .final = check                                                                         \
    }
#define FINDS(label, message, within, text, check, count, ...)                                 \
    &(const struct explore_scenario)                                                           \
    {                                                                                          \
        .name = label, .shows = text, .actors = count, .setup = setup, .actor = {__VA_ARGS__}, \
        .final = check, .expect = message, .expect_within = within                             \
    }
#define MORE(name) &selftest_##name,
#define SIX(actor) actor, actor, actor, actor, actor, actor
#define THIRTY(actor) SIX(actor), SIX(actor), SIX(actor), SIX(actor), SIX(actor)

const struct explore_scenario *const explore_scenarios[] = {
    FINDS("sb-relaxed", "store buffering", 500, "relaxed accesses allow store buffering", sb_final,
          2, sb_relaxed_0, sb_relaxed_1),
    FINDS("sb-acq-rel", "store buffering", 500, "acquire and release allow store buffering",
          sb_final, 2, sb_acq_rel_0, sb_acq_rel_1),
    CLEAN("sb-fence", "seq_cst fences forbid store buffering", sb_final, 2, sb_fence_0, sb_fence_1),
    CLEAN("sb-seq-cst", "seq_cst accesses forbid store buffering", sb_final, 2, sb_seq_cst_0,
          sb_seq_cst_1),
    FINDS("sb-mixed", "store buffering", 500, "a seq_cst store and a relaxed load allow it",
          sb_final, 2, sb_mixed_0, sb_mixed_1),
    FINDS("sb-rmw", "store buffering", 500, "acq_rel exchanges allow it", sb_final, 2, sb_rmw_0,
          sb_rmw_1),
    CLEAN("sb-rmw-seq-cst", "seq_cst exchanges and loads forbid it", sb_final, 2, sb_rmw_seq_cst_0,
          sb_rmw_seq_cst_1),
    CLEAN("causality", "release and acquire are transitive", NULL, 3, causality_0, causality_1,
          causality_2),
    FINDS("causality-relaxed", "effect before", 5000, "a relaxed link breaks the chain", NULL, 3,
          causality_0, causality_1_relaxed, causality_2),
    FINDS("mp-relaxed", "message passed", 500, "relaxed accesses do not order a message", NULL, 2,
          mp_relaxed_0, mp_relaxed_1),
    FINDS("mp-acquire-only", "message passed", 500, "acquire needs a release", NULL, 2,
          mp_acquire_only_0, mp_acquire_only_1),
    FINDS("mp-release-only", "message passed", 500, "release needs an acquire", NULL, 2,
          mp_release_only_0, mp_release_only_1),
    FINDS("mp-half-fence", "message passed", 500, "a release fence needs an acquire", NULL, 2,
          mp_half_fence_0, mp_half_fence_1),
    CLEAN("mp-release", "release and acquire order a message", NULL, 2, mp_release_0, mp_release_1),
    CLEAN("mp-fences", "release and acquire fences order a message", NULL, 2, mp_fences_0,
          mp_fences_1),
    FINDS("stale-load", "check failed", 500, "a relaxed load may miss a store that is long past",
          NULL, 2, stale_0, stale_1),
    CLEAN("coherence", "loads of one location never go back, with long histories", NULL, 3,
          coherence_0, coherence_1, coherence_1),
    FINDS("iriw-acquire", "readers disagree", 5000, "acquire readers may disagree on the order",
          iriw_final, 4, iriw_x, iriw_y, iriw_acquire_xy, iriw_acquire_yx),
    CLEAN("iriw-seq-cst", "seq_cst readers agree on the order", iriw_final, 4, iriw_x, iriw_y,
          iriw_seq_cst_xy, iriw_seq_cst_yx),
    CLEAN("release-sequence", "a relaxed read-modify-write continues a release sequence", NULL, 3,
          publish, pass_by_rmw, consume_passed),
    FINDS("release-sequence-cut", "data race", 2000, "a relaxed store cuts a release sequence",
          NULL, 3, publish, pass_by_store, consume_passed),
    FINDS("race-plain", "data race", 10, "unordered plain accesses are a race", NULL, 2, add_plain,
          add_plain),
    FINDS("race-relaxed", "data race", 500, "a relaxed load does not order plain data", NULL, 2,
          publish, consume_relaxed),
    CLEAN("no-race-release", "release and acquire order plain data", NULL, 2, publish, consume),
    CLEAN("no-race-fences", "fences order plain data", NULL, 2, publish_by_fence, consume_by_fence),
    FINDS("race-mixed", "mixed atomic and plain", 10, "an atomic does not protect a plain access",
          NULL, 2, set_x_plainly, load_x),
    CLEAN("no-race-init", "an atomic may be initialised by a plain write before publication", NULL,
          2, init_then_publish, load_published_x),
    CLEAN("no-race-packed", "fields packed into one word are separate", NULL, 2, packed_a,
          packed_b),
    FINDS("race-overlap", "data race", 10, "accesses of different sizes that overlap meet", NULL, 2,
          packed_b, packed_overlap),
    FINDS("update-load-store", "lost update", 500, "a load and a store are not an update",
          expect_three, 3, add_by_load_store, add_by_rmw, add_by_cas),
    CLEAN("update-cas", "compare-exchange loops and read-modify-writes lose nothing", expect_three,
          3, add_by_cas, add_by_cas, add_by_rmw),
#ifdef __clang__
    CLEAN("cas-weak", "clang turns weak compare-exchanges into strong ones", NULL, 1, weak_once),
#else
    FINDS("cas-weak", "check failed", 2000, "a weak compare-exchange may fail spuriously", NULL, 1,
          weak_once),
#endif
    CLEAN("all-sizes", "every operation is right for 1, 2, 4 and 8 bytes", NULL, 1, all_sizes),
    CLEAN("many-actors", "there may be 32 actors", expect_all, EXPLORE_MAX_ACTORS,
          THIRTY(add_by_rmw), add_by_rmw, add_by_rmw),
    FINDS("many-actors-race", "data race", 500, "the last two of 32 actors are checked like others",
          NULL, EXPLORE_MAX_ACTORS, THIRTY(add_by_rmw), add_plain, add_plain),
    SELFTEST_REPORTS(MORE) SELFTEST_VGIC(MORE) NULL,
};
