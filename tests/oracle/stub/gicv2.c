/* SPDX-License-Identifier: MIT */
#include "gicv2.h"

#define LAST_INTID 63u /* more are not used */
#define GICC_NSAPR 0x0e0u
#define NR_APRS 4u

static void dist(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(GICD_BASE + offset) = value;
    __asm__ volatile("dsb sy" ::: "memory");
}

static volatile uint32_t *gicc(uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(GICC_BASE + offset);
}

/* QEMU looks at the active priorities again when something is completed, and not when they are
 * written. */
static void reset_cpu_interface(void)
{
    *gicc(0x00) = 0;
    *gicc(0x04) = 0;
    *gicc(0x08) = 2; /* the least with five bits of priority */
    *gicc(0x1c) = 3;
    for (unsigned i = 0; i < NR_APRS; i++) {
        *gicc(GICC_APR + 4 * i) = 0;
        *gicc(GICC_NSAPR + 4 * i) = 0;
    }
    *gicc(0x10) = LAST_INTID;
}

/* The wires are low. The edge latches are cleared when the configuration is level. */
void gicv2_reset(void)
{
    dist(0x000, 0);
    reset_cpu_interface();
    for (unsigned word = 0; word <= LAST_INTID / 32; word++) {
        dist(0x080 + 4 * word, 0);
        dist(0x180 + 4 * word, ~0u);
        dist(0xc00 + 8 * word, 0);
        dist(0xc04 + 8 * word, 0);
        dist(0x280 + 4 * word, ~0u);
        dist(0x380 + 4 * word, ~0u);
    }
    for (unsigned intid = 0; intid <= LAST_INTID; intid += 4)
        dist(0x400 + intid, 0);
    for (unsigned intid = 0; intid < 16; intid += 4)
        dist(0xf10 + intid, ~0u);
}

void gicv2_look(volatile struct result *result)
{
    result->hppir[0] = (uint16_t)*gicc(0x18);
    result->hppir[1] = 0;
    result->rpr = (uint8_t)*gicc(0x14);
}

uint32_t gicv2_active_priorities(void)
{
    uint32_t levels = 0;

    for (unsigned i = 0; i < 32 * NR_APRS; i++)
        if ((*gicc(GICC_APR + i / 32 * 4) | *gicc(GICC_NSAPR + i / 32 * 4)) & 1u << i % 32)
            levels |= 1u << i / 4;
    return levels;
}
