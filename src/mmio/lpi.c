/* SPDX-License-Identifier: MIT */
/* The redistributor's registers for LPIs (IHI 0069H, 12.11). */
#include "mmio/lpi.h"

#include "deliver/gate.h"
#include "deliver/lpi.h"

uint64_t mmio_lpi_ctlr(const struct mmio *mmio)
{
    struct lvgic_vcpu *vcpu = mmio->vcpu;
    uint32_t state;

    if (!vcpu->vm->lpis.nr)
        return 0;
    if (!mmio->vmm && deliver_lpi_busy(vcpu))
        deliver_lpi_work_now(vcpu->vm);
    /* Acquire: who reads that disabling is done comes after it. */
    state = atomic_load_explicit(&vcpu->lpis.state, memory_order_acquire) & LPIS_MODE;
    /* KVM's revision 2 does not know of either. */
    uint32_t offered = vm_revision(vcpu->vm) >= 3 ? GICR_CTLR_CES | GICR_CTLR_IR : 0;

    return offered | (state == LPIS_ON ? GICR_CTLR_ENABLE_LPIS : 0) |
           (state == LPIS_CLOSING ? GICR_CTLR_RWP : 0);
}

/* Disabled at once, also if the guest's own disabling is under way, which would not hear of being
 * enabled. */
static void put_off(struct lvgic_vcpu *vcpu)
{
    struct lvgic_vm *vm = vcpu->vm;
    struct gate gate;

    deliver_lpi_take(vm);
    gate_init(&gate);
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        gate_hold(vm, &gate, v);
    deliver_lpi_off(vcpu);
    gate_release(vm, &gate);
    deliver_lpi_give(vm);
}

void mmio_lpi_write_ctlr(struct mmio *mmio, bool enable)
{
    struct lvgic_vcpu *vcpu = mmio->vcpu;
    /* Relaxed: another write at the same time comes before or after. */
    uint32_t mode = atomic_load_explicit(&vcpu->lpis.state, memory_order_relaxed) & LPIS_MODE;

    if (!vcpu->vm->lpis.nr)
        return;
    if (mmio->vmm && mode != LPIS_OFF && !(enable && mode == LPIS_ON))
        put_off(vcpu);
    deliver_lpi_enable(vcpu, enable);
}

uint64_t mmio_lpi_read(struct mmio *mmio, enum reg_hook hook)
{
    struct lpi_redist *redist = &mmio->vcpu->lpis;

    if (!mmio->vm->lpis.nr)
        return 0;
    switch (hook) { /* relaxed: values for their own sake */
    case REG_HOOK_GICR_PROPBASER:
        return atomic_load_explicit(&redist->propbaser, memory_order_relaxed);
    case REG_HOOK_GICR_PENDBASER:
        return atomic_load_explicit(&redist->pendbaser, memory_order_relaxed) & ~PENDBASER_PTZ;
    case REG_HOOK_GICR_SYNCR:
        if (!mmio->vmm)
            deliver_lpi_work_now(mmio->vm);
        return deliver_lpi_busy(mmio->vcpu);
    default:
        return 0;
    }
}

static bool is_on(const struct lvgic_vcpu *vcpu)
{
    return vcpu_lpi_stamp(vcpu) != 0;
}

static void write_base(struct mmio *mmio, _Atomic uint64_t *base, uint64_t value, uint64_t kept)
{
    uint32_t state = atomic_load_explicit(&mmio->vcpu->lpis.state, memory_order_acquire);
    uint64_t old = atomic_load_explicit(base, memory_order_relaxed);

    if ((state & LPIS_MODE) != LPIS_OFF && !mmio->vmm)
        return;
    /* A pending table that has been named, by whichever half, is read: PTZ reads as 0. */
    atomic_store_explicit(base, mmio_merge(mmio->access, old & ~PENDBASER_PTZ, value) & kept,
                          memory_order_relaxed);
    /* What was read of another table is read again, but not yet: the other half may follow. */
    if ((state & LPIS_MODE) == LPIS_ON)
        deliver_lpi_request(mmio->vcpu, LPI_OPEN);
}

/* One at a time is remembered. If another one is still to be reloaded, all that are targeted where
 * that one is are reloaded. */
static void invalidate_one(struct lvgic_vcpu *vcpu, uint32_t intid)
{
    /* Relaxed: the request that follows is made with release. */
    uint32_t before = atomic_exchange_explicit(&vcpu->lpis.reload_one, intid, memory_order_relaxed);
    uint32_t lpi = before && before != intid ? lpi_find(vcpu->vm, vcpu, before) : LPI_NONE;

    if (lpi != LPI_NONE) {
        uint32_t target = irq_target(irq_load(lpi_irq(vcpu->vm, lpi)));

        if (target != IRQ_NOBODY)
            deliver_lpi_request(&vcpu->vm->vcpus[target], LPI_RELOAD);
    }
    deliver_lpi_request(vcpu, LPI_RELOAD_ONE);
    deliver_lpi_work_now(vcpu->vm);
}

/* SETLPIR and CLRLPIR exist with DirectLPI only. */
static void direct(struct mmio *mmio, uint32_t intid, bool set)
{
    uint32_t lpi = LPI_NONE;

    if (mmio->vm->lpis.of_vcpu)
        lpi = lpi_find(mmio->vm, mmio->vcpu, intid);
    if (lpi == LPI_NONE)
        return;
    if (set)
        deliver_lpi_pulse(mmio->vm, lpi, irq_gen(irq_load(lpi_irq(mmio->vm, lpi))));
    else
        deliver_lpi_clear(mmio->vm, lpi);
}

void mmio_lpi_write(struct mmio *mmio, enum reg_hook hook, uint64_t value)
{
    struct lpi_redist *redist = &mmio->vcpu->lpis;
    bool upper_half = mmio->access->offset % 8 == 4;

    if (!mmio->vm->lpis.nr)
        return;
    switch (hook) {
    case REG_HOOK_GICR_PROPBASER:
        write_base(mmio, &redist->propbaser, value, PROPBASER_KEPT);
        break;
    case REG_HOOK_GICR_PENDBASER:
        write_base(mmio, &redist->pendbaser, value, PENDBASER_KEPT);
        break;
    case REG_HOOK_GICR_INVLPIR:
        if (is_on(mmio->vcpu) && !upper_half && (uint32_t)value >= FIRST_LPI)
            invalidate_one(mmio->vcpu, (uint32_t)value);
        break;
    case REG_HOOK_GICR_INVALLR:
        if (!is_on(mmio->vcpu) || upper_half)
            break;
        deliver_lpi_request(mmio->vcpu, LPI_RELOAD);
        deliver_lpi_work_now(mmio->vm);
        break;
    case REG_HOOK_GICR_SETLPIR:
    case REG_HOOK_GICR_CLRLPIR:
        if (is_on(mmio->vcpu) && !upper_half)
            direct(mmio, (uint32_t)value, hook == REG_HOOK_GICR_SETLPIR);
        break;
    default: /* read-only */
        break;
    }
}
