/* SPDX-License-Identifier: MIT */
/* Names and addresses for kernel/core.lds.S: BOOT_CORE_VA_X86_64, and ARCH_PERCPU_VA of types.h. */
/* clang-format off: not C */
#define CORE_FORMAT    "elf64-x86-64"
#define CORE_MACHINE   "i386:x86-64"
#define CORE_VA	       0xffffffff80000000
#define CORE_PERCPU_VA 0xffffffffc0000000
