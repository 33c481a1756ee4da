/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "lvgic/its.h"

#include <stdlib.h>
#include <string.h>

static void kick(void *ctx, lvgic_vcpuid v)
{
    ((struct rig *)ctx)->kicks[v.n]++;
}

static void wake(void *ctx, lvgic_vcpuid v)
{
    ((struct rig *)ctx)->wakes[v.n]++;
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    struct rig *rig = ctx;

    if (++rig->relaxes > 1000)
        fail_msg("waits for ever for vCPU %u", v.n);
    if (rig->relax_exits)
        lvgic_vcpu_exit(rig->cpu[v.n]);
}

static void deactivated(void *ctx, lvgic_vcpuid v, lvgic_intid intid)
{
    (void)v;
    ((struct rig *)ctx)->deactivated[intid.n]++;
}

static bool phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)v;
    return ((struct rig *)ctx)->phys_line[pintid];
}

static void phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)v;
    ((struct rig *)ctx)->phys_deactivated[pintid]++;
}

static void broken(void *ctx, const char *what)
{
    ((struct rig *)ctx)->broken = what;
}

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_BYTES 0x400000u

static uint8_t *guest_memory(struct rig *rig, uint64_t gpa, uint32_t size)
{
    return gpa >= RAM_BASE && gpa < rig->ram_end && size <= rig->ram_end - gpa
               ? rig->ram + (gpa - RAM_BASE)
               : NULL;
}

static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    struct rig *rig = ctx;
    const uint8_t *place = guest_memory(rig, gpa, size);

    rig->guest_reads++;
    if (place)
        memcpy(data, place, size);
    return place != NULL;
}

static bool write_guest(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    struct rig *rig = ctx;
    uint8_t *place = guest_memory(rig, gpa, size);

    rig->guest_writes++;
    if (place)
        memcpy(place, data, size);
    return place != NULL;
}

static void lpi_work(void *ctx)
{
    ((struct rig *)ctx)->lpi_works++;
}

static void event_mapped(void *ctx, uint32_t its, uint32_t device, uint32_t event, bool mapped)
{
    struct rig *rig = ctx;

    *(mapped ? &rig->told.mapped : &rig->told.unmapped) += 1;
    rig->told.its = its;
    rig->told.device = device;
    rig->told.event = event;
    if (rig->told.sends) {
        rig->told.status = lvgic_msi(rig->vm, its, device, event);
        assert_false(lvgic_its_run(rig->vm));
    }
}

static void holder(void *ctx, uint32_t lpi, enum lvgic_holder holder, bool set)
{
    (void)lpi;
    ((struct rig *)ctx)->holders[holder] += set ? 1 : -1;
}

static const struct lvgic_host host = {
    .kick = kick,
    .wake = wake,
    .relax = relax,
    .deactivated = deactivated,
    .phys_line = phys_line,
    .phys_deactivate = phys_deactivate,
    .read_guest = read_guest,
    .write_guest = write_guest,
    .lpi_work = lpi_work,
    .event_mapped = event_mapped,
    .holder = holder,
    .broken = broken,
};

struct rig *rig_with(const struct lvgic_config *config)
{
    struct rig *rig = calloc(1, sizeof *rig);
    size_t size = lvgic_vm_size(config);

    assert_true(size > 0);
    rig->memory = aligned_alloc(64, size);
    rig->ram = config->nr_lpis ? calloc(1, RAM_BYTES) : NULL;
    rig->ram_end = RAM_BASE + (config->nr_lpis ? RAM_BYTES : 0);
    assert_int_equal(lvgic_vm_init(rig->memory, size, config, &host, rig, &rig->vm), LVGIC_OK);
    rig_dist_write(rig, 0, 4, 3);
    for (unsigned i = 0; i < config->nr_vcpus; i++) {
        rig->cpu[i] = lvgic_vcpu(rig->vm, LVGIC_VCPU(i));
        if (config->gic == 2) {
            rig_gicc_write(rig, i, GICC_REG_PMR, 0xff);
            rig_gicc_write(rig, i, GICC_REG_CTLR, 3);
            continue;
        }
        rig_icc_write(rig, i, SYSREG_ICC_PMR_EL1, 0xff);
        rig_icc_write(rig, i, SYSREG_ICC_IGRPEN0_EL1, 1);
        rig_icc_write(rig, i, SYSREG_ICC_IGRPEN1_EL1, 1);
    }
    return rig;
}

struct rig *rig_new(unsigned nr_lrs, unsigned nr_cpus)
{
    struct lvgic_config config = {.nr_vcpus = nr_cpus, .nr_spis = 96, .nr_lrs = (uint8_t)nr_lrs};

    return rig_with(&config);
}

struct rig *rig_gicv2(unsigned nr_lrs, unsigned nr_cpus)
{
    struct lvgic_config config = {
        .gic = 2, .nr_vcpus = nr_cpus, .nr_spis = 96, .nr_lrs = (uint8_t)nr_lrs};

    return rig_with(&config);
}

void rig_free(struct rig *rig)
{
    const char *what;

    for (unsigned i = 0; i < RIG_CPUS; i++)
        if (rig->cpu[i])
            lvgic_vcpu_exit(rig->cpu[i]); /* refused if it is out already */
    what = lvgic_check(rig->vm);
    if (what || rig->broken)
        fail_msg("%s", what ? what : rig->broken);
    assert_int_equal(lvgic_vm_fini(rig->vm), LVGIC_OK);
    if (rig->broken)
        fail_msg("%s", rig->broken);
    assert_int_equal(rig->told.mapped, rig->told.unmapped);
    assert_int_equal(rig->holders[LVGIC_HOLDER_MAPPED], 0);
    assert_int_equal(rig->holders[LVGIC_HOLDER_LIST_REGISTER], 0);
    free(rig->ram);
    free(rig->memory);
    free(rig);
}

static uint64_t dist(struct rig *rig, unsigned offset, unsigned size, bool write, uint64_t value)
{
    struct lvgic_access access = {.offset = offset,
                                  .size = (uint8_t)size,
                                  .write = write,
                                  .value = value,
                                  .secure = rig->secure};

    assert_int_equal(lvgic_dist_access(rig->vm, NULL, &access), LVGIC_OK);
    return access.value;
}

static uint64_t redist(struct rig *rig, unsigned cpu, unsigned offset, unsigned size, bool write,
                       uint64_t value)
{
    struct lvgic_access access = {.offset = offset,
                                  .size = (uint8_t)size,
                                  .write = write,
                                  .value = value,
                                  .secure = rig->secure};

    assert_int_equal(lvgic_redist_access(rig->vm, NULL, LVGIC_VCPU(cpu), &access), LVGIC_OK);
    return access.value;
}

void rig_dist_write(struct rig *rig, unsigned offset, unsigned size, uint64_t value)
{
    dist(rig, offset, size, true, value);
}

uint64_t rig_dist_read(struct rig *rig, unsigned offset, unsigned size)
{
    return dist(rig, offset, size, false, 0);
}

void rig_redist_write(struct rig *rig, unsigned cpu, unsigned offset, unsigned size, uint64_t value)
{
    redist(rig, cpu, offset, size, true, value);
}

uint64_t rig_redist_read(struct rig *rig, unsigned cpu, unsigned offset, unsigned size)
{
    return redist(rig, cpu, offset, size, false, 0);
}

static uint64_t dist_by(struct rig *rig, unsigned cpu, unsigned offset, unsigned size, bool write,
                        uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = write, .value = value};

    assert_int_equal(lvgic_dist_access(rig->vm, rig->cpu[cpu], &access), LVGIC_OK);
    return access.value;
}

void rig_dist_write_by(struct rig *rig, unsigned cpu, unsigned offset, unsigned size,
                       uint64_t value)
{
    dist_by(rig, cpu, offset, size, true, value);
}

uint64_t rig_dist_read_by(struct rig *rig, unsigned cpu, unsigned offset, unsigned size)
{
    return dist_by(rig, cpu, offset, size, false, 0);
}

static uint64_t gicc(struct rig *rig, unsigned cpu, enum gicc_reg reg, bool write, uint64_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    assert_int_equal(lvgic_gicc_access(rig->cpu[cpu], &access), LVGIC_OK);
    return access.value;
}

void rig_gicc_write(struct rig *rig, unsigned cpu, enum gicc_reg reg, uint64_t value)
{
    gicc(rig, cpu, reg, true, value);
}

uint64_t rig_gicc_read(struct rig *rig, unsigned cpu, enum gicc_reg reg)
{
    return gicc(rig, cpu, reg, false, 0);
}

void rig_set_bit(struct rig *rig, unsigned cpu, unsigned array, unsigned intid)
{
    uint64_t bit = UINT64_C(1) << intid % 32;

    if (intid < 32)
        rig_redist_write(rig, cpu, 0x10000 + array, 4, bit);
    else
        rig_dist_write(rig, array + intid / 32 * 4, 4, bit);
}

bool rig_get_bit(struct rig *rig, unsigned cpu, unsigned array, unsigned intid)
{
    uint64_t value = intid < 32 ? rig_redist_read(rig, cpu, 0x10000 + array, 4)
                                : rig_dist_read(rig, array + intid / 32 * 4, 4);

    return value >> intid % 32 & 1;
}

void rig_setup(struct rig *rig, unsigned cpu, unsigned intid, bool edge, unsigned priority)
{
    bool private = intid < 32;
    unsigned group = private ? 0x10080 : 0x80 + intid / 32 * 4;
    unsigned config = private ? 0x10c00 + intid / 16 * 4 : 0xc00 + intid / 16 * 4;
    uint64_t groups = private ? rig_redist_read(rig, cpu, group, 4) : rig_dist_read(rig, group, 4);
    uint64_t configs =
        private ? rig_redist_read(rig, cpu, config, 4) : rig_dist_read(rig, config, 4);
    uint64_t two = UINT64_C(2) << intid % 16 * 2;

    groups |= UINT64_C(1) << intid % 32;
    configs = edge ? configs | two : configs & ~two;
    if (private) {
        rig_redist_write(rig, cpu, group, 4, groups);
        rig_redist_write(rig, cpu, config, 4, configs);
        rig_redist_write(rig, cpu, 0x10400 + intid, 1, priority);
    } else {
        rig_dist_write(rig, group, 4, groups);
        rig_dist_write(rig, config, 4, configs);
        rig_dist_write(rig, 0x400 + intid, 1, priority);
        rig_dist_write(rig, 0x6000 + 8 * intid, 8, cpu);
    }
    rig_set_bit(rig, cpu, ISENABLER, intid);
}

void rig_icc_write(struct rig *rig, unsigned cpu, enum sysreg reg, uint64_t value)
{
    struct lvgic_vcpu *vcpu = lvgic_vcpu(rig->vm, LVGIC_VCPU(cpu));

    assert_int_equal(lvgic_vcpu_sysreg(vcpu, sysreg_rows[reg].encoding, true, &value),
                     LVGIC_SYSREG_DONE);
}

uint64_t rig_icc_read(struct rig *rig, unsigned cpu, enum sysreg reg)
{
    struct lvgic_vcpu *vcpu = lvgic_vcpu(rig->vm, LVGIC_VCPU(cpu));
    uint64_t value = 0;

    assert_int_equal(lvgic_vcpu_sysreg(vcpu, sysreg_rows[reg].encoding, false, &value),
                     LVGIC_SYSREG_DONE);
    return value;
}

void rig_enter(struct rig *rig, unsigned cpu)
{
    assert_int_equal(lvgic_vcpu_enter(rig->cpu[cpu]), LVGIC_OK);
}

void rig_exit(struct rig *rig, unsigned cpu)
{
    assert_int_equal(lvgic_vcpu_exit(rig->cpu[cpu]), LVGIC_OK);
}

void rig_turn(struct rig *rig, unsigned cpu)
{
    rig_exit(rig, cpu);
    rig_enter(rig, cpu);
}

unsigned rig_ack(struct rig *rig, unsigned cpu)
{
    return (unsigned)rig_icc_read(rig, cpu, SYSREG_ICC_IAR1_EL1);
}

void rig_eoi(struct rig *rig, unsigned cpu, unsigned intid)
{
    rig_icc_write(rig, cpu, SYSREG_ICC_EOIR1_EL1, intid);
}

void rig_pulse(struct rig *rig, unsigned cpu, unsigned intid)
{
    assert_int_equal(lvgic_pulse(rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid)), LVGIC_OK);
}

void rig_line(struct rig *rig, unsigned cpu, unsigned intid, bool high)
{
    assert_int_equal(lvgic_set_line(rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid), high), LVGIC_OK);
}
