/* SPDX-License-Identifier: MIT */
/* The generic timers of a CPU. Their outputs are level-sensitive PPIs. */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

#include "cpu.h"

/* Each timer is named by its INTID. */
#define TIMER_VIRTUAL 27
#define TIMER_PHYSICAL 30

#define TIMER_ENABLE 1
#define TIMER_IMASK 2
#define TIMER_ISTATUS 4

static inline void timer_control(unsigned timer, uint64_t control)
{
    if (timer == TIMER_VIRTUAL)
        write_sysreg(cntv_ctl_el0, control);
    else
        write_sysreg(cntp_ctl_el0, control);
}

static inline uint64_t timer_status(unsigned timer)
{
    return timer == TIMER_VIRTUAL ? read_sysreg(cntv_ctl_el0) : read_sysreg(cntp_ctl_el0);
}

static inline void timer_stop(unsigned timer)
{
    timer_control(timer, 0);
}

/* Raises the interrupt after some time, or at once. */
static inline void timer_start(unsigned timer, uint64_t us)
{
    if (timer == TIMER_VIRTUAL)
        write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + microseconds(us));
    else
        write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + microseconds(us));
    timer_control(timer, TIMER_ENABLE);
}

#endif
