/* SPDX-License-Identifier: MIT */
#include "deliver/waiting.h"

#include "arch/lr.h"

static uint32_t row_of(const struct lvgic_vm *vm, uint64_t w)
{
    return irq_is_nmi(w) ? 0 : 1 + (irq_prio(w) >> (8 - vm->pri_bits));
}

static uint64_t *row_words(struct lvgic_vcpu *vcpu, uint32_t row)
{
    return &vcpu->waiting.rows[(size_t)row * vcpu->vm->group_words];
}

static bool has_row(const struct rows *rows, uint32_t row)
{
    return rows->bits[row / 64] & BIT64(row % 64);
}

static void set_row(struct rows *rows, uint32_t row, bool to)
{
    rows->bits[row / 64] &= ~BIT64(row % 64);
    rows->bits[row / 64] |= (uint64_t)to << row % 64;
}

static bool row_has_group(struct lvgic_vcpu *vcpu, uint32_t row, uint32_t group)
{
    return has_row(&vcpu->waiting.occupied, row) &&
           (row_words(vcpu, row)[group / 64] & BIT64(group % 64));
}

/* An interrupt with word `w` of this group waits in its priority's row. */
static void mark_row(struct lvgic_vcpu *vcpu, uint64_t w, uint32_t group)
{
    struct waiting *waiting = &vcpu->waiting;
    uint32_t row = row_of(vcpu->vm, w);

    row_words(vcpu, row)[group / 64] |= BIT64(group % 64);
    set_row(&waiting->occupied, row, true);
    set_row(&waiting->shut, row, false);
    if (w & IRQ_ACT)
        set_row(&waiting->passive, row, false);
}

void waiting_add(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w)
{
    vcpu->waiting.slots[slot / 64] |= BIT64(slot % 64);
    mark_row(vcpu, w, slot / 64);
}

void waiting_under(struct lvgic_vcpu *vcpu, uint32_t gicd_ctlr)
{
    uint64_t enables = gicd_ctlr | (vcpu->lrs.vmcr & (VMCR_VENG0 | VMCR_VENG1)) << 32;
    struct waiting *waiting = &vcpu->waiting;

    if (waiting->shut_under == enables)
        return;
    waiting->shut_under = enables;
    waiting->shut_gated = 0;
    waiting->shut = (struct rows){.bits = {0}};
}

bool waiting_has_news(const struct lvgic_vcpu *vcpu)
{
    /* Relaxed: the caller's fence orders this after its own publication; the news itself is taken
     * with acquire. */
    return atomic_load_explicit(&vcpu->news_groups, memory_order_relaxed) != 0;
}

static void take_group(struct lvgic_vcpu *vcpu, uint32_t group)
{
    /* Acquire, like the exchange of the group's bit: the words are read as they were when the hints
     * were left, or newer. Clear before look: a hint that comes after this makes the bit anew. */
    uint64_t slots = atomic_exchange_explicit(&vcpu->news_slots[group], 0, memory_order_acquire);
    unsigned bit;

    while (bits_take_first(&slots, &bit)) {
        uint32_t slot = group * 64 + bit;

        waiting_add(vcpu, slot, irq_load(vcpu_irq(vcpu, slot)));
    }
}

void waiting_take_news(struct lvgic_vcpu *vcpu)
{
    uint32_t shift = vcpu->vm->news_shift;
    uint64_t bits = 0;
    unsigned bit;

    /* An empty word is left alone, so that an entry without news writes nothing shared. What this
     * load misses, the check after publishing finds. */
    if (waiting_has_news(vcpu))
        bits = atomic_exchange_explicit(&vcpu->news_groups, 0, memory_order_acquire);
    while (bits_take_first(&bits, &bit)) {
        uint32_t group = bit << shift, end = (bit + 1) << shift;

        /* A bit for several groups: whose news it is about is seen, since that was acquired. */
        for (; group < end && group < vcpu->vm->nr_groups; group++)
            if (atomic_load_explicit(&vcpu->news_slots[group], memory_order_relaxed))
                take_group(vcpu, group);
    }
}

struct scan {
    waiting_visit visit;
    void *arg;
    struct rows *idle;
    bool stopped;
    bool all_idle; /* of the row's so far */
};

/* Visits the slots of one group that have the row's priority. Returns whether any goes on waiting
 * in this row. */
static bool scan_group(struct lvgic_vcpu *vcpu, uint32_t row, uint32_t group, struct scan *scan)
{
    uint64_t slots = vcpu->waiting.slots[group];
    bool keep = false;
    unsigned bit;

    while (!scan->stopped && bits_take_first(&slots, &bit)) {
        uint32_t slot = group * 64 + bit;
        uint64_t w = irq_load(vcpu_irq(vcpu, slot));
        enum visit what = VISIT_DROP;

        if (irq_wanted(w) && !(w & IRQ_INLR) && irq_effective(w) == vcpu->index &&
            !vcpu_lpi_is_stale(vcpu, w)) {
            if (row_of(vcpu->vm, w) != row) {
                /* Another priority's, or it has changed: there it waits. A row that has the group
                 * already is left alone: who changed it left a hint. */
                if (!row_has_group(vcpu, row_of(vcpu->vm, w), group))
                    mark_row(vcpu, w, group);
                continue;
            }
            what = scan->visit(vcpu, slot, w, scan->arg);
        }
        /* Whoever makes a dropped one want this vCPU again leaves a new hint. */
        if (what == VISIT_DROP)
            vcpu->waiting.slots[group] &= ~BIT64(bit);
        else
            keep = true;
        if (what != VISIT_DROP && what != VISIT_IDLE)
            scan->all_idle = false;
        scan->stopped = what == VISIT_STOP;
    }
    return keep;
}

static void scan_row(struct lvgic_vcpu *vcpu, uint32_t row, struct scan *scan)
{
    uint64_t *words = row_words(vcpu, row);
    bool keep = false;

    scan->all_idle = true;
    for (uint32_t i = 0; i < vcpu->vm->group_words && !scan->stopped; i++) {
        uint64_t groups = words[i];
        unsigned bit;

        while (!scan->stopped && bits_take_first(&groups, &bit))
            if (!scan_group(vcpu, row, i * 64 + bit, scan))
                words[i] &= ~BIT64(bit);
        keep = keep || words[i];
    }
    if (!keep)
        set_row(&vcpu->waiting.occupied, row, false);
    else if (scan->all_idle)
        set_row(scan->idle, row, true);
}

void waiting_scan(struct lvgic_vcpu *vcpu, waiting_visit visit, void *arg, struct rows *idle)
{
    struct scan scan = {.visit = visit, .arg = arg, .idle = idle};

    for (uint32_t i = 0; i < ARRAY_LEN(idle->bits) && !scan.stopped; i++) {
        uint64_t rows = vcpu->waiting.occupied.bits[i] & ~idle->bits[i];
        unsigned bit;

        while (!scan.stopped && bits_take_first(&rows, &bit))
            scan_row(vcpu, i * 64 + bit, &scan);
    }
}

bool waiting_knows(const struct lvgic_vcpu *vcpu, uint32_t slot)
{
    uint32_t group = slot / 64;
    const struct lvgic_vm *vm = vcpu->vm;
    bool row = false;

    /* Relaxed: asked for while all is quiet. */
    uint64_t slots = atomic_load_explicit(&vcpu->news_slots[group], memory_order_relaxed);
    uint64_t groups = atomic_load_explicit(&vcpu->news_groups, memory_order_relaxed);

    if ((slots & BIT64(slot % 64)) && (groups & BIT64(group >> vm->news_shift)))
        return true;
    for (uint32_t r = 0; r < vm_nr_rows(vm); r++)
        row = row || (has_row(&vcpu->waiting.occupied, r) &&
                      (vcpu->waiting.rows[r * vm->group_words + group / 64] & BIT64(group % 64)));
    return row && (vcpu->waiting.slots[group] & BIT64(slot % 64));
}
