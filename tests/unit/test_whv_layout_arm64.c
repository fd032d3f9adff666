/* SPDX-License-Identifier: MIT */
/* Our WinHvPlatform headers in their arm64 form against the frozen numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <WinHvPlatform.h>
#include <hv/arm64.h>
#include <hv/registers.h>
#include <hv/vp_state_arm64.h>

#include "tests/unit/test_whv_table_arm64.h"
#include "tests/unit/test_whv_table_bits_arm64.h"
#include "tests/unit/test_whv_check.h"

static void test_sizes(void **state)
{
	(void)state;
	WHV_SIZES(CHECK_SIZE)
	check_done();
}

static void test_offsets(void **state)
{
	(void)state;
	WHV_OFFSETS(CHECK_OFFSET)
	check_done();
}

static void test_bits(void **state)
{
	(void)state;
	WHV_BITS(CHECK_BITS)
	check_done();
}

static void test_enums(void **state)
{
	(void)state;
	WHV_ENUMS(CHECK_ENUM)
	check_done();
}

static void test_alignment(void **state)
{
	(void)state;
	assert_int_equal(_Alignof(WHV_UINT128), 16);
	assert_int_equal(_Alignof(WHV_REGISTER_VALUE), 16);
}

/* The library passes these through: the hypervisor's structures must be the interface's. */
static void test_same_as_hypervisor(void **state)
{
	(void)state;
	CHECK_SIZE(WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE,
		   sizeof(struct hv_arm64_local_interrupt_controller_state))
	CHECK_SIZE(WHV_ARM64_GLOBAL_INTERRUPT_STATE, sizeof(struct hv_arm64_global_interrupt))
	CHECK_SIZE(WHV_ARM64_VP_STATE_SVE, sizeof(struct hv_arm64_sve_state))
	CHECK_SIZE(WHV_MEMORY_ACCESS_CONTEXT, sizeof(struct hv_arm64_memory_intercept_message))
	CHECK_SIZE(WHV_ARM64_RESET_CONTEXT, sizeof(struct hv_arm64_reset_intercept_message))
	CHECK_OFFSET(WHV_MEMORY_ACCESS_CONTEXT, Syndrome,
		     offsetof(struct hv_arm64_memory_intercept_message, syndrome))
	CHECK_ENUM(WHvArm64RegisterGicrBaseGpa, HV_ARM64_REGISTER_GICR_BASE_GPA)
	CHECK_ENUM(WHvRegisterSint0, HV_REGISTER_SINT0)
	CHECK_ENUM(WHvVirtualProcessorStateTypeGlobalInterruptState,
		   HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
	check_done();
}

/* The checkers see a wrong number: each is given one, and must complain exactly once. */
static void test_planted(void **state)
{
	(void)state;
	check_quiet = true;
	CHECK_SIZE(WHV_REGISTER_VALUE, 15)
	CHECK_OFFSET(WHV_MEMORY_ACCESS_CONTEXT, Gpa, 40)
	CHECK_BITS(WHV_INTERRUPT_CONTROL2, Asserted, 33, 1)
	CHECK_ENUM(WHvRunVpExitReasonCanceled, 0x2001)
	check_quiet = false;
	assert_int_equal(check_failures, 4);
	check_failures = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	  cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_bits),	  cmocka_unit_test(test_enums),
		cmocka_unit_test(test_alignment), cmocka_unit_test(test_same_as_hypervisor),
		cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
