/* SPDX-License-Identifier: MIT */
/* The loader for GICH_* registers, on a frame of ours: what it writes and reads, and what not. */
#include "rig_gicv2.h"

#include <string.h>

#define LVGIC_FAKE_GICH
#include "../../src/cpuif/gich.c"

#include "irq/vm.h"

#define NR_REGS 128 /* words, up to GICH_LR63 */

static struct {
    uint32_t value;
    unsigned reads, writes;
} frame[NR_REGS];
static bool hostile; /* every read makes no sense */

static uint32_t noise(void)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static uint32_t *hardware(unsigned offset)
{
    return &frame[offset / 4].value;
}

static uint32_t *hardware_lr(unsigned n)
{
    return hardware(GICH_LR + 4 * n);
}

uint32_t fake_gich_read(volatile void *gich, unsigned offset)
{
    assert_ptr_equal(gich, frame);
    assert_true(offset % 4 == 0 && offset < 4 * NR_REGS);
    frame[offset / 4].reads++;
    if (hostile && offset != GICH_VTR)
        return noise();
    if (offset == GICH_ELRSR0) {
        uint32_t elrsr = 0;
        for (unsigned i = 0; i < 32; i++)
            elrsr |= lr_is_empty(from_gich(*hardware_lr(i))) ? 1u << i : 0;
        return elrsr;
    }
    return *hardware(offset);
}

void fake_gich_write(volatile void *gich, unsigned offset, uint32_t value)
{
    assert_ptr_equal(gich, frame);
    assert_true(offset % 4 == 0 && offset < 4 * NR_REGS);
    frame[offset / 4].writes++;
    *hardware(offset) = value;
}

static unsigned lr_writes(void)
{
    unsigned writes = 0;

    for (unsigned i = 0; i < 64; i++)
        writes += frame[GICH_LR / 4 + i].writes;
    return writes;
}

static unsigned lr_reads(void)
{
    unsigned reads = 0;

    for (unsigned i = 0; i < 64; i++)
        reads += frame[GICH_LR / 4 + i].reads;
    return reads;
}

static void forget_counts(void)
{
    for (unsigned i = 0; i < NR_REGS; i++)
        frame[i].reads = frame[i].writes = 0;
}

static struct rig *attach(unsigned nr)
{
    struct rig *rig = rig_gicv2(nr, 4);

    memset(frame, 0, sizeof frame);
    *hardware(GICH_VTR) = 0x90000000 | (nr - 1);
    lvgic_gich_attach(frame, lvgic_vcpu_lrs(rig->cpu[0]));
    forget_counts();
    return rig;
}

static void enter(struct rig *rig)
{
    rig_enter(rig, 0);
    lvgic_gich_load(frame, lvgic_vcpu_lrs(rig->cpu[0]));
}

static void leave(struct rig *rig)
{
    lvgic_gich_save(frame, lvgic_vcpu_lrs(rig->cpu[0]));
    rig_exit(rig, 0);
}

/* The guest acknowledges what is in a register; it completes an interrupt of this priority. */
static void take(unsigned reg)
{
    *hardware_lr(reg) ^= GICH_LR_ACTIVE | GICH_LR_PENDING;
    *hardware(GICH_APR) |= 1u << bits_get(*hardware_lr(reg), 27, 23);
}

static void drop(unsigned priority)
{
    *hardware(GICH_APR) &= ~(1u << (priority >> 3));
}

static void complete(unsigned reg)
{
    drop((unsigned)bits_get(*hardware_lr(reg), 27, 23) << 3);
    *hardware_lr(reg) &= ~(uint32_t)GICH_LR_ACTIVE;
}

static void capabilities(void **state)
{
    static const struct {
        uint32_t vtr;
        unsigned nr_lrs, pri_bits;
    } cases[] = {
        {0x90000003, 4, 5}, /* QEMU's and GIC-400's */
        {0x90000000, 1, 5},  {0x9000003f, 16, 5},
        {0xb0000003, 4, 5},  /* more priority than preemption bits */
        {0xfc00000f, 16, 5}, /* more than a list register has */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        *hardware(GICH_VTR) = cases[i].vtr;
        assert_int_equal(lvgic_gich_caps(frame).nr_lrs, cases[i].nr_lrs);
        assert_int_equal(lvgic_gich_caps(frame).pri_bits, cases[i].pri_bits);
    }
}

/* IHI 0048B 5.3.12 against IHI 0069H 12.4. */
static void list_registers_have_the_same_meaning(void **state)
{
    static const struct {
        uint64_t ich;
        uint32_t gich;
    } cases[] = {
        {0, 0},
        {0x3ff, 0x3ff},
        {UINT64_C(0x00f8) << 48 | 34, 0x0f800022},                        /* the lowest priority */
        {UINT64_C(0x4000) << 48 | 27, 0x1000001b},                        /* pending */
        {UINT64_C(0x8000) << 48 | 27, 0x2000001b},                        /* active */
        {UINT64_C(0xd0a0) << 48 | 27, 0x7a00001b},                        /* both, group 1, 0xa0 */
        {UINT64_C(0x4000) << 48 | 7 << 10 | 15, 0x10001c0f},              /* SGI 15 of CPU 7 */
        {UINT64_C(0x4000) << 48 | BIT64(41) | 33, 0x10080021},            /* EOI */
        {UINT64_C(0x6000) << 48 | UINT64_C(1019) << 32 | 33, 0x900fec21}, /* HW, INTID 1019 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(to_gich(cases[i].ich), cases[i].gich);
        assert_true(from_gich(cases[i].gich) == cases[i].ich);
    }
    /* All that has no reserved bit comes back as it was. */
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t value = noise() & ~(uint32_t)MASK64(22, 20);
        value &= value & GICH_LR_HW ? UINT32_MAX : ~(uint32_t)MASK64(18, 13);
        assert_int_equal(to_gich(from_gich(value)), value);
    }
}

static void an_exit_without_interrupts_touches_no_list_register(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    enter(rig);
    leave(rig);
    forget_counts();
    for (unsigned i = 0; i < 100; i++) {
        enter(rig);
        leave(rig);
    }
    assert_int_equal(lr_writes() + lr_reads(), 0);
    assert_int_equal(frame[GICH_ELRSR0 / 4].reads, 0);
    assert_int_equal(frame[GICH_HCR / 4].reads + frame[GICH_HCR / 4].writes, 0);
    assert_int_equal(frame[GICH_VMCR / 4].writes, 0);
    rig_free(rig);
}

static void values_that_do_not_change_are_not_written(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        setup(rig, 0, 64 + i, true, 0x80, 1), rig_pulse(rig, 0, 64 + i);
    send(rig, 3, TO_LIST, 1, 2);
    enter(rig);
    assert_int_equal(lr_writes(), 4);
    forget_counts();
    for (unsigned i = 0; i < 100; i++) {
        leave(rig);
        enter(rig);
    }
    assert_int_equal(lr_writes(), 0);
    assert_int_equal(lr_reads(), 400); /* those in use, and no others */
    leave(rig);
    rig_free(rig);
}

static void empty_registers_are_not_read(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    setup(rig, 0, 64, true, 0x80, 1);
    rig_pulse(rig, 0, 64);
    enter(rig);
    take(0), complete(0);
    forget_counts();
    leave(rig);
    assert_int_equal(lr_reads(), 0);
    enter(rig);
    assert_int_equal(lr_writes(), 0);
    leave(rig);
    /* The same interrupt again differs from what the hardware holds. */
    rig_pulse(rig, 0, 64);
    enter(rig);
    assert_int_equal(lr_writes(), 1);
    assert_int_equal(*hardware_lr(0) & GICH_LR_PENDING, GICH_LR_PENDING);
    leave(rig);
    rig_free(rig);
}

/* Each source is an interrupt of its own to the guest, which completes it with its name. */
static void sgis_carry_their_sources(void **state)
{
    struct rig *rig = attach(1);

    (void)state;
    send(rig, 3, TO_LIST, 1, 5);
    send(rig, 1, TO_LIST, 1, 5);
    enter(rig);
    assert_int_equal(bits_get(*hardware_lr(0), 12, 0), from(1, 5));
    take(0), complete(0);
    leave(rig);
    enter(rig);
    assert_int_equal(bits_get(*hardware_lr(0), 12, 0), from(3, 5));
    take(0);
    leave(rig);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 1 << 5);
    assert_int_equal(rig_dist_read_by(rig, 0, SPENDSGIR + 5, 1), 0);
    enter(rig);
    complete(0);
    leave(rig);
    assert_int_equal(rig_dist_read_by(rig, 0, ISACTIVER, 4), 0);
    rig_free(rig);
}

static void physical_interrupts_are_named(void **state)
{
    struct rig *rig = attach(2);

    (void)state;
    setup(rig, 0, 70, false, 0x80, 1);
    assert_int_equal(lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(70), 1000), LVGIC_OK);
    rig_line(rig, 0, 70, true);
    enter(rig);
    assert_int_equal(*hardware_lr(0), GICH_LR_HW | GICH_LR_PENDING | 0x10 << 23 | 1000 << 10 | 70);
    take(0), complete(0);
    leave(rig);
    assert_int_equal(rig->phys_deactivated[1000], 0); /* the hardware did it */
    rig_free(rig);
}

static void a_told_deactivation_is_cleaned_up(void **state)
{
    struct rig *rig = attach(2);

    (void)state;
    setup(rig, 0, 64, false, 0x80, 1);
    rig_line(rig, 0, 64, true);
    enter(rig);
    assert_true(*hardware_lr(0) & GICH_LR_EOI);
    take(0), complete(0);
    rig_line(rig, 0, 64, false);
    leave(rig); /* EOI = 1: not empty, so it was read */
    assert_int_equal(lr_reads(), 1);
    enter(rig);
    assert_int_equal(*hardware_lr(0), 0);
    leave(rig);
    forget_counts();
    enter(rig);
    assert_int_equal(lr_writes(), 0); /* once */
    leave(rig);
    rig_free(rig);
}

/* The counter is read only while something waits for it, and is zero again afterwards. */
static void eoicount_comes_back_and_is_cleared(void **state)
{
    struct rig *rig = attach(1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
    uint32_t *hcr = hardware(GICH_HCR);

    (void)state;
    setup(rig, 0, 64, true, 0x80, 1);
    setup(rig, 0, 65, true, 0x40, 1);
    rig_pulse(rig, 0, 64);
    enter(rig);
    *hcr |= 3u << HCR_EOICOUNT_LO; /* spurious completions: nobody waits */
    take(0);
    leave(rig);
    rig_pulse(rig, 0, 65);
    enter(rig);
    assert_int_equal(*hcr & HCR_EOICOUNT, 0);
    assert_true(*hcr & HCR_LRENPIE);
    take(0), complete(0);          /* 65 taken and completed */
    *hcr |= 1u << HCR_EOICOUNT_LO; /* and 64 completed */
    drop(0x80);
    leave(rig);
    assert_int_equal(lrs->ap0r[0], 0); /* looked at, although nothing is active in the register */
    assert_int_equal(irq_load(vcpu_irq(rig->cpu[0], 64)) & IRQ_ACT, 0);
    enter(rig);
    assert_int_equal(*hcr, lrs->hcr);
    assert_int_equal(*hcr & (HCR_EOICOUNT | HCR_LRENPIE), 0);
    leave(rig);
    rig_free(rig);
}

/* ... although nothing else in GICH_HCR changes. */
static void eoicount_is_cleared_while_more_is_waited_for(void **state)
{
    struct rig *rig = attach(1);
    uint32_t *hcr = hardware(GICH_HCR);
    uint32_t before;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        setup(rig, 0, 64 + i, true, 0x80 - 0x10 * i, 1);
    for (unsigned i = 0; i < 2; i++) {
        rig_pulse(rig, 0, 64 + i);
        enter(rig);
        take(0);
        leave(rig);
    }
    for (unsigned i = 2; i < 5; i++)
        rig_pulse(rig, 0, 64 + i);
    enter(rig); /* 64 and 65 are outside, 68 has the register, 66 and 67 wait for it */
    before = *hcr;
    assert_true(before & HCR_LRENPIE);
    take(0), complete(0);
    *hcr |= 1u << HCR_EOICOUNT_LO; /* 65 */
    drop(0x70);
    leave(rig);
    enter(rig);
    assert_int_equal(*hcr, before);
    leave(rig);
    assert_false(irq_load(vcpu_irq(rig->cpu[0], 65)) & IRQ_ACT);
    assert_true(irq_load(vcpu_irq(rig->cpu[0], 64)) & IRQ_ACT);
    rig_free(rig);
}

/* Both groups' active priorities are in one register, and are looked for there. */
static void an_interrupt_of_group_1_is_remembered_by_the_one_apr(void **state)
{
    struct rig *rig = attach(1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    setup(rig, 0, 64, true, 0x80, 1);
    setup(rig, 0, 65, true, 0x40, 1);
    rig_dist_write(rig, GROUPR + 8, 4, 1);
    rig_pulse(rig, 0, 64);
    enter(rig);
    assert_true(*hardware_lr(0) & GICH_LR_GROUP1);
    take(0);
    rig_pulse(rig, 0, 65);
    leave(rig);
    assert_int_equal(lrs->ap0r[0], 1u << (0x80 >> 3));
    assert_int_equal(lrs->ap1r[0], 0);
    enter(rig);
    assert_true(*hardware(GICH_HCR) & HCR_LRENPIE);
    leave(rig);
    rig_free(rig);
}

/* There are no trap bits, and five bits of the mask. */
static void registers_have_no_other_bits(void **state)
{
    struct rig *rig = attach(2);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    rig_enter(rig, 0);
    lrs->hcr |= HCR_TC | HCR_TDIR;
    lrs->vmcr = ~UINT64_C(0);
    lvgic_gich_load(frame, lrs);
    assert_int_equal(*hardware(GICH_HCR), HCR_EN);
    assert_int_equal(*hardware(GICH_VMCR), 0xf8fc021f);
    leave(rig);
    assert_int_equal(lrs->vmcr, 0xf8fc021f);
    rig_free(rig);
}

/* A write on the guest's behalf, or a VMM's, after the save is newer than the hardware's value. */
static void what_was_written_outside_is_loaded(void **state)
{
    struct rig *rig = attach(4);

    (void)state;
    enter(rig);
    leave(rig);
    rig_gicc_write(rig, 0, GICC_REG_PMR, 0x40);
    lvgic_gich_detach(frame, lvgic_vcpu_lrs(rig->cpu[0]));
    lvgic_gich_attach(frame, lvgic_vcpu_lrs(rig->cpu[0]));
    enter(rig);
    assert_int_equal(*hardware(GICH_VMCR) >> 24, 0x40);
    leave(rig);
    rig_gicc_write(rig, 0, GICC_REG_APR0, 4);
    enter(rig);
    assert_int_equal(*hardware(GICH_APR), 4);
    leave(rig);
    rig_free(rig);
}

static void detach_and_attach_carry_the_guests_registers(void **state)
{
    struct rig *rig = attach(4);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    enter(rig);
    *hardware(GICH_VMCR) = 0xa84c0201;
    *hardware(GICH_APR) = 0x10;
    leave(rig);
    *hardware_lr(3) = 0x1000001b;
    lvgic_gich_detach(frame, lrs);
    assert_int_equal(*hardware(GICH_HCR), 0);
    assert_int_equal(*hardware_lr(3), 0);
    *hardware(GICH_VMCR) = *hardware(GICH_APR) = 0;
    *hardware_lr(2) = 0x1000001b; /* another's */
    lvgic_gich_attach(frame, lrs);
    assert_int_equal(*hardware_lr(2), 0);
    enter(rig);
    assert_int_equal(*hardware(GICH_VMCR), 0xa84c0201);
    assert_int_equal(*hardware(GICH_APR), 0x10);
    leave(rig);
    rig_free(rig);
}

/* Everything pending or active at vCPU 0 is cleared by register, as a crash kernel does. */
static void clear_all(struct rig *rig)
{
    for (unsigned i = 32; i < 64; i++)
        rig_line(rig, 0, i, false);
    rig_dist_write(rig, ICPENDR + 4, 4, UINT32_MAX);
    for (unsigned i = 0; i < 16; i += 4)
        rig_dist_write(rig, CPENDSGIR + i, 4, UINT32_MAX);
    rig_dist_write(rig, ICACTIVER, 4, UINT32_MAX);
    rig_dist_write(rig, ICACTIVER + 4, 4, UINT32_MAX);
    assert_int_equal(lvgic_vcpu_reset_cpuif(rig->cpu[0]), LVGIC_OK);
    rig_gicc_write(rig, 0, GICC_REG_PMR, 0xff);
    rig_gicc_write(rig, 0, GICC_REG_CTLR, 3);
    lvgic_gich_attach(frame, lvgic_vcpu_lrs(rig->cpu[0]));
}

/* Whatever the registers return: no interrupt that was not listed comes to be, none is lost for
 * later, and the library stays sound, which rig_free() looks at. */
static void makes_no_sense(unsigned nr)
{
    struct rig *rig = attach(nr);

    for (unsigned i = 32; i < 64; i++)
        setup(rig, 0, i, i % 2, 8 * (i % 32), 1);
    hostile = true;
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t what = noise();
        rig_line(rig, 0, 32 + what % 16, what & 0x100);
        if (what & 0x200)
            send(rig, what >> 10 & 3, TO_LIST, 1, what >> 12 & 15);
        enter(rig);
        leave(rig);
    }
    hostile = false;
    for (unsigned i = 48; i < 64; i++)
        assert_int_equal(irq_load(vcpu_irq(rig->cpu[0], i)) & (IRQ_ACT | IRQ_PEND), 0);
    clear_all(rig);
    for (unsigned i = 32; i < 64; i++) {
        unsigned reg = 0;
        rig_line(rig, 0, i, true);
        enter(rig);
        while (reg < nr && *hardware_lr(reg) != (GICH_LR_PENDING | (i % 32) << 23 | i |
                                                 (i % 2 ? 0 : (uint32_t)GICH_LR_EOI)))
            reg++;
        assert_int_not_equal(reg, nr);
        rig_line(rig, 0, i, false);
        take(reg), complete(reg);
        leave(rig);
    }
    rig_free(rig);
}

static void what_makes_no_sense_is_not_believed(void **state)
{
    (void)state;
    for (unsigned nr = 1; nr <= 16; nr += 5)
        makes_no_sense(nr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities),
        cmocka_unit_test(list_registers_have_the_same_meaning),
        cmocka_unit_test(an_exit_without_interrupts_touches_no_list_register),
        cmocka_unit_test(values_that_do_not_change_are_not_written),
        cmocka_unit_test(empty_registers_are_not_read),
        cmocka_unit_test(sgis_carry_their_sources),
        cmocka_unit_test(physical_interrupts_are_named),
        cmocka_unit_test(a_told_deactivation_is_cleaned_up),
        cmocka_unit_test(eoicount_comes_back_and_is_cleared),
        cmocka_unit_test(eoicount_is_cleared_while_more_is_waited_for),
        cmocka_unit_test(an_interrupt_of_group_1_is_remembered_by_the_one_apr),
        cmocka_unit_test(registers_have_no_other_bits),
        cmocka_unit_test(what_was_written_outside_is_loaded),
        cmocka_unit_test(detach_and_attach_carry_the_guests_registers),
        cmocka_unit_test(what_makes_no_sense_is_not_believed),
    };

    return cmocka_run_group_tests_name("gich", tests, NULL, NULL);
}
