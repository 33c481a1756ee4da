/* SPDX-License-Identifier: MIT */
#include "ghost.h"

#include <string.h>

enum { FIRST_LPI = 8192 };

static uint8_t bit(unsigned irq)
{
    return (uint8_t)(1u << irq);
}

static uint8_t lpis(const struct ghost_gic *gic)
{
    uint8_t set = 0;

    for (unsigned i = 0; i < gic->nr_irqs; i++)
        set |= gic->irqs[i].intid >= FIRST_LPI ? bit(i) : 0;
    return set;
}

static uint8_t routed(const struct ghost_gic *gic, const struct ghost *state, unsigned v)
{
    uint8_t set = 0;

    for (unsigned i = 0; i < gic->nr_irqs; i++)
        set |= state->target[i] == v ? bit(i) : 0;
    return set;
}

/* A level is pending while its wire is high, whatever else made it so. */
static uint8_t pending(const struct ghost_gic *gic, const struct ghost *state)
{
    uint8_t set = state->latch;

    for (unsigned i = 0; i < gic->nr_irqs; i++)
        set |= gic->irqs[i].edge ? 0 : state->line & bit(i);
    return set;
}

/* What the distributor forwards to this vCPU: pending, enabled, and routed to it. */
static uint8_t forwarded(const struct ghost_gic *gic, const struct ghost *state, unsigned v)
{
    uint8_t set = pending(gic, state) & state->enabled & state->mapped & routed(gic, state, v);

    if (state->closed)
        return 0;
    return state->vcpu[v].lpis_off ? set & (uint8_t)~lpis(gic) : set;
}

/* What is active cannot be taken: not even if it is pending again. */
static uint8_t deliverable(const struct ghost_gic *gic, const struct ghost *state, unsigned v)
{
    return forwarded(gic, state, v) & (uint8_t)~state->active;
}

/* Of `set`, those whose priority is above the mask and the running priority (4.8). */
static uint8_t signalled(const struct ghost_gic *gic, const struct ghost_vcpu *vcpu, uint8_t set)
{
    uint8_t result = 0;

    for (unsigned i = 0; i < gic->nr_irqs; i++) {
        uint8_t priority = gic->irqs[i].priority;
        /* No active priority as high as this one's or higher. */
        bool preempts = !(vcpu->running & (UINT32_MAX >> (31 - (priority >> 3))));

        if ((set & bit(i)) && priority < vcpu->pmr && preempts)
            result |= bit(i);
    }
    return result;
}

/* What this vCPU has active. */
static uint8_t handled(const struct ghost_gic *gic, const struct ghost *state, unsigned v)
{
    uint8_t set = 0;

    for (unsigned i = 0; i < gic->nr_irqs; i++)
        set |= state->holder[i] == v ? bit(i) : 0;
    return set & state->active;
}

/* After each operation: what a PE in the guest may have been forwarded, and must not miss. To a PE
 * that handles it, an interrupt may be forwarded once more before it is completed. */
static void follow(const struct ghost_gic *gic, struct ghost *state)
{
    for (unsigned v = 0; v < gic->nr_vcpus; v++) {
        struct ghost_vcpu *vcpu = &state->vcpu[v];
        uint8_t now = deliverable(gic, state, v);

        vcpu->must &= now;
        if (!vcpu->in)
            continue;
        now |= forwarded(gic, state, v) & handled(gic, state, v);
        vcpu->seen |= now;
        vcpu->held |= now;
    }
}

static void set_pending(const struct ghost_gic *gic, struct ghost *state, unsigned irq)
{
    for (unsigned v = 0; v < gic->nr_vcpus; v++)
        state->vcpu[v].again |= state->vcpu[v].seen & bit(irq);
    state->latch |= bit(irq);
}

static void forget(const struct ghost_gic *gic, struct ghost *state, uint8_t set)
{
    for (unsigned v = 0; v < gic->nr_vcpus; v++) {
        state->vcpu[v].seen &= (uint8_t)~set;
        state->vcpu[v].again &= (uint8_t)~set;
        state->vcpu[v].must &= (uint8_t)~set;
    }
}

static uint8_t held_by_others(const struct ghost_gic *gic, const struct ghost *state, unsigned v)
{
    uint8_t set = 0;

    for (unsigned other = 0; other < gic->nr_vcpus; other++)
        set |= other == v ? 0 : state->vcpu[other].held;
    return set;
}

static void enter(const struct ghost_gic *gic, struct ghost *state, unsigned v, uint8_t unsettled)
{
    struct ghost_vcpu *vcpu = &state->vcpu[v];

    vcpu->in = 1;
    vcpu->seen = vcpu->again = 0;
    vcpu->held |= handled(gic, state, v);
    vcpu->must = deliverable(gic, state, v) & (uint8_t)~unsettled;
}

/* The PE takes the interrupt: it becomes active (an LPI does not), its latch is used up. If it has
 * become pending again since it was forwarded, that may be a second time. */
static int acknowledge(const struct ghost_gic *gic, const struct ghost *from,
                       const struct ghost_op *op, struct ghost to[2])
{
    const struct ghost_vcpu *before = &from->vcpu[op->vcpu];
    uint8_t x = op->irq == GHOST_NONE ? 0 : bit(op->irq);
    uint8_t missed = signalled(gic, before, before->must);

    for (unsigned i = 0; i < gic->nr_irqs; i++)
        if (x && gic->irqs[i].priority >= gic->irqs[op->irq].priority)
            missed &= (uint8_t)~bit(i);
    if (missed || (x && !signalled(gic, before, before->seen & (uint8_t)~from->active & x)))
        return 0;
    to[0] = *from;
    if (!x)
        return 1;
    forget(gic, &to[0], x);
    to[0].vcpu[op->vcpu].running |= 1u << (gic->irqs[op->irq].priority >> 3);
    to[0].vcpu[op->vcpu].held |= x;
    if (!(lpis(gic) & x)) {
        to[0].active |= x;
        to[0].holder[op->irq] = op->vcpu;
    }
    to[1] = to[0];
    to[0].latch &= (uint8_t)~x;
    return before->again & from->latch & x ? 2 : 1;
}

/* Priority drop of the highest active priority, and deactivation of what this PE has active. */
static void complete(const struct ghost_gic *gic, struct ghost *state, const struct ghost_op *op)
{
    struct ghost_vcpu *vcpu = &state->vcpu[op->vcpu];

    if (!vcpu->running)
        return;
    vcpu->running &= vcpu->running - 1;
    if (!gic->split && state->holder[op->irq] == op->vcpu)
        state->active &= (uint8_t)~bit(op->irq);
}

static uint32_t look(const struct ghost_gic *gic, const struct ghost *state, unsigned irq)
{
    return (state->enabled & bit(irq) ? GHOST_READ_ENABLED : 0) |
           (pending(gic, state) & bit(irq) ? GHOST_READ_PENDING : 0) |
           (state->active & bit(irq) ? GHOST_READ_ACTIVE : 0) | (uint32_t)state->target[irq] << 8;
}

static bool message(const struct ghost_gic *gic, struct ghost *state, unsigned irq)
{
    if (!(state->mapped & (uint8_t)~state->refused & bit(irq)) ||
        state->vcpu[state->target[irq]].lpis_off)
        return false;
    set_pending(gic, state, irq);
    return true;
}

/* Those with a result that may be wrong: false if it is. */
static bool observe(const struct ghost_gic *gic, struct ghost *state, const struct ghost_op *op,
                    uint8_t unsettled)
{
    const struct ghost_vcpu *vcpu = &state->vcpu[op->vcpu];

    switch (op->kind) {
    case GHOST_MSI: /* refused with an error, or taken */
        return message(gic, state, op->irq) == !op->value;
    case GHOST_READ:
        return ((look(gic, state, op->irq) ^ op->value) & op->mask) == 0;
    case GHOST_BLOCK: /* not to sleep is always allowed */
        return !op->value ||
               !signalled(gic, vcpu,
                          deliverable(gic, state, op->vcpu) &
                              (uint8_t) ~(unsettled | held_by_others(gic, state, op->vcpu)));
    default: /* ASLEEP */
        return !signalled(gic, vcpu, deliverable(gic, state, op->vcpu));
    }
}

static void change(const struct ghost_gic *gic, struct ghost *state, const struct ghost_op *op,
                   uint8_t unsettled)
{
    struct ghost_vcpu *vcpu = &state->vcpu[op->vcpu];
    uint8_t x = op->irq == GHOST_NONE ? 0 : bit(op->irq);

    switch (op->kind) {
    case GHOST_PULSE: /* a level forgets it */
        if (gic->irqs[op->irq].edge)
            set_pending(gic, state, op->irq);
        break;
    case GHOST_LINE:
        state->line = op->value ? state->line | x : state->line & (uint8_t)~x;
        break;
    case GHOST_ENABLE:
        state->enabled |= x;
        break;
    case GHOST_DISABLE:
        state->enabled &= (uint8_t)~x;
        break;
    case GHOST_CLOSE:
        state->closed = 1;
        break;
    case GHOST_CLEAR:
        state->latch &= (uint8_t)~x;
        break;
    case GHOST_DEACTIVATE:
    case GHOST_DIR: /* an SPI by any vCPU */
        state->active &= (uint8_t)~x;
        break;
    case GHOST_ROUTE:
    case GHOST_MOVE:
        state->target[op->irq] = (uint8_t)op->value;
        break;
    case GHOST_REFUSE:
        state->refused |= x;
        break;
    case GHOST_DISCARD:
        state->mapped &= (uint8_t)~x;
        state->latch &= (uint8_t)~x;
        break;
    case GHOST_LPIS_OFF:
        vcpu->lpis_off = 1;
        state->latch &= (uint8_t) ~(lpis(gic) & routed(gic, state, op->vcpu));
        break;
    case GHOST_LPIS_RWP: /* what was disabled is nowhere any more */
        if (vcpu->lpis_off)
            forget(gic, state, lpis(gic) & routed(gic, state, op->vcpu));
        break;
    case GHOST_RWP:
        forget(gic, state, state->closed ? UINT8_MAX : (uint8_t)~state->enabled);
        break;
    case GHOST_PMR:
        vcpu->pmr = (uint8_t)op->value;
        break;
    case GHOST_ENTER:
        enter(gic, state, op->vcpu, unsettled | held_by_others(gic, state, op->vcpu));
        break;
    case GHOST_SETTLE:
        enter(gic, state, op->vcpu, 0);
        break;
    case GHOST_EXIT:
        vcpu->in = vcpu->seen = vcpu->again = vcpu->must = vcpu->held = 0;
        break;
    default: /* EOI */
        complete(gic, state, op);
        break;
    }
}

int ghost_apply(const struct ghost_gic *gic, const struct ghost *from, const struct ghost_op *op,
                uint8_t unsettled, struct ghost to[2])
{
    int n = 1;

    switch (op->kind) {
    case GHOST_ACK:
        n = acknowledge(gic, from, op, to);
        break;
    case GHOST_MSI:
    case GHOST_READ:
    case GHOST_BLOCK:
    case GHOST_ASLEEP:
        to[0] = *from;
        n = observe(gic, &to[0], op, unsettled);
        break;
    default:
        to[0] = *from;
        change(gic, &to[0], op, unsettled);
        break;
    }
    for (int i = 0; i < n; i++)
        follow(gic, &to[i]);
    return n;
}

bool ghost_may_be_late(const struct ghost_op *op)
{
    return op->kind == GHOST_ENTER || op->kind == GHOST_BLOCK;
}

uint8_t ghost_news(const struct ghost_op *op)
{
    switch (op->kind) {
    case GHOST_EXIT: /* whatever it held */
    case GHOST_LPIS_OFF:
    case GHOST_CLOSE:
        return UINT8_MAX;
    case GHOST_READ:
        return 0;
    default:
        return op->irq == GHOST_NONE ? 0 : bit(op->irq);
    }
}

uint8_t ghost_find(const struct ghost_gic *gic, uint32_t intid)
{
    for (uint8_t i = 0; i < gic->nr_irqs; i++)
        if (gic->irqs[i].intid == intid)
            return i;
    return GHOST_NONE;
}

void ghost_reset(const struct ghost_gic *gic, struct ghost *state)
{
    memset(state, 0, sizeof *state);
    state->mapped = (uint8_t)~lpis(gic);
}
