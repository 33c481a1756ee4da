/* SPDX-License-Identifier: MIT */
/*
 * More interrupts at once than a virtual CPU interface has list registers. Nothing here is special
 * to the architecture: a hypervisor must make it look just like this.
 */
#include "guest.h"
#include "tests.h"

#define N TEST_SPIS

/* All different, in no order; and the INTID that has the priority of a given rank. */
static unsigned rank_of(unsigned i)
{
    return i * 7 % N;
}

static unsigned spi_of_rank(unsigned rank)
{
    for (unsigned i = 0; i < N; i++) {
        if (rank_of(i) == rank)
            return TEST_SPI + i;
    }
    return INTID_NONE;
}

static void set_up_all(void)
{
    for (unsigned i = 0; i < N; i++) {
        gic_set_priority(0, TEST_SPI + i, (uint8_t)(0x20 + 8 * rank_of(i)));
        gic_enable(0, TEST_SPI + i);
    }
}

/* Raises all and waits until the highest has come through; so will the others, one by one. */
static void raise_all(void)
{
    gic_set_pending_many(N);
    expect_hex("pending bits", 0xffff, gic_pending_many());
    expect_true("the highest priority is first", poll_hppi(spi_of_rank(0)));
}

static void take_all(bool split)
{
    unsigned in_order = 0;

    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        in_order += intid == spi_of_rank(rank);
        gic_eoi(intid);
        if (split)
            gic_dir(intid);
    }
    expect("acknowledged in the order of priority", N, in_order);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    expect_hex("pending bits at the end", 0, gic_pending_many());
    expect_hex("active bits at the end", 0, gic_active_many());
}

void test_overflow_eoimode0(void)
{
    irq_disable();
    set_up_all();
    raise_all();
    take_all(false);
    irq_enable();
}

void test_overflow_eoimode1(void)
{
    irq_disable();
    work_set_eoimode(1);
    set_up_all();
    raise_all();
    take_all(true);
    irq_enable();
}

/* All 16 active at once with their priorities dropped, then deactivated in another order. */
static void deactivate_with_stride(unsigned stride)
{
    uint32_t left = 0xffff;
    unsigned in_order = 0;
    unsigned wrong_bits = 0;

    raise_all();
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        in_order += intid == spi_of_rank(rank);
        gic_eoi(intid);
    }
    expect("acknowledged in the order of priority", N, in_order);
    expect_hex("active bits", 0xffff, gic_active_many());
    for (unsigned i = 0; i < N; i++) {
        unsigned n = (5 + i * stride) % N;

        gic_dir(TEST_SPI + n);
        left &= ~(1u << n);
        wrong_bits += gic_active_many() != left;
    }
    expect("wrong active bits on the way", 0, wrong_bits);
    expect_hex("active bits at the end", 0, gic_active_many());
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
}

void test_overflow_dir_orders(void)
{
    irq_disable();
    work_set_eoimode(1);
    set_up_all();
    deactivate_with_stride(1);
    deactivate_with_stride(N - 1);
    deactivate_with_stride(11);
    irq_enable();
}

/* All 16 nested with EOImode 0: each raised one preempts those before it. */
void test_overflow_nested(void)
{
    unsigned in_order = 0;
    unsigned wrong_rpr = 0;

    irq_disable();
    set_up_all();
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = spi_of_rank(N - 1 - i);

        gic_set_pending(0, intid);
        in_order += poll_ack() == intid;
    }
    expect("nested acknowledges", N, in_order);
    expect_hex("active bits", 0xffff, gic_active_many());
    for (unsigned rank = 0; rank < N; rank++) {
        wrong_rpr += running_priority() != 0x20 + 8 * rank;
        gic_eoi(spi_of_rank(rank));
    }
    expect("wrong running priorities on the way out", 0, wrong_rpr);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* Active and pending, all of them: every one comes twice. */
void test_overflow_active_pending(void)
{
    unsigned first = 0;
    unsigned second = 0;

    irq_disable();
    work_set_eoimode(1);
    set_up_all();
    raise_all();
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        first += intid == spi_of_rank(rank);
        gic_eoi(intid);
    }
    gic_set_pending_many(N);
    expect_hex("pending bits while active", 0xffff, gic_pending_many());
    expect_hex("active bits while pending", 0xffff, gic_active_many());
    expect("acknowledge while all are active", INTID_NONE, poll_nothing());
    /* From the lowest priority up, so that the order of arrival is that of deactivation. */
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = spi_of_rank(N - 1 - i);

        gic_dir(intid);
        second += poll_ack() == intid;
        gic_eoi(intid);
        gic_dir(intid);
    }
    expect("acknowledged first", N, first);
    expect("acknowledged again after deactivation", N, second);
    expect_hex("pending bits at the end", 0, gic_pending_many());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* Some are taken back, disabled or moved to a lower priority while all are pending. */
void test_overflow_change(void)
{
    unsigned last = spi_of_rank(0);
    unsigned taken = 0;

    irq_disable();
    set_up_all();
    raise_all();
    gic_set_priority(0, last, 0xe0);
    gic_clear_pending(0, spi_of_rank(1));
    gic_disable(0, spi_of_rank(2));
    expect_true("the fourth is now the first", poll_hppi(spi_of_rank(3)));
    for (unsigned rank = 3; rank < N; rank++) {
        unsigned intid = poll_ack();

        taken += intid == spi_of_rank(rank);
        gic_eoi(intid);
    }
    expect("acknowledged in order", N - 3, taken);
    expect("acknowledge of the one with lowered priority", last, poll_ack());
    gic_eoi(last);
    expect("acknowledge after that", INTID_NONE, poll_nothing());
    expect("pending bit of the disabled one", 1, gic_is_pending(0, spi_of_rank(2)));
    gic_enable(0, spi_of_rank(2));
    expect("acknowledge after enable", spi_of_rank(2), poll_ack());
    gic_eoi(spi_of_rank(2));
    irq_enable();
}

/* SPIs and all SGIs together, taken as exceptions by the last CPU. */
void test_overflow_mixed(void)
{
    unsigned target = ncpus - 1;
    unsigned once = 0;

    set_up_all();
    for (unsigned i = 0; i < N; i++) {
        gic_route(TEST_SPI + i, target);
        gic_enable(target, i);
    }
    smp_call(target, work_irq_disable, 0);
    for (unsigned i = 0; i < N; i++)
        gic_send_sgi(i, 1u << target);
    gic_set_pending_many(N);
    expect_true("all SGIs are pending", WAIT_FOR(gic_all_sgis_pending(target)));
    expect_hex("pending bits of the SPIs", 0xffff, gic_pending_many());
    smp_call(target, work_irq_enable, 0);
    WAIT_FOR(total_count() == 2 * N);
    settle();
    for (unsigned i = 0; i < N; i++)
        once += cpus[target].count[i] == 1 && cpus[target].count[TEST_SPI + i] == 1;
    expect("pairs of SGI and SPI delivered once", N, once);
    expect("deliveries in total", 2 * N, total_count());
}
