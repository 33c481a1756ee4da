/* SPDX-License-Identifier: MIT */
/*
 * libvgic: a virtual Arm GIC that any hypervisor, VMM or emulator can link.
 *
 * One core, two ways to show interrupts to a guest: list registers (struct lvgic_lrs,
 * <lvgic/lrs.h>) for EL2 hypervisors, and a software CPU interface over the same struct for
 * everybody else. What the embedder provides, and the contract, is in <lvgic/host.h>.
 *
 * Sections cited are those of the GICv3/v4 architecture, Arm IHI 0069H.
 *
 * Contexts: "any context" means any thread, interrupt handler or signal handler; such a function
 * never waits. "vCPU thread" means the thread that acts for that vCPU now. "any thread" means any
 * thread that may wait for one guest exit, so not an interrupt or signal handler.
 */
#ifndef LVGIC_LVGIC_H
#define LVGIC_LVGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lvgic/errors.h>
#include <lvgic/host.h>
#include <lvgic/lrs.h>
#include <lvgic/version.h>

#pragma GCC visibility push(default)

struct lvgic_vm;   /* one virtual machine's GIC */
struct lvgic_vcpu; /* one vCPU's redistributor and CPU interface */

/* ------------------------------------------------------------------ life of a VM ------------- */

struct lvgic_config {
    /* Limits. GICv2 has five priority bits, and none of nr_espis, nr_eppis, one_of_n, nmi,
     * two_security_states and affinity. */
    uint32_t nr_vcpus; /* 1 to 512; 1 to 8 with GICv2 */
    uint32_t nr_spis;  /* 0 to 960 in steps of 32, or 988: INTIDs 32 to 31 + nr_spis */
    uint32_t nr_espis; /* 0 to 1024 in steps of 32: extended SPIs, INTIDs 4096 up */
    uint32_t nr_eppis; /* 0, 32 or 64: extended PPIs of each vCPU, INTIDs 1056 up */
    uint8_t gic;       /* the architecture that the guest sees: 3, or 2 for GICv2; 0 means 3 */
    uint8_t nr_lrs;    /* 1 to 16 list registers; 0 means 4 */
    uint8_t pri_bits;  /* 5 to 7 implemented priority bits; 0 means 5 */

    /* Options. */
    bool one_of_n; /* offer 1-of-N routing (GICD_TYPER.No1N = 0) */
    bool nmi;      /* offer NMIs (GICD_TYPER.NMI): the PE has FEAT_NMI, and hardware list registers,
                    * where used, FEAT_GICv3_NMI */

    /* Two security states (GICD_CTLR.DS is 0 until a Secure access sets it): the distributor's and
     * redistributors' registers have a Secure and a Non-secure view. The CPU interface is the
     * Non-secure one: Secure interrupts, of group 0 or Secure group 1, are signalled as FIQ, and
     * priorities are as Non-secure software sees them (section 4.8.1). */
    bool two_security_states;

    /* LPIs and ITSs; see its.h. */
    uint32_t nr_lpis;        /* mapped at once, up to 2^20 in all; 0: the guest has no LPIs */
    uint8_t lpi_id_bits;     /* 14 to 24: LPIs are INTIDs 8192 to 2^lpi_id_bits - 1; 0 means 16 */
    uint8_t nr_its;          /* 0 to 8. 0: nr_lpis of each vCPU, 8192 up, set by GICR_SETLPIR */
    uint8_t its_device_bits; /* of a DeviceID, 1 to 20; 0 means 16 */
    uint8_t its_collection_bits; /* of an ICID, 1 to 16; 0 means 16 */
    uint32_t its_devices;        /* mapped at once on each ITS, up to 65535; 0 means 256 */
    uint32_t its_events; /* of the devices mapped on each ITS, 2^Size for each, up to 2^24; 0 means
                            enough for nr_lpis in devices that are full by half, at least 65536 */
    bool its_stall;     /* a command error stalls the queue; otherwise it is skipped, as KVM does */
    uint32_t v2m_first; /* a GICv2m frame for SPIs v2m_first up; */
    uint32_t v2m_nr;    /* 0: no such frame */

    bool no_dir_trap; /* the host cannot trap ICC_DIR_EL1 alone (ICH_VTR_EL2.TDS = 0) */

    /* Identification. 0 means the library's own. */
    uint32_t iidr;      /* GICD_IIDR and GICR_IIDR; in a product 'K' (KVM's) or 'L' (the library's)
                         * the revision selects behaviour: see docs/snapshot.md */
    uint64_t gicd_pidr; /* GICD_PIDR0 in [7:0] to GICD_PIDR7 in [63:56]; PIDR2[7:4], the
                         * architecture revision, must be 3 */
    uint64_t gicr_pidr; /* the redistributors', in the same way */

    /* GICv2 has five priority bits, and none of nr_espis, nr_eppis, one_of_n, affinity, LPIs and
     * ITSs. */

    /* Device attributes (state.h). */
    uint8_t ipa_bits;    /* of a guest-physical address, 32 to 52; 0 means 40 */
    bool kvm_attributes; /* attributes succeed silently where KVM's do; otherwise what is wrong is
                          * an error */

    /* The affinity of each vCPU, all different; NULL means Aff0 = index % 16, Aff1 = index / 16
     * (the numbering that lets ICC_SGI1R_EL1 reach everybody without the range selector). Read
     * during lvgic_vm_init() only. */
    const lvgic_affinity *affinity;
};

/* Bytes of memory that a VM of this configuration needs, a multiple of 64; 0 if the configuration
 * is out of range. Any context. */
size_t lvgic_vm_size(const struct lvgic_config *config);

/* Make a VM's GIC in `memory`, which must be aligned to 64 bytes, of at least lvgic_vm_size()
 * bytes, and stays the library's until lvgic_vm_fini(). `host` must stay valid as long; `ctx` is
 * handed to every callback. Everything is at its reset value (section 12: all interrupts disabled,
 * group 0, level-sensitive SPIs). Calls nothing back.
 * Errors: E_INVALID (configuration, alignment, host without kick, or with LPIs without read_guest,
 * equal affinities), E_NO_MEMORY.
 */
int lvgic_vm_init(void *memory, size_t size, const struct lvgic_config *config,
                  const struct lvgic_host *host, void *ctx, struct lvgic_vm **vm);

/* End of the VM: nobody may act for its vCPUs any more. Unmaps all LPIs. Checks that nothing is
 * held. The memory is
 * the caller's again. Errors: E_PHASE (a vCPU is still in the guest; nothing is changed). */
int lvgic_vm_fini(struct lvgic_vm *vm);

/* vCPU number `v` of the VM, or NULL when there is none. Any context. */
struct lvgic_vcpu *lvgic_vcpu(struct lvgic_vm *vm, lvgic_vcpuid v);

/* ------------------------------------------------------------------ injecting ---------------- */

/* The wire of a PPI (INTID 16-31, of vCPU `v`) or SPI (INTID 32 up; `v` is ignored) is high or low.
 * A level-sensitive interrupt is pending while its wire is high; for an edge-triggered one each
 * call with `high` is an edge. Any context; takes no lock; at most one callback (kick or wake).
 * Errors: E_NO_ENTRY (not a PPI or SPI of this VM), E_NO_DEVICE (no such vCPU).
 * Sections 1.2.1, 4.1. */
int lvgic_set_line(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, bool high);

/* One short pulse on the wire: an edge-triggered interrupt becomes pending, a level-sensitive one
 * forgets the pulse, as it would on a real wire. Arguments, context and errors as
 * lvgic_set_line(). */
int lvgic_pulse(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid);

/* Whether host->deactivated is called when the guest deactivates this PPI or SPI while it is
 * level-sensitive (a resample notification). Any context. Errors as lvgic_set_line(). */
int lvgic_set_notify(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, bool on);

/* ------------------------------------------------------------------ running a vCPU ----------- */

/* Fill the vCPU's list registers and go "in guest". Then load lvgic_vcpu_lrs() and run the guest;
 * see the rule of the sticky kick in host.h. Waits while a gate (lvgic_pause(), an access that
 * needs exactness) holds the vCPU; takes no lock. vCPU thread. Calls back relax, while it waits,
 * and nothing else. Errors: E_PHASE (the vCPU is in the guest already). */
int lvgic_vcpu_enter(struct lvgic_vcpu *vcpu);

/* The guest has stopped and lvgic_vcpu_lrs() holds what the hardware held: fold it into the
 * interrupts' state. After this the vCPU holds no interrupt. vCPU thread. Takes no lock.
 * May call back kick and wake (of other vCPUs), deactivated, phys_line and phys_deactivate, last of
 * all. Errors: E_PHASE (the vCPU is not in the guest). */
int lvgic_vcpu_exit(struct lvgic_vcpu *vcpu);

/* The vCPU's registers, for the loader. vCPU thread, between enter and exit. */
struct lvgic_lrs *lvgic_vcpu_lrs(struct lvgic_vcpu *vcpu);

/* The vCPU wants to sleep (WFI, PSCI CPU_SUSPEND). True: it may; host->wake will be called when
 * there is something for it. False: an interrupt that would wake it is there already. Outside of
 * enter and exit. A later lvgic_vcpu_enter() ends the sleep. vCPU thread. */
bool lvgic_vcpu_block(struct lvgic_vcpu *vcpu);

/* Would an interrupt be signalled to the vCPU now, its masks (PMR, groups, running priority)
 * considered: the WFI wake-up condition (section 4.8.6). Outside of enter and exit. vCPU thread. */
bool lvgic_vcpu_has_interrupt(struct lvgic_vcpu *vcpu);

/* The CPU interface's registers as after a reset of the PE (PSCI CPU_ON). Interrupts that were
 * active stay active, as the architecture leaves them. Outside of enter and exit. vCPU thread.
 * Errors: E_PHASE. */
int lvgic_vcpu_reset_cpuif(struct lvgic_vcpu *vcpu);

/* ------------------------------------------------------------------ the guest's accesses ----- */

/* One access to a frame. offset: bytes from the start of the frame; size: 1, 2, 4 or 8 bytes;
 * value: to be written, or as read; secure: a Secure access, which makes a difference only with two
 * security states. */
struct lvgic_access {
    uint32_t offset;
    uint8_t size;
    bool write;
    uint64_t value;
    bool secure;
};

/* The guest, on vCPU `by`, accesses the distributor frame (64 KiB, section 12.8) or the frames of
 * redistributor `redist` (RD_base then SGI_base, 128 KiB, sections 12.10, 12.11). `by` may be NULL
 * for an access by nobody in particular. With GICv2 the distributor frame has 4 KiB (IHI 0048B
 * 4.3), `by` says whose banked registers are meant and who sends an SGI (NULL: vCPU 0), and there
 * are no redistributors. Any value, offset, size and alignment is fine: what has no
 * register reads as zero and ignores writes. Waits for at most one guest exit of each vCPU whose
 * list registers hold what must be read or changed exactly. Any thread; `by` must be outside of
 * enter and exit. May call back kick, wake, relax, deactivated, phys_*,
 * and for LPIs read_guest, write_guest and lpi_work.
 * Errors: E_INVALID (NULL access, `by` in the guest or of another VM), E_NO_DEVICE (no such
 * redistributor). */
int lvgic_dist_access(struct lvgic_vm *vm, struct lvgic_vcpu *by, struct lvgic_access *access);
int lvgic_redist_access(struct lvgic_vm *vm, struct lvgic_vcpu *by, lvgic_vcpuid redist,
                        struct lvgic_access *access);

/* The guest accesses GICv2's CPU interface (GICC_*, IHI 0048B 4.4; 8 KiB with GICC_DIR at 0x1000),
 * as one without Security Extensions: GICV is the same. A host with the software CPU interface
 * calls it for each access, between enter and exit, as the hardware would act, and looks at
 * lvgic_vcpu_lines() afterwards. A host that gives the guest GICV traps GICC_DIR alone, whose
 * access it passes on outside of enter and exit. Any value, offset, size and alignment is fine:
 * what has no register reads as zero and ignores writes. vCPU thread. Calls back as
 * lvgic_vcpu_enter() and lvgic_vcpu_exit() do. Errors: E_INVALID (NULL, or the VM's GIC is no
 * GICv2). */
int lvgic_gicc_access(struct lvgic_vcpu *vcpu, struct lvgic_access *access);

/* A trapped system-register access. The encoding is built from the trap's fields. */
#define LVGIC_SYSREG(op0, op1, crn, crm, op2)                                     \
    (((uint32_t)(op0) << 14) | ((uint32_t)(op1) << 11) | ((uint32_t)(crn) << 7) | \
     ((uint32_t)(crm) << 3) | (uint32_t)(op2))

enum lvgic_sysreg_result {
    LVGIC_SYSREG_DONE,     /* done; on a read the value is there */
    LVGIC_SYSREG_UNDEF,    /* the architecture says UNDEFINED: inject that exception */
    LVGIC_SYSREG_NOT_MINE, /* not a GIC register */
};

/* The guest reads or writes a GIC system register (ICC_*, section 12.2); with GICv2 there are none,
 * and all of them are UNDEFINED. On an EL2 host these are
 * the few that trap (SGI generation, ICC_DIR_EL1) and the vCPU is outside of enter and exit. A host
 * with the software CPU interface calls it between enter and exit, as the hardware would act, and
 * looks at lvgic_vcpu_lines() afterwards. vCPU thread. Calls back as lvgic_vcpu_enter() and
 * lvgic_vcpu_exit() do. */
enum lvgic_sysreg_result lvgic_vcpu_sysreg(struct lvgic_vcpu *vcpu, uint32_t encoding, bool write,
                                           uint64_t *value);

/* The software CPU interface's outputs: is the IRQ, or the FIQ, input of the PE asserted? Between
 * enter and exit. vCPU thread. Calls nothing back. */
struct lvgic_lines {
    bool irq;
    bool fiq;
    bool nmi; /* irq, and with superpriority (section 4.9) */
};
struct lvgic_lines lvgic_vcpu_lines(struct lvgic_vcpu *vcpu);

/* The guest has set or cleared SCTLR_EL1.NMI: with it, the software CPU interface's ICC_IAR1_EL1
 * leaves NMIs to ICC_NMIAR1_EL1 and reads 1022. Hosts with list registers need not tell. vCPU
 * thread. Calls nothing back. */
void lvgic_vcpu_set_sctlr_nmi(struct lvgic_vcpu *vcpu, bool on);

/* The virtualization registers (ICH_*_EL2, section 12.4) over list registers of the caller's: for a
 * guest hypervisor's own, and for tests. `lrs` starts from lvgic_lrs_init(); after a change of its
 * list registers by this function the software CPU interface's rules apply to it. Registers that do
 * not exist with its number of list registers or priority bits are UNDEFINED. Touches nothing but
 * `lrs`; any context. */
void lvgic_lrs_init(struct lvgic_lrs *lrs, unsigned nr_lrs, unsigned pri_bits);
enum lvgic_sysreg_result lvgic_lrs_access(struct lvgic_lrs *lrs, uint32_t encoding, bool write,
                                          uint64_t *value);

/* ------------------------------------------------------------------ hardware-mapped ---------- */

/* The virtual PPI or SPI stands for physical interrupt `pintid` (16 to 1019): the host forwards the
 * physical interrupt with lvgic_set_line(high) after acknowledging it and dropping its priority,
 * and the guest's deactivation deactivates it, by hardware (LR.HW, section 11.2.1) or by
 * host->phys_deactivate. Any thread, best before the interrupt is enabled.
 * Errors: E_NO_ENTRY, E_NO_DEVICE, E_INVALID (pintid, or a host without phys_*), E_EXISTS (mapped
 * already, or another interrupt of the same vCPU or VM is mapped to this pintid). */
int lvgic_map_hw(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid, uint32_t pintid);

/* It stands for itself again. If the guest owns the physical interrupt, that is deactivated. Waits
 * for one guest exit if it is in a list register. Any thread. Calls back kick, relax,
 * phys_deactivate. Errors: E_NO_ENTRY (no such interrupt, or not mapped), E_NO_DEVICE. */
int lvgic_unmap_hw(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid);

/* Is the physical interrupt behind this mapped PPI or SPI owned by the guest, that is, pending or
 * active there? False for others. Outside of enter and exit. vCPU thread of `v`. */
bool lvgic_hw_active(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid);

/* ------------------------------------------------------------------ the gate ----------------- */

/* Hold every vCPU out of the guest: returns when none is in the guest, and none enters until as
 * many lvgic_resume() calls as lvgic_pause() calls were made. What works on a vCPU's registers
 * (lvgic_vcpu_enter(), _sysreg(), _block(), _has_interrupt(), _reset_cpuif(), lvgic_gicc_access())
 * waits as well, so whoever has paused calls none of these before it resumes. Never fails; waits
 * for one guest exit. Any thread, not one that acts for a vCPU that is in the guest. Calls back
 * kick and relax.
 */
void lvgic_pause(struct lvgic_vm *vm);
void lvgic_resume(struct lvgic_vm *vm);

/* ------------------------------------------------------------------ looking inside ----------- */

/* A copy of one interrupt's state, exact while its vCPU is out of the guest. For PPIs and SGIs,
 * and LPIs of a VM without ITS, `v` says whose; for other LPIs it is any vCPU. Any context. Errors:
 * E_NO_ENTRY, E_NO_DEVICE, E_INVALID. */
struct lvgic_irq_info {
    bool pending, active, enabled, edge, line, group1, hw, nmi;
    bool in_list_register; /* then pending and active are in a list register of `holder` */
    uint8_t priority;
    uint32_t target; /* vCPU index, or UINT32_MAX when its route names nobody */
    uint32_t holder;
};
int lvgic_irq_info(struct lvgic_vm *vm, lvgic_vcpuid v, lvgic_intid intid,
                   struct lvgic_irq_info *info);

/* Counters of one vCPU, since lvgic_vm_init(). They are figures for people and tests. vCPU thread.
 */
struct lvgic_stats {
    uint64_t enters, listed, folded;
    uint64_t overflows;          /* entries with more candidates than registers */
    uint64_t eoicount_replays;   /* deactivations of interrupts outside list registers */
    uint64_t overflow_stack_max; /* deepest overflow stack */
};
void lvgic_vcpu_stats(struct lvgic_vcpu *vcpu, struct lvgic_stats *stats);

/* Check every invariant that can be checked while all vCPUs are out of the guest and no other
 * thread calls the library. Returns NULL, or a constant phrase that names the first one broken. */
const char *lvgic_check(struct lvgic_vm *vm);

#pragma GCC visibility pop

#endif
