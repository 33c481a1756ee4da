/* SPDX-License-Identifier: MIT */
/*
 * The golden files: snapshots of every released format, which every later version must restore.
 *
 *   golden FILE...        each is restored, with 1 to 16 list registers, and saved again; the
 * result must be the same bytes golden --write DIR    makes those of this format (new ones:
 * released files are not changed)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/registers.h"
#include "like.h"
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

static const struct lvgic_host host = {
    .kick = kick, .relax = relax, .phys_line = phys_line, .phys_deactivate = phys_deactivate};

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

    return write_one(dir, "v1-gicv3", &v3) || write_one(dir, "v1-gicv3-options", &all) ||
           write_one(dir, "v1-gicv2", &v2);
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
