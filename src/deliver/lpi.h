/* SPDX-License-Identifier: MIT */
/*
 * What happens to LPIs, and the claim.
 *
 * An event of an ITS is made pending by any thread in any context (deliver_lpi_pulse()). All else
 * (what maps, moves and configures LPIs) is done by one thread at a time for each VM, which holds
 * the claim. Nobody but deliver_lpi_take() waits for it: who finds it taken leaves what he wants as
 * a request, and whoever has it looks again before he lets it go. What one call does is bounded;
 * the rest is done by later calls.
 */
#ifndef LVGIC_DELIVER_LPI_H
#define LVGIC_DELIVER_LPI_H

#include "irq/slots.h"
#include "irq/vm.h"

/* An edge for the LPI in this slot, if that is still of generation `gen`, its collection is mapped
 * and its redistributor enabled. False: refused. Any context. */
bool deliver_lpi_pulse(struct lvgic_vm *vm, uint32_t lpi, uint32_t gen);

/* Not pending any more. Any context. */
void deliver_lpi_clear(struct lvgic_vm *vm, uint32_t lpi);

/* For the claim's holder. */
void deliver_lpi_move(struct lvgic_vm *vm, uint32_t lpi, uint32_t target);
/* Its collection is unmapped, or mapped. */
void deliver_lpi_cut(struct lvgic_vm *vm, uint32_t lpi, bool cut);
void deliver_lpi_unmap(struct lvgic_vm *vm, uint32_t lpi);

/* For the claim's holder: read its configuration, and its bit of the pending table, if its
 * redistributor is enabled. What cannot be read stays as it is. Calls back read_guest and
 * write_guest. */
void deliver_lpi_reload(struct lvgic_vm *vm, uint32_t lpi, bool with_pending);

/* GICR_CTLR.EnableLPIs is written. Any thread. */
void deliver_lpi_enable(struct lvgic_vcpu *vcpu, bool on);

/* Ask for something that is done under the claim (enum in irq/lpi.h); deliver_lpi_work() does it.
 */
void deliver_lpi_request(struct lvgic_vcpu *vcpu, uint32_t request);

/* Do what was asked for, up to the documented bound, unless another thread is at it and will. True:
 * the bound was reached, call again. Any thread. Calls back read_guest, write_guest, kick, wake. */
bool deliver_lpi_work(struct lvgic_vm *vm);

/* The same for guest accesses: tells the host if something is left. */
void deliver_lpi_work_now(struct lvgic_vm *vm);

/* Have the claim, and let it go: for what reads or changes all that is mapped at once. The one
 * caller that waits for it, and so never from a callback; what is asked for meanwhile, and nothing
 * else, is begun when it is let go. Calls back relax with vCPU 0 while it waits, then what
 * deliver_lpi_work_now() does.
 */
void deliver_lpi_take(struct lvgic_vm *vm);
void deliver_lpi_give(struct lvgic_vm *vm);

/* For the claim's holder: LPIs are disabled on this redistributor at once, and nothing is asked for
 * any more. */
void deliver_lpi_off(struct lvgic_vcpu *vcpu);

/* One unit of what one call may do: a command, an LPI, or 64 slots or 32 events looked through. */
static inline bool lpi_spend(uint32_t *budget)
{
    if (!*budget)
        return false;
    --*budget;
    return true;
}

/* Is somebody doing it, or is something left to be done for this vCPU? */
bool deliver_lpi_busy(struct lvgic_vcpu *vcpu);

#endif
