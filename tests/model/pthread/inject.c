/* SPDX-License-Identifier: MIT */
/* A device raises an interrupt while its vCPU enters, takes what there is, and comes out: it is
 * delivered or still pending with somebody who knows, and the guest sees what the device stored. */
#include "core.h"

static void setup(void)
{
    make(1);
}

static void *vcpu(void *arg)
{
    for (unsigned i = 0; i < 2; i++) {
        deliver_enter(cpu0);
        guest_take(cpu0);
        if (i == 0) /* and stays in the guest the second time: somebody must have kicked it */
            deliver_exit(cpu0);
    }
    return arg;
}

static void *device(void *arg)
{
    device_raises(IRQ0);
    return arg;
}

static void final(void)
{
    check_slot(IRQ0);
    assert(delivered[0][0] + pending(IRQ0) == 1);
}

SCENARIO(setup, final, vcpu, device)
