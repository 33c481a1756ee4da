/* SPDX-License-Identifier: MIT */
/*
 * Driver of a GICv3 with affinity routing and one Security state, in the words of IHI 0069. The
 * section numbers are those of issue H.
 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include "cpu.h"

#define GICD_BASE 0x08000000ul
#define GICR_BASE 0x080a0000ul
#define GICR_STRIDE 0x20000ul

/* Distributor registers: section 12.8. */
#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IIDR 0x0008
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR 0x0200
#define GICD_ICPENDR 0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ITARGETSR 0x0800
#define GICD_ICFGR 0x0c00
#define GICD_SGIR 0x0f00
#define GICD_CPENDSGIR 0x0f10
#define GICD_SPENDSGIR 0x0f20
#define GICD_INMIR 0x0f80
#define GICD_IROUTER 0x6000
#define GICD_PIDR2 0xffe8

#define GICD_CTLR_GRP0 (1u << 0)
#define GICD_CTLR_GRP1 (1u << 1)
#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_DS (1u << 6)
#define GICD_CTLR_RWP (1u << 31)
#define GICD_TYPER_NMI (1u << 9)
#define GICD_TYPER_A3V (1u << 24)
#define GICD_IROUTER_IRM (1ull << 31)

/* Redistributor registers: section 12.10. The second frame, from 0x10000, has SGIs and PPIs. */
#define GICR_CTLR 0x0000
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
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

#define GICR_CTLR_RWP (1u << 3)
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

#define INTID_SPI 32
#define INTID_SPECIAL 1020
#define INTID_NMI 1022 /* acknowledge by ICC_NMIAR1_EL1 */
#define INTID_NONE 1023
#define PRIORITY_IDLE 0xff

/* What every test starts with: all of priority 0xa0 in group 1, nothing below 0xf0 is masked. */
#define DEFAULT_PRIORITY 0xa0
#define DEFAULT_PMR 0xf0

/* The SPIs that the tests raise by software. No device is connected to them. */
#define TEST_SPI 40
#define TEST_SPIS 16

static inline uint32_t gicd_read(unsigned offset)
{
    return mmio_read32(GICD_BASE + offset);
}

static inline void gicd_write(unsigned offset, uint32_t value)
{
    mmio_write32(GICD_BASE + offset, value);
}

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

/*
 * The operations on one interrupt take the CPU whose redistributor is meant; it does not matter for
 * SPIs. Writes have been sent, but have not necessarily taken effect, when they return.
 */
void gic_enable(unsigned cpu, unsigned intid);
void gic_disable(unsigned cpu, unsigned intid); /* waits until it has taken effect */
bool gic_is_enabled(unsigned cpu, unsigned intid);
void gic_set_pending(unsigned cpu, unsigned intid);
void gic_clear_pending(unsigned cpu, unsigned intid);
bool gic_is_pending(unsigned cpu, unsigned intid);
void gic_set_active(unsigned cpu, unsigned intid);
void gic_clear_active(unsigned cpu, unsigned intid);
bool gic_is_active(unsigned cpu, unsigned intid);
void gic_set_priority(unsigned cpu, unsigned intid, uint8_t priority);
void gic_set_group(unsigned cpu, unsigned intid, unsigned group);
void gic_set_nmi(unsigned cpu, unsigned intid, bool nmi);
void gic_set_edge(unsigned intid, bool edge); /* SPIs only */
void gic_route(unsigned intid, unsigned cpu); /* SPIs only */
void gic_set_groups_enabled(uint32_t groups); /* GICD_CTLR_GRP0 and GICD_CTLR_GRP1 */

/* FEAT_GICv3_NMI: of the GIC, and of the CPU, whose FEAT_NMI says the same of it. */
bool gic_has_nmi(void);
bool cpu_has_nmi(void);

/* Bounded waits for the two "register write pending" bits; false when time is up. */
bool gicd_wait_rwp(void);
bool gicr_wait_rwp(unsigned cpu);

/* All SPIs of the test, INTID TEST_SPI first, as the bits of one 32-bit register write. */
uint32_t gic_test_spi_mask(unsigned count);
void gic_set_pending_many(unsigned count);
uint32_t gic_pending_many(void);
uint32_t gic_active_many(void);

void gic_reset_distributor(void);
void gic_reset_redistributor(unsigned cpu);
void gic_reset_cpu_interface(void);
bool gic_wake_redistributor(unsigned cpu);
bool gic_sleep_redistributor(unsigned cpu);

/* Sends an SGI of group 1 to the CPUs of a bit map, or to all others. */
void gic_send_sgi(unsigned sgi, unsigned cpu_mask);
void gic_send_sgi_others(unsigned sgi);

#endif
