/* SPDX-License-Identifier: MIT */
/*
 * The number of list registers cannot be seen: the same random guest on two GICv2, one with sixteen
 * registers, where everything has room, and one with one to three. Every register that a guest
 * reads must be the same. All priorities differ, so that nothing is left to chance; the guest
 * completes what it acknowledged last, and deactivates in any order.
 *
 *     test_gicv2_random [SEQUENCES [SEED]]
 */
#include "rig_gicv2.h"

#include <stdlib.h>

#define NR_OPS 600
#define MAX_ACTIVE 64

static const unsigned intids[] = {0, 3, 9, 15, 18, 27, 32, 33, 40, 41, 63, 64, 100, 127};

struct pair {
    struct rig *rig[2];
    unsigned running[MAX_ACTIVE], nr_running; /* acknowledged, in this order */
    unsigned dropped[MAX_ACTIVE], nr_dropped; /* and with EOImode 1 to be deactivated */
    unsigned nr_taken, deepest;
    bool eoimode;
};

static unsigned nr_sequences = 100;
static uint64_t random_state = 0x2545f4914f6cdd1d;

static unsigned pick(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % n;
}

/* Out of the guest and in again, as if every change were followed by a kick that has arrived. */
static void turn(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++)
        rig_turn(p->rig[i], 0);
}

static void dist_write(struct pair *p, unsigned offset, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < 2; i++) {
        rig_exit(p->rig[i], 0);
        rig_dist_write_by(p->rig[i], 0, offset, size, value);
        rig_enter(p->rig[i], 0);
    }
}

static void gicc_write(struct pair *p, enum gicc_reg reg, uint64_t value)
{
    turn(p);
    for (unsigned i = 0; i < 2; i++)
        rig_gicc_write(p->rig[i], 0, reg, value);
}

static unsigned gicc_read(struct pair *p, enum gicc_reg reg)
{
    unsigned value[2];

    turn(p);
    for (unsigned i = 0; i < 2; i++)
        value[i] = (unsigned)rig_gicc_read(p->rig[i], 0, reg);
    if (value[0] != value[1])
        fail_msg("%s reads %x with few list registers, and %x with sixteen", gicc_rows[reg].name,
                 value[0], value[1]);
    return value[0];
}

static void compare(struct pair *p)
{
    static const unsigned words[] = {ISPENDR,   ISPENDR + 4,   ISPENDR + 8,   ISPENDR + 12,
                                     ISACTIVER, ISACTIVER + 4, ISACTIVER + 8, ISACTIVER + 12,
                                     SPENDSGIR, SPENDSGIR + 8, SPENDSGIR + 12};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        uint64_t value[2];

        for (unsigned j = 0; j < 2; j++) {
            rig_exit(p->rig[j], 0);
            value[j] = rig_dist_read_by(p->rig[j], 0, words[i], 4);
            rig_enter(p->rig[j], 0);
        }
        if (value[0] != value[1])
            fail_msg("GICD at %x: %llx with few list registers, and %llx with sixteen", words[i],
                     (unsigned long long)value[0], (unsigned long long)value[1]);
    }
    gicc_read(p, GICC_REG_RPR);
    gicc_read(p, GICC_REG_APR0);
    gicc_read(p, GICC_REG_HPPIR);
    gicc_read(p, GICC_REG_AHPPIR);
}

static void start(struct pair *p, unsigned nr_lrs)
{
    /* Mostly every priority preempts those below it. */
    unsigned bpr = 2 + pick(4) / 3 * pick(3), abpr = 3 + pick(4) / 3 * pick(3);

    *p = (struct pair){.rig = {rig_gicv2(nr_lrs, 8), rig_gicv2(16, 8)}};
    for (unsigned i = 0; i < ARRAY_LEN(intids); i++) {
        unsigned priority = (i * 11 + 3) % 28 * 8, edge = pick(2), group1 = pick(2);
        unsigned word = intids[i] / 32 * 4;

        for (unsigned j = 0; j < 2; j++) {
            struct rig *rig = p->rig[j];
            uint64_t groups = rig_dist_read(rig, GROUPR + word, 4);

            setup(rig, 0, intids[i], edge, priority, 1);
            rig_dist_write(rig, GROUPR + word, 4, groups | (uint64_t)group1 << intids[i] % 32);
        }
    }
    for (unsigned j = 0; j < 2; j++) {
        rig_gicc_write(p->rig[j], 0, GICC_REG_CTLR, 3 | ACKCTL);
        rig_gicc_write(p->rig[j], 0, GICC_REG_BPR, bpr);
        rig_gicc_write(p->rig[j], 0, GICC_REG_ABPR, abpr);
        rig_enter(p->rig[j], 0);
    }
}

static void device(struct pair *p)
{
    unsigned intid = intids[4 + pick(ARRAY_LEN(intids) - 4)];
    bool high = pick(2);

    for (unsigned i = 0; i < 2; i++)
        rig_line(p->rig[i], 0, intid, high);
}

static void sends(struct pair *p)
{
    unsigned intid = intids[pick(4)], source = pick(7) + 1;

    if (pick(4))
        for (unsigned i = 0; i < 2; i++)
            send(p->rig[i], source, TO_LIST, 1, intid);
    else
        dist_write(p, (pick(2) ? SPENDSGIR : CPENDSGIR) + intid, 1, pick(256));
}

static void acknowledge(struct pair *p)
{
    unsigned vintid = gicc_read(p, GICC_REG_IAR);

    if (vintid >= 1020 && vintid <= 1023)
        return;
    p->running[p->nr_running++] = vintid;
    p->nr_taken++;
    if (p->nr_running > p->deepest)
        p->deepest = p->nr_running;
}

static void complete(struct pair *p)
{
    if (!p->nr_running)
        return;

    unsigned vintid = p->running[--p->nr_running];

    gicc_write(p, GICC_REG_EOIR, vintid);
    if (p->eoimode)
        p->dropped[p->nr_dropped++] = vintid;
}

static void deactivate(struct pair *p)
{
    if (!p->nr_dropped || !p->eoimode)
        return;

    unsigned which = pick(p->nr_dropped), vintid = p->dropped[which];

    p->dropped[which] = p->dropped[--p->nr_dropped];
    if (pick(2)) { /* as a host that traps GICC_DIR alone */
        for (unsigned i = 0; i < 2; i++) {
            rig_exit(p->rig[i], 0);
            rig_gicc_write(p->rig[i], 0, GICC_REG_DIR, vintid);
            rig_enter(p->rig[i], 0);
        }
    } else {
        gicc_write(p, GICC_REG_DIR, vintid);
    }
}

static void op(struct pair *p)
{
    unsigned intid;

    switch (pick(16)) {
    case 0:
    case 1:
    case 2:
        device(p);
        break;
    case 3:
    case 4:
    case 5:
        sends(p);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        acknowledge(p);
        break;
    case 11:
        complete(p);
        break;
    case 12:
        deactivate(p);
        break;
    case 13:
        intid = intids[4 + pick(ARRAY_LEN(intids) - 4)];
        dist_write(p, (pick(2) ? ISENABLER : ICENABLER) + intid / 32 * 4, 4, BIT64(intid % 32));
        break;
    case 14:
        intid = intids[4 + pick(ARRAY_LEN(intids) - 4)];
        dist_write(p, (pick(2) ? ISPENDR : ICPENDR) + intid / 32 * 4, 4, BIT64(intid % 32));
        break;
    default:
        /* With EOImode 0 what was dropped before would never be deactivated. */
        if (!p->nr_dropped)
            p->eoimode = pick(2);
        gicc_write(p, GICC_REG_CTLR, 3 | ACKCTL | (p->eoimode ? EOIMODE : 0));
        break;
    }
}

static void the_number_of_list_registers_cannot_be_seen(void **state)
{
    unsigned taken = 0, deepest = 0;

    (void)state;
    print_message("seed %llx\n", (unsigned long long)random_state);
    for (unsigned sequence = 0; sequence < nr_sequences; sequence++) {
        struct pair p;

        start(&p, 1 + sequence % 3);
        for (unsigned i = 0; i < NR_OPS; i++) {
            op(&p);
            if (i % 8 == 0)
                compare(&p);
        }
        taken += p.nr_taken;
        deepest = p.deepest > deepest ? p.deepest : deepest;
        rig_free(p.rig[0]);
        rig_free(p.rig[1]);
    }
    print_message("%u interrupts taken, up to %u at once\n", taken, deepest);
    assert_true(taken > 20 * nr_sequences && deepest > 6);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_list_registers_cannot_be_seen),
    };

    if (argc > 1)
        nr_sequences = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        random_state = strtoull(argv[2], NULL, 16);
    return cmocka_run_group_tests_name("random, GICv2", tests, NULL, NULL);
}
