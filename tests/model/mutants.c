/* SPDX-License-Identifier: MIT */
#include "mutants.h"

enum mutant mutant;

const char *mutant_text(enum mutant m)
{
    static const char *const text[NR_MUTANTS] = {"no defect",
#define MUTANT_TEXT(name, what) what,
                                                 MUTANTS(MUTANT_TEXT)
#undef MUTANT_TEXT
    };

    return text[m];
}

#define SOURCES (UINT64_C(0xff) << IRQ_GEN_SHIFT)

static uint64_t source_bit(uint64_t w)
{
    return UINT64_C(1) << irq_source(w) << IRQ_GEN_SHIFT;
}

static uint64_t with_holder(uint64_t w, uint32_t holder)
{
    return (w & ~(IRQ_VCPU_MASK << IRQ_HOLDER_SHIFT)) | (holder & IRQ_VCPU_MASK)
                                                            << IRQ_HOLDER_SHIFT;
}

/* Defects of events that concern the list register or who holds the interrupt. */
static uint64_t spoil_apply_held(uint64_t w, uint64_t n, enum irq_event event, uint32_t arg)
{
    switch (mutant) {
    case MUTANT_APPLY_NO_CLRP:
        return (n & ~IRQ_CLRP) | (w & IRQ_CLRP);
    case MUTANT_RETARGET_HOLDER:
        return event == IRQ_EV_TARGET && (w & (IRQ_INLR | IRQ_ACT)) ? with_holder(n, arg) : n;
    case MUTANT_ACTIVE_HOLDER:
        return event == IRQ_EV_SET_ACTIVE && (w & IRQ_ACT) ? with_holder(n, arg) : n;
    case MUTANT_ACTIVE_IN_LR:
        return event == IRQ_EV_SET_ACTIVE && (w & IRQ_INLR) ? n | IRQ_ACT : n;
    case MUTANT_INACTIVE_IN_LR:
        return event == IRQ_EV_CLEAR_ACTIVE ? n & ~(IRQ_ACT | IRQ_INLR) : n;
    case MUTANT_CLEAR_ACTIVE_STUCK:
        return event == IRQ_EV_CLEAR_ACTIVE ? w : n;
    case MUTANT_PULSE_LOST_IN_LR:
        return event == IRQ_EV_PULSE && (w & IRQ_INLR) ? w : n;
    case MUTANT_UNMAP_FREES_IN_LR:
        return event == IRQ_EV_UNMAP ? n & ~IRQ_INLR : n;
    case MUTANT_UNMAP_KEEPS:
        return event == IRQ_EV_UNMAP && (w & IRQ_INLR) ? w : n;
    case MUTANT_CPENDSGIR_NO_CLRP:
        return event == IRQ_EV_SOURCES_CLEAR ? (n & ~IRQ_CLRP) | (w & IRQ_CLRP) : n;
    case MUTANT_CPENDSGIR_OTHER:
        return event == IRQ_EV_SOURCES_CLEAR && (w & IRQ_INLR) ? n | IRQ_CLRP : n;
    case MUTANT_CPENDSGIR_ALL:
        return event == IRQ_EV_SOURCES_CLEAR ? n & ~SOURCES : n;
    case MUTANT_GEN_BUMPED:
        return event == IRQ_EV_ENABLE && !(w & IRQ_EN) ? n + (UINT64_C(1) << IRQ_GEN_SHIFT) : n;
    default:
        return n;
    }
}

uint64_t tested_apply(uint64_t w, enum irq_event event, uint32_t arg)
{
    uint64_t n = irq_apply(w, event, arg);

    switch (mutant) {
    case MUTANT_DISABLE_CLEARS:
        return event == IRQ_EV_DISABLE ? n & ~(IRQ_PEND | IRQ_SOFT) : n;
    case MUTANT_SOFT_LOST_ON_LINE:
        return event == IRQ_EV_SET_PENDING && !(w & IRQ_EDGE) && (w & IRQ_LINE) ? w : n;
    case MUTANT_CLEAR_DROPS_LINE:
        return event == IRQ_EV_CLEAR_PENDING ? n & ~IRQ_LINE : n;
    case MUTANT_LOW_CLEARS_EDGE:
        return event == IRQ_EV_LINE_LOW ? n & ~IRQ_PEND : n;
    case MUTANT_MESSAGE_IS_SOFT:
        return event == IRQ_EV_MSG_HIGH && !(w & IRQ_EDGE) ? w | IRQ_SOFT : n;
    case MUTANT_CLRSPI_CLEARS_SOFT:
        return event == IRQ_EV_MSG_LOW ? n & ~IRQ_SOFT : n;
    case MUTANT_CONFIG_CHANGES_GROUP:
        return event == IRQ_EV_CONFIG_EDGE ? n | IRQ_GRP1 : n;
    default:
        return spoil_apply_held(w, n, event, arg);
    }
}

uint64_t tested_put(uint64_t w, enum irq_part part, bool value, uint32_t vcpu)
{
    uint64_t n = irq_put(w, part, value, vcpu);

    switch (mutant) {
    case MUTANT_PUT_IN_LR:
        return part == IRQ_PART_LATCH && value && (w & IRQ_INLR) ? n | IRQ_PEND : n;
    case MUTANT_PUT_ACTIVE_IN_LR:
        return part == IRQ_PART_ACTIVE && !value ? n & ~(IRQ_ACT | IRQ_INLR) : n;
    case MUTANT_PUT_LATCH_KEEPS_MESSAGE:
        return part == IRQ_PART_LATCH ? n | (w & IRQ_MSGL) : n;
    case MUTANT_PUT_LATCH_CLEARS_LINE:
        return part == IRQ_PART_LATCH && !value ? n & ~IRQ_LINE : n;
    case MUTANT_PUT_LINE_IS_EDGE:
        return part == IRQ_PART_LINE && value && (w & IRQ_EDGE) ? n | IRQ_PEND : n;
    case MUTANT_PUT_EDGE_LOSES_LATCH:
        return part == IRQ_PART_EDGE && n != w ? n & ~(IRQ_PEND | IRQ_SOFT) : n;
    case MUTANT_PUT_ACTIVE_MOVES:
        return part == IRQ_PART_ACTIVE && value && (n & IRQ_ACT) ? with_holder(n, vcpu) : n;
    case MUTANT_PUT_ACTIVE_ENDS_LINE:
        return part == IRQ_PART_ACTIVE && !value ? n & ~IRQ_LINE : n;
    default:
        return n;
    }
}

uint64_t tested_move(uint64_t w, uint32_t vcpu)
{
    uint64_t n = irq_move(w, vcpu);

    switch (mutant) {
    case MUTANT_MOVE_IN_LR:
        return w & IRQ_INLR ? with_holder(n, vcpu) : n;
    case MUTANT_MOVE_ACTIVATES:
        return w & (IRQ_INLR | IRQ_NOACT) ? n : with_holder(n | IRQ_ACT, vcpu);
    case MUTANT_MOVE_STUCK:
        return w;
    default:
        return n;
    }
}

static uint64_t spoil_list_source(uint64_t w, uint64_t n, struct irq_listing *how)
{
    switch (mutant) {
    case MUTANT_SOURCE_NOT_CONSUMED:
        return how->pending ? n | source_bit(n) : n;
    case MUTANT_SOURCES_NO_EOI:
        how->eoi = false;
        return n;
    case MUTANT_SOURCES_HIGHEST:
        if (how->pending && irq_sources(w) == 3) /* source 1 of both */
            return (n & ~SOURCES) | UINT64_C(1) << IRQ_GEN_SHIFT | UINT64_C(1) << IRQ_ASRC_SHIFT;
        return n;
    case MUTANT_SOURCE_PENDING_ACTIVE:
        how->pending = (w & IRQ_EN) && irq_pending(w);
        return n;
    default:
        return n;
    }
}

uint64_t tested_list(uint64_t w, uint32_t me, struct irq_listing *how)
{
    uint64_t n = irq_list(w, me, how);

    if (w & IRQ_SRC)
        n = spoil_list_source(w, n, how);
    switch (mutant) {
    case MUTANT_LIST_KEEPS_SOFT:
        return n | (w & IRQ_SOFT);
    case MUTANT_LIST_KEEPS_EDGE:
        return n | (w & IRQ_PEND);
    case MUTANT_LIST_DISABLED:
        how->pending = irq_pending(w);
        return n;
    case MUTANT_LIST_PENDING_HW:
        if ((w & IRQ_HW) && how->active && (w & IRQ_EN) && irq_pending(w)) {
            how->pending = how->hw = true;
            how->eoi = false;
        }
        return n;
    case MUTANT_NO_EOI:
        how->eoi = how->eoi && (w & IRQ_NOTIFY);
        return n;
    case MUTANT_NO_EOI_NOTIFY:
        how->eoi = how->eoi && !(w & IRQ_NOTIFY);
        return n;
    default:
        return n;
    }
}

static uint64_t spoil_fold_pending(uint64_t w, uint64_t n, const struct irq_listing *how,
                                   bool pending)
{
    switch (mutant) {
    case MUTANT_FOLD_CLEARS_LATER_EDGE:
        return w & IRQ_CLRP ? n & ~IRQ_PEND : n;
    case MUTANT_FOLD_LOSES_SOFT:
        return n & ~(IRQ_SOFT & ~w);
    case MUTANT_FOLD_LOSES_EDGE:
        return n & ~(IRQ_PEND & ~w);
    case MUTANT_FOLD_ALWAYS_EDGE:
        return (w & IRQ_EDGE) && how->pending ? n | IRQ_PEND : n;
    case MUTANT_FOLD_ALWAYS_SOFT:
        return how->soft ? n | IRQ_SOFT : n;
    case MUTANT_BELIEVES_PENDING:
        return (w & IRQ_EDGE) && pending && !(w & IRQ_CLRP) ? n | IRQ_PEND : n;
    default:
        return n;
    }
}

static uint64_t spoil_fold_source(uint64_t w, uint64_t n, const struct irq_listing *how)
{
    switch (mutant) {
    case MUTANT_SOURCE_LOST_BY_FOLD:
        return n & ~(SOURCES & ~w);
    case MUTANT_SOURCE_ALWAYS_BACK:
        return how->pending ? n | source_bit(w) : n;
    case MUTANT_SOURCE_CONFUSED:
        return n & SOURCES & ~w ? (n & ~(SOURCES & ~w)) | UINT64_C(1) << IRQ_GEN_SHIFT : n;
    case MUTANT_SOURCE_FORGOTTEN:
        return n & ~(UINT64_C(7) << IRQ_ASRC_SHIFT);
    default:
        return n;
    }
}

static uint64_t spoil_fold(uint64_t w, uint64_t n, const struct irq_listing *how, bool active,
                           struct irq_folded *found)
{
    switch (mutant) {
    case MUTANT_FOLD_LEAVES_CLRP:
        return n | (w & IRQ_CLRP);
    case MUTANT_FOLD_KEEPS_INLR:
        return n | IRQ_INLR;
    case MUTANT_FOLD_LOSES_ACTIVE:
        return n & ~IRQ_ACT;
    case MUTANT_FOLD_NO_HOLDER:
        return with_holder(n, IRQ_NOBODY);
    case MUTANT_FOLD_REVIVES:
        return n | IRQ_MAPPED;
    case MUTANT_BELIEVES_ACTIVE:
        return active ? n | IRQ_ACT : n;
    case MUTANT_HW_LINE_STAYS:
        return how->hw && found->deactivated ? n | IRQ_LINE : n;
    case MUTANT_HW_LINE_LOST:
        return how->hw && found->deactivated ? n & ~IRQ_LINE : n;
    case MUTANT_HW_NO_SAMPLE:
        found->sample = false;
        return n;
    case MUTANT_HW_NO_DEACTIVATE:
        found->phys_deactivate = false;
        return n;
    case MUTANT_FOUND_NO_ACK:
        found->acknowledged = false;
        return n;
    case MUTANT_FOUND_NO_DEACT:
        found->deactivated = false;
        return n;
    default:
        return n;
    }
}

uint64_t tested_fold(uint64_t w, const struct irq_listing *how, bool pending, bool active,
                     struct irq_folded *found)
{
    uint64_t seen = mutant == MUTANT_FOLD_DROPS_CLRP ? w & ~IRQ_CLRP : w;
    uint64_t n = irq_fold(seen, how, pending, active, found);

    n = w & IRQ_SRC ? spoil_fold_source(w, n, how) : spoil_fold_pending(w, n, how, pending);
    return spoil_fold(w, n, how, active, found);
}
