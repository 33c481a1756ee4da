/* SPDX-License-Identifier: MIT */
/* Threads that are late: kicks and wake-ups of an earlier run, two who raise attention, two who
 * map, a choice among vCPUs that go to sleep. */
#include "scenarios.h"

#include "deliver/one_of_n.h"
#include "mmio/mmio.h"

static struct lvgic_host counting_host;
static _Atomic int kicks, wakes;

static void count_kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    atomic_fetch_add(&kicks, 1);
}

static void count_wake(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    atomic_fetch_add(&wakes, 1);
}

static bool line_is_high(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    return true;
}

static void deactivates(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
}

static void counting_setup(void)
{
    vm_setup(1, 2);
    counting_host = *vm->host;
    counting_host.kick = count_kick;
    counting_host.wake = count_wake;
    counting_host.phys_line = line_is_high;
    counting_host.phys_deactivate = deactivates;
    vm->host = &counting_host;
    atomic_store(&kicks, 0);
    atomic_store(&wakes, 0);
}

/* ------------------------------------------------- kick and wake ------------------------------ */

static bool asleep;

static void runs_and_sleeps(void)
{
    asleep = false;
    guest_enter(cpu0);
    guest_exit(cpu0);
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_work(cpu0, true);
    guest_exit(cpu0);
    asleep = deliver_block(cpu0);
}

static void sleeps_final(void)
{
    if (asleep && (irq_deliverable(vm_word(IRQ0)) || irq_deliverable(vm_word(IRQ1))))
        explore_check(atomic_load(&wakes) > 0);
}

const struct explore_scenario l_kick = {
    .name = "late-kick-does-not-eat-the-wake",
    .shows = "a kick that is late from an earlier run does not swallow the wake-up of a sleep",
    .actors = 3,
    .setup = counting_setup,
    .actor = {runs_and_sleeps, inject, inject_other},
    .final = sleeps_final,
};

static void sleeps_and_runs(void)
{
    deliver_block(cpu0); /* and something else ends the sleep */
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_work(cpu0, true);
}

static void runs_final(void)
{
    if (waiting_has_news(cpu0) && atomic_load(&cpu0->mode) == VCPU_IN)
        explore_check(atomic_load(&kicks) > 0);
}

const struct explore_scenario l_wake = {
    .name = "late-wake-does-not-eat-the-kick",
    .shows = "a wake-up that is late does not swallow the kick of a run",
    .actors = 3,
    .setup = counting_setup,
    .actor = {sleeps_and_runs, inject, inject_other},
    .final = runs_final,
};

/* ------------------------------------------------- RWP with two who raise attention ----------- */

static _Atomic int closed_and_seen;

static void rwp_setup(void)
{
    vm_setup(1, 2);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
    vm_set_word(IRQ1, vm_word(IRQ1) | IRQ_PEND);
    atomic_store(&closed_and_seen, 0);
}

static void close_and_poll(void)
{
    struct lvgic_access access = {.size = 4};
    struct mmio mmio = {.vm = vm, .vcpu = cpu0, .access = &access};

    mmio_hook_write(&mmio, REG_HOOK_GICD_CTLR, 0);
    if (!(mmio_hook_read(&mmio, REG_HOOK_GICD_CTLR) >> 31))
        atomic_store(&closed_and_seen, 1);
}

static void disable_1(void)
{
    event(IRQ1, IRQ_EV_DISABLE, 0);
}

static void three_entries(void)
{
    guest_enter(cpu0);
    guest_exit(cpu0);
    guest_enter(cpu0);
    if (atomic_load(&closed_and_seen))
        explore_check(!cpu0->lrs.used);
    guest_exit(cpu0);
}

const struct explore_scenario l_rwp = {
    .name = "rwp-with-two-changes",
    .shows =
        "after RWP reads 0 nothing of a closed distributor is listed, although another change came",
    .actors = 3,
    .setup = rwp_setup,
    .actor = {three_entries, close_and_poll, disable_1},
    .final = check_end,
};

/* ------------------------------------------------- mapping ------------------------------------ */

static int status_50, status_51;

static void map_50(void)
{
    status_50 = lvgic_map_hw(vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
}

static void map_51(void)
{
    status_51 = lvgic_map_hw(vm, LVGIC_VCPU(0), LVGIC_INTID(40), 51);
}

static void map_final(void)
{
    unsigned pintid = atomic_load(vcpu_pintid(cpu0, 40));

    explore_check((status_50 == LVGIC_OK) != (status_51 == LVGIC_OK));
    explore_check(pintid == (status_50 == LVGIC_OK ? 50 : 51));
}

const struct explore_scenario l_map = {
    .name = "two-who-map-one-interrupt",
    .shows = "of two mappings at once one succeeds, and it is the one that holds",
    .actors = 2,
    .setup = counting_setup,
    .actor = {map_50, map_51},
    .final = map_final,
};

/* ------------------------------------------------- 1-of-N ------------------------------------- */

static void one_of_n_setup(void)
{
    vm_setup(2, 1);
    vm->one_of_n = true;
    atomic_store(&cpu0->waker, 0);
    atomic_store(&cpu1->waker, 0);
    atomic_store(vm_route(vm, IRQ0), ROUTE_ONE_OF_N);
}

static void waker_write(struct lvgic_vcpu *vcpu, uint64_t value)
{
    struct lvgic_access access = {.size = 4};
    struct mmio mmio = {.vm = vm, .vcpu = vcpu, .access = &access};

    mmio_hook_write(&mmio, REG_HOOK_GICR_WAKER, value);
}

static void cpu0_sleeps(void)
{
    waker_write(cpu0, 2);
}

static void cpu1_sleeps_and_wakes(void)
{
    waker_write(cpu1, 2);
    waker_write(cpu1, 0);
}

static void one_of_n_final(void)
{
    uint64_t w = vm_word(IRQ0);

    check_end();
    /* cpu1 is the only one awake. */
    explore_check(irq_target(w) == 1);
    explore_check(irq_pending(w));
}

const struct explore_scenario l_one_of_n = {
    .name = "one-of-n-among-sleepers",
    .shows = "an interrupt for any vCPU ends with one that is awake",
    .actors = 3,
    .setup = one_of_n_setup,
    .actor = {inject, cpu0_sleeps, cpu1_sleeps_and_wakes},
    .final = one_of_n_final,
};

/* ------------------------------------------------- a group that closes ------------------------ */

static void group_setup(void)
{
    vm_setup(1, 1);
    atomic_store(&vm->gicd_ctlr, 2 | CTLR_DS);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
    vm_set_word(IRQ1, vm_word(IRQ1) | IRQ_PEND);
}

static void enter_once(void)
{
    guest_enter(cpu0);
}

static void move_to_group_0(void)
{
    event(IRQ1, IRQ_EV_GROUP0, 0);
}

const struct explore_scenario l_group = {
    .name = "group-closes-while-listing",
    .shows = "an interrupt moved to a closed group while it is being listed takes up no register",
    .actors = 2,
    .setup = group_setup,
    .actor = {enter_once, move_to_group_0},
    .final = check_end,
};
