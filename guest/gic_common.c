/* SPDX-License-Identifier: MIT */
#include "gic_common.h"

void gic_set_edge(unsigned intid, bool edge)
{
    unsigned offset = GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = 2u << (intid % 16 * 2);
    uint32_t old = gicd_read(offset);

    gicd_write(offset, edge ? old | bit : old & ~bit);
    dsb();
}

uint32_t gic_test_spi_mask(unsigned count)
{
    return ((1u << count) - 1) << (TEST_SPI % 32);
}

void gic_set_pending_many(unsigned count)
{
    gicd_write(GICD_ISPENDR + TEST_SPI / 32 * 4, gic_test_spi_mask(count));
    dsb();
}

static uint32_t test_spi_bits(unsigned offset)
{
    uint32_t bits = gicd_read(offset + TEST_SPI / 32 * 4);

    return (bits & gic_test_spi_mask(TEST_SPIS)) >> (TEST_SPI % 32);
}

uint32_t gic_pending_many(void)
{
    return test_spi_bits(GICD_ISPENDR);
}

uint32_t gic_active_many(void)
{
    return test_spi_bits(GICD_ISACTIVER);
}
