/* SPDX-License-Identifier: MIT */
/* The CPU interface's registers as device attributes: ICC_*, or GICv2's GICC_*. */
#include "arch/lr.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/dir.h"
#include "deliver/event.h"
#include "mmio/sysreg.h"
#include "mmio/vmm.h"
#include "state/attr.h"
#include "state/hold.h"

/* A register of either kind. */
struct place {
    struct lvgic_vcpu *vcpu;
    uint32_t reg; /* enum sysreg or enum gicc_reg, or an offset of GICC_APR1 to APR3 */
    bool exists;
};

/* After a change: what the guest acknowledged may be another, and it may have to wake up. */
static void changed(struct lvgic_vcpu *vcpu)
{
    struct effects effects;

    effects_init(&effects);
    deliver_attention(vcpu);
    effects_kick(vcpu->vm, &effects, vcpu->index);
    effects_run(vcpu->vm, &effects);
}

static int nothing_there(const struct lvgic_vm *vm)
{
    return vm->kvm_attributes ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

/* ------------------------------------------------------------------ CPU_SYSREGS */

static int find_sysreg(struct lvgic_vm *vm, uint64_t attr, struct place *place)
{
    place->vcpu = attr_vcpu(vm, attr);
    if (!place->vcpu)
        return LVGIC_E_INVALID;
    for (place->reg = 0; place->reg < NR_SYSREGS; place->reg++)
        if (sysreg_rows[place->reg].encoding == (uint32_t)attr)
            break;
    place->exists = place->reg < NR_SYSREGS && sysreg_rows[place->reg].access == SYSREG_RW &&
                    sysreg_exists(place->vcpu, (enum sysreg)place->reg);
    return place->exists ? LVGIC_OK : LVGIC_E_NO_DEVICE;
}

static int has_sysreg(struct lvgic_vm *vm, uint64_t attr)
{
    struct place place;

    return find_sysreg(vm, attr, &place);
}

static int find_sysreg_now(struct lvgic_vm *vm, uint64_t attr, struct place *place)
{
    if (vm->kvm_attributes && !attr_started(vm))
        return LVGIC_E_PHASE;
    return find_sysreg(vm, attr, place);
}

static int get_sysreg(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    struct place place;
    int status = find_sysreg_now(vm, attr, &place);

    if (status != LVGIC_OK)
        return status;
    hold_begin(place.vcpu);
    /* The binary point as it is stored, whatever CBPR shows the guest. */
    if (place.reg == SYSREG_ICC_BPR1_EL1)
        *value = bits_get(place.vcpu->lrs.vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO);
    else
        *value = sysreg_read_own(place.vcpu, (enum sysreg)place.reg);
    hold_end(place.vcpu);
    return LVGIC_OK;
}

/* ICC_CTLR_EL1: CBPR and EOImode; what is implemented must be what there is. PRIbits and IDbits may
 * be less, SEIS and A3V must be the same. */
#define CTLR_CHANGES MASK64(1, 0)
static bool ctlr_fits(uint64_t now, uint64_t value, bool lenient)
{
    if (!lenient)
        return (value & ~CTLR_CHANGES) == (now & ~CTLR_CHANGES);
    return bits_get(value, 10, 8) <= bits_get(now, 10, 8) &&
           bits_get(value, 13, 11) <= bits_get(now, 13, 11) &&
           bits_get(value, 15, 14) == bits_get(now, 15, 14);
}

static bool value_fits(struct lvgic_vcpu *vcpu, enum sysreg reg, uint64_t value)
{
    bool lenient = vcpu->vm->kvm_attributes;

    switch (reg) {
    case SYSREG_ICC_CTLR_EL1:
        return ctlr_fits(sysreg_read_own(vcpu, reg), value, lenient);
    case SYSREG_ICC_SRE_EL1:
        return lenient ? value & 1 : value == sysreg_read_own(vcpu, reg);
    case SYSREG_ICC_PMR_EL1:
        return lenient || value <= 0xff;
    case SYSREG_ICC_BPR0_EL1:
    case SYSREG_ICC_BPR1_EL1:
        return lenient || value <= 7;
    case SYSREG_ICC_IGRPEN0_EL1:
    case SYSREG_ICC_IGRPEN1_EL1:
        return lenient || value <= 1;
    default:
        return lenient || !(value & ~(MASK64(31, 0) | AP1R0_NMI));
    }
}

static int set_sysreg(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    struct place place;
    int status = find_sysreg_now(vm, attr, &place);

    if (status != LVGIC_OK)
        return status;
    hold_begin(place.vcpu);
    if (!value_fits(place.vcpu, (enum sysreg)place.reg, value))
        status = LVGIC_E_INVALID;
    else if (place.reg == SYSREG_ICC_BPR1_EL1)
        icv_store_bpr(&place.vcpu->lrs, true, value);
    else
        sysreg_write_own(place.vcpu, (enum sysreg)place.reg, value);
    dir_note_eoimode(place.vcpu);
    vmm_acks_missing(place.vcpu);
    hold_end(place.vcpu);
    changed(place.vcpu);
    return status;
}

const struct attr_ops attr_cpu_sysregs = {.has = has_sysreg, .get = get_sysreg, .set = set_sysreg};

/* ------------------------------------------------------------------ CPU_REGS */

/* KVM shows APR0 to APR3 for 128 levels, and PMR without the three bits that are not implemented.
 * With five priority bits the levels of APR1 to APR3 do not exist: RAZ/WI. */
#define GICC_APR(n) (0xd0u + 4 * (n))
#define PMR_SHIFT 3

static int find_gicc(struct lvgic_vm *vm, uint64_t attr, struct place *place)
{
    uint32_t offset = (uint32_t)attr;

    place->vcpu = attr_vcpu(vm, attr);
    if (!place->vcpu)
        return LVGIC_E_INVALID;
    place->exists = true;
    switch (offset) {
    case GICC_APR(1):
    case GICC_APR(2):
    case GICC_APR(3):
        place->reg = NR_GICC_REGS;
        return LVGIC_OK;
    default:
        break;
    }
    for (place->reg = 0; place->reg < NR_GICC_REGS; place->reg++)
        if (gicc_rows[place->reg].offset == offset && !gicc_rows[place->reg].needs_lrs &&
            gicc_rows[place->reg].access != SYSREG_WO && place->reg != GICC_REG_RPR)
            return LVGIC_OK;
    place->exists = false;
    return LVGIC_E_NO_DEVICE;
}

static int has_gicc(struct lvgic_vm *vm, uint64_t attr)
{
    struct place place;

    return find_gicc(vm, attr, &place);
}

static uint32_t read_gicc(const struct place *place)
{
    struct lvgic_lrs *lrs = &place->vcpu->lrs;

    switch (place->reg) {
    case GICC_REG_CTLR:
        return (uint32_t)(lrs->vmcr & GICC_CTLR_BITS);
    case GICC_REG_PMR:
        return icv_pmr(lrs) >> PMR_SHIFT;
    case GICC_REG_BPR:
    case GICC_REG_ABPR:
        return icv_bpr(lrs, place->reg == GICC_REG_ABPR);
    case GICC_REG_APR0:
        return (uint32_t)lrs->ap0r[0];
    case GICC_REG_IIDR:
        return gicc_rows[GICC_REG_IIDR].reset;
    default:
        return 0;
    }
}

static void write_gicc(const struct place *place, uint32_t value)
{
    struct lvgic_lrs *lrs = &place->vcpu->lrs;

    switch (place->reg) {
    case GICC_REG_CTLR:
        lrs->vmcr = (lrs->vmcr & ~GICC_CTLR_BITS) | (value & GICC_CTLR_BITS);
        break;
    case GICC_REG_PMR:
        icv_set_pmr(lrs, (uint64_t)value << PMR_SHIFT);
        break;
    case GICC_REG_BPR:
    case GICC_REG_ABPR:
        icv_set_bpr(lrs, place->reg == GICC_REG_ABPR, value);
        break;
    case GICC_REG_APR0:
        lrs->ap0r[0] = value;
        break;
    default:
        break;
    }
}

static bool gicc_value_fits(const struct place *place, uint32_t value)
{
    switch (place->reg) {
    case GICC_REG_CTLR:
        return !(value & ~(uint32_t)GICC_CTLR_BITS);
    case GICC_REG_PMR:
        return value <= 0xff >> PMR_SHIFT;
    case GICC_REG_BPR:
    case GICC_REG_ABPR:
        return value <= 7;
    case GICC_REG_APR0:
        return true;
    default:
        return value == read_gicc(place);
    }
}

static int get_gicc(struct lvgic_vm *vm, uint64_t attr, uint64_t *value)
{
    struct place place;
    int status = find_gicc(vm, attr, &place);

    if (status == LVGIC_E_INVALID)
        return status;
    if (!place.exists) {
        status = nothing_there(vm);
        if (status == LVGIC_OK)
            *value = 0;
        return status;
    }
    hold_begin(place.vcpu);
    *value = read_gicc(&place);
    hold_end(place.vcpu);
    return LVGIC_OK;
}

static int set_gicc(struct lvgic_vm *vm, uint64_t attr, uint64_t value)
{
    struct place place;
    int status = find_gicc(vm, attr, &place);

    if (status == LVGIC_E_INVALID)
        return status;
    if (!place.exists)
        return nothing_there(vm);
    hold_begin(place.vcpu);
    if (vm->kvm_attributes || gicc_value_fits(&place, (uint32_t)value))
        write_gicc(&place, (uint32_t)value);
    else
        status = LVGIC_E_INVALID;
    dir_note_eoimode(place.vcpu);
    vmm_acks_missing(place.vcpu);
    hold_end(place.vcpu);
    changed(place.vcpu);
    return status;
}

const struct attr_ops attr_cpu_regs = {.has = has_gicc, .get = get_gicc, .set = set_gicc};
