/* SPDX-License-Identifier: MIT */
/* At EL3, with two security states: both kinds of memory accesses, and Non-secure EL1. */
#ifndef ORACLE_SECURE_H
#define ORACLE_SECURE_H

#include <stdint.h>

/* Added to the address of a device, a Non-secure access. */
#define NON_SECURE_WINDOW 0x80000000u

int secure_at_el3(void);
void secure_start(void);

/* Calls the function at Non-secure EL1 (start.S). */
uint64_t secure_call_el1(uintptr_t function, uint64_t first, uint64_t second);

/* GICD_CTLR.DS can be cleared by a reset only: if it is set, the whole machine is reset, and the
 * stub starts anew. What is in RAM stays. */
void secure_reset_ds(void);

#endif
