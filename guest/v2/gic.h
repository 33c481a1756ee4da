/* SPDX-License-Identifier: MIT */
/*
 * Driver of a GICv2 without Security Extensions, in the words of IHI 0048. The section numbers are
 * those of issue B. All interrupts are of group 0 and signalled by IRQ, which is what reset leaves,
 * except where a test is about groups.
 */
#ifndef GUEST_V2_GIC_H
#define GUEST_V2_GIC_H

#include "gic_common.h"

#define GICC_BASE 0x08010000ul

#define GICD_ICPIDR2 0xfe8

#define GICD_TYPER_SECURITY_EXTN (1u << 10)
#define GICD_TYPER_CPU_NUMBER(typer) ((typer) >> 5 & 7)

/* TargetListFilter of GICD_SGIR: section 4.3.15. */
#define SGIR_LIST (0u << 24)
#define SGIR_OTHERS (1u << 24)
#define SGIR_SELF (2u << 24)

/* CPU interface registers: section 4.4. */
#define GICC_CTLR 0x0000
#define GICC_PMR 0x0004
#define GICC_BPR 0x0008
#define GICC_IAR 0x000c
#define GICC_EOIR 0x0010
#define GICC_RPR 0x0014
#define GICC_HPPIR 0x0018
#define GICC_ABPR 0x001c
#define GICC_AIAR 0x0020
#define GICC_AEOIR 0x0024
#define GICC_AHPPIR 0x0028
#define GICC_APR 0x00d0
#define GICC_NSAPR 0x00e0
#define GICC_IIDR 0x00fc
#define GICC_DIR 0x1000

#define GICC_APRS 4

#define GICC_CTLR_GRP0 (1u << 0)
#define GICC_CTLR_GRP1 (1u << 1)
#define GICC_CTLR_ACKCTL (1u << 2)
#define GICC_CTLR_FIQEN (1u << 3)
#define GICC_CTLR_CBPR (1u << 4)
#define GICC_CTLR_EOIMODE (1u << 9)

#define GICC_CTLR_DEFAULT (GICC_CTLR_GRP0 | GICC_CTLR_GRP1)

/* The highest pending interrupt is of group 1, which this read does not acknowledge: 3.2.5. */
#define INTID_GROUP1 1022

static inline uint32_t gicc_read(unsigned offset)
{
    return mmio_read32(GICC_BASE + offset);
}

static inline void gicc_write(unsigned offset, uint32_t value)
{
    mmio_write32(GICC_BASE + offset, value);
    dsb();
}

/* The CPU interface, as gic_common.h has it. With FIQEn, FIQs are of group 0. */
static inline unsigned gic_ack(void)
{
    return gicc_read(GICC_IAR);
}
static inline unsigned gic_ack_fiq(void)
{
    return gicc_read(GICC_IAR);
}
/* A GICv2 has no NMIs. */
static inline bool gic_refers_to_nmi(unsigned ack)
{
    (void)ack;
    return false;
}
static inline unsigned gic_ack_nmi(void)
{
    return INTID_NONE;
}
static inline unsigned gic_hppi(void)
{
    return gicc_read(GICC_HPPIR);
}
static inline void gic_eoi(unsigned ack)
{
    gicc_write(GICC_EOIR, ack);
}
static inline void gic_eoi_fiq(unsigned ack)
{
    gicc_write(GICC_EOIR, ack);
}
static inline void gic_dir(unsigned ack)
{
    gicc_write(GICC_DIR, ack);
}
static inline unsigned gic_intid(unsigned ack)
{
    return ack & 0x3ff;
}
static inline unsigned gic_source(unsigned ack)
{
    return ack >> 10 & 7;
}
static inline unsigned gic_sgi_of(unsigned sgi, unsigned source)
{
    return source << 10 | sgi;
}
static inline unsigned running_priority(void)
{
    return gicc_read(GICC_RPR) & 0xff;
}
static inline void gic_set_pmr(unsigned pmr)
{
    gicc_write(GICC_PMR, pmr);
}
/* A binary point of 0 means that bits 7:1 can preempt: section 3.3.3. */
static inline void gic_set_preemption(unsigned n)
{
    gicc_write(GICC_BPR, n - 1);
}
static inline unsigned gic_preemption(void)
{
    return (gicc_read(GICC_BPR) & 7) + 1;
}
static inline void gic_set_eoimode(unsigned mode)
{
    uint32_t others = gicc_read(GICC_CTLR) & ~GICC_CTLR_EOIMODE;

    gicc_write(GICC_CTLR, others | (mode ? GICC_CTLR_EOIMODE : 0));
}
static inline unsigned gic_eoimode(void)
{
    return (gicc_read(GICC_CTLR) & GICC_CTLR_EOIMODE) != 0;
}

/* GICD_ITARGETSR of an SPI: a bit for each CPU. */
void gic_set_targets(unsigned intid, uint8_t cpu_mask);

#endif
