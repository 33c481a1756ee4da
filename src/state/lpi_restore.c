/* SPDX-License-Identifier: MIT */
/*
 * LPIs and ITSs of a sound snapshot, put in place: together with restore.c.
 *
 * Relaxed stores where nothing else is said: nobody translates an event (the ITSs are disabled),
 * every vCPU is held out of the guest, and what others do at the same time comes before or after.
 */
#include "deliver/event.h"
#include "deliver/lpi.h"
#include "its/its.h"
#include "state/lpis.h"

#define LOAD(place) atomic_load_explicit(&(place), memory_order_relaxed)
#define STORE(place, value) atomic_store_explicit(&(place), (value), memory_order_relaxed)

/* ------------------------------------------------------------------ does the VM fit? */

/* How much of each limit is used. */
struct use {
    uint64_t lpis;
    uint64_t devices[MAX_ITS], events[MAX_ITS];
};

static bool same_lpis(const struct lvgic_vm *vm, const uint8_t *c)
{
    const struct its *its = &vm->its[0]; /* all are alike */

    if (snap_get32(c + LPIS_AT_ID_BITS) != vm->lpis.id_bits ||
        snap_get32(c + LPIS_AT_NR_ITS) != vm->nr_its)
        return false;
    return !vm->nr_its || (snap_get8(c + LPIS_AT_DEVICE_BITS) == its->device_bits &&
                           snap_get8(c + LPIS_AT_COLLECTION_BITS) == its->collection_bits &&
                           snap_get8(c + LPIS_AT_STALLS) == its->stalls);
}

/* What the VMM has not said is taken over. */
static bool same_address(const struct lvgic_vm *vm, const uint8_t *c)
{
    uint64_t mine = LOAD(vm->its[snap_get32(c + ITS_AT_NUMBER)].address);
    uint64_t theirs = snap_get64(c + ITS_AT_ADDRESS);

    return theirs == NO_ADDRESS ||
           (mine == NO_ADDRESS ? !(theirs >> vm->ipa_bits) : mine == theirs);
}

/* An LPI of a redistributor's own that this VM does not have. */
static bool lacks_own(const struct lvgic_vm *vm, const uint8_t *c)
{
    uint32_t count = snap_get32(c + REDIST_AT_COUNT);
    const uint8_t *last;

    if (!count)
        return false;
    last = c + REDIST_AT_ENTRIES + ((size_t)count - 1) * LPI_SIZE;
    return snap_get32(last + LPI_AT_INTID) - FIRST_LPI >= vm->lpis.of_vcpu;
}

static void use_device(struct use *use, const uint8_t *c)
{
    uint32_t its = snap_get32(c + DEVICE_AT_ITS), events = 1u << snap_get32(c + DEVICE_AT_BITS);

    use->lpis += snap_get32(c + DEVICE_AT_COUNT);
    use->devices[its]++;
    use->events[its] += events < EVENT_GRAIN ? EVENT_GRAIN : events;
}

static int fits_record(const struct lvgic_vm *vm, const struct snap_rec *rec, struct use *use)
{
    const uint8_t *c = rec->content;

    switch (rec->type) {
    case SNAP_LPIS:
        return same_lpis(vm, c) ? LVGIC_OK : LVGIC_E_OTHER_OPTIONS;
    case SNAP_REDIST:
        return lacks_own(vm, c) ? LVGIC_E_FEWER_INTIDS : LVGIC_OK;
    case SNAP_ITS:
        return same_address(vm, c) ? LVGIC_OK : LVGIC_E_OTHER_ADDRESSES;
    case SNAP_DEVICE:
        use_device(use, c);
        return LVGIC_OK;
    default:
        return LVGIC_OK;
    }
}

int lpi_fits(const struct lvgic_vm *vm, const uint8_t *buffer, size_t size)
{
    size_t at = SNAP_HEADER_SIZE;
    struct use use = {.lpis = 0};
    struct snap_rec rec;
    bool has_lpis = false;
    int status = LVGIC_OK;

    while (status == LVGIC_OK && snap_next(buffer, size, &at, &rec)) {
        has_lpis = has_lpis || rec.type == SNAP_LPIS;
        status = has_lpis && !vm->lpis.nr ? LVGIC_E_OTHER_OPTIONS : fits_record(vm, &rec, &use);
    }
    if (status == LVGIC_OK && !has_lpis && vm->lpis.nr)
        status = LVGIC_E_OTHER_OPTIONS;
    if (status != LVGIC_OK)
        return status;
    if (vm->nr_its && use.lpis > vm->lpis.nr)
        return LVGIC_E_FEWER_INTIDS;
    for (uint32_t i = 0; i < vm->nr_its; i++)
        if (use.devices[i] > vm->its[i].max_devices || use.events[i] > vm->its[i].max_events)
            return LVGIC_E_FEWER_INTIDS;
    return LVGIC_OK;
}

/* ------------------------------------------------------------------ put it in place */

void lpi_clear(struct lvgic_vm *vm)
{
    for (uint32_t i = 0; i < vm->nr_its; i++) {
        /* Sequentially consistent: as the guest's write of GITS_CTLR. */
        atomic_store_explicit(&vm->its[i].gate, 0, memory_order_seq_cst);
        its_unmap_all(&vm->its[i]);
    }
}

struct put {
    uint32_t stamp;
    uint8_t priority, state;
};

static bool put_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct put *put = arg;
    uint64_t w = irq_apply(old & ~IRQ_CUT, IRQ_EV_CLEAR_PENDING, 0);

    w = lpi_word_configure(w, put->priority, put->state & LPI_STATE_ENABLED);
    /* One that is pending where LPIs are disabled is dead. */
    if (put->state & LPI_STATE_PENDING)
        lpi_word_pulse(w, put->stamp, &w);
    *new = w | (put->state & LPI_STATE_CUT ? IRQ_CUT : 0);
    return true;
}

static void put_lpi(struct lvgic_vm *vm, uint32_t lpi, const uint8_t *e)
{
    uint32_t target = snap_get16(e + LPI_AT_TARGET);
    struct put put = {
        .stamp = target == SNAP_NOBODY ? 0 : vcpu_lpi_stamp(&vm->vcpus[target]),
        .priority = snap_get8(e + LPI_AT_PRIORITY),
        .state = snap_get8(e + LPI_AT_STATE),
    };
    struct irq_change change = irq_change(lpi_irq(vm, lpi), put_step, &put);

    if (irq_wanted(change.new))
        deliver_hint(&vm->vcpus[irq_effective(change.new)], lpi_to_slot(vm, lpi));
}

/* What the guest has asked for is asked for again, from the beginning. */
static void restore_redist(struct lvgic_vm *vm, const uint8_t *c)
{
    struct lvgic_vcpu *vcpu = &vm->vcpus[snap_get32(c + REDIST_AT_VCPU)];
    uint32_t mode = snap_get32(c + REDIST_AT_MODE), owed = snap_get32(c + REDIST_AT_OWED);
    uint32_t invlpir = snap_get32(c + REDIST_AT_INVLPIR);
    uint32_t requests = (mode == LPIS_CLOSING ? LPI_CLOSE : 0u) |
                        (owed & OWED_OPEN ? LPI_OPEN : 0u) |
                        (owed & OWED_RELOAD ? LPI_RELOAD : 0u) | (invlpir ? LPI_RELOAD_ONE : 0u);

    STORE(vcpu->lpis.propbaser, snap_get64(c + REDIST_AT_PROPBASER));
    STORE(vcpu->lpis.pendbaser, snap_get64(c + REDIST_AT_PENDBASER));
    STORE(vcpu->lpis.reload_one, invlpir);
    STORE(vcpu->lpis.state, LOAD(vcpu->lpis.state) | mode);
    if (requests)
        deliver_lpi_request(vcpu, requests);
    for (uint32_t i = 0; i < snap_get32(c + REDIST_AT_COUNT); i++) {
        const uint8_t *e = c + REDIST_AT_ENTRIES + (size_t)i * LPI_SIZE;

        put_lpi(vm, lpi_find(vm, vcpu, snap_get32(e + LPI_AT_INTID)), e);
    }
}

static void restore_its(struct lvgic_vm *vm, const uint8_t *c)
{
    struct its *its = &vm->its[snap_get32(c + ITS_AT_NUMBER)];
    uint64_t address = snap_get64(c + ITS_AT_ADDRESS);

    if (address != NO_ADDRESS)
        STORE(its->address, address);
    STORE(its->statusr, snap_get32(c + ITS_AT_STATUSR));
    STORE(its->cbaser, snap_get64(c + ITS_AT_CBASER));
    STORE(its->cwriter, snap_get64(c + ITS_AT_CWRITER));
    STORE(its->creadr, snap_get64(c + ITS_AT_CREADR));
    STORE(its->baser[0], snap_get64(c + ITS_AT_BASER));
    STORE(its->baser[1], snap_get64(c + ITS_AT_BASER + 8));
    for (uint32_t i = 0; i < snap_get32(c + ITS_AT_COUNT); i++) {
        const uint8_t *e = c + ITS_AT_ENTRIES + (size_t)i * 4;

        its->collections[snap_get16(e)] = (uint16_t)snap_get16(e + 2);
    }
}

static void restore_device(struct lvgic_vm *vm, const uint8_t *c)
{
    struct its *its = &vm->its[snap_get32(c + DEVICE_AT_ITS)];
    uint32_t id = snap_get32(c + DEVICE_AT_ID);

    its_add_device(its, id, snap_get32(c + DEVICE_AT_BITS), snap_get64(c + DEVICE_AT_ITT));
    for (uint32_t i = 0; i < snap_get32(c + DEVICE_AT_COUNT); i++) {
        const uint8_t *e = c + DEVICE_AT_ENTRIES + (size_t)i * LPI_SIZE;
        uint32_t target = snap_get16(e + LPI_AT_TARGET);
        uint32_t lpi =
            lpi_map(vm, snap_get32(e + LPI_AT_INTID), target == SNAP_NOBODY ? IRQ_NOBODY : target,
                    its->index, (uint16_t)snap_get16(e + LPI_AT_ICID));

        put_lpi(vm, lpi, e);
        /* Release: see map_event(). */
        atomic_store_explicit(its_find_event(its, id, snap_get32(e + LPI_AT_EVENT)),
                              event_make(lpi, irq_gen(irq_load(lpi_irq(vm, lpi)))),
                              memory_order_release);
    }
}

/* Devices with more events first: then there are no gaps between their entries, and those of all
 * fit if their number does. */
static void restore_devices(struct lvgic_vm *vm, const uint8_t *buffer, size_t size)
{
    struct snap_rec rec;

    for (uint32_t bits = ITS_EVENT_BITS; bits > 0; bits--)
        for (size_t at = SNAP_HEADER_SIZE; snap_next(buffer, size, &at, &rec);)
            if (rec.type == SNAP_DEVICE && snap_get32(rec.content + DEVICE_AT_BITS) == bits)
                restore_device(vm, rec.content);
}

/* After a reset of a redistributor its own LPIs are disabled, of priority 0. */
static void reset_own(struct lvgic_vm *vm)
{
    static const uint8_t none[LPI_SIZE];

    for (uint32_t lpi = 0; vm->lpis.of_vcpu && lpi < vm->lpis.nr; lpi++)
        put_lpi(vm, lpi, none);
}

void lpi_restore(struct lvgic_vm *vm, const uint8_t *buffer, size_t size)
{
    size_t at = SNAP_HEADER_SIZE;
    struct snap_rec rec;

    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        deliver_lpi_off(&vm->vcpus[v]);
    reset_own(vm);
    while (snap_next(buffer, size, &at, &rec)) {
        if (rec.type == SNAP_REDIST)
            restore_redist(vm, rec.content);
        else if (rec.type == SNAP_ITS)
            restore_its(vm, rec.content);
    }
    restore_devices(vm, buffer, size);
    /* Now events are translated. Sequentially consistent: as the guest's write of GITS_CTLR. */
    for (at = SNAP_HEADER_SIZE; snap_next(buffer, size, &at, &rec);)
        if (rec.type == SNAP_ITS)
            atomic_store_explicit(&vm->its[snap_get32(rec.content + ITS_AT_NUMBER)].gate,
                                  snap_get32(rec.content + ITS_AT_GATE), memory_order_seq_cst);
}

static bool is_owed(struct lvgic_vm *vm)
{
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        if (LOAD(vm->vcpus[v].lpis.requests))
            return true;
    for (uint32_t i = 0; i < vm->nr_its; i++)
        if (!its_is_idle(&vm->its[i]))
            return true;
    return false;
}

bool lpi_tell(struct lvgic_vm *vm, const uint8_t *buffer, size_t size)
{
    struct snap_rec rec;

    for (size_t at = SNAP_HEADER_SIZE; snap_next(buffer, size, &at, &rec);) {
        const uint8_t *c = rec.content;
        uint32_t count = rec.type == SNAP_DEVICE ? snap_get32(c + DEVICE_AT_COUNT) : 0;

        for (uint32_t i = 0; i < count; i++)
            its_tell(&vm->its[snap_get32(c + DEVICE_AT_ITS)], snap_get32(c + DEVICE_AT_ID),
                     snap_get32(c + DEVICE_AT_ENTRIES + (size_t)i * LPI_SIZE + LPI_AT_EVENT), true);
    }
    return is_owed(vm);
}
