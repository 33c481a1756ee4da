/* SPDX-License-Identifier: MIT */
#include "ours.h"

#include "pending.h"

#include <stdlib.h>
#include <string.h>

static void kick(void *ctx, lvgic_vcpuid v)
{
    ((struct ours *)ctx)->kicked[v.n] = true;
}

static void wake(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

/* Somebody waits for this vCPU to come out. */
static void relax(void *ctx, lvgic_vcpuid v)
{
    struct ours *ours = ctx;

    ours->inside[v.n] = false;
    lvgic_vcpu_exit(ours->vcpu[v.n]);
}

static void broken(void *ctx, const char *what)
{
    struct ours *ours = ctx;

    if (!ours->broken)
        ours->broken = what;
}

static const struct lvgic_host host = {
    .kick = kick, .wake = wake, .relax = relax, .broken = broken};

/* Every vCPU that was kicked comes out and in, until nobody is kicked any more. */
static void settle(struct ours *ours)
{
    bool again = true;

    for (unsigned round = 0; again && round < 100; round++) {
        again = false;
        for (unsigned i = 0; i < ours->cpus; i++) {
            if (ours->inside[i] && !ours->kicked[i])
                continue;
            ours->kicked[i] = false;
            if (ours->inside[i])
                lvgic_vcpu_exit(ours->vcpu[i]);
            lvgic_vcpu_enter(ours->vcpu[i]);
            ours->inside[i] = again = true;
        }
    }
    if (again)
        broken(ours, "vCPUs kick each other for ever");
}

void ours_start(struct ours *ours, const struct sequence *seq)
{
    struct lvgic_config config = {.gic = seq->machine == MACHINE_GICV2 ? 2 : 3,
                                  .nr_vcpus = seq->cpus,
                                  .nr_spis = 256,
                                  .nr_lrs = (uint8_t)seq->lrs,
                                  .pri_bits = 5,
                                  .two_security_states = seq->machine == MACHINE_SECURE};
    size_t size = lvgic_vm_size(&config);

    if (size > ours->size) {
        free(ours->memory);
        ours->memory = aligned_alloc(64, size);
        ours->size = size;
    }
    ours->cpus = seq->cpus;
    ours->outside = seq->outside;
    ours->machine = seq->machine;
    ours->broken = NULL;
    memset(ours->line, 0, sizeof ours->line);
    if (lvgic_vm_init(ours->memory, size, &config, &host, ours, &ours->vm) != LVGIC_OK)
        abort();
    for (unsigned i = 0; i < ours->cpus; i++) {
        ours->vcpu[i] = lvgic_vcpu(ours->vm, LVGIC_VCPU(i));
        ours->inside[i] = ours->kicked[i] = false;
    }
    settle(ours);
}

static uint64_t frame(struct ours *ours, const struct op *op)
{
    struct lvgic_access access = {.offset = op->reg,
                                  .size = op->size,
                                  .write = op->kind == OP_WRITE,
                                  .value = op->value,
                                  .secure = op->secure};
    struct lvgic_vcpu *by = ours->outside ? NULL : ours->vcpu[op->cpu];

    if (by && ours->inside[op->cpu]) {
        lvgic_vcpu_exit(by);
        ours->inside[op->cpu] = false;
    }
    if (op->target >= TARGET_GICD2)
        lvgic_dist_access(ours->vm, by, &access);
    else
        lvgic_redist_access(ours->vm, by, LVGIC_VCPU(op->target), &access);
    return access.write ? 0 : access.value;
}

/* Registers of GICv2's CPU interface are accessed in the guest. */
static uint64_t gicc(struct ours *ours, unsigned cpu, unsigned offset, bool write, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = 4, .write = write, .value = value};

    lvgic_gicc_access(ours->vcpu[cpu], &access);
    return write ? 0 : access.value;
}

/* A wire that does not change is no event: for an edge-triggered interrupt each call is an edge. */
static void line(struct ours *ours, const struct op *op)
{
    bool *now = &ours->line[op->reg < 32 ? op->cpu : 0][op->reg % 64];

    if (*now == !!op->value)
        return;
    *now = op->value;
    lvgic_set_line(ours->vm, LVGIC_VCPU(op->cpu), LVGIC_INTID(op->reg), op->value);
}

static uint64_t icc(struct ours *ours, unsigned cpu, unsigned reg, bool write, uint64_t value,
                    bool *undef)
{
    *undef = lvgic_vcpu_sysreg(ours->vcpu[cpu], sysreg_rows[reg].encoding, write, &value) !=
             LVGIC_SYSREG_DONE;
    return write || *undef ? 0 : value;
}

static void look(struct ours *ours, unsigned cpu, struct result *result)
{
    struct lvgic_lines lines = lvgic_vcpu_lines(ours->vcpu[cpu]);
    bool undef;

    result->lines = (uint8_t)((lines.irq ? LINE_IRQ : 0) | (lines.fiq ? LINE_FIQ : 0));
    if (ours->machine == MACHINE_GICV2) {
        result->hppir[0] = (uint16_t)gicc(ours, cpu, gicc_rows[GICC_REG_HPPIR].offset, false, 0);
        result->rpr = (uint8_t)gicc(ours, cpu, gicc_rows[GICC_REG_RPR].offset, false, 0);
        return;
    }
    result->hppir[0] = (uint16_t)icc(ours, cpu, SYSREG_ICC_HPPIR0_EL1, false, 0, &undef);
    result->hppir[1] = (uint16_t)icc(ours, cpu, SYSREG_ICC_HPPIR1_EL1, false, 0, &undef);
    result->rpr = (uint8_t)icc(ours, cpu, SYSREG_ICC_RPR_EL1, false, 0, &undef);
}

/* What the vCPU would be woken up for (WFI) must be what is signalled when it runs. Of several with
 * the same best priority one may be able to preempt and another not, by their groups' binary
 * points: which comes first is free to choose, and so both answers are right. */
static void check_wake(struct ours *ours, unsigned cpu)
{
    struct lvgic_lines lines;
    bool wake, tie;

    lvgic_vcpu_exit(ours->vcpu[cpu]);
    wake = lvgic_vcpu_has_interrupt(ours->vcpu[cpu]);
    tie = pending_nr_best(ours, cpu) > 1;
    lvgic_vcpu_enter(ours->vcpu[cpu]);
    lines = lvgic_vcpu_lines(ours->vcpu[cpu]);
    if (wake != (lines.irq || lines.fiq) && !tie)
        broken(ours, wake ? "woken up, and nothing is signalled" : "signalled, but not woken up");
}

struct result ours_do(struct ours *ours, const struct op *op)
{
    struct result result = {.value = 0};
    bool undef = false;

    switch (op->kind) {
    case OP_READ:
    case OP_WRITE:
        if (op->target == TARGET_GICC)
            result.value = gicc(ours, op->cpu, op->reg, op->kind == OP_WRITE, op->value);
        else
            result.value = frame(ours, op);
        break;
    case OP_ICC_READ:
    case OP_ICC_WRITE:
        result.value = icc(ours, op->cpu, op->reg, op->kind == OP_ICC_WRITE, op->value, &undef);
        break;
    case OP_LINE:
        line(ours, op);
        break;
    case OP_RESET:
        if (ours->machine == MACHINE_GICV2)
            break;
        /* QEMU's redistributors are awake afterwards. */
        frame(ours, &(struct op){.kind = OP_WRITE,
                                 .cpu = op->cpu,
                                 .size = 4,
                                 .target = op->cpu,
                                 .reg = GICR_WAKER,
                                 .secure = true});
        break;
    default:
        break;
    }
    result.undef = undef;
    settle(ours);
    if (op->kind == OP_LOOK)
        check_wake(ours, op->cpu);
    if (ours->machine != MACHINE_SECURE)
        look(ours, op->cpu, &result);
    return result;
}

const char *ours_end(struct ours *ours)
{
    for (unsigned i = 0; i < ours->cpus; i++) {
        if (ours->inside[i])
            lvgic_vcpu_exit(ours->vcpu[i]);
        ours->inside[i] = false;
    }
    if (!ours->broken)
        ours->broken = lvgic_check(ours->vm);
    return ours->broken;
}

void ours_free(struct ours *ours)
{
    free(ours->memory);
    *ours = (struct ours){.memory = NULL};
}

void ours_replay(struct ours *ours, const struct sequence *seq, unsigned nr)
{
    ours_start(ours, seq);
    for (unsigned i = 0; i < nr; i++)
        ours_do(ours, &seq->ops[i]);
}

struct lvgic_irq_info ours_info(struct ours *ours, unsigned cpu, unsigned intid)
{
    struct lvgic_irq_info info = {.pending = false};

    lvgic_irq_info(ours->vm, LVGIC_VCPU(cpu), LVGIC_INTID(intid), &info);
    return info;
}
