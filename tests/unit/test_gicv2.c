/* SPDX-License-Identifier: MIT */
/* GICv2: banked registers, SGIs with their sources, the CPU interface in memory. */
#include "rig.h"

#include "arch/lr.h"
#include "base/bits.h"

enum { CTLR = 0, TYPER = 4, ITARGETSR = 0x800, ICFGR = 0xc00, PPISR = 0xd00, SPISR = 0xd04 };
enum { SGIR = 0xf00, CPENDSGIR = 0xf10, SPENDSGIR = 0xf20, IPRIORITYR = 0x400 };
enum { TO_LIST = 0, TO_OTHERS = 1 << 24, TO_SELF = 2 << 24 };
enum { EOIMODE = 1 << 9, CBPR = 1 << 4, FIQEN = 1 << 3, ACKCTL = 1 << 2 };

static void send(struct rig *rig, unsigned from, unsigned filter, unsigned list, unsigned intid)
{
    rig_dist_write_by(rig, from, SGIR, 4, filter | list << 16 | intid);
}

static unsigned ack(struct rig *rig, unsigned cpu)
{
    return (unsigned)rig_gicc_read(rig, cpu, GICC_REG_IAR);
}

static void eoi(struct rig *rig, unsigned cpu, unsigned value)
{
    rig_gicc_write(rig, cpu, GICC_REG_EOIR, value);
}

static unsigned from(unsigned source, unsigned intid)
{
    return source << 10 | intid;
}

/* ------------------------------------------------------------------ SGIs --------------------- */

static void sgis_from_all_sources_with_one_list_register(void **state)
{
    struct rig *rig = rig_gicv2(1, 8);

    (void)state;
    for (unsigned source = 8; source-- > 0;)
        send(rig, source, TO_LIST, 1, 5);
    assert_int_equal(rig_dist_read(rig, SPENDSGIR + 5, 1), 0xff);
    send(rig, 3, TO_LIST, 1, 5); /* not delivered yet: merges */
    rig_enter(rig, 0);
    for (unsigned source = 0; source < 8; source++) {
        assert_true(lvgic_vcpu_lines(rig->cpu[0]).irq || lvgic_vcpu_lines(rig->cpu[0]).fiq);
        assert_int_equal(ack(rig, 0), from(source, 5));
        eoi(rig, 0, from(source, 5));
    }
    assert_int_equal(ack(rig, 0), 1023);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgis_from_all_sources_with_one_list_register),
    };

    return cmocka_run_group_tests_name("gicv2", tests, NULL, NULL);
}
