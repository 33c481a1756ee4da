/* SPDX-License-Identifier: MIT */
/* Feeding sequences to both sides, and saying what came out. */
#ifndef ORACLE_RUN_H
#define ORACLE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "mailbox.h"

struct run {
    const char *qemu_program;
    const char *stub;    /* NULL: stub.elf beside the program */
    const char *scripts; /* a directory, or NULL */
    uint64_t random;     /* how many */
    uint64_t seed;
    unsigned cpus;
    bool wild;
    enum machine machine;
};

/* The program's exit status. */
int run_all(const struct run *run, const char *argv0);

#endif
