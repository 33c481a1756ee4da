/* SPDX-License-Identifier: MIT */
/* Defects that other virtual GICs had with GICv2 guests, named after their ids. */
#include "rig_gicv2.h"

#include "arch/lr.h"

/* K33: every GIC system register is UNDEFINED, read and written, inside a run and out of it. */
static void k33_system_registers_without_gicv3(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    for (unsigned inside = 0; inside < 2; inside++) {
        if (inside)
            rig_enter(rig, 0);
        for (enum sysreg reg = 0; reg < NR_SYSREGS; reg++)
            for (unsigned write = 0; write < 2; write++) {
                uint64_t value = 0xffff;

                assert_int_equal(
                    lvgic_vcpu_sysreg(rig->cpu[0], sysreg_rows[reg].encoding, write, &value),
                    LVGIC_SYSREG_UNDEF);
                assert_int_equal(value, 0xffff);
            }
    }
    assert_int_equal(rig_dist_read_by(rig, 1, ISPENDR, 4), 0);
    rig_free(rig);
}

/* K58: a level interrupt that was forwarded, on a host whose list registers cannot deactivate: the
 * line that stays high through the completion is an interrupt again, as often as it does, and an
 * edge that comes while it is active is kept. */
static void k58_line_high_through_the_completion(void **state)
{
    struct rig *rig = rig_gicv2(1, 1);

    (void)state;
    setup(rig, 0, 40, false, 0x80, 1);
    lvgic_set_notify(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), true);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    for (unsigned i = 1; i <= 4; i++) {
        assert_int_equal(ack(rig, 0), 40);
        assert_int_equal(ack(rig, 0), 1023);
        if (i % 2)
            rig_turn(rig, 0); /* comes out while it is active */
        eoi(rig, 0, 40);
        assert_int_equal(rig->deactivated[40], i);
    }
    rig_line(rig, 0, 40, false);
    rig_turn(rig, 0);
    assert_int_equal(ack(rig, 0), 1023);

    rig_exit(rig, 0);
    setup(rig, 0, 41, true, 0x80, 1);
    rig_pulse(rig, 0, 41);
    rig_enter(rig, 0);
    assert_int_equal(ack(rig, 0), 41);
    rig_pulse(rig, 0, 41);
    rig_turn(rig, 0);
    eoi(rig, 0, 41);
    assert_int_equal(ack(rig, 0), 41);
    rig_free(rig);
}

/* O10: INTIDs above 255, more injections than list registers, and the places of group and EOI in a
 * register. */
static void o10_large_intids_and_few_registers(void **state)
{
    static const unsigned intids[] = {32, 255, 256, 300, 511, 512, 767, 1018, 1019};
    struct lvgic_config config = {.gic = 2, .nr_vcpus = 2, .nr_spis = 988, .nr_lrs = 2};
    struct rig *rig = rig_with(&config);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[1]);

    (void)state;
    rig_gicc_write(rig, 1, GICC_REG_CTLR, 3 | ACKCTL);
    for (size_t i = 0; i < ARRAY_LEN(intids); i++) {
        setup(rig, 1, intids[i], i % 2, 0x80 + 8 * (unsigned)i, 2);
        rig_dist_write(rig, GROUPR + intids[i] / 32 * 4, 4, UINT32_MAX);
        rig_line(rig, 0, intids[i], true);
    }
    rig_enter(rig, 1);
    assert_int_equal(lrs->lr[0], LR_PENDING | LR_GROUP1 | LR_EOI | UINT64_C(0x80) << 48 | 32);
    assert_int_equal(lrs->lr[1], LR_PENDING | LR_GROUP1 | UINT64_C(0x88) << 48 | 255);
    assert_int_equal(lrs->hcr & (HCR_TDIR | HCR_TC), 0); /* GICH_HCR has no such bits */
    for (size_t i = 0; i < ARRAY_LEN(intids); i++) {
        assert_int_equal(ack(rig, 1), intids[i]);
        rig_line(rig, 0, intids[i], false);
        eoi(rig, 1, intids[i]);
    }
    assert_int_equal(ack(rig, 1), 1023);
    rig_free(rig);
}

/* O13: an SGI to CPUs that do not exist. */
static void o13_sgi_to_nobody(void **state)
{
    (void)state;
    for (unsigned nr_cpus = 1; nr_cpus <= 8; nr_cpus++) {
        struct rig *rig = rig_gicv2(4, nr_cpus);

        for (unsigned list = 0; list < 256; list++) {
            send(rig, nr_cpus - 1, TO_LIST, list, 1);
            for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
                assert_int_equal(rig_dist_read_by(rig, cpu, SPENDSGIR + 1, 1),
                                 list >> cpu & 1 ? 1u << (nr_cpus - 1) : 0);
                rig_dist_write_by(rig, cpu, CPENDSGIR + 1, 1, 0xff);
            }
        }
        rig_free(rig);
    }
}

/* O16: all bit patterns of GICD_SGIR: whatever is in the fields that it ignores, one of the sixteen
 * SGIs becomes pending from the writer, where the filter says, and nothing else anywhere. */
static void o16_all_bit_patterns_of_sgir(void **state)
{
    struct rig *rig = rig_gicv2(4, 3);

    (void)state;
    for (unsigned fields = 0; fields < 1u << 14; fields++) {
        unsigned filter = fields >> 12, list = fields >> 4 & 0xff, intid = fields & 15;
        unsigned noise = fields * 2654435761u & ~0x03ff000fu;
        unsigned reached[] = {list & 7, 5, 2, 0};

        rig_dist_write_by(rig, 1, SGIR, 4, noise | filter << 24 | list << 16 | intid);
        for (unsigned cpu = 0; cpu < 3; cpu++) {
            bool there = reached[filter] >> cpu & 1;

            assert_int_equal(rig_dist_read_by(rig, cpu, ISPENDR, 4), there ? 1u << intid : 0);
            assert_int_equal(rig_dist_read_by(rig, cpu, SPENDSGIR + intid, 1), there ? 2 : 0);
            rig_dist_write_by(rig, cpu, CPENDSGIR + intid, 1, 2);
        }
        assert_int_equal(rig_dist_read(rig, ISPENDR + 4, 4), 0);
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k33_system_registers_without_gicv3),
        cmocka_unit_test(k58_line_high_through_the_completion),
        cmocka_unit_test(o10_large_intids_and_few_registers),
        cmocka_unit_test(o13_sgi_to_nobody),
        cmocka_unit_test(o16_all_bit_patterns_of_sgir),
    };

    return cmocka_run_group_tests_name("museum, GICv2", tests, NULL, NULL);
}
