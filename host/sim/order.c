/* SPDX-License-Identifier: MIT */
/*
 * What has happened in the running schedule, as one number that does not depend on the order of
 * steps that do not concern each other.
 *
 * Each actor has a chain: a hash of its past. Every step adds what the actor learnt by it. A load
 * adds the store that it reads (a store is known by its actor's chain), a store or
 * read-modify-write the store that it replaces, a plain read the bytes, a plain write the last
 * write to the same byte, a seq_cst operation the last one of anybody. Since the actors are
 * deterministic, equal chains mean that every actor is at the same place with the same values, that
 * memory is the same, and so are the stores that each actor may still read.
 */
#include "runtime.h"

#include <string.h>

enum { HASH_SIZE = 1 << 18 };

static uint64_t chains[MAX_ACTORS + 1]; /* [0]: outside the actors */
static uint64_t last_seq_cst;

/* The last write to each byte. */
static struct {
    uintptr_t address;
    uint64_t generation; /* of the schedule; older entries are free */
    uint64_t write;
} table[HASH_SIZE];
static uint64_t generation;
static uint32_t used;

void order_begin(void)
{
    memset(chains, 0, sizeof chains);
    last_seq_cst = 0;
    generation++;
    used = 0;
}

static uint64_t *last_write(uintptr_t address)
{
    uint32_t at = (uint32_t)(address ^ address >> 22) % HASH_SIZE;

    while (table[at].generation == generation) {
        if (table[at].address == address)
            return &table[at].write;
        at = (at + 1) % HASH_SIZE;
    }
    if (++used == HASH_SIZE)
        runtime_fail("explorer: more than %d bytes written in one schedule", HASH_SIZE - 1);
    table[at].address = address;
    table[at].generation = generation;
    table[at].write = 0;
    return &table[at].write;
}

static uint64_t extend(enum event_kind kind, uint64_t cause)
{
    uint64_t *chain = &chains[rt.current + 1];

    *chain = hash_mix(hash_mix(*chain, kind), cause);
    return *chain;
}

void order_step(enum event_kind kind, uint64_t cause)
{
    extend(kind, cause);
    if (kind != EVENT_STEP)
        sleep_complex();
    /* A wait ends or does not end by what any other does. */
    if (kind == EVENT_WAIT || kind == EVENT_RELAX)
        sleep_wake_all();
}

uint64_t order_atomic(enum event_kind kind, uintptr_t address, unsigned size, uint64_t store,
                      int order)
{
    uint64_t step = extend(kind, store);

    if (kind != EVENT_FENCE)
        sleep_access(address, size, kind == EVENT_STORE);
    if (order == __ATOMIC_SEQ_CST) {
        step = last_seq_cst = extend(kind, last_seq_cst);
        sleep_access((uintptr_t)&last_seq_cst, sizeof last_seq_cst, true);
    }
    return step;
}

void order_read(uintptr_t address, size_t size)
{
    uintptr_t from = address;
    size_t length = size;
    uint64_t bytes = 0, part = 0;

    for (; size > sizeof part; address += sizeof part, size -= sizeof part) {
        memcpy(&part, (const void *)address, sizeof part);
        bytes = hash_mix(bytes, part);
    }
    part = 0;
    memcpy(&part, (const void *)address, size);
    extend(EVENT_READ, hash_mix(bytes, part));
    sleep_access(from, length, false);
}

void order_write(uintptr_t address, size_t size)
{
    uint64_t replaced = 0;

    for (size_t i = 0; i < size; i++)
        replaced = hash_mix(replaced, *last_write(address + i));
    uint64_t step = extend(EVENT_WRITE, replaced);
    for (size_t i = 0; i < size; i++)
        *last_write(address + i) = step;
    sleep_access(address, size, true);
}

void order_refresh(int actor)
{
    chains[actor + 1] = hash_mix(chains[actor + 1], order_state());
    sleep_complex();
    sleep_wake_all();
}

uint64_t order_state(void)
{
    uint64_t state = 0;

    for (int i = 0; i <= rt.actors; i++)
        state = hash_mix(state, chains[i]);
    return state;
}
