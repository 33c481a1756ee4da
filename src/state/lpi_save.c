/* SPDX-License-Identifier: MIT */
/*
 * LPIs and ITSs, in an order that says nothing about slots: by vCPU, ITS, ICID, DeviceID, EventID.
 *
 * Relaxed loads throughout: nobody else maps or moves anything, every vCPU is held out of the
 * guest, and what others do at the same time comes before or after.
 */
#include "irq/slots.h"
#include "its/its.h"
#include "state/lpis.h"

#define LOAD(place) atomic_load_explicit(&(place), memory_order_relaxed)

size_t lpi_save_size(const struct lvgic_vm *vm)
{
    size_t size = REC_HEAD_SIZE + LPIS_SIZE;

    if (!vm->lpis.nr)
        return 0;
    size += vm->nr_vcpus * (size_t)(REC_HEAD_SIZE + REDIST_AT_ENTRIES);
    for (uint32_t i = 0; i < vm->nr_its; i++)
        size += REC_HEAD_SIZE + ITS_AT_ENTRIES + ((size_t)4 << vm->its[i].collection_bits) +
                vm->its[i].max_devices * (size_t)(REC_HEAD_SIZE + DEVICE_AT_ENTRIES);
    return size + vm->lpis.nr * (size_t)LPI_SIZE;
}

static uint64_t lpi_word(const struct lvgic_vm *vm, uint32_t lpi)
{
    return irq_load(lpi_irq(vm, lpi));
}

/* What became pending before its redistributor was disabled is not any more. */
static bool is_pending(const struct lvgic_vm *vm, uint64_t w)
{
    return irq_pending(w) && irq_target(w) != IRQ_NOBODY &&
           !vcpu_lpi_is_stale(&vm->vcpus[irq_target(w)], w);
}

static void save_lpi(struct snap_writer *writer, const struct lvgic_vm *vm, uint32_t lpi,
                     uint32_t event)
{
    uint64_t w = lpi_word(vm, lpi);
    uint32_t target = irq_target(w);

    snap_write(writer, 4, LOAD(vm->lpis.lpis[lpi].intid));
    snap_write(writer, 4, event);
    snap_write(writer, 2, vm->lpis.lpis[lpi].icid);
    snap_write(writer, 2, target == IRQ_NOBODY ? SNAP_NOBODY : target);
    snap_write(writer, 1, irq_prio(w));
    snap_write(writer, 1,
               (is_pending(vm, w) ? LPI_STATE_PENDING : 0) | (w & IRQ_EN ? LPI_STATE_ENABLED : 0) |
                   (w & IRQ_CUT ? LPI_STATE_CUT : 0));
    snap_write(writer, 2, 0);
}

/* DirectLPI: those that are not as after a reset, so that it does not matter how many there are. */
static uint32_t save_own(struct snap_writer *writer, const struct lvgic_vcpu *vcpu)
{
    const struct lvgic_vm *vm = vcpu->vm;
    uint32_t count = 0;

    for (uint32_t i = 0; i < vm->lpis.of_vcpu; i++) {
        uint32_t lpi = vcpu->index * vm->lpis.of_vcpu + i;
        uint64_t w = lpi_word(vm, lpi);

        if (!is_pending(vm, w) && !(w & IRQ_EN) && !irq_prio(w))
            continue;
        save_lpi(writer, vm, lpi, 0);
        count++;
    }
    return count;
}

/* The one that GICR_INVLPIR asked for; 0: none, or one that cannot be an LPI. */
static uint32_t invlpir(const struct lvgic_vm *vm, const struct lpi_redist *redist)
{
    uint32_t intid = LOAD(redist->reload_one);
    bool asked = LOAD(redist->requests) & LPI_RELOAD_ONE;

    return asked && intid - FIRST_LPI < vm->lpis.nr_intids ? intid : 0;
}

static void save_redist(struct snap_writer *writer, const struct lvgic_vcpu *vcpu)
{
    const struct lpi_redist *redist = &vcpu->lpis;
    uint32_t mode = LOAD(redist->state) & LPIS_MODE, count;
    uint32_t owed = mode == LPIS_ON ? LOAD(redist->requests) | redist->doing : 0;
    size_t count_at;

    snap_begin(writer, SNAP_REDIST);
    snap_write(writer, 4, vcpu->index);
    snap_write(writer, 4, mode);
    snap_write(writer, 4,
               (owed & LPI_OPEN ? OWED_OPEN : 0) | (owed & LPI_RELOAD ? OWED_RELOAD : 0));
    snap_write(writer, 4, invlpir(vcpu->vm, redist));
    snap_write(writer, 8, LOAD(redist->propbaser));
    snap_write(writer, 8, LOAD(redist->pendbaser));
    count_at = writer->used;
    snap_write(writer, 8, 0);
    count = save_own(writer, vcpu);
    snap_put(writer->buffer + count_at, 4, count);
    snap_end(writer);
}

static void save_its(struct snap_writer *writer, const struct its *its)
{
    size_t count_at;
    uint32_t count = 0;

    snap_begin(writer, SNAP_ITS);
    snap_write(writer, 4, its->index);
    snap_write(writer, 4, LOAD(its->gate) & (ITS_ENABLED | ITS_DROP));
    snap_write(writer, 8, LOAD(its->statusr));
    snap_write(writer, 8, LOAD(its->cbaser));
    snap_write(writer, 8, LOAD(its->cwriter));
    snap_write(writer, 8, LOAD(its->creadr));
    snap_write(writer, 8, LOAD(its->baser[0]));
    snap_write(writer, 8, LOAD(its->baser[1]));
    snap_write(writer, 8, LOAD(its->address));
    count_at = writer->used;
    snap_write(writer, 8, 0);
    for (uint32_t icid = 0; icid >> its->collection_bits == 0; icid++) {
        if (its->collections[icid] == NO_COLLECTION)
            continue;
        snap_write(writer, 2, icid);
        snap_write(writer, 2, its->collections[icid]);
        count++;
    }
    snap_put(writer->buffer + count_at, 4, count);
    snap_end(writer);
}

static void save_device(struct snap_writer *writer, const struct its *its, uint32_t index)
{
    uint64_t device = LOAD(its->devices[index]);
    uint32_t nr = device_events(device), count = 0;
    size_t count_at;

    snap_begin(writer, SNAP_DEVICE);
    snap_write(writer, 4, its->index);
    snap_write(writer, 4, device_id(device));
    snap_write(writer, 4, bits_first(nr));
    count_at = writer->used;
    snap_write(writer, 4, 0);
    snap_write(writer, 8, its->itts[index]);
    for (uint32_t event = 0; event < nr; event++) {
        uint32_t entry = LOAD(its->events[device_first(device) + event]);

        if (entry == NO_EVENT)
            continue;
        save_lpi(writer, its->vm, event_lpi(entry), event);
        count++;
    }
    snap_put(writer->buffer + count_at, 4, count);
    snap_end(writer);
}

void lpi_save(struct snap_writer *writer, struct lvgic_vm *vm)
{
    if (!vm->lpis.nr)
        return;
    snap_begin(writer, SNAP_LPIS);
    snap_write(writer, 4, vm->lpis.id_bits);
    snap_write(writer, 4, vm->nr_its);
    snap_write(writer, 1, vm->nr_its ? vm->its[0].device_bits : 0); /* all are alike */
    snap_write(writer, 1, vm->nr_its ? vm->its[0].collection_bits : 0);
    snap_write(writer, 6, vm->nr_its ? vm->its[0].stalls : 0);
    snap_end(writer);
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        save_redist(writer, &vm->vcpus[v]);
    for (uint32_t i = 0; i < vm->nr_its; i++)
        save_its(writer, &vm->its[i]);
    for (uint32_t i = 0; i < vm->nr_its; i++)
        for (uint32_t id = 0; id >> vm->its[i].device_bits == 0; id++) {
            uint32_t index = its_find_device(&vm->its[i], id);

            if (index != NO_DEVICE)
                save_device(writer, &vm->its[i], index);
        }
}
