/* SPDX-License-Identifier: MIT */
/*
 * First byte: what is random. 0: CPUID leaves (layout_init). Else: a compacted image for the
 * layout of a CPU with AVX-512, protection keys and AMX; the second byte picks the mask.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/common/xsave.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(c) \
	do { \
		if (!(c)) \
			abort(); \
	} while (0)

static void leaves(const uint8_t *data, size_t size)
{
	struct xsave_cpuid sub[64] = { 0 };
	struct xsave_layout l;
	uint8_t *std, *out;
	uint32_t n;

	memcpy(sub, data, size < sizeof(sub) ? size : sizeof(sub));
	if (!xsave_layout_init(&l, ~0ull, sub, 0))
		return;
	CHECK(l.std_size >= 576 && l.std_size <= 3 * 4096);
	n = xsave_compact_size(&l, l.xcr0_mask);
	CHECK(n >= 576 && n % 8 == 0);
	std = malloc(l.std_size);
	out = malloc(n);
	CHECK(std && out);
	xsave_init_std(&l, std);
	memcpy(std + 512, &l.xcr0_mask, sizeof(l.xcr0_mask));
	CHECK(xsave_to_compact(&l, l.xcr0_mask, std, out, n) == n);
	CHECK(xsave_check_compact(&l, l.xcr0_mask, out, n) == XSAVE_OK);
	xsave_from_compact(&l, out, std);
	free(std);
	free(out);
}

static void image(uint8_t pick, const uint8_t *data, size_t size)
{
	static const struct xsave_cpuid sub[64] = {
		[0] = { 0x602e7, 0, 0, 0 }, [2] = { 256, 576, 0, 0 },	 [5] = { 64, 1088, 0, 0 },
		[6] = { 512, 1152, 0, 0 },  [7] = { 1024, 1664, 0, 0 },	 [9] = { 8, 2688, 0, 0 },
		[17] = { 64, 2752, 2, 0 },  [18] = { 8192, 2816, 2, 0 },
	};
	static const uint64_t masks[] = { 0x3, 0x7, 0xe7, 0x2e7, 0x602e7, 0x20203 };
	uint64_t mask = masks[pick % 6];
	struct xsave_layout l;
	uint8_t *in, *std, *again;

	CHECK(xsave_layout_init(&l, ~0ull, sub, 0xffff));
	in = malloc(size ? size : 1);
	std = malloc(l.std_size);
	again = malloc(3 * 4096);
	CHECK(in && std && again);
	memcpy(in, data, size);
	if (xsave_check_compact(&l, mask, in, (uint32_t)size) == XSAVE_OK) {
		uint32_t n = xsave_compact_size(&l, mask);
		uint64_t was, is;

		CHECK(n == size);
		xsave_from_compact(&l, in, std);
		CHECK(xsave_to_compact(&l, mask, std, again, 3 * 4096) == n);
		CHECK(xsave_check_compact(&l, mask, again, n) == XSAVE_OK);
		memcpy(&was, in + 512, sizeof(was));
		memcpy(&is, again + 512, sizeof(is));
		/* SSE may come to count as live for MXCSR alone */
		CHECK((was & ~2ull) == (is & ~2ull));
	}
	free(in);
	free(std);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] == 0)
		leaves(data + 1, size - 1);
	else
		image(data[1], data + 2, size - 2);
	return 0;
}
