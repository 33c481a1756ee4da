/* SPDX-License-Identifier: MIT */
/* Delivery where several things meet: what the other tests leave out. */
#include "rig.h"

#include "arch/lr.h"
#include "irq/slots.h"
#include "irq/vm.h"
#include "lvgic/its.h"

enum { IGRPMODR = 0xd00, INMIR = 0xf80, ROUTER = 0x6000, SETSPI = 0x40 };
enum { GICR_PROPBASER = 0x70, SETLPIR = 0x40 };
#define RAM UINT64_C(0x40000000)

static void nmi(struct rig *rig, unsigned intid)
{
    rig_set_bit(rig, 0, INMIR, intid);
}

static struct rig *rig_nmi(void)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 96, .nr_lrs = 4, .nmi = true};

    return rig_with(&config);
}

/* Both acknowledged in one run: the NMI came last, though its priority is the lower one. */
static void an_nmi_preempts_in_the_same_run(void **state)
{
    struct rig *rig = rig_nmi();
    struct lvgic_vcpu *vcpu = rig->cpu[0];

    (void)state;
    rig_setup(rig, 0, 64, true, 0x10);
    rig_setup(rig, 0, 65, true, 0xf0);
    nmi(rig, 65);
    rig_pulse(rig, 0, 64);
    rig_pulse(rig, 0, 65);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    rig_enter(rig, 0);
    /* The hardware takes them in the order in which they became visible: 64, then the NMI. */
    vcpu->lrs.lr[1] ^= LR_STATE;
    vcpu->lrs.lr[0] ^= LR_STATE;
    vcpu->lrs.ap1r[0] = AP1R0_NMI | BIT64(2);
    rig_exit(rig, 0);
    assert_int_equal(vcpu->overflow_depth, 2);
    assert_int_equal(vcpu->overflow[0].slot, 64);
    assert_int_equal(vcpu->overflow[1].slot, 65);
    rig_enter(rig, 0);
    rig_eoi(rig, 0, 65);
    rig_eoi(rig, 0, 64);
    rig_exit(rig, 0);
    assert_int_equal(vcpu->overflow_depth, 0);
    rig_free(rig);
}

/* An active NMI that is pending again, as an NMI: one register says both. */
static void an_nmi_is_pending_again(void **state)
{
    struct rig *rig = rig_nmi();

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    nmi(rig, 64);
    rig_pulse(rig, 0, 64);
    rig_enter(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 64);
    rig_exit(rig, 0);
    rig_pulse(rig, 0, 64);
    rig_dist_write(rig, 0x400 + 64, 1, 0x40); /* of an NMI the priority does not count */
    rig_enter(rig, 0);
    assert_true((rig->cpu[0]->lrs.lr[0] & (LR_NMI | LR_STATE)) == (LR_NMI | LR_STATE));
    rig_eoi(rig, 0, 64);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_NMIAR1_EL1), 64);
    rig_eoi(rig, 0, 64);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* Routed to nobody while it is in a register, and not taken there: it waits for a route. */
static void routed_to_nobody_while_listed(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    rig_dist_write(rig, ROUTER + 8 * 40, 8, 0x77);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    rig_dist_write(rig, ROUTER + 8 * 40, 8, 1);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_eoi(rig, 1, 40);
    rig_exit(rig, 1);
    rig_free(rig);
}

/* A level waits on vCPU 0 for its group, and goes to vCPU 1, which lists it: vCPU 0 still has it on
 * its mind, and drops it. */
static void in_another_ones_register(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    rig_enter(rig, 0);
    rig_exit(rig, 0);
    rig_dist_write(rig, ROUTER + 8 * 40, 8, 1);
    rig_enter(rig, 1);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_line(rig, 0, 40, false);
    rig_eoi(rig, 1, 40);
    rig_exit(rig, 1);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* A second message while the first waits is one more edge, of which the vCPU hears. */
static void a_second_message(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_enter(rig, 0);
    rig_dist_write(rig, SETSPI, 4, 40);
    assert_int_equal(rig->kicks[0], 1);
    rig_turn(rig, 0); /* listed */
    rig_dist_write(rig, SETSPI, 4, 40);
    rig_dist_write(rig, SETSPI, 4, 40);
    assert_int_equal(rig->kicks[0], 2);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* What would wake a vCPU: not what the distributor or its own group enable holds back. */
static void nothing_to_wake_up_for(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    assert_true(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_dist_write(rig, 0, 4, 1);
    assert_false(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_dist_write(rig, 0, 4, 3);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    assert_false(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    assert_true(lvgic_vcpu_block(rig->cpu[0]));
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    assert_true(lvgic_vcpu_has_interrupt(rig->cpu[0]));
    rig_free(rig);
}

static uint32_t target_of(struct rig *rig, unsigned intid)
{
    struct lvgic_irq_info info;

    assert_int_equal(lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(intid), &info), LVGIC_OK);
    return info.target;
}

/* Opting out is by group: each of the three with two security states, and group 0 for all that is
 * not in group 1 when there is one (GICR_CTLR.DPG*, GICD_CTLR.DS). */
static void one_of_n_groups(void **state)
{
    struct lvgic_config config = {
        .nr_vcpus = 2, .nr_spis = 32, .one_of_n = true, .two_security_states = true};
    struct rig *rig = rig_with(&config);

    (void)state;
    rig->secure = true;
    rig_dist_write(rig, 0, 4, 7);
    for (unsigned i = 0; i < 2; i++)
        rig_redist_write(rig, i, 0x14, 4, 0); /* awake */
    for (unsigned i = 40; i < 43; i++) {
        rig_setup(rig, 0, i, true, 0x80);
        rig_dist_write(rig, ROUTER + 8 * i, 8, UINT64_C(1) << 31);
    }
    rig_dist_write(rig, GROUPR + 4, 4, 1u << 8); /* 40: group 1; 41: group 0; 42: Secure group 1 */
    rig_dist_write(rig, IGRPMODR + 4, 4, 1u << 10);
    static const uint32_t dpg[] = {DPG_GROUP1, DPG_GROUP0, DPG_GROUP1S};

    for (unsigned out = 0; out < 3; out++) {
        for (unsigned cpu = 0; cpu < 2; cpu++) {
            rig_redist_write(rig, cpu, 0, 4, dpg[out]);
            rig_redist_write(rig, !cpu, 0, 4, 0);
            assert_int_equal(target_of(rig, 40 + out), !cpu);
        }
    }
    rig_pulse(rig, 0, 16); /* a private interrupt is offered to nobody else */
    /* One security state from now on: 42 is in group 0, with a bit that means nothing. */
    rig_dist_write(rig, 0, 4, 0x47);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        rig_redist_write(rig, cpu, 0, 4, DPG_GROUP0);
        rig_redist_write(rig, !cpu, 0, 4, 0);
        assert_int_equal(target_of(rig, 42), !cpu);
    }
    rig_pulse(rig, 0, 42);
    rig_enter(rig, 0);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 42);
    rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, 42);
    rig_exit(rig, 0);
    rig_setup(rig, 0, 16, true, 0x80); /* deliverable, and still nobody else's */
    rig_pulse(rig, 0, 16);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 16);
    rig_eoi(rig, 0, 16);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* A VM with so many LPIs that a bit of the news stands for two groups of 64 slots, and the last
 * group is alone: DirectLPI, one vCPU, one list register. */
enum { LPIS = 5100, CONFIG = 0 };

static struct rig *rig_many(void)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_lrs = 1, .nr_lpis = LPIS};
    struct rig *rig = rig_with(&config);

    for (unsigned i = 0; i < LPIS; i++)
        rig->ram[CONFIG + i] = 0x81;
    rig_redist_write(rig, 0, GICR_PROPBASER, 8, (RAM + CONFIG) | 15);
    rig_redist_write(rig, 0, GICR_PROPBASER + 8, 8, (RAM + 0x10000) | UINT64_C(1) << 62);
    rig_redist_write(rig, 0, 0, 4, 1);
    assert_true(rig->lpi_works > 0);
    while (lvgic_its_run(rig->vm))
        ;
    return rig;
}

static void the_last_of_many_lpis(void **state)
{
    struct rig *rig = rig_many();
    unsigned last = 8192 + LPIS - 1;

    (void)state;
    assert_int_equal(rig->vm->news_shift, 1);
    assert_int_equal(rig->vm->nr_groups % 2, 1);
    assert_int_equal(rig->vm->group_words, 2);
    rig_redist_write(rig, 0, SETLPIR, 8, last);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), last);
    rig_eoi(rig, 0, last);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* More of one priority than fits, in both words of its row; and while the group is closed all of
 * them go on waiting. */
static void a_row_of_two_words(void **state)
{
    static const unsigned intids[] = {8200, 8201, 8192 + LPIS - 1};
    struct rig *rig = rig_many();

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(intids); i++)
        rig_redist_write(rig, 0, SETLPIR, 8, intids[i]);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    for (unsigned i = 0; i < ARRAY_LEN(intids); i++) {
        rig_enter(rig, 0);
        assert_int_equal(rig_ack(rig, 0), intids[i]);
        rig_eoi(rig, 0, intids[i]);
        rig_exit(rig, 0);
    }
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* LPIs are disabled, and what waits has not been cleared yet, since that takes several calls: it is
 * dead all the same. */
static void dead_before_it_is_cleared(void **state)
{
    struct rig *rig = rig_many();
    unsigned last = 8192 + LPIS - 1;

    (void)state;
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 0);
    rig_redist_write(rig, 0, SETLPIR, 8, last);
    rig_enter(rig, 0); /* it waits for its group */
    rig_exit(rig, 0);
    rig_icc_write(rig, 0, SYSREG_ICC_IGRPEN1_EL1, 1);
    rig_redist_write(rig, 0, 0, 4, 0);
    assert_true(irq_pending(irq_load(lpi_irq(rig->vm, LPIS - 1))));
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_exit(rig, 0);
    while (lvgic_its_run(rig->vm))
        ;
    assert_false(irq_pending(irq_load(lpi_irq(rig->vm, LPIS - 1))));
    assert_false(rig_redist_read(rig, 0, 0, 4) & 1u << 3); /* RWP */
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_nmi_preempts_in_the_same_run),
        cmocka_unit_test(an_nmi_is_pending_again),
        cmocka_unit_test(routed_to_nobody_while_listed),
        cmocka_unit_test(in_another_ones_register),
        cmocka_unit_test(a_second_message),
        cmocka_unit_test(nothing_to_wake_up_for),
        cmocka_unit_test(one_of_n_groups),
        cmocka_unit_test(the_last_of_many_lpis),
        cmocka_unit_test(a_row_of_two_words),
        cmocka_unit_test(dead_before_it_is_cleared),
    };

    return cmocka_run_group_tests_name("corners", tests, NULL, NULL);
}
