/* SPDX-License-Identifier: MIT */
#include "linear.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = LINEAR_MAX_OPS / 64, MEMO_SIZE = 1 << 14, MEMO_PROBES = 8 };

struct search {
    const struct ghost_gic *gic;
    const struct ghost_op *ops;
    unsigned n;
    uint64_t done[WORDS];
    unsigned order[LINEAR_MAX_OPS];
    struct linear_report *report;
};

/* Sets of operations with states from which the rest cannot be explained. By their hash alone: that
 * two are taken for one another is as likely as a wrong bit of memory. */
static uint64_t memo[MEMO_SIZE];
static bool memo_used;

static bool is_done(const struct search *search, unsigned i)
{
    return search->done[i / 64] >> i % 64 & 1;
}

static void flip(struct search *search, unsigned i)
{
    search->done[i / 64] ^= UINT64_C(1) << i % 64;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t word;

    for (size_t i = 0; i < size; i += sizeof word) {
        size_t length = size - i < sizeof word ? size - i : sizeof word;

        word = 0;
        memcpy(&word, bytes + i, length);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static uint64_t hash_of(const struct search *search, const struct ghost *state)
{
    return mix(mix(1, search->done, sizeof search->done), state, sizeof *state) | 1;
}

/* Finds it, or the place for it; NULL: no room, then it will be tried again. */
static uint64_t *memo_place(uint64_t hash)
{
    for (unsigned i = 0; i < MEMO_PROBES; i++) {
        uint64_t *place = &memo[((hash >> 20) + i) % MEMO_SIZE];

        if (!*place || *place == hash)
            return place;
    }
    return NULL;
}

static bool in_memo(uint64_t hash)
{
    uint64_t *place = memo_place(hash);

    return place && *place == hash;
}

static void memorise(uint64_t hash)
{
    uint64_t *place = memo_place(hash);

    if (place)
        *place = hash;
    memo_used = true;
}

/* What those that have taken effect, and were not over when this one began, are about. */
static uint8_t unsettled(const struct search *search, const struct ghost_op *op)
{
    uint8_t set = 0;

    if (!ghost_may_be_late(op))
        return 0;
    for (unsigned i = 0; i < search->n; i++)
        if (is_done(search, i) && search->ops[i].ret > op->call)
            set |= ghost_news(&search->ops[i]);
    return set;
}

static bool explain(struct search *search, const struct ghost *state, unsigned first,
                    unsigned depth)
{
    uint32_t end = UINT32_MAX; /* of those that are left, the first to end */

    if (depth > search->report->explained) {
        search->report->explained = depth;
        memcpy(search->report->order, search->order, depth * sizeof search->order[0]);
    }
    if (depth == search->n)
        return true;
    while (is_done(search, first))
        first++;
    for (unsigned i = first; i < search->n && search->ops[i].call < end; i++)
        if (!is_done(search, i) && search->ops[i].ret < end)
            end = search->ops[i].ret;

    if (memo_used && in_memo(hash_of(search, state)))
        return false;
    /* What only looks, and sees what it should, may as well come now. */
    for (unsigned i = first; i < search->n && search->ops[i].call < end; i++) {
        struct ghost next[2];

        if (is_done(search, i) || search->ops[i].kind != GHOST_READ ||
            !ghost_apply(search->gic, state, &search->ops[i], 0, next))
            continue;
        flip(search, i);
        search->order[depth] = i;

        bool explained = explain(search, state, first, depth + 1);

        flip(search, i);
        return explained;
    }
    for (unsigned i = first; i < search->n && search->ops[i].call < end; i++) {
        const struct ghost_op *op = &search->ops[i];
        struct ghost next[2];

        if (is_done(search, i))
            continue;

        int n = ghost_apply(search->gic, state, op, unsettled(search, op), next);

        flip(search, i);
        search->order[depth] = i;
        for (int j = 0; j < n; j++)
            if (explain(search, &next[j], first, depth + 1))
                return true;
        flip(search, i);
    }
    memorise(hash_of(search, state));
    return false;
}

bool linear_check(const struct ghost_gic *gic, const struct ghost *initial,
                  const struct ghost_op *ops, unsigned n, struct linear_report *report)
{
    struct search search = {.gic = gic, .ops = ops, .n = n, .report = report};

    if (memo_used)
        memset(memo, 0, sizeof memo);
    memo_used = false;
    report->explained = 0;
    return explain(&search, initial, 0, 0);
}

const struct ghost_op *linear_culprit(const struct ghost_op *ops, unsigned n,
                                      const struct linear_report *report)
{
    const struct ghost_op *culprit = NULL;

    for (unsigned i = 0; i < n; i++) {
        bool explained = false;

        for (unsigned j = 0; j < report->explained; j++)
            explained |= report->order[j] == i;
        if (!explained && (!culprit || ops[i].ret < culprit->ret))
            culprit = &ops[i];
    }
    return culprit;
}

static const char *const texts[] = {
#define GHOST_TEXT(name, text) text,
    GHOST_OPS(GHOST_TEXT)
#undef GHOST_TEXT
};

const char *linear_describe(const struct ghost_gic *gic, const struct ghost_op *op, char *text,
                            size_t size)
{
    char who[16] = "", what[40] = "", value[40] = "";

    switch (op->kind) {
    case GHOST_PMR:
    case GHOST_ENTER:
    case GHOST_EXIT:
    case GHOST_SETTLE:
    case GHOST_ACK:
    case GHOST_EOI:
    case GHOST_DIR:
    case GHOST_BLOCK:
    case GHOST_ASLEEP:
        snprintf(who, sizeof who, "vCPU %d ", op->vcpu);
        break;
    case GHOST_LPIS_OFF:
    case GHOST_LPIS_RWP:
        snprintf(value, sizeof value, " %d", op->vcpu);
        break;
    default:
        break;
    }
    if (op->irq != GHOST_NONE)
        snprintf(what, sizeof what, " %u", (unsigned)gic->irqs[op->irq].intid);
    else if (op->kind == GHOST_ACK)
        snprintf(what, sizeof what, " nothing");
    if (op->kind == GHOST_READ)
        snprintf(value, sizeof value, ":%s%s%s (of %#x)",
                 op->value & GHOST_READ_ENABLED ? " enabled" : "",
                 op->value & GHOST_READ_PENDING ? " pending" : "",
                 op->value & GHOST_READ_ACTIVE ? " active" : "", (unsigned)op->mask);
    else if (op->kind == GHOST_LINE || op->kind == GHOST_ROUTE || op->kind == GHOST_MSI ||
             op->kind == GHOST_MOVE || op->kind == GHOST_PMR || op->kind == GHOST_BLOCK)
        snprintf(value, sizeof value, " %d", (int)op->value);
    snprintf(text, size, "%s%s%s%s", who, texts[op->kind], what, value);
    return text;
}

static void print_one(const struct ghost_gic *gic, const struct ghost_op *op)
{
    char text[128];

    printf("    %4u to %4u  actor %2d  %s\n", (unsigned)op->call, (unsigned)op->ret, op->actor,
           linear_describe(gic, op, text, sizeof text));
}

void linear_print(const struct ghost_gic *gic, const struct ghost_op *ops, unsigned n,
                  const struct linear_report *report)
{
    const struct ghost_op *culprit = linear_culprit(ops, n, report);

    printf("  history (when each began and ended):\n");
    for (unsigned i = 0; i < n; i++)
        print_one(gic, &ops[i]);
    printf("  the order that explains most of it, %u of %u:\n", report->explained, n);
    for (unsigned i = 0; i < report->explained; i++)
        print_one(gic, &ops[report->order[i]]);
    printf("  after which this does not fit, nor can another come before it:\n");
    if (culprit)
        print_one(gic, culprit);
}
