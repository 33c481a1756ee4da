/* SPDX-License-Identifier: MIT */
/* Encodings of the ITS: commands, errors, and the fields of its registers (IHI 0069H, 5.3, 12.18,
 * 12.19). Table entries are those of KVM's ABI revision 0: 8 bytes each. */
#ifndef LVGIC_ARCH_ITS_H
#define LVGIC_ARCH_ITS_H

#include "base/bits.h"

enum its_command {
#define ITS_COMMAND(name, code, sentence) ITS_CMD_##name = (code),
#include "arch/its.def"
#undef ITS_COMMAND
};

enum its_error {
#define ITS_ERROR(name, code, sentence) ITS_E_##name = (code),
#include "arch/its.def"
#undef ITS_ERROR
};

#define ITS_COMMAND_SIZE 32u
#define ITS_PAGE 0x10000u  /* of the device and collection tables */
#define ITS_ENTRY_SIZE 8u  /* of all tables */
#define ITS_EVENT_BITS 16u /* GITS_TYPER.ID_bits */

/* GITS_CTLR */
#define GITS_CTLR_ENABLED BIT64(0)
#define GITS_CTLR_QUIESCENT BIT64(31)

/* GITS_CBASER and GITS_BASER<n> */
#define GITS_BASER_VALID BIT64(63)
#define GITS_BASER_INDIRECT BIT64(62)
#define GITS_CBASER_KEPT (MASK64(63, 63) | MASK64(61, 59) | MASK64(55, 53) | MASK64(51, 10) | 0xff)
#define GITS_BASER_KEPT (MASK64(63, 59) | MASK64(55, 53) | MASK64(47, 10) | 0xff)
/* Type, entry size less one, 64 KiB pages only */
#define GITS_BASER_FIXED(type) ((uint64_t)(type) << 56 | (ITS_ENTRY_SIZE - 1ull) << 48 | 2u << 8)
#define GITS_BASER_DEVICES 1u
#define GITS_BASER_COLLECTIONS 4u

/* What such a register holds after `value` was written to it. */
static inline uint64_t gits_baser_kept(unsigned table, uint64_t value)
{
    return (value & GITS_BASER_KEPT & ~MASK64(9, 8)) |
           GITS_BASER_FIXED(table ? GITS_BASER_COLLECTIONS : GITS_BASER_DEVICES);
}

/* GITS_CWRITER and GITS_CREADR */
#define GITS_QUEUE_OFFSET MASK64(19, 5)
#define GITS_CREADR_STALLED BIT64(0)
#define GITS_CWRITER_RETRY BIT64(0)

#define GITS_TRANSLATER 0x40u /* in the translation frame */

/* Entries of the guest's tables as they are saved, in KVM's ABI revision 0. `next`: so many entries
 * further is the next one, 0: there is none. */
#define ITS_L1_VALID BIT64(63)
#define ITS_L1_ADDRESS MASK64(51, 16)
#define DTE_VALID BIT64(63)
#define DTE_NEXT_HI 62
#define DTE_NEXT_LO 49
#define DTE_ITT_HI 48 /* address bits [51:8] */
#define DTE_ITT_LO 5
#define DTE_SIZE_HI 4 /* event bits less one */
#define DTE_SIZE_LO 0
#define ITE_NEXT_HI 63
#define ITE_NEXT_LO 48
#define ITE_INTID_HI 47 /* 0: not mapped */
#define ITE_INTID_LO 16
#define ITE_ICID_HI 15
#define ITE_ICID_LO 0
#define CTE_VALID BIT64(63)
#define CTE_REDIST_HI 47 /* KVM keeps 32 of the 36 bits */
#define CTE_REDIST_LO 16
#define CTE_UNMAPPED UINT32_MAX
#define CTE_ICID_HI 15
#define CTE_ICID_LO 0

/* GITS_BASER<n>: where the table is; [15:12] hold address bits [51:48]. */
static inline uint64_t gits_baser_address(uint64_t baser)
{
    return (baser & MASK64(47, 16)) | bits_get(baser, 15, 12) << 48;
}

#endif
