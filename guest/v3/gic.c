/* SPDX-License-Identifier: MIT */
#include "gic.h"
#include "guest.h"

/* Write to, or read, the register of a bit map that has the bit of the interrupt. */
static void write_bit(unsigned cpu, unsigned intid, unsigned gicd_offset, unsigned gicr_offset)
{
    uint32_t bit = 1u << (intid % 32);

    if (intid < INTID_SPI)
        gicr_write(cpu, gicr_offset, bit);
    else
        gicd_write(gicd_offset + intid / 32 * 4, bit);
    dsb();
}

static bool read_bit(unsigned cpu, unsigned intid, unsigned gicd_offset, unsigned gicr_offset)
{
    uint32_t bits;

    if (intid < INTID_SPI)
        bits = gicr_read(cpu, gicr_offset);
    else
        bits = gicd_read(gicd_offset + intid / 32 * 4);
    return bits >> (intid % 32) & 1;
}

bool gicd_wait_rwp(void)
{
    return WAIT_FOR(!(gicd_read(GICD_CTLR) & GICD_CTLR_RWP));
}

bool gicr_wait_rwp(unsigned cpu)
{
    return WAIT_FOR(!(gicr_read(cpu, GICR_CTLR) & GICR_CTLR_RWP));
}

void gic_enable(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISENABLER, GICR_ISENABLER0);
}

void gic_disable(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICENABLER, GICR_ICENABLER0);
    if (intid < INTID_SPI)
        gicr_wait_rwp(cpu);
    else
        gicd_wait_rwp();
}

bool gic_is_enabled(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISENABLER, GICR_ISENABLER0);
}

void gic_set_pending(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISPENDR, GICR_ISPENDR0);
}

void gic_clear_pending(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICPENDR, GICR_ICPENDR0);
}

bool gic_is_pending(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISPENDR, GICR_ISPENDR0);
}

void gic_set_active(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISACTIVER, GICR_ISACTIVER0);
}

void gic_clear_active(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICACTIVER, GICR_ICACTIVER0);
}

bool gic_is_active(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISACTIVER, GICR_ISACTIVER0);
}

void gic_set_priority(unsigned cpu, unsigned intid, uint8_t priority)
{
    if (intid < INTID_SPI)
        mmio_write8(gicr_address(cpu, GICR_IPRIORITYR + intid), priority);
    else
        mmio_write8(GICD_BASE + GICD_IPRIORITYR + intid, priority);
    dsb();
}

/* Write one bit of a bit map that has no registers for setting and clearing. */
static void put_bit(unsigned cpu, unsigned intid, unsigned gicd_offset, unsigned gicr_offset,
                    bool value)
{
    uint32_t bit = 1u << (intid % 32);
    unsigned offset = gicd_offset + intid / 32 * 4;
    uint32_t old = intid < INTID_SPI ? gicr_read(cpu, gicr_offset) : gicd_read(offset);
    uint32_t bits = value ? old | bit : old & ~bit;

    if (intid < INTID_SPI)
        gicr_write(cpu, gicr_offset, bits);
    else
        gicd_write(offset, bits);
    dsb();
}

void gic_set_group(unsigned cpu, unsigned intid, unsigned group)
{
    put_bit(cpu, intid, GICD_IGROUPR, GICR_IGROUPR0, group);
}

bool gic_has_nmi(void)
{
    return gicd_read(GICD_TYPER) & GICD_TYPER_NMI;
}

bool cpu_has_nmi(void)
{
    return read_sysreg(id_aa64pfr1_el1) >> 36 & 0xf;
}

void gic_set_nmi(unsigned cpu, unsigned intid, bool nmi)
{
    put_bit(cpu, intid, GICD_INMIR, GICR_INMIR0, nmi);
}

void gic_route(unsigned intid, unsigned cpu)
{
    /* The CPUs differ in Aff0 only. */
    mmio_write64(GICD_BASE + GICD_IROUTER + intid * 8, cpu);
    dsb();
}

void gic_route_to_any(unsigned intid)
{
    mmio_write64(GICD_BASE + GICD_IROUTER + intid * 8, GICD_IROUTER_IRM);
    dsb();
}

void gic_set_groups_enabled(uint32_t groups)
{
    gicd_write(GICD_CTLR, GICD_CTLR_ARE | groups);
    gicd_wait_rwp();
}

bool gic_all_sgis_pending(unsigned cpu)
{
    return (gicr_read(cpu, GICR_ISPENDR0) & 0xffff) == 0xffff;
}

/* Only INTIDs 32 to 63 are used, so the others keep their state of reset: disabled. */
void gic_reset_distributor(void)
{
    gicd_write(GICD_CTLR, 0);
    gicd_wait_rwp();
    gicd_write(GICD_CTLR, GICD_CTLR_ARE);
    gicd_wait_rwp();
    gicd_write(GICD_ICENABLER + 4, ~0u);
    gicd_wait_rwp();
    gicd_write(GICD_ICPENDR + 4, ~0u);
    gicd_write(GICD_ICACTIVER + 4, ~0u);
    gicd_write(GICD_IGROUPR + 4, ~0u);
    if (gic_has_nmi())
        gicd_write(GICD_INMIR + 4, 0);
    for (unsigned intid = 32; intid < 64; intid += 4)
        gicd_write(GICD_IPRIORITYR + intid, DEFAULT_PRIORITY * 0x01010101u);
    for (unsigned intid = 32; intid < 64; intid++)
        gic_route(intid, 0);
    /* Edge-triggered, except for the UART. */
    gicd_write(GICD_ICFGR + 8, 0xaaaaaaaau);
    gicd_write(GICD_ICFGR + 12, 0xaaaaaaaau);
    gic_set_edge(UART_INTID, false);
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
}

void gic_reset_private(unsigned cpu)
{
    gicr_write(cpu, GICR_ICENABLER0, ~0u);
    gicr_wait_rwp(cpu);
    gicr_write(cpu, GICR_ICPENDR0, ~0u);
    gicr_write(cpu, GICR_ICACTIVER0, ~0u);
    gicr_write(cpu, GICR_IGROUPR0, ~0u);
    if (gic_has_nmi())
        gicr_write(cpu, GICR_INMIR0, 0);
    for (unsigned intid = 0; intid < 32; intid += 4)
        gicr_write(cpu, GICR_IPRIORITYR + intid, DEFAULT_PRIORITY * 0x01010101u);
    dsb();
}

bool gic_wake_redistributor(unsigned cpu)
{
    uint32_t waker = gicr_read(cpu, GICR_WAKER);

    gicr_write(cpu, GICR_WAKER, waker & ~GICR_WAKER_SLEEP);
    return WAIT_FOR(!(gicr_read(cpu, GICR_WAKER) & GICR_WAKER_ASLEEP));
}

bool gic_sleep_redistributor(unsigned cpu)
{
    uint32_t waker = gicr_read(cpu, GICR_WAKER);

    gicr_write(cpu, GICR_WAKER, waker | GICR_WAKER_SLEEP);
    return WAIT_FOR(gicr_read(cpu, GICR_WAKER) & GICR_WAKER_ASLEEP);
}

bool gic_cpu_up(unsigned cpu)
{
    return gic_wake_redistributor(cpu);
}

/* The order of IHI 0069, section 11.1: the CPU interface first, then the redistributor. */
bool gic_cpu_down(unsigned cpu)
{
    write_sysreg(ICC_IGRPEN0_EL1, 0);
    write_sysreg(ICC_IGRPEN1_EL1, 0);
    return gic_sleep_redistributor(cpu);
}

void gic_reset_cpu_interface(void)
{
    write_sysreg(ICC_SRE_EL1, read_sysreg(ICC_SRE_EL1) | 1);
    write_sysreg(ICC_CTLR_EL1, 0);
    write_sysreg(ICC_PMR_EL1, DEFAULT_PMR);
    write_sysreg(ICC_BPR0_EL1, 0); /* the smallest that is supported */
    write_sysreg(ICC_BPR1_EL1, 0);
    write_sysreg(ICC_IGRPEN0_EL1, 1);
    write_sysreg(ICC_IGRPEN1_EL1, 1);
}

void gic_send_sgi(unsigned sgi, unsigned cpu_mask)
{
    dsb();
    write_sysreg(ICC_SGI1R_EL1, (uint64_t)sgi << 24 | cpu_mask);
}

void gic_send_sgi_others(unsigned sgi)
{
    dsb();
    write_sysreg(ICC_SGI1R_EL1, ICC_SGIR_IRM | (uint64_t)sgi << 24);
}
