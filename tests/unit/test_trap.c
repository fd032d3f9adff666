/* SPDX-License-Identifier: MIT */
/* Exceptions that the core makes for EL1, and the table that sends traps to their handlers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arm64/el2/el2.h"
#include "fake_arch.h"
#include "kernel/log.h"

#define EC(n) ((uint64_t)(n) << 26)
#define IL    (1ull << 25)

struct partition *partition_root;
static struct partition root;
static struct vp vp;
static const char *called;
static uint64_t called_esr;
static uint32_t warned;

#define HANDLER(fn) \
	enum trap_action fn(struct vp *v, const struct el2_trap *t) \
	{ \
		(void)v; \
		called = #fn; \
		called_esr = t->esr; \
		return TRAP_NEXT; \
	}
HANDLER(trap_sysreg)
HANDLER(trap_data_abort)
HANDLER(trap_instruction_abort)
HANDLER(trap_hvc)
HANDLER(trap_smc)

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
	warned++;
}

void log_raw(const char *fmt, ...)
{
	(void)fmt;
}

const uint8_t el2_smc_insn[4], el2_smc_fixup[4];

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	memset(&vp, 0, sizeof(vp));
	vp.partition = &root;
	partition_root = &root;
	vp.arch.pc = 0x40001000;
	vp.arch.pstate = PSR_EL1H;
	*fake_sysreg("vbar_el1") = 0x40000800;
	called = NULL;
	warned = 0;
	return 0;
}

static void trap(uint64_t esr)
{
	*fake_sysreg("esr_el2") = esr;
	trap_handle(&vp, EXIT_SYNC);
}

static void test_table(void **state)
{
	static const struct {
		uint32_t ec;
		const char *fn; /* NULL: undefined for the VP */
		bool said;
	} rows[64] = {
		[0x01] = { 1, "wfi", false },
		[0x07] = { 7, NULL, false },
		[0x09] = { 9, NULL, false },
		[0x0a] = { 10, NULL, false },
		[0x16] = { 0x16, "trap_hvc", false },
		[0x17] = { 0x17, "trap_smc", false },
		[0x18] = { 0x18, "trap_sysreg", false },
		[0x19] = { 0x19, NULL, false },
		[0x1d] = { 0x1d, NULL, false },
		[0x20] = { 0x20, "trap_instruction_abort", false },
		[0x24] = { 0x24, "trap_data_abort", false },
	};

	(void)state;
	for (uint32_t ec = 0; ec < 64; ec++) {
		bool known = rows[ec].ec == ec && ec;

		setup(state);
		trap(EC(ec) | IL | 5);
		if (known && rows[ec].fn && strcmp(rows[ec].fn, "wfi")) {
			assert_string_equal(called, rows[ec].fn);
			assert_int_equal(called_esr, EC(ec) | IL | 5);
			assert_int_equal(vp.arch.pc, 0x40001004);
		} else if (known && rows[ec].fn) {
			assert_int_equal(vp.arch.pc, 0x40001004);
			assert_int_equal(vp.arch.stop, VP_EXIT_HALTED);
		} else {
			/* An undefined instruction, at the instruction */
			assert_null(called);
			assert_int_equal(*fake_sysreg("esr_el1"), IL);
			assert_int_equal(*fake_sysreg("elr_el1"), 0x40001000);
			assert_int_equal(*fake_sysreg("spsr_el1"), PSR_EL1H);
			assert_int_equal(vp.arch.pc, 0x40000a00);
			/* Only what nobody hides is told */
			assert_int_equal(warned, known ? 0 : 1);
		}
	}
}

/* Mail that waits ends the halt before it begins. */
static void test_wfi_mail(void **state)
{
	(void)state;
	vp.mail = VP_MAIL_KICK;
	trap(EC(1) | IL);
	assert_int_equal(vp.arch.stop, 0);
	assert_int_equal(vp.arch.pc, 0x40001004);
}

/* A T32 instruction of two bytes: IL clear */
static void test_length(void **state)
{
	(void)state;
	trap(EC(0x18));
	assert_int_equal(vp.arch.pc, 0x40001002);
}

/* Interrupts of the root never come to EL2; one that does changes nothing. */
static void test_other_kinds(void **state)
{
	struct arch_vp before;

	(void)state;
	before = vp.arch;
	trap_handle(&vp, EXIT_IRQ);
	trap_handle(&vp, EXIT_SERROR);
	assert_memory_equal(&before, &vp.arch, sizeof(before));
	assert_int_equal(fake_did_count, 0);
}

static void test_pstate(void **state)
{
	static const struct {
		uint64_t from, sctlr, offset, to;
	} rows[] = {
		{ PSR_EL1H, 0, 0x200, PSR_EL1H | PSR_DAIF | PSR_PAN },
		{ PSR_EL1T, SCTLR_EL1_SPAN, 0x000, PSR_EL1H | PSR_DAIF },
		{ PSR_EL0, SCTLR_EL1_SPAN, 0x400, PSR_EL1H | PSR_DAIF },
		{ PSR_EL0 | PSR_AA32, SCTLR_EL1_SPAN, 0x600, PSR_EL1H | PSR_DAIF },
		/* SPAN keeps PAN, and does not make it */
		{ PSR_EL1H | PSR_PAN, SCTLR_EL1_SPAN, 0x200, PSR_EL1H | PSR_DAIF | PSR_PAN },
		/* Flags stay; UAO, TCO, BTYPE, IL and SS do not */
		{ PSR_EL1H | PSR_NZCV | PSR_UAO | PSR_TCO | 0xc00 | 1 << 20 | 1 << 21,
		  SCTLR_EL1_SPAN, 0x200, PSR_EL1H | PSR_DAIF | PSR_NZCV },
		{ PSR_EL0 | PSR_SSBS, SCTLR_EL1_SPAN, 0x400, PSR_EL1H | PSR_DAIF },
		{ PSR_EL0, SCTLR_EL1_SPAN | SCTLR_EL1_DSSBS, 0x400,
		  PSR_EL1H | PSR_DAIF | PSR_SSBS },
		{ PSR_EL0 | PSR_DIT, SCTLR_EL1_SPAN, 0x400, PSR_EL1H | PSR_DAIF | PSR_DIT },
	};
	uint64_t offset;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(inject_pstate(rows[i].from, rows[i].sctlr, &offset), rows[i].to);
		assert_int_equal(offset, rows[i].offset);
	}
	/* Wherever it came from, it goes to EL1 */
	for (uint64_t mode = 0; mode < 32; mode++)
		assert_int_equal(inject_pstate(mode, 0, &offset) & 0x1f, PSR_EL1H);
}

static void test_external_abort(void **state)
{
	static const struct {
		uint64_t pstate;
		bool insn;
		int walk;
		uint64_t esr;
	} rows[] = {
		{ PSR_EL1H, false, -1, EC(0x25) | IL | 0x10 },
		{ PSR_EL0, false, -1, EC(0x24) | IL | 0x10 },
		{ PSR_EL1T, true, -1, EC(0x21) | IL | 0x10 },
		{ PSR_EL0 | PSR_AA32, true, -1, EC(0x20) | IL | 0x10 },
		{ PSR_EL1H, false, 2, EC(0x25) | IL | 0x16 },
		{ PSR_EL1H, true, 0, EC(0x21) | IL | 0x14 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		setup(state);
		vp.arch.pstate = rows[i].pstate;
		inject_external_abort(&vp, 0x1234567, rows[i].insn, rows[i].walk);
		assert_int_equal(*fake_sysreg("esr_el1"), rows[i].esr);
		assert_int_equal(*fake_sysreg("far_el1"), 0x1234567);
		assert_int_equal(*fake_sysreg("elr_el1"), 0x40001000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_wfi_mail, setup),
		cmocka_unit_test_setup(test_length, setup),
		cmocka_unit_test_setup(test_other_kinds, setup),
		cmocka_unit_test_setup(test_pstate, setup),
		cmocka_unit_test_setup(test_external_abort, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
