/* SPDX-License-Identifier: MIT */
/*
 * LPIs at the redistributor and at the CPU: priority, enable and the configuration table, no active
 * state, many of them. IHI 0069, chapter 5; sections 1.2.2, 4.1 and 4.2.
 */
#include "its/its.h"
#include "its/tests_its.h"

static uint64_t take_one(uint64_t n)
{
    unsigned intid, priority;

    irq_disable();
    its_int(DEVICE, (uint32_t)n);
    intid = poll_ack();
    priority = running_priority();
    gic_eoi(intid);
    irq_enable();
    return intid == LPI(n) && priority == DEFAULT_PRIORITY && running_priority() == PRIORITY_IDLE;
}

/* On each CPU, acknowledged and completed with its running priority. */
void test_lpi_deliver(void)
{
    unsigned right = 0;

    its_begin();
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        lpi_map(cpu, cpu);
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        right += (unsigned)smp_call(cpu, take_one, cpu);
    expect("CPUs that took theirs", ncpus, right);
}

void test_lpi_coalesce(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    for (unsigned i = 0; i < 5; i++)
        its_int(DEVICE, 0);
    its_sync();
    expect("acknowledge", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    expect("acknowledge again", INTID_NONE, poll_nothing());
    irq_enable();
}

/* Different priorities, in no order of INTIDs or of arrival. */
#define N 16

static unsigned rank_of(unsigned n)
{
    return n * 7 % N;
}

static unsigned lpi_of_rank(unsigned rank)
{
    for (unsigned n = 0; n < N; n++) {
        if (rank_of(n) == rank)
            return LPI(n);
    }
    return INTID_NONE;
}

static void map_ranks(void)
{
    its_begin();
    for (unsigned n = 0; n < N; n++)
        lpi_write_config(n, 0x20 + 8 * rank_of(n), true);
    its_invall(0);
    lpi_map_many(0, N, 0);
}

void test_lpi_order(void)
{
    unsigned in_order = 0;

    map_ranks();
    irq_disable();
    lpi_raise_many(0, N);
    expect_true("the highest priority is first", poll_hppi(lpi_of_rank(0)));
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        in_order += intid == lpi_of_rank(rank) && running_priority() == 0x20 + 8 * rank;
        gic_eoi(intid);
    }
    expect("acknowledged in the order of priority", N, in_order);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    irq_enable();
}

void test_lpi_nested(void)
{
    unsigned in_order = 0, wrong_rpr = 0;

    map_ranks();
    irq_disable();
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = lpi_of_rank(N - 1 - i);

        lpi_raise(intid - INTID_LPI);
        in_order += poll_ack() == intid;
    }
    expect("nested acknowledges", N, in_order);
    for (unsigned rank = 0; rank < N; rank++) {
        wrong_rpr += running_priority() != 0x20 + 8 * rank;
        gic_eoi(lpi_of_rank(rank));
    }
    expect("wrong running priorities on the way out", 0, wrong_rpr);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    irq_enable();
}

void test_lpi_pmr(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    gic_set_pmr(DEFAULT_PRIORITY);
    lpi_raise(0);
    expect("acknowledge at the mask", INTID_NONE, poll_nothing());
    gic_set_pmr(DEFAULT_PRIORITY + 8);
    expect("acknowledge above the mask", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    irq_enable();
}

/* LPIs are of group 1. */
void test_lpi_groups(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    gic_set_groups_enabled(GICD_CTLR_GRP0);
    lpi_raise(0);
    expect("acknowledge with group 1 disabled", INTID_NONE, poll_nothing());
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    expect("acknowledge with group 1 enabled", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    write_sysreg(ICC_IGRPEN1_EL1, 0);
    lpi_raise(0);
    expect("acknowledge with group 1 disabled in the CPU interface", INTID_NONE, poll_nothing());
    write_sysreg(ICC_IGRPEN1_EL1, 1);
    expect("acknowledge with group 1 enabled again", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    irq_enable();
}

/* ------------------------------------------------------------------ no active state ----------- */

/* Raised again while it is in service: it comes again. */
void test_lpi_again(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    lpi_raise(0);
    expect("acknowledge", LPI(0), poll_ack());
    lpi_raise(0);
    expect("acknowledge while it runs", INTID_NONE, poll_nothing());
    gic_eoi(LPI(0));
    expect("acknowledge after its end", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* With a priority that has become higher it preempts itself. */
void test_lpi_preempts_itself(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    lpi_raise(0);
    expect("acknowledge", LPI(0), poll_ack());
    expect_hex("running priority", DEFAULT_PRIORITY, running_priority());
    lpi_configure(0, 0x40, true);
    lpi_raise(0);
    expect("acknowledge of itself with a higher priority", LPI(0), poll_ack());
    expect_hex("running priority of the second", 0x40, running_priority());
    gic_eoi(LPI(0));
    expect_hex("running priority of the first", DEFAULT_PRIORITY, running_priority());
    gic_eoi(LPI(0));
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    irq_enable();
}

/* With EOImode 1 no deactivation is needed: after the priority drop it comes again. */
void test_lpi_eoimode1(void)
{
    unsigned taken = 0;

    its_begin();
    lpi_map(0, 0);
    irq_disable();
    gic_set_eoimode(1);
    for (unsigned i = 0; i < 20; i++) {
        lpi_raise(0);
        taken += poll_ack() == LPI(0);
        gic_eoi(LPI(0));
    }
    expect("acknowledged without deactivation", 20, taken);
    expect_hex("running priority", PRIORITY_IDLE, running_priority());
    gic_dir(LPI(0));
    lpi_raise(0);
    gic_dir(LPI(0));
    expect("acknowledge after DIR, which does nothing to an LPI", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* Moved while it is in service: the next one is the other CPU's, its end stays here. */
void test_lpi_move_in_service(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    lpi_raise(0);
    expect("acknowledge", LPI(0), poll_ack());
    its_movi(DEVICE, 0, 1);
    its_sync();
    lpi_raise(0);
    expect("deliveries on CPU 1 meanwhile", 1, delivered_to(1, 0));
    expect_hex("running priority", DEFAULT_PRIORITY, running_priority());
    gic_eoi(LPI(0));
    expect_hex("running priority after its end", PRIORITY_IDLE, running_priority());
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* Unmapped while it is in service; its end is as ever. */
void test_lpi_discard_in_service(void)
{
    its_begin();
    lpi_map_many(0, 2, 0);
    irq_disable();
    lpi_raise(0);
    expect("acknowledge", LPI(0), poll_ack());
    lpi_raise(0);
    its_discard(DEVICE, 0);
    its_sync();
    lpi_raise(1);
    expect("acknowledge while it runs", INTID_NONE, poll_nothing());
    gic_eoi(LPI(0));
    expect("acknowledge of the other one after its end", LPI(1), poll_ack());
    gic_eoi(LPI(1));
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    expect_hex("running priority", PRIORITY_IDLE, running_priority());
    irq_enable();
}

/* ------------------------------------------------------------------ configuration ------------- */

void test_lpi_disabled(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_configure(0, DEFAULT_PRIORITY, false);
    irq_disable();
    lpi_raise(0);
    expect("acknowledge while disabled", INTID_NONE, poll_nothing());
    lpi_configure(0, DEFAULT_PRIORITY, true);
    expect("acknowledge after it was enabled", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    expect("acknowledge after its end", INTID_NONE, poll_nothing());
    irq_enable();
}

void test_lpi_disable_pending(void)
{
    its_begin();
    lpi_map_many(0, 2, 0);
    lpi_configure(1, DEFAULT_PRIORITY + 8, true);
    irq_disable();
    lpi_raise_many(0, 2);
    expect_true("it is pending", poll_hppi(LPI(0)));
    lpi_configure(0, DEFAULT_PRIORITY, false);
    expect("acknowledge of the other one", LPI(1), poll_ack());
    gic_eoi(LPI(1));
    expect("acknowledge while disabled", INTID_NONE, poll_nothing());
    lpi_configure(0, DEFAULT_PRIORITY, true);
    expect("acknowledge after it was enabled", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    irq_enable();
}

/* Disabled, pending and cleared: nothing is left. */
void test_lpi_disabled_clear(void)
{
    its_begin();
    lpi_map(0, 0);
    lpi_configure(0, DEFAULT_PRIORITY, false);
    irq_disable();
    lpi_raise(0);
    its_clear(DEVICE, 0);
    lpi_configure(0, DEFAULT_PRIORITY, true);
    expect("acknowledge after it was enabled", INTID_NONE, poll_nothing());
    irq_enable();
}

/* Priorities of pending LPIs change. */
void test_lpi_priority_change(void)
{
    its_begin();
    lpi_map_many(0, 3, 0);
    for (unsigned n = 0; n < 3; n++)
        lpi_configure(n, 0x80 + 0x10 * n, true);
    irq_disable();
    lpi_raise_many(0, 3);
    expect_true("the first is first", poll_hppi(LPI(0)));
    lpi_configure(0, 0xc0, true);
    expect_true("then the second", poll_hppi(LPI(1)));
    lpi_configure(2, 0x30, true);
    expect("acknowledge of the third", LPI(2), poll_ack());
    expect_hex("its running priority", 0x30, running_priority());
    gic_eoi(LPI(2));
    expect("acknowledge of the second", LPI(1), poll_ack());
    gic_eoi(LPI(1));
    expect("acknowledge of the first", LPI(0), poll_ack());
    expect_hex("its running priority", 0xc0, running_priority());
    gic_eoi(LPI(0));
    irq_enable();
}

/* INVALL: many at once, of several collections of one CPU. */
void test_lpi_invall(void)
{
    unsigned taken = 0;

    its_begin();
    its_mapc(90, 0);
    for (unsigned n = 0; n < 64; n++) {
        lpi_write_config(n, DEFAULT_PRIORITY, false);
        its_mapti(DEVICE, n, LPI(n), n % 2 ? 90 : 0);
    }
    its_invall(0);
    its_invall(90);
    its_sync();
    irq_disable();
    lpi_raise_many(0, 64);
    expect("acknowledge while all are disabled", INTID_NONE, poll_nothing());
    for (unsigned n = 0; n < 64; n++)
        lpi_write_config(n, DEFAULT_PRIORITY - 8 * (n % 4), true);
    its_invall(0);
    its_invall(90);
    its_sync();
    for (unsigned i = 0; i < 64; i++) {
        unsigned intid = poll_ack();

        taken += intid >= INTID_LPI && (intid - INTID_LPI) % 4 == 3 - i / 16;
        gic_eoi(intid);
    }
    expect("acknowledged in the order of the new priorities", 64, taken);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    irq_enable();
}

/* By GICR_INVLPIR and GICR_INVALLR where there are such, otherwise by commands. */
static void invalidate(unsigned cpu, unsigned n, bool all)
{
    dsb();
    if (!(gicr_read(cpu, GICR_CTLR) & GICR_CTLR_IR)) {
        if (all)
            its_invall(cpu);
        else
            its_inv(DEVICE, n);
        its_sync();
        return;
    }
    mmio_write64(gicr_address(cpu, all ? GICR_INVALLR : GICR_INVLPIR), all ? 0 : LPI(n));
    if (!WAIT_FOR(!(gicr_read(cpu, GICR_SYNCR) & 1)))
        die("GICR_SYNCR of CPU %u stays busy", cpu);
}

void test_lpi_invalidate(void)
{
    its_begin();
    lpi_map_many(0, 4, 0);
    irq_disable();
    lpi_write_config(0, DEFAULT_PRIORITY, false);
    invalidate(0, 0, false);
    lpi_raise(0);
    expect("acknowledge of a disabled one", INTID_NONE, poll_nothing());
    lpi_write_config(0, 0x60, true);
    invalidate(0, 0, false);
    expect("acknowledge after it was enabled", LPI(0), poll_ack());
    expect_hex("its running priority", 0x60, running_priority());
    gic_eoi(LPI(0));
    for (unsigned n = 0; n < 4; n++)
        lpi_write_config(n, DEFAULT_PRIORITY, false);
    invalidate(0, 0, true);
    lpi_raise_many(0, 4);
    expect("acknowledge with all disabled", INTID_NONE, poll_nothing());
    lpi_write_config(2, DEFAULT_PRIORITY, true);
    invalidate(0, 2, true);
    expect("acknowledge of the one that was enabled", LPI(2), poll_ack());
    gic_eoi(LPI(2));
    expect("acknowledge after that", INTID_NONE, poll_nothing());
    lpi_clear_many(0, 4);
    irq_enable();
}

/* What is mapped later has the configuration of then. */
void test_lpi_configure_then_map(void)
{
    its_begin();
    lpi_write_config(0, 0x70, true);
    lpi_write_config(1, 0x70, false);
    its_invall(0);
    lpi_map_many(0, 2, 0);
    irq_disable();
    lpi_raise_many(0, 2);
    expect("acknowledge", LPI(0), poll_ack());
    expect_hex("running priority", 0x70, running_priority());
    gic_eoi(LPI(0));
    expect("acknowledge of the disabled one", INTID_NONE, poll_nothing());
    lpi_clear_many(1, 1);
    irq_enable();
}

/* The first and the last LPI of the configuration table, and the one after it, which there is not.
 */
void test_lpi_table_ends(void)
{
    static const unsigned last = (1u << LPI_BITS) - 1;

    its_begin();
    lpi_write_config(last - INTID_LPI, 0x50, true);
    its_invall(0);
    its_mapti(DEVICE, 0, INTID_LPI, 0);
    its_mapti(DEVICE, 1, last, 0);
    its_mapti(DEVICE, 2, last + 1, 0);
    its_sync();
    irq_disable();
    lpi_raise_many(0, 3);
    expect_true("the last one is pending", poll_hppi(last));
    expect("acknowledge of the last one", last, poll_ack());
    expect_hex("its running priority", 0x50, running_priority());
    gic_eoi(last);
    expect("acknowledge of the first one", INTID_LPI, poll_ack());
    gic_eoi(INTID_LPI);
    expect("acknowledge after that", INTID_NONE, poll_nothing());
    irq_enable();
}
