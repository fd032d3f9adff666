/* SPDX-License-Identifier: MIT */
/* HvCallGetVpState and HvCallSetVpState: the header, the two ways of the data, and whose bytes the
 * state's rows get to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"

#include <hv/vp_state.h>

/* The architecture's: two by page, one inline. */
#define LAPIC	    HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER
#define LAPIC_SIZE  176u
#define LONG	    (7u | HV_VP_STATE_PFN) /* three pages */
#define LONG_SIZE   8752u
#define SHARED	    (6u | HV_VP_STATE_PFN | HV_VP_STATE_ANY_VP) /* of the partition */
#define SHARED_SIZE 3600u
#define INLINE	    0x30u
#define INLINE_SIZE 48u
#define TIMERS	    HV_VP_STATE_SYNTHETIC_TIMERS
#define TIMERS_SIZE sizeof(struct hv_synthetic_timers_state)

static uint16_t state_status;
static uint64_t states_seen;
static bool saw_caller_page; /* Set was given the caller's own page */
static uint32_t mail_before;
static uint8_t seen[PAGE_SIZE];

uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	assert_ptr_equal(p, child);
	return type == LAPIC		   ? LAPIC_SIZE
	       : type == LONG		   ? LONG_SIZE
	       : type == SHARED		   ? SHARED_SIZE
	       : type == HV_VP_STATE_XSAVE ? PAGE_SIZE
	       : type == INLINE		   ? INLINE_SIZE
					   : 0;
}

static void judge(struct vp *vp, const void *buf)
{
	assert_int_equal(vp->owner, VP_ACCESSED);
	assert_int_equal(vp->mail, 0); /* what came before is in the state */
	saw_caller_page = buf == at_pfn(DATA_PFN);
}

uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	judge(vp, buf);
	fake_note(FAKE_STATE_GET, vp, type);
	states_seen = states;
	if (state_status == OK)
		memset(buf, 0x77, arch_state_size(child, type));
	return state_status;
}

/* What is judged must not change meanwhile: here it does, as if another CPU wrote to the page. */
uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	judge(vp, buf);
	fake_note(FAKE_STATE_SET, vp, type);
	memset(at_pfn(DATA_PFN), 0xee, PAGE_SIZE);
	memcpy(seen, buf, arch_state_size(child, type));
	return state_status;
}

uint16_t arch_state_get_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	assert_int_equal(type, LONG);
	judge(vp, pages[0]);
	fake_note(FAKE_STATE_GET, vp, type);
	for (uint32_t i = 0; i < 3; i++)
		memset(pages[i], (int)(0x70 + i), i < 2 ? PAGE_SIZE : LONG_SIZE % PAGE_SIZE);
	return state_status;
}

uint16_t arch_state_set_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	assert_int_equal(type, LONG);
	judge(vp, pages[0]);
	fake_note(FAKE_STATE_SET, vp, type);
	for (uint32_t i = 0; i < 3; i++)
		seen[i] = *(const uint8_t *)pages[i];
	return state_status;
}

/* Of the partition: every VP is taken, and the partition's lock. */
uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf)
{
	assert_ptr_equal(p, child);
	assert_int_equal(p->lock.held, 1);
	assert_int_equal(child_vp->owner, VP_ACCESSED);
	fake_note(FAKE_STATE_GET, p, type);
	memset(buf, 0x66, SHARED_SIZE);
	return state_status;
}

uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf)
{
	assert_ptr_equal(p, child);
	assert_int_equal(child_vp->owner, VP_ACCESSED);
	assert_ptr_not_equal(buf, at_pfn(DATA_PFN));
	fake_note(FAKE_STATE_SET, p, type);
	seen[0] = *(const uint8_t *)buf;
	return state_status;
}

/* -- calls --------------------------------------------------------------------------------------
 */
struct state_in {
	struct hv_input_vp_state h;
	uint64_t var[507];
};

static struct state_in input(uint32_t type)
{
	struct state_in in = { .h = { .partition_id = child->id, .type = type } };

	in.var[0] = DATA_PFN;
	return in;
}

#define GET(words) (HVCALL_GET_VP_STATE | VAR(words))
#define SET(words) (HVCALL_SET_VP_STATE | VAR(words))

static void fill(uint64_t pfn)
{
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		at_pfn(pfn)[i] = (uint8_t)(i * 5 + 3);
}

static uint16_t call(uint64_t control, const struct state_in *in)
{
	uint16_t status;

	child_vp->mail = mail_before = VP_MAIL_NMI;
	saw_caller_page = false;
	fake_forget();
	status = hcall(control, in, sizeof(*in) > PAGE_SIZE ? PAGE_SIZE : sizeof(*in));
	assert_int_equal(frame_holds(DATA_PFN), 0);
	return status;
}

/* Refused before anything was asked: the VP was not even taken. */
static void refused(uint64_t control, const struct state_in *in, uint16_t status)
{
	fill(DATA_PFN);
	assert_int_equal(call(control, in), status);
	assert_int_equal(fake_note_count, 0);
	assert_int_equal(child_vp->mail, mail_before);
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(at_pfn(DATA_PFN)[i], (uint8_t)(i * 5 + 3));
	assert_true(out_untouched(0));
}

static void test_header(void **state)
{
	static const struct {
		uint32_t offset, size;
		uint64_t value;
		bool xsave_too; /* wrong there as well */
		uint16_t status;
	} bad[] = {
		{ 12, 1, 1, true, HV_STATUS_INVALID_PARAMETER },
		{ 12, 1, 0x80, true, HV_STATUS_INVALID_PARAMETER },
		{ 13, 1, 1, true, HV_STATUS_INVALID_PARAMETER },
		{ 14, 1, 1, true, HV_STATUS_INVALID_PARAMETER },
		{ 15, 1, 0x80, true, HV_STATUS_INVALID_PARAMETER },
		{ 20, 4, 1, true, HV_STATUS_INVALID_PARAMETER },
		{ 24, 8, 1, true, HV_STATUS_INVALID_PARAMETER },
		{ 24, 8, BIT(63), true, HV_STATUS_INVALID_PARAMETER },
		{ 32, 8, 1, false, HV_STATUS_INVALID_PARAMETER },
		{ 32, 8, BIT(63), false, HV_STATUS_INVALID_PARAMETER },
		{ 16, 4, HV_VP_STATE_NESTED, true, HV_STATUS_FEATURE_UNAVAILABLE },
		{ 16, 4, 0x99, true, HV_STATUS_INVALID_PARAMETER },
		{ 16, 4, 0x99 | HV_VP_STATE_PFN, true, HV_STATUS_INVALID_PARAMETER },
		{ 16, 4, TIMERS | HV_VP_STATE_PFN, true, HV_STATUS_INVALID_PARAMETER },
		{ 16, 4, 0, true, HV_STATUS_INVALID_PARAMETER },
		{ 8, 4, 1, true, HV_STATUS_INVALID_VP_INDEX },
		{ 0, 8, 999, true, HV_STATUS_INVALID_PARTITION_ID },
	};
	static const uint32_t types[] = { LAPIC, HV_VP_STATE_SYNIC_MESSAGE_PAGE,
					  HV_VP_STATE_XSAVE };

	(void)state;
	for (uint32_t t = 0; t < ARRAY_LEN(types); t++)
		for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
			struct state_in in = input(types[t]);

			if (types[t] == HV_VP_STATE_XSAVE && !bad[i].xsave_too)
				continue;
			memcpy((uint8_t *)&in + bad[i].offset, &bad[i].value, bad[i].size);
			refused(GET(1), &in, bad[i].status);
			refused(SET(1), &in, bad[i].status);
		}
}

/* No such state has no size: not even nothing of it is read or set. */
static void test_unknown(void **state)
{
	static const uint32_t types[] = { 0, 0x99, 0x99 | HV_VP_STATE_PFN, ~0u };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(types); i++) {
		struct state_in in = input(types[i]);

		refused(GET(0), &in, HV_STATUS_INVALID_PARAMETER);
		refused(SET(0), &in, HV_STATUS_INVALID_PARAMETER);
	}
}

static void test_xsave_states(void **state)
{
	struct state_in in = input(HV_VP_STATE_XSAVE);

	(void)state;
	in.h.xsave_states = 0x8000000000000207ull;
	assert_int_equal(call(GET(1), &in), OK);
	assert_int_equal(states_seen, in.h.xsave_states);
	assert_int_equal(call(SET(1), &in), OK);
}

static void test_whose(void **state)
{
	struct state_in in = input(LAPIC);

	(void)state;
	in.h.partition_id = HV_PARTITION_ID_SELF;
	in.h.vp_index = HV_VP_INDEX_SELF;
	refused(GET(1), &in, HV_STATUS_INVALID_VP_STATE);
	refused(SET(1), &in, HV_STATUS_INVALID_VP_STATE);
	/* One that runs, or that another call looks at: by page and inline. */
	for (uint32_t owner = VP_ACCESSED; owner <= VP_RUNNING; owner++) {
		child_vp->owner = owner;
		in = input(LAPIC);
		refused(GET(1), &in, HV_STATUS_INVALID_VP_STATE);
		refused(SET(1), &in, HV_STATUS_INVALID_VP_STATE);
		in = input(INLINE);
		refused(GET(0), &in, HV_STATUS_INVALID_VP_STATE);
		refused(SET(INLINE_SIZE / 8), &in, HV_STATUS_INVALID_VP_STATE);
	}
	child_vp->owner = VP_IDLE;
}

static void test_pages(void **state)
{
	static const uint64_t bad[] = {
		DATA_PFN | 1ull << 40, /* beyond 52 bits of address */
		DATA_PFN | 1ull << 51,
		DATA_PFN | 1ull << 52, /* lost when shifted into an address */
		DATA_PFN | 1ull << 63,
		1ull << 39,
		FAKE_PFNS,
		ROOT_FIRMWARE, /* mapped, but not RAM to lend */
		ROOT_CORE,
		ROOT_FREE, /* deposited */
		0xffffffffffull,
	};
	static const uint32_t types[] = { LAPIC, HV_VP_STATE_XSAVE,
					  HV_VP_STATE_SYNIC_MESSAGE_PAGE };

	(void)state;
	for (uint32_t t = 0; t < ARRAY_LEN(types); t++) {
		struct state_in in = input(types[t]);

		for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
			in.var[0] = bad[i];
			refused(GET(1), &in, HV_STATUS_INVALID_PARAMETER);
			refused(SET(1), &in, HV_STATUS_INVALID_PARAMETER);
		}
		/* As many as it takes, no more. */
		in = input(types[t]);
		in.var[1] = DATA_PFN;
		refused(GET(0), &in, HV_STATUS_INVALID_PARAMETER);
		refused(SET(0), &in, HV_STATUS_INVALID_PARAMETER);
		refused(GET(2), &in, HV_STATUS_INVALID_PARAMETER);
		refused(SET(2), &in, HV_STATUS_INVALID_PARAMETER);
		refused(GET(507), &in, HV_STATUS_INVALID_PARAMETER);
	}
}

/* A page of the core's that the root may read: good for a Set, not for a Get. */
static void test_page_rights(void **state)
{
	struct slat *s = &fake_root.slat;
	struct state_in in = input(LAPIC);
	gpa_t at = GPA(GPA_OF(ROOT_CORE_END - 1));

	(void)state;
	in.var[0] = ROOT_CORE_END - 1;
	refused(SET(1), &in, HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(slat_map(s, at, HPA(at.v), 1, SLAT_R, NULL, NULL), SLAT_OK);
	memset(at_pfn(ROOT_CORE_END - 1), 0x3d, PAGE_SIZE);
	refused(GET(1), &in, HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(at_pfn(ROOT_CORE_END - 1)[0], 0x3d);
	assert_int_equal(call(SET(1), &in), OK);
	assert_int_equal(seen[LAPIC_SIZE - 1], 0x3d);
	assert_int_equal(slat_unmap(s, at, 1, NULL, NULL), SLAT_OK);
}

static void test_by_page(void **state)
{
	struct state_in in = input(LAPIC);

	(void)state;
	fill(DATA_PFN);
	assert_int_equal(call(GET(1), &in), OK);
	assert_int_equal(fake_count(FAKE_STATE_GET, child_vp), 1);
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(at_pfn(DATA_PFN)[i], i < LAPIC_SIZE ? 0x77 : (uint8_t)(i * 5 + 3));
	assert_true(out_untouched(0));
	/* Judged and committed is one and the same copy. */
	fill(DATA_PFN);
	assert_int_equal(call(SET(1), &in), OK);
	assert_int_equal(fake_count(FAKE_STATE_SET, child_vp), 1);
	assert_false(saw_caller_page);
	for (uint32_t i = 0; i < LAPIC_SIZE; i++)
		assert_int_equal(seen[i], (uint8_t)(i * 5 + 3));
	in = input(HV_VP_STATE_XSAVE);
	fill(DATA_PFN);
	assert_int_equal(call(SET(1), &in), OK);
	assert_false(saw_caller_page);
	assert_int_equal(seen[PAGE_SIZE - 1], (uint8_t)((PAGE_SIZE - 1) * 5 + 3));
	/* The status of the state's row is the call's. */
	state_status = HV_STATUS_INVALID_SAVE_RESTORE_STATE;
	assert_int_equal(call(SET(1), &in), state_status);
	assert_int_equal(call(GET(1), &in), state_status);
	state_status = OK;
}

/* Pages that may hold anything pass straight through. */
static void test_synic_pages(void **state)
{
	static const uint32_t types[] = { HV_VP_STATE_SYNIC_MESSAGE_PAGE,
					  HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE };

	(void)state;
	for (uint32_t t = 0; t < ARRAY_LEN(types); t++) {
		struct state_in in = input(types[t]);

		fill(DATA_PFN);
		memset(percpu_self.hcall_out, 0x5a, PAGE_SIZE);
		assert_int_equal(call(SET(1), &in), OK);
		assert_int_equal(percpu_self.hcall_out[0], 0x5a);
		memset(at_pfn(DATA_PFN), 0, PAGE_SIZE);
		assert_int_equal(call(GET(1), &in), OK);
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			assert_int_equal(at_pfn(DATA_PFN)[i], (uint8_t)(i * 5 + 3));
		memset(at_pfn(DATA_PFN), 0, PAGE_SIZE);
		assert_int_equal(call(SET(1), &in), OK);
	}
	assert_int_equal(fake_count(FAKE_STATE_SET, NULL), 0);
}

static void test_inline(void **state)
{
	struct state_in in = input(INLINE);

	(void)state;
	assert_int_equal(call(GET(0), &in), OK);
	for (uint32_t i = 0; i < INLINE_SIZE; i++)
		assert_int_equal(at_pfn(OUT_PFN)[i], 0x77);
	assert_true(out_untouched(INLINE_SIZE));
	/* Nothing behind the header of a Get; on Set the data, exactly. */
	refused(GET(1), &in, HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < INLINE_SIZE / 8; i++)
		in.var[i] = 0x1111111111111111ull * (i + 1);
	refused(SET(0), &in, HV_STATUS_INVALID_PARAMETER);
	refused(SET(INLINE_SIZE / 8 - 1), &in, HV_STATUS_INVALID_PARAMETER);
	refused(SET(INLINE_SIZE / 8 + 1), &in, HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(call(SET(INLINE_SIZE / 8), &in), OK);
	assert_memory_equal(seen, in.var, INLINE_SIZE);
	state_status = HV_STATUS_INVALID_PARAMETER;
	assert_int_equal(call(SET(INLINE_SIZE / 8), &in), state_status);
	assert_int_equal(call(GET(0), &in), state_status);
	assert_true(out_untouched(0));
	state_status = OK;
}

/* The parser knows of no output: its address is judged here. */
static void test_inline_output(void **state)
{
	static const struct {
		uint64_t gpa;
		uint16_t status;
	} bad[] = {
		{ GPA_OF(OUT_PFN) + 4, HV_STATUS_INVALID_ALIGNMENT },
		{ GPA_OF(OUT_PFN) + 1, HV_STATUS_INVALID_ALIGNMENT },
		{ GPA_OF(OUT_PFN) + PAGE_SIZE - INLINE_SIZE + 8,
		  HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ GPA_OF(ROOT_CORE), HV_STATUS_INVALID_PARAMETER },
		{ GPA_OF(ROOT_FREE), HV_STATUS_INVALID_PARAMETER },
		{ GPA_OF(FAKE_PFNS), HV_STATUS_INVALID_PARAMETER },
		{ BIT(63), HV_STATUS_INVALID_PARAMETER },
	};
	struct state_in in = input(INLINE);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		hcall_out_gpa = bad[i].gpa;
		assert_int_equal(call(GET(0), &in), bad[i].status);
		assert_true(out_untouched(0));
	}
	hcall_out_gpa = GPA_OF(OUT_PFN) + PAGE_SIZE - INLINE_SIZE;
	assert_int_equal(call(GET(0), &in), OK);
	assert_int_equal(at_pfn(OUT_PFN)[PAGE_SIZE - INLINE_SIZE - 1], JUNK);
	assert_int_equal(at_pfn(OUT_PFN)[PAGE_SIZE - INLINE_SIZE], 0x77);
	assert_int_equal(at_pfn(OUT_PFN)[PAGE_SIZE - 1], 0x77);
	/* By page there is no output, so its address says nothing. */
	hcall_out_gpa = 1;
	in = input(LAPIC);
	assert_int_equal(call(GET(1), &in), OK);
	hcall_out_gpa = GPA_OF(OUT_PFN);
}

static void test_timers(void **state)
{
	struct state_in in = input(TIMERS);
	struct hv_synthetic_timers_state t = { 0 }, got;

	(void)state;
	t.timers[2].config = 3ull << 16; /* SINT 3, not enabled */
	t.timers[2].count = 12345;
	memcpy(in.var, &t, sizeof(t));
	assert_int_equal(call(SET(TIMERS_SIZE / 8), &in), OK);
	assert_int_equal(call(GET(0), &(struct state_in){ in.h, { 0 } }), OK);
	memcpy(&got, at_pfn(OUT_PFN), sizeof(got));
	assert_int_equal(got.timers[2].config, t.timers[2].config);
	assert_int_equal(got.timers[2].count, 12345);
	assert_true(out_untouched(TIMERS_SIZE));
	/* A reserved word: nothing is set. */
	t.timers[2].count = 54321;
	t.reserved[4] = 1;
	memcpy(in.var, &t, sizeof(t));
	assert_int_equal(call(SET(TIMERS_SIZE / 8), &in), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(call(GET(0), &(struct state_in){ in.h, { 0 } }), OK);
	memcpy(&got, at_pfn(OUT_PFN), sizeof(got));
	assert_int_equal(got.timers[2].count, 12345);
}

/* A state of several pages: each held for the call, wherever they are, and none of another count.
 */
static void test_long(void **state)
{
	static const uint64_t pfns[3] = { DATA_PFN + 2, DATA_PFN, DATA_PFN + 1 };
	struct state_in in = input(LONG);

	(void)state;
	for (uint32_t words = 0; words < 6; words++) {
		if (words == 3)
			continue;
		for (uint32_t i = 0; i < words; i++)
			in.var[i] = DATA_PFN;
		refused(GET(words), &in, HV_STATUS_INVALID_PARAMETER);
		refused(SET(words), &in, HV_STATUS_INVALID_PARAMETER);
	}
	memcpy(in.var, pfns, sizeof(pfns));
	for (uint32_t i = 0; i < 3; i++)
		fill(pfns[i]);
	assert_int_equal(call(GET(3), &in), OK);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(at_pfn(pfns[i])[5], 0x70 + i);
	assert_int_equal(at_pfn(pfns[2])[LONG_SIZE % PAGE_SIZE - 1], 0x72);
	assert_int_equal(at_pfn(pfns[2])[LONG_SIZE % PAGE_SIZE],
			 (uint8_t)(LONG_SIZE % PAGE_SIZE * 5 + 3));
	assert_int_equal(call(SET(3), &in), OK);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(seen[i], 0x70 + i);
	/* One that is none: those before it are let go of */
	for (uint32_t i = 0; i < 3; i++) {
		memcpy(in.var, pfns, sizeof(pfns));
		in.var[i] = ROOT_CORE;
		refused(GET(3), &in, HV_STATUS_INVALID_PARAMETER);
		for (uint32_t k = 0; k < 3; k++)
			assert_int_equal(frame_holds(pfns[k]), 0);
	}
}

/* HV_ANY_VP is asked for what is of the partition, and for nothing else; no VP is for that. */
static void test_any_vp(void **state)
{
	struct state_in in = input(LAPIC);

	(void)state;
	in.h.vp_index = HV_ANY_VP;
	refused(GET(1), &in, HV_STATUS_INVALID_VP_INDEX);
	refused(SET(1), &in, HV_STATUS_INVALID_VP_INDEX);
	in = input(SHARED);
	refused(GET(1), &in, HV_STATUS_INVALID_VP_INDEX);
	in.h.vp_index = HV_ANY_VP;
	assert_int_equal(call(GET(1), &in), OK);
	assert_int_equal(at_pfn(DATA_PFN)[SHARED_SIZE - 1], 0x66);
	assert_int_equal(call(SET(1), &in), OK);
	assert_int_equal(seen[0], 0x66);
	assert_int_equal(child_vp->owner, VP_IDLE);
	assert_int_equal(child->lock.held, 0);
	child_vp->owner = VP_RUNNING;
	refused(GET(1), &in, HV_STATUS_INVALID_VP_STATE);
	refused(SET(1), &in, HV_STATUS_INVALID_VP_STATE);
	child_vp->owner = VP_IDLE;
	in.h.type = SHARED | 8;
	refused(GET(1), &in, HV_STATUS_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),	     cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_xsave_states), cmocka_unit_test(test_whose),
		cmocka_unit_test(test_pages),	     cmocka_unit_test(test_page_rights),
		cmocka_unit_test(test_by_page),	     cmocka_unit_test(test_synic_pages),
		cmocka_unit_test(test_inline),	     cmocka_unit_test(test_inline_output),
		cmocka_unit_test(test_timers),	     cmocka_unit_test(test_long),
		cmocka_unit_test(test_any_vp),
	};

	return cmocka_run_group_tests(tests, hcall_setup, hcall_teardown);
}
