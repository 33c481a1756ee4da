/* SPDX-License-Identifier: MIT */
/*
 * GICv2 on real threads: seven vCPUs send SGIs to the eighth, which has one list register, while
 * registers are read and written from outside. A sender leaves a number before it sends; the last
 * number that the receiver finds when it acknowledges must be the last one that was left. Meant for
 * ThreadSanitizer. The work is counted, not timed: sources [ROUNDS [SEED]].
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

#define CPUS 8
#define ME 7
#define SENDERS 3 /* threads */
#define SGI 6

static struct lvgic_vcpu *cpu[CPUS];
static _Atomic int stop;
static _Atomic unsigned left[ME];
static unsigned seen[ME], delivered[ME]; /* the receiver's */
static unsigned rounds;

static const struct lvgic_host host = {
    .kick = host_kick, .wake = host_kick, .relax = host_relax, .broken = host_broken};

static void take_all(void)
{
    while (lvgic_vcpu_lines(cpu[ME]).irq) {
        unsigned vintid = gicc(cpu[ME], GICC_REG_IAR, false, 0), source = vintid >> 10;

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
        gicc(cpu[ME], GICC_REG_EOIR, true, vintid);
    }
}

static void *receives(void *arg)
{
    while (!atomic_load(&stop)) {
        atomic_store(&kicked[ME], 0);
        delay();
        lvgic_vcpu_enter(cpu[ME]);
        take_all();
        while (!atomic_load(&kicked[ME]) && !atomic_load(&stop))
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
            delay();
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

    rounds = arguments(argc, argv, 20000);
    if (lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 2;
    for (unsigned i = 0; i < CPUS; i++)
        cpu[i] = lvgic_vcpu(vm, LVGIC_VCPU(i));
    dist(NULL, true, 0, 4, 1);
    gicc(cpu[ME], GICC_REG_PMR, true, 0xff);
    gicc(cpu[ME], GICC_REG_CTLR, true, 1);
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
    return verdict(status);
}
