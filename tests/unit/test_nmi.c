/* SPDX-License-Identifier: MIT */
/* Non-maskable interrupts (FEAT_GICv3_NMI, IHI 0069H 4.9). */
#include "rig.h"

#include "arch/intid.h"
#include "arch/lr.h"
#include "irq/vm.h"

enum { INMIR = 0xf80, INMIR_EXTENDED = 0x3b00 };

static struct rig *rig_nmi(unsigned nr_lrs)
{
    struct lvgic_config config = {.nr_vcpus = 2,
                                  .nr_spis = 96,
                                  .nr_espis = 32,
                                  .nr_eppis = 32,
                                  .nr_lrs = (uint8_t)nr_lrs,
                                  .nmi = true};

    return rig_with(&config);
}

static void the_property_is_a_register_of_each_interrupt(void **state)
{
    struct rig *rig = rig_nmi(4), *without = rig_new(4, 1);

    (void)state;
    assert_true(rig_dist_read(rig, 4, 4) & BIT64(9)); /* GICD_TYPER.NMI */
    rig_dist_write(rig, INMIR + 8, 4, 0x80000001);
    assert_int_equal(rig_dist_read(rig, INMIR + 8, 4), 0x80000001);
    assert_int_equal(rig_dist_read(rig, INMIR, 4), 0); /* private ones are the redistributor's */
    rig_dist_write(rig, INMIR_EXTENDED, 4, 2);
    assert_int_equal(rig_dist_read(rig, INMIR_EXTENDED, 4), 2);
    rig_redist_write(rig, 1, 0x10f80, 4, 0xffffffff);
    assert_int_equal(rig_redist_read(rig, 1, 0x10f80, 4), 0xffffffff);
    assert_int_equal(rig_redist_read(rig, 0, 0x10f80, 4), 0);
    rig_redist_write(rig, 1, 0x10f84, 4, 5);
    assert_int_equal(rig_redist_read(rig, 1, 0x10f84, 4), 5);

    assert_false(rig_dist_read(without, 4, 4) & BIT64(9));
    rig_dist_write(without, INMIR + 8, 4, 0xffffffff);
    assert_int_equal(rig_dist_read(without, INMIR + 8, 4), 0);
    rig_free(without);
    rig_free(rig);
}

static void acknowledged_by_its_own_register(void **state)
{
    struct rig *rig = rig_nmi(4);
    uint64_t value = 0;

    (void)state;
    lvgic_vcpu_set_sctlr_nmi(rig->cpu[0], true);
    rig_setup(rig, 0, 64, true, 0xf8); /* the lowest priority */
    rig_setup(rig, 0, 65, true, 0x00);
    rig_dist_write(rig, INMIR + 8, 4, 1);
    rig_pulse(rig, 0, 64);
    rig_pulse(rig, 0, 65);
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0); /* masks everything else */
    rig_enter(rig, 0);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).irq && lvgic_vcpu_lines(rig->cpu[0]).nmi);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_HPPIR1_EL1), 64);
    assert_int_equal(rig_ack(rig, 0), INTID_NMI);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 64);
    assert_true(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1) == RPR_NMI);
    assert_true(rig_icc_read(rig, 0, SYSREG_ICC_AP1R0_EL1) == AP1R0_NMI);
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0xff);
    assert_int_equal(rig_ack(rig, 0), 1023); /* nothing preempts an NMI */
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 1023);
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1), 0xff);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 1023); /* 65 is not one */
    assert_int_equal(rig_ack(rig, 0), 65);
    rig_eoi(rig, 0, 65);
    rig_exit(rig, 0);
    rig_free(rig);

    rig = rig_new(4, 1); /* without the feature the register does not exist */
    assert_int_equal(
        lvgic_vcpu_sysreg(rig->cpu[0], sysreg_rows[SYSREG_ICC_NMIAR1_EL1].encoding, false, &value),
        LVGIC_SYSREG_UNDEF);
    rig_free(rig);
}

/* While SCTLR_EL1.NMI is 0 the PE takes it as an interrupt like others, but with superpriority. */
static void without_sctlr_nmi_acknowledged_as_others(void **state)
{
    struct rig *rig = rig_nmi(1);

    (void)state;
    rig_setup(rig, 0, 64, true, 0xf8);
    rig_dist_write(rig, INMIR + 8, 4, 1);
    rig_pulse(rig, 0, 64);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    assert_true(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1) & RPR_NMI);
    rig_eoi(rig, 0, 64);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* Group 0 has no NMIs (4.9): the bit is kept and means nothing. */
static void only_group_1_has_them(void **state)
{
    struct rig *rig = rig_nmi(1);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_dist_write(rig, INMIR + 8, 4, 1);
    rig_dist_write(rig, GROUPR + 8, 4, 0);
    rig_pulse(rig, 0, 64);
    rig_enter(rig, 0);
    assert_false(lvgic_vcpu_lrs(rig->cpu[0])->lr[0] & LR_NMI);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).fiq && !lvgic_vcpu_lines(rig->cpu[0]).nmi);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* One list register, an interrupt of the highest priority waits in it: the NMI comes first all the
 * same, preempts what is active, loses its register to another interrupt while it is active, and
 * is completed by count. */
static void ahead_of_every_priority_through_overflow(void **state)
{
    struct rig *rig = rig_nmi(1);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x00);
    rig_setup(rig, 0, 65, true, 0x00);
    rig_setup(rig, 0, 66, true, 0xf0);
    rig_dist_write(rig, INMIR + 8, 4, 4);
    rig_enter(rig, 0);
    rig_pulse(rig, 0, 64);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_pulse(rig, 0, 65);
    rig_pulse(rig, 0, 66);
    rig_turn(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 66); /* preempts priority 0 */
    rig_turn(rig, 0); /* 65 takes the register, though it can not be taken yet */
    assert_int_equal(lr_vintid(lvgic_vcpu_lrs(rig->cpu[0])->lr[0]), 65);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_eoi(rig, 0, 66);
    assert_int_equal(rig->cpu[0]->stats.eoicount_replays, 1);
    assert_int_equal(rig_ack(rig, 0), 1023); /* 64 has the same priority as 65 and is active */
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig_ack(rig, 0), 65);
    rig_eoi(rig, 0, 65);
    rig_exit(rig, 0);
    for (unsigned i = 64; i < 67; i++)
        assert_false(rig_get_bit(rig, 0, ISACTIVER, i));
    rig_free(rig);
}

/* An NMI that is active comes back into a register as one, whatever its property is by then. */
static void comes_back_as_it_was_acknowledged(void **state)
{
    struct rig *rig = rig_nmi(2);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_dist_write(rig, INMIR + 8, 4, 1);
    rig_pulse(rig, 0, 64);
    rig_enter(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 64);
    rig_exit(rig, 0);
    rig_dist_write(rig, INMIR + 8, 4, 0);
    rig_pulse(rig, 0, 64); /* pending again, and maskable now: that waits */
    rig_enter(rig, 0);
    assert_true((lvgic_vcpu_lrs(rig->cpu[0])->lr[0] & (LR_NMI | LR_STATE)) == (LR_NMI | LR_ACTIVE));
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1), 0xff);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 1023);
    assert_int_equal(rig_ack(rig, 0), 64);
    rig_eoi(rig, 0, 64);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* A sleeping vCPU wakes up for an NMI that its priority mask would hold back. */
static void wakes_through_the_priority_mask(void **state)
{
    struct rig *rig = rig_nmi(1);

    (void)state;
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0);
    rig_setup(rig, 0, 64, true, 0x80);
    rig_pulse(rig, 0, 64);
    assert_false(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_dist_write(rig, INMIR + 8, 4, 1);
    assert_true(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_free(rig);
}

/* LR.NMI and AP1R0.NMI as registers exist only with the feature. */
static void ich_registers(void **state)
{
    const uint32_t lr0 = LVGIC_SYSREG(3, 4, 12, 12, 0), ap1r0 = LVGIC_SYSREG(3, 4, 12, 9, 0);
    struct lvgic_lrs lrs;
    uint64_t value;

    (void)state;
    for (unsigned nmi = 0; nmi < 2; nmi++) {
        lvgic_lrs_init(&lrs, 4, 5);
        lrs.nmi = (uint8_t)nmi;
        value = ~UINT64_C(0);
        lvgic_lrs_access(&lrs, lr0, true, &value);
        lvgic_lrs_access(&lrs, lr0, false, &value);
        assert_int_equal(!!(value & LR_NMI), nmi);
        value = ~UINT64_C(0);
        lvgic_lrs_access(&lrs, ap1r0, true, &value);
        lvgic_lrs_access(&lrs, ap1r0, false, &value);
        assert_true(value == (nmi ? AP1R0_NMI | UINT32_MAX : UINT32_MAX));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_property_is_a_register_of_each_interrupt),
        cmocka_unit_test(acknowledged_by_its_own_register),
        cmocka_unit_test(without_sctlr_nmi_acknowledged_as_others),
        cmocka_unit_test(only_group_1_has_them),
        cmocka_unit_test(ahead_of_every_priority_through_overflow),
        cmocka_unit_test(comes_back_as_it_was_acknowledged),
        cmocka_unit_test(wakes_through_the_priority_mask),
        cmocka_unit_test(ich_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
