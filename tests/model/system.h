/* SPDX-License-Identifier: MIT */
/*
 * The implementation's interrupt word, the vCPU that fills and folds its list register, the guest,
 * and the physical interrupt, next to the architecture's view of the same interrupt. One call makes
 * one event happen on both sides and compares them.
 *
 * A register that is filled while its vCPU is not in the guest (yet, or any more) needs no state of
 * its own: it is one whose guest does nothing, and a fold is possible at any time.
 */
#ifndef LVGIC_TESTS_MODEL_SYSTEM_H
#define LVGIC_TESTS_MODEL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belief.h"
#include "irq/word.h"

#define NR_VCPUS 2u
#define MAX_EVENTS 80u
#define RESET_PRIORITY 0xa0
#define OTHER_PRIORITY 0x20

enum kind {
    EVENT_WORD,       /* irq_apply from any thread: `word_event`, `arg` */
    EVENT_PUT,        /* a VMM writes a `part` of the state; it becomes active on vCPU `arg` */
    EVENT_MOVE,       /* a VMM writes the route of an active one: it goes to vCPU `arg` */
    EVENT_LIST,       /* vCPU `arg` takes it into a list register */
    EVENT_ACK,        /* the guest acknowledges it */
    EVENT_DEACTIVATE, /* the guest deactivates it */
    EVENT_FOLD,       /* the register is read back */
    EVENT_HOSTILE,    /* something is read back that no hardware returns: `arg` = pending, active */
    EVENT_REPLAY,     /* EOIcount, or a trapped DIR, of vCPU `arg` */
    EVENT_REMAP,      /* the slot is mapped anew, with the next generation */
    EVENT_PHYS_RISE,  /* the physical line */
    EVENT_PHYS_FALL,
    EVENT_FORWARD, /* the host takes the physical interrupt and passes it on */
    NR_EVENT_KINDS
};

struct event {
    enum kind kind;
    enum irq_event word_event;
    uint32_t arg;
    enum irq_part part;
    bool value;
};

struct variant {
    const char *name;
    bool lpi;
    bool hw;            /* stands for a physical interrupt */
    bool physical_edge; /* which is edge-triggered */
    bool edge;          /* configured edge-triggered at reset */
    bool sgi;           /* of GICv2: with sources */
};

struct system {
    uint64_t word;
    struct belief arch;

    /* The list register, and what its owner remembers. */
    bool listed;
    uint8_t listed_on;
    bool lr_pending, lr_active;
    uint8_t lr_source; /* of an SGI: the source in the register; 0 when not listed */
    struct irq_listing how;
    bool acknowledged, deactivated; /* the guest did so since the fill */
    bool news; /* the word was changed since: the owner is told, and will fold soon */

    bool freed; /* irq_unheld came true in this map life */
    uint8_t gen;

    struct {
        bool line, latch, active; /* the physical interrupt, at the physical Distributor */
    } phys;
};

enum outcome { NOT_NOW, DONE, FAILED };

/* 128 bits that say everything about a state. */
struct key {
    uint64_t a, b;
};

/* system_state.c: after a reset, and packed. */
struct system system_reset(const struct variant *v, uint8_t gen);
struct key system_pack(const struct system *s);
void system_unpack(struct key key, const struct variant *v, struct system *s);

/* events.c: all events there are, and their names and a state's in print. */
unsigned system_events(const struct event **events);
void system_event_name(const struct event *e, char *text, size_t size);
void system_describe(const struct system *s, char *text, size_t size);

/* system_write.c: an event of the word from any thread, and what a VMM writes. */
void system_apply(struct system *s, const struct event *e);
enum outcome system_event(struct system *s, const struct variant *v, const struct event *e);
enum outcome system_put(struct system *s, const struct variant *v, const struct event *e,
                        const char **why);

/* system.c: lets the event happen. On FAILED, `*why` says what disagrees. */
enum outcome system_step(struct system *s, const struct variant *v, const struct event *e,
                         const char **why);

/* system_check.c: compares the two sides; NULL when they agree. */
const char *system_check(struct system *s);
const char *check_listing(const struct system *before, uint64_t after, uint32_t me,
                          const struct irq_listing *how);
const char *check_fold(const struct system *before, uint64_t after, const struct irq_folded *found,
                       bool hostile);

#endif
