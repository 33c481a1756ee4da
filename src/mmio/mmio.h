/* SPDX-License-Identifier: MIT */
/* Guest accesses to the distributor and redistributor frames, and to the system registers. */
#ifndef LVGIC_MMIO_MMIO_H
#define LVGIC_MMIO_MMIO_H

#include "arch/registers.h"
#include "irq/vm.h"

/* One access while it is handled. */
struct mmio {
    struct lvgic_vm *vm;
    struct lvgic_vcpu *vcpu; /* whose redistributor; for the distributor any vCPU, to reach SPIs */
    struct lvgic_access *access;
    bool non_secure; /* a Non-secure access, with two security states */
    bool vmm;        /* a VMM's, by device attribute */
};

/* The table engine: find the row, check size and alignment, split the access into interrupts, and
 * do to each what the row says. `private_frame`: the rows are about INTIDs 0 to 31, and not 32 up.
 */
void mmio_table_access(struct mmio *mmio, const struct reg_row *rows, size_t nr,
                       bool private_frame);

/* The registers that need code (hooks.c). `shift` is the access's offset into the register in
 * bits: a 64-bit register may be accessed by halves. */
uint64_t mmio_hook_read(struct mmio *mmio, enum reg_hook hook);
void mmio_hook_write(struct mmio *mmio, enum reg_hook hook, uint64_t value);

/* A register of 64 bits, of which this access may write a half: `value` is in place already. */
static inline uint64_t mmio_merge(const struct lvgic_access *access, uint64_t old, uint64_t value)
{
    uint64_t mask = (~UINT64_C(0) >> (64 - access->size * 8)) << access->offset % 8 * 8;

    return (old & ~mask) | (value & mask);
}

#endif
