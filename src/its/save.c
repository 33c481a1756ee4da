/* SPDX-License-Identifier: MIT */
/*
 * What is mapped, and what is pending, written into the guest's tables (KVM's ABI revision 0).
 *
 * Every entry of a table is written, so that none of an earlier save is left. Where the guest has
 * taken the memory away from under what is mapped, that is left out: a guest must not be able to
 * prevent a save.
 */
#include "deliver/gate.h"
#include "deliver/lpi.h"
#include "its/its.h"
#include "lvgic/its.h"

static bool write_chunk(struct its *its, uint64_t address, const struct its_chunk *chunk,
                        uint32_t entries)
{
    return its->vm->host->write_guest(its->vm->host_ctx, address, chunk->bytes,
                                      entries * ITS_ENTRY_SIZE);
}

static uint32_t distance(uint32_t from, uint32_t next, uint32_t most)
{
    if (!next)
        return 0;
    /* Short of it there are only invalid entries, which are stepped over one by one. */
    return next - from < most ? next - from : most;
}

/* ------------------------------------------------------------------ collections --------------- */

/* An unmapped collection is in the table, too, while an event is in it. */
static void name_collections(struct its *its)
{
    const struct lvgic_vm *vm = its->vm;

    for (uint32_t lpi = 0; lpi < vm->lpis.nr; lpi++) {
        const struct lpi *side = &vm->lpis.lpis[lpi];

        if ((irq_load(lpi_irq(vm, lpi)) & IRQ_MAPPED) && side->its == its->index &&
            its->collections[side->icid] == NO_COLLECTION)
            its->collections[side->icid] = NAMED_COLLECTION;
    }
}

void its_forget_names(struct its *its)
{
    for (uint32_t i = 0; i >> its->collection_bits == 0; i++)
        if (its->collections[i] == NAMED_COLLECTION)
            its->collections[i] = NO_COLLECTION;
}

static uint32_t next_collection(const struct its *its, uint32_t icid)
{
    while (icid >> its->collection_bits == 0 && its->collections[icid] == NO_COLLECTION)
        icid++;
    return icid;
}

static uint64_t cte(const struct its *its, uint32_t icid)
{
    uint32_t redist = its->collections[icid];

    if (redist == NAMED_COLLECTION)
        redist = CTE_UNMAPPED;
    return CTE_VALID | bits_put(0, CTE_REDIST_HI, CTE_REDIST_LO, redist) |
           bits_put(0, CTE_ICID_HI, CTE_ICID_LO, icid);
}

/* A list without gaps. The first ICID for which there was no room any more. */
static uint32_t save_collections(struct its *its)
{
    uint32_t icid = next_collection(its, 0);

    for (uint32_t at = 0; at < its_table_size(its, 1); at += ITS_CHUNK) {
        struct its_chunk chunk = {.bytes = {0}};
        uint32_t from = icid;
        uint64_t address;

        if (!its_table_place(its, 1, at, &address))
            continue;
        for (uint32_t n = 0; n < ITS_CHUNK && icid >> its->collection_bits == 0; n++) {
            chunk_put(&chunk, n, cte(its, icid));
            icid = next_collection(its, icid + 1);
        }
        if (!write_chunk(its, address, &chunk, ITS_CHUNK))
            icid = from;
    }
    return icid;
}

/* ------------------------------------------------------------------ devices ------------------- */

static uint64_t ite(const struct lpi *side, uint32_t next)
{
    /* Relaxed: a mapped slot keeps its INTID. */
    uint32_t intid = atomic_load_explicit(&side->intid, memory_order_relaxed);

    return bits_put(0, ITE_NEXT_HI, ITE_NEXT_LO, next) |
           bits_put(0, ITE_INTID_HI, ITE_INTID_LO, intid) | side->icid;
}

/* The ITT of a device, from its end, so that the next one is known. False: it is not in memory. */
static bool save_events(struct its *its, uint32_t index, uint32_t end_icid)
{
    uint64_t device = atomic_load_explicit(&its->devices[index], memory_order_relaxed);
    uint32_t nr = device_events(device), size = nr < ITS_CHUNK ? nr : ITS_CHUNK, next = 0;

    for (uint32_t at = nr; at > 0;) {
        struct its_chunk chunk = {.bytes = {0}};

        at -= size;
        for (uint32_t n = size; n-- > 0;) {
            uint32_t event = at + n;
            uint32_t entry = atomic_load_explicit(&its->events[device_first(device) + event],
                                                  memory_order_relaxed);
            const struct lpi *side;

            if (entry == NO_EVENT)
                continue;
            side = &its->vm->lpis.lpis[event_lpi(entry)];
            if (side->icid >= end_icid)
                continue;
            chunk_put(&chunk, n, ite(side, distance(event, next, 0xffff)));
            next = event;
        }
        if (!write_chunk(its, its->itts[index] + (uint64_t)at * ITS_ENTRY_SIZE, &chunk, size))
            return false;
    }
    return true;
}

static uint64_t dte(const struct its *its, uint32_t index, uint32_t next)
{
    uint32_t events =
        device_events(atomic_load_explicit(&its->devices[index], memory_order_relaxed));

    return DTE_VALID | bits_put(0, DTE_NEXT_HI, DTE_NEXT_LO, next) |
           bits_put(0, DTE_ITT_HI, DTE_ITT_LO, its->itts[index] >> 8) |
           bits_put(0, DTE_SIZE_HI, DTE_SIZE_LO, bits_first(events) - 1);
}

static void save_devices(struct its *its, uint32_t end_icid)
{
    uint32_t next = 0; /* the DeviceID of the last one that was written */

    for (uint32_t at = (uint32_t)align_up(its_table_size(its, 0), ITS_CHUNK); at > 0;) {
        struct its_chunk chunk = {.bytes = {0}};
        uint32_t before = next;
        uint64_t address;

        at -= ITS_CHUNK;
        if (!its_table_place(its, 0, at, &address))
            continue;
        for (uint32_t n = ITS_CHUNK; n-- > 0;) {
            uint32_t index = its_find_device(its, at + n);

            if (index == NO_DEVICE || !save_events(its, index, end_icid))
                continue;
            chunk_put(&chunk, n,
                      dte(its, index,
                          distance(at + n, next, (uint32_t)MASK64(DTE_NEXT_HI - DTE_NEXT_LO, 0))));
            next = at + n;
        }
        if (!write_chunk(its, address, &chunk, ITS_CHUNK))
            next = before;
    }
}

int its_save_tables(struct its *its)
{
    if (!its->vm->host->write_guest)
        return LVGIC_E_INVALID;
    deliver_lpi_take(its->vm);
    /* Acquire: as in its_translate(). */
    if (atomic_load_explicit(&its->gate, memory_order_acquire) & ITS_DROP)
        its_unmap_all(its); /* what is mapped is not in the table that there is now */
    name_collections(its);
    save_devices(its, save_collections(its));
    its_forget_names(its);
    deliver_lpi_give(its->vm);
    return LVGIC_OK;
}

/* ------------------------------------------------------------------ pending tables ------------ */

static bool is_enabled(const struct lvgic_vm *vm, uint32_t vcpu)
{
    return vcpu < vm->nr_vcpus && vcpu_lpi_stamp(&vm->vcpus[vcpu]);
}

/* The vCPU in whose table it is looked for when it is mapped again: MOVALL may have taken it away
 * from its collection's, but tables do not say so. */
static uint32_t table_of(const struct lvgic_vm *vm, uint32_t lpi, uint64_t w)
{
    const struct lpi *side = &vm->lpis.lpis[lpi];
    uint32_t vcpu = vm->nr_its ? vm->its[side->its].collections[side->icid] : irq_target(w);

    return is_enabled(vm, vcpu) ? vcpu : irq_target(w);
}

static void save_pending(struct lvgic_vm *vm, uint32_t lpi)
{
    /* Acquire: what is pending is the INTID's of this life of the slot. */
    uint64_t w = atomic_load_explicit(&lpi_irq(vm, lpi)->word, memory_order_acquire);
    uint32_t vcpu = table_of(vm, lpi, w), intid = vm_intid(vm, lpi_to_slot(vm, lpi));
    bool pending = (w & IRQ_MAPPED) && irq_pending(w) && is_enabled(vm, irq_target(w)) &&
                   !vcpu_lpi_is_stale(&vm->vcpus[irq_target(w)], w);
    uint8_t bit = (uint8_t)(1u << intid % 8), byte, now;

    /* The table of a redistributor that is disabled is the guest's. */
    if (!(w & IRQ_MAPPED) || !is_enabled(vm, vcpu))
        return;

    const struct lpi_redist *redist = &vm->vcpus[vcpu].lpis;
    uint64_t id_bits =
        bits_get(atomic_load_explicit(&redist->propbaser, memory_order_relaxed), 4, 0);
    uint64_t base = atomic_load_explicit(&redist->pendbaser, memory_order_relaxed);
    uint64_t address = (base & MASK64(51, 16)) + intid / 8;

    if ((uint64_t)intid >> (id_bits + 1) || !vm->host->read_guest(vm->host_ctx, address, &byte, 1))
        return;
    now = pending ? byte | bit : byte & (uint8_t)~bit;
    if (now != byte)
        vm->host->write_guest(vm->host_ctx, address, &now, 1);
}

int its_save_pending(struct lvgic_vm *vm)
{
    struct gate gate;

    if (!vm->lpis.nr)
        return LVGIC_E_NO_DEVICE;
    if (!vm->host->write_guest)
        return LVGIC_E_INVALID;
    deliver_lpi_take(vm);
    /* What was in list registers is in the words then. */
    gate_init(&gate);
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        gate_hold(vm, &gate, v);
    for (uint32_t lpi = 0; lpi < vm->lpis.nr; lpi++)
        save_pending(vm, lpi);
    gate_release(vm, &gate);
    deliver_lpi_give(vm);
    return LVGIC_OK;
}
