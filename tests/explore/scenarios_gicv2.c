/* SPDX-License-Identifier: MIT */
/* GICv2: SGIs with sources, and SPIs with several targets. */
#include "scenarios.h"

#include "mmio/dist2.h"
#include "mmio/fields.h"

#define SGI 5u
#define NR_SOURCES 8u

/* What happened to each source, for the oracle: sends that have begun; of these, begun before the
 * last acknowledgement; acknowledgements. */
static unsigned begun[NR_SOURCES], begun_before[NR_SOURCES], taken[NR_SOURCES];

static void sources_setup(void)
{
    vm_setup_gicv2(1);
    for (unsigned i = 0; i < NR_SOURCES; i++)
        begun[i] = begun_before[i] = taken[i] = 0;
}

static void send(unsigned source)
{
    explore_quiet_begin();
    begun[source]++;
    explore_quiet_end();
    dist2_send_sgi(&vm->vcpus[source], UINT64_C(1) << 16 | SGI);
}

/* Returns the source that was acknowledged, or -1. */
static int take(bool complete)
{
    uint32_t vintid = icv_acknowledge(&cpu0->lrs, false);
    uint32_t source = vintid >> VINTID_SOURCE_LO;

    if (vintid == INTID_SPURIOUS)
        return -1;
    explore_check((vintid & 1023) == SGI && source < NR_SOURCES);
    explore_quiet_begin();
    taken[source]++;
    begun_before[source] = begun[source];
    explore_quiet_end();
    if (complete)
        icv_end_of_interrupt(&cpu0->lrs, vintid, false);
    return (int)source;
}

static bool is_pending_for(unsigned source)
{
    uint64_t w = vm_word(SGI), lr = cpu0->lrs.lr[0];

    return (irq_sources(w) >> source & 1) || ((cpu0->lrs.used & 1) && (lr & LR_PENDING) &&
                                              lr_vintid(lr) == (source << VINTID_SOURCE_LO | SGI));
}

static void sources_final(void)
{
    uint64_t w = vm_word(SGI);

    check_slot(SGI);
    for (unsigned i = 0; i < NR_SOURCES; i++) {
        explore_check(taken[i] <= begun[i]);
        /* Sent since it was last acknowledged, or never: then it is to come. */
        if (begun[i] > begun_before[i])
            explore_check(is_pending_for(i));
    }
    /* Still in the guest, with more sources to come: somebody will make it come out. */
    if ((w & IRQ_INLR) && irq_sources(w) && !atomic_load(&cpu0->kicked))
        explore_check(cpu0->lrs.lr[0] & LR_EOI);
}

/* ------------------------------------------------- a storm ------------------------------------ */

static void storm_sender(unsigned first)
{
    send(first);
    send(first + 1);
    if (explore_rand(2))
        send(first);
}

static void sends_0_1(void)
{
    storm_sender(0);
}

static void sends_2_3(void)
{
    storm_sender(2);
}

static void sends_4_5(void)
{
    storm_sender(4);
}

static void sends_6_7(void)
{
    storm_sender(6);
}

static void takes_them(void)
{
    for (unsigned i = 0; i < 6; i++) {
        guest_enter(cpu0);
        if (explore_rand(4)) /* now and then it comes out before it takes anything */
            take(true);
        if (i < 5)
            guest_exit(cpu0);
    }
}

const struct explore_scenario v2_storm = {
    .name = "gicv2-storm-of-sources",
    .shows = "SGIs of eight sources through one list register: none lost, none delivered twice",
    .actors = 5,
    .setup = sources_setup,
    .actor = {takes_them, sends_0_1, sends_2_3, sends_4_5, sends_6_7},
    .final = sources_final,
};

/* ------------------------------------------------- clearing a source -------------------------- */

static _Atomic int cleared;
static unsigned which; /* source is cleared */

static void clear_setup(void)
{
    sources_setup();
    atomic_store(&cleared, 0);
    /* Pending for sources 1 and 2, and sent by them. */
    vm_set_word(SGI, vm_word(SGI) | UINT64_C(6) << IRQ_GEN_SHIFT);
    begun[1] = begun[2] = 1;
    which = 1 + explore_rand(2);
}

static void clears(void)
{
    dist2_write_sources(cpu0, SGI, false, 1u << which);
    atomic_store(&cleared, 1);
}

/* The source may be in the register while it is cleared, and is not acknowledged in that run. */
static void comes_out_and_takes(void)
{
    guest_enter(cpu0);

    bool before = atomic_load(&cleared);

    guest_exit(cpu0);
    guest_enter(cpu0);

    int source = take(true);

    if (before)
        explore_check(source != (int)which);
    guest_exit(cpu0);
}

static void sends_3(void)
{
    send(3);
}

static void clear_final(void)
{
    begun_before[which] = begun[which]; /* it need not be delivered, */
    sources_final();
    if (!taken[which])
        explore_check(!is_pending_for(which)); /* and if it was not it never will */
}

const struct explore_scenario v2_clear = {
    .name = "gicv2-clear-a-source",
    .shows = "clearing one source takes it back also while it is listed, and takes no other",
    .actors = 3,
    .setup = clear_setup,
    .actor = {comes_out_and_takes, clears, sends_3},
    .final = clear_final,
};

/* ------------------------------------------------- several targets ---------------------------- */

static void write_targets(uint64_t targets)
{
    struct fields fields = {
        .vcpu = cpu0, .op = REG_OP_TARGETS, .nr = 1, .slots = {vm_slot(vm, IRQ0)}};

    fields_write(&fields, &targets, 0xff);
}

static void targets_setup(void)
{
    vm_setup_gicv2(1);
}

static void to_1_or_2(void)
{
    write_targets(6);
}

static void to_0_or_1(void)
{
    write_targets(3);
}

static void targets_final(void)
{
    uint64_t targets = dist2_targets(cpu0, IRQ0);

    check_end();
    explore_check(targets == 3 || targets == 6);
    explore_check(irq_target(vm_word(IRQ0)) == vm_route_target(vm, targets));
    explore_check(delivered[IRQ0] == 1 || (!delivered[IRQ0] && still_pending(IRQ0)));
}

static void runs_0(void)
{
    guest_run(cpu0, 1, true, true);
}

const struct explore_scenario v2_targets = {
    .name = "gicv2-two-who-write-targets",
    .shows =
        "of two who write GICD_ITARGETSR at once the interrupt follows the one that reads back",
    .actors = 4,
    .setup = targets_setup,
    .actor = {runs_0, to_1_or_2, to_0_or_1, inject},
    .final = targets_final,
};
