/* SPDX-License-Identifier: MIT */
#include "kernel/core_tables.h"

#include <string.h>

#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define TOP(va) ((va) >> 39 & 511)

static uint32_t shift_of(uint32_t level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static uint64_t *table_at(const struct core_table_format *f, uint64_t *e)
{
	if (!(*e & f->valid)) {
		void *t = page_alloc(1);

		if (!t)
			panic("core memory too small for its page tables");
		*e = ptr_hpa(t).v | f->table;
	}
	return hpa_ptr(HPA(*e & f->address));
}

void core_map(const struct core_table_format *f, uint64_t *top, uint64_t va, uint64_t pa,
	      uint64_t size, uint64_t attr, uint32_t max_level)
{
	while (size) {
		uint32_t level = max_level;
		uint64_t *t = table_at(f, &top[TOP(va)]);
		uint64_t step;

		while (level > 1 &&
		       (((va | pa) & (BIT(shift_of(level)) - 1)) || size < BIT(shift_of(level))))
			level--;
		for (uint32_t l = 3; l > level; l--)
			t = table_at(f, &t[va >> shift_of(l) & 511]);
		step = BIT(shift_of(level));
		t[va >> shift_of(level) & 511] = pa | attr | (level > 1 ? f->block : f->page);
		va += step;
		pa += step;
		size -= step;
	}
}

void core_map_direct(const struct core_table_format *f, uint64_t *top, const struct boot_info *bi,
		     bool (*wanted)(uint32_t kind), uint64_t attr, uint32_t max_level)
{
	for (uint32_t i = 0; i < bi->num_ranges; i++) {
		const struct boot_range *g = &bi->ranges[i];
		uint64_t base = g->base, size = g->size;

		if (!wanted(g->kind))
			continue;
		if (g->kind == BOOT_RANGE_CORE && base == bi->core_base) {
			base += bi->core_image_size;
			size -= bi->core_image_size;
		}
		if (size)
			core_map(f, top, ARCH_DIRECT_MAP + base, base, size, attr, max_level);
	}
}

uint64_t *core_tables_percpu(const struct core_table_format *f, const uint64_t *shared,
			     struct percpu *cpu, void *stack, uint64_t attr)
{
	uint64_t *top = page_alloc(1), *second = page_alloc(1);
	uint64_t entry = shared[TOP(ARCH_PERCPU_VA)], size = page_up(sizeof(*cpu));

	if (!top || !second)
		panic("core memory too small for CPU %u", cpu->index);
	/* The image is under the same entry: that table is a copy, what it names is shared. */
	memcpy(top, shared, PAGE_SIZE);
	memcpy(second, hpa_ptr(HPA(entry & f->address)), PAGE_SIZE);
	top[TOP(ARCH_PERCPU_VA)] = ptr_hpa(second).v | f->table;
	core_map(f, top, ARCH_PERCPU_VA, ptr_hpa(cpu).v, size, attr, 1);
	core_map(f, top, ARCH_PERCPU_VA + size + PAGE_SIZE, ptr_hpa(stack).v, ARCH_STACK_SIZE, attr,
		 1);
	return top;
}
