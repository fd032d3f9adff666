/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/page_alloc.h"

static uint64_t next, end;

void page_alloc_init(hpa_t base, uint64_t size)
{
	next = page_up(base.v);
	end = (base.v + size) & PAGE_MASK;
	if (end < next)
		end = next;
}

void *page_alloc(uint64_t count)
{
	void *p;

	if (count == 0 || count > (end - next) >> PAGE_SHIFT)
		return NULL;
	p = hpa_ptr(HPA(next));
	next += count << PAGE_SHIFT;
	memset(p, 0, count << PAGE_SHIFT);
	return p;
}

uint64_t page_alloc_left(void)
{
	return end - next;
}
