/* SPDX-License-Identifier: MIT */
/*
 * A VM on a desk: a few vCPUs with the software CPU interface, a host that records what it is asked
 * to do, and short names for a guest's accesses. Each test makes its own.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it. */
#include <cmocka.h>

#include "arch/registers.h"
#include "lvgic/lvgic.h"

#define RIG_CPUS 512

struct rig {
    struct lvgic_vm *vm;
    struct lvgic_vcpu *cpu[RIG_CPUS];
    void *memory;
    unsigned kicks[RIG_CPUS], wakes[RIG_CPUS], relaxes;
    unsigned deactivated[1020];
    unsigned phys_deactivated[1020];
    bool phys_line[1020];
    const char *broken;
    /* Guest memory, of VMs with LPIs: at 0x40000000, but nothing from ram_end on. */
    uint8_t *ram;
    uint64_t ram_end;
    unsigned guest_reads, guest_writes, lpi_works;
    int holders[2]; /* set less cleared, by enum lvgic_holder */
    struct {
        unsigned mapped, unmapped; /* calls of event_mapped, and the last one's arguments */
        uint32_t its, device, event;
        bool sends; /* a message is sent from within, of this result, and the library called */
        int status;
    } told;
    bool secure; /* accesses to the frames are Secure */
    /* What relax() does, for tests that wait: end the run of the vCPU that is waited for. */
    bool relax_exits;
};

/* Four vCPUs, 96 SPIs; everything enabled at the distributor, both groups, PMR open. */
struct rig *rig_new(unsigned nr_lrs, unsigned nr_cpus);
/* The same with limits of one's own; ctx and host are the rig's. */
struct rig *rig_with(const struct lvgic_config *config);
/* A GICv2, 96 SPIs; both groups enabled at the distributor and the CPU interfaces, PMR open. */
struct rig *rig_gicv2(unsigned nr_lrs, unsigned nr_cpus);
void rig_free(struct rig *rig);

/* An SPI (or SGI, PPI of the vCPU): enabled, group 1, with this priority, routed to this vCPU. */
void rig_setup(struct rig *rig, unsigned cpu, unsigned intid, bool edge, unsigned priority);

void rig_dist_write(struct rig *rig, unsigned offset, unsigned size, uint64_t value);
uint64_t rig_dist_read(struct rig *rig, unsigned offset, unsigned size);
void rig_redist_write(struct rig *rig, unsigned cpu, unsigned offset, unsigned size,
                      uint64_t value);
uint64_t rig_redist_read(struct rig *rig, unsigned cpu, unsigned offset, unsigned size);

/* One bit of a bit-per-interrupt register array of the distributor or of a redistributor. */
void rig_set_bit(struct rig *rig, unsigned cpu, unsigned array, unsigned intid);
bool rig_get_bit(struct rig *rig, unsigned cpu, unsigned array, unsigned intid);

enum {
    GROUPR = 0x80,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    ICACTIVER = 0x380
};

/* GICv2: the distributor as this vCPU sees it, which must be out of the guest; and its GICC. */
void rig_dist_write_by(struct rig *rig, unsigned cpu, unsigned offset, unsigned size,
                       uint64_t value);
uint64_t rig_dist_read_by(struct rig *rig, unsigned cpu, unsigned offset, unsigned size);
void rig_gicc_write(struct rig *rig, unsigned cpu, enum gicc_reg reg, uint64_t value);
uint64_t rig_gicc_read(struct rig *rig, unsigned cpu, enum gicc_reg reg);

void rig_icc_write(struct rig *rig, unsigned cpu, enum sysreg reg, uint64_t value);
uint64_t rig_icc_read(struct rig *rig, unsigned cpu, enum sysreg reg);

void rig_enter(struct rig *rig, unsigned cpu);
void rig_exit(struct rig *rig, unsigned cpu);
/* Out of the guest and in again, as for a kick. */
void rig_turn(struct rig *rig, unsigned cpu);
unsigned rig_ack(struct rig *rig, unsigned cpu);
void rig_eoi(struct rig *rig, unsigned cpu, unsigned intid);

void rig_pulse(struct rig *rig, unsigned cpu, unsigned intid);
void rig_line(struct rig *rig, unsigned cpu, unsigned intid, bool high);

#endif
