/* SPDX-License-Identifier: MIT */
/*
 * The second-level walker over nested page tables, extended ones and a made-up format, against a
 * plain array of pages; with every allocation failing in turn, and with a walker running beside.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/vmx/vmx.h"
#include "fake_arch.h"

struct vmx_caps vmx_caps;

/* -- the made-up format: 3 levels, leaves to 2 MiB, no bit where the other one has it -----------
 */
static uint64_t odd_table(hpa_t next)
{
	return next.v << 4 | 3;
}

static uint64_t odd_leaf(hpa_t to, uint32_t prot, uint32_t level)
{
	(void)level;
	return to.v << 4 | (prot & SLAT_R ? prot : 0u) << 2 | 1;
}

static int odd_parse(uint64_t e, uint32_t level, struct slat_leaf *out)
{
	(void)level;
	if (!(e & 1))
		return 0;
	out->hpa = HPA(e >> 4 & PAGE_MASK);
	if (e & 2)
		return 2;
	out->prot = (uint32_t)(e >> 2) & 15;
	return 1;
}

static const struct slat_format odd_format = { 3, 2, false, odd_table, odd_leaf, odd_parse, NULL };

/* -- table pages --------------------------------------------------------------------------------
 */
#define TABLES 15000u
static uint8_t used[TABLES];
static uint32_t in_use, next_table, budget;
static bool keep_freed; /* contents stay, pages are not used again */

static void *table_at(uint32_t i)
{
	return hpa_ptr(HPA((uint64_t)(i + 16) << PAGE_SHIFT));
}

static void *src_alloc(void *ctx)
{
	assert_ptr_equal(ctx, &budget);
	if (!budget)
		return NULL;
	budget--;
	for (uint32_t n = 0; n < TABLES; n++) {
		uint32_t i = next_table++ % TABLES;

		if (used[i])
			continue;
		used[i] = 1;
		in_use++;
		return memset(table_at(i), 0, PAGE_SIZE);
	}
	fail_msg("out of table pages");
	return NULL;
}

static void src_free(void *ctx, void *page)
{
	uint64_t i = (ptr_hpa(page).v >> PAGE_SHIFT) - 16;

	assert_ptr_equal(ctx, &budget);
	assert_true(i < TABLES && used[i] == 1);
	in_use--;
	if (keep_freed) {
		used[i] = 2;
		return;
	}
	used[i] = 0;
	/* A walk into it would not go unnoticed. */
	memset(page, 0xff, PAGE_SIZE);
}

static struct slat s;
static const struct slat_format *formats[3];
static const struct slat_format *fmt;

static void begin(const struct slat_format *f)
{
	fmt = f;
	fake_reset();
	memset(used, 0, sizeof(used));
	in_use = next_table = 0;
	budget = ~0u;
	keep_freed = false;
	memset(&s, 0, sizeof(s));
	assert_true(slat_init(&s, f, (struct slat_source){ src_alloc, src_free, &budget }));
	assert_int_equal(in_use, 1);
}

static void end(void)
{
	slat_destroy(&s, NULL, NULL);
	assert_null(s.root);
	assert_int_equal(in_use, 0);
	slat_destroy(&s, NULL, NULL);
}

/* -- the model: 1 GiB and a bit of pages around a border of 1 GiB -------------------------------
 */
#define WINDOW_BASE  (7ull << 30)
#define WINDOW_PAGES (2u << 18)

struct model_page {
	uint64_t hpa;
	uint8_t mapped, prot, dropped;
};
static struct model_page *model;

static uint64_t pages_of(uint32_t level)
{
	return 1ull << (9 * (level - 1));
}

static uint64_t gpa_of(uint64_t page)
{
	return WINDOW_BASE + (page << PAGE_SHIFT);
}

static void same(uint64_t page)
{
	const struct model_page *m = &model[page];
	struct slat_leaf l;
	bool mapped = slat_lookup(&s, GPA(gpa_of(page) + 0x123), &l);

	if (mapped != m->mapped)
		fail_msg("page %llx mapped %d", (unsigned long long)page, mapped);
	if (!mapped)
		return;
	if (l.prot != m->prot)
		fail_msg("page %llx prot %x, not %x", (unsigned long long)page, l.prot, m->prot);
	if (l.prot && l.hpa.v + ((page & (pages_of(l.level) - 1)) << PAGE_SHIFT) != m->hpa)
		fail_msg("page %llx at %llx", (unsigned long long)page,
			 (unsigned long long)l.hpa.v);
}

static void same_all(void)
{
	for (uint64_t i = 0; i < WINDOW_PAGES; i++)
		same(i);
}

/* The new state of the range that an operation works on, for the callback to look at. */
static struct {
	bool map;
	uint64_t page, pages, hpa;
	uint32_t prot, drops;
	bool destroy;
} op;

static void dropped(void *ctx, uint64_t gpa, struct slat_leaf *l)
{
	uint64_t first = (gpa - WINDOW_BASE) >> PAGE_SHIFT;
	struct slat_leaf now;

	assert_ptr_equal(ctx, &op);
	assert_true(l->level >= 1 && l->level <= fmt->max_leaf);
	for (uint64_t i = first; i < first + pages_of(l->level); i++) {
		assert_true(i - op.page < op.pages);
		assert_true(model[i].mapped && !model[i].dropped);
		assert_int_equal(l->prot, model[i].prot);
		if (l->prot)
			assert_int_equal(l->hpa.v + ((i - first) << PAGE_SHIFT), model[i].hpa);
		model[i].dropped = 1;
		op.drops++;
	}
	/* The old mapping is out of the tables already: a flush here ends its last use. */
	if (op.destroy)
		return;
	assert_int_equal(slat_lookup(&s, GPA(gpa), &now), op.map);
	if (op.map) {
		assert_int_equal(now.prot, op.prot);
		if (op.prot)
			assert_int_equal(now.hpa.v +
						 (gpa & ((PAGE_SIZE * pages_of(now.level)) - 1)),
					 op.hpa + ((first - op.page) << PAGE_SHIFT));
	}
}

static enum slat_result run_op(uint32_t level)
{
	uint64_t gpa = gpa_of(op.page);

	op.drops = 0;
	return op.map ? slat_map(&s, GPA(gpa), HPA(op.hpa), level, op.prot, dropped, &op)
		      : slat_unmap(&s, GPA(gpa), level, dropped, &op);
}

/* Map or unmap with the model beside; with every allocation failing first when `starve` is set. */
static void apply(bool map, uint64_t page, uint64_t hpa, uint32_t level, uint32_t prot, bool starve)
{
	uint32_t was = 0;

	op.map = map;
	op.page = page;
	op.pages = pages_of(level);
	op.hpa = hpa;
	op.prot = prot & SLAT_R ? prot : 0;
	op.destroy = false;
	if (starve) {
		for (uint32_t n = 0;; n++) {
			budget = n;
			if (run_op(level) == SLAT_OK)
				break;
			assert_true(n < fmt->levels);
			assert_int_equal(op.drops, 0);
			/* The whole 1 GiB around could have been split. */
			for (uint64_t i = 0; i < 2000; i++)
				same((page + (i - 1000) * (i & 1 ? 1 : 250)) % WINDOW_PAGES);
		}
		budget = ~0u;
	} else {
		assert_int_equal(run_op(level), SLAT_OK);
	}
	for (uint64_t i = page; i < page + op.pages; i++) {
		struct model_page *m = &model[i];

		assert_int_equal(m->dropped, m->mapped);
		was += m->mapped;
		*m = (struct model_page){ hpa + ((i - page) << PAGE_SHIFT), map, (uint8_t)op.prot,
					  0 };
		if (!map)
			*m = (struct model_page){ 0 };
	}
	assert_int_equal(op.drops, was);
	for (uint64_t i = 0; i < 64; i++)
		same((page + (i - 32)) % WINDOW_PAGES);
	for (uint64_t i = 0; i < 64; i++)
		same((page + op.pages + (i - 32)) % WINDOW_PAGES);
}

static void map(uint64_t page, uint64_t hpa, uint32_t level, uint32_t prot)
{
	apply(true, page, hpa, level, prot, true);
}

static void unmap(uint64_t page, uint32_t level)
{
	apply(false, page, 0, level, 0, true);
}

static void model_begin(const struct slat_format *f)
{
	begin(f);
	memset(model, 0, WINDOW_PAGES * sizeof(*model));
}

static void model_end(void)
{
	uint32_t mapped = 0;

	same_all();
	for (uint64_t i = 0; i < WINDOW_PAGES; i++)
		mapped += model[i].mapped;
	memset(&op, 0, sizeof(op));
	op.pages = WINDOW_PAGES;
	op.destroy = true;
	slat_destroy(&s, dropped, &op);
	assert_int_equal(op.drops, mapped);
	assert_null(s.root);
	assert_int_equal(in_use, 0);
}

/* -- tests --------------------------------------------------------------------------------------
 */
static void test_npt_entries(void **state)
{
	const struct slat_format *f = arch_slat_format;
	struct slat_leaf l;

	(void)state;
	/* APM vol. 2, 5.3.3 and 15.25.5: user pages; A and D set from the start. */
	assert_int_equal(f->table(HPA(0x123456789000)), 0x123456789007);
	assert_int_equal(f->leaf(HPA(0x1000), SLAT_RWX, 1), 0x1067);
	assert_int_equal(f->leaf(HPA(0x200000), SLAT_RWX, 2), 0x2000e7);
	assert_int_equal(f->leaf(HPA(0x40000000), SLAT_R | SLAT_X, 3), 0x400000e5);
	assert_int_equal(f->leaf(HPA(0x1000), SLAT_R, 1), 0x8000000000001065);
	assert_int_equal(f->leaf(HPA(0x1000), SLAT_R | SLAT_W, 1), 0x8000000000001067);
	assert_int_equal(f->leaf(HPA(0x1000), SLAT_RWX | SLAT_UC, 1), 0x107f);
	/* No access: not present, and still told from "not mapped". */
	assert_int_equal(f->leaf(HPA(0), 0, 1), 0x200);
	assert_int_equal(f->leaf(HPA(0), 0, 2), 0x280);
	assert_int_equal(f->parse(0, 1, &l), 0);
	assert_int_equal(f->parse(0, 4, &l), 0);
	/* Entries with only ignored bits set, as a freed table shows them. */
	assert_int_equal(f->parse(0x200000001000, 2, &l), 0);
	for (uint32_t level = 1; level <= 3; level++)
		for (uint32_t prot = 0; prot < 16; prot++) {
			uint32_t want = prot & SLAT_R ? prot : 0;
			uint64_t hpa = 0xfffc0000000;
			uint64_t e = f->leaf(HPA(hpa), prot, level);

			assert_int_equal(f->parse(e, level, &l), 1);
			assert_int_equal(l.prot, want);
			assert_int_equal(l.hpa.v, hpa);
			assert_int_equal(e & 1, want != 0);
		}
	for (uint32_t level = 2; level <= 4; level++) {
		assert_int_equal(f->parse(f->table(HPA(0xabcde000)), level, &l), 2);
		assert_int_equal(l.hpa.v, 0xabcde000);
	}
}

static void test_no_root(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(formats); i++) {
		begin(formats[i]);
		end();
		budget = 0;
		assert_false(slat_init(&s, formats[i],
				       (struct slat_source){ src_alloc, src_free, &budget }));
		assert_null(s.root);
		slat_destroy(&s, NULL, NULL);
		assert_int_equal(in_use, 0);
	}
}

static void test_steps(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(formats); i++) {
		model_begin(formats[i]);
		/* Fresh pages of each size. */
		map(3, 0x5000, 1, SLAT_RWX);
		assert_int_equal(in_use, formats[i]->levels);
		map(512, 0x40000000, 2, SLAT_R | SLAT_W);
		/* Over the same page: new frame, new rights, no access, back. */
		map(3, 0x6000, 1, SLAT_R);
		map(3, 0, 1, 0);
		map(3, 0, 1, SLAT_UC);
		map(3, 0x6000, 1, SLAT_RWX | SLAT_UC);
		/* A 2-MiB leaf is split, by a map and by an unmap. */
		map(512 + 7, 0x7000, 1, SLAT_R | SLAT_X);
		map(1024, 0x80000000, 2, SLAT_RWX);
		unmap(1024 + 511, 1);
		/* A no-access leaf is split too. */
		map(1536, 0, 2, 0);
		map(1536, 0x1000, 1, SLAT_R);
		unmap(1537, 1);
		/* A large leaf over a table takes the table away. */
		map(512, 0xc0000000, 2, SLAT_R);
		unmap(1024, 2);
		/* What is not there is no error. */
		unmap(1024, 2);
		unmap(1024, 1);
		unmap(200000, 1);
		unmap(WINDOW_PAGES / 2, 2);
		/* Nothing was made for it. */
		assert_int_equal(in_use, formats[i]->levels + 1);
		if (formats[i]->max_leaf == 3) {
			map(0, 0x7c0000000, 3, SLAT_RWX);
			assert_int_equal(in_use, 2);
			map(100000, 0x1000, 1, SLAT_R);
			assert_int_equal(in_use, 4);
			unmap(512, 2);
			map(0, 0, 3, 0);
			assert_int_equal(in_use, 2);
			unmap(5, 1);
			unmap(0, 3);
			assert_int_equal(in_use, 2);
		}
		model_end();
	}
}

static void test_range(void **state)
{
	struct slat_leaf l;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(formats); i++) {
		uint64_t top = 1ull << (12 + 9 * formats[i]->levels);
		const uint64_t out[] = { top, top + PAGE_SIZE, 1ull << 52, 1ull << 63, ~0xfffull };

		begin(formats[i]);
		for (uint32_t j = 0; j < 5; j++) {
			assert_int_equal(
				slat_map(&s, GPA(out[j]), HPA(0x1000), 1, SLAT_RWX, NULL, NULL),
				SLAT_OK);
			assert_false(slat_lookup(&s, GPA(out[j]), &l));
			assert_int_equal(slat_unmap(&s, GPA(out[j]), 1, NULL, NULL), SLAT_OK);
			assert_null(slat_fold(&s, GPA(out[j]), 2));
		}
		assert_int_equal(in_use, 1);
		/* No alias at the bottom. */
		assert_false(slat_lookup(&s, GPA(0), &l));
		/* The last page there is. */
		assert_int_equal(
			slat_map(&s, GPA(top - PAGE_SIZE), HPA(0x1000), 1, SLAT_R, NULL, NULL),
			SLAT_OK);
		assert_true(slat_lookup(&s, GPA(top - 1), &l));
		assert_int_equal(l.hpa.v, 0x1000);
		assert_int_equal(l.level, 1);
		end();
	}
}

/* 512 pages, contiguous from hpa on, one right. */
static void fill(uint64_t page, uint64_t hpa, uint32_t prot)
{
	for (uint64_t i = 0; i < 512; i++)
		apply(true, page + i, hpa + (i << PAGE_SHIFT), 1, prot, false);
}

static void no_fold(uint64_t page, uint32_t level)
{
	uint32_t n = in_use;

	assert_null(slat_fold(&s, GPA(gpa_of(page)), level));
	assert_int_equal(in_use, n);
	for (uint64_t i = 0; i < 1024; i++)
		same(page + i);
}

static void folds(uint64_t page, uint32_t level)
{
	struct slat_leaf l;
	void *t = slat_fold(&s, GPA(gpa_of(page)), level);

	assert_non_null(t);
	src_free(&budget, t);
	for (uint64_t i = 0; i < 1024; i++)
		same(page + i);
	assert_true(slat_lookup(&s, GPA(gpa_of(page)), &l));
	assert_int_equal(l.level, level);
}

static void test_fold(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(formats); i++) {
		model_begin(formats[i]);
		no_fold(512, 2); /* nothing there */
		fill(512, 0x40000000, SLAT_RWX);
		no_fold(512, 1);
		no_fold(512, 0);
		no_fold(512, formats[i]->max_leaf + 1);
		folds(512, 2);
		no_fold(512, 2); /* a leaf already */

		/* One page at the start, in the middle or at the end is different. */
		for (uint32_t j = 0; j < 3; j++) {
			uint64_t at = 512 + (uint64_t[]){ 0, 255, 511 }[j];
			uint64_t hpa = 0x40000000 + ((at - 512) << PAGE_SHIFT);

			unmap(at, 1);
			no_fold(512, 2);
			map(at, hpa, 1, SLAT_R | SLAT_X);
			no_fold(512, 2);
			map(at, hpa, 1, SLAT_RWX | SLAT_UC);
			no_fold(512, 2);
			map(at, hpa + PAGE_SIZE, 1, SLAT_RWX);
			no_fold(512, 2);
			map(at, 0, 1, 0);
			no_fold(512, 2);
			map(at, hpa, 1, SLAT_RWX);
			folds(512, 2);
		}
		/* Contiguous, and aligned to a page only. */
		fill(1024, 0x40001000, SLAT_R);
		no_fold(1024, 2);
		model_end();
	}
}

static void test_fold_large(void **state)
{
	(void)state;
	model_begin(arch_slat_format);
	map(0, 0x40000000, 3, SLAT_RWX);
	/* Inside a larger leaf there is nothing to fold, and the leaf stays whole. */
	no_fold(512, 2);
	assert_int_equal(in_use, 2);
	budget = 0;
	no_fold(512, 2);
	budget = ~0u;
	map(600, 0x40000000 + (600 << PAGE_SHIFT), 1, SLAT_RWX);
	assert_int_equal(in_use, 4);
	no_fold(0, 3); /* one of the entries is a table */
	folds(512, 2);
	folds(0, 3);
	assert_int_equal(in_use, 2);
	/* 1 GiB of 2-MiB leaves at an address that is not a multiple of 1 GiB. */
	for (uint64_t i = 0; i < 512; i++)
		apply(true, i * 512, 0x40200000 + (i << LARGE_SHIFT), 2, SLAT_R, false);
	no_fold(0, 3);
	model_end();
}

static uint64_t seed = 0x853c49e6748fea9bull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void test_random(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(formats); i++) {
		uint32_t done[4] = { 0 };

		model_begin(formats[i]);
		for (uint32_t n = 0; n < 3000; n++) {
			uint32_t level = rnd() % 200 == 0 ? 3 : rnd() % 4 == 0 ? 2 : 1;
			/* Most of it in a few 2-MiB ranges at the two ends and the border. */
			uint64_t page = rnd() % 2048 + (rnd() % 3) * (WINDOW_PAGES / 2 - 1024);
			uint64_t hpa = rnd() & ((1ull << 46) - 1);

			level = MIN(level, formats[i]->max_leaf);
			page = page % WINDOW_PAGES & ~(pages_of(level) - 1);
			hpa &= ~(pages_of(level) * PAGE_SIZE - 1);
			if (rnd() % 4 == 0)
				hpa = gpa_of(page); /* so that some ranges fold */
			apply(rnd() % 3 != 0, page, hpa, level, rnd() & 15, rnd() % 4 == 0);
			done[level]++;
			if (rnd() % 8 == 0) {
				void *t = slat_fold(&s, GPA(gpa_of(page)), 2);

				if (t)
					src_free(&budget, t);
			}
			if (n % 750 == 0)
				same_all();
		}
		assert_true(done[1] > 500 && done[2] > 500);
		model_end();
	}
}

/* The checker of this file sees a walker that is wrong. */
static uint64_t bad_leaf(hpa_t to, uint32_t prot, uint32_t level)
{
	return arch_slat_format->leaf(HPA(to.v ^ (to.v & 0x8000)), prot, level);
}

static void test_planted(void **state)
{
	struct slat_format bad = *arch_slat_format;
	struct slat_leaf l;

	(void)state;
	model_begin(&bad);
	map(0, 0x40000000, 2, SLAT_RWX);
	bad.leaf = bad_leaf;
	/* The split that this takes puts page 8 where page 0 is. */
	assert_int_equal(slat_map(&s, GPA(gpa_of(3)), HPA(0x3000), 1, SLAT_R, NULL, NULL), SLAT_OK);
	assert_true(slat_lookup(&s, GPA(gpa_of(8)), &l));
	assert_int_not_equal(l.hpa.v, model[8].hpa);
	assert_int_equal(l.hpa.v, model[0].hpa);
	end();
}

/* -- a walker beside -------------------------------------------------------------------------- */
static uint32_t stop, wrong, walks;

static void *walker(void *arg)
{
	struct slat_leaf l;

	(void)arg;
	while (!atomic_load(&stop)) {
		for (uint64_t page = 512; page < 1024; page += 73) {
			if (!slat_lookup(&s, GPA(gpa_of(page)), &l) || l.prot != SLAT_RWX ||
			    l.hpa.v + ((page & (pages_of(l.level) - 1)) << PAGE_SHIFT) !=
				    0x40000000 + ((page - 512) << PAGE_SHIFT))
				(void)atomic_add(&wrong, 1);
		}
		(void)atomic_add(&walks, 1);
	}
	return NULL;
}

/*
 * Splits, folds and replacements that leave the translation as it is: a walk at any moment finds
 * it. Freed tables keep what is in them, as limbo does until the flush.
 */
static void test_walker(void **state)
{
	pthread_t t;

	(void)state;
	model_begin(arch_slat_format);
	map(512, 0x40000000, 2, SLAT_RWX);
	keep_freed = true;
	stop = wrong = walks = 0;
	assert_int_equal(pthread_create(&t, NULL, walker, NULL), 0);
	while (!atomic_load(&walks))
		;
	for (uint32_t n = 0; n < 4000; n++) {
		void *table;

		/* Splits, since the page differs in nothing but its size. */
		(void)slat_map(&s, GPA(gpa_of(512 + n % 512)),
			       HPA(0x40000000 + (n % 512 << PAGE_SHIFT)), 1, SLAT_RWX, NULL, NULL);
		if (n & 1) {
			table = slat_fold(&s, GPA(gpa_of(512)), 2);
			assert_non_null(table);
			src_free(&budget, table);
		} else {
			(void)slat_map(&s, GPA(gpa_of(512)), HPA(0x40000000), 2, SLAT_RWX, NULL,
				       NULL);
		}
	}
	atomic_store(&stop, 1);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(wrong, 0);
	keep_freed = false;
	model_end();
}

/* SDM vol. 3, tables 28-1 to 28-7 */
static void test_ept_entries(void **state)
{
	static const struct {
		uint32_t prot;
		uint64_t type;
	} types[] = { { 0, 6 }, { SLAT_UC, 0 }, { SLAT_WC, 1 }, { SLAT_WT, 4 }, { SLAT_WP, 5 } };
	const struct slat_format *f = &ept_format;
	struct slat_leaf l;

	(void)state;
	assert_int_equal(f->table(HPA(0x123456789000)), 0x123456789007);
	assert_int_equal(f->leaf(HPA(0x1000), SLAT_RWX, 1), 0x1337);
	assert_int_equal(f->leaf(HPA(0x200000), SLAT_RWX, 2), 0x2003b7);
	assert_int_equal(f->leaf(HPA(0x40000000), SLAT_R | SLAT_X, 3), 0x400003b5);
	/* Write or execute without read would be a misconfiguration, or needs a capability */
	for (uint32_t prot = 0; prot < 8; prot++) {
		uint64_t e = f->leaf(HPA(0x5000), prot, 1);

		assert_int_equal(e & 7, prot & SLAT_R ? prot : 0);
		assert_int_equal(f->parse(e, 1, &l), 1);
		assert_int_equal(l.prot, prot & SLAT_R ? prot : 0);
		assert_int_equal(l.hpa.v, 0x5000);
	}
	for (uint32_t i = 0; i < ARRAY_LEN(types); i++)
		for (uint32_t level = 1; level < 4; level++) {
			uint64_t e = f->leaf(HPA(0x40000000), SLAT_RWX | types[i].prot, level);

			assert_int_equal(e >> 3 & 7, types[i].type);
			assert_int_equal(e >> 7 & 1, level > 1);
			assert_int_equal(f->parse(e, level, &l), 1);
			assert_int_equal(l.prot, SLAT_RWX | types[i].prot);
			/* Without rights the type is kept for when they come back */
			e = f->leaf(HPA(0x40000000), types[i].prot, level);
			assert_int_equal(f->parse(e, level, &l), 1);
			assert_int_equal(l.prot, types[i].prot);
		}
	assert_int_equal(f->parse(0, 1, &l), 0);
	assert_int_equal(f->parse(0x1007, 2, &l), 2);
	assert_true(f->typed && !arch_slat_format->typed);
	assert_int_equal(ept_format_2m.max_leaf, 2);
	/* The pointer to it all: write-back, four levels, A/D where they exist (24.6.11) */
	begin(f);
	assert_int_equal(vmx_eptp(&s), ptr_hpa(s.root).v | 0x1e);
	vmx_caps.ept = EPT_CAP_AD;
	assert_int_equal(vmx_eptp(&s), ptr_hpa(s.root).v | 0x5e);
	slat_destroy(&s, NULL, NULL);
}

static int setup(void **state)
{
	(void)state;
	formats[0] = arch_slat_format;
	formats[1] = &odd_format;
	formats[2] = &ept_format;
	model = calloc(WINDOW_PAGES, sizeof(*model));
	return model ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(model);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_npt_entries), cmocka_unit_test(test_ept_entries),
		cmocka_unit_test(test_no_root),	    cmocka_unit_test(test_steps),
		cmocka_unit_test(test_range),	    cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_large),  cmocka_unit_test(test_random),
		cmocka_unit_test(test_planted),	    cmocka_unit_test(test_walker),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
