/* SPDX-License-Identifier: MIT */
#include "kernel/root_build.h"

#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/slat.h"

void root_cut_out(uint64_t base, uint64_t size)
{
	for (uint64_t a = base; a < base + size;) {
		uint32_t level = !(a & (LARGE_SIZE - 1)) && base + size - a >= LARGE_SIZE ? 2 : 1;

		if (slat_unmap(&partition_root->slat, GPA(a), level, NULL, NULL) != SLAT_OK)
			panic("core memory too small for the root's tables");
		a += level == 2 ? LARGE_SIZE : PAGE_SIZE;
	}
}

/* A SynIC page of the root's lies where the core has put it: the register says so (Linux,
 * mshv_synic.c). */
static void open_page(struct vp *vp, enum vp_overlay_kind k, uint32_t reg)
{
	uint64_t pa = ptr_hpa(vp->overlay_page[k]).v;
	uint16_t raise = 0;

	if (slat_map(&partition_root->slat, GPA(pa), HPA(pa), 1, SLAT_R | SLAT_W, NULL, NULL) !=
	    SLAT_OK)
		panic("core memory too small for the root's SynIC pages");
	vp->overlay[k] = pa;
	(void)synic_write(vp->synic, reg, pa, &raise);
}

struct vp *root_vp_make(uint32_t index)
{
	struct vp *vp = page_alloc(page_up(sizeof(*vp)) >> PAGE_SHIFT);

	for (uint32_t i = 0; vp && i < ROOT_VP_PAGES; i++) {
		void *page = page_alloc(1);

		if (!page)
			panic("core memory too small for root VP %u", index);
		pool_give(&partition_root->pool, page);
	}
	if (!vp || vp_init(vp, partition_root, index) != HV_STATUS_SUCCESS)
		panic("core memory too small for root VP %u", index);
	/* What is in the pool the root may withdraw: no page of the core's is left there. */
	if (partition_root->pool.free_count)
		panic("a root VP takes fewer pages than ROOT_VP_PAGES");
	/* Read and written by the root at any time; what is read from them is never trusted. */
	open_page(vp, VP_OVERLAY_SIMP, HV_REGISTER_SIMP);
	open_page(vp, VP_OVERLAY_SIEFP, HV_REGISTER_SIEFP);
	open_page(vp, VP_OVERLAY_RING, HV_REGISTER_SIRBP);
	vp->cpu = index;
	partition_root->vps[index] = vp;
	partition_root->vp_count++;
	percpu_of(index)->root_vp = vp;
	return vp;
}

uint64_t root_info_place(const struct boot_info *bi)
{
	uint64_t pages = page_up(sizeof(*bi)) >> PAGE_SHIFT;
	struct boot_info *copy = page_alloc(pages);
	uint64_t pa;

	if (!copy)
		panic("core memory too small for the root's boot_info");
	*copy = *bi;
	copy->num_cpus = percpu_count;
	pa = ptr_hpa(copy).v;
	for (uint64_t i = 0; i < pages; i++)
		if (slat_map(&partition_root->slat, GPA(pa + i * PAGE_SIZE),
			     HPA(pa + i * PAGE_SIZE), 1, SLAT_R, NULL, NULL) != SLAT_OK)
			panic("core memory too small for the root's tables");
	return pa;
}
