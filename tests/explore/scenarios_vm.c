/* SPDX-License-Identifier: MIT */
#include "scenarios_vm.h"

#include <string.h>

struct lvgic_vm *vm;
struct lvgic_vcpu *cpu0, *cpu1, *cpu2;
unsigned delivered[64];

/* One for each number of vCPUs, and one with GICv2. */
#define GICV2 3u
static _Alignas(64) char memory[4][65536];
static char pristine[4][65536];
static size_t made[4];

/* A kick is nothing but its flag here: that it was sent is what the invariants ask for. */
static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    explore_relax();
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    explore_fail("%s", what);
}

static const struct lvgic_host host = {
    .kick = kick, .wake = kick, .relax = relax, .broken = broken};

static void make(unsigned nr_vcpus, unsigned place)
{
    struct lvgic_config config = {
        .nr_vcpus = nr_vcpus, .nr_spis = 32, .gic = place == GICV2 ? 2 : 3};
    size_t size = lvgic_vm_size(&config);

    if (size > sizeof memory[0] || lvgic_vm_init(memory[place], size, &config, &host, NULL, &vm))
        explore_fail("cannot make a VM");
    atomic_store(&vm->gicd_ctlr, 3 | CTLR_DS);
    for (unsigned i = 0; i < nr_vcpus; i++) {
        vm->vcpus[i].lrs.vmcr |= VMCR_VENG0 | VMCR_VENG1;
        icv_set_pmr(&vm->vcpus[i].lrs, 0xff);
    }
    memcpy(pristine[place], memory[place], size);
    made[place] = size;
}

/* A slot whose last holder is gone is nobody's until it is mapped anew. */
static bool is_in_use(uint64_t old, uint64_t w)
{
    return (old & (IRQ_MAPPED | IRQ_INLR)) || (w & IRQ_MAPPED) || w == old;
}

void vm_watch(const struct irq *irq)
{
    explore_watch(&irq->word, is_in_use, "a retired slot is changed");
}

static void set_up(unsigned nr_vcpus, unsigned nr_lrs, unsigned i)
{
    if (!made[i])
        make(nr_vcpus, i);
    memcpy(memory[i], pristine[i], made[i]);
    memset(delivered, 0, sizeof delivered);
    vm = (struct lvgic_vm *)memory[i];
    cpu0 = &vm->vcpus[0];
    cpu1 = nr_vcpus > 1 ? &vm->vcpus[1] : NULL;
    cpu2 = nr_vcpus > 2 ? &vm->vcpus[2] : NULL;
    for (unsigned c = 0; c < nr_vcpus; c++) {
        vm->vcpus[c].lrs.nr = (uint8_t)nr_lrs;
        vm->vcpus[c].lrs.elrsr = (1u << nr_lrs) - 1;
    }
    vm_set_word(IRQ0, IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_GRP1 | UINT64_C(0x80) << 16);
    vm_set_word(IRQ1, IRQ_MAPPED | IRQ_EN | IRQ_EDGE | IRQ_GRP1 | UINT64_C(0x40) << 16);
    vm_watch(vcpu_irq(cpu0, IRQ0));
    vm_watch(vcpu_irq(cpu0, IRQ1));
}

void vm_setup(unsigned nr_vcpus, unsigned nr_lrs)
{
    set_up(nr_vcpus, nr_lrs, nr_vcpus - 1);
}

void vm_setup_gicv2(unsigned nr_lrs)
{
    set_up(8, nr_lrs, GICV2);
}

void vm_set_word(uint32_t slot, uint64_t w)
{
    atomic_store(&vcpu_irq(cpu0, slot)->word, w);
    if (irq_wanted(w))
        deliver_hint(&vm->vcpus[irq_effective(w)], slot);
}

uint64_t vm_word(uint32_t slot)
{
    return atomic_load(&vcpu_irq(cpu0, slot)->word);
}

void event(uint32_t slot, enum irq_event what, uint32_t arg)
{
    deliver_event_now(cpu0, slot, what, arg);
}

void guest_enter(struct lvgic_vcpu *vcpu)
{
    deliver_enter(vcpu);
}

void guest_work(struct lvgic_vcpu *vcpu, bool complete)
{
    uint32_t intid = icv_acknowledge(&vcpu->lrs, true);

    if (intid == INTID_SPURIOUS)
        return;
    delivered[intid % 64]++;
    if (complete)
        icv_end_of_interrupt(&vcpu->lrs, intid, true);
}

void guest_exit(struct lvgic_vcpu *vcpu)
{
    deliver_exit(vcpu);
}

void guest_run(struct lvgic_vcpu *vcpu, unsigned rounds, bool complete, bool stay)
{
    for (unsigned i = 0; i < rounds; i++) {
        guest_enter(vcpu);
        if (explore_rand(4)) /* now and then it takes nothing before it comes out */
            guest_work(vcpu, complete);
        if (!stay || i + 1 < rounds)
            guest_exit(vcpu);
    }
}

static int find_register(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    for (unsigned i = 0; i < vcpu->lrs.nr; i++)
        if ((vcpu->lrs.used & 1u << i) && vcpu->listed[i].slot == slot)
            return (int)i;
    return -1;
}

static bool in_guest(const struct lvgic_vcpu *vcpu)
{
    return atomic_load(&vcpu->mode) == VCPU_IN;
}

static bool waits_privately(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    return vcpu->waiting.slots[slot / 64] & BIT64(slot % 64);
}

static bool has_news(struct lvgic_vcpu *vcpu, uint32_t slot)
{
    return (atomic_load(&vcpu->news_groups) & BIT64(slot / 64)) &&
           (atomic_load(&vcpu->news_slots[slot / 64]) & BIT64(slot % 64));
}

void check_slot(uint32_t slot)
{
    uint64_t w = vm_word(slot);
    unsigned registers = 0;

    for (unsigned i = 0; i < vm->nr_vcpus; i++)
        if (find_register(&vm->vcpus[i], slot) >= 0) {
            registers++;
            explore_check((w & IRQ_INLR) && irq_holder(w) == i); /* I1 */
        }
    explore_check(registers == !!(w & IRQ_INLR));

    if (w & IRQ_INLR) {
        struct lvgic_vcpu *holder = &vm->vcpus[irq_holder(w)];

        /* I4: what the register's holder has to come out for was followed by a kick. */
        if (in_guest(holder) && ((w & (IRQ_PEND | IRQ_CLRP)) || !(w & IRQ_MAPPED) ||
                                 !(w & IRQ_EN) || irq_target(w) != holder->index))
            explore_check(atomic_load(&holder->kicked));
        return;
    }
    if (!irq_wanted(w) || irq_effective(w) == IRQ_NOBODY)
        return;

    struct lvgic_vcpu *eff = &vm->vcpus[irq_effective(w)];

    explore_check(has_news(eff, slot) || waits_privately(eff, slot)); /* I3 */
    /* I4: in the guest, or asleep, only with a kick on its way, or if its registers are full, or it
     * is held back by a group. */
    if (has_news(eff, slot) &&
        (in_guest(eff) || (atomic_load(&eff->mode) == VCPU_BLOCKED && irq_deliverable(w))))
        explore_check(atomic_load(&eff->kicked));
    if (in_guest(eff) && !has_news(eff, slot) && irq_deliverable(w) &&
        (atomic_load(&vm->gicd_ctlr) & 2) && !atomic_load(&eff->kicked))
        explore_check(bits_count(eff->lrs.used) == eff->lrs.nr);
}

void check_end(void)
{
    check_slot(IRQ0);
    check_slot(IRQ1);
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        struct lvgic_vcpu *vcpu = &vm->vcpus[i];

        if (atomic_load(&vcpu->attention) && in_guest(vcpu))
            explore_check(atomic_load(&vcpu->kicked));
        if (!in_guest(vcpu))
            explore_check(!vcpu->lrs.used);
        explore_check(!atomic_load(&vcpu->gate));
    }
}

bool still_pending(uint32_t slot)
{
    uint64_t w = vm_word(slot);

    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        int reg = find_register(&vm->vcpus[i], slot);

        if (reg >= 0 && (vm->vcpus[i].lrs.lr[reg] & LR_PENDING))
            return true;
    }
    return irq_pending(w);
}

void setup_1(void)
{
    vm_setup(1, 1);
}

void setup_2(void)
{
    vm_setup(2, 1);
}

void inject(void)
{
    event(IRQ0, IRQ_EV_PULSE, 0);
}

void inject_other(void)
{
    event(IRQ1, IRQ_EV_PULSE, 0);
}

void run_stay(void)
{
    guest_run(cpu0, 2, true, true);
}

bool is_kicked(void *vcpu)
{
    return atomic_load(&((struct lvgic_vcpu *)vcpu)->kicked);
}
