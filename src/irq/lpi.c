/* SPDX-License-Identifier: MIT */
#include "irq/lpi.h"

static uint64_t with_stamp(uint64_t w, uint32_t stamp)
{
    return (w & ~(IRQ_STAMP_MASK << IRQ_STAMP_SHIFT)) | (uint64_t)stamp << IRQ_STAMP_SHIFT;
}

uint64_t lpi_word_map(uint64_t w, uint32_t target)
{
    uint64_t gen = (irq_gen(w) + 1) & 0xff;

    return IRQ_MAPPED | IRQ_NOACT | IRQ_EDGE | IRQ_GRP1 | (uint64_t)target << IRQ_TARGET_SHIFT |
           gen << IRQ_GEN_SHIFT;
}

bool lpi_word_pulse(uint64_t w, uint32_t stamp, uint64_t *to)
{
    if (!stamp || (w & IRQ_CUT))
        return false;
    *to = with_stamp(irq_apply(w, IRQ_EV_PULSE, 0), stamp);
    return true;
}

uint64_t lpi_word_move(uint64_t w, uint32_t target, uint32_t from_stamp, uint32_t to_stamp)
{
    bool keep = from_stamp && irq_stamp(w) == from_stamp && to_stamp;

    if (!keep)
        w = irq_apply(w, IRQ_EV_CLEAR_PENDING, 0);
    return with_stamp(irq_apply(w, IRQ_EV_TARGET, target), to_stamp);
}

uint64_t lpi_word_configure(uint64_t w, uint32_t priority, bool enabled)
{
    w = irq_apply(w, IRQ_EV_PRIORITY, priority);
    return irq_apply(w, enabled ? IRQ_EV_ENABLE : IRQ_EV_DISABLE, 0);
}
