/* SPDX-License-Identifier: MIT */
/* GICR_CTLR.EnableLPIs and the tables of a redistributor: IHI 0069, sections 5.1 and 12.11. */
#include "its/its.h"
#include "its/tests_its.h"

/* Where EnableLPIs can be cleared (GICR_CTLR.CES). */
void test_lpi_enable(void)
{
    bool enabled, disabled;

    its_begin();
    lpi_map(0, 0);
    lpi_map(1, ncpus - 1);
    enabled = gicr_read(0, GICR_CTLR) & GICR_CTLR_ENABLE_LPIS;
    expect_true("EnableLPIs reads as written", enabled);
    disabled = lpi_disable_redistributor(0);
    expect_true("EnableLPIs can be cleared, and RWP ends", disabled);
    expect_true("EnableLPIs reads as 0", !(gicr_read(0, GICR_CTLR) & GICR_CTLR_ENABLE_LPIS));
    lpi_raise(0);
    settle();
    expect("deliveries while disabled", 0, cpus[0].lpi_count[0]);
    lpi_enable_redistributor(0);
    settle();
    expect("deliveries of what came meanwhile", 0, cpus[0].lpi_count[0]);
    lpi_raise(0);
    expect("deliveries after it was enabled", 1, delivered_to(0, 0));
    lpi_raise(1);
    expect("deliveries on the last CPU", 1, delivered_to(ncpus - 1, 1));
}

/* A table of fewer bits than the first LPI has: there are none. */
void test_lpi_few_bits(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_raise(0);
    expect("deliveries", 1, delivered_to(0, 0));
    lpi_disable_redistributor(0);
    lpi_enable_with_bits(0, 13);
    lpi_raise(0);
    settle();
    expect("deliveries with INTIDs of 13 bits", 1, cpus[0].lpi_count[0]);
    lpi_disable_redistributor(0);
    lpi_enable_redistributor(0);
    lpi_raise(0);
    WAIT_FOR(cpus[0].lpi_count[0] == 2);
    expect("deliveries with INTIDs of 14 bits", 2, cpus[0].lpi_count[0]);
}

/* What the redistributor says of its tables. */
void test_lpi_bases(void)
{
    const uint64_t address = 0xfffffffff000, address_64k = 0xffffffff0000;
    unsigned same = 0;
    uint64_t first = 0;

    its_begin();
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        uint64_t prop = mmio_read64(gicr_address(cpu, GICR_PROPBASER));
        uint64_t pend = mmio_read64(gicr_address(cpu, GICR_PENDBASER));

        same += (prop & address) && (prop & 0x1f) == LPI_BITS - 1 && (!cpu || prop == first) &&
                (pend & address_64k) &&
                prop == ((uint64_t)gicr_read(cpu, GICR_PROPBASER + 4) << 32 |
                         gicr_read(cpu, GICR_PROPBASER));
        first = prop;
    }
    expect("redistributors whose registers read as written", ncpus, same);
}

static uint64_t work_wait_for_none(uint64_t unused)
{
    (void)unused;
    return poll_hppi(INTID_NONE);
}

static uint64_t work_poll_nothing(uint64_t unused)
{
    (void)unused;
    return poll_nothing();
}

/* Disabled with interrupts pending there: they do not come any more. */
void test_lpi_disable_with_pending(void)
{
    its_begin();
    lpi_map_many(0, 20, 0);
    irq_disable();
    lpi_raise_many(0, 20);
    expect_true("some are pending", is_interrupt(gic_hppi()) || !poll_hppi(INTID_NONE));
    expect_true("EnableLPIs can be cleared, and RWP ends", lpi_disable_redistributor(0));
    expect("acknowledge while disabled", INTID_NONE, poll_nothing());
    lpi_enable_redistributor(0);
    irq_enable();
    settle();
    clear_counts();
    lpi_raise(4);
    expect("deliveries after it was enabled", 1, delivered_to(0, 4));
}

/* The same for another CPU, which is looking at what is pending meanwhile. */
void test_lpi_disable_other(void)
{
    its_begin();
    lpi_map_many(0, 20, 1);
    smp_call(1, work_irq_disable, 0);
    lpi_raise_many(0, 20);
    smp_post(1, work_wait_for_none, 0);
    expect_true("EnableLPIs can be cleared, and RWP ends", lpi_disable_redistributor(1));
    expect_true("nothing is pending on CPU 1 any more", smp_finish(1));
    expect("acknowledge there", INTID_NONE, smp_call(1, work_poll_nothing, 0));
    lpi_enable_redistributor(1);
    smp_call(1, work_irq_enable, 0);
    settle();
    clear_counts();
    lpi_raise(7);
    expect("deliveries after it was enabled", 1, delivered_to(1, 7));
    expect("deliveries in total", 1, total_count());
}

/* Others keep theirs, and get what is moved to them. */
void test_lpi_disable_one(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_map(1, 1);
    smp_call(1, work_irq_disable, 0);
    lpi_raise(1);
    lpi_disable_redistributor(0);
    smp_call(1, work_irq_enable, 0);
    expect("deliveries on CPU 1, pending since before", 1, delivered_to(1, 1));
    its_movi(DEVICE, 0, 1);
    its_sync();
    lpi_raise(0);
    expect("deliveries on CPU 1 of what was moved there", 1, delivered_to(1, 0));
    lpi_enable_redistributor(0);
    its_movi(DEVICE, 0, 0);
    its_sync();
    lpi_raise(0);
    expect("deliveries on CPU 0 after it was enabled", 1, delivered_to(0, 0));
}
