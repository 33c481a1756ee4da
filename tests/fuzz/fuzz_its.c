/* SPDX-License-Identifier: MIT */
/*
 * ITS commands, the guest's tables and registers, from a guest that means harm. Commands name few
 * different devices, events and collections, so that they meet; the tables are in memory that
 * repeats, so that a first-level entry, the queue and a pending table may be the same bytes.
 */
#include <string.h>

#include "arch/its.h"
#include "target.h"
#include "world.h"

enum { GITS_CTLR = 0, GITS_CBASER = 0x80, GITS_CWRITER = 0x88, GITS_CREADR = 0x90 };
enum { GITS_BASER0 = 0x100, GITS_BASER1 = 0x108 };
enum { GICR_CTLR = 0, GICR_PROPBASER = 0x70, GICR_PENDBASER = 0x78, GICR_INVLPIR = 0xa0 };

static uint64_t its(struct world *world, uint32_t number, uint32_t offset, bool write,
                    uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = offset ? 8 : 4, .write = write, .value = value};

    lvgic_its_access(world->vm, number, &access);
    return access.value;
}

static void redist(struct world *world, uint32_t v, uint32_t offset, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = offset ? 8 : 4, .write = true, .value = value};

    lvgic_redist_access(world->vm, NULL, LVGIC_VCPU(v), &access);
}

/* An address of a page, and what registers have in the bits below. */
static uint64_t page(struct input *in, unsigned shift, unsigned below)
{
    uint64_t address = (uint64_t)in_byte(in) << shift;

    return address | in_byte(in) % below;
}

/* `words` go where the ITS will look for the next commands, `nr` of them, each about the next event
 * (or a larger device) and the next LPI; then it is told. */
static void commands(struct world *world, uint32_t n, uint64_t *words, unsigned nr, uint64_t flags)
{
    uint64_t cbaser = its(world, n, GITS_CBASER, false, 0);
    uint64_t head = its(world, n, GITS_CWRITER, false, 0);
    uint32_t size = ((uint32_t)(cbaser & 0xff) + 1) * 4096;

    for (; nr > 0; nr--) {
        for (unsigned i = 0; i < ITS_COMMAND_SIZE; i++)
            world->ram[((cbaser & MASK64(51, 12)) + head + i) % WORLD_RAM] =
                (uint8_t)(words[i / 8] >> i % 8 * 8);
        head = (head + ITS_COMMAND_SIZE) % size;
        words[1] += 1 | BIT64(32);
    }
    its(world, n, GITS_CWRITER, true, head | flags);
}

/* Queue, tables and redistributors as a guest sets them up; collections, devices and two
 * events of each. */
static void set_up(struct world *world, uint64_t flags)
{
    memset(world->ram + 4096, 0x81, WORLD_RAM - 4096);
    world->ram[7] = 0x80; /* a first-level entry: valid, and the page is this one */
    for (uint32_t v = 0; v < world->config.nr_vcpus; v++) {
        redist(world, v, GICR_PROPBASER, 0x1000 | 15);
        redist(world, v, GICR_PENDBASER, 0);
        redist(world, v, GICR_CTLR, 1);
    }
    for (uint32_t n = 0; n < world->config.nr_its; n++) {
        its(world, n, GITS_BASER0, true, GITS_BASER_VALID | flags);
        its(world, n, GITS_BASER1, true, GITS_BASER_VALID | flags);
        its(world, n, GITS_CBASER, true, GITS_BASER_VALID | (0x8000 + n * 0x1000));
        its(world, n, GITS_CTLR, true, GITS_CTLR_ENABLED);
        for (uint64_t i = 0; i < 4; i++) {
            uint64_t to = i % world->config.nr_vcpus;
            uint64_t mapc[4] = {ITS_CMD_MAPC, 0, GITS_BASER_VALID | to << 16 | i, 0};
            uint64_t mapti[4] = {ITS_CMD_MAPTI | i << 32, (8192 + 8 * n + 2 * i) << 32, i, 0};
            uint64_t mapd[4] = {ITS_CMD_MAPD | i << 32, 4, GITS_BASER_VALID, 0};

            commands(world, n, mapc, 1, 0);
            commands(world, n, mapd, 1, 0);
            commands(world, n, mapti, 2, 0);
        }
    }
}

static uint32_t lpi(struct input *in)
{
    uint8_t byte = in_byte(in);

    return byte >= 0xf0 ? (uint32_t)in_bytes(in, 4) : 8192u + byte % 16;
}

static void command_words(struct input *in, uint64_t *words)
{
    static const uint8_t codes[] = {
#define ITS_COMMAND(name, code, sentence) (code),
#include "arch/its.def"
#undef ITS_COMMAND
    };
    uint8_t which = in_byte(in);
    uint64_t code = which & 0x80 ? in_byte(in) : codes[which % sizeof codes];
    uint64_t icid = in_id(in, 4), redist = in_id(in, WORLD_CPUS);
    uint64_t device = in_id(in, 4), event = in_id(in, 8), intid = lpi(in);

    words[0] = code | device << 32;
    words[1] = event | intid << 32;
    if (code == ITS_CMD_MAPD)
        words[1] = event * 3 % 16;
    else if (code == ITS_CMD_MAPI)
        words[1] = intid;
    words[2] = (which & 0x40 ? 0 : GITS_BASER_VALID) | redist << 16 | (icid & 0xffff);
    words[3] = (uint64_t)in_id(in, WORLD_CPUS) << 16;
}

static void command(struct world *world, struct input *in, bool raw)
{
    uint8_t how = in_byte(in);
    unsigned nr = (how >> 4) % 8;
    uint64_t words[4];

    if (raw)
        for (unsigned i = 0; i < 4; i++)
            words[i] = in_bytes(in, 8);
    else
        command_words(in, words);
    /* Or a page full of them: more than one call may do. */
    commands(world, how % 3, words, nr == 7 ? 127 : 1 + nr, how & 0x80 ? GITS_CWRITER_RETRY : 0);
}

/* GITS_BASER<n>, GITS_CBASER and GITS_CWRITER, in and out of what is allowed. */
static void registers(struct world *world, struct input *in)
{
    uint8_t how = in_byte(in);
    uint32_t n = how % 3;
    uint64_t flags = (how & 0x40 ? 0 : GITS_BASER_VALID) | (how & 0x80 ? GITS_BASER_INDIRECT : 0);

    switch (how >> 2 & 7) {
    case 0:
        its(world, n, GITS_BASER0, true, flags | page(in, 16, 256));
        break;
    case 1:
        its(world, n, GITS_BASER1, true, flags | page(in, 16, 256));
        break;
    case 2: /* at most four pages: a queue is emptied command by command */
        its(world, n, GITS_CBASER, true, flags | page(in, 12, 4));
        break;
    case 3:
        its(world, n, GITS_CWRITER, true, in_bytes(in, 2));
        break;
    case 4:
        its(world, n, GITS_CREADR, false, 0);
        break;
    default:
        its(world, n, GITS_CTLR, true, how & 0x40 ? 0 : GITS_CTLR_ENABLED);
        break;
    }
}

static void lpis(struct world *world, struct input *in)
{
    uint8_t how = in_byte(in);
    uint32_t v = how % WORLD_CPUS;

    switch (how >> 2 & 7) {
    case 0:
        redist(world, v, GICR_PROPBASER, page(in, 12, 32));
        break;
    case 1:
        redist(world, v, GICR_PENDBASER, page(in, 16, 1) | (how & 0x80 ? BIT64(62) : 0));
        break;
    case 2: /* SETLPIR, CLRLPIR, INVLPIR, INVALLR */
        redist(world, v, 0x40 + (how >> 5) * 8, lpi(in));
        break;
    case 3:
        redist(world, v, GICR_INVLPIR, lpi(in));
        break;
    case 4:
        redist(world, v, GICR_INVLPIR + 0x10, 0);
        break;
    default:
        redist(world, v, GICR_CTLR, how >> 7);
        break;
    }
}

/* How many calls of lvgic_its_run() everything can take: for each queue that is full, commands that
 * look through all slots and drop all events of all devices. */
static uint32_t most_calls(const struct world *world)
{
    const struct lvgic_config *config = &world->config;
    uint64_t slots = (uint64_t)config->nr_lpis * (config->nr_its ? 1 : config->nr_vcpus);
    uint64_t events = config->its_events + 32u * config->its_devices;
    uint64_t one = 16 + 3 * slots + events + (1u << config->its_collection_bits);
    uint64_t commands = config->nr_its * 4u * 4096u / ITS_COMMAND_SIZE;

    return (uint32_t)(4 + (commands + 8) * one / (LVGIC_LPI_WORK - 8));
}

static void act(struct world *world, struct input *in)
{
    switch (in_byte(in) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        command(world, in, false);
        break;
    case 5:
        command(world, in, true);
        break;
    case 6:
        registers(world, in);
        break;
    case 7:
        lpis(world, in);
        break;
    case 8:
        world_poke(world, in);
        break;
    case 9:
        world->holes ^= (uint16_t)(1u << in_byte(in) % WORLD_PAGES);
        break;
    case 10:
    case 11:
        world_msi(world, in);
        break;
    case 12:
        world_take(world, in);
        break;
    case 13:
        world_drain(world, most_calls(world));
        break;
    default:
        world_run(world, in);
        break;
    }
    world_bounded(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.at = data, .end = data + size};
    struct lvgic_config config = world_config(&in, 3);
    struct world *world;
    uint8_t how;

    if (!config.nr_lpis)
        return 0;
    world = world_open(&in, &config);
    if (!world)
        return 0;
    how = in_byte(&in);
    if (how % 4)
        set_up(world, how & 4 ? GITS_BASER_INDIRECT : 0);
    while (in_more(&in))
        act(world, &in);
    for (uint32_t v = 0; v < config.nr_vcpus; v++)
        lvgic_vcpu_exit(world->cpu[v]);
    world_drain(world, most_calls(world));
    world_close(world);
    return 0;
}
