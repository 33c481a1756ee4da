/* SPDX-License-Identifier: MIT */
/* The tests that a GICv2 passes and QEMU's own does not: README.md. */
#include "guest.h"
#include "tests.h"
#include "tests_v2.h"

const char guest_name[] = "GICv2 test guest, strict,";

static const struct test tests[] = {
    {"spi.reroute", test_spi_reroute, 2},
    {"spi.any", test_spi_any, 1},
    {"active.reroute", test_active_reroute, 2},
    {"eoimode.dir-other", test_eoimode_dir_other, 2},
    {"power.reroute", test_power_reroute, 2},
    {"strict.targets-none", test_strict_targets_none, 2},
    {"strict.absent", test_strict_absent, 1},
    {"strict.source-zeros", test_strict_source_zeros, 1},
    {"strict.ppi-banked", test_strict_ppi_banked, 1},
    {"strict.hppir-source", test_strict_hppir_source, 1},
    {"strict.not-in-the-way", test_strict_not_in_the_way, 1},
    {"strict.aliases", test_strict_aliases, 1},
    {"strict.abpr", test_strict_abpr, 1},
};

void guest_tests(void)
{
    run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
