/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/bits.h"
#include "kernel/frame.h"
#include "kernel/guest_mem.h"

/* Pages of the core's that the root may read (hypercall page, boot_info): they never go away. */
static bool core_page_open(uint64_t pfn, uint32_t need)
{
	struct slat_leaf l;
	struct lock_token t;
	bool open;

	if (need & SLAT_W || frame_state(pfn) != FRAME_CORE)
		return false;
	t = lock_take(&partition_root->lock);
	open = slat_lookup(&partition_root->slat, GPA(pfn << PAGE_SHIFT), &l) &&
	       (l.prot & need) == need;
	lock_drop(t);
	return open;
}

/* The root's memory is identity: the frame table decides. */
static enum guest_mem_result pin_root(gpa_t gpa, uint32_t need, struct guest_page *out)
{
	uint64_t pfn = gpa.v >> PAGE_SHIFT;
	bool held = frame_hold(pfn);

	if (!held && !core_page_open(pfn, need))
		return GUEST_MEM_UNMAPPED;
	*out = (struct guest_page){ hpa_ptr(HPA(pfn << PAGE_SHIFT)), pfn, held };
	return GUEST_MEM_OK;
}

enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	enum guest_mem_result r = GUEST_MEM_OK;
	struct slat_leaf l;
	uint64_t pa, pfn;

	if (p == partition_root)
		return pin_root(gpa, need, out);

	struct lock_token t = lock_take(&p->lock);

	if (!p->slat.root || !slat_lookup(&p->slat, gpa, &l)) {
		r = GUEST_MEM_UNMAPPED;
	} else if ((l.prot & need) != need) {
		r = GUEST_MEM_NO_ACCESS;
	} else {
		pa = l.hpa.v + (gpa.v & (BIT(PAGE_SHIFT + 9 * (l.level - 1)) - 1));
		pfn = pa >> PAGE_SHIFT;
		/* An overlay page is the partition's own deposit; it lives as long as the call. */
		out->held = frame_hold(pfn);
		out->pfn = pfn;
		out->ptr = hpa_ptr(HPA(pfn << PAGE_SHIFT));
		if (!out->held && frame_state(pfn) != FRAME_DEPOSIT)
			r = GUEST_MEM_UNMAPPED;
	}
	lock_drop(t);
	return r;
}

void guest_mem_unpin(struct guest_page *pg)
{
	if (pg->held)
		frame_release(pg->pfn);
	pg->held = false;
}

static enum guest_mem_result copy(struct partition *p, gpa_t gpa, void *buf, size_t len,
				  uint32_t need, gpa_t *at)
{
	uint8_t *b = buf;

	while (len) {
		size_t off = gpa.v & (PAGE_SIZE - 1);
		size_t n = MIN(len, PAGE_SIZE - off);
		struct guest_page pg;
		enum guest_mem_result r = guest_mem_pin(p, gpa, need, &pg);

		if (r != GUEST_MEM_OK) {
			if (at)
				*at = gpa;
			return r;
		}
		if (need & SLAT_W)
			memcpy((uint8_t *)pg.ptr + off, b, n);
		else
			memcpy(b, (uint8_t *)pg.ptr + off, n);
		guest_mem_unpin(&pg);
		b += n;
		gpa.v += n;
		len -= n;
	}
	return GUEST_MEM_OK;
}

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *at)
{
	return copy(p, gpa, buf, len, SLAT_R, at);
}

enum guest_mem_result guest_mem_write(struct partition *p, gpa_t gpa, const void *buf, size_t len,
				      gpa_t *at)
{
	return copy(p, gpa, (void *)(uintptr_t)buf, len, SLAT_R | SLAT_W, at);
}
