/* SPDX-License-Identifier: MIT */
/* Synthetic timers: register rules, expiry in every mode, waiting messages, the 200-byte state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/status.h>
#include <hv/vp_state.h>

#include "hvapi/stimer.h"

#define NOW 5000000ull

static uint64_t simp[512], siefp[512];
static struct hv_synic synic;
static struct hv_stimers timers;
static uint64_t seed = 0xda942042e4dd58b5ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void setup(void)
{
	uint16_t raise = 0;

	synic_init(&synic, (struct hv_message_page *)simp,
		   (struct hv_synic_event_flags_page *)siefp);
	assert_true(synic_write(&synic, HV_REGISTER_SCONTROL, 1, &raise));
	assert_true(synic_write(&synic, HV_REGISTER_SIMP, 0x5001, &raise));
	for (uint32_t n = 0; n < 16; n++)
		assert_true(synic_write(&synic, HV_REGISTER_SINT0 + n, 0x20 + n, &raise));
	memset(&timers, 0x55, sizeof(timers));
	stimer_reset(&timers);
}

static void config(uint32_t n, uint64_t val)
{
	assert_true(stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG + 2 * n, val, NOW));
}

static void count(uint32_t n, uint64_t val)
{
	assert_true(stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG + 2 * n + 1, val, NOW));
}

static uint64_t get(uint32_t reg)
{
	uint64_t val = ~0ull;

	assert_true(stimer_read(&timers, HV_REGISTER_STIMER0_CONFIG + reg, &val));
	return val;
}

static struct stimer_effect expire(uint64_t now)
{
	struct stimer_effect e;

	memset(&e, 0x55, sizeof(e));
	stimer_expire(&timers, &synic, now, &e);
	return e;
}

static uint16_t rescan(uint64_t now)
{
	uint16_t raise = 0;

	synic_rescan(&synic, &raise);
	stimer_rescan(&timers, &synic, now, &raise);
	return raise;
}

static uint8_t *slot(uint32_t sint)
{
	return (uint8_t *)simp + 256 * sint;
}

static uint64_t word(uint32_t sint, uint32_t offset)
{
	uint64_t w;

	memcpy(&w, slot(sint) + offset, 8);
	return w;
}

static void slot_clear(uint32_t sint)
{
	memset(slot(sint), 0, 4);
}

/* The slot holds timer n's message. */
static void assert_message(uint32_t sint, uint32_t n, uint64_t expiration, uint64_t delivery)
{
	assert_int_equal((uint32_t)word(sint, 0), 0x80000010);
	assert_int_equal(slot(sint)[4], 24);
	assert_int_equal(word(sint, 8), 0);
	assert_int_equal(word(sint, 16), n);
	assert_int_equal(word(sint, 24), expiration);
	assert_int_equal(word(sint, 32), delivery);
}

static void test_registers(void **state)
{
	struct hv_stimers before;
	uint64_t val = 77;

	(void)state;
	setup();
	for (uint32_t reg = 0; reg < 8; reg++) {
		assert_int_equal(get(reg), 0);
		for (uint32_t bit = 0; bit < 64; bit++) {
			/* 63:20 and 15:13 of CONFIG are reserved */
			bool ok = reg & 1 || bit < 13 || (bit >= 16 && bit < 20);

			stimer_reset(&timers);
			before = timers;
			assert_int_equal(stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG + reg,
						      1ull << bit, NOW),
					 ok);
			if (!ok)
				assert_memory_equal(&timers, &before, sizeof(before));
			else if (reg & 1 || bit) /* enable alone has no SINT */
				assert_true(get(reg) == 1ull << bit);
			else
				assert_int_equal(get(reg), 0);
		}
	}
	before = timers;
	assert_false(stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG + 8, 0, NOW));
	assert_false(stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG - 1, 0, NOW));
	assert_false(stimer_read(&timers, HV_REGISTER_STIMER0_CONFIG + 8, &val));
	assert_false(stimer_read(&timers, 0, &val));
	assert_int_equal(val, 77);
	assert_memory_equal(&timers, &before, sizeof(before));
	for (uint32_t msr = 0x40000000; msr < 0x40000200; msr++)
		assert_int_equal(stimer_register(msr),
				 msr >= 0x400000b0 && msr <= 0x400000b7 ? 0xb0000 + (msr & 15) : 0);
}

/* Enable after each write, from the rules of TLFS 12; c: CONFIG, n: COUNT. */
static void test_enable_rules(void **state)
{
	static const struct {
		const char *order;
		uint64_t config, count;
		bool enabled, runs;
	} rows[] = {
		{ "nc", 0x10001, 100, true, true },   /* count, then enable */
		{ "cn", 0x10001, 100, true, true },   /* enabled, count comes later */
		{ "cn", 0x10000, 100, false, false }, /* not enabled */
		{ "cn", 0x10008, 100, true, true },   /* auto-enable */
		{ "nc", 0x10008, 100, false, false }, /* the count was written before */
		{ "cn", 0x10008, 0, false, false },   /* 0 stops */
		{ "cn", 0x10009, 0, false, false },
		{ "nc", 0x10001, 0, true, false },    /* enabled without a count */
		{ "cn", 0x00001, 100, false, false }, /* SINT 0 */
		{ "nc", 0x00001, 100, false, false },
		{ "cn", 0x00008, 100, false, false },
		{ "cn", 0x01008, 100, true, true }, /* direct mode needs no SINT */
		{ "nc", 0x01441, 100, true, true },
		{ "cnn", 0x10008, 100, true, true },
		{ "nC", 0x10001, 100, false, false }, /* C: CONFIG without enable */
		{ "ncC", 0x10001, 100, false, false },
		{ "cnz", 0x10008, 100, false, false }, /* z: COUNT 0 */
		{ "cnzn", 0x10008, 100, true, true },
		{ "nczn", 0x10001, 100, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t n = 0; n < 8; n++) {
			uint64_t flags = n & 1 ? STIMER_PERIODIC : 0, due;

			setup();
			flags |= n & 2 ? STIMER_LAZY : 0;
			for (const char *o = rows[i].order; *o; o++) {
				if (*o == 'c')
					config(n / 2, rows[i].config | flags);
				else if (*o == 'C')
					config(n / 2, (rows[i].config & ~1ull) | flags);
				else
					count(n / 2, *o == 'n' ? rows[i].count : 0);
			}
			if ((get(n / 2 * 2) & 1) != rows[i].enabled)
				fail_msg("row %zu enable", i);
			due = rows[i].runs ? (n & 1 ? NOW + 100 : 100) : STIMER_NEVER;
			if (stimer_deadline(&timers) != due)
				fail_msg("row %zu deadline", i);
		}
	}
}

static void test_one_shot(void **state)
{
	struct stimer_effect e;

	(void)state;
	for (uint32_t n = 0; n < 4; n++) {
		setup();
		config(n, 0x30008);
		count(n, NOW + 100);
		assert_int_equal(stimer_deadline(&timers), NOW + 100);
		e = expire(NOW + 99);
		assert_int_equal(e.raise, 0);
		assert_int_equal(slot(3)[0], 0);
		e = expire(NOW + 107);
		assert_int_equal(e.raise, 8);
		assert_int_equal(e.vectors, 0);
		assert_message(3, n, NOW + 100, NOW + 107);
		assert_int_equal(get(2 * n), 0x30008); /* disabled */
		assert_int_equal(get(2 * n + 1), NOW + 100);
		assert_int_equal(stimer_deadline(&timers), STIMER_NEVER);
		e = expire(NOW + 200);
		assert_int_equal(e.raise, 0);
		/* In the past: at once; and at exactly its time. */
		slot_clear(3);
		count(n, 1);
		assert_int_equal(stimer_deadline(&timers), 1);
		e = expire(NOW);
		assert_int_equal(e.raise, 8);
		assert_message(3, n, 1, NOW);
		slot_clear(3);
		count(n, NOW + 300);
		e = expire(NOW + 300);
		assert_int_equal(e.raise, 8);
	}
}

static void test_direct(void **state)
{
	struct stimer_effect e;

	(void)state;
	setup();
	for (uint32_t n = 0; n < 4; n++) {
		config(n, 0x1008 | (0xe0 + n) << 4 | (n == 3 ? STIMER_PERIODIC : 0));
		count(n, n == 3 ? 50 : NOW + 50);
	}
	e = expire(NOW + 49);
	assert_int_equal(e.vectors, 0);
	e = expire(NOW + 50);
	assert_int_equal(e.vectors, 4);
	for (uint32_t n = 0; n < 4; n++)
		assert_int_equal(e.vector[n], 0xe0 + n);
	assert_int_equal(e.raise, 0);
	for (uint32_t i = 0; i < 512; i++)
		assert_true(!simp[i]);
	assert_int_equal(timers.pending, 0);
	assert_int_equal(stimer_deadline(&timers), NOW + 100);
	e = expire(NOW + 100);
	assert_int_equal(e.vectors, 1);
	assert_int_equal(e.vector[0], 0xe3);
}

/* Random steps: a message a boundary passed, never two, the phase kept. */
static void periodic_run(uint64_t period)
{
	uint64_t now = NOW;

	setup();
	config(1, 0x2000a);
	count(1, period);
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t before = now;
		struct stimer_effect e;
		bool crossed;

		now += rnd() % (period * (i % 3 + 1) + 1);
		crossed = (now - NOW) / period != (before - NOW) / period;
		e = expire(now);
		assert_int_equal(e.raise, crossed ? 4 : 0);
		if (crossed)
			/* the first boundary that was missed */
			assert_message(2, 1, before - (before - NOW) % period + period, now);
		slot_clear(2);
		assert_int_equal((stimer_deadline(&timers) - NOW) % period, 0);
		assert_true(stimer_deadline(&timers) > now);
		assert_true(stimer_deadline(&timers) - now <= period);
		assert_int_equal(get(2), 0x2000b);
		assert_int_equal(get(3), period);
	}
}

static void test_periodic(void **state)
{
	struct stimer_effect e;

	(void)state;
	periodic_run(1);
	periodic_run(10000);
	periodic_run(123457);
	/* A period that would wrap never comes, and stops nothing. */
	setup();
	config(0, 0x2000a);
	count(0, UINT64_MAX - 3);
	assert_int_equal(stimer_deadline(&timers), STIMER_NEVER);
	count(0, UINT64_MAX / 2);
	e = expire(UINT64_MAX - 1);
	assert_int_equal(e.raise, 4);
	assert_int_equal(stimer_deadline(&timers), STIMER_NEVER);
	/* The nearest of all, disabled ones aside. */
	setup();
	for (uint32_t n = 0; n < 4; n++) {
		config(n, 0x20008);
		count(n, NOW + 100 - n);
		assert_int_equal(stimer_deadline(&timers), NOW + 100 - n);
	}
	config(3, 0);
	assert_int_equal(stimer_deadline(&timers), NOW + 98);
}

static void test_waiting(void **state)
{
	struct stimer_effect e;
	uint16_t raise = 0;

	(void)state;
	setup();
	for (uint32_t n = 0; n < 4; n++) {
		config(n, 0x20008 | (n == 1 ? STIMER_PERIODIC : 0));
		count(n, n == 1 ? 10 : NOW + 10);
	}
	e = expire(NOW + 11);
	assert_int_equal(e.raise, 4);
	assert_message(2, 0, NOW + 10, NOW + 11);
	assert_int_equal(slot(2)[5], 1); /* the others wait, and the guest is told */
	assert_int_equal(timers.pending, 0xe);
	assert_int_equal(rescan(NOW + 12), 0);
	/* Further expiries coalesce with the one that waits. */
	e = expire(NOW + 35);
	assert_int_equal(e.raise, 0);
	slot_clear(2);
	assert_int_equal(rescan(NOW + 36), 4);
	assert_message(2, 1, NOW + 10, NOW + 36);
	assert_int_equal(slot(2)[5], 1);
	assert_int_equal(get(2), 0x2000b);
	slot_clear(2);
	assert_int_equal(rescan(NOW + 37), 4);
	assert_message(2, 2, NOW + 10, NOW + 37);
	slot_clear(2);
	assert_int_equal(rescan(NOW + 38), 4);
	assert_message(2, 3, NOW + 10, NOW + 38);
	assert_int_equal(slot(2)[5], 0);
	slot_clear(2);
	assert_int_equal(rescan(NOW + 39), 0);
	assert_int_equal(timers.pending, 0);
	e = expire(NOW + 40);
	assert_int_equal(e.raise, 4);
	assert_message(2, 1, NOW + 40, NOW + 40);
	/* SynIC or its page off: waits; masked: the message without an interrupt. */
	slot_clear(2);
	synic_write(&synic, HV_REGISTER_SIMP, 0, &raise);
	e = expire(NOW + 50);
	assert_int_equal(e.raise, 0);
	assert_int_equal(timers.pending, 2);
	synic_write(&synic, HV_REGISTER_SIMP, 1, &raise);
	synic_write(&synic, HV_REGISTER_SCONTROL, 0, &raise);
	assert_int_equal(rescan(NOW + 51), 0);
	assert_int_equal(timers.pending, 2);
	synic_write(&synic, HV_REGISTER_SCONTROL, 1, &raise);
	synic_write(&synic, HV_REGISTER_SINT0 + 2, 0x10022, &raise);
	assert_int_equal(rescan(NOW + 52), 0);
	assert_int_equal(timers.pending, 0);
	assert_message(2, 1, NOW + 50, NOW + 52);
	/* Reprogramming or reset drops what waits. */
	for (uint32_t how = 0; how < 3; how++) {
		(void)expire(NOW + 60 + 10 * how);
		assert_int_equal(timers.pending, 2);
		if (how == 0)
			count(1, 10);
		else if (how == 1)
			config(1, 0x2000b);
		else
			stimer_reset(&timers);
		assert_int_equal(timers.pending, 0);
		slot_clear(2);
		assert_int_equal(rescan(NOW + 61 + 10 * how), 0);
		memset(slot(2), 1, 4);
	}
}

/* ---- state ---- */

static struct hv_synthetic_timers_state blob(void)
{
	struct hv_synthetic_timers_state s;

	memset(&s, 0x55, sizeof(s));
	stimer_get_hv(&timers, &s);
	return s;
}

/* Commit into fresh timers with every slot full, so that nothing is delivered. */
static void commit(const struct hv_synthetic_timers_state *s, uint64_t now)
{
	uint16_t raise = 0;

	setup();
	memset(simp, 1, sizeof(simp));
	memset(&timers, 0x77, sizeof(timers));
	stimer_set_hv(&timers, &synic, s, now, &raise);
	assert_int_equal(raise, 0);
}

static void busy(void)
{
	setup();
	memset(simp, 1, sizeof(simp));
	config(0, 0x10008);
	count(0, NOW + 1000);
	config(1, 0x2000e);
	count(1, 300);
	config(2, 0x1e78 | STIMER_PERIODIC);
	count(2, 777);
	config(3, 0xf0008);
	count(3, NOW - 4);
	(void)expire(NOW + 310);
	assert_int_equal(timers.pending, 0xa);
}

static void test_state_layout(void **state)
{
	struct hv_synthetic_timers_state s;
	uint64_t w[25];

	(void)state;
	busy();
	s = blob();
	memcpy(w, &s, sizeof(w));
	for (uint32_t n = 0; n < 4; n++) {
		assert_int_equal(w[5 * n], timers.pending >> n & 1);
		assert_int_equal(w[5 * n + 1], get(2 * n));
		assert_int_equal(w[5 * n + 2], get(2 * n + 1));
	}
	assert_int_equal(w[3], 0);
	assert_int_equal(w[8], NOW + 600);
	assert_int_equal(w[13], NOW + 777);
	assert_int_equal(w[18], 0);
	assert_int_equal(w[4], 0);
	assert_int_equal(w[9], NOW + 300);
	assert_int_equal(w[14], 0);
	assert_int_equal(w[19], NOW - 4);
	for (uint32_t i = 20; i < 25; i++)
		assert_int_equal(w[i], 0);
	stimer_reset(&timers);
	s = blob();
	memset(w, 0, sizeof(w));
	assert_memory_equal(&s, w, sizeof(w));
	assert_true(stimer_check_hv(&s));
}

static void test_state_identity(void **state)
{
	struct hv_synthetic_timers_state s, t;
	struct hv_stimers before;

	(void)state;
	busy();
	before = timers;
	s = blob();
	assert_memory_equal(&timers, &before, sizeof(before));
	assert_true(stimer_check_hv(&s));
	commit(&s, NOW + 99999);
	t = blob();
	assert_memory_equal(&s, &t, sizeof(s));
	assert_int_equal(timers.pending, before.pending);
	assert_int_equal(stimer_deadline(&timers), stimer_deadline(&before));
	/* Whatever a guest programs can be saved, and comes back the same. */
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t val = rnd() & 1 ? rnd() & 0xf1fff : NOW + rnd() % 2000;

		(void)stimer_write(&timers, HV_REGISTER_STIMER0_CONFIG + (rnd() & 7), val, NOW + i);
		if (rnd() & 1)
			(void)expire(NOW + i);
		if (rnd() & 1)
			slot_clear((uint32_t)rnd() & 15);
		s = blob();
		assert_true(stimer_check_hv(&s));
		before = timers;
		commit(&s, NOW + 123456);
		t = blob();
		assert_memory_equal(&s, &t, sizeof(s));
		assert_int_equal(stimer_deadline(&timers), stimer_deadline(&before));
	}
}

static void test_state_delivers(void **state)
{
	struct hv_synthetic_timers_state s;
	struct stimer_effect e;
	uint16_t raise = 0;

	(void)state;
	busy();
	s = blob();
	setup();
	stimer_set_hv(&timers, &synic, &s, NOW + 400, &raise);
	assert_int_equal(raise, 0x8004);
	assert_message(2, 1, NOW + 300, NOW + 400);
	assert_message(15, 3, NOW - 4, NOW + 400);
	assert_int_equal(timers.pending, 0);
	e = expire(NOW + 599);
	assert_int_equal(e.raise, 0);
	slot_clear(2);
	e = expire(NOW + 600);
	assert_int_equal(e.raise, 4);
	/* An old waiting message of the target itself is gone with its timers. */
	busy();
	memset(&s, 0, sizeof(s));
	memset(simp, 0, sizeof(simp));
	raise = 0;
	stimer_set_hv(&timers, &synic, &s, NOW, &raise);
	assert_int_equal(raise, 0);
	assert_int_equal(stimer_deadline(&timers), STIMER_NEVER);
	/* Adjustment 0 of a running periodic timer: a whole period. */
	busy();
	s = blob();
	memset((uint8_t *)&s + 40 + 24, 0, 8);
	assert_true(stimer_check_hv(&s));
	commit(&s, 10000);
	assert_int_equal(timers.timer[1].due, 10300);
	/* Overdue when saved is overdue when restored: nothing lost. */
	setup();
	config(0, 0x1e78);
	count(0, NOW + 5);
	s = blob();
	commit(&s, NOW + 50);
	assert_int_equal(stimer_deadline(&timers), NOW + 5);
	e = expire(NOW + 50);
	assert_int_equal(e.vectors, 1);
}

/* Is a state refused that differs from the busy one in this bit? w: which u64 of the 25. */
static bool bit_ok(uint32_t w, uint32_t bit)
{
	/* timer:       0 one-shot  1 periodic, waits  2 direct periodic  3 spent, waits */
	uint32_t n = w / 5;

	if (n == 4)
		return false;
	switch (w % 5) {
	case 0: /* flags: 0 and 3 have a SINT; without the flag 1 and 3 keep an expiry time */
		return bit == 0 && n == 0;
	case 1:
		if (bit >= 20 || (bit >= 13 && bit < 16))
			return false;
		if (bit == 0)
			/* no phase for a stopped periodic timer */
			return n == 0 || n == 3;
		if (bit == 1)
			return n == 0 || n == 3;
		if (bit == 12)
			/* a waiting message needs a SINT; timer 2's SINT is 0 */
			return n == 0;
		if (bit >= 16)
			/* SINT 1 without its only bit is SINT 0, as is 2 */
			return !(n == 0 && bit == 16) && !(n == 1 && bit == 17);
		return true;
	case 2:
		return true;
	case 3:
		return n == 1 || n == 2;
	default:
		return n == 1 || n == 3;
	}
}

static void test_state_refused(void **state)
{
	struct hv_synthetic_timers_state good, s;
	struct hv_stimers before;
	uint64_t w[25];

	(void)state;
	busy();
	good = blob();
	before = timers;
	for (uint32_t i = 0; i < 25 * 64; i++) {
		memcpy(w, &good, sizeof(w));
		w[i / 64] ^= 1ull << i % 64;
		memcpy(&s, w, sizeof(s));
		if (stimer_check_hv(&s) != bit_ok(i / 64, i % 64))
			fail_msg("word %u bit %u", i / 64, i % 64);
		assert_memory_equal(&timers, &before, sizeof(before));
	}
	/* Combinations: a message of a timer without SINT; a phase without a period. */
	memset(w, 0, sizeof(w));
	w[0] = 1;
	memcpy(&s, w, sizeof(s));
	assert_false(stimer_check_hv(&s));
	w[1] = 0x10000;
	memcpy(&s, w, sizeof(s));
	assert_true(stimer_check_hv(&s));
	w[1] = 0x11000;
	memcpy(&s, w, sizeof(s));
	assert_false(stimer_check_hv(&s));
	memset(w, 0, sizeof(w));
	w[6] = 0x10003;
	w[8] = 5;
	memcpy(&s, w, sizeof(s));
	assert_false(stimer_check_hv(&s));
	w[7] = 1;
	memcpy(&s, w, sizeof(s));
	assert_true(stimer_check_hv(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),      cmocka_unit_test(test_enable_rules),
		cmocka_unit_test(test_one_shot),       cmocka_unit_test(test_direct),
		cmocka_unit_test(test_periodic),       cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_state_layout),   cmocka_unit_test(test_state_identity),
		cmocka_unit_test(test_state_delivers), cmocka_unit_test(test_state_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
