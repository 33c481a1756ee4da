/* SPDX-License-Identifier: MIT */
/* The invariants that can be checked at run time. Each returns NULL, or what does not hold. */
#ifndef LVGIC_DELIVER_CHECK_H
#define LVGIC_DELIVER_CHECK_H

#include "irq/vm.h"

/* Of one vCPU on its own thread: after filling its list registers, and after folding them. */
const char *check_filled(struct lvgic_vcpu *vcpu);
const char *check_folded(struct lvgic_vcpu *vcpu);

/* Of a whole VM while all is quiet: see lvgic_check(). */
const char *check_vm(struct lvgic_vm *vm);

/* After everything was unmapped: nobody holds an LPI slot. */
const char *check_lpis_unheld(struct lvgic_vm *vm);

/* In debug builds tell the host of a broken invariant; nothing otherwise. */
static inline void check_report(struct lvgic_vm *vm, const char *broken)
{
    if (broken && vm->host->broken)
        vm->host->broken(vm->host_ctx, broken);
}

#if defined(LVGIC_DEBUG) && LVGIC_DEBUG
#define DEBUG_CHECK(vm, expression) check_report((vm), (expression))
#else
#define DEBUG_CHECK(vm, expression) ((void)0)
#endif

#endif
