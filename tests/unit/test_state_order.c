/* SPDX-License-Identifier: MIT */
/* Device attributes in any order, and at any time; and single vCPUs' reset. */
#include "attrs.h"
#include "world.h"

#include "irq/vm.h"
#include "lvgic/state.h"

/* All attributes of one VM set in another in many orders give the same state. */
#define MAX_ATTRS 4000
struct attrs {
    unsigned nr;
    struct {
        uint32_t group;
        uint64_t attr, value;
    } list[MAX_ATTRS];
};

static void collect(struct rig *rig, uint32_t group, uint64_t attr, struct attrs *attrs)
{
    if (lvgic_attr_has(rig->vm, group, attr) != LVGIC_OK)
        return;
    attrs->list[attrs->nr].group = group;
    attrs->list[attrs->nr].attr = attr;
    attrs->list[attrs->nr++].value = get(rig, group, attr);
}

/* As a VMM saves: of register pairs that set and clear, those that set. */
static bool is_worth(const struct reg_row *row)
{
    return row && reg_vmm(row) != REG_VMM_READ_ONLY && !clears(row);
}

static void collect_frame(struct rig *rig, uint32_t group, uint64_t who, const struct reg_row *rows,
                          size_t nr, struct attrs *attrs)
{
    for (uint32_t offset = 0; offset < GICR_SIZE; offset += 4) {
        bool unused = rows != gicr_rows && ((offset >= 0x6300 && offset < 0xffd0) ||
                                            (offset >= 0x1000 && offset < 0x6000));

        if (!unused && is_worth(reg_find(rows, nr, offset)))
            collect(rig, group, who | offset, attrs);
    }
}

static void collect_all(struct world *world, struct attrs *attrs)
{
    bool gicv2 = world->config.gic == 2;
    struct rig *rig = world->rig;

    attrs->nr = 0;
    for (uint64_t cpu = 0; cpu < world->config.nr_vcpus; cpu++) {
        uint64_t who = gicv2 ? cpu << 32 : LVGIC_ATTR_AFFINITY(rig->cpu[cpu]->affinity);

        if (gicv2 || !cpu)
            collect_frame(rig, LVGIC_ATTR_DIST_REGS, who, gicv2 ? gicd2_rows : gicd_rows,
                          gicv2 ? nr_gicd2_rows : nr_gicd_rows, attrs);
        if (!gicv2)
            collect_frame(rig, LVGIC_ATTR_REDIST_REGS, who, gicr_rows, nr_gicr_rows, attrs);
        for (uint32_t offset = 0; offset < 0x100 && gicv2; offset += 4)
            collect(rig, LVGIC_ATTR_CPU_REGS, who | offset, attrs);
        for (enum sysreg reg = 0; reg < NR_SYSREGS && !gicv2; reg++)
            collect(rig, LVGIC_ATTR_CPU_SYSREGS, sysreg_rows[reg].encoding | who, attrs);
        for (uint32_t intid = 0; intid < 96; intid += 32)
            collect(rig, LVGIC_ATTR_LEVEL_INFO, who | intid, attrs);
    }
}

static void shuffle(struct world *world, struct attrs *attrs)
{
    for (unsigned i = attrs->nr; i-- > 1;) {
        unsigned j = (unsigned)world_random(world, i + 1);

        for (unsigned k = 0; k < 1 && i != j; k++) {
            uint32_t group = attrs->list[i].group;
            uint64_t attr = attrs->list[i].attr, value = attrs->list[i].value;

            attrs->list[i] = attrs->list[j];
            attrs->list[j].group = group;
            attrs->list[j].attr = attr;
            attrs->list[j].value = value;
        }
    }
}

/* A fresh VM takes all attributes of a running one, in any order, and has the same afterwards: and
 * the guests of the polite worlds can complete what they had acknowledged. */
static void set_in_any_order(void **state)
{
    static struct attrs here, there;

    (void)state;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct world world, other;

        world_make(&world, seed, 0, true);
        world_go(&world, 150);
        world_pause(&world);
        collect_all(&world, &here);
        other = world;
        other.rig = world_rig(&world, 1 + seed % 4);
        shuffle(&world, &here);
        for (unsigned i = 0; i < here.nr; i++)
            assert_int_equal(
                set(other.rig, here.list[i].group, here.list[i].attr, here.list[i].value),
                LVGIC_OK);
        for (unsigned i = 0; i < here.nr; i++)
            if (get(other.rig, here.list[i].group, here.list[i].attr) != here.list[i].value)
                fail_msg("seed %lu: group %u attribute 0x%lx: 0x%lx != 0x%lx", (unsigned long)seed,
                         here.list[i].group, (unsigned long)here.list[i].attr,
                         (unsigned long)get(other.rig, here.list[i].group, here.list[i].attr),
                         (unsigned long)here.list[i].value);
        collect_all(&other, &there);
        assert_int_equal(here.nr, there.nr);
        for (unsigned cpu = 0; cpu < world.config.nr_vcpus; cpu++) {
            rig_enter(other.rig, cpu);
            while (other.nr_acked[cpu])
                world_complete(&other, cpu, other.acked[cpu][--other.nr_acked[cpu]]);
            rig_exit(other.rig, cpu);
        }
        for (unsigned intid = 32; intid < 96; intid += 32)
            assert_int_equal(get(other.rig, LVGIC_ATTR_DIST_REGS, ISACTIVER + intid / 8), 0);
        world_end(&other);
        world_end(&world);
    }
}

/* An attribute of a vCPU that is in the guest: exact, and the guest sees what was written. */
static void exact_while_they_run(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    rig_setup(rig, 0, 41, true, 0x40);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    assert_int_equal(get(rig, LVGIC_ATTR_DIST_REGS, ISACTIVER + 4), 1u << 8);
    assert_int_equal(get(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_AP1R0_EL1, 0)),
                     1u << 16);
    rig_enter(rig, 0); /* the accesses ended the run */
    rig_pulse(rig, 0, 41);
    assert_int_equal(set(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 0), 0x40),
                     LVGIC_OK);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

/* A vCPU that sleeps wakes up when its mask is opened. */
static void a_sleeper_is_woken(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    rig_setup(rig, 1, 40, true, 0x80);
    rig_icc_write(rig, 1, SYSREG_ICC_PMR_EL1, 0);
    rig_pulse(rig, 0, 40);
    assert_true(lvgic_vcpu_block(rig->cpu[1]));
    assert_int_equal(set(rig, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 1), 0xf0),
                     LVGIC_OK);
    assert_int_equal(rig->wakes[1], 1);
    assert_false(lvgic_vcpu_block(rig->cpu[1]));
    rig_free(rig);
}

static void reset_of_one(void **state)
{
    struct rig *rig = rig_kvm(3, false);

    (void)state;
    lvgic_map_hw(rig->vm, LVGIC_VCPU(1), LVGIC_INTID(27), 27);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        rig_setup(rig, cpu, 27, false, 0x20);
        rig_setup(rig, cpu, 20, false, 0x60);
        rig_setup(rig, cpu, 3, true, 0x40);
        rig_line(rig, cpu, 20, true);
        rig_icc_write(rig, cpu, SYSREG_ICC_SGI1R_EL1, 3u << 24 | 1u << cpu);
    }
    rig_setup(rig, 1, 40, true, 0x10);
    rig->phys_line[27] = true;
    rig_line(rig, 1, 27, true);
    rig_pulse(rig, 0, 40);
    rig_enter(rig, 0);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    assert_int_equal(rig_ack(rig, 0), 3);

    rig->relaxes = 0;
    assert_int_equal(lvgic_vcpu_reset(rig->vm, LVGIC_VCPU(1)), LVGIC_OK);
    assert_int_equal(rig->phys_deactivated[27], 1);
    assert_int_equal(rig_redist_read(rig, 1, 0x10200, 4), 1u << 20); /* the wire is driven still */
    assert_int_equal(rig_redist_read(rig, 1, 0x10100, 4), 0);
    assert_int_equal(rig_redist_read(rig, 1, 0x10080, 4), 0);
    assert_int_equal(rig_redist_read(rig, 1, 0x10c00, 4), 0xaaaaaaaa);
    assert_int_equal(rig_redist_read(rig, 1, 0x14, 4), 6);
    assert_int_equal(rig_icc_read(rig, 1, SYSREG_ICC_PMR_EL1), 0);
    assert_int_equal(rig_icc_read(rig, 1, SYSREG_ICC_RPR_EL1), 0xff);
    assert_int_equal(rig_icc_read(rig, 1, SYSREG_ICC_IGRPEN1_EL1), 0);
    assert_true(rig_get_bit(rig, 1, ISACTIVER, 40)); /* SPIs are the VM's */
    /* The other has noticed nothing. */
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_RPR_EL1), 0x40);
    rig_eoi(rig, 0, 3);
    assert_int_equal(rig_ack(rig, 0), 20);
    assert_int_equal(lvgic_vcpu_reset(rig->vm, LVGIC_VCPU(2)), LVGIC_E_NO_DEVICE);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_in_any_order),
        cmocka_unit_test(exact_while_they_run),
        cmocka_unit_test(a_sleeper_is_woken),
        cmocka_unit_test(reset_of_one),
    };

    return cmocka_run_group_tests_name("state, in any order", tests, NULL, NULL);
}
