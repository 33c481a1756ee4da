/* SPDX-License-Identifier: MIT */
/* LPIs: messages against commands, EnableLPIs against list registers, slots that are used again. */
#include "deliver/lpi.h"
#include "its/its.h"
#include "lvgic/state.h"

/* Last: it has a global `vm`. */
#include "scenarios.h"
#include "scenarios_lpi.h"

static void run_cpu0(void)
{
    guest_run(cpu0, 2, true, true);
}

static void run_cpu1(void)
{
    guest_run(cpu1, 1, true, true);
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
    explore_check(!delivered[1] && !lpi_pending(LPI1));
}

const struct explore_scenario p_reuse = {
    .name = "lpi-slot-is-used-again",
    .shows = "a message that has found the old event does not reach the slot's next life",
    .actors = 3,
    .setup = reuse_setup,
    .actor = {run_cpu0, lpi_message, go},
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
    explore_check(delivered[0] + delivered[1] + lpi_pending(LPI0) + lpi_pending(LPI1) <= 1);
}

const struct explore_scenario p_remap = {
    .name = "lpi-discard-and-map-again",
    .shows = "a message reaches the old LPI or the new one or none, and no slot is lost",
    .actors = 4,
    .setup = remap_setup,
    .actor = {run_cpu0, run_cpu1, lpi_message, go},
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
    explore_check(!delivered[1] && !lpi_pending(LPI1));
    explore_check(lpi_find(vm, cpu0, LPI1) != LPI_NONE);
}

const struct explore_scenario p_device = {
    .name = "lpi-entries-of-another-device",
    .shows = "a message of a device that is unmapped does not reach the one that has its entries",
    .actors = 2,
    .setup = device_setup,
    .actor = {lpi_message, go},
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
    explore_check(delivered[0] + lpi_pending(LPI0) == 1);
    explore_check(irq_target(irq_load(lpi_irq(vm, 0))) == 1);
}

const struct explore_scenario p_movi = {
    .name = "lpi-message-against-movi",
    .shows = "a message that races MOVI is delivered once, here or there",
    .actors = 4,
    .setup = movi_setup,
    .actor = {run_cpu0, run_cpu1, lpi_message, go},
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
    explore_check(delivered[0] + lpi_pending(LPI0) == 1);
    explore_check(!(irq_load(lpi_irq(vm, 0)) & IRQ_EN));
}

const struct explore_scenario p_inv = {
    .name = "lpi-message-against-inv",
    .shows = "an LPI that is disabled just now keeps what is pending, or was delivered",
    .actors = 3,
    .setup = inv_setup,
    .actor = {run_cpu0, lpi_message, go},
    .final = inv_final,
};

/* ------------------------------------------------- EnableLPIs --------------------------------- */

static void disable_setup(void)
{
    lpi_setup(0);
}

/* Disables vCPU 0's LPIs and polls RWP a few times: lpi_closed says that it was seen to be 0. */
static void disable(void)
{
    redist(cpu0, true, 0, 0);
    for (unsigned i = 0; i < 3 && !lpi_closed; i++)
        lpi_closed = !(redist(cpu0, false, 0, 0) & 8);
}

static void disable_final(void)
{
    check_lpis();
    if (lpi_closed)
        explore_check(!lpi_pending(LPI0));
    /* It is told to come out. */
    if (!lpi_closed && cpu0->lrs.used)
        explore_check(atomic_load(&cpu0->kicked));
}

const struct explore_scenario p_disable = {
    .name = "lpi-disabled-while-it-arrives",
    .shows = "when EnableLPIs = 0 is done nothing is pending, nor in a list register",
    .actors = 3,
    .setup = disable_setup,
    .actor = {run_cpu0, lpi_message, disable},
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
    .actor = {enter_cpu0, lpi_message, other_message, disable},
    .final = disable_final,
};

static void disable_enable(void)
{
    disable();
    if (lpi_closed)
        redist(cpu0, true, 0, 1);
}

/* Sent before everything else: if it was not taken by then it is dead. */
static void enable_setup(void)
{
    lpi_setup(0);
    lpi_message();
}

static void enable_final(void)
{
    check_lpis();
    explore_check(!lpi_closed || !lpi_pending(LPI0));
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
    lpi_message();
    put(ITS_CMD_MOVI, 0, 1);
}

static void move_then_disable(void)
{
    go();
    redist(cpu1, true, 0, 0);
    for (unsigned i = 0; i < 3 && !lpi_closed; i++)
        lpi_closed = !(redist(cpu1, false, 0, 0) & 8);
    if (lpi_closed)
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
    explore_check(atomic_load(&vm->its[0].creadr) == lpi_queued * ITS_COMMAND_SIZE);
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
    explore_check(delivered[0] + lpi_pending(LPI0) == lpi_accepted);
}

const struct explore_scenario p_open = {
    .name = "lpi-enabled-while-it-arrives",
    .shows = "a message that was accepted while LPIs are being enabled is delivered, once",
    .actors = 3,
    .setup = open_setup,
    .actor = {run_cpu0, lpi_message, open},
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
    lpi_message();
}

static void both_final(void)
{
    check_lpis();
    explore_check(atomic_load(&cpu0->lpis.state) == state_before + 1);
    explore_check(lpi_accepted && lpi_pending(LPI0));
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
    explore_check(lpi_pending(LPI0));
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
    explore_check(delivered[0] + lpi_pending(LPI0) >= 1 && delivered[0] <= 2);
}

const struct explore_scenario p_restore = {
    .name = "lpi-restored-while-it-arrives",
    .shows =
        "a snapshot is restored while its LPI arrives and its vCPU runs: slots and holders agree",
    .actors = 3,
    .setup = restore_setup,
    .actor = {run_and_leave, lpi_message, restore_and_send},
    .final = restore_final,
};
