/* SPDX-License-Identifier: MIT */
/* A window to any physical address, for each CPU alone, and what memory tells about the machine. */
#include "hostile.h"

/* Descriptors of level 1: Arm DDI 0487, D8.3. Memory attributes by index, as start.S has them. */
#define BLOCK 0x0401ul
#define TABLE 0x0003ul
#define INNER_SHAREABLE (3ul << 8)
#define DEVICE (1ul << 2)
#define PHYSICAL_BITS 40

#define TCR_IPS_40_BITS (2ul << 32)
#define CPACR_FP_AND_SVE ((3ul << 20) | (3ul << 16))

/* Of the device tree: section 5.2 of its specification. Big-endian. */
#define FDT_MAGIC 0xd00dfeedu
#define FDT_LIMIT 0x200000u

static void publish(void)
{
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

/* A table of its own for this CPU, 40 bits of physical addresses, and SIMD and SVE where there are
 * such. */
void map_init(struct hostile *h)
{
    const uint64_t *shared = (const uint64_t *)read_sysreg(ttbr0_el1);

    h->table[0] = shared[0];
    h->table[1] = shared[1];
    write_sysreg(tcr_el1, read_sysreg(tcr_el1) | TCR_IPS_40_BITS);
    write_sysreg(ttbr0_el1, (uintptr_t)h->table);
    publish();
    write_sysreg(cpacr_el1, CPACR_FP_AND_SVE);
}

/* Returns where the address is now to be found. The window may be executed, which is why "device"
 * is a matter of choice: DC ZVA and exclusive accesses get to the device as normal memory only. */
uint64_t map_window(struct hostile *h, uint64_t physical, bool device)
{
    uint64_t base = physical & ~(GIB - 1) & ((1ul << PHYSICAL_BITS) - 1);
    uint64_t entry = base | BLOCK | (device ? DEVICE : INNER_SHAREABLE);

    if (h->table[2] != entry) {
        h->table[2] = 0;
        publish();
        h->table[2] = entry;
        publish();
    }
    return WINDOW + physical % GIB;
}

/* The GiB at BAD_WALK gets its second level from there. */
void map_bad_walk(struct hostile *h, uint64_t table)
{
    h->table[3] = (table & ~0xffful) | TABLE;
    publish();
}

/* The first address above RAM that aborts. Nothing is written. */
uint64_t find_ram_end(struct hostile *h)
{
    uint64_t end = RAM_BASE;

    h->expecting = true;
    for (; end < RAM_BASE + 8 * GIB; end += 0x200000) {
        uint64_t before = h->aborts;

        access_op(h, 2, map_window(h, end, false), 0);
        if (h->aborts != before)
            break;
    }
    h->expecting = false;
    return end;
}

/* The number after "seed=" in this text of the device tree; 0 if there is none. */
static uint64_t seed_in(const char *text, const char *end)
{
    static const char word[] = "seed=0x";
    unsigned matched = 0;

    for (; text < end; text++) {
        uint64_t value = 0;

        if (*text != word[matched]) {
            matched = *text == word[0];
            continue;
        }
        if (word[++matched])
            continue;
        for (text++; text < end; text++) {
            char c = *text;

            if (c >= '0' && c <= '9')
                value = value << 4 | (uint64_t)(c - '0');
            else if (c >= 'a' && c <= 'f')
                value = value << 4 | (uint64_t)(c - 'a' + 10);
            else
                return value;
        }
    }
    return 0;
}

/* The command line is in the device tree, whose address start.S does not keep. It is looked for in
 * the first GiB, and not parsed: of all that is in it only the command line says "seed=0x". */
uint64_t find_seed(uint64_t otherwise)
{
    uint64_t end = ram_end < RAM_BASE + GIB ? ram_end : RAM_BASE + GIB;

    for (uint64_t at = RAM_BASE; at + FDT_LIMIT <= end; at += 0x1000) {
        uint32_t size = __builtin_bswap32(*(volatile uint32_t *)(at + 4));
        uint64_t seed;

        if (__builtin_bswap32(*(volatile uint32_t *)at) != FDT_MAGIC || size > FDT_LIMIT)
            continue;
        seed = seed_in((const char *)at, (const char *)at + size);
        if (seed)
            return seed;
    }
    return otherwise;
}
