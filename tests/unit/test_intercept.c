/* SPDX-License-Identifier: MIT */
/*
 * Intercept messages as the root reads them: the page's bytes, at the offsets of TLFS and of
 * Linux's hvhdk.h, and nothing beyond the message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_arch.h"
#include "fake_virt.h"

static struct partition part;
static struct vp vp;
static uint8_t page[4096];
static uint32_t fetches, code_len;
static uint8_t code[15] = { 0x8b, 0x43, 0x10, 0x90, 0x90, 0x90, 0x90, 0x90,
			    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xcc };

uint32_t insn_fetch(struct vp *v, uint8_t buf[16], struct gva_fault *fault)
{
	(void)v;
	(void)fault;
	fetches++;
	memcpy(buf, code, code_len);
	return code_len;
}

enum x86_mode insn_mode(struct vp *v)
{
	(void)v;
	return X86_MODE_64;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	memset(page, 0xee, sizeof(page));
	vp.partition = &part;
	vp.index = 5;
	vp.message_page = (struct hv_message *)(void *)page;
	part.id = 0x1122334455667788;
	vlapic_init(&vp.arch.apic, 5, true, true, 2000000000, false);
	vlapic_set_cr8(&vp.arch.apic, 9);
	vp.arch.rip = 0xffffffff81000123;
	for (uint32_t i = 0; i < 16; i++)
		vp.arch.gpr[i] = 0x0101010101010101ull * (i + 1);
	for (uint32_t i = 0; i <= SEG_GDTR; i++)
		fv.seg[i] =
			(struct hv_x64_segment_register){ .base = 0x1000 * i,
							  .limit = 0xfffff000 + i,
							  .selector = (uint16_t)(8 * i),
							  .attributes = (uint16_t)(0xa090 + i) };
	fv.sys[SYS_RFLAGS] = 0x246;
	fv.sys[SYS_CR0] = CR0_PE | CR0_PG;
	fv.sys[SYS_EFER] = EFER_LMA;
	fv.sys[SYS_CPL] = 3;
	fetches = 0;
	code_len = 15;
	code[0] = 0x8b;
	code[1] = 0x43;
	return 0;
}

static uint64_t word(uint32_t at, uint32_t size)
{
	uint64_t v = 0;

	memcpy(&v, page + at, size);
	return v;
}

/* Of the payload */
#define P(at, size) word(16 + (at), size)

/* The message's own header (TLFS, HV_MESSAGE_HEADER), and that the VP stands. */
static void sent(enum exit_action a, uint32_t type, uint32_t size)
{
	assert_int_equal(a, EXIT_STOP);
	assert_int_equal(vp.arch.stop, VP_EXIT_INTERCEPT);
	assert_true(vp.intercept_suspend);
	assert_int_equal(word(0, 4), type);
	assert_int_equal(word(4, 1), size);
	assert_int_equal(word(5, 1), 0);
	assert_int_equal(word(8, 8), 0x1122334455667788);
	/* Nothing of the core's behind it */
	for (uint32_t i = 16 + size; i < sizeof(page); i++)
		assert_int_equal(page[i], 0xee);
}

static void header(uint8_t len, uint8_t access, uint16_t state)
{
	assert_int_equal(P(0, 4), 5);
	assert_int_equal(P(4, 1), 9 << 4 | len);
	assert_int_equal(P(5, 1), access);
	assert_int_equal(P(6, 2), state);
	assert_int_equal(P(8, 8), 0x1000);
	assert_int_equal(P(16, 4), 0xfffff001);
	assert_int_equal(P(20, 2), 8);
	assert_int_equal(P(22, 2), 0xa091);
	assert_int_equal(P(24, 8), vp.arch.rip);
	assert_int_equal(P(32, 8), 0x246);
}

#define STATE (3 | 4 | 0x10) /* CPL 3, PE, LMA */
enum { READ = 0, WRITE = 1, EXECUTE = 2 };

static void test_cpuid(void **state)
{
	struct x86_exit ex = { .len = 2 };
	uint32_t d[4] = { 0xa1, 0xb2, 0xc3, 0xd4 };

	(void)state;
	sent(intercept_cpuid(&vp, &ex, d), 0x80010002, 104);
	header(2, EXECUTE, STATE);
	assert_int_equal(P(40, 8), 0x0101010101010101); /* RAX */
	assert_int_equal(P(48, 8), 0x0202020202020202); /* RCX */
	assert_int_equal(P(56, 8), 0x0303030303030303); /* RDX */
	assert_int_equal(P(64, 8), 0x0404040404040404); /* RBX */
	assert_int_equal(P(72, 8), 0xa1);
	assert_int_equal(P(80, 8), 0xc3); /* RCX before RDX and RBX */
	assert_int_equal(P(88, 8), 0xd4);
	assert_int_equal(P(96, 8), 0xb2);
}

static void test_msr(void **state)
{
	struct x86_exit ex = { .len = 2, .msr = { .write = true } };

	(void)state;
	sent(intercept_msr(&vp, &ex), 0x80010001, 64);
	header(2, WRITE, STATE);
	assert_int_equal(P(40, 4), 0x02020202); /* ECX */
	assert_int_equal(P(48, 8), 0x0303030303030303);
	assert_int_equal(P(56, 8), 0x0101010101010101);
	(void)setup(NULL);
	ex.msr.write = false;
	sent(intercept_msr(&vp, &ex), 0x80010001, 64);
	header(2, READ, STATE);
}

static void test_io(void **state)
{
	struct x86_exit ex = { .len = 1, .io = { .port = 0x3f8, .size = 1, .in = true } };

	(void)state;
	sent(exit_io(&vp, &ex), 0x80010000, 128);
	header(1, READ, STATE);
	assert_int_equal(P(40, 2), 0x3f8);
	assert_int_equal(P(42, 1), 1);
	assert_int_equal(P(43, 1), 0);
	assert_int_equal(P(44, 4), 0);
	assert_int_equal(P(48, 8), 0x0101010101010101);
	assert_int_equal(fetches, 0);
	assert_int_equal(P(72, 8), 0x3000); /* DS */
	assert_int_equal(P(88, 8), 0);	    /* ES */
	assert_int_equal(P(88 + 8, 4), 0xfffff000);
	assert_int_equal(P(104, 8), 0x0202020202020202);
	assert_int_equal(P(112, 8), 0x0707070707070707);
	assert_int_equal(P(120, 8), 0x0808080808080808);
	/* The string forms: with their bytes, as many as there are */
	(void)setup(NULL);
	code_len = 3;
	ex.io.in = false;
	ex.io.size = 4;
	ex.io.string = ex.io.rep = true;
	sent(intercept_io(&vp, &ex), 0x80010000, 128);
	header(1, WRITE, STATE);
	assert_int_equal(P(42, 1), 4 | 8 | 0x10);
	assert_int_equal(P(43, 1), 3);
	assert_int_equal(P(56, 4), 0x0010438b);
	assert_int_equal(P(64, 8), 0);
	(void)setup(NULL);
	ex.io.rep = false;
	sent(intercept_io(&vp, &ex), 0x80010000, 128);
	assert_int_equal(P(42, 1), 4 | 8);
	assert_int_equal(P(43, 1), 15);
}

static void test_memory(void **state)
{
	struct x86_exit ex = { .slat = { .gva_valid = true, .gva = 0x7f0000001000 } };

	(void)state;
	sent(intercept_memory(&vp, GPA(0xabc123), SLAT_W, true, &ex), 0x80000000, 80);
	header(3, WRITE, STATE); /* the length is decoded from the bytes */
	assert_int_equal(P(40, 4), 6);
	assert_int_equal(P(44, 1), 15);
	assert_int_equal(P(45, 1), 3);
	assert_int_equal(P(46, 1), 9);
	assert_int_equal(P(48, 8), 0x7f0000001000);
	assert_int_equal(P(56, 8), 0xabc123);
	assert_memory_equal(page + 16 + 64, code, 15);
	/* A walk of the tables: the address is known, but it is not that page's */
	(void)setup(NULL);
	ex.slat.table_walk = true;
	sent(intercept_memory(&vp, GPA(0xabc123), SLAT_R, false, &ex), 0x80000001, 80);
	header(3, READ, STATE);
	assert_int_equal(P(45, 1), 1);
	/* No address; no exit at all */
	(void)setup(NULL);
	ex.slat.gva_valid = false;
	sent(intercept_memory(&vp, GPA(0x1000), SLAT_R, false, &ex), 0x80000001, 80);
	assert_int_equal(P(45, 1), 0);
	assert_int_equal(P(48, 8), 0);
	(void)setup(NULL);
	sent(intercept_memory(&vp, GPA(0x1000), SLAT_R, false, NULL), 0x80000001, 80);
	assert_int_equal(P(45, 1), 0);
	/* The instruction is what is missing: nobody asks for its bytes */
	(void)setup(NULL);
	sent(intercept_memory(&vp, GPA(0x1000), SLAT_X, true, NULL), 0x80000000, 80);
	header(0, EXECUTE, STATE);
	assert_int_equal(fetches, 0);
	assert_int_equal(P(44, 1), 0);
	/* Half an instruction has no length; none has neither */
	for (uint32_t n = 0; n < 3; n++) {
		(void)setup(NULL);
		code_len = n;
		sent(intercept_memory(&vp, GPA(0x1000), SLAT_R, true, NULL), 0x80000000, 80);
		header(0, READ, STATE);
		assert_int_equal(P(44, 1), n);
		for (uint32_t i = n; i < 16; i++)
			assert_int_equal(P(64 + i, 1), 0);
	}
}

/* Bytes that are no instruction: the root sees them, and that they have no length. */
static void test_no_instruction(void **state)
{
	(void)state;
	code[0] = 0xf0; /* LOCK on what cannot have it */
	code[1] = 0x8b;
	sent(intercept_memory(&vp, GPA(0x1000), SLAT_R, true, NULL), 0x80000000, 80);
	header(0, READ, STATE);
	assert_int_equal(P(44, 1), 15);
	assert_int_equal(P(64, 2), 0x8bf0);
}

static void test_exception(void **state)
{
	struct x86_exit ex = {
		.exception = { .vector = 14, .has_error = true, .error = 7, .cr2 = 0xdead }
	};

	(void)state;
	fv.sys[SYS_DR6] = 0xffff4ff1;
	sent(intercept_exception(&vp, &ex), 0x80010003, 144);
	header(0, EXECUTE, STATE);
	assert_int_equal(P(40, 2), 14);
	assert_int_equal(P(42, 1), 1);
	assert_int_equal(P(43, 1), 15);
	assert_int_equal(P(44, 4), 7);
	assert_int_equal(P(48, 8), 0xdead);
	assert_int_equal(P(56, 8), 0);
	assert_memory_equal(page + 16 + 64, code, 15);
	assert_int_equal(P(80, 8), 0x3000); /* DS */
	assert_int_equal(P(96, 8), 0x2000); /* SS */
	assert_int_equal(P(112, 8), 0x0101010101010101);
	assert_int_equal(P(120, 8), 0x0202020202020202);
	assert_int_equal(P(128, 8), 0x0303030303030303);
	assert_int_equal(P(136, 8), 0x0404040404040404);
	(void)setup(NULL);
	ex.exception.vector = 1;
	ex.exception.has_error = false;
	fv.sys[SYS_DR6] = 0xffff4ff1;
	sent(intercept_exception(&vp, &ex), 0x80010003, 144);
	assert_int_equal(P(42, 1), 0);
	assert_int_equal(P(48, 8), 0xffff4ff1);
	(void)setup(NULL);
	ex.exception.vector = 6;
	sent(intercept_exception(&vp, &ex), 0x80010003, 144);
	assert_int_equal(P(48, 8), 0);
}

/* Each bit of the execution state alone (TLFS, HV_X64_VP_EXECUTION_STATE) */
static void test_state(void **state)
{
	static const struct {
		enum x86_sysreg r;
		uint64_t v;
		uint16_t bit;
	} bits[] = {
		{ SYS_CPL, 1, 1 },
		{ SYS_CPL, 2, 2 },
		{ SYS_CR0, CR0_PE, 4 },
		{ SYS_CR0, CR0_AM, 8 },
		{ SYS_EFER, EFER_LMA, 0x10 },
		{ SYS_EFER, EFER_LME, 0 },
		{ SYS_DR7, 1, 0x20 },
		{ SYS_DR7, 0x80, 0x20 },
		{ SYS_DR7, 0x400, 0 },
		{ SYS_INT_SHADOW, 1, 0x1000 },
	};
	struct x86_exit ex = { .len = 1 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bits); i++) {
		fv.sys[SYS_CPL] = fv.sys[SYS_CR0] = fv.sys[SYS_EFER] = fv.sys[SYS_DR7] = 0;
		fv.sys[SYS_INT_SHADOW] = 0;
		fv.sys[bits[i].r] = bits[i].v;
		(void)intercept_msr(&vp, &ex);
		assert_int_equal(P(6, 2), bits[i].bit);
	}
	fv.sys[SYS_INT_SHADOW] = 0;
	vp.arch.event.pending = true;
	(void)intercept_msr(&vp, &ex);
	assert_int_equal(P(6, 2), 0x40);
}

static void test_halt(void **state)
{
	struct x86_exit ex = { .len = 1 };

	(void)state;
	fv.sys[SYS_INT_SHADOW] = 1;
	sent(intercept_halt(&vp, &ex), 0x80010007, 40);
	/* It is done: behind it, and out of the shadow of the STI before it */
	assert_int_equal(vp.arch.rip, 0xffffffff81000124);
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	header(1, EXECUTE, STATE);
}

static void test_short(void **state)
{
	struct x86_exit ex = { .len = 3 };

	(void)state;
	sent(intercept_unrecoverable(&vp, &ex), 0x80000021, 40);
	header(0, EXECUTE, STATE);
	(void)setup(NULL);
	sent(intercept_unrecoverable(&vp, NULL), 0x80000021, 40);
	(void)setup(NULL);
	sent(intercept_invalid_register(&vp, "why"), 0x80000020, 8);
	assert_int_equal(P(0, 8), 5);
	assert_non_null(strstr(fake_log_line, "why"));
	(void)setup(NULL);
	sent(intercept_unsupported(&vp, 2, 0x28), 0x80000022, 16);
	assert_int_equal(P(0, 4), 5);
	assert_int_equal(P(4, 4), 2);
	assert_int_equal(P(8, 8), 0x28);
	for (int type = 0; type < 3; type += 2) {
		(void)setup(NULL);
		sent(intercept_deliverable(&vp, type), 0x80010008, 48);
		header(0, EXECUTE, STATE);
		assert_int_equal(P(40, 8), type);
	}
	(void)setup(NULL);
	sent(intercept_apic_eoi(&vp, 0x41), 0x80010004, 8);
	assert_int_equal(P(0, 4), 5);
	assert_int_equal(P(4, 4), 0x41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cpuid, setup),
		cmocka_unit_test_setup(test_msr, setup),
		cmocka_unit_test_setup(test_io, setup),
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_no_instruction, setup),
		cmocka_unit_test_setup(test_exception, setup),
		cmocka_unit_test_setup(test_state, setup),
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_short, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
