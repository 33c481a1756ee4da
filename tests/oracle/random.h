/* SPDX-License-Identifier: MIT */
/* Random sequences: weighted operations over a few INTIDs. */
#ifndef ORACLE_RANDOM_H
#define ORACLE_RANDOM_H

#include "ours.h"

/* Makes the sequence of this seed, and its results of ours on the way: what comes next depends on
 * what was acknowledged so far. `wild` adds completions that the architecture does not define. */
void random_sequence(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus,
                     bool wild);

/* The same for two security states: Secure and Non-secure accesses to the frames. Nothing is
 * acknowledged. */
void random_security(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus);

/* The same for GICv2. */
void random_gicv2(struct sequence *seq, struct ours *ours, uint64_t seed, unsigned cpus, bool wild);

#endif
