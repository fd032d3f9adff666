/* SPDX-License-Identifier: MIT */
/*
 * Deposits, and the guest-physical maps. The root's own second-level table is identity, so a page
 * that is deposited leaves it, and one that is withdrawn comes back; everything in between is the
 * frame table's word.
 */
#include <string.h>

#include "hvapi/overlay.h"
#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/smp.h"

/*
 * Tables for splitting the root's large leaves. Seeded at boot from the core's own pages, enough
 * for every 1-GiB leaf; refilled from deposits, so that the pages which a deposit splits come out
 * of that deposit (decision 4). root->lock guards it.
 */
static struct pool root_tables;
#define ROOT_TABLES_LOW 4u

static void *root_table_alloc(void *ctx)
{
	return pool_alloc(ctx);
}

static void root_table_free(void *ctx, void *page)
{
	pool_free_later(ctx, page);
}

void memory_init(uint32_t seed)
{
	struct partition *root = partition_root;

	for (uint32_t i = 0; i < seed + ROOT_TABLES_LOW; i++) {
		void *page = page_alloc(1);

		if (!page)
			panic("core memory too small for the root's tables");
		pool_give(&root_tables, page);
	}
	if (!slat_init(&root->slat, arch_slat_format,
		       (struct slat_source){ root_table_alloc, root_table_free, &root_tables }))
		panic("no page for the root's second-level table");
}

static void root_map(uint64_t pfn, uint32_t prot)
{
	/* The 4-KiB table exists, since the page left the root's view through it. */
	if (slat_map(&partition_root->slat, GPA(pfn << PAGE_SHIFT), HPA(pfn << PAGE_SHIFT), 1, prot,
		     NULL, NULL) != SLAT_OK)
		log_error("root mapping of page %llx lost", (unsigned long long)pfn);
}

/* One page out of the root's view. root->lock is held. */
static bool root_unmap(uint64_t pfn)
{
	return slat_unmap(&partition_root->slat, GPA(pfn << PAGE_SHIFT), 1, NULL, NULL) == SLAT_OK;
}

/* The first pages of a deposit, flushed already, become tables until there are enough. */
static void root_refill(const uint64_t *pfns, uint32_t n, uint32_t *used)
{
	while (*used < n && root_tables.free_count < ROOT_TABLES_LOW)
		pool_give(&root_tables, hpa_ptr(HPA(pfns[(*used)++] << PAGE_SHIFT)));
}

/* A deposit scattered over more large leaves than there are tables for: its own pages serve. */
static bool root_unmap_refill(const uint64_t *pfns, uint32_t n, uint32_t *used)
{
	smp_flush_slat(&partition_root->slat);
	root_refill(pfns, n, used);
	return root_unmap(pfns[n]);
}

uint16_t partition_deposit(struct partition *p, const uint64_t *pfns, uint32_t count,
			   uint32_t *done)
{
	struct partition *root = partition_root;
	uint16_t status = HV_STATUS_SUCCESS;
	struct lock_token t;
	uint32_t n, refill = 0;
	bool final;

	/* The caller's hold keeps it from being finalized from here on. */
	t = lock_take(&p->lock);
	final = p->state == PARTITION_FINALIZED;
	lock_drop(t);
	*done = 0;
	if (final)
		return HV_STATUS_INVALID_PARTITION_STATE;
	t = lock_take(&root->lock);
	for (n = 0; n < count; n++) {
		if (!frame_deposit(pfns[n], p->slot)) {
			status = HV_STATUS_INVALID_PARAMETER;
			break;
		}
		if (!root_unmap(pfns[n]) && !(refill < n && root_unmap_refill(pfns, n, &refill))) {
			frame_withdraw(pfns[n]);
			status = HV_STATUS_INSUFFICIENT_MEMORY;
			break;
		}
	}
	/* Only now does nobody but the core reach the pages: nothing was written to them before. */
	if (n)
		smp_flush_slat(&root->slat);
	root_refill(pfns, n, &refill);
	lock_drop(t);

	t = lock_take(&p->lock);
	for (uint32_t i = refill; i < n; i++)
		pool_give(&p->pool, hpa_ptr(HPA(pfns[i] << PAGE_SHIFT)));
	lock_drop(t);
	*done = n;
	return status;
}

uint16_t partition_withdraw(struct partition *p, uint64_t *pfn)
{
	struct lock_token t = lock_take(&p->lock);
	void *page = pool_take(&p->pool);
	struct lock_token rt;
	void *table;

	lock_drop(t);
	if (!page)
		return HV_STATUS_NO_RESOURCES;
	memset(page, 0, PAGE_SIZE);
	*pfn = ptr_hpa(page).v >> PAGE_SHIFT;
	rt = lock_take(&partition_root->lock);
	frame_withdraw(*pfn);
	root_map(*pfn, SLAT_RWX);
	table = slat_fold(&partition_root->slat, GPA(*pfn << PAGE_SHIFT), 2);
	if (table) {
		pool_free_later(&root_tables, table);
		smp_flush_slat(&partition_root->slat);
		pool_flushed(&root_tables);
		/* What deposits paid for tables goes back to the root; the core's seed stays. */
		while (root_tables.free_count > ROOT_TABLES_LOW) {
			page = pool_take(&root_tables);
			if (frame_state(ptr_hpa(page).v >> PAGE_SHIFT) != FRAME_DEPOSIT) {
				pool_give(&root_tables, page);
				break;
			}
			pool_give(&partition_root->pool, page);
		}
	}
	lock_drop(rt);
	return HV_STATUS_SUCCESS;
}

uint16_t root_open_page(struct partition *owner, void *page)
{
	uint64_t pfn = ptr_hpa(page).v >> PAGE_SHIFT;
	struct lock_token rt;

	(void)owner;
	rt = lock_take(&partition_root->lock);
	frame_open(pfn);
	root_map(pfn, SLAT_R | SLAT_W);
	lock_drop(rt);
	return HV_STATUS_SUCCESS;
}

void root_close_page(struct partition *owner, void *page)
{
	uint64_t pfn = ptr_hpa(page).v >> PAGE_SHIFT;
	struct lock_token rt;

	(void)owner;
	rt = lock_take(&partition_root->lock);
	(void)root_unmap(pfn); /* mapped as 4 KiB: no table needed */
	smp_flush_slat(&partition_root->slat);
	frame_close(pfn);
	lock_drop(rt);
}

static uint32_t prot_of(uint32_t flags)
{
	uint32_t prot = 0;

	if (flags & HV_MAP_GPA_NO_ACCESS)
		return 0;
	if (flags & HV_MAP_GPA_READABLE)
		prot |= SLAT_R;
	if (flags & HV_MAP_GPA_WRITABLE)
		prot |= SLAT_W;
	if (flags & (HV_MAP_GPA_KERNEL_EXECUTABLE | HV_MAP_GPA_USER_EXECUTABLE))
		prot |= SLAT_X;
	/* No format has write or execute without read. */
	if (prot && flags & HV_MAP_GPA_NOT_CACHED)
		prot |= SLAT_UC;
	return prot;
}

static bool hold_range(uint64_t pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (!frame_hold(pfn + i)) {
			while (i--)
				frame_release(pfn + i);
			return false;
		}
	return true;
}

/* Frames that lost their mapping: still held, released by partition_flush() after the flush. */
static void drop_leaf(void *ctx, uint64_t gpa, struct slat_leaf *l)
{
	uint64_t pages = 1ull << (9 * (l->level - 1));
	struct partition *p = ctx;
	uint64_t pfn = l->hpa.v >> PAGE_SHIFT;

	(void)gpa;
	if (!(l->prot & SLAT_RWX) || frame_state(pfn) != FRAME_ROOT)
		return;
	smp_flush_slat(&p->slat);
	arch_pages_handed(pfn, pages);
	for (uint64_t i = 0; i < pages; i++)
		frame_release(pfn + i);
}

/* Only the first of them can need a table, so either all are mapped or none. */
static enum slat_result map_small(struct partition *p, uint64_t gfn, uint64_t pfn, uint32_t prot)
{
	enum slat_result r = SLAT_OK;

	for (uint64_t i = 0; r == SLAT_OK && i < LARGE_PAGES; i++)
		r = slat_map(&p->slat, GPA((gfn + i) << PAGE_SHIFT), HPA((pfn + i) << PAGE_SHIFT),
			     1, prot, drop_leaf, p);
	return r;
}

/* The range is mapped page by page where an overlay sits in it: the overlay stays on top. */
static uint16_t map_locked(struct partition *p, uint64_t gfn, uint64_t pfn, bool large,
			   uint32_t prot)
{
	uint64_t pages = large ? LARGE_PAGES : 1;
	enum slat_result r;
	struct overlay *o;

	if (!overlay_at(p, gfn, pages)) {
		r = large && prot & SLAT_X && slat_small_exec
			    ? map_small(p, gfn, pfn, prot)
			    : slat_map(&p->slat, GPA(gfn << PAGE_SHIFT), HPA(pfn << PAGE_SHIFT),
				       large ? 2 : 1, prot, drop_leaf, p);
		return r == SLAT_OK ? HV_STATUS_SUCCESS : HV_STATUS_INSUFFICIENT_MEMORY;
	}
	/* The overlay made the 4-KiB table already: none of these can fail. */
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t to = prot ? pfn + i : 0;

		o = overlay_at(p, gfn + i, 1);
		if (o)
			overlay_set_under(o, true, to, prot);
		else
			(void)slat_map(&p->slat, GPA((gfn + i) << PAGE_SHIFT),
				       HPA(to << PAGE_SHIFT), 1, prot, drop_leaf, p);
	}
	return HV_STATUS_SUCCESS;
}

uint16_t partition_map(struct partition *p, uint64_t gfn, uint64_t pfn, uint32_t flags)
{
	bool large = (flags & HV_MAP_GPA_LARGE_PAGE) != 0;
	uint64_t pages = large ? LARGE_PAGES : 1;
	uint32_t prot = prot_of(flags);
	uint16_t status = HV_STATUS_SUCCESS;
	struct lock_token t;

	if ((prot & (SLAT_W | SLAT_X)) && !(prot & SLAT_R))
		return HV_STATUS_INVALID_PARAMETER;
	if (gfn >> (48 - PAGE_SHIFT) || (large && ((gfn | (prot ? pfn : 0)) & (LARGE_PAGES - 1))))
		return HV_STATUS_INVALID_PARAMETER;
	if (!prot)
		pfn = 0;
	else if (!hold_range(pfn, pages))
		return HV_STATUS_INVALID_PARAMETER;
	else
		arch_pages_handed(pfn, pages);
	t = lock_take(&p->lock);
	if (p->state != PARTITION_ACTIVE)
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else
		status = map_locked(p, gfn, pfn, large, prot);
	if (p->pool.limbo) {
		smp_flush_slat(&p->slat);
		pool_flushed(&p->pool);
	}
	lock_drop(t);
	if (status != HV_STATUS_SUCCESS && prot)
		for (uint64_t i = 0; i < pages; i++)
			frame_release(pfn + i);
	return status;
}

/*
 * Not mapped at all is no error: the root unmaps ranges. Under an overlay only what lies below
 * goes.
 */
uint16_t partition_unmap(struct partition *p, uint64_t gfn, bool large)
{
	uint64_t pages = large ? LARGE_PAGES : 1;
	uint16_t status = HV_STATUS_SUCCESS;
	struct lock_token t;
	struct overlay *o;

	if (gfn >> (48 - PAGE_SHIFT) || (large && gfn & (LARGE_PAGES - 1)))
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&p->lock);
	if (p->state != PARTITION_ACTIVE) {
		status = HV_STATUS_INVALID_PARTITION_STATE;
	} else if (!overlay_at(p, gfn, pages)) {
		if (slat_unmap(&p->slat, GPA(gfn << PAGE_SHIFT), large ? 2 : 1, drop_leaf, p) !=
		    SLAT_OK)
			status = HV_STATUS_INSUFFICIENT_MEMORY;
	} else {
		for (uint64_t i = 0; i < pages; i++) {
			o = overlay_at(p, gfn + i, 1);
			if (o)
				overlay_set_under(o, false, 0, 0);
			else
				(void)slat_unmap(&p->slat, GPA((gfn + i) << PAGE_SHIFT), 1,
						 drop_leaf, p);
		}
	}
	if (p->pool.limbo) {
		smp_flush_slat(&p->slat);
		pool_flushed(&p->pool);
	}
	lock_drop(t);
	return status;
}
