/* SPDX-License-Identifier: MIT */
/* A device raises an interrupt while its vCPU goes to sleep: either the vCPU finds it and stays
 * awake, or the device finds it asleep and wakes it. */
#include "core.h"

static void setup(void)
{
    make(1);
}

static bool asleep;

static void *vcpu(void *arg)
{
    asleep = deliver_block(cpu0);
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
    assert(!asleep || (cpu0->kicked & WOKEN));
}

SCENARIO(setup, final, vcpu, device)
