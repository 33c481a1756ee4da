/* SPDX-License-Identifier: MIT */
/* The simulator's oracle: histories that a GIC can have, and histories that none can. */
#include "linear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Positions in the machine's list of interrupts. */
enum { EDGE, LEVEL, BETTER, LPI };

static const struct ghost_gic gic = {
    .nr_irqs = 4,
    .nr_vcpus = 2,
    .irqs = {{32, true, 0x80}, {33, false, 0x60}, {34, true, 0x40}, {8192, true, 0x20}},
};

static struct ghost_op history[LINEAR_MAX_OPS];
static unsigned length;
static uint32_t clock;

static int start(void **state)
{
    (void)state;
    length = clock = 0;
    return 0;
}

/* From here on operations are at the same time, until after(). */
static unsigned overlapping;

static struct ghost_op *add(enum ghost_kind kind, unsigned v, uint8_t irq, uint32_t value)
{
    struct ghost_op *op = &history[length++];

    *op = (struct ghost_op){
        .kind = kind, .irq = irq, .vcpu = (uint8_t)v, .value = value, .call = ++clock};
    op->ret = overlapping ? 0 : ++clock;
    return op;
}

static void meanwhile(void)
{
    overlapping = length + 1;
}

static void after(void)
{
    for (unsigned i = overlapping - 1; i < length; i++)
        history[i].ret = ++clock;
    overlapping = 0;
}

static void on(enum ghost_kind kind, uint8_t irq)
{
    add(kind, 0, irq, 0);
}

static void enter(unsigned v)
{
    add(GHOST_ENTER, v, GHOST_NONE, 0);
}

static void leave(unsigned v)
{
    add(GHOST_EXIT, v, GHOST_NONE, 0);
}

static void ack(unsigned v, uint8_t irq)
{
    add(GHOST_ACK, v, irq, 0);
}

static void eoi(unsigned v, uint8_t irq)
{
    add(GHOST_EOI, v, irq, 0);
}

static void observe(uint8_t irq, uint32_t value, uint32_t mask)
{
    add(GHOST_READ, 0, irq, value)->mask = mask;
}

static bool explained(void)
{
    struct linear_report report;
    struct ghost initial;

    ghost_reset(&gic, &initial);
    initial.enabled = initial.mapped = 0xf;
    for (unsigned v = 0; v < gic.nr_vcpus; v++)
        initial.vcpu[v].pmr = 0xf8;
    return linear_check(&gic, &initial, history, length, &report);
}

static void an_edge_is_delivered_once(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, EDGE);
    eoi(0, EDGE);
    ack(0, GHOST_NONE);
    assert_true(explained());
    ack(0, EDGE); /* twice */
    assert_false(explained());
}

static void an_edge_is_not_lost(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, GHOST_NONE);
    assert_false(explained());
}

static void what_comes_later_need_not_be_seen_yet(void **state)
{
    (void)state;
    enter(0);
    on(GHOST_PULSE, EDGE);
    ack(0, GHOST_NONE);
    assert_true(explained());
    add(GHOST_SETTLE, 0, GHOST_NONE, 0); /* nothing is under way, and it was not kicked */
    assert_true(explained());
    ack(0, GHOST_NONE);
    assert_false(explained());
}

static void what_is_not_over_need_not_be_seen_yet(void **state)
{
    (void)state;
    meanwhile();
    on(GHOST_PULSE, EDGE);
    observe(EDGE, GHOST_READ_PENDING, GHOST_READ_PENDING); /* so it has taken effect */
    enter(0);
    ack(0, GHOST_NONE);
    after();
    assert_true(explained());
}

static void edges_coalesce_or_not(void **state)
{
    (void)state;
    enter(0);
    on(GHOST_PULSE, EDGE);
    on(GHOST_PULSE, EDGE);
    ack(0, EDGE);
    eoi(0, EDGE);
    ack(0, GHOST_NONE);
    leave(0);
    enter(0);
    ack(0, GHOST_NONE);
    assert_true(explained());
    history[length - 1].irq = EDGE; /* the second one came after the first was forwarded */
    assert_true(explained());
    eoi(0, EDGE);
    ack(0, EDGE);
    assert_false(explained());
}

static void edges_before_the_run_coalesce(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, EDGE);
    eoi(0, EDGE);
    ack(0, EDGE);
    assert_false(explained());
}

static void the_better_one_comes_first(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    on(GHOST_PULSE, BETTER);
    enter(0);
    ack(0, BETTER);
    ack(0, GHOST_NONE); /* the other does not preempt it */
    eoi(0, BETTER);
    ack(0, EDGE);
    assert_true(explained());
    length -= 4;
    ack(0, EDGE);
    assert_false(explained());
}

static void a_better_one_preempts(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, EDGE);
    on(GHOST_PULSE, BETTER);
    leave(0);
    enter(0);
    ack(0, BETTER);
    eoi(0, BETTER);
    eoi(0, EDGE);
    assert_true(explained());
}

static void masked_priorities_wait(void **state)
{
    (void)state;
    add(GHOST_PMR, 0, GHOST_NONE, 0x80);
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, GHOST_NONE);
    add(GHOST_PMR, 0, GHOST_NONE, 0x88);
    ack(0, EDGE);
    assert_true(explained());
    history[length - 1].irq = GHOST_NONE;
    assert_false(explained());
}

static void disabled_once_rwp_is_clear(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    on(GHOST_DISABLE, EDGE);
    ack(0, EDGE); /* it had been forwarded */
    assert_true(explained());
    length--;
    on(GHOST_RWP, GHOST_NONE);
    ack(0, GHOST_NONE);
    assert_true(explained());
    history[length - 1].irq = EDGE;
    assert_false(explained());
}

static void closed_once_rwp_is_clear(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    on(GHOST_CLOSE, GHOST_NONE);
    on(GHOST_RWP, GHOST_NONE);
    ack(0, EDGE);
    assert_false(explained());
}

static void it_goes_where_it_is_routed(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    add(GHOST_ROUTE, 0, EDGE, 1);
    enter(1);
    ack(1, GHOST_NONE); /* vCPU 0 may have it still */
    ack(0, EDGE);
    assert_true(explained());
    length -= 2;
    leave(0);
    enter(0);
    ack(0, EDGE); /* the wrong vCPU */
    assert_false(explained());
    length--;
    enter(1);
    ack(1, GHOST_NONE); /* vCPU 0 has given it back */
    assert_false(explained());
    history[length - 1].irq = EDGE;
    assert_true(explained());
    ack(0, EDGE); /* and the other cannot take it as well */
    assert_false(explained());
}

static void a_level_stays_while_its_wire_is_high(void **state)
{
    (void)state;
    add(GHOST_LINE, 0, LEVEL, 1);
    enter(0);
    ack(0, LEVEL);
    eoi(0, LEVEL);
    ack(0, LEVEL);
    add(GHOST_LINE, 0, LEVEL, 0);
    eoi(0, LEVEL);
    leave(0);
    enter(0);
    ack(0, GHOST_NONE);
    assert_true(explained());
    history[length - 1].irq = LEVEL;
    assert_false(explained());
}

static void registers_read_as_written(void **state)
{
    uint32_t state_bits = GHOST_READ_ENABLED | GHOST_READ_PENDING | GHOST_READ_ACTIVE;

    (void)state;
    on(GHOST_PULSE, EDGE);
    observe(EDGE, GHOST_READ_ENABLED | GHOST_READ_PENDING, state_bits);
    enter(0);
    ack(0, EDGE);
    observe(EDGE, GHOST_READ_ENABLED | GHOST_READ_ACTIVE, state_bits);
    on(GHOST_DEACTIVATE, EDGE);
    observe(EDGE, GHOST_READ_ENABLED, state_bits);
    add(GHOST_ROUTE, 0, EDGE, 1);
    observe(EDGE, 1 << 8, GHOST_READ_TARGET);
    assert_true(explained());
    observe(EDGE, 0, GHOST_READ_TARGET);
    assert_false(explained());
}

static void what_overlaps_may_come_in_any_order(void **state)
{
    (void)state;
    meanwhile();
    on(GHOST_PULSE, EDGE);
    on(GHOST_CLEAR, EDGE);
    after();
    observe(EDGE, 0, GHOST_READ_PENDING);
    assert_true(explained());
    history[length - 1].value = GHOST_READ_PENDING;
    assert_true(explained());
    observe(EDGE, 0, GHOST_READ_PENDING); /* but in one of them */
    assert_false(explained());
}

static void what_is_over_has_happened(void **state)
{
    (void)state;
    on(GHOST_PULSE, EDGE);
    on(GHOST_CLEAR, EDGE);
    observe(EDGE, GHOST_READ_PENDING, GHOST_READ_PENDING);
    assert_false(explained());
}

static void messages_are_refused_when_there_is_nobody(void **state)
{
    (void)state;
    add(GHOST_MSI, 0, LPI, 0);
    enter(0);
    ack(0, LPI);
    eoi(0, LPI);
    on(GHOST_REFUSE, LPI);
    on(GHOST_DISCARD, LPI);
    add(GHOST_MSI, 0, LPI, (uint32_t)-2);
    assert_true(explained());
    history[length - 1].value = 0;
    assert_false(explained());
}

static void disabled_lpis_are_not_delivered(void **state)
{
    (void)state;
    add(GHOST_MSI, 0, LPI, 0);
    enter(0);
    add(GHOST_LPIS_OFF, 0, GHOST_NONE, 0);
    ack(0, LPI); /* forwarded before */
    assert_true(explained());
    length--;
    add(GHOST_LPIS_RWP, 0, GHOST_NONE, 0);
    ack(0, LPI);
    assert_false(explained());
}

static void an_lpi_goes_where_it_is_moved(void **state)
{
    (void)state;
    add(GHOST_MSI, 0, LPI, 0);
    add(GHOST_MOVE, 0, LPI, 1);
    enter(1);
    ack(1, LPI);
    assert_true(explained());
    history[length - 1].irq = GHOST_NONE;
    assert_false(explained());
}

static void nobody_sleeps_through_an_interrupt(void **state)
{
    (void)state;
    add(GHOST_BLOCK, 0, GHOST_NONE, 1);
    on(GHOST_PULSE, EDGE);
    assert_true(explained());
    add(GHOST_ASLEEP, 0, GHOST_NONE, 0); /* and was not woken */
    assert_false(explained());
    length--;
    add(GHOST_BLOCK, 0, GHOST_NONE, 1);
    assert_false(explained());
    history[length - 1].value = 0;
    assert_true(explained());
}

static void what_does_not_fit_is_named(void **state)
{
    struct linear_report report;
    struct ghost initial;
    char text[64];

    (void)state;
    on(GHOST_PULSE, EDGE);
    enter(0);
    ack(0, LEVEL);
    ghost_reset(&gic, &initial);
    assert_false(linear_check(&gic, &initial, history, length, &report));
    assert_int_equal(report.explained, 2);
    assert_ptr_equal(linear_culprit(history, length, &report), &history[2]);
    assert_string_equal(linear_describe(&gic, &history[2], text, sizeof text),
                        "vCPU 0 acknowledges 33");
}

int main(void)
{
#define HISTORY(name) cmocka_unit_test_setup(name, start)
    const struct CMUnitTest tests[] = {
        HISTORY(an_edge_is_delivered_once),
        HISTORY(an_edge_is_not_lost),
        HISTORY(what_comes_later_need_not_be_seen_yet),
        HISTORY(what_is_not_over_need_not_be_seen_yet),
        HISTORY(edges_coalesce_or_not),
        HISTORY(edges_before_the_run_coalesce),
        HISTORY(the_better_one_comes_first),
        HISTORY(a_better_one_preempts),
        HISTORY(masked_priorities_wait),
        HISTORY(disabled_once_rwp_is_clear),
        HISTORY(closed_once_rwp_is_clear),
        HISTORY(it_goes_where_it_is_routed),
        HISTORY(a_level_stays_while_its_wire_is_high),
        HISTORY(registers_read_as_written),
        HISTORY(what_overlaps_may_come_in_any_order),
        HISTORY(what_is_over_has_happened),
        HISTORY(messages_are_refused_when_there_is_nobody),
        HISTORY(disabled_lpis_are_not_delivered),
        HISTORY(an_lpi_goes_where_it_is_moved),
        HISTORY(nobody_sleeps_through_an_interrupt),
        HISTORY(what_does_not_fit_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
