/* SPDX-License-Identifier: MIT */
/* A snapshot made from the list of KVM's device attributes, as kvm_export.c writes it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "irq/vm.h"
#include "like.h"
#include "lvgic/its.h"
#include "memory.h"
#include "tool.h"

static const struct {
    const char *name;
    uint32_t number;
} groups[] = {
#define GROUP(name, number, bits, gics, what) {#name, number},
    LVGIC_ATTR_GROUPS(GROUP)
#undef GROUP
};

static const struct {
    const char *name;
    uint32_t number;
} its_groups[] = {
#define ITS_GROUP(name, number, bits, what) {#name, number},
    LVGIC_ITS_ATTR_GROUPS(ITS_GROUP)
#undef ITS_GROUP
};

static bool is_of_its(const json_t *attribute)
{
    return json_object_get(attribute, "its");
}

static int find_group(const json_t *attribute)
{
    const char *name = json_string_value(json_object_get(attribute, "group"));

    for (size_t i = 0; name && !is_of_its(attribute) && i < ARRAY_LEN(groups); i++)
        if (!strcmp(groups[i].name, name))
            return (int)groups[i].number;
    for (size_t i = 0; name && is_of_its(attribute) && i < ARRAY_LEN(its_groups); i++)
        if (!strcmp(its_groups[i].name, name))
            return (int)its_groups[i].number;
    return -1;
}

/* GICD_IIDR is what identifies the VM: it is made with that. */
static uint32_t iidr_of(const json_t *attributes)
{
    const json_t *attribute;
    size_t i;

    json_array_foreach (attributes, i, attribute)
        if (find_group(attribute) == LVGIC_ATTR_DIST_REGS &&
            (uint32_t)tool_number(attribute, "attr") == 8)
            return (uint32_t)tool_number(attribute, "value");
    return 0;
}

static struct lvgic_vm *make(const json_t *root, const struct lvgic_host *host,
                             struct memory *memory, void **block)
{
    static lvgic_affinity affinity[MAX_VCPUS];
    const json_t *config = json_object_get(root, "config");
    const json_t *affinities = json_object_get(config, "affinities");
    struct lvgic_config c = {
        .nr_vcpus = (uint32_t)json_array_size(affinities),
        .nr_spis = (uint32_t)tool_number(config, "spis"),
        .nr_espis = (uint32_t)tool_number(config, "espis"),
        .nr_eppis = (uint32_t)tool_number(config, "eppis"),
        .gic = (uint8_t)tool_number(config, "gic"),
        .pri_bits = (uint8_t)tool_number(config, "priority_bits"),
        .one_of_n = json_is_true(json_object_get(config, "one_of_n")),
        .nmi = json_is_true(json_object_get(config, "nmi")),
        .two_security_states = json_is_true(json_object_get(config, "two_security_states")),
        .iidr = iidr_of(json_object_get(root, "attributes")),
        .nr_lpis = (uint32_t)tool_number(config, "lpis"),
        .lpi_id_bits = (uint8_t)tool_number(config, "lpi_id_bits"),
        .nr_its = (uint8_t)tool_number(config, "its"),
        .its_device_bits = (uint8_t)tool_number(config, "its_device_bits"),
        .its_collection_bits = (uint8_t)tool_number(config, "its_collection_bits"),
        .its_devices = (uint32_t)tool_number(config, "its_devices"),
        .its_events = (uint32_t)tool_number(config, "its_events"),
        .its_stall = json_is_true(json_object_get(config, "its_stall")),
        .ipa_bits = 52,
        .affinity = affinity,
    };
    struct lvgic_vm *vm = NULL;
    const json_t *value;
    size_t i, size;

    json_array_foreach (affinities, i, value)
        if (i < MAX_VCPUS)
            affinity[i].mpidr =
                strtoull(json_is_string(value) ? json_string_value(value) : "0", NULL, 0);
    if (c.gic == 2)
        c.affinity = NULL;
    size = lvgic_vm_size(&c);
    *block = size ? aligned_alloc(64, size) : NULL;
    if (!*block || lvgic_vm_init(*block, size, &c, host, memory, &vm) != LVGIC_OK)
        return NULL;
    return vm;
}

/* GITS_CWRITER and GITS_CREADR: which commands wait. */
static bool is_of_queue(const json_t *attribute)
{
    uint64_t attr = tool_number(attribute, "attr");

    return is_of_its(attribute) && find_group(attribute) == LVGIC_ITS_ATTR_ITS_REGS &&
           (attr == 0x88 || attr == 0x90);
}

static int set_those(struct lvgic_vm *vm, const json_t *attributes, bool of_queue)
{
    const json_t *attribute;
    size_t i;

    json_array_foreach (attributes, i, attribute) {
        int group = find_group(attribute), status = LVGIC_E_NO_DEVICE;
        uint64_t attr = tool_number(attribute, "attr");

        if (is_of_queue(attribute) != of_queue)
            continue;
        if (group >= 0 && is_of_its(attribute))
            status = lvgic_its_attr_set(vm, (uint32_t)tool_number(attribute, "its"),
                                        (uint32_t)group, attr, tool_number(attribute, "value"));
        else if (group >= 0)
            status = lvgic_attr_set(vm, (uint32_t)group, attr, tool_number(attribute, "value"));
        if (status != LVGIC_OK) {
            fprintf(stderr, "lvgic: attribute %zu, %s 0x%" PRIx64 ": %s\n", i,
                    group < 0 ? "of no known group"
                              : json_string_value(json_object_get(attribute, "group")),
                    attr, lvgic_strerror(status));
            return 2;
        }
    }
    return 0;
}

/* The queue last: enabling an ITS, or LPIs, begins commands that wait, and these are not in the
 * list's memory. */
static int set_all(struct lvgic_vm *vm, const json_t *attributes)
{
    int status = set_those(vm, attributes, false);

    while (status == 0 && lvgic_its_run(vm))
        ;
    return status == 0 ? set_those(vm, attributes, true) : status;
}

static int write_snapshot(struct lvgic_vm *vm, const char *file)
{
    size_t size = lvgic_save_size(vm), used = 0;
    uint8_t *buffer = malloc(size);
    FILE *out = fopen(file, "wb");
    bool done = out && lvgic_save(vm, buffer, size, &used) == LVGIC_OK &&
                fwrite(buffer, 1, used, out) == used;

    if (out && fclose(out))
        done = false;
    if (!done)
        perror(file);
    free(buffer);
    return done ? 0 : 2;
}

static int import(const json_t *root, struct memory *memory, const char *list, const char *file)
{
    struct lvgic_host host = memory_host();
    void *block = NULL;
    struct lvgic_vm *vm = make(root, &host, memory, &block);
    int status = 2;

    if (!vm)
        fprintf(stderr, "lvgic: %s: no VM can be made with this \"config\"\n", list);
    else
        status = set_all(vm, json_object_get(root, "attributes"));
    if (status == 0)
        status = write_snapshot(vm, file);
    free(block);
    return status;
}

int tool_kvm_import(const char *list, const char *file)
{
    struct memory *memory = memory_new();
    json_t *root = tool_load(list);
    int status = 2;

    if (root && tool_take_memory(memory, root, list))
        status = import(root, memory, list, file);
    json_decref(root);
    memory_free(memory);
    return status;
}
