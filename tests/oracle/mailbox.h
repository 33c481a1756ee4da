/* SPDX-License-Identifier: MIT */
/*
 * What the host program and the bare-metal stub share: operations, results, and the RAM that holds
 * batches of them. Two batches, so that one can be made while the other runs.
 */
#ifndef ORACLE_MAILBOX_H
#define ORACLE_MAILBOX_H

#include <stdint.h>

#define RAM_BASE 0x40000000u
#define RAM_SIZE (64u << 20)
#define MAILBOX_BASE 0x41000000u

/* QEMU's virt machine. */
#define GICD_BASE 0x08000000u
#define GICR_BASE 0x080a0000u
#define GICC_BASE 0x08010000u /* GICv2's CPU interface */

#define ORACLE_CPUS 2u
#define BATCH_OPS 0x20000u

enum machine {
    MACHINE_GICV3,
    MACHINE_SECURE, /* GICv3 with two security states: of interest are the frames alone */
    MACHINE_GICV2
};

enum op_kind {
    OP_LOOK, /* nothing; every operation looks afterwards */
    OP_READ, /* a frame: `target` */
    OP_WRITE,
    OP_ICC_READ, /* reg: enum sysreg */
    OP_ICC_WRITE,
    OP_LINE,  /* reg: INTID, value: level. A PPI's is `cpu`'s own. */
    OP_RESET, /* everything that `cpu` can reach back to its reset value */
    NR_OP_KINDS
};

/* Frames; less is the GICR of that CPU. */
#define TARGET_GICD 0xffu
#define TARGET_GICC 0xfeu
#define TARGET_GICD2 0xfdu /* GICv2's distributor, where the CPU's own interrupts are too */

struct op {
    uint8_t kind;
    uint8_t cpu;    /* who does it */
    uint8_t size;   /* of a frame access: 1, 2, 4, 8 */
    uint8_t target; /* of a frame access */
    uint32_t reg;   /* offset in the frame, enum sysreg, or INTID */
    uint64_t value;
    uint8_t secure; /* of a frame access, with two security states: a Secure one */
    uint8_t unused[7];
};

/* What an operation returned, and what its CPU sees afterwards. */
struct result {
    uint64_t value;
    uint16_t hppir[2]; /* ICC_HPPIR0_EL1, ICC_HPPIR1_EL1; or GICC_HPPIR, 0 */
    uint8_t rpr;
    uint8_t lines; /* LINE_IRQ, LINE_FIQ */
    uint8_t undef; /* the access was UNDEFINED */
    uint8_t unused;
};

#define LINE_IRQ 1u
#define LINE_FIQ 2u

struct batch {
    uint32_t nr;
    uint32_t unused[15];
    struct op ops[BATCH_OPS];
    struct result results[BATCH_OPS];
};

struct mailbox {
    uint32_t posted;  /* written by the host: number of batches so far */
    uint32_t done;    /* written by the stub: number of batches done */
    uint32_t cursor;  /* the stub's own: next operation of this batch */
    uint32_t cpus_up; /* the stub's own */
    uint32_t machine; /* written by the host: enum machine */
    uint32_t unused[11];
    struct batch batches[2];
};

#endif
