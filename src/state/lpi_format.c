/* SPDX-License-Identifier: MIT */
/* Are a snapshot's LPIs and ITSs sound? Together with format.c. */
#include "base/bits.h"
#include "irq/slots.h"
#include "its/its.h"
#include "mmio/lpi.h"
#include "state/format.h"

static bool is_lpi(const struct snap_lpis *check, uint32_t intid)
{
    return intid >= FIRST_LPI && intid < 1u << check->id_bits;
}

static const char *check_lpis(struct snap_lpis *check, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    struct lvgic_config like = {.nr_vcpus = 1, .nr_lpis = 1};

    check->id_bits = snap_get32(c + LPIS_AT_ID_BITS);
    check->nr_its = snap_get32(c + LPIS_AT_NR_ITS);
    check->device_bits = snap_get8(c + LPIS_AT_DEVICE_BITS);
    check->collection_bits = snap_get8(c + LPIS_AT_COLLECTION_BITS);
    check->stalls = snap_get8(c + LPIS_AT_STALLS);
    /* As lvgic_vm_init() would take it. */
    like.lpi_id_bits = (uint8_t)check->id_bits;
    like.nr_its = (uint8_t)check->nr_its;
    like.its_device_bits = (uint8_t)check->device_bits;
    like.its_collection_bits = (uint8_t)check->collection_bits;
    if (check->config->gic != 3 || check->id_bits > 24 || check->nr_its > MAX_ITS ||
        !check->id_bits || !check->device_bits != !check->nr_its ||
        !check->collection_bits != !check->nr_its || check->stalls > !!check->nr_its ||
        !lpi_config_valid(&like) || !its_config_valid(&like) || rec->length != LPIS_SIZE)
        return "LPIS: limits";
    return NULL;
}

static bool lpi_is_sound(const struct snap_lpis *check, const uint8_t *e)
{
    uint32_t target = snap_get16(e + LPI_AT_TARGET);

    return is_lpi(check, snap_get32(e + LPI_AT_INTID)) &&
           (target < check->config->nr_vcpus || target == SNAP_NOBODY) &&
           !(snap_get8(e + LPI_AT_PRIORITY) & ~snap_priority_bits(check->config)) &&
           !(snap_get8(e + LPI_AT_STATE) & ~(uint32_t)LPI_STATE_ALL);
}

/* Of DirectLPI: in the order of the INTIDs. */
static bool own_lpis_are_sound(const struct snap_lpis *check, const uint8_t *c)
{
    uint32_t vcpu = snap_get32(c + REDIST_AT_VCPU), next = 0;

    for (uint32_t i = 0; i < snap_get32(c + REDIST_AT_COUNT); i++) {
        const uint8_t *e = c + REDIST_AT_ENTRIES + (size_t)i * LPI_SIZE;

        if (!lpi_is_sound(check, e) || snap_get32(e + LPI_AT_INTID) < next ||
            snap_get32(e + LPI_AT_EVENT) || snap_get16(e + LPI_AT_ICID) ||
            snap_get16(e + LPI_AT_TARGET) != vcpu || (snap_get8(e + LPI_AT_STATE) & LPI_STATE_CUT))
            return false;
        next = snap_get32(e + LPI_AT_INTID) + 1;
    }
    return true;
}

static const char *check_redist(struct snap_lpis *check, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    uint32_t mode = snap_get32(c + REDIST_AT_MODE), owed = snap_get32(c + REDIST_AT_OWED);
    uint32_t invlpir = snap_get32(c + REDIST_AT_INVLPIR);
    uint32_t count = snap_get32(c + REDIST_AT_COUNT);

    if (check->redists >= check->config->nr_vcpus ||
        snap_get32(c + REDIST_AT_VCPU) != check->redists++)
        return "REDIST: vCPU";
    if (mode > LPIS_CLOSING || (owed & ~(uint32_t)OWED_ALL) || (owed && mode != LPIS_ON) ||
        (invlpir && !is_lpi(check, invlpir)) ||
        (snap_get64(c + REDIST_AT_PROPBASER) & ~PROPBASER_KEPT) ||
        (snap_get64(c + REDIST_AT_PENDBASER) & ~PENDBASER_KEPT))
        return "REDIST: registers";
    if ((check->nr_its && count) || rec->length != REDIST_AT_ENTRIES + (uint64_t)count * LPI_SIZE)
        return "REDIST: length";
    return own_lpis_are_sound(check, c) ? NULL : "REDIST: LPI";
}

/* ------------------------------------------------------------------ ITSs */

static bool registers_are_sound(const struct snap_lpis *check, const uint8_t *c)
{
    uint64_t stalled = check->stalls ? GITS_CREADR_STALLED : 0;

    for (unsigned table = 0; table < 2; table++) {
        uint64_t baser = snap_get64(c + ITS_AT_BASER + (size_t)table * 8);

        if (baser != gits_baser_kept(table, baser))
            return false;
    }
    return snap_get32(c + ITS_AT_GATE) <= 3 && snap_get32(c + ITS_AT_STATUSR) <= 15 &&
           !(snap_get64(c + ITS_AT_CBASER) & ~GITS_CBASER_KEPT) &&
           !(snap_get64(c + ITS_AT_CWRITER) & ~GITS_QUEUE_OFFSET) &&
           !(snap_get64(c + ITS_AT_CREADR) & ~(GITS_QUEUE_OFFSET | stalled));
}

static bool collections_are_sound(const struct snap_lpis *check, const uint8_t *c)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < snap_get32(c + ITS_AT_COUNT); i++) {
        const uint8_t *e = c + ITS_AT_ENTRIES + (size_t)i * 4;
        uint32_t icid = snap_get16(e);

        if (icid < next || icid >> check->collection_bits ||
            snap_get16(e + 2) >= check->config->nr_vcpus)
            return false;
        next = icid + 1;
    }
    return true;
}

static bool address_is_sound(uint64_t address)
{
    return address == NO_ADDRESS || (address < BIT64(52) && address % 0x10000 == 0);
}

static const char *check_its(struct snap_lpis *check, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    uint32_t number = check->itss++;

    if (number >= check->nr_its || snap_get32(c + ITS_AT_NUMBER) != number)
        return "ITS: number";
    if (!address_is_sound(snap_get64(c + ITS_AT_ADDRESS)))
        return "ITS: address";
    if (rec->length != ITS_AT_ENTRIES + (uint64_t)snap_get32(c + ITS_AT_COUNT) * 4)
        return "ITS: length";
    if (!registers_are_sound(check, c))
        return "ITS: registers";
    return collections_are_sound(check, c) ? NULL : "ITS: collection";
}

static bool events_are_sound(const struct snap_lpis *check, const uint8_t *c)
{
    uint32_t bits = snap_get32(c + DEVICE_AT_BITS), next = 0;

    for (uint32_t i = 0; i < snap_get32(c + DEVICE_AT_COUNT); i++) {
        const uint8_t *e = c + DEVICE_AT_ENTRIES + (size_t)i * LPI_SIZE;
        uint32_t event = snap_get32(e + LPI_AT_EVENT);

        if (!lpi_is_sound(check, e) || event < next || event >> bits ||
            snap_get16(e + LPI_AT_ICID) >> check->collection_bits)
            return false;
        next = event + 1;
    }
    return true;
}

static const char *check_device(struct snap_lpis *check, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    uint32_t its = snap_get32(c + DEVICE_AT_ITS), id = snap_get32(c + DEVICE_AT_ID);
    uint32_t bits = snap_get32(c + DEVICE_AT_BITS);
    uint64_t key = (uint64_t)its << 32 | id;

    if (its >= check->itss || id >> check->device_bits || key < check->devices)
        return "DEVICE: DeviceID";
    check->devices = key + 1;
    if (bits < 1 || bits > ITS_EVENT_BITS || (snap_get64(c + DEVICE_AT_ITT) & ~MASK64(51, 8)))
        return "DEVICE: size or table";
    if (rec->length != DEVICE_AT_ENTRIES + (uint64_t)snap_get32(c + DEVICE_AT_COUNT) * LPI_SIZE)
        return "DEVICE: length";
    return events_are_sound(check, c) ? NULL : "DEVICE: event";
}

const char *snap_check_lpis(struct snap_lpis *check, const struct snap_rec *rec)
{
    bool again = rec->type == check->last && rec->type == SNAP_LPIS;

    if (rec->type < SNAP_LPIS || rec->type > SNAP_DEVICE)
        return NULL; /* what may be skipped */
    if (again || rec->type < check->last || (!check->last && rec->type != SNAP_LPIS))
        return "records of LPIs are not in order";
    check->last = rec->type;
    switch (rec->type) {
    case SNAP_LPIS:
        return check_lpis(check, rec);
    case SNAP_REDIST:
        return check_redist(check, rec);
    case SNAP_ITS:
        return check_its(check, rec);
    default:
        return check_device(check, rec);
    }
}

const char *snap_check_all_lpis(const struct snap_lpis *check)
{
    bool missing =
        check->last && (check->redists != check->config->nr_vcpus || check->itss != check->nr_its);

    return missing ? "records are missing" : NULL;
}

/* ------------------------------------------------------------------ each LPI once */

#define WINDOW 16384u

/* Looks at the LPIs from `first` on, as many as there is memory for here. *next: the first one
 * beyond, or 0. */
static bool window_is_unique(const uint8_t *buffer, size_t size, uint32_t first, uint32_t *next)
{
    uint64_t seen[WINDOW / 64] = {0};
    size_t at = SNAP_HEADER_SIZE;
    struct snap_rec rec;

    *next = 0;
    while (snap_next(buffer, size, &at, &rec)) {
        uint32_t count = rec.type == SNAP_DEVICE ? snap_get32(rec.content + DEVICE_AT_COUNT) : 0;

        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *e = rec.content + DEVICE_AT_ENTRIES + (size_t)i * LPI_SIZE;
            uint32_t intid = snap_get32(e + LPI_AT_INTID);

            if (intid - first < WINDOW && !snap_first_time(seen, intid - first))
                return false;
            if (intid >= first + WINDOW && (!*next || intid < *next))
                *next = intid;
        }
    }
    return true;
}

bool snap_lpis_are_unique(const uint8_t *buffer, size_t size)
{
    uint32_t next = FIRST_LPI;

    while (next)
        if (!window_is_unique(buffer, size, next, &next))
            return false;
    return true;
}
