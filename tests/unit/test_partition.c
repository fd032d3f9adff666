/* SPDX-License-Identifier: MIT */
/*
 * Partitions by id, where two share a slot; pages that are handed over, each way of it; and leaves
 * that have to be small, with an overlay among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"

#define OK    HV_STATUS_SUCCESS
#define RW    (HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE)
#define RWX   (RW | HV_MAP_GPA_EXECUTABLE)
#define LARGE HV_MAP_GPA_LARGE_PAGE
#define NONE  HV_MAP_GPA_NO_ACCESS
#define MEM   (uint64_t)(ROOT_FREE + 4 * LARGE_PAGES)

static struct partition *child;

/* -- ids ----------------------------------------------------------------------------------------
 */
static void test_slot_mates(void **state)
{
	uint32_t users = child->users;

	(void)state;
	for (uint64_t i = 1; i < 5; i++) {
		assert_null(partition_get(&fake_root, child->id + i * PARTITION_MAX));
		assert_null(partition_get(&fake_root, PARTITION_ROOT_ID + i * PARTITION_MAX));
	}
	assert_null(partition_get(&fake_root, child->id - PARTITION_MAX));
	assert_null(partition_get(&fake_root, child->id | 1ull << 63));
	assert_int_equal(child->users, users);
	assert_int_equal(fake_root.users, 0);
}

/* An id is not given again while its slot is: the next ones go round those that stay. */
static void test_round(void **state)
{
	struct hv_input_create_partition in = { 0 };
	uint64_t pfn = MEM, first = 0, id, last = child->id;
	uint32_t done;

	(void)state;
	assert_int_equal(partition_deposit(&fake_root, &pfn, 1, &done), OK);
	for (uint32_t i = 0; i < 3 * PARTITION_MAX; i++) {
		struct partition *p;

		assert_int_equal(partition_create(&fake_root, &in, &id), OK);
		assert_true(id > last);
		last = id;
		first = first ? first : id;
		assert_true((id - child->id) % PARTITION_MAX);
		assert_true((id - PARTITION_ROOT_ID) % PARTITION_MAX);
		p = partition_get(&fake_root, id);
		assert_non_null(p);
		/* One of an earlier round, of the same slot, is not this one. */
		if (id > PARTITION_MAX)
			assert_null(partition_get(&fake_root, id - PARTITION_MAX));
		assert_int_equal(partition_delete(p), OK);
		assert_null(partition_get(&fake_root, id));
	}
	assert_true(last - first > 2 * PARTITION_MAX);
	assert_int_equal(partition_withdraw(&fake_root, &pfn), OK);
}

/* -- handed over --------------------------------------------------------------------------------
 */
/* A call of a hook's kind, and what was true of the page at that moment */
static struct {
	uint64_t pfn;
	uint32_t times, holds, flushes;
	bool mapped;
	bool under; /* an overlay, which flushed when it came */
} handed;

static bool sees(uint64_t gfn)
{
	struct slat_leaf l;

	return child->slat.root && slat_lookup(&child->slat, GPA(gfn << PAGE_SHIFT), &l) &&
	       l.prot & SLAT_RWX;
}

static uint64_t watched_gfn;
static void watch(const struct fake_note *n)
{
	if (n->call != FAKE_HANDED || handed.pfn - (n->arg >> 16) >= (n->arg & 0xffff))
		return;
	handed.times++;
	handed.holds = frame_holds(handed.pfn);
	handed.flushes = fake_count(FAKE_FLUSH, &child->slat);
	handed.mapped = sees(watched_gfn);
}

static void look(uint64_t pfn, uint64_t gfn)
{
	memset(&handed, 0, sizeof(handed));
	handed.pfn = pfn;
	watched_gfn = gfn;
	fake_forget();
	fake_hook = watch;
}

/* To the guest: held already, so that it cannot be taken away, and not yet mapped. */
static void to_guest(void)
{
	assert_int_equal(handed.times, 1);
	assert_int_equal(handed.holds, 1);
	assert_false(handed.mapped);
}

/* To the root: no CPU writes to it any more, and the root does not have it yet. */
static void to_root(void)
{
	assert_int_equal(handed.times, 1);
	assert_int_equal(handed.holds, 1);
	assert_true(handed.flushes > 0 || handed.under);
	assert_false(handed.mapped);
	assert_int_equal(frame_holds(handed.pfn), 0);
}

static void test_handed(void **state)
{
	(void)state;
	for (uint32_t large = 0; large < 2; large++) {
		uint32_t flags = RW | (large ? LARGE : 0);
		uint64_t gfn = 512, i = large ? 300 : 0;

		look(MEM + i, gfn + i);
		assert_int_equal(partition_map(child, gfn, MEM, flags), OK);
		to_guest();
		look(MEM + i, gfn + i);
		assert_int_equal(partition_unmap(child, gfn, large), OK);
		to_root();
		/* Another page in its place, and no access in that one's. */
		assert_int_equal(partition_map(child, gfn, MEM, flags), OK);
		look(MEM + i, gfn + 600);
		assert_int_equal(partition_map(child, gfn, MEM + 512, flags), OK);
		to_root();
		look(MEM + 512 + i, gfn + i);
		assert_int_equal(partition_map(child, gfn, 0, NONE | (large ? LARGE : 0)), OK);
		to_root();
		assert_int_equal(partition_unmap(child, gfn, large), OK);
	}
	/* Refused: it never was the guest's, and goes back as it is. */
	look(ROOT_CORE, 600);
	assert_int_equal(partition_map(child, 600, ROOT_CORE, RW), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(handed.times, 0);
	fake_hook = NULL;
}

/* What lies under an overlay was the guest's too, before that was put there. */
static void test_handed_under(void **state)
{
	struct overlay *o = &child->hypercall_overlay;

	(void)state;
	assert_int_equal(partition_map(child, 700, MEM, RW), OK);
	assert_int_equal(overlay_set(child, o, child->hypercall_page, true, 700), OVERLAY_OK);
	look(MEM, 800);
	assert_int_equal(partition_unmap(child, 700, false), OK);
	handed.under = true;
	to_root();
	look(MEM + 1, 800);
	assert_int_equal(partition_map(child, 700, MEM + 1, RW), OK);
	to_guest();
	look(MEM + 1, 800);
	assert_int_equal(partition_map(child, 700, MEM + 2, RW), OK);
	handed.under = true;
	to_root();
	look(MEM + 2, 800);
	assert_int_equal(partition_map(child, 700, 0, NONE), OK);
	handed.under = true;
	to_root();
	/* Nothing with rights: nothing to hand back. */
	look(0, 800);
	assert_int_equal(partition_unmap(child, 700, false), OK);
	assert_int_equal(handed.times, 0);
	assert_int_equal(overlay_set(child, o, NULL, false, 0), OVERLAY_OK);
	fake_hook = NULL;
}

/* The end of a partition gives back every page that was mapped, and one under an overlay. */
static void test_handed_at_end(void **state)
{
	struct partition *was = child;
	uint32_t times[4] = { 0 };

	(void)state;
	child = fake_child(MEM + 4096, 64);
	partition_put(child);
	assert_int_equal(partition_map(child, 5, MEM, RW), OK);
	assert_int_equal(partition_map(child, 512, MEM + 512, RWX | LARGE), OK);
	assert_int_equal(partition_map(child, 9, MEM + 1, RW), OK);
	assert_int_equal(overlay_set(child, &child->tsc_overlay, child->tsc_page, true, 9),
			 OVERLAY_OK);
	assert_int_equal(partition_map(child, 10, 0, NONE), OK);
	fake_forget();
	assert_int_equal(partition_finalize(child), OK);
	for (uint32_t i = 0; i < fake_note_count; i++) {
		uint64_t pfn = fake_notes[i].arg >> 16, n = fake_notes[i].arg & 0xffff;

		if (fake_notes[i].call != FAKE_HANDED)
			continue;
		assert_true(fake_find(FAKE_FLUSH, &child->slat, 0) < (int)i);
		times[0] += MEM - pfn < n;
		times[1] += MEM + 1 - pfn < n;
		times[2] += pfn >= MEM + 512 && pfn < MEM + 1024 ? (uint32_t)n : 0;
		times[3] += frame_state(pfn) != FRAME_ROOT;
	}
	assert_int_equal(times[0], 1);
	assert_int_equal(times[1], 1);
	assert_int_equal(times[2], 512);
	assert_int_equal(times[3], 0);
	assert_int_equal(fake_child_end(child), OK);
	child = was;
}

/* -- small executable leaves --------------------------------------------------------------------
 */
static void test_small_overlay(void **state)
{
	struct overlay *o = &child->hypercall_overlay;
	struct slat_leaf l;

	(void)state;
	slat_small_exec = true;
	for (uint64_t at = 512; at < 1024; at += 511) {
		assert_int_equal(overlay_set(child, o, child->hypercall_page, true, at),
				 OVERLAY_OK);
		assert_int_equal(partition_map(child, 512, MEM, RWX | LARGE), OK);
		for (uint64_t i = 0; i < 512; i++) {
			assert_true(slat_lookup(&child->slat, GPA((512 + i) << PAGE_SHIFT), &l));
			assert_int_equal(l.level, 1);
			assert_int_equal(l.hpa.v, 512 + i == at ? ptr_hpa(child->hypercall_page).v
								: (MEM + i) << PAGE_SHIFT);
			assert_int_equal(frame_holds(MEM + i), 1);
		}
		assert_int_equal(overlay_set(child, o, NULL, false, 0), OVERLAY_OK);
		assert_int_equal(partition_unmap(child, 512, true), OK);
		for (uint64_t i = 0; i < 512; i++)
			assert_int_equal(frame_holds(MEM + i), 0);
	}
	/* Data may be large, on any CPU. */
	assert_int_equal(partition_map(child, 512, MEM, RW | LARGE), OK);
	assert_true(slat_lookup(&child->slat, GPA(512 << PAGE_SHIFT), &l));
	assert_int_equal(l.level, 2);
	assert_int_equal(partition_unmap(child, 512, true), OK);
	slat_small_exec = false;
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(8);
	child = fake_child(ROOT_FREE, 64);
	partition_put(child);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fake_child_end(child) == OK && !fake_root_missing() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_mates),    cmocka_unit_test(test_round),
		cmocka_unit_test(test_handed),	      cmocka_unit_test(test_handed_under),
		cmocka_unit_test(test_handed_at_end), cmocka_unit_test(test_small_overlay),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
