/* SPDX-License-Identifier: MIT */
/*
 * Eight threads read and write every device attribute while eight vCPUs run, take interrupts and
 * send some: no access may fail because somebody runs, and what is set must be what is got. One
 * thread also takes snapshots and resets the last vCPU. For ThreadSanitizer and the other
 * sanitizers: attributes [SECONDS [SEED]].
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/registers.h"
#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"

#include "delay.h"

#define CPUS 8
#define NR_SPIS 288u /* a block of 32 for each thread, and one that interrupts the guests */
#define GUESTS_FIRST (FIRST_SPI + 32 * CPUS)

struct attribute {
    uint32_t group;
    uint64_t attr;
    const struct reg_row *row; /* of a frame's register */
    unsigned owner;            /* the thread that writes it; CPUS: all, what they have read */
    uint64_t checked;          /* bits that nobody else changes */
};

static struct lvgic_vm *vm;
static struct attribute *attributes;
static unsigned nr_attributes, gic;
static _Atomic int kicked[CPUS], stop, failed, stop_cpus;
static _Atomic unsigned long accesses, delivered, snapshots;

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    delay();
    atomic_store(&kicked[v.n], 1);
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    sched_yield();
    delay();
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    printf("broken: %s\n", what);
    atomic_store(&failed, 1);
}

static const struct lvgic_host host = {
    .kick = kick, .wake = kick, .relax = relax, .broken = broken};

/* ------------------------------------------------------------------ guests */

static uint64_t icc(struct lvgic_vcpu *cpu, enum sysreg reg, bool write, uint64_t value)
{
    delay();
    lvgic_vcpu_sysreg(cpu, sysreg_rows[reg].encoding, write, &value);
    return value;
}

static uint32_t gicc(struct lvgic_vcpu *cpu, enum gicc_reg reg, bool write, uint64_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    delay();
    lvgic_gicc_access(cpu, &access);
    return (uint32_t)access.value;
}

static void take_some(struct lvgic_vcpu *cpu)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t intid =
            gic == 2 ? gicc(cpu, GICC_REG_IAR, false, 0) : icc(cpu, SYSREG_ICC_IAR1_EL1, false, 0);

        if ((intid & 0x3ff) >= 1020)
            return;
        atomic_fetch_add(&delivered, 1);
        if (gic == 2)
            gicc(cpu, GICC_REG_EOIR, true, intid);
        else
            icc(cpu, SYSREG_ICC_EOIR1_EL1, true, intid);
    }
}

static void *run(void *arg)
{
    unsigned me = *(unsigned *)arg;
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(me));

    for (unsigned round = 0; !atomic_load(&stop_cpus); round++) {
        atomic_store(&kicked[me], 0);
        lvgic_vcpu_enter(cpu);
        take_some(cpu);
        if (gic == 3 && round % 8 == 0)
            icc(cpu, SYSREG_ICC_SGI1R_EL1, true, 7u << 24 | 1u << (me + 1) % CPUS);
        for (unsigned i = 0; i < 100 && !atomic_load(&kicked[me]); i++)
            sched_yield();
        lvgic_vcpu_exit(cpu);
    }
    return NULL;
}

/* ------------------------------------------------------------------ accesses */

static void complain(const struct attribute *a, const char *what, uint64_t value, uint64_t other)
{
    if (!atomic_exchange(&failed, 1))
        printf("group %u attribute 0x%" PRIx64 "%s%s: %s 0x%" PRIx64 ", 0x%" PRIx64 "\n", a->group,
               a->attr, a->row ? " " : "", a->row ? a->row->name : "", what, value, other);
}

static uint64_t get(const struct attribute *a)
{
    uint64_t value = 0;
    int status = lvgic_attr_get(vm, a->group, a->attr, &value);

    atomic_fetch_add_explicit(&accesses, 1, memory_order_relaxed);
    if (status != LVGIC_OK)
        complain(a, "get", (uint64_t)status, 0);
    return value;
}

/* Phases are what they are; nothing else may fail but a value that cannot be. */
static void set(const struct attribute *a, uint64_t value)
{
    bool phase = a->group == LVGIC_ATTR_NR_IRQS || a->group == LVGIC_ATTR_MAINT_IRQ;
    int status = lvgic_attr_set(vm, a->group, a->attr, value);

    atomic_fetch_add_explicit(&accesses, 1, memory_order_relaxed);
    if (phase ? status != LVGIC_E_PHASE : status != LVGIC_OK && status != LVGIC_E_INVALID)
        complain(a, "set", (uint64_t)status, value);
}

static void check_one(const struct attribute *a, unsigned me, uint64_t random)
{
    uint64_t value = get(a), again;

    delay();
    if (a->owner == CPUS) {
        set(a, a->group == LVGIC_ATTR_MAINT_IRQ ? 25 : value);
        return;
    }
    if (a->owner != me)
        return;
    set(a, (uint32_t)random);
    value = get(a);
    set(a, value);
    again = get(a);
    if ((value ^ again) & a->checked)
        complain(a, "set, got", value, again);
}

/* What random values have done to the vCPU whose attributes a thread owns, and to the interrupts
 * that the guests take: everything open again. */
static void repair(unsigned me)
{
    uint64_t who = LVGIC_ATTR_AFFINITY(me);
    struct attribute a = {.group = LVGIC_ATTR_CPU_SYSREGS};

    if (gic == 2) {
        a.group = LVGIC_ATTR_CPU_REGS;
        a.attr = (uint64_t)me << 32 | 0xd0, set(&a, 0);
        a.attr = (uint64_t)me << 32 | 0x4, set(&a, 0x1f);
        a.attr = (uint64_t)me << 32, set(&a, 7);
    } else {
        a.attr = sysreg_rows[SYSREG_ICC_AP0R0_EL1].encoding | who, set(&a, 0);
        a.attr = sysreg_rows[SYSREG_ICC_AP1R0_EL1].encoding | who, set(&a, 0);
        a.attr = sysreg_rows[SYSREG_ICC_PMR_EL1].encoding | who, set(&a, 0xf8);
        a.attr = sysreg_rows[SYSREG_ICC_CTLR_EL1].encoding | who;
        set(&a, get(&a) & ~UINT64_C(3));
        a.attr = sysreg_rows[SYSREG_ICC_IGRPEN1_EL1].encoding | who, set(&a, 1);
    }
    a.group = LVGIC_ATTR_DIST_REGS;
    a.attr = 0x380 + GUESTS_FIRST / 8, set(&a, UINT32_MAX);
    a.attr = 0, set(&a, 3);
}

static void snapshot(uint8_t *buffer, size_t size)
{
    size_t used;

    if (lvgic_save(vm, buffer, size, &used) != LVGIC_OK)
        atomic_store(&failed, 1);
    atomic_fetch_add(&snapshots, 1);
    if (lvgic_vcpu_reset(vm, LVGIC_VCPU(CPUS - 1)) != LVGIC_OK)
        atomic_store(&failed, 1);
}

static void *access_all(void *arg)
{
    unsigned me = *(unsigned *)arg, at = me * (nr_attributes / CPUS);
    uint64_t random = me + 1;
    size_t size = lvgic_save_size(vm);
    uint8_t *buffer = malloc(size);

    while (!atomic_load(&stop)) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        check_one(&attributes[at], me, random);
        at = (at + 1) % nr_attributes;
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(GUESTS_FIRST + random % 32));
        if (at % 256 != 0)
            continue;
        repair(me);
        if (me == CPUS - 1)
            snapshot(buffer, size);
    }
    free(buffer);
    return NULL;
}

/* ------------------------------------------------------------------ which attributes */

static void add(struct attribute a)
{
    if (lvgic_attr_has(vm, a.group, a.attr) != LVGIC_OK)
        return;
    attributes = realloc(attributes, (nr_attributes + 1) * sizeof *attributes);
    attributes[nr_attributes++] = a;
}

/* What writing changes, or the guests do: they take interrupts that became enabled and pending. */
static bool is_event(const struct reg_row *row)
{
    return row->op == REG_OP_PENDING_SET || row->op == REG_OP_ACTIVE_SET ||
           row->op == REG_OP_ENABLE_CLEAR || row->op == REG_OP_PENDING_CLEAR ||
           row->op == REG_OP_ACTIVE_CLEAR || row->op == REG_OP_SOURCES_CLEAR ||
           row->op == REG_OP_SOURCES_SET;
}

/* The last vCPU is reset at any time, and SGIs are the guests'. */
static uint64_t checked_bits(const struct reg_row *row, uint32_t first, unsigned owner)
{
    if (is_event(row) || (first < 32 && owner == CPUS - 1))
        return 0;
    return first < 16 ? row->bits == 1 ? 0xffff0000 : 0 : UINT32_MAX;
}

static void add_frame(uint32_t group, uint64_t who, unsigned cpu, const struct reg_row *rows,
                      size_t nr, uint32_t size)
{
    for (uint32_t offset = 0; offset < size; offset += 4) {
        const struct reg_row *row = reg_find(rows, nr, offset);
        struct attribute a = {.group = group, .attr = who | offset, .row = row, .owner = CPUS};

        if (!row)
            continue;
        if (row->bits) {
            uint32_t first = row->first_intid + (offset - row->offset) * 8 / row->bits;

            if (first >= FIRST_SPI + NR_SPIS || (gic == 3 && group == 1 && first < 32))
                continue;
            a.owner = first < 32 ? cpu : (first - 32) / 32;
            a.checked = checked_bits(row, first, a.owner);
            if (a.owner == CPUS) /* the guests' own: read, and not written with random values */
                a.owner = CPUS + 1;
        }
        /* DS and group enables stay as they are; revisions too. */
        add(a);
    }
}

static void add_cpuif(unsigned cpu)
{
    for (uint32_t offset = 0; offset < 0x100; offset += 4)
        add((struct attribute){.group = LVGIC_ATTR_CPU_REGS,
                               .attr = (uint64_t)cpu << 32 | offset,
                               .owner = cpu,
                               .checked = offset == 0xd0 ? 0 : UINT32_MAX});
    for (enum sysreg reg = 0; reg < NR_SYSREGS; reg++) {
        bool apr = reg >= SYSREG_ICC_AP0R0_EL1 && reg <= SYSREG_ICC_AP1R3_EL1;

        add((struct attribute){.group = LVGIC_ATTR_CPU_SYSREGS,
                               .attr = sysreg_rows[reg].encoding | LVGIC_ATTR_AFFINITY(cpu),
                               .owner = cpu,
                               .checked = apr || cpu == CPUS - 1 ? 0 : UINT32_MAX});
    }
    for (uint32_t intid = 0; intid < FIRST_SPI + NR_SPIS; intid += 32)
        add((struct attribute){.group = LVGIC_ATTR_LEVEL_INFO,
                               .attr = LVGIC_ATTR_AFFINITY(cpu) | intid,
                               .owner = intid ? intid / 32 - 1 : cpu,
                               .checked = cpu == CPUS - 1 ? 0 : UINT32_MAX});
}

static void find_attributes(void)
{
    nr_attributes = 0;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (gic == 2)
            add_frame(LVGIC_ATTR_DIST_REGS, (uint64_t)cpu << 32, cpu, gicd2_rows, nr_gicd2_rows,
                      GICD2_SIZE);
        else
            add_frame(LVGIC_ATTR_REDIST_REGS, LVGIC_ATTR_AFFINITY(cpu), cpu, gicr_rows,
                      nr_gicr_rows, GICR_SIZE);
        add_cpuif(cpu);
    }
    if (gic == 3)
        add_frame(LVGIC_ATTR_DIST_REGS, 0, 0, gicd_rows, nr_gicd_rows, GICD_SIZE);
    add((struct attribute){.group = LVGIC_ATTR_NR_IRQS, .owner = CPUS});
    add((struct attribute){.group = LVGIC_ATTR_MAINT_IRQ, .owner = CPUS});
}

/* ------------------------------------------------------------------ all of it */

static void open_guests(void)
{
    struct attribute a = {.group = LVGIC_ATTR_DIST_REGS};

    for (uint32_t i = 0; i < 32; i++) {
        uint32_t intid = GUESTS_FIRST + i;

        a.attr = gic == 2 ? 0x800 + (intid & ~3u) : 0x6000 + 8 * intid;
        set(&a, gic == 2 ? 0x08040201u << 4 * (i / 4 % 2) : i % CPUS);
    }
    a.attr = 0x80 + GUESTS_FIRST / 8, set(&a, gic == 2 ? 0 : UINT32_MAX);
    a.attr = 0x100 + GUESTS_FIRST / 8, set(&a, UINT32_MAX);
    for (uint32_t i = 0; i < 2; i++)
        a.attr = 0xc00 + GUESTS_FIRST / 4 + 4 * i, set(&a, 0xaaaaaaaa);
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        repair(cpu);
}

static int test(unsigned version, unsigned seconds)
{
    struct lvgic_config config = {
        .nr_vcpus = CPUS, .nr_spis = NR_SPIS, .nr_lrs = 2, .gic = (uint8_t)version};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    struct timespec time = {.tv_sec = seconds};
    pthread_t cpu[CPUS], other[CPUS];
    unsigned number[CPUS];
    const char *what;

    gic = version;
    if (lvgic_vm_init(memory, size, &config, &host, NULL, &vm))
        return 2;
    atomic_store(&stop, 0), atomic_store(&stop_cpus, 0);
    atomic_store(&accesses, 0), atomic_store(&delivered, 0), atomic_store(&snapshots, 0);
    lvgic_attr_set(vm, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
    find_attributes();
    open_guests();
    for (unsigned i = 0; i < CPUS; i++) {
        number[i] = i;
        pthread_create(&cpu[i], NULL, run, &number[i]);
        pthread_create(&other[i], NULL, access_all, &number[i]);
    }
    nanosleep(&time, NULL);
    atomic_store(&stop, 1);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(other[i], NULL);
    atomic_store(&stop_cpus, 1);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(cpu[i], NULL);
    what = lvgic_check(vm);
    if (what)
        printf("at the end: %s\n", what);
    printf("GICv%u, %u s: %u attributes, %lu accesses, none busy; %lu interrupts taken, "
           "%lu snapshots and resets\n",
           version, seconds, nr_attributes, accesses, delivered, snapshots);
    free(memory);
    return what || failed || !delivered || !snapshots;
}

int main(int argc, char **argv)
{
    unsigned seconds = arguments(argc, argv, 10);
    int status = test(3, seconds);

    status = test(2, (seconds + 4) / 5) || status;
    free(attributes);
    printf(status ? "0 passed, 1 failed\n" : "1 passed, 0 failed\n");
    return status;
}
