/* SPDX-License-Identifier: MIT */
/*
 * What is mapped and pending, saved into the guest's tables and restored from them. A restore is
 * into a second VM that has a copy of the first one's memory.
 */
#include "itsrig.h"

#include <string.h>

#include "deliver/lpi.h"
#include "irq/slots.h"
#include "its/its.h"

#define L2_PAGES (RAM + 0x200000) /* of two-level tables, 64 KiB each */

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252;

    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x * 0x2545f4914f6cdd1d >> 16;
}

static void set_entry(struct its_rig *r, uint64_t table, unsigned n, uint64_t entry)
{
    memcpy(r->rig->ram + (table - RAM) + n * 8, &entry, 8);
}

static void save(struct its_rig *r)
{
    assert_int_equal(lvgic_its_save_tables(r->rig->vm, r->its), LVGIC_OK);
}

static int restore(struct its_rig *r)
{
    return lvgic_its_restore_tables(r->rig->vm, r->its);
}

static void enable(struct its_rig *r)
{
    its_write(r, 0, 4, 1);
}

static void assert_nothing_mapped(struct its_rig *r)
{
    struct its *its = &r->rig->vm->its[0];

    assert_int_equal(lpi_count_free(r->rig->vm), its_config.nr_lpis);
    assert_int_equal(its->nr_free_devices, its->max_devices);
    for (unsigned i = 0; i < 0x10000; i++)
        assert_int_equal(its->collections[i], NO_COLLECTION);
    assert_int_equal(r->rig->told.mapped, r->rig->told.unmapped);
}

/* The layout, as KVM has it. */
static void the_layout(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 0, 1);

    (void)state;
    its_mapti(&r, 1, 3, 8192 + 7, 1);
    its_mapti(&r, 1, 40, 8192 + 8, 0);
    its_mapd(&r, 300, 2, true);
    save(&r);
    assert_int_equal(its_entry_at(&r, DEVICE_TABLE, 1),
                     BIT64(63) | UINT64_C(299) << 49 | (ITTS + 0x1000) >> 8 << 5 | 5);
    assert_int_equal(its_entry_at(&r, DEVICE_TABLE, 300),
                     BIT64(63) | (ITTS + 300 % 64 * 0x1000) >> 8 << 5 | 1);
    assert_int_equal(its_entry_at(&r, ITTS + 0x1000, 3), UINT64_C(37) << 48 | 8199 << 16 | 1);
    assert_int_equal(its_entry_at(&r, ITTS + 0x1000, 40), 8200 << 16);
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 0), BIT64(63));
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 1), BIT64(63) | 1 << 16 | 1);
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 2), 0);
    its_rig_free(&r);
}

/* K11: a table is replaced: what was mapped is neither in the new one nor in the old one. */
static void k11_saved_after_another_table(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 4, 1), to;

    (void)state;
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | (RAM + 0x200000));
    its_write(&r, 0, 4, 1);
    save(&r);
    assert_int_equal(its_entry_at(&r, RAM + 0x200000, 1), 0);
    assert_int_equal(its_entry_at(&r, DEVICE_TABLE, 1), 0);
    to = its_rig_another(&r);
    assert_int_equal(restore(&to), LVGIC_OK);
    assert_nothing_mapped(&to);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* K13: an event whose collection is unmapped is saved, and is the same after a restore. */
static void k13_saved_without_a_collection(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 2, 1), to;

    (void)state;
    its_mapti(&r, 1, 5, 8200, 1);
    its_mapc(&r, 0, 0, false);
    save(&r);
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 0), BIT64(63) | UINT64_C(0xffffffff) << 16);
    to = its_rig_another(&r);
    assert_int_equal(restore(&to), LVGIC_OK);
    enable(&to);
    assert_int_equal(its_msi(&to, 1, 0), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 1, 5), LVGIC_OK);
    assert_int_equal(its_take(&to, 1), 8200);
    its_mapc(&to, 0, 1, true);
    assert_int_equal(its_msi(&to, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&to, 1), 8192);
    /* Neither VM keeps anything of the saving. */
    its_mapc(&r, 0, 0, true);
    assert_int_equal(its_msi(&r, 1, 1), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8193);
    its_rig_free(&to);
    its_rig_free(&r);
}

static void two_levels(struct its_rig *r)
{
    its_write(r, 0, 4, 0);
    its_write(r, 0x100, 8, GITS_BASER_VALID | GITS_BASER_INDIRECT | DEVICE_TABLE);
    its_write(r, 0x108, 8, GITS_BASER_VALID | GITS_BASER_INDIRECT | COLLECTION_TABLE);
    for (unsigned i = 0; i < 8; i += 2) { /* every other page is there */
        set_entry(r, DEVICE_TABLE, i, BIT64(63) | (L2_PAGES + i * 0x10000));
        set_entry(r, COLLECTION_TABLE, i, BIT64(63) | (L2_PAGES + (i + 1) * 0x10000));
    }
    enable(r);
    its_mapc(r, 0, 0, true);
    its_mapc(r, 1, 1, true);
}

/* K14: the guest takes away the memory of a device's entry, or of its ITT: the save succeeds, and
 * the others are in it. */
static void k14_saved_under_a_table_that_shrinks(void **state)
{
    struct its_rig r = its_rig_new(&its_config), to;
    uint64_t end = r.rig->ram_end;

    (void)state;
    two_levels(&r);
    for (unsigned i = 0; i < 3; i++) {
        its_mapd(&r, i * 2 * 8192 + i, 2, true);
        its_mapti(&r, i * 2 * 8192 + i, 1, 8192 + i, 0);
    }
    its_put(&r, UINT64_C(3) << 32 | ITS_CMD_MAPD, 1, BIT64(63) | (RAM + RAM_SIZE - 0x1000), 0);
    its_mapti(&r, 3, 0, 8195, 0);
    its_put(&r, UINT64_C(5) << 32 | ITS_CMD_MAPD, 1, BIT64(63) | (ITTS + 0x8000), 0);
    its_mapti(&r, 5, 0, 8196, 1);
    assert_int_equal(its_errors(&r), 0);
    set_entry(&r, DEVICE_TABLE, 2, 0);
    r.rig->ram_end = end - 0x2000;
    save(&r);
    to = its_rig_another(&r);
    assert_int_equal(restore(&to), LVGIC_OK);
    enable(&to);
    assert_int_equal(its_msi(&to, 0, 1), LVGIC_OK);
    assert_int_equal(its_msi(&to, 2 * 8192 + 1, 1), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 4 * 8192 + 2, 1), LVGIC_OK);
    assert_int_equal(its_msi(&to, 3, 0), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 5, 0), LVGIC_OK);
    /* No collection has room any more: no event can be saved, and nothing fails. */
    set_entry(&r, COLLECTION_TABLE, 0, 0);
    set_entry(&r, COLLECTION_TABLE, 2, 0);
    set_entry(&r, COLLECTION_TABLE, 4, 0);
    set_entry(&r, COLLECTION_TABLE, 6, 0);
    save(&r);
    its_rig_free(&to);
    to = its_rig_another(&r);
    assert_int_equal(restore(&to), LVGIC_OK);
    assert_int_equal(lpi_count_free(to.rig->vm), its_config.nr_lpis);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* The same with one level: no entry points to one that could not be written. */
static void k14_saved_under_a_flat_table_that_shrinks(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    uint64_t table = RAM + RAM_SIZE - 0x20000;

    (void)state;
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | table | 1);
    enable(&r);
    its_mapd(&r, 1, 2, true);
    its_mapd(&r, 8192 + 2, 2, true);
    assert_int_equal(its_errors(&r), 0);
    save(&r);
    assert_int_equal(bits_get(its_entry_at(&r, table, 1), 62, 49), 8193);
    r.rig->ram_end -= 0x10000;
    save(&r);
    assert_int_equal(bits_get(its_entry_at(&r, table, 1), 62, 49), 0);
    assert_int_equal(its_entry_at(&r, table, 1) >> 63, 1);
    its_rig_free(&r);
}

/* Each ITS has collections of its own: another's events are not looked at. */
static void two_of_them(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r;

    (void)state;
    config.nr_its = 2;
    r = its_rig_new(&config);
    r.its = 1;
    its_mapd(&r, 1, 2, true);
    its_mapti(&r, 1, 0, 8192, 5); /* unmapped */
    r.its = 0, r.head = 2 * ITS_COMMAND_SIZE;
    save(&r);
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 2), 0);
    r.its = 1;
    save(&r);
    assert_int_equal(its_entry_at(&r, DEVICE_TABLE, 1) >> 63, 1);
    its_rig_free(&r);
}

static void refused(const struct its_rig *from, uint64_t table, unsigned n, uint64_t entry,
                    int expected)
{
    struct its_rig to = its_rig_another(from);

    set_entry(&to, table, n, entry);
    to.rig->told.mapped = to.rig->told.unmapped = 0;
    assert_int_equal(restore(&to), expected);
    assert_nothing_mapped(&to);
    assert_int_equal(to.rig->told.mapped, 0);
    /* And afterwards everything goes. */
    memcpy(to.rig->ram, from->rig->ram, RAM_SIZE);
    assert_int_equal(restore(&to), LVGIC_OK);
    its_rig_free(&to);
}

/* K16: numbers in the tables that are out of range: refused, and nothing is mapped. */
static void k16_restored_sizes_out_of_range(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 4, 1);
    uint64_t dte, ite, cte;

    (void)state;
    its_mapd(&r, 2, 15, true);
    its_mapti(&r, 2, 0x7fff, 8300, 0);
    assert_int_equal(its_errors(&r), 0);
    save(&r);
    dte = its_entry_at(&r, DEVICE_TABLE, 2);
    for (unsigned size = 16; size < 32; size++)
        refused(&r, DEVICE_TABLE, 2, (dte & ~MASK64(4, 0)) | size, LVGIC_E_INVALID);
    refused(&r, DEVICE_TABLE, 2, (dte & ~MASK64(48, 5)) | 1ull << 40, LVGIC_E_INVALID);
    refused(&r, DEVICE_TABLE, 2, dte | MASK64(62, 49), LVGIC_E_INVALID);
    ite = its_entry_at(&r, ITTS + 0x1000, 3);
    refused(&r, ITTS + 0x1000, 3, ite | UINT64_C(61) << 48, LVGIC_E_INVALID);
    refused(&r, ITTS + 0x1000, 3, ite | UINT64_C(0xffff) << 48, LVGIC_E_INVALID);
    refused(&r, ITTS + 0x1000, 3, 8191 << 16, LVGIC_E_INVALID);
    refused(&r, ITTS + 0x1000, 3, UINT64_C(0x10000) << 16, LVGIC_E_INVALID);
    refused(&r, ITTS + 0x1000, 3, UINT64_C(0xffffffff) << 16, LVGIC_E_INVALID);
    refused(&r, ITTS + 0x1000, 3, ite | 2, LVGIC_E_INVALID); /* no such collection */
    refused(&r, ITTS + 0x1000, 3, 8192 << 16, LVGIC_E_EXISTS);
    cte = its_entry_at(&r, COLLECTION_TABLE, 1);
    refused(&r, COLLECTION_TABLE, 1, cte | 2 << 16, LVGIC_E_INVALID);
    refused(&r, COLLECTION_TABLE, 1, cte & ~UINT64_C(1), LVGIC_E_EXISTS);
    its_rig_free(&r);
}

/* K27: entries of what was unmapped since the last save are cleared. */
static void k27_saved_after_discard(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 4, 1), to;

    (void)state;
    its_mapd(&r, 2, 2, true);
    its_mapti(&r, 2, 0, 8300, 0);
    save(&r);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 2);
    its_mapd(&r, 2, 2, false);
    its_mapc(&r, 1, 1, false);
    save(&r);
    assert_int_equal(its_entry_at(&r, ITTS + 0x1000, 0), 0);
    assert_int_equal(its_entry_at(&r, ITTS + 0x1000, 2), 0);
    assert_int_equal(its_entry_at(&r, DEVICE_TABLE, 2), 0);
    assert_int_equal(its_entry_at(&r, COLLECTION_TABLE, 1), 0);
    to = its_rig_another(&r);
    assert_int_equal(restore(&to), LVGIC_OK);
    enable(&to);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(its_msi(&to, 1, i), i % 2 ? LVGIC_OK : LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&to, 2, 0), LVGIC_E_NO_ENTRY);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* What the host may call when: errors that change nothing. */
static void out_of_order(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 1, 1), to;
    struct lvgic_host host = *r.rig->vm->host;
    const struct lvgic_host *before = r.rig->vm->host;

    (void)state;
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 1), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_restore_tables(r.rig->vm, 1), LVGIC_E_NO_DEVICE);
    host.write_guest = NULL;
    r.rig->vm->host = &host;
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_E_INVALID);
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_E_INVALID);
    r.rig->vm->host = before;
    for (unsigned i = 0; i < 3 * LVGIC_LPI_WORK - 100; i++)
        its_put(&r, ITS_CMD_SYNC, 0, 0, 0);
    its_write(&r, 0x88, 8, r.head);
    save(&r); /* commands wait: they stay in the queue */
    while (lvgic_its_run(r.rig->vm))
        ;
    assert_int_equal(restore(&r), LVGIC_E_PHASE);
    its_write(&r, 0, 4, 0);
    assert_int_equal(restore(&r), LVGIC_E_PHASE);
    to = its_rig_another(&r);
    enable(&to);
    assert_int_equal(restore(&to), LVGIC_OK); /* enabled or not */
    assert_int_equal(its_msi(&to, 1, 0), LVGIC_OK);
    assert_int_equal(restore(&to), LVGIC_E_PHASE);
    its_rig_free(&to);
    its_rig_free(&r);
}

static unsigned random_device(bool indirect, unsigned i)
{
    unsigned page = indirect ? (unsigned)(next_random() % 4) * 2 * 8192 : 0;

    return page + (unsigned)(next_random() % 128) * 64 + i; /* each has an ITT of its own */
}

static void map_at_random(struct its_rig *r, bool indirect)
{
    unsigned devices = (unsigned)(next_random() % 60);

    for (unsigned icid = 2; icid < 12; icid++)
        if (next_random() % 2)
            its_mapc(r, icid, next_random() % 2, true);
    for (unsigned i = 0; i < devices; i++) {
        unsigned device = random_device(indirect, i), bits = 1 + (unsigned)(next_random() % 9);

        its_mapd(r, device, bits, true);
        for (unsigned n = 0; n < 4; n++)
            its_mapti(r, device, (unsigned)(next_random() % (1u << bits)), 8192 + 4 * i + n,
                      (unsigned)(next_random() % 12));
    }
    for (unsigned i = 0; i < 3; i++) /* what has events may be unmapped, too */
        its_mapc(r, (unsigned)(next_random() % 12), 0, false);
}

/* Saved, restored and saved again: the same tables; and each event does the same. */
static void save_and_restore_at_random(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct its_rig r = its_rig_new(&its_config), to;
        struct its *from_its, *to_its;

        if (round % 2)
            two_levels(&r);
        map_at_random(&r, round % 2);
        assert_int_equal(its_errors(&r), 0);
        memset(r.rig->ram + (ITTS - RAM), 0xa5, 0x40000); /* what save does not write stays */
        save(&r);
        to = its_rig_another(&r);
        assert_int_equal(restore(&to), LVGIC_OK);
        assert_int_equal(lpi_count_free(to.rig->vm), lpi_count_free(r.rig->vm));
        from_its = &r.rig->vm->its[0], to_its = &to.rig->vm->its[0];
        assert_memory_equal(from_its->collections, to_its->collections, 2 << 16);
        assert_int_equal(to.rig->told.mapped, its_config.nr_lpis - lpi_count_free(to.rig->vm));
        save(&to);
        assert_memory_equal(r.rig->ram, to.rig->ram, RAM_SIZE);
        enable(&to);
        for (unsigned d = 0; d < 0x10000; d++)
            for (unsigned e = 0; its_find_device(from_its, d) != NO_DEVICE && e < 512; e++)
                assert_int_equal(its_msi(&r, d, e), its_msi(&to, d, e));
        for (unsigned intid = 8192; intid < 8192 + 240; intid++)
            assert_int_equal(lpi_pending(&r, 0, intid), lpi_pending(&to, 0, intid));
        its_rig_free(&to);
        its_rig_free(&r);
    }
}

/* Any bytes, and entries that look right: no crash, no more reads than there are entries, and all
 * or nothing. */
static void hostile_tables(void **state)
{
    struct its_rig from = its_rig_new(&its_config), r;
    unsigned restored = 0;

    (void)state;
    two_levels(&from);
    r = its_rig_another(&from);
    for (unsigned round = 0; round < 400; round++) {
        static const uint64_t places[] = {L2_PAGES, L2_PAGES + 0x10000, ITTS};
        bool wild = round % 4 == 0;

        for (unsigned place = 0; place < ARRAY_LEN(places); place++)
            for (unsigned n = 0; n < 0x2000; n++) {
                uint64_t x = next_random() ^ next_random() << 40, entry = x;

                if (!wild && place == 0)
                    entry = x % 1000 ? 0
                                     : BIT64(63) | (x & MASK64(55, 49)) |
                                           (ITTS + n % 16 * 0x1000) >> 8 << 5 | (x >> 8) % 9;
                else if (!wild && place == 1)
                    entry = n < 4 ? BIT64(63) | (x % 2) << 16 | n : 0;
                else if (!wild)
                    entry = x % 32 ? 0 : (x & MASK64(49, 48)) | (8192 + n) << 16 | (x >> 8) % 4;
                set_entry(&r, places[place], n, entry);
            }
        r.rig->guest_reads = 0;
        if (restore(&r) == LVGIC_OK) {
            restored++;
            its_write(&r, 0x100, 8, 0);
            its_write(&r, 0x100, 8, its_read(&from, 0x100, 8));
        }
        assert_true(r.rig->guest_reads < 100000);
        assert_nothing_mapped(&r);
    }
    assert_in_range(restored, 20, 280);
    its_rig_free(&r);
    its_rig_free(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout),
        cmocka_unit_test(k11_saved_after_another_table),
        cmocka_unit_test(k13_saved_without_a_collection),
        cmocka_unit_test(k14_saved_under_a_table_that_shrinks),
        cmocka_unit_test(k14_saved_under_a_flat_table_that_shrinks),
        cmocka_unit_test(two_of_them),
        cmocka_unit_test(k16_restored_sizes_out_of_range),
        cmocka_unit_test(k27_saved_after_discard),
        cmocka_unit_test(out_of_order),
        cmocka_unit_test(save_and_restore_at_random),
        cmocka_unit_test(hostile_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
