/* SPDX-License-Identifier: MIT */
/* Which bits of the SGI_base frame are the root's: IHI 0069, 12.10. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arm64/gicv3/gic.h"
#include "kernel/bits.h"

#define OWN (1u << 15 | 1u << 25 | 1u << 26)

static void test_bit_registers(void **state)
{
	static const struct {
		uint32_t at;
		bool set_clear;
	} rows[] = { { 0x080, false }, { 0x100, true },	 { 0x180, true },
		     { 0x200, true },  { 0x280, true },	 { 0x300, true },
		     { 0x380, true },  { 0xd00, false }, { 0xf80, false } };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sgi_bits b = sgi_frame_bits(rows[i].at, 4, OWN);

		assert_true(b.known);
		assert_int_equal(b.own, OWN);
		assert_int_equal(b.set_clear, rows[i].set_clear);
		/* 32 bits, and no other way in */
		assert_false(sgi_frame_bits(rows[i].at, 1, OWN).known);
		assert_false(sgi_frame_bits(rows[i].at, 2, OWN).known);
		assert_false(sgi_frame_bits(rows[i].at, 8, OWN).known);
	}
}

static void test_pairs(void **state)
{
	(void)state;
	assert_int_equal(sgi_frame_bits(0xc00, 4, OWN).own, 3u << 30);
	assert_int_equal(sgi_frame_bits(0xc04, 4, OWN).own, 3u << 18 | 3u << 20);
	assert_int_equal(sgi_frame_bits(0xe00, 4, OWN).own, 3u << 30);
	assert_false(sgi_frame_bits(0xc04, 4, OWN).set_clear);
}

static void test_priorities(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		struct sgi_bits b = sgi_frame_bits(0x400 + i, 1, OWN);

		assert_true(b.known);
		assert_int_equal(b.own, OWN >> i & 1 ? 0xff : 0);
	}
	assert_int_equal(sgi_frame_bits(0x400, 4, OWN).own, 0);
	assert_int_equal(sgi_frame_bits(0x40c, 4, OWN).own, 0xff000000);
	assert_int_equal(sgi_frame_bits(0x418, 4, OWN).own, 0x00ffff00);
	assert_false(sgi_frame_bits(0x400, 2, OWN).known);
	assert_false(sgi_frame_bits(0x400, 8, OWN).known);
}

/* What has no name reads as zero and takes nothing. */
static void test_reserved(void **state)
{
	static const uint32_t named[] = { 0x080, 0x100, 0x180, 0x200, 0x280, 0x300,
					  0x380, 0xc00, 0xc04, 0xd00, 0xe00, 0xf80 };

	(void)state;
	for (uint32_t at = 0; at < 0x10000; at += 4) {
		bool is = at >= 0x400 && at < 0x420;

		for (uint32_t i = 0; i < ARRAY_LEN(named); i++)
			is |= named[i] == at;
		assert_int_equal(sgi_frame_bits(at, 4, OWN).own == ~0u, !is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bit_registers),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
