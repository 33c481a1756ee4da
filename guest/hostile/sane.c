/* SPDX-License-Identifier: MIT */
/* Bringing the GIC back to a sane state, whatever was done to it, and the proof that it works. */
#include "hostile.h"
#include "timer.h"

#define PROOF_US 5000000
#define TICKS 5

/* The clock compares seconds, and says so at once when they are equal. */
void rtc_raise(void)
{
    mmio_write32(RTC_IMSC, 1);
    mmio_write32(RTC_MR, mmio_read32(RTC_DR));
}

void rtc_lower(void)
{
    mmio_write32(RTC_MR, 0);
    mmio_write32(RTC_ICR, 1);
    dsb();
}

void start_timers(struct hostile *h)
{
    timer_start(TIMER_VIRTUAL, 100 + below(h, 500));
    timer_start(TIMER_PHYSICAL, 100 + below(h, 500));
}

/* With five priority bits, as this machine has, these are all. By encoding, which every assembler
 * accepts. */
static void clear_active_priorities(void)
{
    write_sysreg(S3_0_C12_C8_4, 0); /* ICC_AP0R0_EL1 */
    write_sysreg(S3_0_C12_C9_0, 0); /* ICC_AP1R0_EL1 */
}

/* In the middle of a phase: lets interrupts through again, which random accesses will have ended
 * before long. */
void reopen(struct hostile *h)
{
    clear_active_priorities();
    write_sysreg(ICC_PMR_EL1, 0xff);
    write_sysreg(ICC_IGRPEN0_EL1, 1);
    write_sysreg(ICC_IGRPEN1_EL1, 1);
    gicd_write(GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    gicr_write(h->id, GICR_ICACTIVER0, ~0u);
    gicr_write(h->id, GICR_ISENABLER0, ~0u);
    start_timers(h);
    h->accesses += 10;
}

static uint64_t work_close(uint64_t unused)
{
    irq_disable();
    fiq_disable();
    timer_stop(TIMER_VIRTUAL);
    timer_stop(TIMER_PHYSICAL);
    write_sysreg(ICC_PMR_EL1, 0);
    return unused;
}

static uint64_t work_open(uint64_t unused)
{
    struct hostile *h = me();

    h->wild = h->ticking = h->expecting = false;
    write_sysreg(ICC_CTLR_EL1, 0);
    clear_active_priorities();
    if (!gic_wake_redistributor(h->id))
        die("CPU %u: the redistributor does not wake up", h->id);
    gic_reset_private(h->id);
    gicr_write(h->id, GICR_CTLR, 0);
    gicr_write(h->id, GICR_ICFGR1, 0);
    for (unsigned at = 4; at <= nr_eppis / 8; at += 4) {
        gicr_write(h->id, GICR_ICENABLER0 + at, ~0u);
        gicr_write(h->id, GICR_ICPENDR0 + at, ~0u);
        gicr_write(h->id, GICR_ICACTIVER0 + at, ~0u);
    }
    gic_reset_cpu_interface();
    h->since_step = 0;
    h->storms = 0;
    irq_enable();
    fiq_enable();
    return unused;
}

/* gic_reset_distributor() deals with the few SPIs that ../ uses; here all are used. */
static void reset_spis(void)
{
    rtc_lower();
    gic_reset_distributor();
    gicd_write(GICD_CTLR, GICD_CTLR_ARE);
    for (unsigned intid = 32; intid < nr_intids; intid += 32) {
        unsigned at = intid / 8;

        gicd_write(GICD_ICENABLER + at, ~0u);
        for (unsigned i = 0; i < 32; i++) {
            gicd_write(GICD_CLRSPI_NSR, intid + i);
            gic_route(intid + i, 0);
        }
        gicd_write(GICD_ICPENDR + at, ~0u);
        gicd_write(GICD_ICACTIVER + at, ~0u);
        gicd_write(GICD_IGROUPR + at, ~0u);
        if (gic_has_nmi())
            gicd_write(GICD_INMIR + at, 0);
        gicd_write(GICD_ICFGR + 2 * at, 0xaaaaaaaau);
        gicd_write(GICD_ICFGR + 2 * at + 4, 0xaaaaaaaau);
        for (unsigned i = 0; i < 32; i += 4)
            gicd_write(GICD_IPRIORITYR + intid + i, DEFAULT_PRIORITY * 0x01010101u);
    }
    for (unsigned at = 0; at < nr_espis / 8; at += 4) {
        gicd_write(GICD_ICENABLER_E + at, ~0u);
        gicd_write(GICD_ICPENDR_E + at, ~0u);
        gicd_write(GICD_ICACTIVER_E + at, ~0u);
    }
    gic_set_edge(UART_INTID, false);
    gic_set_edge(RTC_INTID, false);
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
}

void make_sane(void)
{
    smp_call_all(work_close, 0);
    its_close();
    reset_spis();
    smp_call_all(work_open, 0);
}

static uint64_t work_ticks(uint64_t unused)
{
    struct hostile *h = me();
    bool ticked;

    (void)unused;
    h->ticks[0] = h->ticks[1] = 0;
    h->ticking = true;
    start_timers(h);
    /* Several: what is broken may be the end of the first. */
    ticked = WAIT_FOR_US(PROOF_US, h->ticks[0] >= TICKS && h->ticks[1] >= TICKS);
    h->ticking = false;
    return ticked;
}

static bool prove_ticks(void)
{
    bool ticked;

    for (unsigned i = 0; i < ncpus; i++) {
        gic_enable(i, TIMER_VIRTUAL);
        gic_enable(i, TIMER_PHYSICAL);
    }
    for (unsigned i = 1; i < ncpus; i++)
        smp_post(i, work_ticks, 0);
    ticked = work_ticks(0);
    for (unsigned i = 1; i < ncpus; i++)
        ticked = smp_finish(i) && ticked;
    return ticked;
}

static void clear_arrived(void)
{
    for (unsigned i = 0; i < ncpus; i++)
        for (unsigned n = 0; n < 32; n++)
            hostiles[i].arrived[n] = 0;
}

/* Have these INTIDs of one word arrived on all CPUs of a bit map? */
static bool arrived(uint32_t cpu_mask, unsigned word, uint32_t intids)
{
    for (unsigned i = 0; i < ncpus; i++)
        if ((cpu_mask >> i & 1) && (hostiles[i].arrived[word] & intids) != intids)
            return false;
    return true;
}

/* One SGI for everybody, and all other private interrupts by register; but for the timers, which
 * have their own proof. */
static const char *prove_private(void)
{
    const uint32_t others = ~(1u << TIMER_VIRTUAL | 1u << TIMER_PHYSICAL), all = (1u << ncpus) - 1;

    clear_arrived();
    for (unsigned i = 0; i < ncpus; i++)
        gicr_write(i, GICR_ISENABLER0, others);
    gic_send_sgi(1, all);
    if (!WAIT_FOR_US(PROOF_US, arrived(all, 0, 1u << 1)))
        return "an SGI does not arrive";
    for (unsigned i = 0; i < ncpus; i++)
        gicr_write(i, GICR_ISPENDR0, others);
    if (!WAIT_FOR_US(PROOF_US, arrived(all, 0, others)))
        return "a private interrupt that is set pending does not arrive";
    return 0;
}

/* All SPIs on one CPU, by register, and the clock's by its line. */
static const char *prove_spis(unsigned cpu)
{
    clear_arrived();
    for (unsigned intid = 32; intid < nr_intids; intid += 32) {
        uint32_t mask = intid + 32 > INTID_SPECIAL ? 0x0fffffffu : ~0u;

        for (unsigned i = 0; i < 32; i++)
            gic_route(intid + i, cpu);
        gicd_write(GICD_ISENABLER + intid / 8, mask);
        gicd_write(GICD_ISPENDR + intid / 8, mask);
        if (!WAIT_FOR_US(PROOF_US, arrived(1u << cpu, intid / 32, mask)))
            return "an SPI that is set pending does not arrive";
    }
    clear_arrived();
    for (unsigned n = 0; n < 2; n++) {
        rtc_raise();
        if (!WAIT_FOR_US(PROOF_US, arrived(1u << cpu, 1, 1u << (RTC_INTID - 32))))
            return "a device's interrupt does not arrive";
        clear_arrived();
    }
    return 0;
}

/* Returns what did not arrive, or NULL. */
const char *prove_interrupts(void)
{
    const char *broken = prove_private();

    for (unsigned i = 0; i < ncpus && !broken; i++)
        broken = prove_spis(i);
    if (!broken && !prove_ticks())
        broken = "a timer does not tick";
    if (!broken)
        broken = prove_lpis();
    for (unsigned i = 0; i < ncpus && !broken; i++)
        if (hostiles[i].storms)
            broken = "interrupts that nobody asked for";
    return broken;
}
