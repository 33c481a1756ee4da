/* SPDX-License-Identifier: MIT */
/* Defects of other virtual GICs' attributes, saved state and life cycle: docs/museum.md. */
#include "world.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "irq/vm.h"
#include "lvgic/state.h"

#define SYSREG_ATTR(reg, cpu) (sysreg_rows[reg].encoding | LVGIC_ATTR_AFFINITY(cpu))
#define REGION(count, base, index) ((uint64_t)(count) << 52 | (base) | (index))

static int set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    return lvgic_attr_set(vm, group, attr, value);
}

static uint64_t get(struct lvgic_vm *vm, uint32_t group, uint64_t attr)
{
    uint64_t value = 0;

    assert_int_equal(lvgic_attr_get(vm, group, attr, &value), LVGIC_OK);
    return value;
}

static struct rig *rig_of(unsigned gic, unsigned nr_cpus)
{
    struct lvgic_config config = {.nr_vcpus = nr_cpus, .nr_spis = 64, .gic = (uint8_t)gic};
    struct rig *rig = rig_with(&config);

    rig->relax_exits = true;
    return rig;
}

/* K17: the revision was taken from the current value instead of the one that was written. */
static void k17_the_revision_that_is_written(void **state)
{
    (void)state;
    for (unsigned gic = 2; gic < 4; gic++) {
        struct rig *rig = rig_of(gic, 1);

        for (uint64_t revision = 3; revision >= 1; revision--) {
            uint64_t iidr = 0x4c00043b | revision << 12;

            assert_int_equal(set(rig->vm, LVGIC_ATTR_DIST_REGS, 8, iidr), LVGIC_OK);
            assert_int_equal(get(rig->vm, LVGIC_ATTR_DIST_REGS, 8), iidr);
            assert_int_equal(rig_dist_read(rig, 8, 4), iidr);
            assert_int_equal(vm_revision(rig->vm), revision);
            if (gic == 3)
                assert_int_equal(rig_redist_read(rig, 0, 4, 4), iidr);
        }
        rig_free(rig);
    }
}

/* And what the revision means is so at once: GICR_CTLR.IR and CES. */
static void k17_what_the_revision_offers(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_lpis = 64, .nr_its = 1};
    struct rig *rig = rig_with(&config);

    (void)state;
    for (uint64_t revision = 3; revision >= 1; revision--) {
        assert_int_equal(set(rig->vm, LVGIC_ATTR_DIST_REGS, 8, 0x4c00043b | revision << 12),
                         LVGIC_OK);
        assert_int_equal(rig_redist_read(rig, 0, 0, 4) & 6, revision == 3 ? 6 : 0);
    }
    rig_free(rig);
}

/* K24: ended at every prefix of what a VMM does to create it. */
static void k24_ended_at_every_prefix_of_the_creation(void **state)
{
    static const struct {
        uint32_t group;
        uint64_t attr, value;
    } steps[] = {
        {LVGIC_ATTR_NR_IRQS, 0, 96},
        {LVGIC_ATTR_DIST_REGS, 8, 0x4c00243b},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x8000000},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x80a0000, 0)},
        {LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 1)},
        {LVGIC_ATTR_MAINT_IRQ, 0, 25},
        {LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0},
        {LVGIC_ATTR_DIST_REGS, 0, 3},
        {LVGIC_ATTR_REDIST_REGS, 0x14, 0},
    };
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 64};

    (void)state;
    for (size_t prefix = 0; prefix <= ARRAY_LEN(steps); prefix++)
        for (unsigned run = 0; run < 2; run++) {
            struct rig *rig = rig_with(&config);

            for (size_t i = 0; i < prefix; i++)
                assert_int_equal(set(rig->vm, steps[i].group, steps[i].attr, steps[i].value),
                                 LVGIC_OK);
            if (run)
                rig_enter(rig, 0), rig_exit(rig, 0);
            assert_null(lvgic_check(rig->vm));
            rig_free(rig);
        }
}

/* ------------------------------------------------------------------ two threads */

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

#define RUNNERS 2

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

    set(vm, LVGIC_ATTR_DIST_REGS, GROUPR + offset, UINT32_MAX);
    set(vm, LVGIC_ATTR_DIST_REGS, 0xc00 + intid / 16 * 4, 0xaaaaaaaa);
    set(vm, LVGIC_ATTR_DIST_REGS, 0x6000 + 8 * intid, affinity);
    set(vm, LVGIC_ATTR_DIST_REGS, ISENABLER + offset, UINT32_C(1) << intid % 32);
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
    set(vm, LVGIC_ATTR_DIST_REGS, 0, 2);
    open_spi(vm, 40, 0);
    pthread_create(&thread, NULL, runner_run, &runners[0]);
    for (unsigned i = 1; i <= 200; i++) {
        assert_int_equal(set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x1234),
                         LVGIC_E_INVALID);
        assert_int_equal(set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, BIT64(40)),
                         LVGIC_E_TOO_BIG);
        assert_int_equal(set(vm, LVGIC_ATTR_NR_IRQS, 0, 4096), LVGIC_E_INVALID);
        assert_int_equal(set(vm, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0), LVGIC_OK);
        lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40));
        wait_for(&runners[0], i);
    }
    /* And it can be configured rightly still. */
    assert_int_equal(set(vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x10000), LVGIC_OK);
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
        set(vm, LVGIC_ATTR_CTRL, LVGIC_ATTR_CTRL_INIT, 0);
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

/* K31: the frame of a vCPU whose creation failed stayed reachable. vCPUs that there are not have
 * none, by whatever way. */
static void k31_no_frame_without_a_vcpu(void **state)
{
    struct rig *rig = rig_of(3, 2);
    struct lvgic_access access = {.offset = 0x14, .size = 4, .write = true};
    uint64_t value;

    (void)state;
    for (uint32_t cpu = 2; cpu < 600; cpu++) {
        uint64_t who = LVGIC_ATTR_AFFINITY((uint64_t)(cpu / 16) << 8 | cpu % 16);

        assert_int_equal(lvgic_redist_access(rig->vm, NULL, LVGIC_VCPU(cpu), &access),
                         LVGIC_E_NO_DEVICE);
        assert_int_equal(set(rig->vm, LVGIC_ATTR_REDIST_REGS, who | 0x14, 0), LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_CPU_SYSREGS,
                                        who | sysreg_rows[SYSREG_ICC_PMR_EL1].encoding, &value),
                         LVGIC_E_INVALID);
        assert_int_equal(lvgic_attr_has(rig->vm, LVGIC_ATTR_LEVEL_INFO, who), LVGIC_E_INVALID);
        assert_int_equal(lvgic_vcpu_reset(rig->vm, LVGIC_VCPU(cpu)), LVGIC_E_NO_DEVICE);
    }
    rig_free(rig);
}

/* K35: a vCPU index that names nobody was followed (CVE-2024-36953). */
static void k35_vcpu_index_of_nobody(void **state)
{
    struct rig *rig = rig_of(2, 2);
    uint64_t value = 7;

    (void)state;
    for (uint64_t index = 0; index < 256; index++) {
        int expected = index < 2 ? LVGIC_OK : LVGIC_E_INVALID;

        for (uint32_t group = LVGIC_ATTR_DIST_REGS; group <= LVGIC_ATTR_CPU_REGS; group++) {
            assert_int_equal(lvgic_attr_has(rig->vm, group, index << 32), expected);
            assert_int_equal(lvgic_attr_get(rig->vm, group, index << 32, &value), expected);
            assert_int_equal(set(rig->vm, group, index << 32, 3), expected);
        }
    }
    rig_free(rig);
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

/* K45: regions that overlap, overflow or come in the wrong order are refused, and leave the list as
 * it was: what fits comes after, in any case. */
static void k45_regions(void **state)
{
    static const struct {
        uint64_t attr, value;
        int status;
    } steps[] = {
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 1), LVGIC_E_INVALID}, /* index */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(0, 0x8000000, 0), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8001000, 0), LVGIC_E_INVALID}, /* flags */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, BIT64(40) - 0x20000, 0), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, BIT64(40), 0), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 0), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8000000, 0), LVGIC_E_INVALID}, /* again */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x7fe0000, 1), LVGIC_E_INVALID}, /* overlap */
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(2, 0x8030000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(4095, 0x7000000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST, 0x9000000, LVGIC_E_INVALID}, /* both kinds */
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8010000, LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040800, LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_DIST, UINT64_MAX & ~UINT64_C(0xffff), LVGIC_E_TOO_BIG},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040000, LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_DIST, 0x8040000, LVGIC_E_EXISTS},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8040000, 1), LVGIC_E_INVALID},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8050000, 1), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x8070000, 2), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 3), LVGIC_OK},
        {LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0xa000000, 4), LVGIC_E_NO_MEMORY},
        {LVGIC_ATTR_ADDR_V2_DIST, 0x1000, LVGIC_E_NO_DEVICE},
    };
    static const bool last[] = {false, true, false, true};
    struct rig *rig = rig_of(3, 4);
    uint64_t value = 4;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int status = set(rig->vm, LVGIC_ATTR_ADDR, steps[i].attr, steps[i].value);

        if (status != steps[i].status)
            fail_msg("step %zu: %s", i, lvgic_strerror(status));
    }
    for (uint64_t index = 0; index < 4; index++) {
        value = index;
        assert_int_equal(
            lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, &value),
            LVGIC_OK);
        assert_int_equal(value & 0xfff, index);
    }
    assert_int_equal(value, REGION(1, 0x9000000, 3));
    value = 4;
    assert_int_equal(
        lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, &value),
        LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, &value),
                     LVGIC_E_INVALID);
    /* Two of the region, one each in two that touch: Last is at the ends of what is contiguous. */
    for (unsigned cpu = 0; cpu < 4; cpu++)
        assert_int_equal(rig_redist_read(rig, cpu, 8, 4) >> 4 & 1, last[cpu]);
    rig_free(rig);
}

/* The legacy form, and GICv2's two frames. */
static void k45_other_addresses(void **state)
{
    struct rig *rig = rig_of(3, 2);
    uint64_t value = 0;

    (void)state;
    assert_int_equal(lvgic_attr_get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, &value),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, 0x80a0000), LVGIC_OK);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST, 0x80a0000),
                     LVGIC_E_EXISTS);
    assert_int_equal(
        set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST_REGION, REGION(1, 0x9000000, 1)),
        LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_DIST, 0x80d0000),
                     LVGIC_E_INVALID);
    assert_int_equal(get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V3_REDIST), 0x80a0000);
    rig_free(rig);

    rig = rig_of(2, 2);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_DIST, 0x8000800),
                     LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_DIST, 0x8001000), LVGIC_OK);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU, 0x8000000),
                     LVGIC_E_INVALID);
    assert_int_equal(set(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU, 0x8002000), LVGIC_OK);
    assert_int_equal(get(rig->vm, LVGIC_ATTR_ADDR, LVGIC_ATTR_ADDR_V2_CPU), 0x8002000);
    rig_free(rig);
}

/* O18: GICv2's groups were lost on restore, because nobody had written GICD_IIDR first. */
static void o18_groups_without_writing_iidr(void **state)
{
    struct rig *source = rig_of(2, 2), *target = rig_of(2, 2), *third = rig_of(2, 2);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    for (uint64_t cpu = 0; cpu < 2; cpu++) {
        rig_dist_write_by(source, (unsigned)cpu, GROUPR, 4, 0xff00ff00 + cpu);
        assert_int_equal(set(target->vm, LVGIC_ATTR_DIST_REGS, cpu << 32 | GROUPR,
                             get(source->vm, LVGIC_ATTR_DIST_REGS, cpu << 32 | GROUPR)),
                         LVGIC_OK);
    }
    snapshot = world_save(source, &size);
    assert_int_equal(lvgic_restore(third->vm, snapshot, size), LVGIC_OK);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        assert_int_equal(rig_dist_read_by(target, cpu, GROUPR, 4), 0xff00ff00 + cpu);
        assert_int_equal(rig_dist_read_by(third, cpu, GROUPR, 4), 0xff00ff00 + cpu);
    }
    free(snapshot);
    rig_free(source), rig_free(target), rig_free(third);
}

/* O19: resetting one vCPU while others run failed with "busy". */
static void o19_reset_of_one_while_others_run(void **state)
{
    struct runner runners[RUNNERS];
    void *memory;
    struct lvgic_vm *vm = runners_make(runners, &memory);
    pthread_t thread;

    (void)state;
    set(vm, LVGIC_ATTR_DIST_REGS, 0, 2);
    open_spi(vm, 40, 0);
    pthread_create(&thread, NULL, runner_run, &runners[0]);
    for (unsigned i = 1; i <= 200; i++) {
        uint64_t ctlr = get(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 1));

        assert_int_equal(set(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 1), ctlr),
                         LVGIC_OK);
        assert_int_equal(lvgic_vcpu_reset(vm, LVGIC_VCPU(1)), LVGIC_OK);
        /* Also of the one that runs: through its registers. */
        get(vm, LVGIC_ATTR_CPU_SYSREGS, SYSREG_ATTR(SYSREG_ICC_CTLR_EL1, 0));
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
        cmocka_unit_test(k17_the_revision_that_is_written),
        cmocka_unit_test(k17_what_the_revision_offers),
        cmocka_unit_test(k24_ended_at_every_prefix_of_the_creation),
        cmocka_unit_test(k28_failing_configuration_while_a_vcpu_runs),
        cmocka_unit_test(k30_first_runs_at_once),
        cmocka_unit_test(k31_no_frame_without_a_vcpu),
        cmocka_unit_test(k35_vcpu_index_of_nobody),
        cmocka_unit_test(k39_everything_at_once),
        cmocka_unit_test(k45_regions),
        cmocka_unit_test(k45_other_addresses),
        cmocka_unit_test(o18_groups_without_writing_iidr),
        cmocka_unit_test(o19_reset_of_one_while_others_run),
    };

    return cmocka_run_group_tests_name("museum, state", tests, NULL, NULL);
}
