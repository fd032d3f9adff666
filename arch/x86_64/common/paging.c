/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/paging.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/core_tables.h"
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

static const struct core_table_format format = {
	.valid = PTE_P,
	.table = PTE_P | PTE_W,
	.block = PTE_P | PTE_PS,
	.page = PTE_P,
	.address = PTE_PA,
};

static void map(uint64_t *pml4, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	core_map(&format, pml4, va, pa, size, flags, 1);
}

static void map_image(uint64_t *pml4)
{
	uint64_t text = (uint64_t)(core_text_end - core_start);
	uint64_t ro = (uint64_t)(core_rodata_end - core_start);
	uint64_t all = (uint64_t)(core_end - core_start);

	map(pml4, BOOT_CORE_VA, image_pa, text, 0);
	map(pml4, BOOT_CORE_VA + text, image_pa + text, ro - text, PTE_NX);
	map(pml4, BOOT_CORE_VA + ro, image_pa + ro, all - ro, PTE_W | PTE_NX);
}

static bool is_ram(uint32_t kind)
{
	return kind != BOOT_RANGE_RESERVED && kind != BOOT_RANGE_MMIO;
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
	core_map_direct(&format, shared, bi, is_ram, PTE_W | PTE_NX | PTE_G, max_level);
	map_image(shared);
}

uint64_t paging_map_device(uint64_t pa)
{
	uint64_t va = device_next;

	map(shared, va, pa & PAGE_MASK, PAGE_SIZE, PTE_W | PTE_NX | PTE_PCD | PTE_PWT);
	device_next += PAGE_SIZE;
	return va | (pa & (PAGE_SIZE - 1));
}

uint64_t paging_percpu(struct percpu *cpu, void *stack)
{
	return ptr_hpa(core_tables_percpu(&format, shared, cpu, stack, PTE_W | PTE_NX)).v;
}

uint64_t paging_trampoline(uint64_t page)
{
	uint64_t *pml4 = page_alloc(1);

	if (!pml4)
		panic("core memory too small to start CPUs");
	memcpy(pml4, shared, PAGE_SIZE);
	map(pml4, page, page, PAGE_SIZE, 0);
	return ptr_hpa(pml4).v;
}
