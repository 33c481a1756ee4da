/* SPDX-License-Identifier: MIT */
/* The tests of a GICv2 only, by file. */
#ifndef GUEST_TESTS_V2_H
#define GUEST_TESTS_V2_H

/* test_dist.c */
void test_dist_identify(void);
void test_dist_shared(void);
void test_dist_control(void);
void test_dist_reserved(void);
void test_dist_beyond(void);
void test_dist_priority_bytes(void);
void test_dist_priority_bits(void);
void test_dist_enable_bits(void);
void test_dist_pending_bits(void);
void test_dist_active_bits(void);
void test_dist_group_bits(void);
void test_dist_config(void);
void test_dist_banked(void);
void test_dist_targets_private(void);
void test_dist_targets_bytes(void);
void test_dist_targets_none(void);
void test_dist_targets_level(void);
void test_dist_pending_sgis(void);
void test_dist_pending_ppi(void);
void test_dist_clear_ppi(void);

/* test_source.c */
void test_source_pairs(void);
void test_source_filters(void);
void test_source_all(void);
void test_source_all_eoimode(void);
void test_source_while_active(void);
void test_source_coalesce(void);
void test_source_registers(void);
void test_source_take_back(void);
void test_source_words(void);
void test_source_banked(void);
void test_source_matrix(void);
void test_source_matrix_eoimode(void);
void test_source_storm(void);
void test_source_cross(void);

/* test_cpuif.c */
void test_cpuif_idle(void);
void test_cpuif_special(void);
void test_cpuif_control(void);
void test_cpuif_masks(void);
void test_cpuif_banked(void);
void test_cpuif_reserved(void);
void test_cpuif_read_only(void);
void test_cpuif_apr(void);
void test_cpuif_apr_group_1(void);
void test_cpuif_hppir(void);
void test_cpuif_enable(void);

/* test_group.c */
void test_group_signals(void);
void test_group_route(void);
void test_group_ackctl(void);
void test_group_order(void);
void test_group_preempts(void);
void test_group_abpr(void);
void test_group_cbpr(void);
void test_group_enables_0(void);
void test_group_enables_1(void);
void test_group_change(void);
void test_group_sgi(void);
void test_group_eoimode(void);

/* test_strict.c */
void test_strict_targets_none(void);
void test_strict_absent(void);
void test_strict_source_zeros(void);
void test_strict_ppi_banked(void);
void test_strict_hppir_source(void);
void test_strict_not_in_the_way(void);
void test_strict_aliases(void);
void test_strict_abpr(void);

#endif
