/* SPDX-License-Identifier: MIT */
/* One sequence of accesses, made to src/cpuif and to the model side by side. */
#ifndef LVGIC_TESTS_ICV_SEQUENCE_H
#define LVGIC_TESTS_ICV_SEQUENCE_H

#include "icv_model.h"
#include "icv_mutants.h"
#include "icv_state.h"

#define MAX_STEPS 24
#define MAX_TAKEN 8

/* Name, how often of 100. */
#define ACTIONS(X)      \
    X(IAR0, 10)         \
    X(IAR1, 20)         \
    X(NMIAR1, 8)        \
    X(EOIR0, 8)         \
    X(EOIR1, 14)        \
    X(DIR, 12)          \
    X(PMR, 4)           \
    X(BPR0, 3)          \
    X(BPR1, 3)          \
    X(CTLR, 3)          \
    X(IGRPEN, 4)        \
    X(RESET, 1)         \
    X(ICH_READ, 4)      \
    X(ICH_WRITE_LR, 10) \
    X(ICH_WRITE, 4)

enum action {
#define ACTION_ENUM(name, share) ACTION_##name,
    ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
        NR_ACTIONS
};

struct step {
    enum action action;
    uint64_t argument;
    uint64_t theirs, ours; /* results */
};

/* What happened, so that a comparison of nothing does not pass. */
#define HAPPENINGS(X)                             \
    X(accesses, "accesses made")                  \
    X(acknowledged, "acknowledges")               \
    X(lpis, "of LPIs")                            \
    X(preempted, "that preempted")                \
    X(masked, "that found what is not signalled") \
    X(completed, "completions that deactivated")  \
    X(counted, "completions counted")             \
    X(dropped, "priorities dropped")              \
    X(physical, "physical deactivations")         \
    X(conditions, "maintenance conditions seen")  \
    X(nmis, "NMIs acknowledged")                  \
    X(referred, "reads of IAR1 that referred to NMIAR1")

struct happenings {
#define HAPPENING(name, what) uint64_t name;
    HAPPENINGS(HAPPENING)
#undef HAPPENING
};

struct sequence {
    struct random random;
    struct palette palette;
    struct lvgic_lrs start, lrs;
    struct icv_model model;
    struct {
        uint32_t intid;
        bool group1;
    } taken[MAX_TAKEN];
    unsigned nr_taken;
    struct step steps[MAX_STEPS];
    unsigned nr_steps;
    char why[160];
    struct happenings *happened;
};

const char *action_name(enum action action);

/* Does one thing to both, and says in `step` what came of it. */
void sequence_act(struct sequence *s, struct step *step);

/* Equal, or says in s->why what is not. */
bool same(struct sequence *s, const char *what, uint64_t theirs, uint64_t ours);

/* The registers, and the struct beside them; and all that can be read without changing anything. */
bool same_registers(struct sequence *s);
bool same_view(struct sequence *s);

#endif
