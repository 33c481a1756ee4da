/* SPDX-License-Identifier: MIT */
/* A snapshot as people read it, and the difference of two. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/lr.h"
#include "base/bits.h"
#include "tool.h"

static bool is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "-";
}

static void print_config(const json_t *root)
{
    const json_t *config = json_object_get(root, "config");
    const json_t *dist = json_object_get(root, "distributor");
    const json_t *setup = json_object_get(root, "setup");
    const json_t *region;
    size_t i;

    printf("GICv%" PRIu64 ", %" PRIu64 " vCPUs, %" PRIu64 " SPIs", tool_number(config, "gic"),
           tool_number(config, "vcpus"), tool_number(config, "spis"));
    if (tool_number(config, "espis"))
        printf(", %" PRIu64 " extended SPIs", tool_number(config, "espis"));
    if (tool_number(config, "eppis"))
        printf(", %" PRIu64 " extended PPIs", tool_number(config, "eppis"));
    printf(", %" PRIu64 " priority bits%s%s%s\n", tool_number(config, "priority_bits"),
           is_true(config, "one_of_n") ? ", 1-of-N" : "", is_true(config, "nmi") ? ", NMIs" : "",
           is_true(config, "two_security_states") ? ", two security states" : "");
    printf("GICD_CTLR %s, GICD_IIDR %s, GICD_STATUSR %s\n", text(dist, "ctlr"), text(dist, "iidr"),
           text(dist, "statusr"));
    if (strcmp(text(setup, "distributor"), "-"))
        printf("distributor at %s\n", text(setup, "distributor"));
    if (strcmp(text(setup, "cpu_interface"), "-"))
        printf("CPU interface at %s\n", text(setup, "cpu_interface"));
    json_array_foreach (json_object_get(setup, "redistributors"), i, region)
        printf("%" PRIu64 " redistributors at %s\n", tool_number(region, "count"),
               text(region, "base"));
}

static void print_priorities(const json_t *vcpu, const char *name, unsigned group)
{
    const json_t *list = json_object_get(vcpu, name), *level;
    size_t i;

    if (json_array_size(list))
        printf("  active priorities of group %u:", group);
    json_array_foreach (list, i, level)
        printf("%s %s", i ? "," : "", json_string_value(level));
    if (json_array_size(list))
        printf("\n");
}

static void print_acks(const json_t *vcpu)
{
    const json_t *list = json_object_get(vcpu, "acknowledged"), *ack;
    size_t i;

    if (json_array_size(list))
        printf("  acknowledged, oldest first:");
    json_array_foreach (list, i, ack)
        printf("%s %" PRIu64 " (%s)", i ? "," : "", tool_number(ack, "intid"),
               is_true(ack, "nmi") ? "NMI" : text(ack, "priority"));
    if (json_array_size(list))
        printf("\n");
}

static void print_redist(const json_t *vcpu)
{
    const json_t *redist = json_object_get(vcpu, "redistributor"), *owed;
    size_t i;

    if (!redist)
        return;
    printf("  LPIs %s; GICR_PROPBASER %s, GICR_PENDBASER %s", text(redist, "lpis"),
           text(redist, "propbaser"), text(redist, "pendbaser"));
    json_array_foreach (json_object_get(redist, "not_done_yet"), i, owed)
        printf("%s %s", i ? "," : "; not done yet:", json_string_value(owed));
    printf("\n");
}

static void print_vcpu(const json_t *vcpu, size_t index, const char *affinity)
{
    uint64_t vmcr = tool_number(vcpu, "vmcr");

    printf("vCPU %zu: affinity %s, %s; PMR 0x%02" PRIx64 ", BPR %" PRIu64 " and %" PRIu64
           ", groups%s%s%s, EOImode %d\n",
           index, affinity, is_true(vcpu, "asleep") ? "asleep" : "awake",
           bits_get(vmcr, VMCR_VPMR_HI, VMCR_VPMR_LO), bits_get(vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO),
           bits_get(vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO), vmcr & VMCR_VENG0 ? " 0" : "",
           vmcr & VMCR_VENG1 ? " 1" : "", vmcr & (VMCR_VENG0 | VMCR_VENG1) ? "" : " disabled",
           !!(vmcr & VMCR_VEOIM));
    print_priorities(vcpu, "active_priorities_0", 0);
    print_priorities(vcpu, "active_priorities_1", 1);
    if (is_true(vcpu, "active_nmi"))
        printf("  an NMI is active\n");
    print_acks(vcpu);
    print_redist(vcpu);
}

static bool has(const json_t *irq, const char *flag)
{
    const json_t *state = json_object_get(irq, "state"), *one;
    size_t i;

    json_array_foreach (state, i, one)
        if (!strcmp(json_string_value(one), flag))
            return true;
    return false;
}

/* Nothing that a reset does not leave: not worth a line. */
static bool is_idle(const json_t *irq)
{
    static const char *const worth[] = {"PENDING", "LINE", "SOFT", "MESSAGE", "ENABLED", "ACTIVE"};

    for (size_t i = 0; i < ARRAY_LEN(worth); i++)
        if (has(irq, worth[i]))
            return false;
    return !json_object_get(irq, "sources");
}

/* What is said about it after the table's columns. */
static void print_state(const json_t *irq)
{
    bool level_high = has(irq, "LINE") && !has(irq, "EDGE");

    if (has(irq, "PENDING") || has(irq, "SOFT") || has(irq, "MESSAGE") || level_high)
        printf(" pending");
    if (json_object_get(irq, "sources"))
        printf(" pending from %s", text(irq, "sources"));
    if (has(irq, "MESSAGE"))
        printf(" by message");
    if (has(irq, "ACTIVE"))
        printf(" active on vCPU %" PRIu64, tool_number(irq, "active_on"));
    if (has(irq, "NMI"))
        printf(" NMI");
    if (has(irq, "MAPPED"))
        printf(" physical %" PRIu64, tool_number(irq, "physical_intid"));
    printf("\n");
}

static void print_irq(const char *intid, const char *whose, const json_t *irq)
{
    const json_t *target = json_object_get(irq, "target");
    char where[48] = "-";

    if (target && json_is_integer(target))
        snprintf(where, sizeof where, "vCPU %" PRIu64, tool_number(irq, "target"));
    else if (target)
        snprintf(where, sizeof where, "nobody");
    printf("%6s %-7s %-7s %-3s %s 0x%02" PRIx64 "  %-5s%5s", intid, whose, where,
           has(irq, "ENABLED") ? "on" : "off",
           has(irq, "GROUP1")     ? "1"
           : has(irq, "MODIFIER") ? "S"
                                  : "0",
           tool_number(irq, "priority"), has(irq, "EDGE") ? "edge" : "level",
           has(irq, "LINE") ? "high" : "low");
    print_state(irq);
}

static unsigned print_irqs(json_t *irqs, const char *whose)
{
    const char *intid;
    json_t *irq;
    unsigned idle = 0;

    json_object_foreach (irqs, intid, irq) {
        if (is_idle(irq))
            idle++;
        else
            print_irq(intid, whose, irq);
    }
    return idle;
}

/* ------------------------------------------------------------------ LPIs */

static void print_lpi(const char *intid, const json_t *lpi)
{
    printf("%8s %s 0x%02" PRIx64 "%s%s", intid, has(lpi, "ENABLED") ? "on " : "off",
           tool_number(lpi, "priority"), has(lpi, "PENDING") ? " pending" : "",
           has(lpi, "CUT") ? " cut off: its collection was unmapped" : "");
}

static void print_own_lpis(const json_t *vcpus)
{
    const json_t *vcpu, *lpi;
    const char *intid;
    size_t i;

    json_array_foreach (vcpus, i, vcpu) {
        json_t *own = json_object_get(json_object_get(vcpu, "redistributor"), "own");

        json_object_foreach (own, intid, lpi) {
            printf("vCPU %zu", i);
            print_lpi(intid, lpi);
            printf("\n");
        }
    }
}

static void print_event(const char *device, const char *event, const json_t *lpi)
{
    const json_t *target = json_object_get(lpi, "target");
    char intid[24];

    snprintf(intid, sizeof intid, "%" PRIu64, tool_number(lpi, "lpi"));
    printf("%8s %8s", device, event);
    print_lpi(intid, lpi);
    printf(" in collection %" PRIu64, tool_number(lpi, "collection"));
    if (json_is_integer(target))
        printf(" to vCPU %" PRIu64 "\n", tool_number(lpi, "target"));
    else
        printf(" to nobody\n");
}

static void print_its(const json_t *its, size_t number)
{
    const json_t *device, *lpi, *vcpu;
    const char *id, *event, *icid;

    printf("\nITS %zu: %s, at %s; GITS_CBASER %s, GITS_CREADR %s, GITS_CWRITER %s\n", number,
           is_true(its, "enabled") ? "enabled" : "disabled", text(its, "address"),
           text(its, "cbaser"), text(its, "creadr"), text(its, "cwriter"));
    printf("GITS_BASER0 %s, GITS_BASER1 %s%s\ncollections:", text(its, "baser0"),
           text(its, "baser1"), is_true(its, "table_replaced") ? ", one of them new" : "");
    json_object_foreach (json_object_get(its, "collections"), icid, vcpu)
        printf(" %s to vCPU %" JSON_INTEGER_FORMAT, icid, json_integer_value(vcpu));
    printf("\n%8s %8s %8s %8s state\n", "DeviceID", "EventID", "LPI", "prio");
    json_object_foreach (json_object_get(its, "devices"), id, device) {
        json_t *events = json_object_get(device, "events");

        if (!json_object_size(events))
            printf("%8s no events\n", id);
        json_object_foreach (events, event, lpi)
            print_event(id, event, lpi);
    }
}

static void print_all(const json_t *root)
{
    const json_t *affinities = json_object_get(json_object_get(root, "config"), "affinities");
    const json_t *vcpus = json_object_get(root, "vcpus"), *vcpu, *its;
    unsigned idle = 0;
    char whose[32];
    size_t i;

    print_config(root);
    json_array_foreach (vcpus, i, vcpu)
        print_vcpu(vcpu, i, json_string_value(json_array_get(affinities, i)));
    printf("\n%6s %-7s %-7s %-3s %s %4s  %-5s %4s state\n", "INTID", "of", "to", "", "G", "prio",
           "", "wire");
    json_array_foreach (vcpus, i, vcpu) {
        snprintf(whose, sizeof whose, "vCPU %zu", i);
        idle += print_irqs(json_object_get(vcpu, "irqs"), whose);
    }
    idle += print_irqs(json_object_get(root, "irqs"), "all");
    printf("and %u that are disabled and quiet\n", idle);
    print_own_lpis(vcpus);
    json_array_foreach (json_object_get(root, "its"), i, its)
        print_its(its, i);
}

int tool_show(const char *file, bool as_json)
{
    json_t *root = tool_json(file);

    if (!root)
        return 2;
    if (as_json) {
        json_dumpf(root, stdout, JSON_INDENT(1));
        printf("\n");
    } else {
        print_all(root);
    }
    json_decref(root);
    return 0;
}

/* ------------------------------------------------------------------ differences */

static char *dump(const json_t *value)
{
    json_t *nothing = json_string("nothing");
    char *text_of = json_dumps(value ? value : nothing, JSON_ENCODE_ANY | JSON_COMPACT);

    json_decref(nothing);
    return text_of;
}

static unsigned diff(const char *path, const json_t *a, const json_t *b);

static unsigned diff_objects(const char *path, const json_t *a, const json_t *b)
{
    char below[128];
    const char *key;
    json_t *value;
    unsigned nr = 0;

    json_object_foreach ((json_t *)a, key, value) {
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
        nr += diff(below, value, json_object_get(b, key));
    }
    json_object_foreach ((json_t *)b, key, value) {
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
        nr += json_object_get(a, key) ? 0 : diff(below, NULL, value);
    }
    return nr;
}

/* vCPUs one by one, other lists as a whole. */
static unsigned diff(const char *path, const json_t *a, const json_t *b)
{
    char below[128], *was, *is;
    unsigned nr = 0;

    if (json_equal((json_t *)a, (json_t *)b))
        return 0;
    if (json_is_object(a) && json_is_object(b))
        return diff_objects(path, a, b);
    if (json_is_array(a) && json_is_object(json_array_get(a, 0)) &&
        json_array_size(a) == json_array_size(b)) {
        for (size_t i = 0; i < json_array_size(a); i++) {
            snprintf(below, sizeof below, "%s[%zu]", path, i);
            nr += diff(below, json_array_get(a, i), json_array_get(b, i));
        }
        return nr;
    }
    was = dump(a), is = dump(b);
    printf("%s: %s -> %s\n", path, was, is);
    free(was), free(is);
    return 1;
}

int tool_diff(const char *a, const char *b)
{
    json_t *left = tool_json(a), *right = left ? tool_json(b) : NULL;
    unsigned nr;

    if (!right) {
        json_decref(left);
        return 2;
    }
    nr = diff("", left, right);
    json_decref(left);
    json_decref(right);
    return nr ? 1 : 0;
}
