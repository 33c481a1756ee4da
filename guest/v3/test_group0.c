/* SPDX-License-Identifier: MIT */
/* Group 0 interrupts, which are FIQs with one Security state: IHI 0069, section 4.6. */
#include "guest.h"
#include "tests_v3.h"

#define SPI TEST_SPI

static void set_up(unsigned intid, unsigned group)
{
    gic_set_group(0, intid, group);
    gic_enable(0, intid);
}

void test_group0_fiq(void)
{
    set_up(SPI, 0);
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 1);
    settle();
    expect("FIQs by an SPI of group 0", 1, cpus[0].fiq_count[SPI]);
    expect("IRQs by it", 0, total_count());
    irq_disable();
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 2);
    expect("FIQs with IRQs masked", 2, cpus[0].fiq_count[SPI]);
    fiq_disable();
    irq_enable();
    gic_set_pending(0, SPI);
    settle();
    expect("FIQs with FIQs masked", 2, cpus[0].fiq_count[SPI]);
    fiq_enable();
    WAIT_FOR(cpus[0].fiq_count[SPI] == 3);
    expect("FIQs after unmasking", 3, cpus[0].fiq_count[SPI]);
    expect("IRQs at the end", 0, total_count());
}

/* On every CPU. */
void test_group0_route(void)
{
    unsigned good = 0;

    set_up(SPI, 0);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        gic_route(SPI, cpu);
        gic_set_pending(0, SPI);
        good += WAIT_FOR(cpus[cpu].fiq_count[SPI] == 1);
    }
    expect("CPUs that got the FIQ when it was routed to them", ncpus, good);
    expect("IRQs by it", 0, total_count());
}

/* The registers of one group do not give interrupts of the other. */
void test_group0_registers(void)
{
    set_up(SPI, 0);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("ICC_HPPIR0_EL1 has it", WAIT_FOR(read_sysreg(ICC_HPPIR0_EL1) == SPI));
    expect("ICC_HPPIR1_EL1", INTID_NONE, read_sysreg(ICC_HPPIR1_EL1));
    expect("ICC_IAR1_EL1", INTID_NONE, read_sysreg(ICC_IAR1_EL1));
    expect("ICC_IAR0_EL1", SPI, read_sysreg(ICC_IAR0_EL1));
    expect_hex("running priority", DEFAULT_PRIORITY, running_priority());
    expect("active bit", 1, gic_is_active(0, SPI));
    write_sysreg(ICC_EOIR0_EL1, SPI);
    expect("active bit after EOIR0", 0, gic_is_active(0, SPI));
    expect_hex("running priority after EOIR0", PRIORITY_IDLE, running_priority());
    polling(false);
}

/* The enable bit of the CPU interface, in both orders; then the one of the distributor. */
void test_group0_enables(void)
{
    set_up(SPI, 0);
    write_sysreg(ICC_IGRPEN0_EL1, 0);
    gic_set_pending(0, SPI);
    settle();
    expect("FIQs with ICC_IGRPEN0_EL1 0", 0, cpus[0].fiq_count[SPI]);
    expect("pending bit", 1, gic_is_pending(0, SPI));
    write_sysreg(ICC_IGRPEN0_EL1, 1);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 1);
    expect("FIQs after it was set", 1, cpus[0].fiq_count[SPI]);
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 2);
    expect("FIQs raised after it was set", 2, cpus[0].fiq_count[SPI]);
    gic_set_groups_enabled(GICD_CTLR_GRP1);
    gic_set_pending(0, SPI);
    settle();
    expect("FIQs with GICD_CTLR.EnableGrp0 0", 2, cpus[0].fiq_count[SPI]);
    gic_set_groups_enabled(GICD_CTLR_GRP1 | GICD_CTLR_GRP0);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 3);
    expect("FIQs after it was set", 3, cpus[0].fiq_count[SPI]);
    expect("IRQs by it", 0, total_count());
}

void test_group1_enables(void)
{
    set_up(SPI, 1);
    write_sysreg(ICC_IGRPEN1_EL1, 0);
    gic_set_pending(0, SPI);
    settle();
    expect("IRQs with ICC_IGRPEN1_EL1 0", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    write_sysreg(ICC_IGRPEN1_EL1, 1);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("IRQs after it was set", 1, total_count());
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].count[SPI] == 2);
    expect("IRQs raised after it was set", 2, total_count());
    gic_set_groups_enabled(GICD_CTLR_GRP0);
    gic_set_pending(0, SPI);
    settle();
    expect("IRQs with GICD_CTLR.EnableGrp1 0", 2, total_count());
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    WAIT_FOR(cpus[0].count[SPI] == 3);
    expect("IRQs after it was set", 3, total_count());
    expect("FIQs by it", 0, cpus[0].fiq_count[SPI]);
}

/* A group disabled in the distributor does not stand in the way of the other. */
void test_group0_not_in_the_way(void)
{
    set_up(SPI, 0);
    set_up(SPI + 1, 1);
    gic_set_priority(0, SPI, 0x20);
    gic_set_priority(0, SPI + 1, 0x80);
    gic_set_groups_enabled(GICD_CTLR_GRP1);
    gic_set_pending_many(2);
    WAIT_FOR(cpus[0].count[SPI + 1] == 1);
    settle();
    expect("IRQs of lower priority with group 0 disabled", 1, cpus[0].count[SPI + 1]);
    expect("FIQs", 0, cpus[0].fiq_count[SPI]);
    gic_set_groups_enabled(GICD_CTLR_GRP1 | GICD_CTLR_GRP0);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 1);
    expect("FIQs after group 0 was enabled", 1, cpus[0].fiq_count[SPI]);
}

/* The groups share one running priority, so one preempts the other. */
void test_group0_preempts(void)
{
    set_up(SPI, 1);
    set_up(SPI + 1, 0);
    gic_set_priority(0, SPI, 0x80);
    gic_set_priority(0, SPI + 1, 0x40);
    polling(true);
    gic_set_pending(0, SPI);
    expect("acknowledge of group 1", SPI, poll_ack());
    gic_set_pending(0, SPI + 1);
    expect_true("group 0 of higher priority is pending",
                WAIT_FOR(read_sysreg(ICC_HPPIR0_EL1) == SPI + 1));
    expect("acknowledge of group 0", SPI + 1, read_sysreg(ICC_IAR0_EL1));
    expect_hex("running priority", 0x40, running_priority());
    write_sysreg(ICC_EOIR0_EL1, SPI + 1);
    expect_hex("running priority after EOIR0", 0x80, running_priority());
    gic_eoi(SPI);
    expect_hex("running priority after EOIR1", PRIORITY_IDLE, running_priority());
    polling(false);
}

/* With both pending, only the group of the higher priority can be acknowledged. */
void test_group0_order(void)
{
    set_up(SPI, 0);
    set_up(SPI + 1, 1);
    gic_set_priority(0, SPI, 0x80);
    gic_set_priority(0, SPI + 1, 0x40);
    polling(true);
    gic_set_pending_many(2);
    expect_true("group 1 has the higher priority", poll_hppi(SPI + 1));
    expect("ICC_IAR0_EL1", INTID_NONE, read_sysreg(ICC_IAR0_EL1));
    expect("ICC_IAR1_EL1", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    expect_true("then group 0", WAIT_FOR(read_sysreg(ICC_HPPIR0_EL1) == SPI));
    expect("ICC_IAR1_EL1", INTID_NONE, read_sysreg(ICC_IAR1_EL1));
    expect("ICC_IAR0_EL1", SPI, read_sysreg(ICC_IAR0_EL1));
    write_sysreg(ICC_EOIR0_EL1, SPI);
    polling(false);
}

void test_group0_sgi(void)
{
    set_up(5, 0);
    set_up(6, 1);
    write_sysreg(ICC_SGI0R_EL1, 5ull << 24 | 1);
    WAIT_FOR(cpus[0].fiq_count[5] == 1);
    expect("FIQs by ICC_SGI0R_EL1 to an SGI of group 0", 1, cpus[0].fiq_count[5]);
    write_sysreg(ICC_SGI0R_EL1, 6ull << 24 | 1);
    settle();
    expect("interrupts by it to an SGI of group 1", 0, total_count() + cpus[0].fiq_count[6]);
    write_sysreg(ICC_SGI1R_EL1, 6ull << 24 | 1);
    WAIT_FOR(cpus[0].count[6] == 1);
    expect("IRQs by ICC_SGI1R_EL1 to an SGI of group 1", 1, cpus[0].count[6]);
}

/* A pending interrupt may change its group. */
void test_group0_change(void)
{
    set_up(SPI, 0);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("it is pending in group 0", WAIT_FOR(read_sysreg(ICC_HPPIR0_EL1) == SPI));
    gic_set_group(0, SPI, 1);
    expect_true("then in group 1", poll_hppi(SPI));
    expect("ICC_HPPIR0_EL1", INTID_NONE, read_sysreg(ICC_HPPIR0_EL1));
    polling(false);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    settle();
    expect("IRQs", 1, cpus[0].count[SPI]);
    expect("FIQs", 0, cpus[0].fiq_count[SPI]);
}

/* Split EOI for group 0: EOIR0 drops the priority, DIR deactivates. */
void test_group0_eoimode(void)
{
    work_set_eoimode(1);
    set_up(SPI, 0);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("it is pending in group 0", WAIT_FOR(read_sysreg(ICC_HPPIR0_EL1) == SPI));
    expect("ICC_IAR0_EL1", SPI, read_sysreg(ICC_IAR0_EL1));
    write_sysreg(ICC_EOIR0_EL1, SPI);
    expect_hex("running priority after EOIR0", PRIORITY_IDLE, running_priority());
    expect("active bit after EOIR0", 1, gic_is_active(0, SPI));
    gic_dir(SPI);
    expect("active bit after DIR", 0, gic_is_active(0, SPI));
    polling(false);
}
