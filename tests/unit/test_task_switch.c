/* SPDX-License-Identifier: MIT */
/*
 * The task switch in software, over a guest memory of a few pages: each row of the SDM's table 8-1
 * with its exception, every byte that a switch writes, and memory that is not there at any access.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"

#define PAGES 24u

/* Where things are */
#define GDT	 0x1000u
#define LDT	 0x2000u
#define OLD	 0x3fb0u /* the saved state lies over two pages */
#define NEW	 0x5fffu /* so does the link */
#define STACK	 0x8000u /* its end */
#define DIR1	 0x9000u
#define DIR2	 0xa000u
#define TABLE	 0xb000u
#define PDPT1	 0xc000u
#define PDPT2	 0xd020u
#define PDIR	 0xe000u
#define PTAB	 0xf000u
#define LINK_SEL 0x18u
#define NEW_SEL	 0x20u

static uint8_t ram[PAGES << 12], before[PAGES << 12];
static enum guest_mem_result no_read[PAGES], no_write[PAGES];
static uint32_t accesses, fail_at; /* the n-th access to memory finds none; 0: never */
static uint64_t failed_at;
static uint32_t held;
static bool length_known;
static void (*at_hold)(void); /* another CPU, before the first page is held for writing */

static struct partition part, root;
struct partition *partition_root = &root;
uint32_t cpu_phys_bits = 40;
static struct vp vp, vp_before;
static struct fake_virt fv_before;

static struct {
	uint32_t exceptions, messages, unimplemented;
	uint8_t vector;
	bool has_error, event;
	uint32_t error;
	uint64_t cr2, gpa;
	uint32_t access;
	bool unmapped;
} got;

static enum guest_mem_result at(struct partition *p, gpa_t gpa, uint32_t need)
{
	uint64_t page = gpa.v >> 12;

	assert_ptr_equal(p, vp.partition);
	if (++accesses == fail_at) {
		failed_at = gpa.v;
		return GUEST_MEM_UNMAPPED;
	}
	if (page >= PAGES)
		return GUEST_MEM_UNMAPPED;
	if (no_read[page])
		return no_read[page];
	return need & SLAT_W ? no_write[page] : GUEST_MEM_OK;
}

enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	enum guest_mem_result r;

	if (need == (SLAT_R | SLAT_W) && at_hold) {
		at_hold();
		at_hold = NULL;
	}
	r = at(p, gpa, need);
	if (r != GUEST_MEM_OK)
		return r;
	held++;
	out->ptr = ram + (gpa.v & PAGE_MASK);
	return r;
}

void guest_mem_unpin(struct guest_page *pg)
{
	assert_true(held > 0 && pg->ptr);
	held--;
	pg->ptr = NULL;
}

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *where)
{
	enum guest_mem_result r = at(p, gpa, SLAT_R);

	(void)where;
	assert_true((gpa.v & 0xfff) + len <= 0x1000);
	if (r == GUEST_MEM_OK)
		memcpy(buf, ram + gpa.v, len);
	return r;
}

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	assert_ptr_equal(v, &vp);
	if (length_known && !ex->len)
		ex->len = 2;
	return length_known;
}

enum exit_action exit_exception(struct vp *v, struct x86_exit *ex)
{
	assert_ptr_equal(v, &vp);
	assert_int_equal(ex->kind, X86_EXIT_EXCEPTION);
	assert_int_equal(held, 0);
	got.exceptions++;
	got.vector = ex->exception.vector;
	got.has_error = ex->exception.has_error;
	got.error = ex->exception.error;
	got.cr2 = ex->exception.cr2;
	got.event = vp.arch.event.pending;
	return EXIT_RESUME;
}

enum exit_action intercept_memory(struct vp *v, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex)
{
	assert_ptr_equal(v, &vp);
	assert_null(ex);
	assert_int_equal(held, 0);
	got.messages++;
	got.gpa = gpa.v;
	got.access = access;
	got.unmapped = unmapped;
	return EXIT_STOP;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)what;
	assert_ptr_equal(p, &root);
	assert_int_equal(kind, UNIMPLEMENTED_CORE_MEMORY);
	got.unimplemented++;
	got.gpa = arg;
}

/* -- the guest ----------------------------------------------------------------------------------
 */

static void w8(uint32_t a, uint32_t v)
{
	ram[a] = (uint8_t)v;
}

static void w16(uint32_t a, uint32_t v)
{
	w8(a, v);
	w8(a + 1, v >> 8);
}

static void w32(uint32_t a, uint32_t v)
{
	w16(a, v);
	w16(a + 2, v >> 16);
}

static void descriptor(uint32_t a, uint32_t base, uint32_t limit, uint32_t type, uint32_t flags)
{
	w16(a, limit);
	w16(a + 2, base);
	w8(a + 4, base >> 16);
	w8(a + 5, type);
	w8(a + 6, limit >> 16 | flags << 4);
	w8(a + 7, base >> 24);
}

static const uint16_t new_segs[6] = { 0x10, 0x08, 0x10, 0x14, 0x50, 0 };

static void tables(uint32_t dir, uint32_t table)
{
	w32(dir, table | 0x67);
	for (uint32_t i = 0; i < PAGES; i++)
		w32(table + 4 * i, i << 12 | 0x67);
}

static void pae_tables(uint32_t pdpt)
{
	w32(pdpt, PDIR | 1);
	w32(PDIR, PTAB | 0x67);
	for (uint32_t i = 0; i < PAGES; i++)
		w32(PTAB + 8 * i, i << 12 | 0x67);
}

static void new_tss(bool wide)
{
	if (wide) {
		w32(NEW + 0x1c, DIR2);
		w32(NEW + 0x20, 0x12345);
		w32(NEW + 0x24, 0x200 | 8); /* IF, and a bit that there is not */
		for (uint32_t i = 0; i < 8; i++)
			w32(NEW + 0x28 + 4 * i, 0xc0000000 | i << 8 | i);
		w32(NEW + 0x38, STACK);
		for (uint32_t i = 0; i < 6; i++)
			w16(NEW + 0x48 + 4 * i, new_segs[i]);
		w16(NEW + 0x60, 0x28);
		return;
	}
	w16(NEW + 0xe, 0x2345);
	w16(NEW + 0x10, 0x202);
	for (uint32_t i = 0; i < 8; i++)
		w16(NEW + 0x12 + 2 * i, 0xc000 | i << 8 | i);
	w16(NEW + 0x1a, STACK);
	for (uint32_t i = 0; i < 4; i++)
		w16(NEW + 0x22 + 2 * i, new_segs[i]);
	w16(NEW + 0x2a, 0x28);
}

static void set_seg(enum x86_seg s, uint32_t base, uint32_t limit, uint16_t sel, uint16_t ar)
{
	fv.seg[s] = (struct hv_x64_segment_register){
		.base = base, .limit = limit, .selector = sel, .attributes = ar
	};
}

static void build(bool old_wide, bool new_wide)
{
	memset(ram, 0, sizeof(ram));
	memset(ram + OLD, 0xe5, 104);
	descriptor(GDT + 0x08, 0, 0xfffff, 0x9a, 0xc);
	descriptor(GDT + 0x10, 0, 0xfffff, 0x92, 0xc);
	descriptor(GDT + 0x18, OLD, old_wide ? 103 : 43, old_wide ? 0x8b : 0x83, 0);
	descriptor(GDT + 0x20, NEW, new_wide ? 103 : 43, new_wide ? 0x89 : 0x81, 0);
	descriptor(GDT + 0x28, LDT, 31, 0x82, 0);
	descriptor(GDT + 0x30, 0, 0xfffff, 0xfa, 0xc); /* ring 3 */
	descriptor(GDT + 0x38, 0, 0xfffff, 0xf2, 0xc);
	descriptor(GDT + 0x40, 0, 0xfffff, 0x9e, 0xc); /* conforming */
	descriptor(GDT + 0x48, 0, 0xfffff, 0x98, 0xc); /* execute only */
	descriptor(GDT + 0x50, 0, 0xfffff, 0x93, 0xc); /* marked already */
	descriptor(GDT + 0x58, 0, 0xfffff, 0x90, 0xc); /* read only */
	descriptor(GDT + 0x60, 0, 0xfffff, 0xde, 0xc); /* conforming of ring 2 */
	descriptor(GDT + 0x68, 0, 0x6fff, 0x96, 4);    /* expands down from 7000 */
	descriptor(GDT + 0x70, 0, 0xfffff, 0x12, 0xc); /* not present */
	descriptor(GDT + 0x78, 0, 0xfffff, 0x1a, 0xc);
	descriptor(LDT + 0x10, 0x1000, 0x1234, 0x92, 4);
	new_tss(new_wide);
	tables(DIR1, TABLE);
	tables(DIR2, TABLE);
	pae_tables(PDPT1);
	pae_tables(PDPT2);
	memset(&fv, 0, sizeof(fv));
	fv.sys[SYS_CR0] = CR0_PE | CR0_ET | CR0_WP;
	fv.sys[SYS_CR3] = DIR1;
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED | RFLAGS_CF | RFLAGS_NT | RFLAGS_RF;
	fv.sys[SYS_DR6] = DR6_FIXED;
	fv.sys[SYS_DR7] = 0x7ff | 0x30000;
	fv.sys[SYS_INT_SHADOW] = 1;
	fv.sys[SYS_CPL] = 1;
	for (uint32_t i = 0; i < 6; i++)
		set_seg((enum x86_seg)i, 0, ~0u, (uint16_t)(0x1009 + i * 0x111), 0xc0b3);
	set_seg(SEG_TR, OLD, old_wide ? 103 : 43, LINK_SEL, old_wide ? 0x8b : 0x83);
	set_seg(SEG_GDTR, GDT, 0x7f, 0, 0);
	set_seg(SEG_LDTR, 0x7777, 0x77, 0x7770, 0x82);
	memset(&vp, 0, sizeof(vp));
	vp.partition = &part;
	vp.arch.rip = 0x40001000;
	for (uint32_t i = 0; i < 16; i++)
		vp.arch.gpr[i] = 0x8765432100000000ull + i * 0x01010101u;
	memset(no_read, 0, sizeof(no_read));
	memset(no_write, 0, sizeof(no_write));
	fail_at = 0;
	length_known = true;
	at_hold = NULL;
	part.arch.exception_intercepts = 0;
}

static struct x86_exit asked(enum x86_task_source source)
{
	return (struct x86_exit){ .kind = X86_EXIT_TASK_SWITCH,
				  .task = { .selector = NEW_SEL,
					    .source = (uint8_t)source,
					    .next = source != TASK_GATE,
					    .external = source == TASK_GATE } };
}

/* IRET goes to a task that is busy. */
static void for_iret(enum x86_task_source source)
{
	if (source == TASK_IRET)
		ram[GDT + NEW_SEL + 5] |= 2;
}

static enum exit_action run(struct x86_exit *ex)
{
	enum exit_action r;

	memcpy(before, ram, sizeof(ram));
	memset(&got, 0, sizeof(got));
	fv.notes = 0;
	fv_before = fv;
	vp_before = vp;
	accesses = 0;
	r = exit_task_switch(&vp, ex);
	assert_int_equal(held, 0);
	return r;
}

static void unchanged(void)
{
	assert_memory_equal(ram, before, sizeof(ram));
	assert_int_equal(fv.notes, 0);
	assert_memory_equal(&vp, &vp_before, sizeof(vp));
}

static void raised(uint8_t vector, uint32_t error)
{
	assert_int_equal(got.exceptions, 1);
	assert_int_equal(got.messages, 0);
	assert_int_equal(got.vector, vector);
	assert_true(got.has_error);
	assert_int_equal(got.error, error);
}

static int setup(void **state)
{
	(void)state;
	build(true, true);
	return 0;
}

/* -- all bytes and registers of a switch that succeeds ------------------------------------------
 */

static void expect16(uint8_t *m, uint32_t a, uint32_t v)
{
	m[a] = (uint8_t)v;
	m[a + 1] = (uint8_t)(v >> 8);
}

static void expect32(uint8_t *m, uint32_t a, uint32_t v)
{
	expect16(m, a, v);
	expect16(m, a + 2, v >> 16);
}

static void expect_saved(bool wide, uint32_t eip, uint32_t eflags)
{
	uint32_t n = wide ? 6 : 4;

	if (wide) {
		expect32(before, OLD + 0x20, eip);
		expect32(before, OLD + 0x24, eflags);
	} else {
		expect16(before, OLD + 0xe, eip);
		expect16(before, OLD + 0x10, eflags);
	}
	for (uint32_t i = 0; i < 8; i++)
		if (wide)
			expect32(before, OLD + 0x28 + 4 * i, i * 0x01010101u);
		else
			expect16(before, OLD + 0x12 + 2 * i, i * 0x0101u);
	for (uint32_t i = 0; i < n; i++)
		expect16(before, wide ? OLD + 0x48 + 4 * i : OLD + 0x22 + 2 * i,
			 0x1009 + i * 0x111);
}

static void expect_seg(enum x86_seg s, uint32_t base, uint32_t limit, uint16_t sel, uint16_t ar)
{
	assert_int_equal(fv.seg[s].base, base);
	assert_int_equal(fv.seg[s].limit, limit);
	assert_int_equal(fv.seg[s].selector, sel);
	assert_int_equal(fv.seg[s].attributes, ar);
}

static void expect_loaded(bool wide, bool nests)
{
	const uint64_t *g = vp.arch.gpr;

	assert_int_equal(vp.arch.rip, wide ? 0x12345 : 0x2345);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(g[i], i >= 8	      ? 0x8765432100000000ull + i * 0x01010101u
				       : i == GPR_RSP ? (wide ? STACK : 0xffff0000 | STACK)
				       : wide	      ? 0xc0000000 | i << 8 | i
						      : 0xffffc000 | i << 8 | i);
	assert_int_equal(fv.sys[SYS_RFLAGS], 0x202 | (nests ? RFLAGS_NT : 0));
	assert_int_equal(fv.sys[SYS_CR0], fv_before.sys[SYS_CR0] | CR0_TS);
	assert_int_equal(fv.sys[SYS_DR7], 0x6aa | 0x30000);
	assert_int_equal(fv.sys[SYS_DR6], DR6_FIXED);
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	assert_int_equal(fv.sys[SYS_CPL], 0);
	expect_seg(SEG_ES, 0, ~0u, 0x10, 0xc093);
	expect_seg(SEG_CS, 0, ~0u, 0x08, 0xc09b);
	expect_seg(SEG_SS, 0, ~0u, 0x10, 0xc093);
	expect_seg(SEG_DS, 0x1000, 0x1234, 0x14, 0x4093);
	expect_seg(SEG_FS, 0, wide ? ~0u : 0, wide ? 0x50 : 0, wide ? 0xc093 : 0);
	expect_seg(SEG_GS, 0, 0, 0, 0);
	expect_seg(SEG_LDTR, LDT, 31, 0x28, 0x82);
	expect_seg(SEG_TR, NEW, wide ? 103 : 43, NEW_SEL, wide ? 0x8b : 0x83);
}

static void test_commit(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 64; c++) {
		enum x86_task_source source = (enum x86_task_source)(c & 3);
		bool old_wide = c & 4, new_wide = c & 8, paging = c & 16, soft = c & 32;
		bool nests = source == TASK_CALL || source == TASK_GATE;
		struct x86_exit ex = asked(source);
		bool next = source != TASK_GATE || soft;

		build(old_wide, new_wide);
		for_iret(source);
		if (paging)
			fv.sys[SYS_CR0] |= CR0_PG;
		if (soft)
			ex.task.next = next;
		else
			ex.task.rf = true;
		assert_int_equal(run(&ex), EXIT_RESUME);
		assert_int_equal(got.exceptions | got.messages, 0);
		expect_saved(old_wide, 0x40001000 + (next ? 2 : 0),
			     3 | (source == TASK_IRET ? 0 : 0x4000) | (soft ? 0 : 0x10000));
		before[GDT + 0x18 + 5] =
			nests ? (old_wide ? 0x8b : 0x83) : (old_wide ? 0x89 : 0x81);
		before[GDT + 0x20 + 5] = new_wide ? 0x8b : 0x83;
		if (nests)
			expect16(before, NEW, LINK_SEL);
		before[GDT + 0x08 + 5] = 0x9b;
		before[GDT + 0x10 + 5] = 0x93;
		before[LDT + 0x10 + 5] = 0x93;
		assert_memory_equal(ram, before, sizeof(ram));
		expect_loaded(new_wide, nests);
		assert_int_equal(fv.sys[SYS_CR3], paging && new_wide ? DIR2 : DIR1);
	}
}

/* A length that came with the exit is taken as it is; a fault's RIP needs none. */
static void test_length(void **state)
{
	struct x86_exit ex = asked(TASK_CALL);

	(void)state;
	ex.len = 7;
	(void)run(&ex);
	assert_memory_equal(ram + OLD + 0x20, ((uint8_t[]){ 7, 0x10, 0, 0x40 }), 4);
	(void)setup(NULL);
	length_known = false;
	ex = asked(TASK_JMP);
	assert_int_equal(run(&ex), EXIT_RESUME);
	assert_int_equal(got.exceptions, 0);
	unchanged();
	ex = asked(TASK_GATE);
	(void)run(&ex);
	assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
	assert_memory_equal(ram + OLD + 0x20, ((uint8_t[]){ 0, 0x10, 0, 0x40 }), 4);
}

static void test_long_mode(void **state)
{
	struct x86_exit ex = asked(TASK_JMP);

	(void)state;
	fv.sys[SYS_EFER] = EFER_LMA | EFER_LME;
	(void)run(&ex);
	raised(VEC_GP, NEW_SEL);
	unchanged();
}

/* -- table 8-1 ----------------------------------------------------------------------------------
 */

#define ANY	  15u
#define CALL	  1u
#define IRET	  2u
#define JMP	  4u
#define GATE	  8u
#define GDT5(sel) (GDT + (sel) + 5), 1
#define SEG32(s)  (NEW + 0x48 + 4 * (s)), 2
#define LDT32	  (NEW + 0x60), 2

struct row {
	uint32_t sources;
	uint32_t addr, size, value; /* what is put there */
	uint8_t vector;
	uint32_t error;
	bool late; /* in the new task */
	uint32_t addr2, size2, value2;
};

#define EARLY	false
#define LATE	true
#define NO_MORE 0, 0, 0

static const struct row checks[] = {
	/* the new TSS: type, present, busy or not, limit; in this order */
	{ CALL | JMP | GATE, GDT5(0x20), 0x82, VEC_GP, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT5(0x20), 0x99, VEC_GP, 0x20, EARLY, NO_MORE },
	{ IRET, GDT5(0x20), 0x9b, VEC_TS, 0x20, EARLY, NO_MORE },
	{ IRET, GDT5(0x20), 0x8c, VEC_TS, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT5(0x20), 0x09, VEC_NP, 0x20, EARLY, NO_MORE },
	{ IRET, GDT5(0x20), 0x0b, VEC_NP, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT5(0x20), 0x0b, VEC_NP, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT5(0x20), 0x8b, VEC_GP, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT5(0x20), 0x83, VEC_GP, 0x20, EARLY, NO_MORE },
	{ IRET, GDT5(0x20), 0x89, VEC_TS, 0x20, EARLY, NO_MORE },
	{ ANY, GDT + 0x20, 2, 102, VEC_TS, 0x20, EARLY, NO_MORE },
	{ CALL | JMP | GATE, GDT + 0x20, 2, 42, VEC_TS, 0x20, EARLY, GDT5(0x20), 0x81 },
	/* LDT: beyond the table, in itself, of another type */
	{ ANY, LDT32, 0x80, VEC_TS, 0x80, LATE, NO_MORE },
	{ ANY, LDT32, 0x2c, VEC_TS, 0x2c, LATE, NO_MORE },
	{ ANY, LDT32, 0x10, VEC_TS, 0x10, LATE, NO_MORE },
	{ ANY, LDT32, 0x20, VEC_TS, 0x20, LATE, NO_MORE },
	/* CS: DPL, before anything on SS */
	{ ANY, SEG32(1), 0x0b, VEC_TS, 0x08, LATE, SEG32(2), 0 },
	{ ANY, SEG32(1), 0x30, VEC_TS, 0x30, LATE, NO_MORE },
	{ ANY, SEG32(1), 0x60, VEC_TS, 0x60, LATE, NO_MORE }, /* conforming, DPL above */
	/* SS: null, no data, not writable, beyond, in the LDT beyond; present; DPL */
	{ ANY, SEG32(2), 0, VEC_TS, 0, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x08, VEC_TS, 0x08, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x58, VEC_TS, 0x58, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x28, VEC_TS, 0x28, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x80, VEC_TS, 0x80, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x24, VEC_TS, 0x24, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x73, VEC_SS, 0x70, LATE, NO_MORE },
	{ ANY, SEG32(2), 0x38, VEC_TS, 0x38, LATE, NO_MORE },
	{ ANY, SEG32(2), 0, VEC_TS, 0, LATE, SEG32(1), 0x10 }, /* before CS's validity */
	/* LDT not present: behind SS's, before CS's validity */
	{ ANY, GDT5(0x28), 0x02, VEC_TS, 0x28, LATE, NO_MORE },
	{ ANY, GDT5(0x28), 0x02, VEC_TS, 0x28, LATE, SEG32(1), 0x10 },
	{ ANY, GDT5(0x28), 0x02, VEC_SS, 0x70, LATE, SEG32(2), 0x70 },
	{ ANY, GDT5(0x28), 0x02, VEC_TS, 0x28, LATE, SEG32(2), 0x14 },
	/* CS: null, data, beyond; present; then SS's RPL */
	{ ANY, SEG32(1), 0, VEC_TS, 0, LATE, NO_MORE },
	{ ANY, SEG32(1), 0x10, VEC_TS, 0x10, LATE, NO_MORE },
	{ ANY, SEG32(1), 0x88, VEC_TS, 0x88, LATE, NO_MORE },
	{ ANY, SEG32(1), 0x78, VEC_NP, 0x78, LATE, NO_MORE },
	{ ANY, SEG32(1), 0x78, VEC_NP, 0x78, LATE, SEG32(2), 0x11 },
	{ ANY, SEG32(2), 0x11, VEC_TS, 0x10, LATE, NO_MORE },
	/* data: beyond, system, execute only; present; DPL */
	{ ANY, SEG32(3), 0x80, VEC_TS, 0x80, LATE, NO_MORE },
	{ ANY, SEG32(3), 0x24, VEC_TS, 0x24, LATE, NO_MORE },
	{ ANY, SEG32(0), 0x28, VEC_TS, 0x28, LATE, NO_MORE },
	{ ANY, SEG32(4), 0x48, VEC_TS, 0x48, LATE, NO_MORE },
	{ ANY, SEG32(5), 0x70, VEC_NP, 0x70, LATE, NO_MORE },
	{ ANY, SEG32(0), 0x13, VEC_TS, 0x10, LATE, NO_MORE },
	{ ANY, SEG32(3), 0x09, VEC_TS, 0x08, LATE, NO_MORE },
	/* DS before ES before FS before GS */
	{ ANY, SEG32(3), 0x80, VEC_TS, 0x80, LATE, SEG32(0), 0x28 },
	{ ANY, SEG32(0), 0x80, VEC_TS, 0x80, LATE, SEG32(4), 0x28 },
	{ ANY, SEG32(4), 0x80, VEC_TS, 0x80, LATE, SEG32(5), 0x28 },
};

static void put(uint32_t addr, uint32_t size, uint32_t v)
{
	for (uint32_t i = 0; i < size; i++)
		w8(addr + i, v >> 8 * i);
}

/* Late: the new task's registers are there, and what it could not load is not present. */
static void expect_late(enum x86_task_source source)
{
	bool nests = source == TASK_CALL || source == TASK_GATE;

	assert_int_equal(vp.arch.rip, 0x12345);
	assert_int_equal(vp.arch.gpr[GPR_RSP], STACK);
	assert_int_equal(fv.sys[SYS_RFLAGS], 0x202 | (nests ? RFLAGS_NT : 0));
	assert_int_equal(fv.sys[SYS_CR3], DIR2);
	assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
	assert_int_equal(fv.seg[SEG_TR].attributes, 0x8b);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(fv.seg[i].selector, ram[NEW + 0x48 + 4 * i]);
	assert_int_equal(fv.seg[SEG_LDTR].selector, ram[NEW + 0x60]);
	assert_int_equal(ram[GDT + 0x20 + 5] & 2, 2);
	assert_int_equal(ram[GDT + 0x18 + 5] & 2, nests ? 2 : 0);
	assert_int_equal(ram[OLD + 0x28 + 4], 1); /* ECX */
	/* CS can be run and returned to at its RPL, and SS says the same */
	assert_int_equal(fv.seg[SEG_CS].attributes & 0x99, 0x99);
	assert_int_equal(fv.seg[SEG_CS].attributes >> 5 & 3, fv.sys[SYS_CPL]);
	assert_int_equal(fv.seg[SEG_SS].attributes >> 5 & 3, fv.sys[SYS_CPL]);
	assert_int_equal(fv.sys[SYS_CPL], fv.seg[SEG_CS].selector & 3);
}

static void test_checks(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(checks); i++)
		for (uint32_t s = 0; s < 8; s++) {
			const struct row *r = &checks[i];
			enum x86_task_source source = (enum x86_task_source)(s & 3);
			struct x86_exit ex = asked(source);

			if (!(r->sources >> source & 1))
				continue;
			ex.task.external = s & 4;
			build(true, true);
			fv.sys[SYS_CR0] |= CR0_PG;
			for_iret(source);
			put(r->addr, r->size, r->value);
			put(r->addr2, r->size2, r->value2);
			assert_int_equal(run(&ex), EXIT_RESUME);
			raised(r->vector, r->error | (s & 4 ? 1 : 0));
			if (r->late)
				expect_late(source);
			else
				unchanged();
		}
}

static void test_selector(void **state)
{
	static const uint16_t bad[] = { 0, 3, 0x24, 0x80, 0xfff8 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++)
		for (uint32_t s = 0; s < 4; s++) {
			struct x86_exit ex = asked((enum x86_task_source)s);

			build(true, true);
			ex.task.selector = bad[i];
			(void)run(&ex);
			raised(s == TASK_IRET ? VEC_TS : VEC_GP,
			       (bad[i] & 0xfffcu) | (s == TASK_GATE));
			unchanged();
		}
	/* RPL says nothing: privilege was the CPU's to check */
	for (uint32_t rpl = 0; rpl < 4; rpl++) {
		struct x86_exit ex = asked(TASK_GATE);

		build(true, true);
		ex.task.selector = (uint16_t)(NEW_SEL | rpl);
		(void)run(&ex);
		assert_int_equal(got.exceptions, 0);
		assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL | rpl);
	}
}

/* The old TSS: what TR holds, and for JMP and IRET its descriptor */
static void test_old(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 7; i++)
		for (uint32_t s = 0; s < 4; s++) {
			static const uint16_t no_descriptor[] = { 0, 0x1c, 0x80 };
			struct x86_exit ex = asked((enum x86_task_source)s);
			struct hv_x64_segment_register *tr = &fv.seg[SEG_TR];
			bool nests = s == TASK_CALL || s == TASK_GATE;

			build(i != 3, true);
			for_iret((enum x86_task_source)s);
			if (i == 0)
				tr->attributes = 0x0b;
			else if (i == 1)
				tr->attributes = 0x82;
			else if (i < 4)
				tr->limit--;
			else
				tr->selector = no_descriptor[i - 4];
			(void)run(&ex);
			if (i >= 4 && nests) {
				assert_int_equal(got.exceptions, 0);
				continue;
			}
			raised(VEC_TS, (tr->selector & 0xfffcu) | (s == TASK_GATE));
			unchanged();
		}
}

/* -- the rest of the new task's state -----------------------------------------------------------
 */

static void test_rings(void **state)
{
	struct x86_exit ex = asked(TASK_GATE);

	(void)state;
	w16(NEW + 0x4c, 0x33);
	w16(NEW + 0x50, 0x3b);
	w16(NEW + 0x54, 0x42); /* conforming code is good for data anywhere */
	w16(NEW + 0x48, 0x3b);
	w16(NEW + 0x58, 0);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
	assert_int_equal(fv.sys[SYS_CPL], 3);
	expect_seg(SEG_CS, 0, ~0u, 0x33, 0xc0fb);
	expect_seg(SEG_SS, 0, ~0u, 0x3b, 0xc0f3);
	expect_seg(SEG_DS, 0, ~0u, 0x42, 0xc09f);
	/* Data of ring 0 is not ring 3's */
	build(true, true);
	w16(NEW + 0x4c, 0x33);
	w16(NEW + 0x50, 0x3b);
	w16(NEW + 0x54, 0x10);
	(void)run(&ex);
	raised(VEC_TS, 0x11);
	expect_seg(SEG_DS, 0, 0, 0x10, 0);
	/* Conforming code of ring 2 runs in ring 3 */
	build(true, true);
	w16(NEW + 0x4c, 0x63);
	w16(NEW + 0x50, 0x3b);
	w16(NEW + 0x54, 0);
	w16(NEW + 0x48, 0);
	w16(NEW + 0x58, 0);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
	assert_int_equal(fv.sys[SYS_CPL], 3);
	expect_seg(SEG_CS, 0, ~0u, 0x63, 0xc0df);
}

static void test_v86(void **state)
{
	struct x86_exit ex = asked(TASK_IRET);

	(void)state;
	for_iret(TASK_IRET);
	w32(NEW + 0x20, 0xffff);
	w32(NEW + 0x24, 0x20202);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
	assert_int_equal(fv.sys[SYS_CPL], 3);
	assert_int_equal(fv.sys[SYS_RFLAGS], 0x20202);
	for (uint32_t i = 0; i < 6; i++)
		expect_seg((enum x86_seg)i, new_segs[i] * 16u, 0xffff, new_segs[i], 0xf3);
	expect_seg(SEG_LDTR, LDT, 31, 0x28, 0x82);
	/* No further than 64 KiB */
	build(true, true);
	for_iret(TASK_IRET);
	w32(NEW + 0x20, 0x10000);
	w32(NEW + 0x24, 0x20202);
	(void)run(&ex);
	raised(VEC_GP, 0);
	assert_int_equal(vp.arch.rip, 0x10000);
	/* The LDT counts here too */
	build(true, true);
	for_iret(TASK_IRET);
	w32(NEW + 0x24, 0x20202);
	w8(GDT + 0x28 + 5, 2);
	(void)run(&ex);
	raised(VEC_TS, 0x28);
	/* And from there: what is saved is what a program of the 8086 had */
	build(true, true);
	fv.sys[SYS_RFLAGS] = 0x20202;
	fv.sys[SYS_CPL] = 3;
	ex = asked(TASK_GATE);
	(void)run(&ex);
	assert_memory_equal(ram + OLD + 0x24, ((uint8_t[]){ 2, 2, 2, 0 }), 4);
	assert_int_equal(fv.sys[SYS_RFLAGS], 0x202 | RFLAGS_NT);
}

static void test_eip(void **state)
{
	struct x86_exit ex = asked(TASK_GATE);

	(void)state;
	descriptor(GDT + 8, 0, 0x12344, 0x9a, 4);
	(void)run(&ex);
	raised(VEC_GP, 1);
	assert_int_equal(fv.seg[SEG_CS].limit, 0x12344);
	build(true, true);
	descriptor(GDT + 8, 0, 0x12345, 0x9a, 4);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
}

static void test_trap_flag(void **state)
{
	struct x86_exit ex = asked(TASK_CALL);

	(void)state;
	w8(NEW + 0x64, 1);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 1);
	assert_int_equal(got.vector, VEC_DB);
	assert_false(got.has_error);
	assert_int_equal(fv.sys[SYS_DR6], DR6_FIXED | 0x8000);
	assert_int_equal(vp.arch.rip, 0x12345);
	/* A fault of the task's comes before it, and a 16-bit TSS has no such flag */
	build(true, true);
	w8(NEW + 0x64, 1);
	w16(NEW + 0x50, 0);
	(void)run(&ex);
	raised(VEC_TS, 0);
	assert_int_equal(fv.sys[SYS_DR6], DR6_FIXED);
	build(true, false);
	w8(NEW + 0x64, 1);
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
}

/* -- error codes and events ---------------------------------------------------------------------
 */

static struct x86_exit fault_exit(void)
{
	struct x86_exit ex = asked(TASK_GATE);

	ex.task.has_error = true;
	ex.task.error = 0xabcd1234;
	vp.arch.event = (struct x86_event){ .pending = true, .type = 3, .vector = VEC_GP };
	return ex;
}

static void test_error_code(void **state)
{
	struct x86_exit ex;

	(void)state;
	/* Over two pages */
	w32(NEW + 0x38, 0x7002);
	ex = fault_exit();
	(void)run(&ex);
	assert_int_equal(vp.arch.gpr[GPR_RSP], 0x6ffe);
	assert_memory_equal(ram + 0x6ffe, ((uint8_t[]){ 0x34, 0x12, 0xcd, 0xab }), 4);
	assert_false(vp.arch.event.pending);
	assert_int_equal(got.exceptions, 0);
	/* Two bytes from a 16-bit TSS, which sits on a stack of 32 bits here */
	build(true, false);
	w16(NEW + 0x1a, 0x7000);
	descriptor(GDT + 0x10, 0, 0xffff, 0x92, 0);
	ex = fault_exit();
	(void)run(&ex);
	assert_int_equal(vp.arch.gpr[GPR_RSP], 0xffff6ffe);
	assert_memory_equal(ram + 0x6ffc, ((uint8_t[]){ 0, 0, 0x34, 0x12 }), 4);
	/* The second page is not there: the first has no half of it */
	build(true, true);
	fv.sys[SYS_CR0] |= CR0_PG;
	w32(NEW + 0x1c, DIR1);
	w32(NEW + 0x38, 0x8002);
	w32(TABLE + 4 * 8, 0);
	ex = fault_exit();
	(void)run(&ex);
	assert_int_equal(got.vector, VEC_PF);
	assert_int_equal(got.cr2, 0x8000);
	assert_int_equal(vp.arch.gpr[GPR_RSP], 0x8002);
	assert_memory_equal(ram + 0x7ffe, ((uint8_t[]){ 0, 0 }), 2);
	/* SP wraps, and the upper half stays */
	build(true, true);
	w32(NEW + 0x38, 0x12340004);
	descriptor(GDT + 0x10, 0, 0xffff, 0x92, 0);
	ex = fault_exit();
	(void)run(&ex);
	assert_int_equal(vp.arch.gpr[GPR_RSP], 0x12340000);
	assert_memory_equal(ram, ((uint8_t[]){ 0x34, 0x12, 0xcd, 0xab }), 4);
}

static void test_error_limit(void **state)
{
	/* ESP, selector: is there room? */
	static const struct {
		uint32_t esp, base, limit, type, flags;
		bool room;
	} cases[] = {
		{ 0x7004, 0, 0x7003, 0x92, 4, true },	{ 0x7004, 0, 0x7002, 0x92, 4, false },
		{ 2, 0, 0xfffff, 0x92, 0xc, false },	{ 0x7004, 0, 0x6fff, 0x96, 4, true },
		{ 0x7003, 0, 0x6fff, 0x96, 4, false },	{ 0x10000, 0, 0x6fff, 0x96, 0, true },
		{ 0x10002, 0, 0x6fff, 0x96, 0, false }, { 0, 0x8000, 0xfffff, 0x92, 0xc, true },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct x86_exit ex;

		build(true, true);
		descriptor(GDT + 0x10, cases[i].base, cases[i].limit, cases[i].type,
			   cases[i].flags);
		w16(NEW + 0x48, 0);
		w32(NEW + 0x38, cases[i].esp);
		ex = fault_exit();
		(void)run(&ex);
		if (cases[i].room) {
			assert_int_equal(got.exceptions, 0);
			continue;
		}
		raised(VEC_SS, 1);
		assert_int_equal(vp.arch.gpr[GPR_RSP], cases[i].esp);
		/* A fault on a fault: who injects has to know of the first */
		assert_true(got.event);
	}
}

static void test_events(void **state)
{
	static const uint8_t types[] = { 0, 2, 3 };

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t c = 0; c < 16; c++) {
			bool early = c == 1, late = c & 2, told = c & 4, gone = c == 8;
			struct x86_exit ex = asked(TASK_GATE);

			build(true, true);
			vp.arch.event = (struct x86_event){ .pending = true,
							    .type = types[i],
							    .vector = 9 };
			if (early)
				w8(GDT + 0x20 + 5, 0x09);
			if (late)
				w16(NEW + 0x50, 0);
			if (told)
				part.arch.exception_intercepts = 1u << VEC_TS;
			if (gone)
				no_read[1] = GUEST_MEM_UNMAPPED;
			(void)run(&ex);
			if (early || gone) {
				assert_true(vp.arch.event.pending);
				unchanged();
				continue;
			}
			/* Of an exception something is left, for a double fault */
			assert_int_equal(vp.arch.event.pending, late && types[i] == 3 && !told);
			assert_int_equal(vp.arch.nmi_masked, types[i] == 2);
			assert_int_equal(fv_count(FV_IRET_WINDOW), types[i] == 2);
		}
	/* IRET ends what an NMI began */
	build(true, true);
	for_iret(TASK_IRET);
	vp.arch.nmi_masked = true;
	struct x86_exit ex = asked(TASK_IRET);
	(void)run(&ex);
	assert_false(vp.arch.nmi_masked);
	assert_int_equal(fv_count(FV_IRET_WINDOW), 1);
	/* But not one that fails */
	build(true, true);
	vp.arch.nmi_masked = true;
	(void)run(&ex);
	raised(VEC_TS, 0x20);
	assert_true(vp.arch.nmi_masked);
}

/* -- paging -------------------------------------------------------------------------------------
 */

static void page_fault(uint32_t lin, uint32_t error, bool late)
{
	assert_int_equal(got.exceptions, 1);
	assert_int_equal(got.vector, VEC_PF);
	assert_int_equal(got.error, error);
	assert_int_equal(got.cr2, lin);
	if (late)
		assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
	else
		unchanged();
}

static void test_page_faults(void **state)
{
	/* page, entry's rights, the address that faults and its code */
	static const struct {
		uint32_t page, rights, lin, error;
	} early[] = {
		{ 1, 0, GDT + 0x20, 0 },    { 1, 0x65, GDT + 0x25, 3 }, { 3, 0, OLD + 0x20, 0 },
		{ 3, 0x65, OLD + 0x20, 3 }, { 4, 0, 0x4000, 0 },	{ 4, 0x65, 0x4000, 3 },
		{ 5, 0, NEW, 2 },	    { 5, 0x65, NEW, 3 },	{ 6, 0, 0x6000, 2 },
		{ 6, 0x65, 0x6000, 3 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(early); i++) {
		struct x86_exit ex = asked(TASK_CALL);

		build(true, true);
		fv.sys[SYS_CR0] |= CR0_PG;
		w32(TABLE + 4 * early[i].page, early[i].page << 12 | early[i].rights);
		(void)run(&ex);
		page_fault(early[i].lin, early[i].error, false);
	}
	/* By the new tables, in the new task */
	for (uint32_t i = 0; i < 4; i++) {
		struct x86_exit ex;

		build(true, true);
		fv.sys[SYS_CR0] |= CR0_PG;
		w32(DIR2, 0xc000 | 0x67);
		tables(DIR2, 0x10000);
		ex = fault_exit();
		if (i == 0)
			w32(0x10000 + 4 * 1, 0);
		else if (i == 1)
			w32(0x10000 + 4 * 2, 0);
		else if (i == 2)
			w32(0x10000 + 4 * 1, 0x1065); /* no mark can be set */
		else
			w32(0x10000 + 4 * 7, 0x7065);
		(void)run(&ex);
		page_fault(i == 0   ? GDT + 0x28
			   : i == 1 ? LDT + 0x10
			   : i == 2 ? GDT + 0xd
				    : STACK - 4,
			   i < 2 ? 0 : 3, true);
		assert_int_equal(fv.sys[SYS_CR3], DIR2);
		assert_int_equal(vp.arch.gpr[GPR_RSP], STACK);
	}
}

/* The tables of a user have no rights in what the CPU does for itself but for the stack. */
static void test_rights(void **state)
{
	struct x86_exit ex;

	(void)state;
	/* Ring 3's stack, a supervisor's page */
	fv.sys[SYS_CR0] |= CR0_PG;
	w32(NEW + 0x1c, DIR1);
	w16(NEW + 0x4c, 0x33);
	w16(NEW + 0x50, 0x3b);
	w16(NEW + 0x54, 0);
	w16(NEW + 0x48, 0);
	w16(NEW + 0x58, 0);
	w32(TABLE + 4 * 7, 0x7063);
	ex = fault_exit();
	(void)run(&ex);
	page_fault(STACK - 4, 7, true);
	/* SMAP: tables on a user's page are never good, whatever AC says; the stack is by AC */
	for (uint32_t c = 0; c < 4; c++) {
		build(true, true);
		fv.sys[SYS_CR0] |= CR0_PG;
		fv.sys[SYS_CR4] = CR4_SMAP;
		fv.sys[SYS_RFLAGS] |= RFLAGS_AC;
		w32(NEW + 0x1c, DIR1);
		for (uint32_t i = 0; i < PAGES; i++)
			w32(TABLE + 4 * i, i << 12 | 0x63);
		if (c == 0)
			w32(TABLE + 4 * 1, 0x1067);
		else
			w32(TABLE + 4 * 7, 0x7067);
		w32(NEW + 0x24, c == 1 ? 0x202 : 0x40202);
		ex = fault_exit();
		ex.task.has_error = c < 3;
		(void)run(&ex);
		if (c == 0)
			page_fault(GDT + 0x20, 1, false);
		else if (c == 1)
			page_fault(STACK - 4, 3, true);
		else
			assert_int_equal(got.exceptions, 0);
	}
}

static void test_pae(void **state)
{
	struct x86_exit ex = asked(TASK_JMP);

	(void)state;
	for (uint32_t c = 0; c < 5; c++) {
		build(true, true);
		fv.sys[SYS_CR0] |= CR0_PG;
		fv.sys[SYS_CR4] = CR4_PAE;
		fv.sys[SYS_CR3] = PDPT1;
		w32(NEW + 0x1c, c == 4 ? PDPT1 : PDPT2);
		if (c == 1)
			w32(PDPT2 + 24, 3); /* present, and reserved bits */
		else if (c == 2)
			w32(PDPT2 + 24, 2); /* not present */
		else if (c == 3)
			w32(PDPT2 + 12, 0x100), w32(PDPT2 + 8, 1); /* beyond 40 bits */
		else if (c == 4)
			w32(PDPT1 + 24, 3); /* the same CR3: not loaded anew */
		(void)run(&ex);
		assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
		if (c == 1 || c == 3) {
			raised(VEC_GP, 0);
			assert_int_equal(fv.sys[SYS_CR3], PDPT1);
		} else {
			assert_int_equal(got.exceptions, 0);
			assert_int_equal(fv.sys[SYS_CR3], c == 4 ? PDPT1 : PDPT2);
		}
	}
}

/* Accessed bits of descriptors, dirty bits of pages: where written, and nowhere else */
static void test_marks(void **state)
{
	struct x86_exit ex = asked(TASK_CALL);

	(void)state;
	fv.sys[SYS_CR0] |= CR0_PG;
	for (uint32_t i = 0; i < PAGES; i++)
		w32(TABLE + 4 * i, i << 12 | 7);
	(void)run(&ex);
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(ram[TABLE + 4 * i], i >= 1 && i <= 6 ? 0x67 : 7);
}

/* -- memory that is not there -------------------------------------------------------------------
 */

static void prepare(uint32_t c, struct x86_exit *ex)
{
	enum x86_task_source source = (enum x86_task_source)(c & 3);

	build(c & 4, c & 8);
	if (!(c & 8))
		descriptor(GDT + 0x10, 0, 0xffff, 0x92, 0); /* a stack of 16 bits */
	for_iret(source);
	if (c & 16) {
		fv.sys[SYS_CR0] |= CR0_PG;
		if (c & 32) {
			fv.sys[SYS_CR4] = CR4_PAE;
			fv.sys[SYS_CR3] = PDPT1;
			if (c & 8)
				w32(NEW + 0x1c, PDPT2);
		}
	}
	*ex = asked(source);
	if (source == TASK_GATE)
		*ex = fault_exit();
}

/* At the n-th access, for each n: nothing has changed, and the root learns which page. */
static void test_absent_each(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 64; c++) {
		uint32_t n = 1;

		for (;; n++) {
			struct x86_exit ex;

			prepare(c, &ex);
			fail_at = n;
			assert_true(n < 1000);
			if (run(&ex) == EXIT_RESUME)
				break;
			assert_int_equal(got.messages, 1);
			assert_int_equal(got.exceptions, 0);
			assert_int_equal(got.gpa, failed_at);
			assert_true(got.unmapped);
			unchanged();
		}
		/* As many accesses as there are, and then it is done */
		assert_int_equal(accesses, n - 1);
		assert_true(n > 12);
		assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
	}
}

/* Each page that the switch needs, and no other; for writing those that it writes */
static void test_absent_pages(void **state)
{
	static const uint32_t read[] = { 1, 2, 3, 4, 5, 6, 7, 9, 10, 11 };
	static const uint32_t written[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct x86_exit ex;

	(void)state;
	for (uint32_t page = 0; page < PAGES; page++)
		for (uint32_t how = 0; how < 4; how++) {
			bool needed = false, found;

			prepare(TASK_GATE | 4 | 8 | 16, &ex);
			if (how & 1)
				no_write[page] = GUEST_MEM_NO_ACCESS;
			else
				no_read[page] = how & 2 ? GUEST_MEM_UNMAPPED : GUEST_MEM_NO_ACCESS;
			for (uint32_t i = 0; !(how & 1) && i < ARRAY_LEN(read); i++)
				needed = needed || read[i] == page;
			for (uint32_t i = 0; how & 1 && i < ARRAY_LEN(written); i++)
				needed = needed || written[i] == page;
			found = run(&ex) == EXIT_STOP;
			assert_int_equal(found, needed);
			if (!found)
				continue;
			unchanged();
			assert_int_equal(got.gpa >> 12, page);
			assert_int_equal(got.unmapped, how == 2);
			if (how & 1)
				assert_int_equal(got.access, SLAT_W);
		}
	/* A table that cannot be marked: written, that was to be */
	prepare(TASK_CALL | 4 | 8 | 16, &ex);
	no_write[11] = GUEST_MEM_NO_ACCESS;
	w32(TABLE + 4, 0x1007);
	assert_int_equal(run(&ex), EXIT_STOP);
	assert_int_equal(got.gpa, TABLE + 4);
	assert_int_equal(got.access, SLAT_W);
	/* A table that cannot be read */
	prepare(TASK_CALL | 4 | 8 | 16, &ex);
	no_read[11] = GUEST_MEM_NO_ACCESS;
	assert_int_equal(run(&ex), EXIT_STOP);
	assert_int_equal(got.access, SLAT_R);
}

/* The root has nobody to tell. */
static void test_root(void **state)
{
	struct x86_exit ex = asked(TASK_GATE);

	(void)state;
	vp.partition = &root;
	root.arch.exception_intercepts = ~0u; /* of no meaning there */
	(void)run(&ex);
	assert_int_equal(got.exceptions | got.unimplemented, 0);
	assert_int_equal(fv.seg[SEG_TR].selector, NEW_SEL);
	build(true, true);
	vp.partition = &root;
	no_write[5] = GUEST_MEM_UNMAPPED;
	(void)run(&ex);
	raised(VEC_GP, 0);
	assert_int_equal(got.unimplemented, 1);
	assert_int_equal(got.gpa, NEW);
	unchanged();
}

/* -- other CPUs ---------------------------------------------------------------------------------
 */

static void take_it(void)
{
	ram[GDT + 0x20 + 5] |= 2;
}

/* Another CPU enters the task between the look and the lock. */
static void test_race(void **state)
{
	struct x86_exit ex = asked(TASK_CALL);

	(void)state;
	at_hold = take_it;
	assert_int_equal(run(&ex), EXIT_RESUME);
	assert_null(at_hold);
	assert_int_equal(got.exceptions | got.messages, 0);
	before[GDT + 0x20 + 5] |= 2;
	unchanged();
	(void)run(&ex);
	raised(VEC_GP, 0x20);
}

/* IRET to itself: it goes on with what was saved just now. */
static void test_self(void **state)
{
	struct x86_exit ex = asked(TASK_IRET);

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		fv.seg[i].selector = new_segs[i];
	w16(OLD + 0x60, 0x28);
	w8(OLD + 0x64, 0);
	ex.task.selector = LINK_SEL;
	(void)run(&ex);
	assert_int_equal(got.exceptions, 0);
	assert_int_equal(vp.arch.rip, 0x40001002);
	assert_int_equal(vp.arch.gpr[GPR_RBX], 0x03030303);
	assert_int_equal(fv.sys[SYS_RFLAGS], RFLAGS_FIXED | RFLAGS_CF);
	assert_int_equal(ram[GDT + 0x18 + 5], 0x89);
}

/* -- anything -----------------------------------------------------------------------------------
 */

static uint32_t seed = 1;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static void spoil(void)
{
	static const uint32_t at_page[] = { GDT, LDT, OLD, NEW, DIR1, DIR2, TABLE, PDPT1, PTAB };
	uint32_t n = rnd() % 6;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t base = at_page[rnd() % ARRAY_LEN(at_page)];

		w8(base + rnd() % 128, rnd());
	}
	if (!(rnd() & 7))
		fv.seg[SEG_GDTR].limit = rnd() & 0xff;
	if (!(rnd() & 7))
		fv.seg[SEG_GDTR].base = rnd();
	if (!(rnd() & 7))
		fv.seg[SEG_TR].base = rnd() >> (rnd() & 31);
	if (!(rnd() & 15))
		fv.seg[SEG_TR].attributes = (uint16_t)rnd();
	if (!(rnd() & 7))
		no_read[rnd() % PAGES] = GUEST_MEM_NO_ACCESS;
	if (!(rnd() & 7))
		no_write[rnd() % PAGES] = GUEST_MEM_NO_ACCESS;
}

static void test_random(void **state)
{
	uint32_t done = 0, stopped = 0, faults = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct x86_exit ex;
		enum exit_action r;

		prepare(rnd() & 63, &ex);
		if (!(rnd() & 7))
			ex.task.selector = (uint16_t)rnd();
		spoil();
		r = run(&ex);
		stopped += r == EXIT_STOP;
		faults += got.exceptions;
		assert_true(got.exceptions + got.messages <= 1);
		assert_int_equal(r == EXIT_STOP, got.messages);
		if (!fv.notes) {
			/* Whatever the tables' accessed bits are now, the rest is as it was */
			assert_memory_equal(ram, before, DIR1);
			assert_memory_equal(&vp, &vp_before, sizeof(vp));
			continue;
		}
		done++;
		assert_int_equal(r, EXIT_RESUME);
		/* What VM entry asks of the state (SDM vol. 3, 26.3.1.2) */
		assert_int_equal(fv.seg[SEG_TR].attributes & 0x97, 0x83);
		assert_true(fv.sys[SYS_RFLAGS] & RFLAGS_FIXED);
		assert_int_equal(fv.sys[SYS_RFLAGS] & ~RFLAGS_VALID, 0);
		assert_int_equal(fv.seg[SEG_SS].attributes >> 5 & 3, fv.sys[SYS_CPL]);
		for (uint32_t s = 0; s < 6; s++)
			if (fv.seg[s].attributes & 0x80)
				assert_int_equal(fv.seg[s].attributes & 0x11, 0x11);
		if (!(fv.sys[SYS_RFLAGS] & RFLAGS_VM))
			assert_int_equal(fv.seg[SEG_CS].attributes & 0x99, 0x99);
	}
	/* All three happen, and often */
	assert_true(done > 10000 && stopped > 10000 && faults > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_commit, setup),
		cmocka_unit_test_setup(test_length, setup),
		cmocka_unit_test_setup(test_long_mode, setup),
		cmocka_unit_test_setup(test_checks, setup),
		cmocka_unit_test_setup(test_selector, setup),
		cmocka_unit_test_setup(test_old, setup),
		cmocka_unit_test_setup(test_rings, setup),
		cmocka_unit_test_setup(test_v86, setup),
		cmocka_unit_test_setup(test_eip, setup),
		cmocka_unit_test_setup(test_trap_flag, setup),
		cmocka_unit_test_setup(test_error_code, setup),
		cmocka_unit_test_setup(test_error_limit, setup),
		cmocka_unit_test_setup(test_events, setup),
		cmocka_unit_test_setup(test_page_faults, setup),
		cmocka_unit_test_setup(test_rights, setup),
		cmocka_unit_test_setup(test_pae, setup),
		cmocka_unit_test_setup(test_marks, setup),
		cmocka_unit_test_setup(test_absent_each, setup),
		cmocka_unit_test_setup(test_absent_pages, setup),
		cmocka_unit_test_setup(test_root, setup),
		cmocka_unit_test_setup(test_race, setup),
		cmocka_unit_test_setup(test_self, setup),
		cmocka_unit_test_setup(test_random, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
