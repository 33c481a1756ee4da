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

#define NR_LPIS 8192
#define SCTLR_NMI BIT(61)

static struct lvgic_vm *vm;
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
static void stop_if_asked(void)
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
    stop_if_asked();
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

static const struct cpuif *cpuif(void)
{
    if (boot.soft)
        return &cpuif_soft;
    return boot.gic == 2 ? &cpuif_gich : &cpuif_ich;
}

/* How many list registers the guest runs with: fewer than there are, if the command line says so.
 */
unsigned vgic_lrs(unsigned *hardware)
{
    struct lvgic_config config;

    cpuif()->caps(&config);
    *hardware = config.nr_lrs;
    return boot.lrs && boot.lrs < *hardware ? boot.lrs : *hardware;
}

/* The boot CPU, once. The VM's memory is what follows the image. */
void vgic_init(void)
{
    lvgic_affinity affinity[MAX_CPUS];
    unsigned hardware;
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
    cpuif()->caps(&config);
    config.nr_lrs = (uint8_t)vgic_lrs(&hardware);
    for (unsigned i = 0; i < boot.nr_cpus; i++)
        affinity[i] = (lvgic_affinity){.mpidr = boot.mpidr[i]};
    size = lvgic_vm_size(&config);
    if (!size || size > boot.hyp_start + HYP_REGION - DTB_LIMIT - (uint64_t)image_end)
        fault("no memory for the virtual GIC");
    must(lvgic_vm_init(image_end, size, &config, &host, NULL, &vm));
    for (unsigned i = 0; i < sizeof(forwarded_spis) / sizeof(forwarded_spis[0]); i++)
        must(lvgic_map_hw(vm, LVGIC_VCPU(0), LVGIC_INTID(forwarded_spis[i]), forwarded_spis[i]));
}

/* Each CPU, once. Timers keep the INTID that they have physically. */
void vgic_cpu_init(struct cpu *cpu)
{
    cpu->vcpu = lvgic_vcpu(vm, LVGIC_VCPU(cpu->index));
    for (unsigned i = 0; i < sizeof(forwarded_ppis) / sizeof(forwarded_ppis[0]); i++)
        must(lvgic_map_hw(vm, LVGIC_VCPU(cpu->index), LVGIC_INTID(forwarded_ppis[i]),
                          forwarded_ppis[i]));
}

/* ---------------------------------------------------------------- a run of the guest */

/* The last thing before the guest. */
void vgic_enter(struct cpu *cpu)
{
    must(lvgic_vcpu_enter(cpu->vcpu));
    cpuif()->load(cpu);
}

/* The first thing after it. */
void vgic_exit(struct cpu *cpu)
{
    cpuif()->save(cpu);
    must(lvgic_vcpu_exit(cpu->vcpu));
}

/* The guest's CPU interface is software and has been used, in its run, which goes on: what has
 * changed of its outputs. */
void vgic_go_on(struct cpu *cpu)
{
    cpuif()->load(cpu);
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

/* Until the next physical interrupt. */
void vgic_wait(struct cpu *cpu)
{
    stop_if_asked();
    gic_wait(cpu);
}

/* Standby: until there is an interrupt that would wake the guest. The virtual interface is given up
 * meanwhile, or a maintenance interrupt that nobody is going to answer would keep the CPU awake. */
void vgic_suspend(struct cpu *cpu)
{
    cpuif()->detach(cpu);
    while (lvgic_vcpu_block(cpu->vcpu))
        vgic_wait(cpu);
    cpuif()->attach(cpu);
}

void vgic_cpu_off(struct cpu *cpu)
{
    cpuif()->detach(cpu);
}

void vgic_cpu_on(struct cpu *cpu)
{
    must(lvgic_vcpu_reset_cpuif(cpu->vcpu));
    cpuif()->attach(cpu);
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
    if (boot.soft && cpu_has_nmi())
        lvgic_vcpu_set_sctlr_nmi(cpu->vcpu, READ_SYSREG(sctlr_el1) & SCTLR_NMI);
    return lvgic_vcpu_sysreg(cpu->vcpu, encoding, write, value) == LVGIC_SYSREG_DONE;
}

/* ---------------------------------------------------------------- the end */

static void print_counters(void)
{
    struct lvgic_stats all = {0};
    struct lvgic_its_stats its;
    uint64_t writes = 0, reads = 0;

    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        struct lvgic_vcpu *vcpu = lvgic_vcpu(vm, LVGIC_VCPU(i));
        struct lvgic_stats one;
        lvgic_vcpu_stats(vcpu, &one);
        all.enters += one.enters;
        all.overflows += one.overflows;
        all.eoicount_replays += one.eoicount_replays;
        writes += lvgic_vcpu_lrs(vcpu)->hw.writes;
        reads += lvgic_vcpu_lrs(vcpu)->hw.reads;
    }
    say("hyp: %lu enters, %lu overflows, %lu EOIcount replays, "
        "%lu list-register writes, %lu reads\n",
        all.enters, all.overflows, all.eoicount_replays, writes, reads);
    if (lvgic_its_stats(vm, 0, &its) == LVGIC_OK)
        say("hyp: ITS: %lu commands, %lu errors; LPIs: %lu mapped, %lu unmapped; "
            "%lu messages, %lu refused\n",
            its.commands, its.errors, its.mapped, its.unmapped,
            atomic_load_explicit(&messages, memory_order_relaxed), its.refused_msis);
}

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
        stop_if_asked();
    lvgic_pause(vm);
    for (unsigned i = 0; i < boot.nr_cpus; i++)
        if (i != cpu->index)
            gic_kick(cpu_at(i));
    while (!all_stopped() && READ_SYSREG(cntpct_el0) < deadline)
        __asm__ volatile("yield");
    if (all_stopped())
        broken = lvgic_check(vm);
    else
        say("hyp: a CPU did not stop within a second; the final check is left out\n");
    print_counters();
    if (broken)
        fault(broken);
}
