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

/* After an access that worked on the list registers, or changed what is signalled, between enter
 * and exit: what the hardware would do by itself while the guest runs, that is, deliver a
 * maintenance interrupt when a condition holds. Here it is at once, and a kick need not be waited
 * for either. */
void cpuif_maintain(struct lvgic_vcpu *vcpu);

#endif
