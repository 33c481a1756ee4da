/* SPDX-License-Identifier: MIT */
/*
 * Every exit of the guest comes here, and everything that made it leave is dealt with while the
 * vCPU is out of the guest in the library's sense, between vgic_exit() and vgic_enter(). The
 * exception is what a CPU interface in hardware would have done without an exit.
 *
 * Interrupts stay masked in EL2 all the time. So a physical interrupt, the kick above all, that
 * arrives after vgic_enter() has looked for the last time is taken as soon as the guest runs: that
 * is the library's rule of the sticky kick, for free.
 */
#include "hyp.h"

#include <lvgic/lvgic.h>

#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYSREG 0x18
#define EC_INSTRUCTION_ABORT 0x20
#define EC_DATA_ABORT 0x24

#define PSTATE_BTYPE (3u << 10)
#define PSTATE_SS BIT(21)
#define HCR_VSE BIT(8)

/* The trapped instruction is done. */
void next_instruction(struct frame *frame)
{
    frame->pc += 4;
    frame->pstate &= ~(PSTATE_SS | PSTATE_BTYPE);
}

static void handle_sysreg(struct cpu *cpu, struct frame *frame, uint64_t esr)
{
    uint32_t encoding = LVGIC_SYSREG(FIELD(esr, 21, 20), FIELD(esr, 16, 14), FIELD(esr, 13, 10),
                                     FIELD(esr, 4, 1), FIELD(esr, 19, 17));
    unsigned reg = FIELD(esr, 9, 5);
    bool write = !(esr & 1);
    uint64_t value = write && reg != 31 ? frame->x[reg] : 0;

    if (!vgic_sysreg(cpu, encoding, write, &value)) {
        SAY_ONCE("hyp: guest %s system register S%lu_%lu_C%lu_C%lu_%lu, pc 0x%lx: undefined\n",
                 write ? "wrote" : "read", FIELD(esr, 21, 20), FIELD(esr, 16, 14),
                 FIELD(esr, 13, 10), FIELD(esr, 4, 1), FIELD(esr, 19, 17), frame->pc);
        inject_undefined(frame);
        return;
    }
    if (!write && reg != 31)
        frame->x[reg] = value;
    next_instruction(frame);
}

/* HVC, or SMC, which means the same to this guest. */
static void handle_call(struct cpu *cpu, struct frame *frame, uint64_t esr)
{
    bool smc = FIELD(esr, 31, 26) == EC_SMC64;

    if (FIELD(esr, 15, 0) != 0) {
        SAY_ONCE("hyp: guest called %s #%lu: undefined\n", smc ? "SMC" : "HVC", FIELD(esr, 15, 0));
        /* Undefined instructions are reported at their own address; HVC left the next one. */
        if (!smc)
            frame->pc -= 4;
        inject_undefined(frame);
        return;
    }
    /* A trapped SMC has not been executed, an HVC has. Step first: a call may replace all
     * registers. */
    if (smc)
        next_instruction(frame);
    frame->x[0] = psci_call(cpu, frame);
}

static void handle_sync(struct cpu *cpu, struct frame *frame)
{
    uint64_t esr = READ_SYSREG(esr_el2);

    switch (FIELD(esr, 31, 26)) {
    case EC_DATA_ABORT:
    case EC_INSTRUCTION_ABORT:
        mmio_abort(cpu, frame, esr);
        break;
    case EC_SYSREG:
        handle_sysreg(cpu, frame, esr);
        break;
    case EC_HVC64:
    case EC_SMC64:
        handle_call(cpu, frame, esr);
        break;
    default:
        /* Also all traps from AArch32, which only its EL0 can cause. */
        SAY_ONCE("hyp: guest trapped with ESR 0x%lx, pc 0x%lx: undefined\n", esr, frame->pc);
        inject_undefined(frame);
    }
}

/* Somebody's asynchronous abort. The guest alone accesses memory that could cause one: pass it on.
 */
static void handle_serror(void)
{
    SAY_ONCE("hyp: guest caused an SError, ESR 0x%lx\n", READ_SYSREG(esr_el2));
    WRITE_SYSREG(hcr_el2, READ_SYSREG(hcr_el2) | HCR_VSE);
}

/* Is this exception an access to a CPU interface that is software? That acts as the hardware would:
 * within the guest's run. */
static bool is_cpuif_access(uint64_t esr)
{
    uint64_t page = FIELD(READ_SYSREG(hpfar_el2), 43, 4) * PAGE;

    if (!vgic_is_soft())
        return false;
    if (boot.gic == 3)
        return FIELD(esr, 31, 26) == EC_SYSREG;
    return FIELD(esr, 31, 26) == EC_DATA_ABORT && page - boot.gicc < GICC_SIZE;
}

/* Called by vectors.S with the guest's registers; returns to resume it, with whatever they are
 * then. */
void hyp_trap(struct frame *frame, unsigned reason)
{
    struct cpu *cpu = this_cpu();

    if (reason == EXIT_SYNC && is_cpuif_access(READ_SYSREG(esr_el2))) {
        handle_sync(cpu, frame);
        vgic_go_on(cpu);
        return;
    }
    vgic_exit(cpu);
    switch (reason) {
    case EXIT_SYNC:
        handle_sync(cpu, frame);
        break;
    case EXIT_SERROR:
        handle_serror();
        break;
    default:
        /* None of the physical interrupts is signalled as FIQ, which would do no harm. */
        gic_handle(cpu);
    }
    vgic_enter(cpu);
}
