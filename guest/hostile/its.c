/* SPDX-License-Identifier: MIT */
/*
 * Random commands, tables anywhere and random registers, for the ITS and the redistributors' LPIs.
 *
 * What a GIC may write is left to the guest's own mistakes: pending tables are within `arena`, or
 * where no memory of the guest's is. All other tables are anywhere.
 */
#include "hostile.h"

#include "its/its.h"

#define ITS_STEPS 400000
#define ARENA 0x80000u
#define PROOF_US 5000000

#define GITS_STATUSR 0x0040
#define GITS_TRANSLATER 0x10040
#define GICR_SETLPIR 0x0040
#define GICR_CLRLPIR 0x0048

/* Tables, the queue, and pieces of both, or whatever was written last. */
static uint64_t arena[ARENA / 8] __attribute__((aligned(4096)));
/* A word that the CPUs draw the next place in the queue from; they do not agree about it. */
static uint32_t next_command;

static uint64_t arena_at(struct hostile *h)
{
    return (uintptr_t)arena + (below(h, ARENA) & ~(below(h, 4) ? 0xffffu : 0xffu));
}

/* Mostly memory of ours. */
static uint64_t some_table(struct hostile *h)
{
    switch (below(h, 12)) {
    case 0:
        return ram_end - below(h, 4) * 0x1000;
    case 1:
        return ram_end + below(h, 0x2000000u);
    case 2:
        return below(h, 0x40000000u);
    case 3:
        return random64(h) >> (16 + below(h, 16));
    case 4:
        return 0xfffffffff000ul;
    case 5:
        return RAM_BASE + below(h, 0x10000000u);
    default:
        return arena_at(h);
    }
}

static uint64_t some_pending_table(struct hostile *h)
{
    switch (below(h, 8)) {
    case 0:
        return ram_end + below(h, 0x2000000u);
    case 1:
        return 0xffffffff0000ul;
    default:
        return arena_at(h);
    }
}

static uint64_t few(struct hostile *h, uint32_t limit)
{
    return below(h, 16) ? below(h, limit) : random64(h);
}

static uint64_t some_rdbase(struct hostile *h)
{
    return few(h, ncpus) << 16;
}

/* Mostly one that could be meant. */
static void some_command(struct hostile *h, uint64_t *words)
{
    static const uint8_t commands[] = {0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03,
                                       0x0a, 0x0a, 0x0a, 0x0b, 0x01, 0x01, 0x04, 0x05,
                                       0x0c, 0x0c, 0x0d, 0x0f, 0x0e, 0x09, 0x08};
    uint8_t command = commands[below(h, sizeof(commands))];
    uint64_t valid = below(h, 4) ? GITS_VALID : 0;

    words[0] = (below(h, 32) ? command : below(h, 256)) | few(h, 8) << 32;
    words[1] = few(h, 16) | (INTID_LPI + few(h, 128)) << 32;
    words[2] = few(h, 8) | valid;
    words[3] = some_rdbase(h);
    if (command == 0x08) {
        words[1] = few(h, 17);
        words[2] = (some_table(h) & ~0xfful) | valid;
    } else if (command == 0x09 || command == 0x0e) {
        words[2] |= some_rdbase(h);
    }
    if (!below(h, 16))
        words[below(h, 4)] = random_value(h);
}

static void write_its(struct hostile *h, unsigned offset, uint64_t value)
{
    access_op(h, OP_STORE + (below(h, 16) ? 3 : below(h, 4)), GITS_BASE + offset, value);
}

static void send_commands(struct hostile *h)
{
    uint64_t base = mmio_read64(GITS_BASE + GITS_CBASER);
    uint64_t size = ((base & 0xff) + 1) * 4096, at = base & 0xffffffff000ul;
    unsigned count = 1 + below(h, below(h, 8) ? 4 : 200);

    h->accesses++;
    /* The queue that somebody else is just replacing may be anywhere. */
    if (at < (uintptr_t)arena || at + size > (uintptr_t)arena + ARENA)
        return;
    for (unsigned i = 0; i < count; i++) {
        uint32_t n = __atomic_fetch_add(&next_command, 1, __ATOMIC_RELAXED);

        some_command(h, (uint64_t *)(at + n * 32ul % size));
    }
    dsb();
    write_its(h, GITS_CWRITER, below(h, 64) ? next_command * 32ul % size : random_value(h));
}

/* Sizes of the queue and of tables are often small, so that they are in the arena. */
static void some_base(struct hostile *h)
{
    uint64_t value = (some_table(h) & 0xfffffffff000ul) |
                     (below(h, 8) ? below(h, 4) : below(h, 256)) | (below(h, 8) ? GITS_VALID : 0);

    if (!below(h, 8))
        value = random_value(h);
    switch (below(h, 4)) {
    case 0:
        write_its(h, GITS_CBASER, value);
        break;
    case 1:
        write_its(h, GITS_BASER + 8 * below(h, 8), value);
        break;
    default:
        value |= 2 << 8 | (below(h, 2) ? GITS_BASER_INDIRECT : 0);
        write_its(h, GITS_BASER + 8 * below(h, 2), value);
    }
}

static void some_redistributor(struct hostile *h)
{
    unsigned cpu = below(h, ncpus);
    uint64_t value = INTID_LPI + few(h, 128);

    switch (below(h, 8)) {
    case 0:
        access_op(h, OP_STORE + 3, gicr_address(cpu, GICR_PROPBASER),
                  (some_table(h) & ~0xffful) | (below(h, 4) ? 13 : below(h, 32)));
        break;
    case 1:
        access_op(h, OP_STORE + 3, gicr_address(cpu, GICR_PENDBASER),
                  (some_pending_table(h) & ~0xfffful) | (uint64_t)below(h, 2) << 62);
        break;
    case 2:
        access_op(h, OP_STORE + 3, gicr_address(cpu, GICR_INVLPIR), value);
        break;
    case 3:
        access_op(h, OP_STORE + 3, gicr_address(cpu, GICR_INVALLR), 0);
        break;
    case 4:
        access_op(h, OP_STORE + 3, gicr_address(cpu, below(h, 2) ? GICR_SETLPIR : GICR_CLRLPIR),
                  value);
        break;
    case 5:
        access_op(h, 2, gicr_address(cpu, GICR_SYNCR), 0);
        break;
    default:
        access_op(h, OP_STORE + 2, gicr_address(cpu, GICR_CTLR),
                  below(h, 32) ? 1 : random_value(h));
    }
}

/* Bytes of tables that say something: an entry of a first level, configurations, pending bits. */
static void scribble(struct hostile *h)
{
    uint32_t at = below(h, ARENA / 8 - 64);
    uint64_t value = random_value(h);

    if (below(h, 2))
        value = GITS_VALID | some_table(h);
    for (unsigned i = below(h, 64); i; i--)
        arena[at + i] = value;
    h->accesses++;
}

/* LPIs of eight devices, all enabled, with any collection; as commands from the start of a queue.
 */
static uint32_t put_mappings(struct hostile *h, uint64_t (*queue)[4], uint64_t itts)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < 8; i++, n++) {
        queue[n][0] = 0x09;
        queue[n][2] = GITS_VALID | (uint64_t)(i % ncpus) << 16 | i;
    }
    for (uint64_t i = 0; i < 8; i++, n++) {
        queue[n][0] = i << 32 | 0x08;
        queue[n][1] = 3;
        queue[n][2] = GITS_VALID | (itts + 256 * i);
    }
    for (uint64_t i = 0; i < 128; i++, n++) {
        queue[n][0] = i / 16 << 32 | 0x0a;
        queue[n][1] = (INTID_LPI + i) << 32 | i % 16;
        queue[n][2] = below(h, 8);
    }
    return n;
}

/* Something that works, until the next one changes it. */
static void some_order(struct hostile *h)
{
    uintptr_t base = ((uintptr_t)arena + 0xffff) & ~0xfffful;
    uint32_t count;

    access_op(h, OP_STORE + 2, GITS_BASE + GITS_CTLR, 0);
    access_op(h, OP_STORE + 3, GITS_BASE + GITS_BASER, GITS_VALID | 2 << 8 | base);
    access_op(h, OP_STORE + 3, GITS_BASE + GITS_BASER + 8, GITS_VALID | 2 << 8 | (base + 0x10000));
    access_op(h, OP_STORE + 3, GITS_BASE + GITS_CBASER,
              GITS_VALID | (base + 0x20000) | (1 + below(h, 4)));
    count = put_mappings(h, (uint64_t(*)[4])(base + 0x20000), base + 0x40000);
    for (unsigned i = 0; i < 0x2000 / 8; i++)
        ((uint64_t *)(base + 0x30000))[i] = 0x4141414141414141ul;
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        access_op(h, OP_STORE + 2, gicr_address(cpu, GICR_CTLR), 0);
        access_op(h, OP_STORE + 3, gicr_address(cpu, GICR_PROPBASER), (base + 0x30000) | 13);
        access_op(h, OP_STORE + 2, gicr_address(cpu, GICR_CTLR), 1);
    }
    access_op(h, OP_STORE + 2, GITS_BASE + GITS_CTLR, GITS_CTLR_ENABLED);
    next_command = count;
    access_op(h, OP_STORE + 3, GITS_BASE + GITS_CWRITER, count * 32);
    reopen(h);
}

uint32_t its_prepare(void)
{
    /* Without the hypervisor, an ITS writes its tables, and the guest would break itself. */
    return on_libvgic ? ITS_STEPS : 0;
}

void its_step(struct hostile *h, uint32_t n)
{
    (void)n;
    switch (below(h, 16)) {
    case 0: /* seldom what makes all else be in error */
        if (below(h, 32))
            send_commands(h);
        else
            some_base(h);
        break;
    case 1:
        some_redistributor(h);
        break;
    case 3:
        scribble(h);
        break;
    case 4:
        write_its(h, GITS_CTLR, below(h, 64) ? 1 : random_value(h));
        break;
    case 5:
        write_its(h, below(h, 2) ? GITS_TRANSLATER : GITS_STATUSR, random_value(h));
        break;
    case 6:
        access_op(h, below(h, OPS_PLAIN), GITS_BASE + below(h, GITS_SIZE), random_value(h));
        break;
    case 7:
        access_op(h, below(h, OP_STORE), GITS_BASE + 0x80 + below(h, 0x20), 0);
        break;
    default:
        send_commands(h);
    }
    if (below(h, 128) == 0)
        some_order(h);
}

/* ------------------------------------------------------------------ afterwards ---------------- */

/* The ITS and LPIs off. */
void its_close(void)
{
    if (!on_libvgic)
        return;
    if (!its_disable())
        die("the ITS does not become quiescent");
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        if (!lpi_disable_redistributor(cpu))
            die("CPU %u: LPIs cannot be disabled", cpu);
}

static bool lpi_arrives(unsigned cpu, unsigned n)
{
    hostiles[cpu].arrived[0] = 0;
    lpi_map(n, cpu);
    lpi_raise(n);
    return WAIT_FOR_US(PROOF_US, hostiles[cpu].arrived[0] >> n & 1);
}

/* With tables as they should be, LPIs come. */
const char *prove_lpis(void)
{
    const char *broken = 0;

    if (!on_libvgic)
        return 0;
    its_begin();
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        lpi_disable_redistributor(cpu);
        lpi_enable_redistributor(cpu);
    }
    for (unsigned n = 0; n < 2 * ncpus && !broken; n++)
        if (!lpi_arrives(n % ncpus, n))
            broken = "an LPI does not arrive";
    its_close();
    return broken;
}
