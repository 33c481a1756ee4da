/* SPDX-License-Identifier: MIT */
/* Crashes and endless loops of the code under test become failures of the schedule. */
#define _GNU_SOURCE
#include "runtime.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { HANG_SECONDS = 20 };

/*
 * A crash of the code under test is a failure of the schedule like any other. The handler runs on
 * its own stack and abandons the fiber that crashed.
 */
static void on_crash(int number, siginfo_t *info, void *context)
{
    sigset_t set;
    char symbol[128], message[MESSAGE_SIZE];

    (void)info;
    (void)context;
    if (!runtime_in_schedule())
        _exit(128 + number);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    snprintf(message, sizeof message, "crash: signal %d (%s) in actor %d, last access made in %s",
             number, number == SIGALRM ? "no scheduling point for too long" : strsignal(number),
             rt.current, symbol_function((uintptr_t)rt.pc, symbol, sizeof symbol));
    runtime_abandon(message);
}

/* Catches loops that contain no scheduling point at all, which the step limit cannot see. */
static void on_watchdog(int number, siginfo_t *info, void *context)
{
    static unsigned long seen_schedules;
    static uint32_t seen_steps;
    static unsigned ticks;

    if (!runtime_in_schedule() || seen_schedules != runtime_schedules() || seen_steps != rt.steps) {
        seen_schedules = runtime_schedules();
        seen_steps = rt.steps;
        ticks = 0;
    } else if (++ticks >= HANG_SECONDS) {
        ticks = 0;
        on_crash(number, info, context);
    }
}

void crash_init(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    static char signal_stack[64 * 1024];
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct sigaction action;
    struct itimerval second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};

    sigaltstack(&stack, NULL);
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    action.sa_sigaction = on_crash;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
    action.sa_sigaction = on_watchdog;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &second, NULL);
}
