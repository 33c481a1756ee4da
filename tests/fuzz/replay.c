/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target on the files, and the files of the directories, that are its arguments;
 * without any on standard input. The target ends the program if something does not hold. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

#define MOST (1u << 20) /* bytes of one input */

static unsigned inputs;

static void run(FILE *file)
{
    static uint8_t bytes[MOST];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    uint8_t *exactly = malloc(size ? size : 1); /* so that a read beyond it is seen */

    if (!exactly)
        abort();
    memcpy(exactly, bytes, size);
    LLVMFuzzerTestOneInput(exactly, size);
    free(exactly);
    inputs++;
}

static int run_path(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    run(file);
    fclose(file);
    return EXIT_SUCCESS;
}

static int run_directory(DIR *directory, const char *path)
{
    const struct dirent *entry;
    char name[4096];
    int status = EXIT_SUCCESS;

    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (run_path(name))
            status = EXIT_FAILURE;
    }
    return status;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    if (argc == 1)
        run(stdin);
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        int failed = directory ? run_directory(directory, argv[i]) : run_path(argv[i]);

        if (directory)
            closedir(directory);
        status = failed ? EXIT_FAILURE : status;
    }
    printf("%u inputs\n", inputs);
    return inputs ? status : EXIT_FAILURE;
}
