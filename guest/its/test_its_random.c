/* SPDX-License-Identifier: MIT */
/*
 * Random commands, changes of configuration, acknowledges and ends of interrupts, of LPIs and SPIs
 * together, and a model that says which interrupt has to come next on each CPU.
 */
#include "its/its.h"
#include "its/tests_its.h"

#define NR_LPIS 16u
#define NR_SPIS 8u
#define NR (NR_LPIS + NR_SPIS)
#define NR_ICIDS 6u
#define FIRST_ICID 40u
#define STEPS 200

/* The LPIs, then the SPIs. All ranks are different; the priority follows from the rank. */
struct item {
    bool pending, enabled, active;
    unsigned rank;
    unsigned event, icid; /* LPIs */
    unsigned cpu;         /* SPIs */
};

static struct item items[NR];
static unsigned icid_cpu[NR_ICIDS];

/* What each CPU has in service, by nesting. */
static struct running {
    unsigned item, rank;
} running[MAX_CPUS][NR];
static unsigned depth[MAX_CPUS];

static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * 0x2545f4914f6cdd1dull >> 32) * limit >> 32);
}

static bool is_lpi(unsigned i)
{
    return i < NR_LPIS;
}

static unsigned intid_of(unsigned i)
{
    return is_lpi(i) ? LPI(i) : TEST_SPI + i - NR_LPIS;
}

static unsigned cpu_of(unsigned i)
{
    return is_lpi(i) ? icid_cpu[items[i].icid] : items[i].cpu;
}

static unsigned priority_of_rank(unsigned rank)
{
    return 0x20 + 8 * rank;
}

/* ------------------------------------------------------------------ changes ------------------- */

static void write_config(unsigned i)
{
    lpi_write_config(i, priority_of_rank(items[i].rank), items[i].enabled);
}

static void raise(unsigned i)
{
    if (is_lpi(i))
        its_int(DEVICE, items[i].event);
    else
        gic_set_pending(0, intid_of(i));
    items[i].pending = true;
}

static void take_back(unsigned i)
{
    if (is_lpi(i))
        its_clear(DEVICE, items[i].event);
    else
        gic_clear_pending(0, intid_of(i));
    items[i].pending = false;
}

static void move(unsigned i)
{
    if (is_lpi(i)) {
        items[i].icid = below(NR_ICIDS);
        its_movi(DEVICE, items[i].event, FIRST_ICID + items[i].icid);
    } else {
        items[i].cpu = below(ncpus);
        gic_route(intid_of(i), items[i].cpu);
    }
}

static void toggle(unsigned i)
{
    items[i].enabled = !items[i].enabled;
    if (is_lpi(i)) {
        write_config(i);
        its_inv(DEVICE, items[i].event);
    } else if (items[i].enabled) {
        gic_enable(0, intid_of(i));
    } else {
        gic_disable(0, intid_of(i));
    }
}

static void set_rank(unsigned i, unsigned rank)
{
    items[i].rank = rank;
    if (is_lpi(i)) {
        write_config(i);
        its_inv(DEVICE, items[i].event);
    } else {
        gic_set_priority(0, intid_of(i), (uint8_t)priority_of_rank(rank));
    }
}

static void swap_ranks(unsigned i, unsigned j)
{
    unsigned rank = items[i].rank;

    set_rank(i, items[j].rank);
    set_rank(j, rank);
}

/* Enables all LPIs of a collection, or disables each second one. */
static void configure_collection(unsigned icid)
{
    bool all = below(3);

    for (unsigned i = 0; i < NR_LPIS; i++) {
        if (items[i].icid != icid)
            continue;
        items[i].enabled = all || i % 2;
        write_config(i);
    }
    its_invall(FIRST_ICID + icid);
}

/* Two LPIs change their events, and get other collections. */
static void map_anew(unsigned i, unsigned j)
{
    unsigned event = items[i].event;

    if (!is_lpi(i) || !is_lpi(j))
        return;
    its_discard(DEVICE, items[i].event);
    if (j != i)
        its_discard(DEVICE, items[j].event);
    items[i].event = items[j].event;
    items[j].event = event;
    for (unsigned n = 0; n < 2; n++) {
        struct item *item = &items[n ? j : i];

        if (n && i == j)
            break;
        item->pending = false;
        item->icid = below(NR_ICIDS);
        its_mapti(DEVICE, item->event, LPI((unsigned)(item - items)), FIRST_ICID + item->icid);
    }
}

static void move_all(unsigned from, unsigned to)
{
    for (unsigned icid = 0; icid < NR_ICIDS; icid++) {
        if (icid_cpu[icid] != from)
            continue;
        icid_cpu[icid] = to;
        its_mapc(FIRST_ICID + icid, to);
    }
    its_movall(from, to);
}

/* Without MOVALL, a collection is moved only while nothing of it is pending. */
static void move_collection(unsigned icid, unsigned cpu)
{
    for (unsigned i = 0; i < NR_LPIS; i++)
        if (items[i].icid == icid && items[i].pending)
            return;
    icid_cpu[icid] = cpu;
    its_mapc(FIRST_ICID + icid, cpu);
}

static void change(void)
{
    switch (below(12)) {
    case 0:
        take_back(below(NR));
        break;
    case 1:
        move(below(NR));
        break;
    case 2:
        toggle(below(NR));
        break;
    case 3:
        swap_ranks(below(NR), below(NR));
        break;
    case 4:
        configure_collection(below(NR_ICIDS));
        break;
    case 5:
        map_anew(below(NR), below(NR));
        break;
    case 6:
        move_all(below(ncpus), below(ncpus));
        break;
    case 7:
        move_collection(below(NR_ICIDS), below(ncpus));
        break;
    default:
        raise(below(NR));
        raise(below(NR));
    }
    its_sync();
}

/* ------------------------------------------------------------------ the CPUs ------------------ */

/* The best that is pending there, or NR. */
static unsigned best_of(unsigned cpu)
{
    unsigned best = NR;

    for (unsigned i = 0; i < NR; i++)
        if (items[i].pending && items[i].enabled && !items[i].active && cpu_of(i) == cpu &&
            (best == NR || items[i].rank < items[best].rank))
            best = i;
    return best;
}

/* Waits until the best has come through, then acknowledges. The argument is its INTID in [31:0],
 * and in [63:32] what shall be acknowledged. */
static uint64_t work_take(uint64_t arg)
{
    return poll_hppi((uint32_t)arg) && gic_ack() == arg >> 32;
}

static uint64_t work_end(uint64_t intid)
{
    gic_eoi((unsigned)intid);
    return running_priority();
}

static bool take(unsigned cpu)
{
    unsigned best = best_of(cpu), level = depth[cpu];
    unsigned intid = best == NR ? INTID_NONE : intid_of(best);
    bool preempts = best != NR && (!level || items[best].rank < running[cpu][level - 1].rank);

    if (!smp_call(cpu, work_take, (uint64_t)(preempts ? intid : INTID_NONE) << 32 | intid))
        return false;
    if (!preempts)
        return true;
    running[cpu][level] = (struct running){best, items[best].rank};
    depth[cpu]++;
    items[best].pending = false;
    items[best].active = !is_lpi(best);
    return true;
}

static bool end(unsigned cpu)
{
    unsigned level = depth[cpu], item;

    if (!level)
        return true;
    depth[cpu] = --level;
    item = running[cpu][level].item;
    items[item].active = false;
    return smp_call(cpu, work_end, intid_of(item)) ==
           (level ? priority_of_rank(running[cpu][level - 1].rank) : PRIORITY_IDLE);
}

static bool step(void)
{
    unsigned cpu = below(ncpus);

    switch (below(4)) {
    case 0:
        return take(cpu);
    case 1:
        return end(cpu);
    default:
        change();
        return true;
    }
}

static bool finish_all(void)
{
    bool good = true;

    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        while (depth[cpu])
            good = end(cpu) && good;
        while (good && best_of(cpu) != NR)
            good = take(cpu) && end(cpu);
        good = good && take(cpu); /* there is nothing */
    }
    /* What is disabled is still pending. */
    for (unsigned i = 0; i < NR; i++)
        take_back(i);
    its_sync();
    return good;
}

static void set_up(uint64_t seed)
{
    random_state = seed;
    its_begin();
    for (unsigned icid = 0; icid < NR_ICIDS; icid++) {
        icid_cpu[icid] = icid % ncpus;
        its_mapc(FIRST_ICID + icid, icid_cpu[icid]);
    }
    for (unsigned i = 0; i < NR; i++) {
        items[i] = (struct item){.enabled = true,
                                 .rank = i * 7 % NR,
                                 .event = i,
                                 .icid = i % NR_ICIDS,
                                 .cpu = i % ncpus};
        if (is_lpi(i)) {
            write_config(i);
            its_mapti(DEVICE, i, LPI(i), FIRST_ICID + items[i].icid);
        } else {
            set_rank(i, items[i].rank);
            gic_route(intid_of(i), items[i].cpu);
            gic_enable(0, intid_of(i));
        }
    }
    /* What was configured before it was mapped is read then; this is for what the CPUs remember. */
    for (unsigned icid = 0; icid < NR_ICIDS; icid++)
        its_invall(FIRST_ICID + icid);
    its_sync();
}

void test_its_random(void)
{
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_irq_disable, 0);
    for (unsigned seed = 1; seed <= 3; seed++) {
        unsigned steps = 0;

        set_up(seed * 0x9e3779b97f4a7c15ull);
        while (steps < STEPS && step())
            steps++;
        expect("random steps as the model has them", STEPS, steps);
        if (steps < STEPS)
            break;
        expect_true("and what was left came", finish_all());
    }
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_irq_enable, 0);
}
