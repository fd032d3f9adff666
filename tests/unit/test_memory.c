/* SPDX-License-Identifier: MIT */
/*
 * Partitions and their memory over the real frame table, pools, second level and overlays: who
 * owns each page, what is flushed before what, the life cycle, and that nothing leaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"
#include "kernel/guest_mem.h"

#define RW	  (HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE)
#define RWX	  (RW | HV_MAP_GPA_EXECUTABLE)
#define LARGE	  HV_MAP_GPA_LARGE_PAGE
#define OK	  HV_STATUS_SUCCESS
#define BAD	  HV_STATUS_INVALID_PARAMETER
#define NO_MEM	  HV_STATUS_INSUFFICIENT_MEMORY
#define BAD_STATE HV_STATUS_INVALID_PARTITION_STATE

/* Pages for deposits of the children, and for their memory: far apart. */
#define DEP (uint64_t)(ROOT_FREE)
#define MEM (uint64_t)(ROOT_FREE + 4 * LARGE_PAGES)

static struct partition *child; /* ACTIVE with 64 pages, unless a test makes its own */

static uint8_t *page_at(uint64_t pfn)
{
	return hpa_ptr(HPA(pfn << PAGE_SHIFT));
}

static bool root_sees(uint64_t pfn, uint32_t *prot)
{
	struct slat_leaf l;
	bool ok = slat_lookup(&fake_root.slat, GPA(pfn << PAGE_SHIFT), &l);

	if (prot)
		*prot = ok ? l.prot : 0;
	return ok;
}

/* What the child has at gfn: a page number, or one of these. */
#define NOTHING	  ~0ull
#define NO_ACCESS ~1ull
static uint64_t at(struct partition *p, uint64_t gfn, uint32_t *prot)
{
	struct slat_leaf l;

	if (!slat_lookup(&p->slat, GPA(gfn << PAGE_SHIFT), &l))
		return NOTHING;
	if (prot)
		*prot = l.prot;
	if (!(l.prot & SLAT_RWX))
		return NO_ACCESS;
	return (l.hpa.v >> PAGE_SHIFT) + (gfn & ((1ull << 9 * (l.level - 1)) - 1));
}

static void frame_is(uint64_t pfn, enum frame_state state, uint32_t owner, uint32_t holds)
{
	assert_int_equal(frame_state(pfn), state);
	assert_int_equal(frame_owner(pfn), owner);
	assert_int_equal(frame_holds(pfn), holds);
}

static int begin(void **state)
{
	(void)state;
	fake_hook = NULL;
	fake_partition_init_status = OK;
	child = fake_child(DEP, 64);
	fake_forget();
	return 0;
}

/* Every test ends like this: nothing of it is left. */
static int finish(void **state)
{
	(void)state;
	fake_hook = NULL;
	if (child && fake_child_end(child) != OK)
		return -1;
	child = NULL;
	if (fake_root_missing()) {
		print_message("%u pages are not the root's again\n", fake_root_missing());
		return -1;
	}
	return fake_root.pool.total ? -1 : 0;
}

/* -- deposits -----------------------------------------------------------------------------------
 */
static struct {
	struct partition *p;
	uint64_t pfn[8], total;
	uint32_t n, flushes;
} dep;

static void hook_deposit(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &fake_root.slat)
		return;
	dep.flushes++;
	/* Out of the root's view, not yet in use, and not written to: another CPU still could. */
	assert_int_equal(dep.p->pool.total, dep.total);
	for (uint32_t i = 0; i < dep.n; i++) {
		assert_false(root_sees(dep.pfn[i], NULL));
		assert_int_equal(frame_state(dep.pfn[i]), FRAME_DEPOSIT);
		for (uint32_t j = 0; j < PAGE_SIZE; j++)
			assert_int_equal(page_at(dep.pfn[i])[j], 0xa5);
	}
}

static void test_deposit(void **state)
{
	uint32_t done = 99;

	(void)state;
	dep.p = child;
	dep.n = 8;
	dep.total = child->pool.total;
	for (uint32_t i = 0; i < 8; i++) {
		dep.pfn[i] = MEM + 700 * i;
		memset(page_at(dep.pfn[i]), 0xa5, PAGE_SIZE);
	}
	fake_hook = hook_deposit;
	assert_int_equal(partition_deposit(child, dep.pfn, 8, &done), OK);
	fake_hook = NULL;
	assert_int_equal(done, 8);
	assert_true(dep.flushes >= 1);
	assert_int_equal(child->pool.total, dep.total + 8);
	for (uint32_t i = 0; i < 8; i++) {
		frame_is(dep.pfn[i], FRAME_DEPOSIT, child->slot, 0);
		assert_true(root_sees(dep.pfn[i] + 1, NULL) && root_sees(dep.pfn[i] - 1, NULL));
	}
	/* No pages is no error, and needs no flush. */
	fake_forget();
	assert_int_equal(partition_deposit(child, dep.pfn, 0, &done), OK);
	assert_int_equal(done, 0);
	assert_int_equal(fake_count(FAKE_FLUSH, NULL), 0);
}

static void test_deposit_refused(void **state)
{
	static const uint64_t none[] = { ROOT_FIRMWARE, ROOT_CORE, FAKE_PFNS, 1ull << 40, ~0ull };
	uint64_t total = child->pool.total, list[5];
	uint32_t done;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(none); i++) {
		enum frame_state was = frame_state(none[i]);

		assert_int_equal(partition_deposit(child, &none[i], 1, &done), BAD);
		assert_int_equal(done, 0);
		assert_int_equal(frame_state(none[i]), was);
	}
	/* Deposited already: by this partition, and by the root for itself. */
	list[0] = DEP + 20;
	assert_int_equal(frame_state(DEP + 20), FRAME_DEPOSIT);
	assert_int_equal(partition_deposit(child, list, 1, &done), BAD);
	assert_int_equal(partition_deposit(&fake_root, list, 1, &done), BAD);
	frame_is(DEP + 20, FRAME_DEPOSIT, child->slot, 0);
	/* Mapped into a guest. */
	assert_int_equal(partition_map(child, 5, MEM, HV_MAP_GPA_READABLE), OK);
	list[0] = MEM;
	assert_int_equal(partition_deposit(child, list, 1, &done), BAD);
	frame_is(MEM, FRAME_ROOT, 0, 1);
	assert_true(root_sees(MEM, NULL));
	assert_int_equal(partition_unmap(child, 5, false), OK);
	/* In the middle of a list, and the same page twice in it: what came before stays. */
	list[0] = MEM;
	list[1] = MEM + 1;
	list[2] = ROOT_CORE;
	list[3] = MEM + 2;
	assert_int_equal(partition_deposit(child, list, 4, &done), BAD);
	assert_int_equal(done, 2);
	frame_is(MEM + 1, FRAME_DEPOSIT, child->slot, 0);
	frame_is(MEM + 2, FRAME_ROOT, 0, 0);
	list[2] = list[3] = MEM + 3;
	list[1] = MEM + 2;
	assert_int_equal(partition_deposit(child, list + 1, 3, &done), BAD);
	assert_int_equal(done, 2);
	frame_is(MEM + 3, FRAME_DEPOSIT, child->slot, 0);
	assert_int_equal(child->pool.total, total + 4);
}

static void test_map_deposit(void **state)
{
	(void)state;
	assert_int_equal(partition_map(child, 9, DEP + 20, HV_MAP_GPA_READABLE), BAD);
	assert_int_equal(partition_map(child, 9, ROOT_CORE, HV_MAP_GPA_READABLE), BAD);
	assert_int_equal(partition_map(child, 9, ROOT_FIRMWARE, HV_MAP_GPA_READABLE), BAD);
	assert_int_equal(partition_map(child, 9, FAKE_PFNS, HV_MAP_GPA_READABLE), BAD);
	assert_int_equal(partition_map(child, 9, ~0ull, HV_MAP_GPA_READABLE), BAD);
	assert_int_equal(at(child, 9, NULL), NOTHING);
	frame_is(DEP + 20, FRAME_DEPOSIT, child->slot, 0);
	/* A large leaf with one page in it that is not the root's: no hold stays on the others. */
	assert_int_equal(partition_map(child, 512, DEP, RWX | LARGE), BAD);
	for (uint64_t i = 0; i < LARGE_PAGES; i++)
		assert_int_equal(frame_holds(DEP + i), 0);
	/* ... and one that goes over the end of RAM. */
	assert_int_equal(partition_map(child, 512, FAKE_PFNS, RWX | LARGE), BAD);
}

static void test_withdraw(void **state)
{
	struct slat_leaf l;
	uint32_t n = 0, done, in_use = 0;
	uint64_t pfn, list[1] = { MEM + 5 };

	(void)state;
	/* Some pages are in use for tables. */
	assert_int_equal(partition_map(child, 0x12345, MEM, RWX), OK);
	assert_int_equal(partition_deposit(child, list, 1, &done), OK);
	assert_true(slat_lookup(&fake_root.slat, GPA(MEM << PAGE_SHIFT), &l));
	assert_int_equal(l.level, 1);
	/* All that is free is dirty. */
	for (void *p = child->pool.free; p; p = *(void **)p)
		memset((uint8_t *)p + 8, 0xdd, PAGE_SIZE - 8);
	in_use = (uint32_t)(child->pool.total - child->pool.free_count);
	assert_true(in_use >= 7);
	while (partition_withdraw(child, &pfn) == OK) {
		n++;
		frame_is(pfn, FRAME_ROOT, 0, 0);
		assert_true(root_sees(pfn, NULL));
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			assert_int_equal(page_at(pfn)[i], 0);
	}
	/* What the partition uses stays with it. */
	assert_int_equal(child->pool.total, in_use);
	assert_int_equal(child->pool.free_count, 0);
	assert_int_equal(partition_withdraw(child, &pfn), HV_STATUS_NO_RESOURCES);
	assert_int_equal(at(child, 0x12345, NULL), MEM);
	/* The large leaf is whole again, and its table came back after a flush. */
	assert_true(slat_lookup(&fake_root.slat, GPA(MEM << PAGE_SHIFT), &l));
	assert_int_equal(l.level, 2);
	assert_true(fake_count(FAKE_FLUSH, &fake_root.slat) >= 1);
	assert_true(n >= 50);
}

/* -- mapping ------------------------------------------------------------------------------------
 */
static void test_flags(void **state)
{
	static const struct {
		uint32_t flags, prot;
		uint16_t status;
	} t[] = {
		{ HV_MAP_GPA_READABLE, SLAT_R, OK },
		{ RW, SLAT_R | SLAT_W, OK },
		{ RWX, SLAT_RWX, OK },
		{ HV_MAP_GPA_READABLE | HV_MAP_GPA_KERNEL_EXECUTABLE, SLAT_R | SLAT_X, OK },
		{ HV_MAP_GPA_READABLE | HV_MAP_GPA_USER_EXECUTABLE, SLAT_R | SLAT_X, OK },
		{ RWX | HV_MAP_GPA_NOT_CACHED, SLAT_RWX | SLAT_UC, OK },
		{ RWX | HV_MAP_GPA_ADJUSTABLE, SLAT_RWX, OK },
		{ HV_MAP_GPA_WRITABLE, 0, BAD },
		{ HV_MAP_GPA_EXECUTABLE, 0, BAD },
		{ HV_MAP_GPA_KERNEL_EXECUTABLE, 0, BAD },
		{ HV_MAP_GPA_USER_EXECUTABLE | HV_MAP_GPA_WRITABLE, 0, BAD },
		{ HV_MAP_GPA_NO_ACCESS, 0, OK },
		{ HV_MAP_GPA_NO_ACCESS | HV_MAP_GPA_NOT_CACHED, 0, OK },
		{ HV_MAP_GPA_NO_ACCESS | RWX, 0, OK },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		bool gives = t[i].status == OK && t[i].prot;
		uint32_t prot = 0;

		assert_int_equal(partition_map(child, 77, MEM, t[i].flags), t[i].status);
		assert_int_equal(at(child, 77, &prot), t[i].status != OK ? NOTHING
						       : gives		 ? MEM
									 : NO_ACCESS);
		assert_int_equal(prot, t[i].prot);
		/* No access holds nothing: the frame may be given away. */
		assert_int_equal(frame_holds(MEM), gives);
		assert_int_equal(partition_unmap(child, 77, false), OK);
		assert_int_equal(frame_holds(MEM), 0);
	}
}

static void test_borders(void **state)
{
	const uint64_t top = 1ull << 36;
	uint64_t bad[] = { top, top + 1, 1ull << 52, ~0ull };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(partition_map(child, bad[i], MEM, RW), BAD);
		assert_int_equal(partition_unmap(child, bad[i], false), BAD);
		assert_int_equal(partition_map(child, bad[i] & ~511ull, MEM, RW | LARGE), BAD);
		assert_int_equal(partition_unmap(child, bad[i] & ~511ull, true), BAD);
		assert_int_equal(frame_holds(MEM), 0);
	}
	assert_int_equal(partition_map(child, top - 1, MEM, RW), OK);
	assert_int_equal(at(child, top - 1, NULL), MEM);
	assert_int_equal(partition_map(child, top - 512, MEM, RW | LARGE), OK);
	assert_int_equal(at(child, top - 1, NULL), MEM + 511);
	assert_int_equal(partition_unmap(child, top - 512, true), OK);
	/* Alignment of large leaves: both sides, or one when there is no frame. */
	for (uint64_t off = 1; off < 512; off += 73) {
		assert_int_equal(partition_map(child, 512 + off, MEM, RW | LARGE), BAD);
		assert_int_equal(partition_map(child, 512, MEM + off, RW | LARGE), BAD);
		assert_int_equal(partition_map(child, 512, MEM + off, HV_MAP_GPA_NO_ACCESS | LARGE),
				 OK);
		assert_int_equal(at(child, 512 + 300, NULL), NO_ACCESS);
		assert_int_equal(partition_unmap(child, 512 + off, true), BAD);
		assert_int_equal(partition_unmap(child, 512, true), OK);
		assert_int_equal(frame_holds(MEM + off), 0);
	}
	/* What is not mapped is no error. */
	assert_int_equal(partition_unmap(child, 512, true), OK);
	assert_int_equal(partition_unmap(child, 4, false), OK);
}

/*
 * What a CPU may still use: each page that a flush has not followed since it lost its mapping.
 * At the flush the frame is still held; at the end of the call it is not.
 */
static struct {
	uint64_t pfn, gfn, to;
	uint32_t flushes, holds;
} rel;

static void hook_release(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &child->slat)
		return;
	if (!rel.flushes++)
		assert_int_equal(frame_holds(rel.pfn), rel.holds);
	/* The tables say the new thing by then: a walk after the flush does not find the old. */
	assert_int_equal(at(child, rel.gfn, NULL), rel.to);
}

static void watch(uint64_t gfn, uint64_t pfn, uint64_t to)
{
	memset(&rel, 0, sizeof(rel));
	rel.gfn = gfn;
	rel.pfn = pfn;
	rel.to = to;
	rel.holds = frame_holds(pfn);
	assert_int_equal(at(child, gfn, NULL), pfn);
	fake_hook = hook_release;
}

static void flushed(uint32_t holds)
{
	fake_hook = NULL;
	assert_true(rel.flushes >= 1);
	assert_int_equal(frame_holds(rel.pfn), holds);
}

static void test_flush_order(void **state)
{
	(void)state;
	assert_int_equal(partition_map(child, 600, MEM, RWX), OK);
	/* Nothing was taken away. */
	assert_int_equal(fake_count(FAKE_FLUSH, &child->slat), 0);
	watch(600, MEM, MEM + 1);
	assert_int_equal(partition_map(child, 600, MEM + 1, RWX), OK);
	flushed(0);
	/* The same frame with fewer rights. */
	watch(600, MEM + 1, MEM + 1);
	rel.holds = 2;
	assert_int_equal(partition_map(child, 600, MEM + 1, HV_MAP_GPA_READABLE), OK);
	flushed(1);
	watch(600, MEM + 1, NO_ACCESS);
	assert_int_equal(partition_map(child, 600, 0, HV_MAP_GPA_NO_ACCESS), OK);
	flushed(0);
	assert_int_equal(partition_map(child, 600, MEM, RWX), OK);
	watch(600, MEM, NOTHING);
	assert_int_equal(partition_unmap(child, 600, false), OK);
	flushed(0);
	/* A page out of the middle of a large leaf. */
	assert_int_equal(partition_map(child, 512, MEM + 512, RWX | LARGE), OK);
	watch(600, MEM + 512 + 88, NOTHING);
	assert_int_equal(partition_unmap(child, 600, false), OK);
	flushed(0);
	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(frame_holds(MEM + 512 + i), i != 88);
	watch(601, MEM + 512 + 89, MEM);
	assert_int_equal(partition_map(child, 601, MEM, RW), OK);
	flushed(0);
	/* A large leaf over all of them. */
	watch(602, MEM + 512 + 90, MEM + 1024 + 90);
	assert_int_equal(partition_map(child, 512, MEM + 1024, RWX | LARGE), OK);
	flushed(0);
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(frame_holds(MEM + 512 + i), 0);
		assert_int_equal(frame_holds(MEM + 1024 + i), 1);
	}
	assert_int_equal(frame_holds(MEM), 0);
	watch(602, MEM + 1024 + 90, NOTHING);
	assert_int_equal(partition_unmap(child, 512, true), OK);
	flushed(0);
}

static uint64_t free_at_flush, limbo_at_flush, table_flushes;

static void hook_table(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &child->slat)
		return;
	table_flushes++;
	free_at_flush = child->pool.free_count;
	limbo_at_flush = child->pool.limbo_count;
}

/* A table that was taken away is reused only after a flush, also when no frame was released. */
static void test_table_flush(void **state)
{
	uint64_t before;

	(void)state;
	for (uint32_t unmap = 0; unmap < 2; unmap++)
		for (uint32_t access = 0; access < 2; access++) {
			assert_int_equal(partition_map(child, 512, 0, HV_MAP_GPA_NO_ACCESS | LARGE),
					 OK);
			assert_int_equal(partition_map(child, 512 + 9, MEM,
						       access ? RW : HV_MAP_GPA_NO_ACCESS),
					 OK);
			before = child->pool.free_count;
			table_flushes = limbo_at_flush = 0;
			fake_hook = hook_table;
			if (unmap)
				assert_int_equal(partition_unmap(child, 512, true), OK);
			else
				assert_int_equal(
					partition_map(child, 512, 0, HV_MAP_GPA_NO_ACCESS | LARGE),
					OK);
			fake_hook = NULL;
			assert_true(table_flushes >= 1);
			assert_int_equal(limbo_at_flush, 1);
			assert_int_equal(free_at_flush, before);
			assert_int_equal(child->pool.free_count, before + 1);
			assert_int_equal(child->pool.limbo_count, 0);
			assert_int_equal(partition_unmap(child, 512, true), OK);
		}
}

static void test_holds(void **state)
{
	uint32_t done;
	uint64_t pfn = MEM;

	(void)state;
	/* One frame at three places and inside a large leaf. */
	for (uint64_t gfn = 1; gfn <= 3; gfn++)
		assert_int_equal(partition_map(child, gfn, MEM, RW), OK);
	assert_int_equal(partition_map(child, 1024, MEM, RW | LARGE), OK);
	frame_is(MEM, FRAME_ROOT, 0, 4);
	for (uint64_t gfn = 1; gfn <= 3; gfn++) {
		assert_int_equal(partition_unmap(child, gfn, false), OK);
		assert_int_equal(partition_deposit(child, &pfn, 1, &done), BAD);
		frame_is(MEM, FRAME_ROOT, 0, 4 - (uint32_t)gfn);
	}
	assert_int_equal(partition_unmap(child, 1024, true), OK);
	assert_int_equal(partition_deposit(child, &pfn, 1, &done), OK);
}

static void drain(struct partition *p, void **pages, uint32_t *n)
{
	void *page;

	while ((page = pool_alloc(&p->pool)) != NULL)
		pages[(*n)++] = page;
}

/* No page for a table, at each depth: nothing changes and nothing stays held. */
static void test_no_memory(void **state)
{
	const uint64_t gfn = 0x123456789;
	void *pages[128];
	uint32_t n = 0, tries = 0;

	(void)state;
	assert_int_equal(partition_map(child, 512, MEM + 512, RWX | LARGE), OK);
	drain(child, pages, &n);
	assert_true(n >= 10);
	/* Splits. */
	assert_int_equal(partition_map(child, 515, MEM, RW), NO_MEM);
	assert_int_equal(frame_holds(MEM), 0);
	assert_int_equal(partition_unmap(child, 515, false), NO_MEM);
	assert_int_equal(at(child, 515, NULL), MEM + 512 + 3);
	assert_int_equal(frame_holds(MEM + 512 + 3), 1);
	while (partition_map(child, gfn, MEM, RW) == NO_MEM) {
		tries++;
		assert_int_equal(frame_holds(MEM), 0);
		assert_int_equal(at(child, gfn, NULL), NOTHING);
		assert_int_equal(partition_map(child, gfn, 0, HV_MAP_GPA_NO_ACCESS), NO_MEM);
		assert_int_equal(partition_map(child, gfn & ~511ull, MEM, RW | LARGE),
				 tries < 3 ? NO_MEM : OK);
		if (tries == 3) {
			assert_int_equal(frame_holds(MEM + 9), 1);
			assert_int_equal(partition_unmap(child, gfn & ~511ull, true), OK);
		}
		assert_int_equal(frame_holds(MEM + 9), 0);
		pool_free(&child->pool, pages[--n]);
	}
	assert_int_equal(tries, 3);
	assert_int_equal(at(child, gfn, NULL), MEM);
	/* Large over it needs no page, gives one back, and that one is enough for the split. */
	assert_int_equal(partition_map(child, gfn & ~511ull, MEM, RW | LARGE), OK);
	assert_int_equal(partition_map(child, 515, MEM, RW), OK);
	while (n)
		pool_free(&child->pool, pages[--n]);
}

/* -- overlays -----------------------------------------------------------------------------------
 */
static void test_overlay_map(void **state)
{
	struct overlay *o = &child->hypercall_overlay;
	uint64_t top = ptr_hpa(child->hypercall_page).v >> PAGE_SHIFT;
	uint32_t prot;

	(void)state;
	/* On nothing: map and unmap below, and what is below is there when it goes. */
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 700));
	assert_int_equal(at(child, 700, &prot), top);
	assert_int_equal(partition_map(child, 700, MEM, HV_MAP_GPA_READABLE), OK);
	assert_int_equal(at(child, 700, NULL), top);
	assert_int_equal(frame_holds(MEM), 1);
	assert_int_equal(partition_map(child, 700, MEM + 1, RW), OK);
	assert_int_equal(at(child, 700, NULL), top);
	assert_int_equal(frame_holds(MEM), 0);
	assert_int_equal(frame_holds(MEM + 1), 1);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, false, 0));
	assert_int_equal(at(child, 700, &prot), MEM + 1);
	assert_int_equal(prot, SLAT_R | SLAT_W);
	assert_int_equal(frame_holds(MEM + 1), 1);
	/* On a mapping; unmapped below: nothing comes back. */
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 700));
	assert_int_equal(frame_holds(MEM + 1), 1);
	assert_int_equal(partition_unmap(child, 700, false), OK);
	assert_int_equal(frame_holds(MEM + 1), 0);
	assert_int_equal(at(child, 700, NULL), top);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, false, 0));
	assert_int_equal(at(child, 700, NULL), NOTHING);
	/* No access below. */
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 700));
	assert_int_equal(partition_map(child, 700, 0, HV_MAP_GPA_NO_ACCESS), OK);
	assert_int_equal(at(child, 700, NULL), top);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, false, 0));
	assert_int_equal(at(child, 700, NULL), NO_ACCESS);
	assert_int_equal(partition_unmap(child, 700, false), OK);
}

static void test_overlay_large(void **state)
{
	struct overlay *o = &child->hypercall_overlay, *o2 = &child->tsc_overlay;
	uint64_t top = ptr_hpa(child->hypercall_page).v >> PAGE_SHIFT;
	uint64_t top2 = ptr_hpa(child->tsc_page).v >> PAGE_SHIFT;

	(void)state;
	assert_int_equal(partition_map(child, 512, MEM, RWX | LARGE), OK);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 700));
	assert_int_equal(at(child, 700, NULL), top);
	assert_int_equal(at(child, 701, NULL), MEM + 189);
	assert_int_equal(frame_holds(MEM + 188), 1);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o2, child->tsc_page, true, 1023));
	/* A large leaf over both: they stay on top, the rest is new. */
	assert_int_equal(partition_map(child, 512, MEM + 512, RW | LARGE), OK);
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(at(child, 512 + i, NULL), i == 188   ? top
							   : i == 511 ? top2
								      : MEM + 512 + i);
		assert_int_equal(frame_holds(MEM + i), 0);
		assert_int_equal(frame_holds(MEM + 512 + i), 1);
	}
	/* A move takes the one along and brings back what was below. */
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 701));
	assert_int_equal(at(child, 700, NULL), MEM + 512 + 188);
	assert_int_equal(at(child, 701, NULL), top);
	/* Onto the other one: refused, and it is back where it was. */
	assert_int_equal(OVERLAY_REFUSED, overlay_set(child, o, child->hypercall_page, true, 1023));
	assert_int_equal(at(child, 701, NULL), top);
	assert_int_equal(at(child, 1023, NULL), top2);
	assert_int_equal(OVERLAY_REFUSED,
			 overlay_set(child, o, child->hypercall_page, true, 1ull << 36));
	assert_int_equal(at(child, 701, NULL), top);
	assert_int_equal(partition_unmap(child, 512, true), OK);
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(at(child, 512 + i, NULL), i == 189   ? top
							   : i == 511 ? top2
								      : NOTHING);
		assert_int_equal(frame_holds(MEM + 512 + i), 0);
	}
	assert_int_equal(partition_map(child, 512, 0, HV_MAP_GPA_NO_ACCESS | LARGE), OK);
	assert_int_equal(at(child, 700, NULL), NO_ACCESS);
	assert_int_equal(at(child, 701, NULL), top);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, NULL, false, 0));
	assert_int_equal(OVERLAY_OK, overlay_set(child, o2, NULL, false, 0));
	assert_int_equal(at(child, 701, NULL), NO_ACCESS);
	/* They stay on at the end of the partition: finish() counts the pages. */
	assert_int_equal(partition_map(child, 512, MEM + 512, RW | LARGE), OK);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 600));
	assert_int_equal(OVERLAY_OK, overlay_set(child, o2, child->tsc_page, true, 0x40000));
}

/* No page for a table: told apart from a refusal, and what was on stays on. */
static void test_overlay_no_memory(void **state)
{
	struct overlay *o = &child->hypercall_overlay;
	uint64_t top = ptr_hpa(child->hypercall_page).v >> PAGE_SHIFT;
	void *taken[64], *page;
	uint32_t n = 0;

	(void)state;
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, child->hypercall_page, true, 700));
	while (n < 64 && (page = pool_alloc(&child->pool)) != NULL)
		taken[n++] = page;
	assert_in_range(n, 1, 63);
	assert_int_equal(OVERLAY_NO_MEMORY,
			 overlay_set(child, o, child->hypercall_page, true, 1ull << 30));
	assert_true(o->active);
	assert_int_equal(at(child, 700, NULL), top);
	/* Beyond the width it is refused, memory or not */
	assert_int_equal(OVERLAY_REFUSED,
			 overlay_set(child, o, child->hypercall_page, true, 1ull << 36));
	while (n)
		pool_free(&child->pool, taken[--n]);
	assert_int_equal(OVERLAY_OK,
			 overlay_set(child, o, child->hypercall_page, true, 1ull << 30));
	assert_int_equal(at(child, 1ull << 30, NULL), top);
	assert_int_equal(at(child, 700, NULL), NOTHING);
	assert_int_equal(OVERLAY_OK, overlay_set(child, o, NULL, false, 0));
}

/* -- open pages ---------------------------------------------------------------------------------
 */
static uint64_t open_pfn;
static uint32_t open_flushes;

static void hook_close(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &fake_root.slat)
		return;
	open_flushes++;
	assert_int_equal(frame_state(open_pfn), FRAME_OPEN);
	assert_false(root_sees(open_pfn, NULL));
}

static void test_open(void **state)
{
	void *page = pool_alloc(&child->pool);
	uint64_t pfn;
	uint32_t prot, done;

	(void)state;
	assert_non_null(page);
	pfn = open_pfn = ptr_hpa(page).v >> PAGE_SHIFT;
	assert_false(root_sees(pfn, NULL));
	assert_int_equal(root_open_page(child, page), OK);
	frame_is(pfn, FRAME_OPEN, child->slot, 0);
	assert_true(root_sees(pfn, &prot));
	/* For data, not for code. */
	assert_int_equal(prot, SLAT_R | SLAT_W);
	/* The root sees it and still cannot give it to anybody. */
	assert_int_equal(partition_map(child, 8, pfn, RW), BAD);
	assert_int_equal(partition_deposit(child, &pfn, 1, &done), BAD);
	frame_is(pfn, FRAME_OPEN, child->slot, 0);
	open_flushes = 0;
	fake_hook = hook_close;
	root_close_page(child, page);
	fake_hook = NULL;
	assert_int_equal(open_flushes, 1);
	frame_is(pfn, FRAME_DEPOSIT, child->slot, 0);
	assert_false(root_sees(pfn, NULL));
	pool_free(&child->pool, page);
}

/* A VP whose pages the root has mapped: they are closed before they go back into the pool. */
static void test_open_vp(void **state)
{
	struct vp *vp;
	uint64_t msg, reg;

	(void)state;
	for (uint32_t whole = 0; whole < 2; whole++) {
		assert_int_equal(vp_create(child, 3), OK);
		vp = vp_find(child, 3);
		assert_non_null(vp);
		msg = ptr_hpa(vp->message_page).v >> PAGE_SHIFT;
		reg = ptr_hpa(vp->register_page).v >> PAGE_SHIFT;
		assert_int_equal(root_open_page(child, vp->message_page), OK);
		assert_int_equal(root_open_page(child, vp->register_page), OK);
		vp->message_mapped = vp->register_mapped = true;
		assert_true(root_sees(msg, NULL) && root_sees(reg, NULL));
		assert_int_equal(whole ? partition_finalize(child) : vp_delete(child, 3), OK);
		assert_false(root_sees(msg, NULL) || root_sees(reg, NULL));
		frame_is(msg, FRAME_DEPOSIT, child->slot, 0);
		frame_is(reg, FRAME_DEPOSIT, child->slot, 0);
	}
}

/* -- life cycle ---------------------------------------------------------------------------------
 */
static hv_partition_id create(uint16_t want)
{
	struct hv_input_create_partition in = { .flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED };
	hv_partition_id id = 0;

	assert_int_equal(partition_create(&fake_root, &in, &id), want);
	return id;
}

static void give(struct partition *p, uint64_t pfn, uint32_t n)
{
	uint32_t done;

	for (uint64_t i = pfn; i < pfn + n; i++) {
		assert_int_equal(partition_deposit(p, &i, 1, &done), OK);
		assert_int_equal(done, 1);
	}
}

static uint32_t take(struct partition *p)
{
	uint64_t pfn;
	uint32_t n = 0;

	while (partition_withdraw(p, &pfn) == OK)
		n++;
	return n;
}

static void test_states(void **state)
{
	struct partition *p;
	uint64_t pfn;

	(void)state;
	assert_int_equal(create(NO_MEM), 0);
	give(&fake_root, MEM, 1);
	p = partition_get(&fake_root, create(OK));
	assert_non_null(p);
	assert_int_equal(p->state, PARTITION_CREATED);
	assert_int_equal(p->privileges, HV_PARTITION_PRIVILEGES_GUEST | PARTITION_FEATURES);
	assert_int_equal(p->create_flags, HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED);
	/* Created: neither memory nor VPs. */
	assert_int_equal(partition_map(p, 1, MEM + 100, RW), BAD_STATE);
	assert_int_equal(frame_holds(MEM + 100), 0);
	assert_int_equal(partition_map(p, 512, MEM + 1024, RW | LARGE), BAD_STATE);
	assert_int_equal(frame_holds(MEM + 1024), 0);
	assert_int_equal(partition_unmap(p, 1, false), BAD_STATE);
	assert_int_equal(vp_create(p, 0), BAD_STATE);
	assert_int_equal(partition_initialize(p), NO_MEM);
	give(p, MEM + 1, 30);
	assert_int_equal(partition_initialize(p), OK);
	/* Active. */
	assert_int_equal(p->state, PARTITION_ACTIVE);
	assert_int_equal(partition_initialize(p), BAD_STATE);
	assert_int_equal(partition_delete(p), BAD_STATE);
	assert_int_equal(partition_map(p, 1, MEM + 100, RW), OK);
	assert_int_equal(vp_create(p, 0), OK);
	fake_forget();
	assert_int_equal(partition_finalize(p), OK);
	/* Finalized: every VP, mapping and table is gone, the pages are all free. */
	assert_int_equal(p->state, PARTITION_FINALIZED);
	assert_int_equal(frame_holds(MEM + 100), 0);
	assert_null(p->slat.root);
	assert_null(vp_find(p, 0));
	assert_int_equal(p->vp_count, 0);
	assert_int_equal(p->pool.free_count, 30);
	assert_int_equal(p->pool.limbo_count, 0);
	assert_int_equal(fake_count(FAKE_VP_FREE, NULL), 1);
	assert_int_equal(fake_count(FAKE_PARTITION_FREE, p), 1);
	assert_int_equal(partition_finalize(p), BAD_STATE);
	assert_int_equal(partition_initialize(p), BAD_STATE);
	assert_int_equal(partition_map(p, 1, MEM + 100, RW), BAD_STATE);
	assert_int_equal(partition_unmap(p, 1, false), BAD_STATE);
	assert_int_equal(vp_create(p, 0), BAD_STATE);
	/* Not before the root has its pages back; a deposit now is refused, and its pages stay. */
	assert_int_equal(partition_delete(p), HV_STATUS_OBJECT_IN_USE);
	{
		uint64_t late = MEM + 60;
		uint32_t done;

		assert_int_equal(partition_deposit(p, &late, 1, &done), BAD_STATE);
		assert_int_equal(done, 0);
		frame_is(late, FRAME_ROOT, 0, 0);
	}
	assert_int_equal(take(p), 30);
	assert_int_equal(partition_delete(p), OK);
	assert_int_equal(partition_withdraw(&fake_root, &pfn), OK);
	assert_int_equal(pfn, MEM);
}

static void test_root_refused(void **state)
{
	(void)state;
	assert_int_equal(partition_finalize(&fake_root), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(partition_delete(&fake_root), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(partition_initialize(&fake_root), BAD_STATE);
	assert_int_equal(fake_root.state, PARTITION_ACTIVE);
}

/* A partition that was created only can go at once; finalize is not an error either. */
static void test_created(void **state)
{
	struct partition *p;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		give(&fake_root, MEM, 1);
		p = partition_get(&fake_root, create(OK));
		give(p, MEM + 1, 3);
		assert_int_equal(partition_delete(p), HV_STATUS_OBJECT_IN_USE);
		fake_forget();
		if (i)
			assert_int_equal(partition_finalize(p), OK);
		/* There was nothing of the architecture's to free. */
		assert_int_equal(fake_count(FAKE_PARTITION_FREE, NULL), 0);
		assert_int_equal(take(p), 3);
		assert_int_equal(partition_delete(p), OK);
		assert_int_equal(take(&fake_root), 1);
	}
}

static void test_in_use(void **state)
{
	struct partition *p = child;
	struct vp *vp0, *vp2;

	(void)state;
	assert_int_equal(vp_create(p, 0), OK);
	assert_int_equal(vp_create(p, 2), OK);
	vp0 = vp_find(p, 0);
	vp2 = vp_find(p, 2);
	/* Another call holds it. */
	assert_ptr_equal(partition_get(&fake_root, p->id), p);
	assert_int_equal(p->users, 2);
	assert_int_equal(partition_finalize(p), HV_STATUS_OBJECT_IN_USE);
	partition_put(p);
	/* A VP runs, or is looked at: the ones taken before it are let go. */
	vp2->owner = VP_RUNNING;
	assert_int_equal(partition_finalize(p), HV_STATUS_OBJECT_IN_USE);
	assert_int_equal(vp0->owner, VP_IDLE);
	assert_int_equal(vp2->owner, VP_RUNNING);
	vp2->owner = VP_ACCESSED;
	assert_int_equal(partition_finalize(p), HV_STATUS_OBJECT_IN_USE);
	vp2->owner = VP_IDLE;
	assert_int_equal(p->state, PARTITION_ACTIVE);
	assert_int_equal(partition_finalize(p), OK);
	assert_true(take(p) > 0);
	assert_ptr_equal(partition_get(&fake_root, p->id), p);
	assert_int_equal(partition_delete(p), HV_STATUS_OBJECT_IN_USE);
	partition_put(p);
	/* Still there after every refusal. */
	assert_ptr_equal(partition_get(&fake_root, p->id), p);
	partition_put(p);
}

/* Where a large leaf must not be executable: small ones say the same, and no page is half mapped.
 */
static void test_small_exec(void **state)
{
	struct slat_leaf l;
	uint32_t pages;

	(void)state;
	slat_small_exec = true;
	assert_int_equal(partition_map(child, 512, MEM + 512, RW | LARGE), OK);
	assert_true(slat_lookup(&child->slat, GPA(512 << 12), &l));
	assert_int_equal(l.level, 2);
	assert_int_equal(partition_map(child, 512, MEM + 1024, RWX | LARGE), OK);
	for (uint64_t i = 0; i < 512; i++) {
		assert_true(slat_lookup(&child->slat, GPA((512 + i) << 12), &l));
		assert_int_equal(l.level, 1);
		assert_int_equal(l.hpa.v, (MEM + 1024 + i) << 12);
		assert_int_equal(l.prot & SLAT_RWX, SLAT_RWX);
		assert_int_equal(frame_holds(MEM + 512 + i), 0);
		assert_int_equal(frame_holds(MEM + 1024 + i), 1);
	}
	assert_int_equal(partition_unmap(child, 512, true), OK);
	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(frame_holds(MEM + 1024 + i), 0);
	/* No page for the table: nothing is mapped, and nothing held */
	pages = take(child);
	assert_int_equal(partition_map(child, 1ull << 20, MEM + 1024, RWX | LARGE),
			 HV_STATUS_INSUFFICIENT_MEMORY);
	for (uint64_t i = 0; i < 512; i++) {
		assert_false(slat_lookup(&child->slat, GPA(((1ull << 20) + i) << 12), &l));
		assert_int_equal(frame_holds(MEM + 1024 + i), 0);
	}
	give(child, MEM, pages);
	slat_small_exec = false;
}

static void test_ids(void **state)
{
	hv_partition_id id[PARTITION_MAX], last = child->id, old;
	struct partition *p;

	(void)state;
	/* Forward only, while slots come back. */
	for (uint32_t i = 0; i < 200; i++) {
		give(&fake_root, MEM, 1);
		old = create(OK);
		assert_true(old > last && old - last <= 3); /* past the two that stay */
		last = old;
		p = partition_get(&fake_root, old);
		assert_true(p->slot > 0 && p->slot < PARTITION_MAX && p->slot != child->slot);
		assert_int_equal(partition_delete(p), OK);
		assert_null(partition_get(&fake_root, old));
		assert_int_equal(take(&fake_root), 1);
	}
	/* As many as there are slots: the root and the child have two of them. */
	give(&fake_root, MEM, PARTITION_MAX - 1);
	for (uint32_t i = 0; i < PARTITION_MAX - 2; i++)
		id[i] = create(OK);
	assert_int_equal(create(HV_STATUS_NO_RESOURCES), 0);
	for (uint32_t i = 0; i < PARTITION_MAX - 2; i++) {
		p = partition_get(&fake_root, id[i]);
		assert_non_null(p);
		assert_int_equal(p->id, id[i]);
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(id[i], id[j]);
		assert_int_equal(partition_delete(p), OK);
	}
	assert_int_equal(take(&fake_root), PARTITION_MAX - 1);
}

static void test_lookup(void **state)
{
	uint32_t users = child->users;

	(void)state;
	assert_ptr_equal(partition_get(&fake_root, HV_PARTITION_ID_SELF), &fake_root);
	assert_ptr_equal(partition_get(&fake_root, PARTITION_ROOT_ID), &fake_root);
	assert_int_equal(fake_root.users, 2);
	partition_put(&fake_root);
	partition_put(&fake_root);
	assert_ptr_equal(partition_get(&fake_root, child->id), child);
	assert_ptr_equal(partition_get(child, HV_PARTITION_ID_SELF), child);
	assert_ptr_equal(partition_get(child, child->id), child);
	assert_int_equal(child->users, users + 3);
	partition_put(child);
	partition_put(child);
	partition_put(child);
	/* A child has no children, no siblings and no parent to name. */
	assert_null(partition_get(child, PARTITION_ROOT_ID));
	assert_null(partition_get(child, child->id + 1));
	assert_null(partition_get(child, child->id - 1));
	assert_null(partition_get(&fake_root, 0));
	assert_null(partition_get(&fake_root, child->id + 1));
	assert_null(partition_get(&fake_root, HV_PARTITION_ID_SELF - 1));
	assert_int_equal(child->users, users);
	assert_int_equal(fake_root.users, 0);
}

/* Too few pages at each point, and an architecture that refuses: all of it is given back. */
static void test_initialize(void **state)
{
	struct partition *p;

	(void)state;
	give(&fake_root, MEM, 1);
	p = partition_get(&fake_root, create(OK));
	for (uint32_t n = 0; n < 4; n++) {
		assert_int_equal(partition_initialize(p), NO_MEM);
		assert_int_equal(p->state, PARTITION_CREATED);
		assert_int_equal(p->pool.free_count, n);
		assert_int_equal(p->pool.limbo_count, 0);
		assert_null(p->slat.root);
		assert_null(p->hypercall_page);
		assert_null(p->tsc_page);
		assert_null(p->cpuid_results);
		give(p, MEM + 1 + n, 1);
	}
	fake_partition_init_status = HV_STATUS_OPERATION_FAILED;
	assert_int_equal(partition_initialize(p), HV_STATUS_OPERATION_FAILED);
	assert_int_equal(p->pool.free_count, 4);
	assert_null(p->slat.root);
	assert_null(p->cpuid_results);
	fake_partition_init_status = OK;
	assert_int_equal(partition_initialize(p), OK);
	assert_int_equal(p->pool.free_count, 0);
	assert_int_equal(fake_child_end(p), OK);
}

static uint32_t final_flushes;

static void hook_finalize(const struct fake_note *n)
{
	if (n->call != FAKE_FLUSH || n->obj != &child->slat)
		return;
	final_flushes++;
	/* No release before the first flush, and no VP can start any more. */
	if (final_flushes == 1) {
		assert_int_equal(child->state, PARTITION_FINALIZED);
		assert_int_equal(frame_holds(MEM), 1);
		assert_int_equal(frame_holds(MEM + 512 + 7), 1);
		assert_int_equal(frame_holds(MEM + 2), 1);
	}
}

static void test_finalize(void **state)
{
	struct guest_page pg;

	(void)state;
	assert_int_equal(partition_map(child, 1, MEM, RW), OK);
	assert_int_equal(partition_map(child, 1ull << 30, MEM + 1, RW), OK);
	assert_int_equal(partition_map(child, 1024, MEM + 512, RWX | LARGE), OK);
	assert_int_equal(partition_map(child, 2048, 0, HV_MAP_GPA_NO_ACCESS | LARGE), OK);
	assert_int_equal(partition_map(child, 2, MEM + 2, RW), OK);
	assert_int_equal(OVERLAY_OK, overlay_set(child, &child->hypercall_overlay,
						 child->hypercall_page, true, 2));
	assert_int_equal(OVERLAY_OK,
			 overlay_set(child, &child->tsc_overlay, child->tsc_page, true, 2050));
	fake_hook = hook_finalize;
	assert_int_equal(partition_finalize(child), OK);
	fake_hook = NULL;
	assert_true(final_flushes >= 1);
	for (uint64_t i = 0; i < 1024; i++)
		assert_int_equal(frame_holds(MEM + i), 0);
	assert_int_equal(child->pool.free_count, child->pool.total);
	assert_null(child->overlays);
	assert_int_equal(guest_mem_pin(child, GPA(0x1000), SLAT_R, &pg), GUEST_MEM_UNMAPPED);
}

static void test_unimplemented(void **state)
{
	(void)state;
	fake_forget();
	partition_unimplemented(child, UNIMPLEMENTED_MSR, "MSR", 0x123);
	assert_int_equal(fake_count(FAKE_LOG, NULL), 1);
	assert_non_null(strstr(fake_log_line, "MSR 123"));
	/* Once a kind and partition. */
	partition_unimplemented(child, UNIMPLEMENTED_MSR, "MSR", 0x124);
	assert_int_equal(fake_count(FAKE_LOG, NULL), 1);
	partition_unimplemented(child, UNIMPLEMENTED_IPI, "IPI", 1);
	assert_int_equal(fake_count(FAKE_LOG, NULL), 2);
	partition_unimplemented(&fake_root, UNIMPLEMENTED_MSR, "MSR", 0x123);
	assert_int_equal(fake_count(FAKE_LOG, NULL), 3);
}

/* -- at random ----------------------------------------------------------------------------------
 */
#define MODEL_PAGES 2048u /* of RAM from MEM on */
#define MODEL_GFNS  2048u
static struct {
	uint8_t owner; /* 0 the root, else 1 + child */
	uint32_t holds;
} frames[MODEL_PAGES];
static uint64_t maps[2][MODEL_GFNS];
static struct partition *kids[2];
static uint64_t seed = 0xda3e39cb94b95bdbull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void drop(uint64_t *m)
{
	if (*m < NO_ACCESS)
		frames[*m - MEM].holds--;
	*m = NOTHING;
}

static void random_map(uint32_t k, uint64_t gfn, uint64_t pfn, bool large, bool access)
{
	uint64_t n = large ? LARGE_PAGES : 1;
	uint32_t flags = (access ? RW : HV_MAP_GPA_NO_ACCESS) | (large ? LARGE : 0);
	bool ok = true;
	uint16_t st;

	for (uint64_t i = 0; i < n && access; i++)
		ok &= !frames[pfn - MEM + i].owner;
	st = partition_map(kids[k], gfn, pfn, flags);
	if (st == NO_MEM)
		return;
	assert_int_equal(st, ok ? OK : BAD);
	for (uint64_t i = 0; i < n && ok; i++) {
		drop(&maps[k][gfn + i]);
		maps[k][gfn + i] = access ? pfn + i : NO_ACCESS;
		frames[pfn - MEM + i].holds += access;
	}
}

static void check_model(void)
{
	for (uint64_t i = 0; i < MODEL_PAGES; i++) {
		assert_int_equal(frame_state(MEM + i),
				 frames[i].owner ? FRAME_DEPOSIT : FRAME_ROOT);
		assert_int_equal(frame_holds(MEM + i), frames[i].holds);
		assert_int_equal(root_sees(MEM + i, NULL), !frames[i].owner);
		if (frames[i].owner)
			assert_int_equal(frame_owner(MEM + i), kids[frames[i].owner - 1]->slot);
	}
	for (uint32_t k = 0; k < 2; k++)
		for (uint64_t g = 0; g < MODEL_GFNS; g++)
			assert_int_equal(at(kids[k], g, NULL), maps[k][g]);
}

static void test_random(void **state)
{
	uint32_t did[4] = { 0 };

	(void)state;
	kids[0] = child;
	kids[1] = fake_child(DEP + 100, 40);
	for (uint32_t k = 0; k < 2; k++)
		for (uint64_t g = 0; g < MODEL_GFNS; g++)
			maps[k][g] = NOTHING;
	for (uint32_t n = 0; n < 6000; n++) {
		uint32_t k = rnd() & 1, done;
		uint64_t gfn = rnd() % MODEL_GFNS, pfn = MEM + rnd() % MODEL_PAGES, got;
		bool large = rnd() % 8 == 0;
		uint16_t st;

		if (large) {
			gfn &= ~511ull;
			pfn &= ~511ull;
		}
		switch (rnd() % 8) {
		case 0:
			st = partition_deposit(kids[k], &pfn, 1, &done);
			assert_int_equal(
				st, frames[pfn - MEM].owner || frames[pfn - MEM].holds ? BAD : OK);
			assert_int_equal(done, st == OK);
			if (st == OK)
				frames[pfn - MEM].owner = (uint8_t)(1 + k);
			did[0] += st == OK;
			break;
		case 1:
		case 2:
			st = kids[k]->pool.free_count > 8 ? partition_withdraw(kids[k], &got) : BAD;
			if (st == OK && got - MEM < MODEL_PAGES) {
				assert_int_equal(frames[got - MEM].owner, 1 + k);
				frames[got - MEM].owner = 0;
				did[1]++;
			}
			break;
		case 3:
		case 4:
			st = partition_unmap(kids[k], gfn, large);
			for (uint64_t i = 0; i < (large ? 512 : 1) && st == OK; i++)
				drop(&maps[k][gfn + i]);
			assert_true(st == OK || st == NO_MEM);
			did[2] += st == OK;
			break;
		default:
			random_map(k, gfn, pfn, large, rnd() % 8 != 0);
			did[3]++;
		}
		if (n % 200 == 0)
			check_model();
	}
	check_model();
	assert_true(did[0] > 50 && did[1] > 50 && did[2] > 500 && did[3] > 500);
	assert_int_equal(fake_child_end(kids[1]), OK);
}

static void test_boot(void **state)
{
	(void)state;
	assert_int_equal(fake_root_missing(), 0);
	/* The core's pages are not the root's to see. */
	for (uint64_t pfn = ROOT_CORE; pfn < ROOT_CORE_END; pfn++)
		assert_false(root_sees(pfn, NULL));
	/* The count of what is missing is one that can fail. */
	assert_true(frame_hold(MEM));
	assert_int_equal(fake_root_missing(), 1);
	frame_release(MEM);
	assert_int_equal(slat_map(&fake_root.slat, GPA(MEM << PAGE_SHIFT), HPA(MEM << PAGE_SHIFT),
				  1, SLAT_R, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(fake_root_missing(), 1);
	assert_int_equal(slat_map(&fake_root.slat, GPA(MEM << PAGE_SHIFT), HPA(MEM << PAGE_SHIFT),
				  2, SLAT_RWX, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(fake_root_missing(), 0);
}

static int setup(void **state)
{
	(void)state;
	/* Tables enough for every large leaf: nothing of a deposit goes into them. */
	fake_root_boot(48);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),
		TEST(test_deposit),
		TEST(test_deposit_refused),
		TEST(test_map_deposit),
		TEST(test_withdraw),
		TEST(test_flags),
		TEST(test_borders),
		TEST(test_flush_order),
		TEST(test_table_flush),
		TEST(test_holds),
		TEST(test_no_memory),
		TEST(test_overlay_map),
		TEST(test_overlay_no_memory),
		TEST(test_overlay_large),
		TEST(test_open),
		TEST(test_open_vp),
		TEST(test_states),
		TEST(test_root_refused),
		TEST(test_created),
		TEST(test_in_use),
		TEST(test_small_exec),
		TEST(test_ids),
		TEST(test_lookup),
		TEST(test_initialize),
		TEST(test_finalize),
		TEST(test_unimplemented),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
