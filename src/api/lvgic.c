/* SPDX-License-Identifier: MIT */
/* The public functions: check what the embedder passed, call down, carry out effects. */
#include "lvgic/lvgic.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/check.h"
#include "deliver/event.h"
#include "deliver/gate.h"
#include "deliver/run.h"
#include "irq/slots.h"
#include "irq/vm.h"
#include "its/its.h"
#include "mmio/active.h"
#include "mmio/gicc.h"
#include "mmio/mmio.h"
#include "mmio/sysreg.h"

const char *lvgic_strerror(int status)
{
    switch (status) {
#define STATUS_CASE(name, value, meaning, advice) \
    case LVGIC_##name:                            \
        return meaning;
        LVGIC_ERROR_MAP(STATUS_CASE)
#undef STATUS_CASE
    default:
        return "unknown status";
    }
}

size_t lvgic_vm_size(const struct lvgic_config *config)
{
    struct lvgic_vm limits;

    if (!config || !vm_config_valid(config) || !its_config_valid(config))
        return 0;
    return its_layout(&limits, config, NULL, vm_layout(&limits, config, NULL));
}

/* PIDR0 to PIDR7 (12.1): part numbers of a GICv3 distributor and redistributor, architecture
 * revision 3, Arm's JEP106 code, 64 KiB frames. */
#define GICD_PIDR_OWN UINT64_C(0x44003bb492)
#define GICR_PIDR_OWN UINT64_C(0x44003bb493)

static void init_vcpu(struct lvgic_vm *vm, uint32_t index, const struct lvgic_config *config)
{
    struct lvgic_vcpu *vcpu = &vm->vcpus[index];

    vcpu->vm = vm;
    vcpu->index = index;
    vcpu->affinity = config->affinity ? config->affinity[index].mpidr & AFFINITY_MASK
                                      : (uint64_t)(index / 16) << 8 | index % 16;
    vcpu->lrs.nr = config->nr_lrs ? config->nr_lrs : 4;
    vcpu->lrs.pri_bits = vm->pri_bits;
    vcpu->lrs.gicv2 = vm->gicv2;
    vcpu->lrs.elrsr = (uint32_t)(BIT64(vcpu->lrs.nr) - 1);
    vcpu->lrs.nmi = config->nmi;
    icv_reset(&vcpu->lrs);
    vm->range_selector = vm->range_selector || (vcpu->affinity & 0xff) > 15;
    atomic_init(&vcpu->mode, VCPU_OUT);
    atomic_init(&vcpu->waker, 1);
}

static void clear(void *memory, size_t size)
{
    char *bytes = memory;

    for (size_t i = 0; i < size; i++)
        bytes[i] = 0;
}

int lvgic_vm_init(void *memory, size_t size, const struct lvgic_config *config,
                  const struct lvgic_host *host, void *ctx, struct lvgic_vm **out)
{
    size_t need = lvgic_vm_size(config);

    if (!need || !memory || (uintptr_t)memory % CACHE_LINE || !host || !host->kick || !out ||
        (config->nr_lpis && !host->read_guest))
        return LVGIC_E_INVALID;
    if (size < need)
        return LVGIC_E_NO_MEMORY;

    struct lvgic_vm *vm = memory;

    clear(memory, need);
    its_layout(vm, config, memory, vm_layout(vm, config, memory));
    vm->host = host;
    vm->host_ctx = ctx;
    vm->v2m_first = config->v2m_first;
    vm->v2m_nr = config->v2m_nr;
    vm->no_dir_trap = config->no_dir_trap;
    vm->one_of_n = config->one_of_n;
    vm->nmi = config->nmi;
    vm->two_states = config->two_security_states;
    atomic_init(&vm->gicd_ctlr, vm->two_states ? 0 : CTLR_DS);
    vm->ipa_bits = config->ipa_bits ? config->ipa_bits : 40;
    vm->kvm_attributes = config->kvm_attributes;
    atomic_init(&vm->spi_limit, vm->nr_spis);
    atomic_init(&vm->iidr, config->iidr ? config->iidr : IIDR_OWN);
    atomic_init(&vm->gicd_pidr, config->gicd_pidr ? config->gicd_pidr : GICD_PIDR_OWN);
    atomic_init(&vm->gicr_pidr, config->gicr_pidr ? config->gicr_pidr : GICR_PIDR_OWN);
    atomic_init(&vm->setup.dist_base, NO_ADDRESS);
    atomic_init(&vm->setup.cpu_base, NO_ADDRESS);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        init_vcpu(vm, i, config);
    if (!vm_sort_affinities(vm))
        return LVGIC_E_INVALID;
    vm_reset_irqs(vm);
    its_reset(vm);
    *out = vm;
    return LVGIC_OK;
}

int lvgic_vm_fini(struct lvgic_vm *vm)
{
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        if (vcpu_holds(&vm->vcpus[i]))
            return LVGIC_E_PHASE;
    DEBUG_CHECK(vm, check_vm(vm));
    its_fini(vm);
    DEBUG_CHECK(vm, check_lpis_unheld(vm));
    return LVGIC_OK;
}

struct lvgic_vcpu *lvgic_vcpu(struct lvgic_vm *vm, lvgic_vcpuid v)
{
    return v.n < vm->nr_vcpus ? &vm->vcpus[v.n] : NULL;
}

/* An interrupt as an embedder names it: the slot, and the vCPU through which it is reached. */
struct named {
    struct lvgic_vcpu *vcpu;
    uint32_t slot;
};

static int find(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, struct named *named)
{
    named->slot = vm_slot(vm, intid.n);
    if (intid.n >= FIRST_LPI && vm->lpis.nr && v.n < vm->nr_vcpus) {
        uint32_t lpi = lpi_find(vm, &vm->vcpus[v.n], intid.n);

        named->slot = lpi == LPI_NONE ? INTID_NONE : lpi_to_slot(vm, lpi);
    }
    if (named->slot == INTID_NONE)
        return LVGIC_E_NO_ENTRY;

    bool private = slot_is_private(vm, named->slot);

    if (private && v.n >= vm->nr_vcpus)
        return LVGIC_E_NO_DEVICE;
    named->vcpu = &vm->vcpus[private ? v.n : 0];
    return LVGIC_OK;
}

/* The same for interrupts that have a wire. */
static int find_wired(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, struct named *named)
{
    return intid_is_sgi(intid.n) || intid.n >= FIRST_LPI ? LVGIC_E_NO_ENTRY
                                                         : find(vm, v, intid, named);
}

static int wired_event(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, enum irq_event event)
{
    struct named named;
    int status = find_wired(vm, v, intid, &named);

    if (status == LVGIC_OK)
        deliver_event_now(named.vcpu, named.slot, event, 0);
    return status;
}

int lvgic_set_line(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, bool high)
{
    return wired_event(vm, v, intid, high ? IRQ_EV_LINE_HIGH : IRQ_EV_LINE_LOW);
}

int lvgic_pulse(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid)
{
    return wired_event(vm, v, intid, IRQ_EV_PULSE);
}

int lvgic_set_notify(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, bool on)
{
    return wired_event(vm, v, intid, on ? IRQ_EV_NOTIFY_ON : IRQ_EV_NOTIFY_OFF);
}

int lvgic_vcpu_enter(struct lvgic_vcpu *vcpu)
{
    if (vcpu_holds(vcpu))
        return LVGIC_E_PHASE;
    /* Relaxed: a flag of its own. Looked at first, so that it is written once. */
    if (!atomic_load_explicit(&vcpu->vm->started, memory_order_relaxed))
        atomic_store_explicit(&vcpu->vm->started, 1, memory_order_relaxed);
    deliver_enter(vcpu);
    return LVGIC_OK;
}

int lvgic_vcpu_exit(struct lvgic_vcpu *vcpu)
{
    if (vcpu_mode(vcpu) != VCPU_IN)
        return LVGIC_E_PHASE;
    deliver_exit(vcpu);
    return LVGIC_OK;
}

struct lvgic_lrs *lvgic_vcpu_lrs(struct lvgic_vcpu *vcpu)
{
    return &vcpu->lrs;
}

bool lvgic_vcpu_block(struct lvgic_vcpu *vcpu)
{
    return !vcpu_holds(vcpu) && deliver_block(vcpu);
}

bool lvgic_vcpu_has_interrupt(struct lvgic_vcpu *vcpu)
{
    return vcpu_holds(vcpu) ? icv_signalled(&vcpu->lrs) >= 0 : deliver_has_interrupt(vcpu);
}

int lvgic_vcpu_reset_cpuif(struct lvgic_vcpu *vcpu)
{
    if (vcpu_holds(vcpu))
        return LVGIC_E_PHASE;

    bool asleep = deliver_work_begin(vcpu);

    icv_reset(&vcpu->lrs);
    /* No running priority is left, so no completion can be counted any more. */
    vcpu->overflow_depth = 0;
    deliver_work_end(vcpu, asleep);
    return LVGIC_OK;
}

static int guest_access(struct lvgic_vm *vm, struct lvgic_vcpu *by, struct lvgic_vcpu *of,
                        struct lvgic_access *access, bool redist)
{
    struct mmio mmio = {.vm = vm, .vcpu = of, .access = access};

    if (!access || (by && (by->vm != vm || vcpu_holds(by))))
        return LVGIC_E_INVALID;
    mmio.non_secure = !(vm_gicd_ctlr(vm) & CTLR_DS) && !access->secure;
    if (redist)
        mmio_table_access(&mmio, gicr_rows, nr_gicr_rows, true);
    else if (vm->gicv2)
        mmio_table_access(&mmio, gicd2_rows, nr_gicd2_rows, false);
    else
        mmio_table_access(&mmio, gicd_rows, nr_gicd_rows, false);
    return LVGIC_OK;
}

int lvgic_dist_access(struct lvgic_vm *vm, struct lvgic_vcpu *by, struct lvgic_access *access)
{
    return guest_access(vm, by, by ? by : &vm->vcpus[0], access, false);
}

int lvgic_redist_access(struct lvgic_vm *vm, struct lvgic_vcpu *by, lvgic_vcpuid redist,
                        struct lvgic_access *access)
{
    if (redist.n >= vm->nr_vcpus || vm->gicv2)
        return LVGIC_E_NO_DEVICE;
    return guest_access(vm, by, &vm->vcpus[redist.n], access, true);
}

enum lvgic_sysreg_result lvgic_vcpu_sysreg(struct lvgic_vcpu *vcpu, uint32_t encoding, bool write,
                                           uint64_t *value)
{
    return sysreg_access(vcpu, encoding, write, value);
}

int lvgic_gicc_access(struct lvgic_vcpu *vcpu, struct lvgic_access *access)
{
    if (!vcpu || !access || !vcpu->vm->gicv2)
        return LVGIC_E_INVALID;
    gicc_access(vcpu, access);
    return LVGIC_OK;
}

struct lvgic_lines lvgic_vcpu_lines(struct lvgic_vcpu *vcpu)
{
    const struct lvgic_lrs *lrs = &vcpu->lrs;
    int group = vcpu_mode(vcpu) == VCPU_IN ? icv_signalled(lrs) : -1;
    /* Group 0 is FIQ, with GICv2 only if GICC_CTLR.FIQEn says so. */
    bool fiq = group == 0 && (!lrs->gicv2 || (lrs->vmcr & VMCR_VFIQEN));

    return (struct lvgic_lines){
        .irq = group >= 0 && !fiq,
        .fiq = fiq,
        .nmi = group == 1 && icv_is_nmi(lrs, lrs->lr[icv_highest_pending(lrs)]),
    };
}

void lvgic_vcpu_set_sctlr_nmi(struct lvgic_vcpu *vcpu, bool on)
{
    vcpu->lrs.sctlr_nmi = on;
}

/* Two list registers with one physical INTID would be UNPREDICTABLE. A PPI is this vCPU's own. */
static bool pintid_is_taken(struct lvgic_vcpu *vcpu, uint32_t pintid)
{
    for (uint32_t slot = 0; slot < vcpu->vm->nr_wired; slot++)
        if (atomic_load_explicit(vcpu_pintid(vcpu, slot), memory_order_relaxed) == pintid)
            return true;
    return false;
}

int lvgic_map_hw(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, uint32_t pintid)
{
    struct named named;
    int status = find_wired(vm, v, intid, &named);

    if (status != LVGIC_OK)
        return status;
    if (pintid < NR_SGIS || pintid >= FIRST_SPECIAL || !vm->host->phys_line ||
        !vm->host->phys_deactivate)
        return LVGIC_E_INVALID;
    if (pintid_is_taken(named.vcpu, pintid))
        return LVGIC_E_EXISTS;

    /* Whoever puts the number there owns the mapping, and only then says so in the word. Relaxed:
     * published by the word's compare-and-swap, whose HW bit says that it is there. */
    uint16_t none = 0;

    if (!atomic_compare_exchange_strong_explicit(vcpu_pintid(named.vcpu, named.slot), &none,
                                                 (uint16_t)pintid, memory_order_relaxed,
                                                 memory_order_relaxed))
        return LVGIC_E_EXISTS;
    deliver_event_now(named.vcpu, named.slot, IRQ_EV_HW_ON, 0);
    return LVGIC_OK;
}

int lvgic_unmap_hw(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid)
{
    struct named named;
    int status = find_wired(vm, v, intid, &named);

    if (status != LVGIC_OK)
        return status;
    if (!(irq_load(vcpu_irq(named.vcpu, named.slot)) & IRQ_HW))
        return LVGIC_E_NO_ENTRY;
    active_change(named.vcpu, named.slot, IRQ_EV_HW_OFF);
    /* Release: the next mapping comes after the end of this one. */
    atomic_store_explicit(vcpu_pintid(named.vcpu, named.slot), 0, memory_order_release);
    return LVGIC_OK;
}

bool lvgic_hw_active(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid)
{
    struct named named;

    if (find_wired(vm, v, intid, &named) != LVGIC_OK)
        return false;

    return irq_owns_physical(irq_load(vcpu_irq(named.vcpu, named.slot)));
}

void lvgic_pause(struct lvgic_vm *vm)
{
    /* Raise all before waiting for the first: they leave the guest at the same time. */
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_raise(&vm->vcpus[i]);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_wait_out(&vm->vcpus[i]);
}

void lvgic_resume(struct lvgic_vm *vm)
{
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        gate_lower(&vm->vcpus[i]);
}

static bool lpi_is_dead(const struct lvgic_vm *vm, uint64_t w)
{
    return irq_target(w) != IRQ_NOBODY && vcpu_lpi_is_stale(&vm->vcpus[irq_target(w)], w);
}

int lvgic_irq_info(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid,
                   struct lvgic_irq_info *info)
{
    struct named named;
    int status = info ? find(vm, v, intid, &named) : LVGIC_E_INVALID;

    if (status != LVGIC_OK)
        return status;

    uint64_t w = irq_load(vcpu_irq(named.vcpu, named.slot));

    *info = (struct lvgic_irq_info){
        .pending = irq_pending(w) && !lpi_is_dead(vm, w),
        .active = w & IRQ_ACT,
        .enabled = w & IRQ_EN,
        .edge = w & IRQ_EDGE,
        .line = w & IRQ_LINE,
        .group1 = w & IRQ_GRP1,
        .nmi = irq_is_nmi(w),
        .hw = w & IRQ_HW,
        .in_list_register = w & IRQ_INLR,
        .priority = (uint8_t)irq_prio(w),
        .target = irq_target(w) == IRQ_NOBODY ? UINT32_MAX : irq_target(w),
        .holder = irq_holder(w),
    };
    return LVGIC_OK;
}

void lvgic_vcpu_stats(struct lvgic_vcpu *vcpu, struct lvgic_stats *stats)
{
    *stats = vcpu->stats;
}

const char *lvgic_check(struct lvgic_vm *vm)
{
    return check_vm(vm);
}
