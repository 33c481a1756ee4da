/* SPDX-License-Identifier: MIT */
/* Bits and sizes; nothing about interrupts. */
#ifndef LVGIC_BASE_BITS_H
#define LVGIC_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIT64(n) (UINT64_C(1) << (n))

/* Bits [hi:lo] set. */
#define MASK64(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline uint64_t bits_get(uint64_t value, unsigned hi, unsigned lo)
{
    return (value & MASK64(hi, lo)) >> lo;
}

static inline uint64_t bits_put(uint64_t value, unsigned hi, unsigned lo, uint64_t field)
{
    return (value & ~MASK64(hi, lo)) | ((field << lo) & MASK64(hi, lo));
}

/* Index of the lowest bit that is set; `value` must not be zero. */
static inline unsigned bits_first(uint64_t value)
{
    return (unsigned)__builtin_ctzll(value);
}

/* Number of bits that are set. Not the compiler's builtin: without the instruction it calls libgcc.
 */
static inline unsigned bits_count(uint64_t value)
{
    unsigned count = 0;

    for (; value; value &= value - 1)
        count++;
    return count;
}

static inline size_t align_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

/* Takes the lowest set bit out of *set and stores its index; false when the set is empty. */
static inline bool bits_take_first(uint64_t *set, unsigned *index)
{
    if (!*set)
        return false;
    *index = bits_first(*set);
    *set &= *set - 1;
    return true;
}

#endif
