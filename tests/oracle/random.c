/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <inttypes.h>
#include <string.h>

#include "generate.h"

const unsigned intids[NR_INTIDS] = {1, 6, 14, 23, 27, 30, 33, 34, 39, 40, 50};

/* splitmix64: every seed is a good one. */
uint64_t gen_next(struct generator *gen)
{
    uint64_t z = gen->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned gen_below(struct generator *gen, unsigned limit)
{
    return (unsigned)(gen_next(gen) % limit);
}

bool gen_chance(struct generator *gen, unsigned percent)
{
    return gen_below(gen, 100) < percent;
}

unsigned gen_any_intid(struct generator *gen)
{
    return intids[gen_below(gen, NR_INTIDS)];
}

struct result gen_emit(struct generator *gen, struct op op)
{
    struct result result = {.value = 0};

    op = op_on(gen->seq->machine, op);
    if (!sequence_add(gen->seq, op))
        return result;
    result = ours_do(gen->ours, &op);
    gen->seq->ours[gen->seq->nr - 1] = result;
    gen->last[op.cpu] = result;
    return result;
}

void gen_field(struct generator *gen, unsigned intid, unsigned array, unsigned bits, bool write,
               uint64_t value)
{
    struct op op = op_field(gen->cpu, intid, array, bits, write, value);

    /* Now and then somebody else's. */
    if (intid < 32 && gen_chance(gen, 10))
        op.target = (uint8_t)gen_below(gen, gen->seq->cpus);
    gen_emit(gen, op);
}

uint32_t gen_word(unsigned intid)
{
    uint32_t word = 0;

    for (unsigned i = 0; i < NR_INTIDS; i++)
        if (intids[i] / 32 == intid / 32)
            word |= UINT32_C(1) << intids[i] % 32;
    return word;
}

void gen_choose_of(struct generator *gen, const struct choice *choices, unsigned nr)
{
    unsigned sum = 0, pick, i = 0;

    for (unsigned k = 0; k < nr; k++)
        sum += choices[k].weight;
    for (pick = gen_below(gen, sum); pick >= choices[i].weight; i++)
        pick -= choices[i].weight;
    choices[i].emit(gen);
}

/* A machine that works, so that most of what follows means something. */
static void prologue(struct generator *gen)
{
    uint64_t group0 = gen_chance(gen, 50) ? 0 : gen_next(gen) & gen_next(gen);

    for (gen->cpu = 0; gen->cpu < gen->seq->cpus; gen->cpu++) {
        gen_emit(gen,
                 op_icc(gen->cpu, SYSREG_ICC_PMR_EL1, true, gen_chance(gen, 80) ? 0xf8 : 0x80));
        gen_emit(gen, op_icc(gen->cpu, SYSREG_ICC_IGRPEN0_EL1, true, gen_chance(gen, 95)));
        gen_emit(gen, op_icc(gen->cpu, SYSREG_ICC_IGRPEN1_EL1, true, gen_chance(gen, 95)));
        gen_control(gen);
        if (gen_chance(gen, 50))
            gen_bpr(gen);
        gen_field(gen, 0, GROUPR, 1, true, 0xffffffff & ~group0);
        gen_field(gen, 0, ISENABLER, 1, true, gen_word(0));
        gen_field(gen, 16, ICFGR, 2, true, gen_next(gen) & 0xaaaaaaaa & gen_next(gen));
    }
    gen->cpu = 0;
    gen_emit(gen, op_gicd(0, GROUPR + 4, true, 0xffffffff & ~(group0 >> 32)));
    gen_emit(gen, op_gicd(0, ISENABLER + 4, true, gen_word(32)));
    gen_emit(gen, op_gicd(0, ICFGR + 8, true, gen_next(gen) & 0xaaaaaaaa & gen_next(gen)));
    gen_emit(gen, op_gicd(0, ICFGR + 12, true, gen_next(gen) & 0xaaaaaaaa));
    gen_emit(gen, op_gicd(0, 0, true, gen_chance(gen, 90) ? 3 : gen_below(gen, 4)));
}

/* All different, from a random start on. */
static void priorities(struct generator *gen)
{
    unsigned level = gen_below(gen, 32), step = 1 + 2 * gen_below(gen, 16);

    for (gen->cpu = 0; gen->cpu < gen->seq->cpus; gen->cpu++) {
        for (unsigned i = 0; i < NR_INTIDS; i++) {
            unsigned intid = intids[i];

            if (intid >= 32 && gen->cpu > 0)
                continue;
            level = (level + step) % 32;
            gen->priority[gen->cpu][intid] = (uint8_t)(level * 8);
            gen_emit(gen, op_field(gen->cpu, intid, IPRIORITYR, 8, true, level * 8));
            if (intid >= 32)
                gen_emit(gen,
                         op_field(0, intid, IROUTER, 64, true, gen_below(gen, gen->seq->cpus)));
        }
    }
}

void random_sequence(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus,
                     bool wild)
{
    static const unsigned lrs[] = {1, 2, 3, 4, 4, 16};
    struct generator gen = {.seq = seq, .ours = ours, .state = seed, .wild = wild};
    unsigned length, nr = lrs[gen_below(&gen, ARRAY_LEN(lrs))];

    snprintf(seq->name, sizeof seq->name, "seed %" PRIu64, seed);
    sequence_start(seq, cpus, nr, gen_chance(&gen, 25), MACHINE_GICV3);
    memset(gen.priority, 0xff, sizeof gen.priority);
    ours_start(ours, seq);
    for (unsigned i = 0; i < seq->nr; i++)
        seq->ours[i] = ours_do(ours, &seq->ops[i]);
    prologue(&gen);
    priorities(&gen);
    length = seq->nr + 20 + gen_below(&gen, 100);
    gen.cpu = 0;
    while (seq->nr < length) {
        if (gen_chance(&gen, 30))
            gen.cpu = gen_below(&gen, cpus);
        gen_choose(&gen);
    }
}
