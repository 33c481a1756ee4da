/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "qemu.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60

struct qemu {
    pid_t pid;
    struct mailbox *mailbox;
    uint32_t posted; /* batches posted, and waited for */
    uint32_t waited;
};

static void run(const char *program, const char *stub, unsigned cpus, enum machine kind, int ram)
{
    char memory[160], smp[16], machine[64];

    snprintf(memory, sizeof memory,
             "memory-backend-file,id=ram,size=%u,share=on,mem-path=/proc/self/fd/%d", RAM_SIZE,
             ram);
    snprintf(smp, sizeof smp, "%u", cpus);
    snprintf(machine, sizeof machine, "virt,gic-version=%d,memory-backend=ram,secure=%s",
             kind == MACHINE_GICV2 ? 2 : 3, kind == MACHINE_SECURE ? "on" : "off");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* One thread for all CPUs: YIELD then means the other's turn, and waiting takes one host CPU.
     */
    execlp(program, program, "-M", machine, "-cpu", "cortex-a57", "-accel", "tcg,thread=single",
           "-smp", smp, "-m", "64M", "-object", memory, "-nic", "none", "-display", "none",
           "-serial", "null", "-monitor", "none", "-kernel", stub, (char *)NULL);
    perror(program);
    _exit(127);
}

struct qemu *qemu_start(const char *program, const char *stub, unsigned cpus, enum machine machine)
{
    struct qemu *qemu = calloc(1, sizeof *qemu);
    int ram = memfd_create("oracle", 0);

    if (!qemu || ram < 0 || ftruncate(ram, RAM_SIZE))
        return NULL;

    char *base = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram, 0);

    if (base == MAP_FAILED)
        return NULL;
    qemu->mailbox = (struct mailbox *)(base + (MAILBOX_BASE - RAM_BASE));
    qemu->mailbox->cpus_up = cpus;
    qemu->mailbox->machine = machine;
    qemu->pid = fork();
    if (qemu->pid == 0)
        run(program, stub, cpus, machine, ram);
    close(ram);
    return qemu->pid < 0 ? NULL : qemu;
}

void qemu_stop(struct qemu *qemu)
{
    kill(qemu->pid, SIGKILL);
    waitpid(qemu->pid, NULL, 0);
    munmap((char *)qemu->mailbox - (MAILBOX_BASE - RAM_BASE), RAM_SIZE);
    free(qemu);
}

struct batch *qemu_next(struct qemu *qemu)
{
    return &qemu->mailbox->batches[qemu->posted % 2];
}

void qemu_post(struct qemu *qemu)
{
    /* Release: the stub reads the batch after it has seen this. */
    __atomic_store_n(&qemu->mailbox->posted, ++qemu->posted, __ATOMIC_RELEASE);
}

static void die(struct qemu *qemu, const char *what)
{
    struct mailbox *mailbox = qemu->mailbox;
    const struct op *op = &mailbox->batches[mailbox->done % 2].ops[mailbox->cursor];

    fprintf(stderr, "QEMU %s at operation %u (kind %u, cpu %u, reg 0x%x)\n", what, mailbox->cursor,
            op->kind, op->cpu, op->reg);
    kill(qemu->pid, SIGKILL);
    exit(2);
}

const struct batch *qemu_wait(struct qemu *qemu)
{
    const struct timespec nap = {.tv_nsec = 50000};
    time_t start = time(NULL);

    /* Acquire: the results were written before. */
    while (__atomic_load_n(&qemu->mailbox->done, __ATOMIC_ACQUIRE) == qemu->waited) {
        if (waitpid(qemu->pid, NULL, WNOHANG))
            die(qemu, "ended");
        if (time(NULL) - start > PATIENCE_SECONDS)
            die(qemu, "hangs");
        nanosleep(&nap, NULL);
    }
    return &qemu->mailbox->batches[qemu->waited++ % 2];
}
