/* SPDX-License-Identifier: MIT */
/* HVC and SMC with any immediate and any registers. */
#include "hostile.h"
#include "timer.h"

#define CALL_STEPS 80000
#define IMMEDIATES (sizeof(hostiles[0].code) / 16)

#define INSN_HVC 0xd4000002u
#define INSN_SMC 0xd4000003u

/* Function identifiers: DEN 0022, section 5.1. Those with 64-bit arguments have bit 30 set. */
#define PSCI_BASE 0x84000000u
#define PSCI_64 0x40000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u

/* These would end the test by doing what they are for. */
static bool would_work(uint32_t function)
{
    switch (function & ~PSCI_64) {
    case 0x84000002u: /* CPU_OFF */
    case 0x84000008u: /* SYSTEM_OFF */
    case 0x84000009u: /* SYSTEM_RESET */
    case 0x8400000bu: /* CPU_FREEZE */
    case 0x8400000cu: /* CPU_DEFAULT_SUSPEND, which need not be woken by the timer */
    case 0x8400000eu: /* SYSTEM_SUSPEND */
    case 0x84000012u: /* SYSTEM_RESET2 */
        return true;
    default:
        return false;
    }
}

static uint32_t some_function(struct hostile *h)
{
    uint32_t function;

    do {
        switch (below(h, 4)) {
        case 0: /* any owner, any function, both conventions */
            function = (uint32_t)random64(h);
            break;
        case 1: /* the Arm architecture's, the vendors', the hypervisors' */
            function = 0x80000000u | below(h, 8) << 24 | below(h, 256);
            break;
        default:
            function = PSCI_BASE | below(h, 0x20);
        }
        if (below(h, 2))
            function ^= PSCI_64;
    } while (would_work(function));
    return function;
}

uint32_t call_prepare(void)
{
    return CALL_STEPS;
}

void call_prepare_cpu(struct hostile *h)
{
    for (unsigned i = 0; i < IMMEDIATES; i++) {
        uint32_t immediate = below(h, 2) ? 0 : below(h, 0x10000);

        /* SMC is undefined where there is neither EL3 nor a hypervisor that traps it. */
        h->code[4 * i] = (below(h, 2) ? INSN_HVC : INSN_SMC) | immediate << 5;
        h->code[4 * i + 1] = INSN_RET;
    }
    sync_code(h->code, sizeof(h->code));
}

/* All CPUs are on, so CPU_ON starts nobody whatever its arguments; some of them are good ones. */
static void some_arguments(struct hostile *h, uint64_t x[8])
{
    x[0] = some_function(h) | (below(h, 4) ? 0 : random64(h) << 32);
    for (unsigned i = 1; i < 8; i++)
        x[i] = random_value(h);
    if (below(h, 2))
        x[1] = below(h, 2 * MAX_CPUS);
    if (below(h, 2))
        x[2] = below(h, 2) ? ram_end + below(h, 0x2000000) : RAM_BASE + below(h, 0x1000000);
}

void call_step(struct hostile *h, uint32_t n)
{
    uint64_t x[8];
    uint32_t function;

    some_arguments(h, x);
    function = (uint32_t)x[0];
    /* A CPU that is suspended has to be woken. What the handler does at last is start the timer
     * anew, so one is running; now it is certainly soon. Few times, because each takes a while. */
    if ((function & ~PSCI_64) == PSCI_CPU_SUSPEND) {
        if (n % 16)
            return;
        start_timers(h);
    }
    h->accesses++;
    h->what = "hvc or smc";
    h->address = x[0];
    call_with_registers(&h->code[4 * below(h, IMMEDIATES)], x);
    h->what = 0;
    if ((function & ~PSCI_64) == PSCI_CPU_ON && x[0] == PSCI_SUCCESS)
        wrong(h, "a CPU that is on was turned on", "cpu_on", x[1], x[2]);
}
