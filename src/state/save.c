/* SPDX-License-Identifier: MIT */
#include "arch/lr.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/lpi.h"
#include "deliver/one_of_n.h"
#include "deliver/overflow.h"
#include "state/format.h"
#include "state/hold.h"
#include "state/lpis.h"

/* Relaxed loads throughout: every vCPU is held out of the guest, and what others do at the same
 * time comes before or after. */
#define LOAD(place) atomic_load_explicit(&(place), memory_order_relaxed)

static void save_config(struct snap_writer *writer, const struct lvgic_vm *vm)
{
    snap_begin(writer, SNAP_CONFIG);
    snap_write(writer, 4, vm->gicv2 ? 2 : 3);
    snap_write(writer, 4, vm->nr_vcpus);
    snap_write(writer, 4, vm_nr_spis(vm));
    snap_write(writer, 4, vm->nr_espis);
    snap_write(writer, 4, vm->nr_eppis);
    snap_write(writer, 4, vm->pri_bits);
    snap_write(writer, 4,
               (vm->one_of_n ? OPTION_ONE_OF_N : 0) | (vm->nmi ? OPTION_NMI : 0) |
                   (vm->two_states ? OPTION_TWO_STATES : 0));
    snap_write(writer, 4, 0);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        snap_write(writer, 8, vm->vcpus[i].affinity);
    snap_end(writer);
}

static void save_dist(struct snap_writer *writer, const struct lvgic_vm *vm)
{
    snap_begin(writer, SNAP_DIST);
    snap_write(writer, 4, LOAD(vm->gicd_ctlr));
    snap_write(writer, 4, LOAD(vm->gicd_statusr));
    snap_write(writer, 4, LOAD(vm->iidr));
    snap_write(writer, 4, 0);
    snap_write(writer, 8, LOAD(vm->gicd_pidr));
    snap_write(writer, 8, LOAD(vm->gicr_pidr));
    snap_end(writer);
}

static void save_levels(struct snap_writer *writer, const struct lvgic_lrs *lrs,
                        const uint64_t *apr)
{
    uint64_t levels[2] = {0, 0};

    for (uint32_t level = 0; level < icv_nr_aprs(lrs) * 32; level++)
        if (apr[level / 32] & BIT64(level % 32)) {
            uint32_t finest = level << snap_level_shift(lrs->pri_bits);

            levels[finest / 64] |= BIT64(finest % 64);
        }
    snap_write(writer, 8, levels[0]);
    snap_write(writer, 8, levels[1]);
}

/* ICH_VMCR_EL2 without what an implementation may keep beyond the architecture's. */
static uint64_t plain_vmcr(const struct lvgic_vm *vm, const struct lvgic_lrs *lrs)
{
    struct lvgic_lrs plain = {
        .vmcr = lrs->vmcr & GICC_CTLR_BITS, .pri_bits = lrs->pri_bits, .gicv2 = lrs->gicv2};

    if (!vm->gicv2)
        plain.vmcr = (plain.vmcr & ~VMCR_VACKCTL) | VMCR_VFIQEN;
    icv_set_pmr(&plain, icv_pmr(lrs));
    icv_store_bpr(&plain, false, bits_get(lrs->vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO));
    icv_store_bpr(&plain, true, bits_get(lrs->vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO));
    return plain.vmcr;
}

static void save_vcpu(struct snap_writer *writer, struct lvgic_vcpu *vcpu)
{
    static const uint64_t none[4];
    const struct lvgic_lrs *lrs = &vcpu->lrs;

    snap_begin(writer, SNAP_VCPU);
    snap_write(writer, 4, vcpu->index);
    snap_write(writer, 4, LOAD(vcpu->waker));
    snap_write(writer, 4, LOAD(vcpu->dpg));
    snap_write(writer, 4, LOAD(vcpu->nsacr));
    snap_write(writer, 4, LOAD(vcpu->statusr));
    snap_write(writer, 4, plain_vmcr(vcpu->vm, lrs));
    save_levels(writer, lrs, lrs->ap0r);
    save_levels(writer, lrs, lrs->gicv2 ? none : lrs->ap1r);
    snap_write(writer, 4, lrs->nmi && (lrs->ap1r[0] & AP1R0_NMI));
    snap_write(writer, 4, 0);
    snap_end(writer);
}

static uint32_t states(uint64_t w)
{
    uint32_t state = 0;

#define STATE(name, bit, flag, what) state |= w & (flag) ? SNAP_STATE_##name : 0;
    SNAP_STATES(STATE)
#undef STATE
    return state;
}

/* Where an SPI goes, by its route; a choice of 1-of-N is state. */
static uint32_t target_of(const struct lvgic_vm *vm, uint32_t slot, uint64_t w)
{
    uint32_t target = irq_target(w);

    if (!slot_is_private(vm, slot) && !one_of_n_routed(vm, slot))
        target = vm_route_target(vm, LOAD(*vm_route(vm, slot)));
    return target == IRQ_NOBODY ? SNAP_NOBODY : target;
}

static void save_irq(struct snap_writer *writer, struct lvgic_vcpu *vcpu, uint32_t slot)
{
    struct lvgic_vm *vm = vcpu->vm;
    uint64_t w = irq_load(vcpu_irq(vcpu, slot));
    bool shared = !slot_is_private(vm, slot), sources = w & IRQ_SRC;

    snap_write(writer, 4, states(w));
    snap_write(writer, 1, irq_prio(w));
    snap_write(writer, 1, sources ? irq_sources(w) : 0);
    snap_write(writer, 1, sources && (w & IRQ_ACT) ? irq_source(w) : 0);
    snap_write(writer, 1, shared ? LOAD(vm->spi_nsacr[slot - vm->nr_private]) : 0);
    snap_write(writer, 2, target_of(vm, slot, w));
    snap_write(writer, 2, w & IRQ_ACT ? irq_holder(w) : SNAP_NOBODY);
    snap_write(writer, 4, w & IRQ_HW ? LOAD(*vcpu_pintid(vcpu, slot)) : 0);
    snap_write(writer, 8, shared ? LOAD(*vm_route(vm, slot)) : 0);
}

static void save_irqs(struct snap_writer *writer, struct lvgic_vcpu *vcpu, uint32_t owner,
                      uint32_t first, uint32_t count)
{
    if (!count)
        return;
    snap_begin(writer, SNAP_IRQS);
    snap_write(writer, 4, owner);
    snap_write(writer, 4, first);
    snap_write(writer, 4, count);
    snap_write(writer, 4, IRQ_SIZE);
    for (uint32_t i = 0; i < count; i++)
        save_irq(writer, vcpu, vm_slot(vcpu->vm, first + i));
    snap_end(writer);
}

static void save_acks(struct snap_writer *writer, const struct lvgic_vcpu *vcpu)
{
    snap_begin(writer, SNAP_ACKS);
    snap_write(writer, 4, vcpu->index);
    snap_write(writer, 4, vcpu->overflow_depth);
    for (uint32_t i = 0; i < vcpu->overflow_depth; i++) {
        const struct overflow_entry *entry = &vcpu->overflow[i];

        snap_write(writer, 4, vm_intid(vcpu->vm, entry->slot));
        snap_write(writer, 1, entry->priority);
        snap_write(writer, 1, entry->group1);
        snap_write(writer, 1,
                   entry->level == ICV_LEVEL_NMI
                       ? ICV_LEVEL_NMI
                       : (uint32_t)entry->level << snap_level_shift(vcpu->lrs.pri_bits));
        snap_write(writer, 1, entry->life);
    }
    snap_end(writer);
}

static void save_setup(struct snap_writer *writer, const struct lvgic_vm *vm)
{
    uint32_t nr = LOAD(vm->setup.nr_regions);

    snap_begin(writer, SNAP_SETUP);
    snap_write(writer, 8, LOAD(vm->setup.dist_base));
    snap_write(writer, 8, LOAD(vm->setup.cpu_base));
    snap_write(writer, 4, LOAD(vm->setup.maint_irq));
    snap_write(writer, 4, LOAD(vm->setup.single));
    snap_write(writer, 4, nr);
    snap_write(writer, 4, 0);
    for (uint32_t i = 0; i < nr; i++) {
        snap_write(writer, 8, LOAD(vm->setup.regions[i].base));
        snap_write(writer, 4, LOAD(vm->setup.regions[i].count));
        snap_write(writer, 4, 0);
    }
    snap_end(writer);
}

size_t save_size(const struct lvgic_vm *vm)
{
    size_t each = (REC_HEAD_SIZE + VCPU_SIZE) + 2 * (REC_HEAD_SIZE + IRQS_AT_ENTRIES) +
                  (size_t)vm->nr_private * IRQ_SIZE + REC_HEAD_SIZE + ACKS_AT_ENTRIES +
                  MAX_OVERFLOW * ACK_SIZE + REGION_SIZE + 8;
    size_t shared = SNAP_HEADER_SIZE + REC_HEAD_SIZE + CONFIG_AT_AFFINITIES + REC_HEAD_SIZE +
                    DIST_SIZE + 2 * (REC_HEAD_SIZE + IRQS_AT_ENTRIES) +
                    (size_t)(vm->nr_spis + vm->nr_espis) * IRQ_SIZE + REC_HEAD_SIZE +
                    SETUP_AT_REGIONS;

    return shared + vm->nr_vcpus * each + lpi_save_size(vm);
}

static void save_records(struct snap_writer *writer, struct lvgic_vm *vm)
{
    save_config(writer, vm);
    save_dist(writer, vm);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        struct lvgic_vcpu *vcpu = &vm->vcpus[i];

        save_vcpu(writer, vcpu);
        save_irqs(writer, vcpu, i, 0, NR_PRIVATE);
        save_irqs(writer, vcpu, i, FIRST_EPPI, vm->nr_eppis);
        save_acks(writer, vcpu);
    }
    save_irqs(writer, &vm->vcpus[0], SNAP_SHARED, FIRST_SPI, vm_nr_spis(vm));
    save_irqs(writer, &vm->vcpus[0], SNAP_SHARED, FIRST_ESPI, vm->nr_espis);
    save_setup(writer, vm);
    lpi_save(writer, vm);
}

size_t save_vm(struct lvgic_vm *vm, uint8_t *buffer)
{
    struct snap_writer writer = {.buffer = buffer, .used = SNAP_HEADER_SIZE};

    /* Nothing is mapped or moved meanwhile. */
    if (vm->lpis.nr)
        deliver_lpi_take(vm);
    hold_all_begin(vm);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        overflow_settle(&vm->vcpus[i]);
    save_records(&writer, vm);
    hold_all_end(vm);
    if (vm->lpis.nr)
        deliver_lpi_give(vm);

    snap_put(buffer + SNAP_AT_MAGIC, 8, SNAP_MAGIC);
    snap_put(buffer + SNAP_AT_VERSION, 4, SNAP_VERSION);
    snap_put(buffer + SNAP_AT_HEADER_SIZE, 4, SNAP_HEADER_SIZE);
    snap_put(buffer + SNAP_AT_TOTAL_SIZE, 8, writer.used);
    snap_put(buffer + SNAP_AT_CRC, 8,
             snap_crc(buffer + SNAP_HEADER_SIZE, writer.used - SNAP_HEADER_SIZE));
    return writer.used;
}
