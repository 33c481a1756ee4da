/* SPDX-License-Identifier: MIT */
#include "tests.h"

#include "guest.h"

static const struct test tests[] = {
    /* test_sgi.c */
    {"sgi.pairs", test_sgi_pairs, 1},
    {"sgi.list", test_sgi_list, 1},
    {"sgi.broadcast", test_sgi_broadcast, 1},
    {"sgi.burst", test_sgi_burst, 1},
    {"sgi.coalesce", test_sgi_coalesce, 1},
    {"sgi.active-pending", test_sgi_active_pending, 1},
    {"sgi.storm", test_sgi_storm, 1},
    /* test_spi.c */
    {"spi.route", test_spi_route, 1},
    {"spi.pending-bits", test_spi_pending_bits, 1},
    {"spi.clear-while-masked", test_spi_clear_while_masked, 1},
    {"spi.disabled", test_spi_disabled, 1},
    {"spi.disable-pending", test_spi_disable_pending, 1},
    {"spi.coalesce", test_spi_coalesce, 1},
    {"spi.level-soft", test_spi_level_soft, 1},
    {"spi.parallel", test_spi_parallel, 1},
    {"spi.storm", test_spi_storm, 1},
    /* test_uart.c */
    {"uart.once", test_uart_once, 1},
    {"uart.refire", test_uart_refire, 1},
    {"uart.level", test_uart_level, 1},
    {"uart.disable", test_uart_disable, 1},
    {"uart.icpendr", test_uart_icpendr, 1},
    {"uart.ispendr", test_uart_ispendr, 1},
    {"uart.active", test_uart_active, 1},
    /* test_ppi_timer.c */
    {"timer.virtual-ticks", test_timer_virtual_ticks, 1},
    {"timer.physical-ticks", test_timer_physical_ticks, 1},
    {"timer.virtual-level", test_timer_virtual_level, 1},
    {"timer.physical-level", test_timer_physical_level, 1},
    {"timer.virtual-refire", test_timer_virtual_refire, 1},
    {"timer.physical-refire", test_timer_physical_refire, 1},
    {"timer.virtual-disable", test_timer_virtual_disable, 1},
    {"timer.physical-disable", test_timer_physical_disable, 1},
    {"timer.virtual-ispendr", test_timer_virtual_ispendr, 1},
    {"timer.physical-ispendr", test_timer_physical_ispendr, 1},
    {"timer.both", test_timer_both, 1},
    {"timer.wfi", test_timer_wfi, 1},
    {"wfi.sgi", test_wfi_sgi, 2},
    /* test_active.c */
    {"active.spi", test_active_spi, 1},
    {"active.register-spi", test_active_register_spi, 1},
    {"active.register-sgi", test_active_register_sgi, 1},
    {"active.register-other", test_active_register_other, 2},
    {"active.edge", test_active_edge, 1},
    {"active.edge-cleared", test_active_edge_cleared, 1},
    {"active.disabled", test_active_disabled, 1},
    {"active.icactiver-ends", test_active_icactiver_ends, 1},
    /* test_eoimode.c */
    {"eoimode.drop", test_eoimode_drop, 1},
    {"eoimode.others", test_eoimode_others, 1},
    {"eoimode.dir-private", test_eoimode_dir_private, 2},
    {"eoimode.dir-inactive", test_eoimode_dir_inactive, 1},
    {"eoimode.timer", test_eoimode_timer, 1},
    {"eoimode.switch", test_eoimode_switch, 1},
    /* test_priority.c */
    {"prio.pmr", test_prio_pmr, 1},
    {"prio.pmr-private", test_prio_pmr_private, 1},
    {"prio.rpr", test_prio_rpr, 1},
    {"prio.wait", test_prio_wait, 1},
    {"prio.bpr", test_prio_bpr, 1},
    {"prio.bpr-order", test_prio_bpr_order, 1},
    {"prio.change", test_prio_change, 1},
    {"prio.nest", test_prio_nest, 1},
    {"prio.order", test_prio_order, 1},
    {"prio.kinds", test_prio_kinds, 1},
    /* test_overflow.c */
    {"overflow.eoimode0", test_overflow_eoimode0, 1},
    {"overflow.eoimode1", test_overflow_eoimode1, 1},
    {"overflow.dir-orders", test_overflow_dir_orders, 1},
    {"overflow.nested", test_overflow_nested, 1},
    {"overflow.active-pending", test_overflow_active_pending, 1},
    {"overflow.change", test_overflow_change, 1},
    {"overflow.mixed", test_overflow_mixed, 1},
    /* test_power.c */
    {"power.calls", test_power_calls, 1},
    {"power.cycle", test_power_cycle, 2},
    {"power.wait", test_power_wait, 2},
    {"power.all", test_power_all, 2},
};

void run_common_tests(void)
{
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
