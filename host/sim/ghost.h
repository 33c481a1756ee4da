/* SPDX-License-Identifier: MIT */
/*
 * A GIC as the architecture describes it, one operation at a time (Arm IHI 0069H, chapters 4 and 5;
 * nothing of it comes from the library). What a concurrent GIC was seen to do is right if this one
 * can do the same in some order of the operations: linear.h looks for it.
 *
 * Modelled: SPIs (edge and level) and LPIs of group 1, priorities, PMR, running priorities,
 * routing, enables, active state, EOImode, EnableLPIs. Not modelled: SGIs and PPIs, groups and
 * security states, NMIs, changes of priority, and anything of an ITS but what its commands do to
 * an LPI.
 *
 * What the architecture leaves to time is here, and no more. A PE that runs may still take what was
 * forwarded to it and has been disabled, cleared or moved since ("seen"), and need not yet be
 * signalled what became pending since; both until it has been out of the guest, or nothing is under
 * way.
 */
#ifndef SIM_GHOST_H
#define SIM_GHOST_H

#include <stdbool.h>
#include <stdint.h>

enum { GHOST_IRQS = 8, GHOST_VCPUS = 4, GHOST_SPURIOUS = 1023 };

/* What does not change during a run. */
struct ghost_irq {
    uint32_t intid; /* an SPI, or from 8192 up an LPI */
    bool edge;      /* LPIs are */
    uint8_t priority;
};

struct ghost_gic {
    unsigned nr_irqs, nr_vcpus;
    bool split; /* ICC_CTLR_EL1.EOImode = 1: to complete is a priority drop */
    struct ghost_irq irqs[GHOST_IRQS];
};

/* What does. Sets of interrupts are masks of their positions in ghost_gic.irqs. Without padding,
 * since states are compared by the hash of their bytes. */
struct ghost {
    uint8_t latch, line, enabled, active;
    uint8_t mapped;  /* LPIs: exists */
    uint8_t refused; /* LPIs: no event reaches it any more */
    uint8_t closed;  /* GICD_CTLR.EnableGrp1 is 0 */
    uint8_t zero;
    uint8_t target[GHOST_IRQS], holder[GHOST_IRQS];
    struct ghost_vcpu {
        uint32_t running; /* bit n: priority n << 3 is active */
        uint8_t in;       /* in the guest */
        uint8_t lpis_off; /* GICR_CTLR.EnableLPIs is 0 */
        uint8_t pmr;
        uint8_t seen;  /* was forwarded here at some time since it went in: may be taken */
        uint8_t again; /* of those: has become pending once more since */
        uint8_t must;  /* deliverable ever since it went in: must be signalled */
        uint8_t held;  /* seen, or handled, in this run: nobody else need be signalled it yet */
        uint8_t zero;
    } vcpu[GHOST_VCPUS];
};

/* name, what it prints as: an operation on interrupt `irq`, by or on vCPU `vcpu`, with result or
 * argument `value`. */
#define GHOST_OPS(X)                            \
    X(PULSE, "pulses")                          \
    X(LINE, "drives its wire to")               \
    X(ENABLE, "enables")                        \
    X(DISABLE, "disables")                      \
    X(CLOSE, "closes group 1")                  \
    X(CLEAR, "clears the pending state of")     \
    X(DEACTIVATE, "deactivates")                \
    X(ROUTE, "routes, to vCPU")                 \
    X(MSI, "sends the message of; status")      \
    X(MOVE, "moves, to vCPU")                   \
    X(REFUSE, "refuses messages of")            \
    X(DISCARD, "discards")                      \
    X(LPIS_OFF, "disables LPIs of vCPU")        \
    X(LPIS_RWP, "sees GICR_CTLR.RWP 0 of vCPU") \
    X(RWP, "sees GICD_CTLR.RWP 0")              \
    X(READ, "reads")                            \
    X(PMR, "sets its PMR to")                   \
    X(ENTER, "enters the guest")                \
    X(EXIT, "leaves the guest")                 \
    X(SETTLE, "runs, and nothing is under way") \
    X(ACK, "acknowledges")                      \
    X(EOI, "completes")                         \
    X(DIR, "deactivates itself")                \
    X(BLOCK, "wants to sleep; may")             \
    X(ASLEEP, "sleeps, and nothing is under way")

enum ghost_kind {
#define GHOST_ENUM(name, text) GHOST_##name,
    GHOST_OPS(GHOST_ENUM)
#undef GHOST_ENUM
};

/* Bits of a READ's value, and of its mask: which of them were looked at. The target is in [15:8].
 */
enum {
    GHOST_READ_ENABLED = 1,
    GHOST_READ_PENDING = 2,
    GHOST_READ_ACTIVE = 4,
    GHOST_READ_TARGET = 0xff00,
};

/* ACK: `irq` is GHOST_NONE for 1023. */
#define GHOST_NONE 0xffu

struct ghost_op {
    enum ghost_kind kind;
    int actor; /* who, for people; -1: outside the actors */
    uint8_t irq, vcpu;
    uint32_t value, mask;
    uint32_t call, ret; /* when it began and ended: it took effect at one point in between */
};

/* Everything disabled, unmapped for LPIs, routed to vCPU 0, priorities masked. */
void ghost_reset(const struct ghost_gic *gic, struct ghost *state);

/* Does `op` in `from`. `unsettled`: interrupts about which an operation that has taken effect was
 * not over when this one began, so that nobody need have heard of it. Stores the one or two states
 * that may follow, and returns their number: 0 if what was observed is wrong. */
int ghost_apply(const struct ghost_gic *gic, const struct ghost *from, const struct ghost_op *op,
                uint8_t unsettled, struct ghost to[2]);

/* Whether it matters to this operation what is unsettled. */
bool ghost_may_be_late(const struct ghost_op *op);

/* The interrupts that an operation may be news about. */
uint8_t ghost_news(const struct ghost_op *op);

/* The position of an INTID, or GHOST_NONE. */
uint8_t ghost_find(const struct ghost_gic *gic, uint32_t intid);

#endif
