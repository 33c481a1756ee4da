/* SPDX-License-Identifier: MIT */
/* Branches that only another thread's timing leads to, and that no other scenario took: found with
 * the coverage that scripts/coverage.sh measures. */
#include "scenarios.h"

/* ------------------------------------------------- asleep while its group is closed ----------- */

static void closed_setup(void)
{
    vm_setup(1, 1);
    atomic_store(&vm->gicd_ctlr, CTLR_DS);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void sleep_until_it_opens(void)
{
    while (!deliver_has_interrupt(cpu0))
        if (deliver_block(cpu0))
            explore_yield_until(is_kicked, cpu0);
    guest_enter(cpu0);
    guest_work(cpu0, true);
    guest_exit(cpu0);
}

static void open_group_1(void)
{
    struct lvgic_access access = {.size = 4, .write = true, .value = CTLR_ENABLE_GROUP1};

    lvgic_dist_access(vm, NULL, &access);
}

static void delivered_once(void)
{
    check_end();
    explore_check(delivered[IRQ0] == 1);
}

const struct explore_scenario o_group_opens = {
    .name = "sleeping-vcpu-hears-of-its-group",
    .shows = "a group that is enabled while a vCPU goes to sleep wakes it, though nothing is news",
    .actors = 2,
    .setup = closed_setup,
    .actor = {sleep_until_it_opens, open_group_1},
    .final = delivered_once,
};

/* ------------------------------------------------- a level that two vCPUs want to list ---------
 */

static void level_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, (vm_word(IRQ0) & ~IRQ_EDGE) | IRQ_LINE);
}

static void enter_cpu0(void)
{
    guest_enter(cpu0);
}

static void enter_cpu1(void)
{
    guest_enter(cpu1);
}

static void retarget(void)
{
    event(IRQ0, IRQ_EV_TARGET, 1);
}

const struct explore_scenario o_level = {
    .name = "level-retargeted-while-listing",
    .shows = "a level that is retargeted while its vCPU lists it is in one list register at most",
    .actors = 3,
    .setup = level_setup,
    .actor = {enter_cpu0, retarget, enter_cpu1},
    .final = check_end,
};
