/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that the guest takes to EL1 as if its CPU had raised them (Arm ARM, D1.3: exception
 * entry).
 */
#include "hyp.h"

#define PSTATE_AARCH32 BIT(4)
#define PSTATE_MODE 0xf
#define MODE_EL0T 0x0
#define MODE_EL1T 0x4
#define MODE_EL1H 0x5
#define PSTATE_DAIF (0xfu << 6)
#define PSTATE_SSBS BIT(12)
#define PSTATE_ALLINT BIT(13)
#define PSTATE_PAN BIT(22)
#define PSTATE_DIT BIT(24)
#define PSTATE_TCO BIT(25)
#define PSTATE_NZCV (UINT64_C(0xf) << 28)

#define SCTLR_SPAN BIT(23)
#define SCTLR_DSSBS BIT(44)
#define SCTLR_SPINTMASK BIT(62)

#define EC_UNKNOWN 0x00
#define EC_INSTRUCTION_ABORT 0x20 /* from a lower level; one more: from the same */
#define EC_DATA_ABORT 0x24
#define ESR_IL BIT(25)
#define ESR_ISS_KEPT (BIT(10) | BIT(8) | BIT(6)) /* FnV, CM, WnR */
#define DFSC_EXTERNAL 0x10                       /* synchronous external abort, not on a walk */

static uint64_t vector_offset(uint64_t pstate)
{
    if (pstate & PSTATE_AARCH32)
        return 0x600;
    switch (pstate & PSTATE_MODE) {
    case MODE_EL0T:
        return 0x400;
    case MODE_EL1T:
        return 0x000;
    default:
        return 0x200;
    }
}

/* PSTATE on entry to the handler. What the architecture sets from SCTLR_EL1 is taken from there;
 * what it clears (SS, IL, UAO, BTYPE) is left out. */
static uint64_t handler_pstate(uint64_t old)
{
    uint64_t new = (old & (PSTATE_NZCV | PSTATE_PAN)) | PSTATE_DAIF | MODE_EL1H;
    uint64_t sctlr = READ_SYSREG(sctlr_el1);

    if (!(old & PSTATE_AARCH32))
        new |= old &PSTATE_DIT;
    if (FIELD(READ_SYSREG(id_aa64mmfr1_el1), 23, 20) && !(sctlr & SCTLR_SPAN))
        new |= PSTATE_PAN;
    if (FIELD(READ_SYSREG(id_aa64pfr1_el1), 7, 4) && (sctlr & SCTLR_DSSBS))
        new |= PSTATE_SSBS;
    if (FIELD(READ_SYSREG(id_aa64pfr1_el1), 11, 8) >= 2)
        new |= PSTATE_TCO;
    if (cpu_has_nmi() && !(sctlr & SCTLR_SPINTMASK))
        new |= PSTATE_ALLINT;
    return new;
}

static void take(struct frame *frame, uint64_t esr)
{
    uint64_t offset = vector_offset(frame->pstate);

    WRITE_SYSREG(esr_el1, esr);
    WRITE_SYSREG(elr_el1, frame->pc);
    WRITE_SYSREG(spsr_el1, frame->pstate);
    frame->pstate = handler_pstate(frame->pstate);
    frame->pc = READ_SYSREG(vbar_el1) + offset;
}

/* The instruction at frame->pc is UNDEFINED. */
void inject_undefined(struct frame *frame)
{
    take(frame, ((uint64_t)EC_UNKNOWN << 26) | ESR_IL);
}

/* The access described by `esr` (an abort that came to EL2) ended in an external abort: nothing
 * answers at that address. A fault of the guest's own table walk is reported the same way, because
 * the level of that walk is not known here. */
void inject_abort(struct frame *frame, uint64_t esr, uint64_t far)
{
    bool same_level = vector_offset(frame->pstate) < 0x400;
    uint64_t iss = (esr & ESR_ISS_KEPT) | DFSC_EXTERNAL;
    uint64_t class =
        FIELD(esr, 31, 26) == EC_INSTRUCTION_ABORT ? EC_INSTRUCTION_ABORT : EC_DATA_ABORT;

    if (class == EC_INSTRUCTION_ABORT)
        iss &= ~(BIT(8) | BIT(6));
    WRITE_SYSREG(far_el1, far);
    take(frame, ((class + same_level) << 26) | ESR_IL | iss);
}
