/* SPDX-License-Identifier: MIT */
/* What makes a random sequence: random.c has the frame, choices.c what can be chosen; gicv2.c has
 * both for GICv2, security.c for two security states. */
#ifndef ORACLE_GENERATE_H
#define ORACLE_GENERATE_H

#include "ours.h"

#define DEPTH 64u
#define NR_INTIDS 11u

extern const unsigned intids[NR_INTIDS];

struct taken {
    unsigned intid;
    bool group1;
};

struct generator {
    struct sequence *seq;
    struct ours *ours;
    uint64_t state;
    bool wild;
    unsigned cpu;
    struct result last[ORACLE_CPUS];
    struct taken stack[ORACLE_CPUS][DEPTH]; /* acknowledged, not completed */
    unsigned depth[ORACLE_CPUS];
    unsigned dropped[DEPTH]; /* completed with EOImode 1, not deactivated */
    unsigned nr_dropped;
    uint8_t priority[ORACLE_CPUS][64]; /* of SPIs only [0] */
};

uint64_t gen_next(struct generator *gen);
unsigned gen_below(struct generator *gen, unsigned limit);
bool gen_chance(struct generator *gen, unsigned percent);
unsigned gen_any_intid(struct generator *gen);

/* Adds an operation, does it on our side, and returns what that says. */
struct result gen_emit(struct generator *gen, struct op op);
void gen_field(struct generator *gen, unsigned intid, unsigned array, unsigned bits, bool write,
               uint64_t value);

/* Those of `intids` that are in the same 32-bit word of a bit map as this one. */
uint32_t gen_word(unsigned intid);

struct choice {
    unsigned weight;
    void (*emit)(struct generator *gen);
};

/* One of them, as often as its weight says. */
void gen_choose_of(struct generator *gen, const struct choice *choices, unsigned nr);

void gen_choose(struct generator *gen); /* for GICv3 */
void gen_bpr(struct generator *gen);
void gen_control(struct generator *gen);

/* The choices that GICv2 has too. */
void gen_priority(struct generator *gen);
void gen_group(struct generator *gen);
void gen_config(struct generator *gen);
void gen_wire(struct generator *gen);
void gen_pend(struct generator *gen);
void gen_unpend(struct generator *gen);
void gen_enable(struct generator *gen);
void gen_activate(struct generator *gen);
void gen_many(struct generator *gen);
void gen_idle(struct generator *gen);

/* Is EOImode 1? */
bool gen_split(struct generator *gen, unsigned cpu);

#endif
