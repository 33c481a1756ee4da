/* SPDX-License-Identifier: MIT */
/* The commands that are files of their own. Each returns the exit status: 0, 1 (they differ, it is
 * damaged) or 2 (it could not be done). */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int tool_show(const char *file, bool as_json);
int tool_diff(const char *a, const char *b);
int tool_check(const char *file);
/* `memory`: a file with the guest's memory, or NULL. */
int tool_kvm_export(const char *file, const char *memory);
int tool_kvm_import(const char *list, const char *file);

/* Becomes the explorer, with argv[1] and what follows as its arguments; returns only if not. */
int tool_explore(char **argv);

/* A file in malloc'ed memory; NULL, and a message, if it cannot be read. "-" is standard input. */
uint8_t *tool_read(const char *file, size_t *size);

/* A record of LPIs as JSON, into that of all or of its vCPU (lpis.c). */
struct snap_rec;
void tool_lpi_json(json_t *root, json_t *vcpus, const struct snap_rec *rec);

/* Values of JSON. */
void tool_put(json_t *object, const char *name, uint64_t value);
void tool_put_hex(json_t *object, const char *name, uint64_t value);
uint64_t tool_number(const json_t *object, const char *name); /* also of hexadecimal text */

/* All of a snapshot as JSON; NULL, and a message, if it is not sound. */
json_t *tool_json(const char *file);

#endif
