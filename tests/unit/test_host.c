/* SPDX-License-Identifier: MIT */
/* Hosts that offer only what they must, and hosts that call the library from their callbacks. */
#include "rig.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "irq/slots.h"
#include "irq/vm.h"
#include "lvgic/its.h"

#define CONFIG_TABLE UINT64_C(0x40000000)
#define PENDING_TABLE UINT64_C(0x40010000)

enum { GICR_CTLR = 0, GICR_WAKER = 0x14, SETLPIR = 0x40, PROPBASER = 0x70, PENDBASER = 0x78 };
enum { INVALLR = 0xb0 };

/* A VM with one vCPU and DirectLPI, whose host is given. */
struct bare {
    struct lvgic_vm *vm;
    struct lvgic_vcpu *vcpu;
    void *memory;
    unsigned kicks, reads, relaxes;
    bool ask_again;
};

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)v;
    ((struct bare *)ctx)->kicks++;
}

static void redist_write(struct bare *bare, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = true, .value = value};

    assert_int_equal(lvgic_redist_access(bare->vm, NULL, LVGIC_VCPU(0), &access), LVGIC_OK);
}

static void dist_write(struct bare *bare, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = true, .value = value};

    assert_int_equal(lvgic_dist_access(bare->vm, NULL, &access), LVGIC_OK);
}

/* Every LPI is enabled, and every second one is pending in the guest's table. */
static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    struct bare *bare = ctx;
    uint8_t *bytes = data;

    bare->reads++;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = gpa < PENDING_TABLE ? 0x81 : 0x55;
    if (bare->ask_again)
        redist_write(bare, INVALLR, 8, 0);
    return true;
}

static const struct lvgic_host minimal = {.kick = kick, .read_guest = read_guest};

static struct bare *bare_new(unsigned nr_lpis)
{
    struct lvgic_config config = {.nr_vcpus = 1, .nr_spis = 32, .nr_lpis = nr_lpis};
    struct bare *bare = calloc(1, sizeof *bare);
    size_t size = lvgic_vm_size(&config);

    bare->memory = aligned_alloc(64, size);
    assert_int_equal(lvgic_vm_init(bare->memory, size, &config, &minimal, bare, &bare->vm),
                     LVGIC_OK);
    bare->vcpu = lvgic_vcpu(bare->vm, LVGIC_VCPU(0));
    dist_write(bare, 0, 4, 3);
    return bare;
}

static void bare_free(struct bare *bare)
{
    assert_null(lvgic_check(bare->vm));
    assert_int_equal(lvgic_vm_fini(bare->vm), LVGIC_OK);
    free(bare->memory);
    free(bare);
}

static void enable_lpis(struct bare *bare)
{
    redist_write(bare, PROPBASER, 8, CONFIG_TABLE | 15);
    redist_write(bare, PENDBASER, 8, PENDING_TABLE);
    redist_write(bare, GICR_CTLR, 4, 1);
}

static void sysreg_write(struct bare *bare, enum sysreg reg, uint64_t value)
{
    assert_int_equal(lvgic_vcpu_sysreg(bare->vcpu, sysreg_rows[reg].encoding, true, &value),
                     LVGIC_SYSREG_DONE);
}

/* Without write_guest the pending table stays as it is; without lpi_work the guest's own accesses
 * carry on what one call must not do alone. */
static void lpis_without_callbacks(void **state)
{
    struct bare *bare = bare_new(2 * LVGIC_LPI_WORK);
    struct lvgic_access ctlr = {.offset = GICR_CTLR, .size = 4};
    struct lvgic_irq_info info;

    (void)state;
    enable_lpis(bare);
    assert_int_equal(lvgic_irq_info(bare->vm, LVGIC_VCPU(0), LVGIC_INTID(8192 + 2046), &info),
                     LVGIC_OK);
    assert_false(info.enabled); /* not yet */
    lvgic_redist_access(bare->vm, NULL, LVGIC_VCPU(0), &ctlr);
    lvgic_redist_access(bare->vm, NULL, LVGIC_VCPU(0), &ctlr);
    assert_false(lvgic_its_run(bare->vm));
    for (unsigned i = 0; i < 2 * LVGIC_LPI_WORK; i++) {
        lvgic_irq_info(bare->vm, LVGIC_VCPU(0), LVGIC_INTID(8192 + i), &info);
        assert_true(info.enabled);
        assert_int_equal(info.pending, i % 2 == 0);
    }
    bare_free(bare);
}

/* A host that asks for the same again whenever the library reads its memory does not keep the
 * thread for ever: each round counts. */
static void work_asked_for_while_it_is_done(void **state)
{
    struct bare *bare = bare_new(1);

    (void)state;
    enable_lpis(bare);
    bare->reads = 0;
    bare->ask_again = true;
    redist_write(bare, INVALLR, 8, 0);
    assert_in_range(bare->reads, 2, LVGIC_LPI_WORK);
    bare->ask_again = false;
    while (lvgic_its_run(bare->vm))
        ;
    bare_free(bare);
}

/* No wake: the host looks for itself. No deactivated: nobody wants to hear. */
static void wired_without_callbacks(void **state)
{
    struct bare *bare = bare_new(0);
    uint64_t intid = 0;

    (void)state;
    sysreg_write(bare, SYSREG_ICC_PMR_EL1, 0xff);
    sysreg_write(bare, SYSREG_ICC_IGRPEN0_EL1, 1);
    dist_write(bare, 0x104, 4, 1u << 8); /* ISENABLER, 40 */
    assert_int_equal(lvgic_set_notify(bare->vm, LVGIC_VCPU(0), LVGIC_INTID(40), true), LVGIC_OK);
    assert_true(lvgic_vcpu_block(bare->vcpu));
    lvgic_set_line(bare->vm, LVGIC_VCPU(0), LVGIC_INTID(40), true);
    assert_int_equal(bare->kicks, 0);
    assert_false(lvgic_vcpu_block(bare->vcpu));
    lvgic_vcpu_enter(bare->vcpu);
    lvgic_vcpu_sysreg(bare->vcpu, sysreg_rows[SYSREG_ICC_IAR0_EL1].encoding, false, &intid);
    assert_int_equal(intid, 40);
    lvgic_set_line(bare->vm, LVGIC_VCPU(0), LVGIC_INTID(40), false);
    sysreg_write(bare, SYSREG_ICC_EOIR0_EL1, 40);
    lvgic_vcpu_exit(bare->vcpu);
    bare_free(bare);
}

static void resume(void *ctx, lvgic_vcpuid v)
{
    struct bare *bare = ctx;

    (void)v;
    bare->relaxes++;
    lvgic_resume(bare->vm);
}

/* Who enters while the gate is closed waits until it is open. */
static void entering_waits_for_the_gate(void **state)
{
    static const struct lvgic_host host = {.kick = kick, .relax = resume, .read_guest = read_guest};
    struct bare *bare = bare_new(0);

    (void)state;
    bare->vm->host = &host;
    lvgic_pause(bare->vm);
    lvgic_pause(bare->vm);
    assert_int_equal(lvgic_vcpu_enter(bare->vcpu), LVGIC_OK);
    assert_int_equal(bare->relaxes, 2);
    assert_int_equal(lvgic_vcpu_exit(bare->vcpu), LVGIC_OK);
    bare_free(bare);
}

/* The vCPU's thread, which takes its time to come out of the guest. */
static void *vcpu_thread(void *arg)
{
    struct bare *bare = arg;
    const struct timespec time = {.tv_nsec = 20000000};

    nanosleep(&time, NULL);
    lvgic_vcpu_exit(bare->vcpu);
    return NULL;
}

/* No relax: who waits for a vCPU does so in a busy loop. */
static void waiting_without_relax(void **state)
{
    struct bare *bare = bare_new(0);
    pthread_t thread;

    (void)state;
    lvgic_vcpu_enter(bare->vcpu);
    assert_int_equal(pthread_create(&thread, NULL, vcpu_thread, bare), 0);
    lvgic_pause(bare->vm);
    assert_int_equal(bare->kicks, 1);
    assert_int_equal(lvgic_vcpu_exit(bare->vcpu), LVGIC_E_PHASE); /* it is out */
    lvgic_resume(bare->vm);
    pthread_join(thread, NULL);
    bare_free(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lpis_without_callbacks),
        cmocka_unit_test(work_asked_for_while_it_is_done),
        cmocka_unit_test(wired_without_callbacks),
        cmocka_unit_test(entering_waits_for_the_gate),
        cmocka_unit_test(waiting_without_relax),
    };

    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
