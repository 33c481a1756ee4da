/* SPDX-License-Identifier: MIT */
/*
 * Entry points, the identity MMU and self-relocation.
 *
 * The image follows the arm64 boot protocol: it is entered at its first byte, at EL1, with the MMU
 * off. It may be loaded at any 4 KiB aligned address between 1 GiB and 2 GiB, so everything up to
 * the relocation loop uses PC-relative addressing only.
 */

#define STACK_SIZE 0x8000
#define MAX_CPUS 8

    .section .text.head, "ax"
    .global _head
_head:
    b       primary_entry
    .long   0
    .quad   0                       /* text_offset */
    .quad   _end - . + 16           /* image_size, with .bss, so that nothing is put into it */
    .quad   0xa                     /* little endian, 4 KiB pages, anywhere in memory */
    .quad   0
    .quad   0
    .quad   0
    .ascii  "ARM\x64"
    .long   0

primary_entry:
    bl      mmu_on

    /* Only relative relocations can appear in a static position independent image. */
    adrp    x1, _rela_start
    add     x1, x1, :lo12:_rela_start
    adrp    x2, _rela_end
    add     x2, x2, :lo12:_rela_end
    adrp    x3, _head
    add     x3, x3, :lo12:_head
1:  cmp     x1, x2
    b.hs    2f
    ldp     x4, x5, [x1], #16       /* offset, type */
    ldr     x6, [x1], #8            /* addend */
    cmp     x5, #1027               /* R_AARCH64_RELATIVE */
    b.ne    1b
    add     x6, x6, x3
    str     x6, [x3, x4]
    b       1b

2:  adrp    x1, _bss_start
    add     x1, x1, :lo12:_bss_start
    adrp    x2, _end
    add     x2, x2, :lo12:_end
3:  cmp     x1, x2
    b.hs    4f
    stp     xzr, xzr, [x1], #16
    b       3b

4:  dsb     ish
    mov     x0, #0
    bl      cpu_prepare
    b       primary_main

    /* PSCI CPU_ON enters here with x0 = context, which is the index of the CPU. */
    .global secondary_entry
secondary_entry:
    bl      mmu_on
    bl      cpu_prepare
    b       secondary_main

/* Sets the stack and the vectors of CPU x0; keeps x0. */
cpu_prepare:
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
    ret

/* Keeps x0. Writes no memory, so there is nothing to clean or to invalidate in the data caches. */
mmu_on:
    mov     x1, #0x04ff             /* attribute 0: normal write-back, 1: device nGnRE */
    msr     mair_el1, x1
    /* 32-bit addresses, 4 KiB granule, inner shareable write-back walks, no TTBR1 walks. */
    ldr     x1, =(32 | (1 << 8) | (1 << 10) | (3 << 12) | (1 << 23))
    msr     tcr_el1, x1
    adrp    x1, page_table
    add     x1, x1, :lo12:page_table
    msr     ttbr0_el1, x1
    dsb     ish
    isb
    tlbi    vmalle1
    ic      iallu
    dsb     ish
    isb
    mrs     x1, sctlr_el1
    mov     x2, #0x1005             /* I, C, M */
    orr     x1, x1, x2
    bic     x1, x1, #0x2            /* no alignment checking of normal memory */
    msr     sctlr_el1, x1
    isb
    ret

    .ltorg

    .data
    .balign 4096
/* Four blocks of 1 GiB: devices (never executable), RAM, and two that fault. */
page_table:
    .quad   0x0000000000000405 | (1 << 54) | (1 << 53)
    .quad   0x0000000040000701
    .quad   0
    .quad   0

    .bss
    .balign 16
stacks:
    .space  STACK_SIZE * MAX_CPUS
