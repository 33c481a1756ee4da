/* SPDX-License-Identifier: MIT */
/* The operations of random sequences, and how often each comes. */
#include "arch/lr.h"
#include "generate.h"

static const unsigned wired[] = {23, 27, 30, 33, 34, 39};

static bool priority_taken(const struct generator *gen, unsigned priority)
{
    for (unsigned c = 0; c < gen->seq->cpus; c++)
        for (unsigned i = 0; i < NR_INTIDS; i++)
            if (gen->priority[c][intids[i]] == priority)
                return true;
    return false;
}

/* Which of two equal ones comes first is free to choose, so that equal ones are rare. */
void gen_priority(struct generator *gen)
{
    unsigned intid = gen_any_intid(gen), priority, tries = 0;

    do
        priority = gen_below(gen, 32) * 8;
    while (priority_taken(gen, priority) && !gen_chance(gen, 1) && tries++ < 1000);
    gen->priority[intid < 32 ? gen->cpu : 0][intid] = (uint8_t)priority;
    gen_emit(gen, op_field(gen->cpu, intid, IPRIORITYR, 8, true, priority));
}

static uint64_t word_of(struct generator *gen, unsigned intid, bool edge)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < NR_INTIDS; i++) {
        struct lvgic_irq_info info = ours_info(gen->ours, gen->cpu, intids[i]);

        if (!edge && intids[i] / 32 == intid / 32 && info.group1)
            value |= UINT64_C(1) << intids[i] % 32;
        if (edge && intids[i] / 16 == intid / 16 && info.edge)
            value |= UINT64_C(2) << intids[i] % 16 * 2;
    }
    return value;
}

void gen_group(struct generator *gen)
{
    unsigned intid = gen_any_intid(gen);
    struct op op = op_field(gen->cpu, intid, GROUPR, 1, true, 0);

    op.value = word_of(gen, intid, false) ^ UINT64_C(1) << intid % 32;
    gen_emit(gen, op);
}

void gen_config(struct generator *gen)
{
    unsigned intid = gen_any_intid(gen);
    struct op op = op_field(gen->cpu, intid, ICFGR, 2, true, 0);

    struct lvgic_irq_info info = ours_info(gen->ours, gen->cpu, intid);

    /* What is pending then is UNKNOWN afterwards. */
    if (!gen->wild && (info.pending || info.in_list_register || info.line))
        return;

    op.value = word_of(gen, intid, true) ^ UINT64_C(2) << intid % 16 * 2;
    gen_emit(gen, op);
}

void gen_wire(struct generator *gen)
{
    unsigned intid = wired[gen_below(gen, ARRAY_LEN(wired))];

    gen_emit(gen, op_line(gen->cpu, intid, !gen->ours->line[intid < 32 ? gen->cpu : 0][intid]));
}

void gen_pend(struct generator *gen)
{
    gen_field(gen, gen_any_intid(gen), ISPENDR, 1, true, 1);
}

void gen_unpend(struct generator *gen)
{
    gen_field(gen, gen_any_intid(gen), ICPENDR, 1, true, 1);
}

void gen_enable(struct generator *gen)
{
    gen_field(gen, gen_any_intid(gen), gen_chance(gen, 60) ? ISENABLER : ICENABLER, 1, true, 1);
}

void gen_activate(struct generator *gen)
{
    gen_field(gen, gen_any_intid(gen), gen_chance(gen, 30) ? ISACTIVER : ICACTIVER, 1, true, 1);
}

void gen_many(struct generator *gen)
{
    static const unsigned arrays[] = {ISENABLER, ISPENDR, ICPENDR, ICACTIVER};
    struct op op = op_field(gen->cpu, gen_any_intid(gen), arrays[gen_below(gen, 4)], 1, true, 0);

    op.value = gen_word(op.target == TARGET_GICD ? 32 : 0) & gen_next(gen);
    gen_emit(gen, op);
}

static void op_sgi(struct generator *gen)
{
    static const enum sysreg regs[] = {SYSREG_ICC_SGI1R_EL1, SYSREG_ICC_SGI1R_EL1,
                                       SYSREG_ICC_SGI1R_EL1, SYSREG_ICC_SGI0R_EL1,
                                       SYSREG_ICC_ASGI1R_EL1};
    uint64_t value = (uint64_t)intids[gen_below(gen, 3)] << 24;

    value |= gen_chance(gen, 10) ? UINT64_C(1) << 40 : 1 + gen_below(gen, 3);
    if (gen->wild && gen_chance(gen, 3))
        value |= UINT64_C(1) << 44; /* RS: Aff0 16 to 31, where nobody is */
    if (gen_chance(gen, 3))
        value |= UINT64_C(1) << 16; /* Aff1 */
    gen_emit(gen, op_icc(gen->cpu, regs[gen_below(gen, 5)], true, value));
}

static void op_route(struct generator *gen)
{
    static const uint64_t nowhere[] = {2, 0x100, UINT64_C(1) << 32};
    unsigned intid = 33;

    while ((intid = gen_any_intid(gen)) < 32)
        ;
    uint64_t route =
        gen_chance(gen, 8) ? nowhere[gen_below(gen, 3)] : gen_below(gen, gen->seq->cpus);
    struct op op = op_field(gen->cpu, intid, IROUTER, 64, true, route);

    if (route < 0x100 && gen_chance(gen, 20))
        op.size = 4; /* the lower half alone */
    gen_emit(gen, op);
}

static void op_acknowledge(struct generator *gen)
{
    struct result *last = &gen->last[gen->cpu];
    bool group1 = last->hppir[1] < 1020 || (last->hppir[0] >= 1020 && gen_chance(gen, 50));

    if (gen_chance(gen, 5))
        group1 = !group1;

    struct result result = gen_emit(
        gen, op_icc(gen->cpu, group1 ? SYSREG_ICC_IAR1_EL1 : SYSREG_ICC_IAR0_EL1, false, 0));
    unsigned *depth = &gen->depth[gen->cpu];

    if (result.value < 1020 && *depth < DEPTH)
        gen->stack[gen->cpu][(*depth)++] =
            (struct taken){.intid = (unsigned)result.value, .group1 = group1};
}

bool gen_split(struct generator *gen, unsigned cpu)
{
    return lvgic_vcpu_lrs(gen->ours->vcpu[cpu])->vmcr & VMCR_VEOIM;
}

static void op_complete(struct generator *gen)
{
    unsigned *depth = &gen->depth[gen->cpu];
    struct taken taken = {.intid = gen_any_intid(gen), .group1 = gen_chance(gen, 70)};

    if (*depth > 0)
        taken = gen->stack[gen->cpu][--*depth];
    else if (!gen_chance(gen, 10))
        return;
    if (gen->wild && gen_chance(gen, 3))
        taken.group1 = !taken.group1;
    if (gen->wild && gen_chance(gen, 3))
        taken.intid = gen_any_intid(gen);
    if (gen_chance(gen, 1))
        gen_emit(gen, op_icc(gen->cpu, taken.group1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1,
                             true, 1020 + gen_below(gen, 4)));
    gen_emit(gen, op_icc(gen->cpu, taken.group1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1, true,
                         taken.intid));
    if (gen_split(gen, gen->cpu) && gen->nr_dropped < DEPTH)
        gen->dropped[gen->nr_dropped++] = taken.intid;
}

static void op_dir(struct generator *gen)
{
    unsigned intid = gen_any_intid(gen);

    if (gen->nr_dropped > 0 && gen_chance(gen, 90)) {
        unsigned i = gen_below(gen, gen->nr_dropped);

        intid = gen->dropped[i];
        gen->dropped[i] = gen->dropped[--gen->nr_dropped];
    } else if (!gen_chance(gen, 20)) {
        return;
    }
    gen_emit(gen, op_icc(gen->cpu, SYSREG_ICC_DIR_EL1, true, intid));
}

static void op_pmr(struct generator *gen)
{
    uint64_t value = gen_chance(gen, 50) ? 0xff : gen_below(gen, 256);

    gen_emit(gen, op_icc(gen->cpu, SYSREG_ICC_PMR_EL1, true, value));
}

void gen_bpr(struct generator *gen)
{
    gen_emit(gen, op_icc(gen->cpu, gen_chance(gen, 50) ? SYSREG_ICC_BPR0_EL1 : SYSREG_ICC_BPR1_EL1,
                         true, gen_below(gen, 8)));
}

void gen_control(struct generator *gen)
{
    uint64_t value = (gen_chance(gen, 25) ? 1 : 0) | (gen_chance(gen, 40) ? 2 : 0);

    /* Software rarely changes EOImode while something is active. */
    if ((gen->depth[gen->cpu] || gen->nr_dropped) && !gen_chance(gen, 10))
        value = (value & 1) | (gen_split(gen, gen->cpu) ? 2 : 0);

    gen_emit(gen, op_icc(gen->cpu, SYSREG_ICC_CTLR_EL1, true, value));
}

static void op_group_enable(struct generator *gen)
{
    bool group1 = gen_chance(gen, 50);

    gen_emit(gen, op_icc(gen->cpu, group1 ? SYSREG_ICC_IGRPEN1_EL1 : SYSREG_ICC_IGRPEN0_EL1, true,
                         gen_chance(gen, 80)));
}

static void op_distributor(struct generator *gen)
{
    gen_emit(gen, op_gicd(gen->cpu, 0, true, gen_chance(gen, 75) ? 3 : gen_below(gen, 4)));
}

static void op_read_frame(struct generator *gen)
{
    static const struct {
        unsigned array, bits;
    } arrays[] = {{ISPENDR, 1}, {ISACTIVER, 1}, {ISPENDR, 1},   {ICPENDR, 1}, {ICACTIVER, 1},
                  {GROUPR, 1},  {ISENABLER, 1}, {ICENABLER, 1}, {ICFGR, 2},   {IPRIORITYR, 8}};
    unsigned pick = gen_below(gen, ARRAY_LEN(arrays) + 2), intid = gen_any_intid(gen);

    if (pick < ARRAY_LEN(arrays))
        gen_field(gen, intid, arrays[pick].array, arrays[pick].bits, false, 0);
    else if (intid >= 32 && gen_chance(gen, 80))
        gen_field(gen, intid, IROUTER, 64, false, 0);
    else
        gen_emit(gen, op_gicd(gen->cpu, 0, false, 0));
}

static void op_read_icc(struct generator *gen)
{
    static const enum sysreg regs[] = {
        SYSREG_ICC_PMR_EL1,     SYSREG_ICC_BPR0_EL1,   SYSREG_ICC_BPR1_EL1,  SYSREG_ICC_CTLR_EL1,
        SYSREG_ICC_AP0R0_EL1,   SYSREG_ICC_AP1R0_EL1,  SYSREG_ICC_SRE_EL1,   SYSREG_ICC_IGRPEN0_EL1,
        SYSREG_ICC_IGRPEN1_EL1, SYSREG_ICC_HPPIR0_EL1, SYSREG_ICC_HPPIR1_EL1};

    gen_emit(gen, op_icc(gen->cpu, regs[gen_below(gen, ARRAY_LEN(regs))], false, 0));
}

/* An unsupported size reads as zero and ignores the write: nothing happens. */
static void op_byte(struct generator *gen)
{
    struct op op = op_field(gen->cpu, gen_any_intid(gen), ISENABLER, 1, gen_chance(gen, 50), 0xff);

    op.size = 1;
    gen_emit(gen, op);
}

void gen_idle(struct generator *gen)
{
    gen_emit(gen, op_look(gen->cpu));
}

static const struct choice choices[] = {
    {14, gen_wire},    {22, op_acknowledge}, {16, op_complete},   {6, op_dir},
    {8, op_sgi},       {8, gen_pend},        {3, gen_unpend},     {4, gen_enable},
    {3, gen_activate}, {2, gen_many},        {3, gen_priority},   {1, gen_group},
    {1, gen_config},   {3, op_route},        {3, op_pmr},         {2, gen_bpr},
    {2, gen_control},  {1, op_group_enable}, {1, op_distributor}, {8, op_read_frame},
    {3, op_read_icc},  {1, op_byte},         {6, gen_idle},
};

void gen_choose(struct generator *gen)
{
    gen_choose_of(gen, choices, ARRAY_LEN(choices));
}
