/* SPDX-License-Identifier: MIT */
/* UEFI memory descriptors (UEFI 2.10, 7.2) to boot_info ranges. Pure. */
#ifndef BOOT_MEMMAP_H
#define BOOT_MEMMAP_H

#include <stddef.h>

#include "boot/boot_info.h"

/*
 * Convert `size` bytes of descriptors, each `desc_size` apart, sort and merge them, and carve out
 * [core_base, + core_size) and the trampoline page as CORE, the root image and its file as ROOT.
 * NULL, or why the map is unusable.
 */
const char *memmap_convert(struct boot_info *bi, const void *map, size_t size, size_t desc_size);

#endif
