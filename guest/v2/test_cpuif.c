/* SPDX-License-Identifier: MIT */
/* The CPU interface's registers: IHI 0048, section 4.4. */
#include "guest.h"
#include "tests_v2.h"

#define SPI TEST_SPI
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

void test_cpuif_idle(void)
{
    irq_disable();
    expect("GICC_IAR when idle", INTID_NONE, gic_ack());
    expect("GICC_HPPIR when idle", INTID_NONE, gic_hppi());
    expect_hex("GICC_RPR when idle", PRIORITY_IDLE, running_priority());
    gic_eoi(INTID_NONE);
    gic_eoi(INTID_GROUP1);
    expect_hex("GICC_RPR after EOIR of 1023 and 1022", PRIORITY_IDLE, running_priority());
    expect("architecture version in GICC_IIDR", 2, gicc_read(GICC_IIDR) >> 16 & 0xf);
    irq_enable();
}

/* EOIR of the special INTIDs ends nothing. */
void test_cpuif_special(void)
{
    gic_enable(0, SPI);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_eoi(INTID_NONE);
    gic_eoi(INTID_GROUP1);
    expect_hex("running priority after EOIR of 1023 and 1022", DEFAULT_PRIORITY,
               running_priority());
    expect("active bit", 1, gic_is_active(0, SPI));
    gic_eoi(SPI);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    irq_enable();
}

void test_cpuif_control(void)
{
    static const uint32_t bits[] = {GICC_CTLR_GRP0,  GICC_CTLR_GRP1, GICC_CTLR_ACKCTL,
                                    GICC_CTLR_FIQEN, GICC_CTLR_CBPR, GICC_CTLR_EOIMODE};
    unsigned kept = 0;
    uint32_t all = 0;

    irq_disable();
    for (unsigned i = 0; i < LENGTH(bits); i++) {
        gicc_write(GICC_CTLR, bits[i]);
        kept += gicc_read(GICC_CTLR) == bits[i];
        all |= bits[i];
    }
    expect("bits of GICC_CTLR that can be set alone", LENGTH(bits), kept);
    gicc_write(GICC_CTLR, all);
    expect_hex("all of them", all, gicc_read(GICC_CTLR));
    gicc_write(GICC_CTLR, 0);
    expect_hex("none", 0, gicc_read(GICC_CTLR));
    gicc_write(GICC_CTLR, GICC_CTLR_DEFAULT);
    irq_enable();
}

void test_cpuif_masks(void)
{
    irq_disable();
    gic_set_pmr(0x80);
    expect_hex("GICC_PMR", 0x80, gicc_read(GICC_PMR));
    gic_set_pmr(0);
    expect_hex("GICC_PMR after 0 was written", 0, gicc_read(GICC_PMR));
    gicc_write(GICC_BPR, 7);
    gicc_write(GICC_ABPR, 5);
    expect("GICC_BPR", 7, gicc_read(GICC_BPR));
    expect("GICC_ABPR", 5, gicc_read(GICC_ABPR));
    gicc_write(GICC_BPR, 0);
    expect_true("the least value of GICC_BPR is 0 to 3", gicc_read(GICC_BPR) <= 3);
    irq_enable();
}

/* The registers of one CPU are not those of another. */
static uint64_t work_set_pmr(uint64_t pmr)
{
    gic_set_pmr((unsigned)pmr);
    gicc_write(GICC_BPR, 3 + this_cpu()->id % 5);
    return 0;
}

static uint64_t work_pmr_is(uint64_t pmr)
{
    return gicc_read(GICC_PMR) == pmr && gicc_read(GICC_BPR) == 3 + this_cpu()->id % 5;
}

void test_cpuif_banked(void)
{
    unsigned right = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_set_pmr, 0x80 + cpu * 8);
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        right += smp_call(cpu, work_pmr_is, 0x80 + cpu * 8);
    expect("CPUs with their own GICC_PMR and GICC_BPR", ncpus, right);
}

/* Offsets that section 4.4 calls reserved. */
void test_cpuif_reserved(void)
{
    static const uint16_t offsets[] = {0x002c, 0x003c, 0x00f0, 0x00f8, 0x1004, 0x1ffc};
    uint32_t seen = 0;

    irq_disable();
    this_cpu()->aborts_expected = true;
    for (unsigned i = 0; i < LENGTH(offsets); i++) {
        gicc_write(offsets[i], ~0u);
        seen |= gicc_read(offsets[i]);
    }
    this_cpu()->aborts_expected = false;
    expect_hex("bits seen in reserved offsets", 0, seen);
    expect("aborts taken", 0, this_cpu()->aborts);
    irq_enable();
}

static bool unchanged_by_writes(unsigned offset)
{
    uint32_t before = gicc_read(offset);

    gicc_write(offset, ~before);
    return gicc_read(offset) == before;
}

void test_cpuif_read_only(void)
{
    irq_disable();
    expect_true("GICC_IIDR is unchanged by a write", unchanged_by_writes(GICC_IIDR));
    expect_true("GICC_RPR is unchanged by a write", unchanged_by_writes(GICC_RPR));
    expect_true("GICC_HPPIR is unchanged by a write", unchanged_by_writes(GICC_HPPIR));
    gicc_write(GICC_IAR, ~0u);
    expect("GICC_IAR after a write", INTID_NONE, gic_ack());
    irq_enable();
}

/* How many priorities are active, whatever bits stand for them. */
static unsigned active_priorities(unsigned offset)
{
    unsigned count = 0;

    for (unsigned i = 0; i < GICC_APRS; i++) {
        for (uint32_t bits = gicc_read(offset + 4 * i); bits; bits &= bits - 1)
            count++;
    }
    return count;
}

void test_cpuif_apr(void)
{
    uint32_t saved[GICC_APRS];

    gic_set_priority(0, SPI, 0xc0);
    gic_set_priority(0, SPI + 1, 0x60);
    gic_enable(0, SPI);
    gic_enable(0, SPI + 1);
    irq_disable();
    expect("active priorities when idle", 0, active_priorities(GICC_APR));
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect("active priorities", 1, active_priorities(GICC_APR));
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of a higher priority", SPI + 1, poll_ack());
    expect("active priorities", 2, active_priorities(GICC_APR));
    expect("of group 1", 0, active_priorities(GICC_NSAPR));
    /* What system software does to save the state of a CPU, and to bring it back. */
    for (unsigned i = 0; i < GICC_APRS; i++)
        saved[i] = gicc_read(GICC_APR + 4 * i);
    for (unsigned i = 0; i < GICC_APRS; i++)
        gicc_write(GICC_APR + 4 * i, 0);
    expect_hex("running priority with all cleared", PRIORITY_IDLE, running_priority());
    for (unsigned i = 0; i < GICC_APRS; i++)
        gicc_write(GICC_APR + 4 * i, saved[i]);
    expect_hex("running priority with all restored", 0x60, running_priority());
    gic_eoi(SPI + 1);
    expect_hex("running priority after EOIR", 0xc0, running_priority());
    expect("active priorities", 1, active_priorities(GICC_APR));
    gic_eoi(SPI);
    expect("active priorities at the end", 0, active_priorities(GICC_APR));
    irq_enable();
}

/* Those of group 1 may be in registers of their own. */
void test_cpuif_apr_group_1(void)
{
    gic_set_group(0, SPI, 1);
    gic_enable(0, SPI);
    irq_disable();
    gicc_write(GICC_CTLR, GICC_CTLR_DEFAULT | GICC_CTLR_ACKCTL);
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect("active priorities in both", 1,
           active_priorities(GICC_APR) + active_priorities(GICC_NSAPR));
    gic_eoi(SPI);
    expect("active priorities at the end", 0,
           active_priorities(GICC_APR) + active_priorities(GICC_NSAPR));
    irq_enable();
}

/* GICC_HPPIR looks neither at the running priority nor acknowledges. */
void test_cpuif_hppir(void)
{
    gic_set_priority(0, SPI, 0x60);
    gic_set_priority(0, SPI + 1, 0x80);
    gic_enable(0, SPI);
    gic_enable(0, SPI + 1);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_set_pending(0, SPI + 1);
    expect_true("one of lower priority is the highest pending", poll_hppi(SPI + 1));
    expect("acknowledge of it", INTID_NONE, poll_nothing());
    expect("pending bit", 1, gic_is_pending(0, SPI + 1));
    gic_eoi(SPI);
    expect("acknowledge after the end of the first", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    irq_enable();
}

/* The CPU interface switched off and on, with an interrupt pending. */
void test_cpuif_enable(void)
{
    gic_enable(0, SPI);
    gicc_write(GICC_CTLR, 0);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with GICC_CTLR 0", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    irq_disable();
    expect("GICC_IAR", INTID_NONE, gic_ack());
    irq_enable();
    gicc_write(GICC_CTLR, GICC_CTLR_DEFAULT);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    settle();
    expect("deliveries after it was enabled", 1, total_count());
    gic_set_groups_enabled(0);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with GICD_CTLR 0", 1, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    irq_disable();
    expect("GICC_IAR", INTID_NONE, gic_ack());
    irq_enable();
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    WAIT_FOR(cpus[0].count[SPI] == 2);
    expect("deliveries after it was enabled", 2, total_count());
}
