/* SPDX-License-Identifier: MIT */
/*
 * Runs batches of operations on QEMU's own GICv3 or GICv2. Each operation names the CPU that does
 * it; the CPUs take turns by a cursor in shared memory, so the order is the host's. Waiting is by
 * YIELD: with one thread for all CPUs QEMU then goes on with the next one at once.
 */
#include "device.h"
#include "gicv2.h"
#include "mailbox.h"
#include "secure.h"

#define PSCI_CPU_ON 0xc4000003u
#define GICR_STRIDE 0x20000u

enum sysreg {
#define SYSREG(name, op0, op1, crn, crm, op2, access, lrs, section, sentence) SYSREG_##name,
#include "arch/sysregs.def"
#undef SYSREG
    NR_SYSREGS
};

enum { SYSREG_RO = 1, SYSREG_WO = 2, SYSREG_RW = 3 };

extern char _start[];
void stub_main(uint64_t me);

/* At EL3, with two security states. Then the CPU interface is left alone, but for SGIs. */
static int two_states;
static int gicv2;

static volatile struct mailbox *const mailbox = (volatile struct mailbox *)(uintptr_t)MAILBOX_BASE;

/* Reads and writes without the right access are UNDEFINED too, and so are encoded here. */
static uint64_t icc_read(uint32_t reg)
{
    uint64_t value = 0;

    switch (reg) {
#define SYSREG(name, op0, op1, crn, crm, op2, access, lrs, section, sentence)                   \
    case SYSREG_##name:                                                                         \
        __asm__ volatile("mrs %0, S" #op0 "_" #op1 "_C" #crn "_C" #crm "_" #op2 : "+r"(value)); \
        break;
#include "arch/sysregs.def"
#undef SYSREG
    }
    return value;
}

static void icc_write(uint32_t reg, uint64_t value)
{
    switch (reg) {
#define SYSREG(name, op0, op1, crn, crm, op2, access, lrs, section, sentence) \
    case SYSREG_##name:                                                       \
        __asm__ volatile("msr S" #op0 "_" #op1 "_C" #crn "_C" #crm "_" #op2   \
                         ", %0\n\tisb" ::"r"(value));                         \
        break;
#include "arch/sysregs.def"
#undef SYSREG
    }
}

static uintptr_t address(const struct op *op)
{
    uintptr_t window = two_states && !op->secure ? NON_SECURE_WINDOW : 0;

    if (op->target == TARGET_GICC)
        return GICC_BASE + op->reg;
    if (op->target >= TARGET_GICD2)
        return window + GICD_BASE + op->reg;
    return window + GICR_BASE + op->target * GICR_STRIDE + op->reg;
}

static void frame_write(const struct op *op)
{
    uintptr_t at = address(op);

    switch (op->size) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)op->value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)op->value;
        break;
    case 4:
        *(volatile uint32_t *)at = (uint32_t)op->value;
        break;
    default:
        *(volatile uint64_t *)at = op->value;
        break;
    }
    __asm__ volatile("dsb sy" ::: "memory");
}

static uint64_t frame_read(const struct op *op)
{
    uintptr_t at = address(op);

    switch (op->size) {
    case 1:
        return *(volatile uint8_t *)at;
    case 2:
        return *(volatile uint16_t *)at;
    case 4:
        return *(volatile uint32_t *)at;
    default:
        return *(volatile uint64_t *)at;
    }
}

static void w32(uintptr_t at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

static void reset_cpu_interface(void)
{
    icc_write(SYSREG_ICC_IGRPEN0_EL1, 0);
    icc_write(SYSREG_ICC_IGRPEN1_EL1, 0);
    icc_write(SYSREG_ICC_AP0R0_EL1, 0);
    icc_write(SYSREG_ICC_AP1R0_EL1, 0);
    icc_write(SYSREG_ICC_CTLR_EL1, 0);
    icc_write(SYSREG_ICC_BPR0_EL1, 0);
    icc_write(SYSREG_ICC_BPR1_EL1, 0);
    icc_write(SYSREG_ICC_PMR_EL1, 0);
}

/* The edge latches are cleared after the lines are low and the configuration is level, so that
 * nothing latches again. */
static void reset_private(uint64_t me)
{
    uintptr_t base = GICR_BASE + me * GICR_STRIDE;

    w32(base + 0x14, 0); /* GICR_WAKER */
    base += 0x10000;
    w32(base + 0x180, ~0u);
    w32(base + 0xc04, 0);
    w32(base + 0x280, ~0u);
    w32(base + 0x380, ~0u);
    w32(base + 0x80, 0);
    w32(base + 0xd00, 0);
    w32(base + 0xe00, 0);
    for (unsigned i = 0; i < 32; i += 4)
        w32(base + 0x400 + i, 0);
}

/* INTIDs 32 to 63: more are not used. */
static void reset_shared(void)
{
    w32(GICD_BASE, 0);
    w32(GICD_BASE + 0x184, ~0u);
    w32(GICD_BASE + 0xc08, 0);
    w32(GICD_BASE + 0xc0c, 0);
    w32(GICD_BASE + 0x284, ~0u);
    w32(GICD_BASE + 0x384, ~0u);
    w32(GICD_BASE + 0x84, 0);
    w32(GICD_BASE + 0xd04, 0);
    w32(GICD_BASE + 0xe08, 0);
    w32(GICD_BASE + 0xe0c, 0);
    for (unsigned i = 32; i < 64; i += 4)
        w32(GICD_BASE + 0x400 + i, 0);
    for (unsigned i = 32; i < 64; i++)
        *(volatile uint64_t *)(uintptr_t)(GICD_BASE + 0x6000 + 8 * i) = 0;
}

static void reset(uint64_t me)
{
    if (gicv2) {
        device_reset_own();
        device_reset_shared();
        gicv2_reset();
        return;
    }
    if (two_states)
        secure_reset_ds();
    else
        reset_cpu_interface();
    device_reset_own();
    reset_private(me);
    if (me == 0) {
        device_reset_shared();
        reset_shared();
    }
}

static void look(volatile struct result *result)
{
    uint64_t isr;

    if (two_states)
        return;
    if (gicv2) {
        gicv2_look(result);
    } else {
        result->hppir[0] = (uint16_t)icc_read(SYSREG_ICC_HPPIR0_EL1);
        result->hppir[1] = (uint16_t)icc_read(SYSREG_ICC_HPPIR1_EL1);
        result->rpr = (uint8_t)icc_read(SYSREG_ICC_RPR_EL1);
    }
    __asm__ volatile("mrs %0, isr_el1" : "=r"(isr));
    result->lines = (isr & 0x80 ? LINE_IRQ : 0) | (isr & 0x40 ? LINE_FIQ : 0);
}

static void execute(uint64_t me, const struct op *op, volatile struct result *result)
{
    uint64_t value = 0, undef;

    __asm__ volatile("msr tpidr_el1, xzr");
    switch (op->kind) {
    case OP_READ:
        value = op->target == TARGET_GICC && op->reg == GICC_APR ? gicv2_active_priorities()
                                                                 : frame_read(op);
        break;
    case OP_WRITE:
        frame_write(op);
        break;
    case OP_ICC_READ:
        value = two_states ? secure_call_el1((uintptr_t)icc_read, op->reg, 0) : icc_read(op->reg);
        break;
    case OP_ICC_WRITE:
        if (two_states)
            secure_call_el1((uintptr_t)icc_write, op->reg, op->value);
        else
            icc_write(op->reg, op->value);
        break;
    case OP_LINE:
        device_line(op->reg, op->value);
        break;
    case OP_RESET:
        reset(me);
        break;
    }
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(undef));
    result->value = undef ? 0 : value;
    result->undef = (uint8_t)undef;
    look(result);
}

static void start_others(uint64_t nr)
{
    for (uint64_t i = 1; i < nr; i++) {
        register uint64_t x0 __asm__("x0") = PSCI_CPU_ON;
        register uint64_t x1 __asm__("x1") = i;
        register uint64_t x2 __asm__("x2") = (uintptr_t)_start;
        register uint64_t x3 __asm__("x3") = 0;

        __asm__ volatile("hvc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3) : "memory");
    }
}

/* The rest of the batch as far as it is this CPU's; false if there is nothing for it now. */
static int work(uint64_t me)
{
    uint32_t done = mailbox->done, cursor = mailbox->cursor;

    if (mailbox->posted == done)
        return 0;

    volatile struct batch *batch = &mailbox->batches[done % 2];
    uint32_t first = cursor, nr = batch->nr;

    while (cursor < nr && batch->ops[cursor].cpu == me) {
        struct op op = batch->ops[cursor];

        if (op.kind == OP_RESET) /* where the stub goes on if that resets the machine */
            mailbox->cursor = cursor;
        execute(me, &op, &batch->results[cursor]);
        cursor++;
    }
    if (cursor == first)
        return 0;
    __asm__ volatile("dmb sy" ::: "memory");
    mailbox->cursor = cursor == nr ? 0 : cursor;
    if (cursor == nr)
        mailbox->done = done + 1;
    return 1;
}

void stub_main(uint64_t me)
{
    two_states = secure_at_el3();
    gicv2 = mailbox->machine == MACHINE_GICV2;
    if (two_states)
        secure_start();
    else if (me == 0)
        start_others(mailbox->cpus_up);
    for (;;) {
        __asm__ volatile("dmb sy" ::: "memory");
        if (!work(me))
            __asm__ volatile("yield");
    }
}
