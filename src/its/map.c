/* SPDX-License-Identifier: MIT */
/* Devices and their events: memory, and the guest's tables that say which may be. */
#include "deliver/lpi.h"
#include "its/its.h"

bool its_config_valid(const struct lvgic_config *config)
{
    return config->nr_its <= MAX_ITS && config->its_device_bits <= 20 &&
           config->its_collection_bits <= 16 && config->its_devices < NO_DEVICE &&
           config->its_events <= MAX_EVENTS;
}

static void limits(struct its *its, const struct lvgic_config *config)
{
    uint32_t events = config->its_events ? config->its_events : config->nr_lpis * 2;

    if (!config->its_events && events < 1u << ITS_EVENT_BITS)
        events = 1u << ITS_EVENT_BITS;
    its->device_bits = config->its_device_bits ? config->its_device_bits : 16;
    its->collection_bits = config->its_collection_bits ? config->its_collection_bits : 16;
    its->stalls = config->its_stall;
    its->max_devices = config->its_devices ? config->its_devices : 256;
    its->max_events = (uint32_t)align_up(events, EVENT_GRAIN);
}

static uint32_t grain_words(const struct its *its)
{
    return (its->max_events / EVENT_GRAIN + 63) / 64;
}

size_t its_layout(struct lvgic_vm *vm, const struct lvgic_config *config, void *memory, size_t used)
{
    vm->nr_its = config->nr_its;
    vm->its = vm_take(memory, &used, sizeof(struct its) * vm->nr_its);
    for (uint32_t i = 0; i < vm->nr_its; i++) {
        struct its sizes, *its = memory ? &vm->its[i] : &sizes;

        limits(its, config);
        its->device_of = vm_take(memory, &used, sizeof(uint16_t) << its->device_bits);
        its->devices = vm_take(memory, &used, sizeof(uint64_t) * its->max_devices);
        its->events = vm_take(memory, &used, sizeof(uint32_t) * its->max_events);
        its->itts = vm_take(memory, &used, sizeof(uint64_t) * its->max_devices);
        its->free_devices = vm_take(memory, &used, sizeof(uint16_t) * its->max_devices);
        its->used_grains = vm_take(memory, &used, sizeof(uint64_t) * grain_words(its));
        its->collections = vm_take(memory, &used, sizeof(uint16_t) << its->collection_bits);
    }
    return used;
}

void its_reset(struct lvgic_vm *vm)
{
    for (uint32_t n = 0; n < vm->nr_its; n++) {
        struct its *its = &vm->its[n];
        uint32_t grains = its->max_events / EVENT_GRAIN;

        its->vm = vm;
        its->index = (uint8_t)n;
        atomic_init(&its->address, NO_ADDRESS);
        atomic_init(&its->baser[0], GITS_BASER_FIXED(GITS_BASER_DEVICES));
        atomic_init(&its->baser[1], GITS_BASER_FIXED(GITS_BASER_COLLECTIONS));
        for (uint32_t i = 0; i >> its->device_bits == 0; i++)
            atomic_init(&its->device_of[i], NO_DEVICE);
        for (uint32_t i = 0; i >> its->collection_bits == 0; i++)
            its->collections[i] = NO_COLLECTION;
        for (uint32_t i = 0; i < its->max_events; i++)
            atomic_init(&its->events[i], NO_EVENT);
        /* What the last word has beyond the entries is nobody's. */
        if (grains % 64)
            its->used_grains[grains / 64] = ~UINT64_C(0) << grains % 64;
        for (uint32_t i = 0; i < its->max_devices; i++)
            its->free_devices[i] = (uint16_t)i;
        its->nr_free_devices = its->max_devices;
    }
    vm->its_work = its_work;
}

/* ------------------------------------------------------------------ grains -------------------- */

static uint32_t grains_of(uint32_t events)
{
    return events > EVENT_GRAIN ? events / EVENT_GRAIN : 1;
}

/* Bits that begin a run of `nr` free ones, nr a power of two below 64 and the runs aligned to it.
 */
static uint64_t runs(uint64_t used, uint32_t nr)
{
    uint64_t clear = ~used, aligned = ~UINT64_C(0) / (BIT64(nr) - 1); /* every nr-th bit */

    for (uint32_t step = 1; step < nr; step *= 2)
        clear &= clear >> step;
    return clear & aligned;
}

static bool words_are_free(const struct its *its, uint32_t first, uint32_t nr)
{
    for (uint32_t i = 0; i < nr; i++)
        if (its->used_grains[first + i])
            return false;
    return true;
}

/* The first grain of `nr` free ones, which are taken; NO_EVENT if there are none. */
static uint32_t take_grains(struct its *its, uint32_t nr)
{
    uint32_t step = nr < 64 ? 1 : nr / 64;

    for (uint32_t w = 0; w + step <= grain_words(its); w += step) {
        if (nr >= 64 && words_are_free(its, w, step)) {
            for (uint32_t i = 0; i < step; i++)
                its->used_grains[w + i] = ~UINT64_C(0);
            return w * 64;
        }
        uint64_t at = nr < 64 && ~its->used_grains[w] ? runs(its->used_grains[w], nr) : 0;

        if (at) {
            its->used_grains[w] |= (BIT64(nr) - 1) << bits_first(at);
            return w * 64 + bits_first(at);
        }
    }
    return NO_EVENT;
}

static void give_grains(struct its *its, uint32_t first, uint32_t nr)
{
    for (uint32_t g = first; g < first + nr; g++)
        its->used_grains[g / 64] &= ~BIT64(g % 64);
}

/* ------------------------------------------------------------------ devices ------------------- */

uint32_t its_find_device(const struct its *its, uint32_t id)
{
    if (id >> its->device_bits)
        return NO_DEVICE;
    return atomic_load_explicit(&its->device_of[id], memory_order_relaxed);
}

uint32_t its_add_device(struct its *its, uint32_t id, uint32_t bits, uint64_t itt)
{
    uint32_t grain;

    if (!its->nr_free_devices) {
        its_error_limit(its);
        return ITS_E_MAPD_DEVICE_OOR;
    }
    grain = take_grains(its, grains_of(1u << bits));
    if (grain == NO_EVENT) {
        its_error_limit(its);
        return ITS_E_MAPD_ITTSIZE_OOR;
    }

    uint16_t index = its->free_devices[--its->nr_free_devices];

    its->itts[index] = itt;
    /* Release, in this order: who translates goes the other way. */
    atomic_store_explicit(&its->devices[index], device_make(id, bits, grain), memory_order_release);
    atomic_store_explicit(&its->device_of[id], index, memory_order_release);
    return ITS_DONE;
}

_Atomic uint32_t *its_find_event(struct its *its, uint32_t id, uint32_t event)
{
    uint32_t index = its_find_device(its, id);
    uint64_t device;

    if (index == NO_DEVICE)
        return NULL;
    device = atomic_load_explicit(&its->devices[index], memory_order_relaxed);
    return event < device_events(device) ? &its->events[device_first(device) + event] : NULL;
}

void its_tell(struct its *its, uint32_t device, uint32_t event, bool mapped)
{
    const struct lvgic_host *host = its->vm->host;

    if (host->event_mapped)
        host->event_mapped(its->vm->host_ctx, its->index, device, event, mapped);
}

void its_unmap_event(struct its *its, uint32_t device, uint32_t event)
{
    _Atomic uint32_t *entry = its_find_event(its, device, event);
    uint32_t old = entry ? atomic_load_explicit(entry, memory_order_relaxed) : NO_EVENT;

    if (old == NO_EVENT)
        return;
    /* Relaxed: who still finds the old one is refused by the slot. */
    atomic_store_explicit(entry, NO_EVENT, memory_order_relaxed);
    deliver_lpi_unmap(its->vm, event_lpi(old));
    its_tell(its, device, event, false);
}

/* Events from the cursor on, 32 or one mapped one for each unit. True: the device is gone. */
static bool drop_device(struct its *its, uint32_t index, uint32_t *cursor, uint32_t *budget)
{
    uint64_t device = atomic_load_explicit(&its->devices[index], memory_order_relaxed);
    uint32_t nr = device_events(device), first = device_first(device);

    while (*cursor < nr) {
        _Atomic uint32_t *entry = &its->events[first + *cursor];

        if (atomic_load_explicit(entry, memory_order_relaxed) != NO_EVENT) {
            if (!lpi_spend(budget))
                return false;
            its_unmap_event(its, device_id(device), *cursor);
        }
        if (++*cursor % 32 == 0 && !lpi_spend(budget))
            return false;
    }
    /* Nothing is mapped there any more. Relaxed: when the entries have become another device's, who
     * finds one of that device's has acquired it, and with it these; see its_translate(). */
    atomic_store_explicit(&its->device_of[device_id(device)], NO_DEVICE, memory_order_relaxed);
    atomic_store_explicit(&its->devices[index], 0, memory_order_relaxed);
    give_grains(its, first / EVENT_GRAIN, grains_of(nr));
    its->free_devices[its->nr_free_devices++] = (uint16_t)index;
    return true;
}

static bool drop_all(struct its *its, uint32_t *budget)
{
    struct its_job *job = &its->job;

    for (; job->device < its->max_devices; job->device++, job->cursor = 0) {
        if (!lpi_spend(budget))
            return false;
        if (atomic_load_explicit(&its->devices[job->device], memory_order_relaxed) &&
            !drop_device(its, job->device, &job->cursor, budget))
            return false;
    }
    for (; job->cursor >> its->collection_bits == 0; job->cursor++) {
        if (job->cursor % 64 == 0 && !lpi_spend(budget))
            return false;
        its->collections[job->cursor] = NO_COLLECTION;
    }
    /* Release: events are translated again only after that. */
    atomic_fetch_and_explicit(&its->gate, ~(uint32_t)ITS_DROP, memory_order_release);
    return true;
}

/* ------------------------------------------------------------------ jobs ---------------------- */

static bool of_collection(const struct its *its, uint32_t lpi)
{
    const struct lpi *side = &its->vm->lpis.lpis[lpi];

    return side->icid == its->job.icid && side->its == its->index &&
           (irq_load(lpi_irq(its->vm, lpi)) & IRQ_MAPPED);
}

/* All slots are looked through: MOVALL may have taken LPIs anywhere. */
static bool route_collection(struct its *its, uint32_t *budget)
{
    struct its_job *job = &its->job;

    for (; job->cursor < its->vm->lpis.nr; job->cursor++) {
        if (job->cursor % 64 == 0 && !lpi_spend(budget))
            return false;
        if (!of_collection(its, job->cursor))
            continue;
        if (!lpi_spend(budget))
            return false;
        if (job->to == IRQ_NOBODY) {
            deliver_lpi_cut(its->vm, job->cursor, true);
        } else {
            deliver_lpi_move(its->vm, job->cursor, job->to);
            deliver_lpi_cut(its->vm, job->cursor, false);
            deliver_lpi_reload(its->vm, job->cursor, false);
        }
    }
    return true;
}

static bool sweep_members(struct its *its, uint32_t *budget)
{
    struct its_job *job = &its->job;
    const struct lpi_redist *redist = &its->vm->vcpus[job->from].lpis;

    while (job->cursor < its->vm->lpis.nr) {
        uint64_t bits = redist->members[job->cursor / 64] >> job->cursor % 64;

        if (!lpi_spend(budget))
            return false;
        if (!bits) {
            job->cursor = (job->cursor | 63) + 1;
            continue;
        }
        job->cursor += bits_first(bits);
        if (job->kind == JOB_MOVALL)
            deliver_lpi_move(its->vm, job->cursor, job->to);
        else if (of_collection(its, job->cursor))
            deliver_lpi_reload(its->vm, job->cursor, false);
        job->cursor++;
    }
    return true;
}

bool its_job_work(struct its *its, uint32_t *budget)
{
    struct its_job *job = &its->job;

    switch (job->kind) {
    case JOB_MAPC:
        if (!route_collection(its, budget))
            return false;
        /* Only now: until then the command can be carried out from its beginning, as it is after a
         * restore. */
        its->collections[job->icid] = job->to == IRQ_NOBODY ? NO_COLLECTION : (uint16_t)job->to;
        return true;
    case JOB_MOVALL:
    case JOB_INVALL:
        return sweep_members(its, budget);
    case JOB_DROP:
        return drop_device(its, job->from, &job->cursor, budget);
    case JOB_DROP_ALL:
        return drop_all(its, budget);
    case JOB_NONE:
        break;
    }
    return true;
}

/* ------------------------------------------------------------------ the guest's tables -------- */

static bool readable(const struct its *its, uint64_t address)
{
    uint8_t entry[ITS_ENTRY_SIZE];

    return its->vm->host->read_guest(its->vm->host_ctx, address, entry, sizeof entry);
}

enum { PER_PAGE = ITS_PAGE / ITS_ENTRY_SIZE };

uint32_t its_table_size(struct its *its, unsigned table)
{
    uint64_t baser = atomic_load_explicit(&its->baser[table], memory_order_relaxed);
    uint64_t ids = BIT64(table ? its->collection_bits : its->device_bits);
    uint64_t entries = (bits_get(baser, 7, 0) + 1) * PER_PAGE;

    if (!(baser & GITS_BASER_VALID))
        return 0;
    if (baser & GITS_BASER_INDIRECT)
        entries *= PER_PAGE;
    return (uint32_t)(entries < ids ? entries : ids);
}

bool its_table_place(struct its *its, unsigned table, uint32_t id, uint64_t *address)
{
    uint64_t baser = atomic_load_explicit(&its->baser[table], memory_order_relaxed), page = 0;
    uint8_t level1[ITS_ENTRY_SIZE];

    if (id >= its_table_size(its, table))
        return false;
    *address = gits_baser_address(baser) + (uint64_t)id * ITS_ENTRY_SIZE;
    if (!(baser & GITS_BASER_INDIRECT))
        return true;
    /* Two levels: the first says where the page is, and whether. */
    if (!its->vm->host->read_guest(its->vm->host_ctx,
                                   gits_baser_address(baser) +
                                       (uint64_t)(id / PER_PAGE) * ITS_ENTRY_SIZE,
                                   level1, sizeof level1))
        return false;
    for (unsigned i = 0; i < sizeof level1; i++)
        page |= (uint64_t)level1[i] << i * 8;
    *address = (page & ITS_L1_ADDRESS) + (uint64_t)(id % PER_PAGE) * ITS_ENTRY_SIZE;
    return page & ITS_L1_VALID;
}

bool its_table_has(struct its *its, unsigned table, uint32_t id)
{
    uint64_t address;

    return its_table_place(its, table, id, &address) && readable(its, address);
}

void its_unmap_all(struct its *its)
{
    uint32_t budget;

    its->job = (struct its_job){.kind = JOB_DROP_ALL};
    do
        budget = UINT32_MAX;
    while (!its_job_work(its, &budget));
    its->job.kind = JOB_NONE;
    /* Release: as in its_work(). */
    atomic_store_explicit(&its->busy, 0, memory_order_release);
}

void its_fini(struct lvgic_vm *vm)
{
    /* Who is told of an event may call the library. */
    deliver_lpi_take(vm);
    for (uint32_t i = 0; i < vm->nr_its; i++)
        its_unmap_all(&vm->its[i]);
    /* Not deliver_lpi_give(): nothing is begun any more. Relaxed: nobody else is there. */
    atomic_store_explicit(&vm->lpis.claim, 0, memory_order_relaxed);
    for (uint32_t i = 0; vm->lpis.of_vcpu && i < vm->lpis.nr; i++)
        deliver_lpi_unmap(vm, i);
}
