/* SPDX-License-Identifier: MIT */
#ifndef LVGIC_MMIO_GICC_H
#define LVGIC_MMIO_GICC_H

#include "irq/vm.h"

/* See lvgic_gicc_access(). */
void gicc_access(struct lvgic_vcpu *vcpu, struct lvgic_access *access);

#endif
