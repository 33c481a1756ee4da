/* SPDX-License-Identifier: MIT */
/* VMs that the command makes for the snapshots that it reads. */
#include "itsrig.h"
#include "world.h"

#include <stdlib.h>

#include "like.h"
#include "state/format.h"

/* Every LPI that there can be is mapped. */
static void as_many_lpis_as_there_are(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r;
    struct lvgic_vm *vm;
    uint8_t *snapshot;
    void *memory;
    size_t size;

    (void)state;
    config.lpi_id_bits = 14, config.nr_lpis = 8192;
    r = its_rig_new(&config);
    its_mapd(&r, 1, 13, true);
    for (unsigned i = 0; i < 8192; i++)
        its_mapti(&r, 1, i, 8192 + i, 0);
    assert_int_equal(its_errors(&r), 0);
    snapshot = world_save(r.rig, &size);
    vm = like_make(snapshot, size, 4, &like_host, NULL, &memory);
    assert_non_null(vm);
    assert_int_equal(lvgic_restore(vm, snapshot, size), LVGIC_OK);
    free(memory);
    free(snapshot);
    its_rig_free(&r);
}

/* A snapshot for which no VM can be made: two vCPUs have one affinity. */
static void no_vm_and_no_memory(void **state)
{
    struct rig *rig = rig_new(4, 2);
    uint8_t *snapshot;
    void *memory;
    size_t size;

    (void)state;
    snapshot = world_save(rig, &size);
    snap_put(snapshot + SNAP_HEADER_SIZE + REC_HEAD_SIZE + CONFIG_AT_AFFINITIES, 8,
             rig->cpu[1]->affinity);
    snapshot_seal(snapshot, size);
    assert_null(like_make(snapshot, size, 4, &like_host, NULL, &memory));
    assert_null(memory);
    free(snapshot);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_lpis_as_there_are),
        cmocka_unit_test(no_vm_and_no_memory),
    };

    return cmocka_run_group_tests_name("like", tests, NULL, NULL);
}
