/* SPDX-License-Identifier: MIT */
/* The register tables hold together, and every row does what its columns say. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "lvgic/its.h"

static void check_rows(const struct reg_row *rows, size_t nr, uint32_t frame_size)
{
    for (size_t i = 0; i < nr; i++) {
        const struct reg_row *row = &rows[i];

        if (i > 0 && row->offset < rows[i - 1].offset + rows[i - 1].length)
            fail_msg("%s overlaps or is out of order", row->name);
        assert_true(row->offset + row->length <= frame_size);
        assert_true(row->width == 4 || row->width == 8);
        assert_int_equal(row->length % row->width, 0);
        assert_true(row->sizes && row->sizes < 16);
        assert_true(row->name[0] && row->section[0] && row->sentence[0]);
        assert_true(row->bits == 0 || (32 % row->bits == 0) || row->bits == 64);
        /* A byte access must cover whole fields. */
        if (row->bits && (row->sizes & 1))
            assert_true(row->bits <= 8);
        assert_ptr_equal(reg_find(rows, nr, row->offset), row);
        assert_ptr_equal(reg_find(rows, nr, row->offset + row->length - 1), row);
    }
}

static void rows_are_sorted_and_consistent(void **state)
{
    (void)state;
    check_rows(gicd_rows, nr_gicd_rows, GICD_SIZE);
    check_rows(gicr_rows, nr_gicr_rows, GICR_SIZE);
    check_rows(gits_rows, nr_gits_rows, GITS_SIZE);
    check_rows(v2m_rows, nr_v2m_rows, V2M_SIZE);
    check_rows(gicd2_rows, nr_gicd2_rows, GICD2_SIZE);
}

static void system_registers_have_distinct_encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_SYSREGS; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(sysreg_rows[i].encoding, sysreg_rows[j].encoding);
}

static uint64_t reg_read(struct rig *rig, bool redist, unsigned offset, unsigned size)
{
    return redist ? rig_redist_read(rig, 0, offset, size) : rig_dist_read(rig, offset, size);
}

static void reg_write(struct rig *rig, bool redist, unsigned offset, unsigned size, uint64_t value)
{
    if (redist)
        rig_redist_write(rig, 0, offset, size, value);
    else
        rig_dist_write(rig, offset, size, value);
}

/* Reset values and constants, at every size that the row allows. */
static void rows_read_their_reset_values(void **state)
{
    (void)state;
    for (unsigned redist = 0; redist < 2; redist++) {
        const struct reg_row *rows = redist ? gicr_rows : gicd_rows;
        size_t nr = redist ? nr_gicr_rows : nr_gicd_rows;

        for (size_t i = 0; i < nr; i++) {
            struct rig *rig = rig_new(4, 1);
            uint64_t expected = rows[i].op == REG_OP_CONST ? rows[i].value : rows[i].reset;

            rig_dist_write(rig, 0, 4, 0); /* the rig enabled groups */
            if (rows[i].op == REG_OP_HOOK &&
                (rows[i].value == REG_HOOK_GICD_TYPER || rows[i].value == REG_HOOK_GICR_TYPER))
                expected = reg_read(rig, redist, rows[i].offset, rows[i].width);
            uint64_t value = reg_read(rig, redist, rows[i].offset, rows[i].sizes & 4 ? 4 : 8);

            if (value != (expected & (rows[i].sizes & 4 ? UINT32_MAX : ~UINT64_C(0))))
                fail_msg("%s reads %llx after reset, not %llx", rows[i].name,
                         (unsigned long long)value, (unsigned long long)expected);
            rig_free(rig);
        }
    }
}

/* All ones written to every interrupt row: set and clear registers mirror each other, plain fields
 * keep what is implemented, and neighbours are not touched. */
static void per_interrupt_rows_change_their_interrupts_only(void **state)
{
    static const struct {
        unsigned set, clear;
    } pairs[] = {{0x100, 0x180}, {0x200, 0x280}, {0x300, 0x380}};
    struct rig *rig = rig_new(4, 2);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        for (unsigned intid = 0; intid < 128; intid++) {
            rig_set_bit(rig, 0, pairs[i].set, intid);
            for (unsigned other = 0; other < 128; other++) {
                assert_int_equal(rig_get_bit(rig, 0, pairs[i].set, other), other == intid);
                assert_int_equal(rig_get_bit(rig, 0, pairs[i].clear, other), other == intid);
                if (other < 32)
                    assert_false(rig_get_bit(rig, 1, pairs[i].set, other));
            }
            rig_set_bit(rig, 0, pairs[i].clear, intid);
            assert_false(rig_get_bit(rig, 0, pairs[i].set, intid));
        }
    for (unsigned intid = 32; intid < 128; intid++) {
        rig_dist_write(rig, 0x400 + intid, 1, 0xff);
        assert_int_equal(rig_dist_read(rig, 0x400 + intid, 1), 0xf8);
        assert_int_equal(rig_dist_read(rig, 0x400 + (intid & ~3u), 4),
                         (uint64_t)0xf8 << intid % 4 * 8);
        rig_dist_write(rig, 0x400 + intid, 1, 0);
    }
    rig_free(rig);
}

static void routes_are_read_and_written_whole_and_by_halves(void **state)
{
    struct rig *rig = rig_new(4, 2);
    unsigned route = 0x6000 + 8 * 40;

    (void)state;
    rig_dist_write(rig, route, 8, UINT64_C(0x12345678abcdef01));
    assert_int_equal(rig_dist_read(rig, route, 8), UINT64_C(0x7800cdef01));
    rig_dist_write(rig, route, 4, 1);
    assert_int_equal(rig_dist_read(rig, route, 8), UINT64_C(0x7800000001));
    rig_dist_write(rig, route + 4, 4, 0);
    assert_int_equal(rig_dist_read(rig, route, 8), 1);
    assert_int_equal(rig_dist_read(rig, route + 4, 4), 0);
    rig_free(rig);
}

/* Extended SPIs and PPIs have registers of their own, and are delivered like the others. */
static void extended_ranges(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32, .nr_espis = 64, .nr_eppis = 32};
    struct rig *rig = rig_with(&config);

    (void)state;
    assert_int_equal(rig_dist_read(rig, 4, 4) >> 27, 1);              /* ESPI_range */
    assert_int_equal(rig_dist_read(rig, 4, 4) >> 8 & 1, 1);           /* ESPI */
    assert_int_equal(rig_redist_read(rig, 1, 8, 8) >> 27 & 31, 1);    /* PPInum */
    assert_true(rig_icc_read(rig, 0, SYSREG_ICC_CTLR_EL1) >> 19 & 1); /* ExtRange */

    /* ESPI 4096 + 33, edge, group 1, priority 0x50, to vCPU 1. */
    rig_dist_write(rig, 0x1004, 4, 2);
    rig_dist_write(rig, 0x3008, 4, 2u << 2);
    rig_dist_write(rig, 0x2021, 1, 0x50);
    rig_dist_write(rig, 0x8000 + 8 * 33, 8, 1);
    rig_dist_write(rig, 0x1204, 4, 2);
    assert_int_equal(rig_dist_read(rig, 0x1404, 4), 2);
    assert_int_equal(rig_dist_read(rig, 0x2020, 4), 0x5000);
    assert_int_equal(rig_dist_read(rig, 0x8000 + 8 * 33, 8), 1);
    /* Beyond the configured range nothing is kept. */
    rig_dist_write(rig, 0x1208, 4, UINT32_MAX);
    assert_int_equal(rig_dist_read(rig, 0x1208, 4), 0);
    rig_pulse(rig, 0, 4096 + 33);
    assert_int_equal(rig_dist_read(rig, 0x1604, 4), 2);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 4096 + 33);
    rig_eoi(rig, 1, 4096 + 33);
    rig_exit(rig, 1);
    assert_int_equal(rig_dist_read(rig, 0x1a04, 4), 0);

    /* EPPI 1056 + 7 of vCPU 0, level. */
    rig_redist_write(rig, 0, 0x10084, 4, 1u << 7);
    rig_redist_write(rig, 0, 0x10104, 4, 1u << 7);
    rig_redist_write(rig, 0, 0x10427, 1, 0x20);
    assert_int_equal(rig_redist_read(rig, 0, 0x10184, 4), 1u << 7);
    assert_int_equal(rig_redist_read(rig, 1, 0x10184, 4), 0);
    rig_line(rig, 0, 1056 + 7, true);
    assert_int_equal(rig_redist_read(rig, 0, 0x10204, 4), 1u << 7);
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 1056 + 7);
    rig_line(rig, 0, 1056 + 7, false);
    rig_eoi(rig, 0, 1056 + 7);
    assert_int_equal(rig_ack(rig, 0), 1023);
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(1056 + 32), true),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(4096 + 64), true),
                     LVGIC_E_NO_ENTRY);
    rig_free(rig);
}

/* STATUSR: accesses that met no register, or the wrong direction. */
static void statusr(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    assert_int_equal(rig_dist_read(rig, 0x10, 4), 0);
    rig_dist_read(rig, 0x14, 4);       /* reserved: RRD */
    rig_dist_write(rig, 0xffe8, 4, 0); /* PIDR2: WROD */
    assert_int_equal(rig_dist_read(rig, 0x10, 4), 1 | 8);
    rig_dist_write(rig, 0x10, 4, 1);
    assert_int_equal(rig_dist_read(rig, 0x10, 4), 8);
    rig_dist_read(rig, 0x40, 4); /* SETSPI: RWOD */
    assert_int_equal(rig_dist_read(rig, 0x10, 4), 8 | 4);
    rig_redist_write(rig, 1, 0x18000, 4, 1); /* WRD, of this redistributor only */
    assert_int_equal(rig_redist_read(rig, 1, 0x10, 4), 2);
    assert_int_equal(rig_redist_read(rig, 0, 0x10, 4), 0);
    rig_free(rig);
}

/* O09, O15: every offset of every frame, with every size, aligned and not: no crash, and nothing
 * that was not written changes the next read of zero registers. */
static void every_offset_and_width_of(struct rig *rig)
{
    for (unsigned redist = 0; redist < 2; redist++)
        for (unsigned offset = 0; offset < (redist ? GICR_SIZE : GICD_SIZE) + 16; offset++)
            for (unsigned size = 0; size <= 9; size++) {
                const struct reg_row *row = reg_find(redist ? gicr_rows : gicd_rows,
                                                     redist ? nr_gicr_rows : nr_gicd_rows, offset);
                bool fits = row && size && (size & (size - 1)) == 0 && (row->sizes & size) &&
                            offset % size == 0;

                reg_write(rig, redist, offset, size, ~UINT64_C(0));
                uint64_t value = reg_read(rig, redist, offset, size);
                if (!fits)
                    assert_int_equal(value, 0);
                reg_write(rig, redist, offset, size, 0);
            }
}

static const struct lvgic_config everything = {.nr_vcpus = 4,
                                               .nr_spis = 988,
                                               .nr_espis = 64,
                                               .nr_eppis = 64,
                                               .nr_lrs = 3,
                                               .pri_bits = 7,
                                               .one_of_n = true,
                                               .nmi = true,
                                               .two_security_states = true};

static void o09_o15_every_offset_and_width(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    every_offset_and_width_of(rig);
    rig_free(rig);
    rig = rig_with(&everything);
    for (unsigned secure = 0; secure < 2; secure++) {
        rig->secure = secure;
        every_offset_and_width_of(rig);
    }
    rig_free(rig);
}

static uint64_t its_access(struct rig *rig, bool v2m, unsigned offset, unsigned size, bool write,
                           uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = write, .value = value};

    assert_int_equal(
        v2m ? lvgic_v2m_access(rig->vm, &access) : lvgic_its_access(rig->vm, 0, &access), LVGIC_OK);
    return access.value;
}

/* The same for the frames of an ITS and of a GICv2m; and constants read what the row says. */
static void every_offset_and_width_of_its_and_v2m(void **state)
{
    struct lvgic_config config = {
        .nr_vcpus = 2, .nr_spis = 64, .nr_lpis = 16, .nr_its = 1, .v2m_first = 40, .v2m_nr = 8};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (unsigned v2m = 0; v2m < 2; v2m++)
        for (unsigned offset = 0; offset < (v2m ? V2M_SIZE : GITS_SIZE) + 16; offset++)
            for (unsigned size = 0; size <= 9; size++) {
                const struct reg_row *row =
                    reg_find(v2m ? v2m_rows : gits_rows, v2m ? nr_v2m_rows : nr_gits_rows, offset);
                bool fits = row && size && (size & (size - 1)) == 0 && (row->sizes & size) &&
                            offset % size == 0;

                if (fits && row->reset && size == 4 && offset == row->offset)
                    assert_int_equal(its_access(rig, v2m, offset, 4, false, 0), row->reset);
                its_access(rig, v2m, offset, size, true, ~UINT64_C(0));
                uint64_t value = its_access(rig, v2m, offset, size, false, 0);
                if (!fits)
                    assert_int_equal(value, 0);
                else if (row->op == REG_OP_CONST)
                    assert_int_equal(value, row->value);
                its_access(rig, v2m, offset, size, true, 0);
            }
    /* STATUSR: no register, and the wrong direction. */
    its_access(rig, false, 0x40, 4, true, UINT32_MAX);
    its_access(rig, false, 0x60, 4, false, 0);
    its_access(rig, false, 0xffe8, 4, true, 0);
    assert_int_equal(its_access(rig, false, 0x40, 4, false, 0), 1 | 8);
    assert_int_equal(lvgic_its_access(rig->vm, 1, &(struct lvgic_access){.size = 4}),
                     LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_its_access(rig->vm, 0, NULL), LVGIC_E_INVALID);
    rig_free(rig);
}

/* A million accesses of any value, offset and size from a fixed seed, with vCPUs coming and going
 * in between, then everything must still hold together. */
static void random_accesses_of(struct rig *rig, unsigned nr)
{
    const uint64_t seed = 0x9e3779b97f4a7c15;
    uint64_t x = seed;

    print_message("seed %llx\n", (unsigned long long)seed);
    rig->relax_exits = true;
    for (unsigned i = 0; i < nr; i++) {
        rig->relaxes = 0;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        unsigned offset = (unsigned)(x >> 8) & 0x1ffff, cpu = (unsigned)(x >> 60) & 3;
        uint64_t value = x * 0x2545f4914f6cdd1d;
        unsigned size = 1u << ((x >> 3) & 3);

        rig->secure = x >> 36 & 1;
        if (i % 2) /* mostly where there are registers */
            offset = (offset & 0x1f000) | (offset & 0xfff & ~(size - 1));
        switch (x & 7) {
        case 0:
            lvgic_vcpu_exit(rig->cpu[cpu]);
            break;
        case 1:
            lvgic_vcpu_enter(rig->cpu[cpu]);
            break;
        case 2: {
            uint32_t encoding = sysreg_rows[(x >> 40) % NR_SYSREGS].encoding;
            lvgic_vcpu_sysreg(rig->cpu[cpu], encoding, x >> 32 & 1, &value);
            break;
        }
        case 3:
            lvgic_set_line(rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID((uint32_t)(value & 127)),
                           x >> 33 & 1);
            break;
        default:
            if (x & 8)
                reg_write(rig, x >> 34 & 1, offset, size, value);
            else
                reg_read(rig, x >> 34 & 1, offset, size);
            break;
        }
    }
    rig_free(rig);
}

static void random_accesses(void **state)
{
    (void)state;
    random_accesses_of(rig_new(3, 4), 1000000);
    random_accesses_of(rig_with(&everything), 500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_and_consistent),
        cmocka_unit_test(system_registers_have_distinct_encodings),
        cmocka_unit_test(rows_read_their_reset_values),
        cmocka_unit_test(per_interrupt_rows_change_their_interrupts_only),
        cmocka_unit_test(routes_are_read_and_written_whole_and_by_halves),
        cmocka_unit_test(extended_ranges),
        cmocka_unit_test(statusr),
        cmocka_unit_test(o09_o15_every_offset_and_width),
        cmocka_unit_test(every_offset_and_width_of_its_and_v2m),
        cmocka_unit_test(random_accesses),
    };

    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
