/* SPDX-License-Identifier: MIT */
/* Every offset of every frame, with every size; and the frames with every other instruction. */
#include "hostile.h"

/* How far beyond the last redistributor nothing may be. */
#define BEYOND 0x2000ul
#define ODD_STEPS 48000

static uint64_t gicr_size(void)
{
    return ncpus * GICR_STRIDE;
}

/* Emulators may not bear what is done here to their own. */
static uint64_t gits_size(void)
{
    return on_libvgic ? GITS_SIZE : 0;
}

/* The frames in one piece, with what follows the last one. */
static uint32_t frames_size(void)
{
    return (uint32_t)(GICD_SIZE + gits_size() + gicr_size() + BEYOND);
}

static uint64_t at_offset(uint64_t offset)
{
    return offset < GICD_SIZE ? GICD_BASE + offset : GICR_BASE - gits_size() + offset - GICD_SIZE;
}

static bool nothing_there(uint64_t address)
{
    return address >= GICR_BASE + gicr_size();
}

/* One access; what is not there must abort, and what is there must not, unless the CPU itself,
 * which may insist on alignment in device memory, did not let it out. Returns what was read. */
static uint64_t probe(struct hostile *h, unsigned op, uint64_t address, uint64_t value)
{
    uint64_t before = h->aborts, misaligned = h->misaligned;
    uint64_t result = access_op(h, op, address, value);
    bool aborted = h->aborts != before;

    if (on_libvgic && misaligned == h->misaligned && aborted != nothing_there(address))
        wrong(h, aborted ? "an abort" : "no abort", op_name(op), address, value);
    if (op < OP_STORE && op < 3 && !aborted && result >> (8u << op))
        wrong(h, "more was read than asked for", op_name(op), address, result);
    return result;
}

uint32_t sweep_prepare(void)
{
    return frames_size() / 4;
}

/* CPUs take turns, so that all are in the same neighbourhood at any time. */
void sweep_step(struct hostile *h, uint32_t n)
{
    uint64_t address = at_offset((uint64_t)n * 4);

    for (unsigned size = 0; size < 4; size++) {
        probe(h, size, address, 0);
        probe(h, OP_STORE + size, address, 0);
        probe(h, OP_STORE + size, address, ~0ul);
        probe(h, OP_STORE + size, address, random64(h));
    }
    probe(h, below(h, OPS_UNALIGNED), address + 1 + below(h, 3), random_value(h));
    if (below(h, 32) == 0)
        reopen(h);
}

static uint64_t frame_address(struct hostile *h)
{
    uint64_t address = at_offset(below(h, frames_size()));

    /* Mostly aligned, and mostly where registers are. */
    if (below(h, 4))
        address &= ~7ul;
    if (below(h, 2))
        address = (address & ~0xfffful) + below(h, 0x1000) / 8 * 8;
    return address;
}

static bool is_jump(unsigned op)
{
    return op + 1 == ops_count();
}

/* What no hypervisor emulates. On QEMU's own GIC it works, piece by piece. */
static bool must_abort(unsigned op)
{
    return on_libvgic && ((op >= OPS_SYNDROME && op < OPS_ABORT) || is_jump(op));
}

uint32_t odd_prepare(void)
{
    return ODD_STEPS;
}

void odd_step(struct hostile *h, uint32_t n)
{
    unsigned op = n % ops_count();
    uint64_t address = frame_address(h), before = h->aborts + h->undefined;

    /* Bare, a jump would execute what registers happen to read as. */
    if (is_jump(op) && !on_libvgic)
        return;
    address = map_window(h, address, below(h, 2)) | (is_jump(op) ? 0 : address & 3);
    if (is_jump(op))
        address &= ~3ul;
    access_op(h, op, address, random_value(h));
    if (must_abort(op) && h->aborts + h->undefined == before)
        wrong(h, "no abort", op_name(op), address, 0);
    if (below(h, 64) == 0)
        reopen(h);
}
