/* SPDX-License-Identifier: MIT */
/*
 * What newlib's integer printf asks of its surroundings. There is no heap in the core: the
 * allocator entry points exist because printf can serve asprintf too, and always refuse.
 */
#include <stddef.h>
#include <stdint.h>

void *_malloc_r(void *reent, size_t size);
void *_realloc_r(void *reent, void *p, size_t size);
void _free_r(void *reent, void *p);
extern void *_impure_ptr;

static uint64_t reent[256]; /* struct _reent: errno at its head is all that is written */
void *_impure_ptr = reent;

void *_malloc_r(void *r, size_t size)
{
	(void)r;
	(void)size;
	return NULL;
}

void *_realloc_r(void *r, void *p, size_t size)
{
	(void)r;
	(void)p;
	(void)size;
	return NULL;
}

void _free_r(void *r, void *p)
{
	(void)r;
	(void)p;
}
