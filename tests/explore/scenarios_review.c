/* SPDX-License-Identifier: MIT */
/* What a review of the first design found, and what its model did not have: entries, waiting,
 * group enables, the gate, sleeping, priorities, hardware-mapped interrupts, three vCPUs. */
#include "scenarios.h"

#include "deliver/gate.h"
#include "mmio/active.h"
#include "mmio/mmio.h"
#include "mmio/sysreg.h"

static void setup_1(void)
{
    vm_setup(1, 1);
}

static void setup_2(void)
{
    vm_setup(2, 1);
}

static void inject(void)
{
    event(IRQ0, IRQ_EV_PULSE, 0);
}

static void inject_other(void)
{
    event(IRQ1, IRQ_EV_PULSE, 0);
}

static void run_stay(void)
{
    guest_run(cpu0, 2, true, true);
}

static bool is_kicked(void *vcpu)
{
    return atomic_load(&((struct lvgic_vcpu *)vcpu)->kicked);
}

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

/* ------------------------------------------------- the gate ----------------------------------- */

static int inside; /* plain: the gate must make this exclusive and ordered */
static _Atomic bool running;

static void gate_setup(void)
{
    vm_setup(2, 1);
    inside = 0;
    atomic_store(&running, false);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void hold_all(void)
{
    lvgic_pause(vm);
    explore_check(!atomic_load(&running));
    inside++;
    explore_check(!(vm_word(IRQ0) & IRQ_INLR));
    lvgic_resume(vm);
}

static void come_and_go(void)
{
    guest_enter(cpu0);
    atomic_store_explicit(&running, true, memory_order_relaxed);
    inside++;
    guest_work(cpu0, true);
    atomic_store_explicit(&running, false, memory_order_relaxed);
    guest_exit(cpu0);
}

const struct explore_scenario r_gate = {
    .name = "gate-holds-everybody-out",
    .shows = "between pause and resume no vCPU is in the guest, and each sees what the other did",
    .actors = 3,
    .setup = gate_setup,
    .actor = {come_and_go, hold_all, inject},
    .final = check_end,
};

/* ------------------------------------------------- sleeping ----------------------------------- */

static void sleep_until_woken(void)
{
    while (!deliver_has_interrupt(cpu0))
        if (deliver_block(cpu0))
            explore_yield_until(is_kicked, cpu0);
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_exit(cpu0);
}

static void block_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 1);
}

const struct explore_scenario r_block = {
    .name = "sleeping-vcpu-is-woken",
    .shows = "an interrupt that comes while its vCPU goes to sleep wakes it (no lost wake-up)",
    .actors = 2,
    .setup = setup_1,
    .actor = {sleep_until_woken, inject},
    .final = block_final,
};

/* ------------------------------------------------- priorities and eviction -------------------- */

static void respond(void)
{
    guest_enter(cpu0);
    for (unsigned i = 0; i < 3; i++) {
        guest_work(cpu0, false);
        guest_exit(cpu0);
        guest_enter(cpu0);
    }
}

static void evict_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] + delivered[IRQ1] + still_pending(IRQ0) + still_pending(IRQ1) >=
                  2);
    explore_check(!(delivered[IRQ1] == 0 && delivered[IRQ0] && !still_pending(IRQ1)));
}

const struct explore_scenario r_evict = {
    .name = "one-register-nested",
    .shows = "with one register an active interrupt makes room for a better one and is kept",
    .actors = 3,
    .setup = setup_1,
    .actor = {respond, inject, inject_other},
    .final = evict_final,
};

static void change_priority(void)
{
    event(IRQ0, IRQ_EV_PRIORITY, 0x10);
    event(IRQ0, IRQ_EV_PRIORITY, 0xf0);
}

const struct explore_scenario r_priority = {
    .name = "priority-changes-while-pending",
    .shows = "an interrupt whose priority changes while it waits is not lost between two rows",
    .actors = 3,
    .setup = waiting_setup,
    .actor = {respond, inject_other, change_priority},
    .final = evict_final,
};

/* ------------------------------------------------- hardware-mapped ---------------------------- */

static struct lvgic_host phys_host;
static _Atomic int phys_active, phys_high, device_done;

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    return atomic_load(&phys_high);
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    atomic_store(&phys_active, 0);
}

static void forward_setup(void)
{
    vm_setup(1, 1);
    phys_host = *vm->host;
    phys_host.phys_line = phys_line;
    phys_host.phys_deactivate = phys_deactivate;
    vm->host = &phys_host;
    atomic_store(&phys_active, 0);
    atomic_store(&phys_high, 0);
    atomic_store(&device_done, 0);
    vm_set_word(IRQ0, IRQ_MAPPED | IRQ_EN | IRQ_GRP1 | IRQ_HW);
}

/* The physical GIC: forwards when the line is high and the physical interrupt is not active. */
static void device(void)
{
    for (int i = 0; i < 2; i++) {
        atomic_store(&phys_high, 1);
        if (!atomic_exchange(&phys_active, 1))
            event(IRQ0, IRQ_EV_LINE_HIGH, 0);
        atomic_store(&phys_high, i);
    }
    atomic_store(&device_done, 1);
}

static bool forwarded_and_low(void *arg)
{
    (void)arg;
    return (vm_word(IRQ0) & IRQ_LINE) && !atomic_load(&phys_high);
}

static bool forwarded_or_over(void *arg)
{
    return forwarded_and_low(arg) || atomic_load(&device_done);
}

/* Another vCPU reads GICD_ISPENDR, which looks at the physical line, when that has just fallen. */
static void look(void)
{
    struct lvgic_access access = {.offset = 0x204, .size = 4};

    explore_yield_until(forwarded_or_over, NULL);
    lvgic_dist_access(vm, NULL, &access);
}

static void run_mapped(void)
{
    for (unsigned i = 0; i < 3; i++) {
        guest_enter(cpu0);
        uint32_t intid = icv_acknowledge(&cpu0->lrs, true);

        if (intid != INTID_SPURIOUS) {
            delivered[intid]++;
            if (icv_end_of_interrupt(&cpu0->lrs, intid, true).phys_deactivate)
                atomic_store(&phys_active, 0);
        }
        guest_exit(cpu0);
    }
}

static void forward_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    /* An active physical interrupt is somebody's: pending or active in the guest. */
    if (atomic_load(&phys_active))
        explore_check((w & IRQ_ACT) || irq_pending(w));
}

const struct explore_scenario r_forward = {
    .name = "r08-forwarded-physical-interrupt",
    .shows = "a physical interrupt that is active is pending or active in the guest, never stuck",
    .actors = 3,
    .setup = forward_setup,
    .actor = {run_mapped, device, look},
    .final = forward_final,
};

/* ------------------------------------------------- routes ------------------------------------- */

static void route_write(uint64_t affinity)
{
    struct lvgic_access access = {
        .offset = 0x6000 + 8 * IRQ0, .size = 8, .write = true, .value = affinity};

    lvgic_dist_access(vm, NULL, &access);
}

static void route_to_1(void)
{
    route_write(1);
}

static void route_to_nobody(void)
{
    route_write(7);
}

static void routes_final(void)
{
    uint64_t route = atomic_load(&vm->routes[0]);

    check_end();
    explore_check(irq_target(vm_word(IRQ0)) == (route == 7 ? IRQ_NOBODY : route));
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

const struct explore_scenario r_routes = {
    .name = "two-writers-of-one-route",
    .shows = "after two writes of IROUTER at once the target is that of the route that reads back",
    .actors = 4,
    .setup = setup_2,
    .actor = {run_stay, inject, route_to_1, route_to_nobody},
    .final = routes_final,
};

/* ------------------------------------------------- three vCPUs -------------------------------- */

static void setup_3(void)
{
    vm_setup(3, 1);
}

static void ring(void)
{
    for (uint32_t i = 1; i <= 3; i++)
        event(IRQ0, IRQ_EV_TARGET, i % 3);
}

static void run_1(void)
{
    guest_run(cpu1, 1, true, true);
}

static void run_2(void)
{
    guest_run(cpu2, 1, true, false);
}

static void once_final(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

const struct explore_scenario r_three = {
    .name = "three-vcpus-in-a-ring",
    .shows = "an edge chased around three vCPUs is delivered once",
    .actors = 5,
    .setup = setup_3,
    .actor = {run_stay, run_1, run_2, inject, ring},
    .final = once_final,
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

/* ------------------------------------------------- a parked vCPU ------------------------------ */

static void run_once_and_park(void)
{
    guest_run(cpu0, 1, false, false);
}

static void take_over(void)
{
    event(IRQ0, IRQ_EV_TARGET, 1);
    guest_run(cpu1, 2, true, false);
}

static void parked_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    explore_check(!(w & IRQ_INLR));
    explore_check(irq_target(w) == 1);
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

const struct explore_scenario r_parked = {
    .name = "parked-vcpu-holds-nothing",
    .shows = "what a parked vCPU had is another's as soon as it is retargeted",
    .actors = 3,
    .setup = setup_2,
    .actor = {run_once_and_park, take_over, inject},
    .final = parked_final,
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
