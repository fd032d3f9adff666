/* SPDX-License-Identifier: MIT */
/*
 * Small objects of one size (CELL_SIZE bytes) in pages of a partition's pool. A page whose last
 * cell is freed goes back to the pool. The lock that guards the pool guards the cells.
 */
#ifndef KERNEL_CELL_H
#define KERNEL_CELL_H

#include "kernel/pool.h"

#define CELL_SIZE 128u

struct cell_page;

struct cells {
	struct cell_page *pages;
};

/* A zeroed cell; NULL: the pool has no page. */
void *cell_alloc(struct cells *c, struct pool *pool);
void cell_free(struct cells *c, struct pool *pool, void *cell);

#endif
