/* SPDX-License-Identifier: MIT */
/* Whoever saves tables waits for whoever works on LPIs, and the other way round. */
#include "itsrig.h"

#include <string.h>

#include "irq/vm.h"

static unsigned waits;

/* Stands for the thread that has the claim, and lets it go after a while. */
static void relax(void *ctx, lvgic_vcpuid v)
{
    struct rig *rig = ctx;

    assert_int_equal(v.n, 0);
    if (++waits % 5 == 0)
        atomic_store(&rig->vm->lpis.claim, 0);
}

static void another_has_the_claim(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 1, 1);
    struct lvgic_host host = *r.rig->vm->host;
    const struct lvgic_host *before = r.rig->vm->host;

    (void)state;
    host.relax = relax;
    r.rig->vm->host = &host;
    atomic_store(&r.rig->vm->lpis.claim, 1);
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_OK);
    assert_int_equal(waits, 5);
    assert_int_equal(its_entry_at(&r, ITTS + 0x1000, 0), 8192 << 16);
    atomic_store(&r.rig->vm->lpis.claim, 1);
    assert_int_equal(lvgic_save_pending_tables(r.rig->vm), LVGIC_OK);
    assert_int_equal(waits, 10);
    assert_int_equal(atomic_load(&r.rig->vm->lpis.claim), 0);
    r.rig->vm->host = before;
    its_rig_free(&r);
}

static unsigned told_broken;

static void broken(void *ctx, const char *what)
{
    struct rig *rig = ctx;

    assert_non_null(strstr(what, "callback"));
    told_broken++;
    atomic_store(&rig->vm->lpis.claim, 0);
}

/* Whoever has the claim is told, when he waits for himself. */
static void called_from_a_callback(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 1, 1);
    struct lvgic_host host = *r.rig->vm->host;
    const struct lvgic_host *before = r.rig->vm->host;

    (void)state;
    host.relax = NULL;
    host.broken = broken;
    r.rig->vm->host = &host;
    atomic_store(&r.rig->vm->lpis.claim, 1);
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_OK);
    assert_int_equal(told_broken, 1);
    r.rig->vm->host = before;
    its_rig_free(&r);
}

static bool asks;

/* Stands for a guest that writes a command while its tables are saved. */
static bool write_and_ask(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    struct rig *rig = ctx;
    struct its_rig r = {.rig = rig, .head = 0};

    (void)gpa, (void)data, (void)size;
    if (asks) {
        asks = false;
        r.head = its_read(&r, 0x88, 8);
        its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 0, 0, 0);
        its_write(&r, 0x88, 8, r.head);
        assert_false(lpi_pending(&r, 0, 8192));
    }
    return true;
}

/* What is asked for meanwhile is done afterwards; what waited before is not. */
static void asked_for_meanwhile(void **state)
{
    struct its_rig r = its_rig_with_events(&its_config, 1, 1);
    struct lvgic_host host = *r.rig->vm->host;
    const struct lvgic_host *before = r.rig->vm->host;

    (void)state;
    host.write_guest = write_and_ask;
    r.rig->vm->host = &host;
    asks = true;
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_OK);
    assert_true(lpi_pending(&r, 0, 8192));
    assert_int_equal(its_take(&r, 0), 8192);
    r.rig->vm->host = before;

    atomic_store(&r.rig->vm->lpis.claim, 1);
    its_put(&r, 0, 0, 0, 0); /* in the place of the one above */
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 0, 0, 0);
    its_write(&r, 0x88, 8, r.head);
    atomic_store(&r.rig->vm->lpis.claim, 0);
    assert_int_equal(lvgic_its_save_tables(r.rig->vm, 0), LVGIC_OK);
    assert_false(lpi_pending(&r, 0, 8192));
    assert_false(lvgic_its_run(r.rig->vm));
    assert_true(lpi_pending(&r, 0, 8192));
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_has_the_claim),
        cmocka_unit_test(called_from_a_callback),
        cmocka_unit_test(asked_for_meanwhile),
    };

    return cmocka_run_group_tests_name("ITS, claim", tests, NULL, NULL);
}
