/* SPDX-License-Identifier: MIT */
/* From DeviceID and EventID to an LPI: three loads, whatever is mapped (IHI 0069H, 5.2). */
#include "its/its.h"

uint32_t its_translate(struct its *its, uint32_t id, uint32_t event)
{
    /* Acquire, in turn: what is found through an entry is as it was when that was written. */
    if (atomic_load_explicit(&its->gate, memory_order_acquire) != ITS_ENABLED ||
        id >> its->device_bits)
        return NO_EVENT;

    uint16_t index = atomic_load_explicit(&its->device_of[id], memory_order_acquire);

    if (index == NO_DEVICE)
        return NO_EVENT;

    uint64_t device = atomic_load_explicit(&its->devices[index], memory_order_acquire);

    if (!(device & DEVICE_VALID) || device_id(device) != id || event >= device_events(device))
        return NO_EVENT;

    uint32_t entry =
        atomic_load_explicit(&its->events[device_first(device) + event], memory_order_acquire);

    /* If the entries have become another device's, this one was unmapped before: the entry was
     * stored after that, and acquired. */
    if (atomic_load_explicit(&its->devices[index], memory_order_relaxed) != device)
        return NO_EVENT;
    return entry;
}
