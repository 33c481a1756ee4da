/* SPDX-License-Identifier: MIT */
/* The tests of a GICv3 only, by file. */
#ifndef GUEST_TESTS_V3_H
#define GUEST_TESTS_V3_H

/* test_redist.c */
void test_sgi_nobody(void);
void test_sgi_pendr_own(void);
void test_sgi_pendr_other(void);
void test_sgi_disabled_own(void);
void test_sgi_disabled_other(void);
void test_sgi_banked(void);
void test_spi_rwp(void);
void test_active_private(void);

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

#endif
