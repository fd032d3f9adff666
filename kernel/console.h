/* SPDX-License-Identifier: MIT */
/* Console back ends, polled. Used until hand-over and by panic(). */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>

#include "boot/boot_info.h"

void console_init(const struct boot_console *c);
/* The MMIO console's page has moved to va (own page tables). */
void console_remap(uint64_t va);
void console_write(const char *s, size_t len);

#endif
