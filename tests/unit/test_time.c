/* SPDX-License-Identifier: MIT */
/* Reference time: from the host's clock, frozen and thawed, and back to deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_arch.h"

static struct partition p;
static struct vp vps[2];

static int begin(void **state)
{
	(void)state;
	fake_reset();
	memset(&p, 0, sizeof(p));
	memset(vps, 0, sizeof(vps));
	return 0;
}

static void test_runs(void **state)
{
	(void)state;
	fake_time_hz = 2000000000; /* 200 ticks a unit */
	fake_time = 1000;
	partition_set_reference_time(&p, 0);
	for (uint64_t t = 0; t < 1000; t++) {
		fake_time = 1000 + t;
		assert_int_equal(partition_reference_time(&p), t / 200);
	}
	partition_set_reference_time(&p, 5000);
	assert_int_equal(partition_reference_time(&p), 5000);
	fake_time += 200 * 77;
	assert_int_equal(partition_reference_time(&p), 5077);
	/* A clock that is no multiple of 10 MHz, for a day: no drift. */
	fake_time_hz = 2999999999;
	partition_set_reference_time(&p, 0);
	fake_time += 86400 * fake_time_hz;
	assert_int_equal(partition_reference_time(&p), 864000000000);
}

static void test_freeze(void **state)
{
	(void)state;
	fake_time_hz = 1000000000; /* 100 ticks a unit */
	fake_time = 10000;
	partition_set_reference_time(&p, 100);
	fake_time += 5000;
	/* No change is no error. */
	assert_int_equal(partition_freeze_time(&p, false), 0);
	assert_false(p.time_frozen);
	assert_int_equal(partition_freeze_time(&p, true), 0);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(partition_reference_time(&p), 150);
		/* No deadline comes while time stands. */
		assert_int_equal(partition_reference_to_host(&p, 151), UINT64_MAX);
		assert_int_equal(partition_reference_to_host(&p, 0), UINT64_MAX);
		fake_time += 12345;
		assert_int_equal(partition_freeze_time(&p, true), 0);
	}
	assert_int_equal(partition_freeze_time(&p, false), 0);
	assert_int_equal(partition_reference_time(&p), 150);
	fake_time += 100;
	assert_int_equal(partition_reference_time(&p), 151);
	/* Set while frozen: goes on from there. */
	assert_int_equal(partition_freeze_time(&p, true), 0);
	fake_time += 7777;
	partition_set_reference_time(&p, 40);
	assert_int_equal(partition_reference_time(&p), 40);
	fake_time += 7777;
	assert_int_equal(partition_reference_time(&p), 40);
	assert_int_equal(partition_freeze_time(&p, false), 0);
	assert_int_equal(partition_reference_time(&p), 40);
	fake_time += 1000;
	assert_int_equal(partition_reference_time(&p), 50);
}

/* Every VP's own clock stands still for just as long; not under a VP that runs. */
static void test_vps(void **state)
{
	(void)state;
	p.vps[0] = &vps[0];
	p.vps[PARTITION_MAX_VPS - 1] = &vps[1];
	fake_time = 500;
	vps[1].owner = VP_RUNNING;
	assert_int_equal(partition_freeze_time(&p, true), HV_STATUS_INVALID_VP_STATE);
	assert_false(p.time_frozen);
	vps[1].owner = VP_IDLE;
	vps[0].owner = VP_ACCESSED;
	assert_int_equal(partition_freeze_time(&p, true), 0);
	assert_int_equal(fake_count(FAKE_VP_SHIFT, NULL), 0);
	fake_time = 1777;
	assert_int_equal(partition_freeze_time(&p, false), 0);
	assert_int_equal(fake_count(FAKE_VP_SHIFT, NULL), 2);
	assert_int_equal(fake_count(FAKE_VP_SHIFT, &vps[0]), 1);
	assert_int_equal(fake_count(FAKE_VP_SHIFT, &vps[1]), 1);
	for (uint32_t i = 0; i < fake_note_count; i++)
		assert_int_equal(fake_notes[i].arg, 1277);
	fake_forget();
	assert_int_equal(partition_freeze_time(&p, false), 0);
	assert_int_equal(fake_count(FAKE_VP_SHIFT, NULL), 0);
}

/* At the host time of a deadline the reference time is there, and it was not much earlier. */
static void test_deadline(void **state)
{
	static const uint64_t hz[] = { 1000000,	   10000000,   19200000,  999999937,
				       2000000000, 2999999999, 6000000000 };
	static const uint64_t ahead[] = { 1, 2, 3, 9, 10, 99, 12345, 10000000, 864000000000 };

	(void)state;
	for (uint32_t h = 0; h < ARRAY_LEN(hz); h++)
		for (uint32_t a = 0; a < ARRAY_LEN(ahead); a++) {
			uint64_t host;

			fake_time_hz = hz[h];
			fake_time = 987654321;
			partition_set_reference_time(&p, 5000);
			host = partition_reference_to_host(&p, 5000 + ahead[a]);
			assert_true(host > 987654321);
			fake_time = host;
			assert_true(partition_reference_time(&p) >= 5000 + ahead[a]);
			assert_true(partition_reference_time(&p) <=
				    5000 + ahead[a] + 2 + 20000000 / hz[h]);
		}
	/* Past or now: at once. */
	fake_time = 987654321;
	partition_set_reference_time(&p, 5000);
	assert_true(partition_reference_to_host(&p, 5000) <= fake_time);
	assert_true(partition_reference_to_host(&p, 0) <= fake_time);
	fake_time += fake_time_hz;
	assert_true(partition_reference_to_host(&p, 5001) <= fake_time);
	assert_int_equal(partition_reference_to_host(&p, UINT64_MAX), UINT64_MAX);
}

/*
 * A guest picks the time of its timers: no value may make the division overflow, which would be
 * an exception in the core. Far means never, or far; not soon.
 */
static void test_far(void **state)
{
	static const uint64_t hz[] = { 1000000,	   2000000000, 2600000000,
				       3000000000, 6000000000, 16000000000 };

	(void)state;
	for (uint32_t h = 0; h < ARRAY_LEN(hz); h++) {
		fake_time_hz = hz[h];
		/* A machine that has been up for a year. */
		fake_time = 365 * 86400 * hz[h];
		partition_set_reference_time(&p, 1);
		for (uint32_t b = 40; b < 64; b++)
			for (int64_t d = -3; d <= 3; d++) {
				uint64_t t = (1ull << b) + (uint64_t)d;

				assert_true(partition_reference_to_host(&p, t) >
					    fake_time + 86400 * hz[h]);
				t = ~0ull << b;
				assert_true(partition_reference_to_host(&p, t) >
					    fake_time + 86400 * hz[h]);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_runs, begin),
		cmocka_unit_test_setup(test_freeze, begin),
		cmocka_unit_test_setup(test_vps, begin),
		cmocka_unit_test_setup(test_deadline, begin),
		cmocka_unit_test_setup(test_far, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
