/* SPDX-License-Identifier: MIT */
/* NMIs: polling for them, and what the CPU lets through. */
#include "nmi.h"

unsigned ack_nmi(void)
{
    unsigned intid = gic_ack_nmi();

    dsb();
    return intid;
}

unsigned poll_nmi(void)
{
    unsigned intid = INTID_NONE;

    WAIT_FOR((intid = ack_nmi()) < INTID_SPECIAL);
    return intid;
}

unsigned poll_no_nmi(void)
{
    unsigned intid = INTID_NONE;

    WAIT_FOR_US(SETTLE_US, (intid = ack_nmi()) < INTID_SPECIAL);
    return intid;
}

bool poll_iar1_says_nmi(void)
{
    return WAIT_FOR(gic_refers_to_nmi(gic_ack()));
}

uint64_t work_nmi_mode(uint64_t mode)
{
    uint64_t sctlr = read_sysreg(sctlr_el1) & ~(SCTLR_NMI | SCTLR_SPINTMASK);

    irq_disable();
    if (mode == NMI_AS_OTHERS) {
        write_sysreg(sctlr_el1, sctlr);
        write_sysreg(ALLINT, 0);
        irq_enable();
        return 0;
    }
    write_sysreg(ALLINT, ALLINT_MASKED);
    write_sysreg(sctlr_el1, sctlr | SCTLR_NMI);
    if (mode == NMI_ONLY)
        write_sysreg(ALLINT, 0);
    return 0;
}
