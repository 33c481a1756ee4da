/* SPDX-License-Identifier: MIT */
/*
 * A VM that a fuzzer's bytes configure and drive, on one thread: a vCPU that somebody waits for
 * leaves the guest at once (relax). Guest memory is a few pages that repeat over all addresses,
 * some of which have none. world_close() checks what must hold after any input.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "arch/registers.h"
#include "input.h"
#include "lvgic/its.h"
#include "lvgic/lvgic.h"

#define WORLD_CPUS 4u
#define WORLD_PAGES 16u /* of 4 KiB, then they repeat */
#define WORLD_RAM (WORLD_PAGES * 4096u)

struct world {
    struct lvgic_config config;
    struct lvgic_vm *vm;
    struct lvgic_vcpu *cpu[WORLD_CPUS];
    uint32_t last_ack[WORLD_CPUS]; /* what IAR read last, for the EOI after it */
    void *memory;
    uint8_t ram[WORLD_RAM];
    uint16_t holes;      /* bit p: page p is not there */
    uint64_t phys_lines; /* bit n: the physical wires n modulo 64 are high */
    unsigned pauses;     /* lvgic_resume() calls that are owed */
    unsigned copied;     /* guest memory accesses since the last world_bounded() */
    bool work_asked;     /* host->lpi_work was called since the last world_drain() */
    bool lower_wires;    /* `deactivated` lowers the wire, from within the callback */
    int holders[2];
};

/* One access of a guest to its CPU interface. */
static inline uint32_t guest_gicc(struct lvgic_vcpu *cpu, enum gicc_reg reg, bool write,
                                  uint32_t value)
{
    struct lvgic_access access = {
        .offset = gicc_rows[reg].offset, .size = 4, .write = write, .value = value};

    lvgic_gicc_access(cpu, &access);
    return (uint32_t)access.value;
}

static inline uint64_t guest_icc(struct lvgic_vcpu *cpu, enum sysreg reg, bool write,
                                 uint64_t value)
{
    lvgic_vcpu_sysreg(cpu, sysreg_rows[reg].encoding, write, &value);
    return value;
}

/* Stops the program, as a sanitizer would. */
void world_check(bool holds, const char *what);

/* Reads a configuration. gic: 3, then it has LPIs; 0, then also that is as the bytes say. */
struct lvgic_config world_config(struct input *in, unsigned gic);

/* NULL if there is no such VM. */
struct world *world_open(struct input *in, const struct lvgic_config *config);
void world_close(struct world *world);
/* Every interrupt that could be taken is taken; all vCPUs are out. Part of world_close(). */
void world_finish(struct world *world);

/* A CPU interface that lets everything in. */
void world_open_cpuif(struct world *world, struct lvgic_vcpu *cpu);

struct lvgic_vcpu *world_cpu(struct world *world, struct input *in);

/* One access, anywhere or to a register of these rows. */
struct lvgic_access world_access(struct input *in, const struct reg_row *rows, size_t nr);
/* Redistributor, ITS and distributor accesses, as the guest on any vCPU or nobody makes them. */
void world_dist(struct world *world, struct input *in);
void world_redist(struct world *world, struct input *in);
void world_its(struct world *world, struct input *in);
uint32_t world_intid(const struct world *world, struct input *in);

/* An interrupt that the guest configures and enables, and that becomes pending. */
void world_interrupt(struct world *world, struct input *in);
/* Wires: level, pulse, notification, mapping to a physical interrupt. */
void world_wire(struct world *world, struct input *in);
void world_sysreg(struct world *world, struct input *in);
void world_gicc(struct world *world, struct input *in);
/* The guest acknowledges, or completes what it acknowledged last. */
void world_take(struct world *world, struct input *in);
void world_run(struct world *world, struct input *in);
void world_msi(struct world *world, struct input *in);
/* Bytes into guest memory. */
void world_poke(struct world *world, struct input *in);

/* What one call does is bounded: called after each. */
void world_bounded(struct world *world);
/* Calls lvgic_its_run() until nothing is left to do, which must not take more than `most` calls. */
void world_drain(struct world *world, uint32_t most);

#endif
