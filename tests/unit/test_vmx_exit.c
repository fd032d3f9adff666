/* SPDX-License-Identifier: MIT */
/* VM exits decoded: a row for each basic reason of SDM vol. 3, appendix C, and what each field
 * means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/regs.h"
#include "fake_vmx.h"

uint32_t vmx_enter_asm(struct arch_vp *a, const uint32_t *nmi_seen, uint32_t seen, bool launched)
{
	(void)a;
	(void)nmi_seen;
	(void)seen;
	(void)launched;
	return VMX_FAILED;
}

static struct vp vp;
static struct x86_exit ex;

static void field(enum vmcs_field f, uint64_t v)
{
	*fake_field(fake_hw.current[0], f) = v;
}

static uint32_t reads_of(enum vmcs_field f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_hw.writes; i++)
		n += fake_hw.log[i].kind == FAKE_VMREAD && fake_hw.log[i].index == f;
	return n;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	vp.partition = &part;
	vp.arch.vmx.pa = 0x5000;
	this_cpu()->vmcs_pa = 0;
	vmx_focus(&vp);
	field(VMCS_INSN_LEN, 3);
	vp.arch.rip = 0x1000;
	return 0;
}

static void decode(uint32_t reason)
{
	memset(&ex, 0xee, sizeof(ex));
	fake_hw.writes = 0;
	vmx_decode_exit(&vp, reason, &ex);
	assert_int_equal(ex.code, reason);
	assert_int_equal(ex.opcode[0], 0);
	assert_null(fake_hw.broken);
}

static void test_rows(void **state)
{
#define L 0x80
	static const uint8_t want[VMX_EXIT_REASONS] = {
		[0] = X86_EXIT_EXCEPTION,
		[1] = X86_EXIT_INTR,
		[2] = X86_EXIT_SHUTDOWN,
		[3] = X86_EXIT_INIT,
		[4] = X86_EXIT_UNKNOWN,
		[5] = X86_EXIT_SMI,
		[6] = X86_EXIT_SMI,
		[7] = X86_EXIT_INTR_WINDOW,
		[8] = X86_EXIT_IRET,
		[9] = X86_EXIT_TASK_SWITCH | L,
		[10] = X86_EXIT_CPUID | L,
		[11] = X86_EXIT_UD,
		[12] = X86_EXIT_HLT | L,
		[13] = X86_EXIT_INVD | L,
		[14] = X86_EXIT_UNKNOWN,
		[15] = X86_EXIT_RDPMC | L,
		[16] = X86_EXIT_UNKNOWN,
		[17] = X86_EXIT_RSM,
		[18] = X86_EXIT_HYPERCALL | L,
		[19 ... 27] = X86_EXIT_UD,
		[28] = X86_EXIT_CR | L,
		[29] = X86_EXIT_UNKNOWN,
		[30] = X86_EXIT_IO | L,
		[31] = X86_EXIT_MSR | L,
		[32] = X86_EXIT_MSR | L,
		[33] = X86_EXIT_INVALID_STATE,
		[34] = X86_EXIT_INVALID_STATE,
		[35] = X86_EXIT_UNKNOWN,
		[36] = X86_EXIT_MWAIT | L,
		[37] = X86_EXIT_NONE,
		[38] = X86_EXIT_UNKNOWN,
		[39] = X86_EXIT_MONITOR | L,
		[40] = X86_EXIT_SKIP | L,
		[41] = X86_EXIT_UNKNOWN,
		[42] = X86_EXIT_UNKNOWN,
		[43] = X86_EXIT_NONE,
		[44 ... 47] = X86_EXIT_UNKNOWN,
		[48] = X86_EXIT_SLAT,
		[49] = X86_EXIT_UNKNOWN,
		[50] = X86_EXIT_UD,
		[51] = X86_EXIT_UNKNOWN,
		[52] = X86_EXIT_DEADLINE,
		[53] = X86_EXIT_UD,
		[54] = X86_EXIT_WBINVD | L,
		[55] = X86_EXIT_XSETBV | L,
		[56 ... 58] = X86_EXIT_UNKNOWN,
		[59] = X86_EXIT_UD,
		[60] = X86_EXIT_UD,
		[61 ... 64] = X86_EXIT_UNKNOWN,
		[65] = X86_EXIT_UD,
		[66] = X86_EXIT_UNKNOWN,
		[67 ... 70] = X86_EXIT_UD,
		[71] = X86_EXIT_UNKNOWN,
		[72] = X86_EXIT_UD,
		[73] = X86_EXIT_UD,
		[74] = X86_EXIT_NONE,
		[75] = X86_EXIT_NONE,
	};

	(void)state;
	for (uint32_t r = 0; r < VMX_EXIT_REASONS; r++) {
		(void)setup(NULL);
		decode(r);
		assert_int_equal(ex.kind, want[r] & 0x7f);
		assert_int_equal(ex.len, want[r] & L ? 3 : 0);
		assert_int_equal(reads_of(VMCS_INSN_LEN), want[r] & L ? 1 : 0);
		assert_false(vp.arch.event.pending);
	}
	decode(VMX_EXIT_REASONS);
	assert_int_equal(ex.kind, X86_EXIT_UNKNOWN);
	decode(0xffff);
	assert_int_equal(ex.kind, X86_EXIT_UNKNOWN);
	/* A failed entry: nothing else is valid, so nothing else is read. */
	field(VMCS_IDT_EVENT, VMX_EVENT_VALID | 0x30);
	decode(0x80000021);
	assert_int_equal(ex.kind, X86_EXIT_INVALID_STATE);
	assert_int_equal(fake_hw.writes, 0);
	assert_false(vp.arch.event.pending);
}

static void test_io(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 64; i++) {
		field(VMCS_QUALIFICATION, i | 0x3f8ull << 16);
		decode(30);
		assert_int_equal(ex.io.size, (i & 7) + 1);
		assert_int_equal(ex.io.in, i >> 3 & 1);
		assert_int_equal(ex.io.string, i >> 4 & 1);
		assert_int_equal(ex.io.rep, i >> 5 & 1);
		assert_int_equal(ex.io.port, 0x3f8);
		assert_int_equal(ex.io.next_rip, 0x1003);
	}
	decode(31);
	assert_false(ex.msr.write);
	decode(32);
	assert_true(ex.msr.write);
}

static void test_cr(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < 16; r++)
		vp.arch.gpr[r] = 0x1111111100000000ull * (r + 1) + r;
	for (uint32_t wide = 0; wide < 2; wide++)
		for (uint32_t q = 0; q < 0x1000; q++) {
			uint32_t cr = q & 15, type = q >> 4 & 3, reg = q >> 8;
			uint64_t v = vp.arch.gpr[reg];

			if (q & 0xc0)
				continue;
			field(VMCS_QUALIFICATION, q);
			field(VMCS_GUEST_CS_AR, wide ? 0xa09b : 0xc09b);
			decode(28);
			if (type == 0 && (cr == 0 || cr == 4)) {
				assert_int_equal(ex.kind, X86_EXIT_CR);
				assert_int_equal(ex.cr.number, cr);
				assert_int_equal(ex.cr.value, wide ? v : (uint32_t)v);
			} else {
				assert_int_equal(ex.kind, X86_EXIT_UNKNOWN);
			}
			fake_hw.writes = 0;
		}
}

static void test_ept(void **state)
{
	(void)state;
	field(VMCS_GPA, 0x123456789000);
	field(VMCS_GLA, 0xffff800000001234);
	for (uint32_t q = 0; q < 8; q++) {
		field(VMCS_QUALIFICATION, q);
		decode(48);
		assert_int_equal(ex.slat.gpa, 0x123456789000);
		assert_int_equal(ex.slat.read, q & 1);
		assert_int_equal(ex.slat.write, q >> 1 & 1);
		assert_int_equal(ex.slat.fetch, q >> 2 & 1);
		assert_false(ex.slat.gva_valid);
		assert_false(ex.slat.table_walk);
		assert_int_equal(ex.slat.gva, 0);
		assert_int_equal(ex.slat.insn_len, 0);
	}
	field(VMCS_QUALIFICATION, 0x181);
	decode(48);
	assert_true(ex.slat.gva_valid && !ex.slat.table_walk);
	assert_int_equal(ex.slat.gva, 0xffff800000001234);
	field(VMCS_QUALIFICATION, 0x82);
	decode(48);
	assert_true(ex.slat.gva_valid && ex.slat.table_walk);
	/* An IRET that unblocked NMIs and then faulted: they are blocked again. */
	field(VMCS_QUALIFICATION, 1 | BIT(12));
	decode(48);
	assert_true(vp.arch.nmi_masked);
	/* Not when it was an event's delivery that faulted: the bit means nothing then. */
	vp.arch.nmi_masked = false;
	field(VMCS_IDT_EVENT, VMX_EVENT_VALID | 0x31);
	decode(48);
	assert_false(vp.arch.nmi_masked);
}

static void exception(uint32_t vector, uint32_t extra, uint32_t error, uint64_t qualification)
{
	field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 3u << 8 | vector | extra);
	field(VMCS_EXIT_EVENT_ERROR, error);
	field(VMCS_QUALIFICATION, qualification);
	decode(0);
}

static uint32_t taken(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_hw.writes; i++)
		n += fake_hw.log[i].kind == FAKE_TAKE_NMI;
	return n;
}

static void test_exceptions(void **state)
{
	(void)state;
	exception(VEC_AC, (uint32_t)VMX_EVENT_ERROR, 0, 0);
	assert_int_equal(ex.exception.vector, VEC_AC);
	assert_true(ex.exception.has_error);
	assert_int_equal(ex.exception.error, 0);
	exception(VEC_PF, (uint32_t)VMX_EVENT_ERROR, 0x17, 0xdead0000);
	assert_int_equal(ex.exception.error, 0x17);
	assert_int_equal(ex.exception.cr2, 0xdead0000);
	exception(VEC_UD, 0, 0x55, 0x77);
	assert_false(ex.exception.has_error);
	assert_int_equal(ex.exception.error, 0);
	assert_int_equal(ex.exception.cr2, 0);
	assert_int_equal(taken(), 0);
	/* #DB: what DR6 and DR7 would be is ours to do */
	vp.arch.vmx.kept[1] = DR6_FIXED | 0xf | DR6_BS;
	field(VMCS_GUEST_DR7, 0x400 | DR7_GD);
	exception(VEC_DB, 0, 0, 0x4002);
	assert_int_equal(vp.arch.vmx.kept[1], DR6_FIXED | 2 | DR6_BS);
	assert_int_equal(*fake_field(fake_hw.current[0], VMCS_GUEST_DR7), 0x400);
	/* An NMI: taken at once, so that the next is not held back for ever */
	field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 2u << 8 | 2);
	decode(0);
	assert_int_equal(ex.kind, X86_EXIT_NMI);
	assert_int_equal(taken(), 1);
	assert_false(vp.arch.nmi_masked);
	exception(VEC_GP, (uint32_t)(VMX_EVENT_ERROR | VMX_EVENT_UNBLOCK), 0, 0);
	assert_true(vp.arch.nmi_masked);
	/* With #DF the bit is undefined (27.2.2) */
	vp.arch.nmi_masked = false;
	exception(VEC_DF, (uint32_t)(VMX_EVENT_ERROR | VMX_EVENT_UNBLOCK), 0, 0);
	assert_false(vp.arch.nmi_masked);
}

static void test_recover(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 8; type++)
		for (uint32_t error = 0; error < 2; error++) {
			const struct x86_event *e = &vp.arch.event;

			(void)setup(NULL);
			field(VMCS_IDT_EVENT,
			      VMX_EVENT_VALID | type << 8 | 14 | (error ? VMX_EVENT_ERROR : 0));
			field(VMCS_IDT_ERROR, 0x1234);
			decode(48);
			assert_int_equal(e->pending, type < 4);
			if (type >= 4)
				continue;
			assert_int_equal(e->type, type);
			assert_int_equal(e->vector, 14);
			assert_int_equal(e->has_error, error);
			assert_int_equal(e->error, error ? 0x1234 : 0);
			assert_int_equal(vp.arch.nmi_masked, type == 2);
		}
}

static void test_task(void **state)
{
	(void)state;
	for (uint32_t why = 0; why < 4; why++) {
		field(VMCS_QUALIFICATION, 0x28 | why << 30);
		field(VMCS_IDT_EVENT, 0);
		decode(9);
		assert_int_equal(ex.task.selector, 0x28);
		assert_int_equal(ex.task.reason, why);
		assert_false(ex.task.has_error);
	}
	field(VMCS_IDT_EVENT, VMX_EVENT_VALID | 3u << 8 | 8 | VMX_EVENT_ERROR);
	field(VMCS_IDT_ERROR, 0x99);
	decode(9);
	assert_true(ex.task.has_error);
	assert_int_equal(ex.task.error, 0x99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rows, setup),
		cmocka_unit_test_setup(test_io, setup),
		cmocka_unit_test_setup(test_cr, setup),
		cmocka_unit_test_setup(test_ept, setup),
		cmocka_unit_test_setup(test_exceptions, setup),
		cmocka_unit_test_setup(test_recover, setup),
		cmocka_unit_test_setup(test_task, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
