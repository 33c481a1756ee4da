/* SPDX-License-Identifier: MIT */
/*
 * Random sequences for GICv2 with one CPU: like those for GICv3, with one register that
 * acknowledges and one that completes both groups, and SGIs that are pending for a source.
 * Priorities and binary points are those of five bits.
 */
#include <inttypes.h>
#include <string.h>

#include "arch/lr.h"
#include "generate.h"
#include "random.h"

#define ENABLE 0x003u
#define ACKCTL 0x004u
#define FIQEN 0x008u
#define CBPR 0x010u
#define EOIMODE 0x200u

static struct result gicc_read(struct generator *gen, enum gicc_reg reg)
{
    return gen_emit(gen, op_gicc(gen->cpu, reg, false, 0));
}

static void gicc_write(struct generator *gen, enum gicc_reg reg, uint64_t value)
{
    gen_emit(gen, op_gicc(gen->cpu, reg, true, value));
}

static void acknowledge(struct generator *gen)
{
    unsigned intid = (unsigned)gicc_read(gen, GICC_REG_IAR).value;
    unsigned *depth = &gen->depth[gen->cpu];

    if (intid < 1020 && *depth < DEPTH)
        gen->stack[gen->cpu][(*depth)++].intid = intid;
}

static void complete(struct generator *gen)
{
    unsigned *depth = &gen->depth[gen->cpu], intid = gen_any_intid(gen);

    if (*depth > 0)
        intid = gen->stack[gen->cpu][--*depth].intid;
    else if (!gen_chance(gen, 10))
        return;
    if (gen->wild && gen_chance(gen, 3))
        intid = gen_any_intid(gen);
    if (gen_chance(gen, 1))
        gicc_write(gen, GICC_REG_EOIR, 1020 + gen_below(gen, 4));
    gicc_write(gen, GICC_REG_EOIR, intid);
    if (gen_split(gen, gen->cpu) && gen->nr_dropped < DEPTH)
        gen->dropped[gen->nr_dropped++] = intid;
}

static void deactivate(struct generator *gen)
{
    unsigned intid = gen_any_intid(gen);

    if (gen->nr_dropped > 0 && gen_chance(gen, 90)) {
        unsigned i = gen_below(gen, gen->nr_dropped);

        intid = gen->dropped[i];
        gen->dropped[i] = gen->dropped[--gen->nr_dropped];
    } else if (!gen_chance(gen, 20)) {
        return;
    }
    gicc_write(gen, GICC_REG_DIR, intid);
}

/* To itself, to CPUs that do not exist, and to all others, of which there are none. */
static void send_sgi(struct generator *gen)
{
    uint64_t value =
        gen_below(gen, 3) << 24 | gen_below(gen, 256) << 16 | intids[gen_below(gen, 3)];

    if (gen_chance(gen, 70)) /* it is sent */
        value = (value & ~UINT64_C(0x3000000)) | 1 << 16;
    if (gen_chance(gen, 10))
        value |= 1 << 15; /* NSATT */
    gen_emit(gen, op_gicd(gen->cpu, SGIR, true, value));
}

/* SGIs pending for this CPU as the source. A byte of zero in SPENDSGIR ends QEMU, so that a word of
 * it makes four pending, some with the same priority. */
static void sources(struct generator *gen)
{
    bool set = gen_chance(gen, 50), word = gen_chance(gen, set ? 3 : 30);
    unsigned intid = intids[gen_below(gen, 3)];
    struct op op = op_field(gen->cpu, intid, set ? SPENDSGIR : CPENDSGIR, 8, true, 1);

    op.target = TARGET_GICD;
    op.reg %= GICD2_SIZE;
    if (!set)
        op.value = gen_below(gen, 256);
    if (word) {
        op.reg &= ~3u;
        op.size = 4;
        op.value *= 0x01010101;
    }
    gen_emit(gen, op);
}

static void write_pmr(struct generator *gen)
{
    gicc_write(gen, GICC_REG_PMR, gen_chance(gen, 75) ? 0xf8 : gen_below(gen, 32) * 8);
}

static void write_bpr(struct generator *gen)
{
    bool alias = gen_chance(gen, 50);

    gicc_write(gen, alias ? GICC_REG_ABPR : GICC_REG_BPR,
               alias ? 3 + gen_below(gen, 5) : 2 + gen_below(gen, 6));
}

static void write_control(struct generator *gen)
{
    uint64_t value = gen_next(gen) & (ACKCTL | FIQEN);

    value |= gen_chance(gen, 95) ? ENABLE : gen_below(gen, 4);
    value |= (gen_chance(gen, 25) ? CBPR : 0) | (gen_chance(gen, 40) ? EOIMODE : 0);
    /* Software rarely changes EOImode while something is active. */
    if ((gen->depth[gen->cpu] || gen->nr_dropped) && !gen_chance(gen, 10))
        value = (value & ~(uint64_t)EOIMODE) | (gen_split(gen, gen->cpu) ? EOIMODE : 0);
    if (gen_chance(gen, 10))
        value |= gen_next(gen) & 0xfffffde0; /* bits that are not there */
    gicc_write(gen, GICC_REG_CTLR, value);
}

static void distributor(struct generator *gen)
{
    uint64_t value = gen_chance(gen, 92) ? 3 : gen_below(gen, 4);

    if (gen_chance(gen, 10))
        value |= gen_next(gen) & 0xfffffffc;
    gen_emit(gen, op_gicd(gen->cpu, 0, true, value));
}

/* Registers that there are only for several CPUs, or for security, and interrupts that there are
 * not. */
static void nothing(struct generator *gen)
{
    static const struct {
        unsigned offset, length;
    } areas[] = {{ITARGETSR, 0x400}, {NSACR, 0x40},      {GROUPR + 0x24, 0x5c},
                 {0x124, 0x5c},      {0x224, 0x5c},      {0x324, 0x5c},
                 {0x520, 0x2d8},     {ICFGR + 72, 0xb0}, {0x00c, 0x74}};
    unsigned pick = gen_below(gen, ARRAY_LEN(areas));
    unsigned offset = areas[pick].offset + gen_below(gen, areas[pick].length / 4) * 4;

    gen_emit(gen, op_gicd(gen->cpu, offset, gen_chance(gen, 60), gen_next(gen) & UINT32_MAX));
}

static void read_frame(struct generator *gen)
{
    static const struct {
        unsigned array, bits;
    } arrays[] = {{ISPENDR, 1},   {ISACTIVER, 1}, {ISPENDR, 1},   {ICPENDR, 1},    {ICACTIVER, 1},
                  {GROUPR, 1},    {ISENABLER, 1}, {ICENABLER, 1}, {IPRIORITYR, 8}, {ICFGR, 2},
                  {ITARGETSR, 8}, {SPENDSGIR, 8}, {CPENDSGIR, 8}, {0, 0},          {GICD_TYPER, 0}};
    unsigned pick = gen_below(gen, ARRAY_LEN(arrays)), intid = gen_any_intid(gen);
    struct op op = op_gicd(gen->cpu, arrays[pick].array, false, 0);

    if (arrays[pick].array >= SPENDSGIR || arrays[pick].array == CPENDSGIR)
        intid %= 16;
    if (arrays[pick].bits)
        op = op_field(gen->cpu, intid, arrays[pick].array, arrays[pick].bits, false, 0);
    if (arrays[pick].bits == 8 && gen_chance(gen, 50)) {
        op.reg &= ~3u;
        op.size = 4;
    }
    gen_emit(gen, op);
}

static void read_cpu_interface(struct generator *gen)
{
    static const enum gicc_reg regs[] = {GICC_REG_CTLR, GICC_REG_PMR,   GICC_REG_BPR, GICC_REG_ABPR,
                                         GICC_REG_RPR,  GICC_REG_HPPIR, GICC_REG_APR0};

    gicc_read(gen, regs[gen_below(gen, ARRAY_LEN(regs))]);
}

static const struct choice choices[] = {
    {14, gen_wire},          {22, acknowledge}, {16, complete},    {6, deactivate},
    {8, send_sgi},           {8, gen_pend},     {3, gen_unpend},   {4, gen_enable},
    {3, gen_activate},       {2, gen_many},     {3, gen_priority}, {1, gen_group},
    {1, gen_config},         {3, sources},      {3, write_pmr},    {2, write_bpr},
    {2, write_control},      {1, distributor},  {1, nothing},      {8, read_frame},
    {5, read_cpu_interface}, {6, gen_idle},
};

/* A machine that works, so that most of what follows means something. */
static void prologue(struct generator *gen)
{
    uint64_t group1 = gen_chance(gen, 40) ? 0 : gen_next(gen) & gen_next(gen);
    unsigned level = gen_below(gen, 32), step = 1 + 2 * gen_below(gen, 16);

    gicc_write(gen, GICC_REG_PMR, gen_chance(gen, 95) ? 0xf8 : 0x80);
    write_control(gen);
    if (gen_chance(gen, 50))
        write_bpr(gen);
    for (unsigned word = 0; word < 2; word++) {
        gen_emit(gen, op_gicd(0, GROUPR + 4 * word, true, group1 >> 32 * word & UINT32_MAX));
        gen_emit(gen, op_gicd(0, ISENABLER + 4 * word, true, gen_word(32 * word)));
        gen_emit(gen, op_gicd(0, ICFGR + 8 * word, true, gen_next(gen) & 0xaaaaaaaa));
        gen_emit(gen, op_gicd(0, ICFGR + 8 * word + 4, true, gen_next(gen) & 0xaaaaaaaa));
    }
    distributor(gen);
    for (unsigned i = 0; i < NR_INTIDS; i++) {
        level = (level + step) % 32;
        gen->priority[0][intids[i]] = (uint8_t)(level * 8);
        gen_emit(gen, op_field(0, intids[i], IPRIORITYR, 8, true, level * 8));
    }
}

void random_gicv2(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus, bool wild)
{
    static const unsigned lrs[] = {1, 2, 4, 16};
    struct generator gen = {.seq = seq, .ours = ours, .state = seed, .wild = wild};
    unsigned length, nr = lrs[gen_below(&gen, ARRAY_LEN(lrs))];

    snprintf(seq->name, sizeof seq->name, "seed %" PRIu64, seed);
    sequence_start(seq, cpus, nr, gen_chance(&gen, 25), MACHINE_GICV2);
    memset(gen.priority, 0xff, sizeof gen.priority);
    ours_start(ours, seq);
    for (unsigned i = 0; i < seq->nr; i++)
        seq->ours[i] = ours_do(ours, &seq->ops[i]);
    prologue(&gen);
    length = seq->nr + 20 + gen_below(&gen, 100);
    while (seq->nr < length)
        gen_choose_of(&gen, choices, ARRAY_LEN(choices));
}
