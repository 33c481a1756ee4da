/* SPDX-License-Identifier: MIT */
/*
 * One interrupt as the architecture sees it (IHI 0069), written from the manual and from nothing
 * else: separate facts, one function per event, no list registers and no packed words. It is what
 * the library's interrupt word is compared with.
 *
 * Where the architecture leaves an outcome open, a function takes a `choice` and returns false when
 * there is no such choice; choice 0 always exists. The caller tries all of them.
 */
#ifndef LVGIC_TESTS_ARCH_IRQ_H
#define LVGIC_TESTS_ARCH_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_NOBODY UINT16_C(0xfff)
#define ARCH_SOURCES 3u /* CPUs that send SGIs */

struct arch_irq {
    bool mapped; /* the INTID stands for an interrupt: always, but for LPIs */
    bool lpi;    /* an LPI: edge-triggered, and without an active state */

    /* Why it is pending. */
    bool wire; /* level of the input; for `hw`, a forwarded physical interrupt not yet ended */
    bool edge_latch; /* edge-triggered: an edge was seen and not yet acknowledged */
    bool soft_latch; /* level-sensitive: GICD_ISPENDR was written and not yet acknowledged */
    bool message;    /* level-sensitive: GICD_SETSPI asserted it, GICD_CLRSPI not yet */

    /* A GICv2 SGI instead is pending for each CPU that sent it (IHI 0048B 3.2.3, 4.3.16). */
    bool sgi;
    bool source[ARCH_SOURCES];
    uint8_t active_source; /* the CPU that it is active for; 0 while inactive */

    bool active;
    uint16_t active_on; /* the PE on which it is active; 0 while inactive */

    bool enabled;
    bool edge; /* GICD_ICFGR: edge-triggered */
    bool group1;
    bool modifier; /* GICD_IGRPMODR: with group1 clear, Secure group 1 */
    bool nmi;      /* GICD_INMIR */
    uint8_t priority;
    uint16_t target; /* GICD_IROUTER, or ARCH_NOBODY */
    bool notify;     /* the embedder's wish, carried along to see that nobody loses it */
    bool hw;         /* the wire is a physical interrupt that a host forwards */

    /* A CPU interface was told of it and can signal it, until the Distributor has taken it back:
     * changes made meanwhile need not stop it from being taken (4.1, 12.9 GICD_CTLR.RWP). */
    bool takeable;
    bool merged;            /* a cause came while takeable: taken along, or left for another time */
    uint8_t offered_source; /* of an SGI; 0 while not takeable */
};

/* Pending beyond doubt, and pending at most. They differ for a hardware-mapped interrupt that is
 * active: its pending state is in the physical Distributor (12.4 ICH_LR<n>_EL2.State). */
bool arch_must_be_pending(const struct arch_irq *a);
bool arch_may_be_pending(const struct arch_irq *a);

/* The sources of an SGI, one bit each, as GICD_SPENDSGIR<n> reads. */
uint32_t arch_sources(const struct arch_irq *a);

/* Causes, from the device. */
void arch_pulse(struct arch_irq *a);
void arch_wire_high(struct arch_irq *a);
void arch_wire_low(struct arch_irq *a);
void arch_message_high(struct arch_irq *a);
void arch_message_low(struct arch_irq *a);

/* Register writes, from software. `sources`: one bit for each CPU. */
void arch_send(struct arch_irq *a, uint32_t sources);
void arch_clear_sources(struct arch_irq *a, uint32_t sources);
void arch_set_pending(struct arch_irq *a);
void arch_clear_pending(struct arch_irq *a);
void arch_set_active(struct arch_irq *a, uint16_t pe);
void arch_clear_active(struct arch_irq *a);
bool arch_configure(struct arch_irq *a, bool edge, unsigned choice);
void arch_unmap(struct arch_irq *a);

/* State that a VMM writes as it is (KVM's device attributes: GICD_ISPENDR<n>, GICD_ISACTIVER<n>,
 * LEVEL_INFO, GICD_ICFGR<n>, GICD_IROUTER<n>): nothing happens to a device by it, and it may come
 * in any order. The latch is all of being pending but for the wire. */
void arch_put_latch(struct arch_irq *a, bool value);
void arch_put_active(struct arch_irq *a, bool value, uint16_t pe);
void arch_put_wire(struct arch_irq *a, bool value);
bool arch_put_edge(struct arch_irq *a, bool edge, unsigned choice);
void arch_move(struct arch_irq *a, uint16_t pe);

/* A CPU interface: told, taken, completed, taken back. */
void arch_offer(struct arch_irq *a, uint8_t source);
bool arch_acknowledge(struct arch_irq *a, uint16_t pe, unsigned choice);
void arch_deactivate(struct arch_irq *a);
void arch_withdraw(struct arch_irq *a);

/* The physical interrupt behind it, at a moment when the host looks at it: `line` is its level now;
 * `ended` says that the host deactivated it, `looked` that the host looked at the line. */
bool arch_physical(struct arch_irq *a, bool line, bool ended, bool looked, unsigned choice);

#endif
