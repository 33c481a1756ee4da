/* SPDX-License-Identifier: MIT */
#ifndef LVGIC_STATE_RESET_H
#define LVGIC_STATE_RESET_H

#include "irq/vm.h"

/* See lvgic_vcpu_reset(). */
void reset_vcpu(struct lvgic_vcpu *vcpu);

/* Of an interrupt's word, what belongs to the host and stays through a reset or restore. */
#define IRQ_OF_HOST (IRQ_NOTIFY | IRQ_HW)

#endif
