/* SPDX-License-Identifier: MIT */
/*
 * The same sequences of operations on the library and on QEMU's own GICv3, compared.
 *
 *   oracle --scripts DIRECTORY
 *   oracle --random N [--seed S] [--cpus C] [--wild]
 *   oracle --security ...   two security states: the frames alone
 *   oracle --gic 2 ...      GICv2, one CPU
 *
 * Sequence i of seed S is sequence 0 of seed S + i.
 */
#define _POSIX_C_SOURCE 200809L
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"
#include "random.h"
#include "run.h"
#include "script.h"

static uint64_t now_seed(void)
{
    return (uint64_t)time(NULL) * 1000003u;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: oracle [--qemu PROGRAM] [--stub FILE] [--cpus 1|2] [--security | --gic 2]\n"
            "              --scripts DIRECTORY | --random N [--seed S] [--wild]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"scripts", required_argument, NULL, 's'}, {"random", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 'S'},    {"cpus", required_argument, NULL, 'c'},
        {"qemu", required_argument, NULL, 'q'},    {"stub", required_argument, NULL, 'b'},
        {"wild", no_argument, NULL, 'w'},          {"security", no_argument, NULL, '2'},
        {"gic", required_argument, NULL, 'g'},     {NULL, 0, NULL, 0},
    };
    struct run run = {.qemu_program = "qemu-system-aarch64", .cpus = 2, .seed = now_seed()};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            run.scripts = optarg;
            break;
        case 'r':
            run.random = strtoull(optarg, NULL, 0);
            break;
        case 'S':
            run.seed = strtoull(optarg, NULL, 0);
            break;
        case 'c':
            run.cpus = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'q':
            run.qemu_program = optarg;
            break;
        case 'b':
            run.stub = optarg;
            break;
        case 'w':
            run.wild = true;
            break;
        case '2':
            run.machine = MACHINE_SECURE;
            break;
        case 'g':
            if (strcmp(optarg, "2"))
                return usage();
            run.machine = MACHINE_GICV2;
            run.cpus = 1;
            break;
        default:
            return usage();
        }
    }
    if ((!run.scripts && !run.random) || run.cpus < 1 || run.cpus > ORACLE_CPUS ||
        (run.machine == MACHINE_GICV2 && run.cpus != 1) || optind != argc)
        return usage();
    return run_all(&run, argv[0]);
}
