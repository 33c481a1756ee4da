/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints: the guest stops, its GIC is saved, torn down, and made anew with another number of
 * list registers or another kind of CPU interface, and the guest goes on. Nothing of it is to be
 * noticed but the time that it takes.
 *
 * It is done by whichever CPU comes last to a place between two runs of its vCPU
 * (checkpoint_if_asked), when all the others have come there, and wait. So no CPU is in the guest
 * or in the library, and no physical interrupt is between being acknowledged and being the guest's:
 * what arrives meanwhile stays pending in the physical GIC.
 */
#include "hyp.h"

/* What the GIC is in turn. Bit 0: the other number of list registers; bit 1: the other kind of CPU
 * interface than at the start. Each follows each other one, once in a round. */
static const uint8_t turns[] = {0, 1, 2, 3, 0, 2, 1, 0, 3, 1, 3, 2};
#define TURNS (sizeof(turns) / sizeof(turns[0]))
#define KEPT 4096u

static atomic_bool asked;    /* for a checkpoint, */
static atomic_bool to_file;  /* and for a file of it */
static atomic_uint arrived;  /* CPUs that wait for the others, */
static atomic_uint meetings; /* and how often all of them have come */

/* Of whoever came last: how many there have been, to which turn, when the next one was asked for
 * and how long the last one took; and of many what they took, in microseconds. */
static unsigned done, turn, of_turn[4];
static uint64_t asked_at, ticks;
static uint32_t took[KEPT];

static uint64_t microseconds(uint64_t time)
{
    return time * 1000000 / READ_SYSREG(cntfrq_el0);
}

static uint64_t now(void)
{
    isb(); /* the counter is not read early */
    return READ_SYSREG(cntpct_el0);
}

/* The next one of those that come by themselves, on the boot CPU. The guest gets at least as much
 * time as the last one took, or on a busy machine it would get none. */
void checkpoint_arm(const struct cpu *cpu)
{
    uint64_t wait = READ_SYSREG(cntfrq_el0) / 1000 * boot.period;

    if (cpu->index != 0 || !boot.period)
        return;
    WRITE_SYSREG(cnthp_cval_el2, now() + (wait > ticks ? wait : ticks));
    WRITE_SYSREG(cnthp_ctl_el2, 1);
}

/* A checkpoint before the guest goes on, on any CPU; with `file`, and a name for it, a file of the
 * snapshot, too. By a CPU that is not in the guest. */
void checkpoint_ask(const struct cpu *cpu, bool file)
{
    /* Relaxed: whoever acts on either does so after this CPU has arrived, too. */
    if (file)
        atomic_store_explicit(&to_file, true, memory_order_relaxed);
    if (atomic_exchange_explicit(&asked, true, memory_order_relaxed))
        return;
    asked_at = now();
    gic_kick_others(cpu);
}

/* The boot CPU's timer, whose interrupt has been acknowledged. */
void checkpoint_timer(const struct cpu *cpu)
{
    WRITE_SYSREG(cnthp_ctl_el2, 0);
    isb(); /* its line is low before it is deactivated */
    checkpoint_ask(cpu, false);
}

/* All CPUs wait here for each other; the last one does this before any goes on. */
static void meet(const struct cpu *cpu, void (*work)(void))
{
    /* Relaxed: it cannot change before this CPU has arrived. */
    unsigned before = atomic_load_explicit(&meetings, memory_order_relaxed);

    /* Acquire and release: what each CPU did before, the last one sees. */
    if (atomic_fetch_add_explicit(&arrived, 1, memory_order_acq_rel) + 1 == boot.nr_cpus) {
        work();
        /* Relaxed: the others wait for what follows. */
        atomic_store_explicit(&arrived, 0, memory_order_relaxed);
        /* Release and acquire: they see what was done. */
        atomic_store_explicit(&meetings, before + 1, memory_order_release);
        gic_kick_others(cpu);
        return;
    }
    while (atomic_load_explicit(&meetings, memory_order_acquire) == before) {
        vgic_stop_if_asked(); /* by a CPU that has not arrived and never will */
        dsb(sy);              /* as in gic_wait() */
        __asm__ volatile("wfi" ::: "memory");
        /* If that did not sleep: an emulator may run all CPUs on one of its own, in turn. */
        __asm__ volatile("yield");
    }
}

static void rebuild(void)
{
    turn = turns[(done + 1) % TURNS];
    /* Relaxed: see checkpoint_ask(). */
    vgic_rebuild(turn & 1, turn & 2,
                 atomic_exchange_explicit(&to_file, false, memory_order_relaxed));
}

static void finish(void)
{
    ticks = now() - asked_at;
    took[done++ % KEPT] = (uint32_t)microseconds(ticks);
    of_turn[turn]++;
    /* Relaxed: the others wait. */
    atomic_store_explicit(&asked, false, memory_order_relaxed);
}

/* Between two runs of the vCPU. `attached`: it has the CPU's virtual interface. True if there has
 * been a checkpoint. */
bool checkpoint_if_asked(struct cpu *cpu, bool attached)
{
    /* Relaxed: if it comes later, so does a kick. */
    if (!atomic_load_explicit(&asked, memory_order_relaxed))
        return false;
    vgic_leave(cpu, attached);
    meet(cpu, rebuild);
    /* Once more, so that no guest ends an interrupt while another CPU looks whether it is active.
     */
    vgic_join(cpu, attached);
    meet(cpu, finish);
    checkpoint_arm(cpu);
    return true;
}

static void sort(uint32_t *values, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint32_t value = values[i];
        unsigned at = i;

        for (; at && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* At the end, when no other CPU is running. */
void checkpoint_print(void)
{
    unsigned kept = done < KEPT ? done : KEPT;

    if (!done)
        return;
    sort(took, kept);
    say("hyp: %u checkpoints, to each kind of GIC %u, %u, %u, %u; %u, %u, %u us (least, median, "
        "most)\n",
        done, of_turn[0], of_turn[1], of_turn[2], of_turn[3], took[0], took[kept / 2],
        took[kept - 1]);
}
