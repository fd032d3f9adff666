/* SPDX-License-Identifier: MIT */
/* The frame table: every transition from every state, hold counting, and holds against deposits. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/bits.h"
#include "kernel/frame.h"

#define COUNT	 16u
#define HOLD_MAX ((1u << 22) - 1)

static uint32_t words[COUNT + 1];

/* A frame in any state, through the interface only. */
static void make(uint64_t pfn, enum frame_state state, uint32_t slot)
{
	bool ok = true;

	frame_set_range(pfn << PAGE_SHIFT, PAGE_SIZE,
			state == FRAME_DEPOSIT || state == FRAME_OPEN ? FRAME_ROOT : state);
	if (state == FRAME_DEPOSIT || state == FRAME_OPEN)
		ok = frame_deposit(pfn, slot);
	if (state == FRAME_OPEN)
		frame_open(pfn);
	assert_true(ok);
	assert_int_equal(frame_state(pfn), state);
}

static int setup(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	words[COUNT] = 0xdeadbeef;
	frame_init(words, COUNT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* Nothing ever reached past the table. */
	return words[COUNT] == 0xdeadbeef ? 0 : -1;
}

static void expect(uint64_t pfn, enum frame_state state, uint32_t owner, uint32_t holds)
{
	assert_int_equal(frame_state(pfn), state);
	assert_int_equal(frame_owner(pfn), owner);
	assert_int_equal(frame_holds(pfn), holds);
}

static void test_range(void **state)
{
	(void)state;
	for (uint64_t pfn = 0; pfn < COUNT; pfn++)
		expect(pfn, FRAME_NONE, 0, 0);
	frame_set_range(2 << PAGE_SHIFT, 3 * PAGE_SIZE, FRAME_ROOT);
	for (uint64_t pfn = 0; pfn < COUNT; pfn++)
		expect(pfn, pfn >= 2 && pfn < 5 ? FRAME_ROOT : FRAME_NONE, 0, 0);
	/* A range that goes on behind the table, and one that lies behind it. */
	frame_set_range((COUNT - 1) << PAGE_SHIFT, 100 * PAGE_SIZE, FRAME_CORE);
	frame_set_range((COUNT + 4) << PAGE_SHIFT, PAGE_SIZE, FRAME_CORE);
	frame_set_range(3 << PAGE_SHIFT, 0, FRAME_CORE);
	expect(COUNT - 1, FRAME_CORE, 0, 0);
	expect(COUNT - 2, FRAME_NONE, 0, 0);
	expect(3, FRAME_ROOT, 0, 0);
}

static void test_outside(void **state)
{
	static const uint64_t out[] = { COUNT, COUNT + 1, 1ull << 32, 1ull << 52, ~0ull };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(out); i++) {
		expect(out[i], FRAME_NONE, 0, 0);
		assert_false(frame_hold(out[i]));
		assert_false(frame_deposit(out[i], 1));
		frame_withdraw(out[i]);
		frame_open(out[i]);
		frame_close(out[i]);
		expect(out[i], FRAME_NONE, 0, 0);
	}
}

/* Every operation on every state: what changes, and that all else stays. */
static void test_transitions(void **state)
{
	(void)state;
	for (enum frame_state s = FRAME_NONE; s <= FRAME_OPEN; s++) {
		uint32_t own = s >= FRAME_DEPOSIT ? 37 : 0;

		make(5, s, 37);
		expect(5, s, own, 0);
		assert_int_equal(frame_hold(5), s == FRAME_ROOT);
		expect(5, s, own, s == FRAME_ROOT);
		if (s == FRAME_ROOT)
			frame_release(5);

		make(5, s, 37);
		assert_int_equal(frame_deposit(5, 63), s == FRAME_ROOT);
		expect(5, s == FRAME_ROOT ? FRAME_DEPOSIT : s, s == FRAME_ROOT ? 63 : own, 0);

		make(5, s, 37);
		frame_withdraw(5);
		expect(5, s == FRAME_DEPOSIT ? FRAME_ROOT : s, s == FRAME_DEPOSIT ? 0 : own, 0);

		make(5, s, 37);
		frame_open(5);
		expect(5, s == FRAME_DEPOSIT ? FRAME_OPEN : s, own, 0);

		make(5, s, 37);
		frame_close(5);
		expect(5, s == FRAME_OPEN ? FRAME_DEPOSIT : s, own, 0);

		/* The neighbours never saw any of it. */
		expect(4, FRAME_NONE, 0, 0);
		expect(6, FRAME_NONE, 0, 0);
	}
}

static void test_owner(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < 64; slot++) {
		make(1, FRAME_DEPOSIT, slot);
		expect(1, FRAME_DEPOSIT, slot, 0);
		frame_open(1);
		expect(1, FRAME_OPEN, slot, 0);
		frame_close(1);
		expect(1, FRAME_DEPOSIT, slot, 0);
		frame_withdraw(1);
		expect(1, FRAME_ROOT, 0, 0);
	}
}

static void test_holds(void **state)
{
	(void)state;
	make(3, FRAME_ROOT, 0);
	for (uint32_t i = 1; i <= 5; i++) {
		assert_true(frame_hold(3));
		expect(3, FRAME_ROOT, 0, i);
		assert_false(frame_deposit(3, 1));
		frame_withdraw(3);
		frame_open(3);
		frame_close(3);
		expect(3, FRAME_ROOT, 0, i);
	}
	for (uint32_t i = 5; i; i--) {
		assert_false(frame_deposit(3, 1));
		frame_release(3);
		expect(3, FRAME_ROOT, 0, i - 1);
	}
	assert_true(frame_deposit(3, 1));
	assert_false(frame_deposit(3, 1));
	assert_false(frame_hold(3));
}

/* The count stops at its width: one hold more would be a change of owner. */
static void test_overflow(void **state)
{
	(void)state;
	make(3, FRAME_ROOT, 0);
	for (uint32_t i = 0; i < HOLD_MAX; i++)
		if (!frame_hold(3))
			fail_msg("hold %u refused", i);
	expect(3, FRAME_ROOT, 0, HOLD_MAX);
	assert_false(frame_hold(3));
	assert_false(frame_hold(3));
	expect(3, FRAME_ROOT, 0, HOLD_MAX);
	assert_false(frame_deposit(3, 1));
	frame_release(3);
	assert_true(frame_hold(3));
	for (uint32_t i = 0; i < HOLD_MAX; i++)
		frame_release(3);
	expect(3, FRAME_ROOT, 0, 0);
}

/*
 * One thread holds a frame and says so, the other deposits it and says so: never both. `in` counts
 * who believes to own the frame right now.
 */
#define ROUNDS 300000u
static uint32_t holders, owners, clashes, done, got_hold, got_deposit;

static void *hold_thread(void *arg)
{
	(void)arg;
	while (!atomic_load(&done)) {
		if (!frame_hold(7)) {
			sched_yield();
			continue;
		}
		(void)atomic_add(&holders, 1);
		if (atomic_load(&owners) || frame_state(7) != FRAME_ROOT || !frame_holds(7))
			(void)atomic_add(&clashes, 1);
		if (atomic_add(&got_hold, 1) % 64 == 0)
			sched_yield();
		(void)atomic_add(&holders, ~0u);
		frame_release(7);
	}
	return NULL;
}

static void test_race(void **state)
{
	pthread_t t;

	(void)state;
	make(7, FRAME_ROOT, 0);
	holders = owners = clashes = done = got_hold = got_deposit = 0;
	assert_int_equal(pthread_create(&t, NULL, hold_thread, NULL), 0);
	/* Until both came to it often, however the two are scheduled. */
	while (got_deposit < 20000 || atomic_load(&got_hold) < 20000) {
		if (!frame_deposit(7, 9)) {
			sched_yield();
			continue;
		}
		got_deposit++;
		atomic_store(&owners, 1);
		if (atomic_load(&holders) || frame_owner(7) != 9 || frame_holds(7))
			(void)atomic_add(&clashes, 1);
		frame_open(7);
		if (got_deposit % 64 == 0)
			sched_yield();
		if (frame_state(7) != FRAME_OPEN)
			(void)atomic_add(&clashes, 1);
		frame_close(7);
		atomic_store(&owners, 0);
		frame_withdraw(7);
	}
	atomic_store(&done, 1);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(clashes, 0);
	expect(7, FRAME_ROOT, 0, 0);
}

/* Two threads count at one frame: no hold and no release gets lost. */
static void *count_thread(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		if (!frame_hold(8) || !frame_hold(8))
			(void)atomic_add(&clashes, 1);
		frame_release(8);
	}
	return NULL;
}

static void test_count_race(void **state)
{
	pthread_t t[2];

	(void)state;
	make(8, FRAME_ROOT, 0);
	clashes = 0;
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count_thread, NULL), 0);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(clashes, 0);
	expect(8, FRAME_ROOT, 0, 2 * ROUNDS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_range), TEST(test_outside),	 TEST(test_transitions),
		TEST(test_owner), TEST(test_holds),	 TEST(test_overflow),
		TEST(test_race),  TEST(test_count_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
