/* SPDX-License-Identifier: MIT */
/* The core's functions, called as its other rooms call them: what they refuse, and their limits. */
#include "rig.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/dir.h"
#include "deliver/effects.h"
#include "deliver/event.h"
#include "deliver/one_of_n.h"
#include "deliver/overflow.h"
#include "irq/slots.h"
#include "irq/vm.h"

static void events_that_come_too_late(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct irq irq = {IRQ_MAPPED | IRQ_EDGE | UINT64_C(3) << IRQ_GEN_SHIFT};
    struct effects effects;

    (void)state;
    assert_false(irq_change_event(&irq, 2, 0, IRQ_EV_PULSE, 0).done); /* of an earlier life */
    assert_false(irq_change_event(&irq, 3, IRQ_GRP1, IRQ_EV_PULSE, 0).done);
    assert_true(irq_change_event(&irq, 3, IRQ_EDGE, IRQ_EV_PULSE, 0).done);
    assert_true(irq_change_event(&irq, 3, 0, IRQ_EV_UNMAP, 0).done);
    assert_false(irq_change_event(&irq, 3, 0, IRQ_EV_PULSE, 0).done); /* it stands for nothing */

    effects_init(&effects);
    assert_false(deliver_event(rig->cpu[0], 40, 1, IRQ_EV_PULSE, 0, &effects).done);
    assert_false(deliver_event_if(rig->cpu[0], 40, IRQ_HW, IRQ_EV_PULSE, 0, &effects).done);
    assert_int_equal(atomic_load(&rig->vm->released), 0);
    assert_true(deliver_event(rig->cpu[0], 40, 0, IRQ_EV_UNMAP, 0, &effects).done);
    assert_int_equal(atomic_load(&rig->vm->released), 1);
    assert_int_equal(effects.nr_kicks + effects.nr_acts, 0);
    rig_free(rig);
}

struct meddling {
    struct irq *irq;
    unsigned calls;
};

/* While it thinks about the word, another thread disables the interrupt. */
static bool meddling_step(uint64_t old, void *arg, uint64_t *to)
{
    struct meddling *meddling = arg;

    if (meddling->calls++ == 0)
        atomic_fetch_and(&meddling->irq->word, ~IRQ_EN);
    *to = old | IRQ_PEND;
    return true;
}

static void a_change_that_another_overtakes(void **state)
{
    struct irq irq = {IRQ_MAPPED | IRQ_EDGE | IRQ_EN};
    struct meddling meddling = {.irq = &irq};
    struct irq_change change = irq_change(&irq, meddling_step, &meddling);

    (void)state;
    assert_true(change.done);
    assert_true(meddling.calls >= 2);
    assert_true(change.old == (IRQ_MAPPED | IRQ_EDGE));
    assert_true(irq_load(&irq) == (IRQ_MAPPED | IRQ_EDGE | IRQ_PEND)); /* neither is lost */
}

/* A vCPU whose thread is folding is not out of the guest yet. */
static void folding_is_not_out(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    atomic_store(&rig->cpu[0]->mode, VCPU_FOLDING);
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_E_PHASE);
    assert_int_equal(lvgic_vcpu_exit(rig->cpu[0]), LVGIC_E_PHASE);
    assert_int_equal(lvgic_vm_fini(rig->vm), LVGIC_E_PHASE);
    atomic_store(&rig->cpu[0]->mode, VCPU_OUT);
    rig_free(rig);
}

/* What irq_apply() leaves alone, and what irq_fold() does not believe. */
static void words(void **state)
{
    uint64_t w = IRQ_MAPPED | IRQ_HW;
    struct irq_listing nothing = {.pending = false};
    struct irq_folded found;

    (void)state;
    assert_true(irq_apply(w, IRQ_EV_HW_OFF, 0) == IRQ_MAPPED);
    assert_true(irq_apply(w | IRQ_INLR, IRQ_EV_HW_OFF, 0) == (w | IRQ_INLR));
    assert_true(irq_apply(w, IRQ_EV_SOURCES_SET, 0xff) == w); /* it has no sources */
    assert_true(irq_apply(w, IRQ_EV_SOURCES_CLEAR, 0xff) == w);
    /* A register that was filled with neither state cannot have come by one. */
    assert_true(irq_fold(w | IRQ_INLR, &nothing, true, true, &found) == w);
    assert_false(found.acknowledged || found.deactivated || found.phys_deactivate || found.sample);
    /* Active in a register: not what a count may end. */
    w = IRQ_MAPPED | IRQ_ACT;
    assert_true(irq_replayable(w, 0, 0));
    assert_false(irq_replayable(w | IRQ_INLR, 0, 0));
}

/* An LPI is found by its INTID only if the slot's word and its INTID agree at that moment. */
static void an_index_is_not_believed(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_lpis = 64, .nr_its = 1};
    struct rig *rig = rig_with(&config);
    uint32_t lpi = lpi_map(rig->vm, 8200, 0, 0, 0);
    struct irq *irq = lpi_irq(rig->vm, lpi);

    (void)state;
    assert_int_equal(lpi_find(rig->vm, rig->cpu[0], 8200), lpi);
    atomic_store(&rig->vm->lpis.lpis[lpi].intid, 8201);
    assert_int_equal(lpi_find(rig->vm, rig->cpu[0], 8200), LPI_NONE);
    atomic_store(&rig->vm->lpis.lpis[lpi].intid, 8200);
    atomic_fetch_and(&irq->word, ~IRQ_MAPPED);
    assert_int_equal(lpi_find(rig->vm, rig->cpu[0], 8200), LPI_NONE);
    atomic_fetch_or(&irq->word, IRQ_MAPPED);
    /* LPIs have no route, nor have private interrupts. */
    rig->vm->one_of_n = true;
    assert_false(one_of_n_routed(rig->vm, lpi_to_slot(rig->vm, lpi)));
    assert_false(one_of_n_routed(rig->vm, 16));
    assert_false(one_of_n_routed(rig->vm, 40));
    rig->vm->one_of_n = false;
    /* Unmapped as an ITS would. */
    lpi_forget(rig->vm, lpi, 0);
    atomic_fetch_and(&irq->word, ~IRQ_MAPPED);
    vm_trace_holder(rig->vm, lpi_to_slot(rig->vm, lpi), irq_load(irq), IRQ_MAPPED);
    vm_free_lpi(rig->vm, lpi);
    rig_free(rig);
}

static void no_more_acts_than_there_is_room_for(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct effects effects;

    (void)state;
    effects_init(&effects);
    for (unsigned i = 0; i < MAX_ACTS + 3; i++)
        effects_act(&effects, rig->cpu[0], 40, ACT_NOTIFY);
    assert_int_equal(effects.nr_acts, MAX_ACTS);
    effects_run(rig->vm, &effects);
    assert_int_equal(rig->deactivated[40], MAX_ACTS);
    rig_free(rig);
}

/* A guest that acknowledges and never completes: the oldest of its interrupts is forgotten. */
static void the_overflow_stack_is_full(void **state)
{
    struct rig *rig = rig_new(4, 1);
    struct lvgic_vcpu *vcpu = rig->cpu[0];
    struct listing listing = {.slot = 40};

    (void)state;
    for (unsigned i = 0; i < MAX_OVERFLOW + 2; i++) {
        listing.life = (uint8_t)i;
        listing.ack_seq = i;
        overflow_put(vcpu, &listing);
    }
    assert_int_equal(vcpu->overflow_depth, MAX_OVERFLOW);
    assert_null(overflow_find(vcpu, 40, 1));
    assert_non_null(overflow_find(vcpu, 40, 2));
    assert_null(overflow_find(vcpu, 41, 2));
    assert_non_null(overflow_find(vcpu, 40, MAX_OVERFLOW + 1));
    vcpu->overflow_depth = 0;
    rig_free(rig);
}

/* Another thread has stored a home and is still waiting for those who do not know of it: who needs
 * the same home waits for them as well. */
static void a_home_that_not_all_know_of(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    rig_icc_write(rig, 1, SYSREG_ICC_CTLR_EL1, 2); /* EOImode */
    rig_enter(rig, 1);
    assert_true(atomic_load(&rig->cpu[1]->dir_open));
    atomic_store(&rig->vm->spi_home, 1); /* vCPU 0 */
    rig->relax_exits = true;
    dir_announce_home(rig->vm, 0);
    assert_int_equal(rig->relaxes, 1);
    assert_int_equal(atomic_load(&rig->vm->spi_home_known), 1);
    dir_announce_home(rig->vm, 0); /* all know */
    assert_int_equal(rig->relaxes, 1);
    rig_free(rig);
}

static bool configuration(struct lvgic_config config)
{
    config.nr_vcpus = config.nr_vcpus ? config.nr_vcpus : 1;
    config.nr_spis = config.nr_spis ? config.nr_spis : 32;
    return lvgic_vm_size(&config) > 0;
}

static void configurations(void **state)
{
    const uint64_t rev2 = UINT64_C(2) << 20, rev3 = UINT64_C(3) << 20;
    lvgic_affinity affinity = {.mpidr = 0};

    (void)state;
    assert_true(configuration((struct lvgic_config){.gic = 3}));
    assert_false(configuration((struct lvgic_config){.gic = 4}));
    assert_true(configuration((struct lvgic_config){.nr_espis = 1024, .nr_eppis = 64}));
    assert_false(configuration((struct lvgic_config){.nr_espis = 1056}));
    assert_false(configuration((struct lvgic_config){.nr_espis = 33}));
    assert_false(configuration((struct lvgic_config){.nr_eppis = 96}));
    assert_false(configuration((struct lvgic_config){.nr_eppis = 31}));
    assert_true(configuration((struct lvgic_config){.v2m_first = 32, .v2m_nr = 32}));
    assert_false(configuration((struct lvgic_config){.v2m_first = 32, .v2m_nr = 1020}));
    assert_true(configuration((struct lvgic_config){.gicd_pidr = rev3, .gicr_pidr = rev3}));
    assert_false(configuration((struct lvgic_config){.gicd_pidr = rev2}));
    assert_false(configuration((struct lvgic_config){.gicr_pidr = rev2}));

    assert_true(configuration((struct lvgic_config){.gic = 2, .gicd_pidr = rev2, .pri_bits = 5}));
    assert_false(configuration((struct lvgic_config){.gic = 2, .gicd_pidr = rev3}));
    assert_false(configuration((struct lvgic_config){.gic = 2, .nmi = true}));
    assert_false(configuration((struct lvgic_config){.gic = 2, .two_security_states = true}));
    assert_false(configuration((struct lvgic_config){.gic = 2, .nr_lpis = 64}));
    assert_false(configuration((struct lvgic_config){.gic = 2, .affinity = &affinity}));
}

static void list_registers_out_of_range(void **state)
{
    static const unsigned cases[][4] = {
        {0, 5, 4, 5}, {1, 5, 1, 5}, {16, 7, 16, 7}, {17, 6, 4, 6}, {4, 4, 4, 5}, {4, 8, 4, 5},
    };
    struct lvgic_lrs lrs;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        lvgic_lrs_init(&lrs, cases[i][0], cases[i][1]);
        assert_int_equal(lrs.nr, cases[i][2]);
        assert_int_equal(lrs.pri_bits, cases[i][3]);
    }
}

/* The only list register has an interrupt of a group that the guest closes, without a trap:
 * somebody of the other group waits for it. */
static void a_group_that_closes(void **state)
{
    (void)state;
    for (unsigned group = 0; group < 2; group++) {
        struct rig *rig = rig_new(1, 1);
        struct lvgic_lrs *lrs = lvgic_vcpu_lrs(rig->cpu[0]);
        enum sysreg enable = group ? SYSREG_ICC_IGRPEN1_EL1 : SYSREG_ICC_IGRPEN0_EL1;

        rig_setup(rig, 0, 40, true, 0x40);
        rig_setup(rig, 0, 41, true, 0x80);
        rig_dist_write(rig, GROUPR + 4, 4, BIT64((group ? 41 : 40) % 32) ^ UINT32_MAX);
        rig_pulse(rig, 0, 40);
        rig_pulse(rig, 0, 41);
        rig_enter(rig, 0);
        assert_int_equal(lr_vintid(lrs->lr[0]), 40);
        /* The maintenance interrupt, on which the software CPU interface goes out and in again. */
        rig_icc_write(rig, 0, enable, 0);
        assert_int_equal(lr_vintid(lrs->lr[0]), 41);
        assert_int_equal(icv_misr(lrs), 0);
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_come_too_late),
        cmocka_unit_test(a_change_that_another_overtakes),
        cmocka_unit_test(folding_is_not_out),
        cmocka_unit_test(words),
        cmocka_unit_test(an_index_is_not_believed),
        cmocka_unit_test(no_more_acts_than_there_is_room_for),
        cmocka_unit_test(the_overflow_stack_is_full),
        cmocka_unit_test(a_home_that_not_all_know_of),
        cmocka_unit_test(configurations),
        cmocka_unit_test(list_registers_out_of_range),
        cmocka_unit_test(a_group_that_closes),
    };

    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
