/* SPDX-License-Identifier: MIT */
/* The table of tests of LPIs and the ITS: an image of their own, for machines that have them. */
#include "guest.h"
#include "its/tests_its.h"

const char guest_name[] = "GIC test guest of LPIs";

static const struct test tests[] = {
    /* test_its.c */
    {"its.introspection", test_its_introspection, 1},
    {"its.processor-numbers", test_its_processor_numbers, 1},
    {"its.halves", test_its_halves, 1},
    {"its.control", test_its_control, 1},
    {"its.baser", test_its_baser, 1},
    {"its.read-only", test_its_read_only, 1},
    {"its.disabled", test_its_disabled, 1},
    {"its.flat", test_its_flat, 1},
    {"its.two-levels", test_its_two_levels, 1},
    {"its.collections", test_its_collections, 1},
    {"its.mapi", test_its_mapi, 1},
    {"its.devices", test_its_devices, 1},
    {"its.wrap", test_its_wrap, 1},
    {"its.full", test_its_full, 1},
    {"its.clear", test_its_clear, 1},
    {"its.discard", test_its_discard, 1},
    {"its.remap", test_its_remap, 1},
    {"its.unmap-device", test_its_unmap_device, 1},
    {"its.unmap-collection", test_its_unmap_collection, 1},
    {"its.late-collection", test_its_late_collection, 1},
    {"its.movi", test_its_movi, 1},
    {"its.movi-pending", test_its_movi_pending, 2},
    {"its.movi-disabled", test_its_movi_disabled, 2},
    {"its.movi-same", test_its_movi_same, 1},
    {"its.movall", test_its_movall, 2},
    {"its.movall-others", test_its_movall_others, 3},
    {"its.move-collection", test_its_move_collection, 1},
    /* test_lpi.c */
    {"lpi.deliver", test_lpi_deliver, 1},
    {"lpi.coalesce", test_lpi_coalesce, 1},
    {"lpi.order", test_lpi_order, 1},
    {"lpi.nested", test_lpi_nested, 1},
    {"lpi.pmr", test_lpi_pmr, 1},
    {"lpi.groups", test_lpi_groups, 1},
    {"lpi.again", test_lpi_again, 1},
    {"lpi.preempts-itself", test_lpi_preempts_itself, 1},
    {"lpi.eoimode1", test_lpi_eoimode1, 1},
    {"lpi.move-in-service", test_lpi_move_in_service, 2},
    {"lpi.discard-in-service", test_lpi_discard_in_service, 1},
    {"lpi.disabled", test_lpi_disabled, 1},
    {"lpi.disable-pending", test_lpi_disable_pending, 1},
    {"lpi.disabled-clear", test_lpi_disabled_clear, 1},
    {"lpi.priority-change", test_lpi_priority_change, 1},
    {"lpi.invall", test_lpi_invall, 1},
    {"lpi.invalidate", test_lpi_invalidate, 1},
    {"lpi.configure-then-map", test_lpi_configure_then_map, 1},
    {"lpi.table-ends", test_lpi_table_ends, 1},
    /* test_lpi_enable.c */
    {"lpi.enable", test_lpi_enable, 1},
    {"lpi.few-bits", test_lpi_few_bits, 1},
    {"lpi.bases", test_lpi_bases, 1},
    {"lpi.disable-with-pending", test_lpi_disable_with_pending, 1},
    {"lpi.disable-other", test_lpi_disable_other, 2},
    {"lpi.disable-one", test_lpi_disable_one, 2},
    /* test_lpi_many.c */
    {"lpi.overflow", test_lpi_overflow, 1},
    {"lpi.mixed", test_lpi_mixed, 1},
    {"lpi.mixed-eoimode1", test_lpi_mixed_eoimode1, 1},
    {"lpi.mixed-nested", test_lpi_mixed_nested, 1},
    {"lpi.power", test_lpi_power, 2},
    {"lpi.wfi", test_lpi_wfi, 2},
    {"lpi.storm", test_lpi_storm, 1},
    {"lpi.storm-moving", test_lpi_storm_moving, 2},
    {"lpi.storm-enable", test_lpi_storm_enable, 2},
    {"lpi.storm-remap", test_lpi_storm_remap, 2},
    {"lpi.storm-mixed", test_lpi_storm_mixed, 1},
    /* test_its_random.c */
    {"its.random", test_its_random, 1},
};

void guest_tests(void)
{
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
