/* SPDX-License-Identifier: MIT */
#include "like.h"

#include <stdlib.h>

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

const struct lvgic_host like_host = {
    .kick = kick, .phys_line = phys_line, .phys_deactivate = phys_deactivate};

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

    for (uint32_t i = 0; i < from.nr_vcpus; i++)
        affinity[i].mpidr = snap_get64(from.affinities + 8 * (size_t)i);

    size_t need = lvgic_vm_size(&config);

    *memory = need ? aligned_alloc(64, need) : NULL;
    if (!*memory || lvgic_vm_init(*memory, need, &config, host, ctx, &vm) != LVGIC_OK) {
        free(*memory);
        return NULL;
    }
    map_like(vm, snapshot, size);
    return vm;
}
