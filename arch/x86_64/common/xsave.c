/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/xsave.h"

#include <string.h>

#define FCW_INIT      0x37fu
#define MXCSR_INIT    0x1f80u
#define FCW_AT	      0u
#define MXCSR_AT      24u
#define XMM_AT	      160u
#define SOFTWARE_AT   416u /* 96 bytes that no XSAVE writes */
#define XSTATE_AT     512u
#define MASK_EXTENDED 0x7ffffffffffffffcull /* components 2 to 62 */
#define XCOMP_AT      520u
#define IMAGE_MAX     (3u * 4096)
#define X87_SSE	      3ull
#define CET_U	      11u
#define CET_S	      12u

static uint64_t get64(const void *p, uint32_t at)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)p + at, sizeof(v));
	return v;
}

static void put64(void *p, uint32_t at, uint64_t v)
{
	memcpy((uint8_t *)p + at, &v, sizeof(v));
}

bool xsave_layout_init(struct xsave_layout *l, uint64_t allowed, const struct xsave_cpuid sub[64],
		       uint32_t mxcsr_mask)
{
	uint64_t user = (uint64_t)sub[0].edx << 32 | sub[0].eax;
	uint64_t super = (uint64_t)sub[1].edx << 32 | sub[1].ecx;
	uint32_t end = XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;

	memset(l, 0, sizeof(*l));
	if (user & super || (user & X87_SSE) != X87_SSE || user >> 63)
		return false;
	l->xcr0_mask = user & allowed;
	l->xss_mask = super & allowed;
	l->mxcsr_mask = mxcsr_mask ? mxcsr_mask : 0xffbf;
	for (uint32_t i = 2; i < 63; i++) {
		if (!((l->xcr0_mask | l->xss_mask) >> i & 1))
			continue;
		l->comp[i].size = sub[i].eax;
		l->comp[i].offset = sub[i].ebx;
		l->comp[i].supervisor = sub[i].ecx & 1;
		l->comp[i].align64 = sub[i].ecx & 2;
		if (l->comp[i].size == 0 || l->comp[i].size > IMAGE_MAX ||
		    l->comp[i].supervisor != (l->xss_mask >> i & 1))
			return false;
		if (l->comp[i].supervisor)
			continue;
		if (l->comp[i].offset < XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE ||
		    l->comp[i].offset > IMAGE_MAX - l->comp[i].size)
			return false;
		for (uint32_t k = 2; k < i; k++)
			if (l->comp[k].size && !l->comp[k].supervisor &&
			    l->comp[k].offset < l->comp[i].offset + l->comp[i].size &&
			    l->comp[i].offset < l->comp[k].offset + l->comp[k].size)
				return false;
		if (l->comp[i].offset + l->comp[i].size > end)
			end = l->comp[i].offset + l->comp[i].size;
	}
	l->std_size = end;
	return xsave_compact_size(l, l->xcr0_mask | l->xss_mask) <= IMAGE_MAX;
}

/* Offset of component i in the compacted image of mask; i = 63 gives the end. */
static uint32_t compact_offset(const struct xsave_layout *l, uint64_t mask, uint32_t i)
{
	uint32_t at = XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;

	/* Set bits only: most images have two or three of 61 components. */
	for (mask &= MASK_EXTENDED; mask; mask &= mask - 1) {
		uint32_t k = (uint32_t)__builtin_ctzll(mask);

		if (k > i || k > 62)
			break;
		if (l->comp[k].align64)
			at = (at + 63) & ~63u;
		if (k == i)
			return at;
		at += l->comp[k].size;
	}
	return at;
}

uint32_t xsave_compact_size(const struct xsave_layout *l, uint64_t mask)
{
	return (compact_offset(l, mask & (l->xcr0_mask | l->xss_mask), 63) + 7) & ~7u;
}

static void init_legacy(void *image, bool x87, bool sse)
{
	uint8_t *b = image;
	uint16_t fcw = FCW_INIT;
	uint32_t mxcsr = MXCSR_INIT;

	if (x87) {
		memset(b, 0, MXCSR_AT);
		memset(b + 32, 0, XMM_AT - 32);
		memcpy(b + FCW_AT, &fcw, sizeof(fcw));
	}
	if (sse) {
		memset(b + XMM_AT, 0, 256);
		memcpy(b + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	}
}

void xsave_init_std(const struct xsave_layout *l, void *std)
{
	memset(std, 0, l->std_size);
	init_legacy(std, true, true);
}

uint32_t xsave_to_compact(const struct xsave_layout *l, uint64_t mask, const void *std, void *out,
			  uint32_t out_len)
{
	uint64_t all = mask & (l->xcr0_mask | l->xss_mask);
	uint64_t in_use = get64(std, XSTATE_AT) & all & l->xcr0_mask;
	uint32_t size = xsave_compact_size(l, all), mxcsr;
	uint32_t done = XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;
	bool mxcsr_only;

	if (out_len < size)
		return 0;
	/*
	 * Compacted, MXCSR belongs to SSE alone: with XSTATE_BV[1] clear it is taken as initial,
	 * while XSAVE stores it whatever that bit says. XSAVEC sets the bit for this reason (SDM
	 * vol. 1, 13.10), and so do we; the registers then carry their initial values.
	 */
	memcpy(&mxcsr, (const uint8_t *)std + MXCSR_AT, sizeof(mxcsr));
	mxcsr_only = !(in_use & 2) && all & 2 && mxcsr != MXCSR_INIT;
	memcpy(out, std, SOFTWARE_AT);
	/* 416 to 511 is for software: nothing of the core's or the guest's leaves by it */
	memset((uint8_t *)out + SOFTWARE_AT, 0,
	       XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE - SOFTWARE_AT);
	init_legacy(out, !(in_use & 1), !(in_use & 2));
	if (mxcsr_only) {
		in_use |= 2;
		memcpy((uint8_t *)out + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	}
	put64(out, XSTATE_AT, in_use);
	put64(out, XCOMP_AT, XSAVE_COMPACTED | all);
	/* Every byte of the image is written: components, zeroes for those not in use, the gaps. */
	for (uint64_t left = all & MASK_EXTENDED; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left), from = compact_offset(l, all, i);

		memset((uint8_t *)out + done, 0, from - done);
		done = from + l->comp[i].size;
		if (in_use >> i & 1)
			memcpy((uint8_t *)out + from, (const uint8_t *)std + l->comp[i].offset,
			       l->comp[i].size);
		else
			memset((uint8_t *)out + from, 0, l->comp[i].size);
	}
	memset((uint8_t *)out + done, 0, size - done);
	return size;
}

enum xsave_error xsave_check_compact(const struct xsave_layout *l, uint64_t mask, const void *in,
				     uint32_t len)
{
	uint64_t all = mask & (l->xcr0_mask | l->xss_mask);
	uint64_t xstate, xcomp;
	uint32_t mxcsr;

	if (len != xsave_compact_size(l, all))
		return XSAVE_BAD_LENGTH;
	xstate = get64(in, XSTATE_AT);
	xcomp = get64(in, XCOMP_AT);
	for (uint32_t i = XCOMP_AT + 8; i < XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE; i += 8)
		if (get64(in, i))
			return XSAVE_BAD_HEADER;
	if (!(xcomp & XSAVE_COMPACTED) || xcomp & ~XSAVE_COMPACTED & ~all)
		return XSAVE_BAD_XCOMP;
	/* bit 63 of XCOMP_BV is the format, not a component that XSTATE_BV could name */
	if (xstate & ~(xcomp & ~XSAVE_COMPACTED))
		return XSAVE_BAD_XSTATE;
	memcpy(&mxcsr, (const uint8_t *)in + MXCSR_AT, sizeof(mxcsr));
	return mxcsr & ~l->mxcsr_mask ? XSAVE_BAD_MXCSR : XSAVE_OK;
}

void xsave_from_compact(const struct xsave_layout *l, const void *in, void *std)
{
	uint64_t xstate = get64(in, XSTATE_AT);
	uint64_t xcomp = get64(in, XCOMP_AT) & ~XSAVE_COMPACTED;

	/* Components that are not in use stay as they are: XRSTOR does not look at them. */
	memcpy(std, in, SOFTWARE_AT);
	memset((uint8_t *)std + SOFTWARE_AT, 0,
	       XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE - SOFTWARE_AT);
	init_legacy(std, !(xstate & 1), !(xstate & 2));
	put64(std, XSTATE_AT, xstate & l->xcr0_mask);
	for (uint64_t left = xstate & MASK_EXTENDED; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);

		if (!l->comp[i].supervisor)
			memcpy((uint8_t *)std + l->comp[i].offset,
			       (const uint8_t *)in + compact_offset(l, xcomp, i), l->comp[i].size);
	}
}

static void put_component(const struct xsave_layout *l, uint64_t all, uint32_t i, const void *data,
			  uint32_t size, void *image)
{
	static const uint8_t initial[sizeof(struct xsave_cet)];

	if (!(all >> i & 1) || l->comp[i].size != size || !memcmp(data, initial, size))
		return;
	memcpy((uint8_t *)image + compact_offset(l, all, i), data, size);
	put64(image, XSTATE_AT, get64(image, XSTATE_AT) | 1ull << i);
}

void xsave_put_cet(const struct xsave_layout *l, uint64_t mask, const struct xsave_cet *c,
		   void *image)
{
	uint64_t all = mask & (l->xcr0_mask | l->xss_mask);

	put_component(l, all, CET_U, c->user, sizeof(c->user), image);
	put_component(l, all, CET_S, c->supervisor, sizeof(c->supervisor), image);
}

static void take_component(const struct xsave_layout *l, const void *image, uint32_t i, void *data,
			   uint32_t size)
{
	uint64_t xcomp = get64(image, XCOMP_AT) & ~XSAVE_COMPACTED;

	memset(data, 0, size);
	if (get64(image, XSTATE_AT) >> i & 1 && l->comp[i].size == size)
		memcpy(data, (const uint8_t *)image + compact_offset(l, xcomp, i), size);
}

void xsave_take_cet(const struct xsave_layout *l, const void *image, struct xsave_cet *c)
{
	take_component(l, image, CET_U, c->user, sizeof(c->user));
	take_component(l, image, CET_S, c->supervisor, sizeof(c->supervisor));
}
