/* SPDX-License-Identifier: MIT */
/* Every exit code of the APM's appendix C, by a table written from the manual, not from the code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/svm/svm.h"
#include "fake_arch.h"

static struct svm_vmcb vmcb;
static struct vp vp;

void svm_enter(struct arch_vp *a, uint64_t pa, bool verw)
{
	(void)a;
	(void)pa;
	(void)verw;
}

struct speculation cpu_speculation;
struct partition *partition_root;

static struct x86_exit decode(uint64_t code, uint64_t info1, uint64_t info2)
{
	struct x86_exit ex;

	memset(&ex, 0xa5, sizeof(ex));
	vmcb.exitcode = code;
	vmcb.exitinfo1 = info1;
	vmcb.exitinfo2 = info2;
	svm_decode_exit(&vp, &ex);
	return ex;
}

static int setup(void **state)
{
	(void)state;
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&vp, 0, sizeof(vp));
	memset(&svm_caps, 0, sizeof(svm_caps));
	vp.arch.vmcb = &vmcb;
	return 0;
}

#define K(k) X86_EXIT_##k
static const struct {
	uint16_t first, last;
	uint8_t kind, len;
} rows[] = {
	/* CR and DR accesses: none is intercepted but writes of CR8, and those not always */
	{ 0x000, 0x017, K(UD), 0 },	     { 0x018, 0x018, K(CR), 0 },
	{ 0x019, 0x03f, K(UD), 0 },	     { 0x040, 0x05f, K(EXCEPTION), 0 },
	{ 0x060, 0x060, K(INTR), 0 },	     { 0x061, 0x061, K(NMI), 0 },
	{ 0x062, 0x062, K(SMI), 0 },	     { 0x063, 0x063, K(INIT), 0 },
	{ 0x064, 0x064, K(INTR_WINDOW), 0 }, { 0x065, 0x065, K(UD), 0 },
	{ 0x066, 0x06d, K(UD), 0 },	     { 0x06e, 0x06e, K(UD), 0 },
	{ 0x06f, 0x06f, K(RDPMC), 2 },	     { 0x070, 0x071, K(UD), 0 },
	{ 0x072, 0x072, K(CPUID), 2 },	     { 0x073, 0x073, K(RSM), 2 },
	{ 0x074, 0x074, K(IRET), 0 },	     { 0x075, 0x075, K(UD), 0 },
	{ 0x076, 0x076, K(INVD), 2 },	     { 0x077, 0x077, K(SKIP), 0 },
	{ 0x078, 0x078, K(HLT), 1 },	     { 0x079, 0x07a, K(UD), 0 },
	{ 0x07c, 0x07c, K(MSR), 2 },	     { 0x07d, 0x07d, K(TASK_SWITCH), 0 },
	{ 0x07e, 0x07e, K(FERR), 0 },	     { 0x07f, 0x07f, K(SHUTDOWN), 0 },
	{ 0x080, 0x080, K(UD), 0 },	     { 0x081, 0x081, K(HYPERCALL), 3 },
	{ 0x082, 0x088, K(UD), 0 },	     { 0x089, 0x089, K(WBINVD), 2 },
	{ 0x08a, 0x08a, K(MONITOR), 3 },     { 0x08b, 0x08c, K(MWAIT), 3 },
	{ 0x08d, 0x08d, K(XSETBV), 3 },	     { 0x08e, 0x08e, K(UD), 0 },
	{ 0x08f, 0x09f, K(NONE), 0 },	     { 0x0a0, 0x0a4, K(UD), 0 },
	{ 0x0a5, 0x0a5, K(NONE), 0 },	     { 0x0a6, 0x0a6, K(HLT), 1 },
	{ 0x400, 0x400, K(SLAT), 0 },
};

static int expected(uint32_t code, uint8_t *len)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (code >= rows[i].first && code <= rows[i].last) {
			*len = rows[i].len;
			return rows[i].kind;
		}
	*len = 0;
	return K(UNKNOWN);
}

static void test_every_code(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x500; code++) {
		struct x86_exit ex = decode(code, 0, 0);
		uint8_t len;

		if (code == 0x07b) /* has its own test */
			continue;
		assert_int_equal(ex.kind, expected(code, &len));
		if (ex.kind != K(SLAT))
			assert_int_equal(ex.len, len);
		assert_int_equal(ex.code, code);
	}
	assert_int_equal(decode(~0ull, 0, 0).kind, K(INVALID_STATE));
	/* as TCG stores it */
	assert_int_equal(decode(0xffffffff, 0, 0).kind, K(INVALID_STATE));
	assert_int_equal(decode(1ull << 32 | 0x72, 0, 0).kind, K(UNKNOWN));
}

/* A fixed length is checked against the bytes of the instruction, since prefixes make it longer. */
static void test_opcodes(void **state)
{
	static const struct {
		uint16_t code;
		uint8_t op[2];
	} ops[] = { { 0x6f, { 0x0f, 0x33 } }, { 0x72, { 0x0f, 0xa2 } }, { 0x76, { 0x0f, 0x08 } },
		    { 0x78, { 0xf4, 0x00 } }, { 0x81, { 0x0f, 0x01 } }, { 0x89, { 0x0f, 0x09 } },
		    { 0x8d, { 0x0f, 0x01 } } };
	struct x86_exit ex;

	(void)state;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		ex = decode(ops[i].code, 0, 0);
		assert_int_equal(ex.opcode[0], ops[i].op[0]);
		assert_int_equal(ex.opcode[1], ops[i].op[1]);
	}
	ex = decode(0x7c, 0, 0);
	assert_false(ex.msr.write);
	assert_int_equal(ex.opcode[1], 0x32);
	ex = decode(0x7c, 1, 0);
	assert_true(ex.msr.write);
	assert_int_equal(ex.opcode[1], 0x30);
	/* With NRIP save the CPU's length holds, and nothing is compared. */
	svm_caps.nrip = true;
	vmcb.rip = 0x1000;
	vmcb.next_rip = 0x1004;
	ex = decode(0x72, 0, 0);
	assert_int_equal(ex.len, 4);
	assert_int_equal(ex.opcode[0], 0);
	ex = decode(0x7c, 1, 0);
	assert_int_equal(ex.len, 4);
	assert_int_equal(ex.opcode[0], 0);
}

/*
 * Bytes of RIP's page are at hand from the last fetch. They are looked at only while the page is
 * the one that RIP lies in, for the same tables and the same second level, and both of them do.
 */
enum { NOTHING, MOVED, GONE, CR3, CR0, LOST, SECOND, FIRST, PREFIX };
static const struct {
	uint8_t what;
	uint16_t off;
	bool found;
} places[] = {
	{ NOTHING, 0, true },	  { NOTHING, 0x7f0, true }, { NOTHING, 4094, true },
	{ NOTHING, 4095, false }, { MOVED, 0x10, false },   { GONE, 0x10, false },
	{ CR3, 0x10, false },	  { CR0, 0x10, false },	    { LOST, 0x10, false },
	{ SECOND, 0x10, false },  { FIRST, 0x10, false },   { PREFIX, 0x10, false },
};

static struct partition guest;
static uint8_t code_page[4096];

/* In 64-bit mode the page is RIP's; else that of CS.base and RIP, 32 bits of it. */
static void at_hand(uint64_t off, uint64_t *rip, bool wide)
{
	struct x86_fetch *f = &vp.arch.fetch;

	memset(&vmcb, 0, sizeof(vmcb));
	memset(code_page, 0x90, sizeof(code_page));
	vp.partition = &guest;
	guest.slat.generation = 5;
	vmcb.cr3 = 0x1234000;
	vmcb.cr0 = 0x80000011;
	vmcb.cs.base = 0xfffff000;
	if (wide) {
		vmcb.efer = EFER_LMA | EFER_LME;
		vmcb.cs.attrib = BIT(9);
		*rip = 0xffff800012345000ull + off;
		f->page = 0xffff800012345000ull;
	} else {
		*rip = 0x4000 + off;
		f->page = 0x3000;
	}
	vmcb.rip = *rip;
	f->ptr = code_page;
	f->cr3 = vmcb.cr3;
	f->cr0 = vmcb.cr0;
	f->generation = 5;
}

static void disturb(uint8_t what, uint64_t off, uint8_t len)
{
	struct x86_fetch *f = &vp.arch.fetch;

	switch (what) {
	case MOVED:
		f->page += 0x1000;
		break;
	case GONE:
		f->ptr = NULL;
		break;
	case CR3:
		vmcb.cr3 += 0x1000;
		break;
	case CR0:
		vmcb.cr0 ^= CR0_WP;
		break;
	case LOST:
		guest.slat.generation++;
		break;
	case FIRST:
		code_page[off] = 0x0e;
		break;
	case SECOND:
		code_page[off + (len > 1)]++;
		break;
	case PREFIX:
		memmove(code_page + off + 1, code_page + off, 2);
		code_page[off] = 0x66;
		break;
	default:
		break;
	}
}

static void test_bytes_at_hand(void **state)
{
	static const struct {
		uint16_t code;
		uint8_t info1, len, op[2];
	} ops[] = { { 0x72, 0, 2, { 0x0f, 0xa2 } },
		    { 0x78, 0, 1, { 0xf4, 0x99 } },
		    { 0x81, 0, 3, { 0x0f, 0x01 } },
		    { 0x7c, 1, 2, { 0x0f, 0x30 } },
		    { 0x7c, 0, 2, { 0x0f, 0x32 } } };
	uint64_t rip;

	(void)state;
	for (uint32_t wide = 0; wide < 2; wide++)
		for (size_t i = 0; i < ARRAY_LEN(places); i++)
			for (size_t k = 0; k < ARRAY_LEN(ops); k++) {
				uint16_t off = places[i].off;
				struct x86_exit ex;

				at_hand(off, &rip, wide);
				code_page[off] = ops[k].op[0];
				if (off < 4095)
					code_page[off + 1] = ops[k].op[1];
				disturb(places[i].what, off, ops[k].len);
				ex = decode(ops[k].code, ops[k].info1, 0);
				assert_int_equal(ex.opcode[0], places[i].found ? 0 : ops[k].op[0]);
				assert_int_equal(ex.len, ops[k].len);
			}
	/* In compatibility mode CS has a base too. */
	at_hand(0, &rip, false);
	vmcb.efer = EFER_LMA | EFER_LME;
	code_page[0] = 0x0f;
	code_page[1] = 0xa2;
	assert_int_equal(decode(0x72, 0, 0).opcode[0], 0);
	vmcb.cs.attrib = BIT(9);
	assert_int_equal(decode(0x72, 0, 0).opcode[0], 0x0f);
	/* And CS.L says nothing outside long mode. */
	vmcb.efer = EFER_LME;
	assert_int_equal(decode(0x72, 0, 0).opcode[0], 0);
}

/* After an instruction under these, an exit has to end them: shadow and #DB. */
static void test_after(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		vmcb.interrupt_shadow = i & 1 ? 1 : 2; /* bit 1: GUEST_INTERRUPT_MASK */
		vmcb.rflags = 2 | (i & 2 ? RFLAGS_TF : RFLAGS_IF);
		vmcb.vintr = i & 4 ? 0x9 | 0x1000100 : 0xf0;
		assert_int_equal(decode(0x72, 0, 0).after, (i & 3) != 0);
		assert_int_equal(decode(0x72, 0, 0).cr8, i & 4 ? 9 : 0);
		assert_int_equal(decode(0x400, 0, 0).after, (i & 3) != 0);
		assert_int_equal(decode(~0ull, 0, 0).cr8, i & 4 ? 9 : 0);
	}
}

/* APM 15.10.2: EXITINFO1 bit 0 IN, 2 string, 3 REP, 6:4 size, 31:16 port; EXITINFO2 next RIP */
static void test_io(void **state)
{
	struct x86_exit ex;

	(void)state;
	vmcb.rip = 0x2000;
	ex = decode(0x7b, 0x3f8u << 16 | 1u << 4 | 1, 0x2001);
	assert_int_equal(ex.kind, K(IO));
	assert_true(ex.io.in);
	assert_false(ex.io.string || ex.io.rep);
	assert_int_equal(ex.io.size, 1);
	assert_int_equal(ex.io.port, 0x3f8);
	assert_int_equal(ex.len, 1);
	ex = decode(0x7b, 0xffffu << 16 | 4u << 4 | 1u << 3 | 1u << 2, 0x2003);
	assert_false(ex.io.in);
	assert_true(ex.io.string && ex.io.rep);
	assert_int_equal(ex.io.size, 4);
	assert_int_equal(ex.io.port, 0xffff);
	assert_int_equal(ex.len, 3);
	ex = decode(0x7b, 0x70u << 16 | 2u << 4, 0x2002);
	assert_int_equal(ex.io.size, 2);
}

/* APM 15.25.6 */
static void test_npf(void **state)
{
	struct x86_exit ex;

	(void)state;
	ex = decode(0x400, 1ull << 32, 0xfee00030);
	assert_true(ex.slat.read && !ex.slat.write && !ex.slat.fetch && !ex.slat.table_walk);
	assert_int_equal(ex.slat.gpa, 0xfee00030);
	assert_false(ex.slat.gva_valid);
	ex = decode(0x400, 1ull << 32 | 2, 1);
	assert_true(ex.slat.write && !ex.slat.read);
	ex = decode(0x400, 1ull << 32 | 0x10, 1);
	assert_true(ex.slat.fetch && !ex.slat.read && !ex.slat.write);
	ex = decode(0x400, 1ull << 33 | 2, 1);
	assert_true(ex.slat.table_walk && ex.slat.write);
	/* Bytes with decode assists only, never for a fetch, never more than there are. */
	vmcb.insn_len = 5;
	vmcb.insn_bytes[0] = 0x89;
	assert_int_equal(decode(0x400, 2, 1).slat.insn_len, 0);
	svm_caps.decode_assists = true;
	ex = decode(0x400, 2, 1);
	assert_int_equal(ex.slat.insn_len, 5);
	assert_int_equal(ex.slat.insn_bytes[0], 0x89);
	assert_int_equal(decode(0x400, 0x10, 1).slat.insn_len, 0);
	vmcb.insn_len = 0xff;
	assert_int_equal(decode(0x400, 2, 1).slat.insn_len, 0);
}

/* APM vol. 2, table 8-1 */
static void test_exceptions(void **state)
{
	static const uint8_t with_error[] = { 8, 10, 11, 12, 13, 14, 17, 21, 29, 30 };

	(void)state;
	for (uint32_t v = 0; v < 32; v++) {
		struct x86_exit ex = decode(0x40 + v, 0x1234, 0xdead000);
		bool want = false;

		for (size_t i = 0; i < sizeof(with_error); i++)
			want = want || with_error[i] == v;
		assert_int_equal(ex.exception.vector, v);
		assert_int_equal(ex.exception.has_error, want);
		assert_int_equal(ex.exception.error, 0x1234);
		assert_int_equal(ex.exception.cr2, 0xdead000);
	}
}

/* APM 15.14.1; who asked is an event where one was in delivery and no instruction says otherwise */
static void test_task_switch(void **state)
{
	static const struct {
		uint32_t event;
		uint64_t info;
		uint8_t source;
		bool next, external;
	} cases[] = {
		{ 0, 0, TASK_CALL, true, false },
		{ 0x31, 0, TASK_CALL, true, false }, /* not valid */
		{ 0, 1ull << 36, TASK_IRET, true, false },
		{ 0, 1ull << 38, TASK_JMP, true, false },
		{ 0x80000031, 0, TASK_GATE, false, true },		 /* interrupt */
		{ 0x80000000 | 2u << 8 | 2, 0, TASK_GATE, false, true }, /* NMI */
		{ 0x80000000 | 3u << 8 | 13, 0, TASK_GATE, false, true },
		{ 0x80000000 | 3u << 8 | 3, 0, TASK_GATE, true, false },    /* INT3 */
		{ 0x80000000 | 3u << 8 | 4, 0, TASK_GATE, true, false },    /* INTO */
		{ 0x80000000 | 4u << 8 | 0x80, 0, TASK_GATE, true, false }, /* INT n */
	};
	struct x86_exit ex;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vmcb.exitintinfo = cases[i].event;
		ex = decode(0x7d, 0x1230038, cases[i].info);
		assert_int_equal(ex.task.selector, 0x38);
		assert_int_equal(ex.task.source, cases[i].source);
		assert_int_equal(ex.task.next, cases[i].next);
		assert_int_equal(ex.task.external, cases[i].external);
		assert_false(ex.task.has_error || ex.task.rf);
		assert_int_equal(ex.task.error, 0);
		assert_int_equal(ex.len, 0);
	}
	ex = decode(0x7d, 0x38, 1ull << 44 | 0x77);
	assert_true(ex.task.has_error);
	assert_int_equal(ex.task.error, 0x77);
	assert_false(ex.task.rf);
	ex = decode(0x7d, 0x38, 1ull << 48 | 0x77);
	assert_true(ex.task.rf);
	assert_false(ex.task.has_error);
	assert_int_equal(ex.task.error, 0);
}

/* EXITINTINFO: an event that the exit cut short comes again; a software one does so by itself. */
static void test_interrupted_event(void **state)
{
	static const struct {
		uint32_t info;
		bool again;
	} events[] = {
		{ 0x80000000u | 0x31, true },			 /* interrupt */
		{ 0x80000000u | 2u << 8 | 2, true },		 /* NMI */
		{ 0x80000000u | 3u << 8 | 1u << 11 | 14, true }, /* #PF */
		{ 0x80000000u | 3u << 8 | 3, false },		 /* INT3 */
		{ 0x80000000u | 3u << 8 | 4, false },		 /* INTO */
		{ 0x80000000u | 4u << 8 | 0x80, false },	 /* INT n */
		{ 0x31, false },				 /* not valid */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct x86_event *e = &vp.arch.event;

		memset(&vp.arch.event, 0, sizeof(vp.arch.event));
		vmcb.exitintinfo = events[i].info;
		vmcb.exitintinfo_error = 0x55;
		(void)decode(0x400, 0, 0x1000);
		assert_int_equal(e->pending, events[i].again);
		if (!e->pending)
			continue;
		assert_int_equal(e->vector, events[i].info & 0xff);
		assert_int_equal(e->type, events[i].info >> 8 & 7);
		assert_int_equal(e->has_error, events[i].info >> 11 & 1);
		assert_int_equal(e->error, e->has_error ? 0x55 : 0);
	}
}

/* APM 15.5.1: what VMRUN would refuse is named before it comes to that. */
static void test_check_state(void **state)
{
	(void)state;
	assert_null(svm_check_state(&vp)); /* real mode */
	vmcb.cr0 = CR0_NW;
	assert_non_null(svm_check_state(&vp));
	vmcb.cr0 = CR0_NW | CR0_CD;
	assert_null(svm_check_state(&vp));
	vmcb.cr0 = 1ull << 32;
	assert_non_null(svm_check_state(&vp));
	vmcb.cr0 = CR0_PG;
	assert_non_null(svm_check_state(&vp));
	vmcb.cr0 = CR0_PG | CR0_PE;
	assert_null(svm_check_state(&vp));
	vmcb.dr6 = 1ull << 32;
	assert_non_null(svm_check_state(&vp));
	vmcb.dr6 = 0;
	vmcb.dr7 = 1ull << 32;
	assert_non_null(svm_check_state(&vp));
	vmcb.dr7 = 0;
	vmcb.efer = EFER_LME | EFER_LMA;
	assert_non_null(svm_check_state(&vp)); /* no PAE */
	vmcb.cr4 = CR4_PAE;
	assert_null(svm_check_state(&vp));
	vmcb.cs.attrib = 3u << 9;
	assert_non_null(svm_check_state(&vp));
	vmcb.cs.attrib = 1u << 9;
	vmcb.efer = EFER_LME;
	assert_non_null(svm_check_state(&vp)); /* LMA missing */
	vmcb.efer = EFER_LMA;
	vmcb.cr0 = 0;
	assert_non_null(svm_check_state(&vp));
	vmcb.efer = 0;
	vmcb.cr4 = CR4_PCIDE;
	assert_non_null(svm_check_state(&vp));
	vmcb.cr4 = CR4_PAE;
	vmcb.cr0 = CR0_PG | CR0_PE;
	vmcb.efer = EFER_LME | EFER_LMA;
	vmcb.rflags = RFLAGS_VM;
	assert_non_null(svm_check_state(&vp));
	vmcb.efer = 0;
	assert_null(svm_check_state(&vp));
	vmcb.cr0 = 0;
	assert_string_equal(svm_check_state(&vp), "RFLAGS.VM without CR0.PE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_code, setup),
		cmocka_unit_test_setup(test_opcodes, setup),
		cmocka_unit_test_setup(test_bytes_at_hand, setup),
		cmocka_unit_test_setup(test_after, setup),
		cmocka_unit_test_setup(test_io, setup),
		cmocka_unit_test_setup(test_npf, setup),
		cmocka_unit_test_setup(test_exceptions, setup),
		cmocka_unit_test_setup(test_task_switch, setup),
		cmocka_unit_test_setup(test_interrupted_event, setup),
		cmocka_unit_test_setup(test_check_state, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
