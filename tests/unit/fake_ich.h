/* SPDX-License-Identifier: MIT */
/* ICH_* registers of ours, by name, and the loader compiled to use them. For one .c file. */
#ifndef TESTS_FAKE_ICH_H
#define TESTS_FAKE_ICH_H

#include <string.h>

#define LVGIC_FAKE_ICH
#include "../../src/cpuif/ich.c"

static struct {
    char name[16];
    uint64_t value;
    unsigned reads, writes;
} registers[64];

static unsigned find(const char *name)
{
    unsigned i = 0;

    while (registers[i].name[0] && strcmp(registers[i].name, name))
        i++;
    strncpy(registers[i].name, name, sizeof registers[i].name - 1);
    return i;
}

uint64_t fake_ich_read(const char *name)
{
    registers[find(name)].reads++;
    return registers[find(name)].value;
}

void fake_ich_write(const char *name, uint64_t value)
{
    registers[find(name)].writes++;
    registers[find(name)].value = value;
}

static const char *const lr_names[] = {
#define LR_NAME(number, name) name,
    EACH_LR(LR_NAME)
#undef LR_NAME
};

#endif
