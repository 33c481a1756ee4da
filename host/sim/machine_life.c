/* SPDX-License-Identifier: MIT */
/* The machine switched on, and what is left to do and to check when its actors are done. */
#include <lvgic/state.h>
#include <stdio.h>
#include <string.h>

#include "machine_inside.h"

#define VALID (UINT64_C(1) << 63)

enum { BLOCK_SIZE = 65536, MAX_ROUNDS = 64 };

/* The VM in use, the same as it was when switched on, and one to restore snapshots into. */
static _Alignas(64) char block[BLOCK_SIZE], block_on[BLOCK_SIZE], mirror_block[BLOCK_SIZE];
static struct lvgic_vm *mirror;
static struct machine machine_on;
static struct machine_config config_on;
static size_t block_size; /* 0: nothing is switched on yet */

/* ------------------------------------------------------------------ switching on ------------- */

static struct lvgic_vm *make_vm(void *memory)
{
    struct lvgic_config config = {.nr_vcpus = config_on.nr_vcpus,
                                  .nr_spis = 32,
                                  .nr_lrs = (uint8_t)config_on.nr_lrs,
                                  .lpi_id_bits = 14};
    struct lvgic_vm *vm = NULL;

    if (config_on.lpis) {
        config.nr_lpis = 2;
        config.nr_its = 1;
        config.its_device_bits = config.its_collection_bits = 1;
        config.its_devices = 2;
        config.its_events = 32;
    }
    block_size = lvgic_vm_size(&config);
    machine_expect(lvgic_vm_init(memory, BLOCK_SIZE, &config, &machine_host, NULL, &vm), LVGIC_OK,
                   "lvgic_vm_init");
    return vm;
}

static void set_up_spi(const struct ghost_irq *irq, bool enabled)
{
    uint32_t intid = irq->intid, configs = GICD_ICFGR + intid / 16 * 4;

    machine_dist(true, GICD_IPRIORITYR + intid, 1, irq->priority);
    machine_dist(true, GICD_IROUTER + intid * 8, 8, 0);
    machine_dist(true, configs, 4,
                 machine_dist(false, configs, 4, 0) | (uint64_t)irq->edge << (intid % 16 * 2 + 1));
    if (enabled)
        machine_dist(true, GICD_ISENABLER + intid / 32 * 4, 4, UINT64_C(1) << intid % 32);
}

/* One device and a collection for each vCPU. */
static void set_up_its(void)
{
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++) {
        machine_redist(v, true, GICR_PROPBASER, 8, CONFIG_TABLE | 13);
        machine_redist(v, true, GICR_PENDBASER, 8, PENDING_TABLE + v * 0x10000);
        machine_redist(v, true, GICR_CTLR, 4, 1);
    }
    machine_its(true, GITS_BASER, 8, VALID | DEVICE_TABLE);
    machine_its(true, GITS_BASER + 8, 8, VALID | COLLECTION_TABLE);
    machine_its(true, GITS_CBASER, 8, VALID | QUEUE);
    machine_its(true, GITS_CTLR, 4, 1);
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        machine_command(CMD_MAPC, 0, VALID | (uint64_t)v << 16 | v, 0);
    machine_command(CMD_MAPD, 4, VALID, 0);
}

static void switch_on(void)
{
    machine_vm = make_vm(block);
    mirror = make_vm(mirror_block);
    machine_dist(true, GICD_CTLR, 4, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
    machine_dist(true, GICD_IGROUPR + 4, 4, UINT32_MAX);
    if (config_on.lpis)
        set_up_its();
    for (unsigned i = 0; i < config_on.nr_irqs; i++) {
        const struct ghost_irq *irq = &machine.gic.irqs[i];
        bool enabled = config_on.irqs[i].enabled;

        machine.initial.enabled |= (uint8_t)(enabled << i);
        machine.initial.mapped |= (uint8_t)(1u << i);
        if (irq->intid < FIRST_LPI)
            set_up_spi(irq, enabled);
        else
            machine_command(CMD_MAPTI, (uint64_t)irq->intid << 32 | (irq->intid - FIRST_LPI), 0, 0);
    }
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++) {
        machine_icc(v, ICC_PMR, true, 0xf8);
        machine_icc(v, ICC_IGRPEN1, true, 1);
        machine_icc(v, ICC_CTLR, true, config_on.split ? 2 : 0);
        machine.initial.vcpu[v].pmr = 0xf8;
    }
}

void machine_begin(const struct machine_config *config, unsigned devices)
{
    if (!block_size || memcmp(&config_on, config, sizeof config_on)) {
        memcpy(&config_on, config, sizeof config_on);
        memset(&machine, 0, sizeof machine);
        machine.config = &config_on;
        machine.gic.nr_irqs = config_on.nr_irqs;
        machine.gic.nr_vcpus = config_on.nr_vcpus;
        machine.gic.split = config_on.split;
        for (unsigned i = 0; i < config_on.nr_irqs; i++)
            machine.gic.irqs[i] = config_on.irqs[i].is;
        ghost_reset(&machine.gic, &machine.initial);
        switch_on();
        machine_on = machine;
        memcpy(block_on, block, block_size);
    }
    memcpy(&machine, &machine_on, offsetof(struct machine, ops));
    memcpy(block, block_on, block_size);
    machine.devices_left = devices;
}

/* ------------------------------------------------------------------ afterwards --------------- */

/* Kicks and wakes that are on their way arrive; true if there were any. */
static bool arrive(void)
{
    bool any = false;

    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++) {
        struct pe *pe = &machine.pe[v];

        if (!pe->kicked && !pe->woken)
            continue;
        any = true;
        if (pe->in && !pe->kicked) {
            pe->woken = false; /* late: it is awake already */
            continue;
        }
        if (pe->in)
            machine_exit(v);
        machine_enter(v);
    }
    return any;
}

static bool run_all(void)
{
    bool any = arrive();

    if (any)
        return true;
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        machine_settle(v);
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++) {
        if (!machine.pe[v].in)
            machine_enter(v);
        any |= machine_handle(v);
    }
    return any;
}

static void read_all(struct lvgic_vm *vm, const struct ghost_op *within)
{
    for (uint8_t i = 0; i < machine.gic.nr_irqs; i++) {
        uint32_t intid = machine.gic.irqs[i].intid, value;
        struct lvgic_irq_info info;
        int status = lvgic_irq_info(vm, LVGIC_VCPU(0), LVGIC_INTID(intid), &info);

        if (intid >= FIRST_LPI && status == LVGIC_E_NO_ENTRY)
            continue; /* discarded */
        machine_expect(status, LVGIC_OK, "lvgic_irq_info");
        value = (info.enabled ? GHOST_READ_ENABLED : 0) | (info.pending ? GHOST_READ_PENDING : 0) |
                (info.active ? GHOST_READ_ACTIVE : 0);
        /* A snapshot has the target from another register than the rest. */
        machine_observe(within, i, value,
                        GHOST_READ_ENABLED | GHOST_READ_PENDING | GHOST_READ_ACTIVE);
        machine_observe(within, i, info.target << 8, GHOST_READ_TARGET);
    }
}

static void read_snapshot(const struct snapshot *snapshot)
{
    machine_go(MAY_SIGNAL | MAY_RELAX);
    machine_expect(lvgic_restore(mirror, snapshot->bytes, snapshot->size), LVGIC_OK,
                   "lvgic_restore");
    machine_leave();
    read_all(mirror, &snapshot->when);
}

static void sort(void)
{
    for (unsigned i = 1; i < machine.nr_ops; i++) {
        struct ghost_op op = machine.ops[i];
        unsigned at = i;

        for (; at && machine.ops[at - 1].call > op.call; at--)
            machine.ops[at] = machine.ops[at - 1];
        machine.ops[at] = op;
    }
}

static void explain(void)
{
    struct linear_report report;
    char text[128];

    sort();
    if (linear_check(&machine.gic, &machine.initial, machine.ops, machine.nr_ops, &report))
        return;
    if (rt.observe)
        linear_print(&machine.gic, machine.ops, machine.nr_ops, &report);
    runtime_fail("no order of the operations explains: %s",
                 linear_describe(&machine.gic, linear_culprit(machine.ops, machine.nr_ops, &report),
                                 text, sizeof text));
}

void machine_finish(void)
{
    struct ghost_op after;
    const char *wrong;
    unsigned rounds = 0;

    while (run_all())
        if (++rounds == MAX_ROUNDS)
            runtime_fail("interrupts do not end");
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        machine_exit(v);
    wrong = lvgic_check(machine_vm);
    if (wrong)
        runtime_fail("%s", wrong);
    after = (struct ghost_op){.actor = -1, .call = ++machine.clock};
    after.ret = ++machine.clock;
    read_all(machine_vm, &after);
    for (unsigned i = 0; i < machine.nr_snapshots; i++)
        read_snapshot(&machine.snapshots[i]);
    explain();
}
