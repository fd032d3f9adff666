/* SPDX-License-Identifier: MIT */
/* EL2's own translations: VMSAv8-64 stage 1, 4-KiB granule, 48 bits (Arm ARM, D8.3). */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* at level 3 (here: 1) a page */
#define PTE_ATTR  2
#define PTE_AP1	  BIT(6) /* RES1 in a regime with one level */
#define PTE_RO	  BIT(7)
#define PTE_ISH	  (3ull << 8)
#define PTE_OSH	  (2ull << 8)
#define PTE_AF	  BIT(10)
#define PTE_XN	  BIT(54)
#define PTE_PA	  MASK(47, 12)

#define MEMORY (PTE_AF | PTE_AP1 | PTE_ISH | (uint64_t)MAIR_NORMAL << PTE_ATTR)
#define DEVICE (PTE_AF | PTE_AP1 | PTE_OSH | PTE_XN | (uint64_t)MAIR_DEVICE << PTE_ATTR)

extern const uint8_t core_start[], core_text_end[], core_rodata_end[], core_end[];

static uint64_t *shared;
static uint64_t device_next = ARCH_DEVICE_MAP;
static uint64_t image_pa;

static uint32_t shift_of(uint32_t level)
{
	return 12 + 9 * (level - 1);
}

static uint64_t *table_at(uint64_t *e)
{
	if (!(*e & PTE_VALID)) {
		void *t = page_alloc(1);

		if (!t)
			panic("core memory too small for its page tables");
		*e = ptr_hpa(t).v | PTE_TABLE | PTE_VALID;
	}
	return hpa_ptr(HPA(*e & PTE_PA));
}

/* With the largest blocks that alignment allows, at most max_level (1: 4 KiB .. 3: 1 GiB). */
static void map(uint64_t *l0, uint64_t va, uint64_t pa, uint64_t size, uint64_t attr,
		uint32_t max_level)
{
	while (size) {
		uint32_t level = max_level;
		uint64_t *t = table_at(&l0[va >> 39 & 511]);
		uint64_t step;

		while (level > 1 &&
		       (((va | pa) & (BIT(shift_of(level)) - 1)) || size < BIT(shift_of(level))))
			level--;
		for (uint32_t l = 3; l > level; l--)
			t = table_at(&t[va >> shift_of(l) & 511]);
		step = BIT(shift_of(level));
		t[va >> shift_of(level) & 511] =
			pa | attr | PTE_VALID | (level > 1 ? 0 : PTE_TABLE);
		va += step;
		pa += step;
		size -= step;
	}
}

uint64_t stage1_image_pa(const void *p)
{
	return (uint64_t)(uintptr_t)p - (uint64_t)(uintptr_t)core_start + image_pa;
}

static void map_image(uint64_t *l0)
{
	uint64_t va = (uint64_t)(uintptr_t)core_start;
	uint64_t text = (uint64_t)(core_text_end - core_start);
	uint64_t ro = (uint64_t)(core_rodata_end - core_start);
	uint64_t all = (uint64_t)(core_end - core_start);

	map(l0, va, image_pa, text, MEMORY | PTE_RO, 1);
	map(l0, va + text, image_pa + text, ro - text, MEMORY | PTE_RO | PTE_XN, 1);
	map(l0, va + ro, image_pa + ro, all - ro, MEMORY | PTE_XN, 1);
	/* Where the MMU goes on and off */
	map(l0, stage1_image_pa(el2_identity), stage1_image_pa(el2_identity), PAGE_SIZE,
	    MEMORY | PTE_RO, 1);
}

static bool is_ram(const struct boot_range *g)
{
	/* What firmware keeps may be no memory at all, or in use by the secure world. */
	return g->kind != BOOT_RANGE_RESERVED && g->kind != BOOT_RANGE_MMIO &&
	       g->kind != BOOT_RANGE_RUNTIME;
}

void stage1_build(const struct boot_info *bi)
{
	image_pa = bi->core_base;
	shared = page_alloc(1);
	if (!shared)
		panic("core memory too small");
	for (uint32_t i = 0; i < bi->num_ranges; i++) {
		const struct boot_range *g = &bi->ranges[i];
		uint64_t base = g->base, size = g->size;

		if (!is_ram(g))
			continue;
		/* The image has its own mapping; no second, writable one. */
		if (g->kind == BOOT_RANGE_CORE && base == bi->core_base) {
			base += bi->core_image_size;
			size -= bi->core_image_size;
		}
		if (size)
			map(shared, ARCH_DIRECT_MAP + base, base, size, MEMORY | PTE_XN, 3);
	}
	map_image(shared);
	/* The walker sees them with the MMU on; no entry of them was ever valid before. */
	dsb_ishst();
	isb();
}

uint64_t stage1_map_device(uint64_t pa, uint64_t size)
{
	uint64_t va = device_next, from = pa & PAGE_MASK;

	map(shared, va, from, page_up(pa + size) - from, DEVICE, 1);
	device_next += page_up(pa + size) - from;
	dsb_ishst();
	isb();
	return va | (pa & (PAGE_SIZE - 1));
}

/* The upper tables of the image's GiBs are a CPU's own: the entries are shared but for one. */
uint64_t stage1_percpu(struct percpu *cpu, void *stack)
{
	uint64_t *l0 = page_alloc(1), *l1 = page_alloc(1);
	uint64_t *image_l1 = hpa_ptr(HPA(shared[ARCH_PERCPU_VA >> 39 & 511] & PTE_PA));
	uint64_t size = page_up(sizeof(*cpu));

	if (!l0 || !l1)
		panic("core memory too small for CPU %u", cpu->index);
	memcpy(l0, shared, PAGE_SIZE);
	memcpy(l1, image_l1, PAGE_SIZE);
	l0[ARCH_PERCPU_VA >> 39 & 511] = ptr_hpa(l1).v | PTE_TABLE | PTE_VALID;
	map(l0, ARCH_PERCPU_VA, ptr_hpa(cpu).v, size, MEMORY | PTE_XN, 1);
	/* one page unmapped between: a stack that overflows faults instead of overwriting */
	map(l0, ARCH_PERCPU_VA + size + PAGE_SIZE, ptr_hpa(stack).v, ARCH_STACK_SIZE,
	    MEMORY | PTE_XN, 1);
	dsb_ishst();
	isb();
	return ptr_hpa(l0).v;
}
