/* SPDX-License-Identifier: MIT */
/* The memory-mapped registers: IHI 0069, sections 12.1.3 and 12.8 to 12.11. */
#include "guest.h"
#include "tests_v3.h"

#define SPI TEST_SPI
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Registers that do not exist with one Security state and affinity routing. */
#define GICD_IGRPMODR 0x0d00
#define GICD_NSACR 0x0e00

void test_mmio_priority_bytes(void)
{
    unsigned word = GICD_IPRIORITYR + SPI;

    gicd_write(word, 0x40302010);
    expect_hex("byte 0", 0x10, mmio_read8(GICD_BASE + word));
    expect_hex("byte 1", 0x20, mmio_read8(GICD_BASE + word + 1));
    expect_hex("byte 2", 0x30, mmio_read8(GICD_BASE + word + 2));
    expect_hex("byte 3", 0x40, mmio_read8(GICD_BASE + word + 3));
    mmio_write8(GICD_BASE + word + 2, 0xe0);
    expect_hex("word after a write of byte 2", 0x40e02010, gicd_read(word));
    gicr_write(0, GICR_IPRIORITYR + 28, 0x80706050);
    mmio_write8(gicr_address(0, GICR_IPRIORITYR + 31), 0);
    expect_hex("private byte 30", 0x70, mmio_read8(gicr_address(0, GICR_IPRIORITYR + 30)));
    expect_hex("private word after a write of byte 31", 0x00706050,
               gicr_read(0, GICR_IPRIORITYR + 28));
}

void test_mmio_router(void)
{
    uintptr_t router = GICD_BASE + GICD_IROUTER + SPI * 8;
    uint32_t aff3 = gicd_read(GICD_TYPER) & GICD_TYPER_A3V ? 1 : 0;

    mmio_write64(router, 1);
    expect_hex("64 bits after a write of 64", 1, mmio_read64(router));
    /* Not Interrupt_Routing_Mode: it is RES0 where GICD_TYPER.No1N says so. */
    mmio_write32(router, 0x00030201);
    expect_hex("lower half", 0x00030201, mmio_read32(router));
    expect_hex("upper half", 0, mmio_read32(router + 4));
    expect_hex("64 bits", 0x00030201, mmio_read64(router));
    mmio_write32(router, 0);
    mmio_write32(router + 4, 1);
    expect("lower half after a write of the upper", 0, mmio_read32(router));
    expect_true("the upper half has Aff3 as GICD_TYPER.A3V says", mmio_read32(router + 4) == aff3);
    mmio_write32(router, 1);
    expect_true("it is kept when the lower half is written", mmio_read32(router + 4) == aff3);
    mmio_write64(router, 0);
    expect_hex("64 bits after a write of 0", 0, mmio_read64(router));
    expect_hex("the neighbour's register", 0, mmio_read64(router + 8));
}

/* Offsets that no version of the architecture before GICv5 assigns. */
void test_mmio_reserved(void)
{
    static const uint16_t gicd[] = {0x0014, 0x0018, 0x0060, 0x007c, 0x0f30, 0x0f7c};
    static const uint32_t gicr[] = {0x0050, 0x0080, 0x00d0, 0x10004, 0x10d40};
    uint32_t seen = 0;

    this_cpu()->aborts_expected = true;
    for (unsigned i = 0; i < LENGTH(gicd); i++) {
        gicd_write(gicd[i], ~0u);
        dsb();
        seen |= gicd_read(gicd[i]);
    }
    expect_hex("bits seen in reserved offsets of GICD", 0, seen);
    for (unsigned i = 0; i < LENGTH(gicr); i++) {
        gicr_write(0, gicr[i], ~0u);
        dsb();
        seen |= gicr_read(0, gicr[i]);
    }
    expect_hex("bits seen in reserved offsets of GICR", 0, seen);
    expect("aborts taken", 0, this_cpu()->aborts);
    this_cpu()->aborts_expected = false;
}

/* SGIs and PPIs are in the redistributors; the distributor reads as zero for them. */
void test_mmio_private_in_gicd(void)
{
    static const uint16_t bitmaps[] = {GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                       GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER};
    uint32_t seen = 0;

    gic_enable(0, 15);
    for (unsigned i = 0; i < LENGTH(bitmaps); i++) {
        gicd_write(bitmaps[i], ~0u);
        dsb();
        seen |= gicd_read(bitmaps[i]);
    }
    expect_hex("bits seen in the seven bit maps", 0, seen);
    for (unsigned i = 0; i < 32; i += 4) {
        gicd_write(GICD_IPRIORITYR + i, ~0u);
        seen |= gicd_read(GICD_IPRIORITYR + i);
    }
    expect_hex("bits seen in the priorities", 0, seen);
    gicd_write(GICD_ICFGR + 4, ~0u);
    expect_hex("bits seen in the configuration", 0,
               gicd_read(GICD_ICFGR) | gicd_read(GICD_ICFGR + 4));
    settle();
    expect("SGIs raised by this", 0, total_count());
    expect("the SGI of the redistributor is still enabled", 1, gic_is_enabled(0, 15));
}

void test_mmio_router_private(void)
{
    uint64_t seen = 0;

    for (unsigned intid = 0; intid < 32; intid++) {
        mmio_write64(GICD_BASE + GICD_IROUTER + intid * 8, 1);
        seen |= mmio_read64(GICD_BASE + GICD_IROUTER + intid * 8);
    }
    expect_hex("bits seen in IROUTER of private interrupts", 0, seen);
}

/* Registers for GICs without affinity routing, and for two Security states. */
void test_mmio_legacy(void)
{
    uint32_t seen = 0;

    gicd_write(GICD_ITARGETSR + SPI, 0x01010101);
    seen |= gicd_read(GICD_ITARGETSR + SPI) | gicd_read(GICD_ITARGETSR);
    expect_hex("bits seen in ITARGETSR", 0, seen);
    gic_enable(0, 3);
    gicd_write(GICD_SGIR, 2u << 24 | 3);
    gicd_write(GICD_SPENDSGIR, ~0u);
    settle();
    expect("SGIs raised by SGIR and SPENDSGIR", 0, total_count());
    expect_hex("bits seen in CPENDSGIR", 0, gicd_read(GICD_CPENDSGIR));
    if (!(gicd_read(GICD_CTLR) & GICD_CTLR_DS))
        return;
    gicd_write(GICD_IGRPMODR + 4, ~0u);
    gicd_write(GICD_NSACR + SPI / 16 * 4, ~0u);
    expect_hex("bits seen in IGRPMODR", 0, gicd_read(GICD_IGRPMODR + 4));
    expect_hex("bits seen in NSACR", 0, gicd_read(GICD_NSACR + SPI / 16 * 4));
}

static bool unchanged_by_writes(uintptr_t address)
{
    uint32_t before = mmio_read32(address);

    mmio_write32(address, ~before);
    dsb();
    return mmio_read32(address) == before;
}

void test_mmio_read_only(void)
{
    expect_true("GICD_TYPER is unchanged by a write", unchanged_by_writes(GICD_BASE + GICD_TYPER));
    expect_true("GICD_IIDR is unchanged by a write", unchanged_by_writes(GICD_BASE + GICD_IIDR));
    expect_true("GICD_PIDR2 is unchanged by a write", unchanged_by_writes(GICD_BASE + GICD_PIDR2));
    expect_true("GICR_TYPER is unchanged by a write",
                unchanged_by_writes(gicr_address(0, GICR_TYPER)) &&
                    unchanged_by_writes(gicr_address(0, GICR_TYPER + 4)));
    expect_true("GICR_PIDR2 is unchanged by a write",
                unchanged_by_writes(gicr_address(0, GICR_PIDR2)));
    expect("architecture version in GICD_PIDR2", 3, gicd_read(GICD_PIDR2) >> 4 & 0xf);
    expect("architecture version in GICR_PIDR2", 3, gicr_read(0, GICR_PIDR2) >> 4 & 0xf);
}

void test_mmio_control(void)
{
    uint32_t both = GICD_CTLR_GRP0 | GICD_CTLR_GRP1;

    expect("GICD_CTLR.ARE", 1, (gicd_read(GICD_CTLR) & GICD_CTLR_ARE) != 0);
    expect("GICD_CTLR.DS", 1, (gicd_read(GICD_CTLR) & GICD_CTLR_DS) != 0);
    expect("both group enables", both, gicd_read(GICD_CTLR) & both);
    gic_set_groups_enabled(GICD_CTLR_GRP1);
    expect("group enables after group 0 was disabled", GICD_CTLR_GRP1, gicd_read(GICD_CTLR) & both);
    gic_set_groups_enabled(GICD_CTLR_GRP0);
    expect("group enables after they were exchanged", GICD_CTLR_GRP0, gicd_read(GICD_CTLR) & both);
    expect_true("GICD_TYPER says that there are 32 SPIs or more",
                (gicd_read(GICD_TYPER) & 0x1f) >= 1);
}

void test_mmio_config(void)
{
    unsigned offset = GICD_ICFGR + SPI / 16 * 4;
    uint32_t sgis = gicr_read(0, GICR_ICFGR0);

    expect_hex("odd bits of ICFGR0: all SGIs are edge-triggered:", 0xaaaaaaaa, sgis & 0xaaaaaaaa);
    gicr_write(0, GICR_ICFGR0, 0);
    expect_true("ICFGR0 is unchanged by a write of 0", gicr_read(0, GICR_ICFGR0) == sgis);
    gicd_write(offset, 0);
    expect_hex("SPIs made level-sensitive", 0, gicd_read(offset) & 0xaaaaaaaa);
    gicd_write(offset, 0xaaaaaaaa);
    expect_hex("SPIs made edge-triggered", 0xaaaaaaaa, gicd_read(offset) & 0xaaaaaaaa);
    gic_set_edge(SPI, false);
    expect_hex("one of them made level-sensitive", 0xaaaaaaaa & ~(2u << (SPI % 16 * 2)),
               gicd_read(offset) & 0xaaaaaaaa);
}

/* Set and clear registers: ones work, zeros do nothing, both read the same. */
void test_mmio_set_clear(void)
{
    unsigned set = GICD_ISENABLER + SPI / 32 * 4;
    unsigned clear = GICD_ICENABLER + SPI / 32 * 4;
    uint32_t mask = gic_test_spi_mask(TEST_SPIS);

    gicd_write(set, 0x00ff0000 & mask);
    expect_hex("enable bits", 0x00ff0000 & mask, gicd_read(set));
    expect_hex("the same in ICENABLER", 0x00ff0000 & mask, gicd_read(clear));
    gicd_write(set, 0x00000f00 & mask);
    expect_hex("enable bits after more were set", 0x00ff0f00 & mask, gicd_read(set));
    gicd_write(clear, 0x000f0000);
    gicd_wait_rwp();
    expect_hex("enable bits after some were cleared", 0x00f00f00 & mask, gicd_read(set));
    gicd_write(clear, 0);
    gicd_write(set, 0);
    gicd_wait_rwp();
    expect_hex("enable bits after zeros were written", 0x00f00f00 & mask, gicd_read(set));
}

static bool is_top_bits(uint8_t mask)
{
    /* Section 4.8: the unimplemented bits are the least significant; 16 levels at least. */
    uint8_t low = (uint8_t)~mask;

    return (low & (low + 1)) == 0 && mask >= 0xf0;
}

void test_mmio_priority_bits(void)
{
    uint8_t spi, sgi, ppi;

    gic_set_priority(0, SPI, 0xff);
    gic_set_priority(0, 1, 0xff);
    gic_set_priority(0, 20, 0xff);
    spi = mmio_read8(GICD_BASE + GICD_IPRIORITYR + SPI);
    sgi = mmio_read8(gicr_address(0, GICR_IPRIORITYR + 1));
    ppi = mmio_read8(gicr_address(0, GICR_IPRIORITYR + 20));
    expect_true("the implemented priority bits are the upper ones, 4 at least", is_top_bits(spi));
    expect_true("SGIs, PPIs and SPIs have the same", spi == sgi && spi == ppi);
    write_sysreg(ICC_PMR_EL1, 0xff);
    expect_true("ICC_PMR_EL1 has the upper bits too, 4 at least",
                is_top_bits(read_sysreg(ICC_PMR_EL1) & 0xff));
}

/* Each CPU has a frame of its own, and the last one says so. */
void test_mmio_frames(void)
{
    unsigned right = 0;
    unsigned frames = 0;
    uint64_t typer;

    do {
        typer = mmio_read64(gicr_address(frames, GICR_TYPER));
        right += typer >> 32 == frames;
        expect_true("the halves of GICR_TYPER agree with the whole",
                    gicr_read(frames, GICR_TYPER) == (uint32_t)typer &&
                        gicr_read(frames, GICR_TYPER + 4) == typer >> 32);
        frames++;
    } while (!(typer & GICR_TYPER_LAST) && frames < MAX_CPUS);
    expect("redistributors, the last one marked,", ncpus, frames);
    expect("redistributors with the affinity of their CPU", ncpus, right);
}

void test_mmio_sysregs(void)
{
    irq_disable();
    expect("ICC_SRE_EL1.SRE", 1, read_sysreg(ICC_SRE_EL1) & 1);
    expect("ICC_IAR0_EL1 when idle", INTID_NONE, read_sysreg(ICC_IAR0_EL1));
    expect("ICC_IAR1_EL1 when idle", INTID_NONE, read_sysreg(ICC_IAR1_EL1));
    expect("ICC_HPPIR0_EL1 when idle", INTID_NONE, read_sysreg(ICC_HPPIR0_EL1));
    expect("ICC_HPPIR1_EL1 when idle", INTID_NONE, read_sysreg(ICC_HPPIR1_EL1));
    expect_hex("ICC_RPR_EL1 when idle", PRIORITY_IDLE, running_priority());
    expect("ICC_IGRPEN0_EL1", 1, read_sysreg(ICC_IGRPEN0_EL1));
    expect("ICC_IGRPEN1_EL1", 1, read_sysreg(ICC_IGRPEN1_EL1));
    write_sysreg(ICC_IGRPEN1_EL1, 0);
    expect("ICC_IGRPEN1_EL1 after 0 was written", 0, read_sysreg(ICC_IGRPEN1_EL1));
    write_sysreg(ICC_PMR_EL1, 0x80);
    expect_hex("ICC_PMR_EL1 after 0x80 was written", 0x80, read_sysreg(ICC_PMR_EL1));
    gic_eoi(INTID_NONE);
    expect_hex("ICC_RPR_EL1 after EOIR of 1023", PRIORITY_IDLE, running_priority());
    irq_enable();
}
