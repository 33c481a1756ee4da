/* SPDX-License-Identifier: MIT */
/*
 * With the MMU off. One security state: entered at EL1, CPU 0 by the ELF entry, others by PSCI. Two:
 * at EL3, all by the ELF entry, and again after each reset of the machine.
 */
#define STACK_SIZE 0x4000

    .section .text.head, "ax"
    .global _start
_start:
    msr     daifset, #0xf
    msr     spsel, #1
    mrs     x0, mpidr_el1
    and     x0, x0, #0xff
    adrp    x1, stacks
    add     x1, x1, :lo12:stacks
    add     x2, x0, #1
    mov     x3, #STACK_SIZE
    madd    x1, x2, x3, x1
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    mrs     x1, CurrentEL
    cmp     x1, #3 << 2
    b.ne    1f
    mov     x1, sp
    sub     x1, x1, #STACK_SIZE / 2
    msr     sp_el1, x1
    adrp    x1, vectors_el3
    add     x1, x1, :lo12:vectors_el3
    msr     vbar_el3, x1
1:  isb
    bl      stub_main
2:  b       2b

/* uint64_t secure_call_el1(uintptr_t function, uint64_t first, uint64_t second): what the function
 * must keep, it keeps, and x30 is here. */
    .global secure_call_el1
secure_call_el1:
    stp     x29, x30, [sp, #-16]!
    mov     x3, #0x3c5 /* EL1h, all masked */
    msr     spsr_el3, x3
    msr     elr_el3, x0
    mov     x0, x1
    mov     x1, x2
    adr     x30, 1f
    eret
1:  smc     #0

/* An UNDEFINED register access: say so in TPIDR_EL1 and go on behind it. Interrupts are masked, so
 * nothing else comes. */
    .macro  skip
    .balign 128
    msr     tpidrro_el0, x1
    mrs     x1, elr_el1
    add     x1, x1, #4
    msr     elr_el1, x1
    mov     x1, #1
    msr     tpidr_el1, x1
    mrs     x1, tpidrro_el0
    eret
    .endm

    .balign 2048
vectors:
    .rept   16
    skip
    .endr

/* The SMC at the end of secure_call_el1, and nothing else comes to EL3. */
    .balign 2048
vectors_el3:
    .rept   8
    .balign 128
    b       .
    .endr
    .balign 128
    ldp     x29, x30, [sp], #16
    ret

    .bss
    .balign 16
stacks:
    .space  STACK_SIZE * 2
