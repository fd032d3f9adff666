/* SPDX-License-Identifier: MIT */
#include "hvapi/translate.h"

#include "hvapi/overlay.h"
#include "kernel/guest_mem.h"

/* The page itself: is it there, with the rights asked for? */
static uint32_t check_page(struct partition *p, gpa_t gpa, uint64_t flags)
{
	struct guest_page pg;
	enum guest_mem_result r;

	r = guest_mem_pin(p, gpa, SLAT_R, &pg);
	if (r == GUEST_MEM_UNMAPPED)
		return HV_TRANSLATE_GVA_GPA_UNMAPPED;
	if (r != GUEST_MEM_OK)
		return HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS;
	guest_mem_unpin(&pg);
	if (flags & HV_TRANSLATE_GVA_VALIDATE_WRITE) {
		r = guest_mem_pin(p, gpa, SLAT_R | SLAT_W, &pg);
		if (r != GUEST_MEM_OK)
			return HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS;
		guest_mem_unpin(&pg);
	}
	return HV_TRANSLATE_GVA_SUCCESS;
}

void translate_page(struct partition *p, gpa_t gpa, uint64_t flags,
		    struct hv_output_translate_virtual_address *out)
{
	struct lock_token t;

	out->result_code = check_page(p, gpa, flags);
	if (out->result_code != HV_TRANSLATE_GVA_SUCCESS)
		return;
	out->gpa_page = gpa.v >> PAGE_SHIFT;
	out->cache_overlay = HV_CACHE_TYPE_WRITE_BACK;
	t = lock_take(&p->lock);
	if (overlay_at(p, out->gpa_page, 1))
		out->cache_overlay |= 1u << 8;
	lock_drop(t);
}
