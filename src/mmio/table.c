/* SPDX-License-Identifier: MIT */
#include "base/bits.h"
#include "mmio/fields.h"
#include "mmio/mmio.h"
#include "mmio/vmm.h"

/* GICD_STATUSR and GICR_STATUSR (12.9, 12.11). */
enum { STATUS_RRD = 1, STATUS_WRD = 2, STATUS_RWOD = 4, STATUS_WROD = 8, STATUS_ALL = 15 };

/* Is there an interrupt with this number behind this frame? Private ones are behind their
 * redistributor's alone; GICv2's distributor has them all, of the CPU that asks. */
static bool has_slot(const struct lvgic_vm *vm, uint32_t slot, bool private_frame)
{
    return slot != INTID_NONE && (vm->gicv2 || slot_is_private(vm, slot) == private_frame);
}

/* An array of per-interrupt fields. The interrupts' numbers come from the row and the offset here,
 * and nowhere else. */
static void access_fields(struct mmio *mmio, const struct reg_row *row, bool private_frame)
{
    struct lvgic_access *access = mmio->access;
    uint32_t first_bit = (access->offset - row->offset) * 8;
    uint32_t bits = access->size * 8u < row->bits ? access->size * 8u : row->bits;
    unsigned shift = first_bit % row->bits; /* into a field, when half of one is accessed */
    uint64_t mask = (~UINT64_C(0) >> (64 - bits)) << shift;
    struct fields fields = {
        .vcpu = mmio->vcpu,
        .op = (enum reg_op)row->op,
        .non_secure = mmio->non_secure,
        .vmm = mmio->vmm,
    };
    uint64_t values[MAX_FIELDS];

    for (uint32_t bit = 0; bit < access->size * 8u; bit += bits) {
        uint32_t slot = vm_slot(mmio->vm, row->first_intid + (first_bit + bit) / row->bits);

        values[fields.nr] = access->value >> bit << shift & mask;
        fields.slots[fields.nr++] = has_slot(mmio->vm, slot, private_frame) ? slot : INTID_NONE;
    }
    fields_hide_secure(&fields, access->write);
    if (access->write) {
        fields_write(&fields, values, mask);
        return;
    }
    fields_read(&fields, values);
    access->value = 0;
    for (uint32_t i = 0; i < fields.nr; i++)
        access->value |= (values[i] & mask) >> shift << i * bits;
}

/* A VMM's write, if it is none like the guest's. */
static bool vmm_writes(struct mmio *mmio, const struct reg_row *row)
{
    uint32_t value = (uint32_t)mmio->access->value;
    _Atomic uint32_t *statusr =
        row->value == REG_HOOK_GICR_STATUSR ? &mmio->vcpu->statusr : &mmio->vm->gicd_statusr;

    switch (reg_vmm(row)) {
    case REG_VMM_VERBATIM:
        /* Relaxed: bits for people. */
        atomic_store_explicit(statusr, value & STATUS_ALL, memory_order_relaxed);
        return true;
    case REG_VMM_REVISION:
        vmm_set_iidr(mmio->vm, value);
        return true;
    default:
        return reg_vmm(row) != REG_VMM_SAME && reg_vmm(row) != REG_VMM_STATE;
    }
}

static void access_register(struct mmio *mmio, const struct reg_row *row)
{
    struct lvgic_access *access = mmio->access;
    unsigned shift = (access->offset - row->offset) % row->width * 8;
    uint64_t value = 0;

    if (access->write) {
        if (row->op == REG_OP_HOOK && !(mmio->vmm && vmm_writes(mmio, row)))
            mmio_hook_write(mmio, (enum reg_hook)row->value, access->value << shift);
        return;
    }
    if (row->op == REG_OP_CONST)
        value = row->value;
    else if (row->op == REG_OP_HOOK)
        value = mmio_hook_read(mmio, (enum reg_hook)row->value);
    access->value = value >> shift & (~UINT64_C(0) >> (64 - access->size * 8));
}

static void note(struct mmio *mmio, bool private_frame, uint32_t status)
{
    if (mmio->vmm)
        return;

    _Atomic uint32_t *statusr = private_frame ? &mmio->vcpu->statusr : &mmio->vm->gicd_statusr;

    /* Relaxed: bits for people. Looked at before it is written, so that a guest that sweeps
     * reserved offsets does not share a cache line for that. */
    if (!(atomic_load_explicit(statusr, memory_order_relaxed) & status))
        atomic_fetch_or_explicit(statusr, status, memory_order_relaxed);
}

static bool is_read_only(const struct reg_row *row)
{
    return row->op == REG_OP_CONST ||
           (row->op == REG_OP_HOOK &&
            (row->value == REG_HOOK_GICD_PIDR || row->value == REG_HOOK_GICR_PIDR));
}

void mmio_table_access(struct mmio *mmio, const struct reg_row *rows, size_t nr, bool private_frame)
{
    struct lvgic_access *access = mmio->access;
    const struct reg_row *row = reg_find(rows, nr, access->offset);
    unsigned size = access->size;
    bool power_of_two = size == 1 || size == 2 || size == 4 || size == 8;

    if (!row)
        note(mmio, private_frame, access->write ? STATUS_WRD : STATUS_RRD);
    else if (access->write && is_read_only(row))
        note(mmio, private_frame, STATUS_WROD);
    else if (!access->write && row->op == REG_OP_HOOK && row->value >= REG_HOOK_GICD_SETSPI &&
             row->value <= REG_HOOK_GICD_CLRSPI_SR)
        note(mmio, private_frame, STATUS_RWOD);
    /* What has no register, or not at this size or alignment, reads as zero and ignores writes: the
     * choice that IHI 0069H 12.1 allows for unsupported accesses and that cannot hurt. */
    if (!row || !power_of_two || !(row->sizes & size) || access->offset % size ||
        row->op == REG_OP_ZERO) {
        if (!access->write)
            access->value = 0;
        return;
    }
    if (row->bits)
        access_fields(mmio, row, private_frame);
    else
        access_register(mmio, row);
}
