/* SPDX-License-Identifier: MIT */
/* The command line of the schedule explorer. */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "campaign.h"
#include "ledger.h"

enum { DEFAULT_SCHEDULES = 100000, TRACE_EVENTS_ON_FAILURE = 60 };

struct command_line {
    struct campaign_options campaign;
    const char *names; /* comma-separated; NULL: all */
    const char *except;
    const char *script;
    uint64_t replay_seed;
    uint64_t total;
    const char *ledger;
    int jobs;
    bool list, replay, fingerprint;
    bool show; /* report expected failures in full, too */
};

static const char *const strategy_names[] = {"pct", "random", "dfs"};

/* How the program was called, for messages that say how to call it again. */
static const char *command;

static void usage(void)
{
    fprintf(
        stderr,
        "usage: %s [--list] [--scenario NAME[,NAME...] | --all] [--except NAME,...]\n"
        "               [--schedules N]\n"
        "               [--seconds S] [--strategy pct|random|dfs] [--depth D] [--seed S]\n"
        "               [--replay SEED] [--script TEXT] [--show] [--sync-points]\n"
        "               [--no-reduction] [--fingerprint] [--ledger FILE [--total N] [--jobs J]]\n"
        "  --scenario, --except  names may be patterns, as a shell's\n"
        "  --schedules  schedules per scenario (default 100000, unbounded with --seconds)\n"
        "  --seconds    seconds per scenario\n"
        "  --depth      pct: bug depth 1..5 (default: varies); dfs: at most that many\n"
        "               preemptions, 0..3 (default 2), or all\n"
        "  --seed       start of the sequence of schedules (default 1)\n"
        "  --replay     run the one schedule with this seed and print its trace\n"
        "  --script     run one schedule given in explicit form and print its trace\n"
        "  --sync-points  switch only at atomics, fences and waits; plain accesses are still\n"
        "               checked for races, which makes this as good for race-free code\n"
        "  --no-reduction  dfs: run also what can only repeat another schedule\n"
        "  --show       report failures in full even where they are expected\n"
        "  --fingerprint  a hash of all that happens instead of the rates\n"
        "  --ledger     all scenarios in turn until FILE has N schedules, in J processes; can be\n"
        "               stopped and goes on. Without --total: print what FILE has\n",
        command);
    exit(2);
}

/* Calls visit() for each name or pattern of a list with commas; true if it ever said so. */
static bool any_listed(const char *names, bool (*visit)(const char *pattern, const char *name),
                       const char *name)
{
    char pattern[128];

    while (names && *names) {
        size_t length = strcspn(names, ",");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, names);
        if (visit(pattern, name))
            return true;
        names += length + (names[length] == ',');
    }
    return false;
}

static bool matches(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}

static bool wanted(const struct command_line *line, const struct explore_scenario *scenario)
{
    return (!line->names || any_listed(line->names, matches, scenario->name)) &&
           !any_listed(line->except, matches, scenario->name);
}

static bool is_unknown(const char *pattern, const char *unused)
{
    (void)unused;
    for (int i = 0; explore_scenarios[i]; i++)
        if (matches(pattern, explore_scenarios[i]->name))
            return false;
    fprintf(stderr, "%s: no scenario named '%s'\n", command, pattern);
    return true;
}

static void check_names(const char *names)
{
    if (any_listed(names, is_unknown, NULL))
        exit(2);
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long value;

    if (!text)
        usage();
    value = strtoul(text, &end, 0);
    if (end == text || *end)
        usage();
    return value;
}

static enum strategy_kind strategy_named(const char *name)
{
    int kind = 0;

    while (kind <= STRATEGY_DFS && strcmp(strategy_names[kind], name) != 0)
        kind++;
    if (kind > STRATEGY_DFS)
        usage();
    return (enum strategy_kind)kind;
}

/* Options that stand alone; whether this is one. */
static bool parse_flag(const char *option, struct command_line *line)
{
    if (strcmp(option, "--list") == 0)
        line->list = true;
    else if (strcmp(option, "--all") == 0)
        line->names = NULL;
    else if (strcmp(option, "--sync-points") == 0)
        rt.only_sync_points = true;
    else if (strcmp(option, "--no-reduction") == 0)
        line->campaign.unreduced = true;
    else if (strcmp(option, "--show") == 0)
        line->show = true;
    else if (strcmp(option, "--fingerprint") == 0)
        line->fingerprint = line->campaign.observe = true;
    else
        return false;
    return true;
}

static void parse_value(const char *option, const char *value, struct command_line *line)
{
    struct campaign_options *campaign = &line->campaign;

    if (strcmp(option, "--scenario") == 0) {
        line->names = value;
    } else if (strcmp(option, "--except") == 0) {
        line->except = value;
    } else if (strcmp(option, "--schedules") == 0) {
        campaign->schedules = number(value);
    } else if (strcmp(option, "--seconds") == 0) {
        campaign->seconds = strtod(value, NULL);
    } else if (strcmp(option, "--depth") == 0) {
        campaign->depth = strcmp(value, "all") == 0 ? DFS_ALL : (int)number(value);
    } else if (strcmp(option, "--seed") == 0) {
        campaign->seed = number(value);
    } else if (strcmp(option, "--replay") == 0) {
        line->replay = true;
        line->replay_seed = number(value);
    } else if (strcmp(option, "--script") == 0) {
        line->script = value;
    } else if (strcmp(option, "--strategy") == 0) {
        campaign->strategy = strategy_named(value);
    } else if (strcmp(option, "--ledger") == 0) {
        line->ledger = value;
    } else if (strcmp(option, "--total") == 0) {
        line->total = number(value);
    } else if (strcmp(option, "--jobs") == 0) {
        line->jobs = (int)number(value);
    } else {
        usage();
    }
}

static void parse(int argc, char **argv, struct command_line *line)
{
    memset(line, 0, sizeof *line);
    line->jobs = 1;
    line->campaign.depth = -1;
    line->campaign.seed = 1;
    for (int i = 1; i < argc; i++) {
        if (parse_flag(argv[i], line))
            continue;
        if (!argv[i + 1])
            usage();
        parse_value(argv[i], argv[i + 1], line);
        i++;
    }
    int deepest = line->campaign.strategy == STRATEGY_DFS ? DFS_ALL : MAX_DEPTH;
    if (line->campaign.depth > deepest || line->jobs < 1 || line->jobs > LEDGER_MAX_JOBS ||
        (line->total != 0 && !line->ledger))
        usage();
    if (line->campaign.schedules == 0 && line->campaign.seconds <= 0)
        line->campaign.schedules = DEFAULT_SCHEDULES;
    line->campaign.progress = isatty(STDOUT_FILENO);
    check_names(line->names);
    check_names(line->except);
}

/* Runs one schedule with a trace; returns whether it failed. */
static bool run_traced(const struct explore_scenario *scenario, struct plan plan, size_t events,
                       struct outcome *outcome)
{
    plan.observe = true;
    runtime_run(scenario, &plan, outcome);
    trace_print_runs();
    trace_print(events);
    printf("  => %s after %u steps, hash %016lx\n", outcome->failed ? outcome->message : "clean",
           outcome->steps, (unsigned long)outcome->hash);
    return outcome->failed;
}

static void print_point_option(void)
{
    if (rt.only_sync_points)
        printf(" --sync-points");
}

static void print_minimised(const struct explore_scenario *scenario, const struct plan *plan)
{
    struct script script = {0};
    struct outcome outcome;

    /* Once more, for the explicit form of the schedule. */
    runtime_run(scenario, plan, &outcome);
    script_copy(&script, &rt.taken);
    size_t before = script.count;
    if (!outcome.failed) {
        printf("  the failure did not happen again: the scenario depends on earlier schedules\n");
        return;
    }
    unsigned runs = campaign_minimise(scenario, plan->seed, outcome.message, &script);
    printf("  minimised from %zu to %zu deviations in %u schedules:\n", before, script.count, runs);
    printf("  again, minimised: %s --script ", command);
    script_print(&script);
    print_point_option();
    printf(" --scenario %s", scenario->name);
    putchar('\n');
    struct plan minimal = {.strategy = STRATEGY_SCRIPT, .seed = plan->seed, .script = &script};
    run_traced(scenario, minimal, TRACE_EVENTS_ON_FAILURE, &outcome);
    free(script.items);
}

static void print_failure(const struct explore_scenario *scenario,
                          const struct campaign_options *options,
                          const struct campaign_result *result)
{
    printf("  %s\n", result->last.message);
    printf("  seed %#lx, strategy %s", (unsigned long)result->plan.seed,
           strategy_names[result->plan.strategy]);
    if (result->plan.strategy == STRATEGY_DFS && result->plan.depth <= DFS_MAX_BOUND)
        printf(", at most %d preemptions", result->plan.depth);
    else if (result->plan.strategy == STRATEGY_PCT)
        printf(", expected length %u", result->plan.length);
    putchar('\n');
    if (result->plan.strategy != STRATEGY_DFS) {
        printf("  again: %s --replay %#lx", command, (unsigned long)result->plan.seed);
        if (result->plan.strategy == STRATEGY_RANDOM)
            printf(" --strategy random");
        if (options->depth >= 0)
            printf(" --depth %d", options->depth);
        print_point_option();
        printf(" --scenario %s", scenario->name);
        putchar('\n');
    }
    print_minimised(scenario, &result->plan);
}

static void print_exhausted(const struct campaign_result *result)
{
    if (result->exhausted == DFS_ALL)
        printf("  all: %lu classes", result->classes);
    else if (result->exhausted >= 0 && result->exhausted == result->plan.depth)
        printf("  all within bound %d: %lu classes", result->exhausted, result->classes);
    else if (result->exhausted >= 0)
        printf("  all within bound %d", result->exhausted);
}

/* For the ledger: a part is worth a line only if it fails. */
static bool run_part(const struct explore_scenario *scenario,
                     const struct campaign_options *options, struct campaign_result *result)
{
    campaign_run(scenario, options, result);
    if (!result->last.failed)
        return true;
    printf("FAIL %s\n", scenario->name);
    print_failure(scenario, options, result);
    return false;
}

/* Runs one scenario and prints its line; returns whether it did what it should. */
static bool run_scenario(const struct explore_scenario *scenario, const struct command_line *line)
{
    struct campaign_options options = line->campaign;
    struct campaign_result result;
    bool passed;

    if (scenario->expect && scenario->expect_within) {
        options.schedules = scenario->expect_within;
        options.seconds = 0;
    }
    campaign_run(scenario, &options, &result);
    const struct outcome *last = &result.last;
    if (scenario->expect)
        passed = last->failed && strstr(last->message, scenario->expect) != NULL;
    else
        passed = !last->failed;
    printf("%-4s %-28s %9lu schedules ", passed ? "ok" : "FAIL", scenario->name, result.schedules);
    if (line->fingerprint)
        printf("%016lx", (unsigned long)result.fingerprint);
    else
        printf("%8.0f/s", (double)result.schedules / (result.seconds > 0 ? result.seconds : 1e-9));
    printf(" %5lu steps each", result.steps / result.schedules);
    if (line->campaign.strategy == STRATEGY_DFS)
        print_exhausted(&result);
    if (passed && scenario->expect)
        printf("  found: %.60s", last->message);
    else if (passed)
        printf("  clean");
    else if (!last->failed)
        printf("  expected to find '%s', found nothing", scenario->expect);
    putchar('\n');
    if (last->failed && (!passed || line->show))
        print_failure(scenario, &line->campaign, &result);
    fflush(stdout);
    return passed;
}

static bool run_single(const struct explore_scenario *scenario, const struct command_line *line)
{
    struct script script = {0};
    struct outcome outcome;
    struct plan plan = {.strategy = line->campaign.strategy,
                        .seed = line->replay_seed,
                        .depth = line->campaign.depth < 0 ? 0 : line->campaign.depth};

    if (line->script) {
        if (!script_parse(&script, line->script)) {
            fprintf(stderr, "%s: cannot read the script\n", command);
            exit(2);
        }
        plan.strategy = STRATEGY_SCRIPT;
        plan.script = &script;
    } else {
        plan.length = campaign_calibrate(scenario);
    }
    printf("%s\n", scenario->name);
    bool failed = run_traced(scenario, plan, SIZE_MAX, &outcome);
    free(script.items);
    return !failed;
}

/*
 * Starts this program again at fixed addresses, so that two runs are the same to the last pointer.
 * Where that is not allowed, only the addresses in traces differ.
 */
static void fix_addresses(char **argv)
{
    int flags = personality(0xffffffff);

    if (flags != -1 && !(flags & ADDR_NO_RANDOMIZE) && personality(flags | ADDR_NO_RANDOMIZE) != -1)
        execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    struct command_line line;
    int passed = 0, failed = 0;

    fix_addresses(argv);
    command = argv[0];
    parse(argc, argv, &line);
    if ((line.replay || line.script) && (!line.names || strchr(line.names, ','))) {
        fprintf(stderr, "%s: --replay and --script need one --scenario\n", command);
        return 2;
    }
    if (line.replay && line.campaign.strategy == STRATEGY_DFS) {
        fprintf(stderr, "%s: schedules of the dfs strategy are replayed with --script\n", command);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    runtime_init();
    if (line.ledger && line.total == 0)
        return ledger_print(line.ledger);
    if (line.ledger)
        return ledger_campaign(&(struct ledger_options){.file = line.ledger,
                                                        .total = line.total,
                                                        .jobs = line.jobs,
                                                        .campaign = line.campaign,
                                                        .part = run_part});
    for (int i = 0; explore_scenarios[i]; i++) {
        const struct explore_scenario *scenario = explore_scenarios[i];
        if (!wanted(&line, scenario))
            continue;
        if (line.list) {
            printf("%-28s %d actor%s  %s\n", scenario->name, scenario->actors,
                   scenario->actors == 1 ? " " : "s", scenario->shows);
            continue;
        }
        if (scenario->actors < 1 || scenario->actors > MAX_ACTORS) {
            fprintf(stderr, "%s: %s: bad number of actors\n", command, scenario->name);
            return 2;
        }
        bool good = line.replay || line.script ? run_single(scenario, &line)
                                               : run_scenario(scenario, &line);
        if (good)
            passed++;
        else
            failed++;
    }
    if (!line.list)
        printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
