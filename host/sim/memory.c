/* SPDX-License-Identifier: MIT */
/*
 * The C11 memory model as an abstract machine.
 *
 * Every atomic location has the list of the values stored to it, in modification order. Every actor
 * has a view: for each location, the oldest store it may still read. A load may return any store
 * from there on. A release store carries the storing actor's view along as a message; an acquire
 * load that reads the store joins that view into its own. Vector clocks travel the same way and
 * give the happens-before order that the race check needs.
 *
 * Read-modify-writes read the newest store and pass on its message (release sequences). Seq_cst
 * fences and accesses also go through one global view, in the order in which they execute.
 */
#include "runtime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORY = 32, /* stores kept per location; older ones can no longer be read */
    MAX_LOCATIONS = 4096,
    HASH_SIZE = 4 * MAX_LOCATIONS,
    VIEW_ALIGN = 16, /* views are handled in blocks of this many entries */
    CLOCK_ALIGN = 8, /* clocks are, too */
    ARENA_CHUNK = 1 << 20,
};

typedef uint16_t stamp; /* the number of a store in its location's modification order */

struct message {
    uint32_t length; /* entries of the view, which follows the clock; those beyond are 0 */
    clock_value clock[] __attribute__((aligned(32)));
};

struct store {
    uint64_t value;
    const struct message *message; /* NULL: a relaxed store outside any release sequence */
    uint64_t step;                 /* what order.c knows it by */
};

struct location {
    uintptr_t address;
    unsigned size;
    uint32_t oldest; /* first store still kept */
    uint32_t count;  /* stores so far */
    const struct watch *watch;
    struct store stores[HISTORY];
};

struct actor_memory {
    clock_value clock[MAX_ACTORS] __attribute__((aligned(32)));
    clock_value acquirable_clock[MAX_ACTORS] __attribute__((aligned(32)));
    const struct message *fence; /* what relaxed stores publish since the last release fence */
    stamp view[MAX_LOCATIONS] __attribute__((aligned(32)));
    stamp acquirable[MAX_LOCATIONS] __attribute__((aligned(32))); /* for an acquire fence */
};

/* explore_watch() */
static struct watch {
    uintptr_t address;
    bool (*allowed)(uint64_t old, uint64_t value);
    const char *what;
} watches[EXPLORE_MAX_WATCHES];
static uint32_t watch_count;

static struct location locations[MAX_LOCATIONS];
static uint32_t location_count;
static uint32_t clock_width; /* the number of actors, rounded up */
static struct actor_memory memories[MAX_ACTORS];
static stamp sc_view[MAX_LOCATIONS] __attribute__((aligned(32)));

static struct {
    uintptr_t address;
    uint32_t generation;
    uint32_t index;
} table[HASH_SIZE];
static uint32_t generation;

/* ---- messages: immutable, allocated from an arena that is reset with the schedule ----------- */

static struct chunk {
    struct chunk *next;
    char bytes[ARENA_CHUNK] __attribute__((aligned(64)));
} * first_chunk, *chunk;
static size_t chunk_used;

static struct message *new_message(uint32_t length)
{
    size_t size = sizeof(struct message) + clock_width * sizeof(clock_value);

    size = (size + length * sizeof(stamp) + 63) & ~(size_t)63;
    if (!chunk || chunk_used + size > ARENA_CHUNK) {
        struct chunk *next = chunk ? chunk->next : first_chunk;
        if (!next) {
            next = aligned_alloc(64, sizeof *next);
            if (!next)
                runtime_fail("explorer: out of memory");
            next->next = NULL;
            if (chunk)
                chunk->next = next;
            else
                first_chunk = next;
        }
        chunk = next;
        chunk_used = 0;
    }
    struct message *message = (struct message *)(chunk->bytes + chunk_used);
    chunk_used += size;
    message->length = length;
    return message;
}

static stamp *view_of(const struct message *message)
{
    return (stamp *)(message->clock + clock_width);
}

/* All views are zero beyond location_count, so whole blocks can be processed. */
static uint32_t view_length(void)
{
    return (location_count + VIEW_ALIGN - 1) & ~(uint32_t)(VIEW_ALIGN - 1);
}

static void join_view(stamp *to, const stamp *from, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        to[i] = to[i] < from[i] ? from[i] : to[i];
}

static void join_clock(clock_value *to, const clock_value *from)
{
    for (uint32_t block = 0; block < clock_width; block += CLOCK_ALIGN) {
        for (uint32_t i = block; i < block + CLOCK_ALIGN; i++)
            to[i] = to[i] < from[i] ? from[i] : to[i];
    }
}

/* What an actor publishes: everything it has seen and done so far. */
static const struct message *snapshot(struct actor_memory *memory)
{
    uint32_t length = view_length();
    struct message *message = new_message(length);

    memcpy(message->clock, memory->clock, clock_width * sizeof(clock_value));
    memcpy(view_of(message), memory->view, length * sizeof(stamp));
    /* What the actor does from now on is not covered by this message. */
    memory->clock[memory - memories]++;
    return message;
}

static const struct message *join_messages(const struct message *a, const struct message *b)
{
    if (!a || !b)
        return a ? a : b;
    if (a->length < b->length) {
        const struct message *swap = a;
        a = b;
        b = swap;
    }
    struct message *message = new_message(a->length);
    memcpy(message->clock, a->clock, clock_width * sizeof(clock_value));
    memcpy(view_of(message), view_of(a), a->length * sizeof(stamp));
    join_clock(message->clock, b->clock);
    join_view(view_of(message), view_of(b), b->length);
    return message;
}

/* ---- locations ------------------------------------------------------------------------------ */

/* Appends a store and returns its number; the location's memory itself is up to the caller. */
static uint32_t append(struct location *location, uint64_t value, const struct message *message,
                       uint64_t step)
{
    uint32_t number = location->count++;

    location->stores[number % HISTORY] = (struct store){value, message, step};
    if (location->count - location->oldest > HISTORY)
        location->oldest = location->count - HISTORY;
    return number;
}

static struct location *locate(uintptr_t address, unsigned size)
{
    uint32_t hash = (uint32_t)((address * 0x9e3779b97f4a7c15u) >> 40) % HASH_SIZE;

    while (table[hash].generation == generation) {
        if (table[hash].address == address) {
            struct location *location = &locations[table[hash].index];
            if (location->size != size)
                runtime_fail("mixed-size atomic accesses (%u and %u bytes)", location->size, size);
            /*
             * A plain write may have changed the memory, for example to initialise it. The race
             * check demands that everybody who gets here is ordered after that write, so no older
             * value can be read any more.
             */
            uint64_t value = memory_read_raw(address, size);
            const struct store *last = &location->stores[(location->count - 1) % HISTORY];
            if (value != last->value)
                location->oldest = append(location, value, NULL, hash_mix(last->step, value));
            return location;
        }
        hash = (hash + 1) % HASH_SIZE;
    }
    if (location_count == MAX_LOCATIONS)
        runtime_fail("explorer: more than %d atomic locations in one schedule", MAX_LOCATIONS);
    if (address % size != 0)
        runtime_fail("misaligned atomic access");
    table[hash].address = address;
    table[hash].generation = generation;
    table[hash].index = location_count;
    struct location *location = &locations[location_count++];
    location->address = address;
    location->size = size;
    location->watch = NULL;
    for (uint32_t i = 0; i < watch_count; i++)
        if (watches[i].address == address)
            location->watch = &watches[i];
    location->oldest = 0;
    location->count = 0;
    uint64_t value = memory_read_raw(address, size);
    append(location, value, NULL, hash_mix(0, value));
    return location;
}

/* ---- orders --------------------------------------------------------------------------------- */

static bool acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* ---- accesses ------------------------------------------------------------------------------- */

void memory_begin(void)
{
    static int previous_actors;
    size_t touched = view_length() * sizeof(stamp);
    int dirty = previous_actors > rt.actors ? previous_actors : rt.actors;

    previous_actors = rt.actors;
    clock_width = ((uint32_t)rt.actors + CLOCK_ALIGN - 1) & ~(uint32_t)(CLOCK_ALIGN - 1);
    for (int i = 0; i < dirty; i++) {
        struct actor_memory *memory = &memories[i];
        memset(memory->clock, 0, sizeof memory->clock);
        memset(memory->acquirable_clock, 0, sizeof memory->acquirable_clock);
        memset(memory->view, 0, touched);
        memset(memory->acquirable, 0, touched);
        memory->fence = NULL;
        memory->clock[i] = 1;
    }
    memset(sc_view, 0, touched);
    location_count = 0;
    watch_count = 0;
    chunk = NULL;
    chunk_used = 0;
    if (++generation == 0) {
        memset(table, 0, sizeof table);
        generation = 1;
    }
}

void memory_refresh(int actor)
{
    for (uint32_t i = 0; i < location_count; i++)
        memories[actor].view[i] = (stamp)(locations[i].count - 1);
    if (rt.ordering)
        order_refresh(actor);
}

const clock_value *memory_clock(int actor)
{
    return memories[actor].clock;
}

/* The oldest store the running actor may read. */
static uint32_t oldest_readable(const struct location *location, int order)
{
    uint32_t index = (uint32_t)(location - locations);
    uint32_t oldest = memories[rt.self].view[index];

    if (order == __ATOMIC_SEQ_CST && oldest < sc_view[index])
        oldest = sc_view[index];
    return oldest < location->oldest ? location->oldest : oldest;
}

static void read_store(struct location *location, uint32_t number, int order)
{
    uint32_t index = (uint32_t)(location - locations);
    struct actor_memory *memory = &memories[rt.self];
    const struct message *message = location->stores[number % HISTORY].message;

    if (memory->view[index] < number)
        memory->view[index] = (stamp)number;
    if (order == __ATOMIC_SEQ_CST && sc_view[index] < number)
        sc_view[index] = (stamp)number;
    if (!message)
        return;
    if (acquires(order)) {
        join_view(memory->view, view_of(message), message->length);
        join_clock(memory->clock, message->clock);
    } else {
        join_view(memory->acquirable, view_of(message), message->length);
        join_clock(memory->acquirable_clock, message->clock);
    }
}

static void write_store(struct location *location, uint64_t value, int order,
                        const struct message *inherited)
{
    const struct store *last = &location->stores[(location->count - 1) % HISTORY];
    if (location->watch && !location->watch->allowed(last->value, value))
        runtime_fail("%s: %#" PRIx64 " becomes %#" PRIx64, location->watch->what, last->value,
                     value);
    uint64_t replaced = last->step;
    uint64_t step =
        rt.ordering ? order_atomic(EVENT_STORE, location->address, location->size, replaced, order)
                    : 0;
    uint32_t index = (uint32_t)(location - locations);
    struct actor_memory *memory = &memories[rt.self];

    memory->view[index] = (stamp)location->count;
    if (order == __ATOMIC_SEQ_CST)
        sc_view[index] = (stamp)location->count;
    const struct message *message = releases(order) ? snapshot(memory) : memory->fence;
    append(location, value, join_messages(message, inherited), step);
    memory_write_raw(location->address, location->size, value);
    rt.write_epoch++;
}

void explore_watch(const void *location, bool (*allowed)(uint64_t old, uint64_t value),
                   const char *what)
{
    if (watch_count == EXPLORE_MAX_WATCHES)
        runtime_fail("explore_watch(): more than %d locations", EXPLORE_MAX_WATCHES);
    watches[watch_count++] = (struct watch){(uintptr_t)location, allowed, what};
}

uint64_t memory_load(uintptr_t address, unsigned size, int order)
{
    race_access(address, size, ACCESS_ATOMIC_READ);
    struct location *location = locate(address, size);
    uint32_t newest = location->count - 1;
    uint32_t oldest = oldest_readable(location, order);
    unsigned stale = newest > oldest ? strategy_stale(newest - oldest) : 0;
    uint64_t value = location->stores[(newest - stale) % HISTORY].value;

    read_store(location, newest - stale, order);
    if (rt.ordering)
        order_atomic(EVENT_LOAD, address, size, location->stores[(newest - stale) % HISTORY].step,
                     order);
    if (rt.observe)
        trace_event(EVENT_LOAD, address, size, order, value, value, stale);
    return value;
}

void memory_store(uintptr_t address, unsigned size, uint64_t value, int order)
{
    race_access(address, size, ACCESS_ATOMIC_WRITE);
    struct location *location = locate(address, size);
    uint64_t old = location->stores[(location->count - 1) % HISTORY].value;

    value &= memory_mask(size);
    write_store(location, value, order, NULL);
    if (rt.observe)
        trace_event(EVENT_STORE, address, size, order, old, value, 0);
}

uint64_t memory_rmw(uintptr_t address, unsigned size, enum rmw_operation operation,
                    uint64_t operand, int order)
{
    race_access(address, size, ACCESS_ATOMIC_WRITE);
    struct location *location = locate(address, size);
    const struct store *last = &location->stores[(location->count - 1) % HISTORY];
    uint64_t old = last->value;
    uint64_t value = memory_apply(operation, old, operand) & memory_mask(size);
    const struct message *inherited = last->message;

    read_store(location, location->count - 1, order);
    write_store(location, value, order, inherited);
    if (rt.observe)
        trace_event(EVENT_RMW, address, size, order, old, value, 0);
    return old;
}

bool memory_compare_exchange(uintptr_t address, unsigned size, uint64_t *expected, uint64_t desired,
                             int order, int failure_order, bool weak)
{
    struct location *location = locate(address, size);
    uint32_t newest = location->count - 1;
    uint32_t oldest = oldest_readable(location, failure_order);
    unsigned stale = newest > oldest ? strategy_stale(newest - oldest) : 0;
    uint64_t wanted = *expected & memory_mask(size);
    uint64_t old = location->stores[(newest - stale) % HISTORY].value;

    /* A failing exchange is only a load and may be stale; a succeeding one reads the newest. */
    if (stale > 0 && old == wanted) {
        stale = 0;
        old = location->stores[newest % HISTORY].value;
    }
    if (old != wanted || (weak && strategy_spurious())) {
        race_access(address, size, ACCESS_ATOMIC_READ);
        read_store(location, newest - stale, failure_order);
        *expected = old;
        if (rt.ordering)
            order_atomic(EVENT_CAS_FAILED, address, size,
                         location->stores[(newest - stale) % HISTORY].step, failure_order);
        if (rt.observe)
            trace_event(EVENT_CAS_FAILED, address, size, failure_order, old, desired, stale);
        return false;
    }
    race_access(address, size, ACCESS_ATOMIC_WRITE);
    const struct message *inherited = location->stores[newest % HISTORY].message;
    read_store(location, newest, order);
    write_store(location, desired & memory_mask(size), order, inherited);
    if (rt.observe)
        trace_event(EVENT_CAS, address, size, order, old, desired & memory_mask(size), 0);
    return true;
}

void memory_fence(int order)
{
    struct actor_memory *memory = &memories[rt.self];
    uint32_t length = view_length();

    if (acquires(order)) {
        join_view(memory->view, memory->acquirable, length);
        join_clock(memory->clock, memory->acquirable_clock);
    }
    if (order == __ATOMIC_SEQ_CST) {
        /* The global view orders what is visible; it does not create happens-before. */
        join_view(memory->view, sc_view, length);
        memcpy(sc_view, memory->view, length * sizeof(stamp));
    }
    if (releases(order))
        memory->fence = snapshot(memory);
    if (rt.ordering)
        order_atomic(EVENT_FENCE, 0, 0, 0, order);
    if (rt.observe)
        trace_event(EVENT_FENCE, 0, 0, order, 0, 0, 0);
}
