/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <sched.h>
#include <stdio.h>

struct lvgic_vm *vm;
_Atomic int kicked[MAX_CPUS], failed;

void host_kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    delay();
    atomic_store(&kicked[v.n], 1);
    delay();
}

void host_relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    sched_yield();
    delay();
}

void host_broken(void *ctx, const char *what)
{
    (void)ctx;
    printf("broken: %s\n", what);
    atomic_store(&failed, 1);
}

uint64_t dist(struct lvgic_vcpu *by, bool write, unsigned offset, unsigned size, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = write, .value = value};

    delay();
    lvgic_dist_access(vm, by, &access);
    return access.value;
}

uint64_t icc(struct lvgic_vcpu *cpu, enum sysreg reg, bool write, uint64_t value)
{
    delay();
    lvgic_vcpu_sysreg(cpu, sysreg_rows[reg].encoding, write, &value);
    return value;
}

uint32_t gicc(struct lvgic_vcpu *cpu, enum gicc_reg reg, bool write, uint64_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    delay();
    lvgic_gicc_access(cpu, &access);
    return (uint32_t)access.value;
}

int verdict(bool bad)
{
    printf(bad ? "0 passed, 1 failed\n" : "1 passed, 0 failed\n");
    return bad;
}
