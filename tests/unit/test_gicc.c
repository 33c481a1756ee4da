/* SPDX-License-Identifier: MIT */
/* GICv2's CPU interface in memory. */
#include "rig_gicv2.h"

#include "arch/lr.h"

static void reset_values(void **state)
{
    struct lvgic_config config = {.gic = 2, .nr_vcpus = 2};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        lvgic_vcpu_reset_cpuif(rig->cpu[1]);
        for (enum gicc_reg reg = 0; reg < NR_GICC_REGS; reg++)
            if (gicc_rows[reg].access & SYSREG_RO)
                assert_int_equal(rig_gicc_read(rig, 1, reg), gicc_rows[reg].reset);
        for (enum gicc_reg reg = 0; reg < NR_GICC_REGS; reg++)
            rig_gicc_write(rig, 1, reg, UINT32_MAX);
        assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_CTLR), 0x21f);
        assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_PMR), 0xf8);
        assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_BPR), 7);
        assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_ABPR), 7);
        assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_APR0), UINT32_MAX);
    }
    rig_gicc_write(rig, 1, GICC_REG_APR0, 0);
    rig_free(rig);
}

/* 3.4, 4.4.4 to 4.4.11: which register shows an interrupt of which group. */
static void groups_and_ackctl(void **state)
{
    static const struct {
        unsigned group1, ackctl, iar, aiar;
    } cases[] = {{0, 0, 40, 1023}, {0, ACKCTL, 40, 1023}, {1, 0, 1022, 40}, {1, ACKCTL, 40, 40}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (unsigned alias = 0; alias < 2; alias++) {
            struct rig *rig = rig_gicv2(4, 1);
            unsigned expected = alias ? cases[i].aiar : cases[i].iar;

            setup(rig, 0, 40, true, 0x80, 1);
            rig_dist_write(rig, GROUPR + 4, 4, cases[i].group1 << 8);
            rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | cases[i].ackctl);
            rig_pulse(rig, 0, 40);
            rig_enter(rig, 0);
            assert_int_equal(rig_gicc_read(rig, 0, alias ? GICC_REG_AHPPIR : GICC_REG_HPPIR),
                             expected);
            assert_int_equal(rig_gicc_read(rig, 0, alias ? GICC_REG_AIAR : GICC_REG_IAR), expected);
            assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), expected == 40 ? 0x80 : 0xff);
            rig_free(rig);
        }
    }
}

/* AEOIR does not see group 0; EOIR completes either, which is UNPREDICTABLE for group 1 without
 * AckCtl. */
static void completions_and_groups(void **state)
{
    struct rig *rig = rig_gicv2(4, 1);

    (void)state;
    setup(rig, 0, 40, true, 0x80, 1);
    setup(rig, 0, 41, true, 0x80, 1);
    rig_dist_write(rig, GROUPR + 4, 4, 1 << 9);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 40);
    rig_gicc_write(rig, 0, GICC_REG_AEOIR, 40);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0x80);
    eoi(rig, 0, 40);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0xff);
    for (unsigned alias = 0; alias < 2; alias++) {
        rig_pulse(rig, 0, 41);
        rig_turn(rig, 0);
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_AIAR), 41);
        rig_gicc_write(rig, 0, alias ? GICC_REG_AEOIR : GICC_REG_EOIR, 41);
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0xff);
        rig_exit(rig, 0);
        assert_int_equal(rig_dist_read(rig, ISACTIVER + 4, 4), 0);
        rig_enter(rig, 0);
    }
    rig_free(rig);
}

static void lines_follow_fiqen(void **state)
{
    struct rig *rig = rig_gicv2(4, 1);

    (void)state;
    setup(rig, 0, 40, true, 0x80, 1);
    for (unsigned group1 = 0; group1 < 2; group1++)
        for (unsigned fiqen = 0; fiqen < 2; fiqen++) {
            rig_dist_write(rig, GROUPR + 4, 4, group1 << 8);
            rig_pulse(rig, 0, 40);
            rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | ACKCTL | (fiqen ? FIQEN : 0));
            rig_enter(rig, 0);
            assert_int_equal(lvgic_vcpu_lines(rig->cpu[0]).fiq, fiqen && !group1);
            assert_int_equal(lvgic_vcpu_lines(rig->cpu[0]).irq, !(fiqen && !group1));
            assert_int_equal(ack(rig, 0), 40);
            assert_false(lvgic_vcpu_lines(rig->cpu[0]).irq || lvgic_vcpu_lines(rig->cpu[0]).fiq);
            eoi(rig, 0, 40);
            rig_exit(rig, 0);
        }
    rig_free(rig);
}

/* 3.3.3: group 0 splits its priority below bit BPR + 1, group 1 below bit ABPR, or with CBPR as
 * group 0. ABPR reads as written whatever CBPR says. */
static void binary_points(void **state)
{
    static const struct {
        unsigned group1, cbpr, bpr, abpr, preempts;
    } cases[] = {{0, 0, 3, 3, 1}, {0, 0, 4, 3, 0},    {1, 0, 7, 4, 1},
                 {1, 0, 2, 5, 0}, {1, CBPR, 3, 7, 1}, {1, CBPR, 4, 3, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig *rig = rig_gicv2(4, 1);

        setup(rig, 0, 40, true, 0x90, 1);
        setup(rig, 0, 41, true, 0x80, 1);
        rig_dist_write(rig, GROUPR + 4, 4, cases[i].group1 * 0x300);
        rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | ACKCTL | cases[i].cbpr);
        rig_gicc_write(rig, 0, GICC_REG_BPR, cases[i].bpr);
        rig_gicc_write(rig, 0, GICC_REG_ABPR, cases[i].abpr);
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_ABPR), cases[i].abpr);
        rig_pulse(rig, 0, 40);
        rig_enter(rig, 0);
        assert_int_equal(ack(rig, 0), 40);
        rig_pulse(rig, 0, 41);
        rig_turn(rig, 0);
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_HPPIR), 41);
        assert_int_equal(ack(rig, 0), cases[i].preempts ? 41 : 1023);
        rig_free(rig);
    }
}

static void one_array_of_active_priorities_for_both_groups(void **state)
{
    struct rig *rig = rig_gicv2(4, 1);

    (void)state;
    setup(rig, 0, 40, true, 0x90, 1);
    setup(rig, 0, 41, true, 0x40, 1);
    rig_dist_write(rig, GROUPR + 4, 4, 1 << 9);
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | ACKCTL);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 40);
    rig_pulse(rig, 0, 41);
    rig_turn(rig, 0);
    assert_int_equal(ack(rig, 0), 41);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_APR0), 1u << 18 | 1u << 8);
    assert_int_equal(lvgic_vcpu_lrs(rig->cpu[0])->ap1r[0], 0);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0x40);
    eoi(rig, 0, 41);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_APR0), 1u << 18);
    rig_gicc_write(rig, 0, GICC_REG_APR0, 1u << 4);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0x20);
    rig_free(rig);
}

/* EOIR with another source is a completion that nobody waits for. */
static void the_source_must_match(void **state)
{
    struct rig *rig = rig_gicv2(4, 4);

    (void)state;
    send(rig, 2, TO_LIST, 1, 9);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), from(2, 9));
    eoi(rig, 0, from(1, 9));
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 1 << 9);
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | EOIMODE);
    rig_gicc_write(rig, 0, GICC_REG_DIR, from(1, 9));
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 1 << 9);
    rig_gicc_write(rig, 0, GICC_REG_DIR, from(2, 9));
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
    rig_free(rig);
}

/* Bits [12:10] mean nothing but for SGIs, and special INTIDs complete nothing. */
static void what_is_written_to_eoir(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    setup(rig, 0, 40, true, 0x80, 1);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 40);
    for (unsigned special = 1020; special < 1024; special++)
        eoi(rig, 0, special);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0x80);
    eoi(rig, 0, from(5, 40));
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0xff);
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read(rig, ISACTIVER + 4, 4), 0);
    rig_free(rig);
}

/* GICC_DIR inside a run, outside of one (as GICV traps it), with the interrupt in a register or
 * not, and with EOImode 0. */
static void deactivation_apart_from_the_priority_drop(void **state)
{
    struct rig *rig = rig_gicv2(1, 4);

    (void)state;
    setup(rig, 0, 40, false, 0x40, 1);
    for (unsigned inside = 0; inside < 2; inside++) {
        rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | EOIMODE);
        rig_dist_write_by(rig, 0, IPRIORITYR + 9, 1, 0x80);
        send(rig, 2, TO_LIST, 1, 9);
        rig_enter(rig, 0);
        assert_int_equal(ack(rig, 0), from(2, 9));
        eoi(rig, 0, from(2, 9));
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), 0xff);
        rig_line(rig, 0, 40, true);
        rig_turn(rig, 0); /* the SGI gives up its register */
        assert_int_equal(ack(rig, 0), 40);
        rig_line(rig, 0, 40, false);
        eoi(rig, 0, 40);
        if (!inside)
            rig_exit(rig, 0);
        rig_gicc_write(rig, 0, GICC_REG_DIR, from(2, 9));
        rig_gicc_write(rig, 0, GICC_REG_DIR, 1023);
        rig_gicc_write(rig, 0, GICC_REG_CTLR, 3);
        rig_gicc_write(rig, 0, GICC_REG_DIR, 40); /* with EOImode 0: ignored */
        if (inside)
            rig_exit(rig, 0);
        assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
        assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER + 4, 4), 1 << 8);
        rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | EOIMODE);
        rig_gicc_write(rig, 1, GICC_REG_CTLR, 3 | EOIMODE);
        rig_gicc_write(rig, 1, GICC_REG_DIR, 40); /* an SPI, from another CPU */
        assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER + 4, 4), 0);
    }
    rig_free(rig);
}

/* SGIs and SPIs of both groups, one in another, with one list register: the completions are
 * counted, and each ends what it names. */
static void deep_nesting_with_one_list_register(void **state)
{
    struct rig *rig = rig_gicv2(1, 8);
    unsigned taken[16];

    (void)state;
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 3 | ACKCTL);
    rig_dist_write_by(rig, 0, GROUPR, 4, 0x5555);
    rig_dist_write_by(rig, 0, GROUPR + 4, 4, 0x3333);
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 16; i++) {
        unsigned priority = 0xf0 - 8 * i;

        if (i % 2) {
            setup(rig, 1, 40 + i, true, priority, 1);
            rig_pulse(rig, 0, 40 + i);
        } else {
            rig_dist_write(rig, IPRIORITYR + i, 1, priority);
            send(rig, i / 2 ? i / 2 : 7, TO_LIST, 1, i);
        }
        rig_turn(rig, 0);
        taken[i] = ack(rig, 0);
        assert_int_equal(taken[i], i % 2 ? 40 + i : from(i / 2 ? i / 2 : 7, i));
    }
    for (unsigned i = 16; i-- > 0;) {
        eoi(rig, 0, taken[i]);
        assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_RPR), i ? 0xf0 - 8 * (i - 1) : 0xff);
        rig_turn(rig, 0);
    }
    rig_exit(rig, 0);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER + 4, 4), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_values),
        cmocka_unit_test(groups_and_ackctl),
        cmocka_unit_test(completions_and_groups),
        cmocka_unit_test(lines_follow_fiqen),
        cmocka_unit_test(binary_points),
        cmocka_unit_test(one_array_of_active_priorities_for_both_groups),
        cmocka_unit_test(the_source_must_match),
        cmocka_unit_test(what_is_written_to_eoir),
        cmocka_unit_test(deactivation_apart_from_the_priority_drop),
        cmocka_unit_test(deep_nesting_with_one_list_register),
    };

    return cmocka_run_group_tests_name("gicc", tests, NULL, NULL);
}
