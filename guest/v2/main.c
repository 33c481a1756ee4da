/* SPDX-License-Identifier: MIT */
/* The tests that a GICv2 passes and QEMU's own does too. */
#include "guest.h"
#include "tests.h"
#include "tests_v2.h"

void primary_main(void) __attribute__((noreturn));

static const struct test tests[] = {
    /* test_dist.c */
    {"dist.identify", test_dist_identify, 1},
    {"dist.shared", test_dist_shared, 1},
    {"dist.control", test_dist_control, 1},
    {"dist.reserved", test_dist_reserved, 1},
    {"dist.beyond", test_dist_beyond, 1},
    {"dist.priority-bytes", test_dist_priority_bytes, 1},
    {"dist.priority-bits", test_dist_priority_bits, 1},
    {"dist.enable-bits", test_dist_enable_bits, 1},
    {"dist.pending-bits", test_dist_pending_bits, 1},
    {"dist.active-bits", test_dist_active_bits, 1},
    {"dist.group-bits", test_dist_group_bits, 1},
    {"dist.config", test_dist_config, 1},
    {"dist.banked", test_dist_banked, 1},
    {"dist.targets-private", test_dist_targets_private, 1},
    {"dist.targets-bytes", test_dist_targets_bytes, 1},
    {"dist.targets-none", test_dist_targets_none, 2},
    {"dist.targets-level", test_dist_targets_level, 2},
    {"dist.pending-sgis", test_dist_pending_sgis, 1},
    {"dist.pending-ppi", test_dist_pending_ppi, 1},
    {"dist.clear-ppi", test_dist_clear_ppi, 1},
    /* test_source.c */
    {"source.pairs", test_source_pairs, 1},
    {"source.filters", test_source_filters, 1},
    {"source.all", test_source_all, 1},
    {"source.all-eoimode", test_source_all_eoimode, 1},
    {"source.while-active", test_source_while_active, 2},
    {"source.coalesce", test_source_coalesce, 1},
    {"source.registers", test_source_registers, 1},
    {"source.take-back", test_source_take_back, 2},
    {"source.words", test_source_words, 1},
    {"source.banked", test_source_banked, 2},
    {"source.matrix", test_source_matrix, 1},
    {"source.matrix-eoimode", test_source_matrix_eoimode, 1},
    {"source.storm", test_source_storm, 1},
    {"source.cross", test_source_cross, 1},
    /* test_cpuif.c */
    {"cpuif.idle", test_cpuif_idle, 1},
    {"cpuif.special", test_cpuif_special, 1},
    {"cpuif.control", test_cpuif_control, 1},
    {"cpuif.masks", test_cpuif_masks, 1},
    {"cpuif.banked", test_cpuif_banked, 1},
    {"cpuif.reserved", test_cpuif_reserved, 1},
    {"cpuif.read-only", test_cpuif_read_only, 1},
    {"cpuif.apr", test_cpuif_apr, 1},
    {"cpuif.apr-group-1", test_cpuif_apr_group_1, 1},
    {"cpuif.hppir", test_cpuif_hppir, 1},
    {"cpuif.enable", test_cpuif_enable, 1},
    /* test_group.c */
    {"group.signals", test_group_signals, 1},
    {"group.route", test_group_route, 1},
    {"group.ackctl", test_group_ackctl, 1},
    {"group.order", test_group_order, 1},
    {"group.preempts", test_group_preempts, 1},
    {"group.abpr", test_group_abpr, 1},
    {"group.cbpr", test_group_cbpr, 1},
    {"group.enables-0", test_group_enables_0, 1},
    {"group.enables-1", test_group_enables_1, 1},
    {"group.change", test_group_change, 1},
    {"group.sgi", test_group_sgi, 1},
    {"group.eoimode", test_group_eoimode, 1},
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

void primary_main(void)
{
    uart_init();
    smp_init();
    uart_printf("GICv2 test guest on %u CPUs\n", ncpus);
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
    finish();
}
