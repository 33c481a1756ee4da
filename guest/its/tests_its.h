/* SPDX-License-Identifier: MIT */
/* The tests of LPIs and the ITS, by file. */
#ifndef GUEST_TESTS_ITS_H
#define GUEST_TESTS_ITS_H

/* test_its.c */
void test_its_introspection(void);
void test_its_processor_numbers(void);
void test_its_halves(void);
void test_its_control(void);
void test_its_baser(void);
void test_its_read_only(void);
void test_its_disabled(void);
void test_its_flat(void);
void test_its_two_levels(void);
void test_its_collections(void);
void test_its_mapi(void);
void test_its_devices(void);
void test_its_wrap(void);
void test_its_full(void);
void test_its_clear(void);
void test_its_discard(void);
void test_its_remap(void);
void test_its_unmap_device(void);
void test_its_unmap_collection(void);
void test_its_late_collection(void);

/* test_its_move.c */
void test_its_movi(void);
void test_its_movi_pending(void);
void test_its_movi_disabled(void);
void test_its_movi_same(void);
void test_its_movall(void);
void test_its_movall_others(void);
void test_its_move_collection(void);

/* test_its_random.c */
void test_its_random(void);

/* test_lpi.c */
void test_lpi_deliver(void);
void test_lpi_coalesce(void);
void test_lpi_order(void);
void test_lpi_nested(void);
void test_lpi_pmr(void);
void test_lpi_groups(void);
void test_lpi_again(void);
void test_lpi_preempts_itself(void);
void test_lpi_eoimode1(void);
void test_lpi_move_in_service(void);
void test_lpi_discard_in_service(void);
void test_lpi_disabled(void);
void test_lpi_disable_pending(void);
void test_lpi_disabled_clear(void);
void test_lpi_priority_change(void);
void test_lpi_invall(void);
void test_lpi_invalidate(void);
void test_lpi_configure_then_map(void);
void test_lpi_table_ends(void);

/* test_lpi_enable.c */
void test_lpi_enable(void);
void test_lpi_few_bits(void);
void test_lpi_bases(void);
void test_lpi_disable_with_pending(void);
void test_lpi_disable_other(void);
void test_lpi_disable_one(void);

/* test_lpi_many.c */
void test_lpi_overflow(void);
void test_lpi_mixed(void);
void test_lpi_mixed_eoimode1(void);
void test_lpi_mixed_nested(void);
void test_lpi_power(void);
void test_lpi_wfi(void);
void test_lpi_storm(void);
void test_lpi_storm_moving(void);
void test_lpi_storm_enable(void);
void test_lpi_storm_remap(void);
void test_lpi_storm_mixed(void);

#endif
