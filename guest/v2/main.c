/* SPDX-License-Identifier: MIT */
/* What only a GICv2 has, as far as QEMU's own passes it too. */
#include "guest.h"
#include "tests.h"
#include "tests_v2.h"

const char guest_name[] = "GICv2 test guest";

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
};

void guest_tests(void)
{
    run_common_tests();
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
