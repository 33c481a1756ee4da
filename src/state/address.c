/* SPDX-License-Identifier: MIT */
/* Where the frames are: recorded, checked as KVM does, and asked for by the VMM. */
#include "arch/registers.h"
#include "base/bits.h"
#include "deliver/gate.h"
#include "its/its.h"
#include "state/attr.h"

#define FRAME_V2 UINT64_C(0x1000)
#define FRAME_V3 UINT64_C(0x10000)

struct span {
    uint64_t base, size;
};

/* Relaxed throughout: written under the private lock, and values for their own sake to others. */
static uint64_t load(const _Atomic uint64_t *address)
{
    return atomic_load_explicit(address, memory_order_relaxed);
}

static struct span region_at(const struct lvgic_vm *vm, uint32_t i)
{
    const struct vm_region *region = &vm->setup.regions[i];
    uint64_t count = atomic_load_explicit(&region->count, memory_order_relaxed);

    return (struct span){load(&region->base), count * GICR_SIZE};
}

static uint32_t nr_regions(const struct lvgic_vm *vm)
{
    /* Acquire: the regions were stored before. */
    return atomic_load_explicit(&vm->setup.nr_regions, memory_order_acquire);
}

static bool meets(struct span a, struct span b)
{
    return a.base != NO_ADDRESS && a.base < b.base + b.size && b.base < a.base + a.size;
}

static bool is_free(const struct lvgic_vm *vm, struct span span)
{
    struct span dist = {load(&vm->setup.dist_base), vm->gicv2 ? GICD2_SIZE : GICD_SIZE};
    struct span cpu = {load(&vm->setup.cpu_base), GICC_SIZE};

    if (meets(dist, span) || meets(cpu, span))
        return false;
    for (uint32_t i = 0; i < nr_regions(vm); i++)
        if (meets(region_at(vm, i), span))
            return false;
    for (uint32_t i = 0; i < vm->nr_its; i++)
        if (meets((struct span){load(&vm->its[i].address), GITS_SIZE}, span))
            return false;
    return true;
}

static int check_span(const struct lvgic_vm *vm, struct span span, uint64_t alignment)
{
    uint64_t limit = BIT64(vm->ipa_bits);

    if (span.base % alignment)
        return LVGIC_E_INVALID;
    if (span.base >= limit || span.size > limit - span.base)
        return LVGIC_E_TOO_BIG;
    return is_free(vm, span) ? LVGIC_OK : LVGIC_E_INVALID;
}

static int set_base(struct lvgic_vm *vm, _Atomic uint64_t *base, struct span span,
                    uint64_t alignment)
{
    int status = LVGIC_E_EXISTS;

    if (load(base) == NO_ADDRESS)
        status = check_span(vm, span, alignment);
    if (status == LVGIC_OK)
        atomic_store_explicit(base, span.base, memory_order_relaxed);
    return status;
}

static int add_region(struct lvgic_vm *vm, uint64_t base, uint32_t count)
{
    uint32_t nr = nr_regions(vm);
    struct span span = {base, (uint64_t)count * GICR_SIZE};
    int status = check_span(vm, span, FRAME_V3);

    if (status != LVGIC_OK)
        return status;
    if (nr == vm->nr_vcpus)
        return LVGIC_E_NO_MEMORY;
    atomic_store_explicit(&vm->setup.regions[nr].base, base, memory_order_relaxed);
    atomic_store_explicit(&vm->setup.regions[nr].count, count, memory_order_relaxed);
    /* Release: see nr_regions(). */
    atomic_store_explicit(&vm->setup.nr_regions, nr + 1, memory_order_release);
    return LVGIC_OK;
}

/* KVM's legacy form: one area for all redistributors. */
static int set_redist(struct lvgic_vm *vm, uint64_t base)
{
    bool single = atomic_load_explicit(&vm->setup.single, memory_order_relaxed);
    int status;

    if (nr_regions(vm))
        return single ? LVGIC_E_EXISTS : LVGIC_E_INVALID;
    status = add_region(vm, base, vm->nr_vcpus);
    if (status == LVGIC_OK)
        atomic_store_explicit(&vm->setup.single, 1, memory_order_relaxed);
    return status;
}

#define REGION_BASE MASK64(51, 16)

static int set_redist_region(struct lvgic_vm *vm, uint64_t value)
{
    uint32_t count = (uint32_t)bits_get(value, 63, 52), index = (uint32_t)bits_get(value, 11, 0);
    bool single = atomic_load_explicit(&vm->setup.single, memory_order_relaxed);

    if (!count || bits_get(value, 15, 12) || single || index != nr_regions(vm))
        return LVGIC_E_INVALID;
    return add_region(vm, value & REGION_BASE, count);
}

static int has(struct lvgic_vm *vm, uint64_t attr)
{
    switch (attr) {
    case LVGIC_ATTR_ADDR_V2_DIST:
    case LVGIC_ATTR_ADDR_V2_CPU:
        return vm->gicv2 ? LVGIC_OK : LVGIC_E_NO_DEVICE;
    case LVGIC_ATTR_ADDR_V3_DIST:
    case LVGIC_ATTR_ADDR_V3_REDIST:
    case LVGIC_ATTR_ADDR_V3_REDIST_REGION:
        return vm->gicv2 ? LVGIC_E_NO_DEVICE : LVGIC_OK;
    default:
        return LVGIC_E_NO_DEVICE;
    }
}

static int set_locked(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    switch (attr) {
    case LVGIC_ATTR_ADDR_V2_DIST:
        return set_base(vm, &vm->setup.dist_base, (struct span){value, GICD2_SIZE}, FRAME_V2);
    case LVGIC_ATTR_ADDR_V2_CPU:
        return set_base(vm, &vm->setup.cpu_base, (struct span){value, GICC_SIZE}, FRAME_V2);
    case LVGIC_ATTR_ADDR_V3_DIST:
        return set_base(vm, &vm->setup.dist_base, (struct span){value, GICD_SIZE}, FRAME_V3);
    case LVGIC_ATTR_ADDR_V3_REDIST:
        return set_redist(vm, value);
    default:
        return set_redist_region(vm, value);
    }
}

static int set(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    int status = has(vm, attr);

    if (status != LVGIC_OK)
        return status;
    gate_lock_private(vm, &vm->vcpus[0]);
    status = set_locked(vm, attr, value);
    gate_unlock_private(vm);
    return status;
}

/* One that was not set: an error, or KVM's "undefined" address. */
static int recorded(const struct lvgic_vm *vm, uint64_t address, uint64_t *value)
{
    if (address == NO_ADDRESS && !vm->kvm_attributes)
        return LVGIC_E_NO_ENTRY;
    *value = address;
    return LVGIC_OK;
}

static int get(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    uint32_t index = (uint32_t)bits_get(*value, 11, 0), nr = nr_regions(vm);
    int status = has(vm, attr);

    if (status != LVGIC_OK)
        return status;
    switch (attr) {
    case LVGIC_ATTR_ADDR_V2_CPU:
        return recorded(vm, load(&vm->setup.cpu_base), value);
    case LVGIC_ATTR_ADDR_V2_DIST:
    case LVGIC_ATTR_ADDR_V3_DIST:
        return recorded(vm, load(&vm->setup.dist_base), value);
    case LVGIC_ATTR_ADDR_V3_REDIST:
        if (!atomic_load_explicit(&vm->setup.single, memory_order_relaxed))
            return nr ? LVGIC_E_INVALID : recorded(vm, NO_ADDRESS, value);
        *value = region_at(vm, 0).base;
        return LVGIC_OK;
    default:
        if (index >= nr)
            return LVGIC_E_NO_ENTRY;
        *value = index | region_at(vm, index).base | region_at(vm, index).size / GICR_SIZE << 52;
        return LVGIC_OK;
    }
}

const struct attr_ops attr_addr = {.has = has, .get = get, .set = set};

int address_set_its(struct its *its, uint64_t value)
{
    int status;

    gate_lock_private(its->vm, &its->vm->vcpus[0]);
    status = set_base(its->vm, &its->address, (struct span){value, GITS_SIZE}, FRAME_V3);
    gate_unlock_private(its->vm);
    return status;
}

int address_get_its(const struct its *its, uint64_t *value)
{
    return recorded(its->vm, load(&its->address), value);
}
