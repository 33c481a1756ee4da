/* SPDX-License-Identifier: MIT */
#include "mmio/fields.h"

#include "base/bits.h"
#include "deliver/dir.h"
#include "deliver/event.h"
#include "deliver/one_of_n.h"
#include "mmio/active.h"
#include "mmio/dist2.h"
#include "mmio/mmio.h"
#include "mmio/vmm.h"

/* What Non-secure software may do to a Secure interrupt: GICD_NSACR of an SPI, GICR_NSACR of an
 * SGI; nothing to PPIs. Relaxed: values for their own sake. */
static uint32_t ns_access(const struct lvgic_vcpu *vcpu, uint32_t slot)
{
    const struct lvgic_vm *vm = vcpu->vm;

    if (slot_is_sgi(slot))
        return atomic_load_explicit(&vcpu->nsacr, memory_order_relaxed) >> 2 * slot & 3;
    if (slot_is_private(vm, slot))
        return 0;
    return atomic_load_explicit(&vm->spi_nsacr[slot - vm->nr_private], memory_order_relaxed);
}

static void set_ns_access(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t value)
{
    struct lvgic_vm *vm = vcpu->vm;

    if (slot_is_sgi(slot)) {
        atomic_fetch_and_explicit(&vcpu->nsacr, ~(3u << 2 * slot), memory_order_relaxed);
        atomic_fetch_or_explicit(&vcpu->nsacr, value << 2 * slot, memory_order_relaxed);
    } else if (!slot_is_private(vm, slot)) {
        atomic_store_explicit(&vm->spi_nsacr[slot - vm->nr_private], (uint8_t)value,
                              memory_order_relaxed);
    }
}

/* The least GICD_NSACR value that lets Non-secure software use a field of a Secure SPI (12.9
 * GICD_NSACR<n>); 4 stands for never. */
static uint32_t ns_access_needed(enum reg_op op, bool write)
{
    switch (op) {
    case REG_OP_PENDING_SET:
        return 1;
    case REG_OP_PENDING_CLEAR:
        return 2;
    case REG_OP_ACTIVE_SET:
    case REG_OP_ACTIVE_CLEAR: /* it may look, and not touch */
        return write ? 4 : 2;
    case REG_OP_ROUTE:
        return 3;
    default:
        return 4;
    }
}

/* GICR_NSACR is about generating SGIs, and opens none of their fields (12.11). */
static bool is_open(const struct fields *fields, uint32_t slot, bool write)
{
    return !slot_is_private(fields->vcpu->vm, slot) &&
           ns_access(fields->vcpu, slot) >= ns_access_needed(fields->op, write);
}

/* Registers that are there with two security states only, and then Secure. */
static bool of_two_states(enum reg_op op)
{
    return op == REG_OP_GROUP_MODIFIER || op == REG_OP_NS_ACCESS;
}

void fields_hide_secure(struct fields *fields, bool write)
{
    bool one_state = vm_gicd_ctlr(fields->vcpu->vm) & CTLR_DS;
    bool hidden = of_two_states(fields->op) && (one_state || fields->non_secure);

    hidden = hidden || (fields->op == REG_OP_GROUP && fields->non_secure);
    for (uint32_t i = 0; i < fields->nr && (hidden || fields->non_secure); i++) {
        uint32_t slot = fields->slots[i];

        if (hidden)
            fields->slots[i] = INTID_NONE;
        else if (slot == INTID_NONE || is_open(fields, slot, write))
            continue;
        else if (irq_load(vcpu_irq(fields->vcpu, slot)) & IRQ_GRP1)
            fields->require[i] = IRQ_GRP1; /* and it must be so still when it is changed */
        else
            fields->slots[i] = INTID_NONE;
    }
}

/* GICD_ISPENDR of a mapped interrupt must not show a physical line that has fallen since it was
 * forwarded. */
static bool look_pending(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w)
{
    struct effects effects;

    if (!(w & IRQ_HW) || !(w & IRQ_LINE) || (w & (IRQ_EDGE | IRQ_ACT)))
        return irq_pending(w);
    effects_init(&effects);
    effects_act(&effects, vcpu, slot, ACT_SAMPLE);
    effects_run(vcpu->vm, &effects);
    return irq_pending(irq_load(vcpu_irq(vcpu, slot)));
}

static uint64_t read_one(const struct fields *fields, uint32_t slot, uint64_t w)
{
    switch (fields->op) {
    case REG_OP_GROUP:
        return !!(w & IRQ_GRP1);
    case REG_OP_ENABLE_SET:
    case REG_OP_ENABLE_CLEAR:
        return !!(w & IRQ_EN);
    case REG_OP_PENDING_SET:
    case REG_OP_PENDING_CLEAR:
        return fields->vmm ? vmm_pending(fields, w) : look_pending(fields->vcpu, slot, w);
    case REG_OP_ACTIVE_SET:
    case REG_OP_ACTIVE_CLEAR:
        return !!(w & IRQ_ACT);
    case REG_OP_GROUP_MODIFIER:
        return !!(w & IRQ_MOD);
    case REG_OP_NS_ACCESS:
        return ns_access(fields->vcpu, slot);
    case REG_OP_PRIORITY:
        /* 4.8.1: shifted, also if Secure software gave it one of the upper half. That reads as 0
         * in the CPU interface alone (PMR, RPR). */
        return fields->non_secure ? irq_prio(w) << 1 & 0xff : irq_prio(w);
    case REG_OP_NMI:
        return !!(w & IRQ_NMI);
    case REG_OP_CONFIG:
        return w & IRQ_EDGE ? 2 : 0;
    case REG_OP_ROUTE:
        /* Relaxed: a value for its own sake. */
        return atomic_load_explicit(vm_route(fields->vcpu->vm, slot), memory_order_relaxed);
    case REG_OP_TARGETS:
        return dist2_targets(fields->vcpu, slot);
    case REG_OP_SOURCES_SET:
    case REG_OP_SOURCES_CLEAR:
        return irq_sources(w);
    case REG_OP_SIGNAL:
        return !!(w & IRQ_LINE);
    default:
        return 0;
    }
}

static bool is_exact(enum reg_op op)
{
    return op == REG_OP_PENDING_SET || op == REG_OP_PENDING_CLEAR || op == REG_OP_ACTIVE_SET ||
           op == REG_OP_ACTIVE_CLEAR || op == REG_OP_SOURCES_SET || op == REG_OP_SOURCES_CLEAR;
}

void fields_read(const struct fields *fields, uint64_t *values)
{
    uint64_t words[MAX_FIELDS];

    /* First all words, then the values: looking at a physical line calls the host, and by then
     * nobody is held. */
    if (is_exact(fields->op))
        active_read_words(fields, words);
    else
        for (uint32_t i = 0; i < fields->nr; i++)
            if (fields->slots[i] != INTID_NONE)
                words[i] = irq_load(vcpu_irq(fields->vcpu, fields->slots[i]));
    for (uint32_t i = 0; i < fields->nr; i++)
        values[i] =
            fields->slots[i] == INTID_NONE ? 0 : read_one(fields, fields->slots[i], words[i]);
}

/* A priority as written: Non-secure software writes into the lower half (4.8.1). */
static uint32_t priority_written(const struct fields *fields, uint64_t value)
{
    uint32_t priority = fields->non_secure ? 0x80 | (value >> 1 & 0x7f) : value & 0xff;

    return priority & priority_mask(fields->vcpu->vm);
}

static void set_target(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t route)
{
    struct lvgic_vm *vm = vcpu->vm;

    if (route & ROUTE_ONE_OF_N) {
        struct effects effects;

        effects_init(&effects);
        one_of_n_choose(vm, slot, true, &effects);
        effects_run(vm, &effects);
    } else {
        uint32_t target = vm_route_target(vm, route);

        if (!vm->gicv2) /* GICC_DIR traps by its address */
            dir_announce_home(vm, target);
        deliver_event_now(vcpu, slot, IRQ_EV_TARGET, target);
    }
}

/* The route is kept as written, and the word's target follows it. Two writers at once leave the
 * target of the route that was written last. */
static void write_route(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t value, uint64_t mask,
                        bool vmm)
{
    struct lvgic_vm *vm = vcpu->vm;
    _Atomic uint64_t *route = vm_route(vm, slot);
    uint64_t kept =
        vm->gicv2 ? dist2_targets_mask(vm) : AFFINITY_MASK | (vm->one_of_n ? ROUTE_ONE_OF_N : 0);
    uint64_t old = atomic_load_explicit(route, memory_order_relaxed), now;

    do {
        now = (old & ~mask) | (value & mask & kept);
    } while (!atomic_compare_exchange_weak_explicit(route, &old, now, memory_order_seq_cst,
                                                    memory_order_relaxed));

    bool changed = now != old;

    do {
        old = now;
        set_target(vcpu, slot, old);
        /* Sequentially consistent with the exchange above, so that of two writers at least the
         * one that came first sees the other's route and takes it over. */
        now = atomic_load_explicit(route, memory_order_seq_cst);
    } while (now != old);
    if (vmm && changed)
        vmm_follow_route(vcpu, slot);
}

/* The event by which a field of value `value` is written, if any. */
static bool event_of(const struct fields *fields, uint32_t slot, uint64_t value,
                     enum irq_event *event, uint32_t *arg)
{
    *arg = 0;
    if (dist2_ignores(fields->vcpu, slot, fields->op))
        return false;
    switch (fields->op) {
    case REG_OP_GROUP:
        *event = value ? IRQ_EV_GROUP1 : IRQ_EV_GROUP0;
        return !vm_groups_fixed(fields->vcpu->vm);
    case REG_OP_GROUP_MODIFIER:
        *event = value ? IRQ_EV_MOD_ON : IRQ_EV_MOD_OFF;
        return true;
    case REG_OP_ENABLE_SET:
        *event = IRQ_EV_ENABLE;
        return value;
    case REG_OP_ENABLE_CLEAR:
        *event = IRQ_EV_DISABLE;
        return value;
    case REG_OP_PENDING_SET:
        *event = IRQ_EV_SET_PENDING;
        return value;
    case REG_OP_PENDING_CLEAR:
        *event = IRQ_EV_CLEAR_PENDING;
        return value;
    case REG_OP_PRIORITY:
        *event = IRQ_EV_PRIORITY;
        *arg = priority_written(fields, value);
        return true;
    case REG_OP_NMI:
        *event = value ? IRQ_EV_NMI_ON : IRQ_EV_NMI_OFF;
        return fields->vcpu->vm->nmi;
    case REG_OP_CONFIG:
        *event = value & 2 ? IRQ_EV_CONFIG_EDGE : IRQ_EV_CONFIG_LEVEL;
        return !slot_is_sgi(slot);
    default:
        return false;
    }
}

static void write_one(const struct fields *fields, uint32_t i, uint64_t value, uint64_t mask)
{
    struct lvgic_vcpu *vcpu = fields->vcpu;
    uint32_t slot = fields->slots[i], arg;
    struct effects effects;
    enum irq_event event;

    if (fields->op == REG_OP_ROUTE || fields->op == REG_OP_TARGETS) {
        if (!dist2_ignores(vcpu, slot, fields->op))
            write_route(vcpu, slot, value, mask, fields->vmm);
    } else if (fields->op == REG_OP_SOURCES_SET || fields->op == REG_OP_SOURCES_CLEAR) {
        dist2_write_sources(vcpu, slot, fields->op == REG_OP_SOURCES_SET, value);
    } else if (fields->op == REG_OP_NS_ACCESS) {
        set_ns_access(vcpu, slot, (uint32_t)value);
    } else if (event_of(fields, slot, value, &event, &arg)) {
        if (event == IRQ_EV_ENABLE && !slot_is_private(vcpu->vm, slot))
            dir_announce_home(vcpu->vm, irq_target(irq_load(vcpu_irq(vcpu, slot))));
        effects_init(&effects);
        deliver_event_if(vcpu, slot, fields->require[i], event, arg, &effects);
        effects_run(vcpu->vm, &effects);
    }
}

void fields_write(const struct fields *fields, const uint64_t *values, uint64_t mask)
{
    if (fields->vmm && vmm_writes_fields(fields, values))
        return;
    if (fields->op == REG_OP_ACTIVE_SET || fields->op == REG_OP_ACTIVE_CLEAR) {
        active_write(fields, values);
        return;
    }
    for (uint32_t i = 0; i < fields->nr; i++)
        if (fields->slots[i] != INTID_NONE)
            write_one(fields, i, values[i], mask);
}
