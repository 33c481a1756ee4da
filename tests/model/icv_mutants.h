/* SPDX-License-Identifier: MIT */
/*
 * src/cpuif as the comparison calls it, with a deliberate defect if one is chosen: what the real
 * functions are told, or what they did, is changed. A comparison that does not notice is not worth
 * much.
 */
#ifndef LVGIC_TESTS_ICV_MUTANTS_H
#define LVGIC_TESTS_ICV_MUTANTS_H

#include "cpuif/icv.h"
#include "lvgic/lvgic.h"

/* Name, what is wrong. */
#define ICV_MUTANTS(X)                                                                \
    X(BPR1_HIGH, "group 1's binary point is one too high")                            \
    X(BPR0_HIGH, "group 0's binary point is one too high")                            \
    X(NO_CBPR, "CBPR is ignored")                                                     \
    X(CBPR_WRAPS, "BPR1 read with CBPR = 1 is not saturated")                         \
    X(PMR_INCLUSIVE, "a priority equal to PMR is signalled")                          \
    X(NO_EN, "an interface that is off signals")                                      \
    X(DROP_OWN_GROUP, "EOIR drops a priority of its own group only")                  \
    X(DROP_BOTH_GROUPS, "EOIR drops the level in both groups")                        \
    X(EOI_OTHER_GROUP, "EOIR deactivates an interrupt of the other group")            \
    X(EOI_UNDROPPED, "EOIR is counted when it drops no priority")                     \
    X(EOI_MODE_LATE, "EOIR deactivates with EOImode 1 too")                           \
    X(DIR_ALWAYS, "DIR deactivates with EOImode 0 too")                               \
    X(DIR_DROPS, "DIR drops the priority")                                            \
    X(LPI_GONE, "an acknowledged LPI is not active")                                  \
    X(RUNNING_UNCUT, "the running priority is not cut at the binary point")           \
    X(LPI_COUNTED, "completing an LPI is counted")                                    \
    X(COUNT_STICKS, "EOIcount does not wrap")                                         \
    X(HW_FORGOTTEN, "the physical interrupt is not deactivated")                      \
    X(STALE_ELRSR, "a completion is not seen in ELRSR")                               \
    X(PENDING_ACTIVE_NEXT, "pending and active can be acknowledged")                  \
    X(LAST_OF_EQUALS, "of equal priorities the last register's comes first")          \
    X(ONE_APR, "level 32 and below are kept in the first active priorities register") \
    X(HPPIR_MASKED, "HPPIR tells only what is signalled")                             \
    X(RPR_BINARY_POINT, "RPR is cut at the binary point")                             \
    X(NP_PENDING_ACTIVE, "NP: pending and active counts as pending")                  \
    X(U_NONE, "U only when no register is valid")                                     \
    X(GRP1D_GRP0, "VGrp1D looks at group 0")                                          \
    X(VMCR_NO_LEAST, "ICH_VMCR takes binary points below the least")                  \
    X(LR_NO_EOI, "ICH_LR does not keep EOI")                                          \
    X(VTR_ONE_MORE, "ICH_VTR tells of one register too many")                         \
    X(NMI_MASKED, "PMR masks an NMI")                                                 \
    X(NMI_NESTS, "an NMI preempts an NMI")                                            \
    X(NMI_IAR, "IAR1 acknowledges an NMI with SCTLR.NMI = 1")                         \
    X(NMIAR_ALL, "NMIAR1 acknowledges what is no NMI")                                \
    X(NMI_LEVEL, "an acknowledged NMI sets a priority level")                         \
    X(NMI_RPR, "RPR does not tell of an NMI")                                         \
    X(NMI_GROUP0, "group 0 has NMIs")                                                 \
    X(NMI_UNASKED, "LR.NMI counts without the feature")

enum icv_mutant {
    ICV_MUTANT_NONE,
#define ICV_MUTANT_ENUM(name, what) ICV_MUTANT_##name,
    ICV_MUTANTS(ICV_MUTANT_ENUM)
#undef ICV_MUTANT_ENUM
        NR_ICV_MUTANTS
};

extern enum icv_mutant icv_mutant;

const char *icv_mutant_text(enum icv_mutant m);

uint32_t tested_iar(struct lvgic_lrs *lrs, bool group1);
uint32_t tested_nmiar(struct lvgic_lrs *lrs);
uint32_t tested_hppir(const struct lvgic_lrs *lrs, bool group1);
uint64_t tested_rpr(const struct lvgic_lrs *lrs);
struct icv_effect tested_eoir(struct lvgic_lrs *lrs, bool group1, uint32_t intid);
struct icv_effect tested_dir(struct lvgic_lrs *lrs, uint32_t intid);
unsigned tested_bpr(const struct lvgic_lrs *lrs, bool group1);
int tested_highest_pending(const struct lvgic_lrs *lrs);
bool tested_would_signal(const struct lvgic_lrs *lrs, uint8_t priority, bool group1, bool nmi);
int tested_signalled(const struct lvgic_lrs *lrs);
uint32_t tested_misr(const struct lvgic_lrs *lrs);
enum lvgic_sysreg_result tested_ich(struct lvgic_lrs *lrs, uint32_t encoding, bool write,
                                    uint64_t *value);

#endif
