/* SPDX-License-Identifier: MIT */
/* What is different with a GICv2: IHI 0048B. */
#include "gic.h"
#include "guest.h"

uintptr_t gicr_address(unsigned cpu, unsigned offset)
{
    if (cpu != this_cpu()->id)
        die("CPU %u: no way to a private interrupt of CPU %u", this_cpu()->id, cpu);
    return GICD_BASE + offset - 0x10000;
}

static uint64_t read_own(uint64_t offset)
{
    return mmio_read32(gicr_address(this_cpu()->id, (unsigned)offset));
}

uint32_t gicr_read(unsigned cpu, unsigned offset)
{
    if (cpu == this_cpu()->id)
        return (uint32_t)read_own(offset);
    if (this_cpu()->id != 0)
        die("CPU %u: no way to a private interrupt of CPU %u", this_cpu()->id, cpu);
    return (uint32_t)smp_call(cpu, read_own, offset);
}

void gic_route(unsigned intid, unsigned cpu)
{
    mmio_write8(GICD_BASE + GICD_ITARGETSR + intid, (uint8_t)(1u << cpu));
    dsb();
}

void gic_route_to_any(unsigned intid)
{
    mmio_write8(GICD_BASE + GICD_ITARGETSR + intid, 0xff);
    dsb();
}

void gic_set_groups_enabled(uint32_t groups)
{
    gicd_write(GICD_CTLR, groups);
}

/* There are no redistributors. */
bool gic_wake_redistributor(unsigned cpu)
{
    (void)cpu;
    return true;
}

bool gic_sleep_redistributor(unsigned cpu)
{
    (void)cpu;
    return true;
}

void gic_reset_cpu_interface(void)
{
    icc_write(ICC_CTLR_EL1, GICC_CTLR_OPEN);
    icc_write(ICC_PMR_EL1, DEFAULT_PMR);
    icc_write(GICC_BPR, 0); /* the smallest that is supported */
    icc_write(ICC_BPR1_EL1, 0);
}

void gic_close_cpu_interface(void)
{
    icc_write(ICC_CTLR_EL1, 0);
}

void gic_set_eoimode(bool split)
{
    icc_write(ICC_CTLR_EL1, GICC_CTLR_OPEN | (split ? ICC_CTLR_EOIMODE : 0));
}

bool gic_eoimode(void)
{
    return icc_read(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE;
}

/* The CPU that sent the SGI that was acknowledged last, in bits [12:10]: completing it wants that.
 */
static uint32_t senders[MAX_CPUS][INTID_PPI];

static uint32_t with_sender(unsigned intid)
{
    return intid < INTID_PPI ? intid | senders[this_cpu()->id][intid] : intid;
}

unsigned gic_ack(void)
{
    uint32_t iar = icc_read(ICC_IAR1_EL1);
    unsigned intid = iar & 0x3ff;

    if (intid < INTID_PPI)
        senders[this_cpu()->id][intid] = iar & ~0x3ffu;
    return intid;
}

void gic_eoi(unsigned intid)
{
    icc_write(ICC_EOIR1_EL1, with_sender(intid));
}

void gic_dir(unsigned intid)
{
    icc_write(ICC_DIR_EL1, with_sender(intid));
}

void gic_send_sgi(unsigned sgi, unsigned cpu_mask)
{
    dsb();
    gicd_write(GICD_SGIR, cpu_mask << 16 | sgi);
}

void gic_send_sgi_others(unsigned sgi)
{
    dsb();
    gicd_write(GICD_SGIR, 1u << 24 | sgi);
}
