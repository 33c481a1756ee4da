/* SPDX-License-Identifier: MIT */
/*
 * The shape of the oldest defect of all: a vCPU comes out of the guest with a counted completion
 * (EOIcount) of an interrupt that it remembers, while another thread deactivates that interrupt and
 * a third unmaps it. Where the remembered thing is a place in a list, it is gone by then. Here it
 * is an index, and the word decides: it ends inactive, and its slot is released exactly once.
 */
#include "core.h"

static void setup(void)
{
    struct listing listing = {.slot = IRQ0, .ack_priority = 0x80, .ack_level = 0x80 >> 3};

    make(1);
    /* Acknowledged in an earlier run and not in a register in this one, which it completed it in.
     */
    spis[0].word |= IRQ_ACT;
    overflow_put(cpu0, &listing);
    cpu0->mode = VCPU_IN;
    cpu0->lrs.hcr = bits_put(HCR_EN, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, 1);
}

static void *vcpu(void *arg)
{
    deliver_exit(cpu0);
    deliver_enter(cpu0);
    guest_take(cpu0);
    deliver_exit(cpu0);
    return arg;
}

static void *deactivates(void *arg)
{
    struct gate gate;

    gate_init(&gate);
    gate_exact_word(&vm, &spis[0], &gate);
    deliver_event_now(cpu1, IRQ0, IRQ_EV_CLEAR_ACTIVE, 0);
    gate_release(&vm, &gate);
    return arg;
}

static void *unmaps(void *arg)
{
    device_raises(IRQ0);
    deliver_event_now(cpu1, IRQ0, IRQ_EV_UNMAP, 0);
    return arg;
}

static void final(void)
{
    check_slot(IRQ0);
    assert(irq_unheld(word(IRQ0)));
    assert(vm.released == 1);
    assert(delivered[0][0] <= 1);
}

SCENARIO(setup, final, vcpu, deactivates, unmaps)
