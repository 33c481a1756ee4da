/* SPDX-License-Identifier: MIT */
/* The distributor's registers: IHI 0048, section 4.3. */
#include "guest.h"
#include "tests_v2.h"
#include "timer.h"

#define SPI TEST_SPI
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t gicd_read_byte(unsigned offset)
{
    return mmio_read8(GICD_BASE + offset);
}

static void gicd_write_byte(unsigned offset, uint8_t value)
{
    mmio_write8(GICD_BASE + offset, value);
    dsb();
}

static bool unchanged_by_writes(unsigned offset)
{
    uint32_t before = gicd_read(offset);

    gicd_write(offset, ~before);
    dsb();
    return gicd_read(offset) == before;
}

void test_dist_identify(void)
{
    uint32_t typer = gicd_read(GICD_TYPER);

    expect("architecture version in ICPIDR2", 2, gicd_read(GICD_ICPIDR2) >> 4 & 0xf);
    expect("CPUs by GICD_TYPER.CPUNumber", ncpus, GICD_TYPER_CPU_NUMBER(typer) + 1);
    expect("GICD_TYPER.SecurityExtn", 0, typer & GICD_TYPER_SECURITY_EXTN);
    expect_true("GICD_TYPER says that there are 32 SPIs or more", (typer & 0x1f) >= 1);
    expect_true("GICD_TYPER is unchanged by a write", unchanged_by_writes(GICD_TYPER));
    expect_true("GICD_IIDR is unchanged by a write", unchanged_by_writes(GICD_IIDR));
    expect_true("ICPIDR2 is unchanged by a write", unchanged_by_writes(GICD_ICPIDR2));
}

static uint64_t work_sees(uint64_t typer)
{
    return gicd_read(GICD_TYPER) == (uint32_t)typer &&
           gicd_read(GICD_CTLR) == (GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
}

/* What is not banked is the same for all. */
void test_dist_shared(void)
{
    uint32_t typer = gicd_read(GICD_TYPER);
    unsigned same = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        same += smp_call(cpu, work_sees, typer);
    expect("CPUs that read the same in GICD_TYPER and GICD_CTLR", ncpus, same);
}

void test_dist_control(void)
{
    static const uint32_t values[] = {0, GICD_CTLR_GRP0, GICD_CTLR_GRP1,
                                      GICD_CTLR_GRP0 | GICD_CTLR_GRP1};
    unsigned kept = 0;

    for (unsigned i = 0; i < LENGTH(values); i++) {
        gicd_write(GICD_CTLR, values[i]);
        kept += gicd_read(GICD_CTLR) == values[i];
    }
    expect("values of GICD_CTLR read as they were written", LENGTH(values), kept);
    gicd_write(GICD_CTLR, ~0u);
    expect_hex("GICD_CTLR after ones were written", GICD_CTLR_GRP0 | GICD_CTLR_GRP1,
               gicd_read(GICD_CTLR));
}

/* Offsets that section 4.3 calls reserved, to be read as zero and written without effect. */
void test_dist_reserved(void)
{
    static const uint16_t offsets[] = {0x000c, 0x001c, 0x0040, 0x007c,
                                       0x0f04, 0x0f0c, 0x0f30, 0x0fcc};
    uint32_t seen = 0;

    gic_enable(0, 1);
    this_cpu()->aborts_expected = true;
    for (unsigned i = 0; i < LENGTH(offsets); i++) {
        gicd_write(offsets[i], ~0u);
        dsb();
        seen |= gicd_read(offsets[i]);
    }
    this_cpu()->aborts_expected = false;
    expect_hex("bits seen in reserved offsets", 0, seen);
    expect("aborts taken", 0, this_cpu()->aborts);
    settle();
    expect("interrupts raised by this", 0, total_count());
    expect_hex("GICD_CTLR", GICD_CTLR_GRP0 | GICD_CTLR_GRP1, gicd_read(GICD_CTLR));
}

/* Beyond the INTIDs that GICD_TYPER tells of, there is nothing to set. */
void test_dist_beyond(void)
{
    unsigned words = (gicd_read(GICD_TYPER) & 0x1f) + 1;
    uint32_t seen = 0;

    for (unsigned word = words; word < 32; word++) {
        gicd_write(GICD_ISENABLER + word * 4, ~0u);
        gicd_write(GICD_ISPENDR + word * 4, ~0u);
        gicd_write(GICD_ISACTIVER + word * 4, ~0u);
        gicd_write(GICD_IPRIORITYR + word * 32, ~0u);
        gicd_write(GICD_ITARGETSR + word * 32, ~0u);
        gicd_write(GICD_ICFGR + word * 8, ~0u);
        dsb();
        seen |= gicd_read(GICD_ISENABLER + word * 4) | gicd_read(GICD_ISPENDR + word * 4) |
                gicd_read(GICD_ISACTIVER + word * 4) | gicd_read(GICD_IPRIORITYR + word * 32) |
                gicd_read(GICD_ITARGETSR + word * 32) | gicd_read(GICD_ICFGR + word * 8);
    }
    expect_hex("bits seen beyond the last INTID", 0, seen);
}

void test_dist_priority_bytes(void)
{
    unsigned word = GICD_IPRIORITYR + SPI;

    gicd_write(word, 0x40302010);
    expect_hex("byte 0", 0x10, gicd_read_byte(word));
    expect_hex("byte 1", 0x20, gicd_read_byte(word + 1));
    expect_hex("byte 2", 0x30, gicd_read_byte(word + 2));
    expect_hex("byte 3", 0x40, gicd_read_byte(word + 3));
    gicd_write_byte(word + 2, 0xe0);
    expect_hex("word after a write of byte 2", 0x40e02010, gicd_read(word));
    gicd_write(GICD_IPRIORITYR + 28, 0x80706050);
    gicd_write_byte(GICD_IPRIORITYR + 31, 0);
    expect_hex("private byte 30", 0x70, gicd_read_byte(GICD_IPRIORITYR + 30));
    expect_hex("private word after a write of byte 31", 0x00706050,
               gicd_read(GICD_IPRIORITYR + 28));
}

static bool is_top_bits(uint8_t mask)
{
    /* Section 3.3: the unimplemented bits are the least significant; 16 levels at least. */
    uint8_t low = (uint8_t)~mask;

    return (low & (low + 1)) == 0 && mask >= 0xf0;
}

void test_dist_priority_bits(void)
{
    uint8_t spi, sgi, ppi;

    gic_set_priority(0, SPI, 0xff);
    gic_set_priority(0, 1, 0xff);
    gic_set_priority(0, 20, 0xff);
    spi = gicd_read_byte(GICD_IPRIORITYR + SPI);
    sgi = gicd_read_byte(GICD_IPRIORITYR + 1);
    ppi = gicd_read_byte(GICD_IPRIORITYR + 20);
    expect_true("the implemented priority bits are the upper ones, 4 at least", is_top_bits(spi));
    expect_true("SGIs, PPIs and SPIs have the same", spi == sgi && spi == ppi);
    gic_set_pmr(0xff);
    expect_true("GICC_PMR has the upper bits too, 4 at least",
                is_top_bits((uint8_t)gicc_read(GICC_PMR)));
}

/* Set and clear registers: ones work, zeros do nothing, both read the same. */
static void set_and_clear(unsigned set, unsigned clear)
{
    uint32_t mask = gic_test_spi_mask(TEST_SPIS);

    gicd_write(set, 0x00ff0000 & mask);
    expect_hex("bits", 0x00ff0000 & mask, gicd_read(set) & mask);
    expect_hex("the same in the register that clears", 0x00ff0000 & mask, gicd_read(clear) & mask);
    gicd_write(set, 0x00000f00 & mask);
    expect_hex("bits after more were set", 0x00ff0f00 & mask, gicd_read(set) & mask);
    gicd_write(clear, 0x000f0000);
    expect_hex("bits after some were cleared", 0x00f00f00 & mask, gicd_read(set) & mask);
    gicd_write(clear, 0);
    gicd_write(set, 0);
    expect_hex("bits after zeros were written", 0x00f00f00 & mask, gicd_read(set) & mask);
    gicd_write(clear, ~0u);
    expect_hex("bits after all were cleared", 0, gicd_read(set) & mask);
}

void test_dist_enable_bits(void)
{
    set_and_clear(GICD_ISENABLER + SPI / 32 * 4, GICD_ICENABLER + SPI / 32 * 4);
}

void test_dist_pending_bits(void)
{
    set_and_clear(GICD_ISPENDR + SPI / 32 * 4, GICD_ICPENDR + SPI / 32 * 4);
}

void test_dist_active_bits(void)
{
    set_and_clear(GICD_ISACTIVER + SPI / 32 * 4, GICD_ICACTIVER + SPI / 32 * 4);
}

void test_dist_group_bits(void)
{
    unsigned word = GICD_IGROUPR + SPI / 32 * 4;

    gicd_write(word, 0x00aa5500);
    expect_hex("IGROUPR as it was written", 0x00aa5500, gicd_read(word));
    gicd_write(word, ~0u);
    expect_hex("after ones were written", ~0u, gicd_read(word));
    gicd_write(word, 0);
    expect_hex("after zeros were written", 0, gicd_read(word));
}

void test_dist_config(void)
{
    unsigned offset = GICD_ICFGR + SPI / 16 * 4;

    gicd_write(GICD_ICFGR, 0);
    expect_hex("odd bits of ICFGR0 after a write of 0: all SGIs are edge-triggered:", 0xaaaaaaaa,
               gicd_read(GICD_ICFGR) & 0xaaaaaaaa);
    gicd_write(offset, 0);
    expect_hex("SPIs made level-sensitive", 0, gicd_read(offset) & 0xaaaaaaaa);
    gicd_write(offset, 0xaaaaaaaa);
    expect_hex("SPIs made edge-triggered", 0xaaaaaaaa, gicd_read(offset) & 0xaaaaaaaa);
    gic_set_edge(SPI, false);
    expect_hex("one of them made level-sensitive", 0xaaaaaaaa & ~(2u << (SPI % 16 * 2)),
               gicd_read(offset) & 0xaaaaaaaa);
}

/* Every CPU writes values of its own to the banked registers, then all look whether they stayed. */
static uint8_t own_priority(unsigned cpu, unsigned intid)
{
    return (uint8_t)((cpu * 5 + intid) % 16 << 4);
}

static uint32_t own_enables(unsigned cpu)
{
    return (cpu % 2 ? 1u << TIMER_VIRTUAL : 1u << TIMER_PHYSICAL);
}

static uint32_t own_groups(unsigned cpu)
{
    return 0x01010101u << cpu;
}

static uint32_t own_active(unsigned cpu)
{
    return 0x01000001u << cpu;
}

#define TIMER_BITS (1u << TIMER_VIRTUAL | 1u << TIMER_PHYSICAL)

static uint64_t work_write_banked(uint64_t unused)
{
    unsigned cpu = this_cpu()->id;

    for (unsigned intid = 0; intid < INTID_SPI; intid++)
        gicd_write_byte(GICD_IPRIORITYR + intid, own_priority(cpu, intid));
    gicd_write(GICD_ICENABLER, ~0u);
    gicd_write(GICD_ISENABLER, own_enables(cpu));
    gicd_write(GICD_IGROUPR, own_groups(cpu));
    gicd_write(GICD_ISACTIVER, own_active(cpu));
    dsb();
    return unused;
}

static uint64_t work_check_banked(uint64_t unused)
{
    unsigned cpu = this_cpu()->id;
    bool right = (gicd_read(GICD_ISENABLER) & TIMER_BITS) == own_enables(cpu) &&
                 gicd_read(GICD_IGROUPR) == own_groups(cpu) &&
                 gicd_read(GICD_ISACTIVER) == own_active(cpu);

    (void)unused;
    for (unsigned intid = 0; intid < INTID_SPI; intid++)
        right &= gicd_read_byte(GICD_IPRIORITYR + intid) == own_priority(cpu, intid);
    gicd_write(GICD_ICACTIVER, ~0u);
    return right;
}

void test_dist_banked(void)
{
    unsigned right = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_write_banked, 0);
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        right += smp_call(cpu, work_check_banked, 0);
    expect("CPUs with their own priorities, enables, groups and active bits", ncpus, right);
}

/*
 * Of private interrupts, the target register says who reads it. With one CPU there are no target
 * registers: they read as zero.
 */
static uint64_t work_targets_private(uint64_t unused)
{
    uint8_t own = (uint8_t)(ncpus > 1 ? 1u << this_cpu()->id : 0);
    bool right = true;

    (void)unused;
    for (unsigned intid = 0; intid < INTID_SPI; intid++) {
        gicd_write_byte(GICD_ITARGETSR + intid, (uint8_t)~own);
        right &= gicd_read_byte(GICD_ITARGETSR + intid) == own;
    }
    gicd_write(GICD_ITARGETSR + 28, 0);
    right &= gicd_read(GICD_ITARGETSR + 28) == own * 0x01010101u;
    return right;
}

void test_dist_targets_private(void)
{
    unsigned right = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        right += smp_call(cpu, work_targets_private, 0);
    expect("CPUs that read themselves in ITARGETSR0 to 7, unchanged by writes", ncpus, right);
}

void test_dist_targets_bytes(void)
{
    unsigned word = GICD_ITARGETSR + SPI;
    uint32_t all = ncpus > 1 ? (1u << ncpus) - 1 : 0;
    uint32_t last = ncpus > 1 ? 1u << (ncpus - 1) : 0;

    gicd_write(word, 0);
    expect_true("no targets", gicd_read(word) == 0);
    gicd_write_byte(word + 2, (uint8_t)last);
    expect_true("the last CPU, written to byte 2", gicd_read(word) == last << 16);
    expect_true("byte 2", gicd_read_byte(word + 2) == last);
    expect_true("byte 1", gicd_read_byte(word + 1) == 0);
    gicd_write(word, all * 0x01010101u);
    expect_true("all CPUs in all bytes", gicd_read(word) == all * 0x01010101u);
}

/* No targets: nobody gets it. */
void test_dist_targets_none(void)
{
    gic_set_targets(SPI, 0);
    gic_enable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries without targets", 0, total_count());
    gic_clear_pending(0, SPI);
    gic_route(SPI, ncpus - 1);
    settle();
    expect("deliveries after ICPENDR, with a target", 0, total_count());
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[ncpus - 1].count[SPI] == 1);
    expect("deliveries after ISPENDR, with a target", 1, total_count());
}

/* Changing the targets moves a level that is waiting. */
static void clear_uart(unsigned ack)
{
    (void)ack;
    uart_clear_tx();
}

void test_dist_targets_level(void)
{
    unsigned last = ncpus - 1;
    uint32_t before, after;
    bool pending;

    uart_clear_tx();
    uart_printf("# the line is high while the interrupt has no target\n");
    WAIT_FOR(uart_tx_raised());
    cpus[last].hook = clear_uart;
    gic_set_targets(UART_INTID, 0);
    gic_enable(0, UART_INTID);
    uart_mask_tx(true);
    settle();
    before = total_count();
    pending = gic_is_pending(0, UART_INTID);
    gic_route(UART_INTID, last);
    WAIT_FOR(cpus[last].count[UART_INTID] == 1);
    settle();
    after = cpus[last].count[UART_INTID];
    uart_mask_tx(false);
    expect("deliveries without targets", 0, before);
    expect("pending bit", 1, pending);
    expect("deliveries at the last CPU when it is the target", 1, after);
    expect("deliveries in total", 1, total_count());
}

/* ISPENDR and ICPENDR do nothing to SGIs. */
void test_dist_pending_sgis(void)
{
    gic_enable(0, 3);
    irq_disable();
    gicd_write(GICD_ISPENDR, 0xffff);
    dsb();
    expect_hex("pending bits of SGIs after ISPENDR", 0, gicd_read(GICD_ISPENDR) & 0xffff);
    expect("acknowledge", INTID_NONE, poll_nothing());
    gic_send_sgi(3, 1);
    expect_true("a sent SGI is pending", poll_hppi(3));
    gicd_write(GICD_ICPENDR, 0xffff);
    dsb();
    expect_hex("pending bits of SGIs after ICPENDR", 1u << 3, gicd_read(GICD_ISPENDR) & 0xffff);
    expect_hex("the same in ICPENDR", 1u << 3, gicd_read(GICD_ICPENDR) & 0xffff);
    expect("acknowledge", 3, poll_ack());
    gic_eoi(3);
    irq_enable();
}

/* ISPENDR raises a PPI that has no line up, here that of a stopped timer. */
void test_dist_pending_ppi(void)
{
    gic_set_pending(0, TIMER_VIRTUAL);
    expect("pending bit after ISPENDR", 1, gic_is_pending(0, TIMER_VIRTUAL));
    gic_clear_pending(0, TIMER_VIRTUAL);
    expect("pending bit after ICPENDR", 0, gic_is_pending(0, TIMER_VIRTUAL));
    gic_enable(0, TIMER_VIRTUAL);
    gic_set_pending(0, TIMER_VIRTUAL);
    WAIT_FOR(cpus[0].count[TIMER_VIRTUAL] == 1);
    settle();
    expect("deliveries after ISPENDR", 1, total_count());
    expect("pending bit after delivery", 0, gic_is_pending(0, TIMER_VIRTUAL));
}

/* ICPENDR does nothing to a line that is up. */
void test_dist_clear_ppi(void)
{
    irq_disable();
    gic_enable(0, TIMER_VIRTUAL);
    timer_start(TIMER_VIRTUAL, 0);
    expect_true("an expired timer is the highest pending interrupt", poll_hppi(TIMER_VIRTUAL));
    gic_clear_pending(0, TIMER_VIRTUAL);
    expect("pending bit after ICPENDR", 1, gic_is_pending(0, TIMER_VIRTUAL));
    expect("acknowledge", TIMER_VIRTUAL, poll_ack());
    timer_stop(TIMER_VIRTUAL);
    gic_eoi(TIMER_VIRTUAL);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}
