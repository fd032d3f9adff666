/* SPDX-License-Identifier: MIT */
/* State types by hypercall, and guest images, for the tests of arm64. */
#ifndef ROOT_ARM64_STATE_H
#define ROOT_ARM64_STATE_H

#include "tests/root/root.h"

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))

/* A state that goes by `pages` pages from `at` on. */
uint16_t state_pages(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type, void *at,
		     uint32_t pages);
/* A state that goes inline, `size` bytes at `at`. */
uint16_t state_inline(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type, void *at,
		      uint32_t size);
/* The image of a guest of tests/guests/arm64. */
void image_load(void *to, const char *name);

#endif
