/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_MINIMISE_H
#define ORACLE_MINIMISE_H

#include "ops.h"
#include "qemu.h"

struct minimal {
    struct sequence seq;
    struct result theirs[SEQUENCE_OPS];
    unsigned at;
    const char *broken; /* the library's own checks failed: then theirs is empty */
};

/* The sequence without the operations that the failure does not need. QEMU must have nothing else
 * to do; it may be NULL when the library's own checks failed. NULL if it does not happen again. */
struct minimal *minimise(struct qemu *qemu, const struct sequence *seq);

#endif
