/* SPDX-License-Identifier: MIT */
/* The ITS: its registers, its command queue, and what commands map. IHI 0069, chapter 5. */
#include "its/its.h"
#include "its/tests_its.h"

/* Before anything else: what the ITS is after its reset, and what it says it can do. */
void test_its_introspection(void)
{
    uint64_t typer = gits_read(GITS_TYPER);
    unsigned physical = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        physical += (mmio_read64(gicr_address(cpu, GICR_TYPER)) & GICR_TYPER_PLPIS) != 0;
    expect_true("GICD_TYPER has LPIs", gicd_read(GICD_TYPER) & GICD_TYPER_LPIS);
    expect_true("GICD_TYPER has INTIDs of 14 bits or more",
                (gicd_read(GICD_TYPER) >> 19 & 0x1f) >= 13);
    expect("redistributors with LPIs", ncpus, physical);
    expect_true("the ITS has physical LPIs", typer & GITS_TYPER_PHYSICAL);
    expect_true("it has EventIDs of 14 bits or more", (typer >> 8 & 0x1f) >= 13);
    expect_true("it has DeviceIDs of 16 bits or more", (typer >> 13 & 0x1f) >= 15);
    expect_true("it is an ITS of GICv3 or later", (gits_read32(GITS_PIDR2) >> 4 & 0xf) >= 3);
    expect_true("it is disabled and quiescent", gits_read32(GITS_CTLR) == GITS_CTLR_QUIESCENT);
    expect_true("it has no queue", !(gits_read(GITS_CBASER) & GITS_VALID));
    expect_true("there is a table of devices", its_baser_of(GITS_BASER_DEVICES));
    expect_true("it is not valid", !(gits_read(its_baser_of(GITS_BASER_DEVICES)) & GITS_VALID));
    expect_true("there is a table of collections, or the ITS has room",
                its_baser_of(GITS_BASER_COLLECTIONS) || typer >> 24 & 0xff);
}

void test_its_processor_numbers(void)
{
    uint32_t seen = 0;
    unsigned different = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        uint32_t bit = 1u << (mmio_read64(gicr_address(cpu, GICR_TYPER)) >> 8 & 0x1f);

        different += !(seen & bit);
        seen |= bit;
    }
    expect("different processor numbers", ncpus, different);
}

/* 64-bit registers can be accessed in halves. */
void test_its_halves(void)
{
    static const unsigned offsets[] = {GITS_TYPER, GITS_CBASER, GITS_CWRITER, GITS_CREADR};
    unsigned equal = 0;
    uint64_t cbaser;

    its_begin();
    for (unsigned i = 0; i < 4; i++)
        equal += gits_read(offsets[i]) ==
                 (gits_read32(offsets[i]) | (uint64_t)gits_read32(offsets[i] + 4) << 32);
    expect("registers that read the same in halves", 4, equal);
    expect_true("it is quiescent after it was disabled", its_disable());
    cbaser = gits_read(GITS_CBASER);
    gits_write32(GITS_CBASER + 4, (uint32_t)(cbaser >> 32) & 0x7fffffff);
    expect_true("the upper half of CBASER was written", !(gits_read(GITS_CBASER) & GITS_VALID));
    expect_true("and nothing else", (gits_read(GITS_CBASER) | GITS_VALID) == cbaser);
    gits_write32(GITS_CBASER + 4, (uint32_t)(cbaser >> 32));
    expect_true("and back", gits_read(GITS_CBASER) == cbaser);
}

void test_its_control(void)
{
    its_begin();
    expect_true("it is enabled", gits_read32(GITS_CTLR) & GITS_CTLR_ENABLED);
    expect_true("commands have been read", gits_read(GITS_CREADR) != 0);
    expect_true("it becomes quiescent", its_disable());
    expect_true("it is not enabled", !(gits_read32(GITS_CTLR) & GITS_CTLR_ENABLED));
    gits_write(GITS_CBASER, gits_read(GITS_CBASER));
    expect_hex("CREADR after a write of CBASER", 0, gits_read(GITS_CREADR));
}

/* What a BASER says of its table cannot be written. */
void test_its_baser(void)
{
    unsigned offset = its_baser_of(GITS_BASER_DEVICES);
    const uint64_t fixed = 7ull << 56 | 0x1full << 48;
    uint64_t before;

    its_begin();
    its_disable();
    before = gits_read(offset) & fixed;
    gits_write(offset, fixed);
    expect_true("type and entry size are read-only, written as ones",
                (gits_read(offset) & fixed) == before);
    gits_write(offset, 0);
    expect_true("and as zeros", (gits_read(offset) & fixed) == before);
    expect_true("the table is not valid any more", !(gits_read(offset) & GITS_VALID));
}

void test_its_read_only(void)
{
    uint64_t typer = gits_read(GITS_TYPER);

    its_begin();
    gits_write(GITS_TYPER, ~typer);
    expect_true("GITS_TYPER is as before", gits_read(GITS_TYPER) == typer);
}

/* Commands written while the ITS is disabled wait. */
void test_its_disabled(void)
{
    uint64_t creadr;

    its_begin();
    lpi_map(0, 0);
    expect_true("it becomes quiescent", its_disable());
    creadr = gits_read(GITS_CREADR);
    its_int(DEVICE, 0);
    settle();
    expect_true("no command is read while disabled", gits_read(GITS_CREADR) == creadr);
    expect("deliveries while disabled", 0, total_count());
    its_enable();
    its_sync();
    expect("deliveries after it was enabled", 1, delivered_to(0, 0));
    expect("deliveries in total", 1, total_count());
    /* What is pending at a redistributor does not need the ITS. */
    irq_disable();
    lpi_raise(0);
    its_disable();
    irq_enable();
    WAIT_FOR(cpus[0].lpi_count[0] == 2);
    expect("deliveries of what was pending when it was disabled", 2, cpus[0].lpi_count[0]);
}

static void raise_one_each(uint32_t device, uint32_t event)
{
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        its_int(device, event + cpu);
    its_sync();
}

static unsigned delivered_each(void)
{
    unsigned right = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        right += WAIT_FOR(cpus[cpu].lpi_count[cpu] == 1);
    settle();
    return right;
}

/* MAPD, MAPC, MAPTI, INT: from the tables to the CPU. */
static void map_and_raise(uint32_t device)
{
    clear_counts();
    its_mapd(device, 5);
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        its_mapti(device, 20 + cpu, LPI(cpu), cpu);
    its_sync();
    raise_one_each(device, 20);
    expect("CPUs that got theirs", ncpus, delivered_each());
    expect("deliveries in total", ncpus, total_count());
    its_unmapd(device);
    its_sync();
}

void test_its_flat(void)
{
    its_begin_tables(false);
    map_and_raise(0);
    map_and_raise(100);
}

static bool has_two_levels(unsigned type)
{
    unsigned offset = its_baser_of(type);

    return offset && (gits_read(offset) & GITS_BASER_INDIRECT);
}

/* In other pages, too, if there are pages. */
void test_its_two_levels(void)
{
    bool devices, collections;
    unsigned icid;

    its_begin_tables(true);
    devices = has_two_levels(GITS_BASER_DEVICES);
    collections = has_two_levels(GITS_BASER_COLLECTIONS);
    map_and_raise(0);
    map_and_raise(100);
    map_and_raise(devices ? 20000 : 200);
    map_and_raise(devices ? 65535 : 201);
    icid = collections ? 10000 : 50;
    its_mapc(icid, ncpus - 1);
    its_mapti(DEVICE, 1, LPI(100), icid);
    its_sync();
    lpi_raise(1);
    expect("deliveries through a collection of another page", 1, delivered_to(ncpus - 1, 100));
}

/* An ICID that is no CPU's number, and one collection for each CPU more than once. */
void test_its_collections(void)
{
    its_begin();
    for (unsigned i = 0; i < 64; i++) {
        its_mapc(100 + i, i % ncpus);
        its_mapti(DEVICE, i, LPI(i), 100 + i);
    }
    its_sync();
    lpi_raise_many(0, 64);
    WAIT_FOR(total_count() == 64);
    settle();
    unsigned right = 0;
    for (unsigned i = 0; i < 64; i++)
        right += cpus[i % ncpus].lpi_count[i] == 1;
    expect("LPIs delivered once and where they should be", 64, right);
    expect("deliveries in total", 64, total_count());
}

/* MAPI: the LPI has the number of the event. */
void test_its_mapi(void)
{
    its_begin();
    its_mapd(9, 14);
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        its_mapi(9, LPI(cpu), cpu);
    its_sync();
    raise_one_each(9, LPI(0));
    expect("CPUs that got theirs", ncpus, delivered_each());
    expect("deliveries in total", ncpus, total_count());
}

/* Many devices with tables of their own; the same events mean different LPIs. */
void test_its_devices(void)
{
    unsigned right = 0;

    its_begin();
    for (unsigned i = 0; i < 32; i++) {
        its_mapd(200 + i, 3);
        its_mapti(200 + i, 1, LPI(2 * i), i % ncpus);
        its_mapti(200 + i, 7, LPI(2 * i + 1), (i + 1) % ncpus);
    }
    its_sync();
    for (unsigned i = 0; i < 32; i++) {
        its_int(200 + i, 1);
        its_int(200 + i, 7);
    }
    its_sync();
    WAIT_FOR(total_count() == 64);
    settle();
    for (unsigned i = 0; i < 32; i++)
        right += cpus[i % ncpus].lpi_count[2 * i] == 1 &&
                 cpus[(i + 1) % ncpus].lpi_count[2 * i + 1] == 1;
    expect("devices whose events were delivered once", 32, right);
    expect("deliveries in total", 64, total_count());
}

/* The queue is a ring. */
void test_its_wrap(void)
{
    unsigned sent = 0, seen = 0;

    its_begin();
    lpi_map(0, 0);
    while (sent < 3 * QUEUE_COMMANDS) {
        uint32_t before = cpus[0].lpi_count[0];

        its_int(DEVICE, 0);
        sent++;
        seen += WAIT_FOR(cpus[0].lpi_count[0] == before + 1);
    }
    expect("commands, sent one by one, and their interrupts", 3 * QUEUE_COMMANDS, seen);
    its_sync();
    expect_true("CREADR is within the queue", gits_read(GITS_CREADR) < QUEUE_SIZE);
}

/* As many commands as it holds, with one write of GITS_CWRITER, from any offset. */
void test_its_full(void)
{
    unsigned right = 0;

    its_begin();
    lpi_map_many(0, LPIS, ncpus - 1);
    for (unsigned round = 0; round < 4; round++) {
        clear_counts();
        its_hold();
        for (unsigned n = 0; n < QUEUE_COMMANDS - 1; n++)
            its_int(DEVICE, n);
        its_ring();
        its_sync();
        WAIT_FOR(total_count() == QUEUE_COMMANDS - 1);
        settle();
        for (unsigned n = 0; n < QUEUE_COMMANDS - 1; n++)
            right += cpus[ncpus - 1].lpi_count[n] == 1;
    }
    expect("interrupts of commands that filled the queue, four times", 4 * (QUEUE_COMMANDS - 1),
           right);
}

/* ------------------------------------------------------------------ taken back ---------------- */

void test_its_clear(void)
{
    its_begin();
    lpi_map(0, 0);
    irq_disable();
    lpi_raise(0);
    expect_true("it is pending", poll_hppi(LPI(0)));
    its_clear(DEVICE, 0);
    its_sync();
    expect("acknowledge after CLEAR", INTID_NONE, poll_nothing());
    lpi_raise(0);
    expect("acknowledge after another INT", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    its_clear(DEVICE, 0);
    its_sync();
    expect("CLEAR of one that is not pending: acknowledge", INTID_NONE, poll_nothing());
    irq_enable();
}

void test_its_discard(void)
{
    its_begin();
    lpi_map_many(0, 2, 0);
    irq_disable();
    lpi_raise_many(0, 2);
    its_discard(DEVICE, 0);
    its_sync();
    expect("acknowledge of the one that is left", LPI(1), poll_ack());
    gic_eoi(LPI(1));
    expect("acknowledge after DISCARD", INTID_NONE, poll_nothing());
    /* It comes back as something else, and something else comes as it. */
    its_mapti(DEVICE, 0, LPI(2), 0);
    its_mapti(DEVICE, 2, LPI(0), 0);
    its_sync();
    expect("acknowledge after MAPTI", INTID_NONE, poll_nothing());
    lpi_raise(0);
    expect("acknowledge of the event's new LPI", LPI(2), poll_ack());
    gic_eoi(LPI(2));
    lpi_raise(2);
    expect("acknowledge of the LPI's new event", LPI(0), poll_ack());
    gic_eoi(LPI(0));
    irq_enable();
}

/* The same LPI again and again, each time on another CPU. */
void test_its_remap(void)
{
    unsigned right = 0;

    its_begin();
    for (unsigned i = 0; i < 32; i++) {
        unsigned cpu = i % ncpus;
        uint32_t before = cpus[cpu].lpi_count[5];

        its_mapti(DEVICE, i, LPI(5), cpu);
        its_int(DEVICE, i);
        its_sync();
        right += WAIT_FOR(cpus[cpu].lpi_count[5] == before + 1);
        its_discard(DEVICE, i);
    }
    its_sync();
    expect("deliveries of an LPI that was mapped anew", 32, right);
    expect("deliveries in total", 32, total_count());
}

/* A device that is unmapped and mapped again, with another table, has no events. */
void test_its_unmap_device(void)
{
    its_begin();
    its_mapd(7, 4);
    its_mapti(7, 3, LPI(0), 0);
    its_int(7, 3);
    its_sync();
    expect("deliveries", 1, delivered_to(0, 0));
    its_unmapd(7);
    its_mapd(7, 4);
    its_mapti(7, 4, LPI(0), 0);
    its_int(7, 4);
    its_sync();
    WAIT_FOR(cpus[0].lpi_count[0] == 2);
    settle();
    expect("deliveries with the new table", 2, cpus[0].lpi_count[0]);
}

/* No interrupts come through a collection that is not mapped. */
void test_its_unmap_collection(void)
{
    its_begin();
    its_mapc(50, 0);
    its_mapti(DEVICE, 0, LPI(0), 50);
    its_int(DEVICE, 0);
    its_sync();
    expect("deliveries", 1, delivered_to(0, 0));
    its_unmapc(50);
    its_sync();
    lpi_raise(0);
    settle();
    expect("deliveries after MAPC with V = 0", 1, cpus[0].lpi_count[0]);
    its_mapc(50, ncpus - 1);
    its_sync();
    settle();
    clear_counts();
    lpi_raise(0);
    expect("deliveries after MAPC to the last CPU", 1, delivered_to(ncpus - 1, 0));
    expect("deliveries in total", 1, total_count());
}

/* An LPI can be mapped in a collection that is mapped later. */
void test_its_late_collection(void)
{
    its_begin();
    its_mapti(DEVICE, 0, LPI(0), 60);
    its_mapc(60, ncpus - 1);
    its_sync();
    lpi_raise(0);
    expect("deliveries", 1, delivered_to(ncpus - 1, 0));
    expect("deliveries in total", 1, total_count());
}
