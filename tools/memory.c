/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "like.h"
#include "tool.h"

#define PAGE 4096u
#define MANY_ZEROS 64u

struct page {
    uint64_t address;
    uint8_t bytes[PAGE], written[PAGE];
};

struct memory {
    struct page **pages; /* by address */
    size_t nr;
};

struct memory *memory_new(void)
{
    return calloc(1, sizeof(struct memory));
}

void memory_free(struct memory *memory)
{
    for (size_t i = 0; i < memory->nr; i++)
        free(memory->pages[i]);
    free(memory->pages);
    free(memory);
}

/* Where the page is, or would be. */
static size_t place_of(const struct memory *memory, uint64_t address)
{
    size_t low = 0, high = memory->nr;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (memory->pages[middle]->address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct page *find(const struct memory *memory, uint64_t address)
{
    size_t at = place_of(memory, address);

    return at < memory->nr && memory->pages[at]->address == address ? memory->pages[at] : NULL;
}

static struct page *find_or_add(struct memory *memory, uint64_t address)
{
    struct page *page = find(memory, address);
    size_t at = place_of(memory, address);

    if (page)
        return page;
    page = calloc(1, sizeof *page);
    page->address = address;
    memory->pages = realloc(memory->pages, (memory->nr + 1) * sizeof *memory->pages);
    memmove(&memory->pages[at + 1], &memory->pages[at], (memory->nr - at) * sizeof page);
    memory->pages[at] = page;
    memory->nr++;
    return page;
}

void memory_read(struct memory *memory, uint64_t address, void *data, uint32_t size)
{
    uint8_t *to = data;

    for (uint32_t i = 0; i < size; i++, address++) {
        const struct page *page = find(memory, address & ~(uint64_t)(PAGE - 1));

        to[i] = page ? page->bytes[address % PAGE] : 0;
    }
}

void memory_write(struct memory *memory, uint64_t address, const void *data, uint32_t size)
{
    const uint8_t *from = data;

    for (uint32_t i = 0; i < size; i++, address++) {
        struct page *page = find_or_add(memory, address & ~(uint64_t)(PAGE - 1));

        page->bytes[address % PAGE] = from[i];
        page->written[address % PAGE] = 1;
    }
}

void memory_forget_writes(struct memory *memory)
{
    for (size_t i = 0; i < memory->nr; i++)
        memset(memory->pages[i]->written, 0, PAGE);
}

/* ------------------------------------------------------------------ a guest's */

static bool read_memory(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    memory_read(ctx, gpa, data, size);
    return true;
}

static bool write_memory(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    memory_write(ctx, gpa, data, size);
    return true;
}

struct lvgic_host memory_host(void)
{
    struct lvgic_host host = like_host;

    host.read_guest = read_memory;
    host.write_guest = write_memory;
    return host;
}

/* ------------------------------------------------------------------ as JSON */

/* A run of bytes that were written, at `start`. */
struct run {
    json_t *list;
    uint64_t start;
    size_t nr;
    uint8_t bytes[PAGE];
};

static size_t zeros_at(const struct run *run, size_t at)
{
    size_t nr = 0;

    while (at + nr < run->nr && !run->bytes[at + nr])
        nr++;
    return nr;
}

static void put_bytes(struct run *run, size_t from, size_t to)
{
    char *text = malloc(2 * (to - from) + 1);

    text[0] = 0;
    for (size_t i = from; i < to; i++) {
        text[2 * (i - from)] = "0123456789abcdef"[run->bytes[i] >> 4];
        text[2 * (i - from) + 1] = "0123456789abcdef"[run->bytes[i] & 15];
    }
    text[2 * (to - from)] = 0;
    if (to > from)
        json_array_append_new(run->list, json_pack("{s:o, s:s}", "address",
                                                   json_sprintf("0x%" PRIx64, run->start + from),
                                                   "bytes", text));
    free(text);
}

/* Those that follow zeros are counted together with them. */
static void put_zeros(struct run *run, size_t at, size_t nr)
{
    json_t *last = json_array_get(run->list, json_array_size(run->list) - 1);
    json_int_t before = json_integer_value(json_object_get(last, "zeros"));
    const char *address = json_string_value(json_object_get(last, "address"));

    if (before && strtoull(address, NULL, 0) + (uint64_t)before == run->start + at)
        json_object_set_new(last, "zeros", json_integer(before + (json_int_t)nr));
    else
        json_array_append_new(run->list, json_pack("{s:o, s:I}", "address",
                                                   json_sprintf("0x%" PRIx64, run->start + at),
                                                   "zeros", (json_int_t)nr));
}

static void end_run(struct run *run)
{
    size_t from = 0, at = 0;

    while (at < run->nr) {
        size_t zeros = zeros_at(run, at);

        if (zeros >= MANY_ZEROS) {
            put_bytes(run, from, at);
            put_zeros(run, at, zeros);
            from = at + zeros;
        }
        at += zeros ? zeros : 1;
    }
    put_bytes(run, from, run->nr);
    run->nr = 0;
}

json_t *memory_json(struct memory *memory)
{
    struct run run = {.list = json_array()};

    for (size_t i = 0; i < memory->nr; i++) {
        const struct page *page = memory->pages[i];

        for (uint32_t n = 0; n < PAGE; n++) {
            if (page->written[n]) {
                if (!run.nr)
                    run.start = page->address + n;
                run.bytes[run.nr++] = page->bytes[n];
            }
            if (!page->written[n] || n == PAGE - 1)
                end_run(&run);
        }
    }
    return run.list;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool read_bytes(struct memory *memory, uint64_t address, const char *text)
{
    for (; text[0]; text += 2) {
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        uint8_t byte = (uint8_t)(high << 4 | low);

        if (low < 0)
            return false;
        memory_write(memory, address++, &byte, 1);
    }
    return true;
}

bool memory_from_json(struct memory *memory, const json_t *list)
{
    const json_t *region;
    size_t i;

    json_array_foreach (list, i, region) {
        const char *address = json_string_value(json_object_get(region, "address"));
        const char *bytes = json_string_value(json_object_get(region, "bytes"));
        json_int_t zeros = json_integer_value(json_object_get(region, "zeros"));
        uint64_t at = address ? strtoull(address, NULL, 0) : 0;

        if (!address || (bytes ? !read_bytes(memory, at, bytes) : zeros <= 0))
            return false;
        /* A table is not larger than 256 pages of 64 KiB. */
        for (json_int_t n = 0; !bytes && n < zeros && n < 1 << 24; n++)
            memory_write(memory, at++, "", 1);
    }
    return true;
}

json_t *tool_load(const char *file)
{
    json_error_t error;
    json_t *root =
        strcmp(file, "-") ? json_load_file(file, 0, &error) : json_loadf(stdin, 0, &error);

    if (!root)
        fprintf(stderr, "lvgic: %s:%d: %s\n", file, error.line, error.text);
    return root;
}

bool tool_take_memory(struct memory *memory, const json_t *root, const char *file)
{
    if (memory_from_json(memory, json_object_get(root, "memory")))
        return true;
    fprintf(stderr, "lvgic: %s: \"memory\" is no list of addresses and bytes\n", file);
    return false;
}
