/* SPDX-License-Identifier: MIT */
/*
 * One ITS (IHI 0069H, chapter 5): registers, and what its commands have mapped.
 *
 * Registers may be read and written by any thread. What is mapped is changed by the claim's holder
 * only (deliver/lpi.h) and read by any thread that translates an event, without a lock: an entry is
 * one atomic word of a slot and its generation. It holds no reference: who comes with an old one is
 * refused by the slot's compare-and-swap.
 *
 * Where the code says nothing else, an access is relaxed because it is the claim's holder reading
 * what only that holder writes, or because it is a register or a counter, a value for its own sake.
 */
#ifndef LVGIC_ITS_ITS_H
#define LVGIC_ITS_ITS_H

#include "arch/its.h"
#include "arch/registers.h"
#include "irq/vm.h"
#include "lvgic/its.h"

#define MAX_ITS 8u
#define MAX_EVENTS (1u << 24) /* entries of all devices of one ITS */
#define NO_DEVICE UINT16_MAX
#define NO_COLLECTION UINT16_MAX
#define NAMED_COLLECTION (UINT16_MAX - 1) /* unmapped, has events; inside of save and restore */
#define NO_EVENT UINT32_MAX
#define EVENT_GRAIN 32u /* event entries are handed out in multiples of these */

/* its.gate: translates only if it is ENABLED and nothing else. */
enum {
    ITS_ENABLED = 1,
    ITS_DROP = 2, /* a table was replaced: what is mapped has to go first */
    ITS_HELD = 4, /* its tables are being restored */
};

/* A command, or a change of a table, that takes more than one unit of work. */
enum its_job_kind {
    JOB_NONE,
    JOB_MAPC,     /* all LPIs of collection icid go to vCPU `to`, or are cut off */
    JOB_MOVALL,   /* all LPIs of vCPU `from` go to vCPU `to` */
    JOB_INVALL,   /* the configuration of collection icid's LPIs on vCPU `from` is read again */
    JOB_DROP,     /* all events of the device with index `from` go, then the device */
    JOB_DROP_ALL, /* of all devices, then the collections */
};

struct its_job {
    enum its_job_kind kind;
    uint32_t cursor, device; /* how far it has come */
    uint32_t from, to;
    uint16_t icid;
    bool again;       /* afterwards its command is carried out once more */
    uint64_t command; /* GITS_CREADR of its command */
};

struct its {
    /* Constant after initialisation. */
    struct lvgic_vm *vm;
    uint8_t index, device_bits, collection_bits;
    bool stalls;
    uint32_t max_devices, max_events;

    _Atomic uint64_t address; /* of its frames, as a VMM recorded it, or NO_ADDRESS */

    /* Registers. */
    _Atomic uint32_t gate, statusr;
    _Atomic uint64_t cbaser, cwriter, creadr, baser[2]; /* devices, collections */
    _Atomic uint32_t busy;                              /* something is under way: not quiescent */

    /* Translation: DeviceID to the index of a device, and that to where its events are. */
    _Atomic uint16_t *device_of;
    _Atomic uint64_t *devices;
    _Atomic uint32_t *events;

    /* Of the claim's holder. */
    uint64_t *itts;         /* of each device: its interrupt translation table, guest physical */
    uint16_t *free_devices; /* a stack */
    uint32_t nr_free_devices;
    uint64_t *used_grains; /* bit g: the entries of grain g belong to a device */
    uint16_t *collections; /* vCPU of each ICID */
    struct its_job job;

    _Atomic uint64_t commands, errors, refused, limits;
    _Atomic uint32_t last_error;
};

/* An entry of devices[]: valid [63], event bits less one [59:56], DeviceID [55:32], first grain
 * [23:0]. Whoever follows it looks again afterwards whether it is still the same. */
#define DEVICE_VALID BIT64(63)

static inline uint64_t device_make(uint32_t id, uint32_t bits, uint32_t grain)
{
    return DEVICE_VALID | (uint64_t)(bits - 1) << 56 | (uint64_t)id << 32 | grain;
}

static inline uint32_t device_id(uint64_t device)
{
    return (uint32_t)bits_get(device, 55, 32);
}

static inline uint32_t device_events(uint64_t device)
{
    return 2u << bits_get(device, 59, 56);
}

static inline uint32_t device_first(uint64_t device)
{
    return (uint32_t)bits_get(device, 23, 0) * EVENT_GRAIN;
}

/* An event's entry: the slot's generation [31:24], its LPI slot [23:0]; NO_EVENT if unmapped. */
static inline uint32_t event_make(uint32_t lpi, uint32_t gen)
{
    return gen << 24 | lpi;
}

static inline uint32_t event_gen(uint32_t entry)
{
    return entry >> 24;
}

static inline uint32_t event_lpi(uint32_t entry)
{
    return entry & 0xffffff;
}

/* Translates an event: its entry, or NO_EVENT. Any context. */
uint32_t its_translate(struct its *its, uint32_t device, uint32_t event);

/* For the claim's holder (map.c): the index of a device; a device with so many events; its entry of
 * an event; unmapping it, if it is mapped. */
uint32_t its_find_device(const struct its *its, uint32_t id);
uint32_t its_add_device(struct its *its, uint32_t id, uint32_t bits, uint64_t itt);
_Atomic uint32_t *its_find_event(struct its *its, uint32_t id, uint32_t event);
void its_unmap_event(struct its *its, uint32_t device, uint32_t event);
/* Tells the host. */
void its_tell(struct its *its, uint32_t device, uint32_t event, bool mapped);

/* The guest's device (0) or collection (1) table has so many entries, as far as they are used. */
uint32_t its_table_size(struct its *its, unsigned table);
/* Where it has this one; false: nowhere. The 31 that follow a multiple of 32 follow it there. */
bool its_table_place(struct its *its, unsigned table, uint32_t id, uint64_t *address);

/* Is there room for this number in the guest's device (0) or collection (1) table? */
bool its_table_has(struct its *its, unsigned table, uint32_t id);

/* What a command came to: 0, an error, or a job that goes on with it. */
enum { ITS_DONE = 0, ITS_JOB = 1 };
uint32_t its_command(struct its *its, const uint64_t *words);

/* Go on with its->job. True: it is finished. */
bool its_job_work(struct its *its, uint32_t *budget);

/* Nothing is under way, and no command waits. */
bool its_is_idle(struct its *its);

/* For the claim's holder: all devices, events and collections go at once, and what is under way. */
void its_unmap_all(struct its *its);

/* The public functions of these names. */
int its_save_tables(struct its *its);
int its_restore_tables(struct its *its);
int its_save_pending(struct lvgic_vm *vm);
/* Collections that were NAMED_COLLECTION are unmapped again. */
void its_forget_names(struct its *its);

/* Entries of the guest's tables are little-endian doublewords, moved in chunks. */
#define ITS_CHUNK 32u
struct its_chunk {
    uint8_t bytes[ITS_CHUNK * ITS_ENTRY_SIZE];
};

static inline uint64_t chunk_get(const struct its_chunk *chunk, uint32_t n)
{
    uint64_t entry = 0;

    for (unsigned i = 0; i < ITS_ENTRY_SIZE; i++)
        entry |= (uint64_t)chunk->bytes[n * ITS_ENTRY_SIZE + i] << i * 8;
    return entry;
}

static inline void chunk_put(struct its_chunk *chunk, uint32_t n, uint64_t entry)
{
    for (unsigned i = 0; i < ITS_ENTRY_SIZE; i++)
        chunk->bytes[n * ITS_ENTRY_SIZE + i] = (uint8_t)(entry >> i * 8);
}

/* vm->its_work */
bool its_work(struct lvgic_vm *vm, uint32_t *budget);

/* A guest's access to the control frame. */
void its_access(struct its *its, struct lvgic_access *access);

/* A register as it is now; nothing is begun because it is read. */
uint64_t its_register(struct its *its, enum reg_hook hook);

/* For the claim's holder: a VMM writes a register. It is state: stored as it is, in any order with
 * the others, enabled or not, and no command is carried out because of it. Calls back event_mapped
 * if the guest's table is another. */
void its_put_register(struct its *its, enum reg_hook hook, uint64_t value);

/* For the claim's holder: as it was at first, but for where it is. Calls back event_mapped. */
void its_reset_registers(struct its *its);

void its_error_limit(struct its *its);

/* Configuration, memory and reset, as those of irq/vm.h. */
bool its_config_valid(const struct lvgic_config *config);
size_t its_layout(struct lvgic_vm *vm, const struct lvgic_config *config, void *memory,
                  size_t used);
void its_reset(struct lvgic_vm *vm);

/* End of the VM: unmap everything. */
void its_fini(struct lvgic_vm *vm);

#endif
