/* SPDX-License-Identifier: MIT */
/* A guest's memory as the root reads it: translation, and up to 16 bytes at a time. */
#include <string.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"
#include "kernel/guest_mem.h"

uint16_t hvcall_translate_virtual_address(struct hcall_args *a)
{
	struct hv_input_translate_virtual_address in;
	struct hv_output_translate_virtual_address out = { 0 };
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	if (in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root || !vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	status = arch_translate(a->vp, in.control_flags, in.gva_page, &out);
	vp_drop(a->vp);
	memcpy(a->out, &out, sizeof(out));
	return status;
}

/* Within one page, so that an access is done or not done. The low byte of the flags is a cache
 * type, which a coherent machine has no use for. */
static bool range_ok(uint64_t gpa, uint32_t count, uint64_t flags)
{
	return count && count <= HV_READ_WRITE_GPA_MAX_SIZE && !(flags >> 8) && !(gpa >> 52) &&
	       (gpa & (PAGE_SIZE - 1)) + count <= PAGE_SIZE;
}

uint16_t hvcall_read_gpa(struct hcall_args *a)
{
	struct hv_output_read_gpa out = { .result = HV_ACCESS_GPA_SUCCESS };
	struct hv_input_read_gpa in;
	enum guest_mem_result r;

	memcpy(&in, a->in, sizeof(in));
	if (!range_ok(in.base_gpa, in.byte_count, in.control_flags))
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root)
		return HV_STATUS_ACCESS_DENIED;
	r = guest_mem_read(a->target, GPA(in.base_gpa), out.data, in.byte_count, NULL);
	if (r != GUEST_MEM_OK)
		out.result = r == GUEST_MEM_UNMAPPED ? HV_ACCESS_GPA_UNMAPPED
						     : HV_ACCESS_GPA_READ_INTERCEPT;
	memcpy(a->out, &out, sizeof(out));
	return HV_STATUS_SUCCESS;
}

uint16_t hvcall_write_gpa(struct hcall_args *a)
{
	struct hv_input_write_gpa in;
	enum guest_mem_result r;
	uint64_t result = HV_ACCESS_GPA_SUCCESS;

	memcpy(&in, a->in, sizeof(in));
	if (!range_ok(in.base_gpa, in.byte_count, in.control_flags))
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root)
		return HV_STATUS_ACCESS_DENIED;
	r = guest_mem_write(a->target, GPA(in.base_gpa), in.data, in.byte_count, NULL);
	if (r != GUEST_MEM_OK)
		result = r == GUEST_MEM_UNMAPPED ? HV_ACCESS_GPA_UNMAPPED
						 : HV_ACCESS_GPA_WRITE_INTERCEPT;
	memcpy(a->out, &result, sizeof(result));
	return HV_STATUS_SUCCESS;
}
