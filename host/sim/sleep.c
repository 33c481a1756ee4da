/* SPDX-License-Identifier: MIT */
/*
 * Preemptions that change nothing. If an actor is preempted before a step and runs again before any
 * other actor has done something that conflicts with that step, then the step might as well have
 * been made first. That schedule has no more preemptions, and depth first search has tried it
 * before. So an actor sleeps from its preemption until there is a conflict.
 *
 * Whether there is one follows from the step's footprint, which was seen when the search let the
 * actor go on, before it tried to preempt it.
 */
#include "runtime.h"

static struct footprint *asleep[MAX_ACTORS]; /* NULL: awake */
static unsigned asleep_mask;
static struct footprint *recording; /* of the step that the running actor is making */

void sleep_begin(void)
{
    asleep_mask = 0;
    recording = NULL;
}

unsigned sleep_actors(void)
{
    return asleep_mask;
}

void sleep_record(struct footprint *footprint)
{
    recording = footprint;
}

void sleep_put(int actor, struct footprint *footprint)
{
    if (footprint->complex)
        return;
    asleep[actor] = footprint;
    asleep_mask |= 1u << actor;
}

static void record(uintptr_t address, size_t size, bool write)
{
    struct footprint *to = recording;

    for (int i = 0; i < to->count; i++) {
        if (to->parts[i].address == address && to->parts[i].size == size &&
            to->parts[i].write == write)
            return;
    }
    if (to->count == FOOTPRINT_PARTS) {
        to->complex = true;
        return;
    }
    to->parts[to->count].address = address;
    to->parts[to->count].size = (uint32_t)size;
    to->parts[to->count].write = write;
    to->count++;
}

static bool conflicts(const struct footprint *footprint, uintptr_t address, size_t size, bool write)
{
    for (int i = 0; i < footprint->count; i++) {
        if ((write || footprint->parts[i].write) &&
            address < footprint->parts[i].address + footprint->parts[i].size &&
            footprint->parts[i].address < address + size)
            return true;
    }
    return false;
}

void sleep_access(uintptr_t address, size_t size, bool write)
{
    if (recording)
        record(address, size, write);
    for (unsigned left = asleep_mask; left != 0; left &= left - 1) {
        int actor = __builtin_ctz(left);
        if (conflicts(asleep[actor], address, size, write))
            asleep_mask &= ~(1u << actor);
    }
}

void sleep_complex(void)
{
    if (recording)
        recording->complex = true;
}

void sleep_wake_all(void)
{
    asleep_mask = 0;
}
