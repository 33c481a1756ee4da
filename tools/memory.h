/* SPDX-License-Identifier: MIT */
/* A guest's memory in which little is written: for the tables of ITSs. */
#ifndef TOOLS_MEMORY_H
#define TOOLS_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lvgic/host.h"

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *memory);

/* All addresses can be read; what was never written is 0. */
void memory_read(struct memory *memory, uint64_t address, void *data, uint32_t size);
void memory_write(struct memory *memory, uint64_t address, const void *data, uint32_t size);

/* What is there now is not in the list of memory_json() unless it is written again. */
void memory_forget_writes(struct memory *memory);

/* A host for VMs that never run, whose ctx is such a memory. */
struct lvgic_host memory_host(void);

/* What was written, by address: [{"address": "0x...", "bytes": "hexadecimal"}], or, of many zeros,
 * [{"address": "0x...", "zeros": number}]. And the reverse; false: it is no such list. */
json_t *memory_json(struct memory *memory);
bool memory_from_json(struct memory *memory, const json_t *list);

/* A file of JSON; and its "memory". NULL or false, and a message, if it cannot be. */
json_t *tool_load(const char *file);
bool tool_take_memory(struct memory *memory, const json_t *root, const char *file);

#endif
