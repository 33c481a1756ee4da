/* SPDX-License-Identifier: MIT */
/* What is pending, saved into the guest's pending tables. */
#include "itsrig.h"

#include <pthread.h>
#include <stdatomic.h>

struct sender {
    struct its_rig *r;
    _Atomic bool stop;
};

static void *send(void *arg)
{
    struct sender *sender = arg;

    for (unsigned i = 0; !atomic_load(&sender->stop); i++)
        its_msi(sender->r, 1, i % 16);
    return NULL;
}

static bool pending_bit(const struct its_rig *r, unsigned cpu, unsigned intid)
{
    return r->rig->ram[PENDING_TABLE - RAM + cpu * 0x10000 + intid / 8] >> intid % 8 & 1;
}

/* K12: pending tables are saved while messages arrive and events come and go. */
static void k12_pending_saved_while_messages_arrive(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 0, 1), to;
    struct sender sender = {.r = &r};
    pthread_t thread;

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        its_mapti(&r, 1, i, 8192 + i, i % 2);
    pthread_create(&thread, NULL, send, &sender);
    for (unsigned i = 0; i < 300; i++) {
        its_event_command(&r, ITS_CMD_DISCARD, 1, i % 16);
        assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
        its_mapti(&r, 1, i % 16, 8192 + i % 16, i % 2);
        its_event_command(&r, ITS_CMD_CLEAR, 1, (i + 5) % 16);
    }
    atomic_store(&sender.stop, true);
    pthread_join(thread, NULL);
    its_event_command(&r, ITS_CMD_CLEAR, 1, 3);
    its_event_command(&r, ITS_CMD_INT, 1, 4);
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_OK);
    assert_false(pending_bit(&r, 0, 8195) || pending_bit(&r, 1, 8195));
    to = its_rig_another(&r);
    assert_int_equal(lvgic_its_restore_tables(to.rig->vm, 0), LVGIC_OK);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(lpi_pending(&to, 0, 8192 + i), lpi_pending(&r, 0, 8192 + i));
        assert_false(pending_bit(&to, 0, 8192 + i) || pending_bit(&to, 1, 8192 + i));
    }
    assert_true(lpi_pending(&to, 0, 8196));
    its_rig_free(&to);
    its_rig_free(&r);
}

/* What a list register has is saved, too; and it goes with the collection, as a restore does. */
static void pending_in_a_list_register(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 2, 1);

    (void)state;
    its_msi(&r, 1, 0);
    its_msi(&r, 1, 1);
    rig_enter(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    r.rig->relax_exits = true;
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_false(pending_bit(&r, 0, 8192));
    assert_true(pending_bit(&r, 0, 8193));
    r.rig->relax_exits = false;
    its_movall(&r, 0, 1);
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_true(pending_bit(&r, 0, 8193));
    assert_int_equal(its_take(&r, 1), 8193);
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_false(pending_bit(&r, 0, 8193) || pending_bit(&r, 1, 8193));
    its_rig_free(&r);
}

/* The table of a redistributor that is disabled is the guest's; and so is what is beyond IDbits. */
static void pending_tables_that_are_not_ours(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 1, 1);
    uint8_t *byte = &r.rig->ram[PENDING_TABLE - RAM + 8192 / 8];

    (void)state;
    lpis_enable(&r, 0, false);
    *byte = 1;
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_int_equal(*byte, 1);
    rig_redist_write(r.rig, 0, 0x70, 8, CONFIG_TABLE | 12); /* LPIs need 14 bits */
    lpis_enable(&r, 0, true);
    its_msi(&r, 1, 0);
    *byte = 0;
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_int_equal(*byte, 0);
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k12_pending_saved_while_messages_arrive),
        cmocka_unit_test(pending_in_a_list_register),
        cmocka_unit_test(pending_tables_that_are_not_ours),
    };

    return cmocka_run_group_tests_name("ITS, pending tables", tests, NULL, NULL);
}
