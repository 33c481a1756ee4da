/* SPDX-License-Identifier: MIT */
/* What only a GICv3 has. */
#include "guest.h"
#include "tests.h"
#include "tests_v3.h"

const char guest_name[] = "GIC test guest";

static const struct test tests[] = {
    /* test_sgi.c */
    {"sgi.nobody", test_sgi_nobody, 1},
    {"sgi.pendr-own", test_sgi_pendr_own, 1},
    {"sgi.pendr-other", test_sgi_pendr_other, 2},
    {"sgi.disabled-own", test_sgi_disabled_own, 1},
    {"sgi.disabled-other", test_sgi_disabled_other, 2},
    {"sgi.banked", test_sgi_banked, 2},
    /* test_spi.c */
    {"spi.reroute", test_spi_reroute, 2},
    {"spi.any", test_spi_any, 1},
    {"spi.rwp", test_spi_rwp, 1},
    /* test_active.c */
    {"active.private", test_active_private, 1},
    {"active.reroute", test_active_reroute, 2},
    /* test_eoimode.c */
    {"eoimode.dir-other", test_eoimode_dir_other, 1},
    /* test_mmio.c */
    {"mmio.priority-bytes", test_mmio_priority_bytes, 1},
    {"mmio.router", test_mmio_router, 1},
    {"mmio.reserved", test_mmio_reserved, 1},
    {"mmio.private-in-gicd", test_mmio_private_in_gicd, 1},
    {"mmio.router-private", test_mmio_router_private, 1},
    {"mmio.legacy", test_mmio_legacy, 1},
    {"mmio.read-only", test_mmio_read_only, 1},
    {"mmio.control", test_mmio_control, 1},
    {"mmio.config", test_mmio_config, 1},
    {"mmio.set-clear", test_mmio_set_clear, 1},
    {"mmio.priority-bits", test_mmio_priority_bits, 1},
    {"mmio.frames", test_mmio_frames, 1},
    {"mmio.sysregs", test_mmio_sysregs, 1},
    /* test_group0.c */
    {"group0.fiq", test_group0_fiq, 1},
    {"group0.route", test_group0_route, 1},
    {"group0.registers", test_group0_registers, 1},
    {"group0.enables", test_group0_enables, 1},
    {"group1.enables", test_group1_enables, 1},
    {"group0.not-in-the-way", test_group0_not_in_the_way, 1},
    {"group0.preempts", test_group0_preempts, 1},
    {"group0.order", test_group0_order, 1},
    {"group0.sgi", test_group0_sgi, 1},
    {"group0.change", test_group0_change, 1},
    {"group0.eoimode", test_group0_eoimode, 1},
    /* test_power.c */
    {"power.reroute", test_power_reroute, 2},
};

/* Only where CPU and GIC have NMIs. */
static const struct test nmi_tests[] = {
    /* test_nmi.c */
    {"nmi.registers", test_nmi_registers, 1},
    {"nmi.masked-irq", test_nmi_masked_irq, 1},
    {"nmi.masked-all", test_nmi_masked_all, 1},
    {"nmi.acknowledge", test_nmi_acknowledge, 1},
    {"nmi.without-sctlr", test_nmi_without_sctlr, 1},
    {"nmi.pmr", test_nmi_pmr, 1},
    {"nmi.preempts", test_nmi_preempts, 1},
    {"nmi.in-handler", test_nmi_in_handler, 1},
    {"nmi.change", test_nmi_change, 1},
    {"nmi.change-active", test_nmi_change_active, 1},
    {"nmi.disabled", test_nmi_disabled, 1},
    {"nmi.timer", test_nmi_timer, 1},
    {"nmi.sgi-others", test_nmi_sgi_others, 2},
    /* test_nmi_overflow.c */
    {"nmi.order", test_nmi_order, 1},
    {"nmi.order-split", test_nmi_order_split, 1},
    {"nmi.active", test_nmi_active, 1},
    {"nmi.dir-orders", test_nmi_dir_orders, 1},
    {"nmi.active-pending", test_nmi_active_pending, 1},
};

void guest_tests(void)
{
    run_common_tests();
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
    if (gic_has_nmi() && cpu_has_nmi())
        run_tests(nmi_tests, sizeof(nmi_tests) / sizeof(nmi_tests[0]));
    else
        uart_printf("skip nmi: no NMI here\n");
}
