/* SPDX-License-Identifier: MIT */
/* The library's side: one VM with the software CPU interface. */
#ifndef ORACLE_OURS_H
#define ORACLE_OURS_H

#include "lvgic/lvgic.h"
#include "ops.h"

struct ours {
    struct lvgic_vm *vm;
    struct lvgic_vcpu *vcpu[ORACLE_CPUS];
    void *memory;
    size_t size;
    unsigned cpus;
    bool outside;
    enum machine machine;
    bool inside[ORACLE_CPUS];
    bool kicked[ORACLE_CPUS];
    bool line[ORACLE_CPUS][64]; /* of SPIs only [0] */
    const char *broken;         /* the first invariant that did not hold */
};

/* A new VM in the old one's memory; all zero for the first time. */
void ours_start(struct ours *ours, const struct sequence *seq);
struct result ours_do(struct ours *ours, const struct op *op);
/* Checks the invariants; NULL if they hold. */
const char *ours_end(struct ours *ours);
void ours_free(struct ours *ours);

/* Does operations [0, nr) of the sequence. */
void ours_replay(struct ours *ours, const struct sequence *seq, unsigned nr);

struct lvgic_irq_info ours_info(struct ours *ours, unsigned cpu, unsigned intid);

#endif
