/* SPDX-License-Identifier: MIT */
/* What the machine's files share: the recorder, and what is in the machine. */
#ifndef SIM_MACHINE_INSIDE_H
#define SIM_MACHINE_INSIDE_H

#include "linear.h"
#include "machine.h"
#include "runtime.h"

enum { FIRST_LPI = 8192, QUEUE_SIZE = 32, COMMAND_WORDS = 4, MAX_SNAPSHOTS = 2 };

/* The callbacks that a function may make (lvgic.h); ONE: at most one of them. */
enum { MAY_KICK = 1, MAY_WAKE = 2, MAY_RELAX = 4, MAY_MEMORY = 8, ONE = 16 };
enum {
    MAY_NOTHING = 0,
    MAY_SIGNAL = MAY_KICK | MAY_WAKE,
    MAY_INJECT = MAY_SIGNAL | ONE,
    MAY_ACCESS = MAY_SIGNAL | MAY_RELAX | MAY_MEMORY,
};

struct open_call {
    unsigned may, made;
};

struct pe {
    bool in, kicked, asleep, woken;
    uint32_t settled_at; /* what the clock was when it was last known to be up to date */
};

/* All that a run changes, but for the VM itself. */
struct machine {
    const struct machine_config *config;
    struct ghost_gic gic;
    struct ghost initial;
    unsigned nr_ops, nr_open; /* recorded; of those, not over yet */
    uint32_t clock;
    unsigned devices_left;
    struct pe pe[GHOST_VCPUS];
    uint8_t unserved; /* levels that have been acknowledged once since their driver served them */
    struct open_call calls[EXPLORE_MAX_ACTORS + 1]; /* [0]: outside the actors */
    uint64_t queue[QUEUE_SIZE][COMMAND_WORDS];
    unsigned queued;
    bool queue_busy;
    unsigned nr_snapshots;
    uint8_t pending_table[GHOST_VCPUS]; /* of LPIs 8192 up; nothing else of tables is kept */

    /* Not reset with the rest: nobody looks beyond their numbers. */
    struct ghost_op ops[LINEAR_MAX_OPS];
    struct snapshot {
        struct ghost_op when;
        size_t size;
        uint8_t bytes[8192];
    } snapshots[MAX_SNAPSHOTS];
};

extern struct machine machine;
extern struct lvgic_vm *machine_vm;
extern const struct lvgic_host machine_host;

/* The time at which an operation begins. What ended before is visible to it: one thread can only
 * know that by having been told, by means that are not the library's. */
uint32_t machine_begin_time(void);

/* The beginning and the end of an operation. The first returns its position in machine.ops. */
unsigned machine_op(enum ghost_kind kind, unsigned v, uint8_t irq);
void machine_op_end(unsigned op);

/* From here to machine_leave() the actor is in the library, which may make these callbacks. */
void machine_go(unsigned may);
void machine_leave(void);

/* A status that does not depend on timing. */
void machine_expect(int status, int expected, const char *call);

/* The position of an INTID, GHOST_NONE for 1023. */
uint8_t machine_find(uint32_t intid);

/* Register accesses, as part of an operation. */
uint64_t machine_icc(unsigned v, uint32_t encoding, bool write, uint64_t value);
uint64_t machine_dist(bool write, uint32_t offset, uint8_t size, uint64_t value);
uint64_t machine_redist(unsigned v, bool write, uint32_t offset, uint8_t size, uint64_t value);
uint64_t machine_its(bool write, uint32_t offset, uint8_t size, uint64_t value);
/* Carries out a command of the ITS. */
void machine_command(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3);

/* Several interrupts were seen by one operation, each at some time within it. */
void machine_observe(const struct ghost_op *within, uint8_t irq, uint32_t value, uint32_t mask);

/* Nothing is under way, so the PE sees how things are: records that, if it is so. */
void machine_settle(unsigned v);

#define ICC_PMR LVGIC_SYSREG(3, 0, 4, 6, 0)
#define ICC_CTLR LVGIC_SYSREG(3, 0, 12, 12, 4)
#define ICC_DIR LVGIC_SYSREG(3, 0, 12, 11, 1)
#define ICC_IAR1 LVGIC_SYSREG(3, 0, 12, 12, 0)
#define ICC_EOIR1 LVGIC_SYSREG(3, 0, 12, 12, 1)
#define ICC_IGRPEN1 LVGIC_SYSREG(3, 0, 12, 12, 7)

/* Registers (12.8, 12.10, 12.18). */
enum {
    GICD_CTLR = 0,
    GICD_CTLR_GROUP1 = 2,
    GICD_CTLR_ARE = 0x10,
    GICD_IGROUPR = 0x80,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_ICPENDR = 0x280,
    GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,
    GICD_ICFGR = 0xc00,
    GICD_IROUTER = 0x6000,
    GICR_CTLR = 0,
    GICR_PROPBASER = 0x70,
    GICR_PENDBASER = 0x78,
    GITS_CTLR = 0,
    GITS_CBASER = 0x80,
    GITS_CWRITER = 0x88,
    GITS_CREADR = 0x90,
    GITS_BASER = 0x100,
};

/* Where the guest has its tables. */
#define QUEUE UINT64_C(0x10000)
#define CONFIG_TABLE UINT64_C(0x20000)
#define DEVICE_TABLE UINT64_C(0x30000)
#define COLLECTION_TABLE UINT64_C(0x40000)
#define PENDING_TABLE UINT64_C(0x50000) /* and 0x10000 further for each vCPU */

enum { CMD_MAPD = 8, CMD_MAPC = 9, CMD_MAPTI = 10, CMD_MOVALL = 14, CMD_DISCARD = 15 };

#endif
