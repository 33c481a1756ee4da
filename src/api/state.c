/* SPDX-License-Identifier: MIT */
/* The public functions of <lvgic/state.h>. */
#include "lvgic/state.h"

#include "its/its.h"
#include "state/attr.h"
#include "state/format.h"
#include "state/reset.h"

int lvgic_attr_has(struct lvgic_vm *vm, uint32_t group, uint64_t attr)
{
    return attr_has(vm, group, attr);
}

int lvgic_attr_get(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t *value)
{
    return value ? attr_get(vm, group, attr, value) : LVGIC_E_INVALID;
}

int lvgic_attr_set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    return attr_set(vm, group, attr, value);
}

int lvgic_its_attr_has(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr)
{
    return its < vm->nr_its ? its_attr_has(group, attr) : LVGIC_E_NO_DEVICE;
}

int lvgic_its_attr_get(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr,
                       uint64_t *value)
{
    if (!value)
        return LVGIC_E_INVALID;
    return its < vm->nr_its ? its_attr_get(&vm->its[its], group, attr, value) : LVGIC_E_NO_DEVICE;
}

int lvgic_its_attr_set(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr,
                       uint64_t value)
{
    return its < vm->nr_its ? its_attr_set(&vm->its[its], group, attr, value) : LVGIC_E_NO_DEVICE;
}

int lvgic_vcpu_reset(struct lvgic_vm *vm, lvgic_vcpuid v)
{
    if (v.n >= vm->nr_vcpus)
        return LVGIC_E_NO_DEVICE;
    reset_vcpu(&vm->vcpus[v.n]);
    return LVGIC_OK;
}

size_t lvgic_save_size(const struct lvgic_vm *vm)
{
    return save_size(vm);
}

int lvgic_save(struct lvgic_vm *vm, void *buffer, size_t size, size_t *used)
{
    if (!buffer || !used)
        return LVGIC_E_INVALID;
    if (size < save_size(vm))
        return LVGIC_E_NO_MEMORY;
    *used = save_vm(vm, buffer);
    return LVGIC_OK;
}

int lvgic_restore(struct lvgic_vm *vm, const void *buffer, size_t size)
{
    if (!buffer)
        return LVGIC_E_INVALID;
    return restore_vm(vm, buffer, size);
}
