/* SPDX-License-Identifier: MIT */
#include "mmio/fields.h"

#include "base/bits.h"
#include "deliver/event.h"
#include "deliver/one_of_n.h"
#include "mmio/active.h"
#include "mmio/dist2.h"
#include "mmio/mmio.h"

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
        return look_pending(fields->vcpu, slot, w);
    case REG_OP_ACTIVE_SET:
    case REG_OP_ACTIVE_CLEAR:
        return !!(w & IRQ_ACT);
    case REG_OP_PRIORITY:
        return irq_prio(w);
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

static void set_target(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t route)
{
    struct lvgic_vm *vm = vcpu->vm;

    if (route & ROUTE_ONE_OF_N) {
        struct effects effects;

        effects_init(&effects);
        one_of_n_choose(vm, slot, true, &effects);
        effects_run(vm, &effects);
    } else if (vm->gicv2) {
        deliver_event_now(vcpu, slot, IRQ_EV_TARGET, dist2_target(route));
    } else {
        struct lvgic_vcpu *target = vm_find_affinity(vm, route);

        deliver_event_now(vcpu, slot, IRQ_EV_TARGET, target ? target->index : IRQ_NOBODY);
    }
}

/* The route is kept as written, and the word's target follows it. Two writers at once leave the
 * target of the route that was written last. */
static void write_route(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t value, uint64_t mask)
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
    do {
        old = now;
        set_target(vcpu, slot, old);
        /* Sequentially consistent with the exchange above, so that of two writers at least the
         * one that came first sees the other's route and takes it over. */
        now = atomic_load_explicit(route, memory_order_seq_cst);
    } while (now != old);
}

static void write_one(const struct fields *fields, uint32_t slot, uint64_t value, uint64_t mask)
{
    struct lvgic_vcpu *vcpu = fields->vcpu;

    if (dist2_ignores(vcpu, slot, fields->op))
        return;
    switch (fields->op) {
    case REG_OP_GROUP:
        deliver_event_now(vcpu, slot, value ? IRQ_EV_GROUP1 : IRQ_EV_GROUP0, 0);
        break;
    case REG_OP_ENABLE_SET:
        if (value)
            deliver_event_now(vcpu, slot, IRQ_EV_ENABLE, 0);
        break;
    case REG_OP_ENABLE_CLEAR:
        if (value)
            deliver_event_now(vcpu, slot, IRQ_EV_DISABLE, 0);
        break;
    case REG_OP_PENDING_SET:
        if (value)
            deliver_event_now(vcpu, slot, IRQ_EV_SET_PENDING, 0);
        break;
    case REG_OP_PENDING_CLEAR:
        if (value)
            deliver_event_now(vcpu, slot, IRQ_EV_CLEAR_PENDING, 0);
        break;
    case REG_OP_PRIORITY:
        deliver_event_now(vcpu, slot, IRQ_EV_PRIORITY, (uint32_t)value & priority_mask(vcpu->vm));
        break;
    case REG_OP_CONFIG:
        if (!slot_is_sgi(slot))
            deliver_event_now(vcpu, slot, value & 2 ? IRQ_EV_CONFIG_EDGE : IRQ_EV_CONFIG_LEVEL, 0);
        break;
    case REG_OP_ROUTE:
    case REG_OP_TARGETS:
        write_route(vcpu, slot, value, mask);
        break;
    case REG_OP_SOURCES_SET:
    case REG_OP_SOURCES_CLEAR:
        dist2_write_sources(vcpu, slot, fields->op == REG_OP_SOURCES_SET, value);
        break;
    default:
        break;
    }
}

void fields_write(const struct fields *fields, const uint64_t *values, uint64_t mask)
{
    if (fields->op == REG_OP_ACTIVE_SET || fields->op == REG_OP_ACTIVE_CLEAR) {
        active_write(fields, values);
        return;
    }
    for (uint32_t i = 0; i < fields->nr; i++)
        if (fields->slots[i] != INTID_NONE)
            write_one(fields, fields->slots[i], values[i], mask);
}
