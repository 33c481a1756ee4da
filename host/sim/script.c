/* SPDX-License-Identifier: MIT */
/* The text form of schedules: "1@34>2" actor 1 at its step 34 gives way to actor 2, "1@40~2" its
 * load skips the two newest stores, "1@41!" its weak compare-exchange fails spuriously, "1@0=5" its
 * first explore_rand() returns 5. "-" stands for outside the actors. */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char marks[DEV_KINDS] = {'>', '~', '!', '='};

void script_add(struct script *script, struct deviation item)
{
    if (script->count == script->capacity) {
        script->capacity = script->capacity ? 2 * script->capacity : 1024;
        script->items = realloc(script->items, script->capacity * sizeof *script->items);
        if (!script->items) {
            fputs("explorer: out of memory\n", stderr);
            exit(2);
        }
    }
    script->items[script->count++] = item;
}

void script_copy(struct script *to, const struct script *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        script_add(to, from->items[i]);
}

void script_print(const struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        const struct deviation *item = &script->items[i];
        if (i > 0)
            putchar(',');
        if (item->actor < 0)
            putchar('-');
        else
            printf("%d", item->actor);
        printf("@%u%c", item->position, marks[item->kind]);
        if (item->kind != DEV_SPURIOUS)
            printf("%u", item->value);
    }
    if (script->count == 0)
        putchar('.');
}

bool script_parse(struct script *script, const char *text)
{
    script->count = 0;
    if (strcmp(text, ".") == 0)
        return true;
    for (;;) {
        struct deviation item = {.actor = -1};
        char *end;
        if (*text == '-') {
            text++;
        } else {
            unsigned long actor = strtoul(text, &end, 10);
            if (end == text || actor >= MAX_ACTORS)
                return false;
            item.actor = (int8_t)actor;
            text = end;
        }
        if (*text++ != '@')
            return false;
        item.position = (uint32_t)strtoul(text, &end, 10);
        const char *mark = *end ? memchr(marks, *end, sizeof marks) : NULL;
        if (end == text || !mark)
            return false;
        item.kind = (uint8_t)(mark - marks);
        text = end + 1;
        item.value = item.kind == DEV_SPURIOUS ? 1 : (uint32_t)strtoul(text, &end, 10);
        if (item.kind != DEV_SPURIOUS) {
            if (end == text)
                return false;
            text = end;
        }
        script_add(script, item);
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}
