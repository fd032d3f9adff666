/* SPDX-License-Identifier: MIT */
/* Partition life cycle and memory (TLFS, "Partition management", "Guest physical address space").
 */
#include <string.h>

#include "hvapi/handlers.h"
#include "kernel/guest_mem.h"

uint16_t hvcall_create_partition(struct hcall_args *a)
{
	struct hv_input_create_partition in;
	uint64_t known = HV_PARTITION_CREATION_FLAG_SMT_ENABLED_GUEST |
			 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED |
			 HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
			 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |
			 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED |
			 HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	hv_partition_id id;
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	/* Nested virtualization is not there: a partition that needs it is not made. */
	if (in.flags & ~known || in.padding || in.isolation)
		return HV_STATUS_INVALID_PARAMETER;
	status = partition_create(a->caller->partition, &in, &id);
	if (status == HV_STATUS_SUCCESS)
		memcpy(a->out, &id, sizeof(id));
	return status;
}

uint16_t hvcall_initialize_partition(struct hcall_args *a)
{
	return partition_initialize(a->target);
}

uint16_t hvcall_finalize_partition(struct hcall_args *a)
{
	return partition_finalize(a->target);
}

uint16_t hvcall_delete_partition(struct hcall_args *a)
{
	uint16_t status = partition_delete(a->target);

	if (status == HV_STATUS_SUCCESS)
		a->target = NULL; /* the hold went with it */
	return status;
}

uint16_t hvcall_get_partition_id(struct hcall_args *a)
{
	memcpy(a->out, &a->caller->partition->id, sizeof(hv_partition_id));
	return HV_STATUS_SUCCESS;
}

uint16_t hvcall_deposit_memory(struct hcall_args *a)
{
	uint32_t n = MIN(a->rep_count - a->rep_start, HCALL_REP_BUDGET), done = 0;
	uint64_t pfns[HCALL_REP_BUDGET];
	uint16_t status;

	memcpy(pfns, a->list + 8 * a->rep_start, 8 * n);
	status = partition_deposit(a->target, pfns, n, &done);
	a->reps_done = a->rep_start + done;
	a->more = status == HV_STATUS_SUCCESS && a->reps_done < a->rep_count;
	return status;
}

uint16_t hvcall_withdraw_memory(struct hcall_args *a)
{
	uint32_t i, end = MIN(a->rep_count, a->rep_start + HCALL_REP_BUDGET);
	uint16_t status = HV_STATUS_SUCCESS;

	for (i = a->rep_start; i < end; i++) {
		uint64_t pfn;

		status = partition_withdraw(a->target, &pfn);
		if (status != HV_STATUS_SUCCESS)
			break;
		memcpy(a->out_list + 8 * i, &pfn, sizeof(pfn));
		a->reps_done = i + 1;
	}
	a->more = status == HV_STATUS_SUCCESS && a->reps_done < a->rep_count;
	return status;
}

uint16_t hvcall_map_gpa_pages(struct hcall_args *a)
{
	uint32_t i, end = MIN(a->rep_count, a->rep_start + HCALL_REP_BUDGET);
	uint32_t known = HV_MAP_GPA_PERMISSIONS_MASK | HV_MAP_GPA_ADJUSTABLE |
			 HV_MAP_GPA_NO_ACCESS | HV_MAP_GPA_NOT_CACHED | HV_MAP_GPA_LARGE_PAGE;
	struct hv_input_map_gpa_pages in;
	uint16_t status = HV_STATUS_SUCCESS;
	uint64_t pfn, step;

	memcpy(&in, a->in, sizeof(in));
	if (in.map_flags & ~known || in.padding ||
	    (!(in.map_flags & HV_MAP_GPA_NO_ACCESS) &&
	     !(in.map_flags & HV_MAP_GPA_PERMISSIONS_MASK)))
		return HV_STATUS_INVALID_PARAMETER;
	step = in.map_flags & HV_MAP_GPA_LARGE_PAGE ? LARGE_PAGES : 1;
	for (i = a->rep_start; i < end; i++) {
		memcpy(&pfn, a->list + 8 * i, sizeof(pfn));
		status = partition_map(a->target, in.target_gpa_base + i * step, pfn, in.map_flags);
		if (status != HV_STATUS_SUCCESS)
			break;
		a->reps_done = i + 1;
	}
	a->more = status == HV_STATUS_SUCCESS && a->reps_done < a->rep_count;
	return status;
}

uint16_t hvcall_unmap_gpa_pages(struct hcall_args *a)
{
	uint32_t i, end = MIN(a->rep_count, a->rep_start + HCALL_REP_BUDGET);
	struct hv_input_unmap_gpa_pages in;
	uint16_t status = HV_STATUS_SUCCESS;
	bool large;

	memcpy(&in, a->in, sizeof(in));
	if (in.unmap_flags & ~HV_UNMAP_GPA_LARGE_PAGE || in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	large = in.unmap_flags & HV_UNMAP_GPA_LARGE_PAGE;
	for (i = a->rep_start; i < end; i++) {
		status = partition_unmap(
			a->target, in.target_gpa_base + (large ? LARGE_PAGES : 1) * (uint64_t)i,
			large);
		if (status != HV_STATUS_SUCCESS)
			break;
		a->reps_done = i + 1;
	}
	a->more = status == HV_STATUS_SUCCESS && a->reps_done < a->rep_count;
	return status;
}

uint16_t hvcall_get_system_property(struct hcall_args *a)
{
	struct hv_input_get_system_property in;
	uint64_t v = HV_SCHEDULER_TYPE_ROOT;

	memcpy(&in, a->in, sizeof(in));
	if (in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	if (in.property_id != HV_SYSTEM_PROPERTY_SCHEDULER_TYPE)
		return HV_STATUS_UNKNOWN_PROPERTY;
	/* This one takes no argument */
	if (in.arg)
		return HV_STATUS_INVALID_PARAMETER;
	memcpy(a->out, &v, sizeof(v));
	return HV_STATUS_SUCCESS;
}

/* Ours: cursor in, up to 504 bytes of log and the new cursor out. */
uint16_t hvcall_quoin_read_log(struct hcall_args *a)
{
	uint64_t cursor;

	memcpy(&cursor, a->in, sizeof(cursor));
	(void)log_read(&cursor, (char *)a->out + 8, 504);
	memcpy(a->out, &cursor, sizeof(cursor));
	return HV_STATUS_SUCCESS;
}
