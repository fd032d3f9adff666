/* SPDX-License-Identifier: MIT */
/* The core's boot-time pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_arch.h"
#include "kernel/page_alloc.h"

#define BASE 0x200000ull

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(hpa_ptr(HPA(BASE - PAGE_SIZE)), 0xcc, 32 * PAGE_SIZE);
	return 0;
}

static uint8_t *at(uint64_t hpa)
{
	return hpa_ptr(HPA(hpa));
}

static void test_use(void **state)
{
	(void)state;
	page_alloc_init(HPA(BASE), 8 * PAGE_SIZE);
	assert_int_equal(page_alloc_left(), 8 * PAGE_SIZE);
	assert_null(page_alloc(0));
	assert_null(page_alloc(9));
	assert_null(page_alloc(1ull << 52));
	assert_null(page_alloc(~0ull));
	assert_int_equal(page_alloc_left(), 8 * PAGE_SIZE);
	assert_ptr_equal(page_alloc(3), at(BASE));
	assert_int_equal(page_alloc_left(), 5 * PAGE_SIZE);
	/* Zeroed, and only what was asked for. */
	for (uint64_t i = 0; i < 3 * PAGE_SIZE; i++)
		assert_int_equal(at(BASE)[i], 0);
	assert_int_equal(at(BASE - 1)[0], 0xcc);
	assert_int_equal(at(BASE + 3 * PAGE_SIZE)[0], 0xcc);
	assert_null(page_alloc(6));
	assert_ptr_equal(page_alloc(5), at(BASE + 3 * PAGE_SIZE));
	assert_int_equal(page_alloc_left(), 0);
	assert_null(page_alloc(1));
	assert_int_equal(at(BASE + 8 * PAGE_SIZE)[0], 0xcc);
}

/* Borders inside a page: only whole pages of the region are handed out. */
static void test_borders(void **state)
{
	(void)state;
	page_alloc_init(HPA(BASE + 1), 3 * PAGE_SIZE);
	assert_int_equal(page_alloc_left(), 2 * PAGE_SIZE);
	assert_ptr_equal(page_alloc(1), at(BASE + PAGE_SIZE));
	assert_ptr_equal(page_alloc(1), at(BASE + 2 * PAGE_SIZE));
	assert_null(page_alloc(1));
	page_alloc_init(HPA(BASE), PAGE_SIZE - 1);
	assert_null(page_alloc(1));
	page_alloc_init(HPA(BASE), 0);
	assert_null(page_alloc(1));
}

/* No whole page inside: rounding must not turn the size into a huge one. */
static void test_inside_page(void **state)
{
	(void)state;
	page_alloc_init(HPA(BASE + 16), 64);
	assert_int_equal(page_alloc_left(), 0);
	assert_null(page_alloc(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_use, setup),
		cmocka_unit_test_setup(test_borders, setup),
		cmocka_unit_test_setup(test_inside_page, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
