/* SPDX-License-Identifier: MIT */
/*
 * GICv2 on real threads: seven vCPUs send SGIs to the eighth, which has one list register, while
 * registers are read and written from outside. A sender leaves a number before it sends; the last
 * number that the receiver finds when it acknowledges must be the last one that was left. Meant for
 * ThreadSanitizer. The work is counted, not timed: sources [ROUNDS].
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/registers.h"
#include "lvgic/lvgic.h"

#define CPUS 8
#define ME 7
#define SENDERS 3 /* threads */
#define SGI 6

static struct lvgic_vm *vm;
static struct lvgic_vcpu *cpu[CPUS];
static _Atomic int kicked, stop, failed;
static _Atomic unsigned left[ME];
static unsigned seen[ME], delivered[ME]; /* the receiver's */
static unsigned rounds = 20000;

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    if (v.n == ME)
        atomic_store(&kicked, 1);
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    sched_yield();
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    printf("broken: %s\n", what);
    atomic_store(&failed, 1);
}

static const struct lvgic_host host = {
    .kick = kick, .wake = kick, .relax = relax, .broken = broken};

static uint64_t dist(struct lvgic_vcpu *by, bool write, unsigned offset, unsigned size,
                     uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = write, .value = value};

    lvgic_dist_access(vm, by, &access);
    return access.value;
}

static unsigned gicc(enum gicc_reg reg, bool write, unsigned value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    lvgic_gicc_access(cpu[ME], &access);
    return (unsigned)access.value;
}

static void take_all(void)
{
    while (lvgic_vcpu_lines(cpu[ME]).irq) {
        unsigned vintid = gicc(GICC_REG_IAR, false, 0), source = vintid >> 10;

        if (vintid == 1023)
            continue;
        if ((vintid & 1023) != SGI || source >= ME) {
            printf("acknowledged %#x\n", vintid);
            atomic_store(&failed, 1);
            return;
        }
        delivered[source]++;
        /* Relaxed: the acknowledgement orders it. */
        seen[source] = atomic_load_explicit(&left[source], memory_order_relaxed);
        gicc(GICC_REG_EOIR, true, vintid);
    }
}

static void *receives(void *arg)
{
    while (!atomic_load(&stop)) {
        atomic_store(&kicked, 0);
        lvgic_vcpu_enter(cpu[ME]);
        take_all();
        while (!atomic_load(&kicked) && !atomic_load(&stop))
            sched_yield();
        lvgic_vcpu_exit(cpu[ME]);
    }
    lvgic_vcpu_enter(cpu[ME]);
    take_all();
    lvgic_vcpu_exit(cpu[ME]);
    return arg;
}

/* One thread acts for every third of the sending vCPUs. */
static void *sends(void *arg)
{
    unsigned first = *(unsigned *)arg;

    for (unsigned i = 1; i <= rounds; i++) {
        for (unsigned source = first; source < ME; source += SENDERS) {
            atomic_store_explicit(&left[source], i, memory_order_relaxed);
            dist(cpu[source], true, 0xf00, 4, 1u << (16 + ME) | SGI);
        }
        sched_yield(); /* so that the receiver has its share on a small machine */
    }
    return arg;
}

static void *registers(void *arg)
{
    for (unsigned i = 0; i < rounds / 4; i++) {
        dist(NULL, false, 0xf24, 4, 0);             /* SPENDSGIR, of vCPU 0 */
        dist(NULL, true, 0x820, 1, i & 0xff);       /* ITARGETSR of an SPI */
        dist(NULL, true, 0x300, 4, 1u << (i & 15)); /* ISACTIVER0, ICACTIVER0 of vCPU 0 */
        dist(NULL, true, 0x380, 4, 0xffff);
        if (i % 64 == 0) {
            lvgic_pause(vm);
            lvgic_resume(vm);
        }
    }
    return arg;
}

static int check_end(void)
{
    const char *what = lvgic_check(vm);

    if (what)
        printf("at the end: %s\n", what);
    for (unsigned i = 0; i < ME; i++) {
        printf("source %u: %u sends, %u deliveries, last number %u\n", i, rounds, delivered[i],
               seen[i]);
        if (seen[i] != rounds || delivered[i] > rounds)
            atomic_store(&failed, 1);
    }
    if (dist(cpu[ME], false, 0x200, 4, 0) || dist(cpu[ME], false, 0x300, 4, 0))
        atomic_store(&failed, 1);
    return what || atomic_load(&failed);
}

int main(int argc, char **argv)
{
    struct lvgic_config config = {.gic = 2, .nr_vcpus = CPUS, .nr_spis = 32, .nr_lrs = 1};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    pthread_t receiver, other[SENDERS + 1];
    unsigned number[SENDERS];

    if (argc > 1)
        rounds = (unsigned)strtoul(argv[1], NULL, 10);
    if (lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 2;
    for (unsigned i = 0; i < CPUS; i++)
        cpu[i] = lvgic_vcpu(vm, LVGIC_VCPU(i));
    dist(NULL, true, 0, 4, 1);
    gicc(GICC_REG_PMR, true, 0xff);
    gicc(GICC_REG_CTLR, true, 1);
    pthread_create(&receiver, NULL, receives, NULL);
    for (unsigned i = 0; i < SENDERS; i++) {
        number[i] = i;
        pthread_create(&other[i], NULL, sends, &number[i]);
    }
    pthread_create(&other[SENDERS], NULL, registers, NULL);
    for (unsigned i = 0; i <= SENDERS; i++)
        pthread_join(other[i], NULL);
    atomic_store(&stop, 1);
    pthread_join(receiver, NULL);
    int status = check_end();
    free(memory);
    printf(status ? "0 passed, 1 failed\n" : "1 passed, 0 failed\n");
    return status;
}
