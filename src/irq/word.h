/* SPDX-License-Identifier: MIT */
/*
 * One interrupt: a 64-bit word, and its behaviour as pure functions of it.
 *
 * Everything that two threads may change at once about an interrupt is in this word, so that one
 * compare-and-swap changes it whole. Nothing here is atomic, has a pointer, or knows a host: the
 * functions map an old word to a new one, and tests/model enumerates all of it.
 */
#ifndef LVGIC_IRQ_WORD_H
#define LVGIC_IRQ_WORD_H

#include <stdbool.h>
#include <stdint.h>

/* One-bit fields: name, bit, meaning. */
#define IRQ_WORD_FLAGS(X)                                                                 \
    X(PEND, 0, "edge latch: an edge-triggered interrupt is pending")                      \
    X(LINE, 1, "the wire is high; hardware-mapped: the physical interrupt was forwarded") \
    X(SOFT, 2, "a level-sensitive interrupt was made pending by register (ISPENDR)")      \
    X(MSGL, 3, "a level-sensitive interrupt is held pending by message (SETSPI)")         \
    X(EN, 4, "enabled")                                                                   \
    X(EDGE, 5, "edge-triggered, else level-sensitive")                                    \
    X(GRP1, 6, "group 1, else group 0")                                                   \
    X(NMI, 7, "non-maskable (FEAT_GICv3_NMI)")                                            \
    X(ACT, 8, "active, and not in a list register; HOLDER says on which vCPU")            \
    X(INLR, 9, "a list register of HOLDER says whether it is pending and active")         \
    X(MAPPED, 10, "the slot stands for an interrupt (always, but for LPIs)")              \
    X(CLRP, 11, "request to HOLDER: drop the list register's pending state when folding") \
    X(NOACT, 12, "has no active state (LPIs)")                                            \
    X(NOTIFY, 13, "the embedder wants to hear of deactivations")                          \
    X(HW, 14, "stands for a physical interrupt")                                          \
    X(IRM, 15, "1-of-N routing asked for")                                                \
    X(MOD, 36, "group modifier: with GRP1 clear, Secure group 1 (two security states)")   \
    X(SRC, 37, "pending for each source apart (SGIs of GICv2), and not by PEND")          \
    X(CUT, 38, "LPI whose collection is unmapped: no event reaches it")

enum {
#define IRQ_WORD_ENUM(name, bit, meaning) IRQ_##name##_BIT = (bit),
    IRQ_WORD_FLAGS(IRQ_WORD_ENUM)
#undef IRQ_WORD_ENUM
};

#define IRQ_PEND (UINT64_C(1) << IRQ_PEND_BIT)
#define IRQ_LINE (UINT64_C(1) << IRQ_LINE_BIT)
#define IRQ_SOFT (UINT64_C(1) << IRQ_SOFT_BIT)
#define IRQ_MSGL (UINT64_C(1) << IRQ_MSGL_BIT)
#define IRQ_EN (UINT64_C(1) << IRQ_EN_BIT)
#define IRQ_EDGE (UINT64_C(1) << IRQ_EDGE_BIT)
#define IRQ_GRP1 (UINT64_C(1) << IRQ_GRP1_BIT)
#define IRQ_NMI (UINT64_C(1) << IRQ_NMI_BIT)
#define IRQ_ACT (UINT64_C(1) << IRQ_ACT_BIT)
#define IRQ_INLR (UINT64_C(1) << IRQ_INLR_BIT)
#define IRQ_MAPPED (UINT64_C(1) << IRQ_MAPPED_BIT)
#define IRQ_CLRP (UINT64_C(1) << IRQ_CLRP_BIT)
#define IRQ_NOACT (UINT64_C(1) << IRQ_NOACT_BIT)
#define IRQ_NOTIFY (UINT64_C(1) << IRQ_NOTIFY_BIT)
#define IRQ_HW (UINT64_C(1) << IRQ_HW_BIT)
#define IRQ_IRM (UINT64_C(1) << IRQ_IRM_BIT)
#define IRQ_MOD (UINT64_C(1) << IRQ_MOD_BIT)
#define IRQ_SRC (UINT64_C(1) << IRQ_SRC_BIT)
#define IRQ_CUT (UINT64_C(1) << IRQ_CUT_BIT)

/* Wider fields: priority [23:16], target vCPU [35:24], holder vCPU [51:40], source that it is
 * listed or active for [54:52] or, of an LPI, stamp [55:52], generation or, with SRC, pending
 * sources [63:56]. */
#define IRQ_PRIO_SHIFT 16
#define IRQ_TARGET_SHIFT 24
#define IRQ_HOLDER_SHIFT 40
#define IRQ_ASRC_SHIFT 52
#define IRQ_STAMP_SHIFT 52 /* which enabling of its redistributor an LPI became pending in */
#define IRQ_STAMP_MASK UINT64_C(0xf)
#define IRQ_GEN_SHIFT 56
#define IRQ_VCPU_MASK UINT64_C(0xfff)

/* The vCPU index that stands for "nobody": an SPI whose route names no vCPU. */
#define IRQ_NOBODY UINT32_C(0xfff)

static inline uint32_t irq_prio(uint64_t w)
{
    return (uint32_t)(w >> IRQ_PRIO_SHIFT) & 0xff;
}

static inline uint32_t irq_target(uint64_t w)
{
    return (uint32_t)(w >> IRQ_TARGET_SHIFT & IRQ_VCPU_MASK);
}

static inline uint32_t irq_holder(uint64_t w)
{
    return (uint32_t)(w >> IRQ_HOLDER_SHIFT & IRQ_VCPU_MASK);
}

/* The sources that it is pending for, one bit each; only with SRC. What INLR's register holds is
 * not among them. */
static inline uint32_t irq_sources(uint64_t w)
{
    return (uint32_t)(w >> IRQ_GEN_SHIFT) & 0xff;
}

static inline uint32_t irq_stamp(uint64_t w)
{
    return (uint32_t)(w >> IRQ_STAMP_SHIFT & IRQ_STAMP_MASK);
}

/* The source that it is listed or active for; only with SRC, and while INLR or ACT. */
static inline uint32_t irq_source(uint64_t w)
{
    return (uint32_t)(w >> IRQ_ASRC_SHIFT) & 7;
}

/* The generation. An interrupt with sources is never unmapped and stays in generation 0. */
static inline uint32_t irq_gen(uint64_t w)
{
    return w & IRQ_SRC ? 0 : (uint32_t)(w >> IRQ_GEN_SHIFT) & 0xff;
}

/* What tells an activation that is remembered from others of the slot: the generation, or the
 * source. */
static inline uint32_t irq_life(uint64_t w)
{
    return w & IRQ_SRC ? irq_source(w) : irq_gen(w);
}

/* Is it pending, as far as the word says (a list register may say more while INLR)? */
static inline bool irq_pending(uint64_t w)
{
    if (w & IRQ_SRC)
        return irq_sources(w);
    return w & IRQ_EDGE ? w & IRQ_PEND : w & (IRQ_LINE | IRQ_SOFT | IRQ_MSGL);
}

/* Does some vCPU have to look at it: to deliver it, or because it is active outside a register? */
static inline bool irq_wanted(uint64_t w)
{
    return (w & IRQ_MAPPED) && ((w & IRQ_ACT) || ((w & IRQ_EN) && irq_pending(w)));
}

/* Pending, enabled and not active: the guest could take it. */
static inline bool irq_deliverable(uint64_t w)
{
    return (w & IRQ_MAPPED) && (w & IRQ_EN) && !(w & IRQ_ACT) && irq_pending(w);
}

/* Non-maskable: only in group 1 (4.9). */
static inline bool irq_is_nmi(uint64_t w)
{
    return (w & IRQ_NMI) && (w & IRQ_GRP1);
}

/* The vCPU that has to look at it. An active interrupt stays with the vCPU on which it is active.
 */
static inline uint32_t irq_effective(uint64_t w)
{
    return w & IRQ_ACT ? irq_holder(w) : irq_target(w);
}

/* What any thread may do to an interrupt: name, takes an argument, what happens, manual section. */
#define IRQ_EVENTS(X)                                                                              \
    X(PULSE, 0, "a pulse on the wire", "1.2.1")                                                    \
    X(LINE_HIGH, 0, "the wire is driven high: an edge, or a level", "1.2.1")                       \
    X(LINE_LOW, 0, "the wire is driven low", "1.2.1")                                              \
    X(MSG_HIGH, 0, "SETSPI: latches an edge, or holds a level", "12.9 GICD_SETSPI_NSR")            \
    X(MSG_LOW, 0, "CLRSPI: takes back what SETSPI did", "12.9 GICD_CLRSPI_NSR")                    \
    X(SET_PENDING, 0, "pending by register", "12.9 GICD_ISPENDR<n>")                               \
    X(CLEAR_PENDING, 0, "not pending by register, unless a level says so", "12.9 GICD_ICPENDR<n>") \
    X(ENABLE, 0, "enabled", "12.9 GICD_ISENABLER<n>")                                              \
    X(DISABLE, 0, "disabled; pending state is kept", "12.9 GICD_ICENABLER<n>")                     \
    X(SET_ACTIVE, 1, "active by register, on vCPU arg; not while INLR", "12.9 GICD_ISACTIVER<n>")  \
    X(CLEAR_ACTIVE, 0, "inactive by register; not while INLR", "12.9 GICD_ICACTIVER<n>")           \
    X(CONFIG_EDGE, 0, "edge-triggered from now on", "12.9 GICD_ICFGR<n>")                          \
    X(CONFIG_LEVEL, 0, "level-sensitive from now on", "12.9 GICD_ICFGR<n>")                        \
    X(GROUP0, 0, "in group 0", "12.9 GICD_IGROUPR<n>")                                             \
    X(GROUP1, 0, "in group 1", "12.9 GICD_IGROUPR<n>")                                             \
    X(MOD_ON, 0, "group modifier set: Secure group 1, unless GRP1", "12.9 GICD_IGRPMODR<n>")       \
    X(MOD_OFF, 0, "group modifier clear", "12.9 GICD_IGRPMODR<n>")                                 \
    X(PRIORITY, 1, "priority arg", "12.9 GICD_IPRIORITYR<n>")                                      \
    X(NMI_ON, 0, "non-maskable, while in group 1", "12.9 GICD_INMIR<n>")                           \
    X(NMI_OFF, 0, "maskable", "12.9 GICD_INMIR<n>")                                                \
    X(TARGET, 1, "routed to vCPU arg, or to nobody", "12.9 GICD_IROUTER<n>")                       \
    X(NOTIFY_ON, 0, "the embedder wants to hear of deactivations", "-")                            \
    X(NOTIFY_OFF, 0, "the embedder does not want to hear of deactivations", "-")                   \
    X(HW_ON, 0, "stands for a physical interrupt", "11.2.1")                                       \
    X(HW_OFF, 0, "stands for itself; not while INLR", "11.2.1")                                    \
    X(SOURCES_SET, 1, "pending for the sources in mask arg", "IHI 0048B 4.3.17 GICD_SPENDSGIR<n>") \
    X(SOURCES_CLEAR, 1, "not pending for those in mask arg", "IHI 0048B 4.3.16 GICD_CPENDSGIR<n>") \
    X(UNMAP, 0, "the slot stands for nothing any more; frees it unless INLR", "5.3 DISCARD")

enum irq_event {
#define IRQ_EVENT_ENUM(name, has_arg, what, section) IRQ_EV_##name,
    IRQ_EVENTS(IRQ_EVENT_ENUM)
#undef IRQ_EVENT_ENUM
        IRQ_NR_EVENTS
};

/* The word after an event from any thread. `w` must be MAPPED. While INLR the list register's share
 * of the state is left alone: clearing pending state becomes a request (CLRP), and SET_ACTIVE,
 * CLEAR_ACTIVE and HW_OFF change nothing, since their callers wait for the fold first (a remembered
 * request could hit a later activation). */
uint64_t irq_apply(uint64_t w, enum irq_event event, uint32_t arg);

/* Parts of the state that a VMM writes as they are, with no effect on a device or a physical
 * interrupt: the latch (pending but for the wire), the active state, the wire, edge-triggered. */
enum irq_part { IRQ_PART_LATCH, IRQ_PART_ACTIVE, IRQ_PART_LINE, IRQ_PART_EDGE };

/* Is it pending but for its wire? */
static inline bool irq_latched(uint64_t w)
{
    return w & (w & IRQ_EDGE ? IRQ_PEND : IRQ_SOFT | IRQ_MSGL);
}

/* The word with one part of it written; `vcpu` is where it becomes active. Nothing but EDGE changes
 * while INLR: the rest, of a mapped interrupt the wire too, is in a list register. */
uint64_t irq_put(uint64_t w, enum irq_part part, bool value, uint32_t vcpu);

/* An interrupt that a VMM made active before it said where it is routed: active there. */
uint64_t irq_move(uint64_t w, uint32_t vcpu);

/* What the owner of a list register remembers about how it was filled: private, never shared. */
struct irq_listing {
    bool pending; /* filled as pending */
    bool active;  /* filled as active */
    bool soft;    /* SOFT was consumed: restored if the guest never acknowledges */
    bool hw;      /* filled with HW = 1: the hardware deactivates the physical interrupt */
    bool eoi;     /* filled with EOI = 1: a maintenance interrupt tells of the deactivation */
};

/* vCPU `me` takes the interrupt into a list register. Requires irq_wanted, !INLR, irq_effective ==
 * me. Returns the new word and says in *how what to put into the register. */
uint64_t irq_list(uint64_t w, uint32_t me, struct irq_listing *how);

/* What a fold found out, beside the new word. */
struct irq_folded {
    bool acknowledged;    /* the guest acknowledged it during this run, and it is still active */
    bool deactivated;     /* the guest deactivated it during this run */
    bool sample;          /* hardware-mapped and still pending: look at the physical line */
    bool phys_deactivate; /* the hardware could not deactivate the physical interrupt: do it */
};

/* vCPU's register came back as pending/active; it was filled as *how. Requires INLR, holder == me.
 * States that no hardware can return (pending although never filled as pending) are not believed.
 */
uint64_t irq_fold(uint64_t w, const struct irq_listing *how, bool pending, bool active,
                  struct irq_folded *found);

/* May a counted deactivation (EOIcount) or a DIR by vCPU `me` clear the active state of this slot,
 * in this generation or for this source? The remembered position is only a hint: the word decides.
 */
static inline bool irq_replayable(uint64_t w, uint32_t life, uint32_t me)
{
    return (w & IRQ_MAPPED) && (w & IRQ_ACT) && !(w & IRQ_INLR) && irq_holder(w) == me &&
           irq_life(w) == life;
}

/* Does this change leave a physical interrupt behind that nobody in the guest will deactivate any
 * more? Deactivated by register or count, no longer pending, or no longer mapped. Then whoever made
 * the change calls host->phys_deactivate, after the change (whose LINE is low): the next forward
 * can only come after that. While INLR the fold says it instead. */
static inline bool irq_frees_physical(uint64_t before, uint64_t after)
{
    bool owned = (before & IRQ_ACT) || irq_pending(before);

    if (!(before & IRQ_HW) || (after & IRQ_INLR) || !owned)
        return false;
    if (!(after & IRQ_HW))
        return true;
    return !(after & IRQ_ACT) && ((before & IRQ_ACT) || !irq_pending(after));
}

/* Will the guest deactivate the physical interrupt? Then it is active at the physical Distributor.
 * A wire that does not make it pending (an edge that was seen) is no reason. */
static inline bool irq_owns_physical(uint64_t w)
{
    return (w & IRQ_HW) && ((w & (IRQ_ACT | IRQ_INLR)) || irq_pending(w));
}

/* Neither mapped nor in a list register: nobody holds the slot any more. */
static inline bool irq_unheld(uint64_t w)
{
    return !(w & (IRQ_MAPPED | IRQ_INLR));
}

#endif
