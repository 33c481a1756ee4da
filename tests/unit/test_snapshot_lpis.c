/* SPDX-License-Identifier: MIT */
/* LPIs and ITSs in snapshots: guests go on, VMs that do not fit are left alone, and so are those
 * that a damaged snapshot is for. */
#include "itsrig.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "irq/slots.h"
#include "its/its.h"
#include "lvgic/state.h"
#include "state/format.h"

/* A VM with the same memory into which a snapshot of `from` was restored. */
static struct its_rig go_on(struct its_rig *from, unsigned nr_lrs, struct lvgic_config config)
{
    struct its_rig to = *from;
    uint8_t *snapshot;
    size_t size;

    config.nr_lrs = (uint8_t)nr_lrs;
    snapshot = world_save(from->rig, &size);
    to.rig = rig_with(&config);
    memcpy(to.rig->ram, from->rig->ram, RAM_SIZE);
    snapshot_restore(to.rig, snapshot, size);
    assert_null(lvgic_check(to.rig->vm));
    free(snapshot);
    return to;
}

/* What is pending is delivered, what is mapped is mapped, the queue goes on where it was; and the
 * host has been told. */
static void guests_with_an_its_go_on(void **state)
{
    (void)state;
    for (unsigned nr_lrs = 1; nr_lrs <= 16; nr_lrs *= 2) {
        struct its_rig r = its_rig_with_events(&its_config, 6, 2), to;

        its_config_byte(&r, 8193, 0x41);
        its_event_command(&r, ITS_CMD_INV, 1, 1);
        assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
        assert_int_equal(its_msi(&r, 1, 1), LVGIC_OK);
        assert_int_equal(its_msi(&r, 1, 3), LVGIC_OK);
        rig_enter(r.rig, 1); /* in list registers */
        rig_exit(r.rig, 1);
        its_config_byte(&r, 8195, 0); /* as cached, until it is invalidated */
        to = go_on(&r, nr_lrs, its_config);
        assert_int_equal(to.rig->told.mapped, 6);
        assert_int_equal(to.rig->lpi_works, 0);
        assert_int_equal(to.rig->guest_reads, 0);
        assert_int_equal(its_take(&to, 0), 8192);
        assert_int_equal(its_take(&to, 1), 8193);
        assert_int_equal(its_take(&to, 1), 8195);
        assert_int_equal(its_take(&to, 1), 1023);
        assert_int_equal(its_msi(&to, 1, 4), LVGIC_OK);
        assert_int_equal(its_take(&to, 0), 8196);
        its_event_command(&to, ITS_CMD_DISCARD, 1, 4);
        assert_int_equal(its_msi(&to, 1, 4), LVGIC_E_NO_ENTRY);
        assert_int_equal(its_errors(&to), 0);
        its_rig_free(&to);
        its_rig_free(&r);
    }
}

/* Into a VM whose ITS has something mapped: the host hears that it goes. */
static void what_was_mapped_before_goes(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 2, 2),
                   to = its_rig_with_events(&its_config, 5, 2);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    assert_int_equal(its_msi(&to, 1, 3), LVGIC_OK);
    rig_enter(to.rig, 1);
    snapshot = world_save(r.rig, &size);
    to.rig->relax_exits = true;
    snapshot_restore(to.rig, snapshot, size);
    assert_int_equal(to.rig->told.unmapped, 5);
    assert_int_equal(to.rig->told.mapped, 5 + 2);
    assert_int_equal(lpi_count_free(to.rig->vm), its_config.nr_lpis - 2);
    assert_int_equal(its_take(&to, 1), 1023);
    free(snapshot);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* A collection that is unmapped, and mapped again in the other VM; a moved LPI stays where it is.
 */
static void collections_go_along(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 4, 2), to;

    (void)state;
    its_mapti(&r, 1, 9, 8300, 7); /* not mapped yet */
    its_msi(&r, 1, 1);
    its_mapc(&r, 1, 0, false);
    its_movall(&r, 0, 1);
    to = go_on(&r, 2, its_config);
    assert_int_equal(its_take(&to, 1), 8193);
    assert_int_equal(its_msi(&to, 1, 1), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 1, 9), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&to, 1), 8192);
    its_mapc(&to, 1, 0, true);
    its_mapc(&to, 7, 1, true);
    assert_int_equal(its_msi(&to, 1, 1), LVGIC_OK);
    assert_int_equal(its_take(&to, 0), 8193);
    assert_int_equal(its_msi(&to, 1, 9), LVGIC_OK);
    assert_int_equal(its_take(&to, 1), 8300);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* Saved in the middle of each long command, which is then carried out again. */
static void commands_that_are_under_way(void **state)
{
    struct lvgic_config config = its_config;

    (void)state;
    config.nr_lpis = 2048;
    for (unsigned what = 0; what < 4; what++) {
        struct its_rig r = its_rig_new(&config), to;
        uint64_t device = UINT64_C(1) << 32;
        uint8_t *here, *there;
        size_t size, to_size;

        its_mapd(&r, 1, 11, true);
        for (unsigned i = 0; i < 2000; i++)
            its_mapti(&r, 1, i, 8192 + i, 0);
        if (what == 0)
            its_put(&r, ITS_CMD_MAPC, 0, BIT64(63) | 1 << 16, 0);
        else if (what == 1)
            its_put(&r, ITS_CMD_MOVALL, 0, 0, 1 << 16);
        else if (what == 2)
            its_put(&r, device | ITS_CMD_MAPD, 4, BIT64(63) | ITTS, 0);
        else
            its_put(&r, ITS_CMD_MAPC, 0, 0, 0); /* unmapped */
        its_put(&r, device | ITS_CMD_MAPTI, UINT64_C(12000) << 32 | 21, 1, 0);
        r.rig->lpi_works = 0;
        its_write(&r, 0x88, 8, r.head);
        assert_int_equal(r.rig->lpi_works, 1);
        to = go_on(&r, 3, config);
        assert_int_equal(to.rig->lpi_works, 1);
        while (lvgic_its_run(r.rig->vm) || lvgic_its_run(to.rig->vm))
            ;
        assert_int_equal(its_read(&to, 0x90, 8), r.head);
        here = world_save(r.rig, &size), there = world_save(to.rig, &to_size);
        snapshot_assert_same(here, size, there, to_size);
        free(here), free(there);
        its_rig_free(&to);
        its_rig_free(&r);
    }
}

/* LPIs are being disabled, or were just enabled: what is left to do is done in the other VM. */
static void what_a_redistributor_was_asked_for(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 4, 2), to;

    (void)state;
    its_msi(&r, 1, 0);
    atomic_store(&r.rig->vm->lpis.claim, 1);
    lpis_enable(&r, 0, false);
    lpis_enable(&r, 1, false);
    its_config_byte(&r, 8193, 0x21);
    r.rig->ram[PENDING_TABLE + 0x10000 - RAM + 8193 / 8] = 2;
    atomic_store(&r.rig->vm->lpis.claim, 0);
    while (lvgic_its_run(r.rig->vm))
        ;
    atomic_store(&r.rig->vm->lpis.claim, 1);
    lpis_enable(&r, 1, true);
    to = go_on(&r, 1, its_config);
    assert_int_equal(to.rig->lpi_works, 1);
    assert_int_equal(its_take(&to, 1), 1023);
    assert_false(lvgic_its_run(to.rig->vm));
    assert_int_equal(its_take(&to, 1), 8193);
    lpis_enable(&to, 0, true);
    assert_int_equal(its_take(&to, 0), 1023); /* it was disabled with the LPI pending */
    its_rig_free(&to);

    /* INVLPIR and INVALLR. */
    its_config_byte(&r, 8193, 0);
    atomic_store(&r.rig->vm->lpis.claim, 1);
    rig_redist_write(r.rig, 1, 0xa0, 8, 8193);
    to = go_on(&r, 1, its_config);
    lvgic_its_run(to.rig->vm);
    assert_int_equal(its_msi(&to, 1, 1), LVGIC_OK);
    assert_int_equal(its_take(&to, 1), 1023);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* A VM in the middle of a long command into which an idle one's snapshot is restored is idle. */
static void nothing_is_busy_afterwards(void **state)
{
    struct its_rig idle = {.rig = rig_with(&its_config)}, r = its_rig_new(&its_config);
    uint64_t ctlr = 0, syncr = 1;
    uint8_t *snapshot;
    size_t size;

    (void)state;
    its_mapd(&r, 1, 16, true);
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_MAPD, 0, 0, 0);
    its_write(&r, 0x88, 8, r.head);
    assert_int_not_equal(r.rig->vm->its[0].job.kind, JOB_NONE);
    snapshot = world_save(idle.rig, &size);
    assert_int_equal(lvgic_restore(r.rig->vm, snapshot, size), LVGIC_OK);
    lvgic_its_attr_get(r.rig->vm, 0, LVGIC_ITS_ATTR_ITS_REGS, 0, &ctlr);
    assert_int_equal(ctlr, GITS_CTLR_QUIESCENT);
    lvgic_attr_get(r.rig->vm, LVGIC_ATTR_REDIST_REGS, 0xc0, &syncr);
    assert_int_equal(syncr, 0);
    free(snapshot);
    its_rig_free(&idle);
    its_rig_free(&r);
}

static void direct_lpis(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32, .nr_lpis = 64}, more = config;
    struct its_rig r = its_rig_new(&config), to;

    (void)state;
    rig_redist_write(r.rig, 1, 0x40, 8, 8200);
    rig_redist_write(r.rig, 0, 0x40, 8, 8255);
    more.nr_lpis = 128;
    for (unsigned i = 0; i < 2; i++) {
        to = go_on(&r, 1 + i, i ? more : config);
        assert_int_equal(its_take(&to, 1), 8200);
        assert_int_equal(its_take(&to, 0), 8255);
        assert_int_equal(its_take(&to, 0), 1023);
        its_rig_free(&to);
    }
    its_rig_free(&r);
}

/* ------------------------------------------------------------------ VMs that do not fit */

static void refused(struct its_rig *from, const struct lvgic_config *to_config, int status)
{
    struct rig *to = rig_with(to_config);
    uint8_t *snapshot, *before, *after;
    size_t size, before_size, after_size;

    snapshot = world_save(from->rig, &size);
    before = world_save(to, &before_size);
    assert_int_equal(lvgic_restore(to->vm, snapshot, size), status);
    after = world_save(to, &after_size);
    snapshot_assert_same(before, before_size, after, after_size);
    free(snapshot), free(before), free(after);
    rig_free(to);
}

static void limits_and_options(void **state)
{
    struct lvgic_config config = its_config, to;
    struct its_rig r, direct;

    (void)state;
    config.its_devices = 4, config.its_events = 256;
    r = its_rig_with_events(&config, 40, 2);
    its_mapd(&r, 2, 2, true);
    to = config;
    to.nr_lpis = 39, refused(&r, &to, LVGIC_E_FEWER_INTIDS), to.nr_lpis = 40;
    to.its_devices = 1, refused(&r, &to, LVGIC_E_FEWER_INTIDS), to.its_devices = 2;
    to.its_events = 64, refused(&r, &to, LVGIC_E_FEWER_INTIDS), to.its_events = 96;
    to.nr_its = 2, refused(&r, &to, LVGIC_E_OTHER_OPTIONS), to.nr_its = 1;
    to.lpi_id_bits = 15, refused(&r, &to, LVGIC_E_OTHER_OPTIONS), to.lpi_id_bits = 0;
    to.its_device_bits = 8, refused(&r, &to, LVGIC_E_OTHER_OPTIONS), to.its_device_bits = 0;
    to.its_collection_bits = 8, refused(&r, &to, LVGIC_E_OTHER_OPTIONS), to.its_collection_bits = 0;
    to.its_stall = true, refused(&r, &to, LVGIC_E_OTHER_OPTIONS), to.its_stall = false;
    to.nr_its = 0, to.nr_lpis = 0, refused(&r, &to, LVGIC_E_OTHER_OPTIONS);
    its_rig_free(&r);

    /* And the other way round; and LPIs of redistributors. */
    direct = (struct its_rig){.rig = rig_with(&to)};
    refused(&direct, &config, LVGIC_E_OTHER_OPTIONS);
    rig_free(direct.rig);
    to.nr_lpis = 64;
    direct = its_rig_new(&to);
    rig_redist_write(direct.rig, 1, 0x40, 8, 8255);
    to.nr_lpis = 63, refused(&direct, &to, LVGIC_E_FEWER_INTIDS);
    its_rig_free(&direct);
}

/* Entries of events are found a place for whatever the order of the sizes. */
static void entries_of_all_sizes_fit(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r, to;

    (void)state;
    config.its_events = 5 * 32 + 4096;
    r = its_rig_new(&config);
    its_mapd(&r, 7, 12, true); /* in an order that leaves no gaps: not that of the DeviceIDs */
    its_mapd(&r, 5, 7, true);
    its_mapd(&r, 1, 1, true);
    assert_int_equal(its_errors(&r), 0);
    to = go_on(&r, 4, config);
    for (unsigned device = 1; device <= 7; device += 2)
        its_mapti(&to, device, 1, 8192 + device, 0);
    assert_int_equal(its_errors(&to), 1); /* there is no device 3 */
    its_rig_free(&to);
    its_rig_free(&r);
}

/* ------------------------------------------------------------------ damaged ones */

static uint8_t *record(uint8_t *snapshot, size_t size, uint32_t type, unsigned nr)
{
    struct snap_rec rec;

    for (size_t at = SNAP_HEADER_SIZE; snap_next(snapshot, size, &at, &rec);)
        if (rec.type == type && nr-- == 0)
            return snapshot + (rec.content - snapshot);
    fail_msg("no record of type %u", type);
    return NULL;
}

/* One field of a record is another: refused, and for this reason. */
static void unsound(uint8_t *snapshot, size_t size, uint8_t *field, unsigned bytes, uint64_t value,
                    const char *what)
{
    uint64_t was = snap_get(field, bytes);
    struct snap_config config;
    struct snap_fault fault;

    snap_put(field, bytes, value);
    snapshot_seal(snapshot, size);
    assert_int_equal(snap_check(snapshot, size, &config, &fault), LVGIC_E_FORMAT);
    assert_string_equal(fault.what, what);
    snap_put(field, bytes, was);
    snapshot_seal(snapshot, size);
    assert_int_equal(snap_check(snapshot, size, &config, &fault), LVGIC_OK);
}

static void every_kind_of_damage(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r;
    uint8_t *s, *redist, *its, *device, *other;
    size_t size;

    (void)state;
    config.lpi_id_bits = 24;
    r = its_rig_with_events(&config, 3, 2);
    its_mapd(&r, 2, 3, true);
    its_mapti(&r, 2, 4, 100000, 0);
    its_mapti(&r, 2, 5, 5000000, 0);
    assert_int_equal(its_errors(&r), 0);
    s = world_save(r.rig, &size);
    redist = record(s, size, SNAP_REDIST, 1), its = record(s, size, SNAP_ITS, 0);
    device = record(s, size, SNAP_DEVICE, 0), other = record(s, size, SNAP_DEVICE, 1);

    unsound(s, size, record(s, size, SNAP_LPIS, 0), 4, 25, "LPIS: limits");
    unsound(s, size, record(s, size, SNAP_LPIS, 0) + LPIS_AT_DEVICE_BITS, 1, 21, "LPIS: limits");
    unsound(s, size, record(s, size, SNAP_LPIS, 0) + LPIS_AT_DEVICE_BITS, 1, 0, "LPIS: limits");
    unsound(s, size, record(s, size, SNAP_LPIS, 0) + LPIS_AT_NR_ITS, 4, 0, "LPIS: limits");
    unsound(s, size, redist + REDIST_AT_VCPU, 4, 0, "REDIST: vCPU");
    unsound(s, size, redist + REDIST_AT_MODE, 4, 3, "REDIST: registers");
    unsound(s, size, redist + REDIST_AT_OWED, 4, 4, "REDIST: registers");
    unsound(s, size, redist + REDIST_AT_INVLPIR, 4, 5, "REDIST: registers");
    unsound(s, size, redist + REDIST_AT_COUNT, 4, 1, "REDIST: length");
    unsound(s, size, its + ITS_AT_NUMBER, 4, 1, "ITS: number");

    unsound(s, size, its + ITS_AT_ADDRESS, 8, 0x1000, "ITS: address");
    unsound(s, size, its + ITS_AT_COUNT, 4, 3, "ITS: length");
    unsound(s, size, its + ITS_AT_GATE, 4, 4, "ITS: registers");
    unsound(s, size, its + ITS_AT_CREADR, 8, 1, "ITS: registers"); /* cannot stall */
    unsound(s, size, its + ITS_AT_BASER, 8, BIT64(63), "ITS: registers");
    unsound(s, size, its + ITS_AT_ENTRIES, 2, 1, "ITS: collection");
    unsound(s, size, its + ITS_AT_ENTRIES + 2, 2, 2, "ITS: collection");
    unsound(s, size, device + DEVICE_AT_ITS, 4, 1, "DEVICE: DeviceID");
    unsound(s, size, device + DEVICE_AT_ID, 4, 2, "DEVICE: DeviceID"); /* of the other one */
    unsound(s, size, device + DEVICE_AT_BITS, 4, 17, "DEVICE: size or table");
    unsound(s, size, device + DEVICE_AT_BITS, 4, 1, "DEVICE: event");
    unsound(s, size, device + DEVICE_AT_COUNT, 4, 4, "DEVICE: length");
    device += DEVICE_AT_ENTRIES, other += DEVICE_AT_ENTRIES;
    unsound(s, size, device + LPI_AT_INTID, 4, 8191, "DEVICE: event");
    unsound(s, size, device + LPI_AT_INTID, 4, 1 << 24, "DEVICE: event");
    unsound(s, size, device + LPI_SIZE + LPI_AT_EVENT, 4, 0, "DEVICE: event");
    unsound(s, size, device + LPI_AT_TARGET, 2, 2, "DEVICE: event");
    unsound(s, size, device + LPI_AT_PRIORITY, 1, 1, "DEVICE: event");
    unsound(s, size, device + LPI_AT_STATE, 1, 8, "DEVICE: event");
    /* One LPI of two events, however far apart. */
    unsound(s, size, other + LPI_AT_INTID, 4, 8194, "DEVICE: an LPI of two events");
    unsound(s, size, other + LPI_AT_INTID, 4, 5000000, "DEVICE: an LPI of two events");
    unsound(s, size, device + LPI_AT_INTID, 4, 100000, "DEVICE: an LPI of two events");
    snap_put(other + LPI_AT_INTID, 4, 8194);
    snapshot_seal(s, size);
    assert_int_equal(lvgic_restore(r.rig->vm, s, size), LVGIC_E_FORMAT);
    snap_put(other + LPI_AT_INTID, 4, 100000);
    /* The order. */
    unsound(s, size, record(s, size, SNAP_LPIS, 0) - 8, 2, SNAP_ITS,
            "record: shorter than its type");
    unsound(s, size, redist - 8, 4, 0x7000, "records are missing");
    free(s);
    its_rig_free(&r);
}

/* Each byte changed and the checksum made right: an error that changes nothing, or a state that
 * holds together. */
static void damaged_anywhere(void **state)
{
    struct lvgic_config config = its_config;
    unsigned fine = 0, bad = 0;

    (void)state;
    config.nr_its = 2, config.its_collection_bits = 3;
    for (unsigned direct = 0; direct < 2; direct++) {
        struct its_rig r;
        uint8_t *snapshot, *before, *copy;
        size_t size, before_size, begin;

        if (direct)
            config.nr_its = 0, config.nr_lpis = 16;
        r = its_rig_new(&config);
        for (unsigned i = 0; i < 6 && !direct; i++) {
            its_mapd(&r, i, 1 + i, true);
            its_mapti(&r, i, 1, 8192 + i, i);
            its_msi(&r, i, 1);
        }
        for (unsigned i = 0; i < 6 && direct; i++)
            rig_redist_write(r.rig, i % 2, 0x40, 8, 8192 + i);

        struct rig *to = rig_with(&config);

        before = world_save(to, &before_size);
        snapshot = world_save(r.rig, &size);
        copy = malloc(size);
        begin = (size_t)(record(snapshot, size, SNAP_LPIS, 0) - 8 - snapshot);
        for (size_t i = begin; i < size; i++)
            for (unsigned bit = 0; bit < 8; bit++) {
                memcpy(copy, snapshot, size);
                copy[i] ^= (uint8_t)(1u << bit);
                snapshot_seal(copy, size);
                if (lvgic_restore(to->vm, copy, size) == LVGIC_OK) {
                    assert_null(lvgic_check(to->vm));
                    snapshot_restore(to, before, before_size);
                    fine++;
                } else {
                    bad++;
                }
                if (i % 16 == bit) {
                    size_t after_size;
                    uint8_t *after = world_save(to, &after_size);

                    snapshot_assert_same(before, before_size, after, after_size);
                    free(after);
                }
            }
        free(snapshot), free(before), free(copy);
        rig_free(to);
        its_rig_free(&r);
    }
    assert_true(fine > 500 && bad > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_with_an_its_go_on),
        cmocka_unit_test(what_was_mapped_before_goes),
        cmocka_unit_test(collections_go_along),
        cmocka_unit_test(commands_that_are_under_way),
        cmocka_unit_test(what_a_redistributor_was_asked_for),
        cmocka_unit_test(nothing_is_busy_afterwards),
        cmocka_unit_test(direct_lpis),
        cmocka_unit_test(limits_and_options),
        cmocka_unit_test(entries_of_all_sizes_fit),
        cmocka_unit_test(every_kind_of_damage),
        cmocka_unit_test(damaged_anywhere),
    };

    return cmocka_run_group_tests_name("snapshot of LPIs", tests, NULL, NULL);
}
