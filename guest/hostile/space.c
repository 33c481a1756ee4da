/* SPDX-License-Identifier: MIT */
/* The physical address space: all that is not the guest's. */
#include "hostile.h"

#define SPACE_STEPS 48000
#define PHYSICAL_BITS 40
#define HYP_SIZE 0x2000000u /* the hypervisor's memory follows the guest's */

/* What a guest has, and must be left alone: RAM, and the page of UART and RTC each. */
static bool is_mine(uint64_t address)
{
    return (address + 64 > RAM_BASE && address < ram_end) ||
           (address + 64 > 0x09000000ul && address < 0x09020000ul);
}

/* The GIC; and the windows of the PCI host bridge, where no device is. */
static bool answers(uint64_t address)
{
    return (address + 64 > GICD_BASE && address < GICD_BASE + GICD_SIZE) ||
           (address + 64 > GICR_BASE - GITS_SIZE && address < GICR_BASE + ncpus * GICR_STRIDE) ||
           (address + 64 > 0x10000000ul && address < 0x3f000000ul) ||
           (address + 64 > 0x4010000000ul && address < 0x4020000000ul);
}

static uint64_t some_address(struct hostile *h)
{
    switch (below(h, 8)) {
    case 0:
    case 1: /* the hypervisor */
        return ram_end + below(h, HYP_SIZE);
    case 2: /* devices that the guest has not */
        return below(h, 0x40000000u);
    case 3:
        return 0x08000000ul + below(h, 0x3000000u);
    case 4: /* the edges of what it has */
        return (below(h, 2) ? ram_end : GICR_BASE + ncpus * GICR_STRIDE) + below(h, 16);
    case 5: /* a power of two, or a little less */
        return (1ul << below(h, PHYSICAL_BITS)) - below(h, 3) * 8;
    default: /* of any magnitude */
        return random64(h) >> (64 - PHYSICAL_BITS + below(h, 12));
    }
}

/* A translation table where no memory is, or none of the guest's. AT, too, walks it. */
static void bad_walk(struct hostile *h)
{
    uint64_t table, before = h->aborts;
    unsigned op = below(h, OPS_PLAIN);

    switch (below(h, 3)) {
    case 0:
        table = GICD_BASE + below(h, 16) * 0x1000;
        break;
    case 1:
        table = ram_end + below(h, HYP_SIZE);
        break;
    default:
        table = below(h, 0x08000000u); /* flash, which firmware alone has */
    }
    map_bad_walk(h, table);
    access_op(h, op, BAD_WALK + below(h, 0x40000000u) / 8 * 8, random_value(h));
    if (h->aborts == before)
        wrong(h, "no abort of a table walk", op_name(op), table, 0);
    for (op = OPS_SYNDROME; op < ops_count(); op += 1 + below(h, 8))
        access_op(h, op, BAD_WALK + below(h, 0x40000000u) / 8 * 8, random_value(h));
    map_bad_walk(h, GICD_BASE);
}

/* The last bytes of RAM, and beyond: the part that is RAM is not used by anybody. */
static void across(struct hostile *h)
{
    uint64_t before = h->aborts, distance = 1 + below(h, 7);
    unsigned op = below(h, 2) ? 3 : OP_STORE + 3;

    access_op(h, op, map_window(h, ram_end - distance, false), random64(h));
    if (on_libvgic && h->aborts == before)
        wrong(h, "no abort", op_name(op), ram_end - distance, 0);
}

/* Without the hypervisor there are other devices, which might do what they are told. */
uint32_t space_prepare(void)
{
    return on_libvgic ? SPACE_STEPS : 0;
}

void space_step(struct hostile *h, uint32_t n)
{
    uint64_t address = some_address(h), before = h->aborts + h->undefined;
    unsigned op = below(h, 2) ? below(h, OPS_PLAIN) : below(h, ops_count());

    if (n % 16 == 0) {
        bad_walk(h);
        return;
    }
    if (n % 16 == 1 && ram_end % GIB) {
        across(h);
        return;
    }
    if (is_mine(address))
        return;
    if (op + 1 == ops_count())
        address &= ~3ul;
    access_op(h, op, map_window(h, address, below(h, 2)), random_value(h));
    /* At the very end of RAM an index of -4 finds some. */
    if (op < OPS_ABORT && address != ram_end && h->aborts + h->undefined == before &&
        !answers(address))
        wrong(h, "no abort", op_name(op), address, 0);
}
