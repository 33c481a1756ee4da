/* SPDX-License-Identifier: MIT */
/* 1-of-N routing, halves of routes, and identification that an embedder chooses. */
#include "rig.h"

#include "irq/vm.h"

#define ONE_OF_N (UINT64_C(1) << 31)

static struct rig *one_of_n(void)
{
    struct lvgic_config config = {.nr_vcpus = 3, .nr_spis = 32, .one_of_n = true};
    struct rig *rig = rig_with(&config);

    for (unsigned i = 0; i < 3; i++)
        rig_redist_write(rig, i, 0x14, 4, 0); /* GICR_WAKER: awake */
    rig_setup(rig, 0, 40, true, 0x80);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, ONE_OF_N);
    return rig;
}

static unsigned taken_by(struct rig *rig)
{
    for (unsigned i = 0; i < 3; i++) {
        rig_enter(rig, i);
        bool taken = rig_ack(rig, i) == 40;
        if (taken)
            rig_eoi(rig, i, 40);
        rig_exit(rig, i);
        if (taken)
            return i;
    }
    return 99;
}

/* One interrupt, one kick, whoever is chosen. */
static void one_kick(void **state)
{
    struct rig *rig = one_of_n();

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        rig_enter(rig, i);
    rig_redist_write(rig, 0, 0x14, 4, 2); /* its target until now goes to sleep */
    rig->kicks[0] = rig->kicks[1] = rig->kicks[2] = 0;
    rig_pulse(rig, 0, 40);
    assert_int_equal(rig->kicks[0] + rig->kicks[1] + rig->kicks[2], 1);
    rig_free(rig);
}

static void offered_and_kept(void **state)
{
    struct rig *rig = one_of_n();

    (void)state;
    assert_false(rig_dist_read(rig, 4, 4) & 1u << 25);    /* No1N */
    assert_true(rig_redist_read(rig, 0, 8, 8) & 1u << 5); /* DPGS */
    assert_int_equal(rig_dist_read(rig, 0x6000 + 8 * 40, 8), ONE_OF_N);
    rig_pulse(rig, 0, 40);
    assert_in_range(taken_by(rig), 0, 2);
    assert_int_equal(taken_by(rig), 99); /* by one, once */
    rig_free(rig);
}

static void only_participants_are_chosen(void **state)
{
    (void)state;
    for (unsigned participant = 0; participant < 3; participant++) {
        struct rig *rig = one_of_n();

        for (unsigned i = 0; i < 3; i++)
            if (i != participant) {
                /* One opts out of group 1, another sleeps. */
                if (i == (participant + 1) % 3)
                    rig_redist_write(rig, i, 0, 4, DPG_GROUP1);
                else
                    rig_redist_write(rig, i, 0x14, 4, 2);
            }
        rig_pulse(rig, 0, 40);
        assert_int_equal(taken_by(rig), participant);
        rig_free(rig);
    }
}

/* It is pending for one, who then goes to sleep: another takes it. With nobody awake it stays
 * pending, until somebody wakes up. */
static void moves_on_when_its_vcpu_stops_participating(void **state)
{
    struct rig *rig = one_of_n();
    struct lvgic_irq_info info;

    (void)state;
    rig_pulse(rig, 0, 40);
    lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), &info);
    rig_redist_write(rig, info.target, 0x14, 4, 2);
    uint32_t first = info.target;
    lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), &info);
    assert_int_not_equal(info.target, first);
    for (unsigned i = 0; i < 3; i++)
        rig_redist_write(rig, i, 0x14, 4, 2);
    assert_int_equal(taken_by(rig), 99);
    rig_redist_write(rig, 2, 0x14, 4, 0);
    assert_int_equal(taken_by(rig), 2);
    rig_free(rig);
}

static void opting_out_is_by_group(void **state)
{
    struct rig *rig = one_of_n();

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        rig_redist_write(rig, i, 0, 4, i == 1 ? DPG_GROUP0 : DPG_GROUP1);
    assert_int_equal(rig_redist_read(rig, 1, 0, 4), DPG_GROUP0);
    rig_pulse(rig, 0, 40);
    assert_int_equal(taken_by(rig), 1);
    rig_free(rig);
}

static void a_fixed_route_again(void **state)
{
    struct rig *rig = one_of_n();

    (void)state;
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 2);
    rig_redist_write(rig, 2, 0x14, 4, 2); /* asleep: of no interest to a fixed route */
    rig_pulse(rig, 0, 40);
    assert_int_equal(taken_by(rig), 2);
    rig_free(rig);
}

static void identification(void **state)
{
    lvgic_affinity affinity[2] = {{.mpidr = 0}, {.mpidr = 0x12}};
    struct lvgic_config config = {.nr_vcpus = 2,
                                  .nr_spis = 32,
                                  .iidr = 0x12345678,
                                  .affinity = affinity,
                                  .gicd_pidr = 0x0807060504330201};

    (void)state;
    config.gicr_pidr = 0x2bb4a0; /* architecture revision 2 */
    assert_int_equal(lvgic_vm_size(&config), 0);
    config.gicr_pidr = 0x3bb4a0;

    struct rig *rig = rig_with(&config);

    for (unsigned i = 0; i < 8; i++) {
        static const unsigned bytes[] = {1, 2, 0x33, 4, 5, 6, 7, 8};

        assert_int_equal(rig_dist_read(rig, i < 4 ? 0xffe0 + 4 * i : 0xffc0 + 4 * i, 4), bytes[i]);
    }
    assert_int_equal(rig_redist_read(rig, 1, 0xffe0, 4), 0xa0);
    assert_int_equal(rig_redist_read(rig, 1, 0xffe8, 4), 0x3b);
    assert_int_equal(rig_redist_read(rig, 1, 0xffd0, 4), 0);
    assert_int_equal(rig_dist_read(rig, 8, 4), 0x12345678);
    assert_int_equal(rig_redist_read(rig, 1, 4, 4), 0x12345678);
    assert_true(rig_dist_read(rig, 4, 4) & 1u << 26);                  /* RSS */
    assert_true(rig_icc_read(rig, 0, SYSREG_ICC_CTLR_EL1) & 1u << 18); /* RSS */
    rig_free(rig);
}

/* 512 vCPUs with affinities from all over the 32 bits: each is found by SGIs (all but oneself, and
 * by target list with the range selector) and by routes, and names itself in GICR_TYPER. */
static void as_many_vcpus_as_there_can_be(void **state)
{
    static lvgic_affinity affinity[MAX_VCPUS];
    struct lvgic_config config = {
        .nr_vcpus = MAX_VCPUS, .nr_spis = 32, .nr_lrs = 1, .affinity = affinity};
    const unsigned sgi = 5, self = 300;

    (void)state;
    for (unsigned i = 0; i < MAX_VCPUS; i++)
        affinity[i].mpidr = (uint64_t)(i % 7 * 31) << 32 | (uint64_t)(i % 5) << 16 |
                            (uint64_t)(255 - i / 35) << 8 | (i * 37 % 256);

    struct rig *rig = rig_with(&config);

    for (unsigned i = 0; i < MAX_VCPUS; i++)
        rig_setup(rig, i, sgi, true, 0x80);
    rig_icc_write(rig, self, SYSREG_ICC_SGI1R_EL1, (uint64_t)sgi << 24 | BIT64(40));
    for (unsigned i = 0; i < MAX_VCPUS; i++) {
        uint64_t typer = rig_redist_read(rig, i, 8, 8);

        assert_int_equal(rig_get_bit(rig, i, ISPENDR, sgi), i != self);
        assert_int_equal(typer >> 32, affinity_pack(affinity[i].mpidr));
        assert_int_equal(typer >> 4 & 1, i == MAX_VCPUS - 1);
        assert_int_equal(typer >> 8 & 0xffff, i);
        rig_set_bit(rig, i, ICPENDR, sgi);
    }
    for (unsigned i = 0; i < MAX_VCPUS; i++) {
        uint64_t mpidr = affinity[i].mpidr;

        rig_icc_write(rig, self, SYSREG_ICC_SGI1R_EL1,
                      (uint64_t)sgi << 24 | (mpidr >> 32) << 48 | (mpidr >> 16 & 0xff) << 32 |
                          (mpidr >> 8 & 0xff) << 16 | (mpidr >> 4 & 0xf) << 44 |
                          BIT64(mpidr & 0xf));
        rig_dist_write(rig, 0x6000 + 8 * 40, 8, mpidr);
        rig_setup(rig, 0, 40, true, 0x80); /* routes it to affinity 0, and there is none ... */
        rig_dist_write(rig, 0x6000 + 8 * 40, 8, mpidr); /* ... so to this one */
        rig_pulse(rig, 0, 40);
        rig_enter(rig, i);
        assert_int_equal(rig_ack(rig, i), sgi);
        rig_eoi(rig, i, sgi);
        assert_int_equal(rig_ack(rig, i), 40);
        rig_eoi(rig, i, 40);
        rig_exit(rig, i);
    }
    for (unsigned i = 0; i < MAX_VCPUS; i++)
        assert_false(rig_get_bit(rig, i, ISPENDR, sgi)); /* nobody else was meant */
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_kick),
        cmocka_unit_test(offered_and_kept),
        cmocka_unit_test(only_participants_are_chosen),
        cmocka_unit_test(moves_on_when_its_vcpu_stops_participating),
        cmocka_unit_test(opting_out_is_by_group),
        cmocka_unit_test(a_fixed_route_again),
        cmocka_unit_test(identification),
        cmocka_unit_test(as_many_vcpus_as_there_can_be),
    };

    return cmocka_run_group_tests_name("routing", tests, NULL, NULL);
}
