/* SPDX-License-Identifier: MIT */
/* LPIs: messages against commands, EnableLPIs against list registers, slots that are used again. */
#include <string.h>

#include "deliver/lpi.h"
#include "its/its.h"
#include "lvgic/state.h"

/* Last: it has a global `vm`. */
#include "scenarios.h"
#include "scenarios_lpi.h"

#define LPI0 8192u /* delivered[0] */
#define LPI1 8193u /* delivered[1] */
#define QUEUE UINT64_C(0x10000)
#define CONFIG UINT64_C(0x20000)

static _Alignas(64) char memory[2][65536], pristine[2][65536];
static size_t made[2];
static uint64_t queue[8][4];
uint8_t config_byte;
static unsigned queued;
static bool closed, accepted;

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
    queue[queued][0] = c0;
    queue[queued][1] = c1;
    queue[queued][2] = c2;
    queued++;
}

static void put_mapd(unsigned device, bool valid)
{
    put((uint64_t)device << 32 | ITS_CMD_MAPD, 4, (uint64_t)valid << 63);
}

static void put_mapti(unsigned device, unsigned event, unsigned intid, unsigned icid)
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
    its_write(0x88, 8, queued * ITS_COMMAND_SIZE);
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
    queued = 0;
    config_byte = 0x81;
    closed = accepted = false;
    if (!made[which])
        make(which, which + 1);
    queued = 4;
    memcpy(memory[which], pristine[which], made[which]);
    memset(delivered, 0, sizeof delivered);
    vm = (struct lvgic_vm *)memory[which];
    cpu0 = &vm->vcpus[0];
    cpu1 = &vm->vcpus[1];
    for (uint32_t i = 0; i < vm->lpis.nr; i++)
        vm_watch(lpi_irq(vm, i));
}

static void message(void)
{
    accepted = lvgic_msi(vm, 0, 0, 0) == LVGIC_OK;
}

static void run_cpu0(void)
{
    guest_run(cpu0, 2, true, true);
}

static void run_cpu1(void)
{
    guest_run(cpu1, 1, true, true);
}

/* Where is this LPI pending: in a list register of `vcpu`? */
static bool listed(struct lvgic_vcpu *vcpu, uint32_t intid)
{
    return vcpu->lrs.used && lr_vintid(vcpu->lrs.lr[0]) == intid && (vcpu->lrs.lr[0] & LR_PENDING);
}

static bool pending(uint32_t intid)
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

/* ------------------------------------------------- a slot that is used again ------------------ */

/* One slot only: event 1 gets that of event 0, with the next generation. */
static void reuse_setup(void)
{
    lpi_setup(0);
    put(ITS_CMD_DISCARD, 0, 0);
    put_mapti(0, 1, LPI1, 0);
}

static void reuse_final(void)
{
    check_lpis();
    explore_check(!delivered[1] && !pending(LPI1));
}

const struct explore_scenario p_reuse = {
    .name = "lpi-slot-is-used-again",
    .shows = "a message that has found the old event does not reach the slot's next life",
    .actors = 3,
    .setup = reuse_setup,
    .actor = {run_cpu0, message, go},
    .final = reuse_final,
};

/* ------------------------------------------------- the same event again ----------------------- */

static void remap_setup(void)
{
    lpi_setup(1);
    put(ITS_CMD_DISCARD, 0, 0);
    put_mapti(0, 0, LPI1, 1);
}

static void remap_final(void)
{
    check_lpis();
    explore_check(delivered[0] + delivered[1] + pending(LPI0) + pending(LPI1) <= 1);
}

const struct explore_scenario p_remap = {
    .name = "lpi-discard-and-map-again",
    .shows = "a message reaches the old LPI or the new one or none, and no slot is lost",
    .actors = 4,
    .setup = remap_setup,
    .actor = {run_cpu0, run_cpu1, message, go},
    .final = remap_final,
};

/* ------------------------------------------------- entries that are another device's ---------- */

/* There is room for one device at a time. */
static void device_setup(void)
{
    lpi_setup(1);
    put_mapd(0, false);
    put_mapd(1, true);
    put_mapti(1, 0, LPI1, 0);
}

static void device_final(void)
{
    check_lpis();
    explore_check(!delivered[1] && !pending(LPI1));
    explore_check(lpi_find(vm, cpu0, LPI1) != LPI_NONE);
}

const struct explore_scenario p_device = {
    .name = "lpi-entries-of-another-device",
    .shows = "a message of a device that is unmapped does not reach the one that has its entries",
    .actors = 2,
    .setup = device_setup,
    .actor = {message, go},
    .final = device_final,
};

/* ------------------------------------------------- MOVI --------------------------------------- */

/* vCPU 1 has been disabled and enabled before: what is alive has another stamp there. */
static void movi_setup(void)
{
    lpi_setup(0);
    redist(cpu1, true, 0, 0);
    redist(cpu1, true, 0, 1);
    put(ITS_CMD_MOVI, 0, 1);
}

static void movi_final(void)
{
    check_lpis();
    explore_check(delivered[0] + pending(LPI0) == 1);
    explore_check(irq_target(irq_load(lpi_irq(vm, 0))) == 1);
}

const struct explore_scenario p_movi = {
    .name = "lpi-message-against-movi",
    .shows = "a message that races MOVI is delivered once, here or there",
    .actors = 4,
    .setup = movi_setup,
    .actor = {run_cpu0, run_cpu1, message, go},
    .final = movi_final,
};

/* ------------------------------------------------- INV ---------------------------------------- */

static void inv_setup(void)
{
    lpi_setup(0);
    config_byte = 0x40;
    put(ITS_CMD_INV, 0, 0);
}

static void inv_final(void)
{
    check_lpis();
    explore_check(delivered[0] + pending(LPI0) == 1);
    explore_check(!(irq_load(lpi_irq(vm, 0)) & IRQ_EN));
}

const struct explore_scenario p_inv = {
    .name = "lpi-message-against-inv",
    .shows = "an LPI that is disabled just now keeps what is pending, or was delivered",
    .actors = 3,
    .setup = inv_setup,
    .actor = {run_cpu0, message, go},
    .final = inv_final,
};

/* ------------------------------------------------- EnableLPIs --------------------------------- */

static void disable_setup(void)
{
    lpi_setup(0);
}

/* Disables vCPU 0's LPIs and polls RWP a few times: closed says that it was seen to be 0. */
static void disable(void)
{
    redist(cpu0, true, 0, 0);
    for (unsigned i = 0; i < 3 && !closed; i++)
        closed = !(redist(cpu0, false, 0, 0) & 8);
}

static void disable_final(void)
{
    check_lpis();
    if (closed)
        explore_check(!pending(LPI0));
    /* It is told to come out. */
    if (!closed && cpu0->lrs.used)
        explore_check(atomic_load(&cpu0->kicked));
}

const struct explore_scenario p_disable = {
    .name = "lpi-disabled-while-it-arrives",
    .shows = "when EnableLPIs = 0 is done nothing is pending, nor in a list register",
    .actors = 3,
    .setup = disable_setup,
    .actor = {run_cpu0, message, disable},
    .final = disable_final,
};

static void enter_cpu0(void)
{
    guest_enter(cpu0);
}

static void other_message(void)
{
    lvgic_msi(vm, 0, 0, 0);
}

const struct explore_scenario p_late = {
    .name = "lpi-disabled-while-it-is-listed",
    .shows = "a message from before EnableLPIs = 0 that comes after it is in no list register",
    .actors = 4,
    .setup = disable_setup,
    .actor = {enter_cpu0, message, other_message, disable},
    .final = disable_final,
};

static void disable_enable(void)
{
    disable();
    if (closed)
        redist(cpu0, true, 0, 1);
}

/* Sent before everything else: if it was not taken by then it is dead. */
static void enable_setup(void)
{
    lpi_setup(0);
    message();
}

static void enable_final(void)
{
    check_lpis();
    explore_check(!closed || !pending(LPI0));
}

const struct explore_scenario p_enable = {
    .name = "lpi-disabled-and-enabled",
    .shows = "what was pending before EnableLPIs = 0 does not come back with EnableLPIs = 1",
    .actors = 2,
    .setup = enable_setup,
    .actor = {run_cpu0, disable_enable},
    .final = enable_final,
};

/* It is in a list register of vCPU 0 and goes to vCPU 1, whose LPIs are disabled and enabled. */
static void elsewhere_setup(void)
{
    lpi_setup(0);
    message();
    put(ITS_CMD_MOVI, 0, 1);
}

static void move_then_disable(void)
{
    go();
    redist(cpu1, true, 0, 0);
    for (unsigned i = 0; i < 3 && !closed; i++)
        closed = !(redist(cpu1, false, 0, 0) & 8);
    if (closed)
        redist(cpu1, true, 0, 1);
}

const struct explore_scenario p_elsewhere = {
    .name = "lpi-disabled-while-another-has-it",
    .shows = "EnableLPIs = 0 is done only when the other vCPU's list register has let go of it",
    .actors = 3,
    .setup = elsewhere_setup,
    .actor = {run_cpu0, run_cpu1, move_then_disable},
    .final = enable_final,
};

/* ------------------------------------------------- the claim ---------------------------------- */

static void claim_setup(void)
{
    lpi_setup(0);
    config_byte = 0x40;
    put(ITS_CMD_MOVI, 0, 1);
}

static void invalidate(void)
{
    redist(cpu0, true, 0xa0, LPI0);
}

static void claim_final(void)
{
    uint64_t w = irq_load(lpi_irq(vm, 0));

    check_lpis();
    explore_check(irq_target(w) == 1 && !(w & IRQ_EN) && irq_prio(w) == 0x40);
    explore_check(atomic_load(&vm->its[0].creadr) == queued * ITS_COMMAND_SIZE);
}

const struct explore_scenario p_claim = {
    .name = "lpi-claim-is-taken",
    .shows = "what is asked for while another thread has the claim is done when both have returned",
    .actors = 2,
    .setup = claim_setup,
    .actor = {go, invalidate},
    .final = claim_final,
};

/* ------------------------------------------------- enabling ---------------------------------- */

static void open_setup(void)
{
    lpi_setup(0);
    redist(cpu0, true, 0, 0);
}

static void open(void)
{
    redist(cpu0, true, 0, 1);
}

static void open_final(void)
{
    check_lpis();
    explore_check(delivered[0] + pending(LPI0) == accepted);
}

const struct explore_scenario p_open = {
    .name = "lpi-enabled-while-it-arrives",
    .shows = "a message that was accepted while LPIs are being enabled is delivered, once",
    .actors = 3,
    .setup = open_setup,
    .actor = {run_cpu0, message, open},
    .final = open_final,
};

/* ------------------------------------------------- two who enable ------------------------------
 */

static uint32_t state_before;

static void both_setup(void)
{
    lpi_setup(0);
    redist(cpu0, true, 0, 0);
    state_before = atomic_load(&cpu0->lpis.state);
}

static void enable(void)
{
    redist(cpu0, true, 0, 1);
}

static void enable_and_send(void)
{
    enable();
    message();
}

static void both_final(void)
{
    check_lpis();
    explore_check(atomic_load(&cpu0->lpis.state) == state_before + 1);
    explore_check(accepted && pending(LPI0));
}

const struct explore_scenario p_both = {
    .name = "lpi-enabled-by-two",
    .shows = "two who write EnableLPIs = 1 at once enable it once, and a message after it is kept",
    .actors = 2,
    .setup = both_setup,
    .actor = {enable, enable_and_send},
    .final = both_final,
};

/* ------------------------------------------------- saved and restored ------------------------ */

static uint8_t snapshot[16384];
static size_t snapshot_size;

/* The guest asks for something, while a VMM saves. */
static void ask(void)
{
    put(ITS_CMD_MAPC, 0, UINT64_C(1) << 63 | 1);
    put((uint64_t)0 << 32 | ITS_CMD_INT, 0, 0);
    go();
}

static void save(void)
{
    explore_check(lvgic_save(vm, snapshot, sizeof snapshot, &snapshot_size) == LVGIC_OK);
}

static void asked_final(void)
{
    check_lpis();
    explore_check(its_is_idle(&vm->its[0]));
    explore_check(pending(LPI0));
}

static void asked_setup(void)
{
    lpi_setup(0);
}

const struct explore_scenario p_asked = {
    .name = "lpi-command-while-a-vmm-saves",
    .shows = "a command that is written while a VMM has the claim is carried out afterwards",
    .actors = 2,
    .setup = asked_setup,
    .actor = {ask, save},
    .final = asked_final,
};

static void restore_setup(void)
{
    lpi_setup(0);
    save();
}

static void run_and_leave(void)
{
    guest_run(cpu0, 2, true, false);
}

/* What is sent after the restore is not lost. */
static void restore_and_send(void)
{
    explore_check(lvgic_restore(vm, snapshot, snapshot_size) == LVGIC_OK);
    explore_check(lvgic_msi(vm, 0, 0, 0) == LVGIC_OK);
}

static void restore_final(void)
{
    check_lpis();
    explore_check(delivered[0] + pending(LPI0) >= 1 && delivered[0] <= 2);
}

const struct explore_scenario p_restore = {
    .name = "lpi-restored-while-it-arrives",
    .shows =
        "a snapshot is restored while its LPI arrives and its vCPU runs: slots and holders agree",
    .actors = 3,
    .setup = restore_setup,
    .actor = {run_and_leave, message, restore_and_send},
    .final = restore_final,
};
