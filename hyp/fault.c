/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor cannot go on: say why, and end the emulator with a status that is not zero.
 */
#include "hyp.h"

#define FAULT_STATUS 99
#define PSCI_SYSTEM_OFF 0x84000008

static atomic_flag dying = ATOMIC_FLAG_INIT;

/* The first fault is reported. If another one follows, on any CPU, then it came from reporting or
 * ends here. */
static void first_fault_only(void)
{
    static atomic_uint count;

    if (!atomic_flag_test_and_set(&dying))
        return;
    /* The fault of a fault: there is no semihosting, HLT was undefined. */
    if (atomic_fetch_add(&count, 1) == 0 || this_cpu() == cpu_at(0))
        psci_physical(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}

static _Noreturn void end(void)
{
    semihosting_exit(FAULT_STATUS);
    psci_physical(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}

void fault(const char *what)
{
    first_fault_only();
    say("\nhyp: FAULT %s (CPU %u, called from 0x%lx, image at 0x%lx)\n", what, this_cpu()->index,
        (uint64_t)__builtin_return_address(0), (uint64_t)image_start);
    end();
}

/* An exception from EL2 to EL2; `vector` is its number in the table. */
void fault_exception(const struct frame *frame, unsigned vector)
{
    static const char *const kinds[] = {"synchronous exception", "IRQ", "FIQ", "SError"};

    first_fault_only();
    say("\nhyp: FAULT %s in the hypervisor (CPU %u, image at 0x%lx)\n", kinds[vector % 4],
        this_cpu()->index, (uint64_t)image_start);
    say("hyp: ESR 0x%lx ELR 0x%lx FAR 0x%lx SPSR 0x%lx SP 0x%lx\n", READ_SYSREG(esr_el2), frame->pc,
        READ_SYSREG(far_el2), frame->pstate, (uint64_t)(frame + 1));
    for (unsigned i = 0; i < 30; i += 3)
        say("hyp: x%u 0x%lx x%u 0x%lx x%u 0x%lx\n", i, frame->x[i], i + 1, frame->x[i + 1], i + 2,
            frame->x[i + 2]);
    say("hyp: x30 0x%lx\n", frame->x[30]);
    end();
}
