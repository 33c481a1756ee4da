/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include <inttypes.h>
#include <string.h>

void sequence_start(struct sequence *seq, unsigned cpus, unsigned lrs, bool outside,
                    enum machine machine)
{
    seq->cpus = cpus;
    seq->lrs = lrs;
    seq->outside = outside;
    seq->machine = machine;
    seq->nr = 0;
    /* CPU 0 last: it resets what is shared when nobody's wires are high any more. */
    for (unsigned i = cpus; i-- > 0;)
        sequence_add(seq, (struct op){.kind = OP_RESET, .cpu = (uint8_t)i});
}

bool sequence_add(struct sequence *seq, struct op op)
{
    if (seq->nr == SEQUENCE_OPS)
        return false;
    seq->expect[seq->nr] = NO_EXPECTATION;
    seq->ops[seq->nr++] = op;
    return true;
}

struct op op_field(unsigned cpu, unsigned intid, unsigned array, unsigned bits, bool write,
                   uint64_t value)
{
    unsigned first = intid * bits / 8, size = bits == 8 ? 1 : bits == 64 ? 8 : 4;
    struct op op = {
        .kind = write ? OP_WRITE : OP_READ,
        .cpu = (uint8_t)cpu,
        .size = (uint8_t)size,
        .target = intid < 32 ? (uint8_t)cpu : TARGET_GICD,
        .reg = (intid < 32 ? 0x10000 : 0) + array + first / size * size,
        .value = bits < 8 ? value << intid * bits % 32 : value,
    };

    return op;
}

struct op op_icc(unsigned cpu, enum sysreg reg, bool write, uint64_t value)
{
    return (struct op){.kind = write ? OP_ICC_WRITE : OP_ICC_READ,
                       .cpu = (uint8_t)cpu,
                       .reg = reg,
                       .value = value};
}

struct op op_gicd(unsigned cpu, unsigned offset, bool write, uint64_t value)
{
    return (struct op){.kind = write ? OP_WRITE : OP_READ,
                       .cpu = (uint8_t)cpu,
                       .size = 4,
                       .target = TARGET_GICD,
                       .reg = offset,
                       .value = value};
}

struct op op_gicc(unsigned cpu, enum gicc_reg reg, bool write, uint64_t value)
{
    return (struct op){.kind = write ? OP_WRITE : OP_READ,
                       .cpu = (uint8_t)cpu,
                       .size = 4,
                       .target = TARGET_GICC,
                       .reg = gicc_rows[reg].offset,
                       .value = value};
}

struct op op_on(enum machine machine, struct op op)
{
    bool frame = op.kind == OP_READ || op.kind == OP_WRITE;

    if (machine == MACHINE_GICV2 && frame && op.target != TARGET_GICC) {
        op.target = TARGET_GICD2;
        op.reg %= GICD2_SIZE;
    }
    return op;
}

bool op_is_gicc(const struct op *op, enum gicc_reg reg, bool write)
{
    return op->kind == (write ? OP_WRITE : OP_READ) && op->target == TARGET_GICC &&
           op->reg == gicc_rows[reg].offset;
}

bool op_acknowledges(const struct op *op)
{
    return op_is_gicc(op, GICC_REG_IAR, false) ||
           (op->kind == OP_ICC_READ &&
            (op->reg == SYSREG_ICC_IAR0_EL1 || op->reg == SYSREG_ICC_IAR1_EL1));
}

bool op_completes(const struct op *op)
{
    return op_is_gicc(op, GICC_REG_EOIR, true) ||
           (op->kind == OP_ICC_WRITE &&
            (op->reg == SYSREG_ICC_EOIR0_EL1 || op->reg == SYSREG_ICC_EOIR1_EL1));
}

unsigned op_intid(const struct op *op, uint64_t value)
{
    /* GICv2 has an SGI's source above. */
    return (unsigned)(op->target == TARGET_GICC ? bits_get(value, 9, 0) : value);
}

struct op op_line(unsigned cpu, unsigned intid, bool high)
{
    return (struct op){.kind = OP_LINE, .cpu = (uint8_t)cpu, .reg = intid, .value = high};
}

struct op op_look(unsigned cpu)
{
    return (struct op){.kind = OP_LOOK, .cpu = (uint8_t)cpu};
}

/* NAME<n>+BYTES.SIZE@REDISTRIBUTOR, where +BYTES, .SIZE and @... only if they are not the usual. */
static void print_frame(FILE *out, const struct op *op)
{
    bool gicr = op->target < ORACLE_CPUS;
    const struct reg_row *row = op->target == TARGET_GICD2
                                    ? reg_find(gicd2_rows, nr_gicd2_rows, op->reg)
                                : gicr ? reg_find(gicr_rows, nr_gicr_rows, op->reg)
                                       : reg_find(gicd_rows, nr_gicd_rows, op->reg);

    if (!row) {
        fprintf(out, "%s+0x%x.%u", gicr ? "GICR" : "GICD", op->reg, op->size);
    } else {
        const char *array = strstr(row->name, "<n>");
        uint32_t first = row->first_intid * row->bits / 8 / row->width;
        uint32_t n = (op->reg - row->offset) / row->width,
                 rest = (op->reg - row->offset) % row->width;

        fprintf(out, "%.*s", array ? (int)(array - row->name) : (int)strlen(row->name), row->name);
        if (array)
            fprintf(out, "%u", n + first);
        if (rest)
            fprintf(out, "+%u", rest);
        if (op->size != row->width)
            fprintf(out, ".%u", op->size);
    }
    if (gicr && op->target != op->cpu)
        fprintf(out, "@%u", op->target);
}

static void print_gicc(FILE *out, const struct op *op)
{
    unsigned reg = 0;

    while (reg < NR_GICC_REGS && gicc_rows[reg].offset != op->reg)
        reg++;
    if (reg < NR_GICC_REGS)
        fprintf(out, "%s", gicc_rows[reg].name);
    else
        fprintf(out, "GICC+0x%x", op->reg);
}

void op_print(FILE *out, const struct op *op)
{
    bool write = op->kind == OP_WRITE || op->kind == OP_ICC_WRITE;

    fprintf(out, "%u%s ", op->cpu, op->secure ? "s" : "");
    switch (op->kind) {
    case OP_RESET:
        fprintf(out, "reset");
        return;
    case OP_LOOK:
        fprintf(out, "look");
        return;
    case OP_LINE:
        fprintf(out, "line %u %u", op->reg, (unsigned)op->value);
        return;
    }
    fprintf(out, write ? "write " : "read ");
    if (op->kind == OP_ICC_READ || op->kind == OP_ICC_WRITE)
        fprintf(out, "%s", sysreg_rows[op->reg].name);
    else if (op->target == TARGET_GICC)
        print_gicc(out, op);
    else
        print_frame(out, op);
    if (write)
        fprintf(out, " 0x%" PRIx64, op->value);
}

void sequence_print(FILE *out, const struct sequence *seq)
{
    fprintf(out, "sequence %s\nlrs %u\n%s", seq->name, seq->lrs, seq->outside ? "outside\n" : "");
    for (unsigned i = seq->cpus; i < seq->nr; i++) {
        op_print(out, &seq->ops[i]);
        fprintf(out, "\n");
    }
}
