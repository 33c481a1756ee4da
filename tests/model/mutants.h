/* SPDX-License-Identifier: MIT */
/*
 * The implementation as the check calls it, with a deliberate defect if one is chosen: the results
 * of the real functions are changed afterwards. A check that does not notice is not worth much.
 */
#ifndef LVGIC_TESTS_MODEL_MUTANTS_H
#define LVGIC_TESTS_MODEL_MUTANTS_H

#include "irq/word.h"

/* Name, what is wrong. */
#define MUTANTS(X)                                                                      \
    X(FOLD_DROPS_CLRP, "the fold forgets a request to clear")                           \
    X(FOLD_LEAVES_CLRP, "the request to clear survives the fold")                       \
    X(APPLY_NO_CLRP, "a clear while in a register leaves no request")                   \
    X(FOLD_CLEARS_LATER_EDGE, "the request to clear takes a later edge along")          \
    X(LIST_KEEPS_SOFT, "ISPENDR's latch is not consumed by the fill")                   \
    X(LIST_KEEPS_EDGE, "the edge latch is not consumed by the fill")                    \
    X(FOLD_LOSES_SOFT, "ISPENDR's latch is not restored without an acknowledge")        \
    X(FOLD_LOSES_EDGE, "an edge is not restored without an acknowledge")                \
    X(FOLD_ALWAYS_EDGE, "an edge is restored even after the acknowledge")               \
    X(FOLD_ALWAYS_SOFT, "ISPENDR's latch is restored even after the acknowledge")       \
    X(FOLD_KEEPS_INLR, "the fold does not let go of the register")                      \
    X(FOLD_LOSES_ACTIVE, "the fold forgets that it is active")                          \
    X(FOLD_NO_HOLDER, "after the fold nobody holds the active interrupt")               \
    X(DISABLE_CLEARS, "disabling clears the pending state")                             \
    X(RETARGET_HOLDER, "a new route moves the holder")                                  \
    X(ACTIVE_HOLDER, "activating again moves the holder")                               \
    X(ACTIVE_IN_LR, "ISACTIVER acts while in a register")                               \
    X(INACTIVE_IN_LR, "ICACTIVER acts while in a register")                             \
    X(CLEAR_ACTIVE_STUCK, "ICACTIVER does nothing")                                     \
    X(PULSE_LOST_IN_LR, "an edge is lost while in a register")                          \
    X(SOFT_LOST_ON_LINE, "ISPENDR does nothing while the wire is high")                 \
    X(CLEAR_DROPS_LINE, "ICPENDR clears an asserted level")                             \
    X(LOW_CLEARS_EDGE, "a falling wire clears a latched edge")                          \
    X(MESSAGE_IS_SOFT, "SETSPI's level is consumed like ISPENDR's latch")               \
    X(CLRSPI_CLEARS_SOFT, "CLRSPI clears ISPENDR's latch")                              \
    X(CONFIG_CHANGES_GROUP, "a configuration write changes the group")                  \
    X(LIST_DISABLED, "a disabled interrupt is offered along with its active state")     \
    X(LIST_PENDING_HW, "pending and active with HW = 1")                                \
    X(NO_EOI, "no maintenance interrupt tells that a level may be asserted still")      \
    X(NO_EOI_NOTIFY, "no maintenance interrupt tells the embedder of the deactivation") \
    X(BELIEVES_PENDING, "pending is believed though never filled as pending")           \
    X(BELIEVES_ACTIVE, "an active LPI is believed")                                     \
    X(HW_LINE_STAYS, "a deactivated physical interrupt still counts as forwarded")      \
    X(HW_LINE_LOST, "what was forwarded after the deactivation is forgotten")           \
    X(HW_NO_SAMPLE, "the physical line is never looked at")                             \
    X(HW_NO_DEACTIVATE, "what hardware could not deactivate stays active")              \
    X(UNMAP_FREES_IN_LR, "unmapping frees a slot that is in a register")                \
    X(UNMAP_KEEPS, "unmapping waits for nobody to notice")                              \
    X(FOLD_REVIVES, "the fold maps an unmapped slot again")                             \
    X(GEN_BUMPED, "an event changes the generation")                                    \
    X(FOUND_NO_ACK, "the fold does not report the acknowledge")                         \
    X(FOUND_NO_DEACT, "the fold does not report the deactivation")                      \
    X(SOURCE_NOT_CONSUMED, "the source that is listed stays pending in the word")       \
    X(SOURCE_LOST_BY_FOLD, "a source is not restored without an acknowledge")           \
    X(SOURCE_ALWAYS_BACK, "a source is restored even after the acknowledge")            \
    X(SOURCE_CONFUSED, "the fold restores another source than the register's")          \
    X(SOURCE_FORGOTTEN, "after the fold it is active for source 0")                     \
    X(SOURCES_NO_EOI, "no maintenance interrupt tells that more sources are left")      \
    X(SOURCES_HIGHEST, "a higher source goes first")                                    \
    X(SOURCE_PENDING_ACTIVE, "pending for one source and active for another at once")   \
    X(CPENDSGIR_NO_CLRP, "CPENDSGIR of the listed source leaves no request")            \
    X(CPENDSGIR_OTHER, "CPENDSGIR of another source drops the listed one")              \
    X(CPENDSGIR_ALL, "CPENDSGIR clears all sources")                                    \
    X(PUT_IN_LR, "a VMM's latch is written while in a register")                        \
    X(PUT_ACTIVE_IN_LR, "a VMM's inactive state is written while in a register")        \
    X(PUT_LATCH_KEEPS_MESSAGE, "a VMM clears the latch, but not what SETSPI did")       \
    X(PUT_LATCH_CLEARS_LINE, "a VMM clears the latch, and the wire with it")            \
    X(PUT_LINE_IS_EDGE, "a wire that a VMM writes counts as an edge")                   \
    X(PUT_EDGE_LOSES_LATCH, "a VMM's write of the trigger loses the latch")             \
    X(PUT_ACTIVE_MOVES, "a VMM's write of the active state moves an active interrupt")  \
    X(PUT_ACTIVE_ENDS_LINE, "a VMM clears the active state, and the wire with it")      \
    X(MOVE_IN_LR, "an interrupt in a register is moved")                                \
    X(MOVE_ACTIVATES, "an inactive interrupt is active after the move")                 \
    X(MOVE_STUCK, "a VMM's new route leaves the active interrupt where it was")

enum mutant {
    MUTANT_NONE,
#define MUTANT_ENUM(name, what) MUTANT_##name,
    MUTANTS(MUTANT_ENUM)
#undef MUTANT_ENUM
        NR_MUTANTS
};

extern enum mutant mutant;

const char *mutant_text(enum mutant m);

uint64_t tested_apply(uint64_t w, enum irq_event event, uint32_t arg);
uint64_t tested_put(uint64_t w, enum irq_part part, bool value, uint32_t vcpu);
uint64_t tested_move(uint64_t w, uint32_t vcpu);
uint64_t tested_list(uint64_t w, uint32_t me, struct irq_listing *how);
uint64_t tested_fold(uint64_t w, const struct irq_listing *how, bool pending, bool active,
                     struct irq_folded *found);

#endif
