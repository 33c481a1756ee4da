/* SPDX-License-Identifier: MIT */
/* Device attributes of an ITS. */
#include "deliver/lpi.h"
#include "its/its.h"
#include "state/attr.h"

/* ------------------------------------------------------------------ ADDR */

static int has_addr(uint64_t attr)
{
    return attr == LVGIC_ATTR_ADDR_ITS ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

static int get_addr(struct its *its, uint64_t attr, uint64_t *value)
{
    (void)attr;
    return address_get_its(its, value);
}

static int set_addr(struct its *its, uint64_t attr, uint64_t value)
{
    (void)attr;
    return address_set_its(its, value);
}

/* ------------------------------------------------------------------ CTRL */

static int has_ctrl(uint64_t attr)
{
    return attr == LVGIC_ATTR_CTRL_INIT || attr == LVGIC_ATTR_CTRL_ITS_SAVE_TABLES ||
                   attr == LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES || attr == LVGIC_ATTR_CTRL_ITS_RESET
               ? LVGIC_OK
               : LVGIC_E_NO_DEVICE;
}

static int get_ctrl(struct its *its, uint64_t attr, uint64_t *value)
{
    (void)its, (void)attr, (void)value;
    return LVGIC_E_NO_DEVICE; /* they are actions */
}

static int set_ctrl(struct its *its, uint64_t attr, uint64_t value)
{
    (void)value;
    switch (attr) {
    case LVGIC_ATTR_CTRL_ITS_SAVE_TABLES:
        return its_save_tables(its);
    case LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES:
        return its_restore_tables(its);
    case LVGIC_ATTR_CTRL_ITS_RESET:
        deliver_lpi_take(its->vm);
        its_reset_registers(its);
        deliver_lpi_give(its->vm);
        return LVGIC_OK;
    default: /* INIT: there is nothing to do */
        return LVGIC_OK;
    }
}

/* ------------------------------------------------------------------ ITS_REGS */

/* The translation frame has no state. */
static const struct reg_row *find_row(uint64_t offset)
{
    return offset < GITS_SIZE / 2 ? reg_find(gits_rows, nr_gits_rows, (uint32_t)offset) : NULL;
}

static int has_register(uint64_t attr)
{
    const struct reg_row *row = find_row(attr);

    if (attr % 4 || (row && attr % row->width))
        return LVGIC_E_INVALID;
    return row ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

/* KVM has no registers until they have a place. */
static int check_place(const struct its *its)
{
    /* Relaxed: a value for its own sake. */
    return its->vm->kvm_attributes &&
                   atomic_load_explicit(&its->address, memory_order_relaxed) == NO_ADDRESS
               ? LVGIC_E_NO_DEVICE
               : LVGIC_OK;
}

static int get_register(struct its *its, uint64_t attr, uint64_t *value)
{
    const struct reg_row *row = find_row(attr);
    int status = check_place(its);

    if (status == LVGIC_OK)
        *value = row->op == REG_OP_HOOK    ? its_register(its, (enum reg_hook)row->value)
                 : row->op == REG_OP_CONST ? row->value
                                           : 0;
    return status;
}

/* KVM looks at the revision of GITS_IIDR, the ABI of tables, and ignores the rest. */
static int check_read_only(struct its *its, const struct reg_row *row, uint64_t attr,
                           uint64_t value)
{
    bool iidr = row->op == REG_OP_HOOK && row->value == REG_HOOK_GITS_IIDR;
    uint64_t now = 0, looked_at = ~UINT64_C(0);

    get_register(its, attr, &now);
    if (its->vm->kvm_attributes)
        looked_at = iidr ? MASK64(IIDR_REVISION_HI, IIDR_REVISION_LO) : 0;
    return (value ^ now) & looked_at ? LVGIC_E_INVALID : LVGIC_OK;
}

static int set_register(struct its *its, uint64_t attr, uint64_t value)
{
    const struct reg_row *row = find_row(attr);
    int status = check_place(its);

    if (row->width == 4 && value > UINT32_MAX) {
        if (!its->vm->kvm_attributes)
            return LVGIC_E_INVALID;
        value = (uint32_t)value;
    }
    if (status == LVGIC_OK && reg_vmm(row) == REG_VMM_READ_ONLY)
        return check_read_only(its, row, attr, value);
    if (status != LVGIC_OK)
        return status;
    deliver_lpi_take(its->vm);
    its_put_register(its, (enum reg_hook)row->value, value);
    deliver_lpi_give(its->vm);
    /* Commands that wait are begun by this one. */
    if (row->value == REG_HOOK_GITS_CTLR)
        deliver_lpi_work_now(its->vm);
    return LVGIC_OK;
}

/* ------------------------------------------------------------------ all groups */

struct group {
    uint32_t number;
    int (*has)(uint64_t attr);
    int (*get)(struct its *its, uint64_t attr, uint64_t *value);
    int (*set)(struct its *its, uint64_t attr, uint64_t value);
};

static const struct group groups[] = {
    {LVGIC_ITS_ATTR_ADDR, has_addr, get_addr, set_addr},
    {LVGIC_ITS_ATTR_CTRL, has_ctrl, get_ctrl, set_ctrl},
    {LVGIC_ITS_ATTR_ITS_REGS, has_register, get_register, set_register},
};

static int find_group(uint32_t number, uint64_t attr, const struct group **group)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (groups[i].number == number) {
            *group = &groups[i];
            return groups[i].has(attr);
        }
    return LVGIC_E_NO_DEVICE;
}

int its_attr_has(uint32_t number, uint64_t attr)
{
    const struct group *group;

    return find_group(number, attr, &group);
}

int its_attr_get(struct its *its, uint32_t number, uint64_t attr, uint64_t *value)
{
    const struct group *group;
    int status = find_group(number, attr, &group);

    return status == LVGIC_OK ? group->get(its, attr, value) : status;
}

int its_attr_set(struct its *its, uint32_t number, uint64_t attr, uint64_t value)
{
    const struct group *group;
    int status = find_group(number, attr, &group);

    return status == LVGIC_OK ? group->set(its, attr, value) : status;
}
