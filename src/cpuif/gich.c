/* SPDX-License-Identifier: MIT */
/*
 * Loader for the GICH_* registers; see <lvgic/gich.h>. struct lvgic_lrs has the encodings of
 * GICv3's registers. Those of GICv2 say less, in 32 bits: each has its image in the other, and what
 * a caller finds there is the same with both loaders.
 */
#include "lvgic/gich.h"

#include "arch/lr.h"
#include "base/bits.h"

/* IHI 0048B, 5.3 */
#define GICH_HCR 0x000
#define GICH_VTR 0x004
#define GICH_VMCR 0x008
#define GICH_ELRSR0 0x030
#define GICH_APR 0x0f0
#define GICH_LR 0x100

/* These have the bits of ICH_HCR_EL2 and ICH_VMCR_EL2 at the same places, as far as they go: no
 * traps, and five bits of the priority mask. */
#define GICH_HCR_MASK (HCR_EOICOUNT | 0xff)
#define GICH_VMCR_MASK                                                                 \
    (MASK64(31, 27) | MASK64(VMCR_VBPR0_HI, VMCR_VBPR1_LO) | VMCR_VEOIM | VMCR_VCBPR | \
     VMCR_VFIQEN | VMCR_VACKCTL | VMCR_VENG1 | VMCR_VENG0)

/* GICH_LR<n>, 5.3.12 */
#define GICH_LR_HW BIT64(31)
#define GICH_LR_GROUP1 BIT64(30)
#define GICH_LR_ACTIVE BIT64(29)
#define GICH_LR_PENDING BIT64(28)
#define GICH_LR_EOI BIT64(19) /* with HW = 0 */

#if defined(LVGIC_FAKE_GICH)
/* A test's registers, so that it sees each access. */
uint32_t fake_gich_read(volatile void *gich, unsigned offset);
void fake_gich_write(volatile void *gich, unsigned offset, uint32_t value);
#define READ32(gich, offset) fake_gich_read(gich, offset)
#define WRITE32(gich, offset, value) fake_gich_write(gich, offset, (uint32_t)(value))
#else
#define REG32(gich, offset) (*(volatile uint32_t *)((volatile char *)(gich) + (offset)))
#define READ32(gich, offset) REG32(gich, offset)
#define WRITE32(gich, offset, value) (REG32(gich, offset) = (uint32_t)(value))
#endif

/* An SGI's INTID has the CPU that sent it in [12:10], in both formats. With HW = 1 the physical
 * INTID is there. */
static uint32_t to_gich(uint64_t lr)
{
    uint64_t value = bits_get(lr, 9, 0) | bits_get(lr, 55, 51) << 23;

    value |= lr & LR_PENDING ? GICH_LR_PENDING : 0;
    value |= lr & LR_ACTIVE ? GICH_LR_ACTIVE : 0;
    value |= lr & LR_GROUP1 ? GICH_LR_GROUP1 : 0;
    if (lr & LR_HW)
        value |= GICH_LR_HW | bits_get(lr, 41, 32) << 10;
    else
        value |= bits_get(lr, 12, 10) << 10 | (lr & LR_EOI ? GICH_LR_EOI : 0);
    return (uint32_t)value;
}

static uint64_t from_gich(uint64_t value)
{
    uint64_t lr = bits_get(value, 9, 0) | bits_get(value, 27, 23) << 51;

    lr |= value & GICH_LR_PENDING ? LR_PENDING : 0;
    lr |= value & GICH_LR_ACTIVE ? LR_ACTIVE : 0;
    lr |= value & GICH_LR_GROUP1 ? LR_GROUP1 : 0;
    if (value & GICH_LR_HW)
        lr |= LR_HW | bits_get(value, 19, 10) << 32;
    else
        lr |= bits_get(value, 12, 10) << 10 | (value & GICH_LR_EOI ? LR_EOI : 0);
    return lr;
}

static void write_lr(volatile void *gich, unsigned n, uint64_t lr)
{
    WRITE32(gich, GICH_LR + 4 * n, to_gich(lr));
}

/* What the guest's interface holds; what is not in it stays as it was. */
static uint64_t read_vmcr(volatile void *gich)
{
    return READ32(gich, GICH_VMCR) & GICH_VMCR_MASK;
}

static unsigned implemented_lrs(volatile void *gich)
{
    return (unsigned)bits_get(READ32(gich, GICH_VTR), 5, 0) + 1;
}

struct lvgic_gich_caps lvgic_gich_caps(volatile void *gich)
{
    uint64_t vtr = READ32(gich, GICH_VTR);
    unsigned nr = implemented_lrs(gich);
    unsigned priority = (unsigned)bits_get(vtr, 31, 29) + 1;
    unsigned preemption = (unsigned)bits_get(vtr, 28, 26) + 1;
    unsigned bits = preemption < priority ? preemption : priority;

    return (struct lvgic_gich_caps){
        .nr_lrs = (uint8_t)(nr > LVGIC_MAX_LRS ? LVGIC_MAX_LRS : nr),
        /* A list register has five bits for the priority, GICH_APR one bit for each of them. */
        .pri_bits = (uint8_t)(bits > 5 ? 5 : bits),
    };
}

/* All registers that exist, not only those that may be used: another's may be there. */
static void clear_lrs(volatile void *gich)
{
    unsigned nr = implemented_lrs(gich);

    for (unsigned i = 0; i < nr; i++)
        WRITE32(gich, GICH_LR + 4 * i, 0);
}

void lvgic_gich_attach(volatile void *gich, struct lvgic_lrs *lrs)
{
    clear_lrs(gich);
    for (unsigned i = 0; i < LVGIC_MAX_LRS; i++)
        lrs->hw.lr[i] = 0;
    WRITE32(gich, GICH_HCR, 0);
    lrs->hw.hcr = 0;
    /* What is the vCPU's own is for the next load, when nobody else may be writing it. */
    lrs->hw.stale = 1;
}

void lvgic_gich_detach(volatile void *gich, struct lvgic_lrs *lrs)
{
    /* Everything was saved when the guest was left. */
    lrs->hw.stale = 1;
    WRITE32(gich, GICH_HCR, 0);
    clear_lrs(gich);
}

/* The frame is device memory of one peripheral, with the guest's view of it: these writes and the
 * guest's accesses, on the same CPU, arrive in program order without a barrier. */
void lvgic_gich_load(volatile void *gich, struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->nr; i++) {
        if (lrs->lr[i] == lrs->hw.lr[i])
            continue;
        write_lr(gich, i, lrs->lr[i]);
        lrs->hw.lr[i] = lrs->lr[i];
        lrs->hw.writes++;
    }
    if (lrs->hw.stale || lrs->vmcr != lrs->hw.vmcr) {
        WRITE32(gich, GICH_VMCR, lrs->vmcr & GICH_VMCR_MASK);
        lrs->hw.vmcr = lrs->vmcr;
    }
    /* One register for both groups. */
    if (lrs->hw.stale || lrs->ap0r[0] != lrs->hw.ap0r[0]) {
        WRITE32(gich, GICH_APR, lrs->ap0r[0]);
        lrs->hw.ap0r[0] = lrs->ap0r[0];
    }
    lrs->hw.stale = 0;
    if (lrs->hcr != lrs->hw.hcr) {
        WRITE32(gich, GICH_HCR, lrs->hcr & GICH_HCR_MASK);
        lrs->hw.hcr = lrs->hcr;
    }
}

void lvgic_gich_save(volatile void *gich, struct lvgic_lrs *lrs)
{
    uint64_t used = lrs->used & (BIT64(LVGIC_MAX_LRS) - 1);
    unsigned reg;

    lrs->elrsr = used ? READ32(gich, GICH_ELRSR0) : 0;
    while (bits_take_first(&used, &reg)) {
        if (lrs->elrsr & 1u << reg) {
            /* Empty: the state is known, and nothing else of it is of interest. */
            lrs->lr[reg] &= ~LR_STATE;
        } else {
            lrs->lr[reg] = from_gich(READ32(gich, GICH_LR + 4 * reg));
            lrs->hw.reads++;
        }
        lrs->hw.lr[reg] = lrs->lr[reg];
    }
    lrs->vmcr = read_vmcr(gich);
    lrs->hw.vmcr = lrs->vmcr;
    /* The count means something only if an active interrupt is outside the registers, and then
     * this condition was armed. Reading it back makes the next load write it, as zero. */
    if (lrs->hcr & HCR_LRENPIE) {
        lrs->hcr = READ32(gich, GICH_HCR) & GICH_HCR_MASK;
        lrs->hw.hcr = lrs->hcr;
    }
    /* The active priorities say which acknowledged interrupts the guest has still to complete; and
     * a VMM may read them at any time. */
    lrs->ap0r[0] = READ32(gich, GICH_APR);
    lrs->hw.ap0r[0] = lrs->ap0r[0];
}
