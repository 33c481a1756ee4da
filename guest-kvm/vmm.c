/* SPDX-License-Identifier: MIT */
/*
 * The smallest virtual machine monitor that runs the test guest on Linux's KVM, whose GIC is then
 * the one under test: nothing in here decides anything about an interrupt but the level of the line
 * of the UART.
 *
 * usage: vmm CPUS SECONDS IMAGE [TEST...]
 *
 * The tests named are left out, which is for those that do not come to an end on some KVM.
 *
 * Meant to be the only program of a small machine: as process 1 it sets up what it needs, puts the
 * guest's output between the marker lines that run.sh looks for, and switches the machine off. As
 * any other process, on a machine that has KVM, it does nothing of this and exits with status 0
 * when the guest has switched itself off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The machine, with the addresses of QEMU's "virt": guest/README.md says what of it is needed. */
#define GICD_BASE 0x08000000ull
#define GICR_BASE 0x080a0000ull
#define UART_BASE 0x09000000ull
#define UART_SIZE 0x1000
#define UART_INTID 33
#define RAM_BASE 0x40000000ull
#define RAM_SIZE 0x10000000ull
#define IMAGE_OFFSET 0x00200000ull
#define DTB_OFFSET 0x08000000ull
#define INTIDS 288 /* as many as QEMU's GIC has */
#define MAX_CPUS 8

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct vcpu {
    unsigned index;
    int fd;
    struct kvm_run *run;
    pthread_t thread;
};

static bool alone; /* nothing else runs on this machine */
static int kvm, vm, console = STDOUT_FILENO;
static uint8_t *ram;
static size_t run_size;
static struct vcpu vcpus[MAX_CPUS];

static void write_all(const char *data, size_t length)
{
    while (length) {
        ssize_t n = write(console, data, length);

        if (n < 0 && errno != EINTR)
            break;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
}

/* The guest's output goes out a line at a time: a system call for each character would be slow. */
static char line[512];
static size_t line_length;
static char last_byte = '\n';

static void flush_line(void)
{
    write_all(line, line_length);
    line_length = 0;
}

static void put_char(char c)
{
    line[line_length++] = c;
    last_byte = c;
    if (c == '\n' || line_length == sizeof(line))
        flush_line();
}

/* Held by whoever works the UART, and for ever by the one that ends the run. */
static pthread_mutex_t device_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Says something that is not the guest's output: on the console each line of it starts with a
 * prefix. With device_lock held, or nobody else around yet.
 */
static void say_list(const char *format, va_list args)
{
    static const char prefix[] = "guest-kvm: ";
    char text[300];
    int n;

    if (last_byte != '\n')
        put_char('\n');
    flush_line();
    n = snprintf(text, sizeof(text), "%s", prefix);
    vsnprintf(text + n, sizeof(text) - (size_t)n - 1, format, args);
    strcat(text, "\n");
    if (alone)
        write_all(text, strlen(text));
    else
        fputs(text, stderr);
}
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
}

/* Ends the run, with device_lock held or nobody else around yet. */
static void __attribute__((noreturn)) end(int status)
{
    if (!alone)
        _exit(status);
    tcdrain(console);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
    end(1);
}

/* Does what must not fail. */
static int control(int fd, unsigned long request, const void *argument, const char *what)
{
    int result = ioctl(fd, request, argument);

    if (result < 0)
        die("%s: %s", what, strerror(errno));
    return result;
}
static int control_number(int fd, unsigned long request, unsigned long argument, const char *what)
{
    return control(fd, request, (const void *)argument, what);
}

/*
 * The UART: a PL011 (Arm DDI 0183) that sends at once and receives nothing. The level of its
 * interrupt is that of RIS and IMSC, which is what the guest tests with.
 */
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_IBRD 0x24
#define UART_FBRD 0x28
#define UART_LCR_H 0x2c
#define UART_CR 0x30
#define UART_IFLS 0x34
#define UART_IMSC 0x38
#define UART_RIS 0x3c
#define UART_MIS 0x40
#define UART_ICR 0x44
#define UART_DMACR 0x48
#define UART_PERIPHID0 0xfe0

#define FR_TXFE_RXFE 0x90u
#define INT_TX 0x20u
#define INT_ALL 0x7ffu

static struct {
    uint32_t ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
    bool level;
} uart = {.cr = 0x300, .ifls = 0x12};

static void uart_set_line(void)
{
    bool level = uart.ris & uart.imsc;
    struct kvm_irq_level irq = {
        .irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | UART_INTID,
        .level = level,
    };

    if (level != uart.level)
        control(vm, KVM_IRQ_LINE, &irq, "KVM_IRQ_LINE");
    uart.level = level;
}

static uint32_t uart_read(uint64_t offset)
{
    static const uint8_t identification[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    switch (offset) {
    case UART_FR:
        return FR_TXFE_RXFE;
    case UART_IBRD:
        return uart.ibrd;
    case UART_FBRD:
        return uart.fbrd;
    case UART_LCR_H:
        return uart.lcr_h;
    case UART_CR:
        return uart.cr;
    case UART_IFLS:
        return uart.ifls;
    case UART_IMSC:
        return uart.imsc;
    case UART_RIS:
        return uart.ris;
    case UART_MIS:
        return uart.ris & uart.imsc;
    case UART_DMACR:
        return uart.dmacr;
    }
    if (offset >= UART_PERIPHID0 && offset % 4 == 0)
        return identification[(offset - UART_PERIPHID0) / 4];
    return 0;
}

static void uart_write(uint64_t offset, uint32_t value)
{
    switch (offset) {
    case UART_DR:
        put_char((char)value);
        uart.ris |= INT_TX;
        break;
    case UART_IBRD:
        uart.ibrd = value;
        break;
    case UART_FBRD:
        uart.fbrd = value;
        break;
    case UART_LCR_H:
        uart.lcr_h = value;
        break;
    case UART_CR:
        uart.cr = value;
        break;
    case UART_IFLS:
        uart.ifls = value;
        break;
    case UART_IMSC:
        uart.imsc = value & INT_ALL;
        break;
    case UART_ICR:
        uart.ris &= ~value;
        break;
    case UART_DMACR:
        uart.dmacr = value;
        break;
    }
    uart_set_line();
}

/* An access that neither memory nor KVM's GIC took. There is nothing else but the UART. */
static void device_access(struct vcpu *vcpu)
{
    uint64_t address = vcpu->run->mmio.phys_addr;
    uint32_t length = vcpu->run->mmio.len;
    uint64_t value = 0;

    pthread_mutex_lock(&device_lock);
    if (address < UART_BASE || address - UART_BASE >= UART_SIZE)
        die("CPU %u: %s of %u bytes at 0x%llx, where nothing is", vcpu->index,
            vcpu->run->mmio.is_write ? "write" : "read", length, (unsigned long long)address);
    if (vcpu->run->mmio.is_write) {
        memcpy(&value, vcpu->run->mmio.data, length);
        uart_write(address - UART_BASE, (uint32_t)value);
    } else {
        value = uart_read(address - UART_BASE);
        memcpy(vcpu->run->mmio.data, &value, length);
    }
    pthread_mutex_unlock(&device_lock);
}

static void __attribute__((noreturn)) stopped(struct vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;

    pthread_mutex_lock(&device_lock);
    if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT &&
        run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN) {
        if (alone)
            say("off");
        else
            flush_line();
        end(0);
    }
    if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT)
        die("CPU %u: system event %u", vcpu->index, run->system_event.type);
    die("CPU %u: unexpected exit, reason %u", vcpu->index, run->exit_reason);
}

static void access_register(struct vcpu *vcpu, unsigned long request, uint64_t number,
                            uint64_t *value)
{
    struct kvm_one_reg reg = {
        .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | number,
        .addr = (uintptr_t)value,
    };

    control(vcpu->fd, request, &reg, "access to a register");
}

/* For a run that took too long: where each CPU is. */
static void __attribute__((noreturn)) tell_where(struct vcpu *vcpu)
{
    uint64_t pc = 0, pstate = 0;

    access_register(vcpu, KVM_GET_ONE_REG, KVM_REG_ARM_CORE_REG(regs.pc), &pc);
    access_register(vcpu, KVM_GET_ONE_REG, KVM_REG_ARM_CORE_REG(regs.pstate), &pstate);
    pthread_mutex_lock(&device_lock);
    say("CPU %u: PC 0x%llx, PSTATE 0x%llx", vcpu->index, (unsigned long long)pc,
        (unsigned long long)pstate);
    pthread_mutex_unlock(&device_lock);
    for (;;)
        pause();
}

static void *run_vcpu(void *argument)
{
    struct vcpu *vcpu = argument;

    for (;;) {
        if (ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
            if (vcpu->run->immediate_exit)
                tell_where(vcpu);
            if (errno == EINTR || errno == EAGAIN)
                continue;
            pthread_mutex_lock(&device_lock);
            die("CPU %u: KVM_RUN: %s", vcpu->index, strerror(errno));
        }
        switch (vcpu->run->exit_reason) {
        case KVM_EXIT_MMIO:
            device_access(vcpu);
            break;
        case KVM_EXIT_INTR:
            break;
        default:
            stopped(vcpu);
        }
    }
}

static void create_vcpu(unsigned index)
{
    struct vcpu *vcpu = &vcpus[index];
    struct kvm_vcpu_init init = {0};

    vcpu->index = index;
    vcpu->fd = control_number(vm, KVM_CREATE_VCPU, index, "KVM_CREATE_VCPU");
    control(vm, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
    init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
    /* The guest switches them on. */
    if (index)
        init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
    control(vcpu->fd, KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
    vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
    if (vcpu->run == MAP_FAILED)
        die("mmap of a CPU: %s", strerror(errno));
}

static void set_gic(int gic, uint32_t group, uint64_t attribute, const void *value)
{
    struct kvm_device_attr attr = {
        .group = group,
        .attr = attribute,
        .addr = (uintptr_t)value,
    };

    control(gic, KVM_SET_DEVICE_ATTR, &attr, "KVM_SET_DEVICE_ATTR of the GIC");
}

/* After the CPUs, because their number is that of the redistributors. */
static void create_gic(void)
{
    struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
    uint64_t gicd = GICD_BASE;
    uint64_t gicr = GICR_BASE;
    uint32_t intids = INTIDS;

    control(vm, KVM_CREATE_DEVICE, &device, "KVM_CREATE_DEVICE of a GICv3");
    set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &intids);
    set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &gicd);
    set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &gicr);
    set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static void create_ram(void)
{
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = RAM_BASE,
        .memory_size = RAM_SIZE,
    };

    ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0);
    if (ram == MAP_FAILED)
        die("mmap of the memory: %s", strerror(errno));
    region.userspace_addr = (uintptr_t)ram;
    control(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
}

static size_t load_image(const char *name)
{
    size_t size = 0;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (file < 0)
        die("%s: %s", name, strerror(errno));
    while ((n = read(file, ram + IMAGE_OFFSET + size, DTB_OFFSET - IMAGE_OFFSET - size)) > 0)
        size += (size_t)n;
    if (n < 0 || !size)
        die("%s: cannot be read", name);
    close(file);
    return size;
}

/*
 * Leaves out a test the way the guest itself does, that is, by asking for more CPUs than there are.
 * The table of tests, in guest/v3/main.c, is found in the memory that the image was loaded to:
 * where a relocation puts the address of the test's name there is the entry { name, function, CPUs
 * }.
 */
#define RELATIVE 1027

static void leave_out(const char *test, size_t size)
{
    uint8_t *image = ram + IMAGE_OFFSET;
    size_t length = strlen(test) + 1;
    uint64_t relocation[3]; /* offset, type, addend */
    uint32_t cpus;

    for (size_t at = 0; at + sizeof(relocation) + length <= size; at += 8) {
        memcpy(relocation, image + at, sizeof(relocation));
        if (relocation[1] != RELATIVE || relocation[2] > size - length ||
            relocation[0] > size - sizeof(relocation) ||
            memcmp(image + relocation[2], test, length) != 0)
            continue;
        memcpy(&cpus, image + relocation[0] + 16, sizeof(cpus));
        if (!cpus || cpus > MAX_CPUS)
            continue;
        cpus = MAX_CPUS + 1;
        memcpy(image + relocation[0] + 16, &cpus, sizeof(cpus));
        return;
    }
    die("no test '%s' in the image", test);
}

static uint32_t *big_endian(uint32_t *out, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *out++ = __builtin_bswap32(words[i]);
    return out;
}

/* The guest does not read its device tree, so an empty one is all that the boot protocol asks. */
static void load_dtb(void)
{
    static const uint32_t header[] = {0xd00dfeed, 72, 56, 72, 40, 17, 16, 0, 0, 16};
    static const uint32_t reservations[] = {0, 0, 0, 0};
    /* Begin of a node, its empty name, end of the node, end. */
    static const uint32_t structure[] = {1, 0, 2, 9};
    uint32_t *out = (uint32_t *)(ram + DTB_OFFSET);

    out = big_endian(out, header, LENGTH(header));
    out = big_endian(out, reservations, LENGTH(reservations));
    big_endian(out, structure, LENGTH(structure));
}

/* What process 1 has to do for itself. */
static void take_over_machine(void)
{
    struct termios settings;
    int fd;

    /* It may be mounted already, and the open() tells. */
    mkdir("/dev", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    fd = open("/dev/ttyAMA0", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        console = fd;
    /* Every byte as it is: no carriage returns. */
    if (tcgetattr(console, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(console, TCSANOW, &settings);
    }
    /* The kernel may have been in the middle of a line. */
    last_byte = 0;
}

static unsigned number(const char *text, unsigned low, unsigned high)
{
    char *rest;
    unsigned long value = strtoul(text, &rest, 10);

    if (rest == text || *rest || value < low || value > high)
        die("'%s' is not a number from %u to %u", text, low, high);
    return (unsigned)value;
}

/* The signal is only for its making a system call return. */
static void nothing(int signal)
{
    (void)signal;
}

int main(int argc, char **argv)
{
    uint64_t entry = RAM_BASE + IMAGE_OFFSET, dtb = RAM_BASE + DTB_OFFSET;
    struct sigaction interrupt = {.sa_handler = nothing};
    unsigned cpus, seconds;
    size_t size;

    alone = getpid() == 1;
    if (alone)
        take_over_machine();
    if (argc < 4)
        die("usage: vmm CPUS SECONDS IMAGE [TEST...]");
    cpus = number(argv[1], 1, MAX_CPUS);
    seconds = number(argv[2], 1, 1000000);

    kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        die("/dev/kvm: %s", strerror(errno));
    if (control_number(kvm, KVM_GET_API_VERSION, 0, "KVM_GET_API_VERSION") != KVM_API_VERSION)
        die("KVM has another version of its interface");
    run_size = (size_t)control_number(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
    vm = control_number(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
    create_ram();
    for (unsigned i = 0; i < cpus; i++)
        create_vcpu(i);
    create_gic();
    size = load_image(argv[3]);
    for (int i = 4; i < argc; i++)
        leave_out(argv[i], size);
    load_dtb();
    /* KVM starts CPUs in EL1 with all exceptions masked, which leaves these two. */
    access_register(&vcpus[0], KVM_SET_ONE_REG, KVM_REG_ARM_CORE_REG(regs.pc), &entry);
    access_register(&vcpus[0], KVM_SET_ONE_REG, KVM_REG_ARM_CORE_REG(regs.regs[0]), &dtb);

    if (alone)
        say("begin");
    sigaction(SIGUSR1, &interrupt, NULL);
    for (unsigned i = 0; i < cpus; i++) {
        if (pthread_create(&vcpus[i].thread, NULL, run_vcpu, &vcpus[i]))
            die("no thread for CPU %u", i);
    }

    /* The end comes from one of the threads, or too late. */
    while (seconds)
        seconds = sleep(seconds);
    for (unsigned i = 0; i < cpus; i++) {
        vcpus[i].run->immediate_exit = 1;
        pthread_kill(vcpus[i].thread, SIGUSR1);
    }
    /* Time enough for those that can to say where they are. */
    sleep(1);
    pthread_mutex_lock(&device_lock);
    die("time-out");
}
