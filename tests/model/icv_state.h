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
    bool split;                      /* EOImode may be 1 */
};

/* What src/cpuif is known to do otherwise than the model: left out of the sequences, unless asked
 * for. Name, what the model does. */
#define KNOWN_DIFFERENCES(X)                                                             \
    X(LR_PRIORITY, "ICH_LR<n>.Priority: bits that are not implemented are not kept")     \
    X(LR_VINTID, "ICH_LR<n>.vINTID: bits above 15 are not kept, as ICH_VTR.IDbits says") \
    X(LPI_SPLIT, "EOIR1 ends an LPI with EOImode 1 too: nobody will write DIR for it")   \
    X(VACKCTL, "ICH_VMCR.VAckCtl is RES0 where system registers cannot be turned off")   \
    X(MISR_OFF, "ICH_MISR does not depend on ICH_HCR.En")

enum known_difference {
#define KNOWN_ENUM(name, what) KNOWN_##name,
    KNOWN_DIFFERENCES(KNOWN_ENUM)
#undef KNOWN_ENUM
        NR_KNOWN,
    KNOWN_NONE = NR_KNOWN
};

void state_palette(struct random *r, struct palette *p, enum known_difference shown);

/* A list register; tame ones are as the architecture wants them, with an INTID that no other
 * register of `lrs` has. */
uint64_t state_lr(struct random *r, const struct palette *p, const struct lvgic_lrs *lrs);

/* Everything that can be read back as it is written: priorities and binary points are as the
 * interface would keep them. Tame states can be reached by acknowledging and completing. */
void state_random(struct random *r, const struct palette *p, struct lvgic_lrs *lrs);

#endif
