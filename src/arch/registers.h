/* SPDX-License-Identifier: MIT */
/*
 * The register tables: one row per register or array of registers. The dispatcher, the
 * documentation (`lvgic registers`) and the row-generic tests come from the same rows.
 *
 * Columns of gicd.def, gicr.def and gicd2.def, REG(...):
 *   name      the architecture's, with <n> for an array
 *   offset    of the first register, from the start of the frame
 *   length    bytes that the row covers
 *   width     bytes of one register: 4 or 8
 *   sizes     access sizes that work, added up: 1, 2, 4, 8; others read as zero and ignore writes
 *   bits      per interrupt, for arrays; 0 for a plain register
 *   first     INTID of the array's first field
 *   op        what an access does (enum reg_op)
 *   hook      for op HOOK: which function; for op CONST: the value
 *   reset     value after reset, where it is not zero
 *   section   of IHI 0069H; in gicd2.def and gicc.def of IHI 0048B
 *   sentence  what it is, or why it is RAZ/WI here
 */
#ifndef LVGIC_ARCH_REGISTERS_H
#define LVGIC_ARCH_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

/* How a VMM's access by device attribute differs from the guest's. */
#define REG_VMMS(X)                                                                            \
    X(SAME, "as the guest")                                                                    \
    X(READ_ONLY, "read-only")                                                                  \
    X(LATCH, "pending but for the wire; writing stores both 1 and 0; with GICv2 as the guest") \
    X(ZERO, "RAZ/WI; with GICv2 as the guest")                                                 \
    X(PLAIN, "as the guest, without an effect on a physical interrupt or a notification")      \
    X(VERBATIM, "writing stores the value")                                                    \
    X(STATE, "writing stores the value, also while that is enabled which uses it")             \
    X(REVISION, "its revision can be written: it selects behaviour")                           \
    X(NONE, "does not exist: a write would be an event")

enum reg_vmm {
#define REG_VMM_ENUM(name, what) REG_VMM_##name,
    REG_VMMS(REG_VMM_ENUM)
#undef REG_VMM_ENUM
        NR_REG_VMMS
};

/* What a row does, and what it is to a VMM. Per-interrupt rows: how a field is read and what
 * writing it means. */
#define REG_OPS(X)                                                                                 \
    X(ZERO, READ_ONLY, "reads as zero, ignores writes")                                            \
    X(CONST, READ_ONLY, "reads as a constant, ignores writes")                                     \
    X(HOOK, SAME, "a function")                                                                    \
    X(GROUP, SAME, "the group, one bit")                                                           \
    X(GROUP_MODIFIER, SAME, "Secure group 1 where the group is 0; RAZ/WI with one security state") \
    X(NS_ACCESS, SAME,                                                                             \
      "what Non-secure accesses may do to a Secure interrupt, two bits; RAZ/WI with "              \
      "one security state")                                                                        \
    X(ENABLE_SET, SAME, "reads enabled; writing 1 enables")                                        \
    X(ENABLE_CLEAR, SAME, "reads enabled; writing 1 disables")                                     \
    X(PENDING_SET, LATCH, "reads pending; writing 1 makes pending")                                \
    X(PENDING_CLEAR, ZERO, "reads pending; writing 1 takes the pending state back")                \
    X(ACTIVE_SET, PLAIN, "reads active; writing 1 activates")                                      \
    X(ACTIVE_CLEAR, PLAIN, "reads active; writing 1 deactivates")                                  \
    X(PRIORITY, SAME, "the priority, eight bits")                                                  \
    X(NMI, SAME, "non-maskable, one bit; RAZ/WI without FEAT_GICv3_NMI")                           \
    X(CONFIG, PLAIN, "level-sensitive 0b00 or edge-triggered 0b10")                                \
    X(ROUTE, SAME, "the affinity that it is routed to")                                            \
    X(TARGETS, SAME, "the CPUs that it may go to, one bit each")                                   \
    X(SOURCES_SET, SAME, "reads the sources it is pending for; writing 1 adds one")                \
    X(SOURCES_CLEAR, SAME, "reads the same; writing 1 takes one back")                             \
    X(SIGNAL, READ_ONLY, "the level of its wire")

enum reg_op {
#define REG_OP_ENUM(name, vmm, what) REG_OP_##name,
    REG_OPS(REG_OP_ENUM)
#undef REG_OP_ENUM
        NR_REG_OPS
};

/* Registers that need code, and what they are to a VMM. */
#define REG_HOOKS(X)          \
    X(NONE, SAME)             \
    X(GICD_CTLR, SAME)        \
    X(GICD_TYPER, READ_ONLY)  \
    X(GICD_SETSPI, NONE)      \
    X(GICD_CLRSPI, NONE)      \
    X(GICD_SETSPI_SR, NONE)   \
    X(GICD_CLRSPI_SR, NONE)   \
    X(GICD_STATUSR, VERBATIM) \
    X(GICD_IIDR, REVISION)    \
    X(GICR_IIDR, READ_ONLY)   \
    X(GICD_PIDR, READ_ONLY)   \
    X(GICR_PIDR, READ_ONLY)   \
    X(GICR_STATUSR, VERBATIM) \
    X(GICR_CTLR, SAME)        \
    X(GICR_TYPER, READ_ONLY)  \
    X(GICR_WAKER, SAME)       \
    X(GICD2_TYPER, READ_ONLY) \
    X(GICD2_PPISR, READ_ONLY) \
    X(GICD2_SGIR, NONE)       \
    X(GICR_SETLPIR, NONE)     \
    X(GICR_CLRLPIR, NONE)     \
    X(GICR_PROPBASER, STATE)  \
    X(GICR_PENDBASER, STATE)  \
    X(GICR_INVLPIR, NONE)     \
    X(GICR_INVALLR, NONE)     \
    X(GICR_SYNCR, READ_ONLY)  \
    X(GITS_CTLR, STATE)       \
    X(GITS_IIDR, READ_ONLY)   \
    X(GITS_TYPER, READ_ONLY)  \
    X(GITS_STATUSR, STATE)    \
    X(GITS_CBASER, STATE)     \
    X(GITS_CWRITER, STATE)    \
    X(GITS_CREADR, STATE)     \
    X(GITS_BASER0, STATE)     \
    X(GITS_BASER1, STATE)     \
    X(V2M_TYPER, READ_ONLY)   \
    X(V2M_SETSPI, NONE)

enum reg_hook {
#define REG_HOOK_ENUM(name, vmm) REG_HOOK_##name,
    REG_HOOKS(REG_HOOK_ENUM)
#undef REG_HOOK_ENUM
};

struct reg_row {
    const char *name;
    const char *section;
    const char *sentence;
    uint32_t offset;
    uint32_t length;
    uint32_t reset;
    uint32_t value; /* enum reg_hook, or the constant */
    uint32_t first_intid;
    uint8_t width;
    uint8_t sizes;
    uint8_t bits;
    uint8_t op;
};

/* Sorted by offset, and without overlap (checked by a test). */
extern const struct reg_row gicd_rows[];
extern const size_t nr_gicd_rows;
extern const struct reg_row gicr_rows[]; /* RD_base and SGI_base, 128 KiB */
extern const size_t nr_gicr_rows;

extern const struct reg_row gits_rows[]; /* control and translation frame, 128 KiB */
extern const size_t nr_gits_rows;

extern const struct reg_row v2m_rows[]; /* the GICv2m frame, 4 KiB */
extern const size_t nr_v2m_rows;

#define V2M_SIZE 0x1000u
#define GITS_SIZE 0x20000u
extern const struct reg_row gicd2_rows[]; /* GICv2 */
extern const size_t nr_gicd2_rows;

#define GICD_SIZE 0x10000u
#define GICD2_SIZE 0x1000u
#define GICR_SIZE 0x20000u

/* What a row is to a VMM. */
enum reg_vmm reg_vmm(const struct reg_row *row);

/* The row that covers an offset, or NULL. */
const struct reg_row *reg_find(const struct reg_row *rows, size_t nr, uint32_t offset);

/* System registers of the CPU interface, in sysregs.def: SYSREG(name, op0, op1, CRn, CRm, op2,
 * access, needs list registers, section, sentence). */
enum sysreg {
#define SYSREG(name, op0, op1, crn, crm, op2, access, lrs, section, sentence) SYSREG_##name,
#include "arch/sysregs.def"
#undef SYSREG
    NR_SYSREGS
};

enum { SYSREG_RO = 1, SYSREG_WO = 2, SYSREG_RW = 3 };

struct sysreg_row {
    const char *name;
    const char *section;
    const char *sentence;
    uint32_t encoding;
    uint8_t access;
    uint8_t needs_lrs;
};

extern const struct sysreg_row sysreg_rows[NR_SYSREGS];

/* GICv2's CPU interface, in gicc.def: GICC(name, offset, access, needs list registers, reset,
 * section, sentence). All are 32 bits wide and accessed whole. */
enum gicc_reg {
#define GICC(name, offset, access, lrs, reset, section, sentence) GICC_REG_##name,
#include "arch/gicc.def"
#undef GICC
    NR_GICC_REGS
};

struct gicc_row {
    const char *name;
    const char *section;
    const char *sentence;
    uint32_t offset;
    uint32_t reset;
    uint8_t access; /* SYSREG_RO and so on */
    uint8_t needs_lrs;
};

extern const struct gicc_row gicc_rows[NR_GICC_REGS];

#define GICC_SIZE 0x2000u

/* The virtualization registers, in ichregs.def. */
enum ichreg {
#define ICHREG(name, op0, op1, crn, crm, op2, access, kept, sentence) ICHREG_##name,
#include "arch/ichregs.def"
#undef ICHREG
    NR_ICHREGS
};

struct ichreg_row {
    const char *name;
    const char *sentence;
    uint64_t kept;
    uint32_t encoding; /* of <n> = 0 */
    uint8_t access;
};

extern const struct ichreg_row ichreg_rows[NR_ICHREGS];

#endif
