/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "delay.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t seed;
static _Atomic uint64_t threads; /* that have called delay() */
static _Thread_local uint64_t random_state;

unsigned arguments(int argc, char **argv, unsigned otherwise)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)now.tv_nsec;
    printf("seed %llu\n", (unsigned long long)seed);
    return argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : otherwise;
}

static uint64_t next_random(void)
{
    if (!random_state)
        random_state = (seed + atomic_fetch_add(&threads, 1)) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void delay(void)
{
    uint64_t random = next_random();
    struct timespec nap = {.tv_nsec = (long)(random >> 32) % 100000};

    if (random % 16 == 0)
        sched_yield();
    else if (random % 16 == 1)
        for (volatile unsigned i = (unsigned)(random >> 32) % 2000; i > 0; i--)
            ;
    else if (random % 1024 == 2)
        nanosleep(&nap, NULL);
}
