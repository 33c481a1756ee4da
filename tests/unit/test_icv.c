/* SPDX-License-Identifier: MIT */
/* The software CPU interface's rules, on list registers alone (IHI 0069H chapters 4 and 11). */
#include "rig.h"

#include <string.h>

#include "arch/lr.h"
#include "arch/registers.h"
#include "cpuif/icv.h"

static struct lvgic_lrs fresh(unsigned pri_bits)
{
    struct lvgic_lrs lrs = {.nr = 4, .pri_bits = (uint8_t)pri_bits, .elrsr = 0xf};

    icv_reset(&lrs);
    icv_set_pmr(&lrs, 0xff);
    lrs.vmcr |= VMCR_VENG0 | VMCR_VENG1;
    lrs.hcr = HCR_EN;
    return lrs;
}

static void put(struct lvgic_lrs *lrs, unsigned reg, unsigned intid, unsigned priority, bool group1,
                uint64_t flags)
{
    lrs->lr[reg] = intid | (uint64_t)priority << 48 | (group1 ? LR_GROUP1 : 0) | flags;
    lrs->used |= 1u << reg;
    lrs->elrsr &= ~(1u << reg);
}

static void highest_priority_is_acknowledged_first(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x80, true, LR_PENDING);
    put(&lrs, 1, 41, 0x40, true, LR_PENDING);
    assert_int_equal(icv_signalled(&lrs), 1);
    assert_int_equal(icv_highest_pending_intid(&lrs, true), 41);
    assert_int_equal(icv_highest_pending_intid(&lrs, false), 1023);
    assert_int_equal(icv_acknowledge(&lrs, true), 41);
    assert_int_equal(icv_running_priority(&lrs), 0x40);
    assert_int_equal(icv_acknowledge(&lrs, true), 1023); /* 40 does not preempt */
    icv_end_of_interrupt(&lrs, 41, true);
    assert_int_equal(icv_running_priority(&lrs), 0xff);
    assert_int_equal(lrs.elrsr & 2, 2);
    assert_int_equal(icv_acknowledge(&lrs, true), 40);
}

static void groups_have_their_own_registers(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x40, false, LR_PENDING);
    put(&lrs, 1, 41, 0x80, true, LR_PENDING);
    assert_int_equal(icv_signalled(&lrs), 0);
    assert_int_equal(icv_acknowledge(&lrs, true), 1023); /* the highest is of group 0 */
    assert_int_equal(icv_acknowledge(&lrs, false), 40);
    icv_end_of_interrupt(&lrs, 40, true); /* the wrong register drops the priority only */
    assert_int_equal(icv_running_priority(&lrs), 0xff);
    assert_true(lrs.lr[0] & LR_ACTIVE);
    lrs.vmcr &= ~VMCR_VENG1;
    assert_int_equal(icv_acknowledge(&lrs, true), 1023);
}

static void pmr_masks(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x80, true, LR_PENDING);
    icv_set_pmr(&lrs, 0x80);
    assert_int_equal(icv_signalled(&lrs), -1);
    icv_set_pmr(&lrs, 0x8f); /* unimplemented bits are ignored */
    assert_int_equal(icv_pmr(&lrs), 0x88);
    assert_int_equal(icv_signalled(&lrs), 1);
}

/* For every binary point and pair of priorities: preemption is by the group priority alone. */
static void binary_points_split_priorities(void **state)
{
    (void)state;
    for (unsigned bits = 5; bits <= 7; bits++)
        for (unsigned group1 = 0; group1 < 2; group1++)
            for (unsigned bpr = 0; bpr < 8; bpr++)
                for (unsigned first = 0; first < 0x100; first += 0x100 >> bits)
                    for (unsigned second = 0; second < 0x100; second += 0x100 >> bits) {
                        struct lvgic_lrs lrs = fresh(bits);
                        unsigned least = 8 - bits - !group1;
                        unsigned split = (bpr < least ? least : bpr) + !group1;
                        bool preempts = second >> split < first >> split;

                        if (first >= icv_pmr(&lrs) || second >= icv_pmr(&lrs))
                            continue;
                        icv_set_bpr(&lrs, group1, bpr);
                        assert_int_equal(icv_bpr(&lrs, group1), bpr < least ? least : bpr);
                        put(&lrs, 0, 40, first, group1, LR_PENDING);
                        assert_int_equal(icv_acknowledge(&lrs, group1), 40);
                        put(&lrs, 1, 41, second, group1, LR_PENDING);
                        assert_int_equal(icv_acknowledge(&lrs, group1), preempts ? 41 : 1023);
                        assert_int_equal(icv_running_priority(&lrs) >> split,
                                         (preempts ? second : first) >> split);
                    }
}

static void common_binary_point(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    icv_set_bpr(&lrs, false, 4);
    icv_set_ctlr(&lrs, 1);
    assert_int_equal(icv_ctlr(&lrs) & 3, 1);
    assert_int_equal(icv_bpr(&lrs, true), 5);
    icv_set_bpr(&lrs, true, 7); /* ignored */
    assert_int_equal(icv_bpr(&lrs, true), 5);
    icv_set_ctlr(&lrs, 0);
    assert_int_equal(icv_bpr(&lrs, true), 3);
}

static void eoimode_1_separates_drop_and_deactivation(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x80, true, LR_PENDING | LR_HW | (uint64_t)77 << 32);
    icv_set_ctlr(&lrs, 2);
    icv_acknowledge(&lrs, true);
    assert_false(icv_end_of_interrupt(&lrs, 40, true).phys_deactivate);
    assert_int_equal(icv_running_priority(&lrs), 0xff);
    assert_true(lrs.lr[0] & LR_ACTIVE);
    struct icv_effect effect = icv_deactivate(&lrs, 40);
    assert_true(effect.phys_deactivate && effect.pintid == 77);
    assert_false(lrs.lr[0] & LR_STATE);
}

static void completions_of_what_is_not_listed_are_counted(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    icv_end_of_interrupt(&lrs, 50, true); /* nothing active: not even counted */
    assert_int_equal(lrs.hcr & HCR_EOICOUNT, 0);
    lrs.hcr |= HCR_LRENPIE;
    lrs.ap1r[0] = 1u << 4 | 1u << 9;
    icv_end_of_interrupt(&lrs, 1022, true); /* special INTIDs are ignored */
    assert_int_equal(lrs.ap1r[0], 1u << 4 | 1u << 9);
    icv_end_of_interrupt(&lrs, 50, true);
    assert_int_equal(lrs.ap1r[0], 1u << 9);
    assert_int_equal(bits_get(lrs.hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO), 1);
    assert_int_equal(icv_misr(&lrs), MISR_LRENP);
    lrs.ap1r[0] = 1;
    icv_end_of_interrupt(&lrs, 8192, true); /* LPIs are not counted */
    assert_int_equal(bits_get(lrs.hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO), 1);
}

static void pending_and_active_is_not_signalled_and_not_pending(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x80, true, LR_PENDING | LR_ACTIVE);
    assert_int_equal(icv_signalled(&lrs), -1);
    lrs.hcr |= HCR_NPIE;
    assert_int_equal(icv_misr(&lrs), MISR_NP);
}

static void maintenance_conditions(void **state)
{
    struct lvgic_lrs lrs = fresh(5);

    (void)state;
    put(&lrs, 0, 40, 0x80, true, LR_PENDING);
    put(&lrs, 1, 41, 0x80, true, LR_PENDING | LR_EOI);
    lrs.hcr |= HCR_UIE | HCR_NPIE | HCR_VGRP0DIE | HCR_VGRP1DIE;
    assert_int_equal(icv_misr(&lrs), 0);
    assert_int_equal(icv_acknowledge(&lrs, true), 40);
    icv_end_of_interrupt(&lrs, 40, true);
    assert_int_equal(icv_misr(&lrs), MISR_U);
    assert_int_equal(icv_acknowledge(&lrs, true), 41);
    icv_end_of_interrupt(&lrs, 41, true);
    assert_int_equal(icv_misr(&lrs), MISR_U | MISR_NP | MISR_EOI);
    assert_int_equal(lrs.elrsr, 0xd); /* register 1 has something to tell */
    lrs.vmcr &= ~VMCR_VENG0;
    assert_true(icv_misr(&lrs) & MISR_VGRP0D);
    lrs.hcr = HCR_EN | HCR_VGRP0EIE | HCR_VGRP1EIE;
    assert_int_equal(icv_misr(&lrs), MISR_EOI | MISR_VGRP1E);
}

static uint64_t ich(struct lvgic_lrs *lrs, enum ichreg reg, unsigned n, bool write, uint64_t value)
{
    assert_int_equal(lvgic_lrs_access(lrs, ichreg_rows[reg].encoding + n, write, &value),
                     LVGIC_SYSREG_DONE);
    return value;
}

/* The virtualization registers as registers: what a guest hypervisor writes is what the CPU
 * interface acts on, and what it did reads back. */
static void virtualization_registers(void **state)
{
    struct lvgic_lrs lrs;
    uint64_t value = 0;

    (void)state;
    lvgic_lrs_init(&lrs, 3, 5);
    /* ICC_SRE_EL2 lies between them and is none of these; RES0 bits and NMI are not kept. */
    assert_int_equal(lvgic_lrs_access(&lrs, LVGIC_SYSREG(3, 4, 12, 9, 5), false, &value),
                     LVGIC_SYSREG_NOT_MINE);
    ich(&lrs, ICHREG_ICH_LR0, 0, true, ~UINT64_C(0));
    assert_int_equal(ich(&lrs, ICHREG_ICH_LR0, 0, false, 0), UINT64_C(0xf0f81fff0000ffff));
    ich(&lrs, ICHREG_ICH_LR0, 0, true, 0);
    assert_int_equal(ich(&lrs, ICHREG_ICH_VTR, 0, false, 0) & 0x1f, 2);
    assert_int_equal(ich(&lrs, ICHREG_ICH_VTR, 0, false, 0) >> 29, 4);
    assert_int_equal(
        lvgic_lrs_access(&lrs, ichreg_rows[ICHREG_ICH_LR0].encoding + 3, false, &value),
        LVGIC_SYSREG_UNDEF);
    assert_int_equal(lvgic_lrs_access(&lrs, ichreg_rows[ICHREG_ICH_LR8].encoding, false, &value),
                     LVGIC_SYSREG_UNDEF);
    assert_int_equal(
        lvgic_lrs_access(&lrs, ichreg_rows[ICHREG_ICH_AP1R].encoding + 1, false, &value),
        LVGIC_SYSREG_UNDEF);
    assert_int_equal(lvgic_lrs_access(&lrs, ichreg_rows[ICHREG_ICH_ELRSR].encoding, true, &value),
                     LVGIC_SYSREG_UNDEF);
    ich(&lrs, ICHREG_ICH_HCR, 0, true, ~UINT64_C(0));
    assert_int_equal(ich(&lrs, ICHREG_ICH_HCR, 0, false, 0), 0xf8007cff);
    ich(&lrs, ICHREG_ICH_VMCR, 0, true, 0);
    assert_int_equal(icv_bpr(&lrs, false), 2); /* the least that 5 bits allow */
    assert_int_equal(icv_bpr(&lrs, true), 3);

    ich(&lrs, ICHREG_ICH_HCR, 0, true, HCR_EN | HCR_UIE);
    ich(&lrs, ICHREG_ICH_VMCR, 0, true, UINT64_C(0xff) << 24 | VMCR_VENG1);
    ich(&lrs, ICHREG_ICH_LR0, 1, true, 45 | UINT64_C(0x80) << 48 | LR_GROUP1 | LR_PENDING | LR_EOI);
    assert_int_equal(ich(&lrs, ICHREG_ICH_ELRSR, 0, false, 0), 5);
    assert_int_equal(ich(&lrs, ICHREG_ICH_MISR, 0, false, 0), MISR_U);
    assert_int_equal(icv_acknowledge(&lrs, true), 45);
    assert_int_equal(ich(&lrs, ICHREG_ICH_AP1R, 0, false, 0), 1u << 16);
    icv_end_of_interrupt(&lrs, 45, true);
    assert_int_equal(ich(&lrs, ICHREG_ICH_EISR, 0, false, 0), 2);
    assert_int_equal(ich(&lrs, ICHREG_ICH_ELRSR, 0, false, 0), 5);
    assert_int_equal(ich(&lrs, ICHREG_ICH_MISR, 0, false, 0), MISR_U | MISR_EOI);
    ich(&lrs, ICHREG_ICH_LR0, 1, true, 0);
    assert_int_equal(ich(&lrs, ICHREG_ICH_EISR, 0, false, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(highest_priority_is_acknowledged_first),
        cmocka_unit_test(groups_have_their_own_registers),
        cmocka_unit_test(pmr_masks),
        cmocka_unit_test(binary_points_split_priorities),
        cmocka_unit_test(common_binary_point),
        cmocka_unit_test(eoimode_1_separates_drop_and_deactivation),
        cmocka_unit_test(completions_of_what_is_not_listed_are_counted),
        cmocka_unit_test(pending_and_active_is_not_signalled_and_not_pending),
        cmocka_unit_test(maintenance_conditions),
        cmocka_unit_test(virtualization_registers),
    };

    return cmocka_run_group_tests_name("icv", tests, NULL, NULL);
}
