/* SPDX-License-Identifier: MIT */
/* Software generated interrupts: IHI 0069, ICC_SGI1R_EL1 and chapter 4; IHI 0048, GICD_SGIR. */
#include "guest.h"
#include "tests.h"

static uint64_t send_all_to(uint64_t cpu_mask)
{
    for (unsigned sgi = 0; sgi < SGIS; sgi++)
        gic_send_sgi(sgi, (unsigned)cpu_mask);
    return 0;
}

static uint64_t send_all_to_others(uint64_t unused)
{
    (void)unused;
    for (unsigned sgi = 0; sgi < SGIS; sgi++)
        gic_send_sgi_others(sgi);
    return 0;
}

static bool each_sgi_seen(unsigned cpu, uint32_t times)
{
    for (unsigned sgi = 0; sgi < SGIS; sgi++) {
        if (cpus[cpu].count[sgi] != times)
            return false;
    }
    return true;
}

/* Waits for one of each at all CPUs of the mask, then sees whether any arrive beyond those. */
static bool exactly_one_each(unsigned cpu_mask)
{
    unsigned receivers = 0;

    for (unsigned i = 0; i < ncpus; i++) {
        if (!(cpu_mask >> i & 1))
            continue;
        receivers++;
        if (!WAIT_FOR(each_sgi_seen(i, 1)))
            return false;
    }
    return total_count() == receivers * SGIS;
}

void test_sgi_pairs(void)
{
    unsigned good = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned from = 0; from < ncpus; from++) {
        for (unsigned to = 0; to < ncpus; to++) {
            clear_counts();
            smp_call(from, send_all_to, 1u << to);
            good += exactly_one_each(1u << to);
        }
    }
    expect("pairs of CPUs between which all 16 SGIs arrived once", ncpus * ncpus, good);
    settle();
    expect("SGIs since the last pair was checked", SGIS, total_count());
}

void test_sgi_list(void)
{
    unsigned all = (1u << ncpus) - 1;
    unsigned good = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned from = 0; from < ncpus; from++) {
        clear_counts();
        smp_call(from, send_all_to, all);
        good += exactly_one_each(all);
    }
    expect("CPUs whose list of all CPUs got 16 SGIs to each", ncpus, good);
    clear_counts();
    smp_call(0, send_all_to, 0);
    settle();
    expect("SGIs sent to an empty list", 0, total_count());
}

void test_sgi_broadcast(void)
{
    unsigned all = (1u << ncpus) - 1;
    unsigned good = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned from = 0; from < ncpus; from++) {
        clear_counts();
        smp_call(from, send_all_to_others, 0);
        good += exactly_one_each(all & ~(1u << from));
        settle();
        good -= !each_sgi_seen(from, 0);
    }
    expect("CPUs whose 16 broadcasts went to all others, not to itself", ncpus, good);
}

static void burst_to(unsigned target, const char *what)
{
    const uint32_t sent = 1000;
    uint32_t got;

    clear_counts();
    gic_enable(target, 5);
    for (unsigned i = 0; i < sent; i++)
        gic_send_sgi(5, 1u << target);
    WAIT_FOR(cpus[target].count[5] >= 1 && !gic_is_pending(target, 5) && !gic_is_active(target, 5));
    settle();
    got = total_count();
    expect_true(what, got >= 1 && got <= sent && got == cpus[target].count[5]);
}

void test_sgi_burst(void)
{
    burst_to(0, "of 1000 SGIs to itself, at least 1 and at most 1000 arrived");
    if (ncpus > 1)
        burst_to(ncpus - 1, "of 1000 SGIs to the last CPU, at least 1 and at most 1000 arrived");
}

void test_sgi_coalesce(void)
{
    gic_enable(0, 6);
    irq_disable();
    for (unsigned i = 0; i < 10; i++)
        gic_send_sgi(6, 1);
    expect_true("the SGI is pending", poll_hppi(6));
    settle();
    irq_enable();
    WAIT_FOR(cpus[0].count[6] >= 1);
    settle();
    expect("deliveries of 10 SGIs sent while masked", 1, cpus[0].count[6]);
}

/* The same SGI, sent again while it is active. */
void test_sgi_active_pending(void)
{
    gic_enable(0, 4);
    irq_disable();
    gic_send_sgi(4, 1);
    expect("first acknowledge", 4, poll_ack());
    gic_send_sgi(4, 1);
    expect_true("the second SGI is pending", WAIT_FOR(gic_is_pending(0, 4)));
    expect("active bit", 1, gic_is_active(0, 4));
    expect("acknowledge while active", INTID_NONE, poll_nothing());
    gic_eoi(4);
    expect("acknowledge after the end of the first", 4, poll_ack());
    gic_eoi(4);
    expect("active bit at the end", 0, gic_is_active(0, 4));
    expect("pending bit at the end", 0, gic_is_pending(0, 4));
    irq_enable();
}

/* All CPUs send to their neighbours at the same time, again and again. */
static uint64_t storm(uint64_t rounds)
{
    unsigned self = this_cpu()->id;
    unsigned next = (self + 1) % ncpus;

    for (uint32_t i = 1; i <= rounds; i++) {
        gic_send_sgi(7, 1u << next);
        if (!WAIT_FOR(cpus[next].count[7] == i))
            return i;
    }
    return 0;
}

void test_sgi_storm(void)
{
    const uint32_t rounds = 10;
    uint64_t stopped = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned i = 1; i < ncpus; i++)
        smp_post(i, storm, rounds);
    stopped += storm(rounds);
    for (unsigned i = 1; i < ncpus; i++)
        stopped += smp_finish(i);
    expect("CPUs stopped by a lost SGI", 0, stopped);
    settle();
    expect("SGIs delivered round the ring", rounds * ncpus, total_count());
}
