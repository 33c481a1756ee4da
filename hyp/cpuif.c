/* SPDX-License-Identifier: MIT */
/*
 * The guest's CPU interface without the hardware's: the library's, in software. Every access of the
 * guest to it traps and goes to the library while the vCPU is in its run (vgic_in_run()); what
 * comes out is the state of the CPU's two inputs, which EL2 sets (HCR_EL2.VI and VF), and
 * whether it is an NMI (HCRX_EL2.VINMI).
 */
#include "hyp.h"

#include <lvgic/lvgic.h>

/* ICH_HCR_EL2: trap the registers common to both groups, those of group 0, those of group 1, and
 * ICC_DIR_EL1. The virtual CPU interface itself stays off. */
#define ICH_HCR_TRAPS (BIT(10) | BIT(11) | BIT(12) | BIT(14))

static void caps(struct lvgic_config *config)
{
    config->nr_lrs = LVGIC_MAX_LRS;
    config->pri_bits = 5;
    config->nmi = boot.gic == 3 && cpu_has_nmi();
}

/* A GICv2's are in memory that is not mapped for the guest: no trap to set. */
static void attach(struct cpu *cpu)
{
    (void)cpu;
    if (boot.gic == 3) {
        WRITE_SYSREG(S3_4_C12_C11_0, ICH_HCR_TRAPS);
        isb(); /* before the guest, or whatever comes next */
    }
}

/* Nothing keeps a CPU awake that is about to sleep in EL2. */
static void detach(struct cpu *cpu)
{
    (void)cpu;
    cpu_signal(false, false, false);
}

static void load(struct cpu *cpu)
{
    struct lvgic_lines lines = lvgic_vcpu_lines(cpu->vcpu);

    cpu_signal(lines.irq, lines.fiq, lines.nmi);
}

/* The library has everything already. */
static void save(struct cpu *cpu)
{
    (void)cpu;
}

const struct cpuif cpuif_soft = {caps, attach, detach, load, save};
