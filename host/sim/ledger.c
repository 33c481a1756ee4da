/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ledger.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_SCENARIOS = 1024,
    NAME_SIZE = 64,
    LINE = 112,
    REPORT_SECONDS = 10,
    PART_EFFORT = 15000000, /* some 15,000 schedules of 800 steps */
};

/*
 * The file is text: the program, the number of the next part, and a line for each scenario. All
 * lines have the same length, so that a write replaces them in place.
 */
struct ledger {
    uint64_t program;
    uint64_t next; /* part; each has schedules of its own */
    int count;
    struct row {
        char name[NAME_SIZE];
        uint64_t schedules, steps;
        double seconds;
    } rows[MAX_SCENARIOS];
};

static int file = -1;
static uint64_t program; /* a hash of the running executable */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static uint64_t program_hash(void)
{
    static char buffer[1 << 16];
    uint64_t hash = 0;
    ssize_t size;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    while ((size = read(self, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < size; i++)
            hash = (hash ^ (uint8_t)buffer[i]) * 0x100000001b3u;
    }
    close(self);
    return hash_mix(hash, 0);
}

static bool in_campaign(const struct explore_scenario *scenario)
{
    return scenario->expect == NULL;
}

/* ---- the file; the caller has locked it ----------------------------------------------------- */

static void start_anew(struct ledger *ledger)
{
    ledger->program = program;
    ledger->next = 0;
    ledger->count = 0;
    for (int i = 0; explore_scenarios[i] && ledger->count < MAX_SCENARIOS; i++) {
        if (!in_campaign(explore_scenarios[i]))
            continue;
        struct row *row = &ledger->rows[ledger->count++];
        memset(row, 0, sizeof *row);
        snprintf(row->name, sizeof row->name, "%s", explore_scenarios[i]->name);
    }
}

static bool load(struct ledger *ledger)
{
    FILE *in = fdopen(dup(file), "r");
    char line[LINE + 2];

    ledger->count = 0;
    rewind(in);
    bool good = fgets(line, sizeof line, in) && sscanf(line, "program %" SCNx64 " next %" SCNu64,
                                                       &ledger->program, &ledger->next) == 2;
    while (good && ledger->count < MAX_SCENARIOS && fgets(line, sizeof line, in)) {
        struct row *row = &ledger->rows[ledger->count++];
        good = sscanf(line, "%63s %" SCNu64 " %" SCNu64 " %lf", row->name, &row->schedules,
                      &row->steps, &row->seconds) == 4;
    }
    fclose(in);
    return good;
}

/* For those who only look. */
static bool look(struct ledger *ledger)
{
    flock(file, LOCK_SH);
    bool good = load(ledger);
    flock(file, LOCK_UN);
    return good;
}

static void save(const struct ledger *ledger)
{
    static char text[(MAX_SCENARIOS + 1) * LINE + 1];
    char *at = text;

    at += sprintf(at, "program %016" PRIx64 " next %-*" PRIu64 "\n", ledger->program, LINE - 31,
                  ledger->next);
    for (int i = 0; i < ledger->count; i++) {
        const struct row *row = &ledger->rows[i];
        at += sprintf(at, "%-63s %15" PRIu64 " %18" PRIu64 " %12.1f\n", row->name, row->schedules,
                      row->steps, row->seconds);
    }
    if (pwrite(file, text, (size_t)(at - text), 0) != at - text ||
        ftruncate(file, at - text) != 0) {
        perror("explorer: ledger");
        exit(2);
    }
}

static uint64_t sum(const struct ledger *ledger)
{
    uint64_t schedules = 0;

    for (int i = 0; i < ledger->count; i++)
        schedules += ledger->rows[i].schedules;
    return schedules;
}

/* The scenarios that have had a turn, and the fewest schedules of any of them. */
static int had_a_turn(const struct ledger *ledger, uint64_t *fewest)
{
    int n = 0;

    *fewest = 0;
    for (int i = 0; i < ledger->count; i++) {
        uint64_t schedules = ledger->rows[i].schedules;
        if (schedules != 0 && (n++ == 0 || schedules < *fewest))
            *fewest = schedules;
    }
    return n;
}

/* ---- working -------------------------------------------------------------------------------- */

static const struct explore_scenario *scenario_named(const char *name)
{
    for (int i = 0; explore_scenarios[i]; i++) {
        if (strcmp(explore_scenarios[i]->name, name) == 0)
            return explore_scenarios[i];
    }
    return NULL;
}

/* Takes one part after the other until the file has the total. Returns the exit status. */
static int work(const struct ledger_options *options)
{
    static struct ledger ledger;
    struct campaign_options part = options->campaign;
    struct campaign_result result;

    part.schedules = 0;
    part.seconds = 0;
    part.effort = PART_EFFORT;
    part.progress = false;
    for (;;) {
        flock(file, LOCK_EX);
        bool good = load(&ledger) && ledger.program == program && ledger.count > 0;
        if (!good || sum(&ledger) >= options->total) {
            flock(file, LOCK_UN);
            return good ? 0 : 2;
        }
        uint64_t number = ledger.next++;
        save(&ledger);
        flock(file, LOCK_UN);

        const char *name = ledger.rows[number % (uint64_t)ledger.count].name;
        const struct explore_scenario *scenario = scenario_named(name);
        part.seed = options->campaign.seed + number;
        if (!scenario || !options->part(scenario, &part, &result))
            return scenario ? 1 : 2;

        flock(file, LOCK_EX);
        good = load(&ledger) && ledger.program == program;
        struct row *row = &ledger.rows[number % (uint64_t)ledger.count];
        row->schedules += result.schedules;
        row->steps += result.steps;
        row->seconds += result.seconds;
        if (good)
            save(&ledger);
        flock(file, LOCK_UN);
    }
}

static void wait_for_second(int number)
{
    (void)number;
}

/*
 * Waits for the workers, shows how far they are. After the first that fails no other goes on.
 * Returns the exit status.
 */
static int supervise(const struct ledger_options *options, pid_t *workers)
{
    static struct ledger ledger;
    struct sigaction action = {.sa_handler = wait_for_second};
    double started = now(), reported = started;
    uint64_t before = 0;
    int left = options->jobs, worst = 0;

    sigaction(SIGALRM, &action, NULL); /* from runtime_init(): interrupts wait() each second */
    if (look(&ledger))
        before = sum(&ledger);
    while (left > 0) {
        int status;
        pid_t ended = wait(&status);
        if (ended > 0) {
            left--;
            if (worst == 0)
                worst = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
            for (int i = 0; i < options->jobs; i++) {
                if (workers[i] == ended)
                    workers[i] = 0;
                else if (worst != 0 && workers[i] != 0)
                    kill(workers[i], SIGTERM);
            }
        }
        if (now() - reported < REPORT_SECONDS)
            continue;
        reported = now();
        if (!look(&ledger) || sum(&ledger) <= before || sum(&ledger) > options->total)
            continue;
        double rate = (double)(sum(&ledger) - before) / (reported - started);
        printf("%" PRIu64 " of %" PRIu64 " schedules (%.1f %%), %.0f/s, %.0f min to go\n",
               sum(&ledger), options->total, 100 * (double)sum(&ledger) / (double)options->total,
               rate, (double)(options->total - sum(&ledger)) / rate / 60);
    }
    return worst;
}

static bool open_ledger(const char *name, int flags)
{
    file = open(name, flags | O_CLOEXEC, 0666);
    if (file < 0)
        perror(name);
    return file >= 0;
}

int ledger_campaign(const struct ledger_options *options)
{
    static struct ledger ledger;
    pid_t workers[LEDGER_MAX_JOBS];
    uint64_t fewest;
    double seconds = 0;

    program = program_hash();
    if (!open_ledger(options->file, O_RDWR | O_CREAT))
        return 2;
    flock(file, LOCK_EX);
    struct stat status;
    bool empty = fstat(file, &status) == 0 && status.st_size == 0;
    if (!load(&ledger) || ledger.program != program) {
        printf(empty ? "a new ledger\n" : "the program has changed: the ledger starts anew\n");
        start_anew(&ledger);
        save(&ledger);
    }
    flock(file, LOCK_UN);
    for (int i = 0; i < options->jobs; i++) {
        fflush(stdout);
        workers[i] = fork();
        if (workers[i] == 0) {
            runtime_init();                                 /* timers are not inherited */
            file = open(options->file, O_RDWR | O_CLOEXEC); /* a lock of its own */
            int code = work(options);
            fflush(stdout);
            _exit(code);
        }
    }
    int worst = supervise(options, workers);
    if (worst != 0 || !look(&ledger))
        return worst != 0 ? worst : 2;
    for (int i = 0; i < ledger.count; i++)
        seconds += ledger.rows[i].seconds;
    int scenarios = had_a_turn(&ledger, &fewest);
    printf("%" PRIu64 " schedules of %d scenarios, at least %" PRIu64
           " of each, all clean, %.0f/s\n",
           sum(&ledger), scenarios, fewest, (double)sum(&ledger) / seconds * options->jobs);
    return 0;
}

int ledger_print(const char *name)
{
    static struct ledger ledger;
    double seconds = 0;

    if (!open_ledger(name, O_RDONLY))
        return 2;
    if (!look(&ledger)) {
        fprintf(stderr, "%s: not a ledger\n", name);
        return 2;
    }
    printf("| scenario | schedules | steps each | seconds |\n|---|---:|---:|---:|\n");
    for (int i = 0; i < ledger.count; i++) {
        const struct row *row = &ledger.rows[i];
        printf("| %s | %" PRIu64 " | %" PRIu64 " | %.1f |\n", row->name, row->schedules,
               row->schedules ? row->steps / row->schedules : 0, row->seconds);
        seconds += row->seconds;
    }
    printf("| all %d | %" PRIu64 " | | %.1f |\n", ledger.count, sum(&ledger), seconds);
    return 0;
}
