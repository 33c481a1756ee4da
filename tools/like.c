/* SPDX-License-Identifier: MIT */
#include "like.h"

#include <stdlib.h>

#include "its/its.h"
#include "state/format.h"

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
    return true;
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx, (void)v, (void)pintid;
}

static bool no_memory(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    (void)ctx, (void)gpa, (void)data, (void)size;
    return false;
}

const struct lvgic_host like_host = {.kick = kick,
                                     .phys_line = phys_line,
                                     .phys_deactivate = phys_deactivate,
                                     .read_guest = no_memory};

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Of a redistributor's own LPIs the last one counts; of events, all. */
static void add_lpis(struct lvgic_config *config, const uint8_t *c, bool of_device)
{
    uint32_t count = snap_get32(c + (of_device ? DEVICE_AT_COUNT : REDIST_AT_COUNT));
    const uint8_t *end = c + REDIST_AT_ENTRIES + (size_t)count * LPI_SIZE;

    if (of_device)
        config->nr_lpis += count;
    else if (count)
        config->nr_lpis =
            larger(config->nr_lpis, snap_get32(end - LPI_SIZE + LPI_AT_INTID) - FIRST_LPI + 1);
}

/* Limits that do. */
static void limits_like(struct lvgic_config *config, const uint8_t *snapshot, size_t size)
{
    uint32_t devices[MAX_ITS] = {0}, its;
    uint64_t events[MAX_ITS] = {0}, most = 0;
    bool has_lpis = false;
    struct snap_rec rec;

    for (size_t at = SNAP_HEADER_SIZE; snap_next(snapshot, size, &at, &rec);) {
        const uint8_t *c = rec.content;

        switch (rec.type) {
        case SNAP_LPIS:
            has_lpis = true;
            config->lpi_id_bits = (uint8_t)snap_get32(c + LPIS_AT_ID_BITS);
            config->nr_its = (uint8_t)snap_get32(c + LPIS_AT_NR_ITS);
            config->its_device_bits = snap_get8(c + LPIS_AT_DEVICE_BITS);
            config->its_collection_bits = snap_get8(c + LPIS_AT_COLLECTION_BITS);
            config->its_stall = snap_get8(c + LPIS_AT_STALLS);
            break;
        case SNAP_REDIST:
            add_lpis(config, c, false);
            break;
        case SNAP_DEVICE:
            add_lpis(config, c, true);
            its = snap_get32(c + DEVICE_AT_ITS);
            config->its_devices = larger(config->its_devices, ++devices[its]);
            /* Twice: from tables they are made in an order that may leave gaps. */
            events[its] += 2 * larger(EVENT_GRAIN, 1u << snap_get32(c + DEVICE_AT_BITS));
            most = events[its] > most ? events[its] : most;
            break;
        default:
            break;
        }
    }
    if (has_lpis)
        config->nr_lpis = larger(config->nr_lpis, 1);
    config->its_events = (uint32_t)(most < MAX_EVENTS ? most : MAX_EVENTS);
}

static void map_like(struct lvgic_vm *vm, const uint8_t *snapshot, size_t size)
{
    size_t at = SNAP_HEADER_SIZE;
    struct snap_rec rec;

    while (snap_next(snapshot, size, &at, &rec)) {
        struct snap_range range;

        if (rec.type != SNAP_IRQS)
            continue;
        range = snap_range(&rec);
        for (uint32_t i = 0; i < range.count; i++) {
            const uint8_t *entry = range.entries + (size_t)i * range.entry_size;

            if (snap_get32(entry + IRQ_AT_STATE) & SNAP_STATE_MAPPED)
                lvgic_map_hw(vm, LVGIC_VCPU(range.vcpu), LVGIC_INTID(range.first + i),
                             snap_get32(entry + IRQ_AT_PINTID));
        }
    }
}

struct lvgic_vm *like_make(const uint8_t *snapshot, size_t size, unsigned nr_lrs,
                           const struct lvgic_host *host, void *ctx, void **memory)
{
    lvgic_affinity affinity[MAX_VCPUS];
    struct snap_config from;
    struct snap_fault fault;
    struct lvgic_vm *vm = NULL;

    if (snap_check(snapshot, size, &from, &fault) != LVGIC_OK)
        return NULL;

    struct lvgic_config config = {
        .nr_vcpus = from.nr_vcpus,
        .nr_spis = from.nr_spis,
        .nr_espis = from.nr_espis,
        .nr_eppis = from.nr_eppis,
        .nr_lrs = (uint8_t)nr_lrs,
        .gic = (uint8_t)from.gic,
        .pri_bits = (uint8_t)from.pri_bits,
        .one_of_n = from.options & OPTION_ONE_OF_N,
        .nmi = from.options & OPTION_NMI,
        .two_security_states = from.options & OPTION_TWO_STATES,
        .ipa_bits = 52,
        .affinity = from.gic == 2 ? NULL : affinity,
    };

    limits_like(&config, snapshot, size);
    for (uint32_t i = 0; i < from.nr_vcpus; i++)
        affinity[i].mpidr = snap_get64(from.affinities + 8 * (size_t)i);

    size_t need = lvgic_vm_size(&config);

    *memory = need ? aligned_alloc(64, need) : NULL;
    if (!*memory || lvgic_vm_init(*memory, need, &config, host, ctx, &vm) != LVGIC_OK) {
        free(*memory);
        *memory = NULL;
        return NULL;
    }
    map_like(vm, snapshot, size);
    return vm;
}
