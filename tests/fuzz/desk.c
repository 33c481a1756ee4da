/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/registers.h"
#include "like.h"
#include "state/format.h"

void desk_fail(const char *why)
{
    fprintf(stderr, "FAIL: %s\n", why);
    abort();
}

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

/* Whoever is waited for comes out. */
static void relax(void *ctx, lvgic_vcpuid v)
{
    struct desk *desk = ctx;

    lvgic_vcpu_exit(lvgic_vcpu(desk->vm, v));
}

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v;
    return pintid % 2;
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
}

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    const struct desk *desk = ctx;

    if (gpa >> 40 || gpa % DESK_RAM + size > DESK_RAM)
        return false;
    memcpy(data, desk->ram + gpa % DESK_RAM, size);
    return true;
}

static bool write_guest(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    struct desk *desk = ctx;

    if (gpa >> 40 || gpa % DESK_RAM + size > DESK_RAM)
        return false;
    memcpy(desk->ram + gpa % DESK_RAM, data, size);
    return true;
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    desk_fail(what);
}

static const struct lvgic_host host = {
    .kick = kick,
    .relax = relax,
    .phys_line = phys_line,
    .phys_deactivate = phys_deactivate,
    .read_guest = read_guest,
    .write_guest = write_guest,
    .broken = broken,
};

#define MAX_MEMORY (1u << 20)

bool desk_make(struct desk *desk, const struct lvgic_config *config)
{
    size_t size = lvgic_vm_size(config);

    if (!size || size > MAX_MEMORY)
        return false;
    memset(desk->ram, 0, sizeof desk->ram);
    desk->memory = aligned_alloc(64, size);
    desk->nr_vcpus = config->nr_vcpus;
    desk->gicv2 = config->gic == 2;
    if (lvgic_vm_init(desk->memory, size, config, &host, desk, &desk->vm) != LVGIC_OK) {
        free(desk->memory);
        return false;
    }
    return true;
}

bool desk_make_like(struct desk *desk, const uint8_t *snapshot, size_t size)
{
    struct snap_config config;
    struct snap_fault fault;

    if (snap_check(snapshot, size, &config, &fault) != LVGIC_OK || size > MAX_MEMORY)
        return false;
    memset(desk->ram, 0, sizeof desk->ram);
    desk->nr_vcpus = config.nr_vcpus;
    desk->gicv2 = config.gic == 2;
    desk->vm = like_make(snapshot, size, 2, &host, desk, &desk->memory);
    return desk->vm;
}

void desk_end(struct desk *desk)
{
    if (lvgic_vm_fini(desk->vm) != LVGIC_OK)
        desk_fail("the VM does not end");
    free(desk->memory);
}

uint8_t *desk_save(const struct desk *desk, size_t *size)
{
    size_t room = lvgic_save_size(desk->vm);
    uint8_t *buffer = malloc(room);

    if (lvgic_save(desk->vm, buffer, room, size) != LVGIC_OK)
        desk_fail("a VM cannot be saved");
    return buffer;
}

void desk_check(const struct desk *desk)
{
    size_t size, again_size;
    uint8_t *snapshot = desk_save(desk, &size), *again;
    const char *what = lvgic_check(desk->vm);

    if (what)
        desk_fail(what);
    if (lvgic_restore(desk->vm, snapshot, size) != LVGIC_OK)
        desk_fail("what was saved cannot be restored");
    again = desk_save(desk, &again_size);
    if (size != again_size || memcmp(snapshot, again, size))
        desk_fail("saved, restored and saved again: another state");
    free(snapshot), free(again);
}

static uint64_t icc(struct lvgic_vcpu *cpu, enum sysreg reg, bool write, uint64_t value)
{
    lvgic_vcpu_sysreg(cpu, sysreg_rows[reg].encoding, write, &value);
    return value;
}

static uint64_t gicc(struct lvgic_vcpu *cpu, enum gicc_reg reg, bool write, uint64_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    lvgic_gicc_access(cpu, &access);
    return access.value;
}

void desk_run(const struct desk *desk)
{
    for (unsigned i = 0; i < desk->nr_vcpus; i++) {
        struct lvgic_vcpu *cpu = lvgic_vcpu(desk->vm, LVGIC_VCPU(i));

        lvgic_vcpu_enter(cpu);
        for (unsigned j = 0; j < 4; j++) {
            uint64_t intid = desk->gicv2 ? gicc(cpu, GICC_REG_IAR, false, 0)
                                         : icc(cpu, SYSREG_ICC_IAR1_EL1, false, 0);

            if (j % 2 == 0)
                continue;
            if (desk->gicv2)
                gicc(cpu, GICC_REG_EOIR, true, intid);
            else
                icc(cpu, SYSREG_ICC_EOIR1_EL1, true, intid);
        }
        lvgic_vcpu_exit(cpu);
    }
}
