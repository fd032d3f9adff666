/* SPDX-License-Identifier: MIT */
/* Memory by hypercall: deposits and maps as rep calls with a budget, translation, and a guest's
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"

#define MEM   (uint64_t)(ROOT_FREE + 4 * LARGE_PAGES)
#define GIVEN (uint64_t)(ROOT_FREE + 1024) /* for deposits */
#define RW    (HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE)
#define MANY  200u /* more than three budgets */
#define BAD   HV_STATUS_INVALID_PARAMETER

#define DEPOSIT(n)  (HVCALL_DEPOSIT_MEMORY | REPS(n))
#define WITHDRAW(n) (HVCALL_WITHDRAW_MEMORY | REPS(n))
#define MAP(n)	    (HVCALL_MAP_GPA_PAGES | REPS(n))
#define UNMAP(n)    (HVCALL_UNMAP_GPA_PAGES | REPS(n))

_Static_assert(MANY > 3 * HCALL_REP_BUDGET && MANY <= 4 * HCALL_REP_BUDGET, "four rounds");

static uint64_t mapped(uint64_t gfn)
{
	struct slat_leaf l;

	return slat_lookup(&child->slat, GPA(gfn << PAGE_SHIFT), &l)
		       ? (l.hpa.v >> PAGE_SHIFT) + (gfn & ((1ull << 9 * (l.level - 1)) - 1))
		       : ~0ull;
}

/* -- deposits -----------------------------------------------------------------------------------
 */
struct deposit {
	uint64_t id, pfn[MANY];
};

static struct deposit deposit(void)
{
	struct deposit d = { .id = child->id };

	for (uint32_t i = 0; i < MANY; i++)
		d.pfn[i] = GIVEN + i;
	return d;
}

static uint32_t taken_back(uint32_t want)
{
	struct hv_input_withdraw_memory w = { .partition_id = child->id };
	uint64_t pfn;
	uint16_t status = hcall(WITHDRAW(want), &w, sizeof(w));

	assert_int_equal(status, hcall_done == want ? OK : HV_STATUS_NO_RESOURCES);
	for (uint32_t i = 0; i < hcall_done; i++) {
		memcpy(&pfn, at_pfn(OUT_PFN) + 8 * i, sizeof(pfn));
		assert_int_equal(frame_state(pfn), FRAME_ROOT);
	}
	assert_true(out_untouched(8 * hcall_done));
	return hcall_done;
}

static void test_deposit(void **state)
{
	struct deposit d = deposit();
	uint64_t total = child->pool.total;

	(void)state;
	fake_forget();
	assert_int_equal(hcall(DEPOSIT(MANY), &d, sizeof(d)), OK);
	assert_int_equal(hcall_done, MANY);
	assert_int_equal(hcall_rounds, 4);
	/* One flush for each of them, not for each page. */
	assert_int_equal(fake_count(FAKE_FLUSH, &fake_root.slat), 4);
	assert_int_equal(child->pool.total, total + MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(frame_state(GIVEN + i), FRAME_DEPOSIT);
	assert_int_equal(taken_back(MANY), MANY);
	assert_int_equal(hcall_rounds, 4);
	assert_int_equal(child->pool.total, total);
}

/* The list ends where a page is not the root's to give. */
static void test_deposit_bad(void **state)
{
	uint64_t total = child->pool.total;

	(void)state;
	for (uint32_t k = 0; k < MANY; k += 33) {
		struct deposit d = deposit();

		d.pfn[k] = k & 1 ? ROOT_CORE : 1ull << 52;
		assert_int_equal(hcall(DEPOSIT(MANY), &d, sizeof(d)), BAD);
		assert_int_equal(hcall_done, k);
		assert_int_equal(child->pool.total, total + k);
		if (k)
			assert_int_equal(taken_back(k), k);
	}
	/* From the middle on: the first ones are not looked at again. */
	{
		struct deposit d = deposit();

		d.pfn[0] = ROOT_CORE;
		assert_int_equal(hcall(DEPOSIT(3) | START(1), &d, sizeof(d)), OK);
		assert_int_equal(hcall_done, 3);
		assert_int_equal(frame_state(GIVEN), FRAME_ROOT);
		assert_int_equal(taken_back(2), 2);
	}
	/* The input page itself is held: no deposit can take it away from under the call. */
	assert_int_equal(child->pool.total, total);
}

/*
 * A partition on its way out takes nothing: Linux frees the pages of a deposit that was refused
 * (hv_proc.c), so they have to be the root's still.
 */
static void test_deposit_finalized(void **state)
{
	struct deposit d = { .pfn = { GIVEN, GIVEN + 1 } };
	struct partition *p = fake_child(GIVEN + 64, 32);

	(void)state;
	partition_put(p);
	d.id = p->id;
	assert_int_equal(partition_finalize(p), OK);
	assert_int_equal(hcall(DEPOSIT(2), &d, sizeof(d)), HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(hcall_done, 0);
	assert_int_equal(frame_state(GIVEN), FRAME_ROOT);
	assert_int_equal(frame_state(GIVEN + 1), FRAME_ROOT);
	assert_int_equal(fake_child_end(p), OK);
	assert_int_equal(fake_root_missing(), 64); /* the group's child */
}

static void test_withdraw(void **state)
{
	struct hv_input_withdraw_memory w = { .partition_id = child->id };
	struct deposit d = deposit();
	uint32_t free = (uint32_t)child->pool.free_count;
	uint64_t pfn;

	(void)state;
	/* More than there is: what there was, and no more. */
	assert_int_equal(hcall(DEPOSIT(70), &d, sizeof(d)), OK);
	assert_int_equal(taken_back(400), free + 70);
	assert_int_equal(child->pool.free_count, 0);
	assert_int_equal(hcall(WITHDRAW(1), &w, sizeof(w)), HV_STATUS_NO_RESOURCES);
	assert_int_equal(hcall_done, 0);
	d.pfn[0] = GIVEN;
	assert_int_equal(hcall(DEPOSIT(MANY), &d, sizeof(d)), OK);
	/* Started at 5: the answers stand there. */
	assert_int_equal(hcall(WITHDRAW(8) | START(5), &w, sizeof(w)), OK);
	assert_int_equal(hcall_done, 8);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(at_pfn(OUT_PFN)[i], JUNK);
	for (uint32_t i = 5; i < 8; i++) {
		memcpy(&pfn, at_pfn(OUT_PFN) + 8 * i, sizeof(pfn));
		assert_in_range(pfn, GIVEN, GIVEN + MANY - 1);
	}
	assert_int_equal(child->pool.free_count, MANY - 3);
	assert_int_equal(taken_back(MANY - 3 - free), MANY - 3 - free);
}

/* -- maps ---------------------------------------------------------------------------------------
 */
struct map {
	struct hv_input_map_gpa_pages h;
	uint64_t pfn[MANY];
};

static struct map map(uint64_t gfn, uint32_t flags)
{
	struct map m = {
		.h = { .partition_id = child->id, .target_gpa_base = gfn, .map_flags = flags }
	};

	for (uint32_t i = 0; i < MANY; i++)
		m.pfn[i] = MEM + i;
	return m;
}

static void unmap(uint64_t gfn, uint32_t pages)
{
	struct hv_input_unmap_gpa_pages u = { .partition_id = child->id, .target_gpa_base = gfn };

	assert_int_equal(hcall(UNMAP(pages), &u, sizeof(u)), OK);
	assert_int_equal(hcall_done, pages);
}

static void test_map(void **state)
{
	struct map m = map(0x100, RW);
	struct hv_input_unmap_gpa_pages u = { .partition_id = child->id, .target_gpa_base = 0x100 };

	(void)state;
	assert_int_equal(hcall(MAP(MANY), &m, sizeof(m)), OK);
	assert_int_equal(hcall_done, MANY);
	assert_int_equal(hcall_rounds, 4);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(mapped(0x100 + i), MEM + i);
	assert_int_equal(mapped(0x100 + MANY), ~0ull);
	/* Rounds of unmapping, and one from the middle on. */
	assert_int_equal(hcall(UNMAP(5) | START(3), &u, sizeof(u)), OK);
	assert_int_equal(mapped(0x102), MEM + 2);
	assert_int_equal(mapped(0x103), ~0ull);
	assert_int_equal(mapped(0x104), ~0ull);
	assert_int_equal(mapped(0x105), MEM + 5);
	unmap(0x100, MANY);
	assert_int_equal(hcall_rounds, 4);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(mapped(0x100 + i), ~0ull);
	assert_int_equal(frame_holds(MEM + 2), 0);
}

static void test_map_large(void **state)
{
	struct map m = map(LARGE_PAGES, RW | HV_MAP_GPA_LARGE_PAGE);
	struct hv_input_unmap_gpa_pages u = { .partition_id = child->id,
					      .target_gpa_base = LARGE_PAGES,
					      .unmap_flags = HV_UNMAP_GPA_LARGE_PAGE };

	(void)state;
	m.pfn[0] = MEM;
	m.pfn[1] = MEM + 3 * LARGE_PAGES;
	assert_int_equal(hcall(MAP(2), &m, sizeof(m)), OK);
	assert_int_equal(mapped(LARGE_PAGES + 1), MEM + 1);
	assert_int_equal(mapped(2 * LARGE_PAGES + 7), MEM + 3 * LARGE_PAGES + 7);
	assert_int_equal(mapped(3 * LARGE_PAGES), ~0ull);
	assert_int_equal(hcall(UNMAP(2) | START(1), &u, sizeof(u)), OK);
	assert_int_equal(mapped(LARGE_PAGES), MEM);
	assert_int_equal(mapped(2 * LARGE_PAGES), ~0ull);
	assert_int_equal(hcall(UNMAP(1), &u, sizeof(u)), OK);
	assert_int_equal(mapped(LARGE_PAGES), ~0ull);
}

static void test_map_bad(void **state)
{
	static const struct bad_field bad[] = {
		{ 16, 4, 0, BAD }, /* no right, and not said so */
		{ 16, 4, HV_MAP_GPA_ADJUSTABLE, BAD },
		{ 16, 4, RW | 0x10, BAD },
		{ 16, 4, RW | 0x40000000, BAD },
		{ 16, 4, HV_MAP_GPA_WRITABLE, BAD },
		{ 16, 4, RW | HV_MAP_GPA_LARGE_PAGE, BAD }, /* 0x100 is not aligned */
		{ 20, 4, 1, BAD },
		{ 20, 4, 0x80000000u, BAD },
		{ 8, 8, 1ull << 36, BAD },
		{ 0, 8, HV_PARTITION_ID_SELF, HV_STATUS_ACCESS_DENIED },
	};
	static const struct bad_field bad_unmap[] = {
		{ 16, 4, 1, BAD },
		{ 16, 4, 0x80000000u, BAD },
		{ 16, 4, HV_UNMAP_GPA_LARGE_PAGE, BAD },
		{ 20, 4, 1, BAD },
		{ 8, 8, 1ull << 36, BAD },
		{ 0, 8, HV_PARTITION_ID_SELF, HV_STATUS_ACCESS_DENIED },
	};
	struct hv_input_unmap_gpa_pages u = { .partition_id = child->id, .target_gpa_base = 0x100 };
	struct map m = map(0x100, RW);

	(void)state;
	refuse_each(MAP(3), &m, sizeof(m), bad, ARRAY_LEN(bad));
	assert_int_equal(mapped(0x100), ~0ull);
	assert_int_equal(hcall(MAP(3), &m, sizeof(m)), OK);
	refuse_each(UNMAP(3), &u, sizeof(u), bad_unmap, ARRAY_LEN(bad_unmap));
	assert_int_equal(mapped(0x102), MEM + 2);
	unmap(0x100, 3);
	/* The list ends at the page that is not the root's. */
	for (uint32_t k = 0; k < MANY; k += 33) {
		m = map(0x100, RW);
		m.pfn[k] = ROOT_CORE + k;
		assert_int_equal(hcall(MAP(MANY), &m, sizeof(m)), BAD);
		assert_int_equal(hcall_done, k);
		assert_int_equal(mapped(0x100 + k), ~0ull);
		if (k) {
			assert_int_equal(mapped(0xff + k), MEM + k - 1);
			unmap(0x100, k);
		}
	}
	/* The end of the address space, in the middle of the list. */
	u.target_gpa_base = (1ull << 36) - 2;
	assert_int_equal(hcall(UNMAP(5), &u, sizeof(u)), BAD);
	assert_int_equal(hcall_done, 2);
	/* Where no access is asked for, none is needed: the list is not looked at. */
	m = map(0x300, HV_MAP_GPA_NO_ACCESS);
	m.pfn[0] = ROOT_CORE;
	assert_int_equal(hcall(MAP(1), &m, sizeof(m)), OK);
	unmap(0x300, 1);
}

/* -- translation --------------------------------------------------------------------------------
 */
static void test_translate(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 4, 1, BAD },
		{ 12, 4, 0x80000000u, BAD },
		{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
	};
	struct hv_input_translate_virtual_address in = { .partition_id = child->id,
							 .control_flags = 3,
							 .gva_page = 0x1234 };
	struct hv_output_translate_virtual_address out;

	(void)state;
	refuse_each(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), bad, ARRAY_LEN(bad));
	assert_int_equal(hcall(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in)), OK);
	memcpy(&out, at_pfn(OUT_PFN), sizeof(out));
	assert_int_equal(out.gpa_page, ~0x1234ull);
	assert_int_equal(out.result_code, 3);
	assert_true(out_untouched(sizeof(out)));
	fake_arch_status = BAD;
	assert_int_equal(hcall(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in)), BAD);
	assert_true(out_untouched(0));
	fake_arch_status = OK;
	fake_forget();
	child_vp->owner = VP_RUNNING;
	assert_int_equal(hcall(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in)),
			 HV_STATUS_INVALID_VP_STATE);
	child_vp->owner = VP_IDLE;
	in.partition_id = HV_PARTITION_ID_SELF;
	in.vp_index = HV_VP_INDEX_SELF;
	assert_int_equal(hcall(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in)),
			 HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(fake_note_count, 0);
}

/* -- a guest's bytes ----------------------------------------------------------------------------
 */
static const struct bad_field bad_range[] = {
	{ 12, 4, 0, BAD },
	{ 12, 4, 17, BAD },
	{ 12, 4, ~0u, BAD },
	{ 16, 8, 0x100ffd, BAD }, /* 4 bytes over the end of the page */
	{ 16, 8, 1ull << 52, BAD },
	{ 16, 8, ~0ull, BAD },
	{ 24, 8, 0x100, BAD },
	{ 24, 8, BIT(63), BAD },
	{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
};

static uint64_t read_result(uint64_t gpa, uint32_t count, struct hv_output_read_gpa *out)
{
	struct hv_input_read_gpa in = { .partition_id = child->id,
					.byte_count = count,
					.base_gpa = gpa,
					.control_flags = 0xff };

	assert_int_equal(hcall(HVCALL_READ_GPA, &in, sizeof(in)), OK);
	memcpy(out, at_pfn(OUT_PFN), sizeof(*out));
	assert_true(out_untouched(sizeof(*out)));
	return out->result;
}

static uint64_t write_result(uint64_t gpa, uint32_t count)
{
	struct hv_input_write_gpa in = { .partition_id = child->id,
					 .byte_count = count,
					 .base_gpa = gpa };
	uint64_t result;

	memset(in.data, 0x42, sizeof(in.data));
	assert_int_equal(hcall(HVCALL_WRITE_GPA, &in, sizeof(in)), OK);
	memcpy(&result, at_pfn(OUT_PFN), sizeof(result));
	assert_true(out_untouched(sizeof(result)));
	return result;
}

static void test_bytes(void **state)
{
	struct hv_input_read_gpa r = { .partition_id = child->id,
				       .byte_count = 4,
				       .base_gpa = 0x100000 };
	struct hv_input_write_gpa w = { .partition_id = child->id,
					.byte_count = 4,
					.base_gpa = 0x100000 };
	struct map m = map(0x100, RW);
	struct hv_output_read_gpa out;

	(void)state;
	assert_int_equal(hcall(MAP(1), &m, sizeof(m)), OK);
	m = map(0x101, HV_MAP_GPA_READABLE);
	assert_int_equal(hcall(MAP(1), &m, sizeof(m)), OK);
	m = map(0x102, HV_MAP_GPA_NO_ACCESS);
	assert_int_equal(hcall(MAP(1), &m, sizeof(m)), OK);
	memset(at_pfn(MEM), 0x11, PAGE_SIZE);
	refuse_each(HVCALL_READ_GPA, &r, sizeof(r), bad_range, ARRAY_LEN(bad_range));
	refuse_each(HVCALL_WRITE_GPA, &w, sizeof(w), bad_range, ARRAY_LEN(bad_range));
	assert_int_equal(at_pfn(MEM)[0], 0x11);
	/* Up to the page's last byte, and no byte beyond the count. */
	assert_int_equal(write_result(0x100ffc, 4), HV_ACCESS_GPA_SUCCESS);
	assert_int_equal(at_pfn(MEM)[4091], 0x11);
	assert_int_equal(at_pfn(MEM)[4092], 0x42);
	assert_int_equal(write_result(0x100000, 16), HV_ACCESS_GPA_SUCCESS);
	assert_int_equal(at_pfn(MEM)[15], 0x42);
	assert_int_equal(at_pfn(MEM)[16], 0x11);
	assert_int_equal(read_result(0x10000f, 2, &out), HV_ACCESS_GPA_SUCCESS);
	assert_int_equal(out.data[0], 0x42);
	assert_int_equal(out.data[1], 0x11);
	assert_int_equal(out.data[2], 0);
	assert_int_equal(read_result(0x100000, 16, &out), HV_ACCESS_GPA_SUCCESS);
	assert_int_equal(out.data[15], 0x42);
	/* Without the right; without any; not there. */
	assert_int_equal(read_result(0x101000, 8, &out), HV_ACCESS_GPA_SUCCESS);
	assert_int_equal(write_result(0x101000, 8), HV_ACCESS_GPA_WRITE_INTERCEPT);
	assert_int_equal(read_result(0x102000, 8, &out), HV_ACCESS_GPA_READ_INTERCEPT);
	assert_int_equal(write_result(0x102000, 8), HV_ACCESS_GPA_WRITE_INTERCEPT);
	assert_int_equal(read_result(0x103000, 8, &out), HV_ACCESS_GPA_UNMAPPED);
	assert_int_equal(write_result(0x103000, 8), HV_ACCESS_GPA_UNMAPPED);
	unmap(0x100, 3);
	/* The root has its own memory by load and store. */
	r.partition_id = w.partition_id = HV_PARTITION_ID_SELF;
	r.vp_index = w.vp_index = HV_VP_INDEX_SELF;
	assert_int_equal(hcall(HVCALL_READ_GPA, &r, sizeof(r)), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(hcall(HVCALL_WRITE_GPA, &w, sizeof(w)), HV_STATUS_ACCESS_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deposit),
		cmocka_unit_test(test_deposit_bad),
		cmocka_unit_test(test_deposit_finalized),
		cmocka_unit_test(test_withdraw),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_large),
		cmocka_unit_test(test_map_bad),
		cmocka_unit_test(test_translate),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, hcall_setup, hcall_teardown);
}
