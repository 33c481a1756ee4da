/* SPDX-License-Identifier: MIT */
/*
 * The golden files: snapshots of every released format, which every later version must restore.
 *
 * golden FILE... restores each, with 1 to 16 list registers, and saves it again: the result must be
 * the same bytes. golden --write DIR makes those of this format (new ones: released files are not
 * changed).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/its.h"
#include "arch/registers.h"
#include "like.h"
#include "lvgic/its.h"
#include "state/format.h"

static struct lvgic_vm *vm;

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    lvgic_vcpu_exit(lvgic_vcpu(vm, v));
}

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    return true;
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
}

#define RAM UINT64_C(0x40000000)
static uint8_t ram[1 << 20];

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    bool there = gpa >= RAM && gpa - RAM <= sizeof ram - size;

    (void)ctx;
    if (there)
        memcpy(data, ram + (gpa - RAM), size);
    return there;
}

static const struct lvgic_host host = {.kick = kick,
                                       .relax = relax,
                                       .phys_line = phys_line,
                                       .phys_deactivate = phys_deactivate,
                                       .read_guest = read_guest};

/* ------------------------------------------------------------------ replay */

static int replay(const char *name)
{
    static uint8_t data[1 << 20], again[1 << 20];
    FILE *file = fopen(name, "rb");
    size_t size, used;

    if (!file) {
        perror(name);
        return 1;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    for (unsigned nr_lrs = 1; nr_lrs <= 16; nr_lrs++) {
        void *memory = NULL;
        int status = LVGIC_E_FORMAT;

        vm = like_make(data, size, nr_lrs, &host, NULL, &memory);
        if (vm)
            status = lvgic_restore(vm, data, size);
        if (status != LVGIC_OK || lvgic_check(vm) ||
            lvgic_save(vm, again, sizeof again, &used) != LVGIC_OK || used != size ||
            memcmp(data, again, size)) {
            printf("%s: %u list registers: %s\n", name, nr_lrs,
                   status ? lvgic_strerror(status) : "saved again it is another");
            return 1;
        }
        free(memory);
    }
    return 0;
}

/* ------------------------------------------------------------------ making them */

static uint64_t seed = 1;

static uint64_t random_below(uint64_t below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (seed >> 8) % below;
}

static void dist(uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = size, .write = true, .value = value, .secure = true};

    lvgic_dist_access(vm, NULL, &access);
}

static void cpu_write(const struct lvgic_config *config, unsigned cpu, enum sysreg reg,
                      enum gicc_reg gicc, uint64_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[gicc].offset, .size = 4, .write = true, .value = value};

    if (config->gic == 2)
        lvgic_gicc_access(lvgic_vcpu(vm, LVGIC_VCPU(cpu)), &access);
    else
        lvgic_vcpu_sysreg(lvgic_vcpu(vm, LVGIC_VCPU(cpu)), sysreg_rows[reg].encoding, true, &value);
}

static void acknowledge(const struct lvgic_config *config, unsigned cpu)
{
    struct lvgic_access access = {.offset = gicc_rows[GICC_REG_IAR].offset, .size = 4};
    uint64_t value;

    if (config->gic == 2)
        lvgic_gicc_access(lvgic_vcpu(vm, LVGIC_VCPU(cpu)), &access);
    else
        lvgic_vcpu_sysreg(lvgic_vcpu(vm, LVGIC_VCPU(cpu)),
                          sysreg_rows[SYSREG_ICC_IAR1_EL1].encoding, false, &value);
}

static void open_all(const struct lvgic_config *config)
{
    dist(0, 4, 3);
    for (uint32_t intid = 32; intid < 32 + config->nr_spis; intid++) {
        dist(0x400 + intid, 1, random_below(256));
        dist(config->gic == 2 ? 0x800 + intid : 0x6000 + 8 * intid, config->gic == 2 ? 1 : 8,
             config->gic == 2 ? 1u << intid % config->nr_vcpus : intid % config->nr_vcpus);
    }
    for (uint32_t i = 1; i <= config->nr_spis / 32; i++) {
        dist(0x80 + 4 * i, 4, config->gic == 2 ? random_below(1u << 31) : UINT32_MAX);
        dist(0x100 + 4 * i, 4, random_below(UINT32_MAX) | random_below(UINT32_MAX));
        dist(0xc00 + 8 * i, 4, random_below(UINT32_MAX) & 0xaaaaaaaa);
    }
    for (unsigned cpu = 0; cpu < config->nr_vcpus; cpu++) {
        cpu_write(config, cpu, SYSREG_ICC_PMR_EL1, GICC_REG_PMR, 0xf0);
        cpu_write(config, cpu, SYSREG_ICC_IGRPEN1_EL1, GICC_REG_CTLR, 1 | (config->gic == 2) * 6);
    }
}

static void interrupt_all(const struct lvgic_config *config)
{
    for (unsigned i = 0; i < 200; i++) {
        lvgic_vcpuid v = LVGIC_VCPU((uint32_t)random_below(config->nr_vcpus));
        lvgic_intid intid = LVGIC_INTID(16 + (uint32_t)random_below(16 + config->nr_spis));

        if (i % 3)
            lvgic_pulse(vm, v, intid);
        else
            lvgic_set_line(vm, v, intid, true);
        if (i % 5 == 0)
            lvgic_vcpu_enter(lvgic_vcpu(vm, v));
        acknowledge(config, v.n);
        if (i % 7 == 0)
            lvgic_vcpu_exit(lvgic_vcpu(vm, v));
    }
    for (unsigned cpu = 0; cpu < config->nr_vcpus; cpu++)
        cpu_write(config, cpu, SYSREG_ICC_SGI1R_EL1, GICC_REG_BPR, 3);
}

static void redist(unsigned cpu, uint32_t offset, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = 8, .write = true, .value = value};

    if (offset == 0)
        access.size = 4;
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(cpu), &access);
}

static void its_write(uint32_t its, uint32_t offset, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = offset ? 8 : 4, .write = true, .value = value};

    lvgic_its_access(vm, its, &access);
}

/* The guest's memory: for each ITS a queue, a device table and a collection table; the
 * configuration table, for each vCPU a pending table, ITTs. */
enum {
    QUEUES = 0,
    DEVICES = 0x10000,
    COLLECTIONS = 0x30000,
    CONFIGURATION = 0x50000,
    PENDING = 0x60000,
    ITTS = 0x90000
};

static void command(uint32_t its, uint32_t n, uint64_t c0, uint64_t c1, uint64_t c2)
{
    uint64_t words[4] = {c0, c1, c2, 0};

    memcpy(ram + QUEUES + its * 0x1000 + n * sizeof words, words, sizeof words);
}

static void map_all(const struct lvgic_config *config, uint32_t its)
{
    uint32_t n = 0;

    its_write(its, 0x100, BIT64(63) | (RAM + DEVICES + its * 0x10000));
    its_write(its, 0x108, BIT64(63) | (RAM + COLLECTIONS + its * 0x10000));
    its_write(its, 0x80, BIT64(63) | (RAM + QUEUES + its * 0x1000));
    its_write(its, 0, 1);
    for (uint32_t icid = 0; icid < config->nr_vcpus; icid++)
        command(its, n++, ITS_CMD_MAPC, 0, BIT64(63) | icid << 16 | icid);
    for (uint32_t device = 3; device < 9; device += 2) {
        uint32_t bits = 3 + device % 4, first = 8192 + its * 100 + device * 10;

        command(its, n++, (uint64_t)device << 32 | ITS_CMD_MAPD, bits - 1,
                BIT64(63) | (RAM + ITTS + (its * 16 + device) * 0x800));
        for (uint32_t event = 0; event < 7; event += 1 + device % 3)
            command(its, n++, (uint64_t)device << 32 | ITS_CMD_MAPTI,
                    (uint64_t)(first + event) << 32 | event,
                    (event + its) % (config->nr_vcpus + 1));
    }
    command(its, n++, ITS_CMD_MAPC, 0, 1); /* unmapped again: its LPIs are cut off */
    its_write(its, 0x88, n * 32);
}

/* What the guest does about LPIs, and devices send. */
static void send_lpis(const struct lvgic_config *config)
{
    for (uint32_t i = 0; i < 0x10000; i++)
        ram[CONFIGURATION + i] = (uint8_t)random_below(256) | 1;
    for (unsigned cpu = 0; cpu < config->nr_vcpus; cpu++) {
        redist(cpu, 0x70, (RAM + CONFIGURATION) | 15);
        redist(cpu, 0x78, RAM + PENDING + cpu * 0x10000);
        redist(cpu, 0, 1);
        for (uint32_t i = 0; i < 5 && !config->nr_its; i++)
            redist(cpu, 0x40, 8192 + random_below(config->nr_lpis));
    }
    for (uint32_t its = 0; its < config->nr_its; its++) {
        map_all(config, its);
        for (uint32_t i = 0; i < 40; i++)
            lvgic_msi(vm, its, 3 + (uint32_t)random_below(6), (uint32_t)random_below(7));
        lvgic_its_attr_set(vm, its, LVGIC_ITS_ATTR_ADDR, LVGIC_ATTR_ADDR_ITS,
                           0x9000000 + its * 0x20000);
    }
}

static int write_one(const char *dir, const char *name, const struct lvgic_config *config)
{
    size_t size = lvgic_vm_size(config), room, used;
    void *memory = aligned_alloc(64, size);
    bool gicv2 = config->gic == 2;
    char path[256];
    uint8_t *buffer;
    FILE *file;

    if (lvgic_vm_init(memory, size, config, &host, NULL, &vm) != LVGIC_OK)
        return 1;
    lvgic_attr_set(vm, LVGIC_ATTR_ADDR, gicv2 ? LVGIC_ATTR_ADDR_V2_DIST : LVGIC_ATTR_ADDR_V3_DIST,
                   0x8000000);
    lvgic_attr_set(vm, LVGIC_ATTR_ADDR, gicv2 ? LVGIC_ATTR_ADDR_V2_CPU : LVGIC_ATTR_ADDR_V3_REDIST,
                   gicv2 ? 0x8010000 : 0x80a0000);
    lvgic_map_hw(vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27);
    open_all(config);
    interrupt_all(config);
    if (config->nr_lpis)
        send_lpis(config);
    room = lvgic_save_size(vm);
    buffer = malloc(room);
    lvgic_save(vm, buffer, room, &used);
    snprintf(path, sizeof path, "%s/%s.snap", dir, name);
    file = fopen(path, "wb");
    if (!file || fwrite(buffer, 1, used, file) != used || fclose(file)) {
        perror(path);
        return 1;
    }
    free(buffer), free(memory);
    return 0;
}

static int write_all(const char *dir)
{
    struct lvgic_config v3 = {.nr_vcpus = 2, .nr_spis = 32, .nr_lrs = 4};
    struct lvgic_config all = {.nr_vcpus = 3,
                               .nr_spis = 64,
                               .nr_espis = 32,
                               .nr_eppis = 32,
                               .nr_lrs = 1,
                               .pri_bits = 7,
                               .one_of_n = true,
                               .nmi = true,
                               .two_security_states = true};
    struct lvgic_config v2 = {.nr_vcpus = 2, .nr_spis = 32, .nr_lrs = 1, .gic = 2};

    struct lvgic_config its = {.nr_vcpus = 2,
                               .nr_spis = 32,
                               .nr_lpis = 64,
                               .nr_its = 2,
                               .its_device_bits = 8,
                               .its_collection_bits = 4};
    struct lvgic_config direct = {.nr_vcpus = 2, .nr_spis = 32, .nr_lpis = 32};

    return write_one(dir, "v1-gicv3", &v3) || write_one(dir, "v1-gicv3-options", &all) ||
           write_one(dir, "v1-gicv2", &v2) || write_one(dir, "v1-gicv3-its", &its) ||
           write_one(dir, "v1-gicv3-directlpi", &direct);
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc == 3 && !strcmp(argv[1], "--write"))
        return write_all(argv[2]);
    for (int i = 1; i < argc; i++)
        failed += replay(argv[i]);
    printf("%d passed, %d failed\n", argc - 1 - failed, failed);
    return failed || argc < 2;
}
