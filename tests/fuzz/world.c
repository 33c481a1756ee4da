/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
}

/* ------------------------------------------------------------------ the host ------------------ */

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

/* Waited for: a vCPU that is in the guest, or one that is held out by lvgic_pause(). */
static void relax(void *ctx, lvgic_vcpuid v)
{
    struct world *world = ctx;

    if (lvgic_vcpu_exit(world->cpu[v.n]) == LVGIC_OK)
        return;
    world_check(world->pauses > 0, "something waits for a vCPU that nobody holds");
    world->pauses--;
    lvgic_resume(world->vm);
}

static void deactivated(void *ctx, lvgic_vcpuid v, lvgic_intid intid)
{
    struct world *world = ctx;

    if (world->lower_wires)
        lvgic_set_line(world->vm, v, intid, false);
}

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)v;
    return ((struct world *)ctx)->phys_lines >> pintid % 64 & 1;
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)v;
    world_check(pintid >= 16 && pintid < 1020, "phys_deactivate of a mapped interrupt");
    ((struct world *)ctx)->phys_lines ^= UINT64_C(1) << pintid % 64;
}

static uint8_t *guest_byte(struct world *world, uint64_t gpa)
{
    uint32_t page = (uint32_t)(gpa / 4096 % WORLD_PAGES);

    return world->holes >> page & 1 ? NULL : &world->ram[page * 4096 + gpa % 4096];
}

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    struct world *world = ctx;

    world->copied++;
    for (uint32_t i = 0; i < size; i++)
        if (!guest_byte(world, gpa + i))
            return false;
    for (uint32_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = *guest_byte(world, gpa + i);
    return true;
}

static bool write_guest(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    struct world *world = ctx;

    world->copied++;
    for (uint32_t i = 0; i < size; i++)
        if (!guest_byte(world, gpa + i))
            return false;
    for (uint32_t i = 0; i < size; i++)
        *guest_byte(world, gpa + i) = ((const uint8_t *)data)[i];
    return true;
}

static void lpi_work(void *ctx)
{
    ((struct world *)ctx)->work_asked = true;
}

static void holder(void *ctx, uint32_t lpi, enum lvgic_holder holder, bool set)
{
    (void)lpi;
    ((struct world *)ctx)->holders[holder] += set ? 1 : -1;
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    world_check(false, what);
}

static const struct lvgic_host host = {
    .kick = kick,
    .wake = kick,
    .relax = relax,
    .deactivated = deactivated,
    .phys_line = phys_line,
    .phys_deactivate = phys_deactivate,
    .read_guest = read_guest,
    .write_guest = write_guest,
    .lpi_work = lpi_work,
    .holder = holder,
    .broken = broken,
};

/* ------------------------------------------------------------------ the guest ----------------- */

void world_open_cpuif(struct world *world, struct lvgic_vcpu *cpu)
{
    if (world->config.gic == 2) {
        guest_gicc(cpu, GICC_REG_PMR, true, 0xff);
        guest_gicc(cpu, GICC_REG_CTLR, true, 3);
    } else {
        guest_icc(cpu, SYSREG_ICC_PMR_EL1, true, 0xff);
        guest_icc(cpu, SYSREG_ICC_IGRPEN0_EL1, true, 1);
        guest_icc(cpu, SYSREG_ICC_IGRPEN1_EL1, true, 1);
    }
}

static void dist_write(struct world *world, struct lvgic_vcpu *by, uint32_t offset, uint8_t size,
                       uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = size, .write = true, .value = value, .secure = true};

    lvgic_dist_access(world->vm, by, &access);
}

/* ------------------------------------------------------------------ life ---------------------- */

static void config_lpis(struct lvgic_config *config, struct input *in)
{
    uint8_t sizes = in_byte(in), limits = in_byte(in);

    config->nr_lpis = 1 + in_byte(in) % 128;
    config->nr_its = sizes % 3;
    config->lpi_id_bits = 14 + (sizes >> 2) % 3;
    config->its_device_bits = sizes >> 4 == 15 ? 16 : 1 + (sizes >> 4) / 2;
    config->its_collection_bits = 1 + limits % 8;
    config->its_devices = 1 + (limits >> 3) % 8;
    config->its_events = 32u << (limits >> 6) * 3;
}

struct lvgic_config world_config(struct input *in, unsigned gic)
{
    uint8_t first = in_byte(in), options = in_byte(in), lrs = in_byte(in);
    struct lvgic_config config = {
        .gic = (uint8_t)(gic         ? gic
                         : first & 3 ? 3
                                     : 2),
        .nr_vcpus = 1 + (first >> 2) % WORLD_CPUS,
        .nr_spis = (first >> 4) % 8 == 7 ? 988 : (first >> 4) % 4 * 32,
        .nr_lrs = 1 + lrs % 16,
    };

    if (options & 0x80 && config.nr_spis) {
        config.v2m_first = 32 + lrs % config.nr_spis;
        config.v2m_nr = config.nr_spis - lrs % config.nr_spis;
    }
    if (config.gic == 2)
        return config;
    config.pri_bits = 5 + (lrs >> 4) % 3;
    config.two_security_states = options & 1;
    config.nmi = options & 2;
    config.one_of_n = options & 4;
    config.nr_espis = options & 8 ? 64 : 0;
    config.nr_eppis = options & 16 ? 64 : 0;
    config.no_dir_trap = options & 32;
    config.its_stall = options & 64;
    if (gic || first & 0x80)
        config_lpis(&config, in);
    return config;
}

struct world *world_open(struct input *in, const struct lvgic_config *config)
{
    size_t size = lvgic_vm_size(config);

    if (!size)
        return NULL;

    struct world *world = calloc(1, sizeof *world);

    world_check(world != NULL, "memory");
    world->config = *config;
    world->memory = aligned_alloc(64, size);
    world->lower_wires = in_byte(in) & 1;
    world->phys_lines = in_byte(in) * UINT64_C(0x0101010101010101);
    world_check(lvgic_vm_init(world->memory, size, config, &host, world, &world->vm) == LVGIC_OK,
                "a VM whose size is known can be made");
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        world->cpu[i] = lvgic_vcpu(world->vm, LVGIC_VCPU(i));
    /* Most inputs would never see an interrupt if they had to find this out. */
    if (in_byte(in) % 4)
        dist_write(world, NULL, 0, 4, 0x37); /* GICD_CTLR: all groups, affinity routing */
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        if (in_byte(in) % 4)
            world_open_cpuif(world, world->cpu[i]);
    return world;
}

void world_close(struct world *world)
{
    const char *wrong;

    for (uint32_t i = 0; i < world->config.nr_vcpus; i++)
        lvgic_vcpu_exit(world->cpu[i]); /* refused if it is out already */
    for (; world->pauses > 0; world->pauses--)
        lvgic_resume(world->vm);
    wrong = lvgic_check(world->vm);
    world_check(!wrong, wrong);
    world_finish(world);
    wrong = lvgic_check(world->vm);
    world_check(!wrong, wrong);
    world_check(world->holders[LVGIC_HOLDER_LIST_REGISTER] == 0,
                "no LPI is in a list register after the last exit");
    world_check(lvgic_vm_fini(world->vm) == LVGIC_OK, "a VM that does not run can end");
    world_check(world->holders[LVGIC_HOLDER_MAPPED] == 0, "no LPI is mapped after the end");
    free(world->memory);
    free(world);
}

/* ------------------------------------------------------------------ bounds -------------------- */

void world_bounded(struct world *world)
{
    /* A unit of work looks at a command, or at a byte of configuration and one of pending state and
     * writes that back; or at an entry of two levels and one more. */
    world_check(world->copied <= 4 * LVGIC_LPI_WORK, "a call does a bounded amount of work");
    world->copied = 0;
}

void world_drain(struct world *world, uint32_t most)
{
    bool more = lvgic_its_run(world->vm);

    world_check(!more || world->work_asked, "who has to go on with LPIs was told");
    world_bounded(world);
    for (uint32_t calls = 1; more; calls++) {
        world_check(calls < most, "the work of LPIs and ITSs comes to an end");
        more = lvgic_its_run(world->vm);
        world_bounded(world);
    }
    world->work_asked = false;
}
