/* SPDX-License-Identifier: MIT */
#include "deliver/effects.h"

#include "deliver/event.h"

static void kick(struct lvgic_vm *vm, struct lvgic_vcpu *vcpu)
{
    lvgic_vcpuid id = {vcpu->index};

    /* The hint, or the attention, that this kick is about was stored before; the vCPU's mode is
     * loaded after. deliver_enter() does it the other way round, with a fence too: so either it
     * sees the hint, or this sees that it is in the guest. Both fences are needed. */
    atomic_thread_fence(memory_order_seq_cst);
    uint32_t mode = atomic_load_explicit(&vcpu->mode, memory_order_relaxed);

    if (mode != VCPU_IN && mode != VCPU_BLOCKED)
        return;
    /* The flag is set here, immediately before the host is called, and not when the kick was
     * collected: whoever finds it set relies on the call being on its way. A flag for each kind of
     * call: one that was meant for the run before must not swallow the wake-up of a sleep. Relaxed:
     * it orders nothing, it only spares the host a second call. */
    uint32_t call = mode == VCPU_IN ? KICKED : WOKEN;

    if (atomic_fetch_or_explicit(&vcpu->kicked, call, memory_order_relaxed) & call)
        return;
    if (mode == VCPU_IN)
        vm->host->kick(vm->host_ctx, id);
    else if (vm->host->wake)
        vm->host->wake(vm->host_ctx, id);
}

static void run_kicks(struct lvgic_vm *vm, struct effects *effects)
{
    uint32_t nr = effects->nr_kicks;

    effects->nr_kicks = 0;
    for (uint32_t i = 0; i < nr; i++)
        kick(vm, &vm->vcpus[effects->kicks[i]]);
}

void effects_kick(struct lvgic_vm *vm, struct effects *effects, uint32_t vcpu)
{
    for (uint32_t i = 0; i < effects->nr_kicks; i++)
        if (effects->kicks[i] == vcpu)
            return;
    if (effects->nr_kicks == MAX_KICKS)
        run_kicks(vm, effects);
    effects->kicks[effects->nr_kicks++] = (uint16_t)vcpu;
}

void effects_act(struct effects *effects, const struct lvgic_vcpu *vcpu, uint32_t slot,
                 uint32_t what)
{
    if (!what || effects->nr_acts == MAX_ACTS)
        return;
    effects->acts[effects->nr_acts].slot = slot;
    effects->acts[effects->nr_acts].vcpu = (uint16_t)vcpu->index;
    effects->acts[effects->nr_acts].what = (uint16_t)what;
    effects->nr_acts++;
}

/* A forwarded level interrupt is still pending: if its physical line went low in the meantime there
 * is nothing to deliver, and lowering its line gives the physical interrupt back. */
static void sample(struct lvgic_vcpu *vcpu, uint32_t slot, uint32_t pintid)
{
    struct lvgic_vm *vm = vcpu->vm;

    if (!vm->host->phys_line(vm->host_ctx, LVGIC_VCPU(vcpu->index), pintid))
        deliver_event_now(vcpu, slot, IRQ_EV_LINE_LOW, 0);
}

void effects_run(struct lvgic_vm *vm, struct effects *effects)
{
    /* Kicks first: somebody's latency. */
    run_kicks(vm, effects);

    for (uint32_t i = 0; i < effects->nr_acts; i++) {
        uint32_t slot = effects->acts[i].slot, what = effects->acts[i].what;
        struct lvgic_vcpu *vcpu = &vm->vcpus[effects->acts[i].vcpu];
        uint32_t pintid = atomic_load_explicit(vcpu_pintid(vcpu, slot), memory_order_relaxed);

        if (what & ACT_DEACTIVATE)
            vm->host->phys_deactivate(vm->host_ctx, LVGIC_VCPU(vcpu->index), pintid);
        if (what & ACT_SAMPLE)
            sample(vcpu, slot, pintid);
        if ((what & ACT_NOTIFY) && vm->host->deactivated)
            vm->host->deactivated(vm->host_ctx, LVGIC_VCPU(vcpu->index),
                                  LVGIC_INTID(vm_intid(vm, slot)));
    }
    effects->nr_acts = 0;
}
