/* SPDX-License-Identifier: MIT */
#include "deliver/lpi.h"

#include "deliver/check.h"
#include "deliver/effects.h"
#include "deliver/event.h"
#include "deliver/run.h"
#include "lvgic/its.h"

struct lpi_step {
    struct lvgic_vm *vm;
    uint32_t gen;
    uint32_t target;
    uint8_t config;
    bool cut;
};

/* Tell whoever has to act upon a change, as deliver_event() does. `news`: also if the word did not
 * change. */
static bool change_lpi(uint32_t lpi, irq_step what, struct lpi_step *step, bool news)
{
    struct lvgic_vm *vm = step->vm;
    struct irq_change change = irq_change(lpi_irq(vm, lpi), what, step);
    uint32_t slot = lpi_to_slot(vm, lpi);
    struct effects effects;

    if (!change.done || (change.new == change.old && !news))
        return change.done;
    effects_init(&effects);
    if ((change.old ^ change.new) & IRQ_MAPPED)
        vm_trace_holder(vm, slot, change.new, IRQ_MAPPED);
    if (irq_unheld(change.new))
        vm_release_slot(vm, slot);
    else
        deliver_look(vm, slot, change.new, false, &effects);
    effects_run(vm, &effects);
    return true;
}

static uint32_t stamp_of(const struct lvgic_vm *vm, uint32_t target)
{
    return target == IRQ_NOBODY ? 0 : vcpu_lpi_stamp(&vm->vcpus[target]);
}

static bool pulse_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct lpi_step *step = arg;

    /* Refused in the compare-and-swap: the slot may be another event's by now. */
    if (!(old & IRQ_MAPPED) || irq_gen(old) != step->gen)
        return false;
    return lpi_word_pulse(old, stamp_of(step->vm, irq_target(old)), new);
}

bool deliver_lpi_pulse(struct lvgic_vm *vm, uint32_t lpi, uint32_t gen)
{
    struct lpi_step step = {.vm = vm, .gen = gen};

    return change_lpi(lpi, pulse_step, &step, true);
}

static bool clear_step(uint64_t old, void *arg, uint64_t *new)
{
    (void)arg;
    *new = irq_apply(old, IRQ_EV_CLEAR_PENDING, 0);
    return old & IRQ_MAPPED;
}

void deliver_lpi_clear(struct lvgic_vm *vm, uint32_t lpi)
{
    change_lpi(lpi, clear_step, &(struct lpi_step){.vm = vm}, false);
}

static bool move_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct lpi_step *step = arg;

    *new = lpi_word_move(old, step->target, stamp_of(step->vm, irq_target(old)),
                         stamp_of(step->vm, step->target));
    return true;
}

/* The collection stays what it is. */
void deliver_lpi_move(struct lvgic_vm *vm, uint32_t lpi, uint32_t target)
{
    struct lpi_step step = {.vm = vm, .target = target};
    uint32_t from = irq_target(irq_load(lpi_irq(vm, lpi)));

    lpi_leave(vm, lpi, from);
    lpi_join(vm, lpi, target);
    change_lpi(lpi, move_step, &step, false);
}

static bool cut_step(uint64_t old, void *arg, uint64_t *new)
{
    *new = ((const struct lpi_step *)arg)->cut ? old | IRQ_CUT : old & ~IRQ_CUT;
    return true;
}

void deliver_lpi_cut(struct lvgic_vm *vm, uint32_t lpi, bool cut)
{
    change_lpi(lpi, cut_step, &(struct lpi_step){.vm = vm, .cut = cut}, false);
}

static bool unmap_step(uint64_t old, void *arg, uint64_t *new)
{
    (void)arg;
    *new = irq_apply(old, IRQ_EV_UNMAP, 0);
    return true;
}

void deliver_lpi_unmap(struct lvgic_vm *vm, uint32_t lpi)
{
    lpi_forget(vm, lpi, irq_target(irq_load(lpi_irq(vm, lpi))));
    change_lpi(lpi, unmap_step, &(struct lpi_step){.vm = vm}, false);
}

/* ------------------------------------------------------------------ the guest's tables -------- */

static bool read_byte(struct lvgic_vm *vm, uint64_t address, uint8_t *byte)
{
    return vm->host->read_guest(vm->host_ctx, address, byte, 1);
}

static bool configure_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct lpi_step *step = arg;

    /* The byte of the configuration table (5.1.1): priority in [7:2], enable in [0]. LPIs are
     * Non-secure: with two security states their priorities are the lower half (4.8.1). */
    uint32_t priority = step->config & 0xfc;

    if (!(vm_gicd_ctlr(step->vm) & CTLR_DS))
        priority = 0x80 | priority >> 1;
    *new = lpi_word_configure(old, priority & priority_mask(step->vm), step->config & 1);
    return true;
}

/* Its bit in the pending table is taken: from now on it is pending here. */
static void take_pending(struct lvgic_vm *vm, struct lvgic_vcpu *target, uint32_t lpi,
                         uint32_t intid)
{
    /* Relaxed: one value; who changes it meanwhile gets the old table or the new one. */
    uint64_t base = atomic_load_explicit(&target->lpis.pendbaser, memory_order_relaxed);
    uint64_t address = (base & MASK64(51, 16)) + intid / 8;
    uint8_t byte, bit = (uint8_t)(1u << intid % 8);

    if ((base & PENDBASER_PTZ) || !read_byte(vm, address, &byte) || !(byte & bit))
        return;
    byte &= (uint8_t)~bit;
    /* If it cannot be written back it stays set there: pending once more later, at worst. */
    if (vm->host->write_guest)
        vm->host->write_guest(vm->host_ctx, address, &byte, 1);
    deliver_lpi_pulse(vm, lpi, irq_gen(irq_load(lpi_irq(vm, lpi))));
}

void deliver_lpi_reload(struct lvgic_vm *vm, uint32_t lpi, bool with_pending)
{
    uint32_t intid = vm_intid(vm, lpi_to_slot(vm, lpi));
    uint32_t target = irq_target(irq_load(lpi_irq(vm, lpi)));
    struct lpi_step step = {.vm = vm};

    if (!stamp_of(vm, target))
        return; /* enabling it reads everything */

    struct lvgic_vcpu *vcpu = &vm->vcpus[target];
    /* Relaxed: as the pending table's. */
    uint64_t base = atomic_load_explicit(&vcpu->lpis.propbaser, memory_order_relaxed);

    /* What is beyond the table's IDbits does not exist: it never comes, whatever it was before. */
    if ((uint64_t)intid >> (bits_get(base, 4, 0) + 1)) {
        change_lpi(lpi, configure_step, &step, false);
        return;
    }
    if (read_byte(vm, (base & MASK64(51, 12)) + intid - FIRST_LPI, &step.config))
        change_lpi(lpi, configure_step, &step, false);
    if (with_pending)
        take_pending(vm, vcpu, lpi, intid);
}

/* ------------------------------------------------------------------ EnableLPIs ---------------- */

void deliver_lpi_request(struct lvgic_vcpu *vcpu, uint32_t request)
{
    /* Release, the request before the bit that leads to it: the claim's holder takes them the other
     * way round. */
    atomic_fetch_or_explicit(&vcpu->lpis.requests, request, memory_order_release);
    atomic_fetch_or_explicit(&vcpu->vm->lpis.todo[vcpu->index / 64], BIT64(vcpu->index % 64),
                             memory_order_release);
}

static void close(struct lvgic_vcpu *vcpu)
{
    struct effects effects;

    /* As for a group enable: store, then attention and kick. */
    effects_init(&effects);
    deliver_attention(vcpu);
    effects_kick(vcpu->vm, &effects, vcpu->index);
    effects_run(vcpu->vm, &effects);
    deliver_lpi_request(vcpu, LPI_CLOSE);
}

void deliver_lpi_enable(struct lvgic_vcpu *vcpu, bool on)
{
    uint32_t from = on ? LPIS_OFF : LPIS_ON;
    /* Relaxed, here and below: the compare-and-swap decides. */
    uint32_t state = atomic_load_explicit(&vcpu->lpis.state, memory_order_relaxed);

    if ((state & LPIS_MODE) == LPIS_CLOSING) {
        /* Enabled again before RWP was seen to be 0: heard only if that is the case by now. */
        deliver_lpi_work_now(vcpu->vm);
        state = atomic_load_explicit(&vcpu->lpis.state, memory_order_relaxed);
    }
    /* Acquire and release: who enables comes after the sweep of the last disabling, and who is told
     * of it after this. */
    if ((state & LPIS_MODE) != from ||
        !atomic_compare_exchange_strong_explicit(&vcpu->lpis.state, &state, state + 1,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return;
    if (on)
        deliver_lpi_request(vcpu, LPI_OPEN);
    else
        close(vcpu);
    deliver_lpi_work_now(vcpu->vm);
}

/* ------------------------------------------------------------------ under the claim ----------- */

static void visit(struct lvgic_vcpu *vcpu, uint32_t lpi)
{
    uint32_t doing = vcpu->lpis.doing;

    if (doing & LPI_CLOSE)
        deliver_lpi_clear(vcpu->vm, lpi);
    else
        deliver_lpi_reload(vcpu->vm, lpi, doing & LPI_OPEN);
}

/* Every LPI of this vCPU from the cursor on. True: that was the last. */
static bool sweep(struct lvgic_vcpu *vcpu, uint32_t *budget)
{
    struct lpi_redist *redist = &vcpu->lpis;

    while (redist->cursor < vcpu->vm->lpis.nr) {
        uint64_t bits = redist->members[redist->cursor / 64] >> redist->cursor % 64;

        if (!lpi_spend(budget))
            return false;
        if (!bits) {
            redist->cursor = (redist->cursor | 63) + 1;
            continue;
        }
        redist->cursor += bits_first(bits);
        visit(vcpu, redist->cursor++);
    }
    return true;
}

/* Its LPIs may be in list registers of any vCPU, which were kicked: until each has been seen out of
 * the guest since. */
static bool all_left(struct lvgic_vcpu *vcpu)
{
    struct lvgic_vm *vm = vcpu->vm;
    uint32_t *at = &vcpu->lpis.nr_left;

    while (*at < vm->nr_vcpus && !vcpu_change_outstanding(&vm->vcpus[*at]))
        ++*at;
    return *at == vm->nr_vcpus;
}

static void take_requests(struct lvgic_vcpu *vcpu)
{
    struct lpi_redist *redist = &vcpu->lpis;
    /* Acquire: what was stored before a request, the state and the LPI to reload, is seen; so those
     * are read relaxed. */
    uint32_t requests = atomic_exchange_explicit(&redist->requests, 0, memory_order_acquire);

    if (requests & LPI_RELOAD_ONE) {
        uint32_t intid = atomic_exchange_explicit(&redist->reload_one, 0, memory_order_relaxed);
        uint32_t lpi = lpi_find(vcpu->vm, vcpu, intid);

        if (lpi != LPI_NONE)
            deliver_lpi_reload(vcpu->vm, lpi, false);
        requests &= ~(uint32_t)LPI_RELOAD_ONE;
    }
    if (!requests)
        return;
    /* What was asked for last decides whether it is closed; a request that is not done yet starts
     * again from the first LPI. */
    bool closing =
        (atomic_load_explicit(&redist->state, memory_order_relaxed) & LPIS_MODE) == LPIS_CLOSING;

    redist->doing |= requests;
    redist->doing &= closing ? (uint32_t)LPI_CLOSE : ~(uint32_t)LPI_CLOSE;
    redist->cursor = redist->nr_left = 0;
}

enum progress { FINISHED, WAITING, UNFINISHED };

static enum progress redist_work(struct lvgic_vcpu *vcpu, uint32_t *budget)
{
    struct lpi_redist *redist = &vcpu->lpis;

    take_requests(vcpu);
    if (!redist->doing)
        return FINISHED;
    if (!sweep(vcpu, budget))
        return UNFINISHED;
    if (redist->doing & LPI_CLOSE) {
        if (!all_left(vcpu))
            return WAITING;
        /* Release: the next enabling comes after what was cleared. */
        atomic_fetch_add_explicit(&redist->state, LPIS_NEXT - LPIS_CLOSING, memory_order_release);
    }
    redist->doing = 0;
    return FINISHED;
}

/* True: something is left that could be done now. */
static bool redists_work(struct lvgic_vm *vm, uint32_t *budget)
{
    for (uint32_t i = 0; i < (vm->nr_vcpus + 63) / 64; i++) {
        /* Cleared before it is looked at. Acquire: the requests are seen. */
        uint64_t todo = atomic_exchange_explicit(&vm->lpis.todo[i], 0, memory_order_acquire);
        uint64_t again = 0;
        bool unfinished = false;
        unsigned bit;

        while (!unfinished && bits_take_first(&todo, &bit)) {
            enum progress progress = redist_work(&vm->vcpus[i * 64 + bit], budget);

            again |= progress == FINISHED ? 0 : BIT64(bit);
            unfinished = progress == UNFINISHED;
        }
        if (again | todo)
            atomic_fetch_or_explicit(&vm->lpis.todo[i], again | todo, memory_order_relaxed);
        if (unfinished)
            return true;
    }
    return false;
}

enum { CLAIMED = 1, AGAIN = 2 };

bool deliver_lpi_work(struct lvgic_vm *vm)
{
    uint32_t budget = LVGIC_LPI_WORK, claim;

    /* Release: the request is seen by whoever has the claim. */
    if (atomic_fetch_or_explicit(&vm->lpis.claim, CLAIMED | AGAIN, memory_order_release) & CLAIMED)
        return false;
    do {
        /* Acquire: what was asked for, and what the one before did. */
        atomic_fetch_and_explicit(&vm->lpis.claim, ~(uint32_t)AGAIN, memory_order_acquire);
        if (!lpi_spend(&budget) || redists_work(vm, &budget) || vm->its_work(vm, &budget)) {
            /* By exchange, so that who claims it next is ordered after those who asked meanwhile,
             * too. Release: and after what was done here. */
            atomic_exchange_explicit(&vm->lpis.claim, 0, memory_order_release);
            return true;
        }
        claim = CLAIMED;
    } while (!atomic_compare_exchange_strong_explicit(&vm->lpis.claim, &claim, 0,
                                                      memory_order_release, memory_order_relaxed));
    return false;
}

void deliver_lpi_work_now(struct lvgic_vm *vm)
{
    if (deliver_lpi_work(vm) && vm->host->lpi_work)
        vm->host->lpi_work(vm->host_ctx);
}

void deliver_lpi_take(struct lvgic_vm *vm)
{
    uint32_t claim = 0, tries = 0;

    /* Acquire: what the one before did. */
    while (!atomic_compare_exchange_strong_explicit(&vm->lpis.claim, &claim, CLAIMED,
                                                    memory_order_acquire, memory_order_relaxed)) {
        if (vm->host->relax)
            vm->host->relax(vm->host_ctx, LVGIC_VCPU(0));
        /* Nobody has it for so long, but the thread that waits for it. */
        tries++;
        DEBUG_CHECK(vm, tries == 1u << 26 ? "waits for the claim: called from a callback?" : NULL);
        claim = 0;
    }
    (void)tries; /* of debug builds */
}

void deliver_lpi_give(struct lvgic_vm *vm)
{
    /* Release: the next one sees what was done. By exchange, not by a store: so that who claims it
     * next, this thread for one, is ordered after those who asked meanwhile and finds what for. If
     * nobody did, nothing is begun: a VM that is saved stays as it was saved. */
    if (atomic_exchange_explicit(&vm->lpis.claim, 0, memory_order_release) & AGAIN)
        deliver_lpi_work_now(vm);
}

/* What may be in list registers of running vCPUs is dropped there: their attention was raised. */
void deliver_lpi_off(struct lvgic_vcpu *vcpu)
{
    struct lpi_redist *redist = &vcpu->lpis;
    uint32_t state = atomic_load_explicit(&redist->state, memory_order_relaxed);
    uint32_t budget = UINT32_MAX; /* more than there are slots */

    atomic_store_explicit(&redist->requests, 0, memory_order_relaxed);
    redist->doing = LPI_CLOSE;
    redist->cursor = 0;
    /* Before the words are cleared: what comes after a word was cleared finds this, and what came
     * before is cleared. Relaxed: the word's compare-and-swap orders it. The next enabling has
     * another stamp. */
    if ((state & LPIS_MODE) != LPIS_OFF) {
        atomic_store_explicit(&redist->state, (state & ~(uint32_t)LPIS_MODE) + LPIS_NEXT,
                              memory_order_relaxed);
        sweep(vcpu, &budget);
    }
    redist->doing = 0;
}

bool deliver_lpi_busy(struct lvgic_vcpu *vcpu)
{
    const struct lvgic_vm *vm = vcpu->vm;

    /* Acquire: who reads "not busy" comes after what was done. Relaxed: looked at after that. */
    return atomic_load_explicit(&vm->lpis.claim, memory_order_acquire) ||
           (atomic_load_explicit(&vm->lpis.todo[vcpu->index / 64], memory_order_relaxed) &
            BIT64(vcpu->index % 64));
}
