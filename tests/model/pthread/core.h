/* SPDX-License-Identifier: MIT */
/*
 * The delivery core as one translation unit of a plain C11 program with POSIX threads, for model
 * checkers that want exactly that: README.md. It is the product's own source. Only the objects are
 * made here, statically and small, instead of by lvgic_vm_init(): each with its own type, and no
 * byte-wise clearing, which a checker would take for thousands of events.
 *
 * Includes source files, so each scenario includes this once.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irq/lpi.c"
#include "irq/slots.c"
#include "irq/vm.c"
#include "irq/word.c"

#include "cpuif/icv.c"

#include "deliver/check.c"
#include "deliver/dir.c"
#include "deliver/effects.c"
#include "deliver/event.c"
#include "deliver/fold.c"
#include "deliver/gate.c"
#include "deliver/list.c"
#include "deliver/one_of_n.c"
#include "deliver/overflow.c"
#include "deliver/run.c"
#include "deliver/waiting.c"

enum { VCPUS = 2, SPIS = 2, SLOTS = NR_PRIVATE + SPIS, ROWS = 1 + 32 };
enum { IRQ0 = NR_PRIVATE, IRQ1 = NR_PRIVATE + 1 }; /* the SPIs */

static struct lvgic_vm vm;
static struct lvgic_vcpu vcpus[VCPUS];
static struct irq spis[SPIS];
static _Atomic uint64_t routes[SPIS];
static _Atomic uint16_t pintids[SPIS];
static struct {
    _Atomic uint64_t news[1];
    uint64_t rows[ROWS];
    uint64_t slots[1];
} hints[VCPUS];

static struct lvgic_vcpu *const cpu0 = &vcpus[0], *const cpu1 = &vcpus[1];

/* What a device stores before it raises its interrupt: plain, so that whoever takes the interrupt
 * has a data race unless the library has ordered him after it. */
static int device_data[SPIS];

static unsigned delivered[VCPUS][SPIS]; /* acknowledged by this vCPU's thread */

/* That it was called is told by the vCPU's own flag. */
static void host_kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

/* Called while somebody waits, in loops that do nothing else: an execution that goes round once
 * more is as good as one in which the wait was over the first time, so a checker may leave it out.
 */
static void host_relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
#ifdef MODEL_CHECKER
    void __VERIFIER_assume(int);

    __VERIFIER_assume(0);
#else
    sched_yield();
#endif
}

/* With LVGIC_DEBUG: an invariant does not hold. */
static void host_broken(void *ctx, const char *what)
{
    (void)ctx;
    assert(!what);
}

static const struct lvgic_host host = {
    .kick = host_kick, .wake = host_kick, .relax = host_relax, .broken = host_broken};

static void make_vcpu(uint32_t i, unsigned nr_lrs)
{
    struct lvgic_vcpu *vcpu = &vcpus[i];

    vcpu->vm = &vm;
    vcpu->index = i;
    vcpu->affinity = i;
    vcpu->news_slots = hints[i].news;
    vcpu->waiting.rows = hints[i].rows;
    vcpu->waiting.slots = hints[i].slots;
    vcpu->lrs.nr = (uint8_t)nr_lrs;
    vcpu->lrs.pri_bits = 5;
    vcpu->lrs.elrsr = (1u << nr_lrs) - 1;
    vcpu->lrs.vmcr = VMCR_VENG0 | VMCR_VENG1;
    icv_set_pmr(&vcpu->lrs, 0xff);
}

/* Two vCPUs; SPIs edge-triggered, enabled, in group 1, to vCPU 0; everything else as it is at rest,
 * that is, zero. */
static void make(unsigned nr_lrs)
{
    vm.host = &host;
    vm.vcpus = vcpus;
    vm.spis = spis;
    vm.routes = routes;
    vm.spi_pintid = pintids;
    vm.nr_vcpus = VCPUS;
    vm.nr_spis = SPIS;
    vm.nr_private = NR_PRIVATE;
    vm.nr_wired = vm.nr_slots = SLOTS;
    vm.nr_groups = vm.group_words = 1;
    vm.pri_bits = 5;
    vm.spi_limit = SPIS;
    vm.gicd_ctlr = CTLR_DS | CTLR_ENABLE_GROUP0 | CTLR_ENABLE_GROUP1;
    make_vcpu(0, nr_lrs);
    make_vcpu(1, nr_lrs);
    spis[0].word = IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_GRP1 | UINT64_C(0x80) << IRQ_PRIO_SHIFT;
    spis[1].word = IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_GRP1 | UINT64_C(0x40) << IRQ_PRIO_SHIFT;
}

/* For a second round of the plain program. */
static inline void unmake(void)
{
    memset(&vm, 0, sizeof vm);
    memset(vcpus, 0, sizeof vcpus);
    memset(spis, 0, sizeof spis);
    memset(hints, 0, sizeof hints);
    memset(device_data, 0, sizeof device_data);
    memset(delivered, 0, sizeof delivered);
}

static inline uint64_t word(uint32_t slot)
{
    return vcpu_irq(cpu0, slot)->word;
}

/* A device: says what it has, and raises its interrupt. */
static inline void device_raises(uint32_t slot)
{
    device_data[slot - NR_PRIVATE] = 1;
    deliver_event_now(cpu0, slot, IRQ_EV_PULSE, 0);
}

/* In the guest: acknowledge what is signalled, look at the device, complete. */
static inline void guest_take(struct lvgic_vcpu *vcpu)
{
    uint32_t intid = icv_acknowledge(&vcpu->lrs, true);

    if (intid == INTID_SPURIOUS)
        return;
    assert(device_data[intid - FIRST_SPI] == 1);
    delivered[vcpu->index][intid - FIRST_SPI]++;
    icv_end_of_interrupt(&vcpu->lrs, intid, true);
}

/* Where an interrupt is, when all threads have ended: in the registers of its holder and nobody
 * else's; and if somebody has to look at it, he knows, and was called if he is in the guest or
 * asleep. */
static inline void check_slot(uint32_t slot)
{
    uint64_t w = word(slot);

    for (unsigned i = 0; i < VCPUS; i++) {
        unsigned listed = 0;

        for (unsigned reg = 0; reg < vcpus[i].lrs.nr; reg++)
            listed += (vcpus[i].lrs.used & 1u << reg) && vcpus[i].listed[reg].slot == slot;
        assert(listed == ((w & IRQ_INLR) && irq_holder(w) == i));
    }
    if (!(w & IRQ_INLR) && irq_wanted(w)) {
        struct lvgic_vcpu *vcpu = &vcpus[irq_effective(w)];
        bool news = vcpu->news_groups && (vcpu->news_slots[0] & BIT64(slot));

        assert(news || (vcpu->waiting.slots[0] & BIT64(slot)));
        if (news && (vcpu->mode == VCPU_IN || vcpu->mode == VCPU_BLOCKED))
            assert(vcpu->kicked);
    }
}

/* Is there anything left to deliver, in the word or in a list register? */
static inline bool pending(uint32_t slot)
{
    uint64_t w = word(slot);
    const struct lvgic_vcpu *holder = &vcpus[irq_holder(w)];

    if (w & IRQ_INLR)
        for (unsigned reg = 0; reg < holder->lrs.nr; reg++)
            if ((holder->lrs.used & 1u << reg) && holder->listed[reg].slot == slot &&
                (holder->lrs.lr[reg] & LR_PENDING))
                return true;
    return irq_pending(w);
}

/* The threads of a scenario, once: all that a model checker wants. */
static void run_threads(void *(*const *threads)(void *), unsigned nr)
{
    pthread_t thread[4];

    for (unsigned i = 0; i < nr; i++)
        pthread_create(&thread[i], NULL, threads[i], NULL);
    for (unsigned i = 0; i < nr; i++)
        pthread_join(thread[i], NULL);
}

#ifdef MODEL_CHECKER
#define SCENARIO(setup, final, ...)                              \
    int main(void)                                               \
    {                                                            \
        static void *(*const threads[])(void *) = {__VA_ARGS__}; \
                                                                 \
        setup();                                                 \
        run_threads(threads, ARRAY_LEN(threads));                \
        final();                                                 \
        return 0;                                                \
    }
#else
/* As a plain program it runs many times: [ROUNDS]. */
#define SCENARIO(setup, final, ...)                                          \
    int main(int argc, char **argv)                                          \
    {                                                                        \
        static void *(*const threads[])(void *) = {__VA_ARGS__};             \
        unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000; \
                                                                             \
        for (unsigned long i = 0; i < rounds; i++) {                         \
            unmake();                                                        \
            setup();                                                         \
            run_threads(threads, ARRAY_LEN(threads));                        \
            final();                                                         \
        }                                                                    \
        printf("%lu rounds\n", rounds);                                      \
        return 0;                                                            \
    }
#endif
