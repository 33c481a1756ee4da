/* SPDX-License-Identifier: MIT */
/* lvgic: the command with which people look at interrupts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/lr.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "irq/word.h"
#include "lvgic/lvgic.h"
#include "tool.h"

static const char *const op_text[NR_REG_OPS] = {
#define OP_TEXT(name, vmm, what) what,
    REG_OPS(OP_TEXT)
#undef OP_TEXT
};

static const char *const vmm_text[NR_REG_VMMS] = {
#define VMM_TEXT(name, what) what,
    REG_VMMS(VMM_TEXT)
#undef VMM_TEXT
};

static void print_frame(const char *title, const struct reg_row *rows, size_t nr)
{
    printf("\n## %s\n\n", title);
    printf(
        "| register | offset | bytes | access sizes | reset | does | a VMM's attribute | section "
        "| |\n");
    printf("|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < nr; i++) {
        const char *separator = "";

        printf("| %s | 0x%05" PRIx32 " | %" PRIu32 " | ", rows[i].name, rows[i].offset,
               rows[i].length);
        for (unsigned size = 1; size <= 8; size *= 2)
            if (rows[i].sizes & size) {
                printf("%s%u", separator, size);
                separator = ", ";
            }
        printf(" | 0x%" PRIx32 " | %s | %s | %s | %s |\n",
               rows[i].op == REG_OP_CONST ? rows[i].value : rows[i].reset, op_text[rows[i].op],
               vmm_text[reg_vmm(&rows[i])], rows[i].section, rows[i].sentence);
    }
}

static int registers(void)
{
    static const char *const access[] = {"", "RO", "WO", "RW"};

    printf(
        "# Registers\n\n"
        "Made by `lvgic registers` from the tables in src/arch; do not edit. Sections are the\n"
        "chapters of Arm IHI 0069H that describe the register, with GICv2 of IHI 0048B. What is\n"
        "not listed reads as zero and ignores writes, and so do access sizes that are not.\n");
    print_frame("Distributor", gicd_rows, nr_gicd_rows);
    print_frame("Redistributor", gicr_rows, nr_gicr_rows);
    print_frame("ITS", gits_rows, nr_gits_rows);
    print_frame("GICv2m", v2m_rows, nr_v2m_rows);
    printf("\n## CPU interface\n\n| register | encoding | access | section | |\n"
           "|---|---|---|---|---|\n");
    for (size_t i = 0; i < NR_SYSREGS; i++) {
        const struct sysreg_row *row = &sysreg_rows[i];
        uint32_t e = row->encoding;

        printf("| %s | S%u_%u_C%u_C%u_%u | %s | %s | %s |\n", row->name, e >> 14, e >> 11 & 7,
               e >> 7 & 15, e >> 3 & 15, e & 7, access[row->access], row->section, row->sentence);
    }
    printf("\n## Virtualization registers (lvgic_lrs_access)\n\n| register | first encoding | "
           "access | "
           "kept of a write | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < NR_ICHREGS; i++) {
        const struct ichreg_row *row = &ichreg_rows[i];
        uint32_t e = row->encoding;

        printf("| %s | S%u_%u_C%u_C%u_%u | %s | 0x%" PRIx64 " | %s |\n", row->name, e >> 14,
               e >> 11 & 7, e >> 7 & 15, e >> 3 & 15, e & 7, access[row->access], row->kept,
               row->sentence);
    }
    print_frame("GICv2: distributor", gicd2_rows, nr_gicd2_rows);
    printf("\n## GICv2: CPU interface (lvgic_gicc_access)\n\n"
           "| register | offset | access | reset | section | |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < NR_GICC_REGS; i++) {
        const struct gicc_row *row = &gicc_rows[i];

        printf("| %s | 0x%04" PRIx32 " | %s | 0x%" PRIx32 " | %s | %s |\n", row->name, row->offset,
               access[row->access], row->reset, row->section, row->sentence);
    }
    return 0;
}

static int its(void)
{
#define PRINT_COMMAND(name, code, sentence) printf("0x%02x %-8s %s\n", code, #name, sentence);
#define PRINT_ITS_ERROR(name, code, sentence) printf("0x%06x %-27s %s\n", code, #name, sentence);
#define ITS_COMMAND PRINT_COMMAND
#define ITS_ERROR PRINT_ITS_ERROR
#include "arch/its.def"
#undef ITS_COMMAND
#undef ITS_ERROR
    return 0;
}

static int events(void)
{
#define PRINT_EVENT(name, arg, what, section) printf("%-14s %-58s %s\n", #name, what, section);
    IRQ_EVENTS(PRINT_EVENT)
#undef PRINT_EVENT
    return 0;
}

static int errors(void)
{
#define PRINT_ERROR(name, value, meaning, advice) \
    printf("%4d LVGIC_%-12s %s; %s\n", value, #name, meaning, advice);
    LVGIC_ERROR_MAP(PRINT_ERROR)
#undef PRINT_ERROR
    return 0;
}

static int parse(const char *text, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 16);
    if (*text && !*end)
        return 0;
    fprintf(stderr, "lvgic: '%s' is not a hexadecimal number\n", text);
    return 2;
}

static int word(const char *text)
{
    uint64_t w;

    if (parse(text, &w))
        return 2;
#define PRINT_FLAG(name, bit, meaning) \
    if (w & BIT64(bit))                \
        printf("%-7s %s\n", #name, meaning);
    IRQ_WORD_FLAGS(PRINT_FLAG)
#undef PRINT_FLAG
    if (w & IRQ_SRC)
        printf("pending for sources 0x%02" PRIx32 ", listed or active for source %" PRIu32 "\n",
               irq_sources(w), irq_source(w));
    printf("priority 0x%02" PRIx32 ", target %" PRIu32 ", holder %" PRIu32 ", generation %" PRIu32
           "\n%s, %s\n",
           irq_prio(w), irq_target(w), irq_holder(w), irq_gen(w),
           irq_pending(w) ? "pending" : "not pending",
           irq_wanted(w) ? "a vCPU has to look at it" : "nobody has to look at it");
    return 0;
}

static int list_register(const char *text)
{
    static const char *const state[] = {"invalid", "pending", "active", "pending and active"};
    uint64_t lr;

    if (parse(text, &lr))
        return 2;
    printf("%s, INTID %" PRIu32 ", priority 0x%02x, group %d", state[lr >> 62], lr_vintid(lr),
           lr_priority(lr), !!(lr & LR_GROUP1));
    if (lr & LR_HW)
        printf(", physical INTID %" PRIu32, lr_pintid(lr));
    else if (lr & LR_EOI)
        printf(", EOI maintenance interrupt");
    printf("\n");
    return 0;
}

static int usage(FILE *to, int status)
{
    fprintf(to,
            "usage: lvgic COMMAND\n"
            "about a snapshot (docs/snapshot.md); FILE - is standard input:\n"
            "  show FILE [--json]      what it holds: per vCPU, per interrupt\n"
            "  diff A B                what differs; exit status 1 if anything does\n"
            "  check FILE              is it sound? exit status 1, and where, if not\n"
            "  kvm-export FILE [LIST]  as KVM's device attributes (JSON, on standard output),\n"
            "                          with tables of ITSs; LIST: memory that these are in\n"
            "  kvm-import LIST FILE    the snapshot of a VM with these attributes\n"
            "about concurrency:\n"
            "  explore [OPTION...]     run the scenarios of tests/explore under many schedules;\n"
            "                          --replay SEED --scenario NAME runs one again\n"
            "about the library:\n"
            "  registers               the register tables, as docs/registers.md\n"
            "  events                  what can happen to an interrupt\n"
            "  errors                  the status codes\n"
            "  its                     an ITS's commands and command errors\n"
            "  word HEX                explain an interrupt's 64-bit word\n"
            "  lr HEX                  explain a list register (ICH_LR<n>_EL2)\n"
            "  help, version\n"
            "exit status: 0; 1 different or damaged; 2 wrong usage, or it cannot be done\n");
    return status;
}

/* The commands about snapshots; -1: it is none. */
static int snapshot_command(int argc, char **argv)
{
    const char *command = argv[1];

    if (argc == 3 && !strcmp(command, "show"))
        return tool_show(argv[2], false);
    if (argc == 4 && !strcmp(command, "show") && !strcmp(argv[3], "--json"))
        return tool_show(argv[2], true);
    if (argc == 4 && !strcmp(command, "diff"))
        return tool_diff(argv[2], argv[3]);
    if (argc == 3 && !strcmp(command, "check"))
        return tool_check(argv[2]);
    if ((argc == 3 || argc == 4) && !strcmp(command, "kvm-export"))
        return tool_kvm_export(argv[2], argv[3]);
    if (argc == 4 && !strcmp(command, "kvm-import"))
        return tool_kvm_import(argv[2], argv[3]);
    return -1;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    int status = argc > 2 ? snapshot_command(argc, argv) : -1;

    if (status >= 0)
        return status;
    if (!strcmp(command, "explore"))
        return tool_explore(argv + 1);
    if (argc == 2 && !strcmp(command, "registers"))
        return registers();
    if (argc == 2 && !strcmp(command, "events"))
        return events();
    if (argc == 2 && !strcmp(command, "errors"))
        return errors();
    if (argc == 2 && !strcmp(command, "its"))
        return its();
    if (argc == 3 && !strcmp(command, "word"))
        return word(argv[2]);
    if (argc == 3 && !strcmp(command, "lr"))
        return list_register(argv[2]);
    if (argc == 2 && !strcmp(command, "version"))
        return printf("lvgic %s\n", LVGIC_VERSION_STRING) < 0;
    if (argc == 2 && (!strcmp(command, "help") || !strcmp(command, "--help")))
        return usage(stdout, 0);
    return usage(stderr, 2);
}
