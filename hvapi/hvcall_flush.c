/* SPDX-License-Identifier: MIT */
/*
 * A guest flushes the TLBs of its VPs (TLFS, "HvCallFlushVirtualAddressSpace" and what follows it).
 * Every form flushes all translations of each VP that it names: more than asked for is allowed, and
 * a new tag is the cheapest of all flushes. So neither address spaces nor ranges are looked at
 * ("invalid GVAs are ignored"), and a list is done in one go.
 */
#include <string.h>

#include "hvapi/handlers.h"
#include "hvapi/vp_set.h"

#define SPACE_FLAGS \
	(HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES | \
	 HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY)
/* NON_GLOBAL_MAPPINGS_ONLY "does not make sense for this call" */
#define LIST_FLAGS (HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES)

static uint64_t list_flags(const struct hcall_args *a)
{
	/* CPUID 0x40000003 EDX bit 14 */
	return a->caller->partition->privileges & PARTITION_FEATURE_EXTENDED_GVA
		       ? LIST_FLAGS | HV_FLUSH_USE_EXTENDED_RANGE_FORMAT
		       : LIST_FLAGS;
}

static uint16_t flush(const struct hcall_args *a, uint64_t known)
{
	struct hv_input_flush_virtual_address_space in;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~known)
		return HV_STATUS_INVALID_PARAMETER;
	vp_flush(a->caller, in.flags & HV_FLUSH_ALL_PROCESSORS ? ~0ull : in.processor_mask);
	return HV_STATUS_SUCCESS;
}

static uint16_t flush_ex(const struct hcall_args *a, uint64_t known)
{
	struct hv_input_flush_virtual_address_space_ex in;
	uint16_t status = HV_STATUS_SUCCESS;
	uint64_t vps = ~0ull;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~known)
		return HV_STATUS_INVALID_PARAMETER;
	/* With all processors the set is ignored, as the mask is. */
	if (!(in.flags & HV_FLUSH_ALL_PROCESSORS))
		status = vp_set_decode(&in.processor_set, a->in + sizeof(in), a->var_bytes, &vps);
	if (status == HV_STATUS_SUCCESS)
		vp_flush(a->caller, vps);
	return status;
}

static uint16_t list_done(struct hcall_args *a, uint16_t status)
{
	if (status == HV_STATUS_SUCCESS)
		a->reps_done = a->rep_count;
	return status;
}

uint16_t hvcall_flush_virtual_address_space(struct hcall_args *a)
{
	return flush(a, SPACE_FLAGS);
}

uint16_t hvcall_flush_virtual_address_list(struct hcall_args *a)
{
	return list_done(a, flush(a, list_flags(a)));
}

uint16_t hvcall_flush_virtual_address_space_ex(struct hcall_args *a)
{
	return flush_ex(a, SPACE_FLAGS);
}

uint16_t hvcall_flush_virtual_address_list_ex(struct hcall_args *a)
{
	return list_done(a, flush_ex(a, list_flags(a)));
}
