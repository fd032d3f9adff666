/* SPDX-License-Identifier: MIT */
/*
 * Overlay pages (TLFS, "GPA overlay pages"): a page of ours that covers a guest-physical page
 * while enabled; what lies under it comes back when it moves or is disabled. One rule for all of
 * them, so map and unmap hypercalls meet overlays in one place. The partition's lock guards all.
 */
#ifndef HVAPI_OVERLAY_H
#define HVAPI_OVERLAY_H

#include "kernel/addr.h"
#include "kernel/lock.h"
#include "kernel/slat.h"

struct partition;

struct overlay {
	struct overlay *next; /* in the partition's list while active */
	void *page;	      /* deposited */
	uint64_t gfn;
	bool active;
	bool has_under;		/* something is mapped below */
	struct slat_leaf under; /* 4 KiB; holds its frame when prot has rights */
};

enum overlay_result {
	OVERLAY_OK,
	OVERLAY_REFUSED,   /* beyond the address width, or another overlay is there */
	OVERLAY_NO_MEMORY, /* no table page left in the pool */
};

/* Put the overlay at gfn (enable) or take it off. Unless OVERLAY_OK nothing changed. */
enum overlay_result overlay_set(struct partition *p, struct overlay *o, void *page, bool enable,
				uint64_t gfn);

/* For map and unmap: the active overlay at gfn, or the first in [gfn, gfn + count). */
struct overlay *overlay_at(struct partition *p, uint64_t gfn, uint64_t count);
/* The mapping below an active overlay becomes this one; the old one's frame is released. */
void overlay_set_under(struct overlay *o, bool mapped, uint64_t pfn, uint32_t prot);
/* Whole partition goes: release what lies under, forget all. */
void overlay_drop_all(struct partition *p);

#endif
