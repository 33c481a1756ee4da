/* SPDX-License-Identifier: MIT */
/*
 * Interrupt groups on a GICv2 without Security Extensions: IHI 0048, sections 3.2.5 and 3.6, and
 * GICC_CTLR. Group 1 is acknowledged in GICC_IAR with AckCtl set, or in GICC_AIAR.
 */
#include "guest.h"
#include "tests_v2.h"

#define SPI TEST_SPI

static void set_up(unsigned intid, unsigned group, uint8_t priority)
{
    gic_set_group(0, intid, group);
    gic_set_priority(0, intid, priority);
    gic_enable(0, intid);
}

static void control(uint32_t bits)
{
    gicc_write(GICC_CTLR, GICC_CTLR_DEFAULT | bits);
}

/* Which exception: that of group 0 depends on FIQEn, that of group 1 is IRQ. */
void test_group_signals(void)
{
    set_up(SPI, 0, 0x80);
    set_up(SPI + 1, 1, 0x80);
    control(GICC_CTLR_ACKCTL);
    gic_set_pending_many(2);
    WAIT_FOR(total_count() == 2);
    expect("IRQs by group 0 without FIQEn", 1, cpus[0].count[SPI]);
    expect("IRQs by group 1", 1, cpus[0].count[SPI + 1]);
    control(GICC_CTLR_ACKCTL | GICC_CTLR_FIQEN);
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].fiq_count[SPI] == 1);
    gic_set_pending(0, SPI + 1);
    WAIT_FOR(cpus[0].count[SPI + 1] == 2);
    settle();
    expect("FIQs by group 0 with FIQEn", 1, cpus[0].fiq_count[SPI]);
    expect("IRQs by group 0 since then", 1, cpus[0].count[SPI]);
    expect("IRQs by group 1", 2, cpus[0].count[SPI + 1]);
    expect("FIQs by group 1", 0, cpus[0].fiq_count[SPI + 1]);
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
}

/* On every CPU. */
static uint64_t work_control(uint64_t bits)
{
    control((uint32_t)bits);
    return 0;
}

void test_group_route(void)
{
    unsigned good = 0;

    set_up(SPI, 0, 0x80);
    smp_call_all(work_control, GICC_CTLR_FIQEN);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        gic_route(SPI, cpu);
        gic_set_pending(0, SPI);
        good += WAIT_FOR(cpus[cpu].fiq_count[SPI] == 1);
    }
    expect("CPUs that got the FIQ when it was routed to them", ncpus, good);
    expect("IRQs by it", 0, total_count());
}

/* Without AckCtl, GICC_IAR says that there is one of group 1, and does not take it. */
void test_group_ackctl(void)
{
    set_up(SPI, 1, 0x80);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("GICC_HPPIR is 1022", poll_hppi(INTID_GROUP1));
    expect("GICC_IAR without AckCtl", INTID_GROUP1, gic_ack());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    expect("active bit", 0, gic_is_active(0, SPI));
    expect_hex("running priority", PRIORITY_IDLE, running_priority());
    control(GICC_CTLR_ACKCTL);
    expect_true("GICC_HPPIR with AckCtl", poll_hppi(SPI));
    expect("GICC_IAR with AckCtl", SPI, poll_ack());
    expect_hex("running priority", 0x80, running_priority());
    gic_eoi(SPI);
    expect_hex("running priority after EOIR", PRIORITY_IDLE, running_priority());
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    polling(false);
}

/* With both pending, that of the higher priority is first, whatever its group. */
void test_group_order(void)
{
    set_up(SPI, 0, 0x80);
    set_up(SPI + 1, 1, 0x40);
    polling(true);
    gic_set_pending_many(2);
    expect_true("group 1 is first, so GICC_HPPIR is 1022", poll_hppi(INTID_GROUP1));
    expect("GICC_IAR without AckCtl", INTID_GROUP1, gic_ack());
    control(GICC_CTLR_ACKCTL);
    expect("GICC_IAR with AckCtl", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    control(0);
    expect("then group 0, without AckCtl", SPI, poll_ack());
    gic_eoi(SPI);
    polling(false);
}

/* The groups share one running priority, so one preempts the other. */
void test_group_preempts(void)
{
    set_up(SPI, 1, 0xc0);
    set_up(SPI + 1, 0, 0x80);
    set_up(SPI + 2, 1, 0x40);
    polling(true);
    control(GICC_CTLR_ACKCTL);
    gic_set_pending(0, SPI);
    expect("acknowledge of group 1", SPI, poll_ack());
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of group 0", SPI + 1, poll_ack());
    gic_set_pending(0, SPI + 2);
    expect("acknowledge of group 1 again", SPI + 2, poll_ack());
    expect_hex("running priority", 0x40, running_priority());
    gic_eoi(SPI + 2);
    expect_hex("running priority after the end of the third", 0x80, running_priority());
    gic_eoi(SPI + 1);
    expect_hex("running priority after the end of the second", 0xc0, running_priority());
    gic_eoi(SPI);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    polling(false);
}

/* GICC_ABPR is the binary point of group 1, of one bit more than GICC_BPR of the same value. */
static void group_1_preemption(unsigned priority, unsigned group_priority, unsigned same)
{
    set_up(SPI, 1, (uint8_t)priority);
    set_up(SPI + 1, 1, (uint8_t)same);
    set_up(SPI + 2, 1, (uint8_t)(group_priority - 8));
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect_hex("running priority, that of the group", group_priority, running_priority());
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of the same group", INTID_NONE, poll_nothing());
    gic_set_pending(0, SPI + 2);
    expect("acknowledge of a higher group", SPI + 2, poll_ack());
    gic_eoi(SPI + 2);
    gic_eoi(SPI);
    expect("acknowledge after the end of the first", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
}

void test_group_abpr(void)
{
    polling(true);
    control(GICC_CTLR_ACKCTL);
    gicc_write(GICC_BPR, 3);
    gicc_write(GICC_ABPR, 5); /* bits 7:5 */
    group_1_preemption(0x98, 0x80, 0x80);
    polling(false);
}

void test_group_cbpr(void)
{
    polling(true);
    control(GICC_CTLR_ACKCTL | GICC_CTLR_CBPR);
    gicc_write(GICC_ABPR, 4);
    gicc_write(GICC_BPR, 5); /* bits 7:6, for both groups */
    group_1_preemption(0xb0, 0x80, 0x90);
    polling(false);
}

/* The enable bits of both registers, for one group with the other enabled. */
static void enables(unsigned group)
{
    uint32_t mine = group ? GICC_CTLR_GRP1 : GICC_CTLR_GRP0;

    set_up(SPI, group, 0x80);
    gicc_write(GICC_CTLR, (GICC_CTLR_DEFAULT & ~mine) | GICC_CTLR_ACKCTL);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with the group disabled in GICC_CTLR", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    control(GICC_CTLR_ACKCTL);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries after it was enabled", 1, total_count());
    gic_set_groups_enabled((GICD_CTLR_GRP0 | GICD_CTLR_GRP1) & ~mine);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with the group disabled in GICD_CTLR", 1, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    WAIT_FOR(cpus[0].count[SPI] == 2);
    settle();
    expect("deliveries after it was enabled", 2, total_count());
}

void test_group_enables_0(void)
{
    enables(0);
}

void test_group_enables_1(void)
{
    enables(1);
}

/* A pending interrupt may change its group. */
void test_group_change(void)
{
    set_up(SPI, 0, 0x80);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("it is pending in group 0", poll_hppi(SPI));
    gic_set_group(0, SPI, 1);
    expect_true("then in group 1", poll_hppi(INTID_GROUP1));
    gic_set_group(0, SPI, 0);
    expect("and in group 0 when it is acknowledged", SPI, poll_ack());
    gic_eoi(SPI);
    polling(false);
}

/* SGIs and PPIs have groups too, of each CPU. */
void test_group_sgi(void)
{
    set_up(5, 0, 0x80);
    set_up(6, 1, 0x80);
    control(GICC_CTLR_ACKCTL | GICC_CTLR_FIQEN);
    gic_send_sgi(5, 1);
    WAIT_FOR(cpus[0].fiq_count[5] == 1);
    gic_send_sgi(6, 1);
    WAIT_FOR(cpus[0].count[6] == 1);
    settle();
    expect("FIQs by an SGI of group 0", 1, cpus[0].fiq_count[5]);
    expect("IRQs by an SGI of group 1", 1, cpus[0].count[6]);
    expect("IRQs in total", 1, total_count());
}

/* Split EOI, with interrupts of both groups. */
void test_group_eoimode(void)
{
    for (unsigned group = 0; group < 2; group++) {
        set_up(SPI, group, 0x80);
        polling(true);
        control(GICC_CTLR_ACKCTL | GICC_CTLR_EOIMODE);
        gic_set_pending(0, SPI);
        expect("acknowledge", SPI, poll_ack());
        gic_eoi(SPI);
        expect_hex("running priority after EOIR", PRIORITY_IDLE, running_priority());
        expect("active bit after EOIR", 1, gic_is_active(0, SPI));
        gic_dir(SPI);
        expect("active bit after DIR", 0, gic_is_active(0, SPI));
        polling(false);
    }
}
