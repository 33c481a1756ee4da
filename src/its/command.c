/* SPDX-License-Identifier: MIT */
/* The commands (IHI 0069H, 5.3), and the queue. All for the claim's holder. */
#include "deliver/lpi.h"
#include "its/its.h"

/* Fields of a command's four doublewords. */
static uint32_t device_of(const uint64_t *c)
{
    return (uint32_t)bits_get(c[0], 63, 32);
}

static uint32_t event_of(const uint64_t *c)
{
    return (uint32_t)bits_get(c[1], 31, 0);
}

static uint32_t icid_of(const uint64_t *c)
{
    return (uint32_t)bits_get(c[2], 15, 0);
}

static bool valid_bit(const uint64_t *c)
{
    return c[2] & BIT64(63);
}

/* The number of a redistributor: GITS_TYPER.PTA is 0. */
static uint64_t redist_of(uint64_t doubleword)
{
    return bits_get(doubleword, 50, 16);
}

static uint32_t begin_job(struct its *its, struct its_job job)
{
    job.command = atomic_load_explicit(&its->creadr, memory_order_relaxed);
    its->job = job;
    return ITS_JOB;
}

void its_error_limit(struct its *its)
{
    atomic_fetch_add_explicit(&its->limits, 1, memory_order_relaxed);
}

static uint32_t collection_target(const struct its *its, uint32_t icid)
{
    uint32_t target = icid >> its->collection_bits ? NO_COLLECTION : its->collections[icid];

    return target == NO_COLLECTION ? IRQ_NOBODY : target;
}

/* The LPI slot of a mapped event, or LPI_NONE. */
static uint32_t mapped(struct its *its, const uint64_t *c)
{
    _Atomic uint32_t *entry = its_find_event(its, device_of(c), event_of(c));
    uint32_t value = entry ? atomic_load_explicit(entry, memory_order_relaxed) : NO_EVENT;

    return value == NO_EVENT ? LPI_NONE : event_lpi(value);
}

static uint32_t pulse(struct its *its, uint32_t lpi)
{
    deliver_lpi_pulse(its->vm, lpi, irq_gen(irq_load(lpi_irq(its->vm, lpi))));
    return ITS_DONE;
}

static uint32_t do_MAPD(struct its *its, const uint64_t *c)
{
    uint32_t id = device_of(c), bits = (uint32_t)bits_get(c[1], 4, 0) + 1;
    uint32_t index;

    /* A device can be unmapped also when the guest has taken its table away. */
    if (valid_bit(c) && !its_table_has(its, 0, id))
        return ITS_E_MAPD_DEVICE_OOR;
    if (valid_bit(c) && bits > ITS_EVENT_BITS)
        return ITS_E_MAPD_ITTSIZE_OOR;
    /* What it had goes first; then the command is carried out again. */
    index = its_find_device(its, id);
    if (index != NO_DEVICE)
        return begin_job(its, (struct its_job){.kind = JOB_DROP, .from = index, .again = true});
    return valid_bit(c) ? its_add_device(its, id, bits, c[2] & MASK64(51, 8)) : ITS_DONE;
}

static uint32_t do_MAPC(struct its *its, const uint64_t *c)
{
    uint32_t icid = icid_of(c), before = collection_target(its, icid), to = IRQ_NOBODY;

    if (valid_bit(c)) {
        if (!its_table_has(its, 1, icid))
            return ITS_E_MAPC_COLLECTION_OOR;
        if (redist_of(c[2]) >= its->vm->nr_vcpus)
            return ITS_E_MAPC_PROCNUM_OOR;
        to = (uint32_t)redist_of(c[2]);
    }
    if (to == before)
        return ITS_DONE;
    return begin_job(its, (struct its_job){.kind = JOB_MAPC, .icid = (uint16_t)icid, .to = to});
}

/* KVM asks, too, that the event's entry of the ITT is in memory. */
static bool itt_has(struct its *its, uint32_t id, uint32_t event)
{
    uint64_t address = its->itts[its_find_device(its, id)] + (uint64_t)event * ITS_ENTRY_SIZE;
    uint8_t entry[ITS_ENTRY_SIZE];

    return its->vm->host->read_guest(its->vm->host_ctx, address, entry, sizeof entry);
}

static uint32_t map_event(struct its *its, const uint64_t *c, uint32_t intid)
{
    _Atomic uint32_t *entry = its_find_event(its, device_of(c), event_of(c));
    struct lvgic_vm *vm = its->vm;
    uint32_t icid = icid_of(c), lpi;

    if (its_find_device(its, device_of(c)) == NO_DEVICE)
        return ITS_E_MAPTI_UNMAPPED_DEVICE;
    if (!entry || !itt_has(its, device_of(c), event_of(c)))
        return ITS_E_MAPTI_ID_OOR;
    if (icid >> its->collection_bits)
        return ITS_E_MAPTI_COLLECTION_OOR;
    /* An event that is mapped already: UNPREDICTABLE; it keeps what it has, as with KVM. */
    if (atomic_load_explicit(entry, memory_order_relaxed) != NO_EVENT)
        return ITS_DONE;
    /* Two events for one LPI: UNPREDICTABLE, too; a slot has one event that holds it. */
    if (intid < FIRST_LPI || intid - FIRST_LPI >= vm->lpis.nr_intids ||
        lpi_find(vm, &vm->vcpus[0], intid) != LPI_NONE)
        return ITS_E_MAPTI_PHYSICALID_OOR;
    lpi = lpi_map(vm, intid, collection_target(its, icid), its->index, (uint16_t)icid);
    if (lpi == LPI_NONE) {
        its_error_limit(its);
        return ITS_E_MAPTI_PHYSICALID_OOR;
    }
    deliver_lpi_reload(vm, lpi, true);
    /* Release: who finds it finds the slot as it is mapped. */
    atomic_store_explicit(entry, event_make(lpi, irq_gen(irq_load(lpi_irq(vm, lpi)))),
                          memory_order_release);
    its_tell(its, device_of(c), event_of(c), true);
    return ITS_DONE;
}

static uint32_t do_MAPTI(struct its *its, const uint64_t *c)
{
    return map_event(its, c, (uint32_t)bits_get(c[1], 63, 32));
}

static uint32_t do_MAPI(struct its *its, const uint64_t *c)
{
    return map_event(its, c, event_of(c));
}

static uint32_t do_MOVI(struct its *its, const uint64_t *c)
{
    uint32_t lpi = mapped(its, c), to = collection_target(its, icid_of(c));

    if (lpi == LPI_NONE)
        return ITS_E_MOVI_UNMAPPED_INTERRUPT;
    if (to == IRQ_NOBODY)
        return ITS_E_MOVI_UNMAPPED_COLLECTION;
    its->vm->lpis.lpis[lpi].icid = (uint16_t)icid_of(c);
    deliver_lpi_move(its->vm, lpi, to);
    deliver_lpi_cut(its->vm, lpi, false);
    return ITS_DONE;
}

static uint32_t do_DISCARD(struct its *its, const uint64_t *c)
{
    if (mapped(its, c) == LPI_NONE)
        return ITS_E_DISCARD_UNMAPPED_INTERRUPT;
    its_unmap_event(its, device_of(c), event_of(c));
    return ITS_DONE;
}

static uint32_t do_INV(struct its *its, const uint64_t *c)
{
    uint32_t lpi = mapped(its, c);

    if (lpi == LPI_NONE)
        return ITS_E_INV_UNMAPPED_INTERRUPT;
    deliver_lpi_reload(its->vm, lpi, false);
    return ITS_DONE;
}

static uint32_t do_INVALL(struct its *its, const uint64_t *c)
{
    uint32_t target = collection_target(its, icid_of(c));

    if (target == IRQ_NOBODY)
        return ITS_E_INVALL_UNMAPPED_COLLECTION;
    return begin_job(
        its, (struct its_job){.kind = JOB_INVALL, .from = target, .icid = (uint16_t)icid_of(c)});
}

static uint32_t do_MOVALL(struct its *its, const uint64_t *c)
{
    uint64_t from = redist_of(c[2]), to = redist_of(c[3]);

    if (from >= its->vm->nr_vcpus || to >= its->vm->nr_vcpus)
        return ITS_E_MOVALL_PROCNUM_OOR;
    if (from == to)
        return ITS_DONE;
    return begin_job(
        its, (struct its_job){.kind = JOB_MOVALL, .from = (uint32_t)from, .to = (uint32_t)to});
}

static uint32_t do_CLEAR(struct its *its, const uint64_t *c)
{
    uint32_t lpi = mapped(its, c);

    if (lpi == LPI_NONE)
        return ITS_E_CLEAR_UNMAPPED_INTERRUPT;
    deliver_lpi_clear(its->vm, lpi);
    return ITS_DONE;
}

static uint32_t do_INT(struct its *its, const uint64_t *c)
{
    uint32_t lpi = mapped(its, c);

    return lpi == LPI_NONE ? ITS_E_INT_UNMAPPED_INTERRUPT : pulse(its, lpi);
}

/* Every command is done when the next one begins. */
static uint32_t do_SYNC(struct its *its, const uint64_t *c)
{
    (void)its, (void)c;
    return ITS_DONE;
}

uint32_t its_command(struct its *its, const uint64_t *c)
{
    switch (bits_get(c[0], 7, 0)) {
#define ITS_COMMAND(name, code, sentence) \
    case ITS_CMD_##name:                  \
        return do_##name(its, c);
#include "arch/its.def"
#undef ITS_COMMAND
    default:
        return ITS_E_UNKNOWN_COMMAND;
    }
}

/* ------------------------------------------------------------------ the queue ----------------- */

static uint32_t queue_size(uint64_t cbaser)
{
    return ((uint32_t)bits_get(cbaser, 7, 0) + 1) * 4096;
}

static bool fetch(struct its *its, uint64_t cbaser, uint64_t offset, uint64_t *words)
{
    uint8_t bytes[ITS_COMMAND_SIZE];

    if (!its->vm->host->read_guest(its->vm->host_ctx, (cbaser & MASK64(51, 12)) + offset, bytes,
                                   sizeof bytes))
        return false;
    for (unsigned i = 0; i < ITS_COMMAND_SIZE / 8; i++) {
        words[i] = 0;
        for (unsigned b = 0; b < 8; b++)
            words[i] |= (uint64_t)bytes[i * 8 + b] << b * 8;
    }
    return true;
}

/* By compare-and-swap: a guest that writes GITS_CBASER without waiting for Quiescent has set it to
 * 0 in the meantime. Release: who sees that a command is done sees what it did. */
static void set_creadr(struct its *its, uint64_t from, uint64_t to)
{
    atomic_compare_exchange_strong_explicit(&its->creadr, &from, to, memory_order_release,
                                            memory_order_relaxed);
}

static void advance(struct its *its, uint64_t from)
{
    uint64_t cbaser = atomic_load_explicit(&its->cbaser, memory_order_relaxed);

    set_creadr(its, from, (from + ITS_COMMAND_SIZE) % queue_size(cbaser));
    atomic_fetch_add_explicit(&its->commands, 1, memory_order_relaxed);
}

static void run_command(struct its *its, uint64_t cbaser, uint64_t creadr)
{
    uint64_t words[ITS_COMMAND_SIZE / 8];
    uint32_t result = ITS_E_QUEUE_UNREADABLE;

    if (fetch(its, cbaser, creadr, words))
        result = its_command(its, words);
    if (result == ITS_JOB)
        return;
    if (result != ITS_DONE) {
        atomic_store_explicit(&its->last_error, result, memory_order_relaxed);
        atomic_fetch_add_explicit(&its->errors, 1, memory_order_relaxed);
        if (its->stalls) {
            set_creadr(its, creadr, creadr | GITS_CREADR_STALLED);
            return;
        }
    }
    advance(its, creadr);
}

static bool next_command(struct its *its, uint64_t *cbaser, uint64_t *creadr)
{
    /* Acquire: the guest's commands were written before it wrote CWRITER. */
    uint64_t cwriter = atomic_load_explicit(&its->cwriter, memory_order_acquire);

    *cbaser = atomic_load_explicit(&its->cbaser, memory_order_relaxed);
    *creadr = atomic_load_explicit(&its->creadr, memory_order_relaxed);
    /* A VMM may write the three in any order, so they may not fit together yet. */
    return atomic_load_explicit(&its->gate, memory_order_seq_cst) == ITS_ENABLED &&
           (*cbaser & GITS_BASER_VALID) && !(*creadr & GITS_CREADR_STALLED) && *creadr != cwriter &&
           *creadr < queue_size(*cbaser) && cwriter < queue_size(*cbaser);
}

bool its_is_idle(struct its *its)
{
    uint64_t cbaser, creadr;

    /* Acquire: as in run(). */
    return !its->job.kind && !(atomic_load_explicit(&its->gate, memory_order_acquire) & ITS_DROP) &&
           !next_command(its, &cbaser, &creadr);
}

static void end_job(struct its *its)
{
    struct its_job job = its->job;

    its->job.kind = JOB_NONE;
    if (job.kind != JOB_DROP_ALL && !job.again)
        advance(its, job.command);
}

static bool run(struct its *its, uint32_t *budget)
{
    uint64_t cbaser, creadr;

    for (;;) {
        if (its->job.kind) {
            if (!its_job_work(its, budget))
                return true;
            end_job(its);
        } else if (atomic_load_explicit(&its->gate, memory_order_acquire) & ITS_DROP) {
            its->job = (struct its_job){.kind = JOB_DROP_ALL};
        } else if (!next_command(its, &cbaser, &creadr)) {
            return false;
        } else if (!lpi_spend(budget)) {
            return true;
        } else {
            run_command(its, cbaser, creadr);
        }
    }
}

bool its_work(struct lvgic_vm *vm, uint32_t *budget)
{
    for (uint32_t i = 0; i < vm->nr_its; i++) {
        struct its *its = &vm->its[i];
        bool unfinished;

        /* Sequentially consistent, with the gate: either this sees that the guest has disabled the
         * ITS, or the guest sees that it is not quiescent. */
        atomic_store_explicit(&its->busy, 1, memory_order_seq_cst);
        unfinished = run(its, budget);
        /* Release: who sees it quiescent sees what was done. */
        atomic_store_explicit(&its->busy, its->job.kind != JOB_NONE, memory_order_release);
        if (unfinished)
            return true;
    }
    return false;
}
