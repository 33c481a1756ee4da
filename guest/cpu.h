/* SPDX-License-Identifier: MIT */
/* Instructions and system registers of the AArch64 CPU. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define SYSREG_STRING_(x) #x
#define SYSREG_STRING(x) SYSREG_STRING_(x)

#define read_sysreg(reg)                                                          \
    ({                                                                            \
        uint64_t value_;                                                          \
        __asm__ volatile("mrs %0, " SYSREG_STRING(reg) : "=r"(value_)::"memory"); \
        value_;                                                                   \
    })

/* The barrier makes the effect of the write visible to the instructions that follow. */
#define write_sysreg(reg, value)                                                            \
    do {                                                                                    \
        uint64_t value_ = (value);                                                          \
        __asm__ volatile("msr " SYSREG_STRING(reg) ", %0\n\tisb" ::"r"(value_) : "memory"); \
    } while (0)

/* FEAT_NMI, by encoding. */
#define ALLINT S3_0_C4_C3_0
#define ALLINT_MASKED (1ull << 13)
#define SCTLR_NMI (1ull << 61)
#define SCTLR_SPINTMASK (1ull << 62)

static inline void isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}
static inline void dsb(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}
static inline void cpu_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}
static inline void wfi(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
}
static inline void irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
}
static inline void irq_disable(void)
{
    __asm__ volatile("msr daifset, #2\n\tisb" ::: "memory");
}
static inline void fiq_enable(void)
{
    __asm__ volatile("msr daifclr, #1\n\tisb" ::: "memory");
}
static inline void fiq_disable(void)
{
    __asm__ volatile("msr daifset, #1\n\tisb" ::: "memory");
}

/* While a test polls the CPU interface nothing is taken as an exception. */
static inline void polling(bool start)
{
    if (start) {
        irq_disable();
        fiq_disable();
    } else {
        irq_enable();
        fiq_enable();
    }
}

/*
 * Device accesses use plain single-register loads and stores: a hypervisor that emulates the device
 * needs the syndrome that only these provide.
 */
static inline uint8_t mmio_read8(uintptr_t addr)
{
    uint32_t value;
    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return (uint8_t)value;
}

static inline void mmio_write8(uintptr_t addr, uint8_t value)
{
    __asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(addr) : "memory");
}

static inline uint32_t mmio_read32(uintptr_t addr)
{
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return value;
}

static inline void mmio_write32(uintptr_t addr, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(addr) : "memory");
}

static inline uint64_t mmio_read64(uintptr_t addr)
{
    uint64_t value;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return value;
}

static inline void mmio_write64(uintptr_t addr, uint64_t value)
{
    __asm__ volatile("str %0, [%1]" ::"r"(value), "r"(addr) : "memory");
}

static inline uint64_t counter(void)
{
    isb();
    return read_sysreg(cntvct_el0);
}

static inline uint64_t microseconds(uint64_t us)
{
    return us * (read_sysreg(cntfrq_el0) / 1000000);
}

#endif
