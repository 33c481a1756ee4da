/* SPDX-License-Identifier: MIT */
/*
 * The device tree: what the hypervisor learns from the machine's, and what of it the guest gets.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "hyp.h"

/* Top-level nodes that the guest gets, by name up to the '@'. All others describe what it has not.
 */
static const char *const kept[] = {"aliases", "apb-pclk", "chosen", "cpus", "intc",
                                   "memory",  "pl011",    "pl031",  "psci", "timer"};

static void check(int result)
{
    if (result >= 0)
        return;
    say("hyp: device tree: %s\n", fdt_strerror(result));
    fault("the device tree cannot be used");
}

static bool is_named(const char *node, const char *name)
{
    size_t length = strlen(name);

    return strncmp(node, name, length) == 0 && (!node[length] || node[length] == '@');
}

static uint64_t cells(const fdt32_t *cell, int count)
{
    uint64_t value = 0;

    while (count-- > 0)
        value = value << 32 | fdt32_to_cpu(*cell++);
    return value;
}

static int root_node(const void *fdt, const char *name)
{
    int node;

    fdt_for_each_subnode(node, fdt, 0)
    {
        if (is_named(fdt_get_name(fdt, node, NULL), name))
            return node;
    }
    return -FDT_ERR_NOTFOUND;
}

/* ---------------------------------------------------------------- reading the machine's tree */

static bool has_device_type(const void *fdt, int node, const char *type)
{
    const char *found = fdt_getprop(fdt, node, "device_type", NULL);

    return found && strcmp(found, type) == 0;
}

/* RAM in one piece, as this machine has it unless it is told to pretend several nodes. */
static void scan_memory(const void *fdt, int node)
{
    int size;
    const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);

    if (!reg || size != 16 || boot.ram_end)
        fault("memory is not in one piece");
    boot.ram_start = cells(reg, 2);
    boot.ram_end = boot.ram_start + cells(reg + 2, 2);
}

static void scan_cpus(const void *fdt, int cpus_node)
{
    int node, width = fdt_address_cells(fdt, cpus_node);

    fdt_for_each_subnode(node, fdt, cpus_node)
    {
        const fdt32_t *reg = fdt_getprop(fdt, node, "reg", NULL);
        if (reg && has_device_type(fdt, node, "cpu") && boot.nr_cpus < MAX_CPUS)
            boot.mpidr[boot.nr_cpus++] = cells(reg, width);
    }
}

static uint64_t chosen_address(const void *fdt, int node, const char *name)
{
    int size;
    const fdt32_t *value = fdt_getprop(fdt, node, name, &size);

    return value ? cells(value, size / 4) : 0;
}

/* If `word` is one of ours, take it. */
static bool take_word(const char *word)
{
    if (strncmp(word, "lvgic.kernel=", 13) == 0)
        boot.kernel = strtoul(word + 13, NULL, 0);
    else if (strncmp(word, "lvgic.firmware", 14) == 0)
        boot.firmware = true;
    else if (strncmp(word, "lvgic.lrs=", 10) == 0)
        boot.lrs = (unsigned)strtoul(word + 10, NULL, 0);
    else if (strncmp(word, "lvgic.hyp.", 10) != 0)
        return false;
    else if (strncmp(word, "lvgic.hyp.soft", 14) == 0)
        boot.soft = true;
    else if (strncmp(word, "lvgic.hyp.trace", 15) == 0)
        boot.trace = true;
    else if (strncmp(word, "lvgic.hyp.fault", 15) == 0)
        boot.fault = true;
    else if (strncmp(word, "lvgic.hyp.checkpoint=", 21) == 0)
        boot.period = strtoul(word + 21, NULL, 0);
    else if (strncmp(word, "lvgic.hyp.save", 14) == 0)
        boot.save = true;
    else if (strncmp(word, "lvgic.hyp.key", 13) == 0)
        boot.key = true;
    return true;
}

/* Reads the words that are ours and, if `rest` is given, copies the others there. */
static void split_arguments(const char *arguments, char *rest)
{
    while (*arguments) {
        size_t length = 0;
        while (arguments[length] && arguments[length] != ' ')
            length++;
        if (arguments[length] == ' ')
            length++;
        if (!take_word(arguments) && rest) {
            memcpy(rest, arguments, length);
            rest += length;
        }
        arguments += length;
    }
    if (rest)
        *rest = '\0';
}

static void scan_chosen(const void *fdt, int node)
{
    const char *arguments = fdt_getprop(fdt, node, "bootargs", NULL);

    boot.initrd_start = chosen_address(fdt, node, "linux,initrd-start");
    boot.initrd_end = chosen_address(fdt, node, "linux,initrd-end");
    if (arguments)
        split_arguments(arguments, NULL);
}

/* Which GIC it is, and where its frames are. */
static void scan_intc(const void *fdt, int node)
{
    int size;
    const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);
    uint64_t *const v2[] = {&boot.gicd, &boot.gicc, &boot.gich, &boot.gicv};
    uint64_t *const v3[] = {&boot.gicd, &boot.gicr};
    uint64_t *const *frames = v3;
    int count = 2;

    if (fdt_node_check_compatible(fdt, node, "arm,gic-v3") == 0) {
        boot.gic = 3;
    } else if (fdt_node_check_compatible(fdt, node, "arm,cortex-a15-gic") == 0 ||
               fdt_node_check_compatible(fdt, node, "arm,gic-400") == 0) {
        boot.gic = 2;
        frames = v2;
        /* Without virtualization there are no more, and with software no more are needed. */
        count = boot.soft && size < 64 ? 2 : 4;
    }
    if (!boot.gic || !reg || size < 16 * count)
        fault("the interrupt controller is of no use");
    for (int i = 0; i < count; i++) {
        *frames[i] = cells(reg + 4 * i, 2);
        if (*frames[i] >= BIT(30))
            fault("the interrupt controller is not where all devices are, below 1 GiB");
    }
}

/* An ITS; not for firmware, which has no PCI. */
static void scan_its(const void *fdt, int intc)
{
    int node, size;

    fdt_for_each_subnode(node, fdt, intc)
    {
        const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);
        if (boot.firmware || fdt_node_check_compatible(fdt, node, "arm,gic-v3-its") != 0)
            continue;
        if (!reg || size < 8 || cells(reg, 2) >= BIT(30))
            fault("the ITS is not where all devices are, below 1 GiB");
        boot.its = cells(reg, 2);
    }
}

/* A window of the PCI host bridge in the CPU's address space, in cells: 3 of the PCI address, which
 * begin with its kind, 2 of the CPU's, 2 of the size. The guest's address space has 39 bits, which
 * leaves out the largest one. */
static bool is_usable(const fdt32_t *range)
{
    uint64_t end = cells(range + 3, 2) + cells(range + 5, 2);

    return end > cells(range + 3, 2) && end <= BIT(39);
}

static void scan_pci(const void *fdt, int node)
{
    struct region *next = boot.pci, *const end = next + 1 + PCI_RANGES; /* one stays empty */
    int size;
    const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size), *ranges;

    if (!reg || size != 16 || boot.firmware)
        return;
    *next++ = (struct region){cells(reg, 2), cells(reg + 2, 2)};
    ranges = fdt_getprop(fdt, node, "ranges", &size);
    for (; ranges && size >= 28; size -= 28, ranges += 7)
        if (is_usable(ranges) && next < end)
            *next++ = (struct region){cells(ranges + 3, 2), cells(ranges + 5, 2)};
}

/* Fills `boot` from the tree at `dtb`. */
void dtb_scan(uint64_t dtb)
{
    const void *fdt = (const void *)dtb;
    int node;

    check(fdt_check_header(fdt));
    boot = (struct boot){.dtb = dtb};
    scan_chosen(fdt, root_node(fdt, "chosen")); /* first: it has our options */
    fdt_for_each_subnode(node, fdt, 0)
    {
        const char *name = fdt_get_name(fdt, node, NULL);
        if (has_device_type(fdt, node, "memory"))
            scan_memory(fdt, node);
        else if (is_named(name, "cpus"))
            scan_cpus(fdt, node);
        else if (is_named(name, "pcie"))
            scan_pci(fdt, node);
    }
    scan_intc(fdt, root_node(fdt, "intc"));
    scan_its(fdt, root_node(fdt, "intc"));
    if (!boot.nr_cpus || boot.ram_end - boot.ram_start < 2 * HYP_REGION)
        fault("the device tree has no CPUs or too little memory");
    boot.hyp_start = align_down(boot.ram_end, BIT(21)) - HYP_REGION;
    boot.guest_dtb = dtb;
    if (boot.firmware) {
        /* Nobody tells firmware these addresses: it is built for them. */
        boot.kernel = FLASH_BASE;
        boot.guest_dtb = boot.ram_start;
    }
}

/* ---------------------------------------------------------------- making the guest's tree */

static bool is_kept(const char *name)
{
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (is_named(name, kept[i]))
            return true;
    if (boot.pci[0].size && is_named(name, "pcie"))
        return true;
    /* Firmware keeps its variables in flash, and looks for it here. */
    return boot.firmware && is_named(name, "flash");
}

static void delete_others(void *fdt)
{
    int node = fdt_first_subnode(fdt, 0);

    while (node >= 0) {
        if (is_kept(fdt_get_name(fdt, node, NULL))) {
            node = fdt_next_subnode(fdt, node);
        } else {
            check(fdt_del_node(fdt, node));
            /* Offsets have moved: start over. */
            node = fdt_first_subnode(fdt, 0);
        }
    }
}

static void trim_memory(void *fdt)
{
    fdt32_t reg[4] = {
        cpu_to_fdt32((uint32_t)(boot.ram_start >> 32)),
        cpu_to_fdt32((uint32_t)boot.ram_start),
        cpu_to_fdt32((uint32_t)((boot.hyp_start - boot.ram_start) >> 32)),
        cpu_to_fdt32((uint32_t)(boot.hyp_start - boot.ram_start)),
    };

    check(fdt_setprop(fdt, root_node(fdt, "memory"), "reg", reg, sizeof(reg)));
}

static void set_string(void *fdt, int node, const char *name, const char *string)
{
    check(fdt_setprop(fdt, node, name, string, (int)strlen(string) + 1));
}

/* Calls go to the hypervisor. The node's other properties are those of PSCI 0.1. */
static void trim_psci(void *fdt)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
    static const char *const old[] = {"migrate", "cpu_on", "cpu_off", "cpu_suspend"};
    int node = root_node(fdt, "psci");

    set_string(fdt, node, "method", "hvc");
    check(fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible)));
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
        fdt_delprop(fdt, node, old[i]);
}

/* A GICv3 with no more redistributors than CPUs and one ITS, or a GICv2 without GICv2m; both
 * without virtualization, and so without a maintenance interrupt. */
static void trim_intc(void *fdt)
{
    bool v2 = boot.gic == 2;
    uint32_t gicd_size = v2 ? GICD_V2_SIZE : GICD_SIZE;
    uint32_t second_size = v2 ? GICC_SIZE : GICR_SIZE * boot.nr_cpus;
    fdt32_t reg[8] = {
        0, cpu_to_fdt32((uint32_t)boot.gicd),
        0, cpu_to_fdt32(gicd_size),
        0, cpu_to_fdt32((uint32_t)(v2 ? boot.gicc : boot.gicr)),
        0, cpu_to_fdt32(second_size),
    };
    int node = root_node(fdt, "intc"), child;

    child = fdt_first_subnode(fdt, node);
    while (child >= 0) {
        if (boot.its && fdt_node_check_compatible(fdt, child, "arm,gic-v3-its") == 0) {
            child = fdt_next_subnode(fdt, child);
        } else {
            check(fdt_del_node(fdt, child));
            child = fdt_first_subnode(fdt, node);
        }
    }
    check(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)));
    fdt_delprop(fdt, node, "interrupts");
    fdt_delprop(fdt, node, "#redistributor-regions");
}

/* Windows that are usable, and the ITS if there is one: without it, wired interrupts are left. */
static void trim_pci(void *fdt)
{
    int node = root_node(fdt, "pcie"), size, used = 0;
    const fdt32_t *ranges;
    fdt32_t usable[7 * PCI_RANGES];

    if (!boot.pci[0].size)
        return;
    ranges = fdt_getprop(fdt, node, "ranges", &size);
    for (int i = 0; ranges && i + 28 <= size; i += 28)
        if (is_usable(ranges + i / 4) && (size_t)used + 28 <= sizeof(usable)) {
            memcpy(usable + used / 4, ranges + i / 4, 28);
            used += 28;
        }
    check(fdt_setprop(fdt, node, "ranges", usable, used));
    if (!boot.its)
        fdt_delprop(fdt, node, "msi-map");
}

/* CPUs beyond those that we run do not exist for the guest, nor does a map that names them. */
static void trim_cpus(void *fdt)
{
    int cpus_node = root_node(fdt, "cpus"), node, count = 0;

    node = fdt_first_subnode(fdt, cpus_node);
    while (node >= 0) {
        if (has_device_type(fdt, node, "cpu") && count++ == MAX_CPUS) {
            check(fdt_del_node(fdt, node));
            node = fdt_subnode_offset(fdt, cpus_node, "cpu-map");
            if (node >= 0)
                check(fdt_del_node(fdt, node));
            node = fdt_first_subnode(fdt, cpus_node);
            count = 0;
        } else {
            node = fdt_next_subnode(fdt, node);
        }
    }
}

static void trim_chosen(void *fdt)
{
    static char rest[4096];
    int node = root_node(fdt, "chosen");
    const char *arguments = fdt_getprop(fdt, node, "bootargs", NULL);

    if (!arguments)
        return;
    if (strlen(arguments) >= sizeof(rest))
        fault("the command line is too long");
    split_arguments(arguments, rest);
    set_string(fdt, node, "bootargs", rest);
}

/* Makes the guest's tree from the machine's. It replaces that one, for it only becomes smaller, or
 * goes to the start of RAM if the guest is firmware. The work is done at the end of the
 * hypervisor's memory, where there is room for the largest tree that the boot protocol allows. */
void dtb_for_guest(void)
{
    const void *machine = (const void *)boot.dtb;
    void *work = (void *)(boot.hyp_start + HYP_REGION - DTB_LIMIT);
    uint32_t room = boot.guest_dtb == boot.dtb ? fdt_totalsize(machine) : DTB_LIMIT;
    void *guest = (void *)boot.guest_dtb;

    if (boot.guest_dtb != boot.dtb)
        mmu_map_ram(boot.guest_dtb, boot.guest_dtb + DTB_LIMIT);
    check(fdt_open_into(machine, work, DTB_LIMIT));
    delete_others(work);
    trim_memory(work);
    trim_psci(work);
    trim_intc(work);
    trim_pci(work);
    trim_cpus(work);
    trim_chosen(work);
    check(fdt_pack(work));
    if (fdt_totalsize(work) > room)
        fault("the guest's device tree does not fit");
    memcpy(guest, work, fdt_totalsize(work));
    cache_clean(guest, room); /* the guest reads it with its MMU off, past the caches */
}
