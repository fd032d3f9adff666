/* SPDX-License-Identifier: MIT */
/* MOV to CR0 and CR4 as the CPU would judge it (SDM vol. 2, MOV to control registers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"

static struct partition part;
static struct vp vp;
static uint32_t faults;
static bool length_known;

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	ex->len = 3;
	return length_known;
}

void inject_gp(struct vp *v)
{
	(void)v;
	faults++;
}

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	vp.partition = &part;
	faults = 0;
	length_known = true;
	return 0;
}

static bool writes(uint8_t number, uint64_t v)
{
	struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { number, v } };
	uint32_t before = faults;
	enum exit_action a = exit_cr(&vp, &ex);

	assert_int_equal(faults - before, a == EXIT_NEXT ? 0 : 1);
	return a == EXIT_NEXT;
}

static void code(uint16_t attributes)
{
	struct hv_x64_segment_register cs = { .attributes = attributes };

	virt->set_seg(&vp, SEG_CS, &cs);
}

static void test_plain(void **state)
{
	static const uint64_t bad[] = { BIT(32),	 BIT(63), CR0_PG,
					CR0_PG | CR0_NE, CR0_NW,  CR0_NW | CR0_PE };
	uint64_t old;

	(void)state;
	assert_true(writes(0, CR0_PE | CR0_CD | CR0_NW));
	assert_int_equal(virt->get(&vp, SYS_CR0), CR0_PE | CR0_ET | CR0_CD | CR0_NW);
	/* Bits that are not defined below 32 are ignored, ET is always there */
	assert_true(writes(0, CR0_PE | CR0_TS | BIT(6) | BIT(17)));
	old = virt->get(&vp, SYS_CR0);
	assert_int_equal(old, CR0_PE | CR0_TS | CR0_ET);
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(writes(0, bad[i]));
		assert_int_equal(virt->get(&vp, SYS_CR0), old);
	}
}

static void test_paging(void **state)
{
	(void)state;
	code(0xc09b);
	assert_true(writes(0, CR0_PE));
	assert_true(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), 0);
	assert_true(writes(0, CR0_PE));
	/* Into long mode: PAE, and not from 64-bit code */
	virt->set(&vp, SYS_EFER, EFER_LME | EFER_NXE);
	assert_false(writes(0, CR0_PE | CR0_PG));
	virt->set(&vp, SYS_CR4, CR4_PAE);
	code(0xa09b);
	assert_false(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_NXE);
	code(0xc09b);
	assert_true(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	/* A write that leaves PG alone leaves LMA alone */
	code(0xa09b);
	assert_true(writes(0, CR0_PE | CR0_PG | CR0_CD));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	/* Out of it: not from 64-bit code, not with PCIDE */
	assert_false(writes(0, CR0_PE));
	code(0xc09b);
	virt->set(&vp, SYS_CR4, CR4_PAE | CR4_PCIDE);
	assert_false(writes(0, CR0_PE));
	assert_true(virt->get(&vp, SYS_CR0) & CR0_PG);
	virt->set(&vp, SYS_CR4, CR4_PAE);
	assert_true(writes(0, CR0_PE));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_NXE);
}

/* Only bits that are not offered are masked in CR4. */
static void test_cr4(void **state)
{
	(void)state;
	virt->set(&vp, SYS_CR4, CR4_PAE);
	assert_false(writes(4, CR4_PAE | CR4_VMXE));
	assert_false(writes(4, BIT(63)));
	assert_int_equal(virt->get(&vp, SYS_CR4), CR4_PAE);
}

static void test_no_length(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { 0, CR0_PE } };

	(void)state;
	length_known = false;
	assert_int_equal(exit_cr(&vp, &ex), EXIT_RESUME);
	assert_int_equal(virt->get(&vp, SYS_CR0), 0);
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, setup),
		cmocka_unit_test_setup(test_paging, setup),
		cmocka_unit_test_setup(test_cr4, setup),
		cmocka_unit_test_setup(test_no_length, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
