/* SPDX-License-Identifier: MIT */
/* Sets of VPs as a guest gives them (TLFS, HV_VP_SET). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hv/status.h>

#include "hvapi/vp_set.h"

#define OK	HV_STATUS_SUCCESS
#define COUNT	HV_STATUS_INVALID_HYPERCALL_INPUT
#define UNKNOWN HV_STATUS_INVALID_PARAMETER
#define NO_VP	HV_STATUS_INVALID_VP_INDEX
#define OLD	0x1234567890abcdefull
#define ALL	(~0ull)

static const struct {
	uint64_t format, mask;
	uint32_t bytes;
	uint64_t banks[3];
	uint16_t status;
	uint64_t vps;
} rows[] = {
	/* The empty set, in both ways to write it */
	{ 0, 0, 0, { 0 }, OK, 0 },
	{ 0, 1, 8, { 0 }, OK, 0 },
	{ 0, 1, 8, { 0x21 }, OK, 0x21 },
	{ 0, 1, 8, { ALL }, OK, ALL },
	/* The TLFS's own example has VP 130, which no partition of ours has */
	{ 0, 5, 16, { 0x21, 4 }, NO_VP, 0 },
	{ 0, 5, 16, { 0x21, 0 }, OK, 0x21 },
	{ 0, 2, 8, { 0 }, OK, 0 },
	{ 0, 2, 8, { 1 }, NO_VP, 0 },
	{ 0, 1ull << 63, 8, { 1ull << 63 }, NO_VP, 0 },
	{ 0, 1ull << 63 | 1, 16, { 2, 0 }, OK, 2 },
	{ 0, 7, 24, { 1, 0, 1 }, NO_VP, 0 },
	/* A bank for each bit of the mask, no fewer and no more */
	{ 0, 1, 0, { 1 }, COUNT, 0 },
	{ 0, 1, 16, { 1, 1 }, COUNT, 0 },
	{ 0, 0, 8, { 1 }, COUNT, 0 },
	{ 0, 3, 8, { 1 }, COUNT, 0 },
	{ 0, ALL, 24, { 1 }, COUNT, 0 },
	{ 0, ALL, 63 * 8, { 1 }, COUNT, 0 },
	{ 1, 0, 0, { 0 }, OK, ALL },
	{ 1, 1, 8, { 0 }, OK, ALL },
	{ 1, 2, 8, { 5 }, OK, ALL },
	{ 1, 1, 0, { 0 }, COUNT, 0 },
	{ 1, 0, 8, { 0 }, COUNT, 0 },
	/* Formats that there are not */
	{ 2, 0, 0, { 0 }, UNKNOWN, 0 },
	{ 2, 1, 8, { 1 }, UNKNOWN, 0 },
	{ 1ull << 32, 1, 8, { 1 }, UNKNOWN, 0 },
	{ ALL, 0, 0, { 0 }, UNKNOWN, 0 },
};

static void test_rows(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hv_vp_set set = { rows[i].format, rows[i].mask };
		uint64_t vps = OLD;
		uint16_t status;

		status = vp_set_decode(&set, (const uint8_t *)rows[i].banks, rows[i].bytes, &vps);
		if (status != rows[i].status || vps != (status == OK ? rows[i].vps : OLD))
			fail_msg("row %u: status %x, VPs %llx", i, status, (unsigned long long)vps);
	}
}

/* All banks there can be; they need not be aligned. */
static void test_all_banks(void **state)
{
	struct hv_vp_set set = { HV_GENERIC_SET_SPARSE_4K, ALL };
	uint8_t banks[64 * 8 + 1];
	uint64_t vps = OLD;

	(void)state;
	memset(banks, 0, sizeof(banks));
	banks[1] = 0x81;
	assert_int_equal(vp_set_decode(&set, banks + 1, 64 * 8, &vps), OK);
	assert_int_equal(vps, 0x81);
	for (uint32_t i = 1; i < 64; i++) {
		banks[1 + 8 * i + 7] = 0x80;
		assert_int_equal(vp_set_decode(&set, banks + 1, 64 * 8, &vps), NO_VP);
		banks[1 + 8 * i + 7] = 0;
	}
	assert_int_equal(vp_set_decode(&set, banks + 1, 63 * 8, &vps), COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all_banks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
