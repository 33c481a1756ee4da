/* SPDX-License-Identifier: MIT */
#include "irq/vm.h"

#include "irq/slots.h"

struct event_step {
    uint32_t gen;
    uint64_t require;
    enum irq_event event;
    uint32_t arg;
};

static bool event_step(uint64_t old, void *arg, uint64_t *new)
{
    const struct event_step *step = arg;

    if (!(old & IRQ_MAPPED) || irq_gen(old) != step->gen || (step->require & ~old))
        return false;
    *new = irq_apply(old, step->event, step->arg);
    return true;
}

struct irq_change irq_change_event(struct irq *irq, uint32_t gen, uint64_t require,
                                   enum irq_event event, uint32_t arg)
{
    struct event_step step = {.gen = gen, .require = require, .event = event, .arg = arg};

    return irq_change(irq, event_step, &step);
}

struct lvgic_vcpu *vm_find_affinity(const struct lvgic_vm *vm, uint64_t affinity)
{
    uint32_t low = 0, high = vm->nr_vcpus;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        struct lvgic_vcpu *vcpu = &vm->vcpus[vm->by_affinity[middle]];

        if (vcpu->affinity == affinity)
            return vcpu;
        if (vcpu->affinity < affinity)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

uint32_t vm_route_target(const struct lvgic_vm *vm, uint64_t route)
{
    const struct lvgic_vcpu *vcpu;

    if (vm->gicv2 && vm->nr_vcpus == 1) /* targets are RAZ/WI */
        return 0;
    if (vm->gicv2)
        return route ? bits_first(route) : IRQ_NOBODY;
    vcpu = vm_find_affinity(vm, route);
    return vcpu ? vcpu->index : IRQ_NOBODY;
}

/* Insertion sort: it runs once, and embedders list their vCPUs in order. Returns false if two are
 * equal. */
bool vm_sort_affinities(struct lvgic_vm *vm)
{
    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        uint32_t place = i;

        while (place > 0) {
            uint64_t below = vm->vcpus[vm->by_affinity[place - 1]].affinity;

            if (below == vm->vcpus[i].affinity)
                return false;
            if (below < vm->vcpus[i].affinity)
                break;
            vm->by_affinity[place] = vm->by_affinity[place - 1];
            place--;
        }
        vm->by_affinity[place] = (uint16_t)i;
    }
    return true;
}

/* Nothing of one's own, or this architecture revision in PIDR2[7:4]. */
static bool pidr_valid(uint64_t pidr, unsigned revision)
{
    return !pidr || bits_get(pidr, 23, 20) == revision;
}

static bool fits_gicv3(const struct lvgic_config *config)
{
    return pidr_valid(config->gicd_pidr, 3) && pidr_valid(config->gicr_pidr, 3);
}

/* GICv2 numbers its CPUs in eight bits, and its list registers have five bits of priority. */
static bool fits_gicv2(const struct lvgic_config *config)
{
    return config->nr_vcpus <= MAX_VCPUS_GICV2 && !config->nr_espis && !config->nr_eppis &&
           !config->one_of_n && !config->nmi && !config->two_security_states && !config->affinity &&
           !config->nr_lpis && (config->pri_bits == 0 || config->pri_bits == 5) &&
           pidr_valid(config->gicd_pidr, 2);
}

bool vm_config_valid(const struct lvgic_config *config)
{
    bool spis =
        config->nr_spis == MAX_SPIS || (config->nr_spis <= 960 && config->nr_spis % 32 == 0);

    bool extended = config->nr_espis <= MAX_ESPIS && config->nr_espis % 32 == 0 &&
                    config->nr_eppis <= MAX_EPPIS && config->nr_eppis % 32 == 0;

    /* INTIDs of SPIs that the GICv2m frame offers. */
    bool v2m =
        !config->v2m_nr || (config->v2m_first >= FIRST_SPI && config->v2m_nr <= MAX_SPIS &&
                            config->v2m_first < FIRST_SPI + config->nr_spis &&
                            config->v2m_nr <= FIRST_SPI + config->nr_spis - config->v2m_first);

    if (config->gic != 0 && config->gic != 3 && config->gic != 2)
        return false;
    if (config->gic == 2 ? !fits_gicv2(config) : !fits_gicv3(config))
        return false;
    /* Without groups there is nothing to tell the security states apart. */
    if (config->two_security_states && config->iidr && iidr_revision(config->iidr) == 1)
        return false;
    if (config->ipa_bits && (config->ipa_bits < 32 || config->ipa_bits > 52))
        return false;
    return config->nr_vcpus >= 1 && config->nr_vcpus <= MAX_VCPUS && spis && extended && v2m &&
           lpi_config_valid(config) && config->nr_lrs <= LVGIC_MAX_LRS &&
           (config->pri_bits == 0 || (config->pri_bits >= 5 && config->pri_bits <= 7));
}

void *vm_take(char *memory, size_t *used, size_t bytes)
{
    void *place = memory ? memory + *used : NULL;

    *used += align_up(bytes, CACHE_LINE);
    return place;
}

/* One routine both counts and places, so that the two cannot disagree: with `memory` NULL it only
 * says how many bytes are needed. `vm` receives the derived limits in both cases. */
size_t vm_layout(struct lvgic_vm *vm, const struct lvgic_config *config, void *memory)
{
    size_t used = 0;

    vm->gicv2 = config->gic == 2;
    vm->nr_vcpus = config->nr_vcpus;
    vm->nr_spis = config->nr_spis;
    vm->pri_bits = config->pri_bits ? config->pri_bits : 5;
    vm->nr_espis = config->nr_espis;
    vm->nr_eppis = config->nr_eppis;
    vm->nr_private = NR_PRIVATE + vm->nr_eppis;
    vm->nr_wired = vm->nr_private + vm->nr_spis + vm->nr_espis;
    lpi_limits(vm, config);
    vm->nr_slots = vm->nr_wired + vm->lpis.nr;
    vm->nr_groups = (vm->nr_slots + 63) / 64;
    vm->group_words = (vm->nr_groups + 63) / 64;
    vm->news_shift = 0;
    while ((vm->nr_groups - 1) >> vm->news_shift >= 64)
        vm->news_shift++;

    size_t row_words = (size_t)vm->group_words * vm_nr_rows(vm);
    size_t nr_shared = vm->nr_spis + vm->nr_espis;

    vm_take(memory, &used, sizeof(struct lvgic_vm));
    vm->vcpus = vm_take(memory, &used, sizeof(struct lvgic_vcpu) * vm->nr_vcpus);
    vm->spis = vm_take(memory, &used, sizeof(struct irq) * (nr_shared + vm->lpis.nr));
    vm->routes = vm_take(memory, &used, sizeof(uint64_t) * nr_shared);
    vm->spi_pintid = vm_take(memory, &used, sizeof(uint16_t) * nr_shared);
    vm->spi_nsacr = vm_take(memory, &used, sizeof(uint8_t) * nr_shared);
    vm->by_affinity = vm_take(memory, &used, sizeof(uint16_t) * vm->nr_vcpus);
    vm->setup.regions = vm_take(memory, &used, sizeof(struct vm_region) * vm->nr_vcpus);

    for (uint32_t i = 0; i < vm->nr_vcpus; i++) {
        void *news_slots = vm_take(memory, &used, sizeof(uint64_t) * vm->nr_groups);
        void *rows = vm_take(memory, &used, sizeof(uint64_t) * row_words);
        void *slots = vm_take(memory, &used, sizeof(uint64_t) * vm->nr_groups);

        if (!memory)
            continue;
        vm->vcpus[i].news_slots = news_slots;
        vm->vcpus[i].waiting.rows = rows;
        vm->vcpus[i].waiting.slots = slots;
    }
    lpi_layout(vm, memory, &used);
    return used;
}

/* Reset values, section 12.9: everything disabled, group 0, priority 0; SGIs are edge-triggered and
 * PPIs and SPIs level-sensitive; SPIs are routed to affinity 0.0.0.0, if there is such a vCPU.
 * With GICv2 (IHI 0048B 4.3) SGIs have sources and are always enabled, and SPIs have no target,
 * but on the only vCPU there is. */
uint64_t vm_reset_word(const struct lvgic_vm *vm, uint32_t slot, uint32_t vcpu)
{
    uint64_t group = vm_groups_fixed(vm) && !vm->gicv2 ? IRQ_GRP1 : 0, flags = IRQ_MAPPED | group;
    uint32_t target = slot_is_private(vm, slot) ? vcpu : vm_route_target(vm, 0);

    if (slot_is_sgi(slot))
        flags |= vm->gicv2 ? IRQ_EDGE | IRQ_SRC | IRQ_EN : IRQ_EDGE;
    return flags | (uint64_t)target << IRQ_TARGET_SHIFT;
}

void vm_reset_irqs(struct lvgic_vm *vm)
{
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        for (uint32_t slot = 0; slot < vm->nr_private; slot++)
            atomic_init(&vm->vcpus[v].private_irqs[slot].word, vm_reset_word(vm, slot, v));
    for (uint32_t slot = vm->nr_private; slot < vm->nr_wired; slot++)
        atomic_init(&vm->spis[slot - vm->nr_private].word, vm_reset_word(vm, slot, 0));
    lpi_reset(vm);
}
