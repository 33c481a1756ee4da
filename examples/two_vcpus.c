/* SPDX-License-Identifier: MIT */
/* A VM with two vCPUs on memory of ours; a device thread raises SPI 40; vCPU 1 takes it through the
 * software CPU interface. Build: cc -pthread two_vcpus.c -llvgic */
#include <lvgic/lvgic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static _Alignas(64) char memory[65536];
static struct lvgic_vm *vm;
static _Atomic int kicked; /* a real VMM makes its run call return: see host.h */

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v;
    atomic_store(&kicked, 1);
}

static void dist_write(uint32_t offset, uint8_t size, uint64_t value)
{
    struct lvgic_access access = {.offset = offset, .size = size, .write = true, .value = value};
    lvgic_dist_access(vm, NULL, &access);
}

static uint64_t icc(struct lvgic_vcpu *cpu, unsigned crn, unsigned crm, unsigned op2, bool write,
                    uint64_t value)
{
    lvgic_vcpu_sysreg(cpu, LVGIC_SYSREG(3, 0, crn, crm, op2), write, &value);
    return value;
}

static void *device(void *arg)
{
    lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40));
    return arg;
}

int main(void)
{
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32};
    struct lvgic_host host = {.kick = kick};
    if (lvgic_vm_init(memory, sizeof memory, &config, &host, NULL, &vm) != LVGIC_OK)
        return 1;
    struct lvgic_vcpu *cpu = lvgic_vcpu(vm, LVGIC_VCPU(1));

    dist_write(0x0000, 4, 2);          /* GICD_CTLR: group 1 on */
    dist_write(0x0084, 4, 1u << 8);    /* GICD_IGROUPR1: SPI 40 in group 1 */
    dist_write(0x0c08, 4, 2u << 16);   /* GICD_ICFGR2: edge-triggered */
    dist_write(0x6000 + 8 * 40, 8, 1); /* GICD_IROUTER40: to vCPU 1 */
    dist_write(0x0104, 4, 1u << 8);    /* GICD_ISENABLER1 */
    icc(cpu, 4, 6, 0, true, 0xff);     /* ICC_PMR_EL1: let all priorities through */
    icc(cpu, 12, 12, 7, true, 1);      /* ICC_IGRPEN1_EL1 */

    lvgic_vcpu_enter(cpu); /* vCPU 1 runs its guest ... */
    pthread_t thread;
    pthread_create(&thread, NULL, device, NULL);
    while (!atomic_load(&kicked)) /* ... until the device's interrupt kicks it out */
        ;
    lvgic_vcpu_exit(cpu), lvgic_vcpu_enter(cpu);
    bool irq = lvgic_vcpu_lines(cpu).irq;
    unsigned intid = (unsigned)icc(cpu, 12, 12, 0, false, 0); /* ICC_IAR1_EL1 */
    icc(cpu, 12, 12, 1, true, intid);                         /* ICC_EOIR1_EL1 */
    printf("IRQ line %d, acknowledged INTID %u, line after completion %d\n", irq, intid,
           lvgic_vcpu_lines(cpu).irq);
    lvgic_vcpu_exit(cpu);
    pthread_join(thread, NULL);
    return !(irq && intid == 40 && !lvgic_check(vm) && lvgic_vm_fini(vm) == LVGIC_OK);
}
