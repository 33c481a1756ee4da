/* SPDX-License-Identifier: MIT */
/* The loader for ICH_* registers, on registers of ours: what it writes and reads, and what not. */
#include "fake_ich.h"
#include "rig.h"

#include "irq/vm.h"

static unsigned lr_writes(void)
{
    unsigned writes = 0;

    for (unsigned i = 0; i < 16; i++)
        writes += registers[find(lr_names[i])].writes;
    return writes;
}

static unsigned lr_reads(void)
{
    unsigned reads = 0;

    for (unsigned i = 0; i < 16; i++)
        reads += registers[find(lr_names[i])].reads;
    return reads;
}

static void forget_counts(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(registers); i++)
        registers[i].reads = registers[i].writes = 0;
}

/* The hardware's side: ELRSR from the list registers. */
static void update_elrsr(unsigned nr)
{
    uint64_t elrsr = 0;

    for (unsigned i = 0; i < nr; i++)
        elrsr |= lr_is_empty(registers[find(lr_names[i])].value) ? BIT64(i) : 0;
    registers[find(ICH_ELRSR)].value = elrsr;
}

static struct rig *attach(unsigned nr)
{
    struct rig *rig = rig_new(nr, 1);

    memset(registers, 0, sizeof registers);
    registers[find(ICH_VTR)].value = (nr - 1) | 4u << 26 | 4u << 29 | BIT64(19);
    lvgic_ich_attach(lvgic_vcpu_lrs(rig->cpu[0]));
    forget_counts();
    return rig;
}

static void enter(struct rig *rig)
{
    rig_enter(rig, 0);
    lvgic_ich_load(lvgic_vcpu_lrs(rig->cpu[0]));
}

static void leave(struct rig *rig)
{
    update_elrsr(lvgic_vcpu_lrs(rig->cpu[0])->nr);
    lvgic_ich_save(lvgic_vcpu_lrs(rig->cpu[0]));
    rig_exit(rig, 0);
}

static uint64_t *hardware(const char *name)
{
    return &registers[find(name)].value;
}

/* The guest acknowledges, or completes, what is in a register. */
static void take(unsigned reg)
{
    *hardware(lr_names[reg]) ^= LR_STATE;
    *hardware(ICH_AP1R0) |= BIT64(lr_priority(*hardware(lr_names[reg])) >> 3);
}

static void complete(unsigned priority)
{
    *hardware(ICH_AP1R0) &= ~BIT64(priority >> 3);
}

static void capabilities(void **state)
{
    (void)state;
    memset(registers, 0, sizeof registers);
    registers[find(ICH_VTR)].value = 0x90b80003; /* QEMU's */
    struct lvgic_ich_caps caps = lvgic_ich_caps();
    assert_int_equal(caps.nr_lrs, 4);
    assert_int_equal(caps.pri_bits, 5);
    assert_true(caps.dir_trap);
}

static void an_exit_without_interrupts_touches_no_list_register(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    enter(rig);
    leave(rig);
    forget_counts();
    for (unsigned i = 0; i < 100; i++) {
        enter(rig);
        leave(rig);
    }
    assert_int_equal(lr_writes() + lr_reads(), 0);
    assert_int_equal(registers[find(ICH_ELRSR)].reads, 0);
    assert_int_equal(registers[find(ICH_HCR)].writes, 0);
    assert_int_equal(registers[find(ICH_VMCR)].writes, 0);
    assert_int_equal(registers[find(ICH_AP1R0)].writes, 0);
    rig_free(rig);
}

static void values_that_do_not_change_are_not_written(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        rig_setup(rig, 0, 64 + i, true, 0x80);
        rig_pulse(rig, 0, 64 + i);
    }
    enter(rig);
    assert_int_equal(lr_writes(), 3);
    forget_counts();
    for (unsigned i = 0; i < 100; i++) {
        leave(rig);
        enter(rig);
    }
    assert_int_equal(lr_writes(), 0);
    assert_int_equal(lr_reads(), 300); /* those in use, and no others */
    leave(rig);
    rig_free(rig);
}

static void empty_registers_are_not_read(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_pulse(rig, 0, 64);
    enter(rig);
    registers[find(lr_names[0])].value &= ~LR_STATE; /* taken and completed */
    forget_counts();
    leave(rig);
    assert_int_equal(lr_reads(), 0);
    enter(rig);
    assert_int_equal(lr_writes(), 0);
    leave(rig);
    /* The same interrupt again differs from what the hardware holds. */
    rig_pulse(rig, 0, 64);
    enter(rig);
    assert_int_equal(lr_writes(), 1);
    assert_int_equal(registers[find(lr_names[0])].value & LR_STATE, LR_PENDING);
    leave(rig);
    rig_free(rig);
}

static void a_told_deactivation_is_cleaned_up(void **state)
{
    struct rig *rig = attach(2);

    (void)state;
    rig_setup(rig, 0, 64, false, 0x80);
    rig_line(rig, 0, 64, true);
    enter(rig);
    registers[find(lr_names[0])].value &= ~LR_STATE;
    rig_line(rig, 0, 64, false);
    leave(rig); /* EOI = 1: not empty, so it was read */
    enter(rig);
    assert_int_equal(registers[find(lr_names[0])].value, 0);
    leave(rig);
    rig_free(rig);
}

/* The counter is read only while something waits for it, and is zero again afterwards. */
static void eoicount_comes_back_and_is_cleared(void **state)
{
    struct rig *rig = attach(1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
    uint64_t *hcr = &registers[find(ICH_HCR)].value;

    (void)state;
    rig_setup(rig, 0, 64, true, 0x80);
    rig_setup(rig, 0, 65, true, 0x40);
    rig_pulse(rig, 0, 64);
    enter(rig);
    *hcr |= UINT64_C(3) << HCR_EOICOUNT_LO; /* spurious completions: nobody waits */
    take(0);
    leave(rig);
    rig_pulse(rig, 0, 65);
    enter(rig);
    assert_int_equal(*hcr & HCR_EOICOUNT, 0);
    assert_true(*hcr & HCR_LRENPIE);
    registers[find(lr_names[0])].value &= ~LR_STATE; /* 65 taken and completed */
    *hcr |= UINT64_C(1) << HCR_EOICOUNT_LO;          /* and 64 completed */
    complete(0x80);
    leave(rig);
    assert_int_equal(irq_load(vcpu_irq(rig->cpu[0], 64)) & IRQ_ACT, 0);
    enter(rig);
    assert_int_equal(*hcr, lrs->hcr);
    assert_int_equal(*hcr & (HCR_EOICOUNT | HCR_LRENPIE), 0);
    leave(rig);
    rig_free(rig);
}

/* The guest changes priority and group of an interrupt in its handler: the register keeps those
 * that it was acknowledged with, which the hardware compares when the guest completes. */
static void an_active_interrupt_keeps_its_priority_and_group(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_pulse(rig, 0, 40);
    enter(rig);
    take(0);
    leave(rig);
    rig_dist_write(rig, 0x400 + 40, 1, 0x40);
    rig_dist_write(rig, 0x84, 4, 0);
    enter(rig);
    assert_int_equal(lr_priority(*hardware(lr_names[0])), 0x80);
    assert_true(*hardware(lr_names[0]) & LR_GROUP1);
    *hardware(lr_names[0]) &= ~LR_STATE; /* completed */
    leave(rig);
    assert_false(rig_get_bit(rig, 0, ISACTIVER, 40));
    rig_pulse(rig, 0, 40);
    enter(rig);
    assert_int_equal(lr_priority(*hardware(lr_names[0])), 0x40);
    leave(rig);
    rig_free(rig);
}

/* With EOImode 1 completions are no deactivations, although some hardware counts them. */
static void counts_of_eoimode_1_are_not_believed(void **state)
{
    struct rig *rig = attach(1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_setup(rig, 0, 41, true, 0xf0);
    rig_pulse(rig, 0, 40);
    enter(rig);
    take(0);
    leave(rig);
    rig_set_bit(rig, 0, ICACTIVER, 40); /* a crash kernel cleans up and uses EOImode 1 */
    enter(rig);
    *hardware(ICH_VMCR) |= VMCR_VEOIM;
    leave(rig);
    rig_pulse(rig, 0, 40);
    enter(rig);
    take(0);
    rig_pulse(rig, 0, 41);
    leave(rig);
    enter(rig); /* 41 takes the register, 40 is outside */
    *hardware(ICH_HCR) |= BIT64(HCR_EOICOUNT_LO);
    leave(rig);
    assert_true(rig_get_bit(rig, 0, ISACTIVER, 40));
    rig_free(rig);
}

/* A write on the guest's behalf, or a VMM's, after the save is newer than the hardware's value,
 * whether the interface is given up in between or not. */
static void what_was_written_outside_is_loaded(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    for (unsigned detach = 0; detach < 2; detach++) {
        enter(rig);
        leave(rig);
        rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0x40 + 0x40 * detach);
        rig_icc_write(rig, 0, SYSREG_ICC_AP1R0_EL1, 4 + detach);
        if (detach) {
            lvgic_ich_detach(lvgic_vcpu_lrs(rig->cpu[0]));
            lvgic_ich_attach(lvgic_vcpu_lrs(rig->cpu[0]));
        }
        enter(rig);
        assert_int_equal(*hardware(ICH_VMCR) >> 24, 0x40 + 0x40 * detach);
        assert_int_equal(*hardware(ICH_AP1R0), 4 + detach);
        leave(rig);
    }
    rig_free(rig);
}

/* Priority bits without preemption bits are of no use, and the library takes seven at most. */
static void priority_bits_that_can_be_used(void **state)
{
    static const unsigned cases[][3] = {{6, 5, 5}, {5, 5, 5}, {7, 7, 7}, {8, 7, 7}, {6, 6, 6}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        *hardware(ICH_VTR) =
            (uint64_t)(cases[i][0] - 1) << 29 | (uint64_t)(cases[i][1] - 1) << 26 | 3;
        assert_int_equal(lvgic_ich_caps().pri_bits, cases[i][2]);
    }
}

static void detach_and_attach_carry_the_guests_registers(void **state)
{
    struct rig *rig = attach(4);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    enter(rig);
    registers[find(ICH_VMCR)].value = 0x12345601;
    registers[find(ICH_AP1R0)].value = 0x10;
    leave(rig);
    lvgic_ich_detach(lrs);
    assert_int_equal(registers[find(ICH_HCR)].value, 0);
    registers[find(ICH_VMCR)].value = registers[find(ICH_AP1R0)].value = 0;
    lvgic_ich_attach(lrs);
    enter(rig);
    assert_int_equal(registers[find(ICH_VMCR)].value, 0x12345601);
    assert_int_equal(registers[find(ICH_AP1R0)].value, 0x10);
    leave(rig);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities),
        cmocka_unit_test(an_exit_without_interrupts_touches_no_list_register),
        cmocka_unit_test(values_that_do_not_change_are_not_written),
        cmocka_unit_test(empty_registers_are_not_read),
        cmocka_unit_test(a_told_deactivation_is_cleaned_up),
        cmocka_unit_test(eoicount_comes_back_and_is_cleared),
        cmocka_unit_test(an_active_interrupt_keeps_its_priority_and_group),
        cmocka_unit_test(counts_of_eoimode_1_are_not_believed),
        cmocka_unit_test(what_was_written_outside_is_loaded),
        cmocka_unit_test(priority_bits_that_can_be_used),
        cmocka_unit_test(detach_and_attach_carry_the_guests_registers),
    };

    return cmocka_run_group_tests_name("ich", tests, NULL, NULL);
}
