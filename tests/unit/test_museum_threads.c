/* SPDX-License-Identifier: MIT */
/* Those of test_museum_state.c for which vCPUs run in threads of their own. */
#include "attrs.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"

#define RUNNERS 2

struct runner {
    struct lvgic_vm *vm;
    struct lvgic_vcpu *vcpu;
    _Atomic int kicked, stop;
    _Atomic unsigned taken;
};

static void runner_kick(void *ctx, lvgic_vcpuid v)
{
    struct runner *runners = ctx;

    atomic_store(&runners[v.n].kicked, 1);
}

static void runner_relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    sched_yield();
}

static const struct lvgic_host runner_host = {
    .kick = runner_kick, .wake = runner_kick, .relax = runner_relax};

static void *runner_run(void *arg)
{
    struct runner *runner = arg;
    uint64_t pmr = 0xff, on = 1, intid;

    lvgic_vcpu_sysreg(runner->vcpu, sysreg_rows[SYSREG_ICC_PMR_EL1].encoding, true, &pmr);
    lvgic_vcpu_sysreg(runner->vcpu, sysreg_rows[SYSREG_ICC_IGRPEN1_EL1].encoding, true, &on);
    while (!atomic_load(&runner->stop)) {
        atomic_store(&runner->kicked, 0);
        lvgic_vcpu_enter(runner->vcpu);
        lvgic_vcpu_sysreg(runner->vcpu, sysreg_rows[SYSREG_ICC_IAR1_EL1].encoding, false, &intid);
        if (intid < 1020) {
            lvgic_vcpu_sysreg(runner->vcpu, sysreg_rows[SYSREG_ICC_EOIR1_EL1].encoding, true,
                              &intid);
            atomic_fetch_add(&runner->taken, 1);
        }
        while (!atomic_load(&runner->kicked) && !atomic_load(&runner->stop))
            sched_yield();
        lvgic_vcpu_exit(runner->vcpu);
    }
    return NULL;
}

static struct lvgic_vm *runners_make(struct runner *runners, void **memory)
{
    struct lvgic_config config = {.nr_vcpus = RUNNERS, .nr_spis = 64};
    size_t size = lvgic_vm_size(&config);
    struct lvgic_vm *vm;

    *memory = aligned_alloc(64, size);
    memset(runners, 0, RUNNERS * sizeof *runners);
    assert_int_equal(lvgic_vm_init(*memory, size, &config, &runner_host, runners, &vm), LVGIC_OK);
    for (unsigned i = 0; i < RUNNERS; i++) {
        runners[i].vm = vm;
        runners[i].vcpu = lvgic_vcpu(vm, LVGIC_VCPU(i));
    }
    return vm;
}

static void open_spi(struct lvgic_vm *vm, uint32_t intid, uint64_t affinity)
{
    uint64_t offset = intid / 32 * 4;

    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, GROUPR + offset, UINT32_MAX);
    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, 0xc00 + intid / 16 * 4, 0xaaaaaaaa);
    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, 0x6000 + 8 * intid, affinity);
    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, ISENABLER + offset, UINT32_C(1) << intid % 32);
}

static void wait_for(struct runner *runner, unsigned taken)
{
    while (atomic_load(&runner->taken) < taken)
        sched_yield();
}

/* K28: a failing step of the initialisation, while another vCPU runs, freed what that one used. */
static void k28_failing_configuration_while_a_vcpu_runs(void **state)
{
    struct runner runners[RUNNERS];
    void *memory;
    struct lvgic_vm *vm = runners_make(runners, &memory);
    pthread_t thread;

    (void)state;
    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, 0, 2);
    open_spi(vm, 40, 0);
    pthread_create(&thread, NULL, runner_run, &runners[0]);
    for (unsigned i = 1; i <= 200; i++) {
        assert_int_equal(lvgic_attr_set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x1234),
                         LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, BIT64(40)),
                         LVGIC_E_TOO_BIG);
        assert_int_equal(lvgic_attr_set(vm, LVGIC_ATTR_NR_IRQS, 0, 4096), LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_set(vm, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0), LVGIC_OK);
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40));
        wait_for(&runners[0], i);
    }
    /* And it can be configured rightly still. */
    assert_int_equal(lvgic_attr_set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x10000),
                     LVGIC_OK);
    atomic_store(&runners[0].stop, 1);
    pthread_join(thread, NULL);
    assert_null(lvgic_check(vm));
    free(memory);
}

static void *touch(void *arg)
{
    struct runner *runner = arg;
    struct lvgic_access typer = {.offset = 4, .size = 4};

    for (unsigned i = 0; i < 2000; i++) {
        assert_int_equal(lvgic_dist_access(runner->vm, NULL, &typer), LVGIC_OK);
        assert_int_equal(typer.value & 31, 2);
    }
    return NULL;
}

/* K30: "ready" was published before the frames were. All first runs at once, and accesses. */
static void k30_first_runs_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        struct runner runners[RUNNERS];
        void *memory;
        struct lvgic_vm *vm = runners_make(runners, &memory);
        pthread_t threads[2 * RUNNERS];

        for (unsigned cpu = 0; cpu < RUNNERS; cpu++) {
            pthread_create(&threads[cpu], NULL, runner_run, &runners[cpu]);
            pthread_create(&threads[RUNNERS + cpu], NULL, touch, &runners[cpu]);
        }
        lvgic_attr_set(vm, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
        for (unsigned cpu = 0; cpu < RUNNERS; cpu++)
            pthread_join(threads[RUNNERS + cpu], NULL);
        for (unsigned cpu = 0; cpu < RUNNERS; cpu++)
            atomic_store(&runners[cpu].stop, 1);
        for (unsigned cpu = 0; cpu < RUNNERS; cpu++)
            pthread_join(threads[cpu], NULL);
        assert_null(lvgic_check(vm));
        free(memory);
    }
}

struct matrix {
    struct lvgic_vm *vm;
    unsigned which;
};

static void *matrix_thread(void *arg)
{
    const struct matrix *matrix = arg;
    struct lvgic_vm *vm = matrix->vm;
    size_t size = lvgic_save_size(vm), used;
    void *buffer = malloc(size);
    uint64_t value;

    for (unsigned i = 0; i < 100; i++)
        switch (matrix->which) {
        case 0:
            lvgic_save(vm, buffer, size, &used);
            assert_int_equal(lvgic_restore(vm, buffer, used), LVGIC_OK);
            break;
        case 1:
            assert_int_equal(lvgic_vcpu_reset(vm, LVGIC_VCPU(i % RUNNERS)), LVGIC_OK);
            break;
        case 2:
            lvgic_pause(vm);
            lvgic_attr_get(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_PMR_EL1, 1), &value);
            lvgic_resume(vm);
            break;
        default:
            lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, ISACTIVER + 4, UINT32_MAX);
            lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, ICACTIVER + 4, UINT32_MAX);
            break;
        }
    free(buffer);
    return NULL;
}

/* K39: calls of all kinds at once, by several threads, waited for each other crosswise. */
static void k39_everything_at_once(void **state)
{
    struct runner runners[RUNNERS];
    void *memory;
    struct lvgic_vm *vm = runners_make(runners, &memory);
    pthread_t cpus[RUNNERS], threads[8];
    struct matrix matrix[8];

    (void)state;
    open_spi(vm, 40, 0), open_spi(vm, 41, 1);
    for (unsigned i = 0; i < RUNNERS; i++)
        pthread_create(&cpus[i], NULL, runner_run, &runners[i]);
    for (unsigned i = 0; i < 8; i++) {
        matrix[i] = (struct matrix){.vm = vm, .which = i % 4};
        pthread_create(&threads[i], NULL, matrix_thread, &matrix[i]);
    }
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < RUNNERS; i++)
        atomic_store(&runners[i].stop, 1);
    for (unsigned i = 0; i < RUNNERS; i++)
        pthread_join(cpus[i], NULL);
    assert_null(lvgic_check(vm));
    free(memory);
}

/* O19: resetting one vCPU while others run failed with "busy". */
static void o19_reset_of_one_while_others_run(void **state)
{
    struct runner runners[RUNNERS];
    void *memory;
    struct lvgic_vm *vm = runners_make(runners, &memory);
    pthread_t thread;

    (void)state;
    lvgic_attr_set(vm, LVGIC_ATTR_DIST_REGS, 0, 2);
    open_spi(vm, 40, 0);
    pthread_create(&thread, NULL, runner_run, &runners[0]);
    for (unsigned i = 1; i <= 200; i++) {
        uint64_t ctlr = 0;

        assert_int_equal(
            lvgic_attr_get(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 1), &ctlr),
            LVGIC_OK);
        assert_int_equal(
            lvgic_attr_set(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 1), ctlr),
            LVGIC_OK);
        assert_int_equal(lvgic_vcpu_reset(vm, LVGIC_VCPU(1)), LVGIC_OK);
        /* Also of the one that runs: through its registers. */
        assert_int_equal(
            lvgic_attr_get(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 0), &ctlr),
            LVGIC_OK);
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40));
        wait_for(&runners[0], i);
    }
    atomic_store(&runners[0].stop, 1);
    pthread_join(thread, NULL);
    assert_null(lvgic_check(vm));
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k28_failing_configuration_while_a_vcpu_runs),
        cmocka_unit_test(k30_first_runs_at_once),
        cmocka_unit_test(k39_everything_at_once),
        cmocka_unit_test(o19_reset_of_one_while_others_run),
    };

    return cmocka_run_group_tests_name("museum: state and threads", tests, NULL, NULL);
}
