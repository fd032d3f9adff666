/* SPDX-License-Identifier: MIT */
/* Virtual processors by hypercall: life, lists of registers, dispatch, state pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"

#define AX  0x00020000u /* a plain word; 0x2000f is the last */
#define RIP 0x00020010u /* by the architecture */
#define BAD 0x000f0000u

/* -- the architecture's registers: RIP, and a record ------------------------------------------- */
static uint64_t rip;
static uint16_t set_status;

uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	assert_int_equal(vp->owner, VP_ACCESSED);
	fake_note(FAKE_GET_REGISTER, vp, name);
	v->reg64 = rip;
	return name == RIP ? OK : HV_STATUS_UNKNOWN_REGISTER_NAME;
}

uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	assert_int_equal(vp->owner, VP_ACCESSED);
	fake_note(FAKE_SET_REGISTER, vp, name);
	if (name != RIP)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	if (set_status == OK)
		rip = v->reg64;
	return set_status;
}

/* Opening a page cannot fail while the root's tables are whole: here it can. */
static uint16_t open_status;
uint16_t __real_root_open_page(struct partition *owner, void *page);
uint16_t __wrap_root_open_page(struct partition *owner, void *page);

uint16_t __wrap_root_open_page(struct partition *owner, void *page)
{
	return open_status == OK ? __real_root_open_page(owner, page) : open_status;
}

/* -- life ---------------------------------------------------------------------------------------
 */
static void test_create(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 13, 1, 0x80, HV_STATUS_INVALID_PARAMETER },
		{ 14, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 32, 8, 1, HV_STATUS_INVALID_PARAMETER },
		{ 32, 8, BIT(63), HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 0, HV_STATUS_INVALID_VP_INDEX }, /* it is there */
		{ 8, 4, PARTITION_MAX_VPS, HV_STATUS_INVALID_VP_INDEX },
		{ 8, 4, HV_VP_INDEX_SELF, HV_STATUS_INVALID_VP_INDEX },
		{ 0, 8, HV_PARTITION_ID_SELF, HV_STATUS_ACCESS_DENIED },
		{ 0, 8, 12345, HV_STATUS_INVALID_PARTITION_ID },
	};
	struct hv_input_create_vp in = { .partition_id = child->id, .vp_index = 3 };
	struct hv_input_vp gone = { .partition_id = child->id, .vp_index = 3 };
	static const struct bad_field bad_delete[] = {
		{ 12, 4, 1, HV_STATUS_INVALID_PARAMETER },
		{ 12, 4, 0x80000000u, HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 5, HV_STATUS_INVALID_VP_INDEX },
		{ 8, 4, ~0u, HV_STATUS_INVALID_VP_INDEX },
	};

	(void)state;
	refuse_each(HVCALL_CREATE_VP, &in, sizeof(in), bad, ARRAY_LEN(bad));
	assert_int_equal(child->vp_count, 1);
	assert_int_equal(hcall(HVCALL_CREATE_VP, &in, sizeof(in)), OK);
	assert_non_null(vp_find(child, 3));
	refuse_each(HVCALL_DELETE_VP, &gone, sizeof(gone), bad_delete, ARRAY_LEN(bad_delete));
	assert_non_null(vp_find(child, 3));
	assert_int_equal(hcall(HVCALL_DELETE_VP, &gone, sizeof(gone)), OK);
	assert_null(vp_find(child, 3));
	assert_int_equal(child->vp_count, 1);
}

/* -- registers ----------------------------------------------------------------------------------
 */
struct get_list {
	struct hv_input_vp_registers h;
	uint32_t name[32];
};
struct set_list {
	struct hv_input_vp_registers h;
	struct hv_register_assoc r[32];
};

#define GET(n) (HVCALL_GET_VP_REGISTERS | REPS(n))
#define SET(n) (HVCALL_SET_VP_REGISTERS | REPS(n))

static struct get_list get_list(void)
{
	struct get_list g = { .h = { .partition_id = child->id } };

	for (uint32_t i = 0; i < ARRAY_LEN(g.name); i++)
		g.name[i] = i % 5 == 4 ? RIP : AX + i % 16;
	return g;
}

static struct set_list set_list(uint64_t value)
{
	struct set_list s = { .h = { .partition_id = child->id } };

	for (uint32_t i = 0; i < ARRAY_LEN(s.r); i++) {
		s.r[i].name = i % 5 == 4 ? RIP : AX + i % 16;
		s.r[i].value.reg64 = value + i;
	}
	return s;
}

static void test_registers_header(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 12, 1, 0x10, HV_STATUS_INVALID_PARAMETER }, /* VTL 0, said outright */
		{ 12, 1, 0x80, HV_STATUS_INVALID_PARAMETER }, /* reserved */
		{ 13, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 14, 1, 0x80, HV_STATUS_INVALID_PARAMETER },
		{ 15, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
		{ 8, 4, HV_VP_INDEX_SELF, HV_STATUS_INVALID_VP_INDEX },
		{ 0, 8, 999, HV_STATUS_INVALID_PARTITION_ID },
	};
	struct get_list g = get_list();
	struct set_list s = set_list(77);

	(void)state;
	child_vp->arch.gpr[0] = 5;
	refuse_each(GET(3), &g, sizeof(g), bad, ARRAY_LEN(bad));
	assert_true(out_untouched(0));
	refuse_each(SET(3), &s, sizeof(s), bad, ARRAY_LEN(bad));
	assert_int_equal(child_vp->arch.gpr[0], 5);
	/* By a VP that is the root's own, and one that runs. */
	g.h.partition_id = s.h.partition_id = HV_PARTITION_ID_SELF;
	g.h.vp_index = s.h.vp_index = HV_VP_INDEX_SELF;
	assert_int_equal(hcall(GET(1), &g, sizeof(g)), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(hcall(SET(1), &s, sizeof(s)), HV_STATUS_INVALID_VP_STATE);
	g = get_list();
	s = set_list(77);
	for (uint32_t owner = VP_ACCESSED; owner <= VP_RUNNING; owner++) {
		child_vp->owner = owner;
		fake_forget();
		assert_int_equal(hcall(GET(1), &g, sizeof(g)), HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(hcall(SET(1), &s, sizeof(s)), HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(fake_note_count, 0);
	}
	child_vp->owner = VP_IDLE;
	assert_int_equal(child_vp->arch.gpr[0], 5);
	assert_true(out_untouched(0));
}

/* On x64 a VP names its own registers as MSRs only: the call itself is the parent's. */
static void test_registers_privilege(void **state)
{
	uint64_t all = fake_root.privileges;
	struct get_list g = get_list();
	struct set_list s = set_list(1);

	(void)state;
	fake_root.privileges &= ~HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	assert_int_equal(hcall(GET(1), &g, sizeof(g)), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(hcall(SET(1), &s, sizeof(s)), HV_STATUS_ACCESS_DENIED);
	fake_root.privileges = all;
	assert_int_equal(hcall(GET(1), &g, sizeof(g)), OK);
	assert_int_equal(hcall(SET(1), &s, sizeof(s)), OK);
}

static void value_is(uint32_t i, uint64_t want)
{
	uint64_t got[2];

	memcpy(got, at_pfn(OUT_PFN) + 16 * i, sizeof(got));
	assert_int_equal(got[0], want);
	assert_int_equal(got[1], 0);
}

static void test_get(void **state)
{
	struct get_list g = get_list();

	(void)state;
	rip = 0x1234;
	for (uint32_t i = 0; i < 16; i++)
		child_vp->arch.gpr[i] = ~(uint64_t)i;
	fake_forget();
	assert_int_equal(hcall(GET(32), &g, sizeof(g)), OK);
	assert_int_equal(hcall_done, 32);
	for (uint32_t i = 0; i < 32; i++)
		value_is(i, i % 5 == 4 ? rip : ~(uint64_t)(i % 16));
	assert_true(out_untouched(16 * 32));
	/* The mailbox first: the registers are as of now. */
	assert_int_equal(fake_find(FAKE_TAKE_MAIL, child_vp, 0), 0);
	assert_int_equal(fake_count(FAKE_VP_RELEASE, child_vp), 1);
	/* From the middle on: what stands before is not looked at. */
	g.name[0] = g.name[4] = BAD;
	assert_int_equal(hcall(GET(9) | START(7), &g, sizeof(g)), OK);
	assert_int_equal(hcall_done, 9);
	for (uint32_t i = 0; i < 16 * 7; i++)
		assert_int_equal(at_pfn(OUT_PFN)[i], JUNK);
	value_is(7, ~7ull);
	value_is(8, ~8ull);
	assert_true(out_untouched(16 * 9));
}

/* The bad name is told by how many went before it. */
static void test_get_bad(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < 12; k++) {
		struct get_list g = get_list();

		g.name[k] = BAD;
		assert_int_equal(hcall(GET(12), &g, sizeof(g)), HV_STATUS_UNKNOWN_REGISTER_NAME);
		assert_int_equal(hcall_done, k);
		assert_true(out_untouched(16 * k));
		if (k)
			value_is(k - 1, (k - 1) % 5 == 4 ? rip : child_vp->arch.gpr[(k - 1) % 16]);
	}
}

static void test_set(void **state)
{
	struct set_list s = set_list(0x5000);

	(void)state;
	set_status = OK;
	fake_forget();
	assert_int_equal(hcall(SET(32), &s, sizeof(s)), OK);
	assert_int_equal(hcall_done, 32);
	/* Of each register, the last in the list: 16 .. 31, but for RIP's places. */
	for (uint32_t i = 16; i < 32; i++)
		if (i % 5 != 4)
			assert_int_equal(child_vp->arch.gpr[i % 16], 0x5000 + i);
	assert_int_equal(rip, 0x5000 + 29);
	assert_int_equal(fake_find(FAKE_TAKE_MAIL, child_vp, 0), 0);
	assert_int_equal(fake_count(FAKE_VP_RELEASE, child_vp), 1);
	assert_true(out_untouched(0));
	/* From the middle on: what went before stays. */
	s = set_list(0x6000);
	assert_int_equal(hcall(SET(9) | START(7), &s, sizeof(s)), OK);
	assert_int_equal(hcall_done, 9);
	assert_int_equal(child_vp->arch.gpr[6], 0x5000 + 22);
	assert_int_equal(child_vp->arch.gpr[7], 0x6007);
	assert_int_equal(child_vp->arch.gpr[8], 0x6008);
	assert_int_equal(child_vp->arch.gpr[10], 0x5000 + 26);
}

/* An element that is refused: those before it are set, it and those behind it are not. */
static void test_set_bad(void **state)
{
	enum { BAD_NAME, PADDING, RESERVED_LOW, RESERVED_HIGH, BAD_VALUE, KINDS };
	static const uint16_t want[KINDS] = { HV_STATUS_UNKNOWN_REGISTER_NAME,
					      HV_STATUS_INVALID_PARAMETER,
					      HV_STATUS_INVALID_PARAMETER,
					      HV_STATUS_INVALID_PARAMETER,
					      HV_STATUS_INVALID_REGISTER_VALUE };

	(void)state;
	for (uint32_t kind = 0; kind < KINDS; kind++)
		for (uint32_t k = 0; k < 12; k++) {
			struct set_list s = set_list(0x100);

			memset(child_vp->arch.gpr, 0, sizeof(child_vp->arch.gpr));
			rip = 0;
			set_status = OK;
			if (kind == BAD_NAME)
				s.r[k].name = BAD;
			else if (kind == PADDING)
				s.r[k].padding = 1;
			else if (kind == RESERVED_LOW)
				s.r[k].reserved = 1;
			else if (kind == RESERVED_HIGH)
				s.r[k].reserved = BIT(63);
			else if (k % 5 != 4 || k == 9)
				continue; /* RIP alone is judged, the first time */
			else
				set_status = HV_STATUS_INVALID_REGISTER_VALUE;
			assert_int_equal(hcall(SET(12), &s, sizeof(s)), want[kind]);
			assert_int_equal(hcall_done, k);
			for (uint32_t i = 0; i < 12; i++)
				if (i % 5 != 4)
					assert_int_equal(child_vp->arch.gpr[i],
							 i < k ? 0x100 + i : 0);
			assert_int_equal(rip, k > 9 ? 0x109 : k > 4 ? 0x104 : 0);
		}
	set_status = OK;
}

/* -- dispatch -----------------------------------------------------------------------------------
 */
static void test_dispatch(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 4, 2, HV_STATUS_INVALID_PARAMETER },
		{ 12, 4, 0x80000001u, HV_STATUS_INVALID_PARAMETER },
		{ 16, 8, 1, HV_STATUS_INVALID_PARAMETER },
		{ 16, 8, BIT(63), HV_STATUS_INVALID_PARAMETER },
		{ 24, 8, 1, HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
	};
	struct hv_input_dispatch_vp in = { .partition_id = child->id };
	struct hv_output_dispatch_vp out;

	(void)state;
	refuse_each(HVCALL_DISPATCH_VP, &in, sizeof(in), bad, ARRAY_LEN(bad));
	assert_true(out_untouched(0));
	fake_vp_exit = VP_EXIT_INTERCEPT;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), OK);
	memcpy(&out, at_pfn(OUT_PFN), sizeof(out));
	assert_int_equal(out.dispatch_state, HV_VP_DISPATCH_STATE_READY);
	assert_int_equal(out.dispatch_event, HV_VP_DISPATCH_EVENT_INTERCEPT);
	assert_int_equal(fake_count(FAKE_VP_RUN, child_vp), 1);
	assert_true(out_untouched(sizeof(out)));
	/* Suspended by a message until the root says that it has read it. */
	child_vp->intercept_suspend = true;
	fake_forget();
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), OK);
	memcpy(&out, at_pfn(OUT_PFN), sizeof(out));
	assert_int_equal(out.dispatch_state, HV_VP_DISPATCH_STATE_BLOCKED);
	assert_int_equal(fake_count(FAKE_VP_RUN, NULL), 0);
	in.flags = HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), OK);
	assert_int_equal(fake_count(FAKE_VP_RUN, child_vp), 1);
	/* What says no says nothing else. */
	fake_vp_exit = VP_EXIT_REFUSED;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), HV_STATUS_OPERATION_DENIED);
	assert_true(out_untouched(0));
	fake_vp_exit = VP_EXIT_NO_MEMORY;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_true(out_untouched(0));
	child_vp->owner = VP_RUNNING;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)), HV_STATUS_INVALID_VP_STATE);
	child_vp->owner = VP_IDLE;
	/* The root's own, and one whose partition is on its way out. */
	fake_forget();
	child->state = PARTITION_FINALIZED;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARTITION_STATE);
	child->state = PARTITION_ACTIVE;
	in.partition_id = HV_PARTITION_ID_SELF;
	in.vp_index = HV_VP_INDEX_SELF;
	assert_int_equal(hcall(HVCALL_DISPATCH_VP, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(fake_note_count, 0);
}

/* -- state pages --------------------------------------------------------------------------------
 */
static void test_state_page(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 2, 2, HV_STATUS_INVALID_PARAMETER }, /* GHCB */
		{ 12, 2, 0x100, HV_STATUS_INVALID_PARAMETER },
		{ 14, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 15, 1, 1, HV_STATUS_INVALID_PARAMETER },
		{ 15, 1, 0x80, HV_STATUS_INVALID_PARAMETER },
		{ 16, 8, BIT(63), HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
	};
	struct hv_input_vp_state_page in = { .partition_id = child->id };
	uint64_t pfn, page[2] = { ptr_hpa(child_vp->register_page).v >> PAGE_SHIFT,
				  ptr_hpa(child_vp->message_page).v >> PAGE_SHIFT };

	(void)state;
	for (in.type = 0; in.type < 2; in.type++) {
		refuse_each(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), bad, ARRAY_LEN(bad));
		assert_true(out_untouched(0));
		refuse_each(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), bad, ARRAY_LEN(bad));
		/* Not open: there is nothing to close. */
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_PARAMETER);
		child_vp->owner = VP_RUNNING;
		assert_int_equal(hcall(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_VP_STATE);
		child_vp->owner = VP_IDLE;
		/* One that could not be opened is not open, and its number is not told. */
		open_status = HV_STATUS_INSUFFICIENT_MEMORY;
		assert_int_equal(hcall(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in)), open_status);
		open_status = OK;
		assert_true(out_untouched(0));
		assert_int_equal(frame_state(page[in.type]), FRAME_DEPOSIT);
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_PARAMETER);
		/* Twice is once. */
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(hcall(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in)), OK);
			memcpy(&pfn, at_pfn(OUT_PFN), sizeof(pfn));
			assert_int_equal(pfn, page[in.type]);
			assert_true(out_untouched(sizeof(pfn)));
			assert_int_equal(frame_state(pfn), FRAME_OPEN);
			assert_int_equal(frame_state(page[!in.type]), FRAME_DEPOSIT);
		}
		child_vp->owner = VP_RUNNING;
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_VP_STATE);
		child_vp->owner = VP_IDLE;
		assert_int_equal(frame_state(pfn), FRAME_OPEN);
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)), OK);
		assert_int_equal(frame_state(pfn), FRAME_DEPOSIT);
		assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
				 HV_STATUS_INVALID_PARAMETER);
	}
	in = (struct hv_input_vp_state_page){ .partition_id = HV_PARTITION_ID_SELF,
					      .vp_index = HV_VP_INDEX_SELF };
	assert_int_equal(hcall(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(hcall(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARAMETER);
}

/* A hint that never fails: to itself, so that the dispatch ends. Who is not offered it is denied.
 */
static void test_spin_wait(void **state)
{
	uint64_t call = HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_HYPERCALL_FAST, all = child->privileges;
	struct hv_hcall_io io = { .control = call, .input = ~0ull, .output = ~0ull };

	(void)state;
	hypercall_dispatch(child_vp, &io);
	assert_int_equal(io.result, OK);
	assert_int_equal(child_vp->mail, VP_MAIL_YIELD);
	child_vp->mail = 0;
	child->privileges = all & ~PARTITION_FEATURE_SPIN_WAIT;
	hypercall_dispatch(child_vp, &io);
	assert_int_equal(io.result, HV_STATUS_ACCESS_DENIED);
	child->privileges = all;
	assert_int_equal(hcall(call, "", 1), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(child_vp->mail, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_registers_header),
		cmocka_unit_test(test_registers_privilege),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_bad),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_bad),
		cmocka_unit_test(test_dispatch),
		cmocka_unit_test(test_state_page),
		cmocka_unit_test(test_spin_wait),
	};

	return cmocka_run_group_tests(tests, hcall_setup, hcall_teardown);
}
