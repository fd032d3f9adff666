/* SPDX-License-Identifier: MIT */
/*
 * Instruction bytes and lengths at a VP's RIP: mode and address by CS and the control registers,
 * pages that are not there or not next to each other, and the hint that saves most look-ups, which
 * may be stale, and must then be noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"

#define RIP 0xffff800000001000ull

static uint8_t memory[4][PAGE_SIZE]; /* guest-physical 0x10000, 0x20000, .. */
static struct {
	uint64_t va;
	enum gva_result result;
	enum guest_mem_result mem;
} pages[4];
static struct partition part;
static struct vp vp;
static uint32_t walks, pins, unpins, walk_access;
/* Do the entries still say what they said? And something that happens while they are asked. */
static bool tables_same;
static void (*meanwhile)(void);

bool gva_trail_holds(const struct gva_trail *t)
{
	assert_int_equal(t->levels, 4);
	if (meanwhile)
		meanwhile();
	return tables_same;
}

enum gva_result gva_translate_trail(struct vp *v, gva_t gva, uint32_t access, gpa_t *gpa,
				    struct gva_fault *fault, struct gva_trail *trail)
{
	assert_ptr_equal(v, &vp);
	walks++;
	walk_access = access;
	trail->levels = 4;
	for (uint32_t i = 0; i < 4; i++)
		if (pages[i].va == (gva.v & PAGE_MASK)) {
			*gpa = GPA(0x10000 * (i + 1) + (gva.v & (PAGE_SIZE - 1)));
			if (fault)
				*fault = (struct gva_fault){ .result = pages[i].result,
							     .error = 0x15,
							     .gpa = GPA(0x7777),
							     .table = true,
							     .mem = GUEST_MEM_NO_ACCESS };
			return pages[i].result;
		}
	if (fault)
		*fault = (struct gva_fault){ .result = GVA_NOT_PRESENT, .error = 0x10 };
	return GVA_NOT_PRESENT;
}

static uint8_t *at(gpa_t gpa)
{
	uint64_t n = gpa.v >> 16;

	assert_in_range(n, 1, 4);
	return &memory[n - 1][gpa.v & (PAGE_SIZE - 1)];
}

enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	assert_ptr_equal(p, &part);
	assert_int_equal(need, SLAT_R);
	if (pages[(gpa.v >> 16) - 1].mem)
		return pages[(gpa.v >> 16) - 1].mem;
	pins++;
	out->ptr = at(GPA(gpa.v & PAGE_MASK));
	return GUEST_MEM_OK;
}

void guest_mem_unpin(struct guest_page *pg)
{
	assert_non_null(pg->ptr);
	unpins++;
}

static void code_segment(uint64_t base, uint16_t attributes)
{
	fv.seg[SEG_CS] = (struct hv_x64_segment_register){ .base = base, .attributes = attributes };
}

#define CS_16 0x009b
#define CS_32 0xc09b
#define CS_64 0xa09b

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	memset(memory, 0x90, sizeof(memory));
	memset(pages, 0, sizeof(pages));
	vp.partition = &part;
	part.slat.generation = 9;
	vp.arch.rip = RIP;
	fv.sys[SYS_CR0] = CR0_PE | CR0_PG;
	fv.sys[SYS_CR3] = 0x1000;
	fv.sys[SYS_EFER] = EFER_LMA;
	code_segment(0x123000, CS_64);
	pages[0].va = RIP;
	pages[1].va = RIP + PAGE_SIZE;
	pages[2].va = pages[3].va = 1; /* none */
	walks = pins = unpins = 0;
	tables_same = true;
	meanwhile = NULL;
	return 0;
}

static void test_mode(void **state)
{
	(void)state;
	assert_int_equal(insn_mode(&vp), X86_MODE_64);
	/* The 32- and 16-bit halves of long mode */
	vp.arch.rip = 0x456;
	code_segment(0x123000, CS_32);
	assert_int_equal(insn_mode(&vp), X86_MODE_32);
	code_segment(0x123000, CS_16);
	assert_int_equal(insn_mode(&vp), X86_MODE_16);
	/* L means nothing outside long mode */
	fv.sys[SYS_EFER] = EFER_LME;
	code_segment(0x123000, CS_64);
	assert_int_equal(insn_mode(&vp), X86_MODE_16);
	code_segment(0x123000, CS_32);
	assert_int_equal(insn_mode(&vp), X86_MODE_32);
	/* Virtual-8086 and real mode, whatever a descriptor said */
	fv.sys[SYS_RFLAGS] = RFLAGS_VM;
	assert_int_equal(insn_mode(&vp), X86_MODE_16);
	fv.sys[SYS_RFLAGS] = 0;
	fv.sys[SYS_CR0] = CR0_ET;
	assert_int_equal(insn_mode(&vp), X86_MODE_16);
}

static void test_fetch(void **state)
{
	struct gva_fault fault;
	uint8_t buf[16];

	(void)state;
	for (uint32_t i = 0; i < 15; i++)
		memory[0][0x10 + i] = (uint8_t)i;
	vp.arch.rip = RIP + 0x10;
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(insn_fetch(&vp, buf, &fault), 15);
	assert_int_equal(fault.result, GVA_OK);
	assert_memory_equal(buf, &memory[0][0x10], 15);
	assert_int_equal(buf[15], 0xee);
	assert_int_equal(walks, 1);
	assert_int_equal(walk_access, GVA_EXEC);
	fv.sys[SYS_CPL] = 3;
	(void)insn_fetch(&vp, buf, &fault);
	assert_int_equal(walk_access, GVA_EXEC | GVA_USER);
	assert_int_equal(walks, 2); /* another right is another question */
	/* Exactly to the end of the page: its neighbour is nobody's business */
	pages[1].va = 1;
	vp.arch.rip = RIP + PAGE_SIZE - 15;
	assert_int_equal(insn_fetch(&vp, buf, &fault), 15);
	assert_int_equal(walks, 2);
	/* Across, into a page that lies elsewhere */
	pages[1].va = RIP + PAGE_SIZE;
	memory[0][PAGE_SIZE - 1] = 0x0f;
	memory[1][0] = 0xa2;
	memory[1][13] = 0x77;
	vp.arch.rip = RIP + PAGE_SIZE - 1;
	assert_int_equal(insn_fetch(&vp, buf, &fault), 15);
	assert_int_equal(buf[0], 0x0f);
	assert_int_equal(buf[1], 0xa2);
	assert_int_equal(buf[14], 0x77);
	/* Wherever the border is */
	for (uint32_t n = 1; n < 15; n++) {
		memset(memory[0] + PAGE_SIZE - n, 0x55, n);
		memset(memory[1], 0x66, 15);
		vp.arch.rip = RIP + PAGE_SIZE - n;
		memset(buf, 0, sizeof(buf));
		assert_int_equal(insn_fetch(&vp, buf, &fault), 15);
		for (uint32_t i = 0; i < 15; i++)
			assert_int_equal(buf[i], i < n ? 0x55 : 0x66);
	}
}

static void test_absent(void **state)
{
	struct gva_fault fault;
	uint8_t buf[16] = { 0 };

	(void)state;
	/* Each of the two pages: what its walk says, or what its memory says */
	for (uint32_t i = 0; i < 2; i++) {
		vp.arch.rip = i ? RIP + PAGE_SIZE - 4 : RIP + 0x123;
		pages[i].result = GVA_PRIVILEGE;
		assert_int_equal(insn_fetch(&vp, buf, &fault), 4 * i);
		assert_int_equal(fault.result, GVA_PRIVILEGE);
		assert_int_equal(fault.error, 0x15);
		pages[i].result = GVA_NO_MEMORY; /* a table on the way */
		assert_int_equal(insn_fetch(&vp, buf, &fault), 4 * i);
		assert_int_equal(fault.result, GVA_NO_MEMORY);
		assert_true(fault.table);
		assert_int_equal(fault.gpa.v, 0x7777);
		pages[i].result = GVA_OK;
		for (uint32_t m = GUEST_MEM_UNMAPPED; m <= GUEST_MEM_NO_ACCESS; m++) {
			pages[i].mem = (enum guest_mem_result)m;
			assert_int_equal(insn_fetch(&vp, buf, &fault), 4 * i);
			assert_int_equal(fault.result, GVA_NO_MEMORY);
			assert_false(fault.table);
			assert_int_equal(fault.gpa.v, i ? 0x20000 : 0x10123);
			assert_int_equal(fault.mem, m);
		}
		pages[i].mem = GUEST_MEM_OK;
	}
}

/* -- lengths --------------------------------------------------------------------------------------
 */

static void put(uint64_t offset, const char *bytes, uint32_t n)
{
	memcpy(&memory[0][offset], bytes, n);
}

static bool length(struct x86_exit *ex)
{
	walks = 0;
	return insn_length(&vp, ex);
}

#define CPUID_EXIT \
	{ \
		.len = 2, .opcode = { 0x0f, 0xa2 } \
	}

static void test_known(void **state)
{
	struct x86_exit ex = { .len = 7 };

	(void)state;
	/* The CPU has said it: nothing is looked at */
	assert_true(length(&ex));
	assert_int_equal(ex.len, 7);
	assert_int_equal(walks, 0);
}

static void test_decoded(void **state)
{
	struct x86_exit ex = CPUID_EXIT;

	(void)state;
	put(0, "\xf3\x40\x0f\xa2", 4); /* with prefixes that do nothing */
	assert_true(length(&ex));
	assert_int_equal(ex.len, 4);
	ex = (struct x86_exit){ .len = 0 };
	put(0, "\x0f\x01\xd9", 3);
	assert_true(length(&ex));
	assert_int_equal(ex.len, 3);
	/* 32-bit code has other lengths: 48h is an instruction there */
	code_segment(0, CS_32);
	vp.arch.rip = 0x1000;
	pages[2].va = 0x1000;
	memory[2][0] = 0x48;
	ex.len = 0;
	assert_true(length(&ex));
	assert_int_equal(ex.len, 1);
}

static void test_undecodable(void **state)
{
	struct x86_exit ex = CPUID_EXIT;

	(void)state;
	put(0, "\x06", 1); /* PUSH ES is none in 64-bit mode */
	assert_false(length(&ex));
	assert_int_equal(ex.len, 2);
	pages[0].result = GVA_NOT_PRESENT;
	assert_false(length(&ex));
	pages[0].result = GVA_OK;
	pages[0].mem = GUEST_MEM_UNMAPPED;
	assert_false(length(&ex));
	/* Half an instruction at the end of what is there; the whole one is enough */
	pages[0].mem = GUEST_MEM_OK;
	pages[1].va = 1;
	vp.arch.rip = RIP + PAGE_SIZE - 1;
	put(PAGE_SIZE - 2, "\x0f\x0f", 2);
	assert_false(length(&ex));
	vp.arch.rip--;
	put(PAGE_SIZE - 2, "\x0f\xa2", 2);
	assert_true(length(&ex));
	assert_int_equal(ex.len, 2);
}

/* -- the hint -------------------------------------------------------------------------------------
 */

static bool fast(void)
{
	struct x86_exit ex = CPUID_EXIT;

	assert_true(length(&ex));
	assert_int_equal(ex.len, 2);
	assert_int_equal(pins, unpins);
	return !(walks);
}

static void test_hint(void **state)
{
	struct x86_exit ex = { .len = 0 };

	(void)state;
	for (uint32_t i = 0; i < PAGE_SIZE; i += 2)
		put(i, "\x0f\xa2", 2);
	assert_false(fast());
	assert_true(fast());
	vp.arch.rip = RIP + 0x800;
	assert_true(fast()); /* the whole page */
	/* Fifteen bytes that may not all be in it */
	vp.arch.rip = RIP + PAGE_SIZE - 14;
	assert_false(fast());
	vp.arch.rip = RIP + PAGE_SIZE - 16;
	assert_true(fast());
	/* The bytes are those of now */
	put(0x100, "\x66\x0f\xa2", 3);
	vp.arch.rip = RIP + 0x100;
	assert_true(length(&ex));
	assert_int_equal(ex.len, 3);
	assert_int_equal(walks, 0);
}

static void take_away(void)
{
	part.slat.generation++;
	memset(memory[0], 0x06, 16); /* somebody else's by now */
}

/* What makes it void: registers, the guest's own tables, a mapping taken away, and that meanwhile.
 */
static void test_stale(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		(void)setup(NULL);
		memcpy(memory[1], "\x0f\xa2", 2);
		put(0, "\x0f\xa2", 2);
		assert_false(fast());
		assert_true(fast());
		if (i == 0)
			vp.arch.rip = RIP + PAGE_SIZE;
		else if (i == 1)
			fv.sys[SYS_CR3] = 0x2000;
		else if (i == 2)
			fv.sys[SYS_CR0] |= CR0_WP;
		else if (i == 3)
			fv.sys[SYS_CR4] |= CR4_SMEP;
		else if (i == 4)
			fv.sys[SYS_EFER] |= EFER_NXE;
		else if (i == 5)
			fv.sys[SYS_CPL] = 3;
		else if (i == 6)
			part.slat.generation++;
		else
			tables_same = false;
		assert_false(fast());
		tables_same = true;
		assert_true(fast());
	}
	/* A set by the root forgets it */
	vp.arch.fetch.ptr = NULL;
	assert_false(fast());
	/* Gone between the question and the read: what was read is not used */
	(void)setup(NULL);
	put(0, "\x0f\xa2", 2);
	assert_false(fast());
	meanwhile = take_away;
	pages[0].mem = GUEST_MEM_UNMAPPED;
	struct x86_exit ex = CPUID_EXIT;
	assert_false(length(&ex));
	assert_int_equal(walks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_mode, setup),
		cmocka_unit_test_setup(test_fetch, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_known, setup),
		cmocka_unit_test_setup(test_decoded, setup),
		cmocka_unit_test_setup(test_undecodable, setup),
		cmocka_unit_test_setup(test_hint, setup),
		cmocka_unit_test_setup(test_stale, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
