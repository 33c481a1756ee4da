/* SPDX-License-Identifier: MIT */
/*
 * Exception vectors. Each entry saves all general registers with ELR and SPSR on the stack of the
 * interrupted code, so that handlers may unmask interrupts and nest.
 */

#define FRAME_SIZE 272

    .macro  entry handler
    .balign 128
    sub     sp, sp, #FRAME_SIZE
    stp     x0, x1, [sp, #0]
    adr     x0, \handler
    b       save_and_call
    .endm

    .macro  unexpected
    .balign 128
    sub     sp, sp, #FRAME_SIZE
    stp     x0, x1, [sp, #0]
    adr     x0, call_bad
    b       save_and_call
    .endm

    .text
    .balign 2048
    .global vectors
vectors:
    unexpected                      /* current EL with SP_EL0 */
    unexpected
    unexpected
    unexpected
    entry   call_sync               /* current EL with SP_ELx */
    entry   call_irq
    entry   call_fiq
    unexpected
    unexpected                      /* lower EL, AArch64 */
    unexpected
    unexpected
    unexpected
    unexpected                      /* lower EL, AArch32 */
    unexpected
    unexpected
    unexpected

call_sync:
    b       sync_handler
call_irq:
    b       irq_handler
call_fiq:
    b       fiq_handler
call_bad:
    b       bad_handler

/* x0 = what to call with the frame as its argument. */
save_and_call:
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
    mrs     x1, elr_el1
    stp     x30, x1, [sp, #240]
    mrs     x1, spsr_el1
    str     x1, [sp, #256]
    mov     x1, x0
    mov     x0, sp
    blr     x1

    /* Handlers return with interrupts masked, so ELR and SPSR cannot be overwritten here. */
    ldr     x1, [sp, #256]
    msr     spsr_el1, x1
    ldp     x30, x1, [sp, #240]
    msr     elr_el1, x1
    ldp     x28, x29, [sp, #224]
    ldp     x26, x27, [sp, #208]
    ldp     x24, x25, [sp, #192]
    ldp     x22, x23, [sp, #176]
    ldp     x20, x21, [sp, #160]
    ldp     x18, x19, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp, #0]
    add     sp, sp, #FRAME_SIZE
    eret
