/* SPDX-License-Identifier: MIT */
/* QEMU's side: one QEMU with the stub, which runs batches of operations. */
#ifndef ORACLE_QEMU_H
#define ORACLE_QEMU_H

#include "mailbox.h"

struct qemu;

/* NULL, with a message, if it does not start. With two security states the stub runs at EL3. */
struct qemu *qemu_start(const char *program, const char *stub, unsigned cpus, enum machine machine);
void qemu_stop(struct qemu *qemu);

/* The batch that is to be filled next. There is one while another one runs, not more. */
struct batch *qemu_next(struct qemu *qemu);
void qemu_post(struct qemu *qemu);
/* Waits for the oldest batch that was posted and not waited for; exits the program if QEMU dies or
 * hangs. */
const struct batch *qemu_wait(struct qemu *qemu);

#endif
