/* SPDX-License-Identifier: MIT */
#include "deliver/overflow.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/run.h"

static void remove_at(struct lvgic_vcpu *vcpu, uint32_t place)
{
    vcpu->overflow_depth--;
    for (uint32_t i = place; i < vcpu->overflow_depth; i++)
        vcpu->overflow[i] = vcpu->overflow[i + 1];
}

const struct overflow_entry *overflow_find(const struct lvgic_vcpu *vcpu, uint32_t slot,
                                           uint8_t life)
{
    /* The topmost: an older one of the same slot belongs to an activation that ended otherwise. */
    for (uint32_t i = vcpu->overflow_depth; i-- > 0;)
        if (vcpu->overflow[i].slot == slot && vcpu->overflow[i].life == life)
            return &vcpu->overflow[i];
    return NULL;
}

void overflow_take(struct lvgic_vcpu *vcpu, struct listing *listing)
{
    const struct overflow_entry *entry = overflow_find(vcpu, listing->slot, listing->life);

    if (!entry)
        return;
    listing->remembered = true;
    listing->ack_seq = entry->ack_seq;
    listing->ack_group1 = entry->group1;
    listing->ack_priority = entry->priority;
    listing->ack_level = entry->level;
    remove_at(vcpu, (uint32_t)(entry - vcpu->overflow));
}

void overflow_prune(struct lvgic_vcpu *vcpu)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < vcpu->overflow_depth; i++) {
        struct overflow_entry entry = vcpu->overflow[i];

        if (icv_level_is_active(&vcpu->lrs, entry.level, entry.group1))
            vcpu->overflow[kept++] = entry;
    }
    vcpu->overflow_depth = kept;
}

bool overflow_claim(struct lvgic_vcpu *vcpu, const struct listing *listing, uint64_t run)
{
    for (uint32_t i = 0; i < vcpu->overflow_depth; i++) {
        const struct overflow_entry *entry = &vcpu->overflow[i];

        if (entry->level != listing->ack_level ||
            (entry->group1 != listing->ack_group1 && !vcpu->lrs.gicv2))
            continue;
        if (entry->ack_seq >= run)
            return false;
        remove_at(vcpu, i);
        break;
    }
    return true;
}

void overflow_put(struct lvgic_vcpu *vcpu, const struct listing *listing)
{
    /* A guest has one running priority for each entry, so there is room, unless it deactivates by
     * other means and never completes. Then the oldest is the one that it can reach last. */
    if (vcpu->overflow_depth == MAX_OVERFLOW)
        remove_at(vcpu, 0);

    uint32_t place = vcpu->overflow_depth++;

    while (place > 0 && vcpu->overflow[place - 1].ack_seq > listing->ack_seq) {
        vcpu->overflow[place] = vcpu->overflow[place - 1];
        place--;
    }
    vcpu->overflow[place] = (struct overflow_entry){.slot = listing->slot,
                                                    .life = listing->life,
                                                    .group1 = listing->ack_group1,
                                                    .priority = listing->ack_priority,
                                                    .level = listing->ack_level,
                                                    .ack_seq = listing->ack_seq};
    if (vcpu->overflow_depth > vcpu->stats.overflow_stack_max)
        vcpu->stats.overflow_stack_max = vcpu->overflow_depth;
}

static bool level_is_taken(const struct lvgic_vcpu *vcpu, uint8_t level)
{
    for (uint32_t i = 0; i < vcpu->overflow_depth; i++)
        if (vcpu->overflow[i].level == level)
            return true;
    return false;
}

/* Below those that preempted it: those of lower levels, and NMIs. */
static void insert_by_level(struct lvgic_vcpu *vcpu, struct overflow_entry entry)
{
    uint32_t place = vcpu->overflow_depth++;

    while (place > 0) {
        const struct overflow_entry *below = &vcpu->overflow[place - 1];
        bool on_top = entry.level == ICV_LEVEL_NMI ||
                      (below->level != ICV_LEVEL_NMI && below->level > entry.level);

        if (on_top)
            break;
        vcpu->overflow[place] = *below;
        place--;
    }
    vcpu->overflow[place] = entry;
    for (uint32_t i = 0; i < vcpu->overflow_depth; i++)
        vcpu->overflow[i].ack_seq = i;
    vcpu->next_ack_seq = vcpu->overflow_depth;
}

void overflow_complete(struct lvgic_vcpu *vcpu)
{
    uint32_t gicd_ctlr = vm_gicd_ctlr(vcpu->vm);

    /* Relaxed: as where it was looked at. */
    atomic_store_explicit(&vcpu->acks_missing, 0, memory_order_relaxed);
    overflow_prune(vcpu);
    for (uint32_t slot = 0; slot < vcpu->vm->nr_wired; slot++) {
        uint64_t w = irq_load(vcpu_irq(vcpu, slot));
        bool group1 = w & IRQ_GRP1;
        uint32_t priority = ctlr_priority(gicd_ctlr, w);

        if (!irq_replayable(w, irq_life(w), vcpu->index) ||
            overflow_find(vcpu, slot, (uint8_t)irq_life(w)) || vcpu->overflow_depth == MAX_OVERFLOW)
            continue;

        /* As in a list register that it was acknowledged in. */
        uint64_t lr = (uint64_t)(irq_is_nmi(w) ? 0 : priority) << 48 | (group1 ? LR_GROUP1 : 0) |
                      (irq_is_nmi(w) ? LR_NMI : 0);
        int level = icv_level_of(&vcpu->lrs, lr);

        if (level >= 0 && !level_is_taken(vcpu, (uint8_t)level))
            insert_by_level(vcpu, (struct overflow_entry){.slot = slot,
                                                          .life = (uint8_t)irq_life(w),
                                                          .group1 = group1,
                                                          .priority = lr_priority(lr),
                                                          .level = (uint8_t)level});
    }
}

/* How many entries, from the top, have had their priority dropped. */
static uint32_t dropped(const struct lvgic_vcpu *vcpu)
{
    uint32_t nr = 0;

    while (nr < vcpu->overflow_depth) {
        const struct overflow_entry *entry = &vcpu->overflow[vcpu->overflow_depth - 1 - nr];

        if (icv_level_is_active(&vcpu->lrs, entry->level, entry->group1))
            break;
        nr++;
    }
    return nr;
}

void overflow_replay(struct lvgic_vcpu *vcpu, uint32_t count, struct effects *effects)
{
    uint32_t without_count = count ? dropped(vcpu) : 0;

    /* More were dropped than counted: the first ones with EOImode 1, which ended before the count
     * made the guest come out. They wait for their DIR. */
    if (without_count > count)
        vcpu->overflow_depth -= without_count - count;
    while (count-- > 0 && vcpu->overflow_depth > 0) {
        struct overflow_entry entry = vcpu->overflow[--vcpu->overflow_depth];

        if (deliver_deactivate(vcpu, entry.slot, entry.life, effects))
            vcpu->stats.eoicount_replays++;
    }
}
