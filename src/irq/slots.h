/* SPDX-License-Identifier: MIT */
/*
 * LPI slots: which are free, which INTID each stands for, and which vCPU's they are.
 *
 * Slots are of one type for the VM's life. Two bits of the word hold one: MAPPED (an event of an
 * ITS stands for it) and INLR (a list register has it). Whoever clears the last of them sets the
 * slot's bit in `free`, in any context; only the claim's holder takes slots.
 */
#ifndef LVGIC_IRQ_SLOTS_H
#define LVGIC_IRQ_SLOTS_H

#include "irq/vm.h"

#define LPI_NONE UINT32_MAX

/* LPI slot number, and the slot in a vCPU's numbering. */
static inline uint32_t lpi_to_slot(const struct lvgic_vm *vm, uint32_t lpi)
{
    return vm->nr_wired + lpi;
}

static inline struct irq *lpi_irq(const struct lvgic_vm *vm, uint32_t lpi)
{
    return &vm->spis[vm->nr_wired - vm->nr_private + lpi];
}

/* The LPI with this INTID, of this vCPU with DirectLPI, or LPI_NONE. Any context. */
uint32_t lpi_find(const struct lvgic_vm *vm, const struct lvgic_vcpu *vcpu, uint32_t intid);

/* For the claim's holder: give `intid` a slot that is not known to any event yet. LPI_NONE: the
 * limit has been reached. */
uint32_t lpi_map(struct lvgic_vm *vm, uint32_t intid, uint32_t target, uint8_t its, uint16_t icid);

/* For the claim's holder: forget what the slot stands for, before MAPPED is cleared. */
void lpi_forget(struct lvgic_vm *vm, uint32_t lpi, uint32_t target);

void lpi_join(struct lvgic_vm *vm, uint32_t lpi, uint32_t target);
void lpi_leave(struct lvgic_vm *vm, uint32_t lpi, uint32_t target);

/* Laying out: the limits, and the memory (see vm_layout()). */
bool lpi_config_valid(const struct lvgic_config *config);
void lpi_limits(struct lvgic_vm *vm, const struct lvgic_config *config);
void lpi_layout(struct lvgic_vm *vm, void *memory, size_t *used);

/* All slots free; with DirectLPI all mapped. */
void lpi_reset(struct lvgic_vm *vm);

/* Number of bits set in `free`. */
uint32_t lpi_count_free(const struct lvgic_vm *vm);

#endif
