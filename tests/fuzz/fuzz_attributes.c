/* SPDX-License-Identifier: MIT */
/*
 * Any attributes, in any order, of a VM whose vCPUs come and go. The input: a byte that chooses the
 * configuration, then operations of 12 bytes: what, where, a number of 16 bits, a value of 64.
 */
#include <string.h>

#include "desk.h"

#include "arch/its.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/its.h"

static struct lvgic_config config_of(uint8_t choice)
{
    bool gicv2 = choice & 1, lpis = !gicv2 && (choice >> 3 & 1);

    return (struct lvgic_config){
        .nr_vcpus = 1 + (choice >> 1 & 3) % 3,
        .nr_spis = 64,
        .nr_lrs = 1 + (choice >> 3 & 1),
        .gic = gicv2 ? 2 : 3,
        .kvm_attributes = choice >> 4 & 1,
        .one_of_n = !gicv2 && (choice >> 5 & 1),
        .two_security_states = !gicv2 && (choice >> 6 & 1),
        .nmi = !gicv2 && (choice >> 6 & 1),
        .nr_espis = !gicv2 && (choice >> 7) ? 32 : 0,
        .nr_eppis = !gicv2 && (choice >> 7) ? 32 : 0,
        .nr_lpis = lpis ? 16 : 0,
        .nr_its = lpis ? 2 - (choice >> 5 & 1) * 2 : 0,
        .its_device_bits = 4,
        .its_collection_bits = 2,
        .its_events = 1024,
        .its_stall = choice >> 6 & 1,
    };
}

/* Groups beyond KVM's are those of ITSs. */
enum { ITS_REGS = 8, ITS_ADDR = 10, ITS_CTRL = 11 };

static bool is_of_its(uint32_t group)
{
    return group == ITS_REGS || group == ITS_ADDR || group == ITS_CTRL;
}

static uint32_t its_group(uint32_t group)
{
    return group == ITS_REGS   ? LVGIC_ITS_ATTR_ITS_REGS
           : group == ITS_ADDR ? LVGIC_ITS_ATTR_ADDR
                               : LVGIC_ITS_ATTR_CTRL;
}

static void set(const struct desk *desk, uint32_t its, uint32_t group, uint64_t attr,
                uint64_t value)
{
    if (is_of_its(group))
        lvgic_its_attr_set(desk->vm, its, its_group(group), attr, value);
    else
        lvgic_attr_set(desk->vm, group, attr, value);
}

static void get(const struct desk *desk, uint32_t its, uint32_t group, uint64_t attr,
                uint64_t value)
{
    if (is_of_its(group))
        lvgic_its_attr_get(desk->vm, its, its_group(group), attr, &value);
    else
        lvgic_attr_get(desk->vm, group, attr, &value);
}

/* An attribute of a group that is likely to be there: `number` chooses among its registers. */
static uint64_t likely(const struct desk *desk, uint32_t group, uint8_t where, uint32_t number)
{
    uint64_t who = desk->gicv2 ? (uint64_t)(where & 3) << 32 : LVGIC_ATTR_AFFINITY(where & 3);
    const struct reg_row *row;

    switch (group) {
    case LVGIC_ATTR_DIST_REGS:
        row = desk->gicv2 ? &gicd2_rows[number % nr_gicd2_rows] : &gicd_rows[number % nr_gicd_rows];
        return who | (row->offset + (number >> 6) * 4 % row->length);
    case LVGIC_ATTR_REDIST_REGS:
        row = &gicr_rows[number % nr_gicr_rows];
        return who | (row->offset + (number >> 6) * 4 % row->length);
    case LVGIC_ATTR_CPU_REGS:
        return who | (number * 4 & 0xfc);
    case LVGIC_ATTR_CPU_SYSREGS:
        return who | sysreg_rows[number % NR_SYSREGS].encoding;
    case LVGIC_ATTR_LEVEL_INFO:
        return who | (number & 0x7f);
    case ITS_REGS:
        row = &gits_rows[number % nr_gits_rows];
        return row->offset + (number >> 6) * row->width % row->length;
    default:
        return number & 7;
    }
}

/* The guest's memory is a queue of commands, which are at the same time entries of tables. */
static void write_commands(struct desk *desk)
{
    for (uint32_t at = 0, n = 0; at < DESK_RAM; at += ITS_COMMAND_SIZE, n++) {
        static const uint8_t codes[] = {ITS_CMD_MAPD,  ITS_CMD_MAPC,   ITS_CMD_MAPTI,
                                        ITS_CMD_MAPTI, ITS_CMD_INT,    ITS_CMD_MOVALL,
                                        ITS_CMD_MOVI,  ITS_CMD_DISCARD};
        uint64_t words[4] = {(uint64_t)(n % 5) << 32 | codes[n % 8],
                             (uint64_t)(8192 + n % 17) << 32 | n % 3,
                             BIT64(63) | n % 2 << 16 | n % 4, n % 3 << 16};

        memcpy(desk->ram + at, words, sizeof words);
    }
}

enum { OP_SIZE = 12 };

static void step(const struct desk *desk, const uint8_t *op)
{
    uint32_t what = op[0] & 7, group = op[0] >> 4, number = op[2] | (uint32_t)op[3] << 8;
    lvgic_vcpuid v = LVGIC_VCPU(op[1] % desk->nr_vcpus);
    uint64_t value, attr = likely(desk, group, op[1], number);

    memcpy(&value, op + 4, sizeof value);
    switch (what) {
    case 0:
        lvgic_attr_has(desk->vm, group, op[0] & 8 ? value : attr);
        break;
    case 1:
        get(desk, op[1] >> 4 & 1, group, attr, value);
        break;
    case 2:
    case 3:
        /* What is 32 bits wide wants nothing above them. */
        set(desk, op[1] >> 4 & 1, group, attr, op[0] & 8 ? value : (uint32_t)value);
        break;
    case 4:
        if (lvgic_vcpu_enter(lvgic_vcpu(desk->vm, v)) != LVGIC_OK)
            lvgic_vcpu_exit(lvgic_vcpu(desk->vm, v));
        break;
    case 5:
        if (op[0] & 8)
            lvgic_msi(desk->vm, number >> 15, number >> 4 & 15, number & 15);
        else
            lvgic_pulse(desk->vm, v, LVGIC_INTID(number & 0x7f));
        break;
    case 6:
        lvgic_set_line(desk->vm, v, LVGIC_INTID(number & 0x7f), op[0] & 8);
        break;
    default:
        if (op[0] & 8)
            lvgic_vcpu_reset(desk->vm, v);
        else
            lvgic_attr_set(desk->vm, group, value, number);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lvgic_config config = config_of(size ? data[0] : 0);
    struct desk desk;

    if (!desk_make(&desk, &config))
        return 0;
    write_commands(&desk);
    lvgic_map_hw(desk.vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27);
    lvgic_map_hw(desk.vm, LVGIC_VCPU(0), LVGIC_INTID(40), 41);
    for (size_t at = 1; at + OP_SIZE <= size; at += OP_SIZE)
        step(&desk, data + at);
    for (unsigned i = 0; i < desk.nr_vcpus; i++)
        lvgic_vcpu_exit(lvgic_vcpu(desk.vm, LVGIC_VCPU(i)));
    desk_check(&desk);
    desk_run(&desk);
    desk_check(&desk);
    desk_end(&desk);
    return 0;
}
