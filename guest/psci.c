/* SPDX-License-Identifier: MIT */
#include "psci.h"
#include "cpu.h"
#include "guest.h"

/* Function identifiers: DEN 0022, section 5.1. */
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON_64 0xc4000003u
#define PSCI_AFFINITY_INFO_64 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u

int32_t psci_call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;

    /* The calling convention lets the callee change x4 to x17 (Arm DEN 0028, section 2.6). */
    __asm__ volatile("hvc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return (int32_t)x0;
}

int32_t psci_version(void)
{
    return psci_call(PSCI_VERSION, 0, 0, 0);
}

int32_t psci_cpu_on(uint64_t mpidr, uintptr_t entry, uint64_t context)
{
    dsb();
    return psci_call(PSCI_CPU_ON_64, mpidr, entry, context);
}

int32_t psci_cpu_off(void)
{
    return psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

int32_t psci_affinity_info(uint64_t mpidr)
{
    return psci_call(PSCI_AFFINITY_INFO_64, mpidr, 0, 0);
}

#ifdef CHECKPOINTS
#define HYP_CHECKPOINT 0x86000100u

void checkpoint(void)
{
    if (psci_call(HYP_CHECKPOINT, 0, 0, 0) != PSCI_SUCCESS)
        die("no checkpoint");
}
#endif

void psci_system_off(void)
{
    psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        cpu_relax();
}
