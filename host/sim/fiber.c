/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

char *fiber_stack_alloc(size_t size)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, size + guard, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) != 0) {
        perror("explorer: stack");
        exit(2);
    }
    return memory + guard;
}

#ifdef EXPLORE_UCONTEXT

/* The portable way. Each switch costs two system calls, so it is several times slower. */

void fiber_start(struct fiber *fiber, char *stack, size_t size, void (*entry)(void))
{
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = stack;
    fiber->context.uc_stack.ss_size = size;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, entry, 0);
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    swapcontext(&from->context, &to->context);
}

#else

/* Pushes the callee-saved registers, stores the stack pointer, and does the reverse. */
void explore_fiber_swap(void **save, void *load);

#ifdef __x86_64__
__asm__(".text\n"
        ".p2align 4\n"
        ".globl explore_fiber_swap\n"
        ".hidden explore_fiber_swap\n"
        ".type explore_fiber_swap, @function\n"
        "explore_fiber_swap:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size explore_fiber_swap, . - explore_fiber_swap\n");

enum { FRAME_WORDS = 8, FRAME_RETURN = 6 };
#else
__asm__(".text\n"
        ".p2align 4\n"
        ".globl explore_fiber_swap\n"
        ".hidden explore_fiber_swap\n"
        ".type explore_fiber_swap, %function\n"
        "explore_fiber_swap:\n"
        "    sub sp, sp, #160\n"
        "    stp x29, x30, [sp, #0]\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n"
        "    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x29, x30, [sp, #0]\n"
        "    ldp x19, x20, [sp, #16]\n"
        "    ldp x21, x22, [sp, #32]\n"
        "    ldp x23, x24, [sp, #48]\n"
        "    ldp x25, x26, [sp, #64]\n"
        "    ldp x27, x28, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size explore_fiber_swap, . - explore_fiber_swap\n");

enum { FRAME_WORDS = 20, FRAME_RETURN = 1 };
#endif

void fiber_start(struct fiber *fiber, char *stack, size_t size, void (*entry)(void))
{
    /*
     * The frame looks as if explore_fiber_swap had just saved it. On x86-64 the word above the
     * return address gives entry() the stack alignment it would have after a call.
     */
    uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
    uintptr_t *frame = (uintptr_t *)top - FRAME_WORDS;

    for (int i = 0; i < FRAME_WORDS; i++)
        frame[i] = 0;
    frame[FRAME_RETURN] = (uintptr_t)entry;
    fiber->stack_pointer = frame;
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    explore_fiber_swap(&from->stack_pointer, to->stack_pointer);
}

#endif
