/* SPDX-License-Identifier: MIT */
/*
 * LPIs with everything at once, on real threads: two vCPUs; a storm of messages; events mapped,
 * moved and discarded; LPIs of a redistributor disabled and enabled; the ITS disabled and enabled
 * (museum K01, K02, K07, K08, K10). Then everything must hold together: every set of a holder has
 * its clear, a message still arrives, and nobody took more interrupts than were sent. Meant for
 * ThreadSanitizer and AddressSanitizer. The work is counted, not timed: lpis [ROUNDS [SEED]].
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/its.h"
#include "common.h"
#include "lvgic/its.h"

#define CPUS 2u
#define EVENTS 8u
#define RAM UINT64_C(0x40000000)
#define QUEUE_SIZE 0x1000u
#define CONFIG 0x30000u

static uint8_t *ram;
static _Atomic int stop;
static _Atomic int holders[2];
static _Atomic unsigned long sent, accepted, taken;
static bool mapped_events[EVENTS];
static unsigned rounds;
static uint64_t head;
static _Atomic int others = 3; /* roles that have not ended; the messages go on until then */

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    (void)ctx;
    delay();
    if (gpa < RAM || gpa + size > RAM + 0x200000)
        return false;
    memcpy(data, ram + (gpa - RAM), size);
    return true;
}

/* Plain memory: the library promises that no two threads come here at a time. */
static void event_mapped(void *ctx, uint32_t number, uint32_t device, uint32_t event, bool mapped)
{
    (void)ctx;
    delay();
    if (number != 0 || device != 1 || event >= EVENTS || mapped_events[event] == mapped)
        atomic_store(&failed, 1);
    else
        mapped_events[event] = mapped;
}

static void holder(void *ctx, uint32_t lpi, enum lvgic_holder which, bool set)
{
    (void)ctx, (void)lpi;
    atomic_fetch_add(&holders[which], set ? 1 : -1);
}

static const struct lvgic_host host = {.kick = host_kick,
                                       .wake = host_kick,
                                       .relax = host_relax,
                                       .read_guest = read_guest,
                                       .event_mapped = event_mapped,
                                       .holder = holder,
                                       .broken = host_broken};

static uint64_t its(bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    delay();
    lvgic_its_access(vm, 0, &access);
    return access.value;
}

static uint64_t redist(uint32_t cpu, bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    delay();
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(cpu), &access);
    return access.value;
}

/* Only one thread sends commands, as a guest's lock has it. */
static void command(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    uint64_t words[4] = {c0, c1, c2, c3};

    while ((head + sizeof words) % QUEUE_SIZE == (its(false, 0x90, 8, 0) & ~UINT64_C(1)))
        sched_yield();
    memcpy(ram + head, words, sizeof words);
    head = (head + sizeof words) % QUEUE_SIZE;
    its(true, 0x88, 8, head);
}

static void mapti(unsigned event, unsigned icid)
{
    command(UINT64_C(1) << 32 | ITS_CMD_MAPTI, (uint64_t)(8192 + event) << 32 | event, icid, 0);
}

static void map_device(bool valid)
{
    command(UINT64_C(1) << 32 | ITS_CMD_MAPD, 2, (uint64_t)valid << 63 | (RAM + 0x50000), 0);
}

/* The table was replaced, or the device unmapped. */
static bool its_lost_device(void)
{
    struct lvgic_its_stats stats;

    lvgic_its_stats(vm, 0, &stats);
    return stats.last_error == ITS_E_MAPTI_UNMAPPED_DEVICE;
}

static void take_all(struct lvgic_vcpu *cpu)
{
    while (lvgic_vcpu_lines(cpu).irq) {
        uint64_t intid = icc(cpu, SYSREG_ICC_IAR1_EL1, false, 0);

        if (intid == 1023)
            break;
        if (intid < 8192 || intid >= 8192 + EVENTS)
            atomic_store(&failed, 1);
        atomic_fetch_add(&taken, 1);
        icc(cpu, SYSREG_ICC_EOIR1_EL1, true, intid);
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
    return NULL;
}

static void *messages(void *arg)
{
    for (unsigned i = 0; atomic_load(&others) > 0; i++) {
        delay();
        atomic_fetch_add(&sent, 1);
        if (lvgic_msi(vm, 0, 1, i % EVENTS) == LVGIC_OK)
            atomic_fetch_add(&accepted, 1);
        if (i % 64 == 0)
            sched_yield();
    }
    return arg;
}

static void *commands(void *arg)
{
    /* At least `rounds`, and until the other two have ended. */
    for (unsigned i = 0; i < rounds || atomic_load(&others) > 1; i++) {
        unsigned event = i * 5 % EVENTS;

        switch (i % 16) {
        case 3:
            command(ITS_CMD_MOVALL, 0, 0, 1 << 16);
            break;
        case 7:
            command(ITS_CMD_INVALL, 0, i % 2, 0);
            break;
        case 9:
            command(ITS_CMD_MAPC, 0, 1, 0);
            command(ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | (uint64_t)(i / 16 % 2) << 16 | 1, 0);
            command(ITS_CMD_MAPC, 0, UINT64_C(1) << 63, 0);
            break;
        case 11:
            if (i / 16 % 4 == 0)
                map_device(false);
            break;
        case 13:
            command(UINT64_C(1) << 32 | ITS_CMD_MOVI, event, i / 16 % 2, 0);
            break;
        default:
            command(UINT64_C(1) << 32 | ITS_CMD_DISCARD, event, 0, 0);
            mapti(event, i / 8 % 2);
            if (its_lost_device())
                map_device(true);
            sched_yield();
            break;
        }
    }
    atomic_fetch_sub(&others, 1);
    return arg;
}

static void *redistributor(void *arg)
{
    for (unsigned i = 0; i < rounds / 2; i++) {
        unsigned cpu = i % CPUS;

        redist(cpu, true, 0, 4, 0);
        for (unsigned n = 0; n < 20 && redist(cpu, false, 0, 4, 0) & 8; n++)
            sched_yield();
        redist(cpu, true, 0xa0, 8, 8192 + i % EVENTS);
        redist(cpu, true, 0, 4, 1);
        redist(!cpu, true, 0xa0, 8, 8192 + i % EVENTS);
        redist(cpu, true, 0xb0, 8, 0);
        for (unsigned n = 0; n < 8; n++)
            sched_yield();
    }
    atomic_fetch_sub(&others, 1);
    return arg;
}

static void *toggle(void *arg)
{
    for (unsigned i = 0; i < rounds / 2; i++) {
        its(true, 0, 4, 0);
        its(false, 0, 4, 0);
        if (i % 64 == 0) { /* another table: everything goes */
            while (!(its(false, 0, 4, 0) >> 31))
                sched_yield();
            its(true, 0x100, 8, GITS_BASER_VALID | (RAM + (i % 128 ? 0x10000 : 0x60000)));
        }
        its(true, 0, 4, 1);
        for (unsigned n = 0; n < 8; n++)
            sched_yield();
    }
    atomic_fetch_sub(&others, 1);
    return arg;
}

static void set_up(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        redist(i, true, 0x70, 8, (RAM + CONFIG) | 15);
        redist(i, true, 0x78, 8, (RAM + 0x70000 + i * 0x10000));
        redist(i, true, 0, 4, 1);
        icc(lvgic_vcpu(vm, LVGIC_VCPU(i)), SYSREG_ICC_PMR_EL1, true, 0xff);
        icc(lvgic_vcpu(vm, LVGIC_VCPU(i)), SYSREG_ICC_IGRPEN1_EL1, true, 1);
    }
    its(true, 0x100, 8, GITS_BASER_VALID | (RAM + 0x10000));
    its(true, 0x108, 8, GITS_BASER_VALID | (RAM + 0x20000));
    its(true, 0x80, 8, GITS_BASER_VALID | RAM);
    its(true, 0, 4, 1);
}

/* When all is quiet: what works at the start works now. */
static void works_still(void)
{
    unsigned long before = atomic_load(&taken);
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(1));

    its(true, 0, 4, 1);
    while (redist(1, false, 0, 4, 0) & 8)
        ;
    redist(1, true, 0, 4, 1);
    map_device(true);
    command(ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | 1 << 16 | 1, 0);
    mapti(0, 1);
    while (lvgic_its_run(vm))
        ;
    lvgic_vcpu_enter(cpu);
    take_all(cpu); /* what was left */
    lvgic_vcpu_exit(cpu);
    before = atomic_load(&taken);
    if (lvgic_msi(vm, 0, 1, 0) != LVGIC_OK)
        atomic_store(&failed, 1);
    lvgic_vcpu_enter(cpu);
    take_all(cpu);
    lvgic_vcpu_exit(cpu);
    if (atomic_load(&taken) != before + 1)
        atomic_store(&failed, 1);
}

static int check_end(void)
{
    const char *what = lvgic_check(vm);
    struct lvgic_its_stats stats;

    lvgic_its_stats(vm, 0, &stats);
    lvgic_vm_fini(vm);
    for (unsigned i = 0; i < EVENTS; i++)
        if (mapped_events[i])
            atomic_store(&failed, 1);
    printf("%lu messages, %lu accepted, %lu taken; %lu commands, %lu errors; MAPPED %lu times; "
           "at the end %d MAPPED, %d INLR%s%s\n",
           sent, accepted, taken, (unsigned long)stats.commands, (unsigned long)stats.errors,
           (unsigned long)stats.mapped, holders[0], holders[1], what ? ", " : "", what ? what : "");
    return what || atomic_load(&failed) || holders[0] || holders[1] || taken < rounds / 100 ||
           taken > accepted + 1;
}

int main(int argc, char **argv)
{
    struct lvgic_config config = {.nr_vcpus = CPUS,
                                  .nr_lrs = 2,
                                  .nr_lpis = EVENTS + 2,
                                  .nr_its = 1,
                                  .its_device_bits = 4,
                                  .its_collection_bits = 4,
                                  .its_devices = 2,
                                  .its_events = 64};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    void *(*const roles[])(void *) = {messages, messages, commands, redistributor, toggle};
    unsigned number[CPUS] = {0, 1};
    pthread_t cpu[CPUS], other[5];

    rounds = arguments(argc, argv, 4000);
    ram = calloc(1, 0x200000);
    memset(ram + CONFIG, 0x81, 0x10000);
    if (lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 2;
    dist(NULL, true, 0, 4, 2);
    set_up();
    command(ITS_CMD_MAPC, 0, UINT64_C(1) << 63, 0);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_create(&cpu[i], NULL, run, &number[i]);
    for (unsigned i = 0; i < 5; i++)
        pthread_create(&other[i], NULL, roles[i], NULL);
    for (unsigned i = 0; i < 5; i++)
        pthread_join(other[i], NULL);
    atomic_store(&stop, 1);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(cpu[i], NULL);
    works_still();
    int status = check_end();
    free(memory);
    free(ram);
    return verdict(status);
}
