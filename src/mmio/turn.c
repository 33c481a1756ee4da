/* SPDX-License-Identifier: MIT */
#include "mmio/turn.h"

#include "deliver/run.h"
#include "deliver/waiting.h"

struct cpuif_turn cpuif_begin(struct lvgic_vcpu *vcpu, bool needs_lrs, bool own)
{
    struct cpuif_turn turn = {.inside = vcpu_mode(vcpu) == VCPU_IN};

    turn.borrowed = !turn.inside && needs_lrs;
    turn.own = !turn.inside && !needs_lrs && own;
    if (turn.borrowed)
        deliver_enter(vcpu);
    else if (turn.own)
        turn.asleep = deliver_work_begin(vcpu);
    return turn;
}

static void maintain(struct lvgic_vcpu *vcpu)
{
    if (!icv_misr(&vcpu->lrs) && !waiting_has_news(vcpu))
        return;
    deliver_exit(vcpu);
    deliver_enter(vcpu);
}

void cpuif_end(struct lvgic_vcpu *vcpu, struct cpuif_turn turn, struct icv_effect effect)
{
    if (turn.borrowed)
        deliver_exit(vcpu);
    else if (turn.own)
        deliver_work_end(vcpu, turn.asleep);
    else if (turn.inside)
        maintain(vcpu);
    /* Last, when nothing is half-done: the callback may call the library. */
    if (effect.phys_deactivate)
        vcpu->vm->host->phys_deactivate(vcpu->vm->host_ctx, LVGIC_VCPU(vcpu->index), effect.pintid);
}
