/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs, and handing them work. */
#include "guest.h"

struct cpu cpus[MAX_CPUS];
unsigned ncpus;

void secondary_entry(void);
void secondary_main(uint64_t index) __attribute__((noreturn));

static void init_this_cpu(unsigned index)
{
    write_sysreg(tpidr_el1, (uintptr_t)&cpus[index]);
    cpus[index].id = index;
    if (!gic_cpu_up(index))
        die("CPU %u: the redistributor does not wake up", index);
    gic_reset_private(index);
    gic_reset_cpu_interface();
}

bool smp_start_cpu(unsigned index)
{
    __atomic_store_n(&cpus[index].online, 0, __ATOMIC_RELEASE);
    if (psci_cpu_on(index, (uintptr_t)secondary_entry, index) != PSCI_SUCCESS)
        return false;
    if (!WAIT_FOR(__atomic_load_n(&cpus[index].online, __ATOMIC_ACQUIRE)))
        die("CPU %u does not come up", index);
    return true;
}

uint64_t work_cpu_off(uint64_t unused)
{
    (void)unused;
    irq_disable();
    fiq_disable();
    if (!gic_cpu_down(this_cpu()->id))
        die("CPU %u: the redistributor does not go to sleep", this_cpu()->id);
    psci_cpu_off();
    die("CPU %u: CPU_OFF returned", this_cpu()->id);
}

bool smp_is_off(unsigned index)
{
    return psci_affinity_info(index) == PSCI_AFFINITY_OFF;
}

void smp_init(void)
{
    /* CPU 0 first, so that the distributor is never reset with others at work. */
    write_sysreg(tpidr_el1, (uintptr_t)&cpus[0]);
    gic_reset_distributor();
    init_this_cpu(0);
    cpus[0].online = 1;
    irq_enable();
    fiq_enable();
    for (ncpus = 1; ncpus < MAX_CPUS; ncpus++) {
        if (!smp_start_cpu(ncpus))
            break;
    }
}

void secondary_main(uint64_t index)
{
    struct cpu *cpu = &cpus[index];

    init_this_cpu((unsigned)index);
    cpu->work_done = cpu->work_posted;
    irq_enable();
    fiq_enable();
    __atomic_store_n(&cpu->online, 1, __ATOMIC_RELEASE);
    for (;;) {
        uint32_t posted = __atomic_load_n(&cpu->work_posted, __ATOMIC_ACQUIRE);

        if (posted == cpu->work_done) {
            cpu_relax();
            continue;
        }
        cpu->work_result = cpu->work(cpu->work_arg);
        __atomic_store_n(&cpu->work_done, posted, __ATOMIC_RELEASE);
    }
}

void smp_post(unsigned index, work_fn *fn, uint64_t arg)
{
    struct cpu *cpu = &cpus[index];

    cpu->work = fn;
    cpu->work_arg = arg;
    __atomic_store_n(&cpu->work_posted, cpu->work_posted + 1, __ATOMIC_RELEASE);
}

uint64_t smp_finish(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    /* Twice the usual limit: the work itself may have to wait, and reports that better. */
    if (!WAIT_FOR_US(2 * WAIT_US,
                     __atomic_load_n(&cpu->work_done, __ATOMIC_ACQUIRE) == cpu->work_posted))
        die("CPU %u does not finish its work", index);
    return cpu->work_result;
}

uint64_t smp_call(unsigned index, work_fn *fn, uint64_t arg)
{
    if (index == 0)
        return fn(arg);
    smp_post(index, fn, arg);
    return smp_finish(index);
}

void smp_call_all(work_fn *fn, uint64_t arg)
{
    for (unsigned i = 1; i < ncpus; i++)
        smp_post(i, fn, arg);
    for (unsigned i = 1; i < ncpus; i++)
        smp_finish(i);
    fn(arg);
}
