/* SPDX-License-Identifier: MIT */
#include "fake_root.h"

#include <stdlib.h>
#include <string.h>

struct partition fake_root;
struct vp fake_root_vp;

static void must(bool ok)
{
	if (!ok)
		abort();
}

void fake_root_boot(uint32_t seed)
{
	struct slat *s = &fake_root.slat;

	fake_reset();
	fake_frames(0, ROOT_FIRMWARE, FRAME_ROOT);
	fake_frames(ROOT_LOW, FAKE_PFNS, FRAME_ROOT);
	fake_frames(ROOT_CORE, ROOT_CORE_END, FRAME_CORE);
	page_alloc_init(HPA(ROOT_CORE << PAGE_SHIFT), (uint64_t)(ROOT_CORE_END - ROOT_CORE)
							      << PAGE_SHIFT);
	partition_init_root(&fake_root);
	/* Three of them go into the levels above the 2-MiB leaves. */
	memory_init(seed + 3);
	for (uint64_t pfn = 0; pfn < FAKE_PFNS; pfn += LARGE_PAGES)
		if (pfn < ROOT_CORE || pfn >= ROOT_CORE_END)
			must(slat_map(s, GPA(pfn << PAGE_SHIFT), HPA(pfn << PAGE_SHIFT), 2,
				      SLAT_RWX, NULL, NULL) == SLAT_OK);
	fake_root_vp.partition = &fake_root;
}

uint32_t fake_root_missing(void)
{
	uint32_t n = 0;
	struct slat_leaf l;

	for (uint64_t pfn = 0; pfn < FAKE_PFNS; pfn++) {
		if ((pfn >= ROOT_FIRMWARE && pfn < ROOT_LOW) ||
		    (pfn >= ROOT_CORE && pfn < ROOT_CORE_END))
			continue;
		n += frame_state(pfn) != FRAME_ROOT || frame_holds(pfn) || frame_owner(pfn) ||
		     !slat_lookup(&fake_root.slat, GPA(pfn << PAGE_SHIFT), &l) ||
		     l.prot != SLAT_RWX ||
		     l.hpa.v + ((pfn & ((1ull << 9 * (l.level - 1)) - 1)) << PAGE_SHIFT) !=
			     pfn << PAGE_SHIFT;
	}
	return n;
}

static void deposit(struct partition *p, uint64_t pfn, uint32_t pages)
{
	for (uint32_t i = 0; i < pages; i++) {
		uint64_t at = pfn + i;
		uint32_t done;

		must(partition_deposit(p, &at, 1, &done) == HV_STATUS_SUCCESS && done == 1);
	}
}

struct partition *fake_child_create(uint64_t pfn, uint32_t pages)
{
	struct hv_input_create_partition in = { 0 };
	struct partition *p;
	hv_partition_id id;
	uint16_t st;

	/* The first pages may refill the tables of the root: until the call succeeds. */
	while ((st = partition_create(&fake_root, &in, &id)) == HV_STATUS_INSUFFICIENT_MEMORY &&
	       pages) {
		deposit(&fake_root, pfn++, 1);
		pages--;
	}
	must(st == HV_STATUS_SUCCESS);
	p = partition_get(&fake_root, id);
	must(p != NULL);
	deposit(p, pfn, pages);
	return p;
}

struct partition *fake_child(uint64_t pfn, uint32_t pages)
{
	struct partition *p = fake_child_create(pfn, pages);

	must(partition_initialize(p) == HV_STATUS_SUCCESS);
	return p;
}

uint16_t fake_child_end(struct partition *p)
{
	uint64_t pfn;
	uint16_t st;

	if (p->state != PARTITION_FINALIZED) {
		st = partition_finalize(p);
		if (st != HV_STATUS_SUCCESS)
			return st;
	}
	while (partition_withdraw(p, &pfn) == HV_STATUS_SUCCESS)
		;
	st = partition_delete(p);
	if (st == HV_STATUS_SUCCESS)
		while (partition_withdraw(&fake_root, &pfn) == HV_STATUS_SUCCESS)
			;
	return st;
}
