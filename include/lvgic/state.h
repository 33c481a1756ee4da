/* SPDX-License-Identifier: MIT */
/*
 * The state of a VM's GIC, for those who move it: KVM's device attributes, and a snapshot.
 *
 * None of these functions fails because a vCPU is running. What a running vCPU knows better is held
 * out of the guest for the time of the access: each call waits for at most one guest exit. Errors
 * are about the argument, or about a phase of the VM's life that does not depend on timing.
 *
 * "any thread" is a thread that may wait, and does not act for a vCPU that is in the guest. While
 * such a call waits it calls back kick and relax; afterwards wake. No other callback is made: what
 * is written here is state, and no event that a device or a physical interrupt would notice. What
 * concerns LPIs (GICR_CTLR.EnableLPIs, ITSs, and snapshots of a VM that has them) also waits for
 * calls that work on LPIs, so it never comes from their callbacks, and calls back what these do.
 */
#ifndef LVGIC_STATE_H
#define LVGIC_STATE_H

#include <lvgic/lvgic.h>

#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ device attributes -------- */

/* Groups, with KVM's numbers and encodings (Linux, Documentation/virt/kvm/devices/arm-vgic*.rst):
 * name, number, bits of a value, GIC versions, what the attribute is. */
#define LVGIC_ATTR_GROUPS(X)                                                                     \
    X(ADDR, 0, 64, "2 3", "where the frames are in guest memory (enum lvgic_attr_addr)")         \
    X(DIST_REGS, 1, 32, "2 3", "distributor; attr [31:0] offset, [39:32] vCPU index with GICv2") \
    X(CPU_REGS, 2, 32, "2", "GICv2's CPU interface; attr [31:0] offset, [39:32] vCPU index")     \
    X(NR_IRQS, 3, 32, "2 3", "number of interrupts, with the 32 private ones")                   \
    X(CTRL, 4, 0, "2 3", "actions (enum lvgic_attr_ctrl)")                                       \
    X(REDIST_REGS, 5, 32, "3", "redistributor; attr [31:0] offset, [63:32] affinity")            \
    X(CPU_SYSREGS, 6, 64, "3", "CPU interface; attr [15:0] LVGIC_SYSREG(), [63:32] affinity")    \
    X(LEVEL_INFO, 7, 32, "3", "wires; attr [9:0] first INTID, [31:10] 0, [63:32] affinity")      \
    X(MAINT_IRQ, 9, 32, "3", "INTID of a guest hypervisor's maintenance interrupt")

enum lvgic_attr_group {
#define LVGIC_ATTR_ENUM(name, number, bits, gics, what) LVGIC_ATTR_##name = (number),
    LVGIC_ATTR_GROUPS(LVGIC_ATTR_ENUM)
#undef LVGIC_ATTR_ENUM
};

/* Those of an ITS, which is a device of its own (arm-vgic-its): name, number, bits
 * of a value, what the attribute is. */
#define LVGIC_ITS_ATTR_GROUPS(X)                                                 \
    X(ADDR, 0, 64, "where its frames are in guest memory (LVGIC_ATTR_ADDR_ITS)") \
    X(CTRL, 4, 0, "actions (enum lvgic_attr_ctrl)")                              \
    X(ITS_REGS, 8, 64, "control frame; attr: offset; registers of 64 bits whole")

enum lvgic_its_attr_group {
#define LVGIC_ITS_ATTR_ENUM(name, number, bits, what) LVGIC_ITS_ATTR_##name = (number),
    LVGIC_ITS_ATTR_GROUPS(LVGIC_ITS_ATTR_ENUM)
#undef LVGIC_ITS_ATTR_ENUM
};

/* Attributes of ADDR. REDIST_REGION: count [63:52], base [51:16], flags [15:12] 0, index [11:0];
 * to read it put the index into the value. */
enum lvgic_attr_addr {
    LVGIC_ATTR_ADDR_V2_DIST = 0,
    LVGIC_ATTR_ADDR_V2_CPU = 1,
    LVGIC_ATTR_ADDR_V3_DIST = 2,
    LVGIC_ATTR_ADDR_V3_REDIST = 3,
    LVGIC_ATTR_ADDR_ITS = 4, /* of an ITS */
    LVGIC_ATTR_ADDR_V3_REDIST_REGION = 5,
};

/* Attributes of CTRL. */
enum lvgic_attr_ctrl {
    LVGIC_ATTR_CTRL_INIT = 0, /* the configuration is complete; as the first run of a vCPU does */
    LVGIC_ATTR_CTRL_ITS_SAVE_TABLES = 1,     /* lvgic_its_save_tables() */
    LVGIC_ATTR_CTRL_ITS_RESTORE_TABLES = 2,  /* lvgic_its_restore_tables() */
    LVGIC_ATTR_CTRL_SAVE_PENDING_TABLES = 3, /* lvgic_save_pending_tables() */
    LVGIC_ATTR_CTRL_ITS_RESET = 4,           /* all but its address; what was mapped is unmapped */
};

/* Affinity as attributes have it, Aff3.Aff2.Aff1.Aff0 in [63:32], for REDIST_REGS and so on. */
#define LVGIC_ATTR_AFFINITY(mpidr)                                                             \
    (((uint64_t)(mpidr) >> 32 & UINT64_C(0xff)) << 56 | ((uint64_t)(mpidr)&UINT64_C(0xffffff)) \
                                                            << 32)

/* Is there such an attribute? Any context. Errors: E_NO_DEVICE (no such group, register or
 * attribute), E_INVALID (no such vCPU). */
int lvgic_attr_has(struct lvgic_vm *vm, uint32_t group, uint64_t attr);

/* Read or write one. The VMM's view of a register differs from the guest's where docs/registers.md
 * says so: GICD_ISPENDR is the latch without the wire, written with 1 and 0; GICD_ICPENDR is
 * RAZ/WI (with GICv2 both are as the guest's); GICD_STATUSR is written verbatim; GICD_IIDR's
 * revision selects behaviour; GICR_PROPBASER and GICR_PENDBASER are stored also while LPIs are
 * enabled, and GICR_CTLR.EnableLPIs changes at once. All of them work in any order and at any time,
 * before the first vCPU runs and while all of them do, but for those with a phase:
 *
 * - ADDR: each once, any time
 * - NR_IRQS: once, before CTRL INIT and the first run; at most what lvgic_vm_init() was given
 * - MAINT_IRQ: before CTRL INIT and the first run
 *
 * Addresses are recorded for the VMM that asks for them; accesses reach the library by
 * lvgic_dist_access() and so on, whatever they are.
 * Redistributors belong to vCPUs in the order of their indices, whatever the order of calls;
 * GICR_TYPER.Last follows the regions.
 *
 * What is written of a mapped interrupt is about the guest alone. Before any vCPU enters again,
 * make the physical active state that of lvgic_hw_active(), as after lvgic_restore().
 *
 * With lvgic_config.kvm_attributes they succeed where KVM's do: reads of registers that do not
 * exist are 0, writes of those and of read-only ones are ignored, and with GICv3 registers other
 * than GICD_IIDR and GICD_TYPER2 want CTRL INIT first (E_PHASE, KVM's -EBUSY). Any thread.
 *
 * Errors: E_NO_DEVICE (no such group, register or attribute), E_INVALID (no such vCPU; a value that
 * does not fit: a misaligned or overlapping address, a read-only register's other value),
 * E_NO_ENTRY (an address, or region, that was not set), E_EXISTS (it was), E_TOO_BIG (an address
 * beyond ipa_bits), E_NO_MEMORY (more regions than vCPUs), E_PHASE. */
int lvgic_attr_get(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t *value);
int lvgic_attr_set(struct lvgic_vm *vm, uint32_t group, uint64_t attr, uint64_t value);

/* The same of ITS number `its`. Registers may be written in any order, enabled or not, with
 * RESTORE_TABLES after GITS_BASER<n>; but if commands wait in the queue, GITS_CTLR comes last: when
 * it is written they are begun. GICR_PROPBASER, GICR_PENDBASER and GICR_CTLR may come before or
 * after; if the first two are written when LPIs are enabled already, what that takes is left to
 * lvgic_its_run(). What maps or unmaps waits for calls that work on LPIs, as those of its.h that
 * save tables do, and so never from their callbacks; it calls back what these do.
 *
 * Errors as above, and: E_NO_DEVICE (no such ITS; with kvm_attributes also registers of one without
 * an address), E_INVALID (an offset that is not a register's), and those of the calls that CTRL
 * stands for. */
int lvgic_its_attr_has(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr);
int lvgic_its_attr_get(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr,
                       uint64_t *value);
int lvgic_its_attr_set(struct lvgic_vm *vm, uint32_t its, uint32_t group, uint64_t attr,
                       uint64_t value);

/* ------------------------------------------------------------------ reset of one vCPU -------- */

/* The vCPU's private interrupts, redistributor and CPU interface as after a reset; wires stay as
 * they are driven, and SPIs that are active on it stay so. The others run on. A forwarded physical
 * interrupt that the guest does not own any more is deactivated: calls back phys_deactivate too.
 * LPIs are disabled, and their tables forgotten: with LPIs the call waits as lvgic_save() does. Any
 * thread; `v`'s own only outside of enter and exit. Errors: E_NO_DEVICE. */
int lvgic_vcpu_reset(struct lvgic_vm *vm, lvgic_vcpuid v);

/* ------------------------------------------------------------------ snapshot ----------------- */

/* Bytes that a snapshot of this VM never exceeds. Any context. */
size_t lvgic_save_size(const struct lvgic_vm *vm);

/* Write a snapshot of the VM's GIC (docs/snapshot.md) into `buffer`; *used: how many bytes it has.
 * Holds all vCPUs out of the guest meanwhile. For a snapshot that goes with the vCPUs' registers
 * and the guest's memory stop their threads first, so that no access of theirs is half done. Any
 * thread, with LPIs not from a callback of lvgic_its_access() and its like: waits for these. What
 * they ask for meanwhile is begun afterwards, with their callbacks; nothing else is. Errors:
 * E_NO_MEMORY (size is less than lvgic_save_size()), E_INVALID. */
int lvgic_save(struct lvgic_vm *vm, void *buffer, size_t size, size_t *used);

/* Replace the state of the VM's GIC by that of a snapshot: all of it, or, with an error, nothing.
 * The VM may have other list registers, or another kind of CPU interface, more priority bits, more
 * interrupts. Holds all vCPUs out of the guest meanwhile; `buffer` must not change. What belongs to
 * the host stays the VM's own: notifications, physical INTIDs, and what the guest's PE has in
 * SCTLR_EL1.NMI. Afterwards, before any vCPU enters, make the physical active state of mapped
 * interrupts that of lvgic_hw_active(), as for a vCPU that moves (host.h). Any thread.
 *
 * With LPIs it waits as lvgic_save() does, and calls back event_mapped for what was mapped before
 * and for what is mapped now. The guest's memory is not touched. What the guest has asked for and
 * was not done when the snapshot was made (commands in a queue, tables to be read) is not begun:
 * there is a call of lpi_work, and once the guest's memory is there, lvgic_its_run() goes on.
 * Errors: E_FORMAT (damaged, or no snapshot), E_UNKNOWN (a required record or version that this
 * library does not know), E_OTHER_GIC, E_OTHER_VCPUS, E_FEWER_INTIDS, E_FEWER_PRIORITIES,
 * E_OTHER_OPTIONS, E_OTHER_MAPPING, E_OTHER_ADDRESSES, E_INVALID. */
int lvgic_restore(struct lvgic_vm *vm, const void *buffer, size_t size);

#pragma GCC visibility pop

#endif
