/* SPDX-License-Identifier: MIT */
/* LPIs and ITSs in a snapshot: writing them, and putting them in place. */
#ifndef LVGIC_STATE_LPIS_H
#define LVGIC_STATE_LPIS_H

#include "state/format.h"

/* A snapshot that is being written. */
struct snap_writer {
    uint8_t *buffer;
    size_t used;
    size_t record; /* where the one that is being written begins */
};

static inline void snap_write(struct snap_writer *writer, unsigned bytes, uint64_t value)
{
    snap_put(writer->buffer + writer->used, bytes, value);
    writer->used += bytes;
}

static inline void snap_begin(struct snap_writer *writer, enum snap_record type)
{
    writer->record = writer->used;
    snap_write(writer, 2, type);
    snap_write(writer, 2, type == SNAP_SETUP ? 0 : REC_REQUIRED);
    snap_write(writer, 4, 0);
}

static inline void snap_end(struct snap_writer *writer)
{
    size_t length = writer->used - writer->record - REC_HEAD_SIZE;

    snap_put(writer->buffer + writer->record + REC_AT_LENGTH, 4, length);
    while (writer->used % REC_ALIGNMENT)
        snap_write(writer, 1, 0);
}

/* For who has the claim and holds every vCPU; nothing if the VM has no LPIs. */
size_t lpi_save_size(const struct lvgic_vm *vm);
void lpi_save(struct snap_writer *writer, struct lvgic_vm *vm);

/* Does a sound snapshot's fit this VM? */
int lpi_fits(const struct lvgic_vm *vm, const uint8_t *buffer, size_t size);

/* The steps of a restore, for who has the claim: all that is mapped goes, and the host is told of
 * it; while every vCPU is held, what the snapshot says is put in place; the host is told of that.
 * Calls back event_mapped in the first and the last. True: the guest has asked for something that
 * was not done when the snapshot was made. */
void lpi_clear(struct lvgic_vm *vm);
void lpi_restore(struct lvgic_vm *vm, const uint8_t *buffer, size_t size);
bool lpi_tell(struct lvgic_vm *vm, const uint8_t *buffer, size_t size);

#endif
