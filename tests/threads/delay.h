/* SPDX-License-Identifier: MIT */
/* Random delays, by a seed that is printed. */
#ifndef THREADS_DELAY_H
#define THREADS_DELAY_H

/* [ROUNDS [SEED]], or [SECONDS [SEED]]: the first one, or `otherwise`. Prints the seed of the
 * delays; without one it comes from the clock. */
unsigned arguments(int argc, char **argv, unsigned otherwise);

/* Now and then a yield, a short turn, or a sleep: called in the host's callbacks and between
 * operations, so that threads meet in places where they would not by themselves. */
void delay(void);

#endif
