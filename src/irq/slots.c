/* SPDX-License-Identifier: MIT */
#include "irq/slots.h"

bool lpi_config_valid(const struct lvgic_config *config)
{
    uint32_t bits = config->lpi_id_bits ? config->lpi_id_bits : 16;
    uint64_t slots = (uint64_t)config->nr_lpis * (config->nr_its ? 1 : config->nr_vcpus);

    return slots <= MAX_LPI_SLOTS && bits >= 14 && bits <= 24 &&
           config->nr_lpis <= BIT64(bits) - FIRST_LPI && (config->nr_lpis || !config->nr_its);
}

void lpi_limits(struct lvgic_vm *vm, const struct lvgic_config *config)
{
    struct lpi_space *space = &vm->lpis;
    uint32_t pages;

    space->id_bits = config->lpi_id_bits ? config->lpi_id_bits : 16;
    space->nr_intids = config->nr_lpis ? (uint32_t)BIT64(space->id_bits) - FIRST_LPI : 0;
    space->of_vcpu = config->nr_its ? 0 : config->nr_lpis;
    space->nr = config->nr_lpis * (config->nr_its ? 1 : config->nr_vcpus);
    pages = space->nr_intids / LPI_PAGE;
    space->nr_pages = space->nr < pages ? space->nr : pages;
    if (space->of_vcpu)
        space->nr_pages = 0;
}

void lpi_layout(struct lvgic_vm *vm, void *memory, size_t *used)
{
    struct lpi_space *space = &vm->lpis;
    uint32_t words = (space->nr + 63) / 64;

    if (!space->nr)
        return;
    space->lpis = vm_take(memory, used, sizeof *space->lpis * space->nr);
    space->free = vm_take(memory, used, sizeof(uint64_t) * words);
    space->todo = vm_take(memory, used, sizeof(uint64_t) * ((vm->nr_vcpus + 63) / 64));
    for (uint32_t v = 0; v < vm->nr_vcpus; v++) {
        void *members = vm_take(memory, used, sizeof(uint64_t) * words);

        if (memory)
            vm->vcpus[v].lpis.members = members;
    }
    if (space->of_vcpu)
        return;
    space->pages = vm_take(memory, used, sizeof(uint32_t) * (space->nr_intids / LPI_PAGE));
    space->index = vm_take(memory, used, sizeof(uint32_t) * space->nr_pages * LPI_PAGE);
    space->page_used = vm_take(memory, used, space->nr_pages);
    space->free_pages = vm_take(memory, used, sizeof(uint32_t) * space->nr_pages);
}

/* Index entries and side words are relaxed where they are read by anybody: what is found is
 * believed only if the slot's word, which is acquired, says MAPPED and the INTID agrees after. */
static uint32_t relaxed(const _Atomic uint32_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void set(_Atomic uint32_t *value, uint32_t to)
{
    atomic_store_explicit(value, to, memory_order_relaxed);
}

uint32_t lpi_find(const struct lvgic_vm *vm, const struct lvgic_vcpu *vcpu, uint32_t intid)
{
    const struct lpi_space *space = &vm->lpis;
    uint32_t n = intid - FIRST_LPI;

    if (intid < FIRST_LPI || n >= space->nr_intids)
        return LPI_NONE;
    if (space->of_vcpu)
        return n < space->of_vcpu ? vcpu->index * space->of_vcpu + n : LPI_NONE;

    uint32_t page = relaxed(&space->pages[n / LPI_PAGE]);

    if (page == INTID_NONE)
        return LPI_NONE;

    uint32_t lpi = relaxed(&space->index[page * LPI_PAGE + n % LPI_PAGE]);

    if (lpi == INTID_NONE)
        return LPI_NONE;
    /* Acquire: the INTID is read as it was when the slot was mapped, or newer. */
    uint64_t w = atomic_load_explicit(&lpi_irq(vm, lpi)->word, memory_order_acquire);

    return (w & IRQ_MAPPED) && relaxed(&space->lpis[lpi].intid) == intid ? lpi : LPI_NONE;
}

/* There are as many pages as slots, or as INTIDs need, so there is always one. */
static void index_add(struct lpi_space *space, uint32_t n, uint32_t lpi)
{
    uint32_t page = relaxed(&space->pages[n / LPI_PAGE]);

    if (page == INTID_NONE) {
        page = space->free_pages[--space->nr_free_pages];
        space->page_used[page] = 0;
        for (uint32_t i = 0; i < LPI_PAGE; i++)
            set(&space->index[page * LPI_PAGE + i], INTID_NONE);
        set(&space->pages[n / LPI_PAGE], page);
    } else {
        space->page_used[page]++;
    }
    set(&space->index[page * LPI_PAGE + n % LPI_PAGE], lpi);
}

static void index_remove(struct lpi_space *space, uint32_t n)
{
    uint32_t page = relaxed(&space->pages[n / LPI_PAGE]);

    set(&space->index[page * LPI_PAGE + n % LPI_PAGE], INTID_NONE);
    if (space->page_used[page]-- > 0)
        return;
    set(&space->pages[n / LPI_PAGE], INTID_NONE);
    space->free_pages[space->nr_free_pages++] = page;
}

void lpi_join(struct lvgic_vm *vm, uint32_t lpi, uint32_t target)
{
    if (target != IRQ_NOBODY)
        vm->vcpus[target].lpis.members[lpi / 64] |= BIT64(lpi % 64);
}

void lpi_leave(struct lvgic_vm *vm, uint32_t lpi, uint32_t target)
{
    if (target != IRQ_NOBODY)
        vm->vcpus[target].lpis.members[lpi / 64] &= ~BIT64(lpi % 64);
}

static uint32_t take_free(struct lpi_space *space)
{
    uint32_t words = (space->nr + 63) / 64, first = space->next_free / 64;

    for (uint32_t i = 0; i <= words; i++) {
        uint32_t at = (first + i) % words;
        /* Relaxed: a place to look; taking it decides. */
        uint64_t bits = atomic_load_explicit(&space->free[at], memory_order_relaxed);

        if (i == 0) /* what lies before is for the end */
            bits &= ~UINT64_C(0) << space->next_free % 64;
        if (!bits)
            continue;

        unsigned bit = bits_first(bits);

        /* Acquire: whoever freed it has done so before its next life. */
        atomic_fetch_and_explicit(&space->free[at], ~BIT64(bit), memory_order_acquire);
        space->next_free = (at * 64 + bit + 1) % space->nr;
        return at * 64 + bit;
    }
    return LPI_NONE;
}

static bool map_step(uint64_t old, void *arg, uint64_t *new)
{
    *new = lpi_word_map(old, *(uint32_t *)arg);
    return true;
}

static void set_mapped(struct lvgic_vm *vm, uint32_t lpi, uint32_t intid, uint32_t target)
{
    set(&vm->lpis.lpis[lpi].intid, intid);
    lpi_join(vm, lpi, target);
    struct irq_change change = irq_change(lpi_irq(vm, lpi), map_step, &target);

    vm_trace_holder(vm, lpi_to_slot(vm, lpi), change.new, IRQ_MAPPED);
    /* Relaxed: a counter, as the next. */
    atomic_fetch_add_explicit(&vm->lpis.mapped, 1, memory_order_relaxed);
}

uint32_t lpi_map(struct lvgic_vm *vm, uint32_t intid, uint32_t target, uint8_t its, uint16_t icid)
{
    struct lpi_space *space = &vm->lpis;
    uint32_t lpi = take_free(space);

    if (lpi == LPI_NONE) {
        atomic_fetch_add_explicit(&space->refused, 1, memory_order_relaxed);
        return LPI_NONE;
    }
    space->lpis[lpi].icid = icid;
    space->lpis[lpi].its = its;
    set_mapped(vm, lpi, intid, target);
    index_add(space, intid - FIRST_LPI, lpi);
    return lpi;
}

void lpi_forget(struct lvgic_vm *vm, uint32_t lpi, uint32_t target)
{
    if (!vm->lpis.of_vcpu)
        index_remove(&vm->lpis, relaxed(&vm->lpis.lpis[lpi].intid) - FIRST_LPI);
    lpi_leave(vm, lpi, target);
    atomic_fetch_add_explicit(&vm->lpis.unmapped, 1, memory_order_relaxed);
}

void lpi_reset(struct lvgic_vm *vm)
{
    struct lpi_space *space = &vm->lpis;

    for (uint32_t i = 0; i < space->nr; i++) {
        atomic_init(&lpi_irq(vm, i)->word, (uint64_t)IRQ_NOACT);
        if (space->of_vcpu)
            set_mapped(vm, i, FIRST_LPI + i % space->of_vcpu, i / space->of_vcpu);
        else
            vm_free_lpi(vm, i);
    }
    /* Nothing is read of a pending table that nobody has named. */
    for (uint32_t v = 0; v < vm->nr_vcpus; v++)
        atomic_init(&vm->vcpus[v].lpis.pendbaser, PENDBASER_PTZ);
    space->nr_free_pages = space->nr_pages;
    for (uint32_t i = 0; i < space->nr_pages; i++)
        space->free_pages[i] = i;
    for (uint32_t i = 0; space->pages && i < space->nr_intids / LPI_PAGE; i++)
        set(&space->pages[i], INTID_NONE);
}

uint32_t lpi_count_free(const struct lvgic_vm *vm)
{
    uint32_t count = 0;

    /* Relaxed: asked for while all is quiet. */
    for (uint32_t i = 0; i < (vm->lpis.nr + 63) / 64; i++)
        count += bits_count(atomic_load_explicit(&vm->lpis.free[i], memory_order_relaxed));
    return count;
}
