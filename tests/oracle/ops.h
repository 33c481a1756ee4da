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
    unsigned lrs; /* our list registers */
    bool outside; /* frame accesses are by a thread that is no vCPU's, while the vCPUs run */
    enum machine machine;
    unsigned nr;
    struct op ops[SEQUENCE_OPS];
    uint64_t expect[SEQUENCE_OPS]; /* what the script says, or NO_EXPECTATION */
    struct result ours[SEQUENCE_OPS];
};

/* Empties it, and puts the resets in front. */
void sequence_start(struct sequence *seq, unsigned cpus, unsigned lrs, bool outside,
                    enum machine machine);
/* False when there is no more room. */
bool sequence_add(struct sequence *seq, struct op op);

/* A field of an interrupt's in a frame: the register array at `array` (the offset that SPIs' fields
 * have in the distributor), of `bits` bits for each. */
struct op op_field(unsigned cpu, unsigned intid, unsigned array, unsigned bits, bool write,
                   uint64_t value);
struct op op_icc(unsigned cpu, enum sysreg reg, bool write, uint64_t value);
struct op op_gicd(unsigned cpu, unsigned offset, bool write, uint64_t value);
struct op op_gicc(unsigned cpu, enum gicc_reg reg, bool write, uint64_t value);
struct op op_line(unsigned cpu, unsigned intid, bool high);
struct op op_look(unsigned cpu);

/* The same access to another machine: GICv2's distributor has what GICv3's and the redistributor
 * have, at the same offsets. */
struct op op_on(enum machine machine, struct op op);

/* Is it an access to this register of GICv2's CPU interface, in this direction? */
bool op_is_gicc(const struct op *op, enum gicc_reg reg, bool write);

/* Reads of ICC_IAR0_EL1, ICC_IAR1_EL1 and GICC_IAR; writes of the registers that complete; which
 * interrupt the value that was read or written names. */
bool op_acknowledges(const struct op *op);
bool op_completes(const struct op *op);
unsigned op_intid(const struct op *op, uint64_t value);

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
    ITARGETSR = 0x800, /* GICv2's */
    ICFGR = 0xc00,
    IGRPMODR = 0xd00,
    NSACR = 0xe00,
    SGIR = 0xf00, /* GICv2's, like the next two */
    CPENDSGIR = 0xf10,
    SPENDSGIR = 0xf20,
    IROUTER = 0x6000
};

/* As one line of a script (script.c reads it), without the newline. */
void op_print(FILE *out, const struct op *op);
void sequence_print(FILE *out, const struct sequence *seq);

#endif
