/* SPDX-License-Identifier: MIT */
#include "deliver/event.h"

#include "deliver/one_of_n.h"

void deliver_hint(struct lvgic_vcpu *target, uint32_t slot)
{
    /* Always both read-modify-writes, whatever the bits look like: the vCPU clears before it looks,
     * and a bit that was seen set may be on its way to being cleared. Release: whoever takes the
     * bit sees the word as it was changed before. Slot before group, since the group's bit is what
     * the vCPU starts from. */
    atomic_fetch_or_explicit(&target->news_slots[slot / 64], BIT64(slot % 64),
                             memory_order_release);
    atomic_fetch_or_explicit(&target->news_groups, BIT64(slot / 64 >> target->vm->news_shift),
                             memory_order_release);
}

void deliver_attention(struct lvgic_vcpu *vcpu)
{
    /* Release: the vCPU takes it with acquire, before it reads the state that this is about. By
     * exchange, not by a store: so that who takes it after two have raised it is ordered after
     * both. */
    atomic_exchange_explicit(&vcpu->attention, 1, memory_order_release);
}

void deliver_attention_all(struct lvgic_vm *vm)
{
    struct effects effects;

    effects_init(&effects);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        deliver_attention(&vm->vcpus[i]);
        effects_kick(vm, &effects, i);
    }
    effects_run(vm, &effects);
}

/* Events that are news even if the word does not change: each may be one edge more, which the vCPU
 * that holds the interrupt must come out for. A level that was high already is no news: whoever
 * raised it has told. But whoever disabled it first may be about to tell only, and then RWP must
 * not say to this one that it is done. */
static bool is_news(enum irq_event event, uint64_t w)
{
    switch (event) {
    case IRQ_EV_PULSE:
    case IRQ_EV_LINE_HIGH:
    case IRQ_EV_MSG_HIGH:
        return w & IRQ_EDGE;
    case IRQ_EV_SET_PENDING:
    case IRQ_EV_SOURCES_SET:
        return true;
    case IRQ_EV_DISABLE:
        return w & IRQ_INLR;
    default:
        return false;
    }
}

/* Parts of the state written by a VMM. */
struct put_step {
    enum irq_part part;
    bool value;
    bool move;
    uint32_t vcpu;
};

static bool put_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct put_step *step = arg;

    if (!(old & IRQ_MAPPED))
        return false;
    *new =
        step->move ? irq_move(old, step->vcpu) : irq_put(old, step->part, step->value, step->vcpu);
    return true;
}

static struct irq_change put_and_tell(struct lvgic_vcpu *vcpu, uint32_t slot, struct put_step step,
                                      struct effects *effects)
{
    struct lvgic_vm *vm = vcpu->vm;
    struct irq_change change = irq_change(vcpu_irq(vcpu, slot), put_step, &step);

    if (change.done && change.new != change.old)
        deliver_look(vm, slot, change.new, true, effects);
    return change;
}

struct irq_change deliver_put(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_part part,
                              bool value, uint32_t on, struct effects *effects)
{
    return put_and_tell(vcpu, slot, (struct put_step){.part = part, .value = value, .vcpu = on},
                        effects);
}

struct irq_change deliver_move(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t to,
                               struct effects *effects)
{
    return put_and_tell(vcpu, slot, (struct put_step){.move = true, .vcpu = to}, effects);
}

void deliver_look(struct lvgic_vm *vm, uint32_t slot, uint64_t w, bool choose,
                  struct effects *effects)
{
    uint32_t eff = irq_effective(w);

    if (w & IRQ_INLR) {
        /* It sits in a list register of a vCPU that may be in the guest: that vCPU alone can
         * change the register, when it comes out. */
        deliver_attention(&vm->vcpus[irq_holder(w)]);
        effects_kick(vm, effects, irq_holder(w));
    } else if (choose && irq_deliverable(w) && one_of_n_routed(vm, slot)) {
        /* The one that is chosen hears of it. */
        one_of_n_choose(vm, slot, true, effects);
    } else if (irq_wanted(w) && eff != IRQ_NOBODY) {
        deliver_hint(&vm->vcpus[eff], slot);
        effects_kick(vm, effects, eff);
    }
}

static struct irq_change change_and_tell(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t gen,
                                         uint64_t require, enum irq_event event, uint32_t arg,
                                         struct effects *effects)
{
    struct lvgic_vm *vm = vcpu->vm;
    struct irq_change change = irq_change_event(vcpu_irq(vcpu, slot), gen, require, event, arg);

    if (!change.done || (change.new == change.old && !is_news(event, change.new)))
        return change;
    if (irq_frees_physical(change.old, change.new))
        effects_act(effects, vcpu, slot, ACT_DEACTIVATE);
    if (irq_unheld(change.new))
        vm_release_slot(vm, slot);
    else /* A new target of 1-of-N was chosen: it is such an event. */
        deliver_look(vm, slot, change.new, event != IRQ_EV_TARGET, effects);
    return change;
}

struct irq_change deliver_event(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t gen,
                                enum irq_event event, uint32_t arg, struct effects *effects)
{
    return change_and_tell(vcpu, slot, gen, 0, event, arg, effects);
}

struct irq_change deliver_event_if(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t require,
                                   enum irq_event event, uint32_t arg, struct effects *effects)
{
    return change_and_tell(vcpu, slot, 0, require, event, arg, effects);
}

struct irq_change deliver_event_now(struct lvgic_vcpu *vcpu, uint32_t slot, enum irq_event event,
                                    uint32_t arg)
{
    struct effects effects;

    effects_init(&effects);
    struct irq_change change = deliver_event(vcpu, slot, 0, event, arg, &effects);
    effects_run(vcpu->vm, &effects);
    return change;
}

/* What GICR_NSACR has to allow for Non-secure software to generate a Secure SGI (12.11). A request
 * for Secure group 1 reaches group 0 too. */
static bool sgi_allowed(const struct lvgic_vcpu *target, uint32_t intid, uint64_t w,
                        enum sgi_group group)
{
    bool two_states = !(vm_gicd_ctlr(target->vm) & CTLR_DS);
    bool group1s = two_states && (w & IRQ_MOD);
    /* Relaxed: as the group, it is read in a step before. */
    uint32_t allowed = atomic_load_explicit(&target->nsacr, memory_order_relaxed) >> 2 * intid & 3;

    if (w & IRQ_GRP1 || group == SGI_GROUP1)
        return (w & IRQ_GRP1) && group == SGI_GROUP1;
    if (group1s && group == SGI_GROUP0)
        return false;
    return !two_states || allowed >= (group1s ? 2 : 1);
}

void deliver_sgi(struct lvgic_vcpu *target, uint32_t intid, enum sgi_group group,
                 struct effects *effects)
{
    /* The group is read and the SGI made pending in two steps: a change of group in between is
     * one that the sender cannot have known of. */
    if (sgi_allowed(target, intid, irq_load(vcpu_irq(target, intid)), group))
        deliver_event(target, intid, 0, IRQ_EV_PULSE, 0, effects);
}
