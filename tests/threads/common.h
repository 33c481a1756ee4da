/* SPDX-License-Identifier: MIT */
/* What these programs share: the VM, a host whose callbacks take their time, accesses, the end. */
#ifndef THREADS_COMMON_H
#define THREADS_COMMON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/registers.h"
#include "delay.h"
#include "lvgic/lvgic.h"

#define MAX_CPUS 8

extern struct lvgic_vm *vm;
extern _Atomic int kicked[MAX_CPUS], failed;

/* For struct lvgic_host. */
void host_kick(void *ctx, lvgic_vcpuid v);
void host_relax(void *ctx, lvgic_vcpuid v);
void host_broken(void *ctx, const char *what);

/* A guest's accesses: to the distributor, and to the CPU interface. */
uint64_t dist(struct lvgic_vcpu *by, bool write, unsigned offset, unsigned size, uint64_t value);
uint64_t icc(struct lvgic_vcpu *cpu, enum sysreg reg, bool write, uint64_t value);
uint32_t gicc(struct lvgic_vcpu *cpu, enum gicc_reg reg, bool write, uint64_t value);

/* The last line, and the exit status. */
int verdict(bool bad);

#endif
