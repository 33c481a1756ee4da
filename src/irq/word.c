/* SPDX-License-Identifier: MIT */
#include "irq/word.h"

#include "base/bits.h"

static uint64_t with_field(uint64_t w, unsigned shift, uint64_t mask, uint32_t value)
{
    return (w & ~(mask << shift)) | ((uint64_t)(value & mask) << shift);
}

static uint64_t clear_pending(uint64_t w, uint64_t latch)
{
    /* A list register of a running vCPU cannot be changed from outside: its owner drops the pending
     * state when it folds. What was latched since is cleared here and now. */
    return (w & ~latch) | (w & IRQ_INLR ? IRQ_CLRP : 0);
}

/* The same for each source apart: the request is only about the one that is listed. */
static uint64_t clear_sources(uint64_t w, uint32_t sources)
{
    bool listed = (w & IRQ_INLR) && (sources >> irq_source(w) & 1);

    return (w & ~((uint64_t)sources << IRQ_GEN_SHIFT)) | (listed ? IRQ_CLRP : 0);
}

static uint64_t unmap(uint64_t w)
{
    return (w & ~(IRQ_MAPPED | IRQ_PEND | IRQ_SOFT | IRQ_MSGL | IRQ_ACT)) |
           (w & IRQ_INLR ? IRQ_CLRP : 0);
}

/* The pending state is UNKNOWN after a change between edge and level: carrying a latch over loses
 * nothing. But what is not pending now must not become so, so what a list register still says is
 * dropped when it is folded. */
static uint64_t configure(uint64_t w, bool edge)
{
    uint64_t stale = (w & IRQ_INLR) && !irq_pending(w) ? IRQ_CLRP : 0;

    if (edge == !!(w & IRQ_EDGE))
        return w;
    if (edge)
        return (w & ~IRQ_SOFT) | IRQ_EDGE | (w & IRQ_SOFT ? IRQ_PEND : 0) | stale;
    return (w & ~(IRQ_PEND | IRQ_EDGE)) | (w & IRQ_PEND ? IRQ_SOFT : 0) | stale;
}

static uint64_t apply(uint64_t w, enum irq_event event, uint32_t arg)
{
    bool edge = w & IRQ_EDGE;

    switch (event) {
    case IRQ_EV_PULSE:
        return edge ? w | IRQ_PEND : w;
    case IRQ_EV_LINE_HIGH:
        return w | IRQ_LINE | (edge ? IRQ_PEND : 0);
    case IRQ_EV_LINE_LOW:
        /* What LINE says of a mapped interrupt in a list register is that it was forwarded anew: a
         * look at the physical line from before that must not take it back. The fold looks again.
         */
        return (w & (IRQ_HW | IRQ_INLR)) == (IRQ_HW | IRQ_INLR) ? w : w & ~IRQ_LINE;
    case IRQ_EV_MSG_HIGH:
        return w | (edge ? IRQ_PEND : IRQ_MSGL);
    case IRQ_EV_MSG_LOW:
        w &= ~IRQ_MSGL;
        return edge ? clear_pending(w, IRQ_PEND) : w;
    case IRQ_EV_SET_PENDING:
        return w | (edge ? IRQ_PEND : IRQ_SOFT);
    case IRQ_EV_CLEAR_PENDING:
        return clear_pending(w, edge ? IRQ_PEND : IRQ_SOFT);
    case IRQ_EV_ENABLE:
        return w | IRQ_EN;
    case IRQ_EV_DISABLE:
        return w & ~IRQ_EN;
    case IRQ_EV_SET_ACTIVE:
        if (w & (IRQ_INLR | IRQ_ACT | IRQ_NOACT))
            return w;
        /* As if the vCPU had sent it to itself: the register names no source. */
        if (w & IRQ_SRC)
            w = with_field(w, IRQ_ASRC_SHIFT, 7, arg);
        return with_field(w | IRQ_ACT, IRQ_HOLDER_SHIFT, IRQ_VCPU_MASK, arg);
    case IRQ_EV_CLEAR_ACTIVE:
        return w & IRQ_INLR ? w : w & ~IRQ_ACT;
    case IRQ_EV_CONFIG_EDGE:
        return configure(w, true);
    case IRQ_EV_CONFIG_LEVEL:
        return configure(w, false);
    case IRQ_EV_GROUP0:
        return w & ~IRQ_GRP1;
    case IRQ_EV_GROUP1:
        return w | IRQ_GRP1;
    case IRQ_EV_PRIORITY:
        return with_field(w, IRQ_PRIO_SHIFT, 0xff, arg);
    case IRQ_EV_MOD_ON:
        return w | IRQ_MOD;
    case IRQ_EV_MOD_OFF:
        return w & ~IRQ_MOD;
    case IRQ_EV_NMI_ON:
        return w | IRQ_NMI;
    case IRQ_EV_NMI_OFF:
        return w & ~IRQ_NMI;
    case IRQ_EV_TARGET:
        return with_field(w, IRQ_TARGET_SHIFT, IRQ_VCPU_MASK, arg);
    case IRQ_EV_NOTIFY_ON:
        return w | IRQ_NOTIFY;
    case IRQ_EV_NOTIFY_OFF:
        return w & ~IRQ_NOTIFY;
    case IRQ_EV_HW_ON:
        return w | IRQ_HW;
    case IRQ_EV_HW_OFF:
        return w & IRQ_INLR ? w : w & ~IRQ_HW;
    case IRQ_EV_SOURCES_SET:
        return w & IRQ_SRC ? w | (uint64_t)(arg & 0xff) << IRQ_GEN_SHIFT : w;
    case IRQ_EV_SOURCES_CLEAR:
        return w & IRQ_SRC ? clear_sources(w, arg & 0xff) : w;
    case IRQ_EV_UNMAP:
        return unmap(w);
    case IRQ_NR_EVENTS:
        break;
    }
    return w;
}

uint64_t irq_apply(uint64_t w, enum irq_event event, uint32_t arg)
{
    uint64_t n = apply(w, event, arg);

    /* The forwarded interrupt is given back: the next forward must find the line low. */
    return irq_frees_physical(w, n) ? n & ~IRQ_LINE : n;
}

uint64_t irq_put(uint64_t w, enum irq_part part, bool value, uint32_t vcpu)
{
    if (part == IRQ_PART_EDGE)
        return configure(w, value);
    if (w & IRQ_INLR)
        return w;
    if (part == IRQ_PART_LINE)
        return value ? w | IRQ_LINE : w & ~IRQ_LINE;
    if (part == IRQ_PART_LATCH) {
        if (value && irq_latched(w))
            return w;
        return value ? w | (w & IRQ_EDGE ? IRQ_PEND : IRQ_SOFT)
                     : w & ~(IRQ_PEND | IRQ_SOFT | IRQ_MSGL);
    }
    /* Where it is active already it stays so: it goes to another vCPU only by IRQ_EV_SET_ACTIVE's
     * rules, or with its route (irq_move()). */
    return value ? irq_apply(w, IRQ_EV_SET_ACTIVE, vcpu) : w & ~IRQ_ACT;
}

uint64_t irq_move(uint64_t w, uint32_t vcpu)
{
    bool here = (w & IRQ_ACT) && !(w & IRQ_INLR);

    return here ? with_field(w, IRQ_HOLDER_SHIFT, IRQ_VCPU_MASK, vcpu) : w;
}

/* An interrupt with sources: a list register names one of them, the lowest that is pending. While
 * it is active for one, those that are pending wait, even if it is the same. The guest's completion
 * must be seen while there are more. */
static uint64_t list_source(uint64_t w, struct irq_listing *how)
{
    uint32_t sources = w & IRQ_EN ? irq_sources(w) : 0;

    how->pending = sources && !how->active;
    if (how->pending) {
        uint32_t source = bits_first(sources);

        sources &= ~(1u << source);
        w = with_field(w, IRQ_ASRC_SHIFT, 7, source) & ~(UINT64_C(1) << source << IRQ_GEN_SHIFT);
    }
    how->eoi = sources;
    return w;
}

uint64_t irq_list(uint64_t w, uint32_t me, struct irq_listing *how)
{
    bool edge = w & IRQ_EDGE;
    bool active = w & IRQ_ACT;
    bool pending = (w & IRQ_EN) && irq_pending(w);

    *how = (struct irq_listing){.active = active, .hw = w & IRQ_HW};
    w = with_field(w, IRQ_HOLDER_SHIFT, IRQ_VCPU_MASK, me);
    w = (w | IRQ_INLR) & ~IRQ_ACT;
    if (w & IRQ_SRC)
        return list_source(w, how);

    if (active && pending && (!edge || how->hw || irq_target(w) != me)) {
        /* Never pending+active for a level, nor for a hardware-mapped interrupt (section 11.2.1
         * makes the latter UNPREDICTABLE), nor if the pending part is another vCPU's. What is
         * pending waits in the word, and the guest's deactivation must be seen: so EOI = 1, which
         * shares its bit with pINTID, so HW = 0. */
        pending = false;
        how->hw = false;
        how->eoi = true;
    }
    /* A level held by a message does not fall with the physical interrupt. */
    if (!edge && (w & IRQ_MSGL))
        how->hw = false;
    /* A line that is still high at the guest's EOI has to be delivered again. */
    if (!edge && !how->hw)
        how->eoi = true;

    how->pending = pending;
    if (!pending)
        return w;
    /* The latch is used up by the delivery, and so is the forwarded physical interrupt: another
     * forward while it is listed is news and must not be mistaken for this one. */
    if (how->hw)
        w &= ~IRQ_LINE;
    if (edge)
        return w & ~IRQ_PEND;
    how->soft = w & IRQ_SOFT;
    return w & ~IRQ_SOFT;
}

/* What the fold of a hardware-mapped interrupt has to do about the physical one. */
static uint64_t fold_physical(uint64_t w, const struct irq_listing *how, bool pending,
                              struct irq_folded *found)
{
    if (!(w & IRQ_HW) || (w & IRQ_ACT))
        return w; /* the guest's deactivation will see to the physical one */
    if (!irq_pending(w)) {
        /* It was forwarded and nobody will take it any more. */
        found->phys_deactivate = pending || (w & IRQ_LINE) || (found->deactivated && !how->hw);
        return w & ~IRQ_LINE;
    }
    found->phys_deactivate = found->deactivated && !how->hw;
    /* Forwarded and still to be taken: the physical line may have fallen. */
    found->sample = w & IRQ_LINE;
    return w;
}

uint64_t irq_fold(uint64_t w, const struct irq_listing *how, bool pending, bool active,
                  struct irq_folded *found)
{
    bool dropped = w & IRQ_CLRP;

    /* Never believe a register that became pending, or active without having been either. */
    pending = pending && how->pending;
    active = active && (how->pending || how->active) && !(w & IRQ_NOACT);

    bool acknowledged = how->pending && !pending;
    *found = (struct irq_folded){
        .acknowledged = acknowledged && active,
        /* Filled active and no longer so, or acknowledged and already gone; a register that was
         * pending+active and came back active went through both. */
        .deactivated = !(w & IRQ_NOACT) &&
                       ((how->active && (!active || acknowledged)) || (acknowledged && !active)),
    };

    w &= ~(IRQ_INLR | IRQ_CLRP | IRQ_ACT);
    if (!(w & IRQ_MAPPED))
        return w;
    if (active)
        w |= IRQ_ACT;
    if (w & IRQ_SRC)
        return w | (pending && !dropped ? UINT64_C(1) << irq_source(w) << IRQ_GEN_SHIFT : 0);
    if (pending && (w & IRQ_EDGE))
        w |= dropped ? 0 : IRQ_PEND;
    else if (pending && how->soft && !dropped)
        w |= IRQ_SOFT;
    /* The forwarded physical interrupt is still the guest's, whatever was cleared by register: its
     * line decides, and is looked at. */
    if (pending && how->hw && !(w & IRQ_EDGE))
        w |= IRQ_LINE;
    return fold_physical(w, how, pending, found);
}
