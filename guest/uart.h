/* SPDX-License-Identifier: MIT */
/* The PL011 UART: console, and a source of a real level-sensitive interrupt. */
#ifndef GUEST_UART_H
#define GUEST_UART_H

#include <stdarg.h>
#include <stdbool.h>

#define UART_INTID 33

void uart_init(void);
void uart_putc(char c);

/* Understands %s, %u (unsigned), %d (int), %lu and %lx (64 bits, printed with 0x), and %%. */
void uart_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void uart_vprintf(const char *format, va_list args);

/* The transmit interrupt: its raw state is set by sending, the line is raw state and mask. */
void uart_mask_tx(bool unmasked);
bool uart_tx_raised(void);
void uart_clear_tx(void);

#endif
