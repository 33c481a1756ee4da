/* SPDX-License-Identifier: MIT */
/* A fuzzer's bytes, read as numbers. At their end everything reads as zero. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at, *end;
};

static inline bool in_more(const struct input *in)
{
    return in->at < in->end;
}

static inline uint8_t in_byte(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A number of so many bytes, little-endian. */
static inline uint64_t in_bytes(struct input *in, unsigned nr)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < nr; i++)
        value |= (uint64_t)in_byte(in) << 8 * i;
    return value;
}

/* 0 to nr - 1. */
static inline uint32_t in_below(struct input *in, uint32_t nr)
{
    return (uint32_t)in_bytes(in, nr > 256 ? 2 : 1) % nr;
}

/* A value for a register: few bytes make the ones that matter, and any is possible. */
static inline uint64_t in_value(struct input *in)
{
    uint8_t kind = in_byte(in);

    switch (kind & 7) {
    case 0:
        return kind >> 3;
    case 1:
        return in_byte(in);
    case 2:
        return UINT64_C(1) << in_byte(in) % 64;
    case 3:
        return ~UINT64_C(0);
    case 4:
        return in_byte(in) * UINT64_C(0x0101010101010101);
    case 5:
        return in_bytes(in, 4);
    default:
        return in_bytes(in, 8);
    }
}

/* One of a few small numbers, so that different commands name the same thing; sometimes any. */
static inline uint32_t in_id(struct input *in, uint32_t nr)
{
    uint8_t byte = in_byte(in);

    return byte >= 0xf0 ? (uint32_t)in_bytes(in, 4) : byte % nr;
}

#endif
