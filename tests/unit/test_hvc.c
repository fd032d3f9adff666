/* SPDX-License-Identifier: MIT */
/* HVC and SMC: which registers a hypercall is made of, where PC is afterwards, and who else
 * answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "fake_arch.h"
#include "hvapi/hypercall.h"

#define EC_HVC ((uint64_t)0x16 << 26 | 1ull << 25)
#define EC_SMC ((uint64_t)0x17 << 26 | 1ull << 25)
#define PC     0x40001004ull /* past an HVC at 40001000 */

struct partition *partition_root;
static struct partition root, guest;
static struct vp vp;
static struct hv_hcall_io got, answer;
static uint64_t got_ext[16];
static bool enabled, psci, firmware;
static uint32_t undefined, aborts, intercepts, warned;
static uint64_t aborted_at;

bool hypercall_enabled(const struct partition *p)
{
	(void)p;
	return enabled;
}
void hypercall_dispatch(struct vp *caller, struct hv_hcall_io *io)
{
	assert_ptr_equal(caller, &vp);
	got = *io;
	memcpy(got_ext, io->ext, sizeof(got_ext));
	io->result = answer.result;
	io->again = answer.again;
	io->fault = answer.fault;
	io->fault_write = answer.fault_write;
	io->fault_gpa = answer.fault_gpa;
	if (answer.again)
		io->control = answer.control;
}
bool psci_call(struct vp *v, uint64_t x[4])
{
	(void)v;
	if (psci)
		x[0] = 0x77;
	return psci;
}
uint64_t el2_smc(uint64_t *x)
{
	x[0] = 0x99;
	return !firmware;
}
void inject_undefined(struct vp *v)
{
	aborted_at = v->arch.pc;
	undefined++;
}
void inject_external_abort(struct vp *v, uint64_t far, bool instruction, int walk)
{
	assert_int_equal(far, answer.fault_gpa.v);
	assert_false(instruction);
	assert_int_equal(walk, -1);
	aborted_at = v->arch.pc;
	aborts++;
}
enum trap_action intercept_memory(struct vp *v, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t)
{
	(void)unmapped;
	assert_null(t);
	assert_int_equal(gpa, answer.fault_gpa.v);
	assert_int_equal(access,
			 answer.fault_write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ);
	aborted_at = v->arch.pc;
	intercepts++;
	return TRAP_AGAIN;
}
void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
	warned++;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	partition_root = &root;
	memset(&vp, 0, sizeof(vp));
	memset(&answer, 0, sizeof(answer));
	vp.partition = &root;
	vp.arch.pc = PC;
	for (uint64_t i = 0; i < 31; i++)
		vp.arch.x[i] = 0x1000 + i;
	enabled = true;
	psci = firmware = false;
	undefined = aborts = intercepts = warned = 0;
	return 0;
}

static void hvc(uint32_t imm)
{
	assert_int_equal(trap_hvc(&vp, &(struct el2_trap){ .esr = EC_HVC | imm }), TRAP_AGAIN);
}

static void only_changed(uint32_t reg, uint64_t v)
{
	for (uint64_t i = 0; i < 31; i++)
		assert_int_equal(vp.arch.x[i], i == reg ? v : 0x1000 + i);
}

static void test_hvc_1(void **state)
{
	(void)state;
	answer.result = 0x500000005;
	hvc(1);
	assert_int_equal(got.control, 0x1000);
	assert_int_equal(got.input, 0x1001);
	assert_int_equal(got.output, 0x1002);
	assert_int_equal(got.ext_words, 16);
	assert_true(got.ext_last);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(got_ext[i], 0x1001 + i);
	only_changed(0, 0x500000005);
	assert_int_equal(vp.arch.pc, PC);
}

static void test_hvc_0(void **state)
{
	(void)state;
	vp.arch.x[0] = 0xffffffff46000001; /* the number is W0 */
	hvc(0);
	assert_int_equal(got.control, 0x1001);
	assert_int_equal(got.input, 0x1002);
	assert_int_equal(got.output, 0x1003);
	assert_false(got.ext_last);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(got_ext[i], 0x1002 + i);
	only_changed(0, 0);
	assert_int_equal(vp.arch.pc, PC);
}

/* More to do: the control word goes on, and PC is at the instruction again. */
static void test_again(void **state)
{
	(void)state;
	answer.again = true;
	answer.control = 0x0040004800000000;
	hvc(1);
	only_changed(0, 0x0040004800000000);
	assert_int_equal(vp.arch.pc, PC - 4);
	setup(state);
	vp.arch.x[0] = 0x46000001;
	answer.again = true;
	answer.control = 0x123;
	hvc(0);
	assert_int_equal(vp.arch.x[0], 0x46000001);
	assert_int_equal(vp.arch.x[1], 0x123);
	assert_int_equal(vp.arch.pc, PC - 4);
}

/* A page that is not there: the root faults at the call, a guest's is told to the root. */
static void test_fault(void **state)
{
	(void)state;
	answer.fault = true;
	answer.fault_gpa = GPA(0x5000);
	hvc(1);
	assert_int_equal(aborts, 1);
	assert_int_equal(aborted_at, PC - 4);
	only_changed(31, 0);
	setup(state);
	vp.partition = &guest;
	answer.fault = answer.fault_write = true;
	answer.fault_gpa = GPA(0x6000);
	hvc(1);
	assert_int_equal(intercepts, 1);
	assert_int_equal(aborted_at, PC - 4);
	only_changed(31, 0);
}

static void test_undefined(void **state)
{
	(void)state;
	enabled = false;
	hvc(1);
	assert_int_equal(undefined, 1);
	assert_int_equal(aborted_at, PC - 4);
	setup(state);
	for (uint32_t imm = 2; imm < 0x10000; imm = imm * 3 + 1) {
		vp.arch.pc = PC;
		hvc(imm);
		assert_int_equal(aborted_at, PC - 4);
		only_changed(31, 0);
	}
}

/* Without an identity a guest can give itself one, and no more. */
static void test_early(void **state)
{
	(void)state;
	enabled = false;
	for (uint32_t code = 0; code < 0x200; code++) {
		bool through = code == 0x50 || code == 0x51;

		vp.arch.pc = PC;
		vp.arch.x[0] = code | 1ull << 32;
		got.control = 0;
		hvc(1);
		assert_int_equal(got.control, through ? (code | 1ull << 32) : 0);
		assert_int_equal(vp.arch.pc, through ? PC : PC - 4);
	}
}

static void test_smccc(void **state)
{
	static const struct {
		uint64_t fn, arg, x0;
	} rows[] = {
		{ 0x80000000, 0, 0x10001 },    { 0x80000001, 0x80000000, 0 },
		{ 0x80000001, 0x80000001, 0 }, { 0x80000001, 0x80008000, ~0ull },
		{ 0x80008000, 0, ~0ull },      { 0x8600ff01, 0, 0x4d32ba58 },
		{ 0x8600ff00, 0, 4 },	       { 0x8600ff03, 0, 1 },
		{ 0x86000000, 0, ~0ull },      { 0xc6000001, 0, ~0ull },
		{ 0x46000002, 0, ~0ull },      { 0, 0, ~0ull },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		vp.arch.x[0] = rows[i].fn;
		vp.arch.x[1] = rows[i].arg;
		hvc(0);
		assert_int_equal(vp.arch.x[0], rows[i].x0);
		assert_int_equal(vp.arch.pc, PC);
	}
	/* The whole UID, as bytes of 58ba324d-6447-24cd-756c-ef8e24705916 */
	vp.arch.x[0] = 0x8600ff01;
	hvc(0);
	assert_int_equal(vp.arch.x[1], 0xcd244764);
	assert_int_equal(vp.arch.x[2], 0x8eef6c75);
	assert_int_equal(vp.arch.x[3], 0x16597024);
	psci = true;
	hvc(0);
	assert_int_equal(vp.arch.x[0], 0x77);
}

static void smc(uint32_t imm, enum trap_action want)
{
	vp.arch.pc = 0x40001000; /* at the instruction */
	vp.arch.x[0] = 0xc2001234;
	assert_int_equal(trap_smc(&vp, &(struct el2_trap){ .esr = EC_SMC | imm }), want);
	if (want == TRAP_AGAIN)
		assert_int_equal(vp.arch.pc, 0x40001004);
}

static void test_smc(void **state)
{
	(void)state;
	/* An immediate is not for anybody */
	firmware = true;
	*fake_sysreg("id_aa64pfr0_el1") = 0x1000;
	smc(1, TRAP_NEXT);
	only_changed(0, ~0ull);
	smc(0, TRAP_AGAIN);
	only_changed(0, 0x99);
	assert_int_equal(warned, 0);
	/* Firmware that is not there, by its own word or by the ID register */
	firmware = false;
	smc(0, TRAP_AGAIN);
	only_changed(0, ~0ull);
	firmware = true;
	*fake_sysreg("id_aa64pfr0_el1") = 0;
	smc(0, TRAP_AGAIN);
	only_changed(0, ~0ull);
	assert_int_equal(warned, 2);
	/* A guest has none to talk to */
	*fake_sysreg("id_aa64pfr0_el1") = 0x1000;
	vp.partition = &guest;
	smc(0, TRAP_AGAIN);
	only_changed(0, ~0ull);
	vp.partition = &root;
	psci = true;
	smc(0, TRAP_AGAIN);
	only_changed(0, 0x77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hvc_1, setup),
		cmocka_unit_test_setup(test_hvc_0, setup),
		cmocka_unit_test_setup(test_again, setup),
		cmocka_unit_test_setup(test_fault, setup),
		cmocka_unit_test_setup(test_undefined, setup),
		cmocka_unit_test_setup(test_early, setup),
		cmocka_unit_test_setup(test_smccc, setup),
		cmocka_unit_test_setup(test_smc, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
