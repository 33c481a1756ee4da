/* SPDX-License-Identifier: MIT */
/* A snapshot as the list of KVM's device attributes, and back: JSON, numbers as hexadecimal text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/registers.h"
#include "base/bits.h"
#include "irq/vm.h"
#include "like.h"
#include "state/format.h"
#include "tool.h"

static const struct {
    const char *name;
    uint32_t number;
} groups[] = {
#define GROUP(name, number, bits, gics, what) {#name, number},
    LVGIC_ATTR_GROUPS(GROUP)
#undef GROUP
};

static const char *group_name(uint32_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (groups[i].number == number)
            return groups[i].name;
    return "?";
}

/* ------------------------------------------------------------------ export */

struct list {
    struct lvgic_vm *vm;
    json_t *attributes;
    bool gicv2;
};

static void append(struct list *list, uint32_t group, uint64_t attr, uint64_t value)
{
    json_array_append_new(list->attributes, json_pack("{s:s, s:o, s:o}", "group", group_name(group),
                                                      "attr", json_sprintf("0x%" PRIx64, attr),
                                                      "value", json_sprintf("0x%" PRIx64, value)));
}

/* What can be read is in the list. */
static void read_one(struct list *list, uint32_t group, uint64_t attr)
{
    uint64_t value = 0;

    if (lvgic_attr_has(list->vm, group, attr) == LVGIC_OK &&
        lvgic_attr_get(list->vm, group, attr, &value) == LVGIC_OK)
        append(list, group, attr, value);
}

/* Of registers that set and clear the same, those that set; and nothing that is read-only. */
static bool is_state(const struct reg_row *row)
{
    enum reg_vmm vmm = reg_vmm(row);

    return vmm != REG_VMM_NONE && vmm != REG_VMM_READ_ONLY && vmm != REG_VMM_ZERO &&
           row->op != REG_OP_ENABLE_CLEAR && row->op != REG_OP_ACTIVE_CLEAR &&
           row->op != REG_OP_SOURCES_CLEAR;
}

/* The registers of interrupts that there are. */
static void read_frame(struct list *list, uint32_t group, uint64_t who, const struct reg_row *rows,
                       size_t nr)
{
    const struct lvgic_vm *vm = list->vm;
    bool redist = rows == gicr_rows;

    for (size_t i = 0; i < nr; i++) {
        const struct reg_row *row = &rows[i];

        if (!is_state(row) || (row->op == REG_OP_HOOK && row->value == REG_HOOK_GICD_IIDR))
            continue;
        for (uint32_t at = 0; at < row->length; at += 4) {
            uint32_t first = row->bits ? row->first_intid + at * 8 / row->bits : 0;
            uint32_t slot = row->bits ? vm_slot(vm, first) : 0;

            if (slot == INTID_NONE ||
                (row->bits && !list->gicv2 && slot_is_private(vm, slot) != redist))
                continue;
            read_one(list, group, who | (row->offset + at));
        }
    }
}

static uint64_t who_is(const struct list *list, uint32_t cpu)
{
    const struct lvgic_vm *vm = list->vm;

    return list->gicv2 ? (uint64_t)cpu << 32 : LVGIC_ATTR_AFFINITY(vm->vcpus[cpu].affinity);
}

static void read_addresses(struct list *list)
{
    for (uint64_t attr = 0; attr < LVGIC_ATTR_ADDR_V3_REDIST_REGION; attr++)
        read_one(list, LVGIC_ATTR_ADDR, attr);
    if (list->vm->setup.single || list->gicv2)
        return;
    for (uint64_t i = 0; i < list->vm->setup.nr_regions; i++) {
        uint64_t value = i;

        lvgic_attr_get(list->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, &value);
        append(list, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, value);
    }
}

/* In an order that KVM takes: GICD_IIDR before groups, wires and the distributor's enable last. */
static void read_all(struct list *list)
{
    const struct lvgic_vm *vm = list->vm;

    read_one(list, LVGIC_ATTR_NR_IRQS, 0);
    if (vm->setup.maint_irq)
        read_one(list, LVGIC_ATTR_MAINT_IRQ, 0);
    read_addresses(list);
    append(list, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
    read_one(list, LVGIC_ATTR_DIST_REGS, 8);
    for (uint32_t cpu = 0; cpu < vm->nr_vcpus; cpu++) {
        if (list->gicv2)
            read_frame(list, LVGIC_ATTR_DIST_REGS, who_is(list, cpu), gicd2_rows, nr_gicd2_rows);
        else
            read_frame(list, LVGIC_ATTR_REDIST_REGS, who_is(list, cpu), gicr_rows, nr_gicr_rows);
    }
    if (!list->gicv2)
        read_frame(list, LVGIC_ATTR_DIST_REGS, 0, gicd_rows, nr_gicd_rows);
    for (uint32_t cpu = 0; cpu < vm->nr_vcpus; cpu++) {
        for (uint32_t offset = 0; offset < 0xfc && list->gicv2; offset += 4)
            read_one(list, LVGIC_ATTR_CPU_REGS, who_is(list, cpu) | offset);
        for (size_t reg = 0; reg < NR_SYSREGS; reg++)
            read_one(list, LVGIC_ATTR_CPU_SYSREGS, who_is(list, cpu) | sysreg_rows[reg].encoding);
        for (uint32_t intid = 0; intid < FIRST_SPI + vm_nr_spis(vm); intid += 32)
            if (intid == 0 || cpu == 0)
                read_one(list, LVGIC_ATTR_LEVEL_INFO, who_is(list, cpu) | intid);
    }
}

static json_t *config_of(const struct lvgic_vm *vm)
{
    json_t *config = json_object(), *affinities = json_array();

    json_object_set_new(config, "gic", json_integer(vm->gicv2 ? 2 : 3));
    json_object_set_new(config, "spis", json_integer(vm_nr_spis(vm)));
    json_object_set_new(config, "espis", json_integer(vm->nr_espis));
    json_object_set_new(config, "eppis", json_integer(vm->nr_eppis));
    json_object_set_new(config, "priority_bits", json_integer(vm->pri_bits));
    json_object_set_new(config, "one_of_n", json_boolean(vm->one_of_n));
    json_object_set_new(config, "nmi", json_boolean(vm->nmi));
    json_object_set_new(config, "two_security_states", json_boolean(vm->two_states));
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        json_array_append_new(affinities, json_sprintf("0x%" PRIx64, vm->vcpus[i].affinity));
    json_object_set_new(config, "affinities", affinities);
    return config;
}

int tool_kvm_export(const char *file)
{
    size_t size;
    uint8_t *data = tool_read(file, &size);
    void *memory = NULL;
    struct lvgic_vm *vm;
    struct list list;
    json_t *root;
    int status;

    if (!data)
        return 2;
    vm = like_make(data, size, 4, &like_host, NULL, &memory);
    status = vm ? lvgic_restore(vm, data, size) : LVGIC_E_FORMAT;
    free(data);
    if (status != LVGIC_OK) {
        fprintf(stderr, "lvgic: %s: %s\n", file, lvgic_strerror(status));
        return 2;
    }
    list = (struct list){.vm = vm, .attributes = json_array(), .gicv2 = vm->gicv2};
    read_all(&list);
    root = json_pack("{s:o, s:o}", "config", config_of(vm), "attributes", list.attributes);
    json_dumpf(root, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(root);
    free(memory);
    return 0;
}

/* ------------------------------------------------------------------ import */

static uint64_t number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 0);
    return (uint64_t)json_integer_value(value);
}

static int find_group(const json_t *attribute)
{
    const char *name = json_string_value(json_object_get(attribute, "group"));

    for (size_t i = 0; name && i < ARRAY_LEN(groups); i++)
        if (!strcmp(groups[i].name, name))
            return (int)groups[i].number;
    return -1;
}

/* GICD_IIDR is what identifies the VM: it is made with that. */
static uint32_t iidr_of(const json_t *attributes)
{
    const json_t *attribute;
    size_t i;

    json_array_foreach(attributes, i,
                       attribute) if (find_group(attribute) == LVGIC_ATTR_DIST_REGS &&
                                      (uint32_t)number(attribute, "attr") ==
                                          8) return (uint32_t)number(attribute, "value");
    return 0;
}

static struct lvgic_vm *make(const json_t *root, void **memory)
{
    static lvgic_affinity affinity[MAX_VCPUS];
    const json_t *config = json_object_get(root, "config");
    const json_t *affinities = json_object_get(config, "affinities");
    struct lvgic_config c = {
        .nr_vcpus = (uint32_t)json_array_size(affinities),
        .nr_spis = (uint32_t)number(config, "spis"),
        .nr_espis = (uint32_t)number(config, "espis"),
        .nr_eppis = (uint32_t)number(config, "eppis"),
        .gic = (uint8_t)number(config, "gic"),
        .pri_bits = (uint8_t)number(config, "priority_bits"),
        .one_of_n = json_is_true(json_object_get(config, "one_of_n")),
        .nmi = json_is_true(json_object_get(config, "nmi")),
        .two_security_states = json_is_true(json_object_get(config, "two_security_states")),
        .iidr = iidr_of(json_object_get(root, "attributes")),
        .ipa_bits = 52,
        .affinity = affinity,
    };
    struct lvgic_vm *vm = NULL;
    const json_t *value;
    size_t i, size;

    json_array_foreach(affinities, i, value) if (i < MAX_VCPUS) affinity[i].mpidr =
        strtoull(json_is_string(value) ? json_string_value(value) : "0", NULL, 0);
    if (c.gic == 2)
        c.affinity = NULL;
    size = lvgic_vm_size(&c);
    *memory = size ? aligned_alloc(64, size) : NULL;
    if (!*memory || lvgic_vm_init(*memory, size, &c, &like_host, NULL, &vm) != LVGIC_OK)
        return NULL;
    return vm;
}

static int set_all(struct lvgic_vm *vm, const json_t *attributes)
{
    const json_t *attribute;
    size_t i;

    json_array_foreach(attributes, i, attribute)
    {
        int group = find_group(attribute), status = LVGIC_E_NO_DEVICE;
        uint64_t attr = number(attribute, "attr");

        if (group >= 0)
            status = lvgic_attr_set(vm, (uint32_t)group, attr, number(attribute, "value"));
        if (status != LVGIC_OK) {
            fprintf(stderr, "lvgic: attribute %zu, %s 0x%" PRIx64 ": %s\n", i,
                    group < 0 ? "of no known group" : group_name((uint32_t)group), attr,
                    lvgic_strerror(status));
            return 2;
        }
    }
    return 0;
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

int tool_kvm_import(const char *list, const char *file)
{
    json_error_t error;
    json_t *root =
        strcmp(list, "-") ? json_load_file(list, 0, &error) : json_loadf(stdin, 0, &error);
    void *memory = NULL;
    struct lvgic_vm *vm;
    int status;

    if (!root) {
        fprintf(stderr, "lvgic: %s:%d: %s\n", list, error.line, error.text);
        return 2;
    }
    vm = make(root, &memory);
    if (!vm)
        fprintf(stderr, "lvgic: %s: no VM can be made with this \"config\"\n", list);
    status = vm ? set_all(vm, json_object_get(root, "attributes")) : 2;
    if (status == 0)
        status = write_snapshot(vm, file);
    free(memory);
    json_decref(root);
    return status;
}
