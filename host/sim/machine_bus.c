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

    machine.ops[op].value = high;
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
    machine.ops[op].value = (uint32_t)lvgic_msi(machine_vm, 0, 0, intid - FIRST_LPI);
    machine_leave();
    if ((int)machine.ops[op].value != LVGIC_OK)
        machine_expect((int)machine.ops[op].value, LVGIC_E_NO_ENTRY, "lvgic_msi");
    machine_op_end(op);
}

static uint64_t dist_by(struct lvgic_vcpu *by, bool write, uint32_t offset, uint8_t size,
                        uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = write, .value = value};

    machine_go(MAY_ACCESS);
    machine_expect(lvgic_dist_access(machine_vm, by, &access), LVGIC_OK, "lvgic_dist_access");
    machine_leave();
    return access.value;
}

uint64_t machine_dist(bool write, uint32_t offset, uint8_t size, uint64_t value)
{
    return dist_by(NULL, write, offset, size, value);
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

    machine.ops[op].value = v;
    machine_dist(true, GICD_IROUTER + intid * 8, 8, v); /* the affinity of vCPU v is v */
    machine_op_end(op);
}

/* Several interrupts seen by one operation, each at some time within it. */
void machine_observe(const struct ghost_op *within, uint8_t irq, uint32_t value, uint32_t mask)
{
    unsigned op = machine_op(GHOST_READ, 0, irq);

    machine.ops[op].actor = within->actor;
    machine.ops[op].call = within->call;
    machine.ops[op].value = value;
    machine.ops[op].mask = mask;
    machine_op_end(op);
    machine.ops[op].ret = within->ret;
}

static void read_active(struct lvgic_vcpu *by)
{
    struct ghost_op within = {.actor = explore_self(), .call = machine_begin_time()};

    machine.nr_open++;
    uint64_t active = dist_by(by, false, GICD_ISACTIVER + 4, 4, 0);
    within.ret = ++machine.clock;
    machine.nr_open--;
    for (uint8_t i = 0; i < machine.gic.nr_irqs; i++)
        if (machine.gic.irqs[i].intid < FIRST_LPI)
            machine_observe(&within, i,
                            active >> machine.gic.irqs[i].intid % 32 & 1 ? GHOST_READ_ACTIVE : 0,
                            GHOST_READ_ACTIVE);
}

void machine_read_active(void)
{
    read_active(NULL);
}

void machine_trap(unsigned v)
{
    machine_exit(v);
    read_active(lvgic_vcpu(machine_vm, LVGIC_VCPU(v)));
    machine_enter(v);
}

void machine_wait_rwp(void)
{
    unsigned op = machine_op(GHOST_RWP, 0, GHOST_NONE);

    while (machine_dist(false, GICD_CTLR, 4, 0) & UINT64_C(1) << 31) {
        explore_relax();
        machine.ops[op].call = machine_begin_time(); /* only the last read counts */
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
        machine.ops[op].call = machine_begin_time();
    }
    machine_op_end(op);
}

void machine_command(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    const uint64_t words[COMMAND_WORDS] = {c0, c1, c2, c3};

    for (unsigned i = 0; i < COMMAND_WORDS; i++)
        machine.queue[machine.queued][i] = words[i];
    machine.queued++;
    machine_its(true, GITS_CWRITER, 8, machine.queued * sizeof words);
    while (machine_its(false, GITS_CREADR, 8, 0) != machine.queued * sizeof words)
        explore_relax();
}

static bool queue_free(void *unused)
{
    (void)unused;
    return !machine.queue_busy;
}

/* The queue is the guest's, which has a lock for it. */
static unsigned take_queue(enum ghost_kind kind, uint32_t intid)
{
    if (machine.queue_busy)
        explore_yield_until(queue_free, NULL);
    machine.queue_busy = true;
    return machine_op(kind, 0, machine_find(intid));
}

static void give_queue(unsigned op)
{
    machine_op_end(op);
    machine.queue_busy = false;
}

void machine_discard(uint32_t intid)
{
    /* That the event is refused, and that the LPI is gone, are two effects until the command is
     * done. */
    unsigned op = take_queue(GHOST_DISCARD, intid), refuse = machine_op(GHOST_REFUSE, 0, 0);

    machine.ops[refuse].irq = machine.ops[op].irq;
    machine_command(CMD_DISCARD, intid - FIRST_LPI, 0, 0);
    machine_op_end(refuse);
    give_queue(op);
}

void machine_move_all(uint32_t intid, unsigned to)
{
    unsigned op = take_queue(GHOST_MOVE, intid);

    machine.ops[op].value = to;
    machine_command(CMD_MOVALL, 0, 0, (uint64_t)to << 16);
    give_queue(op);
}

void machine_save(void)
{
    uint8_t bytes[sizeof machine.snapshots[0].bytes]; /* on the stack nobody else can see it */
    struct ghost_op when = {.actor = explore_self(), .call = machine_begin_time()};
    size_t size = 0;
    int status;

    machine.nr_open++;
    machine_go(machine.config->lpis ? MAY_ACCESS : MAY_SIGNAL | MAY_RELAX);
    status = lvgic_save(machine_vm, bytes, sizeof bytes, &size);
    machine_leave();
    machine.nr_open--;
    when.ret = ++machine.clock;
    machine_expect(status, LVGIC_OK, "lvgic_save");
    if (status != LVGIC_OK)
        return;

    struct snapshot *snapshot = &machine.snapshots[machine.nr_snapshots++];

    snapshot->when = when;
    snapshot->size = size;
    memcpy(snapshot->bytes, bytes, size);
}

void machine_save_tables(uint32_t intid)
{
    struct ghost_op when = {.actor = explore_self(), .call = machine_begin_time()};
    uint8_t pending = 0;

    machine.nr_open++;
    machine_go(MAY_ACCESS);
    machine_expect(lvgic_save_pending_tables(machine_vm), LVGIC_OK, "lvgic_save_pending_tables");
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        pending |= machine.pending_table[v];
    when.ret = ++machine.clock;
    machine_expect(lvgic_its_save_tables(machine_vm, 0), LVGIC_OK, "lvgic_its_save_tables");
    machine_leave();
    machine.nr_open--;
    machine_observe(&when, machine_find(intid), pending >> intid % 8 & 1 ? GHOST_READ_PENDING : 0,
                    GHOST_READ_PENDING);
}

void machine_done(void)
{
    machine.devices_left--;
}
