/* SPDX-License-Identifier: MIT */
/* More NMIs at once, and other interrupts with them, than there are list registers: test_nmi.c. */
#include "nmi.h"
#include "tests_v3.h"

#define SPI TEST_SPI
#define N TEST_SPIS

static void set_up(unsigned intid, uint8_t priority, bool nmi)
{
    gic_set_priority(0, intid, priority);
    gic_set_nmi(0, intid, nmi);
    gic_enable(0, intid);
}

/* 16 pending, every second one an NMI of low priority: those first, in any order. */
static void set_up_all(void)
{
    for (unsigned i = 0; i < N; i++)
        set_up(SPI + i, i % 2 ? 0xe0 : (uint8_t)(8 * i), i % 2);
}

static void take_all(bool split)
{
    uint32_t nmis = 0;
    unsigned in_order = 0;

    work_nmi_mode(NMI_MASKED);
    work_set_eoimode(split);
    set_up_all();
    gic_set_pending_many(N);
    expect_true("ICC_IAR1_EL1 says that an NMI is pending", poll_iar1_says_nmi());
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = i < N / 2 ? poll_nmi() : poll_ack();

        if (i < N / 2)
            nmis |= 1u << (intid - SPI);
        else
            in_order += intid == SPI + 2 * (i - N / 2);
        gic_eoi(intid);
        if (split)
            gic_dir(intid);
    }
    expect_hex("NMIs, which came first", 0xaaaa, nmis);
    expect("others, in the order of priority", N / 2, in_order);
    expect("ICC_NMIAR1_EL1 at the end", INTID_NONE, poll_no_nmi());
    expect("ICC_IAR1_EL1 at the end", INTID_NONE, poll_nothing());
    expect_hex("pending bits at the end", 0, gic_pending_many());
    expect_hex("active bits at the end", 0, gic_active_many());
    work_nmi_mode(NMI_AS_OTHERS);
}

void test_nmi_order(void)
{
    take_all(false);
}

void test_nmi_order_split(void)
{
    take_all(true);
}

/* An NMI is active on top of 7 nested interrupts, and more of both kinds are pending. */
void test_nmi_active(void)
{
    unsigned nested = 0;
    unsigned wrong_rpr = 0;

    work_nmi_mode(NMI_MASKED);
    set_up_all();
    for (unsigned i = 7; i; i--) {
        gic_set_pending(0, SPI + 2 * i);
        nested += poll_ack() == SPI + 2 * i;
    }
    expect("nested acknowledges", 7, nested);
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of an NMI", SPI + 1, poll_nmi());
    expect_hex("active bits", 0x5556, gic_active_many());
    gic_set_pending_many(4);
    expect_hex("pending bits", 0xf, gic_pending_many());
    expect("ICC_NMIAR1_EL1 while it is active", INTID_NONE, poll_no_nmi());
    expect("ICC_IAR1_EL1 while it is active", INTID_NONE, poll_nothing());
    gic_eoi(SPI + 1);
    expect_hex("active bits after its end", 0x5554, gic_active_many());
    for (unsigned i = 0; i < 2; i++) {
        gic_eoi(poll_nmi());
        wrong_rpr += read_sysreg(ICC_RPR_EL1) != 16;
    }
    expect_hex("active bits after two more NMIs", 0x5554, gic_active_many());
    expect("acknowledge of priority 0", SPI, poll_ack());
    gic_eoi(SPI);
    for (unsigned i = 1; i <= 7; i++) {
        wrong_rpr += read_sysreg(ICC_RPR_EL1) != 16 * i;
        gic_eoi(SPI + 2 * i);
    }
    expect("wrong running priorities on the way out", 0, wrong_rpr);
    expect_hex("running priority at the end", PRIORITY_IDLE, read_sysreg(ICC_RPR_EL1));
    expect("acknowledge of the one that was pending and active", SPI + 2, poll_ack());
    gic_eoi(SPI + 2);
    expect_hex("active bits at the end", 0, gic_active_many());
    expect_hex("pending bits at the end", 0, gic_pending_many());
    work_nmi_mode(NMI_AS_OTHERS);
}

/* EOImode 1: all are active at once with their priorities dropped, then deactivated. */
void test_nmi_dir_orders(void)
{
    uint32_t left = 0xffff;
    unsigned dropped = 0;
    unsigned wrong_bits = 0;

    work_nmi_mode(NMI_MASKED);
    work_set_eoimode(1);
    set_up_all();
    gic_set_pending_many(N);
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = i < N / 2 ? poll_nmi() : poll_ack();

        gic_eoi(intid);
        dropped += read_sysreg(ICC_RPR_EL1) == PRIORITY_IDLE;
    }
    expect("priority drops", N, dropped);
    expect_hex("active bits", 0xffff, gic_active_many());
    for (unsigned i = 0; i < N; i++) {
        unsigned n = (5 + i * 11) % N;

        gic_dir(SPI + n);
        left &= ~(1u << n);
        wrong_bits += gic_active_many() != left;
    }
    expect("wrong active bits on the way", 0, wrong_bits);
    expect("ICC_NMIAR1_EL1 at the end", INTID_NONE, poll_no_nmi());
    expect("ICC_IAR1_EL1 at the end", INTID_NONE, poll_nothing());
    work_nmi_mode(NMI_AS_OTHERS);
}

/* Active with their priorities dropped, and pending: each comes again when it is deactivated. */
void test_nmi_active_pending(void)
{
    unsigned again = 0;

    work_nmi_mode(NMI_MASKED);
    work_set_eoimode(1);
    for (unsigned i = 0; i < N; i++)
        set_up(SPI + i, 0xe0, true);
    gic_set_pending_many(N);
    for (unsigned i = 0; i < N; i++)
        gic_eoi(poll_nmi());
    gic_set_pending_many(N);
    expect_hex("active bits", 0xffff, gic_active_many());
    expect_hex("pending bits", 0xffff, gic_pending_many());
    expect("ICC_NMIAR1_EL1 while all are active", INTID_NONE, poll_no_nmi());
    for (unsigned i = 0; i < N; i++) {
        unsigned n = (5 + i * 11) % N;

        gic_dir(SPI + n);
        again += poll_nmi() == SPI + n;
        gic_eoi(SPI + n);
        gic_dir(SPI + n);
    }
    expect("acknowledged again after deactivation", N, again);
    expect_hex("active bits at the end", 0, gic_active_many());
    expect_hex("pending bits at the end", 0, gic_pending_many());
    work_nmi_mode(NMI_AS_OTHERS);
}
