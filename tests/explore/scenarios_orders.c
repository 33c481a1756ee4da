/* SPDX-License-Identifier: MIT */
/* Atomic orders and second looks that no other scenario needs: each of these fails without one of
 * them. And a callback that calls the library. */
#include "deliver/gate.h"
#include "deliver/lpi.h"
#include "deliver/overflow.h"
#include "irq/slots.h"
#include "its/its.h"

#include "scenarios.h"
#include "scenarios_lpi.h"

#define LPI0 8192u
#define LPI1 8193u

enum { GICR_CTLR = 0, GICR_PROPBASER = 0x70, GICR_INVLPIR = 0xa0, GICR_INVALLR = 0xb0 };
enum { GICR_SYNCR = 0xc0, ENABLE_LPIS = 1, RWP = 8 };

/* ------------------------------------------------- "not active" comes after the handler ------- */

static int handled; /* plain: of the guest's handler */

static void exact_setup(void)
{
    struct listing listing = {.slot = IRQ0};

    vm_setup(1, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_ACT);
    overflow_put(cpu0, &listing);
    atomic_store(&cpu0->mode, VCPU_IN);
    handled = 0;
}

static void handler(void)
{
    handled = 1;
    cpu0->lrs.hcr = bits_put(0, HCR_EOICOUNT_HI, HCR_EOICOUNT_LO, 1);
    guest_exit(cpu0);
}

static void reads_active(void)
{
    struct gate gate;

    gate_init(&gate);
    if (!(gate_exact_word(vm, vcpu_irq(cpu0, IRQ0), &gate) & IRQ_ACT))
        explore_check(handled);
    gate_release(vm, &gate);
}

const struct explore_scenario m_exact = {
    .name = "read-of-active-after-the-handler",
    .shows = "who reads that an interrupt is not active any more sees what its handler did",
    .actors = 2,
    .setup = exact_setup,
    .actor = {handler, reads_active},
    .final = check_end,
};

/* ------------------------------------------------- an INTID of before ------------------------- */

static uint32_t old_gen;

static void find_setup(void)
{
    lpi_setup(0);
    old_gen = irq_gen(irq_load(lpi_irq(vm, 0)));
    put(ITS_CMD_DISCARD, 0, 0);
    put(ITS_CMD_MAPTI, (uint64_t)LPI1 << 32 | 1, 0);
}

static void finds(void)
{
    if (irq_gen(irq_load(lpi_irq(vm, 0))) != old_gen)
        explore_check(lpi_find(vm, cpu0, LPI0) == LPI_NONE);
}

const struct explore_scenario m_find = {
    .name = "lpi-found-by-its-old-intid",
    .shows = "a slot in its next life is not found by the INTID of the one before",
    .actors = 2,
    .setup = find_setup,
    .actor = {go, finds},
    .final = check_lpis,
};

/* ------------------------------------------------- two requests of one redistributor ---------- */

static void one_slot_setup(void)
{
    lpi_setup(0);
}

static void reload_all(void)
{
    redist(cpu0, true, GICR_INVALLR, 0);
}

static void disable(void)
{
    redist(cpu0, true, GICR_CTLR, 0);
}

static void requests_final(void)
{
    check_lpis();
    explore_check(!(redist(cpu0, false, GICR_CTLR, 0) & (RWP | ENABLE_LPIS)));
}

const struct explore_scenario m_requests = {
    .name = "lpi-disabled-while-reloaded",
    .shows = "EnableLPIs = 0 is heard by who is about to do what was asked for before",
    .actors = 2,
    .setup = one_slot_setup,
    .actor = {reload_all, disable},
    .final = requests_final,
};

/* ------------------------------------------------- the guest takes its table back ------------- */

static void inv_setup(void)
{
    lpi_setup(0);
    put(ITS_CMD_INV, 0, 0);
}

static void disable_and_reuse(void)
{
    disable();
    for (unsigned i = 0; i < 3; i++)
        if (!(redist(cpu0, false, GICR_CTLR, 0) & RWP)) {
            config_byte = 0;
            return;
        }
}

const struct explore_scenario m_table = {
    .name = "lpi-table-is-the-guests-after-rwp",
    .shows = "after RWP reads 0 nobody reads the configuration table that the guest writes",
    .actors = 2,
    .setup = inv_setup,
    .actor = {go, disable_and_reuse},
    .final = check_lpis,
};

static void discard_setup(void)
{
    lpi_setup(1);
    put(ITS_CMD_DISCARD, 0, 1); /* of no event: an error, and no look at the table */
}

static bool sync_is_busy(void)
{
    struct lvgic_access access = {.offset = GICR_SYNCR, .size = 4};

    lvgic_redist_access(vm, NULL, LVGIC_VCPU(0), &access);
    return access.value & 1;
}

static void invalidate_and_write(void)
{
    redist(cpu0, true, GICR_INVLPIR, LPI0);
    for (unsigned i = 0; i < 3; i++)
        if (!sync_is_busy()) {
            config_byte = 0;
            return;
        }
}

const struct explore_scenario m_syncr = {
    .name = "lpi-table-is-the-guests-after-syncr",
    .shows = "after SYNCR reads 0 an INVLPIR has read the table, whoever did it",
    .actors = 2,
    .setup = discard_setup,
    .actor = {go, invalidate_and_write},
    .final = check_lpis,
};

/* ------------------------------------------------- the table's address ------------------------ */

static void bases_setup(void)
{
    lpi_setup(0);
    disable();
}

static void enable_with_another_table(void)
{
    redist(cpu0, true, GICR_PROPBASER, 0x50000 | 13);
    redist(cpu0, true, GICR_CTLR, ENABLE_LPIS);
}

static void reads_enabled(void)
{
    if (redist(cpu0, false, GICR_CTLR, 0) & ENABLE_LPIS)
        explore_check(redist(cpu0, false, GICR_PROPBASER, 0) == (0x50000 | 13));
}

const struct explore_scenario m_bases = {
    .name = "lpi-table-before-enable",
    .shows = "who reads EnableLPIs = 1 reads the table's address that was written before",
    .actors = 2,
    .setup = bases_setup,
    .actor = {enable_with_another_table, reads_enabled},
    .final = check_lpis,
};

/* ------------------------------------------------- who waits for the claim -------------------- */

static uint64_t members;

static void take_setup(void)
{
    lpi_setup(0);
    put(ITS_CMD_MOVI, 0, 1);
}

/* As one does who saves. */
static void takes(void)
{
    deliver_lpi_take(vm);
    members = cpu0->lpis.members[0];
    deliver_lpi_give(vm);
}

static void take_final(void)
{
    check_lpis();
    explore_check(members == 0 || members == 1);
    explore_check(atomic_load(&vm->its[0].creadr) == ITS_COMMAND_SIZE * 5);
}

const struct explore_scenario m_take = {
    .name = "lpi-claim-is-waited-for",
    .shows = "who saves excludes commands, and what was asked for meanwhile is done after",
    .actors = 2,
    .setup = take_setup,
    .actor = {go, takes},
    .final = take_final,
};

/* ------------------------------------------------- made active while it is listed ------------- */

static void pending_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, vm_word(IRQ0) | IRQ_PEND);
}

static void run_twice(void)
{
    guest_enter(cpu0);
    guest_exit(cpu0);
    guest_enter(cpu0);
    guest_exit(cpu0);
}

static void make_active(void)
{
    struct lvgic_access access = {.offset = 0x304, .size = 4, .write = true, .value = 1};

    lvgic_dist_access(vm, NULL, &access);
}

static void active_final(void)
{
    check_end();
    explore_check(vm_word(IRQ0) & IRQ_ACT);
}

const struct explore_scenario m_active = {
    .name = "made-active-while-it-is-listed",
    .shows = "ISACTIVER of a pending interrupt makes it active whoever takes it at that moment",
    .actors = 2,
    .setup = pending_setup,
    .actor = {run_twice, make_active},
    .final = active_final,
};

/* ------------------------------------------------- there, back and there again --------------- */

static void level_setup(void)
{
    vm_setup(2, 1);
    vm_set_word(IRQ0, (vm_word(IRQ0) & ~IRQ_EDGE) | IRQ_LINE);
}

static void enter_cpu0(void)
{
    guest_enter(cpu0);
}

static void enter_cpu1(void)
{
    guest_enter(cpu1);
}

static void retarget_three_times(void)
{
    event(IRQ0, IRQ_EV_TARGET, 1);
    event(IRQ0, IRQ_EV_TARGET, 0);
    event(IRQ0, IRQ_EV_TARGET, 1);
}

const struct explore_scenario m_there_and_back = {
    .name = "retargeted-there-and-back-while-listing",
    .shows = "an interrupt that went away and came back while it is being listed is listed once",
    .actors = 3,
    .setup = level_setup,
    .actor = {enter_cpu0, enter_cpu1, retarget_three_times},
    .final = check_end,
};

/* ------------------------------------------------- at work while asleep ---------------------- */

static void asleep_setup(void)
{
    vm_setup(1, 1);
    explore_check(deliver_block(cpu0));
}

/* Its thread, before it runs again: a trapped register. */
static void works_asleep(void)
{
    bool asleep = deliver_work_begin(cpu0);

    icv_set_pmr(&cpu0->lrs, 0xf8);
    deliver_work_end(cpu0, asleep);
}

const struct explore_scenario m_asleep = {
    .name = "at-work-while-asleep",
    .shows = "a vCPU that works on its registers and sleeps on is woken for what came meanwhile",
    .actors = 2,
    .setup = asleep_setup,
    .actor = {works_asleep, inject},
    .final = check_end,
};

/* ------------------------------------------------- a callback calls the library --------------- */

static unsigned notified;

/* The active state of both interrupts, one of which may be in a list register still. */
static void asks_for_the_state(void *ctx, lvgic_vcpuid v, lvgic_intid intid)
{
    struct lvgic_access access = {.offset = 0x304, .size = 4};

    (void)ctx, (void)v;
    lvgic_dist_access(vm, NULL, &access);
    explore_check(!(access.value & BIT64(intid.n % 32)));
    notified++;
}

static void nothing(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static void relaxes(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    explore_relax();
}

static const struct lvgic_host notified_host = {
    .kick = nothing, .relax = relaxes, .deactivated = asks_for_the_state};

static void callback_setup(void)
{
    vm_setup(1, 2);
    vm->host = &notified_host;
    notified = 0;
    vm_set_word(IRQ0, (vm_word(IRQ0) & ~IRQ_EDGE) | IRQ_SOFT | IRQ_NOTIFY);
    /* The other one goes behind it: it stays in its list register. */
    vm_set_word(IRQ1, vm_word(IRQ1) | UINT64_C(0xc0) << IRQ_PRIO_SHIFT);
}

static void run_once(void)
{
    guest_run(cpu0, 1, true, false);
}

static void callback_final(void)
{
    check_end();
    explore_check(notified == delivered[IRQ0]);
}

const struct explore_scenario m_callback = {
    .name = "callback-calls-the-library",
    .shows = "who is told of a completion may ask for exact state at once: nothing is held",
    .actors = 2,
    .setup = callback_setup,
    .actor = {run_once, inject_other},
    .final = callback_final,
};
