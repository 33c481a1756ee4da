/* SPDX-License-Identifier: MIT */
/*
 * LPIs: what the objects of vm.h hold for them, and what happens to an LPI's word.
 *
 * An LPI's word is that of an edge-triggered interrupt of group 1 without an active state, and four
 * things more. Its slot may stand for nothing (not MAPPED), and then for another INTID, with the
 * next generation. Its redistributor may be disabled: then it is refused. What became pending
 * before its redistributor was last disabled is dead: the word carries a stamp that says which
 * enabling it became pending in. And its collection may be unmapped (CUT).
 */
#ifndef LVGIC_IRQ_LPI_H
#define LVGIC_IRQ_LPI_H

#include <stdatomic.h>

#include "irq/word.h"

#define MAX_LPI_SLOTS (1u << 20)
#define LPI_PAGE 64u /* INTIDs of one page of the index */

/* What an LPI slot stands for. Changed by the claim's holder only, while the slot is not MAPPED. */
struct lpi {
    _Atomic uint32_t intid; /* read by anybody: believed only if the word is MAPPED */
    uint16_t icid;          /* its collection, ... */
    uint8_t its;            /* ... on this ITS */
};

#define PENDBASER_PTZ (UINT64_C(1) << 62) /* the table is all zeros */

/* lpi_redist.state: counts the enablings, with what it does in the lowest bits. */
enum { LPIS_OFF, LPIS_ON, LPIS_CLOSING, LPIS_MODE = 3, LPIS_NEXT = 4 };

/* lpi_redist.requests */
enum {
    LPI_CLOSE = 1,      /* the redistributor was disabled: clear the pending state of its LPIs */
    LPI_OPEN = 2,       /* it was enabled: read their configuration and the pending table */
    LPI_RELOAD = 4,     /* read their configuration (GICR_INVALLR) */
    LPI_RELOAD_ONE = 8, /* of the one in reload_one (GICR_INVLPIR) */
};

/* A redistributor's share. */
struct lpi_redist {
    _Atomic uint32_t state;
    _Atomic uint32_t requests;
    _Atomic uint32_t reload_one;
    _Atomic uint64_t propbaser, pendbaser;

    /* Of the claim's holder. */
    uint64_t *members; /* bit i: LPI slot i is targeted here */
    uint32_t doing;    /* requests that were taken, ... */
    uint32_t cursor;   /* ... the LPI slot that they have come to, ... */
    uint32_t nr_left;  /* ... and how many vCPUs were seen out of the guest after closing */
};

/* The VM's share. Slots are numbered from 0 here; vm->nr_wired is added for hints and words. */
struct lpi_space {
    /* Constant after initialisation. */
    uint32_t nr;        /* slots */
    uint32_t nr_intids; /* INTIDs 8192 up */
    uint32_t id_bits;
    uint32_t of_vcpu; /* DirectLPI: each vCPU has so many slots of its own, else 0 */
    struct lpi *lpis;

    /* INTID to slot: pages of LPI_PAGE INTIDs, found by their number. Written by the claim's
     * holder, read by anybody, who then looks whether the slot agrees. */
    uint32_t nr_pages;
    _Atomic uint32_t *pages; /* page of INTIDs 8192 + 64 n up, or INTID_NONE */
    _Atomic uint32_t *index; /* slots, LPI_PAGE for each page, or INTID_NONE */
    uint8_t *page_used;      /* entries of a page, less one */
    uint32_t *free_pages;    /* a stack */
    uint32_t nr_free_pages;

    /* Bit i: slot i has no holder. Set by whoever took the last one away, in any context. */
    _Atomic uint64_t *free;
    uint32_t next_free; /* where to look first, so that slots are used in turn */

    /* The claim (deliver/lpi.h). */
    _Atomic uint32_t claim;
    _Atomic uint64_t *todo; /* bit v: vCPU v has requests */

    _Atomic uint64_t mapped, unmapped, refused; /* MAPPED set, cleared; no slot was free */
};

/* The stamp of what becomes pending now on a redistributor in this state; 0 while it is disabled,
 * which is no word's. It comes round after eight enablings, each of which clears all words first: a
 * thread that sleeps through all of them inside an injection makes one LPI pending at worst. */
static inline uint32_t lpi_stamp(uint32_t state)
{
    return (state & LPIS_MODE) == LPIS_ON ? 8u | (state / LPIS_NEXT & 7u) : 0;
}

/* A new life of a slot that nobody holds: disabled until its configuration has been read. */
uint64_t lpi_word_map(uint64_t w, uint32_t target);

/* An event for it, with the stamp of its target: refused (false) if there is none. */
bool lpi_word_pulse(uint64_t w, uint32_t stamp, uint64_t *to);

/* Pending state goes along if it has the stamp of the redistributor that it leaves and the new one
 * is enabled; otherwise it is dropped, also what a list register has. */
uint64_t lpi_word_move(uint64_t w, uint32_t target, uint32_t from_stamp, uint32_t to_stamp);

uint64_t lpi_word_configure(uint64_t w, uint32_t priority, bool enabled);

#endif
