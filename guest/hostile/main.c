/* SPDX-License-Identifier: MIT */
/* The phases, their results, and the watch over CPUs that do not go on. */
#include "hostile.h"
#include "timer.h"

#ifndef SEED
#define SEED 0x5eedu
#endif

#define PROGRESS_US 4000000
#define HUNG_US 10000000
#define IIDR_LIBVGIC 0x4c00343bu
#define TYPER_ESPI (1u << 8)

void primary_main(void) __attribute__((noreturn));

struct hostile hostiles[MAX_CPUS];
uint64_t ram_end;
bool on_libvgic;
unsigned nr_intids = 1020, nr_eppis, nr_espis;

static const struct phase phases[] = {
    {"sweep", sweep_step, sweep_prepare, 0, true},
    {"odd", odd_step, odd_prepare, 0, true},
    {"storm", storm_step, storm_prepare, 0, true},
    {"its", its_step, its_prepare, 0, true},
    {"sysreg", sysreg_step, sysreg_prepare, 0, true},
    {"call", call_step, call_prepare, call_prepare_cpu, false},
    {"space", space_step, space_prepare, 0, false},
};
static uint32_t next_step, nr_steps;
const struct phase *current_phase;

static unsigned passed, failed;
static uint64_t progress_at;

void finish(void)
{
    uart_printf("%u passed, %u failed\n", passed, failed);
    psci_system_off();
}

/* May come from any CPU; the first one speaks. */
void die(const char *format, ...)
{
    static uint32_t dying;
    va_list args;

    while (__atomic_exchange_n(&dying, 1, __ATOMIC_ACQ_REL))
        wfi();
    uart_printf("\nFAIL %s: ", current_phase ? current_phase->name : "start");
    va_start(args, format);
    uart_vprintf(format, args);
    va_end(args);
    uart_putc('\n');
    failed++;
    finish();
}

void wrong(struct hostile *h, const char *what, const char *op, uint64_t address, uint64_t value)
{
    if (h->wrongs++)
        return;
    h->wrong = what;
    h->wrong_op = op;
    h->wrong_address = address;
    h->wrong_value = value;
}

/* The values that are most likely to hurt, and any. */
uint64_t random_value(struct hostile *h)
{
    switch (below(h, 6)) {
    case 0:
        return 0;
    case 1:
        return ~0ul;
    case 2:
        return 1ul << below(h, 64);
    case 3:
        return below(h, 1100);
    default:
        return random64(h);
    }
}

struct totals {
    uint64_t accesses, aborts, undefined, interrupts, storms;
};

static struct totals sum(void)
{
    struct totals all = {0};

    for (unsigned i = 0; i < ncpus; i++) {
        all.accesses += hostiles[i].accesses;
        all.aborts += hostiles[i].aborts;
        all.undefined += hostiles[i].undefined;
        all.interrupts += hostiles[i].interrupts;
        all.storms += hostiles[i].storms;
    }
    return all;
}

static void hung(unsigned cpu)
{
    struct hostile *h = &hostiles[cpu];

    die("hung: CPU %u, after %lu accesses and %lu interrupts, in %s at %lx", cpu, h->accesses,
        h->interrupts, h->what ? h->what : "(no access)", h->address);
}

/* Called by every CPU again and again. Each watches all others, since any may be the one that does
 * not come back; CPU 0 also shows how far they are. */
void watch(struct hostile *h)
{
    static uint64_t looked_at[MAX_CPUS], seen[MAX_CPUS][MAX_CPUS];
    uint64_t now = counter();

    if (h->id == 0 && now - progress_at > microseconds(PROGRESS_US)) {
        struct totals all = sum();

        progress_at = now;
        uart_printf("# %s: %lu accesses, %lu interrupts\n", current_phase->name, all.accesses,
                    all.interrupts);
    }
    if (now - looked_at[h->id] < microseconds(HUNG_US))
        return;
    looked_at[h->id] = now;
    for (unsigned i = 0; i < ncpus; i++) {
        uint64_t beats = hostiles[i].beats;

        if (beats && beats == seen[h->id][i] && !hostiles[i].done)
            hung(i);
        seen[h->id][i] = beats;
    }
}

static uint64_t work_prepare(uint64_t seed)
{
    struct hostile *h = me();

    h->id = this_cpu()->id;
    /* Far from each other, and never zero. */
    h->random = (seed + h->id + 1) * 0x9e3779b97f4a7c15ull | 1;
    map_init(h);
    return 0;
}

static uint64_t work_phase(uint64_t unused)
{
    const struct phase *phase = current_phase;
    struct hostile *h = me();
    uint32_t n;

    h->expecting = true;
    h->wild = phase->wild;
    h->ticking = true;
    gic_enable(h->id, TIMER_VIRTUAL);
    gic_enable(h->id, TIMER_PHYSICAL);
    start_timers(h);
    isb(); /* CPU 0 may have made code */
    if (phase->prepare_cpu)
        phase->prepare_cpu(h);
    while ((n = __atomic_fetch_add(&next_step, 1, __ATOMIC_RELAXED)) < nr_steps) {
        phase->step(h, n);
        h->since_step = 0;
        h->beats++;
        watch(h);
    }
    irq_enable();
    h->ticking = false;
    h->done = true;
    return unused;
}

static void clear(struct hostile *h)
{
    h->accesses = h->aborts = h->undefined = h->interrupts = h->storms = 0;
    h->wrongs = 0;
    h->beats++;
    h->done = false;
}

static bool others_done(void)
{
    for (unsigned i = 1; i < ncpus; i++)
        if (!hostiles[i].done)
            return false;
    return true;
}

/* Says what went wrong on any CPU. */
static bool report(const char *broken)
{
    bool good = !broken;

    if (broken)
        uart_printf("FAIL %s: %s\n", current_phase->name, broken);
    for (unsigned i = 0; i < ncpus; i++) {
        struct hostile *h = &hostiles[i];

        if (!h->wrongs)
            continue;
        good = false;
        uart_printf("FAIL %s: CPU %u, %u times: %s: %s, address %lx, value %lx\n",
                    current_phase->name, i, h->wrongs, h->wrong, h->wrong_op, h->wrong_address,
                    h->wrong_value);
    }
    return good;
}

static void run_phase(const struct phase *phase)
{
    uint64_t start = counter();
    const char *broken;
    struct totals all;

    current_phase = phase;
    for (unsigned i = 0; i < ncpus; i++)
        clear(&hostiles[i]);
    nr_steps = phase->prepare();
    next_step = 0;
    for (unsigned i = 1; i < ncpus; i++)
        smp_post(i, work_phase, 0);
    work_phase(0);
    while (!others_done()) {
        hostiles[0].since_step = 0;
        watch(&hostiles[0]);
        cpu_relax();
    }
    all = sum();
    make_sane();
    broken = prove_interrupts();
    if (!report(broken)) {
        failed++;
        if (broken) /* the other phases would say no more, or wait for ever */
            finish();
        return;
    }
    passed++;
    uart_printf("ok %s: %lu accesses, %lu aborts, %lu undefined\n", phase->name, all.accesses,
                all.aborts, all.undefined);
    uart_printf("# %lu interrupts, masked %lu times; %lu s\n", all.interrupts, all.storms,
                (counter() - start) / read_sysreg(cntfrq_el0));
}

/* What the identification registers say, and what memory does. */
static void explore(void)
{
    uint32_t typer = gicd_read(GICD_TYPER);

    on_libvgic = gicd_read(GICD_IIDR) == IIDR_LIBVGIC;
    nr_intids = ((typer & 0x1f) + 1) * 32;
    nr_intids = nr_intids > INTID_SPECIAL ? INTID_SPECIAL : nr_intids;
    nr_espis = typer & TYPER_ESPI ? ((typer >> 27) + 1) * 32 : 0;
    nr_eppis = (gicr_read(0, GICR_TYPER) >> 27) * 32;
    ram_end = find_ram_end(&hostiles[0]);
}

void primary_main(void)
{
    uint64_t seed, start = counter();

    uart_init();
    smp_init();
    work_prepare(1);
    explore();
    seed = find_seed(SEED);
    smp_call_all(work_prepare, seed);
    uart_printf("hostile guest on %u CPUs, RAM up to %lx, %u and %u INTIDs, seed=%lx%s\n", ncpus,
                ram_end, nr_intids, nr_eppis + nr_espis, seed,
                on_libvgic ? "" : " (not on libvgic: fewer accesses)");
    for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
        run_phase(&phases[i]);
    uart_printf("# %lu s\n", (counter() - start) / read_sysreg(cntfrq_el0));
    finish();
}
