/* SPDX-License-Identifier: MIT */
/* Delta debugging: leave out halves, quarters, ... single operations, as long as it still fails. */
#include "minimise.h"

#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Runs the sequence on both sides; true if it fails. */
static bool fails(struct qemu *qemu, struct ours *ours, struct minimal *m)
{
    struct batch *batch;
    const struct batch *done;

    ours_start(ours, &m->seq);
    for (unsigned i = 0; i < m->seq.nr; i++)
        m->seq.ours[i] = ours_do(ours, &m->seq.ops[i]);
    m->at = m->seq.nr - 1;
    m->broken = ours_end(ours);
    if (m->broken || !qemu)
        return m->broken;
    batch = qemu_next(qemu);
    batch->nr = m->seq.nr;
    memcpy(batch->ops, m->seq.ops, m->seq.nr * sizeof(struct op));
    qemu_post(qemu);
    done = qemu_wait(qemu);
    memcpy(m->theirs, done->results, m->seq.nr * sizeof(struct result));
    return !compare_sequence(&m->seq, m->theirs, false, &m->at);
}

static void leave_out(struct sequence *seq, unsigned first, unsigned nr)
{
    memmove(&seq->ops[first], &seq->ops[first + nr], (seq->nr - first - nr) * sizeof seq->ops[0]);
    seq->nr -= nr;
}

struct minimal *minimise(struct qemu *qemu, const struct sequence *seq)
{
    struct minimal *best = malloc(sizeof *best), *try = malloc(sizeof *try);
    struct ours ours = {.memory = NULL};

    if (!best || !try)
        abort();
    best->seq = *seq;
    for (unsigned i = 0; i < seq->nr; i++)
        best->seq.expect[i] = NO_EXPECTATION;
    if (!fails(qemu, &ours, best)) {
        printf("  it does not happen again\n");
        free(best);
        best = NULL;
    }
    for (unsigned step = SEQUENCE_OPS / 2; best && step > 0; step /= 2) {
        bool smaller = true;

        while (smaller) {
            smaller = false;
            best->seq.nr = best->at + 1; /* what comes later does not matter */
            for (unsigned i = best->seq.cpus; i + step <= best->seq.nr;) {
                try->seq = best->seq;
                leave_out(&try->seq, i, step);
                if (!fails(qemu, &ours, try)) {
                    i += step;
                    continue;
                }
                *best = *try;
                smaller = true;
            }
        }
    }
    free(try);
    ours_free(&ours);
    return best;
}
