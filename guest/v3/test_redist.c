/* SPDX-License-Identifier: MIT */
/*
 * What a GICv3 has and a GICv2 has not: the private interrupts of a CPU in the reach of all others,
 * in its redistributor, affinities, and a bit that says when a write has taken effect.
 */
#include "guest.h"
#include "tests_v3.h"
#include "timer.h"

#define SPI TEST_SPI

/* A target list with affinities that no CPU has. */
void test_sgi_nobody(void)
{
    smp_call_all(work_enable_all_sgis, 0);
    write_sysreg(ICC_SGI1R_EL1, 1ull << 16 | 3); /* Aff1 = 1 */
    write_sysreg(ICC_SGI1R_EL1, 1ull << 32 | 3); /* Aff2 = 1 */
    settle();
    expect("SGIs to affinities that do not exist", 0, total_count());
}

/* The pending bit of an SGI of the given CPU, worked by the registers of its redistributor. */
static void pending_register_of(unsigned cpu)
{
    unsigned sgi = 3;

    gic_set_pending(cpu, sgi);
    expect("pending bit after ISPENDR0, disabled", 1, gic_is_pending(cpu, sgi));
    expect("the same in ICPENDR0", 1, gicr_read(cpu, GICR_ICPENDR0) >> sgi & 1);
    settle();
    expect("deliveries while disabled", 0, total_count());
    gic_clear_pending(cpu, sgi);
    expect("pending bit after ICPENDR0", 0, gic_is_pending(cpu, sgi));
    gic_enable(cpu, sgi);
    settle();
    expect("deliveries after the pending bit was cleared", 0, total_count());
    gic_disable(cpu, sgi);
    gic_set_pending(cpu, sgi);
    gic_enable(cpu, sgi);
    WAIT_FOR(cpus[cpu].count[sgi] == 1);
    expect("deliveries at enable", 1, cpus[cpu].count[sgi]);
    expect("pending bit after delivery", 0, gic_is_pending(cpu, sgi));
    clear_counts();
    gic_set_pending(cpu, sgi);
    WAIT_FOR(cpus[cpu].count[sgi] == 1);
    settle();
    expect("deliveries by ISPENDR0 while enabled", 1, total_count());
}

void test_sgi_pendr_own(void)
{
    pending_register_of(0);
}

void test_sgi_pendr_other(void)
{
    pending_register_of(ncpus - 1);
}

static void disabled_at(unsigned cpu)
{
    unsigned sgi = 9;

    gic_enable(cpu, sgi);
    gic_disable(cpu, sgi);
    expect("enable bit", 0, gic_is_enabled(cpu, sgi));
    gic_send_sgi(sgi, 1u << cpu);
    expect_true("an SGI sent while disabled becomes pending", WAIT_FOR(gic_is_pending(cpu, sgi)));
    settle();
    expect("deliveries while disabled", 0, total_count());
    gic_enable(cpu, sgi);
    WAIT_FOR(cpus[cpu].count[sgi] == 1);
    settle();
    expect("deliveries at enable", 1, total_count());
}

void test_sgi_disabled_own(void)
{
    disabled_at(0);
}

void test_sgi_disabled_other(void)
{
    disabled_at(ncpus - 1);
}

/* The pending bit of each CPU is its own. */
void test_sgi_banked(void)
{
    unsigned last = ncpus - 1;

    gic_set_pending(last, 2);
    expect("pending bit at the last CPU", 1, gic_is_pending(last, 2));
    expect("pending bit at CPU 0", 0, gic_is_pending(0, 2));
    gic_set_priority(last, 2, 0x40);
    gic_set_priority(0, 2, 0x80);
    expect_hex("priority at the last CPU", 0x40,
               mmio_read8(gicr_address(last, GICR_IPRIORITYR + 2)));
    expect_hex("priority at CPU 0", 0x80, mmio_read8(gicr_address(0, GICR_IPRIORITYR + 2)));
    gic_enable(last, 2);
    WAIT_FOR(cpus[last].count[2] == 1);
    expect("deliveries at the last CPU", 1, cpus[last].count[2]);
    expect("deliveries at CPU 0", 0, cpus[0].count[2]);
}

/* Once RWP has cleared, a disabled interrupt cannot be taken any more, on whatever CPU. */
void test_spi_rwp(void)
{
    unsigned target = ncpus - 1;
    unsigned late = 0;

    gic_route(SPI, target);
    for (unsigned i = 0; i < 50; i++) {
        gic_enable(0, SPI);
        gic_disable(0, SPI);
        gic_set_pending(0, SPI);
        delay(100);
        late += cpus[target].count[SPI] != 0;
        gic_clear_pending(0, SPI);
    }
    expect("SPIs taken after RWP showed the disable had effect", 0, late);
    expect("GICD_CTLR.RWP at the end", 0, gicd_read(GICD_CTLR) >> 31);
}

/* The private interrupts of CPU 0, seen from the last CPU in CPU 0's redistributor. */
void test_active_private(void)
{
    unsigned last = ncpus - 1;

    gic_enable(0, 1);
    gic_enable(0, TIMER_VIRTUAL);
    irq_disable();
    gic_send_sgi(1, 1);
    expect("acknowledge of an SGI", 1, poll_ack());
    expect("active bit of the SGI", 1, gic_is_active(0, 1));
    expect("the same from the last CPU", 1, smp_call(last, work_is_active, 1));
    gic_eoi(1);
    expect("active bit after EOIR", 0, smp_call(last, work_is_active, 1));
    timer_start(TIMER_VIRTUAL, 0);
    expect("acknowledge of the timer", TIMER_VIRTUAL, poll_ack());
    expect("active bit of the timer", 1, gic_is_active(0, TIMER_VIRTUAL));
    expect("the same from the last CPU", 1, smp_call(last, work_is_active, TIMER_VIRTUAL));
    timer_stop(TIMER_VIRTUAL);
    gic_eoi(TIMER_VIRTUAL);
    expect("active bit after EOIR", 0, smp_call(last, work_is_active, TIMER_VIRTUAL));
    irq_enable();
}
