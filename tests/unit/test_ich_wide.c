/* SPDX-License-Identifier: MIT */
/* The loader for ICH_* registers with as many of them as the architecture has: sixteen list
 * registers, and up to four active priorities registers for each group. */
#include "fake_ich.h"
#include "rig.h"

static const char *const apr_names[2][4] = {
    {ICH_AP0R0, ICH_AP0R1, ICH_AP0R2, ICH_AP0R3},
    {ICH_AP1R0, ICH_AP1R1, ICH_AP1R2, ICH_AP1R3},
};

static void have(unsigned nr_lrs, unsigned pri_bits, unsigned preemption_bits)
{
    memset(registers, 0, sizeof registers);
    registers[find(ICH_VTR)].value =
        (nr_lrs - 1) | (uint64_t)(preemption_bits - 1) << 26 | (uint64_t)(pri_bits - 1) << 29;
}

static void no_more_than_seven_priority_bits(void **state)
{
    (void)state;
    have(16, 8, 8);
    assert_int_equal(lvgic_ich_caps().pri_bits, 7);
    assert_int_equal(lvgic_ich_caps().nr_lrs, 16);
    assert_false(lvgic_ich_caps().dir_trap);
}

static void sixteen_list_registers(void **state)
{
    struct lvgic_lrs lrs;

    (void)state;
    have(16, 5, 5);
    lvgic_lrs_init(&lrs, 16, 5);
    lvgic_ich_attach(&lrs);
    for (unsigned i = 0; i < 16; i++)
        lrs.lr[i] = LR_PENDING | (40 + i);
    lrs.used = 0xffff;
    lrs.vmcr |= VMCR_VENG1;
    lvgic_ich_load(&lrs);
    assert_true(registers[find(ICH_VMCR)].value == lrs.vmcr);
    for (unsigned i = 0; i < 16; i++) {
        assert_true(registers[find(lr_names[i])].value == (LR_PENDING | (40 + i)));
        registers[find(lr_names[i])].value = LR_ACTIVE | (40 + i);
    }
    registers[find(ICH_AP1R0)].value = 0x10;
    lvgic_ich_save(&lrs);
    for (unsigned i = 0; i < 16; i++)
        assert_true(lrs.lr[i] == (LR_ACTIVE | (40 + i)));
    /* Nothing is outside the registers; but something is active, whose priority is of interest. */
    assert_true(lrs.ap1r[0] == 0x10);
    lvgic_ich_detach(&lrs);
    for (unsigned i = 0; i < 16; i++)
        assert_true(registers[find(lr_names[i])].value == 0);
    /* There is no seventeenth. */
    write_lr(16, LR_PENDING);
    assert_true(read_lr(16) == 0);
}

/* AP<m>R1 exists with six bits of preemption, AP<m>R2 and R3 with seven; what does not exist would
 * be UNDEFINED, and is not touched. */
static void active_priorities(void **state)
{
    struct lvgic_lrs lrs;

    (void)state;
    for (unsigned bits = 5; bits <= 7; bits++) {
        unsigned nr = 1u << (bits - 5);

        have(4, bits, bits);
        lvgic_lrs_init(&lrs, 4, bits);
        for (unsigned i = 0; i < 4; i++) {
            lrs.ap0r[i] = 0x100 + i;
            lrs.ap1r[i] = 0x200 + i;
        }
        lvgic_ich_attach(&lrs);
        lvgic_ich_load(&lrs);
        memset(lrs.ap0r, 0, sizeof lrs.ap0r);
        memset(lrs.ap1r, 0, sizeof lrs.ap1r);
        lvgic_ich_save(&lrs);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(lrs.ap0r[i], i < nr ? 0x100 + i : 0);
            assert_int_equal(lrs.ap1r[i], i < nr ? 0x200 + i : 0);
            for (unsigned group = 0; group < 2; group++) {
                assert_int_equal(registers[find(apr_names[group][i])].writes, i < nr);
                assert_int_equal(registers[find(apr_names[group][i])].reads, i < nr);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_seven_priority_bits),
        cmocka_unit_test(sixteen_list_registers),
        cmocka_unit_test(active_priorities),
    };

    return cmocka_run_group_tests_name("ich_wide", tests, NULL, NULL);
}
