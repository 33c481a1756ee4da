/* SPDX-License-Identifier: MIT */
/*
 * The physical GICv2: distributor and CPU interfaces, both banked; and its virtual CPU interface,
 * whose registers for the guest (GICV) are mapped where the guest looks for its own (GICC), and
 * whose control registers (GICH) are ours. All interrupts are in group 0: the reset value, and with
 * a secure world's firmware what we see of group 1.
 */
#include "gic.h"

#include <lvgic/gich.h>
#include <lvgic/lvgic.h>

/* Offsets, IHI 0048B sections 4.3 and 4.4. */
#define GICD_ITARGETSR 0x0800
#define GICD_SGIR 0x0f00
#define GICC_CTLR 0x0000
#define GICC_PMR 0x0004
#define GICC_BPR 0x0008
#define GICC_IAR 0x000c
#define GICC_EOIR 0x0010
#define GICC_DIR 0x1000
#define INTID_MASK 0x3ffu /* of IAR, which names the sender of an SGI, too */
#define CTLR_ENABLE BIT(0)
#define CTLR_EOIMODE BIT(9)

/* No write is ever pending: the accesses of one CPU to this device arrive in their order. */
static void settle(uint64_t frame)
{
    (void)frame;
}

static void forward(bool on)
{
    write32(boot.gicd + GICD_CTLR, on);
}

/* This CPU's bit in lists of CPUs: where its own private interrupts go. With one CPU these
 * registers read as zero. */
static uint8_t own_mask(void)
{
    uint8_t mask = read8(boot.gicd + GICD_ITARGETSR);

    return mask ? mask : 1;
}

static void route(uint32_t intid)
{
    write8(boot.gicd + GICD_ITARGETSR + intid, own_mask());
}

static void find_cpu(struct cpu *cpu)
{
    cpu->banked = boot.gicd;
    cpu->gic_mask = own_mask();
}

static void open_cpu(void)
{
    write32(boot.gicc + GICC_PMR, 0xff);
    write32(boot.gicc + GICC_BPR, 0);
    write32(boot.gicc + GICC_CTLR, CTLR_ENABLE | CTLR_EOIMODE);
}

/* What GICC_IAR says, with the CPU that sent an SGI. */
static uint32_t acknowledge(void)
{
    uint32_t iar = read32(boot.gicc + GICC_IAR);

    write32(boot.gicc + GICC_EOIR, iar); /* priority drop only; ignored if there was none */
    return iar;
}

/* QEMU before 9.1 has an active state of each SPI for each CPU, and GICC_DIR ends this CPU's. The
 * distributor's register ends all of them, and means the same elsewhere. */
static void deactivate(uint32_t iar)
{
    uint32_t intid = iar & INTID_MASK;

    if (intid < 32)
        write32(boot.gicc + GICC_DIR, iar);
    else
        write32(boot.gicd + GICD_ICACTIVER + intid / 32 * 4, (uint32_t)BIT(intid % 32));
}

static void kick(const struct cpu *cpu)
{
    write32(boot.gicd + GICD_SGIR, cpu->gic_mask << 16 | SGI_KICK);
}

const struct gic_driver gic_v2 = {
    .groups = 0,
    .intid_mask = INTID_MASK,
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

static volatile void *gich(void)
{
    return (volatile void *)boot.gich;
}

static void caps(struct lvgic_config *config)
{
    struct lvgic_gich_caps found = lvgic_gich_caps(gich());

    config->nr_lrs = found.nr_lrs;
    config->pri_bits = found.pri_bits;
}

static void attach(struct cpu *cpu)
{
    lvgic_gich_attach(gich(), lvgic_vcpu_lrs(cpu->vcpu));
}

static void detach(struct cpu *cpu)
{
    lvgic_gich_detach(gich(), lvgic_vcpu_lrs(cpu->vcpu));
}

/* ICH_LR<n>_EL2 */
#define LR_STATE (BIT(63) | BIT(62))
#define LR_HW BIT(61)
#define LR_EOI BIT(41)
#define LR_PINTID_LO 32
#define LR_PINTID (UINT64_C(0x1fff) << LR_PINTID_LO)

/* The physical INTIDs behind list registers that do not say so. */
static uint64_t hidden[MAX_CPUS][LVGIC_MAX_LRS];

/* QEMU (7.2 at least) does not look at the line of a physical interrupt that a list register has
 * deactivated: a timer that has expired again meanwhile is not signalled before something else
 * happens, which may be never. And before 9.1 that does not end what another CPU has acknowledged,
 * see above. So we let it tell us of the deactivation instead, and do it ourselves. */
static void hide_physical(const struct cpu *cpu, struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->nr; i++) {
        uint64_t lr = lrs->lr[i];
        hidden[cpu->index][i] = (lr & LR_STATE) && (lr & LR_HW) ? lr & LR_PINTID : 0;
        if (hidden[cpu->index][i])
            lrs->lr[i] = (lr & ~(LR_HW | LR_PINTID)) | LR_EOI;
    }
}

static void restore_physical(const struct cpu *cpu, struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->nr; i++) {
        uint64_t pintid = hidden[cpu->index][i];
        if (!pintid)
            continue;
        lrs->lr[i] = (lrs->lr[i] & ~LR_EOI) | LR_HW | pintid;
        if (!(lrs->lr[i] & LR_STATE))
            deactivate((uint32_t)(pintid >> LR_PINTID_LO));
    }
}

static void load(struct cpu *cpu)
{
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(cpu->vcpu);

    hide_physical(cpu, lrs);
    lvgic_gich_load(gich(), lrs);
}

static void save(struct cpu *cpu)
{
    struct lvgic_lrs *lrs = lvgic_vcpu_lrs(cpu->vcpu);

    lvgic_gich_save(gich(), lrs);
    restore_physical(cpu, lrs);
}

const struct cpuif cpuif_gich = {caps, attach, detach, load, save};
