/* SPDX-License-Identifier: MIT */
/* The machine's vCPUs, its host's callbacks, and the recorder. */
#include <string.h>

#include "arch/lr.h"
#include "cpuif/icv.h"
#include "machine_inside.h"

struct machine machine;
struct lvgic_vm *machine_vm;

void machine_expect(int status, int expected, const char *call)
{
    if (status != expected)
        runtime_fail("status of %s: %d (%s), which it is under no other schedule", call, status,
                     lvgic_strerror(status));
}

/* ------------------------------------------------------------------ recording ---------------- */

uint32_t machine_begin_time(void)
{
    if (explore_self() >= 0)
        memory_refresh(explore_self());
    return ++machine.clock;
}

unsigned machine_op(enum ghost_kind kind, unsigned v, uint8_t irq)
{
    if (machine.nr_ops == LINEAR_MAX_OPS)
        runtime_fail("explorer: the history is too long");
    machine.ops[machine.nr_ops] = (struct ghost_op){.kind = kind,
                                                    .actor = explore_self(),
                                                    .irq = irq,
                                                    .vcpu = (uint8_t)v,
                                                    .call = machine_begin_time()};
    machine.nr_open++;
    return machine.nr_ops++;
}

void machine_op_end(unsigned op)
{
    machine.ops[op].ret = ++machine.clock;
    machine.nr_open--;
}

/* From here to machine_leave() the actor is in the library. */
void machine_go(unsigned may)
{
    machine.calls[explore_self() + 1] = (struct open_call){.may = may};
}

void machine_leave(void)
{
    machine_go(MAY_NOTHING);
}

uint8_t machine_find(uint32_t intid)
{
    uint8_t irq = ghost_find(&machine.gic, intid);

    if (irq == GHOST_NONE && intid != GHOST_SPURIOUS)
        runtime_fail("interrupt %u, which this machine has not", (unsigned)intid);
    return irq;
}

/* ------------------------------------------------------------------ the host's callbacks ----- */

static void called(unsigned what, const char *name)
{
    struct open_call *call = &machine.calls[explore_self() + 1];

    if (!(call->may & what))
        runtime_fail("callback: %s is called where it must not be", name);
    if ((call->may & ONE) && call->made++)
        runtime_fail("callback: %s, and it is not the only one", name);
}

/* "Every callback may call the library again." */
static void look_around(lvgic_vcpuid v)
{
    struct lvgic_irq_info info;

    machine_expect(lvgic_irq_info(machine_vm, v, LVGIC_INTID(machine.gic.irqs[0].intid), &info),
                   LVGIC_OK, "lvgic_irq_info");
}

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    called(MAY_KICK, "kick");
    look_around(v);
    machine.pe[v.n].kicked = true;
}

static void wake(void *ctx, lvgic_vcpuid v)
{
    (void)ctx;
    called(MAY_WAKE, "wake");
    look_around(v);
    machine.pe[v.n].woken = true;
}

static void relax(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    called(MAY_RELAX, "relax");
    if (explore_self() < 0)
        runtime_fail("waits, although nothing is under way");
    explore_relax();
}

/* The byte of a vCPU's pending table that this machine has LPIs in. */
static uint8_t *pending_byte(uint64_t gpa)
{
    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        if (gpa == PENDING_TABLE + v * 0x10000 + FIRST_LPI / 8)
            return &machine.pending_table[v];
    return NULL;
}

/* The queue; a configuration table where each LPI has its priority and is enabled; pending tables;
 * else zeros. */
static bool read_guest(void *ctx, uint64_t gpa, void *data, uint32_t size)
{
    (void)ctx;
    called(MAY_MEMORY, "read_guest");
    memset(data, 0, size);
    if (gpa >= QUEUE && gpa + size <= QUEUE + sizeof machine.queue)
        memcpy(data, (const char *)machine.queue + (gpa - QUEUE), size);
    for (unsigned i = 0; i < machine.gic.nr_irqs; i++)
        if (gpa + FIRST_LPI == CONFIG_TABLE + machine.gic.irqs[i].intid)
            memset(data, machine.gic.irqs[i].priority | 1, size);
    if (pending_byte(gpa))
        memcpy(data, pending_byte(gpa), 1);
    return true;
}

/* The rest of what the library saves is checked by the tests of tables. */
static bool write_guest(void *ctx, uint64_t gpa, const void *data, uint32_t size)
{
    (void)ctx, (void)size;
    called(MAY_MEMORY, "write_guest");
    if (pending_byte(gpa))
        memcpy(pending_byte(gpa), data, 1);
    return true;
}

static void broken(void *ctx, const char *what)
{
    (void)ctx;
    runtime_fail("%s", what);
}

const struct lvgic_host machine_host = {.kick = kick,
                                        .wake = wake,
                                        .relax = relax,
                                        .read_guest = read_guest,
                                        .write_guest = write_guest,
                                        .broken = broken};

/* ------------------------------------------------------------------ a vCPU ------------------- */

static struct lvgic_vcpu *vcpu_of(unsigned v)
{
    return lvgic_vcpu(machine_vm, LVGIC_VCPU(v));
}

void machine_enter(unsigned v)
{
    unsigned op = machine_op(GHOST_ENTER, v, GHOST_NONE);

    /* The host's rule: a kick that is left over is forgotten before, and none after. */
    machine.pe[v].kicked = machine.pe[v].woken = machine.pe[v].asleep = false;
    machine_go(MAY_RELAX);
    machine_expect(lvgic_vcpu_enter(vcpu_of(v)), LVGIC_OK, "lvgic_vcpu_enter");
    machine_leave();
    machine.pe[v].in = true;
    machine_op_end(op);
    machine.pe[v].settled_at = machine.clock;
}

void machine_exit(unsigned v)
{
    unsigned op = machine_op(GHOST_EXIT, v, GHOST_NONE);

    machine.pe[v].in = false;
    machine_go(MAY_SIGNAL);
    machine_expect(lvgic_vcpu_exit(vcpu_of(v)), LVGIC_OK, "lvgic_vcpu_exit");
    machine_leave();
    machine_op_end(op);
}

static bool under_way(void)
{
    bool any = machine.nr_open;

    for (unsigned v = 0; v < machine.gic.nr_vcpus; v++)
        any = any || machine.pe[v].kicked || machine.pe[v].woken;
    return any;
}

/* Nobody is in the library and no kick on its way: what the PE sees is how things are. */
void machine_settle(unsigned v)
{
    if (under_way() || machine.pe[v].settled_at == machine.clock)
        return;
    machine_op_end(machine_op(machine.pe[v].asleep ? GHOST_ASLEEP : GHOST_SETTLE, v, GHOST_NONE));
    machine.pe[v].settled_at = machine.clock;
}

/* Before the guest's next step: a kick that came is taken. */
static void step(unsigned v)
{
    if (explore_self() >= 0)
        explore_step();          /* the guest runs for a while */
    machine.pe[v].woken = false; /* it came late */
    if (machine.pe[v].kicked) {
        machine_exit(v);
        machine_enter(v);
    }
    machine_settle(v);
}

/* After a step: maintenance. The step is over when what it asks for is done. */
static void maintain(unsigned v, unsigned op)
{
    if (machine.config->software || !icv_misr(lvgic_vcpu_lrs(vcpu_of(v)))) {
        machine_op_end(op);
        return;
    }
    machine_exit(v);
    machine_op_end(op);
    machine_enter(v);
}

uint64_t machine_icc(unsigned v, uint32_t encoding, bool write, uint64_t value)
{
    machine_go(MAY_SIGNAL | MAY_RELAX);
    if (lvgic_vcpu_sysreg(vcpu_of(v), encoding, write, &value) != LVGIC_SYSREG_DONE)
        runtime_fail("a system register of the GIC is none");
    machine_leave();
    return value;
}

uint32_t machine_acknowledge(unsigned v)
{
    uint32_t intid;
    unsigned op;

    step(v);
    op = machine_op(GHOST_ACK, v, GHOST_NONE);
    if (machine.config->software)
        intid = (uint32_t)machine_icc(v, ICC_IAR1, false, 0);
    else
        intid = icv_acknowledge(lvgic_vcpu_lrs(vcpu_of(v)), true);
    machine.ops[op].irq = machine_find(intid);
    maintain(v, op);
    return intid;
}

void machine_complete(unsigned v, uint32_t intid)
{
    unsigned op;

    step(v);
    op = machine_op(GHOST_EOI, v, machine_find(intid));
    if (machine.config->software)
        machine_icc(v, ICC_EOIR1, true, intid);
    else
        icv_end_of_interrupt(lvgic_vcpu_lrs(vcpu_of(v)), intid, true);
    maintain(v, op);
}

void machine_dir(unsigned v, uint32_t intid)
{
    unsigned op;

    step(v);
    op = machine_op(GHOST_DIR, v, machine_find(intid));
    if (machine.config->software) {
        machine_icc(v, ICC_DIR, true, intid);
        machine_op_end(op);
    } else if (lvgic_vcpu_lrs(vcpu_of(v))->hcr & HCR_TDIR) {
        machine_exit(v);
        machine_icc(v, ICC_DIR, true, intid);
        machine_op_end(op);
        machine_enter(v);
    } else {
        icv_deactivate(lvgic_vcpu_lrs(vcpu_of(v)), intid);
        maintain(v, op);
    }
}

bool machine_handle(unsigned v)
{
    bool any = false;
    uint32_t intid;

    while ((intid = machine_acknowledge(v)) != GHOST_SPURIOUS) {
        uint8_t irq = machine_find(intid);

        /* A level is served at its second interrupt only: so it is still there when the first is
         * completed. */
        if (!machine.gic.irqs[irq].edge && machine.unserved & 1u << irq)
            machine_line(intid, false);
        machine.unserved ^= (uint8_t)(1u << irq);
        machine_complete(v, intid);
        if (machine.config->split && intid < FIRST_LPI)
            machine_dir(v, intid);
        any = true;
    }
    return any;
}

static bool devices_done(void)
{
    return machine.devices_left == 0;
}

static bool has_reason(void *pe)
{
    return ((struct pe *)pe)->kicked || ((struct pe *)pe)->woken || devices_done();
}

void machine_serve(unsigned v)
{
    do {
        machine_handle(v);
        explore_yield_until(has_reason, &machine.pe[v]);
    } while (machine.pe[v].kicked);
}

bool machine_sleep(unsigned v)
{
    unsigned op;
    bool sleeps;

    machine_exit(v);
    op = machine_op(GHOST_BLOCK, v, GHOST_NONE);
    machine_go(MAY_RELAX);
    sleeps = lvgic_vcpu_block(vcpu_of(v));
    machine_leave();
    machine.ops[op].value = sleeps;
    machine.pe[v].asleep = sleeps;
    machine_op_end(op);
    if (sleeps)
        explore_yield_until(has_reason, &machine.pe[v]);
    if (sleeps && !machine.pe[v].woken)
        return false;
    machine_enter(v);
    return true;
}
