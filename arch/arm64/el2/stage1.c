/* SPDX-License-Identifier: MIT */
/* EL2's own translations: VMSAv8-64 stage 1, 4-KiB granule, 48 bits (Arm ARM, D8.3). */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/core_tables.h"
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

static const struct core_table_format format = {
	.valid = PTE_VALID,
	.table = PTE_VALID | PTE_TABLE,
	.block = PTE_VALID,
	.page = PTE_VALID | PTE_TABLE,
	.address = PTE_PA,
};

static void map(uint64_t *l0, uint64_t va, uint64_t pa, uint64_t size, uint64_t attr)
{
	core_map(&format, l0, va, pa, size, attr, 1);
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

	map(l0, va, image_pa, text, MEMORY | PTE_RO);
	map(l0, va + text, image_pa + text, ro - text, MEMORY | PTE_RO | PTE_XN);
	map(l0, va + ro, image_pa + ro, all - ro, MEMORY | PTE_XN);
	/* Where the MMU goes on and off */
	map(l0, stage1_image_pa(el2_identity), stage1_image_pa(el2_identity), PAGE_SIZE,
	    MEMORY | PTE_RO);
}

/* What firmware keeps may be no memory at all, or in use by the secure world. */
static bool is_ram(uint32_t kind)
{
	return kind != BOOT_RANGE_RESERVED && kind != BOOT_RANGE_MMIO && kind != BOOT_RANGE_RUNTIME;
}

void stage1_build(const struct boot_info *bi)
{
	image_pa = bi->core_base;
	shared = page_alloc(1);
	if (!shared)
		panic("core memory too small");
	core_map_direct(&format, shared, bi, is_ram, MEMORY | PTE_XN, 3);
	map_image(shared);
	/* The walker sees them with the MMU on; no entry of them was ever valid before. */
	dsb_ishst();
	isb();
}

uint64_t stage1_map_device(uint64_t pa, uint64_t size)
{
	uint64_t va = device_next, from = pa & PAGE_MASK;

	map(shared, va, from, page_up(pa + size) - from, DEVICE);
	device_next += page_up(pa + size) - from;
	dsb_ishst();
	isb();
	return va | (pa & (PAGE_SIZE - 1));
}

uint64_t stage1_percpu(struct percpu *cpu, void *stack)
{
	uint64_t *l0 = core_tables_percpu(&format, shared, cpu, stack, MEMORY | PTE_XN);

	dsb_ishst();
	isb();
	return ptr_hpa(l0).v;
}
