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
/* cpus.c: from the MADT, else from EFI MP Services. */
EFI_STATUS cpus_find(struct boot_info *bi);
/* Finds an ACPI table by signature; NULL when there is none or its checksum is wrong. */
const void *acpi_table(UINT64 rsdp, const char sig[4]);

/* jump_x86_64.S */
void jump_to_core(UINT64 cr3, UINT64 stack, UINT64 entry, struct boot_info *bi)
	__attribute__((noreturn, sysv_abi));

#endif
