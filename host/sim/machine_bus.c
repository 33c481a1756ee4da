/* SPDX-License-Identifier: MIT */
/* The machine's devices, and accesses to the registers of the frames. */
#include <lvgic/state.h>
#include <string.h>

#include "machine_inside.h"

/* ------------------------------------------------------------------ devices and registers ---- */

void machine_pulse(uint32_t intid)
{
    unsigned op = machine_op(GHOST_PULSE, 0, machine_find(intid));

    machine_go(MAY_INJECT);
    machine_expect(lvgic_pulse(machine_vm, LVGIC_VCPU(0), LVGIC_INTID(intid)), LVGIC_OK,
                   "lvgic_pulse");
    machine_leave();
    machine_op_end(op);
}

void machine_line(uint32_t intid, bool high)
{
    unsigned op = machine_op(GHOST_LINE, 0, machine_find(intid));

    now.ops[op].value = high;
    machine_go(MAY_INJECT);
    machine_expect(lvgic_set_line(machine_vm, LVGIC_VCPU(0), LVGIC_INTID(intid), high), LVGIC_OK,
                   "lvgic_set_line");
    machine_leave();
    machine_op_end(op);
}

void machine_message(uint32_t intid)
{
    unsigned op = machine_op(GHOST_MSI, 0, machine_find(intid));

    /* Its status says whether it was refused, which is part of what is explained. */
    machine_go(MAY_INJECT);
    now.ops[op].value = (uint32_t)lvgic_msi(machine_vm, 0, 0, intid - FIRST_LPI);
    machine_leave();
    if ((int)now.ops[op].value != LVGIC_OK)
        machine_expect((int)now.ops[op].value, LVGIC_E_NO_ENTRY, "lvgic_msi");
    machine_op_end(op);
}

uint64_t machine_dist(bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    machine_go(MAY_ACCESS);
    machine_expect(lvgic_dist_access(machine_vm, NULL, &access), LVGIC_OK, "lvgic_dist_access");
    machine_leave();
    return access.value;
}

uint64_t machine_redist(unsigned v, bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    machine_go(MAY_ACCESS);
    machine_expect(lvgic_redist_access(machine_vm, NULL, LVGIC_VCPU(v), &access), LVGIC_OK,
                   "lvgic_redist_access");
    machine_leave();
    return access.value;
}

uint64_t machine_its(bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    machine_go(MAY_ACCESS);
    machine_expect(lvgic_its_access(machine_vm, 0, &access), LVGIC_OK, "lvgic_its_access");
    machine_leave();
    return access.value;
}

/* GICD_<register><n> that has one bit for each interrupt. */
static void write_bit(enum ghost_kind kind, uint32_t offset, uint32_t intid)
{
    unsigned op = machine_op(kind, 0, machine_find(intid));

    machine_dist(true, offset + intid / 32 * 4, 4, UINT64_C(1) << intid % 32);
    machine_op_end(op);
}

void machine_enable(uint32_t intid, bool on)
{
    write_bit(on ? GHOST_ENABLE : GHOST_DISABLE, on ? GICD_ISENABLER : GICD_ICENABLER, intid);
}

void machine_close(void)
{
    unsigned op = machine_op(GHOST_CLOSE, 0, GHOST_NONE);

    machine_dist(true, GICD_CTLR, 4, GICD_CTLR_ARE);
    machine_op_end(op);
}

void machine_clear(uint32_t intid)
{
    write_bit(GHOST_CLEAR, GICD_ICPENDR, intid);
}

void machine_deactivate(uint32_t intid)
{
    write_bit(GHOST_DEACTIVATE, GICD_ICACTIVER, intid);
}

void machine_route(uint32_t intid, unsigned v)
{
    unsigned op = machine_op(GHOST_ROUTE, 0, machine_find(intid));

    now.ops[op].value = v;
    machine_dist(true, GICD_IROUTER + intid * 8, 8, v); /* the affinity of vCPU v is v */
    machine_op_end(op);
}

/* Several interrupts seen by one operation, each at some time within it. */
void machine_observe(const struct ghost_op *within, uint8_t irq, uint32_t value, uint32_t mask)
{
    unsigned op = machine_op(GHOST_READ, 0, irq);

    now.ops[op].actor = within->actor;
    now.ops[op].call = within->call;
    now.ops[op].value = value;
    now.ops[op].mask = mask;
    machine_op_end(op);
    now.ops[op].ret = within->ret;
}

void machine_read_active(void)
{
    struct ghost_op within = {.actor = explore_self(), .call = machine_begin_time()};

    now.nr_open++;
    uint64_t active = machine_dist(false, GICD_ISACTIVER + 4, 4, 0);
    within.ret = ++now.clock;
    now.nr_open--;
    for (uint8_t i = 0; i < now.gic.nr_irqs; i++)
        if (now.gic.irqs[i].intid < FIRST_LPI)
            machine_observe(&within, i,
                            active >> now.gic.irqs[i].intid % 32 & 1 ? GHOST_READ_ACTIVE : 0,
                            GHOST_READ_ACTIVE);
}

void machine_wait_rwp(void)
{
    unsigned op = machine_op(GHOST_RWP, 0, GHOST_NONE);

    while (machine_dist(false, GICD_CTLR, 4, 0) & UINT64_C(1) << 31) {
        explore_relax();
        now.ops[op].call = machine_begin_time(); /* only the last read counts */
    }
    machine_op_end(op);
}

void machine_lpis_off(unsigned v)
{
    unsigned op = machine_op(GHOST_LPIS_OFF, v, GHOST_NONE);

    machine_redist(v, true, GICR_CTLR, 4, 0);
    machine_op_end(op);
    op = machine_op(GHOST_LPIS_RWP, v, GHOST_NONE);
    while (machine_redist(v, false, GICR_CTLR, 4, 0) & 8) {
        explore_relax();
        now.ops[op].call = machine_begin_time();
    }
    machine_op_end(op);
}

void machine_command(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    const uint64_t words[COMMAND_WORDS] = {c0, c1, c2, c3};

    for (unsigned i = 0; i < COMMAND_WORDS; i++)
        now.queue[now.queued][i] = words[i];
    now.queued++;
    machine_its(true, GITS_CWRITER, 8, now.queued * sizeof words);
    while (machine_its(false, GITS_CREADR, 8, 0) != now.queued * sizeof words)
        explore_relax();
}

static bool queue_free(void *unused)
{
    (void)unused;
    return !now.queue_busy;
}

/* The queue is the guest's, which has a lock for it. */
static unsigned take_queue(enum ghost_kind kind, uint32_t intid)
{
    if (now.queue_busy)
        explore_yield_until(queue_free, NULL);
    now.queue_busy = true;
    return machine_op(kind, 0, machine_find(intid));
}

static void give_queue(unsigned op)
{
    machine_op_end(op);
    now.queue_busy = false;
}

void machine_discard(uint32_t intid)
{
    /* That the event is refused, and that the LPI is gone, are two effects until the command is
     * done. */
    unsigned op = take_queue(GHOST_DISCARD, intid), refuse = machine_op(GHOST_REFUSE, 0, 0);

    now.ops[refuse].irq = now.ops[op].irq;
    machine_command(CMD_DISCARD, intid - FIRST_LPI, 0, 0);
    machine_op_end(refuse);
    give_queue(op);
}

void machine_move_all(uint32_t intid, unsigned to)
{
    unsigned op = take_queue(GHOST_MOVE, intid);

    now.ops[op].value = to;
    machine_command(CMD_MOVALL, 0, 0, (uint64_t)to << 16);
    give_queue(op);
}

void machine_save(void)
{
    uint8_t bytes[sizeof now.snapshots[0].bytes]; /* on the stack nobody else can see it */
    struct ghost_op when = {.actor = explore_self(), .call = machine_begin_time()};
    size_t size = 0;
    int status;

    now.nr_open++;
    machine_go(MAY_SIGNAL | MAY_RELAX);
    status = lvgic_save(machine_vm, bytes, sizeof bytes, &size);
    machine_leave();
    now.nr_open--;
    when.ret = ++now.clock;
    machine_expect(status, now.config->lpis ? LVGIC_E_LPIS : LVGIC_OK, "lvgic_save");
    if (status != LVGIC_OK)
        return;

    struct snapshot *snapshot = &now.snapshots[now.nr_snapshots++];

    snapshot->when = when;
    snapshot->size = size;
    memcpy(snapshot->bytes, bytes, size);
}

void machine_save_tables(uint32_t intid)
{
    struct ghost_op when = {.actor = explore_self(), .call = machine_begin_time()};
    uint8_t pending = 0;

    now.nr_open++;
    machine_go(MAY_ACCESS);
    machine_expect(lvgic_save_pending_tables(machine_vm), LVGIC_OK, "lvgic_save_pending_tables");
    for (unsigned v = 0; v < now.gic.nr_vcpus; v++)
        pending |= now.pending_table[v];
    when.ret = ++now.clock;
    machine_expect(lvgic_its_save_tables(machine_vm, 0), LVGIC_OK, "lvgic_its_save_tables");
    machine_leave();
    now.nr_open--;
    machine_observe(&when, machine_find(intid), pending >> intid % 8 & 1 ? GHOST_READ_PENDING : 0,
                    GHOST_READ_PENDING);
}

void machine_done(void)
{
    now.devices_left--;
}
