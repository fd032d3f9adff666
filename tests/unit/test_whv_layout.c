/* SPDX-License-Identifier: MIT */
/* Our WinHvPlatform headers against the frozen numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <WinHvPlatform.h>

#include "tests/unit/test_whv_table.h"
#include "tests/unit/test_whv_table_bits.h"
#include "tests/unit/test_whv_check.h"

static void test_sizes(void **state)
{
	(void)state;
	WHV_SIZES(CHECK_SIZE)
	WHV_SIZES_NEW(CHECK_SIZE)
	check_done();
}

static void test_offsets(void **state)
{
	(void)state;
	WHV_OFFSETS(CHECK_OFFSET)
	WHV_OFFSETS_NEW(CHECK_OFFSET)
	check_done();
}

static void test_bits(void **state)
{
	(void)state;
	WHV_BITS(CHECK_BITS)
	WHV_BITS_NEW(CHECK_BITS)
	check_done();
}

static void test_enums(void **state)
{
	(void)state;
	WHV_ENUMS(CHECK_ENUM)
	WHV_ENUMS_NEW(CHECK_ENUM)
	check_done();
}

static void test_constants(void **state)
{
	(void)state;
	assert_int_equal(WHV_ANY_VP, 0xffffffff);
	assert_int_equal(WHV_SYNIC_MESSAGE_SIZE, 256);
	assert_int_equal((uint32_t)E_INVALIDARG, 0x80070057);
	assert_int_equal((uint32_t)E_NOTIMPL, 0x80004001);
	assert_int_equal((uint32_t)WHV_E_INSUFFICIENT_BUFFER, 0x80370301);
	assert_int_equal((uint32_t)WHV_E_INVALID_VP_STATE, 0x80370308);
	assert_int_equal((uint32_t)WHV_E_UNSUPPORTED_PROCESSOR_CONFIG, 0x80370310);
	assert_int_equal((uint32_t)HRESULT_FROM_HV_STATUS(0x15), 0xc0350015);
	assert_int_equal((uint32_t)HRESULT_FROM_WIN32(ERROR_INVALID_STATE), 0x8007139f);
}

/* Alignments the sizes do not show */
static void test_alignment(void **state)
{
	(void)state;
	assert_int_equal(_Alignof(WHV_UINT128), 16);
	assert_int_equal(_Alignof(WHV_REGISTER_VALUE), 16);
	assert_int_equal(_Alignof(WHV_X64_NESTED_STATE), 4096);
	assert_int_equal(_Alignof(WHV_SVM_VMCB_SELECTOR), 1);
}

/* The checkers see a wrong number: each is given one, and must complain exactly once. */
static void test_planted(void **state)
{
	(void)state;
	check_quiet = true;
	CHECK_SIZE(WHV_REGISTER_VALUE, 15)
	CHECK_OFFSET(WHV_X64_SEGMENT_REGISTER, Selector, 10)
	CHECK_BITS(WHV_INTERRUPT_CONTROL, TriggerMode, 12, 3)
	CHECK_BITS(WHV_INTERRUPT_CONTROL, TriggerMode, 11, 4)
	CHECK_ENUM(WHvX64RegisterRflags, 0x12)
	check_quiet = false;
	assert_int_equal(check_failures, 5);
	check_failures = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	  cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_bits),	  cmocka_unit_test(test_enums),
		cmocka_unit_test(test_constants), cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
