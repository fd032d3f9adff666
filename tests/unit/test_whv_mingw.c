/* SPDX-License-Identifier: MIT */
/*
 * mingw-w64's copy of the header against the same frozen numbers as ours: what both agree with,
 * they agree on. Debian's mingw-w64-common 10.0 is older than the interface; its gaps are listed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MINGW_HEADER "/usr/share/mingw-w64/include/winhvplatformdefs.h"

#if __has_include(MINGW_HEADER)

/* What windows.h would have brought; our own headers of the interface stay out. */
#include "hvapi/whv/include/whv_win32.h"
#define WINBOOL BOOL
#define __C89_NAMELESS
#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
#define C_ASSERT(e)	  _Static_assert(e, #e)
#define ANYSIZE_ARRAY	  1
#define DEFINE_ENUM_FLAG_OPERATORS(x)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#include MINGW_HEADER
#pragma GCC diagnostic pop

#include "tests/unit/test_whv_table.h"
#include "tests/unit/test_whv_table_bits.h"
#include "tests/unit/test_whv_check.h"

static void test_common(void **state)
{
	(void)state;
	WHV_SIZES(CHECK_SIZE)
	WHV_OFFSETS(CHECK_OFFSET)
	WHV_BITS(CHECK_BITS)
	WHV_ENUMS(CHECK_ENUM)
	check_done();
}

#define ONE(...)	       +1
#define NAME2(type, member, n) " " #type "." #member
#define NAME1(type, n)	       " " #type

static void test_listed_gaps(void **state)
{
	int rows = 0 WHV_SIZES_NEW(ONE) WHV_OFFSETS_NEW(ONE) WHV_BITS_NEW(ONE) WHV_ENUMS_NEW(ONE);

	(void)state;
	print_message("not compared, mingw-w64 10.0 is older: %d rows\ntypes:%s\n", rows,
		      "" WHV_SIZES_NEW(NAME1));
	print_message("values:%s\n", "" WHV_ENUMS_NEW(NAME1));
	print_message("members:%s\n", "" WHV_OFFSETS_NEW(NAME2));
	/* The state types are there even in the old one: a total absence would be a mistake. */
	assert_in_range(rows, 1, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_listed_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_absent(void **state)
{
	(void)state;
	print_message("skipped: no " MINGW_HEADER " (package mingw-w64-common)\n");
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_absent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
