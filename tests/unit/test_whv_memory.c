/* SPDX-License-Identifier: MIT */
/* WHv: mapping, unmapping, small accesses, translation. */
#include "tests/unit/test_whv_fake.h"

#define R	    WHvMapGpaRangeFlagRead
#define RWX	    ((WHV_MAP_GPA_RANGE_FLAGS)(R | WHvMapGpaRangeFlagWrite | WHvMapGpaRangeFlagExecute))
#define RANGE_PAGES 4096u

/* The guest's pages as the recorded calls leave them: source page + 1, 0 unmapped, -1 no access */
static uint64_t model[RANGE_PAGES];
static uint32_t model_flags;

static void replay(void)
{
	for (uint32_t k = 0; k < fake.count; k++) {
		const struct fake_call *c = &fake.calls[k];
		uint32_t count = (uint32_t)(c->control >> 32) & 0xfff;
		bool map = c->code == HVCALL_MAP_GPA_PAGES, large;
		struct hv_input_map_gpa_pages in; /* unmap has the same head */

		if (!map && c->code != HVCALL_UNMAP_GPA_PAGES)
			continue;
		memcpy(&in, c->in, sizeof(in));
		assert_int_equal(in.partition_id, FAKE_ID);
		large = map ? in.map_flags & HV_MAP_GPA_LARGE_PAGE : in.map_flags & 2;
		if (map)
			model_flags = in.map_flags & ~HV_MAP_GPA_LARGE_PAGE;
		for (uint32_t i = 0; i < count; i++) {
			uint64_t pfn = 0, n = large ? 512 : 1, gfn = in.target_gpa_base + i * n;

			if (map)
				memcpy(&pfn, c->in + 24 + 8 * i, 8);
			if (large)
				assert_int_equal((gfn | pfn) & 511, 0);
			for (uint64_t j = 0; j < n; j++) {
				assert_true(gfn + j < RANGE_PAGES);
				model[gfn + j] = !map			 ? 0
						 : model_flags & 0x10000 ? UINT64_MAX
									 : pfn + j + 1;
			}
		}
	}
	fake.count = 0;
}

static WHV_PARTITION_HANDLE begin(void)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);

	memset(model, 0, sizeof(model));
	return h;
}

static void check_mapped(uint64_t gfn, uint64_t page, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(model[gfn + i], FAKE_BASE_PFN + page + i + 1);
}

static void test_map(void **state)
{
	WHV_PARTITION_HANDLE h = begin();
	uint8_t *ram = fake.arena + 1024 * 4096;

	(void)state;
	/* Small at both ends, large in the middle: guest 0x300-0xb00 from page 1024+0x100 */
	assert_int_equal(WHvMapGpaRange(h, ram + 0x100 * 4096, 0x300000, 0x800000, RWX), S_OK);
	assert_true(fake_calls_of(HVCALL_MAP_GPA_PAGES) >= 3);
	replay();
	check_mapped(0x300, 1024 + 0x100, 0x800);
	assert_int_equal(model_flags, 0xf);
	/* Guest and source not aligned alike: small only */
	assert_int_equal(WHvMapGpaRange(h, ram + 4096, 0x400000, 0x400000, R), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_MAP_GPA_PAGES), 4);
	replay();
	check_mapped(0x400, 1025, 0x400);
	check_mapped(0x300, 1024 + 0x100, 0x100);
	assert_int_equal(model_flags, 1);
	/* A hypervisor that does five at a time */
	fake.rep_step = 5;
	assert_int_equal(WHvMapGpaRange(h, ram, 0x1000, 23 * 4096, RWX), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_MAP_GPA_PAGES), 5);
	fake.rep_step = 0;
	replay();
	check_mapped(1, 1024, 23);
	/* No access: the source is not looked at */
	assert_int_equal(
		WHvMapGpaRange(h, (void *)0x10000, 0x200000, 0x200000, WHvMapGpaRangeFlagNone),
		S_OK);
	replay();
	assert_int_equal(model[0x200], UINT64_MAX);
	assert_int_equal(model_flags, 0x10000);
	assert_int_equal(WHvMapGpaRange2(h, (HANDLE)UINTPTR_MAX, ram, 0, 4096, RWX), S_OK);
	assert_int_equal(WHvMapGpaRange2(h, (HANDLE)5, ram, 0, 4096, RWX), E_INVALIDARG);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_map_arguments(void **state)
{
	WHV_PARTITION_HANDLE h = begin();
	uint8_t *ram = fake.arena;

	(void)state;
	assert_int_equal(WHvMapGpaRange(h, ram + 1, 0, 4096, RWX), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, ram, 1, 4096, RWX), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, ram, 0, 4095, RWX), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, ram, 0, 0, RWX), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, ram, ~0xfffull, 8192, RWX), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, NULL, 0, 4096, RWX), E_POINTER);
	assert_int_equal(WHvMapGpaRange(h, ram, 0, 4096, WHvMapGpaRangeFlagWrite), E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(h, ram, 0, 4096, WHvMapGpaRangeFlagExecute), E_INVALIDARG);
	assert_int_equal(
		WHvMapGpaRange(h, ram, 0, 4096,
			       (WHV_MAP_GPA_RANGE_FLAGS)(R | WHvMapGpaRangeFlagTrackDirtyPages)),
		E_INVALIDARG);
	assert_int_equal(WHvMapGpaRange(NULL, ram, 0, 4096, RWX), E_INVALIDARG);
	assert_int_equal(WHvUnmapGpaRange(h, 0, 0), E_INVALIDARG);
	assert_int_equal(WHvUnmapGpaRange(h, 5, 4096), E_INVALIDARG);
	assert_int_equal(WHvUnmapGpaRange(NULL, 0, 4096), E_INVALIDARG);
	assert_int_equal(fake.count, 0);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* A mapping that fails on its way leaves nothing of itself. */
static void test_map_failures(void **state)
{
	WHV_PARTITION_HANDLE h = begin();
	uint8_t *end = fake.arena + 4096ull * (FAKE_PAGES - 300);

	(void)state;
	/* Runs out of the caller's memory after the first batch */
	assert_int_equal(WHvMapGpaRange(h, end, 0x1000, 400 * 4096, RWX), E_INVALIDARG);
	replay();
	for (uint32_t i = 0; i < RANGE_PAGES; i++)
		assert_int_equal(model[i], 0);
	assert_int_equal(WHvUnmapGpaRange(h, 0x1000, 4096), WHV_E_GPA_RANGE_NOT_FOUND);
	/* A hole in what would have been a large page */
	fake.hole = 512 + 300;
	assert_int_equal(WHvMapGpaRange(h, fake.arena, 0, 0x400000, RWX), E_INVALIDARG);
	fake.hole = 0;
	replay();
	for (uint32_t i = 0; i < RANGE_PAGES; i++)
		assert_int_equal(model[i], 0);
	/* Refused by the hypervisor at the 20th page */
	fake_order(HVCALL_MAP_GPA_PAGES, HV_STATUS_INVALID_PARAMETER, 0, 1, 19);
	assert_int_equal(WHvMapGpaRange(h, fake.arena, 0x1000, 64 * 4096, RWX),
			 HRESULT_FROM_HV_STATUS(5));
	assert_int_equal(fake_calls_of(HVCALL_UNMAP_GPA_PAGES), 1);
	assert_int_equal((fake_nth(HVCALL_UNMAP_GPA_PAGES, 0)->control >> 32) & 0xfff, 19);
	/* Asks for memory at every few pages: deposits of 64, and goes on where it stopped */
	fake.count = 0;
	fake_order(HVCALL_MAP_GPA_PAGES, HV_STATUS_INSUFFICIENT_MEMORY, 0, 4, 7);
	assert_int_equal(WHvMapGpaRange(h, fake.arena, 0x1000, 64 * 4096, RWX), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_DEPOSIT_MEMORY), 4);
	assert_int_equal(fake_nth(HVCALL_DEPOSIT_MEMORY, 0)->in_len, 8 + 64 * 8);
	assert_int_equal((fake_nth(HVCALL_MAP_GPA_PAGES, 4)->control >> 48) & 0xfff, 28);
	/* Success without progress is no success. */
	fake_order(HVCALL_MAP_GPA_PAGES, HV_STATUS_SUCCESS, 0, 1, 0);
	assert_int_equal(WHvMapGpaRange(h, fake.arena, 0x1000, 64 * 4096, RWX),
			 HRESULT_FROM_HV_STATUS(0x71));
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* Many deposits are right as long as each brings the mapping on. */
static void test_map_slowly(void **state)
{
	WHV_PARTITION_HANDLE h = begin();

	(void)state;
	fake_order(HVCALL_MAP_GPA_PAGES, HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, 0, 400, 1);
	assert_int_equal(WHvMapGpaRange(h, fake.arena + 4096, 0x1000, 500 * 4096, RWX), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_DEPOSIT_MEMORY), 400);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_unmap(void **state)
{
	WHV_PARTITION_HANDLE h = begin();

	(void)state;
	assert_int_equal(WHvMapGpaRange(h, fake.arena, 0x200000, 0xa00000, RWX), S_OK);
	/* From the middle of one large page to the middle of another */
	assert_int_equal(WHvUnmapGpaRange(h, 0x2ff000, 0x701000), S_OK);
	replay();
	check_mapped(0x200, 0, 0xff);
	check_mapped(0xa00, 0x800, 0x200);
	for (uint32_t i = 0x2ff; i < 0xa00; i++)
		assert_int_equal(model[i], 0);
	assert_int_equal(WHvUnmapGpaRange(h, 0x2ff000, 0x1000), WHV_E_GPA_RANGE_NOT_FOUND);
	assert_int_equal(WHvUnmapGpaRange(h, 0x2fe000, 0x2000), WHV_E_GPA_RANGE_NOT_FOUND);
	fake_order(HVCALL_UNMAP_GPA_PAGES, HV_STATUS_OPERATION_DENIED, 0, 1, 0);
	assert_int_equal(WHvUnmapGpaRange(h, 0x2fe000, 0x1000), HRESULT_FROM_HV_STATUS(8));
	assert_int_equal(WHvUnmapGpaRange(h, 0x2fe000, 0x1000), S_OK);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static uint32_t seed = 12345;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Random maps and unmaps: the hypervisor's view and "not found" agree with a plain array. */
static void test_random_ranges(void **state)
{
	static uint64_t want[RANGE_PAGES];
	WHV_PARTITION_HANDLE h = begin();
	uint32_t found = 0, missing = 0;

	(void)state;
	memset(want, 0, sizeof(want));
	for (int i = 0; i < 600; i++) {
		uint32_t gfn = rnd(2600), n = 1 + rnd(rnd(3) ? 40 : 1400), page = rnd(2000), k;
		bool covered = true;
		HRESULT hr;

		if (rnd(2)) {
			hr = WHvMapGpaRange(h, fake.arena + 4096ull * page, (uint64_t)gfn << 12,
					    (uint64_t)n << 12, RWX);
			assert_int_equal(hr, S_OK);
			for (k = 0; k < n; k++)
				want[gfn + k] = FAKE_BASE_PFN + page + k + 1;
		} else {
			n = 1 + rnd(30);
			for (k = 0; k < n; k++)
				covered = covered && want[gfn + k];
			hr = WHvUnmapGpaRange(h, (uint64_t)gfn << 12, (uint64_t)n << 12);
			assert_int_equal(hr, covered ? S_OK : WHV_E_GPA_RANGE_NOT_FOUND);
			found += covered;
			missing += !covered;
			for (k = 0; covered && k < n; k++)
				want[gfn + k] = 0;
		}
		replay();
		assert_memory_equal(model, want, sizeof(want));
	}
	assert_true(found > 20 && missing > 20);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_range_table_full(void **state)
{
	WHV_PARTITION_HANDLE h = begin();
	HRESULT hr = S_OK;
	uint32_t i;

	(void)state;
	for (i = 0; i < WHV_MAX_RANGES + 10 && SUCCEEDED(hr); i++)
		hr = WHvMapGpaRange(h, fake.arena, (uint64_t)i << 13, 4096, RWX);
	assert_int_equal(hr, E_OUTOFMEMORY);
	assert_in_range(i, WHV_MAX_RANGES - 4, WHV_MAX_RANGES);
	assert_int_equal(WHvUnmapGpaRange(h, 0, 4096), E_OUTOFMEMORY);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_read_write(void **state)
{
	WHV_ACCESS_GPA_CONTROLS c = { .CacheType = WHvCacheTypeWriteBack }, bad = c;
	uint8_t data[17], want[16];
	WHV_PARTITION_HANDLE h = begin();

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		fake.gpa_data[i] = (uint8_t)(i + 1);
	/* Over a page end: two calls (the fake serves by the low five bits of the address) */
	assert_int_equal(WHvReadGpaRange(h, 0, 0x1ff8, c, data, 16), S_OK);
	assert_int_equal(fake.count, 2);
	memcpy(want, fake.gpa_data + 24, 8);
	memcpy(want + 8, fake.gpa_data, 8);
	assert_memory_equal(data, want, 16);
	assert_int_equal(fake.calls[0].in[24], 6);
	assert_int_equal(WHvReadGpaRange(h, 0, 0x1000, c, data, 3), S_OK);
	assert_int_equal(fake.count, 3);
	assert_int_equal(WHvWriteGpaRange(h, 0, 0x3ffe, c, "abcd", 4), S_OK);
	assert_int_equal(fake.count, 5);
	assert_memory_equal(fake.gpa_data + 30, "ab", 2);
	assert_memory_equal(fake.gpa_data, "cd", 2);

	assert_int_equal(WHvReadGpaRange(h, 0, 0, c, data, 17), E_INVALIDARG);
	assert_int_equal(WHvReadGpaRange(h, 0, 0, c, data, 0), E_INVALIDARG);
	assert_int_equal(WHvReadGpaRange(h, 0, 0, c, NULL, 4), E_POINTER);
	assert_int_equal(WHvWriteGpaRange(h, 0, 0, c, NULL, 4), E_POINTER);
	assert_int_equal(WHvReadGpaRange(h, 0, UINT64_MAX - 2, c, data, 4), E_INVALIDARG);
	assert_int_equal(WHvReadGpaRange(h, 1, 0, c, data, 4), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvReadGpaRange(h, WHV_ANY_VP, 0, c, data, 4), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvReadGpaRange(NULL, 0, 0, c, data, 4), E_INVALIDARG);
	bad.CacheType = (WHV_CACHE_TYPE)2;
	assert_int_equal(WHvReadGpaRange(h, 0, 0, bad, data, 4), E_INVALIDARG);
	bad = c;
	bad.InputVtl.TargetVtl = 1;
	assert_int_equal(WHvReadGpaRange(h, 0, 0, bad, data, 4), E_INVALIDARG);
	bad = c;
	bad.Reserved1 = 1;
	assert_int_equal(WHvReadGpaRange(h, 0, 0, bad, data, 4), E_INVALIDARG);
	/* What the hypervisor says of the access */
	for (uint64_t r = 1; r <= 4; r++) {
		fake.gpa_result = r;
		assert_int_equal(WHvReadGpaRange(h, 0, 0, c, data, 4), E_ACCESSDENIED);
		assert_int_equal(WHvWriteGpaRange(h, 0, 0, c, data, 4), E_ACCESSDENIED);
	}
	fake.gpa_result = 0;
	fake_order(HVCALL_READ_GPA, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvReadGpaRange(h, 0, 0, c, data, 4), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_translate(void **state)
{
	struct hv_input_translate_virtual_address in;
	WHV_PARTITION_HANDLE h = begin();
	WHV_GUEST_PHYSICAL_ADDRESS gpa;
	WHV_TRANSLATE_GVA_RESULT r;
	WHV_TRANSLATE_GVA_FLAGS f = (WHV_TRANSLATE_GVA_FLAGS)0x31f;

	(void)state;
	fake.translated.gpa_page = 0x4242;
	assert_int_equal(WHvTranslateGva(h, 0, 0xffff800000123456ull, f, &r, &gpa), S_OK);
	memcpy(&in, fake.calls[0].in, sizeof(in));
	assert_int_equal(in.gva_page, 0xffff800000123ull);
	assert_int_equal(in.control_flags, 0x31f);
	assert_int_equal(r.ResultCode, WHvTranslateGvaResultSuccess);
	assert_int_equal(gpa, 0x4242456);
	for (uint32_t code = 1; code <= 8; code++) {
		fake.translated.result_code = code;
		assert_int_equal(WHvTranslateGva(h, 0, 0x1234, f, &r, &gpa), S_OK);
		assert_int_equal(r.ResultCode, code);
		assert_int_equal(gpa, 0);
	}
	assert_int_equal(WHvTranslateGva(h, 0, 0, (WHV_TRANSLATE_GVA_FLAGS)0x20, &r, &gpa),
			 E_INVALIDARG);
	assert_int_equal(WHvTranslateGva(h, 0, 0, f, NULL, &gpa), E_POINTER);
	assert_int_equal(WHvTranslateGva(h, 0, 0, f, &r, NULL), E_POINTER);
	assert_int_equal(WHvTranslateGva(h, 9, 0, f, &r, &gpa), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvTranslateGva(h, WHV_ANY_VP, 0, f, &r, &gpa), WHV_E_VP_DOES_NOT_EXIST);
	fake_order(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvTranslateGva(h, 0, 0, f, &r, &gpa), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_map),
		TEST(test_map_arguments),
		TEST(test_map_failures),
		TEST(test_map_slowly),
		TEST(test_unmap),
		TEST(test_random_ranges),
		TEST(test_range_table_full),
		TEST(test_read_write),
		TEST(test_translate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
