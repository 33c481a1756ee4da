/* SPDX-License-Identifier: MIT */
/*
 * What the emulator does for us: a file, and an end with a status. Arm, Semihosting for AArch32 and
 * AArch64.
 */
#include <string.h>

#include "hyp.h"

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITE 0x05
#define SYS_GET_CMDLINE 0x15
#define SYS_EXIT_EXTENDED 0x20
#define MODE_WB 5
#define ADP_STOPPED_APPLICATION_EXIT 0x20026

static int64_t call(uint64_t operation, void *block)
{
    register uint64_t x0 __asm__("x0") = operation;
    register void *x1 __asm__("x1") = block;

    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
    return (int64_t)x0;
}

/* Returns if there is no semihosting. */
void semihosting_exit(uint64_t status)
{
    uint64_t block[] = {ADP_STOPPED_APPLICATION_EXIT, status};

    call(SYS_EXIT_EXTENDED, block);
}

/* Writes the file that the emulator was told the name of (-semihosting-config arg=NAME). False if
 * it cannot be written. */
bool semihosting_write(const void *data, size_t size)
{
    static char name[4096];
    uint64_t line[] = {(uint64_t)name, sizeof(name)};

    if (call(SYS_GET_CMDLINE, line))
        return false;

    uint64_t open[] = {(uint64_t)name, MODE_WB, line[1]};
    int64_t file = call(SYS_OPEN, open);
    uint64_t write[] = {(uint64_t)file, (uint64_t)data, size};
    uint64_t close[] = {(uint64_t)file};

    if (file < 0)
        return false;

    bool all = call(SYS_WRITE, write) == 0; /* bytes that are left */

    return call(SYS_CLOSE, close) == 0 && all;
}
