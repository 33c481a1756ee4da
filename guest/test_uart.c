/* SPDX-License-Identifier: MIT */
/*
 * A shared interrupt from a real, level-sensitive line: the transmit interrupt of the UART. Sending
 * a character raises it, the mask of the UART passes it on or not, and a register clears it.
 */
#include "guest.h"
#include "tests.h"

/* Leaves the raw interrupt of the UART raised, with the line still low. The text is the cause. */
static void raise_by_sending(const char *text)
{
    uart_mask_tx(false);
    uart_clear_tx();
    uart_printf("# %s\n", text);
    WAIT_FOR(uart_tx_raised());
}

static void quiet_by_clearing(unsigned intid)
{
    (void)intid;
    uart_clear_tx();
}

void test_uart_once(void)
{
    unsigned good = 0;

    raise_by_sending("this line raises the interrupt of the UART");
    expect_true("the UART is raised by sending", uart_tx_raised());
    for (unsigned cpu = 0; cpu < ncpus; cpu++) {
        gic_route(UART_INTID, cpu);
        raise_by_sending("so does this");
        clear_counts();
        cpus[cpu].hook = quiet_by_clearing;
        gic_enable(0, UART_INTID);
        uart_mask_tx(true);
        WAIT_FOR(cpus[cpu].count[UART_INTID] == 1);
        settle();
        good += cpus[cpu].count[UART_INTID] == 1 && total_count() == 1;
        gic_disable(0, UART_INTID);
        uart_mask_tx(false);
        cpus[cpu].hook = 0;
    }
    expect("CPUs that handled the line once and cleared it", ncpus, good);
    expect_true("the UART is quiet", (uart_clear_tx(), !uart_tx_raised()));
}

static void clear_at_fifth(unsigned intid)
{
    if (this_cpu()->count[intid] == 4)
        uart_clear_tx();
}

/* While the line stays high, the interrupt comes again after each end of interrupt. */
void test_uart_refire(void)
{
    raise_by_sending("the line stays high for five interrupts");
    cpus[0].hook = clear_at_fifth;
    gic_enable(0, UART_INTID);
    uart_mask_tx(true);
    WAIT_FOR(cpus[0].count[UART_INTID] == 5);
    settle();
    uart_mask_tx(false);
    expect("deliveries until the line was lowered in the fifth", 5, total_count());
}

/* Waits until the interrupt is no longer signalled. Each round reads GICD_ISPENDR, as the timer's
 * test does: where the UART is passed through to a guest, a hypervisor sees the line fall only when
 * the guest gives it a chance to look. */
static bool poll_taken_back(void)
{
    return WAIT_FOR((gicd_read(GICD_ISPENDR + UART_INTID / 32 * 4), gic_hppi() == INTID_NONE));
}

/* The state of the interrupt follows the line. Polled, so nothing acknowledges it in between. */
void test_uart_level(void)
{
    irq_disable();
    gic_enable(0, UART_INTID);
    raise_by_sending("the line goes up and down");
    uart_mask_tx(true);
    bool high = poll_hppi(UART_INTID);
    uart_mask_tx(false);
    bool low = poll_taken_back();
    uart_mask_tx(true);
    bool high_again = poll_hppi(UART_INTID);
    uart_clear_tx();
    bool cleared = poll_taken_back();
    uart_mask_tx(false);
    expect_true("a high line makes it the highest pending interrupt", high);
    expect_true("masking it in the UART takes it back", low);
    expect_true("unmasking brings it again", high_again);
    expect_true("clearing it in the UART takes it back", cleared);
    expect("acknowledge", INTID_NONE, poll_nothing());
    irq_enable();
}

/* Disabled at the distributor with the line high, and enabled again. */
void test_uart_disable(void)
{
    unsigned while_disabled, after_enable, after_eoi;
    bool seen;

    irq_disable();
    gic_enable(0, UART_INTID);
    raise_by_sending("the line is high while the interrupt is disabled");
    uart_mask_tx(true);
    seen = poll_hppi(UART_INTID);
    gic_disable(0, UART_INTID);
    while_disabled = poll_nothing();
    gic_enable(0, UART_INTID);
    after_enable = poll_ack();
    uart_clear_tx();
    gic_eoi(UART_INTID);
    after_eoi = poll_nothing();
    uart_mask_tx(false);
    expect_true("a high line makes it the highest pending interrupt", seen);
    expect("acknowledge after it was disabled", INTID_NONE, while_disabled);
    expect("acknowledge after it was enabled", UART_INTID, after_enable);
    expect("acknowledge after the line was lowered", INTID_NONE, after_eoi);
    irq_enable();
}

/* Clearing the pending bit has no effect on an interrupt whose line is high. */
void test_uart_icpendr(void)
{
    unsigned acknowledged;
    bool seen;

    irq_disable();
    gic_enable(0, UART_INTID);
    raise_by_sending("the pending bit is cleared while the line is high");
    uart_mask_tx(true);
    seen = poll_hppi(UART_INTID);
    gic_clear_pending(0, UART_INTID);
    acknowledged = poll_ack();
    uart_clear_tx();
    gic_eoi(UART_INTID);
    uart_mask_tx(false);
    expect_true("a high line makes it the highest pending interrupt", seen);
    expect("acknowledge after ICPENDR", UART_INTID, acknowledged);
    irq_enable();
}

/* The pending bit shows the line, whether the interrupt is enabled or not. */
void test_uart_ispendr(void)
{
    bool before, high, masked, cleared;

    raise_by_sending("the line is read in the pending bit");
    before = gic_is_pending(0, UART_INTID);
    uart_mask_tx(true);
    high = WAIT_FOR_US(SETTLE_US, gic_is_pending(0, UART_INTID));
    uart_mask_tx(false);
    masked = WAIT_FOR(!gic_is_pending(0, UART_INTID));
    uart_mask_tx(true);
    uart_clear_tx();
    cleared = WAIT_FOR(!gic_is_pending(0, UART_INTID));
    uart_mask_tx(false);
    expect("pending bit before", 0, before);
    expect("pending bit with the line high, disabled", 1, high);
    expect_true("it is clear again after masking", masked);
    expect_true("it is clear again after clearing", cleared);
}

/* While it is active with the line high, it is active and pending; and is not signalled. */
void test_uart_active(void)
{
    unsigned first, second, third;
    bool active;

    irq_disable();
    gic_enable(0, UART_INTID);
    raise_by_sending("the line stays high while the interrupt is active");
    uart_mask_tx(true);
    first = poll_ack();
    second = poll_nothing();
    active = gic_is_active(0, UART_INTID);
    gic_eoi(UART_INTID);
    third = poll_ack();
    uart_clear_tx();
    gic_eoi(UART_INTID);
    uart_mask_tx(false);
    expect("acknowledge", UART_INTID, first);
    expect("acknowledge while it is active", INTID_NONE, second);
    expect("active bit", 1, active);
    expect("acknowledge after the end of interrupt", UART_INTID, third);
    expect("acknowledge at the end", INTID_NONE, poll_nothing());
    irq_enable();
}
