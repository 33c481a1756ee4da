/* SPDX-License-Identifier: MIT */
/* GICv2's distributor: banked registers, targets, SGIs with their sources; and what it is not. */
#include "rig_gicv2.h"

#include "arch/lr.h"

/* ------------------------------------------------------------------ SGIs --------------------- */

static void sgis_from_all_sources_with_one_list_register(void **state)
{
    struct rig *rig = rig_gicv2(1, 8);

    (void)state;
    for (unsigned source = 8; source-- > 0;)
        send(rig, source, TO_LIST, 1, 5);
    assert_int_equal(rig_dist_read(rig, SPENDSGIR + 5, 1), 0xff);
    send(rig, 3, TO_LIST, 1, 5); /* not delivered yet: merges */
    rig_enter(rig, 0);
    for (unsigned source = 0; source < 8; source++) {
        assert_true(lvgic_vcpu_lines(rig->cpu[0]).irq || lvgic_vcpu_lines(rig->cpu[0]).fiq);
        assert_int_equal(ack(rig, 0), from(source, 5));
        eoi(rig, 0, from(source, 5));
    }
    assert_int_equal(ack(rig, 0), 1023);
    rig_free(rig);
}

/* IHI 0048B 4.3.15: a list, all but oneself, oneself; what does not exist gets nothing. */
static void the_three_filters_of_sgir(void **state)
{
    static const struct {
        unsigned filter, list, reached;
    } cases[] = {{TO_LIST, 0x5, 0x5},  {TO_LIST, 0xf8, 0},     {TO_LIST, 0xff, 0x7},
                 {TO_LIST, 0, 0},      {TO_OTHERS, 0xff, 0x5}, {TO_OTHERS, 0, 0x5},
                 {TO_SELF, 0xff, 0x2}, {TO_SELF, 0, 0x2},      {3 << 24, 0xff, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig *rig = rig_gicv2(4, 3);

        send(rig, 1, cases[i].filter, cases[i].list, 15);
        for (unsigned cpu = 0; cpu < 3; cpu++)
            assert_int_equal(rig_dist_read_by(rig, cpu, SPENDSGIR + 15, 1),
                             cases[i].reached >> cpu & 1 ? 2 : 0);
        rig_free(rig);
    }
}

static void nsatt_is_ignored(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    send(rig, 1, TO_LIST, 1, 1 << 15 | 3); /* group 0 */
    rig_dist_write_by(rig, 0, GROUPR, 4, 1 << 4);
    send(rig, 1, TO_LIST, 1, 4); /* group 1 */
    assert_int_equal(rig_dist_read_by(rig, 0, ISPENDR, 4), 3 << 3);
    rig_free(rig);
}

static void sgi_fields_that_are_read_only(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    assert_int_equal(rig_dist_read_by(rig, 1, ISENABLER, 4), 0xffff);
    rig_dist_write_by(rig, 1, ICENABLER, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read_by(rig, 1, ICENABLER, 4), 0xffff);
    rig_dist_write_by(rig, 1, ISPENDR, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read_by(rig, 1, ISPENDR, 4), 0xffff0000);
    rig_dist_write_by(rig, 1, ICPENDR, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read_by(rig, 1, ISPENDR, 4), 0);
    send(rig, 0, TO_LIST, 2, 7);
    assert_int_equal(rig_dist_read_by(rig, 1, ISPENDR, 4), 1 << 7);
    rig_dist_write_by(rig, 1, ICPENDR, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read_by(rig, 1, ICPENDR, 4), 1 << 7);
    assert_int_equal(rig_dist_read_by(rig, 0, ISPENDR, 4), 0);
    rig_dist_write_by(rig, 1, ICFGR, 4, 0);
    assert_int_equal(rig_dist_read_by(rig, 1, ICFGR, 4), 0xaaaaaaaa);
    rig_free(rig);
}

static void pending_by_source_is_written_by_byte_and_word(void **state)
{
    struct rig *rig = rig_gicv2(4, 3);

    (void)state;
    rig_dist_write_by(rig, 2, SPENDSGIR + 4, 4, 0xff010204); /* CPUs 3 to 7 do not exist */
    assert_int_equal(rig_dist_read_by(rig, 2, SPENDSGIR + 4, 4), 0x07010204);
    assert_int_equal(rig_dist_read_by(rig, 2, CPENDSGIR + 7, 1), 7);
    assert_int_equal(rig_dist_read_by(rig, 1, SPENDSGIR + 4, 4), 0);
    rig_dist_write_by(rig, 2, CPENDSGIR + 7, 1, 2);
    assert_int_equal(rig_dist_read_by(rig, 2, SPENDSGIR + 4, 4), 0x05010204);
    rig_dist_write_by(rig, 2, CPENDSGIR + 4, 4, 0x01010101);
    assert_int_equal(rig_dist_read_by(rig, 2, SPENDSGIR + 4, 4), 0x04000204);
    rig_enter(rig, 2);
    assert_int_equal(ack(rig, 2), from(2, 4));
    eoi(rig, 2, from(2, 4));
    assert_int_equal(ack(rig, 2), from(1, 5));
    eoi(rig, 2, from(1, 5));
    assert_int_equal(ack(rig, 2), from(2, 7));
    rig_free(rig);
}

/* One that was listed and not taken is pending again; one that was taken is not. */
static void a_source_is_restored_unless_it_was_acknowledged(void **state)
{
    struct rig *rig = rig_gicv2(1, 4);

    (void)state;
    send(rig, 1, TO_LIST, 1, 5);
    send(rig, 3, TO_LIST, 1, 5);
    rig_enter(rig, 0);
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read_by(rig, 0, SPENDSGIR + 5, 1), 0xa);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), from(1, 5));
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read_by(rig, 0, SPENDSGIR + 5, 1), 0x8);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 1 << 5);
    rig_free(rig);
}

/* Clearing the listed source is a request to the holder; the other source is not touched, and what
 * is sent after the clear is delivered. */
static void a_source_is_cleared_while_it_is_listed(void **state)
{
    struct rig *rig = rig_gicv2(1, 4);

    (void)state;
    send(rig, 1, TO_LIST, 1, 5);
    send(rig, 2, TO_LIST, 1, 5);
    rig_enter(rig, 0);
    rig_dist_write(rig, CPENDSGIR + 5, 1, 1 << 1);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0);
    assert_int_equal(ack(rig, 0), from(2, 5));
    eoi(rig, 0, from(2, 5));
    assert_int_equal(ack(rig, 0), 1023);

    send(rig, 1, TO_LIST, 1, 5);
    rig_turn(rig, 0);
    rig_dist_write(rig, CPENDSGIR + 5, 1, 1 << 1);
    send(rig, 1, TO_LIST, 1, 5);
    rig_turn(rig, 0);
    assert_int_equal(ack(rig, 0), from(1, 5));
    eoi(rig, 0, from(1, 5));
    assert_int_equal(ack(rig, 0), 1023);
    rig_free(rig);
}

static void a_new_source_while_listed_is_delivered_next(void **state)
{
    struct rig *rig = rig_gicv2(4, 4);

    (void)state;
    send(rig, 1, TO_LIST, 1, 5);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), from(1, 5));
    send(rig, 1, TO_LIST, 1, 5); /* the same again, while active */
    assert_int_equal(rig->kicks[0], 1);
    send(rig, 3, TO_LIST, 1, 5);
    rig_turn(rig, 0);
    assert_true(rig->cpu[0] && (lvgic_vcpu_lrs(rig->cpu[0])->lr[0] & LR_EOI));
    assert_int_equal(ack(rig, 0), 1023); /* active: not before the completion */
    eoi(rig, 0, from(1, 5));
    assert_int_equal(ack(rig, 0), from(1, 5));
    eoi(rig, 0, from(1, 5));
    assert_int_equal(ack(rig, 0), from(3, 5));
    eoi(rig, 0, from(3, 5));
    assert_int_equal(ack(rig, 0), 1023);
    rig_free(rig);
}

static void an_active_sgi_keeps_its_source_outside_the_registers(void **state)
{
    struct rig *rig = rig_gicv2(1, 4);

    (void)state;
    rig_dist_write_by(rig, 0, IPRIORITYR + 5, 1, 0x80);
    setup(rig, 0, 40, true, 0x40, 1);
    send(rig, 3, TO_LIST, 1, 5);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), from(3, 5));
    rig_pulse(rig, 0, 40);
    rig_turn(rig, 0); /* the one register is needed */
    assert_int_equal(ack(rig, 0), 40);
    eoi(rig, 0, 40);
    rig_turn(rig, 0);
    assert_int_equal(lr_vintid(lvgic_vcpu_lrs(rig->cpu[0])->lr[0]), from(3, 5));
    /* Completed in no register: counted. */
    rig_pulse(rig, 0, 40);
    rig_turn(rig, 0);
    assert_int_equal(ack(rig, 0), 40);
    eoi(rig, 0, 40);
    eoi(rig, 0, from(3, 5));
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0xff);
    rig_free(rig);
}

static void sgis_are_made_active_and_inactive_by_register(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    rig_dist_write_by(rig, 1, ISACTIVER, 4, 1 << 6);
    send(rig, 0, TO_LIST, 2, 6);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
    rig_enter(rig, 1);
    assert_int_equal(lr_vintid(lvgic_vcpu_lrs(rig->cpu[1])->lr[0]), from(1, 6));
    assert_int_equal(ack(rig, 1), 1023);
    rig_exit(rig, 1);
    rig_dist_write_by(rig, 1, ICACTIVER, 4, 1 << 6);
    rig_enter(rig, 1);
    assert_int_equal(ack(rig, 1), from(0, 6));
    rig_free(rig);
}

/* ------------------------------------------------------------------ distributor -------------- */

static void identification(void **state)
{
    struct lvgic_config config = {.gic = 2, .nr_vcpus = 8, .nr_spis = 988};
    struct rig *rig = rig_with(&config);

    (void)state;
    assert_int_equal(rig_dist_read(rig, TYPER, 4), 7 << 5 | 31);
    rig_dist_write(rig, CTLR, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read(rig, CTLR, 4), 3);
    assert_int_equal(rig_dist_read(rig, 0xfe8, 4) >> 4, 2); /* PIDR2.ArchRev */
    rig_free(rig);
    rig = rig_gicv2(4, 1);
    assert_int_equal(rig_dist_read(rig, TYPER, 4), 3);
    rig_free(rig);
}

static void private_registers_are_banked(void **state)
{
    static const struct {
        unsigned offset, size, value;
    } fields[] = {{GROUPR, 4, 1u << 20},     {ISENABLER, 4, 1u << 21},  {ISPENDR, 4, 1u << 22},
                  {ISACTIVER, 4, 1u << 23},  {IPRIORITYR + 3, 1, 0x40}, {IPRIORITYR + 29, 1, 0x48},
                  {ICFGR + 4, 4, 0x80000000}};
    struct rig *rig = rig_gicv2(4, 3);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        unsigned offset = fields[i].offset, size = fields[i].size;
        uint64_t before = rig_dist_read_by(rig, 0, offset, size);

        rig_dist_write_by(rig, 2, offset, size, fields[i].value);
        assert_int_equal(rig_dist_read_by(rig, 2, offset, size) & fields[i].value, fields[i].value);
        assert_int_equal(rig_dist_read_by(rig, 0, offset, size), before);
        assert_int_equal(rig_dist_read_by(rig, 1, offset, size), before);
        assert_int_equal(rig_dist_read(rig, offset, size), before); /* by nobody: vCPU 0 */
    }
    rig_free(rig);
}

static void targets(void **state)
{
    struct rig *rig = rig_gicv2(4, 3);

    (void)state;
    for (unsigned cpu = 0; cpu < 3; cpu++) {
        rig_dist_write_by(rig, cpu, ITARGETSR + 4, 4, UINT32_MAX);
        assert_int_equal(rig_dist_read_by(rig, cpu, ITARGETSR + 4, 4), 0x01010101u << cpu);
        assert_int_equal(rig_dist_read_by(rig, cpu, ITARGETSR + 31, 1), 1u << cpu);
    }
    assert_int_equal(rig_dist_read(rig, ITARGETSR + 40, 4), 0);
    rig_dist_write(rig, ITARGETSR + 40, 4, 0xff040600);
    assert_int_equal(rig_dist_read(rig, ITARGETSR + 40, 4), 0x07040600);
    rig_dist_write(rig, ITARGETSR + 40, 1, 1);
    assert_int_equal(rig_dist_read(rig, ITARGETSR + 40, 4), 0x07040601);
    rig_free(rig);

    rig = rig_gicv2(4, 1);
    rig_dist_write(rig, ITARGETSR + 40, 1, 1);
    assert_int_equal(rig_dist_read(rig, ITARGETSR + 40, 1), 0);
    assert_int_equal(rig_dist_read(rig, ITARGETSR, 4), 0);
    setup(rig, 0, 40, true, 0x80, 0);
    rig_pulse(rig, 0, 40); /* on the only CPU there is */
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 40);
    rig_free(rig);
}

static void an_spi_goes_to_the_lowest_of_its_targets(void **state)
{
    struct rig *rig = rig_gicv2(4, 3);
    struct lvgic_irq_info info;

    (void)state;
    setup(rig, 0, 40, true, 0x80, 0); /* to nobody */
    rig_pulse(rig, 0, 40);
    for (unsigned cpu = 0; cpu < 3; cpu++)
        rig_enter(rig, cpu);
    assert_int_equal(lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), &info), LVGIC_OK);
    assert_true(info.pending && info.target == UINT32_MAX);
    rig_dist_write(rig, ITARGETSR + 40, 1, 6);
    assert_true(!rig->kicks[0] && rig->kicks[1] && !rig->kicks[2]);
    for (unsigned cpu = 0; cpu < 3; cpu++)
        rig_turn(rig, cpu);
    assert_int_equal(ack(rig, 0), 1023);
    assert_int_equal(ack(rig, 2), 1023);
    assert_int_equal(ack(rig, 1), 40);
    rig_free(rig);
}

static void input_signals(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    rig_line(rig, 1, 27, true);
    rig_line(rig, 0, 32, true);
    rig_line(rig, 0, 127, true);
    assert_int_equal(rig_dist_read_by(rig, 1, PPISR, 4), 1 << 11);
    assert_int_equal(rig_dist_read_by(rig, 0, PPISR, 4), 0);
    rig_dist_write(rig, SPISR, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read(rig, SPISR, 4), 1);
    assert_int_equal(rig_dist_read(rig, SPISR + 8, 4), 0x80000000);
    assert_int_equal(rig_dist_read(rig, SPISR + 12, 4), 0);
    rig_line(rig, 0, 32, false);
    assert_int_equal(rig_dist_read(rig, SPISR, 4), 0);
    rig_free(rig);
}

/* ------------------------------------------------------------------ interface ---------------- */

static void configurations(void **state)
{
    static const lvgic_affinity affinity[2] = {{0}, {1}};
    const struct lvgic_config bad[] = {
        {.gic = 2, .nr_vcpus = 9},
        {.gic = 2, .nr_vcpus = 0},
        {.gic = 2, .nr_vcpus = 2, .nr_espis = 32},
        {.gic = 2, .nr_vcpus = 2, .nr_eppis = 32},
        {.gic = 2, .nr_vcpus = 2, .one_of_n = true},
        {.gic = 2, .nr_vcpus = 2, .affinity = affinity},
        {.gic = 2, .nr_vcpus = 2, .pri_bits = 6},
        {.gic = 1, .nr_vcpus = 2},
        {.gic = 4, .nr_vcpus = 2},
    };
    const struct lvgic_config good = {.gic = 2, .nr_vcpus = 8, .nr_spis = 988, .pri_bits = 5};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(lvgic_vm_size(&bad[i]), 0);
    assert_true(lvgic_vm_size(&good) > 0);
}

static void what_belongs_to_the_other_gic(void **state)
{
    struct lvgic_access access = {.offset = 0, .size = 4};
    struct rig *v2 = rig_gicv2(4, 2), *v3 = rig_new(4, 2);

    (void)state;
    assert_int_equal(lvgic_redist_access(v2->vm, NULL, LVGIC_VCPU(0), &access), LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_gicc_access(v3->cpu[0], &access), LVGIC_E_INVALID);
    assert_int_equal(lvgic_gicc_access(NULL, &access), LVGIC_E_INVALID);
    assert_int_equal(lvgic_gicc_access(v2->cpu[0], NULL), LVGIC_E_INVALID);
    rig_enter(v2, 0);
    assert_int_equal(lvgic_dist_access(v2->vm, v2->cpu[0], &access), LVGIC_E_INVALID);
    rig_free(v2);
    rig_free(v3);
}

/* The guest opens its group after the interrupt came: no access but this one tells. */
static void a_group_that_opens_late(void **state)
{
    struct rig *rig = rig_gicv2(4, 1);

    (void)state;
    setup(rig, 0, 40, true, 0x80, 1);
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 0);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 1023);
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 1);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).irq);
    assert_int_equal(ack(rig, 0), 40);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgis_from_all_sources_with_one_list_register),
        cmocka_unit_test(the_three_filters_of_sgir),
        cmocka_unit_test(nsatt_is_ignored),
        cmocka_unit_test(sgi_fields_that_are_read_only),
        cmocka_unit_test(pending_by_source_is_written_by_byte_and_word),
        cmocka_unit_test(a_source_is_restored_unless_it_was_acknowledged),
        cmocka_unit_test(a_source_is_cleared_while_it_is_listed),
        cmocka_unit_test(a_new_source_while_listed_is_delivered_next),
        cmocka_unit_test(an_active_sgi_keeps_its_source_outside_the_registers),
        cmocka_unit_test(sgis_are_made_active_and_inactive_by_register),
        cmocka_unit_test(identification),
        cmocka_unit_test(private_registers_are_banked),
        cmocka_unit_test(targets),
        cmocka_unit_test(an_spi_goes_to_the_lowest_of_its_targets),
        cmocka_unit_test(input_signals),
        cmocka_unit_test(configurations),
        cmocka_unit_test(what_belongs_to_the_other_gic),
        cmocka_unit_test(a_group_that_opens_late),
    };

    return cmocka_run_group_tests_name("gicv2", tests, NULL, NULL);
}
