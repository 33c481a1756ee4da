/* SPDX-License-Identifier: MIT */
/*
 * What hardware says at exit is not believed: list registers, ELRSR, EOIcount, VMCR and active
 * priorities come back as anything. Through struct lvgic_lrs, through the GICv2 loader from a frame
 * of any content, and as a guest hypervisor's own registers.
 */
#include <string.h>

#include "arch/lr.h"
#include "lvgic/gich.h"
#include "target.h"
#include "world.h"

#define GICH_SIZE 0x200u

struct machine {
    struct world *world;
    /* The frame of each physical CPU, as plain memory, and whether its vCPU is loaded there. */
    uint32_t frame[WORLD_CPUS][GICH_SIZE / 4];
    bool attached[WORLD_CPUS];
    struct lvgic_lrs nested; /* a guest hypervisor's */
};

static uint64_t hostile_lr(struct input *in, uint64_t lr)
{
    uint8_t how = in_byte(in);

    switch (how & 7) {
    case 0:
        return 0;
    case 1:
    case 2:
    case 3:
        return (lr & ~LR_STATE) | (uint64_t)(how & 3) << 62;
    case 4:
        return lr ^ in_value(in);
    case 5:
        return in_value(in);
    default:
        return lr;
    }
}

static void hostile_aprs(uint64_t *aprs, struct input *in)
{
    uint8_t which = in_byte(in);

    aprs[which % 4] = in_value(in);
}

static void hostile_lrs(struct lvgic_lrs *lrs, struct input *in)
{
    uint8_t what = in_byte(in);

    if (what & 1)
        for (unsigned i = 0; i < lrs->nr; i++)
            lrs->lr[i] = hostile_lr(in, lrs->lr[i]);
    if (what & 2)
        lrs->elrsr = (uint32_t)in_value(in);
    if (what & 4)
        lrs->hcr = (what & 8 ? 0 : lrs->hcr) | in_value(in) << (what & 8 ? 0 : 27);
    if (what & 16)
        lrs->vmcr = in_value(in);
    if (what & 32)
        hostile_aprs(lrs->ap0r, in);
    if (what & 64)
        hostile_aprs(lrs->ap1r, in);
}

/* A run on hardware: enter, load, anything, save, exit. */
static void run(struct machine *machine, struct input *in)
{
    struct world *world = machine->world;
    uint8_t how = in_byte(in);
    uint32_t v = how % world->config.nr_vcpus;
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(world->cpu[v]);
    volatile uint32_t *frame = machine->frame[v];
    bool loader = world->config.gic == 2 && (how & 0x80);

    if (lvgic_vcpu_enter(world->cpu[v]) != LVGIC_OK)
        return;
    if (loader) {
        if (!machine->attached[v])
            lvgic_gich_attach(frame, lrs);
        machine->attached[v] = true;
        lvgic_gich_load(frame, lrs);
        for (unsigned nr = in_byte(in) % 32; nr > 0; nr--) {
            uint32_t at = in_byte(in) % (GICH_SIZE / 4);

            frame[at] ^= (uint32_t)in_value(in);
        }
        lvgic_gich_save(frame, lrs);
    } else {
        hostile_lrs(lrs, in);
    }
    if (how & 0x40)
        world_take(world, in); /* the software CPU interface over these values */
    lvgic_vcpu_exit(world->cpu[v]);
    if (how & 0x20 && machine->attached[v]) {
        lvgic_gich_detach(frame, lrs);
        machine->attached[v] = false;
    }
    if (how & 0x10)
        lvgic_vcpu_has_interrupt(world->cpu[v]);
}

/* ICH_*_EL2 as a guest hypervisor writes them. */
static void nested(struct machine *machine, struct input *in)
{
    uint8_t which = in_byte(in);
    uint32_t encoding = which & 0x80 ? (uint32_t)in_bytes(in, 2)
                                     : ichreg_rows[which % NR_ICHREGS].encoding + (which >> 4);
    bool write = in_byte(in) & 1;
    uint64_t value = write ? in_value(in) : 0;

    if (which == 0x7f)
        lvgic_lrs_init(&machine->nested, 1 + (unsigned)value % LVGIC_MAX_LRS,
                       5 + (unsigned)(value >> 4) % 3);
    else
        lvgic_lrs_access(&machine->nested, encoding, write, &value);
}

static void act(struct machine *machine, struct input *in)
{
    struct world *world = machine->world;

    switch (in_byte(in) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        run(machine, in);
        break;
    case 5:
    case 6:
    case 7:
        world_interrupt(world, in);
        break;
    case 8:
    case 9:
        world_wire(world, in);
        break;
    case 10:
        world_dist(world, in);
        break;
    case 11:
        world_redist(world, in);
        break;
    case 12:
        world_take(world, in);
        break;
    case 13:
        nested(machine, in);
        break;
    case 14:
        world_msi(world, in);
        break;
    default:
        world_run(world, in);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.at = data, .end = data + size};
    struct lvgic_config config = world_config(&in, 0);
    struct machine machine;

    memset(&machine, 0, sizeof machine);
    lvgic_lrs_init(&machine.nested, 4, 5);
    machine.world = world_open(&in, &config);
    if (!machine.world)
        return 0;
    while (in_more(&in))
        act(&machine, &in);
    world_close(machine.world);
    return 0;
}
