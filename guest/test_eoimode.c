/* SPDX-License-Identifier: MIT */
/* Separate priority drop and deactivation: IHI 0069, ICC_CTLR_EL1.EOImode and ICC_DIR_EL1; IHI
 * 0048, GICC_CTLR.EOImode and GICC_DIR. */
#include "guest.h"
#include "tests.h"
#include "timer.h"

#define SPI TEST_SPI

void test_eoimode_drop(void)
{
    work_set_eoimode(1);
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect_hex("running priority", DEFAULT_PRIORITY, running_priority());
    gic_eoi(SPI);
    expect_hex("running priority after EOIR", PRIORITY_IDLE, running_priority());
    expect("active bit after EOIR", 1, gic_is_active(0, SPI));
    gic_set_pending(0, SPI);
    expect("acknowledge while active", INTID_NONE, poll_nothing());
    gic_dir(SPI);
    expect("active bit after DIR", 0, gic_is_active(0, SPI));
    expect("acknowledge after DIR", SPI, poll_ack());
    gic_eoi(SPI);
    gic_dir(SPI);
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    irq_enable();
}

/* Lower priorities are taken while an interrupt is active with its priority dropped. */
void test_eoimode_others(void)
{
    work_set_eoimode(1);
    gic_set_priority(0, SPI, 0x40);
    gic_set_priority(0, SPI + 1, 0x80);
    gic_enable(0, SPI);
    gic_enable(0, SPI + 1);
    irq_disable();
    gic_set_pending_many(2);
    expect("first acknowledge", SPI, poll_ack());
    expect("acknowledge before the priority drop", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("acknowledge after it", SPI + 1, poll_ack());
    expect_hex("active bits", 3, gic_active_many());
    gic_dir(SPI);
    expect_hex("active bits after DIR of the first", 2, gic_active_many());
    expect_hex("running priority", 0x80, running_priority());
    gic_eoi(SPI + 1);
    gic_dir(SPI + 1);
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* An SPI that the last CPU acknowledged is deactivated by CPU 0. */
void test_eoimode_dir_other(void)
{
    unsigned last = ncpus - 1;

    smp_call_all(work_set_eoimode, 1);
    smp_call(last, work_irq_disable, 0);
    gic_route(SPI, last);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    expect("acknowledge on the last CPU", SPI, smp_call(last, work_poll_ack, 0));
    smp_call(last, work_eoi, SPI);
    expect("active bit after EOIR there", 1, gic_is_active(0, SPI));
    gic_dir(SPI);
    expect_true("DIR on CPU 0 deactivates it", WAIT_FOR(!gic_is_active(0, SPI)));
    gic_set_pending(0, SPI);
    expect("next acknowledge on the last CPU", SPI, smp_call(last, work_poll_ack, 0));
    smp_call(last, work_eoi, SPI);
    smp_call(last, work_dir, SPI);
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    smp_call(last, work_irq_enable, 0);
}

/* DIR on another CPU does not touch a private interrupt of the same number. */
void test_eoimode_dir_private(void)
{
    unsigned last = ncpus - 1;

    smp_call_all(work_set_eoimode, 1);
    gic_enable(0, 8);
    irq_disable();
    gic_send_sgi(8, 1);
    expect("acknowledge of an SGI on CPU 0", 8, poll_ack());
    gic_eoi(8);
    smp_call(last, work_dir, 8);
    settle();
    expect("active bit on CPU 0 after DIR on the last CPU", 1, gic_is_active(0, 8));
    gic_dir(8);
    expect("active bit after DIR on CPU 0", 0, gic_is_active(0, 8));
    irq_enable();
}

void test_eoimode_dir_inactive(void)
{
    work_set_eoimode(1);
    gic_enable(0, SPI);
    irq_disable();
    gic_dir(SPI);
    expect("active bit after DIR of an idle interrupt", 0, gic_is_active(0, SPI));
    gic_set_pending(0, SPI);
    expect_true("it still becomes pending", poll_hppi(SPI));
    gic_dir(SPI);
    expect("pending bit after DIR of a pending interrupt", 1, gic_is_pending(0, SPI));
    expect("acknowledge", SPI, poll_ack());
    gic_eoi(SPI);
    gic_dir(SPI);
    gic_dir(SPI);
    expect("active bit after DIR twice", 0, gic_is_active(0, SPI));
    expect_hex("running priority", PRIORITY_IDLE, running_priority());
    irq_enable();
}

/* A timer that stays expired: EOIR alone does not bring it again, DIR does. */
void test_eoimode_timer(void)
{
    work_set_eoimode(1);
    gic_enable(0, TIMER_VIRTUAL);
    irq_disable();
    timer_start(TIMER_VIRTUAL, 0);
    expect("acknowledge", TIMER_VIRTUAL, poll_ack());
    gic_eoi(TIMER_VIRTUAL);
    expect("acknowledge after EOIR", INTID_NONE, poll_nothing());
    gic_dir(TIMER_VIRTUAL);
    expect("acknowledge after DIR", TIMER_VIRTUAL, poll_ack());
    timer_stop(TIMER_VIRTUAL);
    gic_eoi(TIMER_VIRTUAL);
    gic_dir(TIMER_VIRTUAL);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* The handler of interrupts, used with both modes by turns. */
void test_eoimode_switch(void)
{
    gic_enable(0, SPI);
    for (uint32_t i = 1; i <= 10; i++) {
        work_set_eoimode(i % 2);
        gic_set_pending(0, SPI);
        if (!WAIT_FOR(cpus[0].count[SPI] == i))
            break;
    }
    expect("deliveries in both modes by turns", 10, total_count());
    work_set_eoimode(1);
    expect("EOImode reads back", 1, gic_eoimode());
    work_set_eoimode(0);
    expect("and cleared", 0, gic_eoimode());
}
