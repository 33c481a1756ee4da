/* SPDX-License-Identifier: MIT */
/*
 * The physical GIC, between gic.c, which knows what all versions have in common, and gic_v2.c and
 * gic_v3.c, one of which drives the machine's.
 */
#ifndef HYP_GIC_H
#define HYP_GIC_H

#include "hyp.h"

#pragma GCC visibility push(hidden)

/* Offsets in the distributor (IHI 0069H 12.8, IHI 0048B 4.3). */
#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR 0x0200
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400

struct gic_driver {
    uint32_t groups;                /* GICD_IGROUPR<n>: all interrupts are in one group */
    uint32_t intid_mask;            /* of what `acknowledge` returns */
    void (*forward)(bool on);       /* the distributor's enable */
    void (*settle)(uint64_t frame); /* waits until writes to the registers there have effect */
    void (*route)(uint32_t intid);  /* sends an SPI to this CPU */
    /* This CPU: fills `banked` and what else `kick` needs; then, when these are set up, its
     * interface. */
    void (*find_cpu)(struct cpu *cpu);
    void (*open_cpu)(void);
    /* Acknowledges the best pending interrupt and drops its priority. Returns what `deactivate`
     * wants; INTIDs 1020 to 1023 are none. */
    uint32_t (*acknowledge)(void);
    void (*deactivate)(uint32_t acknowledged);
    void (*kick)(const struct cpu *cpu);
};
extern const struct gic_driver gic_v2, gic_v3;

#pragma GCC visibility pop

#endif
