/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_BOOT_CHECK_H
#define KERNEL_BOOT_CHECK_H

#include "boot/boot_info.h"

/* NULL when every rule of boot_info.h holds, else what is wrong. */
const char *boot_check(const struct boot_info *bi);
/* The architecture's own rules: arch/<a>. */
const char *boot_check_arch(const struct boot_info *bi);

#endif
