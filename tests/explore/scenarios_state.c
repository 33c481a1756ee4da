/* SPDX-License-Identifier: MIT */
/* State that is private to a vCPU's thread, read and written by attribute. */
#include "arch/registers.h"
#include "lvgic/state.h"
#include "scenarios.h"
#include "scenarios_vm.h"

static const uint64_t pmr = LVGIC_SYSREG(3, 0, 4, 6, 0);

static void state_setup(void)
{
    vm_setup(1, 1);
}

/* The vCPU's own thread: a trapped register, a run, a sleep. */
static void own_thread(void)
{
    uint64_t value = 0x40;

    lvgic_vcpu_sysreg(cpu0, (uint32_t)pmr, true, &value);
    guest_run(cpu0, 1, true, false);
    lvgic_vcpu_has_interrupt(cpu0);
}

static void write_pmr(uint64_t value)
{
    explore_check(lvgic_attr_set(vm, LVGIC_ATTR_CPU_SYSREGS, pmr, value) == LVGIC_OK);
}

static void vmm_writes(void)
{
    write_pmr(0xa0);
}

/* Another writes and reads: never half of a value, and never nothing. */
static void vmm_reads(void)
{
    uint64_t value = 0;

    write_pmr(0x50);
    explore_check(lvgic_attr_get(vm, LVGIC_ATTR_CPU_SYSREGS, pmr, &value) == LVGIC_OK);
    explore_check(value == 0x50 || value == 0xa0 || value == 0x40);
}

static void state_final(void)
{
    uint64_t value = 0;

    check_end();
    explore_check(lvgic_attr_get(vm, LVGIC_ATTR_CPU_SYSREGS, pmr, &value) == LVGIC_OK);
    explore_check(value == 0x50 || value == 0xa0 || value == 0x40);
}

const struct explore_scenario t_private = {
    .name = "private-registers-by-attribute",
    .shows = "a vCPU's thread and two VMM threads use its private registers one after another",
    .actors = 3,
    .setup = state_setup,
    .actor = {own_thread, vmm_writes, vmm_reads},
    .final = state_final,
};
