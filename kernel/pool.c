/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/pool.h"

static void push(void **list, void *page)
{
	*(void **)page = *list;
	*list = page;
}

static void *pop(void **list)
{
	void *page = *list;

	if (page)
		*list = *(void **)page;
	return page;
}

void pool_give(struct pool *p, void *page)
{
	p->total++;
	pool_free(p, page);
}

void *pool_take(struct pool *p)
{
	void *page = pop(&p->free);

	if (page) {
		p->free_count--;
		p->total--;
	}
	return page;
}

void *pool_alloc(struct pool *p)
{
	void *page = pop(&p->free);

	if (page) {
		p->free_count--;
		memset(page, 0, PAGE_SIZE);
	}
	return page;
}

void pool_free(struct pool *p, void *page)
{
	push(&p->free, page);
	p->free_count++;
}

/*
 * A hardware walk may still read the page: the link that lands in its first entry is an aligned
 * pointer, so its present bit is clear in every format.
 */
void pool_free_later(struct pool *p, void *page)
{
	push(&p->limbo, page);
	p->limbo_count++;
}

void pool_flushed(struct pool *p)
{
	void *page;

	while ((page = pop(&p->limbo)) != NULL) {
		p->limbo_count--;
		pool_free(p, page);
	}
}
