/* SPDX-License-Identifier: MIT */
/* Hardware-mapped interrupts: the physical interrupt is never left active with nobody to end it. */
#include "rig.h"

#include <stdlib.h>

#include "arch/lr.h"
#include "irq/vm.h"
#include "lvgic/state.h"

static struct rig *mapped(bool edge, unsigned nr_lrs)
{
    struct rig *rig = rig_new(nr_lrs, 2);

    rig->relax_exits = true;
    rig_setup(rig, 0, 40, edge, 0x80);
    assert_int_equal(lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50), LVGIC_OK);
    return rig;
}

static int unmap(struct rig *rig)
{
    return lvgic_unmap_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40));
}

static void unmapping_while_in_a_list_register(void **state)
{
    (void)state;
    for (unsigned taken = 0; taken < 2; taken++)
        for (unsigned edge = 0; edge < 2; edge++) {
            struct rig *rig = mapped(edge, 4);
            unsigned deliveries = 0;

            rig_line(rig, 0, 40, true);
            rig_enter(rig, 0);
            assert_true(lvgic_vcpu_lrs(rig->cpu[0])->lr[0] & LR_HW);
            if (taken)
                assert_int_equal(rig_ack(rig, 0), 40);
            assert_int_equal(unmap(rig), LVGIC_OK); /* waits for the exit */
            assert_int_equal(rig->phys_deactivated[50], 1);
            rig_enter(rig, 0);
            if (taken)
                rig_eoi(rig, 0, 40);
            while (rig_ack(rig, 0) == 40 && deliveries++ < 5)
                rig_eoi(rig, 0, 40);
            assert_in_range(deliveries, 0, 1);
            assert_int_equal(rig->phys_deactivated[50], 1);
            rig_free(rig);
        }
}

static void unmapping_while_active(void **state)
{
    struct rig *rig = mapped(false, 4);

    (void)state;
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_exit(rig, 0);
    assert_int_equal(unmap(rig), LVGIC_OK);
    assert_int_equal(rig->phys_deactivated[50], 1);
    assert_int_equal(unmap(rig), LVGIC_E_NO_ENTRY);
    rig_enter(rig, 0);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

static void one_physical_interrupt_has_one_mapping(void **state)
{
    struct rig *rig = mapped(false, 4);
    lvgic_vcpuid v0 = LVGIC_VCPU(0), v1 = LVGIC_VCPU(1);

    (void)state;
    assert_int_equal(lvgic_map_hw(rig->vm, v0, LVGIC_INTID(41), 50), LVGIC_E_EXISTS);
    assert_int_equal(lvgic_map_hw(rig->vm, v0, LVGIC_INTID(27), 27), LVGIC_OK);
    assert_int_equal(lvgic_map_hw(rig->vm, v1, LVGIC_INTID(27), 27), LVGIC_OK);
    assert_int_equal(lvgic_map_hw(rig->vm, v1, LVGIC_INTID(26), 27), LVGIC_E_EXISTS);
    assert_int_equal(unmap(rig), LVGIC_OK);
    assert_int_equal(lvgic_map_hw(rig->vm, v0, LVGIC_INTID(41), 50), LVGIC_OK);
    rig_free(rig);
}

/* While somebody looks at the physical line, the interrupt is taken, completed and forwarded anew:
 * the look is stale by then. */
static struct rig *looked_at;
static bool armed, phys_active;

static bool looking(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    if (!armed)
        return true;
    armed = false;
    lvgic_vcpu_enter(looked_at->cpu[0]);
    assert_int_equal(rig_ack(looked_at, 0), 40);
    rig_eoi(looked_at, 0, 40);
    assert_false(phys_active);
    phys_active = true;
    rig_line(looked_at, 0, 40, true);
    return false;
}

static void deactivating(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    phys_active = false;
}

static void a_stale_look_at_the_line(void **state)
{
    struct rig *rig = mapped(false, 4);
    struct lvgic_host host = *rig->vm->host;

    (void)state;
    host.phys_line = looking;
    host.phys_deactivate = deactivating;
    rig->vm->host = &host;
    looked_at = rig;
    armed = phys_active = true;
    rig_line(rig, 0, 40, true);
    rig_get_bit(rig, 1, ISPENDR, 40);
    rig_exit(rig, 0);
    assert_true(!phys_active || lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40)));
    rig_free(rig);
}

/* A callback that ends the run finds nothing half-done, and the run stays ended. */
static void ending(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    assert_int_equal(lvgic_vcpu_exit(looked_at->cpu[0]), LVGIC_OK);
}

static void a_callback_ends_the_run(void **state)
{
    struct rig *rig = mapped(false, 1);
    struct lvgic_host host = *rig->vm->host;

    (void)state;
    host.phys_deactivate = ending;
    rig->vm->host = &host;
    looked_at = rig;
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_setup(rig, 0, 41, true, 0x80);
    rig_pulse(rig, 0, 41);
    rig_eoi(rig, 0, 40);
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_OK);
    rig_free(rig);
}

/* Nothing is held when a reset gives physical interrupts back: the callback may call anything. */
static void entering(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    deactivating(ctx, v, pintid);
    assert_int_equal(atomic_load(&looked_at->cpu[v.n]->gate), 0);
    assert_int_equal(lvgic_vcpu_enter(looked_at->cpu[v.n]), LVGIC_OK);
    assert_int_equal(lvgic_vcpu_exit(looked_at->cpu[v.n]), LVGIC_OK);
}

static void a_reset_gives_back_with_nothing_held(void **state)
{
    struct rig *rig = rig_new(4, 2);
    struct lvgic_host host = *rig->vm->host;

    (void)state;
    host.phys_deactivate = entering;
    rig->vm->host = &host;
    looked_at = rig;
    rig_setup(rig, 1, 27, false, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(1), LVGIC_INTID(27), 27);
    rig->phys_line[27] = phys_active = true;
    rig_line(rig, 1, 27, true);
    assert_int_equal(lvgic_vcpu_reset(rig->vm, LVGIC_VCPU(1)), LVGIC_OK);
    assert_false(phys_active);
    rig_free(rig);
}

/* Sixteen mapped interrupts in list registers, one read of their pending state: one exit. */
static void one_access_costs_one_exit(void **state)
{
    struct rig *rig = rig_new(16, 2);

    (void)state;
    rig->relax_exits = true;
    for (unsigned i = 0; i < 16; i++) {
        rig_setup(rig, 0, 64 + i, false, 0x80);
        rig_line(rig, 0, 64 + i, true);
    }
    rig_enter(rig, 0);
    assert_int_equal(rig_dist_read(rig, ISPENDR + 8, 4), 0xffff);
    assert_int_equal(rig->relaxes, 1);
    rig_enter(rig, 0);
    rig_dist_write(rig, ISACTIVER + 8, 4, 0xffff);
    assert_int_equal(rig->relaxes, 2);
    assert_int_equal(rig_dist_read(rig, ISACTIVER + 8, 4), 0xffff);
    rig_free(rig);
}

static void hardware_mapped_level_from_forward_to_deactivation(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_setup(rig, 0, 27, false, 0x80);
    assert_int_equal(lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27), LVGIC_OK);
    assert_int_equal(lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27), LVGIC_E_EXISTS);
    rig->phys_line[27] = true;
    rig_line(rig, 0, 27, true);
    rig_enter(rig, 0);
    assert_true(lrs->lr[0] & LR_HW);
    assert_int_equal(lr_pintid(lrs->lr[0]), 27);
    assert_int_equal(rig_ack(rig, 0), 27);
    rig_turn(rig, 0);
    assert_true(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(27)));
    rig_eoi(rig, 0, 27);
    assert_int_equal(rig->phys_deactivated[27], 1);
    rig_turn(rig, 0);
    /* Its line bit did not stay high: nothing is pending until the host forwards again. */
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_false(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(27)));
    rig_free(rig);
}

static void hardware_mapped_level_that_falls_is_taken_back(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 27, false, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27);
    rig->phys_line[27] = true;
    rig_line(rig, 0, 27, true);
    rig_enter(rig, 0);
    rig_turn(rig, 0); /* still high: it stays */
    assert_int_equal(rig->phys_deactivated[27], 0);
    rig->phys_line[27] = false;
    rig_turn(rig, 0);
    assert_int_equal(rig->phys_deactivated[27], 1);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_free(rig);
}

/* The physical interrupt fires again on another CPU between the guest's completion and the fold. */
static void hardware_mapped_forward_between_completion_and_fold(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
    rig->phys_line[50] = true;
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    assert_int_equal(rig->phys_deactivated[50], 1);
    rig_line(rig, 0, 40, true); /* forwarded anew, while the register is not folded */
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    rig_free(rig);
}

/* Cleared by register: the physical interrupt must not stay active for ever. */
static void hardware_mapped_is_deactivated_physically_by_icactiver(void **state)
{
    struct rig *rig = rig_new(1, 1);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 50);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_exit(rig, 0);
    rig_set_bit(rig, 0, ICACTIVER, 40);
    assert_int_equal(rig->phys_deactivated[50], 1);
    rig_free(rig);
}

/* What a list register has of a forwarded interrupt is written by a VMM like the rest. */
static void a_vmm_lowers_the_wire_of_one_in_a_list_register(void **state)
{
    struct rig *rig = mapped(false, 4);
    uint64_t level;

    (void)state;
    rig->phys_line[50] = true;
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(lvgic_attr_set(rig->vm, LVGIC_ATTR_LEVEL_INFO, 32, 0), LVGIC_OK);
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_LEVEL_INFO, 32, &level), LVGIC_OK);
    assert_int_equal(level, 0);
    assert_int_equal(rig->phys_deactivated[50], 0);
    assert_false(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40)));
    rig_free(rig);
}

/* The guest will not deactivate what it does not get, so the host has to. */
static void a_vmm_takes_back_an_edge(void **state)
{
    struct rig *rig = mapped(true, 4);

    (void)state;
    rig_line(rig, 0, 40, true);
    assert_true(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40)));
    assert_int_equal(lvgic_attr_set(rig->vm, LVGIC_ATTR_DIST_REGS, ISPENDR + 4, 0), LVGIC_OK);
    assert_false(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40)));
    assert_false(lvgic_hw_active(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(41))); /* not mapped */
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hardware_mapped_level_from_forward_to_deactivation),
        cmocka_unit_test(hardware_mapped_level_that_falls_is_taken_back),
        cmocka_unit_test(hardware_mapped_forward_between_completion_and_fold),
        cmocka_unit_test(hardware_mapped_is_deactivated_physically_by_icactiver),
        cmocka_unit_test(unmapping_while_in_a_list_register),
        cmocka_unit_test(unmapping_while_active),
        cmocka_unit_test(one_physical_interrupt_has_one_mapping),
        cmocka_unit_test(a_stale_look_at_the_line),
        cmocka_unit_test(a_callback_ends_the_run),
        cmocka_unit_test(a_reset_gives_back_with_nothing_held),
        cmocka_unit_test(one_access_costs_one_exit),
        cmocka_unit_test(a_vmm_lowers_the_wire_of_one_in_a_list_register),
        cmocka_unit_test(a_vmm_takes_back_an_edge),
    };

    return cmocka_run_group_tests_name("mapped", tests, NULL, NULL);
}
