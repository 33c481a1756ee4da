/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct lvgic_vm *vm;
_Atomic int kicked[MAX_CPUS], failed;
static uint64_t seed;
static _Atomic uint64_t threads; /* that have called delay() */
static _Thread_local uint64_t random_state;

unsigned arguments(int argc, char **argv, unsigned otherwise)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)now.tv_nsec;
    printf("seed %llu\n", (unsigned long long)seed);
    return argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : otherwise;
}

static uint64_t next_random(void)
{
    if (!random_state)
        random_state = (seed + atomic_fetch_add(&threads, 1)) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void delay(void)
{
    uint64_t random = next_random();
    struct timespec nap = {.tv_nsec = (long)(random >> 32) % 100000};

    if (random % 16 == 0)
        sched_yield();
    else if (random % 16 == 1)
        for (volatile unsigned i = (unsigned)(random >> 32) % 2000; i > 0; i--)
            ;
    else if (random % 1024 == 2)
        nanosleep(&nap, NULL);
}

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
