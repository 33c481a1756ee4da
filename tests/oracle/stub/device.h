/* SPDX-License-Identifier: MIT */
/* Wires into the GIC, each driven by a device of QEMU's virt machine. */
#ifndef ORACLE_DEVICE_H
#define ORACLE_DEVICE_H

#include <stdint.h>

/* Drive the wire of this INTID high or low. PPIs are of the calling CPU. */
void device_line(uint32_t intid, uint64_t high);

/* All wires low: those of the calling CPU, and those that are everybody's. */
void device_reset_own(void);
void device_reset_shared(void);

#endif
