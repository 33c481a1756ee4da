/* SPDX-License-Identifier: MIT */
/* The ITS: registers, commands and their errors, tables, translation, limits, bounded work. */
#include "itsrig.h"

#include <string.h>

#include "irq/vm.h"

static void a_message_arrives(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 7, 4, true);
    its_mapti(&r, 7, 3, 8200, 1);
    assert_int_equal(its_errors(&r), 0);
    assert_int_equal(its_msi(&r, 7, 3), LVGIC_OK);
    assert_true(lpi_pending(&r, 1, 8200));
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 8200);
    assert_int_equal(its_take(&r, 1), 1023);
    /* By the doorbell, of 2 and of 4 bytes. */
    assert_int_equal(lvgic_msi_write(r.rig->vm, 0, 7, 0x40, 4, 3), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 8200);
    assert_int_equal(lvgic_msi_write(r.rig->vm, 0, 7, 0x40, 2, 0xffff0003), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 8200);
    assert_int_equal(lvgic_msi_write(r.rig->vm, 0, 7, 0x40, 1, 3), LVGIC_E_INVALID);
    assert_int_equal(lvgic_msi_write(r.rig->vm, 0, 7, 0x44, 4, 3), LVGIC_E_INVALID);
    assert_int_equal(lvgic_msi_write(r.rig->vm, 1, 7, 0x40, 4, 3), LVGIC_E_NO_DEVICE);
    /* What is not mapped is refused. */
    assert_int_equal(its_msi(&r, 7, 4), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&r, 7, 16), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&r, 8, 3), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_msi(&r, UINT32_MAX, UINT32_MAX), LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_msi(r.rig->vm, 1, 7, 3), LVGIC_E_NO_DEVICE);
    its_rig_free(&r);
}

static void one_message_kicks_once(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 0, 1, true);
    its_mapti(&r, 0, 0, 8192, 0);
    rig_enter(r.rig, 0);
    assert_int_equal(r.rig->kicks[0], 0);
    its_msi(&r, 0, 0);
    its_msi(&r, 0, 0);
    assert_int_equal(r.rig->kicks[0], 1);
    rig_turn(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    /* No active state: sent again before the completion, it is pending again. */
    its_msi(&r, 0, 0);
    rig_turn(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 1023); /* its priority is not dropped yet */
    rig_eoi(r.rig, 0, 8192);
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    rig_eoi(r.rig, 0, 8192);
    rig_exit(r.rig, 0);
    its_rig_free(&r);
}

static void mapi_has_the_events_number(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 1, 16, true);
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_MAPI, 8300, 0, 0);
    its_go(&r);
    assert_int_equal(its_msi(&r, 1, 8300), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8300);
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_MAPI, 100, 0, 0); /* not an LPI's number */
    its_go(&r);
    assert_int_equal(its_last_error(&r), ITS_E_MAPTI_PHYSICALID_OOR);
    its_rig_free(&r);
}

static void int_clear_inv_discard(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 2, 2, true);
    its_mapti(&r, 2, 1, 8193, 0);
    its_event_command(&r, ITS_CMD_INT, 2, 1);
    assert_true(lpi_pending(&r, 0, 8193));
    its_event_command(&r, ITS_CMD_CLEAR, 2, 1);
    assert_false(lpi_pending(&r, 0, 8193));
    /* The configuration is read at MAPTI and at INV, not in between. */
    its_config_byte(&r, 8193, 0x40);
    its_event_command(&r, ITS_CMD_INT, 2, 1);
    assert_int_equal(its_take(&r, 0), 8193);
    its_event_command(&r, ITS_CMD_INV, 2, 1);
    its_event_command(&r, ITS_CMD_INT, 2, 1);
    assert_int_equal(its_take(&r, 0), 1023); /* disabled, pending is kept */
    its_config_byte(&r, 8193, 0x41);
    its_event_command(&r, ITS_CMD_INV, 2, 1);
    assert_int_equal(its_take(&r, 0), 8193);
    its_event_command(&r, ITS_CMD_INT, 2, 1);
    its_event_command(&r, ITS_CMD_DISCARD, 2, 1);
    assert_false(lpi_pending(&r, 0, 8193));
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_msi(&r, 2, 1), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_errors(&r), 0);
    its_rig_free(&r);
}

static void priorities_come_from_the_table(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 2, 2, true);
    its_config_byte(&r, 8192, 0xff);
    its_config_byte(&r, 8193, 0x21);
    its_mapti(&r, 2, 0, 8192, 0);
    its_mapti(&r, 2, 1, 8193, 0);
    its_msi(&r, 2, 0);
    its_msi(&r, 2, 1);
    assert_int_equal(its_take(&r, 0), 8193);
    its_config_byte(&r, 8192, 0x11);
    its_invall(&r, 0);
    its_msi(&r, 2, 1);
    assert_int_equal(its_take(&r, 0), 8192);
    assert_int_equal(its_take(&r, 0), 8193);
    its_rig_free(&r);
}

static void movi_takes_pending_state_along(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 2, 2, true);
    its_mapti(&r, 2, 0, 8192, 0);
    its_msi(&r, 2, 0);
    its_movi(&r, 2, 0, 1);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 8192);
    /* Out of a list register of a vCPU that is in the guest. */
    rig_enter(r.rig, 1);
    its_msi(&r, 2, 0);
    rig_turn(r.rig, 1);
    its_movi(&r, 2, 0, 0);
    assert_true(r.rig->kicks[1] >= 1);
    rig_exit(r.rig, 1);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

static void mapc_moves_and_cuts(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 2, 3, true);
    for (unsigned i = 0; i < 4; i++)
        its_mapti(&r, 2, i, 8192 + i, i < 3 ? 0 : 5); /* collection 5 is not mapped yet */
    assert_int_equal(its_msi(&r, 2, 3), LVGIC_E_NO_ENTRY);
    its_msi(&r, 2, 0);
    /* Unmapped: nothing new arrives, what is pending stays. */
    its_mapc(&r, 0, 0, false);
    assert_int_equal(its_msi(&r, 2, 1), LVGIC_E_NO_ENTRY);
    assert_true(lpi_pending(&r, 0, 8192));
    /* MOVALL takes them along, and they stay cut off. */
    its_movall(&r, 0, 1);
    assert_int_equal(its_msi(&r, 2, 1), LVGIC_E_NO_ENTRY);
    its_movall(&r, 1, 0);
    assert_true(lpi_pending(&r, 0, 8192));
    /* Mapped elsewhere: everything goes there. */
    its_mapc(&r, 0, 1, true);
    assert_int_equal(its_msi(&r, 2, 1), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 8192);
    assert_int_equal(its_take(&r, 1), 8193);
    its_mapc(&r, 5, 0, true);
    assert_int_equal(its_msi(&r, 2, 3), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8195);
    assert_int_equal(its_errors(&r), 0);
    its_rig_free(&r);
}

static void movall_moves_all_of_one(void **state)
{
    struct lvgic_config config = its_config;

    config.nr_vcpus = 3;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 2, 3, true);
    for (unsigned i = 0; i < 6; i++) {
        its_mapti(&r, 2, i, 8192 + i, i % 3);
        its_msi(&r, 2, i);
    }
    its_movall(&r, 0, 1);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 8192);
    assert_int_equal(its_take(&r, 1), 8193);
    assert_int_equal(its_take(&r, 1), 8195);
    assert_int_equal(its_take(&r, 1), 8196);
    assert_int_equal(its_take(&r, 2), 8194);
    assert_int_equal(its_take(&r, 2), 8197);
    its_msi(&r, 2, 0);
    assert_int_equal(its_take(&r, 1), 8192);
    /* The collection's next mapping finds them where they are. */
    its_mapc(&r, 0, 2, true);
    its_msi(&r, 2, 0);
    assert_int_equal(its_take(&r, 2), 8192);
    its_rig_free(&r);
}

static void mapd_again_and_unmapped(void **state)
{
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    its_mapd(&r, 2, 3, true);
    its_mapti(&r, 2, 0, 8192, 0);
    its_msi(&r, 2, 0);
    its_mapd(&r, 2, 4, true); /* anew: its events are gone */
    assert_int_equal(its_msi(&r, 2, 0), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_take(&r, 0), 1023);
    its_mapti(&r, 2, 15, 8192, 0); /* the LPI is free again */
    assert_int_equal(its_msi(&r, 2, 15), LVGIC_OK);
    its_mapd(&r, 2, 1, false);
    assert_int_equal(its_msi(&r, 2, 15), LVGIC_E_NO_ENTRY);
    its_mapd(&r, 2, 1, false);
    assert_int_equal(its_errors(&r), 0);
    its_rig_free(&r);
}

/* Each error, by name; the queue goes on behind it. */
static void errors_are_skipped(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    uint64_t errors = 0;

#define EXPECT(error)                                  \
    do {                                               \
        assert_int_equal(its_last_error(&r), (error)); \
        assert_int_equal(its_errors(&r), ++errors);    \
    } while (0)

    (void)state;
    its_mapd(&r, 0x2000, 1, true); /* one page of 8192 entries */
    EXPECT(ITS_E_MAPD_DEVICE_OOR);
    its_mapd(&r, 1, 17, true);
    EXPECT(ITS_E_MAPD_ITTSIZE_OOR);
    its_mapc(&r, 0x2000, 0, true);
    EXPECT(ITS_E_MAPC_COLLECTION_OOR);
    its_mapc(&r, 0, 2, true);
    EXPECT(ITS_E_MAPC_PROCNUM_OOR);
    its_mapti(&r, 1, 0, 8192, 0);
    EXPECT(ITS_E_MAPTI_UNMAPPED_DEVICE);
    its_mapd(&r, 1, 1, true);
    its_mapti(&r, 1, 2, 8192, 0);
    EXPECT(ITS_E_MAPTI_ID_OOR);
    its_mapti(&r, 1, 0, 8191, 0);
    EXPECT(ITS_E_MAPTI_PHYSICALID_OOR);
    its_mapti(&r, 1, 0, 65536, 0);
    EXPECT(ITS_E_MAPTI_PHYSICALID_OOR);
    its_mapti(&r, 1, 0, 8192, 0);
    its_mapti(&r, 1, 1, 8192, 0); /* another event's */
    EXPECT(ITS_E_MAPTI_PHYSICALID_OOR);
    its_movi(&r, 1, 1, 0);
    EXPECT(ITS_E_MOVI_UNMAPPED_INTERRUPT);
    its_movi(&r, 1, 0, 9);
    EXPECT(ITS_E_MOVI_UNMAPPED_COLLECTION);
    its_event_command(&r, ITS_CMD_INT, 1, 1);
    EXPECT(ITS_E_INT_UNMAPPED_INTERRUPT);
    its_event_command(&r, ITS_CMD_CLEAR, 1, 1);
    EXPECT(ITS_E_CLEAR_UNMAPPED_INTERRUPT);
    its_event_command(&r, ITS_CMD_INV, 1, 1);
    EXPECT(ITS_E_INV_UNMAPPED_INTERRUPT);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 1);
    EXPECT(ITS_E_DISCARD_UNMAPPED_INTERRUPT);
    its_invall(&r, 9);
    EXPECT(ITS_E_INVALL_UNMAPPED_COLLECTION);
    its_movall(&r, 0, 2);
    EXPECT(ITS_E_MOVALL_PROCNUM_OOR);
    its_movall(&r, 2, 0);
    EXPECT(ITS_E_MOVALL_PROCNUM_OOR);
    its_put(&r, 0x42, 0, 0, 0);
    its_go(&r);
    EXPECT(ITS_E_UNKNOWN_COMMAND);
    /* SYNC of anything is fine, and so is an event that is mapped already: it keeps its LPI. */
    its_put(&r, ITS_CMD_SYNC, 0, ~UINT64_C(0), 0);
    its_mapti(&r, 1, 0, 8193, 0);
    assert_int_equal(its_errors(&r), errors);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

static void errors_stall_if_asked_to(void **state)
{
    struct lvgic_config config = its_config;

    config.its_stall = true;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    uint64_t at = r.head;

    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 0, 0, 0);
    its_put(&r, ITS_CMD_SYNC, 0, 0, 0);
    its_write(&r, 0x88, 8, r.head);
    assert_int_equal(its_read(&r, 0x90, 8), at | 1);
    assert_int_equal(its_errors(&r), 1);
    its_write(&r, 0x88, 8, r.head); /* without Retry nothing happens */
    assert_int_equal(its_read(&r, 0x90, 8), at | 1);
    assert_int_equal(its_errors(&r), 1);
    its_write(&r, 0x88, 8, r.head | 1); /* the same again */
    assert_int_equal(its_errors(&r), 2);
    memset(r.rig->ram + (QUEUE - RAM) + at, 0, 32);
    r.rig->ram[QUEUE - RAM + at] = ITS_CMD_SYNC;
    its_write(&r, 0x88, 8, r.head | 1);
    assert_int_equal(its_read(&r, 0x90, 8), r.head);
    assert_int_equal(its_errors(&r), 2);
    its_rig_free(&r);
}

static void the_queue_wraps(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    unsigned commands = QUEUE_PAGES * 4096 / 32;

    (void)state;
    its_mapd(&r, 1, 1, true);
    its_mapti(&r, 1, 0, 8192, 0);
    for (unsigned i = 0; i < 3 * commands; i++) {
        its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 0, 0, 0);
        if (i % 100 == 0)
            its_go(&r);
    }
    its_go(&r);
    assert_int_equal(its_errors(&r), 0);
    assert_int_equal(its_take(&r, 0), 8192);
    /* Beyond the queue: ignored. */
    its_write(&r, 0x88, 8, QUEUE_PAGES * 4096);
    assert_int_equal(its_read(&r, 0x88, 8), r.head);
    /* By halves. */
    its_put(&r, ITS_CMD_SYNC, 0, 0, 0);
    its_write(&r, 0x88, 4, r.head);
    assert_int_equal(its_read(&r, 0x90, 4), r.head);
    its_write(&r, 0x8c, 4, UINT32_MAX);
    assert_int_equal(its_read(&r, 0x88, 8), r.head);
    its_rig_free(&r);
}

static void enabling_and_disabling(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    uint64_t creadr = r.head;

    (void)state;
    its_mapd(&r, 1, 1, true);
    its_mapti(&r, 1, 0, 8192, 0);
    creadr = r.head;
    /* Registers that are ignored while it is enabled. */
    its_write(&r, 0x80, 8, 0);
    its_write(&r, 0x100, 8, 0);
    assert_int_equal(its_read(&r, 0x80, 8), GITS_BASER_VALID | QUEUE | (QUEUE_PAGES - 1));
    assert_true(its_read(&r, 0x100, 8) & GITS_BASER_VALID);
    assert_int_equal(its_read(&r, 0, 4), 1);
    its_write(&r, 0, 4, 0);
    assert_int_equal(its_read(&r, 0, 4), 0x80000000);
    /* Disabled: no messages, and commands wait. */
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_E_NO_ENTRY);
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 0, 0, 0);
    its_write(&r, 0x88, 8, r.head);
    assert_int_equal(its_read(&r, 0x90, 8), creadr);
    /* The same table again changes nothing. */
    its_write(&r, 0x100, 8, its_read(&r, 0x100, 8));
    its_write(&r, 0, 4, 1);
    assert_int_equal(its_read(&r, 0x90, 8), r.head);
    assert_int_equal(its_take(&r, 0), 8192);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    /* A new queue starts at 0. */
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x80, 8, GITS_BASER_VALID | QUEUE);
    assert_int_equal(its_read(&r, 0x88, 8), 0);
    assert_int_equal(its_read(&r, 0x90, 8), 0);
    /* It is enabled only with a queue and both tables. */
    its_write(&r, 0x80, 8, QUEUE);
    its_write(&r, 0, 4, 1);
    assert_int_equal(its_read(&r, 0, 4), 0x80000000);
    its_rig_free(&r);
}

static void two_level_tables(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    uint64_t level1 = DEVICE_TABLE, page = RAM + 0x200000, entry = GITS_BASER_VALID | page;

    (void)state;
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | GITS_BASER_INDIRECT | level1);
    its_write(&r, 0, 4, 1);
    its_mapd(&r, 0x4001, 1, true); /* its entry of level 1 is not valid */
    assert_int_equal(its_last_error(&r), ITS_E_MAPD_DEVICE_OOR);
    memcpy(r.rig->ram + (level1 - RAM) + 8 * 2, &entry, 8);
    its_mapd(&r, 0x4001, 1, true);
    assert_int_equal(its_errors(&r), 1);
    /* A page that is not in memory. */
    entry = GITS_BASER_VALID | UINT64_C(0x1000000000);
    memcpy(r.rig->ram + (level1 - RAM) + 8 * 3, &entry, 8);
    its_mapd(&r, 0x6001, 1, true);
    assert_int_equal(its_errors(&r), 2);
    its_rig_free(&r);
}

static void typer_says_what_there_is(void **state)
{
    struct lvgic_config config = its_config;

    config.its_device_bits = 8;
    config.its_collection_bits = 6;
    config.lpi_id_bits = 20;
    (void)state;
    struct its_rig r = its_rig_new(&its_config);
    assert_int_equal(its_read(&r, 8, 8), 1 | 7 << 4 | 15 << 8 | 15 << 13);
    assert_int_equal(rig_dist_read(r.rig, 4, 4) >> 17 & 0x7f, 1 | 15 << 2);
    assert_int_equal(rig_redist_read(r.rig, 0, 8, 8) & 9, 1);
    its_rig_free(&r);

    r = its_rig_new(&config);
    assert_int_equal(its_read(&r, 8, 8), 1 | 7 << 4 | 15 << 8 | 7 << 13 | UINT64_C(0x15) << 32);
    assert_int_equal(rig_dist_read(r.rig, 4, 4) >> 19 & 31, 19);
    assert_int_equal(rig_icc_read(r.rig, 0, SYSREG_ICC_CTLR_EL1) >> 11 & 7, 1); /* 24 bits */
    its_mapc(&r, 64, 0, true);
    assert_int_equal(its_last_error(&r), ITS_E_MAPC_COLLECTION_OOR);
    its_mapd(&r, 256, 1, true);
    assert_int_equal(its_last_error(&r), ITS_E_MAPD_DEVICE_OOR);
    its_mapd(&r, 255, 1, true);
    /* INTIDs of 20 bits; the table's IDbits decides what is read. */
    its_mapti(&r, 255, 0, 0xfffff, 0);
    assert_int_equal(its_errors(&r), 2);
    assert_false(lpi_pending(&r, 0, 0xfffff));
    its_msi(&r, 255, 0);
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_arrives),
        cmocka_unit_test(one_message_kicks_once),
        cmocka_unit_test(mapi_has_the_events_number),
        cmocka_unit_test(int_clear_inv_discard),
        cmocka_unit_test(priorities_come_from_the_table),
        cmocka_unit_test(movi_takes_pending_state_along),
        cmocka_unit_test(mapc_moves_and_cuts),
        cmocka_unit_test(movall_moves_all_of_one),
        cmocka_unit_test(mapd_again_and_unmapped),
        cmocka_unit_test(errors_are_skipped),
        cmocka_unit_test(errors_stall_if_asked_to),
        cmocka_unit_test(the_queue_wraps),
        cmocka_unit_test(enabling_and_disabling),
        cmocka_unit_test(two_level_tables),
        cmocka_unit_test(typer_says_what_there_is),
    };

    return cmocka_run_group_tests_name("its", tests, NULL, NULL);
}
