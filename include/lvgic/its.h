/* SPDX-License-Identifier: MIT */
/*
 * LPIs: Interrupt Translation Services, message-signalled interrupts, and the GICv2m frame.
 *
 * lvgic_config.nr_lpis and nr_its say how many; struct lvgic_host needs read_guest. The guest's
 * device and collection tables are looked at to see whether a DeviceID or an ICID has room there;
 * what is mapped is kept in the VM's own memory. A mapping beyond the configured limits is a
 * command error and counted. Sections cited are those of Arm IHI 0069H.
 */
#ifndef LVGIC_ITS_H
#define LVGIC_ITS_H

#include <lvgic/lvgic.h>

#pragma GCC visibility push(default)

/* No call does more than so many units of work: a command, an LPI, 64 LPI slots or 32 events looked
 * through. An injection does a constant amount. */
#define LVGIC_LPI_WORK 1024u

/* The guest accesses the frames of ITS number `its` (GITS_*, 128 KiB, sections 12.18 and 12.19; the
 * second 64 KiB are the translation frame, whose GITS_TRANSLATER is lvgic_msi_write()'s). Any
 * value, offset, size and alignment is fine. Never waits. Any thread. May call back read_guest,
 * write_guest, kick, wake, lpi_work. Errors: E_INVALID (NULL), E_NO_DEVICE (no such ITS). */
int lvgic_its_access(struct lvgic_vm *vm, uint32_t its, struct lvgic_access *access);

/* Go on with commands and with what enabling and disabling LPIs takes, for at most LVGIC_LPI_WORK
 * units. True: there is more to do, call again. Never waits. Any thread. Calls back as
 * lvgic_its_access() does, but for lpi_work. */
bool lvgic_its_run(struct lvgic_vm *vm);

/* A device sends a message: event `event` of device `device` on ITS number `its`. Any context;
 * takes no lock; at most one callback (kick or wake). Errors: E_NO_DEVICE (no such ITS), E_NO_ENTRY
 * (refused, as the architecture has it: the ITS is disabled, or the event, its collection or
 * LPIs on its redistributor are not mapped or enabled). Section 5.2. */
int lvgic_msi(struct lvgic_vm *vm, uint32_t its, uint32_t device, uint32_t event);

/* The same as a write to `offset` of the translation frame, as a bus that carries DeviceIDs has it:
 * of 2 or 4 bytes at GITS_TRANSLATER (0x40). Errors also: E_INVALID (another offset or size). */
int lvgic_msi_write(struct lvgic_vm *vm, uint32_t its, uint32_t device, uint32_t offset,
                    uint8_t size, uint32_t value);

/* The guest or a device accesses the GICv2m frame (4 KiB, lvgic_config.v2m_nr): a write of an SPI's
 * INTID to MSI_SETSPI_NS (0x40) is a pulse on it. Any thread; calls back kick or wake. Errors:
 * E_INVALID (NULL), E_NO_DEVICE (no such frame). Server Base System Architecture 3.0, appendix E.
 */
int lvgic_v2m_access(struct lvgic_vm *vm, struct lvgic_access *access);

/* ---- The guest's tables, for live migration; entries are those of KVM's ITS table ABI, revision
 * 0. Any thread, but none of these from a callback: they wait for calls that work on LPIs. They
 * call back read_guest, write_guest, and what lvgic_its_access() does; relax, with vCPU 0, while
 * they wait. To save: lvgic_pause(), lvgic_its_run() until it returns false, the three calls for
 * what there is, the registers, the guest's memory. To restore: the memory, the registers of the
 * redistributors, GITS_CBASER, GITS_BASER<n> and the rest, the tables, GITS_CTLR. */

/* Writes devices, events and collections into the guest's device table, interrupt translation
 * tables and collection table (section 5.2); every other entry of these is cleared. What the guest
 * has no memory for (any more) is left out. An event that MOVALL has moved is saved as one of its
 * collection. Commands that wait are done before, as by lvgic_its_run(). Errors: E_NO_DEVICE (no
 * such ITS), E_INVALID (the host has no write_guest), E_PHASE (that was not enough for them all).
 */
int lvgic_its_save_tables(struct lvgic_vm *vm, uint32_t its);

/* The reverse: all of it, or an error, and nothing is mapped. LPIs get their configuration and
 * pending state now, or when their redistributor is enabled. Calls back event_mapped. Errors:
 * E_NO_DEVICE, E_PHASE (the ITS is enabled, something is mapped, or lvgic_its_run() has more to
 * do), E_INVALID (a number in the tables is out of range, a collection is missing, or a device's
 * table is not in memory), E_EXISTS (a collection or an LPI is there twice), E_FEWER_INTIDS (a
 * configured limit: LPIs, devices, events). */
int lvgic_its_restore_tables(struct lvgic_vm *vm, uint32_t its);

/* Writes which LPIs are pending into the pending tables of the redistributors on which LPIs are
 * enabled (section 5.1.2), the vCPUs being held out of the guest meanwhile, as by lvgic_pause():
 * what a device sends during the call may be in them or not. The LPIs stay pending. As with KVM, a
 * bit stays set that was saved for an LPI which is unmapped, or another redistributor's, by now.
 * What the guest has no memory for is left out. Errors: E_NO_DEVICE (no LPIs), E_INVALID (no
 * write_guest). Not for a thread that acts for a vCPU in the guest. */
int lvgic_save_pending_tables(struct lvgic_vm *vm);

/* Figures for people and tests, since lvgic_vm_init(). Any context. Errors: E_NO_DEVICE, E_INVALID.
 */
struct lvgic_its_stats {
    uint64_t commands;     /* carried out, also those that were in error */
    uint64_t errors;       /* command errors */
    uint32_t last_error;   /* 0x01ccee: command, error; see `lvgic its` */
    uint64_t refused_msis; /* lvgic_msi() that returned E_NO_ENTRY */
    uint64_t limits;       /* errors because a configured limit was reached */
    /* Of the whole VM: how often the holder MAPPED of an LPI slot was set and cleared. */
    uint64_t mapped, unmapped;
};
int lvgic_its_stats(struct lvgic_vm *vm, uint32_t its, struct lvgic_its_stats *stats);

#pragma GCC visibility pop

#endif
