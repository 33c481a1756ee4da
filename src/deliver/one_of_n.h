/* SPDX-License-Identifier: MIT */
/*
 * 1-of-N routing (GICD_IROUTER<n>.Interrupt_Routing_Mode = 1, IHI 0069H 3.2.3): the SPI goes to one
 * of the vCPUs that participate. The choice is made by whoever makes the interrupt deliverable, and
 * is stored as the word's target; everything else is as for any other interrupt.
 *
 * A vCPU participates while it is awake (GICR_WAKER) and has not opted out (GICR_CTLR.DPG*).
 */
#ifndef LVGIC_DELIVER_ONE_OF_N_H
#define LVGIC_DELIVER_ONE_OF_N_H

#include "deliver/effects.h"
#include "irq/vm.h"

#define ROUTE_ONE_OF_N BIT64(31)

/* Is the SPI behind this slot routed so? Always false for private interrupts. */
bool one_of_n_routed(const struct lvgic_vm *vm, uint32_t slot);

/* Give the SPI a target that participates, or none if nobody does, and tell a new one. With `news`
 * the target is told also if it is the old one. */
void one_of_n_choose(struct lvgic_vm *vm, uint32_t slot, bool news, struct effects *effects);

/* A vCPU participates from now on, or does not any more: look at all SPIs that are routed so. The
 * state that says so must have been stored before. */
void one_of_n_changed(struct lvgic_vm *vm);

#endif
