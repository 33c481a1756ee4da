/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of each CPU, and the switch of EL2's MMU.
 *
 * The image runs twice. The loader puts it below the device tree; that copy finds the end of RAM,
 * copies itself there and jumps to the copy's first instruction, with the MMU off, just as the
 * loader would have. The second run notices that it is where it belongs, and stays.
 */
#include "hyp.h"

    .section .text.head, "ax"
    .global image_start
image_start:
    /* The header of an arm64 Linux image: the loader takes the address and the size from here. */
    b       primary_entry
    .long   0
    .quad   HYP_LOAD_OFFSET         /* text_offset */
    .long   image_end - . + 16      /* image_size, with .bss: nothing else is to be put there */
    .long   0
    .quad   0xa                     /* little endian, 4 KiB pages, anywhere in memory */
    .quad   0
    .quad   0
    .quad   0
    .ascii  "ARM\x64"
    .long   0

    .text
/* x0 = address of the device tree. The MMU is off; the image is in memory, not in a cache. */
primary_entry:
    mov     x20, x0
    bl      el2_prepare

    /* Lines of .data and .bss that an earlier owner left in the caches must not cover, once the MMU
     * is on, what is written to memory until then. Invalidate, not clean: they are nobody's. */
    adrp    x0, data_start
    adrp    x1, image_end           /* both are page-aligned */
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4
    mov     x3, #4
    lsl     x2, x3, x2              /* the smallest data cache line, in bytes */
1:  dc      ivac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    1b
    dsb     sy                      /* the invalidations are complete before anything is stored */

    adrp    x0, bss_start
2:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    2b

    adrp    x19, cpus
    add     x19, x19, :lo12:cpus
    msr     tpidr_el2, x19
    add     x0, x19, #CPU_SIZE
    sub     sp, x0, #FRAME_SIZE     /* leaves room for the guest's first registers */
    adrp    x0, image_start
    adrp    x1, rela_start
    add     x1, x1, :lo12:rela_start
    adrp    x2, rela_end
    add     x2, x2, :lo12:rela_end
    bl      relocate
    mov     x0, x20
    bl      mmu_prepare
    bl      mmu_enable
    mov     x0, x20
    bl      hyp_main

/* A CPU that PSCI started, with x0 = its struct cpu. The MMU is off. Until it is on, only code and
 * mmu_registers are read, which were cleaned to memory: the rest may still be in other caches. */
    .global secondary_entry
secondary_entry:
    mov     x19, x0
    bl      el2_prepare
    msr     tpidr_el2, x19
    add     x0, x19, #CPU_SIZE
    sub     sp, x0, #FRAME_SIZE
    bl      mmu_enable
    mov     x0, x19
    bl      hyp_secondary

/* What EL2 itself needs. Nothing of it depends on memory. */
el2_prepare:
    msr     daifset, #0xf
    msr     spsel, #1
    mov     x1, #0x80000000         /* HCR_EL2.RW; cpu_open() sets the rest */
    msr     hcr_el2, x1
    mov     x1, #0x22ff             /* CPTR_EL2: no trap of SIMD (libfdt uses it), SVE or SME */
    msr     cptr_el2, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el2, x1
    isb                             /* all of that holds for the next instruction */
    ret

/* Turns the MMU on with the values that mmu_prepare() left. Leaf, no stack. */
mmu_enable:
    adrp    x1, mmu_registers
    add     x1, x1, :lo12:mmu_registers
    ldp     x2, x3, [x1]
    ldr     x4, [x1, #16]
    msr     mair_el2, x2
    msr     tcr_el2, x3
    msr     ttbr0_el2, x4
    dsb     sy                      /* the tables are in memory before a walk can read them */
    isb                             /* the registers above are set before old entries go */
    tlbi    alle2
    ic      iallu                   /* relocation may have followed fetches from here */
    dsb     nsh                     /* both are complete on this CPU */
    isb                             /* and fetches after this see it */
    ldr     x2, =SCTLR_EL2_ON
    msr     sctlr_el2, x2
    isb                             /* the next fetch is translated */
    ret

/* move_to(entry, dtb): run the copy at `entry`, which was cleaned to memory, with the MMU off. */
    .global move_to
move_to:
    ldr     x2, =SCTLR_EL2_OFF
    msr     sctlr_el2, x2
    isb                             /* from here on fetches and loads go to memory */
    tlbi    alle2
    ic      iallu                   /* the copy's addresses may have been fetched speculatively */
    dsb     nsh                     /* complete before the jump, */
    isb                             /* and nothing fetched earlier is used */
    mov     x2, x0
    mov     x0, x1
    br      x2
