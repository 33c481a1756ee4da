/* SPDX-License-Identifier: MIT */
/*
 * The number of list registers cannot be seen: the same guest, devices and VMM on two VMs that
 * differ in nothing else, one with sixteen registers, where everything has room, and one with one
 * to three. After each action everything that a guest can read must be the same.
 *
 * The guest keeps to what has one result only. No two interrupts have the same priority; each vCPU
 * completes what it acknowledged last, and deactivates in any order, also for the other vCPU.
 */
#include "arch/intid.h"
#include "base/bits.h"
#include "target.h"
#include "world.h"

#define CPUS 2u
#define MOST 64u /* interrupts at once on a vCPU */

static const uint16_t intids[] = {0, 3, 9, 15, 18, 27, 32, 33, 40, 41, 55, 63};

enum { GICD_CTLR = 0, IGROUPR = 0x80, ISENABLER = 0x100, ICENABLER = 0x180, ISPENDR = 0x200 };
enum { ICPENDR = 0x280, ISACTIVER = 0x300, ICACTIVER = 0x380, IPRIORITYR = 0x400, ICFGR = 0xc00 };
enum { IROUTER = 0x6000, SGI_FRAME = 0x10000 };

struct taken {
    uint32_t intid;
    bool group1;
};

struct twins {
    struct world *world[2];
    struct taken running[CPUS][MOST], dropped[CPUS][MOST];
    unsigned nr_running[CPUS], nr_dropped[CPUS];
    bool eoimode[CPUS];
    uint8_t priority[CPUS][ARRAY_LEN(intids)]; /* more by one, 0: none yet; SPIs by vCPU 0 */
    uint32_t priorities_used;                  /* of 31 */
};

/* ------------------------------------------------------------------ both at once -------------- */

static uint64_t access_one(struct world *world, uint32_t cpu, uint32_t intid,
                           struct lvgic_access access)
{
    if (intid < 32) {
        access.offset += SGI_FRAME;
        lvgic_redist_access(world->vm, NULL, LVGIC_VCPU(cpu), &access);
    } else {
        lvgic_dist_access(world->vm, NULL, &access);
    }
    return access.value;
}

static void write_both(struct twins *t, uint32_t cpu, uint32_t intid, uint32_t offset, uint8_t size,
                       uint64_t value)
{
    for (unsigned i = 0; i < 2; i++)
        access_one(
            t->world[i], cpu, intid,
            (struct lvgic_access){.offset = offset, .size = size, .write = true, .value = value});
}

/* The bit of an interrupt in one of the arrays of bits. */
static void write_bit(struct twins *t, uint32_t cpu, uint32_t intid, uint32_t array)
{
    write_both(t, cpu, intid, array + intid / 32 * 4, 4, BIT64(intid % 32));
}

/* Out of the guest and in again, as after a kick: what has changed is in the list registers. */
static void turn(struct twins *t)
{
    for (unsigned i = 0; i < 2; i++)
        for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
            lvgic_vcpu_exit(t->world[i]->cpu[cpu]);
            lvgic_vcpu_enter(t->world[i]->cpu[cpu]);
        }
}

static uint64_t icc_now(struct twins *t, uint32_t cpu, enum sysreg reg, bool write, uint64_t value)
{
    uint64_t result[2];

    for (unsigned i = 0; i < 2; i++)
        result[i] = guest_icc(t->world[i]->cpu[cpu], reg, write, value);
    world_check(result[0] == result[1], "a system register reads the same on both");
    return result[0];
}

static uint64_t icc_both(struct twins *t, uint32_t cpu, enum sysreg reg, bool write, uint64_t value)
{
    turn(t);
    return icc_now(t, cpu, reg, write, value);
}

/* What a guest can see: of the CPU interfaces, and of the interrupts. */
static void compare(struct twins *t)
{
    static const enum sysreg regs[] = {SYSREG_ICC_RPR_EL1, SYSREG_ICC_HPPIR0_EL1,
                                       SYSREG_ICC_HPPIR1_EL1, SYSREG_ICC_AP0R0_EL1,
                                       SYSREG_ICC_AP1R0_EL1};

    turn(t);
    for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
        for (size_t i = 0; i < ARRAY_LEN(regs); i++)
            icc_now(t, cpu, regs[i], false, 0);

        struct lvgic_lines a = lvgic_vcpu_lines(t->world[0]->cpu[cpu]);
        struct lvgic_lines b = lvgic_vcpu_lines(t->world[1]->cpu[cpu]);

        world_check(a.irq == b.irq && a.fiq == b.fiq, "IRQ and FIQ are the same on both");
    }
    /* Last: the exact state of what is in a list register makes its vCPU come out. */
    for (uint32_t array = ISPENDR; array <= ISACTIVER; array += ISACTIVER - ISPENDR)
        for (uint32_t i = 0; i <= CPUS; i++) {
            uint32_t intid = i < CPUS ? 0 : 32;
            struct lvgic_access access = {.offset = array + intid / 8, .size = 4};

            world_check(access_one(t->world[0], i, intid, access) ==
                            access_one(t->world[1], i, intid, access),
                        "pending and active state are the same on both");
        }
}

/* ------------------------------------------------------------------ actions ------------------- */

/* A priority that no other interrupt of any vCPU has. */
static void set_priority(struct twins *t, uint32_t cpu, size_t which, uint32_t wish)
{
    uint8_t *mine = &t->priority[intids[which] < 32 ? cpu : 0][which];

    for (uint32_t i = 0; i < 31; i++) {
        uint32_t priority = (wish + i) % 31;

        if (t->priorities_used & 1u << priority)
            continue;
        if (*mine)
            t->priorities_used &= ~(1u << (*mine - 1));
        t->priorities_used |= 1u << priority;
        *mine = (uint8_t)(priority + 1);
        write_both(t, cpu, intids[which], IPRIORITYR + intids[which], 1, priority << 3);
        return;
    }
}

static void acknowledge(struct twins *t, uint32_t cpu, bool group1)
{
    uint32_t intid =
        (uint32_t)icc_both(t, cpu, group1 ? SYSREG_ICC_IAR1_EL1 : SYSREG_ICC_IAR0_EL1, false, 0);

    if (intid >= FIRST_SPECIAL || t->nr_running[cpu] == MOST)
        return;
    t->running[cpu][t->nr_running[cpu]++] = (struct taken){.intid = intid, .group1 = group1};
}

static void complete(struct twins *t, uint32_t cpu)
{
    if (!t->nr_running[cpu])
        return;

    struct taken last = t->running[cpu][--t->nr_running[cpu]];

    icc_both(t, cpu, last.group1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1, true, last.intid);
    if (t->eoimode[cpu] && t->nr_dropped[cpu] < MOST)
        t->dropped[cpu][t->nr_dropped[cpu]++] = last;
}

/* An SPI by either vCPU. */
static void deactivate(struct twins *t, uint32_t cpu, uint8_t which)
{
    if (!t->nr_dropped[cpu])
        return;

    struct taken *at = &t->dropped[cpu][which % t->nr_dropped[cpu]], that = *at;
    uint32_t by = that.intid >= 32 && t->eoimode[!cpu] && which & 0x80 ? !cpu : cpu;

    *at = t->dropped[cpu][--t->nr_dropped[cpu]];
    icc_both(t, by, SYSREG_ICC_DIR_EL1, true, that.intid);
}

static void change_eoimode(struct twins *t, uint32_t cpu)
{
    /* With EOImode 0 what was dropped before would never be deactivated. */
    if (t->nr_dropped[cpu])
        return;
    t->eoimode[cpu] = !t->eoimode[cpu];
    icc_both(t, cpu, SYSREG_ICC_CTLR_EL1, true, t->eoimode[cpu] ? 2 : 0);
}

static void act(struct twins *t, struct input *in)
{
    static const uint32_t bits[] = {ISENABLER, ISENABLER, ICENABLER, ISPENDR,
                                    ISPENDR,   ICPENDR,   ISACTIVER, ICACTIVER};
    uint8_t what = in_byte(in), arg = in_byte(in);
    uint32_t cpu = what >> 7;
    size_t which = arg % ARRAY_LEN(intids);
    uint32_t intid = intids[which];
    bool high = arg & 0x80;

    switch (what % 16) {
    case 0:
    case 1:
    case 2:
        for (unsigned i = 0; i < 2; i++)
            lvgic_set_line(t->world[i]->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid), high);
        break;
    case 3:
        icc_both(t, cpu, high ? SYSREG_ICC_SGI1R_EL1 : SYSREG_ICC_SGI0R_EL1, true,
                 (uint64_t)intids[arg % 4] << 24 | (arg >> 4 & 3));
        break;
    case 4:
    case 5:
    case 6:
        acknowledge(t, cpu, arg & 1);
        break;
    case 7:
    case 8:
        complete(t, cpu);
        break;
    case 9:
        deactivate(t, cpu, arg);
        break;
    case 10:
        write_bit(t, cpu, intid, bits[arg >> 5]);
        break;
    case 11:
        change_eoimode(t, cpu);
        break;
    case 12:
        icc_both(t, cpu, high ? SYSREG_ICC_IGRPEN1_EL1 : SYSREG_ICC_IGRPEN0_EL1, true, arg & 1);
        break;
    case 13:
        write_both(t, 0, 32, GICD_CTLR, 4, arg & 3);
        break;
    case 14:
        if (intid >= 32)
            write_both(t, 0, intid, IROUTER + 8 * intid, 8, high);
        else
            icc_both(t, cpu, SYSREG_ICC_PMR_EL1, true, in_byte(in));
        break;
    default:
        set_priority(t, cpu, which, in_byte(in));
        break;
    }
}

/* ------------------------------------------------------------------ a pair -------------------- */

static void configure(struct twins *t, struct input *in)
{
    uint64_t groups = in_bytes(in, 8), edges = in_bytes(in, 8);

    for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
        write_both(t, cpu, 0, IGROUPR, 4, (uint32_t)groups);
        write_both(t, cpu, 0, ICFGR + 4, 4, (uint32_t)edges & 0xaaaaaaaa);
        write_both(t, cpu, 0, ISENABLER, 4, UINT32_MAX);
        icc_both(t, cpu, SYSREG_ICC_BPR0_EL1, true, 2);
        icc_both(t, cpu, SYSREG_ICC_BPR1_EL1, true, 3);
        for (size_t i = 0; i < ARRAY_LEN(intids); i++)
            if (intids[i] < 32 || cpu == 0)
                set_priority(t, cpu, i, (uint32_t)(i * 11 + cpu));
    }
    write_both(t, 0, 32, IGROUPR + 4, 4, groups >> 32);
    write_both(t, 0, 32, ICFGR + 8, 4, edges >> 32 & 0xaaaaaaaa);
    write_both(t, 0, 32, ICFGR + 12, 4, edges >> 16 & 0xaaaaaaaa);
    write_both(t, 0, 32, ISENABLER + 4, 4, UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.at = data, .end = data + size};
    uint8_t first = in_byte(&in);
    /* Everything open, whatever world_open() would read. */
    static const uint8_t open[] = {0, 0, 1, 1, 1};
    struct twins t = {.nr_running = {0}};

    for (unsigned i = 0; i < 2; i++) {
        struct lvgic_config config = {.gic = 3,
                                      .nr_vcpus = CPUS,
                                      .nr_spis = 32,
                                      .nr_lrs = i ? 16 : 1 + first % 3,
                                      .no_dir_trap = first & 0x80};
        struct input opening = {.at = open, .end = open + sizeof open};

        t.world[i] = world_open(&opening, &config);
    }
    configure(&t, &in);
    while (in_more(&in)) {
        act(&t, &in);
        compare(&t);
    }
    for (unsigned i = 0; i < 2; i++)
        world_close(t.world[i]);
    return 0;
}
