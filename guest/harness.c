/* SPDX-License-Identifier: MIT */
/* Results of the tests, and the clean state that each of them starts with. */
#include "guest.h"
#include "timer.h"

static const char *current_test = "start";
static unsigned passed;
static unsigned failed;

void expect(const char *what, uint64_t expected, uint64_t got)
{
    if (expected == got) {
        passed++;
        uart_printf("ok %s: %s %lu\n", current_test, what, got);
    } else {
        failed++;
        uart_printf("FAIL %s: %s: expected %lu, got %lu\n", current_test, what, expected, got);
    }
}

void expect_hex(const char *what, uint64_t expected, uint64_t got)
{
    if (expected == got) {
        passed++;
        uart_printf("ok %s: %s %lx\n", current_test, what, got);
    } else {
        failed++;
        uart_printf("FAIL %s: %s: expected %lx, got %lx\n", current_test, what, expected, got);
    }
}

void expect_true(const char *what, bool seen)
{
    if (seen) {
        passed++;
        uart_printf("ok %s: %s\n", current_test, what);
    } else {
        failed++;
        uart_printf("FAIL %s: expected that %s, got the contrary\n", current_test, what);
    }
}

void finish(void)
{
    uart_printf("%u passed, %u failed\n", passed, failed);
    psci_system_off();
}

/* For states in which no further test makes sense. May come from any CPU. */
void die(const char *format, ...)
{
    va_list args;

    uart_printf("FAIL %s: expected to go on, got: ", current_test);
    va_start(args, format);
    uart_vprintf(format, args);
    va_end(args);
    uart_putc('\n');
    failed++;
    finish();
}

void delay(uint64_t us)
{
    uint64_t start = counter();

    while (counter() - start < microseconds(us))
        cpu_relax();
}

void settle(void)
{
    checkpoint();
    delay(SETTLE_US);
}

void clear_counts(void)
{
    for (unsigned i = 0; i < ncpus; i++) {
        for (unsigned intid = 0; intid < MAX_INTID; intid++) {
            cpus[i].count[intid] = 0;
            cpus[i].fiq_count[intid] = 0;
            cpus[i].nmi_count[intid] = 0;
        }
        for (unsigned n = 0; n < LPIS; n++)
            cpus[i].lpi_count[n] = 0;
        cpus[i].log_length = 0;
    }
}

uint32_t total_count(void)
{
    uint32_t total = 0;

    for (unsigned i = 0; i < ncpus; i++) {
        for (unsigned intid = 0; intid < MAX_INTID; intid++)
            total += cpus[i].count[intid];
        for (unsigned n = 0; n < LPIS; n++)
            total += cpus[i].lpi_count[n];
    }
    return total;
}

unsigned delivered_to(unsigned cpu, unsigned n)
{
    WAIT_FOR(cpus[cpu].lpi_count[n]);
    settle();
    return cpus[cpu].lpi_count[n];
}

/* Returns whether the test before left this CPU with an interrupt in service. */
static uint64_t reset_this_cpu(uint64_t unused)
{
    bool in_service = running_priority() != PRIORITY_IDLE;

    (void)unused;
    irq_disable();
    fiq_disable();
    timer_stop(TIMER_VIRTUAL);
    timer_stop(TIMER_PHYSICAL);
    gic_reset_private(this_cpu()->id);
    gic_reset_cpu_interface();
    irq_enable();
    fiq_enable();
    return in_service;
}

/*
 * A CPU changes its own registers only when it is given work or takes interrupts. Without those,
 * what CPU 0 can reach of it is all there is to do, which is much faster where more CPUs spin than
 * the host has.
 */
static bool start_reset(unsigned index)
{
    struct cpu *cpu = &cpus[index];
    bool used = cpu->work_posted != cpu->work_at_reset || cpu->log_length;

    if (used)
        smp_post(index, reset_this_cpu, 0);
    else
        gic_reset_private(index);
    return used;
}

static void reset_all(void)
{
    uint32_t posted = 0;

    uart_mask_tx(false);
    gic_reset_distributor();
    for (unsigned i = 1; i < ncpus; i++)
        posted |= (uint32_t)start_reset(i) << i;
    for (unsigned i = 1; i < ncpus; i++) {
        if ((posted >> i & 1) && smp_finish(i))
            die("CPU %u has an interrupt in service after the test", i);
    }
    if (reset_this_cpu(0))
        die("CPU 0 has an interrupt in service after the test");
    for (unsigned i = 0; i < ncpus; i++) {
        cpus[i].hook = 0;
        cpus[i].aborts_expected = false;
        cpus[i].work_at_reset = cpus[i].work_posted;
    }
    clear_counts();
}

static void run_test(const char *name, void (*test)(void))
{
    current_test = name;
    test();
    reset_all();
}

void run_tests(const struct test *tests, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (ncpus < tests[i].min_cpus)
            uart_printf("skip %s: needs more CPUs\n", tests[i].name);
        else
            run_test(tests[i].name, tests[i].run);
    }
}

uint64_t work_irq_disable(uint64_t unused)
{
    irq_disable();
    return unused;
}

uint64_t work_irq_enable(uint64_t unused)
{
    irq_enable();
    return unused;
}

uint64_t work_poll_ack(uint64_t unused)
{
    (void)unused;
    return poll_ack();
}

uint64_t work_eoi(uint64_t ack)
{
    gic_eoi((unsigned)ack);
    return 0;
}

uint64_t work_dir(uint64_t ack)
{
    gic_dir((unsigned)ack);
    return 0;
}

uint64_t work_set_eoimode(uint64_t mode)
{
    gic_set_eoimode((unsigned)mode);
    return 0;
}

uint64_t work_enable_all_sgis(uint64_t unused)
{
    for (unsigned sgi = 0; sgi < SGIS; sgi++)
        gic_enable(this_cpu()->id, sgi);
    return unused;
}

uint64_t work_is_active(uint64_t intid)
{
    return gic_is_active(0, (unsigned)intid);
}
