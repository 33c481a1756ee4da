/* SPDX-License-Identifier: MIT */
/* What the scenarios share: a VM that is the same at the start of each schedule, a guest, a host,
 * and what must hold at the end. */
#ifndef EXPLORE_SCENARIOS_VM_H
#define EXPLORE_SCENARIOS_VM_H

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "deliver/event.h"
#include "deliver/run.h"
#include "deliver/waiting.h"
#include "explore.h"
#include "irq/vm.h"

/* The SPIs that the scenarios use. */
#define IRQ0 32u
#define IRQ1 33u

extern struct lvgic_vm *vm;
extern struct lvgic_vcpu *cpu0, *cpu1, *cpu2;
extern unsigned delivered[64]; /* by INTID modulo 64: acknowledgements */

/* nr_vcpus 1 to 3, nr_lrs list registers: SPIs 32 and 33 edge-triggered, enabled, group 1, to vCPU
 * 0, priorities 0x80 and 0x40; all masks open. */
void vm_setup(unsigned nr_vcpus, unsigned nr_lrs);

/* GICv2 with eight vCPUs, otherwise the same. */
void vm_setup_gicv2(unsigned nr_lrs);

/* For the schedule: nobody changes the word of an interrupt while it is neither mapped nor listed.
 * The set-ups here do so for theirs. */
void vm_watch(const struct irq *irq);

/* Set a word before the actors start, and tell its vCPU, as if it had always been so. */
void vm_set_word(uint32_t slot, uint64_t w);
uint64_t vm_word(uint32_t slot);

/* Events as device or vCPU threads cause them. */
void event(uint32_t slot, enum irq_event what, uint32_t arg);

/* A guest run: enter, acknowledge what is signalled, complete it if `complete`. Stays in the guest.
 */
void guest_enter(struct lvgic_vcpu *vcpu);
void guest_work(struct lvgic_vcpu *vcpu, bool complete);
void guest_exit(struct lvgic_vcpu *vcpu);

/* `rounds` runs; the last one stays in the guest, or comes out at the end. */
void guest_run(struct lvgic_vcpu *vcpu, unsigned rounds, bool complete, bool stay);

/* Of one interrupt: I1, I3 and I4. */
void check_slot(uint32_t slot);

/* Invariants I1 to I5 at the end of a schedule, whatever mode the vCPUs are in. */
void check_end(void);

/* Pending in the word, or in a list register. */
bool still_pending(uint32_t slot);

/* Small actors that many scenarios use. */
void setup_1(void); /* one vCPU, one list register */
void setup_2(void); /* two */
void inject(void);  /* an edge on IRQ0 */
void inject_other(void);
void run_stay(void); /* two runs of vCPU 0, the second stays in the guest */
bool is_kicked(void *vcpu);

#endif
