/* SPDX-License-Identifier: MIT */
/* Comparing, and the differences that are known: differences.md has the same ids. */
#ifndef ORACLE_COMPARE_H
#define ORACLE_COMPARE_H

#include "ours.h"

/* What can differ, as bits. */
enum {
    DIFFERS_VALUE = 1,
    DIFFERS_HPPIR = 2,
    DIFFERS_RPR = 4,
    DIFFERS_LINES = 8,
    DIFFERS_UNDEF = 16,
    /* Not a difference: the states differ from here on, so that the rest says nothing. */
    DIVERGED = 32
};

struct difference {
    const struct sequence *seq;
    const struct op *op; /* one of its operations */
    const struct result *ours, *theirs;
    unsigned what;
    struct ours *before, *after; /* the library's state around the operation, all vCPUs out */
};

#define WALK_DEPTH 64u
#define WALK_INTIDS 96u

/* What was acknowledged and not completed, by CPU, up to an operation. */
struct walk {
    struct {
        unsigned intid;
        bool group1; /* as it was then */
    } stack[ORACLE_CPUS][WALK_DEPTH];
    unsigned depth[ORACLE_CPUS];
};

/* What differs between two results of one operation. */
unsigned compare_results(const struct op *op, const struct result *ours,
                         const struct result *theirs);

/* Returns whether all differences are known. *at is the operation that has one that is not, or
 * after which nothing could be compared, or seq->nr. Counts the known ones if `count`. */
bool compare_sequence(const struct sequence *seq, const struct result *theirs, bool count,
                      unsigned *at);

/* How often each known difference was met. */
void compare_summary(enum machine machine);

/* A known difference is one of two kinds. */
struct known {
    const char *id; /* O...: a fault of the library's, D...: QEMU's, or free to choose */
    const char *what;
    /* The operations differ at once: which of difference->what this is about; with DIVERGED if
     * nothing after it can be compared. */
    unsigned (*explains)(const struct difference *difference);
    /* The architecture leaves open what the operation does in this state, so that nothing after it
     * can be compared. Looked at only when something differs. `walk` is before the operation. */
    bool (*leaves_open)(struct ours *before, const struct op *op, const struct walk *walk);
};

struct known_table {
    const struct known *rows;
    unsigned nr;
};

extern const struct known_table known_gicv3, known_gicv2;

#endif
