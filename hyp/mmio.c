/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 faults of the guest: an access to the virtual GIC's frames, to the UART if we read the
 * keys, too, or to nothing at all.
 */
#include "hyp.h"

#define ESR_DATA_ABORT 0x24
#define ISS_ISV BIT(24)
#define ISS_SSE BIT(21)
#define ISS_SF BIT(15)
#define ISS_EA BIT(9)
#define ISS_CM BIT(8)
#define ISS_S1PTW BIT(7)
#define ISS_WNR BIT(6)
#define SCTLR_E0E BIT(24)
#define SCTLR_EE BIT(25)
#define PSTATE_AARCH32 BIT(4)

static bool big_endian(const struct frame *frame)
{
    bool user = (frame->pstate & 0xf) == 0;

    return READ_SYSREG(sctlr_el1) & (user ? SCTLR_E0E : SCTLR_EE);
}

/* The GIC is little-endian; a big-endian guest's register holds the bytes the other way round. */
static uint64_t swap(uint64_t value, unsigned size)
{
    return __builtin_bswap64(value) >> (64 - 8 * size);
}

static uint64_t truncated(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & (BIT(8 * size) - 1);
}

/* What the load instruction leaves in its register, with the syndrome's extension and width. */
static uint64_t loaded(uint64_t value, unsigned size, uint64_t esr)
{
    uint64_t sign = BIT(8 * size - 1);

    value = truncated(value, size);
    if (esr & ISS_SSE)
        value = (value ^ sign) - sign;
    return esr & ISS_SF ? value : (uint32_t)value;
}

/* One load or store of one register. Returns false when nothing is at that address. */
static bool emulate(struct cpu *cpu, struct frame *frame, uint64_t esr, uint64_t ipa)
{
    unsigned reg = FIELD(esr, 20, 16);
    struct access access = {
        .address = ipa,
        .size = 1u << FIELD(esr, 23, 22),
        .write = esr & ISS_WNR,
    };
    bool swapped = big_endian(frame);

    if (access.write) {
        access.value = truncated(reg == 31 ? 0 : frame->x[reg], access.size);
        if (swapped)
            access.value = swap(access.value, access.size);
    }
    if (!vgic_mmio(cpu, &access) && !uart_read(cpu, &access))
        return false;
    if (boot.trace)
        say("hyp: %u: %s 0x%lx/%u 0x%lx\n", cpu->index, access.write ? "write" : "read ", ipa,
            access.size, access.value);
    if (!access.write && reg != 31) {
        uint64_t value = swapped ? swap(access.value, access.size) : access.value;
        frame->x[reg] = loaded(value, access.size, esr);
    }
    next_instruction(frame);
    return true;
}

static void complain(uint64_t esr, uint64_t ipa, uint64_t pc)
{
    if (FIELD(esr, 31, 26) != ESR_DATA_ABORT)
        SAY_ONCE("hyp: guest fetched an instruction from 0x%lx, where no memory is\n", ipa);
    else if (esr & ISS_S1PTW)
        SAY_ONCE("hyp: guest has a translation table at 0x%lx, where nothing is\n", ipa);
    else if (!(esr & ISS_ISV))
        SAY_ONCE("hyp: guest accessed 0x%lx, pc 0x%lx, with an instruction that is not emulated\n",
                 ipa, pc);
    else if (esr & ISS_WNR)
        SAY_ONCE("hyp: guest wrote to 0x%lx, pc 0x%lx, where nothing is\n", ipa, pc);
    else
        SAY_ONCE("hyp: guest read from 0x%lx, pc 0x%lx, where nothing is\n", ipa, pc);
}

/* A data or instruction abort that came to EL2. Only a plain load or store of one general register
 * has a syndrome to work from; pairs, writeback, SIMD and atomics get the abort that a device which
 * cannot do them would cause. So does AArch32: its conditional execution would need more than a new
 * PC. */
void mmio_abort(struct cpu *cpu, struct frame *frame, uint64_t esr)
{
    uint64_t far = READ_SYSREG(far_el2);
    uint64_t ipa = (FIELD(READ_SYSREG(hpfar_el2), 43, 4) << 12) | (far & (PAGE - 1));
    bool usable = (esr & ISS_ISV) && !(esr & (ISS_S1PTW | ISS_CM | ISS_EA)) &&
                  FIELD(esr, 31, 26) == ESR_DATA_ABORT && !(frame->pstate & PSTATE_AARCH32);

    if (usable && emulate(cpu, frame, esr, ipa))
        return;
    complain(esr, ipa, frame->pc);
    inject_abort(frame, esr, far);
}
