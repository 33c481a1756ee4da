/* SPDX-License-Identifier: MIT */
/*
 * From the first line of C to the guest's first instruction.
 */
#include <string.h>

#include "hyp.h"

#include <lvgic/version.h>

#define PSCI_CPU_ON 0xc4000003
#define AFFINITY_MASK UINT64_C(0xff00ffffff)

union cpu_area cpus[MAX_CPUS] __attribute__((aligned(16)));
_Static_assert(sizeof(union cpu_area) == CPU_SIZE, "struct cpu must leave room for a stack");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "vectors.S knows this layout");

struct boot boot;

static bool overlaps(uint64_t start, uint64_t end)
{
    return start < boot.ram_end && end > boot.hyp_start;
}

/* Copies the image to the end of RAM and goes on there, from the beginning. */
static _Noreturn void move_image(void)
{
    uint64_t size = (uint64_t)(data_end - image_start); /* without .bss, which the copy clears */
    uint64_t image_size = (uint64_t)(image_end - image_start);

    if (overlaps((uint64_t)image_start, (uint64_t)image_start + image_size) ||
        overlaps(boot.dtb, boot.dtb + DTB_LIMIT) || overlaps(boot.initrd_start, boot.initrd_end))
        fault("too little memory: the end of RAM is not free for the hypervisor");
    mmu_map_ram(boot.hyp_start, boot.hyp_start + align_up(size, PAGE));
    memcpy((void *)boot.hyp_start, image_start, size);
    cache_clean((void *)boot.hyp_start, size); /* the copy is read with the MMU off */
    move_to(boot.hyp_start, boot.dtb);
}

/* What every CPU does: its own registers, then the guest, or sleep until the guest wants it. */
static _Noreturn void run(struct cpu *cpu)
{
    struct frame *frame = (struct frame *)((uint64_t)cpu + CPU_SIZE - FRAME_SIZE);

    cpu_open(cpu);
    stage2_cpu_init();
    checkpoint_arm(cpu);
    /* Release: whoever sees it sees this CPU's part of the GIC set up. */
    atomic_store_explicit(&cpu->ready, true, memory_order_release);
    psci_wait_for_start(cpu, frame);
    vgic_enter(cpu);
    enter_guest(frame);
}

void hyp_secondary(struct cpu *cpu)
{
    gic_cpu_init(cpu);
    run(cpu);
}

/* All CPUs run in the hypervisor from the beginning, so that the guest's CPU_ON is only a message.
 */
static void start_others(void)
{
    for (unsigned i = 1; i < boot.nr_cpus; i++) {
        struct cpu *cpu = cpu_at(i);
        if (psci_physical(PSCI_CPU_ON, cpu->mpidr, (uint64_t)secondary_entry, (uint64_t)cpu))
            fault("the firmware did not start a CPU");
        while (!atomic_load_explicit(&cpu->ready, memory_order_acquire))
            ;
    }
}

static void describe_cpus(void)
{
    for (unsigned i = 0; i < boot.nr_cpus; i++) {
        struct cpu *cpu = cpu_at(i);
        cpu->index = i;
        cpu->mpidr = boot.mpidr[i];
        atomic_store(&cpu->power, POWER_OFF);
    }
    if (cpu_at(0)->mpidr != (READ_SYSREG(mpidr_el1) & AFFINITY_MASK))
        fault("the CPU that boots is not the first one of the device tree");
}

static void banner(void)
{
    unsigned hardware, lrs = vgic_lrs(&hardware);

    say("hyp: libvgic %s, GICv%u%s, %u CPU%s, %u list register%s (of %u), guest %s at 0x%lx\n",
        LVGIC_VERSION_STRING, boot.gic, boot.soft ? " with a software CPU interface" : "",
        boot.nr_cpus, boot.nr_cpus == 1 ? "" : "s", lrs, lrs == 1 ? "" : "s", hardware,
        boot.firmware ? "firmware" : "kernel", boot.kernel);
    say("hyp: guest memory 0x%lx to 0x%lx, hypervisor above it, device tree at 0x%lx\n",
        boot.ram_start, boot.hyp_start, boot.guest_dtb);
}

/* Runs twice, see start.S. The MMU is on. */
void hyp_main(uint64_t dtb)
{
    struct cpu *cpu = cpu_at(0);

    uart_init();
    dtb_scan(dtb);
    if ((uint64_t)image_start != boot.hyp_start)
        move_image();
    describe_cpus();
    if (!stage2_has_code(boot.kernel) || boot.kernel % 4)
        fault("the command line has no lvgic.kernel=ADDRESS within the guest's memory");

    stage2_init();
    mmu_map_ram((uint64_t)image_end, boot.hyp_start + HYP_REGION);
    mmu_map_guest();
    gic_init();
    gic_cpu_init(cpu);
    vgic_init();
    banner();
    if (boot.fault)
        read32(boot.ram_start); /* the guest's, hence not mapped here */
    dtb_for_guest();
    /* CPUs that start run with their MMU off until they have read how to turn it on. */
    cache_clean(image_start, (uint64_t)(image_end - image_start));
    start_others();

    cpu->entry = boot.kernel;
    cpu->context = boot.guest_dtb;
    atomic_store(&cpu->power, POWER_ON_PENDING);
    atomic_store(&cpu->start, true);
    run(cpu);
}
