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
    };

    return cmocka_run_group_tests_name("museum", tests, NULL, NULL);
}
