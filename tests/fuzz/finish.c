/* SPDX-License-Identifier: MIT */
/*
 * No interrupt is lost: after any input, a guest that starts anew takes all that is enabled and
 * pending. It may have forgotten what was active; whatever it takes it then disables, so that
 * levels that stay high come to an end.
 */
#include "arch/lr.h"
#include "irq/vm.h"
#include "world.h"

#define SPURIOUS(intid) ((intid) >= 1020 && (intid) <= 1023)

enum { GICD_ICACTIVER = 0x380, GICD_ICACTIVER_E = 0x1c00, GICD_ICENABLER = 0x180 };
enum { GICD_ICENABLER_E = 0x1400, GICR_SGI = 0x10000 };

/* Bits of an array of the distributor's, or of this vCPU's redistributor. */
static void write_bits(struct world *world, struct lvgic_vcpu *cpu, bool redist, uint32_t offset,
                       uint64_t bits)
{
    struct lvgic_access access = {
        .offset = offset, .size = 4, .write = true, .value = bits, .secure = true};

    if (redist)
        lvgic_redist_access(world->vm, cpu, LVGIC_VCPU(cpu->index), &access);
    else
        lvgic_dist_access(world->vm, cpu, &access);
}

static void disable(struct world *world, struct lvgic_vcpu *cpu, uint32_t intid)
{
    uint64_t bit = BIT64(intid % 32);
    bool gicv3 = world->config.gic == 3;

    if (intid < 32 && gicv3)
        write_bits(world, cpu, true, GICR_SGI + GICD_ICENABLER, bit);
    else if (intid < 1020)
        write_bits(world, cpu, false, GICD_ICENABLER + intid / 32 * 4, bit);
    else if (intid < FIRST_ESPI)
        write_bits(world, cpu, true, GICR_SGI + GICD_ICENABLER + 4 + (intid - FIRST_EPPI) / 32 * 4,
                   bit);
    else if (intid < FIRST_LPI)
        write_bits(world, cpu, false, GICD_ICENABLER_E + (intid - FIRST_ESPI) / 32 * 4, bit);
}

static void start_anew(struct world *world, struct lvgic_vcpu *cpu)
{
    lvgic_vcpu_reset_cpuif(cpu);
    lvgic_vcpu_set_sctlr_nmi(cpu, false);
    world_open_cpuif(world, cpu);
    for (uint32_t i = 0; i < 32; i++) {
        write_bits(world, cpu, false, GICD_ICACTIVER + i * 4, UINT32_MAX);
        write_bits(world, cpu, false, GICD_ICACTIVER_E + i * 4, UINT32_MAX);
    }
    for (uint32_t i = 0; i < 3; i++)
        write_bits(world, cpu, true, GICR_SGI + GICD_ICACTIVER + i * 4, UINT32_MAX);
}

/* Acknowledges in the group that has something, and says in which. */
static uint32_t acknowledge(struct world *world, struct lvgic_vcpu *cpu, bool *group1)
{
    bool gicv2 = world->config.gic == 2;
    uint32_t intid = 1023;

    for (unsigned group = 0; group < 2 && SPURIOUS(intid); group++) {
        *group1 = group;
        if (gicv2)
            intid = guest_gicc(cpu, group ? GICC_REG_AIAR : GICC_REG_IAR, false, 0);
        else
            intid = (uint32_t)guest_icc(cpu, group ? SYSREG_ICC_IAR1_EL1 : SYSREG_ICC_IAR0_EL1,
                                        false, 0);
    }
    return intid;
}

static void complete(struct world *world, struct lvgic_vcpu *cpu, uint32_t intid, bool group1)
{
    if (world->config.gic == 2)
        guest_gicc(cpu, group1 ? GICC_REG_AEOIR : GICC_REG_EOIR, true, intid);
    else
        guest_icc(cpu, group1 ? SYSREG_ICC_EOIR1_EL1 : SYSREG_ICC_EOIR0_EL1, true, intid);
}

static void take_all(struct world *world, struct lvgic_vcpu *cpu)
{
    /* Each once, but for SGIs of a GICv2, which have a source each. */
    uint32_t most = world->vm->nr_slots + 16 * WORLD_CPUS, intid;
    bool group1;

    for (uint32_t taken = 0;; taken++) {
        world_check(taken <= most, "a guest that disables what it takes has taken everything");
        lvgic_vcpu_enter(cpu);
        intid = acknowledge(world, cpu, &group1);
        lvgic_vcpu_exit(cpu);
        if (SPURIOUS(intid))
            return;
        disable(world, cpu, world->config.gic == 2 ? intid % 1024 : intid);
        lvgic_vcpu_enter(cpu);
        complete(world, cpu, intid, group1);
        lvgic_vcpu_exit(cpu);
    }
}

/* Could somebody take this interrupt? Not if it has the lowest priority, which PMR masks always. */
static bool takeable(struct lvgic_vm *vm, struct lvgic_vcpu *of, uint32_t slot)
{
    uint64_t w = irq_load(vcpu_irq(of, slot));
    uint32_t ctlr = vm_gicd_ctlr(vm);

    return irq_deliverable(w) && irq_target(w) != IRQ_NOBODY && ctlr_forwards(ctlr, w) &&
           !vcpu_lpi_is_stale(&vm->vcpus[irq_target(w)], w) &&
           (irq_is_nmi(w) || ctlr_priority(ctlr, w) < priority_mask(vm));
}

void world_finish(struct world *world)
{
    struct lvgic_vm *vm = world->vm;

    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        start_anew(world, world->cpu[i]);
    write_bits(world, world->cpu[0], false, 0, 0x37); /* GICD_CTLR */
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        take_all(world, world->cpu[i]);
    for (uint32_t i = 0; i < vm->nr_vcpus; i++)
        for (uint32_t slot = 0; slot < vm->nr_private; slot++)
            world_check(!takeable(vm, world->cpu[i], slot), "no private interrupt is lost");
    for (uint32_t slot = vm->nr_private; slot < vm->nr_slots; slot++)
        world_check(!takeable(vm, world->cpu[0], slot), "no SPI or LPI is lost");
}
