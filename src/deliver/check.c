/* SPDX-License-Identifier: MIT */
#include "deliver/check.h"

#include "arch/lr.h"
#include "base/bits.h"
#include "deliver/run.h"
#include "deliver/waiting.h"
#include "irq/slots.h"

const char *check_filled(struct lvgic_vcpu *vcpu)
{
    const struct lvgic_lrs *lrs = &vcpu->lrs;
    bool pending = false;

    for (unsigned i = 0; i < lrs->nr; i++) {
        uint64_t lr = lrs->lr[i];

        if (!(lrs->used & 1u << i)) {
            if (!lr_is_empty(lr))
                return "I2: a list register is in use that nobody filled";
            continue;
        }
        uint64_t w = irq_load(vcpu_irq(vcpu, vcpu->listed[i].slot));

        if (!(w & IRQ_INLR) || irq_holder(w) != vcpu->index)
            return "I1: an interrupt in a list register whose word does not say so";
        if ((lr & LR_STATE) == LR_STATE && (lr & (LR_HW | LR_EOI)))
            return "a hardware-mapped or level interrupt is pending and active in a register";
        for (unsigned j = 0; j < i; j++)
            if ((lrs->used & 1u << j) && lr_vintid(lrs->lr[j]) == lr_vintid(lr))
                return "I1: one INTID in two list registers";
        pending = pending || (lr & LR_STATE) == LR_PENDING;
    }
    if ((lrs->hcr & HCR_NPIE) && !pending)
        return "NPIE is armed and already true: the guest would never run";
    if ((lrs->hcr & HCR_UIE) && bits_count(lrs->used) <= 1)
        return "UIE is armed and already true: the guest would never run";
    return NULL;
}

const char *check_folded(struct lvgic_vcpu *vcpu)
{
    if (vcpu->lrs.used)
        return "a vCPU outside of the guest holds a list register";
    for (uint32_t i = 1; i < vcpu->overflow_depth; i++)
        if (vcpu->overflow[i - 1].ack_seq >= vcpu->overflow[i].ack_seq)
            return "the overflow stack is not in the order of acknowledgement";
    return NULL;
}

static const char *check_word(struct lvgic_vm *vm, struct lvgic_vcpu *of, uint32_t slot)
{
    uint64_t w = irq_load(vcpu_irq(of, slot));
    uint32_t eff = irq_effective(w);

    if (slot >= vm->nr_wired && irq_unheld(w))
        return NULL;
    if (w & IRQ_INLR)
        return "I1: an interrupt is in a list register, and every vCPU is out of the guest";
    if (w & IRQ_CLRP)
        return "a request to the holder outlived the list register";
    if ((w & IRQ_ACT) && irq_holder(w) >= vm->nr_vcpus)
        return "an interrupt is active on no vCPU";
    if (irq_target(w) != IRQ_NOBODY && irq_target(w) >= vm->nr_vcpus)
        return "an interrupt is routed to no vCPU";
    if (slot_is_private(vm, slot) && irq_target(w) != of->index)
        return "a private interrupt is routed elsewhere";
    if (irq_prio(w) & ~priority_mask(vm))
        return "a priority has bits that are not implemented";
    if (irq_wanted(w) && eff != IRQ_NOBODY && !vcpu_lpi_is_stale(&vm->vcpus[eff], w) &&
        !waiting_knows(&vm->vcpus[eff], slot))
        return "I3: an interrupt wants a vCPU that does not know of it";
    return NULL;
}

static const char *check_held(struct lvgic_vm *vm)
{
    uint32_t held = 0;

    for (uint32_t lpi = 0; lpi < vm->lpis.nr; lpi++)
        held += !irq_unheld(irq_load(lpi_irq(vm, lpi)));
    return held + lpi_count_free(vm) == vm->lpis.nr ? NULL
                                                    : "I5: an LPI slot is neither held nor free";
}

const char *check_lpis_unheld(struct lvgic_vm *vm)
{
    if (lpi_count_free(vm) != vm->lpis.nr)
        return "an LPI slot is held after the end";
    /* Relaxed: asked for while all is quiet. */
    if (atomic_load_explicit(&vm->lpis.mapped, memory_order_relaxed) !=
        atomic_load_explicit(&vm->lpis.unmapped, memory_order_relaxed))
        return "the holder MAPPED was set and cleared differently often";
    return NULL;
}

const char *check_vm(struct lvgic_vm *vm)
{
    const char *broken = NULL;

    for (uint32_t i = 0; i < vm->nr_vcpus && !broken; i++) {
        struct lvgic_vcpu *vcpu = &vm->vcpus[i];

        if (vcpu_holds(vcpu))
            return "a vCPU is in the guest";
        broken = check_folded(vcpu);
        for (uint32_t slot = 0; slot < vm->nr_private && !broken; slot++)
            broken = check_word(vm, vcpu, slot);
    }
    for (uint32_t slot = vm->nr_private; slot < vm->nr_slots && !broken; slot++)
        broken = check_word(vm, &vm->vcpus[0], slot);
    return broken ? broken : check_held(vm);
}
