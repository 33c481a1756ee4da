/* SPDX-License-Identifier: MIT */
/* GICv2's CPU interface in memory (GICC_*, IHI 0048B 4.4): accesses that are trapped. */
#include "mmio/gicc.h"

#include "arch/lr.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/event.h"
#include "deliver/run.h"
#include "mmio/active.h"
#include "mmio/turn.h"

#define INTID_GROUP1 1022u /* the interrupt is in group 1, and AckCtl is 0 */

/* What a completion names: an INTID, and an SGI's source in [12:10], which must be zero for others.
 */
static uint32_t vintid(uint64_t value)
{
    uint32_t intid = (uint32_t)bits_get(value, 9, 0);

    return intid_is_sgi(intid) ? (uint32_t)bits_get(value, VINTID_SOURCE_HI, 0) : intid;
}

/* What IAR and HPPIR show instead of an interrupt of the other group, if anything (3.4, 4.4.4). */
static uint32_t hidden(const struct lvgic_lrs *lrs, bool group1, bool alias)
{
    if (alias)
        return group1 ? 0 : INTID_SPURIOUS;
    return group1 && !(lrs->vmcr & VMCR_VACKCTL) ? INTID_GROUP1 : 0;
}

static uint32_t acknowledge(struct lvgic_lrs *lrs, bool alias)
{
    int group = icv_signalled(lrs);
    uint32_t instead = group < 0 ? INTID_SPURIOUS : hidden(lrs, group, alias);

    return instead ? instead : icv_acknowledge(lrs, group);
}

static uint32_t highest_pending(const struct lvgic_lrs *lrs, bool alias)
{
    int reg = icv_highest_pending(lrs);
    uint32_t instead = reg < 0 ? INTID_SPURIOUS : hidden(lrs, lrs->lr[reg] & LR_GROUP1, alias);

    return instead ? instead : lr_vintid(lrs->lr[reg]);
}

/* Completing group 1 through EOIR with AckCtl 0 is UNPREDICTABLE: it completes. AEOIR is what
 * Non-secure software sees as EOIR, and for it group 0 does not exist: ignored. An interrupt that
 * is in no list register is counted, whatever its group. */
static struct icv_effect complete(struct lvgic_lrs *lrs, uint32_t intid, bool alias)
{
    int reg = icv_find_active(lrs, intid);
    bool group1 = reg >= 0 && (lrs->lr[reg] & LR_GROUP1);

    if (alias && reg >= 0 && !group1)
        return (struct icv_effect){.phys_deactivate = false};
    return icv_end_of_interrupt(lrs, intid, group1);
}

/* Like ICC_DIR_EL1 it is done on the words, with everything of this vCPU folded: an SPI may be
 * active on any CPU. With EOImode 0 it is UNPREDICTABLE: ignored. */
static void deactivate(struct lvgic_vcpu *vcpu, uint64_t value)
{
    uint32_t slot = vm_slot(vcpu->vm, (uint32_t)bits_get(value, 9, 0));
    bool inside = vcpu_mode(vcpu) == VCPU_IN;
    struct effects effects;

    if (!deliver_eoimode(vcpu) || slot == INTID_NONE)
        return;
    if (inside)
        deliver_exit(vcpu);
    if (slot_is_sgi(slot)) {
        effects_init(&effects);
        deliver_deactivate(vcpu, slot,
                           (uint32_t)bits_get(value, VINTID_SOURCE_HI, VINTID_SOURCE_LO), &effects);
        effects_run(vcpu->vm, &effects);
    } else {
        active_clear(vcpu, slot);
    }
    if (inside)
        deliver_enter(vcpu);
}

static uint32_t read(struct lvgic_vcpu *vcpu, enum gicc_reg reg)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;

    switch (reg) {
    case GICC_REG_CTLR:
        return (uint32_t)(lrs->vmcr & GICC_CTLR_BITS);
    case GICC_REG_PMR:
        return icv_pmr(lrs);
    case GICC_REG_BPR:
    case GICC_REG_ABPR:
        return icv_bpr(lrs, reg == GICC_REG_ABPR);
    case GICC_REG_IAR:
    case GICC_REG_AIAR:
        return acknowledge(lrs, reg == GICC_REG_AIAR);
    case GICC_REG_RPR:
        return (uint32_t)icv_running_priority(lrs);
    case GICC_REG_HPPIR:
    case GICC_REG_AHPPIR:
        return highest_pending(lrs, reg == GICC_REG_AHPPIR);
    case GICC_REG_APR0:
        return (uint32_t)lrs->ap0r[0];
    default: /* IIDR */
        return gicc_rows[reg].reset;
    }
}

static void write(struct lvgic_vcpu *vcpu, enum gicc_reg reg, uint64_t value,
                  struct icv_effect *effect)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;

    switch (reg) {
    case GICC_REG_CTLR:
        lrs->vmcr = (lrs->vmcr & ~GICC_CTLR_BITS) | (value & GICC_CTLR_BITS);
        break;
    case GICC_REG_PMR:
        icv_set_pmr(lrs, value);
        break;
    case GICC_REG_BPR:
    case GICC_REG_ABPR:
        icv_set_bpr(lrs, reg == GICC_REG_ABPR, value);
        break;
    case GICC_REG_EOIR:
    case GICC_REG_AEOIR:
        *effect = complete(lrs, vintid(value), reg == GICC_REG_AEOIR);
        break;
    case GICC_REG_APR0:
        lrs->ap0r[0] = (uint32_t)value;
        break;
    default:
        deactivate(vcpu, value);
        break;
    }
}

/* The row of an access that has one: at this offset, in this direction, of a whole register. */
static enum gicc_reg find(const struct lvgic_access *access)
{
    enum gicc_reg reg = 0;

    while (reg < NR_GICC_REGS && gicc_rows[reg].offset != access->offset)
        reg++;
    if (reg < NR_GICC_REGS && access->size == 4 &&
        (gicc_rows[reg].access & (access->write ? SYSREG_WO : SYSREG_RO)))
        return reg;
    return NR_GICC_REGS;
}

void gicc_access(struct lvgic_vcpu *vcpu, struct lvgic_access *access)
{
    struct icv_effect effect = {.phys_deactivate = false};
    enum gicc_reg reg = find(access);

    if (!access->write)
        access->value = 0;
    if (reg == NR_GICC_REGS)
        return;

    /* Deactivation is done on the words; the other registers are the vCPU's own. */
    struct cpuif_turn turn = cpuif_begin(vcpu, gicc_rows[reg].needs_lrs, reg != GICC_REG_DIR);

    if (access->write)
        write(vcpu, reg, access->value, &effect);
    else
        access->value = read(vcpu, reg);
    cpuif_end(vcpu, turn, effect);
}
