/* SPDX-License-Identifier: MIT */
/*
 * The image is linked at address 0 and runs anywhere: the linker leaves a list of the pointers in
 * .data that depend on the address. Each holds `base + addend`, whatever it held before, so that a
 * copy of an image that has already run is relocated just as well.
 */
#include "hyp.h"

#define R_AARCH64_RELATIVE 1027

struct rela {
    uint64_t offset;
    uint64_t info;
    int64_t addend;
};

void relocate(uint64_t base, const struct rela *entry, const struct rela *end);

/* Runs before anything is relocated, with the MMU off: uses no pointer from memory. */
void relocate(uint64_t base, const struct rela *entry, const struct rela *end)
{
    for (; entry != end; entry++)
        if (entry->info == R_AARCH64_RELATIVE)
            *(uint64_t *)(base + entry->offset) = base + (uint64_t)entry->addend;
}
