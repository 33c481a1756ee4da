/* SPDX-License-Identifier: MIT */
/*
 * The guest's tables, as save.c writes them, back into an ITS: all of them, or nothing.
 *
 * The tables are read once. What they say is mapped first, which nobody notices: the ITS translates
 * nothing, the LPIs have no configuration. Only when nothing was wrong the guest's memory is
 * changed (pending bits are taken) and the host told. Distances to the next entry lead upwards
 * only, so every entry is read at most once.
 */
#include "deliver/lpi.h"
#include "its/its.h"

static bool read_chunk(struct its *its, uint64_t address, struct its_chunk *chunk, uint32_t entries)
{
    return its->vm->host->read_guest(its->vm->host_ctx, address, chunk->bytes,
                                     entries * ITS_ENTRY_SIZE);
}

static bool read_table(struct its *its, unsigned table, uint32_t at, struct its_chunk *chunk)
{
    uint64_t address;

    return its_table_place(its, table, at, &address) && read_chunk(its, address, chunk, ITS_CHUNK);
}

static int restore_collection(struct its *its, uint64_t cte)
{
    uint32_t icid = (uint32_t)bits_get(cte, CTE_ICID_HI, CTE_ICID_LO);
    uint32_t redist = (uint32_t)bits_get(cte, CTE_REDIST_HI, CTE_REDIST_LO);

    if (icid >> its->collection_bits || (redist != CTE_UNMAPPED && redist >= its->vm->nr_vcpus))
        return LVGIC_E_INVALID;
    if (its->collections[icid] != NO_COLLECTION)
        return LVGIC_E_EXISTS;
    its->collections[icid] = redist == CTE_UNMAPPED ? NAMED_COLLECTION : (uint16_t)redist;
    return LVGIC_OK;
}

static int restore_collections(struct its *its)
{
    struct its_chunk chunk;

    for (uint32_t at = 0; at < its_table_size(its, 1); at += ITS_CHUNK) {
        if (!read_table(its, 1, at, &chunk))
            continue;
        for (uint32_t n = 0; n < ITS_CHUNK; n++) {
            uint64_t cte = chunk_get(&chunk, n);
            int result = cte & CTE_VALID ? restore_collection(its, cte) : LVGIC_OK;

            if (!(cte & CTE_VALID) || result != LVGIC_OK)
                return result;
        }
    }
    return LVGIC_OK;
}

static int restore_event(struct its *its, _Atomic uint32_t *entry, uint64_t ite)
{
    struct lvgic_vm *vm = its->vm;
    uint32_t intid = (uint32_t)bits_get(ite, ITE_INTID_HI, ITE_INTID_LO);
    uint32_t icid = (uint32_t)bits_get(ite, ITE_ICID_HI, ITE_ICID_LO), target, lpi;

    if (intid < FIRST_LPI || intid - FIRST_LPI >= vm->lpis.nr_intids ||
        icid >> its->collection_bits || its->collections[icid] == NO_COLLECTION)
        return LVGIC_E_INVALID;
    if (lpi_find(vm, &vm->vcpus[0], intid) != LPI_NONE)
        return LVGIC_E_EXISTS;
    target = its->collections[icid] == NAMED_COLLECTION ? IRQ_NOBODY : its->collections[icid];
    lpi = lpi_map(vm, intid, target, its->index, (uint16_t)icid);
    if (lpi == LPI_NONE)
        return LVGIC_E_FEWER_INTIDS;
    /* Release: see map_event(). */
    atomic_store_explicit(entry, event_make(lpi, irq_gen(irq_load(lpi_irq(vm, lpi)))),
                          memory_order_release);
    return LVGIC_OK;
}

static int restore_events(struct its *its, uint32_t index)
{
    uint64_t device = atomic_load_explicit(&its->devices[index], memory_order_relaxed);
    uint32_t nr = device_events(device), size = nr < ITS_CHUNK ? nr : ITS_CHUNK, event = 0;
    struct its_chunk chunk;

    while (event < nr) {
        uint32_t at = event / size * size;

        if (!read_chunk(its, its->itts[index] + (uint64_t)at * ITS_ENTRY_SIZE, &chunk, size))
            return LVGIC_E_INVALID;
        while (event - at < size) {
            uint64_t ite = chunk_get(&chunk, event - at);
            uint32_t next = (uint32_t)bits_get(ite, ITE_NEXT_HI, ITE_NEXT_LO);
            int result;

            if (!bits_get(ite, ITE_INTID_HI, ITE_INTID_LO)) {
                event++;
                continue;
            }
            result = restore_event(its, &its->events[device_first(device) + event], ite);
            if (result != LVGIC_OK || !next)
                return result;
            if (next >= nr - event)
                return LVGIC_E_INVALID;
            event += next;
        }
    }
    return LVGIC_OK;
}

static int restore_device(struct its *its, uint32_t id, uint64_t dte)
{
    uint32_t bits = (uint32_t)bits_get(dte, DTE_SIZE_HI, DTE_SIZE_LO) + 1;
    uint64_t itt = bits_get(dte, DTE_ITT_HI, DTE_ITT_LO) << 8;

    if (bits > ITS_EVENT_BITS)
        return LVGIC_E_INVALID;
    if (its_add_device(its, id, bits, itt) != ITS_DONE)
        return LVGIC_E_FEWER_INTIDS;
    return restore_events(its, its_find_device(its, id));
}

static int restore_devices(struct its *its)
{
    uint32_t size = its_table_size(its, 0), id = 0;
    struct its_chunk chunk;

    while (id < size) {
        uint32_t at = id / ITS_CHUNK * ITS_CHUNK;

        if (!read_table(its, 0, at, &chunk)) {
            id = at + ITS_CHUNK;
            continue;
        }
        while (id - at < ITS_CHUNK && id < size) {
            uint64_t dte = chunk_get(&chunk, id - at);
            uint32_t next = (uint32_t)bits_get(dte, DTE_NEXT_HI, DTE_NEXT_LO);
            int result;

            if (!(dte & DTE_VALID)) {
                id++;
                continue;
            }
            result = restore_device(its, id, dte);
            if (result != LVGIC_OK || !next)
                return result;
            if (next >= size - id)
                return LVGIC_E_INVALID;
            id += next;
        }
    }
    return LVGIC_OK;
}

/* ------------------------------------------------------------------ all, or nothing ----------- */

static void begin_event(struct its *its, uint64_t device, uint32_t event)
{
    uint32_t entry =
        atomic_load_explicit(&its->events[device_first(device) + event], memory_order_relaxed);

    deliver_lpi_reload(its->vm, event_lpi(entry), true);
    its_tell(its, device_id(device), event, true);
}

/* The host has not heard of it. */
static void undo_event(struct its *its, uint64_t device, uint32_t event)
{
    _Atomic uint32_t *entry = &its->events[device_first(device) + event];
    uint32_t old = atomic_load_explicit(entry, memory_order_relaxed);

    atomic_store_explicit(entry, NO_EVENT, memory_order_relaxed);
    deliver_lpi_unmap(its->vm, event_lpi(old));
}

static void each_event(struct its *its,
                       void (*what)(struct its *its, uint64_t device, uint32_t event))
{
    for (uint32_t d = 0; d < its->max_devices; d++) {
        uint64_t device = atomic_load_explicit(&its->devices[d], memory_order_relaxed);

        for (uint32_t e = 0; device && e < device_events(device); e++)
            if (atomic_load_explicit(&its->events[device_first(device) + e],
                                     memory_order_relaxed) != NO_EVENT)
                what(its, device, e);
    }
}

static void undo(struct its *its)
{
    each_event(its, undo_event);
    /* What is left is devices without events, and collections. */
    its_unmap_all(its);
}

static bool is_empty(const struct its *its)
{
    for (uint32_t i = 0; i >> its->collection_bits == 0; i++)
        if (its->collections[i] != NO_COLLECTION)
            return false;
    return its->nr_free_devices == its->max_devices;
}

static int restore_tables(struct its *its)
{
    int result = restore_collections(its);

    if (result == LVGIC_OK)
        result = restore_devices(its);
    if (result != LVGIC_OK) {
        undo(its);
        return result;
    }
    its_forget_names(its);
    each_event(its, begin_event);
    return LVGIC_OK;
}

int its_restore_tables(struct its *its)
{
    int result;

    deliver_lpi_take(its->vm);
    /* No event is translated meanwhile, if it is enabled already. Acquire: as in its_translate().
     */
    if (atomic_fetch_or_explicit(&its->gate, ITS_HELD, memory_order_acquire) & ITS_DROP)
        its_unmap_all(its);
    result = its->job.kind || !is_empty(its) ? LVGIC_E_PHASE : restore_tables(its);
    /* Release: who translates again sees what is mapped. */
    atomic_fetch_and_explicit(&its->gate, ~(uint32_t)ITS_HELD, memory_order_release);
    deliver_lpi_give(its->vm);
    return result;
}
