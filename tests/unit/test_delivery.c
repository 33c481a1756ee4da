/* SPDX-License-Identifier: MIT */
/* Interrupts from injection to completion, through the software CPU interface. */
#include "rig.h"

#include "arch/lr.h"
#include "base/bits.h"
#include "irq/vm.h"

static void edge_is_delivered_once(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    assert_int_equal(rig->kicks[0], 0); /* out of the guest: nobody to kick */
    rig_enter(rig, 0);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).irq);
    assert_int_equal(rig_ack(rig, 0), 40);
    assert_false(lvgic_vcpu_lines(rig->cpu[0]).irq);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

static void level_is_delivered_again_while_the_line_is_high(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 41, false, 0x80);
    lvgic_set_notify(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(41), true);
    rig_enter(rig, 0);
    rig_line(rig, 0, 41, true);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(rig_ack(rig, 0), 41);
        rig_eoi(rig, 0, 41); /* the EOI maintenance condition brings it back at once */
        assert_int_equal(rig->deactivated[41], i);
    }
    assert_int_equal(rig_ack(rig, 0), 41);
    rig_line(rig, 0, 41, false);
    rig_eoi(rig, 0, 41);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

static void level_that_falls_before_the_acknowledge_is_withdrawn(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 41, false, 0x80);
    rig_line(rig, 0, 41, true);
    rig_enter(rig, 0);
    rig_line(rig, 0, 41, false);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

static void a_burst_kicks_once(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    for (unsigned i = 0; i < 32; i++)
        rig_setup(rig, 1, 64 + i, true, 0x80);
    rig_enter(rig, 1);
    for (unsigned i = 0; i < 32; i++)
        rig_pulse(rig, 0, 64 + i);
    assert_int_equal(rig->kicks[1], 1);
    assert_int_equal(rig->kicks[0], 0);
    rig_free(rig);
}

static void best_priority_first_through_any_number_of_registers(void **state)
{
    (void)state;
    for (unsigned nr_lrs = 1; nr_lrs <= 16; nr_lrs++) {
        struct rig *rig = rig_new(nr_lrs, 1);
        unsigned last = 0;

        for (unsigned i = 0; i < 31; i++) {
            rig_setup(rig, 0, 64 + i, true, (i * 7 % 31) << 3);
            rig_pulse(rig, 0, 64 + i);
        }
        rig_enter(rig, 0);
        for (unsigned i = 0; i < 31; i++) {
            unsigned intid = rig_ack(rig, 0);
            unsigned priority = intid == 1023 ? 0 : ((intid - 64) * 7 % 31) << 3;

            assert_in_range(intid, 64, 94);
            assert_true(i == 0 || priority > last);
            last = priority;
            rig_eoi(rig, 0, intid);
        }
        assert_int_equal(rig_ack(rig, 0), 1023);
        rig_free(rig);
    }
}

/* Nesting deeper than there are registers: every level preempts the one before; completions of
 * those outside the registers come back by EOIcount, last acknowledged first. */
static void nesting_deeper_than_the_registers(void **state)
{
    (void)state;
    for (unsigned nr_lrs = 1; nr_lrs <= 4; nr_lrs++) {
        struct rig *rig = rig_new(nr_lrs, 1);
        struct lvgic_stats stats;

        rig_enter(rig, 0);
        for (unsigned i = 0; i < 12; i++) {
            rig_setup(rig, 0, 64 + i, true, (20 - i) << 3);
            rig_pulse(rig, 0, 64 + i);
            rig_turn(rig, 0);
            assert_int_equal(rig_ack(rig, 0), 64 + i);
        }
        /* Complete some without coming out, then look; and so on. */
        for (unsigned i = 12; i-- > 0;) {
            assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1), (20 - i) << 3);
            rig_eoi(rig, 0, 64 + i);
            if (i % 6)
                continue;
            rig_exit(rig, 0);
            for (unsigned j = 0; j < 12; j++)
                assert_int_equal(rig_get_bit(rig, 0, ISACTIVER, 64 + j), j < i);
            rig_enter(rig, 0);
        }
        lvgic_vcpu_stats(rig->cpu[0], &stats);
        assert_true(stats.eoicount_replays > 0);
        rig_free(rig);
    }
}

static void sgis_reach_their_targets(void **state)
{
    struct rig *rig = rig_new(4, 4);

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        rig_setup(rig, i, 5, true, 0x40);
    rig_icc_write(rig, 0, SYSREG_ICC_SGI1R_EL1, 5u << 24 | 0xa);               /* to 1 and 3 */
    rig_icc_write(rig, 3, SYSREG_ICC_SGI1R_EL1, UINT64_C(1) << 40 | 5u << 24); /* all but 3 */
    for (unsigned i = 0; i < 4; i++) {
        rig_enter(rig, i);
        assert_int_equal(rig_ack(rig, i), 5);
        rig_eoi(rig, i, 5);
        assert_int_equal(rig_ack(rig, i), 1023);
    }
    rig_free(rig);
}

static void sgi_of_the_other_group_is_not_forwarded(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_set_bit(rig, 0, ISENABLER, 3); /* group 0, as after reset */
    rig_icc_write(rig, 0, SYSREG_ICC_SGI1R_EL1, 3u << 24 | 1);
    assert_false(rig_get_bit(rig, 0, ISPENDR, 3));
    rig_icc_write(rig, 0, SYSREG_ICC_SGI0R_EL1, 3u << 24 | 1);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 3));
    rig_enter(rig, 0);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).fiq);
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 3);
    rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, 3);
    rig_free(rig);
}

static void retarget_moves_a_pending_interrupt(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_enter(rig, 0);
    rig_enter(rig, 1);
    rig_pulse(rig, 0, 40);
    rig_turn(rig, 0); /* in a list register of vCPU 0 now */
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 1);
    assert_int_equal(rig->kicks[0], 2);
    rig_turn(rig, 0);
    assert_int_equal(rig->kicks[1], 1);
    rig_turn(rig, 1);
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_eoi(rig, 1, 40);
    rig_free(rig);
}

static void a_route_to_nobody_keeps_it_pending(void **state)
{
    struct rig *rig = rig_new(4, 2);
    struct lvgic_irq_info info;

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 0x1234);
    rig_pulse(rig, 0, 40);
    assert_int_equal(rig_dist_read(rig, 0x6000 + 8 * 40, 8), 0x1234);
    lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), &info);
    assert_true(info.pending && info.target == UINT32_MAX);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 1);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_eoi(rig, 1, 40);
    rig_free(rig);
}

static void an_active_edge_that_fires_again_comes_after_completion(void **state)
{
    struct rig *rig = rig_new(2, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_pulse(rig, 0, 40);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0); /* pending and active in one register */
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    rig_free(rig);
}

/* Active here, pending again, and routed elsewhere meanwhile: what is pending is the other's. */
static void an_active_edge_that_fires_again_and_is_rerouted(void **state)
{
    struct rig *rig = rig_new(2, 2);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_pulse(rig, 0, 40);
    rig_turn(rig, 0);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 1);
    assert_int_equal(rig->kicks[0], 2);
    rig_turn(rig, 0);
    rig_enter(rig, 1);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_int_equal(rig->kicks[1], 1);
    rig_turn(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_eoi(rig, 1, 40);
    rig_free(rig);
}

static void eoimode_1_deactivates_by_dir_from_another_vcpu(void **state)
{
    struct rig *rig = rig_new(1, 2);

    (void)state;
    rig->relax_exits = true;
    rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
    rig_icc_write(rig, 1, SYSREG_ICC_CTLR_EL1, 2);
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1), 0xff);
    /* Still active, in a register of vCPU 0, which is in the guest. */
    rig_icc_write(rig, 1, SYSREG_ICC_DIR_EL1, 40);
    assert_int_equal(rig->relaxes, 1);
    assert_false(rig_get_bit(rig, 0, ISACTIVER, 40));
    rig_free(rig);
}

/* Two interrupts of one group priority, so that the second can be acknowledged only when the first
 * has been dropped; neither is in a list register when the second is completed. It is the second
 * that is deactivated, whether both were acknowledged in one run or not. */
static void what_was_dropped_with_eoimode_1_is_not_completed_instead(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 2; turn++) {
        struct rig *rig = rig_new(2, 1);

        rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
        rig_icc_write(rig, 0, SYSREG_ICC_BPR1_EL1, 7);
        rig_setup(rig, 0, 40, true, 0x20);
        rig_setup(rig, 0, 41, true, 0x28);
        rig_setup(rig, 0, 42, true, 0x40);
        rig_setup(rig, 0, 43, true, 0x48);
        rig_pulse(rig, 0, 40);
        rig_pulse(rig, 0, 41);
        rig_enter(rig, 0);
        assert_int_equal(rig_ack(rig, 0), 40);
        if (turn) { /* 40 goes, for 42 */
            rig_pulse(rig, 0, 42);
            rig_turn(rig, 0);
        }
        rig_eoi(rig, 0, 40);
        assert_int_equal(rig_ack(rig, 0), 41);
        rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 0);
        rig_pulse(rig, 0, 42);
        rig_pulse(rig, 0, 43);
        rig_turn(rig, 0);
        rig_eoi(rig, 0, 41);
        rig_exit(rig, 0);
        assert_false(rig_get_bit(rig, 0, ISACTIVER, 41));
        assert_true(rig_get_bit(rig, 0, ISACTIVER, 40));
        rig_free(rig);
    }
}

static void an_exit_without_interrupts_touches_nothing(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_stats stats;

    (void)state;
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 100; i++)
        rig_turn(rig, 0);
    lvgic_vcpu_stats(rig->cpu[0], &stats);
    assert_int_equal(stats.listed, 0);
    rig_free(rig);
}

/* The loader compares with what the hardware holds: an interrupt that waits in a register across
 * exits is never written again. */
static void a_waiting_interrupt_keeps_its_register_and_value(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
    uint64_t before[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        rig_setup(rig, 0, 64 + i, i % 2, (9 - i) << 3);
    rig_line(rig, 0, 64, true), rig_pulse(rig, 0, 65), rig_line(rig, 0, 66, true);
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 4; i++)
        before[i] = lrs->lr[i];
    rig_pulse(rig, 0, 67); /* better priority than all, and still nothing moves */
    rig_turn(rig, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(lrs->lr[i], before[i]);
    assert_int_equal(lr_vintid(lrs->lr[3]), 67);
    rig_free(rig);
}

static void wfi_wakes_only_for_what_would_be_signalled(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    assert_true(lvgic_vcpu_block(rig->cpu[0]));
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0x80);
    rig_pulse(rig, 0, 40); /* masked by PMR: wakes, but is nothing to stay awake for */
    assert_int_equal(rig->wakes[0], 1);
    assert_true(lvgic_vcpu_block(rig->cpu[0]));
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0x88);
    assert_false(lvgic_vcpu_block(rig->cpu[0]));
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_exit(rig, 0);
    rig_setup(rig, 0, 41, true, 0x80);
    rig_pulse(rig, 0, 41); /* does not preempt the running priority */
    assert_false(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_free(rig);
}

static void the_gate_holds_entries_until_all_let_go(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig->relax_exits = true;
    rig_enter(rig, 0);
    rig_enter(rig, 1);
    lvgic_pause(rig->vm);
    assert_int_equal(rig->kicks[0], 1);
    assert_int_equal(rig->kicks[1], 1);
    assert_int_equal(lvgic_vcpu_exit(rig->cpu[0]), LVGIC_E_PHASE); /* it is out */
    lvgic_pause(rig->vm);
    lvgic_resume(rig->vm);
    lvgic_resume(rig->vm);
    rig_enter(rig, 0);
    rig_free(rig);
}

/* Interrupts behind a closed group are not looked at again at each entry; whatever lets one in is
 * noticed all the same, and the maintenance condition stays armed. */
static void a_closed_group_that_opens(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 40; i < 48; i++) {
        rig_setup(rig, 0, i, true, i < 44 ? 0x80 : 0x40);
        rig_pulse(rig, 0, i);
    }
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    for (unsigned i = 0; i < 3; i++) {
        rig_enter(rig, 0);
        assert_int_equal(lrs->used, 0);
        assert_true(lrs->hcr & HCR_VGRP1EIE);
        rig_exit(rig, 0);
        assert_false(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    }
    /* One goes to the group that is open; one of the others gets another priority. */
    rig_dist_write(rig, 0x84, 4, rig_dist_read(rig, 0x84, 4) & ~(UINT64_C(1) << (41 - 32)));
    rig_dist_write(rig, 0x400 + 42, 1, 0x20);
    assert_true(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_enter(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 41);
    rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, 41);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 1023);
    /* The guest opens the group, without a trap. */
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 42);
    rig_eoi(rig, 0, 42);
    /* The distributor closes it, and opens it again. */
    rig_dist_write(rig, 0, 4, 1);
    for (unsigned i = 0; i < 3; i++) {
        rig_turn(rig, 0);
        assert_int_equal(lrs->used, 0);
        assert_false(lrs->hcr & HCR_VGRP1EIE);
    }
    rig_pulse(rig, 0, 42);
    rig_dist_write(rig, 0, 4, 3);
    /* In the order of their priorities, and in any order among equals. */
    for (unsigned i = 0; i < 7; i++) {
        rig_turn(rig, 0);
        unsigned intid = rig_ack(rig, 0);

        assert_true(i == 0 ? intid == 42 : i < 5 ? intid >= 44 : intid == 40 || intid == 43);
        rig_eoi(rig, 0, intid);
        taken |= 1u << (intid - 40);
    }
    assert_int_equal(taken, 0xfd); /* all but 41 */
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

/* While something is active, what waits is not looked for an active one again; what becomes active
 * is found all the same. */
static void active_ones_among_many_that_wait(void **state)
{
    struct rig *rig = rig_new(2, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x20);
    rig_dist_write(rig, 0x84, 4, rig_dist_read(rig, 0x84, 4) & ~(UINT64_C(1) << (40 - 32)));
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 40);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    for (unsigned i = 41; i < 60; i++) {
        rig_setup(rig, 0, i, true, 0x80);
        rig_pulse(rig, 0, i);
    }
    for (unsigned i = 0; i < 3; i++)
        rig_turn(rig, 0);
    assert_int_equal(bits_count(lvgic_vcpu_lrs(rig->cpu[0])->used), 1);
    rig_exit(rig, 0);
    rig_set_bit(rig, 0, ISACTIVER, 59); /* in the row of those that wait */
    rig_enter(rig, 0);
    assert_int_equal(bits_count(lvgic_vcpu_lrs(rig->cpu[0])->used), 2);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_is_delivered_once),
        cmocka_unit_test(level_is_delivered_again_while_the_line_is_high),
        cmocka_unit_test(level_that_falls_before_the_acknowledge_is_withdrawn),
        cmocka_unit_test(a_burst_kicks_once),
        cmocka_unit_test(best_priority_first_through_any_number_of_registers),
        cmocka_unit_test(nesting_deeper_than_the_registers),
        cmocka_unit_test(sgis_reach_their_targets),
        cmocka_unit_test(sgi_of_the_other_group_is_not_forwarded),
        cmocka_unit_test(retarget_moves_a_pending_interrupt),
        cmocka_unit_test(a_route_to_nobody_keeps_it_pending),
        cmocka_unit_test(an_active_edge_that_fires_again_comes_after_completion),
        cmocka_unit_test(an_active_edge_that_fires_again_and_is_rerouted),
        cmocka_unit_test(eoimode_1_deactivates_by_dir_from_another_vcpu),
        cmocka_unit_test(what_was_dropped_with_eoimode_1_is_not_completed_instead),
        cmocka_unit_test(an_exit_without_interrupts_touches_nothing),
        cmocka_unit_test(a_waiting_interrupt_keeps_its_register_and_value),
        cmocka_unit_test(wfi_wakes_only_for_what_would_be_signalled),
        cmocka_unit_test(the_gate_holds_entries_until_all_let_go),
        cmocka_unit_test(a_closed_group_that_opens),
        cmocka_unit_test(active_ones_among_many_that_wait),
    };

    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
