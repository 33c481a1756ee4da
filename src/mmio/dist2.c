/* SPDX-License-Identifier: MIT */
#include "mmio/dist2.h"

#include "base/bits.h"
#include "deliver/event.h"

uint64_t dist2_targets(const struct lvgic_vcpu *vcpu, uint32_t slot)
{
    const struct lvgic_vm *vm = vcpu->vm;

    if (vm->nr_vcpus == 1)
        return 0;
    if (slot_is_private(vm, slot))
        return BIT64(vcpu->index);
    /* Relaxed: a value for its own sake. */
    return atomic_load_explicit(vm_route(vm, slot), memory_order_relaxed);
}

uint64_t dist2_targets_mask(const struct lvgic_vm *vm)
{
    return BIT64(vm->nr_vcpus) - 1;
}

bool dist2_ignores(struct lvgic_vcpu *vcpu, uint32_t slot, enum reg_op op)
{
    if (!vcpu->vm->gicv2)
        return false;
    switch (op) {
    case REG_OP_ENABLE_CLEAR:
    case REG_OP_PENDING_SET:
    case REG_OP_PENDING_CLEAR:
        return slot_is_sgi(slot);
    case REG_OP_TARGETS:
        return slot_is_private(vcpu->vm, slot) || vcpu->vm->nr_vcpus == 1;
    default:
        return false;
    }
}

void dist2_write_sources(struct lvgic_vcpu *vcpu, uint32_t slot, bool set, uint64_t sources)
{
    /* Bits of CPUs that do not exist are RAZ/WI. */
    sources &= dist2_targets_mask(vcpu->vm);
    if (sources)
        deliver_event_now(vcpu, slot, set ? IRQ_EV_SOURCES_SET : IRQ_EV_SOURCES_CLEAR,
                          (uint32_t)sources);
}

/* GICD_SGIR (4.3.15): TargetListFilter [25:24], CPUTargetList [23:16], SGIINTID [3:0]. NSATT [15]
 * says in which group the SGI must be, to be sent; it has no meaning without Security Extensions,
 * and the SGI is sent in whatever group it is. */
enum { SEND_TO_LIST, SEND_TO_OTHERS, SEND_TO_SELF };

void dist2_send_sgi(struct lvgic_vcpu *sender, uint64_t value)
{
    struct lvgic_vm *vm = sender->vm;
    uint64_t all = dist2_targets_mask(vm), self = BIT64(sender->index), targets = 0;
    struct effects effects;
    unsigned target;

    switch (bits_get(value, 25, 24)) {
    case SEND_TO_LIST:
        targets = bits_get(value, 23, 16) & all; /* those that do not exist get nothing */
        break;
    case SEND_TO_OTHERS:
        targets = all & ~self;
        break;
    case SEND_TO_SELF:
        targets = self;
        break;
    default: /* reserved: to nobody */
        break;
    }
    effects_init(&effects);
    while (bits_take_first(&targets, &target))
        deliver_event(&vm->vcpus[target], (uint32_t)bits_get(value, 3, 0), 0, IRQ_EV_SOURCES_SET,
                      (uint32_t)self, &effects);
    effects_run(vm, &effects);
}

uint64_t dist2_typer(const struct lvgic_vm *vm)
{
    /* ITLinesNumber: 32(N+1) interrupts in all, where 1020 to 1023 do not count; CPUNumber. */
    return ((NR_PRIVATE + vm_nr_spis(vm) + 31) / 32 - 1) | (uint64_t)(vm->nr_vcpus - 1) << 5;
}

uint64_t dist2_ppisr(struct lvgic_vcpu *vcpu)
{
    uint64_t wires = 0;

    for (uint32_t slot = NR_SGIS; slot < NR_PRIVATE; slot++)
        wires |= irq_load(vcpu_irq(vcpu, slot)) & IRQ_LINE ? BIT64(slot - NR_SGIS) : 0;
    return wires;
}
