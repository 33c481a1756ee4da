/* SPDX-License-Identifier: MIT */
/*
 * The matrix: each operation of devices and of other vCPUs' register accesses against each phase of
 * vCPU 0, alone ("pair-inject-enter"), and together with each other one and with itself
 * ("triple-disable-retarget-exit"). What a schedule did is right if the sequential GIC of
 * host/sim/ghost.h can do the same.
 */
#include "matrix.h"

#include "machine.h"

enum { EDGE = 32, LEVEL = 33, CLOSED = 34, FIRST = 35, SECOND = 36, LPI = 8192 };

/* What an operation needs. MOVES: it moves something to vCPU 1, which runs then. */
enum { ITS = 1, MOVES = 2, HIGH = 4 };

#define OPERATIONS(X)                                                \
    X(inject, 0, machine_pulse(EDGE))                                \
    X(up, 0, machine_line(LEVEL, true))                              \
    X(down, HIGH, machine_line(LEVEL, false))                        \
    X(enable, 0, machine_enable(CLOSED, true))                       \
    X(disable, 0, (machine_enable(EDGE, false), machine_wait_rwp())) \
    X(close, 0, (machine_close(), machine_wait_rwp()))               \
    X(clear, 0, machine_clear(EDGE))                                 \
    X(deactivate, 0, machine_deactivate(EDGE))                       \
    X(retarget, MOVES, machine_route(EDGE, 1))                       \
    X(message, ITS, machine_message(LPI))                            \
    X(unmap, ITS, machine_discard(LPI))                              \
    X(lpioff, ITS, machine_lpis_off(0))                              \
    X(movall, ITS | MOVES, machine_move_all(LPI, 1))                 \
    X(tables, ITS, machine_save_tables(LPI))                         \
    X(snapshot, 0, machine_save())                                   \
    X(gate, 0, machine_read_active())

#define OPERATION(name, what, call) \
    enum { NEEDS_##name = (what) }; \
    static void device_##name(void) \
    {                               \
        call;                       \
        machine_done();             \
    }
OPERATIONS(OPERATION)

enum phase { PHASE_ENTER, PHASE_EXIT, PHASE_OVERFLOW, PHASE_BLOCKED, PHASE_SPLIT };

static enum phase phase;
static unsigned needs;
static uint32_t taken; /* what vCPU 0 is handling when the actors start */

/* ------------------------------------------------------------------ the machine -------------- */

static bool vcpu1_runs(void)
{
    return (needs & MOVES) || phase == PHASE_SPLIT;
}

static void switch_on(unsigned devices)
{
    static const struct machine_irq irqs[] = {
        {{EDGE, true, 0x80}, true},  {{LEVEL, false, 0x60}, true}, {{CLOSED, true, 0x70}, false},
        {{FIRST, true, 0xc0}, true}, {{SECOND, true, 0xa0}, true}, {{LPI, true, 0x40}, true},
    };
    static struct machine_config config;

    config.nr_vcpus = vcpu1_runs() ? 2 : 1;
    config.nr_lrs = phase == PHASE_ENTER ? 2 : 1;
    config.software = phase == PHASE_BLOCKED;
    config.split = phase == PHASE_SPLIT;
    config.lpis = needs & ITS;
    config.nr_irqs = config.lpis ? 6 : 5;
    for (unsigned i = 0; i < config.nr_irqs; i++)
        config.irqs[i] = irqs[i];
    machine_begin(&config, devices);
}

/* Things for vCPU 0 to do. */
static void happen(void)
{
    machine_pulse(CLOSED);
    if (needs & ITS)
        machine_message(LPI);
    if (needs & HIGH)
        machine_line(LEVEL, true);
}

static void set_up(enum phase of, unsigned a, unsigned b, unsigned devices)
{
    phase = of;
    needs = a | b;
    switch_on(devices + (phase == PHASE_SPLIT));
    switch (phase) {
    case PHASE_ENTER: /* about to enter, with something pending */
        machine_pulse(EDGE);
        happen();
        break;
    case PHASE_EXIT: /* about to leave, with an interrupt in hand */
        machine_pulse(EDGE);
        machine_enter(0);
        taken = machine_acknowledge(0);
        happen();
        break;
    case PHASE_OVERFLOW: /* two active and more pending, one list register */
        machine_pulse(FIRST);
        machine_enter(0);
        machine_acknowledge(0);
        machine_pulse(SECOND);
        taken = machine_acknowledge(0);
        machine_pulse(EDGE);
        happen();
        machine_exit(0);
        break;
    case PHASE_BLOCKED: /* about to sleep */
        machine_enter(0);
        break;
    case PHASE_SPLIT: /* EOImode 1: vCPU 0 drops the priority, vCPU 1 deactivates */
        machine_pulse(EDGE);
        machine_enter(0);
        taken = machine_acknowledge(0);
        happen();
        break;
    }
}

static void vcpu0(void)
{
    switch (phase) {
    case PHASE_ENTER:
        machine_enter(0);
        break;
    case PHASE_EXIT:
        machine_trap(0);
        machine_complete(0, taken);
        break;
    case PHASE_OVERFLOW:
        machine_enter(0);
        machine_handle(0);
        machine_complete(0, taken);
        machine_complete(0, FIRST);
        break;
    case PHASE_BLOCKED:
        if (!machine_sleep(0))
            return;
        break;
    case PHASE_SPLIT:
        machine_complete(0, taken);
        break;
    }
    machine_serve(0);
}

static void vcpu1(void)
{
    if (!vcpu1_runs())
        return;
    machine_enter(1);
    if (phase == PHASE_SPLIT) {
        machine_dir(1, taken);
        machine_done(); /* it counts as a device as well: it may have to wait for vCPU 0 */
    }
    machine_serve(1);
}

/* ------------------------------------------------------------------ the scenarios ------------ */

#define PAIR(PHASE, phase, a)                                             \
    static void setup_pair_##a##_##phase(void)                            \
    {                                                                     \
        set_up(PHASE, NEEDS_##a, 0, 1);                                   \
    }                                                                     \
    const struct explore_scenario pair_##a##_##phase = {                  \
        .name = "pair-" #a "-" #phase,                                    \
        .shows = "one " #a ", phase " #phase ": some order explains all", \
        .actors = 3,                                                      \
        .setup = setup_pair_##a##_##phase,                                \
        .actor = {vcpu0, vcpu1, device_##a},                              \
        .final = machine_finish,                                          \
        .hidden_state = true,                                             \
    };

#define TRIPLE(PHASE, phase, a, b)                                            \
    static void setup_triple_##a##_##b##_##phase(void)                        \
    {                                                                         \
        set_up(PHASE, NEEDS_##a, NEEDS_##b, 2);                               \
    }                                                                         \
    const struct explore_scenario triple_##a##_##b##_##phase = {              \
        .name = "triple-" #a "-" #b "-" #phase,                               \
        .shows = #a " and " #b ", phase " #phase ": some order explains all", \
        .actors = 4,                                                          \
        .setup = setup_triple_##a##_##b##_##phase,                            \
        .actor = {vcpu0, vcpu1, device_##a, device_##b},                      \
        .final = machine_finish,                                              \
        .hidden_state = true,                                                 \
    };

MATRIX(PAIR, TRIPLE)
