/* SPDX-License-Identifier: MIT */
/*
 * EL2's own address space: the devices, the hypervisor's memory and the device trees, at their
 * physical addresses. The guest's memory is not there, so that no address of the guest's, taken for
 * one of ours, reaches it. Where an ITS needs the guest's tables, it is in a window elsewhere.
 */
#include "hyp.h"

/* MAIR_EL2: attribute 0 is normal memory, write-back; attribute 1 is a device, nGnRE. */
#define MAIR 0x04ffu
#define ATTR_NORMAL (0u << 2)
#define ATTR_DEVICE (1u << 2)
#define RES1 BIT(6)      /* AP[1], of no meaning to EL2 */
#define READ_ONLY BIT(7) /* AP[2] */
#define INNER_SHAREABLE (3u << 8)
#define ACCESSED BIT(10)
#define NO_EXECUTE BIT(54)

#define RAM (ATTR_NORMAL | RES1 | INNER_SHAREABLE | ACCESSED)
#define DEVICE (ATTR_DEVICE | RES1 | ACCESSED | NO_EXECUTE)

#define WINDOW BIT(38) /* above all RAM: physical address 0 would be here */

/* For start.S, in this order. */
struct {
    uint64_t mair, tcr, ttbr;
} mmu_registers;

static uint64_t *root;

static uint64_t tcr(void)
{
    uint64_t range = FIELD(READ_SYSREG(id_aa64mmfr0_el1), 3, 0);

    if (range > 5) /* 52 bits need tables of another format; 48 are plenty */
        range = 5;
    /* 39-bit addresses, walks through inner shareable write-back memory, 4 KiB, and RES1. */
    return (64 - 39) | (1 << 8) | (1 << 10) | (3 << 12) | (range << 16) | BIT(23) | BIT(31);
}

/* The MMU is still off: nothing here goes through a cache. Maps what the boot CPU needs to read the
 * device tree; the rest follows when the tree has said where it is. */
void mmu_prepare(uint64_t dtb)
{
    uint64_t image = (uint64_t)image_start;
    uint64_t tree = align_down(dtb, DTB_LIMIT);

    root = table_alloc();
    table_map(root, 0, BIT(30), DEVICE);
    table_map(root, image, (uint64_t)text_end, RAM | READ_ONLY);
    table_map(root, (uint64_t)text_end, (uint64_t)rodata_end, RAM | READ_ONLY | NO_EXECUTE);
    table_map(root, (uint64_t)rodata_end, (uint64_t)image_end, RAM | NO_EXECUTE);
    /* A tree need not be aligned to its largest size. */
    table_map(root, tree, tree + 2 * DTB_LIMIT, RAM | NO_EXECUTE);
    mmu_registers.mair = MAIR;
    mmu_registers.tcr = tcr();
    mmu_registers.ttbr = (uint64_t)root;
}

/* More RAM for EL2, while the MMU is on: only entries that were invalid change. */
void mmu_map_ram(uint64_t start, uint64_t end)
{
    table_map(root, start, end, RAM | NO_EXECUTE);
    dsb(ishst); /* the entries are written before the next walk, */
    isb();      /* and before the next access is translated */
}

/* The window to the guest's memory. */
void mmu_map_guest(void)
{
    if (boot.hyp_start > WINDOW)
        fault("more memory than the window to it");
    table_map_to(root, WINDOW + boot.ram_start, WINDOW + boot.hyp_start, boot.ram_start,
                 RAM | NO_EXECUTE);
    dsb(ishst); /* as above */
    isb();
}

/* Where in the window this memory of the guest's is; NULL if it has none there. */
void *guest_memory(uint64_t gpa, uint64_t size)
{
    bool exists = gpa >= boot.ram_start && gpa < boot.hyp_start && size <= boot.hyp_start - gpa;

    return exists ? (void *)(WINDOW + gpa) : NULL;
}

/* Writes [start, start + size) back to memory, for readers that do not look into the caches: CPUs
 * with their MMU off. */
void cache_clean(const void *start, uint64_t size)
{
    uint64_t line = UINT64_C(4) << FIELD(READ_SYSREG(ctr_el0), 19, 16);
    uint64_t end = (uint64_t)start + size;

    for (uint64_t at = align_down((uint64_t)start, line); at < end; at += line)
        __asm__ volatile("dc cvac, %0" ::"r"(at) : "memory");
    dsb(sy); /* the lines have reached memory before anybody is told about them */
}
