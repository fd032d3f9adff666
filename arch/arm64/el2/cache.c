/* SPDX-License-Identifier: MIT */
#include <sysreg.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

/* CTR_EL0.DminLine, 19:16: log2 of the words of the smallest line */
void cache_clean(const void *va, uint64_t size)
{
	uint64_t line = 4ull << (read_sysreg(ctr_el0) >> 16 & 0xf);
	uint64_t at = (uint64_t)(uintptr_t)va & ~(line - 1), end = (uint64_t)(uintptr_t)va + size;

	for (; at < end; at += line)
		dc_civac(at);
	dsb_sy();
}

/*
 * A guest without its MMU reads memory past the caches (D8.2.11), and its writes are not in the
 * root's. Its instructions come through caches that do not look into the data caches (B2.7.4).
 */
void arch_pages_handed(uint64_t pfn, uint64_t count)
{
	cache_clean(hpa_ptr(HPA(pfn << PAGE_SHIFT)), count << PAGE_SHIFT);
	ic_ialluis();
	dsb_ish();
	isb();
}
