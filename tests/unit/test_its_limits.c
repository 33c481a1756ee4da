/* SPDX-License-Identifier: MIT */
/* More than one ITS, what each has room for, how much one call does, and what the host is told. */
#include "itsrig.h"

#include "irq/vm.h"

/* Several ITSs do not know of each other's devices, and share LPIs. */
static void several(void **state)
{
    struct lvgic_config config = its_config;

    config.nr_its = 2;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    struct its_rig other = {.rig = r.rig, .its = 1};

    /* Both use one queue's memory here: one after the other. */
    its_mapd(&r, 1, 1, true);
    its_mapti(&r, 1, 0, 8192, 0);
    assert_int_equal(its_msi(&other, 1, 0), LVGIC_E_NO_ENTRY);
    its_mapc(&other, 3, 1, true);
    its_mapd(&other, 1, 1, true);
    its_mapti(&other, 1, 0, 8192, 3);
    assert_int_equal(its_last_error(&other), ITS_E_MAPTI_PHYSICALID_OOR);
    its_mapti(&other, 1, 0, 8193, 3);
    assert_int_equal(its_msi(&other, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 8193);
    its_write(&other, 0, 4, 0);
    assert_int_equal(its_msi(&other, 1, 0), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    its_rig_free(&r);
}

static void limits_are_errors_and_counted(void **state)
{
    struct lvgic_config config = its_config;
    struct lvgic_its_stats stats;

    config.nr_lpis = 4;
    config.its_devices = 2;
    config.its_events = 128;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 1, 5, true);
    for (unsigned i = 0; i < 5; i++)
        its_mapti(&r, 1, i, 8192 + 1000 * i, 0);
    assert_int_equal(its_last_error(&r), ITS_E_MAPTI_PHYSICALID_OOR);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    its_mapti(&r, 1, 4, 12192, 0);
    assert_int_equal(its_errors(&r), 1);
    its_mapd(&r, 2, 7, true); /* 96 entries are left */
    assert_int_equal(its_last_error(&r), ITS_E_MAPD_ITTSIZE_OOR);
    its_mapd(&r, 2, 6, true);
    its_mapd(&r, 3, 1, true);
    assert_int_equal(its_last_error(&r), ITS_E_MAPD_DEVICE_OOR);
    assert_int_equal(its_errors(&r), 3);
    lvgic_its_stats(r.rig->vm, 0, &stats);
    assert_int_equal(stats.limits, 3);
    assert_int_equal(stats.mapped, 5);
    assert_int_equal(stats.unmapped, 1);
    assert_int_equal(lvgic_its_stats(r.rig->vm, 1, &stats), LVGIC_E_NO_DEVICE);
    its_rig_free(&r);
}

/* Devices of all sizes come and go: their entries never overlap and all come back. */
static void entries_are_handed_out_and_come_back(void **state)
{
    struct lvgic_config config = its_config;
    uint64_t x = 88172645463325252;
    unsigned bits[16] = {0};

    config.nr_lpis = 1024;
    config.its_events = 4096;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    for (unsigned i = 0; i < 4000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        unsigned device = x & 15, wanted = 1 + (unsigned)(x >> 8) % 12;

        if (bits[device]) {
            its_mapd(&r, device, 1, false);
            bits[device] = 0;
            continue;
        }
        uint64_t before = its_errors(&r);
        its_mapd(&r, device, wanted, true);
        if (its_errors(&r) != before)
            continue;
        bits[device] = wanted;
        its_mapti(&r, device, 0, 9000 + 2 * device, 0);
        its_mapti(&r, device, (1u << wanted) - 1, 9001 + 2 * device, 0);
        for (unsigned d = 0; d < 16; d++)
            if (bits[d]) {
                assert_int_equal(its_msi(&r, d, 0), LVGIC_OK);
                assert_int_equal(its_take(&r, 0), 9000 + 2 * d);
                assert_int_equal(its_msi(&r, d, (1u << bits[d]) - 1), LVGIC_OK);
                assert_int_equal(its_take(&r, 0), 9001 + 2 * d);
            }
    }
    for (unsigned d = 0; d < 16; d++)
        its_mapd(&r, d, 1, false);
    uint64_t before = its_errors(&r);
    its_mapd(&r, 0, 12, true); /* all of it is free again */
    assert_int_equal(its_errors(&r), before);
    its_rig_free(&r);
}

/* INVALL and MOVALL have nothing to do with LPIs of other redistributors: reading configuration is
 * what INVALL does to an LPI. */
static void only_that_redistributors_lpis(void **state)
{
    struct lvgic_config config = its_config;
    unsigned reads;

    config.nr_vcpus = 3;
    config.nr_lpis = 2000;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 1, 11, true);
    for (unsigned i = 0; i < 2000; i++) {
        its_put(&r, UINT64_C(1) << 32 | ITS_CMD_MAPTI, (uint64_t)(8192 + i) << 32 | i,
                i % 200 ? 1 : 0, 0);
        if (i % 500 == 499)
            its_go(&r);
    }
    reads = r.rig->guest_reads;
    its_invall(&r, 0);
    assert_int_equal(r.rig->guest_reads - reads, 1 + 10); /* the command, and ten LPIs */
    reads = r.rig->guest_reads;
    rig_redist_write(r.rig, 0, 0xb0, 8, 0);
    assert_int_equal(r.rig->guest_reads - reads, 10);
    its_movall(&r, 0, 2);
    for (unsigned i = 0; i < 2000; i++) {
        struct lvgic_irq_info info;

        lvgic_irq_info(r.rig->vm, LVGIC_VCPU(0), LVGIC_INTID(8192 + i), &info);
        assert_int_equal(info.target, i % 200 ? 1 : 2);
    }
    its_rig_free(&r);
}

/* No call does more than LVGIC_LPI_WORK units, whatever the guest asks for: what is read of the
 * guest's memory is a measure of it. */
static void work_is_bounded(void **state)
{
    struct lvgic_config config = its_config;

    config.nr_lpis = 20000;
    config.its_events = 1 << 16;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 1, 16, true);
    for (unsigned i = 0; i < 20000; i++) {
        its_put(&r, UINT64_C(1) << 32 | ITS_CMD_MAPTI, (uint64_t)(8192 + i) << 32 | i, 0, 0);
        if (i % 1000 == 999)
            its_go(&r);
    }
    assert_int_equal(its_errors(&r), 0);

    static const struct {
        uint64_t c[4];
    } heavy[] = {
        {{ITS_CMD_INVALL, 0, 0, 0}},
        {{ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | 1 << 16, 0}},
        {{ITS_CMD_MOVALL, 0, 1 << 16, 0}},
        {{UINT64_C(1) << 32 | ITS_CMD_MAPD, 0, 0, 0}},
    };
    for (unsigned i = 0; i < 4; i++) {
        unsigned calls = 0;

        its_put(&r, heavy[i].c[0], heavy[i].c[1], heavy[i].c[2], heavy[i].c[3]);
        r.rig->lpi_works = 0;
        for (bool first = true; first || its_read(&r, 0x90, 8) != r.head; first = false) {
            unsigned reads = r.rig->guest_reads;

            if (first)
                its_write(&r, 0x88, 8, r.head);
            else if (calls % 2)
                lvgic_its_run(r.rig->vm);
            /* A command reads up to three times; an access here is at most two calls. */
            assert_true(r.rig->guest_reads - reads <= 2 * 3 * LVGIC_LPI_WORK);
            calls++;
        }
        assert_true(calls > 20000 / LVGIC_LPI_WORK / 2);
        assert_true(r.rig->lpi_works >= 1); /* the host was told */
    }
    /* A queue that is full of commands. */
    for (unsigned i = 0; i < QUEUE_PAGES * 128 - 1; i++)
        its_put(&r, ITS_CMD_SYNC, 0, 0, 0);
    unsigned reads = r.rig->guest_reads;
    its_write(&r, 0x88, 8, r.head);
    assert_true(r.rig->guest_reads - reads <= LVGIC_LPI_WORK);
    its_go(&r);
    its_rig_free(&r);
}

/* The host hears of each event once when it is mapped and once when it is not any more, and finds
 * it so. */
static void the_host_is_told_of_events(void **state)
{
    struct lvgic_config config = its_config;

    (void)state;
    config.nr_its = 2;
    struct its_rig r = its_rig_new(&config);
    struct rig *rig = r.rig;

    its_mapd(&r, 2, 3, true);
    rig->told.sends = true;
    its_mapti(&r, 2, 5, 8200, 0);
    assert_int_equal(rig->told.mapped, 1);
    assert_int_equal(rig->told.its, 0);
    assert_int_equal(rig->told.device, 2);
    assert_int_equal(rig->told.event, 5);
    assert_int_equal(rig->told.status, LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8200);
    its_mapti(&r, 2, 5, 8201, 0); /* mapped already */
    its_mapti(&r, 2, 6, 8200, 0); /* an LPI that is taken, */
    its_mapti(&r, 2, 8, 8201, 0); /* an event that the device does not have, */
    its_mapti(&r, 3, 5, 8201, 0); /* a device that is not there: errors */
    its_movi(&r, 2, 5, 1);
    its_movall(&r, 1, 0);
    assert_int_equal(rig->told.mapped, 1);
    assert_int_equal(rig->told.unmapped, 0);

    its_event_command(&r, ITS_CMD_DISCARD, 2, 5);
    its_event_command(&r, ITS_CMD_DISCARD, 2, 5);
    assert_int_equal(rig->told.unmapped, 1);
    assert_int_equal(rig->told.event, 5);
    assert_int_equal(rig->told.status, LVGIC_E_NO_ENTRY);

    its_mapti(&r, 2, 0, 8192, 0);
    its_mapti(&r, 2, 7, 8193, 0);
    its_mapd(&r, 2, 3, true); /* anew: its events are gone */
    assert_int_equal(rig->told.mapped, 3);
    assert_int_equal(rig->told.unmapped, 3);
    assert_int_equal(rig->told.event, 7);

    its_mapti(&r, 2, 1, 8192, 0);
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | (DEVICE_TABLE + 0x4000)); /* another table */
    assert_int_equal(rig->told.unmapped, 4);
    assert_int_equal(rig->told.device, 2);
    its_write(&r, 0, 4, 1);

    /* What is left goes with the VM. */
    struct its_rig other = {.rig = rig, .its = 1};

    its_mapc(&other, 0, 0, true);
    its_mapd(&other, 40, 2, true);
    its_mapti(&other, 40, 3, 8193, 0);
    assert_int_equal(rig->told.mapped, 5);
    assert_int_equal(lvgic_vm_fini(rig->vm), LVGIC_OK);
    assert_int_equal(rig->told.unmapped, 5);
    assert_int_equal(rig->told.its, 1);
    assert_int_equal(rig->told.device, 40);
    assert_int_equal(rig->told.event, 3);
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several),
        cmocka_unit_test(limits_are_errors_and_counted),
        cmocka_unit_test(entries_are_handed_out_and_come_back),
        cmocka_unit_test(only_that_redistributors_lpis),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(the_host_is_told_of_events),
    };

    return cmocka_run_group_tests_name("ITS, limits", tests, NULL, NULL);
}
