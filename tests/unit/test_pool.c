/* SPDX-License-Identifier: MIT */
/* Pools: the counts against a model, zeroed pages, limbo, and what a walker sees of a freed page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/bits.h"
#include "kernel/pool.h"

#define PAGES 64u

static uint8_t pages[PAGES][4096] __attribute__((aligned(4096)));

static bool zero(const void *page)
{
	const uint8_t *b = page;

	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		if (b[i])
			return false;
	return true;
}

static void counts(const struct pool *p, uint64_t free, uint64_t limbo, uint64_t total)
{
	assert_int_equal(p->free_count, free);
	assert_int_equal(p->limbo_count, limbo);
	assert_int_equal(p->total, total);
	assert_int_equal(p->free != NULL, free != 0);
	assert_int_equal(p->limbo != NULL, limbo != 0);
}

static void test_empty(void **state)
{
	struct pool p = { 0 };

	(void)state;
	assert_null(pool_take(&p));
	assert_null(pool_alloc(&p));
	pool_flushed(&p);
	counts(&p, 0, 0, 0);
}

static void test_one(void **state)
{
	struct pool p = { 0 };
	void *page;

	(void)state;
	memset(pages[0], 0xaa, PAGE_SIZE);
	pool_give(&p, pages[0]);
	counts(&p, 1, 0, 1);
	page = pool_alloc(&p);
	assert_ptr_equal(page, pages[0]);
	assert_true(zero(page));
	counts(&p, 0, 0, 1);
	/* In use: neither for another use nor for withdrawal. */
	assert_null(pool_alloc(&p));
	assert_null(pool_take(&p));
	memset(page, 0x55, PAGE_SIZE);
	pool_free(&p, page);
	counts(&p, 1, 0, 1);
	assert_true(zero(pool_alloc(&p)));
	pool_free_later(&p, page);
	counts(&p, 0, 1, 1);
	/* Not before the flush. */
	assert_null(pool_alloc(&p));
	assert_null(pool_take(&p));
	pool_flushed(&p);
	counts(&p, 1, 0, 1);
	assert_ptr_equal(pool_take(&p), page);
	counts(&p, 0, 0, 0);
	assert_null(pool_take(&p));
}

/* A hardware walk may still go through a table in limbo: its entries must not look present. */
static void test_limbo_entries(void **state)
{
	struct pool p = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		memset(pages[i], 0, PAGE_SIZE);
		pool_free_later(&p, pages[i]);
	}
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t e = 0; e < 512; e++) {
			uint64_t v;

			memcpy(&v, pages[i] + 8 * e, 8);
			assert_int_equal(v & 7, 0);
		}
	counts(&p, 0, 8, 0);
	pool_flushed(&p);
	counts(&p, 8, 0, 0);
}

enum where { OUT, FREE, USED, LIMBO };

/* Random use against an array: each page is at one place, and comes back from no other. */
static void test_model(void **state)
{
	enum where at[PAGES] = { OUT };
	struct pool p = { 0 };
	uint32_t n[4] = { PAGES, 0, 0, 0 };

	(void)state;
	srand(7);
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t i = (uint32_t)rand() % PAGES;
		uint8_t *page;

		switch (rand() % 6) {
		case 0:
			if (at[i] == OUT) {
				pool_give(&p, pages[i]);
				at[i] = FREE;
				n[OUT]--, n[FREE]++;
			}
			break;
		case 1:
		case 2:
			page = rand() & 1 ? pool_take(&p) : NULL;
			if (page) {
				i = (uint32_t)((page - pages[0]) / 4096);
				assert_int_equal(at[i], FREE);
				at[i] = OUT;
				n[FREE]--, n[OUT]++;
				break;
			}
			page = pool_alloc(&p);
			assert_int_equal(page != NULL, n[FREE] != 0);
			if (page) {
				i = (uint32_t)((page - pages[0]) / 4096);
				assert_int_equal(at[i], FREE);
				assert_true(round % 16 || zero(page));
				memset(page, 0xee, PAGE_SIZE);
				at[i] = USED;
				n[FREE]--, n[USED]++;
			}
			break;
		case 3:
			if (at[i] == USED) {
				pool_free(&p, pages[i]);
				at[i] = FREE;
				n[USED]--, n[FREE]++;
			}
			break;
		case 4:
			if (at[i] == USED) {
				pool_free_later(&p, pages[i]);
				at[i] = LIMBO;
				n[USED]--, n[LIMBO]++;
			}
			break;
		default:
			if (round % 8)
				break;
			pool_flushed(&p);
			for (i = 0; i < PAGES; i++)
				if (at[i] == LIMBO)
					at[i] = FREE;
			n[FREE] += n[LIMBO];
			n[LIMBO] = 0;
		}
		counts(&p, n[FREE], n[LIMBO], PAGES - n[OUT]);
	}
	assert_true(n[USED] + n[FREE] + n[LIMBO] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_limbo_entries),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
