/* SPDX-License-Identifier: MIT */
/* What the loader's files share. Only this folder sees efi.h. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <efi.h>
#include <efilib.h>

#include "boot/boot_info.h"
#include "boot/config.h"

/* esp.c: whole files from the volume that the loader came from. Names the file when it fails. */
EFI_STATUS esp_open(EFI_HANDLE image);
EFI_STATUS esp_read(const char *path, void **data, UINTN *size);

/* Pages of a kind the root never gets; below limit. */
EFI_STATUS pages_alloc(UINT64 limit, UINT64 pages, EFI_MEMORY_TYPE type, UINT64 *pa);

/* tables.c: ACPI, SMBIOS, FDT pointers and the console. */
EFI_STATUS tables_find(struct boot_info *bi, const struct config *cfg);
/* Finds an ACPI table by signature; NULL when there is none or its checksum is wrong. */
const void *acpi_table(UINT64 rsdp, const char sig[4]);

/* arch_<a>.c */
#ifdef __aarch64__
#define ARCH_CORE_LIMIT 0
#else
#define ARCH_CORE_LIMIT 0xffffffff
/* cpus_x86.c: from the MADT, else from EFI MP Services. */
EFI_STATUS cpus_find(struct boot_info *bi);
/* jump_x86_64.S */
void jump_to_core(UINT64 cr3, UINT64 stack, UINT64 entry, struct boot_info *bi)
	__attribute__((noreturn, sysv_abi));
#endif
/* Can this CPU run the core? Says what it lacks. */
EFI_STATUS arch_check(void);
/* A clock, from the first instruction on. */
UINT64 arch_counter(void);
/* CPUs and what else only this architecture has, after tables_find(). */
EFI_STATUS arch_facts(struct boot_info *info);
/* The core and the root image are placed: whatever still needs firmware. */
EFI_STATUS arch_prepare(struct boot_info *info);
/* Firmware is gone. */
void arch_enter(UINT64 entry, struct boot_info *info) __attribute__((noreturn));
/* The console that firmware tables do not name. */
void arch_console(struct boot_info *bi);

#endif
