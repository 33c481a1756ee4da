/* SPDX-License-Identifier: MIT */
/* Sequences of operations, and how they are written as text. */
#ifndef ORACLE_OPS_H
#define ORACLE_OPS_H

#include <stdbool.h>
#include <stdio.h>

#include "arch/registers.h"
#include "base/bits.h"
#include "mailbox.h"

#define SEQUENCE_OPS 400u
#define NO_EXPECTATION UINT64_MAX
#define LINES_EXPECTED (UINT64_C(1) << 32) /* for OP_LOOK: LINE_* in the low bits */

struct sequence {
    char name[96];
    unsigned cpus;
    unsigned lrs;  /* our list registers */
    bool outside;  /* frame accesses are by a thread that is no vCPU's, while the vCPUs run */
    bool security; /* two security states: of interest are the frames alone */
    unsigned nr;
    struct op ops[SEQUENCE_OPS];
    uint64_t expect[SEQUENCE_OPS]; /* what the script says, or NO_EXPECTATION */
    struct result ours[SEQUENCE_OPS];
};

/* Empties it, and puts the resets in front. */
void sequence_start(struct sequence *seq, unsigned cpus, unsigned lrs, bool outside, bool security);
/* False when there is no more room. */
bool sequence_add(struct sequence *seq, struct op op);

/* A field of an interrupt's in a frame: the register array at `array` (the offset that SPIs' fields
 * have in the distributor), of `bits` bits for each. */
struct op op_field(unsigned cpu, unsigned intid, unsigned array, unsigned bits, bool write,
                   uint64_t value);
struct op op_icc(unsigned cpu, enum sysreg reg, bool write, uint64_t value);
struct op op_gicd(unsigned cpu, unsigned offset, bool write, uint64_t value);
struct op op_line(unsigned cpu, unsigned intid, bool high);
struct op op_look(unsigned cpu);

/* Offsets in the distributor or in a redistributor. */
enum {
    GICD_TYPER = 0x4,
    GICR_WAKER = 0x14,
    GROUPR = 0x80,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    ICACTIVER = 0x380,
    IPRIORITYR = 0x400,
    ICFGR = 0xc00,
    IGRPMODR = 0xd00,
    NSACR = 0xe00,
    IROUTER = 0x6000
};

/* As one line of a script (script.c reads it), without the newline. */
void op_print(FILE *out, const struct op *op);
void sequence_print(FILE *out, const struct sequence *seq);

#endif
