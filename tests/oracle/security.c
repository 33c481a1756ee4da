/* SPDX-License-Identifier: MIT */
/*
 * Random sequences for two security states: Secure and Non-secure accesses to the frames, SGIs of
 * Non-secure software, wires. The CPU interfaces stay closed. Interrupts are INTIDs 0 to 63, all of
 * them.
 */
#include <inttypes.h>
#include <string.h>

#include "generate.h"
#include "random.h"

#define INTIDS 64u
#define DS 0x40u

static const unsigned wired[] = {23, 27, 30, 33, 34, 39};

/* One, or as many as fit into its register. */
static struct op field(struct generator *gen, unsigned array, unsigned bits, bool write)
{
    unsigned intid = gen_below(gen, INTIDS);
    struct op op = op_field(gen->cpu, intid, array, bits, write, 1);

    if (op.target != TARGET_GICD)
        op.target = (uint8_t)gen_below(gen, gen->seq->cpus);
    op.secure = gen_chance(gen, 50);
    if (gen_chance(gen, 60))
        op.value = gen_next(gen) & (gen_chance(gen, 50) ? gen_next(gen) : UINT64_MAX);
    if (op.size == 4)
        op.value &= UINT32_MAX;
    return op;
}

static void write_bits(struct generator *gen)
{
    static const unsigned arrays[] = {ISENABLER, ICENABLER, ISPENDR,   ISPENDR,
                                      ICPENDR,   ISACTIVER, ICACTIVER, ISACTIVER};

    gen_emit(gen, field(gen, arrays[gen_below(gen, ARRAY_LEN(arrays))], 1, true));
}

static void write_security(struct generator *gen)
{
    static const struct {
        unsigned array, bits;
    } rows[] = {{GROUPR, 1}, {IGRPMODR, 1}, {NSACR, 2}};
    unsigned pick = gen_below(gen, ARRAY_LEN(rows));
    struct op op = field(gen, rows[pick].array, rows[pick].bits, true);

    op.secure = gen_chance(gen, 80);
    gen_emit(gen, op);
}

/* Bits of priorities that are not implemented are another difference. */
static void write_priority(struct generator *gen)
{
    struct op op = field(gen, IPRIORITYR, 8, true);

    op.value &= op.secure ? 0xf8f8f8f8 : 0xf0f0f0f0;
    if (gen_chance(gen, 60)) {
        op.reg &= ~3u;
        op.size = 4;
    } else {
        op.value &= 0xff;
    }
    gen_emit(gen, op);
}

/* Not of what is pending: its state is UNKNOWN afterwards. */
static void write_config(struct generator *gen)
{
    unsigned first = gen_below(gen, INTIDS / 16) * 16;
    struct op op = op_field(gen->cpu, first, ICFGR, 2, true, 0);

    op.secure = gen_chance(gen, 50);
    for (unsigned i = 0; i < 16; i++) {
        struct lvgic_irq_info info = ours_info(gen->ours, gen->cpu, first + i);
        bool fixed = info.pending || info.in_list_register || info.line;

        if (fixed ? info.edge : gen_chance(gen, 50))
            op.value |= UINT64_C(2) << 2 * i;
    }
    gen_emit(gen, op);
}

static void write_route(struct generator *gen)
{
    static const uint64_t routes[] = {0, 0, 1, 1, 2, 0x100, UINT64_C(1) << 32};
    struct op op = op_field(gen->cpu, 32 + gen_below(gen, 32), IROUTER, 64, true,
                            routes[gen_below(gen, ARRAY_LEN(routes))]);

    op.secure = gen_chance(gen, 50);
    if (gen_chance(gen, 30)) {
        op.size = 4;
        op.reg += gen_chance(gen, 30) ? 4 : 0;
        op.value &= 0xff;
    }
    gen_emit(gen, op);
}

static void write_control(struct generator *gen)
{
    struct op op = op_gicd(gen->cpu, 0, true, gen_next(gen) & UINT32_MAX);

    op.secure = gen_chance(gen, 60);
    if (op.secure)
        op.value &= ~(uint64_t)DS;
    gen_emit(gen, op);
}

/* GICR_CTLR without LPIs, GICR_WAKER. */
static void redistributor(struct generator *gen)
{
    struct op op = {.kind = gen_chance(gen, 50) ? OP_WRITE : OP_READ,
                    .cpu = (uint8_t)gen->cpu,
                    .size = 4,
                    .target = (uint8_t)gen_below(gen, gen->seq->cpus),
                    .reg = gen_chance(gen, 50) ? 0 : GICR_WAKER,
                    .secure = gen_chance(gen, 50)};

    op.value = gen_next(gen) & (op.reg ? 2 : 0xfffffffe);
    if (op.reg == GICR_WAKER && op.kind == OP_WRITE)
        op.secure = true; /* QEMU takes others too, and shows them later */
    gen_emit(gen, op);
}

static void send_sgi(struct generator *gen)
{
    static const enum sysreg regs[] = {SYSREG_ICC_SGI1R_EL1, SYSREG_ICC_SGI0R_EL1,
                                       SYSREG_ICC_ASGI1R_EL1};
    uint64_t value = (uint64_t)gen_below(gen, 16) << 24;

    value |= gen_chance(gen, 20) ? UINT64_C(1) << 40 : 1 + gen_below(gen, 3);
    gen_emit(gen, op_icc(gen->cpu, regs[gen_below(gen, 3)], true, value));
}

static void change_wire(struct generator *gen)
{
    unsigned intid = wired[gen_below(gen, ARRAY_LEN(wired))];

    gen_emit(gen, op_line(gen->cpu, intid, !gen->ours->line[intid < 32 ? gen->cpu : 0][intid]));
}

static const struct {
    unsigned array, bits;
} readable[] = {{GROUPR, 1},    {IGRPMODR, 1},   {NSACR, 2},   {ISENABLER, 1},
                {ICENABLER, 1}, {ISPENDR, 1},    {ICPENDR, 1}, {ISACTIVER, 1},
                {ICACTIVER, 1}, {IPRIORITYR, 8}, {ICFGR, 2}};

static void read_one(struct generator *gen)
{
    unsigned pick = gen_below(gen, ARRAY_LEN(readable) + 2);
    struct op op;

    if (pick < ARRAY_LEN(readable)) {
        op = field(gen, readable[pick].array, readable[pick].bits, false);
    } else if (pick == ARRAY_LEN(readable)) {
        op = op_field(gen->cpu, 32 + gen_below(gen, 32), IROUTER, 64, false, 0);
        op.secure = gen_chance(gen, 50);
    } else {
        op = op_gicd(gen->cpu, gen_chance(gen, 80) ? 0 : GICD_TYPER, false, 0);
        op.secure = gen_chance(gen, 50);
    }
    op.value = 0;
    gen_emit(gen, op);
}

/* A size that there is not, or where the distributor would have private interrupts. */
static void odd(struct generator *gen)
{
    unsigned pick = gen_below(gen, ARRAY_LEN(readable));
    struct op op = field(gen, readable[pick].array, readable[pick].bits, gen_chance(gen, 50));

    if (gen_chance(gen, 50)) {
        op.target = TARGET_GICD;
        op.reg = readable[pick].array + gen_below(gen, readable[pick].bits) * 4;
        op.size = 4;
    } else if (readable[pick].bits < 8) {
        op.size = (uint8_t)(1u << gen_below(gen, 2));
        op.reg += gen_below(gen, 4 / op.size) * op.size;
    } else {
        return;
    }
    op.value = op.kind == OP_WRITE ? op.value & (UINT32_MAX >> (32 - 8 * op.size)) : 0;
    gen_emit(gen, op);
}

/* Everything, through one view. */
static void read_all(struct generator *gen, bool secure)
{
    for (unsigned i = 0; i < ARRAY_LEN(readable); i++) {
        for (unsigned intid = 0; intid < INTIDS; intid += 32 / readable[i].bits) {
            struct op op = op_field(gen->cpu, intid, readable[i].array, readable[i].bits, false, 0);

            op.size = 4;
            op.secure = secure;
            gen_emit(gen, op);
        }
    }
    for (unsigned intid = 32; intid < INTIDS; intid++) {
        struct op op = op_field(gen->cpu, intid, IROUTER, 64, false, 0);

        op.secure = secure;
        gen_emit(gen, op);
    }
}

static const struct choice choices[] = {
    {30, write_bits},
    {12, write_security},
    {8, write_priority},
    {3, write_config},
    {4, write_route},
    {3, write_control},
    {3, redistributor},
    {10, send_sgi},
    {6, change_wire},
    {25, read_one},
    {3, odd},
};

static void some(struct generator *gen, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        if (gen_chance(gen, 30))
            gen->cpu = gen_below(gen, gen->seq->cpus);
        gen_choose_of(gen, choices, ARRAY_LEN(choices));
    }
}

static void secure_write(struct generator *gen, unsigned target, unsigned offset, uint64_t value)
{
    struct op op = op_gicd(gen->cpu, offset, true, value);

    op.target = (uint8_t)target;
    op.secure = true;
    gen_emit(gen, op);
}

/* Interrupts of all groups. */
static void prologue(struct generator *gen)
{
    for (unsigned i = 0; i < gen->seq->cpus; i++) {
        secure_write(gen, i, GICR_WAKER, 0);
        secure_write(gen, i, 0x10000 + GROUPR, gen_next(gen) & UINT32_MAX);
        secure_write(gen, i, 0x10000 + IGRPMODR, gen_next(gen) & UINT32_MAX);
        secure_write(gen, i, 0x10000 + NSACR, gen_next(gen) & UINT32_MAX);
    }
    secure_write(gen, TARGET_GICD, GROUPR + 4, gen_next(gen) & UINT32_MAX);
    secure_write(gen, TARGET_GICD, IGRPMODR + 4, gen_next(gen) & UINT32_MAX);
    secure_write(gen, TARGET_GICD, NSACR + 8, gen_next(gen) & UINT32_MAX);
    secure_write(gen, TARGET_GICD, NSACR + 12, gen_next(gen) & UINT32_MAX);
    secure_write(gen, TARGET_GICD, ISENABLER + 4, gen_next(gen) & UINT32_MAX);
    secure_write(gen, TARGET_GICD, 0, 7);
}

void random_security(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus)
{
    static const unsigned lrs[] = {1, 2, 4, 16};
    struct generator gen = {.seq = seq, .ours = ours, .state = seed};
    unsigned nr = lrs[gen_below(&gen, ARRAY_LEN(lrs))];

    snprintf(seq->name, sizeof seq->name, "seed %" PRIu64, seed);
    sequence_start(seq, cpus, nr, gen_chance(&gen, 25), MACHINE_SECURE);
    ours_start(ours, seq);
    for (unsigned i = 0; i < seq->nr; i++)
        seq->ours[i] = ours_do(ours, &seq->ops[i]);
    prologue(&gen);
    some(&gen, 20 + gen_below(&gen, 100));
    /* GICD_CTLR.DS is set for good, which in QEMU takes a reset of the machine to end. */
    if (gen_chance(&gen, 5)) {
        secure_write(&gen, TARGET_GICD, 0, DS | gen_below(&gen, 8));
        some(&gen, 40);
    }
    read_all(&gen, false);
    read_all(&gen, true);
}
