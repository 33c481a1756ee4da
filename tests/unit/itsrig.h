/* SPDX-License-Identifier: MIT */
/* A rig with guest memory and an ITS that is set up: tables, queue, LPIs enabled on every vCPU. */
#ifndef TESTS_ITSRIG_H
#define TESTS_ITSRIG_H

#include "arch/its.h"
#include "lvgic/its.h"
#include "rig.h"

/* Guest physical addresses. The RAM is at RAM up, RAM_SIZE bytes. */
#define RAM UINT64_C(0x40000000)
#define RAM_SIZE 0x400000u
#define QUEUE (RAM + 0x200000) /* 128 KiB */
#define DEVICE_TABLE (RAM + 0x10000)
#define COLLECTION_TABLE (RAM + 0x20000)
#define CONFIG_TABLE (RAM + 0x30000)  /* LPI 8192 up, 64 KiB */
#define PENDING_TABLE (RAM + 0x40000) /* 64 KiB for each vCPU */
#define ITTS (RAM + 0x100000)
#define QUEUE_PAGES 32u

struct its_rig {
    struct rig *rig;
    unsigned its;
    uint64_t head; /* CWRITER */
};

/* The configuration that most tests use: two vCPUs, 4 list registers, one ITS, 256 LPIs. */
extern const struct lvgic_config its_config;

struct its_rig its_rig_new(const struct lvgic_config *config);
/* The same with device 1, of 64 events, of which the first `nr` are LPI 8192 up, in turn in so many
 * collections. */
struct its_rig its_rig_with_events(const struct lvgic_config *config, unsigned nr,
                                   unsigned collections);
/* A second VM: the memory, GITS_BASER<n>; its ITS is disabled and has nothing mapped. */
struct its_rig its_rig_another(const struct its_rig *from);
void its_rig_free(struct its_rig *r);

void its_write(struct its_rig *r, unsigned offset, unsigned size, uint64_t value);
uint64_t its_read(struct its_rig *r, unsigned offset, unsigned size);

/* Put a command into the queue; its_go() writes CWRITER and goes on until all are done. */
void its_put(struct its_rig *r, uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3);
void its_go(struct its_rig *r);

void its_mapd(struct its_rig *r, unsigned device, unsigned bits, bool valid);
void its_mapc(struct its_rig *r, unsigned icid, unsigned cpu, bool valid);
void its_mapti(struct its_rig *r, unsigned device, unsigned event, unsigned intid, unsigned icid);
void its_movi(struct its_rig *r, unsigned device, unsigned event, unsigned icid);
void its_movall(struct its_rig *r, unsigned from, unsigned to);
/* INT, CLEAR, INV, DISCARD */
void its_event_command(struct its_rig *r, enum its_command what, unsigned device, unsigned event);
void its_invall(struct its_rig *r, unsigned icid);

/* An entry of a table in memory. */
uint64_t its_entry_at(const struct its_rig *r, uint64_t table, unsigned n);

uint32_t its_last_error(struct its_rig *r);
uint64_t its_errors(struct its_rig *r);

/* A byte of the configuration table: priority and enable. */
void its_config_byte(struct its_rig *r, unsigned intid, unsigned byte);

int its_msi(struct its_rig *r, unsigned device, unsigned event);

void lpis_enable(struct its_rig *r, unsigned cpu, bool on);
bool lpi_pending(struct its_rig *r, unsigned cpu, unsigned intid);
/* What the guest takes next on an enabled vCPU: the INTID, completed. 1023: nothing. */
unsigned its_take(struct its_rig *r, unsigned cpu);

#endif
