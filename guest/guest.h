/* SPDX-License-Identifier: MIT */
/* What the tests share: the CPUs, their interrupt handlers, calls between CPUs, and results. */
#ifndef GUEST_H
#define GUEST_H

#include "cpu.h"
#include "gic.h" /* of v2/ or v3/ */
#include "psci.h"
#include "uart.h"

#define MAX_CPUS 8
#define MAX_INTID 64
#define LPIS 128 /* that the tests use, INTID_LPI first */
#define SGIS 16
#define LOG_SIZE 64

/* The longest wait for something that should happen. The host may be slow and overcommitted. */
#define WAIT_US 6000000
/* How long to look whether something happens that should not. */
#define SETTLE_US 2000

#define WAIT_FOR_US(us, condition)                                              \
    ({                                                                          \
        uint64_t start_ = counter();                                            \
        bool done_;                                                             \
        while (!(done_ = (condition)) && counter() - start_ < microseconds(us)) \
            cpu_relax();                                                        \
        done_;                                                                  \
    })
#define WAIT_FOR(condition) WAIT_FOR_US(WAIT_US, condition)

typedef uint64_t work_fn(uint64_t arg);

struct cpu {
    unsigned id;
    volatile uint32_t online;

    /* What the handlers have seen. A count grows when the handler is through with the interrupt. */
    volatile uint32_t count[MAX_INTID];
    volatile uint32_t fiq_count[MAX_INTID];
    volatile uint32_t lpi_count[LPIS];
    volatile uint32_t nmi_count[MAX_INTID]; /* acknowledged by ICC_NMIAR1_EL1 */
    volatile uint32_t log_length;
    volatile uint32_t log[LOG_SIZE]; /* of IRQ and FIQ, as they were acknowledged */

    /* Called between acknowledge and end of interrupt, to quiet the device or to look around. */
    void (*volatile hook)(unsigned ack);

    /* Synchronous aborts are counted and stepped over while this is set, and fatal otherwise. */
    volatile bool aborts_expected;
    volatile uint32_t aborts;

    /* One piece of work at a time, handed over by CPU 0. */
    work_fn *work;
    uint64_t work_arg;
    uint64_t work_result;
    uint32_t work_posted;
    uint32_t work_done;
    uint32_t work_at_reset; /* what work_posted was when the CPU was last reset */
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned ncpus;

/* Not one of the special INTIDs that say why there is no interrupt. */
static inline bool is_interrupt(unsigned intid)
{
    return intid < INTID_SPECIAL || intid >= INTID_LPI;
}

static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)read_sysreg(tpidr_el1);
}

void smp_init(void);
bool smp_start_cpu(unsigned cpu); /* false when there is no such CPU */
/* The CPU goes off: to be posted, it does not finish. Then smp_is_off() tells when it is. */
uint64_t work_cpu_off(uint64_t unused);
bool smp_is_off(unsigned cpu);
/* Run a function on a CPU, which may be CPU 0 itself, and wait for its result. */
uint64_t smp_call(unsigned cpu, work_fn *fn, uint64_t arg);
/* The two halves of smp_call, to run something on several CPUs at once. Not for CPU 0. */
void smp_post(unsigned cpu, work_fn *fn, uint64_t arg);
uint64_t smp_finish(unsigned cpu);
/* Run a function on every CPU, CPU 0 last. */
void smp_call_all(work_fn *fn, uint64_t arg);

/* Results. A line is printed for every check: what was seen, or what was expected instead. */
struct test {
    const char *name;
    void (*run)(void);
    unsigned min_cpus;
};

void run_tests(const struct test *tests, unsigned count);

/* What an image is, and all that it runs; each has its own. */
extern const char guest_name[];
void guest_tests(void);

void expect(const char *what, uint64_t expected, uint64_t got);
void expect_hex(const char *what, uint64_t expected, uint64_t got);
void expect_true(const char *what, bool seen);
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void finish(void) __attribute__((noreturn));

void delay(uint64_t us);
void settle(void);

/* Of all CPUs; the interrupts are those the IRQ handler has seen. */
void clear_counts(void);
uint32_t total_count(void);
/* How often LPI n was taken on a CPU, after waiting for the first time. */
unsigned delivered_to(unsigned cpu, unsigned n);

/*
 * For tests that poll the CPU interface, with interrupts masked: wait for an interrupt and
 * acknowledge it, or see that none comes. Both return what gic_ack() did, maybe INTID_NONE.
 */
unsigned poll_ack(void);
unsigned poll_nothing(void);
/* Wait until gic_hppi() has the given one. */
bool poll_hppi(unsigned ack);

/* Work functions for smp_call. */
uint64_t work_irq_disable(uint64_t unused);
uint64_t work_irq_enable(uint64_t unused);
uint64_t work_poll_ack(uint64_t unused);
uint64_t work_eoi(uint64_t ack);
uint64_t work_dir(uint64_t ack);
uint64_t work_set_eoimode(uint64_t mode);
uint64_t work_enable_all_sgis(uint64_t unused);
uint64_t work_is_active(uint64_t intid); /* of CPU 0, if it is a private one */

#endif
