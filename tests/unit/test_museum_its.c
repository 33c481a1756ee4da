/* SPDX-License-Identifier: MIT */
/*
 * Defects that other virtual GICs had with LPIs and ITSs, named after their ids. What needs real
 * threads is in tests/threads/lpis.c, what needs an interleaving in tests/explore/scenarios_lpi.c.
 */
#include "itsrig.h"

#include <string.h>

#include "deliver/lpi.h"
#include "irq/slots.h"

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252;

    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x * 0x2545f4914f6cdd1d >> 16;
}

static struct its_rig with_events(unsigned nr, unsigned nr_lrs)
{
    struct lvgic_config config = its_config;

    config.nr_lrs = (uint8_t)nr_lrs;
    return its_rig_with_events(&config, nr, 1);
}

/* K01: caches drained by three paths that do not exclude each other. Here an entry holds no
 * reference: each path may come at any time, and the balance of the holders is zero (rig_free). */
static void k01_three_ways_to_invalidate(void **state)
{
    struct its_rig r = with_events(1, 4);

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        switch (next_random() % 8) {
        case 0:
            lpis_enable(&r, 0, false);
            break;
        case 1:
            lpis_enable(&r, 0, true);
            break;
        case 2:
            its_write(&r, 0, 4, 0);
            break;
        case 3:
            its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
            break;
        case 4:
            its_mapti(&r, 1, 0, 8192, 0);
            break;
        case 5:
            lvgic_vcpu_exit(r.rig->cpu[0]);
            break;
        case 6:
            lvgic_vcpu_enter(r.rig->cpu[0]);
            break;
        default:
            its_msi(&r, 1, 0);
            break;
        }
        its_write(&r, 0, 4, 1);
    }
    its_rig_free(&r);
}

/* K02: a hit in the translation is used after the event was unmapped and mapped again. */
static void k02_a_translation_from_before(void **state)
{
    struct its_rig r = with_events(1, 4);
    struct irq *irq = lpi_irq(r.rig->vm, 0);
    uint32_t gen = irq_gen(irq_load(irq));

    (void)state;
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    assert_false(deliver_lpi_pulse(r.rig->vm, 0, gen));
    its_mapti(&r, 1, 0, 8200, 1);
    assert_false(deliver_lpi_pulse(r.rig->vm, 0, gen));
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&r, 1), 8200);
    its_rig_free(&r);
}

/* K03: the interrupt that was last in a list register is unmapped during the run, and the guest
 * completes one that was in none. */
static void k03_unmapped_during_the_run(void **state)
{
    struct its_rig r = with_events(4, 2);

    (void)state;
    rig_setup(r.rig, 0, 40, true, 0xa0);
    rig_pulse(r.rig, 0, 40);
    rig_enter(r.rig, 0);
    assert_int_equal(rig_ack(r.rig, 0), 40);
    for (unsigned i = 0; i < 4; i++)
        its_msi(&r, 1, i);
    rig_turn(r.rig, 0); /* two LPIs get the registers, 40 is active without one */
    assert_int_equal(rig_ack(r.rig, 0), 8192);
    rig_eoi(r.rig, 0, 8192);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 1);
    rig_eoi(r.rig, 0, 40); /* counted */
    rig_exit(r.rig, 0);
    assert_false(rig_get_bit(r.rig, 0, ISACTIVER, 40));
    assert_int_equal(its_take(&r, 0), 8194);
    assert_int_equal(its_take(&r, 0), 8195);
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

/* K07: moved from a vCPU that disables its LPIs, with a DISCARD now and then: nothing of before
 * fires when they are enabled again. */
static void k07_moved_while_disabled(void **state)
{
    struct its_rig r = with_events(4, 1);

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        bool in = next_random() % 2, before = next_random() % 2;

        for (unsigned e = 0; e < 4; e++)
            its_msi(&r, 1, e);
        if (in)
            rig_enter(r.rig, 0);
        if (before) /* first disabled, then moved: they are dead */
            lpis_enable(&r, 0, false);
        if (i % 3 == 0)
            its_event_command(&r, ITS_CMD_DISCARD, 1, i % 4);
        for (unsigned e = 0; e < 4; e++)
            if (e != i % 4 || i % 3)
                its_movi(&r, 1, e, 1);
        if (!before)
            lpis_enable(&r, 0, false);
        if (in)
            rig_exit(r.rig, 0);
        assert_int_equal(rig_redist_read(r.rig, 0, 0, 4) & 9, 0);
        lpis_enable(&r, 0, true);
        assert_int_equal(its_take(&r, 0), 1023);
        /* In any order, they have one priority. */
        unsigned taken = 0, intid;
        while ((intid = its_take(&r, 1)) != 1023)
            taken |= 1u << (intid - 8192);
        unsigned expected = i % 3 ? 0xf : 0xf & ~(1u << i % 4);
        assert_int_equal(taken, before ? 0 : expected);
        if (i % 3 == 0)
            its_mapti(&r, 1, i % 4, 8192 + i % 4, 0);
        for (unsigned e = 0; e < 4; e++)
            its_movi(&r, 1, e, 0);
    }
    its_rig_free(&r);
}

/* K08, K51: LPIs are disabled from outside while the vCPU runs and more are pending than registers:
 * no list is walked, RWP says when it is over. */
static void k08_k51_disabled_while_it_runs_with_overflow(void **state)
{
    (void)state;
    for (unsigned lrs = 1; lrs <= 4; lrs++) {
        struct its_rig r = with_events(8, lrs);

        for (unsigned i = 0; i < 8; i++)
            its_msi(&r, 1, i);
        rig_enter(r.rig, 0);
        assert_int_equal(rig_ack(r.rig, 0), 8192);
        lpis_enable(&r, 0, false);
        assert_int_equal(rig_redist_read(r.rig, 0, 0, 4) & 9, 8);
        rig_eoi(r.rig, 0, 8192);
        rig_turn(r.rig, 0);
        assert_int_equal(rig_redist_read(r.rig, 0, 0, 4) & 9, 0);
        assert_int_equal(rig_ack(r.rig, 0), 1023);
        assert_int_equal(lvgic_vcpu_lrs(r.rig->cpu[0])->used, 0);
        rig_exit(r.rig, 0);
        its_rig_free(&r);
    }
}

/* K10: MOVALL again and again while messages arrive and vCPUs run: each is delivered once. */
static void k10_movall_while_messages_arrive(void **state)
{
    struct its_rig r = with_events(32, 2);
    unsigned sent = 0, taken = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned event = next_random() % 32, cpu = next_random() % 2;

        if (!lpi_pending(&r, 0, 8192 + event) &&
            !(irq_load(lpi_irq(r.rig->vm, event)) & IRQ_INLR)) {
            assert_int_equal(its_msi(&r, 1, event), LVGIC_OK);
            sent++;
        }
        if (i % 2)
            rig_enter(r.rig, !cpu);
        its_movall(&r, cpu, !cpu);
        if (i % 2)
            rig_exit(r.rig, !cpu);
        if (i % 3 == 0)
            taken += its_take(&r, !cpu) != 1023;
    }
    for (unsigned cpu = 0; cpu < 2; cpu++)
        while (its_take(&r, cpu) != 1023)
            taken++;
    assert_int_equal(taken, sent);
    its_rig_free(&r);
}

/* K11: a table is replaced: the old mappings are gone. */
static void k11_another_table(void **state)
{
    struct its_rig r = with_events(4, 4);

    (void)state;
    its_msi(&r, 1, 0);
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | (RAM + 0x200000));
    its_write(&r, 0, 4, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(its_msi(&r, 1, i), LVGIC_E_NO_ENTRY);
    assert_int_equal(lpi_count_free(r.rig->vm), its_config.nr_lpis);
    its_mapti(&r, 1, 0, 8192, 0);
    assert_int_equal(its_last_error(&r), ITS_E_MAPTI_UNMAPPED_DEVICE);
    its_rig_free(&r);
}

/* K13: events whose collection is gone. */
static void k13_events_without_a_collection(void **state)
{
    struct its_rig r = with_events(4, 4);

    (void)state;
    its_mapc(&r, 0, 0, false);
    its_event_command(&r, ITS_CMD_INT, 1, 0);
    its_event_command(&r, ITS_CMD_INV, 1, 0);
    its_event_command(&r, ITS_CMD_CLEAR, 1, 0);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 1);
    its_mapd(&r, 1, 1, false);
    its_mapc(&r, 0, 0, true);
    assert_int_equal(its_errors(&r), 0);
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

/* K14: the guest takes its table away under mapped devices: they go on, and can be unmapped. */
static void k14_a_table_that_shrinks(void **state)
{
    struct its_rig r = its_rig_new(&its_config);
    uint64_t entry = GITS_BASER_VALID | (RAM + 0x200000);

    (void)state;
    its_write(&r, 0, 4, 0);
    its_write(&r, 0x100, 8, GITS_BASER_VALID | GITS_BASER_INDIRECT | DEVICE_TABLE);
    its_write(&r, 0, 4, 1);
    memcpy(r.rig->ram + (DEVICE_TABLE - RAM), &entry, 8);
    its_mapc(&r, 0, 0, true);
    its_mapd(&r, 1, 2, true);
    its_mapti(&r, 1, 0, 8192, 0);
    memset(r.rig->ram + (DEVICE_TABLE - RAM), 0, 8);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8192);
    its_mapd(&r, 1, 2, false);
    assert_int_equal(its_errors(&r), 0);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_E_NO_ENTRY);
    its_rig_free(&r);
}

/* K26, O07: GICR_INVLPIR with INTIDs that are no LPIs, or not mapped. */
static void k26_o07_invlpir_of_anything(void **state)
{
    static const uint64_t values[] = {0,    16,   32,    1023,       1024,       8191,
                                      8200, 8192, 65535, 0xffffffff, 0x80000000, ~UINT64_C(0)};
    struct its_rig r = with_events(1, 1);

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        for (unsigned cpu = 0; cpu < 2; cpu++) {
            rig_redist_write(r.rig, cpu, 0xa0, 8, values[i]);
            rig_redist_write(r.rig, cpu, 0xa0, 4, values[i]);
            rig_redist_write(r.rig, cpu, 0xa4, 4, values[i]);
            rig_redist_write(r.rig, cpu, 0xb0, 8, values[i]);
            rig_redist_write(r.rig, cpu, 0x40, 8, values[i]);
            rig_redist_write(r.rig, cpu, 0x48, 8, values[i]);
        }
    its_msi(&r, 1, 0);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

/* K37: found while its last holder goes: not brought back to life. K38: that holder goes in the
 * fold, which waits for nobody, also not for the claim. */
static void k37_k38_the_last_holder_goes(void **state)
{
    struct its_rig r = with_events(1, 1);
    struct irq *irq = lpi_irq(r.rig->vm, 0);
    uint32_t gen = irq_gen(irq_load(irq));

    (void)state;
    its_msi(&r, 1, 0);
    rig_enter(r.rig, 0);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    assert_int_equal(irq_load(irq) & (IRQ_MAPPED | IRQ_INLR), IRQ_INLR);
    assert_false(deliver_lpi_pulse(r.rig->vm, 0, gen));
    rig_redist_write(r.rig, 0, 0xa0, 8, 8192);
    assert_false(lpi_pending(&r, 0, 8192));
    atomic_store(&r.rig->vm->lpis.claim, 1);
    rig_exit(r.rig, 0);
    atomic_store(&r.rig->vm->lpis.claim, 0);
    assert_true(irq_unheld(irq_load(irq)));
    assert_int_equal(lpi_count_free(r.rig->vm), its_config.nr_lpis);
    its_rig_free(&r);
}

/* K43: with EOImode 1 only the priority is dropped; an LPI has no active state that could keep the
 * next one away. */
static void k43_split_completion(void **state)
{
    struct its_rig r = with_events(1, 1);

    (void)state;
    rig_icc_write(r.rig, 0, SYSREG_ICC_CTLR_EL1, 2);
    for (unsigned i = 0; i < 5; i++) {
        its_msi(&r, 1, 0);
        rig_enter(r.rig, 0);
        assert_int_equal(rig_ack(r.rig, 0), 8192);
        rig_eoi(r.rig, 0, 8192);
        if (i % 2) /* some guests write DIR all the same */
            rig_icc_write(r.rig, 0, SYSREG_ICC_DIR_EL1, 8192);
        rig_exit(r.rig, 0);
        assert_int_equal(irq_load(lpi_irq(r.rig->vm, 0)) & (IRQ_ACT | IRQ_INLR), 0);
    }
    its_rig_free(&r);
}

/* K46: the end with LPIs mapped, pending, waiting: everything is given back (rig_free says so). */
static void k46_the_end_with_pending_lpis(void **state)
{
    struct its_rig r = with_events(40, 1);

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        its_msi(&r, 1, i);
    rig_enter(r.rig, 0);
    its_rig_free(&r);
}

/* K48: the guest's memory goes away and comes back under commands. */
static void k48_memory_comes_and_goes(void **state)
{
    struct its_rig r = with_events(4, 4);
    uint64_t end = r.rig->ram_end;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned event = next_random() % 4;

        r.rig->ram_end = RAM + next_random() % (2 * RAM_SIZE);
        if (r.rig->ram_end > end)
            r.rig->ram_end = end;
        switch (next_random() % 6) {
        case 0:
            its_mapd(&r, 1, 6, true);
            break;
        case 1:
            its_mapti(&r, 1, event, 8192 + event, event % 2);
            break;
        case 2:
            its_event_command(&r, ITS_CMD_INV, 1, event);
            break;
        case 3:
            its_mapc(&r, event % 2, event % 2, next_random() % 2);
            break;
        case 4:
            lpis_enable(&r, 0, next_random() % 2);
            break;
        default:
            its_invall(&r, 0);
            break;
        }
    }
    r.rig->ram_end = end;
    lpis_enable(&r, 0, true);
    its_mapc(&r, 0, 0, true);
    its_mapd(&r, 1, 6, true);
    its_mapti(&r, 1, 0, 8192, 0);
    assert_int_equal(its_msi(&r, 1, 0), LVGIC_OK);
    assert_int_equal(its_take(&r, 0), 8192);
    its_rig_free(&r);
}

/* O08: a command queue where there is no memory, or only half of the last command. */
static void o08_a_queue_that_is_not_there(void **state)
{
    static const uint64_t places[] = {0, RAM + RAM_SIZE - 0x1000, MASK64(51, 12), RAM - 0x1000};
    struct lvgic_config config = its_config;

    (void)state;
    for (unsigned stall = 0; stall < 2; stall++)
        for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
            config.its_stall = stall;
            struct its_rig r = its_rig_new(&config);

            its_write(&r, 0, 4, 0);
            its_write(&r, 0x80, 8, GITS_BASER_VALID | places[i] | 1);
            r.rig->ram_end = RAM + RAM_SIZE - 16;
            its_write(&r, 0, 4, 1);
            its_write(&r, 0x88, 8, 0x1fe0);
            while (!stall && its_read(&r, 0x90, 8) != 0x1fe0)
                ;
            assert_true(its_errors(&r) >= 1);
            if (stall)
                assert_int_equal(its_read(&r, 0x90, 8) & 1, 1);
            its_rig_free(&r);
        }
}

/* Anything at all in the queue, the tables and the registers, with vCPUs coming and going; then
 * everything must still hold together, and an ITS that is set up anew must work. */
static void hostile_guest(void **state)
{
    struct lvgic_config config = its_config;
    const unsigned rounds = 200000;

    config.nr_lpis = 64;
    config.nr_its = 2;
    config.its_devices = 8;
    config.its_events = 512;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    struct rig *rig = r.rig;

    rig->relax_exits = true;
    for (unsigned i = 0; i < rounds; i++) {
        static const uint8_t codes[] = {1, 3, 4, 5, 8, 9, 10, 10, 10, 11, 12, 13, 14, 15, 0x42};
        uint64_t x = next_random(), y = next_random();
        unsigned cpu = x & 1;

        rig->relaxes = 0;
        r.its = x >> 1 & 1;
        switch (x >> 2 & 15) {
        case 0:
            lvgic_vcpu_exit(rig->cpu[cpu]);
            break;
        case 1:
            lvgic_vcpu_enter(rig->cpu[cpu]);
            break;
        case 2:
            rig_redist_write(rig, cpu, 0, 4, y & 1);
            break;
        case 3: /* any register of the ITS */
            its_write(&r, (unsigned)(y & 1 ? y >> 8 & 0x1f8 : y >> 8 & 0x1ffff), 1u << (x >> 8 & 3),
                      next_random());
            break;
        case 4: /* any byte of memory */
            rig->ram[next_random() % RAM_SIZE] = (uint8_t)y;
            break;
        case 5:
            rig_redist_write(rig, cpu, (unsigned)(0x70 + 8 * (y % 11)), 8, next_random());
            break;
        case 6: /* the ITS, as it should be */
            its_write(&r, 0, 4, 0);
            its_write(&r, 0x100, 8, GITS_BASER_VALID | DEVICE_TABLE);
            its_write(&r, 0x108, 8, GITS_BASER_VALID | COLLECTION_TABLE);
            its_write(&r, 0x80, 8, GITS_BASER_VALID | QUEUE | (QUEUE_PAGES - 1));
            r.head = 0;
            its_write(&r, 0, 4, 1);
            break;
        case 7:
        case 8:
            its_msi(&r, y & 7, y >> 3 & 31);
            break;
        case 9:
            if (rig_ack(rig, cpu) != 1023)
                rig_icc_write(rig, cpu, SYSREG_ICC_EOIR1_EL1, y % 9000);
            break;
        default: /* a command that makes some sense */
            its_put(&r, (y & 7) << 32 | codes[x >> 8 & 15 ? (x >> 8 & 15) - 1 : 0],
                    (uint64_t)(8192 + (y >> 8 & 63)) << 32 | (y >> 16 & 31),
                    (y >> 24 & 3) | (x >> 12 & 1) << 16 | (x >> 13 & 3 ? UINT64_C(1) << 63 : 0),
                    (x >> 15 & 1) << 16);
            its_write(&r, 0x88, 8, r.head | (y >> 40 & 1));
            break;
        }
    }
    while (lvgic_its_run(rig->vm))
        ;
    for (unsigned cpu = 0; cpu < 2; cpu++)
        lvgic_vcpu_exit(rig->cpu[cpu]);
    assert_null(lvgic_check(rig->vm));
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k01_three_ways_to_invalidate),
        cmocka_unit_test(k02_a_translation_from_before),
        cmocka_unit_test(k03_unmapped_during_the_run),
        cmocka_unit_test(k07_moved_while_disabled),
        cmocka_unit_test(k08_k51_disabled_while_it_runs_with_overflow),
        cmocka_unit_test(k10_movall_while_messages_arrive),
        cmocka_unit_test(k11_another_table),
        cmocka_unit_test(k13_events_without_a_collection),
        cmocka_unit_test(k14_a_table_that_shrinks),
        cmocka_unit_test(k26_o07_invlpir_of_anything),
        cmocka_unit_test(k37_k38_the_last_holder_goes),
        cmocka_unit_test(k43_split_completion),
        cmocka_unit_test(k46_the_end_with_pending_lpis),
        cmocka_unit_test(k48_memory_comes_and_goes),
        cmocka_unit_test(o08_a_queue_that_is_not_there),
        cmocka_unit_test(hostile_guest),
    };

    return cmocka_run_group_tests_name("museum: LPIs and ITSs", tests, NULL, NULL);
}
