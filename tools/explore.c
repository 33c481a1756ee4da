/* SPDX-License-Identifier: MIT */
/* lvgic explore: the schedule explorer, a program of its own, since all of it is instrumented. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

int tool_explore(char **argv)
{
    /* Beside the command, where it is installed, and in the build directory. */
    static const char *const places[] = {"", "../libexec/lvgic/", "../tests/explore/"};
    char self[PATH_MAX], path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    self[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        slash[1] = '\0';
    argv[0] = "lvgic explore"; /* what it says when it tells how to call it again */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s%slvgic-explore", self, places[i]);
        execv(path, argv);
        if (errno != ENOENT)
            break;
    }
    fprintf(stderr, "lvgic: %s: %s\n", path, strerror(errno));
    return 2;
}
