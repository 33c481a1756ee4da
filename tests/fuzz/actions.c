/* SPDX-License-Identifier: MIT */
/* What a guest and its VMM can do, each as the next bytes say. */
#include "world.h"

struct lvgic_vcpu *world_cpu(struct world *world, struct input *in)
{
    return world->cpu[in_byte(in) % world->config.nr_vcpus];
}

struct lvgic_access world_access(struct input *in, const struct reg_row *rows, size_t nr)
{
    static const uint8_t sizes[] = {4, 4, 8, 1, 2, 8, 4, 0};
    uint8_t how = in_byte(in);
    struct lvgic_access access = {.write = how & 1, .secure = how & 2, .size = sizes[how >> 2 & 7]};

    if (!access.size)
        access.size = in_byte(in);
    if (how & 0x80) {
        access.offset = (uint32_t)in_bytes(in, 3);
    } else {
        const struct reg_row *row = &rows[in_byte(in) % nr];
        uint32_t at = how & 0x40 ? (uint32_t)in_bytes(in, 2) : in_byte(in);

        access.offset = row->offset + at % row->length;
        /* Most rows allow aligned accesses only. */
        if (!(how & 0x20) && access.size && access.size <= 8)
            access.offset -= access.offset % access.size;
    }
    if (access.write)
        access.value = in_value(in);
    return access;
}

/* The guest on a vCPU, or nobody. One that is in the guest is refused, and nothing changes. */
static struct lvgic_vcpu *accessor(struct world *world, struct input *in)
{
    uint8_t byte = in_byte(in);

    return byte & 0x80 ? NULL : world->cpu[byte % world->config.nr_vcpus];
}

void world_dist(struct world *world, struct input *in)
{
    bool gicv2 = world->config.gic == 2;
    struct lvgic_vcpu *by = accessor(world, in);
    struct lvgic_access access =
        world_access(in, gicv2 ? gicd2_rows : gicd_rows, gicv2 ? nr_gicd2_rows : nr_gicd_rows);

    lvgic_dist_access(world->vm, by, &access);
}

void world_redist(struct world *world, struct input *in)
{
    struct lvgic_vcpu *by = accessor(world, in);
    lvgic_vcpuid redist = LVGIC_VCPU(in_byte(in) % (WORLD_CPUS + 1));
    struct lvgic_access access = world_access(in, gicr_rows, nr_gicr_rows);

    lvgic_redist_access(world->vm, by, redist, &access);
}

void world_its(struct world *world, struct input *in)
{
    uint32_t its = in_byte(in) % 3;
    struct lvgic_access access = world_access(in, gits_rows, nr_gits_rows);

    lvgic_its_access(world->vm, its, &access);
}

uint32_t world_intid(const struct world *world, struct input *in)
{
    uint8_t kind = in_byte(in);

    switch (kind & 7) {
    case 0:
    case 1:
        return kind >> 3;
    case 2:
        return 1056 + in_byte(in) % 65;
    case 3:
        return 4096 + in_byte(in) % 65;
    case 4:
        return 8192 + in_byte(in) % 16;
    case 5:
        return (uint32_t)in_bytes(in, 2);
    default:
        return 32 + in_below(in, world->config.nr_spis + 1);
    }
}

void world_interrupt(struct world *world, struct input *in)
{
    uint8_t byte = in_byte(in), how = in_byte(in);
    uint32_t v = how % world->config.nr_vcpus, intid = byte % 64, word = intid / 32 * 4;
    bool redist = intid < 32 && world->config.gic == 3;
    uint64_t bit = UINT64_C(1) << intid % 32;
    struct lvgic_access accesses[] = {
        {.offset = 0x80 + word, .size = 4, .value = how & 4 ? ~UINT64_C(0) : 0}, /* IGROUPR */
        {.offset = 0x400 + intid, .size = 1, .value = how & 0xf8},               /* IPRIORITYR */
        {.offset = 0x800 + intid, .size = 1, .value = 1u << v},                  /* ITARGETSR */
        {.offset = 0x6000 + 8 * intid, .size = 8, .value = v},                   /* IROUTER */
        {.offset = 0xc00 + intid / 16 * 4, .size = 4, .value = byte & 0x80 ? ~0u : 0}, /* ICFGR */
        {.offset = 0x100 + word, .size = 4, .value = bit}, /* ISENABLER */
        {.offset = 0x200 + word, .size = 4, .value = bit}, /* ISPENDR */
    };

    for (unsigned i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        accesses[i].write = true;
        accesses[i].secure = true;
        accesses[i].offset += redist ? 0x10000 : 0;
        if (redist)
            lvgic_redist_access(world->vm, NULL, LVGIC_VCPU(v), &accesses[i]);
        else
            lvgic_dist_access(world->vm, intid < 32 ? world->cpu[v] : NULL, &accesses[i]);
    }
    if (byte & 0x40)
        lvgic_set_line(world->vm, LVGIC_VCPU(v), LVGIC_INTID(intid), true);
}

void world_wire(struct world *world, struct input *in)
{
    uint8_t what = in_byte(in);
    lvgic_vcpuid v = LVGIC_VCPU((what >> 4) % WORLD_CPUS);
    lvgic_intid intid = LVGIC_INTID(world_intid(world, in));
    struct lvgic_irq_info info;

    switch (what & 7) {
    case 0:
    case 1:
        lvgic_set_line(world->vm, v, intid, what & 1);
        break;
    case 2:
        lvgic_pulse(world->vm, v, intid);
        break;
    case 3:
        lvgic_set_notify(world->vm, v, intid, what & 8);
        break;
    case 4:
        lvgic_map_hw(world->vm, v, intid, what & 8 ? in_byte(in) : intid.n);
        break;
    case 5:
        lvgic_unmap_hw(world->vm, v, intid);
        break;
    case 6:
        lvgic_hw_active(world->vm, v, intid);
        break;
    default:
        lvgic_irq_info(world->vm, v, intid, &info);
        break;
    }
}

void world_sysreg(struct world *world, struct input *in)
{
    struct lvgic_vcpu *cpu = world_cpu(world, in);
    uint8_t which = in_byte(in);
    uint32_t encoding =
        which & 0x80 ? (uint32_t)in_bytes(in, 2) : sysreg_rows[which % NR_SYSREGS].encoding;
    bool write = in_byte(in) & 1;
    uint64_t value = write ? in_value(in) : 0;

    lvgic_vcpu_sysreg(cpu, encoding, write, &value);
}

void world_gicc(struct world *world, struct input *in)
{
    struct lvgic_vcpu *cpu = world_cpu(world, in);
    uint8_t which = in_byte(in), how = in_byte(in);
    struct lvgic_access access = {
        .offset = which & 0x80 ? (uint32_t)in_bytes(in, 2) : gicc_rows[which % NR_GICC_REGS].offset,
        .size = how & 0x80 ? in_byte(in) : 4,
        .write = how & 1,
    };

    if (access.write)
        access.value = in_value(in);
    lvgic_gicc_access(cpu, &access);
}

void world_take(struct world *world, struct input *in)
{
    uint8_t what = in_byte(in);
    uint32_t v = (what >> 4) % world->config.nr_vcpus;
    struct lvgic_vcpu *cpu = world->cpu[v];
    bool group1 = what & 8, write = (what & 3) > 1;
    uint64_t value = world->last_ack[v];
    enum sysreg iar = group1 ? SYSREG_ICC_IAR1_EL1 : SYSREG_ICC_IAR0_EL1;
    enum sysreg eoir = group1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1;

    if ((what & 3) == 0) {
        world_open_cpuif(world, cpu);
        return;
    }
    if (what & 4)
        eoir = SYSREG_ICC_DIR_EL1;
    if (world->config.gic == 2)
        value = guest_gicc(cpu, write ? (what & 4 ? GICC_REG_DIR : GICC_REG_EOIR) : GICC_REG_IAR,
                           write, (uint32_t)value);
    else
        value = guest_icc(cpu, write ? eoir : iar, write, value);
    if (!write && value < 1020)
        world->last_ack[v] = (uint32_t)value;
}

void world_run(struct world *world, struct input *in)
{
    uint8_t what = in_byte(in);
    struct lvgic_vcpu *cpu = world->cpu[(what >> 4) % world->config.nr_vcpus];

    switch (what & 15) {
    case 0:
    case 1:
    case 2:
        lvgic_vcpu_enter(cpu);
        break;
    case 3:
    case 4:
        lvgic_vcpu_exit(cpu);
        break;
    case 5:
        lvgic_vcpu_block(cpu);
        break;
    case 6:
        lvgic_vcpu_has_interrupt(cpu);
        break;
    case 7:
        lvgic_vcpu_reset_cpuif(cpu);
        break;
    case 8:
        lvgic_vcpu_lines(cpu);
        break;
    case 9:
        lvgic_vcpu_set_sctlr_nmi(cpu, what & 0x80);
        break;
    case 10:
        world->pauses++;
        lvgic_pause(world->vm);
        break;
    case 11:
        world->pauses -= world->pauses > 0;
        lvgic_resume(world->vm); /* one too many changes nothing */
        break;
    default: /* out and in again, as for a kick */
        lvgic_vcpu_exit(cpu);
        lvgic_vcpu_enter(cpu);
        break;
    }
}

void world_msi(struct world *world, struct input *in)
{
    uint8_t how = in_byte(in);
    uint32_t device = in_id(in, 4), event = in_id(in, 8);

    if (how & 0x80)
        lvgic_msi_write(world->vm, how % 3, device, how & 0x40 ? in_byte(in) : 0x40, how >> 2 & 7,
                        event);
    else
        lvgic_msi(world->vm, how % 3, device, event);
}

void world_poke(struct world *world, struct input *in)
{
    uint32_t at = (uint32_t)in_bytes(in, 2) % WORLD_RAM, nr = in_byte(in) % 64;

    for (uint32_t i = 0; i < nr; i++)
        world->ram[(at + i) % WORLD_RAM] = in_byte(in);
}
