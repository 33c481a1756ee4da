/* SPDX-License-Identifier: MIT */
/*
 * The physical GIC, as EL2 drives it: few interrupts, all in one group, none with a handler that
 * does more than pass it on. With EOImode = 1, acknowledging and "priority drop" are separate from
 * deactivation: a forwarded interrupt stays active, and so cannot arrive again, until the guest has
 * dealt with it and its list register (or the library, through gic_deactivate) ends it.
 */
#include "gic.h"

#define PRIORITY 0x80u
#define SPURIOUS 1020

const uint32_t forwarded_ppis[NR_FORWARDED_PPIS] = {PPI_VIRTUAL_TIMER, PPI_PHYSICAL_TIMER};
const uint32_t forwarded_spis[NR_FORWARDED_SPIS] = {SPI_UART,    SPI_RTC,     SPI_PCI,
                                                    SPI_PCI + 1, SPI_PCI + 2, SPI_PCI + 3};

static const struct gic_driver *driver(void)
{
    return boot.gic == 2 ? &gic_v2 : &gic_v3;
}

/* The number of SPIs that the machine has, a multiple of 32. */
unsigned gic_spis(void)
{
    unsigned intids = 32 * ((read32(boot.gicd + GICD_TYPER) & 0x1f) + 1);

    return (intids > 992 ? 992 : intids) - 32;
}

/* Everything off, in the same group and of the same priority. */
static void reset(uint64_t frame, unsigned first, unsigned end)
{
    for (unsigned n = first; n < end; n += 32) {
        write32(frame + GICD_ICENABLER + n / 8, ~0u);
        write32(frame + GICD_ICACTIVER + n / 8, ~0u);
        write32(frame + GICD_IGROUPR + n / 8, driver()->groups);
    }
    for (unsigned n = first; n < end; n += 4)
        write32(frame + GICD_IPRIORITYR + n, PRIORITY * 0x01010101u);
    driver()->settle(frame);
}

/* The distributor, once. All it forwards is the guest's; the guest's own settings are virtual. The
 * CPU that boots takes them all; the library finds the vCPU that the guest wants. */
void gic_init(void)
{
    driver()->forward(false);
    reset(boot.gicd, 32, 32 + gic_spis());
    driver()->forward(true);
    for (unsigned i = 0; i < NR_FORWARDED_SPIS; i++) {
        uint32_t intid = forwarded_spis[i];
        driver()->route(intid);
        write32(boot.gicd + GICD_ISENABLER + intid / 32 * 4, (uint32_t)BIT(intid % 32));
    }
    if (boot.its)
        its_init();
}

/* This CPU's SGIs, PPIs and CPU interface. */
void gic_cpu_init(struct cpu *cpu)
{
    uint32_t enabled = BIT(SGI_KICK) | BIT(PPI_MAINTENANCE) | BIT(PPI_HYP_TIMER);

    driver()->find_cpu(cpu);
    reset(cpu->banked, 0, 32);
    for (unsigned i = 0; i < NR_FORWARDED_PPIS; i++)
        enabled |= BIT(forwarded_ppis[i]);
    write32(cpu->banked + GICD_ISENABLER, enabled);
    driver()->open_cpu();
}

/* Takes at most one physical interrupt. One is enough: with others pending the guest comes right
 * back, and the maintenance interrupt stays asserted until the next vgic_enter() in any case. */
void gic_handle(struct cpu *cpu)
{
    uint32_t acknowledged = driver()->acknowledge();
    uint32_t intid = acknowledged & driver()->intid_mask;

    if (intid >= FIRST_LPI) {
        vgic_message(intid); /* LPIs have no active state: there is nothing to deactivate */
        return;
    }
    if (intid >= SPURIOUS)
        return;
    switch (intid) {
    case SGI_KICK:        /* coming here was all that it asked for */
    case PPI_MAINTENANCE: /* vgic_exit() has folded what changed, vgic_enter() arms it anew */
        driver()->deactivate(acknowledged);
        break;
    case PPI_HYP_TIMER:
        checkpoint_timer(cpu);
        driver()->deactivate(acknowledged);
        break;
    default:
        vgic_forward(cpu, intid);
    }
}

/* Sleeps until there is a physical interrupt and takes it. They are masked in PSTATE, which keeps
 * WFI from being interrupted but not from ending. */
void gic_wait(struct cpu *cpu)
{
    dsb(sy); /* whatever this CPU has told others is visible before it stops */
    __asm__ volatile("wfi" ::: "memory");
    gic_handle(cpu);
}

void gic_kick(const struct cpu *cpu)
{
    dsb(ishst); /* what the other CPU is to look at is visible before it is kicked */
    driver()->kick(cpu);
}

void gic_kick_others(const struct cpu *cpu)
{
    for (unsigned i = 0; i < boot.nr_cpus; i++)
        if (i != cpu->index)
            gic_kick(cpu_at(i));
}

/* Where the registers of this interrupt are. */
static uint64_t frame_of(const struct cpu *cpu, uint32_t intid)
{
    if (intid >= 32)
        return boot.gicd;
    /* Nor does the guest reach them there: they are banked for it, too. */
    if (boot.gic == 2 && cpu != this_cpu())
        fault("a GICv2 has no way to another CPU's PPIs");
    return cpu->banked;
}

/* Is the line of this PPI (of `cpu`) or SPI high? For an active level-sensitive interrupt,
 * "pending" is just that. */
bool gic_pending(const struct cpu *cpu, uint32_t intid)
{
    return read32(frame_of(cpu, intid) + GICD_ISPENDR + intid / 32 * 4) & BIT(intid % 32);
}

/* Makes this interrupt active, as if it had been acknowledged, or inactive. */
void gic_set_active(const struct cpu *cpu, uint32_t intid, bool active)
{
    uint64_t frame = frame_of(cpu, intid) + intid / 32 * 4;

    write32(frame + (active ? GICD_ISACTIVER : GICD_ICACTIVER), (uint32_t)BIT(intid % 32));
    (void)read32(frame + GICD_ISACTIVER); /* the write has arrived when the guest runs */
}

void gic_deactivate(const struct cpu *cpu, uint32_t intid)
{
    /* A write to the CPU interface reaches this CPU's PPIs only. */
    if (intid < 32 && cpu != this_cpu())
        gic_set_active(cpu, intid, false);
    else
        driver()->deactivate(intid);
}
