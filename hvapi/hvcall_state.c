/* SPDX-License-Identifier: MIT */
/*
 * HvCallGetVpState and HvCallSetVpState (Linux hvhdk.h; /dev/mshv). The data travels by page
 * numbers of the caller's, in the variable header, or inline: on Set behind the header, on Get in
 * the output page. docs/state.md has the types.
 */
#include <string.h>

#include <hv/vp_state.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"
#include "kernel/guest_mem.h"

static uint16_t check_header(const struct hcall_args *a, struct hv_input_vp_state *in,
			     uint32_t *size)
{
	bool xsave;

	memcpy(in, a->in, sizeof(*in));
	xsave = in->type == HV_VP_STATE_XSAVE;
	if (in->input_vtl || in->padding[0] || in->padding[1] || in->padding[2] || in->reserved ||
	    in->xsave_flags || (!xsave && in->xsave_states))
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root)
		return HV_STATUS_INVALID_VP_STATE;
	if (in->type == HV_VP_STATE_NESTED)
		return HV_STATUS_FEATURE_UNAVAILABLE;
	*size = vp_state_size(a->target, in->type);
	return *size ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

/* Page numbers for `size` bytes: as many as it takes, no more. */
static bool pages_ok(const struct hcall_args *a, uint32_t size)
{
	return a->var_bytes / 8 == page_up(size) >> PAGE_SHIFT;
}

static uint64_t page_at(const struct hcall_args *a, uint32_t i)
{
	uint64_t pfn;

	memcpy(&pfn, a->in + sizeof(struct hv_input_vp_state) + 8 * i, sizeof(pfn));
	return pfn;
}

static bool write_pages(const struct hcall_args *a, const uint8_t *buf, uint32_t size)
{
	struct partition *caller = a->caller->partition;

	for (uint32_t done = 0; done < size; done += PAGE_SIZE) {
		uint64_t pfn = page_at(a, done >> PAGE_SHIFT);

		if (pfn >> (52 - PAGE_SHIFT) ||
		    guest_mem_write(caller, GPA(pfn << PAGE_SHIFT), buf + done,
				    MIN(size - done, PAGE_SIZE), NULL) != GUEST_MEM_OK)
			return false;
	}
	return true;
}

static bool read_pages(const struct hcall_args *a, uint8_t *buf, uint32_t size)
{
	struct partition *caller = a->caller->partition;

	for (uint32_t done = 0; done < size; done += PAGE_SIZE) {
		uint64_t pfn = page_at(a, done >> PAGE_SHIFT);

		if (pfn >> (52 - PAGE_SHIFT) ||
		    guest_mem_read(caller, GPA(pfn << PAGE_SHIFT), buf + done,
				   MIN(size - done, PAGE_SIZE), NULL) != GUEST_MEM_OK)
			return false;
	}
	return true;
}

/* An inline answer: the output address is checked here, since other types have none. */
static uint16_t write_output(const struct hcall_args *a, const uint8_t *buf, uint32_t size)
{
	if (a->out_gpa & 7)
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((a->out_gpa & (PAGE_SIZE - 1)) + size > PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return guest_mem_write(a->caller->partition, GPA(a->out_gpa), buf, size, NULL) ==
			       GUEST_MEM_OK
		       ? HV_STATUS_SUCCESS
		       : HV_STATUS_INVALID_PARAMETER;
}

/* hcall_out is free: these calls have no output of the generic kind. */
uint16_t hvcall_get_vp_state(struct hcall_args *a)
{
	uint8_t *buf = this_cpu()->hcall_out;
	struct hv_input_vp_state in;
	uint32_t size = 0;
	uint16_t status = check_header(a, &in, &size);
	bool by_page = in.type & HV_VP_STATE_PFN;

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (by_page ? !pages_ok(a, size) : a->var_bytes != 0)
		return HV_STATUS_INVALID_PARAMETER;
	if (!vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	arch_vp_take_mail(a->vp);
	status = vp_state_get(a->vp, in.type, in.xsave_states, buf);
	vp_drop(a->vp);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!by_page)
		return write_output(a, buf, size);
	return write_pages(a, buf, size) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

uint16_t hvcall_set_vp_state(struct hcall_args *a)
{
	uint8_t *buf = this_cpu()->hcall_out;
	struct hv_input_vp_state in;
	uint32_t size = 0;
	uint16_t status = check_header(a, &in, &size);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (in.type & HV_VP_STATE_PFN) {
		if (!pages_ok(a, size) || !read_pages(a, buf, size))
			return HV_STATUS_INVALID_PARAMETER;
	} else {
		if (a->var_bytes != size)
			return HV_STATUS_INVALID_PARAMETER;
		memcpy(buf, a->in + sizeof(in), size);
	}
	if (!vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	arch_vp_take_mail(a->vp);
	status = vp_state_set(a->vp, in.type, buf);
	vp_drop(a->vp);
	return status;
}
