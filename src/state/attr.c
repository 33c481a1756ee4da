/* SPDX-License-Identifier: MIT */
/* Relaxed throughout: settings, values for their own sake. What depends on two of them is looked at
 * and stored under the private lock. */
#include "state/attr.h"

#include "base/bits.h"
#include "deliver/gate.h"
#include "its/its.h"

struct lvgic_vcpu *attr_vcpu(struct lvgic_vm *vm, uint64_t attr)
{
    if (vm->gicv2) {
        uint32_t index = (uint32_t)bits_get(attr, 39, 32);

        return index < vm->nr_vcpus ? &vm->vcpus[index] : NULL;
    }
    return vm_find_affinity(vm, bits_get(attr, 63, 56) << 32 | bits_get(attr, 55, 32));
}

static int ignore_attr(struct lvgic_vm *vm, uint64_t attr)
{
    (void)vm, (void)attr;
    return LVGIC_OK;
}

/* ------------------------------------------------------------------ NR_IRQS */

static int get_nr_irqs(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    (void)attr;
    *value = align_up(NR_PRIVATE + vm_nr_spis(vm), 32);
    return LVGIC_OK;
}

static int set_nr_irqs(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    uint64_t room = align_up(NR_PRIVATE + vm->nr_spis, 32);
    int status = LVGIC_OK;

    (void)attr;
    if (value < 64 || value > 1024 || value % 32 || value > room)
        return LVGIC_E_INVALID;
    gate_lock_private(vm, &vm->vcpus[0]);
    if (attr_started(vm) || atomic_load_explicit(&vm->setup.nr_irqs, memory_order_relaxed))
        status = LVGIC_E_PHASE;
    else
        atomic_store_explicit(&vm->setup.nr_irqs, (uint32_t)value, memory_order_relaxed);
    if (status == LVGIC_OK && value - NR_PRIVATE < vm->nr_spis)
        atomic_store_explicit(&vm->spi_limit, (uint32_t)value - NR_PRIVATE, memory_order_relaxed);
    gate_unlock_private(vm);
    return status;
}

static const struct attr_ops attr_nr_irqs = {
    .has = ignore_attr, .get = get_nr_irqs, .set = set_nr_irqs};

/* ------------------------------------------------------------------ CTRL */

static int has_ctrl(struct lvgic_vm *vm, uint64_t attr)
{
    bool tables = attr == LVGIC_ATTR_CTRL_SAVE_PENDING_TABLES && vm->lpis.nr;

    return attr == LVGIC_ATTR_CTRL_INIT || tables ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

static int get_ctrl(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    (void)vm, (void)attr, (void)value;
    return LVGIC_E_NO_DEVICE; /* they are actions */
}

static int set_ctrl(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    (void)value;
    if (has_ctrl(vm, attr) != LVGIC_OK)
        return LVGIC_E_NO_DEVICE;
    if (attr == LVGIC_ATTR_CTRL_SAVE_PENDING_TABLES)
        return its_save_pending(vm);
    atomic_store_explicit(&vm->started, 1, memory_order_relaxed);
    return LVGIC_OK;
}

static const struct attr_ops attr_ctrl = {.has = has_ctrl, .get = get_ctrl, .set = set_ctrl};

/* ------------------------------------------------------------------ MAINT_IRQ */

static int get_maint_irq(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    (void)attr;
    *value = atomic_load_explicit(&vm->setup.maint_irq, memory_order_relaxed);
    return LVGIC_OK;
}

static int set_maint_irq(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    (void)attr;
    if (value < NR_SGIS || value >= NR_PRIVATE)
        return LVGIC_E_INVALID;
    if (attr_started(vm))
        return LVGIC_E_PHASE;
    atomic_store_explicit(&vm->setup.maint_irq, (uint32_t)value, memory_order_relaxed);
    return LVGIC_OK;
}

static const struct attr_ops attr_maint_irq = {
    .has = ignore_attr, .get = get_maint_irq, .set = set_maint_irq};

/* ------------------------------------------------------------------ all groups */

struct group {
    const struct attr_ops *ops;
    uint8_t number;
    uint8_t bits;
    const char *gics;
};

static const struct group groups[] = {
#define attr_ADDR attr_addr
#define attr_DIST_REGS attr_dist_regs
#define attr_CPU_REGS attr_cpu_regs
#define attr_NR_IRQS attr_nr_irqs
#define attr_CTRL attr_ctrl
#define attr_REDIST_REGS attr_redist_regs
#define attr_CPU_SYSREGS attr_cpu_sysregs
#define attr_LEVEL_INFO attr_level_info
#define attr_MAINT_IRQ attr_maint_irq
#define GROUP(name, number_, bits_, gics_, what) \
    {.ops = &attr_##name, .number = (number_), .bits = (bits_), .gics = (gics_)},
    LVGIC_ATTR_GROUPS(GROUP)
#undef GROUP
};

static const struct group *find_group(const struct lvgic_vm *vm, uint32_t number)
{
    char version = vm->gicv2 ? '2' : '3';

    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const char *gics = groups[i].gics;

        while (*gics && *gics != version)
            gics++;
        if (groups[i].number == number)
            return *gics ? &groups[i] : NULL;
    }
    return NULL;
}

int attr_has(struct lvgic_vm *vm, uint32_t group, uint64_t attr)
{
    const struct group *row = find_group(vm, group);

    return row ? row->ops->has(vm, attr) : LVGIC_E_NO_DEVICE;
}

int attr_get(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t *value)
{
    const struct group *row = find_group(vm, group);

    return row ? row->ops->get(vm, attr, value) : LVGIC_E_NO_DEVICE;
}

int attr_set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    const struct group *row = find_group(vm, group);

    if (!row)
        return LVGIC_E_NO_DEVICE;
    /* KVM takes the value from 32 bits of memory. */
    if (row->bits == 32 && value > UINT32_MAX) {
        if (!vm->kvm_attributes)
            return LVGIC_E_INVALID;
        value = (uint32_t)value;
    }
    return row->ops->set(vm, attr, value);
}
