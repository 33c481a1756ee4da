/* SPDX-License-Identifier: MIT */
/*
 * Translation tables: 4 KiB granule, 39-bit input addresses (levels 1 to 3), and most addresses map
 * to themselves. EL2's stage 1 and the guest's stage 2 differ only in the
 * attributes.
 */
#include "hyp.h"

#define ENTRIES 512
#define TYPE_BLOCK 1 /* at levels 1 and 2 */
#define TYPE_TABLE 3 /* at levels 1 and 2; the same value means a page at level 3 */
#define ADDRESS(entry) ((entry)&0x0000fffffffff000)

static uint64_t pool[32][ENTRIES] __attribute__((aligned(PAGE)));
static unsigned used;

/* One CPU at a time makes tables: the boot CPU, before the others run, or one for which they wait.
 */
void *table_alloc(void)
{
    if (used == sizeof(pool) / sizeof(pool[0]))
        fault("out of memory for translation tables");
    return pool[used++];
}

static uint64_t *next_table(uint64_t *entry)
{
    if (!*entry)
        *entry = (uint64_t)table_alloc() | TYPE_TABLE;
    if ((*entry & 3) != TYPE_TABLE)
        fault("two mappings of different kinds overlap");
    return (uint64_t *)ADDRESS(*entry);
}

static void map(uint64_t *table, unsigned level, uint64_t start, uint64_t end, uint64_t to,
                uint64_t attributes)
{
    uint64_t size = BIT(39 - 9 * level); /* that one entry of this level maps */

    while (start < end) {
        uint64_t *entry = &table[start / size % ENTRIES];
        uint64_t next = align_down(start, size) + size;

        if (next > end)
            next = end;
        if (next - start == size && to % size == 0 && !*entry)
            *entry = to | attributes | (level == 3 ? TYPE_TABLE : TYPE_BLOCK);
        else if (level < 3)
            map(next_table(entry), level + 1, start, next, to, attributes);
        else
            fault("a page is mapped twice");
        to += next - start;
        start = next;
    }
}

/* Maps [start, end), which must not be mapped yet, to what begins at `to`, with the largest blocks
 * that fit. */
void table_map_to(uint64_t *root, uint64_t start, uint64_t end, uint64_t to, uint64_t attributes)
{
    if (start % PAGE || end % PAGE || to % PAGE || start >= end || end > BIT(39))
        fault("a mapping that tables cannot describe");
    map(root, 1, start, end, to, attributes);
}

/* Unmaps a page that was mapped as such. */
void table_unmap_page(uint64_t *root, uint64_t address)
{
    for (unsigned level = 1; level < 3; level++)
        root = next_table(&root[address / BIT(39 - 9 * level) % ENTRIES]);
    root[address / PAGE % ENTRIES] = 0;
}

/* Maps [start, end) to itself. */
void table_map(uint64_t *root, uint64_t start, uint64_t end, uint64_t attributes)
{
    table_map_to(root, start, end, start, attributes);
}
