/* SPDX-License-Identifier: MIT */
/*
 * The physical ITS. Devices send their messages to it, past us: there is no SMMU, so the guest's
 * ITS is at the same address, with the same DeviceIDs and EventIDs. For each event that the guest
 * maps there is a physical LPI, whose number says which event it is; that is sent on to the
 * library (vgic_message). Its redistributor is the one of any CPU: where the guest wants it is for
 * the library to know.
 *
 * Tables and the queue are in our memory, which the ITS is taken to see through the caches (IHI
 * 0069H 12.19: shareability and cacheability of GITS_BASER and GITS_CBASER). Sections 5.3
 * and 12.19.
 */
#include "gic.h"

#define GITS_CTLR 0x0000
#define GITS_TYPER 0x0008
#define GITS_CBASER 0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR 0x0090
#define GITS_BASER 0x0100
#define NR_BASERS 8
#define CTLR_ENABLED BIT(0)
#define CTLR_QUIESCENT BIT(31)
#define TYPER_PTA BIT(19)
#define CREADR_STALLED BIT(0)
#define BASER_PAGE 0x10000
#define BASER_64K (2u << 8)
enum { TABLE_DEVICES = 1, TABLE_COLLECTIONS = 4 };

#define GICR_CTLR 0x0000
#define GICR_TYPER 0x0008
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_CTLR_ENABLE_LPIS BIT(0)
#define PENDBASER_ZEROED BIT(62)

/* Of all of these: write-back memory, inner shareable; and of those of the ITS, valid. */
#define ITS_MEMORY (BIT(63) | BIT(61) | BIT(60) | BIT(59) | BIT(10))
#define REDIST_MEMORY (7u << 7 | BIT(10))

enum { SYNC = 0x05, MAPD = 0x08, MAPC = 0x09, MAPTI = 0x0a, INVALL = 0x0d, DISCARD = 0x0f };
#define COMMAND_SIZE 32
#define VALID BIT(63)

/* Physical LPIs: 256 for each of so many devices. An entry of an ITT has 16 bytes at most. */
#define DEVICE_BITS 16
#define DEVICES 32u
#define EVENT_BITS 8
#define EVENTS (1u << EVENT_BITS)
#define LPI_BITS 14
_Static_assert(FIRST_LPI + DEVICES * EVENTS <= 1u << LPI_BITS, "LPIs have that many bits");
#define ENABLED_LPI (0x80 | 1) /* priority, and enabled */

#define ALIGNED(alignment) __attribute__((aligned(alignment)))
static uint8_t device_table[8 << DEVICE_BITS] ALIGNED(BASER_PAGE);
static uint8_t collection_table[BASER_PAGE] ALIGNED(BASER_PAGE);
static uint8_t pending_tables[MAX_CPUS][0x10000] ALIGNED(0x10000);
static uint8_t configuration[(1u << LPI_BITS) - FIRST_LPI] ALIGNED(PAGE);
static uint64_t queue[PAGE / 8] ALIGNED(PAGE);
static uint8_t itts[DEVICES][16 << EVENT_BITS] ALIGNED(256);

static uint64_t redistributors[MAX_CPUS]; /* each CPU's, as commands name it */

/* Devices with mapped events: the DeviceID plus 1, or 0; and which events. */
static atomic_uint owners[DEVICES];
static uint64_t mapped[DEVICES][EVENTS / 64];

/* ---------------------------------------------------------------- commands */

/* And waits until it is done. Only one CPU at a time gives commands: while the machine starts, and
 * then as the library's event_mapped. */
static void command(uint64_t c0, uint64_t c1, uint64_t c2)
{
    uint64_t at = read64(boot.its + GITS_CWRITER), next = (at + COMMAND_SIZE) % sizeof(queue), done;
    uint64_t *words = &queue[at / 8];

    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = 0;
    dsb(ishst); /* the command, and what it is about, are in memory before it is announced */
    write64(boot.its + GITS_CWRITER, next);
    do {
        done = read64(boot.its + GITS_CREADR);
        if (done & CREADR_STALLED)
            fault("the physical ITS refused a command");
    } while (done != next);
}

/* What was commanded holds for what this redistributor does from now on. */
static void sync(unsigned collection)
{
    command(SYNC, 0, redistributors[collection]);
}

/* ---------------------------------------------------------------- setting up */

static void set_table(unsigned n)
{
    uint64_t address = boot.its + GITS_BASER + 8 * n, old = read64(address), value;
    uint64_t entry = FIELD(old, 52, 48) + 1;
    unsigned type = (unsigned)FIELD(old, 58, 56);

    if (type == TABLE_DEVICES) {
        uint64_t pages = align_up(entry << its_device_bits(), BASER_PAGE) / BASER_PAGE;
        if (pages * BASER_PAGE > sizeof(device_table))
            fault("the physical ITS wants larger tables");
        value = (uint64_t)device_table | BASER_64K | (pages - 1);
    } else if (type == TABLE_COLLECTIONS) {
        value = (uint64_t)collection_table | BASER_64K;
    } else {
        return;
    }
    value |= ITS_MEMORY;
    write64(address, value);
    if (FIELD(read64(address), 9, 8) != 2)
        fault("the physical ITS has other pages than of 64 KiB");
}

/* The boot CPU, once. */
void its_init(void)
{
    write32(boot.its + GITS_CTLR, 0);
    while (!(read32(boot.its + GITS_CTLR) & CTLR_QUIESCENT))
        ;
    for (unsigned n = 0; n < NR_BASERS; n++)
        set_table(n);
    for (size_t i = 0; i < sizeof(configuration); i++)
        configuration[i] = ENABLED_LPI;
    write64(boot.its + GITS_CBASER, (uint64_t)queue | ITS_MEMORY | (sizeof(queue) / PAGE - 1));
    write64(boot.its + GITS_CWRITER, 0);
    dsb(sy); /* the tables are in memory before the ITS looks */
    write32(boot.its + GITS_CTLR, CTLR_ENABLED);
}

/* Each CPU, once: LPIs of its redistributor, and a collection of the CPU's number. */
void its_cpu_init(const struct cpu *cpu, uint64_t gicr)
{
    bool by_address = read64(boot.its + GITS_TYPER) & TYPER_PTA;
    unsigned n = cpu->index;

    redistributors[n] = by_address ? gicr : FIELD(read64(gicr + GICR_TYPER), 23, 8) << 16;
    write64(gicr + GICR_PROPBASER, (uint64_t)configuration | REDIST_MEMORY | (LPI_BITS - 1));
    write64(gicr + GICR_PENDBASER, (uint64_t)pending_tables[n] | REDIST_MEMORY | PENDBASER_ZEROED);
    dsb(sy); /* the tables are in memory before the redistributor looks */
    write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) | GICR_CTLR_ENABLE_LPIS);
    command(MAPC, 0, VALID | redistributors[n] | n);
    command(INVALL, 0, n);
    sync(n);
}

/* How many bits DeviceIDs have, here and for the guest. */
unsigned its_device_bits(void)
{
    uint64_t bits = FIELD(read64(boot.its + GITS_TYPER), 17, 13) + 1;

    return bits < DEVICE_BITS ? (unsigned)bits : DEVICE_BITS;
}

/* ---------------------------------------------------------------- events */

static unsigned find(uint32_t owner)
{
    unsigned n = 0;

    /* Relaxed: nobody else changes them now. */
    while (n < DEVICES && atomic_load_explicit(&owners[n], memory_order_relaxed) != owner)
        n++;
    return n;
}

static unsigned add_device(uint32_t device)
{
    unsigned n = find(0);

    if (n == DEVICES)
        return n;
    for (size_t i = 0; i < sizeof(itts[n]); i++)
        itts[n][i] = 0;
    command((uint64_t)device << 32 | MAPD, EVENT_BITS - 1, VALID | (uint64_t)itts[n]);
    /* Relaxed: its LPIs arrive after the command that maps them. */
    atomic_store_explicit(&owners[n], device + 1, memory_order_relaxed);
    return n;
}

static void map(unsigned n, uint32_t device, uint32_t event)
{
    unsigned collection = event % boot.nr_cpus;
    uint64_t lpi = FIRST_LPI + n * EVENTS + event;

    mapped[n][event / 64] |= BIT(event % 64);
    command((uint64_t)device << 32 | MAPTI, lpi << 32 | event, collection);
    sync(collection);
}

static void unmap(unsigned n, uint32_t device, uint32_t event)
{
    uint64_t left = 0;

    mapped[n][event / 64] &= ~BIT(event % 64);
    command((uint64_t)device << 32 | DISCARD, event, 0);
    for (unsigned i = 0; i < EVENTS / 64; i++)
        left |= mapped[n][i];
    if (!left) {
        command((uint64_t)device << 32 | MAPD, 0, 0);
        atomic_store_explicit(&owners[n], 0, memory_order_relaxed);
    }
    sync(event % boot.nr_cpus);
}

/* The guest has mapped this event, or unmapped it. One CPU at a time. */
void its_event_mapped(uint32_t device, uint32_t event, bool is_mapped)
{
    unsigned n = find(device + 1);

    if (n == DEVICES && is_mapped && event < EVENTS)
        n = add_device(device);
    if (n == DEVICES || event >= EVENTS)
        SAY_ONCE("hyp: guest maps more devices or events than there are physical LPIs for\n");
    else if (is_mapped)
        map(n, device, event);
    else if (mapped[n][event / 64] & BIT(event % 64))
        unmap(n, device, event);
}

/* The event that a physical LPI stands for; false if for none any more. Any CPU. */
bool its_event_of(uint32_t lpi, uint32_t *device, uint32_t *event)
{
    uint32_t n = (lpi - FIRST_LPI) / EVENTS, owner;

    if (n >= DEVICES)
        return false;
    /* Relaxed: if it is being unmapped, then either answer is right, and the library refuses it. */
    owner = atomic_load_explicit(&owners[n], memory_order_relaxed);
    *device = owner - 1;
    *event = (lpi - FIRST_LPI) % EVENTS;
    return owner;
}
