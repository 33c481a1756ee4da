/* SPDX-License-Identifier: MIT */
/*
 * Non-maskable interrupts (FEAT_NMI and FEAT_GICv3_NMI): IHI 0069, section 4.9. An interrupt of
 * group 1 with its bit in INMIR set is ahead of all priorities. With SCTLR_EL1.NMI set the CPU
 * takes it although PSTATE.I masks interrupts, unless PSTATE.ALLINT does, and acknowledges it by
 * ICC_NMIAR1_EL1.
 */
#include "nmi.h"
#include "tests_v3.h"
#include "timer.h"

#define SPI TEST_SPI

static void set_up(unsigned intid, uint8_t priority, bool nmi)
{
    gic_set_priority(0, intid, priority);
    gic_set_nmi(0, intid, nmi);
    gic_enable(0, intid);
}

void test_nmi_registers(void)
{
    unsigned last = ncpus - 1;
    uint32_t privates = 1u << TIMER_PHYSICAL | 1u << TIMER_VIRTUAL | 0xa5a5;

    gicr_write(last, GICR_INMIR0, privates);
    expect_hex("SGIs and PPIs", privates, gicr_read(last, GICR_INMIR0));
    if (last)
        expect_hex("those of another CPU", 0, gicr_read(0, GICR_INMIR0));
    gicr_write(last, GICR_INMIR0, ~privates & 0xffff);
    expect_hex("SGIs, other ones", ~privates & 0xffff, gicr_read(last, GICR_INMIR0) & 0xffff);
    gicr_write(last, GICR_INMIR0, 0);
    expect_hex("SGIs and PPIs, none", 0, gicr_read(last, GICR_INMIR0));
    gicd_write(GICD_INMIR + TEST_SPI / 32 * 4, 0x00a5c300);
    expect_hex("SPIs", 0x00a5c300, gicd_read(GICD_INMIR + TEST_SPI / 32 * 4));
    gicd_write(GICD_INMIR + TEST_SPI / 32 * 4, 0);
    expect_hex("SPIs, none", 0, gicd_read(GICD_INMIR + TEST_SPI / 32 * 4));
    gicd_write(GICD_INMIR, privates);
    expect_hex("private interrupts in the distributor", 0, gicd_read(GICD_INMIR));
}

/* With PSTATE.I set NMIs are taken, and nothing else is. */
void test_nmi_masked_irq(void)
{
    work_nmi_mode(NMI_ONLY);
    set_up(SPI, 0xa0, true);
    set_up(SPI + 1, 0x20, false);
    set_up(3, 0xe0, true);
    set_up(4, 0x20, false);
    gic_set_pending(0, SPI);
    WAIT_FOR(cpus[0].nmi_count[SPI] == 1);
    expect("deliveries of an SPI that is an NMI", 1, cpus[0].nmi_count[SPI]);
    gic_send_sgi(3, 1);
    WAIT_FOR(cpus[0].nmi_count[3] == 1);
    expect("deliveries of an SGI that is an NMI", 1, cpus[0].nmi_count[3]);
    gic_set_pending(0, SPI + 1);
    gic_send_sgi(4, 1);
    settle();
    expect("deliveries of others", 0, total_count());
    /* Those are pending, and of higher priority than the NMIs would have as others. */
    gic_set_pending(0, SPI);
    gic_send_sgi(3, 1);
    WAIT_FOR(cpus[0].nmi_count[SPI] == 2 && cpus[0].nmi_count[3] == 2);
    expect("deliveries of the SPI, with others pending", 2, cpus[0].nmi_count[SPI]);
    expect("deliveries of the SGI, with others pending", 2, cpus[0].nmi_count[3]);
    work_nmi_mode(NMI_AS_OTHERS);
    WAIT_FOR(total_count() == 2);
    expect("deliveries of others in the end", 2, total_count());
}

/* PSTATE.ALLINT masks everything. */
void test_nmi_masked_all(void)
{
    work_nmi_mode(NMI_MASKED);
    irq_enable();
    set_up(SPI, 0x20, true);
    set_up(SPI + 1, 0x20, false);
    gic_set_pending_many(2);
    settle();
    expect("exceptions", 0, cpus[0].log_length);
    expect_hex("pending bits", 3, gic_pending_many());
    write_sysreg(ALLINT, 0);
    WAIT_FOR(cpus[0].log_length == 2);
    expect("deliveries as an NMI, after ALLINT was cleared", 1, cpus[0].nmi_count[SPI]);
    expect("deliveries of the other", 1, cpus[0].count[SPI + 1]);
    expect("which was first", SPI, cpus[0].log[0]);
    work_nmi_mode(NMI_AS_OTHERS);
}

void test_nmi_acknowledge(void)
{
    work_nmi_mode(NMI_MASKED);
    set_up(SPI, 0xe0, true);
    set_up(SPI + 1, 0x20, false);
    gic_set_pending(0, SPI + 1);
    expect_true("an interrupt is pending", poll_hppi(SPI + 1));
    expect("ICC_NMIAR1_EL1, with no NMI pending", INTID_NONE, poll_no_nmi());
    gic_set_pending(0, SPI);
    expect_true("ICC_IAR1_EL1 says that an NMI is pending", poll_iar1_says_nmi());
    expect("ICC_HPPIR1_EL1", SPI, read_sysreg(ICC_HPPIR1_EL1));
    expect("active bit", 0, gic_is_active(0, SPI));
    expect("ICC_NMIAR1_EL1", SPI, ack_nmi());
    expect("active bit", 1, gic_is_active(0, SPI));
    expect("pending bit", 0, gic_is_pending(0, SPI));
    expect_true("ICC_RPR_EL1 says that it is an NMI", running_nmi());
    expect("ICC_NMIAR1_EL1 again", INTID_NONE, poll_no_nmi());
    expect("ICC_IAR1_EL1, of priority 0x20", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("active bit at the end", 0, gic_is_active(0, SPI));
    expect_hex("ICC_RPR_EL1 at the end", PRIORITY_IDLE, read_sysreg(ICC_RPR_EL1));
    expect("ICC_IAR1_EL1", SPI + 1, poll_ack());
    expect_hex("ICC_RPR_EL1", 0x20, read_sysreg(ICC_RPR_EL1));
    gic_eoi(SPI + 1);
    work_nmi_mode(NMI_AS_OTHERS);
}

/* While SCTLR_EL1.NMI is clear the CPU takes it like others; in the GIC it is an NMI. */
void test_nmi_without_sctlr(void)
{
    irq_disable();
    set_up(SPI, 0xe0, true);
    set_up(SPI + 1, 0, false);
    gic_set_pending_many(2);
    settle();
    expect("exceptions while PSTATE.I is set", 0, cpus[0].log_length);
    expect_true("it is the highest one pending", poll_hppi(SPI));
    expect("ICC_IAR1_EL1", SPI, poll_ack());
    expect_true("ICC_RPR_EL1 says that it is an NMI", running_nmi());
    expect("ICC_IAR1_EL1, of priority 0", INTID_NONE, poll_nothing());
    gic_eoi(SPI);
    expect("ICC_IAR1_EL1", SPI + 1, poll_ack());
    gic_eoi(SPI + 1);
    gic_set_pending(0, SPI);
    irq_enable();
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries by ICC_IAR1_EL1", 1, cpus[0].count[SPI]);
    expect("deliveries in total", 1, cpus[0].log_length);
}

void test_nmi_pmr(void)
{
    work_nmi_mode(NMI_ONLY);
    write_sysreg(ICC_PMR_EL1, 0);
    set_up(SPI, 0xe0, true);
    set_up(SPI + 1, 0, false);
    gic_set_pending_many(2);
    WAIT_FOR(cpus[0].nmi_count[SPI] == 1);
    expect("deliveries with the priority mask at 0", 1, cpus[0].nmi_count[SPI]);
    irq_enable();
    settle();
    expect("deliveries of priority 0", 0, total_count());
    write_sysreg(ICC_PMR_EL1, DEFAULT_PMR);
    WAIT_FOR(total_count() == 1);
    expect("deliveries of priority 0, after the mask was opened", 1, total_count());
    work_nmi_mode(NMI_AS_OTHERS);
}

void test_nmi_preempts(void)
{
    work_nmi_mode(NMI_MASKED);
    set_up(SPI, 0, false);
    set_up(SPI + 1, 0xe0, true);
    set_up(SPI + 2, 0, true);
    gic_set_pending(0, SPI);
    expect("acknowledge of priority 0", SPI, poll_ack());
    expect_hex("running priority", 0, read_sysreg(ICC_RPR_EL1));
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of an NMI", SPI + 1, poll_nmi());
    expect_true("the running priority is an NMI's", running_nmi());
    expect_hex("active bits", 3, gic_active_many());
    gic_set_pending(0, SPI + 2);
    expect("acknowledge of a second NMI", INTID_NONE, poll_no_nmi());
    expect("ICC_IAR1_EL1 meanwhile", INTID_NONE, poll_nothing());
    gic_eoi(SPI + 1);
    expect("acknowledge after the end of the first", SPI + 2, poll_nmi());
    expect_hex("active bits", 5, gic_active_many());
    gic_eoi(SPI + 2);
    expect_hex("running priority after the NMIs", 0, read_sysreg(ICC_RPR_EL1));
    expect("ICC_NMIAR1_EL1", INTID_NONE, poll_no_nmi());
    gic_eoi(SPI);
    expect_hex("running priority at the end", PRIORITY_IDLE, read_sysreg(ICC_RPR_EL1));
    expect_hex("active bits at the end", 0, gic_active_many());
    work_nmi_mode(NMI_AS_OTHERS);
}

/* A handler has ALLINT set when it starts. As soon as it clears that, NMIs come. */
static void nmi_in_hook(unsigned intid)
{
    if (intid != SPI)
        return;
    gic_set_pending(0, SPI + 1);
    settle();
    expect("exceptions while ALLINT is set", 1, cpus[0].log_length);
    write_sysreg(ALLINT, 0);
    WAIT_FOR(cpus[0].nmi_count[SPI + 1] == 1);
    expect("NMIs within the handler of an interrupt", 1, cpus[0].nmi_count[SPI + 1]);
    write_sysreg(ALLINT, ALLINT_MASKED);
}

void test_nmi_in_handler(void)
{
    work_nmi_mode(NMI_ONLY);
    cpus[0].hook = nmi_in_hook;
    set_up(SPI, 0, false);
    set_up(SPI + 1, 0xe0, true);
    gic_set_pending(0, SPI);
    irq_enable();
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries", 1, cpus[0].count[SPI]);
    expect("exceptions", 2, cpus[0].log_length);
    work_nmi_mode(NMI_AS_OTHERS);
}

/* What is pending becomes an NMI, and ceases to be one. */
void test_nmi_change(void)
{
    work_nmi_mode(NMI_ONLY);
    set_up(SPI, 0xe0, false);
    gic_set_pending(0, SPI);
    settle();
    expect("exceptions", 0, cpus[0].log_length);
    gic_disable(0, SPI);
    set_up(SPI, 0xe0, true);
    WAIT_FOR(cpus[0].nmi_count[SPI] == 1);
    expect("deliveries after it was made an NMI", 1, cpus[0].nmi_count[SPI]);
    write_sysreg(ALLINT, ALLINT_MASKED);
    gic_set_pending(0, SPI);
    expect_true("ICC_IAR1_EL1 says that an NMI is pending", poll_iar1_says_nmi());
    gic_disable(0, SPI);
    set_up(SPI, 0xe0, false);
    expect_true("it is still the highest one pending", poll_hppi(SPI));
    expect("ICC_NMIAR1_EL1, after it was made maskable", INTID_NONE, poll_no_nmi());
    write_sysreg(ALLINT, 0);
    settle();
    expect("exceptions meanwhile", 1, cpus[0].log_length);
    irq_enable();
    WAIT_FOR(cpus[0].count[SPI] == 1);
    expect("deliveries as another interrupt", 1, cpus[0].count[SPI]);
    work_nmi_mode(NMI_AS_OTHERS);
}

/* What is active is completed as what it was acknowledged as. */
void test_nmi_change_active(void)
{
    work_nmi_mode(NMI_MASKED);
    set_up(SPI, 0x80, false);
    set_up(SPI + 1, 0xe0, true);
    gic_set_pending(0, SPI);
    expect("acknowledge", SPI, poll_ack());
    gic_set_nmi(0, SPI, true);
    gic_set_pending(0, SPI + 1);
    expect("acknowledge of an NMI", SPI + 1, poll_nmi());
    gic_set_nmi(0, SPI + 1, false);
    expect_hex("active bits", 3, gic_active_many());
    expect_true("the running priority is an NMI's", running_nmi());
    gic_eoi(SPI + 1);
    expect_hex("active bits after the end of the NMI", 1, gic_active_many());
    expect_hex("running priority", 0x80, read_sysreg(ICC_RPR_EL1));
    gic_eoi(SPI);
    expect_hex("active bits at the end", 0, gic_active_many());
    expect_hex("running priority at the end", PRIORITY_IDLE, read_sysreg(ICC_RPR_EL1));
    work_nmi_mode(NMI_AS_OTHERS);
}

/* Its enable bit and its group's hold an NMI back. */
void test_nmi_disabled(void)
{
    work_nmi_mode(NMI_ONLY);
    set_up(SPI, 0, true);
    gic_disable(0, SPI);
    gic_set_pending(0, SPI);
    settle();
    expect("exceptions while it is disabled", 0, cpus[0].log_length);
    write_sysreg(ICC_IGRPEN1_EL1, 0);
    gic_enable(0, SPI);
    settle();
    expect("exceptions while group 1 is disabled in the CPU", 0, cpus[0].log_length);
    gic_set_groups_enabled(GICD_CTLR_GRP0);
    write_sysreg(ICC_IGRPEN1_EL1, 1);
    settle();
    expect("exceptions while group 1 is disabled in the distributor", 0, cpus[0].log_length);
    gic_set_groups_enabled(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
    WAIT_FOR(cpus[0].nmi_count[SPI] == 1);
    expect("deliveries when all are enabled", 1, cpus[0].nmi_count[SPI]);
    work_nmi_mode(NMI_AS_OTHERS);
}

static void stop_timer(unsigned intid)
{
    timer_stop(intid);
}

/* A PPI with a device on it. */
void test_nmi_timer(void)
{
    work_nmi_mode(NMI_ONLY);
    cpus[0].hook = stop_timer;
    set_up(TIMER_VIRTUAL, 0xe0, true);
    for (unsigned i = 1; i <= 3; i++) {
        timer_start(TIMER_VIRTUAL, 500);
        WAIT_FOR(cpus[0].nmi_count[TIMER_VIRTUAL] == i);
    }
    settle();
    expect("deliveries of the virtual timer", 3, cpus[0].nmi_count[TIMER_VIRTUAL]);
    expect("pending bit", 0, gic_is_pending(0, TIMER_VIRTUAL));
    expect("active bit", 0, gic_is_active(0, TIMER_VIRTUAL));
    work_nmi_mode(NMI_AS_OTHERS);
    expect("deliveries in total", 3, cpus[0].log_length);
}

/* As for a backtrace: CPUs that have masked their interrupts hear of it nonetheless. */
void test_nmi_sgi_others(void)
{
    unsigned seen = 0;
    unsigned others = 0;

    for (unsigned i = 1; i < ncpus; i++) {
        for (unsigned sgi = 8; sgi <= 9; sgi++) {
            gic_set_nmi(i, sgi, sgi == 8);
            gic_enable(i, sgi);
        }
        smp_call(i, work_nmi_mode, NMI_ONLY);
    }
    gic_send_sgi_others(9);
    gic_send_sgi_others(8);
    for (unsigned i = 1; i < ncpus; i++) {
        WAIT_FOR(cpus[i].nmi_count[8] == 1);
        seen += cpus[i].nmi_count[8] == 1;
        others += cpus[i].log_length - 1;
    }
    expect("CPUs that took the NMI", ncpus - 1, seen);
    expect("exceptions by the other SGI", 0, others);
    smp_call_all(work_nmi_mode, NMI_AS_OTHERS);
    WAIT_FOR(total_count() == ncpus - 1);
    expect("deliveries of the other SGI in the end", ncpus - 1, total_count());
}
