/* SPDX-License-Identifier: MIT */
/* Somebody keeps a vCPU out of the guest while he changes what is its thread's alone: plain data,
 * so a gate that does not hold is a data race. */
#include "core.h"

static void setup(void)
{
    make(1);
}

static void *vcpu(void *arg)
{
    for (unsigned i = 0; i < 2; i++) {
        deliver_enter(cpu0);
        cpu0->next_ack_seq++;
        deliver_exit(cpu0);
    }
    return arg;
}

static void *vmm(void *arg)
{
    struct gate gate;

    gate_init(&gate);
    gate_hold(&vm, &gate, 0);
    cpu0->next_ack_seq++;
    gate_release(&vm, &gate);
    return arg;
}

static void final(void)
{
    assert(cpu0->next_ack_seq == 3);
    assert(!cpu0->gate);
}

SCENARIO(setup, final, vcpu, vmm)
