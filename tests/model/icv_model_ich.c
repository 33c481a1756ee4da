/* SPDX-License-Identifier: MIT */
/* The ICH_*_EL2 registers (IHI 0069H 12.4) of the model, and their encodings. */
#include "icv_model.h"

static bool bit(uint64_t value, unsigned n)
{
    return value >> n & 1;
}

static uint64_t put(uint64_t field, unsigned n)
{
    return field << n;
}

/* ---- ICH_LR<n>_EL2 ---- */

static bool has_eoi(const struct model_lr *lr)
{
    return !lr->hw && bit(lr->physical, 41 - 32);
}

static bool is_valid(const struct model_lr *lr)
{
    return lr->pending || lr->active;
}

static uint64_t lr_value(const struct model_lr *lr)
{
    return put(lr->active, 63) | put(lr->pending, 62) | put(lr->hw, 61) | put(lr->group1, 60) |
           put(lr->nmi, 59) | put(lr->priority, 48) | put(lr->physical, 32) | lr->vintid;
}

static struct model_lr lr_of(uint64_t value)
{
    return (struct model_lr){
        .active = bit(value, 63),
        .pending = bit(value, 62),
        .hw = bit(value, 61),
        .group1 = bit(value, 60),
        .nmi = bit(value, 59),
        .priority = (uint8_t)(value >> 48),
        .physical = value >> 32 & 0x1fff,
        .vintid = (uint32_t)value,
    };
}

/* Bits of the priority and the INTID that are not implemented are RES0, and so is NMI without the
 * feature. */
static void write_lr(struct icv_model *m, unsigned n, uint64_t value)
{
    unsigned unit = 1u << (8 - m->pri_bits);

    m->lr[n] = lr_of(value);
    m->lr[n].priority = (uint8_t)(m->lr[n].priority / unit * unit);
    m->lr[n].nmi = m->lr[n].nmi && m->has_nmi;
    m->lr[n].vintid &= 0xffff;
}

/* ---- ICH_VMCR_EL2 ---- */

static uint64_t vmcr_value(const struct icv_model *m)
{
    return put(m->pmr, 24) | put(m->bpr[0], 21) | put(m->bpr[1], 18) | put(m->eoi_mode, 9) |
           put(m->cbpr, 4) | put(m->fiq_en, 3) | put(m->ack_ctl, 2) | put(m->enabled[1], 1) |
           put(m->enabled[0], 0);
}

static void load_vmcr(struct icv_model *m, uint64_t value)
{
    m->pmr = value >> 24 & 0xff;
    m->bpr[0] = value >> 21 & 7;
    m->bpr[1] = value >> 18 & 7;
    m->eoi_mode = bit(value, 9);
    m->cbpr = bit(value, 4);
    m->fiq_en = bit(value, 3);
    m->ack_ctl = bit(value, 2);
    m->enabled[1] = bit(value, 1);
    m->enabled[0] = bit(value, 0);
}

/* Its fields are those of the ICV_* registers, with the same least values. VCBPR does not keep
 * VBPR1 from being written here. Where system registers cannot be turned off, VFIQEn is RES1 and
 * VAckCtl is RES0. */
static void write_vmcr(struct icv_model *m, uint64_t value)
{
    load_vmcr(m, value);
    m->cbpr = false;
    model_write_bpr(m, false, m->bpr[0]);
    model_write_bpr(m, true, m->bpr[1]);
    m->cbpr = bit(value, 4);
    m->fiq_en = true;
    m->ack_ctl = false;
    model_write_pmr(m, m->pmr);
}

/* ---- ICH_HCR_EL2 ---- */

static uint64_t hcr_value(const struct icv_model *m)
{
    return put(m->eoi_count, 27) | m->traps | put(m->disable_ie[1], 7) | put(m->enable_ie[1], 6) |
           put(m->disable_ie[0], 5) | put(m->enable_ie[0], 4) | put(m->npie, 3) |
           put(m->lrenpie, 2) | put(m->uie, 1) | put(m->en, 0);
}

static void load_hcr(struct icv_model *m, uint64_t value)
{
    m->eoi_count = value >> 27 & 31;
    m->traps = value & 0x7c00;
    m->disable_ie[1] = bit(value, 7);
    m->enable_ie[1] = bit(value, 6);
    m->disable_ie[0] = bit(value, 5);
    m->enable_ie[0] = bit(value, 4);
    m->npie = bit(value, 3);
    m->lrenpie = bit(value, 2);
    m->uie = bit(value, 1);
    m->en = bit(value, 0);
}

/* ---- Status ---- */

static uint32_t eisr(const struct icv_model *m)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < m->nr; i++)
        if (!is_valid(&m->lr[i]) && has_eoi(&m->lr[i]))
            value |= 1u << i;
    return value;
}

/* Empty: no interrupt, and no maintenance interrupt for its deactivation either. */
static uint32_t elrsr(const struct icv_model *m)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < m->nr; i++)
        if (!is_valid(&m->lr[i]) && !has_eoi(&m->lr[i]))
            value |= 1u << i;
    return value;
}

/* ICH_MISR_EL2 does not look at ICH_HCR_EL2.En, which gates the interrupt itself. */
uint32_t model_misr(const struct icv_model *m)
{
    unsigned valid = 0, pending = 0;
    uint32_t value = 0;

    for (unsigned i = 0; i < m->nr; i++) {
        valid += is_valid(&m->lr[i]);
        pending += m->lr[i].pending && !m->lr[i].active;
    }
    value |= eisr(m) ? 1u << 0 : 0;
    value |= m->uie && valid <= 1 ? 1u << 1 : 0;
    value |= m->lrenpie && m->eoi_count ? 1u << 2 : 0;
    value |= m->npie && !pending ? 1u << 3 : 0;
    value |= m->enable_ie[0] && m->enabled[0] ? 1u << 4 : 0;
    value |= m->disable_ie[0] && !m->enabled[0] ? 1u << 5 : 0;
    value |= m->enable_ie[1] && m->enabled[1] ? 1u << 6 : 0;
    value |= m->disable_ie[1] && !m->enabled[1] ? 1u << 7 : 0;
    return value;
}

/* ICH_VTR_EL2: PRIbits, PREbits, ListRegs; 16-bit INTIDs, a valid Aff3, no GICv4, TDIR. */
static uint64_t vtr(const struct icv_model *m)
{
    return put(m->pri_bits - 1, 29) | put(m->pri_bits - 1, 26) | put(1, 21) | put(1, 20) |
           put(1, 19) | (m->nr - 1);
}

/* ---- ICH_AP<m>R<n>_EL2 ---- */

static uint64_t apr_value(const struct icv_model *m, bool group1, unsigned n)
{
    uint64_t value = group1 && n == 0 && m->nmi_active ? UINT64_C(1) << 63 : 0;

    for (unsigned i = 0; i < 32; i++)
        value |= put(m->active[group1][n * 32 + i], i);
    return value;
}

static void load_apr(struct icv_model *m, bool group1, unsigned n, uint64_t value)
{
    for (unsigned i = 0; i < 32; i++)
        m->active[group1][n * 32 + i] = bit(value, i);
    if (group1 && n == 0)
        m->nmi_active = m->has_nmi && bit(value, 63);
}

/* ---- All ---- */

static unsigned nr_aprs(const struct icv_model *m)
{
    return model_levels(m) / 32;
}

void model_load(struct icv_model *m, const struct lvgic_lrs *lrs)
{
    *m = (struct icv_model){.nr = lrs->nr, .pri_bits = lrs->pri_bits};
    m->has_nmi = lrs->nmi;
    m->sctlr_nmi = lrs->sctlr_nmi;
    load_vmcr(m, lrs->vmcr);
    load_hcr(m, lrs->hcr);
    for (unsigned i = 0; i < m->nr; i++)
        m->lr[i] = lr_of(lrs->lr[i]);
    for (unsigned n = 0; n < nr_aprs(m); n++) {
        load_apr(m, false, n, lrs->ap0r[n]);
        load_apr(m, true, n, lrs->ap1r[n]);
    }
}

void model_store(const struct icv_model *m, struct lvgic_lrs *lrs)
{
    lrs->vmcr = vmcr_value(m);
    lrs->hcr = hcr_value(m);
    lrs->elrsr = elrsr(m);
    for (unsigned i = 0; i < m->nr; i++)
        lrs->lr[i] = lr_value(&m->lr[i]);
    for (unsigned n = 0; n < nr_aprs(m); n++) {
        lrs->ap0r[n] = apr_value(m, false, n);
        lrs->ap1r[n] = apr_value(m, true, n);
    }
}

bool model_ich_read(const struct icv_model *m, unsigned crm, unsigned op2, uint64_t *value)
{
    unsigned n = (crm - 12) * 8 + op2;

    switch (crm) {
    case 8:
    case 9:
        if (op2 >= nr_aprs(m))
            return false;
        *value = apr_value(m, crm == 9, op2);
        return true;
    case 11:
        *value = op2 == 0   ? hcr_value(m)
                 : op2 == 1 ? vtr(m)
                 : op2 == 2 ? model_misr(m)
                 : op2 == 3 ? eisr(m)
                 : op2 == 5 ? elrsr(m)
                            : vmcr_value(m);
        return op2 <= 3 || op2 == 5 || op2 == 7;
    default:
        if (n >= m->nr)
            return false;
        *value = lr_value(&m->lr[n]);
        return true;
    }
}

bool model_ich_write(struct icv_model *m, unsigned crm, unsigned op2, uint64_t value)
{
    unsigned n = (crm - 12) * 8 + op2;

    switch (crm) {
    case 8:
    case 9:
        if (op2 >= nr_aprs(m))
            return false;
        load_apr(m, crm == 9, op2, value);
        return true;
    case 11:
        if (op2 == 0)
            load_hcr(m, value);
        if (op2 == 7)
            write_vmcr(m, value);
        return op2 == 0 || op2 == 7;
    default:
        if (n >= m->nr)
            return false;
        write_lr(m, n, value);
        return true;
    }
}
