/* SPDX-License-Identifier: MIT */
/* CPUs going off and coming back, as far as interrupts have to do with it. Arm DEN 0022. */
#include "guest.h"
#include "tests.h"

#define SPI TEST_SPI

void test_power_calls(void)
{
    unsigned on = 0;
    unsigned already = 0;

    expect("PSCI major version", 1, (uint32_t)psci_version() >> 16);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        on += psci_affinity_info(cpu) == PSCI_AFFINITY_ON;
        already += psci_cpu_on(cpu, 0x40000000, 0) == PSCI_ALREADY_ON;
    }
    expect("CPUs that AFFINITY_INFO says are on", ncpus, on);
    expect("CPUs that CPU_ON says are on already", ncpus, already);
    expect_true("CPU_ON of a CPU that does not exist returns INVALID_PARAMETERS",
                psci_cpu_on(1ull << 32 | 7, 0x40000000, 0) == PSCI_INVALID_PARAMETERS);
    expect_true("CPU_ON of the CPU after the last returns INVALID_PARAMETERS",
                psci_cpu_on(ncpus, 0x40000000, 0) == PSCI_INVALID_PARAMETERS);
    expect_true("an unknown function returns NOT_SUPPORTED",
                psci_call(0x8400ff00, 0, 0, 0) == PSCI_NOT_SUPPORTED);
}

void test_power_cycle(void)
{
    unsigned last = ncpus - 1;
    unsigned cycles = 0;

    for (; cycles < 3; cycles++) {
        smp_post(last, work_cpu_off, 0);
        if (!WAIT_FOR(smp_is_off(last)))
            break;
        if (!smp_start_cpu(last) || psci_affinity_info(last) != PSCI_AFFINITY_ON)
            break;
        gic_enable(last, 1);
        clear_counts();
        gic_send_sgi(1, 1u << last);
        if (!WAIT_FOR(cpus[last].count[1] == 1))
            break;
    }
    expect("times the last CPU went off, came back and got an SGI", 3, cycles);
}

/* An SPI for a CPU that is off waits; and is delivered when it is routed to one that is on. */
void test_power_reroute(void)
{
    unsigned last = ncpus - 1;

    smp_post(last, work_cpu_off, 0);
    expect_true("the last CPU is off", WAIT_FOR(smp_is_off(last)));
    gic_route(SPI, last);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("pending bit of an SPI routed there", 1, gic_is_pending(0, SPI));
    expect("deliveries", 0, total_count());
    gic_route(SPI, 0);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    settle();
    expect("deliveries after it was routed to CPU 0", 1, total_count());
    expect_true("the last CPU comes back", smp_start_cpu(last));
}

/* Or it waits until the CPU is back. */
void test_power_wait(void)
{
    unsigned last = ncpus - 1;

    smp_post(last, work_cpu_off, 0);
    expect_true("the last CPU is off", WAIT_FOR(smp_is_off(last)));
    gic_route(SPI, last);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("pending bit of an SPI routed there", 1, gic_is_pending(0, SPI));
    expect_true("the last CPU comes back", smp_start_cpu(last));
    WAIT_FOR(cpus[last].count[SPI] == 1);
    settle();
    expect("deliveries there", 1, cpus[last].count[SPI]);
    expect("deliveries in total", 1, total_count());
}

/* All others off and on again, while CPU 0 goes on handling interrupts. */
void test_power_all(void)
{
    unsigned off = 0;
    unsigned back = 0;

    gic_enable(0, SPI);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, work_cpu_off, 0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        off += WAIT_FOR(smp_is_off(cpu));
    expect("CPUs off", ncpus - 1, off);
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries on CPU 0 alone", 1, total_count());
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        back += smp_start_cpu(cpu);
    expect("CPUs back", ncpus - 1, back);
}
