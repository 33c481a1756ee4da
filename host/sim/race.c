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
    NO_RECORD = 0, /* record 0 covers no bytes */
    HEAD_WORDS = 3,
};

struct record {
    uint32_t next;
    uint8_t bytes;     /* one bit per byte of the word */
    bool atomic : 1;   /* some access was atomic */
    bool plain : 1;    /* some access was plain */
    bool overlaps : 1; /* another record has some of its bytes */
    int8_t writer;     /* of the last plain write, -1: none */
    clock_value written;
    clock_value last[]; /* plain reads, atomic reads, atomic writes: the last one of each actor */
};

/* Records are as long as this schedule has actors, so that small scenarios stay in the cache. */
static uint32_t pool[MAX_RECORDS * (HEAD_WORDS + 3 * MAX_ACTORS)];
static uint32_t record_words;
static uint32_t pool_used;

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
    record_words = HEAD_WORDS + 3 * (uint32_t)rt.actors;
    pool_used = HEAD_WORDS;
    if (++generation == 0) {
        memset(table, 0, sizeof table);
        generation = 1;
    }
}

/* Records are known by where they start in the pool. */
static struct record *record_at(uint32_t position)
{
    return (struct record *)&pool[position];
}

static clock_value *last_reads(struct record *record)
{
    return record->last;
}

static clock_value *last_atomic_reads(struct record *record)
{
    return record->last + rt.actors;
}

static clock_value *last_atomic_writes(struct record *record)
{
    return record->last + 2 * rt.actors;
}

static uint32_t *find_word(uintptr_t word)
{
    /* Neighbours stay neighbours: they are often accessed together. */
    uint32_t hash = (uint32_t)(word >> 3 ^ word >> 22) % HASH_SIZE;

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

static __attribute__((cold)) void report(uintptr_t word, uint8_t bytes, enum access_kind kind,
                                         int other, enum access_kind other_kind)
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
    for (int i = 0; i < rt.actors; i++) {
        if (last[i] > now[i] && i != rt.self)
            return i;
    }
    return -1;
}

/* Whether the last plain write is ordered before the running actor. */
static bool written_before(const struct record *record)
{
    return record->writer < 0 || record->written <= rt.clock[record->writer];
}

static void check(struct record *record, uintptr_t word, uint8_t bytes, enum access_kind kind,
                  const clock_value *now)
{
    int other;

    if (!written_before(record))
        report(word, bytes, kind, record->writer, ACCESS_WRITE);
    if (is_write(kind)) {
        other = unordered(last_reads(record), now);
        if (other >= 0)
            report(word, bytes, kind, other, ACCESS_READ);
    }
    if (is_atomic(kind) || !record->atomic)
        return;
    other = unordered(last_atomic_writes(record), now);
    if (other >= 0)
        report(word, bytes, kind, other, ACCESS_ATOMIC_WRITE);
    if (kind == ACCESS_WRITE) {
        other = unordered(last_atomic_reads(record), now);
        if (other >= 0)
            report(word, bytes, kind, other, ACCESS_ATOMIC_READ);
    }
}

static struct record *new_record(uint32_t *first, uint8_t bytes)
{
    if (pool_used == HEAD_WORDS + (MAX_RECORDS - 1) * record_words)
        runtime_fail("explorer: more than %d memory cells touched in one schedule",
                     MAX_RECORDS - 1);
    struct record *record = record_at(pool_used);
    memset(record, 0, record_words * sizeof *pool);
    record->bytes = bytes;
    record->writer = -1;
    record->next = *first;
    for (uint32_t i = *first; i != NO_RECORD; i = record_at(i)->next) {
        if (record_at(i)->bytes & bytes)
            record->overlaps = record_at(i)->overlaps = true;
    }
    *first = pool_used;
    pool_used += record_words;
    return record;
}

/*
 * Whether the actor has done the same since it last published anything. Nobody can be ordered after
 * that access, so whoever has come between would have been reported.
 */
static bool done_before(struct record *record, enum access_kind kind, clock_value now)
{
    switch (kind) {
    case ACCESS_READ:
        return last_reads(record)[rt.self] == now;
    case ACCESS_WRITE:
        return record->writer == rt.self && record->written == now;
    case ACCESS_ATOMIC_READ:
        return last_atomic_reads(record)[rt.self] == now;
    default:
        return last_atomic_writes(record)[rt.self] == now;
    }
}

static void note(struct record *record, enum access_kind kind, clock_value now)
{
    if (is_atomic(kind))
        record->atomic = true;
    else
        record->plain = true;
    switch (kind) {
    case ACCESS_READ:
        last_reads(record)[rt.self] = now;
        break;
    case ACCESS_WRITE:
        record->writer = (int8_t)rt.self;
        record->written = now;
        break;
    case ACCESS_ATOMIC_READ:
        last_atomic_reads(record)[rt.self] = now;
        break;
    case ACCESS_ATOMIC_WRITE:
        last_atomic_writes(record)[rt.self] = now;
        break;
    }
}

static __attribute__((noinline)) void access_checked(uint32_t *first, struct record *exact,
                                                     uintptr_t word, uint8_t bytes,
                                                     enum access_kind kind)
{
    const clock_value *now = rt.clock;

    if (exact && !exact->overlaps) {
        check(exact, word, bytes, kind, now);
        note(exact, kind, now[rt.self]);
        return;
    }
    for (uint32_t i = *first; i != NO_RECORD; i = record_at(i)->next) {
        struct record *record = record_at(i);
        if ((record->bytes & bytes) == 0)
            continue;
        if (record != exact && is_atomic(kind) && record->atomic)
            runtime_fail("overlapping atomic accesses of different size or alignment");
        check(record, word, bytes, kind, now);
    }
    note(exact ? exact : new_record(first, bytes), kind, now[rt.self]);
}

static inline void access_word(uintptr_t word, uint8_t bytes, enum access_kind kind)
{
    uint32_t *first = find_word(word);
    uint32_t at = *first;

    while (at != NO_RECORD && record_at(at)->bytes != bytes)
        at = record_at(at)->next;
    struct record *record = at != NO_RECORD ? record_at(at) : NULL;
    if (record) {
        if (done_before(record, kind, rt.clock[rt.self]))
            return;
        /* The most frequent cases, by far. */
        if (!record->overlaps &&
            (is_atomic(kind) ? !record->plain
                             : kind == ACCESS_READ && !record->atomic && written_before(record))) {
            note(record, kind, rt.clock[rt.self]);
            return;
        }
    }
    access_checked(first, record, word, bytes, kind);
}

static __attribute__((noinline)) void access_range(uintptr_t address, size_t size,
                                                   enum access_kind kind)
{
    while (size > 0) {
        unsigned offset = address & 7;
        size_t here = 8 - offset < size ? 8 - offset : size;
        access_word(address - offset, (uint8_t)(((1u << here) - 1) << offset), kind);
        address += here;
        size -= here;
    }
}

void race_access(uintptr_t address, size_t size, enum access_kind kind)
{
    unsigned offset = address & 7;

    if (offset + size <= 8)
        access_word(address - offset, (uint8_t)(((1u << size) - 1) << offset), kind);
    else
        access_range(address, size, kind);
}
