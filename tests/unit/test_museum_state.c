/* SPDX-License-Identifier: MIT */
/* Defects of other virtual GICs' attributes, saved state and life cycle: docs/museum.md. */
#include "world.h"

#include <stdlib.h>

#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"

#define REGION(count, base, index) ((uint64_t)(count) << 52 | (base) | (index))

static int set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    return lvgic_attr_set(vm, group, attr, value);
}

static uint64_t get(struct lvgic_vm *vm, uint32_t group, uint64_t attr)
{
    uint64_t value = 0;

    assert_int_equal(lvgic_attr_get(vm, group, attr, &value), LVGIC_OK);
    return value;
}

static struct rig *rig_of(unsigned gic, unsigned nr_cpus)
{
    struct lvgic_config config = {.nr_vcpus = nr_cpus, .nr_spis = 64, .gic = (uint8_t)gic};
    struct rig *rig = rig_with(&config);

    rig->relax_exits = true;
    return rig;
}

/* K17: the revision was taken from the current value instead of the one that was written. */
static void k17_the_revision_that_is_written(void **state)
{
    (void)state;
    for (unsigned gic = 2; gic < 4; gic++) {
        struct rig *rig = rig_of(gic, 1);

        for (uint64_t revision = 3; revision >= 1; revision--) {
            uint64_t iidr = 0x4c00043b | revision << 12;

            assert_int_equal(set(rig->vm, LVGIC_ATTR_DIST_REGS, 8, iidr), LVGIC_OK);
            assert_int_equal(get(rig->vm, LVGIC_ATTR_DIST_REGS, 8), iidr);
            assert_int_equal(rig_dist_read(rig, 8, 4), iidr);
            assert_int_equal(vm_revision(rig->vm), revision);
            if (gic == 3)
                assert_int_equal(rig_redist_read(rig, 0, 4, 4), iidr);
        }
        rig_free(rig);
    }
}

/* And what the revision means is so at once: GICR_CTLR.IR and CES. */
static void k17_what_the_revision_offers(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_lpis = 64, .nr_its = 1};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (uint64_t revision = 3; revision >= 1; revision--) {
        assert_int_equal(set(rig->vm, LVGIC_ATTR_DIST_REGS, 8, 0x4c00043b | revision << 12),
                         LVGIC_OK);
        assert_int_equal(rig_redist_read(rig, 0, 0, 4) & 6, revision == 3 ? 6 : 0);
    }
    rig_free(rig);
}

/* K24: ended at every prefix of what a VMM does to create it. */
static void k24_ended_at_every_prefix_of_the_creation(void **state)
{
    static const struct {
        uint32_t group;
        uint64_t attr, value;
    } steps[] = {
        {LVGIC_ATTR_NR_IRQS, 0, 96},
        {LVGIC_ATTR_DIST_REGS, 8, 0x4c00243b},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x8000000},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x80a0000, 0)},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 1)},
        {LVGIC_ATTR_MAINT_IRQ, 0, 25},
        {LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0},
        {LVGIC_ATTR_DIST_REGS, 0, 3},
        {LVGIC_ATTR_REDIST_REGS, 0x14, 0},
    };
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 64};

    (void)state;
    for (size_t prefix = 0; prefix <= ARRAY_LEN(steps); prefix++)
        for (unsigned run = 0; run < 2; run++) {
            struct rig *rig = rig_with(&config);

            for (size_t i = 0; i < prefix; i++)
                assert_int_equal(set(rig->vm, steps[i].group, steps[i].attr, steps[i].value),
                                 LVGIC_OK);
            if (run)
                rig_enter(rig, 0), rig_exit(rig, 0);
            assert_null(lvgic_check(rig->vm));
            rig_free(rig);
        }
}

/* K31: the frame of a vCPU whose creation failed stayed reachable. vCPUs that there are not have
 * none, by whatever way. */
static void k31_no_frame_without_a_vcpu(void **state)
{
    struct rig *rig = rig_of(3, 2);
    struct lvgic_access access = {.offset = 0x14, .size = 4, .write = true};
    uint64_t value;

    (void)state;
    for (uint32_t cpu = 2; cpu < 600; cpu++) {
        uint64_t who = LVGIC_ATTR_AFFINITY((uint64_t)(cpu / 16) << 8 | cpu % 16);

        assert_int_equal(lvgic_redist_access(rig->vm, NULL, LVGIC_VCPU(cpu), &access),
                         LVGIC_E_NO_DEVICE);
        assert_int_equal(set(rig->vm, LVGIC_ATTR_REDIST_REGS, who | 0x14, 0), LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_CPU_SYSREGS,
                                        who | sysreg_rows[SYSREG_ICC_PMR_EL1].encoding, &value),
                         LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_LEVEL_INFO, who), LVGIC_E_INVALID);
        assert_int_equal(lvgic_vcpu_reset(rig->vm, LVGIC_VCPU(cpu)), LVGIC_E_NO_DEVICE);
    }
    rig_free(rig);
}

/* K35: a vCPU index that names nobody was followed (CVE-2024-36953). */
static void k35_vcpu_index_of_nobody(void **state)
{
    struct rig *rig = rig_of(2, 2);
    uint64_t value = 7;

    (void)state;
    for (uint64_t index = 0; index < 256; index++) {
        int expected = index < 2 ? LVGIC_OK : LVGIC_E_INVALID;

        for (uint32_t group = LVGIC_ATTR_DIST_REGS; group <= LVGIC_ATTR_CPU_REGS; group++) {
            assert_int_equal(lvgic_attr_has(rig->vm, group, index << 32), expected);
            assert_int_equal(lvgic_attr_get(rig->vm, group, index << 32, &value), expected);
            assert_int_equal(set(rig->vm, group, index << 32, 3), expected);
        }
    }
    rig_free(rig);
}

/* K45: regions that overlap, overflow or come in the wrong order are refused, and leave the list as
 * it was: what fits comes after, in any case. */
static void k45_regions(void **state)
{
    static const struct {
        uint64_t attr, value;
        int status;
    } steps[] = {
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 1), LVGIC_E_INVALID}, /* index */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(0, 0x8000000, 0), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8001000, 0), LVGIC_E_INVALID}, /* flags */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, BIT64(40) - 0x20000, 0), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, BIT64(40), 0), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 0), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 0), LVGIC_E_INVALID}, /* again */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x7fe0000, 1), LVGIC_E_INVALID}, /* overlap */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8030000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(4095, 0x7000000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST, 0x9000000, LVGIC_E_INVALID}, /* both kinds */
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8010000, LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040800, LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_DIST, UINT64_MAX & ~UINT64_C(0xffff), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040000, LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040000, LVGIC_E_EXISTS},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8040000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8050000, 1), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8070000, 2), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 3), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0xa000000, 4), LVGIC_E_NO_MEMORY},
        {LVGIC_ATTR_ADDR_V2_DIST, 0x1000, LVGIC_E_NO_DEVICE},
    };
    static const bool last[] = {false, true, false, true};
    struct rig *rig = rig_of(3, 4);
    uint64_t value = 4;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int status = set(rig->vm, LVGIC_ATTR_ADDR, steps[i].attr, steps[i].value);

        if (status != steps[i].status)
            fail_msg("step %zu: %s", i, lvgic_strerror(status));
    }
    for (uint64_t index = 0; index < 4; index++) {
        value = index;
        assert_int_equal(
            lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, &value),
            LVGIC_OK);
        assert_int_equal(value & 0xfff, index);
    }
    assert_int_equal(value, REGION(1, 0x9000000, 3));
    value = 4;
    assert_int_equal(
        lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, &value),
        LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, &value),
                     LVGIC_E_INVALID);
    /* Two of the region, one each in two that touch: Last is at the ends of what is contiguous. */
    for (unsigned cpu = 0; cpu < 4; cpu++)
        assert_int_equal(rig_redist_read(rig, cpu, 8, 4) >> 4 & 1, last[cpu]);
    rig_free(rig);
}

/* The legacy form, and GICv2's two frames. */
static void k45_other_addresses(void **state)
{
    struct rig *rig = rig_of(3, 2);
    uint64_t value = 0;

    (void)state;
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, &value),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, 0x80a0000), LVGIC_OK);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, 0x80a0000),
                     LVGIC_E_EXISTS);
    assert_int_equal(
        set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 1)),
        LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x80d0000),
                     LVGIC_E_INVALID);
    assert_int_equal(get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST), 0x80a0000);
    rig_free(rig);

    rig = rig_of(2, 2);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_DIST, 0x8000800),
                     LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_DIST, 0x8001000), LVGIC_OK);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU, 0x8000000),
                     LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU, 0x8002000), LVGIC_OK);
    assert_int_equal(get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU), 0x8002000);
    rig_free(rig);
}

/* O18: GICv2's groups were lost on restore, because nobody had written GICD_IIDR first. */
static void o18_groups_without_writing_iidr(void **state)
{
    struct rig *source = rig_of(2, 2), *target = rig_of(2, 2), *third = rig_of(2, 2);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    for (uint64_t cpu = 0; cpu < 2; cpu++) {
        rig_dist_write_by(source, (unsigned)cpu, GROUPR, 4, 0xff00ff00 + cpu);
        assert_int_equal(set(target->vm, LVGIC_ATTR_DIST_REGS, cpu << 32 | GROUPR,
                             get(source->vm, LVGIC_ATTR_DIST_REGS, cpu << 32 | GROUPR)),
                         LVGIC_OK);
    }
    snapshot = world_save(source, &size);
    assert_int_equal(lvgic_restore(third->vm, snapshot, size), LVGIC_OK);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        assert_int_equal(rig_dist_read_by(target, cpu, GROUPR, 4), 0xff00ff00 + cpu);
        assert_int_equal(rig_dist_read_by(third, cpu, GROUPR, 4), 0xff00ff00 + cpu);
    }
    free(snapshot);
    rig_free(source), rig_free(target), rig_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k17_the_revision_that_is_written),
        cmocka_unit_test(k17_what_the_revision_offers),
        cmocka_unit_test(k24_ended_at_every_prefix_of_the_creation),
        cmocka_unit_test(k31_no_frame_without_a_vcpu),
        cmocka_unit_test(k35_vcpu_index_of_nobody),
        cmocka_unit_test(k45_regions),
        cmocka_unit_test(k45_other_addresses),
        cmocka_unit_test(o18_groups_without_writing_iidr),
    };

    return cmocka_run_group_tests_name("museum, state", tests, NULL, NULL);
}
