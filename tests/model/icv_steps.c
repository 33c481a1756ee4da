/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "icv_sequence.h"

static const struct {
    const char *name;
    unsigned share;
} actions[NR_ACTIONS] = {
#define ACTION_ROW(name, share) {#name, share},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

const char *action_name(enum action action)
{
    return actions[action].name;
}

static void took(struct sequence *s, uint32_t intid, bool group1, bool preempted, bool nmi)
{
    s->happened->referred += intid == 1022;
    if (intid >= 1020 && intid <= 1023) {
        s->happened->masked += model_highest_pending(&s->model) >= 0;
        return;
    }
    s->happened->acknowledged++;
    s->happened->nmis += nmi;
    s->happened->lpis += intid >= 8192;
    s->happened->preempted += preempted;
    if (s->nr_taken < MAX_TAKEN) {
        s->taken[s->nr_taken].intid = intid;
        s->taken[s->nr_taken++].group1 = group1;
    }
}

static uint64_t effect_value(bool phys_deactivate, uint32_t pintid)
{
    return phys_deactivate ? UINT64_C(1) << 32 | pintid : 0;
}

/* An INTID to complete: mostly one that was taken, the latest first; or any. */
static uint32_t to_complete(struct sequence *s, bool *group1)
{
    struct random *r = &s->random;

    if (s->nr_taken && random_chance(r, 70)) {
        unsigned last = s->nr_taken - 1;
        if (random_chance(r, 90))
            *group1 = s->taken[last].group1;
        s->nr_taken = last;
        return s->taken[last].intid;
    }
    if (random_chance(r, 10))
        return 1019 + random_below(r, 6);
    if (random_chance(r, 10))
        return s->palette.intid[random_below(r, NR_STATE_INTIDS)];
    return (uint32_t)s->lrs.lr[random_below(r, s->lrs.nr)];
}

static void complete(struct sequence *s, struct step *step)
{
    bool group1 = step->action == ACTION_EOIR1;
    uint32_t intid = to_complete(s, &group1);
    struct icv_model before = s->model;
    struct model_effect ours;
    struct icv_effect theirs;

    if (step->action == ACTION_DIR) {
        ours = model_dir(&s->model, intid);
        theirs = tested_dir(&s->lrs, intid);
    } else {
        step->action = group1 ? ACTION_EOIR1 : ACTION_EOIR0;
        theirs = tested_eoir(&s->lrs, group1, intid);
        ours = model_eoir(&s->model, group1, intid, false);
        if (!same_registers(s)) { /* the other of two right answers? */
            s->model = before;
            ours = model_eoir(&s->model, group1, intid, true);
        }
    }
    step->argument = intid;
    step->ours = effect_value(ours.phys_deactivate, ours.pintid);
    step->theirs = effect_value(theirs.phys_deactivate, theirs.pintid);
    s->happened->counted += before.eoi_count != s->model.eoi_count;
    s->happened->dropped += model_rpr(&before) != model_rpr(&s->model);
    s->happened->completed += !!memcmp(before.lr, s->model.lr, sizeof(before.lr));
    s->happened->physical += ours.phys_deactivate;
}

/* CRm and op2 of a register that exists for some number of registers and priority bits. */
static uint32_t any_ich(struct random *r)
{
    static const uint8_t op2_of_11[] = {0, 1, 2, 3, 5, 7};

    switch (random_below(r, 4)) {
    case 0:
        return 8 * (8 + random_below(r, 2)) + random_below(r, 4);
    case 1:
        return 8 * (12 + random_below(r, 2)) + random_below(r, 8);
    default:
        return 8 * 11 + op2_of_11[random_below(r, sizeof(op2_of_11))];
    }
}

static void access_ich(struct sequence *s, struct step *step, uint32_t reg, bool write,
                       uint64_t value)
{
    uint64_t theirs = value, ours = 0;
    uint32_t encoding = LVGIC_SYSREG(3, 4, 12, reg / 8, reg % 8);
    bool done = tested_ich(&s->lrs, encoding, write, &theirs) == LVGIC_SYSREG_DONE;

    step->argument = write ? value : encoding;
    if (write) {
        step->ours = model_ich_write(&s->model, reg / 8, reg % 8, value);
        step->theirs = done;
    } else {
        step->ours = model_ich_read(&s->model, reg / 8, reg % 8, &ours) ? ours : ~UINT64_C(0);
        step->theirs = done ? theirs : ~UINT64_C(0);
    }
}

/* List registers are written with what a hypervisor could want there; the others with anything but
 * values that cannot be read back (see state_random). */
static void write_ich(struct sequence *s, struct step *step)
{
    struct random *r = &s->random;
    uint32_t reg = any_ich(r);
    uint64_t value = random_next(r);

    if (step->action == ACTION_ICH_WRITE_LR || reg >= 8 * 12) {
        unsigned n = random_below(r, random_chance(r, 95) ? s->lrs.nr : LVGIC_MAX_LRS);
        reg = 8 * 12 + n;
        value = state_lr(r, &s->palette, &s->lrs);
        if (random_chance(r, 10)) /* bits that are not implemented */
            value |= (uint64_t)random_below(r, 8) << 48;
        if (random_chance(r, 10))
            value |= (uint64_t)random_below(r, 16) << 16;
    } else if (reg / 8 < 11) {
        value = random_chance(r, 30) ? 0 : UINT64_C(1) << random_below(r, 32);
        value |= random_chance(r, 20) ? random_next(r) & 0xffffffff : 0;
        value |= random_chance(r, 20) ? UINT64_C(1) << 63 : 0;
    }
    access_ich(s, step, reg, true, value);
}

static void acknowledge(struct sequence *s, struct step *step)
{
    bool group1 = step->action != ACTION_IAR0, running = model_rpr(&s->model) != 0xff;
    bool nmi = s->model.nmi_active;

    if (step->action == ACTION_NMIAR1) {
        step->theirs = tested_nmiar(&s->lrs);
        step->ours = model_nmiar(&s->model);
    } else {
        step->theirs = tested_iar(&s->lrs, group1);
        step->ours = model_iar(&s->model, group1);
    }
    took(s, (uint32_t)step->ours, group1, running, s->model.nmi_active && !nmi);
}

static void reset(struct sequence *s)
{
    struct icv_model *m = &s->model;

    icv_reset(&s->lrs);
    m->enabled[0] = m->enabled[1] = false;
    m->pmr = 0;
    m->cbpr = m->eoi_mode = false;
    model_write_bpr(m, false, 0);
    model_write_bpr(m, true, 0);
    memset(m->active, 0, sizeof(m->active));
    m->nmi_active = false;
}

static void configure(struct sequence *s, struct step *step)
{
    struct random *r = &s->random;
    uint64_t value = random_chance(r, 50) ? random_below(r, 8) : random_next(r);

    step->argument = value;
    switch (step->action) {
    case ACTION_PMR:
        step->argument = random_chance(r, 50) ? value : 0xff;
        icv_set_pmr(&s->lrs, step->argument);
        model_write_pmr(&s->model, step->argument);
        break;
    case ACTION_BPR0:
    case ACTION_BPR1:
        icv_set_bpr(&s->lrs, step->action == ACTION_BPR1, value);
        model_write_bpr(&s->model, step->action == ACTION_BPR1, value);
        break;
    case ACTION_CTLR:
        step->argument = value;
        icv_set_ctlr(&s->lrs, value);
        model_write_ctlr(&s->model, value);
        break;
    case ACTION_IGRPEN: /* of both groups, which has no function of its own */
        s->model.enabled[0] = value & 1;
        s->model.enabled[1] = value & 6;
        s->lrs.vmcr = (s->lrs.vmcr & ~UINT64_C(3)) | (value & 1) | (value & 6 ? 2 : 0);
        break;
    default:
        reset(s);
        break;
    }
}

static void act(struct sequence *s, struct step *step)
{
    switch (step->action) {
    case ACTION_IAR0:
    case ACTION_IAR1:
    case ACTION_NMIAR1:
        acknowledge(s, step);
        break;
    case ACTION_EOIR0:
    case ACTION_EOIR1:
    case ACTION_DIR:
        complete(s, step);
        break;
    case ACTION_ICH_READ:
        access_ich(s, step, any_ich(&s->random), false, 0);
        break;
    case ACTION_ICH_WRITE:
    case ACTION_ICH_WRITE_LR:
        write_ich(s, step);
        break;
    default:
        configure(s, step);
        break;
    }
}

static enum action any_action(struct random *r)
{
    unsigned sum = 0, at;

    for (unsigned a = 0; a < NR_ACTIONS; a++)
        sum += actions[a].share;
    at = random_below(r, sum);
    for (unsigned a = 0;; a++) {
        if (at < actions[a].share)
            return (enum action)a;
        at -= actions[a].share;
    }
}

/* Often what a guest would do: take what is signalled, complete what was taken. */
static enum action sensible_action(struct sequence *s)
{
    int group = model_signalled(&s->model);

    if (group >= 0 && random_chance(&s->random, 40)) {
        if (random_chance(&s->random, 30))
            return ACTION_NMIAR1;
        return group ? ACTION_IAR1 : ACTION_IAR0;
    }
    if (s->nr_taken && random_chance(&s->random, 25))
        return s->model.eoi_mode && random_chance(&s->random, 50) ? ACTION_DIR : ACTION_EOIR0;
    return any_action(&s->random);
}

void sequence_act(struct sequence *s, struct step *step)
{
    *step = (struct step){.action = sensible_action(s)};
    s->happened->accesses++;
    act(s, step);
}
