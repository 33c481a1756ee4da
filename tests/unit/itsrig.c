/* SPDX-License-Identifier: MIT */
#include "itsrig.h"

#include <string.h>

const struct lvgic_config its_config = {.nr_vcpus = 2, .nr_spis = 32, .nr_lpis = 256, .nr_its = 1};

void its_write(struct its_rig *r, unsigned offset, unsigned size, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = (uint8_t)size, .write = true, .value = value};

    assert_int_equal(lvgic_its_access(r->rig->vm, r->its, &access), LVGIC_OK);
}

uint64_t its_read(struct its_rig *r, unsigned offset, unsigned size)
{
    struct lvgic_access access = {.offset = offset, .size = (uint8_t)size};

    assert_int_equal(lvgic_its_access(r->rig->vm, r->its, &access), LVGIC_OK);
    return access.value;
}

void lpis_enable(struct its_rig *r, unsigned cpu, bool on)
{
    rig_redist_write(r->rig, cpu, 0, 4, on);
}

struct its_rig its_rig_new(const struct lvgic_config *config)
{
    struct its_rig r = {.rig = rig_with(config)};

    memset(r.rig->ram + (CONFIG_TABLE - RAM), 0x81, 0x10000);
    for (unsigned i = 0; i < config->nr_vcpus; i++) {
        rig_redist_write(r.rig, i, 0x70, 8, CONFIG_TABLE | 15);
        rig_redist_write(r.rig, i, 0x78, 8, PENDING_TABLE + i * 0x10000);
        lpis_enable(&r, i, true);
    }
    for (r.its = 0; r.its < config->nr_its; r.its++) {
        its_write(&r, 0x100, 8, GITS_BASER_VALID | DEVICE_TABLE);
        its_write(&r, 0x108, 8, GITS_BASER_VALID | COLLECTION_TABLE);
        its_write(&r, 0x80, 8, GITS_BASER_VALID | QUEUE | (QUEUE_PAGES - 1));
        its_write(&r, 0, 4, 1);
    }
    r.its = 0;
    for (unsigned i = 0; config->nr_its && i < config->nr_vcpus; i++)
        its_mapc(&r, i, i, true);
    return r;
}

struct its_rig its_rig_with_events(const struct lvgic_config *config, unsigned nr,
                                   unsigned collections)
{
    struct its_rig r = its_rig_new(config);

    its_mapd(&r, 1, 6, true);
    for (unsigned i = 0; i < nr; i++)
        its_mapti(&r, 1, i, 8192 + i, i % collections);
    return r;
}

struct its_rig its_rig_another(const struct its_rig *from)
{
    struct its_rig source = *from, r = its_rig_new(&its_config);
    static const unsigned basers[] = {0x100, 0x108};

    its_write(&r, 0, 4, 0);
    for (unsigned i = 0; i < ARRAY_LEN(basers); i++) {
        its_write(&r, basers[i], 8, 0);
        its_write(&r, basers[i], 8, its_read(&source, basers[i], 8));
    }
    memcpy(r.rig->ram, source.rig->ram, RAM_SIZE);
    return r;
}

uint64_t its_entry_at(const struct its_rig *r, uint64_t table, unsigned n)
{
    uint64_t entry;

    memcpy(&entry, r->rig->ram + (table - RAM) + n * 8, 8);
    return entry;
}

void its_rig_free(struct its_rig *r)
{
    rig_free(r->rig);
}

void its_put(struct its_rig *r, uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    uint64_t words[4] = {c0, c1, c2, c3};

    memcpy(r->rig->ram + (QUEUE - RAM) + r->head, words, sizeof words);
    r->head = (r->head + sizeof words) % (QUEUE_PAGES * 4096);
}

void its_go(struct its_rig *r)
{
    its_write(r, 0x88, 8, r->head);
    for (unsigned i = 0; its_read(r, 0x90, 8) != r->head; i++)
        if (i == 100000)
            fail_msg("the queue does not go on");
}

static uint64_t command(enum its_command what, unsigned device)
{
    return (uint64_t)device << 32 | what;
}

void its_mapd(struct its_rig *r, unsigned device, unsigned bits, bool valid)
{
    its_put(r, command(ITS_CMD_MAPD, device), bits - 1,
            (uint64_t)valid << 63 | (ITTS + device % 64 * 0x1000), 0);
    its_go(r);
}

void its_mapc(struct its_rig *r, unsigned icid, unsigned cpu, bool valid)
{
    its_put(r, command(ITS_CMD_MAPC, 0), 0, (uint64_t)valid << 63 | (uint64_t)cpu << 16 | icid, 0);
    its_go(r);
}

void its_mapti(struct its_rig *r, unsigned device, unsigned event, unsigned intid, unsigned icid)
{
    its_put(r, command(ITS_CMD_MAPTI, device), (uint64_t)intid << 32 | event, icid, 0);
    its_go(r);
}

void its_movi(struct its_rig *r, unsigned device, unsigned event, unsigned icid)
{
    its_put(r, command(ITS_CMD_MOVI, device), event, icid, 0);
    its_go(r);
}

void its_movall(struct its_rig *r, unsigned from, unsigned to)
{
    its_put(r, command(ITS_CMD_MOVALL, 0), 0, (uint64_t)from << 16, (uint64_t)to << 16);
    its_go(r);
}

void its_event_command(struct its_rig *r, enum its_command what, unsigned device, unsigned event)
{
    its_put(r, command(what, device), event, 0, 0);
    its_go(r);
}

void its_invall(struct its_rig *r, unsigned icid)
{
    its_put(r, command(ITS_CMD_INVALL, 0), 0, icid, 0);
    its_go(r);
}

static struct lvgic_its_stats stats(struct its_rig *r)
{
    struct lvgic_its_stats stats;

    assert_int_equal(lvgic_its_stats(r->rig->vm, r->its, &stats), LVGIC_OK);
    return stats;
}

uint32_t its_last_error(struct its_rig *r)
{
    return stats(r).last_error;
}

uint64_t its_errors(struct its_rig *r)
{
    return stats(r).errors;
}

void its_config_byte(struct its_rig *r, unsigned intid, unsigned byte)
{
    r->rig->ram[CONFIG_TABLE - RAM + intid - 8192] = (uint8_t)byte;
}

int its_msi(struct its_rig *r, unsigned device, unsigned event)
{
    return lvgic_msi(r->rig->vm, r->its, device, event);
}

bool lpi_pending(struct its_rig *r, unsigned cpu, unsigned intid)
{
    struct lvgic_irq_info info;

    return lvgic_irq_info(r->rig->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid), &info) == LVGIC_OK &&
           info.pending;
}

unsigned its_take(struct its_rig *r, unsigned cpu)
{
    unsigned intid;

    rig_enter(r->rig, cpu);
    intid = rig_ack(r->rig, cpu);
    if (intid != 1023)
        rig_eoi(r->rig, cpu, intid);
    rig_exit(r->rig, cpu);
    return intid;
}
