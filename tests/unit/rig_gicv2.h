/* SPDX-License-Identifier: MIT */
/* Short names for what a guest does with a GICv2. */
#ifndef TESTS_RIG_GICV2_H
#define TESTS_RIG_GICV2_H

#include "rig.h"

#include "base/bits.h"

enum { CTLR = 0, TYPER = 4, ITARGETSR = 0x800, ICFGR = 0xc00, PPISR = 0xd00, SPISR = 0xd04 };
enum { SGIR = 0xf00, CPENDSGIR = 0xf10, SPENDSGIR = 0xf20, IPRIORITYR = 0x400 };
enum { TO_LIST = 0, TO_OTHERS = 1 << 24, TO_SELF = 2 << 24 };
enum { EOIMODE = 1 << 9, CBPR = 1 << 4, FIQEN = 1 << 3, ACKCTL = 1 << 2 };

static inline void send(struct rig *rig, unsigned from, unsigned filter, unsigned list,
                        unsigned intid)
{
    rig_dist_write_by(rig, from, SGIR, 4, filter | list << 16 | intid);
}

static inline unsigned ack(struct rig *rig, unsigned cpu)
{
    return (unsigned)rig_gicc_read(rig, cpu, GICC_REG_IAR);
}

static inline void eoi(struct rig *rig, unsigned cpu, unsigned value)
{
    rig_gicc_write(rig, cpu, GICC_REG_EOIR, value);
}

static inline unsigned from(unsigned source, unsigned intid)
{
    return source << 10 | intid;
}

/* An SPI or PPI: enabled, with this priority and, an SPI, these targets. */
static inline void setup(struct rig *rig, unsigned cpu, unsigned intid, bool edge,
                         unsigned priority, unsigned targets)
{
    unsigned config = ICFGR + intid / 16 * 4;
    uint64_t two = UINT64_C(2) << intid % 16 * 2;
    uint64_t configs = rig_dist_read_by(rig, cpu, config, 4);

    rig_dist_write_by(rig, cpu, config, 4, edge ? configs | two : configs & ~two);
    rig_dist_write_by(rig, cpu, IPRIORITYR + intid, 1, priority);
    rig_dist_write_by(rig, cpu, ITARGETSR + intid, 1, targets);
    rig_dist_write_by(rig, cpu, ISENABLER + intid / 32 * 4, 4, BIT64(intid % 32));
}

#endif
