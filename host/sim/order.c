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

enum { HASH_SIZE = 1 << 15 };

static uint64_t chains[MAX_ACTORS + 1]; /* [0]: outside the actors */
static uint64_t last_seq_cst;

/* The last write to each byte of a word. */
static struct word {
    uintptr_t address;
    uint64_t generation; /* of the schedule; older entries are free */
    uint64_t writes[8];
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

static struct word *word_at(uintptr_t address)
{
    uint32_t at = (uint32_t)(address >> 3 ^ address >> 22) % HASH_SIZE;

    while (table[at].generation == generation) {
        if (table[at].address == address)
            return &table[at];
        at = (at + 1) % HASH_SIZE;
    }
    if (++used == HASH_SIZE)
        runtime_fail("explorer: more than %d words written in one schedule", HASH_SIZE - 1);
    table[at] = (struct word){.address = address, .generation = generation};
    return &table[at];
}

static uint64_t extend(enum event_kind kind, uint64_t cause)
{
    uint64_t *chain = &chains[rt.current + 1];

    *chain = hash_mix(*chain + kind, cause);
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
    uint64_t bytes = 0;

    for (size_t done = 0; done < size; done += sizeof bytes) {
        uint64_t part = 0;
        size_t left = size - done;
        memcpy(&part, (const char *)address + done, left < sizeof part ? left : sizeof part);
        bytes = hash_mix(bytes, part);
    }
    extend(EVENT_READ, bytes);
    sleep_access(address, size, false);
}

void order_write(uintptr_t address, size_t size)
{
    struct word *word = NULL;
    uint64_t replaced = 0, last = 0;

    for (size_t i = 0; i < size; i++) {
        if (i == 0 || (address + i) % 8 == 0)
            word = word_at((address + i) & ~(uintptr_t)7);
        uint64_t write = word->writes[(address + i) % 8];
        if (write != last)
            replaced = hash_mix(replaced, write);
        last = write;
    }
    uint64_t step = extend(EVENT_WRITE, replaced);
    for (size_t i = 0; i < size; i++) {
        if (i == 0 || (address + i) % 8 == 0)
            word = word_at((address + i) & ~(uintptr_t)7);
        word->writes[(address + i) % 8] = step;
    }
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
