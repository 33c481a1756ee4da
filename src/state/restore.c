/* SPDX-License-Identifier: MIT */
/*
 * First the snapshot is found sound (format.c), then the VM is found to fit it; after that nothing
 * can fail, and the state is put in place with every vCPU held out of the guest.
 */
#include "arch/lr.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/dir.h"
#include "deliver/event.h"
#include "deliver/lpi.h"
#include "deliver/one_of_n.h"
#include "state/format.h"
#include "state/hold.h"
#include "state/lpis.h"
#include "state/reset.h"

/* Relaxed throughout: every vCPU is held out of the guest, and what others do at the same time
 * comes before or after. */
#define LOAD(place) atomic_load_explicit(&(place), memory_order_relaxed)
#define STORE(place, value) atomic_store_explicit(&(place), (value), memory_order_relaxed)

/* ------------------------------------------------------------------ does the VM fit? */

static bool same_vcpus(const struct lvgic_vm *vm, const struct snap_config *config)
{
    if (config->nr_vcpus != vm->nr_vcpus)
        return false;
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        if (snap_get64(config->affinities + 8 * (size_t)i) != vm->vcpus[i].affinity)
            return false;
    return true;
}

static int fits_config(const struct lvgic_vm *vm, const struct snap_config *config)
{
    uint32_t options = (vm->one_of_n ? OPTION_ONE_OF_N : 0u) | (vm->nmi ? OPTION_NMI : 0u) |
                       (vm->two_states ? OPTION_TWO_STATES : 0u);
    /* Fewer than there is room for, if the VMM has said so (NR_IRQS). */
    uint32_t nr_spis = LOAD(vm->setup.nr_irqs) ? vm_nr_spis(vm) : vm->nr_spis;

    if (config->gic != (vm->gicv2 ? 2 : 3))
        return LVGIC_E_OTHER_GIC;
    if (!same_vcpus(vm, config))
        return LVGIC_E_OTHER_VCPUS;
    if (config->nr_spis > nr_spis || config->nr_espis > vm->nr_espis ||
        config->nr_eppis > vm->nr_eppis)
        return LVGIC_E_FEWER_INTIDS;
    if (config->pri_bits > vm->pri_bits)
        return LVGIC_E_FEWER_PRIORITIES;
    return config->options == options ? LVGIC_OK : LVGIC_E_OTHER_OPTIONS;
}

static bool same_mappings(struct lvgic_vm *vm, const struct snap_range *range)
{
    struct lvgic_vcpu *vcpu = &vm->vcpus[range->vcpu == SNAP_SHARED ? 0 : range->vcpu];

    for (uint32_t i = 0; i < range->count; i++) {
        const uint8_t *entry = range->entries + (size_t)i * range->entry_size;
        uint32_t slot = vm_slot(vm, range->first + i);
        bool mapped = snap_get32(entry + IRQ_AT_STATE) & SNAP_STATE_MAPPED;

        if (slot != INTID_NONE && mapped != !!(irq_load(vcpu_irq(vcpu, slot)) & IRQ_HW))
            return false;
    }
    return true;
}

/* What the VMM has not said is taken over; what it has must be the same. */
static bool same_address(const _Atomic uint64_t *mine, uint64_t theirs, uint8_t ipa_bits)
{
    uint64_t address = LOAD(*mine);

    if (theirs == NO_ADDRESS)
        return true;
    return address == NO_ADDRESS ? !(theirs >> ipa_bits) : address == theirs;
}

static bool same_regions(const struct lvgic_vm *vm, const uint8_t *setup)
{
    uint32_t mine = LOAD(vm->setup.nr_regions), theirs = snap_get32(setup + SETUP_AT_NR_REGIONS);

    if (mine && theirs && mine != theirs)
        return false;
    for (uint32_t i = 0; i < theirs; i++) {
        const uint8_t *region = setup + SETUP_AT_REGIONS + (size_t)i * REGION_SIZE;
        uint64_t base = snap_get64(region + REGION_AT_BASE);

        if (base >> vm->ipa_bits ||
            (mine && (base != LOAD(vm->setup.regions[i].base) ||
                      snap_get32(region + REGION_AT_COUNT) != LOAD(vm->setup.regions[i].count))))
            return false;
    }
    return true;
}

static bool same_addresses(const struct lvgic_vm *vm, const uint8_t *setup)
{
    return same_address(&vm->setup.dist_base, snap_get64(setup + SETUP_AT_DIST), vm->ipa_bits) &&
           same_address(&vm->setup.cpu_base, snap_get64(setup + SETUP_AT_CPU), vm->ipa_bits) &&
           same_regions(vm, setup);
}

static int fits(struct lvgic_vm *vm, const uint8_t *buffer, size_t size,
                const struct snap_config *config)
{
    int status = fits_config(vm, config);
    size_t at = SNAP_HEADER_SIZE;
    struct snap_range range;
    struct snap_rec rec;

    while (status == LVGIC_OK && snap_next(buffer, size, &at, &rec)) {
        switch (rec.type) {
        case SNAP_IRQS:
            range = snap_range(&rec);
            status = same_mappings(vm, &range) ? LVGIC_OK : LVGIC_E_OTHER_MAPPING;
            break;
        case SNAP_SETUP:
            status = same_addresses(vm, rec.content) ? LVGIC_OK : LVGIC_E_OTHER_ADDRESSES;
            break;
        default:
            break;
        }
    }
    return status == LVGIC_OK ? lpi_fits(vm, buffer, size) : status;
}

/* ------------------------------------------------------------------ put it in place */

/* Words are replaced but for what belongs to the host. */
static bool word_step(uint64_t old, void *arg, uint64_t *new)
{
    const uint64_t *word = arg;

    *new = (*word & ~IRQ_OF_HOST) | (old & IRQ_OF_HOST);
    return true;
}

static void apply_word(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t word)
{
    struct lvgic_vm *vm = vcpu->vm;
    struct irq_change change = irq_change(vcpu_irq(vcpu, slot), word_step, &word);
    uint32_t eff = irq_effective(change.new);

    if (irq_wanted(change.new) && eff != IRQ_NOBODY)
        deliver_hint(&vm->vcpus[eff], slot);
    if (slot_is_private(vm, slot))
        return;
    /* Where SPIs may be deactivated. */
    if ((change.new &IRQ_EN) && irq_target(change.new) != IRQ_NOBODY)
        dir_add_home(vm, irq_target(change.new));
    if (change.new &IRQ_ACT)
        dir_add_home(vm, irq_holder(change.new));
}

static void reset_interrupts(struct lvgic_vm *vm)
{
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        for (uint32_t slot = 0; slot < vm->nr_private; slot++)
            apply_word(&vm->vcpus[v], slot, vm_reset_word(vm, slot, v));
    for (uint32_t slot = vm->nr_private; slot < vm->nr_wired; slot++) {
        STORE(*vm_route(vm, slot), 0);
        STORE(vm->spi_nsacr[slot - vm->nr_private], 0);
        apply_word(&vm->vcpus[0], slot, vm_reset_word(vm, slot, 0));
    }
}

static uint64_t word_of(const struct lvgic_vm *vm, uint32_t slot, const uint8_t *entry)
{
    uint32_t state = snap_get32(entry + IRQ_AT_STATE);
    uint64_t route = snap_get64(entry + IRQ_AT_ROUTE), w = IRQ_MAPPED;
    uint64_t target = snap_get16(entry + IRQ_AT_TARGET);

#define WORD(name, bit, flag, what) w |= state & SNAP_STATE_##name ? (flag) : 0;
    SNAP_STATES(WORD)
#undef WORD
    if (vm_groups_fixed(vm))
        w = (w & ~IRQ_GRP1) | (vm->gicv2 ? 0 : IRQ_GRP1);
    if (!slot_is_private(vm, slot) && !(vm->one_of_n && (route & ROUTE_ONE_OF_N)))
        target = vm_route_target(vm, route);
    w |= (uint64_t)snap_get8(entry + IRQ_AT_PRIORITY) << IRQ_PRIO_SHIFT;
    w |= (target == SNAP_NOBODY ? IRQ_NOBODY : target) << IRQ_TARGET_SHIFT;
    if (w & IRQ_ACT)
        w |= (uint64_t)snap_get16(entry + IRQ_AT_HOLDER) << IRQ_HOLDER_SHIFT;
    if (vm->gicv2 && slot_is_sgi(slot)) {
        w |= IRQ_SRC | (uint64_t)snap_get8(entry + IRQ_AT_SOURCES) << IRQ_GEN_SHIFT;
        w |= (uint64_t)snap_get8(entry + IRQ_AT_SOURCE) << IRQ_ASRC_SHIFT;
    }
    return w;
}

static void apply_irqs(struct lvgic_vm *vm, const struct snap_rec *rec)
{
    struct snap_range range = snap_range(rec);
    struct lvgic_vcpu *vcpu = &vm->vcpus[range.vcpu == SNAP_SHARED ? 0 : range.vcpu];

    for (uint32_t i = 0; i < range.count; i++) {
        const uint8_t *entry = range.entries + (size_t)i * range.entry_size;
        uint32_t slot = vm_slot(vm, range.first + i);

        if (!slot_is_private(vm, slot)) {
            STORE(*vm_route(vm, slot), snap_get64(entry + IRQ_AT_ROUTE));
            STORE(vm->spi_nsacr[slot - vm->nr_private], snap_get8(entry + IRQ_AT_NSACR));
        }
        apply_word(vcpu, slot, word_of(vm, slot, entry));
    }
}

static void apply_dist(struct lvgic_vm *vm, const uint8_t *c)
{
    STORE(vm->gicd_ctlr, snap_get32(c + DIST_AT_CTLR));
    STORE(vm->gicd_statusr, snap_get32(c + DIST_AT_STATUSR));
    STORE(vm->iidr, snap_get32(c + DIST_AT_IIDR));
    STORE(vm->gicd_pidr, snap_get64(c + DIST_AT_GICD_PIDR));
    STORE(vm->gicr_pidr, snap_get64(c + DIST_AT_GICR_PIDR));
}

static void apply_levels(struct lvgic_lrs *lrs, uint64_t *apr, const uint8_t *c)
{
    for (unsigned i = 0; i < 4; i++)
        apr[i] = 0;
    for (uint32_t finest = 0; finest < 128; finest++)
        if (snap_get64(c + finest / 64 * 8) & BIT64(finest % 64)) {
            uint32_t level = finest >> snap_level_shift(lrs->pri_bits);

            apr[level / 32] |= BIT64(level % 32);
        }
}

static void apply_vcpu(struct lvgic_vm *vm, const uint8_t *c)
{
    struct lvgic_vcpu *vcpu = &vm->vcpus[snap_get32(c + VCPU_AT_INDEX)];
    struct lvgic_lrs *lrs = &vcpu->lrs;

    STORE(vcpu->waker, snap_get32(c + VCPU_AT_ASLEEP));
    STORE(vcpu->dpg, snap_get32(c + VCPU_AT_DPG));
    STORE(vcpu->nsacr, snap_get32(c + VCPU_AT_NSACR));
    STORE(vcpu->statusr, snap_get32(c + VCPU_AT_STATUSR));
    lrs->vmcr = snap_get32(c + VCPU_AT_VMCR);
    apply_levels(lrs, lrs->ap0r, c + VCPU_AT_ACTIVE0);
    apply_levels(lrs, lrs->ap1r, c + VCPU_AT_ACTIVE1);
    lrs->ap1r[0] |= snap_get32(c + VCPU_AT_ACTIVE_NMI) ? AP1R0_NMI : 0;
    dir_note_eoimode(vcpu);
}

static void apply_acks(struct lvgic_vm *vm, const uint8_t *c)
{
    struct lvgic_vcpu *vcpu = &vm->vcpus[snap_get32(c + ACKS_AT_VCPU)];
    uint32_t count = snap_get32(c + ACKS_AT_COUNT);

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = c + ACKS_AT_ENTRIES + (size_t)i * ACK_SIZE;
        uint32_t level = snap_get8(entry + ACK_AT_LEVEL);

        if (level != ICV_LEVEL_NMI)
            level >>= snap_level_shift(vcpu->lrs.pri_bits);

        vcpu->overflow[i] = (struct overflow_entry){
            .slot = vm_slot(vm, snap_get32(entry + ACK_AT_INTID)),
            .life = snap_get8(entry + ACK_AT_SOURCE),
            .group1 = snap_get8(entry + ACK_AT_GROUP1),
            .priority = snap_get8(entry + ACK_AT_PRIORITY),
            .level = (uint8_t)level,
            .ack_seq = i,
        };
    }
    vcpu->overflow_depth = count;
    vcpu->next_ack_seq = count;
    STORE(vcpu->acks_missing, 0);
}

static void take_address(_Atomic uint64_t *mine, uint64_t theirs)
{
    if (theirs != NO_ADDRESS)
        STORE(*mine, theirs);
}

static void apply_setup(struct lvgic_vm *vm, const uint8_t *c)
{
    uint32_t nr = snap_get32(c + SETUP_AT_NR_REGIONS), maint = snap_get32(c + SETUP_AT_MAINT_IRQ);

    take_address(&vm->setup.dist_base, snap_get64(c + SETUP_AT_DIST));
    take_address(&vm->setup.cpu_base, snap_get64(c + SETUP_AT_CPU));
    if (maint)
        STORE(vm->setup.maint_irq, maint);
    if (!nr)
        return;
    for (uint32_t i = 0; i < nr; i++) {
        const uint8_t *region = c + SETUP_AT_REGIONS + (size_t)i * REGION_SIZE;

        STORE(vm->setup.regions[i].base, snap_get64(region + REGION_AT_BASE));
        STORE(vm->setup.regions[i].count, snap_get32(region + REGION_AT_COUNT));
    }
    STORE(vm->setup.single, snap_get32(c + SETUP_AT_SINGLE));
    /* Release: see nr_regions() in address.c. */
    atomic_store_explicit(&vm->setup.nr_regions, nr, memory_order_release);
}

static void apply_record(struct lvgic_vm *vm, const struct snap_rec *rec, bool registers)
{
    switch (rec->type) {
    case SNAP_DIST:
        if (registers)
            apply_dist(vm, rec->content);
        break;
    case SNAP_VCPU:
        if (registers)
            apply_vcpu(vm, rec->content);
        break;
    case SNAP_SETUP:
        if (registers)
            apply_setup(vm, rec->content);
        break;
    case SNAP_IRQS:
        if (!registers)
            apply_irqs(vm, rec);
        break;
    case SNAP_ACKS:
        if (!registers)
            apply_acks(vm, rec->content);
        break;
    default: /* CONFIG, and what may be skipped */
        break;
    }
}

static void apply(struct lvgic_vm *vm, const uint8_t *buffer, size_t size, bool registers)
{
    size_t at = SNAP_HEADER_SIZE;
    struct snap_rec rec;

    while (snap_next(buffer, size, &at, &rec))
        apply_record(vm, &rec, registers);
}

/* A 1-of-N interrupt that can be delivered goes to one who participates, as always; the choice that
 * was saved is another only in a snapshot that no VM wrote. */
static void choose_again(struct lvgic_vm *vm)
{
    struct effects effects;

    effects_init(&effects);
    for (uint32_t slot = vm->nr_private; slot < vm->nr_wired && vm->one_of_n; slot++) {
        uint64_t w = irq_load(vcpu_irq(&vm->vcpus[0], slot));

        if (irq_deliverable(w) && one_of_n_routed(vm, slot))
            one_of_n_choose(vm, slot, true, &effects);
    }
    effects_run(vm, &effects);
}

/* With every vCPU out of the guest. */
static void replace(struct lvgic_vm *vm, const uint8_t *buffer, size_t size, uint32_t nr_spis)
{
    hold_all_begin(vm);
    /* Registers first: what a word means depends on GICD_IIDR's revision. */
    apply(vm, buffer, size, true);
    STORE(vm->spi_limit, vm->nr_spis);
    reset_interrupts(vm);
    STORE(vm->spi_limit, nr_spis);
    STORE(vm->started, 1);
    apply(vm, buffer, size, false);
    if (vm->lpis.nr)
        lpi_restore(vm, buffer, size);
    hold_all_end(vm);

    /* Everybody looks, and wakes up. */
    deliver_attention_all(vm);
    choose_again(vm);
}

/* The same, while nobody else maps or moves LPIs. What the guest has asked for is not begun here:
 * its memory need not be there yet. */
static void replace_with_lpis(struct lvgic_vm *vm, const uint8_t *buffer, size_t size,
                              uint32_t nr_spis)
{
    bool owed;

    deliver_lpi_take(vm);
    lpi_clear(vm);
    replace(vm, buffer, size, nr_spis);
    owed = lpi_tell(vm, buffer, size);
    deliver_lpi_give(vm);
    if (owed && vm->host->lpi_work)
        vm->host->lpi_work(vm->host_ctx);
}

int restore_vm(struct lvgic_vm *vm, const uint8_t *buffer, size_t size)
{
    struct snap_config config;
    struct snap_fault fault;
    int status = snap_check_records(buffer, size, &config, &fault);

    if (status == LVGIC_OK)
        status = fits(vm, buffer, size, &config);
    if (status == LVGIC_OK && !snap_lpis_are_unique(buffer, size))
        status = LVGIC_E_FORMAT;
    if (status != LVGIC_OK)
        return status;
    if (vm->lpis.nr)
        replace_with_lpis(vm, buffer, size, config.nr_spis);
    else
        replace(vm, buffer, size, config.nr_spis);
    return LVGIC_OK;
}
