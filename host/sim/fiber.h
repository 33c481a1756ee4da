/* SPDX-License-Identifier: MIT */
/* Cooperative fibers: one stack per actor, switched without any system call where possible. */
#ifndef EXPLORE_FIBER_H
#define EXPLORE_FIBER_H

#include <stddef.h>

#if !defined(EXPLORE_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define EXPLORE_UCONTEXT 1
#endif

#ifdef EXPLORE_UCONTEXT
#include <ucontext.h>
struct fiber {
    ucontext_t context;
};
#else
struct fiber {
    void *stack_pointer;
};
#endif

/* Memory for one stack with an unmapped page below it; exits the process on failure. */
char *fiber_stack_alloc(size_t size);

/* Prepares the fiber so that the first switch to it calls entry() on the given stack. */
void fiber_start(struct fiber *fiber, char *stack, size_t size, void (*entry)(void));

/* Saves the running context in *from and continues *to. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
