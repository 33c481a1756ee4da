/* SPDX-License-Identifier: MIT */
/* Anything that a guest and its VMM can do, in any order, on any VM. */
#include "target.h"
#include "world.h"

static void v2m(struct world *world, struct input *in)
{
    struct lvgic_access access = world_access(in, v2m_rows, nr_v2m_rows);

    lvgic_v2m_access(world->vm, &access);
}

static void act(struct world *world, struct input *in)
{
    switch (in_byte(in) % 16) {
    case 0:
        world_dist(world, in);
        break;
    case 1:
        world_redist(world, in);
        break;
    case 2:
    case 3:
        world_interrupt(world, in);
        break;
    case 4:
        world_its(world, in);
        break;
    case 5:
    case 6:
        world_wire(world, in);
        break;
    case 7:
    case 8:
        world_sysreg(world, in);
        break;
    case 9:
        world_gicc(world, in);
        break;
    case 10:
    case 11:
        world_take(world, in);
        break;
    case 12:
        world_msi(world, in);
        break;
    case 13:
        world_poke(world, in);
        break;
    case 14:
        v2m(world, in);
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
    struct lvgic_config config = world_config(&in, 0);
    struct world *world = world_open(&in, &config);

    if (!world)
        return 0;
    while (in_more(&in))
        act(world, &in);
    world_close(world);
    return 0;
}
