/* SPDX-License-Identifier: MIT */
/* Device attributes of ITSs, and of redistributors as far as they are about LPIs. */
#include "itsrig.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "its/its.h"
#include "lvgic/state.h"

#define REGS LVGIC_ITS_ATTR_ITS_REGS
#define ITS_FRAME UINT64_C(0x8080000)

enum { CTLR = 0, IIDR = 4, TYPER = 8, CBASER = 0x80, CWRITER = 0x88, CREADR = 0x90, BASER = 0x100 };

static int set(struct its_rig *r, uint32_t group, uint64_t attr, uint64_t value)
{
    return lvgic_its_attr_set(r->rig->vm, r->its, group, attr, value);
}

static uint64_t get(struct its_rig *r, uint64_t attr)
{
    uint64_t value = 0;

    assert_int_equal(lvgic_its_attr_get(r->rig->vm, r->its, REGS, attr, &value), LVGIC_OK);
    return value;
}

static void put(struct its_rig *r, uint64_t attr, uint64_t value)
{
    assert_int_equal(set(r, REGS, attr, value), LVGIC_OK);
}

static uint64_t redist_get(struct its_rig *r, unsigned cpu, uint32_t offset)
{
    uint64_t value = 0;

    assert_int_equal(lvgic_attr_get(r->rig->vm, LVGIC_ATTR_REDIST_REGS,
                                    LVGIC_ATTR_AFFINITY(cpu) | offset, &value),
                     LVGIC_OK);
    return value;
}

static void redist_put(struct its_rig *r, unsigned cpu, uint32_t offset, uint64_t value)
{
    assert_int_equal(lvgic_attr_set(r->rig->vm, LVGIC_ATTR_REDIST_REGS,
                                    LVGIC_ATTR_AFFINITY(cpu) | offset, value),
                     LVGIC_OK);
}

/* Stored as it is written, whatever else is set; and nothing begins. */
static void registers_are_state(void **state)
{
    static const struct {
        uint32_t offset;
        uint64_t value, back;
    } cases[] = {
        {CTLR, 1, 1},
        {0x40, 0xff, 0xf},
        {CWRITER, 0xfffe0, 0xfffe0},
        {CREADR, 0x12345, 0x12340},
        {CBASER, UINT64_MAX, GITS_CBASER_KEPT},
        {BASER, GITS_BASER_VALID | RAM, GITS_BASER_VALID | RAM | GITS_BASER_FIXED(1)},
        {BASER + 8, 0, GITS_BASER_FIXED(4)},
    };
    struct its_rig r = its_rig_new(&its_config);

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            put(&r, cases[i].offset, cases[i].value);
            assert_int_equal(get(&r, cases[i].offset), cases[i].back);
        }
        for (size_t i = 1; i < ARRAY_LEN(cases); i++)
            assert_int_equal(get(&r, cases[i].offset), cases[i].back);
    }
    assert_int_equal(get(&r, TYPER), its_read(&r, TYPER, 8));
    assert_int_equal(get(&r, 0xffe8), 0x3b);
    assert_int_equal(get(&r, BASER + 0x38), 0);
    /* With the reader beyond the queue nothing is carried out, and there is an end of it. */
    put(&r, CBASER, GITS_BASER_VALID | QUEUE);
    assert_false(lvgic_its_run(r.rig->vm));
    put(&r, CREADR, 0);
    assert_false(lvgic_its_run(r.rig->vm));
    its_rig_free(&r);
}

static void what_is_not_there(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    struct lvgic_vm *vm = r.rig->vm;
    uint64_t value = 77;

    (void)state;
    assert_int_equal(lvgic_its_attr_has(vm, 1, REGS, 0), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_get(vm, 1, REGS, 0, &value), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_set(vm, 1, REGS, 0, 0), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_get(vm, 0, REGS, 0, NULL), LVGIC_E_INVALID);
    for (uint32_t group = 0; group < 12; group++)
        if (group != 0 && group != 4 && group != REGS)
            assert_int_equal(lvgic_its_attr_has(vm, 0, group, 0), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_get(vm, 0, 3, 0, &value), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_set(vm, 0, 3, 0, 0), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_has(vm, 0, REGS, 0x84), LVGIC_E_INVALID); /* half of one */
    assert_int_equal(lvgic_its_attr_has(vm, 0, REGS, 0x81), LVGIC_E_INVALID);
    assert_int_equal(lvgic_its_attr_has(vm, 0, REGS, 0x200), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_has(vm, 0, REGS, 0x10040), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_has(vm, 0, REGS, BIT64(32)), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_attr_has(vm, 0, LVGIC_ITS_ATTR_ADDR, 3), LVGIC_E_NO_DEVICE);
    for (uint64_t attr = 0; attr < 6; attr++) {
        bool there = attr != LVGIC_ATTR_CTRL_SAVE_PENDING_TABLES && attr < 5;

        assert_int_equal(lvgic_its_attr_has(vm, 0, LVGIC_ITS_ATTR_CTRL, attr),
                         there ? LVGIC_OK : LVGIC_E_NO_DEVICE);
        assert_int_equal(lvgic_its_attr_get(vm, 0, LVGIC_ITS_ATTR_CTRL, attr, &value),
                         LVGIC_E_NO_DEVICE);
    }
    assert_int_equal(value, 77);
    /* Read-only ones, and what does not fit. */
    assert_int_equal(set(&r, REGS, TYPER, get(&r, TYPER)), LVGIC_OK);
    assert_int_equal(set(&r, REGS, TYPER, 0), LVGIC_E_INVALID);
    assert_int_equal(set(&r, REGS, IIDR, get(&r, IIDR)), LVGIC_OK);
    assert_int_equal(set(&r, REGS, IIDR, get(&r, IIDR) ^ BIT64(24)), LVGIC_E_INVALID);
    assert_int_equal(set(&r, REGS, CTLR, BIT64(32)), LVGIC_E_INVALID);
    its_rig_free(&r);
}

static void as_kvm_has_them(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r;

    (void)state;
    config.kvm_attributes = true;
    r = its_rig_new(&config);
    assert_int_equal(lvgic_its_attr_has(r.rig->vm, 0, REGS, CTLR), LVGIC_OK);
    assert_int_equal(set(&r, REGS, CTLR, 0), LVGIC_E_NO_DEVICE); /* it has no address */
    assert_int_equal(set(&r, LVGIC_ITS_ATTR_ADDR, LVGIC_ATTR_ADDR_ITS, ITS_FRAME), LVGIC_OK);
    put(&r, CTLR, BIT64(32) | 1);
    assert_int_equal(get(&r, CTLR) & 1, 1);
    put(&r, TYPER, 0);
    put(&r, IIDR, 0);
    assert_int_equal(set(&r, REGS, IIDR, 0x1000), LVGIC_E_INVALID);
    assert_int_equal(lvgic_attr_has(r.rig->vm, LVGIC_ATTR_CTRL, 3), LVGIC_OK);
    its_rig_free(&r);
}

static void addresses(void **state)
{
    struct lvgic_config config = its_config;
    struct its_rig r;
    uint64_t value;

    (void)state;
    config.nr_its = 2;
    r = its_rig_new(&config);
    for (r.its = 0; r.its < 2; r.its++) {
        uint64_t base = ITS_FRAME + r.its * GITS_SIZE;

        assert_int_equal(lvgic_its_attr_get(r.rig->vm, r.its, 0, 4, &value), LVGIC_E_NO_ENTRY);
        assert_int_equal(set(&r, 0, 3, base), LVGIC_E_NO_DEVICE);
        assert_int_equal(set(&r, 0, 4, base + 0x1000), LVGIC_E_INVALID);
        assert_int_equal(set(&r, 0, 4, BIT64(40) - 0x10000), LVGIC_E_TOO_BIG);
        assert_int_equal(set(&r, 0, 4, base), LVGIC_OK);
        assert_int_equal(set(&r, 0, 4, base), LVGIC_E_EXISTS);
        assert_int_equal(lvgic_its_attr_get(r.rig->vm, r.its, 0, 4, &value), LVGIC_OK);
        assert_int_equal(value, base);
    }
    assert_int_equal(
        lvgic_attr_set(r.rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, ITS_FRAME + GITS_SIZE),
        LVGIC_E_INVALID);
    assert_int_equal(
        lvgic_attr_set(r.rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, ITS_FRAME - 0x10000),
        LVGIC_OK);
    its_rig_free(&r);
}

/* ------------------------------------------------------------------ tables */

static struct its_rig with_events(void)
{
    struct its_rig r = its_rig_with_events(&its_config, 8, 2);

    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(its_msi(&r, 1, i), LVGIC_OK);
    return r;
}

static int act(struct its_rig *r, enum lvgic_attr_ctrl what)
{
    return set(r, LVGIC_ITS_ATTR_CTRL, what, 0);
}

/* What is set for a restore, in any order but for those that need what is before them. */
struct step {
    uint32_t redist; /* 0: of the ITS */
    uint32_t offset;
    uint64_t value;
};
enum { OF_ITS, OF_REDIST0, OF_REDIST1, TABLES };

static void take_step(struct its_rig *to, const struct step *step)
{
    if (step->redist == TABLES)
        assert_int_equal(act(to, LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES), LVGIC_OK);
    else if (step->redist)
        redist_put(to, step->redist - OF_REDIST0, step->offset, step->value);
    else
        put(to, step->offset, step->value);
}

/* A VM is restored by attributes in 400 orders: what is pending arrives, what is mapped is, and a
 * command that waited in the queue is carried out. */
static void restored_in_any_order(void **state)
{
    struct its_rig r = with_events();
    uint32_t random = 1;

    (void)state;
    put(&r, CTLR, 0);
    its_put(&r, UINT64_C(1) << 32 | ITS_CMD_INT, 7, 0, 0);
    its_write(&r, CWRITER, 8, r.head);
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_SAVE_TABLES), LVGIC_OK);
    assert_int_equal(lvgic_attr_set(r.rig->vm, LVGIC_ATTR_CTRL, 3, 0), LVGIC_OK);
    for (unsigned round = 0; round < 400; round++) {
        struct step steps[] = {
            {OF_ITS, BASER, get(&r, BASER)},
            {OF_ITS, BASER + 8, get(&r, BASER + 8)},
            {TABLES, 0, 0},
            {OF_ITS, CBASER, get(&r, CBASER)},
            {OF_ITS, CWRITER, get(&r, CWRITER)},
            {OF_ITS, CREADR, get(&r, CREADR)},
            {OF_ITS, IIDR, get(&r, IIDR)},
            {OF_REDIST0, 0x70, redist_get(&r, 0, 0x70)},
            {OF_REDIST0, 0x74, redist_get(&r, 0, 0x74)},
            {OF_REDIST0, 0x78, redist_get(&r, 0, 0x78)},
            {OF_REDIST0, 0x7c, redist_get(&r, 0, 0x7c)},
            {OF_REDIST0, 0, redist_get(&r, 0, 0)},
            {OF_REDIST1, 0x70, redist_get(&r, 1, 0x70)},
            {OF_REDIST1, 0x78, redist_get(&r, 1, 0x78)},
            {OF_REDIST1, 0, redist_get(&r, 1, 0)},
        };
        struct its_rig to = {.rig = rig_with(&its_config)};
        unsigned last = ARRAY_LEN(steps) - 1, done = 0;

        memcpy(to.rig->ram, r.rig->ram, RAM_SIZE);
        for (unsigned i = last; i > 0; i--) {
            unsigned j = (random = random * 1664525 + 1013904223) / 65536 % (i + 1);
            struct step step = steps[i];

            steps[i] = steps[j], steps[j] = step;
        }
        /* The tables come after where they are. */
        for (unsigned i = 0, tables = 0; i <= last; i++) {
            done += steps[i].redist == OF_ITS && (steps[i].offset & ~8u) == BASER;
            tables += steps[i].redist == TABLES;
            if (steps[i].redist != TABLES)
                take_step(&to, &steps[i]);
            if (tables && done == 2) {
                take_step(&to, &(struct step){TABLES, 0, 0});
                tables = 0, done = 3;
            }
        }
        put(&to, CTLR, 1);
        lvgic_its_run(to.rig->vm);
        assert_int_equal(get(&to, CREADR), r.head);
        for (unsigned cpu = 0; cpu < 2; cpu++) {
            unsigned intid, taken = 0;

            while ((intid = its_take(&to, cpu)) != 1023)
                taken |= 1u << (intid - 8192);
            assert_int_equal(taken, cpu ? 0x8a : 0x05);
        }
        assert_int_equal(its_msi(&to, 1, 6), LVGIC_OK);
        assert_int_equal(its_take(&to, 0), 8198);
        its_rig_free(&to);
    }
    its_rig_free(&r);
}

/* K16: a restore that fails leaves the ITS as it was. */
static void k16_a_failing_restore_changes_nothing(void **state)
{
    struct its_rig r = with_events(), to;
    uint8_t *before, *after;
    size_t before_size, after_size;

    (void)state;
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_SAVE_TABLES), LVGIC_OK);
    to = (struct its_rig){.rig = rig_with(&its_config)};
    memcpy(to.rig->ram, r.rig->ram, RAM_SIZE);
    to.rig->ram[ITTS + 0x1000 - RAM + 7 * 8] = 9; /* the last event's collection */
    put(&to, BASER, get(&r, BASER));
    put(&to, BASER + 8, get(&r, BASER + 8));
    put(&to, CTLR, 1);
    before = world_save(to.rig, &before_size);
    assert_int_equal(act(&to, LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES), LVGIC_E_INVALID);
    after = world_save(to.rig, &after_size);
    snapshot_assert_same(before, before_size, after, after_size);
    assert_int_equal(to.rig->told.mapped, 0);
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES), LVGIC_E_PHASE);
    free(before), free(after);
    its_rig_free(&to);
    its_rig_free(&r);
}

/* K11: another table by attribute: what was mapped goes, and is not saved into it. */
static void k11_another_table_by_attribute(void **state)
{
    struct its_rig r = with_events();

    (void)state;
    put(&r, BASER, get(&r, BASER));
    assert_int_equal(r.rig->told.unmapped, 0);
    put(&r, BASER, GITS_BASER_VALID | (DEVICE_TABLE + 0x100000));
    assert_int_equal(r.rig->told.unmapped, 8);
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_SAVE_TABLES), LVGIC_OK);
    for (unsigned i = 0; i < 0x10000; i++)
        assert_int_equal(r.rig->ram[DEVICE_TABLE + 0x100000 - RAM + i], 0);
    its_rig_free(&r);
}

static void reset_of_an_its(void **state)
{
    struct its_rig r = with_events();
    struct its_rig fresh = {.rig = rig_with(&its_config)};

    (void)state;
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_INIT), LVGIC_OK);
    set(&r, LVGIC_ITS_ATTR_ADDR, LVGIC_ATTR_ADDR_ITS, ITS_FRAME);
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_RESET), LVGIC_OK);
    assert_int_equal(r.rig->told.unmapped, 8);
    for (uint32_t offset = 0; offset < 0x140; offset += 8)
        if (lvgic_its_attr_has(r.rig->vm, 0, REGS, offset) == LVGIC_OK)
            assert_int_equal(get(&r, offset), get(&fresh, offset));
    assert_int_equal(its_msi(&r, 1, 5), LVGIC_E_NO_ENTRY);
    assert_int_equal(set(&r, LVGIC_ITS_ATTR_ADDR, LVGIC_ATTR_ADDR_ITS, ITS_FRAME), LVGIC_E_EXISTS);
    its_rig_free(&fresh);
    its_rig_free(&r);
}

static void actions_that_cannot_be_done(void **state)
{
    struct its_rig r = with_events();
    struct lvgic_host host = *r.rig->vm->host;
    const struct lvgic_host *before = r.rig->vm->host;

    (void)state;
    host.write_guest = NULL;
    r.rig->vm->host = &host;
    assert_int_equal(act(&r, LVGIC_ATTR_CTRL_ITS_SAVE_TABLES), LVGIC_E_INVALID);
    assert_int_equal(lvgic_attr_set(r.rig->vm, LVGIC_ATTR_CTRL, 3, 0), LVGIC_E_INVALID);
    assert_int_equal(lvgic_attr_set(r.rig->vm, LVGIC_ATTR_CTRL, 1, 0), LVGIC_E_NO_DEVICE);
    r.rig->vm->host = before;
    its_rig_free(&r);
}

/* ------------------------------------------------------------------ redistributors */

/* Done when the call returns, also while vCPUs run, and while the guest is at it itself. */
static void enabled_and_disabled_at_once(void **state)
{
    struct its_rig r = with_events();

    (void)state;
    r.rig->relax_exits = true;
    rig_enter(r.rig, 0);
    redist_put(&r, 0, 0, 0);
    assert_int_equal(redist_get(&r, 0, 0) & 9, 0);
    redist_put(&r, 0, 0, 1);
    assert_int_equal(redist_get(&r, 0, 0) & 9, 1);
    redist_put(&r, 0, 0, 1);
    assert_int_equal(its_take(&r, 0), 1023); /* what was pending went with the disabling */

    rig_enter(r.rig, 1);
    atomic_store(&r.rig->vm->lpis.claim, 1); /* somebody is at it, */
    lpis_enable(&r, 1, false);
    atomic_store(&r.rig->vm->lpis.claim, 0); /* and has not come to this */
    assert_int_equal(redist_get(&r, 1, 0) & 9, 8);
    redist_put(&r, 1, 0, 1);
    assert_int_equal(redist_get(&r, 1, 0) & 9, 1);
    assert_int_equal(its_msi(&r, 1, 5), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 8197);
    assert_int_equal(its_take(&r, 1), 1023);
    /* The guest itself cannot change a base now; a VMM can. */
    rig_redist_write(r.rig, 1, 0x70, 8, 0);
    assert_int_equal(redist_get(&r, 1, 0x70), (CONFIG_TABLE | 15) & UINT32_MAX);
    redist_put(&r, 1, 0x70, (CONFIG_TABLE + 0x300000) | 15);
    redist_put(&r, 1, 0x78, (PENDING_TABLE + 0x300000));
    lvgic_its_run(r.rig->vm);
    assert_int_equal(its_msi(&r, 1, 7), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 1023); /* disabled in that table */
    assert_int_equal(redist_get(&r, 1, 0xc0), 0);
    its_rig_free(&r);
}

static void reset_of_a_vcpu_disables_its_lpis(void **state)
{
    struct its_rig r = with_events();

    (void)state;
    assert_int_equal(lvgic_vcpu_reset(r.rig->vm, LVGIC_VCPU(0)), LVGIC_OK);
    assert_int_equal(redist_get(&r, 0, 0) & 9, 0);
    assert_int_equal(redist_get(&r, 0, 0x70), 0);
    assert_int_equal(its_msi(&r, 1, 4), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_take(&r, 1), 8193);
    /* And they can be used again: nothing that was pending comes. */
    rig_redist_write(r.rig, 0, 0x70, 8, CONFIG_TABLE | 15);
    lpis_enable(&r, 0, true);
    rig_icc_write(r.rig, 0, SYSREG_ICC_PMR_EL1, 0xff);
    rig_icc_write(r.rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_msi(&r, 1, 4), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8196);
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_state),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(as_kvm_has_them),
        cmocka_unit_test(addresses),
        cmocka_unit_test(restored_in_any_order),
        cmocka_unit_test(k16_a_failing_restore_changes_nothing),
        cmocka_unit_test(k11_another_table_by_attribute),
        cmocka_unit_test(reset_of_an_its),
        cmocka_unit_test(actions_that_cannot_be_done),
        cmocka_unit_test(enabled_and_disabled_at_once),
        cmocka_unit_test(reset_of_a_vcpu_disables_its_lpis),
    };

    return cmocka_run_group_tests_name("attributes of ITSs", tests, NULL, NULL);
}
