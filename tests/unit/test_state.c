/* SPDX-License-Identifier: MIT */
/* Device attributes: what is set is got, errors and their phases, what differs from the guest's
 * view. */
#include "attrs.h"
#include "world.h"

#include "arch/lr.h"
#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"

#define AFFINITY(n) LVGIC_ATTR_AFFINITY(n)

static int try(struct rig *rig, uint32_t group, uint64_t attr)
{
    uint64_t value = 0;

    return lvgic_attr_get(rig->vm, group, attr, &value);
}

/* ------------------------------------------------------------------ set and get */

/* Every register of every frame: there or not, as the tables say; written with all kinds of values
 * it reads back what it can hold, and writing what was read changes nothing. */
static void frame(struct rig *rig, uint32_t group, uint64_t who, const struct reg_row *rows,
                  size_t nr, uint32_t size)
{
    static const uint32_t values[] = {0, UINT32_MAX, 0x5a5aa5a5, 0x01020304};

    for (uint32_t offset = 0; offset < size; offset++) {
        const struct reg_row *row = offset % 4 ? NULL : reg_find(rows, nr, offset);
        bool there = row && reg_vmm(row) != REG_VMM_NONE;
        uint64_t attr = who | offset, once;

        assert_int_equal(lvgic_attr_has(rig->vm, group, attr),
                         there ? LVGIC_OK : LVGIC_E_NO_DEVICE);
        if (!there) {
            assert_int_equal(try(rig, group, attr), LVGIC_E_NO_DEVICE);
            assert_int_equal(set(rig, group, attr, 0), LVGIC_E_NO_DEVICE);
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
            set(rig, group, attr, values[i]);
            once = get(rig, group, attr);
            assert_int_equal(set(rig, group, attr, once), LVGIC_OK);
            if (!clears(row))
                assert_int_equal(get(rig, group, attr), once);
        }
        assert_int_equal(set(rig, group, attr, UINT64_C(1) << 32), LVGIC_E_INVALID);
    }
}

static void every_register_of_gicv3(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 64, .nr_espis = 32, .nr_eppis = 32};

    (void)state;
    for (unsigned options = 0; options < 4; options++) {
        config.one_of_n = options & 1;
        config.nmi = config.two_security_states = options & 2;

        struct rig *rig = rig_with(&config);

        frame(rig, LVGIC_ATTR_DIST_REGS, 0, gicd_rows, nr_gicd_rows, GICD_SIZE + 8);
        for (unsigned cpu = 0; cpu < 2; cpu++)
            frame(rig, LVGIC_ATTR_REDIST_REGS, AFFINITY(cpu), gicr_rows, nr_gicr_rows,
                  GICR_SIZE + 8);
        assert_null(lvgic_check(rig->vm));
        rig_free(rig);
    }
}

static void every_register_of_gicv2(void **state)
{
    struct rig *rig = rig_gicv2(2, 3);

    (void)state;
    for (uint64_t cpu = 0; cpu < 3; cpu++)
        frame(rig, LVGIC_ATTR_DIST_REGS, cpu << 32, gicd2_rows, nr_gicd2_rows, GICD2_SIZE + 8);
    assert_null(lvgic_check(rig->vm));
    rig_free(rig);
}

/* The CPU interface, of a vCPU that is in the guest. */
static void every_system_register(void **state)
{
    static const struct {
        enum sysreg reg;
        uint64_t value, back;
    } cases[] = {
        {SYSREG_ICC_PMR_EL1, 0xa8, 0xa8},
        {SYSREG_ICC_PMR_EL1, 0xff, 0xf8},
        {SYSREG_ICC_BPR0_EL1, 6, 6},
        {SYSREG_ICC_BPR0_EL1, 0, 2},
        {SYSREG_ICC_BPR1_EL1, 5, 5},
        {SYSREG_ICC_AP0R0_EL1, 0x80000001, 0x80000001},
        {SYSREG_ICC_AP1R0_EL1, 0x00f0, 0x00f0},
        {SYSREG_ICC_CTLR_EL1, 0x8403, 0x8403},
        {SYSREG_ICC_SRE_EL1, 7, 7},
        {SYSREG_ICC_IGRPEN0_EL1, 1, 1},
        {SYSREG_ICC_IGRPEN1_EL1, 0, 0},
    };
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t attr = SYSREG_ATTR(cases[i].reg, 1);

        lvgic_vcpu_enter(rig->cpu[1]);
        assert_int_equal(set(rig, LVGIC_ATTR_CPU_SYSREGS, attr, cases[i].value), LVGIC_OK);
        assert_int_equal(get(rig, LVGIC_ATTR_CPU_SYSREGS, attr), cases[i].back);
    }
    /* BPR1 is what is stored, whatever CBPR shows the guest. */
    assert_int_equal(get(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_BPR1_EL1, 1)), 5);
    assert_int_equal(rig_icc_read(rig, 1, SYSREG_ICC_BPR1_EL1), 3);
    for (enum sysreg reg = 0; reg < NR_SYSREGS; reg++) {
        bool event = sysreg_rows[reg].access != SYSREG_RW, missing;

        missing = (reg >= SYSREG_ICC_AP0R1_EL1 && reg <= SYSREG_ICC_AP0R3_EL1) ||
                  (reg >= SYSREG_ICC_AP1R1_EL1 && reg <= SYSREG_ICC_AP1R3_EL1);
        assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(reg, 0)),
                         event || missing ? LVGIC_E_NO_DEVICE : LVGIC_OK);
    }
    rig_free(rig);
}

static void system_registers_that_do_not_fit(void **state)
{
    static const struct {
        enum sysreg reg;
        uint64_t value;
        int strict, kvm;
    } cases[] = {
        {SYSREG_ICC_CTLR_EL1, 0x8503, LVGIC_E_INVALID, LVGIC_E_INVALID}, /* more priorities */
        {SYSREG_ICC_CTLR_EL1, 0x8303, LVGIC_E_INVALID, LVGIC_OK},        /* fewer */
        {SYSREG_ICC_CTLR_EL1, 0x8c03, LVGIC_E_INVALID, LVGIC_E_INVALID}, /* more INTIDs */
        {SYSREG_ICC_CTLR_EL1, 0x0403, LVGIC_E_INVALID, LVGIC_E_INVALID}, /* other A3V */
        {SYSREG_ICC_CTLR_EL1, 0xc403, LVGIC_E_INVALID, LVGIC_E_INVALID}, /* other SEIS */
        {SYSREG_ICC_SRE_EL1, 0, LVGIC_E_INVALID, LVGIC_E_INVALID},
        {SYSREG_ICC_SRE_EL1, 1, LVGIC_E_INVALID, LVGIC_OK},
        {SYSREG_ICC_PMR_EL1, 0x1f0, LVGIC_E_INVALID, LVGIC_OK},
        {SYSREG_ICC_IGRPEN1_EL1, 2, LVGIC_E_INVALID, LVGIC_OK},
    };

    (void)state;
    for (unsigned kvm = 0; kvm < 2; kvm++) {
        struct rig *rig = rig_kvm(3, kvm);

        set(rig, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            assert_int_equal(
                set(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(cases[i].reg, 0), cases[i].value),
                kvm ? cases[i].kvm : cases[i].strict);
        assert_int_equal(set(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 9), 0),
                         LVGIC_E_INVALID);
        rig_free(rig);
    }
}

enum { GICC_APR1 = 0xd4, GICC_APR3 = 0xdc };

static void every_register_of_gicc(void **state)
{
    static const struct {
        uint32_t offset;
        uint64_t value, back;
        int strict;
    } cases[] = {
        {0x00, 0x21f, 0x21f, LVGIC_OK},
        {0x00, 0x400, 0, LVGIC_E_INVALID},
        {0x04, 0x15, 0x15, LVGIC_OK}, /* PMR without the bits that are not implemented */
        {0x04, 0x20, 0x15, LVGIC_E_INVALID},
        {0x08, 5, 5, LVGIC_OK},
        {0x1c, 6, 6, LVGIC_OK},
        {0xd0, 0x10001, 0x10001, LVGIC_OK},
        {GICC_APR1, 0, 0, LVGIC_OK},
        {GICC_APR3, 1, 0, LVGIC_E_INVALID},
        {0xfc, 0x4c02043b, 0x4c02043b, LVGIC_OK},
        {0xfc, 0, 0x4c02043b, LVGIC_E_INVALID},
    };
    struct rig *rig = rig_kvm(2, false);

    (void)state;
    lvgic_vcpu_enter(rig->cpu[1]);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t attr = UINT64_C(1) << 32 | cases[i].offset;

        assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_CPU_REGS, attr), LVGIC_OK);
        assert_int_equal(set(rig, LVGIC_ATTR_CPU_REGS, attr, cases[i].value), cases[i].strict);
        if (cases[i].strict == LVGIC_OK)
            assert_int_equal(get(rig, LVGIC_ATTR_CPU_REGS, attr), cases[i].back);
    }
    assert_int_equal(rig_gicc_read(rig, 1, GICC_REG_PMR), 0xa8);
    assert_int_equal(rig_gicc_read(rig, 0, GICC_REG_PMR), 0xf8);
    /* Those that acknowledge or complete are none. */
    assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_CPU_REGS, 0xc), LVGIC_E_NO_DEVICE);
    assert_int_equal(try(rig, LVGIC_ATTR_CPU_REGS, 0xc), LVGIC_E_NO_DEVICE);
    assert_int_equal(set(rig, LVGIC_ATTR_CPU_REGS, 0x1000, 0), LVGIC_E_NO_DEVICE);
    rig_free(rig);
}

/* ------------------------------------------------------------------ groups and modes */

static void groups_that_there_are(void **state)
{
    struct rig *rig3 = rig_kvm(3, false), *rig2 = rig_kvm(2, false);
    uint64_t value;

    (void)state;
    for (uint32_t group = 0; group < 16; group++) {
        bool in3 = group != 2 && group != 8 && group <= 9;
        bool in2 = group == 0 || group == 1 || group == 2 || group == 3 || group == 4;
        uint64_t attr3 = group == LVGIC_ATTR_ADDR          ? 2
                         : group == LVGIC_ATTR_CPU_SYSREGS ? SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 0)
                                                           : 0;

        assert_int_equal(lvgic_attr_has(rig3->vm, group, attr3), in3 ? 0 : LVGIC_E_NO_DEVICE);
        assert_int_equal(lvgic_attr_has(rig2->vm, group, 0), in2 ? 0 : LVGIC_E_NO_DEVICE);
        if (!in2)
            assert_int_equal(lvgic_attr_set(rig2->vm, group, 0, 0), LVGIC_E_NO_DEVICE);
        if (!in3)
            assert_int_equal(lvgic_attr_get(rig3->vm, group, 0, &value), LVGIC_E_NO_DEVICE);
    }
    assert_int_equal(lvgic_attr_get(rig3->vm, 1, 0, NULL), LVGIC_E_INVALID);
    assert_int_equal(lvgic_attr_has(rig3->vm, LVGIC_ATTR_CTRL, 1), LVGIC_E_NO_DEVICE);
    assert_int_equal(set(rig3, LVGIC_ATTR_CTRL, 3, 0), LVGIC_E_NO_DEVICE);
    assert_int_equal(try(rig3, LVGIC_ATTR_CTRL, 0), LVGIC_E_NO_DEVICE);
    rig_free(rig3);
    rig_free(rig2);
}

/* KVM's silent successes, and its order. */
static void as_kvm_does(void **state)
{
    struct rig *rig = rig_kvm(3, true);
    uint64_t value = 7;

    (void)state;
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_DIST_REGS, 0, &value), LVGIC_E_PHASE);
    assert_int_equal(try(rig, LVGIC_ATTR_REDIST_REGS, AFFINITY(0)), LVGIC_E_PHASE);
    assert_int_equal(try(rig, LVGIC_ATTR_LEVEL_INFO, AFFINITY(0)), LVGIC_E_PHASE);
    assert_int_equal(try(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 0)),
                     LVGIC_E_PHASE);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 8), 0x4c00343b);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4c00243b), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 0xc), 0);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 0xc, 1), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 0x20), 0);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 0x82), 0);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 0x20, 1), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 0x4, 1), LVGIC_OK);
    assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_DIST_REGS, 0x20), LVGIC_E_NO_DEVICE);
    assert_int_equal(get(rig, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST), UINT64_MAX);
    rig_free(rig);

    rig = rig_kvm(2, true); /* initialises itself */
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 96), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 0), 3);
    assert_int_equal(set(rig, LVGIC_ATTR_CPU_REGS, 0xfff0, 1), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_CPU_REGS, 0xfff0), 0);
    rig_free(rig);
}

/* ------------------------------------------------------------------ what differs from the guest */

static void the_latch_and_the_wire(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 0);
    assert_int_equal(get(rig, LVGIC_ATTR_LEVEL_INFO, 32), 1u << 8);
    rig_set_bit(rig, 0, ISPENDR, 40);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 8);
    /* Writing stores zeros too; ICPENDR does nothing. */
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ICPENDR + 4, UINT32_MAX), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 8);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ICPENDR + 4), 0);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 1u << 9), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 9);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40)); /* the wire */
    assert_true(rig_get_bit(rig, 0, ISPENDR, 41));

    /* The wire of an edge-triggered one is state, and no edge. */
    rig_setup(rig, 0, 44, true, 0x80);
    assert_int_equal(set(rig, LVGIC_ATTR_LEVEL_INFO, 32, 1u << 12), LVGIC_OK);
    assert_false(rig_get_bit(rig, 0, ISPENDR, 44));
    assert_false(rig_get_bit(rig, 0, ISPENDR, 40)); /* lowered with it */
    assert_int_equal(get(rig, LVGIC_ATTR_LEVEL_INFO, 32), 1u << 12);
    /* SGIs have none, and misuse is told. */
    assert_int_equal(set(rig, LVGIC_ATTR_LEVEL_INFO, AFFINITY(1), UINT32_MAX), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_LEVEL_INFO, AFFINITY(1)), 0xffff0000);
    assert_int_equal(get(rig, LVGIC_ATTR_LEVEL_INFO, AFFINITY(0)), 0);
    assert_int_equal(try(rig, LVGIC_ATTR_LEVEL_INFO, 33), LVGIC_E_INVALID);
    assert_int_equal(try(rig, LVGIC_ATTR_LEVEL_INFO, 1u << 10), LVGIC_E_INVALID);
    assert_int_equal(try(rig, LVGIC_ATTR_LEVEL_INFO, AFFINITY(2)), LVGIC_E_INVALID);
    rig_free(rig);
}

/* What SETSPI did to a level-sensitive interrupt is no latch of an edge-triggered one. */
static void a_message_and_another_trigger(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_dist_write(rig, 0x40, 4, 40);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 8);
    rig_setup(rig, 0, 40, true, 0x80);
    assert_false(rig_get_bit(rig, 0, ISPENDR, 40));
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 0);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 1u << 8), LVGIC_OK);
    assert_true(rig_get_bit(rig, 0, ISPENDR, 40));
    rig_free(rig);
}

/* With GICv2 pending is what the guest sees. */
static void pending_of_gicv2(void **state)
{
    struct rig *rig = rig_kvm(2, false);

    (void)state;
    rig_line(rig, 0, 40, true);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 8);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 1u << 9), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ICPENDR + 4), 3u << 8);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ICPENDR + 4, 3u << 8), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4), 1u << 8);
    rig_free(rig);
}

/* What a VMM writes about a mapped interrupt is about the guest alone. */
static void no_effect_on_a_physical_interrupt(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_setup(rig, 0, 41, false, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
    lvgic_set_notify(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(41), true);
    rig->phys_line[50] = true;
    rig_line(rig, 0, 40, true);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISACTIVER + 4, 3u << 8), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ICACTIVER + 4, 3u << 8), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 1u << 8), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 0), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_LEVEL_INFO, 32, 0), LVGIC_OK);
    assert_int_equal(rig->phys_deactivated[50], 0);
    assert_int_equal(rig->deactivated[41], 0);
    rig_free(rig);
}

static void statusr_is_stored(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 0x10, 5), LVGIC_OK);
    assert_int_equal(rig_dist_read(rig, 0x10, 4), 5);
    assert_int_equal(try(rig, LVGIC_ATTR_DIST_REGS, 0x20), LVGIC_E_NO_DEVICE);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, 0x10),
                     5); /* the VMM's mistakes are not there */
    assert_int_equal(set(rig, LVGIC_ATTR_REDIST_REGS, AFFINITY(1) | 0x10, 2), LVGIC_OK);
    assert_int_equal(rig_redist_read(rig, 1, 0x10, 4), 2);
    assert_int_equal(rig_redist_read(rig, 0, 0x10, 4), 0);
    rig_free(rig);
}

/* ------------------------------------------------------------------ configuration */

static void numbers_of_interrupts(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 988};
    struct rig *rig = rig_with(&config);

    (void)state;
    assert_int_equal(get(rig, LVGIC_ATTR_NR_IRQS, 0), 1024);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 32), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 65), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 1056), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 96), LVGIC_OK);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 96), LVGIC_E_PHASE);
    assert_int_equal(get(rig, LVGIC_ATTR_NR_IRQS, 0), 96);
    assert_int_equal(rig_dist_read(rig, 4, 4) & 31, 2);
    assert_int_equal(lvgic_pulse(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(95)), LVGIC_OK);
    assert_int_equal(lvgic_pulse(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(96)), LVGIC_E_NO_ENTRY);
    rig_free(rig);

    config.nr_spis = 64;
    rig = rig_with(&config);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 128), LVGIC_E_INVALID);
    rig_enter(rig, 0);
    assert_int_equal(set(rig, LVGIC_ATTR_NR_IRQS, 0, 64), LVGIC_E_PHASE);
    assert_int_equal(set(rig, LVGIC_ATTR_MAINT_IRQ, 0, 25), LVGIC_E_PHASE);
    rig_free(rig);
}

static void maintenance_interrupt(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    assert_int_equal(get(rig, LVGIC_ATTR_MAINT_IRQ, 0), 0);
    assert_int_equal(set(rig, LVGIC_ATTR_MAINT_IRQ, 0, 15), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_MAINT_IRQ, 0, 32), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_MAINT_IRQ, 0, 25), LVGIC_OK);
    assert_int_equal(get(rig, LVGIC_ATTR_MAINT_IRQ, 0), 25);
    set(rig, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
    assert_int_equal(set(rig, LVGIC_ATTR_MAINT_IRQ, 0, 26), LVGIC_E_PHASE);
    assert_int_equal(get(rig, LVGIC_ATTR_MAINT_IRQ, 0), 25);
    rig_free(rig);
}

/* Revision 1: groups are what they are. 2 and 3: the guest's. */
static void revisions(void **state)
{
    static const uint32_t iidrs[] = {0x4c00143b, 0x4b00143b, 0x4c00243b, 0x4c00343b, 0x0200143b};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(iidrs); i++)
        for (unsigned gic = 2; gic < 4; gic++) {
            struct lvgic_config config = {
                .nr_vcpus = 1, .nr_spis = 32, .gic = (uint8_t)gic, .iidr = iidrs[i]};
            struct rig *rig = rig_with(&config);
            uint32_t fixed = gic == 3 ? UINT32_MAX : 0;
            bool rev1 = i < 2;

            assert_int_equal(rig_dist_read(rig, 8, 4), iidrs[i]);
            rig_dist_write(rig, GROUPR + 4, 4, 0x0f0f0f0f);
            assert_int_equal(rig_dist_read(rig, GROUPR + 4, 4), rev1 ? fixed : 0x0f0f0f0f);
            rig_free(rig);
        }

    struct rig *rig = rig_kvm(3, false);
    struct lvgic_config two = {.nr_vcpus = 1, .iidr = 0x4c00143b, .two_security_states = true};

    assert_int_equal(lvgic_vm_size(&two), 0);
    rig_dist_write(rig, GROUPR + 4, 4, 0);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4c00143b), LVGIC_OK);
    assert_int_equal(rig_dist_read(rig, GROUPR + 4, 4), UINT32_MAX);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4c00043b), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4c00443b), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4b00243b), LVGIC_E_INVALID);
    assert_int_equal(set(rig, LVGIC_ATTR_DIST_REGS, 8, 0x4c00343b), LVGIC_OK);
    rig_dist_write(rig, GROUPR + 4, 4, 0);
    assert_int_equal(rig_dist_read(rig, GROUPR + 4, 4), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_register_of_gicv3),
        cmocka_unit_test(every_register_of_gicv2),
        cmocka_unit_test(every_system_register),
        cmocka_unit_test(system_registers_that_do_not_fit),
        cmocka_unit_test(every_register_of_gicc),
        cmocka_unit_test(groups_that_there_are),
        cmocka_unit_test(as_kvm_does),
        cmocka_unit_test(the_latch_and_the_wire),
        cmocka_unit_test(a_message_and_another_trigger),
        cmocka_unit_test(pending_of_gicv2),
        cmocka_unit_test(no_effect_on_a_physical_interrupt),
        cmocka_unit_test(statusr_is_stored),
        cmocka_unit_test(numbers_of_interrupts),
        cmocka_unit_test(maintenance_interrupt),
        cmocka_unit_test(revisions),
    };

    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
