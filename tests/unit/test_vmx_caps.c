/* SPDX-License-Identifier: MIT */
/*
 * Control words folded from the capability MSRs: of the one emulator that has VMX, and of
 * processors that are not at hand. Each bit that is needed and missing, and each that is insisted
 * on and cannot be lived with, has to be named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmx_skylake_x.h"

/*
 * Real processors as published. From the CPU database of VirtualBox, and two of its logs, which
 * print all of the MSRs but not always the model's name: Core 2 X6800, Xeon X5482, an Ivy Bridge
 * (CPUID 306a9), Pentium N3530, Core i7-5600U, a Coffee Lake (CPUID 906ea). From the table of the
 * VmxCaps project: Core i5-650, Core i7-4600U, Core i9-9980XE (the die of the Skylake servers).
 * That table has neither CR0/CR4 FIXED nor VMFUNC: CR0_FIXED0, CR0_FIXED1 and CR4_FIXED0 here are
 * as on all the others, CR4_FIXED1 is a guess, and nothing below looks at it.
 * The Nehalem is none: no published set was found. It is the i5-650 (a Westmere, its successor)
 * without unrestricted guests, shaped after SDM vol. 3, A.3.3.
 */
static const struct processor {
	const char *name;
	uint64_t msr[VMX_CAP_MSRS];
	const char *missing; /* NULL: good enough */
	uint32_t root_proc2, revision, shift;
	bool large, dirty;
} processors[] = {
	{ "Core 2 X6800 (Conroe)",
	  { 0x001a040000000007, 0x0000001f00000016, 0x77b9fffe0401e172, 0x0003efff00036dff,
	    0x00001fff000011ff, 0x403c0, 0x80000021, 0xffffffff, 0x2000, 0x27ff, 0x2c },
	  .missing = "virtual NMIs" },
	{ "Xeon X5482 (Penryn)",
	  { 0x005a08000000000d, 0x0000003f00000016, 0xf7f9fffe0401e172, 0x0003ffff00036dff,
	    0x00003fff000011ff, 0x403c0, 0x80000021, 0xffffffff, 0x2000, 0x27ff, 0x2c,
	    0x0000004100000000 },
	  .missing = "CR3-load exiting" },
	{ "a Nehalem",
	  { 0x00da04000000000f, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x401e7, 0x80000021, 0xffffffff, 0x2000, 0x27ff, 0x2a,
	    0x0000007f00000000, 0x00000f0106114141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb },
	  .missing = "unrestricted guest" },
	{ "Core i5-650 (Clarkdale, a Westmere)",
	  { 0x00da04000000000f, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x401e7, 0x80000021, 0xffffffff, 0x2000, 0x27ff, 0x2a,
	    0x000000ff00000000, 0x00000f0106114141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb },
	  .root_proc2 = 0xaa,
	  .revision = 0xf,
	  .shift = 7 },
	{ "an Ivy Bridge",
	  { 0x00da040000000010, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x100401e5, 0x80000021, 0xffffffff, 0x2000, 0x1767ff, 0x2a,
	    0x000008ff00000000, 0x00000f0106114141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb },
	  .root_proc2 = 0xaa,
	  .revision = 0x10,
	  .shift = 5 },
	{ "Pentium N3530 (Silvermont, an Atom)",
	  { 0x00da040000000002, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x481e6, 0x80000021, 0xffffffff, 0x2000, 0x1027ff, 0x2e,
	    0x000028ef00000000, 0x00000f0106114141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb, 1 },
	  .root_proc2 = 0xaa,
	  .revision = 2,
	  .shift = 6 },
	{ "Core i7-4600U (Haswell)",
	  { 0x00da040000000012, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x300481e5, 0x80000021, 0xffffffff, 0x2000, 0x1767ff, 0x2a,
	    0x00007cff00000000, 0x00000f0106334141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb, 1 },
	  .root_proc2 = 0x10aa,
	  .revision = 0x12,
	  .shift = 5,
	  .large = true,
	  .dirty = true },
	{ "Core i7-5600U (Broadwell)",
	  { 0x00da040000000012, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fffff00036dff,
	    0x0000ffff000011ff, 0x300481e5, 0x80000021, 0xffffffff, 0x2000, 0x3767ff, 0x2a,
	    0x00057cff00000000, 0x00000f0106334141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x007fffff00036dfb, 0x0000ffff000011fb, 1 },
	  .root_proc2 = 0x10aa,
	  .revision = 0x12,
	  .shift = 5,
	  .large = true,
	  .dirty = true },
	{ "a Coffee Lake",
	  { 0x00da040000000004, 0x0000007f00000016, 0xfff9fffe0401e172, 0x01ffffff00036dff,
	    0x0003ffff000011ff, 0x7004c1e7, 0x80000021, 0xffffffff, 0x2000, 0x3727ff, 0x2e,
	    0x005fbcff00000000, 0x00000f0106734141, 0x0000007f00000016, 0xfff9fffe04006172,
	    0x01ffffff00036dfb, 0x0003ffff000011fb, 1 },
	  .root_proc2 = 0x1010aa,
	  .revision = 4,
	  .shift = 7,
	  .large = true,
	  .dirty = true },
	{ "Core i9-9980XE (Skylake-X)",
	  { 0x00da040000000004, 0x000000ff00000016, 0xfff9fffe0401e172, 0x01ffffff00036dff,
	    0x0003ffff000011ff, 0x7004c1e7, 0x80000021, 0xffffffff, 0x2000, 0x3727ff, 0x2e,
	    0x025d3fff00000000, 0x00000f0106734141, 0x000000ff00000016, 0xfff9fffe04006172,
	    0x01ffffff00036dfb, 0x0003ffff000011fb, 1 },
	  .root_proc2 = 0x1010aa,
	  .revision = 4,
	  .shift = 7,
	  .large = true,
	  .dirty = true },
};

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

/* A.3 to A.5: what the CPU allows. NULL, or which word VM entry would refuse. */
static const char *refused(const struct vmx_controls *c, const uint64_t *m)
{
	const struct {
		const char *name;
		uint32_t word, number, exact;
	} w[] = {
		{ "pin", c->pin, MSR_VMX_PIN, MSR_VMX_TRUE_PIN },
		{ "proc", c->proc, MSR_VMX_PROC, MSR_VMX_TRUE_PROC },
		{ "proc2", c->proc2, MSR_VMX_PROC2, MSR_VMX_PROC2 },
		{ "exit", c->exit, MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT },
		{ "entry", c->entry, MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(w); i++) {
		uint64_t cap = m[(m[0] & VMX_BASIC_TRUE ? w[i].exact : w[i].number) - 0x480];

		if (~w[i].word & (uint32_t)cap || w[i].word & ~(uint32_t)(cap >> 32))
			return w[i].name;
	}
	return NULL;
}

/* The words as Bochs has accepted them in a VMCS, frozen. */
static void test_skylake_x(void **state)
{
	(void)state;
	assert_null(vmx_caps_fold(&caps, msr));
	assert_int_equal(caps.revision, 0x2b);
	assert_int_equal(caps.root.pin, 0x3e);
	assert_int_equal(caps.root.proc, 0x94006172);
	assert_int_equal(caps.root.proc2, 0x1010aa);
	assert_int_equal(caps.root.exit, 0x3f6fff);
	assert_int_equal(caps.root.entry, 0xd1ff);
	assert_int_equal(caps.guest.pin, 0x7f);
	assert_int_equal(caps.guest.proc, 0xb5206dfa);
	assert_int_equal(caps.guest.proc2, 0x1000ea);
	assert_false(caps.cet);
	assert_int_equal(caps.guest.exit, 0x3f6fff);
	assert_int_equal(caps.guest.entry, 0xd1ff);
	/* PE and PG are an unrestricted guest's own. */
	assert_int_equal(caps.cr0_fixed0, 0x20);
	assert_int_equal(caps.cr4_fixed0, 0x2000);
	assert_int_equal(caps.cr4_fixed1, 0x3727ff);
	assert_int_equal(caps.ept, 0xf0106334141);
	assert_int_equal(caps.timer_shift, 0);
	assert_true(caps.preemption_timer);
}

/* CET is loaded by both or not at all. */
static void test_cet(void **state)
{
	for (uint32_t have = 0; have < 4; have++) {
		(void)setup(state);
		if (have & 1)
			*at(MSR_VMX_TRUE_EXIT) |= EXIT_LOAD_CET << 32;
		if (have & 2)
			*at(MSR_VMX_TRUE_ENTRY) |= ENTRY_LOAD_CET << 32;
		assert_null(vmx_caps_fold(&caps, msr));
		assert_int_equal(caps.cet, have == 3);
		assert_int_equal((caps.root.exit & EXIT_LOAD_CET) != 0, have == 3);
		assert_int_equal((caps.guest.exit & EXIT_LOAD_CET) != 0, have == 3);
		assert_int_equal((caps.root.entry & ENTRY_LOAD_CET) != 0, have == 3);
		assert_int_equal((caps.guest.entry & ENTRY_LOAD_CET) != 0, have == 3);
	}
}

static void test_processors(void **state)
{
	for (uint32_t i = 0; i < ARRAY_LEN(processors); i++) {
		const struct processor *p = &processors[i];
		const char *why;

		(void)setup(state);
		why = vmx_caps_fold(&caps, p->msr);
		if (p->missing) {
			assert_non_null(why);
			assert_string_equal(why, p->missing);
			continue;
		}
		if (why)
			fail_msg("%s: %s", p->name, why);
		assert_null(refused(&caps.root, p->msr));
		assert_null(refused(&caps.guest, p->msr));
		/* What they can more than Bochs nobody asked for, but in the second word. */
		assert_int_equal(caps.root.pin, 0x3e);
		assert_int_equal(caps.root.proc, 0x94006172);
		assert_int_equal(caps.root.proc2, p->root_proc2);
		assert_int_equal(caps.root.exit, 0x3f6fff);
		assert_int_equal(caps.root.entry, 0xd1ff);
		assert_int_equal(caps.guest.pin, 0x7f);
		assert_int_equal(caps.guest.proc, 0xb5206dfa);
		assert_int_equal(caps.guest.proc2, 0xea | (p->root_proc2 & PROC2_XSAVES));
		assert_int_equal(caps.guest.exit, 0x3f6fff);
		assert_int_equal(caps.guest.entry, 0xd1ff);
		assert_int_equal(caps.revision, p->revision);
		assert_int_equal(caps.timer_shift, p->shift);
		assert_int_equal((caps.ept & EPT_CAP_1G) != 0, p->large);
		assert_int_equal((caps.ept & EPT_CAP_AD) != 0, p->dirty);
		assert_true(caps.preemption_timer);
		assert_int_equal(caps.cr0_fixed0, 0x20);
		assert_int_equal(caps.cr4_fixed0, 0x2000);
	}
	/* The checker notices a word with one bit too many, and one too few. */
	caps.guest.proc2 |= 1u << 30;
	assert_string_equal(refused(&caps.guest, processors[ARRAY_LEN(processors) - 1].msr),
			    "proc2");
	caps.root.exit &= ~2u;
	assert_string_equal(refused(&caps.root, processors[ARRAY_LEN(processors) - 1].msr), "exit");
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
		{ MSR_VMX_PROC2, 26, NULL },
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
		struct vmx_caps with;
		const char *why;

		(void)setup(state);
		/* Bochs lacks a wanted one */
		*at(MSR_VMX_PROC2) |= BIT(32 + 26);
		assert_null(vmx_caps_fold(&with, msr));
		*at(t[i].number) &= ~(BIT(32 + t[i].bit) | BIT(t[i].bit));
		why = vmx_caps_fold(&caps, msr);
		if (t[i].name) {
			assert_non_null(why);
			assert_string_equal(why, t[i].name);
			continue;
		}
		assert_null(why);
		assert_null(refused(&caps.root, msr));
		assert_null(refused(&caps.guest, msr));
		if (t[i].number == MSR_VMX_PROC2) {
			assert_int_equal(caps.root.proc2, with.root.proc2 & ~BIT(t[i].bit));
			assert_int_not_equal(caps.root.proc2, with.root.proc2);
		} else {
			assert_int_equal(caps.guest.pin, with.guest.pin & ~BIT(t[i].bit));
			assert_false(caps.preemption_timer);
		}
	}
}

/* Every other bit of the allowed-1 halves may go, and changes nothing. */
static void test_nobody_asked(void **state)
{
	static const uint32_t numbers[] = { MSR_VMX_TRUE_PIN, MSR_VMX_TRUE_PROC, MSR_VMX_PROC2,
					    MSR_VMX_TRUE_EXIT, MSR_VMX_TRUE_ENTRY };
	static const uint32_t used[] = { 0x7f, 0xb5206dfa, 0x41010ea, 0x103f6fff, 0x10d1ff };
	struct vmx_caps with;

	(void)setup(state);
	assert_null(vmx_caps_fold(&with, msr));
	for (uint32_t n = 0; n < ARRAY_LEN(numbers); n++)
		for (uint32_t bit = 0; bit < 32; bit++) {
			if (used[n] >> bit & 1)
				continue;
			for (uint32_t can = 0; can < 2; can++) {
				(void)setup(state);
				*at(numbers[n]) &= ~BIT(32 + bit);
				*at(numbers[n]) |= can ? BIT(32 + bit) : 0;
				assert_null(vmx_caps_fold(&caps, msr));
				assert_memory_equal(&caps.root, &with.root, sizeof(with.root));
				assert_memory_equal(&caps.guest, &with.guest, sizeof(with.guest));
			}
		}
}

/* A bit that must be 1 and that we cannot live with. */
static void test_forced(void **state)
{
	static const struct {
		uint32_t number, bit;
		const char *name;
	} t[] = {
		/* the root's only */
		{ MSR_VMX_TRUE_PIN, 0, "external-interrupt exiting" },
		{ MSR_VMX_TRUE_PIN, 6, "VMX-preemption timer" },
		{ MSR_VMX_TRUE_PROC, 3, "use TSC offsetting" },
		{ MSR_VMX_TRUE_PROC, 7, "HLT exiting" },
		{ MSR_VMX_TRUE_PROC, 10, "MWAIT exiting" },
		{ MSR_VMX_TRUE_PROC, 11, "RDPMC exiting" },
		{ MSR_VMX_TRUE_PROC, 21, "use TPR shadow" },
		{ MSR_VMX_TRUE_PROC, 24, "unconditional I/O exiting" },
		{ MSR_VMX_TRUE_PROC, 29, "MONITOR exiting" },
		{ MSR_VMX_PROC2, 6, "WBINVD exiting" },
		/* the guest's only */
		{ MSR_VMX_PROC2, 12, "INVPCID" },
		{ MSR_VMX_PROC2, 26, "user wait" },
		/* both */
		{ MSR_VMX_TRUE_PROC, 15, "CR3-load exiting" },
		{ MSR_VMX_TRUE_PROC, 16, "CR3-store exiting" },
		{ MSR_VMX_TRUE_PROC, 19, "CR8-load exiting" },
		{ MSR_VMX_TRUE_PROC, 20, "CR8-store exiting" },
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
	/* One that is needed anyhow may be insisted on. */
	(void)setup(state);
	*at(MSR_VMX_TRUE_PIN) |= 1u << 3;
	*at(MSR_VMX_PROC2) |= 1u << 1;
	assert_null(vmx_caps_fold(&caps, msr));
}

/*
 * Processors before the TRUE controls (A.2: BASIC bit 55) insist on the default1 class, with it on
 * exits for every MOV of CR3.
 */
static void test_default1(void **state)
{
	(void)state;
	*at(MSR_VMX_BASIC) &= ~VMX_BASIC_TRUE;
	assert_string_equal(vmx_caps_fold(&caps, msr), "CR3-load exiting");
	*at(MSR_VMX_PROC) &= ~BIT(15);
	assert_string_equal(vmx_caps_fold(&caps, msr), "CR3-store exiting");
	/* Were it not for those two, the plain MSRs would do; the TRUE ones are not looked at. */
	*at(MSR_VMX_PROC) &= ~BIT(16);
	for (uint32_t n = MSR_VMX_TRUE_PIN; n <= MSR_VMX_TRUE_ENTRY; n++)
		*at(n) = 0;
	assert_null(vmx_caps_fold(&caps, msr));
	assert_null(refused(&caps.root, msr));
	assert_null(refused(&caps.guest, msr));
	/* With the bit set it is the plain ones that are not. */
	(void)setup(state);
	for (uint32_t n = MSR_VMX_PIN; n <= MSR_VMX_ENTRY; n++)
		*at(n) = 0;
	assert_null(vmx_caps_fold(&caps, msr));
	/* A machine without a second word: it reads 0. */
	(void)setup(state);
	*at(MSR_VMX_PROC2) = 0;
	assert_string_equal(vmx_caps_fold(&caps, msr), "EPT");
	/* No VMX MSR at all */
	memset(msr, 0, sizeof(msr));
	assert_string_equal(vmx_caps_fold(&caps, msr), "external-interrupt exiting");
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

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *why;

		(void)setup(state);
		*at(MSR_VMX_EPT_VPID_CAP) &= ~BIT(t[i].bit);
		why = vmx_caps_fold(&caps, msr);
		assert_non_null(why);
		assert_string_equal(why, t[i].name);
	}
	/* Every other one is wanted at most. */
	(void)setup(state);
	*at(MSR_VMX_EPT_VPID_CAP) =
		BIT(6) | BIT(14) | BIT(16) | BIT(20) | BIT(25) | BIT(32) | BIT(42);
	assert_null(vmx_caps_fold(&caps, msr));
	assert_int_equal(caps.ept, *at(MSR_VMX_EPT_VPID_CAP));
}

/* What a fold of before has left never shows: the structure is whole again. */
static void test_again(void **state)
{
	struct vmx_caps first;

	(void)state;
	assert_null(vmx_caps_fold(&caps, msr));
	first = caps;
	assert_null(vmx_caps_fold(&caps, processors[ARRAY_LEN(processors) - 1].msr));
	assert_null(vmx_caps_fold(&caps, msr));
	assert_memory_equal(&caps.root, &first.root, sizeof(first.root));
	assert_memory_equal(&caps.guest, &first.guest, sizeof(first.guest));
	assert_int_equal(caps.timer_shift, first.timer_shift);
	assert_int_equal(caps.ept, first.ept);
	*at(MSR_VMX_MISC) = 0x1ff;
	assert_null(vmx_caps_fold(&caps, msr));
	assert_int_equal(caps.timer_shift, 0x1f); /* bits 4:0 (A.6) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_skylake_x, setup),
		cmocka_unit_test(test_cet),
		cmocka_unit_test_setup(test_processors, setup),
		cmocka_unit_test_setup(test_each_missing, setup),
		cmocka_unit_test_setup(test_nobody_asked, setup),
		cmocka_unit_test_setup(test_forced, setup),
		cmocka_unit_test_setup(test_default1, setup),
		cmocka_unit_test_setup(test_ept, setup),
		cmocka_unit_test_setup(test_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
