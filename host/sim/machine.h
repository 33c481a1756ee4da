/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine: a VM with vCPUs, guest memory and devices, made of the library's public
 * functions, for actors of the explorer. Whatever is done through it is recorded, with the times at
 * which it began and ended, and at the end explained by the sequential GIC of ghost.h.
 *
 * The PE is cpuif/icv.h over the list registers that the library fills (or the library's own
 * software CPU interface): a kick or a maintenance condition takes it out of the guest, and in
 * again, before the guest's next step.
 *
 * The machine checks what host.h promises of callbacks, and that every status is the one that is
 * expected: no error depends on timing. All of it is deterministic; the clock counts the beginnings
 * and ends of operations.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <lvgic/its.h>
#include <lvgic/lvgic.h>

#include "ghost.h"

/* An interrupt of the machine as it is when the machine is switched on: all are routed to vCPU 0.
 * An LPI's EventID is its INTID - 8192, its device and collection are 0; collection n goes to vCPU
 * n.
 */
struct machine_irq {
    struct ghost_irq is;
    bool enabled;
};

struct machine_config {
    unsigned nr_vcpus, nr_lrs;
    bool software; /* the library's software CPU interface, not list registers */
    bool split;    /* ICC_CTLR_EL1.EOImode = 1 */
    bool lpis;     /* an ITS, and LPIs; then there are no snapshots yet */
    unsigned nr_irqs;
    struct machine_irq irqs[GHOST_IRQS];
};

/* In setup(): the machine as switched on, with `devices` actors that are devices (or other vCPUs'
 * register accesses). The first time with this configuration it is made, by public functions.
 * Configurations are compared byte by byte: in a static one no padding differs. */
void machine_begin(const struct machine_config *config, unsigned devices);

/* ---- a vCPU's thread: each function is one step of it, or a few ---- */

void machine_enter(unsigned v);
void machine_exit(unsigned v);
/* The guest reads ICC_IAR1_EL1, and writes ICC_EOIR1_EL1 and ICC_DIR_EL1. */
uint32_t machine_acknowledge(unsigned v);
void machine_complete(unsigned v, uint32_t intid);
void machine_dir(unsigned v, uint32_t intid);
/* Acknowledges and completes until nothing is signalled. The driver of a level lowers its wire. */
bool machine_handle(unsigned v);
/* In the guest: handles what comes until all devices are done. */
void machine_serve(unsigned v);
/* The guest reads GICD_ISACTIVER1, which traps. */
void machine_trap(unsigned v);
/* WFI: out of the guest and asleep until woken, and in the guest again. False: all devices are done
 * and nothing came. */
bool machine_sleep(unsigned v);

/* ---- a device's thread ---- */

void machine_pulse(uint32_t intid);
void machine_line(uint32_t intid, bool high);
void machine_message(uint32_t intid); /* an MSI */

/* Register accesses by nobody in particular, of SPIs. */
void machine_enable(uint32_t intid, bool on);
void machine_close(void); /* GICD_CTLR.EnableGrp1 = 0 */
void machine_clear(uint32_t intid);
void machine_deactivate(uint32_t intid);
void machine_route(uint32_t intid, unsigned v);
void machine_read_active(void);    /* GICD_ISACTIVER1: all of them, exactly */
void machine_wait_rwp(void);       /* reads GICD_CTLR until RWP is 0 */
void machine_lpis_off(unsigned v); /* GICR_CTLR.EnableLPIs = 0, and waits for its RWP */
void machine_discard(uint32_t intid);
void machine_move_all(uint32_t intid, unsigned to); /* of vCPU 0; `intid` is its only LPI */
void machine_save(void);
void machine_save_tables(uint32_t intid); /* LPIs and the ITS; looks whether `intid` is pending */

/* This device is done. */
void machine_done(void);

/* In final(): runs every vCPU until nothing is signalled any more, reads everything, and asks for
 * an explanation. */
void machine_finish(void);

#endif
