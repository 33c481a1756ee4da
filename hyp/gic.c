/* SPDX-License-Identifier: MIT */
/*
 * The physical GICv3, as EL2 drives it: few interrupts, all in group 1, none with a handler that
 * does more than pass it on. With EOImode = 1, acknowledging and "priority drop" are separate from
 * deactivation: a forwarded interrupt stays active, and so cannot arrive again, until the guest has
 * dealt with it and its list register (or the library, through gic_deactivate) ends it.
 */
#include "hyp.h"

/* Offsets, IHI 0069H sections 12.8 to 12.11. */
#define GICD_CTLR (GICD_BASE + 0x0000)
#define GICD_TYPER (GICD_BASE + 0x0004)
#define GICD_IGROUPR (GICD_BASE + 0x0080)
#define GICD_ISENABLER (GICD_BASE + 0x0100)
#define GICD_ICENABLER (GICD_BASE + 0x0180)
#define GICD_ISPENDR (GICD_BASE + 0x0200)
#define GICD_ICACTIVER (GICD_BASE + 0x0380)
#define GICD_IPRIORITYR (GICD_BASE + 0x0400)
#define GICD_IROUTER (GICD_BASE + 0x6000)
#define CTLR_RWP BIT(31)
#define CTLR_ARE_GROUP1 0x12u

#define GICR_CTLR 0x0000
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_SGI 0x10000 /* the second frame, whose registers are laid out as in GICD */
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

#define PRIORITY 0x80u
#define SPURIOUS 1020

const uint32_t forwarded_ppis[] = {PPI_VIRTUAL_TIMER, PPI_PHYSICAL_TIMER};
const uint32_t forwarded_spis[] = {SPI_UART, SPI_RTC};

/* The number of SPIs that the machine has, a multiple of 32. */
unsigned gic_spis(void)
{
    unsigned intids = 32 * ((read32(GICD_TYPER) & 0x1f) + 1);

    return (intids > 992 ? 992 : intids) - 32;
}

bool gic_has_nmi(void)
{
    return read32(GICD_TYPER) & BIT(9);
}

static void wait_for_write(uint64_t control)
{
    while (read32(control) & (control == GICD_CTLR ? CTLR_RWP : BIT(3)))
        ;
}

static void route_spi(uint32_t intid)
{
    uint64_t bit = BIT(intid % 32);

    /* The CPU that boots takes them all; the library finds the vCPU that the guest wants. */
    *(volatile uint64_t *)(GICD_IROUTER + 8ul * intid) = cpu_at(0)->mpidr;
    write32(GICD_ISENABLER + intid / 32 * 4, (uint32_t)bit);
}

/* The distributor, once. All it forwards is the guest's; the guest's own settings are virtual. */
void gic_init(void)
{
    unsigned end = 32 + gic_spis();

    write32(GICD_CTLR, 0);
    wait_for_write(GICD_CTLR);
    for (unsigned n = 32; n < end; n += 32) {
        write32(GICD_ICENABLER + n / 8, ~0u);
        write32(GICD_ICACTIVER + n / 8, ~0u);
        write32(GICD_IGROUPR + n / 8, ~0u);
    }
    for (unsigned n = 32; n < end; n += 4)
        write32(GICD_IPRIORITYR + n, PRIORITY * 0x01010101u);
    wait_for_write(GICD_CTLR);
    write32(GICD_CTLR, CTLR_ARE_GROUP1);
    wait_for_write(GICD_CTLR);
    for (unsigned i = 0; i < sizeof(forwarded_spis) / sizeof(forwarded_spis[0]); i++)
        route_spi(forwarded_spis[i]);
}

static uint64_t find_redistributor(uint64_t mpidr)
{
    uint32_t affinity = (uint32_t)(FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0));

    for (uint64_t frame = GICR_BASE;; frame += GICR_SIZE) {
        uint32_t type = read32(frame + GICR_TYPER);
        if (read32(frame + GICR_TYPER + 4) == affinity)
            return frame;
        if (type & BIT(4))
            fault("a CPU has no redistributor");
    }
}

static void wake_redistributor(uint64_t gicr)
{
    write32(gicr + GICR_WAKER, read32(gicr + GICR_WAKER) & ~(uint32_t)WAKER_PROCESSOR_SLEEP);
    while (read32(gicr + GICR_WAKER) & WAKER_CHILDREN_ASLEEP)
        ;
}

/* This CPU's redistributor and CPU interface. */
void gic_cpu_init(struct cpu *cpu)
{
    uint64_t sgi;
    uint32_t enabled = BIT(SGI_KICK) | BIT(PPI_MAINTENANCE);

    cpu->gicr = find_redistributor(cpu->mpidr);
    wake_redistributor(cpu->gicr);
    sgi = cpu->gicr + GICR_SGI - GICD_BASE;
    write32(sgi + GICD_ICENABLER, ~0u);
    write32(sgi + GICD_ICACTIVER, ~0u);
    write32(sgi + GICD_IGROUPR, ~0u);
    for (unsigned n = 0; n < 32; n += 4)
        write32(sgi + GICD_IPRIORITYR + n, PRIORITY * 0x01010101u);
    wait_for_write(cpu->gicr + GICR_CTLR);
    for (unsigned i = 0; i < sizeof(forwarded_ppis) / sizeof(forwarded_ppis[0]); i++)
        enabled |= BIT(forwarded_ppis[i]);
    write32(sgi + GICD_ISENABLER, enabled);

    WRITE_SYSREG(icc_sre_el2, 0xf); /* system registers, for EL1 too */
    isb();                          /* before any of them is accessed */
    WRITE_SYSREG(icc_pmr_el1, 0xff);
    WRITE_SYSREG(icc_bpr1_el1, 0);
    WRITE_SYSREG(icc_ctlr_el1, 2); /* EOImode */
    WRITE_SYSREG(icc_igrpen1_el1, 1);
    isb(); /* interrupts are signalled from here on */
}

/* Takes at most one physical interrupt. One is enough: with others pending the guest comes right
 * back, and the maintenance interrupt stays asserted until the next vgic_enter() in any case. */
void gic_handle(struct cpu *cpu)
{
    uint32_t intid = READ_SYSREG(icc_iar1_el1) & 0xffffff;

    dsb(sy); /* the acknowledge has reached the redistributor before anything it leads to */
    if (intid >= SPURIOUS)
        return;
    WRITE_SYSREG(icc_eoir1_el1, intid); /* priority drop only */
    isb(); /* in this order: forwarding may deactivate, which needs the priority dropped */
    switch (intid) {
    case SGI_KICK:        /* coming here was all that it asked for */
    case PPI_MAINTENANCE: /* vgic_exit() has folded what changed, vgic_enter() arms it anew */
        WRITE_SYSREG(icc_dir_el1, intid);
        isb(); /* it is inactive, and can come again, when the guest runs */
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
    uint64_t mpidr = cpu->mpidr;
    uint64_t aff0 = FIELD(mpidr, 7, 0);
    uint64_t value = (FIELD(mpidr, 39, 32) << 48) | (aff0 / 16 << 44) |
                     (FIELD(mpidr, 23, 16) << 32) | ((uint64_t)SGI_KICK << 24) |
                     (FIELD(mpidr, 15, 8) << 16) | BIT(aff0 % 16);

    dsb(ishst); /* what the other CPU is to look at is visible before it is kicked */
    WRITE_SYSREG(icc_sgi1r_el1, value);
    isb(); /* the SGI is sent before this CPU does anything else, such as wait for its effect */
}

static uint64_t frame_of(const struct cpu *cpu, uint32_t intid)
{
    /* Both frames have the same layout; the redistributor's holds the first 32. */
    return intid < 32 ? cpu->gicr + GICR_SGI - GICD_BASE : 0;
}

/* Is the line of this PPI (of `cpu`) or SPI high? For an active level-sensitive interrupt,
 * "pending" is just that. */
bool gic_pending(const struct cpu *cpu, uint32_t intid)
{
    return read32(frame_of(cpu, intid) + GICD_ISPENDR + intid / 32 * 4) & BIT(intid % 32);
}

void gic_deactivate(const struct cpu *cpu, uint32_t intid)
{
    if (intid < 32 && cpu != this_cpu()) {
        /* ICC_DIR_EL1 reaches this CPU's PPIs only. */
        write32(frame_of(cpu, intid) + GICD_ICACTIVER, (uint32_t)BIT(intid));
        return;
    }
    WRITE_SYSREG(icc_dir_el1, intid);
    isb(); /* inactive, when the caller goes on */
}
