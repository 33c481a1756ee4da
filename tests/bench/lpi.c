/* SPDX-License-Identifier: MIT */
/*
 * LPIs: what one costs in memory, and what an injection costs with 64 mapped and with all of a
 * 16-bit INTID space, in 32 devices, on 4 vCPUs with 5 priority bits. Each figure is the best of
 * several rounds of one pass over all LPIs; ratios say more than nanoseconds.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/its.h"
#include "arch/registers.h"
#include "lvgic/its.h"

#define RAM UINT64_C(0x80000000)
#define RAM_SIZE 0x200000u
#define CPUS 4u
#define DEVICES 32u
#define ALL 57344u
#define FEW 64u

static struct lvgic_vm *vm;
static uint8_t *ram;
static uint64_t head;

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    (void)ctx;
    if (gpa < RAM || gpa + size > RAM + RAM_SIZE)
        return false;
    memcpy(data, ram + (gpa - RAM), size);
    return true;
}

static const struct lvgic_host host = {.kick = kick, .read_guest = read_guest};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t its(bool write, uint32_t offset, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = 8, .write = write, .value = value};

    if (offset == 0)
        access.size = 4;
    lvgic_its_access(vm, 0, &access);
    return access.value;
}

static void redist(uint32_t v, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = true, .value = value};

    lvgic_redist_access(vm, NULL, LVGIC_VCPU(v), &access);
}

static void command(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    uint64_t words[4] = {c0, c1, c2, c3};

    memcpy(ram + head, words, sizeof words);
    head = (head + sizeof words) % 0x10000;
    its(true, 0x88, head);
    while (its(false, 0x90, 0) != head)
        lvgic_its_run(vm);
}

static uint32_t device_of(uint32_t n, uint32_t mapped)
{
    return n / (mapped / DEVICES);
}

/* A VM with so many LPIs mapped. */
static size_t setup(uint32_t mapped)
{
    struct lvgic_config config = {
        .nr_vcpus = CPUS, .nr_spis = 32, .nr_lpis = mapped, .nr_its = 1, .pri_bits = 5};
    struct lvgic_config without = config;
    size_t size = lvgic_vm_size(&config);

    without.nr_lpis = without.nr_its = 0;
    if (lvgic_vm_init(aligned_alloc(64, size), size, &config, &host, NULL, &vm))
        exit(1);
    head = 0;
    for (uint32_t v = 0; v < CPUS; v++) {
        redist(v, 0x70, 8, (RAM + 0x40000) | 15);
        redist(v, 0x78, 8, (RAM + 0x50000) | UINT64_C(1) << 62);
        redist(v, 0, 4, 1);
    }
    lvgic_dist_access(vm, NULL, &(struct lvgic_access){.size = 4, .write = true, .value = 3});
    its(true, 0x100, GITS_BASER_VALID | (RAM + 0x20000));
    its(true, 0x108, GITS_BASER_VALID | (RAM + 0x30000));
    its(true, 0x80, GITS_BASER_VALID | RAM | 15);
    its(true, 0, 1);
    for (uint32_t v = 0; v < CPUS; v++)
        command(ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | v << 16 | v, 0);
    for (uint32_t d = 0; d < DEVICES; d++)
        command((uint64_t)d << 32 | ITS_CMD_MAPD, 10, UINT64_C(1) << 63 | (RAM + 0x100000), 0);
    for (uint32_t i = 0; i < mapped; i++) {
        uint32_t d = device_of(i, mapped);

        command((uint64_t)d << 32 | ITS_CMD_MAPTI,
                (uint64_t)(8192 + i) << 32 | (i - d * (mapped / DEVICES)), i % CPUS, 0);
    }
    return size - lvgic_vm_size(&without);
}

static void put_in_order(uint32_t *order, uint32_t mapped, bool random)
{
    uint64_t x = 88172645463325252;

    for (uint32_t i = 0; i < mapped; i++)
        order[i] = i;
    for (uint32_t i = mapped; random && i-- > 1;) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint32_t j = (uint32_t)(x % (i + 1)), t = order[i];
        order[i] = order[j], order[j] = t;
    }
}

/* Every LPI once, in this order, `passes` times. */
static double pass(uint32_t mapped, const uint32_t *in, unsigned passes)
{
    uint32_t each = mapped / DEVICES;
    double start = now();

    for (unsigned p = 0; p < passes; p++)
        for (uint32_t i = 0; i < mapped; i++) {
            uint32_t n = in[i], d = n / each;

            if (lvgic_msi(vm, 0, d, n - d * each))
                exit(2);
        }
    return (now() - start) / passes / mapped;
}

/* The two VMs by turns, so that both meet the same machine; the best pass of each. */
static void measure(struct lvgic_vm *few_vm, struct lvgic_vm *all_vm, bool random, double *few,
                    double *all)
{
    static uint32_t few_order[FEW], all_order[ALL];

    put_in_order(few_order, FEW, random);
    put_in_order(all_order, ALL, random);
    *few = *all = 1e18;
    for (unsigned round = 0; round < 40; round++) {
        double ns;

        vm = few_vm;
        ns = pass(FEW, few_order, 3000);
        *few = ns < *few ? ns : *few;
        vm = all_vm;
        ns = pass(ALL, all_order, 4);
        *all = ns < *all ? ns : *all;
    }
}

static double first_enter(void)
{
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(0));
    double start = now(), end;

    lvgic_vcpu_enter(cpu);
    end = now();
    lvgic_vcpu_exit(cpu);
    return end - start;
}

static void open_group1(uint64_t open)
{
    lvgic_vcpu_sysreg(lvgic_vcpu(vm, LVGIC_VCPU(0)), sysreg_rows[SYSREG_ICC_IGRPEN1_EL1].encoding,
                      true, &open);
}

static double exit_enter(unsigned turns)
{
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(0));
    double least = 1e18;

    lvgic_vcpu_enter(cpu);
    for (unsigned round = 0; round < 9; round++) {
        double start = now(), each;

        for (unsigned i = 0; i < turns; i++) {
            lvgic_vcpu_exit(cpu);
            lvgic_vcpu_enter(cpu);
        }
        each = (now() - start) / turns;
        least = each < least ? each : least;
    }
    lvgic_vcpu_exit(cpu);
    return least;
}

int main(void)
{
    double few[2], all[2], turn[2], storm[3];
    struct lvgic_vm *few_vm, *all_vm;
    size_t bytes;

    ram = calloc(1, RAM_SIZE);
    memset(ram + 0x40000, 0x81, 0x10000);
    setup(FEW);
    few_vm = vm;
    turn[0] = exit_enter(200000);
    bytes = setup(ALL);
    all_vm = vm;
    turn[1] = exit_enter(200000);
    measure(few_vm, all_vm, false, &few[0], &all[0]);
    measure(few_vm, all_vm, true, &few[1], &all[1]);
    /* All are pending now, a quarter of them on vCPU 0. */
    storm[0] = first_enter();
    storm[1] = exit_enter(1000);
    open_group1(1);
    storm[2] = exit_enter(1000);
    printf("%u LPIs in %u devices, %u vCPUs, 5 priority bits: %zu bytes, %.1f bytes per LPI\n", ALL,
           DEVICES, CPUS, bytes, (double)bytes / ALL);
    printf("%-58s %8.1f ns, %.1f ns with %u: %.2f times\n", "an MSI, events in mapping order",
           all[0], few[0], FEW, all[0] / few[0]);
    printf("%-58s %8.1f ns, %.1f ns with %u: %.2f times\n", "an MSI, events in random order",
           all[1], few[1], FEW, all[1] / few[1]);
    printf("%-58s %8.1f ns, %.1f ns with %u\n", "exit and enter, nothing to do", turn[1], turn[0],
           FEW);
    printf("%-58s %8.1f us\n", "the first entry with all pending, 14336 of them here",
           storm[0] / 1e3);
    printf("%-58s %8.1f us, group closed %.1f us\n", "exit and enter, 14336 wait", storm[2] / 1e3,
           storm[1] / 1e3);
    return bytes / ALL > 96 || all[0] / few[0] > 1.5;
}
