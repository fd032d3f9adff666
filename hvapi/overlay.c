/* SPDX-License-Identifier: MIT */
#include "hvapi/overlay.h"

#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/smp.h"

struct overlay *overlay_at(struct partition *p, uint64_t gfn, uint64_t count)
{
	for (struct overlay *o = p->overlays; o; o = o->next)
		if (o->gfn - gfn < count)
			return o;
	return NULL;
}

static void release_under(struct overlay *o)
{
	uint64_t pfn = o->under.hpa.v >> PAGE_SHIFT;

	/* The flush that put the overlay there was the last of it as a mapping. */
	if (o->has_under && o->under.prot & SLAT_RWX) {
		arch_pages_handed(pfn, 1);
		frame_release(pfn);
	}
	o->has_under = false;
}

void overlay_set_under(struct overlay *o, bool mapped, uint64_t pfn, uint32_t prot)
{
	release_under(o);
	o->has_under = mapped;
	o->under = (struct slat_leaf){ HPA(pfn << PAGE_SHIFT), prot, 1 };
}

static void remove(struct partition *p, struct overlay *o)
{
	struct overlay **at = &p->overlays;
	gpa_t gpa = GPA(o->gfn << PAGE_SHIFT);

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	/* The 4-KiB table exists since the overlay went in, so neither call can fail. */
	if (o->has_under)
		(void)slat_map(&p->slat, gpa, o->under.hpa, 1, o->under.prot, NULL, NULL);
	else
		(void)slat_unmap(&p->slat, gpa, 1, NULL, NULL);
	o->has_under = false; /* its hold is the mapping's again */
	o->active = false;
	smp_flush_slat(&p->slat);
}

static enum overlay_result insert(struct partition *p, struct overlay *o, void *page, uint64_t gfn)
{
	gpa_t gpa = GPA(gfn << PAGE_SHIFT);
	struct slat_leaf l;
	uint64_t offset;
	bool mapped;

	if (overlay_at(p, gfn, 1))
		return OVERLAY_REFUSED;
	mapped = slat_lookup(&p->slat, gpa, &l);
	if (slat_map(&p->slat, gpa, ptr_hpa(page), 1, SLAT_RWX, NULL, NULL) != SLAT_OK)
		return OVERLAY_NO_MEMORY;
	o->page = page;
	o->gfn = gfn;
	o->has_under = mapped;
	if (mapped) {
		offset = gpa.v & ((1ull << (PAGE_SHIFT + 9 * (l.level - 1))) - 1);
		o->under = (struct slat_leaf){ HPA(l.prot & SLAT_RWX ? l.hpa.v + offset : 0),
					       l.prot, 1 };
	}
	o->active = true;
	o->next = p->overlays;
	p->overlays = o;
	smp_flush_slat(&p->slat);
	return OVERLAY_OK;
}

enum overlay_result overlay_set(struct partition *p, struct overlay *o, void *page, bool enable,
				uint64_t gfn)
{
	uint64_t old = o->gfn;
	bool was = o->active;
	enum overlay_result r;

	if (was && enable && old == gfn)
		return OVERLAY_OK;
	if (enable && gfn >> (48 - PAGE_SHIFT))
		return OVERLAY_REFUSED;
	if (was)
		remove(p, o);
	if (!enable)
		return OVERLAY_OK;
	r = insert(p, o, page, gfn);
	/* Its tables still are there: this cannot fail. */
	if (r != OVERLAY_OK && was)
		(void)insert(p, o, page, old);
	return r;
}

void overlay_drop_all(struct partition *p)
{
	for (struct overlay *o = p->overlays; o; o = o->next) {
		release_under(o);
		o->active = false;
	}
	p->overlays = NULL;
}
