/* SPDX-License-Identifier: MIT */
/* The registers of the frames that are not fields of interrupts. */
#include "base/bits.h"
#include "deliver/event.h"
#include "deliver/one_of_n.h"
#include "deliver/run.h"
#include "mmio/dist2.h"
#include "mmio/mmio.h"

/* GICD_CTLR with one security state (12.9): EnableGrp0, EnableGrp1, ARE, DS, RWP. */
#define GICD_CTLR_ENABLES 3u
#define GICD_CTLR_FIXED (BIT64(4) | BIT64(6))
#define CTLR_RWP_GICD BIT64(31)
#define CTLR_RWP_GICR BIT64(3)

/* GICR_WAKER */
#define WAKER_PROCESSOR_SLEEP BIT64(1)
#define WAKER_CHILDREN_ASLEEP BIT64(2)

/* A vCPU that was told of a change and has not come out of the guest since may still take an
 * interrupt that is disabled by now. */
static bool change_outstanding(const struct lvgic_vcpu *vcpu)
{
    /* Acquire: who reads "not outstanding" is ordered after the entry that took the notice. */
    return atomic_load_explicit(&vcpu->attention, memory_order_acquire) && vcpu_holds(vcpu);
}

static uint64_t gicd_ctlr(struct lvgic_vm *vm)
{
    /* Relaxed: a value for its own sake. */
    uint64_t value = atomic_load_explicit(&vm->gicd_ctlr, memory_order_relaxed);

    if (vm->gicv2)
        return value; /* the enables alone: it has no RWP */
    value |= GICD_CTLR_FIXED;
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        if (change_outstanding(&vm->vcpus[i]))
            return value | CTLR_RWP_GICD;
    return value;
}

static uint64_t gicd_typer(const struct lvgic_vm *vm)
{
    /* ITLinesNumber: 32(N+1) INTIDs in all, where 1020 to 1023 do not count. */
    uint64_t lines = (NR_PRIVATE + vm->nr_spis + 31) / 32 - 1;
    uint64_t extended = vm->nr_espis ? BIT64(8) | (uint64_t)(vm->nr_espis / 32 - 1) << 27 : 0;
    /* INTID bits: ten, or thirteen with extended ranges. */
    uint64_t id_bits = vm->nr_espis || vm->nr_eppis ? 12 : 9;

    /* CPUNumber is RES0 with affinity routing; MBIS; A3V; No1N; RSS. */
    return lines | extended | BIT64(16) | id_bits << 19 | BIT64(24) |
           (vm->one_of_n ? 0 : BIT64(25)) | (vm->range_selector ? BIT64(26) : 0);
}

static uint64_t gicr_typer(const struct lvgic_vcpu *vcpu)
{
    bool last = vcpu->index == vcpu->vm->nr_vcpus - 1;

    return (uint64_t)affinity_pack(vcpu->affinity) << 32 | (uint64_t)vcpu->index << 8 |
           (last ? BIT64(4) : 0) | (vcpu->vm->one_of_n ? BIT64(5) : 0) |
           /* DPGS */ (uint64_t)(vcpu->vm->nr_eppis / 32) << 27; /* PPInum */
}

uint64_t mmio_hook_read(struct mmio *mmio, enum reg_hook hook)
{
    switch (hook) {
    case REG_HOOK_GICD_CTLR:
        return gicd_ctlr(mmio->vm);
    case REG_HOOK_GICD_TYPER:
        return gicd_typer(mmio->vm);
    case REG_HOOK_GICR_CTLR:
        return (change_outstanding(mmio->vcpu) ? CTLR_RWP_GICR : 0) |
               atomic_load_explicit(&mmio->vcpu->dpg, memory_order_relaxed);
    case REG_HOOK_IIDR:
        return mmio->vm->iidr;
    case REG_HOOK_GICD_STATUSR:
        return atomic_load_explicit(&mmio->vm->gicd_statusr, memory_order_relaxed);
    case REG_HOOK_GICR_STATUSR:
        return atomic_load_explicit(&mmio->vcpu->statusr, memory_order_relaxed);
    case REG_HOOK_GICR_TYPER:
        return gicr_typer(mmio->vcpu);
    case REG_HOOK_GICR_WAKER:
        return atomic_load_explicit(&mmio->vcpu->waker, memory_order_relaxed)
                   ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP
                   : 0;
    case REG_HOOK_GICD2_TYPER:
        return dist2_typer(mmio->vm);
    case REG_HOOK_GICD2_PPISR:
        return dist2_ppisr(mmio->vcpu);
    default: /* write-only */
        return 0;
    }
}

static void write_gicd_ctlr(struct lvgic_vm *vm, uint64_t value)
{
    uint32_t enables = (uint32_t)(value & GICD_CTLR_ENABLES);

    /* Store, then attention and kick: a vCPU takes attention with acquire before it reads this.
     * Release pairs with that, through the attention that is stored after it. */
    if (atomic_exchange_explicit(&vm->gicd_ctlr, enables, memory_order_release) != enables)
        deliver_attention_all(vm);
}

static void message(struct mmio *mmio, uint64_t value, enum irq_event event)
{
    uint32_t slot = vm_slot(mmio->vm, (uint32_t)bits_get(value, 12, 0));

    if (slot != INTID_NONE && !slot_is_private(mmio->vm, slot))
        deliver_event_now(mmio->vcpu, slot, event, 0);
}

void mmio_hook_write(struct mmio *mmio, enum reg_hook hook, uint64_t value)
{
    switch (hook) {
    case REG_HOOK_GICD_CTLR:
        write_gicd_ctlr(mmio->vm, value);
        break;
    case REG_HOOK_GICD_SETSPI:
        message(mmio, value, IRQ_EV_MSG_HIGH);
        break;
    case REG_HOOK_GICD_CLRSPI:
        message(mmio, value, IRQ_EV_MSG_LOW);
        break;
    case REG_HOOK_GICR_CTLR:
        /* Relaxed, like the next: one_of_n_changed() has the fence. */
        if (mmio->vm->one_of_n)
            atomic_store_explicit(&mmio->vcpu->dpg, (uint32_t)value & (DPG_GROUP0 | DPG_GROUP1),
                                  memory_order_relaxed);
        one_of_n_changed(mmio->vm);
        break;
    case REG_HOOK_GICR_WAKER:
        atomic_store_explicit(&mmio->vcpu->waker, !!(value & WAKER_PROCESSOR_SLEEP),
                              memory_order_relaxed);
        one_of_n_changed(mmio->vm);
        break;
    case REG_HOOK_GICD2_SGIR:
        dist2_send_sgi(mmio->vcpu, value);
        break;
    case REG_HOOK_GICD_STATUSR: /* writing 1 clears */
        atomic_fetch_and_explicit(&mmio->vm->gicd_statusr, ~(uint32_t)value, memory_order_relaxed);
        break;
    case REG_HOOK_GICR_STATUSR:
        atomic_fetch_and_explicit(&mmio->vcpu->statusr, ~(uint32_t)value, memory_order_relaxed);
        break;
    default: /* read-only, or RES0 without LPIs */
        break;
    }
}
