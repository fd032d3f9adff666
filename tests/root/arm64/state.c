/* SPDX-License-Identifier: MIT */
#include "tests/root/arm64/state.h"

#include <string.h>

#include "tests/root/guest.h"
#include "tests/root/vm.h"

void image_load(void *to, const char *name)
{
	size_t size;
	const void *image = guest_image(name, &size);

	memcpy(to, image, size);
}

uint16_t state_pages(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type, void *at,
		     uint32_t pages)
{
	struct {
		struct hv_input_vp_state h;
		uint64_t pfn[4];
	} in = { .h = { .partition_id = id, .vp_index = vp, .type = type } };

	CHECK(pages <= 4);
	for (uint32_t i = 0; i < pages; i++)
		in.pfn[i] = pfn_of(at) + i;
	return hv_status(code | (uint64_t)pages << HV_HYPERCALL_VARHEAD_SHIFT, &in,
			 sizeof(in.h) + 8 * (size_t)pages, NULL, 0);
}

uint16_t state_inline(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type, void *at,
		      uint32_t size)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t data[256];
	} in = { .h = { .partition_id = id, .vp_index = vp, .type = type } };
	bool set = code == HVCALL_SET_VP_STATE;

	CHECK(size <= sizeof(in.data));
	if (set)
		memcpy(in.data, at, size);
	return hv_status(code | (set ? (uint64_t)size / 8 << HV_HYPERCALL_VARHEAD_SHIFT : 0), &in,
			 sizeof(in.h) + (set ? size : 0), set ? NULL : at, set ? 0 : size);
}
