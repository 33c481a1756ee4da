/* SPDX-License-Identifier: MIT */
/* The redistributor's side of LPIs: EnableLPIs, tables in guest memory, INVLPIR and its like,
 * DirectLPI; the life of a slot; the GICv2m frame. */
#include "itsrig.h"

#include "deliver/lpi.h"
#include "irq/slots.h"

#define RWP 8u
#define CES_IR 6u

static uint64_t gicr_ctlr(struct its_rig *r, unsigned cpu)
{
    return rig_redist_read(r->rig, cpu, 0, 4);
}

/* Device 1, events 0 to 3, LPIs 8192 to 8195 on vCPU 0. */
static struct its_rig with_lpis(void)
{
    struct its_rig r = its_rig_new(&its_config);

    its_mapd(&r, 1, 2, true);
    for (unsigned i = 0; i < 4; i++)
        its_mapti(&r, 1, i, 8192 + i, 0);
    assert_int_equal(its_errors(&r), 0);
    return r;
}

static void disabling_forgets_what_is_pending(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR | 1);
    its_msi(&r, 1, 0);
    lpis_enable(&r, 0, false);
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR); /* nobody is in the guest: done at once */
    assert_false(lpi_pending(&r, 0, 8192));
    assert_int_equal(its_msi(&r, 1, 1), LVGIC_E_NO_ENTRY);
    assert_int_equal(its_take(&r, 0), 1023);
    lpis_enable(&r, 0, true);
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR | 1);
    assert_int_equal(its_take(&r, 0), 1023); /* nothing is resurrected, */
    for (unsigned i = 0; i < 20; i++) {      /* however often */
        lpis_enable(&r, 0, false);
        lpis_enable(&r, 0, true);
        assert_false(lpi_pending(&r, 0, 8192));
        assert_int_equal(its_take(&r, 0), 1023);
    }
    assert_int_equal(its_msi(&r, 1, 1), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8193); /* and nothing new is lost */
    its_rig_free(&r);
}

/* One in a list register of the vCPU, one waiting: RWP until it has been out. */
static void disabling_while_in_a_list_register(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    its_msi(&r, 1, 0);
    rig_enter(r.rig, 0);
    its_msi(&r, 1, 1);
    unsigned kicks = r.rig->kicks[0];
    lpis_enable(&r, 0, false);
    assert_true(r.rig->kicks[0] >= kicks);
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR | RWP);
    lpis_enable(&r, 0, true); /* not heard before RWP is 0 */
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR | RWP);
    rig_exit(r.rig, 0);
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR);
    lpis_enable(&r, 0, true);
    assert_int_equal(gicr_ctlr(&r, 0), CES_IR | 1);
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

/* GICR_PROPBASER.IDbits says which LPIs there are, also of those that were configured before. */
static void a_smaller_configuration_table(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    lpis_enable(&r, 0, false);
    rig_redist_write(r.rig, 0, 0x70, 8, CONFIG_TABLE | 12); /* 13 bits: not one LPI */
    lpis_enable(&r, 0, true);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 1023);
    its_event_command(&r, ITS_CMD_INV, 1, 0);
    assert_int_equal(its_take(&r, 0), 1023);
    lpis_enable(&r, 0, false);
    rig_redist_write(r.rig, 0, 0x70, 8, CONFIG_TABLE | 13);
    lpis_enable(&r, 0, true);
    assert_int_equal(its_take(&r, 0), 1023);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

/* In a list register of another vCPU, from which it was moved. */
static void disabling_while_in_another_vcpus_list_register(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    its_msi(&r, 1, 0);
    rig_enter(r.rig, 0);
    its_movi(&r, 1, 0, 1);
    lpis_enable(&r, 1, false);
    assert_int_equal(gicr_ctlr(&r, 1), CES_IR | RWP);
    rig_exit(r.rig, 0);
    assert_int_equal(gicr_ctlr(&r, 1), CES_IR);
    lpis_enable(&r, 1, true);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 1023);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 1), 8192);
    its_rig_free(&r);
}

/* Acknowledged before LPIs are disabled: the guest completes as usual. */
static void disabling_after_the_acknowledge(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    its_msi(&r, 1, 0);
    rig_enter(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    its_msi(&r, 1, 0); /* and again */
    lpis_enable(&r, 0, false);
    rig_turn(r.rig, 0);
    rig_eoi(r.rig, 0, 8192);
    assert_int_equal(rig_ack(r.rig, 0), 1023);
    assert_int_equal(rig_icc_read(r.rig, 0, SYSREG_ICC_RPR_EL1), 0xff);
    rig_exit(r.rig, 0);
    its_rig_free(&r);
}

static void moved_to_a_disabled_redistributor(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    lpis_enable(&r, 1, false);
    its_msi(&r, 1, 0);
    its_movi(&r, 1, 0, 1);
    lpis_enable(&r, 1, true);
    assert_int_equal(its_take(&r, 1), 1023);
    /* While disabled nothing arrives; the other way round it works at once. */
    its_movi(&r, 1, 0, 0);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

static void base_registers(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    rig_redist_write(r.rig, 0, 0x70, 8, 0);
    rig_redist_write(r.rig, 0, 0x78, 8, 0);
    assert_int_equal(rig_redist_read(r.rig, 0, 0x70, 8), CONFIG_TABLE | 15);
    assert_int_equal(rig_redist_read(r.rig, 0, 0x78, 8), PENDING_TABLE);
    lpis_enable(&r, 0, false);
    rig_redist_write(r.rig, 0, 0x70, 8, ~UINT64_C(0));
    assert_int_equal(rig_redist_read(r.rig, 0, 0x70, 8), UINT64_C(0x070fffffffffff9f));
    rig_redist_write(r.rig, 0, 0x74, 4, 0);
    assert_int_equal(rig_redist_read(r.rig, 0, 0x70, 8), 0xffffff9f);
    rig_redist_write(r.rig, 0, 0x78, 8, ~UINT64_C(0));
    assert_int_equal(rig_redist_read(r.rig, 0, 0x78, 8), UINT64_C(0x070fffffffff0f80));
    its_rig_free(&r);
}

/* Enabling reads the configuration, and takes what the pending table has, once. */
static void enabling_reads_the_tables(void **state)
{
    struct its_rig r = with_lpis();
    uint8_t *pending = r.rig->ram + (PENDING_TABLE - RAM) + 8192 / 8;

    (void)state;
    lpis_enable(&r, 0, false);
    its_config_byte(&r, 8193, 0x80);
    *pending = 0xff;
    lpis_enable(&r, 0, true);
    assert_int_equal(*pending, 0xf0); /* four are mapped */
    assert_int_equal(its_take(&r, 0), 8192);
    assert_int_equal(its_take(&r, 0), 8194); /* 8193 is disabled */
    assert_int_equal(its_take(&r, 0), 8195);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_true(lpi_pending(&r, 0, 8193));
    /* One that is mapped later finds its bit, too. */
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    its_mapti(&r, 1, 0, 8196, 0);
    assert_int_equal(*pending, 0xe0);
    assert_int_equal(its_take(&r, 0), 8196);
    /* PTZ says that there is nothing to read. */
    lpis_enable(&r, 0, false);
    rig_redist_write(r.rig, 0, 0x78, 8, PENDING_TABLE | UINT64_C(1) << 62);
    *pending = 0xff;
    lpis_enable(&r, 0, true);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(*pending, 0xff);
    its_rig_free(&r);
}

/* The guest's memory goes away at any time: what cannot be read stays as it was. */
static void tables_that_are_not_there(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    r.rig->ram_end = CONFIG_TABLE;
    its_event_command(&r, ITS_CMD_INV, 1, 0);
    its_invall(&r, 0);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    lpis_enable(&r, 0, false);
    lpis_enable(&r, 0, true);
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

static void invlpir_invallr_syncr(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        its_msi(&r, 1, i);
    for (unsigned i = 0; i < 4; i++)
        its_config_byte(&r, 8192 + i, 0x80);
    rig_redist_write(r.rig, 0, 0xa0, 8, 8192);
    assert_int_equal(its_take(&r, 0), 8193);
    rig_redist_write(r.rig, 1, 0xa0, 4, 8194); /* another's register: any LPI */
    rig_redist_write(r.rig, 1, 0xa4, 4, 8195); /* the upper half alone does nothing */
    rig_redist_write(r.rig, 1, 0xb0, 8, 0);    /* all of vCPU 1: none */
    assert_int_equal(its_take(&r, 0), 8195);
    its_msi(&r, 1, 3);
    rig_redist_write(r.rig, 0, 0xb0, 8, 0);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(rig_redist_read(r.rig, 0, 0xc0, 4), 0);
    /* Not while disabled. */
    lpis_enable(&r, 0, false);
    unsigned reads = r.rig->guest_reads;
    rig_redist_write(r.rig, 0, 0xa0, 8, 8192);
    rig_redist_write(r.rig, 0, 0xb0, 8, 0);
    assert_int_equal(r.rig->guest_reads, reads);
    its_rig_free(&r);
}

/* Two that are asked for while somebody else has the claim: neither is forgotten. */
static void invlpir_while_the_claim_is_taken(void **state)
{
    struct its_rig r = with_lpis();

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        its_msi(&r, 1, i);
        its_config_byte(&r, 8192 + i, 0x80);
    }
    atomic_store(&r.rig->vm->lpis.claim, 1);
    rig_redist_write(r.rig, 1, 0xa0, 8, 8192);
    rig_redist_write(r.rig, 1, 0xa0, 8, 8193);
    assert_int_equal(rig_redist_read(r.rig, 1, 0xc0, 4), 1);
    atomic_store(&r.rig->vm->lpis.claim, 0);
    assert_int_equal(rig_redist_read(r.rig, 1, 0xc0, 4), 0);
    for (unsigned i = 0; i < 2; i++) {
        unsigned intid = its_take(&r, 0);

        assert_true(intid != 8192 && intid != 8193);
    }
    its_rig_free(&r);
}

/* Without an ITS: each vCPU has LPIs of its own. */
static void direct_lpis(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32, .nr_lpis = 16};
    struct its_rig r = its_rig_new(&config);

    (void)state;
    assert_int_equal(rig_redist_read(r.rig, 0, 8, 8) & 9, 9); /* PLPIS, DirectLPI */
    rig_redist_write(r.rig, 0, 0x40, 8, 8193);
    rig_redist_write(r.rig, 1, 0x40, 4, 8194);
    rig_redist_write(r.rig, 1, 0x40, 8, 8193);
    rig_redist_write(r.rig, 1, 0x40, 8, 8192 + 16);
    rig_redist_write(r.rig, 1, 0x40, 8, 33);
    assert_int_equal(its_take(&r, 0), 8193);
    assert_int_equal(its_take(&r, 0), 1023);
    rig_redist_write(r.rig, 1, 0x48, 8, 8194);
    assert_int_equal(its_take(&r, 1), 8193);
    assert_int_equal(its_take(&r, 1), 1023);
    /* Configuration, and disabling. */
    its_config_byte(&r, 8193, 0);
    rig_redist_write(r.rig, 0, 0xa0, 8, 8193);
    rig_redist_write(r.rig, 0, 0x40, 8, 8193);
    rig_redist_write(r.rig, 1, 0x40, 8, 8193);
    assert_int_equal(its_take(&r, 0), 1023);
    assert_int_equal(its_take(&r, 1), 8193); /* which has not been told */
    rig_redist_write(r.rig, 1, 0x40, 8, 8194);
    lpis_enable(&r, 1, false);
    rig_redist_write(r.rig, 1, 0x40, 8, 8195);
    lpis_enable(&r, 1, true);
    assert_int_equal(its_take(&r, 1), 1023);
    /* With an ITS the two registers do nothing. */
    its_rig_free(&r);
    r = with_lpis();
    rig_redist_write(r.rig, 0, 0x40, 8, 8192);
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

/* With two security states an LPI is Non-secure: its priority is in the lower half, and the guest,
 * which is Non-secure, sees what it wrote. */
static void two_security_states(void **state)
{
    struct lvgic_config config = its_config;

    config.two_security_states = true;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 1, 2, true);
    its_config_byte(&r, 8192, 0x41);
    its_mapti(&r, 1, 0, 8192, 0);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    assert_int_equal(irq_prio(irq_load(lpi_irq(r.rig->vm, 0))), 0xa0);
    rig_enter(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    assert_int_equal(rig_icc_read(r.rig, 0, SYSREG_ICC_RPR_EL1), 0x40);
    rig_eoi(r.rig, 0, 8192);
    rig_exit(r.rig, 0);
    its_rig_free(&r);
}

static uint64_t v2m(struct rig *rig, unsigned offset, bool write, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = 4, .write = write, .value = value};

    assert_int_equal(lvgic_v2m_access(rig->vm, &access), LVGIC_OK);
    return access.value;
}

static void gicv2m(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 96, .v2m_first = 64, .v2m_nr = 32};
    struct rig *rig = rig_with(&config), *without = rig_new(4, 1);
    struct lvgic_access access = {.offset = 8, .size = 4};

    (void)state;
    assert_int_equal(v2m(rig, 8, false, 0), 64 << 16 | 32);
    assert_int_equal(v2m(rig, 0xfcc, false, 0), rig_dist_read(rig, 8, 4));
    rig_setup(rig, 0, 70, true, 0x80);
    rig_setup(rig, 0, 40, true, 0x80);
    v2m(rig, 0x40, true, 40); /* not one of its SPIs */
    v2m(rig, 0x40, true, 96);
    v2m(rig, 0x40, true, 70);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 70);
    rig_eoi(rig, 0, 70);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    assert_int_equal(lvgic_v2m_access(without->vm, &access), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_v2m_access(rig->vm, NULL), LVGIC_E_INVALID);
    rig_free(rig);
    rig_free(without);
}

static void nobody(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static void configurations(void **state)
{
    static const struct lvgic_config bad[] = {
        {.nr_vcpus = 1, .nr_its = 1},
        {.nr_vcpus = 1, .nr_lpis = 57345, .nr_its = 1},
        {.nr_vcpus = 1, .nr_lpis = 1, .nr_its = 9},
        {.nr_vcpus = 1, .nr_lpis = 1, .lpi_id_bits = 13, .nr_its = 1},
        {.nr_vcpus = 1, .nr_lpis = 1, .lpi_id_bits = 25, .nr_its = 1},
        {.nr_vcpus = 512, .nr_lpis = 4096},
        {.nr_vcpus = 1, .nr_lpis = 1, .nr_its = 1, .its_device_bits = 21},
        {.nr_vcpus = 1, .nr_lpis = 1, .nr_its = 1, .its_collection_bits = 17},
        {.nr_vcpus = 1, .nr_lpis = 1, .nr_its = 1, .its_devices = 65535},
        {.nr_vcpus = 1, .nr_spis = 32, .v2m_first = 32, .v2m_nr = 33},
        {.nr_vcpus = 1, .nr_spis = 32, .v2m_first = 31, .v2m_nr = 1},
        {.nr_vcpus = 1, .nr_spis = 32, .v2m_first = 64, .v2m_nr = 1},
    };
    static const struct lvgic_host no_memory = {.kick = nobody};
    static _Alignas(64) char memory[4000000];
    struct lvgic_config good = {.nr_vcpus = 1, .nr_lpis = 57344, .nr_its = 1};
    struct lvgic_vm *vm;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(lvgic_vm_size(&bad[i]), 0);
    assert_true(lvgic_vm_size(&good) <= sizeof memory);
    /* The tables are in the guest's memory. */
    assert_int_equal(lvgic_vm_init(memory, sizeof memory, &good, &no_memory, NULL, &vm),
                     LVGIC_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disabling_forgets_what_is_pending),
        cmocka_unit_test(disabling_while_in_a_list_register),
        cmocka_unit_test(a_smaller_configuration_table),
        cmocka_unit_test(disabling_while_in_another_vcpus_list_register),
        cmocka_unit_test(disabling_after_the_acknowledge),
        cmocka_unit_test(moved_to_a_disabled_redistributor),
        cmocka_unit_test(base_registers),
        cmocka_unit_test(enabling_reads_the_tables),
        cmocka_unit_test(tables_that_are_not_there),
        cmocka_unit_test(invlpir_invallr_syncr),
        cmocka_unit_test(invlpir_while_the_claim_is_taken),
        cmocka_unit_test(direct_lpis),
        cmocka_unit_test(two_security_states),
        cmocka_unit_test(gicv2m),
        cmocka_unit_test(configurations),
    };

    return cmocka_run_group_tests_name("lpi", tests, NULL, NULL);
}
