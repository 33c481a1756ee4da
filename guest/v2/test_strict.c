/* SPDX-License-Identifier: MIT */
/*
 * What IHI 0048 asks for and QEMU 7.2's own GICv2 does not do; README.md has the list. These tests
 * are an image of their own, because they pass on libvgic only.
 */
#include "guest.h"
#include "tests_v2.h"
#include "timer.h"

#define SPI TEST_SPI
#define SGI 6

/* GICC_IIDR[31:20] of the CPU interface that libvgic has in software. */
#define PRODUCT_LIBVGIC 0x4c0

/* With list registers, the CPU interface is the hardware's: where that is QEMU's, it is QEMU's. */
static bool is_own_cpu_interface(void)
{
    bool own = gicc_read(GICC_IIDR) >> 20 == PRODUCT_LIBVGIC;

    if (!own)
        uart_printf("# not this CPU interface: it is not libvgic's\n");
    return own;
}

static uint32_t all_cpus(void)
{
    return (1u << ncpus) - 1;
}

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

/* An edge that has no target waits for one: GICD_ITARGETSR, section 4.3.12. */
void test_strict_targets_none(void)
{
    unsigned last = ncpus - 1;

    gic_set_targets(SPI, 0);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries without targets", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    gic_route(SPI, last);
    WAIT_FOR(cpus[last].count[SPI] == 1);
    settle();
    expect("deliveries after a target was set", 1, cpus[last].count[SPI]);
    expect("deliveries in total", 1, total_count());
}

/* Targets and SGI sources that are no CPUs cannot be set: sections 4.3.12, 4.3.16 and 4.3.17. */
void test_strict_absent(void)
{
    uint32_t targets = ncpus > 1 ? all_cpus() : 0;

    gicd_write(GICD_ITARGETSR + SPI, ~0u);
    expect_true("targets are CPUs that are there",
                gicd_read(GICD_ITARGETSR + SPI) == targets * 0x01010101u);
    irq_disable();
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + SGI, 0xff);
    expect_true("so are sources of SGIs",
                mmio_read8(GICD_BASE + GICD_SPENDSGIR + SGI) == all_cpus());
    mmio_write8(GICD_BASE + GICD_CPENDSGIR + SGI, 0xff);
    irq_enable();
}

/* Zeros written to SPENDSGIR make nothing pending. */
void test_strict_source_zeros(void)
{
    irq_disable();
    gicd_write(GICD_SPENDSGIR + 8, 0x01000001);
    dsb();
    expect_hex("pending bits of SGIs", 0x900, gicd_read(GICD_ISPENDR) & 0xffff);
    gicd_write(GICD_CPENDSGIR + 8, 0x01000001);
    dsb();
    expect_hex("pending bits after CPENDSGIR", 0, gicd_read(GICD_ISPENDR) & 0xffff);
    irq_enable();
}

/* The pending bit of a PPI is that of one CPU, whether it is set or cleared. */
static uint64_t work_pend_ppi(uint64_t intid)
{
    struct cpu *cpu = this_cpu();

    gic_enable(cpu->id, (unsigned)intid);
    gic_set_pending(cpu->id, (unsigned)intid);
    WAIT_FOR(cpu->count[intid] == 1);
    return cpu->count[intid];
}

void test_strict_ppi_banked(void)
{
    unsigned last = ncpus - 1;
    unsigned good = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        good += smp_call(cpu, work_pend_ppi, TIMER_VIRTUAL) == 1;
    settle();
    expect("CPUs that got the PPI they made pending", ncpus, good);
    expect("deliveries in total", ncpus, total_count());
    gic_disable(last, TIMER_VIRTUAL);
    gic_set_pending(last, TIMER_VIRTUAL);
    gic_clear_pending(0, TIMER_VIRTUAL);
    expect("pending bit of the last CPU after ICPENDR of CPU 0", last != 0,
           gic_is_pending(last, TIMER_VIRTUAL));
    gic_clear_pending(last, TIMER_VIRTUAL);
}

/* GICC_HPPIR has the source of an SGI: section 4.4.8. */
static uint64_t work_send_to_0(uint64_t sgi)
{
    gic_send_sgi((unsigned)sgi, 1);
    return 0;
}

void test_strict_hppir_source(void)
{
    unsigned last = ncpus - 1;

    if (!is_own_cpu_interface())
        return;
    gic_enable(0, SGI);
    irq_disable();
    smp_call(last, work_send_to_0, SGI);
    expect_true("GICC_HPPIR has the SGI and the last CPU", poll_hppi(gic_sgi_of(SGI, last)));
    expect_true("so has GICC_IAR", poll_ack() == gic_sgi_of(SGI, last));
    gic_eoi(gic_sgi_of(SGI, last));
    irq_enable();
}

/* A disabled group cannot be acknowledged, and does not stand in the way of the other. */
void test_strict_not_in_the_way(void)
{
    set_up(SPI, 0, 0x20);
    set_up(SPI + 1, 1, 0x80);
    control(GICC_CTLR_ACKCTL);
    polling(true);
    gic_set_groups_enabled(GICD_CTLR_GRP1);
    gic_set_pending_many(2);
    expect("acknowledge with group 0 disabled in GICD_CTLR", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    gic_set_pending(0, SPI + 1);
    expect("acknowledge with group 0 disabled in GICC_CTLR", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    control(GICC_CTLR_ACKCTL);
    expect("acknowledge after it was enabled", SPI, poll_ack());
    gic_eoi(SPI);
    polling(false);
}

/* GICC_AIAR, GICC_AHPPIR and GICC_AEOIR are group 1's own, whatever AckCtl is. */
void test_strict_aliases(void)
{
    if (!is_own_cpu_interface())
        return;
    set_up(SPI, 1, 0x80);
    set_up(SPI + 1, 0, 0x40);
    polling(true);
    gic_set_pending(0, SPI);
    expect_true("GICC_HPPIR is 1022", poll_hppi(INTID_GROUP1));
    expect("GICC_AHPPIR", SPI, gicc_read(GICC_AHPPIR));
    expect("GICC_AIAR", SPI, gicc_read(GICC_AIAR));
    expect_hex("running priority", 0x80, running_priority());
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of group 0", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    gicc_write(GICC_AEOIR, SPI);
    expect_hex("running priority after AEOIR", PRIORITY_IDLE, running_priority());
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    gic_set_pending(0, SPI + 1);
    expect_true("group 0 is pending", poll_hppi(SPI + 1));
    expect("GICC_AHPPIR with group 0 pending", INTID_NONE, gicc_read(GICC_AHPPIR));
    expect("GICC_AIAR with group 0 pending", INTID_NONE, gicc_read(GICC_AIAR));
    expect("acknowledge of group 0", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    polling(false);
}

/* The least binary point of group 1 is one more than that of group 0: section 4.4.7. */
void test_strict_abpr(void)
{
    if (!is_own_cpu_interface())
        return;
    gicc_write(GICC_BPR, 0);
    gicc_write(GICC_ABPR, 0);
    expect_true("the least value of GICC_ABPR is one more than that of GICC_BPR",
                gicc_read(GICC_ABPR) == gicc_read(GICC_BPR) + 1);
}
