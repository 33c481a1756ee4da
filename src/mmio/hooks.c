/* SPDX-License-Identifier: MIT */
/* The registers of the frames that are not fields of interrupts. */
#include "base/bits.h"
#include "deliver/event.h"
#include "deliver/lpi.h"
#include "deliver/one_of_n.h"
#include "deliver/run.h"
#include "mmio/dist2.h"
#include "mmio/fields.h"
#include "mmio/lpi.h"
#include "mmio/mmio.h"

/* GICD_CTLR (12.9): affinity routing is on, for both security states. */
#define CTLR_ARE BIT64(4) /* of the only state; Secure view: ARE_S; Non-secure view: ARE_NS */
#define CTLR_ARE_NS BIT64(5)
#define CTLR_RWP_GICD BIT64(31)
#define CTLR_RWP_GICR BIT64(3)

/* GICR_WAKER */
#define WAKER_PROCESSOR_SLEEP BIT64(1)
#define WAKER_CHILDREN_ASLEEP BIT64(2)

static uint64_t gicd_ctlr(const struct mmio *mmio)
{
    struct lvgic_vm *vm = mmio->vm;
    uint64_t value = vm_gicd_ctlr(vm);

    if (vm->gicv2) /* it has no RWP */
        return value & (CTLR_ENABLE_GROUP0 | CTLR_ENABLE_GROUP1);
    value |= CTLR_ARE;
    if (mmio->non_secure) /* EnableGrp1A is its group's enable with ARE_NS = 1 */
        value &= CTLR_ENABLE_GROUP1 | CTLR_ARE;
    else if (!(value & CTLR_DS))
        value |= CTLR_ARE_NS;
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        if (vcpu_change_outstanding(&vm->vcpus[i]))
            return value | CTLR_RWP_GICD;
    return value;
}

static uint64_t gicd_typer(const struct lvgic_vm *vm)
{
    /* ITLinesNumber: 32(N+1) INTIDs in all, where 1020 to 1023 do not count. */
    uint64_t lines = (NR_PRIVATE + vm_nr_spis(vm) + 31) / 32 - 1;
    uint64_t extended = vm->nr_espis ? BIT64(8) | (uint64_t)(vm->nr_espis / 32 - 1) << 27 : 0;
    /* INTID bits: ten, or thirteen with extended ranges, or what LPIs have. */
    uint64_t id_bits = vm->nr_espis || vm->nr_eppis ? 12 : 9;
    uint64_t lpis = vm->lpis.nr ? BIT64(17) : 0;

    if (lpis)
        id_bits = vm->lpis.id_bits - 1;

    /* CPUNumber is RES0 with affinity routing; MBIS; A3V; No1N; RSS. */
    /* SecurityExtn */
    uint64_t security = vm_gicd_ctlr(vm) & CTLR_DS ? 0 : BIT64(10);

    return lines | extended | lpis | security | (vm->nmi ? BIT64(9) : 0) | BIT64(16) |
           id_bits << 19 | BIT64(24) | (vm->one_of_n ? 0 : BIT64(25)) |
           (vm->range_selector ? BIT64(26) : 0);
}

/* The last of those that follow one another in memory: the last of all, or, if the VMM has given
 * regions, of one that does not continue in the next. */
static bool is_last_redist(const struct lvgic_vm *vm, uint32_t index)
{
    const struct vm_setup *setup = &vm->setup;
    /* Acquire: the regions were stored before. The rest is relaxed: they do not change any more. */
    uint32_t nr = atomic_load_explicit(&setup->nr_regions, memory_order_acquire), end = 0;

    for (uint32_t i = 0; i < nr && end <= index; i++) {
        const struct vm_region *region = &setup->regions[i];
        uint32_t count = atomic_load_explicit(&region->count, memory_order_relaxed);
        uint64_t base = atomic_load_explicit(&region->base, memory_order_relaxed), next = 0;

        end += count;
        if (end != index + 1)
            continue;
        if (i + 1 < nr)
            next = atomic_load_explicit(&setup->regions[i + 1].base, memory_order_relaxed);
        return index == vm->nr_vcpus - 1 || next != base + (uint64_t)count * GICR_SIZE;
    }
    return index == vm->nr_vcpus - 1;
}

static uint64_t gicr_typer(const struct lvgic_vcpu *vcpu)
{
    bool last = is_last_redist(vcpu->vm, vcpu->index);

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

/* The bits of GICR_CTLR.DPG* that this access may see and change. */
static uint32_t dpg_seen(const struct mmio *mmio)
{
    if (!mmio->vm->one_of_n)
        return 0;
    if (mmio->non_secure)
        return DPG_GROUP1;
    return DPG_GROUP0 | DPG_GROUP1 | (vm_gicd_ctlr(mmio->vm) & CTLR_DS ? 0 : DPG_GROUP1S);
}

/* PIDR4 to PIDR7 come before PIDR0 to PIDR3. */
static uint64_t pidr(uint64_t bytes, uint32_t offset)
{
    return bytes >> 8 * (offset / 4 % 8) & 0xff;
}

uint64_t mmio_hook_read(struct mmio *mmio, enum reg_hook hook)
{
    switch (hook) {
    case REG_HOOK_GICD_CTLR:
        return gicd_ctlr(mmio);
    case REG_HOOK_GICD_TYPER:
        return gicd_typer(mmio->vm);
    case REG_HOOK_GICR_CTLR:
        return (vcpu_change_outstanding(mmio->vcpu) ? CTLR_RWP_GICR : 0) | mmio_lpi_ctlr(mmio) |
               (atomic_load_explicit(&mmio->vcpu->dpg, memory_order_relaxed) & dpg_seen(mmio));
    case REG_HOOK_GICD_IIDR:
    case REG_HOOK_GICR_IIDR:
        return atomic_load_explicit(&mmio->vm->iidr, memory_order_relaxed);
    case REG_HOOK_GICD_PIDR:
        return pidr(atomic_load_explicit(&mmio->vm->gicd_pidr, memory_order_relaxed),
                    mmio->access->offset);
    case REG_HOOK_GICR_PIDR:
        return pidr(atomic_load_explicit(&mmio->vm->gicr_pidr, memory_order_relaxed),
                    mmio->access->offset);
    case REG_HOOK_GICD_STATUSR:
        return atomic_load_explicit(&mmio->vm->gicd_statusr, memory_order_relaxed);
    case REG_HOOK_GICR_STATUSR:
        return atomic_load_explicit(&mmio->vcpu->statusr, memory_order_relaxed);
    case REG_HOOK_GICR_TYPER:
        return gicr_typer(mmio->vcpu);
    case REG_HOOK_GICR_WAKER:
        return !mmio->non_secure && atomic_load_explicit(&mmio->vcpu->waker, memory_order_relaxed)
                   ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP
                   : 0;
    case REG_HOOK_GICD2_TYPER:
        return dist2_typer(mmio->vm);
    case REG_HOOK_GICD2_PPISR:
        return dist2_ppisr(mmio->vcpu);
    case REG_HOOK_V2M_TYPER:
        return v2m_typer(mmio->vm);
    default: /* write-only, or about LPIs */
        return mmio_lpi_read(mmio, hook);
    }
}

/* Which bits of GICD_CTLR a write changes. DS can be set once, by a Secure access. */
static uint32_t gicd_ctlr_written(const struct mmio *mmio, uint32_t old, uint32_t value)
{
    uint32_t kept = old & CTLR_DS;

    if (mmio->non_secure)
        return (old & ~CTLR_ENABLE_GROUP1) | (value & CTLR_ENABLE_GROUP1);
    value &= CTLR_ENABLE_GROUP0 | CTLR_ENABLE_GROUP1 | CTLR_ENABLE_GROUP1S | CTLR_DS;
    if ((value | kept) & CTLR_DS)
        value &= ~CTLR_ENABLE_GROUP1S;
    return value | kept;
}

static void write_gicd_ctlr(struct mmio *mmio, uint64_t value)
{
    struct lvgic_vm *vm = mmio->vm;
    uint32_t old = vm_gicd_ctlr(vm), now;

    /* Store, then attention and kick: a vCPU takes attention with acquire before it reads this.
     * Release pairs with that, through the attention that is stored after it. Relaxed on failure:
     * nothing is acted upon. */
    do {
        now = gicd_ctlr_written(mmio, old, (uint32_t)value);
    } while (!atomic_compare_exchange_weak_explicit(&vm->gicd_ctlr, &old, now, memory_order_release,
                                                    memory_order_relaxed));
    /* Even if nothing changes: whoever wrote the same before may not have told everybody yet, and
     * then RWP must not say to this one that it is done. */
    deliver_attention_all(vm);
}

/* SETSPI and CLRSPI. Non-secure accesses reach the Secure SPIs that GICD_NSACR lets them. */
static void message(struct mmio *mmio, uint64_t value, enum reg_op as, enum irq_event event)
{
    uint32_t slot = vm_slot(mmio->vm, (uint32_t)bits_get(value, 12, 0));
    struct fields field = {
        .vcpu = mmio->vcpu, .op = as, .non_secure = mmio->non_secure, .nr = 1, .slots = {slot}};
    struct effects effects;

    if (slot == INTID_NONE || slot_is_private(mmio->vm, slot))
        return;
    fields_hide_secure(&field, true);
    if (field.slots[0] == INTID_NONE)
        return;
    effects_init(&effects);
    deliver_event_if(mmio->vcpu, slot, field.require[0], event, 0, &effects);
    effects_run(mmio->vm, &effects);
}

static bool is_secure(const struct mmio *mmio)
{
    return !(vm_gicd_ctlr(mmio->vm) & CTLR_DS) && !mmio->non_secure;
}

static void write_dpg(struct mmio *mmio, uint32_t value)
{
    uint32_t seen = dpg_seen(mmio);

    /* Relaxed: one_of_n_changed() has the fence. */
    atomic_fetch_and_explicit(&mmio->vcpu->dpg, ~(seen & ~value), memory_order_relaxed);
    atomic_fetch_or_explicit(&mmio->vcpu->dpg, seen & value, memory_order_relaxed);
    one_of_n_changed(mmio->vm);
}

void mmio_hook_write(struct mmio *mmio, enum reg_hook hook, uint64_t value)
{
    switch (hook) {
    case REG_HOOK_GICD_CTLR:
        write_gicd_ctlr(mmio, value);
        break;
    case REG_HOOK_GICD_SETSPI:
        message(mmio, value, REG_OP_PENDING_SET, IRQ_EV_MSG_HIGH);
        break;
    case REG_HOOK_GICD_CLRSPI:
        message(mmio, value, REG_OP_PENDING_CLEAR, IRQ_EV_MSG_LOW);
        break;
    case REG_HOOK_GICD_SETSPI_SR:
        if (is_secure(mmio))
            message(mmio, value, REG_OP_PENDING_SET, IRQ_EV_MSG_HIGH);
        break;
    case REG_HOOK_GICD_CLRSPI_SR:
        if (is_secure(mmio))
            message(mmio, value, REG_OP_PENDING_CLEAR, IRQ_EV_MSG_LOW);
        break;
    case REG_HOOK_GICR_CTLR:
        write_dpg(mmio, (uint32_t)value);
        mmio_lpi_write_ctlr(mmio, value & GICR_CTLR_ENABLE_LPIS);
        break;
    case REG_HOOK_GICR_WAKER:
        if (mmio->non_secure)
            break;
        /* Relaxed: one_of_n_changed() has the fence. */
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
    case REG_HOOK_V2M_SETSPI:
        v2m_setspi(mmio, value);
        break;
    default: /* read-only, or about LPIs */
        mmio_lpi_write(mmio, hook, value);
        break;
    }
}
