/* SPDX-License-Identifier: MIT */
#include "gic.h"
#include "guest.h"

/*
 * The registers of SGIs and PPIs are banked, so a CPU can have those of another only read or
 * written by that one. An access is one argument of work: offset and value.
 */
static uint64_t work_read(uint64_t offset)
{
    return gicd_read((unsigned)offset);
}

static uint64_t work_write(uint64_t access)
{
    gicd_write((unsigned)(access >> 32), (uint32_t)access);
    dsb();
    return 0;
}

static uint64_t work_write_byte(uint64_t access)
{
    mmio_write8(GICD_BASE + (access >> 32), (uint8_t)access);
    dsb();
    return 0;
}

static uint64_t on_cpu(unsigned cpu, unsigned intid, work_fn *fn, uint64_t arg)
{
    unsigned self = this_cpu()->id;

    if (intid >= INTID_SPI || cpu == self)
        return fn(arg);
    if (self != 0)
        die("CPU %u reaches for a private interrupt of CPU %u", self, cpu);
    return smp_call(cpu, fn, arg);
}

static uint64_t access_of(unsigned offset, uint32_t value)
{
    return (uint64_t)offset << 32 | value;
}

/* Write to, or read, the register of a bit map that has the bit of the interrupt. */
static void write_bit(unsigned cpu, unsigned intid, unsigned map)
{
    on_cpu(cpu, intid, work_write, access_of(map + intid / 32 * 4, 1u << (intid % 32)));
}

static bool read_bit(unsigned cpu, unsigned intid, unsigned map)
{
    return on_cpu(cpu, intid, work_read, map + intid / 32 * 4) >> (intid % 32) & 1;
}

void gic_enable(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISENABLER);
}

/* There is no register that says when a disable has taken effect; to read it back is all one can.
 */
void gic_disable(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICENABLER);
    read_bit(cpu, intid, GICD_ICENABLER);
}

bool gic_is_enabled(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISENABLER);
}

void gic_set_pending(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISPENDR);
}

void gic_clear_pending(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICPENDR);
}

bool gic_is_pending(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISPENDR);
}

void gic_set_active(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ISACTIVER);
}

void gic_clear_active(unsigned cpu, unsigned intid)
{
    write_bit(cpu, intid, GICD_ICACTIVER);
}

bool gic_is_active(unsigned cpu, unsigned intid)
{
    return read_bit(cpu, intid, GICD_ISACTIVER);
}

void gic_set_priority(unsigned cpu, unsigned intid, uint8_t priority)
{
    on_cpu(cpu, intid, work_write_byte, access_of(GICD_IPRIORITYR + intid, priority));
}

void gic_set_group(unsigned cpu, unsigned intid, unsigned group)
{
    uint32_t bit = 1u << (intid % 32);
    unsigned offset = GICD_IGROUPR + intid / 32 * 4;
    uint32_t old = (uint32_t)on_cpu(cpu, intid, work_read, offset);

    on_cpu(cpu, intid, work_write, access_of(offset, group ? old | bit : old & ~bit));
}

void gic_set_targets(unsigned intid, uint8_t cpu_mask)
{
    mmio_write8(GICD_BASE + GICD_ITARGETSR + intid, cpu_mask);
    dsb();
}

void gic_route(unsigned intid, unsigned cpu)
{
    gic_set_targets(intid, (uint8_t)(1u << cpu));
}

void gic_route_to_any(unsigned intid)
{
    gic_set_targets(intid, (uint8_t)((1u << ncpus) - 1));
}

void gic_set_groups_enabled(uint32_t groups)
{
    gicd_write(GICD_CTLR, groups);
    dsb();
}

bool gic_all_sgis_pending(unsigned cpu)
{
    return (on_cpu(cpu, 0, work_read, GICD_ISPENDR) & 0xffff) == 0xffff;
}

/* Only INTIDs 32 to 63 are used, so the others keep their state of reset: disabled. */
void gic_reset_distributor(void)
{
    gicd_write(GICD_CTLR, 0);
    gicd_write(GICD_ICENABLER + 4, ~0u);
    gicd_write(GICD_ICPENDR + 4, ~0u);
    gicd_write(GICD_ICACTIVER + 4, ~0u);
    gicd_write(GICD_IGROUPR + 4, 0);
    for (unsigned intid = 32; intid < 64; intid += 4) {
        gicd_write(GICD_IPRIORITYR + intid, DEFAULT_PRIORITY * 0x01010101u);
        gicd_write(GICD_ITARGETSR + intid, 0x01010101u);
    }
    /* Edge-triggered, except for the UART. */
    gicd_write(GICD_ICFGR + 8, 0xaaaaaaaau);
    gicd_write(GICD_ICFGR + 12, 0xaaaaaaaau);
    gic_set_edge(UART_INTID, false);
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
}

void gic_reset_private(unsigned cpu)
{
    if (cpu != this_cpu()->id)
        return;
    gicd_write(GICD_ICENABLER, ~0u);
    gicd_write(GICD_ICPENDR, ~0u);
    gicd_write(GICD_ICACTIVER, ~0u);
    gicd_write(GICD_IGROUPR, 0);
    for (unsigned intid = 0; intid < 32; intid += 4)
        gicd_write(GICD_IPRIORITYR + intid, DEFAULT_PRIORITY * 0x01010101u);
    /* The pending SGIs of all sources; ICPENDR does nothing to them. */
    for (unsigned sgi = 0; sgi < SGIS; sgi += 4)
        gicd_write(GICD_CPENDSGIR + sgi, ~0u);
    dsb();
}

void gic_reset_cpu_interface(void)
{
    gicc_write(GICC_CTLR, GICC_CTLR_DEFAULT);
    gicc_write(GICC_PMR, DEFAULT_PMR);
    gicc_write(GICC_BPR, 0); /* the smallest that is supported */
    gicc_write(GICC_ABPR, 0);
}

bool gic_cpu_up(unsigned cpu)
{
    (void)cpu;
    return true;
}

bool gic_cpu_down(unsigned cpu)
{
    (void)cpu;
    gicc_write(GICC_CTLR, 0);
    return true;
}

void gic_send_sgi(unsigned sgi, unsigned cpu_mask)
{
    dsb();
    gicd_write(GICD_SGIR, SGIR_LIST | cpu_mask << 16 | sgi);
}

void gic_send_sgi_others(unsigned sgi)
{
    dsb();
    gicd_write(GICD_SGIR, SGIR_OTHERS | sgi);
}
