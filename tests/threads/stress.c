/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, on real threads: two vCPU threads, devices, and register accesses from
 * outside; then everything must hold together and every edge must have been delivered. Meant for
 * ThreadSanitizer. The work is counted, not timed: stress [ROUNDS [SEED]].
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

#define CPUS 2
#define FIRST 40
#define EDGES 8  /* INTIDs 40 to 47 */
#define LEVEL 48 /* one level-sensitive */

static _Atomic int stop;
static _Atomic unsigned delivered[64], injected[64];
static unsigned rounds;

static const struct lvgic_host host = {
    .kick = host_kick, .wake = host_kick, .relax = host_relax, .broken = host_broken};

static void take_all(struct lvgic_vcpu *cpu)
{
    while (lvgic_vcpu_lines(cpu).irq) {
        uint64_t intid = icc(cpu, SYSREG_ICC_IAR1_EL1, false, 0);

        if (intid < 64) {
            atomic_fetch_add(&delivered[intid], 1);
            if (intid == LEVEL) /* the handler quiets the device */
                lvgic_set_line(vm, LVGIC_VCPU(0), LVGIC_INTID(LEVEL), false);
            icc(cpu, SYSREG_ICC_EOIR1_EL1, true, intid);
        }
    }
}

static void *run(void *arg)
{
    unsigned me = *(unsigned *)arg;
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(me));

    while (!atomic_load(&stop)) {
        atomic_store(&kicked[me], 0);
        delay();
        lvgic_vcpu_enter(cpu);
        take_all(cpu);
        while (!atomic_load(&kicked[me]) && !atomic_load(&stop))
            sched_yield();
        lvgic_vcpu_exit(cpu);
    }
    /* What is left, and is this vCPU's. */
    for (unsigned i = 0; i < 2; i++) {
        lvgic_vcpu_enter(cpu);
        take_all(cpu);
        lvgic_vcpu_exit(cpu);
    }
    return NULL;
}

static void *devices(void *arg)
{
    for (unsigned i = 0; i < rounds; i++) {
        unsigned intid = FIRST + i % EDGES;

        delay();
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(intid));
        atomic_fetch_add(&injected[intid], 1);
        if (i % 16 == 0)
            lvgic_set_line(vm, LVGIC_VCPU(0), LVGIC_INTID(LEVEL), true);
    }
    return arg;
}

/* What another vCPU, or a VMM, does meanwhile: routes, enables, priorities, exact reads, pauses. */
static void *registers(void *arg)
{
    for (unsigned i = 0; i < rounds / 4; i++) {
        unsigned intid = FIRST + i % EDGES;

        dist(NULL, true, 0x6000 + 8 * intid, 8, i / EDGES % CPUS);
        dist(NULL, true, 0x184, 4, 1u << intid % 32);
        dist(NULL, true, 0x400 + intid, 1, (i * 8) & 0xf8);
        dist(NULL, false, 0x204, 4, 0);
        dist(NULL, false, 0x304, 4, 0);
        dist(NULL, false, 0, 4, 0);
        dist(NULL, true, 0x104, 4, 1u << intid % 32);
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
    for (unsigned i = FIRST; i < FIRST + EDGES; i++) {
        struct lvgic_irq_info info;

        lvgic_irq_info(vm, LVGIC_VCPU(0), LVGIC_INTID(i), &info);
        printf("INTID %u: %u edges, %u deliveries%s\n", i, injected[i], delivered[i],
               info.pending ? ", pending" : "");
        if (info.pending || !delivered[i] || delivered[i] > injected[i])
            atomic_store(&failed, 1);
    }
    printf("INTID %u: %u deliveries\n", LEVEL, delivered[LEVEL]);
    return what || atomic_load(&failed) || !delivered[LEVEL];
}

int main(int argc, char **argv)
{
    struct lvgic_config config = {.nr_vcpus = CPUS, .nr_spis = 32, .nr_lrs = 2};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    pthread_t cpu[CPUS], other[3];
    unsigned number[CPUS] = {0, 1};

    rounds = arguments(argc, argv, 20000);
    if (lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 2;
    dist(NULL, true, 0, 4, 2);
    dist(NULL, true, 0x84, 4, UINT32_MAX);
    dist(NULL, true, 0xc08, 4, 0xaaaa0000);
    dist(NULL, true, 0x104, 4, 0x1ff00);
    for (unsigned i = 0; i < CPUS; i++) {
        icc(lvgic_vcpu(vm, LVGIC_VCPU(i)), SYSREG_ICC_PMR_EL1, true, 0xff);
        icc(lvgic_vcpu(vm, LVGIC_VCPU(i)), SYSREG_ICC_IGRPEN1_EL1, true, 1);
        pthread_create(&cpu[i], NULL, run, &number[i]);
    }
    pthread_create(&other[0], NULL, devices, NULL);
    pthread_create(&other[1], NULL, devices, NULL);
    pthread_create(&other[2], NULL, registers, NULL);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(other[i], NULL);
    atomic_store(&stop, 1);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(cpu[i], NULL);
    int status = check_end();
    free(memory);
    return verdict(status);
}
