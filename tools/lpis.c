/* SPDX-License-Identifier: MIT */
/* LPIs and ITSs of a snapshot, as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "state/format.h"
#include "tool.h"

static json_t *lpi_json(const uint8_t *e, bool of_event)
{
    uint32_t state = snap_get8(e + LPI_AT_STATE), target = snap_get16(e + LPI_AT_TARGET);
    json_t *object = json_object(), *flags = json_array();

    if (of_event) {
        tool_put(object, "lpi", snap_get32(e + LPI_AT_INTID));
        tool_put(object, "collection", snap_get16(e + LPI_AT_ICID));
        json_object_set_new(object, "target",
                            target == SNAP_NOBODY ? json_null() : json_integer(target));
    }
    if (state & LPI_STATE_PENDING)
        json_array_append_new(flags, json_string("PENDING"));
    if (state & LPI_STATE_ENABLED)
        json_array_append_new(flags, json_string("ENABLED"));
    if (state & LPI_STATE_CUT)
        json_array_append_new(flags, json_string("CUT"));
    json_object_set_new(object, "state", flags);
    tool_put_hex(object, "priority", snap_get8(e + LPI_AT_PRIORITY));
    return object;
}

/* Keyed by a number of each. */
static void add(json_t *object, uint32_t key, json_t *value)
{
    char number[16];

    snprintf(number, sizeof number, "%" PRIu32, key);
    json_object_set_new(object, number, value);
}

static json_t *redist_json(const uint8_t *c)
{
    static const char *const modes[] = {"off", "on", "being disabled"};
    json_t *object = json_object(), *owed = json_array(), *own = json_object();
    uint32_t bits = snap_get32(c + REDIST_AT_OWED);

    json_object_set_new(object, "lpis", json_string(modes[snap_get32(c + REDIST_AT_MODE)]));
    tool_put_hex(object, "propbaser", snap_get64(c + REDIST_AT_PROPBASER));
    tool_put_hex(object, "pendbaser", snap_get64(c + REDIST_AT_PENDBASER));
    if (bits & OWED_OPEN)
        json_array_append_new(owed, json_string("TABLES"));
    if (bits & OWED_RELOAD)
        json_array_append_new(owed, json_string("INVALLR"));
    if (snap_get32(c + REDIST_AT_INVLPIR))
        json_array_append_new(owed, json_sprintf("INVLPIR %u", snap_get32(c + REDIST_AT_INVLPIR)));
    json_object_set_new(object, "not_done_yet", owed);
    for (uint32_t i = 0; i < snap_get32(c + REDIST_AT_COUNT); i++) {
        const uint8_t *e = c + REDIST_AT_ENTRIES + (size_t)i * LPI_SIZE;

        add(own, snap_get32(e + LPI_AT_INTID), lpi_json(e, false));
    }
    json_object_set_new(object, "own", own);
    return object;
}

static json_t *its_json(const uint8_t *c)
{
    json_t *object = json_object(), *collections = json_object();
    uint32_t gate = snap_get32(c + ITS_AT_GATE);

    if (snap_get64(c + ITS_AT_ADDRESS) != NO_ADDRESS)
        tool_put_hex(object, "address", snap_get64(c + ITS_AT_ADDRESS));
    json_object_set_new(object, "enabled", json_boolean(gate & 1));
    json_object_set_new(object, "table_replaced", json_boolean(gate & 2));
    tool_put_hex(object, "statusr", snap_get32(c + ITS_AT_STATUSR));
    tool_put_hex(object, "cbaser", snap_get64(c + ITS_AT_CBASER));
    tool_put_hex(object, "cwriter", snap_get64(c + ITS_AT_CWRITER));
    tool_put_hex(object, "creadr", snap_get64(c + ITS_AT_CREADR));
    tool_put_hex(object, "baser0", snap_get64(c + ITS_AT_BASER));
    tool_put_hex(object, "baser1", snap_get64(c + ITS_AT_BASER + 8));
    for (uint32_t i = 0; i < snap_get32(c + ITS_AT_COUNT); i++) {
        const uint8_t *e = c + ITS_AT_ENTRIES + (size_t)i * 4;

        add(collections, snap_get16(e), json_integer(snap_get16(e + 2)));
    }
    json_object_set_new(object, "collections", collections);
    json_object_set_new(object, "devices", json_object());
    return object;
}

static json_t *device_json(const uint8_t *c)
{
    json_t *object = json_object(), *events = json_object();

    tool_put(object, "event_bits", snap_get32(c + DEVICE_AT_BITS));
    tool_put_hex(object, "itt", snap_get64(c + DEVICE_AT_ITT));
    for (uint32_t i = 0; i < snap_get32(c + DEVICE_AT_COUNT); i++) {
        const uint8_t *e = c + DEVICE_AT_ENTRIES + (size_t)i * LPI_SIZE;

        add(events, snap_get32(e + LPI_AT_EVENT), lpi_json(e, true));
    }
    json_object_set_new(object, "events", events);
    return object;
}

static void lpis_json(json_t *root, const uint8_t *c)
{
    json_t *config = json_object_get(root, "config");

    tool_put(config, "lpi_id_bits", snap_get32(c + LPIS_AT_ID_BITS));
    tool_put(config, "its", snap_get32(c + LPIS_AT_NR_ITS));
    tool_put(config, "its_device_bits", snap_get8(c + LPIS_AT_DEVICE_BITS));
    tool_put(config, "its_collection_bits", snap_get8(c + LPIS_AT_COLLECTION_BITS));
    json_object_set_new(config, "its_stall", json_boolean(snap_get8(c + LPIS_AT_STALLS)));
    json_object_set_new(root, "its", json_array());
}

/* They come in this order. */
void tool_lpi_json(json_t *root, json_t *vcpus, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    json_t *its = json_object_get(root, "its");

    switch (rec->type) {
    case SNAP_LPIS:
        lpis_json(root, c);
        break;
    case SNAP_REDIST:
        json_object_set_new(json_array_get(vcpus, snap_get32(c + REDIST_AT_VCPU)), "redistributor",
                            redist_json(c));
        break;
    case SNAP_ITS:
        json_array_append_new(its, its_json(c));
        break;
    case SNAP_DEVICE:
        its = json_array_get(its, snap_get32(c + DEVICE_AT_ITS));
        add(json_object_get(its, "devices"), snap_get32(c + DEVICE_AT_ID), device_json(c));
        break;
    default:
        break;
    }
}
