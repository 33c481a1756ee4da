/* SPDX-License-Identifier: MIT */
/* The generic timers: private, level-sensitive interrupts of each CPU. */
#include "guest.h"
#include "tests.h"
#include "timer.h"

#define TICKS 5

static void stop_timer(unsigned intid)
{
    timer_stop(intid);
}

static void mask_timer(unsigned intid)
{
    timer_control(intid, TIMER_ENABLE | TIMER_IMASK);
}

/* Programs the timer again and again; returns how often exactly one interrupt came of it. */
static uint64_t tick(unsigned timer, void (*hook)(unsigned))
{
    struct cpu *cpu = this_cpu();
    uint64_t good = 0;

    cpu->hook = hook;
    gic_enable(cpu->id, timer);
    for (uint32_t i = 1; i <= TICKS; i++) {
        timer_start(timer, 500);
        WAIT_FOR(cpu->count[timer] == i);
        delay(1000);
        good += cpu->count[timer] == i;
    }
    timer_stop(timer);
    return good;
}

static uint64_t tick_and_stop(uint64_t timer)
{
    return tick((unsigned)timer, stop_timer);
}

static uint64_t tick_and_mask(uint64_t timer)
{
    return tick((unsigned)timer, mask_timer);
}

static void tick_everywhere(unsigned timer, work_fn *job, const char *what)
{
    uint64_t sum = 0;

    clear_counts();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, job, timer);
    sum += job(timer);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect(what, TICKS * ncpus, sum);
    expect("interrupts in total", TICKS * ncpus, total_count());
}

static void test_ticks(unsigned timer)
{
    tick_everywhere(timer, tick_and_stop, "ticks on all CPUs, each stopping its timer,");
    tick_everywhere(timer, tick_and_mask, "ticks on all CPUs, each masking its timer,");
}

void test_timer_virtual_ticks(void)
{
    test_ticks(TIMER_VIRTUAL);
}

void test_timer_physical_ticks(void)
{
    test_ticks(TIMER_PHYSICAL);
}

/*
 * A level that goes away takes its interrupt back "in finite time". The register read makes this
 * short for a hypervisor that looks at the line only when the guest traps.
 */
static bool taken_back(unsigned cpu)
{
    return WAIT_FOR((gic_is_pending(cpu, TIMER_VIRTUAL), gic_hppi() == INTID_NONE));
}

static void test_level(unsigned timer)
{
    irq_disable();
    gic_enable(0, timer);
    timer_start(timer, 0);
    expect_true("an expired timer is the highest pending interrupt", poll_hppi(timer));
    expect("its ISTATUS", 1, (timer_status(timer) & TIMER_ISTATUS) != 0);
    timer_control(timer, TIMER_ENABLE | TIMER_IMASK);
    expect_true("masking the timer takes it back", taken_back(0));
    expect("ISTATUS while masked", 1, (timer_status(timer) & TIMER_ISTATUS) != 0);
    timer_control(timer, TIMER_ENABLE);
    expect_true("unmasking the timer brings it again", poll_hppi(timer));
    timer_stop(timer);
    expect_true("stopping the timer takes it back", taken_back(0));
    expect("acknowledge", INTID_NONE, poll_nothing());
    timer_start(timer, 0);
    expect("acknowledge of the next expiry", timer, poll_ack());
    expect("active bit", 1, gic_is_active(0, timer));
    expect("acknowledge while active", INTID_NONE, poll_nothing());
    timer_stop(timer);
    gic_eoi(timer);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    expect("active bit at the end", 0, gic_is_active(0, timer));
    irq_enable();
}

void test_timer_virtual_level(void)
{
    test_level(TIMER_VIRTUAL);
}

void test_timer_physical_level(void)
{
    test_level(TIMER_PHYSICAL);
}

static void stop_at_fifth(unsigned intid)
{
    if (this_cpu()->count[intid] == 4)
        timer_stop(intid);
}

/* A timer that is not quieted comes again after each end of interrupt. */
static void test_refire(unsigned timer)
{
    cpus[0].hook = stop_at_fifth;
    gic_enable(0, timer);
    timer_start(timer, 0);
    WAIT_FOR(cpus[0].count[timer] == 5);
    settle();
    expect("deliveries until the timer was stopped in the fifth", 5, total_count());
}

void test_timer_virtual_refire(void)
{
    test_refire(TIMER_VIRTUAL);
}

void test_timer_physical_refire(void)
{
    test_refire(TIMER_PHYSICAL);
}

/* Disabled at the redistributor: nothing comes until it is enabled. */
static void test_disable(unsigned timer)
{
    cpus[0].hook = stop_timer;
    timer_start(timer, 0);
    settle();
    expect("deliveries while disabled", 0, total_count());
    gic_enable(0, timer);
    WAIT_FOR(cpus[0].count[timer] == 1);
    settle();
    expect("deliveries at enable", 1, total_count());
}

void test_timer_virtual_disable(void)
{
    test_disable(TIMER_VIRTUAL);
}

void test_timer_physical_disable(void)
{
    test_disable(TIMER_PHYSICAL);
}

/* The pending bit shows an expired timer that the priority mask, or a disable, keeps back. */
static void test_ispendr(unsigned timer)
{
    cpus[0].hook = stop_timer;
    expect("pending bit before", 0, gic_is_pending(0, timer));
    timer_start(timer, 0);
    expect_true("it is set by the expired timer, disabled", WAIT_FOR(gic_is_pending(0, timer)));
    timer_stop(timer);
    expect_true("it is cleared by stopping the timer", WAIT_FOR(!gic_is_pending(0, timer)));
    gic_set_pmr(DEFAULT_PRIORITY);
    gic_enable(0, timer);
    timer_start(timer, 0);
    expect_true("it is set by the expired timer, enabled", WAIT_FOR(gic_is_pending(0, timer)));
    settle();
    expect("deliveries with the priority masked", 0, total_count());
    gic_set_pmr(DEFAULT_PMR);
    WAIT_FOR(cpus[0].count[timer] == 1);
    settle();
    expect("deliveries after the mask was opened", 1, total_count());
    expect("pending bit at the end", 0, gic_is_pending(0, timer));
}

void test_timer_virtual_ispendr(void)
{
    test_ispendr(TIMER_VIRTUAL);
}

void test_timer_physical_ispendr(void)
{
    test_ispendr(TIMER_PHYSICAL);
}

/* Both timers of each CPU at the same time: none is lost, none is taken for the other. */
static uint64_t both_timers(uint64_t unused)
{
    struct cpu *cpu = this_cpu();
    uint64_t good = 0;

    (void)unused;
    cpu->hook = stop_timer;
    gic_enable(cpu->id, TIMER_VIRTUAL);
    gic_enable(cpu->id, TIMER_PHYSICAL);
    for (uint32_t i = 1; i <= TICKS; i++) {
        timer_start(TIMER_VIRTUAL, 300);
        timer_start(TIMER_PHYSICAL, 300);
        good += WAIT_FOR(cpu->count[TIMER_VIRTUAL] == i && cpu->count[TIMER_PHYSICAL] == i);
    }
    return good;
}

void test_timer_both(void)
{
    uint64_t sum = 0;

    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, both_timers, 0);
    sum += both_timers(0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect("ticks of both timers on all CPUs", TICKS * ncpus, sum);
    settle();
    expect("interrupts in total", 2 * TICKS * ncpus, total_count());
}

/*
 * Sleeps with interrupts masked until the timer is pending. The other timer is the limit: without
 * it, a lost wake-up would stop the test for ever.
 */
static uint64_t sleep_for(uint64_t timer)
{
    struct cpu *cpu = this_cpu();
    unsigned other = timer == TIMER_VIRTUAL ? TIMER_PHYSICAL : TIMER_VIRTUAL;
    uint64_t intid;

    irq_disable();
    gic_enable(cpu->id, TIMER_VIRTUAL);
    gic_enable(cpu->id, TIMER_PHYSICAL);
    timer_start(other, WAIT_US / 2);
    timer_start((unsigned)timer, 2000);
    while ((intid = gic_hppi()) == INTID_NONE)
        wfi();
    timer_stop(TIMER_VIRTUAL);
    timer_stop(TIMER_PHYSICAL);
    taken_back(cpu->id);
    irq_enable();
    return intid == timer;
}

static void sleep_everywhere(unsigned timer, const char *what)
{
    uint64_t sum = 0;

    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, sleep_for, timer);
    sum += sleep_for(timer);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect(what, ncpus, sum);
}

void test_timer_wfi(void)
{
    sleep_everywhere(TIMER_VIRTUAL, "CPUs woken from WFI by the virtual timer");
    sleep_everywhere(TIMER_PHYSICAL, "CPUs woken from WFI by the physical timer");
}

/* The same for an SGI of CPU 0, taken as an exception after the wake-up. */
static volatile uint32_t sleepers;

static void stop_limit(unsigned intid)
{
    (void)intid;
    timer_stop(TIMER_PHYSICAL);
}

static uint64_t sleep_for_sgi(uint64_t sgi)
{
    struct cpu *cpu = this_cpu();

    irq_disable();
    gic_enable(cpu->id, (unsigned)sgi);
    gic_enable(cpu->id, TIMER_PHYSICAL);
    cpu->hook = stop_limit;
    timer_start(TIMER_PHYSICAL, WAIT_US);
    __atomic_fetch_add(&sleepers, 1, __ATOMIC_SEQ_CST);
    while (!cpu->log_length) {
        wfi();
        irq_enable();
        irq_disable();
    }
    irq_enable();
    return cpu->log[0] == sgi;
}

void test_wfi_sgi(void)
{
    uint64_t sum = 0;

    sleepers = 0;
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, sleep_for_sgi, 11);
    WAIT_FOR(sleepers == ncpus - 1);
    settle();
    gic_send_sgi_others(11);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect("CPUs woken from WFI by an SGI", ncpus - 1, sum);
}
