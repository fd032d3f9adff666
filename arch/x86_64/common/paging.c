/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/paging.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define PTE_P	BIT(0)
#define PTE_W	BIT(1)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_PS	BIT(7)
#define PTE_G	BIT(8)
#define PTE_NX	BIT(63)
#define PTE_PA	MASK(51, 12)

extern const uint8_t core_start[], core_text_end[], core_rodata_end[], core_end[];

static uint64_t *shared; /* PML4: its kernel half is copied into every CPU's */
static uint64_t device_next = ARCH_DEVICE_MAP;
static uint64_t image_pa;

void paging_early(void)
{
	uint64_t *pml4 = (uint64_t *)(uintptr_t)(read_cr3() & PTE_PA);

	pml4[ARCH_DIRECT_MAP >> 39 & 511] = pml4[0];
	write_cr3(read_cr3());
}

static uint64_t *table_at(uint64_t *e)
{
	if (!(*e & PTE_P)) {
		void *t = page_alloc(1);

		if (!t)
			panic("core memory too small for its page tables");
		*e = ptr_hpa(t).v | PTE_P | PTE_W;
	}
	return hpa_ptr(HPA(*e & PTE_PA));
}

/* Map with the largest pages that alignment allows, at most max_level (1: 4 KiB .. 3: 1 GiB). */
static void map(uint64_t *pml4, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags,
		uint32_t max_level)
{
	while (size) {
		uint32_t level = max_level;
		uint64_t *t = table_at(&pml4[va >> 39 & 511]);
		uint64_t step;

		while (level > 1 && (((va | pa) & (BIT(12 + 9 * (level - 1)) - 1)) ||
				     size < BIT(12 + 9 * (level - 1))))
			level--;
		for (uint32_t l = 3; l > level; l--)
			t = table_at(&t[va >> (12 + 9 * (l - 1)) & 511]);
		step = BIT(12 + 9 * (level - 1));
		t[va >> (12 + 9 * (level - 1)) & 511] =
			pa | flags | PTE_P | (level > 1 ? PTE_PS : 0);
		va += step;
		pa += step;
		size -= step;
	}
}

static void map_image(uint64_t *pml4)
{
	uint64_t text = (uint64_t)(core_text_end - core_start);
	uint64_t ro = (uint64_t)(core_rodata_end - core_start);
	uint64_t all = (uint64_t)(core_end - core_start);

	map(pml4, BOOT_CORE_VA, image_pa, text, 0, 1);
	map(pml4, BOOT_CORE_VA + text, image_pa + text, ro - text, PTE_NX, 1);
	map(pml4, BOOT_CORE_VA + ro, image_pa + ro, all - ro, PTE_W | PTE_NX, 1);
}

void paging_build(const struct boot_info *bi)
{
	uint32_t r[4];
	uint32_t max_level;

	cpuid(0x80000001, 0, r);
	max_level = r[3] & BIT(26) ? 3 : 2; /* Page1GB */
	image_pa = bi->core_base;
	shared = page_alloc(1);
	if (!shared)
		panic("core memory too small");
	for (uint32_t i = 0; i < bi->num_ranges; i++) {
		const struct boot_range *g = &bi->ranges[i];
		uint64_t base = g->base, size = g->size;

		if (g->kind == BOOT_RANGE_RESERVED || g->kind == BOOT_RANGE_MMIO)
			continue;
		/* The image has its own mapping; no second, writable one. */
		if (g->kind == BOOT_RANGE_CORE && base == bi->core_base) {
			base += bi->core_image_size;
			size -= bi->core_image_size;
		}
		if (size)
			map(shared, ARCH_DIRECT_MAP + base, base, size, PTE_W | PTE_NX | PTE_G,
			    max_level);
	}
	map_image(shared);
}

uint64_t paging_map_device(uint64_t pa)
{
	uint64_t va = device_next;

	map(shared, va, pa & PAGE_MASK, PAGE_SIZE, PTE_W | PTE_NX | PTE_PCD | PTE_PWT, 1);
	device_next += PAGE_SIZE;
	return va | (pa & (PAGE_SIZE - 1));
}

uint64_t paging_percpu(struct percpu *cpu, void *stack)
{
	uint64_t *pml4 = page_alloc(1), *pdpt = page_alloc(1);
	uint64_t *image_pdpt = hpa_ptr(HPA(shared[BOOT_CORE_VA >> 39 & 511] & PTE_PA));
	uint64_t size = page_up(sizeof(*cpu));

	if (!pml4 || !pdpt)
		panic("core memory too small for CPU %u", cpu->index);
	memcpy(pml4, shared, PAGE_SIZE);
	memcpy(pdpt, image_pdpt, PAGE_SIZE);
	pml4[BOOT_CORE_VA >> 39 & 511] = ptr_hpa(pdpt).v | PTE_P | PTE_W;
	map(pml4, ARCH_PERCPU_VA, ptr_hpa(cpu).v, size, PTE_W | PTE_NX, 1);
	/* one page unmapped between: a stack that overflows faults instead of overwriting */
	map(pml4, ARCH_PERCPU_VA + size + PAGE_SIZE, ptr_hpa(stack).v, ARCH_STACK_SIZE,
	    PTE_W | PTE_NX, 1);
	return ptr_hpa(pml4).v;
}

uint64_t paging_trampoline(uint64_t page)
{
	uint64_t *pml4 = page_alloc(1);

	if (!pml4)
		panic("core memory too small to start CPUs");
	memcpy(pml4, shared, PAGE_SIZE);
	map(pml4, page, page, PAGE_SIZE, 0, 1);
	return ptr_hpa(pml4).v;
}
