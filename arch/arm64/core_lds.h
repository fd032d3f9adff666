/* SPDX-License-Identifier: MIT */
/* Names and addresses for kernel/core.lds.S: BOOT_CORE_VA_ARM64, and ARCH_PERCPU_VA of types.h. */
#define CORE_FORMAT    "elf64-littleaarch64"
#define CORE_MACHINE   aarch64
#define CORE_VA	       0x00007fff80000000
#define CORE_PERCPU_VA 0x00007fffc0000000
