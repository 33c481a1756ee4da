/* SPDX-License-Identifier: MIT */
/* Many LPIs, with SPIs and SGIs, on several CPUs, and in storms. */
#include "its/its.h"
#include "its/tests_its.h"

#define N 16

/* LPIs, SPIs and SGIs of one CPU, all with priorities of their own kind. */
static void raise_mixed(unsigned target)
{
    for (unsigned i = 0; i < N; i++)
        gic_send_sgi(i, 1u << target);
    gic_set_pending_many(N);
    lpi_raise_many(0, N);
    expect_true("all SGIs are pending", WAIT_FOR(gic_all_sgis_pending(target)));
    expect_hex("pending bits of the SPIs", 0xffff, gic_pending_many());
}

void test_lpi_overflow(void)
{
    unsigned target = ncpus - 1, once = 0;

    its_begin();
    lpi_map_many(0, N, target);
    for (unsigned i = 0; i < N; i++) {
        gic_route(TEST_SPI + i, target);
        gic_enable(0, TEST_SPI + i);
        gic_enable(target, i);
    }
    smp_call(target, work_irq_disable, 0);
    raise_mixed(target);
    smp_call(target, work_irq_enable, 0);
    WAIT_FOR(total_count() == 3 * N);
    settle();
    for (unsigned i = 0; i < N; i++)
        once += cpus[target].count[i] == 1 && cpus[target].count[TEST_SPI + i] == 1 &&
                cpus[target].lpi_count[i] == 1;
    expect("triples of SGI, SPI and LPI delivered once", N, once);
    expect("deliveries in total", 3 * N, total_count());
}

/* LPIs and SPIs take turns in priority; with EOImode 1 the SPIs stay active. */
static unsigned mixed_of_rank(unsigned rank)
{
    return rank % 2 ? TEST_SPI + rank / 2 : LPI(rank / 2);
}

static void map_mixed(void)
{
    its_begin();
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned priority = 0x20 + 8 * rank;

        if (rank % 2)
            gic_set_priority(0, mixed_of_rank(rank), (uint8_t)priority);
        else
            lpi_write_config(rank / 2, priority, true);
    }
    for (unsigned i = 0; i < N / 2; i++)
        gic_enable(0, TEST_SPI + i);
    its_invall(0);
    lpi_map_many(0, N / 2, 0);
}

static void take_mixed(bool deactivate)
{
    unsigned in_order = 0;

    gic_set_pending_many(N / 2);
    lpi_raise_many(0, N / 2);
    expect_true("the highest priority is first", poll_hppi(mixed_of_rank(0)));
    for (unsigned rank = 0; rank < N; rank++) {
        unsigned intid = poll_ack();

        in_order += intid == mixed_of_rank(rank);
        gic_eoi(intid);
        if (deactivate && intid < INTID_LPI)
            gic_dir(intid);
    }
    expect("acknowledged in the order of priority", N, in_order);
}

void test_lpi_mixed(void)
{
    map_mixed();
    irq_disable();
    take_mixed(false);
    expect("acknowledge after the last", INTID_NONE, poll_nothing());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

void test_lpi_mixed_eoimode1(void)
{
    map_mixed();
    irq_disable();
    gic_set_eoimode(1);
    take_mixed(false);
    expect("acknowledge with the SPIs active", INTID_NONE, poll_nothing());
    expect_hex("active bits", 0xff, gic_active_many());
    /* Active SPIs are not in the way of LPIs. */
    lpi_raise_many(0, N / 2);
    for (unsigned i = 0; i < N / 2; i++) {
        unsigned intid = poll_ack();

        expect("acknowledge of an LPI while SPIs are active", LPI(i), intid);
        gic_eoi(intid);
    }
    for (unsigned i = 0; i < N / 2; i++)
        gic_dir(TEST_SPI + (i * 3 + 1) % (N / 2));
    expect_hex("active bits after deactivation", 0, gic_active_many());
    take_mixed(true);
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* All nested, LPIs and SPIs in turn. */
void test_lpi_mixed_nested(void)
{
    unsigned in_order = 0, wrong_rpr = 0;

    map_mixed();
    irq_disable();
    for (unsigned i = 0; i < N; i++) {
        unsigned intid = mixed_of_rank(N - 1 - i);

        if (intid >= INTID_LPI)
            lpi_raise(intid - INTID_LPI);
        else
            gic_set_pending(0, intid);
        in_order += poll_ack() == intid;
    }
    expect("nested acknowledges", N, in_order);
    expect_hex("active bits of the SPIs", 0xff, gic_active_many());
    for (unsigned rank = 0; rank < N; rank++) {
        wrong_rpr += running_priority() != 0x20 + 8 * rank;
        gic_eoi(mixed_of_rank(rank));
    }
    expect("wrong running priorities on the way out", 0, wrong_rpr);
    expect_hex("running priority at the end", PRIORITY_IDLE, running_priority());
    expect_hex("active bits at the end", 0, gic_active_many());
    irq_enable();
}

/* ------------------------------------------------------------------ several CPUs -------------- */

static volatile uint32_t sleepers;

static uint64_t sleep_for_lpi(uint64_t intid)
{
    struct cpu *cpu = this_cpu();

    irq_disable();
    __atomic_fetch_add(&sleepers, 1, __ATOMIC_SEQ_CST);
    while (!cpu->log_length) {
        wfi();
        irq_enable();
        irq_disable();
    }
    irq_enable();
    return cpu->log[0] == intid;
}

/* A CPU that is off gets its interrupts when it is back; or another one, if they are moved. */
void test_lpi_power(void)
{
    unsigned last = ncpus - 1;

    its_begin();
    lpi_map_many(0, 3, last);
    smp_post(last, work_cpu_off, 0);
    expect_true("the last CPU is off", WAIT_FOR(smp_is_off(last)));
    lpi_raise_many(0, 3);
    settle();
    expect("deliveries", 0, total_count());
    its_movi(DEVICE, 1, 0);
    its_sync();
    expect("deliveries on CPU 0 of what was moved", 1, delivered_to(0, 1));
    its_clear(DEVICE, 2);
    its_sync();
    expect_true("the last CPU comes back", smp_start_cpu(last));
    expect("deliveries there of what was not moved", 1, delivered_to(last, 0));
    expect("deliveries in total", 2, total_count());
}

void test_lpi_wfi(void)
{
    uint64_t sum = 0;

    its_begin();
    sleepers = 0;
    for (unsigned cpu = 1; cpu < ncpus; cpu++) {
        lpi_map(cpu, cpu);
        smp_post(cpu, sleep_for_lpi, LPI(cpu));
    }
    WAIT_FOR(sleepers == ncpus - 1);
    settle();
    lpi_raise_many(1, ncpus - 1);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        sum += smp_finish(cpu);
    expect("CPUs woken from WFI by an LPI", ncpus - 1, sum);
}

#define STORM_ROUNDS 20
#define STORM_LPIS 4

static uint32_t count_everywhere(unsigned n)
{
    uint32_t count = 0;

    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        count += cpus[cpu].lpi_count[n];
    return count;
}

/* Four events at a time; each has to be taken by some CPU before it is sent again. */
static uint64_t storm(uint64_t first)
{
    uint64_t lost = 0;
    uint32_t before[STORM_LPIS];

    for (unsigned round = 0; round < STORM_ROUNDS; round++) {
        for (unsigned i = 0; i < STORM_LPIS; i++) {
            before[i] = count_everywhere((unsigned)first + i);
            its_int(DEVICE, (uint32_t)first + i);
        }
        for (unsigned i = 0; i < STORM_LPIS; i++)
            lost += !WAIT_FOR(count_everywhere((unsigned)first + i) != before[i]);
    }
    return lost;
}

static uint64_t storm_everywhere(void)
{
    uint64_t lost = 0;

    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, storm, cpu * STORM_LPIS);
    lost += storm(0);
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        lost += smp_finish(cpu);
    its_sync();
    return lost;
}

/* Each CPU sends to the next one. */
void test_lpi_storm(void)
{
    unsigned exact = 0;
    uint64_t lost;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), (n / STORM_LPIS + 1) % ncpus);
    its_sync();
    lost = storm_everywhere();
    settle();
    expect("lost interrupts", 0, lost);
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        exact += cpus[(n / STORM_LPIS + 1) % ncpus].lpi_count[n] == STORM_ROUNDS;
    expect("LPIs that came as often as they were sent", ncpus * STORM_LPIS, exact);
    expect("deliveries in total", ncpus * STORM_LPIS * STORM_ROUNDS, total_count());
}

/* The same while all of them move about. */
static volatile bool moving;

static uint64_t move_about(uint64_t unused)
{
    unsigned cpu = 0;

    while (moving) {
        for (unsigned n = STORM_LPIS; n < ncpus * STORM_LPIS; n++)
            its_movi(DEVICE, n, cpu = (cpu + 1) % ncpus);
        its_sync();
    }
    return unused;
}

void test_lpi_storm_moving(void)
{
    uint64_t lost = 0;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % ncpus);
    its_sync();
    moving = true;
    smp_post(1, move_about, 0);
    for (unsigned cpu = 2; cpu < ncpus; cpu++)
        smp_post(cpu, storm, cpu * STORM_LPIS);
    lost += storm(STORM_LPIS);
    for (unsigned cpu = 2; cpu < ncpus; cpu++)
        lost += smp_finish(cpu);
    moving = false;
    smp_finish(1);
    its_sync();
    expect("lost interrupts", 0, lost);
    expect_true("none came more often than it was sent",
                total_count() <= (ncpus - 1) * STORM_LPIS * STORM_ROUNDS);
}

/* Messages that may get lost, because what they are for comes and goes; afterwards all is well. */
#define HAIL 200

static uint64_t hail(uint64_t first)
{
    for (unsigned i = 0; i < HAIL; i++)
        its_int(DEVICE, (uint32_t)first + i % STORM_LPIS);
    return 0;
}

static void all_come(const char *what)
{
    unsigned seen = 0;

    its_sync();
    settle();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++) {
        uint32_t before = count_everywhere(n);

        lpi_raise(n);
        seen += WAIT_FOR(count_everywhere(n) == before + 1);
    }
    expect(what, ncpus * STORM_LPIS, seen);
}

/* EnableLPIs of CPU 0 goes to and fro. */
void test_lpi_storm_enable(void)
{
    unsigned disabled = 0;

    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % 2);
    its_sync();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, hail, cpu * STORM_LPIS);
    for (unsigned i = 0; i < 20; i++) {
        disabled += lpi_disable_redistributor(0);
        lpi_enable_redistributor(0);
    }
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_finish(cpu);
    expect("times it was disabled", 20, disabled);
    all_come("LPIs that come afterwards");
}

/* Events go to and fro between LPIs and CPUs. INT of one that is not mapped is a command error. */
void test_lpi_storm_remap(void)
{
    its_begin();
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        its_mapti(DEVICE, n, LPI(n), n % ncpus);
    its_sync();
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_post(cpu, hail, cpu * STORM_LPIS);
    for (unsigned i = 0; i < 100; i++) {
        unsigned n = i * 5 % (ncpus * STORM_LPIS);

        its_discard(DEVICE, n);
        its_mapti(DEVICE, n, LPI(n), i % ncpus);
    }
    for (unsigned cpu = 1; cpu < ncpus; cpu++)
        smp_finish(cpu);
    all_come("LPIs that come afterwards");
}

/* LPIs of all priorities, each of which raises an SPI. */
static void raise_spi(unsigned intid)
{
    if (intid >= INTID_LPI)
        gic_set_pending(0, TEST_SPI + intid % TEST_SPIS);
}

void test_lpi_storm_mixed(void)
{
    unsigned exact = 0;
    uint64_t lost;

    its_begin();
    for (unsigned i = 0; i < TEST_SPIS; i++) {
        gic_route(TEST_SPI + i, i % ncpus);
        gic_enable(0, TEST_SPI + i);
    }
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        cpus[cpu].hook = raise_spi;
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++) {
        its_mapti(DEVICE, n, LPI(n), (n / STORM_LPIS + 1) % ncpus);
        lpi_write_config(n, 0x20 + 8 * (n % 16), true);
    }
    for (unsigned cpu = 0; cpu < ncpus; cpu++)
        its_invall(cpu);
    its_sync();
    lost = storm_everywhere();
    settle();
    expect("lost interrupts", 0, lost);
    for (unsigned n = 0; n < ncpus * STORM_LPIS; n++)
        exact += count_everywhere(n) == STORM_ROUNDS;
    expect("LPIs that came as often as they were sent", ncpus * STORM_LPIS, exact);
    expect_true("all SPIs came, too", WAIT_FOR(!gic_pending_many()));
    settle();
}
