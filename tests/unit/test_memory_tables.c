/* SPDX-License-Identifier: MIT */
/*
 * Deposits when the core has hardly any tables of its own to split the root's large leaves with:
 * they come out of the deposits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"

#define REGIONS 24u

static uint64_t region(uint32_t i)
{
	return ROOT_FREE + LARGE_PAGES * (uint64_t)i;
}

static bool root_sees(uint64_t pfn)
{
	struct slat_leaf l;

	return slat_lookup(&fake_root.slat, GPA(pfn << PAGE_SHIFT), &l);
}

static uint32_t flushes;
static bool flushed[REGIONS];

/* A page is nobody's table before a flush that began when it was out of the root's view. */
static void clean(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &fake_root.slat)
		return;
	flushes++;
	for (uint32_t i = 0; i < REGIONS; i++) {
		const uint8_t *page = hpa_ptr(HPA(region(i) << PAGE_SHIFT));

		assert_true(flushed[i] || page[0] == 0xa5);
		flushed[i] = !root_sees(region(i));
	}
}

/* One call with a page of each of many large leaves, more than there are tables. */
static void test_scattered(void **state)
{
	struct partition *p = fake_child_create(ROOT_LOW, 8);
	uint64_t pfns[REGIONS];
	uint32_t done = 0;
	uint64_t before = p->pool.total;

	(void)state;
	for (uint32_t i = 0; i < REGIONS; i++) {
		pfns[i] = region(i);
		memset(hpa_ptr(HPA(pfns[i] << PAGE_SHIFT)), 0xa5, PAGE_SIZE);
	}
	fake_hook = clean;
	assert_int_equal(partition_deposit(p, pfns, REGIONS, &done), HV_STATUS_SUCCESS);
	fake_hook = NULL;
	assert_int_equal(done, REGIONS);
	assert_true(flushes > 1);
	for (uint32_t i = 0; i < REGIONS; i++)
		assert_true(flushed[i]);
	for (uint32_t i = 0; i < REGIONS; i++) {
		assert_int_equal(frame_state(pfns[i]), FRAME_DEPOSIT);
		assert_false(root_sees(pfns[i]));
		/* Only that page went. */
		for (uint64_t j = 1; j < LARGE_PAGES; j++)
			assert_true(root_sees(pfns[i] + j));
	}
	/* Every page is either the partition's or a table. */
	assert_true(p->pool.total >= before && p->pool.total < before + REGIONS);
	assert_int_equal(fake_child_end(p), HV_STATUS_SUCCESS);
}

static void test_again(void **state)
{
	uint32_t first = 0;

	(void)state;
	/*
	 * What went into tables stays there while its own large leaf is split: at most a page of
	 * each that was ever touched, and not one more the next time.
	 */
	for (uint32_t round = 0; round < 6; round++) {
		struct partition *p = fake_child(region(0) + 8, 64);
		uint32_t missing;

		for (uint32_t i = 1; i < REGIONS; i++) {
			uint64_t pfn[2] = { region(i) + 1 + round, region(i) + 100 + round };
			uint32_t done;

			assert_int_equal(partition_deposit(p, pfn, 2, &done), HV_STATUS_SUCCESS);
			assert_int_equal(done, 2);
		}
		assert_int_equal(fake_child_end(p), HV_STATUS_SUCCESS);
		missing = fake_root_missing();
		if (!round)
			first = missing;
		assert_true(missing <= first && missing <= REGIONS + 8);
	}
	/* Those are all still accounted for as deposits. */
	for (uint64_t pfn = ROOT_FREE; pfn < FAKE_PFNS; pfn++) {
		assert_int_equal(root_sees(pfn), frame_state(pfn) == FRAME_ROOT);
		assert_true(frame_state(pfn) == FRAME_ROOT || frame_state(pfn) == FRAME_DEPOSIT);
		assert_int_equal(frame_holds(pfn), 0);
	}
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
