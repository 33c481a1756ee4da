/* SPDX-License-Identifier: MIT */
/*
 * A device whose cause for an interrupt is there for ever, and whose mask is then the wire:
 *   PPI 27, 30   virtual and physical timer, expired; CNT*_CTL.IMASK
 *   PPI 23       performance monitors, overflown; PMINTENSET
 *   SPI 33       PL011, transmitter empty; UARTIMSC
 *   SPI 34       PL031, alarm; RTCIMSC
 *   SPI 39       PL061, a pin whose level asks for it; GPIOIE
 * So the guest drives the wires itself, in the order of the other operations, and the host need not
 * be asked.
 */
#include "device.h"

#define PL011 0x09000000u
#define PL031 0x09010000u
#define PL061 0x09030000u

static void w32(uintptr_t at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
    __asm__ volatile("dsb sy" ::: "memory");
}

static uint32_t r32(uintptr_t at)
{
    return *(volatile uint32_t *)at;
}

void device_line(uint32_t intid, uint64_t high)
{
    uint64_t timer = high ? 1 : 3; /* ENABLE, IMASK */
    uint64_t overflow = 1u << 31;

    switch (intid) {
    case 27:
        __asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" ::"r"(timer));
        break;
    case 30:
        __asm__ volatile("msr cntp_ctl_el0, %0\n\tisb" ::"r"(timer));
        break;
    case 23:
        if (high)
            __asm__ volatile("msr pmintenset_el1, %0\n\tisb" ::"r"(overflow));
        else
            __asm__ volatile("msr pmintenclr_el1, %0\n\tisb" ::"r"(overflow));
        break;
    case 33:
        w32(PL011 + 0x38, high ? 1u << 5 : 0);
        break;
    case 34:
        w32(PL031 + 0x10, !!high);
        break;
    case 39:
        w32(PL061 + 0x410, high ? 1 : 0);
        break;
    }
}

void device_reset_own(void)
{
    uint64_t masked = 3, zero = 0, enable = 1, overflow = 1u << 31;

    __asm__ volatile("msr cntv_ctl_el0, %0" ::"r"(masked));
    __asm__ volatile("msr cntp_ctl_el0, %0" ::"r"(masked));
    __asm__ volatile("msr cntv_cval_el0, %0" ::"r"(zero));
    __asm__ volatile("msr cntp_cval_el0, %0" ::"r"(zero));
    __asm__ volatile("msr pmintenclr_el1, %0" ::"r"(~zero & 0xffffffff));
    __asm__ volatile("msr pmcr_el0, %0" ::"r"(enable));
    __asm__ volatile("msr pmovsset_el0, %0\n\tisb" ::"r"(overflow));
}

void device_reset_shared(void)
{
    w32(PL011 + 0x38, 0);
    w32(PL031 + 0x10, 0);
    w32(PL061 + 0x410, 0);

    if (!(r32(PL011 + 0x3c) & 1u << 5)) {
        w32(PL011 + 0x30, 0x301); /* UARTCR: enabled, so that what is sent is sent */
        w32(PL011, 0);
    }
    while (!(r32(PL031 + 0x14) & 1)) /* the alarm comes when the clock meets the match */
        w32(PL031 + 0x04, r32(PL031));
    /* Pin 0, an input that is low, asks while it is low. */
    w32(PL061 + 0x400, 0);
    w32(PL061 + 0x404, 1);
    w32(PL061 + 0x40c, r32(PL061 + 0x3fc) & 1);
}
