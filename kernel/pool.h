/* SPDX-License-Identifier: MIT */
/*
 * A partition's deposited pages: a list threaded through the free pages themselves, which nobody
 * but the core can reach. Pages that a slat gave up wait in limbo until the TLBs are flushed.
 * The partition's lock guards it.
 */
#ifndef KERNEL_POOL_H
#define KERNEL_POOL_H

#include "kernel/addr.h"

struct pool {
	void *free;
	void *limbo;
	uint64_t free_count;
	uint64_t limbo_count;
	uint64_t total; /* deposited and not withdrawn, used ones included */
};

void pool_give(struct pool *p, void *page); /* a page new to the pool: counts in total */
void *pool_take(struct pool *p);	    /* for withdrawal: leaves total; NULL when empty */
void *pool_alloc(struct pool *p);	    /* a zeroed page in use, or NULL */
void pool_free(struct pool *p, void *page);
void pool_free_later(struct pool *p, void *page);
void pool_flushed(struct pool *p); /* limbo becomes free */

#endif
