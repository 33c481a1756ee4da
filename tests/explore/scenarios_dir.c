/* SPDX-License-Identifier: MIT */
/* Runs without a trap of ICC_DIR_EL1: nobody names what the hardware does not know. */
#include "scenarios.h"

#include "arch/registers.h"
#include "deliver/dir.h"
#include "mmio/sysreg.h"

#define PPI 20u

static _Atomic bool taken; /* it is active, and the guest on vCPU 0 has been told */
static uint32_t dir_intid;

/* EOImode 1 on both; the SPI is vCPU 1's, pending and not enabled, and there is no other. */
static void setup(void)
{
    vm_setup(2, 1);
    atomic_store(&taken, false);
    cpu0->lrs.vmcr |= VMCR_VEOIM;
    cpu1->lrs.vmcr |= VMCR_VEOIM;
    dir_note_eoimode(cpu0);
    dir_note_eoimode(cpu1);
    dir_intid = IRQ0;
    vm_set_word(IRQ0, (vm_word(IRQ0) & ~IRQ_EN) | IRQ_PEND | UINT64_C(1) << IRQ_TARGET_SHIFT);
    vm_set_word(IRQ1, vm_word(IRQ1) & ~IRQ_EN);
}

static void setup_ppi(void)
{
    setup();
    dir_intid = PPI;
}

static bool is_taken_or_kicked(void *vcpu)
{
    return atomic_load(&taken) || is_kicked(vcpu);
}

/* The guest on vCPU 0 deactivates the interrupt as soon as it hears of it, even if a kick is on its
 * way. With the trap the library does it, without it the hardware. */
static void deactivates(void)
{
    uint64_t value = dir_intid;

    guest_enter(cpu0);
    explore_yield_until(is_taken_or_kicked, cpu0);
    while (!atomic_load(&taken)) {
        guest_exit(cpu0);
        guest_enter(cpu0);
        explore_yield_until(is_taken_or_kicked, cpu0);
    }
    if (cpu0->lrs.hcr & HCR_TDIR) {
        guest_exit(cpu0);
        explore_check(sysreg_access(cpu0, sysreg_rows[SYSREG_ICC_DIR_EL1].encoding, true, &value) ==
                      LVGIC_SYSREG_DONE);
    } else {
        icv_deactivate(&cpu0->lrs, dir_intid);
        guest_exit(cpu0);
    }
}

static void write_bit(bool private, uint32_t array, uint32_t intid)
{
    struct lvgic_access access = {.offset = array + (private ? 0x10000 : intid / 32 * 4),
                                  .size = 4,
                                  .write = true,
                                  .value = BIT64(intid % 32)};

    if (private)
        lvgic_redist_access(vm, cpu1, LVGIC_VCPU(0), &access);
    else
        lvgic_dist_access(vm, NULL, &access);
}

/* vCPU 1 enables the SPI, takes it, drops its priority, and tells vCPU 0's guest. */
static void enables_and_takes(void)
{
    write_bit(false, 0x100, IRQ0);
    guest_enter(cpu1);
    while (!delivered[IRQ0]) {
        guest_work(cpu1, true);
        if (delivered[IRQ0])
            break;
        explore_yield_until(is_kicked, cpu1);
        guest_exit(cpu1);
        guest_enter(cpu1);
    }
    atomic_store(&taken, true);
    guest_exit(cpu1);
}

/* Somebody else enables it as well: whoever comes second must not rely on the first too early. */
static void enables(void)
{
    write_bit(false, 0x100, IRQ0);
}

static void makes_active(void)
{
    write_bit(true, 0x300, PPI);
    atomic_store(&taken, true);
}

static void final(void)
{
    check_end();
    explore_check(!(irq_load(vcpu_irq(cpu0, dir_intid)) & IRQ_ACT));
}

const struct explore_scenario dir_announced = {
    .name = "r10-home-is-announced",
    .shows = "an SPI becomes active on another vCPU only when nobody runs without the trap of DIR",
    .actors = 2,
    .setup = setup,
    .actor = {deactivates, enables_and_takes},
    .final = final,
};

const struct explore_scenario dir_two_announce = {
    .name = "r10-two-announce-a-home",
    .shows = "who finds a home announced by another waits as well, until all know",
    .actors = 3,
    .setup = setup,
    .actor = {deactivates, enables_and_takes, enables},
    .final = final,
};

const struct explore_scenario dir_set_active = {
    .name = "r10-made-active-by-register",
    .shows = "a private interrupt made active by register can be deactivated by its vCPU's guest",
    .actors = 2,
    .setup = setup_ppi,
    .actor = {deactivates, makes_active},
    .final = final,
};
