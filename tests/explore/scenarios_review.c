/* SPDX-License-Identifier: MIT */
/* The rules that a review of the first design found, as far as they need an interleaving. */
#include "scenarios.h"

#include "mmio/active.h"
#include "mmio/mmio.h"
#include "mmio/sysreg.h"

/* ------------------------------------------------- 1: changes during an entry ----------------- */

static void disable_then_news(void)
{
    event(IRQ0, IRQ_EV_DISABLE, 0);
    event(IRQ1, IRQ_EV_PULSE, 0);
}

static void entry_setup(void)
{
    vm_setup(1, 2);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void enter_only(void)
{
    guest_enter(cpu0);
}

const struct explore_scenario r_entry = {
    .name = "r01-disable-during-entry",
    .shows =
        "a disable and news that come while the registers are being filled are followed by a kick",
    .actors = 2,
    .setup = entry_setup,
    .actor = {enter_only, disable_then_news},
    .final = check_end,
};

/* ------------------------------------------------- 3: waiting and news ------------------------ */

static void waiting_setup(void)
{
    vm_setup(1, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void enter_exit_enter(void)
{
    guest_enter(cpu0);
    guest_exit(cpu0);
    guest_enter(cpu0);
}

const struct explore_scenario r_waiting_news = {
    .name = "r03-waiting-does-not-hide-news",
    .shows = "an interrupt that waits for a register does not hide its neighbour's news",
    .actors = 3,
    .setup = waiting_setup,
    .actor = {enter_exit_enter, inject_other, inject},
    .final = check_end,
};

/* ------------------------------------------------- 4: GICD_CTLR ------------------------------ */

static void ctlr_write(uint64_t value)
{
    struct lvgic_access access = {.size = 4, .write = true, .value = value};
    struct mmio mmio = {.vm = vm, .vcpu = cpu0, .access = &access};

    mmio_hook_write(&mmio, REG_HOOK_GICD_CTLR, value);
}

static void close_open_close(void)
{
    ctlr_write(0);
    ctlr_write(2);
    ctlr_write(0);
}

static void ctlr_final(void)
{
    check_end();
    /* Closed: whoever has something in a register has been told to come out. */
    if ((vm_word(IRQ0) & IRQ_INLR) && atomic_load(&cpu0->mode) == VCPU_IN)
        explore_check(atomic_load(&cpu0->attention) && atomic_load(&cpu0->kicked));
}

const struct explore_scenario r_ctlr = {
    .name = "r04-group-enable-is-announced",
    .shows = "closing the distributor reaches a vCPU that is entering, whatever it has read",
    .actors = 3,
    .setup = setup_1,
    .actor = {run_stay, inject, close_open_close},
    .final = ctlr_final,
};

/* ------------------------------------------------- 11: remote deactivation ------------------- */

static void remote_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

/* Takes the interrupt, completes it, and takes it again: the second activation is a later one. */
static void two_activations(void)
{
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_exit(cpu0);
    event(IRQ0, IRQ_EV_PULSE, 0);
    guest_enter(cpu0);
    guest_work(cpu0, false);
    guest_exit(cpu0);
}

static void deactivate(void)
{
    active_clear(cpu1, IRQ0);
}

static void remote_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 2);
}

const struct explore_scenario r_remote_deactivate = {
    .name = "r11-remote-deactivation-is-exact",
    .shows =
        "a deactivation from another vCPU ends, costs no delivery and leaves no request behind",
    .actors = 2,
    .setup = remote_setup,
    .actor = {two_activations, deactivate},
    .final = remote_final,
};

/* ------------------------------------------------- 14, 16: waiting for each other ------------- */

static void wait_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
    vm_set_word(IRQ1, vm_word(IRQ1) | IRQ_PEND | UINT64_C(1) << IRQ_TARGET_SHIFT);
}

/* Runs until it is kicked, deactivates what the other may hold, runs again. */
static void run_and_wait_for(struct lvgic_vcpu *me, uint32_t other)
{
    guest_enter(me);
    guest_work(me, false);
    guest_exit(me);
    active_clear(me, other);
    event(other, IRQ_EV_PULSE, 0);
    guest_enter(me);
    guest_exit(me);
}

static void wait_0(void)
{
    run_and_wait_for(cpu0, IRQ1);
}

static void wait_1(void)
{
    run_and_wait_for(cpu1, IRQ0);
}

const struct explore_scenario r_wait = {
    .name = "r14-two-vcpus-wait-for-each-other",
    .shows = "two vCPUs that deactivate each other's interrupts do not deadlock",
    .actors = 2,
    .setup = wait_setup,
    .actor = {wait_0, wait_1},
    .final = check_end,
};

/* ------------------------------------------------- 15: an entry under fire -------------------- */

static void eight_edges(void)
{
    for (unsigned i = 0; i < 4; i++) {
        event(IRQ0, IRQ_EV_PULSE, 0);
        event(IRQ1, IRQ_EV_PULSE, 0);
    }
}

static void many_final(void)
{
    check_end();
    for (uint32_t slot = IRQ0; slot <= IRQ1; slot++)
        explore_check(delivered[slot] || still_pending(slot));
}

const struct explore_scenario r_many_edges = {
    .name = "r15-entry-under-a-storm",
    .shows = "an entry that is met by news again and again ends, and is kicked for what it missed",
    .actors = 2,
    .setup = setup_1,
    .actor = {run_stay, eight_edges},
    .final = many_final,
};

/* ------------------------------------------------- 10: DIR ------------------------------------ */

static _Atomic bool dir_done;

static void dir_setup(void)
{
    vm_setup(2, 1);
    atomic_store(&dir_done, false);
    cpu0->lrs.vmcr |= VMCR_VEOIM;
    cpu1->lrs.vmcr |= VMCR_VEOIM;
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static bool is_kicked_or_done(void *vcpu)
{
    return is_kicked(vcpu) || atomic_load(&dir_done);
}

/* Acknowledges, drops the priority, and stays until it is kicked. */
static void drop_and_stay(void)
{
    guest_enter(cpu0);
    guest_work(cpu0, true);
    explore_yield_until(is_kicked_or_done, cpu0);
    guest_exit(cpu0);
}

static void dir_elsewhere(void)
{
    uint64_t value = IRQ0;

    explore_check(sysreg_access(cpu1, sysreg_rows[SYSREG_ICC_DIR_EL1].encoding, true, &value) ==
                  LVGIC_SYSREG_DONE);
    atomic_store(&dir_done, true);
}

static bool is_taken(void *arg)
{
    (void)arg;
    return delivered[IRQ0];
}

static void dir_when_taken(void)
{
    explore_yield_until(is_taken, NULL);
    dir_elsewhere();
}

static void dir_final(void)
{
    check_end();
    explore_check(!(vm_word(IRQ0) & IRQ_ACT));
}

const struct explore_scenario r_dir = {
    .name = "r10-dir-on-another-vcpu",
    .shows = "DIR on one vCPU reaches an interrupt in another's list register, and ends",
    .actors = 2,
    .setup = dir_setup,
    .actor = {drop_and_stay, dir_when_taken},
    .final = dir_final,
};

/* ------------------------------------------------- I8: RWP ------------------------------------ */

static _Atomic int handler_runs_after;

static void rwp_setup(void)
{
    vm_setup(2, 1);
    atomic_store(&handler_runs_after, 0);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void disable_and_poll(void)
{
    struct lvgic_access ctlr = {.size = 4};

    event(IRQ0, IRQ_EV_DISABLE, 0);
    lvgic_dist_access(vm, NULL, &ctlr);
    if (!(ctlr.value & BIT64(31)))
        atomic_store(&handler_runs_after, 1); /* from here on nobody may take it */
}

static void take_if_allowed(void)
{
    guest_enter(cpu0);
    bool forbidden = atomic_load(&handler_runs_after);
    guest_work(cpu0, true);
    explore_check(!(forbidden && delivered[IRQ0]));
    guest_exit(cpu0);
}

const struct explore_scenario r_rwp = {
    .name = "i08-disabled-after-rwp",
    .shows = "after RWP reads 0 a disabled interrupt is in no list register",
    .actors = 2,
    .setup = rwp_setup,
    .actor = {take_if_allowed, disable_and_poll},
    .final = check_end,
};

/* ------------------------------------------------- 12: soft-pending --------------------------- */

static void soft_setup(void)
{
    vm_setup(1, 1);
    vm_set_word(IRQ0, IRQ_MAPPED | IRQ_EN | IRQ_GRP1);
}

static void set_pending(void)
{
    event(IRQ0, IRQ_EV_SET_PENDING, 0);
}

static void soft_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] >= 1 || still_pending(IRQ0));
    explore_check(delivered[IRQ0] <= 2);
}

const struct explore_scenario r_soft = {
    .name = "r12-soft-pending",
    .shows = "ISPENDR of a level-sensitive interrupt is delivered, and never lost",
    .actors = 3,
    .setup = soft_setup,
    .actor = {run_stay, set_pending, set_pending},
    .final = soft_final,
};
