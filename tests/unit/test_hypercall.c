/* SPDX-License-Identifier: MIT */
/* The hypercall parser, over rows of its own: control words, buffers, targets, rep lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"
#include "hvapi/hypercall.h"
#include "kernel/guest_mem.h"

enum {
	CALL_IN_OUT = 0x10,
	CALL_FAST = 0x11,
	CALL_SLOW = 0x12,
	CALL_FAST_LONG = 0x13,
	CALL_FAST_OUT = 0x14,
	CALL_REP = 0x15,
	CALL_VAR = 0x16,
	CALL_VAR_REP = 0x17,
	CALL_EMPTY = 0x18,
	CALL_REP_BARE = 0x19,
	CALL_OWN = 0x20,
	CALL_CHILD = 0x21,
	CALL_PARTITION = 0x22,
	CALL_VP = 0x23,
	CALL_VP_OR_ALL = 0x24,
	CALL_PRIVILEGED = 0x30,
	CALL_PAGE = 0x40,
	CALL_REP_HEAD = 0xffff,
};

#define PRIV_A (1ull << 60)
#define PRIV_B (1ull << 61)

/* What the handler saw, and what it shall answer. */
static struct {
	uint32_t calls;
	struct hcall_args args;
	uint8_t in[4096];
	bool out_zero;
	uint32_t out_holds;
	bool deposit_refused;
	uint32_t users;
} seen;
static struct {
	uint16_t status;
	uint32_t reps; /* how many to do */
	bool more;
	bool fill; /* write the output */
	uint64_t out_pfn;
	uint16_t code; /* of the call under way */
} answer;

static uint16_t handler(struct hcall_args *a)
{
	const struct hcall_row *r = hypercall_find(answer.code);
	uint32_t done;

	seen.calls++;
	seen.args = *a;
	memcpy(seen.in, a->in, sizeof(seen.in));
	seen.out_zero = true;
	for (uint32_t i = 0; i < r->out_size + r->out_elem * a->rep_count; i++)
		seen.out_zero &= a->out[i] == 0;
	seen.out_holds = frame_holds(answer.out_pfn);
	if (seen.out_holds)
		seen.deposit_refused = partition_deposit(&fake_root, &answer.out_pfn, 1, &done) ==
				       HV_STATUS_INVALID_PARAMETER;
	seen.users = a->target ? a->target->users : 0;
	if (answer.fill)
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			a->out[i] = (uint8_t)(i * 7 + 1);
	a->reps_done = a->rep_start + answer.reps;
	a->more = answer.more;
	return answer.status;
}

#define ROW(c, ...) \
	{ \
		.code = c, .name = #c, .fn = handler, __VA_ARGS__ \
	}
const struct hcall_row hypercall_table[] = {
	ROW(CALL_IN_OUT, .in_size = 8, .out_size = 8),
	ROW(CALL_FAST, .in_size = 16, .fast = true),
	ROW(CALL_SLOW, .in_size = 8),
	ROW(CALL_FAST_LONG, .in_size = 24, .fast = true),
	ROW(CALL_FAST_OUT, .in_size = 8, .out_size = 8, .fast = true),
	ROW(CALL_REP, .in_size = 8, .in_elem = 8, .out_elem = 16, .rep = true),
	ROW(CALL_VAR, .in_size = 8, .variable = true, .fast = true),
	ROW(CALL_VAR_REP, .in_size = 16, .in_elem = 4, .rep = true, .variable = true),
	ROW(CALL_EMPTY, .fast = true),
	ROW(CALL_REP_BARE, .in_size = 8, .rep = true, .fast = true),
	ROW(CALL_OWN, .in_size = 16, .target = HCALL_TARGET_SELF),
	ROW(CALL_CHILD, .in_size = 16, .target = HCALL_TARGET_CHILD),
	ROW(CALL_PARTITION, .in_size = 16, .target = HCALL_TARGET_PARTITION),
	ROW(CALL_VP, .in_size = 16, .out_size = 8, .target = HCALL_TARGET_VP),
	ROW(CALL_VP_OR_ALL, .in_size = 16, .out_size = 8, .target = HCALL_TARGET_VP_OR_ALL),
	ROW(CALL_PRIVILEGED, .in_size = 8, .privilege = PRIV_A | PRIV_B),
	ROW(CALL_PAGE, .in_size = 4096, .out_size = 4096),
	ROW(CALL_REP_HEAD, .in_size = 8, .out_size = 24, .out_elem = 8, .rep = true),
};
const uint32_t hypercall_table_len = ARRAY_LEN(hypercall_table);

#define IN_PFN	(ROOT_FREE + 4096u)
#define OUT_PFN (ROOT_FREE + 4097u)
#define IN_GPA	((uint64_t)IN_PFN << PAGE_SHIFT)
#define OUT_GPA ((uint64_t)OUT_PFN << PAGE_SHIFT)
#define JUNK	0xcc

static struct partition *child;
static struct vp *child_vp;
static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t rep(uint64_t code, uint64_t count, uint64_t start)
{
	return code | count << HV_HYPERCALL_REP_COUNT_SHIFT | start << HV_HYPERCALL_REP_START_SHIFT;
}

static uint8_t *page_at(uint64_t pfn)
{
	return hpa_ptr(HPA(pfn << PAGE_SHIFT));
}

static void fresh(void)
{
	memset(&seen, 0, sizeof(seen));
	memset(page_at(OUT_PFN), JUNK, PAGE_SIZE);
	memset(percpu_self.hcall_out, 0x5a, PAGE_SIZE);
	memset(percpu_self.hcall_in, 0x6b, PAGE_SIZE);
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		page_at(IN_PFN)[i] = (uint8_t)(i ^ 0x35);
	answer.out_pfn = OUT_PFN;
}

static bool untouched(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (page_at(OUT_PFN)[i] != JUNK)
			return false;
	return true;
}

static struct hv_hcall_io dispatch_as(struct vp *vp, uint64_t ctl, uint64_t in, uint64_t out)
{
	struct hv_hcall_io io = { .control = ctl, .input = in, .output = out, .wide = true };

	/* Left over from an earlier use of the structure. */
	io.again = io.fault = true;
	io.result = ~0ull;
	fresh();
	answer.code = (uint16_t)ctl;
	hypercall_dispatch(vp, &io);
	/* Whatever happened, nothing stays held. */
	assert_int_equal(frame_holds(IN_PFN), 0);
	assert_int_equal(frame_holds(OUT_PFN), 0);
	assert_int_equal(fake_root.users, 0);
	assert_int_equal(child->users, 1);
	return io;
}

static struct hv_hcall_io dispatch(uint64_t ctl, uint64_t in, uint64_t out)
{
	return dispatch_as(&fake_root_vp, ctl, in, out);
}

static void refused(uint64_t ctl, uint64_t in, uint64_t out, uint16_t status)
{
	struct hv_hcall_io io = dispatch(ctl, in, out);

	assert_int_equal(io.result, status);
	assert_false(io.again);
	assert_false(io.fault);
	assert_int_equal(seen.calls, 0);
	assert_true(untouched(0, PAGE_SIZE));
}

static void accepted(uint64_t ctl, uint64_t in, uint64_t out)
{
	struct hv_hcall_io io = dispatch(ctl, in, out);

	assert_int_equal(HV_HYPERCALL_RESULT_STATUS(io.result), answer.status);
	assert_false(io.fault);
	assert_int_equal(seen.calls, 1);
	assert_true(seen.out_zero);
}

static void test_codes(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x10000; code++) {
		const struct hcall_row *want = NULL;

		for (uint32_t i = 0; i < hypercall_table_len; i++)
			if (hypercall_table[i].code == code)
				want = &hypercall_table[i];
		assert_ptr_equal(hypercall_find((uint16_t)code), want);
		if (!want && code % 97 == 0)
			refused(code, IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_CODE);
	}
	refused(0, IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_CODE);
	refused(0xfffe, IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_CODE);
	/* An unknown code is told before any other fault of the control word. */
	refused(1 | HV_HYPERCALL_RESERVED_MASK, 1, 1, HV_STATUS_INVALID_HYPERCALL_CODE);
	accepted(rep(CALL_REP_HEAD, 1, 0), IN_GPA, OUT_GPA);
}

static void test_reserved_bits(void **state)
{
	(void)state;
	accepted(CALL_IN_OUT, IN_GPA, OUT_GPA);
	for (uint32_t b = 27; b < 64; b++) {
		bool reserved = b <= 31 || (b >= 44 && b <= 47) || b >= 60;

		if (!reserved)
			continue;
		refused(CALL_IN_OUT | BIT(b), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
		refused(rep(CALL_REP, 2, 0) | BIT(b), IN_GPA, OUT_GPA,
			HV_STATUS_INVALID_HYPERCALL_INPUT);
		refused(CALL_FAST | HV_HYPERCALL_FAST | BIT(b), 0, 0,
			HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
}

static void test_rep_fields(void **state)
{
	(void)state;
	refused(CALL_REP, IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 0, 1), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 4, 4), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 4, 0xfff), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(rep(CALL_REP, 4, 3), IN_GPA, OUT_GPA);
	accepted(rep(CALL_REP, 1, 0), IN_GPA, OUT_GPA);
	/* A simple call has neither field. */
	refused(rep(CALL_IN_OUT, 1, 0), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_IN_OUT, 0, 1), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_IN_OUT, 0xfff, 0xffe), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* Elements that take no room anywhere: the count has no other limit. */
	accepted(rep(CALL_REP_BARE, 0xfff, 0xffe), IN_GPA, 0);
	assert_int_equal(seen.args.rep_count, 0xfff);
	assert_int_equal(seen.args.rep_start, 0xffe);
}

static void test_sizes(void **state)
{
	(void)state;
	/* Output: 16 bytes each, 256 fill a page; input: 8 + 8 each. */
	accepted(rep(CALL_REP, 256, 0), IN_GPA, OUT_GPA);
	refused(rep(CALL_REP, 257, 0), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 0xfff, 0), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* 16 + 4 * 1020 is a page; with a variable header of 8 it is 2 elements too many. */
	accepted(rep(CALL_VAR_REP, 1020, 0), IN_GPA, 0);
	refused(rep(CALL_VAR_REP, 1021, 0), IN_GPA, 0, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_VAR_REP, 1020, 0) | 1ull << 17, IN_GPA, 0,
		HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(rep(CALL_VAR_REP, 1018, 0) | 1ull << 17, IN_GPA, 0);
	/* Variable header: 8 + 8 * 511 is a page. */
	accepted(CALL_VAR | 511ull << 17, IN_GPA, 0);
	assert_int_equal(seen.args.var_bytes, 4088);
	refused(CALL_VAR | 512ull << 17, IN_GPA, 0, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(CALL_VAR | 1023ull << 17, IN_GPA, 0, HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* 24 + 8 * 509 is a page of output. */
	accepted(rep(CALL_REP_HEAD, 509, 0), IN_GPA, OUT_GPA);
	refused(rep(CALL_REP_HEAD, 510, 0), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(CALL_PAGE, IN_GPA, OUT_GPA);
	assert_memory_equal(seen.in, page_at(IN_PFN), PAGE_SIZE);
}

static void test_variable_header(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < hypercall_table_len; i++) {
		const struct hcall_row *r = &hypercall_table[i];

		if (!r->variable)
			refused(rep(r->code, r->rep, 0) | 1ull << 17, IN_GPA, OUT_GPA,
				r->privilege ? HV_STATUS_ACCESS_DENIED
					     : HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
	accepted(rep(CALL_VAR_REP, 2, 1) | 3ull << 17, IN_GPA, 0);
	assert_int_equal(seen.args.var_bytes, 24);
	assert_ptr_equal(seen.args.list, seen.args.in + 16 + 24);
	assert_memory_equal(seen.in, page_at(IN_PFN), 16 + 24 + 8);
	/* What the caller did not send is not copied. */
	assert_int_equal(seen.in[16 + 24 + 8], 0x6b);
}

static void test_alignment(void **state)
{
	(void)state;
	for (uint64_t off = 1; off < 16; off++) {
		uint16_t st = off & 7 ? HV_STATUS_INVALID_ALIGNMENT : HV_STATUS_SUCCESS;
		struct hv_hcall_io io;

		if (st) {
			refused(CALL_IN_OUT, IN_GPA + off, OUT_GPA, st);
			refused(CALL_IN_OUT, IN_GPA, OUT_GPA + off, st);
		}
		/* Addresses of lists without bytes are ignored. */
		io = dispatch(CALL_SLOW, IN_GPA, OUT_GPA + off);
		assert_int_equal(io.result, 0);
		io = dispatch(CALL_EMPTY, ~off, ~off);
		assert_int_equal(io.result, 0);
	}
	accepted(CALL_IN_OUT, IN_GPA + 8, OUT_GPA + 4088);
	assert_memory_equal(seen.in, page_at(IN_PFN) + 8, 8);
}

static void test_page_crossing(void **state)
{
	(void)state;
	refused(CALL_FAST, IN_GPA + 4088, 0, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(CALL_FAST, IN_GPA + 4080, 0);
	refused(CALL_PAGE, IN_GPA + 8, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(CALL_PAGE, IN_GPA, OUT_GPA + 8, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 2, 0), IN_GPA + 4080, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(rep(CALL_REP, 2, 0), IN_GPA, OUT_GPA + 4072, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(rep(CALL_REP, 2, 0), IN_GPA + 4072, OUT_GPA + 4064);
}

static void faults(struct vp *vp, uint64_t ctl, uint64_t in, uint64_t out, bool write,
		   bool unmapped)
{
	struct hv_hcall_io io = dispatch_as(vp, ctl, in, out);

	assert_true(io.fault);
	assert_false(io.again);
	assert_int_equal(io.fault_write, write);
	assert_int_equal(io.fault_unmapped, unmapped);
	assert_int_equal(io.fault_gpa.v, write ? out : in);
	assert_int_equal(seen.calls, 0);
	assert_true(untouched(0, PAGE_SIZE));
}

static void test_missing_root(void **state)
{
	/* Firmware's page, behind the end of RAM, beyond the physical width, the core's. */
	static const uint64_t none[] = { (uint64_t)ROOT_FIRMWARE << PAGE_SHIFT, FAKE_RAM_SIZE,
					 1ull << 52, ~0xfffull, (uint64_t)ROOT_CORE << PAGE_SHIFT };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(none); i++) {
		faults(&fake_root_vp, CALL_IN_OUT, none[i], OUT_GPA, false, true);
		faults(&fake_root_vp, CALL_IN_OUT, IN_GPA, none[i] + 16, true, true);
		faults(&fake_root_vp, rep(CALL_REP, 2, 1), none[i] + 8, none[i], false, true);
	}
}

/* A page of the core's that is open for reading: input, never output. */
static void test_core_page(void **state)
{
	uint64_t gpa = (uint64_t)(ROOT_CORE_END - 1) << PAGE_SHIFT;

	(void)state;
	assert_int_equal(slat_map(&fake_root.slat, GPA(gpa), HPA(gpa), 1, SLAT_R, NULL, NULL),
			 SLAT_OK);
	accepted(CALL_IN_OUT, gpa, OUT_GPA);
	faults(&fake_root_vp, CALL_IN_OUT, IN_GPA, gpa, true, true);
	assert_int_equal(frame_holds(ROOT_CORE_END - 1), 0);
	assert_int_equal(slat_unmap(&fake_root.slat, GPA(gpa), 1, NULL, NULL), SLAT_OK);
	faults(&fake_root_vp, CALL_IN_OUT, gpa, OUT_GPA, false, true);
}

static void test_missing_child(void **state)
{
	const uint64_t in_gfn = 0x100, out_gfn = 0x200, ro_gfn = 0x300, na_gfn = 0x301;
	struct hv_hcall_io io;
	uint64_t pfn = OUT_PFN + 1;

	(void)state;
	/* The child's addresses are not the root's. */
	faults(child_vp, CALL_IN_OUT, IN_GPA, OUT_GPA, false, true);
	assert_int_equal(partition_map(child, in_gfn, pfn, HV_MAP_GPA_READABLE), 0);
	assert_int_equal(
		partition_map(child, out_gfn, pfn + 1, HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE),
		0);
	assert_int_equal(partition_map(child, ro_gfn, pfn + 2, HV_MAP_GPA_READABLE), 0);
	assert_int_equal(partition_map(child, na_gfn, 0, HV_MAP_GPA_NO_ACCESS), 0);
	memset(page_at(pfn), 0x77, PAGE_SIZE);
	memset(page_at(pfn + 1), 0x11, PAGE_SIZE);
	faults(child_vp, CALL_IN_OUT, in_gfn << 12, 0x201000, true, true);
	faults(child_vp, CALL_IN_OUT, in_gfn << 12, ro_gfn << 12, true, false);
	faults(child_vp, CALL_IN_OUT, in_gfn << 12, na_gfn << 12, true, false);
	faults(child_vp, CALL_IN_OUT, na_gfn << 12, out_gfn << 12, false, false);
	faults(child_vp, CALL_IN_OUT, 1ull << 50, out_gfn << 12, false, true);
	answer.fill = true;
	io = dispatch_as(child_vp, CALL_IN_OUT, in_gfn << 12, (out_gfn << 12) + 64);
	answer.fill = false;
	assert_int_equal(io.result, 0);
	assert_false(io.fault);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.in[7], 0x77);
	assert_int_equal(page_at(pfn + 1)[64], 1);
	assert_int_equal(page_at(pfn + 1)[71], 50);
	assert_int_equal(page_at(pfn + 1)[63], 0x11);
	assert_int_equal(page_at(pfn + 1)[72], 0x11);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(frame_holds(pfn + i), 1);
	assert_int_equal(partition_unmap(child, in_gfn, false), 0);
	assert_int_equal(partition_unmap(child, out_gfn, false), 0);
	assert_int_equal(partition_unmap(child, ro_gfn, false), 0);
	assert_int_equal(partition_unmap(child, na_gfn, false), 0);
}

static void test_fast(void **state)
{
	uint64_t a = 0x1122334455667788ull, b = 0x99aabbccddeeff01ull;

	(void)state;
	/* The registers are the input: neither alignment nor memory matters. */
	accepted(CALL_FAST | HV_HYPERCALL_FAST, a, b);
	assert_memory_equal(seen.in, &a, 8);
	assert_memory_equal(seen.in + 8, &b, 8);
	refused(CALL_SLOW | HV_HYPERCALL_FAST, a, b, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(CALL_FAST_LONG | HV_HYPERCALL_FAST, a, b, HV_STATUS_INVALID_HYPERCALL_INPUT);
	refused(CALL_FAST_OUT | HV_HYPERCALL_FAST, a, b, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(CALL_FAST_LONG, IN_GPA, 0);
	accepted(CALL_FAST_OUT, IN_GPA, OUT_GPA);
	accepted(CALL_VAR | HV_HYPERCALL_FAST | 1ull << 17, a, b);
	assert_int_equal(seen.args.var_bytes, 8);
	refused(CALL_VAR | HV_HYPERCALL_FAST | 2ull << 17, a, b, HV_STATUS_INVALID_HYPERCALL_INPUT);
	accepted(rep(CALL_REP_BARE, 3, 1) | HV_HYPERCALL_FAST, a, b);
	accepted(CALL_EMPTY | HV_HYPERCALL_FAST, a, b);
}

static void test_privilege(void **state)
{
	uint64_t keep = fake_root.privileges;

	(void)state;
	fake_root.privileges = keep | PRIV_A;
	refused(CALL_PRIVILEGED, IN_GPA, OUT_GPA, HV_STATUS_ACCESS_DENIED);
	fake_root.privileges = keep | PRIV_B;
	refused(CALL_PRIVILEGED, IN_GPA, OUT_GPA, HV_STATUS_ACCESS_DENIED);
	/* Told before anything about the input (TLFS, ordering of error conditions). */
	refused(CALL_PRIVILEGED | HV_HYPERCALL_RESERVED_MASK, 1, 1, HV_STATUS_ACCESS_DENIED);
	refused(CALL_PRIVILEGED, 0x1001, OUT_GPA, HV_STATUS_ACCESS_DENIED);
	fake_root.privileges = keep | PRIV_A | PRIV_B;
	accepted(CALL_PRIVILEGED, IN_GPA, OUT_GPA);
	refused(CALL_PRIVILEGED | BIT(63), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
	fake_root.privileges = keep;
}

/* The input of a targeted call, through the caller's memory. */
static struct hv_hcall_io target(struct vp *vp, uint64_t code, uint64_t id, uint32_t index)
{
	struct hv_hcall_io io = { .control = code, .input = IN_GPA, .output = OUT_GPA };

	fresh();
	answer.code = (uint16_t)code;
	if (vp != &fake_root_vp) {
		io.input = 0x100000;
		io.output = 0x101000;
	}
	memcpy(page_at(IN_PFN), &id, 8);
	memcpy(page_at(IN_PFN) + 8, &index, 4);
	hypercall_dispatch(vp, &io);
	assert_false(io.fault);
	assert_int_equal(fake_root.users, 0);
	assert_int_equal(child->users, 1);
	if (io.result) {
		assert_int_equal(seen.calls, 0);
		assert_true(untouched(0, PAGE_SIZE));
	} else {
		assert_int_equal(seen.calls, 1);
	}
	return io;
}

static void target_ok(struct vp *vp, uint64_t code, uint64_t id, uint32_t index,
		      struct partition *p, struct vp *want)
{
	assert_int_equal(target(vp, code, id, index).result, HV_STATUS_SUCCESS);
	assert_ptr_equal(seen.args.caller, vp);
	assert_ptr_equal(seen.args.target, p);
	assert_ptr_equal(seen.args.vp, want);
	/* Held for the call. */
	assert_int_equal(seen.users, p == child ? 2 : 1);
}

static void target_no(struct vp *vp, uint64_t code, uint64_t id, uint32_t index, uint16_t status)
{
	assert_int_equal(target(vp, code, id, index).result, status);
}

static void test_targets(void **state)
{
	const uint64_t self = HV_PARTITION_ID_SELF, root = PARTITION_ROOT_ID, other = child->id + 1;
	struct vp *r = &fake_root_vp, *c = child_vp;

	(void)state;
	assert_int_equal(partition_map(child, 0x100, IN_PFN, HV_MAP_GPA_READABLE), 0);
	assert_int_equal(
		partition_map(child, 0x101, OUT_PFN, HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE), 0);

	target_ok(r, CALL_OWN, self, 0, &fake_root, NULL);
	target_ok(r, CALL_OWN, root, 0, &fake_root, NULL);
	target_no(r, CALL_OWN, child->id, 0, HV_STATUS_ACCESS_DENIED);
	target_no(r, CALL_OWN, other, 0, HV_STATUS_INVALID_PARTITION_ID);
	target_no(r, CALL_OWN, 0, 0, HV_STATUS_INVALID_PARTITION_ID);
	target_ok(c, CALL_OWN, self, 0, child, NULL);
	target_ok(c, CALL_OWN, child->id, 0, child, NULL);
	target_no(c, CALL_OWN, root, 0, HV_STATUS_INVALID_PARTITION_ID);

	target_ok(r, CALL_CHILD, child->id, 0, child, NULL);
	target_no(r, CALL_CHILD, self, 0, HV_STATUS_ACCESS_DENIED);
	target_no(r, CALL_CHILD, root, 0, HV_STATUS_ACCESS_DENIED);
	target_no(r, CALL_CHILD, other, 0, HV_STATUS_INVALID_PARTITION_ID);
	target_no(c, CALL_CHILD, self, 0, HV_STATUS_ACCESS_DENIED);
	target_no(c, CALL_CHILD, root, 0, HV_STATUS_INVALID_PARTITION_ID);

	target_ok(r, CALL_PARTITION, self, 0, &fake_root, NULL);
	target_ok(r, CALL_PARTITION, child->id, 0, child, NULL);
	target_no(r, CALL_PARTITION, other, 0, HV_STATUS_INVALID_PARTITION_ID);
	target_ok(c, CALL_PARTITION, self, 0, child, NULL);
	target_no(c, CALL_PARTITION, root, 0, HV_STATUS_INVALID_PARTITION_ID);

	target_ok(r, CALL_VP, child->id, 0, child, child_vp);
	target_no(r, CALL_VP, child->id, 1, HV_STATUS_INVALID_VP_INDEX);
	target_no(r, CALL_VP, child->id, PARTITION_MAX_VPS - 1, HV_STATUS_INVALID_VP_INDEX);
	target_no(r, CALL_VP, child->id, PARTITION_MAX_VPS, HV_STATUS_INVALID_VP_INDEX);
	target_no(r, CALL_VP, child->id, HV_ANY_VP, HV_STATUS_INVALID_VP_INDEX);
	target_ok(r, CALL_VP_OR_ALL, child->id, 0, child, child_vp);
	target_ok(r, CALL_VP_OR_ALL, child->id, HV_ANY_VP, child, NULL);
	target_no(r, CALL_VP_OR_ALL, child->id, 1, HV_STATUS_INVALID_VP_INDEX);
	target_no(r, CALL_VP_OR_ALL, other, HV_ANY_VP, HV_STATUS_INVALID_PARTITION_ID);
	/* "This VP" means nothing in another partition. */
	target_no(r, CALL_VP, child->id, HV_VP_INDEX_SELF, HV_STATUS_INVALID_VP_INDEX);
	target_ok(r, CALL_VP, self, HV_VP_INDEX_SELF, &fake_root, r);
	target_ok(r, CALL_VP, root, HV_VP_INDEX_SELF, &fake_root, r);
	target_ok(c, CALL_VP, self, HV_VP_INDEX_SELF, child, c);
	target_ok(c, CALL_VP, self, 0, child, c);
	target_no(c, CALL_VP, root, 0, HV_STATUS_INVALID_PARTITION_ID);
	target_no(r, CALL_VP, other, 0, HV_STATUS_INVALID_PARTITION_ID);

	assert_int_equal(partition_unmap(child, 0x100, false), 0);
	assert_int_equal(partition_unmap(child, 0x101, false), 0);
}

static void test_simple_output(void **state)
{
	struct hv_hcall_io io;

	(void)state;
	answer.fill = true;
	io = dispatch(CALL_IN_OUT, IN_GPA, OUT_GPA + 16);
	assert_int_equal(io.result, 0);
	assert_true(seen.out_zero);
	assert_int_equal(seen.out_holds, 1);
	/* The page that takes the answer cannot be given away during the call. */
	assert_true(seen.deposit_refused);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(page_at(OUT_PFN)[16 + i], i * 7 + 1);
	assert_true(untouched(0, 16) && untouched(24, PAGE_SIZE));
	/* A handler that fails leaves no output. */
	answer.status = HV_STATUS_OPERATION_DENIED;
	io = dispatch(CALL_IN_OUT, IN_GPA, OUT_GPA);
	assert_int_equal(io.result, HV_STATUS_OPERATION_DENIED);
	assert_true(untouched(0, PAGE_SIZE));
	io = dispatch(CALL_PAGE, IN_GPA, OUT_GPA);
	assert_true(untouched(0, PAGE_SIZE));
	answer.status = 0;
	io = dispatch(CALL_PAGE, IN_GPA, OUT_GPA);
	assert_memory_equal(page_at(OUT_PFN), percpu_self.hcall_out, PAGE_SIZE);
	/* A handler that fills nothing gives zeros, not an earlier caller's answer. */
	answer.fill = false;
	io = dispatch(CALL_IN_OUT, IN_GPA, OUT_GPA);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(page_at(OUT_PFN)[i], 0);
	assert_true(untouched(8, PAGE_SIZE));
}

static void check_list(uint32_t head, uint32_t elem, uint32_t from, uint32_t to)
{
	for (uint32_t i = head + elem * from; i < head + elem * to; i++)
		assert_int_equal(page_at(OUT_PFN)[i], (uint8_t)(i * 7 + 1));
	assert_true(untouched(head, head + elem * from));
	assert_true(untouched(head + elem * to, PAGE_SIZE));
}

static void test_rep_partial(void **state)
{
	struct hv_hcall_io io;

	(void)state;
	answer.fill = true;
	for (uint32_t start = 0; start < 5; start++)
		for (uint32_t n = 0; n <= 5 - start; n++) {
			/* All that was asked for, or a failure on the way: reps tell how far. */
			answer.reps = n;
			answer.status =
				start + n == 5 ? HV_STATUS_SUCCESS : HV_STATUS_INSUFFICIENT_MEMORY;
			io = dispatch(rep(CALL_REP, 5, start), IN_GPA, OUT_GPA);
			assert_int_equal(HV_HYPERCALL_RESULT_STATUS(io.result), answer.status);
			assert_int_equal(io.result >> 32, start + n);
			assert_int_equal(io.result >> 16 & 0xffff, 0);
			assert_false(io.again);
			check_list(0, 16, start, start + n);
			io = dispatch(rep(CALL_REP_HEAD, 5, start), IN_GPA, OUT_GPA);
			assert_int_equal(io.result >> 32, start + n);
			check_list(24, 8, start, start + n);
			assert_int_equal(page_at(OUT_PFN)[0], answer.status ? JUNK : 1);
			assert_int_equal(page_at(OUT_PFN)[23], answer.status ? JUNK : 162);
		}
	answer = (typeof(answer)){ 0 };
	/* Refused before the handler: no rep is done, and the field says 0. */
	refused(rep(CALL_REP, 5, 5), IN_GPA, OUT_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void test_rep_more(void **state)
{
	uint64_t ctl = rep(CALL_REP, 200, 0);
	struct hv_hcall_io io;
	uint32_t rounds = 0;

	(void)state;
	/* The caller's instruction is started again with the new start, until the list is done. */
	answer.fill = true;
	for (;;) {
		answer.reps = MIN(200 - 64 * rounds, 64u);
		answer.more = 64 * rounds + answer.reps < 200;
		io = dispatch(ctl, IN_GPA, OUT_GPA);
		assert_int_equal(seen.args.rep_start, 64 * rounds);
		check_list(0, 16, 64 * rounds, 64 * rounds + answer.reps);
		rounds++;
		if (!io.again)
			break;
		/* The answer waits for the end. */
		assert_int_equal(io.result, ~0ull);
		assert_int_equal(io.control, rep(CALL_REP, 200, 64 * rounds));
		ctl = io.control;
	}
	assert_int_equal(rounds, 4);
	assert_int_equal(io.result, 200ull << 32);
	/* Other bits of the control word survive. */
	answer.reps = 2;
	answer.more = true;
	io = dispatch(rep(CALL_VAR_REP, 9, 3) | 5ull << 17, IN_GPA, 0);
	assert_true(io.again);
	assert_int_equal(io.control, rep(CALL_VAR_REP, 9, 5) | 5ull << 17);
	/* A failure ends it, whatever the handler says of more. */
	answer.status = HV_STATUS_INVALID_PARAMETER;
	io = dispatch(rep(CALL_REP, 9, 3), IN_GPA, OUT_GPA);
	assert_false(io.again);
	assert_int_equal(io.result, HV_STATUS_INVALID_PARAMETER | 5ull << 32);
	answer = (typeof(answer)){ 0 };
}

static void test_enabled(void **state)
{
	(void)state;
	assert_true(hypercall_enabled(&fake_root));
	for (uint32_t i = 0; i < 4; i++) {
		child->guest_os_id = i & 1 ? 0x8100 : 0;
		child->hypercall_msr = i & 2 ? 0x1001 : 0x1000;
		assert_int_equal(hypercall_enabled(child), i == 3);
	}
	child->guest_os_id = child->hypercall_msr = 0;
}

/* The parser's rules once more, from the text of the specification and in its own order. */
static uint16_t expect(const struct hcall_row *r, uint64_t ctl, uint64_t in, uint64_t out)
{
	uint32_t count = HV_HYPERCALL_RESULT_REPS(ctl), start = (uint32_t)(ctl >> 48) & 0xfff;
	uint32_t var = (uint32_t)((ctl & HV_HYPERCALL_VARHEAD_MASK) >> 17) * 8;
	uint64_t ni, no;
	bool bad = false;

	if (!r)
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	if (r->privilege)
		return HV_STATUS_ACCESS_DENIED;
	ni = r->in_size + (uint64_t)var + (uint64_t)count * r->in_elem;
	no = r->out_size + (uint64_t)count * r->out_elem;
	bad |= (ctl & (HV_HYPERCALL_RESERVED_MASK | HV_HYPERCALL_NESTED)) != 0;
	bad |= !r->rep && (count || start);
	bad |= r->rep && start >= count;
	bad |= var && !r->variable;
	bad |= ni > 4096 || no > 4096;
	if (!bad && ctl & HV_HYPERCALL_FAST)
		bad = !r->fast || ni > 16 || no;
	else if (!bad && ((ni && in % 8) || (no && out % 8)))
		return HV_STATUS_INVALID_ALIGNMENT;
	else if (!bad)
		bad = (ni && in / 4096 != (in + ni - 1) / 4096) ||
		      (no && out / 4096 != (out + no - 1) / 4096);
	return bad ? HV_STATUS_INVALID_HYPERCALL_INPUT : HV_STATUS_SUCCESS;
}

static void test_random(void **state)
{
	uint32_t ok = 0, bad = 0;

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		const struct hcall_row *r = &hypercall_table[rnd() % hypercall_table_len];
		uint64_t ctl = r->code, in, out;
		struct hv_hcall_io io;
		uint16_t want;

		if (r->rep ? rnd() % 16 : rnd() % 16 == 0)
			ctl = rep(ctl, rnd() % (rnd() & 1 ? 8 : 600),
				  rnd() % (rnd() & 1 ? 3 : 600));
		if (r->variable ? rnd() & 1 : rnd() % 16 == 0)
			ctl |= rnd() % (rnd() & 1 ? 3 : 1024) << 17;
		if (rnd() % 4 == 0)
			ctl |= HV_HYPERCALL_FAST;
		if (rnd() % 16 == 0)
			ctl |= BIT(rnd() % 64);
		in = IN_GPA + rnd() % (rnd() & 1 ? 32 : 4096) / (rnd() % 8 ? 8 : 1) * 8;
		out = OUT_GPA + rnd() % (rnd() & 1 ? 32 : 4096) / (rnd() % 8 ? 8 : 1) * 8;
		if (rnd() % 16 == 0)
			in ^= rnd() % 8;
		in = IN_GPA | (in & 4095);
		out = OUT_GPA | (out & 4095);
		r = hypercall_find((uint16_t)ctl);
		/* The targets of those rows have a test of their own. */
		if (r && r->target != HCALL_TARGET_NONE)
			continue;
		want = expect(r, ctl, in, out);
		io = dispatch(ctl, in, out);
		assert_int_equal(HV_HYPERCALL_RESULT_STATUS(io.result), want);
		assert_int_equal(seen.calls, want == HV_STATUS_SUCCESS);
		want == HV_STATUS_SUCCESS ? ok++ : bad++;
	}
	assert_true(ok > 10000 && bad > 10000);
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(8);
	child = fake_child(ROOT_FREE, 64);
	if (vp_create(child, 0) != HV_STATUS_SUCCESS)
		return -1;
	child_vp = vp_find(child, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_rep_fields),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_variable_header),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_page_crossing),
		cmocka_unit_test(test_missing_root),
		cmocka_unit_test(test_core_page),
		cmocka_unit_test(test_missing_child),
		cmocka_unit_test(test_fast),
		cmocka_unit_test(test_privilege),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_simple_output),
		cmocka_unit_test(test_rep_partial),
		cmocka_unit_test(test_rep_more),
		cmocka_unit_test(test_enabled),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
