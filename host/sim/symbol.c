/* SPDX-License-Identifier: MIT */
/* Names for addresses, from the symbol table of the running executable. */
#define _GNU_SOURCE
#include "runtime.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const Elf64_Sym *symbols;
static size_t symbol_count;
static const char *strings;
static uintptr_t load_base;

/* Supplied by the linker: the executable's ELF header where it is loaded. */
extern const char __ehdr_start[] __attribute__((weak));

static void load_symbols(void)
{
    static bool tried;
    struct stat status;

    if (tried)
        return;
    tried = true;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &status) != 0) {
        close(file);
        return;
    }
    const char *image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (image == MAP_FAILED)
        return;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return;
    if (header->e_type == ET_DYN)
        load_base = (uintptr_t)__ehdr_start;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB) {
            symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);
            symbol_count = sections[i].sh_size / sizeof *symbols;
            strings = image + sections[sections[i].sh_link].sh_offset;
        }
    }
}

static const char *lookup(uintptr_t address, int type, char *buffer, size_t size)
{
    load_symbols();
    for (size_t i = 0; i < symbol_count; i++) {
        uintptr_t start = load_base + symbols[i].st_value;
        if (ELF64_ST_TYPE(symbols[i].st_info) != type || address - start >= symbols[i].st_size)
            continue;
        if (address == start)
            snprintf(buffer, size, "%s", strings + symbols[i].st_name);
        else
            snprintf(buffer, size, "%s+%#lx", strings + symbols[i].st_name,
                     (unsigned long)(address - start));
        return buffer;
    }
    snprintf(buffer, size, "%#lx", (unsigned long)address);
    return buffer;
}

const char *symbol_name(uintptr_t address, char *buffer, size_t size)
{
    return lookup(address, STT_OBJECT, buffer, size);
}

const char *symbol_function(uintptr_t address, char *buffer, size_t size)
{
    return lookup(address, STT_FUNC, buffer, size);
}
