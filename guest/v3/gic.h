/* SPDX-License-Identifier: MIT */
/*
 * Driver of a GICv3 with affinity routing and one Security state, in the words of IHI 0069. The
 * section numbers are those of issue H.
 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include "gic_common.h"

#define GICR_BASE 0x080a0000ul
#define GICR_STRIDE 0x20000ul

/* Distributor registers that GICv2 does not have: section 12.8. */
#define GICD_INMIR 0x0f80
#define GICD_IROUTER 0x6000
#define GICD_PIDR2 0xffe8

#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_DS (1u << 6)
#define GICD_CTLR_RWP (1u << 31)
#define GICD_TYPER_LPIS (1u << 17)
#define GICD_TYPER_NMI (1u << 9)
#define GICD_TYPER_A3V (1u << 24)
#define GICD_IROUTER_IRM (1ull << 31)

/* Redistributor registers: section 12.10. The second frame, from 0x10000, has SGIs and PPIs. */
#define GICR_CTLR 0x0000
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_INVLPIR 0x00a0
#define GICR_INVALLR 0x00b0
#define GICR_SYNCR 0x00c0
#define GICR_PIDR2 0xffe8
#define GICR_IGROUPR0 0x10080
#define GICR_ISENABLER0 0x10100
#define GICR_ICENABLER0 0x10180
#define GICR_ISPENDR0 0x10200
#define GICR_ICPENDR0 0x10280
#define GICR_ISACTIVER0 0x10300
#define GICR_ICACTIVER0 0x10380
#define GICR_IPRIORITYR 0x10400
#define GICR_ICFGR0 0x10c00
#define GICR_ICFGR1 0x10c04
#define GICR_INMIR0 0x10f80

#define GICR_CTLR_ENABLE_LPIS (1u << 0)
#define GICR_CTLR_CES (1u << 1)
#define GICR_CTLR_IR (1u << 2)
#define GICR_CTLR_RWP (1u << 3)
#define GICR_TYPER_PLPIS (1ull << 0)
#define GICR_TYPER_LAST (1ull << 4)
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)

/* CPU interface registers: section 12.2. Spelled by encoding, which every assembler accepts. */
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_IAR0_EL1 S3_0_C12_C8_0
#define ICC_EOIR0_EL1 S3_0_C12_C8_1
#define ICC_HPPIR0_EL1 S3_0_C12_C8_2
#define ICC_BPR0_EL1 S3_0_C12_C8_3
#define ICC_NMIAR1_EL1 S3_0_C12_C9_5
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_RPR_EL1 S3_0_C12_C11_3
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_SGI0R_EL1 S3_0_C12_C11_7
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

#define ICC_CTLR_EOIMODE (1ull << 1)
#define ICC_SGIR_IRM (1ull << 40)
#define ICC_RPR_NMI (3ull << 62) /* NMI, or NMI_NS, which QEMU 10 has there instead */

#define INTID_NMI 1022 /* acknowledge by ICC_NMIAR1_EL1 */

static inline uintptr_t gicr_address(unsigned cpu, unsigned offset)
{
    return GICR_BASE + cpu * GICR_STRIDE + offset;
}

static inline uint32_t gicr_read(unsigned cpu, unsigned offset)
{
    return mmio_read32(gicr_address(cpu, offset));
}

static inline void gicr_write(unsigned cpu, unsigned offset, uint32_t value)
{
    mmio_write32(gicr_address(cpu, offset), value);
}

/* Bounded waits for the two "register write pending" bits; false when time is up. */
bool gicd_wait_rwp(void);
bool gicr_wait_rwp(unsigned cpu);

/* FEAT_GICv3_NMI: of the GIC, and of the CPU, whose FEAT_NMI says the same of it. */
bool gic_has_nmi(void);
bool cpu_has_nmi(void);
void gic_set_nmi(unsigned cpu, unsigned intid, bool nmi);

bool gic_wake_redistributor(unsigned cpu);
bool gic_sleep_redistributor(unsigned cpu);

/* The CPU interface, as gic_common.h has it. IRQs are of group 1, FIQs of group 0. */
static inline unsigned gic_ack(void)
{
    return (unsigned)read_sysreg(ICC_IAR1_EL1);
}
static inline unsigned gic_ack_fiq(void)
{
    return (unsigned)read_sysreg(ICC_IAR0_EL1);
}
static inline bool gic_refers_to_nmi(unsigned ack)
{
    return ack == INTID_NMI;
}
static inline unsigned gic_ack_nmi(void)
{
    return (unsigned)read_sysreg(ICC_NMIAR1_EL1);
}
static inline unsigned gic_hppi(void)
{
    return (unsigned)read_sysreg(ICC_HPPIR1_EL1);
}
static inline void gic_eoi(unsigned ack)
{
    write_sysreg(ICC_EOIR1_EL1, ack);
}
static inline void gic_eoi_fiq(unsigned ack)
{
    write_sysreg(ICC_EOIR0_EL1, ack);
}
static inline void gic_dir(unsigned ack)
{
    write_sysreg(ICC_DIR_EL1, ack);
}
static inline unsigned gic_intid(unsigned ack)
{
    return ack;
}
static inline unsigned running_priority(void)
{
    return read_sysreg(ICC_RPR_EL1) & 0xff;
}
static inline void gic_set_pmr(unsigned pmr)
{
    write_sysreg(ICC_PMR_EL1, pmr);
}
static inline void gic_set_preemption(unsigned n)
{
    write_sysreg(ICC_BPR1_EL1, n);
}
static inline unsigned gic_preemption(void)
{
    return read_sysreg(ICC_BPR1_EL1) & 7;
}
static inline void gic_set_eoimode(unsigned mode)
{
    write_sysreg(ICC_CTLR_EL1, mode ? ICC_CTLR_EOIMODE : 0);
}
static inline unsigned gic_eoimode(void)
{
    return (read_sysreg(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE) != 0;
}

#endif
