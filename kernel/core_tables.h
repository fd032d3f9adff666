/* SPDX-License-Identifier: MIT */
/*
 * Boot only: the core's own page tables, of four levels with 512 entries of 8 bytes (Intel SDM vol.
 * 3, 4.5; Arm ARM, D8.3 with a 4-KiB granule). What an entry's bits are is the format's.
 */
#ifndef KERNEL_CORE_TABLES_H
#define KERNEL_CORE_TABLES_H

#include "boot/boot_info.h"
#include "kernel/percpu.h"

struct core_table_format {
	uint64_t valid; /* an entry that says something */
	uint64_t table; /* one that names the next table, whole */
	uint64_t block; /* one that maps 2 MiB or 1 GiB, beside its attributes */
	uint64_t page;	/* one that maps 4 KiB */
	uint64_t address;
};

/* Map with the largest pages that alignment allows, at most max_level (1: 4 KiB .. 3: 1 GiB). */
void core_map(const struct core_table_format *f, uint64_t *top, uint64_t va, uint64_t pa,
	      uint64_t size, uint64_t attr, uint32_t max_level);
/*
 * The direct map, of the ranges whose kind is wanted. The image has its own mapping: no second,
 * writable one.
 */
void core_map_direct(const struct core_table_format *f, uint64_t *top, const struct boot_info *bi,
		     bool (*wanted)(uint32_t kind), uint64_t attr, uint32_t max_level);
/*
 * A CPU's own tables: the shared ones, with its percpu and its stack at ARCH_PERCPU_VA and a page
 * unmapped in between, so that a stack that overflows faults instead of overwriting.
 */
uint64_t *core_tables_percpu(const struct core_table_format *f, const uint64_t *shared,
			     struct percpu *cpu, void *stack, uint64_t attr);

#endif
