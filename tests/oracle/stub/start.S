/* SPDX-License-Identifier: MIT */
/* Entered at EL1 with the MMU off, CPU 0 by the ELF entry, others by PSCI with x0 = index. */
#define STACK_SIZE 0x4000

    .section .text.head, "ax"
    .global _start
_start:
    mov     x0, #0
    .global secondary_start
secondary_start:
    msr     daifset, #0xf
    msr     spsel, #1
    adrp    x1, stacks
    add     x1, x1, :lo12:stacks
    add     x2, x0, #1
    mov     x3, #STACK_SIZE
    madd    x1, x2, x3, x1
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    isb
    bl      stub_main
1:  b       1b

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

    .bss
    .balign 16
stacks:
    .space  STACK_SIZE * 2
