/* SPDX-License-Identifier: MIT */
/*
 * PSCI, both sides: the guest calls (HVC, or SMC) and the hypervisor answers; the hypervisor calls
 * the machine's own firmware by SMC. Arm DEN 0022 (PSCI 1.1) and DEN 0028 (SMC calling convention).
 * Beside PSCI there is one call for a checkpoint.
 */
#include "hyp.h"

#define SMC64 0x40000000u /* set in the identifiers of calls with 64-bit arguments */

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au

/* Our own, of the range for hypervisors. */
#define CHECKPOINT 0x86000100u

#define SUCCESS 0
#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define ON_PENDING (-5)
#define INVALID_ADDRESS (-9)

#define PSTATE_EL1H_MASKED 0x3c5
#define AFFINITY_MASK UINT64_C(0xff00ffffff)

uint64_t psci_physical(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    /* Before SMCCC 1.1 firmware may change x4 to x17 as well. */
    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return x0;
}

/* The vCPU's CPU sleeps in EL2, and passes physical interrupts on, until somebody turns the vCPU
 * on; then it starts as after a reset. */
void psci_wait_for_start(struct cpu *cpu, struct frame *frame)
{
    /* Acquire: entry and context were written before. */
    while (!atomic_load_explicit(&cpu->start, memory_order_acquire))
        vgic_wait(cpu);
    atomic_store_explicit(&cpu->start, false, memory_order_relaxed);
    *frame = (struct frame){.pc = cpu->entry, .pstate = PSTATE_EL1H_MASKED};
    frame->x[0] = cpu->context;
    cpu_reset_el1();
    vgic_cpu_on(cpu);
    atomic_store_explicit(&cpu->power, POWER_ON, memory_order_release);
}

static int64_t cpu_on(uint64_t target, uint64_t entry, uint64_t context)
{
    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        struct cpu *cpu = cpu_at(i);
        unsigned state = POWER_OFF;

        if (cpu->mpidr != target)
            continue;
        if (!stage2_has_code(entry) || entry % 4)
            return INVALID_ADDRESS;
        /* Of several callers one wins, and only it writes what follows. Acquire: after the vCPU
         * that turned itself off has stopped using these fields. */
        if (!atomic_compare_exchange_strong_explicit(&cpu->power, &state, POWER_ON_PENDING,
                                                     memory_order_acquire, memory_order_relaxed))
            return state == POWER_ON ? ALREADY_ON : ON_PENDING;
        cpu->entry = entry;
        cpu->context = context;
        atomic_store_explicit(&cpu->start, true, memory_order_release);
        gic_kick(cpu);
        return SUCCESS;
    }
    return INVALID_PARAMETERS;
}

/* Does not return to the caller: when it returns, the vCPU has been turned on again. */
static uint64_t cpu_off(struct cpu *cpu, struct frame *frame)
{
    vgic_cpu_off(cpu);
    /* Release: whoever sees OFF may write entry and context. */
    atomic_store_explicit(&cpu->power, POWER_OFF, memory_order_release);
    psci_wait_for_start(cpu, frame);
    return frame->x[0];
}

/* The state of a vCPU, or of all vCPUs whose affinity agrees from `level` up. */
static int64_t affinity_info(uint64_t target, uint64_t level)
{
    int64_t result = INVALID_PARAMETERS;
    uint64_t mask;

    if (level > 3 || target & ~AFFINITY_MASK)
        return INVALID_PARAMETERS;
    mask = level == 3 ? UINT64_C(0xff00000000) : AFFINITY_MASK & (~UINT64_C(0) << (8 * level));
    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        struct cpu *cpu = cpu_at(i);
        unsigned state;

        if ((cpu->mpidr ^ target) & mask)
            continue;
        state = atomic_load_explicit(&cpu->power, memory_order_acquire);
        if (state == POWER_ON)
            return POWER_ON;
        if (result != POWER_ON_PENDING)
            result = state;
    }
    return result;
}

static int64_t features(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case PSCI_VERSION:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMC64:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMC64:
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMC64:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return SUCCESS;
    default:
        return NOT_SUPPORTED;
    }
}

/* The end of the machine; firmware does not return from it. */
static int64_t end_system(struct cpu *cpu, uint32_t function)
{
    vgic_stop(cpu);
    psci_physical(function, 0, 0, 0);
    fault("the firmware did not turn the system off");
}

/* A call of the guest, which gets back the result in x0; cpu_off() replaces all registers. */
uint64_t psci_call(struct cpu *cpu, struct frame *frame)
{
    uint32_t function = (uint32_t)frame->x[0];
    uint64_t mask = function & SMC64 ? ~UINT64_C(0) : UINT32_MAX; /* 32-bit calls use w registers */
    uint64_t a = frame->x[1] & mask, b = frame->x[2] & mask, c = frame->x[3] & mask;

    if (boot.trace)
        say("hyp: %u: call 0x%x 0x%lx 0x%lx 0x%lx\n", cpu->index, function, a, b, c);
    switch (function) {
    case SMCCC_VERSION:
        return 0x10001;
    case SMCCC_ARCH_FEATURES:
        return (uint64_t)(a == SMCCC_VERSION || a == SMCCC_ARCH_FEATURES ? SUCCESS : NOT_SUPPORTED);
    case PSCI_VERSION:
        return 0x10001;
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMC64:
        /* Every state is a standby state: allowed, and all that is needed here. */
        vgic_suspend(cpu);
        return SUCCESS;
    case PSCI_CPU_OFF:
        return cpu_off(cpu, frame);
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMC64:
        return (uint64_t)cpu_on(a, b, c);
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMC64:
        return (uint64_t)affinity_info(a, b);
    case PSCI_MIGRATE_INFO_TYPE:
        return 2; /* no trusted OS: nothing to migrate */
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
        return (uint64_t)end_system(cpu, function);
    case PSCI_FEATURES:
        return (uint64_t)features((uint32_t)a);
    case CHECKPOINT:
        checkpoint_ask(cpu, true);
        return SUCCESS; /* when the guest sees it, it is done */
    default:
        return (uint64_t)NOT_SUPPORTED;
    }
}
