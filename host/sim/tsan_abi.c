/* SPDX-License-Identifier: MIT */
/*
 * The functions that code compiled with -fsanitize=thread calls. Each access by an actor is a
 * scheduling point followed by the checks; outside the actors it is just the access.
 *
 * Values narrower than a register are passed and returned as 64-bit integers and masked: the two
 * compilers do not agree on who extends them, and this is right either way.
 */
#include "runtime.h"

#include <string.h>

#define HOOK __attribute__((visibility("default"), noinline))

/* ---- plain accesses ------------------------------------------------------------------------- */

static inline void plain(const void *pointer, size_t size, bool write, const void *pc)
{
    uintptr_t address = (uintptr_t)pointer;

    /*
     * An actor's own stack is private; outside the actors and in quiet sections this range covers
     * everything.
     */
    if (address - rt.stack_low < rt.stack_size) {
        if (rt.quiet)
            runtime_quiet_access(address, size, write);
        return;
    }
    if (!rt.only_sync_points)
        runtime_point();
    rt.skipped = rt.only_sync_points;
    rt.pc = pc;
    race_access(address, size, write ? ACCESS_WRITE : ACCESS_READ);
    if (write)
        rt.write_epoch++;
    if (rt.ordering)
        (write ? order_write : order_read)(address, size);
    if (rt.observe)
        trace_event(write ? EVENT_WRITE : EVENT_READ, address, (unsigned)size, 0, 0, 0, 0);
}

#define PC __builtin_return_address(0)

#define DEFINE_PLAIN(name, size, write)           \
    HOOK void __tsan_##name##size(void *address); \
    HOOK void __tsan_##name##size(void *address)  \
    {                                             \
        plain(address, size, write, PC);          \
    }

#define DEFINE_COMPOUND(name, size)               \
    HOOK void __tsan_##name##size(void *address); \
    HOOK void __tsan_##name##size(void *address)  \
    {                                             \
        plain(address, size, false, PC);          \
        plain(address, size, true, PC);           \
    }

#define DEFINE_SIZE(size)                              \
    DEFINE_PLAIN(read, size, false)                    \
    DEFINE_PLAIN(write, size, true)                    \
    DEFINE_PLAIN(unaligned_read, size, false)          \
    DEFINE_PLAIN(unaligned_write, size, true)          \
    DEFINE_PLAIN(volatile_read, size, false)           \
    DEFINE_PLAIN(volatile_write, size, true)           \
    DEFINE_PLAIN(unaligned_volatile_read, size, false) \
    DEFINE_PLAIN(unaligned_volatile_write, size, true) \
    DEFINE_COMPOUND(read_write, size)                  \
    DEFINE_COMPOUND(unaligned_read_write, size)

DEFINE_SIZE(1)
DEFINE_SIZE(2)
DEFINE_SIZE(4)
DEFINE_SIZE(8)
DEFINE_SIZE(16)

HOOK void __tsan_read_range(void *address, unsigned long size);
HOOK void __tsan_read_range(void *address, unsigned long size)
{
    plain(address, size, false, PC);
}

HOOK void __tsan_write_range(void *address, unsigned long size);
HOOK void __tsan_write_range(void *address, unsigned long size)
{
    plain(address, size, true, PC);
}

HOOK void *__tsan_memcpy(void *to, const void *from, unsigned long size);
HOOK void *__tsan_memcpy(void *to, const void *from, unsigned long size)
{
    plain(from, size, false, PC);
    plain(to, size, true, PC);
    return memmove(to, from, size);
}

HOOK void *__tsan_memmove(void *to, const void *from, unsigned long size);
HOOK void *__tsan_memmove(void *to, const void *from, unsigned long size)
{
    plain(from, size, false, PC);
    plain(to, size, true, PC);
    return memmove(to, from, size);
}

HOOK void *__tsan_memset(void *to, int value, unsigned long size);
HOOK void *__tsan_memset(void *to, int value, unsigned long size)
{
    plain(to, size, true, PC);
    return memset(to, value, size);
}

HOOK void __tsan_init(void);
HOOK void __tsan_init(void)
{
}
HOOK void __tsan_func_entry(void *pc);
HOOK void __tsan_func_entry(void *pc)
{
    (void)pc;
}
HOOK void __tsan_func_exit(void);
HOOK void __tsan_func_exit(void)
{
}

/* ---- atomic accesses ------------------------------------------------------------------------ */

/* Compilers may set further bits of the order as hints. */
#define ORDER(order) ((order)&7)

static inline void atomic_point(const void *pc)
{
    runtime_point();
    rt.skipped = false;
    rt.pc = pc;
}

/* Before an access outside the actors or in a quiet section. */
static inline void atomic_direct(const volatile void *pointer, unsigned size, bool write)
{
    if (rt.quiet)
        runtime_quiet_access((uintptr_t)pointer, size, write);
}

static uint64_t atomic_load(const volatile void *pointer, unsigned size, int order, const void *pc)
{
    if (rt.self < 0) {
        atomic_direct(pointer, size, false);
        return memory_read_raw((uintptr_t)pointer, size);
    }
    atomic_point(pc);
    return memory_load((uintptr_t)pointer, size, ORDER(order));
}

static void atomic_store(volatile void *pointer, unsigned size, uint64_t value, int order,
                         const void *pc)
{
    if (rt.self < 0) {
        atomic_direct(pointer, size, true);
        memory_write_raw((uintptr_t)pointer, size, value);
        return;
    }
    atomic_point(pc);
    memory_store((uintptr_t)pointer, size, value, ORDER(order));
}

static uint64_t atomic_rmw(volatile void *pointer, unsigned size, enum rmw_operation operation,
                           uint64_t operand, int order, const void *pc)
{
    if (rt.self < 0) {
        atomic_direct(pointer, size, false);
        atomic_direct(pointer, size, true);
        uint64_t old = memory_read_raw((uintptr_t)pointer, size);
        memory_write_raw((uintptr_t)pointer, size, memory_apply(operation, old, operand));
        return old;
    }
    atomic_point(pc);
    return memory_rmw((uintptr_t)pointer, size, operation, operand, ORDER(order));
}

static bool atomic_cas(volatile void *pointer, unsigned size, uint64_t *expected, uint64_t desired,
                       int order, int failure_order, bool weak, const void *pc)
{
    if (rt.self < 0) {
        atomic_direct(pointer, size, false);
        atomic_direct(pointer, size, true);
        uint64_t old = memory_read_raw((uintptr_t)pointer, size);
        bool equal = old == (*expected & memory_mask(size));
        if (equal)
            memory_write_raw((uintptr_t)pointer, size, desired);
        *expected = old;
        return equal;
    }
    atomic_point(pc);
    return memory_compare_exchange((uintptr_t)pointer, size, expected, desired, ORDER(order),
                                   ORDER(failure_order), weak);
}

#define DEFINE_RMW(bits, name, operation)                                                    \
    HOOK uint64_t __tsan_atomic##bits##_##name(volatile void *p, uint64_t value, int order); \
    HOOK uint64_t __tsan_atomic##bits##_##name(volatile void *p, uint64_t value, int order)  \
    {                                                                                        \
        return atomic_rmw(p, bits / 8, operation, value, order, PC);                         \
    }

#define DEFINE_CAS(bits, name, weak)                                                          \
    HOOK int __tsan_atomic##bits##_compare_exchange_##name(                                   \
        volatile void *p, void *expected, uint64_t desired, int order, int failure_order);    \
    HOOK int __tsan_atomic##bits##_compare_exchange_##name(                                   \
        volatile void *p, void *expected, uint64_t desired, int order, int failure_order)     \
    {                                                                                         \
        uint64_t value = *(uint##bits##_t *)expected;                                         \
        bool done = atomic_cas(p, bits / 8, &value, desired, order, failure_order, weak, PC); \
        if (!done)                                                                            \
            *(uint##bits##_t *)expected = (uint##bits##_t)value;                              \
        return done;                                                                          \
    }

#define DEFINE_ATOMICS(bits)                                                                  \
    HOOK uint64_t __tsan_atomic##bits##_load(const volatile void *p, int order);              \
    HOOK uint64_t __tsan_atomic##bits##_load(const volatile void *p, int order)               \
    {                                                                                         \
        return atomic_load(p, bits / 8, order, PC);                                           \
    }                                                                                         \
    HOOK void __tsan_atomic##bits##_store(volatile void *p, uint64_t value, int order);       \
    HOOK void __tsan_atomic##bits##_store(volatile void *p, uint64_t value, int order)        \
    {                                                                                         \
        atomic_store(p, bits / 8, value, order, PC);                                          \
    }                                                                                         \
    DEFINE_RMW(bits, exchange, RMW_EXCHANGE)                                                  \
    DEFINE_RMW(bits, fetch_add, RMW_ADD)                                                      \
    DEFINE_RMW(bits, fetch_sub, RMW_SUB)                                                      \
    DEFINE_RMW(bits, fetch_and, RMW_AND)                                                      \
    DEFINE_RMW(bits, fetch_or, RMW_OR)                                                        \
    DEFINE_RMW(bits, fetch_xor, RMW_XOR)                                                      \
    DEFINE_RMW(bits, fetch_nand, RMW_NAND)                                                    \
    DEFINE_CAS(bits, strong, false)                                                           \
    DEFINE_CAS(bits, weak, true)                                                              \
    HOOK uint64_t __tsan_atomic##bits##_compare_exchange_val(                                 \
        volatile void *p, uint64_t expected, uint64_t desired, int order, int failure_order); \
    HOOK uint64_t __tsan_atomic##bits##_compare_exchange_val(                                 \
        volatile void *p, uint64_t expected, uint64_t desired, int order, int failure_order)  \
    {                                                                                         \
        uint64_t value = expected & memory_mask(bits / 8);                                    \
        atomic_cas(p, bits / 8, &value, desired, order, failure_order, false, PC);            \
        return value;                                                                         \
    }

DEFINE_ATOMICS(8)
DEFINE_ATOMICS(16)
DEFINE_ATOMICS(32)
DEFINE_ATOMICS(64)

HOOK void __tsan_atomic_thread_fence(int order);
HOOK void __tsan_atomic_thread_fence(int order)
{
    if (rt.self < 0)
        return;
    atomic_point(PC);
    memory_fence(ORDER(order));
}

/* Actors never run concurrently with their own signal handlers: nothing to order. */
HOOK void __tsan_atomic_signal_fence(int order);
HOOK void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
