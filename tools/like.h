/* SPDX-License-Identifier: MIT */
/* VMs made from what a file says, for the command and for tests. */
#ifndef TOOLS_LIKE_H
#define TOOLS_LIKE_H

#include <stddef.h>
#include <stdint.h>

#include "lvgic/state.h"

/* A VM into which a sound snapshot fits: its limits, options and mappings, and this number of list
 * registers. NULL if there is none. *memory is to be freed. */
struct lvgic_vm *like_make(const uint8_t *snapshot, size_t size, unsigned nr_lrs,
                           const struct lvgic_host *host, void *ctx, void **memory);

/* A host for VMs that never run. */
extern const struct lvgic_host like_host;

#endif
