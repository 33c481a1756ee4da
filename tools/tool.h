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
int tool_kvm_export(const char *file);
int tool_kvm_import(const char *list, const char *file);

/* Becomes the explorer, with argv[1] and what follows as its arguments; returns only if not. */
int tool_explore(char **argv);

/* A file in malloc'ed memory; NULL, and a message, if it cannot be read. "-" is standard input. */
uint8_t *tool_read(const char *file, size_t *size);

/* All of a snapshot as JSON; NULL, and a message, if it is not sound. */
json_t *tool_json(const char *file);

#endif
