/* SPDX-License-Identifier: MIT */
#include "guest.h"

void primary_main(void) __attribute__((noreturn));

void primary_main(void)
{
    uart_init();
    smp_init();
    uart_printf("%s on %u CPUs\n", guest_name, ncpus);
    guest_tests();
    finish();
}
