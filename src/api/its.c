/* SPDX-License-Identifier: MIT */
/* The public functions of its.h. */
#include "lvgic/its.h"

#include "deliver/lpi.h"
#include "its/its.h"
#include "mmio/mmio.h"

int lvgic_its_access(struct lvgic_vm *vm, uint32_t number, struct lvgic_access *access)
{
    if (!access)
        return LVGIC_E_INVALID;
    if (number >= vm->nr_its)
        return LVGIC_E_NO_DEVICE;
    its_access(&vm->its[number], access);
    return LVGIC_OK;
}

bool lvgic_its_run(struct lvgic_vm *vm)
{
    return vm->lpis.nr && deliver_lpi_work(vm);
}

int lvgic_msi(struct lvgic_vm *vm, uint32_t number, uint32_t device, uint32_t event)
{
    if (number >= vm->nr_its)
        return LVGIC_E_NO_DEVICE;

    struct its *its = &vm->its[number];
    uint32_t entry = its_translate(its, device, event);

    if (entry != NO_EVENT && deliver_lpi_pulse(vm, event_lpi(entry), event_gen(entry)))
        return LVGIC_OK;
    /* Relaxed, like all counters. */
    atomic_fetch_add_explicit(&its->refused, 1, memory_order_relaxed);
    return LVGIC_E_NO_ENTRY;
}

int lvgic_msi_write(struct lvgic_vm *vm, uint32_t number, uint32_t device, uint32_t offset,
                    uint8_t size, uint32_t value)
{
    if (number >= vm->nr_its)
        return LVGIC_E_NO_DEVICE;
    if (offset != GITS_TRANSLATER || (size != 2 && size != 4))
        return LVGIC_E_INVALID;
    return lvgic_msi(vm, number, device, size == 2 ? value & 0xffff : value);
}

int lvgic_v2m_access(struct lvgic_vm *vm, struct lvgic_access *access)
{
    struct mmio mmio = {.vm = vm, .vcpu = &vm->vcpus[0], .access = access};

    if (!access)
        return LVGIC_E_INVALID;
    if (!vm->v2m_nr)
        return LVGIC_E_NO_DEVICE;
    mmio_table_access(&mmio, v2m_rows, nr_v2m_rows, false);
    return LVGIC_OK;
}

static uint64_t counter(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

int lvgic_its_stats(struct lvgic_vm *vm, uint32_t number, struct lvgic_its_stats *stats)
{
    if (!stats)
        return LVGIC_E_INVALID;
    if (number >= vm->nr_its)
        return LVGIC_E_NO_DEVICE;

    const struct its *its = &vm->its[number];

    *stats = (struct lvgic_its_stats){
        .commands = counter(&its->commands),
        .errors = counter(&its->errors),
        .last_error = atomic_load_explicit(&its->last_error, memory_order_relaxed),
        .refused_msis = counter(&its->refused),
        .limits = counter(&its->limits),
        .mapped = counter(&vm->lpis.mapped),
        .unmapped = counter(&vm->lpis.unmapped),
    };
    return LVGIC_OK;
}

int lvgic_its_save_tables(struct lvgic_vm *vm, uint32_t number)
{
    return number < vm->nr_its ? its_save_tables(&vm->its[number]) : LVGIC_E_NO_DEVICE;
}

int lvgic_its_restore_tables(struct lvgic_vm *vm, uint32_t number)
{
    return number < vm->nr_its ? its_restore_tables(&vm->its[number]) : LVGIC_E_NO_DEVICE;
}

int lvgic_save_pending_tables(struct lvgic_vm *vm)
{
    return its_save_pending(vm);
}
