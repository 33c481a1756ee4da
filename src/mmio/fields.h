/* SPDX-License-Identifier: MIT */
/* The interrupts that one access to an array of per-interrupt fields concerns. */
#ifndef LVGIC_MMIO_FIELDS_H
#define LVGIC_MMIO_FIELDS_H

#include "arch/registers.h"
#include "irq/vm.h"

#define MAX_FIELDS 32 /* one-bit fields of a 32-bit register */

struct fields {
    struct lvgic_vcpu *vcpu; /* whose private interrupts; for others any vCPU */
    enum reg_op op;
    bool non_secure; /* accessed by Non-secure software, with two security states */
    bool vmm;        /* accessed by a VMM, by device attribute: see enum reg_vmm */
    uint32_t nr;
    uint32_t slots[MAX_FIELDS];   /* INTID_NONE where there is no such interrupt */
    uint64_t require[MAX_FIELDS]; /* flags without which the interrupt is not changed */
};

/* Leave out what this access must not see, or `write`: before reading and writing. */
void fields_hide_secure(struct fields *fields, bool write);

/* The value of each field. Pending and active state is exact: it waits for at most one guest exit
 * of each vCPU that has one of the interrupts in a list register. */
void fields_read(const struct fields *fields, uint64_t *values);

/* Write each field. `mask` says which bits of a field are written, for halves of 64-bit ones. */
void fields_write(const struct fields *fields, const uint64_t *values, uint64_t mask);

#endif
