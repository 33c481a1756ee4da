/* SPDX-License-Identifier: MIT */
/*
 * Each invariant that the library checks is broken on purpose, behind its back, and must be found.
 * Then all is put back as it was, so that the rig's own checks at the end pass.
 */
#include "rig.h"

#include <string.h>

#include "arch/lr.h"
#include "deliver/check.h"
#include "deliver/event.h"
#include "deliver/waiting.h"
#include "irq/slots.h"
#include "irq/vm.h"

static struct rig *rig_lpis(void)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 64, .nr_lpis = 64, .nr_its = 1};

    return rig_with(&config);
}

static void assert_finds(const char *found, const char *what)
{
    assert_non_null(found);
    if (!strstr(found, what))
        fail_msg("found \"%s\" instead of \"%s\"", found, what);
}

/* The word of a slot becomes `w` for the time of one check. */
static void word_must_not_be(struct rig *rig, unsigned cpu, uint32_t slot, uint64_t w,
                             const char *what)
{
    struct irq *irq = vcpu_irq(rig->cpu[cpu], slot);
    uint64_t right = irq_load(irq);

    assert_null(lvgic_check(rig->vm));
    atomic_store(&irq->word, w);
    assert_finds(lvgic_check(rig->vm), what);
    atomic_store(&irq->word, right);
}

static uint64_t with_target(uint64_t w, uint64_t target)
{
    return (w & ~(IRQ_VCPU_MASK << IRQ_TARGET_SHIFT)) | target << IRQ_TARGET_SHIFT;
}

static void words(void **state)
{
    static const uint32_t slots[] = {16, 40}; /* a PPI, an SPI */
    struct rig *rig = rig_lpis();

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        unsigned cpu = i / 2;
        uint32_t slot = slots[i % 2];
        uint64_t w = irq_load(vcpu_irq(rig->cpu[cpu], slot));

        word_must_not_be(rig, cpu, slot, w | IRQ_INLR, "every vCPU is out of the guest");
        word_must_not_be(rig, cpu, slot, w | IRQ_CLRP, "outlived the list register");
        word_must_not_be(rig, cpu, slot, w | IRQ_ACT | UINT64_C(2) << IRQ_HOLDER_SHIFT,
                         "active on no vCPU");
        word_must_not_be(rig, cpu, slot, with_target(w, 2), "routed to no vCPU");
        word_must_not_be(rig, cpu, slot, w | UINT64_C(4) << IRQ_PRIO_SHIFT, "not implemented");
        word_must_not_be(rig, cpu, slot, w | IRQ_EN | IRQ_LINE, "does not know of it");
        if (slot == 16)
            word_must_not_be(rig, cpu, slot, with_target(w, !cpu), "routed elsewhere");
    }
    rig_free(rig);
}

/* Of nobody nothing can be expected, nor of a vCPU whose LPIs have been disabled since. */
static void what_nobody_has_to_know_of(void **state)
{
    struct rig *rig = rig_lpis();
    struct irq *lpi = lpi_irq(rig->vm, 0);
    uint64_t right = irq_load(lpi);

    (void)state;
    rig_setup(rig, 0, 40, false, 0x80);
    rig_dist_write(rig, 0x6000 + 8 * 40, 8, 0x77);
    rig_line(rig, 0, 40, true);
    assert_null(lvgic_check(rig->vm));
    atomic_store(&lpi->word, right | IRQ_MAPPED | IRQ_EDGE | IRQ_EN | IRQ_PEND |
                                 UINT64_C(9) << IRQ_STAMP_SHIFT);
    atomic_fetch_and(&rig->vm->lpis.free[0], ~UINT64_C(1));
    assert_null(lvgic_check(rig->vm));
    atomic_fetch_or(&rig->vm->lpis.free[0], 1);
    atomic_store(&lpi->word, right);
    rig_free(rig);
}

static void lpi_slots(void **state)
{
    struct rig *rig = rig_lpis();

    (void)state;
    atomic_fetch_and(&rig->vm->lpis.free[0], ~UINT64_C(1));
    assert_finds(lvgic_check(rig->vm), "neither held nor free");
    assert_finds(check_lpis_unheld(rig->vm), "held after the end");
    atomic_fetch_or(&rig->vm->lpis.free[0], 1);
    atomic_fetch_add(&rig->vm->lpis.mapped, 1);
    assert_finds(check_lpis_unheld(rig->vm), "differently often");
    atomic_fetch_sub(&rig->vm->lpis.mapped, 1);
    rig_free(rig);
}

static void out_of_the_guest(void **state)
{
    struct rig *rig = rig_lpis();
    struct lvgic_vcpu *vcpu = rig->cpu[1];

    (void)state;
    vcpu->lrs.used = 1;
    assert_finds(lvgic_check(rig->vm), "holds a list register");
    vcpu->lrs.used = 0;
    vcpu->overflow[0].ack_seq = 7;
    vcpu->overflow[1].ack_seq = 7;
    vcpu->overflow_depth = 2;
    assert_finds(lvgic_check(rig->vm), "order of acknowledgement");
    vcpu->overflow[1].ack_seq = 8;
    assert_null(lvgic_check(rig->vm));
    vcpu->overflow_depth = 0;
    rig_enter(rig, 1);
    assert_finds(lvgic_check(rig->vm), "in the guest");
    rig_exit(rig, 1);
    rig_free(rig);
}

/* Two interrupts in the first two of four list registers. */
static void list_registers(void **state)
{
    struct rig *rig = rig_lpis();
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    struct lvgic_lrs right;
    struct irq *irq;

    (void)state;
    for (unsigned i = 40; i < 42; i++) {
        rig_setup(rig, 0, i, true, 0x80);
        rig_pulse(rig, 0, i);
    }
    rig_enter(rig, 0);
    right = vcpu->lrs;
    assert_int_equal(right.used, 3);
    assert_null(check_filled(vcpu));

    vcpu->lrs.lr[2] = LR_PENDING;
    assert_finds(check_filled(vcpu), "nobody filled");
    vcpu->lrs = right;
    vcpu->lrs.lr[0] |= LR_STATE | LR_EOI;
    assert_finds(check_filled(vcpu), "pending and active");
    vcpu->lrs = right;
    vcpu->lrs.lr[1] = vcpu->lrs.lr[0];
    assert_finds(check_filled(vcpu), "one INTID in two");
    vcpu->lrs = right;
    vcpu->lrs.hcr |= HCR_NPIE;
    assert_null(check_filled(vcpu));
    vcpu->lrs.lr[0] ^= LR_STATE;
    assert_null(check_filled(vcpu));
    vcpu->lrs.lr[1] ^= LR_STATE;
    assert_finds(check_filled(vcpu), "NPIE");
    vcpu->lrs = right;
    vcpu->lrs.hcr |= HCR_UIE;
    assert_null(check_filled(vcpu));
    vcpu->lrs.used = 1;
    vcpu->lrs.lr[1] = 0;
    assert_finds(check_filled(vcpu), "UIE");
    vcpu->lrs = right;

    irq = vcpu_irq(vcpu, vcpu->listed[0].slot);
    atomic_fetch_and(&irq->word, ~IRQ_INLR);
    assert_finds(check_filled(vcpu), "does not say so");
    atomic_fetch_or(&irq->word, IRQ_INLR | UINT64_C(1) << IRQ_HOLDER_SHIFT);
    assert_finds(check_filled(vcpu), "does not say so");
    atomic_fetch_and(&irq->word, ~(UINT64_C(1) << IRQ_HOLDER_SHIFT));
    assert_null(check_filled(vcpu));
    rig_exit(rig, 0);
    rig_free(rig);
}

/* A slot is known by a hint that can be found, or by a bit in a row that can be found. */
static void what_a_vcpu_knows(void **state)
{
    struct rig *rig = rig_lpis();
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    uint64_t w = irq_load(vcpu_irq(vcpu, 40));

    (void)state;
    assert_false(waiting_knows(vcpu, 40));
    atomic_store(&vcpu->news_slots[0], BIT64(40)); /* but its group's bit is not set */
    assert_false(waiting_knows(vcpu, 40));
    atomic_store(&vcpu->news_groups, 1);
    assert_true(waiting_knows(vcpu, 40));
    atomic_store(&vcpu->news_slots[0], 0);
    atomic_store(&vcpu->news_groups, 0);
    waiting_add(vcpu, 40, w);
    assert_true(waiting_knows(vcpu, 40));
    assert_false(
        waiting_knows(vcpu, 41)); /* the row leads to its group, where its bit is missing */
    rig_free(rig);                /* the next look forgets 40, which does not want anybody */
}

/* The host hears of what a debug build finds on its way; with no such callback nobody does. */
static void the_host_is_told(void **state)
{
    struct rig *rig = rig_lpis();
    struct lvgic_host deaf = *rig->vm->host;
    const struct lvgic_host *host = rig->vm->host;

    (void)state;
    check_report(rig->vm, NULL);
    assert_null(rig->broken);
    check_report(rig->vm, "a test");
    assert_string_equal(rig->broken, "a test");
    rig->broken = NULL;
    deaf.broken = NULL;
    rig->vm->host = &deaf;
    check_report(rig->vm, "a test");
    assert_null(rig->broken);
    rig->vm->host = host;
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(what_nobody_has_to_know_of),
        cmocka_unit_test(lpi_slots),
        cmocka_unit_test(out_of_the_guest),
        cmocka_unit_test(list_registers),
        cmocka_unit_test(what_a_vcpu_knows),
        cmocka_unit_test(the_host_is_told),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
