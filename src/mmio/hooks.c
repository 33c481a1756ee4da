/* SPDX-License-Identifier: MIT */
/* The registers of the frames that are not fields of interrupts. */
#include "base/bits.h"
#include "deliver/event.h"
#include "deliver/lpi.h"
#include "deliver/one_of_n.h"
#include "deliver/run.h"
#include "mmio/lpi.h"
#include "mmio/mmio.h"

/* GICD_CTLR with one security state (12.9): EnableGrp0, EnableGrp1, ARE, DS, RWP. */
#define GICD_CTLR_ENABLES 3u
#define GICD_CTLR_FIXED (BIT64(4) | BIT64(6))
#define CTLR_RWP_GICD BIT64(31)
#define CTLR_RWP_GICR BIT64(3)

/* GICR_WAKER */
#define WAKER_PROCESSOR_SLEEP BIT64(1)
#define WAKER_CHILDREN_ASLEEP BIT64(2)

static uint64_t gicd_ctlr(struct lvgic_vm *vm)
{
    /* Relaxed: a value for its own sake. */
    uint64_t value = atomic_load_explicit(&vm->gicd_ctlr, memory_order_relaxed) | GICD_CTLR_FIXED;

    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        if (vcpu_change_outstanding(&vm->vcpus[i]))
            return value | CTLR_RWP_GICD;
    return value;
}

static uint64_t gicd_typer(const struct lvgic_vm *vm)
{
    /* ITLinesNumber: 32(N+1) INTIDs in all, where 1020 to 1023 do not count. */
    uint64_t lines = (NR_PRIVATE + vm->nr_spis + 31) / 32 - 1;
    uint64_t extended = vm->nr_espis ? BIT64(8) | (uint64_t)(vm->nr_espis / 32 - 1) << 27 : 0;
    /* INTID bits: ten, or thirteen with extended ranges, or what LPIs have. */
    uint64_t id_bits = vm->nr_espis || vm->nr_eppis ? 12 : 9;
    uint64_t lpis = vm->lpis.nr ? BIT64(17) : 0;

    if (lpis)
        id_bits = vm->lpis.id_bits - 1;

    /* CPUNumber is RES0 with affinity routing; MBIS; A3V; No1N; RSS. */
    return lines | extended | lpis | BIT64(16) | id_bits << 19 | BIT64(24) |
           (vm->one_of_n ? 0 : BIT64(25)) | (vm->range_selector ? BIT64(26) : 0);
}

static uint64_t gicr_typer(const struct lvgic_vcpu *vcpu)
{
    bool last = vcpu->index == vcpu->vm->nr_vcpus - 1;

    return (uint64_t)affinity_pack(vcpu->affinity) << 32 | (uint64_t)vcpu->index << 8 |
           (vcpu->vm->lpis.nr ? BIT64(0) : 0) |      /* PLPIS */
           (vcpu->vm->lpis.of_vcpu ? BIT64(3) : 0) | /* DirectLPI */
           (last ? BIT64(4) : 0) | (vcpu->vm->one_of_n ? BIT64(5) : 0) |
           /* DPGS */ (uint64_t)(vcpu->vm->nr_eppis / 32) << 27; /* PPInum */
}

static uint64_t v2m_typer(const struct lvgic_vm *vm)
{
    return (uint64_t)vm->v2m_first << 16 | vm->v2m_nr;
}

static void v2m_setspi(struct mmio *mmio, uint64_t value)
{
    uint32_t intid = (uint32_t)bits_get(value, 9, 0);

    if (intid - mmio->vm->v2m_first < mmio->vm->v2m_nr)
        deliver_event_now(mmio->vcpu, vm_slot(mmio->vm, intid), IRQ_EV_PULSE, 0);
}

uint64_t mmio_hook_read(struct mmio *mmio, enum reg_hook hook)
{
    switch (hook) {
    case REG_HOOK_GICD_CTLR:
        return gicd_ctlr(mmio->vm);
    case REG_HOOK_GICD_TYPER:
        return gicd_typer(mmio->vm);
    case REG_HOOK_GICR_CTLR:
        return (vcpu_change_outstanding(mmio->vcpu) ? CTLR_RWP_GICR : 0) |
               mmio_lpi_ctlr(mmio->vcpu) |
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
    case REG_HOOK_V2M_TYPER:
        return v2m_typer(mmio->vm);
    default: /* write-only, or about LPIs */
        return mmio_lpi_read(mmio, hook);
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
        if (mmio->vm->lpis.nr)
            deliver_lpi_enable(mmio->vcpu, value & GICR_CTLR_ENABLE_LPIS);
        break;
    case REG_HOOK_GICR_WAKER:
        atomic_store_explicit(&mmio->vcpu->waker, !!(value & WAKER_PROCESSOR_SLEEP),
                              memory_order_relaxed);
        one_of_n_changed(mmio->vm);
        break;
    case REG_HOOK_GICD_STATUSR: /* writing 1 clears */
        atomic_fetch_and_explicit(&mmio->vm->gicd_statusr, ~(uint32_t)value, memory_order_relaxed);
        break;
    case REG_HOOK_GICR_STATUSR:
        atomic_fetch_and_explicit(&mmio->vcpu->statusr, ~(uint32_t)value, memory_order_relaxed);
        break;
    case REG_HOOK_V2M_SETSPI:
        v2m_setspi(mmio, value);
        break;
    default: /* read-only, or about LPIs */
        mmio_lpi_write(mmio, hook, value);
        break;
    }
}
