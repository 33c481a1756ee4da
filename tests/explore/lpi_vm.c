/* SPDX-License-Identifier: MIT */
/* The VM of scenarios_lpi.h: its memory, and what its guest and devices do. */
#include <string.h>

#include "deliver/lpi.h"
#include "its/its.h"
#include "lvgic/state.h"

/* Last: it has a global `vm`. */
#include "scenarios.h"
#include "scenarios_lpi.h"

#define QUEUE UINT64_C(0x10000)
#define CONFIG UINT64_C(0x20000)

static _Alignas(64) char memory[2][65536], pristine[2][65536];
static size_t made[2];
static uint64_t queue[8][4];
uint8_t config_byte;
unsigned lpi_queued;
bool lpi_closed, lpi_accepted;

/* The queue, the configuration table (one byte for all), and zeros elsewhere. */
static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    (void)ctx;
    memset(data, 0, size);
    if (gpa >= QUEUE && gpa + size <= QUEUE + sizeof queue)
        memcpy(data, (const char *)queue + (gpa - QUEUE), size);
    else if (gpa >= CONFIG && gpa < CONFIG + 0x2000)
        memset(data, config_byte, size);
    return true;
}

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    explore_relax();
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    explore_fail("%s", what);
}

static const struct lvgic_host host = {
    .kick = kick, .wake = kick, .relax = relax, .read_guest = read_guest, .broken = broken};

void put(uint64_t c0, uint64_t c1, uint64_t c2)
{
    queue[lpi_queued][0] = c0;
    queue[lpi_queued][1] = c1;
    queue[lpi_queued][2] = c2;
    lpi_queued++;
}

void put_mapd(unsigned device, bool valid)
{
    put((uint64_t)device << 32 | ITS_CMD_MAPD, 4, (uint64_t)valid << 63);
}

void put_mapti(unsigned device, unsigned event, unsigned intid, unsigned icid)
{
    put((uint64_t)device << 32 | ITS_CMD_MAPTI, (uint64_t)intid << 32 | event, icid);
}

static void its_write(uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = true, .value = value};

    its_access(&vm->its[0], &access);
}

/* Have done what is in the queue. */
void go(void)
{
    its_write(0x88, 8, lpi_queued * ITS_COMMAND_SIZE);
}

uint64_t redist(struct lvgic_vcpu *vcpu, bool write, uint32_t offset, uint64_t value)
{
    struct lvgic_access access = {
        .offset = offset, .size = offset ? 8 : 4, .write = write, .value = value};

    lvgic_redist_access(vm, NULL, LVGIC_VCPU(vcpu->index), &access);
    return access.value;
}

/* LPI 8192 is event 0 of device 0, on vCPU 0. */
static void make(unsigned which, unsigned nr_lpis)
{
    struct lvgic_config config = {.nr_vcpus = 2,
                                  .nr_lrs = 1,
                                  .nr_lpis = nr_lpis,
                                  .nr_its = 1,
                                  .lpi_id_bits = 14,
                                  .its_device_bits = 1,
                                  .its_collection_bits = 1,
                                  .its_devices = 2,
                                  .its_events = 32};
    size_t size = lvgic_vm_size(&config);

    if (size > sizeof memory[0] || lvgic_vm_init(memory[which], size, &config, &host, NULL, &vm))
        explore_fail("cannot make a VM");
    atomic_store(&vm->gicd_ctlr, 3 | CTLR_DS);
    for (unsigned i = 0; i < 2; i++) {
        vm->vcpus[i].lrs.vmcr |= VMCR_VENG0 | VMCR_VENG1;
        icv_set_pmr(&vm->vcpus[i].lrs, 0xff);
        redist(&vm->vcpus[i], true, 0x70, CONFIG | 13);
        redist(&vm->vcpus[i], true, 0, 1);
    }
    its_write(0x100, 8, GITS_BASER_VALID | 0x30000);
    its_write(0x108, 8, GITS_BASER_VALID | 0x40000);
    its_write(0x80, 8, GITS_BASER_VALID | QUEUE);
    its_write(0, 4, 1);
    put(ITS_CMD_MAPC, 0, UINT64_C(1) << 63);
    put(ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | 1 << 16 | 1);
    put_mapd(0, true);
    put_mapti(0, 0, LPI0, 0);
    go();
    memcpy(pristine[which], memory[which], size);
    made[which] = size;
}

/* The VM as made, and the queue with only what was done; which 0: one slot, 1: two. */
void lpi_setup(unsigned which)
{
    lpi_queued = 0;
    config_byte = 0x81;
    lpi_closed = lpi_accepted = false;
    if (!made[which])
        make(which, which + 1);
    lpi_queued = 4;
    memcpy(memory[which], pristine[which], made[which]);
    memset(delivered, 0, sizeof delivered);
    vm = (struct lvgic_vm *)memory[which];
    cpu0 = &vm->vcpus[0];
    cpu1 = &vm->vcpus[1];
    for (uint32_t i = 0; i < vm->lpis.nr; i++)
        vm_watch(lpi_irq(vm, i));
}

void lpi_message(void)
{
    lpi_accepted = lvgic_msi(vm, 0, 0, 0) == LVGIC_OK;
}

/* Where is this LPI pending: in a list register of `vcpu`? */
static bool listed(struct lvgic_vcpu *vcpu, uint32_t intid)
{
    return vcpu->lrs.used && lr_vintid(vcpu->lrs.lr[0]) == intid && (vcpu->lrs.lr[0] & LR_PENDING);
}

bool lpi_pending(uint32_t intid)
{
    uint32_t lpi = lpi_find(vm, cpu0, intid);
    uint64_t w = lpi == LPI_NONE ? 0 : irq_load(lpi_irq(vm, lpi));

    return listed(cpu0, intid) || listed(cpu1, intid) ||
           (irq_pending(w) && !vcpu_lpi_is_stale(&vm->vcpus[irq_target(w)], w));
}

/* I1, I3 to I5 for LPIs, whatever the vCPUs do. */
void check_lpis(void)
{
    uint32_t held = 0;

    for (uint32_t lpi = 0; lpi < vm->lpis.nr; lpi++) {
        uint64_t w = irq_load(lpi_irq(vm, lpi));
        uint32_t slot = lpi_to_slot(vm, lpi), in = 0;

        held += !irq_unheld(w);
        for (unsigned i = 0; i < 2; i++) {
            struct lvgic_vcpu *vcpu = &vm->vcpus[i];

            if (vcpu->lrs.used && vcpu->listed[0].slot == slot) {
                in++;
                explore_check((w & IRQ_INLR) && irq_holder(w) == i);
                /* What it has to come out for was followed by a kick. */
                if ((w & (IRQ_PEND | IRQ_CLRP)) || !(w & IRQ_MAPPED) || !(w & IRQ_EN))
                    explore_check(atomic_load(&vcpu->kicked));
            }
        }
        explore_check(in == !!(w & IRQ_INLR));
        if (irq_wanted(w) && !(w & IRQ_INLR) && irq_target(w) != IRQ_NOBODY) {
            struct lvgic_vcpu *target = &vm->vcpus[irq_target(w)];
            bool news = atomic_load(&target->news_groups);

            if (vcpu_lpi_is_stale(target, w))
                continue;
            explore_check(waiting_knows(target, slot));
            if (news && atomic_load(&target->mode) == VCPU_IN)
                explore_check(atomic_load(&target->kicked));
        }
    }
    explore_check(held + lpi_count_free(vm) == vm->lpis.nr);
    explore_check(!atomic_load(&vm->lpis.claim));
}
