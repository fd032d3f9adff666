/* SPDX-License-Identifier: MIT */
#include "kernel/boot_check.h"

#include <string.h>

#include "kernel/addr.h"

static const char *check_ranges(const struct boot_info *bi)
{
	uint64_t last = 0;
	bool core = false, root = false;

	if (bi->num_ranges == 0 || bi->num_ranges > BOOT_INFO_MAX_RANGES)
		return "number of memory ranges";
	for (uint32_t i = 0; i < bi->num_ranges; i++) {
		const struct boot_range *r = &bi->ranges[i];

		if (!page_aligned(r->base) || !page_aligned(r->size) || r->size == 0 ||
		    r->base + r->size < r->base)
			return "a memory range's border";
		if (r->base < last)
			return "memory ranges out of order or overlapping";
		if (r->kind < BOOT_RANGE_RAM || r->kind > BOOT_RANGE_ROOT)
			return "a memory range's kind";
		last = r->base + r->size;
		if (r->kind == BOOT_RANGE_CORE && r->base <= bi->core_base &&
		    bi->core_base + bi->core_size <= last)
			core = true;
		if (r->base <= bi->root_base && bi->root_base + bi->root_size <= last &&
		    (r->kind == BOOT_RANGE_ROOT || r->kind == BOOT_RANGE_RAM))
			root = true;
	}
	if (!core)
		return "the core's memory is not a CORE range";
	return root ? NULL : "the root image is not in RAM";
}

static const char *check_cpus(const struct boot_info *bi)
{
	if (bi->num_cpus == 0 || bi->num_cpus > BOOT_INFO_MAX_CPUS)
		return "number of CPUs";
	if (!(bi->cpus[0].flags & BOOT_CPU_BSP))
		return "the first CPU is not the boot CPU";
	return NULL;
}

const char *boot_check(const struct boot_info *bi)
{
	const char *why;

	if (bi->magic != BOOT_INFO_MAGIC)
		return "magic";
	if (bi->version != BOOT_INFO_VERSION)
		return "version";
	if (bi->size != sizeof(*bi))
		return "size";
	if (bi->core_base & (LARGE_SIZE - 1) || !page_aligned(bi->core_size) ||
	    bi->core_image_size == 0 || !page_aligned(bi->core_image_size) ||
	    bi->core_image_size >= bi->core_size || bi->core_base + bi->core_size < bi->core_base)
		return "core region";
	if (bi->tsc_hz < 1000000)
		return "TSC frequency";
	if (bi->console.kind > BOOT_CONSOLE_PL011)
		return "console kind";
	if (bi->root_kind != BOOT_ROOT_ELF)
		return "root image kind";
	if (!page_aligned(bi->root_base) || !page_aligned(bi->root_size) || bi->root_size == 0 ||
	    bi->root_base + bi->root_size < bi->root_base ||
	    bi->root_entry - bi->root_base >= bi->root_size)
		return "root image range";
	if (!memchr(bi->root_cmdline, 0, sizeof(bi->root_cmdline)))
		return "root command line has no end";
	why = check_cpus(bi);
	if (!why)
		why = boot_check_arch(bi);
	return why ? why : check_ranges(bi);
}
