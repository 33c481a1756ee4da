/* SPDX-License-Identifier: MIT */
/* What GICv2's distributor has, and GICv3's has not (IHI 0048B 4.3). */
#ifndef LVGIC_MMIO_DIST2_H
#define LVGIC_MMIO_DIST2_H

#include "arch/registers.h"
#include "irq/vm.h"

/* GICD_ITARGETSR<n>: the byte of the interrupt behind a slot, as `vcpu` reads it; and the bits
 * of it that exist. */
uint64_t dist2_targets(const struct lvgic_vcpu *vcpu, uint32_t slot);
uint64_t dist2_targets_mask(const struct lvgic_vm *vm);

/* Is this field read-only for this interrupt? Always false with GICv3. */
bool dist2_ignores(struct lvgic_vcpu *vcpu, uint32_t slot, enum reg_op op);

/* GICD_SPENDSGIR<n>, GICD_CPENDSGIR<n>: one byte of them. */
void dist2_write_sources(struct lvgic_vcpu *vcpu, uint32_t slot, bool set, uint64_t sources);

/* GICD_SGIR, written by `sender`. */
void dist2_send_sgi(struct lvgic_vcpu *sender, uint64_t value);

uint64_t dist2_typer(const struct lvgic_vm *vm);
uint64_t dist2_ppisr(struct lvgic_vcpu *vcpu);

#endif
