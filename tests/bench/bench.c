/* SPDX-License-Identifier: MIT */
/*
 * What the library costs on this machine, through the public functions and the software CPU
 * interface. Each figure is the best of several rounds (the machine is not ours alone), and the
 * cost of one uncontended atomic read-modify-write is printed beside them: compare ratios, not
 * nanoseconds.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "arch/registers.h"
#include "lvgic/lvgic.h"

#define ROUNDS 9
#define REPEATS 200000u

static struct lvgic_vm *vm;
static struct lvgic_vcpu *cpu;
static _Atomic unsigned kicked;
static _Atomic uint64_t word;

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    atomic_store_explicit(&kicked, 1, memory_order_relaxed);
}

static const struct lvgic_host host = {.kick = kick};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void dist_write(uint32_t offset, uint8_t size, uint64_t value)
{
    lvgic_dist_access(vm, NULL, &(struct lvgic_access){offset, size, true, value, false});
}

static uint64_t icc(enum sysreg reg, bool write, uint64_t value)
{
    lvgic_vcpu_sysreg(cpu, sysreg_rows[reg].encoding, write, &value);
    return value;
}

static void rmw(void)
{
    atomic_fetch_or_explicit(&word, 1, memory_order_acq_rel);
}

static void inject_pending(void)
{
    lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40));
}

static void inject_in_guest(void)
{
    lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40)); /* and it is in a list register */
}

static void exit_enter(void)
{
    lvgic_vcpu_exit(cpu);
    lvgic_vcpu_enter(cpu);
}

static void deliver_one(void)
{
    lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(41));
    lvgic_vcpu_enter(cpu);
    icc(SYSREG_ICC_EOIR1_EL1, true, icc(SYSREG_ICC_IAR1_EL1, false, 0));
    lvgic_vcpu_exit(cpu);
}

static void read_register(void)
{
    struct lvgic_access access = {.offset = 0x104, .size = 4};

    lvgic_dist_access(vm, NULL, &access);
}

static void send_sgi(void)
{
    icc(SYSREG_ICC_SGI1R_EL1, true, 1u << 24 | 2);
}

static double measure(void (*what)(void))
{
    double best = 1e18;

    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now();

        for (unsigned i = 0; i < REPEATS; i++)
            what();
        double each = (now() - start) / REPEATS;
        best = each < best ? each : best;
    }
    return best;
}

static double floor_ns;

static void report(const char *what, void (*function)(void))
{
    double ns = measure(function);

    printf("%-58s %8.1f ns %6.1f x\n", what, ns, ns / floor_ns);
}

/* One thread injects 64 interrupts in turn as fast as it can, another takes them. */
static _Atomic unsigned injecting;

static void *injector(void *arg)
{
    for (unsigned i = 0; i < 2000000; i++)
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(64 + i % 64));
    atomic_store(&injecting, 0);
    return arg;
}

static void two_threads(void)
{
    unsigned long delivered = 0, runs = 0;
    pthread_t thread;
    double start = now();

    atomic_store(&injecting, 1);
    pthread_create(&thread, NULL, injector, NULL);
    while (atomic_load(&injecting)) {
        lvgic_vcpu_enter(cpu);
        runs++;
        for (;;) {
            uint64_t intid = icc(SYSREG_ICC_IAR1_EL1, false, 0);

            if (intid == 1023)
                break;
            delivered++;
            icc(SYSREG_ICC_EOIR1_EL1, true, intid);
        }
        lvgic_vcpu_exit(cpu);
    }
    double seconds = (now() - start) / 1e9;

    pthread_join(thread, NULL);
    printf("%-58s %8.2f M/s injected, %.2f M/s delivered, %lu guest runs\n",
           "two threads: one injects, one takes", 2.0 / seconds, (double)delivered / seconds / 1e6,
           runs);
}

int main(void)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 96};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);

    if (!memory || lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 1;
    cpu = lvgic_vcpu(vm, LVGIC_VCPU(0));
    dist_write(0, 4, 2);
    for (uint32_t i = 1; i < 4; i++) {
        dist_write(0x80 + i * 4, 4, UINT32_MAX);
        dist_write(0xc00 + i * 8, 4, 0xaaaaaaaa);
        dist_write(0xc04 + i * 8, 4, 0xaaaaaaaa);
        dist_write(0x100 + i * 4, 4, UINT32_MAX);
    }
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(1),
                        &(struct lvgic_access){0x10080, 4, true, UINT32_MAX, false});
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(1),
                        &(struct lvgic_access){0x10100, 4, true, UINT32_MAX, false});
    icc(SYSREG_ICC_PMR_EL1, true, 0xff);
    icc(SYSREG_ICC_IGRPEN1_EL1, true, 1);

    floor_ns = measure(rmw);
    printf("%zu bytes for 2 vCPUs and 96 SPIs; best of %u rounds\n", size, ROUNDS);
    printf("%-58s %8.1f ns %6.1f x\n", "one atomic read-modify-write", floor_ns, 1.0);
    report("inject an edge, vCPU out of the guest", inject_pending);
    lvgic_vcpu_enter(cpu);
    report("inject an edge again while it is in a list register", inject_in_guest);
    icc(SYSREG_ICC_EOIR1_EL1, true, icc(SYSREG_ICC_IAR1_EL1, false, 0));
    lvgic_vcpu_exit(cpu);
    deliver_one();
    lvgic_vcpu_enter(cpu);
    icc(SYSREG_ICC_EOIR1_EL1, true, icc(SYSREG_ICC_IAR1_EL1, false, 0));
    report("exit and enter, nothing to do", exit_enter);
    lvgic_vcpu_exit(cpu);
    report("inject, enter, acknowledge, complete, exit", deliver_one);
    report("read GICD_ISENABLER (32 interrupts)", read_register);
    report("send an SGI to another vCPU, out of the guest", send_sgi);
    two_threads();
    free(memory);
    return 0;
}
