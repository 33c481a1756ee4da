/* SPDX-License-Identifier: MIT */
#include "gic.h"
#include "guest.h"

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

void gic_reset_cpu_interface(void)
{
    icc_write(ICC_SRE_EL1, icc_read(ICC_SRE_EL1) | 1);
    icc_write(ICC_CTLR_EL1, 0);
    icc_write(ICC_PMR_EL1, DEFAULT_PMR);
    icc_write(ICC_BPR0_EL1, 0); /* the smallest that is supported */
    icc_write(ICC_BPR1_EL1, 0);
    icc_write(ICC_IGRPEN0_EL1, 1);
    icc_write(ICC_IGRPEN1_EL1, 1);
}

void gic_close_cpu_interface(void)
{
    icc_write(ICC_IGRPEN0_EL1, 0);
    icc_write(ICC_IGRPEN1_EL1, 0);
}

void gic_set_eoimode(bool split)
{
    icc_write(ICC_CTLR_EL1, split ? ICC_CTLR_EOIMODE : 0);
}

bool gic_eoimode(void)
{
    return icc_read(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE;
}

unsigned gic_ack(void)
{
    return (unsigned)icc_read(ICC_IAR1_EL1);
}

void gic_eoi(unsigned intid)
{
    icc_write(ICC_EOIR1_EL1, intid);
}

void gic_dir(unsigned intid)
{
    icc_write(ICC_DIR_EL1, intid);
}

void gic_send_sgi(unsigned sgi, unsigned cpu_mask)
{
    dsb();
    icc_write(ICC_SGI1R_EL1, (uint64_t)sgi << 24 | cpu_mask);
}

void gic_send_sgi_others(unsigned sgi)
{
    dsb();
    icc_write(ICC_SGI1R_EL1, ICC_SGIR_IRM | (uint64_t)sgi << 24);
}
