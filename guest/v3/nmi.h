/* SPDX-License-Identifier: MIT */
/* What the tests of NMIs have in common. */
#ifndef GUEST_NMI_H
#define GUEST_NMI_H

#include "guest.h"

/* As poll_ack() and poll_nothing() for NMIs, by ICC_NMIAR1_EL1. */
unsigned ack_nmi(void); /* does not wait */
unsigned poll_nmi(void);
unsigned poll_no_nmi(void);
/* Wait until an NMI is the highest one pending, so that ICC_IAR1_EL1 refers to ICC_NMIAR1_EL1. */
bool poll_iar1_says_nmi(void);

static inline bool running_nmi(void)
{
    return read_sysreg(ICC_RPR_EL1) & ICC_RPR_NMI;
}

/* What the CPU lets through: nothing; NMIs only; or everything, with NMIs taken like others, which
 * is what each test starts with. For smp_call. */
enum nmi_mode { NMI_MASKED, NMI_ONLY, NMI_AS_OTHERS };
uint64_t work_nmi_mode(uint64_t mode);

#endif
