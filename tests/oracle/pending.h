/* SPDX-License-Identifier: MIT */
/* What is pending on the library's side, while all vCPUs are out: for the known differences. */
#ifndef ORACLE_PENDING_H
#define ORACLE_PENDING_H

#include "compare.h"

#define PENDING_NONE 0x100u

/* Which groups' interrupts count: all, those that GICD_CTLR forwards, or of these those that the
 * CPU interface signals. */
enum pending_groups { PENDING_ANY, PENDING_FORWARDED, PENDING_SIGNALLED };

bool pending_group_on(struct ours *ours, unsigned cpu, bool group1, enum pending_groups groups);

/* The priority with which an interrupt could be presented to the CPU, or PENDING_NONE. */
unsigned pending_candidate(struct ours *ours, unsigned cpu, unsigned intid,
                           enum pending_groups groups);

/* The best of those. */
unsigned pending_best(struct ours *ours, unsigned cpu, enum pending_groups groups);

/* Has this one the best priority of those that are signalled? */
bool pending_ties(struct ours *ours, unsigned cpu, unsigned intid);

/* How many have it. */
unsigned pending_nr_best(struct ours *ours, unsigned cpu);

/* The operation changes something pending between edge and level: struct known's leaves_open. */
bool pending_configures(struct ours *before, const struct op *op, const struct walk *walk);

#endif
