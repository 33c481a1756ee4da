/* SPDX-License-Identifier: MIT */
/* An LPI's slot and word, and the index that leads to it. */
#include "itsrig.h"

#include "deliver/lpi.h"
#include "irq/slots.h"

/* A slot is freed when MAPPED and INLR are both gone, whichever goes last; then it has another
 * generation, and whoever comes with the old one is refused. */
static void a_slots_life(void **state)
{
    struct lvgic_config config = its_config;

    config.nr_lpis = 1;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    struct lvgic_vm *vm = r.rig->vm;

    its_mapd(&r, 1, 2, true);
    its_mapti(&r, 1, 0, 8192, 0);
    uint32_t gen = irq_gen(irq_load(lpi_irq(vm, 0)));
    assert_int_equal(lpi_count_free(vm), 0);
    assert_int_equal(lpi_find(vm, NULL, 8192), 0);

    its_msi(&r, 1, 0);
    rig_enter(r.rig, 0);
    assert_int_equal(r.rig->holders[LVGIC_HOLDER_MAPPED], 1);
    assert_int_equal(r.rig->holders[LVGIC_HOLDER_LIST_REGISTER], 1);
    its_event_command(&r, ITS_CMD_DISCARD, 1, 0);
    assert_int_equal(r.rig->holders[LVGIC_HOLDER_MAPPED], 0);
    assert_int_equal(lpi_count_free(vm), 0); /* the list register has it */
    assert_int_equal(lpi_find(vm, NULL, 8192), LPI_NONE);
    its_mapti(&r, 1, 1, 8193, 0);
    assert_int_equal(its_last_error(&r), ITS_E_MAPTI_PHYSICALID_OOR);
    rig_exit(r.rig, 0);
    assert_int_equal(lpi_count_free(vm), 1);
    assert_int_equal(vm->released, 1);

    its_mapti(&r, 1, 1, 8193, 0);
    assert_int_equal(its_errors(&r), 1);
    assert_int_equal(irq_gen(irq_load(lpi_irq(vm, 0))), (gen + 1) & 0xff);
    assert_false(deliver_lpi_pulse(vm, 0, gen));
    assert_false(lpi_pending(&r, 0, 8193));
    assert_int_equal(its_take(&r, 0), 1023);
    its_rig_free(&r);
}

/* What happens to an LPI's word, for every state of it: nothing changes but what has to. */
static void the_word_exhaustively(void **state)
{
    const uint64_t stamps = IRQ_STAMP_MASK << IRQ_STAMP_SHIFT;
    const uint64_t targets = IRQ_VCPU_MASK << IRQ_TARGET_SHIFT;
    const uint64_t config = IRQ_EN | UINT64_C(0xff) << IRQ_PRIO_SHIFT;

    (void)state;
    for (unsigned bits = 0; bits < 32; bits++)
        for (uint32_t stamp = 0; stamp < 16; stamp++) {
            uint64_t w = IRQ_MAPPED | IRQ_NOACT | IRQ_EDGE | IRQ_GRP1 | UINT64_C(5) << 24 |
                         UINT64_C(77) << IRQ_GEN_SHIFT | (uint64_t)stamp << IRQ_STAMP_SHIFT,
                     to;
            bool pending;

            w |= bits & 1 ? IRQ_PEND : 0;
            w |= bits & 2 ? IRQ_INLR | UINT64_C(3) << IRQ_HOLDER_SHIFT : 0;
            w |= bits & 4 ? IRQ_CLRP : 0;
            w |= bits & 8 ? IRQ_CUT : 0;
            w |= bits & 16 ? IRQ_EN : 0;
            pending = w & IRQ_PEND;

            for (uint32_t now = 0; now < 16; now++) {
                /* An event: accepted or refused; pending now, with this stamp. */
                assert_int_equal(lpi_word_pulse(w, now, &to), now && !(w & IRQ_CUT));
                if (now && !(w & IRQ_CUT)) {
                    assert_true((to & IRQ_PEND) && irq_stamp(to) == now);
                    assert_int_equal((w ^ to) & ~(IRQ_PEND | stamps), 0);
                }
                /* Moved: pending state goes along if it is alive at both ends. */
                for (uint32_t there = 0; there < 16; there += 9) {
                    bool alive = now && stamp == now && there;

                    to = lpi_word_move(w, 6, now, there);
                    assert_int_equal(irq_target(to), 6);
                    assert_int_equal(!!(to & IRQ_PEND), pending && alive);
                    assert_int_equal(irq_stamp(to), there);
                    if (!alive && (w & IRQ_INLR))
                        assert_true(to & IRQ_CLRP);
                    assert_int_equal((w ^ to) & ~(IRQ_PEND | IRQ_CLRP | stamps | targets), 0);
                }
            }
            for (unsigned byte = 0; byte < 256; byte++) {
                to = lpi_word_configure(w, byte & 0xf8, byte & 1);
                assert_int_equal(!!(to & IRQ_EN), byte & 1);
                assert_int_equal(irq_prio(to), byte & 0xf8);
                assert_int_equal((w ^ to) & ~config, 0);
            }
            to = lpi_word_map(w, 9);
            assert_int_equal(irq_gen(to), 78);
            assert_int_equal(irq_target(to), 9);
            assert_int_equal(to & (IRQ_PEND | IRQ_EN | IRQ_CUT | IRQ_INLR | IRQ_CLRP | stamps), 0);
        }
}

/* INTIDs all over a 20-bit space: pages of the index come and go. */
static void index_pages(void **state)
{
    struct lvgic_config config = its_config;

    config.lpi_id_bits = 20;
    config.nr_lpis = 8;
    (void)state;
    struct its_rig r = its_rig_new(&config);
    its_mapd(&r, 1, 4, true);
    for (unsigned i = 0; i < 1000; i++) {
        unsigned event = i % 8, intid = 8192 + (i * 7919 + 64 * event) % 1040384;

        its_event_command(&r, ITS_CMD_DISCARD, 1, event);
        its_mapti(&r, 1, event, intid, 0);
        assert_true(lpi_find(r.rig->vm, NULL, intid) != LPI_NONE);
    }
    assert_int_equal(its_errors(&r), 8); /* the first DISCARDs */
    assert_int_equal(lpi_find(r.rig->vm, NULL, 0), LPI_NONE);
    assert_int_equal(lpi_find(r.rig->vm, NULL, UINT32_MAX), LPI_NONE);
    assert_int_equal(lpi_find(r.rig->vm, NULL, 1u << 20), LPI_NONE);
    its_rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slots_life),
        cmocka_unit_test(the_word_exhaustively),
        cmocka_unit_test(index_pages),
    };

    return cmocka_run_group_tests_name("LPI slots", tests, NULL, NULL);
}
