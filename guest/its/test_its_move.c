/* SPDX-License-Identifier: MIT */
/* Commands that move what is mapped to another redistributor: MOVI, MOVALL, MAPC. IHI 0069, 5.3. */
#include "its/its.h"
#include "its/tests_its.h"

/* With interrupts masked there: what is pending stays so. */
static void mask(unsigned cpu)
{
    smp_call(cpu, work_irq_disable, 0);
}

static void unmask(unsigned cpu)
{
    smp_call(cpu, work_irq_enable, 0);
}

void test_its_movi(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_raise(0);
    expect("deliveries on CPU 0", 1, delivered_to(0, 0));
    for (unsigned cpu = 1; cpu < ncpus; cpu++) {
        its_movi(DEVICE, 0, cpu);
        its_sync();
        lpi_raise(0);
        expect("deliveries on the next CPU", 1, delivered_to(cpu, 0));
    }
    expect("deliveries in total", ncpus, total_count());
}

static uint64_t work_hppi_is(uint64_t ack)
{
    return poll_hppi((unsigned)ack);
}

void test_its_movi_pending(void)
{
    its_begin();
    lpi_map_many(0, 3, 0);
    mask(0);
    mask(1);
    lpi_raise_many(0, 3);
    expect_true("one is pending on CPU 0", is_interrupt(gic_hppi()) || poll_hppi(LPI(0)));
    for (unsigned n = 0; n < 3; n++)
        its_movi(DEVICE, n, 1);
    its_sync();
    expect("acknowledge on CPU 0 after MOVI", INTID_NONE, poll_nothing());
    unmask(1);
    WAIT_FOR(total_count() == 3);
    settle();
    expect("deliveries on CPU 1", 3,
           cpus[1].lpi_count[0] + cpus[1].lpi_count[1] + cpus[1].lpi_count[2]);
    unmask(0);
    settle();
    expect("deliveries in total", 3, total_count());
}

void test_its_movi_disabled(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_configure(0, DEFAULT_PRIORITY, false);
    lpi_raise(0);
    its_movi(DEVICE, 0, 1);
    its_sync();
    settle();
    expect("deliveries while disabled", 0, total_count());
    lpi_configure(0, DEFAULT_PRIORITY, true);
    expect("deliveries on CPU 1 after it was enabled", 1, delivered_to(1, 0));
    expect("deliveries in total", 1, total_count());
}

/* Moved to the collection where it is. */
void test_its_movi_same(void)
{
    its_begin();
    its_mapc(70, 0);
    its_mapti(DEVICE, 0, LPI(0), 0);
    irq_disable();
    lpi_raise(0);
    its_movi(DEVICE, 0, 0);
    its_sync();
    expect("acknowledge after MOVI to the same collection", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    lpi_raise(0);
    its_movi(DEVICE, 0, 70);
    its_sync();
    expect("acknowledge after MOVI to another one of the same CPU", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    expect("acknowledge after that", INTID_NONE, poll_nothing());
    irq_enable();
}

/* A collection goes to another CPU, its pending interrupts by MOVALL. */
void test_its_movall(void)
{
    unsigned last = ncpus - 1, right = 0;

    its_begin();
    lpi_map_many(0, 20, 0);
    lpi_map_many(20, 4, last);
    mask(0);
    mask(last);
    lpi_configure(7, DEFAULT_PRIORITY, false);
    lpi_raise_many(0, 24);
    its_mapc(0, last);
    its_movall(0, last);
    its_sync();
    expect("acknowledge on CPU 0 after MOVALL", INTID_NONE, poll_nothing());
    unmask(0);
    unmask(last);
    WAIT_FOR(total_count() == 23);
    settle();
    for (unsigned n = 0; n < 24; n++)
        right += cpus[last].lpi_count[n] == 1;
    expect("LPIs delivered on the last CPU", 23, right);
    expect("of the disabled one", 0, cpus[last].lpi_count[7]);
    lpi_configure(7, DEFAULT_PRIORITY, true);
    expect("after it was enabled", 1, delivered_to(last, 7));
    lpi_raise(3);
    WAIT_FOR(cpus[last].lpi_count[3] == 2);
    expect("of a later event", 2, cpus[last].lpi_count[3]);
    expect("deliveries in total", 25, total_count());
}

/* MOVALL touches the interrupts of one CPU only. */
void test_its_movall_others(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_map(1, 1);
    lpi_map(2, 2);
    for (unsigned cpu = 0; cpu < 3; cpu++)
        mask(cpu);
    lpi_raise_many(0, 3);
    its_mapc(1, 2);
    its_movall(1, 2);
    its_sync();
    for (unsigned cpu = 0; cpu < 3; cpu++)
        unmask(cpu);
    WAIT_FOR(total_count() == 3);
    settle();
    expect("deliveries on CPU 0", 1, cpus[0].lpi_count[0]);
    expect("deliveries on CPU 2 of its own", 1, cpus[2].lpi_count[2]);
    expect("deliveries on CPU 2 of CPU 1's", 1, cpus[2].lpi_count[1]);
    expect("deliveries in total", 3, total_count());
}

/* A collection goes to each CPU in turn while nothing is pending. */
void test_its_move_collection(void)
{
    unsigned right = 0;

    its_begin();
    its_mapc(80, 0);
    for (unsigned n = 0; n < 8; n++)
        its_mapti(DEVICE, n, LPI(n), 80);
    for (unsigned i = 0; i < 3 * ncpus; i++) {
        unsigned cpu = i % ncpus;

        clear_counts();
        its_mapc(80, cpu);
        its_sync();
        lpi_raise_many(0, 8);
        WAIT_FOR(total_count() == 8);
        settle();
        for (unsigned n = 0; n < 8; n++)
            right += cpus[cpu].lpi_count[n] == 1;
    }
    expect("LPIs delivered where their collection was", 8 * 3 * ncpus, right);
    expect_true("nothing is pending on CPU 0", smp_call(0, work_hppi_is, INTID_NONE));
}
