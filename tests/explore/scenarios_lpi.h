/* SPDX-License-Identifier: MIT */
/* A VM with an ITS, as lpi_vm.c makes it: LPI 8192 is event 0 of device 0, on vCPU 0. */
#ifndef EXPLORE_SCENARIOS_LPI_H
#define EXPLORE_SCENARIOS_LPI_H

#include <stdbool.h>
#include <stdint.h>

struct lvgic_vcpu;

#define LPI0 8192u /* delivered[0] */
#define LPI1 8193u /* delivered[1] */

/* The VM as made, and an empty queue; which 0: one LPI slot, 1: two. */
void lpi_setup(unsigned which);

/* Every byte of the guest's configuration table. Plain, as a guest's memory is. */
extern uint8_t config_byte;

/* A command for the queue, in which there are so many; and have done what is in it. */
extern unsigned lpi_queued;
void put(uint64_t c0, uint64_t c1, uint64_t c2);
void put_mapd(unsigned device, bool valid);
void put_mapti(unsigned device, unsigned event, unsigned intid, unsigned icid);
void go(void);

/* Event 0 of device 0; was it accepted? */
extern bool lpi_accepted;
void lpi_message(void);

/* Set by a scenario: the guest saw RWP be 0 after EnableLPIs = 0. False at first. */
extern bool lpi_closed;

/* Is this LPI pending anywhere, also in a list register? */
bool lpi_pending(uint32_t intid);

/* A register of a redistributor: GICR_CTLR has four bytes here, all others eight. */
uint64_t redist(struct lvgic_vcpu *vcpu, bool write, uint32_t offset, uint64_t value);

/* I1, I3 to I5 for LPIs, whatever the vCPUs do. */
void check_lpis(void);

#endif
