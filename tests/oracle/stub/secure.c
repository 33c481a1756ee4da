/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include "mailbox.h"

#define SCR_NS_RW 0x431u    /* Non-secure below EL3, AArch64; no interrupt is routed to EL3 */
#define TCR 0x80800020u     /* 4 GiB, pages of 4 KiB: one table of four blocks */
#define SCTLR 0x30c51835u   /* MMU and caches on */
#define MAIR 0xff00u        /* 0: device, 1: normal memory */
#define BLOCK 0x741u        /* accessed, shareable, read and write */
#define BLOCK_NORMAL 0x004u /* the attributes' number, 1 */
#define BLOCK_NS 0x020u
#define GIB 0x40000000u

/* The only output of the second PL061 that does something here: pin 1 resets the machine. */
#define SECURE_GPIO 0x090b0000u

static const uint64_t table[4]
    __attribute__((aligned(32))) = {BLOCK, BLOCK + GIB + BLOCK_NORMAL, BLOCK + BLOCK_NS};

int secure_at_el3(void)
{
    uint64_t el;

    __asm__("mrs %0, CurrentEL" : "=r"(el));
    return el >> 2 == 3;
}

void secure_start(void)
{
    uint64_t scr = SCR_NS_RW, tcr = TCR, sctlr = SCTLR, mair = MAIR, sre = 0xf;

    __asm__ volatile("msr scr_el3, %0" ::"r"(scr));
    __asm__ volatile("msr S3_6_C12_C12_5, %0" ::"r"(sre)); /* ICC_SRE_EL3 */
    __asm__ volatile("msr mair_el3, %0" ::"r"(mair));
    __asm__ volatile("msr tcr_el3, %0" ::"r"(tcr));
    __asm__ volatile("msr ttbr0_el3, %0" ::"r"(table));
    __asm__ volatile("tlbi alle3\n\tdsb sy\n\tisb");
    __asm__ volatile("msr sctlr_el3, %0\n\tisb" ::"r"(sctlr) : "memory");
}

void secure_reset_ds(void)
{
    if (!(*(volatile uint32_t *)(uintptr_t)GICD_BASE & 0x40))
        return;
    *(volatile uint32_t *)(uintptr_t)(SECURE_GPIO + 0x400) = 2; /* pin 1 is an output */
    *(volatile uint32_t *)(uintptr_t)(SECURE_GPIO + 0x008) = 2;
    for (;;)
        __asm__ volatile("yield");
}
