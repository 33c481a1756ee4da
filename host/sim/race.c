/* SPDX-License-Identifier: MIT */
/*
 * Data races: two accesses to a common byte, at least one of them a write, at least one of them
 * plain, and neither ordered before the other by happens-before.
 *
 * The shadow of an aligned 8-byte word is a list of records, one per distinct set of bytes that was
 * accessed. Fields of any size packed into one word therefore stay apart, and overlapping accesses
 * still meet. A record keeps the last plain write (earlier ones are ordered before it, or were
 * reported) and the last access of the other kinds per actor.
 */
#include "runtime.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_RECORDS = 1 << 16,
    HASH_SIZE = 1 << 17,
    NO_RECORD = 0, /* record 0 is not used */
};

struct record {
    uint32_t next;
    uint8_t bytes; /* one bit per byte of the word */
    bool atomic;   /* some access was atomic */
    int8_t writer; /* of the last plain write, -1: none */
    clock_value written;
    clock_value read[MAX_ACTORS];
    clock_value atomic_read[MAX_ACTORS];
    clock_value atomic_written[MAX_ACTORS];
};

static struct record records[MAX_RECORDS];
static uint32_t record_count;

static struct {
    uintptr_t word;
    uint32_t generation;
    uint32_t first;
} table[HASH_SIZE];
static uint32_t generation;

static const char *const kind_names[] = {"plain read", "plain write", "atomic read",
                                         "atomic write"};

void race_begin(void)
{
    record_count = 1;
    if (++generation == 0) {
        memset(table, 0, sizeof table);
        generation = 1;
    }
}

static uint32_t *find_word(uintptr_t word)
{
    uint32_t hash = (uint32_t)((word * 0x9e3779b97f4a7c15u) >> 36) % HASH_SIZE;

    while (table[hash].generation == generation) {
        if (table[hash].word == word)
            return &table[hash].first;
        hash = (hash + 1) % HASH_SIZE;
    }
    table[hash].word = word;
    table[hash].generation = generation;
    table[hash].first = NO_RECORD;
    return &table[hash].first;
}

static bool is_write(enum access_kind kind)
{
    return kind == ACCESS_WRITE || kind == ACCESS_ATOMIC_WRITE;
}

static bool is_atomic(enum access_kind kind)
{
    return kind == ACCESS_ATOMIC_READ || kind == ACCESS_ATOMIC_WRITE;
}

static void report(uintptr_t word, uint8_t bytes, enum access_kind kind, int other,
                   enum access_kind other_kind)
{
    char symbol[128], function[128];
    uintptr_t address = word + (uintptr_t)__builtin_ctz(bytes);
    int size = __builtin_popcount(bytes);

    symbol_name(address, symbol, sizeof symbol);
    symbol_function((uintptr_t)rt.pc, function, sizeof function);
    runtime_fail("data race%s: %s of %d bytes at %s by actor %d in %s, not ordered after %s by "
                 "actor %d",
                 is_atomic(kind) != is_atomic(other_kind) ? " (mixed atomic and plain)" : "",
                 kind_names[kind], size, symbol, rt.self, function, kind_names[other_kind], other);
}

/* Finds an actor whose last access in the list is not ordered before the running actor. */
static int unordered(const clock_value *last, const clock_value *now)
{
    for (int i = 0; i < MAX_ACTORS; i++) {
        if (last[i] > now[i] && i != rt.self)
            return i;
    }
    return -1;
}

static void check(const struct record *record, uintptr_t word, uint8_t bytes, enum access_kind kind,
                  const clock_value *now)
{
    int other;

    if (record->writer >= 0 && record->writer != rt.self && record->written > now[record->writer])
        report(word, bytes, kind, record->writer, ACCESS_WRITE);
    if (is_write(kind)) {
        other = unordered(record->read, now);
        if (other >= 0)
            report(word, bytes, kind, other, ACCESS_READ);
    }
    if (is_atomic(kind) || !record->atomic)
        return;
    other = unordered(record->atomic_written, now);
    if (other >= 0)
        report(word, bytes, kind, other, ACCESS_ATOMIC_WRITE);
    if (kind == ACCESS_WRITE) {
        other = unordered(record->atomic_read, now);
        if (other >= 0)
            report(word, bytes, kind, other, ACCESS_ATOMIC_READ);
    }
}

static struct record *new_record(uint32_t *first, uint8_t bytes)
{
    if (record_count == MAX_RECORDS)
        runtime_fail("explorer: more than %d memory cells touched in one schedule", MAX_RECORDS);
    struct record *record = &records[record_count];
    memset(record, 0, sizeof *record);
    record->bytes = bytes;
    record->writer = -1;
    record->next = *first;
    *first = record_count++;
    return record;
}

static void access_word(uintptr_t word, uint8_t bytes, enum access_kind kind)
{
    const clock_value *now = memory_clock(rt.self);
    uint32_t *first = find_word(word);
    struct record *exact = NULL;

    for (uint32_t i = *first; i != NO_RECORD; i = records[i].next) {
        struct record *record = &records[i];
        if ((record->bytes & bytes) == 0)
            continue;
        check(record, word, bytes, kind, now);
        if (record->bytes == bytes)
            exact = record;
        else if (is_atomic(kind) && record->atomic)
            runtime_fail("overlapping atomic accesses of different size or alignment");
    }
    if (!exact)
        exact = new_record(first, bytes);
    switch (kind) {
    case ACCESS_READ:
        exact->read[rt.self] = now[rt.self];
        break;
    case ACCESS_WRITE:
        exact->writer = (int8_t)rt.self;
        exact->written = now[rt.self];
        break;
    case ACCESS_ATOMIC_READ:
        exact->atomic = true;
        exact->atomic_read[rt.self] = now[rt.self];
        break;
    case ACCESS_ATOMIC_WRITE:
        exact->atomic = true;
        exact->atomic_written[rt.self] = now[rt.self];
        break;
    }
}

void race_access(uintptr_t address, size_t size, enum access_kind kind)
{
    while (size > 0) {
        uintptr_t word = address & ~(uintptr_t)7;
        unsigned offset = (unsigned)(address - word);
        size_t here = 8 - offset < size ? 8 - offset : size;
        access_word(word, (uint8_t)(((1u << here) - 1) << offset), kind);
        address += here;
        size -= here;
    }
}
