/* SPDX-License-Identifier: MIT */
/* Long campaigns: they can be stopped and go on, on several processors, and add up in a file. */
#ifndef EXPLORE_LEDGER_H
#define EXPLORE_LEDGER_H

#include "campaign.h"

enum { LEDGER_MAX_JOBS = 64 };

struct ledger_options {
    const char *file;
    uint64_t total; /* schedules, of all scenarios together */
    int jobs;       /* processes, 1 to LEDGER_MAX_JOBS */
    struct campaign_options campaign;
    /* Runs a part of the campaign and reports what it finds; returns whether all was clean. */
    bool (*part)(const struct explore_scenario *scenario, const struct campaign_options *options,
                 struct campaign_result *result);
};

/*
 * Runs the scenarios that have to be clean in turn, each time for about as long, until the file has
 * the total or a little more. The file is of one program: if that has changed, it starts anew, and
 * says so. Other processes may use the same file at the same time. Returns the exit status: 0, 1 (a
 * scenario failed) or 2 (no such file).
 */
int ledger_campaign(const struct ledger_options *options);

/* The schedules of each scenario, and their time, as a Markdown table. Returns the exit status. */
int ledger_print(const char *file);

#endif
