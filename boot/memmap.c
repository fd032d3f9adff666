/* SPDX-License-Identifier: MIT */
#include "boot/memmap.h"

#define PAGE_SHIFT 12

/* EFI_MEMORY_DESCRIPTOR, UEFI 2.10, 7.2.3 */
struct descriptor {
	uint32_t type;
	uint32_t pad;
	uint64_t physical, virtual_start, pages, attribute;
};

/* EFI_MEMORY_TYPE, UEFI 2.10, table 7.10: what is left of it after ExitBootServices */
static uint32_t kind_of(uint32_t type)
{
	switch (type) {
	case 1: /* loader code */
	case 2: /* loader data */
	case 3: /* boot services code */
	case 4: /* boot services data */
	case 7: /* conventional */
		return BOOT_RANGE_RAM;
	case 5:
	case 6:
		return BOOT_RANGE_RUNTIME;
	case 9:
		return BOOT_RANGE_ACPI;
	case 10:
		return BOOT_RANGE_NVS;
	case 11:
	case 12:
		return BOOT_RANGE_MMIO;
	default:
		return BOOT_RANGE_RESERVED;
	}
}

static const char *insert(struct boot_info *bi, struct boot_range r)
{
	uint32_t i;

	if (bi->num_ranges == BOOT_INFO_MAX_RANGES)
		return "too many memory ranges";
	for (i = bi->num_ranges; i > 0 && bi->ranges[i - 1].base > r.base; i--)
		bi->ranges[i] = bi->ranges[i - 1];
	bi->ranges[i] = r;
	bi->num_ranges++;
	if (i > 0 && bi->ranges[i - 1].base + bi->ranges[i - 1].size > r.base)
		return "memory ranges overlap";
	if (i + 1 < bi->num_ranges && r.base + r.size > bi->ranges[i + 1].base)
		return "memory ranges overlap";
	return NULL;
}

static void merge(struct boot_info *bi)
{
	uint32_t out = 0;

	for (uint32_t i = 1; i < bi->num_ranges; i++) {
		struct boot_range *a = &bi->ranges[out], *b = &bi->ranges[i];

		if (a->base + a->size == b->base && a->kind == b->kind &&
		    a->efi_attributes == b->efi_attributes) {
			a->size += b->size;
			if (a->efi_type != b->efi_type)
				a->efi_type = 7;
		} else {
			bi->ranges[++out] = *b;
		}
	}
	if (bi->num_ranges)
		bi->num_ranges = out + 1;
}

/* Give part of one range another kind. It may be in RAM or in what firmware calls reserved. */
static const char *carve(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t kind)
{
	for (uint32_t i = 0; i < bi->num_ranges; i++) {
		struct boot_range r = bi->ranges[i], part = r;
		const char *why = NULL;

		if (base < r.base || base + size > r.base + r.size)
			continue;
		bi->num_ranges--;
		for (uint32_t k = i; k < bi->num_ranges; k++)
			bi->ranges[k] = bi->ranges[k + 1];
		if (base > r.base) {
			part.size = base - r.base;
			why = insert(bi, part);
		}
		part = r;
		part.base = base;
		part.size = size;
		part.kind = kind;
		if (!why)
			why = insert(bi, part);
		part = r;
		part.base = base + size;
		part.size = r.base + r.size - part.base;
		if (!why && part.size)
			why = insert(bi, part);
		return why;
	}
	return "a carved range is not inside one memory range";
}

const char *memmap_convert(struct boot_info *bi, const void *map, size_t size, size_t desc_size)
{
	const char *why = NULL;

	bi->num_ranges = 0;
	if (desc_size < sizeof(struct descriptor) || size % desc_size)
		return "descriptor size";
	for (size_t at = 0; at < size && !why; at += desc_size) {
		const struct descriptor *d =
			(const struct descriptor *)(const void *)((const uint8_t *)map + at);
		struct boot_range r = { .base = d->physical,
					.size = d->pages << PAGE_SHIFT,
					.kind = kind_of(d->type),
					.efi_type = d->type,
					.efi_attributes = d->attribute };

		if (!d->pages)
			continue;
		if (d->pages >> (64 - PAGE_SHIFT) || r.base + r.size < r.base || r.base & 0xfff)
			return "a descriptor's range";
		/* Merged as they come: firmware maps have hundreds of neighbours of one kind. */
		why = insert(bi, r);
		if (!why && bi->num_ranges == BOOT_INFO_MAX_RANGES)
			merge(bi);
	}
	if (why)
		return why;
	merge(bi);
	why = carve(bi, bi->core_base, bi->core_size, BOOT_RANGE_CORE);
	if (!why)
		why = carve(bi, bi->root_base, bi->root_size, BOOT_RANGE_ROOT);
	if (!why && bi->root_file_size)
		why = carve(bi, bi->root_file, (bi->root_file_size + 0xfff) & ~0xfffull,
			    BOOT_RANGE_ROOT);
	if (!why && bi->trampoline)
		why = carve(bi, bi->trampoline, 1u << PAGE_SHIFT, BOOT_RANGE_CORE);
	return why;
}
