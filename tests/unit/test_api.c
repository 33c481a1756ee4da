/* SPDX-License-Identifier: MIT */
/* What the embedder gets wrong gets a clear error, and nothing is changed. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static const struct lvgic_host host = {.kick = kick};

static void sizes_and_limits(void **state)
{
    const struct {
        struct lvgic_config config;
        bool valid;
    } cases[] = {
        {{.nr_vcpus = 1}, true},
        {{.nr_vcpus = 512, .nr_spis = 988}, true},
        {{.nr_vcpus = 0}, false},
        {{.nr_vcpus = 513}, false},
        {{.nr_vcpus = 1, .nr_spis = 33}, false},
        {{.nr_vcpus = 1, .nr_spis = 992}, false},
        {{.nr_vcpus = 1, .nr_lrs = 17}, false},
        {{.nr_vcpus = 1, .nr_lrs = 16, .pri_bits = 7}, true},
        {{.nr_vcpus = 1, .pri_bits = 4}, false},
        {{.nr_vcpus = 1, .pri_bits = 8}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = lvgic_vm_size(&cases[i].config);
        struct lvgic_vm *vm = NULL;

        assert_int_equal(size > 0, cases[i].valid);
        if (!size)
            continue;
        assert_int_equal(size % 64, 0);
        void *memory = aligned_alloc(64, size);
        assert_int_equal(lvgic_vm_init(memory, size - 1, &cases[i].config, &host, NULL, &vm),
                         LVGIC_E_NO_MEMORY);
        assert_null(vm);
        assert_int_equal(lvgic_vm_init(memory, size, &cases[i].config, &host, NULL, &vm), LVGIC_OK);
        assert_null(lvgic_check(vm));
        assert_non_null(lvgic_vcpu(vm, LVGIC_VCPU(cases[i].config.nr_vcpus - 1)));
        assert_null(lvgic_vcpu(vm, LVGIC_VCPU(cases[i].config.nr_vcpus)));
        free(memory);
    }
}

static void init_refuses_what_it_cannot_use(void **state)
{
    lvgic_affinity same[2] = {{.mpidr = 3}, {.mpidr = 3}};
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32};
    struct lvgic_host no_kick = {0};
    struct lvgic_vm *vm;
    size_t size = lvgic_vm_size(&config);
    char *memory = aligned_alloc(64, size + 64);

    (void)state;
    assert_int_equal(lvgic_vm_size(NULL), 0);
    assert_int_equal(lvgic_vm_init(NULL, size, &config, &host, NULL, &vm), LVGIC_E_INVALID);
    assert_int_equal(lvgic_vm_init(memory + 8, size, &config, &host, NULL, &vm), LVGIC_E_INVALID);
    assert_int_equal(lvgic_vm_init(memory, size, NULL, &host, NULL, &vm), LVGIC_E_INVALID);
    assert_int_equal(lvgic_vm_init(memory, size, &config, NULL, NULL, &vm), LVGIC_E_INVALID);
    assert_int_equal(lvgic_vm_init(memory, size, &config, &no_kick, NULL, &vm), LVGIC_E_INVALID);
    config.affinity = same;
    assert_int_equal(lvgic_vm_init(memory, size, &config, &host, NULL, &vm), LVGIC_E_INVALID);
    free(memory);
}

static void lines_exist_or_not(void **state)
{
    struct rig *rig = rig_new(4, 2);
    struct lvgic_irq_info info;

    (void)state;
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(15), true),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(2), LVGIC_INTID(16), true),
                     LVGIC_E_NO_DEVICE);
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(9), LVGIC_INTID(127), true), LVGIC_OK);
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(128), true),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_pulse(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(UINT32_MAX)),
                     LVGIC_E_NO_ENTRY);
    assert_int_equal(lvgic_map_hw(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), 1020), LVGIC_E_INVALID);
    assert_int_equal(lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(40), NULL),
                     LVGIC_E_INVALID);
    assert_int_equal(lvgic_irq_info(rig->vm, LVGIC_VCPU(0), LVGIC_INTID(0), &info), LVGIC_OK);
    assert_true(info.edge);
    rig_free(rig);
}

static void phases(void **state)
{
    struct rig *rig = rig_new(4, 1);

    (void)state;
    assert_int_equal(lvgic_vcpu_exit(rig->cpu[0]), LVGIC_E_PHASE);
    rig_enter(rig, 0);
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[0]), LVGIC_E_PHASE);
    assert_int_equal(lvgic_vcpu_reset_cpuif(rig->cpu[0]), LVGIC_E_PHASE);
    assert_int_equal(lvgic_vm_fini(rig->vm), LVGIC_E_PHASE);
    assert_false(lvgic_vcpu_block(rig->cpu[0]));
    assert_non_null(lvgic_check(rig->vm));
    rig_free(rig);
}

static void system_registers_not_mine_and_undefined(void **state)
{
    struct rig *rig = rig_new(4, 1);
    uint64_t value = 0;

    (void)state;
    assert_int_equal(lvgic_vcpu_sysreg(rig->cpu[0], LVGIC_SYSREG(3, 0, 0, 0, 0), false, &value),
                     LVGIC_SYSREG_NOT_MINE);
    assert_int_equal(
        lvgic_vcpu_sysreg(rig->cpu[0], sysreg_rows[SYSREG_ICC_IAR1_EL1].encoding, true, &value),
        LVGIC_SYSREG_UNDEF);
    assert_int_equal(
        lvgic_vcpu_sysreg(rig->cpu[0], sysreg_rows[SYSREG_ICC_SGI1R_EL1].encoding, false, &value),
        LVGIC_SYSREG_UNDEF);
    assert_int_equal(
        lvgic_vcpu_sysreg(rig->cpu[0], sysreg_rows[SYSREG_ICC_AP1R1_EL1].encoding, false, &value),
        LVGIC_SYSREG_UNDEF);
    rig_free(rig);
}

/* O13: SGIs to affinities that do not exist are ignored, all bit patterns. */
static void o13_sgis_to_nobody(void **state)
{
    struct rig *rig = rig_new(4, 2);

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        for (unsigned other = 0; other < 64; other++)
            rig_icc_write(rig, 0, SYSREG_ICC_SGI1R_EL1, UINT64_C(1) << bit | UINT64_C(1) << other);
    rig_icc_write(rig, 0, SYSREG_ICC_SGI1R_EL1, ~UINT64_C(0));
    rig_free(rig);
}

static void sparse_affinities(void **state)
{
    lvgic_affinity affinity[3] = {
        {.mpidr = UINT64_C(0x0200030405)}, {.mpidr = 0x11}, {.mpidr = UINT64_C(0x0200030404)}};
    struct lvgic_config config = {.nr_vcpus = 3, .nr_spis = 32, .affinity = affinity};
    struct lvgic_access group = {.offset = 0x10080, .size = 4, .write = true, .value = 1};
    struct lvgic_access pend = {.offset = 0x10200, .size = 4};
    struct lvgic_access typer = {.offset = 8, .size = 8};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    struct lvgic_vm *vm;
    uint64_t sgi = UINT64_C(2) << 48 | UINT64_C(3) << 32 | 4u << 16 | 1u << 5;

    (void)state;
    assert_int_equal(lvgic_vm_init(memory, size, &config, &host, NULL, &vm), LVGIC_OK);
    for (unsigned i = 0; i < 3; i++)
        lvgic_redist_access(vm, NULL, LVGIC_VCPU(i), &group);
    lvgic_vcpu_sysreg(lvgic_vcpu(vm, LVGIC_VCPU(1)), sysreg_rows[SYSREG_ICC_SGI1R_EL1].encoding,
                      true, &sgi);
    for (unsigned i = 0; i < 3; i++) {
        lvgic_redist_access(vm, NULL, LVGIC_VCPU(i), &pend);
        assert_int_equal(pend.value, i == 0);
    }
    sgi = UINT64_C(1) << 44 | 1u << 1; /* range selector 1: Aff0 17 */
    lvgic_vcpu_sysreg(lvgic_vcpu(vm, LVGIC_VCPU(0)), sysreg_rows[SYSREG_ICC_SGI1R_EL1].encoding,
                      true, &sgi);
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(1), &pend);
    assert_int_equal(pend.value, 1);
    lvgic_redist_access(vm, NULL, LVGIC_VCPU(2), &typer);
    assert_int_equal(typer.value, UINT64_C(0x02030404) << 32 | 2 << 8 | 1 << 4);
    assert_int_equal(lvgic_redist_access(vm, NULL, LVGIC_VCPU(3), &typer), LVGIC_E_NO_DEVICE);
    free(memory);
}

static void every_status_has_words(void **state)
{
    (void)state;
#define CHECK_WORDS(name, value, meaning, advice) \
    assert_string_equal(lvgic_strerror(LVGIC_##name), meaning);
    LVGIC_ERROR_MAP(CHECK_WORDS)
    assert_string_equal(lvgic_strerror(77), "unknown status");
}

/* K23, K24, O03: a VM is one block of the embedder's memory: refused at every prefix of what it
 * needs, ended at once or after use, made again in the same memory, and nothing is left over. */
static void k23_k24_o03_made_and_ended(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32};
    size_t size = lvgic_vm_size(&config);
    void *memory = aligned_alloc(64, size);
    struct lvgic_host mine = {.kick = kick};
    struct lvgic_vm *vm = NULL;

    (void)state;
    for (size_t prefix = 0; prefix < size; prefix += 64)
        assert_int_equal(lvgic_vm_init(memory, prefix, &config, &mine, NULL, &vm),
                         LVGIC_E_NO_MEMORY);
    assert_null(vm);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(lvgic_vm_init(memory, size, &config, &mine, NULL, &vm), LVGIC_OK);
        if (i % 2)
            lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(32));
        assert_int_equal(lvgic_vm_fini(vm), LVGIC_OK);
    }
    free(memory);
}

/* K25: an interrupt may be injected before anything else was done with a VM. */
static void k25_injected_before_anything_else(void **state)
{
    struct rig *rig = rig_new(1, 2);

    (void)state;
    rig_line(rig, 1, 27, true);
    assert_true(rig_get_bit(rig, 1, ISPENDR, 27));
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_limits),
        cmocka_unit_test(init_refuses_what_it_cannot_use),
        cmocka_unit_test(lines_exist_or_not),
        cmocka_unit_test(phases),
        cmocka_unit_test(system_registers_not_mine_and_undefined),
        cmocka_unit_test(o13_sgis_to_nobody),
        cmocka_unit_test(sparse_affinities),
        cmocka_unit_test(every_status_has_words),
        cmocka_unit_test(k23_k24_o03_made_and_ended),
        cmocka_unit_test(k25_injected_before_anything_else),
    };

    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
