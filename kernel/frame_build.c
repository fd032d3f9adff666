/* SPDX-License-Identifier: MIT */
/* The frame table's first content, from the loader's map. */
#include "kernel/bits.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

static enum frame_state state_of(uint32_t kind)
{
	switch (kind) {
	case BOOT_RANGE_RAM:
	case BOOT_RANGE_ROOT:
		return FRAME_ROOT;
	case BOOT_RANGE_CORE:
		return FRAME_CORE;
	default:
		return FRAME_NONE;
	}
}

void frame_build(const struct boot_info *bi)
{
	uint64_t top = 0;
	uint32_t *words;

	for (uint32_t i = 0; i < bi->num_ranges; i++)
		if (state_of(bi->ranges[i].kind) != FRAME_NONE)
			top = bi->ranges[i].base + bi->ranges[i].size;
	top >>= PAGE_SHIFT;
	words = page_alloc(page_up(top * sizeof(*words)) >> PAGE_SHIFT);
	if (!words)
		panic("core memory too small for a frame table of %llu frames",
		      (unsigned long long)top);
	frame_init(words, top);
	for (uint32_t i = 0; i < bi->num_ranges; i++)
		if (state_of(bi->ranges[i].kind) != FRAME_NONE)
			frame_set_range(bi->ranges[i].base, bi->ranges[i].size,
					state_of(bi->ranges[i].kind));
}
