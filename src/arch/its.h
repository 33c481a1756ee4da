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

/* GITS_CWRITER and GITS_CREADR */
#define GITS_QUEUE_OFFSET MASK64(19, 5)
#define GITS_CREADR_STALLED BIT64(0)
#define GITS_CWRITER_RETRY BIT64(0)

#define GITS_TRANSLATER 0x40u /* in the translation frame */

/* GITS_BASER<n>: where the table is; [15:12] hold address bits [51:48]. */
static inline uint64_t gits_baser_address(uint64_t baser)
{
    return (baser & MASK64(47, 16)) | bits_get(baser, 15, 12) << 48;
}

#endif
