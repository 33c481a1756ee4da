/* SPDX-License-Identifier: MIT */
/*
 * What the compiler and libfdt expect of a C library. Simple loops: nothing here is on the way of
 * an interrupt. libfdt is compiled with stack protection, hence the last two.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hyp.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *t = to;
    const char *f = from;

    if (((uintptr_t)t | (uintptr_t)f) % 8 == 0)
        for (; size >= 8; size -= 8, t += 8, f += 8)
            *(uint64_t *)(void *)t = *(const uint64_t *)(const void *)f;
    while (size--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;

    if ((uintptr_t)t < (uintptr_t)f)
        while (size--)
            *t++ = *f++;
    else
        while (size--)
            t[size] = f[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    char *t = to;
    uint64_t word = (unsigned char)value * UINT64_C(0x0101010101010101);

    if ((uintptr_t)t % 8 == 0)
        for (; size >= 8; size -= 8, t += 8)
            *(uint64_t *)(void *)t = word;
    while (size--)
        *t++ = (char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size--; x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *in, int value, size_t size)
{
    const unsigned char *s = in;

    for (; size--; s++)
        if (*s == (unsigned char)value)
            return (void *)(uintptr_t)s;
    return NULL;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length])
        length++;
    return length;
}

size_t strlen(const char *string)
{
    return strnlen(string, SIZE_MAX);
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (; limit--; a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

char *strchr(const char *string, int c)
{
    return memchr(string, c, strlen(string) + 1);
}

char *strrchr(const char *string, int c)
{
    const char *found = NULL;

    do
        if (*string == (char)c)
            found = string;
    while (*string++);
    return (char *)(uintptr_t)found;
}

static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A') + 10;
    return UINT_MAX;
}

/* No sign, no leading white space; a number that is too large wraps. */
unsigned long strtoul(const char *restrict string, char **restrict end, int base)
{
    unsigned long value = 0;

    if ((base == 0 || base == 16) && string[0] == '0' && (string[1] | 0x20) == 'x') {
        string += 2;
        base = 16;
    } else if (base == 0) {
        base = 10;
    }
    while (digit(*string) < (unsigned)base)
        value = value * (unsigned)base + digit(*string++);
    if (end)
        *end = (char *)(uintptr_t)string;
    return value;
}

uintptr_t __stack_chk_guard = (uintptr_t)0x5bd1e995a7c3f10b;
_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
    fault("a stack frame was overwritten");
}
