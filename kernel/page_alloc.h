/* SPDX-License-Identifier: MIT */
/*
 * The core's own pages: what the loader set aside behind the image, handed out once at boot (per
 * CPU areas, the frame table, the root partition) and never after. Run-time memory is deposited.
 */
#ifndef KERNEL_PAGE_ALLOC_H
#define KERNEL_PAGE_ALLOC_H

#include "kernel/addr.h"

void page_alloc_init(hpa_t base, uint64_t size);
/* count contiguous zeroed pages, or NULL. */
void *page_alloc(uint64_t count);
uint64_t page_alloc_left(void);

#endif
