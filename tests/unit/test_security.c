/* SPDX-License-Identifier: MIT */
/* Two security states (IHI 0069H 4.6, 12.9): what Secure and Non-secure accesses see. */
#include "rig.h"

#include "arch/lr.h"
#include "irq/vm.h"

enum { IGRPMODR = 0xd00, NSACR = 0xe00, PRIORITYR = 0x400, ICFGR = 0xc00, ROUTER = 0x6000 };
enum { SGI_BASE = 0x10000 };
enum who { NON_SECURE, SECURE };

static struct rig *rig_two_states(void)
{
    struct lvgic_config config = {.nr_vcpus = 2,
                                  .nr_spis = 96,
                                  .nr_lrs = 4,
                                  .two_security_states = true,
                                  .nmi = true,
                                  .one_of_n = true};

    return rig_with(&config);
}

static uint64_t dist(struct rig *rig, enum who who, bool write, unsigned offset, unsigned size,
                     uint64_t value)
{
    struct lvgic_access access = {.offset = offset,
                                  .size = (uint8_t)size,
                                  .write = write,
                                  .value = value,
                                  .secure = who == SECURE};

    assert_int_equal(lvgic_dist_access(rig->vm, NULL, &access), LVGIC_OK);
    return access.value;
}

static uint64_t redist(struct rig *rig, enum who who, bool write, unsigned offset, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = 4, .write = write, .value = value, .secure = who == SECURE};

    assert_int_equal(lvgic_redist_access(rig->vm, NULL, LVGIC_VCPU(0), &access), LVGIC_OK);
    return access.value;
}

/* SPIs 64, 65, 66: group 0, Secure group 1, Non-secure group 1. */
static void three_groups(struct rig *rig)
{
    dist(rig, SECURE, true, GROUPR + 8, 4, 4);
    dist(rig, SECURE, true, IGRPMODR + 8, 4, 2);
    for (unsigned i = 64; i < 67; i++) {
        dist(rig, SECURE, true, ROUTER + 8 * i, 8, 0);
        dist(rig, SECURE, true, ICFGR + 16, 4, 0x2a);
    }
    dist(rig, SECURE, true, ISENABLER + 8, 4, 7);
}

static void gicd_ctlr_has_two_views(void **state)
{
    struct rig *rig = rig_two_states();

    (void)state;
    assert_true(dist(rig, SECURE, false, 4, 4, 0) & BIT64(10)); /* TYPER.SecurityExtn */
    dist(rig, SECURE, true, 0, 4, 5);
    assert_int_equal(dist(rig, SECURE, false, 0, 4, 0), 0x35);
    assert_int_equal(dist(rig, NON_SECURE, false, 0, 4, 0), 0x10);
    dist(rig, NON_SECURE, true, 0, 4, 0xffffffff); /* only its own enable; DS is not its */
    assert_int_equal(dist(rig, NON_SECURE, false, 0, 4, 0), 0x12);
    assert_int_equal(dist(rig, SECURE, false, 0, 4, 0), 0x37);
    dist(rig, NON_SECURE, true, 0, 4, 0);
    assert_int_equal(dist(rig, SECURE, false, 0, 4, 0), 0x35);
    dist(rig, SECURE, true, 0, 4, 0x47); /* DS: one security state from now on, for good */
    assert_int_equal(dist(rig, NON_SECURE, false, 0, 4, 0), 0x53);
    dist(rig, SECURE, true, 0, 4, 0);
    assert_int_equal(dist(rig, SECURE, false, 0, 4, 0), 0x50);
    assert_false(dist(rig, SECURE, false, 4, 4, 0) & BIT64(10));
    rig_free(rig);
}

static void one_state_has_neither_modifier_nor_nsacr(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    for (unsigned who = NON_SECURE; who <= SECURE; who++) {
        dist(rig, who, true, IGRPMODR + 8, 4, 0xffffffff);
        dist(rig, who, true, NSACR + 16, 4, 0xffffffff);
        redist(rig, who, true, SGI_BASE + NSACR, 0xffffffff);
        assert_int_equal(dist(rig, who, false, IGRPMODR + 8, 4, 0), 0);
        assert_int_equal(dist(rig, who, false, NSACR + 16, 4, 0), 0);
        assert_int_equal(redist(rig, who, false, SGI_BASE + NSACR, 0), 0);
    }
    assert_int_equal(rig_dist_read(rig, 0, 4), 0x53); /* the same register for both */
    rig_free(rig);
}

static void non_secure_accesses_do_not_see_secure_interrupts(void **state)
{
    /* Offsets of arrays with a bit for each interrupt, at SPIs 64 to 95. */
    static const unsigned arrays[] = {ISENABLER, ISPENDR, ISACTIVER, 0xf80};
    struct rig *rig = rig_two_states();

    (void)state;
    three_groups(rig);
    for (unsigned i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        dist(rig, SECURE, true, arrays[i] + 8, 4, 7);
        assert_int_equal(dist(rig, SECURE, false, arrays[i] + 8, 4, 0), 7);
        assert_int_equal(dist(rig, NON_SECURE, false, arrays[i] + 8, 4, 0), 4);
    }
    for (unsigned i = 0; i < 3; i++) /* clearing reaches its own only */
        dist(rig, NON_SECURE, true, arrays[i] + 0x80 + 8, 4, 7);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(dist(rig, SECURE, false, arrays[i] + 8, 4, 0), 3);
    for (unsigned i = 0; i < 3; i++) /* and so does setting */
        dist(rig, SECURE, true, arrays[i] + 0x80 + 8, 4, 7);
    for (unsigned i = 0; i < 3; i++) {
        dist(rig, NON_SECURE, true, arrays[i] + 8, 4, 7);
        assert_int_equal(dist(rig, SECURE, false, arrays[i] + 8, 4, 0), 4);
    }
    /* Groups, the modifier and NSACR are Secure registers. */
    dist(rig, NON_SECURE, true, GROUPR + 8, 4, 0xffffffff);
    dist(rig, NON_SECURE, true, IGRPMODR + 8, 4, 0xffffffff);
    dist(rig, NON_SECURE, true, NSACR + 16, 4, 0xffffffff);
    assert_int_equal(dist(rig, NON_SECURE, false, GROUPR + 8, 4, 0), 0);
    assert_int_equal(dist(rig, SECURE, false, GROUPR + 8, 4, 0), 4);
    assert_int_equal(dist(rig, SECURE, false, IGRPMODR + 8, 4, 0), 2);
    assert_int_equal(dist(rig, SECURE, false, NSACR + 16, 4, 0), 0);
    /* Configuration and routes: two bits, and 64, of each. */
    dist(rig, SECURE, true, ICFGR + 16, 4, 0);
    dist(rig, NON_SECURE, true, ICFGR + 16, 4, 0xffffffff);
    assert_int_equal(dist(rig, SECURE, false, ICFGR + 16, 4, 0), 0xaaaaaaaa & 0x20);
    for (unsigned i = 64; i < 67; i++) {
        dist(rig, NON_SECURE, true, ROUTER + 8 * i, 8, 1);
        assert_int_equal(dist(rig, SECURE, false, ROUTER + 8 * i, 8, 0), i == 66);
    }
    /* GICR_WAKER is Secure software's. */
    redist(rig, SECURE, true, 0x14, 2);
    redist(rig, NON_SECURE, true, 0x14, 0);
    assert_int_equal(redist(rig, NON_SECURE, false, 0x14, 0), 0);
    assert_int_equal(redist(rig, SECURE, false, 0x14, 0), 6);
    /* GICR_CTLR.DPG*: Non-secure software has its own group's. */
    redist(rig, SECURE, true, 0, 0x07000000);
    assert_int_equal(redist(rig, NON_SECURE, false, 0, 0), 0x02000000);
    redist(rig, NON_SECURE, true, 0, 0);
    assert_int_equal(redist(rig, SECURE, false, 0, 0), 0x05000000);
    rig_free(rig);
}

static void priorities_have_a_non_secure_view(void **state)
{
    struct rig *rig = rig_two_states();

    (void)state;
    three_groups(rig);
    dist(rig, SECURE, true, PRIORITYR + 64, 4, 0x00c04020);
    assert_int_equal(dist(rig, NON_SECURE, false, PRIORITYR + 64, 4, 0), 0x00800000);
    dist(rig, NON_SECURE, true, PRIORITYR + 64, 4, 0x00a0a0a0);
    assert_int_equal(dist(rig, SECURE, false, PRIORITYR + 64, 4, 0), 0x00d04020);
    /* One of the upper half, which Secure software may give it, is shifted all the same. */
    dist(rig, SECURE, true, PRIORITYR + 66, 1, 0x50);
    assert_int_equal(dist(rig, NON_SECURE, false, PRIORITYR + 66, 1, 0), 0xa0);
    dist(rig, NON_SECURE, true, PRIORITYR + 66, 1, 0xff);
    assert_int_equal(dist(rig, SECURE, false, PRIORITYR + 66, 1, 0), 0xf8);
    assert_int_equal(dist(rig, NON_SECURE, false, PRIORITYR + 66, 1, 0), 0xf0);
    rig_free(rig);
}

/* Each value of NSACR opens one thing more of a Secure interrupt. */
static void nsacr_opens_secure_interrupts_by_degrees(void **state)
{
    (void)state;
    for (unsigned degree = 0; degree < 4; degree++) {
        struct rig *rig = rig_two_states();

        three_groups(rig);
        dist(rig, SECURE, true, NSACR + 16, 4, degree | degree << 2);
        assert_int_equal(dist(rig, SECURE, false, NSACR + 16, 4, 0), degree | degree << 2);

        dist(rig, NON_SECURE, true, ISPENDR + 8, 4, 1);
        dist(rig, NON_SECURE, true, 0x40, 4, 65); /* SETSPI_NSR */
        assert_int_equal(dist(rig, SECURE, false, ISPENDR + 8, 4, 0), degree >= 1 ? 3 : 0);
        assert_int_equal(dist(rig, NON_SECURE, false, ISPENDR + 8, 4, 0), degree >= 1 ? 3 : 0);

        dist(rig, SECURE, true, ISPENDR + 8, 4, 3);
        dist(rig, NON_SECURE, true, ICPENDR + 8, 4, 1);
        dist(rig, NON_SECURE, true, 0x48, 4, 65); /* CLRSPI_NSR */
        assert_int_equal(dist(rig, SECURE, false, ISPENDR + 8, 4, 0), degree >= 2 ? 0 : 3);

        dist(rig, SECURE, true, ISACTIVER + 8, 4, 1);
        assert_int_equal(dist(rig, NON_SECURE, false, ISACTIVER + 8, 4, 0), degree >= 2);
        assert_int_equal(dist(rig, NON_SECURE, false, ICACTIVER + 8, 4, 0), degree >= 2);
        dist(rig, NON_SECURE, true, ICACTIVER + 8, 4, 1); /* to look at is not to change */
        dist(rig, NON_SECURE, true, ISACTIVER + 8, 4, 2);
        assert_int_equal(dist(rig, SECURE, false, ISACTIVER + 8, 4, 0), 1);

        dist(rig, NON_SECURE, true, ROUTER + 8 * 64, 8, 1);
        assert_int_equal(dist(rig, SECURE, false, ROUTER + 8 * 64, 8, 0), degree >= 3);

        dist(rig, NON_SECURE, true, ICENABLER + 8, 4, 7); /* never */
        assert_int_equal(dist(rig, SECURE, false, ISENABLER + 8, 4, 0), 3);
        rig_free(rig);
    }
}

/* GICR_NSACR lets Non-secure software generate Secure SGIs, and opens no register to it. */
static void gicr_nsacr_opens_no_fields(void **state)
{
    static const unsigned arrays[] = {ISPENDR, ISACTIVER};
    struct rig *rig = rig_two_states();

    (void)state;
    redist(rig, SECURE, true, SGI_BASE + NSACR, 0xffffffff);
    for (unsigned i = 0; i < 2; i++) {
        redist(rig, NON_SECURE, true, SGI_BASE + arrays[i], 0x20);
        assert_int_equal(redist(rig, SECURE, false, SGI_BASE + arrays[i], 0), 0);
        redist(rig, SECURE, true, SGI_BASE + arrays[i], 0x20);
        redist(rig, NON_SECURE, true, SGI_BASE + arrays[i] + 0x80, 0x20);
        assert_int_equal(redist(rig, NON_SECURE, false, SGI_BASE + arrays[i], 0), 0);
        assert_int_equal(redist(rig, SECURE, false, SGI_BASE + arrays[i], 0), 0x20);
    }
    rig_free(rig);
}

/* With DS set the registers of two states are gone, and with them what they said. */
static void ds_ends_the_modifier_and_nsacr(void **state)
{
    struct rig *rig = rig_two_states();

    (void)state;
    three_groups(rig);
    redist(rig, SECURE, true, SGI_BASE + IGRPMODR, 0x20);
    dist(rig, SECURE, true, NSACR + 16, 4, 0xffffffff);
    dist(rig, SECURE, true, 0, 4, 0x40);
    for (unsigned who = NON_SECURE; who <= SECURE; who++) {
        dist(rig, who, true, IGRPMODR + 8, 4, 0xffffffff);
        assert_int_equal(dist(rig, who, false, IGRPMODR + 8, 4, 0), 0);
        assert_int_equal(dist(rig, who, false, NSACR + 16, 4, 0), 0);
        assert_int_equal(redist(rig, who, false, SGI_BASE + IGRPMODR, 0), 0);
        assert_int_equal(dist(rig, who, false, ISENABLER + 8, 4, 0), 7);
    }
    rig_icc_write(rig, 1, SYSREG_ICC_SGI0R_EL1, 5u << 24 | 1); /* group 0 by now, and open */
    assert_int_equal(redist(rig, NON_SECURE, false, SGI_BASE + ISPENDR, 0), 0x20);
    rig_free(rig);
}

static void setspi_sr_is_for_secure_accesses(void **state)
{
    struct rig *rig = rig_two_states();

    (void)state;
    three_groups(rig);
    dist(rig, NON_SECURE, true, 0x50, 4, 66);
    assert_int_equal(dist(rig, SECURE, false, ISPENDR + 8, 4, 0), 0);
    dist(rig, SECURE, true, 0x50, 4, 64);
    dist(rig, SECURE, true, 0x50, 4, 66);
    assert_int_equal(dist(rig, SECURE, false, ISPENDR + 8, 4, 0), 5);
    dist(rig, NON_SECURE, true, 0x58, 4, 66);
    dist(rig, SECURE, true, 0x58, 4, 64);
    assert_int_equal(dist(rig, SECURE, false, ISPENDR + 8, 4, 0), 4);
    rig_free(rig);
}

static unsigned listed(const struct rig *rig, unsigned intid, uint64_t *lr)
{
    const struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    for (unsigned i = 0; i < lrs->nr; i++)
        if ((lrs->used & 1u << i) && lr_vintid(lrs->lr[i]) == intid) {
            *lr = lrs->lr[i];
            return 1;
        }
    return 0;
}

/* Each group has its enable; Secure ones come as FIQ, and priorities as Non-secure software sees
 * them, whose PMR they are compared with. */
static void delivery_is_as_non_secure_software_sees_it(void **state)
{
    struct rig *rig = rig_two_states();
    uint64_t lr = 0;

    (void)state;
    three_groups(rig);
    dist(rig, SECURE, true, PRIORITYR + 64, 4, 0x00c09020);
    for (unsigned i = 64; i < 67; i++)
        rig_pulse(rig, 0, i);
    for (unsigned enables = 0; enables < 8; enables++) {
        dist(rig, SECURE, true, 0, 4, enables);
        rig_enter(rig, 0);
        assert_int_equal(listed(rig, 64, &lr), enables & 1);
        if (enables & 1)
            assert_true(!(lr & LR_GROUP1) && lr_priority(lr) == 0);
        assert_int_equal(listed(rig, 65, &lr), enables >> 2);
        if (enables & 4)
            assert_true(!(lr & LR_GROUP1) && lr_priority(lr) == 0x20);
        assert_int_equal(listed(rig, 66, &lr), enables >> 1 & 1);
        if (enables & 2)
            assert_true((lr & LR_GROUP1) && lr_priority(lr) == 0x80);
        rig_exit(rig, 0);
    }
    rig_enter(rig, 0);
    assert_true(lvgic_vcpu_lines(rig->cpu[0]).fiq);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 64);
    rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, 64);
    assert_int_equal(rig_icc_read(rig, 0, SYSREG_ICC_IAR0_EL1), 65);
    rig_icc_write(rig, 0, SYSREG_ICC_EOIR0_EL1, 65);
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0x80);
    assert_int_equal(rig_ack(rig, 0), 1023);
    rig_icc_write(rig, 0, SYSREG_ICC_PMR_EL1, 0x90);
    assert_int_equal(rig_ack(rig, 0), 66);
    rig_eoi(rig, 0, 66);
    rig_exit(rig, 0);
    rig_free(rig);
}

/* Which SGIs Non-secure software can generate (12.11 GICR_NSACR). Columns: what the SGI is
 * configured as, NSACR, and whether ICC_SGI1R, SGI0R, ASGI1R generate it. */
static void sgis_of_non_secure_software(void **state)
{
    static const struct {
        bool group1, modifier;
        unsigned nsacr;
        bool sgi1r, sgi0r, asgi1r;
    } rows[] = {
        {true, false, 0, true, false, false},   {true, true, 3, true, false, false},
        {false, false, 0, false, false, false}, {false, false, 1, false, true, true},
        {false, true, 1, false, false, false},  {false, true, 2, false, false, true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const enum sysreg registers[] = {SYSREG_ICC_SGI1R_EL1, SYSREG_ICC_SGI0R_EL1,
                                                SYSREG_ICC_ASGI1R_EL1};
        const bool expected[] = {rows[i].sgi1r, rows[i].sgi0r, rows[i].asgi1r};

        for (unsigned r = 0; r < 3; r++) {
            struct rig *rig = rig_two_states();

            redist(rig, SECURE, true, SGI_BASE + GROUPR, rows[i].group1 << 5);
            redist(rig, SECURE, true, SGI_BASE + IGRPMODR, rows[i].modifier << 5);
            redist(rig, SECURE, true, SGI_BASE + NSACR, rows[i].nsacr << 10);
            rig_icc_write(rig, 1, registers[r], 5u << 24 | 1);
            assert_int_equal(redist(rig, SECURE, false, SGI_BASE + ISPENDR, 0),
                             expected[r] ? 0x20 : 0);
            rig_free(rig);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gicd_ctlr_has_two_views),
        cmocka_unit_test(one_state_has_neither_modifier_nor_nsacr),
        cmocka_unit_test(non_secure_accesses_do_not_see_secure_interrupts),
        cmocka_unit_test(priorities_have_a_non_secure_view),
        cmocka_unit_test(nsacr_opens_secure_interrupts_by_degrees),
        cmocka_unit_test(gicr_nsacr_opens_no_fields),
        cmocka_unit_test(ds_ends_the_modifier_and_nsacr),
        cmocka_unit_test(setspi_sr_is_for_secure_accesses),
        cmocka_unit_test(delivery_is_as_non_secure_software_sees_it),
        cmocka_unit_test(sgis_of_non_secure_software),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
