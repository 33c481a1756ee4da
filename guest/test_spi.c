/* SPDX-License-Identifier: MIT */
/* Shared interrupts raised by software: IHI 0069, section 12.9, GICD_ISPENDR and others. */
#include "guest.h"
#include "tests.h"

#define SPI TEST_SPI

/* Raises the SPI and waits until the CPU has handled it once more than before. */
static bool raise_and_wait(unsigned intid, unsigned cpu)
{
    uint32_t before = cpus[cpu].count[intid];

    gic_set_pending(0, intid);
    return WAIT_FOR(cpus[cpu].count[intid] == before + 1);
}

void test_spi_route(void)
{
    unsigned good = 0;

    gic_enable(0, SPI);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        gic_route(SPI, cpu);
        good += raise_and_wait(SPI, cpu);
    }
    settle();
    expect("CPUs that got the SPI when it was routed to them", ncpus, good);
    expect("deliveries in total", ncpus, total_count());
}

/* A pending interrupt follows its route. */
void test_spi_reroute(void)
{
    unsigned last = ncpus - 1;

    smp_call(last, work_irq_disable, 0);
    gic_route(SPI, last);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with the target masked", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    gic_route(SPI, 0);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    smp_call(last, work_irq_enable, 0);
    settle();
    expect("deliveries at CPU 0 after the route was changed", 1, cpus[0].count[SPI]);
    expect("deliveries in total", 1, total_count());
}

/* Routed to any CPU: exactly one takes it. */
void test_spi_any(void)
{
    gic_route_to_any(SPI);
    gic_enable(0, SPI);
    for (uint32_t i = 1; i <= 10; i++) {
        gic_set_pending(0, SPI);
        if (!WAIT_FOR(total_count() == i))
            break;
    }
    settle();
    expect("deliveries of 10 raised, of any CPU", 10, total_count());
}

void test_spi_pending_bits(void)
{
    unsigned word = SPI / 32 * 4;

    gic_set_pending(0, SPI);
    expect("pending bit in ISPENDR", 1, gicd_read(GICD_ISPENDR + word) >> (SPI % 32) & 1);
    expect("pending bit in ICPENDR", 1, gicd_read(GICD_ICPENDR + word) >> (SPI % 32) & 1);
    gicd_write(GICD_ISPENDR + word, 0);
    gicd_write(GICD_ICPENDR + word, 0);
    expect("pending bit after zeros were written to both", 1, gic_is_pending(0, SPI));
    expect_hex("pending bits of the 16 test SPIs", 1, gic_pending_many());
    gic_clear_pending(0, SPI);
    expect("pending bit after ICPENDR", 0, gic_is_pending(0, SPI));
    gic_enable(0, SPI);
    settle();
    expect("deliveries after that, at enable", 0, total_count());
}

void test_spi_clear_while_masked(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect_true("the SPI is the highest pending interrupt", poll_hppi(SPI));
    gic_clear_pending(0, SPI);
    expect_true("ICPENDR takes it back", poll_hppi(INTID_NONE));
    irq_enable();
    settle();
    expect("deliveries after unmasking", 0, total_count());
}

void test_spi_disabled(void)
{
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries while disabled", 0, total_count());
    expect("pending bit while disabled", 1, gic_is_pending(0, SPI));
    gic_enable(0, SPI);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    settle();
    expect("deliveries at enable", 1, total_count());
    expect("pending bit after delivery", 0, gic_is_pending(0, SPI));
}

void test_spi_disable_pending(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect_true("the SPI is the highest pending interrupt", poll_hppi(SPI));
    gic_disable(0, SPI);
    expect_true("not after it was disabled", poll_hppi(INTID_NONE));
    expect("pending bit", 1, gic_is_pending(0, SPI));
    expect("acknowledge", INTID_NONE, poll_nothing());
    gic_enable(0, SPI);
    expect("acknowledge after enable", SPI, poll_ack());
    gic_eoi(SPI);
    irq_enable();
}

void test_spi_coalesce(void)
{
    gic_enable(0, SPI);
    irq_disable();
    for (unsigned i = 0; i < 10; i++)
        gic_set_pending(0, SPI);
    settle();
    irq_enable();
    WAIT_FOR(cpus[0].count[SPI] >= 1);
    settle();
    expect("deliveries of 10 edges while masked", 1, total_count());
}

/* Software can make a level-sensitive interrupt pending; acknowledging it is the end of that. */
void test_spi_level_soft(void)
{
    gic_set_edge(SPI, false);
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("pending bit", 1, gic_is_pending(0, SPI));
    expect("acknowledge", SPI, poll_ack());
    expect("pending bit while active", 0, gic_is_pending(0, SPI));
    gic_eoi(SPI);
    expect("second acknowledge", INTID_NONE, poll_nothing());
    gic_set_pending(0, SPI);
    gic_clear_pending(0, SPI);
    expect("pending bit after ICPENDR", 0, gic_is_pending(0, SPI));
    expect("acknowledge after ICPENDR", INTID_NONE, poll_nothing());
    irq_enable();
}

/* One SPI to each CPU, raised by one register write; all are handled at the same time. */
void test_spi_parallel(void)
{
    unsigned rounds = 0;

    for (unsigned i = 0; i < TEST_SPIS; i++) {
        gic_route(TEST_SPI + i, i % ncpus);
        gic_enable(0, TEST_SPI + i);
    }
    for (; rounds < 10; rounds++) {
        clear_counts();
        gic_set_pending_many(TEST_SPIS);
        if (!WAIT_FOR(total_count() == TEST_SPIS))
            break;
        for (unsigned i = 0; i < TEST_SPIS; i++) {
            if (cpus[i % ncpus].count[TEST_SPI + i] != 1)
                die("SPI %u was not handled once by its CPU", TEST_SPI + i);
        }
    }
    expect("rounds of 16 SPIs to all CPUs", 10, rounds);
    settle();
    expect("deliveries in the last round", TEST_SPIS, total_count());
}

/* Every CPU raises an interrupt for the next one. */
static uint64_t raise_for_next(uint64_t rounds)
{
    unsigned next = (this_cpu()->id + 1) % ncpus;
    unsigned intid = TEST_SPI + next;

    for (uint32_t i = 1; i <= rounds; i++) {
        gic_set_pending(0, intid);
        if (!WAIT_FOR(cpus[next].count[intid] == i))
            return i;
    }
    return 0;
}

void test_spi_storm(void)
{
    const uint32_t rounds = 10;
    uint64_t stopped = 0;

    for (unsigned i = 0; i < ncpus; i++) {
        gic_route(TEST_SPI + i, i);
        gic_enable(0, TEST_SPI + i);
    }
    for (unsigned i = 1; i < ncpus; i++)
        smp_post(i, raise_for_next, rounds);
    stopped += raise_for_next(rounds);
    for (unsigned i = 1; i < ncpus; i++)
        stopped += smp_finish(i);
    expect("CPUs stopped by a lost SPI", 0, stopped);
    settle();
    expect("SPIs delivered round the ring", rounds * ncpus, total_count());
}
