/* SPDX-License-Identifier: MIT */
#include "base/bits.h"
#include "deliver/event.h"
#include "mmio/mmio.h"

struct field {
    struct mmio *mmio;
    const struct reg_row *row;
    uint32_t slot;
};

/* GICD_ISPENDR of a mapped interrupt must not show a physical line that has fallen since it was
 * forwarded. */
static bool read_pending(struct field *field)
{
    struct lvgic_vcpu *vcpu = field->mmio->vcpu;
    uint64_t w = mmio_exact_word(vcpu, field->slot);

    if ((w & IRQ_HW) && (w & IRQ_LINE) && !(w & (IRQ_EDGE | IRQ_ACT))) {
        struct effects effects;

        effects_init(&effects);
        effects_act(&effects, vcpu, field->slot, ACT_SAMPLE);
        effects_run(vcpu->vm, &effects);
        w = irq_load(vcpu_irq(vcpu, field->slot));
    }
    return irq_pending(w);
}

static uint64_t read_field(struct field *field)
{
    struct lvgic_vcpu *vcpu = field->mmio->vcpu;
    struct lvgic_vm *vm = field->mmio->vm;
    uint64_t w = irq_load(vcpu_irq(vcpu, field->slot));

    switch (field->row->op) {
    case REG_OP_GROUP:
        return !!(w & IRQ_GRP1);
    case REG_OP_ENABLE_SET:
    case REG_OP_ENABLE_CLEAR:
        return !!(w & IRQ_EN);
    case REG_OP_PENDING_SET:
    case REG_OP_PENDING_CLEAR:
        return read_pending(field);
    case REG_OP_ACTIVE_SET:
    case REG_OP_ACTIVE_CLEAR:
        return !!(mmio_exact_word(vcpu, field->slot) & IRQ_ACT);
    case REG_OP_PRIORITY:
        return irq_prio(w);
    case REG_OP_CONFIG:
        return w & IRQ_EDGE ? 2 : 0;
    case REG_OP_ROUTE:
        /* Relaxed: a value for its own sake. */
        return atomic_load_explicit(vm_route(vm, field->slot), memory_order_relaxed);
    default:
        return 0;
    }
}

static void event(struct field *field, enum irq_event event, uint32_t arg)
{
    deliver_event_now(field->mmio->vcpu, field->slot, event, arg);
}

/* The route is kept as written, and the word's target follows it. Two writers at once leave the
 * target of the route that was written last. */
static void write_route(struct field *field, uint64_t value)
{
    struct lvgic_vm *vm = field->mmio->vm;
    _Atomic uint64_t *route = vm_route(vm, field->slot);

    value &= AFFINITY_MASK;
    atomic_store_explicit(route, value, memory_order_seq_cst);
    for (;;) {
        struct lvgic_vcpu *target = vm_find_affinity(vm, value);

        event(field, IRQ_EV_TARGET, target ? target->index : IRQ_NOBODY);
        /* Sequentially consistent with the store above, so that of two writers at least the one
         * whose store came first sees the other's and takes it over. */
        uint64_t now = atomic_load_explicit(route, memory_order_seq_cst);

        if (now == value)
            return;
        value = now;
    }
}

static void write_field(struct field *field, uint64_t value)
{
    struct lvgic_vcpu *vcpu = field->mmio->vcpu;

    switch (field->row->op) {
    case REG_OP_GROUP:
        event(field, value ? IRQ_EV_GROUP1 : IRQ_EV_GROUP0, 0);
        break;
    case REG_OP_ENABLE_SET:
        if (value)
            event(field, IRQ_EV_ENABLE, 0);
        break;
    case REG_OP_ENABLE_CLEAR:
        if (value)
            event(field, IRQ_EV_DISABLE, 0);
        break;
    case REG_OP_PENDING_SET:
        if (value)
            event(field, IRQ_EV_SET_PENDING, 0);
        break;
    case REG_OP_PENDING_CLEAR:
        if (value)
            event(field, IRQ_EV_CLEAR_PENDING, 0);
        break;
    case REG_OP_ACTIVE_SET:
        if (value)
            mmio_set_active(vcpu, field->slot);
        break;
    case REG_OP_ACTIVE_CLEAR:
        if (value)
            mmio_clear_active(vcpu, field->slot);
        break;
    case REG_OP_PRIORITY:
        event(field, IRQ_EV_PRIORITY, (uint32_t)value & priority_mask(field->mmio->vm));
        break;
    case REG_OP_CONFIG:
        if (!slot_is_sgi(field->slot))
            event(field, value & 2 ? IRQ_EV_CONFIG_EDGE : IRQ_EV_CONFIG_LEVEL, 0);
        break;
    case REG_OP_ROUTE:
        write_route(field, value);
        break;
    default:
        break;
    }
}

/* Is there an interrupt with this number behind this frame? Private ones are behind their
 * redistributor's alone. */
static bool has_slot(const struct lvgic_vm *vm, uint32_t slot, bool private_frame)
{
    return slot != INTID_NONE && slot_is_private(vm, slot) == private_frame;
}

/* An array of per-interrupt fields. The interrupt's number comes from the row and the offset here,
 * and nowhere else. */
static void access_fields(struct mmio *mmio, const struct reg_row *row, bool private_frame)
{
    struct lvgic_access *access = mmio->access;
    uint32_t first_bit = (access->offset - row->offset) * 8;
    uint64_t mask = row->bits == 64 ? ~UINT64_C(0) : BIT64(row->bits) - 1;
    uint64_t value = 0;

    for (uint32_t bit = 0; bit < access->size * 8u; bit += row->bits) {
        uint32_t intid = row->first_intid + (first_bit + bit) / row->bits;
        struct field field = {.mmio = mmio, .row = row, .slot = vm_slot(mmio->vm, intid)};

        if (!has_slot(mmio->vm, field.slot, private_frame))
            continue;
        if (row->bits > access->size * 8u) {
            /* Half of a 64-bit field. */
            unsigned shift = first_bit % row->bits;
            uint64_t whole = read_field(&field);

            if (access->write)
                write_field(&field, bits_put(whole, shift + 31, shift, access->value));
            else
                value = bits_get(whole, shift + 31, shift);
        } else if (access->write) {
            write_field(&field, access->value >> bit & mask);
        } else {
            value |= (read_field(&field) & mask) << bit;
        }
    }
    if (!access->write)
        access->value = value;
}

static void access_register(struct mmio *mmio, const struct reg_row *row)
{
    struct lvgic_access *access = mmio->access;
    unsigned shift = (access->offset - row->offset) % row->width * 8;
    uint64_t value = 0;

    if (access->write) {
        if (row->op == REG_OP_HOOK)
            mmio_hook_write(mmio, (enum reg_hook)row->value, access->value << shift);
        return;
    }
    if (row->op == REG_OP_CONST)
        value = row->value;
    else if (row->op == REG_OP_HOOK)
        value = mmio_hook_read(mmio, (enum reg_hook)row->value);
    access->value = value >> shift & (~UINT64_C(0) >> (64 - access->size * 8));
}

void mmio_table_access(struct mmio *mmio, const struct reg_row *rows, size_t nr, bool private_frame)
{
    struct lvgic_access *access = mmio->access;
    const struct reg_row *row = reg_find(rows, nr, access->offset);
    unsigned size = access->size;
    bool power_of_two = size == 1 || size == 2 || size == 4 || size == 8;

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
