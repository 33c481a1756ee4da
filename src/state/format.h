/* SPDX-License-Identifier: MIT */
/*
 * The snapshot format, docs/snapshot.md: little-endian, a header and records. Offsets are in bytes
 * from the start of the header, or of a record's content.
 */
#ifndef LVGIC_STATE_FORMAT_H
#define LVGIC_STATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irq/vm.h"

#define SNAP_MAGIC UINT64_C(0x504e53434947564c) /* "LVGICSNP" */
#define SNAP_VERSION 1u

/* Header. */
enum {
    SNAP_AT_MAGIC = 0,
    SNAP_AT_VERSION = 8,
    SNAP_AT_HEADER_SIZE = 12,
    SNAP_AT_TOTAL_SIZE = 16,
    SNAP_AT_CRC = 24, /* of all that follows the header */
    SNAP_HEADER_SIZE = 32,
};

/* Head of a record: type 16 bits, flags 16 bits, length of the content 32 bits. The next record
 * begins at the next multiple of 8; what is between is zero. */
enum { REC_AT_TYPE = 0, REC_AT_FLAGS = 2, REC_AT_LENGTH = 4, REC_HEAD_SIZE = 8, REC_ALIGNMENT = 8 };
#define REC_REQUIRED 1u /* who does not know the type must not restore */

/* Record types: name, number, flags, least length of the content, what it is. Numbers 16 to 31 are
 * for LPIs and ITSs; those come in ascending order. */
#define SNAP_RECORDS(X)                                                                    \
    X(CONFIG, 1, REC_REQUIRED, 32, "limits, options and affinities; the first record")     \
    X(DIST, 2, REC_REQUIRED, 32, "distributor registers that are not of interrupts")       \
    X(VCPU, 3, REC_REQUIRED, 64, "one vCPU's redistributor and CPU interface")             \
    X(IRQS, 4, REC_REQUIRED, 16, "a range of interrupts, of one vCPU or of all")           \
    X(ACKS, 5, REC_REQUIRED, 8, "what one vCPU acknowledged and has active, oldest first") \
    X(SETUP, 6, 0, 32, "addresses and the maintenance interrupt, if they were given")      \
    X(LPIS, 16, REC_REQUIRED, 16, "that there are LPIs, and what ITSs")                    \
    X(REDIST, 17, REC_REQUIRED, 40, "one redistributor's registers for LPIs")              \
    X(ITS, 18, REC_REQUIRED, 72, "one ITS's registers and collections")                    \
    X(DEVICE, 19, REC_REQUIRED, 24, "one device of an ITS, and its events")

enum snap_record {
#define SNAP_ENUM(name, number, flags, least, what) SNAP_##name = (number),
    SNAP_RECORDS(SNAP_ENUM)
#undef SNAP_ENUM
};

/* Of the two: which vCPU, and that it is all of them. */
#define SNAP_SHARED UINT32_MAX

enum {
    CONFIG_AT_GIC = 0,
    CONFIG_AT_NR_VCPUS = 4,
    CONFIG_AT_NR_SPIS = 8,
    CONFIG_AT_NR_ESPIS = 12,
    CONFIG_AT_NR_EPPIS = 16, /* of each vCPU */
    CONFIG_AT_PRI_BITS = 20,
    CONFIG_AT_OPTIONS = 24,
    CONFIG_AT_AFFINITIES = 32, /* 8 bytes each */
};
enum { OPTION_ONE_OF_N = 1, OPTION_NMI = 2, OPTION_TWO_STATES = 4, OPTION_ALL = 7 };

enum {
    DIST_AT_CTLR = 0,
    DIST_AT_STATUSR = 4,
    DIST_AT_IIDR = 8,
    DIST_AT_GICD_PIDR = 16,
    DIST_AT_GICR_PIDR = 24,
    DIST_SIZE = 32,
};

enum {
    VCPU_AT_INDEX = 0,
    VCPU_AT_ASLEEP = 4, /* GICR_WAKER.ProcessorSleep */
    VCPU_AT_DPG = 8,    /* GICR_CTLR.DPG* */
    VCPU_AT_NSACR = 12,
    VCPU_AT_STATUSR = 16,
    VCPU_AT_VMCR = 20,    /* as ICH_VMCR_EL2 */
    VCPU_AT_ACTIVE0 = 24, /* 128 bits: bit n: priority 2n of group 0 is active; GICv2: of both */
    VCPU_AT_ACTIVE1 = 40, /* of group 1 */
    VCPU_AT_ACTIVE_NMI = 56,
    VCPU_SIZE = 64,
};

enum {
    IRQS_AT_VCPU = 0,
    IRQS_AT_FIRST = 4,
    IRQS_AT_COUNT = 8,
    IRQS_AT_ENTRY_SIZE = 12,
    IRQS_AT_ENTRIES = 16,
};
enum {
    IRQ_AT_STATE = 0,
    IRQ_AT_PRIORITY = 4,
    IRQ_AT_SOURCES = 5, /* GICv2's SGIs: pending for */
    IRQ_AT_SOURCE = 6,  /* active for */
    IRQ_AT_NSACR = 7,
    IRQ_AT_TARGET = 8,  /* vCPU */
    IRQ_AT_HOLDER = 10, /* vCPU on which it is active */
    IRQ_AT_PINTID = 12,
    IRQ_AT_ROUTE = 16, /* GICD_IROUTER<n>, or GICD_ITARGETSR<n>'s byte */
    IRQ_SIZE = 24,
};
#define SNAP_NOBODY 0xffffu

/* Bits of an interrupt's state, and the word's that they stand for. */
#define SNAP_STATES(X)                                       \
    X(PENDING, 0, IRQ_PEND, "edge latch")                    \
    X(LINE, 1, IRQ_LINE, "the wire is high")                 \
    X(SOFT, 2, IRQ_SOFT, "a level made pending by register") \
    X(MESSAGE, 3, IRQ_MSGL, "a level held by message")       \
    X(ENABLED, 4, IRQ_EN, "enabled")                         \
    X(EDGE, 5, IRQ_EDGE, "edge-triggered")                   \
    X(GROUP1, 6, IRQ_GRP1, "group 1")                        \
    X(NMI, 7, IRQ_NMI, "non-maskable")                       \
    X(ACTIVE, 8, IRQ_ACT, "active")                          \
    X(MODIFIER, 9, IRQ_MOD, "group modifier")                \
    X(MAPPED, 10, IRQ_HW, "stands for a physical interrupt")

enum {
#define SNAP_STATE_ENUM(name, bit, word, what) SNAP_STATE_##name = 1 << (bit),
    SNAP_STATES(SNAP_STATE_ENUM)
#undef SNAP_STATE_ENUM
};

enum { ACKS_AT_VCPU = 0, ACKS_AT_COUNT = 4, ACKS_AT_ENTRIES = 8 };
enum {
    ACK_AT_INTID = 0,
    ACK_AT_PRIORITY = 4, /* as the CPU interface knows it */
    ACK_AT_GROUP1 = 5,
    ACK_AT_LEVEL = 6, /* active priority / 2; 255: as an NMI */
    ACK_AT_SOURCE = 7,
    ACK_SIZE = 8,
};

enum {
    SETUP_AT_DIST = 0, /* addresses; all ones: not given */
    SETUP_AT_CPU = 8,
    SETUP_AT_MAINT_IRQ = 16,
    SETUP_AT_SINGLE = 20, /* the region was given as KVM's legacy REDIST */
    SETUP_AT_NR_REGIONS = 24,
    SETUP_AT_REGIONS = 32,
};
enum { REGION_AT_BASE = 0, REGION_AT_COUNT = 8, REGION_SIZE = 16 };

enum {
    LPIS_AT_ID_BITS = 0,
    LPIS_AT_NR_ITS = 4,
    LPIS_AT_DEVICE_BITS = 8, /* of each ITS, 8 bits each; all 0 without one */
    LPIS_AT_COLLECTION_BITS = 9,
    LPIS_AT_STALLS = 10,
    LPIS_SIZE = 16,
};

enum {
    REDIST_AT_VCPU = 0,
    REDIST_AT_MODE = 4,     /* 0: LPIs are off, 1: on, 2: being disabled */
    REDIST_AT_OWED = 8,     /* what the guest has asked for and is not done, while they are on */
    REDIST_AT_INVLPIR = 12, /* the INTID of GICR_INVLPIR, if that is not done, or 0 */
    REDIST_AT_PROPBASER = 16,
    REDIST_AT_PENDBASER = 24,
    REDIST_AT_COUNT = 32, /* LPIs of its own (DirectLPI) that are not as after a reset */
    REDIST_AT_ENTRIES = 40,
};
enum { OWED_OPEN = 1, OWED_RELOAD = 2, OWED_ALL = 3 };

enum {
    ITS_AT_NUMBER = 0,
    ITS_AT_GATE = 4, /* bit 0: enabled, 1: a table was replaced, what is mapped has to go */
    ITS_AT_STATUSR = 8,
    ITS_AT_CBASER = 16,
    ITS_AT_CWRITER = 24,
    ITS_AT_CREADR = 32,
    ITS_AT_BASER = 40, /* devices, collections */
    ITS_AT_ADDRESS = 56,
    ITS_AT_COUNT = 64,   /* of collections that are mapped */
    ITS_AT_ENTRIES = 72, /* ICID and vCPU, 16 bits each, in the order of the ICIDs */
};

enum {
    DEVICE_AT_ITS = 0,
    DEVICE_AT_ID = 4,
    DEVICE_AT_BITS = 8, /* of an EventID */
    DEVICE_AT_COUNT = 12,
    DEVICE_AT_ITT = 16,
    DEVICE_AT_ENTRIES = 24, /* in the order of the EventIDs */
};

/* An LPI: of a redistributor, or of an event. */
enum {
    LPI_AT_INTID = 0,
    LPI_AT_EVENT = 4,
    LPI_AT_ICID = 8,
    LPI_AT_TARGET = 10, /* vCPU */
    LPI_AT_PRIORITY = 12,
    LPI_AT_STATE = 13,
    LPI_SIZE = 16,
};
/* `cut`: its collection has been unmapped since it came to its vCPU. */
enum { LPI_STATE_PENDING = 1, LPI_STATE_ENABLED = 2, LPI_STATE_CUT = 4, LPI_STATE_ALL = 7 };

static inline uint64_t snap_get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static inline uint8_t snap_get8(const uint8_t *at)
{
    return at[0];
}

static inline uint32_t snap_get16(const uint8_t *at)
{
    return (uint32_t)snap_get(at, 2);
}

static inline uint32_t snap_get32(const uint8_t *at)
{
    return (uint32_t)snap_get(at, 4);
}

static inline uint64_t snap_get64(const uint8_t *at)
{
    return snap_get(at, 8);
}

static inline void snap_put(uint8_t *at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

uint32_t snap_crc(const uint8_t *data, size_t size);

/* What CONFIG says. */
struct snap_config {
    uint32_t gic, nr_vcpus, nr_spis, nr_espis, nr_eppis, pri_bits, options;
    const uint8_t *affinities;
};

/* The bits of a priority that are implemented. */
static inline uint32_t snap_priority_bits(const struct snap_config *config)
{
    return 0xffu & (0xffu << (8 - config->pri_bits));
}

/* Marks one as seen; false if it was. */
static inline bool snap_first_time(uint64_t *seen, uint32_t index)
{
    bool again = seen[index / 64] & BIT64(index % 64);

    seen[index / 64] |= BIT64(index % 64);
    return !again;
}

/* One record: its content lies in the buffer. */
struct snap_rec {
    uint32_t type, flags, length;
    const uint8_t *content;
};

/* The record at *at; *at moves to the next. False at the end. Only in a buffer that snap_check()
 * found sound. */
bool snap_next(const uint8_t *buffer, size_t size, size_t *at, struct snap_rec *rec);

/* Is this a snapshot from which a VM can be restored, given one that fits it? LVGIC_OK,
 * LVGIC_E_FORMAT or LVGIC_E_UNKNOWN; *config is filled, and *where says at which byte, and what,
 * something is wrong. */
struct snap_fault {
    size_t at;
    const char *what;
};
int snap_check(const uint8_t *buffer, size_t size, struct snap_config *config,
               struct snap_fault *fault);

/* The two parts of it. The second wants the first to be done, and takes as many passes as the
 * INTIDs that occur are spread: a restore leaves it until it knows that the VM has so many. */
int snap_check_records(const uint8_t *buffer, size_t size, struct snap_config *config,
                       struct snap_fault *fault);
bool snap_lpis_are_unique(const uint8_t *buffer, size_t size);

/* The interrupts' ranges: the INTIDs of one record. */
struct snap_range {
    uint32_t vcpu, first, count, entry_size;
    const uint8_t *entries;
};
struct snap_range snap_range(const struct snap_rec *rec);

/* A record of an LPI is looked at by this (lpi_format.c), in the order that they come in; and, at
 * the end, all of them. What is wrong, or NULL. */
struct snap_lpis {
    const struct snap_config *config;
    uint32_t last; /* type of the record before */
    uint32_t id_bits, nr_its, redists, itss;
    uint64_t devices; /* ITS and DeviceID from which on they may be */
    uint32_t device_bits, collection_bits, stalls;
};
const char *snap_check_lpis(struct snap_lpis *check, const struct snap_rec *rec);
const char *snap_check_all_lpis(const struct snap_lpis *check);

/* See lvgic_save() and lvgic_restore(). */
size_t save_size(const struct lvgic_vm *vm);
size_t save_vm(struct lvgic_vm *vm, uint8_t *buffer);
int restore_vm(struct lvgic_vm *vm, const uint8_t *buffer, size_t size);

/* Bits of the active priority levels that a number of priority bits leaves out. */
static inline unsigned snap_level_shift(uint32_t pri_bits)
{
    return 7 - pri_bits;
}

#endif
