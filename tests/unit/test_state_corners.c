/* SPDX-License-Identifier: MIT */
/* Branches of the core that state written by a VMM takes, each by the shortest way: mostly by
 * calling the internals, because a guest and a VMM come there only if several things meet. */
#include "rig.h"

#include <string.h>

#define LVGIC_FAKE_ICH
#include "../../src/cpuif/ich.c"

#include "cpuif/icv.h"
#include "deliver/event.h"
#include "deliver/overflow.h"
#include "deliver/run.h"
#include "deliver/waiting.h"
#include "irq/vm.h"
#include "lvgic/gich.h"

/* ------------------------------------------------------------------ words */

static void all_but_the_trigger_stays_in_the_register(void **state)
{
    uint64_t listed = IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_INLR;

    (void)state;
    assert_int_equal(irq_put(listed, IRQ_PART_LATCH, true, 1), listed);
    assert_int_equal(irq_put(listed, IRQ_PART_ACTIVE, true, 1), listed);
    assert_int_equal(irq_put(listed, IRQ_PART_LINE, true, 1), listed);
    assert_int_equal(irq_put(listed, IRQ_PART_EDGE, false, 1), (listed & ~IRQ_EDGE) | IRQ_CLRP);
}

/* Only what is active outside of the registers has a vCPU to be moved to. */
static void what_moves(void **state)
{
    uint64_t w = IRQ_MAPPED | IRQ_EN;

    (void)state;
    assert_int_equal(irq_move(w, 3), w);
    assert_int_equal(irq_move(w | IRQ_INLR, 3), w | IRQ_INLR);
    assert_int_equal(irq_move(w | IRQ_ACT | IRQ_INLR, 3), w | IRQ_ACT | IRQ_INLR);
    assert_int_equal(irq_holder(irq_move(w | IRQ_ACT, 3)), 3);
}

/* ------------------------------------------------------------------ configuration */

static void limits_of_the_configuration(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .two_security_states = true};

    (void)state;
    config.iidr = (IIDR_OWN & ~0xf000u) | 2u << IIDR_REVISION_LO;
    assert_true(vm_config_valid(&config));
    config.iidr = (IIDR_OWN & ~0xf000u) | 1u << IIDR_REVISION_LO;
    assert_false(vm_config_valid(&config));
    config.iidr = 0;
    config.ipa_bits = 31;
    assert_false(vm_config_valid(&config));
    config.ipa_bits = 32;
    assert_true(vm_config_valid(&config));
    config.ipa_bits = 52;
    assert_true(vm_config_valid(&config));
    config.ipa_bits = 53;
    assert_false(vm_config_valid(&config));
}

/* ------------------------------------------------------------------ who is told */

static struct irq_change put(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part, bool value)
{
    struct effects effects;

    effects_init(&effects);

    struct irq_change change = deliver_put(vcpu, slot, part, value, 0, &effects);

    effects_run(vcpu->vm, &effects);
    return change;
}

/* The trigger of an interrupt that is in a list register: its vCPU comes out and looks. */
static void a_trigger_while_listed(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_line(rig, 0, 40, true);
    rig_enter(rig, 0);
    assert_int_equal(rig->kicks[0], 0);
    put(rig->cpu[1], 40, IRQ_PART_EDGE, true);
    assert_int_equal(rig->kicks[0], 1);
    assert_int_equal(rig->kicks[1], 0);
    rig_line(rig, 0, 40, false);
    rig_turn(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40); /* latched */
    rig_free(rig);
}

/* The vCPU that it was for has gone to sleep, which has not been told to the SPI yet. */
static void a_new_choice_among_many(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32, .one_of_n = true};
    struct rig *rig = rig_with(&config);

    (void)state;
    rig_redist_write(rig, 0, 0x14, 4, 0); /* GICR_WAKER: awake */
    rig_redist_write(rig, 1, 0x14, 4, 0);
    rig_setup(rig, 0, 40, true, 0x80);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, UINT64_C(1) << 31);
    assert_int_equal(irq_target(irq_load(vcpu_irq(rig->cpu[0], 40))), 0);
    atomic_store(&rig->cpu[0]->waker, 1);
    put(rig->cpu[0], 40, IRQ_PART_LATCH, true);
    assert_int_equal(irq_target(irq_load(vcpu_irq(rig->cpu[0], 40))), 1);
    rig_enter(rig, 1);
    assert_int_equal(rig_ack(rig, 1), 40);
    rig_eoi(rig, 1, 40);
    rig_free(rig);
}

static void nothing_to_write_to(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1,
                                  .nr_spis = 32,
                                  .nr_lpis = 64,
                                  .nr_its = 1,
                                  .its_devices = 1,
                                  .its_events = 64};
    struct rig *rig = rig_with(&config);
    uint32_t slot = rig->vm->nr_wired;
    uint64_t before = irq_load(vcpu_irq(rig->cpu[0], slot));

    (void)state;
    assert_false(put(rig->cpu[0], slot, IRQ_PART_LATCH, true).done);
    assert_int_equal(irq_load(vcpu_irq(rig->cpu[0], slot)), before);
    assert_false(waiting_has_news(rig->cpu[0]));
    rig_free(rig);
}

/* An interrupt for a sleeping vCPU comes while its own thread works on its registers. Nobody has
 * been woken then, so the end of the work does it. */
static void woken_at_the_end_of_the_work(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    rig_setup(rig, 0, 40, true, 0x80);
    assert_true(lvgic_vcpu_block(rig->cpu[0]));
    assert_true(deliver_work_begin(rig->cpu[0]));
    assert_true(vcpu_holds(rig->cpu[0]));
    rig_pulse(rig, 0, 40);
    assert_int_equal(rig->wakes[0], 0);
    deliver_work_end(rig->cpu[0], true);
    assert_int_equal(rig->wakes[0], 1);
    assert_false(vcpu_holds(rig->cpu[0]));
    rig_enter(rig, 0);
    assert_int_equal(rig_ack(rig, 0), 40);
    rig_eoi(rig, 0, 40);
    rig_free(rig);
}

/* ------------------------------------------------------------------ waiting rows */

struct visits {
    struct rig *rig;
    uint32_t change; /* when this slot is visited, the priorities of others change */
    uint64_t seen[2];
};

static enum visit visit(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w, void *arg)
{
    struct visits *visits = arg;

    (void)vcpu, (void)w;
    visits->seen[slot / 64] |= BIT64(slot % 64);
    if (slot == visits->change) {
        rig_dist_write(visits->rig, 0x400 + 41, 1, 0x50);
        rig_dist_write(visits->rig, 0x400 + 42, 1, 0x60);
    }
    return VISIT_KEEP;
}

/* Priorities change between the hints' being taken and the look: to one where nothing waits, and to
 * one where an interrupt of another group does. They are found there without another hint. */
static void priorities_change_during_the_scan(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct visits visits = {.rig = rig, .change = 40};
    struct rows idle = {.bits = {0}};

    (void)state;
    for (unsigned intid = 40; intid <= 42; intid++) {
        rig_setup(rig, 0, intid, true, 0x40);
        rig_pulse(rig, 0, intid);
    }
    rig_setup(rig, 0, 100, true, 0x60);
    rig_pulse(rig, 0, 100);
    waiting_take_news(rig->cpu[0]);
    waiting_scan(rig->cpu[0], visit, &visits, &idle);
    assert_int_equal(visits.seen[0], BIT64(40) | BIT64(42)); /* 41's row was empty: the next time */
    assert_int_equal(visits.seen[1], BIT64(100 - 64));
    visits = (struct visits){.rig = rig};
    waiting_scan(rig->cpu[0], visit, &visits, &idle);
    assert_int_equal(visits.seen[0], BIT64(40) | BIT64(41) | BIT64(42));
    rig_enter(rig, 0);
    for (unsigned i = 0; i < 4; i++) {
        static const unsigned order[] = {40, 41, 42, 100};

        assert_int_equal(rig_ack(rig, 0), order[i]);
        rig_eoi(rig, 0, order[i]);
    }
    rig_free(rig);
}

/* ------------------------------------------------------------------ the overflow stack */

static void active(struct rig *rig, unsigned intid, unsigned priority)
{
    rig_setup(rig, 0, intid, true, priority);
    rig_set_bit(rig, 0, ISACTIVER, intid);
}

/* Groups have levels of their own: an entry of group 0 says nothing about group 1. */
static void the_same_level_of_the_other_group(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    struct listing group0 = {.slot = 40, .ack_level = 16, .ack_seq = 1};
    struct listing group1 = {.slot = 41, .ack_level = 16, .ack_seq = 2, .ack_group1 = true};

    (void)state;
    overflow_put(vcpu, &group0);
    assert_true(overflow_claim(vcpu, &group1, 2));
    assert_int_equal(vcpu->overflow_depth, 1);
    group1.ack_group1 = false;
    assert_true(overflow_claim(vcpu, &group1, 2));
    assert_int_equal(vcpu->overflow_depth, 0);
    rig_free(rig);
}

/* What a VMM has made active is entered by level; not what has none, or shares one. */
static void entered_by_level(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 96, .nr_lrs = 4, .nmi = true};
    struct rig *rig = rig_with(&config);
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    static const struct {
        uint32_t slot;
        uint8_t level;
    } expected[] = {{69, 0xa0 >> 3}, {65, 0x80 >> 3}, {64, 0x40 >> 3}, {66, ICV_LEVEL_NMI}};

    (void)state;
    active(rig, 63, 0x30); /* its level is not active */
    active(rig, 64, 0x40);
    active(rig, 65, 0x80);
    active(rig, 66, 0xf0);
    rig_set_bit(rig, 0, 0xf80, 66); /* GICD_INMIR */
    active(rig, 67, 0x40);          /* its level is 64's */
    active(rig, 69, 0xa0);
    vcpu->lrs.ap1r[0] = AP1R0_NMI | BIT64(0x40 >> 3) | BIT64(0x80 >> 3) | BIT64(0xa0 >> 3);
    overflow_complete(vcpu);
    assert_int_equal(vcpu->overflow_depth, ARRAY_LEN(expected));
    for (uint32_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_equal(vcpu->overflow[i].slot, expected[i].slot);
        assert_int_equal(vcpu->overflow[i].level, expected[i].level);
        assert_int_equal(vcpu->overflow[i].ack_seq, i);
    }
    rig_free(rig);
}

static void no_room_for_more(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_vcpu *vcpu = rig->cpu[0];

    (void)state;
    active(rig, 64, 0x80);
    vcpu->lrs.ap1r[0] = BIT64(0x40 >> 3) | BIT64(0x80 >> 3);
    for (uint32_t i = 0; i < MAX_OVERFLOW; i++)
        vcpu->overflow[i] =
            (struct overflow_entry){.slot = 40, .group1 = true, .level = 0x40 >> 3, .ack_seq = i};
    vcpu->overflow_depth = MAX_OVERFLOW;
    overflow_complete(vcpu);
    assert_int_equal(vcpu->overflow_depth, MAX_OVERFLOW);
    assert_null(overflow_find(vcpu, 64, 0));
    vcpu->overflow_depth = 0;
    overflow_complete(vcpu);
    assert_non_null(overflow_find(vcpu, 64, 0));
    rig_free(rig);
}

/* Three have been dropped and one is counted. Those on top ended first, with EOImode 1, which is
 * not counted and leaves them active; the count is the lowest one's. */
static void more_dropped_than_counted(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    struct effects effects;

    (void)state;
    active(rig, 64, 0x80);
    active(rig, 65, 0x40);
    active(rig, 66, 0x20);
    vcpu->lrs.ap1r[0] = BIT64(0x20 >> 3) | BIT64(0x40 >> 3) | BIT64(0x80 >> 3);
    overflow_complete(vcpu);
    assert_int_equal(vcpu->overflow_depth, 3);
    vcpu->lrs.ap1r[0] = 0;
    effects_init(&effects);
    overflow_replay(vcpu, 1, &effects);
    effects_run(rig->vm, &effects);
    assert_int_equal(vcpu->overflow_depth, 0);
    assert_false(rig_get_bit(rig, 0, ISACTIVER, 64));
    assert_true(rig_get_bit(rig, 0, ISACTIVER, 65));
    assert_true(rig_get_bit(rig, 0, ISACTIVER, 66));
    rig_free(rig);
}

/* ------------------------------------------------------------------ loaders */

/* ICH_AP0R0_EL2, how often it was written, and how often any register was. */
static struct {
    uint64_t ap0r0;
    unsigned ap0r0_writes, writes;
} ich;

uint64_t fake_ich_read(const char *name)
{
    return strcmp(name, ICH_AP0R0) ? 0 : ich.ap0r0;
}

void fake_ich_write(const char *name, uint64_t value)
{
    ich.writes++;
    if (strcmp(name, ICH_AP0R0))
        return;
    ich.ap0r0_writes++;
    ich.ap0r0 = value;
}

/* Between two runs a VMM writes one active priority of group 0, of several registers. */
static void active_priorities_are_written_when_they_differ(void **state)
{
    struct lvgic_lrs lrs;

    (void)state;
    lvgic_lrs_init(&lrs, 4, 7);
    lvgic_ich_attach(&lrs);
    lvgic_ich_load(&lrs);
    ich.ap0r0_writes = ich.writes = 0;
    lvgic_ich_load(&lrs);
    assert_int_equal(ich.writes, 0);
    lrs.ap0r[0] = BIT64(5);
    lvgic_ich_load(&lrs);
    assert_int_equal(ich.ap0r0_writes, 1);
    assert_int_equal(ich.ap0r0, BIT64(5));
    lvgic_ich_load(&lrs);
    assert_int_equal(ich.ap0r0_writes, 1);
}

/* The same of GICv2's VMCR, in a frame of memory. */
static void vmcr_is_written_when_it_differs(void **state)
{
    enum { GICH_VTR = 0x4, GICH_VMCR = 0x8 };
    static uint32_t frame[128];
    struct rig *rig = rig_gicv2(4, 1);
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);

    (void)state;
    frame[GICH_VTR / 4] = 0x90000003;
    lvgic_gich_attach(frame, lrs);
    lvgic_gich_load(frame, lrs);
    frame[GICH_VMCR / 4] = 0;
    lvgic_gich_load(frame, lrs);
    assert_int_equal(frame[GICH_VMCR / 4], 0); /* nothing has changed, nothing is written */
    rig_gicc_write(rig, 0, GICC_REG_PMR, 0x80);
    lvgic_gich_load(frame, lrs);
    assert_int_equal(frame[GICH_VMCR / 4] >> 27, 0x80 >> 3);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_trigger_stays_in_the_register),
        cmocka_unit_test(what_moves),
        cmocka_unit_test(limits_of_the_configuration),
        cmocka_unit_test(a_trigger_while_listed),
        cmocka_unit_test(a_new_choice_among_many),
        cmocka_unit_test(nothing_to_write_to),
        cmocka_unit_test(woken_at_the_end_of_the_work),
        cmocka_unit_test(priorities_change_during_the_scan),
        cmocka_unit_test(the_same_level_of_the_other_group),
        cmocka_unit_test(entered_by_level),
        cmocka_unit_test(no_room_for_more),
        cmocka_unit_test(more_dropped_than_counted),
        cmocka_unit_test(active_priorities_are_written_when_they_differ),
        cmocka_unit_test(vmcr_is_written_when_it_differs),
    };

    return cmocka_run_group_tests_name("state corners", tests, NULL, NULL);
}
