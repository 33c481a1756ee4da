/* SPDX-License-Identifier: MIT */
/*
 * The guest's physical address space (stage 2 of its translation): its RAM, two devices and the PCI
 * host bridge, at the addresses where they really are; for firmware, flash too; with GICv2 the
 * virtual CPU interface.
 * Whatever is not here, above all the rest of the GIC, faults to EL2.
 */
#include "hyp.h"

#define NORMAL (0xfu << 2)   /* MemAttr: write-back, so that the guest's own attributes decide */
#define DEVICE (0x1u << 2)   /* MemAttr: nGnRE at the most */
#define WRITE_ONLY (2u << 6) /* S2AP: reads fault */
#define READ_WRITE (3u << 6)
#define INNER_SHAREABLE (3u << 8)
#define ACCESSED BIT(10)
#define NO_EXECUTE BIT(54)
#define VMID 1

static uint64_t *root;

/* Writes to flash are commands, which drivers try on both banks to see what they have. The first
 * bank is executed, too, so the guest's own attributes decide there; the second one, where firmware
 * keeps its variables, is a device whatever the guest says, lest a cache swallows commands. */
static void map_flash(void)
{
    table_map(root, FLASH_BASE, FLASH_BASE + FLASH_BANK,
              NORMAL | READ_WRITE | INNER_SHAREABLE | ACCESSED);
    table_map(root, FLASH_BASE + FLASH_BANK, FLASH_BASE + 2 * FLASH_BANK,
              DEVICE | READ_WRITE | ACCESSED | NO_EXECUTE);
}

/* Page 0 of the guest's CPU interface is the hardware's virtual one; the second page, with
 * GICC_DIR, is not there, nor is any of it when it is all software. */
static void map_gicv(void)
{
    table_map_to(root, boot.gicc, boot.gicc + PAGE, boot.gicv,
                 DEVICE | READ_WRITE | ACCESSED | NO_EXECUTE);
}

void stage2_init(void)
{
    root = table_alloc();
    table_map(root, boot.ram_start, boot.hyp_start,
              NORMAL | READ_WRITE | INNER_SHAREABLE | ACCESSED);
    table_map(root, UART_BASE, UART_BASE + PAGE,
              DEVICE | (boot.key ? WRITE_ONLY : READ_WRITE) | ACCESSED | NO_EXECUTE);
    table_map(root, RTC_BASE, RTC_BASE + PAGE, DEVICE | READ_WRITE | ACCESSED | NO_EXECUTE);
    if (boot.gic == 2 && !boot.soft)
        map_gicv();
    if (boot.firmware)
        map_flash();
    for (const struct region *r = boot.pci; r->size; r++)
        table_map(root, r->start, r->start + r->size, DEVICE | READ_WRITE | ACCESSED | NO_EXECUTE);
    dsb(ishst); /* the tables are written before any CPU, this one or one started later, walks them
                 */
}

void stage2_cpu_init(void)
{
    static const uint8_t pa_bits[] = {32, 36, 40, 42, 44, 48};
    uint64_t range = FIELD(READ_SYSREG(id_aa64mmfr0_el1), 3, 0);

    if (range > 5)
        range = 5;
    uint64_t bits = pa_bits[range] < 39 ? pa_bits[range] : 39;
    /* Start at level 1, walks through inner shareable write-back memory, 4 KiB, and RES1. */
    WRITE_SYSREG(vtcr_el2, (64 - bits) | (1 << 6) | (1 << 8) | (1 << 10) | (3 << 12) |
                               (range << 16) | BIT(31));
    WRITE_SYSREG(vttbr_el2, (uint64_t)root | ((uint64_t)VMID << 48));
    isb(); /* the invalidation below is for this VMID */
    __asm__ volatile("tlbi alle1" ::: "memory");
    dsb(nsh); /* no entry from before is left on this CPU when the guest starts */
    isb();    /* nor in what was fetched already */
}

/* GICv2: the guest's CPU interface is the hardware's from now on, or it is not any more. No CPU is
 * in the guest. */
void stage2_show_gicv(bool shown)
{
    if (shown) {
        map_gicv();
        dsb(ishst); /* the entry is there before any CPU walks to it; it was invalid before */
        return;
    }
    table_unmap_page(root, boot.gicc);
    dsb(ishst); /* the entry is gone before others' copies of it go, */
    __asm__ volatile("tlbi vmalls12e1is" ::: "memory");
    dsb(ish); /* which they have before the guest runs on any CPU */
    isb();
}

/* May the guest start at this address? */
bool stage2_has_code(uint64_t ipa)
{
    return (ipa >= boot.ram_start && ipa < boot.hyp_start) ||
           (boot.firmware && ipa - FLASH_BASE < FLASH_BANK);
}
