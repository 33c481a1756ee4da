/* SPDX-License-Identifier: MIT */
/*
 * LPIs at the redistributor and at the CPU: priority, enable and the configuration table, no active
 * state, many of them. IHI 0069, chapter 5; sections 1.2.2, 4.1 and 4.2.
 */
#include "its/its.h"
#include "its/tests_its.h"

static unsigned delivered_to(unsigned cpu, unsigned n)
{
    WAIT_FOR(cpus[cpu].lpi_count[n]);
    settle();
    return cpus[cpu].lpi_count[n];
}

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

/* ------------------------------------------------------------------ EnableLPIs ---------------- */

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

/* ------------------------------------------------------------------ many ---------------------- */

/* LPIs, SPIs and SGIs of one CPU, all with priorities of their own kind. */
static void raise_mixed(unsigned target)
{
    for (unsigned i = 0; i < N; i++)
        gic_send_sgi(i, 1u << target);
    gic_set_pending_many(N);
    lpi_raise_many(0, N);
    expect_true("all SGIs are pending", WAIT_FOR(gic_all_sgis_pending(target)));
    expect_hex("pending bits of the SPIs", 0xffff, gic_pending_many());
}

void test_lpi_overflow(void)
{
    unsigned target = ncpus - 1, once = 0;

    its_begin();
    lpi_map_many(0, N, target);
    for (unsigned i = 0; i < N; i++) {
        gic_route(TEST_SPI + i, target);
        gic_enable(0, TEST_SPI + i);
        gic_enable(target, i);
    }
    smp_call(target, work_irq_disable, 0);
    raise_mixed(target);
    smp_call(target, work_irq_enable, 0);
    WAIT_FOR(total_count() == 3 * N);
    settle();
    for (unsigned i = 0; i < N; i++)
        once += cpus[target].count[i] == 1 && cpus[target].count[TEST_SPI + i] == 1 &&
                cpus[target].lpi_count[i] == 1;
    expect("triples of SGI, SPI and LPI delivered once", N, once);
    expect("deliveries in total", 3 * N, total_count());
}

/* LPIs and SPIs take turns in priority; with EOImode 1 the SPIs stay active. */
static unsigned mixed_of_rank(unsigned rank)
{
    return rank % 2 ? TEST_SPI + rank / 2 : LPI(rank / 2);
}

static void map_mixed(void)
{
    its_begin();
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned priority = 0x20 + 8 * rank;

        if (rank % 2)
            gic_set_priority(0, mixed_of_rank(rank), (uint8_t)priority);
        else
            lpi_write_config(rank / 2, priority, true);
    }
    for (unsigned i = 0; i < N / 2; i++)
        gic_enable(0, TEST_SPI + i);
    its_invall(0);
    lpi_map_many(0, N / 2, 0);
}

static void take_mixed(bool deactivate)
{
    unsigned in_order = 0;

    gic_set_pending_many(N / 2);
    lpi_raise_many(0, N / 2);
    expect_true("the highest priority is first", poll_hppi(mixed_of_rank(0)));
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        in_order += intid == mixed_of_rank(rank);
        gic_eoi(intid);
        if (deactivate && intid < INTID_LPI)
            gic_dir(intid);
    }
    expect("acknowledged in the order of priority", N, in_order);
}

void test_lpi_mixed(void)
{
    map_mixed();
    irq_disable();
    take_mixed(false);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

void test_lpi_mixed_eoimode1(void)
{
    map_mixed();
    irq_disable();
    gic_set_eoimode(1);
    take_mixed(false);
    expect("acknowledge with the SPIs active", INTID_NONE, poll_nothing());
    expect_hex("active bits", 0xff, gic_active_many());
    /* Active SPIs are not in the way of LPIs. */
    lpi_raise_many(0, N / 2);
    for (unsigned i = 0; i < N / 2; i++) {
        unsigned intid = poll_ack();

        expect("acknowledge of an LPI while SPIs are active", LPI(i), intid);
        gic_eoi(intid);
    }
    for (unsigned i = 0; i < N / 2; i++)
        gic_dir(TEST_SPI + (i * 3 + 1) % (N / 2));
    expect_hex("active bits after deactivation", 0, gic_active_many());
    take_mixed(true);
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* All nested, LPIs and SPIs in turn. */
void test_lpi_mixed_nested(void)
{
    unsigned in_order = 0, wrong_rpr = 0;

    map_mixed();
    irq_disable();
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = mixed_of_rank(N - 1 - i);

        if (intid >= INTID_LPI)
            lpi_raise(intid - INTID_LPI);
        else
            gic_set_pending(0, intid);
        in_order += poll_ack() == intid;
    }
    expect("nested acknowledges", N, in_order);
    expect_hex("active bits of the SPIs", 0xff, gic_active_many());
    for (unsigned rank = 0; rank < N; rank++) {
        wrong_rpr += running_priority() != 0x20 + 8 * rank;
        gic_eoi(mixed_of_rank(rank));
    }
    expect("wrong running priorities on the way out", 0, wrong_rpr);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* ------------------------------------------------------------------ several CPUs -------------- */

static volatile uint32_t sleepers;

static uint64_t sleep_for_lpi(uint64_t intid)
{
    struct cpu *cpu = this_cpu();

    irq_disable();
    __atomic_fetch_add(&sleepers, 1, __ATOMIC_SEQ_CST);
    while (!cpu->log_length) {
        wfi();
        irq_enable();
        irq_disable();
    }
    irq_enable();
    return cpu->log[0] == intid;
}

/* A CPU that is off gets its interrupts when it is back; or another one, if they are moved. */
void test_lpi_power(void)
{
    unsigned last = ncpus - 1;

    its_begin();
    lpi_map_many(0, 3, last);
    smp_post(last, work_cpu_off, 0);
    expect_true("the last CPU is off", WAIT_FOR(smp_is_off(last)));
    lpi_raise_many(0, 3);
    settle();
    expect("deliveries", 0, total_count());
    its_movi(DEVICE, 1, 0);
    its_sync();
    expect("deliveries on CPU 0 of what was moved", 1, delivered_to(0, 1));
    its_clear(DEVICE, 2);
    its_sync();
    expect_true("the last CPU comes back", smp_start_cpu(last));
    expect("deliveries there of what was not moved", 1, delivered_to(last, 0));
    expect("deliveries in total", 2, total_count());
}

void test_lpi_wfi(void)
{
    uint64_t sum = 0;

    its_begin();
    sleepers = 0;
    for (unsigned cpu = 1; cpu < ncpus; cpu++) {
        lpi_map(cpu, cpu);
        smp_post(cpu, sleep_for_lpi, LPI(cpu));
    }
    WAIT_FOR(sleepers == ncpus - 1);
    settle();
    lpi_raise_many(1, ncpus - 1);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect("CPUs woken from WFI by an LPI", ncpus - 1, sum);
}

#define STORM_ROUNDS 20
#define STORM_LPIS 4

static uint32_t count_everywhere(unsigned n)
{
    uint32_t count = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        count += cpus[cpu].lpi_count[n];
    return count;
}

/* Four events at a time; each has to be taken by some CPU before it is sent again. */
static uint64_t storm(uint64_t first)
{
    uint64_t lost = 0;
    uint32_t before[STORM_LPIS];

    for (unsigned round = 0; round < STORM_ROUNDS; round++) {
        for (unsigned i = 0; i < STORM_LPIS; i++) {
            before[i] = count_everywhere((unsigned)first + i);
            its_int(DEVICE, (uint32_t)first + i);
        }
        for (unsigned i = 0; i < STORM_LPIS; i++)
            lost += !WAIT_FOR(count_everywhere((unsigned)first + i) != before[i]);
    }
    return lost;
}

static uint64_t storm_everywhere(void)
{
    uint64_t lost = 0;

    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, storm, cpu * STORM_LPIS);
    lost += storm(0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        lost += smp_finish(cpu);
    its_sync();
    return lost;
}

/* Each CPU sends to the next one. */
void test_lpi_storm(void)
{
    unsigned exact = 0;
    uint64_t lost;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), (n / STORM_LPIS + 1) % ncpus);
    its_sync();
    lost = storm_everywhere();
    settle();
    expect("lost interrupts", 0, lost);
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        exact += cpus[(n / STORM_LPIS + 1) % ncpus].lpi_count[n] == STORM_ROUNDS;
    expect("LPIs that came as often as they were sent", ncpus * STORM_LPIS, exact);
    expect("deliveries in total", ncpus * STORM_LPIS * STORM_ROUNDS, total_count());
}

/* The same while all of them move about. */
static volatile bool moving;

static uint64_t move_about(uint64_t unused)
{
    unsigned cpu = 0;

    while (moving) {
        for (unsigned n = STORM_LPIS; n < ncpus * STORM_LPIS; n++)
            its_movi(DEVICE, n, cpu = (cpu + 1) % ncpus);
        its_sync();
    }
    return unused;
}

void test_lpi_storm_moving(void)
{
    uint64_t lost = 0;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % ncpus);
    its_sync();
    moving = true;
    smp_post(1, move_about, 0);
    for (unsigned cpu = 2; cpu < ncpus; cpu++)
        smp_post(cpu, storm, cpu * STORM_LPIS);
    lost += storm(STORM_LPIS);
    for (unsigned cpu = 2; cpu < ncpus; cpu++)
        lost += smp_finish(cpu);
    moving = false;
    smp_finish(1);
    its_sync();
    expect("lost interrupts", 0, lost);
    expect_true("none came more often than it was sent",
                total_count() <= (ncpus - 1) * STORM_LPIS * STORM_ROUNDS);
}

/* Messages that may get lost, because what they are for comes and goes; afterwards all is well. */
#define HAIL 200

static uint64_t hail(uint64_t first)
{
    for (unsigned i = 0; i < HAIL; i++)
        its_int(DEVICE, (uint32_t)first + i % STORM_LPIS);
    return 0;
}

static void all_come(const char *what)
{
    unsigned seen = 0;

    its_sync();
    settle();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++) {
        uint32_t before = count_everywhere(n);

        lpi_raise(n);
        seen += WAIT_FOR(count_everywhere(n) == before + 1);
    }
    expect(what, ncpus * STORM_LPIS, seen);
}

/* EnableLPIs of CPU 0 goes to and fro. */
void test_lpi_storm_enable(void)
{
    unsigned disabled = 0;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % 2);
    its_sync();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, hail, cpu * STORM_LPIS);
    for (unsigned i = 0; i < 20; i++) {
        disabled += lpi_disable_redistributor(0);
        lpi_enable_redistributor(0);
    }
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_finish(cpu);
    expect("times it was disabled", 20, disabled);
    all_come("LPIs that come afterwards");
}

/* Events go to and fro between LPIs and CPUs. INT of one that is not mapped is a command error. */
void test_lpi_storm_remap(void)
{
    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % ncpus);
    its_sync();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, hail, cpu * STORM_LPIS);
    for (unsigned i = 0; i < 100; i++) {
        unsigned n = i * 5 % (ncpus * STORM_LPIS);

        its_discard(DEVICE, n);
        its_mapti(DEVICE, n, LPI(n), i % ncpus);
    }
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_finish(cpu);
    all_come("LPIs that come afterwards");
}

/* LPIs of all priorities, each of which raises an SPI. */
static void raise_spi(unsigned intid)
{
    if (intid >= INTID_LPI)
        gic_set_pending(0, TEST_SPI + intid % TEST_SPIS);
}

void test_lpi_storm_mixed(void)
{
    unsigned exact = 0;
    uint64_t lost;

    its_begin();
    for (unsigned i = 0; i < TEST_SPIS; i++) {
        gic_route(TEST_SPI + i, i % ncpus);
        gic_enable(0, TEST_SPI + i);
    }
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        cpus[cpu].hook = raise_spi;
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++) {
        its_mapti(DEVICE, n, LPI(n), (n / STORM_LPIS + 1) % ncpus);
        lpi_write_config(n, 0x20 + 8 * (n % 16), true);
    }
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        its_invall(cpu);
    its_sync();
    lost = storm_everywhere();
    settle();
    expect("lost interrupts", 0, lost);
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        exact += count_everywhere(n) == STORM_ROUNDS;
    expect("LPIs that came as often as they were sent", ncpus * STORM_LPIS, exact);
    expect_true("all SPIs came, too", WAIT_FOR(!gic_pending_many()));
    settle();
}
