/* SPDX-License-Identifier: MIT */
#ifndef LVGIC_MMIO_SYSREG_H
#define LVGIC_MMIO_SYSREG_H

#include "irq/vm.h"

/* See lvgic_vcpu_sysreg(). */
enum lvgic_sysreg_result sysreg_access(struct lvgic_vcpu *vcpu, uint32_t encoding, bool write,
                                       uint64_t *value);

#endif
