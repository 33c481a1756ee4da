/* SPDX-License-Identifier: MIT */
/* Priorities, masking and preemption: IHI 0069, section 4.8; IHI 0048, section 3.3. */
#include "guest.h"
#include "tests.h"

#define SPI TEST_SPI

/* Priorities 0x00 to 0xe0, of which any GIC with 16 levels can tell all apart. */
#define LEVELS 15

static void set_up(unsigned intid, uint8_t priority)
{
    gic_set_priority(0, intid, priority);
    gic_enable(0, intid);
}

void test_prio_pmr(void)
{
    set_up(SPI, 0x80);
    gic_set_pmr(0x80);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries with the mask at the priority", 0, total_count());
    expect("pending bit", 1, gic_is_pending(0, SPI));
    gic_set_pmr(0x40);
    settle();
    expect("deliveries with the mask above it", 0, total_count());
    gic_set_pmr(0x90);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries with the mask below it", 1, total_count());
    gic_set_pmr(0);
    set_up(SPI, 0);
    gic_set_pending(0, SPI);
    settle();
    expect("deliveries of priority 0 with mask 0", 1, total_count());
    gic_set_pmr(DEFAULT_PMR);
    WAIT_FOR(cpus[0].count[SPI] == 2);
    expect("deliveries after the mask was opened", 2, total_count());
}

void test_prio_pmr_private(void)
{
    gic_set_priority(0, 5, 0xc0);
    gic_enable(0, 5);
    gic_set_pmr(0xc0);
    gic_send_sgi(5, 1);
    settle();
    expect("deliveries of an SGI below the mask", 0, total_count());
    expect("its pending bit", 1, gic_is_pending(0, 5));
    gic_set_priority(0, 5, 0x20);
    WAIT_FOR(cpus[0].count[5] == 1);
    expect("deliveries after its priority was raised while pending", 1, total_count());
}

void test_prio_rpr(void)
{
    set_up(SPI, 0xc0);
    set_up(SPI + 1, 0x60);
    irq_disable();
    expect_hex("running priority when idle", PRIORITY_IDLE, running_priority());
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect_hex("running priority", 0xc0, running_priority());
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of a higher priority", SPI + 1, poll_ack());
    expect_hex("running priority", 0x60, running_priority());
    gic_eoi(SPI + 1);
    expect_hex("running priority after the end of the second", 0xc0, running_priority());
    gic_eoi(SPI);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    irq_enable();
}

/* Equal and lower priorities wait until the running one is done. */
void test_prio_wait(void)
{
    set_up(SPI, 0x60);
    set_up(SPI + 1, 0x60);
    set_up(SPI + 2, 0x80);
    irq_disable();
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_set_pending(0, SPI + 1);
    gic_set_pending(0, SPI + 2);
    expect("acknowledge of equal or lower priority", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("acknowledge after the end of the first", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    expect("acknowledge after the end of the second", SPI + 2, poll_ack());
    gic_eoi(SPI + 2);
    irq_enable();
}

/* The group priority is what preempts; the rest of the priority only orders. */
void test_prio_bpr(void)
{
    set_up(SPI, 0x90);
    set_up(SPI + 1, 0x80);
    set_up(SPI + 2, 0x70);
    irq_disable();
    gic_set_preemption(5); /* bits 7:5 of the priority are the group */
    expect("binary point reads back", 5, gic_preemption());
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    expect_hex("running priority, that of the group", 0x80, running_priority());
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of the same group", INTID_NONE, poll_nothing());
    gic_set_pending(0, SPI + 2);
    expect("acknowledge of a higher group", SPI + 2, poll_ack());
    expect_hex("running priority, that of the group", 0x60, running_priority());
    gic_eoi(SPI + 2);
    expect_hex("running priority after its end", 0x80, running_priority());
    expect("acknowledge of the same group", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("acknowledge after the end of the first", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    irq_enable();
}

/* Within a group, pending interrupts still come in the order of their whole priority. */
void test_prio_bpr_order(void)
{
    set_up(SPI, 0xb0);
    set_up(SPI + 1, 0x80);
    set_up(SPI + 2, 0x90);
    irq_disable();
    gic_set_preemption(7); /* bit 7 only */
    gic_set_pending_many(3);
    expect_true("the highest of the group is first", poll_hppi(SPI + 1));
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned order[] = {SPI + 1, SPI + 2, SPI};

        expect("acknowledge", order[i], poll_ack());
        gic_eoi(order[i]);
    }
    irq_enable();
}

/* The priority of a pending interrupt may be changed, and counts when it is acknowledged. */
void test_prio_change(void)
{
    set_up(SPI, 0x80);
    set_up(SPI + 1, 0x90);
    irq_disable();
    gic_set_pending_many(2);
    expect_true("the first is the highest", poll_hppi(SPI));
    gic_set_priority(0, SPI + 1, 0x40);
    expect_true("after a change, the second is", poll_hppi(SPI + 1));
    expect("acknowledge", SPI + 1, poll_ack());
    expect_hex("running priority", 0x40, running_priority());
    gic_eoi(SPI + 1);
    expect("acknowledge", SPI, poll_ack());
    gic_eoi(SPI);
    irq_enable();
}

static volatile unsigned depth;
static volatile unsigned deepest;
static volatile unsigned wrong_rpr;

/* Each handler raises the interrupt of the next level, and ends only after that one. */
static void raise_next(unsigned intid)
{
    unsigned level = intid - SPI;
    uint32_t before = this_cpu()->log_length;

    deepest = ++depth > deepest ? depth : deepest;
    wrong_rpr += running_priority() != 0xe0 - 0x10 * level;
    if (level + 1 < LEVELS) {
        gic_set_pending(0, intid + 1);
        irq_enable();
        WAIT_FOR(this_cpu()->log_length != before && this_cpu()->count[intid + 1] == 1);
        irq_disable();
    }
    wrong_rpr += running_priority() != 0xe0 - 0x10 * level;
    depth--;
}

static void nest(const char *what)
{
    depth = deepest = wrong_rpr = 0;
    clear_counts();
    for (unsigned i = 0; i < LEVELS; i++)
        set_up(SPI + i, (uint8_t)(0xe0 - 0x10 * i));
    cpus[0].hook = raise_next;
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect(what, LEVELS, deepest);
    expect("wrong running priorities on the way in and out", 0, wrong_rpr);
    settle();
    expect("deliveries in total", LEVELS, total_count());
    expect_hex("active bits at the end", 0, gic_active_many());
}

void test_prio_nest(void)
{
    nest("levels of handlers nested");
    work_set_eoimode(1);
    nest("levels with EOImode 1");
}

/* Several at once: raised by one write while masked, taken as exceptions. */
void test_prio_order(void)
{
    static const uint8_t priorities[8] = {0x70, 0x10, 0x50, 0x30, 0x60, 0x00, 0x40, 0x20};
    unsigned in_order = 0;

    for (unsigned i = 0; i < 8; i++)
        set_up(SPI + i, priorities[i]);
    irq_disable();
    gic_set_pending_many(8);
    expect_hex("pending bits", 0xff, gic_pending_many());
    expect_true("the highest priority is first", poll_hppi(SPI + 5));
    irq_enable();
    WAIT_FOR(cpus[0].log_length == 8);
    for (unsigned i = 0; i < 8; i++)
        in_order += priorities[cpus[0].log[i] - SPI] == 0x10 * i;
    expect("deliveries in the order of priority", 8, in_order);
    settle();
    expect("deliveries in total", 8, total_count());
}

/* Private and shared interrupts compete by priority alone. */
void test_prio_kinds(void)
{
    static const unsigned order[] = {14, SPI, 13, SPI + 1};

    gic_set_priority(0, 14, 0x10);
    gic_set_priority(0, 13, 0x30);
    gic_enable(0, 14);
    gic_enable(0, 13);
    set_up(SPI, 0x20);
    set_up(SPI + 1, 0x40);
    irq_disable();
    gic_set_pending(0, SPI + 1);
    gic_send_sgi(13, 1);
    gic_set_pending(0, SPI);
    gic_send_sgi(14, 1);
    expect_true("the highest priority is first", poll_hppi(14));
    for (unsigned i = 0; i < 4; i++) {
        expect("acknowledge", order[i], poll_ack());
        gic_eoi(order[i]);
    }
    irq_enable();
}
