/* SPDX-License-Identifier: MIT */
/* Two vCPUs on memory of ours; a device thread raises SPI 40, vCPU 1 takes it through the software
 * CPU interface. Build: cc -pthread two_vcpus.c -llvgic */
#include <lvgic/lvgic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static _Alignas(64) char memory[65536];
static struct lvgic_vm *vm;
static _Atomic int kicked; /* a real VMM makes its run call return: see host.h */

static void kick(void *ctx, lvgic_vcpuid v)
{
    (void)ctx, (void)v, atomic_store(&kicked, 1);
}

static void *device(void *arg)
{
    return lvgic_pulse(vm, LVGIC_VCPU(0), LVGIC_INTID(40)), arg;
}

static void dist_write(uint32_t offset, uint8_t size, uint64_t value) /* as a guest would */
{
    lvgic_dist_access(vm, NULL, &(struct lvgic_access){offset, size, true, value, false});
}

static uint64_t icc(struct lvgic_vcpu *vcpu, uint32_t reg, bool write, uint64_t value)
{
    lvgic_vcpu_sysreg(vcpu, reg, write, &value);
    return value;
}

int main(void)
{
    const uint32_t PMR = LVGIC_SYSREG(3, 0, 4, 6, 0), GRPEN1 = LVGIC_SYSREG(3, 0, 12, 12, 7);
    const uint32_t IAR1 = LVGIC_SYSREG(3, 0, 12, 12, 0), EOIR1 = LVGIC_SYSREG(3, 0, 12, 12, 1);
    struct lvgic_config config = {.nr_vcpus = 2, .nr_spis = 32};
    struct lvgic_host host = {.kick = kick};
    pthread_t thread;
    if (lvgic_vm_init(memory, sizeof memory, &config, &host, NULL, &vm) != LVGIC_OK)
        return 1;
    dist_write(0x0000, 4, 2), dist_write(0x0084, 4, 1 << 8);  /* CTLR; IGROUPR1: group 1 */
    dist_write(0x0c08, 4, 2 << 16), dist_write(0x6140, 8, 1); /* ICFGR2: edge; IROUTER40: vCPU 1 */
    dist_write(0x0104, 4, 1 << 8);                            /* ISENABLER1 */
    /* README-BEGIN */
    struct lvgic_vcpu *vcpu = lvgic_vcpu(vm, LVGIC_VCPU(1));
    icc(vcpu, PMR, true, 0xff), icc(vcpu, GRPEN1, true, 1); /* the guest opens its CPU interface */
    lvgic_vcpu_enter(vcpu);                                 /* vCPU 1 runs, until ... */
    pthread_create(&thread, NULL, device, NULL);            /* ... a device raises SPI 40: */
    pthread_join(thread, NULL);                             /* that called our kick() */
    lvgic_vcpu_exit(vcpu), lvgic_vcpu_enter(vcpu);          /* out of the guest and in again */
    bool irq = lvgic_vcpu_lines(vcpu).irq;                  /* its IRQ input is high */
    unsigned intid = (unsigned)icc(vcpu, IAR1, false, 0);   /* the guest acknowledges: 40 */
    icc(vcpu, EOIR1, true, intid);                          /* and completes */
    lvgic_vcpu_exit(vcpu);
    /* README-END */
    printf("kicked %d, IRQ %d, INTID %u\n", kicked, irq, intid);
    return !(kicked && irq && intid == 40 && !lvgic_check(vm) && lvgic_vm_fini(vm) == LVGIC_OK);
}
