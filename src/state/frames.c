/* SPDX-License-Identifier: MIT */
/* The frames' registers and the wires, as device attributes. */
#include "arch/registers.h"
#include "base/bits.h"
#include "deliver/gate.h"
#include "mmio/mmio.h"
#include "mmio/vmm.h"
#include "state/attr.h"

struct place {
    const struct reg_row *rows;
    size_t nr;
    bool redist;
    struct lvgic_vcpu *vcpu;
    uint32_t offset;
    const struct reg_row *row; /* NULL: there is no register here */
};

static int find(struct lvgic_vm *vm, uint64_t attr, bool redist, struct place *place)
{
    place->redist = redist;
    place->rows = redist ? gicr_rows : vm->gicv2 ? gicd2_rows : gicd_rows;
    place->nr = redist ? nr_gicr_rows : vm->gicv2 ? nr_gicd2_rows : nr_gicd_rows;
    place->offset = (uint32_t)attr;
    place->row = place->offset % 4 ? NULL : reg_find(place->rows, place->nr, place->offset);
    if (place->row && reg_vmm(place->row) == REG_VMM_NONE)
        place->row = NULL;
    /* With GICv3 the distributor is nobody's, whatever affinity the attribute has. */
    place->vcpu = redist || vm->gicv2 ? attr_vcpu(vm, attr) : &vm->vcpus[0];
    return place->vcpu ? LVGIC_OK : LVGIC_E_INVALID;
}

static uint32_t access_register(const struct place *place, bool write, uint32_t value)
{
    struct lvgic_access access = {
        .offset = place->offset, .size = 4, .write = write, .value = value, .secure = true};
    struct mmio mmio = {.vm = place->vcpu->vm, .vcpu = place->vcpu, .access = &access, .vmm = true};

    mmio_table_access(&mmio, place->rows, place->nr, place->redist);
    return (uint32_t)access.value;
}

/* KVM's GICv3 wants CTRL INIT before registers, but for two; its GICv2 does that by itself. */
static int check_phase(struct lvgic_vm *vm, const struct place *place)
{
    bool early = !place->redist && (place->offset == 0x8 || place->offset == 0xc);

    if (!vm->kvm_attributes)
        return LVGIC_OK;
    if (vm->gicv2)
        /* Relaxed: it only ever goes up. */
        atomic_store_explicit(&vm->started, 1, memory_order_relaxed);
    return attr_started(vm) || early ? LVGIC_OK : LVGIC_E_PHASE;
}

/* What becomes of an access to an offset without a register. */
static int nothing_there(const struct lvgic_vm *vm)
{
    return vm->kvm_attributes ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

static int get(struct lvgic_vm *vm, uint64_t attr, bool redist, uint64_t *value)
{
    struct place place;
    int status = find(vm, attr, redist, &place);

    if (status == LVGIC_OK)
        status = check_phase(vm, &place);
    if (status != LVGIC_OK)
        return status;
    if (!place.row) {
        status = nothing_there(vm);
        if (status == LVGIC_OK)
            *value = 0;
        return status;
    }
    *value = access_register(&place, false, 0);
    return LVGIC_OK;
}

/* GICD_IIDR: the same identification with another revision that the library knows. */
static int check_revision(const struct lvgic_vm *vm, uint32_t now, uint32_t value)
{
    uint32_t field = (uint32_t)MASK64(IIDR_REVISION_HI, IIDR_REVISION_LO);

    if (value == now)
        return LVGIC_OK;
    if ((value & ~field) != (now & ~field) || iidr_revision(value) != (value & field) >> 12 ||
        (iidr_revision(value) == 1 && vm->two_states))
        return LVGIC_E_INVALID;
    return LVGIC_OK;
}

/* Is the value one that the register can take? */
static int check_value(const struct lvgic_vm *vm, const struct place *place, uint32_t value)
{
    bool typer2 = !place->redist && !vm->gicv2 && place->offset == 0xc;

    switch (reg_vmm(place->row)) {
    case REG_VMM_REVISION:
        return check_revision(vm, access_register(place, false, 0), value);
    case REG_VMM_READ_ONLY:
        if (vm->kvm_attributes && !typer2)
            return LVGIC_OK;
        return access_register(place, false, 0) == value ? LVGIC_OK : LVGIC_E_INVALID;
    default:
        return LVGIC_OK;
    }
}

/* Does it say something about what the guest has acknowledged? */
static bool concerns_acks(const struct reg_row *row)
{
    return row->op == REG_OP_ACTIVE_SET || row->op == REG_OP_PRIORITY || row->op == REG_OP_GROUP ||
           row->op == REG_OP_ROUTE || row->op == REG_OP_TARGETS || row->op == REG_OP_NMI ||
           row->value == REG_HOOK_GICD_CTLR;
}

static int set(struct lvgic_vm *vm, uint64_t attr, bool redist, uint64_t value)
{
    struct place place;
    int status = find(vm, attr, redist, &place);

    if (status == LVGIC_OK)
        status = check_phase(vm, &place);
    if (status == LVGIC_OK)
        status = place.row ? check_value(vm, &place, (uint32_t)value) : nothing_there(vm);
    if (status != LVGIC_OK || !place.row)
        return status;
    access_register(&place, true, (uint32_t)value);
    if (concerns_acks(place.row))
        vmm_acks_missing_all(vm);
    return LVGIC_OK;
}

static int has(struct lvgic_vm *vm, uint64_t attr, bool redist)
{
    struct place place;
    int status = find(vm, attr, redist, &place);

    return status == LVGIC_OK && !place.row ? LVGIC_E_NO_DEVICE : status;
}

static int has_dist(struct lvgic_vm *vm, uint64_t attr)
{
    return has(vm, attr, false);
}

static int get_dist(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    return get(vm, attr, false, value);
}

static int set_dist(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    return set(vm, attr, false, value);
}

static int has_redist(struct lvgic_vm *vm, uint64_t attr)
{
    return has(vm, attr, true);
}

static int get_redist(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    return get(vm, attr, true, value);
}

static int set_redist(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    return set(vm, attr, true, value);
}

const struct attr_ops attr_dist_regs = {.has = has_dist, .get = get_dist, .set = set_dist};
const struct attr_ops attr_redist_regs = {.has = has_redist, .get = get_redist, .set = set_redist};

/* ------------------------------------------------------------------ LEVEL_INFO */

/* The wire of the INTID, if it is one of those that have one. */
static uint32_t wired_slot(const struct lvgic_vm *vm, uint32_t intid)
{
    return intid < NR_SGIS || intid > 1019 ? INTID_NONE : vm_slot(vm, intid);
}

static int has_level(struct lvgic_vm *vm, uint64_t attr)
{
    return bits_get(attr, 31, 10) || attr % 32 || !attr_vcpu(vm, attr) ? LVGIC_E_INVALID : LVGIC_OK;
}

static int check_level(struct lvgic_vm *vm, uint64_t attr)
{
    if (vm->kvm_attributes && !attr_started(vm))
        return LVGIC_E_PHASE;
    return has_level(vm, attr);
}

static int get_level(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    struct lvgic_vcpu *vcpu = attr_vcpu(vm, attr);
    int status = check_level(vm, attr);
    struct gate gate;

    if (status != LVGIC_OK)
        return status;
    *value = 0;
    /* Exact, because a forwarded interrupt's wire is used up while it is in a list register. */
    gate_init(&gate);
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t slot = wired_slot(vm, (uint32_t)bits_get(attr, 9, 0) + i);

        if (slot != INTID_NONE && (gate_exact_word(vm, vcpu_irq(vcpu, slot), &gate) & IRQ_LINE))
            *value |= BIT64(i);
    }
    gate_release(vm, &gate);
    return LVGIC_OK;
}

static int set_level(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    int status = check_level(vm, attr);

    if (status != LVGIC_OK)
        return status;
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t slot = wired_slot(vm, (uint32_t)bits_get(attr, 9, 0) + i);

        if (slot != INTID_NONE)
            vmm_put(attr_vcpu(vm, attr), slot, IRQ_PART_LINE, value >> i & 1);
    }
    return LVGIC_OK;
}

const struct attr_ops attr_level_info = {.has = has_level, .get = get_level, .set = set_level};
