/* SPDX-License-Identifier: MIT */
/* Defects that other virtual GICs had, named after their ids, and what a review of this one found.
 */
#include "rig.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "irq/vm.h"

static uint64_t word_of(struct rig *rig, unsigned intid)
{
    return irq_load(vcpu_irq(rig->cpu[0], intid));
}

/* O01: disabling with the line high stops it. */
static void o01_disable_with_the_line_high(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_set_bit(rig, 0, ICENABLER, 40);
    rig_turn(rig, 0);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    assert_false(rig_get_bit(rig, 0, ISENABLER, 40));
    rig_free(rig);
}

/* O04: raised while disabled, delivered when enabled; not pending while being serviced. */
static void o04_raised_while_disabled(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_set_bit(rig, 0, ICENABLER, 40);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_set_bit(rig, 0, ISENABLER, 40);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_exit(rig, 0);
    assert_false(rig_get_bit(rig, 0, ISPENDR, 40));
    rig_free(rig);
}

/* O14: disabled while in a list register on another CPU, active: in no queue, and not lost. */
static void o14_disabled_while_in_flight(void **state)
{
    struct rig *rig = rig_new(1, 2);

    (void)state;
    rig_setup(rig, 1, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_set_bit(rig, 0, ICENABLER, 40);
    assert_int_equal(rig->kicks[1], 1);
    rig_turn(rig, 1);
    rig_eoi(rig, 1, 40);
    rig_exit(rig, 1);
    assert_int_equal(word_of(rig, 40) & (IRQ_ACT | IRQ_INLR | IRQ_EN), 0);
    rig_free(rig);
}

/* K58: a level whose line stays high through the completion is delivered again. */
static void k58_line_high_through_eoi(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(rig_ack(rig, 0), 40);
        rig_turn(rig, 0); /* an exit in the middle makes it active only, with EOI */
        assert_false((lvgic_vcpu_lrs(rig->cpu[0])->lr[0] & LR_STATE) == LR_STATE);
        rig_eoi(rig, 0, 40);
    }
    rig_free(rig);
}

/* While the distributor is closed, what is pending does not follow the completion of what is
 * active. */
static void closed_distributor_holds_back_a_pending_active(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_pulse(rig, 0, 40);
    rig_exit(rig, 0);
    rig_dist_write(rig, 0, 4, 0);
    rig_enter(rig, 0);
    rig_eoi(rig, 0, 40);
    assert_false(rig_dist_read(rig, 0, 4) >> 31);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_dist_write(rig, 0, 4, 2);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_free(rig);
}

static void a_resume_too_many_changes_nothing(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    lvgic_resume(rig->vm);
    rig_enter(rig, 0);
    rig_exit(rig, 0);
    lvgic_pause(rig->vm);
    assert_int_equal(rig->cpu[0]->gate, 1);
    lvgic_resume(rig->vm);
    rig_free(rig);
}

static void a_vcpu_of_another_vm_is_refused(void **state)
{
    struct lvgic_access access = {.offset = 0x6000 + 8 * 127, .size = 8, .write = true};
    struct rig *rig = rig_new(4, 1), *other = rig_new(4, 1);

    (void)state;
    assert_int_equal(lvgic_dist_access(rig->vm, other->cpu[0], &access), LVGIC_E_INVALID);
    rig_free(rig);
    rig_free(other);
}

/* Registers that make no sense: states that were never written are not believed. */
static void hostile_read_back(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_setup(rig, 0, 41, true, 0x88);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    lrs->lr[0] = ~UINT64_C(0);
    lrs->lr[1] = ~UINT64_C(0);
    lrs->hcr |= HCR_EOICOUNT;
    lrs->elrsr = 0;
    rig_exit(rig, 0);
    assert_int_equal(word_of(rig, 41) & (IRQ_ACT | IRQ_PEND), 0);
    rig_free(rig);
}

/* K04: the guest completes an interrupt that is outside the registers, and acknowledges another
 * that is in one before it comes out: exactly the one that it named becomes inactive. */
static void k04_acknowledged_after_the_counted_completion(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
    static const unsigned priority[] = {0xa0, 0x80, 0x60, 0x90};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        rig_setup(rig, 0, 64 + i, true, priority[i]);
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 2; i++) {
        rig_pulse(rig, 0, 64 + i);
        rig_turn(rig, 0);
        assert_int_equal(rig_ack(rig, 0), 64 + i);
    }
    rig_pulse(rig, 0, 66);
    rig_pulse(rig, 0, 67);
    rig_turn(rig, 0); /* 66 and 67 have the registers, 64 and 65 are active outside */
    /* As the hardware does it, with the maintenance interrupt on its way. */
    assert_int_equal(icv_acknowledge(lrs, true), 66);
    icv_end_of_interrupt(lrs, 66, true);
    icv_end_of_interrupt(lrs, 65, true);
    assert_int_equal(icv_acknowledge(lrs, true), 67);
    rig_exit(rig, 0);
    assert_true(word_of(rig, 64) & IRQ_ACT);
    assert_false(word_of(rig, 65) & IRQ_ACT);
    assert_false(word_of(rig, 66) & IRQ_ACT);
    assert_true(word_of(rig, 67) & IRQ_ACT);
    rig_free(rig);
}

/* K05: without overflow a count means nothing, whatever the hardware says. */
static void k05_a_count_without_overflow(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_stats stats;

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    lvgic_vcpu_lrs(rig->cpu[0])->hcr |= HCR_EOICOUNT;
    rig_exit(rig, 0);
    assert_true(word_of(rig, 40) & IRQ_ACT);
    lvgic_vcpu_stats(rig->cpu[0], &stats);
    assert_int_equal(stats.eoicount_replays, 0);
    rig_free(rig);
}

/* K44: EOIR and DIR of INTIDs that nobody acknowledged, all of them and beyond. */
static void k44_completion_of_bogus_intids(void **state)
{
    struct rig *rig = rig_new(2, 1);

    (void)state;
    for (unsigned mode = 0; mode < 2; mode++) {
        rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, mode ? 2 : 0);
        for (unsigned inside = 0; inside < 2; inside++) {
            if (inside)
                rig_enter(rig, 0);
            for (uint64_t intid = 0; intid < 9000; intid++) {
                rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, intid);
                rig_icc_write(rig, 0, SYSREG_ICC_EOIR1_EL1, intid | UINT64_C(1) << 40);
                rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, intid);
            }
            rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, ~UINT64_C(0));
            rig_icc_write(rig, 0, SYSREG_ICC_EOIR1_EL1, ~UINT64_C(0));
            if (inside)
                rig_exit(rig, 0);
        }
    }
    rig_free(rig);
}

/* K52, K54: more interrupts taken than there are registers, with EOImode 1, and deactivated in
 * another order on both vCPUs; also where the host cannot trap ICC_DIR_EL1 alone. */
static void k52_k54_deactivated_in_any_order_anywhere(void **state)
{
    (void)state;
    for (unsigned fallback = 0; fallback < 2; fallback++)
        for (unsigned nr_lrs = 1; nr_lrs <= 4; nr_lrs++) {
            struct rig *rig = rig_new(nr_lrs, 2);
            unsigned nr = nr_lrs + 4;

            rig->relax_exits = true;
            rig->vm->no_dir_trap = fallback;
            rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
            rig_icc_write(rig, 1, SYSREG_ICC_CTLR_EL1, 2);
            for (unsigned i = 0; i < nr; i++) {
                rig_setup(rig, 0, 64 + i, true, 0x80);
                rig_pulse(rig, 0, 64 + i);
            }
            rig_enter(rig, 0);
            for (unsigned i = 0; i < nr; i++) {
                unsigned intid = rig_ack(rig, 0);

                assert_in_range(intid, 64, 64 + nr - 1);
                rig_eoi(rig, 0, intid);
            }
            assert_int_equal(rig_ack(rig, 0), 1023);
            for (unsigned i = 0; i < nr; i++) {
                unsigned intid = 64 + (i * 5 + 3) % nr;

                if (nr % 5 == 0)
                    intid = 64 + i;
                rig_icc_write(rig, i % 2, SYSREG_ICC_DIR_EL1, intid);
                assert_false(word_of(rig, intid) & (IRQ_ACT | IRQ_INLR));
                lvgic_vcpu_enter(rig->cpu[0]); /* refused if it is in */
            }
            rig_exit(rig, 0);
            for (unsigned i = 0; i < nr; i++)
                assert_false(rig_get_bit(rig, 0, ISACTIVER, 64 + i));
            rig_free(rig);
        }
}

/* K55: the trap bits are in effect after every transition. */
static void k55_trap_bits_always(void **state)
{
    struct rig *rig = rig_new(1, 1);
    const struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        rig_setup(rig, 0, 64 + i, true, (9 - i) << 3);
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 60; i++) {
        assert_true((lrs->hcr & (HCR_EN | HCR_TDIR)) == (HCR_EN | HCR_TDIR));
        if (i % 3 == 0)
            rig_pulse(rig, 0, 64 + i / 3 % 3);
        rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, i / 20 == 1 ? 2 : 0);
        rig_turn(rig, 0);
        if (i % 4 == 1)
            rig_ack(rig, 0);
    }
    rig_free(rig);
}

/* O07: GICR_INVLPIR with anything, while there are no LPIs. */
static void o07_invlpir(void **state)
{
    static const uint64_t values[] = {0, 16, 32, 1023, 1024, 8191, 8192, 0xffffffff, ~UINT64_C(0)};
    struct rig *rig = rig_new(1, 1);

    (void)state;
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        rig_redist_write(rig, 0, 0xa0, 8, values[i]);
        rig_redist_write(rig, 0, 0xa0, 4, values[i]);
        rig_redist_write(rig, 0, 0xa4, 4, values[i]);
        rig_redist_write(rig, 0, 0xb0, 8, values[i]);
    }
    assert_int_equal(rig_redist_read(rig, 0, 0xa0, 8), 0);
    rig_free(rig);
}

/* O10: INTIDs that do not fit in eight bits, and more injections than registers. */
static void o10_wide_intids(void **state)
{
    static const unsigned intids[] = {255, 256, 300, 511, 512, 1018, 1019};
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 988, .nr_lrs = 2};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (unsigned i = 0; i < sizeof intids / sizeof *intids; i++) {
        rig_setup(rig, 0, intids[i], true, (20 + i) << 3);
        rig_pulse(rig, 0, intids[i]);
    }
    rig_enter(rig, 0);
    for (unsigned i = 0; i < sizeof intids / sizeof *intids; i++) {
        assert_int_equal(rig_ack(rig, 0), intids[i]);
        rig_eoi(rig, 0, intids[i]);
    }
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

static uint64_t ich(struct lvgic_lrs *lrs, enum ichreg reg, unsigned n, bool write, uint64_t value)
{
    assert_int_equal(lvgic_lrs_access(lrs, ichreg_rows[reg].encoding + n, write, &value),
                     LVGIC_SYSREG_DONE);
    return value;
}

/* K19: MISR.NP as a guest hypervisor sees it: no register is pending, where pending and active does
 * not count as pending. */
static void k19_no_pending_as_a_guest_hypervisor_sees_it(void **state)
{
    static const struct {
        uint64_t states[2];
        bool np;
    } rows[] = {
        {{0, 0}, true},
        {{LR_ACTIVE, 0}, true},
        {{LR_PENDING, 0}, false},
        {{LR_STATE, 0}, true},
        {{LR_ACTIVE, LR_PENDING}, false},
        {{LR_STATE, LR_PENDING}, false},
        {{LR_STATE, LR_ACTIVE}, true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lvgic_lrs lrs;

        lvgic_lrs_init(&lrs, 2, 5);
        for (unsigned n = 0; n < 2; n++)
            ich(&lrs, ICHREG_ICH_LR0, n, true, rows[i].states[n] | (40 + n));
        ich(&lrs, ICHREG_ICH_HCR, 0, true, HCR_EN | HCR_NPIE);
        assert_int_equal(!!(ich(&lrs, ICHREG_ICH_MISR, 0, false, 0) & MISR_NP), rows[i].np);
        ich(&lrs, ICHREG_ICH_HCR, 0, true, HCR_EN); /* not armed */
        assert_int_equal(ich(&lrs, ICHREG_ICH_MISR, 0, false, 0), 0);
    }
}

/* K21: INTIDs at the edges of each range, and one beyond: indices are taken from what is left after
 * the range's first INTID. */
static void k21_edges_of_the_ranges(void **state)
{
    static const struct {
        uint32_t intid;
        bool exists;
    } rows[] = {{15, false},        {16, true},          {31, true},
                {32, true},         {63, true},          {64, false},
                {1019, false},      {1020, false},       {1023, false},
                {1055, false},      {1056, true},        {1087, true},
                {1088, false},      {4095, false},       {4096, true},
                {4127, true},       {4128, false},       {8191, false},
                {8192, false},      {UINT32_MAX, false}, {UINT32_MAX - 31, false},
                {0x80000020, false}};
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_espis = 32, .nr_eppis = 32};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(lvgic_pulse(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(rows[i].intid)),
                         rows[i].exists ? LVGIC_OK : LVGIC_E_NO_ENTRY);
    rig_free(rig);
}

/* K56: a guest hypervisor uses registers 0, 2 and 5: a deactivation reaches the one that holds it,
 * whatever the holes between them. */
static void k56_holes_between_the_list_registers(void **state)
{
    static const unsigned used[] = {0, 2, 5};
    struct lvgic_lrs lrs;

    (void)state;
    lvgic_lrs_init(&lrs, 8, 5);
    lrs.vmcr |= VMCR_VENG1;
    icv_set_pmr(&lrs, 0xff);
    for (unsigned i = 0; i < 3; i++)
        ich(&lrs, ICHREG_ICH_LR0, used[i], true,
            LR_PENDING | LR_GROUP1 | (uint64_t)(0xa0 - 16 * i) << 48 | (40 + i));
    ich(&lrs, ICHREG_ICH_HCR, 0, true, HCR_EN);
    assert_int_equal(icv_acknowledge(&lrs, true), 42); /* in register 5 */
    icv_end_of_interrupt(&lrs, 42, true);
    assert_int_equal(ich(&lrs, ICHREG_ICH_LR0, 5, false, 0) & LR_STATE, 0);
    assert_int_equal(ich(&lrs, ICHREG_ICH_ELRSR, 0, false, 0), 0xff & ~5u);
    assert_true((ich(&lrs, ICHREG_ICH_LR0, 0, false, 0) & LR_STATE) == LR_PENDING);
    assert_true((ich(&lrs, ICHREG_ICH_LR0, 2, false, 0) & LR_STATE) == LR_PENDING);
}

/* K61: after a storm of edges that nobody resamples DIR does not trap for ever. */
static void k61_no_trap_is_left_after_a_storm(void **state)
{
    struct rig *rig = rig_new(2, 1);

    (void)state;
    rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
    for (unsigned i = 0; i < 8; i++)
        rig_setup(rig, 0, 64 + i, true, 0x80);
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 8; i++)
            rig_pulse(rig, 0, 64 + i);
        rig_enter(rig, 0);
        for (unsigned intid = rig_ack(rig, 0); intid != 1023; intid = rig_ack(rig, 0)) {
            rig_eoi(rig, 0, intid);
            rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, intid);
        }
        rig_exit(rig, 0);
    }
    rig_enter(rig, 0);
    assert_false(lvgic_vcpu_lrs(rig->cpu[0])->hcr & HCR_TDIR);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(o01_disable_with_the_line_high),
        cmocka_unit_test(o04_raised_while_disabled),
        cmocka_unit_test(o14_disabled_while_in_flight),
        cmocka_unit_test(k58_line_high_through_eoi),
        cmocka_unit_test(closed_distributor_holds_back_a_pending_active),
        cmocka_unit_test(a_resume_too_many_changes_nothing),
        cmocka_unit_test(a_vcpu_of_another_vm_is_refused),
        cmocka_unit_test(hostile_read_back),
        cmocka_unit_test(k04_acknowledged_after_the_counted_completion),
        cmocka_unit_test(k05_a_count_without_overflow),
        cmocka_unit_test(k44_completion_of_bogus_intids),
        cmocka_unit_test(k52_k54_deactivated_in_any_order_anywhere),
        cmocka_unit_test(k55_trap_bits_always),
        cmocka_unit_test(o07_invlpir),
        cmocka_unit_test(o10_wide_intids),
        cmocka_unit_test(k19_no_pending_as_a_guest_hypervisor_sees_it),
        cmocka_unit_test(k21_edges_of_the_ranges),
        cmocka_unit_test(k56_holes_between_the_list_registers),
        cmocka_unit_test(k61_no_trap_is_left_after_a_storm),
    };

    return cmocka_run_group_tests_name("museum", tests, NULL, NULL);
}
