/* SPDX-License-Identifier: MIT */
/*
 * The reference hypervisor's own interfaces: one section per file. README.md says how an interrupt
 * travels through them.
 */
#ifndef HYP_H
#define HYP_H

/* The machine: QEMU's "virt", and where its hypervisor and guest live. Shared with assembly. */
#define HYP_LOAD_OFFSET 0x07000000 /* from the start of RAM: where the loader puts the image */
#define HYP_REGION 0x02000000      /* the end of RAM, kept by the hypervisor */
#define DTB_LIMIT 0x00200000       /* the size of the largest device tree */
#define MAX_CPUS 8
#define CPU_SIZE 0x4000 /* struct cpu with its stack */
#define FRAME_SIZE 272  /* struct frame, at the top of that stack */
#define PAGE 0x1000

#define GICD_SIZE 0x00010000
#define GICD_V2_SIZE 0x00001000
#define GICR_SIZE 0x00020000 /* per CPU: RD_base and SGI_base */
#define GICC_SIZE 0x00002000
#define GITS_SIZE 0x00020000 /* control and translation frame */
#define UART_BASE 0x09000000
#define RTC_BASE 0x09010000
#define FLASH_BASE 0x00000000 /* of two banks; firmware starts at the first one's first byte */
#define FLASH_BANK 0x04000000 /* the size of each */

/* Why a CPU came back from the guest. */
#define EXIT_SYNC 0
#define EXIT_IRQ 1
#define EXIT_FIQ 2
#define EXIT_SERROR 3

/* EL2 stage 1 on: I, C, M, and the bits that are RES1. */
#define SCTLR_EL2_ON 0x30c51835
#define SCTLR_EL2_OFF 0x30c50830

#ifndef __ASSEMBLER__

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All of the image is linked together: no symbol needs a detour through the GOT. */
#pragma GCC visibility push(hidden)

#define BIT(n) (UINT64_C(1) << (n))
#define FIELD(value, hi, lo) (((value) >> (lo)) & (~UINT64_C(0) >> (63 - (hi) + (lo))))

#define READ_SYSREG(name)                                            \
    ({                                                               \
        uint64_t value_;                                             \
        __asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory"); \
        value_;                                                      \
    })
#define WRITE_SYSREG(name, value) \
    __asm__ volatile("msr " #name ", %x0" ::"rZ"((uint64_t)(value)) : "memory")

static inline void isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")

static inline uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline uint8_t read8(uint64_t address)
{
    return *(volatile uint8_t *)address;
}

static inline void write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline void write8(uint64_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline uint64_t read64(uint64_t address)
{
    return *(volatile uint64_t *)address;
}

static inline void write64(uint64_t address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return align_down(value + alignment - 1, alignment);
}

/* The guest's registers while it is not running. vectors.S knows this layout. */
struct frame {
    uint64_t x[31];
    uint64_t pc;     /* ELR_EL2 */
    uint64_t pstate; /* SPSR_EL2 */
    uint64_t unused; /* keeps the stack aligned to 16 bytes */
};

/* PSCI's states of a CPU; the values are those that AFFINITY_INFO returns. */
enum power { POWER_ON = 0, POWER_OFF = 1, POWER_ON_PENDING = 2 };

struct lvgic_vcpu;

/* One physical CPU and the vCPU that it runs; its stack is the rest of CPU_SIZE bytes. */
struct cpu {
    unsigned index;
    uint64_t mpidr;    /* affinity fields only */
    uint64_t banked;   /* registers of its SGIs and PPIs, laid out as in the distributor */
    uint32_t gic_mask; /* GICv2: its bit in lists of CPUs */
    struct lvgic_vcpu *vcpu;
    atomic_uint power; /* enum power of the vCPU */
    uint64_t entry;    /* where the vCPU starts, and with which x0: written by whoever */
    uint64_t context;  /* moved `power` from OFF to ON_PENDING, before `start` is set */
    atomic_bool start; /* entry and context are there */
    atomic_bool ready; /* this CPU runs in the hypervisor */
};

union cpu_area {
    struct cpu cpu;
    uint8_t stack[CPU_SIZE];
};
extern union cpu_area cpus[MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)READ_SYSREG(tpidr_el2);
}

static inline struct cpu *cpu_at(unsigned index)
{
    return &cpus[index].cpu;
}

#define PCI_RANGES 3 /* I/O, memory below 4 GiB, memory */
struct region {
    uint64_t start, size;
};

/* What the device tree and the command line say. */
struct boot {
    uint64_t dtb;                /* where the loader put it */
    uint64_t guest_dtb;          /* where the guest gets its own */
    uint64_t ram_start, ram_end; /* ram_end: including the hypervisor's region */
    uint64_t hyp_start;          /* first byte of the hypervisor's region */
    uint64_t initrd_start, initrd_end;
    uint64_t kernel; /* where the guest starts */
    bool firmware;   /* lvgic.firmware: the guest is firmware and starts in flash */
    unsigned lrs;    /* 0: as many as there are */
    bool soft;       /* lvgic.hyp.soft: the guest's CPU interface is software, the library's */
    unsigned gic;    /* version of the physical GIC, and of the guest's: 2 or 3 */
    uint64_t gicd;   /* its frames: all have a distributor, */
    uint64_t gicr;   /* GICv3 the redistributors, one CPU's after the other's, */
    uint64_t gicc;   /* GICv2 the CPU interface, */
    uint64_t gich;   /* the control registers of the virtual CPU interface, */
    uint64_t gicv;   /* and that interface; each CPU sees its own */
    uint64_t its;    /* GICv3: an ITS; 0: none, or none for the guest */
    /* Configuration space and windows of the PCI host bridge, for the guest; then size 0. */
    struct region pci[2 + PCI_RANGES];
    unsigned nr_cpus;
    uint64_t mpidr[MAX_CPUS];
    bool trace;      /* lvgic.hyp.trace: a line for each access and call of the guest */
    bool fault;      /* lvgic.hyp.fault: fail at once, to see what becomes of a failure */
    uint64_t period; /* lvgic.hyp.checkpoint: milliseconds between checkpoints; 0: none */
    bool save;       /* lvgic.hyp.save: there is a file for snapshots */
    bool key;        /* lvgic.hyp.key: a key on the console asks for a checkpoint */
};
extern struct boot boot;

/* hyp.lds */
extern char image_start[], image_end[], text_end[], rodata_end[], data_end[];

/* start.S */
void secondary_entry(void);
_Noreturn void move_to(uint64_t entry, uint64_t dtb);

/* vectors.S */
_Noreturn void enter_guest(struct frame *frame);

/* main.c */
_Noreturn void hyp_main(uint64_t dtb);
_Noreturn void hyp_secondary(struct cpu *cpu);

/* cpu.c: what the guest may use of this CPU */
void cpu_open(struct cpu *cpu);
void cpu_reset_el1(void);
bool cpu_has_nmi(void);
void cpu_signal(bool irq, bool fiq, bool nmi);

/* pagetable.c: the tables that EL2's stage 1 and the guest's stage 2 have in common */
void *table_alloc(void);
void table_map(uint64_t *root, uint64_t start, uint64_t end, uint64_t attributes);
void table_map_to(uint64_t *root, uint64_t start, uint64_t end, uint64_t to, uint64_t attributes);
void table_unmap_page(uint64_t *root, uint64_t address);

/* mmu.c: EL2's own address space */
void mmu_prepare(uint64_t dtb);
void mmu_map_ram(uint64_t start, uint64_t end);
void mmu_map_guest(void);
void *guest_memory(uint64_t gpa, uint64_t size);
void cache_clean(const void *start, uint64_t size);

/* stage2.c: the guest's physical address space */
void stage2_init(void);
void stage2_cpu_init(void);
void stage2_show_gicv(bool shown);
bool stage2_has_code(uint64_t ipa);

/* dtb.c */
void dtb_scan(uint64_t dtb);
void dtb_for_guest(void);

/* psci.c */
uint64_t psci_physical(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
uint64_t psci_call(struct cpu *cpu, struct frame *frame);
void psci_wait_for_start(struct cpu *cpu, struct frame *frame);

/* traps.c */
void hyp_trap(struct frame *frame, unsigned reason);
void next_instruction(struct frame *frame);

/* inject.c */
void inject_undefined(struct frame *frame);
void inject_abort(struct frame *frame, uint64_t esr, uint64_t far);

/* mmio.c */
void mmio_abort(struct cpu *cpu, struct frame *frame, uint64_t esr);

/* gic.c: the physical GIC; gic.h has what differs */
enum {
    SGI_KICK = 7,
    PPI_MAINTENANCE = 25,
    PPI_HYP_TIMER = 26,
    PPI_VIRTUAL_TIMER = 27,
    PPI_PHYSICAL_TIMER = 30,
    SPI_UART = 33,
    SPI_RTC = 34,
    SPI_PCI = 35, /* the first of four: PCI's INTA to INTD */
    FIRST_LPI = 8192,
};
#define NR_FORWARDED_PPIS 2u
#define NR_FORWARDED_SPIS 6u
extern const uint32_t forwarded_ppis[NR_FORWARDED_PPIS], forwarded_spis[NR_FORWARDED_SPIS];
void gic_init(void);
void gic_cpu_init(struct cpu *cpu);
void gic_handle(struct cpu *cpu);
void gic_wait(struct cpu *cpu);
void gic_kick(const struct cpu *cpu);
void gic_kick_others(const struct cpu *cpu);
bool gic_pending(const struct cpu *cpu, uint32_t intid);
void gic_deactivate(const struct cpu *cpu, uint32_t intid);
void gic_set_active(const struct cpu *cpu, uint32_t intid, bool active);
unsigned gic_spis(void);

/* its.c: the physical ITS */
void its_init(void);
void its_cpu_init(const struct cpu *cpu, uint64_t gicr);
unsigned its_device_bits(void);
void its_event_mapped(uint32_t device, uint32_t event, bool is_mapped);
bool its_event_of(uint32_t lpi, uint32_t *device, uint32_t *event);

/* The guest's CPU interface, as the glue to the library needs it: the hardware's (gic_v2.c,
 * gic_v3.c), or one in software (cpuif.c). All but `caps` act on this CPU's. */
struct lvgic_config;
struct cpuif {
    void (*caps)(struct lvgic_config *config); /* fills nr_lrs, pri_bits, no_dir_trap, nmi */
    void (*attach)(struct cpu *cpu);
    void (*detach)(struct cpu *cpu);
    void (*load)(struct cpu *cpu);
    void (*save)(struct cpu *cpu);
};
extern const struct cpuif cpuif_ich, cpuif_gich, cpuif_soft;

/* vgic.c: the glue to the library */
struct access {
    uint64_t address;
    uint64_t value;
    unsigned size;
    bool write;
};
void vgic_init(void);
void vgic_cpu_off(struct cpu *cpu);
void vgic_cpu_on(struct cpu *cpu);
void vgic_enter(struct cpu *cpu);
void vgic_exit(struct cpu *cpu);
void vgic_go_on(struct cpu *cpu);
void vgic_suspend(struct cpu *cpu);
void vgic_wait(struct cpu *cpu);
void vgic_forward(struct cpu *cpu, uint32_t intid);
void vgic_message(uint32_t lpi);
bool vgic_mmio(struct cpu *cpu, struct access *access);
bool vgic_sysreg(struct cpu *cpu, uint32_t encoding, bool write, uint64_t *value);
void vgic_stop(struct cpu *cpu);
void vgic_stop_if_asked(void);
unsigned vgic_lrs(unsigned *hardware);
bool vgic_is_soft(void);
void vgic_leave(struct cpu *cpu, bool attached);
void vgic_rebuild(bool other_lrs, bool other_kind, bool to_file);
void vgic_join(struct cpu *cpu, bool attached);

/* checkpoint.c */
void checkpoint_arm(const struct cpu *cpu);
void checkpoint_ask(const struct cpu *cpu, bool file);
void checkpoint_timer(const struct cpu *cpu);
bool checkpoint_if_asked(struct cpu *cpu, bool attached);
void checkpoint_print(void);

/* uart.c: %s %c %u %d %x %lu %lx, nothing else */
void uart_init(void);
bool uart_read(const struct cpu *cpu, struct access *access);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say it the first time only: a guest must not be able to flood the console. */
#define SAY_ONCE(...)                                                        \
    do {                                                                     \
        static atomic_flag said = ATOMIC_FLAG_INIT;                          \
        if (!atomic_flag_test_and_set_explicit(&said, memory_order_relaxed)) \
            say(__VA_ARGS__);                                                \
    } while (0)

/* semihosting.c */
void semihosting_exit(uint64_t status);
bool semihosting_write(const void *data, size_t size);

/* fault.c: the hypervisor cannot go on */
_Noreturn void fault(const char *what);
_Noreturn void fault_exception(const struct frame *frame, unsigned vector);

/* libc.c has what libfdt and the compiler need; declared in <string.h>. */

#pragma GCC visibility pop

#endif
#endif
