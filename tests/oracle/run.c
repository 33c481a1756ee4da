/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "run.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"
#include "minimise.h"
#include "qemu.h"
#include "random.h"
#include "script.h"

#define GROUP 256u      /* sequences in a batch */
#define MAX_REPORTS 20u /* failures that are shown in full */

struct group {
    unsigned nr;
    struct sequence seqs[GROUP];
};

struct runner {
    const struct run *run;
    struct qemu *qemu;
    struct ours ours;
    struct group *groups[2]; /* like QEMU's two batches */
    unsigned filling;
    bool outstanding; /* the other one is with QEMU */
    unsigned long passed, failed, ops, reported;
};

static void show(const struct sequence *seq, const struct result *theirs, unsigned at)
{
    static const char *const lines[] = {"none", "irq", "fiq", "irq and fiq"};
    const struct result *results[2] = {&seq->ours[at], &theirs[at]};

    printf("    ");
    op_print(stdout, &seq->ops[at]);
    printf("\n");
    for (int i = 0; i < 2; i++)
        printf("      %s value 0x%" PRIx64 "%s hppir0 %u hppir1 %u rpr 0x%02x lines %s\n",
               i ? "QEMU" : "ours", results[i]->value, results[i]->undef ? " UNDEFINED" : "",
               results[i]->hppir[0], results[i]->hppir[1], results[i]->rpr,
               lines[results[i]->lines & 3]);
}

static void show_minimal(struct qemu *qemu, const struct sequence *seq)
{
    struct minimal *minimal = minimise(qemu, seq);

    if (!minimal)
        return;
    printf("  minimal sequence:\n");
    sequence_print(stdout, &minimal->seq);
    if (minimal->broken)
        printf("    %s\n", minimal->broken);
    else
        show(&minimal->seq, minimal->theirs, minimal->at);
    free(minimal);
    fflush(stdout);
}

static void report(struct runner *runner, const struct sequence *seq, const struct result *theirs,
                   unsigned at)
{
    printf("FAIL %s (%u LRs), operation %u\n", seq->name, seq->lrs, at);
    show(seq, theirs, at);
    if (runner->reported++ < MAX_REPORTS)
        show_minimal(runner->qemu, seq);
}

/* What the script says against what happened; our side only, since QEMU's differences are known.
 * The first `nr` operations. */
static bool as_expected(const struct sequence *seq, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        uint64_t is =
            seq->ops[i].kind == OP_LOOK ? seq->ours[i].lines | LINES_EXPECTED : seq->ours[i].value;

        if (seq->expect[i] == NO_EXPECTATION || seq->expect[i] == is)
            continue;
        printf("FAIL %s (%u LRs), operation %u: the script says 0x%" PRIx64 "\n", seq->name,
               seq->lrs, i, seq->expect[i]);
        show(seq, seq->ours, i);
        return false;
    }
    return true;
}

struct found {
    unsigned nr;
    struct {
        const struct sequence *seq;
        unsigned at;
        struct result theirs[SEQUENCE_OPS];
    } all[8];
};

/* Failures are shown, and made small, when QEMU has nothing else to do: that takes more batches. */
static void check(struct runner *runner, const struct group *group, const struct batch *batch,
                  struct found *found)
{
    unsigned first = 0;

    for (unsigned i = 0; i < group->nr; i++) {
        const struct sequence *seq = &group->seqs[i];
        const struct result *theirs = &batch->results[first];
        unsigned at;
        bool same = compare_sequence(seq, theirs, true, &at);
        bool fine = same && as_expected(seq, at);

        runner->passed += fine;
        runner->failed += !fine;
        runner->ops += seq->nr;
        first += seq->nr;
        if (same)
            continue;
        if (found->nr == ARRAY_LEN(found->all) || runner->reported + found->nr >= MAX_REPORTS) {
            printf("FAIL %s (%u LRs), operation %u\n", seq->name, seq->lrs, at);
            continue;
        }
        found->all[found->nr].seq = seq;
        found->all[found->nr].at = at;
        memcpy(found->all[found->nr].theirs, theirs, seq->nr * sizeof *theirs);
        found->nr++;
    }
}

static void wait_one(struct runner *runner)
{
    struct found *found = calloc(1, sizeof *found);
    const struct batch *batch = qemu_wait(runner->qemu);

    check(runner, runner->groups[!runner->filling], batch, found);
    runner->outstanding = false;
    for (unsigned i = 0; i < found->nr; i++)
        report(runner, found->all[i].seq, found->all[i].theirs, found->all[i].at);
    free(found);
}

/* Posts the group that was filled, after the one before was waited for. */
static void flush(struct runner *runner)
{
    struct group *group = runner->groups[runner->filling];

    if (runner->outstanding)
        wait_one(runner);
    if (!group->nr)
        return;

    struct batch *batch = qemu_next(runner->qemu);

    batch->nr = 0;
    for (unsigned i = 0; i < group->nr; i++) {
        memcpy(&batch->ops[batch->nr], group->seqs[i].ops, group->seqs[i].nr * sizeof(struct op));
        batch->nr += group->seqs[i].nr;
    }
    qemu_post(runner->qemu);
    runner->outstanding = true;
    runner->filling = !runner->filling;
    runner->groups[runner->filling]->nr = 0;
}

static struct sequence *room(struct runner *runner)
{
    if (runner->groups[runner->filling]->nr == GROUP)
        flush(runner);
    return &runner->groups[runner->filling]->seqs[runner->groups[runner->filling]->nr];
}

static void broken(struct runner *runner, const struct sequence *seq, const char *what)
{
    printf("FAIL %s (%u LRs): %s\n", seq->name, seq->lrs, what);
    runner->failed++;
    if (runner->reported++ < MAX_REPORTS)
        show_minimal(NULL, seq);
}

static void added(struct runner *runner, const struct sequence *seq)
{
    const char *what = ours_end(&runner->ours);

    if (what)
        broken(runner, seq, what);
    else
        runner->groups[runner->filling]->nr++;
}

static void run_random(struct runner *runner)
{
    const struct run *run = runner->run;

    printf("seed %" PRIu64 "\n", run->seed);
    for (uint64_t i = 0; i < run->random; i++) {
        struct sequence *seq = room(runner);

        if (run->machine == MACHINE_GICV2)
            random_gicv2(seq, &runner->ours, run->seed + i, run->cpus, run->wild);
        else if (run->machine == MACHINE_SECURE)
            random_security(seq, &runner->ours, run->seed + i, run->cpus);
        else
            random_sequence(seq, &runner->ours, run->seed + i, run->cpus, run->wild);
        added(runner, seq);
    }
}

/* Each sequence with several numbers of list registers, and from within and outside of the guest,
 * if it does not say otherwise. */
static void run_script(struct runner *runner, const char *path)
{
    static const unsigned lrs[] = {1, 2, 4, 16};
    struct sequence read;
    struct script *script = script_open(path);

    while (script && script_next(script, &read, runner->run->cpus, runner->run->machine)) {
        for (unsigned i = 0; i < 2 * ARRAY_LEN(lrs); i++) {
            struct sequence *seq = room(runner);

            *seq = read;
            seq->lrs = read.lrs ? read.lrs : lrs[i / 2];
            seq->outside = i % 2;
            ours_start(&runner->ours, seq);
            for (unsigned n = 0; n < seq->nr; n++)
                seq->ours[n] = ours_do(&runner->ours, &seq->ops[n]);
            added(runner, seq);
        }
    }
    runner->failed += !script;
    if (script)
        script_close(script);
}

static int is_script(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && !strcmp(entry->d_name + length - 4, ".txt");
}

static void run_scripts(struct runner *runner)
{
    struct dirent **entries;
    int nr = scandir(runner->run->scripts, &entries, is_script, alphasort);

    if (nr <= 0) {
        fprintf(stderr, "no scripts in %s\n", runner->run->scripts);
        runner->failed++;
        return;
    }
    for (int i = 0; i < nr; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", runner->run->scripts, entries[i]->d_name);
        run_script(runner, path);
        free(entries[i]);
    }
    free(entries);
}

int run_all(const struct run *run, const char *argv0)
{
    struct runner runner = {.run = run};
    const char *slash = strrchr(argv0, '/');
    char stub[4096];
    time_t start = time(NULL);

    snprintf(stub, sizeof stub, "%.*sstub.elf", slash ? (int)(slash + 1 - argv0) : 0, argv0);
    runner.qemu =
        qemu_start(run->qemu_program, run->stub ? run->stub : stub, run->cpus, run->machine);
    for (int i = 0; i < 2; i++)
        runner.groups[i] = calloc(1, sizeof(struct group));
    if (!runner.qemu || !runner.groups[0] || !runner.groups[1])
        return 2;
    if (run->scripts)
        run_scripts(&runner);
    if (run->random)
        run_random(&runner);
    flush(&runner);
    if (runner.outstanding)
        wait_one(&runner);
    qemu_stop(runner.qemu);
    compare_summary(run->machine);
    printf("%lu operations in %ld s\n", runner.ops, (long)(time(NULL) - start));
    printf("%lu passed, %lu failed\n", runner.passed, runner.failed);
    ours_free(&runner.ours);
    free(runner.groups[0]);
    free(runner.groups[1]);
    return runner.failed ? 1 : 0;
}
