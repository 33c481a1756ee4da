/* SPDX-License-Identifier: MIT */
/*
 * Driver of LPIs and of one ITS, in the words of IHI 0069, issue H: chapter 5, and sections 12.11,
 * 12.18 and 12.19.
 */
#ifndef GUEST_ITS_H
#define GUEST_ITS_H

#include "guest.h"

#define GITS_BASE 0x08080000ul

#define GITS_CTLR 0x0000
#define GITS_TYPER 0x0008
#define GITS_CBASER 0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR 0x0090
#define GITS_BASER 0x0100
#define GITS_BASERS 8
#define GITS_PIDR2 0xffe8

#define GITS_CTLR_ENABLED (1u << 0)
#define GITS_CTLR_QUIESCENT (1u << 31)
#define GITS_TYPER_PHYSICAL (1ull << 0)
#define GITS_TYPER_PTA (1ull << 19)
#define GITS_VALID (1ull << 63) /* of CBASER, BASER<n>, and of entries of a first level */
#define GITS_BASER_INDIRECT (1ull << 62)
#define GITS_BASER_DEVICES 1
#define GITS_BASER_COLLECTIONS 4

/* The command queue has one page of 4 KiB. */
#define QUEUE_SIZE 4096u
#define QUEUE_COMMANDS (QUEUE_SIZE / 32)

/* What its_begin() maps: the collection with the ICID of each CPU, and this device. */
#define DEVICE 3
#define LPI_BITS 14u        /* INTIDs 8192 to 16383: small tables */
#define DEVICE_EVENT_BITS 7 /* as many as LPIS */

#define LPI(n) (INTID_LPI + (n))

static inline uint64_t gits_read(unsigned offset)
{
    return mmio_read64(GITS_BASE + offset);
}

static inline void gits_write(unsigned offset, uint64_t value)
{
    mmio_write64(GITS_BASE + offset, value);
}

static inline uint32_t gits_read32(unsigned offset)
{
    return mmio_read32(GITS_BASE + offset);
}

static inline void gits_write32(unsigned offset, uint32_t value)
{
    mmio_write32(GITS_BASE + offset, value);
}

/*
 * A clean state: LPIs are enabled on all CPUs; the ITS has new tables, flat or with two levels
 * where it supports them, and is enabled; nothing is mapped but the above. All LPIs are configured
 * as enabled, with the default priority.
 */
void its_begin(void);
void its_begin_tables(bool two_levels);

/* The ITS off, and quiescent; and on. */
bool its_disable(void);
void its_enable(void);

/* The type of table, and the offset of its GITS_BASER<n>; 0 if there is none. */
unsigned its_baser_of(unsigned type);

/* Commands. They are carried out in order; its_sync() waits until all have been, and until their
 * effects have reached the redistributors. Any CPU may send them. */
void its_mapd(uint32_t device, unsigned event_bits); /* with an ITT of its own, cleared */
void its_unmapd(uint32_t device);
void its_mapc(unsigned icid, unsigned cpu);
void its_unmapc(unsigned icid);
void its_mapti(uint32_t device, uint32_t event, uint32_t intid, unsigned icid);
void its_mapi(uint32_t device, uint32_t event, unsigned icid);
void its_movi(uint32_t device, uint32_t event, unsigned icid);
void its_movall(unsigned from, unsigned to); /* CPUs */
void its_discard(uint32_t device, uint32_t event);
void its_inv(uint32_t device, uint32_t event);
void its_invall(unsigned icid);
void its_clear(uint32_t device, uint32_t event);
void its_int(uint32_t device, uint32_t event);
void its_sync(void);

/* For tests of the queue: commands are written, but GITS_CWRITER is not, until its_ring(). Only
 * while no other CPU sends any. */
void its_hold(void);
void its_ring(void);

/* LPI n is event n of DEVICE. */
void lpi_map(unsigned n, unsigned cpu);
void lpi_map_many(unsigned first, unsigned count, unsigned cpu);
/* Writes its byte of the configuration table, and no more. */
void lpi_write_config(unsigned n, unsigned priority, bool enabled);
/* The same, and has it read, by INV. */
void lpi_configure(unsigned n, unsigned priority, bool enabled);
/* An INT command, and SYNC. */
void lpi_raise(unsigned n);
void lpi_raise_many(unsigned first, unsigned count);
/* CLEAR: a test takes back what it leaves pending, or the next one gets it. */
void lpi_clear_many(unsigned first, unsigned count);

/* EnableLPIs of a CPU. The pending table is cleared before. Disabling waits for RWP; false when it
 * does not end, or when GICR_CTLR.CES says that it cannot be done. */
void lpi_enable_redistributor(unsigned cpu);
/* The same with a configuration table of so many bits of INTIDs. */
void lpi_enable_with_bits(unsigned cpu, unsigned bits);
bool lpi_disable_redistributor(unsigned cpu);

#endif
