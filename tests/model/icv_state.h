/* SPDX-License-Identifier: MIT */
/* Random states of a virtual CPU interface, and random choices for what is done to it. */
#ifndef LVGIC_TESTS_ICV_STATE_H
#define LVGIC_TESTS_ICV_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lvgic/lrs.h"

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *r);
unsigned random_below(struct random *r, unsigned n);
bool random_chance(struct random *r, unsigned percent);

/* The few priorities and INTIDs of one sequence, so that things meet. */
#define NR_STATE_PRIORITIES 4
#define NR_STATE_INTIDS 24
struct palette {
    uint8_t priority[NR_STATE_PRIORITIES];
    uint32_t intid[NR_STATE_INTIDS]; /* all different, some of them LPIs, none special */
    bool wild;                       /* states that software must not make, too */
};

void state_palette(struct random *r, struct palette *p);

/* A list register; tame ones are as the architecture wants them, with an INTID that no other
 * register of `lrs` has. */
uint64_t state_lr(struct random *r, const struct palette *p, const struct lvgic_lrs *lrs);

/* Everything that can be read back as it is written: priorities and binary points are as the
 * interface would keep them. Tame states can be reached by acknowledging and completing. */
void state_random(struct random *r, const struct palette *p, struct lvgic_lrs *lrs);

#endif
