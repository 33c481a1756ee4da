/* SPDX-License-Identifier: MIT */
#include "deliver/dir.h"

#include "arch/lr.h"
#include "deliver/gate.h"
#include "deliver/run.h"

/* lvgic_vm.spi_home and .spi_home_known: nobody, one vCPU (its index + 1), or several. */
#define HOME_NONE 0u
#define HOME_MANY UINT32_MAX

static bool covers(uint32_t home, uint32_t index)
{
    return home == HOME_MANY || home == index + 1;
}

/* The homes that there are with one more. Once set, a home stays one: who could tell when the last
 * deactivation from afar has come? */
static uint32_t with_home(uint32_t home, uint32_t more)
{
    return home == HOME_NONE || home == more ? more : HOME_MANY;
}

static uint32_t add_home(_Atomic uint32_t *home, uint32_t more)
{
    /* Relaxed: dir_announce_home() has the fence. */
    uint32_t old = atomic_load_explicit(home, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(home, &old, with_home(old, more),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
    return with_home(old, more);
}

/* Every vCPU that runs without the trap leaves the guest once. */
static void turn_out(struct lvgic_vm *vm)
{
    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        struct lvgic_vcpu *vcpu = &vm->vcpus[i];

        /* Relaxed: set before the publication of "in guest", whose fence orders it. */
        if (!vcpu_holds(vcpu) || !atomic_load_explicit(&vcpu->dir_open, memory_order_relaxed))
            continue;
        gate_raise(vcpu);
        gate_wait_out(vcpu);
        gate_lower(vcpu);
    }
}

void dir_announce_home(struct lvgic_vm *vm, uint32_t index)
{
    /* Whoever finds it stored but not known yet must not rely on that, and waits as well. Relaxed:
     * what has to be ordered is the announcer's store with each vCPU's look, by their fences. */
    if (index == IRQ_NOBODY ||
        covers(atomic_load_explicit(&vm->spi_home_known, memory_order_relaxed), index))
        return;

    uint32_t home = add_home(&vm->spi_home, index + 1);

    /* The home is stored before, and the modes are looked at after; a vCPU that enters does it the
     * other way round, with a fence too. Either it sees the home, or this sees it in the guest. */
    atomic_thread_fence(memory_order_seq_cst);
    turn_out(vm);
    add_home(&vm->spi_home_known, home);
}

void dir_add_home(struct lvgic_vm *vm, uint32_t index)
{
    add_home(&vm->spi_home, index + 1);
    add_home(&vm->spi_home_known, index + 1);
}

void dir_announce_active(struct lvgic_vcpu *vcpu, uint32_t slot, struct gate *gate)
{
    uint32_t on = irq_effective(irq_load(vcpu_irq(vcpu, slot)));

    if (on == IRQ_NOBODY)
        on = vcpu->index;
    if (slot_is_private(vcpu->vm, slot))
        gate_hold(vcpu->vm, gate, on);
    else
        dir_announce_home(vcpu->vm, on);
}

void dir_note_eoimode(struct lvgic_vcpu *vcpu)
{
    /* Relaxed: a value for its own sake, see dir_open(). */
    atomic_store_explicit(&vcpu->eoimode, !!(vcpu->lrs.vmcr & VMCR_VEOIM), memory_order_relaxed);
}

void dir_open(struct lvgic_vcpu *vcpu)
{
    const struct lvgic_vm *vm = vcpu->vm;
    /* Relaxed: a value for its own sake. If a VMM changes EOImode just now, a run is as good with
     * the trap as without. */
    bool eoimode = atomic_load_explicit(&vcpu->eoimode, memory_order_relaxed);
    bool open = !vm->gicv2 && (eoimode || vm->no_dir_trap);

    /* Relaxed: ordered before the look at the homes by the publication's fence. */
    atomic_store_explicit(&vcpu->dir_open, open, memory_order_relaxed);
}

bool dir_trap_needed(struct lvgic_vcpu *vcpu, bool active_outside)
{
    struct lvgic_vm *vm = vcpu->vm;
    /* Relaxed: after the publication's fence. */
    uint32_t home = atomic_load_explicit(&vm->spi_home, memory_order_relaxed);
    bool open = atomic_load_explicit(&vcpu->dir_open, memory_order_relaxed) && !active_outside &&
                !vm->one_of_n && (home == HOME_NONE || home == vcpu->index + 1);

    /* Relaxed: it spares this run being turned out, and decides nothing. */
    if (!open)
        atomic_store_explicit(&vcpu->dir_open, false, memory_order_relaxed);
    return !open;
}
