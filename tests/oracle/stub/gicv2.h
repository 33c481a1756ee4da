/* SPDX-License-Identifier: MIT */
/* QEMU's own GICv2, as far as it is not just accesses to its frames. */
#ifndef ORACLE_GICV2_H
#define ORACLE_GICV2_H

#include "mailbox.h"

#define GICC_APR 0x0d0u

void gicv2_reset(void);
void gicv2_look(volatile struct result *result);

/* As one register for 32 levels. QEMU has 128 of each group; the priorities that are used here have
 * five bits. */
uint32_t gicv2_active_priorities(void);

#endif
