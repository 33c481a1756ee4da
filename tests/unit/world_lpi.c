/* SPDX-License-Identifier: MIT */
/* LPIs in a world: a guest with tables and a command queue in its memory, and devices. */
#include "itsrig.h"
#include "world.h"

#include <string.h>

#include "base/bits.h"
#include "irq/vm.h"

/* INTIDs whose lower bits are those of no other interrupt. */
#define FIRST 9000u
#define NR 48u
#define DEVICES 12u
#define ICIDS 4u

static unsigned pick(struct world *world, unsigned below)
{
    return (unsigned)world_random(world, below);
}

void world_lpis_configure(struct world *world)
{
    struct lvgic_config *config = &world->config;

    config->nr_its = (uint8_t)pick(world, 3);
    config->nr_lpis = config->nr_its ? NR : FIRST - 8192 + NR;
    config->its_device_bits = 4;
    config->its_collection_bits = 3;
    config->its_devices = 10;
    config->its_stall = pick(world, 4) == 0;
}

static struct its_rig its_of(struct world *world)
{
    return (struct its_rig){.rig = world->rig, .its = pick(world, world->config.nr_its)};
}

static void its_up(struct its_rig *r)
{
    its_write(r, 0x100, 8, GITS_BASER_VALID | DEVICE_TABLE);
    its_write(r, 0x108, 8, GITS_BASER_VALID | COLLECTION_TABLE);
    its_write(r, 0x80, 8, GITS_BASER_VALID | (QUEUE + r->its * 0x8000) | 7);
    its_write(r, 0, 4, 1);
}

/* One command of any kind, about few things. */
static void any_command(struct world *world, uint64_t *c)
{
    static const enum its_command plain[] = {ITS_CMD_INT,    ITS_CMD_CLEAR,   ITS_CMD_INV,
                                             ITS_CMD_MOVI,   ITS_CMD_DISCARD, ITS_CMD_INVALL,
                                             ITS_CMD_MOVALL, ITS_CMD_SYNC};
    unsigned what = pick(world, 16), icid = pick(world, ICIDS + 1);
    uint64_t cpu = pick(world, world->config.nr_vcpus), device = pick(world, DEVICES);
    uint64_t valid = pick(world, 4) ? BIT64(63) : 0;

    c[1] = pick(world, 8);
    c[2] = icid;
    c[3] = (uint64_t)pick(world, world->config.nr_vcpus) << 16;
    if (what < 2) {
        c[0] = device << 32 | ITS_CMD_MAPD;
        c[1] = device < 2 ? 14 : device % 5; /* of two 32768 events: more than one call's work */
        c[2] = valid | (ITTS + device * 0x1000);
    } else if (what < 4) {
        c[0] = ITS_CMD_MAPC;
        c[2] = valid | cpu << 16 | icid;
    } else if (what < 9) {
        c[0] = device << 32 | ITS_CMD_MAPTI;
        c[1] |= (uint64_t)(FIRST + pick(world, NR)) << 32;
    } else {
        c[0] = device << 32 | plain[pick(world, ARRAY_LEN(plain))];
        if ((c[0] & 0xff) == ITS_CMD_MOVALL)
            c[2] = cpu << 16;
    }
}

static void commands(struct world *world)
{
    struct its_rig r = its_of(world);
    uint64_t head = its_read(&r, 0x88, 8), tail = its_read(&r, 0x90, 8), words[4];
    uint8_t *queue = r.rig->ram + (QUEUE - RAM) + r.its * 0x8000;

    for (unsigned i = pick(world, 24); i > 0 && (head + 32) % 0x8000 != (tail & ~31ull); i--) {
        any_command(world, words);
        memcpy(queue + head, words, sizeof words);
        head = (head + sizeof words) % 0x8000;
    }
    its_write(&r, 0x88, 8, head | pick(world, 2)); /* Retry, too */
}

static void its_registers(struct world *world)
{
    struct its_rig r = its_of(world);

    switch (pick(world, 8)) {
    case 0:
        its_write(&r, 0, 4, 0);
        break;
    case 1:
        its_write(&r, 0, 4, 0);
        its_write(&r, 0x100, 8, GITS_BASER_VALID | DEVICE_TABLE | pick(world, 2) << 1);
        break;
    case 2:
        its_read(&r, pick(world, 0x200), 4);
        break;
    default:
        if (!(its_read(&r, 0, 4) & 1))
            its_up(&r);
        break;
    }
}

static void redist_registers(struct world *world)
{
    unsigned cpu = pick(world, world->config.nr_vcpus), what = pick(world, 12);
    struct rig *rig = world->rig;

    if (what == 0 && !world->polite)
        rig_redist_write(rig, cpu, 0, 4, 0);
    else if (what < 3)
        rig_redist_write(rig, cpu, 0xb0, 8, 0);
    else if (what < 5)
        rig_redist_write(rig, cpu, 0xa0, 8, FIRST + pick(world, NR));
    else if (what < 6)
        rig->ram[CONFIG_TABLE - RAM + FIRST - 8192 + pick(world, NR)] ^= (uint8_t)pick(world, 256);
    else if (what < 8)
        rig_redist_write(rig, cpu, 0, 4, 1);
    else
        rig_redist_write(rig, cpu, what < 11 ? 0x40 : 0x48, 8, FIRST + pick(world, NR));
}

void world_lpis_begin(struct world *world)
{
    struct rig *rig = world->rig;

    for (unsigned i = 0; i < NR; i++)
        rig->ram[CONFIG_TABLE - RAM + FIRST - 8192 + i] = (uint8_t)(i * 8 | 1);
    for (unsigned cpu = 0; cpu < world->config.nr_vcpus; cpu++) {
        rig_redist_write(rig, cpu, 0x70, 8, CONFIG_TABLE | 15);
        rig_redist_write(rig, cpu, 0x78, 8, PENDING_TABLE + cpu * 0x10000);
        rig_redist_write(rig, cpu, 0, 4, 1);
        rig_redist_write(rig, cpu, 0xb0, 8, 0);
    }
    for (unsigned i = 0; i < world->config.nr_its; i++) {
        struct its_rig r = {.rig = rig, .its = i};

        its_up(&r);
    }
}

void world_lpi_step(struct world *world)
{
    unsigned what = pick(world, 16);

    if (what == 15 && pick(world, 3) == 0) {
        /* Somebody has the claim, and is slow: what is asked for is left to him. */
        atomic_store(&world->rig->vm->lpis.claim, 1);
    } else if (what == 15) {
        world_lpis_let_go(world->rig);
        lvgic_its_run(world->rig->vm);
    } else if (what < 3) {
        redist_registers(world);
    } else if (!world->config.nr_its) {
        return;
    } else if (what < 9) {
        for (unsigned i = 0; i < 6; i++)
            lvgic_msi(world->rig->vm, pick(world, world->config.nr_its), pick(world, DEVICES),
                      pick(world, 8));
    } else if (what < 14) {
        commands(world);
    } else {
        its_registers(world);
    }
}

void world_lpis_let_go(struct rig *rig)
{
    atomic_store(&rig->vm->lpis.claim, 0);
}

void world_swap_memory(struct rig *a, struct rig *b)
{
    uint8_t *ram = a->ram;

    a->ram = b->ram;
    b->ram = ram;
}
