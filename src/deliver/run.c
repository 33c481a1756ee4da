/* SPDX-License-Identifier: MIT */
#include "deliver/run.h"

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/check.h"
#include "deliver/dir.h"
#include "deliver/gate.h"
#include "deliver/overflow.h"
#include "deliver/waiting.h"

static void set_mode(struct lvgic_vcpu *vcpu, enum vcpu_mode mode)
{
    /* Release: who sees the vCPU out of the guest sees what its folds did. */
    atomic_store_explicit(&vcpu->mode, mode, memory_order_release);
}

/* Say where this vCPU is, before it looks whether there is something for it. */
static void publish(struct lvgic_vcpu *vcpu, enum vcpu_mode mode)
{
    /* Relaxed: a kick that was skipped because of a flag from before this was about a hint from
     * before this, which is about to be found. */
    atomic_store_explicit(&vcpu->kicked, 0, memory_order_relaxed);
    set_mode(vcpu, mode);
    /* The other half of the fence in effects.c's kick(): whoever leaves a hint and does not see
     * this mode has left it before, and it is found below. */
    atomic_thread_fence(memory_order_seq_cst);
}

/* Take what others have left, to be looked at. */
static void take_notices(struct lvgic_vcpu *vcpu)
{
    /* By exchange with acquire, and before the state that it is about is read: a plain store could
     * erase the notice of a change that is not visible yet. */
    atomic_exchange_explicit(&vcpu->attention, 0, memory_order_acquire);
    waiting_take_news(vcpu);
}

static bool has_notice(const struct lvgic_vcpu *vcpu)
{
    /* Relaxed: ordered after the publication by its fence. */
    return waiting_has_news(vcpu) || atomic_load_explicit(&vcpu->attention, memory_order_relaxed);
}

/* "In guest" is published first, and the list registers are filled after: so what comes during the
 * filling is followed by a kick, which the host keeps until the guest runs, and there is nothing to
 * look for again, nor to take back. And a list register is only ever filled by a vCPU that says so:
 * who sees it out of the guest may rely on it. */
void deliver_enter(struct lvgic_vcpu *vcpu)
{
    vcpu->stats.enters++;
    gate_wait_open(vcpu);
    dir_open(vcpu);
    publish(vcpu, VCPU_IN);
    while (gate_closed(vcpu)) {
        set_mode(vcpu, VCPU_OUT);
        gate_wait_open(vcpu);
        publish(vcpu, VCPU_IN);
    }
    take_notices(vcpu);
    deliver_fill(vcpu);
    DEBUG_CHECK(vcpu->vm, check_filled(vcpu));
}

void deliver_exit(struct lvgic_vcpu *vcpu)
{
    struct effects effects;
    uint32_t count = (uint32_t)bits_get(vcpu->lrs.hcr, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO);

    /* With EOImode 1 a completion is no deactivation; some implementations count it all the same.
     */
    if (vcpu->lrs.vmcr & VMCR_VEOIM)
        count = 0;

    effects_init(&effects);
    set_mode(vcpu, VCPU_FOLDING);
    /* Before folding: the count is about interrupts that were in no list register during the run,
     * and not about those that were acknowledged in it. */
    overflow_replay(vcpu, count, &effects);
    vcpu->lrs.hcr &= ~HCR_EOICOUNT;
    deliver_fold(vcpu, &effects);
    DEBUG_CHECK(vcpu->vm, check_folded(vcpu));
    dir_note_eoimode(vcpu);
    set_mode(vcpu, VCPU_OUT);
    effects_run(vcpu->vm, &effects);
}

/* The same handshake with the gate as in deliver_enter(). */
bool deliver_work_begin(struct lvgic_vcpu *vcpu)
{
    bool asleep = vcpu_mode(vcpu) == VCPU_BLOCKED;

    gate_wait_open(vcpu);
    publish(vcpu, VCPU_WORKING);
    while (gate_closed(vcpu)) {
        set_mode(vcpu, VCPU_OUT);
        gate_wait_open(vcpu);
        publish(vcpu, VCPU_WORKING);
    }
    return asleep;
}

void deliver_work_end(struct lvgic_vcpu *vcpu, bool asleep)
{
    struct effects effects;

    dir_note_eoimode(vcpu);
    if (!asleep) {
        set_mode(vcpu, VCPU_OUT);
        return;
    }
    /* Who came while it was at work has woken nobody. */
    publish(vcpu, VCPU_BLOCKED);
    effects_init(&effects);
    if (has_notice(vcpu))
        effects_kick(vcpu->vm, &effects, vcpu->index);
    effects_run(vcpu->vm, &effects);
}

bool deliver_eoimode(struct lvgic_vcpu *vcpu)
{
    bool inside = vcpu_mode(vcpu) == VCPU_IN, asleep = false;

    if (!inside)
        asleep = deliver_work_begin(vcpu);

    bool eoimode = vcpu->lrs.vmcr & VMCR_VEOIM;

    if (!inside)
        deliver_work_end(vcpu, asleep);
    return eoimode;
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
    if (!irq_deliverable(w) || !ctlr_forwards(scan->gicd_ctlr, w) ||
        !(vcpu->lrs.vmcr & vmcr_group_enable(group1)))
        return VISIT_KEEP;
    /* The best one decides: if it cannot preempt, those behind it are not signalled either. */
    scan->found = icv_would_signal(&vcpu->lrs, (uint8_t)ctlr_priority(scan->gicd_ctlr, w), group1,
                                   irq_is_nmi(w));
    return VISIT_STOP;
}

bool deliver_has_interrupt(struct lvgic_vcpu *vcpu)
{
    struct wake_scan scan = {.found = false};

    deliver_work_begin(vcpu); /* it may have been asleep */
    take_notices(vcpu);
    /* Relaxed: after attention was taken with acquire. */
    scan.gicd_ctlr = vm_gicd_ctlr(vcpu->vm);
    waiting_under(vcpu, scan.gicd_ctlr);
    /* A copy: what is shut is found out by those who also ask to be told when it opens. */
    struct rows shut = vcpu->waiting.shut;
    waiting_scan(vcpu, wake_visit, &scan, &shut);
    deliver_work_end(vcpu, false);
    return scan.found;
}

bool deliver_block(struct lvgic_vcpu *vcpu)
{
    if (deliver_has_interrupt(vcpu))
        return false;
    publish(vcpu, VCPU_BLOCKED);
    if (!has_notice(vcpu))
        return true;
    /* Something came in between. It may be nothing to wake up for, and then the host asks again:
     * waking up without need is always allowed. */
    set_mode(vcpu, VCPU_OUT);
    return false;
}
