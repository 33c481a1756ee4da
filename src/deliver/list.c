/* SPDX-License-Identifier: MIT */
/*
 * Filling the list registers.
 *
 * What is pending comes first, best priority first; what is only active (or active and pending)
 * gets the registers that are left. So when more is pending than fits, every register holds
 * something that is pending: then "no register pending" (NPIE) is false at first and becomes true
 * when the guest has taken them, which is when there is room again. An active interrupt without a
 * register is remembered in the order of acknowledgement, and deactivated by EOIcount or by DIR.
 */
#include "arch/lr.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/dir.h"
#include "deliver/overflow.h"
#include "deliver/run.h"
#include "deliver/waiting.h"

struct candidate {
    struct listing listing;
    uint64_t w;
};

struct fill {
    struct candidate candidates[LVGIC_MAX_LRS];
    unsigned nr;
    unsigned room;
    uint32_t gicd_ctlr;
    bool active_pass;
    bool pending_spilled; /* something deliverable found no register */
    bool active_spilled;  /* something active found none */
    bool active_seen;     /* something active waits for the second pass */
    uint64_t gated;       /* VMCR group enables that would let something more in */
};

struct list_step {
    uint32_t me;
    uint32_t gicd_ctlr;
    bool active_pass;
    const struct overflow_entry *entry; /* what it was acknowledged with, if it was */
    struct irq_listing how;
};

/* Would the interrupt be acknowledged with the same priority and group again? */
static bool acknowledged_as(const struct overflow_entry *entry, uint32_t gicd_ctlr, uint64_t w)
{
    bool nmi = entry->level == ICV_LEVEL_NMI;

    return nmi == irq_is_nmi(w) && entry->group1 == !!(w & IRQ_GRP1) &&
           (nmi || entry->priority == ctlr_priority(gicd_ctlr, w));
}

static bool list_step(uint64_t old, void *arg, uint64_t *new)
{
    struct list_step *step = arg;

    if (!irq_wanted(old) || (old & IRQ_INLR) || irq_effective(old) != step->me ||
        !(old & IRQ_ACT) == step->active_pass)
        return false;
    /* While the distributor holds its group back an active interrupt is listed as active only: what
     * is pending must not follow its completion. */
    uint64_t held = ctlr_forwards(step->gicd_ctlr, old) ? 0 : old & IRQ_EN;

    if (held && !(old & IRQ_ACT))
        return false; /* its group is closed now: whoever moved it there has left a hint */
    /* It keeps the priority and group that it was acknowledged with, and what is pending has others
     * now: that waits, and the completion must be seen. */
    bool differs = step->entry && (old & IRQ_EN) && irq_pending(old) &&
                   !acknowledged_as(step->entry, step->gicd_ctlr, old);

    if (differs)
        held = old & IRQ_EN;
    *new = irq_list(old & ~held, step->me, &step->how) | held;
    if (differs) {
        step->how.hw = false;
        step->how.eoi = true;
    }
    return true;
}

/* May this group's interrupts be listed? PMR, BPR and the running priority do not come into it: the
 * guest changes them without a trap, and the hardware looks at them itself. */
static bool group_open(const struct lvgic_vcpu *vcpu, struct fill *fill, uint64_t w)
{
    bool group1 = w & IRQ_GRP1;
    uint64_t enable = vmcr_group_enable(group1);

    /* A closed distributor announces its opening by attention and kick. */
    if (!ctlr_forwards(fill->gicd_ctlr, w))
        return false;
    if (vcpu->lrs.vmcr & enable)
        return true;
    /* The guest opens its CPU interface without a trap: a maintenance interrupt must tell. */
    fill->gated |= enable;
    return false;
}

static enum visit list_one(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w, void *arg)
{
    struct fill *fill = arg;
    struct list_step step = {
        .me = vcpu->index, .gicd_ctlr = fill->gicd_ctlr, .active_pass = fill->active_pass};

    if (!fill->active_pass) {
        if (w & IRQ_ACT) {
            fill->active_seen = true;
            return VISIT_KEEP;
        }
        if (!group_open(vcpu, fill, w))
            return VISIT_IDLE;
    } else if (!(w & IRQ_ACT)) {
        return VISIT_IDLE;
    }
    if (fill->nr == fill->room) {
        fill->pending_spilled = fill->pending_spilled || !fill->active_pass;
        fill->active_spilled = fill->active_pass;
        return VISIT_STOP;
    }

    if (fill->active_pass)
        step.entry = overflow_find(vcpu, slot, (uint8_t)irq_life(w));

    struct irq_change change = irq_change(vcpu_irq(vcpu, slot), list_step, &step);

    if (!change.done) /* changed under our eyes: whoever did it has left a hint, or will */
        return VISIT_KEEP;
    vm_trace_holder(vcpu->vm, slot, change.new, IRQ_INLR);
    fill->candidates[fill->nr++] = (struct candidate){
        .listing = {.how = step.how, .slot = slot, .life = (uint8_t)irq_life(change.new)},
        .w = change.new,
    };
    return VISIT_DROP;
}

static uint32_t vintid_of(const struct lvgic_vcpu *vcpu, const struct candidate *candidate)
{
    uint32_t source = candidate->w & IRQ_SRC ? irq_source(candidate->w) : 0;

    return vm_intid(vcpu->vm, candidate->listing.slot) | source << VINTID_SOURCE_LO;
}

static uint64_t encode(struct lvgic_vcpu *vcpu, const struct candidate *candidate,
                       uint32_t gicd_ctlr)
{
    const struct irq_listing *how = &candidate->listing.how;
    uint64_t lr = vintid_of(vcpu, candidate);

    bool nmi = irq_is_nmi(candidate->w), group1 = candidate->w & IRQ_GRP1;
    uint64_t priority = ctlr_priority(gicd_ctlr, candidate->w);

    /* An acknowledged interrupt keeps the priority and group that it was acknowledged with: the
     * hardware compares them with its active priorities when the guest completes. */
    if (candidate->listing.remembered) {
        nmi = candidate->listing.ack_level == ICV_LEVEL_NMI;
        group1 = candidate->listing.ack_group1;
        priority = candidate->listing.ack_priority;
    }
    /* An NMI's priority does not count; as zero nobody can mistake it for another. */
    lr |= nmi ? LR_NMI : priority << 48;
    lr |= group1 ? LR_GROUP1 : 0;
    lr |= how->pending ? LR_PENDING : 0;
    lr |= how->active ? LR_ACTIVE : 0;
    if (how->hw) {
        /* Relaxed: the pINTID was stored before the word's HW bit, which the listing's
         * compare-and-swap acquired. */
        uint32_t pintid =
            atomic_load_explicit(vcpu_pintid(vcpu, candidate->listing.slot), memory_order_relaxed);
        lr = bits_put(lr, 44, 32, pintid) | LR_HW;
    } else if (how->eoi) {
        lr |= LR_EOI;
    }
    return lr;
}

static void put(struct lvgic_vcpu *vcpu, unsigned reg, struct candidate *candidate,
                uint32_t gicd_ctlr)
{
    if (candidate->listing.how.active)
        overflow_take(vcpu, &candidate->listing);
    vcpu->lrs.lr[reg] = encode(vcpu, candidate, gicd_ctlr);
    vcpu->lrs.used |= 1u << reg;
    vcpu->listed[reg] = candidate->listing;
}

/* Which register holds what is free to choose: an interrupt that had one gets the same again, so
 * that a value that did not change is not written. */
static void assign(struct lvgic_vcpu *vcpu, struct fill *fill)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;
    uint32_t placed = 0;
    unsigned reg = 0;

    lrs->used = 0;
    for (unsigned i = 0; i < fill->nr; i++)
        for (unsigned r = 0; r < lrs->nr; r++)
            if (!(lrs->used & 1u << r) &&
                lr_vintid(lrs->lr[r]) == vintid_of(vcpu, &fill->candidates[i])) {
                put(vcpu, r, &fill->candidates[i], fill->gicd_ctlr);
                placed |= 1u << i;
                break;
            }
    for (unsigned i = 0; i < fill->nr; i++) {
        if (placed & 1u << i)
            continue;
        while (lrs->used & 1u << reg)
            reg++;
        put(vcpu, reg, &fill->candidates[i], fill->gicd_ctlr);
    }
    for (unsigned r = 0; r < lrs->nr; r++)
        if (!(lrs->used & 1u << r) && !lr_is_empty(lrs->lr[r]))
            lrs->lr[r] = 0;
    lrs->elrsr = (uint32_t)(BIT64(lrs->nr) - 1) & ~lrs->used;
}

/* Maintenance interrupts are asked for only on behalf of somebody who could then use a register: a
 * condition that stays true would keep the guest from ever running. */
static uint64_t conditions(struct lvgic_vcpu *vcpu, const struct fill *fill)
{
    uint64_t hcr = HCR_EN;

    /* With something pending left over the scan has not seen all that is active. (GICV_DIR traps by
     * its address.) */
    if (!vcpu->vm->gicv2 && dir_trap_needed(vcpu, fill->active_spilled || fill->pending_spilled))
        hcr |= vcpu->vm->no_dir_trap ? HCR_TC : HCR_TDIR;
    if (fill->pending_spilled) {
        hcr |= HCR_NPIE;
        /* With one register "at most one is valid" is always true. */
        if (vcpu->lrs.nr > 1)
            hcr |= HCR_UIE;
        /* Registers may be held by a group that the guest then disables. */
        hcr |= vcpu->lrs.vmcr & VMCR_VENG0 ? HCR_VGRP0DIE : 0;
        hcr |= vcpu->lrs.vmcr & VMCR_VENG1 ? HCR_VGRP1DIE : 0;
    }
    if (vcpu->overflow_depth)
        hcr |= HCR_LRENPIE;
    hcr |= fill->gated & VMCR_VENG0 ? HCR_VGRP0EIE : 0;
    hcr |= fill->gated & VMCR_VENG1 ? HCR_VGRP1EIE : 0;
    return hcr;
}

void deliver_fill(struct lvgic_vcpu *vcpu)
{
    struct fill fill;

    overflow_settle(vcpu);
    /* Not the candidates: most entries have none. */
    fill.nr = 0;
    fill.room = vcpu->lrs.nr;
    fill.active_pass = fill.pending_spilled = fill.active_spilled = fill.active_seen = false;
    /* Relaxed: attention was taken with acquire before, and is raised again by a later change. */
    fill.gicd_ctlr = vm_gicd_ctlr(vcpu->vm);
    waiting_under(vcpu, fill.gicd_ctlr);
    fill.gated = vcpu->waiting.shut_gated;

    waiting_scan(vcpu, list_one, &fill, &vcpu->waiting.shut);
    vcpu->waiting.shut_gated = fill.gated;
    if (fill.active_seen) {
        fill.active_pass = true;
        waiting_scan(vcpu, list_one, &fill, &vcpu->waiting.passive);
    }
    assign(vcpu, &fill);
    vcpu->lrs.hcr = conditions(vcpu, &fill);
    vcpu->stats.listed += fill.nr;
    vcpu->stats.overflows += fill.pending_spilled || vcpu->overflow_depth;
}
