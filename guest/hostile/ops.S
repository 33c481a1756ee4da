/* SPDX-License-Identifier: MIT */
/*
 * All ways to access memory, one per slot: x0 = address, x1 = value; what a load finds is returned
 * in x0. A slot is 16 bytes of code, and its name is 32 bytes of text. The order of the first ones
 * is known to hostile.h.
 */
    .arch   armv8.3-a+lse+rcpc+sve

    .macro  op text, more
    .balign 16
    \text
    .ifnb   \more
    \more
    .endif
    ret
    .pushsection .rodata.op_names, "a"
    .balign 32
    .ascii  "\text"
    .byte   0
    .balign 32
    .popsection
    .endm

    .pushsection .rodata.op_names, "a"
    .balign 32
    .global op_names
op_names:
    .popsection

    .text
    .balign 16
    .global ops_start
ops_start:
    op      "ldrb w0, [x0]"
    op      "ldrh w0, [x0]"
    op      "ldr w0, [x0]"
    op      "ldr x0, [x0]"
    op      "strb w1, [x0]"
    op      "strh w1, [x0]"
    op      "str w1, [x0]"
    op      "str x1, [x0]"
    /* Plain, too, for a hypervisor: sign extension, the zero register, acquire and release. */
    op      "ldrsb w0, [x0]"
    op      "ldrsb x0, [x0]"
    op      "ldrsh w0, [x0]"
    op      "ldrsh x0, [x0]"
    op      "ldrsw x0, [x0]"
    op      "ldr wzr, [x0]"
    op      "ldr xzr, [x0]"
    op      "str wzr, [x0]"
    op      "str xzr, [x0]"
    op      "ldar w0, [x0]"
    op      "stlr w1, [x0]"
    op      "ldarb w0, [x0]"
    op      "ldar x0, [x0]"
    op      "stlrb w1, [x0]"
    op      "stlr x1, [x0]"
    op      "ldapr w0, [x0]"
    /* No syndrome: nobody can emulate these without looking at the instruction. */
    op      "ldp w0, w2, [x0]"
    op      "ldp x0, x2, [x0]"
    op      "ldpsw x0, x2, [x0]"
    op      "stp w1, w1, [x0]"
    op      "stp x1, x1, [x0]"
    op      "ldnp x0, x2, [x0]"
    op      "stnp x1, x1, [x0]"
    op      "ldr w1, [x0], #4"
    op      "ldr x1, [x0, #8]!"
    op      "strb w1, [x0], #1"
    op      "str w1, [x0, #-4]!"
    op      "stp x1, x1, [x0], #16"
    op      "ldaxr w2, [x0]", "stlxr w3, w1, [x0]"
    op      "ldxr x2, [x0]", "stxr w3, x1, [x0]"
    op      "ldxrb w2, [x0]", "stxrb w3, w1, [x0]"
    op      "ldxp x2, x3, [x0]", "stxp w4, x1, x1, [x0]"
    op      "cas w1, w1, [x0]"
    op      "casal x1, x1, [x0]"
    op      "casp x2, x3, x4, x5, [x0]"
    op      "ldadd w1, w2, [x0]"
    op      "stset x1, [x0]"
    op      "swp w1, w2, [x0]"
    op      "swpb w1, w2, [x0]"
    op      "ldumax x1, x2, [x0]"
    op      "ldr b0, [x0]"
    op      "ldr s0, [x0]"
    op      "ldr d0, [x0]"
    op      "ldr q0, [x0]"
    op      "str b0, [x0]"
    op      "str s0, [x0]"
    op      "str d0, [x0]"
    op      "str q0, [x0]"
    op      "ldp q0, q1, [x0]"
    op      "stp q0, q1, [x0]"
    op      "ld1 {v0.16b}, [x0]"
    op      "ld4 {v0.4s-v3.4s}, [x0]"
    op      "st1 {v0.16b}, [x0]"
    op      "st2 {v0.b, v1.b}[3], [x0]"
    op      "ld1r {v0.4s}, [x0]"
    op      "ptrue p0.b", "ld1b {z0.b}, p0/z, [x0]"
    op      "ptrue p0.b", "st1w {z0.s}, p0, [x0]"
    op      "ptrue p0.b", "ldff1b {z0.b}, p0/z, [x0]"
    /* These may do nothing, or fail before they get to memory. */
    op      "prfm pldl1keep, [x0]"
    op      "prfm pstl3strm, [x0]"
    op      "prfm plil1keep, [x0]"
    op      "ldtr w0, [x0]"
    op      "sttr w1, [x0]"
    op      "dc zva, x0"
    op      "dc ivac, x0"
    op      "dc cvac, x0"
    op      "dc cvau, x0"
    op      "dc civac, x0"
    op      "ic ivau, x0"
    op      "at s1e1r, x0", "mrs x0, par_el1"
    op      "at s1e0w, x0", "mrs x0, par_el1"
    /* A jump: the handler returns to x30 as it was left here. */
    op      "br x0"
    .balign 16
    .global ops_end
ops_end:

/* void call_with_registers(const void *code, uint64_t registers[8]) */
    .global call_with_registers
call_with_registers:
    stp     x29, x30, [sp, #-32]!
    str     x1, [sp, #16]
    mov     x16, x0
    mov     x17, x1
    ldp     x0, x1, [x17]
    ldp     x2, x3, [x17, #16]
    ldp     x4, x5, [x17, #32]
    ldp     x6, x7, [x17, #48]
    blr     x16
    ldr     x17, [sp, #16]
    stp     x0, x1, [x17]
    stp     x2, x3, [x17, #16]
    stp     x4, x5, [x17, #32]
    stp     x6, x7, [x17, #48]
    ldp     x29, x30, [sp], #32
    ret
