/* SPDX-License-Identifier: MIT */
/*
 * Control words folded from the capability MSRs: Bochs' values as measured, and sets shaped after
 * SDM vol. 3, appendix A, for what other processors differ in. Each bit that is needed and missing
 * has to be named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/vmx/vmx.h"

/* corei7_skylake_x of Bochs 2.7: MSRs 480 .. 491 */
static const uint64_t skylake_x[VMX_CAP_MSRS] = { 0x00d810000000002b,
						  0x0000007f00000016,
						  0xf7f9fffe0401e172,
						  0x007fffff00036dff,
						  0x0000ffff000011ff,
						  0x00000000600401e0,
						  0x80000021,
						  0xffffffff,
						  0x2000,
						  0x003727ff,
						  0x34,
						  0x02177fff00000000,
						  0x00000f0106334141,
						  0x0000007f00000016,
						  0xf7f9fffe04006172,
						  0x007fffff00036dfb,
						  0x0000ffff000011fb,
						  1 };

static uint64_t msr[VMX_CAP_MSRS];
static struct vmx_caps caps;

static int setup(void **state)
{
	(void)state;
	memcpy(msr, skylake_x, sizeof(msr));
	memset(&caps, 0xee, sizeof(caps));
	return 0;
}

static uint64_t *at(uint32_t number)
{
	return &msr[number - 0x480];
}

static void test_skylake_x(void **state)
{
	(void)state;
	assert_null(vmx_caps_fold(&caps, msr));
	assert_int_equal(caps.revision, 0x2b);
	/* The words as they went into a VMCS that Bochs has accepted. */
	assert_int_equal(caps.root.pin, 0x16 | 1u << 3 | 1u << 5);
	assert_int_equal(caps.guest.pin, 0x16 | 1u << 0 | 1u << 3 | 1u << 5 | 1u << 6);
	assert_int_equal(caps.root.proc, 0x04006172 | 1u << 28 | 1u << 31);
	assert_int_equal(caps.guest.proc, 0x04006172 | 1u << 3 | 1u << 7 | 1u << 10 | 1u << 11 |
						  1u << 21 | 1u << 24 | 1u << 28 | 1u << 29 |
						  1u << 31);
	assert_int_equal(caps.root.proc2,
			 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 12 | 1u << 20);
	assert_int_equal(caps.guest.proc2, 1u << 1 | 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7);
	assert_int_equal(caps.guest.exit, 0x36dfb | 1u << 2 | 1u << 9 | 15u << 18);
	assert_int_equal(caps.guest.entry, 0x11fb | 1u << 2 | 3u << 14);
	assert_int_equal(caps.root.exit, caps.guest.exit);
	assert_int_equal(caps.root.entry, caps.guest.entry);
	/* PE and PG are an unrestricted guest's own. */
	assert_int_equal(caps.cr0_fixed0, 0x20);
	assert_int_equal(caps.cr4_fixed0, 0x2000);
	assert_int_equal(caps.timer_shift, 0);
	assert_true(caps.preemption_timer);
}

/* A bit of the allowed-1 half goes: what was wanted is left out, what was needed is named. */
static void test_each_missing(void **state)
{
	static const struct {
		uint32_t number, bit;
		const char *name; /* NULL: does without */
	} t[] = {
		{ MSR_VMX_TRUE_PIN, 0, "external-interrupt exiting" },
		{ MSR_VMX_TRUE_PIN, 3, "NMI exiting" },
		{ MSR_VMX_TRUE_PIN, 5, "virtual NMIs" },
		{ MSR_VMX_TRUE_PIN, 6, NULL },
		{ MSR_VMX_TRUE_PROC, 3, "use TSC offsetting" },
		{ MSR_VMX_TRUE_PROC, 7, "HLT exiting" },
		{ MSR_VMX_TRUE_PROC, 10, "MWAIT exiting" },
		{ MSR_VMX_TRUE_PROC, 11, "RDPMC exiting" },
		{ MSR_VMX_TRUE_PROC, 21, "use TPR shadow" },
		{ MSR_VMX_TRUE_PROC, 24, "unconditional I/O exiting" },
		{ MSR_VMX_TRUE_PROC, 28, "use MSR bitmaps" },
		{ MSR_VMX_TRUE_PROC, 29, "MONITOR exiting" },
		{ MSR_VMX_TRUE_PROC, 31, "secondary controls" },
		{ MSR_VMX_PROC2, 1, "EPT" },
		{ MSR_VMX_PROC2, 3, NULL },
		{ MSR_VMX_PROC2, 5, "VPID" },
		{ MSR_VMX_PROC2, 6, "WBINVD exiting" },
		{ MSR_VMX_PROC2, 7, "unrestricted guest" },
		{ MSR_VMX_PROC2, 12, NULL },
		{ MSR_VMX_PROC2, 20, NULL },
		{ MSR_VMX_TRUE_EXIT, 2, "save debug controls" },
		{ MSR_VMX_TRUE_EXIT, 9, "host address-space size" },
		{ MSR_VMX_TRUE_EXIT, 18, "save IA32_PAT" },
		{ MSR_VMX_TRUE_EXIT, 19, "load IA32_PAT on exit" },
		{ MSR_VMX_TRUE_EXIT, 20, "save IA32_EFER" },
		{ MSR_VMX_TRUE_EXIT, 21, "load IA32_EFER on exit" },
		{ MSR_VMX_TRUE_ENTRY, 2, "load debug controls" },
		{ MSR_VMX_TRUE_ENTRY, 14, "load IA32_PAT on entry" },
		{ MSR_VMX_TRUE_ENTRY, 15, "load IA32_EFER on entry" },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *why;

		(void)setup(state);
		*at(t[i].number) &= ~(BIT(32 + t[i].bit) | BIT(t[i].bit));
		why = vmx_caps_fold(&caps, msr);
		if (t[i].name) {
			assert_non_null(why);
			assert_string_equal(why, t[i].name);
		} else {
			assert_null(why);
		}
	}
	(void)setup(state);
	*at(MSR_VMX_TRUE_PIN) &= ~BIT(38);
	assert_null(vmx_caps_fold(&caps, msr));
	assert_false(caps.preemption_timer);
	assert_int_equal(caps.guest.pin & 1u << 6, 0);
}

/* A bit that must be 1 and that we cannot live with. */
static void test_forced(void **state)
{
	static const struct {
		uint32_t number, bit;
		const char *name;
	} t[] = {
		{ MSR_VMX_TRUE_PROC, 15, "CR3-load exiting" },
		{ MSR_VMX_TRUE_PROC, 16, "CR3-store exiting" },
		{ MSR_VMX_TRUE_PROC, 19, "CR8-load exiting" },
		{ MSR_VMX_TRUE_PROC, 20, "CR8-store exiting" },
		/* the root's only */
		{ MSR_VMX_TRUE_PIN, 0, "external-interrupt exiting" },
		{ MSR_VMX_TRUE_PROC, 7, "HLT exiting" },
		{ MSR_VMX_TRUE_PROC, 24, "unconditional I/O exiting" },
		{ MSR_VMX_PROC2, 12, "INVPCID" },
		{ MSR_VMX_TRUE_ENTRY, 9, "IA-32e mode guest" },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *why;

		(void)setup(state);
		*at(t[i].number) |= BIT(t[i].bit) | BIT(32 + t[i].bit);
		why = vmx_caps_fold(&caps, msr);
		assert_non_null(why);
		assert_string_equal(why, t[i].name);
	}
}

/*
 * Processors before the TRUE controls (A.2: BASIC bit 55) insist on the default1 class, with it on
 * exits for every MOV of CR3 (Nehalem has TRUE controls, Core 2 has not, and no EPT either).
 */
static void test_default1(void **state)
{
	(void)state;
	*at(MSR_VMX_BASIC) &= ~VMX_BASIC_TRUE;
	assert_string_equal(vmx_caps_fold(&caps, msr), "CR3-load exiting");
	/* Such a machine's second word does not exist: it reads 0. */
	(void)setup(state);
	*at(MSR_VMX_PROC2) = 0;
	assert_string_equal(vmx_caps_fold(&caps, msr), "EPT");
}

static void test_ept(void **state)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} t[] = {
		{ 6, "EPT page walks of 4 levels" },
		{ 14, "write-back EPT structures" },
		{ 16, "2-MiB EPT pages" },
		{ 20, "INVEPT of a single context" },
		{ 25, "INVEPT of a single context" },
		{ 32, "INVVPID of all contexts" },
		{ 42, "INVVPID of all contexts" },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		(void)setup(NULL);
		*at(MSR_VMX_EPT_VPID_CAP) &= ~BIT(t[i].bit);
		assert_string_equal(vmx_caps_fold(&caps, msr), t[i].name);
	}
	/* 1-GiB pages, A/D bits and execute-only are wanted at most. */
	(void)setup(NULL);
	*at(MSR_VMX_EPT_VPID_CAP) &= ~(BIT(0) | BIT(17) | BIT(21));
	assert_null(vmx_caps_fold(&caps, msr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_skylake_x, setup),
		cmocka_unit_test_setup(test_each_missing, setup),
		cmocka_unit_test_setup(test_forced, setup),
		cmocka_unit_test_setup(test_default1, setup),
		cmocka_unit_test_setup(test_ept, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
