/* SPDX-License-Identifier: MIT */
#include "arch/registers.h"

#include "base/bits.h"
#include "lvgic/lvgic.h"

#define REG(name_, offset_, length_, width_, sizes_, bits_, first_, op_, value_, reset_, section_, \
            what_)                                                                                 \
    {.name = (name_),                                                                              \
     .section = (section_),                                                                        \
     .sentence = (what_),                                                                          \
     .offset = (offset_),                                                                          \
     .length = (length_),                                                                          \
     .reset = (reset_),                                                                            \
     .value = (value_),                                                                            \
     .width = (width_),                                                                            \
     .sizes = (sizes_),                                                                            \
     .first_intid = (first_),                                                                      \
     .bits = (bits_),                                                                              \
     .op = REG_OP_##op_},

const struct reg_row gicd_rows[] = {
#include "arch/gicd.def"
};
const size_t nr_gicd_rows = ARRAY_LEN(gicd_rows);

const struct reg_row gicr_rows[] = {
#include "arch/gicr.def"
};
const size_t nr_gicr_rows = ARRAY_LEN(gicr_rows);

const struct reg_row gits_rows[] = {
#include "arch/gits.def"
};
const size_t nr_gits_rows = ARRAY_LEN(gits_rows);

const struct reg_row v2m_rows[] = {
#include "arch/v2m.def"
};
const size_t nr_v2m_rows = ARRAY_LEN(v2m_rows);
const struct reg_row gicd2_rows[] = {
#include "arch/gicd2.def"
};
const size_t nr_gicd2_rows = ARRAY_LEN(gicd2_rows);

const struct gicc_row gicc_rows[NR_GICC_REGS] = {
#define GICC(name_, offset_, access_, lrs_, reset_, section_, sentence_) \
    {.name = "GICC_" #name_,                                             \
     .section = (section_),                                              \
     .sentence = (sentence_),                                            \
     .offset = (offset_),                                                \
     .reset = (reset_),                                                  \
     .access = (access_),                                                \
     .needs_lrs = (lrs_)},
#include "arch/gicc.def"
#undef GICC
};

const struct sysreg_row sysreg_rows[NR_SYSREGS] = {
#define SYSREG(name_, op0, op1, crn, crm, op2, access_, lrs_, section_, sentence_) \
    {.name = #name_,                                                               \
     .section = (section_),                                                        \
     .sentence = (sentence_),                                                      \
     .encoding = LVGIC_SYSREG(op0, op1, crn, crm, op2),                            \
     .access = (access_),                                                          \
     .needs_lrs = (lrs_)},
#include "arch/sysregs.def"
#undef SYSREG
};

const struct ichreg_row ichreg_rows[NR_ICHREGS] = {
#define ICHREG(name_, op0, op1, crn, crm, op2, access_, kept_, sentence_) \
    {.name = #name_,                                                      \
     .sentence = (sentence_),                                             \
     .kept = (kept_),                                                     \
     .encoding = LVGIC_SYSREG(op0, op1, crn, crm, op2),                   \
     .access = (access_)},
#include "arch/ichregs.def"
#undef ICHREG
};

static const uint8_t op_vmms[NR_REG_OPS] = {
#define OP_VMM(name, vmm, what) REG_VMM_##vmm,
    REG_OPS(OP_VMM)
#undef OP_VMM
};

static const uint8_t hook_vmms[] = {
#define HOOK_VMM(name, vmm) REG_VMM_##vmm,
    REG_HOOKS(HOOK_VMM)
#undef HOOK_VMM
};

enum reg_vmm reg_vmm(const struct reg_row *row)
{
    return (enum reg_vmm)(row->op == REG_OP_HOOK ? hook_vmms[row->value] : op_vmms[row->op]);
}

const struct reg_row *reg_find(const struct reg_row *rows, size_t nr, uint32_t offset)
{
    size_t low = 0, high = nr;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (offset < rows[middle].offset)
            high = middle;
        else if (offset - rows[middle].offset < rows[middle].length)
            return &rows[middle];
        else
            low = middle + 1;
    }
    return NULL;
}
