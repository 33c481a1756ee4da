/* SPDX-License-Identifier: MIT */
/* The virtualization registers as registers, over a struct lvgic_lrs; see lvgic_lrs_access(). */
#include "arch/lr.h"
#include "arch/registers.h"
#include "base/bits.h"
#include "cpuif/icv.h"
#include "lvgic/lvgic.h"

/* A row's first register is n = 0, and n is op2, the low three bits of the encoding. */
static enum ichreg find(uint32_t encoding, unsigned *n)
{
    *n = encoding & 7;
    for (enum ichreg reg = 0; reg < NR_ICHREGS; reg++) {
        bool aprs = (reg == ICHREG_ICH_AP0R || reg == ICHREG_ICH_AP1R) && *n < 4;
        bool family = aprs || reg >= ICHREG_ICH_LR0;

        if (ichreg_rows[reg].encoding == (family ? encoding & ~7u : encoding))
            return reg;
    }
    return NR_ICHREGS;
}

static bool exists(const struct lvgic_lrs *lrs, enum ichreg reg, unsigned n)
{
    switch (reg) {
    case ICHREG_ICH_AP0R:
    case ICHREG_ICH_AP1R:
        return n < icv_nr_aprs(lrs);
    case ICHREG_ICH_LR0:
        return n < lrs->nr;
    case ICHREG_ICH_LR8:
        return n + 8 < lrs->nr;
    default:
        return true;
    }
}

/* ICH_VTR_EL2: list registers, A3V, nV4, TDS, 16 INTID bits, and as many preemption as priority
 * bits. */
static uint64_t vtr(const struct lvgic_lrs *lrs)
{
    return (lrs->nr - 1u) | BIT64(19) | BIT64(20) | BIT64(21) |
           (uint64_t)(lrs->pri_bits - 1) << 26 | (uint64_t)(lrs->pri_bits - 1) << 29;
}

static uint32_t eisr(const struct lvgic_lrs *lrs)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < lrs->nr; i++)
        if (!(lrs->lr[i] & LR_STATE) && !lr_is_empty(lrs->lr[i]))
            bits |= 1u << i;
    return bits;
}

static uint64_t read(const struct lvgic_lrs *lrs, enum ichreg reg, unsigned n)
{
    switch (reg) {
    case ICHREG_ICH_AP0R:
        return lrs->ap0r[n];
    case ICHREG_ICH_AP1R:
        return lrs->ap1r[n];
    case ICHREG_ICH_HCR:
        return lrs->hcr;
    case ICHREG_ICH_VTR:
        return vtr(lrs);
    case ICHREG_ICH_MISR:
        return icv_misr(lrs); /* En gates the interrupt, not the register */
    case ICHREG_ICH_EISR:
        return eisr(lrs);
    case ICHREG_ICH_ELRSR:
        return lrs->elrsr;
    case ICHREG_ICH_VMCR:
        return lrs->vmcr;
    case ICHREG_ICH_LR0:
        return lrs->lr[n];
    case ICHREG_ICH_LR8:
        return lrs->lr[n + 8];
    default:
        return 0;
    }
}

static void write_lr(struct lvgic_lrs *lrs, unsigned n, uint64_t value)
{
    /* Bits of priorities that are not implemented are RES0, and so is NMI without the feature. */
    value &= ~((BIT64(8 - lrs->pri_bits) - 1) << 48 | (lrs->nmi ? 0 : LR_NMI));
    lrs->lr[n] = value;
    lrs->elrsr = (lrs->elrsr & ~(1u << n)) | (lr_is_empty(value) ? 1u << n : 0);
    lrs->used = (lrs->used & ~(1u << n)) | (value & LR_STATE ? 1u << n : 0);
}

static void write_vmcr(struct lvgic_lrs *lrs, uint64_t value)
{
    /* With system registers VFIQEn is RES1 and VAckCtl RES0. */
    lrs->vmcr = (value & ~(VMCR_VCBPR | VMCR_VACKCTL)) | VMCR_VFIQEN;
    /* Through the setters, which know the least binary points and the implemented mask bits. */
    icv_set_bpr(lrs, false, bits_get(value, VMCR_VBPR0_HI, VMCR_VBPR0_LO));
    icv_set_bpr(lrs, true, bits_get(value, VMCR_VBPR1_HI, VMCR_VBPR1_LO));
    icv_set_pmr(lrs, bits_get(value, VMCR_VPMR_HI, VMCR_VPMR_LO));
    lrs->vmcr |= value & VMCR_VCBPR;
}

static void write(struct lvgic_lrs *lrs, enum ichreg reg, unsigned n, uint64_t value)
{
    value &= ichreg_rows[reg].kept;
    if (reg == ICHREG_ICH_AP1R && (!lrs->nmi || n))
        value &= ~AP1R0_NMI;
    switch (reg) {
    case ICHREG_ICH_AP0R:
        lrs->ap0r[n] = value;
        break;
    case ICHREG_ICH_AP1R:
        lrs->ap1r[n] = value;
        break;
    case ICHREG_ICH_HCR:
        lrs->hcr = value;
        break;
    case ICHREG_ICH_VMCR:
        write_vmcr(lrs, value);
        break;
    case ICHREG_ICH_LR0:
        write_lr(lrs, n, value);
        break;
    case ICHREG_ICH_LR8:
        write_lr(lrs, n + 8, value);
        break;
    default:
        break;
    }
}

void lvgic_lrs_init(struct lvgic_lrs *lrs, unsigned nr_lrs, unsigned pri_bits)
{
    *lrs = (struct lvgic_lrs){.nr = (uint8_t)(nr_lrs >= 1 && nr_lrs <= LVGIC_MAX_LRS ? nr_lrs : 4),
                              .pri_bits = (uint8_t)(pri_bits >= 5 && pri_bits <= 7 ? pri_bits : 5)};
    lrs->elrsr = (uint32_t)(BIT64(lrs->nr) - 1);
    icv_reset(lrs);
}

enum lvgic_sysreg_result lvgic_lrs_access(struct lvgic_lrs *lrs, uint32_t encoding,
                                          bool write_access, uint64_t *value)
{
    unsigned n;
    enum ichreg reg = find(encoding, &n);

    if (reg == NR_ICHREGS)
        return LVGIC_SYSREG_NOT_MINE;
    if (!(ichreg_rows[reg].access & (write_access ? SYSREG_WO : SYSREG_RO)) || !exists(lrs, reg, n))
        return LVGIC_SYSREG_UNDEF;
    if (write_access)
        write(lrs, reg, n, *value);
    else
        *value = read(lrs, reg, n);
    return LVGIC_SYSREG_DONE;
}
