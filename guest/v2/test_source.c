/* SPDX-License-Identifier: MIT */
/*
 * SGIs and who sent them: IHI 0048, sections 4.3.15 to 4.3.17 and GICC_IAR. An SGI is pending once
 * for each CPU that sent it.
 */
#include "guest.h"
#include "tests_v2.h"

#define SGI 6

static uint64_t work_write_sgir(uint64_t value)
{
    dsb();
    gicd_write(GICD_SGIR, (uint32_t)value);
    return 0;
}

/* Sources of an SGI of this CPU: pending ones, and changes of them. */
static uint8_t sources(unsigned sgi)
{
    return mmio_read8(GICD_BASE + GICD_SPENDSGIR + sgi);
}

static void set_sources(unsigned sgi, unsigned mask)
{
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + sgi, (uint8_t)mask);
    dsb();
}

static void clear_sources(unsigned sgi, unsigned mask)
{
    mmio_write8(GICD_BASE + GICD_CPENDSGIR + sgi, (uint8_t)mask);
    dsb();
}

static unsigned all_cpus(void)
{
    return (1u << ncpus) - 1;
}

/* The CPU of the log's only entry; MAX_CPUS if that is not the SGI, or not the only one. */
static unsigned logged_source(unsigned cpu, unsigned sgi)
{
    if (!WAIT_FOR(cpus[cpu].count[sgi] == 1) || cpus[cpu].log_length != 1)
        return MAX_CPUS;
    if (gic_intid(cpus[cpu].log[0]) != sgi)
        return MAX_CPUS;
    return gic_source(cpus[cpu].log[0]);
}

void test_source_pairs(void)
{
    unsigned right = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned from = 0; from < ncpus; from++) {
        for (unsigned to = 0; to < ncpus; to++) {
            clear_counts();
            smp_call(from, work_write_sgir, SGIR_LIST | 1u << (16 + to) | SGI);
            right += logged_source(to, SGI) == from;
        }
    }
    expect("pairs of CPUs whose receiver read the sender in GICC_IAR", ncpus * ncpus, right);
}

/* The three filters; the list counts with the first only. */
void test_source_filters(void)
{
    unsigned list = 0;
    unsigned others = 0;
    unsigned self = 0;

    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned from = 0; from < ncpus; from++) {
        clear_counts();
        smp_call(from, work_write_sgir, SGIR_LIST | all_cpus() << 16 | 1);
        for (unsigned to = 0; to < ncpus; to++)
            list += logged_source(to, 1) == from;
        clear_counts();
        smp_call(from, work_write_sgir, SGIR_OTHERS | 1u << (16 + from) | 2);
        for (unsigned to = 0; to < ncpus; to++)
            others += to != from && logged_source(to, 2) == from;
        settle();
        others -= cpus[from].log_length != 0;
        clear_counts();
        smp_call(from, work_write_sgir, SGIR_SELF | (all_cpus() & ~(1u << from)) << 16 | 15);
        self += logged_source(from, 15) == from;
        settle();
        self -= total_count() != 1;
    }
    expect("receivers of a list of all", ncpus * ncpus, list);
    expect("receivers of SGIs to all others", ncpus * (ncpus - 1), others);
    expect("CPUs that sent to themselves", ncpus, self);
    clear_counts();
    gicd_write(GICD_SGIR, SGIR_LIST | 3);
    if (ncpus < MAX_CPUS)
        gicd_write(GICD_SGIR, SGIR_LIST | (0xff & ~all_cpus()) << 16 | 4);
    settle();
    expect("SGIs sent to no CPU", 0, total_count());
}

/* What all CPUs sent while CPU 0 has interrupts masked: pending once for each. */
static void send_from_all(unsigned sgi)
{
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_write_sgir, SGIR_LIST | 1u << 16 | sgi);
    expect_true("all CPUs are sources", WAIT_FOR(sources(sgi) == all_cpus()));
}

/* Acknowledges, and deactivates, the SGI from every CPU; in whatever order. */
static void take_from_all(unsigned sgi, bool split)
{
    unsigned seen = 0;
    unsigned right = 0;
    unsigned wrong_sources = 0;

    for (unsigned i = 0; i < ncpus; i++) {
        unsigned ack = poll_ack();

        right += gic_intid(ack) == sgi && !(seen >> gic_source(ack) & 1);
        seen |= 1u << gic_source(ack);
        wrong_sources += sources(sgi) != (all_cpus() & ~seen);
        wrong_sources += gic_is_pending(0, sgi) != (seen != all_cpus());
        gic_eoi(ack);
        if (split)
            gic_dir(ack);
    }
    expect("acknowledges, each from another CPU", ncpus, right);
    expect_true("all CPUs were among them", seen == all_cpus());
    expect("wrong pending sources on the way", 0, wrong_sources);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    expect("active bit at the end", 0, gic_is_active(0, sgi));
}

void test_source_all(void)
{
    gic_enable(0, SGI);
    irq_disable();
    expect_hex("sources before", 0, sources(SGI));
    send_from_all(SGI);
    expect("pending bit", 1, gic_is_pending(0, SGI));
    take_from_all(SGI, false);
    irq_enable();
}

void test_source_all_eoimode(void)
{
    gic_enable(0, SGI);
    irq_disable();
    gic_set_eoimode(1);
    send_from_all(SGI);
    take_from_all(SGI, true);
    gic_set_eoimode(0);
    irq_enable();
}

/* While one is active, those from other CPUs wait, and the SGI is active and pending. */
void test_source_while_active(void)
{
    unsigned first, second;

    gic_enable(0, SGI);
    irq_disable();
    smp_call(1, work_write_sgir, SGIR_LIST | 1u << 16 | SGI);
    first = poll_ack();
    expect_true("the first is from CPU 1", first == gic_sgi_of(SGI, 1));
    gic_send_sgi(SGI, 1);
    expect_true("another is pending, from CPU 0", WAIT_FOR(sources(SGI) == 1));
    expect("active bit", 1, gic_is_active(0, SGI));
    expect("pending bit", 1, gic_is_pending(0, SGI));
    expect("acknowledge while the first is active", INTID_NONE, poll_nothing());
    smp_call(1, work_write_sgir, SGIR_LIST | 1u << 16 | SGI);
    expect_true("the first CPU's is pending again", WAIT_FOR(sources(SGI) == 3));
    gic_eoi(first);
    first = poll_ack();
    gic_eoi(first);
    second = poll_ack();
    gic_eoi(second);
    expect_true("both come after its end", gic_intid(first) == SGI && gic_intid(second) == SGI &&
                                               gic_source(first) + gic_source(second) == 1);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}

/* One SGI from each CPU however often it sends. */
static uint64_t work_send_five(uint64_t value)
{
    for (unsigned i = 0; i < 5; i++)
        work_write_sgir(value);
    return 0;
}

void test_source_coalesce(void)
{
    gic_enable(0, SGI);
    irq_disable();
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        smp_call(cpu, work_send_five, SGIR_LIST | 1u << 16 | SGI);
    expect_true("all CPUs are sources", WAIT_FOR(sources(SGI) == all_cpus()));
    irq_enable();
    WAIT_FOR(total_count() == ncpus);
    settle();
    expect("deliveries of five from each CPU", ncpus, total_count());
}

/* SPENDSGIR makes an SGI pending as if another CPU had sent it, CPENDSGIR takes that back. */
void test_source_registers(void)
{
    unsigned right = 0;

    gic_enable(0, SGI);
    irq_disable();
    for (unsigned source = 0; source < ncpus; source++) {
        set_sources(SGI, 1u << source);
        right += sources(SGI) == 1u << source &&
                 mmio_read8(GICD_BASE + GICD_CPENDSGIR + SGI) == 1u << source;
        right += poll_ack() == gic_sgi_of(SGI, source);
        gic_eoi(gic_sgi_of(SGI, source));
        right += sources(SGI) == 0;
    }
    expect("right answers, three for each source", 3 * ncpus, right);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    set_sources(SGI, all_cpus());
    expect_true("all sources set", sources(SGI) == all_cpus());
    clear_sources(SGI, 0);
    set_sources(SGI, 0);
    expect_true("zeros do nothing", sources(SGI) == all_cpus());
    clear_sources(SGI, 1);
    expect_true("source 0 cleared", sources(SGI) == (all_cpus() & ~1u));
    clear_sources(SGI, 0xff);
    expect_hex("all sources cleared", 0, sources(SGI));
    expect("pending bit", 0, gic_is_pending(0, SGI));
    expect("acknowledge after they were cleared", INTID_NONE, poll_nothing());
    irq_enable();
}

/* One source is taken back while another one's SGI waits: the other still comes. */
void test_source_take_back(void)
{
    unsigned last = ncpus - 1;

    gic_enable(0, SGI);
    irq_disable();
    for (unsigned which = 0; which < 2; which++) {
        unsigned kept = which ? last : 0;
        unsigned taken = which ? 0 : last;

        send_from_all(SGI);
        expect_true("the SGI is the highest pending interrupt",
                    WAIT_FOR(gic_intid(gic_hppi()) == SGI));
        clear_sources(SGI, all_cpus() & ~(1u << kept));
        expect_true("one source is left", sources(SGI) == 1u << kept);
        expect_true("acknowledge has that source", poll_ack() == gic_sgi_of(SGI, kept));
        /* The other one is pending again, and taken back alone, while this one is active. */
        set_sources(SGI, 1u << taken | 1u << kept);
        clear_sources(SGI, 1u << taken);
        gic_eoi(gic_sgi_of(SGI, kept));
        expect_true("so has the next", poll_ack() == gic_sgi_of(SGI, kept));
        gic_eoi(gic_sgi_of(SGI, kept));
        expect("acknowledge at the end", INTID_NONE, poll_nothing());
    }
    irq_enable();
}

/* Four SGIs to a word, each a byte. */
void test_source_words(void)
{
    uint32_t all = all_cpus() * 0x01010101u;

    irq_disable();
    gicd_write(GICD_SPENDSGIR + 8, 0x01010101);
    dsb();
    expect_hex("word of SGIs 8 to 11", 0x01010101, gicd_read(GICD_SPENDSGIR + 8));
    expect_hex("word before it", 0, gicd_read(GICD_SPENDSGIR + 4));
    expect_hex("word after it", 0, gicd_read(GICD_SPENDSGIR + 12));
    expect_hex("pending bits", 0xf00, gicd_read(GICD_ISPENDR) & 0xffff);
    gicd_write(GICD_CPENDSGIR + 8, 0x00010001);
    dsb();
    expect_hex("after a clear of SGIs 8 and 10", 0x01000100, gicd_read(GICD_CPENDSGIR + 8));
    expect_hex("pending bits", 0xa00, gicd_read(GICD_ISPENDR) & 0xffff);
    gicd_write(GICD_SPENDSGIR + 8, all);
    dsb();
    expect_true("all sources of all four", gicd_read(GICD_SPENDSGIR + 8) == all);
    gicd_write(GICD_CPENDSGIR + 8, ~0u);
    dsb();
    expect_hex("pending bits at the end", 0, gicd_read(GICD_ISPENDR) & 0xffff);
    irq_enable();
}

/* The registers are those of the CPU that accesses them. */
static uint64_t work_sources(uint64_t sgi)
{
    return sources((unsigned)sgi);
}

static uint64_t work_set_own_source(uint64_t sgi)
{
    irq_disable();
    set_sources((unsigned)sgi, 1);
    return 0;
}

static uint64_t work_clear_sources(uint64_t sgi)
{
    clear_sources((unsigned)sgi, 0xff);
    irq_enable();
    return 0;
}

void test_source_banked(void)
{
    unsigned last = ncpus - 1;

    irq_disable();
    smp_call(last, work_set_own_source, SGI);
    expect("sources at the last CPU", 1, smp_call(last, work_sources, SGI));
    expect("sources at CPU 0", 0, sources(SGI));
    clear_sources(SGI, 0xff);
    expect("sources at the last CPU after a clear on CPU 0", 1, smp_call(last, work_sources, SGI));
    smp_call(last, work_clear_sources, SGI);
    expect("sources after a clear there", 0, smp_call(last, work_sources, SGI));
    irq_enable();
}

/* Deliveries to CPU 0 by SGI and source. */
static volatile uint32_t arrived[SGIS][MAX_CPUS];

static void count_source(unsigned ack)
{
    if (gic_intid(ack) < SGIS)
        arrived[gic_intid(ack)][gic_source(ack)]++;
}

static void clear_arrived(void)
{
    for (unsigned sgi = 0; sgi < SGIS; sgi++) {
        for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
            arrived[sgi][cpu] = 0;
    }
    clear_counts();
    cpus[0].hook = count_source;
}

static uint64_t work_send_all_sgis(uint64_t unused)
{
    for (unsigned sgi = 0; sgi < SGIS; sgi++)
        gic_send_sgi(sgi, 1);
    return unused;
}

/* Every SGI from every CPU at once, far more than any list registers hold. */
static void matrix(unsigned eoimode)
{
    unsigned once = 0;

    clear_arrived();
    gic_set_eoimode(eoimode);
    work_enable_all_sgis(0);
    irq_disable();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, work_send_all_sgis, 0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_finish(cpu);
    work_send_all_sgis(0);
    expect_true("all SGIs are pending", WAIT_FOR(gic_all_sgis_pending(0)));
    for (unsigned sgi = 0; sgi < SGIS; sgi++)
        once += WAIT_FOR(sources(sgi) == all_cpus());
    expect("SGIs with all CPUs as sources", SGIS, once);
    irq_enable();
    WAIT_FOR(total_count() == SGIS * ncpus);
    settle();
    once = 0;
    for (unsigned sgi = 0; sgi < SGIS; sgi++) {
        for (unsigned cpu = 0; cpu < ncpus; cpu++)
            once += arrived[sgi][cpu] == 1;
    }
    expect("pairs of SGI and source that came once", SGIS * ncpus, once);
    expect("deliveries in total", SGIS * ncpus, total_count());
}

void test_source_matrix(void)
{
    matrix(0);
}

void test_source_matrix_eoimode(void)
{
    matrix(1);
}

/* All other CPUs send the same SGI to CPU 0, each its next when the one before has arrived. */
static uint64_t work_storm(uint64_t rounds)
{
    unsigned self = this_cpu()->id;

    for (uint32_t i = 1; i <= rounds; i++) {
        gic_send_sgi(SGI, 1);
        if (!WAIT_FOR(arrived[SGI][self] == i))
            return i;
    }
    return 0;
}

void test_source_storm(void)
{
    const uint32_t rounds = 10;
    unsigned stopped = 0;
    unsigned right = 0;

    clear_arrived();
    gic_enable(0, SGI);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, work_storm, rounds);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        stopped += smp_finish(cpu) != 0;
    settle();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        right += arrived[SGI][cpu] == rounds;
    expect("CPUs stopped by a lost SGI", 0, stopped);
    expect("CPUs whose ten SGIs came ten times", ncpus - 1, right);
    expect("deliveries in total", rounds * (ncpus - 1), total_count());
}

/* Each CPU to each at the same time, all with one SGI. */
static uint32_t volatile crossed[MAX_CPUS][MAX_CPUS]; /* receiver, sender */

static void count_crossed(unsigned ack)
{
    if (gic_intid(ack) == SGI)
        crossed[this_cpu()->id][gic_source(ack)]++;
}

static uint64_t work_cross(uint64_t rounds)
{
    unsigned self = this_cpu()->id;

    for (uint32_t i = 1; i <= rounds; i++) {
        gic_send_sgi(SGI, all_cpus());
        for (unsigned to = 0; to < ncpus; to++) {
            if (!WAIT_FOR(crossed[to][self] == i))
                return i;
        }
    }
    return 0;
}

void test_source_cross(void)
{
    const uint32_t rounds = 10;
    unsigned stopped = 0;
    unsigned right = 0;

    for (unsigned to = 0; to < ncpus; to++) {
        for (unsigned from = 0; from < ncpus; from++)
            crossed[to][from] = 0;
        cpus[to].hook = count_crossed;
    }
    smp_call_all(work_enable_all_sgis, 0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, work_cross, rounds);
    stopped += work_cross(rounds) != 0;
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        stopped += smp_finish(cpu) != 0;
    settle();
    for (unsigned to = 0; to < ncpus; to++) {
        for (unsigned from = 0; from < ncpus; from++)
            right += crossed[to][from] == rounds;
    }
    expect("CPUs stopped by a lost SGI", 0, stopped);
    expect("pairs of CPUs with ten SGIs", ncpus * ncpus, right);
    expect("deliveries in total", rounds * ncpus * ncpus, total_count());
}
