/* SPDX-License-Identifier: MIT */
/*
 * What the embedder provides. Read this page before lvgic.h: it is the whole contract.
 *
 * The library never allocates, never takes a lock of the host's, and calls back only through this
 * table, with nothing half-done: every callback may call the library again. An access that needs
 * exactness holds the vCPUs concerned out of the guest while it waits for them; it then calls kick
 * and relax, and nothing else, and these two must not enter a vCPU (lvgic_vcpu_enter() would wait
 * for the thread that it runs on). lvgic_save_pending_tables() holds all vCPUs, and calls
 * read_guest and write_guest meanwhile, which must not enter one either. All other callbacks come
 * when no vCPU is held.
 *
 * Compiler runtime. The freestanding core needs memcpy, memset, memmove and memcmp, as every
 * freestanding C compiler does, and no other symbol. On AArch64 build with -mno-outline-atomics or
 * for Armv8.1, or libgcc's atomic helpers are needed as well.
 *
 * The kick must be sticky. From the moment that lvgic_vcpu_enter() is called until the guest's
 * first instruction, a kick must not be lost: at EL2, keep interrupts masked across that window so
 * that the physical SGI is taken as soon as the guest runs; in a VMM, use an immediate-exit flag
 * that is cleared before lvgic_vcpu_enter() and that the run call looks at.
 *
 * Threads. "The vCPU's thread" is a role: at any moment at most one thread acts for a vCPU, that
 * is, calls lvgic_vcpu_*() for it. Everything else may be called from any thread; the functions
 * marked "any context" also from interrupt and signal handlers, because they never wait.
 */
#ifndef LVGIC_HOST_H
#define LVGIC_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Distinct one-member types: an INTID, a vCPU index and an affinity do not convert to each other.
 */
typedef struct {
    uint32_t n;
} lvgic_intid;
typedef struct {
    uint32_t n;
} lvgic_vcpuid;
typedef struct {
    uint64_t mpidr; /* Aff3 in [39:32], Aff2 in [23:16], Aff1 in [15:8], Aff0 in [7:0] */
} lvgic_affinity;

#define LVGIC_INTID(number) ((lvgic_intid){(number)})
#define LVGIC_VCPU(number) ((lvgic_vcpuid){(number)})

enum lvgic_holder { LVGIC_HOLDER_MAPPED, LVGIC_HOLDER_LIST_REGISTER };

struct lvgic_host {
    /* Make vCPU `v` leave the guest soon (physical SGI, immediate-exit flag, pthread_kill...).
     * Mandatory. May be called from any context in which the library may be called; must not wait
     * for `v`. Called at most once per run of `v`, whatever the number of interrupts. */
    void (*kick)(void *ctx, lvgic_vcpuid v);

    /* `v` sleeps (lvgic_vcpu_block() returned true): make its thread run again. Optional if the
     * host never blocks a vCPU. Same context rules as kick. A wake before the thread really sleeps
     * must not be lost. */
    void (*wake)(void *ctx, lvgic_vcpuid v);

    /* Called repeatedly while a thread waits for vCPU `v`: for it to leave the guest, or, in
     * lvgic_vcpu_enter(), for the gate that holds `v` to open. Spin, yield, or sleep briefly. A
     * single-threaded emulator ends the run of `v` here: lvgic_vcpu_exit(v). Optional: a busy
     * loop is used when absent. */
    void (*relax)(void *ctx, lvgic_vcpuid v);

    /* The guest deactivated a level-sensitive interrupt for which lvgic_set_notify() asked. Time
     * to look at the device again and to lower, or raise anew, its line. Optional. */
    void (*deactivated)(void *ctx, lvgic_vcpuid v, lvgic_intid intid);

    /* Hardware-mapped interrupts only (lvgic_map_hw()); mandatory for hosts that map any.
     * phys_line: is the physical interrupt's line high now? phys_deactivate: deactivate the
     * physical interrupt. Both run on the thread that acts for `v`, or, for accesses through
     * another vCPU or the embedder, on the accessing thread: a physical PPI of another CPU then has
     * to be reached by the host's own means.
     *
     * When the vCPU moves to another physical CPU, the host moves the physical active state of its
     * mapped PPIs: on the old CPU it clears, on the new one it sets, the active state of each PPI
     * for which lvgic_hw_active() says true. */
    bool (*phys_line)(void *ctx, lvgic_vcpuid v, uint32_t pintid);
    void (*phys_deactivate)(void *ctx, lvgic_vcpuid v, uint32_t pintid);

    /* LPIs only (lvgic_config.nr_lpis); read_guest is then mandatory, and without write_guest the
     * library writes nothing. Copy between the library and the guest's memory at guest physical
     * address `gpa`. False: there is no memory there (any more); nothing was copied. Called while
     * an access, lvgic_its_run(), a device attribute or a call that saves, restores or resets is
     * under way, for addresses that the guest chose, never by functions of "any context". May call
     * the library, but nothing that saves, restores, resets, or writes a device attribute of LPIs
     * (its.h, state.h); and wait for what is not the library's. */
    bool (*read_guest)(void *ctx, uint64_t gpa, void *data, uint32_t size);
    bool (*write_guest)(void *ctx, uint64_t gpa, const void *data, uint32_t size);

    /* An access has done as much for ITSs and redistributors as one call may, and something is
     * left, or a snapshot was restored in which something is: call lvgic_its_run() soon, from any
     * thread, until it returns false. Optional: the guest makes it go on whenever it reads
     * GITS_CREADR or GICR_CTLR.RWP. */
    void (*lpi_work)(void *ctx);

    /* ITSs only: the guest has mapped event `event` of device `device` to an LPI of its own on ITS
     * number `its`, or unmapped it, for hosts that map it on a physical ITS: from the one call to
     * the other, lvgic_msi() may find it. Each event's calls alternate, beginning with `mapped`;
     * events that are left are unmapped by lvgic_vm_fini(). Called as read_guest is, and never by
     * two threads at a time for one VM. May call the library, but not lvgic_vm_fini(). Optional. */
    void (*event_mapped)(void *ctx, uint32_t its, uint32_t device, uint32_t event, bool mapped);

    /* Only in builds with LVGIC_DEBUG: one of the two holders of LPI slot `lpi` was set or cleared,
     * for tests that balance them. Any context; must not call the library. Optional. */
    void (*holder)(void *ctx, uint32_t lpi, enum lvgic_holder holder, bool set);

    /* An invariant of the library does not hold (only in builds with LVGIC_DEBUG): a bug in the
     * library or a broken contract. Must not return if the host wants to look at it; when absent,
     * or when it returns, the library goes on. */
    void (*broken)(void *ctx, const char *what);
};

#endif
