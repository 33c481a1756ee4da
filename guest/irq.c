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

static void note(struct cpu *cpu, unsigned ack)
{
    uint32_t n = cpu->log_length;

    if (n < LOG_SIZE)
        cpu->log[n] = ack;
    __atomic_store_n(&cpu->log_length, n + 1, __ATOMIC_RELEASE);
}

/* LPIs have no active state, and so no deactivation. */
static void handle_lpi(struct cpu *cpu, unsigned intid)
{
    if (intid >= INTID_LPI + LPIS)
        die("CPU %u: unexpected INTID %u", cpu->id, intid);
    note(cpu, intid);
    if (cpu->hook)
        cpu->hook(intid);
    gic_eoi(intid);
    cpu->lpi_count[intid - INTID_LPI]++;
}

static void handle(unsigned ack, void (*eoi)(unsigned), volatile uint32_t *counts)
{
    struct cpu *cpu = this_cpu();
    unsigned intid = gic_intid(ack);

    dsb();
    /* A level may drop, or a pending bit be cleared, while the exception is being taken. */
    if (!is_interrupt(intid))
        return;
    if (intid >= INTID_LPI) {
        handle_lpi(cpu, intid);
        return;
    }
    if (intid >= MAX_INTID)
        die("CPU %u: unexpected INTID %u", cpu->id, intid);
    note(cpu, ack);
    if (!counts[intid])
        checkpoint(); /* not at each of a storm's */
    if (cpu->hook)
        cpu->hook(ack);
    eoi(ack);
    if (gic_eoimode())
        gic_dir(ack);
    counts[intid]++;
}

void irq_handler(struct frame *frame)
{
    unsigned ack = gic_ack();

    (void)frame;
    if (gic_refers_to_nmi(ack))
        handle(gic_ack_nmi(), gic_eoi, this_cpu()->nmi_count);
    else
        handle(ack, gic_eoi, this_cpu()->count);
}

void fiq_handler(struct frame *frame)
{
    (void)frame;
    handle(gic_ack_fiq(), gic_eoi_fiq, this_cpu()->fiq_count);
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
    unsigned ack = INTID_NONE;

    WAIT_FOR(is_interrupt(gic_intid(ack = gic_ack())));
    dsb();
    checkpoint();
    return ack;
}

unsigned poll_nothing(void)
{
    unsigned ack = INTID_NONE;

    checkpoint();
    WAIT_FOR_US(SETTLE_US, is_interrupt(gic_intid(ack = gic_ack())));
    return ack;
}

bool poll_hppi(unsigned ack)
{
    checkpoint();
    return WAIT_FOR(gic_hppi() == ack);
}
