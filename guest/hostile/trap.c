/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. What an access may do is checked here: end in a synchronous external abort that
 * describes it, or be undefined. Everything else ends the run.
 */
#include "hostile.h"
#include "timer.h"

/* What vectors.S saves, as in ../irq.c. */
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
#define CLASS_UNKNOWN 0x00
#define CLASS_SIMD 0x07
#define CLASS_SYSREG 0x18
#define CLASS_SVE 0x19
#define CLASS_SME 0x1d
#define CLASS_INSTRUCTION_ABORT 0x21
#define CLASS_DATA_ABORT 0x25

#define FAULT_PERMISSION_L1 0x0d /* LDTR and STTR: these pages are not EL0's */
#define FAULT_EXTERNAL 0x10
#define FAULT_EXTERNAL_WALK 0x14 /* to 0x17, by level */
#define FAULT_ALIGNMENT 0x21
#define FAULT_EXCLUSIVE 0x35 /* unsupported exclusive or atomic access */

/* Interrupts in a row, without the program going on, after which they are masked. A guest that
 * makes a level interrupt pending for ever has itself to blame, and must not stop the test. */
#define STORM 500

static void die_of(const char *what, const struct frame *frame, uint64_t esr)
{
    struct hostile *h = me();

    die("%s on CPU %u: ESR %lx, FAR %lx, offset in the image %lx, during %s at %lx", what, h->id,
        esr, read_sysreg(far_el1), frame->elr & 0xfffff, h->what ? h->what : "nothing", h->address);
}

static void check_abort(const struct frame *frame, uint64_t esr)
{
    struct hostile *h = me();
    uint64_t far = read_sysreg(far_el1), fault = esr & 0x3f;

    if (fault != FAULT_EXTERNAL && fault >> 2 != FAULT_EXTERNAL_WALK >> 2 &&
        fault != FAULT_ALIGNMENT && fault != FAULT_EXCLUSIVE && fault != FAULT_PERMISSION_L1)
        die_of("an abort that is not external", frame, esr);
    /* 64 bytes after it: a vector. Before it: a negative index, or the block of DC ZVA. */
    if (far + 64 <= h->address || far >= h->address + 64)
        die_of("an abort that names another address", frame, esr);
    h->misaligned += fault == FAULT_ALIGNMENT;
}

void sync_handler(struct frame *frame)
{
    struct hostile *h = me();
    uint64_t esr = read_sysreg(esr_el1);

    if (!h->expecting)
        die_of("an exception outside of the test", frame, esr);
    switch (esr >> 26) {
    case CLASS_DATA_ABORT:
        check_abort(frame, esr);
        h->aborts++;
        frame->elr += 4;
        break;
    case CLASS_INSTRUCTION_ABORT:
        h->aborts++;
        frame->elr = frame->x[30];
        break;
    case CLASS_UNKNOWN:
    case CLASS_SIMD:
    case CLASS_SYSREG:
    case CLASS_SVE:
    case CLASS_SME:
        h->undefined++;
        /* Where a jump went to there may be words after all, but no program. */
        frame->elr = frame->elr >= WINDOW ? frame->x[30] : frame->elr + 4;
        break;
    default:
        die_of("an unexpected exception", frame, esr);
    }
}

void bad_handler(struct frame *frame)
{
    die_of("an unexpected vector", frame, read_sysreg(esr_el1));
}

static void write_eoir(unsigned group, uint64_t intid)
{
    if (group)
        write_sysreg(ICC_EOIR1_EL1, intid);
    else
        write_sysreg(ICC_EOIR0_EL1, intid);
}

/* Completes an interrupt, or makes one of the mistakes that a broken guest might. */
static void complete(struct hostile *h, unsigned group, unsigned intid)
{
    uint32_t mistake = h->wild ? below(h, 24) : ~0u;

    switch (mistake) {
    case 0: /* never */
        return;
    case 1: /* twice */
        write_eoir(group, intid);
        break;
    case 2: /* another one */
        write_eoir(group, below(h, 1024));
        break;
    case 3: /* through the register of the other group */
        write_eoir(!group, intid);
        break;
    case 4: /* in parts that do not match */
        write_sysreg(ICC_CTLR_EL1, below(h, 4));
        break;
    case 5:
        write_sysreg(ICC_DIR_EL1, random64(h) & 0xffffff);
        break;
    default:
        break;
    }
    write_eoir(group, intid);
    if (read_sysreg(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE)
        write_sysreg(ICC_DIR_EL1, intid);
}

static void quiet(struct hostile *h, unsigned intid)
{
    if (intid == TIMER_VIRTUAL || intid == TIMER_PHYSICAL) {
        h->ticks[intid == TIMER_PHYSICAL]++;
        if (h->ticking)
            timer_start(intid, 100 + below(h, 900));
        else
            timer_stop(intid);
    } else if (intid == RTC_INTID) {
        rtc_lower();
    }
    if (intid >= INTID_SPI && h->wild) {
        /* It may be held by a message. */
        gicd_write(GICD_CLRSPI_NSR, intid);
    }
}

static bool exists(unsigned intid)
{
    /* QEMU's own GIC has more than its GICD_TYPER says. */
    return intid < nr_intids || !on_libvgic || (intid >= INTID_LPI && intid < 0x10000) ||
           intid - FIRST_EPPI < nr_eppis || intid - FIRST_ESPI < nr_espis;
}

static void take(unsigned group)
{
    struct hostile *h = me();
    unsigned intid =
        (unsigned)(group ? read_sysreg(ICC_IAR1_EL1) : read_sysreg(ICC_IAR0_EL1)) & 0xffffff;

    dsb();
    h->interrupts++;
    if (++h->since_step == STORM) {
        h->storms++;
        write_sysreg(ICC_PMR_EL1, 0);
    }
    if (h->since_step >= STORM)
        watch(h);
    if (intid >= INTID_SPECIAL && intid <= INTID_NONE)
        return;
    if (!exists(intid))
        die("CPU %u acknowledged INTID %u, which there is not", h->id, intid);
    quiet(h, intid);
    complete(h, group, intid);
    h->arrived[intid / 32 % 32] |= 1u << (intid % 32);
}

void irq_handler(struct frame *frame)
{
    (void)frame;
    take(1);
}

void fiq_handler(struct frame *frame)
{
    (void)frame;
    take(0);
}
