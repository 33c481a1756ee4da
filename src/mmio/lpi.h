/* SPDX-License-Identifier: MIT */
/* The redistributor's registers for LPIs; they are RES0 in a VM without. */
#ifndef LVGIC_MMIO_LPI_H
#define LVGIC_MMIO_LPI_H

#include "mmio/mmio.h"

#define GICR_CTLR_ENABLE_LPIS BIT64(0)
#define GICR_CTLR_CES BIT64(1) /* EnableLPIs may be cleared again */
#define GICR_CTLR_IR BIT64(2)  /* INVLPIR and INVALLR are there, also without DirectLPI */
#define GICR_CTLR_RWP BIT64(3)

#define PROPBASER_KEPT (MASK64(58, 56) | MASK64(51, 7) | MASK64(4, 0))
#define PENDBASER_KEPT (MASK64(62, 62) | MASK64(58, 56) | MASK64(51, 16) | MASK64(11, 7))

/* The part of GICR_CTLR that is about LPIs. A guest's read makes a disabling go on. A VMM's write
 * is done when it returns: it waits for one guest exit, and for the claim. */
uint64_t mmio_lpi_ctlr(const struct mmio *mmio);
void mmio_lpi_write_ctlr(struct mmio *mmio, bool enable);

uint64_t mmio_lpi_read(struct mmio *mmio, enum reg_hook hook);
void mmio_lpi_write(struct mmio *mmio, enum reg_hook hook, uint64_t value);

#endif
