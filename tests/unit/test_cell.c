/* SPDX-License-Identifier: MIT */
/* Small objects: distinct, zeroed, and the pages go back to the pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cell.h"

#define PAGES 3u
#define MOST  (PAGES * 31u)

static uint8_t *pages;
static struct pool pool;
static struct cells cells;

static int setup(void **state)
{
	(void)state;
	pages = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
	memset(pages, 0xa5, PAGES * PAGE_SIZE);
	pool = (struct pool){ 0 };
	cells = (struct cells){ 0 };
	for (uint32_t i = 0; i < PAGES; i++)
		pool_give(&pool, pages + i * PAGE_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(pages);
	return 0;
}

static void test_all(void **state)
{
	static const uint8_t zero[CELL_SIZE];
	uint8_t *c[MOST];

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < MOST; i++) {
			c[i] = cell_alloc(&cells, &pool);
			assert_non_null(c[i]);
			assert_memory_equal(c[i], zero, CELL_SIZE);
			memset(c[i], (int)i + 1, CELL_SIZE);
		}
		assert_null(cell_alloc(&cells, &pool));
		assert_int_equal(pool.free_count, 0);
		for (uint32_t i = 0; i < MOST; i++)
			for (uint32_t b = 0; b < CELL_SIZE; b++)
				assert_int_equal(c[i][b], (uint8_t)(i + 1));
		/* Forwards, backwards, every other first */
		for (uint32_t i = 0; i < MOST; i++) {
			uint32_t n = round == 0 ? i : round == 1 ? MOST - 1 - i : i * 2 % MOST;

			cell_free(&cells, &pool, c[n]);
		}
		assert_int_equal(pool.free_count, PAGES);
		assert_null(cells.pages);
	}
}

static void test_reuse(void **state)
{
	uint8_t *c[31], *other;

	(void)state;
	for (uint32_t i = 0; i < 31; i++)
		c[i] = cell_alloc(&cells, &pool);
	other = cell_alloc(&cells, &pool);
	assert_int_equal(pool.free_count, 1);
	cell_free(&cells, &pool, c[7]);
	assert_int_equal(pool.free_count, 1);
	cell_free(&cells, &pool, other);
	assert_int_equal(pool.free_count, 2);
	assert_ptr_equal(cell_alloc(&cells, &pool), c[7]);
	assert_int_equal(pool.free_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
