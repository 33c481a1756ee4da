/* SPDX-License-Identifier: MIT */
/*
 * What the drivers in v2/ and v3/ have in common. The tests in this folder use nothing else of the
 * GIC, so they say the same of both. Each version's gic.h includes this.
 */
#ifndef GUEST_GIC_COMMON_H
#define GUEST_GIC_COMMON_H

#include "cpu.h"

#define GICD_BASE 0x08000000ul

/* Distributor registers: IHI 0069, section 12.8; the same offsets in IHI 0048, section 4.3. */
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

#define GICD_CTLR_GRP0 (1u << 0)
#define GICD_CTLR_GRP1 (1u << 1)

#define INTID_SPI 32
#define INTID_SPECIAL 1020
#define INTID_NONE 1023
#define INTID_LPI 8192 /* GICv3 */
#define PRIORITY_IDLE 0xff

/* What every test starts with: all have priority 0xa0, nothing below 0xf0 is masked. */
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

/*
 * The operations on one interrupt take the CPU whose private interrupt is meant; it does not matter
 * for SPIs. Writes have been sent, but have not necessarily taken effect, when they return. With
 * GICv2, the private interrupts of another CPU are in reach of CPU 0 only, and only while that CPU
 * has no work.
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
void gic_set_edge(unsigned intid, bool edge); /* SPIs only */
void gic_route(unsigned intid, unsigned cpu); /* SPIs only */
void gic_route_to_any(unsigned intid);        /* SPIs only: one of all CPUs takes it */
void gic_set_groups_enabled(uint32_t groups); /* GICD_CTLR_GRP0 and GICD_CTLR_GRP1 */
bool gic_all_sgis_pending(unsigned cpu);

/* All SPIs of the test, INTID TEST_SPI first, as the bits of one 32-bit register write. */
uint32_t gic_test_spi_mask(unsigned count);
void gic_set_pending_many(unsigned count);
uint32_t gic_pending_many(void);
uint32_t gic_active_many(void);

void gic_reset_distributor(void);
void gic_reset_cpu_interface(void);
/* The private interrupts of a CPU. Of another CPU than this, only what can be reached. */
void gic_reset_private(unsigned cpu);
/* For a CPU that has come up, and for one that is about to go off; false when the GIC refuses. */
bool gic_cpu_up(unsigned cpu);
bool gic_cpu_down(unsigned cpu);

/* Sends an SGI to the CPUs of a bit map, or to all others. */
void gic_send_sgi(unsigned sgi, unsigned cpu_mask);
void gic_send_sgi_others(unsigned sgi);

/*
 * The CPU interface; each version's gic.h has these. What is acknowledged, and is what ends it, is
 * an INTID; with GICv2, that of an SGI comes with the CPU that sent it.
 *
 *   unsigned gic_ack(void)               acknowledges an interrupt that is signalled by IRQ
 *   void gic_eoi(unsigned ack)           ends it or, with EOImode 1, drops its priority
 *   unsigned gic_ack_fiq(void), void gic_eoi_fiq(unsigned ack)    the same for FIQ
 *   bool gic_refers_to_nmi(unsigned ack) gic_ack() has left an NMI to gic_ack_nmi()
 *   unsigned gic_ack_nmi(void)           acknowledges an NMI
 *   unsigned gic_hppi(void)              what would be acknowledged, but for the running one
 *   void gic_dir(unsigned ack)           deactivates it, with EOImode 1
 *   unsigned gic_intid(unsigned ack)
 *   unsigned running_priority(void)
 *   void gic_set_pmr(unsigned)
 *   void gic_set_preemption(unsigned n), unsigned gic_preemption(void)    bits 7:n can preempt
 *   void gic_set_eoimode(unsigned), unsigned gic_eoimode(void)
 */

#endif
