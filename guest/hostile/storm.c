/* SPDX-License-Identifier: MIT */
/* Random accesses to what matters, by all CPUs at once, with interrupts firing all the time. */
#include "hostile.h"
#include "timer.h"

#define STORM_STEPS 300000
#define FRAME_SGI 0x10000u /* the second frame of a redistributor, laid out like GICD */

/* Arrays of fields of interrupts: where, and how many bits each has. */
static const struct {
    unsigned offset, bits;
} hot[] = {
    {GICD_IGROUPR, 1},   {GICD_ISENABLER, 1}, {GICD_ISENABLER, 1}, {GICD_ICENABLER, 1},
    {GICD_ISPENDR, 1},   {GICD_ISPENDR, 1},   {GICD_ICPENDR, 1},   {GICD_ISACTIVER, 1},
    {GICD_ICACTIVER, 1}, {GICD_ICACTIVER, 1}, {GICD_ICFGR, 2},     {GICD_IPRIORITYR, 8},
};

/* A few interrupts get most of what is done, so that it meets. */
static unsigned some_intid(struct hostile *h)
{
    switch (below(h, 9)) {
    case 0:
        return below(h, 1100);
    case 1:
        return below(h, nr_intids);
    case 2:
        return TIMER_VIRTUAL;
    case 3:
        return TIMER_PHYSICAL;
    case 4:
        return below(h, 32);
    case 5:
        return RTC_INTID;
    default:
        return 32 + below(h, 16);
    }
}

static uint64_t field_address(struct hostile *h, unsigned which, unsigned intid)
{
    uint64_t offset = hot[which].offset + intid * hot[which].bits / 8 / 4 * 4;

    if (intid < INTID_SPI && below(h, 16))
        return GICR_BASE + below(h, ncpus) * GICR_STRIDE + FRAME_SGI + offset;
    return GICD_BASE + offset;
}

/* Where the registers of extended interrupts are, or would be. */
static uint64_t extended_address(struct hostile *h)
{
    unsigned which = below(h, sizeof(hot) / sizeof(hot[0]));

    switch (below(h, 4)) {
    case 0: /* IROUTER<n>E, by words */
        return GICD_BASE + GICD_IROUTER_E + below(h, 0x800) * 4;
    case 1: /* of extended PPIs */
        return GICR_BASE + below(h, ncpus) * GICR_STRIDE + FRAME_SGI + hot[which].offset +
               (32 + below(h, 64)) * hot[which].bits / 8 / 4 * 4;
    case 2: /* the few that meet */
        return GICD_BASE + 0x1000 + below(h, 16) * 0x200;
    default:
        return GICD_BASE + 0x1000 + below(h, 0x800) * 4;
    }
}

static void some_field(struct hostile *h)
{
    unsigned which = below(h, sizeof(hot) / sizeof(hot[0])), intid = some_intid(h);
    uint64_t address = field_address(h, which, intid);
    uint64_t value = below(h, 2) ? 1ul << (intid % 32) : random_value(h);

    if (!below(h, 8))
        address = extended_address(h);
    if (!below(h, 4))
        access_op(h, 2, address, 0);
    else
        access_op(h, OP_STORE + 2, address, value);
}

static void some_route(struct hostile *h)
{
    uint64_t address = GICD_BASE + GICD_IROUTER + 8 * some_intid(h);
    uint64_t value = below(h, 4) ? below(h, ncpus) : random_value(h);

    if (!below(h, 4))
        value |= GICD_IROUTER_IRM;
    switch (below(h, 4)) {
    case 0: /* by halves */
        access_op(h, OP_STORE + 2, address + 4 * below(h, 2), value);
        break;
    case 1:
        access_op(h, 3, address, 0);
        break;
    default:
        access_op(h, OP_STORE + 3, address, value);
    }
}

static void some_sgi(struct hostile *h)
{
    uint64_t value =
        below(h, 4) ? (uint64_t)below(h, 16) << 24 | below(h, 1u << ncpus) : random_value(h);

    h->accesses++;
    switch (below(h, 8)) {
    case 0:
        write_sysreg(ICC_SGI0R_EL1, value);
        break;
    case 1:
        write_sysreg(S3_0_C12_C11_6, value); /* ICC_ASGI1R_EL1 */
        break;
    default:
        write_sysreg(ICC_SGI1R_EL1, value);
    }
}

static void some_frame(struct hostile *h)
{
    uint64_t address = GICD_BASE + below(h, GICD_SIZE);

    if (below(h, 2))
        address = GICR_BASE + below(h, (uint32_t)(ncpus * GICR_STRIDE));
    access_op(h, below(h, OPS_SYNDROME), address & ~(uint64_t)below(h, 8), random_value(h));
}

/* The CPU's own interface, and its mask. */
static void some_interface(struct hostile *h)
{
    h->accesses++;
    switch (below(h, 10)) {
    case 0:
        write_sysreg(ICC_PMR_EL1, below(h, 2) ? 0xff : below(h, 256));
        break;
    case 1:
        write_sysreg(ICC_IGRPEN1_EL1, below(h, 2));
        break;
    case 2:
        write_sysreg(ICC_IGRPEN0_EL1, below(h, 2));
        break;
    case 3:
        write_sysreg(ICC_CTLR_EL1, below(h, 4));
        break;
    case 4:
        write_sysreg(ICC_BPR1_EL1, below(h, 8));
        break;
    case 5:
        write_sysreg(ICC_EOIR1_EL1, some_intid(h));
        break;
    case 6:
        write_sysreg(ICC_DIR_EL1, some_intid(h));
        break;
    case 7: /* taken, and forgotten */
        read_sysreg(ICC_IAR1_EL1);
        break;
    case 8:
        irq_disable();
        break;
    default:
        irq_enable();
    }
}

uint32_t storm_prepare(void)
{
    return STORM_STEPS;
}

void storm_step(struct hostile *h, uint32_t n)
{
    (void)n;
    switch (below(h, 20)) {
    case 0:
        some_route(h);
        break;
    case 1:
        some_sgi(h);
        break;
    case 2:
        some_interface(h);
        break;
    case 3:
        some_frame(h);
        break;
    case 4:
        access_op(h, OP_STORE + 2, GICD_BASE + (below(h, 2) ? GICD_SETSPI_NSR : GICD_CLRSPI_NSR),
                  some_intid(h));
        break;
    case 5:
        /* Mostly open, or little would happen. */
        access_op(h, OP_STORE + 2, GICD_BASE + GICD_CTLR,
                  below(h, 2) ? GICD_CTLR_ARE | 3 : random_value(h));
        break;
    case 8: /* also takes CPUs in and out of the choice of 1-of-N */
        access_op(h, OP_STORE + 2, gicr_address(below(h, ncpus), GICR_CTLR), random_value(h));
        break;
    case 6:
        rtc_raise();
        break;
    case 7:
        rtc_lower();
        break;
    default:
        some_field(h);
    }
    if (below(h, 256) == 0) {
        irq_enable();
        reopen(h);
    }
}
