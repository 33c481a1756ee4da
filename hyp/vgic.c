/* SPDX-License-Identifier: MIT */
/*
 * The glue between this hypervisor and the library: everything that an EL2 host has to do is in
 * this file, and in the few lines of gic*.c that it calls.
 */
#include <stdint.h>
#include <string.h>

#include "hyp.h"

#include <lvgic/its.h>
#include <lvgic/lvgic.h>
#include <lvgic/state.h>

#define NR_LPIS 8192
#define SCTLR_NMI BIT(61)

static struct lvgic_vm *vm;
static const struct cpuif *cpuif; /* of the guest's CPUs */
static unsigned lrs_at_start;
static bool rebuilding; /* the guest has not changed anything that is being told */
/* The CPU on which the guest asked for the end of the machine, and how many of the others will not
 * call the library any more. */
static _Atomic(struct cpu *) stopper;
static atomic_uint stopped;
static atomic_ulong messages; /* of devices, as physical LPIs */

/* ---------------------------------------------------------------- what the library asks of us */

/* Waking and kicking are one thing: the SGI ends a guest's run and a WFI in EL2 alike. It is sticky
 * because EL2 runs with interrupts masked. */
static void host_kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    gic_kick(cpu_at(v.n));
}

static bool host_phys_line(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx;
    return gic_pending(cpu_at(v.n), pintid);
}

static void host_phys_deactivate(void *ctx, lvgic_vcpuid v, uint32_t pintid)
{
    (void)ctx;
    gic_deactivate(cpu_at(v.n), pintid);
}

/* When the machine is about to end, the other CPUs stop where they wait. */
void vgic_stop_if_asked(void)
{
    struct cpu *by = atomic_load_explicit(&stopper, memory_order_relaxed);

    if (!by || by == this_cpu())
        return;
    /* Release: what this CPU did to the library's state is seen by whoever counts it. */
    atomic_fetch_add_explicit(&stopped, 1, memory_order_release);
    for (;;)
        __asm__ volatile("wfe");
}

static void host_relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    (void)v;
    vgic_stop_if_asked();
    __asm__ volatile("yield");
}

static bool host_read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    const void *place = guest_memory(gpa, size);

    (void)ctx;
    if (place)
        memcpy(data, place, size);
    return place;
}

static bool host_write_guest(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    void *place = guest_memory(gpa, size);

    (void)ctx;
    if (place)
        memcpy(place, data, size);
    return place;
}

static void host_event_mapped(void *ctx, uint32_t its, uint32_t device, uint32_t event, bool mapped)
{
    (void)ctx;
    (void)its; /* there is one */
    if (!rebuilding)
        its_event_mapped(device, event, mapped);
}

static void host_broken(void *ctx, const char *what)
{
    (void)ctx;
    fault(what);
}

static const struct lvgic_host host = {
    .kick = host_kick,
    .wake = host_kick,
    .relax = host_relax,
    .phys_line = host_phys_line,
    .phys_deactivate = host_phys_deactivate,
    .read_guest = host_read_guest,
    .write_guest = host_write_guest,
    .event_mapped = host_event_mapped,
    .broken = host_broken,
};

static void must(int status)
{
    if (status != LVGIC_OK)
        fault(lvgic_strerror(status));
}

/* ---------------------------------------------------------------- life of the VM */

static const struct cpuif *hardware(void)
{
    return boot.gic == 2 ? &cpuif_gich : &cpuif_ich;
}

bool vgic_is_soft(void)
{
    return cpuif == &cpuif_soft;
}

/* How many list registers the guest starts with: fewer than there are, if the command line says so.
 */
unsigned vgic_lrs(unsigned *all)
{
    struct lvgic_config config;

    cpuif->caps(&config);
    *all = config.nr_lrs;
    return boot.lrs && boot.lrs < *all ? boot.lrs : *all;
}

/* What follows the image is two halves: one for the VM, and one for its snapshot. */
static uint64_t half(void)
{
    return align_down((boot.hyp_start + HYP_REGION - DTB_LIMIT - (uint64_t)image_end) / 2, PAGE);
}

static void map_hw(unsigned v, const uint32_t *intids, size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        must(lvgic_map_hw(vm, LVGIC_VCPU(v), LVGIC_INTID(intids[i]), intids[i]));
}

/* The VM, at its reset value, with at most so many list registers and for the CPU interface that
 * `cpuif` is. Devices and timers keep the INTIDs that they have physically. */
static void build(unsigned lrs)
{
    lvgic_affinity affinity[MAX_CPUS];
    struct lvgic_config config = {
        .nr_vcpus = boot.nr_cpus,
        .nr_spis = gic_spis(),
        .gic = (uint8_t)boot.gic,
        .affinity = boot.gic == 2 ? NULL : affinity, /* a GICv2 counts its CPUs */
    };
    size_t size;

    if (boot.its) {
        config.nr_its = 1;
        config.nr_lpis = NR_LPIS;
        config.its_device_bits = (uint8_t)its_device_bits();
    }
    cpuif->caps(&config);
    if (lrs < config.nr_lrs)
        config.nr_lrs = (uint8_t)lrs;
    for (unsigned i = 0; i < boot.nr_cpus; i++)
        affinity[i] = (lvgic_affinity){.mpidr = boot.mpidr[i]};
    size = lvgic_vm_size(&config);
    if (!size || size > half())
        fault("no memory for the virtual GIC");
    must(lvgic_vm_init(image_end, size, &config, &host, NULL, &vm));
    map_hw(0, forwarded_spis, NR_FORWARDED_SPIS);
    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        cpu_at(i)->vcpu = lvgic_vcpu(vm, LVGIC_VCPU(i));
        map_hw(i, forwarded_ppis, NR_FORWARDED_PPIS);
    }
}

/* The boot CPU, once. */
void vgic_init(void)
{
    unsigned all;

    cpuif = boot.soft ? &cpuif_soft : hardware();
    lrs_at_start = vgic_lrs(&all);
    build(lrs_at_start);
}

/* ---------------------------------------------------------------- a run of the guest */

/* The last thing before the guest. */
void vgic_enter(struct cpu *cpu)
{
    checkpoint_if_asked(cpu, true);
    must(lvgic_vcpu_enter(cpu->vcpu));
    cpuif->load(cpu);
}

/* The first thing after it. */
void vgic_exit(struct cpu *cpu)
{
    cpuif->save(cpu);
    must(lvgic_vcpu_exit(cpu->vcpu));
}

/* The guest's CPU interface is software and has been used, in its run, which goes on: what has
 * changed of its outputs. */
void vgic_go_on(struct cpu *cpu)
{
    cpuif->load(cpu);
}

/* A physical interrupt, acknowledged and with its priority dropped, is the guest's from here on. */
void vgic_forward(struct cpu *cpu, uint32_t intid)
{
    if (lvgic_set_line(vm, LVGIC_VCPU(cpu->index), LVGIC_INTID(intid), true) != LVGIC_OK)
        fault("a physical interrupt that nobody enabled");
}

/* A physical LPI, which is over and done with: the message of a device of the guest's. If its ITS
 * has nobody for it, it is lost, as it would be on the machine. */
void vgic_message(uint32_t lpi)
{
    uint32_t device, event;

    /* Relaxed: a figure. */
    atomic_fetch_add_explicit(&messages, 1, memory_order_relaxed);
    if (its_event_of(lpi, &device, &event))
        lvgic_msi(vm, 0, device, event);
}

/* ---------------------------------------------------------------- sleep, off, on */

/* Until the next physical interrupt, or a checkpoint: the new VM does not know that this vCPU
 * sleeps. The virtual interface has been given up. */
void vgic_wait(struct cpu *cpu)
{
    vgic_stop_if_asked();
    if (!checkpoint_if_asked(cpu, false))
        gic_wait(cpu);
}

/* Standby: until there is an interrupt that would wake the guest. The virtual interface is given up
 * meanwhile, or a maintenance interrupt that nobody is going to answer would keep the CPU awake. */
void vgic_suspend(struct cpu *cpu)
{
    cpuif->detach(cpu);
    while (lvgic_vcpu_block(cpu->vcpu))
        vgic_wait(cpu);
    cpuif->attach(cpu);
}

void vgic_cpu_off(struct cpu *cpu)
{
    cpuif->detach(cpu);
}

void vgic_cpu_on(struct cpu *cpu)
{
    must(lvgic_vcpu_reset_cpuif(cpu->vcpu));
    cpuif->attach(cpu);
}

/* ---------------------------------------------------------------- the guest's accesses */

static bool is_within(uint64_t address, uint64_t start, uint64_t size)
{
    return address >= start && address - start < size;
}

/* Returns false if the address is in no frame of the virtual GIC. */
bool vgic_mmio(struct cpu *cpu, struct access *access)
{
    struct lvgic_access a = {
        .size = (uint8_t)access->size, .write = access->write, .value = access->value};
    uint64_t address = access->address;

    if (is_within(address, boot.gicd, boot.gic == 2 ? GICD_V2_SIZE : GICD_SIZE)) {
        a.offset = (uint32_t)(address - boot.gicd);
        must(lvgic_dist_access(vm, cpu->vcpu, &a));
    } else if (boot.gic == 3 && is_within(address, boot.gicr, GICR_SIZE * boot.nr_cpus)) {
        uint32_t redist = (uint32_t)((address - boot.gicr) / GICR_SIZE);
        a.offset = (uint32_t)((address - boot.gicr) % GICR_SIZE);
        must(lvgic_redist_access(vm, cpu->vcpu, LVGIC_VCPU(redist), &a));
    } else if (boot.its && is_within(address, boot.its, GITS_SIZE)) {
        a.offset = (uint32_t)(address - boot.its);
        must(lvgic_its_access(vm, 0, &a));
    } else if (boot.gic == 2 && is_within(address, boot.gicc, GICC_SIZE)) {
        a.offset = (uint32_t)(address - boot.gicc);
        must(lvgic_gicc_access(cpu->vcpu, &a));
    } else {
        return false;
    }
    access->value = a.value;
    return true;
}

/* Returns false if the register is undefined for the guest. */
bool vgic_sysreg(struct cpu *cpu, uint32_t encoding, bool write, uint64_t *value)
{
    /* What ICC_IAR1_EL1 reads depends on it; the guest may change it without a trap. */
    if (vgic_is_soft() && cpu_has_nmi())
        lvgic_vcpu_set_sctlr_nmi(cpu->vcpu, READ_SYSREG(sctlr_el1) & SCTLR_NMI);
    return lvgic_vcpu_sysreg(cpu->vcpu, encoding, write, value) == LVGIC_SYSREG_DONE;
}

/* ---------------------------------------------------------------- counters */

/* Of all the VMs that there have been. */
static struct lvgic_stats vcpu_sum;
static struct lvgic_its_stats its_sum;
static uint64_t lr_writes, lr_reads;

static void add_counters(void)
{
    struct lvgic_its_stats its;

    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        struct lvgic_vcpu *vcpu = lvgic_vcpu(vm, LVGIC_VCPU(i));
        struct lvgic_stats one;
        lvgic_vcpu_stats(vcpu, &one);
        vcpu_sum.enters += one.enters;
        vcpu_sum.overflows += one.overflows;
        vcpu_sum.eoicount_replays += one.eoicount_replays;
        lr_writes += lvgic_vcpu_lrs(vcpu)->hw.writes;
        lr_reads += lvgic_vcpu_lrs(vcpu)->hw.reads;
    }
    if (lvgic_its_stats(vm, 0, &its) == LVGIC_OK) {
        its_sum.commands += its.commands;
        its_sum.errors += its.errors;
        its_sum.mapped += its.mapped;
        its_sum.unmapped += its.unmapped;
        its_sum.refused_msis += its.refused_msis;
    }
}

static void print_counters(void)
{
    add_counters();
    say("hyp: %lu enters, %lu overflows, %lu EOIcount replays, "
        "%lu list-register writes, %lu reads\n",
        vcpu_sum.enters, vcpu_sum.overflows, vcpu_sum.eoicount_replays, lr_writes, lr_reads);
    if (boot.its)
        say("hyp: ITS: %lu commands, %lu errors; LPIs: %lu mapped, %lu unmapped; "
            "%lu messages, %lu refused\n",
            its_sum.commands, its_sum.errors, its_sum.mapped, its_sum.unmapped,
            atomic_load_explicit(&messages, memory_order_relaxed), its_sum.refused_msis);
    checkpoint_print();
}

/* ---------------------------------------------------------------- checkpoints */

/* This CPU, out of the guest, will not call the library before vgic_join(). */
void vgic_leave(struct cpu *cpu, bool attached)
{
    if (attached)
        cpuif->detach(cpu);
}

/* Nothing of before is relied on: the new VM says which of the physical interrupts the guest has.
 */
static void set_physical(const struct cpu *cpu, const uint32_t *intids, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        gic_set_active(cpu, intids[i], false);
        if (lvgic_hw_active(vm, LVGIC_VCPU(cpu->index), LVGIC_INTID(intids[i])))
            gic_set_active(cpu, intids[i], true);
    }
}

/* And may do so again. All SPIs come to the boot CPU. */
void vgic_join(struct cpu *cpu, bool attached)
{
    set_physical(cpu, forwarded_ppis, NR_FORWARDED_PPIS);
    if (cpu->index == 0)
        set_physical(cpu, forwarded_spis, NR_FORWARDED_SPIS);
    if (attached)
        cpuif->attach(cpu);
}

/* A snapshot, of which the size is returned, and if wanted the file of it. */
static size_t save(void *snapshot, bool to_file)
{
    size_t size;

    must(lvgic_save(vm, snapshot, half(), &size));
    if (to_file && semihosting_write(snapshot, size))
        say("hyp: snapshot of %lu bytes written\n", size);
    else if (to_file)
        say("hyp: the snapshot cannot be written\n");
    return size;
}

/* A VM with that CPU interface can take over: the guest does not see the difference. */
static bool is_alike(const struct cpuif *other)
{
    struct lvgic_config now = {0}, then = {0};

    if (boot.gic == 2 && !boot.gich)
        return false;
    cpuif->caps(&now);
    other->caps(&then);
    return now.pri_bits == then.pri_bits && now.nmi == then.nmi;
}

/* Saved again, with other list registers and another kind of CPU interface, it is the same bytes.
 */
static bool is_saved_as(const void *snapshot, size_t size)
{
    char *again = image_end + half() + (size + 15) / 16 * 16;
    size_t size_again;

    must(lvgic_save(vm, again, (size_t)(image_end + 2 * half() - again), &size_again));
    return size_again == size && memcmp(again, snapshot, size) == 0;
}

/* A new VM takes over from this one; all CPUs have left. With `other_lrs` it has one list register,
 * or if the guest started with one, four; with `other_kind` it has another CPU interface than the
 * guest started with, if possible. With `to_file` there is a file of the snapshot, too. */
void vgic_rebuild(bool other_lrs, bool other_kind, bool to_file)
{
    const struct cpuif *next = other_kind != boot.soft ? &cpuif_soft : hardware();
    void *snapshot = image_end + half();
    size_t size = save(snapshot, to_file && boot.save);
    bool was_soft = vgic_is_soft();
    unsigned lrs = lrs_at_start;
    struct lvgic_its_stats its;
    const char *broken;

    add_counters();
    rebuilding = true;
    must(lvgic_vm_fini(vm));
    if (other_lrs)
        lrs = lrs == 1 ? 4 : 1;
    if (is_alike(next))
        cpuif = next;
    if (boot.gic == 2 && vgic_is_soft() != was_soft)
        stage2_show_gicv(was_soft);
    build(lrs);
    must(lvgic_restore(vm, snapshot, size));
    rebuilding = false;
    if (lvgic_its_stats(vm, 0, &its) == LVGIC_OK)
        its_sum.mapped -= its.mapped; /* again, and not by the guest */
    if (!is_saved_as(snapshot, size))
        fault("what was restored is saved differently");
    broken = lvgic_check(vm);
    if (broken)
        fault(broken);
}

/* ---------------------------------------------------------------- the end */

static bool all_stopped(void)
{
    /* Acquire: what those CPUs did last is seen by the check. */
    return atomic_load_explicit(&stopped, memory_order_acquire) == boot.nr_cpus - 1;
}

/* Holds the other CPUs out of the guest and of the library, which takes them a moment, then looks
 * whether the library is sound, and sums up. */
void vgic_stop(struct cpu *cpu)
{
    uint64_t deadline = READ_SYSREG(cntpct_el0) + READ_SYSREG(cntfrq_el0);
    struct cpu *nobody = NULL;
    const char *broken = NULL;

    if (!atomic_compare_exchange_strong(&stopper, &nobody, cpu))
        vgic_stop_if_asked();
    lvgic_pause(vm);
    gic_kick_others(cpu);
    while (!all_stopped() && READ_SYSREG(cntpct_el0) < deadline)
        __asm__ volatile("yield");
    if (all_stopped()) {
        broken = lvgic_check(vm);
        if (boot.save)
            save(image_end + half(), true);
    } else {
        say("hyp: a CPU did not stop within a second; the final check is left out\n");
    }
    print_counters();
    if (broken)
        fault(broken);
}
