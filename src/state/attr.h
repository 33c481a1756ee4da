/* SPDX-License-Identifier: MIT */
/* Device attributes: see include/lvgic/state.h. Each group is three functions. */
#ifndef LVGIC_STATE_ATTR_H
#define LVGIC_STATE_ATTR_H

#include "irq/vm.h"
#include "lvgic/state.h"

int attr_has(struct lvgic_vm *vm, uint32_t group, uint64_t attr);
int attr_get(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t *value);
int attr_set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value);

/* The same of an ITS (its_attr.c). */
struct its;
int its_attr_has(uint32_t group, uint64_t attr);
int its_attr_get(struct its *its, uint32_t group, uint64_t attr, uint64_t *value);
int its_attr_set(struct its *its, uint32_t group, uint64_t attr, uint64_t value);

/* Where its frames are (address.c). */
int address_get_its(const struct its *its, uint64_t *value);
int address_set_its(struct its *its, uint64_t value);

struct attr_ops {
    int (*has)(struct lvgic_vm *vm, uint64_t attr);
    int (*get)(struct lvgic_vm *vm, uint64_t attr, uint64_t *value);
    int (*set)(struct lvgic_vm *vm, uint64_t attr, uint64_t value);
};

extern const struct attr_ops attr_addr;        /* address.c */
extern const struct attr_ops attr_dist_regs;   /* frames.c */
extern const struct attr_ops attr_redist_regs; /* frames.c */
extern const struct attr_ops attr_level_info;  /* frames.c */
extern const struct attr_ops attr_cpu_regs;    /* cpuif.c */
extern const struct attr_ops attr_cpu_sysregs; /* cpuif.c */

/* The vCPU that an attribute names by affinity in [63:32], or with GICv2 by index in [39:32]; NULL
 * if there is none. */
struct lvgic_vcpu *attr_vcpu(struct lvgic_vm *vm, uint64_t attr);

/* Was CTRL INIT set, or has a vCPU run? */
static inline bool attr_started(const struct lvgic_vm *vm)
{
    /* Relaxed: a flag of its own. */
    return atomic_load_explicit(&vm->started, memory_order_relaxed);
}

#endif
