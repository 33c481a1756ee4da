/* SPDX-License-Identifier: MIT */
/* The registers of an ITS (IHI 0069H, 12.19). */
#include "arch/registers.h"
#include "deliver/lpi.h"
#include "its/its.h"
#include "mmio/mmio.h"

enum { STATUS_RRD = 1, STATUS_WRD = 2, STATUS_RWOD = 4, STATUS_WROD = 8, STATUS_ALL = 15 };

static uint64_t typer(const struct its *its)
{
    uint64_t collections =
        its->collection_bits == 16 ? 0 : BIT64(36) | (uint64_t)(its->collection_bits - 1) << 32;

    return BIT64(0) | (ITS_ENTRY_SIZE - 1) << 4 | (ITS_EVENT_BITS - 1) << 8 |
           (uint64_t)(its->device_bits - 1u) << 13 | collections;
}

static uint64_t ctlr(struct its *its)
{
    /* See its_work(). Acquire: who reads Quiescent sees what was done before. */
    uint32_t gate = atomic_load_explicit(&its->gate, memory_order_seq_cst);
    uint32_t busy = atomic_load_explicit(&its->busy, memory_order_seq_cst);
    bool quiescent = !(gate & ITS_ENABLED) && !(gate & ITS_DROP) && !busy;

    return (gate & ITS_ENABLED ? GITS_CTLR_ENABLED : 0) | (quiescent ? GITS_CTLR_QUIESCENT : 0);
}

uint64_t its_register(struct its *its, enum reg_hook hook)
{
    switch (hook) {
    case REG_HOOK_GITS_CTLR:
        return ctlr(its);
    case REG_HOOK_GITS_IIDR: /* its revision is that of the ABI of tables: 0 */
        return atomic_load_explicit(&its->vm->iidr, memory_order_relaxed) &
               ~MASK64(IIDR_REVISION_HI, IIDR_REVISION_LO);
    case REG_HOOK_GITS_TYPER:
        return typer(its);
    case REG_HOOK_GITS_STATUSR:
        return atomic_load_explicit(&its->statusr, memory_order_relaxed);
    case REG_HOOK_GITS_CBASER:
        return atomic_load_explicit(&its->cbaser, memory_order_relaxed);
    case REG_HOOK_GITS_CWRITER:
        return atomic_load_explicit(&its->cwriter, memory_order_relaxed);
    case REG_HOOK_GITS_CREADR:
        /* Acquire: who sees that a command is done sees what it did. */
        return atomic_load_explicit(&its->creadr, memory_order_acquire);
    case REG_HOOK_GITS_BASER0:
    case REG_HOOK_GITS_BASER1:
        return atomic_load_explicit(&its->baser[hook - REG_HOOK_GITS_BASER0], memory_order_relaxed);
    default:
        return 0;
    }
}

/* The guest waits for what these say. */
static uint64_t read_register(struct its *its, enum reg_hook hook)
{
    if (hook == REG_HOOK_GITS_CTLR || hook == REG_HOOK_GITS_CREADR)
        deliver_lpi_work_now(its->vm);
    return its_register(its, hook);
}

static bool is_enabled(struct its *its)
{
    return atomic_load_explicit(&its->gate, memory_order_acquire) & ITS_ENABLED;
}

static bool is_valid(_Atomic uint64_t *base)
{
    return atomic_load_explicit(base, memory_order_relaxed) & GITS_BASER_VALID;
}

static void write_ctlr(struct its *its, uint64_t value)
{
    if (!(value & GITS_CTLR_ENABLED)) {
        /* Sequentially consistent: see its_work(). Events that are being translated just now were
         * sent before this. */
        atomic_fetch_and_explicit(&its->gate, ~(uint32_t)ITS_ENABLED, memory_order_seq_cst);
        return;
    }
    if (!is_valid(&its->cbaser) || !is_valid(&its->baser[0]) || !is_valid(&its->baser[1]))
        return;
    atomic_fetch_or_explicit(&its->gate, ITS_ENABLED, memory_order_seq_cst);
}

static void write_cbaser(struct its *its, const struct lvgic_access *access, uint64_t value)
{
    uint64_t old = atomic_load_explicit(&its->cbaser, memory_order_relaxed);

    if (is_enabled(its))
        return;
    atomic_store_explicit(&its->cbaser, mmio_merge(access, old, value) & GITS_CBASER_KEPT,
                          memory_order_relaxed);
    atomic_store_explicit(&its->creadr, 0, memory_order_relaxed);
    atomic_store_explicit(&its->cwriter, 0, memory_order_relaxed);
}

static void write_baser(struct its *its, unsigned table, const struct lvgic_access *access,
                        uint64_t value)
{
    uint64_t old = atomic_load_explicit(&its->baser[table], memory_order_relaxed), now;

    if (is_enabled(its))
        return;
    now = gits_baser_kept(table, mmio_merge(access, old, value));
    atomic_store_explicit(&its->baser[table], now, memory_order_relaxed);
    /* What was mapped is not in the new table. Release: the table before the request. */
    if (now != old)
        atomic_fetch_or_explicit(&its->gate, ITS_DROP, memory_order_release);
}

static void write_cwriter(struct its *its, const struct lvgic_access *access, uint64_t value)
{
    uint64_t cbaser = atomic_load_explicit(&its->cbaser, memory_order_relaxed);
    uint64_t old = atomic_load_explicit(&its->cwriter, memory_order_relaxed);
    uint64_t creadr = atomic_load_explicit(&its->creadr, memory_order_relaxed);

    value = mmio_merge(access, old, value);
    if ((value & GITS_QUEUE_OFFSET) >= (bits_get(cbaser, 7, 0) + 1) * 4096)
        return;
    /* Release: the commands were written before. */
    atomic_store_explicit(&its->cwriter, value & GITS_QUEUE_OFFSET, memory_order_release);
    if ((value & GITS_CWRITER_RETRY) && (creadr & GITS_CREADR_STALLED))
        atomic_compare_exchange_strong_explicit(&its->creadr, &creadr,
                                                creadr & ~GITS_CREADR_STALLED, memory_order_relaxed,
                                                memory_order_relaxed);
}

static void write_register(struct its *its, enum reg_hook hook, const struct lvgic_access *access,
                           uint64_t value)
{
    switch (hook) {
    case REG_HOOK_GITS_CTLR:
        write_ctlr(its, value);
        break;
    case REG_HOOK_GITS_STATUSR: /* writing 1 clears */
        atomic_fetch_and_explicit(&its->statusr, ~(uint32_t)value, memory_order_relaxed);
        return;
    case REG_HOOK_GITS_CBASER:
        write_cbaser(its, access, value);
        return;
    case REG_HOOK_GITS_CWRITER:
        write_cwriter(its, access, value);
        break;
    case REG_HOOK_GITS_BASER0:
    case REG_HOOK_GITS_BASER1:
        write_baser(its, hook - REG_HOOK_GITS_BASER0, access, value);
        break;
    default: /* read-only */
        return;
    }
    deliver_lpi_work_now(its->vm);
}

static void note(struct its *its, uint32_t status)
{
    atomic_fetch_or_explicit(&its->statusr, status, memory_order_relaxed);
}

void its_access(struct its *its, struct lvgic_access *access)
{
    const struct reg_row *row = reg_find(gits_rows, nr_gits_rows, access->offset);
    unsigned size = access->size, shift;
    uint64_t value = 0;

    if (!row)
        note(its, access->write ? STATUS_WRD : STATUS_RRD);
    else if (access->write && row->op == REG_OP_CONST)
        note(its, STATUS_WROD);
    /* As in the other frames: reads as zero and ignores writes. */
    if (!row || !size || size > 8 || (size & (size - 1)) || !(row->sizes & size) ||
        access->offset % size) {
        access->value = access->write ? access->value : 0;
        return;
    }
    shift = (access->offset - row->offset) % row->width * 8;
    if (access->write) {
        if (row->op == REG_OP_HOOK)
            write_register(its, (enum reg_hook)row->value, access, access->value << shift);
        return;
    }
    if (row->op == REG_OP_CONST)
        value = row->value;
    else if (row->op == REG_OP_HOOK)
        value = read_register(its, (enum reg_hook)row->value);
    access->value = value >> shift & (~UINT64_C(0) >> (64 - size * 8));
}

/* ------------------------------------------------------------------ a VMM's writes ------------ */

static void put_ctlr(struct its *its, uint64_t value)
{
    /* Sequentially consistent: see its_work(). The queue and the tables may be written later. */
    if (value & GITS_CTLR_ENABLED)
        atomic_fetch_or_explicit(&its->gate, ITS_ENABLED, memory_order_seq_cst);
    else
        atomic_fetch_and_explicit(&its->gate, ~(uint32_t)ITS_ENABLED, memory_order_seq_cst);
}

/* As for the guest, what was mapped is not in another table. */
static void put_baser(struct its *its, unsigned table, uint64_t value)
{
    value = gits_baser_kept(table, value);
    if (atomic_exchange_explicit(&its->baser[table], value, memory_order_relaxed) != value)
        its_unmap_all(its);
}

void its_put_register(struct its *its, enum reg_hook hook, uint64_t value)
{
    uint64_t stalled = its->stalls ? GITS_CREADR_STALLED : 0;

    switch (hook) {
    case REG_HOOK_GITS_CTLR:
        put_ctlr(its, value);
        break;
    case REG_HOOK_GITS_STATUSR:
        atomic_store_explicit(&its->statusr, value & STATUS_ALL, memory_order_relaxed);
        break;
    case REG_HOOK_GITS_CBASER:
        atomic_store_explicit(&its->cbaser, value & GITS_CBASER_KEPT, memory_order_relaxed);
        break;
    case REG_HOOK_GITS_CWRITER:
        atomic_store_explicit(&its->cwriter, value & GITS_QUEUE_OFFSET, memory_order_relaxed);
        break;
    case REG_HOOK_GITS_CREADR:
        atomic_store_explicit(&its->creadr, value & (GITS_QUEUE_OFFSET | stalled),
                              memory_order_relaxed);
        break;
    case REG_HOOK_GITS_BASER0:
    case REG_HOOK_GITS_BASER1:
        put_baser(its, hook - REG_HOOK_GITS_BASER0, value);
        break;
    default: /* read-only */
        break;
    }
}

void its_reset_registers(struct its *its)
{
    put_ctlr(its, 0);
    its_unmap_all(its);
    for (enum reg_hook hook = REG_HOOK_GITS_STATUSR; hook <= REG_HOOK_GITS_BASER1; hook++)
        its_put_register(its, hook, 0);
}
