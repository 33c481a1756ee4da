/* SPDX-License-Identifier: MIT */
/* A snapshot as the list of KVM's device attributes: JSON, numbers as hexadecimal text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/registers.h"
#include "base/bits.h"
#include "irq/slots.h"
#include "its/its.h"
#include "like.h"
#include "memory.h"
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

        if (!is_state(row) || (row->op == REG_OP_HOOK && row->value == REG_HOOK_GICD_IIDR) ||
            (vm->lpis.nr && row->op == REG_OP_HOOK && row->value == REG_HOOK_GICR_CTLR))
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

/* ------------------------------------------------------------------ export of LPIs */

static void append_its(struct list *list, uint32_t its, const char *group, uint64_t attr,
                       uint64_t value)
{
    json_array_append_new(list->attributes,
                          json_pack("{s:i, s:s, s:o, s:o}", "its", (int)its, "group", group, "attr",
                                    json_sprintf("0x%" PRIx64, attr), "value",
                                    json_sprintf("0x%" PRIx64, value)));
}

static void read_its(struct list *list, uint32_t its, uint32_t offset)
{
    uint64_t value = 0;

    lvgic_its_attr_get(list->vm, its, LVGIC_ITS_ATTR_ITS_REGS, offset, &value);
    append_its(list, its, "ITS_REGS", offset, value);
}

/* KVM wants RESTORE_TABLES after the rest, and GITS_CTLR last. */
static void read_itss(struct list *list)
{
    static const uint32_t registers[] = {0x4, 0x80, 0x88, 0x90, 0x100, 0x108};

    for (uint32_t its = 0; its < list->vm->nr_its; its++) {
        uint64_t address;

        if (lvgic_its_attr_get(list->vm, its, LVGIC_ITS_ATTR_ADDR, LVGIC_ATTR_ADDR_ITS, &address) ==
            LVGIC_OK)
            append_its(list, its, "ADDR", LVGIC_ATTR_ADDR_ITS, address);
        append_its(list, its, "CTRL", LVGIC_ATTR_CTRL_INIT, 0);
        for (size_t i = 0; i < ARRAY_LEN(registers); i++)
            read_its(list, its, registers[i]);
        append_its(list, its, "CTRL", LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES, 0);
        read_its(list, its, 0);
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
    for (uint32_t cpu = 0; cpu < vm->nr_vcpus && vm->lpis.nr; cpu++) /* after the bases */
        read_one(list, LVGIC_ATTR_REDIST_REGS, who_is(list, cpu));
    read_itss(list);
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

/* The bytes of the configuration tables that are cached; one that is cut off is read again with its
 * collection. */
static void write_configuration(struct lvgic_vm *vm, struct memory *memory)
{
    for (uint32_t lpi = 0; lpi < vm->lpis.nr; lpi++) {
        uint64_t w = irq_load(lpi_irq(vm, lpi));
        uint32_t intid = vm_intid(vm, lpi_to_slot(vm, lpi)), priority = irq_prio(w);
        uint32_t of = irq_target(w) < vm->nr_vcpus ? irq_target(w) : 0;
        uint64_t base = atomic_load(&vm->vcpus[of].lpis.propbaser);
        uint8_t byte;

        if (!(w & IRQ_MAPPED) || (w & IRQ_CUT) || !(priority || (w & IRQ_EN)) ||
            (uint64_t)intid >> (base % 32 + 1))
            continue;
        if (!(vm_gicd_ctlr(vm) & CTLR_DS))
            priority = priority << 1 & 0xff;
        byte = (uint8_t)(priority | !!(w & IRQ_EN));
        memory_write(memory, (base & MASK64(51, 12)) + intid - FIRST_LPI, &byte, 1);
    }
}

static void write_tables(struct lvgic_vm *vm, struct memory *memory)
{
    write_configuration(vm, memory);
    for (uint32_t its = 0; its < vm->nr_its; its++) {
        uint64_t baser = 0;

        lvgic_its_save_tables(vm, its);
        lvgic_its_attr_get(vm, its, LVGIC_ITS_ATTR_ITS_REGS, 0x100, &baser);
        if ((baser & GITS_BASER_INDIRECT))
            fprintf(stderr,
                    "lvgic: ITS %" PRIu32 " has two-level tables: what the given "
                    "memory has no second level for is left out\n",
                    its);
    }
    lvgic_save_pending_tables(vm);
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
    if (!vm->lpis.nr)
        return config;
    tool_put(config, "lpis", vm->lpis.of_vcpu ? vm->lpis.of_vcpu : vm->lpis.nr);
    tool_put(config, "lpi_id_bits", vm->lpis.id_bits);
    tool_put(config, "its", vm->nr_its);
    if (!vm->nr_its)
        return config;
    tool_put(config, "its_device_bits", vm->its->device_bits);
    tool_put(config, "its_collection_bits", vm->its->collection_bits);
    tool_put(config, "its_devices", vm->its->max_devices);
    tool_put(config, "its_events", vm->its->max_events);
    json_object_set_new(config, "its_stall", json_boolean(vm->its->stalls));
    return config;
}

/* The VM of a snapshot; NULL, and a message. */
static struct lvgic_vm *restored(const char *file, const struct lvgic_host *host,
                                 struct memory *memory, void **block)
{
    size_t size;
    uint8_t *data = tool_read(file, &size);
    struct lvgic_vm *vm;
    int status;

    if (!data)
        return NULL;
    vm = like_make(data, size, 4, host, memory, block);
    status = vm ? lvgic_restore(vm, data, size) : LVGIC_E_FORMAT;
    free(data);
    if (status == LVGIC_OK)
        return vm;
    fprintf(stderr, "lvgic: %s: %s\n", file, lvgic_strerror(status));
    return NULL;
}

static int export(const char *file, struct memory *memory)
{
    struct lvgic_host host = memory_host();
    void *block = NULL;
    struct lvgic_vm *vm = restored(file, &host, memory, &block);
    struct list list = {.vm = vm, .attributes = json_array()};
    json_t *root;

    if (vm) {
        list.gicv2 = vm->gicv2;
        read_all(&list);
        root = json_pack("{s:o, s:O}", "config", config_of(vm), "attributes", list.attributes);
        if (vm->lpis.nr) {
            write_tables(vm, memory);
            json_object_set_new(root, "memory", memory_json(memory));
        }
        json_dumpf(root, stdout, JSON_INDENT(1));
        printf("\n");
        json_decref(root);
    }
    json_decref(list.attributes);
    free(block);
    return vm ? 0 : 2;
}

int tool_kvm_export(const char *file, const char *memory_file)
{
    struct memory *memory = memory_new();
    json_t *root = memory_file ? tool_load(memory_file) : NULL;
    int status = 2;

    if (!memory_file || (root && tool_take_memory(memory, root, memory_file))) {
        memory_forget_writes(memory);
        status = export(file, memory);
    }
    json_decref(root);
    memory_free(memory);
    return status;
}
