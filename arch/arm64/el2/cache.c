/* SPDX-License-Identifier: MIT */
#include <sysreg.h>

#include "arch/arm64/el2/el2.h"

/* CTR_EL0.DminLine, 19:16: log2 of the words of the smallest line */
void cache_clean(const void *va, uint64_t size)
{
	uint64_t line = 4ull << (read_sysreg(ctr_el0) >> 16 & 0xf);
	uint64_t at = (uint64_t)(uintptr_t)va & ~(line - 1), end = (uint64_t)(uintptr_t)va + size;

	for (; at < end; at += line)
		dc_civac(at);
	dsb_sy();
}
