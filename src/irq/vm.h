/* SPDX-License-Identifier: MIT */
/*
 * The two objects: a VM's GIC and a vCPU's share of it, and who may touch which field.
 *
 * A slot is an index of an interrupt as one vCPU sees it, without the gaps that INTIDs have: its
 * own SGIs and PPIs, its extended PPIs, then the VM's SPIs and extended SPIs, then LPIs. Hints and
 * waiting rows are by slot; INTIDs appear only where a guest or an embedder names an interrupt.
 */
#ifndef LVGIC_IRQ_VM_H
#define LVGIC_IRQ_VM_H

#include <stdatomic.h>

#include "arch/intid.h"
#include "base/bits.h"
#include "irq/lpi.h"
#include "irq/word.h"
#include "lvgic/lvgic.h"

#define CACHE_LINE 64
#define MAX_VCPUS 512u
#define MAX_VCPUS_GICV2 8u
#define MAX_PRIORITIES 128u
#define MAX_ROWS (MAX_PRIORITIES + 1) /* and one for NMIs, ahead of all priorities */

/* GICR_CTLR (12.11) */
#define DPG_GROUP0 (1u << 24)
#define DPG_GROUP1 (1u << 25) /* Non-secure */
#define DPG_GROUP1S (1u << 26)

/* GICD_CTLR (12.9), Secure view. With one security state DS is always set. */
#define CTLR_ENABLE_GROUP0 (1u << 0)
#define CTLR_ENABLE_GROUP1 (1u << 1) /* Non-secure */
#define CTLR_ENABLE_GROUP1S (1u << 2)
#define CTLR_DS (1u << 6)
/* One entry for each level at which an interrupt can be acknowledged while others are active. */
#define MAX_OVERFLOW 128u

struct irq {
    _Atomic uint64_t word;
};

/* Where a vCPU is. Written by its own thread only. */
enum vcpu_mode {
    VCPU_OUT,     /* out of the guest: holds no interrupt */
    VCPU_IN,      /* from publishing its list registers until the guest stops */
    VCPU_FOLDING, /* the guest has stopped, list registers are being folded */
    VCPU_BLOCKED, /* asleep, holds no interrupt, wants host->wake */
    VCPU_WORKING, /* out of the guest, its thread works on what is private to it */
};

/* lvgic_vcpu.kicked */
#define KICKED 1u
#define WOKEN 2u

/* What one list register was filled with. Private to the vCPU's thread. */
struct listing {
    struct irq_listing how;
    uint32_t slot;
    uint8_t life;         /* irq_life() of the word */
    bool remembered;      /* active, and it had an entry in the overflow stack: */
    bool ack_group1;      /* its group, ... */
    uint8_t ack_priority; /* ... its priority, ... */
    uint8_t ack_level;    /* ... the active priority level that it set, ... */
    uint64_t ack_seq;     /* ... and its place in the order of acknowledgement */
};

/* An interrupt that the guest acknowledged and that is active outside the list registers. Only a
 * hint: the word decides, when the entry is used. */
struct overflow_entry {
    uint32_t slot;
    uint8_t life; /* irq_life() of the word */
    bool group1;  /* group and priority that it was acknowledged with */
    uint8_t priority;
    uint8_t level; /* the active priority level that this set; ICV_LEVEL_NMI: as an NMI */
    uint64_t ack_seq;
};

/* One bit for each row of waiting interrupts. */
struct rows {
    uint64_t bits[(MAX_ROWS + 63) / 64];
};

/* Owner-private memory of the slots that may want delivery, by priority. Also only hints. */
struct waiting {
    struct rows occupied; /* rows that are not empty */
    struct rows shut;     /* rows of which all are behind a closed group, ... */
    uint64_t shut_under;  /* ... under these group enables; ... */
    uint64_t shut_gated;  /* ... the VMCR enables that they wait for */
    struct rows passive;  /* rows of which none is active */
    uint64_t
        *rows; /* row r: group_words words, bit g: look in group g; 0: NMIs, p + 1: priority p */
    uint64_t *slots; /* bit s: slot s may want delivery */
};

struct lvgic_vcpu {
    /* Shared: written by any thread. */
    _Alignas(CACHE_LINE) _Atomic uint32_t attention; /* look at state outside your hints */
    _Atomic uint32_t kicked;      /* what host->kick and host->wake were called for already */
    _Atomic uint32_t gate;        /* number of holders that keep it out */
    _Atomic uint64_t news_groups; /* bit g: look at the groups g << vm->news_shift up */
    _Atomic uint64_t *news_slots; /* hints: bit s: look at slot s, one word for each group */

    /* Shared: written by the vCPU's own thread, read by all. */
    _Alignas(CACHE_LINE) _Atomic uint32_t mode; /* enum vcpu_mode */
    _Atomic uint32_t dir_open;     /* this run may go, or goes, without a trap of ICC_DIR_EL1 */
    _Atomic uint32_t eoimode;      /* the guest completes in two steps, as of the last exit */
    _Atomic uint32_t acks_missing; /* a VMM has written active state: see overflow_complete() */

    /* Constant after initialisation. */
    struct lvgic_vm *vm;
    uint32_t index;
    uint64_t affinity;

    /* Redistributor registers that are not in an interrupt's word. */
    _Atomic uint32_t waker; /* GICR_WAKER.ProcessorSleep */
    _Atomic uint32_t dpg;   /* GICR_CTLR.DPG*: no 1-of-N interrupts of this group */
    _Atomic uint32_t nsacr; /* GICR_NSACR: what Non-secure software may do to Secure SGIs */
    _Atomic uint32_t statusr;
    struct lpi_redist lpis;

    struct irq private_irqs[NR_PRIVATE + MAX_EPPIS];
    _Atomic uint16_t private_pintid[NR_PRIVATE + MAX_EPPIS];

    /* Private to the vCPU's thread, and to who holds the vCPU out of the guest (state/hold.h). */
    _Alignas(CACHE_LINE) struct waiting waiting;
    struct listing listed[LVGIC_MAX_LRS];
    struct overflow_entry overflow[MAX_OVERFLOW];
    uint32_t overflow_depth;
    uint64_t next_ack_seq;
    struct lvgic_lrs lrs;
    struct lvgic_stats stats;
};

/* Redistributors that follow one another in the guest's memory. */
struct vm_region {
    _Atomic uint64_t base;
    _Atomic uint32_t count;
};

/* What a VMM recorded by device attributes; written under the private lock. */
#define NO_ADDRESS UINT64_MAX
struct vm_setup {
    _Atomic uint64_t dist_base; /* or NO_ADDRESS */
    _Atomic uint64_t cpu_base;  /* GICv2's CPU interface */
    struct vm_region *regions;  /* room for one of each vCPU */
    _Atomic uint32_t nr_regions;
    _Atomic uint32_t nr_irqs;   /* as it was set, or 0 */
    _Atomic uint32_t maint_irq; /* or 0 */
    _Atomic uint32_t single;    /* the region was given as KVM's legacy REDIST address */
};

struct lvgic_vm {
    /* Constant after initialisation. */
    const struct lvgic_host *host;
    void *host_ctx;
    struct lvgic_vcpu *vcpus;
    uint16_t *by_affinity; /* vCPU indices, in the order of their affinities */
    struct irq *spis;      /* and extended SPIs, and LPIs */
    uint32_t nr_vcpus;
    uint32_t nr_spis;     /* INTIDs 32 up */
    uint32_t nr_espis;    /* INTIDs 4096 up */
    uint32_t nr_eppis;    /* of each vCPU, INTIDs 1056 up */
    uint32_t nr_private;  /* slots below this one are a vCPU's own */
    uint32_t nr_wired;    /* slots from this one on are LPIs */
    uint32_t nr_slots;    /* of one vCPU */
    uint32_t nr_groups;   /* of 64 slots */
    uint32_t group_words; /* of 64 groups */
    uint32_t news_shift;  /* a bit of news_groups stands for so many groups, as a power of two */
    uint8_t pri_bits;
    bool gicv2;
    bool no_dir_trap;
    bool one_of_n;
    bool range_selector; /* some Aff0 is above 15 */
    bool nmi;            /* FEAT_GICv3_NMI is offered */
    bool two_states;     /* two security states were configured; CTLR_DS says whether there are */
    uint8_t ipa_bits;
    bool kvm_attributes; /* device attributes succeed where KVM's do */

    /* Changed by who restores a snapshot or writes device attributes; anybody may read them. */
    _Atomic uint32_t spi_limit; /* INTIDs 32 up, at most nr_spis, that the VM has */
    _Atomic uint32_t iidr;      /* GICD_IIDR and GICR_IIDR */
    _Atomic uint64_t gicd_pidr; /* GICD_PIDR0 in [7:0] to PIDR7 in [63:56] */
    _Atomic uint64_t gicr_pidr;
    _Atomic uint32_t private_lock; /* somebody works on the private state of vCPUs that he holds */
    _Atomic uint32_t started;      /* CTRL INIT was set, or a vCPU has run */
    struct vm_setup setup;

    _Atomic uint64_t *routes; /* GICD_IROUTER<n>, or its byte of GICD_ITARGETSR<n>, of each SPI */
    _Atomic uint16_t *spi_pintid; /* physical INTID behind each SPI that has HW set */
    _Atomic uint8_t *spi_nsacr;   /* GICD_NSACR of each SPI */
    _Atomic uint32_t gicd_ctlr;   /* the group enables, and DS */
    _Atomic uint32_t gicd_statusr;
    _Atomic uint32_t spi_home; /* the vCPUs on which SPIs may be active (deliver/dir.h), ... */
    _Atomic uint32_t spi_home_known; /* ... as far as every vCPU in the guest knows */
    _Atomic uint32_t released;       /* slots whose last holder has gone, since initialisation */

    uint32_t v2m_first, v2m_nr; /* SPIs of the GICv2m frame */

    struct lpi_space lpis;
    struct its *its; /* nr_its of them */
    uint32_t nr_its;
    /* The ITSs' part of what the claim's holder does: up to *budget units; true if more is left. */
    bool (*its_work)(struct lvgic_vm *vm, uint32_t *budget);
};

/* An LPI slot may be given to another INTID. Release: what was done with it comes before that. */
static inline void vm_free_lpi(struct lvgic_vm *vm, uint32_t lpi)
{
    atomic_fetch_or_explicit(&vm->lpis.free[lpi / 64], BIT64(lpi % 64), memory_order_release);
}

/* A holder of an LPI slot (IRQ_MAPPED or IRQ_INLR) was set or cleared: `w` is the word since. */
static inline void vm_trace_holder(struct lvgic_vm *vm, uint32_t slot, uint64_t w, uint64_t holder)
{
#if defined(LVGIC_DEBUG) && LVGIC_DEBUG
    if (slot >= vm->nr_wired && vm->host->holder)
        vm->host->holder(vm->host_ctx, slot - vm->nr_wired,
                         holder == IRQ_MAPPED ? LVGIC_HOLDER_MAPPED : LVGIC_HOLDER_LIST_REGISTER,
                         w & holder);
#else
    (void)vm, (void)slot, (void)w, (void)holder;
#endif
}

/* The last holder of a slot has gone: called by whoever made the change that cleared its bit, so
 * exactly once for each life of a slot. Any context. */
static inline void vm_release_slot(struct lvgic_vm *vm, uint32_t slot)
{
    /* Relaxed: a counter. */
    atomic_fetch_add_explicit(&vm->released, 1, memory_order_relaxed);
    if (slot >= vm->nr_wired)
        vm_free_lpi(vm, slot - vm->nr_wired);
}

/* SGIs are the first slots. */
static inline bool slot_is_sgi(uint32_t slot)
{
    return slot < NR_SGIS;
}

static inline bool slot_is_private(const struct lvgic_vm *vm, uint32_t slot)
{
    return slot < vm->nr_private;
}

/* How many SPIs the guest has: as many as there is room for, unless KVM's NR_IRQS says fewer.
 * Relaxed: it is lowered, if at all, before the interrupts that it hides are used. */
static inline uint32_t vm_nr_spis(const struct lvgic_vm *vm)
{
    return atomic_load_explicit(&vm->spi_limit, memory_order_relaxed);
}

/* The slot of an INTID; INTID_NONE if this VM has no such interrupt. Not for LPIs: lpi_find(). */
static inline uint32_t vm_slot(const struct lvgic_vm *vm, uint32_t intid)
{
    if (intid < NR_PRIVATE)
        return intid;
    if (intid - FIRST_SPI < vm_nr_spis(vm))
        return vm->nr_private + intid - FIRST_SPI;
    if (intid - FIRST_EPPI < vm->nr_eppis)
        return NR_PRIVATE + intid - FIRST_EPPI;
    if (intid - FIRST_ESPI < vm->nr_espis)
        return vm->nr_private + vm->nr_spis + intid - FIRST_ESPI;
    return INTID_NONE;
}

/* The INTID of a slot of this VM; of an LPI slot, while somebody holds it. */
static inline uint32_t vm_intid(const struct lvgic_vm *vm, uint32_t slot)
{
    /* Relaxed: stored before the word was MAPPED, which whoever holds the slot has acquired. */
    if (slot >= vm->nr_wired)
        return atomic_load_explicit(&vm->lpis.lpis[slot - vm->nr_wired].intid,
                                    memory_order_relaxed);
    if (slot < NR_PRIVATE)
        return slot;
    if (slot < vm->nr_private)
        return FIRST_EPPI + slot - NR_PRIVATE;
    slot -= vm->nr_private;
    return slot < vm->nr_spis ? FIRST_SPI + slot : FIRST_ESPI + slot - vm->nr_spis;
}

/* The interrupt behind a slot of this vCPU. */
static inline struct irq *vcpu_irq(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    const struct lvgic_vm *vm = vcpu->vm;

    return slot < vm->nr_private ? &vcpu->private_irqs[slot] : &vm->spis[slot - vm->nr_private];
}

/* The route of the SPI behind a slot. */
static inline _Atomic uint64_t *vm_route(const struct lvgic_vm *vm, uint32_t slot)
{
    return &vm->routes[slot - vm->nr_private];
}

static inline _Atomic uint16_t *vcpu_pintid(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    const struct lvgic_vm *vm = vcpu->vm;

    return slot < vm->nr_private ? &vcpu->private_pintid[slot]
                                 : &vm->spi_pintid[slot - vm->nr_private];
}

/* GICD_CTLR as it is now. Relaxed: who must not miss a change was told by attention, or looks
 * again.
 */
static inline uint32_t vm_gicd_ctlr(const struct lvgic_vm *vm)
{
    return atomic_load_explicit(&vm->gicd_ctlr, memory_order_relaxed);
}

/* Does the distributor forward this interrupt's group (Secure group 1 with the modifier)? */
static inline bool ctlr_forwards(uint32_t gicd_ctlr, uint64_t w)
{
    if (w & IRQ_GRP1)
        return gicd_ctlr & CTLR_ENABLE_GROUP1;
    if ((w & IRQ_MOD) && !(gicd_ctlr & CTLR_DS))
        return gicd_ctlr & CTLR_ENABLE_GROUP1S;
    return gicd_ctlr & CTLR_ENABLE_GROUP0;
}

/* A priority as Non-secure software sees it in the CPU interface (4.8.1): its own are the lower
 * half, shifted up; the upper half is 0. */
static inline uint32_t priority_non_secure(uint32_t priority)
{
    return priority & 0x80 ? priority << 1 & 0xff : 0;
}

/* The priority with which the CPU interface knows an interrupt: that of one security state, or the
 * Non-secure view of two. */
static inline uint32_t ctlr_priority(uint32_t gicd_ctlr, uint64_t w)
{
    return gicd_ctlr & CTLR_DS ? irq_prio(w) : priority_non_secure(irq_prio(w));
}

/* The word as it is now. Relaxed: whoever was told of a change (by a hint, a kick, a return from a
 * call) has been ordered after it by that; others may see it a moment later. */
static inline uint64_t irq_load(struct irq *irq)
{
    return atomic_load_explicit(&irq->word, memory_order_relaxed);
}

/* How the VM behaves: GICD_IIDR.Revision of the library's own and of KVM's product; any other
 * product's revisions are its own. */
#define IIDR_REVISION_HI 15
#define IIDR_REVISION_LO 12
#define IIDR_OWN 0x4c00343bu /* product 'L', variant 0, revision 3, implementer Arm */

static inline uint32_t iidr_revision(uint32_t iidr)
{
    uint32_t product = iidr >> 24, revision = iidr >> IIDR_REVISION_LO & 0xf;
    bool known = product == 'L' || product == 'K';

    return known && (revision == 1 || revision == 2) ? revision : 3;
}

static inline uint32_t vm_revision(const struct lvgic_vm *vm)
{
    /* Relaxed: a value for its own sake. */
    return iidr_revision(atomic_load_explicit(&vm->iidr, memory_order_relaxed));
}

/* In revision 1 the guest cannot choose groups: all are in group 1, with GICv2 in group 0. */
static inline bool vm_groups_fixed(const struct lvgic_vm *vm)
{
    return vm_revision(vm) == 1;
}

/* The stamp of LPIs that become pending on this vCPU now. Relaxed: a change is announced as that of
 * a group enable is, by attention and kick; and whoever was told that it is done comes after. */
static inline uint32_t vcpu_lpi_stamp(const struct lvgic_vcpu *vcpu)
{
    return lpi_stamp(atomic_load_explicit(&vcpu->lpis.state, memory_order_relaxed));
}

/* Is this the word of an LPI that is dead: of a redistributor that was disabled since? */
static inline bool vcpu_lpi_is_stale(const struct lvgic_vcpu *target, uint64_t w)
{
    return (w & IRQ_NOACT) && irq_stamp(w) != vcpu_lpi_stamp(target);
}

/* Rows of waiting interrupts: one for NMIs and one for each priority. */
static inline uint32_t vm_nr_rows(const struct lvgic_vm *vm)
{
    return 1 + (1u << vm->pri_bits);
}

/* The bits of a priority that are implemented. */
static inline uint32_t priority_mask(const struct lvgic_vm *vm)
{
    return 0xffu & (0xffu << (8 - vm->pri_bits));
}

/*
 * The one place where an interrupt changes.
 *
 * `step` is a pure function: it says what becomes of an old word, or that the word is to be left
 * alone (false). It may run several times. The compare-and-swap is done even when the word does not
 * change: skipping it because a bit looks set would lose an edge that is being consumed just now,
 * and would not publish what the caller stored before (a device's data) to the vCPU that takes the
 * interrupt.
 */
typedef bool (*irq_step)(uint64_t old, void *arg, uint64_t *new);

struct irq_change {
    bool done;
    uint64_t old;
    uint64_t new; /* meaningful if done */
};

static inline __attribute__((always_inline)) struct irq_change irq_change(struct irq *irq,
                                                                          irq_step step, void *arg)
{
    struct irq_change change = {.done = false, .old = irq_load(irq)};

    do {
        if (!step(change.old, arg, &change.new))
            return change;
        /* Release: what this thread did before (the device's data, the list register's filling)
         * is seen by whoever acts on the new word. Acquire: this thread sees the same of those
         * whose changes it builds on. On failure nothing is acted upon, so relaxed. */
    } while (!atomic_compare_exchange_weak_explicit(&irq->word, &change.old, change.new,
                                                    memory_order_acq_rel, memory_order_relaxed));
    change.done = true;
    return change;
}

/* An event from any thread. Not done if the slot is unmapped, or of another generation (stale), or
 * if it lacks one of the flags in `require`. */
struct irq_change irq_change_event(struct irq *irq, uint32_t gen, uint64_t require,
                                   enum irq_event event, uint32_t arg);

/* The vCPU with this affinity ([39:32] and [23:0]), or NULL. */
struct lvgic_vcpu *vm_find_affinity(const struct lvgic_vm *vm, uint64_t affinity);

/* The vCPU that an SPI with this route goes to, or IRQ_NOBODY; not for 1-of-N. With GICv2 a route
 * is GICD_ITARGETSR's byte: of several targets any one may get it (IHI 0048B 3.2.3), and it is the
 * lowest. So the choice needs no state, and software that means "anybody" has its boot CPU awake.
 */
uint32_t vm_route_target(const struct lvgic_vm *vm, uint64_t route);

/* Laying out a VM in the embedder's memory; see lvgic_vm_size() and lvgic_vm_init(). */

/* Takes `bytes`, aligned to a cache line, from the block; counts only when there is no block yet.
 */
void *vm_take(char *memory, size_t *used, size_t bytes);
size_t vm_layout(struct lvgic_vm *vm, const struct lvgic_config *config, void *memory);
bool vm_config_valid(const struct lvgic_config *config);
void vm_reset_irqs(struct lvgic_vm *vm);

/* The word of an interrupt after reset: of one that is private to vCPU `vcpu`, or of an SPI. */
uint64_t vm_reset_word(const struct lvgic_vm *vm, uint32_t slot, uint32_t vcpu);
bool vm_sort_affinities(struct lvgic_vm *vm);

#endif
