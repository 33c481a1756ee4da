/* SPDX-License-Identifier: MIT */
/*
 * What the guest may use of its CPU: as good as everything, without a trap. EL2 holds back only
 * what the guest must not have, the physical GIC and the firmware.
 */
#include "hyp.h"

/* Physical FIQ, IRQ and SError come to EL2; with FMO and IMO, too, the ICC_* registers that EL1
 * sees are those of its virtual CPU interface. */
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_VF BIT(6)      /* a virtual FIQ is pending, */
#define HCR_VI BIT(7)      /* or IRQ, whatever the GIC says */
#define HCR_VM BIT(0)      /* stage 2 */
#define HCR_SWIO BIT(1)    /* invalidation by set/way cleans, so that it cannot undo stores */
#define HCR_TSC BIT(19)    /* SMC comes to EL2 */
#define HCR_RW BIT(31)     /* EL1 is AArch64 */
#define HCR_APK BIT(40)    /* no trap of pointer authentication keys */
#define HCR_API BIT(41)    /* nor of its instructions */
#define HCR_ENSCXT BIT(53) /* nor of SCXTNUM_EL1 */
#define HCR_ATA BIT(56)    /* memory tags */

/* What is not here stays 0: with FEAT_NMI that is no trap of PSTATE.ALLINT (TALLINT), and no
 * virtual NMI but those of the list registers and cpu_signal() (VINMI, VFNMI). */
#define HCRX_VINMI BIT(7) /* HCR_EL2.VI is an NMI */
#define HCRX_OPEN                                                                   \
    (BIT(0) | BIT(1) | BIT(2) | /* EnAS0, EnALS, EnASR: 64-byte loads and stores */ \
     BIT(11) |                  /* MSCEn: memory copy and set */                    \
     BIT(14) | BIT(15) |        /* TCR2_EL1, SCTLR2_EL1 */                          \
     BIT(22) | BIT(23))         /* guarded control stacks, FPMR */

/* Fine-grained traps whose bits mean "do not trap": all others are left zero. */
#define HFGR_OPEN (UINT64_C(0x3fff) << 50)
#define HFGI_OPEN (UINT64_C(0x1f) << 55)
#define HDFG_OPEN (UINT64_C(0xf) << 59)

#define SCTLR_EL1_RESET 0x30d00800 /* MMU and caches off, little-endian, and RES1 */

/* Features that ID registers call present need a bit here and there before EL1 can use them. Bits
 * of a register that exists, for features that do not, are RES0 and do nothing. */
static void open_extensions(void)
{
    uint64_t pfr0 = READ_SYSREG(id_aa64pfr0_el1), pfr1 = READ_SYSREG(id_aa64pfr1_el1);
    uint64_t mmfr0 = READ_SYSREG(id_aa64mmfr0_el1), mmfr1 = READ_SYSREG(id_aa64mmfr1_el1);

    if (FIELD(mmfr1, 43, 40)) /* FEAT_HCX */
        WRITE_SYSREG(S3_4_C1_C2_2, HCRX_OPEN);
    if (FIELD(mmfr0, 59, 56)) {                /* FEAT_FGT */
        WRITE_SYSREG(S3_4_C1_C1_4, HFGR_OPEN); /* HFGRTR_EL2 */
        WRITE_SYSREG(S3_4_C1_C1_5, HFGR_OPEN); /* HFGWTR_EL2 */
        WRITE_SYSREG(S3_4_C1_C1_6, HFGI_OPEN); /* HFGITR_EL2 */
        WRITE_SYSREG(S3_4_C3_C1_4, HDFG_OPEN); /* HDFGRTR_EL2 */
        WRITE_SYSREG(S3_4_C3_C1_5, HDFG_OPEN); /* HDFGWTR_EL2 */
    }
    /* The longest vectors that there are; the guest chooses among them. CPTR_EL2 does not trap. */
    if (FIELD(pfr0, 35, 32))
        WRITE_SYSREG(S3_4_C1_C2_0, 0xf); /* ZCR_EL2 */
    if (FIELD(pfr1, 27, 24)) {
        uint64_t full = READ_SYSREG(S3_0_C0_C4_5); /* ID_AA64SMFR0_EL1 */
        /* SMCR_EL2: FA64, and ZT0 where SME2 has it. */
        WRITE_SYSREG(S3_4_C1_C2_6,
                     0xf | (full & BIT(63) ? BIT(31) : 0) | (FIELD(full, 59, 56) ? BIT(30) : 0));
    }
}

/* FEAT_NMI: PSTATE.ALLINT and superpriority. */
bool cpu_has_nmi(void)
{
    return FIELD(READ_SYSREG(id_aa64pfr1_el1), 39, 36);
}

static uint64_t hcr(void)
{
    uint64_t value = HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TSC | HCR_RW | HCR_APK |
                     HCR_API | HCR_ENSCXT;

    if (FIELD(READ_SYSREG(id_aa64pfr1_el1), 11, 8) >= 2) /* FEAT_MTE2: tags are in memory */
        value |= HCR_ATA;
    return value;
}

static void open_debug(void)
{
    uint64_t dfr0 = READ_SYSREG(id_aa64dfr0_el1);
    uint64_t value = 0;

    /* HPMN: all event counters are the guest's; with fewer, EL1 could not reach the others. */
    if (FIELD(dfr0, 11, 8) && FIELD(dfr0, 11, 8) != 0xf)
        value |= FIELD(READ_SYSREG(pmcr_el0), 15, 11);
    /* E2PB and E2TB: the profiling and trace buffers, too, belong to EL1. */
    value |= (3u << 12) | (3u << 24);
    WRITE_SYSREG(mdcr_el2, value);
}

/* The guest owns both EL1 timers: no trap, and virtual time is physical time. EL2's is off. */
static void open_timers(void)
{
    WRITE_SYSREG(cnthctl_el2, 3); /* EL1PCTEN, EL1PCEN */
    WRITE_SYSREG(cntvoff_el2, 0);
    WRITE_SYSREG(cnthp_ctl_el2, 0);
}

void cpu_open(struct cpu *cpu)
{
    (void)cpu;
    open_extensions();
    open_debug();
    open_timers();
    WRITE_SYSREG(hstr_el2, 0);
    WRITE_SYSREG(vpidr_el2, READ_SYSREG(midr_el1));
    WRITE_SYSREG(vmpidr_el2, READ_SYSREG(mpidr_el1));
    WRITE_SYSREG(hcr_el2, hcr());
    isb(); /* the settings hold for whatever EL2 does next, not only from ERET on */
}

/* EL1 as after a reset, as far as software can rely on it. */
void cpu_reset_el1(void)
{
    WRITE_SYSREG(sctlr_el1, SCTLR_EL1_RESET);
    WRITE_SYSREG(cpacr_el1, 0);
    WRITE_SYSREG(mdscr_el1, 0);
    WRITE_SYSREG(cntkctl_el1, 0);
    WRITE_SYSREG(cntv_ctl_el0, 0);
    WRITE_SYSREG(cntp_ctl_el0, 0);
    isb(); /* both timers are off before their interrupts are looked at */
}

/* The inputs of a CPU whose interface to the GIC is software. An NMI is an IRQ, too. */
void cpu_signal(bool irq, bool fiq, bool nmi)
{
    uint64_t value = READ_SYSREG(hcr_el2) & ~(HCR_VI | HCR_VF);

    if (cpu_has_nmi()) /* and so FEAT_HCX, HCRX_EL2 */
        WRITE_SYSREG(S3_4_C1_C2_2, HCRX_OPEN | (nmi ? HCRX_VINMI : 0));
    WRITE_SYSREG(hcr_el2, value | (irq ? HCR_VI : 0) | (fiq ? HCR_VF : 0));
}
