/* SPDX-License-Identifier: MIT */
/*
 * XSAVE images on the CPUID 0xD leaves of real and emulated CPUs: layouts, conversion both ways,
 * and every way in which an image from outside can be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/xsave.h"

#define MXCSR_AT  24u
#define XSTATE_AT 512u
#define XCOMP_AT  520u
#define AREA_MAX  (3u * 4096)
#define BIT(n)	  (1ull << (n))
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

/* -- frozen CPUID leaves ---------------------------------------------------------------------- */

struct leaf {
	uint8_t sub;
	uint32_t size, offset, flags; /* EAX, EBX, ECX */
};

static const struct cpu {
	const char *name;
	uint64_t user, super;
	struct leaf leaf[12];
	uint32_t std_size, user_compact, all_compact; /* worked out by hand */
} cpus[] = {
	{ "QEMU TCG max",
	  0x21f,
	  0,
	  { { 2, 0x100, 0x240, 0 },
	    { 3, 0x40, 0x3c0, 0 },
	    { 4, 0x40, 0x400, 0 },
	    { 9, 8, 0xa80, 0 } },
	  0xa88,
	  968,
	  968 },
	{ "Skylake-X",
	  0x2e7,
	  0,
	  { { 2, 0x100, 0x240, 0 },
	    { 5, 0x40, 0x440, 0 },
	    { 6, 0x200, 0x480, 0 },
	    { 7, 0x400, 0x680, 0 },
	    { 9, 8, 0xa80, 0 } },
	  0xa88,
	  2440,
	  2440 },
	{ "Sapphire Rapids",
	  0x602e7,
	  0x1800,
	  { { 2, 0x100, 0x240, 0 },
	    { 5, 0x40, 0x440, 0 },
	    { 6, 0x200, 0x480, 0 },
	    { 7, 0x400, 0x680, 0 },
	    { 9, 8, 0xa80, 0 },
	    { 11, 16, 0, 1 },
	    { 12, 24, 0, 1 },
	    { 17, 64, 0xac0, 2 },
	    { 18, 8192, 0xb00, 6 } },
	  0xb00 + 8192,
	  10752,
	  10752 },
	{ "Zen 4",
	  0x2e7,
	  0x1800,
	  { { 2, 0x100, 0x240, 0 },
	    { 5, 0x40, 0x340, 0 },
	    { 6, 0x200, 0x380, 0 },
	    { 7, 0x400, 0x580, 0 },
	    { 9, 8, 0x980, 0 },
	    { 11, 16, 0, 1 },
	    { 12, 24, 0, 1 } },
	  0x988,
	  2440,
	  2480 },
};

static void cpu_leaves(const struct cpu *c, struct xsave_cpuid sub[64])
{
	memset(sub, 0, 64 * sizeof(sub[0]));
	sub[0].eax = (uint32_t)c->user;
	sub[0].edx = (uint32_t)(c->user >> 32);
	sub[1].eax = 0xf;
	sub[1].ecx = (uint32_t)c->super;
	sub[1].edx = (uint32_t)(c->super >> 32);
	for (size_t k = 0; k < COUNT(c->leaf) && c->leaf[k].size; k++) {
		sub[c->leaf[k].sub].eax = c->leaf[k].size;
		sub[c->leaf[k].sub].ebx = c->leaf[k].offset;
		sub[c->leaf[k].sub].ecx = c->leaf[k].flags;
	}
}

static void cpu_layout(const struct cpu *c, uint64_t allowed, struct xsave_layout *l)
{
	struct xsave_cpuid sub[64];

	cpu_leaves(c, sub);
	assert_true(xsave_layout_init(l, allowed, sub, 0xffff));
}

/*
 * Where a component is, written a second time from SDM vol. 1, 13.4.3. With blind set the
 * alignment bit is forgotten: the planted mistake.
 */
static uint32_t expected_offset(const struct cpu *c, uint64_t mask, uint8_t which, bool blind)
{
	uint32_t at = 576;

	for (size_t k = 0; k < COUNT(c->leaf) && c->leaf[k].size; k++) {
		if (!(mask & BIT(c->leaf[k].sub)))
			continue;
		while (!blind && c->leaf[k].flags & 2 && at % 64)
			at++;
		if (c->leaf[k].sub == which)
			return at;
		at += c->leaf[k].size;
	}
	while (at % 8)
		at++;
	return at;
}

static uint64_t next_random(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static void fill_random(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(next_random() >> 24) | 1; /* never zero: not the initial state */
}

static uint64_t get64(const uint8_t *p, size_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

static void put64(uint8_t *p, size_t at, uint64_t v)
{
	memcpy(p + at, &v, sizeof(v));
}

static void put_mxcsr(uint8_t *p, uint32_t v)
{
	memcpy(p + MXCSR_AT, &v, sizeof(v));
}

static uint8_t *block(size_t n)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	return p;
}

/* -- layout ----------------------------------------------------------------------------------- */

static void test_layout(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(cpus); k++) {
		const struct cpu *c = &cpus[k];
		struct xsave_layout l;

		cpu_layout(c, ~0ull, &l);
		assert_int_equal(l.xcr0_mask, c->user);
		assert_int_equal(l.xss_mask, c->super);
		assert_int_equal(l.std_size, c->std_size);
		assert_int_equal(l.mxcsr_mask, 0xffff);
		assert_int_equal(xsave_compact_size(&l, c->user), c->user_compact);
		assert_int_equal(xsave_compact_size(&l, c->user | c->super), c->all_compact);
		assert_int_equal(xsave_compact_size(&l, 3), 576);
		assert_int_equal(xsave_compact_size(&l, 3 | BIT(9)), 584);
		for (size_t i = 0; i < COUNT(c->leaf) && c->leaf[i].size; i++) {
			assert_int_equal(l.comp[c->leaf[i].sub].size, c->leaf[i].size);
			assert_int_equal(l.comp[c->leaf[i].sub].supervisor, c->leaf[i].flags & 1);
			assert_int_equal(l.comp[c->leaf[i].sub].align64, c->leaf[i].flags >> 1 & 1);
		}
	}
}

static void test_layout_allowed(void **state)
{
	struct xsave_layout l;

	(void)state;
	cpu_layout(&cpus[2], 0x7, &l);
	assert_int_equal(l.xcr0_mask, 7);
	assert_int_equal(l.xss_mask, 0);
	assert_int_equal(l.std_size, 832);
	assert_int_equal(l.comp[18].size, 0);
	assert_int_equal(xsave_compact_size(&l, 7), 832);
	cpu_layout(&cpus[0], 3, &l);
	assert_int_equal(l.std_size, 576);
}

static void test_mxcsr_mask_default(void **state)
{
	struct xsave_cpuid sub[64];
	struct xsave_layout l;

	(void)state;
	cpu_leaves(&cpus[0], sub);
	assert_true(xsave_layout_init(&l, ~0ull, sub, 0));
	assert_int_equal(l.mxcsr_mask, 0xffbf); /* SDM vol. 1, 11.6.6 */
}

/* Every size: all subsets of components, against the second writing of the rule. */
static void test_compact_size_subsets(void **state)
{
	size_t planted = 0;

	(void)state;
	for (size_t k = 0; k < COUNT(cpus); k++) {
		const struct cpu *c = &cpus[k];
		struct xsave_layout l;
		size_t n = 0;

		cpu_layout(c, ~0ull, &l);
		while (n < COUNT(c->leaf) && c->leaf[n].size)
			n++;
		for (uint32_t pick = 0; pick < 1u << n; pick++) {
			uint64_t mask = 3;

			for (size_t i = 0; i < n; i++)
				mask |= pick >> i & 1 ? BIT(c->leaf[i].sub) : 0;
			assert_int_equal(xsave_compact_size(&l, mask),
					 expected_offset(c, mask, 0xff, false));
			assert_int_equal(xsave_compact_size(&l, mask) % 8, 0);
			planted += xsave_compact_size(&l, mask) !=
				   expected_offset(c, mask, 0xff, true);
		}
	}
	assert_in_range(planted, 1, 10000);
}

static void test_layout_refused(void **state)
{
	static const struct {
		uint8_t sub;
		uint32_t eax, ebx, ecx;
	} rows[] = {
		{ 0, 0x21e, 0, 0 },	   /* no x87 */
		{ 0, 0x21d, 0, 0 },	   /* no SSE */
		{ 1, 0, 0, 4 },		   /* AVX both user and supervisor */
		{ 2, 0, 0x240, 0 },	   /* no size */
		{ 2, 0x100, 0, 0 },	   /* in the legacy region */
		{ 2, 0x100, 0x23f, 0 },	   /* in the header */
		{ 2, 0x181, 0x240, 0 },	   /* into BNDREGS */
		{ 3, 0x40, 0x3c1, 0 },	   /* into BNDCSR */
		{ 4, 0x40, 0x3c0, 0 },	   /* on BNDREGS */
		{ 9, 8, AREA_MAX - 7, 0 }, /* past the largest area */
		{ 9, AREA_MAX + 1, 576, 0 },
		{ 9, 8, 0xfffffffc, 0 }, /* end wraps at 32 bits */
		{ 9, 0xffffffff, 0xa80, 0 },
		{ 9, 0x80000000, 0x80000000, 0 },
		{ 9, 8, 0xa80, 1 }, /* says supervisor, is in XCR0 */
	};
	struct xsave_cpuid sub[64];
	struct xsave_layout l;

	(void)state;
	for (size_t k = 0; k < COUNT(rows); k++) {
		cpu_leaves(&cpus[0], sub);
		assert_true(xsave_layout_init(&l, ~0ull, sub, 0xffff));
		sub[rows[k].sub].eax = rows[k].eax;
		sub[rows[k].sub].ebx = rows[k].ebx;
		sub[rows[k].sub].ecx = rows[k].ecx;
		if (xsave_layout_init(&l, ~0ull, sub, 0xffff))
			fail_msg("row %zu was taken", k);
	}
	cpu_leaves(&cpus[0], sub);
	sub[0].edx = BIT(31);
	assert_false(xsave_layout_init(&l, ~0ull, sub, 0xffff)); /* bit 63 */
	cpu_leaves(&cpus[3], sub);
	sub[11].ecx = 0; /* in IA32_XSS, says user */
	assert_false(xsave_layout_init(&l, ~0ull, sub, 0xffff));
	sub[11].ecx = 1;
	sub[11].eax = AREA_MAX; /* alone it would do, with the rest it does not */
	assert_false(xsave_layout_init(&l, ~0ull, sub, 0xffff));
	cpu_leaves(&cpus[0], sub);
	sub[9].ebx = AREA_MAX - 8; /* the last place that will do */
	assert_true(xsave_layout_init(&l, ~0ull, sub, 0xffff));
	assert_int_equal(l.std_size, AREA_MAX);
	/* A component that is not wanted may be as impossible as it likes. */
	sub[9].ebx = 0;
	assert_true(xsave_layout_init(&l, 0x1f, sub, 0xffff));
}

/* -- conversion ------------------------------------------------------------------------------- */

static void check_initial_legacy(const uint8_t *p, bool x87, bool sse)
{
	for (size_t i = 0; i < 416; i++) {
		bool is_sse = i >= 160 || (i >= MXCSR_AT && i < MXCSR_AT + 4);
		uint8_t want = i == 0 ? 0x7f : i == 1 ? 3 : i == 24 ? 0x80 : i == 25 ? 0x1f : 0;

		if (i >= 28 && i < 32) /* MXCSR_MASK is not state */
			continue;
		if (is_sse ? sse : x87)
			assert_int_equal(p[i], want);
	}
}

static void test_init_std(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(cpus); k++) {
		struct xsave_layout l;
		uint8_t *std;

		cpu_layout(&cpus[k], ~0ull, &l);
		std = block(l.std_size);
		memset(std, 0xa5, l.std_size);
		xsave_init_std(&l, std);
		check_initial_legacy(std, true, true);
		for (size_t i = 416; i < l.std_size; i++)
			assert_int_equal(std[i], 0);
		free(std);
	}
}

/* A standard image with in_use live, and rubbish wherever XSAVEOPT would not have written. */
static uint8_t *random_std(const struct xsave_layout *l, uint64_t in_use)
{
	uint8_t *std = block(l->std_size);

	fill_random(std, l->std_size);
	put_mxcsr(std, in_use & 2 ? 0x1fa0 : 0x1f80);
	memset(std + XSTATE_AT, 0, 64);
	put64(std, XSTATE_AT, in_use);
	return std;
}

static void check_image(const struct cpu *c, const struct xsave_layout *l, uint64_t mask,
			uint64_t in_use, const uint8_t *std, const uint8_t *image)
{
	assert_int_equal(get64(image, XSTATE_AT), in_use);
	assert_int_equal(get64(image, XCOMP_AT), BIT(63) | mask);
	for (size_t i = 528; i < 576; i++)
		assert_int_equal(image[i], 0);
	for (size_t i = 416; i < 512; i++)
		assert_int_equal(image[i], 0); /* the software's bytes do not travel */
	check_initial_legacy(image, !(in_use & 1), !(in_use & 2));
	if (in_use & 1) {
		assert_memory_equal(image, std, MXCSR_AT);
		assert_memory_equal(image + 32, std + 32, 128);
	}
	if (in_use & 2) {
		assert_memory_equal(image + MXCSR_AT, std + MXCSR_AT, 4);
		assert_memory_equal(image + 160, std + 160, 256);
	}
	for (size_t k = 0; k < COUNT(c->leaf) && c->leaf[k].size; k++) {
		uint32_t at = expected_offset(c, mask, c->leaf[k].sub, false);

		if (!(mask & BIT(c->leaf[k].sub)))
			continue;
		for (uint32_t i = 0; i < c->leaf[k].size; i++)
			assert_int_equal(image[at + i],
					 in_use & BIT(c->leaf[k].sub)
						 ? std[l->comp[c->leaf[k].sub].offset + i]
						 : 0);
	}
}

static void check_std(const struct cpu *c, uint64_t in_use, const uint8_t *back, const uint8_t *std)
{
	assert_int_equal(get64(back, XSTATE_AT), in_use);
	for (size_t i = XCOMP_AT; i < 576; i++)
		assert_int_equal(back[i], 0);
	check_initial_legacy(back, !(in_use & 1), !(in_use & 2));
	if (in_use & 1) {
		assert_memory_equal(back, std, MXCSR_AT);
		assert_memory_equal(back + 32, std + 32, 128);
	}
	if (in_use & 2)
		assert_memory_equal(back + 160, std + 160, 256);
	for (size_t k = 0; k < COUNT(c->leaf) && c->leaf[k].size; k++) {
		const struct leaf *f = &c->leaf[k];

		if (f->flags & 1)
			continue;
		/* What is not in use is as it was before: XRSTOR does not look at it. */
		for (uint32_t i = 0; in_use & BIT(f->sub) && i < f->size; i++)
			assert_int_equal(back[f->offset + i], std[f->offset + i]);
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 600; round++) {
		const struct cpu *c = &cpus[round % COUNT(cpus)];
		uint64_t mask = ((next_random() >> 8) & (c->user | c->super)) | 3;
		uint64_t in_use = (next_random() >> 8) & mask & c->user;
		struct xsave_layout l;
		uint8_t *std, *image, *again, *back;
		uint32_t size;

		cpu_layout(c, ~0ull, &l);
		size = xsave_compact_size(&l, mask);
		std = random_std(&l, in_use);
		image = block(size);
		again = block(size);
		back = block(l.std_size);
		memset(image, 0x5a, size);
		memset(again, 0xa5, size);
		memset(back, 0x33, l.std_size);
		assert_int_equal(xsave_to_compact(&l, mask, std, image, size), size);
		check_image(c, &l, mask, in_use, std, image);
		assert_int_equal(xsave_check_compact(&l, mask, image, size), XSAVE_OK);
		xsave_from_compact(&l, image, back);
		check_std(c, in_use, back, std);
		assert_int_equal(xsave_to_compact(&l, mask, back, again, size), size);
		assert_memory_equal(image, again, size);
		free(std);
		free(image);
		free(again);
		free(back);
	}
}

/* An image that names fewer components than the partition has: packed by its own XCOMP_BV. */
static void test_smaller_xcomp(void **state)
{
	const struct cpu *c = &cpus[1];
	uint64_t mine = 3 | BIT(6) | BIT(9);
	uint8_t *std, *image, *back;
	struct xsave_layout l;
	uint32_t size;

	(void)state;
	cpu_layout(c, ~0ull, &l);
	size = xsave_compact_size(&l, c->user);
	std = random_std(&l, mine);
	image = block(size);
	back = block(l.std_size);
	memset(image, 0x77, size);
	assert_int_equal(xsave_to_compact(&l, mine, std, image, size), 576 + 512 + 8);
	assert_int_equal(xsave_check_compact(&l, c->user, image, size), XSAVE_OK);
	/* its own length is not the partition's */
	assert_int_equal(xsave_check_compact(&l, c->user, image, 576 + 512 + 8), XSAVE_BAD_LENGTH);
	xsave_from_compact(&l, image, back);
	check_std(c, mine, back, std);
	free(std);
	free(image);
	free(back);
}

/* MXCSR alone differs: compacted it counts as SSE state, so SSE must be named live. */
static void test_mxcsr_alone(void **state)
{
	static const uint64_t in_use[] = { 0, 1, 4, 5, BIT(9) };

	(void)state;
	for (size_t k = 0; k < COUNT(in_use); k++) {
		uint32_t size, mxcsr = 0x1fa0, got;
		uint8_t *std, *image, *back;
		struct xsave_layout l;

		cpu_layout(&cpus[0], ~0ull, &l);
		size = xsave_compact_size(&l, 0x21f);
		std = random_std(&l, in_use[k]);
		image = block(size);
		back = block(l.std_size);
		put_mxcsr(std, mxcsr);
		assert_int_equal(xsave_to_compact(&l, 0x21f, std, image, size), size);
		assert_int_equal(get64(image, XSTATE_AT), in_use[k] | 2);
		for (size_t i = 160; i < 416; i++)
			assert_int_equal(image[i], 0);
		xsave_from_compact(&l, image, back);
		memcpy(&got, back + MXCSR_AT, sizeof(got));
		assert_int_equal(got, mxcsr);
		/* And the other way: not named live, it is initial whatever the image holds. */
		put64(image, XSTATE_AT, in_use[k]);
		xsave_from_compact(&l, image, back);
		memcpy(&got, back + MXCSR_AT, sizeof(got));
		assert_int_equal(got, 0x1f80);
		free(std);
		free(image);
		free(back);
	}
}

/* A standard image has no place for supervisor state: a bit for it must copy nothing. */
static void test_supervisor_bit_in_std(void **state)
{
	const struct cpu *c = &cpus[3];
	uint64_t mask = c->user | c->super;
	struct xsave_layout l;
	uint8_t *std, *image;

	(void)state;
	cpu_layout(c, ~0ull, &l);
	std = random_std(&l, mask);
	image = block(2480);
	assert_int_equal(xsave_to_compact(&l, mask, std, image, 2480), 2480);
	assert_int_equal(get64(image, XSTATE_AT), c->user);
	for (size_t i = 2440; i < 2480; i++)
		assert_int_equal(image[i], 0);
	free(std);
	free(image);
}

/* A last component that is not whole words, and one before that ends short of the alignment of the
 * next: no byte of an image is left as it was. */
static void test_gaps(void **state)
{
	static const struct cpu odd = {
		"odd", 0x23, 0x400, { { 5, 12, 0x240, 0 }, { 10, 20, 0, 3 } }, 0x24c, 592, 664
	};
	struct xsave_layout l;
	uint8_t *std, image[664];

	(void)state;
	cpu_layout(&odd, ~0ull, &l);
	std = random_std(&l, 0x23);
	memset(std + 576, 0x77, 12);
	for (uint32_t all = 0; all < 2; all++) {
		uint32_t size = all ? odd.all_compact : odd.user_compact;

		memset(image, 0x5a, sizeof(image));
		assert_int_equal(
			xsave_to_compact(&l, all ? 0x423 : 0x23, std, image, sizeof(image)), size);
		for (uint32_t i = 576; i < sizeof(image); i++)
			assert_int_equal(image[i], i >= size ? 0x5a : i < 588 ? 0x77 : 0);
	}
	free(std);
}

static void test_short_buffer(void **state)
{
	struct xsave_layout l;
	uint8_t *std, *out;

	(void)state;
	cpu_layout(&cpus[0], ~0ull, &l);
	std = random_std(&l, 0x21f);
	for (uint32_t n = 1; n < 968; n += n < 900 ? 37 : 1) {
		out = block(n);
		memset(out, 0x5a, n);
		assert_int_equal(xsave_to_compact(&l, 0x21f, std, out, n), 0);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(out[i], 0x5a);
		free(out);
	}
	free(std);
}

/* -- refusals --------------------------------------------------------------------------------- */

struct image {
	struct xsave_layout l;
	uint64_t mask;
	uint32_t size;
	uint8_t *p;
};

static struct image good_image(size_t cpu, uint64_t in_use)
{
	struct image g = { .mask = cpus[cpu].user };
	uint8_t *std;

	cpu_layout(&cpus[cpu], ~0ull, &g.l);
	g.size = xsave_compact_size(&g.l, g.mask);
	g.p = block(g.size);
	std = random_std(&g.l, in_use);
	assert_int_equal(xsave_to_compact(&g.l, g.mask, std, g.p, g.size), g.size);
	free(std);
	return g;
}

static void flip(struct image *g, size_t bit)
{
	g->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void test_refused_lengths(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(cpus); k++) {
		struct image g = good_image(k, cpus[k].user);
		uint8_t *more = block(g.size + 8);

		memset(more, 0, g.size + 8);
		memcpy(more, g.p, g.size);
		assert_int_equal(xsave_check_compact(&g.l, g.mask, more, g.size), XSAVE_OK);
		for (uint32_t n = 0; n <= g.size + 8; n++)
			if (n != g.size)
				assert_int_equal(xsave_check_compact(&g.l, g.mask, more, n),
						 XSAVE_BAD_LENGTH);
		free(more);
		free(g.p);
	}
}

static void test_refused_header_bits(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(cpus); k++) {
		uint64_t live = cpus[k].user & ~BIT(9);
		struct image g = good_image(k, live);

		for (uint32_t b = 0; b < 64; b++) {
			uint64_t own = g.mask >> b & 1;
			enum xsave_error e;

			/* XSTATE_BV: any bit that XCOMP_BV has is good, set or not */
			flip(&g, 8 * XSTATE_AT + b);
			assert_int_equal(xsave_check_compact(&g.l, g.mask, g.p, g.size),
					 own ? XSAVE_OK : XSAVE_BAD_XSTATE);
			flip(&g, 8 * XSTATE_AT + b);
			/* XCOMP_BV: bit 63 is a must, foreign bits and ones XSTATE_BV needs are
			 * wrong */
			flip(&g, 8 * XCOMP_AT + b);
			e = !own ? XSAVE_BAD_XCOMP : live >> b & 1 ? XSAVE_BAD_XSTATE : XSAVE_OK;
			assert_int_equal(xsave_check_compact(&g.l, g.mask, g.p, g.size), e);
			flip(&g, 8 * XCOMP_AT + b);
		}
		for (size_t b = 8 * 528; b < 8 * 576; b++) {
			flip(&g, b);
			assert_int_equal(xsave_check_compact(&g.l, g.mask, g.p, g.size),
					 XSAVE_BAD_HEADER);
			flip(&g, b);
		}
		assert_int_equal(xsave_check_compact(&g.l, g.mask, g.p, g.size), XSAVE_OK);
		free(g.p);
	}
}

/* A component that the CPU has and the partition has not is refused as well. */
static void test_refused_outside_partition(void **state)
{
	struct image g = good_image(1, 7);
	uint64_t mask = 7;
	uint32_t size = xsave_compact_size(&g.l, mask);

	(void)state;
	assert_int_equal(xsave_check_compact(&g.l, mask, g.p, size), XSAVE_BAD_XCOMP);
	put64(g.p, XCOMP_AT, BIT(63) | 7);
	assert_int_equal(xsave_check_compact(&g.l, mask, g.p, size), XSAVE_OK);
	put64(g.p, XCOMP_AT, 7);
	assert_int_equal(xsave_check_compact(&g.l, mask, g.p, size), XSAVE_BAD_XCOMP);
	free(g.p);
}

static void test_refused_mxcsr_bits(void **state)
{
	static const uint32_t masks[] = { 0xffff, 0xffbf, 0x2ffff };

	(void)state;
	for (size_t k = 0; k < COUNT(masks); k++) {
		struct image g = good_image(0, 0x21f);

		g.l.mxcsr_mask = masks[k];
		for (uint32_t b = 0; b < 32; b++) {
			put_mxcsr(g.p, 1u << b);
			assert_int_equal(xsave_check_compact(&g.l, g.mask, g.p, g.size),
					 masks[k] >> b & 1 ? XSAVE_OK : XSAVE_BAD_MXCSR);
		}
		free(g.p);
	}
}

/* Rubbish never passes but with a sound header, and what passes converts within bounds. */
static void test_random_images(void **state)
{
	uint32_t passed = 0;

	(void)state;
	for (uint32_t round = 0; round < 4000; round++) {
		const struct cpu *c = &cpus[round % COUNT(cpus)];
		struct image g = good_image(round % COUNT(cpus), next_random() & c->user);
		uint8_t *back = block(g.l.std_size);
		uint32_t flips = (uint32_t)(next_random() >> 40) % 4;

		for (uint32_t i = 0; i < flips; i++)
			flip(&g, 8 * XSTATE_AT + (next_random() >> 16) % 160);
		if (xsave_check_compact(&g.l, g.mask, g.p, g.size) == XSAVE_OK) {
			uint64_t xcomp = get64(g.p, XCOMP_AT), xstate = get64(g.p, XSTATE_AT);

			passed++;
			assert_true(xcomp >> 63 && !(xcomp & ~BIT(63) & ~g.mask));
			assert_true(!(xstate & ~xcomp) && !(xstate >> 63));
			assert_int_equal(get64(g.p, 528), 0);
			xsave_from_compact(&g.l, g.p, back);
			assert_int_equal(get64(back, XSTATE_AT), xstate);
		}
		free(back);
		free(g.p);
	}
	assert_in_range(passed, 500, 3900); /* a quarter is left whole */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_layout_allowed),
		cmocka_unit_test(test_mxcsr_mask_default),
		cmocka_unit_test(test_compact_size_subsets),
		cmocka_unit_test(test_layout_refused),
		cmocka_unit_test(test_init_std),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_smaller_xcomp),
		cmocka_unit_test(test_mxcsr_alone),
		cmocka_unit_test(test_supervisor_bit_in_std),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_refused_lengths),
		cmocka_unit_test(test_refused_header_bits),
		cmocka_unit_test(test_refused_outside_partition),
		cmocka_unit_test(test_refused_mxcsr_bits),
		cmocka_unit_test(test_random_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
