/* SPDX-License-Identifier: MIT */
/* Reading snapshots: checked, and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "state/format.h"
#include "tool.h"

uint8_t *tool_read(const char *file, size_t *size)
{
    FILE *in = strcmp(file, "-") ? fopen(file, "rb") : stdin;
    size_t room = 1 << 16, used = 0, got;
    uint8_t *data = in ? malloc(room) : NULL;

    while (data && (got = fread(data + used, 1, room - used, in)) > 0) {
        used += got;
        if (used == room)
            data = realloc(data, room *= 2);
    }
    if (!data || ferror(in)) {
        fprintf(stderr, "lvgic: %s: %s\n", file, strerror(errno));
        free(data);
        data = NULL;
    }
    if (in && in != stdin)
        fclose(in);
    *size = used;
    return data;
}

static const char *record_name(uint32_t type)
{
    switch (type) {
#define NAME(name, number, flags, least, what) \
    case SNAP_##name:                          \
        return #name;
        SNAP_RECORDS(NAME)
#undef NAME
    default:
        return "unknown";
    }
}

int tool_check(const char *file)
{
    size_t size, at = SNAP_HEADER_SIZE, begin = at;
    struct snap_config config;
    struct snap_fault fault;
    struct snap_rec rec;
    uint8_t *data = tool_read(file, &size);
    int status;

    if (!data)
        return 2;
    status = snap_check(data, size, &config, &fault);
    if (status != LVGIC_OK) {
        printf("%s: byte %zu: %s: %s\n", file, fault.at, lvgic_strerror(status), fault.what);
        free(data);
        return 1;
    }
    while (begin = at, snap_next(data, size, &at, &rec))
        printf("%8zu  %-8s %8" PRIu32 " bytes%s\n", begin, record_name(rec.type), rec.length,
               rec.flags & REC_REQUIRED ? "" : ", optional");
    printf("%s: sound: format %u, %zu bytes\n", file, SNAP_VERSION, size);
    free(data);
    return 0;
}

/* ------------------------------------------------------------------ as JSON */

void tool_put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

uint64_t tool_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 0);
    return (uint64_t)json_integer_value(value);
}

static void set_bool(json_t *object, const char *name, bool value)
{
    json_object_set_new(object, name, json_boolean(value));
}

void tool_put_hex(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_sprintf("0x%" PRIx64, value));
}

static json_t *affinity(uint64_t mpidr)
{
    return json_sprintf("%u.%u.%u.%u", (unsigned)bits_get(mpidr, 39, 32),
                        (unsigned)bits_get(mpidr, 23, 16), (unsigned)bits_get(mpidr, 15, 8),
                        (unsigned)bits_get(mpidr, 7, 0));
}

static json_t *config_json(const struct snap_config *config)
{
    json_t *object = json_object(), *list = json_array();

    tool_put(object, "gic", config->gic);
    tool_put(object, "vcpus", config->nr_vcpus);
    tool_put(object, "spis", config->nr_spis);
    tool_put(object, "espis", config->nr_espis);
    tool_put(object, "eppis", config->nr_eppis);
    tool_put(object, "priority_bits", config->pri_bits);
    set_bool(object, "one_of_n", config->options & OPTION_ONE_OF_N);
    set_bool(object, "nmi", config->options & OPTION_NMI);
    set_bool(object, "two_security_states", config->options & OPTION_TWO_STATES);
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        json_array_append_new(list, affinity(snap_get64(config->affinities + 8 * (size_t)i)));
    json_object_set_new(object, "affinities", list);
    return object;
}

static json_t *dist_json(const uint8_t *c)
{
    json_t *object = json_object();

    tool_put_hex(object, "ctlr", snap_get32(c + DIST_AT_CTLR));
    tool_put_hex(object, "statusr", snap_get32(c + DIST_AT_STATUSR));
    tool_put_hex(object, "iidr", snap_get32(c + DIST_AT_IIDR));
    tool_put_hex(object, "gicd_pidr", snap_get64(c + DIST_AT_GICD_PIDR));
    tool_put_hex(object, "gicr_pidr", snap_get64(c + DIST_AT_GICR_PIDR));
    return object;
}

static json_t *levels_json(const uint8_t *c)
{
    json_t *list = json_array();

    for (unsigned level = 0; level < 128; level++)
        if (snap_get64(c + level / 64 * 8) & BIT64(level % 64))
            json_array_append_new(list, json_sprintf("0x%02x", level * 2));
    return list;
}

static void vcpu_json(json_t *object, const uint8_t *c)
{
    set_bool(object, "asleep", snap_get32(c + VCPU_AT_ASLEEP));
    tool_put_hex(object, "dpg", snap_get32(c + VCPU_AT_DPG));
    tool_put_hex(object, "nsacr", snap_get32(c + VCPU_AT_NSACR));
    tool_put_hex(object, "statusr", snap_get32(c + VCPU_AT_STATUSR));
    tool_put_hex(object, "vmcr", snap_get32(c + VCPU_AT_VMCR));
    json_object_set_new(object, "active_priorities_0", levels_json(c + VCPU_AT_ACTIVE0));
    json_object_set_new(object, "active_priorities_1", levels_json(c + VCPU_AT_ACTIVE1));
    set_bool(object, "active_nmi", snap_get32(c + VCPU_AT_ACTIVE_NMI));
}

static json_t *acks_json(const uint8_t *c)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < snap_get32(c + ACKS_AT_COUNT); i++) {
        const uint8_t *entry = c + ACKS_AT_ENTRIES + (size_t)i * ACK_SIZE;
        uint8_t level = snap_get8(entry + ACK_AT_LEVEL);
        json_t *ack = json_object();

        tool_put(ack, "intid", snap_get32(entry + ACK_AT_INTID));
        tool_put_hex(ack, "priority", snap_get8(entry + ACK_AT_PRIORITY));
        tool_put(ack, "group", snap_get8(entry + ACK_AT_GROUP1));
        if (level == 255)
            set_bool(ack, "nmi", true);
        else
            tool_put_hex(ack, "level", level * 2u);
        tool_put(ack, "source", snap_get8(entry + ACK_AT_SOURCE));
        json_array_append_new(list, ack);
    }
    return list;
}

static json_t *irq_json(const uint8_t *e, bool shared)
{
    uint32_t state = snap_get32(e + IRQ_AT_STATE), target = snap_get16(e + IRQ_AT_TARGET);
    json_t *object = json_object(), *flags = json_array();

#define FLAG(name, bit, word, what) \
    if (state & SNAP_STATE_##name)  \
        json_array_append_new(flags, json_string(#name));
    SNAP_STATES(FLAG)
#undef FLAG
    json_object_set_new(object, "state", flags);
    tool_put_hex(object, "priority", snap_get8(e + IRQ_AT_PRIORITY));
    if (snap_get8(e + IRQ_AT_SOURCES))
        tool_put_hex(object, "sources", snap_get8(e + IRQ_AT_SOURCES));
    if (snap_get8(e + IRQ_AT_SOURCE))
        tool_put(object, "active_source", snap_get8(e + IRQ_AT_SOURCE));
    if (snap_get8(e + IRQ_AT_NSACR))
        tool_put(object, "nsacr", snap_get8(e + IRQ_AT_NSACR));
    if (shared) {
        tool_put_hex(object, "route", snap_get64(e + IRQ_AT_ROUTE));
        json_object_set_new(object, "target",
                            target == SNAP_NOBODY ? json_null() : json_integer(target));
    }
    if (state & SNAP_STATE_ACTIVE)
        tool_put(object, "active_on", snap_get16(e + IRQ_AT_HOLDER));
    if (state & SNAP_STATE_MAPPED)
        tool_put(object, "physical_intid", snap_get32(e + IRQ_AT_PINTID));
    return object;
}

static void irqs_json(json_t *into, const struct snap_rec *rec)
{
    struct snap_range range = snap_range(rec);
    json_t *irqs = json_object_get(into, "irqs");
    char number[16];

    if (!irqs) {
        irqs = json_object();
        json_object_set_new(into, "irqs", irqs);
    }
    for (uint32_t i = 0; i < range.count; i++) {
        snprintf(number, sizeof number, "%" PRIu32, range.first + i);
        json_object_set_new(
            irqs, number,
            irq_json(range.entries + (size_t)i * range.entry_size, range.vcpu == SNAP_SHARED));
    }
}

static void set_address(json_t *object, const char *name, uint64_t address)
{
    if (address != NO_ADDRESS)
        tool_put_hex(object, name, address);
}

static json_t *setup_json(const uint8_t *c)
{
    json_t *object = json_object(), *list = json_array();

    set_address(object, "distributor", snap_get64(c + SETUP_AT_DIST));
    set_address(object, "cpu_interface", snap_get64(c + SETUP_AT_CPU));
    if (snap_get32(c + SETUP_AT_MAINT_IRQ))
        tool_put(object, "maintenance_intid", snap_get32(c + SETUP_AT_MAINT_IRQ));
    set_bool(object, "legacy_redistributors", snap_get32(c + SETUP_AT_SINGLE));
    for (uint32_t i = 0; i < snap_get32(c + SETUP_AT_NR_REGIONS); i++) {
        const uint8_t *at = c + SETUP_AT_REGIONS + (size_t)i * REGION_SIZE;
        json_t *region = json_object();

        tool_put_hex(region, "base", snap_get64(at + REGION_AT_BASE));
        tool_put(region, "count", snap_get32(at + REGION_AT_COUNT));
        json_array_append_new(list, region);
    }
    json_object_set_new(object, "redistributors", list);
    return object;
}

static void record_json(json_t *root, json_t *vcpus, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    uint32_t vcpu = rec->length >= 4 ? snap_get32(c) : 0;

    switch (rec->type) {
    case SNAP_DIST:
        json_object_set_new(root, "distributor", dist_json(c));
        break;
    case SNAP_VCPU:
        vcpu_json(json_array_get(vcpus, vcpu), c);
        break;
    case SNAP_ACKS:
        json_object_set_new(json_array_get(vcpus, vcpu), "acknowledged", acks_json(c));
        break;
    case SNAP_IRQS:
        irqs_json(vcpu == SNAP_SHARED ? root : json_array_get(vcpus, vcpu), rec);
        break;
    case SNAP_SETUP:
        json_object_set_new(root, "setup", setup_json(c));
        break;
    default:
        tool_lpi_json(root, vcpus, rec);
        break;
    }
}

json_t *tool_json(const char *file)
{
    size_t size, at = SNAP_HEADER_SIZE;
    struct snap_config config;
    struct snap_fault fault;
    struct snap_rec rec;
    uint8_t *data = tool_read(file, &size);
    json_t *root, *vcpus;

    if (!data)
        return NULL;
    if (snap_check(data, size, &config, &fault) != LVGIC_OK) {
        fprintf(stderr, "lvgic: %s: byte %zu: %s\n", file, fault.at, fault.what);
        free(data);
        return NULL;
    }
    root = json_object();
    vcpus = json_array();
    tool_put(root, "format", SNAP_VERSION);
    json_object_set_new(root, "config", config_json(&config));
    json_object_set_new(root, "vcpus", vcpus);
    for (uint32_t i = 0; i < config.nr_vcpus; i++)
        json_array_append_new(vcpus, json_object());
    while (snap_next(data, size, &at, &rec))
        record_json(root, vcpus, &rec);
    free(data);
    return root;
}
