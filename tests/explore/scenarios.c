/* SPDX-License-Identifier: MIT */
/* The delivery core's scenarios S1 to S13, run on the library itself. */
#include "scenarios.h"

#include "deliver/gate.h"
#include "deliver/overflow.h"
#include "matrix.h"
#include "mmio/active.h"
#include "mmio/mmio.h"

static void run_two_out(void)
{
    guest_run(cpu0, 2, false, false);
}

static void run_cpu1(void)
{
    guest_run(cpu1, 1, true, true);
}

/* ---------------------------------------------------------------- S1 -------------------------- */

static void s1_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] >= 1 || still_pending(IRQ0));
    explore_check(delivered[IRQ0] <= 2);
}

static const struct explore_scenario s1 = {
    .name = "s1-two-injectors",
    .shows = "two edges at once are delivered once or twice, never not at all",
    .actors = 3,
    .setup = setup_1,
    .actor = {run_stay, inject, inject},
    .final = s1_final,
};

/* ---------------------------------------------------------------- S2, S8 ---------------------- */

static void retarget(void)
{
    event(IRQ0, IRQ_EV_TARGET, 1);
}

static void retarget_and_back(void)
{
    event(IRQ0, IRQ_EV_TARGET, 1);
    event(IRQ0, IRQ_EV_TARGET, 0);
}

static void s2_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
    explore_check(irq_target(vm_word(IRQ0)) == 1);
}

static const struct explore_scenario s2 = {
    .name = "s2-inject-retarget",
    .shows = "an edge that races a retarget is delivered exactly once, by either vCPU",
    .actors = 4,
    .setup = setup_2,
    .actor = {run_stay, run_cpu1, inject, retarget},
    .final = s2_final,
};

static void s8_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
    explore_check(irq_target(vm_word(IRQ0)) == 0);
}

static const struct explore_scenario s8 = {
    .name = "s8-retarget-back-and-forth",
    .shows = "a retarget there and back loses nothing and delivers nothing twice",
    .actors = 4,
    .setup = setup_2,
    .actor = {run_stay, run_cpu1, inject, retarget_and_back},
    .final = s8_final,
};

/* ---------------------------------------------------------------- S3, S7, S9 ------------------ */

static void unmap(void)
{
    event(IRQ0, IRQ_EV_UNMAP, 0);
}

static void unmap_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    explore_check(!(w & IRQ_MAPPED));
    /* I5: freed exactly once, when neither mapped nor in a list register. */
    explore_check(atomic_load(&vm->released) == (w & IRQ_INLR ? 0 : 1));
}

static const struct explore_scenario s3 = {
    .name = "s3-inject-unmap",
    .shows = "a slot is released exactly once, by whoever drops its last holder",
    .actors = 3,
    .setup = setup_1,
    .actor = {run_stay, inject, unmap},
    .final = unmap_final,
};

static void inject_both(void)
{
    event(IRQ0, IRQ_EV_PULSE, 0);
    event(IRQ1, IRQ_EV_PULSE, 0);
}

static void s7_final(void)
{
    unmap_final();
    explore_check(delivered[IRQ1] == 1 || (!delivered[IRQ1] && still_pending(IRQ1)));
}

static const struct explore_scenario s7 = {
    .name = "s7-two-interrupts-one-unmapped",
    .shows = "unmapping one interrupt does not cost its neighbour's delivery",
    .actors = 3,
    .setup = setup_1,
    .actor = {run_stay, inject_both, unmap},
    .final = s7_final,
};

static const struct explore_scenario s9 = {
    .name = "s9-inject-retarget-unmap",
    .shows = "a slot that is retargeted and unmapped at once is released exactly once",
    .actors = 4,
    .setup = setup_2,
    .actor = {run_cpu1, inject, retarget, unmap},
    .final = unmap_final,
};

/* ---------------------------------------------------------------- S4 -------------------------- */

static void disable_enable(void)
{
    event(IRQ0, IRQ_EV_DISABLE, 0);
    event(IRQ0, IRQ_EV_ENABLE, 0);
}

static void s4_final(void)
{
    check_end();
    explore_check(vm_word(IRQ0) & IRQ_EN);
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

static const struct explore_scenario s4 = {
    .name = "s4-disable-enable",
    .shows = "an edge during a disable and enable is kept, and neither register write is lost",
    .actors = 3,
    .setup = setup_1,
    .actor = {run_stay, inject, disable_enable},
    .final = s4_final,
};

/* ---------------------------------------------------------------- S5 -------------------------- */

static void clear_pending(void)
{
    event(IRQ0, IRQ_EV_CLEAR_PENDING, 0);
}

static void deactivate(void)
{
    active_clear(cpu0, IRQ0);
}

static const struct explore_scenario s5 = {
    .name = "s5-clear-pending-and-deactivate-in-register",
    .shows = "requests about an interrupt in a list register are carried out by its holder",
    .actors = 4,
    .setup = setup_1,
    .actor = {run_two_out, inject, clear_pending, deactivate},
    .final = check_end,
};

/* ---------------------------------------------------------------- S6 -------------------------- */

static void s6_setup(void)
{
    vm_setup(1, 1);
    vm_set_word(IRQ0, IRQ_MAPPED | IRQ_EN | IRQ_GRP1);
}

static void line_up_down(void)
{
    event(IRQ0, IRQ_EV_LINE_HIGH, 0);
    event(IRQ0, IRQ_EV_LINE_LOW, 0);
}

static void disable(void)
{
    event(IRQ0, IRQ_EV_DISABLE, 0);
}

static void s6_final(void)
{
    check_end();
    explore_check(!(vm_word(IRQ0) & (IRQ_EN | IRQ_LINE)));
}

static const struct explore_scenario s6 = {
    .name = "s6-level-up-down-disable",
    .shows = "a level that falls and a disable are both seen, in a register or not",
    .actors = 3,
    .setup = s6_setup,
    .actor = {run_stay, line_up_down, disable},
    .final = s6_final,
};

/* ---------------------------------------------------------------- S10 ------------------------- */

static _Atomic int device_data;
static int handler_saw;

static void s10_setup(void)
{
    vm_setup(1, 1);
    device_data = 0;
    handler_saw = 0;
}

static void inject_with_data(void)
{
    for (int i = 1; i <= 2; i++) {
        atomic_store_explicit(&device_data, i, memory_order_relaxed);
        event(IRQ0, IRQ_EV_PULSE, 0);
    }
}

static void run_and_look(void)
{
    for (unsigned i = 0; i < 2; i++) {
        guest_enter(cpu0);
        guest_work(cpu0, true);
        if (delivered[IRQ0])
            handler_saw = atomic_load_explicit(&device_data, memory_order_relaxed);
        if (i == 0)
            guest_exit(cpu0);
    }
}

static void s10_final(void)
{
    check_end();
    if (delivered[IRQ0] && !still_pending(IRQ0))
        explore_check(handler_saw == 2);
}

static const struct explore_scenario s10 = {
    .name = "s10-coalesced-edge-publishes",
    .shows = "the handler of the last delivery sees what the last injector stored before (I6)",
    .actors = 2,
    .setup = s10_setup,
    .actor = {run_and_look, inject_with_data},
    .final = s10_final,
};

/* ---------------------------------------------------------------- S11, S12, S13 --------------- */

/* The interrupt is active outside the registers and has an entry in the overflow stack. */
static void overflow_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_ACT);
    struct listing listing = {.slot = IRQ0, .ack_seq = cpu0->next_ack_seq++};
    overflow_put(cpu0, &listing);
}

static void count_one(void)
{
    atomic_store_explicit(&cpu0->mode, VCPU_IN, memory_order_relaxed);
    cpu0->lrs.hcr = bits_put(0, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, 1);
    guest_exit(cpu0);
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_exit(cpu0);
}

static void s11_final(void)
{
    check_end();
    explore_check(!(vm_word(IRQ0) & IRQ_ACT));
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

static const struct explore_scenario s11 = {
    .name = "s11-counted-and-remote-deactivation",
    .shows =
        "a counted deactivation that meets a remote one and an edge loses neither (the shape of "
        "a list walked while another unlinks)",
    .actors = 3,
    .setup = overflow_setup,
    .actor = {count_one, deactivate, inject},
    .final = s11_final,
};

/* Unmap, and map the freed slot anew in the next generation, active on the same vCPU. */
static void unmap_and_reuse(void)
{
    event(IRQ0, IRQ_EV_UNMAP, 0);
    if (!atomic_load(&vm->released))
        return;
    uint64_t w = IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_GRP1 | IRQ_ACT | UINT64_C(1) << 56;
    struct effects effects;

    atomic_store_explicit(&vcpu_irq(cpu0, IRQ0)->word, w, memory_order_release);
    deliver_hint(cpu0, IRQ0);
    effects_init(&effects);
    effects_kick(vm, &effects, 0);
    effects_run(vm, &effects);
}

static void s12_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    if ((w & IRQ_MAPPED) && irq_gen(w) == 1)
        explore_check(w & (IRQ_ACT | IRQ_INLR)); /* I11 */
}

static const struct explore_scenario s12 = {
    .name = "s12-counted-deactivation-and-reuse",
    .shows = "a remembered slot of an old generation never changes the new one (I11)",
    .actors = 2,
    .setup = overflow_setup,
    .actor = {count_one, unmap_and_reuse},
    .final = s12_final,
};

static void disable_and_inject(void)
{
    event(IRQ0, IRQ_EV_DISABLE, 0);
    event(IRQ0, IRQ_EV_PULSE, 0);
}

static void s13_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    explore_check(!(w & IRQ_EN) && irq_target(w) == 1); /* I7 */
    explore_check(still_pending(IRQ0));
}

static const struct explore_scenario s13 = {
    .name = "s13-counted-deactivation-and-register-writes",
    .shows = "no register write is lost to a counted deactivation (I7)",
    .actors = 3,
    .setup = overflow_setup,
    .actor = {count_one, disable_and_inject, retarget},
    .final = s13_final,
};

const struct explore_scenario *const explore_scenarios[] = {
    &s1,           &s2,
    &s3,           &s4,
    &s5,           &s6,
    &s7,           &s8,
    &s9,           &s10,
    &s11,          &s12,
    &s13,          REVIEW_SCENARIOS,
    LPI_SCENARIOS, MATRIX_SCENARIOS NULL,
};
