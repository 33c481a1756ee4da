/* SPDX-License-Identifier: MIT */
/* Instructions made while running, and the table of ops.S. */
#include "hostile.h"

extern const char ops_start[], ops_end[];
extern const char op_names[][32];

typedef uint64_t op_fn(uint64_t address, uint64_t value);

#define OP_CODE 16

unsigned ops_count(void)
{
    return (unsigned)(ops_end - ops_start) / OP_CODE;
}

const char *op_name(unsigned op)
{
    return op_names[op];
}

uint64_t access_op(struct hostile *h, unsigned op, uint64_t address, uint64_t value)
{
    uint64_t result;

    h->address = address;
    h->what = op_name(op);
    h->accesses++;
    result = ((op_fn *)(uintptr_t)(ops_start + op * OP_CODE))(address, value);
    h->what = 0;
    return result;
}

/* MRS or MSR: Arm DDI 0487, C6.2. `encoding` is op0[15:14] op1[13:11] CRn[10:7] CRm[6:3] op2[2:0],
 * whose upper bit of op0 is always set. */
uint32_t insn_sysreg(unsigned encoding, bool write, unsigned reg)
{
    return (write ? 0xd5100000u : 0xd5300000u) | (encoding & 0x7fff) << 5 | reg;
}

/* Makes what was stored visible to instruction fetches of all CPUs; each of them needs an ISB. */
void sync_code(const void *start, unsigned long size)
{
    uintptr_t end = (uintptr_t)start + size;

    /* 16 bytes is the smallest line that the architecture allows for. */
    for (uintptr_t at = (uintptr_t)start & ~15ul; at < end; at += 16)
        __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (uintptr_t at = (uintptr_t)start & ~15ul; at < end; at += 16)
        __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

uint64_t run_code(struct hostile *h, const void *code, uint64_t value)
{
    h->accesses++;
    return ((op_fn *)(uintptr_t)code)(value, 0);
}
