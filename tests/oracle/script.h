/* SPDX-License-Identifier: MIT */
/* Sequences written by hand; scripts/README has the language. */
#ifndef ORACLE_SCRIPT_H
#define ORACLE_SCRIPT_H

#include "ops.h"

struct script;

/* NULL, with a message, if the file cannot be read. */
struct script *script_open(const char *path);
/* The next sequence; false at the end. Sets seq->lrs to 0 if the script does not say. Exits the
 * program, with a message, for a line that it does not understand. */
bool script_next(struct script *script, struct sequence *seq, unsigned cpus, enum machine machine);
void script_close(struct script *script);

#endif
