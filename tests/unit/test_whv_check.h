/* SPDX-License-Identifier: MIT */
/* Checkers of the frozen tables; every row is looked at before the test fails. */
#ifndef TEST_WHV_CHECK_H
#define TEST_WHV_CHECK_H

#include <stdbool.h>

static unsigned int check_rows, check_failures;
static bool check_quiet;

static void check_number(const char *what, const char *member, uint64_t got, uint64_t want)
{
	check_rows++;
	if (got == want)
		return;
	check_failures++;
	if (!check_quiet)
		print_error("%s %s: %llu, not %llu\n", what, member, (unsigned long long)got,
			    (unsigned long long)want);
}

/* p: an object whose one field is all ones and whose rest is zero */
static void check_bits(const char *what, const char *member, const void *p, size_t size,
		       uint64_t first, uint64_t width)
{
	uint64_t low = UINT64_MAX, count = 0, last = 0;

	for (uint64_t i = 0; i < 8 * (uint64_t)size; i++) {
		if (!(((const uint8_t *)p)[i / 8] >> (i % 8) & 1))
			continue;
		if (low == UINT64_MAX)
			low = i;
		last = i;
		count++;
	}
	check_number(what, member, count && last - low + 1 == count ? low << 16 | count : 0,
		     first << 16 | width);
}

static void check_done(void)
{
	print_message("%u rows\n", check_rows);
	assert_true(check_rows > 0);
	check_rows = 0;
	assert_int_equal(check_failures, 0);
}

#define CHECK_SIZE(type, n)	      check_number("sizeof", #type, sizeof(type), n);
#define CHECK_OFFSET(type, member, n) check_number(#type, #member, offsetof(type, member), n);
#define CHECK_ENUM(name, n)	      check_number("enum", #name, (uint32_t)(name), n);
#define CHECK_BITS(type, member, first, width) \
	{ \
		static type v; \
\
		memset(&v, 0, sizeof(v)); \
		v.member--; \
		check_bits(#type, #member, &v, sizeof(v), first, width); \
	}

#endif
