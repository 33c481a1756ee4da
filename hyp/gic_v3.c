/* SPDX-License-Identifier: MIT */
/*
 * The physical GICv3: distributor, redistributors, system registers; and its virtual CPU interface
 * (ICH_*), which the guest uses by the same ICC_* registers. All interrupts are in group 1.
 */
#include "gic.h"

#include <lvgic/ich.h>
#include <lvgic/lvgic.h>

/* Offsets, IHI 0069H sections 12.8 to 12.11. */
#define GICD_IROUTER 0x6000
#define GICD_TYPER_NMI BIT(9)
#define GICD_CTLR_RWP BIT(31)
#define GICD_CTLR_ARE_GROUP1 0x12u

#define GICR_CTLR 0x0000
#define GICR_CTLR_RWP BIT(3)
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_SGI 0x10000 /* the second frame, whose registers are laid out as in GICD */
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

static void settle(uint64_t frame)
{
    uint64_t control = frame == boot.gicd ? frame + GICD_CTLR : frame - GICR_SGI + GICR_CTLR;

    while (read32(control) & (frame == boot.gicd ? GICD_CTLR_RWP : GICR_CTLR_RWP))
        ;
}

static void forward(bool on)
{
    write32(boot.gicd + GICD_CTLR, on ? GICD_CTLR_ARE_GROUP1 : 0);
    settle(boot.gicd);
}

static void route(uint32_t intid)
{
    *(volatile uint64_t *)(boot.gicd + GICD_IROUTER + 8ul * intid) = this_cpu()->mpidr;
}

static uint64_t find_redistributor(uint64_t mpidr)
{
    uint32_t affinity = (uint32_t)(FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0));

    for (uint64_t frame = boot.gicr;; frame += GICR_SIZE) {
        uint32_t type = read32(frame + GICR_TYPER);
        if (read32(frame + GICR_TYPER + 4) == affinity)
            return frame;
        if (type & BIT(4))
            fault("a CPU has no redistributor");
    }
}

static void find_cpu(struct cpu *cpu)
{
    uint64_t gicr = find_redistributor(cpu->mpidr);

    write32(gicr + GICR_WAKER, read32(gicr + GICR_WAKER) & ~(uint32_t)WAKER_PROCESSOR_SLEEP);
    while (read32(gicr + GICR_WAKER) & WAKER_CHILDREN_ASLEEP)
        ;
    cpu->banked = gicr + GICR_SGI;
    if (boot.its)
        its_cpu_init(cpu, gicr);
}

static void open_cpu(void)
{
    WRITE_SYSREG(icc_sre_el2, 0xf); /* system registers, for EL1 too */
    isb();                          /* before any of them is accessed */
    WRITE_SYSREG(icc_pmr_el1, 0xff);
    WRITE_SYSREG(icc_bpr1_el1, 0);
    WRITE_SYSREG(icc_ctlr_el1, 2); /* EOImode */
    WRITE_SYSREG(icc_igrpen1_el1, 1);
    isb(); /* interrupts are signalled from here on */
}

static uint32_t acknowledge(void)
{
    uint32_t intid = (uint32_t)READ_SYSREG(icc_iar1_el1);

    dsb(sy); /* the acknowledge has reached the redistributor before anything it leads to */
    WRITE_SYSREG(icc_eoir1_el1, intid); /* priority drop only; ignored if there was none */
    isb(); /* in this order: forwarding may deactivate, which needs the priority dropped */
    return intid;
}

static void deactivate(uint32_t intid)
{
    WRITE_SYSREG(icc_dir_el1, intid);
    isb(); /* inactive, and can come again, when the caller goes on */
}

static void kick(const struct cpu *cpu)
{
    uint64_t mpidr = cpu->mpidr;
    uint64_t aff0 = FIELD(mpidr, 7, 0);
    uint64_t value = (FIELD(mpidr, 39, 32) << 48) | (aff0 / 16 << 44) |
                     (FIELD(mpidr, 23, 16) << 32) | ((uint64_t)SGI_KICK << 24) |
                     (FIELD(mpidr, 15, 8) << 16) | BIT(aff0 % 16);

    WRITE_SYSREG(icc_sgi1r_el1, value);
    isb(); /* the SGI is sent before this CPU does anything else, such as wait for its effect */
}

const struct gic_driver gic_v3 = {
    .groups = ~0u,
    .intid_mask = 0xffffff,
    .forward = forward,
    .settle = settle,
    .route = route,
    .find_cpu = find_cpu,
    .open_cpu = open_cpu,
    .acknowledge = acknowledge,
    .deactivate = deactivate,
    .kick = kick,
};

/* ---------------------------------------------------------------- the guest's CPU interface */

#define ICH_HCR_VGRP0DIE BIT(5)
#define ICH_VMCR_VENG0 BIT(0)
#define ICH_VMCR_VENG1 BIT(1)

static void caps(struct lvgic_config *config)
{
    struct lvgic_ich_caps found = lvgic_ich_caps();

    config->nr_lrs = found.nr_lrs;
    config->pri_bits = found.pri_bits;
    config->no_dir_trap = !found.dir_trap;
    /* List registers have NMIs if the GIC and the PE have, which is one choice (4.9). */
    config->nmi = (read32(boot.gicd + GICD_TYPER) & GICD_TYPER_NMI) && cpu_has_nmi();
}

static void attach(struct cpu *cpu)
{
    lvgic_ich_attach(lvgic_vcpu_lrs(cpu->vcpu));
}

static void detach(struct cpu *cpu)
{
    lvgic_ich_detach(lvgic_vcpu_lrs(cpu->vcpu));
}

/* QEMU (7.2 at least) takes group 1 for group 0 in one place: it signals "group 0 is disabled"
 * while group 1 is. With group 0 enabled and group 1 not, that maintenance interrupt would never go
 * away and the guest would never run. Then do without: that group 0 has been disabled is noticed at
 * the next exit. */
static void avoid_false_maintenance(struct lvgic_lrs *lrs)
{
    if ((lrs->vmcr & (ICH_VMCR_VENG0 | ICH_VMCR_VENG1)) == ICH_VMCR_VENG0)
        lrs->hcr &= ~ICH_HCR_VGRP0DIE;
}

static void load(struct cpu *cpu)
{
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(cpu->vcpu);

    avoid_false_maintenance(lrs);
    lvgic_ich_load(lrs);
}

static void save(struct cpu *cpu)
{
    lvgic_ich_save(lvgic_vcpu_lrs(cpu->vcpu));
}

const struct cpuif cpuif_ich = {caps, attach, detach, load, save};
