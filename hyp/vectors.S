/* SPDX-License-Identifier: MIT */
/*
 * The exception vectors, and with them the world switch: 31 general registers, the return address
 * and the state. Everything else of the guest (EL1's system registers, SIMD and SVE registers,
 * timers) stays in the CPU, because nobody else uses it: one vCPU per CPU, and EL2 is compiled
 * without SIMD.
 */
#include "hyp.h"

#define FRAME_PC 248 /* in struct frame */

/* From the guest: the stack is empty then, and holds the guest's registers from now on. */
.macro from_guest reason
    .balign 0x80
    sub     sp, sp, #FRAME_SIZE
    stp     x0, x1, [sp]
    mov     x1, #\reason
    b       save_guest
.endm

/* From EL2 itself: never expected, interrupts are masked here. */
.macro from_hyp number
    .balign 0x80
    sub     sp, sp, #FRAME_SIZE
    stp     x0, x1, [sp]
    mov     x1, #\number
    b       save_hyp
.endm

    .text
    .balign 0x800
    .global vectors
vectors:
    .irp    number, 0, 1, 2, 3, 4, 5, 6, 7
    from_hyp \number
    .endr
    .rept   2                       /* from AArch64, from AArch32 */
    from_guest EXIT_SYNC
    from_guest EXIT_IRQ
    from_guest EXIT_FIQ
    from_guest EXIT_SERROR
    .endr

.macro save_registers
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #FRAME_PC]
    mov     x0, sp
.endm

save_hyp:
    save_registers
    bl      fault_exception

save_guest:
    save_registers
    bl      hyp_trap
    mov     x0, sp
    /* fall through */

/* enter_guest(frame): the frame lies at the top of the stack, so that dropping it empties it. */
    .global enter_guest
enter_guest:
    mov     sp, x0
    ldp     x2, x3, [sp, #FRAME_PC]
    msr     elr_el2, x2
    msr     spsr_el2, x3
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    ldr     x30, [sp, #240]
    ldp     x0, x1, [sp], #FRAME_SIZE
    /* ERET synchronises the context: system registers written in EL2 hold for the guest. */
    eret
    dsb     nsh                     /* nothing after ERET is executed; these two keep a CPU */
    isb                             /* from guessing that it were */
