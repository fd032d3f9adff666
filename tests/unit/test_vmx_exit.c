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

uint32_t vmx_enter_asm(struct arch_vp *a, const uint32_t *nmi_seen, uint32_t seen, uint32_t how)
{
	(void)a;
	(void)nmi_seen;
	(void)seen;
	(void)how;
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

/*
 * 24.9.1: bits above the basic reason say where the exit came from, not what it is; bit 31 says
 * that nothing else in the VMCS is of now.
 */
static void test_reason_bits(void **state)
{
	(void)state;
	for (uint32_t bit = 16; bit < 31; bit++) {
		(void)setup(NULL);
		decode(10 | 1u << bit);
		assert_int_equal(ex.kind, X86_EXIT_CPUID);
		assert_int_equal(ex.len, 3);
	}
	for (uint32_t r = 0; r < 0x100; r++) {
		(void)setup(NULL);
		field(VMCS_IDT_EVENT, VMX_EVENT_VALID | 0x30);
		decode(0x80000000 | r);
		assert_int_equal(fake_hw.writes, 0);
		assert_int_equal(ex.len, 0);
		assert_false(vp.arch.event.pending);
	}
	decode(0x80000022); /* MSR loading */
	assert_int_equal(ex.kind, X86_EXIT_INVALID_STATE);
	decode(0x80000029); /* machine check */
	assert_int_equal(ex.kind, X86_EXIT_UNKNOWN);
}

/* To decode is to look: what the guest has stays as it is. */
static void test_looks_only(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < VMX_EXIT_REASONS; r++)
		for (uint32_t event = 0; event < 2; event++) {
			struct arch_vp before;

			(void)setup(NULL);
			field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 3u << 8 | VEC_PF);
			field(VMCS_IDT_EVENT, event ? 0x31 : 0); /* not valid */
			vp.arch.event = (struct x86_event){ .pending = true, .vector = 0x77 };
			before = vp.arch;
			decode(r);
			assert_memory_equal(&before, &vp.arch, sizeof(before));
			for (uint32_t i = 0; i < fake_hw.writes; i++)
				assert_int_equal(fake_hw.log[i].kind, FAKE_VMREAD);
		}
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

/* Table 27-2, and what an event in delivery adds to it */
static void test_task_switch(void **state)
{
	static const struct {
		uint32_t event;
		uint8_t source;
		bool next, external;
	} rows[] = {
		{ 0, TASK_CALL, true, false },
		{ 0, TASK_IRET, true, false },
		{ 0, TASK_JMP, true, false },
		{ 0x80000031, TASK_GATE, false, true },
		{ 0x80000000 | 2u << 8 | 2, TASK_GATE, false, true },
		{ 0x80000000 | 3u << 8 | 13, TASK_GATE, false, true },
		{ 0x80000000 | 4u << 8 | 0x80, TASK_GATE, true, false }, /* INT n */
		{ 0x80000000 | 5u << 8 | 1, TASK_GATE, true, true },	 /* INT1 */
		{ 0x80000000 | 6u << 8 | 3, TASK_GATE, true, false },	 /* INT3 */
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool error = (rows[i].event & 0xff) == 13, rf = i & 1;

		(void)setup(NULL);
		field(VMCS_IDT_EVENT, rows[i].event | (error ? (uint32_t)VMX_EVENT_ERROR : 0));
		field(VMCS_IDT_ERROR, 0x5678);
		field(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | (rf ? RFLAGS_RF : 0));
		field(VMCS_QUALIFICATION, (uint32_t)rows[i].source << 30 | 0x48);
		decode(9);
		assert_int_equal(ex.kind, X86_EXIT_TASK_SWITCH);
		assert_int_equal(ex.task.selector, 0x48);
		assert_int_equal(ex.task.source, rows[i].source);
		assert_int_equal(ex.task.next, rows[i].next);
		assert_int_equal(ex.task.external, rows[i].external);
		assert_int_equal(ex.task.rf, rf);
		assert_int_equal(ex.task.has_error, error);
		assert_int_equal(ex.task.error, error ? 0x5678 : 0);
		/* Without an instruction the field has no meaning */
		assert_int_equal(ex.len, rows[i].next ? 3 : 0);
		/* Delivered again, unless the switch takes place */
		assert_int_equal(vp.arch.event.pending, rows[i].event && !rows[i].next);
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

/* Every vector, as the CPU reports it; the address of #PF is nobody else's. */
static void test_each_vector(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 32; v++)
		for (uint32_t n = 0; n < 4; n++) {
			uint32_t type = n & 1 ? 6 : 3; /* INT3 and INTO come as the former */

			if (v == VEC_DB)
				continue;
			field(VMCS_EXIT_EVENT,
			      VMX_EVENT_VALID | type << 8 | v | (n & 2 ? VMX_EVENT_ERROR : 0));
			field(VMCS_EXIT_EVENT_ERROR, 0x4321);
			field(VMCS_QUALIFICATION, 0x123456);
			decode(0);
			assert_int_equal(ex.kind, X86_EXIT_EXCEPTION);
			assert_int_equal(ex.exception.vector, v);
			assert_int_equal(ex.exception.has_error, n >> 1);
			assert_int_equal(ex.exception.error, n & 2 ? 0x4321 : 0);
			assert_int_equal(ex.exception.cr2, v == VEC_PF ? 0x123456 : 0);
			assert_int_equal(taken(), 0);
			assert_false(vp.arch.nmi_masked);
		}
}

/* 27.2.1: #DB leaves DR6 and DR7 to us; where DR6 is depends on whether the VP is on the CPU. */
static void test_debug(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 4; n++)
		for (uint32_t bit = 0; bit < 17; bit++) {
			bool loaded = n & 1;
			uint64_t kept = (n & 2 ? MASK(15, 13) : 0) | DR6_FIXED;
			uint64_t add = BIT(bit) & 0xe00f, dr6;

			(void)setup(NULL);
			vp.arch.vmx.loaded = loaded;
			fake_hw.dr[6] = loaded ? kept | 0xf : 0x1234;
			vp.arch.vmx.kept[1] = loaded ? 0x1234 : kept | 0xf;
			field(VMCS_GUEST_DR7, 0x402);
			exception(VEC_DB, 0, 0, BIT(bit));
			dr6 = loaded ? fake_hw.dr[6] : vp.arch.vmx.kept[1];
			/* B0 to B3 are of this one, the others stay until somebody clears them */
			assert_int_equal(dr6, kept | add);
			if (!loaded)
				assert_int_equal(fake_hw.dr[6], 0x1234);
			assert_int_equal(*fake_field(fake_hw.current[0], VMCS_GUEST_DR7), 0x402);
			for (uint32_t i = 0; i < fake_hw.writes; i++)
				assert_int_not_equal(fake_hw.log[i].kind, FAKE_VMWRITE);
		}
}

/*
 * 27.3.3: of INT1 the exit saves RIP at the instruction, where #DB of any other kind is a trap or a
 * fault with RIP as the handler wants it. Reflected as it is, the handler returns to the INT1.
 */
static void test_int1(void **state)
{
	(void)state;
	field(VMCS_INSN_LEN, 1);
	field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 5u << 8 | VEC_DB);
	field(VMCS_QUALIFICATION, 0);
	decode(0);
	assert_int_equal(ex.kind, X86_EXIT_EXCEPTION);
	assert_int_equal(ex.exception.vector, VEC_DB);
	assert_int_equal(vp.arch.rip, 0x1001);
	field(VMCS_INSN_LEN, 15); /* of one instruction before: not valid now */
	exception(VEC_DB, 0, 0, 0x4000);
	assert_int_equal(vp.arch.rip, 0x1001);
	/* INT3 is its client's, who finds it where it is (TLFS, exception intercepts) */
	field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 6u << 8 | VEC_BP);
	decode(0);
	assert_int_equal(vp.arch.rip, 0x1001);
}

/* The bit means what it says with a fault of the guest's own only (27.2.2, 27.2.3). */
static void test_unblocking(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 32; n++) {
		bool set = n & 1, idt = n & 2, df = n & 4, masked = n & 8, ept = n & 16;

		(void)setup(NULL);
		vp.arch.nmi_masked = masked;
		field(VMCS_IDT_EVENT, idt ? VMX_EVENT_VALID | 0x31 : 0x31);
		field(VMCS_QUALIFICATION, ept && set ? 1 | BIT(12) : 1);
		field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 3u << 8 | (df ? VEC_DF : VEC_GP) |
					       (set ? VMX_EVENT_UNBLOCK : 0));
		decode(ept ? 48 : 0);
		assert_int_equal(vp.arch.nmi_masked, masked || (set && !idt && (ept || !df)));
	}
	/* An NMI in delivery is blocked by that delivery, bit or not */
	(void)setup(NULL);
	field(VMCS_IDT_EVENT, VMX_EVENT_VALID | 2u << 8 | 2);
	field(VMCS_QUALIFICATION, 1);
	decode(48);
	assert_true(vp.arch.nmi_masked);
	assert_true(vp.arch.event.pending);
	/* An NMI exit says nothing about the guest's */
	(void)setup(NULL);
	field(VMCS_EXIT_EVENT, VMX_EVENT_VALID | 2u << 8 | 2 | VMX_EVENT_UNBLOCK);
	decode(0);
	assert_int_equal(ex.kind, X86_EXIT_NMI);
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
		assert_int_equal(ex.task.source, why);
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
		cmocka_unit_test_setup(test_reason_bits, setup),
		cmocka_unit_test_setup(test_looks_only, setup),
		cmocka_unit_test_setup(test_io, setup),
		cmocka_unit_test_setup(test_cr, setup),
		cmocka_unit_test_setup(test_task_switch, setup),
		cmocka_unit_test_setup(test_ept, setup),
		cmocka_unit_test_setup(test_exceptions, setup),
		cmocka_unit_test_setup(test_each_vector, setup),
		cmocka_unit_test_setup(test_debug, setup),
		cmocka_unit_test_setup(test_int1, setup),
		cmocka_unit_test_setup(test_unblocking, setup),
		cmocka_unit_test_setup(test_recover, setup),
		cmocka_unit_test_setup(test_task, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
