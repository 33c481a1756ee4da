/* SPDX-License-Identifier: MIT */
/* Trapped system-register accesses of the guest's CPU interface. */
#include "mmio/sysreg.h"

#include "arch/lr.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "deliver/event.h"
#include "deliver/run.h"
#include "mmio/active.h"
#include "mmio/turn.h"

/* ICC_SGI1R_EL1 and its siblings (12.2): INTID [27:24], TargetList [15:0], Aff1 [23:16], Aff2
 * [39:32], Aff3 [55:48], RS [47:44] counts Aff0 in sixteens, IRM [40] means all but oneself. */
static void send_sgi(struct lvgic_vcpu *vcpu, uint64_t value, enum sgi_group group)
{
    struct lvgic_vm *vm = vcpu->vm;
    uint32_t intid = (uint32_t)bits_get(value, 27, 24);
    struct effects effects;

    effects_init(&effects);
    if (value & BIT64(40)) {
        for (uint32_t i = 0; i < vm->nr_vcpus; i++)
            if (i != vcpu->index)
                deliver_sgi(&vm->vcpus[i], intid, group, &effects);
    } else {
        uint64_t targets = bits_get(value, 15, 0);
        uint64_t cluster = bits_get(value, 55, 48) << 32 | bits_get(value, 39, 32) << 16 |
                           bits_get(value, 23, 16) << 8;
        unsigned bit;

        while (bits_take_first(&targets, &bit)) {
            uint64_t aff0 = bits_get(value, 47, 44) * 16 + bit;
            struct lvgic_vcpu *target = vm_find_affinity(vm, cluster | aff0);

            if (target) /* an SGI to nobody is ignored */
                deliver_sgi(target, intid, group, &effects);
        }
    }
    effects_run(vm, &effects);
}

/* ICC_DIR_EL1 works on any CPU for an SPI, wherever it is active, and for an interrupt that is in
 * no list register; so it is done on the words, with everything of this vCPU folded. */
static void deactivate(struct lvgic_vcpu *vcpu, uint64_t value)
{
    uint32_t slot = vm_slot(vcpu->vm, (uint32_t)bits_get(value, 23, 0));
    bool inside = vcpu_mode(vcpu) == VCPU_IN;

    /* With EOImode 0 the write is ignored; so is an INTID that is nobody's. */
    if (!deliver_eoimode(vcpu) || slot == INTID_NONE)
        return;
    if (inside)
        deliver_exit(vcpu);
    active_clear(vcpu, slot);
    if (inside)
        deliver_enter(vcpu);
}

static struct icv_effect complete(struct lvgic_vcpu *vcpu, uint64_t value, bool group1)
{
    return icv_end_of_interrupt(&vcpu->lrs, (uint32_t)bits_get(value, 23, 0), group1);
}

#define APR_BITS MASK64(31, 0)

static uint64_t *apr(struct lvgic_vcpu *vcpu, enum sysreg reg)
{
    if (reg >= SYSREG_ICC_AP1R0_EL1)
        return &vcpu->lrs.ap1r[reg - SYSREG_ICC_AP1R0_EL1];
    return &vcpu->lrs.ap0r[reg - SYSREG_ICC_AP0R0_EL1];
}

/* ICC_CTLR_EL1 (12.2): IDbits, RSS and ExtRange, which depend on the VM. */
static uint64_t ctlr_of_vm(const struct lvgic_vm *vm)
{
    return (vm->lpis.nr && vm->lpis.id_bits > 16 ? BIT64(11) : 0) |
           (vm->range_selector ? BIT64(18) : 0) | (vm->nr_espis || vm->nr_eppis ? BIT64(19) : 0);
}

static uint64_t read(struct lvgic_vcpu *vcpu, enum sysreg reg)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;

    switch (reg) {
    case SYSREG_ICC_PMR_EL1:
        return icv_pmr(lrs);
    case SYSREG_ICC_IAR0_EL1:
    case SYSREG_ICC_IAR1_EL1:
        return icv_acknowledge(lrs, reg == SYSREG_ICC_IAR1_EL1);
    case SYSREG_ICC_NMIAR1_EL1:
        return icv_acknowledge_nmi(lrs);
    case SYSREG_ICC_HPPIR0_EL1:
    case SYSREG_ICC_HPPIR1_EL1:
        return icv_highest_pending_intid(lrs, reg == SYSREG_ICC_HPPIR1_EL1);
    case SYSREG_ICC_BPR0_EL1:
    case SYSREG_ICC_BPR1_EL1:
        return icv_bpr(lrs, reg == SYSREG_ICC_BPR1_EL1);
    case SYSREG_ICC_RPR_EL1:
        return icv_running_priority(lrs);
    case SYSREG_ICC_CTLR_EL1:
        return icv_ctlr(lrs) | ctlr_of_vm(vcpu->vm);
    case SYSREG_ICC_SRE_EL1:
        return 7; /* SRE, and no bypass: all RAO/WI */
    case SYSREG_ICC_IGRPEN0_EL1:
    case SYSREG_ICC_IGRPEN1_EL1:
        return !!(lrs->vmcr & vmcr_group_enable(reg == SYSREG_ICC_IGRPEN1_EL1));
    default:
        return *apr(vcpu, reg);
    }
}

static void write(struct lvgic_vcpu *vcpu, enum sysreg reg, uint64_t value,
                  struct icv_effect *effect)
{
    struct lvgic_lrs *lrs = &vcpu->lrs;
    uint64_t enable;

    switch (reg) {
    case SYSREG_ICC_PMR_EL1:
        icv_set_pmr(lrs, value);
        break;
    case SYSREG_ICC_EOIR0_EL1:
    case SYSREG_ICC_EOIR1_EL1:
        *effect = complete(vcpu, value, reg == SYSREG_ICC_EOIR1_EL1);
        break;
    case SYSREG_ICC_BPR0_EL1:
    case SYSREG_ICC_BPR1_EL1:
        icv_set_bpr(lrs, reg == SYSREG_ICC_BPR1_EL1, value);
        break;
    case SYSREG_ICC_DIR_EL1:
        deactivate(vcpu, value);
        break;
    case SYSREG_ICC_SGI0R_EL1:
        send_sgi(vcpu, value, SGI_GROUP0);
        break;
    case SYSREG_ICC_SGI1R_EL1:
        send_sgi(vcpu, value, SGI_GROUP1);
        break;
    case SYSREG_ICC_ASGI1R_EL1:
        send_sgi(vcpu, value, SGI_GROUP1S);
        break;
    case SYSREG_ICC_CTLR_EL1:
        icv_set_ctlr(lrs, value);
        break;
    case SYSREG_ICC_SRE_EL1:
        break;
    case SYSREG_ICC_IGRPEN0_EL1:
    case SYSREG_ICC_IGRPEN1_EL1:
        enable = vmcr_group_enable(reg == SYSREG_ICC_IGRPEN1_EL1);
        lrs->vmcr = value & 1 ? lrs->vmcr | enable : lrs->vmcr & ~enable;
        break;
    default:
        *apr(vcpu, reg) =
            value & (reg == SYSREG_ICC_AP1R0_EL1 && lrs->nmi ? APR_BITS | AP1R0_NMI : APR_BITS);
        break;
    }
}

static bool is_apr(enum sysreg reg)
{
    return (reg >= SYSREG_ICC_AP0R0_EL1 && reg <= SYSREG_ICC_AP0R3_EL1) ||
           (reg >= SYSREG_ICC_AP1R0_EL1 && reg <= SYSREG_ICC_AP1R3_EL1);
}

/* Is the register one of the vCPU's own, which are private to its thread? */
static bool is_own(enum sysreg reg)
{
    return reg != SYSREG_ICC_DIR_EL1 && reg != SYSREG_ICC_SGI0R_EL1 &&
           reg != SYSREG_ICC_SGI1R_EL1 && reg != SYSREG_ICC_ASGI1R_EL1;
}

bool sysreg_exists(const struct lvgic_vcpu *vcpu, enum sysreg reg)
{
    enum sysreg first = reg >= SYSREG_ICC_AP1R0_EL1 ? SYSREG_ICC_AP1R0_EL1 : SYSREG_ICC_AP0R0_EL1;

    if (reg == SYSREG_ICC_NMIAR1_EL1)
        return vcpu->lrs.nmi;
    return !is_apr(reg) || reg - first < icv_nr_aprs(&vcpu->lrs);
}

uint64_t sysreg_read_own(struct lvgic_vcpu *vcpu, enum sysreg reg)
{
    return read(vcpu, reg);
}

void sysreg_write_own(struct lvgic_vcpu *vcpu, enum sysreg reg, uint64_t value)
{
    struct icv_effect none;

    write(vcpu, reg, value, &none);
}

enum lvgic_sysreg_result sysreg_access(struct lvgic_vcpu *vcpu, uint32_t encoding,
                                       bool write_access, uint64_t *value)
{
    struct icv_effect effect = {.phys_deactivate = false};
    enum sysreg reg = 0;

    while (reg < NR_SYSREGS && sysreg_rows[reg].encoding != encoding)
        reg++;
    if (reg == NR_SYSREGS)
        return LVGIC_SYSREG_NOT_MINE;
    if (!(sysreg_rows[reg].access & (write_access ? SYSREG_WO : SYSREG_RO)) ||
        !sysreg_exists(vcpu, reg) || vcpu->vm->gicv2)
        return LVGIC_SYSREG_UNDEF;

    /* What is done to other vCPUs, or to words, is nothing of this vCPU's own. */
    struct cpuif_turn turn = cpuif_begin(vcpu, sysreg_rows[reg].needs_lrs, is_own(reg));

    if (write_access)
        write(vcpu, reg, *value, &effect);
    else
        *value = read(vcpu, reg);
    cpuif_end(vcpu, turn, effect);
    return LVGIC_SYSREG_DONE;
}
