/* SPDX-License-Identifier: MIT */
/*
 * Extended page tables entry by entry, and as a walk of the hardware sees them (SDM vol. 3, 28.3):
 * the walk here is written from the manual, with its violations and misconfigurations, and is shown
 * to notice both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/vmx/vmx.h"
#include "fake_arch.h"
#include "kernel/page_alloc.h"
#include "kernel/slat.h"

struct vmx_caps vmx_caps;

/* Bits of an entry (tables 28-1 to 28-6) */
#define R	   1u
#define W	   2u
#define X	   4u
#define LARGE	   0x80u
#define A	   0x100u
#define D	   0x200u
#define PHYS_BITS  46
#define TYPE_AT(e) ((e) >> 3 & 7)

#define SIZE(level) (1ull << (12 + 9 * ((level)-1)))

static struct slat slat;
static uint32_t pages_out;
static bool no_pages;

static void *take(void *ctx)
{
	(void)ctx;
	if (no_pages)
		return NULL;
	pages_out++;
	return page_alloc(1);
}

static void give(void *ctx, void *page)
{
	(void)ctx;
	/* A freed table is not what a walk should still find */
	memset(page, 0xff, PAGE_SIZE);
	pages_out--;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_frames(0, FAKE_PFNS, FRAME_CORE);
	page_alloc_init(HPA(0x100000), 0x800000);
	memset(&vmx_caps, 0, sizeof(vmx_caps));
	pages_out = 0;
	no_pages = false;
	assert_true(slat_init(&slat, &ept_format, (struct slat_source){ take, give, NULL }));
	return 0;
}

/* -- the walk --------------------------------------------------------------------------------- */

enum walked { MAPPED, VIOLATION, MISCONFIGURED };

/* 28.3.3.1: what no entry may be. Level of the entry; 1 is the last. */
static bool misconfigured(uint64_t e, uint32_t level)
{
	bool leaf = level == 1 || (level < 4 && e & LARGE);

	if ((e & 3) == W)
		return true; /* write without read */
	if ((e & 7) == X && !(vmx_caps.ept & EPT_CAP_EXEC_ONLY))
		return true;
	if (e & MASK(51, PHYS_BITS))
		return true;
	if (level == 4 && e & 0xf8)
		return true;
	if (!leaf)
		return e & 0x78;
	if (level > 1 && e & (SIZE(level) - 1) & MASK(51, 12))
		return true;
	return TYPE_AT(e) == 2 || TYPE_AT(e) == 3 || TYPE_AT(e) == 7;
}

static enum walked walk(uint64_t gpa, uint64_t *hpa, uint32_t *rights, uint32_t *type)
{
	const uint64_t *t = slat.root;

	*rights = R | W | X;
	for (uint32_t level = 4; level > 0; level--) {
		uint64_t e = t[gpa >> (12 + 9 * (level - 1)) & 511];

		if (!(e & 7))
			return VIOLATION; /* the rest of the entry is not looked at */
		if (misconfigured(e, level))
			return MISCONFIGURED;
		*rights &= (uint32_t)e & 7;
		if (level == 1 || (level < 4 && e & LARGE)) {
			*type = TYPE_AT(e);
			*hpa = (e & MASK(51, 12)) + (gpa & (SIZE(level) - 1));
			return MAPPED;
		}
		t = hpa_ptr(HPA(e & MASK(51, 12)));
	}
	return MISCONFIGURED;
}

static void finds(uint64_t gpa, uint64_t hpa, uint32_t rights, uint32_t type)
{
	uint32_t r = 0, t = 0;
	uint64_t h = 0;

	assert_int_equal(walk(gpa, &h, &r, &t), MAPPED);
	assert_int_equal(h, hpa);
	assert_int_equal(r, rights);
	assert_int_equal(t, type);
}

static enum walked ends(uint64_t gpa)
{
	uint32_t r, t;
	uint64_t h;

	return walk(gpa, &h, &r, &t);
}

/* -- entries ---------------------------------------------------------------------------------- */

static const struct {
	uint32_t prot, type;
} types[] = { { 0, 6 }, { SLAT_UC, 0 }, { SLAT_WC, 1 }, { SLAT_WT, 4 }, { SLAT_WP, 5 } };

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(ept_format.levels, 4);
	assert_int_equal(ept_format.max_leaf, 3);
	assert_int_equal(ept_format_2m.levels, 4);
	assert_int_equal(ept_format_2m.max_leaf, 2);
	assert_true(ept_format.typed && ept_format_2m.typed);
	assert_ptr_equal(ept_format.leaf, ept_format_2m.leaf);
	assert_ptr_equal(ept_format.parse, ept_format_2m.parse);
	assert_ptr_equal(ept_format.table, ept_format_2m.table);
}

static void test_table(void **state)
{
	struct slat_leaf l;

	(void)state;
	/* All rights; what a table takes away is nobody's. Bit 7 and the memory type are 0. */
	assert_int_equal(ept_format.table(HPA(0x123456000)), 0x123456000 | R | W | X);
	for (uint32_t level = 2; level <= 4; level++) {
		uint64_t e = ept_format.table(HPA(0x3ffffffff000));

		assert_false(misconfigured(e, level));
		assert_int_equal(ept_format.parse(e, level, &l), 2);
		assert_int_equal(l.hpa.v, 0x3ffffffff000);
		/* with what the hardware adds */
		assert_int_equal(ept_format.parse(e | A, level, &l), 2);
		assert_int_equal(l.hpa.v, 0x3ffffffff000);
	}
	for (uint32_t level = 1; level <= 4; level++)
		assert_int_equal(ept_format.parse(0, level, &l), 0);
}

/* Every right and type on every level: legal, and back as it was. */
static void test_leaf(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= 3; level++)
		for (uint32_t rwx = 0; rwx < 8; rwx++)
			for (uint32_t i = 0; i < ARRAY_LEN(types); i++) {
				uint64_t hpa = 0x2ac0000000 & ~(SIZE(level) - 1);
				uint32_t prot = rwx | types[i].prot, back;
				uint64_t e = ept_format.leaf(HPA(hpa), prot, level);
				struct slat_leaf l;

				assert_int_equal(ept_format.parse(e, level, &l), 1);
				assert_int_equal(l.hpa.v, hpa);
				/* Without R there is no right at all, but still a mapping */
				back = types[i].prot | (rwx & SLAT_R ? rwx : 0);
				assert_int_equal(l.prot, back);
				assert_int_equal(e & 7, rwx & SLAT_R ? rwx : 0);
				assert_int_equal(TYPE_AT(e), types[i].type);
				assert_int_equal((e & LARGE) != 0, level > 1);
				assert_int_equal(e & 0x40, 0); /* the guest's PAT has its word */
				if (!(e & 7))
					continue;
				assert_false(misconfigured(e, level));
				/* Set from the start: the CPU has nothing to write */
				assert_int_equal(e & (A | D), A | D);
			}
	/* A leaf of more than one type is the strictest: nobody asks for one */
	assert_int_equal(TYPE_AT(ept_format.leaf(HPA(0), R | SLAT_UC | SLAT_WP, 1)), 0);
}

/* What the hardware, or an older table, may have in an entry. */
static void test_parse(void **state)
{
	static const uint32_t type[8] = {
		SLAT_UC, SLAT_WC, SLAT_UC, SLAT_UC, SLAT_WT, SLAT_WP, 0, 0
	};
	struct slat_leaf l;

	(void)state;
	for (uint64_t t = 0; t < 8; t++) {
		assert_int_equal(ept_format.parse(0x5000 | t << 3 | R, 1, &l), 1);
		assert_int_equal(l.prot, SLAT_R | type[t]);
	}
	/* Bits that software may use, and that others do: no part of the address */
	assert_int_equal(ept_format.parse(0xfff0000000005000 | 6 << 3 | R | W | A | D, 1, &l), 1);
	assert_int_equal(l.hpa.v, 0x5000);
	assert_int_equal(l.prot, SLAT_R | SLAT_W);
	/* On the last level bit 7 means nothing */
	assert_int_equal(ept_format.parse(0x5000 | LARGE | R, 1, &l), 1);
	/* No right and no mark of ours: not mapped, whatever else is there */
	assert_int_equal(ept_format.parse(0x5000 | LARGE | A | D | 6 << 3, 2, &l), 0);
}

static void test_pointer(void **state)
{
	uint64_t root = ptr_hpa(slat.root).v;

	(void)state;
	/* 24.6.11: write-back, four levels, A/D where there are such bits */
	assert_int_equal(vmx_eptp(&slat), root | 6 | 3 << 3);
	vmx_caps.ept = EPT_CAP_AD;
	assert_int_equal(vmx_eptp(&slat), root | 6 | 3 << 3 | 1 << 6);
	assert_int_equal(root & 0xfff, 0);
}

/* -- tables ----------------------------------------------------------------------------------- */

static void test_map(void **state)
{
	struct slat_leaf l;

	(void)state;
	assert_int_equal(ends(0), VIOLATION);
	assert_int_equal(slat_map(&slat, GPA(0x7ff000), HPA(0x12345000), 1, SLAT_RWX, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(
		slat_map(&slat, GPA(0x8000000000), HPA(0x40000000), 3, SLAT_R | SLAT_X, NULL, NULL),
		SLAT_OK);
	assert_int_equal(slat_map(&slat, GPA(0xffffffe00000), HPA(0x200000), 2,
				  SLAT_R | SLAT_W | SLAT_UC, NULL, NULL),
			 SLAT_OK);
	finds(0x7ffabc, 0x12345abc, R | W | X, 6);
	finds(0x8012345678, 0x52345678, R | X, 6);
	finds(0xfffffffff123, 0x3ff123, R | W, 0);
	assert_int_equal(ends(0x7fe000), VIOLATION);
	assert_int_equal(ends(0x800000), VIOLATION);
	assert_int_equal(ends(0x7fffffffff), VIOLATION);
	assert_int_equal(ends(0x8040000000), VIOLATION);
	/* Mapped without rights is mapped to us, and not to the guest */
	assert_int_equal(slat_map(&slat, GPA(0x1000), HPA(0x7000), 1, SLAT_WT, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(ends(0x1000), VIOLATION);
	assert_true(slat_lookup(&slat, GPA(0x1000), &l));
	assert_int_equal(l.hpa.v, 0x7000);
	assert_int_equal(l.prot, SLAT_WT);
	/* Write without read is no right */
	assert_int_equal(slat_map(&slat, GPA(0x2000), HPA(0x8000), 1, SLAT_W | SLAT_X, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(ends(0x2000), VIOLATION);
}

/* A large leaf is split: the same translation, rights and type, of every page. */
static void test_split(void **state)
{
	for (uint32_t level = 2; level <= 3; level++)
		for (uint32_t i = 0; i < ARRAY_LEN(types); i++)
			for (uint32_t rwx = 0; rwx < 8; rwx++) {
				uint64_t hole = 0x40000000 + (level == 3 ? 0x12345000 : 0x45000);
				uint32_t prot = rwx | types[i].prot;
				uint64_t probe[] = { 0x40000000, hole - 0x1000, hole + 0x1000,
						     0x40000000 + SIZE(level) - 0x1000 };
				struct slat_leaf l;

				(void)setup(state);
				assert_int_equal(slat_map(&slat, GPA(0x40000000), HPA(0x80000000),
							  level, prot, NULL, NULL),
						 SLAT_OK);
				assert_int_equal(
					slat_map(&slat, GPA(hole), HPA(0x99000), 1, R, NULL, NULL),
					SLAT_OK);
				finds(hole, 0x99000, R, 6);
				for (uint32_t k = 0; k < 4; k++) {
					uint64_t to = probe[k] + 0x40000000;

					if (rwx & R)
						finds(probe[k], to, rwx, types[i].type);
					else
						assert_int_equal(ends(probe[k]), VIOLATION);
					assert_true(slat_lookup(&slat, GPA(probe[k]), &l));
					assert_int_equal(l.hpa.v, to & ~(SIZE(l.level) - 1));
					assert_int_equal(l.prot,
							 types[i].prot | (rwx & R ? rwx : 0));
				}
				assert_int_equal(ends(0x40000000 + SIZE(level)), VIOLATION);
			}
}

static uint32_t dropped;

static void drop(void *ctx, uint64_t gpa, struct slat_leaf *l)
{
	(void)ctx;
	assert_int_equal(gpa - l->hpa.v, 0x40000000 - 0x80000000ull);
	dropped++;
}

static void test_unmap(void **state)
{
	uint32_t tables;

	(void)state;
	for (uint32_t i = 0; i < 512; i++)
		assert_int_equal(slat_map(&slat, GPA(0x40000000 + i * 0x1000ull),
					  HPA(0x80000000 + i * 0x1000ull), 1, i & 1 ? SLAT_RWX : 0,
					  NULL, NULL),
				 SLAT_OK);
	tables = pages_out;
	/* One page; nobody else's */
	dropped = 0;
	assert_int_equal(slat_unmap(&slat, GPA(0x40001000), 1, drop, NULL), SLAT_OK);
	assert_int_equal(dropped, 1);
	assert_int_equal(ends(0x40001000), VIOLATION);
	finds(0x40003000, 0x80003000, R | W | X, 6);
	/* The whole range: the leaves without rights too, and the table goes */
	assert_int_equal(slat_unmap(&slat, GPA(0x40000000), 2, drop, NULL), SLAT_OK);
	assert_int_equal(dropped, 512);
	assert_int_equal(pages_out, tables - 1);
	assert_int_equal(ends(0x40003000), VIOLATION);
	slat_destroy(&slat, NULL, NULL);
	assert_int_equal(pages_out, 0);
}

/* No page for the split: nothing has changed. */
static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(slat_map(&slat, GPA(0), HPA(0x80000000), 3, SLAT_RWX, NULL, NULL),
			 SLAT_OK);
	no_pages = true;
	assert_int_equal(slat_map(&slat, GPA(0x5000), HPA(0x1000), 1, SLAT_R, NULL, NULL),
			 SLAT_NO_MEMORY);
	assert_int_equal(slat_unmap(&slat, GPA(0x5000), 1, NULL, NULL), SLAT_NO_MEMORY);
	finds(0x5000, 0x80005000, R | W | X, 6);
}

/* 512 pages become a large one when they are alike, type and all. */
static void test_fold(void **state)
{
	for (uint32_t odd = 0; odd < 3; odd++) {
		void *table;

		(void)setup(state);
		for (uint32_t i = 0; i < 512; i++)
			assert_int_equal(slat_map(&slat, GPA(i * 0x1000ull),
						  HPA(0x600000 + i * 0x1000ull), 1,
						  SLAT_RWX | (odd == 1 && i == 7 ? SLAT_WC : 0) |
							  (odd == 2 ? SLAT_WC : 0),
						  NULL, NULL),
					 SLAT_OK);
		table = slat_fold(&slat, GPA(0), 2);
		if (odd == 1) {
			assert_null(table);
			finds(0x7000, 0x607000, R | W | X, 1);
			finds(0x8000, 0x608000, R | W | X, 6);
			continue;
		}
		assert_non_null(table);
		memset(table, 0xff, PAGE_SIZE);
		finds(0x1ff000, 0x7ff000, R | W | X, odd ? 1 : 6);
	}
}

/* Planted: the walk notices what it is there for. */
static void test_walk_notices(void **state)
{
	static const struct {
		uint64_t set, clear;
		enum walked as;
	} t[] = {
		{ 0, 0, MAPPED },
		{ 0, R, MISCONFIGURED },
		{ 0, R | W, MISCONFIGURED }, /* execute only, which this CPU has not */
		{ 2 << 3, 4 << 3, MISCONFIGURED },
		{ 7 << 3, 0, MISCONFIGURED },
		{ BIT(PHYS_BITS), 0, MISCONFIGURED },
		{ 0, R | W | X, VIOLATION },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t *e;

		(void)setup(state);
		assert_int_equal(slat_map(&slat, GPA(0), HPA(0x200000), 2, SLAT_RWX, NULL, NULL),
				 SLAT_OK);
		e = slat.root;
		for (uint32_t level = 4; level > 2; level--)
			e = hpa_ptr(HPA(*e & MASK(51, 12)));
		*e = (*e & ~t[i].clear) | t[i].set;
		assert_int_equal(ends(0x1000), t[i].as);
		/* A large page that is not aligned; a table with a memory type */
		*e = ept_format.leaf(HPA(0x201000), SLAT_RWX, 2);
		assert_int_equal(ends(0x1000), MISCONFIGURED);
		*slat.root |= 6 << 3;
		assert_int_equal(ends(0x1000), MISCONFIGURED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_formats, setup),
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_leaf, setup),
		cmocka_unit_test_setup(test_parse, setup),
		cmocka_unit_test_setup(test_pointer, setup),
		cmocka_unit_test_setup(test_map, setup),
		cmocka_unit_test_setup(test_split, setup),
		cmocka_unit_test_setup(test_unmap, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
		cmocka_unit_test_setup(test_fold, setup),
		cmocka_unit_test_setup(test_walk_notices, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
