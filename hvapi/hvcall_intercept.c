/* SPDX-License-Identifier: MIT */
/* Intercepts, registered results, CPUID answers, interrupts from the root. */
#include <string.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"

uint16_t hvcall_install_intercept(struct hcall_args *a)
{
	struct hv_input_install_intercept in;
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct lock_token t;

	memcpy(&in, a->in, sizeof(in));
	if (in.access_type & ~7u)
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&a->target->lock);
	if (a->target->state == PARTITION_ACTIVE)
		status = arch_install_intercept(a->target, in.intercept_type, in.access_type,
						in.parameter);
	lock_drop(t);
	return status;
}

uint16_t hvcall_register_intercept_result(struct hcall_args *a)
{
	struct hv_input_register_intercept_result in;
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct lock_token t;

	memcpy(&in, a->in, sizeof(in));
	t = lock_take(&a->target->lock);
	if (a->target->state == PARTITION_ACTIVE)
		status = arch_register_result(a->target, &in);
	lock_drop(t);
	return status;
}

uint16_t hvcall_assert_virtual_interrupt(struct hcall_args *a)
{
	struct hv_input_assert_virtual_interrupt in;

	memcpy(&in, a->in, sizeof(in));
	if (a->target->state != PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	return arch_assert_interrupt(a->target, &in);
}

uint16_t hvcall_get_vp_cpuid_values(struct hcall_args *a)
{
	uint32_t known = HV_CPUID_VALUES_USE_VP_XFEM_XSS | HV_CPUID_VALUES_APPLY_REGISTERED;
	struct hv_input_get_vp_cpuid_values in;
	uint16_t status = HV_STATUS_SUCCESS;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~known || in.reserved || in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root || !vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	for (uint32_t i = a->rep_start; i < a->rep_count; i++) {
		struct hv_cpuid_leaf_info leaf;
		struct hv_cpuid_values out;

		memcpy(&leaf, a->list + sizeof(leaf) * i, sizeof(leaf));
		status = arch_cpuid_values(a->vp, in.flags, &leaf, &out);
		if (status != HV_STATUS_SUCCESS)
			break;
		memcpy(a->out_list + sizeof(out) * i, &out, sizeof(out));
		a->reps_done = i + 1;
	}
	vp_drop(a->vp);
	return status;
}
