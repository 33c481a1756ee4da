/* SPDX-License-Identifier: MIT */
#include "deliver/run.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/check.h"
#include "deliver/gate.h"
#include "deliver/overflow.h"
#include "deliver/waiting.h"

/* Entries that start over because news came are bounded: after these the vCPU goes in and is kicked
 * out at once, so that its thread gets to see its own requests. */
#define MAX_BACKOFFS 4

static void set_mode(struct lvgic_vcpu *vcpu, enum vcpu_mode mode)
{
    /* Release: who sees the vCPU out of the guest sees what its folds did. */
    atomic_store_explicit(&vcpu->mode, mode, memory_order_release);
}

/* Take what is about to be looked at. What comes after this is found again by publish(). */
static void take_notices(struct lvgic_vcpu *vcpu)
{
    /* Relaxed: a kick that is skipped because of a flag from before this was about a hint from
     * before this, which is taken below. */
    atomic_store_explicit(&vcpu->kicked, 0, memory_order_relaxed);
    /* By exchange with acquire, and before the state that it is about is read: a plain store could
     * erase the notice of a change that is not visible yet. */
    atomic_exchange_explicit(&vcpu->attention, 0, memory_order_acquire);
    waiting_take_news(vcpu);
}

static bool has_notice(const struct lvgic_vcpu *vcpu)
{
    /* Relaxed: ordered after the publication by the caller's fence. */
    return waiting_has_news(vcpu) || atomic_load_explicit(&vcpu->attention, memory_order_relaxed);
}

/* Publish a mode in which others have to notify, and look whether somebody came just before. */
static bool publish(struct lvgic_vcpu *vcpu, enum vcpu_mode mode)
{
    set_mode(vcpu, mode);
    /* The other half of the fence in effects.c's kick(). */
    atomic_thread_fence(memory_order_seq_cst);
    return !has_notice(vcpu);
}

static void fold_and_leave(struct lvgic_vcpu *vcpu, struct effects *effects)
{
    set_mode(vcpu, VCPU_FOLDING);
    deliver_fold(vcpu, effects);
    DEBUG_CHECK(vcpu->vm, check_folded(vcpu));
    set_mode(vcpu, VCPU_OUT);
}

/* What was filled never ran: it is folded as it was filled. A disable or retarget that came between
 * filling and publishing is honoured by that, and not lost by starting over. */
static void back_off(struct lvgic_vcpu *vcpu)
{
    struct effects effects;

    effects_init(&effects);
    vcpu->lrs.elrsr = 0;
    vcpu->lrs.hcr &= ~HCR_EOICOUNT;
    fold_and_leave(vcpu, &effects);
    vcpu->stats.backoffs++;
    effects_run(vcpu->vm, &effects);
}

void deliver_enter(struct lvgic_vcpu *vcpu)
{
    struct lvgic_vm *vm = vcpu->vm;

    vcpu->stats.enters++;
    for (unsigned tries = 0;; tries++) {
        gate_wait_open(vcpu);
        take_notices(vcpu);
        deliver_fill(vcpu);
        DEBUG_CHECK(vm, check_filled(vcpu));
        bool quiet = publish(vcpu, VCPU_IN);
        bool closed = gate_closed(vcpu);

        if (quiet && !closed)
            return;
        if (!closed && tries >= MAX_BACKOFFS) {
            vcpu->stats.kicks_self++;
            vm->host->kick(vm->host_ctx, LVGIC_VCPU(vcpu->index));
            return;
        }
        back_off(vcpu);
    }
}

void deliver_exit(struct lvgic_vcpu *vcpu)
{
    struct effects effects;
    uint32_t count = (uint32_t)bits_get(vcpu->lrs.hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO);

    effects_init(&effects);
    set_mode(vcpu, VCPU_FOLDING);
    /* Before folding: the count is about interrupts that were in no list register during the run,
     * and not about those that were acknowledged in it. */
    overflow_replay(vcpu, count, &effects);
    vcpu->lrs.hcr &= ~HCR_EOICOUNT;
    fold_and_leave(vcpu, &effects);
    effects_run(vcpu->vm, &effects);
}

struct wake_scan {
    uint32_t gicd_ctlr;
    bool found;
};

static enum visit wake_visit(struct lvgic_vcpu *vcpu, uint32_t slot, uint64_t w, void *arg)
{
    struct wake_scan *scan = arg;
    bool group1 = w & IRQ_GRP1;

    (void)slot;
    if (!irq_deliverable(w) || !(scan->gicd_ctlr & (group1 ? 2u : 1u)) ||
        !icv_would_signal(&vcpu->lrs, (uint8_t)irq_prio(w), group1))
        return VISIT_KEEP;
    scan->found = true;
    return VISIT_STOP;
}

bool deliver_has_interrupt(struct lvgic_vcpu *vcpu)
{
    struct wake_scan scan = {.found = false};

    take_notices(vcpu);
    /* Relaxed: after attention was taken with acquire. */
    scan.gicd_ctlr = atomic_load_explicit(&vcpu->vm->gicd_ctlr, memory_order_relaxed);
    waiting_scan(vcpu, wake_visit, &scan);
    return scan.found;
}

bool deliver_block(struct lvgic_vcpu *vcpu)
{
    set_mode(vcpu, VCPU_OUT);
    if (deliver_has_interrupt(vcpu))
        return false;
    if (publish(vcpu, VCPU_BLOCKED))
        return true;
    /* Something came in between. It may be nothing to wake up for, and then the host asks again:
     * waking up without need is always allowed. */
    set_mode(vcpu, VCPU_OUT);
    return false;
}
