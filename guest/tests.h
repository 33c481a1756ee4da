/* SPDX-License-Identifier: MIT */
/* The tests in this folder, by file. */
#ifndef GUEST_TESTS_H
#define GUEST_TESTS_H

/* Those that pass on GICv2 and GICv3, whoever made it. */
void run_common_tests(void);

/* test_sgi.c */
void test_sgi_pairs(void);
void test_sgi_list(void);
void test_sgi_broadcast(void);
void test_sgi_burst(void);
void test_sgi_coalesce(void);
void test_sgi_active_pending(void);
void test_sgi_storm(void);

/* test_spi.c */
void test_spi_route(void);
void test_spi_reroute(void);
void test_spi_any(void);
void test_spi_pending_bits(void);
void test_spi_clear_while_masked(void);
void test_spi_disabled(void);
void test_spi_disable_pending(void);
void test_spi_coalesce(void);
void test_spi_level_soft(void);
void test_spi_parallel(void);
void test_spi_storm(void);

/* test_uart.c */
void test_uart_once(void);
void test_uart_refire(void);
void test_uart_level(void);
void test_uart_disable(void);
void test_uart_icpendr(void);
void test_uart_ispendr(void);
void test_uart_active(void);

/* test_ppi_timer.c */
void test_timer_virtual_ticks(void);
void test_timer_physical_ticks(void);
void test_timer_virtual_level(void);
void test_timer_physical_level(void);
void test_timer_virtual_refire(void);
void test_timer_physical_refire(void);
void test_timer_virtual_disable(void);
void test_timer_physical_disable(void);
void test_timer_virtual_ispendr(void);
void test_timer_physical_ispendr(void);
void test_timer_both(void);
void test_timer_wfi(void);
void test_wfi_sgi(void);

/* test_active.c */
void test_active_spi(void);
void test_active_register_spi(void);
void test_active_register_sgi(void);
void test_active_register_other(void);
void test_active_reroute(void);
void test_active_edge(void);
void test_active_edge_cleared(void);
void test_active_disabled(void);
void test_active_icactiver_ends(void);

/* test_eoimode.c */
void test_eoimode_drop(void);
void test_eoimode_others(void);
void test_eoimode_dir_other(void);
void test_eoimode_dir_private(void);
void test_eoimode_dir_inactive(void);
void test_eoimode_timer(void);
void test_eoimode_switch(void);

/* test_priority.c */
void test_prio_pmr(void);
void test_prio_pmr_private(void);
void test_prio_rpr(void);
void test_prio_wait(void);
void test_prio_bpr(void);
void test_prio_bpr_order(void);
void test_prio_change(void);
void test_prio_nest(void);
void test_prio_order(void);
void test_prio_kinds(void);

/* test_overflow.c */
void test_overflow_eoimode0(void);
void test_overflow_eoimode1(void);
void test_overflow_dir_orders(void);
void test_overflow_nested(void);
void test_overflow_active_pending(void);
void test_overflow_change(void);
void test_overflow_mixed(void);

/* test_power.c */
void test_power_calls(void);
void test_power_cycle(void);
void test_power_reroute(void);
void test_power_wait(void);
void test_power_all(void);

#endif
