/* SPDX-License-Identifier: MIT */
/* Snapshots: what is saved, restored and saved again is the same; guests go on where they were; a
 * restore that fails changes nothing. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "lvgic/state.h"
#include "state/format.h"

/* In one thread there is nothing for ThreadSanitizer to see, which is slow. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PART 4
#endif
#endif
#ifndef PART
#define PART 1
#endif
#define STATES (10000 / PART)

/* What was in the snapshots: that the states were not all alike. */
struct seen {
    unsigned lpis, pending, direct, owed, closing, commands, dropping;
};

static unsigned count_pending(const uint8_t *entries, uint32_t nr)
{
    unsigned pending = 0;

    for (uint32_t i = 0; i < nr; i++)
        pending += snap_get8(entries + (size_t)i * LPI_SIZE + LPI_AT_STATE) & LPI_STATE_PENDING;
    return pending;
}

static void look(struct seen *seen, const uint8_t *snapshot, size_t size)
{
    struct snap_rec rec;

    for (size_t at = SNAP_HEADER_SIZE; snap_next(snapshot, size, &at, &rec);) {
        const uint8_t *c = rec.content;

        if (rec.type == SNAP_REDIST) {
            seen->owed += snap_get32(c + REDIST_AT_OWED) || snap_get32(c + REDIST_AT_INVLPIR);
            seen->closing += snap_get32(c + REDIST_AT_MODE) == LPIS_CLOSING;
            seen->direct +=
                count_pending(c + REDIST_AT_ENTRIES, snap_get32(c + REDIST_AT_COUNT)) > 0;
        } else if (rec.type == SNAP_ITS) {
            seen->commands += snap_get64(c + ITS_AT_CWRITER) != snap_get64(c + ITS_AT_CREADR);
            seen->dropping += snap_get32(c + ITS_AT_GATE) > 1;
        } else if (rec.type == SNAP_DEVICE) {
            seen->lpis += snap_get32(c + DEVICE_AT_COUNT);
            seen->pending +=
                count_pending(c + DEVICE_AT_ENTRIES, snap_get32(c + DEVICE_AT_COUNT)) > 0;
        }
    }
}

/* Ten thousand random states, into VMs with other list registers that were in other states. */
static void saved_restored_and_saved_again(void **state)
{
    struct world world;
    struct seen seen = {.lpis = 0};
    unsigned done = 0;

    (void)state;
    for (uint64_t seed = 1; done < STATES; seed++) {
        struct rig *other;

        world_make(&world, seed, 0, false);
        other = world_rig(&world, 1 + (unsigned)world_random(&world, 16));
        for (unsigned i = 0; i < 50; i++, done++) {
            size_t size, again_size;
            uint8_t *snapshot, *again;

            world_go(&world, 1 + (unsigned)world_random(&world, 60));
            snapshot = world_save(world.rig, &size);
            snapshot_restore(other, snapshot, size);
            assert_null(lvgic_check(other->vm));
            again = world_save(other, &again_size);
            snapshot_assert_same(snapshot, size, again, again_size);
            look(&seen, snapshot, size);
            free(snapshot);
            free(again);
            /* Sometimes the world goes on in the other VM. */
            if (world_random(&world, 4) == 0) {
                struct rig *was = world.rig;

                world_pause(&world);
                world_swap_memory(was, other);
                world.rig = other;
                other = was;
            }
        }
        rig_free(other);
        world_end(&world);
    }
    assert_true(seen.lpis > STATES * 4 / 10 && seen.pending > STATES / 40);
    assert_true(seen.direct > STATES / 40 && seen.owed > STATES / 800);
    assert_true(seen.closing > STATES / 300 && seen.commands > STATES / 25);
    assert_true(seen.dropping > 3 / PART);
}

/* Everything that is pending, active or to be completed, until nothing is left; a log of it. */
struct log {
    unsigned nr;
    uint32_t what[4096];
};

static bool is_special(uint32_t intid)
{
    return (intid & 0x3ff) >= 1020 && intid < 1024;
}

/* What the guest acknowledges next, of either group; 0: nothing. INTID 0 is in group 1. */
static uint32_t next(struct world *world, unsigned cpu)
{
    uint32_t intid;

    if (world->config.gic == 2) {
        intid = (uint32_t)rig_gicc_read(world->rig, cpu, GICC_REG_IAR);
        return is_special(intid) ? 0 : intid | WORLD_GROUP1;
    }
    intid = (uint32_t)rig_icc_read(world->rig, cpu, SYSREG_ICC_IAR1_EL1);
    if (!is_special(intid))
        return intid | WORLD_GROUP1;
    intid = (uint32_t)rig_icc_read(world->rig, cpu, SYSREG_ICC_IAR0_EL1);
    return is_special(intid) ? 0 : intid;
}

static bool is_mapped(struct rig *rig, unsigned cpu, uint32_t intid)
{
    struct lvgic_irq_info info = {.hw = false};

    lvgic_irq_info(rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid & 0x1fff), &info);
    return info.hw;
}

static void drain_cpu(struct world *world, unsigned cpu, struct log *log)
{
    struct rig *rig = world->rig;

    for (unsigned rounds = 0; rounds < 400; rounds++) {
        uint32_t intid;

        while (world->nr_acked[cpu])
            world_complete(world, cpu, world->acked[cpu][--world->nr_acked[cpu]]);
        intid = next(world, cpu);
        if (!intid)
            return;
        world->acked[cpu][world->nr_acked[cpu]++] = intid;
        intid &= ~WORLD_GROUP1;
        /* A forwarded interrupt that is given back comes again from the physical GIC, which the rig
         * does not have: how often depends on the list registers. */
        if (!is_mapped(rig, cpu, intid))
            log->what[log->nr++] = cpu << 24 | intid;
        if (intid < 1020)
            rig->phys_line[intid] = false; /* the handler quiets the device */
        for (unsigned v = 0; v < world->config.nr_vcpus; v++)
            lvgic_set_line(rig->vm, LVGIC_VCPU(intid < 32 ? cpu : v), LVGIC_INTID(intid & 0x1fff),
                           false);
    }
    fail_msg("interrupts without end");
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void drain(struct world *world, struct log *log)
{
    static uint32_t idle[] = {ISACTIVER + 4, ISACTIVER + 8};

    log->nr = 0;
    world->rig->relaxes = 0;
    for (unsigned cpu = 0; cpu < world->config.nr_vcpus; cpu++) {
        world->inside[cpu] = false;
        memset(world->rig->phys_line, 1, sizeof world->rig->phys_line);
        assert_int_equal(lvgic_vcpu_enter(world->rig->cpu[cpu]), LVGIC_OK);
        drain_cpu(world, cpu, log);
        assert_int_equal(lvgic_vcpu_exit(world->rig->cpu[cpu]), LVGIC_OK);
    }
    for (unsigned i = 0; i < ARRAY_LEN(idle); i++)
        assert_int_equal(rig_dist_read(world->rig, idle[i], 4), 0);
    qsort(log->what, log->nr, sizeof log->what[0], compare);
}

/* Guests that keep to the rules are interrupted by the same, on the same vCPUs, and complete what
 * they had acknowledged, wherever they go on. */
static void guests_go_on(void **state)
{
    static struct log here, there;
    unsigned busy = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 2000 / PART; seed++) {
        struct world world, other;
        uint8_t *snapshot;
        size_t size;

        world_make(&world, seed, 0, true);
        world_go(&world, 60 + (unsigned)world_random(&world, 100));
        snapshot = world_save(world.rig, &size);
        world_pause(&world);
        other = world;
        other.rig = world_rig(&world, 1 + seed % 16);
        snapshot_restore(other.rig, snapshot, size);
        if (world.rig->ram)
            memcpy(other.rig->ram, world.rig->ram, world.rig->ram_end - 0x40000000);
        for (unsigned cpu = 0; cpu < world.config.nr_vcpus; cpu++)
            busy += world.nr_acked[cpu] > 1;
        drain(&world, &here);
        drain(&other, &there);
        assert_int_equal(here.nr, there.nr);
        assert_memory_equal(here.what, there.what, here.nr * sizeof here.what[0]);
        free(snapshot);
        world_end(&other);
        world_end(&world);
    }
    assert_in_range(busy, 300 / PART, UINT32_MAX); /* it was about something */
}

/* ------------------------------------------------------------------ what is refused */

static void refused(const struct lvgic_config *from, const struct lvgic_config *to, int status)
{
    struct rig *source = rig_with(from), *target = rig_with(to);
    size_t size, before_size, after_size;
    uint8_t *snapshot, *before, *after;

    rig_setup(target, 0, 40, true, 0x80);
    rig_pulse(target, 0, 40);
    rig_setup(source, 0, 33, true, 0x40);
    snapshot = world_save(source, &size);
    before = world_save(target, &before_size);
    assert_int_equal(lvgic_restore(target->vm, snapshot, size), status);
    after = world_save(target, &after_size);
    snapshot_assert_same(before, before_size, after, after_size);
    free(snapshot), free(before), free(after);
    rig_free(source);
    rig_free(target);
}

static void a_vm_that_does_not_fit_is_left_alone(void **state)
{
    static const lvgic_affinity affinity[] = {{.mpidr = 7}, {.mpidr = 9}};
    struct lvgic_config base = {.nr_vcpus = 2, .nr_spis = 64, .nr_eppis = 32, .nr_espis = 32};
    struct lvgic_config to = base;

    (void)state;
    base.pri_bits = 6;
    to.pri_bits = 5, refused(&base, &to, LVGIC_E_FEWER_PRIORITIES), to.pri_bits = 6;
    to.nr_vcpus = 1, refused(&base, &to, LVGIC_E_OTHER_VCPUS);
    to.nr_vcpus = 3, refused(&base, &to, LVGIC_E_OTHER_VCPUS), to.nr_vcpus = 2;
    to.affinity = affinity, refused(&base, &to, LVGIC_E_OTHER_VCPUS), to.affinity = NULL;
    to.nr_spis = 32, refused(&base, &to, LVGIC_E_FEWER_INTIDS), to.nr_spis = 64;
    to.nr_eppis = 0, refused(&base, &to, LVGIC_E_FEWER_INTIDS), to.nr_eppis = 32;
    to.nr_espis = 0, refused(&base, &to, LVGIC_E_FEWER_INTIDS), to.nr_espis = 32;
    to.nmi = true, refused(&base, &to, LVGIC_E_OTHER_OPTIONS), to.nmi = false;
    to.one_of_n = true, refused(&base, &to, LVGIC_E_OTHER_OPTIONS), to.one_of_n = false;
    to.two_security_states = true, refused(&base, &to, LVGIC_E_OTHER_OPTIONS);
    base = (struct lvgic_config){.nr_vcpus = 2, .nr_spis = 32, .gic = 2};
    to = (struct lvgic_config){.nr_vcpus = 2, .nr_spis = 64};
    refused(&base, &to, LVGIC_E_OTHER_GIC);
}

/* Into a VM with more of everything: all is there, and what the snapshot does not have is reset. */
static void a_larger_vm_takes_it(void **state)
{
    struct lvgic_config base = {.nr_vcpus = 2, .nr_spis = 32, .pri_bits = 5};
    struct lvgic_config more = {
        .nr_vcpus = 2, .nr_spis = 96, .nr_espis = 32, .nr_eppis = 32, .pri_bits = 7};
    struct rig *source = rig_with(&base), *target = rig_with(&more);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    rig_setup(source, 1, 40, true, 0x80);
    rig_setup(source, 1, 41, true, 0x40);
    rig_pulse(source, 0, 40);
    rig_enter(source, 1);
    assert_int_equal(rig_ack(source, 1), 40);
    rig_pulse(source, 0, 41);
    rig_turn(source, 1);
    rig_setup(target, 0, 100, true, 0x10);
    rig_pulse(target, 0, 100);
    rig_exit(source, 1);

    snapshot = world_save(source, &size);
    snapshot_restore(target, snapshot, size);
    /* What is beyond the snapshot's interrupts does not exist any more, as the guest knows it. */
    assert_int_equal(rig_dist_read(target, 4, 4) & 31, 1);
    assert_int_equal(lvgic_pulse(target->vm, LVGIC_VCPU(0), LVGIC_INTID(100)), LVGIC_E_NO_ENTRY);
    assert_true(rig_get_bit(target, 0, ISACTIVER, 40));
    rig_enter(target, 1);
    assert_int_equal(rig_icc_read(target, 1, SYSREG_ICC_RPR_EL1), 0x80);
    assert_int_equal(rig_ack(target, 1), 41);
    rig_eoi(target, 1, 41);
    assert_int_equal(rig_icc_read(target, 1, SYSREG_ICC_RPR_EL1), 0x80);
    rig_eoi(target, 1, 40);
    assert_int_equal(rig_icc_read(target, 1, SYSREG_ICC_RPR_EL1), 0xff);
    rig_exit(target, 1);
    assert_false(rig_get_bit(target, 0, ISACTIVER, 40));
    free(snapshot);
    rig_free(source);
    rig_free(target);
}

/* Mapped interrupts must be mapped here too; their physical INTIDs are the host's business. */
static void mappings_are_compared(void **state)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32};
    struct rig *source = rig_with(&config), *target = rig_with(&config);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    assert_int_equal(lvgic_map_hw(source->vm, LVGIC_VCPU(1), LVGIC_INTID(27), 27), LVGIC_OK);
    rig_line(source, 1, 27, true);
    snapshot = world_save(source, &size);
    assert_int_equal(lvgic_restore(target->vm, snapshot, size), LVGIC_E_OTHER_MAPPING);
    lvgic_map_hw(target->vm, LVGIC_VCPU(0), LVGIC_INTID(27), 27);
    assert_int_equal(lvgic_restore(target->vm, snapshot, size), LVGIC_E_OTHER_MAPPING);
    lvgic_unmap_hw(target->vm, LVGIC_VCPU(0), LVGIC_INTID(27));
    lvgic_map_hw(target->vm, LVGIC_VCPU(1), LVGIC_INTID(27), 30);
    snapshot_restore(target, snapshot, size);
    assert_true(lvgic_hw_active(target->vm, LVGIC_VCPU(1), LVGIC_INTID(27)));
    free(snapshot);
    rig_free(source);
    rig_free(target);
}

/* ------------------------------------------------------------------ the format */

/* Each byte changed, with and without the checksum made right: an error, or a state that can be
 * restored and holds together; and with an error nothing changes. */
static void damaged(void **state)
{
    struct world world;
    size_t size, again_size;
    unsigned fine = 0, bad = 0, whole = 0;

    (void)state;
    world_make(&world, 7, 3, false);
    world_go(&world, 300);
    world_pause(&world);

    uint8_t *snapshot = world_save(world.rig, &size);
    struct rig *target = world_rig(&world, 4);
    uint8_t *before = world_save(target, &again_size), *copy = malloc(size);

    for (size_t i = 0; i < size; i++)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            memcpy(copy, snapshot, size);
            copy[i] ^= (uint8_t)(1u << bit);
            if (i < SNAP_AT_CRC + 4)
                assert_int_not_equal(lvgic_restore(target->vm, copy, size), LVGIC_OK);
            snapshot_seal(copy, size);
            if (lvgic_restore(target->vm, copy, size) == LVGIC_OK) {
                assert_null(lvgic_check(target->vm));
                snapshot_restore(target, before, again_size);
                fine++;
            } else {
                uint8_t *after = world_save(target, &again_size);

                snapshot_assert_same(before, again_size, after, again_size);
                free(after);
                bad++;
            }
        }
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(copy, snapshot, size);
        assert_int_equal(lvgic_restore(target->vm, copy, cut), LVGIC_E_FORMAT);
        if (cut > SNAP_HEADER_SIZE) {
            snapshot_seal(copy, cut);
            whole += lvgic_restore(target->vm, copy, cut) == LVGIC_OK;
        }
    }
    assert_int_equal(whole, 1); /* but for the last record, which is optional */
    assert_true(fine > 100 && bad > 100);
    free(snapshot), free(before), free(copy);
    rig_free(target);
    world_end(&world);
}

/* A record of a type that nobody knows: skipped, or, if it is required, refused. And a version. */
static void unknown_records(void **state)
{
    static const uint8_t record[16] = {0x34, 0x12, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c'};
    struct rig *rig = rig_new(4, 2);
    uint8_t *snapshot, *longer;
    size_t size;

    (void)state;
    snapshot = world_save(rig, &size);
    longer = malloc(size + sizeof record);
    memcpy(longer, snapshot, size);
    memcpy(longer + size, record, sizeof record);
    snapshot_seal(longer, size + sizeof record);
    assert_int_equal(lvgic_restore(rig->vm, longer, size + sizeof record), LVGIC_OK);
    longer[size + REC_AT_FLAGS] = REC_REQUIRED;
    snapshot_seal(longer, size + sizeof record);
    assert_int_equal(lvgic_restore(rig->vm, longer, size + sizeof record), LVGIC_E_UNKNOWN);
    snapshot[SNAP_AT_VERSION] = 2;
    assert_int_equal(lvgic_restore(rig->vm, snapshot, size), LVGIC_E_UNKNOWN);
    free(snapshot), free(longer);
    rig_free(rig);
}

/* The order of the records does not count, but for the first. */
static void records_in_any_order(void **state)
{
    struct world world;
    uint8_t *snapshot, *turned, *again;
    size_t size, again_size, at = SNAP_HEADER_SIZE, end, begin;
    struct snap_rec rec;

    (void)state;
    world_make(&world, 11, 3, false);
    world_go(&world, 200);
    snapshot = world_save(world.rig, &size);
    turned = calloc(1, size);
    memcpy(turned, snapshot, SNAP_HEADER_SIZE);
    snap_next(snapshot, size, &at, &rec);
    memcpy(turned + SNAP_HEADER_SIZE, snapshot + SNAP_HEADER_SIZE, at - SNAP_HEADER_SIZE);
    end = size;
    while (begin = at, snap_next(snapshot, size, &at, &rec)) {
        end -= at - begin;
        memcpy(turned + end, snapshot + begin, at - begin);
    }
    snapshot_seal(turned, size);

    struct rig *target = world_rig(&world, 2);

    snapshot_restore(target, turned, size);
    again = world_save(target, &again_size);
    snapshot_assert_same(snapshot, size, again, again_size);
    free(snapshot), free(turned), free(again);
    rig_free(target);
    world_end(&world);
}

static void a_buffer_that_is_too_small(void **state)
{
    struct rig *rig = rig_new(4, 2);
    size_t size = lvgic_save_size(rig->vm), used = 77;
    uint8_t *buffer = malloc(size);

    (void)state;
    assert_int_equal(lvgic_save(rig->vm, buffer, size - 1, &used), LVGIC_E_NO_MEMORY);
    assert_int_equal(lvgic_save(rig->vm, NULL, size, &used), LVGIC_E_INVALID);
    assert_int_equal(lvgic_save(rig->vm, buffer, size, NULL), LVGIC_E_INVALID);
    assert_int_equal(used, 77);
    assert_int_equal(lvgic_restore(rig->vm, NULL, size), LVGIC_E_INVALID);
    free(buffer);
    rig_free(rig);
}

/* What belongs to the host stays: notifications, physical INTIDs. */
static void the_hosts_own_stays(void **state)
{
    struct rig *source = rig_new(4, 1), *target = rig_new(1, 1);
    uint8_t *snapshot;
    size_t size;

    (void)state;
    rig_setup(source, 0, 40, false, 0x80);
    rig_line(source, 0, 40, true);
    lvgic_set_notify(target->vm, LVGIC_VCPU(0), LVGIC_INTID(40), true);
    snapshot = world_save(source, &size);
    snapshot_restore(target, snapshot, size);
    rig_enter(target, 0);
    assert_int_equal(rig_ack(target, 0), 40);
    rig_line(target, 0, 40, false);
    rig_eoi(target, 0, 40);
    assert_int_equal(target->deactivated[40], 1);
    free(snapshot);
    rig_free(source);
    rig_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_restored_and_saved_again),
        cmocka_unit_test(guests_go_on),
        cmocka_unit_test(a_vm_that_does_not_fit_is_left_alone),
        cmocka_unit_test(a_larger_vm_takes_it),
        cmocka_unit_test(mappings_are_compared),
        cmocka_unit_test(damaged),
        cmocka_unit_test(unknown_records),
        cmocka_unit_test(records_in_any_order),
        cmocka_unit_test(a_buffer_that_is_too_small),
        cmocka_unit_test(the_hosts_own_stays),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
