/* SPDX-License-Identifier: MIT */
/* Memory types of the root's identity map where no MTRR reaches (SDM vol. 3, 12.11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/mtrr.h"
#include "arch/x86_64/common/regs.h"

#define K4 0x1000ull
#define M2 0x200000ull
#define G1 0x40000000ull

static struct mtrr_map m;

static void put(uint32_t msr, uint64_t v)
{
	fake_hw.msr[fake_msr(msr)].value = v;
}

/* 3 GiB of RAM written back, a frame buffer in it, VGA and ROMs below 1 MiB */
static int setup(void **state)
{
	(void)state;
	memset(&fake_hw, 0, sizeof(fake_hw));
	put(MSR_MTRRCAP, 0x508);
	put(MSR_MTRR_DEF_TYPE, 0xc00 | MTRR_UC);
	for (uint32_t i = 0; i < 16; i++)
		put(MSR_MTRR_PHYSBASE + i, 0);
	put(MSR_MTRR_PHYSBASE + 0, MTRR_WB);
	put(MSR_MTRR_PHYSBASE + 1, 0xff80000000 | 0x800); /* 0 .. 2 GiB */
	put(MSR_MTRR_PHYSBASE + 2, 0x80000000 | MTRR_WB);
	put(MSR_MTRR_PHYSBASE + 3, 0xffc0000000 | 0x800); /* 2 .. 3 GiB */
	put(MSR_MTRR_PHYSBASE + 4, 0xb0000000 | MTRR_WC);
	put(MSR_MTRR_PHYSBASE + 5, 0xfffff00000); /* not valid */
	put(MSR_MTRR_FIX64K, 0x0606060606060606);
	put(MSR_MTRR_FIX16K, 0x0606060606060606);
	put(MSR_MTRR_FIX16K + 1, 0); /* a0000: VGA */
	for (uint32_t i = 0; i < 8; i++)
		put(MSR_MTRR_FIX4K + i, 0x0505050505050505);
	put(MSR_MTRR_FIX4K + 1, 0x0505050505050501); /* c8000 alone is WC */
	mtrr_read(&m);
	return 0;
}

static void test_variable(void **state)
{
	(void)state;
	assert_int_equal(m.variable, 2);
	assert_int_equal(mtrr_type(&m, M2, M2), MTRR_WB);
	assert_int_equal(mtrr_type(&m, G1, G1), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 2 * G1, G1), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 3 * G1, G1), MTRR_UC);
	assert_int_equal(mtrr_type(&m, 3 * G1 - K4, K4), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 512 * G1, G1), MTRR_UC);
}

static void test_fixed(void **state)
{
	(void)state;
	assert_int_equal(mtrr_type(&m, 0, G1), MTRR_MIXED);
	assert_int_equal(mtrr_type(&m, 0, M2), MTRR_MIXED);
	assert_int_equal(mtrr_type(&m, 0, K4), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 0x7f000, K4), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 0x9f000, K4), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 0xa0000, K4), MTRR_UC);
	assert_int_equal(mtrr_type(&m, 0xbf000, K4), MTRR_UC);
	assert_int_equal(mtrr_type(&m, 0xc0000, K4), MTRR_WP);
	assert_int_equal(mtrr_type(&m, 0xc8000, K4), MTRR_WC);
	assert_int_equal(mtrr_type(&m, 0xc9000, K4), MTRR_WP);
	assert_int_equal(mtrr_type(&m, 0xff000, K4), MTRR_WP);
	assert_int_equal(mtrr_type(&m, 0x100000, K4), MTRR_WB);
	/* Without FE the variable ranges hold from 0 on. */
	put(MSR_MTRR_DEF_TYPE, 0x800);
	mtrr_read(&m);
	assert_int_equal(mtrr_type(&m, 0, G1), MTRR_WB);
}

static void test_overlap(void **state)
{
	(void)state;
	/* A hole of 1 MiB, WC over WB: undefined by the manual, so the safe type. */
	put(MSR_MTRR_PHYSBASE + 5, 0xfffff00000 | 0x800);
	mtrr_read(&m);
	assert_int_equal(mtrr_type(&m, 2 * G1, G1), MTRR_MIXED);
	assert_int_equal(mtrr_type(&m, 0xb0000000, M2), MTRR_MIXED);
	assert_int_equal(mtrr_type(&m, 0xb0000000, K4), MTRR_UC);
	assert_int_equal(mtrr_type(&m, 0xb00ff000, K4), MTRR_UC);
	assert_int_equal(mtrr_type(&m, 0xb0100000, K4), MTRR_WB);
	assert_int_equal(mtrr_type(&m, 0xb0200000, M2), MTRR_WB);
	/* WT over WB is WT, UC over anything is UC. */
	put(MSR_MTRR_PHYSBASE + 4, 0xb0000000 | MTRR_WT);
	mtrr_read(&m);
	assert_int_equal(mtrr_type(&m, 0xb0000000, K4), MTRR_WT);
	put(MSR_MTRR_PHYSBASE + 4, 0xb0000000 | MTRR_UC);
	mtrr_read(&m);
	assert_int_equal(mtrr_type(&m, 0xb0000000, K4), MTRR_UC);
}

/* E clear: all memory is uncached, whatever the ranges say. */
static void test_off(void **state)
{
	(void)state;
	put(MSR_MTRR_DEF_TYPE, MTRR_WB);
	mtrr_read(&m);
	assert_int_equal(mtrr_type(&m, 0, G1), MTRR_UC);
	assert_int_equal(mtrr_type(&m, M2, K4), MTRR_UC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_variable, setup),
		cmocka_unit_test_setup(test_fixed, setup),
		cmocka_unit_test_setup(test_overlap, setup),
		cmocka_unit_test_setup(test_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
