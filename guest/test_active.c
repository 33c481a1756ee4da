/* SPDX-License-Identifier: MIT */
/* The active state: IHI 0069, section 4.1, or IHI 0048, section 3.2. */
#include "guest.h"
#include "tests.h"

#define SPI TEST_SPI

static uint64_t write_icactiver(uint64_t intid)
{
    gic_clear_active(0, (unsigned)intid);
    return 0;
}

static uint64_t write_isactiver(uint64_t intid)
{
    gic_set_active(0, (unsigned)intid);
    return 0;
}

/* Between acknowledge and end of interrupt on CPU 0, seen from there and from the last CPU. */
void test_active_spi(void)
{
    unsigned last = ncpus - 1;

    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("active bit while pending", 0, gic_is_active(0, SPI));
    expect("acknowledge", SPI, poll_ack());
    expect("active bit", 1, gic_is_active(0, SPI));
    expect("active bit in ICACTIVER", 1, gicd_read(GICD_ICACTIVER + 4) >> (SPI % 32) & 1);
    expect("active bit seen from the last CPU", 1, smp_call(last, work_is_active, SPI));
    expect("pending bit", 0, gic_is_pending(0, SPI));
    gic_eoi(SPI);
    expect("active bit after EOIR", 0, gic_is_active(0, SPI));
    expect("the same from the last CPU", 0, smp_call(last, work_is_active, SPI));
    irq_enable();
}

static void active_bit_by_register(unsigned intid)
{
    gic_set_active(0, intid);
    expect("active bit after ISACTIVER", 1, gic_is_active(0, intid));
    gic_enable(0, intid);
    /* With GICv2, ISPENDR does nothing to an SGI. */
    if (intid < SGIS)
        gic_send_sgi(intid, 1);
    else
        gic_set_pending(0, intid);
    settle();
    expect("deliveries while active", 0, total_count());
    expect("pending bit while active", 1, gic_is_pending(0, intid));
    gic_clear_active(0, intid);
    WAIT_FOR(cpus[0].count[intid] == 1);
    settle();
    expect("deliveries after ICACTIVER", 1, total_count());
    expect("active bit at the end", 0, gic_is_active(0, intid));
    expect("pending bit at the end", 0, gic_is_pending(0, intid));
}

void test_active_register_spi(void)
{
    active_bit_by_register(SPI);
}

void test_active_register_sgi(void)
{
    active_bit_by_register(12);
}

/* The active state is that of the interrupt, so another CPU may set and clear it. */
void test_active_register_other(void)
{
    unsigned last = ncpus - 1;

    gic_enable(0, SPI);
    smp_call(last, write_isactiver, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries while the last CPU has made it active", 0, total_count());
    smp_call(last, write_icactiver, SPI);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    settle();
    expect("deliveries after the last CPU cleared it", 1, total_count());
}

/* An active interrupt stays with nobody when it is re-routed: it is not signalled there either. */
void test_active_reroute(void)
{
    unsigned last = ncpus - 1;

    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge on CPU 0", SPI, poll_ack());
    gic_route(SPI, last);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries on the last CPU while active on CPU 0", 0, cpus[last].count[SPI]);
    gic_eoi(SPI);
    irq_enable();
    WAIT_FOR(cpus[last].count[SPI] == 1);
    settle();
    expect("deliveries there after EOIR", 1, cpus[last].count[SPI]);
    expect("deliveries in total", 1, total_count());
}

/* An edge that comes while the interrupt is active makes it active and pending. */
void test_active_edge(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_set_pending(0, SPI);
    expect("active bit", 1, gic_is_active(0, SPI));
    expect("pending bit", 1, gic_is_pending(0, SPI));
    expect("acknowledge while active and pending", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("active bit after EOIR", 0, gic_is_active(0, SPI));
    expect("pending bit after EOIR", 1, gic_is_pending(0, SPI));
    expect("acknowledge after EOIR", SPI, poll_ack());
    expect("pending bit after that", 0, gic_is_pending(0, SPI));
    gic_eoi(SPI);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* The pending half of active and pending can be taken back alone. */
void test_active_edge_cleared(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_set_pending(0, SPI);
    expect("pending bit", 1, gic_is_pending(0, SPI));
    gic_clear_pending(0, SPI);
    expect("pending bit after ICPENDR", 0, gic_is_pending(0, SPI));
    expect("active bit after ICPENDR", 1, gic_is_active(0, SPI));
    gic_eoi(SPI);
    expect("acknowledge after EOIR", INTID_NONE, poll_nothing());
    irq_enable();
}

/* An active interrupt that is disabled ends as usual; its next edge waits for the enable. */
void test_active_disabled(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_disable(0, SPI);
    expect("active bit after disable", 1, gic_is_active(0, SPI));
    gic_set_pending(0, SPI);
    gic_eoi(SPI);
    expect("active bit after EOIR", 0, gic_is_active(0, SPI));
    expect("running priority after EOIR", PRIORITY_IDLE, running_priority());
    expect("acknowledge while disabled", INTID_NONE, poll_nothing());
    gic_enable(0, SPI);
    expect("acknowledge after enable", SPI, poll_ack());
    gic_eoi(SPI);
    irq_enable();
}

/* With the priority already dropped, ICACTIVER of another CPU does what DIR would do. */
void test_active_icactiver_ends(void)
{
    unsigned last = ncpus - 1;

    work_set_eoimode(1);
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_eoi(SPI);
    gic_set_pending(0, SPI);
    expect("active bit after EOIR", 1, gic_is_active(0, SPI));
    expect("acknowledge while active", INTID_NONE, poll_nothing());
    smp_call(last, write_icactiver, SPI);
    expect("acknowledge after ICACTIVER by the last CPU", SPI, poll_ack());
    gic_eoi(SPI);
    gic_dir(SPI);
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    work_set_eoimode(0);
    irq_enable();
}
