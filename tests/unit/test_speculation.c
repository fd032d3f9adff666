/* SPDX-License-Identifier: MIT */
/*
 * What a processor is given against speculation, by what real ones say of themselves (CPUID and
 * IA32_ARCH_CAPABILITIES as their public dumps have them, microcode of 2024).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "fake_arch.h"
#include "kernel/log.h"
#include "kernel/slat.h"

bool slat_small_exec;

void log_print(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

enum { IBPB = 1, CTRL = 2, RSB = 4, VERW = 8, L1D = 16, SMALL = 32 };

static uint32_t bits(const struct speculation *s)
{
	return (s->ibpb ? IBPB : 0u) | (s->spec_ctrl ? CTRL : 0u) | (s->rsb ? RSB : 0u) |
	       (s->verw ? VERW : 0u) | (s->l1d_flush ? L1D : 0u) | (s->small_exec ? SMALL : 0u);
}

static const struct {
	const char *name;
	struct speculation_facts f;
	uint32_t want;
} cpus[] = {
	{ "TCG max", { .leaf7_ebx = 0x019c07ab, .leaf7_edx = 0x10 }, 0 },
	{ "Skylake-SP",
	  { .intel = true,
	    .leaf7_ebx = 0xd39ffffb,
	    .leaf7_edx = 0xbc002e00,
	    .arch_caps = 0x2000c04 },
	  IBPB | CTRL | RSB | VERW | L1D | SMALL },
	{ "Cascade Lake-SP",
	  { .intel = true, .leaf7_ebx = 0xd19f27eb, .leaf7_edx = 0xbc000400, .arch_caps = 0xa2b },
	  IBPB | CTRL | RSB | VERW | SMALL },
	{ "Sapphire Rapids",
	  { .intel = true,
	    .leaf7_ebx = 0xf3bfbfeb,
	    .leaf7_edx = 0xbfd14410,
	    .arch_caps = 0x80000000080fd6b },
	  IBPB | CTRL | RSB },
	{ "Alder Lake-N",
	  { .intel = true,
	    .leaf7_ebx = 0x239ca7eb,
	    .leaf7_edx = 0xfc18c410,
	    .arch_caps = 0x1000fd6b },
	  IBPB | CTRL | RSB | VERW },
	{ "Skylake without new microcode", { .intel = true, .leaf7_ebx = 0x029c6fbf }, SMALL },
	{ "Zen 1", { .leaf7_ebx = 0x209c01a9, .ext8_ebx = 0x1007 }, IBPB | RSB },
	{ "Zen 2", { .leaf7_ebx = 0x219c91a9, .ext8_ebx = 0x18cf757 }, IBPB | CTRL | RSB },
	{ "Zen 3, TSA microcode",
	  { .leaf7_ebx = 0x219c97a9, .ext8_ebx = 0x111ed205 | BIT(12), .ext21_eax = 0x65 },
	  IBPB | CTRL | RSB | VERW },
	{ "Zen 2, TSA told away",
	  { .ext8_ebx = 0x1000, .ext21_eax = 0x20, .ext21_ecx = 6 },
	  IBPB | RSB },
	{ "half of TSA told away",
	  { .ext8_ebx = 0x1000, .ext21_eax = 0x20, .ext21_ecx = 2 },
	  IBPB | RSB | VERW },
};

static void test_cpus(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		struct speculation s;

		memset(&s, 1, sizeof(s));
		speculation_fold(&s, &cpus[i].f);
		if (bits(&s) != cpus[i].want)
			fail_msg("%s: %x, wanted %x", cpus[i].name, bits(&s), cpus[i].want);
	}
}

/* Each reason to clear buffers alone, on an Intel CPU that has the microcode. */
static void test_buffers(void **state)
{
	const uint64_t none = BIT(5) | BIT(8) | BIT(13) | BIT(14) | BIT(15);
	static const uint32_t alone[] = { 5, 13, 14, 15 };
	struct speculation_facts f = { .intel = true, .leaf7_edx = BIT(10), .arch_caps = none };
	struct speculation s;

	(void)state;
	speculation_fold(&s, &f);
	assert_false(s.verw);
	for (uint32_t i = 0; i < 4; i++) {
		f.arch_caps = none & ~BIT(alone[i]);
		speculation_fold(&s, &f);
		assert_true(s.verw);
		f.leaf7_edx = 0;
		speculation_fold(&s, &f);
		assert_false(s.verw);
		f.leaf7_edx = (uint32_t)BIT(10);
	}
	/* TAA needs TSX */
	f.arch_caps = none & ~BIT(8);
	speculation_fold(&s, &f);
	assert_false(s.verw);
	f.leaf7_ebx = (uint32_t)BIT(11);
	speculation_fold(&s, &f);
	assert_true(s.verw);
	f.arch_caps = none | BIT(28); /* RFDS_CLEAR */
	f.leaf7_ebx = 0;
	speculation_fold(&s, &f);
	assert_true(s.verw);
	/* L1TF: either word is enough */
	f.leaf7_edx = (uint32_t)BIT(28);
	for (uint32_t i = 0; i < 4; i++) {
		f.arch_caps = (i & 1 ? BIT(0) : 0) | (i & 2 ? BIT(3) : 0);
		speculation_fold(&s, &f);
		assert_int_equal(s.l1d_flush, i == 0);
	}
}

static const struct speculation_facts *now;
static uint32_t max_extended;

static void leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	memset(r, 0, 16);
	if (leaf == 0)
		r[1] = now->intel ? 0x756e6547 : 0x68747541;
	else if (leaf == 7)
		r[1] = now->leaf7_ebx, r[3] = now->leaf7_edx;
	else if (leaf == 0x80000000)
		r[0] = max_extended;
	else if (leaf == 0x80000008)
		r[1] = now->ext8_ebx;
	else if (leaf == 0x80000021) {
		assert_true(max_extended >= leaf); /* Intel gives another leaf's answer there */
		r[0] = now->ext21_eax, r[2] = now->ext21_ecx;
	}
}

static void test_init(void **state)
{
	(void)state;
	fake_hw.cpuid = leaves;
	for (uint32_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		now = &cpus[i].f;
		max_extended = now->intel ? 0x80000008 : 0x80000021;
		fake_hw.msrs = 0;
		fake_hw.msr[fake_msr(MSR_ARCH_CAPS)].value = now->arch_caps;
		/* Where it is not announced, reading it is a fault */
		fake_hw.msr[fake_msr(MSR_ARCH_CAPS)].faults = !(now->leaf7_edx & BIT(29));
		memset(&cpu_speculation, 0xff, sizeof(cpu_speculation));
		if (now->arch_caps && !(now->leaf7_edx & BIT(29)))
			fail_msg("%s: row is impossible", cpus[i].name);
		speculation_init(false);
		assert_int_equal(bits(&cpu_speculation), cpus[i].want);
		assert_int_equal(speculation_rsb, cpu_speculation.rsb);
		assert_int_equal(slat_small_exec, (cpus[i].want & SMALL) != 0);
		speculation_init(true);
		assert_int_equal(bits(&cpu_speculation), cpus[i].want | RSB | VERW | SMALL);
		assert_int_equal(speculation_rsb, 1);
		assert_true(slat_small_exec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
