/* SPDX-License-Identifier: MIT */
/*
 * A world: a rig of random configuration, and random things that guests, devices and VMMs do to it.
 * Everything follows from the seed.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "rig.h"

#define WORLD_CPUS 4

struct world {
    uint64_t random; /* state of the generator */
    struct rig *rig;
    struct lvgic_config config;
    lvgic_affinity affinity[WORLD_CPUS];
    /* What each vCPU has acknowledged and not completed, oldest first, as its guest knows it. */
    unsigned nr_acked[WORLD_CPUS];
    uint32_t acked[WORLD_CPUS][128];
    bool inside[WORLD_CPUS];
    /* The guests keep to the rules: completions in order, EOImode 0, no writes of active state. */
    bool polite;
};

#define WORLD_GROUP1 (1u << 31) /* in acked: it was acknowledged by ICC_IAR1_EL1 */

/* Complete what was acknowledged. */
void world_complete(struct world *world, unsigned cpu, uint32_t acked);

uint64_t world_random(struct world *world, uint64_t below);

/* A world with a rig, interrupts mapped and configured; 0: any architecture, else 2 or 3. */
void world_make(struct world *world, uint64_t seed, unsigned gic, bool polite);
void world_end(struct world *world);

/* Another rig for the same world, with this number of list registers and the same mappings. */
struct rig *world_rig(const struct world *world, unsigned nr_lrs);

/* LPIs (world_lpi.c): configured, set up by the guest, and one random thing about them. */
void world_lpis_configure(struct world *world);
void world_lpis_begin(struct world *world);
void world_lpi_step(struct world *world);
void world_lpis_let_go(struct rig *rig);

/* A guest that goes on in another rig has its memory there. */
void world_swap_memory(struct rig *a, struct rig *b);

/* Do this many random things. */
void world_go(struct world *world, unsigned steps);

/* All vCPUs out of the guest. */
void world_pause(struct world *world);

/* A snapshot of a rig: in malloc'ed memory. */
uint8_t *world_save(struct rig *rig, size_t *used);

/* Restored, and so sound. */
void snapshot_restore(struct rig *rig, const uint8_t *snapshot, size_t size);
void snapshot_assert_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);
/* Size and checksum as they should be. */
void snapshot_seal(uint8_t *snapshot, size_t size);

#endif
