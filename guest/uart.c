/* SPDX-License-Identifier: MIT */
#include "uart.h"
#include "cpu.h"

/* Register offsets: Arm DDI 0183, section 3.2. */
#define UART_BASE 0x09000000ul
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_LCR_H 0x2c
#define UART_CR 0x30
#define UART_IMSC 0x38
#define UART_RIS 0x3c
#define UART_ICR 0x44

#define FR_TXFF (1u << 5)
#define LCR_H_FIFO_8BIT 0x70u
#define CR_ENABLE_TX_RX 0x301u
#define INT_TX (1u << 5)

void uart_init(void)
{
    mmio_write32(UART_BASE + UART_IMSC, 0);
    mmio_write32(UART_BASE + UART_LCR_H, LCR_H_FIFO_8BIT);
    mmio_write32(UART_BASE + UART_CR, CR_ENABLE_TX_RX);
}

void uart_putc(char c)
{
    while (mmio_read32(UART_BASE + UART_FR) & FR_TXFF)
        cpu_relax();
    mmio_write32(UART_BASE + UART_DR, (uint8_t)c);
}

void uart_mask_tx(bool unmasked)
{
    mmio_write32(UART_BASE + UART_IMSC, unmasked ? INT_TX : 0);
    dsb();
}

bool uart_tx_raised(void)
{
    return mmio_read32(UART_BASE + UART_RIS) & INT_TX;
}

void uart_clear_tx(void)
{
    mmio_write32(UART_BASE + UART_ICR, INT_TX);
    dsb();
}

static void put_string(const char *s)
{
    for (; *s; s++)
        uart_putc(*s);
}

static void put_number(uint64_t value, unsigned base)
{
    char digits[24];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        uart_putc(digits[--n]);
}

static void put_signed(int64_t value)
{
    if (value < 0)
        uart_putc('-');
    put_number(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void uart_vprintf(const char *format, va_list args)
{
    for (const char *p = format; *p; p++) {
        if (*p != '%') {
            uart_putc(*p);
            continue;
        }
        switch (*++p) {
        case 's':
            put_string(va_arg(args, const char *));
            break;
        case 'd':
            put_signed(va_arg(args, int));
            break;
        case 'u':
            put_number(va_arg(args, unsigned), 10);
            break;
        case 'l':
            if (*++p == 'x')
                put_string("0x");
            put_number(va_arg(args, uint64_t), *p == 'x' ? 16 : 10);
            break;
        default:
            uart_putc(*p);
            break;
        }
    }
}

void uart_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    uart_vprintf(format, args);
    va_end(args);
}
