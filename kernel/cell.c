/* SPDX-License-Identifier: MIT */
/* The first cell of a page is its header. */
#include "kernel/cell.h"

#include <string.h>

#include "kernel/bits.h"

#define CELLS	 (PAGE_SIZE / CELL_SIZE)
#define ALL_FREE ((uint32_t)MASK(CELLS - 1, 1))

struct cell_page {
	struct cell_page *next;
	uint32_t free; /* bit per cell; bit 0, the header, is never set */
};
_Static_assert(sizeof(struct cell_page) <= CELL_SIZE && CELLS <= 32, "fits its cell and its mask");

void *cell_alloc(struct cells *c, struct pool *pool)
{
	struct cell_page *p = c->pages;
	uint32_t n;
	void *cell;

	while (p && !p->free)
		p = p->next;
	if (!p) {
		p = pool_alloc(pool);
		if (!p)
			return NULL;
		p->free = ALL_FREE;
		p->next = c->pages;
		c->pages = p;
	}
	n = (uint32_t)__builtin_ctz(p->free);
	p->free &= p->free - 1;
	cell = (uint8_t *)p + (size_t)n * CELL_SIZE;
	memset(cell, 0, CELL_SIZE);
	return cell;
}

void cell_free(struct cells *c, struct pool *pool, void *cell)
{
	struct cell_page *p = (struct cell_page *)((uintptr_t)cell & ~(uintptr_t)(PAGE_SIZE - 1));
	struct cell_page **at = &c->pages;

	p->free |= 1u << ((uint8_t *)cell - (uint8_t *)p) / CELL_SIZE;
	if (p->free != ALL_FREE)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	pool_free(pool, p);
}
