/* SPDX-License-Identifier: MIT */
/* What the first design's model did not have: the gate, sleeping, priorities, hardware-mapped
 * interrupts, routes, three vCPUs, parked ones. */
#include "scenarios.h"

#include "deliver/gate.h"
#include "mmio/mmio.h"

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

static void priority_setup(void)
{
    vm_setup(1, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void change_priority(void)
{
    event(IRQ0, IRQ_EV_PRIORITY, 0x10);
    event(IRQ0, IRQ_EV_PRIORITY, 0xf0);
}

const struct explore_scenario r_priority = {
    .name = "priority-changes-while-pending",
    .shows = "an interrupt whose priority changes while it waits is not lost between two rows",
    .actors = 3,
    .setup = priority_setup,
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
