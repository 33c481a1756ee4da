/* SPDX-License-Identifier: MIT */
/* The C half of the exception vectors, and polling of the CPU interface. */
#include "guest.h"

struct frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
};

void irq_handler(struct frame *frame);
void fiq_handler(struct frame *frame);
void sync_handler(struct frame *frame);
void bad_handler(struct frame *frame);

/* Exception classes: Arm DDI 0487, ESR_EL1. */
#define ESR_CLASS_SHIFT 26
#define CLASS_DATA_ABORT 0x25

static void note(struct cpu *cpu, unsigned intid)
{
    uint32_t n = cpu->log_length;

    if (n < LOG_SIZE)
        cpu->log[n] = intid;
    __atomic_store_n(&cpu->log_length, n + 1, __ATOMIC_RELEASE);
}

static void deactivate_if_split(unsigned intid)
{
    if (read_sysreg(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE)
        gic_dir(intid);
}

void irq_handler(struct frame *frame)
{
    struct cpu *cpu = this_cpu();
    unsigned intid = (unsigned)read_sysreg(ICC_IAR1_EL1);
    bool nmi = intid == INTID_NMI;

    (void)frame;
    if (nmi)
        intid = (unsigned)read_sysreg(ICC_NMIAR1_EL1);
    dsb();
    /* A level may drop, or a pending bit be cleared, while the exception is being taken. */
    if (intid >= INTID_SPECIAL)
        return;
    if (intid >= MAX_INTID)
        die("CPU %u: unexpected INTID %u", cpu->id, intid);
    note(cpu, intid);
    if (cpu->hook)
        cpu->hook(intid);
    gic_eoi(intid);
    deactivate_if_split(intid);
    if (nmi)
        cpu->nmi_count[intid]++;
    else
        cpu->count[intid]++;
}

void fiq_handler(struct frame *frame)
{
    struct cpu *cpu = this_cpu();
    unsigned intid = (unsigned)read_sysreg(ICC_IAR0_EL1);

    (void)frame;
    dsb();
    if (intid >= INTID_SPECIAL)
        return;
    if (intid >= MAX_INTID)
        die("CPU %u: unexpected INTID %u by FIQ", cpu->id, intid);
    note(cpu, intid);
    if (cpu->hook)
        cpu->hook(intid);
    write_sysreg(ICC_EOIR0_EL1, intid);
    deactivate_if_split(intid);
    cpu->fiq_count[intid]++;
}

void sync_handler(struct frame *frame)
{
    struct cpu *cpu = this_cpu();
    uint64_t esr = read_sysreg(esr_el1);

    if (cpu->aborts_expected && esr >> ESR_CLASS_SHIFT == CLASS_DATA_ABORT) {
        cpu->aborts++;
        frame->elr += 4;
        return;
    }
    die("CPU %u: exception, ESR %lx, FAR %lx, offset in the image %lx", cpu->id, esr,
        read_sysreg(far_el1), frame->elr & 0xfffff);
}

void bad_handler(struct frame *frame)
{
    die("CPU %u: unexpected vector, ESR %lx, offset in the image %lx", this_cpu()->id,
        read_sysreg(esr_el1), frame->elr & 0xfffff);
}

unsigned poll_ack(void)
{
    unsigned intid = INTID_NONE;

    WAIT_FOR((intid = (unsigned)read_sysreg(ICC_IAR1_EL1)) < INTID_SPECIAL);
    dsb();
    return intid;
}

unsigned poll_nothing(void)
{
    unsigned intid = INTID_NONE;

    WAIT_FOR_US(SETTLE_US, (intid = (unsigned)read_sysreg(ICC_IAR1_EL1)) < INTID_SPECIAL);
    return intid;
}

bool poll_hppi(unsigned intid)
{
    return WAIT_FOR(read_sysreg(ICC_HPPIR1_EL1) == intid);
}

unsigned ack_nmi(void)
{
    unsigned intid = (unsigned)read_sysreg(ICC_NMIAR1_EL1);

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
    return WAIT_FOR(read_sysreg(ICC_IAR1_EL1) == INTID_NMI);
}
