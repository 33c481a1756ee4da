/* SPDX-License-Identifier: MIT */
/*
 * One test for each hole that a review found in the first design, and for each scenario of other
 * virtual GICs' defects that concerns delivery; named after the rule, or the defect's id. What
 * needs an interleaving is in tests/explore.
 */
#include "rig.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "irq/vm.h"

static uint64_t word_of(struct rig *rig, unsigned intid)
{
    return irq_load(vcpu_irq(rig->cpu[0], intid));
}

/* 2: an empty-with-EOI register is not "empty" in ELRSR, and must be written or its maintenance
 * interrupt stays for ever. */
static void r02_a_register_that_ended_with_eoi_is_cleaned(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    lrs->lr[0] &= ~LR_STATE; /* what hardware does on the guest's EOI */
    lrs->elrsr = 2;          /* not bit 0 */
    rig_line(rig, 0, 40, false);
    rig_turn(rig, 0);
    assert_int_equal(lrs->lr[0], 0);
    assert_int_equal(icv_misr(lrs), 0);
    rig_free(rig);
}

/* 3: a slot that waits must not hide its neighbour's news; and a row takes only its priority. */
static void r03_waiting_does_not_hide_news(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_setup(rig, 0, 65, true, 0x90); /* same group of 64 slots */
    rig_setup(rig, 0, 66, true, 0x10);
    rig_pulse(rig, 0, 64), rig_pulse(rig, 0, 65);
    rig_enter(rig, 0); /* 65 waits */
    assert_int_equal(rig->kicks[0], 0);
    rig_pulse(rig, 0, 66);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 66);
    rig_eoi(rig, 0, 66);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig_ack(rig, 0), 65);
    rig_free(rig);
}

/* 4: state outside the words is announced by attention, and seen at the next entry. */
static void r04_group_enables_are_announced(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_dist_write(rig, 0, 4, 0);
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_dist_write(rig, 0, 4, 2);
    assert_int_equal(rig->kicks[0], 1);
    assert_true(rig_dist_read(rig, 0, 4) & 1u << 31); /* RWP until it has come out */
    rig_turn(rig, 0);
    assert_false(rig_dist_read(rig, 0, 4) & 1u << 31);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_free(rig);
}

/* 5: PMR does not keep an interrupt out of the registers (the guest opens it without a trap), and a
 * closed group arms the condition that tells of its opening. */
static void r05_pmr_does_not_gate_groups_do(void **state)
{
    struct rig *rig = rig_new(2, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0);
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(lrs->used, 1);
    rig_exit(rig, 0);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    rig_enter(rig, 0);
    assert_int_equal(lrs->used, 0);
    assert_true(lrs->hcr & HCR_VGRP1EIE);
    assert_int_equal(icv_misr(lrs), 0);
    lrs->vmcr |= VMCR_VENG1; /* the guest opens its group; the hardware tells */
    assert_int_equal(icv_misr(lrs), MISR_VGRP1E);
    rig_turn(rig, 0);
    assert_int_equal(lrs->used, 1);
    assert_int_equal(icv_misr(lrs), 0);
    rig_free(rig);
}

/* 6, O06: one register, everything in it active, something pending outside: it gets the register,
 * and no maintenance condition holds before the guest has done something. */
static void r06_o06_no_condition_holds_at_entry(void **state)
{
    (void)state;
    for (unsigned nr_lrs = 1; nr_lrs <= 4; nr_lrs++)
        for (unsigned active = 0; active <= 6; active++)
            for (unsigned pending = 0; pending <= 6; pending++) {
                struct rig *rig = rig_new(nr_lrs, 1);

                rig_enter(rig, 0);
                for (unsigned i = 0; i < active; i++) {
                    rig_setup(rig, 0, 64 + i, true, (20 - i) << 3);
                    rig_pulse(rig, 0, 64 + i);
                    rig_turn(rig, 0);
                    assert_int_equal(rig_ack(rig, 0), 64 + i);
                }
                for (unsigned i = 0; i < pending; i++) {
                    rig_setup(rig, 0, 96 + i, true, 0xf0);
                    rig_pulse(rig, 0, 96 + i);
                }
                if (active)
                    rig_pulse(rig, 0, 64); /* pending and active: no more "pending" than active */
                rig_turn(rig, 0);
                assert_int_equal(icv_misr(lvgic_vcpu_lrs(rig->cpu[0])), 0);
                rig_free(rig);
            }
}

/* 6: an armed "group enabled" condition is never already true, whatever is enabled. */
static void r06_gated_interrupts_arm_no_space_condition(void **state)
{
    struct rig *rig = rig_new(1, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    for (unsigned i = 0; i < 3; i++) {
        rig_setup(rig, 0, 64 + i, true, 0x80);
        rig_pulse(rig, 0, 64 + i);
    }
    rig_enter(rig, 0);
    assert_int_equal(lrs->hcr & (HCR_NPIE | HCR_UIE | HCR_LRENPIE), 0);
    rig_free(rig);
}

/* 7: each path that deactivates a level-sensitive interrupt notifies. */
static void r07_every_deactivation_notifies(void **state)
{
    struct rig *rig = rig_new(1, 1);
    lvgic_vcpuid v = LVGIC_VCPU(0);

    (void)state;
    rig_setup(rig, 0, 64, false, 0x80);
    rig_setup(rig, 0, 65, false, 0x40);
    lvgic_set_notify(rig->vm, v, LVGIC_INTID(64), true);
    lvgic_set_notify(rig->vm, v, LVGIC_INTID(65), true);

    /* By list register, and by EOIcount: 64 is pushed out by 65. */
    rig_line(rig, 0, 64, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_line(rig, 0, 65, true);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 65);
    rig_line(rig, 0, 64, false), rig_line(rig, 0, 65, false);
    rig_eoi(rig, 0, 65);
    assert_int_equal(rig->deactivated[65], 1);
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig->deactivated[64], 1);

    /* By ICACTIVER. */
    rig_line(rig, 0, 64, true);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_line(rig, 0, 64, false);
    rig_exit(rig, 0);
    rig_set_bit(rig, 0, ICACTIVER, 64);
    assert_int_equal(rig->deactivated[64], 2);
    rig_icc_write(rig, 0, SYSREG_ICC_AP1R0_EL1, 0);

    /* By DIR. */
    rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
    rig_line(rig, 0, 64, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_line(rig, 0, 64, false);
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig->deactivated[64], 2);
    rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, 64);
    assert_int_equal(rig->deactivated[64], 3);
    rig_free(rig);
}

/* 8, K42: a mapped interrupt whose device has let go does not read as pending. */
static void r08_k42_pending_of_a_mapped_interrupt_is_the_lines(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
    rig->phys_line[50] = true;
    rig_line(rig, 0, 40, true);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    rig->phys_line[50] = false;
    assert_false(rig_get_bit(rig, 0, ISPENDR, 40));
    assert_int_equal(rig->phys_deactivated[50], 1);
    rig_free(rig);
}

/* 8: clearing a forwarded edge gives the physical interrupt back. */
static void r08_icpendr_of_a_mapped_edge_deactivates_physically(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
    rig_line(rig, 0, 40, true);
    rig_set_bit(rig, 0, ICPENDR, 40);
    assert_int_equal(rig->phys_deactivated[50], 1);
    rig_line(rig, 0, 40, true);
    rig->relax_exits = true;
    rig_enter(rig, 0); /* now while it is in a list register */
    rig_set_bit(rig, 0, ICPENDR, 40);
    rig_exit(rig, 0);
    assert_int_equal(rig->phys_deactivated[50], 2);
    assert_false(rig_get_bit(rig, 0, ISPENDR, 40));
    rig_free(rig);
}

/* 9, K04: EOIcount counts acknowledgements. One entry goes stale (deactivated by register); the
 * others must not be deactivated in its place. */
static void r09_k04_a_stale_entry_uses_up_its_count(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        rig_setup(rig, 0, 64 + i, true, (20 - i) << 3);
        rig_pulse(rig, 0, 64 + i);
        rig_enter(rig, 0);
        assert_int_equal(rig_ack(rig, 0), 64 + i);
        rig_exit(rig, 0);
    }
    /* All three are active; keep all out of the register by something pending. */
    rig_setup(rig, 0, 70, true, 0xf0);
    rig_pulse(rig, 0, 70);
    rig_set_bit(rig, 0, ICACTIVER, 65);
    rig_enter(rig, 0);
    rig_eoi(rig, 0, 66);
    assert_false(word_of(rig, 66) & IRQ_ACT);
    assert_true(word_of(rig, 64) & IRQ_ACT);
    rig_eoi(rig, 0, 65); /* already inactive: its count must not hit 64 */
    assert_true(word_of(rig, 64) & IRQ_ACT);
    rig_eoi(rig, 0, 64);
    assert_false(word_of(rig, 64) & (IRQ_ACT));
    rig_free(rig);
}

/* 9: an interrupt made active by register write has no entry. */
static void r09_active_by_register_is_not_counted(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_pulse(rig, 0, 64);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_exit(rig, 0);
    rig_set_bit(rig, 0, ISACTIVER, 65); /* better priority (0) than anything */
    rig_setup(rig, 0, 70, true, 0xf0);
    rig_pulse(rig, 0, 70);
    rig_enter(rig, 0);
    rig_eoi(rig, 0, 64);
    assert_false(word_of(rig, 64) & IRQ_ACT);
    assert_true(word_of(rig, 65) & IRQ_ACT);
    rig_free(rig);
}

/* 9, K52: more active than registers, each refilled into a register and taken out again. */
static void r09_k52_refilling_removes_the_entry(void **state)
{
    struct rig *rig = rig_new(2, 1);

    (void)state;
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 5; i++) {
        rig_setup(rig, 0, 64 + i, true, (20 - i) << 3);
        rig_pulse(rig, 0, 64 + i);
        rig_turn(rig, 0);
        assert_int_equal(rig_ack(rig, 0), 64 + i);
    }
    for (unsigned i = 0; i < 20; i++)
        rig_turn(rig, 0);
    rig_exit(rig, 0);
    assert_int_equal(rig->cpu[0]->overflow_depth, 5);
    rig_enter(rig, 0);
    assert_int_equal(rig->cpu[0]->overflow_depth, 3);
    for (unsigned i = 5; i-- > 0;)
        rig_eoi(rig, 0, 64 + i);
    rig_exit(rig, 0);
    for (unsigned i = 0; i < 5; i++)
        assert_false(word_of(rig, 64 + i) & IRQ_ACT);
    assert_int_equal(rig->cpu[0]->overflow_depth, 0);
    rig_free(rig);
}

static bool traps_dir(struct rig *rig, unsigned cpu)
{
    uint64_t hcr = lvgic_vcpu_lrs(rig->cpu[cpu])->hcr;

    assert_false(hcr & (rig->vm->no_dir_trap ? HCR_TDIR : HCR_TC));
    return hcr & (HCR_TDIR | HCR_TC);
}

/* 10: with EOImode 1 DIR traps while the guest could name something that the hardware does not
 * know: something active outside the registers, or an SPI of another vCPU. Hosts that cannot trap
 * it alone trap the common registers. With EOImode 0 a trap costs nothing, and hosts with TDIR have
 * it. */
static void r10_dir_traps_while_needed(void **state)
{
    (void)state;
    for (unsigned fallback = 0; fallback < 2; fallback++) {
        struct rig *rig = rig_new(1, 2);

        rig->relax_exits = true;
        rig->vm->no_dir_trap = fallback;
        rig_enter(rig, 0);
        assert_int_equal(traps_dir(rig, 0), !fallback);
        rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
        rig_icc_write(rig, 1, SYSREG_ICC_CTLR_EL1, 2);
        rig_turn(rig, 0);
        assert_false(traps_dir(rig, 0));

        rig_setup(rig, 0, 64, true, 0x80); /* an SPI of its own: it comes out for a moment */
        rig_setup(rig, 0, 20, true, 0x40);
        lvgic_vcpu_enter(rig->cpu[0]);
        assert_false(traps_dir(rig, 0));
        rig_enter(rig, 1);
        assert_true(traps_dir(rig, 1)); /* which the other may deactivate */

        rig_pulse(rig, 0, 64);
        rig_turn(rig, 0);
        assert_int_equal(rig_ack(rig, 0), 64);
        rig_pulse(rig, 0, 20);
        rig_turn(rig, 0); /* 64 is active outside of the one register */
        assert_true(traps_dir(rig, 0));
        assert_int_equal(rig_ack(rig, 0), 20);
        rig_eoi(rig, 0, 20);
        rig_eoi(rig, 0, 64);
        rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, 64);
        rig_icc_write(rig, 0, SYSREG_ICC_DIR_EL1, 20);
        rig_turn(rig, 0);
        assert_false(traps_dir(rig, 0));
        rig_free(rig);
    }
}

/* The same from the other side: before an SPI can become active elsewhere, or a private interrupt
 * is made active by register, whoever runs without the trap comes out. */
static void r10_whoever_runs_without_the_trap_comes_out_first(void **state)
{
    struct rig *rig = rig_new(1, 2);

    (void)state;
    rig->relax_exits = true;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_icc_write(rig, 0, SYSREG_ICC_CTLR_EL1, 2);
    rig_enter(rig, 0);
    rig_setup(rig, 0, 65, true, 0x80); /* no other home: it may stay in */
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_E_PHASE);
    assert_false(traps_dir(rig, 0));
    rig_set_bit(rig, 0, ISACTIVER, 20);
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_OK);
    rig_set_bit(rig, 0, ICACTIVER, 20);
    lvgic_vcpu_enter(rig->cpu[0]);
    rig_dist_write(rig, 0x6000 + 8 * 65, 8, 1);
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_OK);
    assert_true(traps_dir(rig, 0));
    rig_setup(rig, 1, 66, true, 0x80); /* known already */
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_E_PHASE);
    rig_free(rig);
}

/* 11: a deactivation by register waits for the fold and does not hit a later activation. */
static void r11_remote_deactivation_waits_for_the_fold(void **state)
{
    struct rig *rig = rig_new(2, 2);

    (void)state;
    rig->relax_exits = true;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_set_bit(rig, 1, ICACTIVER, 40);
    assert_int_equal(rig->relaxes, 1);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023); /* its priority is still running */
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_exit(rig, 0);
    assert_true(word_of(rig, 40) & IRQ_ACT);
    rig_free(rig);
}

/* 12: ISPENDR of a level is used up by listing, restored if never acknowledged, and one that comes
 * after the acknowledge is not lost. */
static void r12_soft_pending(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_set_bit(rig, 0, ISPENDR, 40);
    rig_enter(rig, 0);
    rig_exit(rig, 0);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_dist_write(rig, 0x204, 4, 1u << 8); /* ISPENDR again, from elsewhere, while listed */
    rig_turn(rig, 0);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

/* 16: a vCPU that is itself out of the guest never waits for itself. */
static void r16_own_registers_are_folded(void **state)
{
    struct rig *rig = rig_new(1, 1);
    struct lvgic_access access = {.offset = ISACTIVER + 4, .size = 4};

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    assert_int_equal(lvgic_dist_access(rig->vm, rig->cpu[0], &access), LVGIC_E_INVALID);
    rig_exit(rig, 0);
    assert_int_equal(lvgic_dist_access(rig->vm, rig->cpu[0], &access), LVGIC_OK);
    assert_int_equal(access.value, 1u << 8);
    assert_int_equal(rig->relaxes, 0);
    rig_free(rig);
}

/* 21: 1-of-N is not offered, and TYPER says so. */
static void r21_no_1_of_n(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    assert_true(rig_dist_read(rig, 4, 4) & 1u << 25);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, UINT64_C(1) << 31);
    assert_int_equal(rig_dist_read(rig, 0x6000 + 8 * 40, 8), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r02_a_register_that_ended_with_eoi_is_cleaned),
        cmocka_unit_test(r03_waiting_does_not_hide_news),
        cmocka_unit_test(r04_group_enables_are_announced),
        cmocka_unit_test(r05_pmr_does_not_gate_groups_do),
        cmocka_unit_test(r06_o06_no_condition_holds_at_entry),
        cmocka_unit_test(r06_gated_interrupts_arm_no_space_condition),
        cmocka_unit_test(r07_every_deactivation_notifies),
        cmocka_unit_test(r08_k42_pending_of_a_mapped_interrupt_is_the_lines),
        cmocka_unit_test(r08_icpendr_of_a_mapped_edge_deactivates_physically),
        cmocka_unit_test(r09_k04_a_stale_entry_uses_up_its_count),
        cmocka_unit_test(r09_active_by_register_is_not_counted),
        cmocka_unit_test(r09_k52_refilling_removes_the_entry),
        cmocka_unit_test(r10_dir_traps_while_needed),
        cmocka_unit_test(r10_whoever_runs_without_the_trap_comes_out_first),
        cmocka_unit_test(r11_remote_deactivation_waits_for_the_fold),
        cmocka_unit_test(r12_soft_pending),
        cmocka_unit_test(r16_own_registers_are_folded),
        cmocka_unit_test(r21_no_1_of_n),
    };

    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
