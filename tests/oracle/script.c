/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 16

struct script {
    FILE *file;
    const char *path;
    unsigned line;
    char *words[MAX_WORDS];
    unsigned nr_words;
    char text[512];
    bool pushed_back; /* the words are still to be used */
    enum machine machine;
    uint32_t groups[ORACLE_CPUS + 1][3], configs[ORACLE_CPUS + 1][6]; /* as written so far */
};

_Noreturn static void wrong(const struct script *script, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "%s:%u: ", script->path, script->line);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(2);
}

static uint64_t number(const struct script *script, const char *word)
{
    char *end;
    uint64_t value = strtoull(word ? word : "", &end, 0);

    if (!word || end == word || *end)
        wrong(script, "a number is missing, not \"%s\"", word ? word : "");
    return value;
}

/* The next line that has words; comments begin with '#'. */
static bool read_line(struct script *script)
{
    char *word;

    if (script->pushed_back) {
        script->pushed_back = false;
        return true;
    }
    while (fgets(script->text, sizeof script->text, script->file)) {
        script->line++;
        script->text[strcspn(script->text, "#\n")] = 0;
        script->nr_words = 0;
        for (word = strtok(script->text, " \t"); word && script->nr_words < MAX_WORDS - 1;
             word = strtok(NULL, " \t"))
            script->words[script->nr_words++] = word;
        script->words[script->nr_words] = NULL;
        if (script->nr_words)
            return true;
    }
    return false;
}

static bool find_gicc(const char *name, uint32_t *offset)
{
    for (uint32_t i = 0; i < NR_GICC_REGS; i++)
        if (!strcmp(name, gicc_rows[i].name)) {
            *offset = gicc_rows[i].offset;
            return true;
        }
    return false;
}

static bool find_icc(const char *name, uint32_t *reg)
{
    for (uint32_t i = 0; i < NR_SYSREGS; i++) {
        size_t length = strlen(sysreg_rows[i].name);

        /* ICC_PMR_EL1 or PMR */
        if (!strcmp(name, sysreg_rows[i].name) ||
            (strlen(name) == length - 8 && !strncmp(name, sysreg_rows[i].name + 4, length - 8))) {
            *reg = i;
            return true;
        }
    }
    return false;
}

/* NAME<n>+BYTES.SIZE@REDISTRIBUTOR, as op_print() writes it. */
static void find_frame(const struct script *script, const char *word, struct op *op)
{
    bool gicd = !strncmp(word, "GICD", 4), gicd2 = script->machine == MACHINE_GICV2;
    const struct reg_row *rows = gicd2 ? gicd2_rows : gicd ? gicd_rows : gicr_rows, *row = NULL;
    size_t nr = gicd2 ? nr_gicd2_rows : gicd ? nr_gicd_rows : nr_gicr_rows;
    size_t length = strcspn(word, "+.@");
    const char *plus = strchr(word, '+'), *dot = strchr(word, '.'), *at = strchr(word, '@');
    unsigned n = 0;

    for (size_t i = 0; i < nr && !row; i++) {
        const char *array = strstr(rows[i].name, "<n>");
        size_t stem = array ? (size_t)(array - rows[i].name) : strlen(rows[i].name);

        if (length < stem || strncmp(word, rows[i].name, stem) || (array && array[3]))
            continue;
        if (array ? strspn(word + stem, "0123456789") == length - stem && length > stem
                  : length == stem) {
            row = &rows[i];
            n = array ? (unsigned)strtoul(word + stem, NULL, 10) : 0;
        }
    }
    if (!row && length != 4)
        wrong(script, "no register \"%s\"", word);
    op->target = gicd ? TARGET_GICD : at ? (uint8_t)strtoul(at + 1, NULL, 0) : op->cpu;
    op->reg =
        row ? row->offset + (n - row->first_intid * row->bits / 8 / row->width) * row->width : 0;
    op->reg += plus ? (uint32_t)strtoul(plus + 1, NULL, 0) : 0;
    op->size = dot ? (uint8_t)strtoul(dot + 1, NULL, 0) : row ? row->width : 4;
}

/* read REGISTER, write REGISTER VALUE */
static struct op access_op(const struct script *script, unsigned cpu, bool write)
{
    const char *name = script->words[2] ? script->words[2] : "";
    struct op op = {.cpu = (uint8_t)cpu};

    op.value = write ? number(script, script->words[3]) : 0;
    if (find_gicc(name, &op.reg)) {
        op.kind = write ? OP_WRITE : OP_READ;
        op.target = TARGET_GICC;
        op.size = 4;
    } else if (find_icc(name, &op.reg)) {
        op.kind = write ? OP_ICC_WRITE : OP_ICC_READ;
    } else if (!strncmp(name, "GICD", 4) || !strncmp(name, "GICR", 4)) {
        op.kind = write ? OP_WRITE : OP_READ;
        find_frame(script, name, &op);
    } else {
        wrong(script, "no register \"%s\"", name);
    }
    return op;
}

/* The registers in which an interrupt shares a word with others, where the rest must stay. */
static struct op shared_op(struct script *script, unsigned cpu, const char *verb, unsigned intid)
{
    unsigned who = intid < 32 ? cpu : ORACLE_CPUS;
    uint32_t *groups = &script->groups[who][intid / 32];
    uint32_t *configs = &script->configs[who][intid / 16];
    struct op op;

    if (!strncmp(verb, "group", 5)) {
        *groups &= ~(UINT32_C(1) << intid % 32);
        *groups |= (uint32_t)(verb[5] == '1') << intid % 32;
        op = op_field(cpu, intid, GROUPR, 1, true, 0);
        op.value = *groups;
    } else {
        *configs &= ~(UINT32_C(2) << intid % 16 * 2);
        *configs |= (uint32_t)(!strcmp(verb, "edge") ? 2 : 0) << intid % 16 * 2;
        op = op_field(cpu, intid, ICFGR, 2, true, 0);
        op.value = *configs;
    }
    return op;
}

static const struct {
    const char *verb;
    unsigned array, bits;
} field_verbs[] = {
    {"enable", ISENABLER, 1},    {"disable", ICENABLER, 1},  {"pend", ISPENDR, 1},
    {"unpend", ICPENDR, 1},      {"activate", ISACTIVER, 1}, {"deactivate", ICACTIVER, 1},
    {"priority", IPRIORITYR, 8}, {"route", IROUTER, 64},
};

static const struct {
    const char *verb;
    enum sysreg reg;
    bool write;
} icc_verbs[] = {
    {"ack0", SYSREG_ICC_IAR0_EL1, false}, {"ack1", SYSREG_ICC_IAR1_EL1, false},
    {"eoi0", SYSREG_ICC_EOIR0_EL1, true}, {"eoi1", SYSREG_ICC_EOIR1_EL1, true},
    {"dir", SYSREG_ICC_DIR_EL1, true},
};

static const struct {
    const char *verb;
    enum gicc_reg reg;
    bool write;
} gicc_verbs[] = {
    {"ack", GICC_REG_IAR, false},
    {"eoi", GICC_REG_EOIR, true},
    {"dir", GICC_REG_DIR, true},
};

static bool parse_gicc(struct script *script, unsigned cpu, const char *verb, struct op *op)
{
    for (unsigned i = 0; i < ARRAY_LEN(gicc_verbs); i++)
        if (!strcmp(verb, gicc_verbs[i].verb)) {
            *op = op_gicc(cpu, gicc_verbs[i].reg, gicc_verbs[i].write,
                          gicc_verbs[i].write ? number(script, script->words[2]) : 0);
            return true;
        }
    return false;
}

static struct op parse_op(struct script *script, unsigned cpu)
{
    const char *verb = script->words[1] ? script->words[1] : "";
    struct op op;

    if (!strcmp(verb, "read") || !strcmp(verb, "write"))
        return access_op(script, cpu, verb[0] == 'w');
    if (!strcmp(verb, "look"))
        return op_look(cpu);
    if (script->machine == MACHINE_GICV2 && parse_gicc(script, cpu, verb, &op))
        return op;
    for (unsigned i = 0; i < ARRAY_LEN(icc_verbs); i++)
        if (!strcmp(verb, icc_verbs[i].verb))
            return op_icc(cpu, icc_verbs[i].reg, icc_verbs[i].write,
                          icc_verbs[i].write ? number(script, script->words[2]) : 0);

    unsigned intid = (unsigned)number(script, script->words[2]);

    if (!strcmp(verb, "line"))
        return op_line(cpu, intid, number(script, script->words[3]));
    if (intid < 96 && (!strcmp(verb, "group0") || !strcmp(verb, "group1") ||
                       !strcmp(verb, "edge") || !strcmp(verb, "level")))
        return shared_op(script, cpu, verb, intid);
    for (unsigned i = 0; i < ARRAY_LEN(field_verbs); i++)
        if (!strcmp(verb, field_verbs[i].verb))
            return op_field(cpu, intid, field_verbs[i].array, field_verbs[i].bits, true,
                            field_verbs[i].bits == 1 ? 1 : number(script, script->words[3]));
    wrong(script, "no verb \"%s\"", verb);
}

/* "... is VALUE" at the end of a line. */
static uint64_t expectation(struct script *script)
{
    static const char *const lines[] = {"none", "irq", "fiq", "both"};
    unsigned nr = script->nr_words;
    const char *word;

    if (nr < 3 || strcmp(script->words[nr - 2], "is"))
        return NO_EXPECTATION;
    word = script->words[nr - 1];
    script->words[nr - 2] = NULL;
    script->nr_words = nr - 2;
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
        if (!strcmp(word, lines[i]))
            return i | LINES_EXPECTED;
    return number(script, word);
}

static void parse_line(struct script *script, struct sequence *seq)
{
    char *s = strchr(script->words[0], 's'); /* 0s: CPU 0, a Secure access */
    uint64_t expect = expectation(script);
    struct op op;
    unsigned cpu;

    if (s && !s[1])
        *s = 0;
    cpu = (unsigned)number(script, script->words[0]);

    if (cpu >= ORACLE_CPUS)
        wrong(script, "no CPU %u", cpu);
    op = op_on(seq->machine, parse_op(script, cpu));
    op.secure = s != NULL;
    if (!sequence_add(seq, op))
        wrong(script, "the sequence is too long");
    seq->expect[seq->nr - 1] = expect;
}

/* What nearly every sequence begins with: CPU interfaces open, SPIs 33 to 63 in group 1; with GICv2
 * all in group 0, and EOImode, AckCtl, FIQEn and CBPR 0. */
static void start_working(struct script *script, struct sequence *seq, unsigned cpus)
{
    if (seq->machine == MACHINE_GICV2) {
        sequence_add(seq, op_gicc(0, GICC_REG_PMR, true, 0xf8));
        sequence_add(seq, op_gicc(0, GICC_REG_CTLR, true, 3));
        sequence_add(seq, op_on(seq->machine, op_gicd(0, 0, true, 3)));
        return;
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        sequence_add(seq, op_icc(cpu, SYSREG_ICC_PMR_EL1, true, 0xf8));
        sequence_add(seq, op_icc(cpu, SYSREG_ICC_IGRPEN0_EL1, true, 1));
        sequence_add(seq, op_icc(cpu, SYSREG_ICC_IGRPEN1_EL1, true, 1));
        script->groups[cpu][0] = ~UINT32_C(0);
        sequence_add(seq, op_field(cpu, 0, GROUPR, 1, true, script->groups[cpu][0]));
    }
    script->groups[ORACLE_CPUS][1] = ~UINT32_C(0);
    sequence_add(seq, op_gicd(0, GROUPR + 4, true, script->groups[ORACLE_CPUS][1]));
    sequence_add(seq, op_gicd(0, 0, true, 3));
}

struct script *script_open(const char *path)
{
    struct script *script = calloc(1, sizeof *script);

    if (script)
        script->file = fopen(path, "r");
    if (!script || !script->file) {
        perror(path);
        free(script);
        return NULL;
    }
    script->path = path;
    return script;
}

bool script_next(struct script *script, struct sequence *seq, unsigned cpus, enum machine machine)
{
    const char *file = strrchr(script->path, '/');
    size_t used = 0;

    if (!read_line(script))
        return false;
    if (strcmp(script->words[0], "sequence"))
        wrong(script, "\"sequence NAME\" is missing");
    used = (size_t)snprintf(seq->name, sizeof seq->name, "%s:%u", file ? file + 1 : script->path,
                            script->line);
    for (unsigned i = 1; i < script->nr_words && used < sizeof seq->name; i++)
        used +=
            (size_t)snprintf(seq->name + used, sizeof seq->name - used, " %s", script->words[i]);
    sequence_start(seq, cpus, 0, false, machine);
    script->machine = machine;
    memset(script->groups, 0, sizeof script->groups);
    memset(script->configs, 0, sizeof script->configs);
    while (read_line(script)) {
        if (!strcmp(script->words[0], "sequence")) {
            script->pushed_back = true;
            break;
        }
        if (!strcmp(script->words[0], "lrs"))
            seq->lrs = (unsigned)number(script, script->words[1]);
        else if (!strcmp(script->words[0], "working"))
            start_working(script, seq, cpus);
        else if (strcmp(script->words[0], "outside"))
            parse_line(script, seq);
    }
    return true;
}

void script_close(struct script *script)
{
    fclose(script->file);
    free(script);
}
