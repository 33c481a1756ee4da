/* SPDX-License-Identifier: MIT */
#ifndef LVGIC_MMIO_SYSREG_H
#define LVGIC_MMIO_SYSREG_H

#include "arch/registers.h"
#include "irq/vm.h"

/* See lvgic_vcpu_sysreg(). */
enum lvgic_sysreg_result sysreg_access(struct lvgic_vcpu *vcpu, uint32_t encoding, bool write,
                                       uint64_t *value);

/* The vCPU's own registers, for whoever owns its private state: those that are read and written
 * without an interrupt being signalled, acknowledged or completed. */
bool sysreg_exists(const struct lvgic_vcpu *vcpu, enum sysreg reg);
uint64_t sysreg_read_own(struct lvgic_vcpu *vcpu, enum sysreg reg);
void sysreg_write_own(struct lvgic_vcpu *vcpu, enum sysreg reg, uint64_t value);

#endif
