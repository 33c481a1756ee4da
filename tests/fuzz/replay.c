/* SPDX-License-Identifier: MIT */
/*
 * Where there is no fuzzer: runs a fuzz target on files, on all their prefixes in steps, and on
 * what a simple mutation makes of them: replay [-n MUTATIONS] FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned long run(const uint8_t *data, size_t size, unsigned mutations)
{
    uint8_t *copy = malloc(size + 1);
    unsigned long runs = 1;

    LLVMFuzzerTestOneInput(data, size);
    for (size_t prefix = 0; prefix < size; prefix += 1 + size / 64, runs++)
        LLVMFuzzerTestOneInput(data, prefix);
    for (unsigned i = 0; i < mutations && size; i++, runs++) {
        memcpy(copy, data, size);
        for (uint64_t n = 1 + next_random() % 4; n-- > 0;)
            copy[next_random() % size] = (uint8_t)(next_random() >> 8);
        LLVMFuzzerTestOneInput(copy, size);
    }
    free(copy);
    return runs;
}

int main(int argc, char **argv)
{
    unsigned mutations = 200;
    unsigned long runs = 0;

    for (int i = 1; i < argc; i++) {
        static uint8_t data[1 << 20];
        FILE *file;
        size_t size;

        if (!strcmp(argv[i], "-n") && i + 1 < argc) {
            mutations = (unsigned)strtoul(argv[++i], NULL, 10);
            continue;
        }
        file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 2;
        }
        size = fread(data, 1, sizeof data, file);
        fclose(file);
        runs += run(data, size, mutations);
    }
    printf("%lu inputs\n", runs);
    return runs ? 0 : 2;
}
