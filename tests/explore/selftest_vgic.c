/* SPDX-License-Identifier: MIT */
/*
 * A known-answer test: the smallest model of interrupt delivery through an atomic state word per
 * interrupt and an atomic hint bitmap per vCPU. The unchanged model must be clean; each of the
 * mutants drops one ordering or one operation and must be found.
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

enum mutant {
    UNCHANGED,
    NO_PRODUCER_FENCE,
    NO_ENTRY_FENCE,
    RELAXED_HINT,
    RELAXED_TAKE,
    SKIPPED_UPDATE,
};

enum {
    PENDING = 1 << 0,
    ENABLED = 1 << 1,
    ACTIVE = 1 << 2,
    IN_LR = 1 << 3, /* a list register holds the pending and active state */
};

enum { HINT = 1, NO_IRQ = -1, LR_PENDING = 1, LR_ACTIVE = 2 };

static enum mutant mutant;

/* One interrupt and one vCPU. */
static _Atomic unsigned state, hints;
static _Atomic int in_guest, kicked, attention, device_data;
static int list_register; /* LR_* bits, or NO_IRQ: only the vCPU touches it */
static int delivered, seen_data;

static bool needs_delivery(unsigned word)
{
    return (word & ACTIVE) != 0 || (word & (ENABLED | PENDING)) == (ENABLED | PENDING);
}

static void kick(void)
{
    if (mutant != NO_PRODUCER_FENCE)
        atomic_thread_fence(SEQ_CST);
    if (atomic_load_explicit(&in_guest, RELAXED))
        atomic_store_explicit(&kicked, 1, RELAXED);
}

static void give_hint(void)
{
    if (mutant == RELAXED_HINT)
        atomic_fetch_or_explicit(&hints, HINT, RELAXED);
    else
        atomic_fetch_or_explicit(&hints, HINT, RELEASE);
}

static void inject(void)
{
    unsigned old = atomic_load_explicit(&state, RELAXED), new;

    do {
        new = old | PENDING;
        /* Skipping the exchange because nothing changes loses what it would have published. */
        if (mutant == SKIPPED_UPDATE && new == old)
            return;
    } while (!atomic_compare_exchange_strong_explicit(&state, &old, new, ACQ_REL, RELAXED));
    if (new &IN_LR) {
        atomic_store_explicit(&attention, 1, RELAXED);
        kick();
    } else if (needs_delivery(new)) {
        give_hint();
        kick();
    }
}

static unsigned take_hints(void)
{
    if (mutant == RELAXED_TAKE)
        return atomic_exchange_explicit(&hints, 0, RELAXED);
    return atomic_exchange_explicit(&hints, 0, ACQUIRE);
}

static void fill_list_register(void)
{
    if (!take_hints())
        return;
    unsigned old = atomic_load_explicit(&state, ACQUIRE), new;
    do {
        if (!needs_delivery(old) || (old & IN_LR))
            return;
        new = (old | IN_LR) & ~(unsigned)(PENDING | ACTIVE);
    } while (!atomic_compare_exchange_strong_explicit(&state, &old, new, ACQ_REL, ACQUIRE));
    list_register = (old & PENDING ? LR_PENDING : 0) | (old & ACTIVE ? LR_ACTIVE : 0);
}

static bool enter_guest(void)
{
    atomic_store_explicit(&attention, 0, RELAXED);
    atomic_store_explicit(&kicked, 0, RELAXED);
    fill_list_register();
    atomic_store_explicit(&in_guest, 1, RELAXED);
    if (mutant != NO_ENTRY_FENCE)
        atomic_thread_fence(SEQ_CST);
    if (atomic_load_explicit(&hints, RELAXED) == 0 &&
        atomic_load_explicit(&attention, RELAXED) == 0)
        return true;
    atomic_store_explicit(&in_guest, 0, RELAXED);
    return false;
}

static void run_guest(void)
{
    if (list_register == NO_IRQ)
        return;
    if (list_register & LR_PENDING) {
        delivered++;
        seen_data = atomic_load_explicit(&device_data, RELAXED);
    }
    list_register = 0; /* acknowledged and completed */
}

static void exit_guest(void)
{
    atomic_store_explicit(&in_guest, 0, RELAXED);
    if (list_register == NO_IRQ)
        return;
    unsigned old = atomic_load_explicit(&state, RELAXED), new;
    do {
        new = old & ~(unsigned)IN_LR;
        if (list_register & LR_PENDING)
            new |= PENDING;
        if (list_register & LR_ACTIVE)
            new |= ACTIVE;
    } while (!atomic_compare_exchange_strong_explicit(&state, &old, new, ACQ_REL, RELAXED));
    list_register = NO_IRQ;
    if (needs_delivery(new))
        give_hint();
}

static void vcpu(void)
{
    if (enter_guest())
        run_guest();
    exit_guest();
    if (enter_guest())
        run_guest();
    else
        exit_guest();
}

static void device(void)
{
    atomic_store_explicit(&device_data, 1, RELAXED);
    inject();
    atomic_store_explicit(&device_data, 2, RELAXED);
    inject();
}

static void final(void)
{
    unsigned word = atomic_load(&state);
    bool waiting = (word & PENDING) != 0 || (list_register != NO_IRQ && (list_register & 1));

    if (delivered == 0 && !waiting)
        explore_fail("lost interrupt: never delivered and not pending");
    if (delivered > 2)
        explore_fail("spurious interrupt");
    if (needs_delivery(word) && !(word & IN_LR)) {
        if (atomic_load(&hints) == 0)
            explore_fail("lost interrupt: pending without a hint");
        if (atomic_load(&in_guest) && !atomic_load(&kicked))
            explore_fail("lost wake-up: pending, in guest and not kicked");
    }
    if ((word & IN_LR) && (word & PENDING) && atomic_load(&in_guest) && !atomic_load(&kicked))
        explore_fail("lost wake-up: pending again, in guest and not kicked");
}

/* The handler that runs last must see what the device wrote before its last injection. */
static void edge_final(void)
{
    final();
    if (!(atomic_load(&state) & PENDING) && list_register != LR_PENDING && seen_data != 2)
        explore_fail("lost edge: the last handler saw old data");
}

static void reset(enum mutant which)
{
    mutant = which;
    atomic_init(&state, ENABLED);
    atomic_init(&hints, 0);
    atomic_init(&in_guest, 0);
    atomic_init(&kicked, 0);
    atomic_init(&attention, 0);
    atomic_init(&device_data, 0);
    list_register = NO_IRQ;
    delivered = 0;
    seen_data = 0;
}

#define SETUP(name, which)         \
    static void setup_##name(void) \
    {                              \
        reset(which);              \
    }
SETUP(unchanged, UNCHANGED)
SETUP(no_producer_fence, NO_PRODUCER_FENCE)
SETUP(no_entry_fence, NO_ENTRY_FENCE)
SETUP(relaxed_hint, RELAXED_HINT)
SETUP(relaxed_take, RELAXED_TAKE)
SETUP(skipped_update, SKIPPED_UPDATE)

const struct explore_scenario selftest_vgic_unchanged = {
    .name = "vgic-unchanged",
    .shows = "two injections of one interrupt are delivered, and the vCPU is kicked if needed",
    .actors = 3,
    .setup = setup_unchanged,
    .actor = {vcpu, inject, inject},
    .final = final,
};

const struct explore_scenario selftest_vgic_edge_unchanged = {
    .name = "vgic-edge-unchanged",
    .shows = "a coalesced edge still publishes what the device wrote before it",
    .actors = 2,
    .setup = setup_unchanged,
    .actor = {vcpu, device},
    .final = edge_final,
};

#define MUTANT(id, label, text)                                                          \
    const struct explore_scenario selftest_vgic_##id = {.name = label,                   \
                                                        .shows = text,                   \
                                                        .actors = 3,                     \
                                                        .setup = setup_##id,             \
                                                        .actor = {vcpu, inject, inject}, \
                                                        .final = final,                  \
                                                        .expect = "lost ",               \
                                                        .expect_within = 20000}
MUTANT(no_producer_fence, "vgic-no-producer-fence", "the injector's fence is needed");
MUTANT(no_entry_fence, "vgic-no-entry-fence", "the vCPU's fence is needed");
MUTANT(relaxed_hint, "vgic-relaxed-hint", "giving a hint must release");
MUTANT(relaxed_take, "vgic-relaxed-take", "taking a hint must acquire");

const struct explore_scenario selftest_vgic_skipped_update = {
    .name = "vgic-skipped-update",
    .shows = "an injection that changes nothing must still update the state word",
    .actors = 2,
    .setup = setup_skipped_update,
    .actor = {vcpu, device},
    .final = edge_final,
    .expect = "lost edge",
    .expect_within = 20000,
};
