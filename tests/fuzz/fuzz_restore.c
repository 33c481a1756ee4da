/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a snapshot. Length and checksum are made right, so that the fuzzer need not guess
 * them. If the snapshot is sound, a VM is made as it asks, and must take it, hold together, run,
 * and give it back; if it is not, or does not fit, the VM stays as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "desk.h"

#include "state/format.h"

static void seal(uint8_t *snapshot, size_t size)
{
    if (size < SNAP_HEADER_SIZE)
        return;
    snap_put(snapshot + SNAP_AT_MAGIC, 8, SNAP_MAGIC);
    snap_put(snapshot + SNAP_AT_HEADER_SIZE, 4, SNAP_HEADER_SIZE);
    snap_put(snapshot + SNAP_AT_TOTAL_SIZE, 8, size);
    snap_put(snapshot + SNAP_AT_CRC, 4,
             snap_crc(snapshot + SNAP_HEADER_SIZE, size - SNAP_HEADER_SIZE));
}

/* A restore that fails changes nothing. */
static void must_fail(struct desk *desk, const uint8_t *snapshot, size_t size)
{
    size_t before_size, after_size;
    uint8_t *before = desk_save(desk, &before_size), *after;

    if (lvgic_restore(desk->vm, snapshot, size) == LVGIC_OK)
        desk_fail("it is not sound, and was restored");
    after = desk_save(desk, &after_size);
    if (before_size != after_size || memcmp(before, after, before_size))
        desk_fail("a restore that failed has changed the VM");
    free(before), free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lvgic_config plain = {.nr_vcpus = 2, .nr_spis = 32};
    static const struct lvgic_config lpis = {.nr_vcpus = 2,
                                             .nr_spis = 32,
                                             .nr_lpis = 20,
                                             .nr_its = 2,
                                             .its_device_bits = 8,
                                             .its_collection_bits = 4,
                                             .its_devices = 3,
                                             .its_events = 256};
    struct lvgic_config any = size / 8 % 2 ? lpis : plain;
    struct desk desk, other;
    uint8_t *snapshot = malloc(size + 1);
    struct snap_config config;
    struct snap_fault fault;

    memcpy(snapshot, data, size);
    seal(snapshot, size);
    if (snap_check(snapshot, size, &config, &fault) != LVGIC_OK) {
        if (desk_make(&desk, &any)) {
            must_fail(&desk, snapshot, size);
            desk_end(&desk);
        }
    } else if (desk_make_like(&desk, snapshot, size)) {
        if (lvgic_restore(desk.vm, snapshot, size) == LVGIC_OK) {
            desk_check(&desk);
            desk_run(&desk);
        }
        desk_check(&desk);
        desk_end(&desk);
        if (desk_make(&other, &any)) {
            if (lvgic_restore(other.vm, snapshot, size) != LVGIC_OK)
                must_fail(&other, snapshot, size);
            desk_check(&other);
            desk_end(&other);
        }
    }
    free(snapshot);
    return 0;
}
