/* SPDX-License-Identifier: MIT */
/* An interrupt is raised while its route changes from one running vCPU to the other: it is
 * delivered by one of them, once, or is pending with one that knows. */
#include "core.h"

static void setup(void)
{
    make(1);
}

static void run(struct lvgic_vcpu *vcpu)
{
    deliver_enter(vcpu);
    guest_take(vcpu);
    deliver_exit(vcpu);
}

static void *first(void *arg)
{
    run(cpu0);
    return arg;
}

static void *second(void *arg)
{
    run(cpu1);
    return arg;
}

static void *device(void *arg)
{
    device_raises(IRQ0);
    return arg;
}

static void *writer(void *arg)
{
    deliver_event_now(cpu0, IRQ0, IRQ_EV_TARGET, 1);
    return arg;
}

static void final(void)
{
    check_slot(IRQ0);
    assert(irq_target(word(IRQ0)) == 1);
    assert(delivered[0][0] + delivered[1][0] + pending(IRQ0) == 1);
}

SCENARIO(setup, final, first, second, device, writer)
