/* SPDX-License-Identifier: MIT */
/* The redistributor's registers for LPIs; they are RES0 in a VM without. */
#ifndef LVGIC_MMIO_LPI_H
#define LVGIC_MMIO_LPI_H

#include "mmio/mmio.h"

#define GICR_CTLR_ENABLE_LPIS BIT64(0)
#define GICR_CTLR_CES BIT64(1) /* EnableLPIs may be cleared again */
#define GICR_CTLR_IR BIT64(2)  /* INVLPIR and INVALLR are there, also without DirectLPI */
#define GICR_CTLR_RWP BIT64(3)

/* The part of GICR_CTLR that is about LPIs. A read makes a disabling go on. */
uint64_t mmio_lpi_ctlr(struct lvgic_vcpu *vcpu);

uint64_t mmio_lpi_read(struct mmio *mmio, enum reg_hook hook);
void mmio_lpi_write(struct mmio *mmio, enum reg_hook hook, uint64_t value);

#endif
