/* SPDX-License-Identifier: MIT */
/* GICv2's tables: every row, every offset, every width, and a million accesses of anything. */
#include "rig_gicv2.h"

static uint64_t frame_access(struct rig *rig, unsigned cpu, bool gicc, unsigned offset,
                             unsigned size, bool write, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = write, .value = value};

    if (gicc)
        assert_int_equal(lvgic_gicc_access(rig->cpu[cpu], &access), LVGIC_OK);
    else
        lvgic_dist_access(rig->vm, rig->cpu[cpu], &access); /* refused inside of a run */
    return access.value;
}

static void rows_of_gicc_are_sorted(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_GICC_REGS; i++) {
        assert_true(i == 0 || gicc_rows[i].offset > gicc_rows[i - 1].offset);
        assert_true(gicc_rows[i].offset % 4 == 0 && gicc_rows[i].offset < GICC_SIZE);
        assert_true(gicc_rows[i].access && gicc_rows[i].sentence[0] && gicc_rows[i].section[0]);
    }
}

static void distributor_rows_read_their_reset_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < nr_gicd2_rows; i++) {
        const struct reg_row *row = &gicd2_rows[i];
        struct rig *rig = rig_gicv2(4, 1);
        uint64_t expected = row->op == REG_OP_CONST ? row->value : row->reset;

        rig_dist_write(rig, CTLR, 4, 0); /* the rig enabled groups */
        if (row->offset == TYPER)
            expected = 3; /* 128 interrupts, one CPU */
        if (rig_dist_read(rig, row->offset, 4) != expected)
            fail_msg("%s reads %llx after reset, not %llx", row->name,
                     (unsigned long long)rig_dist_read(rig, row->offset, 4),
                     (unsigned long long)expected);
        rig_free(rig);
    }
}

/* Set and clear registers mirror each other, and neighbours are not touched; SGIs' pending and
 * enable bits are tested apart. */
static void set_and_clear_registers(void **state)
{
    static const struct {
        unsigned set, clear, first;
    } pairs[] = {{ISENABLER, ICENABLER, 16}, {ISPENDR, ICPENDR, 16}, {ISACTIVER, ICACTIVER, 0}};
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        for (unsigned intid = pairs[i].first; intid < 128; intid++) {
            unsigned word = intid / 32 * 4;
            uint64_t before = rig_dist_read_by(rig, 1, pairs[i].set + word, 4);
            uint64_t other = rig_dist_read_by(rig, 0, pairs[i].set + word, 4);
            uint64_t bit = BIT64(intid % 32);

            rig_dist_write_by(rig, 1, pairs[i].set + word, 4, bit);
            assert_int_equal(rig_dist_read_by(rig, 1, pairs[i].set + word, 4), before | bit);
            assert_int_equal(rig_dist_read_by(rig, 1, pairs[i].clear + word, 4), before | bit);
            if (intid < 32)
                assert_int_equal(rig_dist_read_by(rig, 0, pairs[i].set + word, 4), other);
            rig_dist_write_by(rig, 1, pairs[i].clear + word, 4, bit);
            assert_int_equal(rig_dist_read_by(rig, 1, pairs[i].set + word, 4), before);
        }
    for (unsigned intid = 0; intid < 128; intid++) {
        rig_dist_write_by(rig, 1, IPRIORITYR + intid, 1, 0xff);
        assert_int_equal(rig_dist_read_by(rig, 1, IPRIORITYR + (intid & ~3u), 4),
                         (uint64_t)0xf8 << intid % 4 * 8);
        rig_dist_write_by(rig, 1, IPRIORITYR + intid, 1, 0);
    }
    rig_free(rig);
}

static bool gicc_has(unsigned offset, unsigned size)
{
    for (enum gicc_reg reg = 0; reg < NR_GICC_REGS; reg++)
        if (gicc_rows[reg].offset == offset && (gicc_rows[reg].access & SYSREG_RO))
            return size == 4;
    return false;
}

static bool dist_has(unsigned offset, unsigned size)
{
    const struct reg_row *row = reg_find(gicd2_rows, nr_gicd2_rows, offset);

    return row && size && (size & (size - 1)) == 0 && (row->sizes & size) && offset % size == 0;
}

/* O09, O15: what has no register at this offset, size and alignment reads as zero. */
static void every_offset_and_width(void **state)
{
    struct rig *rig = rig_gicv2(4, 2);

    (void)state;
    for (unsigned gicc = 0; gicc < 2; gicc++)
        for (unsigned offset = 0; offset < GICC_SIZE + 0x1000; offset++)
            for (unsigned size = 0; size <= 9; size++) {
                frame_access(rig, 1, gicc, offset, size, true, ~UINT64_C(0));
                uint64_t value =
                    frame_access(rig, 1, gicc, offset, size, false, 0x1234567812345678);
                if (!(gicc ? gicc_has(offset, size) : dist_has(offset, size)))
                    assert_int_equal(value, 0);
                frame_access(rig, 1, gicc, offset, size, true, 0);
            }
    rig_free(rig);
}

/* A million accesses of any value, offset and size from a fixed seed, with vCPUs coming and going
 * in between, then everything must still hold together. */
static void random_accesses(void **state)
{
    const uint64_t seed = 0x9e3779b97f4a7c15;
    struct rig *rig = rig_gicv2(2, 8);
    uint64_t x = seed;
    unsigned taken = 0;

    (void)state;
    print_message("seed %llx\n", (unsigned long long)seed);
    rig->relax_exits = true;
    for (unsigned i = 0; i < 1000000; i++) {
        rig->relaxes = 0;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        unsigned offset = (unsigned)(x >> 8) & 0x1fff, cpu = (unsigned)(x >> 60) & 7;
        uint64_t value = x * 0x2545f4914f6cdd1d;
        unsigned size = 1u << ((x >> 3) & 3);

        if (i % 2) /* mostly where there are registers */
            offset &= ~(size - 1);
        switch (x & 7) {
        case 0:
            lvgic_vcpu_exit(rig->cpu[cpu]);
            break;
        case 1:
            lvgic_vcpu_enter(rig->cpu[cpu]);
            break;
        case 2:
        case 3:
            offset = gicc_rows[(x >> 40) % NR_GICC_REGS].offset;
            /* Sometimes what was just acknowledged is completed. */
            value = frame_access(rig, cpu, true, offset, 4, x >> 32 & 1, value);
            taken += value < 1020;
            if (x >> 33 & 1)
                frame_access(rig, cpu, true, gicc_rows[GICC_REG_EOIR].offset, 4, true, value);
            break;
        case 4:
            lvgic_set_line(rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID((uint32_t)(value & 127)),
                           x >> 33 & 1);
            break;
        case 5:
            frame_access(rig, cpu, false, SGIR, 4, true, value);
            break;
        default:
            frame_access(rig, cpu, x >> 34 & 1, offset, size, x >> 35 & 1, value);
            break;
        }
    }
    assert_true(taken > 1000);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_gicc_are_sorted),
        cmocka_unit_test(distributor_rows_read_their_reset_values),
        cmocka_unit_test(set_and_clear_registers),
        cmocka_unit_test(every_offset_and_width),
        cmocka_unit_test(random_accesses),
    };

    return cmocka_run_group_tests_name("tables, GICv2", tests, NULL, NULL);
}
