/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"
#include "state/format.h"

uint64_t world_random(struct world *world, uint64_t below)
{
    /* xorshift64* */
    world->random ^= world->random >> 12;
    world->random ^= world->random << 25;
    world->random ^= world->random >> 27;
    return (world->random * UINT64_C(2685821657736338717) >> 16) % below;
}

static bool chance(struct world *world, unsigned one_in)
{
    return world_random(world, one_in) == 0;
}

static void map_some(const struct world *world, struct rig *rig)
{
    static const unsigned mapped[] = {27, 30, 40, 44};

    for (unsigned i = 0; i < ARRAY_LEN(mapped); i++)
        lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(mapped[i]), mapped[i]);
    if (world->config.nr_vcpus > 1)
        lvgic_map_hw(rig->vm, LVGIC_VCPU(1), LVGIC_INTID(27), 27);
}

struct rig *world_rig(const struct world *world, unsigned nr_lrs)
{
    struct lvgic_config config = world->config;
    struct rig *rig;

    config.nr_lrs = (uint8_t)nr_lrs;
    rig = rig_with(&config);
    rig->relax_exits = true;
    rig->secure = true;
    map_some(world, rig);
    return rig;
}

/* ------------------------------------------------------------------ what is done */

static unsigned any_cpu(struct world *world)
{
    return (unsigned)world_random(world, world->config.nr_vcpus);
}

/* One of the few INTIDs that everything is about, so that things meet. */
static unsigned any_intid(struct world *world)
{
    static const unsigned some[] = {0,  1,  5,  15, 16, 27, 30,   31,   32,   33,
                                    40, 41, 44, 63, 64, 95, 1056, 1087, 4096, 4127};

    return some[world_random(world, ARRAY_LEN(some))];
}

static void device(struct world *world)
{
    lvgic_vcpuid v = LVGIC_VCPU(any_cpu(world));
    lvgic_intid intid = LVGIC_INTID(any_intid(world));
    unsigned what = (unsigned)world_random(world, 4);

    if (intid.n < 1020)
        world->rig->phys_line[intid.n] = what == 0;
    if (what < 2)
        lvgic_set_line(world->rig->vm, v, intid, what == 0);
    else
        lvgic_pulse(world->rig->vm, v, intid);
}

static struct lvgic_access any_access(struct world *world, const struct reg_row *rows, size_t nr)
{
    const struct reg_row *row = &rows[world_random(world, nr)];
    uint32_t length = row->length < 24 || chance(world, 4) ? row->length : 24;
    uint32_t size = row->sizes & 8 ? 8 : 4;
    struct lvgic_access access = {.write = true, .secure = !chance(world, 4)};

    if ((row->sizes & 1) && chance(world, 2))
        size = 1;
    access.size = (uint8_t)size;
    access.offset = row->offset + (uint32_t)world_random(world, length) / size * size;
    access.value = world_random(world, UINT64_MAX);
    if (chance(world, 2))
        access.value &= world_random(world, UINT64_MAX);
    return access;
}

/* Not what a polite guest leaves alone: active state, what was acknowledged, and what would make it
 * deaf. */
static bool is_rude(const struct reg_row *row)
{
    return row &&
           (row->op == REG_OP_ACTIVE_SET || row->op == REG_OP_ACTIVE_CLEAR ||
            row->op == REG_OP_PRIORITY || row->op == REG_OP_GROUP || row->op == REG_OP_ROUTE ||
            row->op == REG_OP_TARGETS || row->op == REG_OP_CONFIG || row->op == REG_OP_NMI ||
            row->op == REG_OP_GROUP_MODIFIER || row->op == REG_OP_HOOK);
}

static void dist_write(struct world *world)
{
    const struct reg_row *rows = world->config.gic == 2 ? gicd2_rows : gicd_rows;
    size_t nr = world->config.gic == 2 ? nr_gicd2_rows : nr_gicd_rows;
    struct lvgic_access access = any_access(world, rows, nr);
    unsigned cpu = any_cpu(world);

    if (world->polite && is_rude(reg_find(rows, nr, access.offset)))
        return;
    lvgic_dist_access(world->rig->vm, world->inside[cpu] ? NULL : world->rig->cpu[cpu], &access);
}

static void redist_write(struct world *world)
{
    struct lvgic_access access = any_access(world, gicr_rows, nr_gicr_rows);

    if (world->polite && is_rude(reg_find(gicr_rows, nr_gicr_rows, access.offset)))
        return;
    lvgic_redist_access(world->rig->vm, NULL, LVGIC_VCPU(any_cpu(world)), &access);
}

/* A run may have been ended by relax(). */
static bool is_inside(struct world *world, unsigned cpu)
{
    if (world->inside[cpu] && lvgic_vcpu_enter(world->rig->cpu[cpu]) == LVGIC_OK)
        return true;
    return world->inside[cpu];
}

static void turn(struct world *world)
{
    unsigned cpu = any_cpu(world);

    if (is_inside(world, cpu))
        lvgic_vcpu_exit(world->rig->cpu[cpu]);
    else
        lvgic_vcpu_enter(world->rig->cpu[cpu]);
    world->inside[cpu] = !world->inside[cpu];
}

static void note_ack(struct world *world, unsigned cpu, uint32_t acked)
{
    uint32_t intid = acked & ~WORLD_GROUP1;
    bool special = (intid & 0x3ff) >= 1020 && intid < 1024;

    if (!special && world->nr_acked[cpu] < 128)
        world->acked[cpu][world->nr_acked[cpu]++] = acked;
}

/* The one to complete: the last, or, of a rude guest, any. */
static bool take_acked(struct world *world, unsigned cpu, uint32_t *intid)
{
    unsigned nr = world->nr_acked[cpu], which;

    if (!nr) {
        *intid = any_intid(world);
        return !world->polite;
    }
    which = world->polite || !chance(world, 8) ? nr - 1 : (unsigned)world_random(world, nr);
    *intid = world->acked[cpu][which];
    memmove(&world->acked[cpu][which], &world->acked[cpu][which + 1],
            (nr - which - 1) * sizeof world->acked[cpu][0]);
    world->nr_acked[cpu]--;
    return true;
}

void world_complete(struct world *world, unsigned cpu, uint32_t acked)
{
    uint32_t intid = acked & ~WORLD_GROUP1;

    if (world->config.gic == 2)
        rig_gicc_write(world->rig, cpu, GICC_REG_EOIR, intid);
    else
        rig_icc_write(world->rig, cpu,
                      acked & WORLD_GROUP1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1, intid);
}

static void icc_access(struct world *world, unsigned cpu)
{
    static const enum sysreg rude[] = {
        SYSREG_ICC_PMR_EL1,   SYSREG_ICC_BPR0_EL1,  SYSREG_ICC_BPR1_EL1,    SYSREG_ICC_CTLR_EL1,
        SYSREG_ICC_AP0R0_EL1, SYSREG_ICC_AP1R0_EL1, SYSREG_ICC_IGRPEN0_EL1, SYSREG_ICC_IGRPEN1_EL1};
    struct rig *rig = world->rig;
    unsigned what = (unsigned)world_random(world, world->polite ? 12 : 16);
    bool group1 = !chance(world, 3);
    uint32_t intid;

    if (what < 8) {
        intid =
            (uint32_t)rig_icc_read(rig, cpu, group1 ? SYSREG_ICC_IAR1_EL1 : SYSREG_ICC_IAR0_EL1);
        note_ack(world, cpu, intid | (group1 ? WORLD_GROUP1 : 0));
    } else if (what < 10) {
        if (take_acked(world, cpu, &intid))
            world_complete(world, cpu, intid);
    } else if (what < 12) {
        rig_icc_write(rig, cpu, group1 ? SYSREG_ICC_SGI1R_EL1 : SYSREG_ICC_SGI0R_EL1,
                      world_random(world, 16) << 24 | world_random(world, 16));
    } else if (what == 12) {
        rig_icc_write(rig, cpu, SYSREG_ICC_DIR_EL1, any_intid(world));
    } else if (chance(world, 4)) {
        rig_icc_write(rig, cpu, rude[world_random(world, ARRAY_LEN(rude))],
                      world_random(world, 256));
    }
}

static void gicc_access(struct world *world, unsigned cpu)
{
    static const enum gicc_reg rude[] = {GICC_REG_PMR, GICC_REG_BPR, GICC_REG_ABPR, GICC_REG_CTLR,
                                         GICC_REG_APR0};
    unsigned what = (unsigned)world_random(world, world->polite ? 12 : 16);
    struct rig *rig = world->rig;
    uint32_t intid;

    if (what < 8) {
        note_ack(world, cpu, (uint32_t)rig_gicc_read(rig, cpu, GICC_REG_IAR));
    } else if (what < 10) {
        if (take_acked(world, cpu, &intid))
            world_complete(world, cpu, intid);
    } else if (what < 12) {
        /* The sender is outside of the guest while it writes the distributor. */
        return;
    } else if (what == 12) {
        rig_gicc_write(rig, cpu, GICC_REG_DIR, any_intid(world));
    } else if (chance(world, 4)) {
        rig_gicc_write(rig, cpu, rude[world_random(world, ARRAY_LEN(rude))],
                       world_random(world, 1024));
    }
}

static void guest(struct world *world)
{
    unsigned cpu = any_cpu(world);

    if (!is_inside(world, cpu))
        return;
    if (world->config.gic == 2)
        gicc_access(world, cpu);
    else
        icc_access(world, cpu);
}

void world_go(struct world *world, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        unsigned what = (unsigned)world_random(world, 16);

        world->rig->relaxes = 0;
        if (what < 4)
            device(world);
        else if (what < 5)
            dist_write(world);
        else if (what < 6 && world->config.gic != 2)
            redist_write(world);
        else if (what < 8)
            turn(world);
        else if (what < 11 && world->config.nr_lpis)
            world_lpi_step(world);
        else
            guest(world);
    }
}

void world_pause(struct world *world)
{
    world_lpis_let_go(world->rig);
    for (unsigned i = 0; i < world->config.nr_vcpus; i++) {
        if (world->inside[i])
            lvgic_vcpu_exit(world->rig->cpu[i]);
        world->inside[i] = false;
    }
}

/* ------------------------------------------------------------------ how it begins */

static void configure(struct world *world, unsigned gic)
{
    struct lvgic_config *config = &world->config;

    *config = (struct lvgic_config){.nr_vcpus = 1 + (unsigned)world_random(world, WORLD_CPUS),
                                    .nr_spis = 64,
                                    .nr_lrs = (uint8_t)(1 + world_random(world, 4)),
                                    .gic = (uint8_t)gic};
    if (gic == 2)
        return;
    config->pri_bits = (uint8_t)(5 + world_random(world, 3));
    config->nr_espis = chance(world, 2) ? 32 : 0;
    config->nr_eppis = chance(world, 2) ? 32 : 0;
    config->one_of_n = chance(world, 3);
    config->two_security_states = !world->polite && chance(world, 3);
    config->nmi = !world->polite && chance(world, 3);
    if (chance(world, 2))
        world_lpis_configure(world);
    if (chance(world, 2)) {
        for (unsigned i = 0; i < WORLD_CPUS; i++)
            world->affinity[i].mpidr = (uint64_t)(i % 2) << 32 | i << 8 | (3 - i);
        config->affinity = world->affinity;
    }
}

/* All interrupts that things are about: enabled, group 1, with priorities that differ. */
static void open_all(struct world *world)
{
    struct rig *rig = world->rig;
    unsigned cpus = world->config.nr_vcpus;

    rig_dist_write(rig, 0, 4, 7);
    for (unsigned intid = 32; intid < 96; intid++) {
        rig_dist_write(rig, 0x400 + intid, 1, (intid * 8) & 0xf8);
        if (world->config.gic == 2)
            rig_dist_write(rig, 0x800 + intid, 1, 1u << intid % cpus);
        else
            rig_dist_write(rig, 0x6000 + 8 * intid, 8, rig->cpu[intid % cpus]->affinity);
    }
    for (unsigned i = 1; i < 3; i++) {
        rig_dist_write(rig, GROUPR + 4 * i, 4, world->config.gic == 2 ? 0 : UINT32_MAX);
        rig_dist_write(rig, 0xc00 + 8 * i, 4, 0xaaaa0000);
        rig_dist_write(rig, ISENABLER + 4 * i, 4, UINT32_MAX);
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        if (world->config.gic == 2) {
            rig_dist_write_by(rig, cpu, ISENABLER, 4, UINT32_MAX);
            continue;
        }
        rig_redist_write(rig, cpu, 0x14, 4, 0);
        rig_redist_write(rig, cpu, 0x10080, 4, UINT32_MAX);
        for (unsigned i = 0; i < 32; i++)
            rig_redist_write(rig, cpu, 0x10400 + i, 1, (i * 8) & 0xf8);
        rig_redist_write(rig, cpu, 0x10100, 4, UINT32_MAX);
    }
}

void world_make(struct world *world, uint64_t seed, unsigned gic, bool polite)
{
    memset(world, 0, sizeof *world);
    world->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world->polite = polite;
    if (!gic)
        gic = chance(world, 3) ? 2 : 3;
    configure(world, gic);
    world->rig = world_rig(world, world->config.nr_lrs);
    open_all(world);
    if (world->config.nr_lpis)
        world_lpis_begin(world);
}

void world_end(struct world *world)
{
    world->rig->relaxes = 0;
    world_pause(world);
    rig_free(world->rig);
}

uint8_t *world_save(struct rig *rig, size_t *used)
{
    size_t size = lvgic_save_size(rig->vm);
    uint8_t *buffer = malloc(size);

    memset(buffer, 0xee, size);
    rig->relaxes = 0;
    world_lpis_let_go(rig);
    assert_int_equal(lvgic_save(rig->vm, buffer, size, used), LVGIC_OK);
    return buffer;
}

void snapshot_assert_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    struct snap_rec rec;
    size_t at = SNAP_HEADER_SIZE, begin = at;

    if (a_size == b_size && !memcmp(a, b, a_size))
        return;
    for (size_t i = SNAP_HEADER_SIZE; i < a_size && i < b_size; i++) {
        if (a[i] == b[i])
            continue;
        while (at <= i && (begin = at, snap_next(a, a_size, &at, &rec)))
            ;
        fail_msg("byte %zu: 0x%02x != 0x%02x, %zu into a record of type %u", i, a[i], b[i],
                 i - begin - REC_HEAD_SIZE, rec.type);
    }
    fail_msg("%zu and %zu bytes", a_size, b_size);
}

void snapshot_restore(struct rig *rig, const uint8_t *snapshot, size_t size)
{
    struct snap_config config;
    struct snap_fault fault;

    if (snap_check(snapshot, size, &config, &fault) != LVGIC_OK)
        fail_msg("byte %zu: %s", fault.at, fault.what);
    rig->relaxes = 0;
    assert_int_equal(lvgic_restore(rig->vm, snapshot, size), LVGIC_OK);
}

void snapshot_seal(uint8_t *snapshot, size_t size)
{
    snap_put(snapshot + SNAP_AT_TOTAL_SIZE, 8, size);
    snap_put(snapshot + SNAP_AT_CRC, 4,
             snap_crc(snapshot + SNAP_HEADER_SIZE, size - SNAP_HEADER_SIZE));
}
