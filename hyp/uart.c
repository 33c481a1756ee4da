/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own lines on the guest's PL011, and a key. It polls, and keeps nothing: the
 * guest owns the device.
 */
#include <stdarg.h>

#include "hyp.h"

#define UARTDR (UART_BASE + 0x00)
#define UARTFR (UART_BASE + 0x18)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define UARTLCR_H (UART_BASE + 0x2c)
#define LCR_8_BITS_FIFO 0x70
#define UARTCR (UART_BASE + 0x30)
#define CR_ENABLE_RX_TX 0x301

#define KEY 0x1d /* Ctrl-] */

static atomic_flag busy = ATOMIC_FLAG_INIT;

struct text {
    char at[320];
    size_t length;
};

void uart_init(void)
{
    write32(UARTLCR_H, LCR_8_BITS_FIFO);
    write32(UARTCR, CR_ENABLE_RX_TX);
}

static void put(struct text *text, char c)
{
    if (text->length < sizeof(text->at))
        text->at[text->length++] = c;
}

static void put_string(struct text *text, const char *string)
{
    while (*string)
        put(text, *string++);
}

static void put_number(struct text *text, uint64_t number, unsigned base)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    while (count)
        put(text, digits[--count]);
}

static void format_text(struct text *text, const char *format, va_list arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(text, *format);
            continue;
        }
        bool wide = *++format == 'l';
        if (wide)
            format++;
        if (*format == 's') {
            put_string(text, va_arg(arguments, const char *));
        } else if (*format == 'c') {
            put(text, (char)va_arg(arguments, int));
        } else {
            uint64_t number = wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            put_number(text, number, *format == 'x' ? 16 : 10);
        }
    }
}

/* The guest may have turned the device off; then it is on for the length of this line. */
static void send(const struct text *text)
{
    uint32_t control = read32(UARTCR);

    if ((control & CR_ENABLE_RX_TX) != CR_ENABLE_RX_TX)
        write32(UARTCR, CR_ENABLE_RX_TX);
    for (size_t i = 0; i < text->length; i++) {
        if (text->at[i] == '\n') {
            while (read32(UARTFR) & FR_TXFF)
                ;
            write32(UARTDR, '\r');
        }
        while (read32(UARTFR) & FR_TXFF)
            ;
        write32(UARTDR, (uint8_t)text->at[i]);
    }
    if ((control & CR_ENABLE_RX_TX) != CR_ENABLE_RX_TX)
        write32(UARTCR, control);
}

/* The guest reads a register of the device, which traps only if a key is ours. The guest gets a NUL
 * for it if there is nothing else: it has been told already that there is a character. */
bool uart_read(const struct cpu *cpu, struct access *access)
{
    uint64_t offset = access->address - UART_BASE;

    if (access->write || offset >= PAGE || offset % 4)
        return false;
    access->value = read32(access->address);
    while (access->address == UARTDR && access->value == KEY) {
        checkpoint_ask(cpu, true);
        access->value = read32(UARTFR) & FR_RXFE ? 0 : read32(UARTDR);
    }
    return true;
}

/* The lines of several CPUs do not mix; those of the guest may. The wait is bounded, because a CPU
 * that faults in here must still be able to say so. */
void say(const char *format, ...)
{
    struct text text = {.length = 0};
    va_list arguments;
    unsigned patience = 10000000;

    va_start(arguments, format);
    format_text(&text, format, arguments);
    va_end(arguments);
    /* Acquire and release: the device's registers belong to whoever has the flag. */
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire) && --patience)
        ;
    send(&text);
    atomic_flag_clear_explicit(&busy, memory_order_release);
}
