/* SPDX-License-Identifier: MIT */
/* All tests, by file. */
#ifndef GUEST_TESTS_H
#define GUEST_TESTS_H

/* test_sgi.c */
void test_sgi_pairs(void);
void test_sgi_list(void);
void test_sgi_broadcast(void);
void test_sgi_nobody(void);
void test_sgi_burst(void);
void test_sgi_coalesce(void);
void test_sgi_pendr_own(void);
void test_sgi_pendr_other(void);
void test_sgi_disabled_own(void);
void test_sgi_disabled_other(void);
void test_sgi_banked(void);
void test_sgi_active_pending(void);
void test_sgi_storm(void);

/* test_spi.c */
void test_spi_route(void);
void test_spi_reroute(void);
void test_spi_any(void);
void test_spi_pending_bits(void);
void test_spi_clear_while_masked(void);
void test_spi_disabled(void);
void test_spi_rwp(void);
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
void test_active_private(void);
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

/* test_mmio.c */
void test_mmio_priority_bytes(void);
void test_mmio_router(void);
void test_mmio_reserved(void);
void test_mmio_private_in_gicd(void);
void test_mmio_router_private(void);
void test_mmio_legacy(void);
void test_mmio_read_only(void);
void test_mmio_control(void);
void test_mmio_config(void);
void test_mmio_set_clear(void);
void test_mmio_priority_bits(void);
void test_mmio_frames(void);
void test_mmio_sysregs(void);

/* test_group0.c */
void test_group0_fiq(void);
void test_group0_route(void);
void test_group0_registers(void);
void test_group0_enables(void);
void test_group1_enables(void);
void test_group0_not_in_the_way(void);
void test_group0_preempts(void);
void test_group0_order(void);
void test_group0_sgi(void);
void test_group0_change(void);
void test_group0_eoimode(void);

/* test_nmi.c */
void test_nmi_registers(void);
void test_nmi_masked_irq(void);
void test_nmi_masked_all(void);
void test_nmi_acknowledge(void);
void test_nmi_without_sctlr(void);
void test_nmi_pmr(void);
void test_nmi_preempts(void);
void test_nmi_in_handler(void);
void test_nmi_change(void);
void test_nmi_change_active(void);
void test_nmi_disabled(void);
void test_nmi_timer(void);
void test_nmi_sgi_others(void);

/* test_nmi_overflow.c */
void test_nmi_order(void);
void test_nmi_order_split(void);
void test_nmi_active(void);
void test_nmi_dir_orders(void);
void test_nmi_active_pending(void);

/* test_power.c */
void test_power_calls(void);
void test_power_cycle(void);
void test_power_reroute(void);
void test_power_wait(void);
void test_power_all(void);

#endif
