/* SPDX-License-Identifier: MIT */
/* Short names for device attributes, and a VM with two vCPUs that has them in either mode. */
#ifndef TESTS_ATTRS_H
#define TESTS_ATTRS_H

#include "rig.h"

#include "arch/registers.h"
#include "lvgic/state.h"

#define SYSREG_ATTR(reg, cpu) (sysreg_rows[reg].encoding | LVGIC_ATTR_AFFINITY(cpu))

/* Writing back what was read clears it. */
static inline bool clears(const struct reg_row *row)
{
    return row->op == REG_OP_ENABLE_CLEAR || row->op == REG_OP_PENDING_CLEAR ||
           row->op == REG_OP_ACTIVE_CLEAR || row->op == REG_OP_SOURCES_CLEAR;
}

static inline int set(struct rig *rig, uint32_t group, uint64_t attr, uint64_t value)
{
    rig->relaxes = 0;
    return lvgic_attr_set(rig->vm, group, attr, value);
}

static inline uint64_t get(struct rig *rig, uint32_t group, uint64_t attr)
{
    uint64_t value = 0xdead;

    rig->relaxes = 0;
    assert_int_equal(lvgic_attr_get(rig->vm, group, attr, &value), LVGIC_OK);
    return value;
}

static inline struct rig *rig_kvm(unsigned gic, bool kvm)
{
    struct lvgic_config config = {
        .nr_vcpus = 2, .nr_spis = 64, .gic = (uint8_t)gic, .kvm_attributes = kvm};
    struct rig *rig = rig_with(&config);

    rig->relax_exits = true;
    return rig;
}

#endif
