/* SPDX-License-Identifier: MIT */
/* Loader for the ICH_* system registers; see <lvgic/ich.h>. The only file with instructions in it.
 */
#include "lvgic/ich.h"

#include "arch/lr.h"
#include "base/bits.h"

#if defined(__aarch64__) || defined(LVGIC_FAKE_ICH)

/* By encoding, so that any assembler knows them (IHI 0069H, 12.4). */
#define ICH_AP0R0 "S3_4_C12_C8_0"
#define ICH_AP0R1 "S3_4_C12_C8_1"
#define ICH_AP0R2 "S3_4_C12_C8_2"
#define ICH_AP0R3 "S3_4_C12_C8_3"
#define ICH_AP1R0 "S3_4_C12_C9_0"
#define ICH_AP1R1 "S3_4_C12_C9_1"
#define ICH_AP1R2 "S3_4_C12_C9_2"
#define ICH_AP1R3 "S3_4_C12_C9_3"
#define ICH_HCR "S3_4_C12_C11_0"
#define ICH_VTR "S3_4_C12_C11_1"
#define ICH_ELRSR "S3_4_C12_C11_5"
#define ICH_VMCR "S3_4_C12_C11_7"

#if defined(LVGIC_FAKE_ICH)
/* A test's registers, by their names, so that this file can be tested on any machine. */
uint64_t fake_ich_read(const char *name);
void fake_ich_write(const char *name, uint64_t value);
#define READ_SYSREG(name) fake_ich_read(name)
#define WRITE_SYSREG(name, value) fake_ich_write(name, value)
#define ISB() ((void)0)
#else
#define READ_SYSREG(name)                                 \
    ({                                                    \
        uint64_t value_;                                  \
        __asm__ volatile("mrs %0, " name : "=r"(value_)); \
        value_;                                           \
    })
#define WRITE_SYSREG(name, value) __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)))
#define ISB() __asm__ volatile("isb" : : : "memory")
#endif

/* List registers 0 to 7 are in CRm 12, 8 to 15 in CRm 13. */
#define EACH_LR(X)          \
    X(0, "S3_4_C12_C12_0")  \
    X(1, "S3_4_C12_C12_1")  \
    X(2, "S3_4_C12_C12_2")  \
    X(3, "S3_4_C12_C12_3")  \
    X(4, "S3_4_C12_C12_4")  \
    X(5, "S3_4_C12_C12_5")  \
    X(6, "S3_4_C12_C12_6")  \
    X(7, "S3_4_C12_C12_7")  \
    X(8, "S3_4_C12_C13_0")  \
    X(9, "S3_4_C12_C13_1")  \
    X(10, "S3_4_C12_C13_2") \
    X(11, "S3_4_C12_C13_3") \
    X(12, "S3_4_C12_C13_4") \
    X(13, "S3_4_C12_C13_5") \
    X(14, "S3_4_C12_C13_6") \
    X(15, "S3_4_C12_C13_7")

static uint64_t read_lr(unsigned n)
{
    switch (n) {
#define READ_LR(number, name) \
    case number:              \
        return READ_SYSREG(name);
        EACH_LR(READ_LR)
    default:
        return 0;
    }
}

static void write_lr(unsigned n, uint64_t value)
{
    switch (n) {
#define WRITE_LR(number, name)     \
    case number:                   \
        WRITE_SYSREG(name, value); \
        break;
        EACH_LR(WRITE_LR)
    default:
        break;
    }
}

struct lvgic_ich_caps lvgic_ich_caps(void)
{
    uint64_t vtr = READ_SYSREG(ICH_VTR);
    unsigned priority = (unsigned)bits_get(vtr, 31, 29) + 1;
    unsigned preemption = (unsigned)bits_get(vtr, 28, 26) + 1;
    unsigned bits = preemption < priority ? preemption : priority;

    return (struct lvgic_ich_caps){
        .nr_lrs = (uint8_t)(bits_get(vtr, 4, 0) + 1),
        .pri_bits = (uint8_t)(bits > 7 ? 7 : bits),
        .dir_trap = bits_get(vtr, 19, 19),
    };
}

/* The hardware holds these active priorities. */
static void note_aprs(struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < ARRAY_LEN(lrs->ap0r); i++) {
        lrs->hw.ap0r[i] = lrs->ap0r[i];
        lrs->hw.ap1r[i] = lrs->ap1r[i];
    }
}

/* AP<m>R<n> for n > 0 exist only with more than five preemption bits. */
static void save_aprs(struct lvgic_lrs *lrs)
{
    lrs->ap0r[0] = READ_SYSREG(ICH_AP0R0);
    lrs->ap1r[0] = READ_SYSREG(ICH_AP1R0);
    if (lrs->pri_bits >= 6) {
        lrs->ap0r[1] = READ_SYSREG(ICH_AP0R1);
        lrs->ap1r[1] = READ_SYSREG(ICH_AP1R1);
    }
    if (lrs->pri_bits >= 7) {
        lrs->ap0r[2] = READ_SYSREG(ICH_AP0R2);
        lrs->ap1r[2] = READ_SYSREG(ICH_AP1R2);
        lrs->ap0r[3] = READ_SYSREG(ICH_AP0R3);
        lrs->ap1r[3] = READ_SYSREG(ICH_AP1R3);
    }
    note_aprs(lrs);
}

static bool aprs_differ(const struct lvgic_lrs *lrs)
{
    bool differ = false;

    for (unsigned i = 0; i < 1u << (lrs->pri_bits - 5); i++)
        differ = differ || lrs->ap0r[i] != lrs->hw.ap0r[i] || lrs->ap1r[i] != lrs->hw.ap1r[i];
    return differ;
}

static void load_aprs(struct lvgic_lrs *lrs)
{
    note_aprs(lrs);
    WRITE_SYSREG(ICH_AP0R0, lrs->ap0r[0]);
    WRITE_SYSREG(ICH_AP1R0, lrs->ap1r[0]);
    if (lrs->pri_bits >= 6) {
        WRITE_SYSREG(ICH_AP0R1, lrs->ap0r[1]);
        WRITE_SYSREG(ICH_AP1R1, lrs->ap1r[1]);
    }
    if (lrs->pri_bits >= 7) {
        WRITE_SYSREG(ICH_AP0R2, lrs->ap0r[2]);
        WRITE_SYSREG(ICH_AP1R2, lrs->ap1r[2]);
        WRITE_SYSREG(ICH_AP0R3, lrs->ap0r[3]);
        WRITE_SYSREG(ICH_AP1R3, lrs->ap1r[3]);
    }
}

void lvgic_ich_attach(struct lvgic_lrs *lrs)
{
    struct lvgic_ich_caps caps = lvgic_ich_caps();

    /* All registers that exist, not only those that may be used: another's may be there. */
    for (unsigned i = 0; i < caps.nr_lrs; i++)
        write_lr(i, 0);
    for (unsigned i = 0; i < LVGIC_MAX_LRS; i++)
        lrs->hw.lr[i] = 0;
    WRITE_SYSREG(ICH_HCR, 0);
    lrs->hw.hcr = 0;
    /* What is the vCPU's own is for the next load, when nobody else may be writing it. */
    lrs->hw.stale = 1;
    /* The writes take effect before anything that this CPU does next. */
    ISB();
}

void lvgic_ich_detach(struct lvgic_lrs *lrs)
{
    struct lvgic_ich_caps caps = lvgic_ich_caps();

    /* Everything was saved when the guest was left. */
    lrs->hw.stale = 1;
    WRITE_SYSREG(ICH_HCR, 0);
    for (unsigned i = 0; i < caps.nr_lrs; i++)
        write_lr(i, 0);
    /* As in attach. */
    ISB();
}

void lvgic_ich_load(struct lvgic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->nr; i++) {
        if (lrs->lr[i] == lrs->hw.lr[i])
            continue;
        write_lr(i, lrs->lr[i]);
        lrs->hw.lr[i] = lrs->lr[i];
        lrs->hw.writes++;
    }
    if (lrs->hw.stale || lrs->vmcr != lrs->hw.vmcr) {
        WRITE_SYSREG(ICH_VMCR, lrs->vmcr);
        lrs->hw.vmcr = lrs->vmcr;
    }
    if (lrs->hw.stale || aprs_differ(lrs))
        load_aprs(lrs);
    lrs->hw.stale = 0;
    if (lrs->hcr != lrs->hw.hcr) {
        WRITE_SYSREG(ICH_HCR, lrs->hcr);
        lrs->hw.hcr = lrs->hcr;
    }
    /* No barrier: the exception return to the guest synchronises. */
}

void lvgic_ich_save(struct lvgic_lrs *lrs)
{
    uint64_t used = lrs->used & (BIT64(LVGIC_MAX_LRS) - 1);
    unsigned reg;

    lrs->elrsr = used ? (uint32_t)READ_SYSREG(ICH_ELRSR) : 0;
    while (bits_take_first(&used, &reg)) {
        if (lrs->elrsr & 1u << reg) {
            /* Empty: the state is known, and nothing else of it is of interest. */
            lrs->lr[reg] &= ~LR_STATE;
        } else {
            lrs->lr[reg] = read_lr(reg);
            lrs->hw.reads++;
        }
        lrs->hw.lr[reg] = lrs->lr[reg];
    }
    lrs->vmcr = READ_SYSREG(ICH_VMCR);
    lrs->hw.vmcr = lrs->vmcr;
    /* The count means something only if an active interrupt is outside the registers, and then
     * this condition was armed. Reading it back makes the next load write it, as zero. */
    if (lrs->hcr & HCR_LRENPIE) {
        lrs->hcr = READ_SYSREG(ICH_HCR);
        lrs->hw.hcr = lrs->hcr;
    }
    /* The active priorities say which acknowledged interrupts the guest has still to complete; and
     * a VMM may read them at any time. */
    save_aprs(lrs);
}

#endif
