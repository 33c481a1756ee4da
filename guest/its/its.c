/* SPDX-License-Identifier: MIT */
#include "its/its.h"

#define KIB 1024ul
#define POOL_SIZE (4096 * KIB)

/* Inner write-back, read- and write-allocate; inner shareable. */
#define TABLE_INNER_CACHE (7ull << 59)
#define REDIST_INNER_CACHE (7ull << 7)
#define INNER_SHAREABLE (1ull << 10)

#define CMD_MOVI 0x01
#define CMD_INT 0x03
#define CMD_CLEAR 0x04
#define CMD_SYNC 0x05
#define CMD_MAPD 0x08
#define CMD_MAPC 0x09
#define CMD_MAPTI 0x0a
#define CMD_MAPI 0x0b
#define CMD_INV 0x0c
#define CMD_INVALL 0x0d
#define CMD_MOVALL 0x0e
#define CMD_DISCARD 0x0f

/* Memory for tables, cleared when it is handed out. The first part stays, the rest is handed out
 * anew for each test. */
static uint8_t pool[POOL_SIZE];
static uintptr_t pool_next, pool_kept;

static uint8_t *config_table;
static uint8_t *pending_table[MAX_CPUS];
static uint64_t (*queue)[4];
static uint32_t queue_next; /* number of the command that is written next */
static bool queue_held;
static uint32_t queue_lock;

static void *table_memory(uint64_t size, uint64_t alignment)
{
    uintptr_t start = (pool_next + alignment - 1) & ~(alignment - 1);

    if (start + size > (uintptr_t)pool + POOL_SIZE)
        die("no memory for tables");
    for (uint64_t *p = (uint64_t *)start; p < (uint64_t *)(start + size); p++)
        *p = 0;
    pool_next = start + size;
    return (void *)start;
}

/* ------------------------------------------------------------------ the queue ----------------- */

static void lock(void)
{
    while (__atomic_exchange_n(&queue_lock, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
}

static void unlock(void)
{
    __atomic_store_n(&queue_lock, 0, __ATOMIC_RELEASE);
}

static bool queue_empty(void)
{
    return gits_read(GITS_CREADR) == gits_read(GITS_CWRITER);
}

static bool queue_has_room(void)
{
    return gits_read(GITS_CREADR) / 32 != (queue_next + 1) % QUEUE_COMMANDS;
}

static void ring(void)
{
    dsb();
    gits_write(GITS_CWRITER, queue_next * 32);
}

static void send(uint64_t dw0, uint64_t dw1, uint64_t dw2, uint64_t dw3)
{
    lock();
    if (!WAIT_FOR(queue_has_room()))
        die("the command queue does not go on: CREADR %lx, CWRITER %lx", gits_read(GITS_CREADR),
            gits_read(GITS_CWRITER));
    queue[queue_next][0] = dw0;
    queue[queue_next][1] = dw1;
    queue[queue_next][2] = dw2;
    queue[queue_next][3] = dw3;
    queue_next = (queue_next + 1) % QUEUE_COMMANDS;
    if (!queue_held)
        ring();
    unlock();
}

void its_hold(void)
{
    queue_held = true;
}

void its_ring(void)
{
    queue_held = false;
    ring();
}

/* ------------------------------------------------------------------ commands ------------------ */

/* How commands name a redistributor: by number, or by address. */
static uint64_t rdbase(unsigned cpu)
{
    uint64_t typer = mmio_read64(gicr_address(cpu, GICR_TYPER));

    if (gits_read(GITS_TYPER) & GITS_TYPER_PTA)
        return gicr_address(cpu, 0);
    return (typer >> 8 & 0xffff) << 16;
}

static void event_command(unsigned command, uint32_t device, uint32_t event, uint64_t dw1,
                          uint64_t dw2)
{
    send((uint64_t)device << 32 | command, dw1 | event, dw2, 0);
}

void its_mapd(uint32_t device, unsigned event_bits)
{
    unsigned entry_size = (unsigned)(gits_read(GITS_TYPER) >> 4 & 0xf) + 1;
    uintptr_t itt = (uintptr_t)table_memory((uint64_t)entry_size << event_bits, 256);

    event_command(CMD_MAPD, device, 0, event_bits - 1, GITS_VALID | itt);
}

void its_unmapd(uint32_t device)
{
    event_command(CMD_MAPD, device, 0, 0, 0);
}

void its_mapc(unsigned icid, unsigned cpu)
{
    send(CMD_MAPC, 0, GITS_VALID | rdbase(cpu) | icid, 0);
}

void its_unmapc(unsigned icid)
{
    send(CMD_MAPC, 0, icid, 0);
}

void its_mapti(uint32_t device, uint32_t event, uint32_t intid, unsigned icid)
{
    event_command(CMD_MAPTI, device, event, (uint64_t)intid << 32, icid);
}

void its_mapi(uint32_t device, uint32_t event, unsigned icid)
{
    event_command(CMD_MAPI, device, event, 0, icid);
}

void its_movi(uint32_t device, uint32_t event, unsigned icid)
{
    event_command(CMD_MOVI, device, event, 0, icid);
}

void its_movall(unsigned from, unsigned to)
{
    send(CMD_MOVALL, 0, rdbase(from), rdbase(to));
}

void its_discard(uint32_t device, uint32_t event)
{
    event_command(CMD_DISCARD, device, event, 0, 0);
}

void its_inv(uint32_t device, uint32_t event)
{
    event_command(CMD_INV, device, event, 0, 0);
}

void its_invall(unsigned icid)
{
    send(CMD_INVALL, 0, icid, 0);
}

void its_clear(uint32_t device, uint32_t event)
{
    event_command(CMD_CLEAR, device, event, 0, 0);
}

void its_int(uint32_t device, uint32_t event)
{
    event_command(CMD_INT, device, event, 0, 0);
}

void its_sync(void)
{
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        send(CMD_SYNC, 0, rdbase(cpu), 0);
    if (!WAIT_FOR(queue_empty()))
        die("the command queue is not emptied: CREADR %lx, CWRITER %lx", gits_read(GITS_CREADR),
            gits_read(GITS_CWRITER));
}

/* ------------------------------------------------------------------ LPIs ---------------------- */

void lpi_write_config(unsigned n, unsigned priority, bool enabled)
{
    /* Bit 1 is RES1. */
    config_table[n] = (uint8_t)(priority | 2 | enabled);
    dsb();
}

void lpi_configure(unsigned n, unsigned priority, bool enabled)
{
    lpi_write_config(n, priority, enabled);
    its_inv(DEVICE, n);
    its_sync();
}

void lpi_map_many(unsigned first, unsigned count, unsigned cpu)
{
    for (unsigned n = first; n < first + count; n++)
        its_mapti(DEVICE, n, LPI(n), cpu);
    its_sync();
}

void lpi_map(unsigned n, unsigned cpu)
{
    lpi_map_many(n, 1, cpu);
}

void lpi_raise_many(unsigned first, unsigned count)
{
    for (unsigned n = first; n < first + count; n++)
        its_int(DEVICE, n);
    its_sync();
}

void lpi_clear_many(unsigned first, unsigned count)
{
    for (unsigned n = first; n < first + count; n++)
        its_clear(DEVICE, n);
    its_sync();
}

void lpi_raise(unsigned n)
{
    lpi_raise_many(n, 1);
}

void lpi_enable_with_bits(unsigned cpu, unsigned bits)
{
    for (unsigned i = 0; i < (1u << LPI_BITS) / 8; i++)
        pending_table[cpu][i] = 0;
    dsb();
    mmio_write64(gicr_address(cpu, GICR_PROPBASER),
                 (uintptr_t)config_table | REDIST_INNER_CACHE | INNER_SHAREABLE | (bits - 1));
    mmio_write64(gicr_address(cpu, GICR_PENDBASER),
                 (uintptr_t)pending_table[cpu] | REDIST_INNER_CACHE | INNER_SHAREABLE | 1ull << 62);
    gicr_write(cpu, GICR_CTLR, GICR_CTLR_ENABLE_LPIS);
    dsb();
}

void lpi_enable_redistributor(unsigned cpu)
{
    lpi_enable_with_bits(cpu, LPI_BITS);
}

bool lpi_disable_redistributor(unsigned cpu)
{
    if (!(gicr_read(cpu, GICR_CTLR) & GICR_CTLR_CES))
        return false;
    gicr_write(cpu, GICR_CTLR, 0);
    return gicr_wait_rwp(cpu);
}

/* ------------------------------------------------------------------ set-up -------------------- */

static void set_up_redistributors(void)
{
    config_table = table_memory((1u << LPI_BITS) - INTID_LPI, 4 * KIB);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        pending_table[cpu] = table_memory((1u << LPI_BITS) / 8, 64 * KIB);
        lpi_enable_redistributor(cpu);
    }
    queue = table_memory(QUEUE_SIZE, 64 * KIB);
    pool_kept = pool_next;
}

unsigned its_baser_of(unsigned type)
{
    for (unsigned i = 0; i < GITS_BASERS; i++)
        if ((gits_read(GITS_BASER + 8 * i) >> 56 & 7) == type)
            return GITS_BASER + 8 * i;
    return 0;
}

/* A table of one page, or of one page of addresses of pages, as many as 64 * 1024 entries want. */
static void set_up_table(unsigned type, bool two_levels)
{
    static const uint64_t page_sizes[] = {4 * KIB, 16 * KIB, 64 * KIB, 64 * KIB};
    unsigned offset = its_baser_of(type);
    uint64_t value = GITS_BASER_INDIRECT | 2 << 8, page_size, entry_size, pages;
    uint64_t *first;

    if (!offset)
        return;
    /* The largest page that it has, and two levels if it has them. */
    gits_write(offset, value);
    value = gits_read(offset);
    page_size = page_sizes[value >> 8 & 3];
    entry_size = (value >> 48 & 0x1f) + 1;
    two_levels = two_levels && (value & GITS_BASER_INDIRECT);
    first = table_memory(page_size, 64 * KIB);
    pages = 64 * KIB * entry_size / page_size;
    for (uint64_t i = 0; two_levels && i < pages && i < page_size / 8; i++)
        first[i] = GITS_VALID | (uintptr_t)table_memory(page_size, 64 * KIB);
    dsb();
    gits_write(offset, GITS_VALID | (two_levels ? GITS_BASER_INDIRECT : 0) | TABLE_INNER_CACHE |
                           INNER_SHAREABLE | (uintptr_t)first | (value & 3 << 8));
}

bool its_disable(void)
{
    gits_write32(GITS_CTLR, 0);
    return WAIT_FOR(gits_read32(GITS_CTLR) & GITS_CTLR_QUIESCENT);
}

void its_enable(void)
{
    gits_write32(GITS_CTLR, GITS_CTLR_ENABLED);
}

void its_begin_tables(bool two_levels)
{
    if (!pool_next) {
        pool_next = (uintptr_t)pool;
        set_up_redistributors();
    }
    if (!its_disable())
        die("the ITS does not become quiescent");
    /* The tables are not used any more before their memory is. */
    gits_write(its_baser_of(GITS_BASER_DEVICES), 0);
    if (its_baser_of(GITS_BASER_COLLECTIONS))
        gits_write(its_baser_of(GITS_BASER_COLLECTIONS), 0);
    pool_next = pool_kept;
    set_up_table(GITS_BASER_DEVICES, two_levels);
    set_up_table(GITS_BASER_COLLECTIONS, two_levels);
    gits_write(GITS_CBASER, GITS_VALID | TABLE_INNER_CACHE | INNER_SHAREABLE | (uintptr_t)queue |
                                (QUEUE_SIZE / 4096 - 1));
    gits_write(GITS_CWRITER, 0);
    queue_next = 0;
    queue_held = false;
    its_enable();
    for (unsigned n = 0; n < LPIS; n++)
        lpi_write_config(n, DEFAULT_PRIORITY, true);
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        its_mapc(cpu, cpu);
        its_invall(cpu);
    }
    its_mapd(DEVICE, DEVICE_EVENT_BITS);
    its_sync();
}

void its_begin(void)
{
    its_begin_tables(false);
}
