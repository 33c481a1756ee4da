/* SPDX-License-Identifier: MIT */
/*
 * A guest that does to its GIC, and to whatever is behind it, all that a guest can do. README.md
 * says what has to hold.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "guest.h"

/* Message-based SPIs: IHI 0069, section 12.9. */
#define GICD_SETSPI_NSR 0x0040
#define GICD_CLRSPI_NSR 0x0048

/* Extended SPIs and PPIs, where there are such. The arrays of the former are apart, those of the
 * latter go on after the 32nd interrupt's. */
#define GICD_ICENABLER_E 0x1400
#define GICD_ICPENDR_E 0x1800
#define GICD_ICACTIVER_E 0x1c00
#define GICD_IROUTER_E 0x8000
#define FIRST_EPPI 1056
#define FIRST_ESPI 4096

/* The PL031 real-time clock: with the UART, the only device whose level comes from outside the GIC
 * and which the program can raise and lower (Arm DDI 0224, section 3.2). */
#define RTC_INTID 34
#define RTC_DR 0x09010000ul
#define RTC_MR 0x09010004ul
#define RTC_IMSC 0x09010010ul
#define RTC_ICR 0x0901001cul

#define RAM_BASE 0x40000000ul
#define GIB 0x40000000ul
#define GICD_SIZE 0x10000ul
#define GITS_SIZE 0x20000ul /* the ITS is before the redistributors */

/* Addresses that each CPU maps for itself (map.c); the two halves of the lower 2 GiB are mapped as
 * start.S did, one to one. */
#define WINDOW 0x80000000ul   /* any GiB of the physical address space */
#define BAD_WALK 0xc0000000ul /* its translation table is where no memory is */

/* One per CPU. Only this CPU writes it, but for what says otherwise. */
struct hostile {
    uint64_t table[4] __attribute__((aligned(4096))); /* level 1, with the window */
    uint32_t code[1024] __attribute__((aligned(4096)));
    uint64_t random;
    unsigned id;

    /* Counted since the phase began; also by the handlers, hence volatile. */
    volatile uint64_t accesses, aborts, undefined, interrupts, storms;
    volatile uint64_t misaligned; /* of the aborts: alignment faults, which no hypervisor sees */
    volatile uint64_t beats;      /* grows as the program goes on; since the beginning */
    volatile bool done;           /* with the phase */
    volatile bool expecting;      /* exceptions are recorded and skipped, not fatal */
    volatile bool wild;           /* handlers complete interrupts as they like */
    volatile bool ticking;        /* handlers start the timers again */
    volatile uint64_t address; /* the access that is being made, for the handler to compare with */
    const char *volatile what;
    volatile uint32_t since_step; /* interrupts since the program last went on */

    /* What arrived, for the proof that interrupts still work: a bit for each INTID, and the ticks
     * of both timers. CPU 0 clears these. */
    volatile uint32_t arrived[32], ticks[2];

    /* The first thing that was wrong in this phase. */
    volatile uint32_t wrongs;
    const char *wrong;
    const char *wrong_op;
    uint64_t wrong_address, wrong_value;
};

extern struct hostile hostiles[MAX_CPUS];
extern uint64_t ram_end;   /* of the guest's RAM */
extern bool on_libvgic;    /* and so on the hypervisor: what is not there must abort */
extern unsigned nr_intids; /* SGIs, PPIs and SPIs */
extern unsigned nr_eppis;  /* extended ones, from FIRST_EPPI and FIRST_ESPI */
extern unsigned nr_espis;

/* A phase is a number of steps. All CPUs take the next one until none is left, so that no CPU is
 * idle while others are at it. */
struct phase {
    const char *name;
    void (*step)(struct hostile *h, uint32_t n);
    uint32_t (*prepare)(void);              /* on CPU 0, before; returns how many steps there are */
    void (*prepare_cpu)(struct hostile *h); /* on each CPU; or NULL */
    bool wild;
};
extern const struct phase *current_phase;

static inline struct hostile *me(void)
{
    return &hostiles[this_cpu()->id];
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled".
 */
static inline uint64_t random64(struct hostile *h)
{
    h->random ^= h->random >> 12;
    h->random ^= h->random << 25;
    h->random ^= h->random >> 27;
    return h->random * 0x2545f4914f6cdd1dull;
}

static inline uint32_t below(struct hostile *h, uint32_t limit)
{
    return (uint32_t)((random64(h) >> 32) * limit >> 32);
}

/* main.c */
void wrong(struct hostile *h, const char *what, const char *op, uint64_t address, uint64_t value);
void watch(struct hostile *h);
uint64_t random_value(struct hostile *h);

/* ops.S: all ways to access memory. The first eight are plain ones of 1, 2, 4 and 8 bytes: four
 * loads, four stores. Those before OPS_SYNDROME have a syndrome that a hypervisor can work from;
 * those before OPS_UNALIGNED also when not aligned. From there to OPS_ABORT are those that have
 * none. */
#define OPS_PLAIN 8
#define OPS_UNALIGNED 17
#define OPS_SYNDROME 24
#define OPS_ABORT 66
#define OP_STORE 4
unsigned ops_count(void);
const char *op_name(unsigned op);
uint64_t access_op(struct hostile *h, unsigned op, uint64_t address, uint64_t value);
void call_with_registers(const void *code, uint64_t registers[8]);

/* map.c */
void map_init(struct hostile *h);
uint64_t map_window(struct hostile *h, uint64_t physical, bool device);
void map_bad_walk(struct hostile *h, uint64_t table);
uint64_t find_ram_end(struct hostile *h);
uint64_t find_seed(uint64_t otherwise);

/* code.c: instructions made while running */
#define INSN_RET 0xd65f03c0u
uint32_t insn_sysreg(unsigned encoding, bool write, unsigned reg);
void sync_code(const void *start, unsigned long size);
uint64_t run_code(struct hostile *h, const void *code, uint64_t value);

/* sane.c */
void rtc_raise(void);
void rtc_lower(void);
void start_timers(struct hostile *h);
void reopen(struct hostile *h);
void make_sane(void);
const char *prove_interrupts(void);

/* its.c */
void its_close(void);
const char *prove_lpis(void);

/* The phases. */
uint32_t sweep_prepare(void);
void sweep_step(struct hostile *h, uint32_t n);
uint32_t odd_prepare(void);
void odd_step(struct hostile *h, uint32_t n);
uint32_t storm_prepare(void);
void storm_step(struct hostile *h, uint32_t n);
uint32_t sysreg_prepare(void);
void sysreg_step(struct hostile *h, uint32_t n);
uint32_t call_prepare(void);
void call_prepare_cpu(struct hostile *h);
void call_step(struct hostile *h, uint32_t n);
uint32_t its_prepare(void);
void its_step(struct hostile *h, uint32_t n);
uint32_t space_prepare(void);
void space_step(struct hostile *h, uint32_t n);

#endif
