/* SPDX-License-Identifier: MIT */
/*
 * When ICC_DIR_EL1 has to trap.
 *
 * With EOImode 1 a guest may deactivate an SPI on any vCPU. The hardware does it alone only for
 * what is in this vCPU's list registers; anything else it counts, without saying which. So a run
 * may go without the trap only if nothing of this vCPU is active outside its list registers and no
 * other vCPU can have an SPI active: then there is nothing else that the guest can rightly name.
 *
 * A vCPU that an enabled SPI has ever been routed to is a home of SPIs. The first two homes are
 * announced before an SPI can become active there: every vCPU that runs without the trap comes out
 * once. A guest in EOImode 0 does not write ICC_DIR_EL1, so it costs nothing to trap there always,
 * and nobody has to come out.
 */
#ifndef LVGIC_DELIVER_DIR_H
#define LVGIC_DELIVER_DIR_H

#include "deliver/gate.h"
#include "irq/vm.h"

/* SPIs may become active on this vCPU from now on: called before the change that makes it so, by a
 * thread that may wait for one guest exit. */
void dir_announce_home(struct lvgic_vm *vm, uint32_t index);

/* The same while every vCPU is held out of the guest. */
void dir_add_home(struct lvgic_vm *vm, uint32_t index);

/* The interrupt behind a slot is about to be made active by register. An SPI: as above. A private
 * one's vCPU is held at the gate. May wait for one guest exit. */
void dir_announce_active(struct lvgic_vcpu *vcpu, uint32_t slot, struct gate *gate);

/* Whoever owns the vCPU's private state, after a change of it: remember EOImode for dir_open(),
 * which does not own it. */
void dir_note_eoimode(struct lvgic_vcpu *vcpu);

/* vCPU thread, before "in guest" is published: this run may go without the trap. */
void dir_open(struct lvgic_vcpu *vcpu);

/* vCPU thread, after the list registers were filled: does this run need the trap? */
bool dir_trap_needed(struct lvgic_vcpu *vcpu, bool active_outside);

#endif
