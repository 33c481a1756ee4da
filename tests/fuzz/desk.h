/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: a VM of one thread, and what must hold whatever was done to it. */
#ifndef FUZZ_DESK_H
#define FUZZ_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lvgic/state.h"
#include "target.h"

#define DESK_RAM 0x10000u

struct desk {
    struct lvgic_vm *vm;
    void *memory;
    uint8_t ram[DESK_RAM]; /* the guest's, at all addresses below 2^40 again */
    unsigned nr_vcpus;
    bool gicv2;
};

/* False if the configuration is none, or needs more memory than a fuzzer should touch. */
bool desk_make(struct desk *desk, const struct lvgic_config *config);
/* One that a sound snapshot fits. */
bool desk_make_like(struct desk *desk, const uint8_t *snapshot, size_t size);
void desk_end(struct desk *desk);

/* A snapshot, in malloc'ed memory. */
uint8_t *desk_save(const struct desk *desk, size_t *size);

/* All vCPUs out, every invariant holds, and what is saved and restored is the same. */
void desk_check(const struct desk *desk);

/* Every vCPU runs: acknowledges a few interrupts and completes some. */
void desk_run(const struct desk *desk);

/* The end of the fuzzer, with a reason. */
void desk_fail(const char *why) __attribute__((noreturn));

#endif
